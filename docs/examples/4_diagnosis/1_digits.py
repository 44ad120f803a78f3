"""
Which digit costs most, and what fixed it
=========================================

A report per class, its figures, and a fix that follows from them.
"""

# %%
# A logistic regression on the digits, judged on the half that it was not trained on.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from skxent import (
    LogLossReport,
    LossConfusionDisplay,
    RecalibrationDisplay,
    ReliabilityDisplay,
    compare_log_loss,
    neg_log_loss_scorer,
)

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.5, random_state=0, stratify=y)
linear = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
linear.fit(X_train, y_train)

report = LogLossReport.from_estimator(linear, X_test, y_test)
print(report)

np.testing.assert_allclose(report.overall["log_loss"], 0.12682434, rtol=1e-4)
np.testing.assert_allclose(report.overall["label_entropy"], 2.30244299, rtol=1e-8)
np.testing.assert_allclose(report.overall["skill"], 0.94491749, rtol=1e-4)
np.testing.assert_allclose(report.per_class["log_loss"][8], 0.26616590, rtol=1e-4)

# %%
# Class by class
# --------------
# Digit 8 costs twice the mean: a tenth of the rows, a fifth of the loss. The diamond is what the
# model itself expected to pay for the class. It is within the interval or above, never below: the
# model is too modest rather than too sure, for all digits together by a margin that is no chance.

report.plot()
plt.show()

per_class = report.per_class
assert per_class["log_loss"].argmax() == 8
assert (per_class["expected"] / per_class["prevalence"] > per_class["ci_low"]).all()
assert report.overall["p_value"] < 0.01

# %%
# Who gets the probability that the true class lacks? The largest cell is digit 8 taken for digit 1,
# with 10 % of all loss.

LossConfusionDisplay.from_report(report)
plt.show()

row, column = np.unravel_index(report.loss_confusion.argmax(), (10, 10))
share = report.loss_confusion.max() / report.overall["log_loss"]
print(f"{share:.1%} of the loss: digit {row} taken for {column}")
assert (row, column) == (8, 1)
assert f"{share:.1%}" == "10.0%"

# %%
# Would it help to recalibrate? Taken one at a time, no digit's calibration curve is further off
# than those of a calibrated model would be. Here are the four digits that cost most:

ReliabilityDisplay.from_report(report, max_classes=4)
plt.show()

assert (report.per_class["miscalibration_p"] > 0.05).all()

# %%
# Seven maps are tried, each on rows that it was not fitted to. They take off less than a seventh of
# the loss, and nothing beyond noise: none is recommended.

RecalibrationDisplay.from_report(report)
plt.show()

print(f"recommended: {report.recalibration.recommended}")
assert report.recalibration.recommended == "none"
assert report.recalibration.gain.max() < 0.14 * report.overall["log_loss"]

# %%
# What fixed it
# -------------
# So the confidence is not what costs. The model cannot tell some eights from ones, and what helps
# is a better model. A kernel, approximated by 300 features, gives it curved boundaries instead of
# flat ones; whether that is worth it, cross-validation says within the training half.

curved = make_pipeline(
    MinMaxScaler(),
    Nystroem(gamma=0.1, n_components=300, random_state=0),
    LogisticRegression(C=100, max_iter=1000),
)
for name, model in (("linear", linear), ("curved", curved)):
    scores = cross_val_score(model, X_train, y_train, scoring=neg_log_loss_scorer)
    print(f"{name}: {-scores.mean():.3f} nats in cross-validation")

# %%
# On the test half, digit by digit: nearly half of what digit 8 cost is gone, and the other digits
# are cheaper too.

comparison = compare_log_loss(
    y_test,
    {
        "linear": linear.predict_proba(X_test),
        "curved": curved.fit(X_train, y_train).predict_proba(X_test),
    },
)
print(comparison)
comparison.plot()
plt.show()

assert f"{comparison.class_log_loss[1][8] / comparison.class_log_loss[0][8]:.2f}" == "0.55"
assert (comparison.class_difference[1] < 0).all()
assert comparison.class_adjusted_p[1][8] < 0.05
