"""A table of probabilities or logits that is checked, block by block, as it is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skxent import _kernels
from skxent._kernels import FloatArray, IntArray
from skxent._labels import shown

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
    renormalize: bool = False

    @property
    def n_samples(self) -> int:
        return int(self.array.shape[0])

    @property
    def n_classes(self) -> int:
        return 2 if self.positive_only else int(self.array.shape[1])

    @property
    def positive_only(self) -> bool:
        return self.array.ndim == 1

    def in_order_of(self, labels: NDArray[Any]) -> Table:
        """The table with its columns in the order of `labels`, if it has their names."""
        if self.columns is None:
            return self
        order = _column_order(self.columns, labels, self.name)
        return self if order is None else replace(self, order=order)

    def blocks(self) -> Iterator[tuple[slice, NDArray[np.floating]]]:
        """Checked blocks of two dimensions in native float32 or float64, ready for gathering."""
        dtype = np.float32 if self.array.dtype == np.float32 else np.float64
        width = 1 if self.positive_only else self.n_classes
        for rows in _kernels.row_slices(self.n_samples, width):
            block = self.array[rows]
            if block.ndim == 1:
                block = block[:, None]
            if self.order is not None:
                block = block[:, self.order]
            if self.array.dtype.kind == "O":
                block = self._numbers(block)
            yield rows, self._checked(block.astype(dtype, copy=False), rows.start)

    def log_probabilities(self) -> Iterator[tuple[slice, FloatArray]]:
        """Checked blocks of log-probabilities, one column a class."""
        for rows, block in self.blocks():
            wide = block.astype(np.float64, copy=False)
            if self.positive_only:
                z = wide[:, 0]
                logp = np.empty((len(z), 2))
                if self.from_logits:
                    logp[:, 0] = -np.logaddexp(0.0, z)
                    logp[:, 1] = -np.logaddexp(0.0, -z)
                else:
                    with np.errstate(divide="ignore"):
                        logp[:, 0] = np.log1p(-z)
                        logp[:, 1] = np.log(z)
            elif self.from_logits:
                logp = _kernels.log_softmax(wide)
            else:
                with np.errstate(divide="ignore"):
                    logp = np.log(wide)
            yield rows, logp

    def probabilities(self) -> Iterator[tuple[slice, FloatArray]]:
        """Checked blocks of probabilities, one column a class."""
        if self.from_logits:
            for rows, logp in self.log_probabilities():
                yield rows, np.exp(logp)
            return
        for rows, block in self.blocks():
            wide = block.astype(np.float64, copy=False)
            if self.positive_only:
                wide = np.hstack([1.0 - wide, wide])
            yield rows, wide

    def log_proba_of(self, codes: IntArray) -> FloatArray:
        """Log-probability of each row's class, gathered without building one-hot rows."""
        out = np.empty(self.n_samples)
        for rows, block in self.blocks():
            if self.positive_only:
                z, positive = block[:, 0].astype(np.float64, copy=False), codes[rows] == 1
                if self.from_logits:
                    out[rows] = -np.logaddexp(0.0, np.where(positive, -z, z))
                else:
                    with np.errstate(divide="ignore"):
                        # log1p keeps the loss of a row that is nearly certain.
                        out[rows] = np.where(positive, np.log(z), np.log1p(-z))
            elif self.from_logits:
                wide = block.astype(np.float64, copy=False)
                out[rows] = _kernels.pick_log_softmax(wide, codes[rows])
            else:
                with np.errstate(divide="ignore"):
                    out[rows] = np.log(_kernels.pick(block, codes[rows]))
        return out

    def _numbers(self, block: NDArray[Any]) -> FloatArray:
        try:
            return block.astype(np.float64)
        except (TypeError, ValueError) as error:
            msg = f"{self.name} must be numbers; got dtype object that cannot be read so: {error}."
            raise TypeError(msg) from error

    def _checked(self, block: NDArray[np.floating], start: int) -> NDArray[np.floating]:
        if self.from_logits:
            return self._checked_logits(block, start)
        low = block.min()
        if self.positive_only:
            high = block.max()
        else:
            with np.errstate(over="ignore", invalid="ignore"):
                sums = _kernels.row_sums(block)
            if self.renormalize:
                return self._renormalized(block, sums, start)
            high = sums.max()
            tolerance = _SUM_TOLERANCE_HALF if self.array.dtype.itemsize == 2 else _SUM_TOLERANCE
            # Written so that nan fails.
            if not (high <= 1 + tolerance and sums.min() >= 1 - tolerance):
                self._refuse_range(block, start)
                self._refuse_sums(block, tolerance, start)
        if low >= 0 and high <= 1:
            return block
        # No number of a row without negative ones is larger than its sum; only where a sum
        # is itself above 1 do the numbers need a second look.
        if not (low >= -_RANGE_TOLERANCE and block.max() <= 1 + _RANGE_TOLERANCE):
            self._refuse_range(block, start)
        return block.clip(0.0, 1.0)

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
            msg = f"{self.name} must hold a finite logit in each row; row {start + row} is all -inf."
            raise ValueError(msg)
        return block

    def _renormalized(
        self, block: NDArray[np.floating], sums: NDArray[np.floating], start: int
    ) -> FloatArray:
        bad = ~(np.isfinite(sums) & (sums > 0)) | ~(block.min(axis=1) >= 0)
        if bad.any():
            row = int(bad.argmax())
            msg = (
                f"{self.name} with renormalize=True needs finite, non-negative numbers with a "
                f"positive sum in each row; row {start + row} is {_row(block[row])}."
            )
            raise ValueError(msg)
        wide = block.astype(np.float64, copy=False)
        return wide / _kernels.row_sums(wide)[:, None]

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
        raise ValueError(msg)

    def _refuse_sums(self, block: NDArray[np.floating], tolerance: float, start: int) -> None:
        sums = block.sum(axis=1, dtype=np.float64)
        row = int((abs(sums - 1) > tolerance).argmax())
        only = block.shape[1] == 1
        advice = (
            "For the probability of the positive class alone pass a 1-D array."
            if only
            else "Pass renormalize=True to divide each row by its sum, or from_logits=True "
            "for logits or log-probabilities."
        )
        msg = (
            f"The rows of {self.name} must sum to 1 within {tolerance:g}; "
            f"row {start + row} sums to {sums[row]:.6g}. {advice}"
        )
        raise ValueError(msg)


def _row(values: NDArray[Any]) -> str:
    return shown(values, limit=6)


def _column_order(columns: tuple[Any, ...], labels: NDArray[Any], name: str) -> IntArray | None:
    """Where in `columns` each label stands; None if no column has the name of a label."""
    if len(set(columns)) != len(columns):
        msg = f"{name} has columns of the same name: {shown(columns)}; make them distinct."
        raise ValueError(msg)
    wanted = labels.tolist()
    as_text = [str(label) for label in wanted]
    for names in (wanted, as_text):
        common = set(names) & set(columns)
        if not common:
            continue
        if len(common) == len(names) == len(columns):
            return np.array([columns.index(label) for label in names], dtype=np.intp)
        missing = [label for label in names if label not in columns]
        extra = [column for column in columns if column not in names]
        msg = (
            f"The columns of {name} are only partly the labels: no column for {shown(missing)}, "
            f"no label for {shown(extra)}. Rename or select the columns, or pass "
            f"{name}.to_numpy() to match them by position."
        )
        raise ValueError(msg)
    return None


def as_table(
    values: ArrayLike, name: str, *, from_logits: bool = False, renormalize: bool = False
) -> Table:
    """`values` as a `Table`: the array where possible without a copy, and the column names."""
    if hasattr(values, "toarray") and hasattr(values, "nnz"):
        msg = f"{name} is a sparse matrix; pass {name}.toarray()."
        raise TypeError(msg)
    if isinstance(values, np.ma.MaskedArray):
        msg = f"{name} is a masked array, whose mask would be lost; fill or drop those rows first."
        raise ValueError(msg)
    columns = None
    if not isinstance(values, np.ndarray) and hasattr(values, "columns"):
        import narwhals.stable.v2 as nw

        frame = nw.from_native(values, eager_only=True)
        columns = tuple(getattr(values, "columns"))  # noqa: B009 - the protocol has no such name
        array = frame.to_numpy()
    else:
        try:
            array = np.asarray(values)
        except ValueError as error:
            msg = f"{name} must have rows of equal length: {error}."
            raise ValueError(msg) from error
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
    return Table(array, name, None, columns, from_logits, renormalize)


