"""What costs more than chance, rounding or rarity explains."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

from skxent._typing import FloatArray
from skxent.statistic._evidence import Evidence
from skxent.statistic._sums import Statistics

__all__ = [
    "ALL_ROWS",
    "all_hard",
    "beyond_chance",
    "costly_classes",
    "large_cells",
    "why_no_evidence",
    "worse_than_prior",
]

# A calibrated model gets a sentence about calibration in at most 5 % of reports. These are the
# parts of the gap of all rows and, by Holm's rule, of the gaps of the classes; the rest is the
# recalibration's. They do not follow the confidence level, which says how wide intervals are.
ALL_ROWS, _CLASSES = 0.01, 0.015
# Cells below this share of the loss are not worth a sentence.
_LARGE_CELL = 0.05
_ROUNDING = 1e-9
# Fewer rows than this make old versions of SciPy overflow.
_LEAST = 1e-100
# How often chance alone may have a sentence about costly classes, or about cells.
_CHANCE = 0.01


def all_hard(statistics: Statistics) -> bool:
    """Whether every row is certain of one class, as the output of `predict` is."""
    return len(statistics.support) > 1 and not statistics.expected.any()


def beyond_chance(p_value: FloatArray) -> NDArray[np.bool_]:
    """Which gaps of classes are no chance: Holm's rule, which stops at the first that could be."""
    p = np.where(np.isnan(p_value), 1.0, p_value)
    order = np.argsort(p, kind="stable")
    sure = np.zeros(len(p), dtype=np.bool_)
    sure[order] = np.cumprod(p[order] * np.arange(len(p), 0, -1) < _CLASSES)
    return sure


def _dearest_baselines(s: Statistics) -> FloatArray:
    """Minus the logarithms of the prevalences, if each was seen too often by chance."""
    n, k = s.weight.sum() ** 2 / s.square[0].sum(), len(s.support)
    prevalence = s.weight / s.weight.sum()
    return -np.log(
        betaincinv(np.maximum(n * prevalence, _LEAST), n * (1.0 - prevalence) + 1.0, _CHANCE / k)
    )


def worse_than_prior(statistics: Statistics, lower_bounds: FloatArray) -> NDArray[np.bool_]:
    """
    Classes that cost more than if the model had known nothing but how often they occur.

    `lower_bounds` of the losses hold together.
    """
    with np.errstate(all="ignore"):  # classes without rows
        return lower_bounds > _dearest_baselines(statistics) * (1.0 + _ROUNDING)


def costly_classes(statistics: Statistics, lower_bounds: FloatArray) -> NDArray[np.bool_]:
    """
    Classes that cost a larger part of their own baseline than all rows do of theirs.

    A rare class costs more by being rare: its loss is held against minus the logarithm of its
    prevalence, which is uncertain as well. `lower_bounds` of the losses hold together.
    """
    s = statistics
    prevalence = s.weight / s.weight.sum()
    with np.errstate(all="ignore"):  # classes without rows are not costly
        baselines = -np.log(prevalence)
        entropy = np.nansum(prevalence * baselines)
        of_all = s.loss.sum() / s.weight.sum() / np.float64(entropy)
        found = lower_bounds / _dearest_baselines(s) > of_all * (1.0 + _ROUNDING)
    return found & (baselines > 0) & (entropy > 0)


def large_cells(statistics: Statistics) -> list[tuple[int, int]]:
    """
    Cells of the loss confusion that take much of the loss, the largest first.

    Each holds more of its class's loss than its rival's share of the other rows explains, also
    if the share that it was seen to have is that of few costly rows by chance.
    """
    s, k = statistics, len(statistics.support)
    total = s.loss.sum()
    if k < 3 or not 0 < total < np.inf:
        return []
    least = max(_LARGE_CELL, 3.0 / (k * (k - 1)))
    found = []
    for c, j in np.argwhere(s.confusion >= least * total).tolist():
        # As many rows as carry the loss of the class, if each carried the same.
        squares = max(float(s.square[2, c]), 1e-300)
        n, part = s.loss[c] ** 2 / squares, s.confusion[c, j] / s.loss[c]
        low = betaincinv(max(n * part, _LEAST), n * (1.0 - part) + 1.0, _CHANCE / (k * (k - 1)))
        if low * (s.weight.sum() - s.weight[c]) > s.weight[j]:
            found.append((c, j))
    return sorted(found, key=lambda cell: -s.confusion[cell])


def why_no_evidence(s: Statistics) -> str | None:
    """Why there is no e-value, in a sentence; None if there is one."""
    if s.groups is not None:
        reason = "those of a group are not independent"
    elif Evidence(s.temperature, s.bias).is_known:
        return None
    elif np.array_equal(s.weight, s.support) and np.array_equal(s.square[0], s.support):
        reason = "some were counted by a version that had none"
    else:
        reason = "some have weights other than 0 and 1"
    return f"No e-value: it is a product over rows, and here {reason}."
