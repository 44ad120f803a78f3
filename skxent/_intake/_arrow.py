"""Batches of Arrow, as they stream from files and frames, as arrays of checked rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from skxent._intake._beside import check_divided
from skxent._intake._codes import encode
from skxent._intake._columns import BadDataError, Layout, is_text_file
from skxent._intake._containers import by_spelling
from skxent._intake._groups import Groups, check_groups
from skxent._intake._labels import shown, uncomparable
from skxent._intake._missing import MISSING
from skxent._intake._numbers import as_objects
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
    chunk: Chunk,
    layout: Layout,
    labels: NDArray[Any],
    *,
    drop: bool,
    from_logits: bool,
    renormalize: bool,
) -> Rows:
    """The rows of a chunk; those with a null are left out, or else an error for the first."""
    missing = _missing(chunk, layout, labels, drop=drop)
    found = _Reader(chunk, layout, labels, missing)
    columns = layout.columns
    weight = None if columns.weight is None else found.numbers(columns.weight)
    if missing is not None:
        weight = (~missing).astype(np.float64) if weight is None else np.where(missing, 0, weight)
    proba = found.probabilities()  # a list that is too short is said before any label
    if missing is not None and not _keep_the_rules(proba[missing], from_logits=from_logits):
        # What is no row must still keep the rules of one; lists are copied for that.
        proba = np.require(proba, np.result_type(proba, np.float32), "W")
        proba[missing] = 0.0 if from_logits else 1.0 / (2 if proba.ndim == 1 else proba.shape[1])
    codes = found.codes()
    if renormalize and not from_logits and layout.kind == "columns":
        kept = slice(None) if missing is None else ~missing
        check_divided(proba[kept], codes[kept], layout, chunk.where)
    return Rows(
        codes=codes,
        proba=proba,
        weight=weight,
        groups=None if columns.groups is None else found.groups(columns.groups),
        row_ids=None if columns.row_ids is None else found.names(columns.row_ids),
        dropped=missing,
    )


def _keep_the_rules(proba: FloatArray, *, from_logits: bool) -> bool:
    """Whether rows that are left out hold probabilities all the same."""
    if from_logits:
        return bool(np.isfinite(proba).all())
    within = ((proba >= 0) & (proba <= 1)).all()
    return bool(within) and (proba.ndim == 1 or bool((abs(proba.sum(axis=1) - 1) < 1e-6).all()))


def _missing(
    chunk: Chunk, layout: Layout, labels: NDArray[Any], *, drop: bool
) -> NDArray[np.bool_] | None:
    """Whether a column that must be filled is null in a row; None where there is no such row."""
    import pyarrow as pa
    import pyarrow.compute as pc

    missing = None
    for name in layout.filled:
        column = chunk.batch.column(name)
        # A label that is nan is none; among probabilities and weights nan is a mistake.
        is_y = name == layout.columns.y and pa.types.is_floating(column.type)
        spelled = _spelled(chunk, layout, labels, name)
        if pa.types.is_dictionary(column.type) and column.dictionary.null_count:
            column = column.dictionary_decode()  # a number may stand for null
        if not column.null_count and not is_y and spelled is None:
            continue
        null = pc.is_null(column, nan_is_null=is_y).to_numpy(zero_copy_only=False)
        null = null if spelled is None else null | spelled
        if null.any() and not drop:
            msg = (
                f"{chunk.row(int(null.argmax()))}, column {name!r}: there is no value; fill it, or "
                f'leave such rows out with nulls="drop".'
            )
            raise BadDataError(msg)
        if null.any():
            missing = null if missing is None else missing | null
    return missing


def _spelled(
    chunk: Chunk, layout: Layout, labels: NDArray[Any], name: str
) -> NDArray[np.bool_] | None:
    """
    Whether cells of a file of text say that they have no value; None where none does.

    What is one of the labels says something. Numbers are null already where they are read.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    columns = layout.columns
    if name not in (columns.y, columns.groups) or not is_text_file(chunk.batch.schema):
        return None
    is_label = by_spelling(labels) if name == columns.y else {}
    texts = [text for text in MISSING if text not in is_label]
    found = pc.is_in(chunk.batch.column(name), value_set=pa.array(texts))
    return found.to_numpy(zero_copy_only=False) if pc.any(found).as_py() else None


class _Reader:
    """The columns of a chunk as arrays, with anything at all where a row is left out."""

    def __init__(
        self,
        chunk: Chunk,
        layout: Layout,
        labels: NDArray[Any],
        missing: NDArray[np.bool_] | None,
    ) -> None:
        self.chunk, self.layout, self.labels, self.missing = chunk, layout, labels, missing
        self.batch = chunk.batch
        self.is_text = is_text_file(chunk.batch.schema)

    def at(self, row: int, name: str) -> str:
        """Where a number of these rows is, in words."""
        return f"{self.chunk.row(row)}, column {name!r}"

    def spread(self, values: NDArray[Any]) -> NDArray[Any]:
        """What the rows that are not left out have, where they are among all."""
        if self.missing is None:
            return values
        found = np.zeros((len(self.missing), *values.shape[1:]), values.dtype)
        found[~self.missing] = values
        return found

    def kept(self, column: Any) -> Any:
        """A column of the rows that are not left out."""
        import pyarrow as pa

        return column if self.missing is None else column.filter(pa.array(~self.missing))

    def codes(self) -> IntArray:
        """The position in the labels of each row's label."""
        import pyarrow as pa
        import pyarrow.compute as pc

        name = self.layout.columns.y
        column = self.batch.column(name)
        if str(column.type) == "string_view":  # which not every release can look up
            column = column.cast(pa.large_string())
        if not pa.types.is_dictionary(column.type):
            column = pc.dictionary_encode(column)
        # Also a category that no row has may be none of the labels.
        known = self._known(column.dictionary.to_pylist())
        indices = column.indices
        if self.missing is not None:
            if self.missing.all():
                return np.zeros(len(column), np.intp)
            indices = indices.fill_null(0)
        codes = known.take(indices.to_numpy(zero_copy_only=False))
        if self.missing is not None:
            codes[self.missing] = 0
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
            return encode(as_objects(values), self.labels)
        texts = by_spelling(self.labels)
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
        if pa.types.is_dictionary(column.type):
            column = column.dictionary_decode()
        kind = column.type
        if not (pa.types.is_floating(kind) or pa.types.is_integer(kind)):
            if not (pa.types.is_decimal(kind) or pa.types.is_boolean(kind)):
                msg = f"{self.chunk.where}: column {name!r} holds {kind}, not numbers."
                raise BadDataError(msg)
            column = column.cast(pa.float64())
        if column.null_count:
            column = column.fill_null(0)
        return column.to_numpy(zero_copy_only=False)

    def _of_lists(self, name: str) -> NDArray[Any]:
        """The table whose rows are lists."""
        import pyarrow as pa

        column, k = self.batch.column(name), len(self.labels)
        column = getattr(column, "storage", column)  # of tensors
        # What is left out may hold anything, and is cut out only if it does: that copies all.
        is_cut = self.missing is not None and not _is_table(column, k)
        column = self.kept(column) if is_cut else column
        if (wrong := _lengths(column) != k).any():
            row = int(wrong.argmax())
            where = self.at(self._number(row), name)
            msg = f"{where}: a list of {_lengths(column)[row]} numbers beside {k} labels."
            raise BadDataError(msg)
        flat = column.flatten()
        if pa.types.is_decimal(flat.type):
            flat = flat.cast(pa.float64())
        if flat.null_count:
            row = int(flat.is_null().to_numpy(zero_copy_only=False).argmax()) // k
            msg = f"{self.at(self._number(row), name)}: a number of the list is null."
            raise BadDataError(msg)
        if not (pa.types.is_floating(flat.type) or pa.types.is_integer(flat.type)):
            msg = f"{self.chunk.where}: column {name!r} holds {column.type}, not lists of numbers."
            raise BadDataError(msg)
        table = flat.to_numpy(zero_copy_only=False).reshape(len(column), k)
        return self.spread(table) if is_cut else table

    def _number(self, row: int) -> int:
        """The number of a row among all, from that among those that are kept."""
        return row if self.missing is None else int(np.flatnonzero(~self.missing)[row])

    def groups(self, name: str) -> Groups | None:
        """Groups by their names, each of which is looked at once."""
        import pyarrow as pa
        import pyarrow.compute as pc

        column = self.kept(self.batch.column(name))
        if not len(column):
            return None
        if pa.types.is_dictionary(column.type) and column.dictionary.null_count:
            column = column.dictionary_decode()
        if not pa.types.is_dictionary(column.type):
            column = pc.dictionary_encode(column)
        keys = column.dictionary.to_pylist()
        found = check_groups(keys, len(keys))
        codes = found.codes[column.indices.to_numpy(zero_copy_only=False)]
        return replace(found, codes=self.spread(codes))

    def names(self, name: str) -> NDArray[Any]:
        """Names of rows as integers, or as objects."""
        import pyarrow as pa

        column = self.kept(self.batch.column(name))
        if pa.types.is_integer(column.type):
            return self.spread(column.to_numpy(zero_copy_only=False))
        return self.spread(as_objects(column.to_pylist()))


def _lengths(column: Any) -> IntArray:
    """Of the lists of a column."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_fixed_size_list(column.type):
        return np.full(len(column), column.type.list_size)
    return pc.list_value_length(column).to_numpy(zero_copy_only=False)


def _is_table(column: Any, k: int) -> bool:
    """Whether all lists are there and hold `k` numbers."""
    if column.null_count or (_lengths(column) != k).any():
        return False
    return not column.flatten().null_count
