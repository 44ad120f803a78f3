"""Values as they are, or as float64, from whatever holds them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["as_column", "as_float", "as_float64", "as_objects", "is_missing", "nan_for_missing"]


def as_objects(values: Sequence[Any]) -> NDArray[Any]:
    """Values as they are: np.array would make text of 1 beside "a", and rows of tuples."""
    return np.fromiter(values, dtype=object, count=len(values))


def as_column(array: NDArray[Any], values: object, name: str) -> NDArray[Any]:
    """An array of `values` whose single column, if it has one, is one dimension."""
    if array.ndim == 0:
        msg = f"{name} must be a list or a one-dimensional array; got {type(values)}."
        raise TypeError(msg)
    return array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array


def is_missing(value: object) -> bool:
    """Whether a value is None, nan, or pandas' NA or NaT."""
    if value is None or type(value).__name__ in {"NAType", "NaTType"}:
        return True
    if isinstance(value, np.datetime64 | np.timedelta64):
        return bool(np.isnat(value))
    if isinstance(value, Decimal):
        return value.is_nan()
    return isinstance(value, float | np.floating) and bool(np.isnan(value))


def nan_for_missing(array: NDArray[Any]) -> NDArray[Any]:
    """An array of objects with nan in the place of what is missing."""
    values = [math.nan if is_missing(v) else v for v in array.flat]
    return np.array(values, dtype=object).reshape(array.shape)


def as_float64(array: NDArray[Any], name: str) -> NDArray[np.float64]:
    """
    Numbers as float64, without a copy where they are; missing values are nan.

    Text is refused, although numpy would read "0.5" as 0.5, and so are dates and complex
    numbers. Numbers beyond the range of float64 are infinite.
    """
    kind = array.dtype.kind
    if kind not in "biufO":
        msg = f"{name} must be numbers; got dtype {array.dtype}."
        raise TypeError(msg)
    if kind != "O":
        with np.errstate(over="ignore"):
            return array.astype(np.float64, copy=False)
    try:
        if any(isinstance(v, str | bytes) for v in array.flat):
            msg = "it holds text"
            raise TypeError(msg)
        values = [math.nan if is_missing(v) else as_float(v) for v in array.flat]
    except (TypeError, ValueError) as error:
        msg = f"{name} must be numbers; got dtype object that cannot be read so: {error}."
        raise TypeError(msg) from error
    return np.array(values, dtype=np.float64).reshape(array.shape)


def as_float(value: Any) -> float:
    """A number as float: infinite where it is beyond its range."""
    if isinstance(value, complex | np.complexfloating):
        msg = "it holds complex numbers"
        raise TypeError(msg)
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
