"""
A class is missing from a fold
==============================

What scikit-learn's scorer gives then, and what skxent's gives.
"""

# %%
# Samples come from four sites, and a model is to work at sites that it has not seen: each fold
# tests one site and trains on the others. The class "rare" occurs at two sites only.

import textwrap
import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn import metrics
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import LeaveOneGroupOut, cross_validate

from skxent import LogLossReport, log_loss, make_scorer, neg_log_loss_scorer

CENTRES = {"common": (0, 0), "frequent": (2, 0), "rare": (1, 2), "new": (1, 2)}
rng = np.random.default_rng(0)


def draw(counts: dict[str, int]) -> tuple[np.ndarray, np.ndarray]:
    """Samples of one site."""
    y = np.repeat(list(counts), list(counts.values()))
    return np.array([CENTRES[name] for name in y]) + rng.normal(size=(len(y), 2)), y


sites = [
    draw({"common": 40, "frequent": 40}),
    draw({"common": 30, "frequent": 30, "rare": 20}),
    draw({"common": 30, "frequent": 30, "rare": 20}),
    draw({"common": 60, "frequent": 20}),
]
X = np.vstack([X for X, _ in sites])
y = np.concatenate([y for _, y in sites])
site = np.repeat(range(4), 80)

# %%
# Both scorers in one cross-validation. scikit-learn warns where its own fails; the warnings are
# collected here.

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    results = cross_validate(
        LogisticRegression(),
        X,
        y,
        groups=site,
        cv=LeaveOneGroupOut(),
        scoring={"scikit-learn": "neg_log_loss", "skxent": neg_log_loss_scorer},
        return_estimator=True,
        return_indices=True,
    )

losses = {name: -results[f"test_{name}"] for name in ("scikit-learn", "skxent")}
print("site  scikit-learn  skxent")
for i in range(4):
    print(f"{i:4}  {losses['scikit-learn'][i]:12.3f}  {losses['skxent'][i]:6.3f}")
print(f"mean  {losses['scikit-learn'].mean():12.3f}  {losses['skxent'].mean():6.3f}")
print()
print(textwrap.fill(str(caught[0].message).strip().splitlines()[-1], 60))

np.testing.assert_array_equal(np.isnan(losses["scikit-learn"]), [True, False, False, True])
np.testing.assert_allclose(losses["skxent"][1:3], losses["scikit-learn"][1:3], rtol=1e-12)
assert np.isfinite(losses["skxent"]).all()

# %%
# scikit-learn's scorer hands on the labels and the probabilities, and not the classes of the
# columns. With two kinds of labels and three columns it cannot know which is which, and gives nan,
# which spreads to the mean. skxent's scorers take the classes from the estimator. Where nothing is
# missing the two agree.

fig, ax = plt.subplots(figsize=(5.5, 3.4), layout="constrained")
for shift, name, colour, hatch in (
    (-0.2, "scikit-learn", "#E69F00", "//"),
    (0.2, "skxent", "#0072B2", ""),
):
    values = losses[name]
    ax.bar(
        np.arange(4) + shift,
        np.nan_to_num(values),
        width=0.4,
        color=colour,
        hatch=hatch,
        edgecolor="black",
        label=name,
    )
    for i in np.flatnonzero(np.isnan(values)):
        ax.annotate("nan", (i + shift, 0), (0, 4), textcoords="offset points", ha="center")
ax.set_xticks(range(4), [f"site {i}" for i in range(4)])
ax.set(ylabel="log loss, nats", xlabel="test fold")
ax.spines[["top", "right"]].set_visible(False)
ax.legend(frameon=False, ncols=2, loc="lower left", bbox_to_anchor=(0, 1))
plt.show()

# %%
# A class that the model never saw
# --------------------------------
# A fifth site has a class of its own, and none of "rare". There are three kinds of labels and three
# columns, and nothing to be suspicious of: scikit-learn's scorer, which sorts the labels, scores
# "new" by the column of "rare". It gives a fine number for a model that cannot be right.

model = LogisticRegression().fit(X, y)
X_fifth, y_fifth = draw({"common": 30, "frequent": 30, "new": 20})

print(f"columns of the model: {', '.join(model.classes_)}")
print(f"labels of the site:   {', '.join(np.unique(y_fifth))}")
wrong = -metrics.get_scorer("neg_log_loss")(model, X_fifth, y_fifth)
right = -neg_log_loss_scorer(model, X_fifth, y_fifth)
print(f"scikit-learn {wrong:.3f}, skxent {right:.3f} nats")

assert wrong < 0.8

# %%
# The model gives "new" no probability at all. Without a floor the loss is infinite; with the usual
# one each of the 20 rows costs −log(2⁻⁵²) = 36.04 nats, a quarter of it in the mean of 80 rows.
# ``unseen`` says what you want instead: leave such rows out, with a warning that says how many,
# or stop.

known = y_fifth != "new"
rest = -neg_log_loss_scorer(model, X_fifth[known], y_fifth[known])
print(f"{0.75 * rest:.3f} for the known classes + {0.25 * 52 * np.log(2):.3f} for the new one")
np.testing.assert_allclose(right, 0.75 * rest + 0.25 * 52 * np.log(2), rtol=1e-12)

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    ignoring = make_scorer(log_loss, unseen="ignore")(model, X_fifth, y_fifth)
print(textwrap.fill(f"ignore: {caught[0].message}", 60))
np.testing.assert_allclose(-ignoring, rest, rtol=1e-12)

try:
    make_scorer(log_loss, unseen="raise")(model, X_fifth, y_fifth)
except ValueError as error:
    print(textwrap.fill(f"raise: {error}", 60))
else:
    raise AssertionError

# %%
# All folds together
# ------------------
# The mean over the folds gives each fold the same weight, and the loss of a class cannot be seen in
# folds that lack it. :meth:`~skxent.LogLossReport.from_cv_results` pools the rows of all test
# folds.

report = LogLossReport.from_cv_results(results, X, y, recalibration=False, n_null=0)
print(f"pooled: {report.overall['log_loss']:.3f} nats")
for name, n, loss in zip(
    report.target_names, report.per_class["support"], report.per_class["log_loss"], strict=True
):
    print(f"{name:8} {n:4} rows, {loss:.3f} nats a row")

np.testing.assert_allclose(report.overall["log_loss"], losses["skxent"].mean(), rtol=1e-12)
