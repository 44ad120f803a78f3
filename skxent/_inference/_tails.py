"""Tails of sums of independent parts, from their moments alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammainc, gammaincc, ndtr

from skxent._typing import FloatArray

__all__ = ["Parts", "believed_skewness", "pearson_tail", "poisson_tail", "tail_of_sum"]

# Below this skewness the curves are the normal one, to more digits than a p-value is read.
_STRAIGHT = 1e-4
_MOST_SKEWED = 1e6


def believed_skewness(
    skewness: FloatArray,
    deviation: FloatArray,
    below: FloatArray,
    above: FloatArray,
    gap: FloatArray,
    times: FloatArray | float = 1.0,
) -> FloatArray:
    """
    Skewness, of which no more is believed on the side of the gap than few heavy parts leave there.

    `below` and `above` are how far the ends of what is possible are from the mean. Of all sums of
    rare independent parts that are not negative, compound Poisson sums, with this mean and
    variance, those of equal parts fall farthest below the mean, and their skewness is the deviation
    over the mean: Jensen's inequality for the logarithm of E exp(-t S), the mean times
    -E (1 - exp(-t a)) / a, concave in the size a of a part. A larger skewness is that of other
    parts than those that make the tail, and may cut it short. Sums of parts that are not rare may
    fall farther; with equal ones, their own skewness is smaller. So it is above the mean, for what
    is missing to the other end. `times` as much is believed; of twice as much, Pearson's curve ends
    where what is possible does.
    """
    low, high = times * deviation / below, times * deviation / np.maximum(above, 0.0)
    return np.where(gap < 0, np.minimum(skewness, low), np.maximum(skewness, -high))


def pearson_tail(z: FloatArray, skewness: FloatArray) -> FloatArray:
    """
    Probability of a deviation at least as large as z, on its side, of Pearson's curve of type III.

    References
    ----------
    .. [1] Pearson, K. (1895). Contributions to the mathematical theory of evolution, II.
           Philosophical Transactions A 186. :doi:`10.1098/rsta.1895.0010`
    """
    size = np.clip(np.abs(skewness), _STRAIGHT, _MOST_SKEWED)
    shape = 4.0 / size**2
    at = np.maximum(shape + 2.0 * z * np.sign(skewness) / size, 0.0)
    curve = np.where((z < 0) == (skewness > 0), gammainc(shape, at), gammaincc(shape, at))
    return np.where(np.abs(skewness) > _STRAIGHT, curve, ndtr(-np.abs(z)))


def poisson_tail(z: FloatArray, skewness: FloatArray, included: float) -> FloatArray:
    """
    The same of a Poisson count with this skewness, so much of what is seen included.

    Where the skewness is negative, it is minus the sum that is a count.

    References
    ----------
    .. [1] Lancaster, H. O. (1961). Significance tests in discrete distributions. Journal of the
           American Statistical Association 56. :doi:`10.1080/01621459.1961.10482105`
    """
    size = np.clip(np.abs(skewness), _STRAIGHT, _MOST_SKEWED)
    turned = z * np.where(skewness < 0, -1.0, 1.0)
    rate = 1.0 / size**2
    count = np.maximum(rate + turned / size, 0.0)
    most = np.where(turned > 0, gammainc(count, rate), gammaincc(count + 1.0, rate))
    least = np.where(turned > 0, gammainc(count + 1.0, rate), gammaincc(count, rate))
    tail: FloatArray = included * most + (1.0 - included) * least
    return tail


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """What is known of the parts of sums, in the shape of these."""

    below: FloatArray
    """How far the least that is possible is below the mean."""
    above: FloatArray
    """How far the most that is possible is above it; may be infinite."""
    up: FloatArray
    """How far a rare part takes the sum up at once; 0 where none does."""
    down: FloatArray
    """The same down."""
    step: FloatArray
    """How far the possible values of the sum are apart; 0 where they are anywhere."""


def tail_of_sum(
    gap: FloatArray, variance: FloatArray, third: FloatArray, parts: Parts
) -> FloatArray:
    """
    Bound of the probability of a gap that is at least as large, on its side.

    The largest of three: Pearson's curve half a step nearer, a Poisson count with the same three
    moments, and one whose single events are as large as the rare parts that go this way. With
    parts that go both ways the skewness may vanish though both tails are long.
    """
    with np.errstate(all="ignore"):  # what cannot be computed comes out as nan
        deviation = np.sqrt(variance)
        z = gap / deviation
        skewness = believed_skewness(third / deviation**3, deviation, parts.below, parts.above, gap)
        nearer = np.copysign(np.maximum(np.abs(gap) - 0.5 * parts.step, 0.0), gap) / deviation
        tail = np.maximum(pearson_tail(nearer, skewness), poisson_tail(z, skewness, 1.0))
        jump = np.where(gap > 0, parts.up, -parts.down) / deviation
        rare = poisson_tail(z, jump, 1.0)
        return np.where(jump != 0.0, np.fmax(tail, rare), tail)
