"""Batches of Arrow, as they stream from files and frames, as arrays of checked rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from skxent._intake._codes import encode
from skxent._intake._columns import BadDataError, Layout, is_text_file
from skxent._intake._containers import spellings
from skxent._intake._groups import Groups, check_groups
from skxent._intake._labels import shown, uncomparable
from skxent._typing import FloatArray, IntArray

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Chunk", "Places", "Rows", "rows_of"]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Consecutive rows of a stream."""

    batch: pa.RecordBatch
    file: str | None = None
    """Where they are from; None where there is no file."""
    part: int = 0
    """The number of that file."""
    start: int = 0
    """The number of the first row in it."""
    alone: bool = True
    """Whether there is no other file, so that the number of a row says where it is."""

    @property
    def where(self) -> str:
        return self.file or "the data"

    def row(self, number: int) -> str:
        """Where a row of the batch is."""
        return f"{self.where}, row {self.start + number}"


@dataclass(frozen=True, slots=True)
class Places:
    """What to call the rows of a chunk: the file and the number in it."""

    file: str
    start: int

    def copy(self) -> Places:
        return self

    def take(self, at: IntArray) -> NDArray[Any]:
        """Names of some of the rows."""
        return np.array([f"{self.file}:{self.start + i}" for i in at.tolist()], dtype=object)


@dataclass(frozen=True, slots=True)
class Rows:
    """
    The rows of a chunk as arrays.

    Those that were left out are there as well, with a weight of 0, so that all keep their numbers.
    """

    codes: IntArray
    proba: FloatArray
    """Shape (n_rows, n_classes), or (n_rows,) where it is the probability of one of two classes."""
    weight: FloatArray | None
    groups: Groups | None
    row_ids: NDArray[Any] | None
    dropped: NDArray[np.bool_] | None
    """Which were left out; None where none was."""

    @property
    def n_dropped(self) -> int:
        return 0 if self.dropped is None else int(np.count_nonzero(self.dropped))


def rows_of(
    chunk: Chunk, layout: Layout, labels: NDArray[Any], *, drop: bool, from_logits: bool
) -> Rows:
    """The rows of a chunk; those with a null are left out, or else an error for the first."""
    missing = _missing(chunk, layout, drop=drop)
    kept = None if missing is None else np.flatnonzero(~missing)
    found = _Reader(chunk, layout, labels, kept)
    n = chunk.batch.num_rows
    columns = layout.columns
    weight = None if columns.weight is None else found.numbers(columns.weight)
    proba = found.probabilities()  # a list that is too short is said before any label
    rows = Rows(
        codes=found.codes(),
        proba=proba,
        weight=weight,
        groups=None if columns.groups is None else found.groups(columns.groups),
        row_ids=None if columns.row_ids is None else found.names(columns.row_ids),
        dropped=missing,
    )
    return rows if kept is None else _spread(rows, kept, n, 0.0 if from_logits else None)


def _spread(rows: Rows, kept: IntArray, n: int, neutral: float | None) -> Rows:
    """The rows where they were among `n`, and rows without a weight between them."""

    def spread(values: NDArray[Any], fill: Any = 0) -> NDArray[Any]:
        found = np.full((n, *values.shape[1:]), fill, values.dtype)
        found[kept] = values
        return found

    groups = rows.groups
    if groups is not None:
        groups = replace(groups, codes=spread(groups.codes)) if len(kept) else None
    if neutral is None:
        neutral = 0.5 if rows.proba.ndim == 1 else 1.0 / rows.proba.shape[1]
    return Rows(
        codes=spread(rows.codes),
        proba=spread(rows.proba.astype(np.result_type(rows.proba, np.float32)), neutral),
        weight=spread(np.ones(len(kept)) if rows.weight is None else rows.weight),
        groups=groups,
        row_ids=None if rows.row_ids is None else spread(rows.row_ids),
        dropped=rows.dropped,
    )


def _missing(chunk: Chunk, layout: Layout, *, drop: bool) -> NDArray[np.bool_] | None:
    """Whether a column that must be filled is null in a row; None where there is no such row."""
    import pyarrow as pa
    import pyarrow.compute as pc

    missing = None
    for name in layout.filled:
        column = chunk.batch.column(name)
        # A label that is nan is none; among probabilities and weights nan is a mistake.
        is_y = name == layout.columns.y and pa.types.is_floating(column.type)
        if not column.null_count and not is_y:
            continue
        null = pc.is_null(column, nan_is_null=is_y).to_numpy(zero_copy_only=False)
        if null.any() and not drop:
            msg = (
                f"{chunk.row(int(null.argmax()))}, column {name!r}: there is no value; fill it, or "
                f'leave such rows out with nulls="drop".'
            )
            raise BadDataError(msg)
        if null.any():
            missing = null if missing is None else missing | null
    return missing


class _Reader:
    """The columns of a chunk as arrays, of the rows that are kept."""

    def __init__(
        self, chunk: Chunk, layout: Layout, labels: NDArray[Any], kept: IntArray | None
    ) -> None:
        self.chunk, self.layout, self.labels, self.kept = chunk, layout, labels, kept
        self.batch = chunk.batch if kept is None else chunk.batch.take(_arrow(kept))
        self.is_text = is_text_file(chunk.batch.schema)

    def at(self, row: int, name: str) -> str:
        """Where a number of these rows is, in words."""
        number = row if self.kept is None else int(self.kept[row])
        return f"{self.chunk.row(number)}, column {name!r}"

    def codes(self) -> IntArray:
        """The position in the labels of each row's label."""
        import pyarrow as pa
        import pyarrow.compute as pc

        name = self.layout.columns.y
        column = self.batch.column(name)
        if not len(column):
            return np.empty(0, np.intp)
        if str(column.type) == "string_view":  # which not every release can look up
            column = column.cast(pa.large_string())
        if not pa.types.is_dictionary(column.type):
            column = pc.dictionary_encode(column)
        # Also a category that no row has may be none of the labels.
        known = self._known(column.dictionary.to_pylist())
        codes = known.take(column.indices.to_numpy(zero_copy_only=False))
        if codes.min() < 0:
            row = int((codes < 0).argmax())
            value = column[row].as_py()
            why = "" if self.is_text else uncomparable(value, self.labels.tolist())
            msg = f"{self.at(row, name)}: {value!r} is none of the labels, {shown(self.labels)}."
            raise BadDataError(f"{msg} {why}".rstrip())
        return codes

    def _known(self, values: list[Any]) -> IntArray:
        """The positions of distinct labels, and -1 for what is none."""
        if not self.is_text:
            return encode(_objects(values), self.labels)
        texts = {s: i for i, label in enumerate(self.labels.tolist()) for s in spellings(label)}
        return np.array([texts.get(value, -1) for value in values], dtype=np.intp)

    def probabilities(self) -> NDArray[Any]:
        proba = self.layout.proba
        if self.layout.kind == "positive":
            return self.numbers(proba[0])
        if self.layout.kind == "list":
            return self._of_lists(proba[0])
        columns = [self.numbers(name) for name in proba]
        table = np.empty((self.batch.num_rows, len(proba)), np.result_type(*columns))
        for j, column in enumerate(columns):
            table[:, j] = column
        return table

    def numbers(self, name: str) -> NDArray[Any]:
        """A column of numbers, none of which is null."""
        import pyarrow as pa

        column = self.batch.column(name)
        kind = column.type
        if not (pa.types.is_floating(kind) or pa.types.is_integer(kind)):
            if not (pa.types.is_decimal(kind) or pa.types.is_boolean(kind)):
                msg = f"{self.chunk.where}: column {name!r} holds {kind}, not numbers."
                raise BadDataError(msg)
            column = column.cast(pa.float64())
        return column.to_numpy(zero_copy_only=False)

    def _of_lists(self, name: str) -> NDArray[Any]:
        """The table whose rows are lists."""
        import pyarrow as pa
        import pyarrow.compute as pc

        column, k = self.batch.column(name), len(self.labels)
        column = getattr(column, "storage", column)  # of tensors
        if pa.types.is_fixed_size_list(column.type):
            lengths = np.full(len(column), column.type.list_size)
        else:
            lengths = pc.list_value_length(column).to_numpy(zero_copy_only=False)
        if (wrong := lengths != k).any():
            row = int(wrong.argmax())
            msg = f"{self.at(row, name)}: a list of {lengths[row]} numbers beside {k} labels."
            raise BadDataError(msg)
        flat = column.flatten()
        if flat.null_count:
            row = int(flat.is_null().to_numpy(zero_copy_only=False).argmax()) // k
            msg = f"{self.at(row, name)}: a number of the list is null."
            raise BadDataError(msg)
        if not (pa.types.is_floating(flat.type) or pa.types.is_integer(flat.type)):
            msg = f"{self.chunk.where}: column {name!r} holds {column.type}, not lists of numbers."
            raise BadDataError(msg)
        return flat.to_numpy(zero_copy_only=False).reshape(len(column), k)

    def groups(self, name: str) -> Groups | None:
        """Groups by their names, each of which is looked at once."""
        import pyarrow as pa
        import pyarrow.compute as pc

        column = self.batch.column(name)
        if not len(column):
            return None
        if not pa.types.is_dictionary(column.type):
            column = pc.dictionary_encode(column)
        keys = column.dictionary.to_pylist()
        found = check_groups(keys, len(keys))
        return replace(found, codes=found.codes[column.indices.to_numpy(zero_copy_only=False)])

    def names(self, name: str) -> NDArray[Any]:
        """Names of rows as integers, or as objects."""
        import pyarrow as pa

        column = self.batch.column(name)
        if pa.types.is_integer(column.type):
            return column.to_numpy(zero_copy_only=False)
        return _objects(column.to_pylist())


def _arrow(at: IntArray) -> Any:
    import pyarrow as pa

    return pa.array(at)


def _objects(values: list[Any]) -> NDArray[Any]:
    found = np.empty(len(values), dtype=object)
    found[:] = values
    return found
