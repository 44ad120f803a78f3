"""The rows that maps are fitted and applied to: all of them, or some that are drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from skxent._backend import NUMPY, class_weights, row_slices
from skxent._intake._rows import Labelled
from skxent._intake._table import Table
from skxent._kernels import log_softmax
from skxent._typing import FloatArray, IntArray
from skxent.recalibration._cross_fit import finite_logs
from skxent.recalibration._maps import Map
from skxent.statistic._sample import sample_size

__all__ = ["Drawn", "drawn_rows", "likeness"]

# Maps are fitted to so many rows at most, and their losses are those of so many.
_N_FIT, _N_EVALUATED = 10_000, 200_000
_STREAM = 0x736B78


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """The rows that the losses after maps are those of; maps are fitted to the first of them."""

    proba: Table
    some: IntArray
    """Which of all rows they are."""
    x: FloatArray
    """Finite log-probabilities of those that maps are fitted to."""
    codes: IntArray
    before: FloatArray
    weight: FloatArray | None
    units: IntArray | None
    """Number of the group of each row, from 0."""
    least: float

    @property
    def n_fit(self) -> int:
        return len(self.x)

    @property
    def n_units(self) -> int:
        return len(self.codes) if self.units is None else int(self.units.max()) + 1

    def for_fit(self) -> tuple[FloatArray, IntArray, FloatArray | None]:
        weight = None if self.weight is None else self.weight[: self.n_fit]
        return self.x, self.codes[: self.n_fit], weight

    def take_rest(self, maps: Sequence[Map], out: FloatArray) -> None:
        """What each map takes off the losses of rows that none was fitted to, block by block."""
        first = self.n_fit
        for at in row_slices(out.shape[1], self.x.shape[1]):
            rows = slice(first + at.start, first + at.stop)
            x = finite_logs(self.proba.taken(self.some[rows]), self.least)
            for taken, each in zip(out, maps, strict=True):
                after = each.losses(x, self.codes[rows]).clip(0.0, -self.least)
                np.subtract(self.before[rows], after, out=taken[at])


def drawn_rows(
    rows: Labelled, losses: FloatArray, eps: float, seed: int, groups: IntArray | None
) -> Drawn:
    n, k, weight = rows.proba.n_samples, rows.proba.n_classes, rows.weight
    some = np.arange(n) if weight is None else np.flatnonzero(weight > 0)
    n_fit = min(max(sample_size(_N_FIT, k), 2), len(some))
    # Rows beyond those that maps are fitted to may share a group with them.
    most = n_fit if groups is not None else sample_size(_N_EVALUATED, k)
    if len(some) > n_fit:
        drawn = min(max(most, n_fit), len(some))
        # Not what a user's own generator with the same seed gives, from which the rows may be.
        some = np.random.default_rng([seed, _STREAM]).choice(some, drawn, replace=False)
    proba = rows.proba if len(some) == n_fit == n else rows.proba.taken(some[:n_fit])
    return Drawn(
        proba=rows.proba,
        some=some,
        x=finite_logs(proba, math.log(eps)),
        codes=rows.codes[some],
        before=losses[some],
        weight=None if weight is None else weight[some],
        units=None if groups is None else _numbered(groups[some]),
        least=math.log(eps),
    )


def _numbered(groups: IntArray) -> IntArray:
    """Groups in the order in which they come: what they are called does not change the folds."""
    _, first, codes = np.unique(groups, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[codes]


def likeness(drawn: Drawn) -> float:
    """By how much rows of one group make sums of residuals vary more than if they were alone."""
    if drawn.units is None:
        return 1.0
    weight = np.ones((len(drawn.codes), 1)) if drawn.weight is None else drawn.weight[:, None]
    residual = np.exp(log_softmax(NUMPY, drawn.x))
    residual[np.arange(len(residual)), drawn.codes] -= 1.0
    residual = weight * (residual - np.average(residual, axis=0, weights=weight[:, 0]))
    together = np.array([class_weights(drawn.units, drawn.n_units, r) for r in residual.T])
    alone = float((residual**2).sum())
    return max(float((together**2).sum()) / alone, 1.0) if alone > 0 else 1.0
