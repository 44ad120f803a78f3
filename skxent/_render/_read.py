"""Results from JSON: the values of fields again, each as its type says."""

from __future__ import annotations

import json
from dataclasses import MISSING, fields, is_dataclass
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import NDArray

from skxent._intake._numbers import as_objects
from skxent._result import FrozenDict

__all__ = ["VERSION", "as_fields", "read_json"]

# Of what `to_json` writes: a new field needs no other one, a new meaning of an old one does.
VERSION = 1
# Columns whose texts are names, and no way to write a number.
_NAMES = {"class", "predicted", "row", "slice", "top_rival"}
# What an annotated array is of; newer versions of numpy keep their alias.
_ARRAYS = (np.ndarray, NDArray)


def read_json(text: str | bytes, kind: str) -> dict[str, Any]:
    """The values of a result of a kind, or an error that says what the text is instead."""
    if not isinstance(text, str | bytes | bytearray):
        msg = f"text must be what {kind}.to_json returned, a str; got {type(text).__name__}."
        raise TypeError(msg)
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        msg = f"text must be what {kind}.to_json returned; it is no whole JSON: {error}."
        raise ValueError(msg) from error
    found = values.get("skxent") if isinstance(values, dict) else None
    if found != kind:
        msg = f"text must be what {kind}.to_json returned; it is {_called(found)}."
        raise ValueError(msg)
    version = values.get("version")
    if type(version) is not int:
        msg = f"text must say its version as {kind}.to_json does; got {version!r}."
        raise ValueError(msg)
    if version > VERSION:
        msg = (
            f"text is of version {version} of {kind}.to_json, newer than {VERSION}: update skxent."
        )
        raise ValueError(msg)
    return {name: value for name, value in values.items() if name not in ("skxent", "version")}


def _called(found: Any) -> str:
    return f"of {found}.to_json" if isinstance(found, str) else "something else"


def as_fields(kind: Any, values: Any) -> dict[str, Any]:
    """The arguments of a dataclass from its plain values; fields with a default may be absent."""
    types, known = get_type_hints(kind), {f.name.removeprefix("_"): f for f in fields(kind)}
    if unknown := [name for name in values if name not in known]:
        msg = f"{unknown[0]!r} is unknown to this version of skxent, or misspelt"
        raise ValueError(msg)
    needed = {name for name, f in known.items() if f.default is f.default_factory is MISSING}
    if lacking := sorted(needed - set(values)):
        msg = f"{lacking[0]!r} is missing"
        raise ValueError(msg)
    names = {name: known[name].name for name in values}
    return {names[name]: _value(types[names[name]], value, name) for name, value in values.items()}


def _value(kind: Any, value: Any, name: str) -> Any:
    """A value of this type, of the field of this name."""
    origin, args = get_origin(kind), get_args(kind)
    if NoneType in args:
        if value is None:
            return None
        (kind,) = (arg for arg in args if arg is not NoneType)
        return _value(kind, value, name)
    if kind is Any:
        return value
    if kind in (float, float | int):
        return _number(value, name, whole=kind is not float)
    if is_dataclass(kind):
        return kind(**as_fields(kind, _of(dict, value, name)))  # type: ignore[operator]
    if origin is tuple:
        return tuple(_value(args[0], v, name) for v in _of(list, value, name))
    if origin is dict:
        return FrozenDict({k: _entry(args[1], v, k) for k, v in _of(dict, value, name).items()})
    if origin in _ARRAYS:
        (dtype,) = get_args(args[-1]) or args[-1:]
        return _array(_of(list, value, name), dtype, name)
    return _of(kind, value, name)


def _of(kind: type, value: Any, name: str) -> Any:
    if type(value) is not kind:
        msg = f"{name!r} must be {kind.__name__}; got {type(value).__name__}"
        raise ValueError(msg)
    return value


def _number(value: Any, name: str, *, whole: bool) -> float | int:
    """A float, or where `whole` numbers are allowed an int; null stands for nan."""
    if value is None:
        return np.nan
    if value in ("Infinity", "-Infinity"):
        return float(value)
    if whole and type(value) is int:
        return value
    return float(_of(float, value, name))


def _array(values: list[Any], dtype: Any, name: str) -> NDArray[Any]:
    if dtype is Any:
        return _labels(values)
    if dtype is np.object_:
        return as_objects(values)
    if dtype is np.bool_:
        return np.array([_of(bool, value, name) for value in values], dtype=np.bool_)
    return _numbers(values, dtype, name)


def _numbers(values: list[Any], dtype: Any, name: str) -> NDArray[Any]:
    """Numbers in any number of axes; null is nan, and infinities are their texts."""
    msg = f"{name!r} must hold numbers, in rows of one length"
    if bool in set(map(type, values)):
        raise ValueError(msg)
    try:
        found = np.array(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(msg) from error
    if not np.issubdtype(dtype, np.integer):
        return found
    if not np.array_equal(found, np.trunc(found)):
        msg = f"{name!r} must hold whole numbers"
        raise ValueError(msg)
    return found.astype(dtype)


def _labels(values: list[Any]) -> NDArray[Any]:
    """Values as they are, in an array of their type if they have the same."""
    if len(set(map(type, values))) == 1:
        found = np.array(values)
        if found.tolist() == values:
            return found
    return as_objects(values)


def _entry(kind: Any, value: Any, name: str) -> Any:
    """A part of a mapping: a column of names or of numbers, or what else its type says."""
    if get_origin(kind) not in _ARRAYS:
        return _value(kind, value, name)
    values = _of(list, value, name)
    if name in _NAMES:
        return as_objects(values)
    whole = bool(values) and all(type(v) is int for v in values)
    return _numbers(values, np.int64 if whole else np.float64, name)
