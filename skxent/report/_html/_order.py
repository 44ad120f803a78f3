"""Which classes of a report matter, and which are shown where there is no room for all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from skxent._render._page import figure
from skxent._typing import FloatArray
from skxent.report._content import Content
from skxent.report._notable import beyond_chance

__all__ = ["Order", "floats"]

# So many classes are named on top of a page; those of little skill cost so many times what they
# would with the skill of all rows.
_MOST, _MUCH = 3, 1.5


def floats(content: Content, name: str) -> FloatArray:
    """Column as floats; nan where the report does not have it."""
    absent = np.full(len(content.labels), math.nan)
    return np.asarray(content.per_class.get(name, absent), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Order:
    """The classes by cost, the unknown last, and those that are wrong beyond chance."""

    worst: list[int]
    wrong: list[int]
    """
    The worst first: they cost more than their frequency alone, or than the model expected; then
    those that cost less than it expected.
    """

    @classmethod
    def of(cls, content: Content) -> Order:
        """The order of the classes of a report."""
        cost = np.nan_to_num(floats(content, "contribution"), nan=-np.inf, posinf=np.inf)
        with np.errstate(invalid="ignore"):  # of an infinite loss and baseline
            excess = floats(content, "prevalence") * (
                floats(content, "log_loss") - floats(content, "baseline")
            )
        gap = np.abs(floats(content, "gap"))
        size = np.fmax(
            np.where(_worse_than_prior(content), excess, np.nan),
            np.where(beyond_chance(floats(content, "p_value")), gap, np.nan),
        )
        size = np.nan_to_num(size, nan=-np.inf, posinf=np.inf)
        more = np.logical_or(_worse_than_prior(content), floats(content, "gap") > 0)
        ranks = np.lexsort((-size, ~more, np.isneginf(size)))
        return cls(
            np.argsort(-cost, kind="stable").tolist(),
            ranks[: int(np.count_nonzero(~np.isneginf(size)))].tolist(),
        )

    def shown(self, n: int) -> list[int]:
        """
        So many classes by cost: those that cost most, and up to half of them for being wrong.

        A rare class costs little in all, however badly it is predicted.
        """
        if n >= len(self.worst):
            return self.worst
        chosen = set(self.wrong[: n // 2])
        for c in self.worst:
            if len(chosen) < n:
                chosen.add(c)
        return [c for c in self.worst if c in chosen]

    def matter(self, content: Content, names: Sequence[str], unit: str) -> list[dict[str, str]]:
        """The few classes to look at first, each with a reason."""
        found = [
            {"name": names[c], "reason": _reason(content, c, unit)} for c in self.wrong[:_MOST]
        ]
        if len(names) <= _MOST:
            return found
        skill, overall = floats(content, "skill"), float(content.overall["skill"])
        least = np.argsort(np.nan_to_num(skill, nan=np.inf), kind="stable")
        # Some class has the least, also by chance.
        with np.errstate(over="ignore", invalid="ignore"):
            usual = (1.0 - overall) * floats(content, "baseline")
            much = floats(content, "log_loss") > _MUCH * usual
        costly = much & (floats(content, "ci_low") > usual)
        for c in least[costly[least]].tolist():
            if len(found) < _MOST and c not in self.wrong[:_MOST]:
                said = f"has little skill: {figure('skill', skill[c])}, all rows"
                found.append({"name": names[c], "reason": f"{said} {figure('skill', overall)}"})
        return found


def _worse_than_prior(content: Content) -> FloatArray:
    return np.asarray(floats(content, "ci_low") > floats(content, "baseline"))


def _reason(content: Content, c: int, unit: str) -> str:
    def of(name: str) -> str:
        return figure(name, float(content.per_class[name][c]), signed=name == "gap")

    if _worse_than_prior(content)[c]:
        return (
            f"costs {of('log_loss')} {unit} a row; its frequency alone would cost {of('baseline')}"
        )
    more = "more" if content.per_class["gap"][c] > 0 else "less"
    test = f"gap {of('gap')}, p\u00a0{of('p_value')}"
    return f"costs {more} than the model expected: {test}"
