"""The test of the gap: its p-values for labels that are drawn from the probabilities."""

import math

import numpy as np
import pytest
from reports import quick
from scipy.special import softmax
from scipy.stats import binom


def drawn(p, rng):
    """Labels that are drawn from the rows of p."""
    return (rng.random((len(p), 1)) > p.cumsum(axis=1)[:, :-1]).sum(axis=1)


def sharp(rng, n, k, scale):
    p = softmax(scale * rng.normal(size=(n, k)), axis=1)
    return drawn(p, rng), p


def test_an_ordinary_gap_has_an_ordinary_p_value():
    """A Pearson curve with the moments of weighted losses may end before z = -1."""
    rng, n_ordinary = np.random.default_rng(1), 0
    for _ in range(20):
        z = 2 * rng.normal(size=(200, 3))
        y = (z + rng.gumbel(size=z.shape)).argmax(axis=1)
        w = np.exp(1.5 * rng.normal(size=200))
        report = quick(y, z, from_logits=True, sample_weight=w)
        ordinary = np.abs(report.per_class["z"]) < 1
        assert (report.per_class["p_value"][ordinary] > 0.2).all()
        n_ordinary += np.count_nonzero(ordinary)
    assert n_ordinary > 20


@pytest.mark.parametrize("scale", [pytest.param(2, marks=pytest.mark.slow), 8])
def test_weights_do_not_make_a_calibrated_model_look_wrong(scale):
    rng, p_values = np.random.default_rng(0), []
    for _ in range(300):
        y, p = sharp(rng, 100, 3, scale)
        report = quick(y, p, labels=range(3), sample_weight=np.exp(rng.normal(size=100)))
        p_values.append([*report.per_class["p_value"], report.overall["p_value"]])
    p_values = np.array(p_values)
    for found in (p_values[:, :3], p_values[:, 3]):
        assert np.mean(found < 0.05) <= 0.07
        assert np.mean(found < 0.01) <= 0.02


@pytest.mark.slow
def test_one_of_many_sharp_classes_is_rarely_found_wrong():
    """With the adjustment of Bonferroni, whose smallest p-value is Holm's."""
    rng, smallest = np.random.default_rng(0), []
    for _ in range(300):
        y, p = sharp(rng, 100, 20, 8)
        smallest.append(20 * np.nanmin(quick(y, p, labels=range(20)).per_class["p_value"]))
    assert np.mean(np.array(smallest) < 0.05) <= 0.07
    assert np.mean(np.array(smallest) < 0.01) <= 0.02


@pytest.mark.parametrize(
    ("n", "error"),
    [*((n, 1e-3) for n in (10, 50, 80, 100, 500, 1000, 3000)), (300, 0.01), (30, 0.1)],
)
def test_the_size_where_few_errors_are_expected(n, error):
    """Exactly: every row has the same chance of an error, so that their number is binomial."""
    p = np.tile([1 - error, error], (n, 1))
    errors = np.arange(min(n, int(binom.isf(1e-7, n, error)) + 2))
    p_values = np.array(
        [quick(np.arange(n) < e, p, labels=[False, True]).overall["p_value"] for e in errors]
    )
    chance = binom.pmf(errors, n, error)
    assert chance[p_values < 0.05].sum() <= 0.07
    assert chance[p_values < 0.01].sum() <= 0.02


def test_no_labels_are_less_likely_than_they_are():
    """3000 rows without one of the three errors that are expected."""
    report = quick(np.zeros(3000, int), np.tile([0.999, 0.001], (3000, 1)), labels=[0, 1])
    for p_value in (report.overall["p_value"], report.per_class["p_value"][1]):
        assert p_value == pytest.approx(2 * 0.999**3000, rel=1e-9)


@pytest.mark.parametrize("weighted", [False, True])
def test_what_is_possible_has_a_positive_p_value(weighted):
    rng = np.random.default_rng(0)
    w = np.exp(rng.normal(size=3000)) if weighted else None
    p = np.tile([0.6, 0.4], (3000, 1))
    for y in (np.zeros(3000, int), np.ones(3000, int)):
        report = quick(y, p, labels=[0, 1], sample_weight=w)
        assert (np.abs(report.per_class["z"]) > 20).all()
        assert (report.per_class["p_value"] > 0).all()
        assert 0 < report.overall["p_value"] < 1e-50


def test_what_the_model_excludes_has_none():
    report = quick([0, 0, 1], [[1.0, 0.0]] * 3, labels=[0, 1])
    assert report.per_class["p_value"][1] == report.overall["p_value"] == 0
    assert report.overall["z"] == math.inf


def test_a_class_that_nearly_every_row_is_of():
    """What its rows can cost at most is an end, too."""
    rng, p_values = np.random.default_rng(3), []
    for _ in range(150):
        p = np.tile([0.97, 0.03], (100, 1))
        w = np.exp(1.5 * rng.normal(size=100))
        report = quick(drawn(p, rng), p, labels=[0, 1], sample_weight=w)
        p_values.append(report.per_class["p_value"])
    assert np.mean(np.array(p_values) < 0.05) <= 0.07
    assert np.mean(np.array(p_values) < 0.01) <= 0.02


def test_rows_of_a_rare_class_do_not_shorten_the_tail_of_others():
    """
    100 rows in which a class has a probability of 0.001, and 20 with one of 0.2.

    Their numbers are binomial, so that the size is a finite sum. The skewness is that of the rare
    ones; that fewer than expected are of the class is a matter of the others.
    """
    p = np.repeat([0.001, 0.2], [100, 20])
    p_values, chances = [], []
    for rare in range(4):
        for often in range(21):
            y = np.r_[np.arange(100) < rare, np.arange(20) < often].astype(int)
            report = quick(y, np.column_stack([1 - p, p]), labels=[0, 1])
            p_values.append(report.per_class["p_value"][1])
            chances.append(binom.pmf(rare, 100, 0.001) * binom.pmf(often, 20, 0.2))
    p_values, chances = np.array(p_values), np.array(chances)
    assert chances.sum() > 0.9999
    assert 0.02 < chances[p_values < 0.05].sum() <= 0.05
    assert chances[p_values < 0.01].sum() <= 0.01
