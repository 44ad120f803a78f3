"""What recalibration would take off the loss: maps of growing freedom, cross-fitted."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from skxent._inputs import Labelled
from skxent._kernels import FloatArray, IntArray, class_weights
from skxent.recalibration._cross_fit import cross_fitted_losses
from skxent.recalibration._maps import RUNGS
from skxent.report._content import Ladder
from skxent.report._intervals import Moments, hall_interval, moments_of_mean

__all__ = ["Climb", "climb", "why_not"]

# Maps are fitted to so many rows and so many probabilities at most, and applied to all.
_N_FIT, _SIZE_FIT = 10_000, 2_000_000
# A number for each pair of classes: beyond, the fit takes minutes and cannot find so many.
_MOST_CLASSES_OF_MATRIX = 50


@dataclass(frozen=True, slots=True)
class Climb:
    """A ladder, and what the map that it uses takes off each class and all rows."""

    ladder: Ladder
    recoverable: FloatArray
    """Shape (3, n_classes): gain and its interval, as contributions to the overall gain."""
    refinement_loss: float


def why_not(rows: Labelled, eps: float) -> str | None:
    """Why there is no ladder for these rows, or None."""
    n = rows.proba.n_samples if rows.weight is None else np.count_nonzero(rows.weight)
    if rows.proba.n_classes < 2:
        return "There is one class only, so that there is nothing to recalibrate: no ladder."
    if n < 2:
        return "A map cannot be fitted to one row and applied to another: no ladder."
    if eps == 0:
        return "A probability of 0 cannot be recalibrated, and eps=0 gives it no floor: no ladder."
    return None


def climb(
    rows: Labelled,
    losses: FloatArray,
    unit: float,
    *,
    eps: float,
    confidence_level: float,
    random_state: int | np.random.RandomState | None,
) -> Climb:
    """Ladder of the rows, whose losses in nats as they are predicted are `losses`."""
    k = rows.proba.n_classes
    rungs = [r for r in RUNGS if r.slope != "matrix" or k <= _MOST_CLASSES_OF_MATRIX]
    after = np.empty((len(rungs), len(losses)))
    # Not through the logarithms again, whose rounding would look like a gain.
    after[0] = losses
    after[1:] = cross_fitted_losses(
        rows,
        rungs[1:],
        eps=eps,
        n_fit=min(_N_FIT, _SIZE_FIT // k),
        random_state=random_state,
    )
    weight = rows.weight
    means = [_moments(row, weight) for row in after]
    gains = [_moments(losses - row, weight) for row in after]
    intervals = [hall_interval(m, confidence_level) for m in means]
    gain_intervals = [hall_interval(m, confidence_level, -math.inf) for m in gains]
    total = len(losses) if weight is None else weight.sum()
    class_gain = [
        class_weights(rows.codes, k, (losses - row) * (1.0 if weight is None else weight)) / total
        for row in after
    ]
    names = tuple(rung.name for rung in rungs)
    recommended = names[_simplest(after, weight, confidence_level)]
    used = recommended if recommended != "none" else "temperature"

    def in_units(values: Iterable[FloatArray]) -> FloatArray:
        return np.concatenate(list(values)) / unit

    ladder = Ladder(
        rungs=names,
        log_loss=in_units(m.mean for m in means),
        ci_low=in_units(low for low, _ in intervals),
        ci_high=in_units(high for _, high in intervals),
        gain=in_units(m.mean for m in gains),
        gain_low=in_units(low for low, _ in gain_intervals),
        gain_high=in_units(high for _, high in gain_intervals),
        class_gain=np.array(class_gain) / unit,
        recommended=recommended,
        used=used,
    )
    gain = losses - after[names.index(used)]
    own = _moments(gain, weight, rows.codes, k)
    share = class_weights(rows.codes, k, weight) / total
    bounds = [x * share / unit for x in hall_interval(own, confidence_level, -math.inf)]
    recoverable = np.array([ladder.class_gain[names.index(used)], *bounds])
    return Climb(ladder, recoverable, float(ladder.log_loss[names.index("temperature")]))


def _moments(
    values: FloatArray, weight: FloatArray | None, codes: IntArray | None = None, k: int = 1
) -> Moments:
    """Moments of the mean of the values, or of those of each class."""

    def sums(x: FloatArray) -> FloatArray:
        return np.array([x.sum()]) if codes is None else class_weights(codes, k, x)

    squares = values * values
    powers = np.ones(len(values)), values, squares, squares * values
    if weight is None:
        raw = np.array([sums(x) for x in powers])
        return moments_of_mean(raw[0], raw[1], raw[:3], raw)
    second, third = weight * weight, weight * weight * weight
    return moments_of_mean(
        sums(weight),
        sums(weight * values),
        np.array([sums(second * x) for x in powers[:3]]),
        np.array([sums(third * x) for x in powers]),
    )


def _simplest(after: FloatArray, weight: FloatArray | None, confidence_level: float) -> int:
    """
    First rung that none of the freer ones beats beyond noise.

    One-sided comparisons of the same rows; the level is shared among the freer rungs, so that
    the chance to leave a calibrated model alone is at least the confidence level.
    """
    for r in range(len(after) - 1):
        freer = range(r + 1, len(after))
        level = 1.0 - 2.0 * (1.0 - confidence_level) / len(freer)
        beaten = False
        for s in freer:
            gain = _moments(after[r] - after[s], weight)
            low, _ = hall_interval(gain, level, -math.inf)
            beaten |= bool(low[0] > 0)
        if not beaten:
            return r
    return len(after) - 1
