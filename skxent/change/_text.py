"""Render a change as text for a terminal, and as columns."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from skxent._render._text import table_lines, wrapped
from skxent._render._words import cell, printable, unit_name
from skxent.change._content import PARTS, ChangeContent

__all__ = ["HEADINGS", "change_columns", "change_text", "heading", "interval"]

HEADINGS = {
    "prevalence": "prevalence",
    "expected": "within, expected",
    "surprise": "within, surprise",
    "change": "all together",
}


def heading(content: ChangeContent) -> str:
    """What is compared, and how it is cut."""
    before, after = (f"{n} row{'s' if n != 1 else ''}" for n in (content.n_before, content.n_after))
    return (
        f"Change of the log loss from {before} to {after}, in {unit_name(content.base)}. The parts "
        f"add up; they say what went together, not what caused it."
    )


def interval(content: ChangeContent, name: str) -> str:
    """The ends of an interval, or a dash."""
    low, high = content.overall[f"{name}_low"], content.overall[f"{name}_high"]
    return f"{cell('', low)} to {cell('', high)}" if math.isfinite(low + high) else "-"


def change_text(content: ChangeContent, width: int) -> str:
    """The verdict, the parts of the change, and a line a class."""
    room = max(width, 40)
    lines = [wrapped(content.verdict, room), ""]
    lines.append(wrapped(heading(content), room))
    if content.notes:
        lines += ["", *(wrapped(printable(note), room) for note in content.notes)]
    overall = content.overall
    figures = ["change", *PARTS]
    of_all = {
        "change": [cell("", overall[name]) for name in figures],
        "ci_low": [cell("", overall[f"{name}_low"]) for name in figures],
        "ci_high": [cell("", overall[f"{name}_high"]) for name in figures],
    }
    lines += ["", *table_lines("part", [HEADINGS[name] for name in figures], of_all, width)]
    per_class = content.per_class
    shown = {
        "share": "share_before",
        "now": "share_after",
        "loss": "log_loss_before",
        "loss now": "log_loss_after",
        **{name: name for name in ("change", *PARTS)},
    }
    columns = {
        heading: [cell("share" if "share" in name else "", v) for v in per_class[name].tolist()]
        for heading, name in shown.items()
    }
    names = [printable(str(name)) for name in content.target_names]
    return "\n".join([*lines, "", *table_lines("class", names, columns, width)])


def change_columns(content: ChangeContent) -> dict[str, Any]:
    """One row for all, then one a class."""
    per_class, overall = content.per_class, content.overall
    found: dict[str, Any] = {"class": [None, *content.target_names]}
    whole = {
        "support_before": content.n_before,
        "support_after": content.n_after,
        "share_before": 1.0,
        "share_after": 1.0,
        "log_loss_before": overall["before"],
        "log_loss_after": overall["after"],
    }
    for name, values in per_class.items():
        first = whole.get(name, overall.get(name, math.nan))
        found[name] = np.concatenate([[first], values])
    return found
