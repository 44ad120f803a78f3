"""
Four classes, one-hot targets, and another quantity
===================================================

Two formulas go by the name of cross-entropy. For more than two classes they differ.
"""

# %%
# Two rows, four classes. The classifier knows nothing of the first row, and is nearly sure of the
# second.

import matplotlib.pyplot as plt
import numpy as np

from skxent import cross_entropy, log_loss, log_loss_report

targets = np.array([[1, 0, 0, 0], [0, 0, 0, 1]])
predictions = np.array([[0.25, 0.25, 0.25, 0.25], [0.01, 0.01, 0.01, 0.97]])

# %%
# The cross-entropy of a row is :math:`-\sum_j t_j \log q_j`: only the true class has a term. As
# cross-entropy of distributions, as log loss of labels, and as the mean over the rows it is the
# same number.

labels = targets.argmax(axis=1)
print(cross_entropy(targets, predictions))
print(log_loss(labels, predictions, labels=range(4)))
print(cross_entropy(targets, predictions, reduction="none").mean())

for value in (
    cross_entropy(targets, predictions),
    log_loss(targets, predictions),
    log_loss(labels, predictions, labels=range(4)),
    cross_entropy(targets, predictions, reduction="none").mean(),
):
    np.testing.assert_allclose(value, 0.7083767843022996, rtol=1e-15)

# %%
# The other formula adds :math:`(1 - t_j) \log(1 - q_j)` for every column, as one does for the two
# outcomes of a single binary label.

terms = targets * np.log(predictions) + (1 - targets) * np.log(1 - predictions)
other = -terms.sum(axis=1).mean()
print(other)

np.testing.assert_allclose(other, 1.1549753967602232, rtol=1e-14)

# %%
# That is the sum of four binary log losses: "class 0 or not", "class 1 or not", and so on. It is
# right for four labels of which any number may be true at once. For classes that exclude each
# other it counts twice: that the row is not of class 1 follows from its being of class 0. It
# depends on how the probability that is left is spread over the wrong classes; the log loss of the
# row does not.

spread = np.array([[0.4, 0.2, 0.2, 0.2]])
heaped = np.array([[0.4, 0.6, 0.0, 0.0]])
first = np.array([[1, 0, 0, 0]])


def sum_of_binary(t: np.ndarray, q: np.ndarray) -> float:
    """Sum over the columns of their binary log losses."""
    return sum(cross_entropy(t[:, j], q[:, j], labels=[0, 1]) for j in range(t.shape[1]))


for name, q in (("spread", spread), ("heaped", heaped)):
    print(f"{name}: {cross_entropy(first, q):.3f} and {sum_of_binary(first, q):.3f} nats")

np.testing.assert_allclose(sum_of_binary(targets, predictions), other, rtol=1e-14)
assert cross_entropy(first, spread) == cross_entropy(first, heaped)
assert sum_of_binary(first, spread) < sum_of_binary(first, heaped)

fig, ax = plt.subplots(figsize=(5.5, 3.2), layout="constrained")
rows = ["row 1,\nknows nothing", "row 2,\nnearly sure"]
own = -(targets * np.log(predictions)).sum(axis=1)
rest = -((1 - targets) * np.log(1 - predictions)).sum(axis=1)
ax.barh(rows, own, color="#0072B2", edgecolor="black", label="true class: the log loss")
other_bars = ax.barh(
    rows,
    rest,
    left=own,
    color="#E69F00",
    edgecolor="black",
    hatch="//",
    label="other columns: only in the other sum",
)
pairs = [f"{a:.3f} of {a + b:.3f}" for a, b in zip(own, rest, strict=True)]
ax.bar_label(other_bars, labels=pairs, padding=4)
ax.invert_yaxis()
ax.set(xlabel="nats", xlim=(0, 3.1))
ax.spines[["top", "right"]].set_visible(False)
ax.legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 1))
plt.show()

# %%
# The report has the binary losses of each class as ``ovr_log_loss`` (one-vs-rest), for one purpose:
# they split into calibration and discrimination class by class. They do not sum to the log loss,
# and the report does not pretend it. What sums to the log loss is ``contribution``.

report = log_loss_report(targets, predictions, recalibration=False, n_null=0)
print(f"sum of ovr_log_loss: {report.per_class['ovr_log_loss'].sum():.4f}")
print(f"sum of contribution: {report.per_class['contribution'].sum():.4f}")

np.testing.assert_allclose(report.per_class["ovr_log_loss"].sum(), other, rtol=1e-12)
np.testing.assert_allclose(report.per_class["contribution"].sum(), 0.7083767843022996, rtol=1e-12)
