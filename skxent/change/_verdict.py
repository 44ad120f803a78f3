"""Sentences on top of a change: by how much, what it is made of, and what to do."""

from __future__ import annotations

import math

import numpy as np

from skxent._render._words import cell, shortened, unit_name
from skxent.change._content import PARTS, ChangeContent

__all__ = ["verdict"]


def verdict(content: ChangeContent) -> str:
    """By how much the loss changed, of what most of it is, and what to do."""
    return " ".join([_size(content), *_sentences(content)])


def _size(content: ChangeContent) -> str:
    o = content.overall
    unit = unit_name(content.base)
    before, after = cell("", o["before"]), cell("", o["after"])
    if not math.isfinite(o["change_low"] + o["change_high"]):
        return (
            f"The loss is {after} {unit} instead of {before}; whether that is beyond chance cannot "
            f"be said."
        )
    if not content.is_sure("change"):
        low, high = cell("", o["change_low"]), cell("", o["change_high"])
        why = f"the interval of the change, {low} to {high}, holds 0"
        return f"The loss of {after} {unit} instead of {before} is no change beyond chance: {why}."
    how = "rose" if o["change"] > 0 else "fell"
    return f"The loss {how} from {before} to {after} {unit}."


def _sentences(content: ChangeContent) -> list[str]:
    """The parts that are beyond chance, the largest first."""
    sure = [name for name in PARTS if content.is_sure(name)]
    o = content.overall
    # What the model expects of a class is over all rows, of which other shares of the classes make
    # others, though no row of any class has changed: then surprise takes it back.
    if not content.is_sure("within") and o["expected"] * o["surprise"] < 0:
        sure = [name for name in sure if name == "prevalence"]
    sure.sort(key=lambda name: -abs(content.overall[name]))
    return [_part(content, name) for name in sure]


def _part(content: ChangeContent, name: str) -> str:
    value = float(content.overall[name])
    by = f"{'+' if value > 0 else '−'}{cell('', abs(value))}"
    where = _most(content, name, value)
    if name == "prevalence":
        what = "more" if value > 0 else "less"
        return f"Classes that cost {what} occur more often: {by}{where}."
    if name == "expected":
        kind = "harder" if value > 0 else "easier"
        return f"Rows became {kind}, as the model itself expected: {by}{where}."
    if value > 0:
        said = f"Rows cost more than the model expected: {by}{where}"
        return f"{said}; recalibrate, or look for the rows with log_loss_slices."
    return f"Rows cost less than the model expected: {by}{where}."


def _most(content: ChangeContent, name: str, value: float) -> str:
    """The class that adds most to a part."""
    if len(content.labels) < 3:
        return ""
    adds = np.asarray(content.per_class[name], dtype=np.float64)
    c = int(np.argmax(adds * math.copysign(1.0, value)))
    return f", most in class {shortened(content.target_names[c])}"
