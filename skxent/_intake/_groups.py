"""Rows that belong together: a number for the group of each row."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skxent._intake._foreign import in_memory
from skxent._intake._numbers import as_column, as_objects, nan_for_missing
from skxent._typing import IntArray

__all__ = ["Groups", "check_groups", "joined_keys"]


@dataclass(frozen=True, slots=True)
class Groups:
    """The group of each row."""

    codes: IntArray
    """Shape (n_samples,): its place in `keys`."""
    keys: NDArray[Any]
    """What the user calls the groups, each once: numbers, text, or any hashable values."""

    def taken(self, rows: NDArray[np.bool_] | IntArray) -> Groups:
        """The groups of some of the rows."""
        return Groups(self.codes[rows], self.keys)


def check_groups(groups: ArrayLike, n_samples: int, start: int = 0) -> Groups:
    """Groups of any hashable type; `start` is the number of the first row."""
    groups = in_memory(groups, "groups")
    values = as_objects(groups) if isinstance(groups, list | tuple) else np.asarray(groups)
    values = as_column(values, groups, "groups")
    if values.shape != (n_samples,):
        msg = f"groups must have shape ({n_samples},), a group for each row; got {values.shape}."
        raise ValueError(msg)
    if values.dtype.kind not in "biufUSmM":
        return _of_objects(values.tolist(), start)
    missing = values != values  # nan and NaT
    if missing.any():
        raise ValueError(_no_group(start + int(missing.argmax()), values[missing][0]))
    keys, codes = np.unique(values, return_inverse=True)
    return Groups(codes.reshape(-1), _without_unit(keys))


def _without_unit(keys: NDArray[Any]) -> NDArray[Any]:
    """Times as text, since those of another batch may be counted in another unit."""
    if keys.dtype.kind == "M":
        short = keys.astype("M8[us]")
        return (short if (short == keys).all() else keys).astype(str)
    return keys.astype(str) if keys.dtype.kind == "m" else keys


def _no_group(row: int, value: Any) -> str:
    return f"groups has a missing value ({value}) in row {row}; give that row a group of its own."


def _of_objects(values: list[Hashable], start: int) -> Groups:
    position: dict[Hashable, int] = {}
    try:
        codes = [position.setdefault(value, len(position)) for value in values]
    except TypeError as error:
        msg = f"groups must hold hashable values, such as numbers or text: {error}."
        raise TypeError(msg) from error
    single = [value for value in position if not isinstance(value, tuple)]
    for value, seen in zip(single, nan_for_missing(as_objects(single)), strict=True):
        if isinstance(seen, float | np.floating) and seen != seen:
            raise ValueError(_no_group(start + codes.index(position[value]), value))
    _refuse_twins(list(position))
    return Groups(np.array(codes, dtype=np.intp), _of_one_kind(list(position)))


def _refuse_twins(keys: list[Hashable]) -> None:
    """5 and "5" would be two groups, where a file that was read in pieces means one."""
    texts = {key for key in keys if isinstance(key, str)}
    others = [key for key in keys if not isinstance(key, str)] if texts else []
    twin = next((key for key in others if str(key) in texts), None)
    if twin is not None:
        twin = twin.item() if isinstance(twin, np.generic) else twin
        msg = (
            f"groups holds both {twin!r} and {str(twin)!r}, which would be two groups; convert all "
            f"of them to one type, as text or as numbers."
        )
        raise ValueError(msg)


def _of_one_kind(keys: list[Hashable]) -> NDArray[Any]:
    """Whole numbers or text as such an array, and anything else as it is."""
    found = as_objects(keys)
    kinds = {type(key) for key in keys}
    if kinds == {str}:
        return found.astype(str)
    if kinds == {np.datetime64}:
        return _without_unit(np.array(keys))
    whole = kinds == {int} and all(abs(key) < 2**62 for key in keys if isinstance(key, int))
    return found.astype(np.int64) if whole else found


def joined_keys(one: NDArray[Any], other: NDArray[Any]) -> tuple[NDArray[Any], IntArray]:
    """All keys of both, those of the first in their places, and the places of the second's."""
    if one.dtype.kind == other.dtype.kind and one.dtype.kind in "iuUS":
        new = ~np.isin(other, one)
        keys = np.concatenate([one, other[new]])
        order = np.argsort(keys, kind="stable")
        return keys, order[np.searchsorted(keys, other, sorter=order)]
    position: dict[Hashable, int] = {key: i for i, key in enumerate(one.tolist())}
    places = [position.setdefault(key, len(position)) for key in other.tolist()]
    _refuse_twins(list(position))
    return _of_one_kind(list(position)), np.array(places, dtype=np.intp)
