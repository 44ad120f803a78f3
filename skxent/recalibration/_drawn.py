"""Which of all rows maps are fitted to, and which they are judged on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from skxent._backend import row_slices
from skxent._intake._rows import Labelled
from skxent._intake._table import Table
from skxent._typing import FloatArray, IntArray
from skxent.recalibration._cross_fit import finite_logs
from skxent.recalibration._maps import Map
from skxent.statistic._sample import sample_size

__all__ = ["Drawn", "drawn_rows"]

# Maps are fitted to so many rows at most, and their losses are those of so many.
_N_FIT, _N_EVALUATED = 10_000, 200_000


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

    def rest_after(self, maps: Sequence[Map]) -> FloatArray:
        """Losses after each map of the rows that none was fitted to, a block at a time."""
        first = self.n_fit
        found = np.empty((len(maps), len(self.codes) - first))
        for at in row_slices(found.shape[1], self.x.shape[1]):
            rows = slice(first + at.start, first + at.stop)
            x = finite_logs(self.proba.taken(self.some[rows]), self.least)
            for losses, each in zip(found, maps, strict=True):
                losses[at] = each.losses(x, self.codes[rows])
        return np.clip(found, 0.0, -self.least, out=found)


def drawn_rows(
    rows: Labelled, losses: FloatArray, eps: float, seed: int, groups: IntArray | None
) -> Drawn:
    """The rows that a choice rests on: all, or some at random, without those of weight 0."""
    n, k, weight = rows.proba.n_samples, rows.proba.n_classes, rows.weight
    some = np.arange(n) if weight is None else np.flatnonzero(weight > 0)
    n_fit = min(max(sample_size(_N_FIT, k), 2), len(some))
    # Rows beyond those that maps are fitted to may share a group with them.
    most = n_fit if groups is not None else sample_size(_N_EVALUATED, k)
    if len(some) > n_fit:
        np.random.RandomState(seed).shuffle(some)
        some = some[: max(most, n_fit)].copy()
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
