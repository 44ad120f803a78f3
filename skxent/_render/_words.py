"""Numbers and names as people read them."""

from __future__ import annotations

import math
import unicodedata
from typing import Any

__all__ = [
    "cell",
    "counted",
    "encodable",
    "left_out",
    "percent",
    "printable",
    "shortened",
    "text_width",
    "unit_name",
]

_COUNTS = {"support", "floored"}
_PARTS = {"share", "prevalence", "top_rival_share", "tail_share"}
_TESTS = {"p_value", "miscalibration_p", "adjusted_p"}


def unit_name(base: float) -> str:
    """What one unit of information of this base is called."""
    names = {2.0: "bits", math.e: "nats", 10.0: "hartleys"}
    return names.get(base, f"units of log base {base:g}")


def cell(name: str, value: Any, draws: int = 0) -> str:
    """
    A figure of a column as people read it; a dash for what cannot be computed.

    A p-value from so many `draws` is never below 1 / (draws + 1), and there says no more than that.
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "-"
    if name == "top_rival":
        return shortened(value, 24)
    if name in _COUNTS:
        return f"{int(value)}"
    if name in _PARTS:
        return f"{100 * value:.1f}%"
    if name == "z":
        text = f"{value:.2f}" if abs(value) < 1000 else f"{value:.3g}"
        return text if abs(value) >= 0.005 else "0.00"
    if name in _TESTS:
        least = max(0.001, math.ceil(1000 / (draws + 1)) / 1000 if draws else 0.0)
        at_end = draws and value < 1.5 / (draws + 1)
        return f"<{least:.3f}" if at_end or value < 0.001 else f"{value:.3f}"
    if name == "e_value":
        return ">1e+308" if value > 1e308 else f"{value:.3g}"
    if name == "weight":
        return f"{value:.6g}"
    text = f"{value:.4f}" if abs(value) < 1000 else f"{value:.4g}"
    return text.removeprefix("-") if float(text) == 0 else text


def printable(text: str, *, also: str = "") -> str:
    """Class names are untrusted: what would move the cursor is shown as an escape."""
    return "".join(
        c if c.isprintable() or c in also else c.encode("unicode_escape").decode() for c in text
    )


def percent(share: float) -> str:
    """A part in a sentence, where a sign of its own would run into the words."""
    return f"{100 * share:.1f} %"


def shortened(name: Any, width: int = 40) -> str:
    """A name for a sentence, with an ellipsis where it was cut."""
    text = printable(str(name))
    return text if len(text) <= width else text[: width - 1] + "…"


def text_width(text: str) -> int:
    """How many columns of a terminal a text takes."""
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide - sum(unicodedata.combining(c) > 0 for c in text)


def encodable(text: str) -> str:
    """Half a pair of surrogates, which UTF-8 has no bytes for, as an escape."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def counted(n: int, one: str) -> str:
    """So many of something: ``1 row``, ``2 rows``, ``3 classes``."""
    return f"{n:d} {one if n == 1 else one + ('es' if one.endswith('s') else 's')}"


def left_out(n: int) -> str:
    """A note about rows that were not counted."""
    return f"{n} {'row was' if n == 1 else 'rows were'} left out for want of a value."
