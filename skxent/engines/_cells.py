"""Cells of text in the place of numbers: those without a value, and mistakes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from skxent._intake._columns import BadDataError
from skxent._intake._missing import MISSING_NUMBERS
from skxent._intake._number_text import number_in

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["numbers_of", "with_nulls"]


def with_nulls(table: pa.Table) -> pa.Table:
    """The same, where a number that is written as nan is one that is missing."""
    import pyarrow as pa
    import pyarrow.compute as pc

    for i, field in enumerate(table.schema):
        if not pa.types.is_floating(field.type):
            continue
        total = pc.sum(table.column(i)).as_py()
        if total is None or not math.isnan(
            total
        ):  # quicker than to ask each number; nan makes it nan
            continue
        is_nan = pc.is_nan(table.column(i))
        if pc.any(is_nan).as_py():
            column = pc.if_else(is_nan, pa.scalar(None, field.type), table.column(i))
            table = table.set_column(i, field, column)
    return table


def numbers_of(table: pa.Table, numbers: set[str], name: str, start: int) -> pa.Table:
    """
    A table of text with some columns as numbers; an error for the first row with another cell.

    Its rows are those of the file `name` from the row `start`.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    bad: list[tuple[int, str, str]] = []
    missing = pa.array(sorted(MISSING_NUMBERS))
    for i, field in enumerate(table.schema):
        if field.name not in numbers:
            continue
        texts = pc.utf8_trim_whitespace(table.column(i))
        none = pc.is_in(pc.utf8_lower(texts), value_set=missing)
        texts = pc.if_else(none, pa.scalar(None, texts.type), texts)
        try:
            column = texts.cast(pa.float64())
        except pa.ArrowInvalid:
            bad.append((*_first_other(texts.to_pylist()), field.name))
            continue
        table = table.set_column(i, pa.field(field.name, pa.float64()), column)
    if bad:
        row, text, column = min(bad, key=lambda found: found[0])
        msg = f"{name}, row {start + row}, column {column!r}: {_said(text)}."
        raise BadDataError(msg)
    return table


def _first_other(texts: list[str | None]) -> tuple[int, str]:
    """The first that is no number to Arrow."""
    import pyarrow as pa

    for row, text in enumerate(texts):
        try:
            pa.scalar(text, pa.string()).cast(pa.float64())
        except pa.ArrowInvalid:
            return row, str(text)
    msg = "There is none, though the column could not be cast."
    raise AssertionError(msg)


def _said(text: str) -> str:
    """What is wrong with a cell, and the way out."""
    if (plain := text.rstrip("% ")) != text and (percent := number_in(plain)) is not None:
        return f"{text!r} is no number; write {percent / 100:g}"
    if text.count(",") == 1 and number_in(text.replace(",", ".")) is not None:
        return f"{text!r} is no number; write it with a decimal point"
    return (
        f"{text[:60]!r} is no number; mend it, or leave it empty where there is no value and leave "
        f'such rows out with nulls="drop"'
    )
