"""Rows counted by the log-odds of the probability of each class."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skxent._typing import EPS, FloatArray, IntArray

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
    """Rows counted by their probability, for each class in bins of the odds, block by block."""

    def __init__(self, n_classes: int) -> None:
        self.shape = n_classes, _n_bins(n_classes)
        n = math.prod(self.shape)
        # Pairs of sums in one complex number: it takes hardly longer to add two than one.
        self._of_weights = np.zeros(n, dtype=complex)
        """Weight, and weighted probability."""
        self._of_rows: NDArray[np.complexfloating] | None = None
        """Number of rows, and squared weight; None where all weights are 1."""
        self._hits = np.zeros(n)
        starts = self.shape[1] * np.arange(n_classes) - (_SMALLEST_EXPONENT << _bits(n_classes))
        self._starts = np.tile(starts, 64)
        """Bin that an odds ratio of 0 would have, for each class, 64 times."""
        self._pairs = np.empty((0, n_classes), dtype=complex)

    def add(
        self,
        p: FloatArray,
        q: FloatArray,
        of_class: IntArray,
        weight: FloatArray | None,
        room: FloatArray,
    ) -> None:
        """
        Count a block; `q` is ``1 - p``, and `room` two blocks that may be written to.

        `of_class` is the place of each row's own class in the flat block.
        """
        n, k = p.shape
        odds = np.add(p, EPS, out=room[0])
        odds /= np.add(q, EPS, out=room[1])
        cells: NDArray[np.int64] = odds.view(np.int64)
        cells >>= 52 - _bits(k)
        # Several rows at once: numpy is slow where it has to begin again every few numbers.
        fold = math.gcd(n, 64)
        together = cells.reshape(-1, fold * k)
        together += self._starts[: fold * k]
        cells = cells.reshape(-1)
        own = cells.take(of_class, mode="wrap")
        if len(self._pairs) < n:
            self._pairs = np.ones((n, k), dtype=complex)
        pairs = self._pairs[:n]
        np.add.at(self._hits, own, 1.0 if weight is None else weight)
        if weight is None:
            pairs.imag = p
        else:
            if self._of_rows is None:
                self._of_rows = np.zeros_like(self._of_weights)
            pairs.real, pairs.imag = (weight > 0)[:, None], (weight * weight)[:, None]
            np.add.at(self._of_rows, cells, pairs.reshape(-1))
            pairs.real = weight[:, None]
            np.multiply(p, weight[:, None], out=pairs.imag)
        np.add.at(self._of_weights, cells, pairs.reshape(-1))

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
        return np.array([weight, square, proba, self._hits, rows]).reshape(5, *self.shape)


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
