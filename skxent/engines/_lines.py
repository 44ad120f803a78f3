"""Lines of text with quotes: what is seen of them ahead, and where they can be cut."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from typing import IO

from skxent._intake._columns import FIRST
from skxent._intake._missing import MISSING

__all__ = ["blocks", "read_ahead", "unclosed"]

_AHEAD = (1 << 16, 1 << 20)
# A quote that nobody closes makes one cell of all that is behind it.
_LONGEST = 1 << 26


def read_ahead(
    source: IO[bytes], n_columns: int, delimiter: str
) -> tuple[bytes, list[dict[bytes, bytes]]]:
    """The first bytes, and the first value of each column as far as these show it."""
    ahead = b""
    for size in _AHEAD:
        ahead += source.read(size - len(ahead))
        ended = len(ahead) < size
        found = _first_cells(ahead if ended else _lines(ahead), n_columns, delimiter)
        if ended or all(found):
            break
    return ahead, found


def _lines(text: bytes) -> bytes:
    """The lines that are there to their end."""
    return text[: text.rfind(b"\n") + 1]


def _first_cells(text: bytes, n_columns: int, delimiter: str) -> list[dict[bytes, bytes]]:
    found: list[dict[bytes, bytes]] = [{} for _ in range(n_columns)]
    rows = io.StringIO(text.decode("utf-8", "replace"), newline="")
    try:
        for row in csv.reader(rows, delimiter=delimiter):
            if len(row) != n_columns:
                continue
            for cells, cell in zip(found, row, strict=True):
                if cell and cell not in MISSING:
                    cells.setdefault(FIRST, cell.encode())
            if all(found):
                break
    except csv.Error:  # a cell of more than 128 kB, which what reads all rows takes
        pass
    return found


def blocks(
    ahead: bytes, source: IO[bytes], size: int, delimiter: str
) -> Iterator[tuple[bytes, bool]]:
    """
    Text in blocks of about some size, cut behind the end of a row; `ahead` comes first.

    False beside a block says that in its first row a quote is never closed.
    """
    rest = ahead
    while more := source.read(size):
        block = rest + more
        end, is_open = _end_of_rows(block, delimiter)
        if is_open and not end and len(block) > _LONGEST:
            yield block, False
            return
        rest = block[end:]
        if block[:end].strip():
            yield block[:end], True
    end, is_open = _end_of_rows(rest, delimiter)
    if is_open:
        if rest[:end].strip():
            yield rest[:end], True
        yield rest[end:], False
    elif rest.strip():
        yield rest, True


def _end_of_rows(block: bytes, delimiter: str) -> tuple[int, bool]:
    """Behind the last line break that is in no cell, and whether a cell is open at the end."""
    end = block.rfind(b"\n") + 1
    if end and block.count(b'"', 0, end) % 2 == 0:
        return end, False
    # A quote within a cell that does not begin with one means nothing, so that it takes a closer
    # look, which is slow: cells with quotes around them, and the last line break of no such cell.
    last = start = 0
    is_open = False
    for cell in _quoted(block, delimiter):
        last = max(last, block.rfind(b"\n", start, cell.start()) + 1)
        start, is_open = cell.end(), not cell[1]
    return max(last, block.rfind(b"\n", start) + 1), is_open


def _quoted(block: bytes, delimiter: str) -> Iterator[re.Match[bytes]]:
    """Cells that begin with a quote, up to the next that is not doubled, or else to the end."""
    before = re.escape(delimiter.encode())
    begin = rb"(?:^|(?<=[\n\r" + before + rb"]))"
    return re.finditer(begin + rb'"[^"]*(?:""[^"]*)*("|\Z)', block)


def unclosed(
    block: bytes, n_rows: int, delimiter: str, is_row: Callable[[Sequence[str]], bool], last: int
) -> int | None:
    """
    The row with a quote that the quote of another row has closed; None where there is none.

    Such a cell holds rows, or there is text behind it. Whether cells are a row is told by columns
    up to the one with the number `last`. A block whose rows are as many as its lines has no cell of
    several lines, and is not looked at.
    """
    if n_rows >= block.rstrip(b"\r\n").count(b"\n") + 1:
        return None
    row = start = 0
    for cell in _quoted(block, delimiter):
        row += _n_lines(block[start : cell.start()])
        start = cell.end()
        if b"\n" not in cell[0]:
            continue
        ends = block[start : start + 1] in (b"", b"\r", b"\n", delimiter.encode())
        # The lines as they would be without quotes, from the one that the cell begins in, unless
        # what makes a row of that one is before the cell, to the one that it ends in.
        line = block[block.rfind(b"\n", 0, cell.start()) + 1 : cell.start()]
        more = block[start : start + _AHEAD[0]].partition(b"\n")[0]
        lines = (line + cell[0][1:-1] + more).decode("utf-8", "replace").splitlines()
        lines = lines[1 if line.count(delimiter.encode()) >= last else 0 :]
        lines = [line for line in lines if len(line) < _AHEAD[0]]
        if not ends or any(map(is_row, csv.reader(lines, delimiter=delimiter))):
            return row
    return None


def _n_lines(between: bytes) -> int:
    """How many rows end in what is between cells with quotes; empty lines are none."""
    lines = between.split(b"\n")
    return sum(bool(line.strip(b"\r")) or i == 0 for i, line in enumerate(lines[:-1]))
