"""Rows that are not independent within a group: sums, intervals and tests that count groups."""

import math
import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from reports import EPS, QUICK, calibrated, data, same
from scipy.special import softmax
from scipy.stats import norm, pearson3
from scipy.stats import t as student

from skxent import LogLossAccumulator, log_loss_report
from skxent._intake._groups import check_groups
from skxent._intake._rows import check_labelled
from skxent.report._gaps import gap_tests, group_effects
from skxent.report._intervals import class_interval, macro_interval, overall_interval
from skxent.statistic._counted import Counted
from skxent.statistic._saved import counted_of, tree_of
from skxent.statistic._store import as_bytes, from_bytes
from skxent.statistic._sums import statistics

NAMES = ("weight", "loss", "floored", "expected")


def of(y, p, groups=None, weight=None):
    rows = check_labelled(y, p, labels=np.arange(p.shape[1]), sample_weight=weight)
    return statistics(rows, EPS, groups=None if groups is None else check_groups(groups, len(y)))


def intervals(s, level=0.95):
    return [f(s, EPS, level) for f in (class_interval, overall_interval, macro_interval)]


def in_groups(rng, sizes, k=3, scale=2.0, share=0.9):
    """Labels of a calibrated model; rows of a group share most of what they hang on."""
    group = np.repeat(np.arange(len(sizes)), sizes)
    n, common = len(group), rng.random(len(group)) < share
    own, shared = rng.normal(size=(n, k)), rng.normal(size=(len(sizes), k))[group]
    logits = scale * (math.sqrt(share) * shared + math.sqrt(1 - share) * own)
    noise = np.where(
        common[:, None], rng.gumbel(size=(len(sizes), k))[group], rng.gumbel(size=(n, k))
    )
    return group, (logits + noise).argmax(axis=1), softmax(logits, axis=1)


# Sums.


def key_of(groups):
    return {
        "numbers": groups,
        "text": np.array([f"g{g}" for g in groups]),
        "times": np.datetime64("2020-01-01") + groups,
        "both": [int(g) if g % 2 else f"g{g}" for g in groups],
        "pairs": [(int(g) % 3, f"{g}") for g in groups],
    }


@pytest.mark.parametrize("kind", ["numbers", "text", "times", "both", "pairs"])
@pytest.mark.parametrize("weighted", [False, True])
def test_a_group_that_is_cut_is_one_group(kind, weighted):
    rng = np.random.default_rng(0)
    y, p, w = data(400, 4)
    p[:7] = np.eye(4)[(y[:7] + 1) % 4]
    groups = rng.integers(30, size=400)
    w = np.where(groups == 5, 0.0, w) if weighted else None
    keys = key_of(groups)[kind]
    whole = of(y, p, keys, w).groups
    parts = [
        of(y[at], p[at], [keys[i] for i in at], None if w is None else w[at])
        for at in np.array_split(rng.permutation(400), 5)
    ]
    total = parts[0] + parts[1] + (parts[2] + parts[3] + parts[4])
    assert total.groups.n_groups == whole.n_groups == len(set(groups)) - weighted
    places = [whole.keys.tolist().index(key) for key in total.groups.keys.tolist()]
    for name in NAMES:
        assert_allclose(getattr(total.groups, name), getattr(whole, name)[places], atol=1e-12)


def test_the_sums_of_the_groups_are_their_sums():
    y, p, w = data(300, 3)
    p[:9] = np.eye(3)[(y[:9] + 1) % 3]
    groups = np.arange(300) % 7
    found = of(y, p, groups, w)
    costs = -np.log(np.maximum(p, EPS))
    for g in range(7):
        at = groups == g
        own = w[at, None] * np.eye(3)[y[at]]
        assert_allclose(found.groups.weight[g], own.sum(axis=0))
        assert_allclose(found.groups.loss[g], (own * costs[at]).sum(axis=0))
        assert_allclose(found.groups.floored[g], (own * (p[at] == 0)).sum(axis=0), atol=1e-15)
        assert_allclose(found.groups.expected[g], w[at] @ (p[at] * costs[at]))
    assert_allclose(found.groups.expected.sum(axis=0), found.expected)


def test_groups_are_there_for_all_rows_or_for_none():
    y, p, _ = data(100, 3)
    with pytest.raises(ValueError, match="groups were given for some of the rows"):
        of(y[:50], p[:50], np.arange(50)) + of(y[50:], p[50:])


@pytest.mark.parametrize("kind", ["numbers", "text", "times", "both", "pairs"])
def test_groups_are_pickled_and_saved(kind, tmp_path):
    y, p, _ = data(100, 3)
    counted = Counted(None)
    counted.sums = of(y, p, key_of(np.arange(100) // 4)[kind])
    saved = counted_of(from_bytes(as_bytes("test", tree_of(counted)), "test", tmp_path))
    for copy in (pickle.loads(pickle.dumps(counted.sums)), saved.sums):
        assert copy.groups.keys.tolist() == counted.sums.groups.keys.tolist()
        for name in NAMES:
            assert_array_equal(getattr(copy.groups, name), getattr(counted.sums.groups, name))
        assert (copy + counted.sums).groups.n_groups == 25


# Intervals.


@pytest.mark.parametrize("weighted", [False, True])
def test_a_group_for_each_row_is_no_groups(weighted):
    y, p = calibrated(300, 3)
    p[:3] = np.eye(3)[y[:3]]
    w = data(300, 3)[2] if weighted else None
    of_class, overall, macro = intervals(of(y, p, np.arange(300), w))
    plain = intervals(of(y, p, weight=w))
    assert_allclose(of_class, plain[0])
    assert_allclose(overall, plain[1])
    assert_allclose(macro, plain[2], rtol=2e-3)


def test_a_class_of_one_group_varies_as_the_others_do_in_the_mean_of_the_classes():
    y, p = calibrated(300, 3)
    y[y == 2] = 1
    y[0] = 2
    grouped, plain = intervals(of(y, p, np.arange(300)))[2], intervals(of(y, p))[2]
    # Of other degrees of freedom, but of one variance.
    assert_allclose(np.diff(grouped), np.diff(plain), rtol=0.08)


def test_copies_of_a_row_in_one_group_are_one_row():
    y, p = calibrated(120, 3)
    p[:3] = np.eye(3)[y[:3]]
    y[5], p[5] = 0, [0.0, 0.5, 0.5]
    copies = np.repeat(np.arange(120), 7)
    grouped, plain = (intervals(s) for s in (of(y[copies], p[copies], copies), of(y, p)))
    for found, expected in zip(grouped[:2], plain[:2], strict=True):
        assert_allclose(found, expected)
    assert_allclose(grouped[2], plain[2], rtol=2e-3)


def test_the_mean_of_the_classes_knows_that_a_group_has_rows_of_several():
    """Two classes whose losses rise and fall together vary as one."""
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(60), 2)
    own = np.repeat(rng.uniform(0.1, 0.9, 60), 2)
    y = np.tile([0, 1], 60)
    p = np.where(np.eye(2, dtype=bool)[y], own[:, None], 1 - own[:, None])
    together = intervals(of(y, p, group))
    assert_allclose(together[2], together[1][0].item() * np.r_[1, 0] + np.r_[0, together[1][1]])


def test_fewer_than_three_groups_have_no_interval_and_no_test():
    y, p = calibrated(200, 3)
    s = of(y, p, np.arange(200) % 2)
    for bounds in intervals(s):
        assert np.isnan(bounds).all()
    assert np.isnan(gap_tests(s)).all()


@pytest.mark.parametrize(("n", "size"), [(60, 20), pytest.param(60, 4, marks=pytest.mark.slow)])
def test_intervals_of_groups_cover(n, size):
    """Without groups those of 60 groups of 20 equal rows cover a third of the time."""
    many, p = calibrated(300_000, 3, scale=2.0, seed=5)
    truth = -np.log(p[np.arange(300_000), many]).mean()
    rng, hits = np.random.default_rng(0), []
    for _ in range(400):
        at = np.repeat(rng.integers(300_000, size=n), size)
        groups = np.repeat(np.arange(n), size)
        low, high = overall_interval(of(many[at], p[at], groups), EPS, 0.95)
        plain = overall_interval(of(many[at], p[at]), EPS, 0.95)
        hits.append([low <= truth <= high, plain[0] <= truth <= plain[1]])
    grouped, plain = np.mean(hits, axis=0).reshape(-1)
    assert grouped >= 0.93
    assert plain < 0.75


# Tests of the gap.


@pytest.mark.parametrize(
    ("n", "sizes"),
    [
        (20, "unequal"),
        *(pytest.param(*each, marks=pytest.mark.slow) for each in [(20, "equal"), (60, "unequal")]),
        (60, "equal"),
    ],
)
def test_a_calibrated_model_is_rarely_found_wrong(n, sizes):
    rng, p_values = np.random.default_rng(0), []
    numbers = np.full(n, 10) if sizes == "equal" else np.geomspace(1, 30, n).round().astype(int)
    for _ in range(300):
        group, y, p = in_groups(rng, numbers)
        p_values.append(gap_tests(of(y, p, group))[1])
    p_values = np.array(p_values)
    for found in (p_values[:, :3], p_values[:, 3]):
        assert np.mean(found < 0.05) <= 0.07
        assert np.mean(found < 0.01) <= 0.03


def test_a_gap_between_groups_has_degrees_of_freedom():
    """Forty rows that are groups of their own: of eight errors that were expected none is seen."""
    n, error = 40, 0.2
    s = of(np.zeros(n, int), np.tile([1 - error, error], (n, 1)), np.arange(n))
    z, p_value = gap_tests(s)
    deviation = math.sqrt(n * error * (1 - error))
    assert z[2] == pytest.approx(-n * error / deviation)
    normal = norm.ppf(student.cdf(-n * error / deviation, n - 1))
    # That of the count, which is less than twice the deviation over what was expected to be lost.
    skewness = (1 - 2 * error) / deviation
    assert p_value[2] == pytest.approx(2 * pearson3(skewness).cdf(normal), rel=1e-6)
    plain = gap_tests(of(np.zeros(n, int), np.tile([1 - error, error], (n, 1))))[1]
    assert plain[2] < p_value[2]


def test_groups_that_lost_less_than_was_expected_show_less_than_they_share():
    """
    Twelve groups of ten rows of which two errors are expected, with none and with three by turns.

    Their sums vary by 12 * 12 / 11 * 1.5**2 in squares of what an error costs more, those of
    independent rows by 120 * 0.16. More is believed where less was lost than expected; and for a
    thirteenth of twelve groups and one, that the rows are copies.
    """
    errors = np.tile([0, 3], 6)
    y = (np.arange(10) < errors[:, None]).astype(int).ravel()
    s = of(y, np.tile([0.8, 0.2], (120, 1)), np.repeat(np.arange(12), 10))
    right, wrong = -math.log(0.8), -math.log(0.2)
    shortfall = 120 * (0.8 * right + 0.2 * wrong) / (102 * right + 18 * wrong)
    effect = 12 * 12 / 11 * 1.5**2 / (120 * 0.16) * shortfall**2
    found, n = group_effects(s, s.groups)
    assert n == pytest.approx(12)
    assert_allclose(found, (12 * effect + 10) / 13)


def test_rows_that_are_taken_for_independent_are_found_wrong():
    rng, p_values = np.random.default_rng(0), []
    for _ in range(100):
        _, y, p = in_groups(rng, np.full(20, 10))
        p_values.append(gap_tests(of(y, p))[1])
    assert np.mean(np.array(p_values) < 0.05) > 0.3


def test_a_model_that_is_wrong_is_found():
    rng, p_values = np.random.default_rng(0), []
    for _ in range(40):
        group, y, p = in_groups(rng, np.full(100, 10), share=0.5)
        p_values.append(gap_tests(of(y, softmax(2.5 * np.log(p), axis=1), group))[1][-1])
    assert np.mean(np.array(p_values) < 0.05) > 0.9


def test_what_the_model_excludes_is_found_by_one_row():
    y = np.zeros(40, int)
    y[3] = 1
    z, p_value = gap_tests(of(y, np.tile([1.0, 0.0], (40, 1)), np.arange(40) // 4))
    assert p_value[1] == p_value[2] == 0
    assert z[1] == z[2] == math.inf


# From batches.


def in_parts(y, p, groups, w=None, **params):
    """An accumulator of batches that cut groups, and of which some wait for others."""
    accumulator = LogLossAccumulator(range(p.shape[1]), **params)
    order = np.random.default_rng(1).permutation(len(y))
    for i, at in enumerate(np.array_split(order, 9)):
        weight = None if w is None else w[at]
        accumulator.update(y[at], p[at], weight, groups=[groups[j] for j in at])
        assert i % 3 or accumulator.n_samples
    return accumulator


@pytest.mark.parametrize("kind", ["numbers", "text", "times", "both", "pairs"])
@pytest.mark.parametrize("weighted", [False, True])
def test_a_group_that_is_in_several_batches_is_one_group(kind, weighted):
    rng = np.random.default_rng(0)
    group, y, p = in_groups(rng, rng.integers(1, 30, 40))
    w = rng.uniform(0.5, 2, len(y)) if weighted else None
    keys = key_of(group)[kind]
    whole = LogLossAccumulator(range(3)).update(y, p, w, groups=keys)
    expected = whole.report(**QUICK)
    assert any("40 groups" in note for note in expected.notes)
    plain = LogLossAccumulator(range(3)).update(y, p, w).report(**QUICK)
    width = [r.overall["ci_high"] - r.overall["ci_low"] for r in (expected, plain)]
    assert width[0] > 1.5 * width[1]
    cut = in_parts(y, p, keys, w)
    half = len(y) // 2
    parts = [
        in_parts(y[at], p[at], keys[at], None if w is None else w[at])
        for at in (slice(half), slice(half, None))
    ]
    copies = pickle.loads(pickle.dumps(cut))
    for accumulator in (cut, parts[0] + parts[1], sum(parts[::-1]), copies):
        assert same(accumulator.report(**QUICK), expected)


def test_groups_of_batches_are_saved(tmp_path):
    group, y, p = in_groups(np.random.default_rng(0), [5] * 30)
    for keys in (group, [f"g{g}" for g in group]):
        accumulator = in_parts(y, p, keys)
        accumulator.save(tmp_path / "groups.skxent")
        loaded = LogLossAccumulator.load(tmp_path / "groups.skxent")
        assert same(loaded.report(**QUICK), accumulator.report(**QUICK))


@pytest.mark.parametrize("weighted", [False, True])
def test_a_report_of_groups_from_batches_is_that_of_the_array(weighted):
    rng = np.random.default_rng(0)
    group, y, p = in_groups(rng, rng.integers(1, 30, 40))
    w = rng.uniform(0.5, 2, len(y)) if weighted else None
    accumulator = LogLossAccumulator(range(3))
    for at in np.array_split(np.arange(len(y)), 7):
        weight = None if w is None else w[at]
        accumulator.update(y[at], p[at], weight, groups=group[at])
    whole = log_loss_report(y, p, sample_weight=w, groups=group)
    report = accumulator.report()
    assert same(report, whole, rel=1e-6)
    assert report.notes == whole.notes
    assert report.recalibration.recommended == whole.recalibration.recommended
    assert_allclose(report.recalibration.gain, whole.recalibration.gain, atol=1e-8)


def test_what_groups_are_called_changes_nothing():
    group, y, p = in_groups(np.random.default_rng(0), [7] * 40)
    one = log_loss_report(y, p, groups=group, n_null=0)
    for other in (group[::-1].max() - group, [f"{g % 7}-{g}" for g in group], 31 * group % 101):
        assert same(log_loss_report(y, p, groups=other, n_null=0), one, rel=1e-7)


def test_the_folds_of_the_recalibration_keep_groups_whole():
    """Where all rows of a group are copies, other folds would know them by heart."""
    rng = np.random.default_rng(0)
    group, y, p = in_groups(rng, [12] * 60, k=4, share=1.0)
    grouped = LogLossAccumulator(range(4)).update(y, p, groups=group).report(n_null=0)
    by_rows = LogLossAccumulator(range(4)).update(y, p).report(n_null=0)
    width = [r.recalibration.gain_high - r.recalibration.gain_low for r in (grouped, by_rows)]
    assert (width[0][1:] > 1.5 * width[1][1:]).all()
    last = grouped.recalibration.methods.index("dirichlet")
    assert grouped.recalibration.gain[last] < by_rows.recalibration.gain[last] - 0.02


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("counted", [False, True])
def test_batches_with_and_without_groups_do_not_add_up(first, counted):
    """The one that differs is refused, also where the others still wait to be counted."""
    y, p, _ = data(90, 3)
    given = {"groups": y}, {}
    one, other = given if first else given[::-1]
    accumulator = LogLossAccumulator(range(3)).update(y, p, **one)
    assert not counted or accumulator.n_samples == 90
    with pytest.raises(ValueError, match="groups were given for some of the rows"):
        accumulator.update(y, p, **other)
    with pytest.raises(ValueError, match="groups were given for some of the rows"):
        accumulator.merge(LogLossAccumulator(range(3)).update(y, p, **other))
    assert accumulator.update(y, p, **one).n_samples == 180
    # What holds no rows is no such batch.
    accumulator.update([], np.empty((0, 3)), **({} if other else {"groups": []}))
    accumulator.update(y, p, np.zeros(90), **other).merge(LogLossAccumulator(range(3)))
    assert accumulator.n_samples == 180


@pytest.mark.parametrize(
    ("groups", "error"), [([1], ValueError), ([1, None], ValueError), ([[], []], TypeError)]
)
def test_nothing_is_added_of_a_batch_whose_groups_are_none(groups, error):
    accumulator = LogLossAccumulator([0, 1])
    with pytest.raises(error, match="groups"):
        accumulator.update([0, 1], [0.2, 0.7], groups=groups)
    assert accumulator.n_samples == 0


def test_the_sample_knows_the_groups_of_its_rows():
    rng = np.random.default_rng(0)
    group, y, p = in_groups(rng, rng.integers(1, 30, 40))
    ids = np.arange(len(y))
    for kind in ("numbers", "text", "pairs"):
        keys = key_of(group)[kind]
        accumulator = LogLossAccumulator(range(3), subsample=200)
        for at in np.array_split(rng.permutation(len(y)), 5):
            accumulator.update(y[at], p[at], groups=[keys[i] for i in at], row_ids=ids[at])
        sample = accumulator._tally.counted().sample
        rows = [
            int(np.flatnonzero((p == row).all(axis=1))[0]) for row in sample.rows([]).proba.array
        ]
        assert len(rows) == 200
        pairs = set(zip(sample.groups().tolist(), group[rows].tolist(), strict=True))
        assert len(pairs) == len(set(group[rows])) == len(set(sample.groups()))
