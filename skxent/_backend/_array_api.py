"""The array API standard's arithmetic, on the device where the arrays are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skxent._backend._protocol import Backend, Mask, Scalar, Space
from skxent._typing import FloatArray, IntArray

__all__ = ["ArrayApi", "copied_from"]

# Groups that are summed with a column for each.
_FEW = 100
# Numbers in a block: enough to keep a device busy, and few beside its memory.
_BLOCK_SIZE = 1 << 24


def copied_from(values: Any) -> NDArray[Any]:
    """A copy in host memory of what is on a device."""
    if hasattr(values, "cpu"):
        return np.asarray(values.cpu())
    if hasattr(values, "get"):
        return np.asarray(values.get())
    try:
        return np.from_dlpack(values)
    except (RuntimeError, TypeError, ValueError, BufferError, AttributeError):
        return np.asarray(values)


@dataclass(frozen=True, slots=True)
class ArrayApi(Backend):
    """The standard's arithmetic, in float64, on the device where the arrays are."""

    xp: Any
    """Namespace of the library."""
    device: Any
    index: Any
    """The type of positions."""

    def _number(self, value: float) -> Any:
        return self.xp.asarray(value, dtype=self.xp.float64, device=self.device)

    def _arange(self, n: int) -> Any:
        return self.xp.arange(n, dtype=self.index, device=self.device)

    def slices(
        self,
        n_rows: int,
        n_columns: int,
        itemsize: int = 8,  # noqa: ARG002
        *,
        alone: bool = False,  # noqa: ARG002
    ) -> Iterator[slice]:
        step = max(1, _BLOCK_SIZE // n_columns)
        for start in range(0, n_rows, step):
            yield slice(start, min(start + step, n_rows))

    def block(self, array: NDArray[Any], rows: slice, order: IntArray | None) -> NDArray[Any]:
        block = array[rows, None] if len(array.shape) == 1 else array[rows, :]
        if order is None:
            return block
        return self.xp.take(block, self.codes_to_device(order), axis=1)

    def floats(self, block: NDArray[Any]) -> FloatArray:
        return self.wide(block)

    def wide(self, block: NDArray[Any]) -> FloatArray:
        return self.xp.astype(block, self.xp.float64, copy=False)

    def joined(
        self,
        blocks: Iterable[tuple[slice, NDArray[Scalar]]],
        n_rows: int,  # noqa: ARG002
    ) -> NDArray[Scalar]:
        return self.xp.concat([values for _, values in blocks])

    def row_sums(self, block: FloatArray) -> FloatArray:
        return self.xp.sum(block, axis=1)

    def plain_row_sums(self, block: FloatArray) -> FloatArray:
        return self.xp.sum(block, axis=1)

    def quick_row_sums(self, block: FloatArray, space: Space | None = None) -> FloatArray:  # noqa: ARG002
        return self.xp.sum(block, axis=1)

    def row_dots(self, a: FloatArray, b: FloatArray) -> FloatArray:
        return self.xp.sum(a * b, axis=1)

    def row_max(self, block: FloatArray) -> FloatArray:
        return self.xp.max(block, axis=1)

    def row_argmax(self, block: FloatArray) -> IntArray:
        return self.xp.astype(self.xp.argmax(block, axis=1), self.index)

    def row_any(self, mask: Mask) -> Mask:
        return self.xp.any(mask, axis=1)

    def pick(
        self,
        block: FloatArray,
        codes: IntArray,
        space: Space | None = None,  # noqa: ARG002
    ) -> FloatArray:
        n_rows, n_columns = block.shape
        flat = codes + self._arange(n_rows) * n_columns
        return self.xp.take(self.xp.reshape(block, (-1,)), flat, axis=0)

    def put_zero(self, block: FloatArray, codes: IntArray) -> FloatArray:
        others = self._arange(block.shape[1])[None, :] != codes[:, None]
        return self.xp.where(others, block, self._number(0.0))

    def columns(self, first: FloatArray, second: FloatArray) -> FloatArray:
        return self.xp.stack([first, second], axis=1)

    def padded(self, block: FloatArray, n_columns: int, value: float) -> FloatArray:
        shape = (block.shape[0], n_columns)
        more = self.xp.full(shape, value, dtype=block.dtype, device=self.device)
        return self.xp.concat([block, more], axis=1)

    def group_sums(self, values: FloatArray | None, codes: IntArray, n_groups: int) -> FloatArray:
        total, groups = np.zeros(n_groups), self._arange(n_groups)[None, :]
        for rows in self.slices(codes.shape[0], n_groups):
            own: Any = codes[rows][:, None] == groups
            each = self._number(1.0) if values is None else values[rows][:, None]
            spread = self.xp.where(own, each, self._number(0.0))
            total += copied_from(self.xp.sum(spread, axis=0))
        return total

    def sums_of_distinct(self, values: NDArray[Any], weight: FloatArray | None) -> FloatArray:
        """Sum in host memory of the weights, or number, of the rows of each distinct value."""
        xp = self.xp
        found, inverse = xp.unique_inverse(values)
        n_found = found.shape[0]
        codes = xp.astype(xp.reshape(inverse, (-1,)), self.index)
        if n_found <= _FEW:
            return self.group_sums(weight, codes, n_found)
        # Too many for a column each: differences of running sums.
        order = xp.argsort(codes)
        each = self._number(1.0) + self.wide(codes) * 0.0 if weight is None else weight
        running = xp.cumulative_sum(xp.take(each, order, axis=0))
        ends = xp.searchsorted(xp.take(codes, order, axis=0), self._arange(n_found), side="right")
        sums = xp.take(running, ends - 1, axis=0)
        return np.diff(copied_from(sums), prepend=0.0)

    def log(self, x: FloatArray) -> FloatArray:
        return self.xp.log(x)

    def log1p(self, x: FloatArray) -> FloatArray:
        return self.xp.log1p(x)

    def exp(self, x: FloatArray) -> FloatArray:
        return self.xp.exp(x)

    def expm1(self, x: FloatArray) -> FloatArray:
        return self.xp.expm1(x)

    def atanh(self, x: FloatArray) -> FloatArray:
        return self.xp.atanh(x)

    def logaddexp(self, x: FloatArray) -> FloatArray:
        return self.xp.logaddexp(self.xp.zeros_like(x), x)

    def minus_log(self, p: FloatArray) -> FloatArray:
        return -self.xp.log(p)

    def where(self, mask: Mask, x: FloatArray, other: FloatArray | float) -> FloatArray:
        return self.xp.where(mask, x, self._number(other) if isinstance(other, float) else other)

    def times_log(self, t: FloatArray, logs: FloatArray) -> FloatArray:
        return self.where(t > 0, t * logs, 0.0)

    def at_least(self, x: FloatArray, bound: float, *, fresh: bool = False) -> FloatArray:  # noqa: ARG002
        return self.xp.where(x < bound, self._number(bound), x)

    def at_most(self, x: FloatArray, bound: float, *, fresh: bool = False) -> FloatArray:  # noqa: ARG002
        return self.xp.where(x > bound, self._number(bound), x)

    def total(self, x: FloatArray) -> float:
        return float(self.xp.sum(x))

    def least(self, x: FloatArray) -> float:
        return float(self.xp.min(x))

    def most(self, x: FloatArray) -> float:
        return float(self.xp.max(x))

    def count(self, mask: Mask) -> int:
        return int(self.xp.sum(self.xp.astype(mask, self.index)))

    def first(self, mask: Mask) -> int | None:
        if not bool(self.xp.any(mask)):
            return None
        return int(self.xp.argmax(self.xp.astype(mask, self.index)))

    def take(self, x: NDArray[Any], places: IntArray) -> NDArray[Any]:
        return self.xp.take(x, places, axis=0)

    def to_host(self, x: NDArray[Any]) -> NDArray[Any]:
        return copied_from(x)

    def to_device(self, x: NDArray[Any]) -> FloatArray:
        return self.moved(x.astype(np.float64), self.xp.float64)

    def codes_to_device(self, codes: NDArray[Any]) -> IntArray:
        narrow = self.index == getattr(self.xp, "int32", None)
        return self.moved(codes.astype(np.int32 if narrow else np.int64), self.index)

    def moved(self, array: NDArray[Any], dtype: Any = None) -> Any:
        """A copy on the device of an array in host memory."""
        return self.xp.asarray(np.ascontiguousarray(array), dtype=dtype, device=self.device)
