"""The mergeable statistic that a report is a function of."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from functools import reduce
from operator import add

import numpy as np
from numpy.typing import NDArray

from skxent._inputs import Labelled
from skxent._kernels import FloatArray, class_weights, pick

__all__ = ["Statistics", "statistics"]


@dataclass(frozen=True, slots=True)
class Statistics:
    """
    Sums over rows, in nats: those of two sets of rows add up to those of both together.

    One number a class, except for `surprise_variance`.
    """

    support: NDArray[np.int64]
    """Rows of the class with a positive weight."""
    weight: FloatArray
    """Their weights."""
    loss: FloatArray
    """Their weighted log losses."""
    floored: NDArray[np.int64]
    """How many of them had a probability below the floor."""
    proba: FloatArray
    """Weighted probability of the class, over all rows."""
    expected: FloatArray
    """Weighted cost of the class that the model itself expects, over all rows."""
    expected_variance: FloatArray
    """Variance of the sum in `loss` if labels are drawn from the model's probabilities."""
    surprise_variance: float
    """The same for the sum of the losses of all classes, which are not independent."""

    def __add__(self, other: Statistics) -> Statistics:
        return Statistics(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


def statistics(rows: Labelled, eps: float) -> Statistics:
    """Statistics of checked rows, read once, block by block."""
    parts = (
        _of_block(p, logp, rows.codes[at], None if rows.weight is None else rows.weight[at], eps)
        for at, p, logp in rows.proba.distributions()
    )
    return reduce(add, parts)


def _of_block(
    p: FloatArray,
    logp: FloatArray,
    codes: NDArray[np.intp],
    weight: FloatArray | None,
    eps: float,
) -> Statistics:
    n, k = p.shape
    w = np.ones(n) if weight is None else weight
    counts = w > 0
    own = pick(logp, codes)
    least = math.log(eps) if eps > 0 else -math.inf
    losses = np.where(counts, 0.0 - np.maximum(own, least), 0.0)
    # Where eps is 0, any finite logarithm will do: it is multiplied by a probability of 0.
    np.maximum(logp, max(least, math.log(5e-324)), out=logp)
    cost = p * logp  # minus what the model expects each class to add to the loss of the row
    entropy = cost.sum(axis=1)
    squares = w * w
    expected = -(w @ cost)
    # Class c adds -log p_c with probability p_c and else nothing: variance p (1 - p) log^2 p.
    logp *= cost
    second_moment = float((squares @ logp).sum())
    logp *= 1.0 - p
    return Statistics(
        support=np.bincount(codes[counts], minlength=k),
        weight=class_weights(codes, k, w),
        loss=class_weights(codes, k, losses * w),
        floored=np.bincount(codes[counts & (own < least)], minlength=k),
        proba=w @ p,
        expected=expected,
        expected_variance=squares @ logp,
        surprise_variance=max(second_moment - float(squares @ (entropy * entropy)), 0.0),
    )
