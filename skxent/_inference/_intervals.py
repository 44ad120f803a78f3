"""Confidence intervals of means of skewed losses, from sums that merge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainccinv, betaincinv, stdtrit

from skxent._typing import FloatArray

__all__ = [
    "LEAST_N",
    "Bounds",
    "Moments",
    "around",
    "borrows_too_much",
    "excluded_or_may_be",
    "hall_interval",
    "mean_of_means",
    "moments_of_mean",
    "share_interval",
    "third_factor",
]

Bounds = tuple[FloatArray, FloatArray]
# Two rows have n = 2 if they weigh the same; as good as one row is what has less than this.
LEAST_N = 1.5
# Means of a single row may be no larger a part of a mean of means for it to have an interval.
_MOST_BORROWED = 0.1


@dataclass(frozen=True, slots=True)
class Moments:
    """A weighted mean, with unbiased estimates of its variance and third central moment."""

    mean: FloatArray
    variance: FloatArray
    third: FloatArray
    n: FloatArray
    """Degrees of freedom of the variance, plus 1: the number of rows if they weigh the same."""


def moments_of_mean(
    weight: FloatArray, loss: FloatArray, square: FloatArray, cube: FloatArray
) -> Moments:
    """
    Moments from sums of w, w l, w^2 l^r for r to 2 and w^3 l^r for r to 3; nan without rows.

    With S_r the sum of (w / W)^r, a squared residual loses 2 S_3 - S_2^2 of S_2 to the mean that
    is taken off. Satterthwaite's degrees of freedom are S_2^2 / S_4; S_3^2 / S_2, which is at
    most S_4, stands in for the sum of fourth powers, and 1 is taken off for the mean. For equal
    weights these are the usual factor n / (n - 1) and n - 1.

    References
    ----------
    .. [1] Satterthwaite, F. E. (1946). An approximate distribution of estimates of variance
           components. Biometrics Bulletin 2(6). :doi:`10.2307/3002019`
    """
    with np.errstate(all="ignore"):  # what cannot be computed comes out as nan
        mean = loss / weight
        variance = (square[2] - 2 * mean * square[1] + mean**2 * square[0]) / weight**2
        third = cube[3] - 3 * mean * cube[2] + 3 * mean**2 * cube[1] - mean**3 * cube[0]
        second, s3 = square[0] / weight**2, cube[0] / weight**3
        n = second**3 / s3**2
        left = np.maximum(1.0 - 2.0 * s3 / second + second, 0.0)
        variance = np.maximum(variance, 0.0) / left
        return Moments(mean, variance, third / weight**3 * third_factor(1.0 / second), n)


def third_factor(n: FloatArray) -> FloatArray:
    """What makes the third central moment of n observations unbiased; 1 below three."""
    return np.where(n > 2.0 + 1e-9, n**2 / ((n - 1.0) * (n - 2.0)), 1.0)


def mean_of_means(
    moments: Moments, shares: FloatArray | None = None, *, may_borrow: bool = False
) -> Moments:
    """
    Moments of the unweighted mean of independent means, of those that have rows.

    With `shares`, one number each, of the sum of the means times these; those of share 0 are left
    out. One that rests on a single row has no variance of its own: its row is taken to vary as
    rows of the others do on average, or where it carries much, nothing is known of the variance,
    unless it `may_borrow` all the same.
    """
    there = ~np.isnan(moments.mean)
    if shares is None:
        shares = np.full(there.shape, 1.0 / max(int(there.sum()), 1))
    there &= shares > 0
    share, mean, variance, third, n = (
        m[there] for m in (shares, moments.mean, moments.variance, moments.third, moments.n)
    )
    whole = np.asarray((share * mean).sum())
    lonely = n < LEAST_N
    if lonely.all() or (not may_borrow and borrows_too_much(share, mean, lonely)):
        unknown = np.asarray(np.nan)
        return Moments(whole, unknown, unknown, np.ones(()))
    borrowed = (share[lonely] ** 2).sum()
    share, variance, third, n = share[~lonely], variance[~lonely], third[~lonely], n[~lonely]
    parts = variance * (share**2 + borrowed * n / len(n))
    # Satterthwaite's degrees of freedom, plus the one that the interval takes off again.
    with np.errstate(all="ignore"):
        rows = 1.0 + parts.sum() ** 2 / (parts**2 / (n - 1.0)).sum()
    return Moments(whole, parts.sum(), (share**3 * third).sum(), np.asarray(rows))


def borrows_too_much(share: FloatArray, mean: FloatArray, lonely: NDArray[np.bool_]) -> bool:
    """
    Whether the `lonely` among some means carry more than a tenth of the sum of share times mean.

    Or more than a tenth of the shares: a single row may have cost little by chance.
    """
    with np.errstate(all="ignore"):  # infinite losses
        parts = [x[lonely].sum() / x.sum() for x in (share, share * mean)]
    return any(part > _MOST_BORROWED * (1.0 + 1e-9) for part in parts)


def hall_interval(moments: Moments, confidence_level: float) -> Bounds:
    """
    Interval of the mean loss by Hall's cubic transformation of t.

    The skewness of the losses, which makes the usual interval miss on one side, is taken out
    of the t statistic before its quantiles are used, and put back after. Three rows are the
    fewest that have a skewness. A level of nan gives no interval.

    References
    ----------
    .. [1] Hall, P. (1992). On the removal of skewness by transformation. Journal of the Royal
           Statistical Society B 54(1). :doi:`10.1111/j.2517-6161.1992.tb01876.x`
    """
    with np.errstate(all="ignore"):  # what cannot be computed comes out as nan
        n = np.where(moments.n > 2.0 + 1e-9, moments.n, np.nan)
        # Equal losses have no skewness, but the sums leave them a variance of rounding.
        spread = moments.variance * n > 1e-14 * moments.mean**2
        error = np.sqrt(np.where(spread, moments.variance, 0.0 * moments.variance))
        skewness = np.where(spread, moments.third / moments.variance**1.5, 0.0)
        # Next to 0 the transformation is the identity.
        a = np.where(abs(skewness) > 1e-6, skewness, 1e-6)
        # Those of scipy.stats check what they are given for many times as long as this takes.
        quantile = np.asarray(stdtrit(n - 1.0, 0.5 + 0.5 * confidence_level))
        low, high = (
            moments.mean - error * (3.0 / a * (np.cbrt(1.0 + a * (x - a / 6.0)) - 1.0))
            for x in (quantile, -quantile)
        )
    return np.maximum(low, 0.0), high  # losses are not negative


def around(estimate: FloatArray, low: FloatArray, high: FloatArray) -> Bounds:
    """
    The bounds, moved as far as it takes for the estimate to be between them.

    Sums that are added up in another order put them beside it by a rounding, where losses are
    equal; and at a low level, by what is taken out of a skewed t.
    """
    return np.minimum(low, estimate), np.maximum(high, estimate)


def excluded_or_may_be(
    excluded: NDArray[np.bool_], everywhere: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """
    Which classes, on the last axis, a model may say 0 of, from those that it says 0 of.

    A model that says 0 of one of two classes says it of the other as well, which a sample may not
    show: the rows that then cost most are the rarest. If one is excluded `everywhere`, the model
    does not know it.
    """
    if excluded.shape[-1] != 2:
        return excluded
    return np.asarray(excluded | (excluded & ~everywhere)[..., ::-1])


def share_interval(share: FloatArray, n: FloatArray, tail: FloatArray | float) -> Bounds:
    """
    Bounds of Clopper and Pearson of a share among n rows, each missed with probability `tail`.

    With weights n is Kish's effective number of rows, the squared sum of the weights over the
    sum of their squares, as Korn and Graubard propose.

    References
    ----------
    .. [1] Clopper, C. J., & Pearson, E. S. (1934). The use of confidence or fiducial limits
           illustrated in the case of the binomial. Biometrika 26(4).
           :doi:`10.1093/biomet/26.4.404`
    .. [2] Korn, E. L., & Graubard, B. I. (1998). Confidence intervals for proportions with small
           expected number of positive counts estimated from survey data. Survey Methodology
           24(2), 193-201.
    """
    with np.errstate(all="ignore"):
        hits, misses = np.maximum(share * n, 0.0), np.maximum((1.0 - share) * n, 0.0)
        low = np.where(hits > 0, betaincinv(hits, misses + 1.0, tail), 0.0 * tail)
        high = np.where(misses > 0, betainccinv(hits + 1.0, misses, tail), 1.0 + 0.0 * tail)
    return low, high
