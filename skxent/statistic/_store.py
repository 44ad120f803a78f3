"""Files of what was counted: a header in JSON, arrays as they are, and a digest of it all."""

from __future__ import annotations

import hashlib
import json
import math
import struct
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["UNREADABLE", "as_bytes", "from_bytes", "is_storable", "kind_in", "not_ours"]

# What goes wrong where another program wrote a file, whose digest fits.
UNREADABLE = (
    *(AttributeError, IndexError, KeyError, MemoryError, OverflowError, RecursionError),
    *(SyntaxError, TypeError, ValueError),
)

# The mark, the number of the format, the length of the file, and that of the header. A byte
# that is no text and a line break in the mark show files that were sent as text.
_MARK, _FORMAT = b"\x93SKXENT\n", 1
_START = struct.Struct("<8sIQQ")
_DIGEST = 32
_NUMBERS, _NAMES = "biuf", "USO"


def is_storable(value: Any) -> bool:
    """Whether a label or a name can be saved as what it is."""
    plain = value.item() if isinstance(value, np.generic) else value
    return plain is None or type(plain) in (bool, int, float, str, bytes)


def as_bytes(kind: str, tree: Any) -> bytes:
    """
    A file of some kind, such as an accumulator.

    `tree` is of dicts with text as keys, lists, tuples, arrays of numbers and of names, numbers,
    texts, bytes and None. Of anything else there is a TypeError.
    """
    arrays: list[NDArray[Any]] = []
    values = _flat(tree, arrays)
    described = [[array.dtype.str, array.shape] for array in arrays]
    head = {"kind": kind, "values": values, "arrays": described}
    text = json.dumps(head, allow_nan=False).encode("ascii")
    content = b"".join([text, *(array.tobytes() for array in arrays)])
    size = _START.size + len(content) + _DIGEST
    start = _START.pack(_MARK, _FORMAT, size, len(text))
    return start + content + _digest(start + content)


def from_bytes(content: bytes, kind: str, path: Path) -> Any:
    """What `as_bytes` was given, or a ValueError that says what is wrong with the file."""
    if not content.startswith(_MARK):
        msg = f"{path} is no file that skxent saved: it begins otherwise."
        raise ValueError(msg)
    if len(content) < _START.size + _DIGEST:
        msg = f"{path} was cut off: it has {len(content)} bytes."
        raise ValueError(msg)
    _, version, size, length = _START.unpack_from(content)
    if len(content) < size:
        msg = f"{path} was cut off: it has {len(content)} of {size} bytes."
        raise ValueError(msg)
    if len(content) > size or _digest(content[:-_DIGEST]) != content[-_DIGEST:]:
        msg = f"{path} is damaged: its bytes are not those that were saved."
        raise ValueError(msg)
    if version > _FORMAT:
        msg = (
            f"{path} was saved by a newer skxent, in format {version}; this one reads formats up "
            f"to {_FORMAT}: pip install --upgrade skxent."
        )
        raise ValueError(msg)
    try:
        head = json.loads(content[_START.size : _START.size + length])
        found = str(head["kind"])
        tree = None
        if found == kind:
            arrays = _arrays(head["arrays"], content[_START.size + length : -_DIGEST])
            tree = _grown(head["values"], arrays)
    except UNREADABLE as error:
        raise ValueError(not_ours(path, error)) from error
    if found != kind:
        msg = f"{path} holds a saved {found}, not a saved {kind}."
        raise ValueError(msg)
    return tree


def kind_in(file: IO[bytes]) -> str:
    """Of what kind a file is by its header; nothing where that cannot be read."""
    start = file.read(_START.size)
    if len(start) < _START.size or not start.startswith(_MARK):
        return ""
    # A header of nonsense may say that it is longer than memory; the file is not.
    length = min(_START.unpack(start)[-1], 1 << 28)
    try:
        return str(json.loads(file.read(length))["kind"])
    except UNREADABLE:
        return ""


def not_ours(path: Path, error: BaseException) -> str:
    """What to say of a file that has a digest that fits, but was written by something else."""
    return f"{path} does not hold what this version of skxent saves: {error!r}."


def _digest(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=_DIGEST).digest()


def _flat(value: Any, arrays: list[NDArray[Any]]) -> Any:
    """A value as JSON has it; arrays of numbers are put aside, and their place is written."""
    if isinstance(value, dict):
        return {"dict": {name: _flat(part, arrays) for name, part in value.items()}}
    if isinstance(value, list):
        return [_flat(part, arrays) for part in value]
    if isinstance(value, tuple):
        return {"tuple": [_flat(part, arrays) for part in value]}
    if isinstance(value, np.ndarray) and value.dtype.kind in _NUMBERS:
        arrays.append(np.ascontiguousarray(value, dtype=value.dtype.newbyteorder("<")))
        return {"array": len(arrays) - 1}
    if isinstance(value, np.ndarray) and value.dtype.kind in _NAMES:
        return {"names": [value.dtype.str, _flat(value.tolist(), arrays)]}
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    if isinstance(value, float):
        return {"float": value.hex()}
    if is_storable(value):
        return value
    msg = f"{value!r} is of {type(value)}, which cannot be saved; use numbers or text."
    raise TypeError(msg)


def _grown(value: Any, arrays: list[NDArray[Any]]) -> Any:
    if isinstance(value, list):
        return [_grown(part, arrays) for part in value]
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "dict":
        return {name: _grown(part, arrays) for name, part in content.items()}
    if kind == "tuple":
        return tuple(_grown(part, arrays) for part in content)
    if kind == "array":
        return arrays[content]
    if kind == "names":
        code, names = content
        found = np.empty(len(names), dtype=code)
        found[:] = _grown(names, arrays)
        return found
    return bytes.fromhex(content) if kind == "bytes" else float.fromhex(content)


def _arrays(described: list[tuple[str, list[int]]], content: bytes) -> list[NDArray[Any]]:
    found, start = [], 0
    for code, shape in described:
        dtype = np.dtype(code)
        n = math.prod(shape)
        array = np.frombuffer(content[start : start + n * dtype.itemsize], dtype).reshape(shape)
        # Of its own, so that it can be written to, in the order of this machine.
        found.append(array.astype(dtype.newbyteorder("=")))
        start += n * dtype.itemsize
    return found
