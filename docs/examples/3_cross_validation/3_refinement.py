"""
Choosing a model by refinement
==============================

Which model will be best once its confidence has been corrected?
"""

# %%
# Log loss has two parts. *Calibration* is what a correction of the confidence would take off, and
# that correction is easy: temperature scaling has one parameter. *Refinement* is what is left, and
# takes a better model. A choice by plain log loss may throw away a model that is good at telling
# the classes apart, and is only too modest.
#
# :data:`~skxent.neg_refinement_loss_scorer` scores what would be left after temperature scaling,
# cross-fitted within the scored fold [1]_. Three models on the digits, by either score:

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from skxent import (
    RecalibratedClassifier,
    compare_log_loss,
    log_loss,
    neg_log_loss_scorer,
    neg_refinement_loss_scorer,
)

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.5, random_state=0, stratify=y)
models = {
    "logistic regression": LogisticRegression(max_iter=1000),
    "extra trees": ExtraTreesClassifier(random_state=0),
    "naive Bayes": GaussianNB(),
}
search = GridSearchCV(
    Pipeline([("scale", StandardScaler()), ("model", LogisticRegression())]),
    {"model": list(models.values())},
    scoring={"log_loss": neg_log_loss_scorer, "refinement": neg_refinement_loss_scorer},
    refit="refinement",
    cv=5,
).fit(X_train, y_train)

found = {score: -search.cv_results_[f"mean_test_{score}"] for score in ("log_loss", "refinement")}
for i, name in enumerate(models):
    print(f"{name:20} {found['log_loss'][i]:.3f}, refined {found['refinement'][i]:.3f} nats")

assert found["log_loss"].argmin() == 0
assert found["refinement"].argmin() == 1

# %%
# By log loss the logistic regression wins, by refinement the trees. Naive Bayes, which is far too
# sure of itself, has most to gain from a temperature and stays the worst.

fig, ax = plt.subplots(figsize=(5.5, 2.8), layout="constrained")
lines = np.arange(len(models))
ax.hlines(lines, found["refinement"], found["log_loss"], color="black", linewidth=1)
ax.scatter(
    found["log_loss"],
    lines,
    s=60,
    color="#E69F00",
    marker="s",
    edgecolor="black",
    label="log loss",
    zorder=3,
)
ax.scatter(
    found["refinement"],
    lines,
    s=60,
    color="#0072B2",
    edgecolor="black",
    label="left after temperature scaling",
    zorder=3,
)
ax.set_yticks(lines, list(models))
ax.set(xlabel="nats (logarithmic scale)", xscale="log", xlim=(0.05, 6), ylim=(2.5, -0.5))
ax.set_xticks([0.1, 0.3, 1, 3], ["0.1", "0.3", "1", "3"])
ax.minorticks_off()
ax.tick_params(axis="y", length=0)
ax.spines[["top", "right", "left"]].set_visible(False)
ax.legend(frameon=False, ncols=2, loc="lower right", bbox_to_anchor=(1, 1))
plt.show()

# %%
# Then calibrate
# --------------
# :class:`~skxent.RecalibratedClassifier` fits the temperature to predictions of rows that the model
# was not trained on: the out-of-fold predictions of the training half. A temperature below 1 makes
# them more certain. A forest is quite certain already of what a class is not: it gives some classes
# probability 0, which a temperature makes no better, and 899 rows do not show how seldom that is
# wrong. A small share of the prior, that the map mixes in, makes nothing impossible.

before, after = {}, {}
for name in ("logistic regression", "extra trees"):
    pipeline = search.estimator.set_params(model=models[name])
    recalibrated = RecalibratedClassifier(pipeline, method="temperature+mix").fit(X_train, y_train)
    before[name] = recalibrated.estimator_.predict_proba(X_test)
    after[name] = recalibrated.predict_proba(X_test)
    losses = log_loss(y_test, before[name]), log_loss(y_test, after[name])
    temperature = recalibrated.recalibrator_.temperature_
    print(f"{name:20} T = {temperature:.2f}: {losses[0]:.3f} before, {losses[1]:.3f} nats after")

# %%
# On the other half of the digits, which had no part in any of this, the choice by refinement turns
# out right. The rows are the same, so the difference is paired:

comparison = compare_log_loss(y_test, after)
print(
    f"extra trees cost {-comparison.difference[1]:.3f} nats less"
    f" ({-comparison.ci_high[1]:.3f} to {-comparison.ci_low[1]:.3f})"
)

assert log_loss(y_test, before["extra trees"]) > 2 * log_loss(y_test, before["logistic regression"])
assert comparison.ci_high[1] < 0

# %%
# .. [1] Berta, E., Holzmüller, D., Jordan, M. I., & Bach, F. (2025). Rethinking early stopping:
#        refine, then calibrate. https://doi.org/10.48550/arXiv.2501.19195
