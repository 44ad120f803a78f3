"""Render a report as HTML: a page of its own, or a part of a notebook."""

from __future__ import annotations

from collections.abc import Sequence

from skxent._render._page import Column, Table, figure, plain, render
from skxent._render._words import unit_name
from skxent.report._content import Content
from skxent.report._html._cards import further, headline
from skxent.report._html._columns import class_columns
from skxent.report._html._order import Order
from skxent.report._html._sections import (
    confusion,
    curves,
    losses,
    recalibration_section,
    worst_rows,
)
from skxent.report._recipe import recipe, recommended

__all__ = ["report_html"]

# How many classes are shown before the rest is folded away or left out.
_TABLE, _PLOT, _CURVES, _MATRIX = 30, 20, 12, 12


def report_html(content: Content, title: str | None, *, on_page: bool) -> str:
    """A page that needs nothing else, or a part of another one, whose styles stay inside it."""
    if title is None:
        title = "Log-loss report"
        if on_page:
            loss = figure("log_loss", float(content.overall["log_loss"]))
            title += f": {loss} {unit_name(content.base)}"
    names = [plain(name) for name in content.target_names]
    order = Order.of(content)
    unit, level = unit_name(content.base), f"{100 * content.confidence_level:g} %"
    columns, more = class_columns(names, content.per_class, content.n_null)
    recalibration = content.recalibration
    return render(
        "report.html",
        title=title,
        on_page=on_page,
        level=level,
        verdict=plain(content.verdict),
        about=_about(content),
        headline=headline(content, level),
        recipe=recipe(content),
        matter=order.matter(content, names, unit),
        further=further(content, level),
        findings=[plain(text) for text in content.findings],
        notes=[plain(text) for text in content.notes],
        intro=f"In {unit}, with intervals of {level}. The class that costs most comes first.",
        classes=_tables("Cost of each class", columns, order),
        losses=losses(content, names, order.shown(_PLOT), unit),
        recalibration=recalibration
        and recalibration_section(
            recalibration, recommended(content), columns[0], order.shown(_TABLE), unit
        ),
        confusion=confusion(content, names, order.shown(_MATRIX), order.worst, unit),
        curves=curves(content, names, order.shown(_CURVES), level),
        worst_rows=worst_rows(content, unit),
        more=_tables("Further figures of each class", more, order),
    )


def _tables(caption: str, columns: Sequence[Column], order: Order) -> list[Table]:
    """One table, or that of the classes that matter most and that of the others."""
    n = len(order.worst)
    if n <= _TABLE + 10:
        return [Table(caption, tuple(columns), order.worst)]
    shown = order.shown(_TABLE)
    rest = [c for c in order.worst if c not in set(shown)]
    return [
        Table(f"{caption}, {_TABLE} of {n}", tuple(columns), shown),
        Table(f"The other {n - _TABLE} classes", tuple(columns), rest),
    ]


def _about(content: Content) -> list[str]:
    """Of what the report is, and when and by what it was made."""
    about, n, k = content.about, int(content.overall["n_samples"]), len(content.labels)
    model = plain(about.model) if about.model else ""
    parts = [
        f"{model}, cross-validated" if model and about.out_of_fold else model,
        f"{n:,} row{'s' if n != 1 else ''}",
        f"{k} class{'es' if k != 1 else ''}",
        _groups(about.n_groups),
        "weighted" if about.weighted else "",
        about.date,
        f"skxent {about.version}",
    ]
    return [part for part in parts if part]


def _groups(n: int | None) -> str:
    return "" if n is None else f"{n:,} group{'s' if n != 1 else ''}"
