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
from skxent.slices._sums import Gaps, deviations, row_gaps

__all__ = ["corrected", "distinct"]

# So many slices are told apart, the clearest; and so many are kept.
_MOST_CANDIDATES, _MOST_KEPT = 300, 50
# Ends of what is added to a log-probability, and of the logarithm of what it is multiplied with.
_BIAS, _SLOPE = 20.0, 4.0
_LEAST = 1e-300


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
    sums = row_gaps(rows)
    taken: list[int] = []
    while left and len(taken) < _MOST_KEPT:
        scores = {
            i: _score(sums, cells.members(i), c, rows.groups is None) for i, c in left.items()
        }
        best = max(scores, key=scores.__getitem__)
        # The first one was found by draws, which its own score may be equal to.
        if taken and not scores[best] >= needed:
            break
        c = left.pop(best)
        taken.append(best)
        if left:
            members = np.flatnonzero(cells.members(best))
            part = corrected(rows.taken(members), c)
            rows.proba[members], rows.cost[members] = part.proba, part.cost
            for whole, own in zip(sums, row_gaps(part), strict=True):
                whole[members] = own
    return taken


def _score(
    sums: tuple[FloatArray, FloatArray, FloatArray],
    members: NDArray[np.bool_],
    c: int,
    skewed: bool,
) -> float:
    gaps = Gaps(*(np.array([[each[members, c].sum()]]) for each in sums))
    return float(np.nan_to_num(np.abs(deviations(gaps, skewed=skewed)[1][0, 0])))


def corrected(rows: Predicted, c: int) -> Predicted:
    """The rows with the bias of a class that fits them, or the temperature for the last column."""
    k, w = rows.proba.shape[1], rows.weight
    proba = np.maximum(rows.proba, _LEAST)
    if c < k:
        own = proba[:, c]
        wanted = float(w[rows.codes == c].sum())

        def moved(bias: float) -> FloatArray:
            odds: FloatArray = own * np.exp(bias)
            return odds / (1.0 - own + odds)

        new = moved(_root(lambda bias: float(w @ moved(bias)) - wanted, _BIAS))
        rest = np.maximum(1.0 - own, _LEAST)
        proba = proba * ((1.0 - new) / rest)[:, None]
        proba[:, c] = new
    else:
        logs = np.log(proba)
        of_class = logs[np.arange(len(logs)), rows.codes]

        def tempered(slope: float) -> FloatArray:
            x = logs * np.exp(slope)
            x = np.exp(x - x.max(axis=1, keepdims=True))
            found: FloatArray = x / x.sum(axis=1, keepdims=True)
            return found

        def excess(slope: float) -> float:
            return float(w @ (np.einsum("nk,nk->n", tempered(slope), logs) - of_class))

        proba = tempered(_root(excess, _SLOPE))
    proba = np.maximum(proba, _LEAST)
    return replace(rows, proba=proba, cost=-np.log(proba))


def _root(function: Callable[[float], float], end: float) -> float:
    """Where an increasing function is 0, or the end that is closest to it."""
    if function(-end) >= 0:
        return -end
    if function(end) <= 0:
        return end
    return float(brentq(function, -end, end, xtol=1e-6))
