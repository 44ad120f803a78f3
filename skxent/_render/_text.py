"""Tables of text for a terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence

__all__ = ["fit", "table_lines"]

# The fewest columns that a name is cut to.
_NARROWEST = 5


def _width(text: str) -> int:
    """How many columns of a terminal a text takes."""
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide - sum(unicodedata.combining(c) > 0 for c in text)


def fit(text: str, width: int) -> str:
    """The text cut or filled to a number of columns."""
    if _width(text) > width:
        while _width(text) > width - 1:
            text = text[:-1]
        text += "…"
    return text + " " * (width - _width(text))


def table_lines(
    head: str, names: Sequence[str], cells: Mapping[str, Sequence[str]], width: int
) -> list[str]:
    """Lines of a table with named rows; long names are cut to keep it within `width`."""
    widths = {name: max(len(name), *map(_width, column)) for name, column in cells.items()}
    room = width - sum(w + 1 for w in widths.values())
    first = max(_NARROWEST, min(max(_width(head), *map(_width, names)), room))
    lines = [" ".join([fit(head, first), *(name.rjust(widths[name]) for name in cells)])]
    for i, name in enumerate(names):
        row = [" " * (widths[c] - _width(cells[c][i])) + cells[c][i] for c in cells]
        lines.append(" ".join([fit(name, first), *row]))
    return lines
