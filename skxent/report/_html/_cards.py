"""The figures of all rows, as cards."""

from __future__ import annotations

import math
from typing import Any

from skxent._render._page import figure
from skxent._render._words import percent, unit_name
from skxent.report._content import Content
from skxent.report._notable import ALL_ROWS
from skxent.report._recipe import labels_given
from skxent.report._verdict import confidence

__all__ = ["further", "headline"]

Card = dict[str, Any]


def _card(label: str, value: str, *details: str) -> Card:
    """What it is, its value, and what to read it with."""
    return {"label": label, "value": value, "details": details}


def _of(content: Content, name: str, signed: bool = False) -> str:
    return figure(name, float(content.overall.get(name, math.nan)), signed=signed)


def _interval(content: Content, low: str, high: str, level: str) -> str:
    known = not math.isnan(content.overall.get(low, math.nan))
    ends = f"{_of(content, low)} to {_of(content, high)}"
    return f"{level} interval {ends}" if known else "no interval"


def headline(content: Content, level: str) -> list[Card]:
    """What everybody wants to know: how much, how good, and what to do."""
    return [
        _card(
            "Log loss",
            f"{_of(content, 'log_loss')} {unit_name(content.base)}",
            _interval(content, "ci_low", "ci_high", level),
        ),
        _card(
            "Skill",
            _of(content, "skill"),
            f"class frequencies alone cost {_of(content, 'label_entropy')}",
        ),
        _what_to_do(content, level),
    ]


def _what_to_do(content: Content, level: str) -> Card:
    r = content.recalibration
    if labels_given(content):
        return _card("What to do", "pass predict_proba", "these look like what predict returns")
    if r is None:
        return _card("What to do", "–", "no recalibration was fitted")
    if r.recommended == "none":
        return _card("What to do", "no recalibration", "no map takes off more than noise")
    at = r.methods.index(r.recommended)
    gain, low, high = (float(x[at]) for x in (r.gain, r.gain_low, r.gain_high))
    share = gain / float(content.overall["log_loss"]) if content.overall["log_loss"] else math.nan
    part = f", {percent(share)}" if math.isfinite(share) else ""
    return _card(
        "What to do",
        f"recalibrate: {r.recommended}",
        f"takes off {figure('gain', gain)}{part}",
        f"{level} interval {figure('gain', low)} to {figure('gain', high)}",
    )


def further(content: Content, level: str) -> list[Card]:
    """The other figures of all rows."""
    n, floored = int(content.overall["n_samples"]), int(content.overall.get("floored", 0))

    def of(name: str, signed: bool = False) -> str:
        return _of(content, name, signed)

    below = [f"{floored:,} with a probability below eps"] if floored else []
    return [
        _card("Rows", f"{n:,}", *below),
        _card("Perplexity", of("perplexity")),
        _card(
            "The model expected",
            of("predictive_entropy"),
            f"gap {of('gap', signed=True)}, z {of('z')}, p\u00a0{of('p_value')}",
            f"e-value {of('e_value')}",
            _judgement(float(content.overall["gap"]), float(content.overall["p_value"])),
        ),
        _card(
            "Calibration loss",
            of("calibration_loss"),
            f"refinement loss {of('refinement_loss')}",
            f"recoverable {of('recoverable')}",
            _interval(content, "recoverable_low", "recoverable_high", level),
        ),
        _card(
            "Mean of the classes",
            of("macro_log_loss"),
            _interval(content, "macro_ci_low", "macro_ci_high", level),
        ),
        _card(
            "Worst 1 % of the rows",
            of("tail_share"),
            "of the loss is theirs",
            f"Gini {of('gini')}",
        ),
    ]


def _judgement(gap: float, p_value: float) -> str:
    if math.isnan(p_value):
        return "cannot be tested"
    return confidence(gap) if p_value < ALL_ROWS else "a gap that chance explains"
