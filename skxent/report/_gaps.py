"""From the statistic to the tests of the gaps."""

from __future__ import annotations

from functools import partial

import numpy as np

from skxent._inference._gap import gap_test
from skxent._inference._groups import design_effects, p_values_between_groups
from skxent._typing import FloatArray
from skxent.statistic._sums import Statistics

__all__ = ["gap_tests"]


def gap_tests(s: Statistics) -> tuple[FloatArray, FloatArray]:
    """Z and p of the gap of each class and, at the end, of all rows."""
    loss, expected, most = (np.append(x, x.sum()) for x in (s.loss, s.expected, s.most))
    moments = np.column_stack([s.moments, s.moments_of_all])
    surprise = np.append(s.surprise, s.surprise_of_all)
    test = partial(gap_test, loss, expected, moments, most, surprise)
    z, p_value = test()
    if s.groups is None:
        return z, p_value
    weight, gaps = s.groups.weight.sum(axis=1), s.groups.loss - s.groups.expected
    gaps = np.column_stack([gaps, gaps.sum(axis=1)])
    square, shortfall = float(s.square[0].sum()), expected[-1] / max(loss[-1], 1e-300)
    effect, n = design_effects(gaps, weight, square, moments[0], shortfall)
    z, p_of_groups = test(effect, n - 1.0)
    # A gap has to be found by the spread that follows from the probabilities, with and without
    # what groups add to it, and by the spread between the groups.
    p_value = np.maximum(p_value, p_of_groups)
    p_value = np.where(np.isinf(z), 0.0, np.maximum(p_value, p_values_between_groups(gaps, weight)))
    return np.where(np.isnan(p_value), np.nan, z), p_value
