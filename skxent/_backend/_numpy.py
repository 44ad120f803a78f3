"""NumPy's arithmetic, in blocks that fit the cache."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skxent._backend._protocol import Backend, Floats, Namespace, Scalar, Space
from skxent._typing import FloatArray, IntArray

__all__ = [
    "NUMPY",
    "HostArithmetic",
    "class_weights",
    "dot",
    "pick",
    "row_slices",
    "row_sums",
]

# A quarter of a usual second-level cache: the block and its by-products stay in it.
_BLOCK_BYTES = 1 << 19
# Of a block alone, 16,384 rows of ten float64: measured to be the quickest.
_BYTES_ALONE, _ROWS_ALONE = 5 << 18, 1 << 15
# Below this width a row is summed by a matrix product; above it, numpy's pairwise sum is as
# fast and rounds less.
_WIDE = 64
_NARROW, _FOLD = 16, 4
_INTP = np.dtype(np.intp)


@lru_cache(maxsize=16)
def _summing(n_columns: int, copies: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Matrix that sums each of `copies` neighbouring rows of `n_columns` numbers."""
    return np.kron(np.eye(copies), np.ones((n_columns, 1))).astype(dtype)


def _room(space: Space | None, name: str, n: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    """An array of `n` numbers, in memory that has been used before if there is some."""
    found = None if space is None else space.get(name)
    if found is None or len(found) < n:
        found = np.empty(n, dtype=dtype)
        if space is not None:
            space[name] = found
    return found[:n]


@lru_cache(maxsize=16)
def _starts(n_rows: int, n_columns: int) -> IntArray:
    """Where each row of a block begins."""
    starts = np.arange(0, n_rows * n_columns, n_columns)
    starts.flags.writeable = False
    return starts


def dot(a: NDArray[np.floating], b: NDArray[np.floating]) -> float:
    """Sum of the products of two vectors; that of long ones by ``@`` would wait for threads."""
    return float(np.einsum("i,i->", a, b))


def class_weights(codes: IntArray, n_classes: int, weight: FloatArray | None) -> FloatArray:
    """Sum of the weights of each class, or its number of rows."""
    counts = np.bincount(codes, weights=weight, minlength=n_classes)
    return counts.astype(np.float64, copy=False)


class HostArithmetic(Backend):
    """NumPy's arithmetic, in blocks that fit the cache."""

    xp: Namespace = np

    def n_rows(self, n_columns: int, itemsize: int = 8, *, alone: bool = False) -> int:
        step = _BLOCK_BYTES // (itemsize * n_columns)
        if alone:
            step = max(step, min(_ROWS_ALONE, _BYTES_ALONE // (itemsize * n_columns)))
        return max(_FOLD, step // _FOLD * _FOLD)

    def block(
        self, array: NDArray[Any], rows: slice | IntArray, order: IntArray | None = None
    ) -> NDArray[Any]:
        if isinstance(rows, slice) or not array.flags.c_contiguous:
            block = array[rows]
        else:
            # A third of the time, but of a table in another order it would copy the whole first.
            block = array.take(rows, axis=0)
        if block.ndim == 1:
            block = block[:, None]
        return block if order is None else block[:, order]

    def joined(
        self, blocks: Iterable[tuple[slice, NDArray[Scalar]]], n_rows: int
    ) -> NDArray[Scalar]:
        values: Any = None
        for rows, block in blocks:
            values = np.empty(n_rows, dtype=block.dtype) if values is None else values
            values[rows] = block
        return values

    def row_sums(self, block: NDArray[Floats], space: Space | None = None) -> NDArray[Floats]:
        n_rows, n_columns = block.shape
        if n_columns <= _NARROW and n_rows % _FOLD == 0 and block.flags.c_contiguous:
            # Matrix products are slow on narrow rows: make four rows one.
            folded = block.reshape(-1, _FOLD * n_columns)
            sums = _room(space, "sums", n_rows, block.dtype)
            ones = _summing(n_columns, _FOLD, block.dtype)
            np.matmul(folded, ones, out=sums.reshape(-1, _FOLD))
            return sums
        if n_columns > _WIDE:  # a product would wait for threads
            return np.asarray(np.einsum("ij->i", block))
        return (block @ _summing(n_columns, 1, block.dtype)).reshape(-1)

    def row_dots(self, a: FloatArray, b: FloatArray) -> FloatArray:
        if a.shape[1] > _WIDE:
            return (a * b).sum(axis=1)
        return np.einsum("ij,ij->i", a, b)

    def pick(
        self, block: NDArray[np.floating], codes: IntArray, space: Space | None = None
    ) -> FloatArray:
        n_rows, n_columns = block.shape
        if not block.flags.c_contiguous:
            return self.wide(block[np.arange(n_rows), codes])
        # Half the time of block[rows, codes]; the codes are known to be in range, and
        # "wrap" is the mode that does not look.
        flat = np.add(codes, _starts(n_rows, n_columns), out=_room(space, "flat", n_rows, _INTP))
        room = _room(space, "picked", n_rows, block.dtype)
        return self.wide(block.reshape(-1).take(flat, mode="wrap", out=room))

    def put_zero(self, block: FloatArray, codes: IntArray) -> FloatArray:
        block[np.arange(len(block)), codes] = 0.0
        return block

    def group_sums(self, values: FloatArray | None, codes: IntArray, n_groups: int) -> FloatArray:
        return class_weights(codes, n_groups, values)

    def minus_log(self, p: FloatArray) -> FloatArray:
        return np.negative(np.log(p, out=p), out=p)

    def clip(
        self, x: FloatArray, low: float = -math.inf, high: float = math.inf, *, fresh: bool = False
    ) -> FloatArray:
        out = x if fresh else None
        if low > -math.inf:
            x = out = np.maximum(x, low, out=out)
        return np.minimum(x, high, out=out) if high < math.inf else x

    def total(self, x: FloatArray) -> float:
        return float(x.sum())

    def ends(self, x: NDArray[np.floating]) -> tuple[float, float]:
        return float(x.min()), float(x.max())

    def to_host(self, x: NDArray[Any]) -> NDArray[Any]:
        return x

    def to_device(self, x: NDArray[Any]) -> Any:
        return x.astype(np.float64 if x.dtype.kind == "f" else np.intp, copy=False)


NUMPY = HostArithmetic()
row_sums, pick = NUMPY.row_sums, NUMPY.pick


def row_slices(n_rows: int, n_columns: int, itemsize: int = 8) -> Iterator[slice]:
    """Slices that cut `n_rows` rows of `n_columns` numbers into blocks that fit the cache."""
    step = NUMPY.n_rows(n_columns, itemsize)
    for start in range(0, n_rows, step):
        yield slice(start, min(start + step, n_rows))
