"""Details that no other test would miss; `python tests/mutants.py` found each of them."""

import math

import numpy as np
import pandas as pd
import pytest

from skxent import (
    cross_entropy,
    entropy,
    js_divergence,
    kl_divergence,
    log_loss,
    log_loss_skill_score,
    perplexity,
)

SOFT = [cross_entropy, kl_divergence, js_divergence, perplexity]
INF = math.inf


def message_of(metric, *args, **options):
    with pytest.raises((ValueError, TypeError)) as raised:
        metric(*args, **options)
    return str(raised.value)


# The edges of what counts as rounding


def test_the_bounds_themselves_are_inside():
    assert log_loss([0, 1], [[1 + 1e-6, 0.0], [-1e-6, 1.0]]) == 0
    # Each side on its own: another number of the block must not cause the second look.
    assert log_loss([1, 1], [1 + 9e-7, 1.0], labels=[0, 1]) == 0
    assert log_loss([0, 0], [-9e-7, 0.0], labels=[0, 1]) == 0
    assert log_loss([0, 0], [1 + 9e-7, 1.0], labels=[0, 1], eps=0.5) == math.log(2)
    row = [1e-6, -1e-6, 1.0]
    assert sum(row) == 1
    assert log_loss([2], [row], labels=[0, 1, 2], renormalize=True) == 0


def test_a_sum_that_only_single_precision_takes_out_of_bounds():
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.ones(60), 40_000)
    p = (p * (1.0001 - 2e-9) / p.sum(axis=1, keepdims=True)).astype(np.float32)
    sums = p.sum(axis=1, dtype=np.float64)
    p = p[(sums <= 1.0001) & (sums > 1.00009)]
    assert (p.sum(axis=1, dtype=np.float32) > np.float32(1.0001)).any()
    assert 0 < entropy(p) < math.log(60)


def test_numbers_whose_sum_overflows():
    for dtype, huge in ((np.float64, 1.7e308), (np.float32, 3e38)):
        p = np.array([[0.5, 0.5], [huge, huge]], dtype)
        assert "row 1, column 0 holds" in message_of(log_loss, [0, 1], p)
    p = [[0.5, 0.5], [1.7e308, 1.7e308]]
    assert "row 1 is [1.7e+308, 1.7e+308]" in message_of(log_loss, [0, 1], p, renormalize=True)
    p = [[0.5, 0.5], [INF, -INF]]
    assert "row 1 is [inf, -inf]" in message_of(log_loss, [0, 1], p, renormalize=True)


# What a message advises


def test_only_what_there_is_is_advised():
    off, outside = [[0.3, 0.3]] * 2, [[1.5, -0.5]] * 2
    for p in (off, outside):
        assert "pass renormalize=True" in message_of(log_loss, [0, 1], p)
        assert "renormalize" not in message_of(entropy, p)
        for y in (p, [[0.3, 0.3]] * 2):
            assert "renormalize" not in message_of(log_loss, y, [[0.5, 0.5]] * 2)
    assert "renormalize" not in message_of(log_loss, [0, 1], [0.5, 1.5])
    assert "renormalize" not in message_of(
        log_loss_skill_score, [0, 1], [0.5, 0.5], reference=off[0]
    )
    assert "pass a 1-D array" in message_of(entropy, [[0.3], [0.3]])
    assert "1-D" not in message_of(entropy, off)
    assert "renormalize" not in message_of(cross_entropy, [[1.0]], [[0.3]])
    assert "Class labels are passed as a 1-D array" in message_of(
        cross_entropy, off, [[0.5, 0.5]] * 2
    )
    assert "labels" not in message_of(cross_entropy, [[0.5, 0.5]] * 2, off)


def test_long_rows_are_shortened():
    p = np.zeros((1, 8))
    assert "[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, ... 8 in all]" in message_of(
        log_loss, [0], p, labels=range(8), renormalize=True
    )
    soft = np.full((1, 7), 1 / 7)
    assert "... 7 in all]" in message_of(log_loss, soft, soft)
    assert "... " not in message_of(log_loss, soft[:, :6] * 7 / 6, soft[:, :6] * 7 / 6)


def test_events_of_the_same_name():
    y = pd.Series([0.5, 0.5], index=["a", "b"])
    p = pd.Series([0.5, 0.5], index=["a", "a"])
    for metric in SOFT:
        assert "y_proba has columns of the same name: ['a', 'a']" in message_of(metric, y, p)


def test_labels_are_called_what_they_are():
    assert "y_true has a missing label" in message_of(log_loss, [0, None, 1], [0.5] * 3)
    for metric in SOFT:
        assert "y_true has a missing label" in message_of(metric, [0, None, 1], [0.5] * 3)
    message = message_of(log_loss, [0, 1], [0.5] * 2, pos_label=1j)
    assert message.startswith("pos_label has dtype complex128")
    y = pd.DataFrame([[0.5, 0.5]], columns=[0.0, np.nan])
    message = message_of(cross_entropy, y, y.to_numpy())
    assert message.startswith("y_true's columns has a missing label")


# Which reading of two vectors is meant


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
    y = np.ones(5000, np.float16)
    assert "sums to 5000" in message_of(cross_entropy, y, np.full(5000, 1 / 5000))
