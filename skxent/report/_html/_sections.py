"""The plots and matrices of a page, from the figures of a report."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from skxent._render._page import Column, Table, figure, figure_column, name_column
from skxent._render._plots import DotPlot, Reference, Row, dot_plot
from skxent._typing import FloatArray
from skxent.recalibration._choice import Recalibration
from skxent.report._content import Content
from skxent.report._html._curves import curve_plot
from skxent.report._html._order import floats

__all__ = [
    "confusion",
    "curves",
    "left_out",
    "losses",
    "recalibration_section",
    "worst_rows",
]


def left_out(shown: int, n: int) -> str:
    """Sentence that says what is not there; empty if everything is."""
    if shown == n:
        return ""
    return f"{shown} of {n} classes: those that cost most or are wrong beyond chance."


def _largest(values: FloatArray) -> float:
    return float(np.max(values, initial=0.0, where=np.isfinite(values)))


def _smallest(values: FloatArray) -> float:
    return float(np.min(values, initial=np.inf, where=np.isfinite(values)))


def _with_interval(name: str, value: float, low: float, high: float) -> str:
    interval = "" if math.isnan(low) else f" ({figure('', low)} to {figure('', high)})"
    return f"{name}: {figure('', value)}{interval}"


def losses(content: Content, names: Sequence[str], shown: list[int], unit: str) -> dict[str, Any]:
    """Plots of the mean losses, and of the contributions beside what was expected."""
    loss, low, high = (floats(content, name) for name in ("log_loss", "ci_low", "ci_high"))
    part, expected = floats(content, "contribution"), floats(content, "expected")

    def of_mean(i: int) -> Row:
        tip = _with_interval(names[i], loss[i], low[i], high[i])
        return Row(names[i], tip, loss[i], low[i], high[i])

    def of_part(i: int) -> Row:
        tip = f"{names[i]}: {figure('', part[i])}, expected {figure('', expected[i])}"
        return Row(names[i], tip, part[i], expected=expected[i])

    most, overall = _largest(loss[shown]), float(content.overall["log_loss"])
    # An interval may be many times as long as the losses: it goes on beyond the edge.
    end = max(most, min(_largest(high[shown]), 1.6 * most))
    return {
        "left_out": left_out(len(shown), len(names)),
        "means": dot_plot(
            "Mean log loss of each class",
            f"log loss in {unit}",
            [of_mean(i) for i in shown],
            low=0.0,
            high=1.03 * end,
            reference=Reference(overall, f"all rows {figure('', overall)}"),
        ),
        "parts": dot_plot(
            "Contribution of each class to the loss, and what the model expected",
            f"part of the loss in {unit}",
            [of_part(i) for i in shown],
            low=0.0,
            high=1.03 * max(_largest(part[shown]), _largest(expected[shown])),
        ),
    }


_RECALIBRATION = {
    "log_loss": "Mean loss of all rows after the map.",
    "gain": "What the map takes off the loss; below 0 where it makes things worse.",
    "gain_low": "Lower end of the confidence interval of the gain, from paired differences.",
    "gain_high": "Upper end of the confidence interval of the gain, from paired differences.",
}
_REMARK = "Recommended: the map behind recoverable."


def recalibration_section(
    recalibration: Recalibration,
    recommended: str | None,
    classes: Column,
    shown: list[int],
    unit: str,
) -> dict[str, Any]:
    """Plot and table of the recalibration, and the gain of each class."""
    remarks = ["recommended" if name == recommended else None for name in recalibration.methods]
    columns = [
        figure_column(
            name, getattr(recalibration, name).tolist(), meaning=meaning, signed="gain" in name
        )
        for name, meaning in _RECALIBRATION.items()
    ]
    gains = [
        figure_column("gain", gain.tolist(), heading=method, group="gain after", signed=True)
        for method, gain in zip(recalibration.methods, recalibration.class_gain, strict=True)
        if np.any(gain != 0)
    ]
    some = left_out(len(shown), len(classes.cells))
    return {
        "plot": _recalibration_plot(recalibration, recommended, unit),
        "bold": "" if recommended is None else "Bold: the recommended map.",
        "table": Table(
            f"Recalibration maps, in {unit}",
            (
                name_column("map", recalibration.methods),
                *([] if recommended is None else [name_column("remark", remarks, meaning=_REMARK)]),
                *columns,
            ),
            range(len(recalibration.methods)),
        ),
        "classes": Table(
            f"Part of each class in the gain, in {unit}. {some}", (classes, *gains), shown
        ),
    }


def _recalibration_plot(
    recalibration: Recalibration, recommended: str | None, unit: str
) -> DotPlot:
    gain, low, high = recalibration.gain, recalibration.gain_low, recalibration.gain_high
    start = min(_smallest(low), _smallest(gain), 0.0)
    end = max(_largest(high), _largest(gain), 0.0)
    # A map that goes far astray would leave no room for the others.
    before = float(recalibration.log_loss[0])
    start = max(start, -max(end, 0.25 * before if math.isfinite(before) else 0.0))
    margin = 0.04 * (end - start)
    rows = [
        Row(
            method,
            _with_interval(method, gain[i], low[i], high[i]),
            gain[i],
            low[i],
            high[i],
            strong=method == recommended,
        )
        for i, method in enumerate(recalibration.methods)
    ]
    return dot_plot(
        "What each recalibration map takes off"
        + ("" if recommended is None else f"; recommended: {recommended}"),
        f"taken off the log loss, in {unit}",
        rows,
        low=start - margin,
        high=end + margin,
        reference=Reference(0.0, "as it is"),
    )


def confusion(
    content: Content, names: Sequence[str], rows: list[int], worst: list[int], unit: str
) -> dict[str, Any] | None:
    """Shaded matrix of the worst classes and those that take most from them."""
    cells = np.asarray(content.loss_confusion, dtype=np.float64)
    largest = _largest(cells)
    # Of two classes each takes all of the other's loss, which is the contribution.
    if len(names) < 3 or not (largest > 0 or np.isinf(cells).any()):
        return None
    most, columns = len(rows), worst
    where = "Rows and columns in the order of cost."
    if len(names) > most:
        taken = np.nan_to_num(cells[rows], nan=0.0, posinf=1e300, neginf=0.0).sum(axis=0)
        columns = [int(j) for j in np.argsort(-taken, kind="stable")[:most]]
        where = (
            f"{most} of {len(names)} classes, which cost most or are wrong beyond chance, and "
            f"the {most} that take most from them."
        )

    def cell(i: int, j: int) -> tuple[str, str]:
        value = cells[i, j]
        if i == j or math.isnan(value):
            return ("" if i == j else "–"), "0"
        part = 1.0 if math.isinf(value) or not largest else value / largest
        return figure("contribution", value), f"{part:.2f}"

    contribution = floats(content, "contribution")
    return {
        "intro": "How much of the loss of a class's rows is due to each other class, by the "
        "probability that it got in the place of the true one. Each row adds up to the "
        f"contribution of its class. {where}",
        "caption": f"Loss by true class and the class that takes it, in {unit}",
        "columns": [names[j] for j in columns],
        "rows": [
            {
                "name": names[i],
                "cells": [cell(i, j) for j in columns],
                "total": figure("contribution", contribution[i]),
            }
            for i in rows
        ],
    }


def curves(
    content: Content, names: Sequence[str], shown: list[int], level: str
) -> dict[str, Any] | None:
    """Small multiples of the reliability curves."""
    if not content.reliability:
        return None
    mirrored = len(names) == 2
    shown = [content.about.positive] if mirrored else shown
    excess, p = floats(content, "miscalibration"), floats(content, "miscalibration_p")
    plots = []
    for i in shown:
        p_value = figure("miscalibration_p", p[i], draws=content.n_null)
        said = f"{figure('miscalibration', excess[i])}, p {p_value}"
        tip = f"Reliability of {names[i]}, one-vs-rest: miscalibration {said}"
        plots.append(curve_plot(names[i], tip, f"miscal. {said}", content.reliability[i]))
    band = any(content.reliability[i].grid.size for i in shown)
    some = left_out(len(shown), len(names))
    banded = f"Shaded: where {level} of the curves of a calibrated model would be. "
    return {
        "intro": "Across: predicted probability of the class. Up: how often it is the class "
        f"(blue line), which is the same on the dashed diagonal. {banded if band else ''}"
        "Bars at the bottom: weight of the rows, on a square-root scale. "
        f"{'That of the other class is the same, turned.' if mirrored else some}",
        "plots": plots,
    }


_WORST_ROWS = {
    "row": "What the index of the data calls the row; else its number, from 0.",
    "class": "Its class.",
    "log_loss": "Its loss.",
    "proba": "Predicted probability of its class.",
    "predicted": "Most probable class.",
    "predicted_proba": "Predicted probability of that class.",
}


def worst_rows(content: Content, unit: str) -> Table | None:
    """Table of the rows that cost most."""
    rows = content.worst_rows
    n = min(map(len, rows.values()), default=0)
    if n == 0:
        return None
    columns = [
        name_column(name, values.tolist(), meaning=_WORST_ROWS[name])
        if name in ("row", "class", "predicted")
        else figure_column(name, values.tolist(), meaning=_WORST_ROWS.get(name, ""))
        for name, values in rows.items()
    ]
    return Table(f"The {n} rows that cost most, in {unit}", tuple(columns), range(n))
