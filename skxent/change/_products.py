"""How far a sum of products may be off, of which both factors are estimates."""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm

from skxent._inference._intervals import LEAST_N, moments_of_mean
from skxent._typing import FloatArray
from skxent.change._floor import share_bounds
from skxent.change._own_means import left_of_squares
from skxent.change._sides import Side

__all__ = ["stretch", "stretch_of_product"]

# Variances below this share of the largest, or of a square, are rounding.
_LEAST, _ROUNDING = 1e-12, 1e-14


def stretch(of_all: tuple[FloatArray, ...], before: Side, after: Side, level: float) -> None:
    """Let the bounds of all rows, in place, allow for errors of shares times those of losses."""
    mean, low, high = of_all
    there = (before.weight > 0) | (after.weight > 0)
    step = (after.weight / after.total - before.weight / before.total)[there]
    of_step = np.zeros((len(step), len(step)))
    middle, of_middle, n = np.zeros((3, len(step)))
    for side in (before, after):
        of_step += _covariance_of_shares(side)[np.ix_(there, there)]
        mean_loss, variance = _means_of_losses(side, level)
        middle += mean_loss[there]
        of_middle += variance[there]
        n += side.weight[there] > 0
    # A class of one side has the mean of that side.
    below, above = stretch_of_product(step, middle / n, of_step, of_middle / n**2, level)
    low[-1] = mean[-1] - below * (mean[-1] - low[-1])
    high[-1] = mean[-1] + above * (high[-1] - mean[-1])


def _covariance_of_shares(side: Side) -> FloatArray:
    """That of the shares of the classes; shape (n_classes, n_classes)."""
    if side.is_grouped and side.parts is not None:
        weight = side.parts[0]
        whole = weight.sum(axis=1)
        share = whole / side.total
        off = (weight - whole[:, None] * (side.weight / side.total)) / side.total
        left = left_of_squares(float((share**2).sum()), float((share**3).sum()))
        return np.asarray(off.T @ off / left)
    square, share = side.square[0] / side.total**2, side.weight / side.total
    mixed = np.outer(square, share)
    found = np.diag(square) - mixed - mixed.T + square.sum() * np.outer(share, share)
    return np.asarray(found / left_of_squares(square.sum(), side.cube[0].sum() / side.total**3))


def _means_of_losses(side: Side, level: float) -> tuple[FloatArray, FloatArray]:
    """
    Mean losses of the classes, and their variances, with what the floor may add to these.

    Both are 0 for classes without rows. A class of one row, or group, varies as the others do.
    """
    there, tail = side.weight > 0, 0.5 - 0.5 * level
    weight, squares = np.where(there, side.weight, 1.0), side.square[0]
    if side.is_grouped:
        if side.parts is None:
            return side.loss / weight, np.where(there, np.nan, 0.0)
        base, total = side.parts[:2]
        squares = (base**2).sum(axis=0)
        square = ((total - total.sum(axis=0) / weight * base) ** 2).sum(axis=0)
        n = weight**2 / np.where(there, squares, 1.0)
        several = there & (n >= LEAST_N)
        variance = square / weight**2 * n / np.where(several, n - 1.0, 1.0)
    else:
        own = moments_of_mean(side.weight, *side.without_floor())
        n = weight**2 / np.where(there, squares, 1.0)
        several = there & (own.n >= LEAST_N)
        variance = own.variance
    lent = (variance * n)[several].mean() if several.any() else np.nan
    variance = np.where(several, variance, np.where(there, lent / n, 0.0))
    least, most = share_bounds(np.where(there, side.floored[0] / weight, 0.0), n, tail)
    floor = side.cost * (most - least) / (2.0 * norm.isf(tail))
    return side.loss / weight, variance + np.where(there, floor**2, 0.0)


def stretch_of_product(
    step: FloatArray, middle: FloatArray, of_step: FloatArray, of_middle: FloatArray, level: float
) -> tuple[float, float]:
    """
    What the bounds of a sum of products are to be multiplied with, in distance from the sum.

    `step` has the covariance matrix `of_step`, and `middle`, which has nothing to do with it,
    the variances `of_middle`. The usual variance of the sum of their products holds where the
    errors of the factors are small beside them. Where the steps are mostly error, that of the
    middles seems to count, the more so the farther off the sum is, and the interval is too wide
    just then. The bounds of the profile likelihood of normal factors are right in both cases; the
    usual ones are to be as far out as these, below and above.

    With coordinates u and v, which have unit variances and in which the sum is that of s u v, the
    closest a and b with another sum are (u + x s v) / (1 - x^2 s^2) and the same with u and v
    exchanged: x goes to both sides from 0 until they are as far as chance goes.

    References
    ----------
    .. [1] Venzon, D. J., & Moolgavkar, S. H. (1988). A method for computing
           profile-likelihood-based confidence intervals. Applied Statistics 37(1).
           :doi:`10.2307/2347496`
    """
    usual = middle @ of_step @ middle + (step**2 * of_middle).sum()
    values, vectors = np.linalg.eigh(of_step)
    some = values > _LEAST * values.max()
    rounding = _ROUNDING * np.trace(of_step) * (middle**2).max()
    if not (np.isfinite(usual) and usual > rounding and some.any()):
        return 1.0, 1.0
    root = np.sqrt(values[some])
    spread = np.sqrt(np.maximum(of_middle, _LEAST * (middle**2 + (middle**2).max())))
    left, size, right = np.linalg.svd((vectors[:, some] * root).T * spread, full_matrices=False)
    u, v = (step @ vectors[:, some] / root) @ left, right @ (middle / spread)
    reach = float(norm.isf(0.5 - 0.5 * level))

    def closest(x: float) -> tuple[FloatArray, FloatArray]:
        s = x * size / size[0]
        return (u + s * v) / (1.0 - s**2), (v + s * u) / (1.0 - s**2)

    def excess(x: float) -> float:
        a, b = closest(x)
        return float(((x * size / size[0]) ** 2 * (a**2 + b**2)).sum()) - reach**2

    found, most = [], 1.0 - 1e-9
    for end in (-most, most):
        x = float(brentq(excess, 0.0, end)) if excess(end) > 0 else end
        a, b = closest(x)
        found.append(abs(float(size @ (a * b - u * v))) / (reach * np.sqrt(usual)))
    return found[0], found[1]
