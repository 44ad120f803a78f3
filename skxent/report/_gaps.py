"""From the statistic to the tests of the gaps."""

from __future__ import annotations

from functools import partial

import numpy as np

from skxent._inference._gap import gap_test
from skxent._inference._groups import design_effects, p_values_between_groups
from skxent._typing import FloatArray
from skxent.statistic._groups import GroupSums
from skxent.statistic._sums import Statistics

__all__ = ["gap_tests", "group_effects"]

# How much skewness is believed of a class, and of all rows, in that of equal rows. Of a class that
# is rare in most rows and not in some, more would shorten the lower tail; of all rows, which lose
# something each, it does not, and less would cost power.
_OF_CLASS, _OF_ALL = 1.3, 2.0


def _of_groups(groups: GroupSums) -> tuple[FloatArray, FloatArray]:
    """Gaps of each group, by class and of all its rows; and its weight."""
    gaps = groups.loss - groups.expected
    return np.column_stack([gaps, gaps.sum(axis=1)]), groups.weight.sum(axis=1)


def group_effects(s: Statistics, groups: GroupSums) -> tuple[FloatArray, float]:
    """By how much groups widen the gap of each class and, at the end, of all rows; see there."""
    gaps, weight = _of_groups(groups)
    variances = np.append(s.moments[0], s.moments_of_all[0])
    shortfall = s.expected.sum() / max(s.loss.sum(), 1e-300)
    return design_effects(gaps, weight, float(s.square[0].sum()), variances, shortfall)


def gap_tests(s: Statistics) -> tuple[FloatArray, FloatArray]:
    """Z and p of the gap of each class and, at the end, of all rows."""
    loss, expected, most = (np.append(x, x.sum()) for x in (s.loss, s.expected, s.most))
    moments = np.column_stack([s.moments, s.moments_of_all])
    surprise = np.append(s.surprise, s.surprise_of_all)
    believed = np.append(np.full(len(s.loss), _OF_CLASS), _OF_ALL)
    test = partial(gap_test, loss, expected, moments, most, surprise, believed=believed)
    z, p_value = test()
    if s.groups is None:
        return z, p_value
    gaps, weight = _of_groups(s.groups)
    effect, n = group_effects(s, s.groups)
    z, p_of_groups = test(effect, n - 1.0)
    # A gap has to be found by the spread that follows from the probabilities, with and without
    # what groups add to it, and by the spread between the groups.
    p_value = np.maximum(p_value, p_of_groups)
    p_value = np.where(np.isinf(z), 0.0, np.maximum(p_value, p_values_between_groups(gaps, weight)))
    return np.where(np.isnan(p_value), np.nan, z), p_value
