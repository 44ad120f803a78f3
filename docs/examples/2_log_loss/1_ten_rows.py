"""
Ten rows by hand
================

Labels, probabilities, and the loss of each row: log loss and cross-entropy are the same here.
"""

# %%
# Ten rows with a label, and the probability of class 1 that a classifier gave to each.

import matplotlib.pyplot as plt
import numpy as np

from skxent import cross_entropy, label_entropy, log_loss, log_loss_skill_score

y = np.array([1, 1, 1, 1, 1, 0, 0, 0, 0, 0])
proba = np.array([0.8, 0.9, 0.9, 0.6, 0.8, 0.1, 0.4, 0.2, 0.1, 0.3])

# %%
# A row costs minus the logarithm of the probability of what is true: of p where the label is 1, of
# 1 − p where it is 0. The log loss is the mean.

losses = cross_entropy(y, proba, reduction="none")
for label, p, loss in zip(y, proba, losses, strict=True):
    print(f"label {label}, P(1) = {p:.1f}, P(true) = {p if label else 1 - p:.1f}: {loss:.3f} nats")
print(f"mean: {log_loss(y, proba):.3f} nats, {log_loss(y, proba, base=2):.3f} bits")

by_hand = [0.223, 0.105, 0.105, 0.511, 0.223, 0.105, 0.511, 0.223, 0.105, 0.357]
assert [float(f"{loss:.3f}") for loss in losses] == by_hand
assert f"{log_loss(y, proba):.3f}" == "0.247"
assert abs(log_loss(y, proba) - losses.mean()) < 1e-15

# %%
fig, ax = plt.subplots(figsize=(5.5, 3.4), layout="constrained")
rows = np.arange(1, 11)
for label, colour, hatch in ((1, "#0072B2", ""), (0, "#E69F00", "//")):
    ax.bar(
        rows[y == label],
        losses[y == label],
        color=colour,
        hatch=hatch,
        edgecolor="black",
        label=f"label {label}",
    )
ax.axhline(losses.mean(), color="black", linestyle="--", linewidth=1.5)
ax.annotate(
    f"mean\n{losses.mean():.3f}",
    (10.6, losses.mean()),
    (5, 0),
    textcoords="offset points",
    va="center",
    annotation_clip=False,
)
ax.set(xlabel="row", ylabel="loss, nats", xticks=rows, xlim=(0.4, 10.6))
ax.spines[["top", "right"]].set_visible(False)
ax.legend(frameon=False, ncols=2, loc="lower left", bbox_to_anchor=(0, 1))
plt.show()

# %%
# The same as cross-entropy of distributions: each label as [1 − y, y], each prediction as
# [1 − p, p]. A label is a distribution of which we are certain; its entropy is 0.

targets = np.column_stack([1 - y, y])
predictions = np.column_stack([1 - proba, proba])
print(f"cross-entropy of distributions: {cross_entropy(targets, predictions):.3f} nats")

np.testing.assert_allclose(cross_entropy(targets, predictions), log_loss(y, proba), rtol=1e-15)

# %%
# Some implementations add a small constant within the logarithm or clip in 32-bit numbers, and
# differ in the last digits. Here nothing is added: 1e-15 within the logarithm would show in the
# fifteenth digit, 1e-7 in the seventh.

for constant in (1e-15, 1e-7):
    other = -np.log(predictions[np.arange(10), y] + constant).mean()
    print(f"with {constant:.0e} added: {other:.16f}")
print(f"exact:            {log_loss(y, proba):.16f}")

# %%
# The names of the classes
# ------------------------
# The labels need not be 0 and 1. Of two numbers the larger is the positive class; of two words,
# say which it is.

fours_and_sevens = np.where(y == 1, 7, 4)
words = np.where(y == 1, "seven", "four")
print(f"4 and 7:          {log_loss(fours_and_sevens, proba):.3f} nats")
print(f"'four', 'seven':  {log_loss(words, proba, pos_label='seven'):.3f} nats")

assert log_loss(fours_and_sevens, proba) == log_loss(y, proba)
assert log_loss(words, proba, pos_label="seven") == log_loss(y, proba)

# %%
# Is it good?
# -----------
# Who knows only that half of the labels are 1 pays log 2 = 0.693 nats. Of these, the classifier
# saves 64 %.

print(f"entropy of the labels: {label_entropy(y):.3f} nats")
print(f"skill: {log_loss_skill_score(y, proba):.2f}")
print(f"geometric mean of the probabilities of the truth: {np.exp(-log_loss(y, proba)):.2f}")

assert f"{log_loss_skill_score(y, proba):.2f}" == "0.64"
