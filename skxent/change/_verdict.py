"""Sentences on top of a change: by how much, what it is made of, and what to do."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import ndtri

from skxent._render._words import cell, shortened, unit_name
from skxent.change._content import PARTS, ChangeContent
from skxent.report._verdict import confidence

__all__ = ["verdict"]

# A model that was shy is not called too sure before so much of its way is beyond calibrated.
_PAST = 0.25


def verdict(content: ChangeContent) -> str:
    """By how much the loss changed, of what most of it is, and what to do."""
    return " ".join(filter(None, [_size(content), *_sentences(content), _confidence(content)]))


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
    if _cancel(content):
        sure = [name for name in sure if name == "prevalence"]
    sure.sort(key=lambda name: -abs(o[name]))
    return [_part(content, name) for name in sure]


def _cancel(content: ChangeContent) -> bool:
    """Whether surprise takes back what the model expected."""
    return not content.is_sure("within") and (
        content.overall["expected"] * content.overall["surprise"] < 0
    )


def _confidence(content: ChangeContent) -> str:
    """What the model is surer of, or less sure, though its rows cost the same."""
    sure = content.is_sure("expected") and content.is_sure("surprise")
    if not (sure and _cancel(content)) or _other_shares(content):
        return ""
    expected, surprise = (float(content.overall[name]) for name in ("expected", "surprise"))
    beyond = math.copysign(1.0, surprise) * _left_after(content)
    worse = beyond > _PAST * abs(surprise)
    how = confidence(surprise) if worse else f"less {confidence(-surprise)}"
    return (
        f"The model became {how}, though: what it expects rows to cost changed by "
        f"{_signed(expected)}, what they cost beyond that by {_signed(surprise)}"
        f"{'; recalibrate' if worse else ''}."
    )


def _other_shares(content: ChangeContent) -> bool:
    """Whether some class occurs more or less often, as far as is known; by Bonferroni's rule."""
    columns = content.per_class
    value, low, high = (columns[f"prevalence{end}"].astype(float) for end in ("", "_low", "_high"))
    tail = (1.0 - content.confidence_level) / 2.0
    wider = float(ndtri(tail / len(value)) / ndtri(tail))
    same = (value == 0.0) | (abs(value) <= wider * (high - low) / 2.0)
    return not bool(same.all())  # nor where there is no interval


def _left_after(content: ChangeContent) -> float:
    """What the rows after cost beyond what the model expects of their class."""
    share, loss, expected = (
        content.per_class[f"{name}_after"].astype(float)
        for name in ("share", "log_loss", "expected_loss")
    )
    return float((share * (loss - expected))[share > 0].sum())


def _signed(value: float) -> str:
    return f"{'+' if value > 0 else '−'}{cell('', abs(value))}"


def _part(content: ChangeContent, name: str) -> str:
    value = float(content.overall[name])
    by = _signed(value)
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
