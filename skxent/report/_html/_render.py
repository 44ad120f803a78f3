"""Render a report as HTML: a page of its own, or a part of a notebook."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from skxent._render._page import Column, Table, figure, plain, render
from skxent._render._words import unit_name
from skxent.report._content import Content
from skxent.report._html._columns import class_columns
from skxent.report._html._sections import (
    confusion,
    curves,
    floats,
    losses,
    recalibration_section,
    worst_rows,
)

__all__ = ["render_fragment", "render_html"]

# How many classes are shown before the rest is folded away or left out.
_TABLE, _PLOT, _CURVES, _MATRIX = 30, 20, 12, 12


def render_html(content: Content, *, title: str | None = None) -> str:
    """
    One page that needs nothing else: no script, no font, no picture from elsewhere.

    Parameters
    ----------
    content : Content
        What the report holds.
    title : str, default=None
        Title of the page; None: "Log-loss report" with the loss.
    """
    if title is None:
        loss = figure("log_loss", float(content.overall["log_loss"]))
        title = f"Log-loss report: {loss} {unit_name(content.base)}"
    return _render(content, title, on_page=True)


def render_fragment(content: Content) -> str:
    """The same report as a part of another page, whose styles stay inside it."""
    return _render(content, "Log-loss report", on_page=False)


def _render(content: Content, title: str, *, on_page: bool) -> str:
    names = [plain(name) for name in content.target_names]
    # A class whose cost is not known comes last.
    cost = np.nan_to_num(floats(content, "contribution"), nan=-np.inf, posinf=np.inf)
    worst = [int(i) for i in np.argsort(-cost, kind="stable")]
    unit, level = unit_name(content.base), f"{100 * content.confidence_level:g} %"
    columns, more = class_columns(names, content.per_class, content.n_null)
    recalibration = content.recalibration
    return render(
        "report.html",
        title=title,
        on_page=on_page,
        level=level,
        verdict=plain(content.verdict),
        headline=_headline(content, level),
        findings=[plain(text) for text in content.findings],
        notes=[plain(text) for text in content.notes],
        intro=f"In {unit}, with intervals of {level}. The class that costs most comes first.",
        classes=_tables("Cost of each class", columns, worst),
        losses=losses(content, names, worst[:_PLOT], unit),
        recalibration=recalibration
        and recalibration_section(recalibration, columns[0], worst[:_TABLE], unit),
        confusion=confusion(content, names, worst, unit, _MATRIX),
        curves=curves(content, names, worst[:_CURVES], level),
        worst_rows=worst_rows(content, unit),
        more=_tables("Further figures of each class", more, worst),
    )


def _tables(caption: str, columns: Sequence[Column], worst: Sequence[int]) -> list[Table]:
    """One table, or that of the worst classes and that of the others."""
    n, first = len(worst), len(worst)
    if n > _TABLE + 10:
        first, caption = _TABLE, f"{caption}, the {_TABLE} worst of {n}"
    parts = [Table(caption, tuple(columns), worst[:first])]
    if first < n:
        parts.append(Table(f"The other {n - first} classes", tuple(columns), worst[first:]))
    return parts


def _headline(content: Content, level: str) -> list[dict[str, Any]]:
    """The overall figures: what each is, its value, and what to read it with."""
    overall, unit = content.overall, unit_name(content.base)

    def of(name: str, signed: bool = False) -> str:
        return figure(name, float(overall.get(name, math.nan)), signed=signed)

    def interval(low: str, high: str) -> str:
        known = not math.isnan(overall.get(low, math.nan))
        return f"{level} interval {of(low)} to {of(high)}" if known else "no interval"

    n, floored = int(overall["n_samples"]), int(overall.get("floored", 0))
    return [
        {
            "label": "Log loss",
            "value": f"{of('log_loss')} {unit}",
            "details": [interval("ci_low", "ci_high"), f"perplexity {of('perplexity')}"],
        },
        {
            "label": "Rows",
            "value": f"{n:,}",
            "details": [
                f"{len(content.labels)} class{'es' if len(content.labels) != 1 else ''}",
                *([f"{floored:,} with a probability below eps"] if floored else []),
            ],
        },
        {
            "label": "Skill",
            "value": of("skill"),
            "details": [f"the prior alone costs {of('label_entropy')}"],
        },
        {
            "label": "The model expected",
            "value": of("predictive_entropy"),
            "details": [
                f"gap {of('gap', signed=True)}, z {of('z')}, p\u00a0{of('p_value')}",
                _judgement(float(overall["gap"]), float(overall["p_value"])),
            ],
        },
        {
            "label": "Calibration loss",
            "value": of("calibration_loss"),
            "details": [
                f"refinement loss {of('refinement_loss')}",
                f"recoverable {of('recoverable')}",
                interval("recoverable_low", "recoverable_high"),
            ],
        },
        {
            "label": "Mean of the classes",
            "value": of("macro_log_loss"),
            "details": [interval("macro_ci_low", "macro_ci_high")],
        },
        {
            "label": "Worst 1 % of the rows",
            "value": of("tail_share"),
            "details": ["of the loss is theirs", f"Gini {of('gini')}"],
        },
    ]


def _judgement(gap: float, p_value: float) -> str:
    if math.isnan(p_value):
        return "cannot be tested"
    if p_value >= 0.05:
        return "a gap that chance explains"
    return "it pays more than it expects" if gap > 0 else "it pays less than it expects"
