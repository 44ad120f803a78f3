"""How far the parts of a change may be off: intervals from influence functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from skxent._inference._intervals import Moments, third_factor
from skxent._inference._paired import paired_interval
from skxent._typing import FloatArray
from skxent.change._floor import with_floor
from skxent.change._own_means import about_own_means, left_of_squares, of_parts_about_own_means
from skxent.change._parts import FIGURES, Decomposition
from skxent.change._products import stretch
from skxent.change._sides import Side

__all__ = ["intervals"]

Bounds = tuple[FloatArray, FloatArray]
# What depends on the classes and losses of the rows alone has exact moments.
_OF_LOSSES = ("change", "prevalence", "within")
# What is made of differences of means of the classes.
_OF_OWN_MEANS = ("within", "surprise")
# What is made of means over rows with the class's probabilities as weights, which few rows may
# have nearly all of.
_OF_EXPECTED_MEANS = ("expected", "surprise")


def intervals(found: Decomposition, before: Side, after: Side, level: float) -> dict[str, Bounds]:
    """For each figure the bounds of each class and, at the end, of all rows; nan if unknown."""
    bounds = {}
    for name in FIGURES:
        slopes = found.slopes[name]
        of_sides = [
            _without_lacking(_moments(name, found, side, i), side)
            for i, side in enumerate((before, after))
        ]
        variance = of_sides[0].variance + of_sides[1].variance
        third = of_sides[0].third + of_sides[1].third
        with np.errstate(all="ignore"):  # what cannot be computed comes out as nan
            freedom = variance**2 / sum(m.variance**2 / (m.n - 1.0) for m in of_sides)
        mean = np.append(found.values[name], found.values[name].sum())
        least = np.minimum(*(m.n for m in of_sides))
        n = np.where(variance > 0, freedom + 1.0, least)
        low, high = paired_interval(Moments(mean, variance, third, n), level)
        low, high = with_floor(mean, low, high, slopes[:, 1], (before, after), level)
        if name == "prevalence":
            stretch((mean, low, high), before, after, level)
        still = ~slopes.any(axis=(0, 1))  # a class without rows, or without a part
        still = np.append(still, False)
        bounds[name] = (np.where(still, mean, low), np.where(still, mean, high))
    return bounds


def _without_lacking(moments: Moments, side: Side) -> Moments:
    """The same, where a class without rows on this side leaves its freedom to the other."""
    lacking = np.append(side.weight == 0, False)
    return replace(moments, n=np.where(lacking, np.inf, moments.n))


def _moments(name: str, found: Decomposition, side: Side, i: int) -> Moments:
    """Moments of what one side adds to the error of a figure, of each class and of all."""
    slopes = found.slopes[name][i]
    if side.is_grouped or name not in _OF_LOSSES:
        of_parts = _moments_of_parts(slopes, side, _means_in(name))
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
    expected = _moments_of_parts(found.slopes["expected"][i], side, _means_in("expected"))
    seen = _moments_of_parts(found.slopes["within"][i], side, _means_in("within")).variance
    exact = _moments_of_losses(found.slopes["within"][i], side, own_means=True)
    with np.errstate(all="ignore"):
        mostly = seen > expected.variance
        factor = np.where(mostly, np.maximum(exact.variance / seen, 0.0), 1.0)
    n = np.where(mostly, exact.n, of_parts.n)
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
    return about_own_means(found, factor * weight / total, left_of_squares(*whole), sums)


def _sizes(square: FloatArray, cube: FloatArray, whole: float, third: float) -> FloatArray:
    """Effective numbers of rows of each class and of all; as in `Moments`."""
    with np.errstate(all="ignore"):
        return np.append(square**3 / cube**2, whole**3 / third**2)


def _means_in(name: str) -> list[tuple[int, int]]:
    """What the means in a figure are of: the rows of `Side.parts` above and below their lines."""
    own = [(1, 0)] if name in _OF_OWN_MEANS else []
    return [*own, (3, 2)] if name in _OF_EXPECTED_MEANS else own


def _moments_of_parts(
    slopes: FloatArray, side: Side, means_in: Sequence[tuple[int, int]]
) -> Moments:
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
    for above, below in means_in:
        if slopes[above].any():
            of_class = slopes[above], side.parts[below], side.parts[above]
            left = left_of_squares(second, third)
            added, variance, own_n = of_parts_about_own_means(*of_class, left)
            off, lent = off + added, lent + variance / total**2
            n[:-1] = np.fmin(n[:-1], own_n)
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
    # Where nothing varies there is rounding; what one row says of it is nothing at all.
    square = np.where(n > 2.0 + 1e-9, np.maximum(square, 0.0), square)
    return Moments(unknown, square / left_of_squares(second, third), cube * more, n)
