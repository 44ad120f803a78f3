"""Intervals and p-values of mean differences between losses of the same rows."""

from __future__ import annotations

import numpy as np
from scipy.stats import t as student

from skxent._inference._intervals import Moments
from skxent._typing import FloatArray

__all__ = ["paired_interval", "paired_p_value"]

# A skewness estimated from so many observations is believed by half where it narrows the
# interval.
_HALF = 300.0


def _studentized(
    moments: Moments,
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """
    Degrees of freedom, standard error, and skewness for the lower and for the upper bound.

    The skewness is allowed for in full where that widens the interval. Where it would narrow
    it, it is allowed for in part, since differences that are symmetric but have heavy tails
    would otherwise be called different too often: in their samples t and skewness rise
    together.
    """
    with np.errstate(all="ignore"):  # what cannot be computed comes out as nan
        n = np.where(moments.n > 2.0 + 1e-9, moments.n, np.nan)
        spread = moments.variance * n > 1e-24 * moments.mean**2  # or else it is rounding
        variance = np.where(spread, moments.variance, 0.0 * moments.variance)
        third = np.where(spread, moments.third / moments.variance**1.5, 0.0)
        skewness = third * np.sqrt(n * (n - 1.0)) / (n - 2.0)
        believed = n / (n + _HALF) * skewness
        low = np.where(skewness > 0, believed, skewness)
        high = np.where(skewness < 0, believed, skewness)
        return n - 1.0, np.sqrt(variance * n / (n - 1.0)), low, high


def paired_interval(moments: Moments, confidence_level: float) -> tuple[FloatArray, FloatArray]:
    """Interval of a mean difference by Hall's transformation of t, damped on its near side."""
    df, error, *skews = _studentized(moments)
    with np.errstate(all="ignore"):
        quantile = np.asarray(student.ppf(0.5 + 0.5 * confidence_level, df))
        low, high = (
            moments.mean - error * _untransformed(x, a)
            for a, x in zip(skews, (quantile, -quantile), strict=True)
        )
    return low, high


def _transformed(t: FloatArray, skewness: FloatArray) -> FloatArray:
    """Hall's cubic: t without its skewness."""
    return t + skewness / 6.0 + skewness * t**2 / 3.0 + skewness**2 * t**3 / 27.0


def _untransformed(x: FloatArray, skewness: FloatArray) -> FloatArray:
    """The t that `_transformed` makes x of."""
    a = np.where(skewness == 0.0, 1e-300, skewness)
    u = a * (x - a / 6.0)
    root = np.where(abs(u) < 0.5, np.expm1(np.log1p(u) / 3.0), np.cbrt(1.0 + u) - 1.0)
    return 3.0 / a * root


def paired_p_value(moments: Moments) -> FloatArray:
    """Two-sided p-value: 1 minus the level at which 0 is a bound of `paired_interval`."""
    df, error, low, high = _studentized(moments)
    with np.errstate(all="ignore"):
        t = moments.mean / error
        above, below = _transformed(t, low), _transformed(t, high)
        # Between the two, neither bound can reach 0.
        x = np.maximum(np.maximum(above, -below), 0.0)
        certain = np.where(moments.mean == 0.0, 1.0, 0.0)
        p_value = np.where(error > 0, np.minimum(2.0 * student.sf(x, df), 1.0), certain)
        return np.where(np.isnan(error), np.nan, p_value)
