"""A user's own table: columns of numbers and of text, beside the classes."""

from __future__ import annotations

import csv
import difflib
import io
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skxent.cli._errors import DataError, UsageError

__all__ = ["Column", "UserTable", "read_table", "split_off", "without"]

_BINARY = (b"PAR1", b"ARROW1", b"FEA1", b"\xff\xff\xff\xff")
_WHOLE = re.compile(r"0|-?[1-9][0-9]{0,17}")


@dataclass(frozen=True, slots=True)
class Column:
    """One column: numbers with nan, or texts, where an empty one is missing; or neither."""

    name: str
    values: NDArray[Any]
    kind: str
    """ "numbers", "text", or what else it holds."""
    cells: tuple[str, ...] | None = None
    """As they are written, in a file of text."""


UserTable = list[Column]


def read_table(path: str) -> UserTable:
    """Text with a header line, Parquet, Arrow or Feather; "-" is text on standard input."""
    try:
        if path == "-":
            return _of_text(sys.stdin.read(), path)
        with open(path, "rb") as file:
            start = file.read(8)
        if start.startswith(_BINARY):
            return _of_arrow(path)
        with open(path, newline="", encoding="utf-8-sig") as file:
            return _of_text(file.read(), path)
    except FileNotFoundError:
        msg = f"there is no file {path!r}"
        raise UsageError(msg) from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        msg = f"cannot read {path!r} as UTF-8 text with columns: {error}"
        raise DataError(msg) from error


def split_off(table: UserTable, target: str, path: str) -> tuple[UserTable, NDArray[Any], int]:
    """The other columns, the classes, and how many rows had none and are left out."""
    names = [column.name for column in table]
    column = table[_place(names, target, path, "--target")]
    if column.kind not in ("numbers", "text"):
        msg = f"--target: column {target!r} of {path!r} holds {column.kind}; classes are needed"
        raise DataError(msg)
    if column.kind == "numbers" and column.cells is None:
        missing, y = np.isnan(column.values), column.values
    else:
        cells = column.values.tolist() if column.cells is None else column.cells
        y = np.array([cell.strip() for cell in cells], dtype=object)
        missing = y == ""
    rest = [Column(c.name, c.values[~missing], c.kind) for c in table if c.name != target]
    return rest, _classes(y[~missing]), int(missing.sum())


def _classes(y: NDArray[Any]) -> NDArray[Any]:
    """Whole numbers where all are; "01" is a code and stays text, and so do other numbers."""
    if y.dtype.kind == "f":
        if (y % 1 == 0).all() and (abs(y) < 2**53).all():
            return y.astype(np.int64)
        return np.array([f"{value:g}" for value in y.tolist()])
    if len(y) and all(_WHOLE.fullmatch(cell) for cell in y):
        return y.astype(np.int64)
    return y.astype(np.str_)


def _place(names: Sequence[str], name: str, path: str, option: str) -> int:
    """Where the only column of this name is."""
    if names.count(name) != 1:
        close = difflib.get_close_matches(name, names, n=1)
        what = f"no column {name!r}; did you mean {close[0]!r}?" if close else ""
        what = what or f"no column {name!r}."
        if name in names:
            what = f"more than one column {name!r}."
        columns = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
        msg = f"{option}: {path!r} has {what} Its columns: {columns}"
        raise UsageError(msg)
    return names.index(name)


def without(table: UserTable, names: Sequence[str], path: str) -> UserTable:
    """The table without some columns."""
    known = [column.name for column in table]
    dropped = {_place(known, name, path, "--drop") for name in names}
    return [column for i, column in enumerate(table) if i not in dropped]


def _of_text(text: str, path: str) -> UserTable:
    first = text[:65536].splitlines()
    try:
        dialect: Any = csv.Sniffer().sniff(first[0], delimiters=",;\t|")
    except (csv.Error, IndexError):
        dialect = csv.excel
    # The header alone cannot show whether quotes are doubled; the standard says so.
    reader = csv.reader(io.StringIO(text, newline=""), dialect, doublequote=True)
    rows = [row for row in reader if row]
    if len(rows) < 2:
        msg = f"{path!r} needs a header line and at least one line of data"
        raise DataError(msg)
    header = rows[0]
    for number, row in enumerate(rows[1:], start=1):
        if len(row) != len(header):
            msg = f"data row {number} of {path!r} has {len(row)} fields, not {len(header)}"
            raise DataError(msg)
    cells = zip(*rows[1:], strict=True)
    return [_of_cells(name, values) for name, values in zip(header, cells, strict=True)]


def _of_cells(name: str, cells: Sequence[str]) -> Column:
    """A column of text, which is one of numbers if all cells are; an empty cell is missing."""
    numbers = [_number_or_none(cell) if cell.strip() else np.nan for cell in cells]
    codes = any(re.match(r"\s*-?0[0-9]", cell) for cell in cells)
    if None not in numbers and not codes:
        found = _of_numbers(name, np.array(numbers, dtype=np.float64))
        return replace(found, cells=tuple(cells))
    texts = np.array([cell.strip() for cell in cells], dtype=object)
    return Column(name, texts, "text", tuple(cells))


def _of_numbers(name: str, values: NDArray[np.float64]) -> Column:
    return Column(name, np.where(np.isinf(values), np.nan, values), "numbers")


def _number_or_none(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _of_arrow(path: str) -> UserTable:
    from skxent.engines._files import File
    from skxent.engines._formats import refusals, unreadable

    file = File(path)
    found = file.opened()
    try:
        table = found.whole()
    except refusals() as error:
        raise DataError(unreadable(path, error)) from error
    finally:
        found.close()
    if table.num_rows == 0:
        msg = f"{path!r} has no rows"
        raise DataError(msg)
    return [_of_column(name, table[name]) for name in table.column_names]


def _of_column(name: str, column: Any) -> Column:
    import pyarrow as pa

    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = kind.value_type
    numeric = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean, pa.types.is_decimal)
    if any(is_it(kind) for is_it in numeric):
        values = column.cast(pa.float64()).to_numpy(zero_copy_only=False)
        return _of_numbers(name, values.astype(np.float64))
    if "string" in str(kind):
        values = np.array(["" if v is None else v for v in column.to_pylist()], dtype=object)
        return Column(name, values, "text")
    return Column(name, np.empty(len(column), dtype=object), str(kind))
