"""Whether weights were made from the labels, in which case a calibrated model has a gap."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import fdtrc, ndtr

from skxent._typing import FloatArray
from skxent.report._gaps import group_effects
from skxent.statistic._sums import Statistics

__all__ = ["weights_follow_classes"]

# Levels of two tests that both have to reject. Together they leave a calibrated model's gap
# tested where weights come from what the model predicts from, in four reports of five, and hold
# its false alarms below 6 % where they come from the labels, however weakly and noisily. See
# benchmarks/simulations/class_weights.py.
_BETWEEN, _BEYOND = 0.2, 0.25


def weights_follow_classes(s: Statistics) -> bool:
    """
    Whether the weights go with the classes more than the probabilities explain.

    Weights that are one number a class are made from the labels. Others may differ between the
    classes since they come from features, as those of a survey do: then a row's class has
    nothing to do with its weight once its probabilities are known.
    """
    present = s.support > 0
    if np.count_nonzero(present) < 2 or _equal(s, present):
        return False
    if _constant(s, present):
        return True
    # What rows share that belong together may be a weight as well as a surprise.
    effect = np.ones(len(present) + 1) if s.groups is None else group_effects(s, s.groups)[0]
    return (
        _p_between(s, present, effect[-1]) < _BETWEEN
        and _p_beyond_probabilities(s, effect[:-1]) < _BEYOND
    )


def _equal(s: Statistics, present: NDArray[np.bool_]) -> bool:
    """Whether all weights are the same; small ones are not for that equal."""
    n, weight, square = s.support[present].sum(), s.weight.sum(), s.square[0].sum()
    return bool(square - weight**2 / n <= 1e-12 * square)


def _constant(s: Statistics, present: NDArray[np.bool_]) -> bool:
    """Whether all rows of a class weigh the same, in more than one class of several rows."""
    mean = s.weight[present] / s.support[present]
    constant = np.isclose(s.square[0][present], mean * s.weight[present], rtol=1e-9, atol=0)
    return bool(constant.all() and (s.support > 1).any())


def _p_between(s: Statistics, present: NDArray[np.bool_], effect: float) -> float:
    """P-value of the F test that classes have the same mean weight; of fewer rows by `effect`."""
    n, weight = s.support[present], s.weight[present]
    of_classes = (weight**2 / n).sum()
    between = of_classes - weight.sum() ** 2 / n.sum()
    within = max(s.square[0].sum() - of_classes, 0.0)
    groups, rest = len(n) - 1, n.sum() / effect - len(n)
    # Copies multiply both sums of squares alike, so that only the degrees of freedom are fewer.
    if rest < 1:
        return 1.0
    return float(fdtrc(groups, rest, between / groups / max(within / rest, 1e-300)))


def _p_beyond_probabilities(s: Statistics, effect: FloatArray) -> float:
    """
    Smallest p-value, adjusted for the number of classes, of sum_i (w_i - m) (1{y_i = c} - p_ic).

    With m the mean weight: if weights come from what the model predicts from, and its
    probabilities are right, these have mean 0 and variance sum_i (w_i - m)^2 p_ic (1 - p_ic).
    Where residuals are larger than that, the probabilities are wrong, and the variance grows with
    them, and by the `effect` of groups. The bins of the histogram stand in for the rows.
    """
    weight, square, weighted, hit, count = s.histogram
    p = np.divide(weighted, weight, out=np.zeros_like(weight), where=weight > 0)
    mean = s.weight.sum() / s.support.sum()
    excess = s.weight - s.proba - mean * (s.support - (count * p).sum(axis=1))
    spread = np.maximum(square - 2.0 * mean * weight + mean**2 * count, 0.0)
    variance = (spread * p * (1.0 - p)).sum(axis=1)
    # As many rows of the class in a bin as its weight there amounts to.
    hits = hit * np.divide(s.support, s.weight, out=np.zeros(len(hit)), where=s.weight > 0)[:, None]
    expected = (count * p * (1.0 - p)).sum(axis=1)
    found = (hits * (1.0 - 2.0 * p) + count * p**2).sum(axis=1)
    variance *= np.maximum(found / np.maximum(expected, 1e-300), 1.0) * effect
    some = variance > 0
    if not some.any():
        return 1.0
    z = np.abs(excess[some]) / np.sqrt(variance[some])
    return float(2.0 * ndtr(-z.max()) * np.count_nonzero(some))
