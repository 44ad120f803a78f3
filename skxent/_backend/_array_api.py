"""The array API standard's arithmetic, on the device where the arrays are."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skxent._backend._protocol import Backend, Floats, Scalar, Space
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

    def n_rows(self, n_columns: int, itemsize: int = 8, *, alone: bool = False) -> int:  # noqa: ARG002
        return max(1, _BLOCK_SIZE // n_columns)

    def block(
        self, array: NDArray[Any], rows: slice | IntArray, order: IntArray | None = None
    ) -> NDArray[Any]:
        if isinstance(rows, slice):
            block = array[rows, None] if len(array.shape) == 1 else array[rows, :]
        else:
            block = self.xp.take(array, self.to_device(rows), axis=0)
            block = block[:, None] if len(array.shape) == 1 else block
        return block if order is None else self.xp.take(block, self.to_device(order), axis=1)

    def joined(
        self,
        blocks: Iterable[tuple[slice, NDArray[Scalar]]],
        n_rows: int,  # noqa: ARG002
    ) -> NDArray[Scalar]:
        return self.xp.concat([values for _, values in blocks])

    def row_sums(
        self,
        block: NDArray[Floats],
        space: Space | None = None,  # noqa: ARG002
    ) -> NDArray[Floats]:
        return self.xp.sum(block, axis=1)

    def row_dots(self, a: FloatArray, b: FloatArray) -> FloatArray:
        return self.xp.sum(a * b, axis=1)

    def pick(
        self,
        block: NDArray[np.floating],
        codes: IntArray,
        space: Space | None = None,  # noqa: ARG002
    ) -> FloatArray:
        n_rows, n_columns = block.shape
        flat = codes + self._arange(n_rows) * n_columns
        return self.wide(self.xp.take(self.xp.reshape(block, (-1,)), flat, axis=0))

    def put_zero(self, block: FloatArray, codes: IntArray) -> FloatArray:
        others = self._arange(block.shape[1])[None, :] != codes[:, None]
        return self.xp.where(others, block, self._number(0.0))

    def group_sums(self, values: FloatArray | None, codes: IntArray, n_groups: int) -> FloatArray:
        total, groups = np.zeros(n_groups), self._arange(n_groups)[None, :]
        step = self.n_rows(n_groups)
        for start in range(0, codes.shape[0], step):
            rows = slice(start, min(start + step, codes.shape[0]))
            own: Any = codes[rows][:, None] == groups
            each = self._number(1.0) if values is None else values[rows][:, None]
            spread = self.xp.where(own, each, self._number(0.0))
            total += copied_from(self.xp.sum(spread, axis=0))
        return total

    def minus_log(self, p: FloatArray) -> FloatArray:
        return -self.xp.log(p)

    def clip(
        self,
        x: FloatArray,
        low: float = -math.inf,
        high: float = math.inf,
        *,
        fresh: bool = False,  # noqa: ARG002
    ) -> FloatArray:
        # The standard's takes some libraries several steps, of which the host waits for one.
        if low > -math.inf:
            x = self.xp.where(x < low, self._number(low), x)
        return self.xp.where(x > high, self._number(high), x) if high < math.inf else x

    def total(self, x: FloatArray) -> float:
        return float(self.xp.sum(x))

    def ends(self, x: NDArray[np.floating]) -> tuple[float, float]:
        return float(self.xp.min(x)), float(self.xp.max(x))

    def to_host(self, x: NDArray[Any]) -> NDArray[Any]:
        return copied_from(x)

    def to_device(self, x: NDArray[Any]) -> Any:
        dtype = None
        if x.dtype.kind == "f":
            x, dtype = x.astype(np.float64), self.xp.float64
        elif x.dtype.kind in "iu":
            narrow = self.index == getattr(self.xp, "int32", None)
            x, dtype = x.astype(np.int32 if narrow else np.int64), self.index
        return self.xp.asarray(np.ascontiguousarray(x), dtype=dtype, device=self.device)

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
