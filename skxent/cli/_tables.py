"""A user's own table: columns of numbers and of text, beside the classes."""

from __future__ import annotations

import csv
import difflib
import gzip
import io
import re
import sys
import zlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skxent._intake._missing import MISSING, MISSING_NUMBERS
from skxent._intake._number_text import number_in
from skxent.cli._cells import Column, decimal_commas, of_cells, of_numbers
from skxent.cli._errors import DataError, UsageError
from skxent.engines._lines import unclosed

__all__ = ["Column", "UserTable", "as_text", "read_table", "split_off", "without"]

_BINARY = (b"PAR1", b"ARROW1", b"FEA1", b"\xff\xff\xff\xff")
_GZIP = b"\x1f\x8b"
# A line that comes last, unless a cell is open there.
_END = "end"
_WHOLE = re.compile(r"0|-?[1-9][0-9]{0,17}")


UserTable = list[Column]


def read_table(path: str) -> UserTable:
    """Text with a header line, Parquet, Arrow or Feather; "-" is standard input."""
    try:
        content = _standard() if path == "-" else Path(path).read_bytes()
        if content.startswith(_BINARY):
            return _of_arrow(content, path)
        if content.startswith(_GZIP):
            content = gzip.decompress(content)
        return _of_text(_decoded(content), path)  # whatever the locale
    except FileNotFoundError:
        msg = f"there is no file {path!r}"
        raise UsageError(msg) from None
    except (OSError, EOFError, ValueError, csv.Error, zlib.error) as error:
        msg = f"cannot read {path!r} as UTF-8 text with columns: {error}"
        raise DataError(msg) from error


def _standard() -> bytes:
    if sys.stdin is None:
        msg = "nothing is connected to standard input"
        raise OSError(msg)
    return sys.stdin.buffer.read()


def _decoded(content: bytes) -> str:
    """Text in UTF-8; what it is otherwise, and in which line, is said."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if content.startswith((b"\xff\xfe", b"\xfe\xff")):
            msg = "it is UTF-16; save it as UTF-8"
        else:
            line, byte = content.count(b"\n", 0, error.start) + 1, content[error.start]
            msg = f"line {line} has a byte {byte:#x}, which is none there; save it as UTF-8"
        raise ValueError(msg) from error


def split_off(table: UserTable, target: str, path: str) -> tuple[UserTable, NDArray[Any], str]:
    """The other columns, the classes, and what is said of rows that had none and are left out."""
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
        # Where the others are numbers, "-" is no class.
        are_numbers = column.kind == "numbers" and not np.isnan(column.values).all()
        missing = np.array([not c or (c in MISSING if not are_numbers else _is_none(c)) for c in y])
    rest = [_of_rows(c, ~missing) for i, c in enumerate(table) if i != names.index(target)]
    return rest, _classes(y[~missing]), _left_out(target, y[missing].tolist())


def _of_rows(column: Column, rows: NDArray[np.bool_]) -> Column:
    """What a column says of some rows."""
    missing = tuple(np.array(column.missing, dtype=object)[rows]) if column.missing else ()
    return replace(column, values=column.values[rows], cells=None, missing=missing)


def _is_none(cell: str) -> bool:
    return cell.lower() in MISSING_NUMBERS


def _left_out(target: str, cells: Sequence[Any]) -> str:
    """A line about rows without a class, or nothing."""
    if not cells:
        return ""
    rows = f"{len(cells)} row{'s' if len(cells) != 1 else ''}"
    spelled = sorted({cell for cell in cells if isinstance(cell, str) and cell})
    how = f" ({', '.join(map(repr, spelled))})" if spelled else ""
    return f"left out: {rows} without a value of {target}{how}"


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


def as_text(table: UserTable, names: Sequence[str], path: str) -> UserTable:
    """The table with some columns as texts, whatever they look like."""
    known = [column.name for column in table]
    places = {_place(known, name, path, "--text") for name in names}
    return [_text_of(column) if i in places else column for i, column in enumerate(table)]


def _text_of(column: Column) -> Column:
    if column.cells is not None:
        cells = [cell.strip() for cell in column.cells]
        texts = ["" if cell in MISSING else cell for cell in cells]
        missing = tuple(cell if cell in MISSING else "" for cell in cells)
    elif column.kind == "numbers":
        values = column.values.tolist()
        texts = ["" if np.isnan(value) else f"{value:.15g}" for value in values]
        missing = ()
    else:
        return column
    return Column(column.name, np.array(texts, dtype=object), "text", column.cells, missing)


def _of_text(text: str, path: str) -> UserTable:
    first = text[:65536].splitlines()
    try:
        dialect: Any = csv.Sniffer().sniff(first[0], delimiters=",;\t|")
    except (csv.Error, IndexError):
        dialect = csv.excel
    # The header alone cannot show whether quotes are doubled; the standard says so.
    closed = io.StringIO(f"{text}\n{_END}\n", newline="")
    rows = [row for row in csv.reader(closed, dialect, doublequote=True) if row]
    if rows.pop() != [_END]:
        msg = f"data row {len(rows)} of {path!r}: a cell begins with a quote that is never closed"
        raise DataError(msg)
    if len(rows) < 2:
        msg = f"{path!r} needs a header line and at least one line of data"
        raise DataError(msg)
    header = rows[0]
    numbers = _of_numbers(rows)

    def is_row(found: Sequence[str]) -> bool:
        there = len(found) == len(header) and len(numbers) > 1
        return there and all(number_in(found[i]) is not None for i in numbers)

    at = unclosed(text.encode(), len(rows), dialect.delimiter, is_row, max(numbers, default=0))
    if at is not None and dialect.quotechar == '"':
        msg = (
            f"data row {at} of {path!r}: a cell begins with a quote that only the quote of "
            f"another row closes; double quotes within cells, or take them out"
        )
        raise DataError(msg)
    for number, row in enumerate(rows[1:], start=1):
        if len(row) != len(header):
            msg = f"data row {number} of {path!r} has {len(row)} fields, not {len(header)}"
            raise DataError(msg)
    columns = list(zip(*rows[1:], strict=True))
    commas = decimal_commas(columns)
    return [of_cells(name, c, commas=commas) for name, c in zip(header, columns, strict=True)]


def _of_numbers(rows: Sequence[Sequence[str]]) -> list[int]:
    """Which columns hold numbers in most of the first rows."""
    first = [row for row in rows[1:100] if len(row) == len(rows[0])]
    counts = [sum(number_in(row[i]) is not None for row in first) for i in range(len(rows[0]))]
    return [i for i, count in enumerate(counts) if 2 * count > len(first)]


def _of_arrow(content: bytes, path: str) -> UserTable:
    from skxent._intake._streams import pyarrow_or_advice
    from skxent.engines._formats import opened_bytes, refusals, unreadable

    pyarrow_or_advice(f"Reading {path}")
    try:
        found = opened_bytes(content, path)
        table = found.whole()
    except refusals() as error:
        raise DataError(unreadable(path, error)) from error
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
        return of_numbers(name, values.astype(np.float64))
    if "string" in str(kind):
        values = np.array(["" if v is None else v for v in column.to_pylist()], dtype=object)
        return Column(name, values, "text")
    return Column(name, np.empty(len(column), dtype=object), str(kind))
