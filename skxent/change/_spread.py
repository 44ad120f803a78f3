"""How far the parts of a change may be off: intervals from influence functions."""

from __future__ import annotations

import numpy as np
from scipy.special import betainccinv, betaincinv

from skxent._inference._intervals import Moments, third_factor
from skxent._inference._paired import paired_interval
from skxent._typing import FloatArray
from skxent.change._own_means import about_own_means, of_parts_about_own_means
from skxent.change._parts import FIGURES, Decomposition
from skxent.change._sides import Side

__all__ = ["intervals"]

Bounds = tuple[FloatArray, FloatArray]
# What depends on the classes and losses of the rows alone has exact moments.
_OF_LOSSES = ("change", "prevalence", "within")
# What is made of differences of means of the classes.
_OF_OWN_MEANS = ("within", "surprise")


def intervals(found: Decomposition, before: Side, after: Side, level: float) -> dict[str, Bounds]:
    """For each figure the bounds of each class and, at the end, of all rows; nan if unknown."""
    bounds = {}
    for name in FIGURES:
        slopes = found.slopes[name]
        of_sides = [_moments(name, found, side, i) for i, side in enumerate((before, after))]
        variance = of_sides[0].variance + of_sides[1].variance
        third = of_sides[0].third + of_sides[1].third
        with np.errstate(all="ignore"):  # what cannot be computed comes out as nan
            freedom = variance**2 / sum(m.variance**2 / (m.n - 1.0) for m in of_sides)
        mean = np.append(found.values[name], found.values[name].sum())
        n = np.where(variance > 0, freedom + 1.0, np.inf)
        low, high = paired_interval(Moments(mean, variance, third, n), level)
        low, high = _with_floor(mean, low, high, slopes[:, 1], (before, after), level)
        still = ~slopes.any(axis=(0, 1))  # a class without rows, or without a part
        still = np.append(still, False)
        bounds[name] = (np.where(still, mean, low), np.where(still, mean, high))
    return bounds


def _with_floor(
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
        least, most = _share_bounds(share, rows**2 / square, tail)
        off = np.nan_to_num(price * np.array([least - share, most - share]))
    return np.minimum(off, 0.0).min(axis=0), np.maximum(off, 0.0).max(axis=0)


def _share_bounds(share: FloatArray, n: FloatArray, tail: float) -> Bounds:
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


def _moments(name: str, found: Decomposition, side: Side, i: int) -> Moments:
    """Moments of what one side adds to the error of a figure, of each class and of all."""
    slopes = found.slopes[name][i]
    if side.is_grouped or name not in _OF_LOSSES:
        of_parts = _moments_of_parts(slopes, side, own_means=name in _OF_OWN_MEANS)
        if name != "surprise" or side.is_grouped or side.parts is None:
            return of_parts
        return _steadied(of_parts, found, side, i)
    return _moments_of_losses(slopes, side, own_means=name in _OF_OWN_MEANS)


def _steadied(of_parts: Moments, found: Decomposition, side: Side, i: int) -> Moments:
    """
    Moments of the surprise, as much larger as those within the classes are than parts show.

    A surprise is mostly what the losses of a class vary, which is known from all rows; parts may
    be of a sample, which has few rows of a rare class.
    """
    expected = _moments_of_parts(found.slopes["expected"][i], side, own_means=False).variance
    seen = _moments_of_parts(found.slopes["within"][i], side, own_means=True).variance
    exact = _moments_of_losses(found.slopes["within"][i], side, own_means=True)
    with np.errstate(all="ignore"):
        factor = np.where(seen > expected, exact.variance / seen, 1.0)
    n = np.where(seen > expected, exact.n, of_parts.n)
    third = of_parts.third * factor**1.5
    return Moments(of_parts.mean, of_parts.variance * factor, third, n)


def _moments_of_losses(slopes: FloatArray, side: Side, *, own_means: bool) -> Moments:
    """
    From sums over the rows of each class.

    A row of class c with loss l is off by a_c + b_c l, less the mean of that over all rows; for
    a figure of class c alone, rows of other classes are off by nothing less the mean.
    """
    constant, factor = slopes[:2]
    total, weight = side.total, side.weight
    loss, square_sums, cube_sums = side.without_floor()
    centre = (constant * weight + factor * loss) / total
    each = [constant - centre, constant - centre.sum()]
    second, third = [], []
    for a, others in zip(each, (centre, 0.0), strict=True):
        square = a**2 * square_sums[0] + 2 * a * factor * square_sums[1]
        square = square + factor**2 * square_sums[2]
        cube = a**3 * cube_sums[0] + 3 * a**2 * factor * cube_sums[1]
        cube = cube + 3 * a * factor**2 * cube_sums[2] + factor**3 * cube_sums[3]
        rest = side.square[0].sum() - side.square[0], side.cube[0].sum() - side.cube[0]
        second.append(square + others**2 * rest[0])
        third.append(cube - others**3 * rest[1])
    squares = np.append(second[0], second[1].sum())
    cubes = np.append(third[0], third[1].sum())
    there = np.where(weight > 0, weight, np.nan)
    of_class = side.square[0] / there**2, side.cube[0] / there**3
    whole = side.square[0].sum() / total**2, side.cube[0].sum() / total**3
    n = _sizes(*of_class, *whole)
    found = _unbiased(squares / total**2, cubes / total**3, *whole, n=n)
    if not own_means:
        return found
    sums = weight, loss, square_sums, cube_sums
    return about_own_means(found, factor * weight / total, _left(*whole), sums)


def _sizes(square: FloatArray, cube: FloatArray, whole: float, third: float) -> FloatArray:
    """Effective numbers of rows of each class and of all; as in `Moments`."""
    with np.errstate(all="ignore"):
        return np.append(square**3 / cube**2, whole**3 / third**2)


def _moments_of_parts(slopes: FloatArray, side: Side, *, own_means: bool) -> Moments:
    """From sums over parts of the rows, each of which is one observation."""
    k = slopes.shape[1]
    if side.parts is None:
        unknown = np.full(k + 1, np.nan)
        return Moments(unknown, unknown, unknown, unknown)
    of_parts = side.parts[0].sum(axis=1)
    total = of_parts.sum()
    used = slopes.any(axis=1)  # or else probabilities that were not counted would spoil it
    off = np.einsum("jc,jgc->gc", slopes[used], side.parts[used])
    share = of_parts / total
    second, third = float((share**2).sum()), float((share**3).sum())
    n, lent = np.full(k + 1, second**3 / third**2), np.zeros(k)
    if own_means and slopes[1].any():
        given = slopes[1], side.parts[0], side.parts[1], _left(second, third)
        added, variance, own_n = of_parts_about_own_means(*given)
        off, lent = off + added, variance / total**2
        n[:-1] = np.where(np.isnan(own_n), n[:-1], own_n)
    off = np.column_stack([off, off.sum(axis=1)])
    off = (off - of_parts[:, None] * (off.sum(axis=0) / total)) / total
    found = _unbiased((off**2).sum(axis=0), (off**3).sum(axis=0), second, third, n=n)
    # Of a sample, whose parts vary more than those of all rows do.
    more = side.square[0].sum() / side.total**2 / (side.parts_square / total**2)
    if side.is_grouped:
        more = 1.0
    variance = found.variance + np.append(lent, lent.sum())
    return Moments(found.mean, variance * more, found.third * more**2, found.n)


def _unbiased(
    square: FloatArray, cube: FloatArray, second: float, third: float, *, n: FloatArray
) -> Moments:
    """Moments from sums of squared and cubed errors, less what the mean takes off them."""
    unknown = np.full(square.shape, np.nan)
    with np.errstate(divide="ignore"):  # of one row or two
        more = third_factor(np.asarray(1.0 / second))
    return Moments(unknown, square / _left(second, third), cube * more, n)


def _left(second: float, third: float) -> float:
    """What the mean leaves of the sum of squared errors."""
    return max(1.0 - 2.0 * third / second + second, 1e-300)
