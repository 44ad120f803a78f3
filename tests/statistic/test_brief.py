"""What a report keeps of its rows for later questions is what they say together."""

import numpy as np
import pytest

from skxent import log_loss
from skxent._intake._rows import check_labelled
from skxent.statistic._brief import _ROWS, brief_of
from skxent.statistic._sums import statistics

EPS = float(np.finfo(np.float64).eps)


def brief(y, proba, weight=None):
    rows = check_labelled(y, proba, labels=range(proba.shape[1]), sample_weight=weight)
    return brief_of(statistics(rows, EPS), rows, EPS)


def drawn(n):
    """Rows whose losses with the probabilities of other rows would be far larger."""
    rng = np.random.default_rng(0)
    proba = rng.dirichlet(np.full(3, 0.3), n)
    return (proba.cumsum(axis=1) > rng.random((n, 1))).argmax(axis=1), proba


def test_parts_without_rows_of_weight_0_have_the_sums_of_the_others():
    y, proba = drawn(400)
    weight = np.tile([0.0, 1.0, 2.0, 0.0], 100)
    weight[0] = 3.0
    there = weight > 0
    parts = brief(y, proba, weight).parts.sums.sum(axis=1)
    alone = brief(y[there], proba[there], weight[there]).parts.sums.sum(axis=1)
    np.testing.assert_allclose(parts, alone, rtol=1e-12)
    expected = log_loss(y, proba, labels=range(3), sample_weight=weight)
    assert parts[1].sum() / weight.sum() == pytest.approx(expected, rel=1e-12)


def test_parts_of_a_sample_pair_each_label_with_its_own_probabilities():
    y, proba = drawn(3 * _ROWS)
    parts = brief(y, proba).parts.sums.sum(axis=1)
    assert parts[0].sum() == _ROWS
    # The loss of all rows, but for the error of the sample.
    assert parts[1].sum() / _ROWS == pytest.approx(log_loss(y, proba, labels=range(3)), rel=0.05)
