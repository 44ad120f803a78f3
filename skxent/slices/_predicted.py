"""The rows that count, with their probabilities as they are, or recalibrated."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from skxent._backend import row_slices
from skxent._intake._rows import Labelled
from skxent._kernels import LOG_SMALLEST
from skxent._typing import FloatArray, IntArray
from skxent.recalibration._choice import choose, why_not
from skxent.recalibration._cross_fit import N_SPLITS, finite_logs, folds_of_units
from skxent.recalibration._maps import METHODS, fit_map

__all__ = ["Predicted", "predicted", "recalibrated"]

# Of more rows, halves say as much as fifths, and maps are fitted twice instead of five times.
_MOST_IN_FIFTHS = 50_000


@dataclass(frozen=True, slots=True, eq=False)
class Predicted:
    """Rows of positive weight."""

    codes: IntArray
    weight: FloatArray
    groups: IntArray | None
    """Number of the group of each row."""
    proba: FloatArray
    """Shape (n_samples, n_classes): labels are drawn from these, whose rows sum to 1."""
    cost: FloatArray
    """Shape (n_samples, n_classes): what the row costs if it is of the class, in nats."""
    loss: FloatArray
    """What the row costs as it was predicted, whatever `cost` is of."""

    def taken(self, rows: IntArray | NDArray[np.bool_]) -> Predicted:
        """Some of the rows."""
        groups = None if self.groups is None else self.groups[rows]
        parts = (self.proba[rows], self.cost[rows], self.loss[rows])
        return Predicted(self.codes[rows], self.weight[rows], groups, *parts)


def predicted(rows: Labelled, losses: FloatArray, groups: IntArray | None, eps: float) -> Predicted:
    """The rows as they were predicted; `losses` are theirs in nats, floored."""
    n, k = rows.proba.n_samples, rows.proba.n_classes
    proba, cost = np.empty((n, k)), np.empty((n, k))
    # Where eps is 0, any finite cost will do: it is multiplied by a probability of 0.
    floor = max(math.log(eps) if eps > 0 else -math.inf, LOG_SMALLEST)
    for at, p, logp in rows.proba.distributions():
        proba[at] = p / p.sum(axis=1, keepdims=True)
        cost[at] = -np.maximum(logp, floor)
    weight = np.ones(n) if rows.weight is None else rows.weight
    found = Predicted(rows.codes, weight, groups, proba, cost, losses)
    return found if (weight > 0).all() else found.taken(weight > 0)


def recalibrated(
    rows: Labelled, found: Predicted, losses: FloatArray, groups: IntArray | None, *,
    eps: float, seed: int,
) -> tuple[Predicted, str]:  # fmt: skip
    """
    The rows after the map that helps the whole model, each fitted to other rows; and its name.

    "none" where no map takes anything off the loss beyond noise.
    """
    if why_not(rows, eps, groups) is not None:
        return found, "none"
    choice = choose(
        rows, losses, 1.0, eps=eps, confidence_level=0.95, seed=seed, groups=groups
    ).recalibration.recommended
    if choice == "none":
        return found, "none"
    method = next(method for method in METHODS if method.name == choice)
    there = slice(None) if rows.weight is None else rows.weight > 0
    logs = finite_logs(rows.proba, math.log(eps))[there]
    random = np.random.RandomState(seed)
    units = None
    if found.groups is not None:
        units = np.unique(found.groups, return_inverse=True)[1].reshape(-1)
    n, k = logs.shape
    splits = N_SPLITS if n <= _MOST_IN_FIFTHS else 2
    splits = min(splits, n if units is None else int(units.max()) + 1)
    fold_of = folds_of_units(units, n, splits, random)
    after = np.empty_like(logs)
    for fold in range(int(fold_of.max()) + 1):
        own, others = np.flatnonzero(fold_of == fold), np.flatnonzero(fold_of != fold)
        # To all of them: a map that is known worse than the slices that are tested after it would
        # put its own error into each of them.
        fitted = fit_map(method, logs[others], found.codes[others], found.weight[others])
        for at in row_slices(len(own), k):
            after[own[at]] = fitted.log_proba(logs[own[at]])
    cost = -np.maximum(after, math.log(eps))
    return replace(found, proba=np.exp(after), cost=cost), choice
