"""Whether the gap is tested with weights: not where they come from the labels."""

import math

import numpy as np
import pytest
from reports import calibrated, quick
from scipy.special import softmax
from sklearn.utils.class_weight import compute_sample_weight

from skxent import LogLossAccumulator

NOTE = "weights follow the classes"


def outcomes(n, weights_of, repeats, k=3, scale=2.0):
    """How often a calibrated model is tested, and the largest share of a test that rejects it."""
    tested, rejected = [], []
    for seed in range(repeats):
        rng = np.random.default_rng([n, seed])
        logits = scale * rng.normal(size=(n, k))
        y = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
        p = softmax(logits, axis=1)
        report = quick(y, p, labels=range(k), sample_weight=weights_of(rng, y, logits))
        p_values = np.array([*report.per_class["p_value"], report.overall["p_value"]])
        assert any(NOTE in note for note in report.notes) == math.isnan(p_values[-1])
        tested.append(not math.isnan(p_values[-1]))
        rejected.append(p_values < 0.05)
    return np.mean(tested), np.mean(rejected, axis=0).max()


def of_classes(factors, noise):
    def weights(rng, y, _):
        return np.array(factors)[y] * np.exp(noise * rng.normal(size=len(y)))

    return weights


QUICK = [(60, 200, 1.0), (300, 150, 0.1), (2000, 40, 0.3)]
LONG = [
    *((60, 200, 0.1), (60, 200, 0.3), (300, 150, 0.3), (300, 150, 1.0)),
    *((2000, 40, 0.1), (2000, 40, 1.0)),
]


@pytest.mark.parametrize(
    ("n", "repeats", "noise"), [*QUICK, *(pytest.param(*x, marks=pytest.mark.slow) for x in LONG)]
)
def test_weights_from_the_labels_raise_no_false_alarm(n, repeats, noise):
    """One test of a class at 2000 rows and no noise: 99.5 % of calibrated models are rejected."""
    tested, rejected = outcomes(n, of_classes([1, 1.3, 1.6], noise), repeats)
    assert rejected <= 0.07
    if n == 2000:
        assert tested == 0


def test_one_class_of_ten_that_weighs_double():
    assert outcomes(300, of_classes([2] + 9 * [1], 1.0), 150, k=10)[1] <= 0.08


@pytest.mark.parametrize(
    ("n", "repeats"), [(60, 200), pytest.param(300, 150, marks=pytest.mark.slow), (2000, 40)]
)
def test_weights_from_features_are_mostly_tested(n, repeats):
    """Those of a survey, which go with the classes since the classes go with the features."""

    def weights(rng, y, logits):
        return np.exp(0.25 * logits[:, 0])

    tested, rejected = outcomes(n, weights, repeats)
    assert tested > 0.75
    assert rejected <= 0.08


def test_weights_from_nowhere_are_tested():
    def weights(rng, y, _):
        return np.exp(rng.normal(size=len(y)))

    tested, rejected = outcomes(300, weights, 150)
    assert tested > 0.88
    assert rejected <= 0.07


@pytest.mark.parametrize("n", [60, 300, 2000])
def test_balanced_weights_are_not_tested(n):
    y, p = calibrated(n, 3)
    report = quick(y, p, sample_weight=compute_sample_weight("balanced", y))
    assert math.isnan(report.overall["p_value"])
    assert np.isnan(report.per_class["z"]).all()
    (note,) = report.notes
    assert NOTE in note


def test_a_wrong_model_with_weights_from_nowhere_is_tested():
    rng, tested = np.random.default_rng(0), []
    for seed in range(60):
        y, p = calibrated(600, 3, seed=seed)
        p = softmax(3 * np.log(p), axis=1)
        report = quick(y, p, sample_weight=np.exp(0.5 * rng.normal(size=600)))
        tested.append(report.overall["p_value"] < 1e-3)
    assert np.mean(tested) > 0.85


def test_batches_are_judged_as_one():
    y, p = calibrated(900, 3)
    w = np.array([1, 1.3, 1.6])[y] * np.random.default_rng(0).uniform(0.8, 1.2, 900)
    accumulator = LogLossAccumulator([0, 1, 2])
    for rows in np.array_split(np.argsort(y, kind="stable"), 7):
        accumulator.update(y[rows], p[rows], w[rows])
    report = accumulator.report(n_null=0)
    assert math.isnan(report.overall["p_value"])
    assert any(NOTE in note for note in report.notes)


def in_groups(weights_of, repeats, alike, n_groups=60, size=10):
    """How often the gap is tested where so many rows of a group have the noise in common."""
    tested, rejected = [], []
    for seed in range(repeats):
        rng = np.random.default_rng([3, seed])
        of_group, n = np.repeat(np.arange(n_groups), size), n_groups * size
        logits = 1.6 * rng.normal(size=(n_groups, 3))[of_group] + 1.2 * rng.normal(size=(n, 3))
        own, common = rng.gumbel(size=(n, 3)), rng.gumbel(size=(n_groups, 3))[of_group]
        y = (logits + np.where(rng.random((n, 1)) < alike, common, own)).argmax(axis=1)
        weight = weights_of(rng, y, of_group)
        p = softmax(logits, axis=1)
        report = quick(y, p, labels=range(3), sample_weight=weight, groups=of_group)
        tested.append(not math.isnan(report.overall["p_value"]))
        rejected.append(report.overall["p_value"] < 0.05)
    return np.mean(tested), np.mean(rejected)


@pytest.mark.parametrize("alike", [0.0, 0.7])
def test_weights_that_belong_to_groups_leave_the_gap_tested(alike):
    """Row by row they seem to follow the classes, which are alike in a group as the weights are."""

    def weights(rng, y, of_group):
        return np.exp(0.7 * rng.normal(size=of_group.max() + 1))[of_group]

    tested, rejected = in_groups(weights, 80, alike)
    assert tested > 0.88
    assert rejected <= 0.08


def test_weights_from_the_labels_are_found_in_groups_too():
    def weights(rng, y, of_group):
        return np.array([1, 1.3, 1.6])[y] * np.exp(0.3 * rng.normal(size=len(y)))

    assert in_groups(weights, 40, 0.5)[0] == 0
