"""What only the rows tell: the worst of them, and how much of the loss they carry."""

import json
import math

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose
from reports import EPS, data, quick, regression_on_digits
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import KFold

from skxent import LogLossReport

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


@pytest.mark.parametrize("n", [1, 10, 37, 100, 1000])
def test_more_of_them_can_be_had(n):
    y, p, _ = data(400, 3)
    report = quick(y, p)
    losses = -np.log(p[np.arange(400), y])
    worst = report.get_worst_rows(n)
    assert worst["row"].tolist() == np.argsort(-losses)[: min(n, 100)].tolist()
    assert {len(v) for v in worst.values()} == {min(n, 100)}
    assert len(report.worst_rows["row"]) == 10
    assert len(report.get_worst_rows()["row"]) == 100


@pytest.mark.parametrize("n", [0, -1, 2.5, "3", True, None])
def test_how_many_must_be_a_number(n):
    with pytest.raises(ValueError, match="n must be an integer above 0; got"):
        quick(*data(50, 3)[:2]).get_worst_rows(n)


# Their names.

DAYS = pd.date_range("2024-02-27", periods=60)
INDEXES = {
    "text": [f"patient {i}" for i in range(60)],
    "split": np.random.default_rng(0).permutation(1000)[:60],
    "part": pd.RangeIndex(100, 160),
    "every other": pd.RangeIndex(0, 120, 2),
    "days": DAYS,
    "levels": pd.MultiIndex.from_product([["a", "b"], range(30)]),
}


def in_order():
    """Labels and probabilities whose rows 40, 7 and 23 cost most, in this order."""
    p = np.full((60, 2), 0.5)
    p[[40, 7, 23]] = [[0.001, 0.999], [0.01, 0.99], [0.02, 0.98]]
    return np.zeros(60, dtype=int), p


@pytest.mark.parametrize("kind", INDEXES)
@pytest.mark.parametrize("where", ["y", "p", "both"])
def test_rows_are_called_what_the_index_calls_them(kind, where):
    y, p = in_order()
    index = pd.Index(INDEXES[kind])
    plain = pd.RangeIndex(60)
    named = pd.Series(y, index=index if where != "p" else plain)
    table = pd.DataFrame(p, index=index if where != "y" else plain)
    report = quick(named, table, labels=[0, 1])
    assert report.worst_rows["row"].tolist()[:3] == [index[i] for i in (40, 7, 23)]
    (told,) = json.loads(report.to_json())["worst_rows"]["row"][:1]
    assert told == (
        index[40] if kind in ("text", "split", "part", "every other") else str(index[40])
    )
    assert len(pd.DataFrame(report.worst_rows)) == 10


def test_rows_without_an_index_are_numbered():
    y, p = in_order()
    for labels in (y, y.tolist(), pd.Series(y), pl.Series(y), pd.DataFrame({"y": y})):
        assert quick(labels, p, labels=[0, 1]).worst_rows["row"].tolist()[:3] == [40, 7, 23]


def test_the_index_of_the_labels_goes_before_that_of_the_predictions():
    y, p = in_order()
    table = pd.DataFrame(p, index=range(500, 560))
    report = quick(pd.Series(y, index=range(900, 960)), table, labels=[0, 1])
    assert report.worst_rows["row"].tolist()[0] == 940


class Table(ClassifierMixin, BaseEstimator):
    """Predicts what it is given."""

    def fit(self, X, y):
        self.classes_ = np.array([0, 1])
        return self

    def predict_proba(self, X):
        return np.asarray(X)


@pytest.mark.parametrize("named", ["X", "y"])
def test_estimators_name_the_rows_of_their_data(named):
    y, p = in_order()
    y = np.where(np.arange(60) % 4 == 0, 1, y)
    names = np.array([f"row {i}" for i in range(60)])
    X = pd.DataFrame(p, index=names) if named == "X" else p
    target = pd.Series(y, index=names) if named == "y" else y
    model = Table().fit(X, target)
    expected = [f"row {i}" for i in (7, 23)]
    fixed = {"recalibration": False, "n_null": 0}
    report = LogLossReport.from_estimator(model, X, target, **fixed)
    assert report.worst_rows["row"].tolist()[:2] == expected
    cv = KFold(3, shuffle=True, random_state=0)
    report = LogLossReport.from_cv(model, X, target, cv=cv, **fixed)
    assert report.worst_rows["row"].tolist()[:2] == expected


def test_the_sentence_of_the_tail_names_rows_as_the_index_does():
    rng = np.random.default_rng(0)
    p = np.full((1000, 2), [0.99, 0.01])
    worst = rng.permutation(1000)[:8]
    p[worst] = np.column_stack([1e-9 * np.arange(1, 9), 1 - 1e-9 * np.arange(1, 9)])
    index = [f"patient {i}\n" + "x" * 60 for i in range(1000)]
    report = quick(pd.Series(0, index=index), p, labels=[0, 1])
    (finding,) = [f for f in report.findings if "first to look at" in f]
    assert f"rows patient {worst[0]}\\nx" in finding
    assert "…" in finding
    assert "\n" not in finding
