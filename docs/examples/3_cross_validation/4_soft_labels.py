"""
Soft labels: several people judged each row
===========================================

Votes as targets: what to train on, how to score it, and what nobody can avoid paying.
"""

# %%
# Five people said of each of 600 rows which of three classes it is, and they did not always agree.
# The rows are generated, so the true probabilities are known to us, and not to the models.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import make_scorer
from sklearn.model_selection import cross_validate

from skxent import cross_entropy, entropy, kl_divergence

N_VOTES = 5
rng = np.random.default_rng(0)
X = rng.normal(size=(600, 2))
logits = X @ np.array([[1.5, -0.5, -1.0], [0.0, 1.0, -1.0]])
truth = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
votes = np.array([rng.multinomial(N_VOTES, p) for p in truth]) / N_VOTES
print(votes[:4])

# %%
# The usual way is to take the majority and forget the rest. The other is to let each row count for
# each class with the share of its votes: cross-entropy is linear in the target, so a soft label is
# the same as several rows with weights, and any classifier that takes ``sample_weight`` can learn
# from it.


class OfVotes(ClassifierMixin, BaseEstimator):
    """Logistic regression of shares of votes, all of them or the majority."""

    def __init__(self, majority: bool = False):
        self.majority = majority

    def fit(self, X, votes):
        """Fit to one row for each class, weighted by its share of the votes."""
        n_classes, weights = votes.shape[1], votes
        if self.majority:  # shared where there is a tie
            weights = votes == votes.max(axis=1, keepdims=True)
            weights = weights / weights.sum(axis=1, keepdims=True)
        self.model_ = LogisticRegression().fit(
            np.repeat(X, n_classes, axis=0),
            np.tile(np.arange(n_classes), len(X)),
            sample_weight=weights.ravel(),
        )
        self.classes_ = self.model_.classes_
        return self

    def predict_proba(self, X):
        """Predict probabilities."""
        return self.model_.predict_proba(X)


# %%
# :func:`~skxent.cross_entropy` and :func:`~skxent.kl_divergence` take the matrix of votes as it is,
# also within scikit-learn's own ``make_scorer``. (skxent's scorers match labels with the classes of
# the estimator, and take labels only.)

options = {"response_method": "predict_proba", "greater_is_better": False, "base": 2}
scoring = {
    "cross-entropy": make_scorer(cross_entropy, **options),
    "KL divergence": make_scorer(kl_divergence, **options),
}
models = {"votes": OfVotes(), "majority": OfVotes(majority=True)}
found = {name: cross_validate(model, X, votes, scoring=scoring) for name, model in models.items()}
for name, results in found.items():
    costs = ", ".join(f"{score} {-results[f'test_{score}'].mean():.3f}" for score in scoring)
    print(f"trained on the {name}: {costs} bits")
print(f"entropy of the votes: {entropy(votes, base=2):.3f} bits")

# %%
# Training on the votes is better. But both are far from 0 even in KL divergence, which has the
# entropy of the votes already taken off: five votes of a row are a sample, and differ from the
# probabilities that they were drawn from. The model that knows these probabilities pays as well.

known = kl_divergence(votes, truth, base=2)
print(f"KL divergence of the votes from the true probabilities: {known:.3f} bits")
for name, results in found.items():
    excess = -results["test_KL divergence"].mean() - known
    print(f"trained on the {name}: {excess:.3f} bits more")

assert found["votes"]["test_KL divergence"].mean() > found["majority"]["test_KL divergence"].mean()

# %%
# What is wrong with the majority: it makes certain of what was doubtful. Of rows whose true
# probability of class 0 is 0.7, six in seven get the label 0, and the model learns to be too sure.

fig, axes = plt.subplots(2, 1, sharex=True, sharey=True, figsize=(5.5, 6.4), layout="constrained")
for ax, (name, colour, mark) in zip(
    axes, [("votes", "#0072B2", "o"), ("majority", "#E69F00", "s")], strict=True
):
    proba = models[name].fit(X, votes).predict_proba(X)
    ax.scatter(truth[:, 0], proba[:, 0], s=14, color=colour, marker=mark, linewidth=0)
    ax.plot([0, 1], [0, 1], color="black", linewidth=1, linestyle="--")
    ax.set_title(f"trained on the {name}", fontsize="medium", loc="left")
    ax.set(ylabel="predicted P(class 0)", xlim=(0, 1), ylim=(0, 1))
    ax.spines[["top", "right"]].set_visible(False)
    print(f"{name}: {kl_divergence(truth, proba, base=2):.3f} bits from the truth")
axes[-1].set_xlabel("true P(class 0)")
plt.show()
