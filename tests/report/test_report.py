"""The report: its figures against formulas and simulations, and how it is shown."""

import copy
import dataclasses
import json
import math
import pickle
import re

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn.metrics
from hypothesis import given, settings
from hypothesis import strategies as st
from names import HOSTILE, columns_of
from reports import (
    COLUMNS,
    EPS,
    LOSSES,
    OVERALL,
    data,
    quick,
    regression_on_digits,
    same,
    same_columns,
)
from scipy.special import softmax
from scipy.stats import gamma, pearson3
from sklearn.utils.class_weight import compute_sample_weight

from skxent import label_entropy, log_loss, log_loss_report, perplexity
from skxent._intake._rows import check_labelled
from skxent.statistic._sums import statistics

NEEDS_RECALIBRATION = {"recoverable", "recoverable_low", "recoverable_high"}
NEEDS_ISOTONIC = {"miscalibration", "discrimination", "miscalibration_null", "miscalibration_p"}

# On every backend.
pytestmark = pytest.mark.usefixtures("backend")


@pytest.fixture(scope="module")
def digits():
    return regression_on_digits()


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
    report = quick(*digits)
    assert {name: report.overall[name] for name in DIGITS} == pytest.approx(DIGITS, rel=1e-4)
    assert report.overall["z"] == pytest.approx(-2.97, abs=0.005)
    np.testing.assert_allclose(report.per_class["log_loss"], DIGIT_MEANS, rtol=1e-4)
    supports = [89, 91, 88, 92, 91, 91, 91, 89, 87, 90]
    assert report.per_class["support"].tolist() == supports
    in_bits = quick(*digits, base=2).overall["log_loss"]
    assert in_bits == pytest.approx(0.182968852262761, rel=1e-4)
    assert report.per_class["ovr_log_loss"].sum() == pytest.approx(0.228123535, rel=1e-4)
    parts = report.loss_confusion / report.overall["log_loss"]
    assert np.unravel_index(parts.argmax(), parts.shape) == (8, 1)
    assert parts.max() == pytest.approx(0.100, abs=0.0005)
    assert report.per_class["top_rival"][8] == 1


# Figures against formulas.


def two_sided(gap, variance, third):
    """
    Twice the tail beyond the gap of the Pearson curve of type III with these moments.

    Above 0 it is at least that of Poisson counts with the same moments, whose distribution
    between whole numbers is that of a gamma variable.
    """
    curve = pearson3(third / variance**1.5, scale=np.sqrt(variance))
    rate, step = variance**3 / third**2, third / variance
    counts = [gamma.cdf(rate, rate + gap / step + more) for more in (0, 1)]
    above = np.where(third > 0, np.maximum(curve.sf(gap), np.mean(counts, axis=0)), curve.sf(gap))
    return np.minimum(2 * np.where(gap < 0, curve.cdf(gap), above), 1)


@pytest.mark.parametrize("error", [1e-3, 1e-6, 1e-9, 1e-15, 1e-100, 5e-324])
@pytest.mark.parametrize("n", [3, 100])
def test_no_error_where_none_is_expected_is_no_news(error, n):
    """And one is: its chance is that of one error or more."""
    p = np.tile([1 - 2 * error, error, error], (n, 1))
    none, one = np.zeros(n, dtype=int), np.eye(1, n, dtype=int)[0]
    report = quick(none, p, labels=[0, 1, 2])
    assert report.overall["p_value"] > 0.8
    assert report.overall["z"] < 0
    assert np.nanmin(report.per_class["p_value"]) > 0.8
    if n * error < 0.01:
        report = quick(one, p, labels=[0, 1, 2])
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
    report = quick(y, p, sample_weight=w if weighted else None, base=base)
    positive = of_class.astype(bool)
    ovr = w @ np.where(positive.T, -np.log(p), -np.log(1 - p)) / total
    prevalence = weight / total
    prior = -prevalence * np.log(prevalence) - (1 - prevalence) * np.log(1 - prevalence)
    blame = (w * losses / (1 - p[np.arange(n), y]))[:, None] * np.where(positive.T, 0, p)
    confusion = of_class @ blame / total
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
        "ovr_log_loss": ovr / unit,
        "uncertainty": prior / unit,
        "floored": np.zeros(k),
        "top_rival_share": confusion.max(axis=1) / contribution,
    }
    # The intervals, the evidence, the recalibration and the isotonic fits have their own tests.
    others = {"ci_low", "ci_high", "e_value", "top_rival"} | NEEDS_RECALIBRATION | NEEDS_ISOTONIC
    assert [c for c in COLUMNS if c not in others] == list(expect)
    assert list(report.per_class) == list(COLUMNS)
    for name, values in expect.items():
        np.testing.assert_allclose(report.per_class[name], values, 1e-8, 1e-13, err_msg=name)
    assert report.per_class["top_rival"].tolist() == confusion.argmax(axis=1).tolist()
    np.testing.assert_allclose(report.loss_confusion, confusion / unit, 1e-8, 1e-13)
    entropy = cost.sum(axis=1)
    gap = w @ (losses - entropy) / total
    beyond = -np.log(p) - entropy[:, None]
    variance = w**2 @ (p * beyond**2).sum(axis=1) / total**2
    third = w**3 @ (p * beyond**3).sum(axis=1) / total**3
    assert list(report.overall) == list(OVERALL)
    others = {
        "e_value",
        "refinement_loss",
        "calibration_loss",
        "tail_share",
        "gini",
    } | NEEDS_RECALIBRATION
    known = {n: v for n, v in report.overall.items() if n not in others and "ci_" not in n}
    assert known == pytest.approx(
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
    report = quick(y, p, sample_weight=w, base=2)
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
    left = column["miscalibration"] - column["discrimination"] + column["uncertainty"]
    np.testing.assert_allclose(left, column["ovr_log_loss"], rtol=0, atol=1e-9)
    rows = report.loss_confusion.sum(axis=1)
    np.testing.assert_allclose(rows, column["contribution"], rtol=0, atol=1e-9)


def test_the_variance_of_the_gap_is_that_of_simulated_labels():
    """
    Labels are drawn from the model's own probabilities, 20,000 times.

    A standard deviation from R normal draws has a relative standard error of 1 / sqrt(2 R),
    here 0.5 %, and a mean one of sd / sqrt(R); the tolerances are 5 of each.
    """
    y, p, w = data(150, 3, seed=2)
    report = quick(y, p, sample_weight=w)
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
        report = quick(y, p, labels=range(k), sample_weight=w)
        rejected = np.array([*report.per_class["p_value"], report.overall["p_value"]]) < 0.05
        z = np.array([*report.per_class["z"], report.overall["z"]])
        low += rejected & (z < 0)
        high += rejected & (z > 0)
    return low / draws, high / draws


# Four standard errors of a share over 4,000 draws, and 0.4 % for what a curve with three
# moments leaves out.
TOLERANCE = 4 * math.sqrt(0.025 * 0.975 / 4000) + 0.004


# A simulation is of what is computed, which other tests hold to be the same on every backend.
simulation = pytest.mark.parametrize("backend", ["numpy"], indirect=True)


@pytest.mark.slow
@simulation
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
@simulation
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
        (3, 1, ": over-confident"),
        (0.4, -1, ": under-confident"),
        (1, 0, ": no more than chance"),
    ]:
        report = quick(y, factor * logits, from_logits=True)
        z = report.overall["z"]
        assert (z > 5) == (sign > 0)
        assert (z < -5) == (sign < 0)
        assert words in " ".join(str(report).split())


# What cannot be tested.


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("k", range(2, 13))
def test_a_gap_that_is_rounding_is_no_gap(k, dtype):
    """All classes cost the same, so that nothing could have been known."""
    report = quick(np.resize(np.arange(k), 10 * k), np.full((10 * k, k), 1 / k, dtype))
    assert report.overall["gap"] == pytest.approx(0, abs=1e-12)
    assert math.isnan(report.overall["z"])
    assert math.isnan(report.overall["p_value"])
    assert "cannot be tested" in str(report)


def test_logits_that_are_certain_and_right_have_no_gap():
    y = np.resize([0, 1, 2], 30)
    report = quick(y, 1000.0 * np.eye(3)[y], from_logits=True)
    assert math.isnan(report.overall["z"])
    assert np.isnan(report.per_class["z"]).all()


def test_weights_that_follow_the_classes_are_not_tested():
    y, p, w = data(200, 3)
    y[:60] = 0
    balanced = quick(y, p, sample_weight=compute_sample_weight("balanced", y))
    for name in ("z", "p_value"):
        assert math.isnan(balanced.overall[name])
        assert np.isnan(balanced.per_class[name]).all()
    note = balanced.notes[0]
    assert "weights follow the classes" in note
    text = " ".join(str(balanced).split())
    assert "p -: cannot be tested" in text
    assert note in text
    for weight in (None, np.full(200, 3.0), w, np.arange(200) % 2):
        report = quick(y, p, sample_weight=weight)
        assert all(note.startswith("No e-value") for note in report.notes)
        assert np.isfinite([report.overall["z"], *report.per_class["p_value"]]).all()


@pytest.mark.parametrize("scale", [1e-95, 1e95])
def test_weights_whose_cubes_are_no_numbers(scale):
    y, p, w = data()
    with pytest.raises(ValueError, match=r"sample_weight sums to .*rescale it to between 1e-90"):
        quick(y, p, sample_weight=scale * w)
    expected = log_loss(y, p, sample_weight=w)
    assert log_loss(y, p, sample_weight=scale * w) == pytest.approx(expected)
    for near in (1e-80, 1e80):
        report = quick(y, p, sample_weight=near * w)
        assert report.overall["z"] == pytest.approx(quick(y, p, sample_weight=w).overall["z"])


# Adding up, weights.


@pytest.mark.parametrize("cut", [1, 90, 199])
def test_statistics_of_two_parts_add_up_to_those_of_the_whole(cut):
    y, p, w = data()
    p[:5] = np.eye(3)[[0, 0, 0, 1, 2]]

    def of(rows):
        checked = check_labelled(y[rows], p[rows], labels=[0, 1, 2], sample_weight=w[rows])
        return statistics(checked, EPS)

    whole, added = of(slice(None)), of(slice(cut)) + of(slice(cut, None))
    for field in dataclasses.fields(whole)[:-1]:  # without groups
        np.testing.assert_allclose(
            getattr(added, field.name), getattr(whole, field.name), rtol=1e-12
        )


def test_weights_are_repeats():
    """Not for tests and intervals: a weight of 2 is one draw that counts twice, not two."""
    y, p, _ = data()
    weight = np.arange(len(y)) % 4
    weighted = quick(y, p, sample_weight=weight)
    repeated = quick(np.repeat(y, weight), np.repeat(p, weight, axis=0))
    others = ("support", "z", "p_value", "e_value", "floored", "ci_low", "ci_high")
    assert same_columns(weighted, repeated, but=others)
    names = ("log_loss", "macro_log_loss", "skill", "predictive_entropy", "gap", "weight")
    for name in (*names, "perplexity", "tail_share", "gini"):
        assert weighted.overall[name] == pytest.approx(repeated.overall[name])
    assert (abs(weighted.per_class["z"]) < abs(repeated.per_class["z"])).all()


@pytest.mark.parametrize("eps", [EPS, 0, 1e-3])
def test_a_row_of_weight_zero_is_not_there(eps):
    y, p, w = data()
    kept = np.arange(len(y)) % 3 > 0
    w[~kept] = 0
    p[~kept] = np.eye(3)[(y[~kept] + 1) % 3]  # infinitely wrong
    labels = [0, 1, 2]
    weighted = quick(y, p, sample_weight=w, labels=labels, eps=eps)
    without = quick(y[kept], p[kept], sample_weight=w[kept], labels=labels, eps=eps)
    assert same(weighted, without)


def test_the_scale_of_the_weights_does_not_matter():
    y, p, w = data()
    one, other = quick(y, p, sample_weight=w), quick(y, p, sample_weight=7 * w)
    assert same_columns(one, other, but=["weight"])
    assert other.overall["z"] == pytest.approx(one.overall["z"])


def test_the_base_changes_the_unit_only():
    y, p, w = data()
    nats, bits = (log_loss_report(y, p, sample_weight=w, base=b, n_null=20) for b in (math.e, 2))
    unit = math.log(2)
    for name in set(COLUMNS) - {"top_rival"}:
        factor = unit if name in LOSSES else 1
        np.testing.assert_allclose(factor * bits.per_class[name], nats.per_class[name], rtol=1e-9)
    same_unit = {"n_samples", "weight", "skill", "z", "p_value", "e_value", "perplexity", "floored"}
    for name in OVERALL:
        factor = 1 if name in same_unit | {"tail_share", "gini"} else unit
        assert factor * bits.overall[name] == pytest.approx(nats.overall[name], nan_ok=True), name
    np.testing.assert_allclose(unit * bits.loss_confusion, nats.loss_confusion)
    for name in ("log_loss", "ci_low", "ci_high", "gain", "gain_low", "gain_high", "class_gain"):
        one, other = getattr(bits.recalibration, name), getattr(nats.recalibration, name)
        np.testing.assert_allclose(unit * one, other, atol=1e-12)
    np.testing.assert_allclose(unit * bits.worst_rows["log_loss"], nats.worst_rows["log_loss"])
    for one, other in zip(bits.reliability, nats.reliability, strict=True):
        np.testing.assert_array_equal(one.share, other.share)
    assert bits.base == 2
    assert quick(y, p, base=None).base == math.e


# Inputs.


def test_one_column_is_the_same_as_two():
    y, p, w = data(100, 2)
    expected = quick(y, p, sample_weight=w)
    assert same(quick(y, p[:, 1], sample_weight=w), expected)
    names = np.array(["no", "yes"])
    report = quick(names[y], p[:, 1], pos_label="yes", sample_weight=w)
    assert same(report, expected, but=["top_rival"])
    assert report.labels.tolist() == ["no", "yes"]
    assert report.per_class["top_rival"].tolist() == ["yes", "no"]
    turned = quick(names[y], p[:, 0], labels=["no", "yes"], pos_label="no")
    assert same(turned, quick(y, p), but=["top_rival"])


def test_labels_of_any_type_in_any_order():
    y, p, w = data()
    expected = quick(y, p, sample_weight=w)
    order = [2, 0, 1]
    for names in (np.array(["low", "med", "high"]), np.array([10, -3, 5]), np.array([0.5, 2, -1])):
        report = quick(names[y], p, labels=names, sample_weight=w)
        assert same(report, expected, but=["top_rival"])
        rivals = names[expected.per_class["top_rival"].astype(int)]
        assert report.per_class["top_rival"].tolist() == rivals.tolist()
        assert report.labels.tolist() == list(report.target_names) == names.tolist()
        moved = quick(names[y], p[:, order], labels=names[order], sample_weight=w)
        assert moved.labels.tolist() == names[order].tolist()
        for name in set(COLUMNS) - {"top_rival"}:
            values = expected.per_class[name][order]
            np.testing.assert_allclose(moved.per_class[name], values, 1e-9, 1e-11, err_msg=name)


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_columns_of_a_frame_are_matched_by_name(frame):
    y, p, _ = data()
    names = np.array(["a", "b", "c"])
    expected = quick(names[y], p)
    turned = frame({"c": p[:, 2], "a": p[:, 0], "b": p[:, 1]})
    assert same(quick(names[y], turned), expected)
    series = pd.Series(names[y], dtype="category") if frame is pd.DataFrame else pl.Series(names[y])
    assert same(quick(series, turned), expected)


def test_logits_and_rows_that_are_normalised():
    y, p, w = data()
    expected = quick(y, p, sample_weight=w)
    logits = np.log(p) + 3
    assert same(quick(y, logits, sample_weight=w, from_logits=True), expected)
    assert same(quick(y, 5 * p, sample_weight=w, renormalize=True), expected)
    assert same(quick(np.eye(3)[y], p, sample_weight=w), expected)


def test_inputs_stay_as_they_are():
    y, p, w = data()
    copies = y.copy(), p.copy(), w.copy()
    quick(y, p, sample_weight=w, labels=(labels := np.arange(3)))
    quick(y, np.log(p), sample_weight=w, from_logits=True)
    assert [np.array_equal(*pair) for pair in zip(copies, (y, p, w), strict=True)] == [True] * 3
    labels[0] = 5  # the report has a copy


# Edges.


def test_a_class_without_rows():
    report = quick([0, 2, 2], [[0.5, 0.25, 0.25]] * 3, labels=[0, 1, 2])
    column = {name: values[1] for name, values in report.per_class.items()}
    assert np.isnan([column[name] for name in ("log_loss", "baseline", "skill")]).all()
    zeros = ("support", "weight", "prevalence", "contribution", "share", "floored")
    assert [column[name] for name in zeros] == [0] * 6
    assert column["expected"] == pytest.approx(0.25 * math.log(4))
    assert column["gap"] == -column["expected"]
    assert column["z"] < 0
    assert report.overall["macro_log_loss"] == pytest.approx((math.log(2) + math.log(4)) / 2)
    assert table_of(str(report))[2].split()[:4] == ["1", "0", "-", "-"]


def test_rows_of_one_class():
    report = quick(["a", "a"], [[0.5, 0.5], [0.25, 0.75]], labels=["a", "b"])
    assert report.overall["label_entropy"] == 0
    assert math.isnan(report.overall["skill"])
    assert report.per_class["share"].tolist() == [1, 0]
    assert math.isnan(report.per_class["skill"][0])
    assert report.per_class["baseline"][0] == 0
    assert "skill -," in str(report)
    single = quick(["a", "a"], [[1.0], [1.0]], labels=["a"])
    assert single.overall["log_loss"] == 0


def test_certain_and_right():
    report = quick([0, 1, 1], [[1, 0], [0, 1], [0, 1]])
    assert report.overall["log_loss"] == report.overall["gap"] == 0
    assert report.overall["skill"] == report.overall["perplexity"] == 1
    assert math.isnan(report.overall["z"])
    for name in ("share", "z", "p_value"):
        assert np.isnan(report.per_class[name]).all()
    assert report.per_class["gap"].tolist() == [0, 0]
    assert "z -, p -: cannot be tested" in str(report)


def test_certain_and_wrong():
    report = quick([0, 1, 1], [[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    floor = -math.log(EPS)
    assert report.overall["log_loss"] == pytest.approx(floor / 3)
    assert report.per_class["log_loss"] == pytest.approx([0, floor / 2])
    assert report.per_class["floored"].tolist() == [0, 1]
    assert report.overall["floored"] == 1
    assert report.overall["z"] == math.inf
    assert report.overall["p_value"] == 0
    assert "Below eps 1 row gave its class" in str(report)


def test_rows_below_the_floor():
    p = np.array([[1 - 1e-4, 1e-4], [0.5, 0.5], [0.99, 0.01]])
    report = quick([1, 1, 1], p, labels=[0, 1], eps=0.01)
    assert report.per_class["floored"].tolist() == [0, 1]  # a probability of eps is above it
    assert report.overall["log_loss"] == pytest.approx((2 * math.log(100) + math.log(2)) / 3)
    assert report.overall["log_loss"] == pytest.approx(
        log_loss([1, 1, 1], p, labels=[0, 1], eps=0.01)
    )


def test_without_a_floor_a_loss_is_infinite():
    report = quick([0, 1, 1], [[0.5, 0.5], [0.2, 0.8], [1, 0]], eps=0)
    assert report.overall["log_loss"] == report.overall["z"] == math.inf
    assert report.overall["p_value"] == 0
    assert report.per_class["z"][1] == math.inf
    assert report.overall["predictive_entropy"] < 1
    assert report.per_class["log_loss"].tolist() == [pytest.approx(math.log(2)), math.inf]
    assert np.isfinite(report.per_class["expected"]).all()
    assert " inf " in str(report)


def test_a_thousand_classes():
    y, p, _ = data(3000, 1000)
    report = quick(y, p)
    assert report.overall["log_loss"] == pytest.approx(sklearn.metrics.log_loss(y, p))
    assert len(table_of(str(report))) == 1000 + 1
    assert len(report.to_frame()) == 1000


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"target_names": ["a", "b"]}, "target_names must name each of the 3 classes.*got 2"),
        ({"base": 1}, "base must be"),
        ({"eps": 1}, "eps must be"),
        ({"labels": range(4)}, "labels names 4 classes, but y_proba has 3"),
        ({"sample_weight": [1]}, "sample_weight must have shape"),
    ],
)
def test_errors(params, message):
    y, p, _ = data()
    with pytest.raises(ValueError, match=message):
        quick(y, p, **params)


# Every report that can be made, with all that it shows.


def thousand():
    rng = np.random.default_rng(0)
    return rng.integers(1000, size=300), rng.dirichlet(np.full(1000, 0.1), 300)


BAD = {
    "one class": ([0, 0, 0], np.ones((3, 1)), {"labels": [0]}),
    "one row": ([1], [[0.2, 0.5, 0.3]], {"labels": [0, 1, 2]}),
    "one row that is right": ([1], [[0.0, 1.0, 0.0]], {"labels": [0, 1, 2]}),
    "two rows": ([0, 1], [[0.2, 0.8], [0.3, 0.7]], {}),
    "a class without rows": ([0, 2] * 9, [[0.5, 0.2, 0.3]] * 18, {"labels": [0, 1, 2]}),
    "rows of one class": ([1] * 20, [[0.2, 0.8], [0.5, 0.5]] * 10, {"labels": [0, 1]}),
    "weights on one class": ([0, 1] * 10, [[0.4, 0.6]] * 20, {"sample_weight": [1, 0] * 10}),
    "weight on one row": ([0, 1] * 10, [[0.4, 0.6]] * 20, {"sample_weight": [3] + [0] * 19}),
    "certain and right": ([0, 1] * 10, np.eye(2)[[0, 1] * 10], {}),
    "certain and wrong": ([0, 1] * 10, np.eye(2)[[1, 0] * 10], {}),
    "certain and half right": ([0, 1, 0, 1] * 5, np.eye(2)[[1, 0, 0, 1] * 5], {}),
    "without a floor": ([0, 1, 0, 1] * 5, np.eye(2)[[1, 0, 0, 1] * 5], {"eps": 0}),
    "infinite in some": ([0, 1, 2] * 5, [[0, 0.5, 0.5]] * 15, {"eps": 0}),
    "a thousand classes": (*thousand(), {"labels": range(1000)}),
    "one column": ([0, 1] * 20, np.linspace(0, 1, 40), {}),
    "one column of text": (["no", "yes"] * 20, np.linspace(0, 1, 40), {"pos_label": "yes"}),
    "fewer rows than folds": ([0, 1, 2, 0], data(10, 3)[1][:4], {}),
    "one row a class": (np.arange(7), data(10, 7)[1][:7], {}),
    "all the same": ([0, 1, 2] * 10, np.full((30, 3), 1 / 3), {}),
    "subnormal": ([0, 1] * 10, [[5e-324, 1.0]] * 20, {"eps": 0}),
    "tiny weights": ([0, 1] * 10, [[0.4, 0.6]] * 20, {"sample_weight": [1e-80, 2e-80] * 10}),
    "very unequal weights": (*data(30, 3)[:2], {"sample_weight": np.logspace(-40, 0, 30)}),
    "integers": ([0, 1, 1], np.array([[1, 0], [0, 1], [1, 0]]), {}),
    "half precision": (*(x[:30] for x in data(30, 3)[:1]), data(30, 3)[1].astype("f2"), {}),
    "far logits": ([0, 1, 2], np.diag([1e4, -1e4, 800.0]), {"from_logits": True}),
    "impossible logits": ([0, 1, 2], [[0, -np.inf, 1]] * 3, {"from_logits": True}),
}


@pytest.mark.parametrize("name", BAD)
def test_there_is_a_report_of_every_input(name):
    """No warning, which would be an error here, and what is nan has a reason."""
    y, p, params = BAD[name]
    report = log_loss_report(y, p, n_null=20, **params)
    column, overall = report.per_class, report.overall
    assert list(column) == list(COLUMNS)
    assert list(overall) == list(OVERALL)
    assert {len(v) for v in column.values()} == {len(report.labels)}
    assert overall["log_loss"] == pytest.approx(log_loss(y, p, **params))
    always = ("weight", "prevalence", "mean_proba", "contribution", "expected", "ovr_log_loss")
    for figure in (*always, "uncertainty", "discrimination", "miscalibration"):
        assert not np.isnan(column[figure]).any(), figure
    for figure in ("label_entropy", "predictive_entropy", "macro_log_loss", "perplexity", "gap"):
        assert not math.isnan(overall[figure]), figure
    there = column["support"] > 0
    assert np.isnan(column["log_loss"]).tolist() == (~there).tolist()
    assert (np.isnan(column["ci_low"]) >= (column["support"] < 3)).all()
    for recoverable in (column["recoverable"], overall["recoverable"]):
        assert np.isnan(recoverable).all() == (report.recalibration is None)
    assert (report.recalibration is None) == any(
        "no recalibration" in note for note in report.notes
    )
    if report.recalibration is not None:
        assert np.isfinite(report.recalibration.log_loss).all()
        assert column["recoverable"].sum() == pytest.approx(overall["recoverable"], abs=1e-9)
    testable = not any("no test" in note for note in report.notes)
    assert np.isnan(column["miscalibration_null"]).all() == (not testable)
    assert column["contribution"].sum() == pytest.approx(overall["log_loss"], abs=1e-9)
    rows = report.loss_confusion.sum(axis=1)
    np.testing.assert_allclose(rows, column["contribution"], atol=1e-4)
    text = str(report)
    assert "nan" not in text
    assert repr(report).startswith("<LogLossReport")
    assert len(report.to_frame()) == len(report.labels)
    assert all(isinstance(finding, str) for finding in report.findings)


# Identities that hold for all data.


@st.composite
def tables(draw):
    """Labels, probabilities of which some are 0 or 1, and weights of which some are 0."""
    k, n = draw(st.integers(2, 5)), draw(st.integers(1, 25))
    seed, power = draw(st.integers(0, 2**32 - 1)), draw(st.sampled_from([1, 1, 8, 40]))
    rng = np.random.default_rng(seed)
    p = rng.random((n, k)) ** power
    p[rng.random((n, k)) < draw(st.sampled_from([0, 0.3]))] = 0.0
    p[p.sum(axis=1) == 0] = 1.0
    w = rng.choice(draw(st.sampled_from([[1.0], [0.0, 1.0, 2.5], [0.5, 1e-6]])), n)
    w[0] = 1.0
    return rng.integers(k, size=n), p / p.sum(axis=1, keepdims=True), w


@settings(max_examples=60, deadline=None)
@given(tables(), st.sampled_from([EPS, 1e-3]), st.booleans())
def test_identities(table, eps, in_bits):
    y, p, w = table
    k, base = p.shape[1], 2.0 if in_bits else math.e
    params = {"labels": range(k), "sample_weight": w, "eps": eps, "base": base}
    report = quick(y, p, **params)
    column, overall = report.per_class, report.overall
    loss, close = overall["log_loss"], {"rtol": 1e-9, "atol": 1e-9}
    assert loss == pytest.approx(log_loss(y, p, **params), rel=1e-9, abs=1e-12)
    there = w @ np.eye(k)[y] > 0
    sums = {
        "contribution": loss,
        "expected": overall["predictive_entropy"],
        "gap": overall["gap"],
        "prevalence": 1.0,
        "weight": overall["weight"],
        "support": overall["n_samples"],
        "floored": overall["floored"],
    }
    for name, expected in sums.items():
        np.testing.assert_allclose(column[name].sum(), expected, **close, err_msg=name)
    if loss > 0:
        assert column["share"].sum() == pytest.approx(1)
    prevalence = column["prevalence"][there]
    assert prevalence @ column["log_loss"][there] == pytest.approx(loss, abs=1e-9)
    assert prevalence @ column["baseline"][there] == pytest.approx(
        overall["label_entropy"], abs=1e-9
    )
    assert column["log_loss"][there].mean() == pytest.approx(overall["macro_log_loss"])
    left = column["miscalibration"] - column["discrimination"] + column["uncertainty"]
    np.testing.assert_allclose(left, column["ovr_log_loss"], **close)
    assert (column["discrimination"] > -1e-9).all()
    np.testing.assert_allclose(report.loss_confusion.sum(axis=1), column["contribution"], **close)
    np.testing.assert_array_equal(np.diagonal(report.loss_confusion), 0)
    assert overall["gap"] == pytest.approx(loss - overall["predictive_entropy"], abs=1e-9)
    assert overall["perplexity"] == pytest.approx(base**loss)
    assert not overall["tail_share"] < 0.01 - 1e-9
    assert not overall["gini"] < -1e-9


@settings(max_examples=40, deadline=None)
@given(tables(), st.randoms(use_true_random=False), st.sampled_from([EPS, 0.0]))
def test_other_names_and_another_order_of_the_classes(table, random, eps):
    """Everything moves with its class."""
    y, p, w = table
    k = p.shape[1]
    order = random.sample(range(k), k)
    names = np.array([f"class {c}" for c in range(k)])
    one = quick(y, p, labels=range(k), sample_weight=w, eps=eps)
    other = quick(names[y], p[:, order], labels=names[order], sample_weight=w, eps=eps)
    for name in set(COLUMNS) - {"top_rival"}:
        expected = one.per_class[name][order]
        np.testing.assert_allclose(other.per_class[name], expected, 1e-6, 1e-9, err_msg=name)
    overall = {n: v for n, v in one.overall.items() if n not in ("z", "p_value")}
    assert {n: other.overall[n] for n in overall} == pytest.approx(
        overall, rel=1e-6, abs=1e-9, nan_ok=True
    )
    moved = one.loss_confusion[np.ix_(order, order)]
    np.testing.assert_allclose(other.loss_confusion, moved, 1e-9, 1e-12)
    for curve, expected in zip(other.reliability, [one.reliability[c] for c in order], strict=True):
        np.testing.assert_array_equal(curve.proba, expected.proba)
        np.testing.assert_allclose(curve.share, expected.share, atol=1e-12)
        np.testing.assert_allclose(curve.counts, expected.counts)
    assert other.worst_rows["row"].tolist() == one.worst_rows["row"].tolist()
    own = [names[c] for c in one.worst_rows["class"]]
    assert other.worst_rows["class"].tolist() == own


@settings(max_examples=30, deadline=None)
@given(tables(), st.randoms(use_true_random=False))
def test_another_order_of_the_rows(table, random):
    y, p, w = table
    rows = random.sample(range(len(y)), len(y))
    params = {"labels": range(p.shape[1])}
    one = quick(y, p, sample_weight=w, **params)
    other = quick(y[rows], p[rows], sample_weight=w[rows], **params)
    assert same_columns(other, one, 1e-6, but=["z", "p_value", "top_rival"])
    assert other.overall["gini"] == pytest.approx(one.overall["gini"], abs=1e-9, nan_ok=True)


# The result.


def test_a_report_cannot_be_changed():
    y, p, _ = data()
    labels = np.array([0, 1, 2])
    report = quick(y, p, labels=labels)
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
    for report in (quick(y, p, base=2), quick(y, p, sample_weight=weight)):
        other = copied(report)
        assert other is not report
        assert same(other, report)
        assert (str(other), repr(other)) == (str(report), repr(report))
        assert other.labels.tolist() == report.labels.tolist()
        assert (other.base, other.notes) == (report.base, report.notes)


def test_the_repr_is_one_line():
    y, p, _ = data()
    report = quick(y, p, base=2)
    loss = log_loss(y, p, base=2)
    line = repr(report)
    assert line.startswith(f"<LogLossReport: {loss:.4f} bits, 3 classes, 200 rows; print() it")
    assert line.endswith(">")
    assert "\n" not in line
    units = {math.e: "nats", 10: "hartleys", 3: "units of log base 3"}
    for base, name in units.items():
        assert f" {name}, 3 classes" in repr(quick(y, p, base=base))


@pytest.mark.parametrize(
    ("backend", "kind"),
    [(None, pd.DataFrame), ("pandas", pd.DataFrame), ("polars", pl.DataFrame)],
)
def test_frames(backend, kind):
    y, p, _ = data()
    report = quick(y, p, labels=[0, 1, 2])
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
    report = quick(labels, [[0.5, 0.5]] * 2, labels=labels)
    column = report.to_frame("pandas")["class"]
    assert column.tolist() == labels
    if isinstance(labels[0], str):
        assert pd.api.types.is_string_dtype(column.dtype)
    else:
        assert column.dtype.kind in pandas_kind
    assert report.to_frame("polars").schema["class"] == polars_type
    assert report.to_frame("pandas")["support"].dtype.kind == "i"


def test_frames_are_made_of_the_mappings_too():
    """One row a class, one of all, one a row: pandas takes only dicts so."""
    y, p, _ = data(50)
    report = quick(y, p)
    frame = pd.DataFrame(report.per_class, index=report.labels)
    assert frame.shape == (3, len(COLUMNS))
    assert frame["support"].tolist() == report.per_class["support"].tolist()
    assert pl.DataFrame(report.per_class).shape == (3, len(COLUMNS))
    assert pd.DataFrame([report.overall] * 2).shape == (2, len(OVERALL))
    assert pd.Series(report.overall)["log_loss"] == report.overall["log_loss"]
    assert pl.DataFrame(report.overall).shape == (1, len(OVERALL))
    assert len(pd.DataFrame(report.worst_rows)) == len(pl.DataFrame(report.worst_rows)) == 10


@pytest.mark.parametrize("name", ["per_class", "overall", "worst_rows"])
@pytest.mark.parametrize(
    "write",
    [
        lambda m: m.__setitem__("log_loss", 0),
        lambda m: m.__delitem__("log_loss"),
        lambda m: m.update(log_loss=0),
        lambda m: m.pop("log_loss"),
        lambda m: m.setdefault("new", 0),
        lambda m: m.popitem(),
        lambda m: m.clear(),
        lambda m: m.__ior__({"log_loss": 0}),
    ],
)
def test_mappings_cannot_be_written_to(name, write):
    report = quick(*data(50)[:2])
    before = dict(getattr(report, name))
    for mapping in (getattr(report, name), pickle.loads(pickle.dumps(getattr(report, name)))):
        with pytest.raises(TypeError, match="read-only; change a copy"):
            write(mapping)
        assert list(mapping) == list(before)
    assert isinstance(copy.copy(getattr(report, name)), dict)


def test_a_frame_of_an_unknown_kind():
    report = quick([0, 1], [[0.5, 0.5]] * 2)
    with pytest.raises(ValueError, match=r"backend must be one of pandas, polars.*got 'spark'"):
        report.to_frame("spark")


def test_target_names():
    y, p, _ = data()
    report = quick(y, p, target_names=["ape", "bee", "cat"])
    assert report.labels.tolist() == [0, 1, 2]
    assert report.target_names == ("ape", "bee", "cat")
    assert report.to_frame()["class"].tolist() == ["ape", "bee", "cat"]
    assert [line.split()[0] for line in table_of(str(report))[1:]] == ["ape", "bee", "cat"]
    numbered = quick(y, p, target_names=np.array([7, 8, 9]))
    assert numbered.target_names == ("7", "8", "9")


# Notes.


@pytest.mark.parametrize("n", [1, 2, 4, 5])
def test_a_class_of_a_few_rows_is_noted(n):
    """One of a single row has no interval, and another note."""
    y, p = np.repeat([0, 1], [40, n]), np.random.default_rng(0).uniform(0.5, 0.9, 40 + n)
    notes = quick(y, np.c_[p, 1 - p]).notes
    note = "One class has fewer than 5 rows: what hangs on these is rough."
    assert (note in notes) == (n in {2, 4})


@pytest.mark.parametrize(
    "row", [(1 / 3, 1 / 3, 1 / 3), (0.5, 0.5, 0.0), (0.2, 0.3, 0.5), (0.25, 0.75, 0.0)]
)
def test_a_loss_that_is_the_same_whatever_occurs_has_no_test_and_a_note(row):
    report = quick([0, 1] * 20, [row] * 40, labels=[0, 1, 2])
    known = row[0] == row[1]
    assert math.isnan(report.overall["z"]) == math.isnan(report.overall["p_value"]) == known
    assert any("all rows together have neither z nor p" in note for note in report.notes) == known
    assert not math.isnan(report.per_class["p_value"][0])


# Text.


def table_of(text):
    """Lines of the table of the classes, from its header to an empty line or the end."""
    lines = text.split("\n")
    start = next(i for i, line in enumerate(lines) if line.split()[:1] == ["class"])
    return lines[start : [*lines, ""].index("", start)]


def test_the_text():
    """Of powers of 2, by hand: the losses of class b are 3 bits, expected 2, variance 5/2."""
    report = quick(
        ["a", "b", "b", "c"],
        [[0.5, 0.25, 0.25], [0.25, 0.5, 0.25], [0.5, 0.25, 0.25], [0.25, 0.25, 0.5]],
        base=2,
    )
    assert str(report).splitlines() == [
        "The loss of 1.2500 bits is 17 % below that of class frequencies alone. 4 rows",
        "are too few to say more.",
        "",
        "Log loss  1.2500 bits (0.8079 to 2.9970) over 4 rows",
        "Prior     1.5000, skill 0.1667, mean of the classes 1.1667",
        "Expected  1.5000: gap -0.2500, z -1.00, p 0.317: no more than chance",
        "",
        "log_loss: mean of the rows of a class, with its 95 % interval. share: of the",
        "whole loss. gap: what the class adds to it beyond what the model expected; z and",
        "p_value say whether that is chance.",
        "",
        "class support log_loss ci_low ci_high share     gap     z p_value",
        "a           1   1.0000      -       - 20.0% -0.2500 -0.71   0.505",
        "b           2   1.5000      -       - 60.0%  0.2500  0.63   0.506",
        "c           1   1.0000      -       - 20.0% -0.2500 -0.63   0.563",
    ]


def test_the_columns_that_come_by_themselves_are_explained():
    y, p, _ = data(200, 3)
    report = quick(y, p, confidence_level=0.9)
    text = " ".join(str(report).split())
    assert "log_loss: mean of the rows of a class, with its 90 % interval. share: of" in text
    assert "interval. share" not in report.to_text(columns=["support"])


def test_an_e_value_is_beside_what_is_strong():
    y, p, _ = data(300, 2)
    text = str(quick(y, 1 - p))
    assert "against the probabilities; 20 is strong" in text


def test_no_line_ends_within_a_word():
    y, p, _ = data(300, 3)
    report = quick(y, p**3, renormalize=True)
    assert "over-confident" in report.verdict
    for width in range(40, 101):
        text = report.to_text(width=width)
        assert "over-confident" in text
        assert not re.search(r"\w-$", text, re.MULTILINE)


def test_one_row_and_one_class_are_one():
    one = quick(["a"], [[1.0]])
    assert repr(one).startswith("<LogLossReport: 0.0000 nats, 1 class, 1 row; ")
    assert "2 classes, 3 rows;" in repr(quick([0, 1, 1], [0.5, 0.5, 0.5]))


def test_hostile_names_keep_to_their_column():
    y, p, _ = data(300, len(HOSTILE))
    text = str(quick(y, p, target_names=HOSTILE))
    table = table_of(text)
    assert len(table) == len(HOSTILE) + 1
    assert text.replace("\n", "").isprintable()
    assert {columns_of(line) for line in table} == {max(map(columns_of, table))}
    assert max(map(columns_of, text.split("\n"))) <= 80
    assert table[1].startswith("plain ")
    assert "…" in table[2]
    assert table[3].startswith("<script>")
    assert table[4].startswith("line\\nbreak")
    assert table[5].startswith("\\x1b[31mred")


@pytest.mark.parametrize("base", [2, 1.001, math.pi, 1e6])
@pytest.mark.parametrize("repeat", [1, 20_000])
@pytest.mark.parametrize("p", [2e-16, 0.0, 1e-9, 0.3])
def test_extreme_figures_fit_80_columns(base, repeat, p):
    y = np.tile([0, 1, 0, 1, 1], repeat)
    proba = np.tile([[1 - p, p]], (len(y), 1))
    report = quick(y, proba, base=base, target_names=["x" * 99, "y" * 99])
    assert max(map(len, str(report).splitlines())) <= 80


def test_columns_and_width_of_the_text():
    y, p, w = data()
    report = quick(y, p, sample_weight=w, target_names=["x" * 50, "y", "z"])
    chosen = report.to_text(columns=["z", "prevalence", "weight", "floored"])
    header, first = table_of(chosen)[:2]
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
    assert table_of(report.to_text(columns=[]))[-1] == "z".ljust(50)


def test_a_single_column_needs_no_list():
    report = quick([0, 1], [[0.5, 0.5]] * 2)
    assert report.to_text("log_loss") == report.to_text(["log_loss"])


def test_an_unknown_column_is_answered_with_the_names():
    report = quick([0, 1], [[0.5, 0.5]] * 2)
    with pytest.raises(ValueError, match=r"columns must be among support, .*; got 'loss', 'zz'"):
        report.to_text(columns=["loss", "z", "zz"])


@pytest.mark.parametrize("scale", [1e-12, 1e-4, 1.0, 1e6])
def test_the_unit_of_the_weights_does_not_decide_whether_they_follow_the_classes(scale):
    y, p, w = data(500, 3)
    free = quick(y, p, sample_weight=scale * w)
    assert not any("no test" in note for note in free.notes)
    plain = quick(y, p, sample_weight=w)
    assert free.overall["p_value"] == pytest.approx(plain.overall["p_value"])
    balanced = quick(y, p, sample_weight=scale * np.array([1.0, 2.0, 3.0])[y])
    assert len(balanced.notes) == 1
    assert np.isnan(balanced.overall["p_value"])


def test_numbers_for_a_tracker_are_flat_finite_and_named_as_trackers_allow():
    y, p, _ = data(200, 3)
    names = ["a b", "a/b", "c<d>"]
    report = quick(y, p, base=2, target_names=names)
    found = report.to_metrics(prefix="test_")
    assert all(re.fullmatch(r"test_[A-Za-z0-9_.-]+", key) for key in found)
    assert all(type(value) is float and math.isfinite(value) for value in found.values())
    assert found["test_log_loss"] == report.overall["log_loss"]
    assert found["test_skill.1_a_b"] == report.per_class["skill"][1]
    assert found["test_log_loss.2_c_d_"] == report.per_class["log_loss"][2]
    assert "test_recoverable" not in found  # it was not computed
    assert "log_loss.b" in quick(y, p, target_names=list("abc")).to_metrics()


@pytest.mark.parametrize("positive", [0, 1])
@pytest.mark.parametrize("from_logits", [False, True])
def test_one_column_for_either_class_gives_the_report_of_two_columns(positive, from_logits):
    rng = np.random.default_rng(0)
    y, p = np.resize([0, 1, 1], 300), rng.uniform(0.01, 0.99, 300)
    p[:2] = 1.0, 0.0  # in rows whose class they exclude, or make certain
    with np.errstate(divide="ignore"):
        column = np.clip(np.log(p) - np.log1p(-p), -800, 800) if from_logits else p
    table = np.column_stack([1 - p, p] if positive else [p, 1 - p])
    options = {"recalibration": False, "n_null": 0, "labels": [0, 1]}
    one = log_loss_report(y, column, pos_label=positive, from_logits=from_logits, **options)
    two = log_loss_report(y, table, **options)
    for name in ("mean_proba", "expected", "contribution", "ovr_log_loss", "miscalibration"):
        assert one.per_class[name] == pytest.approx(two.per_class[name], rel=1e-9), name
    assert one.loss_confusion == pytest.approx(two.loss_confusion, rel=1e-9)


def test_what_a_report_is_of_is_a_dict_among_the_plain_values():
    report = log_loss_report(["a", "b"], [[0.5, 0.5], [0.5, 0.5]], recalibration=False)
    about = report.to_dict()["about"]
    assert about == dataclasses.asdict(report.about)
    assert json.loads(report.to_json())["about"] == about
