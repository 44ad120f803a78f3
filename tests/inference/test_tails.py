"""Bounds of tails from moments: sums whose distribution is known in full."""

import numpy as np
import pytest
from scipy.stats import binom, pearson3, poisson

from skxent._inference._tails import Parts, tail_of_sum

MIXTURES = [
    ([0.5], [10]),
    ([0.3], [40]),
    ([0.002, 0.998], [50, 50]),
    ([0.0004, 0.9996, 0.0005], [150, 162, 5]),
    ([0.9675, 0.0003], [1, 100]),
    ([0.001, 0.2], [100, 20]),
    ([0.145, 0.797], [4, 3]),
    ([0.05, 0.6, 0.99], [200, 30, 10]),
]


def counts(probabilities, numbers):
    """All counts of successes, how likely each is, and bounds of the tails."""
    chance = np.ones(1)
    for p, n in zip(probabilities, numbers, strict=True):
        chance = np.convolve(chance, binom.pmf(np.arange(n + 1), n, p))
    p, n = np.array(probabilities), np.array(numbers)
    v = p * (1 - p)
    third, fourth, up = v * (1 - 2 * p), np.maximum(v * (1 - 6 * v), 0), p < 0.5
    jumps = [
        (n * fourth)[some].sum() / max(abs((n * third)[some].sum()), 1e-300) for some in (up, ~up)
    ]
    count, mean = np.arange(n.sum() + 1.0), (n * p).sum()
    parts = Parts(*(np.asarray(x) for x in (mean, n.sum() - mean, *jumps, 1.0)))
    tail = tail_of_sum(
        count - mean, np.full(count.shape, (n * v).sum()), np.asarray((n * third).sum()), parts
    )
    return count > mean, chance, tail


@pytest.mark.parametrize(("probabilities", "numbers"), MIXTURES)
@pytest.mark.parametrize("level", [0.05, 0.01, 1e-3, 1e-4])
def test_counts_are_below_a_level_as_seldom_as_it_says(probabilities, numbers, level):
    _, chance, tail = counts(probabilities, numbers)
    assert chance[2 * tail <= level].sum() <= level


@pytest.mark.parametrize(("probabilities", "numbers"), MIXTURES)
def test_the_bound_is_near_the_tail_where_it_is_read(probabilities, numbers):
    above, chance, tail = counts(probabilities, numbers)
    exact = np.where(above, chance[::-1].cumsum()[::-1], chance.cumsum())
    read = (exact < 0.05) & (exact > 1e-3)
    assert (tail[read] > 0.95 * exact[read]).all()
    assert (tail[read] < 8 * exact[read]).all()


def test_each_side_has_its_own_tail():
    """Failures instead of successes exchange the sides."""
    for probabilities, numbers in MIXTURES:
        tail = counts(probabilities, numbers)[2]
        other = counts([1 - p for p in probabilities], numbers)[2]
        assert tail == pytest.approx(other[::-1], rel=1e-8)


def poisson_parts(rate, scale=1.0):
    """Rare events that cost `scale` each."""
    sizes = (rate, np.inf, 1.0, 0.0, 1.0)
    return Parts(*(np.asarray(scale * x) for x in sizes))


@pytest.mark.parametrize(("rate", "count"), [(0.01, 1), (0.5, 4), (5.0, 12), (5.0, 1), (40.0, 60)])
def test_a_poisson_count_has_its_tail_or_that_of_the_curve_half_a_step_nearer(rate, count):
    gap, skewness = count - rate, rate**-0.5
    curve, tail = pearson3(skewness), poisson.sf(count - 1, rate)
    expected = max(curve.sf((gap - 0.5) / rate**0.5), tail)
    if gap < 0:
        expected = max(curve.cdf((gap + 0.5) / rate**0.5), poisson.cdf(count, rate))
    for scale in (1.0, 3.0, 0.01):  # whatever an event costs
        of_sum = (scale * gap, scale**2 * rate, scale**3 * rate)
        found = tail_of_sum(*map(np.asarray, of_sum), poisson_parts(rate, scale))
        assert found == pytest.approx(expected, rel=1e-9)


def test_a_rare_part_has_a_tail_of_its_own_where_the_skewness_vanishes():
    """Beside parts that go the other way: jumps of 5 deviations, of which 0.04 are expected."""
    for sign in (1.0, -1.0):
        parts = Parts(*map(np.asarray, (np.inf, np.inf, 5.0, 5.0, 0.0)))
        found = tail_of_sum(np.asarray(sign * 4.8), np.asarray(1.0), np.asarray(0.0), parts)
        assert found == pytest.approx(poisson.sf(0, 0.04))
