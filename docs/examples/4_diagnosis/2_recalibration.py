"""
Recalibration: what the report recommends, and whether it holds
===============================================================

A random forest that is far too modest, and the one number that mends it.
"""

# %%
# The digits in three parts: a half to train on, a quarter to diagnose and to fit the correction to,
# and a quarter that is touched at the very end.

import textwrap

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split

from skxent import (
    LogLossReport,
    RecalibrationDisplay,
    ReliabilityDisplay,
    compare_log_loss,
    log_loss,
)

X, y = load_digits(return_X_y=True)
X_train, X_rest, y_train, y_rest = train_test_split(X, y, test_size=0.5, random_state=0, stratify=y)
X_valid, X_test, y_valid, y_test = train_test_split(
    X_rest, y_rest, test_size=0.5, random_state=0, stratify=y_rest
)
forest = RandomForestClassifier(random_state=0).fit(X_train, y_train)

report = LogLossReport.from_estimator(forest, X_valid, y_valid)
for sentence in report.findings:
    print(textwrap.fill(f"- {sentence}", 76, subsequent_indent="  "))

# %%
# A forest's probabilities are means over its trees, and hardly ever near 1. The curves show it:
# where the forest says 0.6, it is nearly always right.

ReliabilityDisplay.from_report(report, max_classes=4)
plt.show()

# %%
# The recalibration: a temperature takes off most of the loss, and no other map takes off more.

RecalibrationDisplay.from_report(report)
plt.show()

print(f"recommended: {report.recalibration.recommended}")
assert report.recalibration.recommended == "temperature"

# %%
# The figures are cross-fitted: each row is judged by a temperature fitted to others. To use it, the
# report has fitted it once more, to all validation rows. Below 1, a temperature makes probabilities
# more certain. A probability of 0, which a forest often gives, counts as :math:`2^{-52}`.

recalibrator = report.recalibrator()
before = forest.predict_proba(X_test)
after = recalibrator.predict_proba(before)
print(f"{recalibrator.method_}: {recalibrator.temperature_:.2f}")

# %%
# On the last quarter, which neither the forest nor the temperature has seen, the loss falls as the
# report said it would. The most probable digit of each row, and so the accuracy, is the same.

method = report.recalibration.methods.index("temperature")
low, high = report.recalibration.ci_low[method], report.recalibration.ci_high[method]
after_map = report.recalibration.log_loss[method]
print(f"by the report:     {after_map:.3f} nats ({low:.3f} to {high:.3f})")
print(f"test rows, before: {log_loss(y_test, before):.3f} nats")
print(f"test rows, after:  {log_loss(y_test, after):.3f} nats")

assert low < log_loss(y_test, after) < high
assert log_loss(y_test, after) < 0.25 * log_loss(y_test, before)
assert (before.argmax(axis=1) == after.argmax(axis=1)).all()

# %%
# Each digit costs less than before, although for two of them, of about 45 rows each, the interval
# includes 0.

comparison = compare_log_loss(y_test, {"before": before, "after": after})
comparison.plot()
plt.show()

assert (comparison.class_difference[1] < 0).all()
assert (comparison.class_ci_high[1] > 0).sum() == 2

# %%
# Without rows to spare, :class:`~skxent.RecalibratedClassifier` fits the map to out-of-fold
# predictions of the training rows. scikit-learn 1.8 and later fits a temperature too, as
# ``CalibratedClassifierCV(method="temperature")``. What the recalibration adds is to say beforehand
# whether a temperature is the right map, and what it will bring.
