"""Blocks of rows, turned so that the numbers of each class lie side by side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from skxent._kernels import log_of
from skxent._typing import FloatArray, IntArray

__all__ = ["LAYERS", "Slab", "Slabs", "in_layers", "rows_at_once"]

LAYERS = 16
# So many numbers, and what is made of them, are worked on at once: few enough for the cache, and
# enough that numpy's calls cost little beside them.
_NUMBERS = 1 << 17
# Of many classes, some at a time: a slab has so many rows, if a block of them, with all classes,
# has no more numbers than would take much memory.
_ROWS, _MOST_NUMBERS = 1 << 11, 1 << 21
_ROOMS = 5
_Scalar = TypeVar("_Scalar", bound=np.generic)


def rows_at_once(n_classes: int) -> int:
    """How many rows a block has."""
    rows = max(_NUMBERS // n_classes, min(_ROWS, _MOST_NUMBERS // n_classes), 4 * LAYERS)
    return rows - rows % (4 * LAYERS)


def in_layers(n_rows: int) -> list[slice]:
    """The rows that make equal layers, which are nearly all, and the others."""
    whole = n_rows - n_rows % LAYERS
    return [at for at in (slice(0, whole), slice(whole, n_rows)) if at.start < at.stop]


@dataclass(frozen=True, slots=True)
class Slab:
    """
    Some classes of a block of rows, which are cut into layers.

    Arrays have the shape (n_layers, n_classes, n_rows of a layer), so that sums over rows and
    over classes both run along memory, and whole layers can be multiplied with one another. Fewer
    than `LAYERS` rows are a layer each.
    """

    classes: slice
    is_whole: bool
    """Whether these are all classes."""
    p: FloatArray
    logp: FloatArray
    spare: tuple[FloatArray, FloatArray, FloatArray]
    """Room for what is made of them."""
    _slabs: Slabs

    def last_spare(self) -> FloatArray:
        """Another room, which most blocks do not need."""
        return self._slabs.last_room(self.p.size).reshape(self.p.shape)

    def of_rows(self, values: NDArray[_Scalar]) -> NDArray[_Scalar]:
        """One number a row, beside all classes."""
        return values.reshape(len(self.p), 1, -1)

    def class_sums(self, weight: FloatArray | None, values: FloatArray) -> FloatArray:
        """Sum over the rows for each class, weighted if there is a weight."""
        if weight is None:
            return np.asarray(np.einsum("lkn->lk", values).sum(axis=0))
        return np.matmul(values, weight.reshape(len(self.p), -1, 1)).sum(axis=(0, 2))

    def row_sums(self, values: FloatArray) -> FloatArray:
        """Sum over the classes for each row, shape (n_layers, n_rows of a layer)."""
        # So few numbers a layer that the product takes one thread, and half the time of a sum.
        return np.matmul(np.ones(values.shape[1]), values)

    def own(self, codes: IntArray) -> tuple[slice | IntArray, IntArray]:
        """The rows whose class is here, and where it is in a flat array of the slab."""
        layers, k, n = self.p.shape
        first = (np.arange(layers) * k * n)[:, None] + np.arange(n)
        places = first.reshape(-1) + (codes - self.classes.start) * n
        if self.is_whole:
            return slice(None), places
        inside = np.flatnonzero((codes >= self.classes.start) & (codes < self.classes.stop))
        return inside, places[inside]


class Slabs:
    """Cuts blocks into slabs, all of which use the same memory."""

    def __init__(self) -> None:
        self._rooms = np.empty((_ROOMS, 0))
        self._last = np.empty(0)

    def last_room(self, size: int) -> FloatArray:
        """Memory for one more array."""
        if len(self._last) < size:
            self._last = np.empty(self._rooms.shape[1])
        return self._last[:size]

    def of(self, p: FloatArray, logp: FloatArray | None) -> Iterator[Slab]:
        """Slabs of the rows of `in_layers`; their logarithms are taken if they are not given."""
        n, k = p.shape
        layers = LAYERS if n % LAYERS == 0 else n
        step = min(k, max(1, _NUMBERS // n))
        if self._rooms.shape[1] < n * step:
            self._rooms = np.empty((_ROOMS, n * step))
        for start in range(0, k, step):
            classes = slice(start, min(start + step, k))
            shape = (layers, classes.stop - start, n // layers)
            size = n * shape[1]
            turned, logs, *spare = (room[:size].reshape(shape) for room in self._rooms)
            _turn(p[:, classes], turned)
            if logp is None:
                log_of(turned, out=logs)
            else:
                _turn(logp[:, classes], logs)
            yield Slab(classes, step == k, turned, logs, (spare[0], spare[1], spare[2]), self)


def _turn(block: FloatArray, out: FloatArray) -> None:
    layers, k, n = out.shape
    turned = block.reshape(layers, n, k).swapaxes(1, 2)
    # Half a layer of whole rows stays in the first cache while it is read class by class.
    middle = n // 2 if block.flags.c_contiguous else n
    np.copyto(out[:, :, :middle], turned[:, :, :middle])
    np.copyto(out[:, :, middle:], turned[:, :, middle:])
