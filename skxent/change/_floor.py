"""How far a change may be off by the rows that cost the floor."""

from __future__ import annotations

import numpy as np
from scipy.special import betainccinv, betaincinv

from skxent._typing import FloatArray
from skxent.change._sides import Side

__all__ = ["share_bounds", "with_floor"]

Bounds = tuple[FloatArray, FloatArray]


def with_floor(
    mean: FloatArray,
    low: FloatArray,
    high: FloatArray,
    slopes: FloatArray,
    sides: tuple[Side, Side],
    level: float,
) -> Bounds:
    """
    Bounds that allow for what the floor costs, where a model says 0 to what may happen.

    How many of the rows that cost most are in a sample is a matter of luck. Their share on each
    side has bounds of its own; how far these are off is added in squares, as Zou and Donner do with
    the bounds of independent estimates.

    References
    ----------
    .. [1] Zou, G. Y., & Donner, A. (2008). Construction of confidence limits about effect
           measures: a general approach. Statistics in Medicine 27(10). :doi:`10.1002/sim.3095`
    """
    down, up = (mean - low) ** 2, (high - mean) ** 2
    for slope, side in zip(slopes, sides, strict=True):
        if side.cost.any():
            off = _floor_errors(slope, side, 0.5 - 0.5 * level)
            down, up = down + off[0] ** 2, up + off[1] ** 2
    return mean - np.sqrt(down), mean + np.sqrt(up)


def _floor_errors(slope: FloatArray, side: Side, tail: float) -> Bounds:
    """How far a figure of each class, and of all, may be off by rows of one side at the floor."""
    price = slope * side.cost / side.total
    of_groups = None
    if side.is_grouped and side.parts is not None:
        of_groups = side.parts[0]
    squares = side.square[0] if of_groups is None else (of_groups**2).sum(axis=0)
    low, high = _off(price * side.weight, side.floored[0], side.weight, squares, tail=tail)
    whole = np.zeros(2)
    # Of all, classes that lower the figure do not make up for those that raise it.
    for some in (price > 0, price < 0):
        if not (some & (side.weight > 0)).any():
            continue
        hits, rows = side.floored[0][some], side.weight[some]
        middle = hits if hits.any() else rows
        mean_price = (price[some] * middle).sum() / middle.sum()
        square = squares[some].sum()
        if of_groups is not None:
            square = (of_groups[:, some].sum(axis=1) ** 2).sum()
        total = rows.sum()
        given = (mean_price * total, hits.sum(), total, square)
        off = _off(*(np.array([x]) for x in given), tail=tail)
        whole += np.array(off)[:, 0] ** 2
    return np.append(low, -np.sqrt(whole[0])), np.append(high, np.sqrt(whole[1]))


def _off(
    price: FloatArray, hits: FloatArray, rows: FloatArray, square: FloatArray, *, tail: float
) -> Bounds:
    """What the bounds of a share of rows are off, times a price that may be below 0."""
    with np.errstate(all="ignore"):  # a class without rows
        share = hits / rows
        least, most = share_bounds(share, rows**2 / square, tail)
        off = np.nan_to_num(price * np.array([least - share, most - share]))
    return np.minimum(off, 0.0).min(axis=0), np.maximum(off, 0.0).max(axis=0)


def share_bounds(share: FloatArray, n: FloatArray, tail: float) -> Bounds:
    """
    Bounds of a share by the prior of Jeffreys.

    Those of Clopper and Pearson, which never miss too often, would do so with other bounds that
    are added in squares.

    References
    ----------
    .. [1] Brown, L. D., Cai, T. T., & DasGupta, A. (2001). Interval estimation for a binomial
           proportion. Statistical Science 16(2). :doi:`10.1214/ss/1009213286`
    """
    hits, others = share * n + 0.5, (1.0 - share) * n + 0.5
    least = np.where(share > 0, betaincinv(hits, others, tail), 0.0)
    return least, np.asarray(betainccinv(hits, others, tail), dtype=np.float64)
