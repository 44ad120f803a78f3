"""
Cross-entropy against predicted probability
===========================================

What a row costs, by the probability that its class was given, and what such a value means.
"""

# %%
# The target is certain, [0, 1], and the prediction is [1 − p, p] for p = 1.0, 0.9 and so on down
# to 0. No constant is added within the logarithm: at p = 1 the cost is exactly 0, and at p = 0,
# where something happened that was called impossible, it is infinite.

import math

import matplotlib.pyplot as plt
import numpy as np

from skxent import cross_entropy, label_entropy, log_loss, log_loss_skill_score

probabilities = np.arange(10, -1, -1) / 10
predictions = np.column_stack([1 - probabilities, probabilities])
targets = np.tile([0.0, 1.0], (len(probabilities), 1))
costs = cross_entropy(targets, predictions, reduction="none")
for p, cost in zip(probabilities, costs, strict=True):
    print(f"p = {p:.1f}: {cost:.3f} nats, {cost / math.log(2):.3f} bits")

assert costs[0] == 0
assert costs[-1] == math.inf
np.testing.assert_allclose(costs[:-1], -np.log(probabilities[:-1]), rtol=1e-14)

# %%
# The curve starts at 0 and rises faster than linearly: each halving of p adds the same cost,
# log 2 = 0.693 nats, which is one bit.

fine = np.linspace(0.005, 1, 400)
fig, ax = plt.subplots(figsize=(5.5, 3.6), layout="constrained")
ax.plot(fine, -np.log(fine), color="#0072B2")
ax.plot(probabilities[:-1], costs[:-1], "o", color="#0072B2", clip_on=False)
ax.annotate("p = 0: infinite", (0.01, 4.55), (0.12, 4.3), arrowprops={"arrowstyle": "->"})
ax.set(
    xlabel="predicted probability p of what happened",
    ylabel="cross-entropy, nats",
    xlim=(0, 1),
    ylim=(0, 4.8),
)
ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# Which constant belongs in the logarithm, so that 0 does no harm? For distributions, none: the
# infinity is the answer, and :func:`~skxent.cross_entropy` gives it. Where a number is needed, as
# in the mean over the rows of a test fold, :func:`~skxent.log_loss` has a floor for the
# probability of the true class, ``eps``, which is :math:`2^{-52}` unless you say otherwise. It
# changes nothing above itself, and a row below it costs −log(eps) = 36.04 nats.

y, proba = [1, 0], [0.0, 0.0]  # the first row was called impossible, the second is certain
floored = log_loss(y, proba, normalize=False)
print(f"sum of the two rows: {floored:.2f} nats, {log_loss(y, proba, eps=0)} without a floor")

assert f"{floored:.2f}" == "36.04"
assert log_loss(y, proba, eps=0) == math.inf

# %%
# What does a value mean?
# -----------------------
# A rule of thumb goes round, in nats: 0 is perfect, below 0.02 great, below 0.05 on the right
# track, below 0.20 fine, above 0.30 not great, above 1 terrible, above 2 broken. It is for
# orientation only, since it knows neither how many classes there are nor how frequent they are.
# Two things that say more:
#
# - exp(−loss), the geometric mean of the probabilities that the true classes got;
# - the loss beside the entropy of the labels, which is what a model has to pay that knows only
#   how frequent each class is. The **skill** is the part of it that is saved.
#
# The same 0.20 nats, for two balanced classes, for ten, and for two of which one is rare:

loss = 0.20
for name, y in [
    ("two balanced classes", [0] * 500 + [1] * 500),
    ("ten balanced classes", list(range(10)) * 100),
    ("one row in 20 positive", [0] * 950 + [1] * 50),
]:
    prior = label_entropy(y)
    print(f"{name}: the prior pays {prior:.3f} nats, skill {1 - loss / prior:.2f}")

print(f"exp(-{loss:.2f}) = {math.exp(-loss):.2f}")
assert f"{math.exp(-loss):.2f}" == "0.82"

# %%
# In the third case a loss of 0.20 is no achievement at all: who says 5 % to every row pays less.
# :func:`~skxent.log_loss_skill_score` computes the skill of given predictions, and finds 0 for
# those.

y = np.array([0] * 950 + [1] * 50)
print(f"skill of the prior: {abs(log_loss_skill_score(y, np.full(1000, 0.05))):.3f}")

assert abs(log_loss_skill_score(y, np.full(1000, 0.05))) < 1e-12
assert log_loss(y, np.full(1000, 0.05)) < 0.20

# %%
# And a part of a bit? A loss of 0.2285 bits does not mean that a part of a yes-or-no question
# could be asked. It is a mean: a thousand such outcomes can be written down in about 229 binary
# digits. In probabilities, the truth got :math:`2^{-0.2285} = 0.85`.

print(f"2 ** -0.2285 = {2**-0.2285:.2f}")
assert f"{2**-0.2285:.2f}" == "0.85"
