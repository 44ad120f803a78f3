"""The report: its figures against formulas and simulations, and how it is shown."""

import copy
import dataclasses
import inspect
import math
import pickle
import unicodedata

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn.metrics
from scipy import sparse
from scipy.special import softmax
from scipy.stats import pearson3
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_digits, load_iris
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    KFold,
    PredefinedSplit,
    RepeatedKFold,
    ShuffleSplit,
    cross_validate,
    train_test_split,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.class_weight import compute_sample_weight

from skxent import LogLossReport, label_entropy, log_loss, log_loss_report, perplexity
from skxent._inputs import check_labelled
from skxent.report._statistics import statistics

EPS = 2.0**-52
COLUMNS = [
    *(
        "support",
        "weight",
        "prevalence",
        "mean_proba",
        "log_loss",
        "ci_low",
        "ci_high",
        "contribution",
        "share",
    ),
    *("baseline", "skill", "expected", "gap", "z", "p_value", "floored"),
]


def data(n=200, k=3, seed=0):
    rng = np.random.default_rng(seed)
    proba = rng.dirichlet(np.full(k, 0.7), n)
    y = np.r_[np.arange(k), rng.integers(k, size=n - k)]
    return y, proba, rng.uniform(0.2, 3, n)


def same(one, two, rel=1e-9):
    """Whether two reports hold the same figures."""
    for name in COLUMNS:
        np.testing.assert_allclose(one.per_class[name], two.per_class[name], rel, 1e-12, name)
    assert dict(one.overall) == pytest.approx(dict(two.overall), rel=rel, nan_ok=True)
    return True


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, test_size=0.5, random_state=0, stratify=y
    )
    classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    return y_test, classifier.fit(X_train, y_train).predict_proba(X_test)


# Measured with scikit-learn 1.9.1 and model-diagnostics 1.5.0 on these probabilities; another
# build of the solver may move the last digits.
DIGITS = {
    "n_samples": 899,
    "log_loss": 0.12682434407622195,
    "macro_log_loss": 0.12675045503830423,
    "label_entropy": 2.3024429904229877,
    "skill": 0.9449174878,
    "predictive_entropy": 0.185147635,
}
DIGIT_MEANS = [
    *(0.0109424695, 0.1123949153, 0.07597739559, 0.1551862504, 0.1432449949),
    *(0.1611045085, 0.2011799007, 0.02722607465, 0.2661658983, 0.1140821425),
]


def test_figures_of_a_logistic_regression_on_digits(digits):
    report = log_loss_report(*digits)
    assert {name: report.overall[name] for name in DIGITS} == pytest.approx(DIGITS, rel=1e-4)
    assert report.overall["z"] == pytest.approx(-2.97, abs=0.005)
    np.testing.assert_allclose(report.per_class["log_loss"], DIGIT_MEANS, rtol=1e-4)
    supports = [89, 91, 88, 92, 91, 91, 91, 89, 87, 90]
    assert report.per_class["support"].tolist() == supports
    in_bits = log_loss_report(*digits, base=2).overall["log_loss"]
    assert in_bits == pytest.approx(0.182968852262761, rel=1e-4)


# Figures against formulas.


def two_sided(gap, variance, third):
    """Twice the tail beyond the gap of the Pearson curve of type III with these moments."""
    curve = pearson3(third / variance**1.5, scale=np.sqrt(variance))
    return np.minimum(2 * np.where(gap < 0, curve.cdf(gap), curve.sf(gap)), 1)


@pytest.mark.parametrize("error", [1e-3, 1e-6, 1e-9, 1e-15, 1e-100, 5e-324])
@pytest.mark.parametrize("n", [3, 100])
def test_no_error_where_none_is_expected_is_no_news(error, n):
    """And one is: its chance is that of one error or more."""
    p = np.tile([1 - 2 * error, error, error], (n, 1))
    none, one = np.zeros(n, dtype=int), np.eye(1, n, dtype=int)[0]
    report = log_loss_report(none, p, labels=[0, 1, 2])
    assert report.overall["p_value"] > 0.8
    assert report.overall["z"] < 0
    assert np.nanmin(report.per_class["p_value"]) > 0.8
    if n * error < 0.01:
        report = log_loss_report(one, p, labels=[0, 1, 2])
        assert report.overall["p_value"] < 4 * n * error
        assert report.per_class["p_value"][1] < 4 * n * error


@pytest.mark.parametrize("base", [math.e, 2, 10, None])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("n", "k"), [(200, 3), (300, 2), (2500, 100), (40_000, 5)])
def test_columns_follow_their_formulas(base, weighted, n, k):
    """The larger tables are read in several blocks."""
    y, p, w = data(n, k)
    w = w if weighted else np.ones(n)
    unit = math.log(base or math.e)
    losses = -np.log(p[np.arange(n), y])
    cost = -p * np.log(p)
    of_class = np.eye(k)[y].T
    weight, total = of_class @ w, w.sum()
    report = log_loss_report(y, p, sample_weight=w if weighted else None, base=base)
    contribution, expected = of_class @ (w * losses) / total, w @ cost / total
    variance = w**2 @ (p * (1 - p) * np.log(p) ** 2) / total**2
    third = w**3 @ (p * (1 - p) * (1 - 2 * p) * (-np.log(p)) ** 3) / total**3
    means = contribution * total / weight
    expect = {
        "support": of_class.sum(axis=1),
        "weight": weight,
        "prevalence": weight / total,
        "mean_proba": w @ p / total,
        "log_loss": means / unit,
        "contribution": contribution / unit,
        "share": contribution / contribution.sum(),
        "baseline": -np.log(weight / total) / unit,
        "skill": 1 + means / np.log(weight / total),
        "expected": expected / unit,
        "gap": (contribution - expected) / unit,
        "z": (contribution - expected) / np.sqrt(variance),
        "p_value": two_sided(contribution - expected, variance, third),
        "floored": np.zeros(k),
    }
    # The intervals have their own tests.
    assert [c for c in report.per_class if not c.startswith("ci_")] == list(expect)
    assert list(report.per_class) == COLUMNS
    for name, values in expect.items():
        np.testing.assert_allclose(report.per_class[name], values, 1e-8, 1e-13, err_msg=name)
    entropy = cost.sum(axis=1)
    gap = w @ (losses - entropy) / total
    beyond = -np.log(p) - entropy[:, None]
    variance = w**2 @ (p * beyond**2).sum(axis=1) / total**2
    third = w**3 @ (p * beyond**3).sum(axis=1) / total**3
    overall = {name: v for name, v in report.overall.items() if "ci_" not in name}
    assert overall == pytest.approx(
        {
            "n_samples": n,
            "weight": total,
            "log_loss": np.average(losses, weights=w) / unit,
            "macro_log_loss": means.mean() / unit,
            "label_entropy": label_entropy(y, sample_weight=w) / unit,
            "skill": sklearn.metrics.d2_log_loss_score(y, p, sample_weight=w),
            "predictive_entropy": np.average(entropy, weights=w) / unit,
            "gap": gap / unit,
            "z": gap / math.sqrt(variance),
            "p_value": two_sided(gap, variance, third),
            "perplexity": perplexity(y, p, sample_weight=w),
            "floored": 0,
        },
        rel=1e-8,
    )


@pytest.mark.parametrize("weighted", [False, True])
def test_what_must_add_up_adds_up(weighted):
    y, p, w = data(500, 6)
    w = w if weighted else None
    report = log_loss_report(y, p, sample_weight=w, base=2)
    column, overall = report.per_class, report.overall
    loss = log_loss(y, p, sample_weight=w, base=2)
    assert overall["log_loss"] == pytest.approx(loss, abs=1e-9)
    assert column["contribution"].sum() == pytest.approx(loss, abs=1e-9)
    assert column["share"].sum() == pytest.approx(1, abs=1e-9)
    assert column["prevalence"].sum() == pytest.approx(1, abs=1e-9)
    assert column["mean_proba"].sum() == pytest.approx(1, abs=1e-9)
    assert column["expected"].sum() == pytest.approx(overall["predictive_entropy"], abs=1e-9)
    assert column["gap"].sum() == pytest.approx(overall["gap"], abs=1e-9)
    assert column["prevalence"] @ column["log_loss"] == pytest.approx(loss, abs=1e-9)
    assert column["prevalence"] @ column["baseline"] == pytest.approx(overall["label_entropy"])
    assert column["weight"].sum() == pytest.approx(overall["weight"])
    assert column["support"].sum() == overall["n_samples"] == 500


def test_the_variance_of_the_gap_is_that_of_simulated_labels():
    """
    Labels are drawn from the model's own probabilities, 20,000 times.

    A standard deviation from R normal draws has a relative standard error of 1 / sqrt(2 R),
    here 0.5 %, and a mean one of sd / sqrt(R); the tolerances are 5 of each.
    """
    y, p, w = data(150, 3, seed=2)
    report = log_loss_report(y, p, sample_weight=w)
    draws = 20_000
    rng = np.random.default_rng(0)
    uniform = rng.random((draws, 150, 1))
    drawn = (uniform > p.cumsum(axis=1)[:, :2]).sum(axis=2)
    costs = -w / w.sum() * np.log(p[np.arange(150), drawn])
    by_class = np.stack([np.where(drawn == c, costs, 0).sum(axis=1) for c in range(3)])
    for simulated, expected, gap, z in [
        *zip(by_class, *(report.per_class[c] for c in ("expected", "gap", "z")), strict=True),
        (
            costs.sum(axis=1),
            *(report.overall[name] for name in ("predictive_entropy", "gap", "z")),
        ),
    ]:
        sd = gap / z
        assert simulated.std() == pytest.approx(sd, rel=5 * 0.005)
        assert simulated.mean() == pytest.approx(expected, abs=5 * sd / math.sqrt(draws))


def drawn_size(p, w=None, draws=4000):
    """How often each tail of the test rejects labels drawn from p itself: classes, then all."""
    rng = np.random.default_rng(1)
    (n, k), upper = p.shape, p.cumsum(axis=1)[:, :-1]
    low, high = np.zeros(k + 1), np.zeros(k + 1)
    for _ in range(draws):
        y = (rng.random((n, 1)) > upper).sum(axis=1)
        report = log_loss_report(y, p, labels=range(k), sample_weight=w)
        rejected = np.array([*report.per_class["p_value"], report.overall["p_value"]]) < 0.05
        z = np.array([*report.per_class["z"], report.overall["z"]])
        low += rejected & (z < 0)
        high += rejected & (z > 0)
    return low / draws, high / draws


# Four standard errors of a share over 4,000 draws, and 0.4 % for what a curve with three
# moments leaves out.
TOLERANCE = 4 * math.sqrt(0.025 * 0.975 / 4000) + 0.004


@pytest.mark.slow
@pytest.mark.parametrize(
    ("n", "k", "weighted"), [(30, 3, False), (150, 10, False), (1000, 4, False), (1000, 4, True)]
)
def test_each_tail_rejects_a_calibrated_model_in_25_of_1000_draws(n, k, weighted):
    rng = np.random.default_rng(0)
    p = softmax(rng.normal(scale=1.5, size=(n, k)), axis=1)
    low, high = drawn_size(p, rng.uniform(0.5, 2, n) if weighted else None)
    np.testing.assert_allclose(low, 0.025, atol=TOLERANCE)
    np.testing.assert_allclose(high, 0.025, atol=TOLERANCE)


@pytest.mark.slow
def test_each_tail_where_the_model_is_nearly_certain(digits):
    """A class of which hardly an error is expected cannot cost much less: its low tail is less."""
    low, high = drawn_size(digits[1])
    np.testing.assert_allclose(high, 0.025, atol=TOLERANCE)
    assert low[-1] == pytest.approx(0.025, abs=TOLERANCE)
    assert (low < 0.025 + TOLERANCE).all()


def test_the_sign_of_the_gap_says_which_way_the_confidence_is_wrong():
    rng = np.random.default_rng(1)
    logits = rng.normal(scale=1.5, size=(3000, 3))
    y = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
    for factor, sign, words in [
        (3, 1, ": more than expected."),
        (0.4, -1, ": less than expected."),
        (1, 0, ": no more than chance."),
    ]:
        report = log_loss_report(y, factor * logits, from_logits=True)
        z = report.overall["z"]
        assert (z > 5) == (sign > 0)
        assert (z < -5) == (sign < 0)
        assert words in " ".join(str(report).split())


# What cannot be tested.


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("k", range(2, 13))
def test_a_gap_that_is_rounding_is_no_gap(k, dtype):
    """All classes cost the same, so that nothing could have been known."""
    report = log_loss_report(np.resize(np.arange(k), 10 * k), np.full((10 * k, k), 1 / k, dtype))
    assert report.overall["gap"] == pytest.approx(0, abs=1e-12)
    assert math.isnan(report.overall["z"])
    assert math.isnan(report.overall["p_value"])
    assert "cannot be tested" in str(report)


def test_logits_that_are_certain_and_right_have_no_gap():
    y = np.resize([0, 1, 2], 30)
    report = log_loss_report(y, 1000.0 * np.eye(3)[y], from_logits=True)
    assert math.isnan(report.overall["z"])
    assert np.isnan(report.per_class["z"]).all()


def test_weights_that_follow_the_classes_are_not_tested():
    y, p, w = data(200, 3)
    y[:60] = 0
    balanced = log_loss_report(y, p, sample_weight=compute_sample_weight("balanced", y))
    for name in ("z", "p_value"):
        assert math.isnan(balanced.overall[name])
        assert np.isnan(balanced.per_class[name]).all()
    (note,) = balanced.notes
    assert "weights follow the classes" in note
    text = " ".join(str(balanced).split())
    assert "p -: cannot be tested." in text
    assert note in text
    for weight in (None, np.full(200, 3.0), w, np.arange(200) % 2):
        report = log_loss_report(y, p, sample_weight=weight)
        assert report.notes == ()
        assert np.isfinite([report.overall["z"], *report.per_class["p_value"]]).all()


@pytest.mark.parametrize("scale", [1e-95, 1e95])
def test_weights_whose_cubes_are_no_numbers(scale):
    y, p, w = data()
    with pytest.raises(ValueError, match=r"sample_weight sums to .*rescale it to between 1e-90"):
        log_loss_report(y, p, sample_weight=scale * w)
    expected = log_loss(y, p, sample_weight=w)
    assert log_loss(y, p, sample_weight=scale * w) == pytest.approx(expected)
    for near in (1e-80, 1e80):
        report = log_loss_report(y, p, sample_weight=near * w)
        assert report.overall["z"] == pytest.approx(
            log_loss_report(y, p, sample_weight=w).overall["z"]
        )


# Adding up, weights.


@pytest.mark.parametrize("cut", [1, 90, 199])
def test_statistics_of_two_parts_add_up_to_those_of_the_whole(cut):
    y, p, w = data()
    p[:5] = np.eye(3)[[0, 0, 0, 1, 2]]

    def of(rows):
        checked = check_labelled(y[rows], p[rows], labels=[0, 1, 2], sample_weight=w[rows])
        return statistics(checked, EPS)

    whole, added = of(slice(None)), of(slice(cut)) + of(slice(cut, None))
    for field in dataclasses.fields(whole):
        np.testing.assert_allclose(
            getattr(added, field.name), getattr(whole, field.name), rtol=1e-12
        )


def test_weights_are_repeats():
    """Not for tests and intervals: a weight of 2 is one draw that counts twice, not two."""
    y, p, _ = data()
    weight = np.arange(len(y)) % 4
    weighted = log_loss_report(y, p, sample_weight=weight)
    repeated = log_loss_report(np.repeat(y, weight), np.repeat(p, weight, axis=0))
    for name in set(COLUMNS) - {"support", "z", "p_value", "floored", "ci_low", "ci_high"}:
        np.testing.assert_allclose(weighted.per_class[name], repeated.per_class[name], rtol=1e-9)
    for name in ("log_loss", "macro_log_loss", "skill", "predictive_entropy", "gap", "weight"):
        assert weighted.overall[name] == pytest.approx(repeated.overall[name])
    assert (abs(weighted.per_class["z"]) < abs(repeated.per_class["z"])).all()


@pytest.mark.parametrize("eps", [EPS, 0, 1e-3])
def test_a_row_of_weight_zero_is_not_there(eps):
    y, p, w = data()
    kept = np.arange(len(y)) % 3 > 0
    w[~kept] = 0
    p[~kept] = np.eye(3)[(y[~kept] + 1) % 3]  # infinitely wrong
    labels = [0, 1, 2]
    weighted = log_loss_report(y, p, sample_weight=w, labels=labels, eps=eps)
    without = log_loss_report(y[kept], p[kept], sample_weight=w[kept], labels=labels, eps=eps)
    assert same(weighted, without)


def test_the_scale_of_the_weights_does_not_matter():
    y, p, w = data()
    one, other = log_loss_report(y, p, sample_weight=w), log_loss_report(y, p, sample_weight=7 * w)
    for name in set(COLUMNS) - {"weight"}:
        np.testing.assert_allclose(other.per_class[name], one.per_class[name], rtol=1e-9)
    assert other.overall["z"] == pytest.approx(one.overall["z"])


def test_the_base_changes_the_unit_only():
    y, p, w = data()
    nats, bits = (log_loss_report(y, p, sample_weight=w, base=b) for b in (math.e, 2))
    in_units = {"log_loss", "ci_low", "ci_high", "contribution", "baseline", "expected", "gap"}
    for name in COLUMNS:
        factor = math.log(2) if name in in_units else 1
        np.testing.assert_allclose(factor * bits.per_class[name], nats.per_class[name], rtol=1e-9)
    for name in ("perplexity", "skill", "z", "p_value"):
        assert bits.overall[name] == pytest.approx(nats.overall[name])
    assert bits.base == 2
    assert log_loss_report(y, p, base=None).base == math.e


# Inputs.


def test_one_column_is_the_same_as_two():
    y, p, w = data(100, 2)
    expected = log_loss_report(y, p, sample_weight=w)
    assert same(log_loss_report(y, p[:, 1], sample_weight=w), expected)
    names = np.array(["no", "yes"])
    report = log_loss_report(names[y], p[:, 1], pos_label="yes", sample_weight=w)
    assert same(report, expected)
    assert report.labels.tolist() == ["no", "yes"]
    turned = log_loss_report(names[y], p[:, 0], labels=["no", "yes"], pos_label="no")
    assert same(turned, log_loss_report(y, p))


def test_labels_of_any_type_in_any_order():
    y, p, w = data()
    expected = log_loss_report(y, p, sample_weight=w)
    order = [2, 0, 1]
    for names in (np.array(["low", "med", "high"]), np.array([10, -3, 5]), np.array([0.5, 2, -1])):
        report = log_loss_report(names[y], p, labels=names, sample_weight=w)
        assert same(report, expected)
        assert report.labels.tolist() == list(report.target_names) == names.tolist()
        moved = log_loss_report(names[y], p[:, order], labels=names[order], sample_weight=w)
        assert moved.labels.tolist() == names[order].tolist()
        for name in COLUMNS:
            values = expected.per_class[name][order]
            np.testing.assert_allclose(moved.per_class[name], values, rtol=1e-9)


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_columns_of_a_frame_are_matched_by_name(frame):
    y, p, _ = data()
    names = np.array(["a", "b", "c"])
    expected = log_loss_report(names[y], p)
    turned = frame({"c": p[:, 2], "a": p[:, 0], "b": p[:, 1]})
    assert same(log_loss_report(names[y], turned), expected)
    series = pd.Series(names[y], dtype="category") if frame is pd.DataFrame else pl.Series(names[y])
    assert same(log_loss_report(series, turned), expected)


def test_logits_and_rows_that_are_normalised():
    y, p, w = data()
    expected = log_loss_report(y, p, sample_weight=w)
    logits = np.log(p) + 3
    assert same(log_loss_report(y, logits, sample_weight=w, from_logits=True), expected)
    assert same(log_loss_report(y, 5 * p, sample_weight=w, renormalize=True), expected)
    assert same(log_loss_report(np.eye(3)[y], p, sample_weight=w), expected)


def test_inputs_stay_as_they_are():
    y, p, w = data()
    copies = y.copy(), p.copy(), w.copy()
    log_loss_report(y, p, sample_weight=w, labels=(labels := np.arange(3)))
    log_loss_report(y, np.log(p), sample_weight=w, from_logits=True)
    assert [np.array_equal(*pair) for pair in zip(copies, (y, p, w), strict=True)] == [True] * 3
    labels[0] = 5  # the report has a copy


# Edges.


def test_a_class_without_rows():
    report = log_loss_report([0, 2, 2], [[0.5, 0.25, 0.25]] * 3, labels=[0, 1, 2])
    column = {name: values[1] for name, values in report.per_class.items()}
    assert np.isnan([column[name] for name in ("log_loss", "baseline", "skill")]).all()
    zeros = ("support", "weight", "prevalence", "contribution", "share", "floored")
    assert [column[name] for name in zeros] == [0] * 6
    assert column["expected"] == pytest.approx(0.25 * math.log(4))
    assert column["gap"] == -column["expected"]
    assert column["z"] < 0
    assert report.overall["macro_log_loss"] == pytest.approx((math.log(2) + math.log(4)) / 2)
    line = str(report).splitlines()[-2]
    assert line.split()[:4] == ["1", "0", "-", "-"]


def test_rows_of_one_class():
    report = log_loss_report(["a", "a"], [[0.5, 0.5], [0.25, 0.75]], labels=["a", "b"])
    assert report.overall["label_entropy"] == 0
    assert math.isnan(report.overall["skill"])
    assert report.per_class["share"].tolist() == [1, 0]
    assert math.isnan(report.per_class["skill"][0])
    assert report.per_class["baseline"][0] == 0
    assert "skill -." in str(report)
    single = log_loss_report(["a", "a"], [[1.0], [1.0]], labels=["a"])
    assert single.overall["log_loss"] == 0


def test_certain_and_right():
    report = log_loss_report([0, 1, 1], [[1, 0], [0, 1], [0, 1]])
    assert report.overall["log_loss"] == report.overall["gap"] == 0
    assert report.overall["skill"] == report.overall["perplexity"] == 1
    assert math.isnan(report.overall["z"])
    for name in ("share", "z", "p_value"):
        assert np.isnan(report.per_class[name]).all()
    assert report.per_class["gap"].tolist() == [0, 0]
    assert "z -, p -: cannot be tested." in str(report)


def test_certain_and_wrong():
    report = log_loss_report([0, 1, 1], [[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    floor = -math.log(EPS)
    assert report.overall["log_loss"] == pytest.approx(floor / 3)
    assert report.per_class["log_loss"] == pytest.approx([0, floor / 2])
    assert report.per_class["floored"].tolist() == [0, 1]
    assert report.overall["floored"] == 1
    assert report.overall["z"] == math.inf
    assert report.overall["p_value"] == 0
    assert "Rows whose class had a probability below eps: 1." in str(report)


def test_rows_below_the_floor():
    p = np.array([[1 - 1e-4, 1e-4], [0.5, 0.5], [0.99, 0.01]])
    report = log_loss_report([1, 1, 1], p, labels=[0, 1], eps=0.01)
    assert report.per_class["floored"].tolist() == [0, 1]  # a probability of eps is above it
    assert report.overall["log_loss"] == pytest.approx((2 * math.log(100) + math.log(2)) / 3)
    assert report.overall["log_loss"] == pytest.approx(
        log_loss([1, 1, 1], p, labels=[0, 1], eps=0.01)
    )


def test_without_a_floor_a_loss_is_infinite():
    report = log_loss_report([0, 1, 1], [[0.5, 0.5], [0.2, 0.8], [1, 0]], eps=0)
    assert report.overall["log_loss"] == report.overall["z"] == math.inf
    assert report.overall["p_value"] == 0
    assert report.per_class["z"][1] == math.inf
    assert report.overall["predictive_entropy"] < 1
    assert report.per_class["log_loss"].tolist() == [pytest.approx(math.log(2)), math.inf]
    assert np.isfinite(report.per_class["expected"]).all()
    assert " inf " in str(report)


def test_a_thousand_classes():
    y, p, _ = data(3000, 1000)
    report = log_loss_report(y, p)
    assert report.overall["log_loss"] == pytest.approx(sklearn.metrics.log_loss(y, p))
    assert len(str(report).splitlines()) == 1000 + 5
    assert len(report.to_frame()) == 1000


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"target_names": ["a", "b"]}, "target_names must name each of the 3 classes; got 2"),
        ({"base": 1}, "base must be"),
        ({"eps": 1}, "eps must be"),
        ({"labels": range(4)}, "labels names 4 classes, but y_proba has 3"),
        ({"sample_weight": [1]}, "sample_weight must have shape"),
    ],
)
def test_errors(params, message):
    y, p, _ = data()
    with pytest.raises(ValueError, match=message):
        log_loss_report(y, p, **params)


# The result.


def test_a_report_cannot_be_changed():
    y, p, _ = data()
    labels = np.array([0, 1, 2])
    report = log_loss_report(y, p, labels=labels)
    for name in ("base", "labels", "overall"):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(report, name, None)
    with pytest.raises(TypeError):
        report.per_class["z"] = None
    with pytest.raises(TypeError):
        report.overall["z"] = 0
    for array in (report.labels, *report.per_class.values()):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    labels[0] = 9
    assert report.labels[0] == 0


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda r: pickle.loads(pickle.dumps(r))])
def test_copies_of_a_report(copied):
    y, p, _ = data()
    weight = compute_sample_weight("balanced", y)
    for report in (log_loss_report(y, p, base=2), log_loss_report(y, p, sample_weight=weight)):
        other = copied(report)
        assert other is not report
        assert same(other, report)
        assert (str(other), repr(other)) == (str(report), repr(report))
        assert other.labels.tolist() == report.labels.tolist()
        assert (other.base, other.notes) == (report.base, report.notes)


def test_the_repr_is_one_line():
    y, p, _ = data()
    report = log_loss_report(y, p, base=2)
    loss = log_loss(y, p, base=2)
    expected = (
        f"<LogLossReport: {loss:.4f} bits, 3 classes, 200 rows; print() it or call to_frame()>"
    )
    assert repr(report) == expected
    units = {math.e: "nats", 10: "hartleys", 3: "units of log base 3"}
    for base, name in units.items():
        assert f" {name}, 3 classes" in repr(log_loss_report(y, p, base=base))


@pytest.mark.parametrize(
    ("backend", "kind"),
    [(None, pd.DataFrame), ("pandas", pd.DataFrame), ("polars", pl.DataFrame)],
)
def test_frames(backend, kind):
    y, p, _ = data()
    report = log_loss_report(y, p, labels=[0, 1, 2])
    frame = report.to_frame(backend)
    assert isinstance(frame, kind)
    assert list(frame.columns) == ["class", *COLUMNS]
    assert list(frame["class"]) == [0, 1, 2]
    for name in COLUMNS:
        np.testing.assert_array_equal(frame[name].to_numpy(), report.per_class[name])


@pytest.mark.parametrize(
    ("labels", "pandas_kind", "polars_type"),
    [
        ([0, 1], "i", pl.Int64),
        ([False, True], "b", pl.Boolean),
        ([0.5, 1.5], "f", pl.Float64),
        (["a", "b"], "OT", pl.String),
    ],
)
def test_frames_keep_the_type_of_the_labels(labels, pandas_kind, polars_type):
    report = log_loss_report(labels, [[0.5, 0.5]] * 2, labels=labels)
    column = report.to_frame("pandas")["class"]
    assert column.tolist() == labels
    if isinstance(labels[0], str):
        assert pd.api.types.is_string_dtype(column.dtype)
    else:
        assert column.dtype.kind in pandas_kind
    assert report.to_frame("polars").schema["class"] == polars_type
    assert report.to_frame("pandas")["support"].dtype.kind == "i"


def test_a_frame_of_an_unknown_kind():
    report = log_loss_report([0, 1], [[0.5, 0.5]] * 2)
    with pytest.raises(ValueError, match=r"backend must be one of pandas, polars.*got 'spark'"):
        report.to_frame("spark")


def test_target_names():
    y, p, _ = data()
    report = log_loss_report(y, p, target_names=["ape", "bee", "cat"])
    assert report.labels.tolist() == [0, 1, 2]
    assert report.target_names == ("ape", "bee", "cat")
    assert report.to_frame()["class"].tolist() == ["ape", "bee", "cat"]
    assert [line.split()[0] for line in str(report).splitlines()[-3:]] == ["ape", "bee", "cat"]
    numbered = log_loss_report(y, p, target_names=np.array([7, 8, 9]))
    assert numbered.target_names == ("7", "8", "9")


# Text.


def test_the_text():
    """Of powers of 2, by hand: the losses of class b are 3 bits, expected 2, variance 5/2."""
    report = log_loss_report(
        ["a", "b", "b", "c"],
        [[0.5, 0.25, 0.25], [0.25, 0.5, 0.25], [0.5, 0.25, 0.25], [0.25, 0.25, 0.5]],
        base=2,
    )
    assert str(report).splitlines() == [
        "Log loss 1.2500 bits (0.8079 to 2.9970) over 4 rows.",
        "Mean of the classes 1.1667; the prior alone costs 1.5000: skill 0.1667.",
        "The model expected 1.5000: gap -0.2500, z -1.00, p 0.317: no more than chance.",
        "",
        "class support log_loss ci_low ci_high share     gap     z p_value",
        "a           1   1.0000      -       - 20.0% -0.2500 -0.71   0.505",
        "b           2   1.5000      -       - 60.0%  0.2500  0.63   0.489",
        "c           1   1.0000      -       - 20.0% -0.2500 -0.63   0.563",
    ]


HOSTILE = [
    "plain",
    "a class name that is much longer than the room that a terminal has for it, or any table",
    "<b>bold</b>",
    "line\nbreak\ttab",
    "\x1b[31mred\x07\x00",
    "漢字の名前はとても長いので切られる",
    "e\u0301\u0301 combining",
    "\u202eright to left\u200b",
    "",
]


def columns_of(line):
    """How many columns of a terminal a line takes."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in line
    )


def test_hostile_names_keep_to_their_column():
    y, p, _ = data(300, len(HOSTILE))
    text = str(log_loss_report(y, p, target_names=HOSTILE))
    lines = text.split("\n")
    assert len(lines) == len(HOSTILE) + 5
    assert text.replace("\n", "").isprintable()
    table = lines[4:]
    assert {columns_of(line) for line in table} == {max(map(columns_of, table))}
    assert max(map(columns_of, lines)) <= 80
    assert lines[5].startswith("plain ")
    assert "…" in lines[6]
    assert lines[7].startswith("<b>bold</b>")
    assert lines[8].startswith("line\\nbreak")
    assert lines[9].startswith("\\x1b[31mred")


@pytest.mark.parametrize("base", [2, 1.001, math.pi, 1e6])
@pytest.mark.parametrize("repeat", [1, 20_000])
@pytest.mark.parametrize("p", [2e-16, 0.0, 1e-9, 0.3])
def test_extreme_figures_fit_80_columns(base, repeat, p):
    y = np.tile([0, 1, 0, 1, 1], repeat)
    proba = np.tile([[1 - p, p]], (len(y), 1))
    report = log_loss_report(y, proba, base=base, target_names=["x" * 99, "y" * 99])
    assert max(map(len, str(report).splitlines())) <= 80


def test_columns_and_width_of_the_text():
    y, p, w = data()
    report = log_loss_report(y, p, sample_weight=w, target_names=["x" * 50, "y", "z"])
    chosen = report.to_text(columns=["z", "prevalence", "weight", "floored"])
    header, first = chosen.splitlines()[-4:-2]
    assert header.split() == ["class", "z", "prevalence", "weight", "floored"]
    assert first.split()[1:] == [
        f"{report.per_class['z'][0]:.2f}",
        f"{100 * report.per_class['prevalence'][0]:.1f}%",
        f"{report.per_class['weight'][0]:.6g}",
        "0",
    ]
    assert "x" * 50 in report.to_text(width=200)
    assert "x" * 50 not in report.to_text()
    assert all(name in report.to_text(columns=iter(COLUMNS)) for name in COLUMNS)
    assert report.to_text(columns=[]).splitlines()[-1] == "z".ljust(50)


def test_a_single_column_needs_no_list():
    report = log_loss_report([0, 1], [[0.5, 0.5]] * 2)
    assert report.to_text("log_loss") == report.to_text(["log_loss"])


def test_an_unknown_column_is_answered_with_the_names():
    report = log_loss_report([0, 1], [[0.5, 0.5]] * 2)
    with pytest.raises(ValueError, match=r"columns must be among support, .*; got 'loss', 'zz'"):
        report.to_text(columns=["loss", "z", "zz"])


# Out-of-fold predictions.

X, Y = load_iris(return_X_y=True)
X = StandardScaler().fit_transform(X)
NAMES = np.array(["setosa", "versicolor", "virginica"])
UNEQUAL = PredefinedSplit(
    np.repeat([0, 1, 2], [10, 50, 90])[np.random.RandomState(0).permutation(150)]
)
LACKING = PredefinedSplit(np.where(Y == 2, 0, np.arange(150) % 3))


def by_fold(X, y, cv, labels):
    """Pooled rows of every test fold, and probabilities with a column for each label."""
    rows, tables = [], []
    for train, test in cv.split(X, y):
        estimator = LogisticRegression().fit(X[train], y[train])
        table = np.zeros((len(test), len(labels)))
        for j, label in enumerate(estimator.classes_):
            table[:, list(labels).index(label)] = estimator.predict_proba(X[test])[:, j]
        rows.append(test)
        tables.append(table)
    return np.concatenate(rows), np.concatenate(tables)


def cv_results(X, y, cv, **params):
    return cross_validate(
        LogisticRegression(), X, y, cv=cv, return_estimator=True, return_indices=True, **params
    )


@pytest.mark.parametrize(
    "cv",
    [
        UNEQUAL,
        LACKING,
        KFold(3, shuffle=True, random_state=0),
        ShuffleSplit(4, test_size=0.3, random_state=0),
        RepeatedKFold(n_splits=3, n_repeats=2, random_state=0),
    ],
    ids=["unequal", "lacking", "KFold", "ShuffleSplit", "RepeatedKFold"],
)
@pytest.mark.parametrize("names", [np.arange(3), NAMES, NAMES[::-1]], ids=["int", "str", "turned"])
def test_out_of_fold_rows_are_pooled(cv, names):
    y, labels = names[Y], np.unique(names)
    weight = np.random.default_rng(0).uniform(0.5, 2, 150)
    rows, table = by_fold(X, y, cv, labels)
    results = cv_results(X, y, cv)
    report = LogLossReport.from_cv_results(results, X, y, sample_weight=weight, base=2)
    expected = log_loss_report(y[rows], table, labels=labels, sample_weight=weight[rows], base=2)
    if len(set(rows)) < len(rows):  # rows that were drawn together say less than they seem to
        assert "several test folds" in report.notes[0]
        assert "cannot be tested" in str(report)
        for figures in (expected._overall, expected._per_class):
            unknown = [c for c in figures if "ci_" in c or c in {"z", "p_value"}]
            figures |= {name: np.nan * figures[name] for name in unknown}
    else:
        assert report.notes == ()
    assert same(report, expected)
    assert report.labels.tolist() == labels.tolist()
    assert report.overall["n_samples"] == len(rows)
    own = table[np.arange(len(rows)), np.searchsorted(labels, y[rows])]
    losses = -np.log2(np.maximum(own, EPS))
    assert report.overall["log_loss"] == pytest.approx(np.average(losses, weights=weight[rows]))


def test_the_pooled_loss_is_not_the_mean_of_unequal_folds():
    results = cv_results(X, Y, UNEQUAL, scoring="neg_log_loss")
    sizes = [len(test) for test in results["indices"]["test"]]
    pooled = LogLossReport.from_cv_results(results, X, Y).overall["log_loss"]
    assert pooled == pytest.approx(-np.average(results["test_score"], weights=sizes))
    assert pooled != pytest.approx(-results["test_score"].mean(), rel=0.01)


def test_a_class_missing_from_training_costs_the_floor():
    with pytest.warns(UserWarning, match="Scoring failed"):
        results = cv_results(X, Y, LACKING, scoring="neg_log_loss")
    report = LogLossReport.from_cv_results(results, X, Y)
    assert report.per_class["floored"].tolist() == [0, 0, 50]
    assert report.per_class["log_loss"][2] == pytest.approx(-math.log(EPS))


@pytest.mark.parametrize(
    "convert",
    [
        lambda X: pd.DataFrame(X, index=np.arange(1000, 1150), columns=list("abcd")),
        lambda X: pl.DataFrame(X, schema=list("abcd")),
        lambda X: X.tolist(),
    ],
    ids=["pandas", "polars", "list"],
)
def test_out_of_fold_rows_of_any_container(convert):
    cv = KFold(3, shuffle=True, random_state=0)
    expected = LogLossReport.from_cv_results(cv_results(X, NAMES[Y], cv), X, NAMES[Y])
    data = convert(X)
    y = pd.Series(NAMES[Y], index=np.arange(1000, 1150))
    weight = pd.Series(np.ones(150), index=y.index)
    results = cv_results(data, y, cv)
    report = LogLossReport.from_cv_results(results, data, y, sample_weight=weight)
    assert same(report, expected)


@pytest.mark.parametrize("convert", [sparse.coo_array, sparse.coo_matrix, sparse.csr_array])
def test_out_of_fold_rows_of_a_sparse_matrix(convert):
    cv = KFold(3, shuffle=True, random_state=0)
    expected = LogLossReport.from_cv_results(cv_results(X, Y, cv), X, Y)
    results = cv_results(sparse.csr_array(X), Y, cv)
    assert same(LogLossReport.from_cv_results(results, convert(X), Y), expected, rel=1e-6)


class NamedColumns(ClassifierMixin, BaseEstimator):
    """Predicts a data frame whose columns are in another order than the classes."""

    def __init__(self, frame=pd.DataFrame):
        self.frame = frame

    def fit(self, X, y):
        self.inner_ = LogisticRegression().fit(X, y)
        self.classes_ = self.inner_.classes_
        return self

    def predict_proba(self, X):
        table = self.inner_.predict_proba(X)
        return self.frame({str(c): table[:, j] for j, c in [*enumerate(self.classes_)][::-1]})


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
@pytest.mark.parametrize("cv", [UNEQUAL, LACKING], ids=["unequal", "lacking"])
def test_out_of_fold_columns_are_matched_by_name(frame, cv):
    y = NAMES[Y]
    options = {"return_estimator": True, "return_indices": True, "scoring": lambda *_: 0.0}
    expected = cross_validate(LogisticRegression(), X, y, cv=cv, **options)
    results = cross_validate(NamedColumns(frame), X, y, cv=cv, **options)
    report = LogLossReport.from_cv_results(results, X, y)
    assert same(report, LogLossReport.from_cv_results(expected, X, y))


class FailsOnHundredRows(LogisticRegression):
    def fit(self, X, y):
        if len(X) == 100:
            msg = "one hundred"
            raise ValueError(msg)
        return super().fit(X, y)


def test_a_fold_whose_fit_failed():
    with pytest.warns(FitFailedWarning, match="one hundred"):
        results = cross_validate(
            FailsOnHundredRows(), X, Y, cv=UNEQUAL, return_estimator=True, return_indices=True
        )
    with pytest.raises(ValueError, match="the estimator of fold 1 is not fitted"):
        LogLossReport.from_cv_results(results, X, Y)


@pytest.mark.parametrize(
    ("rows", "labels", "weight", "message"),
    [
        (149, 150, None, "X and y must be those .*at least 150 rows; got 149 and 150"),
        (150, 149, None, "at least 150 rows; got 150 and 149"),
        (149, 149, None, "at least 150 rows; got 149 and 149"),
        (150, 150, 149, r"sample_weight must have shape \(150,\).*got \(149,\)"),
    ],
)
@pytest.mark.parametrize("convert", [np.asarray, pd.DataFrame, np.ndarray.tolist])
def test_out_of_fold_lengths(rows, labels, weight, message, convert):
    results = cv_results(X, Y, UNEQUAL)
    weight = None if weight is None else np.ones(weight)
    with pytest.raises(ValueError, match=message):
        LogLossReport.from_cv_results(results, convert(X[:rows]), Y[:labels], sample_weight=weight)


def test_out_of_fold_arguments_are_listed():
    names = list(inspect.signature(LogLossReport.from_cv_results).parameters)
    options = ["target_names", "sample_weight", "base", "eps", "confidence_level"]
    assert names == ["cv_results", "X", "y", *options]


def test_out_of_fold_arguments_are_passed_on():
    results = cv_results(X, Y, KFold(3, shuffle=True, random_state=0))
    report = LogLossReport.from_cv_results(results, X, Y, target_names=NAMES, eps=0.5)
    assert report.target_names == tuple(NAMES)
    assert report.overall["log_loss"] <= math.log(2)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({}, "no 'estimator' and no 'indices'; call cross_validate with return_estimator=True"),
        ({"return_estimator": True}, "cv_results has no 'indices';"),
        ({"return_indices": True}, "cv_results has no 'estimator';"),
    ],
)
def test_results_without_estimators_or_indices(params, message):
    results = cross_validate(LogisticRegression(), X, Y, cv=3, **params)
    with pytest.raises(ValueError, match=message):
        LogLossReport.from_cv_results(results, X, Y)


def test_labels_of_another_type_than_the_estimators():
    results = cv_results(X, Y, KFold(3, shuffle=True, random_state=0))
    with pytest.raises(ValueError, match=r"y holds '[012]' .*another type, \[0, 1, 2\]"):
        LogLossReport.from_cv_results(results, X, Y.astype(str))


@pytest.mark.parametrize("scale", [1e-12, 1e-4, 1.0, 1e6])
def test_the_unit_of_the_weights_does_not_decide_whether_they_follow_the_classes(scale):
    y, p, w = data(500, 3)
    free = log_loss_report(y, p, sample_weight=scale * w)
    assert free.notes == ()
    plain = log_loss_report(y, p, sample_weight=w)
    assert free.overall["p_value"] == pytest.approx(plain.overall["p_value"])
    balanced = log_loss_report(y, p, sample_weight=scale * np.array([1.0, 2.0, 3.0])[y])
    assert len(balanced.notes) == 1
    assert np.isnan(balanced.overall["p_value"])
