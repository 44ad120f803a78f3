"""Confidence intervals of means of skewed losses, from sums that merge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from skxent._typing import FloatArray

__all__ = ["Moments", "hall_interval", "mean_of_means", "moments_of_mean"]


@dataclass(frozen=True, slots=True)
class Moments:
    """A weighted mean, the variance and third central moment of that mean, and its rows."""

    mean: FloatArray
    variance: FloatArray
    third: FloatArray
    n: FloatArray
    """Effective number of rows: (sum of weights) ** 2 / sum of squared weights."""


def moments_of_mean(
    weight: FloatArray, loss: FloatArray, square: FloatArray, cube: FloatArray
) -> Moments:
    """Moments from sums of w, w l, w^2 l^r for r to 2 and w^3 l^r for r to 3; nan without rows."""
    with np.errstate(all="ignore"):  # what cannot be computed comes out as nan
        mean = loss / weight
        variance = (square[2] - 2 * mean * square[1] + mean**2 * square[0]) / weight**2
        third = cube[3] - 3 * mean * cube[2] + 3 * mean**2 * cube[1] - mean**3 * cube[0]
        return Moments(mean, np.maximum(variance, 0.0), third / weight**3, weight**2 / square[0])


def mean_of_means(moments: Moments) -> Moments:
    """Moments of the unweighted mean of independent means, of those that have rows."""
    there = ~np.isnan(moments.mean)
    k = np.count_nonzero(there)
    mean, variance, third, n = (
        m[there] for m in (moments.mean, moments.variance, moments.third, moments.n)
    )
    total = variance.sum()
    # Satterthwaite's degrees of freedom, plus the one that the interval takes off again.
    with np.errstate(all="ignore"):
        rows = 1.0 + total**2 / (variance**2 / (n - 1.0)).sum()
    return Moments(mean.mean(), total / k**2, third.sum() / k**3, np.asarray(rows))


def hall_interval(moments: Moments, confidence_level: float) -> tuple[FloatArray, FloatArray]:
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
        variance = np.where(spread, moments.variance, 0.0 * moments.variance)
        third = np.where(spread, moments.third / moments.variance**1.5, 0.0)
        error = np.sqrt(variance * n / (n - 1.0))
        skewness = third * np.sqrt(n * (n - 1.0)) / (n - 2.0)
        # Next to 0 the transformation is the identity.
        a = np.where(abs(skewness) > 1e-6, skewness, 1e-6)
        quantile = np.asarray(student.ppf(0.5 + 0.5 * confidence_level, n - 1.0))
        low, high = (
            moments.mean - error * (3.0 / a * (np.cbrt(1.0 + a * (x - a / 6.0)) - 1.0))
            for x in (quantile, -quantile)
        )
    return np.maximum(low, 0.0), high  # losses are not negative
