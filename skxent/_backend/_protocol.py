"""
The arithmetic that formulas and checks are written in.

A block is a two-dimensional array with one row a sample and one column a class. All arrays are
typed as NumPy's; those on a device have the same operators.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from skxent._typing import FloatArray, IntArray

__all__ = ["Backend", "Mask", "Scalar", "Space"]

Mask = NDArray[np.bool_]
# Memory that one block after the other is worked on in, so that it stays in the cache: what comes
# out of it holds until the next block.
Space = dict[str, NDArray[Any]]
Scalar = TypeVar("Scalar", bound=np.generic)


class Backend(Protocol):
    """Arithmetic on blocks; nothing here checks its input."""

    # Blocks

    def slices(
        self, n_rows: int, n_columns: int, itemsize: int = 8, *, alone: bool = False
    ) -> Iterator[slice]:
        """
        Slices that cut rows into blocks, if each number takes `itemsize` bytes.

        They are longer if a block is `alone`, so that nothing of its size is made of it.
        """

    def block(self, array: NDArray[Any], rows: slice, order: IntArray | None) -> NDArray[Any]:
        """Rows of an array of one or two dimensions as a block, its columns in that order."""

    def floats(self, block: NDArray[Any]) -> FloatArray:
        """The numbers as floats: in float64, or in float32 where that is quicker to look at."""

    def wide(self, block: NDArray[Any]) -> FloatArray:
        """The numbers in float64."""

    def joined(
        self, blocks: Iterable[tuple[slice, NDArray[Scalar]]], n_rows: int
    ) -> NDArray[Scalar]:
        """One number a row, from blocks of them."""

    # Rows

    # NumPy has three sums of rows, which differ in speed and in rounding.

    def row_sums(self, block: FloatArray) -> FloatArray:
        """Sum of each row, infinite where the row is."""

    def plain_row_sums(self, block: FloatArray) -> FloatArray:
        """Sum of each row, rounded as users' own sums are."""

    def quick_row_sums(self, block: FloatArray, space: Space | None = None) -> FloatArray:
        """As `row_sums`, but infinite numbers may spoil the sums of the rows beside theirs."""

    def row_dots(self, a: FloatArray, b: FloatArray) -> FloatArray:
        """Sum of the products in each row."""

    def row_max(self, block: FloatArray) -> FloatArray: ...
    def row_argmax(self, block: FloatArray) -> IntArray: ...
    def row_any(self, mask: Mask) -> Mask: ...
    def pick(self, block: FloatArray, codes: IntArray, space: Space | None = None) -> FloatArray:
        """The number of each row that stands in its column `codes`, as float64."""

    def put_zero(self, block: FloatArray, codes: IntArray) -> FloatArray:
        """The block with 0 in the place of what `pick` picks; its memory may be used."""

    def columns(self, first: FloatArray, second: FloatArray) -> FloatArray:
        """A block of two columns."""

    def padded(self, block: FloatArray, n_columns: int, value: float) -> FloatArray:
        """The block with as many more columns of that value."""

    # Groups

    def group_sums(self, values: FloatArray | None, codes: IntArray, n_groups: int) -> FloatArray:
        """Sum in host memory of the values, or the number, of the rows of each group."""

    # Numbers

    def log(self, x: FloatArray) -> FloatArray: ...
    def log1p(self, x: FloatArray) -> FloatArray: ...
    def exp(self, x: FloatArray) -> FloatArray: ...
    def expm1(self, x: FloatArray) -> FloatArray: ...
    def atanh(self, x: FloatArray) -> FloatArray: ...
    def logaddexp(self, x: FloatArray) -> FloatArray:
        """``log(1 + exp(x))``, without an overflow."""

    def minus_log(self, p: FloatArray) -> FloatArray:
        """``-log(p)``; the memory of `p` may be used."""

    def where(self, mask: Mask, x: FloatArray, other: FloatArray | float) -> FloatArray: ...
    def times_log(self, t: FloatArray, logs: FloatArray) -> FloatArray:
        """``t * logs``, and 0 wherever t is 0, also where the logarithm is infinite."""

    def at_least(self, x: FloatArray, bound: float, *, fresh: bool = False) -> FloatArray:
        """Numbers below the bound are the bound; the memory of `x` may be used if it is fresh."""

    def at_most(self, x: FloatArray, bound: float, *, fresh: bool = False) -> FloatArray:
        """Numbers above the bound are the bound; the memory of `x` may be used if it is fresh."""

    # All numbers

    def total(self, x: FloatArray) -> float: ...
    def least(self, x: FloatArray) -> float:
        """The smallest number; nan if there is one."""

    def most(self, x: FloatArray) -> float:
        """The largest number; nan if there is one."""

    def count(self, mask: Mask) -> int: ...
    def first(self, mask: Mask) -> int | None:
        """Position of the first that is true."""

    def take(self, x: NDArray[Any], places: IntArray) -> NDArray[Any]: ...

    # Places

    def to_host(self, x: NDArray[Any]) -> NDArray[Any]:
        """A few numbers, such as one a class, in host memory."""

    def to_device(self, x: NDArray[Any]) -> FloatArray:
        """Numbers in host memory as float64 where the arrays are."""

    def codes_to_device(self, codes: NDArray[Any]) -> IntArray:
        """Positions in host memory where the arrays are."""
