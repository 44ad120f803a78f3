"""What data frames and columns hold: their names, and tables whose rows are cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import issparse

from skxent._intake._foreign import refuse_masked
from skxent._intake._labels import shown
from skxent._typing import IntArray

if TYPE_CHECKING:
    import narwhals.stable.v2 as nw

__all__ = [
    "Names",
    "array_and_columns",
    "by_spelling",
    "column_order",
    "events_of",
    "frame_of",
    "given",
    "matching_columns",
    "n_columns",
    "named_labels",
    "rows_of_cells",
    "take_rows",
]

Names = tuple[Any, ...]


def array_and_columns(values: ArrayLike, name: str) -> tuple[NDArray[Any], Names | None]:
    """The array where possible without a copy, and the column names of a data frame."""
    if hasattr(values, "toarray") and hasattr(values, "nnz"):
        msg = f"{name} is a sparse matrix; pass {name}.toarray()."
        raise TypeError(msg)
    refuse_masked(values, name)
    values = rows_of_cells(values, name)
    if not isinstance(values, np.ndarray | list | tuple):
        frame = frame_of(values, name)
        if frame is not None:
            return frame.to_numpy(), given(frame.columns)
    if isinstance(values, list | tuple) and any(isinstance(v, np.ma.MaskedArray) for v in values):
        msg = f"{name} has masked rows, whose masks would be lost; fill or drop them first."
        raise ValueError(msg)
    try:
        return np.asarray(values), None
    except (ValueError, OverflowError, RuntimeError) as error:
        msg = f"{name} must have rows of equal length, of numbers in the range of floats: {error}."
        raise ValueError(msg) from error


def frame_of(values: Any, name: str) -> nw.DataFrame[Any] | None:
    """A data frame, whose library it may be; None for anything else."""
    import narwhals.stable.v2 as nw  # only here, since arrays and lists do without it

    if not nw.dependencies.is_into_dataframe(values):
        return None
    try:
        return nw.from_native(values, eager_only=True)
    except ValueError as error:
        msg = f"{name} cannot be read as a data frame: {error}."
        raise ValueError(msg) from error


def n_columns(values: ArrayLike) -> int:
    """Number of columns of a two-dimensional `values`; 0 if it is one-dimensional."""
    if type(values) is not np.ndarray and isinstance(values, list | tuple):
        first: Any = values[0] if values else None
        return len(first) if isinstance(first, list | tuple) or np.ndim(first) == 1 else 0
    shape = getattr(values, "shape", None)
    return shape[1] if isinstance(shape, tuple) and len(shape) == 2 else 0


# Names


def given(names: Sequence[Any]) -> Names | None:
    """
    Names that somebody gave; None for 0, 1, 2, ... in this order, which pandas gives itself.

    The type of pandas' index does not tell: pandas 3 makes a range of any evenly spaced numbers.
    """
    counted = all(type(name) is int and name == i for i, name in enumerate(names))
    return None if counted else tuple(names)


def events_of(values: ArrayLike) -> Names | None:
    """Names that a pandas Series gives to its entries; not the numbers that pandas gives."""
    index = getattr(values, "index", None)
    return given(index.tolist()) if index is not None and hasattr(index, "tolist") else None


def spellings(value: object) -> set[str]:
    """The texts that a label or a name may have become, or come from, in a file."""
    if isinstance(value, bool):
        return {str(value), str(value).lower(), str(int(value))}
    if isinstance(value, int | float) and abs(value) < 2**53 and value == int(value):
        return {str(int(value)), str(float(value)), str(value)}
    return {repr(value) if isinstance(value, bytes) else str(value)}


def by_spelling(labels: NDArray[Any]) -> dict[str, int]:
    """The label that each text may stand for, by its number."""
    return {text: i for i, label in enumerate(labels.tolist()) for text in spellings(label)}


def _without(prefix: str, column: object) -> set[str]:
    """The spellings of a column's name behind `prefix`."""
    if isinstance(column, str):
        return {column.removeprefix(prefix)} if column.startswith(prefix) else set()
    return set() if prefix else spellings(column)


def _places(columns: Names, spelled: dict[str, int], prefix: str) -> list[int | None]:
    """The label that each column names behind `prefix`."""
    found = []
    for column in columns:
        labels = {spelled[text] for text in _without(prefix, column) if text in spelled}
        found.append(labels.pop() if len(labels) == 1 else None)
    return found


def named_labels(columns: Names, labels: NDArray[Any]) -> list[int | None]:
    """The label that each column names, behind the prefix with which most of them name one."""
    spelled = by_spelling(labels)
    first = columns[0] if isinstance(columns[0], str) else ""
    prefixes = {first.removesuffix(text) for text in spelled if first.endswith(text)}
    tried = [_places(columns, spelled, prefix) for prefix in sorted({"", *prefixes})]
    return max(tried, key=lambda places: len(set(places) - {None}))


def matching_columns(columns: Names, labels: NDArray[Any]) -> IntArray | None:
    """Where in `columns` each label stands; None if they do not name each label once."""
    places = named_labels(columns, labels)
    if None in places or len(set(places)) < len(places) or len(places) != len(labels):
        return None
    return np.argsort(np.array(places, dtype=np.intp))


def _numbered(columns: Names) -> bool:
    """Whether names are what libraries make up: column_0, column_1, and so on, from 0 or 1."""
    texts = [str(column) for column in columns]
    start = texts[0].rstrip("0123456789")
    return any(texts == [f"{start}{i + first}" for i in range(len(texts))] for first in (0, 1))


def column_order(columns: Names, labels: NDArray[Any], name: str) -> IntArray:
    """
    Where in `columns` each label stands.

    A column names a label as it is, as the text of it, or behind a prefix that all columns have.
    """
    if len(set(columns)) != len(columns):
        msg = f"{name} has columns of the same name: {shown(columns)}; make them distinct."
        raise ValueError(msg)
    order = matching_columns(columns, labels)
    if order is not None:
        return order
    way_out = f"Rename or select the columns, or pass {name}.to_numpy() to match them by position."
    places = named_labels(columns, labels)
    named = set(places) - {None}
    if not named and _numbered(columns):
        msg = (
            f"The columns of {name}, {shown(columns)}, are numbered, and the labels are "
            f"{shown(labels)}: nothing says which is whose. Name each by its label, as with "
            f"{name}.columns = list(model.classes_) for what a scikit-learn model predicted; or "
            f"pass {name}.to_numpy(), if they stand in the order of these labels."
        )
        raise ValueError(msg)
    if not named:
        msg = (
            f"The columns of {name}, {shown(columns)}, are not named as the labels, "
            f"{shown(labels)}, nor as these behind a common prefix. {way_out}"
        )
        raise ValueError(msg)
    twice = [column for column, i in zip(columns, places, strict=True) if places.count(i) > 1]
    if None not in places and twice:
        msg = f"The columns of {name}, {shown(twice)}, name the same label. {way_out}"
        raise ValueError(msg)
    missing = [label for i, label in enumerate(labels) if i not in named]
    extra = [column for column, i in zip(columns, places, strict=True) if i is None]
    msg = (
        f"The columns of {name} are only partly the labels: no column for {shown(missing)}, "
        f"no label for {shown(extra)}. {way_out}"
    )
    raise ValueError(msg)


# Cells


def rows_of_cells(values: ArrayLike, name: str) -> ArrayLike:
    """The table whose rows are the cells of a column of lists; anything else as it is."""
    cells = _cells(values, name)
    if cells is None:
        return values
    lengths = _lengths(cells)
    width = int(lengths[0]) if len(lengths) else 0
    bad = (lengths < 0) | (lengths != width)
    if bad.any():
        row = int(bad.argmax())
        held = f"{lengths[row]} beside {width} in row 0" if lengths[row] >= 0 else "no list"
        msg = (
            f"{name} is a column of lists, which must be of equal length, with one number a "
            f"class; row {row} holds {held}."
        )
        raise ValueError(msg)
    flat = _flat(cells) if width else np.empty(0)
    if flat.shape != (len(lengths) * width,):
        msg = f"{name} is a column of lists of lists; pass one list of numbers a row."
        raise ValueError(msg)
    return flat.reshape(len(lengths), width)


def _cells(values: Any, name: str) -> Any:
    """
    The cells of a column of lists: as an array of objects, a polars Series or an Arrow array.

    None if `values` are anything else.
    """
    if isinstance(values, np.ndarray):
        return _objects(values) if values.dtype.kind == "O" else None
    width = 2 if isinstance(values, list | tuple) else n_columns(values)
    if width > 1:
        return None
    if width == 1 and (frame := frame_of(values, name)) is not None:
        values = frame.get_column(frame.columns[0]).to_native()
    kind = str(getattr(values, "dtype", getattr(values, "type", ""))).lower()
    if kind == "object":
        return _objects(np.asarray(values))
    if not kind.startswith(("list(", "array(", "list<", "large_list<", "fixed_size_list<")):
        return None
    if hasattr(values, "array"):  # pandas, around Arrow's
        values = values.array.__arrow_array__()
    return values.combine_chunks() if hasattr(values, "combine_chunks") else values


def _objects(cells: NDArray[Any]) -> NDArray[Any] | None:
    if cells.ndim != 1:
        return None
    first = next((cell for cell in cells if cell is not None), None)
    return cells if isinstance(first, list | np.ndarray) else None


def _lengths(cells: Any) -> IntArray:
    """How many numbers each cell holds; -1 where there is no list."""
    if isinstance(cells, np.ndarray):
        sized = (len(c) if isinstance(c, list | np.ndarray) else -1 for c in cells)
        return np.fromiter(sized, dtype=np.intp, count=len(cells))
    kind = cells.dtype if hasattr(cells, "dtype") else cells.type
    # Of polars' and of Arrow's lists of one size; the lengths of others are counted.
    lengths = getattr(kind, "size", getattr(kind, "list_size", None))
    if lengths is None:
        counted = (
            cells.list.len().fill_null(0) if hasattr(cells, "list") else np.diff(cells.offsets)
        )
        lengths = np.asarray(counted, dtype=np.intp)
    return np.where(np.asarray(cells.is_null()), -1, lengths)


def _flat(cells: Any) -> NDArray[Any]:
    """The numbers of all cells, one after the other."""
    if isinstance(cells, np.ndarray):
        return np.concatenate([np.asarray(cell) for cell in cells])
    return np.asarray(cells.explode() if hasattr(cells, "explode") else cells.flatten())


def take_rows(X: Any, rows: IntArray) -> Any:
    """Rows of an array, a sparse matrix, a data frame or a list."""
    if hasattr(X, "iloc"):
        return X.iloc[rows]
    if hasattr(X, "__array_namespace__") and not isinstance(X, np.ndarray):
        xp = X.__array_namespace__()
        return xp.take(X, xp.asarray(rows, device=X.device), axis=0)
    if hasattr(X, "to_pylist"):  # pyarrow
        return X.take(rows)
    if isinstance(X, list | tuple):
        return [X[i] for i in rows]
    if issparse(X):
        sparse: Any = X
        return sparse.tocsr()[rows]
    return (X if hasattr(X, "__getitem__") else np.asarray(X))[rows]
