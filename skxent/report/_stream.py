"""Rows that stream as Arrow batches: checked, counted, and errors that say where they are."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from skxent._intake._arrow import Chunk, Places, Rows
from skxent._intake._batches import ones_for_zeros
from skxent._intake._columns import Layout, layout_of
from skxent._intake._reading import Reading, locating
from skxent._intake._streams import Stream
from skxent.report._batches import Batch, checked_ids
from skxent.report._tally import Tally
from skxent.statistic._keys import KeyArray, keys_of, mixed
from skxent.statistic._sums import check_total

__all__ = ["count_chunk", "count_stream"]


def count_stream(tally: Tally, stream: Stream, reading: Reading, where: str = "the data") -> None:
    """Count the rows of a stream."""
    layout = layout_of(stream.schema, reading.columns, reading.labels, where)
    reading.of_one_class(layout, where)
    for chunk in stream.read(layout):
        count_chunk(tally, chunk, layout, reading)


def count_chunk(tally: Tally, chunk: Chunk, layout: Layout, reading: Reading) -> None:
    """Count the rows of a chunk, if there are any; an error says where they are."""
    if not chunk.batch.num_rows:
        return
    rows = reading.rows(chunk, layout)
    with locating(chunk, layout):
        tally.take(_batch(rows, chunk, layout, reading))
    if rows.n_dropped:
        tally.leave_out(rows.n_dropped)


def _batch(rows: Rows, chunk: Chunk, layout: Layout, reading: Reading) -> Batch:
    """The rows as a batch, whose keys are made of what they hold and where they are."""
    found = reading.checked(rows, layout, chunk.where)
    check_total(found.weight)
    found = replace(found, labels=reading.labels)
    if rows.row_ids is not None:
        names: Any = checked_ids(rows.row_ids, len(rows.codes))
        keys = keys_of(names)
    else:
        names = None if chunk.alone else Places(chunk.where, chunk.start)
        keys = _keys(rows, chunk)
    return Batch(found, rows.groups, names, keys, ones_for_zeros(rows.weight) is None)


def _keys(rows: Rows, chunk: Chunk) -> KeyArray:
    """
    Keys for the draw of the sample: the same whenever the same data are read.

    A function of place and content, so that other data, whose sample is added, draw otherwise.
    """
    start = (chunk.part << 40) + chunk.start
    first = rows.proba if rows.proba.ndim == 1 else rows.proba[:, 0]
    keys = first.astype(np.float64).view(np.uint64)
    keys += rows.codes.astype(np.uint64)
    keys = mixed(keys)
    keys += np.arange(start, start + len(keys), dtype=np.uint64)
    return keys_of(keys)
