"""What a row is described by: named columns of numbers or of categories."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skxent._intake._containers import frame_of, given
from skxent._intake._foreign import in_memory
from skxent._intake._numbers import as_float, is_missing
from skxent._typing import FloatArray, IntArray

__all__ = ["Feature", "check_columns", "check_features", "coded"]


@dataclass(frozen=True, slots=True)
class Feature:
    """One column: either numbers, or codes of categories."""

    name: str
    numbers: FloatArray | None = None
    """Shape (n_samples,); nan where the value is missing."""
    codes: IntArray | None = None
    """Shape (n_samples,): place of the value in `values`; -1 where it is missing."""
    values: tuple[Any, ...] = ()
    is_time: bool = False
    """Whether the numbers are microseconds since 1970."""

    @property
    def column(self) -> NDArray[Any]:
        """The number or the code of each row."""
        return self.codes if self.numbers is None else self.numbers  # type: ignore[return-value]

    def taken(self, rows: slice | NDArray[np.bool_] | IntArray) -> Feature:
        """The column of some of the rows."""
        numbers = None if self.numbers is None else self.numbers[rows]
        return replace(
            self, numbers=numbers, codes=None if self.codes is None else self.codes[rows]
        )


def check_features(
    X: ArrayLike, n_samples: int, beside: Any = None, name: str = "X"
) -> list[Feature]:
    """
    The columns of a data frame or an array; those of an array are called x0, x1, and so on.

    `beside` is what has the same rows; where both are of pandas, their indexes have to agree.
    """
    X = in_memory(X, name, "fill it with nan first")
    if hasattr(X, "toarray") and hasattr(X, "nnz"):
        msg = (
            f"{name} is a sparse matrix; pass the columns to look at, as a data frame or an array."
        )
        raise TypeError(msg)
    found = _of_frame(X, name)
    found = _of_array(X, name) if found is None else found
    if not found:
        msg = f"{name} has no columns: there is nothing to find slices by."
        raise ValueError(msg)
    n = len(found[0].column)
    if n != n_samples:
        msg = f"{name} and y_true must have the same number of rows; got {n} and {n_samples}."
        raise ValueError(msg)
    _same_index(X, beside, name)
    return found


def check_columns(by: object, features: Sequence[Feature]) -> list[int]:
    """Places of the columns that are named in `by`: one name, or several."""
    several = isinstance(by, list | tuple | np.ndarray) and not isinstance(by, str | bytes)
    names: list[Any] = list(by) if several else [by]  # type: ignore[call-overload]
    known = [feature.name for feature in features]
    for name in names:
        if str(name) not in known:
            some = ", ".join(map(repr, known[:10])) + (", …" if len(known) > 10 else "")
            msg = f"by must name columns of X, which are {some}; got {name!r}."
            raise ValueError(msg)
    if not names or len(set(map(str, names))) < len(names):
        msg = f"by must name at least one column of X, and none twice; got {by!r}."
        raise ValueError(msg)
    return [known.index(str(name)) for name in names]


def _same_index(X: Any, beside: Any, name: str) -> None:
    """Rows are matched by position; two indexes of pandas that differ say that it is wrong."""
    if not (hasattr(X, "iloc") and hasattr(beside, "iloc")):
        return
    one, other = X.index, beside.index
    if len(one) == len(other) and not one.equals(other) and set(one) == set(other):
        msg = (
            f"{name} and y_true have the same index in another order, and rows are matched by "
            f"position; pass {name}.loc[y_true.index], or reset both indexes."
        )
        raise ValueError(msg)


def _of_frame(X: Any, name: str) -> list[Feature] | None:
    """The columns of a data frame or of one column; None for anything else."""
    if isinstance(X, np.ndarray | list | tuple):
        return None
    import narwhals.stable.v2 as nw  # only here, since arrays and lists do without it

    if nw.dependencies.is_into_series(X):
        series = nw.from_native(X, series_only=True)
        return [_of_series(series, str(series.name or "x0"))]
    frame = frame_of(X, name)
    if frame is None:
        return None
    names = given(frame.columns)
    called = list(map(str, names or (f"x{i}" for i in range(len(frame.columns)))))
    if len(set(called)) < len(called):
        twice = next(name for name in called if called.count(name) > 1)
        msg = f"The columns of {name} must have different names; {twice!r} is there twice."
        raise ValueError(msg)
    return [
        _of_series(column, text) for column, text in zip(frame.iter_columns(), called, strict=True)
    ]


def _of_series(series: Any, name: str) -> Feature:
    import narwhals.stable.v2 as nw

    dtype = series.dtype
    if dtype.is_numeric():
        return Feature(name, np.asarray(series.cast(nw.Float64).to_numpy(), dtype=np.float64))
    if isinstance(dtype, nw.Date | nw.Datetime):
        stamps = (series.cast(nw.Datetime("us")) if dtype == nw.Date else series).dt.timestamp("us")
        numbers = np.asarray(stamps.cast(nw.Float64).to_numpy(), dtype=np.float64)
        missing = np.asarray(series.is_null().to_numpy(), dtype=np.bool_)
        return Feature(name, np.where(missing, np.nan, numbers), is_time=True)
    return coded(series.to_list(), name)


def _of_array(X: Any, name: str) -> list[Feature]:
    if not isinstance(X, np.ndarray):
        X = _objects(X, name)
    if X.ndim == 1:
        X = X[:, None]
    if X.ndim != 2:
        msg = f"{name} must have shape (n_samples, n_features); got {X.shape}."
        raise ValueError(msg)
    return [_of_column(X[:, j], f"x{j}") for j in range(X.shape[1])]


def _objects(X: Any, name: str) -> NDArray[Any]:
    """A list of rows or of values as objects: NumPy would make text of a number beside text."""
    if not isinstance(X, list | tuple):
        return np.asarray(X)
    lengths = {len(row) if isinstance(row, list | tuple) else np.size(row) for row in X}
    if len(lengths) > 1:
        msg = f"{name} must have rows of equal length."
        raise ValueError(msg)
    nested = bool(X) and (isinstance(X[0], list | tuple) or np.ndim(X[0]) > 0)
    found = np.empty((len(X), *lengths) if nested else len(X), dtype=object)
    for i, row in enumerate(X):
        found[i] = list(row) if nested else row
    return found


def _of_column(column: NDArray[Any], name: str) -> Feature:
    kind = column.dtype.kind
    if kind in "iuf":
        return Feature(name, column.astype(np.float64))
    if kind == "M":
        missing = np.isnat(column)
        stamps = column.astype("M8[us]").astype(np.int64).astype(np.float64)
        return Feature(name, np.where(missing, np.nan, stamps), is_time=True)
    return coded(column.tolist(), name)


def coded(values: Sequence[Any], name: str) -> Feature:
    """A column of Python's values: numbers if all of them are, and else categories."""
    position: dict[Hashable, int] = {}
    try:
        codes = np.array([position.setdefault(v, len(position)) for v in values], dtype=np.intp)
    except TypeError as error:
        msg = f"Column {name!r} of X must hold numbers, text or other hashable values: {error}."
        raise TypeError(msg) from error
    seen = list(position)
    present = [not is_missing(value) for value in seen]
    numeric = [isinstance(v, Real) and not isinstance(v, bool | np.bool_) for v in seen]
    if any(present) and all(n for n, there in zip(numeric, present, strict=True) if there):
        numbers = [as_float(v) if there else np.nan for v, there in zip(seen, present, strict=True)]
        return Feature(name, np.array(numbers, dtype=np.float64)[codes])
    # Numbered anew without what is missing, in an order that is not that of the rows.
    kept = [i for i, there in enumerate(present) if there]
    kept.sort(key=lambda i: (str(seen[i]), type(seen[i]).__name__))
    place = np.full(len(seen), -1, dtype=np.intp)
    place[kept] = np.arange(len(kept))
    return Feature(name, codes=place[codes], values=tuple(seen[i] for i in kept))
