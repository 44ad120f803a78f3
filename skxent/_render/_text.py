"""Tables and paragraphs of text for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

from skxent._render._words import text_width

__all__ = ["fit", "table_lines", "wrapped"]

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


def table_lines(
    head: str, names: Sequence[str], cells: Mapping[str, Sequence[str]], width: int
) -> list[str]:
    """Lines of a table with named rows; long names are cut to keep it within `width`."""
    widths = {name: max(len(name), *map(text_width, column)) for name, column in cells.items()}
    room = width - sum(w + 1 for w in widths.values())
    first = max(_NARROWEST, min(max(text_width(head), *map(text_width, names)), room))
    lines = [" ".join([fit(head, first), *(name.rjust(widths[name]) for name in cells)])]
    for i, name in enumerate(names):
        row = [" " * (widths[c] - text_width(cells[c][i])) + cells[c][i] for c in cells]
        lines.append(" ".join([fit(name, first), *row]))
    return lines
