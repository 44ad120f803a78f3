"""Render slices as HTML: a page of its own, or a part of a notebook."""

from __future__ import annotations

import math

from skxent._render._page import (
    Column,
    Table,
    figure,
    figure_column,
    name_column,
    plain,
    render,
)
from skxent._render._plots import DotPlot, Row, dot_plot
from skxent._render._words import counted, unit_name
from skxent.slices._content import SlicesContent
from skxent.slices._text import heading, shown, table_title
from skxent.slices._verdict import clearest, described, verdict

__all__ = ["slices_html"]

# Slices in the plot, and in the sentences.
_PLOT, _SENTENCES = 15, 4
_MEANINGS = {
    "support": "Rows of the slice.",
    "share": "Its part of the loss of all rows.",
    "log_loss": "Mean loss of its rows, as predicted.",
    "recalibrated": "The same after the recalibration of the whole model.",
    "expected": "What the model itself expects to lose in these rows.",
    "gap": "What they cost beyond that: above 0 (orange in the plot) the model is too sure, "
    "below 0 (blue) too shy.",
    "z": "The gap in standard deviations.",
    "class": "The class in which the slice stands out most; a dash: in the loss.",
    "class_share": "Share of the class in the slice.",
    "class_proba": "Its mean probability there.",
    "class_z": "Their difference in standard deviations.",
    "p_value": "For all slices and classes together: whatever a calibrated model's slices are, "
    "the chance that any p is below 0.05 is 5 %.",
}
_HEADINGS = {"class_share": "seen", "class_proba": "predicted", "class_z": "class z"}


def slices_html(content: SlicesContent, *, title: str | None, on_page: bool) -> str:
    """A page, or a part of another page."""
    some = shown(content)
    columns = _columns(content)
    found = [i for i in some if content.found[i]]
    others = [i for i in found if i != clearest(content)]  # which the verdict is about
    unit = unit_name(content.base)
    left = len(content.slices) - len(some)
    plotted = (found or some)[:_PLOT]
    return render(
        "slices.html",
        title=title or "Log loss of slices",
        on_page=on_page,
        verdict=plain(verdict(content)),
        heading=plain(heading(content)),
        sentences=[plain(f"{described(content, i)}.") for i in others[:_SENTENCES]],
        notes=[plain(text) for text in content.notes],
        caption=f"Mean loss (dot) beside what the model expects (diamond), in {unit}.",
        plot=_plot(content, plotted, unit) if plotted else None,
        slices=Table(_caption(content, unit), columns, some) if some else None,
        left=f"And {counted(left, 'other')}, in to_frame()." if left else "",
    )


def _caption(content: SlicesContent, unit: str) -> str:
    return f"{table_title(content)}, in {unit}"


def _columns(content: SlicesContent) -> tuple[Column, ...]:
    columns = [name_column("slice", _numbered(content))]
    figures = ["support", "share", "log_loss", "recalibrated", "expected", "gap", "z"]
    if content.recalibration == "none":
        figures.remove("recalibrated")
    for name in figures:
        signed = name == "gap"
        column = figure_column(
            name, getattr(content, name).tolist(), meaning=_MEANINGS[name], signed=signed
        )
        columns.append(column)
    columns.append(name_column("class", content.top_class, meaning=_MEANINGS["class"]))
    for name in ("class_share", "class_proba"):
        cells = tuple(figure("share", v) for v in getattr(content, name).tolist())
        columns.append(Column(_HEADINGS[name], cells, _MEANINGS[name]))
    cells = tuple(figure("z", v) for v in content.class_z.tolist())
    columns.append(Column(_HEADINGS["class_z"], cells, _MEANINGS["class_z"]))
    values = content.p_value.tolist()
    columns.append(
        figure_column("p_value", values, meaning=_MEANINGS["p_value"], draws=content.n_draws)
    )
    return tuple(columns)


def _numbered(content: SlicesContent) -> list[str]:
    """Names with a number, by which one that a plot cuts is found in the table."""
    return [f"{i}. {name}" for i, name in enumerate(content.names, 1)]


def _plot(content: SlicesContent, some: list[int], unit: str) -> DotPlot:
    rows, names = [], [plain(name) for name in _numbered(content)]
    for i in some:
        loss, expected = float(content.recalibrated[i]), float(content.expected[i])
        tip = f"{names[i]}: {figure('', loss)}, expected {figure('', expected)}"
        rows.append(Row(names[i], tip, loss, expected=expected))
    ends = [x for row in rows for x in (row.seen, row.expected) if math.isfinite(x)]
    margin = 0.05 * (max(ends) - min(ends)) or 0.1
    return dot_plot(
        "Losses of slices, and what was expected",
        f"log loss in {unit}",
        rows,
        low=min(ends) - margin,
        high=max(ends) + margin,
    )
