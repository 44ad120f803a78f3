"""Confidence intervals of the report."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from reports import QUICK
from scipy import stats
from scipy.special import softmax

from skxent import log_loss_report
from skxent._inference._intervals import Moments
from skxent._inference._paired import interval_with_rare


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


def test_equal_losses_of_uneven_weights_have_no_width_but_that_of_rounding():
    """Their variance is a difference of sums, which is seldom exactly 0."""
    rng = np.random.default_rng(0)
    for n in (60, 5000):
        y, weight = rng.integers(3, size=n), rng.uniform(0.1, 3, n)
        p = np.where(np.eye(3, dtype=bool)[y], 0.3, 0.35)
        report = log_loss_report(y, p, labels=range(3), sample_weight=weight, **QUICK)
        for low, high in (
            (report.overall["ci_low"], report.overall["ci_high"]),
            (report.per_class["ci_low"], report.per_class["ci_high"]),
        ):
            assert_allclose(low, high, rtol=1e-13)


@pytest.mark.parametrize("grouped", [False, True])
def test_equal_losses_are_in_their_interval_whatever_the_order_of_the_sums(grouped):
    for seed in range(20):
        rng = np.random.default_rng(seed)
        y, weight, own = rng.integers(3, size=40), rng.uniform(0.1, 3, 40), rng.uniform(0.1, 0.9)
        p = np.where(np.eye(3, dtype=bool)[y], own, (1 - own) / 2)
        groups = rng.integers(15, size=40) if grouped else None
        report = log_loss_report(
            y, p, labels=range(3), sample_weight=weight, groups=groups, base=2, **QUICK
        )
        for figures, prefix in [
            (report.overall, ""),
            (report.overall, "macro_"),
            (report.per_class, ""),
        ]:
            loss = figures[prefix + "log_loss"]
            assert not np.any(figures[prefix + "ci_low"] > loss)
            assert not np.any(figures[prefix + "ci_high"] < loss)


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


def intervals_of(samples, weights=None):
    """Those of many samples from one report, each as a class: an interval asks its rows alone."""
    k, own = len(samples), np.concatenate(samples)
    y = np.repeat(np.arange(k), [len(sample) for sample in samples])
    p = np.repeat((1 - own[:, None]) / (k - 1), k, axis=1)
    p[np.arange(len(y)), y] = own
    w = None if weights is None else np.concatenate(weights)
    columns = log_loss_report(y, p, labels=range(k), sample_weight=w, **QUICK).per_class
    return columns["ci_low"], columns["ci_high"]


@pytest.mark.slow
@pytest.mark.parametrize("scale", [1, 2, 4, 8])
def test_intervals_cover_from_thirty_rows_a_class(scale):
    """Within 1.2 points of 95 %: the target's 1, and a Monte-Carlo error of two times 0.3."""
    y, p = draw(400_000, scale=scale, seed=1)
    truth = -np.log(p[y == 0, 0]).mean()
    hits = 0
    for first in range(0, 5000, 50):
        draws = (draw(90, scale=scale, seed=1000 + first + i) for i in range(50))
        low, high = intervals_of([p[y == 0, 0] for y, p in draws])
        hits += ((low <= truth) & (truth <= high)).sum()
    assert hits / 5000 == pytest.approx(0.95, abs=0.016)


# Weights.


def hall_of_weighted(x, w, level=0.95):
    """Hall's interval with moments that are unbiased for rows of these weights."""
    a = w / w.sum()
    s2, s3 = (a**2).sum(), (a**3).sum()
    rest, kish, df = x - a @ x, 1 / s2, s2**3 / s3**2 - 1
    error = math.sqrt((a * rest) @ (a * rest) * s2 / (s2 - 2 * s3 + s2**2))
    skew = (a * rest) ** 3 @ np.ones(len(x)) * kish**2 / (kish - 1) / (kish - 2) / error**3
    t = stats.t.ppf(0.5 + level / 2, df)
    root = [3 / skew * (np.cbrt(1 + skew * (q - skew / 6)) - 1) for q in (t, -t)]
    return max(0.0, a @ x - error * root[0]), a @ x - error * root[1]


def test_weights_take_degrees_of_freedom():
    y, p = draw(400)
    w = np.exp(np.random.default_rng(2).normal(size=400))
    report = log_loss_report(y, p, sample_weight=w, **QUICK)
    losses = -np.log(p[np.arange(400), y])
    found = report.overall["ci_low"], report.overall["ci_high"]
    assert_allclose(found, hall_of_weighted(losses, w))
    for c in range(3):
        ours = report.per_class["ci_low"][c], report.per_class["ci_high"][c]
        assert_allclose(ours, hall_of_weighted(losses[y == c], w[y == c]))


@pytest.mark.slow
@pytest.mark.parametrize("n", [30, 100])
def test_weighted_means_are_covered(n):
    """The target's 92 %, and two times a Monte-Carlo error of 0.5 points."""
    many, p = draw(400_000, scale=4.0, seed=1)
    p = p[many == 0]
    truth, rng, hits = -np.log(p[:, 0]).mean(), np.random.default_rng(0), []
    for _ in range(60):
        samples = p[rng.integers(len(p), size=(50, n)), 0]
        low, high = intervals_of(samples, np.exp(rng.normal(size=(50, n))))
        hits += ((low <= truth) & (truth <= high))[~np.isnan(low)].tolist()
    assert len(hits) > 2700
    assert np.mean(hits) >= 0.92


# The mean of the classes.


def test_the_mean_of_few_rows_a_class_has_the_variance_that_is_unbiased():
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(50), 3)
    own = rng.uniform(0.1, 0.9, 150)
    p = np.where(np.eye(50, dtype=bool)[y], own[:, None], (1 - own[:, None]) / 49)
    report = log_loss_report(y, p, **QUICK)
    losses = -np.log(own).reshape(50, 3)
    parts = stats.sem(losses, axis=1) ** 2
    error = math.sqrt(parts.sum()) / 50
    skew = sum(stats.kstat(x, 3) for x in losses) / 9 / 50**3 / error**3
    t = stats.t.ppf(0.975, parts.sum() ** 2 / (parts**2 / 2).sum())
    low, high = (
        losses.mean() - error * 3 / skew * (np.cbrt(1 + skew * (q - skew / 6)) - 1) for q in (t, -t)
    )
    assert_allclose([report.overall["macro_ci_low"], report.overall["macro_ci_high"]], [low, high])


def test_a_class_of_one_row_leaves_the_mean_of_the_classes_its_interval():
    """Its row is taken to vary as the rows of the others do on average."""
    k, n = 20, 801
    y, p = draw(n, k, scale=1.0)
    y[y == 2] = 1
    y[0] = 2
    p[0] = np.where(np.arange(k) == 2, 0.2, 0.8 / (k - 1))
    with_one, of = log_loss_report(y, p, labels=range(k), **QUICK), -np.log(p[np.arange(n), y])
    low, high = with_one.overall["macro_ci_low"], with_one.overall["macro_ci_high"]
    others = [c for c in range(k) if c != 2]
    spread = [of[y == c].var(ddof=1) for c in others]
    variance = sum(v / m for v, m in zip(spread, np.bincount(y)[others], strict=True))
    error = math.sqrt(variance + np.mean(spread)) / k
    assert high - low > 3.5 * error
    assert low < with_one.overall["macro_log_loss"] < high
    assert any("a single row" in note for note in with_one.notes)
    assert not any("a single row" in note for note in log_loss_report(*draw(301), **QUICK).notes)


def test_classes_of_one_row_that_are_many_of_few_leave_it_none():
    y, p = draw(301)
    y[y == 2] = 1
    y[0] = 2
    report = log_loss_report(y, p, labels=range(3), **QUICK)
    assert np.isnan([report.overall["macro_ci_low"], report.overall["macro_ci_high"]]).all()
    assert any("a single row" in note and "no interval" in note for note in report.notes)


# Models that exclude what may happen.

COST = 52 * math.log(2)


def excluding(rng, n):
    """Half of the rows are sure, wrongly once in 200; the others say 0.3 and are right."""
    sure = rng.random(n) < 0.5
    p = np.where(sure, 0.0, 0.3)
    return (rng.random(n) < np.where(sure, 0.005, 0.3)).astype(int), np.column_stack([1 - p, p])


def test_zeros_that_have_not_happened_yet_are_in_the_interval():
    rng, hits = np.random.default_rng(0), []
    of_one = (0.0025 * COST - 0.15 * math.log(0.3)) / 0.1525
    of_zero = -0.35 * math.log(0.7) / 0.8475
    for _ in range(200):
        y, p = excluding(rng, 200)
        report = log_loss_report(y, p, labels=[0, 1], **QUICK)
        of = report.overall
        truth = 0.1525 * of_one + 0.8475 * of_zero
        hits.append(
            [
                of["ci_low"] <= truth <= of["ci_high"],
                of["macro_ci_low"] <= (of_one + of_zero) / 2 <= of["macro_ci_high"],
                report.per_class["ci_low"][1] <= of_one <= report.per_class["ci_high"][1],
            ]
        )
    assert (np.mean(hits, axis=0) >= 0.93).all()


@pytest.mark.parametrize("floored", [0, 1, 7])
def test_the_floored_share_has_the_bounds_of_clopper_and_pearson(floored):
    rng = np.random.default_rng(floored)
    y, p = excluding(rng, 300)
    p[y == 1] = [0.7, 0.3]
    ones = np.flatnonzero(y)
    p[ones[:floored]] = [1.0, 0.0]
    report = log_loss_report(y, p, **QUICK)
    own = p[np.arange(300), y]
    rest = np.where(own > 0, -np.log(np.where(own > 0, own, 1)), 0)
    low, high = stats.binomtest(floored, 300).proportion_ci(0.95, "exact")
    expected = np.array(hall(rest)) + COST * np.array([low, high])
    assert_allclose([report.overall["ci_low"], report.overall["ci_high"]], expected, rtol=1e-8)
    low, high = stats.binomtest(floored, len(ones)).proportion_ci(0.95, "exact")
    for name, bound in (("ci_low", low), ("ci_high", high)):
        of_rest = rest[ones]
        if floored:
            bound = hall(of_rest)[name == "ci_high"] + COST * bound
        else:  # they all cost the same
            bound = of_rest.mean() + COST * bound
        assert report.per_class[name][1] == pytest.approx(bound, rel=1e-8)
    # No row has probability 0 of the other class; some of those that are not here may have.
    bound = hall(rest[y == 0])[1]
    if (p == 0).any():
        bound += COST * stats.binomtest(0, int((y == 0).sum())).proportion_ci(0.95, "exact").high
    assert report.per_class["ci_high"][0] == pytest.approx(bound, rel=1e-8)


def test_a_model_that_says_0_of_one_of_two_classes_may_say_it_of_the_other():
    """Of the frequent class it says so in one row of 150, half of which are of it."""
    rng, hits = np.random.default_rng(0), []
    truth = (0.9 * -np.log(0.9) + 0.01 / 3 * COST) / (0.9 + 0.01 / 3)
    for _ in range(200):
        kind = rng.choice(4, p=[0.9, 0.06, 0.1 / 3, 0.01 / 1.5], size=100)
        p = np.array([[0.9, 0.1], [0.9, 0.1], [1.0, 0.0], [0.0, 1.0]])[kind]
        y = np.where(kind == 3, rng.random(100) < 0.5, kind == 1).astype(int)
        y[kind == 2] = 1
        of = log_loss_report(y, p, labels=[0, 1], **QUICK).per_class
        hits.append(of["ci_low"][0] <= truth <= of["ci_high"][0])
    assert np.mean(hits) >= 0.93


def test_zeros_in_rows_without_weight_do_not_matter():
    y, p = draw(200)
    w = np.ones(200)
    w[:5], p[:5] = 0, [1.0, 0.0, 0.0]
    found = log_loss_report(y, p, sample_weight=w, **QUICK)
    expected = log_loss_report(y[5:], p[5:], **QUICK)
    for name in ("ci_low", "ci_high", "macro_ci_low", "macro_ci_high"):
        assert found.overall[name] == pytest.approx(expected.overall[name])


def forms(z):
    """Predictions as logits, and as probabilities."""
    return {"logits": z, "float64": softmax(z, axis=1)}


def sure(n=200, scale=1000.0):
    """Logits of two classes that are as far apart as numbers are."""
    rng = np.random.default_rng(1)
    s = rng.normal(0, scale, n)
    return (s + rng.normal(0, 1, n) > 0).astype(int), np.column_stack([np.zeros(n), s])


def test_intervals_do_not_depend_on_where_numbers_underflow():
    y, z = sure()
    found = [
        log_loss_report(y, p, from_logits=form == "logits", **QUICK) for form, p in forms(z).items()
    ]
    for name in ("ci_low", "ci_high", "macro_ci_low", "macro_ci_high"):
        ends = [report.overall[name] for report in found]
        assert_allclose(ends, ends[0], rtol=1e-5, atol=1e-6, err_msg=name)
    for name in ("ci_low", "ci_high"):
        ends = np.array([report.per_class[name] for report in found])
        assert_allclose(ends, np.tile(ends[0], (2, 1)), rtol=1e-5, atol=1e-6, err_msg=name)
    # No row costs the floor, and 200 rows do not show that none does.
    bound = -COST * math.expm1(math.log(0.025) / 200)
    assert found[0].overall["ci_high"] > bound


@pytest.mark.parametrize("own", [5e-324, 1e-40, 1e-20])
def test_what_is_unlikely_is_not_excluded(own):
    """A sharp model that is right has a narrow interval, down to what float64 tells from 0."""
    p = np.tile([own, 1.0 - own], (100, 1))
    y = np.ones(100, dtype=int)
    for form, each in (("float64", p), ("logits", np.log(p))):
        report = log_loss_report(y, each, labels=[0, 1], from_logits=form == "logits", **QUICK)
        assert report.overall["ci_high"] < 1e-15
    for form, each in (("float64", [0.0, 1.0]), ("logits", [-750.0, 0.0])):
        table, logits = np.tile(each, (100, 1)), form == "logits"
        report = log_loss_report(y, table, labels=[0, 1], from_logits=logits, **QUICK)
        assert report.overall["ci_high"] > 1.0


@pytest.mark.parametrize("eps", [1e-60, 0.0])
def test_what_is_excluded_does_not_hang_on_the_floor(eps):
    y, z = sure()
    found = [
        log_loss_report(y, p, from_logits=form == "logits", eps=eps, **QUICK)
        for form, p in forms(z).items()
    ]
    ends = [report.overall["ci_high"] for report in found]
    assert_allclose(ends, ends[0], rtol=1e-5, atol=1e-6)


def test_bounds_of_rare_differences_are_those_of_their_share_where_the_rest_is_nothing():
    """And one row among a hundred is not beyond chance by t, but by the bounds of its share."""
    n = 100
    nothing = Moments(*(np.array([value]) for value in (0.0, 0.0, 0.0, n)))
    low, high = interval_with_rare(np.array([0.3]), nothing, np.array([30.0]), 0.01, n, 0.9)
    share_low, share_high = stats.beta.ppf(0.05, 1, n), stats.beta.ppf(0.95, 2, n - 1)
    assert low[0] == pytest.approx(30 * share_low)
    assert high[0] == pytest.approx(30 * share_high)
    values = np.append(np.zeros(n - 1), 30.0)
    by_t = values.mean() - stats.t.ppf(0.95, n - 1) * values.std(ddof=1) / math.sqrt(n)
    assert by_t < 0 < low[0]


def test_the_rest_counts_beside_rare_differences():
    """Distances of the bounds are added as those of independent parts are."""
    rest = Moments(*(np.array([value]) for value in (-0.02, 1e-4, 0.0, 200)))
    rare = np.array([30.0, 33.0])
    low, high = interval_with_rare(np.array([0.295]), rest, rare, 0.01, 200, 0.95)
    half = stats.t.ppf(0.975, 199) * 0.01
    down = 30 * (0.01 - stats.beta.ppf(0.025, 2, 199))
    up = 33 * (stats.beta.ppf(0.975, 3, 198) - 0.01)
    assert low[0] == pytest.approx(0.295 - math.hypot(half, down))
    assert high[0] == pytest.approx(0.295 + math.hypot(half, up))


@pytest.mark.parametrize("grouped", [False, True])
def test_what_a_single_row_carries_is_asked_once(grouped):
    """Of the whole loss; without the floors of the others it would carry more of the rest."""
    y = np.r_[np.repeat(np.arange(11), 20), 11]
    n = len(y)
    p = np.full((n, 12), 0.01)
    p[np.arange(n), y] = 0.89
    hit = np.arange(0, n - 1, 20)
    p[hit] = 0.0
    p[hit, (y[hit] + 1) % 11] = 1.0
    p[-1], p[-1, -1] = 0.07, 0.23
    report = log_loss_report(y, p, groups=np.arange(n) if grouped else None, **QUICK)
    assert np.isfinite([report.overall["macro_ci_low"], report.overall["macro_ci_high"]]).all()
    assert any("it is taken to vary as those of the other" in note for note in report.notes)
