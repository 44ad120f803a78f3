"""Results as Markdown, as GitHub shows it."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from skxent._render._words import cell, encodable, printable, unit_name
from skxent.change import LogLossChange
from skxent.change._content import PARTS
from skxent.change._text import HEADINGS
from skxent.cli._gates import Gate
from skxent.comparison import LogLossComparison
from skxent.report import LogLossReport
from skxent.report._text import COLUMNS
from skxent.slices import LogLossSlices

__all__ = ["markdown"]

_OF_SLICES = ("support", "share", "log_loss", "expected", "gap", "z", "p_value")
_OF_CLASSES = ("log_loss_before", "log_loss_after", "change", *PARTS)
_OF_MODELS = ("log_loss", "difference", "ci_low", "ci_high", "adjusted_p")


def markdown(
    result: LogLossReport | LogLossComparison | LogLossSlices | LogLossChange,
    gates: Sequence[Gate],
    title: str,
) -> str:
    """A heading, the verdict, the gates, and tables."""
    if isinstance(result, LogLossReport):
        tables = _report(result)
    elif isinstance(result, LogLossSlices):
        tables = _slices(result)
    elif isinstance(result, LogLossChange):
        tables = _change(result)
    else:
        tables = _comparison(result)
    lines = [f"## {_text(title)}", "", _text(result.verdict), ""]
    if gates:
        lines += [*(f"- {'❌' if g.failed else '✅'} {_text(g.text)}" for g in gates), ""]
    return encodable("\n".join([*lines, *tables]))


def _report(report: LogLossReport) -> list[str]:
    overall = {name: cell(name, float(value)) for name, value in report.overall.items()}
    lines = [
        (
            f"Log loss **{overall['log_loss']}** {unit_name(report.base)} "
            f"({overall['ci_low']} to {overall['ci_high']}), skill {overall['skill']}, "
            f"{report.overall['n_samples']} rows."
        ),
        "",
        *_table("class", report.target_names, report.per_class, COLUMNS),
    ]
    for sentences in (report.findings, report.notes):
        if sentences:
            lines += ["", *(f"- {_text(sentence)}" for sentence in sentences)]
    return lines


def _comparison(comparison: LogLossComparison) -> list[str]:
    lines = [
        f"Log loss in {unit_name(comparison.base)}, beside {_text(comparison.reference)}.",
        "",
        *_table("model", comparison.models, _figures(comparison, ""), _OF_MODELS),
    ]
    for i, model in enumerate(comparison.models):
        if model == comparison.reference:
            continue
        figures = {name: values[i] for name, values in _figures(comparison, "class_").items()}
        name = f"{model}, by class"
        lines += ["", *_table(name, comparison.target_names, figures, _OF_MODELS)]
    if comparison.notes:
        lines += ["", *(f"- {_text(note)}" for note in comparison.notes)]
    return lines


def _slices(slices: LogLossSlices) -> list[str]:
    names = [
        f"{name} ★" if found else name
        for name, found in zip(slices.names, slices.found.tolist(), strict=True)
    ]
    lines = [
        f"Log loss in {unit_name(slices.base)}; ★ off beyond chance.",
        "",
        *_table("slice", names, {name: getattr(slices, name) for name in _OF_SLICES}, _OF_SLICES),
    ]
    if slices.notes:
        lines += ["", *(f"- {_text(note)}" for note in slices.notes)]
    return lines


def _change(change: LogLossChange) -> list[str]:
    figures = ("change", *PARTS)
    ends = {"change": "", "ci_low": "_low", "ci_high": "_high"}
    of_all = {
        column: np.array([change.overall[name + end] for name in figures])
        for column, end in ends.items()
    }
    lines = _table("part", [HEADINGS[name] for name in figures], of_all, tuple(ends))
    per_class = dict(change.per_class)
    lines += ["", *_table("class", change.target_names, per_class, _OF_CLASSES)]
    if change.notes:
        lines += ["", *(f"- {_text(note)}" for note in change.notes)]
    return lines


def _figures(comparison: LogLossComparison, prefix: str) -> dict[str, Any]:
    return {name: getattr(comparison, prefix + name) for name in _OF_MODELS}


def _table(
    head: str, names: Sequence[Any], columns: Mapping[str, Any], shown: Sequence[str]
) -> list[str]:
    rows = [[cell(name, value) for value in columns[name].tolist()] for name in shown]
    lines = [
        f"| {_text(head)} | " + " | ".join(name.replace("_", " ") for name in shown) + " |",
        "|---|" + "--:|" * len(shown),
    ]
    for name, *cells in zip(names, *rows, strict=True):
        lines.append(f"| {_text(name)} | " + " | ".join(cells) + " |")
    return lines


def _text(value: Any) -> str:
    """Names are untrusted: what Markdown or HTML would take for a mark is shown as it is."""
    text = html.escape(printable(str(value)), quote=False)
    return "".join(f"\\{c}" if c in "\\`*_[]|~" else c for c in text)
