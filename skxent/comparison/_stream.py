"""Rows of several models that stream as Arrow batches, checked; errors say where they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from skxent._intake._arrow import Chunk, Rows
from skxent._intake._columns import Columns, Layout, layout_of
from skxent._intake._reading import Reading, locating
from skxent._intake._rows import Labelled
from skxent._intake._streams import Stream
from skxent._typing import FloatArray
from skxent.comparison._compare import losses_of, rows_that_count
from skxent.statistic._paired import PairedRows
from skxent.statistic._sums import check_total

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["PairedReading", "chunk_losses", "stream_rows"]


@dataclass(frozen=True, slots=True)
class PairedReading:
    """How a stream that has the probabilities of several models is read."""

    readings: Mapping[str, Reading]
    """Of each model by its name: all alike but for the columns of the probabilities."""
    eps: float

    @classmethod
    def of(
        cls,
        models: Mapping[str, str | Sequence[str]],
        *,
        y: str,
        weight: str | None,
        groups: str | None,
        labels: NDArray[Any],
        pos_label: Any,
        from_logits: bool,
        renormalize: bool,
        nulls: str,
        eps: float,
    ) -> PairedReading:
        """With the columns that hold each model's probabilities."""
        how = (labels, pos_label, from_logits, renormalize, nulls)
        readings = {
            name: Reading(Columns.of(y, proba, weight, groups, None), *how)
            for name, proba in models.items()
        }
        return cls(readings, eps)

    def layouts(self, schema: pa.Schema, where: str) -> dict[str, Layout]:
        """Where a stream of some schema has each model's probabilities."""
        return {
            name: layout_of(schema, reading.columns, reading.labels, where)
            for name, reading in self.readings.items()
        }


def stream_rows(
    stream: Stream, reading: PairedReading, where: str = "the data"
) -> Iterator[tuple[PairedRows | None, int]]:
    """The rows of each chunk that have a weight, None if none has, and how many were left out."""
    layouts = reading.layouts(stream.schema, where)
    # A layout of all the columns, so that they are read together.
    first = next(iter(layouts.values()))
    columns = (name for layout in layouts.values() for name in layout.proba)
    together = Layout(first.columns, tuple(dict.fromkeys(columns)), first.kind)
    for chunk in stream.read(together):
        if chunk.batch.num_rows:
            yield _rows_of_chunk(chunk, layouts, reading, where)


def _rows_of_chunk(
    chunk: Chunk, layouts: Mapping[str, Layout], reading: PairedReading, where: str
) -> tuple[PairedRows | None, int]:
    found = [each.rows(chunk, layouts[n]) for n, each in reading.readings.items()]
    weights = [rows.weight for rows in found if rows.weight is not None]
    # What one model has no value for has a weight of 0 there.
    weight = np.minimum.reduce(weights) if weights else None
    losses, excluded = [], []
    for rows, (name, each) in zip(found, reading.readings.items(), strict=True):
        of_model = replace(rows, weight=weight)
        loss, none, _ = chunk_losses(chunk, layouts[name], each, of_model, reading.eps, where)
        losses.append(loss)
        excluded.append(none)
    lost = [rows.dropped for rows in found if rows.dropped is not None]
    n_dropped = int(np.count_nonzero(np.logical_or.reduce(lost))) if lost else 0
    if weight is not None and not weight.any():
        return None, n_dropped
    codes, groups = found[0].codes, found[0].groups
    return rows_that_count(losses, excluded, reading.eps, codes, weight, groups), n_dropped


def chunk_losses(
    chunk: Chunk, layout: Layout, reading: Reading, rows: Rows, eps: float, where: str
) -> tuple[FloatArray, NDArray[np.bool_], Labelled]:
    """The loss of each of these rows, which classes the model excludes in some, and the rows."""
    with locating(chunk, layout):
        found = reading.checked(rows, layout, where)
        check_total(found.weight)
        return *losses_of(found, eps), found
