"""Columns that are in no file, but in the names of its folders, such as ``day=2026-11-29``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import Any
from urllib.parse import unquote

from skxent._intake._columns import Columns, Layout
from skxent._intake._number_text import number_in
from skxent.engines._formats import Opened

__all__ = ["with_folders"]

# What Hive and its kin call a folder of rows without a value.
_NONE = "__HIVE_DEFAULT_PARTITION__"


def with_folders(found: Opened, path: str, columns: Columns) -> Opened:
    """The file with the columns asked for that stand in its path: weights, and others as text."""
    named = {name for _, name in columns.beside}
    known = set(found.schema.names)
    values = {k: v for k, v in _values_of(path).items() if k in named and k not in known}
    if not values:
        return found
    import pyarrow as pa

    cells: dict[str, Any] = {name: pa.scalar(v, pa.string()) for name, v in values.items()}
    if (weight := columns.weight) in values and (text := values[weight]) is not None:
        number = number_in(text)  # what is none is said where weights are judged
        cells[weight] = pa.scalar(text if number is None else number)
    schema = found.schema
    for name, cell in cells.items():
        schema = schema.append(pa.field(name, cell.type))

    def batches(layout: Layout, some: Sequence[int] | None) -> Iterator[Any]:
        for batch in found.batches(_without(layout, values), some):
            arrays, whole = list(batch.columns), batch.schema
            for name, cell in cells.items():
                arrays.append(pa.repeat(cell, batch.num_rows))
                whole = whole.append(pa.field(name, cell.type))
            yield pa.RecordBatch.from_arrays(arrays, schema=whole)

    return replace(found, schema=schema, batches=batches)


def _values_of(path: str) -> dict[str, str | None]:
    """What the names of the folders of a file say."""
    found = {}
    for part in PurePath(path).parts[:-1]:
        name, equals, value = part.partition("=")
        if name and equals:
            found[unquote(name)] = None if value == _NONE else unquote(value)
    return found


def _without(layout: Layout, names: dict[str, str | None]) -> Layout:
    """Where the columns are that are in the file."""
    columns = layout.columns
    # There is always a column of labels; one that is read anyway takes its place.
    y = layout.proba[0] if columns.y in names else columns.y
    weight, groups, row_ids = (
        None if name in names else name
        for name in (columns.weight, columns.groups, columns.row_ids)
    )
    by = tuple(name for name in columns.slicing if name not in names)
    return replace(layout, columns=Columns(y, columns.proba, weight, groups, row_ids, by))
