"""Rows that share a probability of a class, which is all that its calibration depends on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from skxent._intake._rows import Labelled
from skxent._typing import EPS, FloatArray, IntArray

__all__ = ["Cells", "cells_of_bins", "exact_cells", "grouped", "in_parts"]

# Up to so many probabilities, all columns together, each counts for itself; beyond, bins do.
_EXACT = 2_000_000
# Columns are sorted so many numbers at a time.
_SORTED = 1 << 18
# Probabilities whose odds differ by less, relatively, are the same but for rounding.
_ROUNDING = 1e-10
# Labels are drawn for every probability of a class up to so many; beyond, for neighbours together.
_MOST_CELLS = 256
_GROUPS = 64


@dataclass(frozen=True, slots=True)
class Cells:
    """
    Rows that share a probability of a class, or nearly so: ascending, class after class.

    One number a cell; each class has at least one.
    """

    first: IntArray
    """Where each class begins."""
    proba: FloatArray
    weight: FloatArray
    square: FloatArray
    """Sum of their squared weights."""
    hits: FloatArray
    """Weight of those that are of the class."""
    rows: FloatArray
    """Number of those that have a weight."""

    @property
    def classes(self) -> IntArray:
        """The class of each cell, counted from 0."""
        return np.repeat(np.arange(len(self.first)), self.counts)

    @property
    def counts(self) -> IntArray:
        """Number of cells of each class."""
        return np.diff(self.first, append=len(self.proba))

    def ranges(self) -> Iterator[tuple[int, int]]:
        """Where the cells of each class begin and end."""
        return pairwise(np.append(self.first, len(self.proba)).tolist())

    def totals(self, values: FloatArray) -> FloatArray:
        """Sum of one number a cell over the cells of each class."""
        return np.add.reduceat(values, self.first)

    def of_classes(self, start: int, stop: int) -> Cells:
        """The cells of a range of classes."""
        ends = np.append(self.first, len(self.proba))
        at = slice(ends[start], ends[stop])
        of_cells = (self.proba, self.weight, self.square, self.hits, self.rows)
        return Cells(self.first[start:stop] - ends[start], *(x[at] for x in of_cells))


def cells_of_bins(histogram: FloatArray) -> Cells:
    """The bins that hold rows, from an array of shape (5, n_classes, n_bins)."""
    n_bins = histogram.shape[2]
    used = np.flatnonzero(histogram[0] > 0)
    weight, square, proba, hits, rows = histogram.reshape(5, -1)[:, used]
    first = np.searchsorted(used, np.arange(0, histogram[0].size, n_bins))
    return Cells(first, np.minimum(proba / weight, 1.0), weight, square, hits, rows)


def exact_cells(rows: Labelled) -> Iterator[Cells] | None:
    """
    The different probabilities of each class, a few classes at a time.

    None where they are so many that to sort them would take most of a report's time.
    """
    n, k = rows.proba.n_samples, rows.proba.n_classes
    return _sorted_columns(rows, max(1, _SORTED // n)) if n * k <= _EXACT else None


def _sorted_columns(rows: Labelled, group: int) -> Iterator[Cells]:
    for start in range(0, rows.proba.n_classes, group):
        classes = np.arange(start, min(start + group, rows.proba.n_classes))
        columns = np.empty((len(classes), rows.proba.n_samples))
        for at, p in rows.proba.probabilities():
            columns[:, at] = p[:, start : start + group].T
        hit = rows.codes == classes[:, None]
        if rows.weight is None:
            yield _unweighted_cells(columns, hit)
        else:
            yield _weighted_cells(columns, hit, rows.weight)


def _unweighted_cells(columns: FloatArray, hit: NDArray[np.bool_]) -> Cells:
    # The bits of numbers from 0 to 1 ascend with them and leave the first two free: with the
    # hit in the last place, sorting the bits takes a quarter of the time of finding the order.
    bits = np.abs(columns).view(np.int64) << 1
    bits |= hit
    bits.sort(axis=1)
    proba = (bits >> 1).view(np.float64)
    starts, first = _starts(proba)
    weight = np.diff(starts, append=proba.size).astype(np.float64)
    hits = np.add.reduceat((bits & 1).reshape(-1), starts).astype(np.float64)
    return Cells(first, proba.reshape(-1)[starts], weight, weight, hits, weight)


def _weighted_cells(columns: FloatArray, hit: NDArray[np.bool_], weight: FloatArray) -> Cells:
    counts = weight > 0
    columns, hit, weight = columns[:, counts], hit[:, counts], weight[counts]
    order = np.argsort(columns, axis=1)
    proba, w = np.take_along_axis(columns, order, axis=1), weight[order]
    starts, first = _starts(proba)
    each = (w, w * w, w * np.take_along_axis(hit, order, axis=1), np.ones(w.shape))
    sums = (np.add.reduceat(x.reshape(-1), starts) for x in each)
    return Cells(first, proba.reshape(-1)[starts], *sums)


def _starts(proba: FloatArray) -> tuple[IntArray, IntArray]:
    """Where each different number of sorted rows begins, and which of these begin a row."""
    new = np.ones(proba.shape, dtype=bool)
    below = proba[:, :-1]
    np.greater(proba[:, 1:], below + _ROUNDING * below * (1.0 - below), out=new[:, 1:])
    starts = np.flatnonzero(new)
    return starts, np.searchsorted(starts, np.arange(0, proba.size, proba.shape[1]))


def grouped(cells: Cells, *, sparing: bool = False) -> Cells:
    """
    At most 256 cells a class: neighbours together where there are more.

    The groups tell alike much, and odds within a group differ by a factor of 4 at most. With
    `sparing`, classes that are expected in few rows have fewer groups, of one such row each.
    """
    variance = cells.proba * (1.0 - cells.proba)
    groups = np.full(len(cells.first), float(_GROUPS))
    if sparing:
        groups = np.clip(cells.totals(cells.rows * variance), _GROUPS / 4.0, _GROUPS)
    many = cells.counts > groups * (_MOST_CELLS / _GROUPS)
    if not many.any():
        return cells
    classes, told = cells.classes, cells.weight * variance
    part = np.cumsum(told)
    part -= (part - told)[cells.first][classes]
    part = np.floor(part * (groups / np.maximum(cells.totals(told), EPS))[classes])
    odds = (cells.proba + EPS) / (1.0 - cells.proba + EPS)
    octaves = np.floor(0.5 * np.log2(odds))
    new = ~many[classes]
    new[cells.first] = True
    new[1:] |= (part[1:] != part[:-1]) | (octaves[1:] != octaves[:-1])
    starts = np.flatnonzero(new)
    sums = (cells.weight, cells.square, cells.weight * cells.proba, cells.hits, cells.rows)
    weight, square, proba, hits, rows = (np.add.reduceat(x, starts) for x in sums)
    proba = np.minimum(proba / weight, 1.0)
    return Cells(np.searchsorted(starts, cells.first), proba, weight, square, hits, rows)


def in_parts(cells: Cells, most: int) -> Iterator[Cells]:
    """Ranges of classes that have `most` cells together, or are a single class."""
    ends = np.append(cells.first, len(cells.proba))
    start, n_classes = 0, len(cells.first)
    while start < n_classes:
        stop = int(np.searchsorted(ends, ends[start] + most, side="right")) - 1
        stop = min(max(stop, start + 1), n_classes)
        yield cells.of_classes(start, stop)
        start = stop
