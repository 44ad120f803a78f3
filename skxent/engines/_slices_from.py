"""Slices by the values of a column, of files and other sources, in constant memory."""

from __future__ import annotations

import math
from collections.abc import Sequence
from copy import copy
from functools import partial
from typing import Any

from skxent._intake._arrow import Chunk
from skxent._intake._batches import ones_for_zeros
from skxent._intake._columns import Columns, Layout, is_text_file
from skxent._intake._features import Feature, coded
from skxent._intake._missing import MISSING
from skxent._intake._reading import Reading, locating
from skxent.engines._counting import Chunks, Progress, counting_of, told
from skxent.slices import GroupedLogLossAccumulator

__all__ = ["grouped", "grouped_from"]


def grouped_from(
    source: Any,
    columns: Columns,
    *,
    label_texts: Sequence[str] | None = None,
    nulls: str = "error",
    n_jobs: int | None = None,
    base: float | None = math.e,
    from_logits: bool = False,
    renormalize: bool = False,
    progress: Progress | None = None,
) -> GroupedLogLossAccumulator:
    """
    All rows of a source by the values of a column, or of several, `columns.by`.

    `label_texts` are labels that become of the type of those of the rows.
    """
    with counting_of(source, columns) as counting:
        labels = counting.labels(label_texts)
        found = GroupedLogLossAccumulator(
            labels, base=base, from_logits=from_logits, renormalize=renormalize
        )
        reading = Reading(columns, labels, None, from_logits, renormalize, nulls)
        each = None if progress is None else told(progress, counting.n_rows())
        work = partial(grouped, copy(found), reading)
        for part in counting.parts(work, reading, n_jobs, each):
            found.merge(part)
    return found


def grouped(
    empty: GroupedLogLossAccumulator, reading: Reading, chunks: Chunks
) -> GroupedLogLossAccumulator:
    """The rows of some chunks in an accumulator like one that has none."""
    found = copy(empty)
    for layout, chunk in chunks:
        if chunk.batch.num_rows:
            _count(found, chunk, layout, reading)
    return found


def _count(
    found: GroupedLogLossAccumulator, chunk: Chunk, layout: Layout, reading: Reading
) -> None:
    """Add the rows of a chunk; an error says where they are from."""
    rows = reading.rows(chunk, layout)
    with locating(chunk, layout):
        if ones_for_zeros(rows.weight) is not None:
            found._add((), None, rows.n_dropped)
            return
        checked = reading.checked(rows, layout, chunk.where)
        # Rows without a label are none, and what one is called says something.
        y = reading.columns.y
        by = [_column(chunk, name, spelled=name != y) for name in reading.columns.slicing]
        found._count(checked, by, rows.n_dropped)


def _column(chunk: Chunk, name: str, *, spelled: bool) -> Feature:
    """
    A column, each value of which is looked at once; null is one that is missing.

    So is what says in a file of text that there is no value, if it can be `spelled`.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    column = chunk.batch.column(name)
    if not pa.types.is_dictionary(column.type):
        column = pc.dictionary_encode(column)
    keys = [*column.dictionary.to_pylist(), None]
    if spelled and is_text_file(chunk.batch.schema):
        keys = [None if key in MISSING else key for key in keys]
    codes = pc.fill_null(column.indices.cast(pa.int64()), len(keys) - 1)
    return coded(keys, name).taken(codes.to_numpy(zero_copy_only=False))
