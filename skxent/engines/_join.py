"""Losses by the id of their row, so that another model's can be put beside them."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skxent._intake._arrow import Chunk
from skxent._intake._columns import BadDataError, is_text_file
from skxent._intake._groups import Groups
from skxent._typing import FloatArray, IntArray

__all__ = ["Ids", "KeptLosses", "digests", "ids_in"]

# Ids of files of text, in which 7 and "7" are alike.
_UNTYPED = "text without types"


@dataclass(frozen=True, slots=True)
class Ids:
    """Ids of the rows of a chunk."""

    values: NDArray[Any]
    """Integers, or text as bytes; 0 or empty where there is none."""
    there: NDArray[np.bool_]
    kind: str
    """What they are: ids of different kinds are never equal."""


def ids_in(chunk: Chunk, name: str, beside: str | None = None) -> Ids:
    """
    The ids of a chunk: integers, text, or days and times; others are refused.

    In a file of text they have no type: there they are of the kind of those `beside` them.
    """
    import pyarrow as pa

    column = chunk.batch.column(name)
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    there = column.is_valid().to_numpy(zero_copy_only=False)
    if is_text_file(chunk.batch.schema):
        kind = beside or _UNTYPED
    else:
        try:
            kind = _UNTYPED if beside == _UNTYPED else _kind_of(column.type)
        except ValueError as error:
            msg = f"{chunk.where}: column {name!r} holds no ids: {error}"
            raise BadDataError(msg) from error
    try:
        if kind in ("text", _UNTYPED):
            return Ids(_as_bytes(column), there, kind)
        if pa.types.is_date32(column.type):
            column = column.cast(pa.int32())
        numbers = column.cast(pa.int64()).fill_null(0)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, ValueError) as error:
        msg = f"{chunk.where}: column {name!r} holds no ids of {kind}: {error}"
        raise BadDataError(msg) from error
    return Ids(numbers.to_numpy(zero_copy_only=False), there, kind)


def _kind_of(kind: Any) -> str:
    """What ids of an Arrow type are; those of other types equal no ids."""
    import pyarrow as pa

    if pa.types.is_integer(kind):
        return "integers"
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return str(kind)
    if "string" in str(kind):  # also large strings and views of them
        return "text"
    msg = f"they are {kind}; ids must be integers, text, days or times."
    raise ValueError(msg)


def _as_bytes(column: Any) -> NDArray[Any]:
    """Text as bytes, of which many are compared quickly."""
    import pyarrow as pa

    values = [text.encode() for text in column.cast(pa.large_string()).fill_null("").to_pylist()]
    if any(value.endswith(b"\0") for value in values):  # which NumPy takes off
        msg = "one ends with a character of code 0."
        raise ValueError(msg)
    return np.array(values, dtype=np.bytes_)


class KeptLosses:
    """
    What each row costs one model, with its id and its class: all that a comparison needs of it.

    About 30 bytes a row where ids are numbers, and with text its length more; twice that while
    they are sorted.
    """

    def __init__(self, name: str, column: str) -> None:
        self.name, self.column = name, column
        self.kind: str | None = None
        self.n_lost = 0
        """Rows without a value, whose id is missing as well."""
        self._chunks: list[tuple[int, str, int]] = []
        """Number of the first row, its file and its number there, in ascending order."""
        self._n = 0
        self._parts: dict[str, list[NDArray[Any]]] = {
            name: [] for name in ("ids", "losses", "codes", "numbers", "weights", "groups")
        }
        self._bits: list[NDArray[np.uint8] | int] = []

    def add(
        self,
        chunk: Chunk,
        ids: Ids,
        losses: FloatArray,
        codes: IntArray,
        zeros: NDArray[np.bool_] | None,
        weights: FloatArray | None = None,
        groups: NDArray[np.int64] | None = None,
    ) -> None:
        """
        Add a chunk; a loss is nan where a value is missing. `zeros` are by row and class.

        Weights and digests of groups are kept where both models have them, to be compared.
        """
        self.check_kind(ids, chunk)
        there, n = ids.there, len(losses)
        self._chunks.append((self._n, chunk.where, chunk.start))
        self._parts["ids"].append(ids.values[there])
        self._parts["losses"].append(losses[there])
        self._parts["codes"].append(codes[there].astype(np.int32))
        self._parts["numbers"].append(np.arange(self._n, self._n + n)[there])
        for part, values in (("weights", weights), ("groups", groups)):
            if values is not None:
                self._parts[part].append(values[there])
        bits = None if zeros is None else np.packbits(zeros[there], axis=1)
        self._bits.append(int(np.count_nonzero(there)) if bits is None else bits)
        self.n_lost += n - int(np.count_nonzero(there))
        self._n += n

    def extend(self, other: KeptLosses) -> None:
        """Add what was kept of other rows, which come behind those that are here."""
        self.kind = self.kind or other.kind
        if other.kind not in (None, self.kind):
            msg = f"{other.name} holds ids of {other.kind} beside ids of {self.kind}."
            raise BadDataError(msg)
        n = self._n
        self._chunks += [(n + start, file, first) for start, file, first in other._chunks]
        for name, arrays in other._parts.items():
            self._parts[name] += [a + n if n and name == "numbers" else a for a in arrays]
        self._bits += other._bits
        self.n_lost += other.n_lost
        self._n += other._n

    def check_kind(self, ids: Ids, chunk: Chunk) -> None:
        """Refuse ids of another kind than before."""
        if self.kind is None:
            self.kind = ids.kind
        if ids.kind != self.kind:
            msg = (
                f"{chunk.where}: column {self.column!r} holds {ids.kind} as ids; those of "
                f"{self.name} are {self.kind}, none of which they can equal."
            )
            raise BadDataError(msg)

    def settle(self, n_classes: int) -> None:
        """Sort what was added by its id; an error for one that is there twice."""
        arrays = {name: np.concatenate(parts) for name, parts in self._parts.items() if parts}
        if not arrays:
            msg = f"{self.name}: there are no rows."
            raise BadDataError(msg)
        if not len(arrays["ids"]):
            msg = f"{self.name}: no row has a value of {self.column!r}, which is their id."
            raise BadDataError(msg)
        self._parts.clear()
        order = np.argsort(arrays["ids"], kind="stable")
        self.ids = arrays["ids"][order]
        self.losses, self.codes = arrays["losses"][order], arrays["codes"][order]
        self.weights, self.groups = (
            arrays[name][order] if name in arrays else None for name in ("weights", "groups")
        )
        self._numbers = arrays["numbers"][order]
        width = -(-n_classes // 8)
        self._packed = None
        if any(not isinstance(bits, int) for bits in self._bits):
            rows = [
                np.zeros((b, width), dtype=np.uint8) if isinstance(b, int) else b
                for b in self._bits
            ]
            self._packed = np.concatenate(rows)[order]
        self._bits.clear()
        self.n_classes = n_classes
        twice = np.flatnonzero(self.ids[1:] == self.ids[:-1])
        if len(twice):
            first, second = (self.row(int(twice[0]) + i) for i in (0, 1))
            msg = (
                f"{second}, column {self.column!r}: the id {self.shown(int(twice[0]))} is that of "
                f"{first} as well; each must be there once."
            )
            raise BadDataError(msg)

    def places(self, ids: NDArray[Any]) -> IntArray:
        """Where these ids are, -1 for one that is not there."""
        at = np.searchsorted(self.ids, ids)
        at[at == len(self.ids)] = 0
        return np.where(self.ids[at] == ids, at, -1)

    def excluded(self, at: IntArray) -> NDArray[np.bool_]:
        """Whether any of these rows has probability 0 of each class."""
        if self._packed is None or not len(at):
            return np.zeros(self.n_classes, dtype=np.bool_)
        bits = np.bitwise_or.reduce(self._packed[at], axis=0)
        return np.unpackbits(bits, count=self.n_classes).astype(np.bool_)

    def row(self, at: int) -> str:
        """Where a row was read, in words."""
        number = int(self._numbers[at])
        at_chunk = bisect_right([chunk[0] for chunk in self._chunks], number) - 1
        start, file, first = self._chunks[at_chunk]
        return f"{file}, row {first + number - start}"

    def shown(self, at: int) -> str:
        """An id as a user writes it."""
        return shown_id(self.ids[at])


def digests(groups: Groups) -> NDArray[np.int64]:
    """A number for the group of each row: the same in every process, and for 7, 7.0 and "7"."""
    found = np.empty(len(groups.keys), dtype=np.int64)
    for i, key in enumerate(groups.keys.tolist()):
        whole = isinstance(key, float) and key.is_integer()
        text = str(int(key) if whole else key).encode()
        found[i] = int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big", signed=True)
    return found[groups.codes]


def shown_id(value: Any) -> str:
    """An id as a user writes it."""
    return repr(value.decode() if isinstance(value, bytes) else value.item())
