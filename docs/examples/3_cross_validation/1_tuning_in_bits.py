"""
Tuning with a scorer in bits
============================

``GridSearchCV`` with :data:`~skxent.neg_log_loss_bits_scorer`, and with scores of each class.
"""

# %%
# How strongly should a logistic regression on the digits be regularised? Any of skxent's scorers
# can be given as ``scoring``. Scores are greater-is-better in scikit-learn, so a loss is negated:
# −0.2 is a loss of 0.2 bits for each digit.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skxent import label_entropy, log_loss, make_per_class_scorer, neg_log_loss_bits_scorer

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.5, random_state=0, stratify=y)
pipeline = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
strengths = 10.0 ** np.arange(-4, 3)

search = GridSearchCV(
    pipeline,
    {"logisticregression__C": strengths},
    scoring={"bits": neg_log_loss_bits_scorer, "accuracy": "accuracy"},
    refit="bits",
).fit(X_train, y_train)
bits = -search.cv_results_["mean_test_bits"]
accuracy = search.cv_results_["mean_test_accuracy"]
for c, b, a in zip(strengths, bits, accuracy, strict=True):
    print(f"C = {c:<8g} {b:.3f} bits, accuracy {a:.3f}")
print(f"chosen: C = {search.best_params_['logisticregression__C']:g}")

chosen = bits.argmin()
assert strengths[chosen] == 1
assert np.ptp(accuracy[2:]) < 0.02
assert f"{bits[2] / bits[chosen]:.0f}, {bits[-1] / bits[chosen]:.1f}" == "4, 1.5"

# %%
# From C = 0.01 to 100 the accuracy stays within two percentage points, while the loss is four times
# its minimum at the one end, and 1.5 times at the other: the models differ in their confidence, and
# hardly in their guesses. The dotted line is the prior, which pays log2(10) = 3.32 bits.

fig, (top, bottom) = plt.subplots(2, 1, sharex=True, figsize=(5.5, 5), layout="constrained")
top.loglog(strengths, bits, "o-", color="#0072B2", markeredgecolor="black")
top.annotate(
    f"{bits[chosen]:.2f}",
    (strengths[chosen], bits[chosen]),
    (0, -8),
    textcoords="offset points",
    ha="center",
    va="top",
)
prior = label_entropy(y_train, base=2)
top.axhline(prior, color="black", linestyle=":", linewidth=1)
top.annotate(
    "prior", (strengths[-1], prior), (0, -3), textcoords="offset points", ha="right", va="top"
)
top.set(ylabel="log loss, bits", ylim=(0.1, 5))
top.set_yticks([0.1, 0.2, 0.5, 1, 2, 5], ["0.1", "0.2", "0.5", "1", "2", "5"])
bottom.semilogx(strengths, accuracy, "s--", color="#E69F00", markeredgecolor="black")
bottom.set(xlabel="C, inverse strength of the regularisation", ylabel="accuracy", ylim=(0.8, 1))
for ax in (top, bottom):
    ax.minorticks_off()
    ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# On rows that had no part in the search:

proba = search.predict_proba(X_test)
print(f"{log_loss(y_test, proba, base=2):.3f} bits of {label_entropy(y_test, base=2):.3f}")

# %%
# Scores of each class
# --------------------
# :func:`~skxent.make_per_class_scorer` returns the loss overall, the mean over the classes, that of
# the worst class and that of each, under the same keys in every fold. ``refit`` may name any of
# them, for instance the worst class where no digit may be neglected.

search = GridSearchCV(
    pipeline,
    {"logisticregression__C": strengths},
    scoring=make_per_class_scorer(range(10), base=2),
    refit="neg_worst_class_log_loss",
).fit(X_train, y_train)
print(f"chosen for the worst class: C = {search.best_params_['logisticregression__C']:g}")
for digit in range(10):
    score = search.cv_results_[f"mean_test_neg_log_loss[{digit}]"][search.best_index_]
    print(f"digit {digit}: {-score:.3f} bits")
