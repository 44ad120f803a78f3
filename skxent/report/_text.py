"""Render a report as text for a terminal."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable
from typing import Any

from skxent._render._text import table_lines
from skxent._render._words import cell, printable, unit_name
from skxent.recalibration._choice import Recalibration
from skxent.report._content import Content
from skxent.report._notable import ALL_ROWS

__all__ = ["COLUMNS", "render_text"]

_BULLET: Any = {"initial_indent": "- ", "subsequent_indent": "  "}
COLUMNS = ("support", "log_loss", "ci_low", "ci_high", "share", "gap", "z", "p_value")


def render_text(content: Content, columns: Iterable[str] | None, width: int) -> str:
    """The overall figures, what they come to, a line for each class, and the recalibration."""
    heading = [*_heading(content, unit_name(content.base)), *content.notes]
    lines = [textwrap.fill(line, max(width, 40)) for line in heading]
    if content.findings:
        lines.append("")
        for finding in content.findings:
            lines.append(textwrap.fill(finding, max(width, 40), **_BULLET))
    names = [printable(str(name)) for name in content.target_names]
    lines += ["", *table_lines("class", names, _of_classes(content, columns), width)]
    if content.recalibration is not None:
        lines += ["", "After recalibration, cross-fitted (* recommended):"]
        methods = [
            f"* {method}" if method == content.recalibration.recommended else f"  {method}"
            for method in content.recalibration.methods
        ]
        lines += table_lines("map", methods, _of_methods(content.recalibration), width)
    return "\n".join(lines)


def _of_classes(content: Content, columns: Iterable[str] | None) -> dict[str, list[str]]:
    per_class, draws = content.per_class, {"miscalibration_p": content.n_null}
    if isinstance(columns, str):
        columns = [columns]
    shown = list(COLUMNS if columns is None else columns)
    unknown = [name for name in shown if name not in per_class]
    if unknown:
        msg = f"columns must be among {', '.join(per_class)}; got {', '.join(map(repr, unknown))}."
        raise ValueError(msg)
    return {
        name: [cell(name, v, draws.get(name, 0)) for v in per_class[name].tolist()]
        for name in shown
    }


def _of_methods(recalibration: Recalibration) -> dict[str, list[str]]:
    shown = ("log_loss", "ci_low", "ci_high", "gain", "gain_low", "gain_high")
    return {name: [cell(name, v) for v in getattr(recalibration, name).tolist()] for name in shown}


def _heading(content: Content, unit: str) -> list[str]:
    overall = content.overall

    def value(name: str) -> str:
        return cell(name, float(overall[name]))

    gap = overall["gap"]
    judgement = "more than expected" if gap > 0 else "less than expected"
    if not overall["p_value"] < ALL_ROWS:
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
