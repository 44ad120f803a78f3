"""Lines of text with quotes: what is seen of them ahead, and where they can be cut."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from typing import IO

from skxent._intake._columns import FIRST
from skxent._intake._missing import MISSING

__all__ = ["blocks", "read_ahead"]

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
    before = re.escape(delimiter.encode())
    begin = rb"(?:^|(?<=[\n\r" + before + rb"]))"
    quoted = re.compile(begin + rb'"[^"]*(?:""[^"]*)*("|\Z)')
    last = start = 0
    is_open = False
    for cell in quoted.finditer(block):
        last = max(last, block.rfind(b"\n", start, cell.start()) + 1)
        start, is_open = cell.end(), not cell[1]
    return max(last, block.rfind(b"\n", start) + 1), is_open
