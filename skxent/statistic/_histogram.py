"""Rows counted by the log-odds of the probability of each class."""

from __future__ import annotations

import math
from collections.abc import Iterator
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
    """
    Rows counted by their probability, for each class in bins of the odds, block by block.

    The result has shape (5, n_classes, n_bins): weight, squared weight, weighted probability,
    the weight of the rows that are of the class, and the number of rows.
    """

    def __init__(self, n_classes: int) -> None:
        self.shape = (5, n_classes, _n_bins(n_classes))
        self.total = np.zeros(self.shape)
        self._waiting: list[tuple[NDArray[np.int64], FloatArray, IntArray, FloatArray | None]] = []
        self._n_waiting = 0

    def add(self, p: FloatArray, q: FloatArray, codes: IntArray, weight: FloatArray | None) -> None:
        """Count a block; `q` is ``1 - p``."""
        n, k = p.shape
        odds = p + EPS
        odds /= q + EPS
        cells: NDArray[np.int64] = odds.view(np.int64)
        cells >>= 52 - _bits(k)
        # Several rows at once: numpy is slow where it has to begin again every few numbers.
        fold = math.gcd(n, 64)
        starts = self.shape[2] * np.arange(k) - (_SMALLEST_EXPONENT << _bits(k))
        together = cells.reshape(-1, fold * k)
        together += np.tile(starts, fold)
        own = cells.reshape(-1)[codes + np.arange(0, n * k, k)]
        self._waiting.append((cells.reshape(-1), p, own, weight))
        self._n_waiting += n * k
        # Where there are more bins than numbers in a block, to sum the bins would cost most.
        if 2 * self._n_waiting >= self.total[0].size:
            self.flush()

    def flush(self) -> FloatArray:
        """Count what is waiting, and give the total."""
        size = self.total[0].size
        for cells, p, own, weight in _joined(self._waiting):
            flat = p.reshape(-1)
            if weight is None:
                self.total[0].reshape(-1)[:] += np.bincount(cells, minlength=size)
            else:
                each = np.repeat(weight, p.shape[1])
                self.total[0].reshape(-1)[:] += np.bincount(cells, each, size)
                self.total[1].reshape(-1)[:] += np.bincount(cells, each * each, size)
                self.total[4].reshape(-1)[:] += np.bincount(cells, each > 0, size)
                flat = flat * each
            self.total[2].reshape(-1)[:] += np.bincount(cells, flat, size)
            self.total[3].reshape(-1)[:] += np.bincount(own, weight, size)
        self._waiting, self._n_waiting = [], 0
        return self.total


def _joined(
    waiting: list[tuple[NDArray[np.int64], FloatArray, IntArray, FloatArray | None]],
) -> Iterator[tuple[NDArray[np.int64], FloatArray, IntArray, FloatArray | None]]:
    if len(waiting) <= 1:
        yield from waiting
        return
    cells, p, own, weight = zip(*waiting, strict=True)
    known = [w for w in weight if w is not None]
    yield (
        np.concatenate(cells),
        np.concatenate(p),
        np.concatenate(own),
        np.concatenate(known) if known else None,
    )


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
