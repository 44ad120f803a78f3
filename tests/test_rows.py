"""What only the rows tell: the worst of them, and how much of the loss they carry."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from reports import EPS, data, quick, regression_on_digits

NAMES = ("row", "class", "log_loss", "proba", "predicted", "predicted_proba")


def gini(x, w):
    """Half the mean difference of two rows drawn at random, in units of the mean."""
    difference = np.abs(np.subtract.outer(x, x))
    return (np.outer(w, w) * difference).sum() / (2 * w.sum() * (w @ x))


def tail(x, w):
    """Share of the loss within the worst hundredth of the weight, a row at a time."""
    room, carried = 0.01 * w.sum(), 0.0
    for i in np.argsort(-x):
        part = min(w[i], room)
        carried += part * x[i]
        room -= part
    return carried / (w @ x)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("n", [1, 2, 50, 99, 100, 101, 730])
def test_tail_and_gini_by_their_definitions(n, weighted):
    y, p, w = data(800, 3)
    y, p, w = y[:n], p[:n], w[:n] if weighted else np.ones(n)
    w[1::7] = 0 if weighted else 1
    losses = -np.log(p[np.arange(n), y])
    report = quick(y, p, labels=range(3), sample_weight=w if weighted else None, base=2)
    assert report.overall["tail_share"] == pytest.approx(tail(losses, w), abs=1e-12)
    assert report.overall["gini"] == pytest.approx(gini(losses, w), abs=1e-12)


def test_on_digits():
    """The case's Gini, .877, has 1/n less: it takes each row for its upper end."""
    y, p = regression_on_digits()
    report = quick(y, p)
    assert report.overall["tail_share"] == pytest.approx(0.281, abs=0.0005)
    assert report.overall["gini"] == pytest.approx(0.8784, abs=0.0001)
    assert report.overall["gini"] - 1 / 899 == pytest.approx(0.877, abs=0.0005)


@pytest.mark.parametrize("n", [1, 7, 100, 1234])
def test_equal_losses_are_spread_evenly(n):
    report = quick(np.zeros(n, dtype=int), np.full((n, 2), 0.5), labels=[0, 1])
    assert report.overall["tail_share"] == pytest.approx(0.01)
    assert report.overall["gini"] == pytest.approx(0, abs=1e-12)


def test_one_row_that_carries_everything():
    y, p = np.zeros(1000, dtype=int), np.tile([1.0, 0.0], (1000, 1))
    p[77] = 0.5
    report = quick(y, p, labels=[0, 1])
    assert report.overall["tail_share"] == pytest.approx(1)
    assert report.overall["gini"] == pytest.approx(1 - 1 / 1000)
    assert report.worst_rows["row"].tolist() == [77]


def test_weights_are_repeats():
    y, p, _ = data(300, 3)
    times = np.arange(300) % 4
    weighted = quick(y, p, sample_weight=times).overall
    repeated = quick(np.repeat(y, times), np.repeat(p, times, axis=0)).overall
    for name in ("tail_share", "gini"):
        assert weighted[name] == pytest.approx(repeated[name], abs=1e-12)


@pytest.mark.parametrize(
    ("p", "eps"), [([[1, 0], [0, 1]], EPS), ([[0, 1], [0, 1]], 0)], ids=["nothing", "too much"]
)
def test_where_nothing_is_lost_or_too_much(p, eps):
    report = quick([0, 1], p, eps=eps)
    assert math.isnan(report.overall["tail_share"])
    assert math.isnan(report.overall["gini"])


# The worst rows.


@pytest.mark.parametrize("base", [math.e, 2])
@pytest.mark.parametrize("n", [4, 10, 11, 500])
def test_the_rows_that_cost_most(n, base):
    y, p, w = data(n, 4)
    names = ["ape", "bee", "cat", "dog"]
    report = quick(y, p, sample_weight=w, target_names=names, base=base)
    worst = report.worst_rows
    losses = -np.log(p[np.arange(n), y])
    rows = np.argsort(-losses)[:10]
    assert list(worst) == list(NAMES)
    assert worst["row"].tolist() == rows.tolist()
    assert worst["class"].tolist() == [names[c] for c in y[rows]]
    assert_allclose(worst["log_loss"], losses[rows] / math.log(base))
    assert_allclose(worst["proba"], p[rows, y[rows]])
    assert worst["predicted"].tolist() == [names[c] for c in p[rows].argmax(axis=1)]
    assert_allclose(worst["predicted_proba"], p[rows].max(axis=1))


@pytest.mark.parametrize("convert", [np.asarray, lambda p: np.log(p) + 2, lambda p: 3 * p])
def test_their_probabilities_are_those_of_the_report(convert):
    y, p, _ = data(100, 3)
    turned = [2, 0, 1]
    params = {"labels": turned, "from_logits": convert(p).min() < 0, "renormalize": True}
    report = quick(np.array(turned)[y], convert(p), **params)
    rows = report.worst_rows["row"]
    assert_allclose(report.worst_rows["proba"], p[rows, y[rows]])
    assert report.worst_rows["class"].tolist() == np.array(turned)[y[rows]].tolist()


def test_rows_of_one_column():
    y, p, _ = data(50, 2)
    one, two = quick(y, p[:, 1]).worst_rows, quick(y, p).worst_rows
    assert one["row"].tolist() == two["row"].tolist()
    assert one["predicted"].tolist() == two["predicted"].tolist()
    assert_allclose(one["predicted_proba"], two["predicted_proba"])


@pytest.mark.parametrize("n", [10, 30, 1000])
def test_rows_that_cost_the_same_are_in_order(n):
    p = np.full((n, 2), 0.5)
    p[n // 2] = p[n // 3] = [0.25, 0.75]
    report = quick(np.zeros(n, dtype=int), p, labels=[0, 1])
    first = [n // 3, n // 2]
    others = [i for i in range(n) if i not in first]
    assert report.worst_rows["row"].tolist() == (first + others)[:10]


def test_rows_that_cost_nothing_are_not_among_them():
    y = np.array([0, 1, 0, 1])
    p = np.eye(2)[[0, 1, 1, 1]]
    assert quick(y, p).worst_rows["row"].tolist() == [2]
    assert quick(y, np.eye(2)[y]).worst_rows["row"].tolist() == []
    weighted = quick(y, np.full((4, 2), 0.5), sample_weight=[0, 1, 1, 0])
    assert weighted.worst_rows["row"].tolist() == [1, 2]
    assert {len(v) for v in weighted.worst_rows.values()} == {2}


def test_rows_of_infinite_loss_come_first():
    p = np.array([[0.5, 0.5], [0.0, 1.0], [0.1, 0.9], [0.0, 1.0]])
    worst = quick([0, 0, 0, 0], p, labels=[0, 1], eps=0).worst_rows
    assert worst["row"].tolist() == [1, 3, 2, 0]
    assert worst["log_loss"].tolist()[:2] == [math.inf, math.inf]


def test_they_cannot_be_changed():
    report = quick(*data(50, 3)[:2])
    with pytest.raises(TypeError):
        report.worst_rows["row"] = None
    for values in report.worst_rows.values():
        with pytest.raises(ValueError, match="read-only"):
            values[0] = values[1]
