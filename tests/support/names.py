"""Names that users may give, and what they take of a terminal."""

import unicodedata

HOSTILE = [
    "plain",
    "a class name that is much longer than the room that a terminal has for it, or any table",
    "<script>alert(1)</script>",
    "line\nbreak\ttab",
    "\x1b[31mred\x07\x00",
    "漢字の名前はとても長いので切られる",
    "e\u0301\u0301 combining $x^$",
    "\u202eright to left\u200b",
    "",
]


def columns_of(line):
    """How many columns of a terminal a line takes."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in line
    )
