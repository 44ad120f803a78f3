"""What is counted of the parts of data that lie on several machines, and added up."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from skxent._intake._arrow import Chunk
from skxent._intake._columns import Columns, Layout, labels_in, layout_of
from skxent._intake._reading import Reading
from skxent._intake._streams import Stream, stream_of
from skxent._typing import EPS
from skxent.comparison import LogLossComparisonAccumulator
from skxent.comparison._stream import PairedReading
from skxent.engines._slices_from import grouped
from skxent.report import LogLossAccumulator
from skxent.slices import GroupedLogLossAccumulator

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["How", "Task", "added_up", "compare_task", "report_task", "slices_task"]

Accumulator = LogLossAccumulator | LogLossComparisonAccumulator | GroupedLogLossAccumulator


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """How to count, whatever is counted; checked by the accumulator that is made with it."""

    pos_label: Any = None
    target_names: Sequence[str] | None = None
    base: float | None = math.e
    eps: float = EPS
    from_logits: bool = False
    renormalize: bool = False

    def report(self, labels: ArrayLike, subsample: int) -> LogLossAccumulator:
        """An empty accumulator of one model."""
        return LogLossAccumulator(
            labels,
            pos_label=self.pos_label,
            target_names=self.target_names,
            base=self.base,
            eps=self.eps,
            from_logits=self.from_logits,
            renormalize=self.renormalize,
            subsample=subsample,
        )

    def comparison(self, labels: ArrayLike, reference: str | None) -> LogLossComparisonAccumulator:
        """An empty accumulator of several models."""
        return LogLossComparisonAccumulator(
            labels,
            reference=reference,
            pos_label=self.pos_label,
            target_names=self.target_names,
            base=self.base,
            eps=self.eps,
            from_logits=self.from_logits,
            renormalize=self.renormalize,
        )

    def slices(self, labels: ArrayLike) -> GroupedLogLossAccumulator:
        """An empty accumulator of the slices of one model."""
        return GroupedLogLossAccumulator(
            labels,
            pos_label=self.pos_label,
            target_names=self.target_names,
            base=self.base,
            eps=self.eps,
            from_logits=self.from_logits,
            renormalize=self.renormalize,
        )


@dataclass(frozen=True, slots=True)
class Task:
    """What to count of each part: sent to where the parts are, and small."""

    empty: Accumulator
    reading: Reading | PairedReading
    needed: tuple[str, ...]
    """All columns to be read."""

    def counted(self, frames: Iterable[Any], part: int) -> Accumulator:
        """
        What is counted of the frames or Arrow batches of a part.

        It is a function of the rows and the number of the part alone, random draws included: a
        part that is counted again, since a machine was lost, gives what it gave before.
        """
        found = copy(self.empty)
        rows = (frame for frame in frames if _n_rows(frame))
        first = next(rows, None)
        # Without rows nothing says what the columns hold.
        if first is None:
            return found
        where = f"partition {part}"
        stream = stream_of(chain([first], rows))

        def read(layout: Layout) -> Iterator[Chunk]:
            for chunk in stream.read(layout):
                yield replace(chunk, file=where, part=part, alone=False)

        if isinstance(found, GroupedLogLossAccumulator) and isinstance(self.reading, Reading):
            layout = layout_of(stream.schema, self.reading.columns, found.labels, where)
            return grouped(found, self.reading, ((layout, chunk) for chunk in read(layout)))
        there = Stream(stream.schema, read)
        if isinstance(found, LogLossAccumulator) and isinstance(self.reading, Reading):
            return found._count(there, self.reading, where)
        if isinstance(found, LogLossComparisonAccumulator) and not isinstance(
            self.reading, Reading
        ):
            return found._count(there, self.reading, where)
        raise AssertionError


def added_up(parts: Sequence[Accumulator]) -> Accumulator:
    """The sum of what was counted of some parts, in their order; they stay as they are."""
    return type(parts[0]).sum(parts)  # type: ignore[arg-type]


def _n_rows(frame: Any) -> int:
    return int(frame.num_rows if hasattr(frame, "num_rows") else len(frame))


def report_task(
    schema: pa.Schema,
    columns: Columns,
    how: How,
    *,
    labels: ArrayLike | None,
    nulls: str,
    subsample: int,
    where: str = "the data frame",
) -> Task:
    """To count one model's rows; an error for columns that are not there."""
    found = labels_in(schema, columns, where) if labels is None else labels
    empty = how.report(found, subsample)
    reading = empty._reading(columns, nulls)
    layout = layout_of(schema, columns, empty.labels, where)
    reading.of_one_class(layout, where)
    return Task(empty, reading, tuple(layout.needed))


def slices_task(
    schema: pa.Schema,
    columns: Columns,
    by: str | Sequence[str],
    how: How,
    *,
    labels: ArrayLike | None,
    nulls: str,
    where: str = "the data frame",
) -> Task:
    """To count one model's rows by the values of a column, or of several together."""
    columns = replace(columns, by=_names(by))
    empty = how.slices(labels_in(schema, columns, where) if labels is None else labels)
    of_rows = (how.pos_label, how.from_logits, how.renormalize)
    reading = Reading(columns, empty.labels, *of_rows, nulls)
    layout = layout_of(schema, columns, empty.labels, where)
    reading.of_one_class(layout, where)
    return Task(empty, reading, tuple(layout.needed))


def _names(by: str | Sequence[str]) -> tuple[str, ...]:
    """The columns to tell rows apart by, or an error for what is no name."""
    names = (by,) if isinstance(by, str) else tuple(by) if isinstance(by, Sequence) else ()
    if not isinstance(by, Sequence) or not all(isinstance(name, str) for name in names):
        msg = f"by must be the name of a column, or several; got {by!r}."
        raise TypeError(msg)
    if not names or len(set(names)) < len(names):
        msg = f"by must name at least one column, and none twice; got {by!r}."
        raise ValueError(msg)
    return names


def compare_task(
    schema: pa.Schema,
    y: str,
    models: Mapping[str, str | Sequence[str]],
    how: How,
    *,
    weight: str | None,
    groups: str | None,
    labels: ArrayLike | None,
    reference: str | None,
    nulls: str,
    where: str = "the data frame",
) -> Task:
    """To count the rows of several models, all of which have columns in the same frame."""
    if labels is None:
        # Those of the first; the others must have the same.
        first = next(iter(models.values()), ()) if isinstance(models, Mapping) else ()
        labels = labels_in(schema, Columns.of(y, first, weight, groups, None), where)
    empty = how.comparison(np.asarray(labels), reference)
    reading = empty._reading(y, models, weight, groups, nulls)
    layouts = reading.layouts(schema, where)
    names = chain.from_iterable(layout.needed for layout in layouts.values())
    return Task(empty, reading, tuple(dict.fromkeys(names)))
