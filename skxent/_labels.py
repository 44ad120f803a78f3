"""Class labels of any type: read them, find the distinct ones, turn them into column numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, NoReturn

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skxent._arrays import fetched, is_foreign, on_host
from skxent._kernels import IntArray, row_slices
from skxent._numbers import is_missing

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
]

LabelArray = NDArray[Any]
_NUMBERS = "biuf"
_TEXTS = "US"
# Rows that are looked at first for their distinct values; the rest only has to confirm them.
_SAMPLE = 4096
# Up to this number a table with a slot of its own for each label is found within a few tries.
_MOST_TEXTS = 1000


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
    if isinstance(values, np.ma.MaskedArray):
        msg = f"{name} is a masked array, whose mask would be lost; fill or drop those rows first."
        raise ValueError(msg)
    if is_foreign(values):
        values = on_host(values, name)
    try:
        array = np.asarray(values)
    except (ValueError, RuntimeError) as error:
        msg = f"{name} must be a sequence of labels, without rows of unequal length: {error}."
        raise ValueError(msg) from error
    if array.ndim == 0:
        msg = f"{name} must be a list or a one-dimensional array; got {type(values)}."
        raise TypeError(msg)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        msg = f"{name} must be a one-dimensional sequence of labels; got shape {array.shape}."
        raise ValueError(msg)
    if array.dtype.kind != "O" and isinstance(values, list | tuple):
        flat = [v[0] if isinstance(v, list | tuple) else v for v in values]
        if _converted(array, flat):
            array = np.empty(len(flat), dtype=object)
            array[:] = flat
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
        try:
            ordered = sorted(values)
            if not all(a < b for a, b in pairwise(ordered)):  # sets have an order of their own
                msg = f"{shown(ordered, limit=2)} are in no order"
                raise TypeError(msg)
        except TypeError as error:
            msg = (
                f"{name} mixes types that have no common order ({error}); "
                f"convert the labels to one type."
            )
            raise TypeError(msg) from error
        return as_labels(ordered, name)
    return factorize(array, name)[0]


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


def encode(array: LabelArray, labels: LabelArray) -> IntArray:
    """Position in `labels` of each label in `array`; -1 where `labels` does not have it."""
    ours, theirs = array.dtype.kind, labels.dtype.kind
    if ours in _NUMBERS and theirs in _NUMBERS:
        return _number_codes(array, labels)
    if ours in _TEXTS and theirs == "O" and all(isinstance(v, str) for v in labels):
        text = labels.astype(np.str_)
        if text.tolist() == labels.tolist():  # numpy drops null characters at the end
            labels, theirs = text, "U"
    if ours == theirs and ours in _TEXTS and array.dtype.itemsize > 0:
        return _text_codes(np.ascontiguousarray(array), labels)
    return _object_codes(array, labels)


def _object_codes(array: LabelArray, labels: LabelArray) -> IntArray:
    position = {label: i for i, label in enumerate(labels.tolist())}
    codes = np.empty(len(array), dtype=np.intp)
    for rows in row_slices(len(array), 1):
        values = array[rows].tolist()
        try:
            found = list(map(position.__getitem__, values))
            # Small numbers become bytes, and so an array, at a third of the usual cost.
            small = len(position) <= 256
            codes[rows] = np.frombuffer(bytes(found), dtype=np.uint8) if small else found
        except (KeyError, TypeError):
            codes[rows] = [position.get(v, -1) if _hashable(v) else -1 for v in values]
    return codes


def _hashable(value: object) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


def _number_codes(array: LabelArray, labels: LabelArray) -> IntArray:
    if array.dtype.kind == "b":
        array = array.view(np.uint8)
    if labels.dtype.kind == "b":
        labels = labels.astype(np.uint8)
    if array.dtype.kind == "f" or labels.dtype.kind == "f":
        if array.dtype.kind != labels.dtype.kind and not (_is_small(array) and _is_small(labels)):
            return _object_codes(array, labels)  # Python compares integers and floats exactly
        return _sorted_codes(array, labels)
    low, high = int(array.min()), int(array.max())
    first, last = int(labels.min()), int(labels.max())
    if max(high, last) > np.iinfo(np.int64).max:
        return _object_codes(array, labels)
    if first == 0 and last == len(labels) - 1 and low >= 0 and high <= last:
        if np.array_equal(labels, np.arange(len(labels))):
            return array.astype(np.intp, copy=False)
    elif last - first >= max(1 << 16, 4 * len(array)):
        return _sorted_codes(array.astype(np.int64), labels.astype(np.int64))
    table = np.full(last - first + 1, -1, dtype=np.intp)
    table[[int(label) - first for label in labels]] = np.arange(len(labels))
    if first <= low and high <= last:
        # numpy 1.26 takes no index of 64 bits without a sign.
        plain = first == 0 and array.dtype != np.uint64
        return table.take(array if plain else array.astype(np.intp) - first, mode="wrap")
    inside = (array >= first) & (array <= last)
    codes = np.full(len(array), -1, dtype=np.intp)
    codes[inside] = table[array[inside].astype(np.intp) - first]
    return codes


def _is_small(array: LabelArray) -> bool:
    """Whether all integers are floats as well."""
    return array.dtype.kind == "f" or (array.min() >= -(2**53) and array.max() <= 2**53)


def _sorted_codes(array: LabelArray, labels: LabelArray) -> IntArray:
    order = np.argsort(labels, kind="stable")
    ordered = labels[order]
    place = np.minimum(np.searchsorted(ordered, array), len(labels) - 1)
    return np.where(ordered[place] == array, order[place], -1)


def _words(array: LabelArray) -> NDArray[np.unsignedinteger[Any]]:
    """Fixed-width text as rows of machine words."""
    width = array.dtype.itemsize
    size = next(s for s in (8, 4, 2, 1) if width % s == 0)
    return array.view(f"u{size}").reshape(len(array), width // size)


def _text_codes(array: LabelArray, labels: LabelArray) -> IntArray:
    """
    Codes of fixed-width text without sorting it or making Python strings of it.

    The words of a label are mixed into one 64-bit number, whose highest bits lead to the
    only label that can be meant; a comparison of all words then says whether it is.
    """
    # Text wider than the data cannot occur in it.
    narrowed = labels.astype(array.dtype)
    possible = np.flatnonzero(narrowed == labels)
    if len(possible) == 0:
        return np.full(len(array), -1, dtype=np.intp)
    if len(possible) > _MOST_TEXTS:
        return _object_codes(array, labels)
    label_words = _words(narrowed[possible])
    bits = 2 * len(possible).bit_length() + 1
    shift = np.uint64(64 - bits)
    rng = np.random.default_rng(0)
    while True:
        factors = rng.integers(2**63, size=label_words.shape[1], dtype=np.uint64) * 2 + 1
        slots = (label_words.astype(np.uint64) @ factors) >> shift
        if len(np.unique(slots)) == len(slots):
            break
    table = np.zeros(1 << bits, dtype=np.intp)
    table[slots] = np.arange(len(possible))
    words, codes = _words(array), np.empty(len(array), dtype=np.intp)
    by_word = np.ascontiguousarray(label_words.T)
    for rows in row_slices(len(array), words.shape[1]):
        block = words[rows]
        meant = table[(block.astype(np.uint64, copy=False) @ factors) >> shift]
        same = np.ones(len(block), dtype=bool)
        for j, word in enumerate(by_word):
            same &= word.take(meant) == block[:, j]
        codes[rows] = np.where(same, possible[meant], -1)
    return codes


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


def check_pos_label(pos_label: Any) -> None:
    """An error if it is no single label; None is nothing to check."""
    if pos_label is None:
        return
    if np.ndim(pos_label) != 0 or not _hashable(pos_label) or is_missing(pos_label):
        msg = f"pos_label must be a single label; got {pos_label!r}."
        raise ValueError(msg)


def codes_of(array: NDArray[Any], known: NDArray[Any], start: int = 0) -> IntArray:
    """`encode`, or an error for the first label that is not known; `start` is the first row."""
    codes = encode(array, known)
    if codes.min() < 0:
        row = int(codes.argmin())
        value = array[row].item() if isinstance(array[row], np.generic) else array[row]
        hint = ""
        if str(value) in {str(v) for v in known.tolist()}:
            hint = f" The labels hold {str(value)!r} as another type ({known.dtype})."
        msg = (
            f"y_true holds a label that labels does not: {value!r} (row {start + row}); "
            f"the labels are {shown(known)}.{hint}"
        )
        raise ValueError(msg)
    return codes
