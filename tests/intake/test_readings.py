"""Labels, one-hot rows or distributions: which reading is meant, and when that cannot be told."""

import math

import numpy as np
import pandas as pd
import pytest
from messages import message_of

from skxent import cross_entropy, js_divergence, kl_divergence, log_loss, perplexity

SOFT = [cross_entropy, kl_divergence, js_divergence, perplexity]


@pytest.mark.parametrize("metric", SOFT)
def test_one_column_beside_one_column_is_a_distribution(metric):
    assert "y_true must sum to 1" in message_of(metric, [[0.5]], [[1.0]])


@pytest.mark.parametrize("metric", SOFT)
def test_only_vectors_with_two_readings_are_refused(metric):
    def as_labels(y, p, **options):
        return pytest.approx(metric(y, np.column_stack([1 - np.array(p), p]), **options))

    # One of several ones, a sum of probabilities that is not 1, or labels that are not 0 and 1.
    assert metric([0, 1, 1], [0.1, 0.8, 0.1]) == as_labels([0, 1, 1], [0.1, 0.8, 0.1])
    assert metric([0, 1, 0], [0.1, 0.8, 0.3]) == as_labels([0, 1, 0], [0.1, 0.8, 0.3])
    assert metric([0, 1, 0], [0.1, 0.8, 0.10015]) == as_labels([0, 1, 0], [0.1, 0.8, 0.10015])
    assert metric([-1, 1, 1], [0.1, 0.8, 0.1]) == as_labels([-1, 1, 1], [0.1, 0.8, 0.1])
    assert metric([0, 2, 0], [0.1, 0.8, 0.1]) == as_labels([0, 2, 0], [0.1, 0.8, 0.1])
    assert "two ways" in message_of(metric, [0, 1, 0], [0.1, 0.8, 0.10005])
    assert "two ways" in message_of(metric, np.uint8([0, 1, 0]), [0, 1, 0])
    assert "two ways" in message_of(metric, [0, 1, 0], np.uint8([0, 1, 0]))
    bools = [False, True, False]
    assert metric(bools, [0.1, 0.8, 0.1]) == as_labels(bools, [0.1, 0.8, 0.1])


def test_half_precision_events_are_counted_exactly():
    y = np.ones(4999, np.float16)  # a sum in half precision is 5000
    assert "sums to 4999" in message_of(cross_entropy, y, np.full(4999, 1 / 4999))


def test_a_column_of_labels_beside_two_columns_is_read_as_labels():
    expected = -math.log(0.5 * 0.75) / 2
    for y in ([[0], [1]], np.array([[0], [1]]), ((0,), (1,))):
        for metric in (log_loss, cross_entropy):
            assert metric(y, [[0.5, 0.5], [0.25, 0.75]]) == pytest.approx(expected, rel=1e-15)
    for y in ([0, 1], np.array([0, 1])):
        assert "y_proba has one column" in message_of(log_loss, y, [[0.5], [0.5]])


def test_one_hot_rows_take_the_order_of_labels_and_not_of_their_frame():
    y = pd.DataFrame(np.eye(3), columns=["x", "y", "z"])
    p = pd.DataFrame([[0.5, 0.3, 0.2]] * 3, columns=["x", "y", "z"])
    means = log_loss(y, p, labels=["z", "x", "y"], average=None)
    assert means == pytest.approx([-math.log(0.2), -math.log(0.5), -math.log(0.3)])


def test_vectors_of_different_length_are_refused():
    for metric in SOFT:
        message = message_of(metric, [0.5, 0.25, 0.25], [0.5, 0.5])
        assert (
            "the same events, or labels and probabilities of the same rows; got 3 and 2" in message
        )
        assert message_of(metric, None, [0.5, 0.5]).startswith("y_true must be")


def test_events_of_the_same_name_are_refused():
    y = pd.Series([0.5, 0.5], index=["a", "b"])
    p = pd.Series([0.5, 0.5], index=["a", "a"])
    for metric in SOFT:
        assert "y_proba has columns of the same name: ['a', 'a']" in message_of(metric, y, p)
