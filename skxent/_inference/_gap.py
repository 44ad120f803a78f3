"""The test of the gap between what was lost and what the model itself expected to lose."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtr

from skxent._inference._tails import believed_skewness, pearson_tail, poisson_tail
from skxent._typing import FloatArray

__all__ = ["gap_test", "is_certain"]

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
    *,
    believed: FloatArray | float = 1.0,
) -> tuple[FloatArray, FloatArray]:
    """
    Gap in standard deviations, and its two-sided p-value: twice the tail on the gap's side.

    `moments` are the variance and third central moment of the loss under the model, `most` is
    at least what could have been lost, and `surprise` is minus the log of the probability of
    these very labels. Rows in groups have moments that are larger by `design_effect` and by its
    square, as rows that are copies have, and a variance with `df` degrees of freedom. `believed` is
    how many times the skewness of equal rows a tail may be shortened by. z and p are nan where
    nothing could have been known; p is 0 only where something happened that the model excludes.
    """
    gap, (variance, third) = loss - expected, moments
    with np.errstate(all="ignore"):  # what cannot be computed comes out as nan
        deviation = np.sqrt(variance * design_effect)
        third = third * np.square(design_effect)
        skewness = believed_skewness(
            third / deviation**3, deviation, expected, most - expected, gap, believed
        )
        z = gap / deviation
        normal = z if np.isinf(df) else np.copysign(-ndtri(stdtr(df, -np.abs(z))), z)
        # Each tail holds the labels that were seen.
        tail = np.maximum(_tail(normal, skewness), np.exp(-surprise))
        p_value = np.clip(2.0 * tail, _LEAST, 1.0)
    certain, impossible = is_certain(loss, expected, variance)
    z = np.where(certain, np.where(impossible, np.copysign(np.inf, gap), np.nan), z)
    return z, np.where(np.isinf(z), 0.0, np.where(np.isnan(z), np.nan, p_value))


def is_certain(
    loss: FloatArray, expected: FloatArray, variance: FloatArray
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether the model knows the loss beforehand, but for rounding; and whether it is another."""
    rounding = 1e-12 * (np.where(np.isfinite(loss), loss, 0.0) + expected)
    return variance <= rounding**2, np.abs(loss - expected) > rounding


def _tail(z: FloatArray, skewness: FloatArray) -> FloatArray:
    """
    Probability of a deviation at least as large, on the side of z.

    That of the curve of type III of Pearson with this skewness. Where a loss above what was
    expected is a matter of a few rare errors, the curve gives it too little, and a Poisson
    distribution with the same three moments gives more, half of what is seen counted in.
    """
    curve = pearson_tail(z, skewness)
    few = (z > 0) & (skewness > 0)
    return np.where(few, np.maximum(curve, poisson_tail(z, skewness, 0.5)), curve)
