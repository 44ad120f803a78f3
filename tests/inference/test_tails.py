"""Bounds of tails from moments: sums whose distribution is known in full."""

import numpy as np
import pytest
from scipy.stats import binom

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
