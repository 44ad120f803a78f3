"""Rows counted by the log-odds of the probability of each class."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skxent._typing import EPS, FloatArray, IntArray
from skxent.statistic._slabs import Slab

__all__ = ["Histogram", "Packed", "narrowed", "packed", "unpacked"]

Packed = tuple[tuple[int, ...], tuple[NDArray[Any], ...]]
"""Shape of a histogram, the bins in use, and the numbers in these bins."""

# A bin is a fraction of an octave of the odds p / (1 - p), read off the leading bits of that
# number, so that no logarithm is taken and every row finds its bin whatever batch it comes in.
# The tiny number keeps the odds between 2**-53 and 2**52, also at 0 and 1.
_OCTAVES = 106
_SMALLEST_EXPONENT = 1023 - _OCTAVES // 2


def _bits(n_classes: int) -> int:
    """16 bins an octave; 8 where there are so many classes that memory would matter."""
    return 4 if n_classes <= 100 else 3


def _n_bins(n_classes: int) -> int:
    return _OCTAVES << _bits(n_classes)


class Histogram:
    """Rows counted by their probability, for each class in bins of the odds, slab by slab."""

    def __init__(self, n_classes: int) -> None:
        self.shape = n_classes, _n_bins(n_classes)
        self._shift = 52 - _bits(n_classes)
        self._first = _SMALLEST_EXPONENT << _bits(n_classes)
        """Leading bits of the odds of the first bin."""
        # Pairs of sums in one complex number: it takes hardly longer to add two than one.
        self._of_weights = np.zeros(self.shape, dtype=complex)
        """Weight, and weighted probability."""
        self._of_rows: NDArray[np.complexfloating] | None = None
        """Number of rows, and squared weight; None where all weights are 1."""
        self._hits = np.zeros(self.shape)
        self._pairs = np.empty(0, dtype=complex)

    def add(
        self,
        slab: Slab,
        rest: FloatArray,
        weight: FloatArray | None,
        of_class: slice | IntArray,
        places: IntArray,
    ) -> None:
        """
        Count a slab, of which `rest` is 1 less the probabilities.

        `of_class` are the rows whose class is in it, `places` where; see `Slab.own`.
        """
        p = slab.p
        odds = np.add(p, EPS, out=slab.spare[0])
        odds /= np.add(rest, EPS, out=slab.spare[1])
        table: NDArray[np.int64] = odds.view(np.int64)
        table >>= self._shift
        # Repeated, since to add one number along a row takes twice as long.
        first = np.arange(p.shape[1]) * self.shape[1] - self._first
        table += np.repeat(first, p.shape[2]).reshape(p.shape[1:])
        cells = table.reshape(-1)
        own = cells.take(places, mode="wrap")
        hits = self._hits[slab.classes].reshape(-1)
        np.add.at(hits, own, 1.0 if weight is None else weight[of_class])
        if len(self._pairs) < p.size:
            self._pairs = np.ones(p.size, dtype=complex)
        flat = self._pairs[: p.size]
        pairs = flat.reshape(p.shape)
        if weight is None and self._of_rows is None:
            pairs.imag = p
        else:
            weight = np.ones(len(p) * p.shape[2]) if weight is None else weight
            of_row = slab.of_rows(weight)
            if self._of_rows is None:
                # Of rows that weighed 1 until now.
                self._of_rows = (1 + 1j) * self._of_weights.real
            np.copyto(pairs, slab.of_rows((weight > 0) + 1j * (weight * weight)))
            np.add.at(self._of_rows[slab.classes].reshape(-1), cells, flat)
            pairs.real = of_row
            np.multiply(p, of_row, out=pairs.imag)
        np.add.at(self._of_weights[slab.classes].reshape(-1), cells, flat)

    def counted(self) -> FloatArray:
        """
        Array of shape (5, n_classes, n_bins).

        Weight, squared weight, weighted probability, the weight of the rows that are of the class,
        and the number of rows.
        """
        weight, proba = self._of_weights.real, self._of_weights.imag
        rows, square = weight, weight
        if self._of_rows is not None:
            rows, square = self._of_rows.real, self._of_rows.imag
        return np.array([weight, square, proba, self._hits, rows])


def packed(histogram: FloatArray) -> Packed:
    """The bins that hold rows, and in them whole numbers in as few bytes as they need."""
    flat = histogram.reshape(len(histogram), -1)
    used = np.flatnonzero(flat.any(axis=0))
    return histogram.shape, tuple(map(narrowed, (used, *flat[:, used])))


def unpacked(content: Packed) -> FloatArray:
    """What `packed` was given, to the last bit."""
    shape, (used, *values) = content
    flat = np.zeros((shape[0], math.prod(shape[1:])))
    flat[:, used] = values
    return flat.reshape(shape)


def narrowed(values: NDArray[Any]) -> NDArray[Any]:
    """Whole numbers in as few bytes as they need; other arrays as they are."""
    with np.errstate(invalid="ignore"):  # weights may be too large for an integer
        whole = values.astype(np.uint32)
    if not np.array_equal(whole, values):
        return values
    return whole.astype(np.min_scalar_type(int(whole.max(initial=0))))
