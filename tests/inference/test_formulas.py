"""Formulas of the inference beside those of textbooks and of SciPy, at numbers chosen by hand."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from skxent._inference._gap import gap_test
from skxent._inference._groups import (
    design_effects,
    mean_of_grouped_means,
    moments_of_groups,
    p_values_between_groups,
)
from skxent._inference._intervals import (
    Moments,
    borrows_too_much,
    hall_interval,
    mean_of_means,
    moments_of_mean,
    share_interval,
    third_factor,
)
from skxent._inference._multiple import holm
from skxent._inference._paired import FlooredShares, paired_interval, paired_p_value
from skxent._inference._scores import normal_scores

# Moments of means.


def sums(w, x):
    """What `moments_of_mean` takes, of one mean."""
    square = np.array([[(w**2 * x**r).sum()] for r in range(3)])
    cube = np.array([[(w**3 * x**r).sum()] for r in range(4)])
    return moments_of_mean(np.array([w.sum()]), np.array([(w * x).sum()]), square, cube)


def test_moments_of_equal_weights_are_the_k_statistics():
    x = np.array([0.1, 0.3, 0.2, 2.5, 0.4])
    for w in (1.0, 7.0):
        found = sums(np.full(5, w), x)
        assert found.mean[0] == pytest.approx(x.mean())
        assert found.variance[0] == pytest.approx(x.var(ddof=1) / 5)
        assert found.third[0] == pytest.approx(stats.kstat(x, 3) / 25)
        assert found.n[0] == pytest.approx(5)


def test_the_variance_of_a_weighted_mean_is_unbiased():
    """Over all samples of two values, of rows that weigh 1, 2, 3 and 4."""
    w, values = np.array([1.0, 2, 3, 4]), np.array([0.0, 1.0])
    samples = np.array(np.meshgrid(*[values] * 4)).reshape(4, -1).T
    found = np.array([[sums(w, x).mean[0], sums(w, x).variance[0]] for x in samples])
    assert found[:, 1].mean() == pytest.approx(found[:, 0].var())
    # S2 = 30 / 100 and S3 = 100 / 1000.
    assert sums(w, samples[5]).n[0] == pytest.approx(0.3**3 / 0.1**2)


@pytest.mark.parametrize(("n", "expected"), [(1.0, 1.0), (2.0, 1.0), (3.0, 4.5), (10.0, 100 / 72)])
def test_third_moments_of_two_are_left_as_they_are(n, expected):
    with np.errstate(divide="ignore"):
        assert third_factor(np.array(n)) == pytest.approx(expected)


def test_groups_of_one_row_are_rows_and_rows_of_one_group_are_summed():
    rng = np.random.default_rng(0)
    w, x, owner = rng.uniform(1, 3, 12), rng.exponential(size=12), np.tile([0, 1], 6)
    found = moments_of_groups(owner, 2, w, w * x)
    for c in range(2):
        plain = sums(w[owner == c], x[owner == c])
        for name in ("mean", "variance", "third", "n"):
            assert getattr(found, name)[c] == pytest.approx(getattr(plain, name)[0])
    # Groups of as much weight each: their means are the observations.
    total = np.array([3.0, 1.0, 4.0, 8.0])
    found = moments_of_groups(np.zeros(4, int), 1, np.full(4, 2.0), total)
    assert found.variance[0] == pytest.approx((total / 2).var(ddof=1) / 4)
    assert found.third[0] == pytest.approx(stats.kstat(total / 2, 3) / 16)


def test_a_small_spread_between_groups_keeps_its_digits():
    total = 1e7 + np.array([1.0, 2.0, 4.0])
    found = moments_of_groups(np.zeros(3, int), 1, np.ones(3), total)
    assert found.variance[0] == pytest.approx(np.var([1.0, 2.0, 4.0], ddof=1) / 3, rel=1e-6)


# Means of means.


def of(mean, variance, third, n):
    return Moments(*(np.array(values, dtype=float) for values in (mean, variance, third, n)))


def test_shares_of_means_count_in_each_moment():
    found = mean_of_means(
        of([1, 2, 9], [0.3, 0.1, 5], [0.2, 0.4, 5], [4, 11, 3]), np.array([0.25, 0.5, 0.0])
    )
    assert found.mean == pytest.approx(1.25)
    parts = np.array([0.3 / 16, 0.1 / 4])
    assert found.variance == pytest.approx(parts.sum())
    assert found.third == pytest.approx(0.2 / 64 + 0.4 / 8)
    assert found.n == pytest.approx(1 + parts.sum() ** 2 / (parts**2 / [3, 10]).sum())


def test_means_without_rows_have_no_share():
    found = mean_of_means(of([1, np.nan, 2], [0.3, np.nan, 0.1], [0, np.nan, 0], [4, np.nan, 4]))
    assert found.mean == 1.5
    assert found.variance == pytest.approx(0.1)


@pytest.mark.parametrize(("share", "known"), [(0.1, True), (0.11, False)])
def test_a_single_row_varies_as_those_of_the_others_up_to_a_tenth(share, known):
    shares = np.array([share, 0.5, 1 - 0.5 - share])
    moments = of([1, 1, 1], [0, 0.2, 0.3], [0, 0, 0], [1, 5, 10])
    for found in (mean_of_means(moments, shares), mean_of_means(moments, shares, may_borrow=True)):
        if known:  # one row of the others varies by 5 * 0.2 and 10 * 0.3
            expected = (shares[1:] ** 2 * [0.2, 0.3]).sum() + share**2 * (1 + 3) / 2
            assert found.variance == pytest.approx(expected)
        else:
            assert np.isnan(found.variance)
            assert found.mean == pytest.approx(1)
        known = True


def test_a_single_row_that_cost_little_is_asked_for_its_share_and_one_that_cost_much_for_that():
    lonely = np.array([True, False])
    for share, mean, expected in [
        ([0.1, 0.9], [0.5, 1.0], False),
        ([0.1, 0.9], [2.0, 1.0], True),
        ([0.2, 0.8], [0.01, 1.0], True),
        ([0.05, 0.95], [30.0, 30.0], False),
    ]:
        assert borrows_too_much(np.array(share), np.array(mean), lonely) == expected


def test_what_has_no_share_lends_nothing():
    shares = np.array([0.05, 0.95, 0.0])
    found = mean_of_means(of([1, 1, 1], [0, 0.2, 9], [0, 0, 0], [1, 5, 10]), shares)
    assert found.variance == pytest.approx(0.95**2 * 0.2 + 0.05**2 * 5 * 0.2)
    weight = np.eye(3)[np.repeat([0, 1, 2], [1, 4, 3])]
    total = weight * np.array([1.0, 1, 2, 1, 2, 0, 0, 99])[:, None]
    found = mean_of_grouped_means(weight, total, shares)
    assert found.variance == pytest.approx(0.95**2 / 3 / 4 + 0.05**2 / 3)


def test_a_class_without_groups_has_no_part_in_the_mean_of_the_classes():
    weight = np.column_stack([np.ones(5), np.zeros(5), np.ones(5)])
    total = weight * np.array([1.0, 2, 3, 4, 5])[:, None]
    found = mean_of_grouped_means(weight, total)
    assert found.mean == 3
    assert found.variance == pytest.approx(2.5 / 5)


@pytest.mark.parametrize(("heavy", "known"), [(3.0, False), (2.0, True)])
def test_two_groups_of_which_one_weighs_most_are_as_good_as_one(heavy, known):
    """Of weights 3 and 1 there are 1.28 degrees of freedom and one more, of 2 and 1 1.54."""
    weight = np.zeros((6, 2))
    weight[:4, 0], weight[4:, 1] = 1.0, [heavy, 1.0]
    total = weight * np.arange(6.0)[:, None]
    assert np.isfinite(mean_of_grouped_means(weight, total).variance) == known
    shares, w = np.array([0.5, 0.5]), np.array([heavy, 1.0])
    rows = [sums(np.ones(4), np.arange(4.0)), sums(w, np.arange(2.0))]
    moments = [[getattr(m, x)[0] for m in rows] for x in ("mean", "variance", "third", "n")]
    assert np.isfinite(mean_of_means(of(*moments), shares).variance) == known


def test_means_of_single_rows_alone_have_no_variance():
    single = mean_of_means(of([1, 2], [0, 0], [0, 0], [1, 1]), may_borrow=True)
    groups = mean_of_grouped_means(np.eye(2), np.eye(2), may_borrow=True)
    assert np.isnan([single.variance, groups.variance]).all()
    assert (single.mean, groups.mean) == (1.5, 1.0)


def test_groups_with_rows_of_all_classes_are_observations_of_the_mean_of_the_classes():
    """Each has as many rows of each class, so that the mean is that of their own means."""
    rng = np.random.default_rng(0)
    means, shares = rng.exponential(size=(7, 3)), np.array([0.2, 0.5, 0.0])
    weight = np.tile([2.0, 1.0, 3.0], (7, 1))
    for own, found in (
        (means.mean(axis=1), mean_of_grouped_means(weight, weight * means)),
        (means @ shares, mean_of_grouped_means(weight, weight * means, shares)),
    ):
        assert found.mean == pytest.approx(own.mean())
        assert found.variance == pytest.approx(own.var(ddof=1) / 7)
        assert found.third == pytest.approx(stats.kstat(own, 3) / 49)
        assert found.n == pytest.approx(7)


def test_groups_of_one_class_each_are_independent_means():
    """With as many groups, of which one class has a single one, as rows have."""
    rng = np.random.default_rng(0)
    owner = np.repeat([0, 1, 2], [6, 9, 1])
    weight = np.eye(3)[owner]
    total = weight * rng.exponential(size=(16, 1))
    shares = np.array([0.5, 0.47, 0.03])
    found = mean_of_grouped_means(weight, total, shares)
    own = [total[owner == c, c] for c in range(3)]
    parts = np.array([x.var(ddof=1) / len(x) for x in own[:2]])
    borrowed = shares[2] ** 2 * np.mean([x.var(ddof=1) for x in own[:2]])
    assert found.mean == pytest.approx(shares @ [x.mean() for x in own])
    assert found.variance == pytest.approx((shares[:2] ** 2 * parts).sum() + borrowed)
    third = [s**3 * stats.kstat(x, 3) / len(x) ** 2 for s, x in zip(shares, own[:2], strict=False)]
    assert found.third == pytest.approx(sum(third))
    parts = np.repeat(shares[:2] / [6, 9], [6, 9])
    assert found.n == pytest.approx((parts**2).sum() ** 3 / (parts**3).sum() ** 2)
    shares = np.array([0.4, 0.4, 0.2])
    assert np.isnan(mean_of_grouped_means(weight, total, shares).variance)
    assert mean_of_grouped_means(weight, total, shares, may_borrow=True).variance > 0


# Intervals.


def test_an_interval_without_skewness_is_students():
    low, high = hall_interval(of([2.0], [0.04], [0.0], [8]), 0.9)
    half = stats.t.ppf(0.95, 7) * 0.2
    assert_allclose([low[0], high[0]], [2 - half, 2 + half], rtol=1e-5)
    low, high = paired_interval(of([-2.0], [0.04], [0.0], [8]), 0.9)
    assert_allclose([low[0], high[0]], [-2 - half, -2 + half])


@pytest.mark.parametrize("skewness", [0.3, -0.2, 2.0])
def test_an_interval_of_a_skewed_mean_is_halls(skewness):
    low, high = hall_interval(of([9.0], [0.04], [skewness * 0.008], [20]), 0.9)
    q = stats.t.ppf([0.95, 0.05], 19)
    t = 3 / skewness * (np.cbrt(1 + skewness * (q - skewness / 6)) - 1)
    assert_allclose([low[0], high[0]], 9 - 0.2 * t)


@pytest.mark.parametrize(
    ("interval", "rounding"), [(hall_interval, 1e-14), (paired_interval, 1e-24)]
)
def test_a_spread_of_rounding_is_none(interval, rounding):
    """Beside a mean of 100, of whose square ten observations vary by half of that, or twice."""
    variance = 100**2 * rounding / 10 * np.array([0.5, 2.0])
    low, high = interval(of([100.0] * 2, variance, [0.0] * 2, [10] * 2), 0.9)
    assert low[0] == high[0] == 100
    assert high[1] - low[1] == pytest.approx(
        2 * stats.t.ppf(0.95, 9) * math.sqrt(variance[1]), rel=0.05
    )


@pytest.mark.parametrize("interval", [hall_interval, paired_interval])
def test_three_rows_have_an_interval_and_two_have_none(interval):
    low, high = interval(of([1.0, 1.0], [0.04, 0.04], [0.001, 0.001], [2.0, 3.0]), 0.9)
    assert np.isnan([low[0], high[0]]).all()
    assert low[1] < 1.0 < high[1]
    # A mean without spread is known, from three rows on.
    low, high = interval(of([1.0, 1.0], [0.0, 0.0], [0.0, 0.0], [2.0, 3.0]), 0.9)
    assert np.isnan(low[0])
    assert low[1] == high[1] == 1.0


def test_a_loss_is_not_negative():
    assert hall_interval(of([0.1], [0.04], [0.0], [8]), 0.9)[0][0] == 0.0


@pytest.mark.parametrize(("hits", "n"), [(0, 9), (1, 9), (4, 9), (7, 8), (9, 9)])
def test_bounds_of_a_share_are_those_of_clopper_and_pearson(hits, n):
    expected = stats.binomtest(hits, n).proportion_ci(0.9, "exact")
    found = share_interval(np.array([hits / n]), np.array([float(n)]), 0.05)
    assert_allclose(np.concatenate(found), expected, atol=1e-15)


# Differences.


def damped(t, skewness, n):
    """Hall's transformation of t, with the skewness where it narrows believed in part."""
    a = np.where(t * skewness > 0, skewness * n / (n + 300), skewness)
    return t + a / 6 + a * t**2 / 3 + a**2 * t**3 / 27


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("skewness", [0.0, 0.2, -0.2, 1.5, -1.5])
def test_a_p_value_is_that_of_t_without_its_skewness(sign, skewness):
    n, error = 40.0, 0.5
    moments = of([sign * 1.0], [error**2], [skewness * error**3], [n])
    p = 2 * stats.t.sf(abs(damped(sign * 2.0, skewness, n)), n - 1)
    assert paired_p_value(moments)[0] == pytest.approx(p)
    # The bound of an interval of that level is 0, and on the side of the mean: it has that t. Where
    # the transformation is level, 0 itself hangs on the last digits of SciPy's quantile.
    bounds = paired_interval(moments, 1 - p)
    bound = bounds[0 if sign > 0 else 1][0]
    assert bound == pytest.approx(0, abs=2e-3)
    t = damped((sign - bound) / error, skewness, n)
    assert t == pytest.approx(sign * stats.t.ppf(1 - p / 2, n - 1), abs=1e-9)


def test_a_p_value_of_differences_without_spread():
    moments = of([0.0, 1.0, -1.0, 1.0, 0.0], [0.0] * 5, [0.0] * 5, [9, 9, 9, 2, 2])
    assert_allclose(paired_p_value(moments), [1.0, 0.0, 0.0, np.nan, np.nan])


def test_floored_shares_widen_a_difference_on_their_sides():
    """Of no such row among ten, Clopper and Pearson's upper bound is 1 - tail**(1 / 10)."""
    none, n = np.zeros(3), np.full(3, 10.0)
    worse, better = np.array([36.0, 0.0, 0.0]), np.array([0.0, 36.0, 0.0])
    floored = FlooredShares(none, none, n, worse, better)
    moments = of([0.1] * 3, [0.01] * 3, [0.0] * 3, [10] * 3)
    low, high = paired_interval(moments, 0.9, floored)
    half, most = stats.t.ppf(0.95, 9) * 0.1, 36 * (1 - 0.05**0.1)
    assert_allclose(low, 0.1 - half - np.array([0, most, 0]))
    assert_allclose(high, 0.1 + half + np.array([most, 0, 0]))
    p = paired_p_value(moments, floored)
    assert p[2] == pytest.approx(2 * stats.t.sf(1, 9))
    # Worse for sure where only that could come on top, and not where it could be taken off.
    assert p[0] == pytest.approx(2 * stats.t.sf(1, 9))
    assert p[1] > 0.99
    for i in range(2):
        low, high = paired_interval(moments, 1 - p[i], floored)
        assert min(abs(low[i]), abs(high[i])) < 1e-9 or p[i] > 0.99


def test_floored_shares_of_both_models_are_held_against_each_other():
    """Two rows of ten cost the one, and one of ten the other."""
    n, cost = np.array([10.0]), np.array([36.0])
    floored = FlooredShares(np.array([0.2]), np.array([0.1]), n, cost, cost)
    low, high = paired_interval(of([0.1], [0.0], [0.0], [10]), 0.9, floored)
    worse, better = (
        np.array(stats.binomtest(hits, 10).proportion_ci(0.9, "exact")) for hits in (2, 1)
    )
    assert low[0] == pytest.approx(0.1 + 36 * (worse[0] - better[1]))
    assert high[0] == pytest.approx(0.1 + 36 * (worse[1] - better[0]))


def test_differences_without_spread_of_models_that_exclude_nothing_are_certain():
    none = np.zeros(1)
    floored = FlooredShares(none, none, np.full(1, 10.0), none, none)
    assert paired_p_value(of([1.0], [0.0], [0.0], [10]), floored)[0] == 0.0


# Groups.


def test_groups_that_differ_as_rows_do_have_no_effect_and_copies_have_theirs():
    """
    Four groups of five rows of weight 1, whose gaps are a and -a.

    The variance of their sum, by the groups, is 4 * a**2 * 4 / 3. Of four groups a fifth is
    believed to be copies, each of which would have the fivefold variance.
    """
    weight, square = np.full(4, 5.0), 20.0
    each = np.array([3.0, 1.0, 4.0])
    gaps = np.outer([1.0, -1.0, 1.0, -1.0], each)
    spread = 4 * each**2 * 4 / 3
    for variances in ([16.0, 8.0, 20.0], [4000.0, 8.0, 4008.0], [1e4, 1e4, 10.0]):
        effect, n = design_effects(gaps, weight, square, np.array(variances), 1.0)
        of_classes = (spread[0] + spread[1]) / (variances[0] + variances[1])
        own = np.maximum(np.maximum(spread / variances, of_classes), 1.0)
        assert n == pytest.approx(4)
        assert_allclose(effect, np.maximum(own, (4 * own + 5) / 5))


@pytest.mark.parametrize(("shortfall", "factor"), [(0.5, 1.0), (1.2, 1.44), (2.0, 5 / 3)])
def test_what_groups_show_counts_more_where_less_was_lost_than_expected(shortfall, factor):
    """The effect of 3 is taken times the square of the shortfall, up to the 5 of copies."""
    weight, gaps = np.full(4, 5.0), np.outer([1.0, -1.0, 1.0, -1.0], [3.0, 3.0])
    effect, _ = design_effects(gaps, weight, 20.0, np.array([16.0, 16.0]), shortfall)
    assert_allclose(effect, (4 * 3 * factor + 5) / 5)


def test_the_spread_between_groups_has_the_p_value_of_t():
    gaps = np.array([[1.0, 2.0], [3.0, -1.0], [2.0, 1.0], [2.0, -2.0]])  # without skewness
    found = p_values_between_groups(gaps, np.ones(4))
    assert_allclose(found, stats.ttest_1samp(gaps, 0).pvalue)
    assert np.isnan(p_values_between_groups(gaps[:2], np.ones(2))).all()


# The gap.


def gap_of(z, skewness=0.0, **params):
    """Z and p of a gap of z deviations of 0.5: 1 nat is expected, of at most 2."""
    given = {"expected": 1.0, "most": 2.0, "surprise": 1e3} | params
    expected, most, surprise = (np.array([given.pop(x)]) for x in ("expected", "most", "surprise"))
    moments = np.array([[0.25], [skewness * 0.125]])
    found = gap_test(expected + 0.5 * z, expected, moments, most, surprise, **given)
    return found[0][0], found[1][0]


@pytest.mark.parametrize("z", [-2.0, 0.5, 3.0])
def test_a_gap_without_skewness_has_the_p_value_of_a_normal_one(z):
    assert gap_of(z) == pytest.approx((z, 2 * stats.norm.sf(abs(z))))
    assert gap_of(z, df=5.0) == pytest.approx((z, 2 * stats.t.sf(abs(z), 5)))
    # Groups make the deviation larger.
    assert gap_of(z, design_effect=4.0) == pytest.approx((z / 2, 2 * stats.norm.sf(abs(z) / 2)))


@pytest.mark.parametrize("skewness", [0.4, -0.4])
@pytest.mark.parametrize("z", [-2.0, -0.5, 0.5, 2.0])
def test_a_skewed_gap_has_the_tail_of_pearsons_curve_or_of_a_count(z, skewness):
    tail = stats.pearson3(skewness).sf(z) if z > 0 else stats.pearson3(skewness).cdf(z)
    if z > 0 and skewness > 0:
        # A count of mean 6.25 with what was seen, 6.25 + 2 * 2.5 = 11.25, counted in by half.
        rate = 1 / skewness**2
        count = rate + z / skewness
        at_least = stats.gamma.cdf(rate, [count, count + 1])
        tail = max(tail, at_least.mean())
    assert gap_of(z, skewness)[1] == pytest.approx(min(2 * tail, 1))


@pytest.mark.parametrize("z", [-2.0, 2.0])
def test_few_groups_make_a_skewed_gap_less_far_out(z):
    normal = stats.norm.ppf(stats.t.cdf(z, 5))
    found = gap_of(z, 0.4, df=5.0)
    assert found == pytest.approx((z, gap_of(normal, 0.4)[1]))
    assert found[1] > gap_of(z, 0.4)[1]


@pytest.mark.parametrize("z", [-2.0, 2.0])
def test_groups_widen_the_third_moment_by_the_square_of_what_they_widen_the_variance_by(z):
    found = gap_of(2 * z, 0.1, design_effect=4.0)
    assert found == pytest.approx(gap_of(z, 0.2))


def test_a_rare_error_counts_as_a_poisson_count():
    """Of 0.01 expected errors one was seen: the chance of one or more, what was seen by half."""
    rate, seen = 0.01, 1
    z, skewness = (seen - rate) / math.sqrt(rate), 1 / math.sqrt(rate)
    tail = 0.5 * (stats.poisson.sf(seen - 1, rate) + stats.poisson.sf(seen, rate))
    curve = stats.pearson3(skewness).sf(z)
    assert gap_of(z, skewness)[1] == pytest.approx(2 * max(tail, curve))
    assert tail > curve


def test_a_tail_holds_the_labels_that_were_seen():
    assert gap_of(-9.0, surprise=10.0)[1] == pytest.approx(2 * math.exp(-10))
    assert gap_of(-0.1, surprise=10.0)[1] == pytest.approx(2 * stats.norm.sf(0.1))
    assert gap_of(0.1, surprise=0.1)[1] == 1.0


def test_no_more_skewness_is_believed_than_equal_parts_have():
    """
    Below the mean that of a deviation over the mean, as of a Poisson count.

    Above it that of what is missing to the end, turned round.
    """
    assert gap_of(-2.5, 1.0, expected=1.5)[1] == pytest.approx(2 * stats.pearson3(1 / 3).cdf(-2.5))
    assert gap_of(2.5, -1.0, most=2.5)[1] == pytest.approx(2 * stats.pearson3(-1 / 3).sf(2.5))
    assert gap_of(0.5, -1.0, most=2.5)[1] == pytest.approx(2 * stats.pearson3(-1 / 3).sf(0.5))
    assert gap_of(0.5, -1.5, most=1.5)[1] == pytest.approx(2 * stats.pearson3(-1.0).sf(0.5))
    # On the other side of what was expected the skewness is believed.
    count = 0.5 * stats.gamma.cdf(1.0, [3.5, 4.5]).sum()
    curve = stats.pearson3(1.0).sf(2.5)
    assert gap_of(2.5, 1.0, expected=100.0)[1] == pytest.approx(2 * max(count, curve))
    assert gap_of(-2.5, -1.0, most=1e3)[1] == pytest.approx(2 * stats.pearson3(-1.0).cdf(-2.5))
    # What lies behind an end has happened all the same.
    assert 0 < gap_of(2.5, -1.0, most=1.5)[1] < 1e-300


def test_a_gap_of_what_is_certain():
    zero = np.zeros((2, 3))
    loss, expected = np.array([1.0, 1.0 + 1e-14, 2.0]), np.array([1.0, 1.0, 1.0])
    z, p = gap_test(loss, expected, zero, np.full(3, 9.0), np.zeros(3))
    assert_allclose(z, [np.nan, np.nan, np.inf])
    assert_allclose(p, [np.nan, np.nan, 0.0])
    # Of so many rows the sums are rounded to some 1e-6.
    loss = 1e6 + np.array([1e-7, 1e-5, -1e-5])
    z, _ = gap_test(loss, np.full(3, 1e6), zero, np.full(3, 1e9), np.zeros(3))
    assert_allclose(z, [np.nan, np.inf, -np.inf])
    z, p = gap_test(np.array([0.5]), np.ones(1), zero[:, :1], np.full(1, 9.0), np.zeros(1))
    assert (z[0], p[0]) == (-np.inf, 0.0)
    z, p = gap_test(np.array([np.inf]), np.ones(1), zero[:, :1] + 0.1, np.ones(1) * 9, np.ones(1))
    assert (z[0], p[0]) == (np.inf, 0.0)


# Several tests, and scores.


def test_holms_p_values_are_those_of_his_procedure():
    p = np.array([[0.01, np.nan, 0.04], [0.03, 0.005, 0.9]])
    # 5 * 0.005, 4 * 0.01, 3 * 0.03, then 2 * 0.04 is not below it, and 0.9.
    assert_allclose(holm(p), [[0.04, np.nan, 0.09], [0.09, 0.025, 0.9]])
    assert_allclose(holm(np.array([0.6, 0.7])), [1.0, 1.0])
    assert np.isnan(holm(np.array([np.nan]))).all()


def test_scores_are_as_far_out_as_counts_are():
    """Tails of a Poisson count with what was seen counted in."""
    rate = 4.0
    for count in (0, 1, 3, 5, 7, 12):
        z = (count - rate) / 2.0
        tail = stats.poisson.sf(count - 1, rate) if z > 0 else stats.poisson.cdf(count, rate)
        for sign in (1, -1):
            score = normal_scores(np.array([sign * z]), np.array([sign * 0.5]))
            assert np.sign(score) == sign * np.sign(z)
            assert stats.norm.sf(abs(score[0])) == pytest.approx(tail, rel=0.1)


def test_scores_of_no_skewness_are_deviations_of_their_own_type():
    z = np.array([-3.0, 0.0, 2.0], dtype=np.float32)
    found = normal_scores(z, np.float32(0.001))
    assert_allclose(found, z)
    assert found.dtype == np.float32
    # A deviation of nothing stays on its side.
    assert normal_scores(np.array([1e-9, -1e-9]), np.array([0.5, 0.5])).tolist() == [0.0, 0.0]
