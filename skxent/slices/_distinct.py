"""Of slices that overlap, those that tell something of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from skxent._typing import FloatArray, IntArray
from skxent.slices._cells import Cells
from skxent.slices._predicted import Predicted
from skxent.slices._sums import Gaps, deviations, row_gaps, row_scale

__all__ = ["corrected", "distinct"]

# So many slices are told apart, the clearest; and so many are kept.
_MOST_CANDIDATES, _MOST_KEPT = 300, 50
# Ends of what is added to a log-probability, and of the logarithm of what it is multiplied with.
_BIAS, _SLOPE = 20.0, 4.0
_LEAST, _ROUNDING = 1e-300, 1e-9
# What the certain is taken for where it is wrong.
_UNSURE = 1e-6


def distinct(
    rows: Predicted,
    cells: Cells,
    candidates: IntArray,
    classes: IntArray,
    needed: float,
) -> list[int]:
    """
    The candidates that are still clear when what was found before them is corrected.

    `classes` are the columns of the gaps that they stand out in. The clearest one is taken, and the
    probabilities of its rows are corrected by the one number that leaves it no gap; then
    the clearest of the others, as long as its score is above `needed`, which all slices
    together exceed by chance as seldom as is allowed.
    """
    left = dict(zip(candidates[:_MOST_CANDIDATES].tolist(), classes.tolist(), strict=False))
    sums = _sums(rows)
    taken: list[int] = []
    while left and len(taken) < _MOST_KEPT:
        scores = {
            i: _score(sums, cells.members(i), c, rows.groups is None) for i, c in left.items()
        }
        # Of slices with the same rows the first: a single column's, whatever rounding does.
        top = max(scores.values()) * (1.0 - _ROUNDING)
        best = next(i for i in sorted(scores) if scores[i] >= top)
        # The first one was found by draws, which its own score may be equal to.
        if taken and not scores[best] >= needed:
            break
        c = left.pop(best)
        taken.append(best)
        if left:
            members = np.flatnonzero(cells.members(best))
            part = corrected(rows.taken(members), c)
            rows.proba[members], rows.cost[members] = part.proba, part.cost
            for whole, own in zip(sums, _sums(part), strict=True):
                whole[members] = own
    return taken


def _sums(rows: Predicted) -> tuple[FloatArray, ...]:
    return (*row_gaps(rows), row_scale(rows))


def _score(
    sums: tuple[FloatArray, ...],
    members: NDArray[np.bool_],
    c: int,
    skewed: bool,
) -> float:
    *gaps, scale = (np.array([[each[members, c].sum()]]) for each in sums)
    score = deviations(Gaps(*gaps), scale, skewed=skewed)[1]
    return float(np.nan_to_num(np.abs(score[0, 0]), posinf=np.inf))


def corrected(rows: Predicted, c: int) -> Predicted:
    """
    The rows with the bias of a class that fits them, or the temperature for the last column.

    Where no temperature leaves them no gap, as where a class that is said to be rare is the most
    frequent, the bias of the class that is farthest off takes its place if it costs less.
    """
    if c < rows.proba.shape[1]:
        return _with(rows, _biased(rows, c))
    slope, proba = _tempered(rows)
    found = _with(rows, proba)
    if abs(slope) < _SLOPE:
        return found
    other = _with(rows, _biased(rows, _farthest_off(rows)))
    return min(found, other, key=_loss)


def _with(rows: Predicted, proba: FloatArray) -> Predicted:
    proba = np.maximum(proba, _LEAST)
    return replace(rows, proba=proba, cost=-np.log(proba))


def _loss(rows: Predicted) -> float:
    return float(rows.weight @ rows.cost[np.arange(len(rows.codes)), rows.codes])


def _farthest_off(rows: Predicted) -> int:
    gap, variance, _ = (each[:, :-1].sum(axis=0) for each in row_gaps(rows))
    return int(np.argmax(gap**2 / np.maximum(variance, _LEAST)))


def _biased(rows: Predicted, c: int) -> FloatArray:
    """The probabilities with the bias of a class with which it is as frequent as was seen."""
    w, proba = rows.weight, np.maximum(rows.proba, _LEAST)
    wanted = float(w[rows.codes == c].sum())

    def moved(own: FloatArray, bias: float) -> FloatArray:
        odds: FloatArray = own * np.exp(bias)
        return odds / (1.0 - own + odds)

    def fitted(own: FloatArray) -> tuple[float, FloatArray]:
        bias = _root(lambda bias: float(w @ moved(own, bias)) - wanted, _BIAS)
        return bias, moved(own, bias)

    bias, new = fitted(proba[:, c])
    if abs(bias) == _BIAS:
        # No bias moves what is certain.
        new = fitted(np.clip(proba[:, c], _UNSURE, 1.0 - _UNSURE))[1]
    # Not 1 minus the class's, which is less than nothing for several classes at the floor.
    rest = np.delete(proba, c, axis=1).sum(axis=1)
    proba = proba * ((1.0 - new) / rest)[:, None]
    proba[:, c] = new
    return proba


def _tempered(rows: Predicted) -> tuple[float, FloatArray]:
    """The logarithm of the factor that leaves the loss no gap, and the probabilities with it."""
    w, logs = rows.weight, np.log(np.maximum(rows.proba, _LEAST))
    of_class = logs[np.arange(len(logs)), rows.codes]

    def tempered(slope: float) -> FloatArray:
        x = logs * np.exp(slope)
        x = np.exp(x - x.max(axis=1, keepdims=True))
        found: FloatArray = x / x.sum(axis=1, keepdims=True)
        return found

    def excess(slope: float) -> float:
        return float(w @ (np.einsum("nk,nk->n", tempered(slope), logs) - of_class))

    slope = _root(excess, _SLOPE)
    return slope, tempered(slope)


def _root(function: Callable[[float], float], end: float) -> float:
    """Where an increasing function is 0, or the end that is closest to it."""
    if function(-end) >= 0:
        return -end
    if function(end) <= 0:
        return end
    return float(brentq(function, -end, end, xtol=1e-6))
