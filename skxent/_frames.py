"""What has names: the columns of data frames, and the events of a series."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skxent._kernels import IntArray
from skxent._labels import shown

__all__ = ["array_and_columns", "column_order", "events_of"]


def array_and_columns(values: ArrayLike, name: str) -> tuple[NDArray[Any], tuple[Any, ...] | None]:
    """The array where possible without a copy, and the column names of a data frame."""
    if type(values) is np.ndarray:
        return values, None
    if hasattr(values, "toarray") and hasattr(values, "nnz"):
        msg = f"{name} is a sparse matrix; pass {name}.toarray()."
        raise TypeError(msg)
    if isinstance(values, np.ma.MaskedArray):
        msg = f"{name} is a masked array, whose mask would be lost; fill or drop those rows first."
        raise ValueError(msg)
    if not isinstance(values, np.ndarray | list | tuple):
        import narwhals.stable.v2 as nw  # only here, since arrays and lists do without it

        if nw.dependencies.is_into_dataframe(values):
            try:
                frame = nw.from_native(values, eager_only=True)
            except ValueError as error:
                msg = f"{name} cannot be read as a data frame: {error}."
                raise ValueError(msg) from error
            # pandas numbers columns that nobody has named.
            named = type(getattr(values, "columns", None)).__name__ != "RangeIndex"
            return frame.to_numpy(), tuple(frame.columns) if named else None
    if isinstance(values, list | tuple) and any(isinstance(v, np.ma.MaskedArray) for v in values):
        msg = f"{name} has masked rows, whose masks would be lost; fill or drop them first."
        raise ValueError(msg)
    try:
        return np.asarray(values), None
    except (ValueError, OverflowError, RuntimeError) as error:
        msg = f"{name} must have rows of equal length, of numbers in the range of floats: {error}."
        raise ValueError(msg) from error


def column_order(columns: tuple[Any, ...], labels: NDArray[Any], name: str) -> IntArray | None:
    """Where in `columns` each label stands; None if no column has the name of a label."""
    if len(set(columns)) != len(columns):
        msg = f"{name} has columns of the same name: {shown(columns)}; make them distinct."
        raise ValueError(msg)
    wanted = labels.tolist()
    # Files keep the names of columns as text, and a label of 1 may have come back as 1.0.
    whole = [int(v) if isinstance(v, float) and v.is_integer() else v for v in wanted]
    as_text = [str(label) for label in whole]
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


def events_of(values: ArrayLike) -> tuple[Any, ...] | None:
    """Names that a pandas Series gives to its entries; not the numbers that pandas gives."""
    index = getattr(values, "index", None)
    named = hasattr(index, "tolist") and type(index).__name__ != "RangeIndex"
    return tuple(index.tolist()) if named and index is not None else None
