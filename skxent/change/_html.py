"""Render a change as HTML: a page of its own, or a part of a notebook."""

from __future__ import annotations

import math

import numpy as np

from skxent._render._page import Column, Table, figure, figure_column, name_column, plain, render
from skxent._render._plots import DotPlot, Reference, Row, dot_plot
from skxent._render._words import counted, unit_name
from skxent.change._content import PARTS, ChangeContent
from skxent.change._text import HEADINGS, heading

__all__ = ["change_html"]

_PARTS = {
    "change": "Loss after minus loss before.",
    "prevalence": "Classes that cost more, or less, occur more often.",
    "expected": "Rows of the classes became harder, or easier, as the model itself expected.",
    "surprise": "Rows of the classes cost more, or less, than the model expected.",
}
_MEANINGS = {
    "share_before": "Share of the class in the rows before.",
    "share_after": "The same after.",
    "log_loss_before": "Mean loss of its rows before.",
    "log_loss_after": "The same after.",
    "change": "What the class adds to the change of the loss: the three that follow, together.",
    "prevalence": "Since it occurs more or less often.",
    "expected": "Since its rows became harder or easier, as the model itself expected.",
    "surprise": "Since its rows cost more or less than the model expected.",
}
_HEADINGS = {
    "share_before": "before",
    "share_after": "after",
    "log_loss_before": "loss before",
    "log_loss_after": "loss after",
}
# How many classes are shown; of more, those that add most.
_MOST = 40


def change_html(content: ChangeContent, *, title: str | None, on_page: bool) -> str:
    """A page, or a part of another page."""
    names = [plain(name) for name in content.target_names]
    unit, level = unit_name(content.base), f"{100 * content.confidence_level:g} %"
    size = np.abs(content.per_class["change"])
    order = np.argsort(-np.nan_to_num(size, nan=-1.0), kind="stable").tolist()
    shown = list(range(len(names))) if len(names) <= _MOST else order[:_MOST]
    left = len(names) - len(shown)
    return render(
        "change.html",
        title=title or "Change of the log loss",
        on_page=on_page,
        verdict=plain(content.verdict),
        heading=heading(content),
        notes=[plain(text) for text in content.notes],
        caption=f"What the change is made of, with {level} intervals, in {unit}.",
        plot=_plot(content, unit),
        parts=Table(f"Parts, in {unit}", _parts(content), range(len(PARTS) + 1)),
        classes=Table(f"What each class adds, in {unit}", _classes(content, names), shown),
        left=f"And {counted(left, 'other class')}, in to_frame()." if left else "",
    )


def _parts(content: ChangeContent) -> tuple[Column, ...]:
    figures = ("change", *PARTS)
    o = content.overall
    columns = [name_column("part", [HEADINGS[name] for name in figures])]
    for ending, meaning in (
        ("", "Above 0 the loss rose."),
        ("_low", "Lower end of the confidence interval."),
        ("_high", "Upper end of the confidence interval."),
    ):
        called = {"": "change", "_low": "ci_low", "_high": "ci_high"}[ending]
        values = [float(o[name + ending]) for name in figures]
        columns.append(figure_column(called, values, meaning=meaning, signed=True))
    return (*columns, name_column("meaning", [_PARTS[name] for name in figures]))


def _classes(content: ChangeContent, names: list[str]) -> tuple[Column, ...]:
    columns = [name_column("class", names)]
    for name, meaning in _MEANINGS.items():
        values = content.per_class[name].tolist()
        if name.startswith("share"):
            cells = tuple(figure("share", v) for v in values)
            columns.append(Column(_HEADINGS[name], cells, meaning))
        elif name in _HEADINGS:
            cells = tuple(figure("log_loss", v) for v in values)
            columns.append(Column(_HEADINGS[name], cells, meaning))
        else:
            cells = tuple(figure("gap", v, signed=True) for v in values)
            columns.append(Column(name, cells, meaning))
    return tuple(columns)


def _plot(content: ChangeContent, unit: str) -> DotPlot:
    o = content.overall
    rows = []
    for name in ("change", *PARTS):
        value, low, high = (float(o[name + ending]) for ending in ("", "_low", "_high"))
        known = math.isfinite(low + high)
        ends = f" ({figure('', low)} to {figure('', high)})" if known else ""
        tip = f"{HEADINGS[name]}: {figure('', value, signed=True)}{ends}"
        rows.append(Row(HEADINGS[name], tip, value, low, high, strong=name == "change"))
    values = np.array([[0.0, 0.0, 0.0], *([row.seen, row.low, row.high] for row in rows)])
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    margin = 0.04 * (high - low) or 1.0
    return dot_plot(
        "Parts of the change",
        f"change in {unit}",
        rows,
        low=low - margin,
        high=high + margin,
        reference=Reference(0.0, "no change"),
    )
