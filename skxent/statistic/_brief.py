"""What a report keeps of the statistic, for questions that come later: a change, another prior."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csc_array

from skxent._intake._rows import Labelled
from skxent._kernels import LOG_SMALLEST
from skxent._typing import FloatArray, IntArray
from skxent.statistic._sums import Statistics

__all__ = ["Brief", "Parts", "brief_of"]

# Rows, or groups of rows, are summed up in so many parts that are alike but for chance; of many
# classes in fewer. A spread that is estimated from 256 is off by 4 %.
_MOST, _FEWEST, _NUMBERS = 256, 32, 1 << 16
# A part of so many rows, or probabilities, tells the spread as well as all of them.
_ROWS, _PROBABILITIES = 10_000, 2_000_000


@dataclass(frozen=True, slots=True)
class Parts:
    """Sums over random parts of the rows, each of which is like an observation."""

    sums: FloatArray
    """Shape (5, n_parts, n_classes): weight, weighted loss, weighted probability, weighted
    expected cost, and weight of rows below the floor. The probability is nan where it was not
    counted."""
    square: float
    """Sum of the squared weights of the rows; of the groups, where there are groups."""
    cube: float


@dataclass(frozen=True, slots=True)
class Brief:
    """Sums without their histogram, and how they vary."""

    sums: Statistics
    parts: Parts | None
    """None where no rows were kept that could be parted."""
    eps: float
    out_of_fold: bool = False


def brief_of(
    sums: Statistics, rows: Labelled | None, eps: float, *, out_of_fold: bool = False
) -> Brief:
    """What to keep of sums, and of all rows that they are of, or a random sample of these."""
    if sums.groups is not None:
        parts: Parts | None = _parts_of_groups(sums)
    else:
        parts = None if rows is None else _parts_of_rows(rows, eps)
    k = len(sums.support)
    short = replace(sums, histogram=np.empty((5, k, 0)), confusion=np.empty((k, 0)))
    return Brief(short, parts, eps, out_of_fold)


def _parts_of_groups(sums: Statistics) -> Parts | None:
    groups = sums.groups
    if groups is None or not groups.n_groups:
        return None
    n, weight = groups.n_groups, groups.weight.sum(axis=1)
    names = ("weight", "loss", "proba", "expected", "floored")
    each = np.array([getattr(groups, name) for name in names])
    if n > _n_parts(n, len(sums.support)):
        owner = _owners(n, len(sums.support))
        each = np.array([_summed(owner, x, int(owner.max()) + 1) for x in each])
    return Parts(each, float((weight**2).sum()), float((weight**3).sum()))


def _parts_of_rows(rows: Labelled, eps: float) -> Parts:
    k = rows.proba.n_classes
    most = min(_ROWS, max(_PROBABILITIES // k, 1))
    there = np.arange(len(rows.codes)) if rows.weight is None else np.flatnonzero(rows.weight)
    if len(there) > most:
        there = np.sort(np.random.default_rng(0).choice(there, most, replace=False))
    if len(there) < len(rows.codes):
        weight = None if rows.weight is None else rows.weight[there]
        proba = rows.proba.taken(there)
        rows = replace(rows, codes=rows.codes[there], proba=proba, weight=weight)
    n = len(there)
    w = np.ones(n) if rows.weight is None else rows.weight
    owner = _owners(n, k)
    least = math.log(eps) if eps > 0 else -math.inf
    size = int(owner.max()) + 1
    found = np.zeros((5, size, k))
    for at, p, logp in rows.proba.distributions():
        own = owner[at]
        cells, codes = own * k + rows.codes[at], rows.codes[at]
        logs = logp[np.arange(len(codes)), codes]
        losses = -np.maximum(logs, least)
        for i, each in ((0, w[at]), (1, w[at] * losses), (4, w[at] * (logs < least))):
            found[i] += np.bincount(cells, each, size * k).reshape(size, k)
        found[2] += _summed(own, p, size, w[at])
        # Any finite cost will do where it is multiplied by a probability of 0.
        cost = np.maximum(logp, max(least, LOG_SMALLEST))
        cost *= p
        found[3] -= _summed(own, cost, size, w[at] / p.sum(axis=1))
    return Parts(found, float((w**2).sum()), float((w**3).sum()))


def _n_parts(n: int, k: int) -> int:
    return min(n, max(min(_MOST, _NUMBERS // k), _FEWEST))


def _owners(n: int, k: int) -> IntArray:
    """The part of each of `n` rows or groups: drawn, so that the order of the rows says nothing."""
    return np.random.default_rng(0).permutation(n) % _n_parts(n, k)


def _summed(
    owner: IntArray, values: FloatArray, size: int, weight: FloatArray | None = None
) -> FloatArray:
    """Weighted sums of the rows of each of `size` owners."""
    n = len(owner)
    w = np.ones(n) if weight is None else weight
    return np.asarray(csc_array((w, owner, np.arange(n + 1)), shape=(size, n)) @ values)
