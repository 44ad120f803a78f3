"""Render a report as text for a terminal."""

from __future__ import annotations

import math
import textwrap
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skxent.report._words import cell, printable, unit_name

__all__ = ["COLUMNS", "cell", "render_text", "unit_name"]

COLUMNS = ("support", "log_loss", "ci_low", "ci_high", "share", "gap", "z", "p_value")


def _width(text: str) -> int:
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide - sum(unicodedata.combining(c) > 0 for c in text)


def _fit(text: str, width: int) -> str:
    if _width(text) > width:
        while _width(text) > width - 1:
            text = text[:-1]
        text += "…"
    return text + " " * (width - _width(text))


def render_text(
    names: Sequence[Any],
    per_class: Mapping[str, NDArray[np.generic]],
    overall: Mapping[str, float | int],
    notes: Iterable[str],
    base: float,
    columns: Iterable[str] | None,
    width: int,
) -> str:
    """A table with one line a class, under a line with the overall figures."""
    if isinstance(columns, str):
        columns = [columns]
    shown = list(COLUMNS if columns is None else columns)
    unknown = [name for name in shown if name not in per_class]
    if unknown:
        msg = f"columns must be among {', '.join(per_class)}; got {', '.join(map(repr, unknown))}."
        raise ValueError(msg)
    cells = {name: [cell(name, v.item()) for v in per_class[name]] for name in shown}
    widths = {name: max(len(name), *map(len, cells[name])) for name in shown}
    room = width - sum(w + 1 for w in widths.values())
    classes = [printable(str(name)) for name in names]
    class_width = max(5, min(max(map(_width, classes)), room))
    heading = [*_heading(overall, unit_name(base)), *notes]
    lines = [
        *(textwrap.fill(line, max(width, 40)) for line in heading),
        "",
        " ".join([_fit("class", class_width), *(name.rjust(widths[name]) for name in shown)]),
    ]
    for i, name in enumerate(classes):
        row = [_fit(name, class_width), *(cells[c][i].rjust(widths[c]) for c in shown)]
        lines.append(" ".join(row))
    return "\n".join(lines)


def _heading(overall: Mapping[str, float | int], unit: str) -> list[str]:
    def value(name: str) -> str:
        return cell(name, float(overall[name]))

    gap = overall["gap"]
    judgement = "more than expected" if gap > 0 else "less than expected"
    if not overall["p_value"] < 0.05:
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
