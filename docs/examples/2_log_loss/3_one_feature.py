"""
One feature and logistic regression, in pictures
================================================

From points to probabilities, from probabilities to losses, from losses to the log loss.
"""

# %%
# Ten points with one feature x and two classes.

import matplotlib.pyplot as plt
import numpy as np
from sklearn import metrics
from sklearn.linear_model import LogisticRegression

from skxent import cross_entropy, log_loss

x = np.array([-2.2, -1.4, -0.8, 0.2, 0.4, 0.8, 1.2, 2.2, 2.9, 4.6])
y = np.array([0, 0, 1, 0, 1, 1, 1, 1, 1, 1])

STYLES = {1: ("#0072B2", "o", ""), 0: ("#E69F00", "s", "//")}  # colour, mark, hatch


def draw_points(ax: plt.Axes, x: np.ndarray, y: np.ndarray, height: np.ndarray) -> None:
    """The points, told apart by colour and mark."""
    for label, (colour, mark, _) in STYLES.items():
        own = y == label
        ax.scatter(
            x[own],
            height[own],
            s=50,
            color=colour,
            marker=mark,
            edgecolor="black",
            label=f"class {label}",
            zorder=3,
        )
    ax.spines[["top", "right"]].set_visible(False)


def draw_bars(
    ax: plt.Axes, x: np.ndarray, y: np.ndarray, bottom: np.ndarray, top: np.ndarray
) -> None:
    """A bar at each point."""
    for label, (colour, _, hatch) in STYLES.items():
        own = y == label
        ax.bar(
            x[own],
            (top - bottom)[own],
            width=0.14,
            bottom=bottom[own],
            color=colour,
            hatch=hatch,
            edgecolor="black",
            label=f"class {label}",
            zorder=2,
        )
    ax.spines[["top", "right"]].set_visible(False)


fig, ax = plt.subplots(figsize=(5.5, 1.8), layout="constrained")
draw_points(ax, x, y, np.zeros(10))
ax.set(xlabel="x", yticks=[], ylim=(-0.5, 0.5))
ax.spines["left"].set_visible(False)
ax.legend(frameon=False, ncols=2, loc="lower right", bbox_to_anchor=(1, 0.85))
plt.show()

# %%
# A logistic regression with its default settings finds the probability of class 1.

classifier = LogisticRegression().fit(x[:, None], y)
proba = classifier.predict_proba(x[:, None])[:, 1]
print(" ".join(f"{p:.2f}" for p in proba))

assert [float(f"{p:.2f}") for p in proba] == [
    *(0.19, 0.33, 0.47, 0.70, 0.74),
    *(0.81, 0.86, 0.94, 0.97, 0.99),
]

curve = np.linspace(-3, 5.2, 300)
sigmoid = classifier.predict_proba(curve[:, None])[:, 1]
fig, ax = plt.subplots(figsize=(5.5, 3.4), layout="constrained")
ax.plot(curve, sigmoid, color="black", linewidth=1.5)
draw_points(ax, x, y, y)
ax.set(xlabel="x", ylabel="probability of class 1", ylim=(-0.05, 1.05))
ax.legend(frameon=False, loc="center right")
plt.show()

# %%
# What counts for the loss is the probability of the class that each point really has. For class 1
# that is the part below the curve, for class 0 the part above it. The two points on the wrong side
# have the short bars.

fig, ax = plt.subplots(figsize=(5.5, 3.4), layout="constrained")
ax.plot(curve, sigmoid, color="black", linewidth=1.5)
draw_bars(ax, x, y, np.where(y == 1, 0, proba), np.where(y == 1, proba, 1))
ax.set(xlabel="x", ylabel="probability of class 1", ylim=(0, 1))
ax.legend(frameon=False, ncols=2, loc="lower left", bbox_to_anchor=(0, 1))
plt.show()

# %%
# The same bars on the ground: as high as the probability of the true class.

true = np.where(y == 1, proba, 1 - proba)
fig, ax = plt.subplots(figsize=(5.5, 3.4), layout="constrained")
draw_bars(ax, x, y, np.zeros(10), true)
ax.set(xlabel="x", ylabel="probability of the true class", ylim=(0, 1))
ax.legend(frameon=False, ncols=2, loc="lower left", bbox_to_anchor=(0, 1))
plt.show()

# %%
# The loss of a row is minus the logarithm of that probability: 0 for certainty, and without limit
# towards 0. Here are the ten points on that curve.

losses = cross_entropy(y, proba, reduction="none")
fine = np.linspace(0.02, 1, 300)
fig, ax = plt.subplots(figsize=(5.5, 3.4), layout="constrained")
ax.plot(fine, -np.log(fine), color="black", linewidth=1.5, label="−log p")
draw_points(ax, true, y, losses)
ax.set(xlabel="probability p of the true class", ylabel="loss, nats", xlim=(0, 1.02), ylim=(0, 3))
ax.legend(frameon=False)
plt.show()

np.testing.assert_allclose(losses, -np.log(true), rtol=1e-14)

# %%
# The mean of the ten losses is the log loss. Two of the ten rows, those on the wrong side, carry
# 59 % of it.


def draw_losses(x: np.ndarray, y: np.ndarray, losses: np.ndarray) -> None:
    """The loss of each point and their mean."""
    _, ax = plt.subplots(figsize=(5.5, 3.4), layout="constrained")
    draw_bars(ax, x, y, np.zeros(10), losses)
    ax.axhline(losses.mean(), color="black", linestyle="--", linewidth=1.5)
    ax.annotate(
        f"mean {losses.mean():.4f}",
        (1, losses.mean()),
        (0, 3),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        ha="right",
    )
    ax.set(xlabel="x", ylabel="loss, nats")
    ax.legend(frameon=False)
    plt.show()


draw_losses(x, y, losses)
print(f"log loss {log_loss(y, proba):.4f} nats")

assert f"{log_loss(y, proba):.4f}" == "0.3329"
assert f"{losses[true < 0.5].sum() / losses.sum():.0%}" == "59%"
assert log_loss(y.astype(float), proba) == log_loss(y, proba)  # floats are labels here too

# %%
# Other points
# ------------
# With ten other points, whose classes overlap more, the log loss is larger. By hand, by
# scikit-learn and by skxent it is the same.

x = np.array([-1.8, -0.8, -0.5, -0.1, 0.5, 0.6, 0.9, 1.1, 1.5, 1.9])
y = np.array([0, 0, 1, 0, 1, 0, 1, 1, 1, 1])
proba = LogisticRegression().fit(x[:, None], y).predict_proba(x[:, None])[:, 1]
losses = -np.log(np.where(y == 1, proba, 1 - proba))

print(" ".join(f"{p:.2f}" for p in proba))
print(f"by hand:      {losses.mean():.4f} nats")
print(f"scikit-learn: {metrics.log_loss(y, proba):.4f} nats")
print(f"skxent:       {log_loss(y, proba):.4f} nats")
draw_losses(x, y, losses)

assert f"{losses.mean():.4f}" == f"{metrics.log_loss(y, proba):.4f}" == f"{log_loss(y, proba):.4f}"
assert f"{log_loss(y, proba):.4f}" == "0.4594"
