"""A change cut in parts that add up, and how each part depends on each mean."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skxent._typing import FloatArray
from skxent.change._sides import Side

__all__ = ["FIGURES", "Decomposition", "decomposed"]

Mask = NDArray[np.bool_]

FIGURES = ("change", "prevalence", "within", "expected", "surprise")


@dataclass(frozen=True, slots=True)
class Decomposition:
    """The parts of a change in nats, one number a class, and their derivatives."""

    values: dict[str, FloatArray]
    """By figure; shape (n_classes,)."""
    slopes: dict[str, FloatArray]
    """
    By figure; shape (2, 4, n_classes): for each side, by the means over all rows of the class's
    indicator, of that times the loss, of its probability, and of its expected cost.
    """


def decomposed(before: Side, after: Side) -> Decomposition:
    """
    The change of the loss as the sum of what its classes add.

    With share s and mean loss l of a class, the change of s l is that of s times the middle of
    l, plus the middle of s times that of l. What the model expects a row of the class to cost is
    its mean cost, weighted by the probability of the class. A class that has rows on one side
    only has no change within it.
    """
    sides = (before, after)
    share, lost, chance, cost = (
        np.array([getattr(s, name) / s.total for s in sides])
        for name in ("weight", "loss", "proba", "expected")
    )
    both: Mask = np.all(share > 0, axis=0)
    known: Mask = both & np.all(chance > 0, axis=0)
    loss, own = _ratio(lost, share, both), _ratio(cost, chance, known)
    slopes = {name: np.zeros((2, 4, share.shape[1])) for name in FIGURES}
    middle, sign = share.mean(axis=0), np.array([[-1.0], [1.0]])
    step = share[1] - share[0]
    values = {
        "change": lost[1] - lost[0],
        "prevalence": np.where(both, step * loss.mean(axis=0), lost[1] - lost[0]),
        "within": middle * (loss[1] - loss[0]),
        "expected": middle * (own[1] - own[0]),
    }
    slopes["change"][:, 1] = sign
    inverse, of_chance = _ratio(np.ones_like(share), share, both), _ratio(1.0, chance, known)
    half = 0.5 * step * inverse
    slopes["prevalence"][:, 0] = np.where(both, sign * loss.mean(axis=0) - half * loss, 0.0)
    slopes["prevalence"][:, 1] = np.where(both, half, sign)
    slopes["within"][:, 0] = 0.5 * (loss[1] - loss[0]) - sign * middle * loss * inverse
    slopes["within"][:, 1] = sign * middle * inverse
    slopes["expected"][:, 0] = 0.5 * (own[1] - own[0])
    slopes["expected"][:, 2] = -sign * middle * own * of_chance
    slopes["expected"][:, 3] = sign * middle * of_chance
    values["surprise"] = values["within"] - values["expected"]
    slopes["surprise"] = slopes["within"] - slopes["expected"]
    return Decomposition(values, slopes)


def _ratio(above: FloatArray | float, below: FloatArray, where: Mask) -> FloatArray:
    """Quotient that is 0 where it is not wanted."""
    wanted = np.broadcast_to(where, below.shape)
    return np.divide(above, below, out=np.zeros_like(below), where=wanted)
