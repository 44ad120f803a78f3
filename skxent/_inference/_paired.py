"""Intervals and p-values of mean differences between losses of the same rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from skxent._inference._intervals import Moments, share_interval
from skxent._typing import FloatArray

__all__ = ["FlooredShares", "interval_with_rare", "paired_interval", "paired_p_value"]

# A skewness estimated from so many observations is believed by half where it narrows the
# interval.
_HALF = 300.0
# Tails between which a p-value is sought, and in how many halvings of their logarithm.
_TAILS, _HALVINGS = (1e-300, 0.5), 64


@dataclass(frozen=True, slots=True)
class FlooredShares:
    """Shares of the rows that cost one of two models the floor, and not the other."""

    worse: FloatArray
    """Those that cost it the model that is compared."""
    better: FloatArray
    """Those that cost it the reference."""
    n: FloatArray
    """Effective number of rows."""
    worse_cost: FloatArray
    """Of a row of the former, in nats; 0 where the model excludes nothing."""
    better_cost: FloatArray
    """Of a row of the latter."""

    def added(self, tail: FloatArray | float) -> tuple[FloatArray, FloatArray]:
        """Bounds of what the floor adds to the mean difference."""
        (low, high), (off_low, off_high) = (
            share_interval(share, self.n, tail) for share in (self.worse, self.better)
        )
        return (
            self.worse_cost * low - self.better_cost * off_high,
            self.worse_cost * high - self.better_cost * off_low,
        )

    @property
    def none(self) -> NDArray[np.bool_]:
        """Where nothing is excluded, so that nothing is added."""
        return (self.worse_cost == 0.0) & (self.better_cost == 0.0)


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
        variance = np.where(spread, moments.variance, 0.0 * moments.variance) + 0.0 * n
        skewness = np.where(spread, moments.third / moments.variance**1.5, 0.0)
        believed = n / (n + _HALF) * skewness
        low = np.where(skewness > 0, believed, skewness)
        high = np.where(skewness < 0, believed, skewness)
        return n - 1.0, np.sqrt(variance), low, high


def paired_interval(
    moments: Moments, confidence_level: float, floored: FlooredShares | None = None
) -> tuple[FloatArray, FloatArray]:
    """
    Interval of a mean difference by Hall's transformation of t, damped on its near side.

    With `floored`, the moments are of the differences without what the floor costs, whose
    bounds are added.
    """
    return _bounds(moments, 0.5 - 0.5 * confidence_level, floored)


def interval_with_rare(
    mean: FloatArray,
    rest: Moments,
    rare: FloatArray,
    share: float,
    n: float,
    confidence_level: float,
) -> tuple[FloatArray, FloatArray]:
    """
    Interval of a `mean` difference nearly all of which a few rows make.

    These have the differences `rare`, all of one sign, and the `share` of `n` rows; `rest` are the
    moments of all differences with 0 in their place. Bounds of Clopper and Pearson of the share,
    times the smallest and the largest difference, and those of `paired_interval` of the rest are
    as far from the sum, together, as Zou and Donner have it: by the root of the sum of squares.

    References
    ----------
    .. [1] Zou, G. Y., & Donner, A. (2008). Construction of confidence limits about effect
           measures: a general approach. Statistics in Medicine 27(10), 1693-1702.
           :doi:`10.1002/sim.3095`
    """
    low, high = paired_interval(rest, confidence_level)
    shares = share_interval(np.array([share]), np.array([n]), 0.5 - 0.5 * confidence_level)
    below = np.hypot(rest.mean - low, rare.min() * (share - shares[0]))
    above = np.hypot(high - rest.mean, rare.max() * (shares[1] - share))
    return mean - below, mean + above


def _bounds(
    moments: Moments, tail: FloatArray | float, floored: FlooredShares | None
) -> tuple[FloatArray, FloatArray]:
    df, error, *skews = _studentized(moments)
    with np.errstate(all="ignore"):
        quantile = -np.asarray(stdtrit(df, tail), dtype=np.float64)
        low, high = (
            moments.mean - error * _untransformed(x, a)
            for x, a in zip((quantile, -quantile), skews, strict=True)
        )
        if floored is None:
            return low, high
        added = floored.added(tail)
        return low + added[0], high + added[1]


def _transformed(t: FloatArray, skewness: FloatArray) -> FloatArray:
    """Hall's cubic: t without its skewness."""
    return t + skewness / 6.0 + skewness * t**2 / 3.0 + skewness**2 * t**3 / 27.0


def _untransformed(x: FloatArray, skewness: FloatArray) -> FloatArray:
    """The t that `_transformed` makes x of."""
    a = np.where(skewness == 0.0, 1e-300, skewness)
    u = a * (x - a / 6.0)
    root = np.where(abs(u) < 0.5, np.expm1(np.log1p(u) / 3.0), np.cbrt(1.0 + u) - 1.0)
    return 3.0 / a * root


def paired_p_value(moments: Moments, floored: FlooredShares | None = None) -> FloatArray:
    """Two-sided p-value: 1 minus the level at which 0 is a bound of `paired_interval`."""
    if floored is not None:
        sought = _p_value_by_halving(moments, floored)
        return np.where(floored.none, paired_p_value(moments), sought)
    df, error, low, high = _studentized(moments)
    with np.errstate(all="ignore"):
        t = moments.mean / error
        above, below = _transformed(t, low), _transformed(t, high)
        # Between the two, neither bound can reach 0.
        x = np.maximum(np.maximum(above, -below), 0.0)
        certain = np.where(moments.mean == 0.0, 1.0, 0.0)
        p_value = np.where(error > 0, 2.0 * stdtr(df, -x), certain)
        return np.where(np.isnan(error), np.nan, p_value)


def _p_value_by_halving(moments: Moments, floored: FlooredShares) -> FloatArray:
    """The level is sought, since the bounds are sums of two that have no common inverse."""
    least, most = (np.full(moments.mean.shape, np.log(tail)) for tail in _TAILS)
    for _ in range(_HALVINGS):
        middle = 0.5 * (least + most)
        low, high = _bounds(moments, np.exp(middle), floored)
        excluded = (low > 0.0) | (high < 0.0)
        least, most = np.where(excluded, least, middle), np.where(excluded, middle, most)
    return np.where(np.isnan(low + high), np.nan, 2.0 * np.exp(most))
