"""Where the marks of a page's plots lie; what they show was computed before."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["DotPlot", "Reference", "Row", "dot_plot", "shorten"]

_LEFT, _RIGHT, _WIDTH = 140.0, 416.0, 432
_TOP, _LINE = 28.0, 22.0


def _room_of(c: str) -> float:
    """Of a letter, in those of ordinary width: no font is known, so that it is rounded up."""
    if unicodedata.east_asian_width(c) in "WF":
        return 2.0
    if unicodedata.combining(c):
        return 0.0
    return 1.6 if c in "MWmw@%" else 1.3 if c.isupper() else 1.0


def shorten(text: str, width: int) -> str:
    """Text cut to about so many characters of ordinary width."""
    room = float(width)
    for i, c in enumerate(text):
        room -= _room_of(c)
        if room < 0:
            return text[: max(i - 1, 0)] + "…"
    return text


@dataclass(frozen=True, slots=True)
class Row:
    """What is known of one line of a plot; nan for what is not, or not shown."""

    name: str
    tip: str
    seen: float
    low: float = math.nan
    high: float = math.nan
    expected: float = math.nan
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Reference:
    """A value to compare all lines with."""

    x: float
    text: str
    anchor: str = "middle"


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of a plot, in pixels."""

    label: str
    tip: str
    y: float
    seen: float | None
    expected: float | None
    line: tuple[float, float] | None
    line_class: str
    comes_from: bool
    goes_on: bool
    strong: bool


@dataclass(frozen=True, slots=True)
class DotPlot:
    """One line a class or map, with a dot and an interval or a second dot."""

    title: str
    axis: str
    rows: tuple[_Line, ...]
    ticks: list[tuple[float, str]]
    reference: Reference | None
    bottom: float
    height: int
    left: float = _LEFT
    right: float = _RIGHT
    top: float = _TOP
    width: int = _WIDTH


def _ticks(low: float, high: float) -> list[float]:
    """Some four to eight round numbers from `low` to `high`."""
    rough = (high - low) / 6
    power = 10.0 ** math.floor(math.log10(rough))
    step = power * next(m for m in (1, 2, 5, 10) if m * power >= 0.999 * rough)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [i * step for i in range(first, last + 1)]


def dot_plot(
    title: str,
    axis: str,
    rows: Sequence[Row],
    *,
    low: float,
    high: float,
    reference: Reference | None = None,
) -> DotPlot:
    """
    Lay out a plot whose axis goes from `low` to `high`.

    What lies beyond is at the edge, with an arrow that says where it goes on.
    """
    if not 1e-300 < high - low < math.inf:
        low, high = 0.0, 1.0

    def at(value: float) -> float:
        part = min(max((value - low) / (high - low), 0.0), 1.0)
        return round(_LEFT + part * (_RIGHT - _LEFT), 1)

    def line(i: int, row: Row) -> _Line:
        ends = [row.seen, row.expected] if math.isnan(row.low) else [row.low, row.high]
        known = not any(map(math.isnan, ends))
        line_class = "chosen" if row.strong else "span"
        if math.isnan(row.low):
            line_class = "over" if row.seen > row.expected else "under"
        return _Line(
            shorten(row.name, 19),
            row.tip,
            _TOP + _LINE * i + _LINE / 2,
            at(row.seen) if low <= row.seen <= high else None,
            at(row.expected) if low <= row.expected <= high else None,
            (at(min(ends)), at(max(ends))) if known else None,
            line_class,
            any(value < low for value in (row.seen, *ends)),
            any(value > high for value in (row.seen, *ends)),
            row.strong,
        )

    if reference is not None:
        x = at(reference.x)
        anchor = "end" if x > _RIGHT - 60 else ""
        inside = low <= reference.x <= high
        reference = Reference(x, reference.text, anchor) if inside else None
    bottom = _TOP + _LINE * len(rows)
    ticks = [(at(t), f"{round(t, 12):g}") for t in _ticks(low, high)]
    lines = tuple(line(i, row) for i, row in enumerate(rows))
    return DotPlot(title, axis, lines, ticks, reference, bottom, int(bottom) + 38)
