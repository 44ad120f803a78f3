"""Render a report as text for a terminal."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from skxent._render._text import table_lines, wrapped
from skxent._render._words import cell, printable, unit_name
from skxent.recalibration._choice import Recalibration
from skxent.report._content import Content
from skxent.report._notable import ALL_ROWS
from skxent.report._recipe import recipe, recommended
from skxent.report._verdict import confidence

__all__ = ["COLUMNS", "render_text"]

# What a calibrated model exceeds in at most 5 % of all cases, however often it is looked at.
_STRONG = 20.0
_INDENT = len("Log loss  ")
COLUMNS = ("support", "log_loss", "ci_low", "ci_high", "share", "gap", "z", "p_value")


def render_text(content: Content, columns: Iterable[str] | None, width: int) -> str:
    """The verdict, the figures of all rows, findings, a line a class, and the recalibration."""
    width_of_text = max(width, 40)
    lines = [wrapped(printable(content.verdict), width_of_text), ""]
    if to_paste := recipe(content):
        lines += [*to_paste.splitlines(), ""]  # not wrapped, which would make it something else
    for line in _heading(content, unit_name(content.base)):
        lines.append(wrapped(line, width_of_text, rest=" " * _INDENT))
    if content.notes:
        lines += ["", *(wrapped(note, width_of_text) for note in content.notes)]
    if content.findings:
        lines.append("")
        for finding in content.findings:
            lines.append(wrapped(finding, width_of_text, first="- ", rest="  "))
    lines.append("")
    if columns is None:
        lines += [wrapped(_how_to_read(content), width_of_text), ""]
    names = [printable(str(name)) for name in content.target_names]
    lines += [*table_lines("class", names, _of_classes(content, columns), width)]
    if content.recalibration is not None:
        best = recommended(content)
        star = "" if best is None else " (* recommended)"
        lines += ["", wrapped(f"After recalibration, cross-fitted{star}:", width_of_text)]
        methods = [
            f"* {method}" if method == best else f"  {method}"
            for method in content.recalibration.methods
        ]
        lines += table_lines("map", methods, _of_methods(content.recalibration), width)
    return "\n".join(lines)


def _how_to_read(content: Content) -> str:
    level = f"{100 * content.confidence_level:g} %"
    return (
        f"log_loss: mean of the rows of a class, with its {level} interval. share: of the whole "
        f"loss. gap: what the class adds to it beyond what the model expected; z and p_value say "
        f"whether that is chance."
    )


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
    # What counts is the paired gain; the losses themselves vary with the rows, all alike.
    shown = ("log_loss", "gain", "gain_low", "gain_high")
    return {name: [cell(name, v) for v in getattr(recalibration, name).tolist()] for name in shown}


def _heading(content: Content, unit: str) -> list[str]:
    overall = content.overall

    def value(name: str) -> str:
        return cell(name, float(overall[name]))

    n_rows = overall["n_samples"]
    rows = f"{n_rows} row{'s' if n_rows != 1 else ''}"
    known = not math.isnan(overall["ci_low"])
    interval = f" ({value('ci_low')} to {value('ci_high')})" if known else ""
    prior = f"{value('label_entropy')}, skill {value('skill')}"
    test = f"gap {value('gap')}, z {value('z')}, p {value('p_value')}"
    lines = [
        f"Log loss  {value('log_loss')} {unit}{interval} over {rows}",
        f"Prior     {prior}, mean of the classes {value('macro_log_loss')}",
        f"Expected  {value('predictive_entropy')}: {test}: {_judgement(overall)}",
    ]
    if overall.get("e_value", math.nan) >= _STRONG:
        against = f"e-value {value('e_value')} against the probabilities; {_STRONG:g} is strong"
        lines.append(f"Evidence  {against}")
    if n := overall["floored"]:
        gave = "1 row gave its class" if n == 1 else f"{n} rows gave their class"
        lines.append(f"Below eps {gave} so little probability")
    return lines


def _judgement(overall: Mapping[str, float | int]) -> str:
    if math.isnan(overall["p_value"]):
        return "cannot be tested"
    return confidence(overall["gap"]) if overall["p_value"] < ALL_ROWS else "no more than chance"
