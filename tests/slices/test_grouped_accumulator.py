"""Slices from batches: the same figures as of all rows at once, however they are cut."""

import pickle

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom
from test_slices import drawn, rows, softmax

from skxent import GroupedLogLossAccumulator, LogLossAccumulator, log_loss_slices
from skxent.statistic._store import as_bytes

FIGURES = (
    *("support", "weight", "share", "log_loss", "expected", "gap", "z"),
    *("class_share", "class_proba", "class_z"),
)
LABELS = [0, 1, 2]


@pytest.fixture(scope="module")
def data():
    y, p, X = rows(900)
    frame = pd.DataFrame(
        {"month": np.arange(900) % 11 + 1, "side": np.where(X[:, 1] > 0, "r", "l")}
    )
    return y, p, frame, np.random.default_rng(5).uniform(0.5, 2, 900)


def filled(data, parts, **params):
    y, p, frame, w = data
    found = GroupedLogLossAccumulator(LABELS, **params)
    for at in parts:
        found.update(y[at], p[at], w[at], by=frame.iloc[at])
    return found


def same(one, other, figures=FIGURES):
    assert one.names == other.names
    for name in figures:
        assert getattr(one, name) == pytest.approx(getattr(other, name), nan_ok=True), name
    assert one.overall == pytest.approx(other.overall)


def test_batches_say_what_all_rows_at_once_say(data):
    y, p, frame, w = data
    parts = np.split(np.random.default_rng(0).permutation(900), 7 * [0] + [13, 400, 401])
    found = filled(data, [at for at in parts if len(at)], base=2).report()
    whole = log_loss_slices(
        y, p, frame, by=["month", "side"], sample_weight=w, base=2, recalibration=False
    )
    place = [found.names.index(name) for name in whole.names]
    for name in FIGURES[:7]:
        assert getattr(found, name)[place] == pytest.approx(getattr(whole, name)), name
    assert found.overall == pytest.approx(whole.overall)
    assert found.by == ("month", "side")


def test_numbers_come_in_their_order(data):
    y, p, frame, _ = data
    found = GroupedLogLossAccumulator(LABELS).update(y, p, by=frame["month"]).report()
    assert found.names == tuple(f"month = {i}" for i in range(1, 12))


def test_parts_add_up_in_any_order(data):
    parts = np.array_split(np.arange(900), 4)
    whole = filled(data, [np.arange(900)]).report()
    some = [filled(data, [at]) for at in parts]
    same(sum(some).report(), whole)
    same((some[2] + some[0] + some[3] + some[1]).report(), whole)
    same(GroupedLogLossAccumulator.sum(some[::-1]).report(), whole)
    same(
        pickle.loads(pickle.dumps(some[0].merge(some[1]))).merge(some[2] + some[3]).report(), whole
    )
    assert some[2].n_samples == 225


def test_what_was_saved_is_read_again(data, tmp_path):
    found = filled(data, [np.arange(900)], base=2)
    found.save(tmp_path / "slices.skxent")
    again = GroupedLogLossAccumulator.load(tmp_path / "slices.skxent")
    same(again.report(), found.report())
    assert again.base == 2
    same((again + found).report(), filled(data, [np.arange(900)] * 2, base=2).report())
    with pytest.raises(ValueError, match="accumulator"):
        LogLossAccumulator.load(tmp_path / "slices.skxent")
    GroupedLogLossAccumulator(LABELS).save(tmp_path / "empty.skxent")
    assert GroupedLogLossAccumulator.load(tmp_path / "empty.skxent").n_samples == 0


def as_saved_before(accumulator, path):
    """The file of a version that did not keep how far single rows take a gap."""
    tree = {name: getattr(accumulator, name) for name in (*accumulator._options, "labels")}
    tree |= {"target_names": accumulator.target_names} | accumulator._tree()
    for name in ("third_up", "fourth_up", "third_down", "fourth_down"):
        del tree["totals"]["slices"][name]
    path.write_bytes(as_bytes(accumulator._kind, tree))


def test_a_file_from_before_jumps_were_kept_is_read_and_says_that_p_values_are_not_known(
    data, tmp_path
):
    y, p, frame, w = data
    early, late = frame["month"] <= 6, frame["month"] >= 6
    parts = [
        GroupedLogLossAccumulator(LABELS).update(y[at], p[at], w[at], by=frame["month"][at])
        for at in (early, late)
    ]
    as_saved_before(parts[0], tmp_path / "old.skxent")
    old = GroupedLogLossAccumulator.load(tmp_path / "old.skxent")
    alone = old.report()
    same(alone, parts[0].report(), FIGURES[:7])
    assert np.isnan(alone.p_value).all()
    assert alone.n_found == 0
    assert alone.verdict == "Whether slices are off cannot be tested here."
    assert "earlier version" in alone.notes[-1]
    for both in (old + parts[1], parts[1] + old):
        both.save(tmp_path / "both.skxent")
        found = GroupedLogLossAccumulator.load(tmp_path / "both.skxent").report()
        same(found, (parts[0] + parts[1]).report(), FIGURES[:7])
        assert np.isnan(found.p_value).tolist() == 6 * [True] + 5 * [False]
        assert "earlier version" in str(found)
        # Slices of which all is known are tested among themselves.
        july_on = GroupedLogLossAccumulator(LABELS).update(
            *(x[frame["month"] > 6] for x in (y, p, w)), by=frame["month"][frame["month"] > 6]
        )
        assert found.p_value[6:] == pytest.approx(july_on.report().p_value)
    assert len(parts[1].report().notes) == 1


def test_what_the_model_excludes_is_found_in_a_file_from_before_too(tmp_path):
    whole = GroupedLogLossAccumulator([0, 1]).update([0, 1], [1.0, 0.5], by=["a", "b"])
    as_saved_before(whole, tmp_path / "old.skxent")
    found = GroupedLogLossAccumulator.load(tmp_path / "old.skxent").report()
    assert found.found.tolist() == [True, False]
    assert found.p_value[0] == 0
    assert np.isnan(found.p_value[1])


def test_a_value_that_is_off_is_found():
    rng = np.random.default_rng(0)
    z, month = rng.normal(size=(4000, 3)), np.arange(4000) % 8
    true = z.copy()
    true[month == 5, 2] += 1
    found = GroupedLogLossAccumulator(LABELS).update(
        drawn(softmax(true), rng), softmax(z), by=month
    )
    report = found.report()
    assert report.names[5] == "x0 = 5"
    assert np.flatnonzero(report.found).tolist() == [5]
    assert report.top_class[5] == 2
    assert "x0 = 5" in report.verdict
    assert "* x0 = 5" in str(report)


def test_where_the_model_is_certain_and_wrong_it_is_found():
    rng = np.random.default_rng(0)
    p, by = rng.uniform(0.1, 0.9, 2000), np.where(np.arange(2000) < 100, "north", "south")
    y = (rng.random(2000) < np.where(by == "north", 0.5, p)).astype(int)
    found = GroupedLogLossAccumulator([0, 1])
    report = found.update(y, np.where(by == "north", 1.0, p), by=by).report()
    assert report.found.tolist() == [True, False]
    assert report.z[0] == np.inf
    assert report.class_z[0] == -np.inf
    assert report.p_value[0] == 0
    assert "x0 = north" in report.verdict


def test_the_unit_of_weights_changes_no_test(data):
    y, p, frame, w = data
    one, other = (
        GroupedLogLossAccumulator(LABELS).update(y, p, unit * w, by=frame).report()
        for unit in (1.0, 1e-13)
    )
    assert one.p_value == pytest.approx(other.p_value)
    assert not np.isnan(one.p_value).any()


@pytest.mark.parametrize("unit", [1e-85, 1e-66, 1e60, 1e85])
def test_weights_whose_fourth_powers_vanish_or_overflow_are_refused(unit):
    y, p = [1, 1, *40 * [0]], np.repeat([[0.999, 0.001], [0.001, 0.999]], [22, 20], axis=0)
    found = GroupedLogLossAccumulator([0, 1])
    if not 1e-67 < 42 * unit < 1e67:
        with pytest.raises(ValueError, match="rescale it to between 1e-67 and 1e67"):
            found.update(y, p, np.full(42, unit), by=42 * ["a"])
        return
    one = GroupedLogLossAccumulator([0, 1]).update(y, p, by=42 * ["a"]).report()
    other = found.update(y, p, np.full(42, unit), by=42 * ["a"]).report()
    assert other.p_value == pytest.approx(one.p_value)
    assert other.p_value > 0


def test_false_findings_are_rare():
    wrong = 0
    for seed in range(200):
        y, p, X = rows(400, seed=seed)
        by = np.digitize(X[:, 2], [-1, 0, 1])
        wrong += GroupedLogLossAccumulator(LABELS).update(y, p, by=by).report().n_found > 0
    assert wrong <= 18


def test_empty_batches_and_weights_of_zero_add_nothing(data):
    y, p, frame, _ = data
    found = GroupedLogLossAccumulator(LABELS)
    found.update([], np.empty((0, 3)), by=[])
    found.update(y, p, np.zeros(900), by=frame)
    assert found.n_samples == 0
    with pytest.raises(ValueError, match="nothing to report"):
        found.report()


def test_missing_values_are_a_value():
    found = GroupedLogLossAccumulator([0, 1])
    found.update([0, 1, 1], [0.2, 0.5, 0.7], by=pd.Series(["a", None, "a"], name="where"))
    report = found.report()
    assert report.names == ("where = a", "where is missing")
    assert report.support.tolist() == [2, 1]


def test_weights_that_follow_the_classes_leave_no_test(data):
    y, p, frame, _ = data
    found = GroupedLogLossAccumulator(LABELS).update(y, p, np.array([1.0, 2, 4])[y], by=frame)
    report = found.report()
    assert np.isnan(report.p_value).all()
    assert any("weights" in note for note in report.notes)


def test_what_cannot_be_added_is_refused(data):
    y, p, frame, _ = data
    found = GroupedLogLossAccumulator(LABELS).update(y, p, by=frame["month"])
    with pytest.raises(ValueError, match="by must have the columns of before, month"):
        found.update(y, p, by=frame["side"])
    with pytest.raises(ValueError, match="same number of rows"):
        found.update(y, p, by=frame["month"][:5])
    with pytest.raises(ValueError, match="same labels"):
        found.merge(GroupedLogLossAccumulator([0, 1]))
    with pytest.raises(TypeError, match="GroupedLogLossAccumulator"):
        found.merge(LogLossAccumulator(LABELS))
    with pytest.raises(ValueError, match="eps must be above 0"):
        GroupedLogLossAccumulator(LABELS, eps=0)
    with pytest.raises(ValueError, match="more than 10000 different values"):
        GroupedLogLossAccumulator([0, 1]).update(
            [0, 1] * 6000, np.full(12000, 0.5), by=range(12000)
        )
    assert found.n_samples == 900


def test_few_errors_of_a_sure_model_are_as_rare_as_they_are():
    """
    Rows that are sure of one class, and others that are of the other: the skewness is 0.

    The numbers of errors are binomial, and the size of the test is a finite sum.
    """
    p = np.repeat([[0.998, 0.002], [0.002, 0.998]], 50, axis=0)
    p_values, chances = [], []
    for one in range(5):
        for other in range(5):
            y = np.r_[np.arange(50) < one, np.arange(50) >= other].astype(int)
            found = GroupedLogLossAccumulator([0, 1]).update(y, p, by=["a"] * 100).report()
            p_values.append(found.p_value[0])
            chances.append(binom.pmf(one, 50, 0.002) * binom.pmf(other, 50, 0.002))
    p_values, chances = np.array(p_values), np.array(chances)
    assert chances.sum() > 0.99999
    for level in (0.05, 0.01, 0.001):
        assert chances[p_values <= level].sum() <= level
    # Nothing is held back without need: four errors on one side are found.
    assert p_values[-5] < 0.001
