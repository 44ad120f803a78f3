"""From two sides to all that is said of a change."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skxent._intake._arguments import check_base, check_names
from skxent._render._words import counted, shortened
from skxent._typing import FloatArray
from skxent.change._parts import FIGURES, decomposed
from skxent.change._sides import Given, Side, joined_labels, side_of
from skxent.change._spread import intervals
from skxent.report._notes import FEW_OF_CLASS, rough_classes

__all__ = ["SAME", "change_between"]

SAME = "same"
_OUT_OF_FOLD = (
    "Out-of-fold predictions are among the rows: the intervals are about these fits, and do not "
    "know how fits to other data would differ."
)
_ONE_SIDE = "{} only {}: all that {} counts as prevalence."
_NO_ROWS = (
    "Of {} no sample of the rows was kept, so that what the model expected within the classes, "
    "and what surprised it, have no intervals."
)
_UNKNOWN = (
    "The change has no interval, since fewer than three rows or groups {}, or as good as that by "
    "their weight, do not tell how losses vary."
)
_NO_EXPECTED = (
    "The model gives {} to hardly more than two rows before or after: what it expects of {} has no "
    "interval."
)
_FEW = "Fewer than 30 rows {}: intervals are rough."


def change_between(
    before: Given,
    after: Given,
    *,
    base: float | str | None,
    target_names: Any,
    confidence_level: float,
) -> dict[str, Any]:
    """The fields of a `ChangeContent`; see `log_loss_change`."""
    _check_eps(before, after)
    chosen = _base(before, after, base)
    labels, names = joined_labels(before, after)
    if target_names is not None:
        names = check_names(target_names, labels)
    sides = (side_of(before, labels), side_of(after, labels))
    for side, name in zip(sides, ("before", "after"), strict=True):
        if not np.isfinite(side.loss.sum()):
            msg = (
                f"{name} has an infinite loss, which has no parts: the model gave a probability of "
                f"0 to what occurred, and eps is 0. Count the rows with eps above 0."
            )
            raise ValueError(msg)
    unit = math.log(chosen)
    overall, per_class = _figures(sides[0], sides[1], unit, confidence_level)
    return {
        "labels": labels,
        "target_names": names,
        "base": chosen,
        "confidence_level": confidence_level,
        "n_before": int(sides[0].support.sum()),
        "n_after": int(sides[1].support.sum()),
        "notes": tuple(_notes(before, after, sides, names, overall, per_class)),
        "_overall": overall,
        "_per_class": per_class,
    }


def _check_eps(before: Given, after: Given) -> None:
    one, other = before.brief.eps, after.brief.eps
    if one != other:
        msg = (
            f"before and after must have the same eps, or the floor would look like a change; "
            f"before has {one!r}, and after {other!r}. Count one of them again."
        )
        raise ValueError(msg)


def _base(before: Given, after: Given, base: float | str | None) -> float:
    if base != SAME:
        check_base(base)  # type: ignore[arg-type]
        return math.e if base is None else float(base)
    if before.base != after.base:
        msg = (
            f"before and after have other bases, {before.base:g} and {after.base:g}; say in which "
            f"to show the change, such as base=2."
        )
        raise ValueError(msg)
    return before.base


def _figures(
    before: Side, after: Side, unit: float, level: float
) -> tuple[dict[str, float], dict[str, NDArray[Any]]]:
    """Figures of all rows and columns of the classes."""
    found = decomposed(before, after)
    bounds = intervals(found, before, after, level)
    losses = [float(side.loss.sum() / side.total) / unit for side in (before, after)]
    overall = {"before": losses[0], "after": losses[1]}
    columns: dict[str, NDArray[Any]] = {}
    for side, name in ((before, "before"), (after, "after")):
        columns[f"support_{name}"] = side.support.astype(np.int64)
        columns[f"share_{name}"] = side.weight / side.total
        columns[f"log_loss_{name}"] = _mean(side.loss, side.weight) / unit
        columns[f"expected_loss_{name}"] = _mean(side.expected, side.proba) / unit
    for name in FIGURES:
        low, high = bounds[name]
        overall[name] = float(found.values[name].sum()) / unit
        overall[f"{name}_low"], overall[f"{name}_high"] = low[-1] / unit, high[-1] / unit
        columns[name] = found.values[name] / unit
        columns[f"{name}_low"], columns[f"{name}_high"] = low[:-1] / unit, high[:-1] / unit
    return {name: float(value) for name, value in overall.items()}, columns


def _mean(above: FloatArray, below: FloatArray) -> FloatArray:
    return np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0)


def _notes(
    before: Given,
    after: Given,
    sides: tuple[Side, Side],
    names: tuple[Any, ...],
    overall: dict[str, float],
    per_class: dict[str, NDArray[Any]],
) -> list[str]:
    """What is not to be relied on, or could not be computed, in sentences."""
    notes = []
    there = [side.weight > 0 for side in sides]
    for one, other, when in ((0, 1, "before"), (1, 0, "after")):
        alone = np.flatnonzero(there[one] & ~there[other])
        if len(alone):
            some = ", ".join(shortened(names[c]) for c in alone[:5])
            more = f" and {counted(len(alone) - 5, 'other')}" if len(alone) > 5 else ""
            what = f"{'Class' if len(alone) == 1 else 'Classes'} {some}{more} occurred"
            notes.append(
                _ONE_SIDE.format(what, when, "it changes" if len(alone) == 1 else "they change")
            )
    if before.brief.out_of_fold or after.brief.out_of_fold:
        notes.append(_OUT_OF_FOLD)
    without = [n for n, s in zip(("before", "after"), sides, strict=True) if s.parts is None]
    if without:
        notes.append(_NO_ROWS.format(" and ".join(without)))
    unknown = not math.isfinite(overall["change_low"])
    single = [n for n, s in zip(("before", "after"), sides, strict=True) if s.n < 2.0 + 1e-9]
    if unknown:
        notes.append(_UNKNOWN.format(" and ".join(single or ["before", "after"])))
    least = np.minimum(*(side.support for side in sides))
    notes += rough_classes(least, " before or after")
    expects = all(side.parts is not None for side in sides)
    open_ended = np.isnan(per_class["expected_low"]) & (least >= FEW_OF_CLASS)
    if expects and open_ended.any() and math.isfinite(overall["change_low"]):
        some = ", ".join(shortened(names[c]) for c in np.flatnonzero(open_ended)[:5])
        what = f"class {some}" if open_ended.sum() == 1 else f"classes such as {some}"
        notes.append(_NO_EXPECTED.format(what, "it" if open_ended.sum() == 1 else "them"))
    few = [n for n, s in zip(("before", "after"), sides, strict=True) if s.support.sum() < 30]
    if few:
        notes.append(_FEW.format(" and ".join(few)))
    return notes
