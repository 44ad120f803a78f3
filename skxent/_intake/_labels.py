"""Class labels of any type: read them, find the distinct ones, say what is wrong with them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from datetime import date, time, timedelta
from itertools import pairwise
from numbers import Number
from typing import Any, NoReturn

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skxent._intake._codes import encode
from skxent._intake._foreign import fetched, in_memory, is_foreign
from skxent._intake._numbers import as_column, as_objects, is_missing
from skxent._typing import IntArray, LabelArray

__all__ = [
    "as_labels",
    "check_labels",
    "check_pos_label",
    "codes_of",
    "distinct",
    "encode",
    "factorize",
    "refuse_missing",
    "refuse_nan",
    "refuse_soft",
    "shown",
    "uncomparable",
]

# Rows that are looked at first for their distinct values; the rest only has to confirm them.
_SAMPLE = 4096


def shown(values: Iterable[Any], limit: int = 10) -> str:
    """Labels as an error message shows them: as Python values, the first `limit`."""
    items = [v.item() if isinstance(v, np.generic) else v for v in values]
    text = ", ".join(repr(v) for v in items[:limit])
    return f"[{text}, ... {len(items)} in all]" if len(items) > limit else f"[{text}]"


def as_labels(values: ArrayLike, name: str) -> LabelArray:
    """
    `values` as a one-dimensional array of labels that keeps their type.

    Missing values, nested sequences, sparse matrices and types that cannot be labels are
    refused. Numbers and strings in one list stay what they are: numpy alone would turn 1
    into '1'.
    """
    values = in_memory(values, name)
    try:
        array = np.asarray(values)
    except (ValueError, RuntimeError) as error:
        msg = f"{name} must be a sequence of labels, without rows of unequal length: {error}."
        raise ValueError(msg) from error
    array = as_column(array, values, name)
    if array.ndim != 1:
        msg = (
            f"{name} must be a one-dimensional sequence of labels; got shape {array.shape}. Of "
            f"several outputs, or of labels of which a row may have several, take one at a time."
        )
        raise ValueError(msg)
    if array.dtype.kind != "O" and isinstance(values, list | tuple):
        flat = [v[0] if isinstance(v, list | tuple) else v for v in values]
        if _converted(array, flat):
            array = as_objects(flat)
    if array.dtype.kind == "T":  # numpy's variable-width strings
        array = array.astype(object)
    if array.dtype.kind not in "biufUSO":
        msg = f"{name} has dtype {array.dtype}; labels must be integers, booleans, floats or text."
        raise TypeError(msg)
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        refuse_nan(name, array)
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    return array


def _converted(array: LabelArray, values: Sequence[Any]) -> bool:
    """Whether numpy made something else of the labels: text of numbers, floats of integers."""
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        return False
    return bool(array.tolist() != values)


def refuse_nan(name: str, array: LabelArray, start: int = 0) -> NoReturn:
    """An error for the first label that is no number; `start` is the first row."""
    row = int(np.isfinite(array).argmin())
    if np.isnan(array[row]):
        msg = f"{name} has a missing label (nan) in row {start + row}; drop it."
    else:
        msg = f"{name} has an infinite label in row {start + row}; labels must be finite."
    raise ValueError(msg)


def refuse_soft(values: LabelArray, row: int) -> NoReturn:
    msg = (
        f"y_true must be class labels or one-hot rows; row {row} is {shown(values, limit=6)}. "
        f"For soft labels use cross_entropy."
    )
    raise ValueError(msg)


def refuse_missing(array: LabelArray, found: Iterable[Any], name: str) -> None:
    """An error for the first row of `array` without a label, if one of the `found` is missing."""
    for value in found:
        if is_missing(value):
            row = next(i for i, v in enumerate(array) if is_missing(v))
            msg = f"{name} has a missing label ({value!r}) in row {row}; drop or fill that row."
            raise ValueError(msg)


def distinct(array: LabelArray, name: str) -> LabelArray:
    """The sorted distinct labels of `array`."""
    if array.dtype.kind == "O":
        try:
            values = set(array.tolist())
        except TypeError as error:
            msg = f"{name} holds values that cannot be labels: {error}."
            raise TypeError(msg) from error
        refuse_missing(array, values, name)
        ordered = _in_order(values, name)
        for value in ordered:
            if isinstance(value, date | time | timedelta):
                msg = (
                    f"{name} holds dates or times ({value!r}); labels must be integers, booleans, "
                    f"floats or text."
                )
                raise TypeError(msg)
        return as_labels(ordered, name)
    return factorize(array, name)[0]


def _in_order(values: Iterable[Any], name: str) -> list[Any]:
    try:
        ordered = sorted(values)
        for a, b in pairwise(ordered):
            if not a < b:  # sets have an order of their own
                msg = f"{a!r} and {b!r} are in no order"
                raise TypeError(msg)
    except TypeError as error:
        first, *others = sorted(values, key=lambda value: type(value).__name__)
        kind = type(first).__name__
        alike = all(type(value) is type(first) for value in others)
        if alike and not isinstance(first, date | time):
            msg = (
                f"{name} holds labels of type {kind}, which are in no order; labels must be "
                f"integers, booleans, floats or text, such as the names of an enumeration."
            )
            raise ValueError(msg) from error
        why = next((why for v in others if (why := uncomparable(v, [first]))), f"{error}.")
        msg = f"{name} mixes labels of different types: {why} Convert them to one type."
        raise ValueError(msg) from error
    return ordered


def uncomparable(value: object, others: Iterable[object]) -> str:
    """A sentence that names both types, if `value` has a type that none of the others has."""
    others = list(others)
    if _type_of(value) in map(_type_of, others):
        return ""
    return f"{_typed(value)} cannot be compared with {_typed(others[0])}."


def _type_of(value: object) -> type:
    """The type as far as it matters to a comparison."""
    return next((kind for kind in (str, bytes, Number) if isinstance(value, kind)), type(value))


def _typed(value: object) -> str:
    value = value.item() if isinstance(value, np.generic) else value
    return f"{type(value).__name__} {value!r}"


def factorize(array: LabelArray, name: str) -> tuple[LabelArray, IntArray]:
    """The sorted distinct labels of `array`, and the position of each row's label in them."""
    if array.dtype.kind == "O":
        labels = distinct(array, name)
        return labels, encode(array, labels)
    found = np.unique(array[:_SAMPLE])
    while True:
        # Only the rows whose label has not been met before are sorted.
        codes = encode(array, found)
        unknown = codes < 0
        if not unknown.any():
            return found, codes
        found = np.union1d(found, np.unique(array[unknown]))


def check_labels(labels: ArrayLike, name: str = "labels") -> NDArray[Any]:
    """`labels` as an array in the order given, without duplicates or missing values."""
    array = as_labels(fetched(labels, name) if is_foreign(labels) else labels, name)
    if len(array) == 0:
        msg = f"{name} is empty; list the label of each column, in order."
        raise ValueError(msg)
    if array.dtype.kind != "O" and len(set(array.tolist())) == len(array):
        return array  # the usual case, at a tenth of the price of sorting few labels
    found = distinct(array, name)
    if len(found) < len(array):
        twice = [v for v in found if (encode(array, found[found == v]) == 0).sum() > 1]
        msg = f"{name} must not repeat a label; repeated: {shown(twice)}."
        raise ValueError(msg)
    return array


def check_pos_label(pos_label: Any, labels: NDArray[Any] | None = None) -> None:
    """An error if it is no single label, or none of `labels`; None is nothing to check."""
    if pos_label is None:
        return
    if np.ndim(pos_label) != 0 or not isinstance(pos_label, Hashable) or is_missing(pos_label):
        msg = f"pos_label must be a single label; got {pos_label!r}."
        raise ValueError(msg)
    if labels is not None and pos_label not in labels.tolist():
        msg = f"pos_label must be one of labels, {shown(labels)}; got {pos_label!r}."
        raise ValueError(msg)


def codes_of(array: NDArray[Any], known: NDArray[Any], start: int = 0) -> IntArray:
    """`encode`, or an error for the first label that is not known; `start` is the first row."""
    codes = encode(array, known)
    if codes.min() < 0:
        row = int(codes.argmin())
        value = array[row].item() if isinstance(array[row], np.generic) else array[row]
        why = uncomparable(value, known.tolist())
        msg = (
            f"y_true holds a label that labels does not: {value!r} (row {start + row}); "
            f"the labels are {shown(known)}."
        )
        if why:
            msg += f" {why} Convert one to the type of the other."
        raise ValueError(msg)
    return codes
