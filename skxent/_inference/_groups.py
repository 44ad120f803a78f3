"""Means and gaps of rows that are independent from group to group, and not within."""

from __future__ import annotations

import numpy as np

from skxent._backend import class_weights
from skxent._inference._intervals import (
    LEAST_N,
    Moments,
    borrows_too_much,
    moments_of_mean,
    third_factor,
)
from skxent._inference._paired import paired_p_value
from skxent._typing import FloatArray, IntArray

__all__ = [
    "design_effects",
    "mean_of_grouped_means",
    "moments_of_groups",
    "p_values_between_groups",
]


def moments_of_groups(
    owner: IntArray, n_owners: int, weight: FloatArray, total: FloatArray
) -> Moments:
    """
    Moments of weighted means, each group being one observation.

    `owner` says which mean a group counts in; `weight` and `total` are its sums of w and of w
    times the value. The residuals of a group are summed before they are squared, which allows
    for whatever its rows share.

    References
    ----------
    .. [1] Liang, K.-Y., & Zeger, S. L. (1986). Longitudinal data analysis using generalized
           linear models. Biometrika 73(1). :doi:`10.1093/biomet/73.1.13`
    """

    def sums(values: FloatArray) -> FloatArray:
        return class_weights(owner, n_owners, values)

    with np.errstate(all="ignore"):  # what cannot be computed comes out as nan
        whole = sums(weight)
        mean = sums(total) / whole
        part = weight / whole[owner]
        # Less the mean, so that a small spread keeps its digits.
        residual = total / whole[owner] - mean[owner] * part
        square, cube = (
            np.array([sums(part ** (m - r) * residual**r) for r in range(m + 1)]) for m in (2, 3)
        )
    found = moments_of_mean(sums(part), sums(residual), square, cube)
    return Moments(mean, found.variance, found.third, found.n)


def mean_of_grouped_means(
    weight: FloatArray,
    total: FloatArray,
    shares: FloatArray | None = None,
    *,
    may_borrow: bool = False,
) -> Moments:
    """
    Moments of the unweighted mean of the classes, of those that have rows.

    The first arrays have shape (n_groups, n_classes); `shares` and `may_borrow` are those of
    `mean_of_means`. A
    group with rows of several classes adds the sum of what it adds to each. A class that rests on
    a single group has no variance of its own, as in `mean_of_means`.
    """
    there = weight.sum(axis=0) > 0
    if shares is None:
        shares = np.full(there.shape, 1.0 / max(int(there.sum()), 1))
    there &= shares > 0
    whole, share = weight.sum(axis=0)[there], shares[there]
    part = weight[:, there] / whole
    means = total[:, there].sum(axis=0) / whole
    mean = np.asarray((share * means).sum())
    second, s3 = (part**2).sum(axis=0), (part**3).sum(axis=0)
    several = second**3 / s3**2 >= LEAST_N
    if not several.any() or (not may_borrow and borrows_too_much(share, means, ~several)):
        unknown = np.asarray(np.nan)
        return Moments(mean, unknown, unknown, np.ones(()))
    borrowed, share = (share[~several] ** 2).sum(), share[several]
    with np.errstate(all="ignore"):  # infinite losses
        residual = (total[:, there] / whole - means * part)[:, several]
        second, s3 = second[several], s3[several]
        unbiased = residual * np.sqrt(second / (second - 2.0 * s3 + second**2))
        skewed = residual * np.cbrt(third_factor(1.0 / second))
        variance = ((unbiased @ share) ** 2).sum()
        # What one observation of the others varies, for each class of a single one.
        variance += borrowed * ((unbiased**2).sum(axis=0) / second).mean()
        third = ((skewed @ share) ** 3).sum()
    parts = part[:, several] @ share
    n = (parts**2).sum() ** 3 / (parts**3).sum() ** 2
    return Moments(mean, variance, third, np.asarray(n))


def design_effects(
    gaps: FloatArray,
    weight: FloatArray,
    square: float,
    variances: FloatArray,
    shortfall: float,
) -> tuple[FloatArray, float]:
    """
    By how much the variances of gaps exceed those of independent rows; and n, as in `Moments`.

    `gaps` has shape (n_groups, n_classes + 1), the last column that of all rows; `variances` are
    those that follow from the probabilities. `weight` is that of the groups, `square` the sum of
    the squared weights of the rows, `shortfall` the expected loss over that of these rows.

    Where hardly any group happens to have a costly row, the gaps of the groups hardly differ,
    whatever their rows share. So no class is given less than what all classes show together;
    what they show is taken times the square of a shortfall above 1, up to what copies of rows
    would show; and of few groups it is believed in part that their rows are copies.

    References
    ----------
    .. [1] Kish, L. (1965). Survey sampling. Wiley, chapter 8.
    """
    found = _gaps(gaps, weight)
    with np.errstate(all="ignore"):
        spread = found.variance * weight.sum() ** 2
        n, copies = float(found.n[0]), (weight**2).sum() / square
        effect = np.fmax(spread / variances, spread[:-1].sum() / variances[:-1].sum())
        effect = np.fmax(effect, np.fmin(effect * max(shortfall, 1.0) ** 2, copies))
        effect = np.fmax(effect, 1.0)
        return np.fmax(effect, (n * effect + copies) / (n + 1.0)), n


def _gaps(gaps: FloatArray, weight: FloatArray) -> Moments:
    n_groups, n = gaps.shape
    owner = np.tile(np.arange(n), n_groups)
    return moments_of_groups(owner, n, np.repeat(weight, n), gaps.reshape(-1))


def p_values_between_groups(gaps: FloatArray, weight: FloatArray) -> FloatArray:
    """P-values of gaps by the spread of the groups' gaps alone; nan for fewer than three."""
    return paired_p_value(_gaps(gaps, weight))
