"""Random keys of rows: drawn by counting, or made from the names that a user gives to rows."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["KeyArray", "drawn_keys", "fresh_seed", "keys_of", "mixed"]

KeyArray = NDArray[np.uint64]

# SplitMix64 (Steele, Lea & Flood 2014, doi:10.1145/2660193.2660195): the n-th key is a function
# of n and the seed alone, so that it does not matter in which batch a row comes.
_STEP = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_BLOCK = 1 << 15


def fresh_seed() -> int:
    """A seed that no other batch, accumulator or process has."""
    return int.from_bytes(os.urandom(8), "little")


def drawn_keys(seed: int, start: int, n: int) -> KeyArray:
    """The keys of `n` rows, of which the first is that of number `start`."""
    keys = np.arange(start, start + n, dtype=np.uint64)
    keys *= _STEP
    keys += mixed(np.array([seed], dtype=np.uint64))
    return mixed(keys)


def keys_of(row_ids: ArrayLike) -> KeyArray:
    """Keys that are functions of the names, whatever batch these come in."""
    ids: NDArray[Any] = np.asarray(row_ids)
    if ids.dtype.kind in "iub":
        return mixed(ids.astype(np.uint64) + _STEP)
    if ids.dtype.kind != "U":
        ids = np.array([str(name) for name in ids.tolist()], dtype=np.str_)
    letters = np.ascontiguousarray(ids).view(np.uint32).reshape(len(ids), -1)
    keys = np.zeros(len(ids), dtype=np.uint64)
    for letter in letters.T.astype(np.uint64):
        # What an array fills up shorter names with is no letter.
        keys = np.where(letter == 0, keys, mixed(keys + _STEP * letter))
    return mixed(keys)


def mixed(values: KeyArray) -> KeyArray:
    """The numbers mixed up, in place: different ones stay different."""
    for start in range(0, len(values), _BLOCK):
        part = values[start : start + _BLOCK]
        part ^= part >> np.uint64(30)
        part *= _FIRST
        part ^= part >> np.uint64(27)
        part *= _SECOND
        part ^= part >> np.uint64(31)
    return values
