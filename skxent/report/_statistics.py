"""The mergeable statistic that a report is a function of."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from functools import reduce
from operator import add

import numpy as np
from numpy.typing import NDArray

from skxent._inputs import Labelled
from skxent._kernels import FloatArray, IntArray, class_weights, pick

__all__ = ["Statistics", "statistics"]


@dataclass(frozen=True, slots=True)
class Statistics:
    """
    Sums over rows, in nats: those of two sets of rows add up to those of both together.

    One number a class unless something else is said.
    """

    support: NDArray[np.int64]
    """Rows of the class with a positive weight."""
    weight: FloatArray
    """Their weights."""
    loss: FloatArray
    """Their weighted log losses."""
    square: FloatArray
    """Shape (3, n_classes): their squared weights, times the loss to the power 0, 1, 2."""
    cube: FloatArray
    """Shape (4, n_classes): their cubed weights, times the loss to the power 0 to 3."""
    floored: NDArray[np.int64]
    """How many of them had a probability below the floor."""
    proba: FloatArray
    """Weighted probability of the class, over all rows."""
    expected: FloatArray
    """Weighted cost of the class that the model itself expects, over all rows."""
    moments: FloatArray
    """Shape (2, n_classes): variance and third central moment of the sum in `loss`, if labels
    are drawn from the model's probabilities."""
    moments_of_all: FloatArray
    """Shape (2,): the same of the sum over all classes, which are not independent."""

    def __add__(self, other: Statistics) -> Statistics:
        return Statistics(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


def statistics(rows: Labelled, eps: float) -> Statistics:
    """Statistics of checked rows, read once, block by block."""
    total = 1.0 if rows.weight is None else float(rows.weight.sum())
    if not 1e-90 < total < 1e90:  # their squares and cubes would vanish or overflow
        msg = f"sample_weight sums to {total:g}; rescale it to between 1e-90 and 1e90."
        raise ValueError(msg)
    parts = (
        _of_block(p, logp, rows.codes[at], None if rows.weight is None else rows.weight[at], eps)
        for at, p, logp in rows.proba.distributions()
    )
    return reduce(add, parts)


def _of_block(
    p: FloatArray, logp: FloatArray, codes: IntArray, weight: FloatArray | None, eps: float
) -> Statistics:
    n, k = p.shape
    w = np.ones(n) if weight is None else weight
    counts = w > 0
    own = pick(logp, codes)
    least = math.log(eps) if eps > 0 else -math.inf
    losses = np.where(counts, 0.0 - np.maximum(own, least), 0.0)
    # Where eps is 0, any finite cost will do: it is multiplied by a probability of 0.
    cost = -np.maximum(logp, max(least, math.log(5e-324)))
    # Labels are drawn from rows that sum to 1 exactly, or else rounding would look like a gap.
    chance = p / np.einsum("ij->i", p)[:, None]
    expected = chance * cost
    weights, own_moments = np.array([w * w, w * w * w]), np.empty((2, k))
    # Class c adds `cost` with probability `chance` and else nothing.
    rest = 1.0 - chance
    spread = rest * cost
    spread *= expected
    own_moments[0] = weights[0] @ spread
    rest -= chance
    spread *= rest
    spread *= cost
    own_moments[1] = weights[1] @ spread
    # A row adds the cost of one class; differences from its mean do not cancel.
    cost -= np.einsum("ij->i", expected)[:, None]
    chance *= cost
    second = np.einsum("ij,ij->i", chance, cost)
    chance *= cost
    third = np.einsum("ij,ij->i", chance, cost)
    powers = np.ones(n), losses, losses * losses, losses * losses * losses
    return Statistics(
        support=np.bincount(codes[counts], minlength=k),
        weight=class_weights(codes, k, w),
        loss=class_weights(codes, k, losses * w),
        square=np.array([class_weights(codes, k, weights[0] * x) for x in powers[:3]]),
        cube=np.array([class_weights(codes, k, weights[1] * x) for x in powers]),
        floored=np.bincount(codes[counts & (own < least)], minlength=k),
        proba=w @ p,
        expected=w @ expected,
        moments=own_moments,
        moments_of_all=np.array([weights[0] @ second, weights[1] @ third]),
    )
