"""Class labels as column numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skxent._backend import row_slices
from skxent._typing import IntArray, LabelArray

__all__ = ["encode"]

_NUMBERS = "biuf"
_TEXTS = "US"
# Up to this number a table with a slot of its own for each label is found within a few tries.
_MOST_TEXTS = 1000
_TRIES = 100
# Below, a look-up of each text costs less than the preparation of something quicker.
_FEW_ROWS = 500


def encode(array: LabelArray, labels: LabelArray) -> IntArray:
    """Position in `labels` of each label in `array`; -1 where `labels` does not have it."""
    ours, theirs = array.dtype.kind, labels.dtype.kind
    if ours in _NUMBERS and theirs in _NUMBERS:
        return _number_codes(array, labels)
    if ours in _TEXTS and theirs == "O" and all(isinstance(v, str) for v in labels):
        text = labels.astype(np.str_)
        if text.tolist() == labels.tolist():  # numpy drops null characters at the end
            labels, theirs = text, "U"
    if len(array) < _FEW_ROWS and ours in _TEXTS:
        return _object_codes(array, labels)
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
    if low >= 0 and high < len(labels) and (labels == np.arange(len(labels))).all():
        return array.astype(np.intp, copy=False)
    first, last = int(labels.min()), int(labels.max())
    if max(high, last) > np.iinfo(np.int64).max:
        return _object_codes(array, labels)
    if last - first >= max(1 << 16, 4 * len(array)):
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
    for _ in range(_TRIES):
        factors = rng.integers(2**63, size=label_words.shape[1], dtype=np.uint64) * 2 + 1
        slots = (label_words.astype(np.uint64) @ factors) >> shift
        if len(np.unique(slots)) == len(slots):
            break
    else:  # a label is there twice, or luck is against us
        return _object_codes(array, labels)
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
