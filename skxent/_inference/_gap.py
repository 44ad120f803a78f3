"""The test of the gap between what was lost and what the model itself expected to lose."""

from __future__ import annotations

import numpy as np
from scipy.special import gammainc, gammaincc, ndtr, ndtri, stdtr

from skxent._typing import FloatArray

__all__ = ["gap_test"]

# Below this skewness the curves are the normal one, to more digits than a p-value is read.
_STRAIGHT = 1e-4
# What is possible has a positive p-value, however far out it lies.
_LEAST = float(np.finfo(np.float64).tiny)


def gap_test(
    loss: FloatArray,
    expected: FloatArray,
    moments: FloatArray,
    most: FloatArray,
    surprise: FloatArray,
    design_effect: FloatArray | float = 1.0,
    df: float = np.inf,
) -> tuple[FloatArray, FloatArray]:
    """
    Gap in standard deviations, and its two-sided p-value: twice the tail on the gap's side.

    `moments` are the variance and third central moment of the loss under the model, `most` is
    at least what could have been lost, and `surprise` is minus the log of the probability of
    these very labels. Rows in groups have moments that are larger by `design_effect` and by its
    square, as rows that are copies have, and a variance with `df` degrees of freedom. z and p are
    nan where nothing could have been known; p is 0 only where something happened that the model
    excludes.
    """
    gap, (variance, third) = loss - expected, moments
    rounding = 1e-12 * (np.where(np.isfinite(loss), loss, 0.0) + expected)
    with np.errstate(all="ignore"):  # what cannot be computed comes out as nan
        deviation = np.sqrt(variance * design_effect)
        third = third * np.square(design_effect)
        skewness = _possible(third / deviation**3, gap, deviation, expected, most)
        z = gap / deviation
        normal = z if np.isinf(df) else np.copysign(-ndtri(stdtr(df, -np.abs(z))), z)
        # Each tail holds the labels that were seen.
        tail = np.maximum(_tail(normal, skewness), np.exp(-surprise))
        p_value = np.clip(2.0 * tail, _LEAST, 1.0)
    certain = variance <= rounding**2
    impossible = np.where(np.abs(gap) > rounding, np.copysign(np.inf, gap), np.nan)
    z = np.where(certain, impossible, z)
    return z, np.where(np.isinf(z), 0.0, np.where(np.isnan(z), np.nan, p_value))


def _possible(
    skewness: FloatArray,
    gap: FloatArray,
    deviation: FloatArray,
    expected: FloatArray,
    most: FloatArray,
) -> FloatArray:
    """
    Skewness, of which no more is believed on a side than few heavy rows leave there.

    The loss lies between 0 and `most`. Of all sums of independent parts that are not negative,
    with this mean and variance, those of equal parts fall farthest below the mean, and their
    skewness is the deviation over the mean: Jensen's inequality for their cumulants,
    -E (1 - exp(-t a)) / a, which are concave in the size a of a part. A larger skewness is that
    of other rows than those that make the tail, and would cut it short. So it is above the mean,
    for what is missing to `most`.
    """
    low, high = deviation / expected, deviation / np.maximum(most - expected, 0.0)
    return np.where(gap < 0, np.minimum(skewness, low), np.maximum(skewness, -high))


def _tail(z: FloatArray, skewness: FloatArray) -> FloatArray:
    """
    Probability of a deviation at least as large, on the side of z.

    That of the curve of type III of Pearson with this skewness. Where a loss above what was
    expected is a matter of a few rare errors, the curve gives it too little, and a Poisson
    distribution with the same three moments gives more, half of what is seen counted in.

    References
    ----------
    .. [1] Pearson, K. (1895). Contributions to the mathematical theory of evolution, II.
           Philosophical Transactions A 186. :doi:`10.1098/rsta.1895.0010`
    .. [2] Lancaster, H. O. (1961). Significance tests in discrete distributions. Journal of the
           American Statistical Association 56. :doi:`10.1080/01621459.1961.10482105`
    """
    size = np.clip(np.abs(skewness), _STRAIGHT, 1e6)
    shape = 4.0 / size**2
    at = np.maximum(shape + 2.0 * z * np.sign(skewness) / size, 0.0)
    curve = np.where((z < 0) == (skewness > 0), gammainc(shape, at), gammaincc(shape, at))
    rate = 1.0 / size**2
    count = np.maximum(rate + z / size, 0.0)
    rare = 0.5 * (gammainc(count, rate) + gammainc(count + 1.0, rate))
    curve = np.where((z > 0) & (skewness > 0), np.maximum(curve, rare), curve)
    return np.where(np.abs(skewness) > _STRAIGHT, curve, ndtr(-np.abs(z)))
