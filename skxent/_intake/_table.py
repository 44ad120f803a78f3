"""A table of probabilities or logits that is checked, block by block, as it is read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skxent import _kernels
from skxent._intake._arguments import check_flag
from skxent._intake._containers import array_and_columns, column_order
from skxent._intake._foreign import is_foreign, is_half, like, on_host, refuse_lazy
from skxent._intake._labels import shown
from skxent._intake._numbers import as_float64
from skxent._typing import FloatArray, IntArray

__all__ = ["Table", "as_table"]

_RANGE_TOLERANCE = 1e-6
_SUM_TOLERANCE = 1e-4
_SUM_TOLERANCE_HALF = 1e-2


@dataclass(frozen=True, slots=True)
class Table:
    """
    Rows of numbers with one column a class, never copied whole.

    Reading it with one of its iterators checks it: each block is looked at while it is in
    the cache for the work that follows, so that memory is read once.
    """

    array: NDArray[Any]
    """Shape (n_samples, n_classes), or (n_samples,) for the positive class alone."""
    name: str
    """What error messages call it."""
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

    @property
    def n_samples(self) -> int:
        return int(self.array.shape[0])

    @property
    def n_classes(self) -> int:
        return 2 if self.positive_only else int(self.array.shape[1])

    @property
    def positive_only(self) -> bool:
        return self.array.ndim == 1

    @property
    def kernels(self) -> Any:
        """The arithmetic for blocks of this table."""
        return _kernels

    @property
    def _tolerance(self) -> float:
        dtype = self.array.dtype
        half = is_half(self.origin) if self.origin is not None else dtype.itemsize == 2
        return _SUM_TOLERANCE_HALF if half else _SUM_TOLERANCE

    def in_order_of(self, labels: NDArray[Any]) -> Table:
        """The table with its columns in the order of `labels`, if its columns have names."""
        if self.columns is None:
            return self
        order = column_order(self.columns, labels, self.name)
        as_it_is = np.array_equal(order, np.arange(len(order)))
        return self if as_it_is else replace(self, order=order)

    def blocks(self, itemsize: int | None = None) -> Iterator[tuple[slice, NDArray[np.floating]]]:
        """
        Checked blocks of two dimensions in native float32 or float64, ready for gathering.

        They have as many rows as fit the cache, if each number takes `itemsize` bytes.
        Probabilities may be above 1 by rounding, which is taken as 1 further on.
        """
        dtype = np.float32 if self.array.dtype == np.float32 else np.float64
        width = 1 if self.positive_only else self.n_classes
        for rows in _kernels.row_slices(
            self.n_samples, width, itemsize or np.dtype(dtype).itemsize
        ):
            block = self.array[rows]
            if block.ndim == 1:
                block = block[:, None]
            if self.order is not None:
                block = block[:, self.order]
            if self.array.dtype.kind == "O" or self.array.dtype.itemsize > 8:
                block = as_float64(block, self.name)
            block = block.astype(dtype, copy=False)
            yield rows, block if self.checked else self._checked(block, rows.start)

    def held(self) -> Table:
        """A checked table of its own numbers, which no longer change with what was passed in."""
        array = np.concatenate([block for _, block in self.blocks(itemsize=8)])
        if self.positive_only:
            array = array[:, 0]
        return replace(self, array=array, order=None, columns=None, origin=None, checked=True)

    def log_probabilities(self) -> Iterator[tuple[slice, FloatArray]]:
        """Checked blocks of log-probabilities, one column a class."""
        for rows, wide in self._wide_blocks():
            yield rows, self._logs(wide)

    def probabilities(self) -> Iterator[tuple[slice, FloatArray]]:
        """Checked blocks of probabilities, one column a class."""
        for rows, wide in self._wide_blocks():
            yield rows, np.exp(self._logs(wide)) if self.from_logits else self._both(wide)

    def distributions(self) -> Iterator[tuple[slice, FloatArray, FloatArray]]:
        """Checked blocks of probabilities with their logarithms, one column a class."""
        for rows, wide in self._wide_blocks():
            if self.from_logits or self.positive_only:
                logp = self._logs(wide)
                yield rows, np.exp(logp) if self.from_logits else self._both(wide), logp
            else:
                p = self._both(wide)
                with np.errstate(divide="ignore"):
                    yield rows, p, np.log(p)

    def _wide_blocks(self) -> Iterator[tuple[slice, FloatArray]]:
        """Checked blocks in float64: two tables of one shape are cut alike."""
        for rows, block in self.blocks(itemsize=8):
            yield rows, block.astype(np.float64, copy=False)

    def _both(self, wide: FloatArray) -> FloatArray:
        """Probabilities with a column for each class, also if only one came in."""
        if not self.positive_only:
            return np.minimum(wide, 1.0) if wide.max() > 1.0 else wide
        pair = [1.0 - wide, wide]
        return np.hstack(pair if self.positive == 1 else pair[::-1])

    def _logs(self, wide: FloatArray) -> FloatArray:
        if self.positive_only:
            z = wide[:, 0]
            if self.from_logits:
                pair = [-np.logaddexp(0.0, z), -np.logaddexp(0.0, -z)]
            else:
                with np.errstate(divide="ignore"):
                    pair = [np.log1p(-z), np.log(z)]
            logp = np.column_stack(pair if self.positive == 1 else pair[::-1])
        elif self.from_logits:
            logp = _kernels.log_softmax(wide)
        else:
            with np.errstate(divide="ignore"):
                logp = np.log(wide)
        return np.minimum(logp, 0.0, out=logp)

    def losses(self, codes: IntArray) -> Iterator[tuple[slice, FloatArray]]:
        """Blocks of minus the log-probability of each row's class, without one-hot rows."""
        for rows, block in self.blocks():
            loss = self._minus_log_of(block, codes[rows])
            yield rows, np.maximum(loss, 0.0, out=loss)

    def at_most(self, values: FloatArray, bound: float) -> FloatArray:
        return np.minimum(values, bound, out=values)

    def exponential(self, values: FloatArray) -> FloatArray:
        with np.errstate(over="ignore"):
            return np.exp(values)

    def total(self, weight: FloatArray | None) -> float:
        """Sum of the weights, or the number of rows."""
        return self.n_samples if weight is None else float(weight.sum())

    def one_a_row(self, blocks: Iterable[tuple[slice, FloatArray]], unit: float) -> Any:
        """The values of all rows in units of `unit`, as an array of the input's library."""
        values = np.empty(self.n_samples)
        for rows, block in blocks:
            values[rows] = block
        return self.given_back(values / unit)

    def given_back(self, array: FloatArray) -> Any:
        """`array` as an array of the input's library."""
        return like(array, self.origin)

    def _minus_log_of(self, block: NDArray[np.floating], codes: IntArray) -> FloatArray:
        if self.positive_only:
            z, positive = block[:, 0].astype(np.float64, copy=False), codes == self.positive
            if self.from_logits:
                return np.logaddexp(0.0, np.where(positive, -z, z))
            with np.errstate(divide="ignore"):
                # log1p keeps the loss of a row that is nearly certain.
                return -np.where(positive, np.log(z), np.log1p(-z))
        if self.from_logits:
            return -_kernels.pick_log_softmax(block.astype(np.float64, copy=False), codes)
        picked = _kernels.pick(block, codes)
        with np.errstate(divide="ignore"):
            np.log(picked, out=picked)
        return np.negative(picked, out=picked)

    def _checked(self, block: NDArray[np.floating], start: int) -> NDArray[np.floating]:
        if self.from_logits:
            return self._checked_logits(block, start)
        if self.renormalize and not self.positive_only:
            return self._renormalized(block, start)
        low = block.min()
        if self.positive_only:
            high = block.max()  # nan if there is one
        else:
            with np.errstate(over="ignore", invalid="ignore"):
                sums = _kernels.row_sums(block)
            high = sums.max()
            tolerance = self._tolerance
            # Written so that nan fails.
            if not (high <= 1 + tolerance and sums.min() >= 1 - tolerance):
                self._refuse_range(block, start)
                self._refuse_sums(block, tolerance, start)
        # No number of a row without negative ones is larger than the row's sum, so that most
        # tables need no second look.
        limit = 1.0 if self.positive_only else 1.0 + _RANGE_TOLERANCE
        if not (low >= 0 and high <= limit):
            self._refuse_range(block, start)
            return block.clip(0.0, 1.0)
        return block

    def _checked_logits(self, block: NDArray[np.floating], start: int) -> NDArray[np.floating]:
        with np.errstate(invalid="ignore"):
            bad = ~(block < np.inf)
        if bad.any():
            row, column = np.argwhere(bad)[0]
            msg = (
                f"{self.name} must hold logits below infinity and no nan; "
                f"row {start + row} holds {block[row, column]} in column {column}."
            )
            raise ValueError(msg)
        if not self.positive_only and not (block.max(axis=1) > -np.inf).all():
            row = int((block.max(axis=1) == -np.inf).argmax())
            msg = (
                f"{self.name} must hold a finite logit in each row; row {start + row} is all -inf."
            )
            raise ValueError(msg)
        return block

    def _renormalized(self, block: NDArray[np.floating], start: int) -> FloatArray:
        wide = block.astype(np.float64, copy=False)
        with np.errstate(over="ignore", invalid="ignore"):
            sums = wide.sum(axis=1)
            least = -_RANGE_TOLERANCE * sums
            bad = ~((sums > 0) & (sums < np.inf) & (block.min(axis=1) >= least))
        if bad.any():
            row = int(bad.argmax())
            msg = (
                f"{self.name} with renormalize=True needs finite, non-negative numbers with a "
                f"positive sum in each row; row {start + row} is {shown(block[row], 6)}."
            )
            raise ValueError(msg)
        return np.maximum(wide / sums[:, None], 0.0)

    def _refuse_range(self, block: NDArray[np.floating], start: int) -> None:
        with np.errstate(invalid="ignore"):
            good = (block >= -_RANGE_TOLERANCE) & (block <= 1 + _RANGE_TOLERANCE)
        if good.all():
            return
        row, column = np.argwhere(~good)[0]
        where = f"row {start + row}" + ("" if self.positive_only else f", column {column}")
        msg = (
            f"{self.name} must hold finite probabilities between 0 and 1; "
            f"{where} holds {float(block[row, column])!r}. "
            f"For logits or log-probabilities pass from_logits=True."
        )
        if self.renormalize is not None and not self.positive_only:
            msg += " To divide each row by its sum pass renormalize=True."
        raise ValueError(msg)

    def _refuse_sums(self, block: NDArray[np.floating], tolerance: float, start: int) -> None:
        sums = block.sum(axis=1, dtype=np.float64)
        bad = abs(sums - 1) > tolerance
        if not bad.any():  # it was the float32 sum that left the band, not the row
            return
        row = int(bad.argmax())
        if self.name == "y_true" and block.shape[1] > 1 and np.isin(block[row], (0, 1)).all():
            msg = (
                f"y_true is a multilabel indicator: row {start + row} has {int(sums[row])} "
                f"labels, not 1. Score one column at a time: y_true[:, j] with y_proba[:, j]."
            )
            raise ValueError(msg)
        if block.shape[1] == 1:
            advice = "If y_proba has one column, for the positive class, pass a 1-D array."
        elif self.name == "y_true":
            advice = "Class labels are passed as a 1-D array."
        else:
            advice = "For logits or log-probabilities pass from_logits=True."
        if self.renormalize is not None and block.shape[1] > 1:
            advice += " To divide each row by its sum pass renormalize=True."
        msg = (
            f"The rows of {self.name} must sum to 1 within {tolerance:g}; "
            f"row {start + row} sums to {sums[row]:.6g}. {advice}"
        )
        raise ValueError(msg)


def as_table(
    values: ArrayLike, name: str, *, from_logits: bool = False, renormalize: bool | None = False
) -> Table:
    """`values` as a `Table`: the array where possible without a copy, and the column names."""
    check_flag(from_logits, "from_logits")
    if renormalize is not None:
        check_flag(renormalize, "renormalize")
    refuse_lazy(values, name)
    origin = values if is_foreign(values) else None
    array, columns = array_and_columns(values if origin is None else on_host(origin, name), name)
    if array.ndim == 0:
        msg = f"{name} must be an array, a list or a data frame in memory; got {type(values)}."
        raise TypeError(msg)
    if array.ndim not in (1, 2):
        msg = (
            f"{name} must have shape (n_samples, n_classes) or (n_samples,); got {array.shape}. "
            f"For several outputs pass one of them at a time."
        )
        raise ValueError(msg)
    if array.dtype.kind not in "biufO":
        msg = (
            f"{name} must hold probabilities; got dtype {array.dtype}. If these are predicted "
            f"labels, pass the output of predict_proba instead."
        )
        raise TypeError(msg)
    if array.size == 0:
        msg = f"{name} is empty: shape {array.shape}; at least one row and one class are needed."
        raise ValueError(msg)
    return Table(array, name, None, columns, from_logits, renormalize, origin=origin)
