"""The recalibration: maps that are fitted again here, and what it recommends."""

import math
from dataclasses import fields

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from reports import EPS, calibrated, data, drawn, halves_of_digits, regression_on_digits
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax
from sklearn.base import clone
from sklearn.datasets import (
    load_breast_cancer,
    load_digits,
    load_wine,
    make_classification,
    make_gaussian_quantiles,
    make_moons,
)
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier

from skxent import Recalibrator, log_loss, log_loss_report
from skxent._intake._rows import check_labelled
from skxent.recalibration import _drawn, refinement_loss
from skxent.recalibration._choice import choose, why_not
from skxent.statistic import _sample
from skxent.statistic._extremes import row_losses

METHODS = (
    *("none", "bias", "temperature", "bias+temperature", "mix", "temperature+mix"),
    *("vector", "dirichlet"),
)


def recalibration_of(y, p, **params):
    return log_loss_report(y, p, **{"n_null": 0, **params}).recalibration


def at(recalibration, method):
    return recalibration.methods.index(method)


@pytest.fixture(scope="module")
def digits():
    return regression_on_digits()


@pytest.fixture(scope="module")
def forest():
    X_train, X_test, y_train, y_test = halves_of_digits()
    model = RandomForestClassifier(random_state=0).fit(X_train, y_train)
    return y_test, model.predict_proba(X_test)


# Against fits of our own.


def unpacked(theta, method, k):
    """Slopes and bias; the first slope is that of all classes, the others are added to it."""
    slopes, theta = np.eye(k), np.asarray(theta)
    if method != "bias":
        slopes, theta = math.exp(theta[0]) * np.eye(k), theta[1:]
    if method == "vector":
        slopes, theta = slopes + np.diag(theta[:k]), theta[k:]
    if method == "dirichlet":
        slopes, theta = slopes + theta[: k * k].reshape(k, k), theta[k * k :]
    return slopes, theta if method != "temperature" else np.zeros(k)


def prior(theta, method, k):
    """Minus the log of the normal priors that the maps document."""
    slopes, bias = unpacked(theta, method, k)
    value = 0.5 * bias @ bias
    if method != "bias":
        value += 1.5 * max(abs(theta[0]) - math.log(2), 0) ** 2
        own = slopes - math.exp(theta[0]) * np.eye(k)
        precision = np.where(np.eye(k, dtype=bool), 25.0, 100.0)
        value += 0.5 * (precision * own**2).sum()
    return value


SIZES = {"bias": 3, "temperature": 1, "bias+temperature": 4, "vector": 7, "dirichlet": 13}


def refitted(method, logp, y, w=None, seed=0):
    """Losses by maps fitted to the rows of the other folds; and of all rows by each of the maps."""
    w = np.ones(len(y)) if w is None else w
    fold = np.random.RandomState(seed).permutation(len(y)) % 5
    losses, by_map = np.empty(len(y)), []
    for i in range(5):
        train, test = np.flatnonzero(fold != i), np.flatnonzero(fold == i)
        scaled = w[train] * w[train].sum() / (w[train] ** 2).sum()

        def left(theta, rows):
            slopes, bias = unpacked(theta, method, 3)
            after = log_softmax(logp[rows] @ slopes.T + bias, axis=1)
            return -after[np.arange(len(rows)), y[rows]]

        def target(theta, train=train, scaled=scaled, left=left):
            return scaled @ left(theta, train) + prior(theta, method, 3)

        found = minimize(target, np.zeros(SIZES[method]), method="BFGS", options={"gtol": 1e-4})
        by_map.append(left(found.x, np.arange(len(y))))
        losses[test] = by_map[-1][test]
    return losses, np.array(by_map)


def hard_data(n=250, seed=0):
    """Predictions that every map improves."""
    rng = np.random.default_rng(seed)
    logits = 1.5 * rng.normal(size=(n, 3))
    y = drawn(softmax(logits, axis=1), rng)
    slopes = np.array([[1.6, 0.3, 0.0], [0.0, 2.2, 0.0], [0.0, -0.2, 1.8]])
    return y, log_softmax(logits @ slopes.T + [0.8, 0, -0.5], axis=1), rng.uniform(0.3, 2, n)


@pytest.mark.parametrize(
    ("method", "weighted"),
    [
        *((method, True) for method in SIZES),
        *(pytest.param(method, False, marks=pytest.mark.slow) for method in SIZES),
    ],
)
def test_each_method_is_an_independent_fit(method, weighted):
    """But for how the folds are cut, of which there are other ways here: n losses differ by 2."""
    y, logp, w = hard_data()
    w = w if weighted else None
    recalibration = recalibration_of(y, logp, from_logits=True, sample_weight=w)
    losses = np.mean([refitted(method, logp, y, w, seed)[0] for seed in range(3)], axis=0)
    before = -logp[np.arange(250), y]
    assert recalibration.log_loss[at(recalibration, method)] == pytest.approx(
        np.average(losses, weights=w), abs=2.5 * math.sqrt(SIZES[method]) / 250
    )
    each = (before - losses) * (1 if w is None else w)
    of_class = np.bincount(y, each) / (250 if w is None else w.sum())
    found = recalibration.class_gain[at(recalibration, method)]
    assert_allclose(found, of_class, atol=2.5 * math.sqrt(SIZES[method]) / 250)


@pytest.mark.parametrize("method", SIZES)
def test_a_map_has_the_smallest_weighted_loss_also_where_weights_are_whole(method):
    """Beside the priors, which are held against the effective number of rows."""
    y, logp, _ = hard_data()
    w = np.random.default_rng(1).integers(0, 6, 250)
    scaled = w * w.sum() / (w**2).sum()

    def after(theta):
        slopes, bias = unpacked(theta, method, 3)
        return log_softmax(logp @ slopes.T + bias, axis=1)

    def target(theta):
        return -scaled @ after(theta)[np.arange(250), y] + prior(theta, method, 3)

    best = minimize(target, np.zeros(SIZES[method]), method="BFGS", options={"gtol": 1e-4}).x
    fitted = Recalibrator(method).fit(y, logp, from_logits=True, sample_weight=w)
    found = fitted.predict_proba(logp, from_logits=True)
    assert_allclose(found, np.exp(after(best)), atol=1e-4)


def test_what_a_class_gains_is_as_uncertain_as_its_rows_and_the_fit_together():
    """
    The standard error is that of its rows and, by a jackknife of the folds, that of the map.

    The interval allows for skewness, which moves its ends but does little to its width.
    """
    rng = np.random.default_rng(3)
    logits = 1.5 * rng.normal(size=(400, 3))
    y = drawn(softmax(logits + np.array([0.0, 1.0, -0.7]), axis=1), rng)
    logp = log_softmax(logits, axis=1)
    report = log_loss_report(y, logp, from_logits=True, n_null=0)
    assert report.recalibration.recommended == "bias"
    losses, by_map = refitted("bias", logp, y)
    members = np.eye(3)[y].T
    gains = members * (-logp[np.arange(400), y] - losses)
    of_rows = gains.var(axis=1) / 400
    of_map = 4 * (by_map @ members.T / 400).var(axis=0)
    width = report.per_class["recoverable_high"] - report.per_class["recoverable_low"]
    without, expected = 2 * 1.96 * np.sqrt(of_rows), 2 * 1.96 * np.sqrt(of_rows + of_map)
    assert (expected > 1.3 * without).any()
    # Five folds are few to estimate a variance from, so that the quantile is above 1.96.
    assert (width > 0.97 * expected).all()
    assert (width < 1.45 * expected).all()


# What must add up.


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("base", [math.e, 2])
def test_what_must_add_up_adds_up(base, weighted):
    y, logp, w = hard_data()
    w = w if weighted else None
    report = log_loss_report(y, logp, from_logits=True, sample_weight=w, base=base, n_null=0)
    recalibration, overall, column = report.recalibration, report.overall, report.per_class
    assert recalibration.methods == METHODS
    assert recalibration.log_loss[0] == pytest.approx(overall["log_loss"], rel=1e-12)
    assert_allclose(
        recalibration.log_loss[0] - recalibration.log_loss, recalibration.gain, atol=1e-9
    )
    assert_allclose(recalibration.class_gain.sum(axis=1), recalibration.gain, atol=1e-9)
    assert (recalibration.gain[0], recalibration.gain_low[0], recalibration.gain_high[0]) == (
        0,
        0,
        0,
    )
    assert_array_equal(recalibration.class_gain[0], 0)
    assert (recalibration.ci_low[0], recalibration.ci_high[0]) == pytest.approx(
        (overall["ci_low"], overall["ci_high"]), rel=1e-9
    )
    assert (recalibration.ci_low <= recalibration.log_loss).all()
    assert (recalibration.log_loss <= recalibration.ci_high).all()
    assert (recalibration.gain_low <= recalibration.gain).all()
    assert (recalibration.gain <= recalibration.gain_high).all()
    used = at(recalibration, recalibration.recommended)
    assert column["recoverable"].sum() == pytest.approx(overall["recoverable"], abs=1e-9)
    assert_allclose(column["recoverable"], recalibration.class_gain[used], atol=1e-12)
    assert overall["recoverable"] == pytest.approx(recalibration.gain[used])
    bounds = overall["recoverable_low"], overall["recoverable_high"]
    assert bounds == pytest.approx((recalibration.gain_low[used], recalibration.gain_high[used]))
    assert (column["recoverable_low"] <= column["recoverable"]).all()
    assert (column["recoverable"] <= column["recoverable_high"]).all()
    parts = overall["refinement_loss"] + overall["calibration_loss"]
    assert parts == pytest.approx(overall["log_loss"], abs=1e-12)
    assert overall["refinement_loss"] == recalibration.log_loss[at(recalibration, "temperature")]


@pytest.mark.parametrize("weighted", [False, True])
def test_refinement_is_the_function_of_that_name(weighted):
    y, logp, w = hard_data()
    params = {"from_logits": True, "sample_weight": w if weighted else None, "base": 2}
    report = log_loss_report(y, logp, n_null=0, **params)
    assert report.overall["refinement_loss"] == pytest.approx(
        refinement_loss(y, logp, **params), abs=2 / 250
    )


def test_predictions_that_are_certain_have_the_loss_of_the_report_exactly():
    """Also where a probability of 0 is floored, or a loss is almost nothing."""
    y = np.arange(60) % 3
    p = np.full((60, 3), 1e-14) + np.eye(3)[y] * (1 - 3e-14)
    p[:2] = np.eye(3)[[1, 2]]
    report = log_loss_report(y, p, n_null=0)
    assert report.recalibration.log_loss[0] == pytest.approx(log_loss(y, p), rel=1e-13)
    assert np.isfinite(report.recalibration.log_loss).all()
    assert (report.recalibration.log_loss <= -math.log(EPS)).all()


def test_without_a_recalibration():
    report = log_loss_report(*calibrated(60, 3), recalibration=False, n_null=0)
    assert report.recalibration is None
    assert report.notes == ()
    names = ("recoverable", "recoverable_low", "recoverable_high")
    assert np.isnan([report.per_class[name] for name in names]).all()
    names += ("refinement_loss", "calibration_loss")
    assert np.isnan([report.overall[name] for name in names]).all()


# What it recommends.


def test_on_digits_a_regression_needs_nothing(digits):
    report = log_loss_report(*digits, n_null=0)
    assert report.recalibration.recommended == "none"
    # Measured with probmetrics 1.3.0.
    assert report.overall["refinement_loss"] == pytest.approx(0.1251280, rel=0.05)
    assert report.overall["refinement_loss"] == pytest.approx(refinement_loss(*digits), rel=0.05)
    assert not any("Recalibration" in finding for finding in report.findings)


def test_on_digits_a_forest_needs_temperature(forest):
    recalibration = recalibration_of(*forest)
    assert recalibration.recommended == "temperature"
    assert recalibration.gain[at(recalibration, "temperature")] == pytest.approx(0.286, abs=0.005)
    assert recalibration.gain_low[at(recalibration, "temperature")] > 0.25
    assert recalibration.log_loss[0] == pytest.approx(0.366, abs=0.001)
    assert recalibration.log_loss[at(recalibration, "temperature")] <= 0.082


def shifted(n, bias, seed):
    """The model takes the classes to be as frequent as in training; there are more of some."""
    rng = np.random.default_rng(seed)
    logits = 1.5 * rng.normal(size=(n, 3))
    return drawn(softmax(logits + bias, axis=1), rng), logits


def swapped(n, seed):
    """The model gives a part of the second class's probability to the first one."""
    rng = np.random.default_rng(seed)
    p = softmax(2.5 * rng.normal(size=(n, 4)), axis=1)
    y = drawn(p, rng)
    mixing = np.eye(4)
    mixing[0], mixing[1] = [0.55, 0.45, 0, 0], [0.05, 0.95, 0, 0]
    return y, np.log(p @ mixing)


@pytest.mark.parametrize("seed", range(3))
def test_what_was_done_to_the_predictions_is_what_is_recommended(seed):
    y, logits = shifted(2000, [0.0, 1.0, -0.7], seed)
    assert recalibration_of(y, logits, from_logits=True).recommended == "bias"
    y, p = calibrated(2000, 3, seed=seed)
    assert recalibration_of(y, 1.7 * np.log(p), from_logits=True).recommended == "temperature"
    both = 1.7 * (np.log(p) + np.array([0.0, 1.0, -0.7]))
    assert recalibration_of(y, both, from_logits=True).recommended == "bias+temperature"
    y, logits = swapped(3000, seed)
    recalibration = recalibration_of(y, logits, from_logits=True)
    assert recalibration.recommended in ("vector", "dirichlet")


@pytest.mark.parametrize("scale", [0.5, pytest.param(1.5, marks=pytest.mark.slow), 4.0])
def test_a_calibrated_model_is_left_alone(scale):
    """The chance of a recommendation is 5 % at most: of 12 data sets, 2 have one at most."""
    found = []
    for seed in range(12):
        y, p = calibrated(300, 3, scale, seed)
        found.append(recalibration_of(y, p, labels=range(3)).recommended)
    assert found.count("none") >= 10


def test_what_makes_things_worse_is_not_recommended():
    """Few rows and many classes: a freer map is fitted to noise."""
    y, p = calibrated(120, 12, scale=1.0)
    recalibration = recalibration_of(y, p, labels=range(12))
    assert recalibration.recommended == "none"
    assert (recalibration.gain[1:] < 0.05).all()


# Rows and classes that are many.


@pytest.mark.slow
def test_a_map_with_a_number_for_each_pair_of_classes_is_for_50_at_most():
    for k in (50, 51):
        y, p = calibrated(200, k)
        recalibration = recalibration_of(y, p, labels=range(k))
        assert recalibration.methods == (METHODS if k == 50 else METHODS[:-1])
        assert len(recalibration.gain) == len(recalibration.class_gain) == len(METHODS) - (k > 50)


def test_more_than_fifty_classes():
    y, p = calibrated(300, 51, scale=2.0)
    report = log_loss_report(y, p, labels=range(51), n_null=0)
    assert report.recalibration.methods == METHODS[:-1]
    assert np.isfinite(report.recalibration.log_loss).all()
    assert report.per_class["recoverable"].sum() == pytest.approx(report.overall["recoverable"])


def test_maps_that_are_fitted_to_a_part_of_the_rows_are_applied_to_all(monkeypatch):
    y, p = calibrated(1500, 3)
    logits = 1.6 * np.log(p)
    whole = recalibration_of(y, logits, from_logits=True)
    monkeypatch.setattr(_drawn, "_N_FIT", 400)
    part = recalibration_of(y, logits, from_logits=True)
    assert (part.log_loss != whole.log_loss)[1:].all()
    assert_allclose(part.log_loss, whole.log_loss, atol=0.02)
    assert part.log_loss[0] == whole.log_loss[0]
    assert part.recommended == whole.recommended == "temperature"
    assert_allclose(part.class_gain.sum(axis=1), part.gain, atol=1e-12)
    assert_array_equal(recalibration_of(y, logits, from_logits=True).log_loss, part.log_loss)
    other = recalibration_of(y, logits, from_logits=True, random_state=1)
    assert (other.log_loss != part.log_loss)[1:].all()
    monkeypatch.setattr(_sample, "_MOST_NUMBERS", 3 * 200)  # so many probabilities
    assert (recalibration_of(y, logits, from_logits=True).log_loss != part.log_loss)[1:].all()


def test_the_seed_decides_the_folds():
    y, logp, _ = hard_data()
    one, again, other, last = (
        recalibration_of(y, logp, from_logits=True, random_state=seed)
        for seed in (0, 0, 1, np.random.RandomState(0))
    )
    assert_array_equal(one.log_loss, again.log_loss)
    assert (one.log_loss != other.log_loss)[1:].all()
    assert np.isfinite(last.log_loss).all()


# Weights.


def close_recalibrations(one, other, rtol=1e-9):
    for field in fields(one):
        value, expected = getattr(one, field.name), getattr(other, field.name)
        if isinstance(value, np.ndarray):
            assert_allclose(value, expected, rtol, 1e-12, err_msg=field.name)
        elif field.name == "fitted":
            assert_allclose(value.slopes, expected.slopes, 1e-5)
            assert_allclose(value.bias, expected.bias, 1e-5, 1e-5)
        else:
            assert value == expected
    return True


@pytest.mark.parametrize("scale", [1e-6, 3.0, 1e6])
def test_the_scale_of_the_weights_does_not_matter(scale):
    y, logp, w = hard_data()
    one = recalibration_of(y, logp, from_logits=True, sample_weight=w)
    assert close_recalibrations(
        recalibration_of(y, logp, from_logits=True, sample_weight=scale * w), one, 1e-6
    )


def test_equal_weights_are_none():
    y, logp, _ = hard_data()
    plain = recalibration_of(y, logp, from_logits=True)
    weighted = recalibration_of(y, logp, from_logits=True, sample_weight=np.full(250, 3.7))
    assert close_recalibrations(weighted, plain, 1e-6)


@pytest.mark.parametrize("constant", [2, 10, 1000])
@pytest.mark.parametrize("kind", ["calibrated", "hard", "separable"])
def test_a_report_with_one_whole_weight_for_all_is_that_without(kind, constant):
    """Neither the priors nor the folds take it for a number of rows."""
    y, logp, _ = hard_data(150)
    if kind == "calibrated":
        y, p = calibrated(150, 3)
        logp = np.log(p)
    if kind == "separable":
        y = logp.argmax(axis=1)
    plain, weighted = (
        log_loss_report(y, logp, from_logits=True, sample_weight=w, n_null=0)
        for w in (None, np.full(150, constant))
    )
    one, two = plain.recalibration, weighted.recalibration
    assert one.recommended == two.recommended
    assert (one.recommended == "none") == (kind == "calibrated")
    assert close_recalibrations(two, one, 1e-12)
    for name in ("recoverable", "recoverable_low", "recoverable_high"):
        assert_allclose(weighted.per_class[name], plain.per_class[name], rtol=1e-9, atol=1e-12)
    assert weighted.overall["refinement_loss"] == pytest.approx(
        plain.overall["refinement_loss"], rel=1e-12
    )


def test_rows_without_weight_leave_no_trace():
    y, logp, w = hard_data()
    some = np.arange(250) % 4 > 0
    w[~some] = 0
    logp[~some] = [-1000.0, 0.0, -1000.0]
    report = log_loss_report(y, logp, from_logits=True, sample_weight=w, n_null=0)
    without = log_loss_report(
        y[some], logp[some], from_logits=True, sample_weight=w[some], n_null=0
    )
    assert close_recalibrations(report.recalibration, without.recalibration)
    for name in ("recoverable", "recoverable_low", "recoverable_high"):
        assert_allclose(report.per_class[name], without.per_class[name])


# Where there is none.


@pytest.mark.parametrize(
    ("y", "p", "params", "note"),
    [
        ([0, 0], [[1.0], [1.0]], {"labels": [0]}, "one class only"),
        ([0], [[0.5, 0.5]], {"labels": [0, 1]}, "fitted to one row"),
        ([0, 1], [[0.5, 0.5]] * 2, {"sample_weight": [0, 1]}, "fitted to one row"),
        ([0, 1, 1], [[0.5, 0.5]] * 3, {"eps": 0}, "eps=0 gives it no floor"),
    ],
    ids=["one class", "one row", "one weight", "no floor"],
)
def test_why_there_is_no_recalibration(y, p, params, note):
    report = log_loss_report(y, p, **params)
    assert report.recalibration is None
    (found,) = [n for n in report.notes if "recalibration" in n]
    assert note in found
    assert np.isnan(report.per_class["recoverable"]).all()
    assert math.isnan(report.overall["refinement_loss"])
    assert note in str(report).replace("\n", " ")
    assert not any(
        "recalibration" in n for n in log_loss_report(y, p, recalibration=False, **params).notes
    )


@pytest.mark.parametrize("n", [2, 3, 4, 6])
def test_fewer_rows_than_folds(n):
    y, p, w = np.arange(n) % 2, *(values[:n] for values in data(10, 3)[1:])
    for weight in (None, w):
        recalibration = recalibration_of(y, p, labels=range(3), sample_weight=weight)
        assert recalibration.methods == METHODS
        assert np.isfinite(recalibration.log_loss).all()
        assert_allclose(recalibration.class_gain.sum(axis=1), recalibration.gain, atol=1e-12)
        assert recalibration.recommended == "none"


def test_a_class_with_fewer_rows_than_folds_is_in_some_of_them():
    y, p = calibrated(200, 3)
    y[y == 2] = 1
    y[:3] = 2
    report = log_loss_report(y, p, n_null=0)
    assert np.isfinite(report.per_class["recoverable"]).all()
    assert report.per_class["recoverable"].sum() == pytest.approx(report.overall["recoverable"])
    assert report.per_class["support"].tolist()[2] == 3


def test_a_class_without_rows_has_nothing_to_recover():
    y, p = calibrated(200, 3)
    y[y == 2] = 1
    report = log_loss_report(y, p, labels=range(3), n_null=0)
    assert report.per_class["recoverable"][2] == 0
    assert report.recalibration.class_gain[:, 2].tolist() == [0] * 8
    assert report.per_class["recoverable"].sum() == pytest.approx(report.overall["recoverable"])


# The choice among them.


def test_what_makes_things_worse_has_no_star():
    """A bias that loses had one here, above a temperature that gains, by the order of the maps."""
    y, p = calibrated(600, 5, seed=24)
    recalibration = recalibration_of(y, 1.25 * np.log(p), labels=range(5), from_logits=True)
    assert recalibration.gain[at(recalibration, "bias")] < 0
    assert recalibration.recommended in ("temperature", "temperature+mix")
    assert recalibration.gain[at(recalibration, recalibration.recommended)] > 0.01


@pytest.mark.parametrize("seed", range(12))
def test_the_star_is_at_none_or_at_the_best_map(seed):
    """But for a quarter of a row's loss a map, by which the simpler one goes first."""
    rng = np.random.default_rng(seed)
    n, k = int(rng.integers(60, 800)), int(rng.integers(2, 6))
    y, p = calibrated(n, k, seed=seed)
    logits = rng.uniform(0.6, 2.0) * np.log(p) + rng.normal(scale=0.4, size=k)
    report = log_loss_report(y, logits, labels=range(k), from_logits=True, n_null=0)
    recalibration, overall = report.recalibration, report.overall
    chosen = at(recalibration, recalibration.recommended)
    assert overall["recoverable"] == pytest.approx(recalibration.gain[chosen], rel=1e-12)
    if chosen == 0:
        assert (overall["recoverable_low"], overall["recoverable_high"]) == (0, 0)
        assert not report.per_class["recoverable"].any()
        assert not report.per_class["recoverable_high"].any()
    else:
        assert recalibration.gain[chosen] > 0
        assert recalibration.gain.max() - recalibration.gain[chosen] < 2 / n


MODELS = {
    "forest": RandomForestClassifier(50, random_state=0),
    "bayes": GaussianNB(),
    "boosting": HistGradientBoostingClassifier(max_iter=30, random_state=0),
    "neighbours": KNeighborsClassifier(5),
}
DATA = {
    "digits": lambda: load_digits(return_X_y=True),
    "wine": lambda: load_wine(return_X_y=True),
    "cancer": lambda: load_breast_cancer(return_X_y=True),
    "moons": lambda: make_moons(1200, noise=0.35, random_state=5),
    "quantiles": lambda: make_gaussian_quantiles(n_samples=1200, n_classes=5, random_state=6),
    "two, unequal": lambda: generated(2, weights=[0.9], random_state=2),
    "three": lambda: generated(3, random_state=1),
    "six": lambda: generated(6, n_clusters_per_class=1, class_sep=0.8, random_state=3),
    "ten": lambda: generated(10, n_clusters_per_class=1, flip_y=0.1, random_state=4),
}


def generated(k, **params):
    return make_classification(
        1200, n_features=12, n_informative=10, n_redundant=0, n_classes=k, **params
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", DATA)
def test_another_seed_recommends_the_same_map(name):
    """Of four models with ten seeds each; over all nine data sets 99 % do."""
    X, y = DATA[name]()
    half = len(y) // 2
    order = np.random.default_rng(0).permutation(len(y))
    train, test = order[:half], order[half : half + 500]
    same = 0
    for model in MODELS.values():
        fitted = clone(model).fit(X[train], y[train])
        p = fitted.predict_proba(X[test])
        found = [
            recalibration_of(y[test], p, labels=fitted.classes_, random_state=seed).recommended
            for seed in range(10)
        ]
        same += max(map(found.count, found))
    assert same >= 35


# Groups.


def chosen(y, p, groups=None, seed=0):
    rows = check_labelled(y, p, labels=range(p.shape[1]))
    losses = row_losses(rows, EPS)
    params = {"eps": EPS, "confidence_level": 0.95, "seed": seed, "groups": groups}
    return choose(rows, losses, 1.0, **params)


def copies(seed, n_groups=60, size=15, k=4):
    """Rows that say the same fifteen times over, of a calibrated model."""
    y, p = calibrated(n_groups, k, seed=seed)
    groups = np.random.default_rng(seed).permutation(np.repeat(np.arange(n_groups), size))
    return y[groups], p[groups], groups


def test_folds_keep_groups_whole():
    """Copies of a row in other folds would promise what fresh groups do not keep."""
    with_groups, without = [], []
    for seed in range(8):
        y, p, groups = copies(seed)
        with_groups.append(chosen(y, p, groups).recalibration.recommended)
        without.append(chosen(y, p).recalibration.recommended)
    assert with_groups.count("none") >= 7
    assert without.count("none") <= 3


def test_the_intervals_of_gains_count_groups():
    """Groups of copies tell as much as one row each, of which folds may be cut otherwise."""
    y, p, groups = copies(3)
    first = np.unique(groups, return_index=True)[1]
    logits = 2.5 * np.log(p)
    p = softmax(logits, axis=1)
    many, once = chosen(y, p, groups), chosen(y[first], p[first])
    t = at(many.recalibration, "temperature")
    width, expected = (
        (c.recalibration.gain_high - c.recalibration.gain_low)[t] for c in (many, once)
    )
    assert width == pytest.approx(expected, rel=0.15)
    alone = chosen(y, p).recalibration
    assert (alone.gain_high - alone.gain_low)[t] < 0.5 * expected


def test_a_group_of_each_row_is_no_groups():
    y, p = calibrated(300, 3)
    p = softmax(1.6 * np.log(p), axis=1)
    one, two = chosen(y, p), chosen(y, p, np.arange(300)[::-1])
    assert one.recalibration.recommended == two.recalibration.recommended == "temperature"
    assert_allclose(one.recalibration.gain, two.recalibration.gain, atol=0.02)
    assert_allclose(one.recoverable, two.recoverable, atol=0.02)


def test_one_group_has_no_recalibration():
    y, p = calibrated(30, 3)
    rows = check_labelled(y, p)
    assert "one group" in why_not(rows, EPS, np.zeros(30, dtype=int))
    assert why_not(rows, EPS, np.arange(30) // 15) is None


# Of a model that calls impossible what happens.


def half_sure(n, impossible, seed):
    """Labels of two classes; the model is right but for rows of which it excludes the label."""
    rng = np.random.default_rng(seed)
    p = rng.uniform(0.05, 0.95, size=n)
    y = (rng.random(n) < p).astype(int)
    wrong = rng.random(n) < 2 * impossible
    p[wrong] = rng.integers(2, size=wrong.sum())
    y[wrong] = rng.integers(2, size=wrong.sum())
    return y, np.column_stack([1 - p, p])


def test_two_rows_that_were_impossible_are_reason_enough_to_mix():
    """Of t they would not be: with it the interval of the gain reaches far below 0."""
    y, p = half_sure(200, 0.0, seed=0)
    assert recalibration_of(y, p).recommended == "none"
    for row in (0, 1):
        p[row] = np.eye(2)[1 - y[row]]
    found = recalibration_of(y, p)
    assert found.recommended in ("mix", "temperature+mix")
    i = at(found, "mix")
    assert 0 < found.gain_low[i] < found.gain[i] < found.gain_high[i]
    gains = 36.04 - np.log(200), 2 / 200  # the cost of the floor less that of half a row's share
    assert found.gain[i] == pytest.approx(np.prod(gains), rel=0.15)


@pytest.mark.slow
@pytest.mark.parametrize("impossible", [0.01, 0.03])
def test_the_interval_of_the_gain_holds_for_models_with_zeros(impossible):
    """What the map that is fitted to the rows takes off 100,000 others."""
    y_new, p_new = half_sure(100_000, impossible, seed=99)
    floored = p_new[np.arange(len(y_new)), y_new] == 0
    below = above = 0
    for seed in range(100):
        y, p = half_sure(300, impossible, seed)
        found = recalibration_of(y, p, confidence_level=0.9)
        i = at(found, "mix")
        share, classes = mixed_share(y, p)
        q = (1 - share) * p_new + share * classes
        gain = log_loss(y_new, p_new) - log_loss(y_new, q)
        below += gain < found.gain_low[i]
        above += gain > found.gain_high[i]
    assert floored.any()
    assert below <= 100 * 0.1
    assert above <= 100 * 0.12


def mixed_share(y, p):
    fitted = Recalibrator("mix").fit(y, p)
    return fitted.share_, fitted.class_shares_
