"""The arithmetic of `_kernels` with the array API standard, on the device where the arrays are.

Blocks, names and meanings are those of `_kernels`; only numbers for a class or for all rows
come back to the host. A device without float64 is refused.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skxent._intake._foreign import fetched, strided
from skxent._kernels import ignoring, sum_of
from skxent._typing import FloatArray

__all__ = ["Device", "DeviceArray", "device_of"]

DeviceArray = Any
# Numbers in one block: large enough to keep a device busy, and small beside its memory.
_BLOCK_SIZE = 1 << 24


@dataclass(frozen=True, slots=True)
class Device:
    """A device with the library that computes on it."""

    xp: Any
    """Namespace of the library."""
    device: Any
    index: Any
    """The type of positions."""

    def own(self, values: Any, name: str, beside: str = "y_proba") -> DeviceArray:
        """`values`, if they are an array of this library on this device."""
        values = strided(values, name)
        other = device_of(values, name)
        if other.xp is not self.xp or other.device != self.device:
            msg = (
                f"{name} is on the device {other.device} and {beside} on {self.device}, as arrays "
                f"of {other.xp.__name__} and {self.xp.__name__}; move them to one device of one "
                f"library."
            )
            raise ValueError(msg)
        return values

    def moved(self, array: NDArray[Any], dtype: Any = None) -> DeviceArray:
        """A copy on the device of an array in host memory."""
        return self.xp.asarray(np.ascontiguousarray(array), dtype=dtype, device=self.device)

    def moved_reals(self, array: NDArray[Any]) -> DeviceArray:
        return self.moved(array.astype(np.float64), self.xp.float64)

    def moved_codes(self, codes: NDArray[Any]) -> DeviceArray:
        narrow = self.index == getattr(self.xp, "int32", None)
        return self.moved(codes.astype(np.int32 if narrow else np.int64), self.index)

    def reals(self, values: DeviceArray) -> DeviceArray:
        return self.xp.astype(values, self.xp.float64, copy=False)

    def slices(self, n_rows: int, n_columns: int) -> Iterator[slice]:
        step = max(1, _BLOCK_SIZE // n_columns)
        for start in range(0, n_rows, step):
            yield slice(start, min(start + step, n_rows))

    def count(self, mask: DeviceArray) -> int:
        return int(self.xp.sum(self.xp.astype(mask, self.index)))

    @ignoring(all="ignore")
    def total(self, values: DeviceArray) -> float:
        return float(self.xp.sum(values))

    def first(self, mask: DeviceArray) -> int | None:
        """Position of the first entry of `mask` that is true."""
        if not bool(self.xp.any(mask)):
            return None
        return int(self.xp.argmax(self.xp.astype(mask, self.index)))

    def at_least(self, values: DeviceArray, bound: float) -> DeviceArray:
        return self.xp.where(values < bound, self._number(bound), values)

    def at_most(self, values: DeviceArray, bound: float) -> DeviceArray:
        return self.xp.where(values > bound, self._number(bound), values)

    def _number(self, value: float) -> DeviceArray:
        return self.xp.asarray(value, dtype=self.xp.float64, device=self.device)

    def widened(self, table: DeviceArray, n_extra: int, from_logits: bool) -> DeviceArray:
        """A column for each class, and `n_extra` more of probability 0."""
        xp, columns = self.xp, self.reals(table)
        if len(table.shape) == 1:  # the positive class alone
            other = xp.zeros_like(columns) if from_logits else 1.0 - columns
            columns = xp.stack([other, columns], axis=1)
        nothing = self._number(-math.inf if from_logits else 0.0)
        return xp.concat([columns, xp.broadcast_to(nothing, (columns.shape[0], n_extra))], axis=1)

    @ignoring(all="ignore")
    def log(self, p: DeviceArray) -> DeviceArray:
        return self.xp.log(p)

    @ignoring(all="ignore")
    def logistic_logs(self, z: DeviceArray) -> tuple[DeviceArray, DeviceArray]:
        """Log-probabilities of the other class and of the positive one, whose logit is `z`."""
        zero = self.xp.zeros_like(z)
        return -self.xp.logaddexp(zero, z), -self.xp.logaddexp(zero, -z)

    def pick(self, block: DeviceArray, codes: DeviceArray) -> DeviceArray:
        n_rows, n_columns = block.shape
        rows = self.xp.arange(n_rows, dtype=self.index, device=self.device)
        return self.xp.take(self.xp.reshape(block, (-1,)), codes + rows * n_columns, axis=0)

    def _columns(self, n_columns: int) -> DeviceArray:
        return self.xp.arange(n_columns, dtype=self.index, device=self.device)[None, :]

    @ignoring(all="ignore")
    def _softmax_parts(self, logits: DeviceArray) -> tuple[DeviceArray, DeviceArray]:
        largest = self.xp.argmax(logits, axis=1, keepdims=True)
        shifted = logits - self.xp.max(logits, axis=1, keepdims=True)
        others = self._columns(logits.shape[1]) != self.xp.astype(largest, self.index)
        exponentials = self.xp.exp(shifted)
        exponentials = self.xp.where(others, exponentials, self._number(0.0))
        return shifted, self.xp.log1p(self.xp.sum(exponentials, axis=1))

    @ignoring(all="ignore")
    def log_softmax(self, logits: DeviceArray) -> DeviceArray:
        shifted, log_sum = self._softmax_parts(logits)
        return shifted - log_sum[:, None]

    @ignoring(all="ignore")
    def pick_log_softmax(self, logits: DeviceArray, codes: DeviceArray) -> DeviceArray:
        shifted, log_sum = self._softmax_parts(logits)
        return self.pick(shifted, codes) - log_sum

    def _where_positive(self, t: DeviceArray, values: DeviceArray) -> DeviceArray:
        return self.xp.where(t > 0, values, self._number(0.0))

    def _times_log(self, x: DeviceArray, ratio: DeviceArray) -> DeviceArray:
        """``x * log(ratio)``, and 0 where the ratio is 0."""
        return x * self.log(self.xp.where(ratio > 0, ratio, self._number(1.0)))

    @ignoring(all="ignore")
    def entropy_rows(self, p: DeviceArray, logp: DeviceArray) -> DeviceArray:
        return self.at_least(-self.xp.sum(self._where_positive(p, p * logp), axis=1), 0.0)

    @ignoring(all="ignore")
    def cross_entropy_rows(self, t: DeviceArray, logp: DeviceArray) -> DeviceArray:
        return self.at_least(-self.xp.sum(self._where_positive(t, t * logp), axis=1), 0.0)

    @ignoring(all="ignore")
    def kl_rows(self, t: DeviceArray, logp: DeviceArray) -> DeviceArray:
        terms = self._times_log(t, t) - self._where_positive(t, t * logp)
        return self.at_least(self.xp.sum(terms, axis=1), 0.0)

    @ignoring(all="ignore")
    def js_rows(self, t: DeviceArray, p: DeviceArray) -> DeviceArray:
        xp = self.xp
        total = t + p
        some = xp.where(total > 0, total, self._number(1.0))
        terms = self._times_log(t, 2.0 * (t / some)) + self._times_log(p, 2.0 * (p / some))
        r = (t - p) / some
        near = xp.abs(r) < 0.7
        r = xp.where(near, r, self._number(0.0))
        terms = xp.where(near, total * (r * xp.atanh(r) + 0.5 * xp.log1p(-r * r)), terms)
        value = 0.5 * xp.sum(terms, axis=1)
        return self.at_most(self.at_least(value, 0.0), math.log(2.0))

    @ignoring(all="ignore")
    def js_rows_of_labels(self, logp: DeviceArray) -> DeviceArray:
        xp = self.xp
        p, rest = xp.exp(logp), -xp.expm1(logp)
        own = self._where_positive(p, p * logp)
        value = rest * math.log(2.0) - (1.0 + p) * xp.log1p(-0.5 * rest) + own
        return self.at_most(self.at_least(0.5 * value, 0.0), math.log(2.0))

    @ignoring(all="ignore")
    def _weighted(self, values: DeviceArray, weight: DeviceArray) -> DeviceArray:
        return self._where_positive(weight, values) * weight

    def weighted_sum(
        self, blocks: Iterable[tuple[slice, DeviceArray]], weight: DeviceArray | None
    ) -> float:
        return sum_of(
            self.total(v if weight is None else self._weighted(v, weight[rows]))
            for rows, v in blocks
        )

    def class_sums(
        self,
        blocks: Iterable[tuple[slice, DeviceArray]],
        codes: DeviceArray,
        n_classes: int,
        weight: DeviceArray | None,
    ) -> FloatArray:
        total = np.zeros(n_classes)
        for rows, values in blocks:
            v = values if weight is None else self._weighted(values, weight[rows])
            own = codes[rows][:, None] == self._columns(n_classes)
            spread = self.xp.where(own, v[:, None], self._number(0.0))
            total += fetched(self.xp.sum(spread, axis=0), "sums of the classes")
        return total

    def class_weights(
        self, codes: DeviceArray, n_classes: int, weight: DeviceArray | None
    ) -> FloatArray:
        ones = self.xp.ones(codes.shape, dtype=self.xp.float64, device=self.device)
        each = ones if weight is None else weight
        rows = self.slices(codes.shape[0], n_classes)
        return self.class_sums(((at, each[at]) for at in rows), codes, n_classes, None)

    @ignoring(all="ignore")
    def entropy_of_labels(self, y: DeviceArray, weight: DeviceArray | None) -> float:
        """Entropy in nats of the weights of the different labels in `y`."""
        xp = self.xp
        order = xp.argsort(y)
        ordered = xp.take(y, order, axis=0)
        last = xp.asarray([True], device=self.device)
        is_last = ordered[1:] != ordered[:-1]
        ends = xp.nonzero(xp.concat([is_last, last]))[0]
        if weight is None:
            sums = ends + 1
        else:
            sums = xp.take(xp.cumulative_sum(xp.take(weight, order, axis=0)), ends, axis=0)
        parts = self.reals(sums - xp.concat([xp.zeros_like(sums[:1]), sums[:-1]]))
        shares = parts / self.reals(sums[-1:])
        return max(0.0, -float(xp.sum(self._times_log(shares, shares))))


def device_of(values: Any, name: str) -> Device:
    """The device and library of an array that is not in host memory."""
    try:
        import array_api_compat  # only here: NumPy and arrays in host memory do without it
    except ImportError as error:
        msg = (
            f"{name} is on the device {values.device}, and to compute there needs "
            f'array-api-compat: pip install "skxent[array-api]", or pass an array in host memory.'
        )
        raise ImportError(msg) from error
    xp = array_api_compat.array_namespace(values)
    device = array_api_compat.device(values)
    info = xp.__array_namespace_info__()
    if "float64" not in info.dtypes(device=device, kind="real floating"):
        msg = (
            f"{name} is on the device {device}, which has no float64, and sums of losses need it; "
            f"pass {name}.cpu() for torch, or a NumPy array."
        )
        raise TypeError(msg)
    return Device(xp, device, info.default_dtypes(device=device)["indexing"])
