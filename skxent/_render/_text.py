"""Tables and paragraphs of text for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

from skxent._render._words import text_width

__all__ = ["column_parts", "fit", "table_lines", "wrapped"]

# The fewest columns that a name is cut to.
_NARROWEST = 5


def fit(text: str, width: int) -> str:
    """The text cut or filled to a number of columns."""
    if text_width(text) > width:
        while text_width(text) > width - 1:
            text = text[:-1]
        text += "…"
    return text + " " * (width - text_width(text))


def wrapped(text: str, width: int, *, first: str = "", rest: str = "") -> str:
    """A paragraph in lines that end between words: "over-" at the end of one would be another."""
    return textwrap.fill(
        text, width, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False
    )


def column_parts(
    head: str, names: Sequence[str], cells: Mapping[str, Sequence[str]], width: int
) -> list[Mapping[str, Sequence[str]]]:
    """The columns in as few tables, one below the other, as keep within `width`; most often one."""
    widths = _widths(cells)
    if _NARROWEST + sum(w + 1 for w in widths.values()) <= width or not cells:
        return [cells]
    longest = max(text_width(head), *map(text_width, names))
    room = max(width - max(_NARROWEST, min(longest, width // 3)), 0)
    few = len(_filled(widths, room))
    # Of as many tables, those whose widest is the narrowest, or the last would hold what is left.
    even = next(w for w in range(room + 1) if len(_filled(widths, w)) == few)
    return [{name: cells[name] for name in part} for part in _filled(widths, even)]


def _widths(cells: Mapping[str, Sequence[str]]) -> dict[str, int]:
    return {name: max(len(name), *map(text_width, column)) for name, column in cells.items()}


def _filled(widths: Mapping[str, int], room: int) -> list[list[str]]:
    """Columns table by table, each with as many as there is room for, and one at least."""
    parts: list[list[str]] = []
    left = 0
    for name, w in widths.items():
        if not parts or w + 1 > left:
            parts.append([])
            left = room
        parts[-1].append(name)
        left -= w + 1
    return parts


def table_lines(
    head: str, names: Sequence[str], cells: Mapping[str, Sequence[str]], width: int
) -> list[str]:
    """
    Lines of a table with named rows, in several parts where its columns leave names no room.

    Long names are cut to keep it within `width`.
    """
    lines: list[str] = []
    for part in column_parts(head, names, cells, width):
        lines += [*([""] if lines else []), *_lines(head, names, part, width)]
    return lines


def _lines(
    head: str, names: Sequence[str], cells: Mapping[str, Sequence[str]], width: int
) -> list[str]:
    widths = _widths(cells)
    room = width - sum(w + 1 for w in widths.values())
    first = max(_NARROWEST, min(max(text_width(head), *map(text_width, names)), room))
    lines = [" ".join([fit(head, first), *(name.rjust(widths[name]) for name in cells)])]
    for i, name in enumerate(names):
        row = [" " * (widths[c] - text_width(cells[c][i])) + cells[c][i] for c in cells]
        lines.append(" ".join([fit(name, first), *row]))
    return lines
