"""
Mean squared error is the cross-entropy of a Gaussian
=====================================================

Whoever minimises the mean squared error minimises a cross-entropy, with a spread that is fixed.
"""

# %%
# A regression that predicts y as a Gaussian around m with standard deviation s pays, for each row,
#
# .. math:: -\log q(y) = \frac{(y - m)^2}{2 s^2} + \log\bigl(s \sqrt{2 \pi}\bigr).
#
# The mean over the rows is the mean squared error, divided by :math:`2 s^2`, plus a constant. With
# s fixed, the two have their minimum at the same place.

import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import norm

from skxent import cross_entropy, entropy, kl_divergence

rng = np.random.default_rng(0)
x = rng.uniform(-2, 2, 200)
y = 1.5 * x + rng.normal(scale=0.8, size=200)

s = 1.0
slopes = np.linspace(0.5, 2.5, 81)
mse = np.array([np.mean((y - a * x) ** 2) for a in slopes])
costs = np.array([-norm.logpdf(y, a * x, s).mean() for a in slopes])
np.testing.assert_allclose(costs, mse / (2 * s**2) + np.log(s * np.sqrt(2 * np.pi)), rtol=1e-12)
assert mse.argmin() == costs.argmin()

fig, ax = plt.subplots(figsize=(5.5, 3.6), layout="constrained")
ax.plot(slopes, mse / 2, "--", color="#E69F00", linewidth=2, label="mean squared error / 2")
ax.plot(slopes, costs, color="#0072B2", label="cross-entropy, nats")
for curve, colour in ((mse / 2, "#E69F00"), (costs, "#0072B2")):
    ax.plot(slopes[curve.argmin()], curve.min(), "o", color=colour, markeredgecolor="black")
ax.annotate(
    r"$\log\sqrt{2\pi}$ = 0.919",
    (slopes[costs.argmin()], mse.min() / 2 + 0.46),
    (6, 0),
    textcoords="offset points",
    va="center",
)
ax.annotate(
    "",
    (slopes[costs.argmin()], costs.min()),
    (slopes[costs.argmin()], mse.min() / 2),
    arrowprops={"arrowstyle": "<->", "shrinkA": 5, "shrinkB": 5},
)
ax.set(xlabel="slope of the fitted line", ylabel="mean over 200 rows", ylim=(0, None))
ax.spines[["top", "right"]].set_visible(False)
ax.legend(frameon=False, loc="upper center")
plt.show()

assert f"{np.log(np.sqrt(2 * np.pi)):.3f}" == "0.919"
print(f"both are smallest for a slope of {slopes[costs.argmin()]:.3f}")

# %%
# The best spread is the root of the mean squared error, and with it the cross-entropy is
# log(s √(2πe)): of two models, the one with the smaller mean squared error has the smaller
# cross-entropy. But a spread that is the same everywhere is an assumption. A model that knows where
# it is uncertain can have the larger squared error and the smaller cross-entropy.

best_s = np.sqrt(mse.min())
at_best = -norm.logpdf(y, slopes[mse.argmin()] * x, best_s).mean()
print(f"with s = {best_s:.3f}: {at_best:.3f} nats instead of {costs.min():.3f} with s = 1")
np.testing.assert_allclose(at_best, np.log(best_s * np.sqrt(2 * np.pi * np.e)), rtol=1e-12)
assert at_best < costs.min()

# %%
# Two Gaussians
# -------------
# Between the distributions N(m, s²) of what happens and N(n, t²) of what is expected, the
# cross-entropy is :math:`\log(t\sqrt{2\pi}) + \frac{s^2 + (m - n)^2}{2 t^2}`. Cut into narrow
# bins, the Gaussians are distributions over events, which :func:`~skxent.cross_entropy` takes. The
# bins cost −log(width) more, since to name a bin is to give so many digits of the value; add
# log(width), and the formula comes out.

width = 0.01
edges = np.arange(-12, 12 + width / 2, width)


def in_bins(mean: float, spread: float) -> np.ndarray:
    """Probability of each bin."""
    proba = np.diff(norm.cdf(edges, mean, spread))
    return proba / proba.sum()


p, q = in_bins(0.0, 1.0), in_bins(1.0, 1.5)
formula = np.log(1.5 * np.sqrt(2 * np.pi)) + (1.0**2 + 1.0**2) / (2 * 1.5**2)
print(f"H(p, q):  {cross_entropy(p, q) + np.log(width):.4f} nats in bins, {formula:.4f} by formula")
print(f"H(p):     {entropy(p) + np.log(width):.4f} nats")
print(f"KL(p‖q):  {kl_divergence(p, q):.4f} nats; the width of the bins cancels")

assert abs(cross_entropy(p, q) + np.log(width) - formula) < 1e-4
assert f"{formula:.4f}" == "1.7688"
assert abs(entropy(p) + np.log(width) - np.log(np.sqrt(2 * np.pi * np.e))) < 1e-4

middles = (edges[1:] + edges[:-1]) / 2
fig, ax = plt.subplots(figsize=(5.5, 3.4), layout="constrained")
ax.fill_between(middles, p / width, color="#0072B2", alpha=0.35, linewidth=0)
ax.plot(middles, p / width, color="#0072B2", label="p, what happens: N(0, 1)")
ax.plot(middles, q / width, "--", color="#E69F00", linewidth=2, label="q, expected: N(1, 1.5²)")
ax.set(xlabel="value", ylabel="density", xlim=(-5, 7), ylim=(0, 0.55))
ax.spines[["top", "right"]].set_visible(False)
ax.legend(frameon=False)
plt.show()

# %%
# The entropy of a density can be negative: for a spread below 0.242 it is. Only the KL divergence
# keeps its meaning from events to densities, and 0 is still its minimum.

print(f"H of N(0, 0.1²): {entropy(in_bins(0.0, 0.1)) + np.log(width):.3f} nats")
assert entropy(in_bins(0.0, 0.1)) + np.log(width) < 0
assert f"{1 / np.sqrt(2 * np.pi * np.e):.3f}" == "0.242"
