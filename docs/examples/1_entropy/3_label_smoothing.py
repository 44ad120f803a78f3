"""
Label smoothing: is a loss of 0.5 bad?
======================================

With smoothed labels the best possible loss is not 0, but the entropy of the targets.
"""

# %%
# Label smoothing of 0.2 gives the true class 1 − 0.2 + 0.2 / k and each of the others 0.2 / k,
# where k is the number of classes. These are soft targets, and no prediction can cost less than
# their entropy. So a loss of 0.5 nats means nothing before one knows k.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skxent import cross_entropy, entropy, kl_divergence

SMOOTHING = 0.2


def smoothed(k: int) -> np.ndarray:
    """Target of a row of the first of k classes."""
    target = np.full(k, SMOOTHING / k)
    target[0] += 1 - SMOOTHING
    return target


for k in (2, 3, 4, 10):
    floor = entropy(smoothed(k))
    verdict = f"0.5 is {0.5 - floor:.3f} above it" if floor < 0.5 else "nobody reaches 0.5"
    print(f"{k:2} classes: targets cost {floor:.3f} nats at least: {verdict}")

assert f"{entropy(smoothed(2)):.3f}" == "0.325"
assert f"{entropy(smoothed(3)):.3f}" == "0.485"
assert entropy(smoothed(4)) > 0.5

# %%
# With two classes 0.5 leaves something to gain, with three it is close to the best that there is,
# and with four or more it cannot happen: whoever reports it has computed something else.

ks = np.arange(2, 21)
fig, ax = plt.subplots(figsize=(5.5, 3.6), layout="constrained")
ax.plot(ks, np.log(ks), "s--", color="#E69F00", markeredgecolor="black", label="prior: log k")
floors = [entropy(smoothed(k)) for k in ks]
ax.plot(ks, floors, "o-", color="#0072B2", label="best possible: entropy of the targets")
ax.axhline(0.5, color="black", linewidth=1, linestyle=":")
ax.annotate("a loss of 0.5", (20, 0.5), (0, -4), textcoords="offset points", ha="right", va="top")
ax.set(xlabel="number of classes k, equally frequent", ylabel="loss, nats", ylim=(0, 3.1))
ax.set_xticks(range(2, 21, 2))
ax.spines[["top", "right"]].set_visible(False)
ax.legend(loc="center right", bbox_to_anchor=(1, 0.53), frameon=False)
plt.show()

# %%
# The curve for two classes: against the smoothed target [0.1, 0.9] the cost is smallest at
# p = 0.9, where it is the entropy, and it rises again for a prediction that is more certain than
# the target. What is above the entropy is the KL divergence, and that is the figure to read: it is
# 0 for the best prediction, with smoothing and without.

probabilities = np.linspace(0.02, 0.998, 400)
predictions = np.column_stack([1 - probabilities, probabilities])
soft = np.tile([0.1, 0.9], (len(probabilities), 1))
hard = np.tile([0.0, 1.0], (len(probabilities), 1))

fig, ax = plt.subplots(figsize=(5.5, 3.6), layout="constrained")
costs = cross_entropy(soft, predictions, reduction="none")
ax.plot(probabilities, costs, color="#0072B2", label="target [0.1, 0.9]")
ax.plot(
    probabilities,
    cross_entropy(hard, predictions, reduction="none"),
    "--",
    color="#E69F00",
    linewidth=2,
    label="target [0, 1]",
)
best = entropy([0.1, 0.9])
ax.axhline(best, color="black", linewidth=1, linestyle=":")
ax.annotate(f"entropy {best:.3f}", (0.05, best), (0, 3), textcoords="offset points")
ax.plot(0.9, best, "o", color="#0072B2")
ax.set(xlabel="predicted probability p", ylabel="cross-entropy, nats", xlim=(0, 1), ylim=(0, 2.5))
ax.spines[["top", "right"]].set_visible(False)
ax.legend(frameon=False)
plt.show()

excess = kl_divergence(soft, predictions, reduction="none")
np.testing.assert_allclose(costs, best + excess, rtol=1e-13)
print(f"smallest at p = {probabilities[costs.argmin()]:.2f}")
assert f"{probabilities[costs.argmin()]:.2f}" == "0.90"

# %%
# The same on data
# ----------------
# A classifier that was trained on hard labels, judged by soft ones: digits, smoothing 0.1, so that
# the true class has 0.91 and each other 0.01. :func:`~skxent.cross_entropy` takes the matrix of
# targets; :func:`~skxent.log_loss` takes labels or one-hot rows only.

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.5, random_state=0, stratify=y)
classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
proba = classifier.fit(X_train, y_train).predict_proba(X_test)
targets = 0.9 * np.eye(10)[y_test] + 0.01

print(f"cross-entropy, labels:           {cross_entropy(y_test, proba):.4f} nats")
print(f"cross-entropy, smoothed targets: {cross_entropy(targets, proba):.4f} nats")
print(f"entropy of the targets:          {entropy(targets):.4f} nats")
print(f"KL divergence, what is left:     {kl_divergence(targets, proba):.4f} nats")

np.testing.assert_allclose(cross_entropy(y_test, proba), 0.1268, atol=1e-4)
np.testing.assert_allclose(cross_entropy(targets, proba), 1.0311462, rtol=1e-4)
np.testing.assert_allclose(kl_divergence(targets, proba), 0.5308582, rtol=1e-4)

# %%
# Most of the 0.53 nats are no mistakes. This classifier gives wrong digits far less than the 0.01
# that the targets ask for, and pays for it. A loss on smoothed targets and one on labels cannot be
# compared with each other, whether the model was trained with smoothing or not.
