"""Tables of probabilities: what counts as rounding, and what is said of the rest."""

import math

import numpy as np
from messages import message_of

from skxent import cross_entropy, entropy, log_loss, log_loss_skill_score

INF = math.inf


def test_numbers_on_the_bounds_of_rounding_are_taken():
    assert log_loss([0, 1], [[1 + 1e-6, 0.0], [-1e-6, 1.0]]) == 0
    # Each side on its own: another number of the block must not cause the second look.
    assert log_loss([1, 1], [1 + 9e-7, 1.0], labels=[0, 1]) == 0
    assert log_loss([0, 0], [-9e-7, 0.0], labels=[0, 1]) == 0
    assert log_loss([0, 0], [1 + 9e-7, 1.0], labels=[0, 1], eps=0.5) == math.log(2)
    row = [1e-6, -1e-6, 1.0]
    assert sum(row) == 1
    assert log_loss([2], [row], labels=[0, 1, 2], renormalize=True) == 0


def test_rows_whose_sum_only_single_precision_takes_out_of_bounds_are_taken():
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.ones(60), 40_000)
    p = (p * (1.0001 - 2e-9) / p.sum(axis=1, keepdims=True)).astype(np.float32)
    sums = p.sum(axis=1, dtype=np.float64)
    p = p[(sums <= 1.0001) & (sums > 1.00009)]
    assert (p.sum(axis=1, dtype=np.float32) > np.float32(1.0001)).any()
    assert 0 < entropy(p) < math.log(60)


def test_numbers_whose_sum_overflows_are_named():
    for dtype, huge in ((np.float64, 1.7e308), (np.float32, 3e38)):
        p = np.array([[0.5, 0.5], [huge, huge]], dtype)
        assert "row 1, column 0 holds" in message_of(log_loss, [0, 1], p)
    p = [[0.5, 0.5], [1.7e308, 1.7e308]]
    assert "row 1 is [1.7e+308, 1.7e+308]" in message_of(log_loss, [0, 1], p, renormalize=True)
    p = [[0.5, 0.5], [INF, -INF]]
    assert "row 1 is [inf, -inf]" in message_of(log_loss, [0, 1], p, renormalize=True)


def test_only_options_that_a_function_has_are_advised():
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


def test_messages_stay_short_however_many_classes_there_are():
    uniform, zeros = np.full((1, 1000), 1e-3), np.zeros((1, 1000))
    for y, p in ((uniform, uniform), ([0], zeros), (range(1000), uniform.repeat(1000, 0)[:, :9])):
        for options in ({}, {"renormalize": True}):
            assert len(message_of(log_loss, y, p, **options)) < 500
