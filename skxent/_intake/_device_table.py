"""A table on another device, checked and read there by the rules of `Table`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from skxent._intake._device import Device, DeviceArray
from skxent._intake._foreign import fetched
from skxent._intake._table import Table
from skxent._kernels import ignoring

__all__ = ["DeviceTable"]

_RANGE_TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceTable(Table):
    """
    A `Table` whose array and blocks are on a device.

    Only flags, one a block, come to the host, and the first row that breaks a rule, which
    `Table` then refuses as if it had been there all the time.
    """

    device: Device

    @classmethod
    def of(cls, table: Table, array: DeviceArray, device: Device) -> DeviceTable:
        """What `table` says of its array, said of `array`, which is on `device`."""
        known = {field.name: getattr(table, field.name) for field in fields(table)}
        if table.array.ndim > len(array.shape):  # a single distribution
            array = array[None, :]
        return cls(**(known | {"array": array, "origin": array, "device": device}))

    @property
    def kernels(self) -> Any:
        return self.device

    def blocks(self, itemsize: int | None = None) -> Iterator[tuple[slice, DeviceArray]]:  # noqa: ARG002
        """Checked blocks of two dimensions in the type that the device computes in."""
        array: DeviceArray = self.array
        for rows in self.device.slices(self.n_samples, self.n_classes):
            block = array[rows, None] if self.positive_only else array[rows, :]
            if self.order is not None:
                order = self.device.moved_codes(self.order)
                block = self.device.xp.take(block, order, axis=1)
            yield rows, self._checked(self.device.reals(block), rows.start)

    def probabilities(self) -> Iterator[tuple[slice, DeviceArray]]:
        """Checked blocks of probabilities, one column a class."""
        for rows, p, _ in self.distributions():
            yield rows, p

    def distributions(self) -> Iterator[tuple[slice, DeviceArray, DeviceArray]]:
        """Checked blocks of probabilities with their logarithms, one column a class."""
        for rows, block in self.blocks():
            logp = self._logs(block)
            yield rows, self.device.xp.exp(logp) if self.from_logits else block, logp

    def losses(self, codes: DeviceArray) -> Iterator[tuple[slice, DeviceArray]]:
        """Blocks of minus the log-probability of each row's class, without one-hot rows."""
        for rows, block in self.blocks():
            yield rows, self.device.at_least(self._minus_log_of(block, codes[rows]), 0.0)

    def at_most(self, values: DeviceArray, bound: float) -> DeviceArray:
        return self.device.at_most(values, bound)

    @ignoring(all="ignore")
    def exponential(self, values: DeviceArray) -> DeviceArray:
        return self.device.xp.exp(values)

    def total(self, weight: DeviceArray | None) -> float:
        """Sum of the weights, or the number of rows."""
        return self.n_samples if weight is None else self.device.total(weight)

    def one_a_row(self, blocks: Iterable[tuple[slice, DeviceArray]], unit: float) -> DeviceArray:
        """The values of all rows in units of `unit`."""
        return self.device.xp.concat([values for _, values in blocks]) / unit

    def given_back(self, array: Any) -> DeviceArray:
        """`array` on the device."""
        return self.device.moved_reals(array)

    def _wide_blocks(self) -> Iterator[tuple[slice, DeviceArray]]:
        return self.blocks()

    @ignoring(all="ignore")
    def _pair_of_logs(self, z: DeviceArray) -> tuple[DeviceArray, DeviceArray]:
        if self.from_logits:
            return self.device.logistic_logs(z)
        return self.device.xp.log1p(-z), self.device.log(z)

    def _logs(self, wide: DeviceArray) -> DeviceArray:
        # Nothing asks for both classes of a table that has the positive one alone.
        return self.device.log_softmax(wide) if self.from_logits else self.device.log(wide)

    def _minus_log_of(self, block: DeviceArray, codes: DeviceArray) -> DeviceArray:
        if self.positive_only:
            other, positive = self._pair_of_logs(block[:, 0])
            return -self.device.xp.where(codes == self.positive, positive, other)
        if self.from_logits:
            return -self.device.pick_log_softmax(block, codes)
        return -self.device.log(self.device.pick(block, codes))

    @ignoring(all="ignore")
    def _checked(self, block: DeviceArray, start: int) -> DeviceArray:
        xp = self.device.xp
        if isinstance(block, np.ndarray):  # the row that was fetched below
            return Table._checked(self, block, start)
        renormalize = self.renormalize and not self.positive_only
        sums = xp.sum(block, axis=1)
        if self.from_logits:
            flags = [xp.any(~(block < np.inf), axis=1)]
            if not self.positive_only:
                flags.append(xp.max(block, axis=1) == -np.inf)
        elif renormalize:
            least = -_RANGE_TOLERANCE * sums
            flags = [~((sums > 0) & (sums < np.inf) & (xp.min(block, axis=1) >= least))]
        else:
            inside = (block >= -_RANGE_TOLERANCE) & (block <= 1 + _RANGE_TOLERANCE)
            flags = [xp.any(~inside, axis=1)]
            if not self.positive_only:
                flags.append(~(xp.abs(sums - 1.0) <= self._tolerance))
        for bad in flags:
            row = self.device.first(bad)
            if row is not None:
                self._checked(fetched(block[row : row + 1, :], self.name), start + row)
        if self.from_logits:
            return block
        if renormalize:
            return self.device.at_least(block / sums[:, None], 0.0)
        return self.device.at_most(self.device.at_least(block, 0.0), 1.0)
