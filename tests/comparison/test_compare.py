"""The comparison of models: figures against formulas, clusters, renderings, and simulations."""

import json
import math
from datetime import date
from itertools import pairwise

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn.metrics
from comparisons import FIGURES, OVERALL
from comparisons import same_figures as same
from names import HOSTILE, columns_of
from numpy.testing import assert_allclose
from scipy import stats
from scipy.optimize import brentq
from scipy.special import softmax

from skxent import LogLossComparison, LogLossComparisonDisplay, compare_log_loss

UNITLESS = {"p_value", "adjusted_p", "class_p_value", "class_adjusted_p"}


def draw(n=240, k=3, m=2, seed=0, noise=0.7):
    """Labels from softmax(z), and models that add noise to z: more from one to the next."""
    rng = np.random.default_rng(seed)
    z = 2 * rng.normal(size=(n, k))
    y = (z + rng.gumbel(size=z.shape)).argmax(axis=1)
    y[:k] = range(k)
    names = ["plain", "noisy", "worse", "worst"]
    models = {names[i]: softmax(z + i * noise * rng.normal(size=z.shape), axis=1) for i in range(m)}
    return y, models


def losses_of(y, p, eps=2.0**-52):
    return -np.log(np.maximum(p[np.arange(len(y)), y], eps))


# Figures against formulas.


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("base", [math.e, 2, None])
def test_means_and_differences_are_those_of_scikit_learn(weighted, base):
    y, models = draw(m=3)
    w = np.random.default_rng(1).uniform(0.1, 3, len(y)) if weighted else None
    unit = math.log(base or math.e)
    found = compare_log_loss(y, models, sample_weight=w, base=base, reference="noisy")
    loss = [sklearn.metrics.log_loss(y, p, sample_weight=w) / unit for p in models.values()]
    assert_allclose(found.log_loss, loss)
    assert_allclose(found.difference[[0, 2]], np.array(loss)[[0, 2]] - loss[1])
    assert np.isnan([getattr(found, name)[1] for name in OVERALL[1:]]).all()
    for c in range(3):
        of_class = y == c
        loss = np.array(
            [
                sklearn.metrics.log_loss(
                    y[of_class],
                    p[of_class],
                    labels=range(3),
                    sample_weight=w if w is None else w[of_class],
                )
                / unit
                for p in models.values()
            ]
        )
        assert_allclose(found.class_log_loss[:, c], loss)
        assert_allclose(found.class_difference[[0, 2], c], loss[[0, 2]] - loss[1])
    assert found.base == (base or math.e)
    assert found.models == ("plain", "noisy", "worse")
    assert found.reference == "noisy"
    assert found.support.tolist() == np.bincount(y).tolist()
    assert found.n_samples == len(y)
    assert found.n_groups is None


def expected(d, level, weight=None, cluster=None):
    """Interval and p-value from the rows, group by group, as `compare_log_loss` describes them."""
    w = np.ones(len(d)) if weight is None else weight
    cluster = np.arange(len(d)) if cluster is None else cluster
    mean = np.average(d, weights=w)
    share, residual = [], []
    for g in np.unique(cluster):
        rows = cluster == g
        share.append(w[rows].sum() / w.sum())
        residual.append((w[rows] * (d[rows] - mean)).sum() / w.sum())
    a, e = np.array(share), np.array(residual)
    s2, s3 = (a**2).sum(), (a**3).sum()
    kish, n = 1 / s2, s2**3 / s3**2
    error = math.sqrt((e**2).sum() * s2 / (s2 - 2 * s3 + s2**2))
    skew = (e**3).sum() * kish**2 / (kish - 1) / (kish - 2) / error**3
    believed = skew * n / (n + 300)

    def hall(t, skew):
        return t + skew * t**2 / 3 + skew**2 * t**3 / 27 + skew / 6

    t, quantile = mean / error, stats.t.ppf(0.5 + level / 2, n - 1)
    of_low, of_high = (believed, skew) if skew > 0 else (skew, believed)
    x = max(hall(t, of_low), -hall(t, of_high), 0)

    def bound(x, skew):
        return mean - error * brentq(lambda t: hall(t, skew) - x, -1e4, 1e4, xtol=1e-13)

    low, high = bound(quantile, of_low), bound(-quantile, of_high)
    return low, high, min(1, 2 * stats.t.sf(x, n - 1))


@pytest.mark.parametrize("level", [0.5, 0.95, 0.999])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("n_groups", [None, 12])
def test_intervals_and_p_values_follow_the_formulas(level, weighted, n_groups):
    y, models = draw(noise=0.4)
    rng = np.random.default_rng(3)
    w = rng.uniform(0.2, 3, len(y)) if weighted else None
    groups = None if n_groups is None else rng.integers(n_groups, size=len(y))
    found = compare_log_loss(
        y, models, sample_weight=w, groups=groups, confidence_level=level, base=2
    )
    d = (losses_of(y, models["noisy"]) - losses_of(y, models["plain"])) / math.log(2)
    ours = found.ci_low[1], found.ci_high[1], found.p_value[1]
    assert_allclose(ours, expected(d, level, w, groups), rtol=1e-6)
    for c in range(3):
        rows = y == c
        parts = (None if v is None else v[rows] for v in (w, groups))
        ours = (
            found.class_ci_low[1, c],
            found.class_ci_high[1, c],
            found.class_p_value[1, c],
        )
        assert_allclose(ours, expected(d[rows], level, *parts), rtol=1e-6)
    assert found.confidence_level == level


def test_without_skewness_it_is_the_t_test():
    d = np.array([-1.0, 1, -2, 2, 0.5, -0.5, 3, -3]) + 0.8
    p = np.exp(-np.column_stack([np.full(8, 4.0), 4 + d]))
    models = {"one": np.column_stack([1 - p[:, 0], p[:, 0]])}
    models["other"] = np.column_stack([1 - p[:, 1], p[:, 1]])
    found = compare_log_loss(np.ones(8, int), models, labels=[0, 1])
    expect = stats.ttest_1samp(d, 0)
    assert found.p_value[1] == pytest.approx(expect.pvalue)
    interval = expect.confidence_interval()
    assert_allclose((found.ci_low[1], found.ci_high[1]), interval)
    assert_allclose(found.class_p_value[1], [np.nan, expect.pvalue])


@pytest.mark.parametrize("seed", range(20))
def test_p_is_below_the_level_just_where_the_interval_excludes_zero(seed):
    """Near the level as well: the level is moved to either side of 1 - p."""
    y, models = draw(90, seed=seed, noise=0.1 + 0.05 * seed)
    groups = np.arange(90) // 3 if seed % 2 else None
    found = compare_log_loss(y, models, groups=groups)
    p = float(found.p_value[1])
    for level in (0.05, 0.3, 0.5, 0.9, 0.95, 0.99, 1 - p * 1.001, 1 - p * 0.999):
        if 0 < level < 1:
            other = compare_log_loss(y, models, groups=groups, confidence_level=level)
            for low, high, q in [
                (other.ci_low[1], other.ci_high[1], p),
                *zip(
                    other.class_ci_low[1],
                    other.class_ci_high[1],
                    found.class_p_value[1],
                    strict=True,
                ),
            ]:
                assert (low > 0 or high < 0) == (q < 1 - level)


def excluding(rng, n):
    """A calibrated model, and one that is sure of half of the rows, wrongly once in 200."""
    sure = rng.random(n) < 0.5
    truth, said = np.where(sure, 0.005, 0.3), np.where(sure, 0.0, 0.3)
    y = (rng.random(n) < truth).astype(int)
    return y, {"careful": np.column_stack([1 - truth, truth]), "sure": 1.0 - np.c_[said, 1 - said]}


def test_zeros_that_have_not_happened_yet_are_in_the_interval():
    rng, hits = np.random.default_rng(0), []
    cost, gain = 52 * math.log(2), 0.4975 * math.log(0.995)
    of_one, of_zero = 0.0025 * (cost + math.log(0.005)) / 0.1525, gain / 0.8475
    for _ in range(150):
        found = compare_log_loss(*excluding(rng, 200), labels=[0, 1])
        truths = [0.1525 * of_one + 0.8475 * of_zero, of_zero, of_one]
        low = np.r_[found.ci_low[1], found.class_ci_low[1]]
        high = np.r_[found.ci_high[1], found.class_ci_high[1]]
        hits.append((low <= truths) & (truths <= high))
    assert (np.mean(hits, axis=0) >= 0.93).all()


@pytest.mark.parametrize("grouped", [False, True])
def test_what_is_excluded_of_one_class_widens_no_interval_of_another(grouped):
    """Rows of class 0 are sure, and right; those of class 1 might have been among them."""
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], 60)
    old, new = rng.uniform(0.2, 0.8, size=(2, 120))
    groups = np.arange(120) // 2 if grouped else None
    found = {}
    for least in (0.0, 1e-300):
        second = np.where(np.arange(120) < 20, least, new)
        models = {
            name: 0.9 * np.column_stack([1 - p, p, np.full(120, 1 / 9)])
            for name, p in [("old", old), ("new", second)]
        }
        found[least] = compare_log_loss(y, models, labels=[0, 1, 2], groups=groups)
    sure, nearly = found.values()
    for end in ("class_ci_low", "class_ci_high", "class_p_value"):
        assert getattr(sure, end)[1, 0] == pytest.approx(getattr(nearly, end)[1, 0], rel=1e-9)
    # Of no such row among 60, or 30 groups, the share may be as much as 0.025 leaves possible.
    most = 52 * math.log(2) * (1 - 0.025 ** (1 / (30 if grouped else 60)))
    assert sure.class_ci_high[1, 1] == pytest.approx(nearly.class_ci_high[1, 1] + most)
    assert sure.class_ci_low[1, 1] == pytest.approx(nearly.class_ci_low[1, 1])
    assert sure.ci_high[1] > nearly.ci_high[1]


@pytest.mark.parametrize("grouped", [False, True])
def test_what_is_excluded_of_one_of_two_classes_may_be_of_the_other(grouped):
    """No row has probability 0 of class 0; some of those that are not here may have."""
    rng = np.random.default_rng(0)
    y, groups = np.repeat([0, 1], 60), np.arange(120) // 2 if grouped else None
    p = rng.uniform(0.2, 0.8, size=(2, 120))
    p[1, :20] = 0.0
    near = np.maximum(p[1], 1e-300)
    sure, nearly = (
        compare_log_loss(y, {"old": np.c_[1 - p[0], p[0]], "new": np.c_[1 - q, q]}, groups=groups)
        for q in (p[1], near)
    )
    most = 52 * math.log(2) * (1 - 0.025 ** (1 / (30 if grouped else 60)))
    assert_allclose(sure.class_ci_high[1], nearly.class_ci_high[1] + most)
    assert_allclose(sure.class_ci_low[1], nearly.class_ci_low[1])


def test_a_model_of_one_class_of_two_says_0_of_the_other_alone():
    y, p = np.repeat([0, 1], 60), np.random.default_rng(0).uniform(0.2, 0.8, 120)
    models = {"old": np.c_[1 - p, p], "all of 0": np.repeat([[1.0, 0.0]], 120, axis=0)}
    found = compare_log_loss(y, models)
    low, high, _ = expected(np.log(1 - p[:60]), 0.95)
    assert_allclose([found.class_ci_low[1, 0], found.class_ci_high[1, 0]], [low, high], rtol=1e-8)


def test_it_does_not_matter_where_numbers_underflow():
    rng = np.random.default_rng(1)
    s = rng.normal(0, 1000, 200)
    y, z = (s + rng.normal(size=200) > 0).astype(int), np.column_stack([np.zeros(200), s])
    logits = {"plain": z, "half": z / 2}
    found = [
        compare_log_loss(y, logits, from_logits=True),
        compare_log_loss(y, {name: softmax(x, axis=1) for name, x in logits.items()}),
    ]
    assert_allclose([each.p_value[1] for each in found], 1.0)
    for name in ("ci_low", "ci_high", "class_ci_low", "class_ci_high"):
        ends = np.array([getattr(each, name)[1] for each in found])
        assert_allclose(ends, np.broadcast_to(ends[0], ends.shape), rtol=1e-5, atol=1e-6)


def test_the_shares_that_cost_the_floor_have_the_bounds_of_clopper_and_pearson():
    y, models = excluding(np.random.default_rng(7), 800)
    models["odd"] = models["sure"].copy()
    ones, zeros = (np.flatnonzero(y & (models["sure"][:, 1] == p)) for p in (0.3, 0.0))
    models["odd"][ones[:5]], models["odd"][zeros[:1]] = [1.0, 0.0], [0.6, 0.4]
    found = compare_log_loss(y, models, reference="odd")
    own = {name: p[np.arange(800), y] for name, p in models.items()}
    zero = {name: p == 0 for name, p in own.items()}
    assert (zero["sure"] & zero["odd"]).any()
    rest = {n: np.where(zero[n], 0, -np.log(np.where(zero[n], 1, own[n]))) for n in models}
    worse, better = (
        stats.binomtest(int((zero[a] & ~zero[b]).sum()), 800).proportion_ci(0.95, "exact")
        for a, b in (("sure", "odd"), ("odd", "sure"))
    )
    low, high, _ = expected(rest["sure"] - rest["odd"], 0.95)
    cost = 52 * math.log(2)
    bounds = low + cost * (worse.low - better.high), high + cost * (worse.high - better.low)
    assert_allclose([found.ci_low[1], found.ci_high[1]], bounds, rtol=1e-8)


@pytest.mark.parametrize("seed", range(4))
def test_p_and_interval_agree_where_a_model_excludes_what_may_happen(seed):
    y, models = excluding(np.random.default_rng(seed), 600)
    p_values = compare_log_loss(y, models, labels=[0, 1])
    for level in (0.3, 0.8, 0.95, 0.999):
        found = compare_log_loss(y, models, labels=[0, 1], confidence_level=level)
        excluded = (found.class_ci_low[1] > 0) | (found.class_ci_high[1] < 0)
        assert ((p_values.class_p_value[1] < 1 - level) == excluded).all()
        assert (p_values.p_value[1] < 1 - level) == (found.ci_low[1] > 0 or found.ci_high[1] < 0)


def test_intervals_of_higher_levels_hold_those_of_lower_ones():
    y, models = draw(60)
    found = [
        compare_log_loss(y, models, confidence_level=level) for level in (0.01, 0.5, 0.9, 0.999)
    ]
    for one, other in pairwise(found):
        assert other.ci_low[1] < one.ci_low[1] < one.difference[1] + 0.1
        assert other.ci_high[1] > one.ci_high[1]
        assert (other.class_ci_low[1] < one.class_ci_low[1]).all()
        assert (other.class_ci_high[1] > one.class_ci_high[1]).all()


def test_the_reference_turned_around_mirrors_everything():
    y, models = draw()
    one = compare_log_loss(y, models, reference="plain")
    other = compare_log_loss(y, models, reference="noisy")
    for prefix in ("", "class_"):
        at = {name: getattr(one, prefix + name)[1] for name in OVERALL}
        turned = {name: getattr(other, prefix + name)[0] for name in OVERALL}
        assert_allclose(turned["difference"], -at["difference"])
        assert_allclose(turned["ci_low"], -at["ci_high"])
        assert_allclose(turned["ci_high"], -at["ci_low"])
        assert_allclose(turned["p_value"], at["p_value"])
        assert_allclose(turned["adjusted_p"], at["adjusted_p"])


def holm(p):
    """Holm (1979): the smallest p times m, the next times m - 1, and so on; never going down."""
    order, result, most = sorted(range(len(p)), key=p.__getitem__), [0.0] * len(p), 0.0
    for step, i in enumerate(order):
        most = max(most, min(1.0, (len(p) - step) * p[i]))
        result[i] = most
    return result


def test_adjusted_p_values_are_holms_in_two_families():
    y, models = draw(n=400, k=4, m=4, noise=0.3)
    found = compare_log_loss(y, models)
    assert_allclose(found.adjusted_p[1:], holm(found.p_value[1:].tolist()))
    by_class = found.class_p_value[1:].ravel().tolist()
    assert_allclose(found.class_adjusted_p[1:].ravel(), holm(by_class))
    assert (found.class_adjusted_p[1:] > found.class_p_value[1:]).any()
    # By hand: three p-values, the middle one raised to what the smallest has become.
    assert holm([0.02, 0.04, 0.015]) == pytest.approx([0.045, 0.045, 0.045])


def test_what_has_no_p_value_is_not_in_the_family():
    y, models = draw(n=200, k=4)
    keep = (y != 3) | (np.cumsum(y == 3) <= 2)
    found = compare_log_loss(y[keep], {name: p[keep] for name, p in models.items()})
    assert np.isnan(found.class_p_value[1]).tolist() == [False, False, False, True]
    assert_allclose(found.class_adjusted_p[1, :3], holm(found.class_p_value[1, :3].tolist()))
    assert np.isnan(found.class_adjusted_p[1, 3])


# Rows, weights and groups.


@pytest.mark.parametrize("weighted", [False, True])
def test_a_group_for_each_row_is_no_groups(weighted):
    y, models = draw(m=3)
    w = np.random.default_rng(1).uniform(0.1, 3, len(y)) if weighted else None
    plain = compare_log_loss(y, models, sample_weight=w)
    grouped = compare_log_loss(y, models, sample_weight=w, groups=np.arange(len(y))[::-1])
    assert same(plain, grouped, rel=1e-12)
    assert (plain.n_groups, grouped.n_groups) == (None, len(y))


def each_excluding(n=120):
    """Models of three classes: one excludes the first, the other the second, both the third."""
    y, models = draw(n)
    first, second, third = (np.flatnonzero(y == c) for c in range(3))
    a, b = models["plain"].copy(), models["noisy"].copy()
    a[[first[0], second[0]]], b[second[1]] = [0, 0.5, 0.5], [0.5, 0, 0.5]
    a[third[0]] = b[third[0]] = [0.5, 0.5, 0]
    a[third[1]] = [0.2, 0.8, 0]
    return y, {"a": a, "b": b}


def test_a_group_for_each_row_is_no_groups_where_models_exclude():
    y, models = each_excluding()
    for reference in models:
        plain = compare_log_loss(y, models, reference=reference)
        grouped = compare_log_loss(y, models, reference=reference, groups=np.arange(len(y)))
        for name in FIGURES:
            assert_allclose(getattr(grouped, name), getattr(plain, name), rtol=1e-9, atol=1e-12)


def test_what_both_models_exclude_adds_the_bounds_of_its_share_on_both_sides():
    """A row at the floor of both has no difference; one that is at that of one alone may come."""
    y, models = draw(90)
    at = np.flatnonzero(y == 2)
    n, row = len(at), at[0]
    floored, certain = ({k: p.copy() for k, p in models.items()} for _ in range(2))
    for p, q in zip(floored.values(), certain.values(), strict=True):
        p[row], q[row] = [0.5, 0.5, 0], [0, 0, 1]
    found, rest = (compare_log_loss(y, named) for named in (floored, certain))
    high = 1 - 0.025 ** (1 / n)  # Clopper and Pearson, of none among n
    cost = 52 * math.log(2)
    assert_allclose(found.class_ci_low[1, 2], rest.class_ci_low[1, 2] - cost * high)
    assert_allclose(found.class_ci_high[1, 2], rest.class_ci_high[1, 2] + cost * high)


def test_copies_of_a_row_in_one_group_are_one_row():
    y, models = draw(m=3)
    times = np.random.default_rng(1).integers(1, 4, len(y))
    copied = {name: p.repeat(times, axis=0) for name, p in models.items()}
    groups = np.arange(len(y)).repeat(times)
    found = compare_log_loss(y.repeat(times), copied, groups=groups)
    weighted = compare_log_loss(y, models, sample_weight=times)
    assert same(found, weighted, rel=1e-10)
    twice = {name: p.repeat(2, axis=0) for name, p in models.items()}
    found = compare_log_loss(y.repeat(2), twice, groups=np.arange(len(y)).repeat(2))
    assert same(found, compare_log_loss(y, models), rel=1e-10)
    naive = compare_log_loss(y.repeat(2), twice)
    assert naive.p_value[1] < found.p_value[1]


@pytest.mark.parametrize("scale", [2, 1e-200, 1e200])
def test_only_the_proportions_of_weights_matter(scale):
    y, models = draw()
    w = np.random.default_rng(1).uniform(0.1, 3, len(y))
    assert same(
        compare_log_loss(y, models, sample_weight=scale * w),
        compare_log_loss(y, models, sample_weight=w),
    )
    assert same(
        compare_log_loss(y, models, sample_weight=np.full(len(y), scale)),
        compare_log_loss(y, models),
    )


def test_rows_of_weight_zero_leave_no_trace():
    y, models = draw()
    w = np.random.default_rng(1).integers(0, 3, len(y)).astype(float)
    groups = np.arange(len(y)) // 4
    for p in models.values():
        p[w == 0] = np.eye(3)[(y[w == 0] + 1) % 3]  # infinitely costly
    found = compare_log_loss(y, models, sample_weight=w, groups=groups, eps=0)
    kept = {name: p[w > 0] for name, p in models.items()}
    expect = compare_log_loss(y[w > 0], kept, sample_weight=w[w > 0], groups=groups[w > 0], eps=0)
    assert same(found, expect)
    assert found.n_samples == expect.n_samples == (w > 0).sum()
    assert found.n_groups == expect.n_groups
    assert found.support.tolist() == expect.support.tolist()
    assert found.notes == expect.notes


def test_the_order_of_rows_and_models_does_not_matter():
    y, models = draw(m=3)
    groups = np.random.default_rng(2).integers(20, size=len(y))
    w = np.random.default_rng(1).uniform(0.1, 3, len(y))
    found = compare_log_loss(y, models, sample_weight=w, groups=groups)
    order = np.random.default_rng(0).permutation(len(y))
    moved = compare_log_loss(
        y[order],
        {name: p[order] for name, p in models.items()},
        sample_weight=w[order],
        groups=groups[order],
    )
    assert same(found, moved)
    turned = dict(reversed(models.items()))
    moved = compare_log_loss(y, turned, sample_weight=w, groups=groups, reference="plain")
    assert moved.models == ("worse", "noisy", "plain")
    for name in FIGURES:
        assert_allclose(getattr(moved, name)[::-1], getattr(found, name), rtol=1e-9)


@pytest.mark.parametrize(
    "name_of",
    [
        lambda g: f"patient {g}",
        lambda g: -7 * g,
        lambda g: g / 8,
        lambda g: np.datetime64("2020-01-01") + np.timedelta64(g, "D"),
        lambda g: date.fromordinal(700_000 + g),
        lambda g: (g % 2, g // 2),
        lambda g: f"{g}" if g % 2 else g,
        lambda g: bytes([g]),
    ],
    ids=["text", "int", "float", "datetime64", "date", "tuple", "mixed", "bytes"],
)
def test_groups_of_any_type(name_of):
    y, models = draw()
    groups = np.random.default_rng(2).integers(20, size=len(y))
    expect = compare_log_loss(y, models, groups=groups)
    named = [name_of(int(g)) for g in groups]
    assert same(compare_log_loss(y, models, groups=named), expect)
    assert same(compare_log_loss(y, models, groups=pd.Series(named)), expect)
    if not isinstance(named[0], tuple):
        assert same(compare_log_loss(y, models, groups=np.array(named, dtype=object)), expect)


def test_groups_in_other_containers():
    y, models = draw()
    groups = np.random.default_rng(2).integers(20, size=len(y))
    expect = compare_log_loss(y, models, groups=groups)
    text = groups.astype(str)
    for other in (
        text,
        pl.Series(text),
        pd.Series(text, dtype="category"),
        pd.Series(groups, dtype="Int64"),
        groups[:, None],
        tuple(groups.tolist()),
        pd.Series(text, index=range(1000, 1000 + len(y))),
    ):
        assert same(compare_log_loss(y, models, groups=other), expect)


@pytest.mark.parametrize(
    ("groups", "error", "message"),
    [
        (
            [1, 2],
            ValueError,
            r"groups must have shape \(240,\), a group for each row; got \(2,\)",
        ),
        (np.zeros((240, 2)), ValueError, r"groups must have shape \(240,\).*got \(240, 2\)"),
        (3, TypeError, "groups must be a list or a one-dimensional array"),
        ([math.nan] + [1.0] * 239, ValueError, r"missing value \(nan\) in row 0"),
        (np.r_[np.ones(239), np.nan], ValueError, "missing value .* in row 239"),
        (["a"] * 5 + [None] + ["a"] * 234, ValueError, r"missing value \(None\) in row 5"),
        (pd.Series(["a"] * 239 + [pd.NA]), ValueError, "missing value .* in row 239"),
        (np.array(["2020-01-01", "NaT"] * 120, "M8[D]"), ValueError, "missing value .* in row 1"),
        ([{}] * 240, TypeError, "groups must hold hashable values"),
        (np.ma.masked_equal(np.arange(240), 3), ValueError, "groups is a masked array"),
    ],
)
def test_groups_that_are_none(groups, error, message):
    y, models = draw()
    with pytest.raises(error, match=message):
        compare_log_loss(y, models, groups=groups)


def test_fewer_than_three_groups_have_no_interval():
    y, models = draw(n=300)
    whole = np.arange(300) % 30
    for n_groups in (1, 2):
        found = compare_log_loss(y, models, groups=whole % n_groups)
        assert np.isfinite(found.difference[1])
        for name in OVERALL[2:]:
            assert np.isnan(getattr(found, name)).all()
            assert np.isnan(getattr(found, f"class_{name}")).all()
        assert "Fewer than three groups" in found.notes[0]
    groups = np.where(y == 1, 0, 1 + whole)
    found = compare_log_loss(y, models, groups=groups, target_names=["a", "b", "c"])
    assert np.isnan(found.class_ci_low[1]).tolist() == [False, True, False]
    assert np.isfinite(found.class_difference[1]).all()
    assert found.notes[0].endswith("hold nearly all of: b.")
    heavy = compare_log_loss(y, models, sample_weight=np.r_[1e6, np.ones(299)])
    assert np.isnan(heavy.ci_low[1])


def test_few_rows_are_remarked():
    y, models = draw(n=300)
    assert compare_log_loss(y, models).notes == ()
    (note,) = compare_log_loss(y[:40], {name: p[:40] for name, p in models.items()}).notes
    assert "Fewer than 20 rows or groups" in note
    assert "2 of 3 classes" in note, "twenty are not fewer than twenty"


# Edges.


def test_the_same_predictions_differ_by_nothing():
    y, models = draw()
    p = models["noisy"]
    found = compare_log_loss(y, {"one": p, "two": p.copy(), "logits": p / 1.0})
    for name in ("difference", "ci_low", "ci_high"):
        assert getattr(found, name)[1:].tolist() == [0, 0]
        assert (getattr(found, f"class_{name}")[1:] == 0).all()
    assert found.p_value[1:].tolist() == [1, 1]
    assert (found.class_adjusted_p[1:] == 1).all()


def test_rounding_is_no_difference():
    rng = np.random.default_rng(0)
    z = rng.normal(size=(300, 3))
    y = rng.integers(3, size=300)
    found = compare_log_loss(y, {"one": z, "two": z + 5, "three": z - 1e3}, from_logits=True)
    assert found.p_value[1:].tolist() == [1, 1]
    assert (found.difference[1:] == 0).all()


def test_a_constant_difference_is_certain():
    y = np.array([0, 1] * 5)
    models = {"one": np.full((10, 2), 0.5), "two": np.tile([0.25, 0.75], (10, 1))}
    found = compare_log_loss(y, models)
    assert_allclose(found.class_ci_low[1], np.log([2, 2 / 3]))
    assert_allclose(found.class_ci_high[1], np.log([2, 2 / 3]))
    assert found.class_p_value[1].tolist() == [0, 0]


def test_a_difference_that_is_nearly_constant_has_a_narrow_interval():
    d = 1.0 + 1e-9 * np.random.default_rng(0).normal(size=50)
    p = np.exp(-np.column_stack([np.full(50, 2.0), 2.0 + d]))
    models = {name: p[:, i] for i, name in enumerate("ab")}
    found = compare_log_loss(np.ones(50, int), models, labels=[0, 1])
    half = stats.t.ppf(0.975, 49) * stats.sem(d)
    assert found.ci_high[1] - found.ci_low[1] == pytest.approx(2 * half, rel=0.1)


def test_infinite_losses():
    """One model's makes the difference infinite, both models' undefined."""
    y = np.repeat([0, 1, 2], 5)
    sure, flat = np.eye(3)[np.repeat([0, 2, 2], 5)], np.full((15, 3), 1 / 3)
    both = sure.copy()
    found = compare_log_loss(y, {"sure": sure, "flat": flat, "both": both}, eps=0)
    assert found.log_loss.tolist() == pytest.approx([math.inf, math.log(3), math.inf])
    assert_allclose(found.difference, [np.nan, -np.inf, np.nan])
    assert_allclose(found.class_difference[1], [math.log(3), -np.inf, math.log(3)])
    assert_allclose(found.class_difference[2], [0, np.nan, 0])
    assert np.isnan(found.p_value).all()
    assert_allclose(found.class_p_value[1], [0, np.nan, 0])
    assert "5 rows a model and the reference both lose infinitely much" in found.notes[0]
    turned = compare_log_loss(y, {"flat": flat, "sure": sure}, eps=0)
    assert turned.difference[1] == math.inf
    assert turned.notes[0].startswith("Infinite losses have no interval")
    text = str(found)
    assert "nan" not in text
    values = json.loads(found.to_json(), parse_constant=pytest.fail)
    assert values["overall"]["flat"]["difference"] == "-Infinity"
    assert values["overall"]["both"]["difference"] is None
    assert "−∞" in found.to_html()
    floored = compare_log_loss(y, {"sure": sure, "flat": flat})
    assert np.isfinite(floored.difference[1])


def test_a_class_without_rows():
    y, models = draw(k=4)
    keep = y != 2
    found = compare_log_loss(y[keep], {n: p[keep] for n, p in models.items()}, labels=range(4))
    assert found.support[2] == 0
    assert np.isnan(found.class_log_loss[:, 2]).all()
    assert np.isnan(found.class_difference[:, 2]).all()
    assert np.isfinite(found.class_p_value[1, [0, 1, 3]]).all()


@pytest.mark.parametrize("n", [1, 2, 3])
def test_hardly_any_rows(n):
    p = np.array([[0.5, 0.5], [0.25, 0.75], [0.6, 0.4]])[:n]
    found = compare_log_loss([1] * n, {"one": p, "two": p[:, ::-1]}, labels=[0, 1])
    assert np.isfinite(found.difference[1])
    assert np.isnan(found.ci_low[1]) == (n < 3)
    assert isinstance(str(found), str)
    assert isinstance(found.to_html(), str)


# Inputs.


def test_columns_of_frames_are_matched_by_name_for_each_model():
    y, models = draw()
    names = np.array(["a", "b", "c"])
    expect = compare_log_loss(names[y], models)
    mixed = {
        "plain": pd.DataFrame(models["plain"][:, [2, 0, 1]], columns=["c", "a", "b"]),
        "noisy": pl.DataFrame(models["noisy"][:, [1, 0, 2]], schema=["b", "a", "c"]),
    }
    assert same(compare_log_loss(names[y], mixed), expect)
    assert expect.labels.tolist() == list(expect.target_names) == names.tolist()
    turned = compare_log_loss(names[y], mixed, labels=["c", "a", "b"])
    assert_allclose(turned.class_difference, expect.class_difference[:, [2, 0, 1]])
    assert turned.labels.tolist() == ["c", "a", "b"]


def test_one_column_is_the_same_as_two():
    y, models = draw(k=2)
    names = np.array(["no", "yes"])
    expect = compare_log_loss(names[y], models)
    positive = {name: p[:, 1] for name, p in models.items()}
    assert same(compare_log_loss(names[y], positive, pos_label="yes"), expect)
    mixed = {"plain": models["plain"], "noisy": positive["noisy"]}
    assert same(compare_log_loss(names[y], mixed, labels=["no", "yes"]), expect)


def test_logits_rows_that_are_normalised_and_one_hot_rows():
    y, models = draw()
    expect = compare_log_loss(y, models)
    logits = {name: np.log(p) + 3 for name, p in models.items()}
    assert same(compare_log_loss(y, logits, from_logits=True), expect, rel=1e-7)
    scaled = {name: 5 * p for name, p in models.items()}
    assert same(compare_log_loss(y, scaled, renormalize=True), expect, rel=1e-7)
    assert same(compare_log_loss(np.eye(3)[y], models), expect)
    lists = {name: p.tolist() for name, p in models.items()}
    assert same(compare_log_loss(y.tolist(), lists), expect)


def test_many_rows_are_read_in_blocks():
    y, models = draw(n=60_000, k=5)
    found = compare_log_loss(y, models)
    assert_allclose(found.difference[1], np.subtract(*(losses_of(y, models[n]).mean()
                                                       for n in ("noisy", "plain"))))  # fmt: skip


def test_inputs_stay_as_they_are_and_the_result_does():
    y, models = draw()
    copies = y.copy(), {name: p.copy() for name, p in models.items()}
    labels = np.arange(3)
    found = compare_log_loss(y, models, labels=labels)
    assert np.array_equal(copies[0], y)
    assert all(np.array_equal(copies[1][name], p) for name, p in models.items())
    labels[0] = 5
    assert found.labels.tolist() == [0, 1, 2]
    for name in (*FIGURES, "labels", "support"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(found, name)[0] = 1
    with pytest.raises(AttributeError):
        found.base = 3


def test_the_base_changes_the_unit_only():
    y, models = draw()
    nats, bits = (compare_log_loss(y, models, base=b) for b in (math.e, 2))
    for name in FIGURES:
        factor = 1 if name in UNITLESS else math.log(2)
        assert_allclose(factor * getattr(bits, name), getattr(nats, name), rtol=1e-9)


BAD = np.array([[0.5, 0.6, 0.2]] * 240)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p: BAD, "y_proba of 'forest': The rows of y_proba must sum to 1 .*row 0 sums to"),
        (lambda p: p[:-1], "y_proba of 'forest': y_true and y_proba must have the same number"),
        (lambda p: p[:, :2], "y_proba of 'forest': y_true holds 3 different labels"),
        (lambda p: p[:, 1], "y_proba of 'forest': A 1-D y_proba is the probability of one of two"),
        (lambda p: np.where(p > 0.9, np.nan, p), "y_proba of 'forest': .*nan"),
        (
            lambda p: pd.DataFrame(p, columns=[0, 1, 7]),
            "y_proba of 'forest': The columns of y_proba are only partly the labels",
        ),
    ],
    ids=["sums", "rows", "columns", "1-D", "nan", "frame"],
)
def test_an_error_names_the_model(change, message):
    y, models = draw()
    with pytest.raises(ValueError, match=message):
        compare_log_loss(y, {"plain": models["plain"], "forest": change(models["noisy"])})


def test_predicted_labels_in_the_place_of_probabilities():
    y, models = draw()
    with pytest.raises(TypeError, match="y_proba of 'tree': y_proba must hold probabilities"):
        compare_log_loss(y, models | {"tree": y.astype(str)})


def test_an_error_that_is_not_about_a_model_names_none():
    y, models = draw()
    with pytest.raises(ValueError, match=r"^sample_weight must have shape \(240,\)"):
        compare_log_loss(y, models, sample_weight=[1, 2])
    with pytest.raises(ValueError, match=r"^y_true holds a label that labels does not"):
        compare_log_loss(y, models, labels=[0, 1, 5])


@pytest.mark.parametrize(
    ("models", "error", "message"),
    [
        ([("a", 1)], TypeError, "y_probas must be a mapping from the names of the models"),
        (np.zeros((2, 2)), TypeError, "y_probas must be a mapping .*ndarray"),
        (pd.DataFrame({"a": [1.0]}), TypeError, "y_probas must be a mapping"),
        ({}, ValueError, "two models or more to compare; got 0. For one model see log_loss_report"),
        ({"a": [[1, 0]]}, ValueError, "two models or more to compare; got 1"),
        ({1: [[1, 0]], "b": [[1, 0]]}, TypeError, "must have text as the names of its .*got 1"),
    ],
)
def test_models_that_are_none(models, error, message):
    with pytest.raises(error, match=message):
        compare_log_loss([0], models)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"reference": "forest"}, "one of the models, 'plain', 'noisy'; got 'forest'"),
        ({"confidence_level": 1}, r"confidence_level must be between 0 and 1.*got 1"),
        ({"confidence_level": math.nan}, "confidence_level must be between 0 and 1"),
        ({"base": 1}, "base must be a finite number above 1"),
        ({"eps": -1}, "eps must be a number in"),
        ({"target_names": ["a"]}, "target_names must name each of the 3 classes"),
    ],
)
def test_arguments_that_are_none(params, message):
    y, models = draw()
    with pytest.raises(ValueError, match=message):
        compare_log_loss(y, models, **params)


# Renderings.


def hostile(m=3):
    y, models = draw(400, len(HOSTILE), m)
    named = dict(zip(HOSTILE, models.values(), strict=False))
    return compare_log_loss(y, named, target_names=HOSTILE)


def test_text_fits_the_terminal():
    text = hostile().to_text()
    assert text == str(hostile())
    lines = text.split("\n")
    assert text.replace("\n", "").isprintable()
    assert max(map(columns_of, lines)) <= 80
    starts = [i for i, line in enumerate(lines) if line.startswith(("all rows ", "class "))]
    assert len(starts) == 3
    for start, length in zip(starts, (3, len(HOSTILE), len(HOSTILE)), strict=True):
        assert len({columns_of(line) for line in lines[start : start + length + 1]}) == 1


def test_text_of_two_models():
    y, models = draw(300)
    found = compare_log_loss(y, models, base=2)
    lines = str(found).split("\n")
    said = lines[: lines.index("")]
    assert " ".join(said) == found.verdict
    lines = lines[len(said) + 1 :]
    assert lines[0] == "Log loss of 2 models on the same 300 rows, in bits."
    assert lines[1].startswith("difference: loss minus that of plain")
    figures = ["log_loss", "difference", "ci_low", "ci_high", "p_value", "adjusted_p"]
    assert lines[4].split() == ["all", "rows", *figures]
    assert lines[5].split()[2:] == ["-"] * 5
    assert lines[8] == "noisy against plain"
    assert lines[9].split() == ["class", "support", *figures]
    assert len(lines) == 13
    names = {"x" * 99: models["plain"], "y" * 99: models["noisy"]}
    grouped = compare_log_loss(y, names, groups=np.arange(300) // 3)
    assert "300 rows in 100 groups, in nats" in str(grouped)
    assert max(map(len, str(grouped).split("\n"))) <= 80
    assert "y" * 99 in grouped.to_text(width=300)


def test_repr_is_one_line():
    assert repr(hostile()) == (
        "<LogLossComparison: 3 models, 9 classes, 400 rows; print() it or call write_html(path)>"
    )
    assert isinstance(hostile(), LogLossComparison)


@pytest.mark.parametrize("backend", ["pandas", "polars", "pyarrow", None])
@pytest.mark.parametrize("names", [None, ["a", "b", "c"]])
def test_frame(backend, names):
    if backend == "pyarrow":
        pytest.importorskip("pyarrow")
    y, models = draw(m=3)
    found = compare_log_loss(y, models, target_names=names)
    frame = found.to_frame(backend)
    assert type(frame).__module__.split(".")[0] == (backend or "pandas")
    columns = frame.column_names if backend == "pyarrow" else list(frame.columns)
    assert columns == ["model", "scope", "class", "support", *OVERALL]
    values = {name: list(frame[name]) for name in columns}
    if backend == "pyarrow":
        values = {name: frame[name].to_pylist() for name in columns}
    order = [*found.models, *np.repeat(found.models, 3).tolist()]
    assert values["model"] == order
    assert values["scope"] == ["all"] * 3 + ["class"] * 9
    assert values["class"] == [None] * 3 + list(found.target_names) * 3
    assert values["support"] == [240] * 3 + found.support.tolist() * 3
    for name in OVERALL:
        expect = [*getattr(found, name), *getattr(found, f"class_{name}").ravel()]
        assert_allclose(np.array(values[name], dtype=float), expect)


def test_dict_and_json():
    y, models = draw(m=3)
    found = compare_log_loss(y, models, groups=np.arange(240) // 4)
    values = found.to_dict()
    assert list(values) == [
        *("models", "reference", "labels", "target_names", "base", "confidence_level"),
        *("n_samples", "n_groups", "notes", "verdict", "support", "overall", "per_class"),
    ]
    assert values["n_groups"] == 60
    assert values["overall"]["noisy"]["difference"] == found.difference[1]
    assert values["per_class"]["worse"]["ci_low"] == found.class_ci_low[2].tolist()
    assert math.isnan(values["overall"]["plain"]["p_value"])
    read = json.loads(found.to_json(), parse_constant=pytest.fail)
    assert read["overall"]["plain"]["p_value"] is None
    assert read["per_class"]["worse"]["ci_low"] == found.class_ci_low[2].tolist()
    assert list(read) == ["skxent", "version", *values]
    assert found.to_json(indent=2).startswith('{\n  "skxent": "LogLossComparison"')
    y = np.array([b"a", b"b", b"c"])[y]
    assert json.loads(compare_log_loss(y, models).to_json())["labels"] == ["b'a'", "b'b'", "b'c'"]


def test_page(tmp_path):
    found = hostile()
    page = found.to_html()
    assert page.startswith("<!DOCTYPE html>")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "http" not in page.replace("http://www.w3.org", "")
    for i in (1, 2):
        assert f"{found.difference[i]:+.4f}".replace("-", "−") in page
    assert "adjusted p" in page
    found.write_html(tmp_path / "page.html", title="<i>title</i>")
    written = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert written == found.to_html(title="<i>title</i>")
    assert "<title>&lt;i&gt;title" in written
    part = found._repr_html_()
    assert "<html" not in part
    assert "<script" not in part


def test_page_of_many_classes_shows_them_all():
    y, models = draw(2000, 60)
    found = compare_log_loss(y, models, target_names=[f"class-{i}-" for i in range(60)])
    page = found.to_html()
    assert all(f"class-{i}-" in page for i in range(60))
    assert "The other 30 classes" in page


@pytest.fixture
def plt():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    yield plt
    plt.close("all")


def test_plot_shows_differences_and_intervals(plt):
    y, models = draw(m=4)
    found = compare_log_loss(y, models, reference="noisy")
    display = found.plot()
    assert [points.get_label() for points in display.points_] == ["plain", "worse", "worst"]
    for points, lines, i in zip(display.points_, display.intervals_, (0, 2, 3), strict=True):
        x = points.get_offsets()[:, 0]
        assert_allclose(x, [found.difference[i], *found.class_difference[i]])
        ends = np.array([segment[:, 0] for segment in lines.get_segments()])
        assert_allclose(ends[:, 0], [found.ci_low[i], *found.class_ci_low[i]])
        assert_allclose(ends[:, 1], [found.ci_high[i], *found.class_ci_high[i]])
    labels = [text.get_text() for text in display.ax_.get_yticklabels()]
    assert labels == ["all rows", "0", "1", "2"]
    assert "noisy (nats" in display.ax_.get_xlabel()
    low, high = display.ax_.get_xlim()
    shown = np.concatenate([points.get_offsets()[:, 0] for points in display.points_])
    assert low < min(shown.min(), 0)
    assert max(shown.max(), 0) < high
    colours = {tuple(points.get_facecolor()[0]) for points in display.points_}
    assert len(colours) == 3


def test_plot_marks_intervals_that_go_on_beyond_the_edge(plt):
    y, models = draw(2000, 3)
    rare = np.append(np.flatnonzero(y != 0), np.flatnonzero(y == 0)[:3])  # a wide interval
    display = compare_log_loss(y[rare], {n: p[rare] for n, p in models.items()}).plot()
    low, high = display.ax_.get_xlim()
    for j, lines in enumerate(display.intervals_):
        ends = np.array([segment[:, 0] for segment in lines.get_segments()])
        at = np.array([segment[0, 1] for segment in lines.get_segments()])
        left, right = (c.get_offsets() for c in display.beyond_[2 * j : 2 * j + 2])
        assert_allclose(left[:, 1], at[ends[:, 0] < low])
        assert_allclose(right[:, 1], at[ends[:, 1] > high])
        assert_allclose(right[:, 0], high)
    assert sum(len(c.get_offsets()) for c in display.beyond_) > 0


def test_plot_in_given_axes_of_some_classes(plt):
    y, models = draw(2000, 30)
    found = compare_log_loss(y, models)
    figure, ax = plt.subplots()
    display = found.plot(ax=ax, max_classes=5)
    assert display.ax_ is ax
    assert display.figure_ is figure
    labels = [text.get_text() for text in ax.get_yticklabels()]
    largest = np.sort(np.argsort(-abs(found.class_difference[1]))[:5])
    assert labels == ["all rows", *map(str, largest)]
    assert "25 other classes not shown" in ax.get_xlabel()
    assert len(found.plot(max_classes=None).ax_.get_yticklabels()) == 31
    with pytest.raises(ValueError, match="max_classes must be an integer above 0"):
        found.plot(max_classes=0)


def test_plot_of_hostile_names_and_of_nothing_known(plt):
    hostile().plot().figure_.canvas.draw()
    p = np.array([[0.5, 0.5]])
    compare_log_loss([1], {"one": p, "two": p}, labels=[0, 1]).plot().figure_.canvas.draw()
    sure = np.eye(2)[[0, 0, 1]]
    models = {"one": sure, "two": np.full((3, 2), 0.5)}
    compare_log_loss([0, 1, 1], models, eps=0).plot().figure_.canvas.draw()


# Simulations: the tables of docs/statistics.md come from benchmarks/simulations/compare_models.py.


def simulated(n, repeats, models_of, groups=None, k=3):
    rng = np.random.default_rng(0)
    for _ in range(repeats):
        size = n if groups is None else len(np.unique(groups))
        z = 2 * rng.normal(size=(size, k))
        z = z if groups is None else z[groups]
        y = (z + rng.gumbel(size=z.shape)).argmax(axis=1)
        yield compare_log_loss(
            y, models_of(rng, z), labels=range(k), groups=groups, from_logits=True
        )


def alike(rng, z):
    return {name: z + 0.7 * rng.normal(size=z.shape) for name in "ab"}


def sure_and_unsure(rng, z):
    """Both lose the same on average, by the factor of benchmarks/simulations/compare_models.py."""
    return {"sure": 2 * z, "unsure": 0.402 * z}


# The point that the target allows, and two standard errors of a share over 3,000 draws.
TOLERANCE = 0.01 + 2 * math.sqrt(0.05 * 0.95 / 3000)


@pytest.mark.slow
@pytest.mark.parametrize("n", [20, 50, 200, 1000])
def test_models_that_lose_the_same_are_found_different_in_50_of_1000_draws(n):
    """With heavy tails on both sides, where Hall's transformation alone would err in 90."""
    found = list(simulated(n, 3000, alike))
    overall = np.mean([f.p_value[1] < 0.05 for f in found])
    assert overall == pytest.approx(0.05, abs=TOLERANCE)
    by_class = np.mean([f.class_p_value[1] < 0.05 for f in found])
    assert by_class < 0.05 + TOLERANCE
    assert by_class > 0.05 - TOLERANCE or n < 50


@pytest.mark.slow
def test_skewed_differences_are_found_too_seldom_rather_than_too_often():
    """Where the t test would err in 80 of 1000."""
    found = list(simulated(200, 3000, sure_and_unsure))
    overall = np.mean([f.p_value[1] < 0.05 for f in found])
    by_class = np.mean([f.class_p_value[1] < 0.05 for f in found])
    for error in (overall, by_class):
        assert 0.02 < error < 0.05 + TOLERANCE


@pytest.mark.slow
@pytest.mark.parametrize("n", [200, 1000])
def test_any_of_ten_classes_is_found_different_in_no_more_than_50_of_1000_draws(n):
    found = simulated(n, 3000, alike, k=10)
    family = np.mean([(f.class_adjusted_p[1] < 0.05).any() for f in found])
    assert family < 0.05 + TOLERANCE


@pytest.mark.slow
@pytest.mark.parametrize("n_groups", [10, 20, 50])
def test_groups_are_covered_and_rows_without_them_are_not(n_groups):
    groups = np.repeat(np.arange(n_groups), 10)

    def in_groups(rng, z):
        return {name: z + 1.4 * rng.normal(size=(n_groups, 3))[groups] for name in "ab"}

    rates = {}
    for key in (True, False):
        rng = np.random.default_rng(0)
        hits = []
        for _ in range(2000):
            z = 2 * rng.normal(size=(n_groups, 3))[groups]
            y = (z + rng.gumbel(size=z.shape)).argmax(axis=1)
            f = compare_log_loss(
                y,
                in_groups(rng, z),
                labels=range(3),
                groups=groups if key else None,
                from_logits=True,
            )
            hits.append(f.ci_low[1] <= 0 <= f.ci_high[1])
        rates[key] = np.mean(hits)
    assert 0.95 - TOLERANCE < rates[True] < 0.985
    assert rates[False] < 0.9


def test_the_display_is_public_and_has_what_it_shows():
    pytest.importorskip("matplotlib")
    y, models = draw(m=3)
    found = compare_log_loss(y, models)
    display = found.plot()
    assert isinstance(display, LogLossComparisonDisplay)
    expected = found.to_frame("polars")
    assert display.frame("polars").equals(expected, null_equal=True)


@pytest.mark.parametrize("grouped", [False, True])
def test_a_model_that_says_zero_is_not_told_from_its_copy(grouped):
    rng = np.random.default_rng(0)
    p = rng.multinomial(10, [0.6, 0.3, 0.1], 200) / 10
    y = (p.cumsum(axis=1)[:, :-1] < rng.random((200, 1))).sum(axis=1)
    y[:3] = p[:3].argmin(axis=1)
    groups = np.arange(200) // 4 if grouped else None
    found = compare_log_loss(y, {"a": p, "b": p.copy()}, groups=groups)
    for name in ("difference", "ci_low", "ci_high"):
        assert getattr(found, name)[1] == 0
        assert (getattr(found, "class_" + name)[1] == 0).all()
    assert found.p_value[1] == 1
    other = p.copy()
    other[5] = 0.2, 0.3, 0.5
    found = compare_log_loss(y, {"a": p, "b": other}, groups=groups)
    assert found.ci_low[1] < -0.01
    assert found.ci_high[1] > 0.01
