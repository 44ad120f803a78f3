"""What a report from batches knows of single rows: a sample, and those that cost most."""

import copy
import json
import math
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from reports import QUICK, calibrated, data, quick, same
from scipy.special import softmax
from scipy.stats import chi2, hypergeom

from skxent import LogLossAccumulator, log_loss_report
from skxent.statistic._keys import drawn_keys, mixed


def sharp(n, k=3, seed=0):
    """A model that is too sure, so that there is something to recalibrate."""
    y, p = calibrated(n, k, seed=seed)
    return y, softmax(2 * np.log(p), axis=1)


def in_batches(accumulator, y, p, w=None, *, sizes=(1, 7, 64, 300), ids=None):
    """The rows in their order, in batches of these sizes by turns; some are counted at once."""
    start, i = 0, 0
    while start < len(y):
        at = slice(start, start + sizes[i % len(sizes)])
        named = {} if ids is None else {"row_ids": ids[at]}
        accumulator.update(y[at], p[at], None if w is None else w[at], **named)
        start, i = at.stop, i + 1
        if i % 3 == 0:
            assert accumulator.n_samples > 0  # those that wait are counted for it
    return accumulator


def sampled(accumulator):
    """The rows in the sample: probabilities and labels."""
    rows = accumulator._tally.counted().sample.rows(accumulator.labels)
    return rows.proba.array, rows.codes, rows.weight


# Keys.

STEP, MASK = 0x9E3779B97F4A7C15, (1 << 64) - 1


def test_keys_are_those_of_splitmix64():
    """Its first numbers for the seed 1234567, as programs of others print them."""
    printed = [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]
    states = [1234567 + STEP * i & MASK for i in range(1, 6)]
    assert mixed(np.array(states, dtype=np.uint64)).tolist() == printed
    # Rows have the numbers of a generator whose state is the seed, mixed, wherever they begin.
    (state,) = mixed(np.array([5], dtype=np.uint64)).tolist()
    states = np.array([state + STEP * i & MASK for i in range(7, 10)], dtype=np.uint64)
    assert drawn_keys(5, 7, 3).tolist() == mixed(states).tolist()


# All rows in the sample.


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("n", "k"), [(50, 2), (700, 3), (300, 60)])
def test_a_report_from_batches_is_that_of_the_array(n, k, weighted):
    """All of it, with the folds of the recalibration and the draws of the null."""
    y, p = sharp(n, k)
    w = data(n, k)[2] if weighted else None
    accumulator = in_batches(LogLossAccumulator(range(k)), y, p, w)
    report = accumulator.report(n_null=20)
    whole = log_loss_report(y, p, labels=range(k), sample_weight=w, n_null=20)
    assert same(report, whole, rel=1e-7)
    assert report.notes == whole.notes
    assert report.findings == whole.findings
    for name, values in whole.worst_rows.items():
        if values.dtype == object:
            assert report.worst_rows[name].tolist() == values.tolist()
        else:
            assert_allclose(report.worst_rows[name], values, rtol=1e-12)
    assert report.recalibration.recommended == whole.recalibration.recommended
    for name in ("log_loss", "ci_low", "ci_high", "gain", "gain_low", "gain_high"):
        ours, theirs = getattr(report.recalibration, name), getattr(whole.recalibration, name)
        assert_allclose(ours, theirs, rtol=1e-7, atol=1e-9)
    for one, other in zip(report.reliability, whole.reliability, strict=True):
        assert_allclose(one.share, other.share, rtol=1e-9)


@pytest.mark.parametrize(
    ("convert", "params"),
    [
        (lambda p: p.astype("f4"), {}),
        (lambda p: p.astype("f2"), {}),
        (lambda p: np.log(p) - 3, {"from_logits": True}),
        (lambda p: 5 * p, {"renormalize": True}),
        (lambda p: np.asfortranarray(p), {}),
        (lambda p: p.tolist(), {}),
        (lambda p: pl.DataFrame(p, schema=["0", "1", "2"]), {}),
    ],
    ids=["float32", "float16", "logits", "renormalized", "by columns", "list", "polars"],
)
def test_predictions_of_any_kind_are_kept_as_they_are_read(convert, params):
    y, p = sharp(200)
    accumulator = LogLossAccumulator(range(3), **params)
    for at in np.split(np.arange(200), 4):
        accumulator.update(y[at], convert(p[at]))
    whole = log_loss_report(y, convert(p), labels=range(3), n_null=0, **params)
    assert same(accumulator.report(n_null=0), whole, rel=1e-6)


@pytest.mark.parametrize("logits", [False, True])
def test_one_column_is_kept_with_both_classes(logits):
    y, p = sharp(200, 2)
    column = np.log(p[:, 1] / p[:, 0]) if logits else p[:, 1]
    accumulator = LogLossAccumulator([0, 1], from_logits=logits)
    for at in np.split(np.arange(200), 4):
        accumulator.update(y[at], column[at])
    assert same(accumulator.report(n_null=0), log_loss_report(y, p, n_null=0), rel=1e-6)


def test_batches_of_several_kinds_are_kept_beside_each_other():
    y, p = sharp(200, 2)
    accumulator = LogLossAccumulator([0, 1])
    accumulator.update(y[:50], p[:50]).update(y[50:90], p[50:90, 1])
    accumulator.update(y[90:120], p[90:120].astype("f4")).update(y[120:], p[120:], np.ones(80))
    assert same(accumulator.report(n_null=0), log_loss_report(y, p, n_null=0), rel=1e-5)


@pytest.mark.parametrize("kind", [object, int])
def test_what_is_passed_in_may_change_after_the_update(kind):
    """A loop may fill the same arrays again and again."""
    y, p = sharp(300)
    accumulator = LogLossAccumulator(range(3))
    labels, table, weight = np.empty(30, int), np.empty((30, 3)), np.empty(30)
    names = np.empty(30, dtype=kind)
    for at in np.split(np.arange(300), 10):
        labels[:], table[:], weight[:], names[:] = y[at], p[at], 1.0, at
        accumulator.update(labels, table, weight, row_ids=names)
        labels[:], table[:], weight[:], names[:] = 0, 1 / 3, 9.0, -1
    report, whole = accumulator.report(**QUICK), quick(y, p)
    assert same(report, whole)
    assert report.worst_rows["row"].tolist() == whole.worst_rows["row"].tolist()


def test_rows_without_weight_are_no_part_of_the_sample():
    y, p = sharp(400)
    w = np.arange(400) % 4 / 2.0
    accumulator = in_batches(LogLossAccumulator(range(3), subsample=300), y, p, w)
    found, _, weight = sampled(accumulator)
    assert_array_equal(found, p[w > 0])
    assert_array_equal(weight, w[w > 0])
    assert all(note.startswith("No e-value") for note in accumulator.report(n_null=0).notes)


# More rows than are kept.


def test_it_keeps_as_many_as_it_is_asked_to():
    y, p = sharp(1000)
    for subsample in (1, 10, 999, 1000, 1001):
        accumulator = in_batches(LogLossAccumulator(range(3), subsample=subsample), y, p)
        assert len(sampled(accumulator)[0]) == min(subsample, 1000)
    # Of many classes fewer rows: two million probabilities in all.
    k = 4000
    wide = LogLossAccumulator(range(k)).update(np.arange(600), np.full((600, k), 1 / k))
    assert len(sampled(wide)[0]) == 500


def counts_of(draw, n, times):
    """How often each of the rows was in a sample; their first probability says which they are."""
    counts = np.zeros(n)
    for i in range(times):
        counts[np.rint(sampled(draw(i))[0][:, 0] * 2 * n).astype(int)] += 1
    return counts


def numbered(n):
    p = np.arange(n) / (2 * n)
    return np.zeros(n, dtype=int), np.column_stack([p, 1 - p])


@pytest.mark.parametrize(
    ("sizes", "n", "times"),
    [((1000,), 1000, 300), ((10, 90), 400, 120), ((3,), 120, 60)],
    ids=str,
)
def test_every_row_is_as_likely_in_the_sample(sizes, n, times):
    size = n // 10
    y, p = numbered(n)

    def draw(seed):
        accumulator = LogLossAccumulator([0, 1], subsample=size, random_state=seed)
        return in_batches(accumulator, y, p, sizes=sizes)

    counts = counts_of(draw, n, times)
    total = counts.sum()
    assert total == size * times
    # Of twenty places, and of single rows; without replacement, they vary less than chi-square.
    of_places = counts.reshape(20, -1).sum(axis=1)
    statistic = ((of_places - total / 20) ** 2).sum() / (total / 20) / (1 - size / n)
    assert 1e-4 < chi2.sf(statistic, 19) < 1 - 1e-4
    each = ((counts - total / n) ** 2).sum() / (total / n) / (1 - size / n)
    assert 1e-4 < chi2.sf(each, n - 1) < 1 - 1e-4


def test_the_sample_of_a_sum_is_one_of_all_rows():
    """Also of parts of different sizes: each has its share, which varies as by chance."""
    n, of_one, size, times = 1200, 300, 100, 300
    y, p = numbered(n)

    def draw(i):
        parts = [
            LogLossAccumulator([0, 1], subsample=size, random_state=2 * i + j).update(y[at], p[at])
            for j, at in enumerate([slice(of_one), slice(of_one, None)])
        ]
        return parts[0] + parts[1] if i % 2 else parts[1] + parts[0]

    shares = [np.count_nonzero(sampled(draw(i))[0][:, 0] < of_one / (2 * n)) for i in range(times)]
    expected = hypergeom(n, of_one, size)
    spread = expected.std() / math.sqrt(times)
    assert np.mean(shares) == pytest.approx(expected.mean(), abs=4 * spread)
    statistic = (times - 1) * np.var(shares, ddof=1) / expected.var()
    assert 1e-4 < chi2.sf(statistic, times - 1) < 1 - 1e-4


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda a: pickle.loads(pickle.dumps(a)), lambda a: a + 0]
)
def test_copies_do_not_draw_alike(copied):
    """As workers do that each got a copy of one accumulator."""
    y, p = numbered(1000)
    one = LogLossAccumulator([0, 1], subsample=100).update(y[:10], p[:10])
    parts = [copied(one).update(y, p) for _ in range(8)]
    kept = {tuple(sampled(part)[0][:, 0]) for part in parts}
    assert len(kept) == 8


def test_a_seed_repeats_the_sample_whatever_the_batches():
    y, p = numbered(1000)
    kept = [
        sampled(in_batches(LogLossAccumulator([0, 1], subsample=50, random_state=3), y, p, sizes=s))
        for s in [(1000,), (7, 90), (400,)]
    ]
    for other in kept[1:]:
        assert_array_equal(kept[0][0], other[0])


def test_what_was_drawn_with_one_seed_does_not_add_up():
    y, p = numbered(100)
    one, other = (
        LogLossAccumulator([0, 1], random_state=5).update(y[at], p[at])
        for at in (slice(50), slice(50, 100))
    )
    with pytest.raises(ValueError, match=r"random_state=5.*row_ids"):
        one + other
    with pytest.raises(ValueError, match=r"random_state=5"):
        copy.copy(one).merge(one)
    assert one.n_samples == other.n_samples == 50
    # With others they do, and so do those that drew nothing, or by the names of the rows.
    assert (one + LogLossAccumulator([0, 1], random_state=6).update(y, p)).n_samples == 150
    assert (one + LogLossAccumulator([0, 1], random_state=5)).n_samples == 50
    ids = LogLossAccumulator([0, 1], random_state=5).update(y, p, row_ids=np.arange(100))
    assert (one + ids).n_samples == 150


@pytest.mark.parametrize(
    "ids",
    [
        np.arange(2000)[::-1],
        [f"row {i}" for i in range(2000)],
        pd.date_range("2020-01-01", periods=2000),
        [(i % 7, str(i)) for i in range(2000)],
    ],
    ids=["numbers", "text", "days", "pairs"],
)
def test_names_of_rows_decide_which_are_kept(ids):
    """A report repeats whatever the batches, the parts, and the order in which they add up."""
    y, p = sharp(2000)
    ids = ids if isinstance(ids, np.ndarray) else np.array([*ids, None], dtype=object)[:-1]

    def part(at):
        accumulator = LogLossAccumulator(range(3), subsample=200)
        return in_batches(accumulator, y[at], p[at], ids=ids[at])

    whole = part(np.arange(2000)).report(n_null=0)
    mixed = np.random.default_rng(0).permutation(2000)
    thirds = [part(at) for at in np.array_split(mixed, 3)]
    for total in (sum(thirds), sum(thirds[::-1]), part(mixed)):
        report = total.report(n_null=0)
        assert same(report, whole, rel=1e-7)
        assert report.worst_rows["row"].tolist() == whole.worst_rows["row"].tolist()
        assert_allclose(report.recalibration.gain, whole.recalibration.gain, rtol=1e-9)


def test_rows_with_numbers_follow_one_another_by_these():
    """So that a report of all rows is that of the array, in whatever order the parts add up."""
    y, p = sharp(300)
    parts = [
        LogLossAccumulator(range(3)).update(y[at], p[at], row_ids=at)
        for at in np.split(np.random.default_rng(0).permutation(300), 3)
    ]
    whole = log_loss_report(y, p, n_null=0)
    for total in (sum(parts), parts[2] + (parts[1] + parts[0])):
        assert same(total.report(n_null=0), whole, rel=1e-7)


def test_names_draw_evenly():
    """The numbers of rows, above all."""
    y, p = numbered(10_000)
    accumulator = LogLossAccumulator([0, 1], subsample=1000).update(y, p, row_ids=np.arange(10_000))
    places = np.rint(sampled(accumulator)[0][:, 0] * 20_000)
    counts = np.histogram(places, 20, (0, 10_000))[0]
    assert 1e-3 < chi2.sf(((counts - 50) ** 2 / 50).sum() / 0.9, 19) < 1 - 1e-3


@pytest.mark.parametrize("weighted", [False, True])
def test_a_report_of_a_sample_is_near_that_of_all_rows(weighted):
    y, p = sharp(20_000)
    w = np.random.default_rng(1).uniform(0.5, 2, 20_000) if weighted else None
    accumulator = LogLossAccumulator(range(3), subsample=2000, random_state=0)
    report = in_batches(accumulator, y, p, w, sizes=(900, 5000)).report(n_null=0)
    whole = log_loss_report(y, p, sample_weight=w, n_null=0)
    one, other = report.recalibration, whole.recalibration
    assert one.methods == other.methods
    # The loss is that of all rows; what is taken off it, that of the sample.
    assert one.log_loss[0] == pytest.approx(report.overall["log_loss"], rel=1e-12)
    assert_allclose(one.log_loss, one.log_loss[0] - one.gain, rtol=1e-9)
    width = one.gain_high - one.gain_low
    assert (np.abs(one.gain - other.gain) <= width).all()
    assert (width[1:] > 2 * (other.gain_high - other.gain_low)[1:]).all()
    overall = report.overall
    assert overall["recoverable"] == pytest.approx(report.per_class["recoverable"].sum())
    left = overall["log_loss"] - overall["calibration_loss"]
    assert left == pytest.approx(overall["refinement_loss"])
    note = report.notes[0]
    assert "of 2000 rows, drawn at random from 20000" in note
    assert note in str(report).replace("\n", " ")


def test_without_a_sample_there_is_no_recalibration():
    y, p = sharp(300)
    report = in_batches(LogLossAccumulator(range(3), subsample=0), y, p).report(n_null=0)
    assert report.recalibration is None
    (note,) = report.notes
    assert "No sample of the rows was kept" in note
    missing = {n for n, v in report.overall.items() if isinstance(v, float) and math.isnan(v)}
    assert missing == {
        *("recoverable", "recoverable_low", "recoverable_high"),
        *("refinement_loss", "calibration_loss"),
    }
    assert len(report.worst_rows["row"]) == 10
    bare = in_batches(LogLossAccumulator(range(3), subsample=0), y, p)
    assert bare.report(**QUICK).notes == ()
    both = bare + in_batches(LogLossAccumulator(range(3)), y, p)
    assert both.report(n_null=0).recalibration is None


def test_the_smaller_of_two_samples_is_what_adds_up():
    y, p = sharp(400)
    one = LogLossAccumulator(range(3), subsample=100).update(y[:200], p[:200])
    other = LogLossAccumulator(range(3), subsample=50).update(y[200:], p[200:])
    for both in (one + other, other + one):
        assert len(sampled(both)[0]) == 50
        assert "of 50 rows, drawn at random from 400" in both.report(n_null=0).notes[0]


def test_logits_and_probabilities_add_up():
    y, p = sharp(400)
    one = LogLossAccumulator(range(3)).update(y[:200], p[:200])
    other = LogLossAccumulator(range(3), from_logits=True).update(y[200:], np.log(p[200:]))
    whole = log_loss_report(y, p, n_null=0)
    assert same((one + other).report(n_null=0), whole, rel=1e-6)
    y, p = np.r_[y[200:], y[:200]], np.r_[p[200:], p[:200]]
    whole = log_loss_report(y, p, n_null=0)
    assert same((other + one).report(n_null=0), whole, rel=1e-6)


@pytest.mark.parametrize("subsample", [-1, 2.5, "all", True, None])
def test_how_many_to_keep_must_be_a_number(subsample):
    with pytest.raises(ValueError, match=r"subsample must be a number of rows.*got"):
        LogLossAccumulator([0, 1], subsample=subsample)


# The rows that cost most.


@pytest.mark.parametrize("subsample", [0, 20, 10_000])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_worst_rows_are_those_of_the_array(subsample, weighted):
    y, p, w = data(3000, 4)
    w[::5] = 0
    w = w if weighted else None
    accumulator = in_batches(LogLossAccumulator(range(4), subsample=subsample), y, p, w)
    found = accumulator.report(**QUICK).get_worst_rows()
    expected = quick(y, p, sample_weight=w).get_worst_rows()
    assert len(found["row"]) == 100
    for name, values in expected.items():
        assert found[name].tolist() == values.tolist()


def test_rows_that_cost_the_same_are_in_the_order_of_the_batches():
    y, p = np.zeros(1000, dtype=int), np.full((1000, 2), 0.5)
    p[[3, 700]] = [0.1, 0.9]
    accumulator = in_batches(LogLossAccumulator([0, 1]), y, p)
    rows = [3, 700, *(i for i in range(200) if i != 3)]
    assert accumulator.report(**QUICK).get_worst_rows()["row"].tolist() == rows[:100]


@pytest.mark.parametrize("size", [30, 30_000])
def test_rows_are_numbered_in_the_order_in_which_they_were_counted(size):
    """Those of the second part of a sum go on where those of the first end."""
    y, p = np.zeros(3 * size, dtype=int), np.full((3 * size, 2), 0.5)
    worst = [size - 1, size, 2 * size + 5]
    p[worst] = np.array([[0.1, 0.9], [0.2, 0.8], [0.3, 0.7]])
    thirds = np.split(np.arange(3 * size), 3)
    parts = [LogLossAccumulator([0, 1]).update(y[at], p[at]) for at in thirds]
    # Rows that have no weight are numbered, too.
    empty = LogLossAccumulator([0, 1]).update(y[:7], p[:7], np.zeros(7))
    found = [
        total.report(**QUICK).worst_rows["row"].tolist()[:3]
        for total in (sum(parts), parts[0] + (parts[1] + parts[2]), empty + sum(parts))
    ]
    assert found == [worst, worst, [row + 7 for row in worst]]


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (lambda at: [f"patient {i}" for i in at], list),
        (lambda at: np.array([f"patient {i}" for i in at]), np.ndarray),
        (lambda at: 10 * np.asarray(at), np.ndarray),
        (lambda at: pd.Series([f"patient {i}" for i in at]), pd.Series),
        (lambda at: pl.Series([f"patient {i}" for i in at]), pl.Series),
        (lambda at: pd.Index(pd.date_range("2020", periods=1000)[at]), pd.Index),
        (lambda at: [i if i % 2 else str(i) for i in at], list),
    ],
    ids=["list", "array", "numbers", "series", "polars", "days", "mixed"],
)
def test_worst_rows_have_the_names_that_they_were_given(names, kind):
    y, p, _ = data(500, 3)
    accumulator = LogLossAccumulator(range(3))
    for at in np.array_split(np.arange(500), 7):
        assert isinstance(names(at), kind)
        accumulator.update(y[at], p[at], row_ids=names(at))
    worst = np.argsort(p[np.arange(500), y])[:10]
    report = accumulator.report(**QUICK)
    assert report.worst_rows["row"].tolist() == list(names(worst))
    assert json.loads(report.to_json())["worst_rows"]["row"]


def test_the_index_of_a_batch_names_its_rows():
    y, p, _ = data(300, 3)
    frame = pd.DataFrame(p).assign(y=y)
    accumulator = LogLossAccumulator(range(3))
    for start in range(0, 300, 60):
        part = frame.iloc[start : start + 60]
        accumulator.update(part["y"], part[[0, 1, 2]])
    worst = quick(y, p).worst_rows["row"]
    assert accumulator.report(**QUICK).worst_rows["row"].tolist() == worst.tolist()
    named = frame.set_index(pd.Index([f"row {i}" for i in range(300)]))
    named = LogLossAccumulator(range(3)).update(named["y"], named[[0, 1, 2]])
    assert named.report(**QUICK).worst_rows["row"].tolist() == [f"row {i}" for i in worst]


def test_rows_with_and_without_names_stand_beside_each_other():
    y, p = np.zeros(20, dtype=int), np.full((20, 2), 0.5)
    p[[3, 17]] = [[0.1, 0.9], [0.2, 0.8]]
    accumulator = LogLossAccumulator([0, 1]).update(y[:10], p[:10], row_ids=list("abcdefghij"))
    accumulator.update(y[10:], p[10:])
    assert accumulator.report(**QUICK).worst_rows["row"].tolist()[:2] == ["d", 17]


@pytest.mark.parametrize("ids", [[1], [[1, 2]], "ab", [1, 2, 3], 5])
def test_names_must_be_as_many_as_rows(ids):
    accumulator = LogLossAccumulator([0, 1])
    with pytest.raises(ValueError, match="row_ids must have one name for each of the 2 rows"):
        accumulator.update([0, 1], [0.5, 0.5], row_ids=ids)
    assert accumulator.n_samples == 0


# How the losses are spread.


SPREADS = {
    "exponential": lambda rng, n: rng.exponential(size=n),
    "lognormal": lambda rng, n: np.exp(2 * rng.normal(size=n) - 3),
    "few errors": lambda rng, n: np.where(rng.random(n) < 0.004, 6.0, 0.01) * rng.uniform(1, 2, n),
    "narrow": lambda rng, n: rng.uniform(0.69, 0.70, n),
}


@pytest.mark.parametrize("kind", SPREADS)
@pytest.mark.parametrize("weighted", [False, True])
def test_tail_and_gini_of_bins_are_nearly_those_of_rows(kind, weighted):
    """Exact where all rows are in the sample; else as far as rows of one bin are alike."""
    rng = np.random.default_rng(0)
    losses = np.minimum(SPREADS[kind](rng, 20_000), 30.0)
    w = rng.uniform(0.2, 3, 20_000) if weighted else None
    p = np.column_stack([np.exp(-losses), -np.expm1(-losses)])
    y = np.zeros(20_000, dtype=int)
    whole = quick(y, p, labels=[0, 1], sample_weight=w).overall
    coarse = 8e-3 if kind == "narrow" else 1e-3  # a single bin holds all rows
    for subsample, most in ((20_000, 1e-12), (100, coarse)):
        accumulator = LogLossAccumulator([0, 1], subsample=subsample)
        found = in_batches(accumulator, y, p, w, sizes=(3000,)).report(**QUICK).overall
        assert found["tail_share"] == pytest.approx(whole["tail_share"], abs=most)
        assert found["gini"] == pytest.approx(whole["gini"], abs=most)


@pytest.mark.parametrize("p", [0.5, 1e-300, 1 - 1e-12])
def test_equal_losses_are_spread_evenly_in_bins_too(p):
    accumulator = LogLossAccumulator([0, 1], subsample=0)
    accumulator.update(np.zeros(5000, dtype=int), np.full((5000, 2), [p, 1 - p]))
    overall = accumulator.report(**QUICK).overall
    assert overall["tail_share"] == pytest.approx(0.01)
    assert overall["gini"] == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(
    ("p", "eps"), [([[1, 0], [0, 1]], 2.0**-52), ([[0, 1], [0, 1]], 0)], ids=["nothing", "too much"]
)
@pytest.mark.parametrize("subsample", [0, 100])
def test_where_nothing_is_lost_or_too_much(p, eps, subsample):
    report = LogLossAccumulator([0, 1], eps=eps, subsample=subsample).update([0, 1], p).report()
    assert math.isnan(report.overall["tail_share"])
    assert math.isnan(report.overall["gini"])
