"""A table of probabilities or logits that is checked, block by block, as it is read."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skxent import _kernels
from skxent._backend import NUMPY, Backend, Fetching, Space
from skxent._intake._containers import column_order
from skxent._intake._foreign import like
from skxent._intake._labels import shown
from skxent._intake._numbers import as_float64
from skxent._typing import FloatArray, IntArray

__all__ = ["Table"]

_RANGE_TOLERANCE = 1e-6
# Numbers on a device that come to host memory at once, and not block by block each time.
_MANY = 2_000_000
_FLOAT64 = np.dtype(np.float64)


@dataclass(frozen=True, slots=True)
class Table:
    """
    Rows of numbers with one column a class, never copied whole.

    Reading it with one of its iterators checks it: each block is looked at while it is in
    the cache for the work that follows, so that memory is read once. Of a table on a device only
    a few numbers a block come to the host, and the first row that breaks a rule.
    """

    array: NDArray[Any]
    """Shape (n_samples, n_classes), or (n_samples,) for the positive class alone."""
    name: str
    """What error messages call it."""
    dtype: np.dtype[Any] = _FLOAT64
    """What NumPy calls the type of its numbers."""
    tolerance: float = 1e-4
    """How far from 1 the sum of a row may be."""
    order: IntArray | None = None
    """Columns of `array` in the order of the labels; None where that is their own order."""
    columns: tuple[Any, ...] | None = None
    """Column names of the data frame that it came from."""
    from_logits: bool = False
    renormalize: bool | None = False
    """None where the caller has no such option to offer."""
    positive: int = 1
    """The class that a one-dimensional `array` is the probability of."""
    origin: Any = None
    """The array of another library that `array` is a view of."""
    checked: bool = False
    """Whether the numbers have been read before, and are as they came out of that."""
    backend: Backend = NUMPY
    """The arithmetic for blocks of this table."""

    @property
    def n_samples(self) -> int:
        return int(self.array.shape[0])

    @property
    def n_classes(self) -> int:
        return 2 if self.positive_only else int(self.array.shape[1])

    @property
    def positive_only(self) -> bool:
        return len(self.array.shape) == 1

    def in_order_of(self, labels: NDArray[Any]) -> Table:
        """The table with its columns in the order of `labels`, if its columns have names."""
        if self.columns is None:
            return self
        order = column_order(self.columns, labels, self.name)
        as_it_is = np.array_equal(order, np.arange(len(order)))
        return self if as_it_is else replace(self, order=order)

    def as_one_row(self) -> Table:
        """A one-dimensional table as a single distribution."""
        return replace(self, array=self.array[None, :])

    def on(self, backend: Backend) -> Table:
        """The table where the arrays of `backend` are, checked on the way."""
        if self.backend == backend or backend is NUMPY:
            return self
        array = backend.to_device(np.concatenate([block for _, block in self.blocks()]))
        return replace(
            self, array=array, order=None, renormalize=False, origin=None, backend=backend
        )

    def brought(self) -> Table:
        """The table for work in host memory: what is on a device comes there block by block."""
        if self.backend is NUMPY:
            return self
        backend = Fetching(self.backend)
        if math.prod(self.array.shape) > _MANY:
            return replace(self, backend=backend)
        return replace(self, backend=backend).taken(slice(None))

    def taken(self, rows: slice | IntArray) -> Table:
        """Some rows of a table that is worked on in host memory."""
        array = self._shaped(self.backend.block(self.array, rows))
        return replace(self, array=array, dtype=array.dtype, backend=NUMPY)

    def _shaped(self, block: NDArray[Any]) -> NDArray[Any]:
        """A block in as many dimensions as the table has."""
        return block[:, 0] if self.positive_only else block

    def blocks(
        self, itemsize: int | None = None, *, alone: bool = False, n_rows: int | None = None
    ) -> Iterator[tuple[slice, FloatArray]]:
        """
        Checked blocks of two dimensions, ready for gathering, in float32 if the table is.

        They have as many rows as fit the cache, if each number takes `itemsize` bytes, with
        what is made of them; or `alone`, where that is a few numbers a row; or `n_rows`.
        Probabilities may be above 1 by rounding, which is taken as 1 further on.
        """
        b, n_samples = self.backend, self.n_samples
        width = 1 if self.positive_only else self.n_classes
        itemsize = itemsize or (4 if self.dtype == np.float32 else 8)
        space: Space = {}
        step = n_rows or b.n_rows(width, itemsize, alone=alone)
        for start in range(0, n_samples, step):
            rows = slice(start, min(start + step, n_samples))
            block = b.block(self.array, rows, self.order)
            if self.dtype.kind == "O" or self.dtype.itemsize > 8:
                block = as_float64(block, self.name)
            if block.dtype != b.xp.float32:  # of which all is looked at, and little computed with
                block = b.xp.asarray(block, dtype=b.xp.float64)
            yield rows, block if self.checked else self._checked(block, start, space)

    def held(self) -> Table:
        """A checked table of its own numbers, which no longer change with what was passed in."""
        array = np.concatenate([block for _, block in self.blocks(itemsize=8)])
        return Table(
            self._shaped(array),
            self.name,
            array.dtype,
            from_logits=self.from_logits,
            positive=self.positive,
            checked=True,
        )

    def log_probabilities(self) -> Iterator[tuple[slice, FloatArray]]:
        """Checked blocks of log-probabilities, one column a class."""
        for rows, wide in self._wide_blocks():
            yield rows, self._logs(wide)

    def probabilities(self) -> Iterator[tuple[slice, FloatArray]]:
        """Checked blocks of probabilities, one column a class."""
        for rows, wide in self._wide_blocks():
            yield rows, self._exp(self._logs(wide)) if self.from_logits else self._both(wide)

    def distributions(self) -> Iterator[tuple[slice, FloatArray, FloatArray]]:
        """Checked blocks of probabilities with their logarithms, one column a class."""
        for rows, p, logp in self.tall():
            if logp is None:
                with np.errstate(divide="ignore"):
                    logp = self.backend.xp.log(p)
            yield rows, p, logp

    def tall(
        self, n_rows: int | None = None
    ) -> Iterator[tuple[slice, FloatArray, FloatArray | None]]:
        """The same, with logarithms only where they say more than `p`, in blocks of `n_rows`."""
        for rows, wide in self._wide_blocks(n_rows):
            if self.from_logits or self.positive_only:
                logp = self._logs(wide)
                yield rows, self._exp(logp) if self.from_logits else self._both(wide), logp
            else:
                yield rows, self._both(wide), None

    def losses(self, codes: IntArray, most: float = math.inf) -> Iterator[tuple[slice, FloatArray]]:
        """
        Blocks of minus the log-probability of each row's class, or of `most` where that is less.

        The memory of a block is used again for the next one.
        """
        space: Space = {}
        for rows, block in self.blocks(alone=not self.from_logits):
            loss = self._minus_log_of(block, codes[rows], space)
            yield rows, self.backend.clip(loss, 0.0, most, fresh=True)

    def total(self, weight: FloatArray | None) -> float:
        """Sum of the weights, or the number of rows."""
        return self.n_samples if weight is None else self.backend.total(weight)

    def given_back(self, values: FloatArray) -> Any:
        """Numbers in host memory as an array of the input's library, where the input is."""
        return self.as_given(self.backend.to_device(values))

    def as_given(self, values: FloatArray) -> Any:
        """Numbers where the input is, as an array of its library."""
        return like(values, self.origin)

    def _wide_blocks(self, n_rows: int | None = None) -> Iterator[tuple[slice, FloatArray]]:
        """Checked blocks in float64: two tables of one shape are cut alike."""
        for rows, block in self.blocks(itemsize=8, n_rows=n_rows):
            yield rows, self.backend.wide(block)

    def _exp(self, logp: FloatArray) -> FloatArray:
        return _kernels.exp_rows(self.backend, logp)

    def _both(self, wide: FloatArray) -> FloatArray:
        """Probabilities with a column for each class, also if only one came in."""
        if not self.positive_only:
            return self.backend.clip(wide, high=1.0) if self.backend.xp.max(wide) > 1.0 else wide
        return self._pair(1.0 - wide[:, 0], wide[:, 0])

    def _pair(self, other: FloatArray, positive: FloatArray) -> FloatArray:
        pair = (other, positive) if self.positive == 1 else (positive, other)
        return self.backend.xp.stack(pair, axis=1)

    @_kernels.ignoring(all="ignore")
    def _logs(self, wide: FloatArray) -> FloatArray:
        if self.positive_only:
            logp = self._pair(*self._pair_of_logs(wide[:, 0]))
        elif self.from_logits:
            logp = _kernels.log_softmax(self.backend, wide)
        else:
            logp = self.backend.xp.log(wide)
        return self.backend.clip(logp, high=0.0, fresh=True)

    def _pair_of_logs(self, z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Log-probabilities of the other class and of the positive one."""
        if self.from_logits:
            return _kernels.logistic_logs(self.backend, z)
        # log1p keeps the loss of a row that is nearly certain.
        return self.backend.xp.log1p(-z), self.backend.xp.log(z)

    @_kernels.ignoring(all="ignore")
    def _minus_log_of(self, block: FloatArray, codes: IntArray, space: Space) -> FloatArray:
        b = self.backend
        if self.positive_only:
            other, positive = self._pair_of_logs(b.wide(block[:, 0]))
            return -b.xp.where(codes == self.positive, positive, other)
        if self.from_logits:
            return _kernels.minus_log_softmax(b, b.wide(block), codes)
        return b.minus_log(b.pick(block, codes, space))

    # Rules

    @_kernels.ignoring(all="ignore")
    def _checked(self, block: FloatArray, start: int, space: Space) -> FloatArray:
        b = self.backend
        if self.from_logits:
            return self._checked_logits(block, start)
        if self.renormalize and not self.positive_only:
            return self._renormalized(block, start)
        if self.positive_only:
            low, high = b.ends(block)
        else:
            low = float(b.xp.min(block))
            least, high = b.ends(b.row_sums(block, space))
            # Written so that nan fails.
            if not (high <= 1 + self.tolerance and least >= 1 - self.tolerance):
                self._refuse_range(block, start)
                self._refuse_sums(block, start)
        # No number of a row without negative ones is larger than the row's sum, so that most
        # tables need no second look.
        limit = 1.0 if self.positive_only else 1.0 + _RANGE_TOLERANCE
        if not (low >= 0 and high <= limit):
            self._refuse_range(block, start)
            return b.clip(block, 0.0, 1.0)
        return block

    def _row_of(self, block: FloatArray, row: int) -> NDArray[np.float64]:
        """A row that breaks a rule, in host memory."""
        return self.backend.to_host(block[row : row + 1, :])[0]

    def _checked_logits(self, block: FloatArray, start: int) -> FloatArray:
        b = self.backend
        low, high = b.ends(block)
        if not high < np.inf:
            row = b.first(b.xp.any(~(block < np.inf), axis=1)) or 0
            values = self._row_of(block, row)
            column = int((~(values < np.inf)).argmax())
            msg = (
                f"{self.name} must hold logits below infinity and no nan; "
                f"row {start + row} holds {values[column]} in column {column}."
            )
            raise ValueError(msg)
        if self.positive_only or low > -np.inf:
            return block
        empty = b.first(b.xp.max(block, axis=1) == -np.inf)
        if empty is not None:
            msg = (
                f"{self.name} must hold a finite logit in each row; row {start + empty} is all "
                f"-inf."
            )
            raise ValueError(msg)
        return block

    def _renormalized(self, block: FloatArray, start: int) -> FloatArray:
        b = self.backend
        wide = b.wide(block)
        sums = b.xp.sum(wide, axis=1)
        inside = (sums > 0) & (sums < np.inf)
        below = ~(wide >= (-_RANGE_TOLERANCE * sums)[:, None])
        row = b.first(~inside | b.xp.any(below, axis=1))
        if row is not None:
            msg = (
                f"{self.name} with renormalize=True needs finite, non-negative numbers with a "
                f"positive sum in each row; row {start + row} is "
                f"{shown(self._row_of(block, row), 6)}."
            )
            raise ValueError(msg)
        return b.clip(wide / sums[:, None], 0.0, fresh=True)

    def _refuse_range(self, block: FloatArray, start: int) -> None:
        b = self.backend
        row = b.first(b.xp.any(~_in_range(block), axis=1))
        if row is None:
            return
        values = self._row_of(block, row)
        column = int((~_in_range(values)).argmax())
        where = f"row {start + row}" + ("" if self.positive_only else f", column {column}")
        value = float(values[column])
        if math.isnan(value):
            advice = "Leave out rows that have no prediction."
        else:
            advice = "For logits or log-probabilities pass from_logits=True."
            if self.renormalize is not None and not self.positive_only:
                advice += " To divide each row by its sum pass renormalize=True."
        msg = (
            f"{self.name} must hold finite probabilities between 0 and 1; {where} holds "
            f"{value!r}. {advice}"
        )
        raise ValueError(msg)

    def _refuse_sums(self, block: FloatArray, start: int) -> None:
        b = self.backend
        row = b.first(abs(b.xp.sum(b.wide(block), axis=1) - 1.0) > self.tolerance)
        if row is None:  # it was the float32 sum that left the band, not the row
            return
        values = self._row_of(block, row)
        total = values.sum(dtype=np.float64)
        if self.name == "y_true" and len(values) > 1 and np.isin(values, (0, 1)).all():
            msg = (
                f"y_true is a multilabel indicator: row {start + row} has {int(total)} "
                f"labels, not 1. Score one column at a time: y_true[:, j] with y_proba[:, j]."
            )
            raise ValueError(msg)
        if len(values) == 1:
            advice = "If y_proba has one column, for the positive class, pass a 1-D array."
        elif self.name == "y_true":
            advice = "Class labels are passed as a 1-D array."
        else:
            advice = "For logits or log-probabilities pass from_logits=True."
        if self.renormalize is not None and len(values) > 1:
            advice += " To divide each row by its sum pass renormalize=True."
        msg = (
            f"The rows of {self.name} must sum to 1 within {self.tolerance:g}; "
            f"row {start + row} sums to {total:.6g}. {advice}"
        )
        raise ValueError(msg)


def _in_range(x: FloatArray) -> NDArray[np.bool_]:
    return (x >= -_RANGE_TOLERANCE) & (x <= 1 + _RANGE_TOLERANCE)
