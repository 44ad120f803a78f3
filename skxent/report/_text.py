"""Render a report as text for a terminal."""

from __future__ import annotations

import math
import textwrap
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skxent.report._content import Content, Ladder
from skxent.report._words import cell, printable, unit_name

__all__ = ["COLUMNS", "fit", "render_text", "table_lines"]

# The fewest columns that a name is cut to.
_NARROWEST = 5
_BULLET: Any = {"initial_indent": "- ", "subsequent_indent": "  "}
COLUMNS = ("support", "log_loss", "ci_low", "ci_high", "share", "gap", "z", "p_value")


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


def render_text(content: Content, columns: Iterable[str] | None, width: int) -> str:
    """The overall figures, what they come to, a line for each class, and the ladder."""
    heading = [*_heading(content, unit_name(content.base)), *content.notes]
    lines = [textwrap.fill(line, max(width, 40)) for line in heading]
    if content.findings:
        lines.append("")
        for finding in content.findings:
            lines.append(textwrap.fill(finding, max(width, 40), **_BULLET))
    names = [printable(str(name)) for name in content.target_names]
    lines += ["", *table_lines("class", names, _of_classes(content.per_class, columns), width)]
    if content.ladder is not None:
        lines += ["", "After recalibration, cross-fitted (* recommended):"]
        rungs = [
            f"* {rung}" if rung == content.ladder.recommended else f"  {rung}"
            for rung in content.ladder.rungs
        ]
        lines += table_lines("map", rungs, _of_rungs(content.ladder), width)
    return "\n".join(lines)


def _of_classes(
    per_class: Mapping[str, NDArray[np.generic]], columns: Iterable[str] | None
) -> dict[str, list[str]]:
    if isinstance(columns, str):
        columns = [columns]
    shown = list(COLUMNS if columns is None else columns)
    unknown = [name for name in shown if name not in per_class]
    if unknown:
        msg = f"columns must be among {', '.join(per_class)}; got {', '.join(map(repr, unknown))}."
        raise ValueError(msg)
    return {name: [cell(name, v) for v in per_class[name].tolist()] for name in shown}


def _of_rungs(ladder: Ladder) -> dict[str, list[str]]:
    shown = ("log_loss", "ci_low", "ci_high", "gain", "gain_low", "gain_high")
    return {name: [cell(name, v) for v in getattr(ladder, name).tolist()] for name in shown}


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


def _heading(content: Content, unit: str) -> list[str]:
    overall = content.overall

    def value(name: str) -> str:
        return cell(name, float(overall[name]))

    gap = overall["gap"]
    judgement = "more than expected" if gap > 0 else "less than expected"
    if not overall["p_value"] < 1 - content.confidence_level:
        judgement = "no more than chance"
    if math.isnan(overall["p_value"]):
        judgement = "cannot be tested"
    rows = overall["n_samples"]
    loss, macro, prior = (value(c) for c in ("log_loss", "macro_log_loss", "label_entropy"))
    interval = (
        "" if math.isnan(overall["ci_low"]) else f" ({value('ci_low')} to {value('ci_high')})"
    )
    expects = f"gap {value('gap')}, z {value('z')}, p {value('p_value')}: {judgement}"
    lines = [
        f"Log loss {loss} {unit}{interval} over {rows} rows.",
        f"Mean of the classes {macro}; the prior alone costs {prior}: skill {value('skill')}.",
        f"The model expected {value('predictive_entropy')}: {expects}.",
    ]
    if overall["floored"]:
        lines.append(f"Rows whose class had a probability below eps: {overall['floored']}.")
    return lines
