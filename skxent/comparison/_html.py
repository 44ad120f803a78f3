"""Render a comparison of models as HTML: a page of its own, or a part of a notebook."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from skxent._render._page import (
    Column,
    Table,
    figure,
    figure_column,
    name_column,
    plain,
    render,
)
from skxent._render._plots import DotPlot, Reference, Row, dot_plot
from skxent._render._words import unit_name
from skxent.comparison._content import FIGURES, ComparisonContent
from skxent.comparison._text import axis_ends, heading
from skxent.comparison._verdict import CHANCE, verdict

__all__ = ["comparison_html"]

# How many classes are shown in the order of the labels; of more, how many come first.
_MOST, _FIRST, _PLOT = 40, 30, 20
_SIGNED = ("difference", "ci_low", "ci_high")
_MEANINGS = {
    "log_loss": "Mean loss of the model.",
    "difference": "Loss minus that of the reference on the same rows: below 0 (blue, to the "
    "left) where the model is better, above 0 (orange, to the right) where it is worse; faint "
    "where that may be chance.",
    "ci_low": "Lower end of the confidence interval of the difference.",
    "ci_high": "Upper end of the confidence interval of the difference.",
    "p_value": "Two-sided p-value of the difference, of this comparison alone.",
    "adjusted_p": "The same after Holm, for all models together; in the tables of the classes, "
    "for all classes and models together.",
}


def comparison_html(content: ComparisonContent, *, title: str | None, on_page: bool) -> str:
    """A page, or a part of another page."""
    models = [plain(name) for name in content.models]
    reference = plain(content.reference)
    unit, level = unit_name(content.base), f"{100 * content.confidence_level:g} %"
    columns = [name_column("model", models), *_columns(content, "", None)]
    return render(
        "comparison.html",
        title=title or f"Log loss compared with {reference}",
        on_page=on_page,
        verdict=plain(verdict(content)),
        heading=heading(content),
        notes=[plain(text) for text in content.notes],
        overall=Table(f"All rows, in {unit}", tuple(columns), range(len(models))),
        models=[_model(content, i, f"{models[i]} against {reference}", level, unit)
                for i in content.compared],
    )  # fmt: skip


def _columns(content: ComparisonContent, prefix: str, model: int | None) -> list[Column]:
    """Columns of all models, or those of the classes of one."""
    columns = []
    p = getattr(content, f"{prefix}adjusted_p")
    # A full bar catches the eye also where the difference may be chance.
    faint = tuple((~((p if model is None else p[model]) < CHANCE)).tolist())
    for name in FIGURES:
        table = getattr(content, prefix + name)
        values = (table if model is None else table[model]).tolist()
        if name == "adjusted_p":  # written as a p-value, under its own name
            cells = tuple(figure("p_value", value) for value in values)
            columns.append(Column("adjusted p", cells, _MEANINGS[name]))
        else:
            signed, bars = name in _SIGNED, name == "difference"
            column = figure_column(name, values, meaning=_MEANINGS[name], signed=signed, bars=bars)
            columns.append(replace(column, faint=faint) if bars else column)
    return columns


def _model(content: ComparisonContent, i: int, title: str, level: str, unit: str) -> dict[str, Any]:
    """Plot and tables of the classes of one model."""
    names = [plain(name) for name in content.target_names]
    columns = (
        name_column("class", names),
        figure_column("support", content.support.tolist(), meaning="Rows of the class."),
        *_columns(content, "class_", i),
    )
    size = np.nan_to_num(abs(content.class_difference[i]), nan=-1.0, posinf=np.inf)
    largest = [int(c) for c in np.argsort(-size, kind="stable")]
    shown = list(range(len(names))) if len(names) <= _MOST else largest[:_FIRST]
    rest = largest[len(shown) :]
    plotted = shown if len(names) <= _PLOT else sorted(largest[:_PLOT])
    some = f" The {_PLOT} classes that differ most." if len(names) > _PLOT else ""
    return {
        "title": title,
        "caption": f"Difference of the mean losses, with its {level} interval; below 0 the "
        f"model is better than the reference.{some}",
        "plot": _plot(content, i, title, names, plotted, unit),
        "table": Table(f"Classes, in {unit}", columns, shown),
        "others": Table(f"The other {len(rest)} classes", columns, rest) if rest else None,
    }


def _plot(
    content: ComparisonContent,
    i: int,
    title: str,
    names: Sequence[str],
    shown: Sequence[int],
    unit: str,
) -> DotPlot:
    def row(name: str, figures: Sequence[float], strong: bool = False) -> Row:
        value, low, high = figures
        interval = "" if math.isnan(low) else f" ({figure('', low)} to {figure('', high)})"
        tip = f"{name}: {figure('', value, signed=True)}{interval}"
        return Row(name, tip, value, low, high, strong=strong)

    whole = [content.difference, content.ci_low, content.ci_high]
    by_class = [content.class_difference, content.class_ci_low, content.class_ci_high]
    rows = [row("all rows", np.array(whole)[:, i].tolist(), strong=True)]
    rows += [row(names[c], np.array(by_class)[:, i, c].tolist()) for c in shown]
    low, high = axis_ends(*np.array([[row.seen, row.low, row.high] for row in rows]).T)
    return dot_plot(
        f"Differences of {title}",
        f"difference in {unit}",
        rows,
        low=low,
        high=high,
        reference=Reference(0.0, "no difference"),
    )
