"""
The arithmetic that formulas and checks are written in.

A block is a two-dimensional array with one row a sample and one column a class. All arrays are
typed as NumPy's; those on a device have the same operators.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from skxent._typing import FloatArray, IntArray

__all__ = ["Backend", "Floats", "Mask", "Namespace", "Scalar", "Space"]

Mask = NDArray[np.bool_]
# Memory that one block after the other is worked on in, so that it stays in the cache: what comes
# out of it holds until the next block.
Space = dict[str, NDArray[Any]]
Floats = TypeVar("Floats", bound=np.floating)
Scalar = TypeVar("Scalar", bound=np.generic)


class Namespace(Protocol):
    """What is taken from the array API standard as it is; NumPy has had the same names for long."""

    float32: Any
    float64: Any

    def any(self, x: Mask, /, *, axis: int | None = None) -> Any: ...
    def argmax(self, x: NDArray[Any], /, *, axis: int | None = None) -> Any: ...
    def asarray(self, x: NDArray[Any], /, *, dtype: Any = None) -> Any: ...
    def count_nonzero(self, x: Mask, /) -> Any: ...
    def exp(self, x: FloatArray, /) -> FloatArray: ...
    def expm1(self, x: FloatArray, /) -> FloatArray: ...
    def full_like(self, x: FloatArray, fill_value: float, /) -> FloatArray: ...
    def log(self, x: FloatArray, /) -> FloatArray: ...
    def log1p(self, x: FloatArray, /) -> FloatArray: ...
    def logaddexp(self, x: FloatArray, y: FloatArray, /) -> FloatArray: ...
    def max(self, x: FloatArray, /, *, axis: int | None = None) -> Any: ...
    def min(self, x: FloatArray, /, *, axis: int | None = None) -> Any: ...
    def stack(self, arrays: Sequence[FloatArray], /, *, axis: int = 0) -> FloatArray: ...
    def sum(self, x: FloatArray, /, *, axis: int | None = None) -> Any: ...
    def take(self, x: NDArray[Any], indices: IntArray, /, *, axis: int) -> Any: ...
    def where(self, mask: Mask, x: FloatArray, y: FloatArray, /) -> FloatArray: ...


class Backend(Protocol):
    """
    Arithmetic on blocks; nothing here checks its input.

    Beside the standard's functions there is what NumPy does much more quickly in a way of its own,
    and what differs with the place where arrays are.
    """

    xp: Namespace

    # Blocks

    def n_rows(self, n_columns: int, itemsize: int = 8, *, alone: bool = False) -> int:
        """
        How many rows a block has, if each number takes `itemsize` bytes.

        More if a block is `alone`, so that nothing of its size is made of it.
        """

    def block(
        self, array: NDArray[Any], rows: slice | IntArray, order: IntArray | None = None
    ) -> NDArray[Any]:
        """Rows of an array of one or two dimensions as a block, its columns in that order."""

    def joined(
        self, blocks: Iterable[tuple[slice, NDArray[Scalar]]], n_rows: int
    ) -> NDArray[Scalar]:
        """One number a row, from blocks of them."""

    # Rows and groups of them

    def row_sums(self, block: NDArray[Floats], space: Space | None = None) -> NDArray[Floats]:
        """
        Sum of each row, in the block's own precision.

        Quick, and exact enough for a check: a number that is not finite may spoil the sums of the
        rows beside it.
        """

    def row_dots(self, a: FloatArray, b: FloatArray) -> FloatArray:
        """Sum of the products in each row, infinite where one of them is."""

    def pick(
        self, block: NDArray[np.floating], codes: IntArray, space: Space | None = None
    ) -> FloatArray:
        """The number of each row that stands in its column `codes`, as float64."""

    def put_zero(self, block: FloatArray, codes: IntArray) -> FloatArray:
        """The block with 0 in the place of what `pick` picks; its memory may be used."""

    def group_sums(self, values: FloatArray | None, codes: IntArray, n_groups: int) -> FloatArray:
        """Sum in host memory of the values, or the number, of the rows of each group."""

    # Numbers

    def minus_log(self, p: FloatArray) -> FloatArray:
        """``-log(p)``; the memory of `p` may be used."""

    def clip(
        self, x: FloatArray, low: float = -math.inf, high: float = math.inf, *, fresh: bool = False
    ) -> FloatArray:
        """Numbers between the bounds, and nan; the memory of `x` may be used if it is fresh."""

    def total(self, x: FloatArray) -> float:
        """Sum of all numbers."""

    def ends(self, x: NDArray[np.floating]) -> tuple[float, float]:
        """The smallest and the largest number; nan if there is one."""

    # Places

    def to_host(self, x: NDArray[Any]) -> NDArray[Any]:
        """A few numbers, such as one a class, in host memory."""

    def to_device(self, x: NDArray[Any]) -> Any:
        """What is in host memory where the arrays are: numbers as float64, or positions."""

    # The same everywhere

    def wide(self, x: NDArray[Any]) -> FloatArray:
        """The numbers in float64."""
        wide: FloatArray = self.xp.asarray(x, dtype=self.xp.float64)
        return wide

    def first(self, mask: Mask) -> int | None:
        """Position of the first that is true."""
        return int(self.xp.argmax(self.wide(mask))) if bool(self.xp.any(mask)) else None
