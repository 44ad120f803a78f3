"""Reports from batches: what they share with the report of all rows, and what they lack."""

import copy
import dataclasses
import inspect
import math
import pickle
import re
import tracemalloc

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from reports import QUICK, calibrated, data, quick, same_columns
from scipy.special import softmax

from skxent import LogLossAccumulator, LogLossReport, log_loss_report
from skxent.statistic._sample import Sample

ISOTONIC = ("miscalibration", "discrimination")
DRAWN = ("miscalibration_null", "miscalibration_p")
NEED_ROWS = {
    *("recoverable", "recoverable_low", "recoverable_high", "refinement_loss"),
    *("calibration_loss", "tail_share", "gini"),
}


def filled(y, p, w=None, parts=7, labels=None, seed=0, **params):
    """An accumulator that got the rows in batches of different sizes, in any order."""
    labels = range(p.shape[1]) if labels is None else labels
    accumulator = LogLossAccumulator(labels, **params)
    rng = np.random.default_rng(seed)
    rows = rng.permutation(len(y))
    cuts = np.sort(rng.choice(np.arange(1, len(y)), parts - 1, replace=False))
    for at in np.split(rows, cuts):
        accumulator.update(y[at], p[at], None if w is None else w[at])
    return accumulator


def totals(accumulator):
    found = accumulator._tally.counted().sums
    return {
        f.name: getattr(found, f.name).copy()
        for f in dataclasses.fields(found)
        if f.name != "groups"
    }


def unchanged(accumulator, before):
    for name, value in totals(accumulator).items():
        assert_array_equal(value, before[name])
    return True


# Beside one array.


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("base", [math.e, 2])
@pytest.mark.parametrize(("n", "k"), [(300, 2), (700, 3), (500, 40)])
def test_batches_in_any_order_have_the_figures_of_one_array(n, k, base, weighted):
    y, p, w = data(n, k, seed=1)  # weights that do not happen to go with the classes
    w = w if weighted else None
    whole = log_loss_report(y, p, sample_weight=w, base=base, recalibration=k < 40, n_null=0)
    for seed in range(3):
        report = filled(y, p, w, seed=seed, base=base, subsample=0).report(**QUICK)
        assert isinstance(report, LogLossReport)
        assert same_columns(report, whole, but=(*ISOTONIC, *NEED_ROWS))
        known = {n: v for n, v in report.overall.items() if n not in NEED_ROWS}
        assert known == pytest.approx({n: whole.overall[n] for n in known}, rel=1e-9, nan_ok=True)
        column = report.per_class
        left = column["miscalibration"] - column["discrimination"] + column["uncertainty"]
        assert_allclose(left, column["ovr_log_loss"], atol=1e-9)
        for name in ISOTONIC:
            lost = whole.per_class[name] - column[name]
            assert (lost > -1e-9).all()
            assert (lost < 0.02).all()
        for one, other in zip(report.reliability, whole.reliability, strict=True):
            assert_array_equal(one.edges, other.edges)
            assert one.counts.sum() == pytest.approx(other.counts.sum())


def test_weights_that_follow_the_classes_are_noted_too():
    y, p, _ = data(300, 3)
    report = filled(y, p, np.array([1.0, 2.0, 3.0])[y]).report()
    assert len(report.notes) == 1
    assert math.isnan(report.overall["p_value"])
    assert np.isnan(report.per_class["miscalibration_null"]).all()


@pytest.mark.parametrize("weighted", [False, True])
def test_the_null_is_nearly_that_of_one_array(weighted):
    y, p = calibrated(1000, 3, seed=1)
    w = data(1000, 3)[2] if weighted else None
    whole = log_loss_report(y, p, sample_weight=w, recalibration=False).per_class
    batches = filled(y, p, w, subsample=0).report().per_class
    beyond = [c["miscalibration"] - c["miscalibration_null"] for c in (whole, batches)]
    scale = whole["miscalibration_null"]
    assert (np.abs(beyond[1] - beyond[0]) < 0.25 * scale).all()
    assert_allclose(batches["miscalibration_p"], whole["miscalibration_p"], atol=0.35)


def test_options_of_the_report():
    y, p = calibrated(400, 3)
    accumulator = filled(y, p)
    narrow = accumulator.report(confidence_level=0.5, n_null=0)
    whole = quick(y, p, confidence_level=0.5)
    for name in ("ci_low", "ci_high"):
        assert_allclose(narrow.per_class[name], whole.per_class[name])
    assert narrow.confidence_level == 0.5
    nulls = [
        accumulator.report(n_null=20, random_state=seed).per_class["miscalibration_null"].tolist()
        for seed in (0, 0, 1)
    ]
    assert nulls[0] == nulls[1] != nulls[2]
    with pytest.raises(ValueError, match="confidence_level must be between 0 and 1"):
        accumulator.report(confidence_level=95)


# What it takes.


@pytest.mark.parametrize(
    "labels",
    [["low", "med", "high"], [10, -3, 5], [0.5, 2.0, -1.0], ["1", "b", "<b>"]],
    ids=["str", "int", "float", "markup"],
)
def test_labels_of_any_type_in_the_order_of_the_columns(labels):
    y, p, w = data(300, 3)
    named = np.array(labels)[y]
    report = filled(named, p, w, labels=labels).report(**QUICK)
    assert report.labels.tolist() == list(report.target_names) == labels
    whole = quick(named, p, labels=labels, sample_weight=w)
    assert same_columns(report, whole, but=ISOTONIC)


def test_batches_that_lack_classes():
    """A batch says nothing about what the classes are."""
    y, p = np.repeat([0, 1, 2], 50), data(150, 3)[1]
    accumulator = LogLossAccumulator(["a", "b", "c"])
    for c in "cab":
        at = np.array(["a", "b", "c"])[y] == c
        accumulator.update([c] * 50, p[at])
    assert same_columns(
        accumulator.report(**QUICK), quick(np.array(["a", "b", "c"])[y], p), but=ISOTONIC
    )


@pytest.mark.parametrize(
    ("labels", "pos_label", "column"),
    [(["no", "yes"], None, 1), (["no", "yes"], "no", 0), ([4, 7], 7, 1)],
)
def test_one_column_is_the_probability_of_one_class(labels, pos_label, column):
    y, p, w = data(200, 2)
    named = np.array(labels)[y]
    accumulator = LogLossAccumulator(labels, pos_label=pos_label)
    accumulator.update(named[:90], p[:90, column], w[:90])
    accumulator.update(named[90:], p[90:], w[90:])
    whole = quick(named, p, labels=labels, sample_weight=w)
    assert same_columns(accumulator.report(**QUICK), whole, but=ISOTONIC)


@pytest.mark.parametrize("make", [lambda p: np.log(p) - 2, lambda p: (np.log(p) - 2).astype("f4")])
def test_logits(make):
    y, p, _ = data(200, 3)
    accumulator = LogLossAccumulator(range(3), from_logits=True)
    for at in np.split(np.arange(200), 4):
        accumulator.update(y[at], make(p[at]))
    whole = quick(y, make(p), from_logits=True)
    assert same_columns(accumulator.report(**QUICK), whole, but=ISOTONIC)
    binary = LogLossAccumulator([0, 1], from_logits=True)
    z = np.random.default_rng(0).normal(size=200)
    binary.update(y % 2, z)
    assert binary.report().overall["log_loss"] == pytest.approx(
        np.logaddexp(0, np.where(y % 2, -z, z)).mean()
    )


def test_rows_that_are_normalised_and_a_floor():
    y, p, _ = data(200, 3)
    p[:5] = np.eye(3)[(y[:5] + 1) % 3]
    report = filled(y, 3 * p, renormalize=True, eps=1e-3).report(**QUICK)
    assert same_columns(report, quick(y, p, eps=1e-3), but=ISOTONIC)
    assert report.per_class["floored"].sum() >= 5
    exact = filled(y, p, eps=0).report()
    assert exact.overall["log_loss"] == math.inf
    assert exact.findings == log_loss_report(y, p, eps=0).findings


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_frames_whose_columns_are_named_as_the_labels(frame):
    y, p, w = data(200, 3)
    names = np.array(["a", "b", "c"])
    accumulator = LogLossAccumulator(names)
    series = pd.Series if frame is pd.DataFrame else pl.Series
    turned = frame({"c": p[:100, 2], "a": p[:100, 0], "b": p[:100, 1]})
    accumulator.update(series(names[y[:100]]), turned, w[:100])
    accumulator.update(names[y[100:]].tolist(), p[100:].tolist(), w[100:].tolist())
    whole = quick(names[y], p, sample_weight=w)
    assert same_columns(accumulator.report(**QUICK), whole, but=ISOTONIC)


def test_one_hot_rows():
    y, p, _ = data(100, 3)
    accumulator = LogLossAccumulator(["a", "b", "c"]).update(np.eye(3)[y], p)
    whole = quick(np.array(["a", "b", "c"])[y], p)
    assert same_columns(accumulator.report(**QUICK), whole, but=ISOTONIC)


def test_labels_stay_as_they_were_given():
    labels = np.array([2, 0, 1])
    accumulator = LogLossAccumulator(labels)
    labels[0] = 5
    assert accumulator.labels.tolist() == [2, 0, 1]
    with pytest.raises(ValueError, match="read-only"):
        accumulator.labels[0] = 5


def test_target_names_and_unit():
    y, p, _ = data(100, 3)
    report = filled(y, p, target_names=["ape", "bee", "cat"], base=2).report()
    assert report.target_names == ("ape", "bee", "cat")
    assert report.labels.tolist() == [0, 1, 2]
    assert report.base == 2
    assert "bits" in repr(report)
    assert filled(y, p, base=None).report().base == math.e


@pytest.mark.parametrize("zeros", [slice(0, 50), slice(10, 90)])
def test_rows_without_weight_are_not_counted(zeros):
    y, p, w = data(100, 3)
    w[zeros] = 0
    accumulator = LogLossAccumulator(range(3)).update(y, p, w)
    assert accumulator.n_samples == np.count_nonzero(w)
    assert accumulator.report().overall["n_samples"] == np.count_nonzero(w)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"labels": [0, 0]}, "labels"),
        ({"target_names": ["a"]}, "target_names must name each of the 2 classes.*got 1"),
        ({"base": 1}, "base must be"),
        ({"eps": 2}, "eps must be"),
        ({"pos_label": 2}, r"pos_label must be one of labels, \[0, 1\]; got 2"),
    ],
)
def test_errors_when_it_is_made(params, message):
    with pytest.raises(ValueError, match=message):
        LogLossAccumulator(**{"labels": [0, 1], **params})


# Bad batches, and no batches.


@pytest.mark.parametrize("start", [True, False])
@pytest.mark.parametrize(
    ("y", "p", "w", "error", "message"),
    [
        ([0, 7], [[0.5, 0.5]] * 2, None, ValueError, "7"),
        (["a", "b"], [[0.5, 0.5]] * 2, None, ValueError, "a"),
        ([0], [[0.5, 0.5]] * 2, None, ValueError, "same number of rows; got 1 and 2"),
        ([0, 1], [[0.5, 0.5, 0]] * 2, None, ValueError, "labels names 2 classes"),
        ([0, 1], [[0.5, 0.5], [0.5, 0.6]], None, ValueError, "must sum to 1"),
        ([0, 1], [[0.5, 0.5], [np.nan, 0.5]], None, ValueError, "y_proba must"),
        ([0, 1], [[0.5, 0.5], [1.5, -0.5]], None, ValueError, "between 0 and 1"),
        ([0, 1], [[0.5, 0.5]] * 2, [1, -1], ValueError, "sample_weight must be finite"),
        ([0, 1], [[0.5, 0.5]] * 2, [1], ValueError, "sample_weight must have shape"),
        ([0, 1], [[0.5, 0.5]] * 2, [1e95, 1], ValueError, "sample_weight sums to"),
        ([], [[0.5, 0.5]], None, ValueError, "y_true"),
        ([0], np.empty((0, 2)), None, ValueError, "empty"),
        ([0, 1], "ab", None, TypeError, "y_proba must"),
    ],
)
def test_nothing_of_a_bad_batch_is_added(y, p, w, error, message, start):
    accumulator = LogLossAccumulator([0, 1])
    if start:
        accumulator.update([0, 1, 1], [[0.7, 0.3], [0.2, 0.8], [0.4, 0.6]])
        before = totals(accumulator)
    with pytest.raises(error, match=message):
        accumulator.update(y, p, w)
    if start:
        assert unchanged(accumulator, before)
    else:
        assert accumulator.n_samples == 0
        with pytest.raises(ValueError, match="nothing to report"):
            accumulator.report()


def test_nothing_is_added_of_a_long_batch_whose_last_row_is_bad():
    y, p, _ = data(60_000, 3)
    accumulator = LogLossAccumulator(range(3)).update(y[:100], p[:100])
    before = totals(accumulator)
    p[-1] = [0.5, 0.5, 0.5]
    with pytest.raises(ValueError, match=r"row 59999 sums to 1\.5"):
        accumulator.update(y, p)
    assert unchanged(accumulator, before)


@pytest.mark.parametrize(
    "batch",
    [
        ([], np.empty((0, 3))),
        ([], []),
        (np.array([]), np.empty((0, 3)), np.array([])),
        (pd.Series([], dtype=int), pd.DataFrame(columns=[0, 1, 2], dtype=float)),
        ([0, 1], [[0.5, 0.5, 0.0]] * 2, [0, 0]),
    ],
    ids=["array", "list", "weighted", "frame", "weights of 0"],
)
def test_batches_that_hold_nothing_add_nothing(batch):
    accumulator = LogLossAccumulator(range(3)).update(*batch)
    assert accumulator.n_samples == 0
    with pytest.raises(ValueError, match="nothing to report"):
        accumulator.report()
    y, p, w = data(50, 3)
    before = totals(accumulator.update(y, p, w))
    assert unchanged(accumulator.update(*batch), before)
    with pytest.raises(ValueError, match="must sum to 1"):
        accumulator.update([0], [[0.5, 0.5, 0.5]], [0])


@pytest.mark.parametrize("scale", [9e88, 2e-90])
def test_weights_that_only_just_have_squares_and_cubes(scale):
    """Of each batch; many of them are more, or less, than one could have."""
    y, p, w = data(200, 3)
    accumulator = LogLossAccumulator(range(3))
    for at in np.split(np.arange(200), 20):
        accumulator.update(y[at], p[at], scale * w[at] / w[at].sum())
    assert accumulator.n_samples == 200
    of_batches = np.concatenate([w[at] / w[at].sum() for at in np.split(np.arange(200), 20)])
    whole = quick(y, p, sample_weight=of_batches).overall
    assert accumulator.report(**QUICK).overall["log_loss"] == pytest.approx(whole["log_loss"])


@pytest.mark.parametrize("weight", [[], [0], [0, 0, 0]])
def test_weights_of_zero_that_are_too_few_or_too_many(weight):
    with pytest.raises(ValueError, match="sample_weight must have shape"):
        LogLossAccumulator([0, 1]).update([0, 1], [[0.5, 0.5]] * 2, weight)


def test_an_empty_one_has_no_report():
    accumulator = LogLossAccumulator([0, 1])
    assert accumulator.n_samples == 0
    with pytest.raises(ValueError, match=r"nothing to report: call update\(y_true, y_proba\)"):
        accumulator.report()


def test_batches_are_not_changed():
    y, p, w = data(100, 3)
    for array in (y, p, w):
        array.flags.writeable = False
    LogLossAccumulator(range(3)).update(y, p, w).update(y, p, w).report()


# Merging.


def test_parts_that_were_counted_apart_add_up():
    y, p, w = data(600, 4)
    thirds = np.split(np.arange(600), 3)
    parts = [LogLossAccumulator(range(4)).update(y[at], p[at], w[at]) for at in thirds]
    whole = quick(y, p, sample_weight=w)
    added = parts[0] + parts[1] + parts[2]
    other = parts[2] + (parts[0] + parts[1])
    before = totals(parts[1])
    merged = parts[0].merge(parts[1]).merge(parts[2])
    assert merged is parts[0]
    assert unchanged(parts[1], before)
    for accumulator in (added, other, merged):
        assert accumulator.n_samples == 600
        assert same_columns(accumulator.report(**QUICK), whole, but=ISOTONIC)


def test_plus_leaves_both_as_they_are():
    y, p, _ = data(100, 3)
    names = ["ape", "bee", "cat"]
    one = LogLossAccumulator(range(3), target_names=names, base=2).update(y[:50], p[:50])
    other = LogLossAccumulator(range(3)).update(y[50:], p[50:])
    before = totals(one), totals(other)
    both = one + other
    assert both.report(**QUICK).target_names == tuple(names)
    assert both.base == 2
    both.update(y, p)
    assert unchanged(one, before[0])
    assert unchanged(other, before[1])
    assert both.n_samples == 200


def test_adding_one_that_is_empty():
    y, p, _ = data(100, 3)
    empty, one = LogLossAccumulator(range(3)), LogLossAccumulator(range(3)).update(y, p)
    before = totals(one)
    for both in (empty + one, one + empty, LogLossAccumulator(range(3)).merge(one)):
        assert unchanged(both, before)
        both.update(y, p)
    assert unchanged(one, before)
    assert empty.n_samples == (empty + empty).n_samples == 0
    assert one.merge(one).n_samples == 200


def test_names_that_are_labels_keep_their_type():
    one = LogLossAccumulator([False, True]).update([True, False], [0.9, 0.2])
    assert (one + one).report().target_names == (False, True)


@pytest.mark.parametrize(
    ("other", "error", "message"),
    [
        (LogLossAccumulator([1, 0]), ValueError, "same labels in the same order"),
        (LogLossAccumulator([0, 1, 2]), ValueError, "same labels"),
        (LogLossAccumulator(["0", "1"]), ValueError, "same labels"),
        (LogLossAccumulator([0, 1], eps=1e-3), ValueError, "same eps; it has 0.001"),
        ([0, 1], TypeError, "must be a LogLossAccumulator; got <class 'list'>"),
        (None, TypeError, "must be a LogLossAccumulator"),
    ],
)
def test_what_cannot_be_merged(other, error, message):
    one = LogLossAccumulator([0, 1]).update([0, 1], [0.2, 0.9])
    before = totals(one)
    with pytest.raises(error, match=message):
        one.merge(other)
    assert unchanged(one, before)
    with pytest.raises(error):
        one + other
    assert unchanged(one, before)


def test_the_sum_of_a_list():
    y, p, _ = data(90, 3)
    parts = [LogLossAccumulator(range(3)).update(y[i::3], p[i::3]) for i in range(3)]
    before = totals(parts[0])
    of_a_stream = LogLossAccumulator.sum(part for part in parts)
    for total in (sum(parts), sum(parts[1:], parts[0]), of_a_stream):
        assert same_columns(total.report(**QUICK), quick(y, p), but=ISOTONIC)
    assert sum(parts[:1]) is not parts[0]
    assert unchanged(parts[0], before)
    with pytest.raises(TypeError):
        1 + parts[0]


@pytest.mark.parametrize(
    "same",
    [
        lambda a: a + 0,
        lambda a: 0 + a,
        lambda a: sum([a]),
        lambda a: LogLossAccumulator.sum([a]),
        lambda a: LogLossAccumulator.sum([0, a]),
        copy.copy,
    ],
)
@pytest.mark.parametrize("empty", [False, True])
def test_nothing_added_is_the_same_again(same, empty):
    """Another one, though: what is added to it is not added to the first."""
    y, p, w = data(100, 3)
    names = ["ape", "bee", "cat"]
    one = LogLossAccumulator(range(3), target_names=names, base=2, eps=1e-3, subsample=50)
    if not empty:
        one.update(y, p, w)
        before = one.report(**QUICK).to_json()
    other = same(one)
    options = ("base", "eps", "target_names", "pos_label", "from_logits", "renormalize")
    for name in options:
        assert getattr(other, name) == getattr(one, name)
    assert_array_equal(other.labels, one.labels)
    assert repr(other) == repr(one)
    if not empty:
        assert unchanged(other, totals(one))
    assert other.update(y, p[:, ::-1]).n_samples == (100 if empty else 200)
    assert one.n_samples == (0 if empty else 100)
    assert empty or one.report(**QUICK).to_json() == before


def test_the_sum_of_parts_of_which_some_are_empty():
    y, p, w = data(60, 3)
    full = [LogLossAccumulator(range(3)).update(y[i::2], p[i::2], w[i::2]) for i in range(2)]
    names = ["ape", "bee", "cat"]
    empty = LogLossAccumulator(range(3), target_names=names)
    # What the builtin makes of a partition without accumulators.
    nothing = sum([])
    total = LogLossAccumulator.sum([nothing, empty, full[0], nothing, empty, full[1]])
    whole = quick(y, p, sample_weight=w, target_names=names)
    assert same_columns(total.report(**QUICK), whole, but=ISOTONIC)
    assert empty.n_samples == 0
    assert LogLossAccumulator.sum([empty]).n_samples == 0


@pytest.mark.parametrize("parts", [[], iter([]), [0], [0, 0]])
def test_the_sum_of_no_parts_says_what_to_do(parts):
    with pytest.raises(ValueError, match=r"what the labels are.*LogLossAccumulator\(labels\)"):
        LogLossAccumulator.sum(parts)


@pytest.mark.parametrize("parts", [["a"], [LogLossAccumulator([0, 1]), None], [1]])
def test_only_accumulators_add_up(parts):
    with pytest.raises(TypeError, match="must be a LogLossAccumulator; got"):
        LogLossAccumulator.sum(parts)


def test_the_sum_of_parts_with_other_labels():
    parts = [LogLossAccumulator([0, 1]), LogLossAccumulator([1, 0])]
    with pytest.raises(ValueError, match="same labels in the same order"):
        LogLossAccumulator.sum(parts)


# What it is.


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda a: pickle.loads(pickle.dumps(a))])
def test_copies(copied):
    y, p, w = data(200, 3)
    labels = ["a", "b", "c"]
    one = filled(np.array(labels)[y], p, w, labels=labels, base=2, eps=1e-6)
    other = copied(one)
    assert unchanged(other, totals(one))
    assert repr(other) == repr(one)
    other.update(np.array(labels)[y], p)
    assert (other.n_samples, one.n_samples) == (400, 200)
    assert same_columns(copied(one).report(), one.report())
    assert same_columns((copied(one) + one).report(**QUICK), (one + one).report(**QUICK))
    assert copied(LogLossAccumulator(labels)).n_samples == 0


def test_it_goes_on_after_a_report():
    """Nor does a later batch change the report."""
    y, p, _ = data(200, 3)
    accumulator = LogLossAccumulator(range(3)).update(y[:100], p[:100])
    first = accumulator.report(**QUICK)
    shown = str(first)
    accumulator.update(y[100:], p[100:]).merge(LogLossAccumulator(range(3)).update(y, p))
    assert accumulator.n_samples == 400
    assert first.overall["n_samples"] == first.per_class["support"].sum() == 100
    assert str(first) == shown
    assert same_columns(first, quick(y[:100], p[:100], labels=range(3)), but=ISOTONIC)


def test_the_repr_is_one_line():
    accumulator = LogLossAccumulator(["a", "b"])
    assert repr(accumulator) == "<LogLossAccumulator: 2 classes, 0 rows so far>"
    accumulator.update(["a", "a", "b"], [[0.5, 0.5]] * 3, [1, 0, 1])
    assert repr(accumulator) == "<LogLossAccumulator: 2 classes, 2 rows so far>"


def sizes(pattern):
    """Bytes for 2, 10 and 1000 classes as the docstring says them."""
    text = " ".join(inspect.getdoc(LogLossAccumulator).split())
    found = map(float, re.search(pattern, text).groups())
    return {k: 1e6 * said for k, said in zip((2, 10, 1000), found, strict=True)}


def likely(n, k):
    """Rows of a model that is sure of some and not of others."""
    rng = np.random.default_rng(0)
    return rng.integers(k, size=n), softmax(2 * rng.normal(size=(n, k)), axis=1), rng.random(n)


@pytest.mark.parametrize("k", [2, 10, 1000])
def test_it_takes_as_much_memory_as_it_says(k):
    """And no more for more rows."""
    said = sizes(r"about ([\d.]+) MB for 2 classes, ([\d.]+) for 10 and ([\d.]+) for 1000")
    without = sizes(r"``subsample=0`` ([\d.]+), ([\d.]+) and ([\d.]+) MB")
    y, p, _ = likely(40_000 if k < 1000 else 3000, k)
    LogLossAccumulator(range(k)).update(y, p)  # what is kept for the next call is not counted
    for subsample, expected in ((10_000, said[k]), (0, without[k])):
        tracemalloc.start()
        accumulator = LogLossAccumulator(range(k), subsample=subsample).update(y, p)
        assert accumulator.n_samples == len(y)
        held, _ = tracemalloc.get_traced_memory()
        accumulator.update(y, p).update(y, p)
        more, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert held == pytest.approx(expected, rel=0.1)
        assert more < 1.3 * held


@pytest.mark.parametrize("k", [2, 10, 1000])
def test_a_pickle_takes_as_many_bytes_as_it_says(k):
    """Only the bins that are in use are written."""
    said = sizes(r"pickled ([\d.]+), ([\d.]+) and ([\d.]+) MB;")
    without = sizes(r"pickled ([\d.]+), ([\d.]+) and ([\d.]+) MB\.")
    y, p, w = likely(20_000 if k < 1000 else 3000, k)
    for subsample, expected in ((10_000, said[k]), (0, without[k])):
        accumulator = LogLossAccumulator(range(k), subsample=subsample).update(y, p)
        assert len(pickle.dumps(accumulator)) == pytest.approx(expected, rel=0.1)
        weighted = LogLossAccumulator(range(k), subsample=subsample).update(y, p, w)
        assert len(pickle.dumps(weighted)) < 3 * expected
    assert len(pickle.dumps(LogLossAccumulator(range(k)))) < 3000 + 20 * k


@pytest.mark.parametrize("scale", [1.0, 1e-40, 1e12, 2.0**33])
@pytest.mark.parametrize("weighted", [False, True])
def test_a_pickle_holds_every_bit(weighted, scale):
    """Also of weights that are whole numbers in part, or larger than an integer may be."""
    y, p, w = data(500, 4)
    w[::3] = 2
    one = LogLossAccumulator(range(4)).update(y, p, scale * w if weighted else None)
    other = pickle.loads(pickle.dumps(one))
    assert unchanged(other, totals(one))
    for name, value in totals(one).items():
        assert totals(other)[name].dtype == value.dtype


def test_labels_of_copies_are_read_only():
    for copied in (copy.copy, copy.deepcopy, lambda a: pickle.loads(pickle.dumps(a))):
        with pytest.raises(ValueError, match="read-only"):
            copied(LogLossAccumulator([0, 1])).labels[0] = 5


@pytest.mark.parametrize("size", [40, 60_000])
def test_an_update_that_is_interrupted_adds_nothing(size, monkeypatch):
    """As by a user who stops a notebook: the same batch can be passed again."""
    y, p, _ = data(size, 3)
    accumulator = LogLossAccumulator(range(3)).update(y[:20], p[:20])
    assert accumulator.n_samples == 20
    merge = Sample.merge

    def interrupted(*args):
        monkeypatch.setattr(Sample, "merge", merge)
        raise KeyboardInterrupt

    monkeypatch.setattr(Sample, "merge", interrupted)
    with pytest.raises(KeyboardInterrupt):
        accumulator.update(y[20:], p[20:]).report(**QUICK)
    # A small batch had been taken before the report was stopped, and is counted for it again.
    assert accumulator.n_samples == (40 if size == 40 else 20)
    if size > 40:
        accumulator.update(y[20:], p[20:])
    assert same_columns(accumulator.report(**QUICK), quick(y, p), but=ISOTONIC)
