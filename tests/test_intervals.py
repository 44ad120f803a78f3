"""Confidence intervals of the report."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from skxent import log_loss_report


def draw(n, k=3, scale=2.0, seed=0):
    rng = np.random.default_rng(seed)
    z = scale * rng.normal(size=(n, k))
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    return (p.cumsum(axis=1) < rng.random((n, 1))).sum(axis=1).clip(0, k - 1), p


def hall(x, level=0.95):
    """Hall (1992), section 2, with a t quantile, from the observations themselves."""
    n, t = len(x), stats.t.ppf(0.5 + level / 2, len(x) - 1)
    error, a = stats.sem(x), stats.skew(x, bias=False) / math.sqrt(n)
    root = [3 / a * (np.cbrt(1 + a * (q - a / 6)) - 1) for q in (t, -t)]
    return max(0.0, np.mean(x) - error * root[0]), np.mean(x) - error * root[1]


@pytest.mark.parametrize("level", [0.5, 0.95, 0.99])
@pytest.mark.parametrize("base", [math.e, 2])
def test_the_interval_is_halls(level, base):
    y, p = draw(400)
    report = log_loss_report(y, p, confidence_level=level, base=base)
    losses = -np.log(p[np.arange(400), y]) / math.log(base)
    assert_allclose((report.overall["ci_low"], report.overall["ci_high"]), hall(losses, level))
    for c in range(3):
        ours = report.per_class["ci_low"][c], report.per_class["ci_high"][c]
        assert_allclose(ours, hall(losses[y == c], level), rtol=1e-9)


def test_only_the_proportions_of_weights_matter_and_zero_is_no_row():
    y, p = draw(300)
    w = np.random.default_rng(1).integers(0, 4, 300)
    columns = ["ci_low", "ci_high"]
    weighted = log_loss_report(y, p, sample_weight=w)
    for other in (
        log_loss_report(y, p, sample_weight=0.01 * w),
        log_loss_report(y[w > 0], p[w > 0], sample_weight=w[w > 0]),
    ):
        for c in columns:
            assert_allclose(weighted.per_class[c], other.per_class[c], rtol=1e-9)
            assert_allclose(weighted.overall[c], other.overall[c], rtol=1e-9)
    plain = log_loss_report(y, p)
    assert weighted.overall["ci_high"] - weighted.overall["ci_low"] > (
        plain.overall["ci_high"] - plain.overall["ci_low"]
    )


def test_too_few_rows_have_no_interval_and_equal_losses_one_without_width():
    p = [[0.5, 0.25, 0.25]] * 6
    report = log_loss_report([0, 1, 1, 2, 2, 2], p)
    assert np.isnan(report.per_class["ci_low"]).tolist() == [True, True, False]
    assert report.per_class["ci_low"][2] == pytest.approx(math.log(4))
    assert report.per_class["ci_high"][2] == pytest.approx(math.log(4))
    assert "nan" not in str(report)


def test_the_mean_of_the_classes_has_an_interval_of_its_own():
    y, p = draw(3000)
    report = log_loss_report(y, p)
    means = report.per_class["log_loss"]
    losses = -np.log(p[np.arange(3000), y])
    error = math.sqrt(sum(stats.sem(losses[y == c]) ** 2 for c in range(3))) / 3
    low, high = report.overall["macro_ci_low"], report.overall["macro_ci_high"]
    assert low < means.mean() < high
    assert high - low == pytest.approx(2 * 1.96 * error, rel=0.02)
    assert high - means.mean() > means.mean() - low, "losses are skewed to the right"


@pytest.mark.parametrize("level", [0, 1, -1, math.nan])
def test_levels_that_are_none(level):
    with pytest.raises(ValueError, match=r"confidence_level must be between 0 and 1.*got"):
        log_loss_report([0, 1], [[0.5, 0.5]] * 2, confidence_level=level)


@pytest.mark.slow
@pytest.mark.parametrize("scale", [1, 2, 4, 8])
def test_intervals_cover_from_thirty_rows_a_class(scale):
    """Within 1.2 points of 95 %: the target's 1, and a Monte-Carlo error of two times 0.3."""
    y, p = draw(400_000, scale=scale, seed=1)
    truth = -np.log(p[y == 0, 0]).mean()
    hits = 0
    for seed in range(5000):
        y, p = draw(90, scale=scale, seed=1000 + seed)
        report = log_loss_report(y, p, labels=range(3), recalibration=False, n_null=0)
        hits += report.per_class["ci_low"][0] <= truth <= report.per_class["ci_high"][0]
    assert hits / 5000 == pytest.approx(0.95, abs=0.016)
