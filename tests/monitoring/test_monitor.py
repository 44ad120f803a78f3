"""Evidence against a model's probabilities, batch by batch."""

import copy
import datetime as dt
import math
import pickle
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from itertools import product

import numpy as np
import pytest
from reports import calibrated, quick

from skxent import CalibrationMonitor, LogLossAccumulator
from skxent.statistic._store import as_bytes, from_bytes

needs_pandas = pytest.mark.skipif(find_spec("pandas") is None, reason="no pandas")


def stream(y, p, sizes=(10, 1, 200, 89, 300), **options):
    monitor = CalibrationMonitor(range(p.shape[1]), **options)
    for day, at in enumerate(np.split(np.arange(len(y)), np.cumsum(sizes)[:-1])):
        monitor.update(y[at], p[at], at=f"day {day}")
    return monitor


def sharpened(n=600, power=2.0, seed=0):
    y, p = calibrated(n, seed=seed)
    p = p**power
    return y, p / p.sum(axis=1, keepdims=True)


def by_definition(y, p, ends, kind="e_value"):
    """
    Half the e-value of a report of all rows, and half a mean of those of the last rows.

    The one that leaves out n rows and begins with a batch has the share that the square root of
    1000 / (1000 + n) has fallen by over the batch before; what is left is 1.
    """

    def of_rows(some):
        report = quick(y[some], p[some], labels=range(p.shape[1]))
        return np.array(report.overall[kind] if kind in report.overall else report.per_class[kind])

    starts = [0, *ends[:-1]]
    left = np.sqrt(1000 / (1000 + np.array(starts)))
    later = left[-1]
    for i, start in enumerate(starts[1:], 1):
        later = later + (left[i - 1] - left[i]) * of_rows(slice(start, ends[-1]))
    return 0.5 * of_rows(slice(0, ends[-1])) + 0.5 * later


@needs_pandas
def test_every_look_is_that_of_the_rows_so_far():
    y, p = sharpened(600)
    monitor = stream(y, p)
    frame = monitor.to_frame("pandas")
    ends = [10, 11, 211, 300, 600]
    assert frame["n_samples"].tolist() == ends
    assert frame["at"].tolist() == [f"day {i}" for i in range(5)]
    for i, e_value in enumerate(frame["e_value"], 1):
        assert e_value == pytest.approx(by_definition(y, p, ends[:i]), rel=1e-10)
    assert (monitor.n_samples, monitor.n_looks) == (600, 5)


def test_of_each_class_the_evidence_may_begin_later_too():
    y, p = sharpened(600)
    rng = np.random.default_rng(0)
    whole = [quick(y[i:], p[i:], labels=range(3)).per_class["e_value"] for i in (0, 200)]
    left = math.sqrt(1000 / 1200)
    expected = 0.5 * whole[0] + 0.5 * (left + (1 - left) * whole[1])
    monitor = CalibrationMonitor(range(3))
    for at in (rng.permutation(200), 200 + rng.permutation(400)):
        monitor.update(y[at], p[at])
    np.testing.assert_allclose(monitor.class_e_value, expected, 1e-10)


def test_its_mean_over_what_may_happen_is_one():
    """All labels of five rows in three batches, each with its probability."""
    p = np.array([[0.2, 0.8], [0.9, 0.1], [0.5, 0.5], [0.3, 0.7], [0.05, 0.95]])
    mean = 0.0
    for y in product([0, 1], repeat=5):
        monitor = stream(np.array(y), p, sizes=(2, 1, 2))
        mean += monitor.e_value * np.prod(p[np.arange(5), y])
    assert mean == pytest.approx(1.0, rel=1e-12)


def test_it_is_fair_also_if_labels_decide_where_a_batch_ends():
    """A batch goes on while all labels are 1; shares of starts must not depend on that."""
    p, mean = np.full((8, 2), 0.5), 0.0
    for y in product([0, 1], repeat=8):
        ends = [*(int(i) + 1 for i in np.flatnonzero(np.array(y[:-1]) == 0)), 8]
        sizes = np.diff([0, *ends])
        mean += stream(np.array(y), p, sizes=sizes).e_value / 2**8
    assert mean == pytest.approx(1.0, rel=1e-12)


def late(right=8000, wrong=1000, power=1.5):
    before, after = calibrated(right), sharpened(wrong, power=power, seed=1)
    return (np.concatenate(both) for both in zip(before, after, strict=True))


def test_a_late_change_is_found_and_since_when_it_was():
    y, p = late()
    monitor = CalibrationMonitor(range(3))
    for day, at in enumerate(np.array_split(np.arange(9000), 90)):
        monitor.update(y[at], p[at], at=f"day {day}")
        if day == 79:
            assert monitor.since() is None
    alarm, onset = monitor.alarm_at(0.05), monitor.since(0.05)
    assert 8000 < alarm.n_samples <= 8500
    assert abs(onset.n_samples - 8000) <= 200
    assert onset.at == f"day {onset.look}"
    assert onset.n_samples == 100 * onset.look
    assert f"off since about row {onset.n_samples + 1}>" in repr(monitor)
    # From the first row on, right rows have cost more than wrong ones have brought.
    assert quick(y, p, labels=range(3)).overall["e_value"] < 1


def test_what_was_wrong_from_the_first_row_is_so_since_then():
    y, p = sharpened(900)
    assert stream(y, p, sizes=(300, 300, 300)).since().n_samples == 0


def test_what_right_rows_outweigh_is_off_no_more():
    y, p = sharpened(300)
    monitor = stream(y, p, sizes=(150, 150))
    assert monitor.since() is not None
    monitor.update(*calibrated(6000, seed=5))
    assert monitor.alarm_at(0.05) is not None
    assert monitor.since() is None


@needs_pandas
def test_an_alarm_is_the_first_look_that_is_high_enough_also_if_it_falls_again():
    y, p = sharpened(600)
    good = calibrated(4000, seed=5)
    monitor = stream(y, p)
    for at in np.array_split(np.arange(4000), 10):
        monitor.update(good[0][at], good[1][at], at="later")
    frame = monitor.to_frame("pandas")
    first = int(np.flatnonzero(frame["e_value"] >= 20)[0])
    alarm = monitor.alarm_at(0.05)
    assert (alarm.look, alarm.at) == (first, frame["at"][first])
    assert (alarm.n_samples, alarm.e_value) == (frame["n_samples"][first], frame["e_value"][first])
    assert monitor.log_e_value < math.log(20)
    assert monitor.alarm_at(1e-200) is None


def test_a_calibrated_stream_seldom_gives_an_alarm():
    alarms = 0
    for seed in range(60):
        y, p = calibrated(300, seed=seed)
        monitor = CalibrationMonitor(range(3))
        for at in np.array_split(np.arange(300), 30):
            monitor.update(y[at], p[at])
        alarms += monitor.alarm_at(0.1) is not None
    assert alarms <= 12  # 6 are expected at most


def test_before_the_first_batch_there_is_no_evidence():
    monitor = CalibrationMonitor(["a", "b"])
    assert (monitor.e_value, monitor.n_samples, monitor.alarm_at(0.5)) == (1.0, 0, None)
    assert monitor.class_e_value.tolist() == [1.0, 1.0]
    assert monitor.update([], []).n_looks == 0
    assert repr(monitor) == "<CalibrationMonitor: 2 classes, 0 rows in 0 looks, e-value 1>"


def test_an_impossible_row_is_an_alarm_at_first_and_after_many_right_ones():
    y, p = calibrated(10_000)
    never = ([1], [[1.0, 0.0, 0.0]])
    first = CalibrationMonitor(range(3)).update(*never)
    # The power 1/2 has a tenth of what begins with the first row, which is half.
    assert first.e_value == pytest.approx(2.0**26 / 20, rel=1e-3)
    late = CalibrationMonitor(range(3))
    for at in np.array_split(np.arange(10_000), 100):
        late.update(y[at], p[at])
    before = late.log_e_value
    late.update(*never)
    assert late.log_e_value <= before + 26 * math.log(2)
    assert late.alarm_at(0.05).n_samples == 10_001
    assert late.since().n_samples >= 9_900
    # In the evidence from the first row on it is outweighed.
    both = (np.append(y, never[0]), np.concatenate([p, never[1]]))
    assert quick(*both, labels=range(3)).overall["e_value"] < 20


@needs_pandas
def test_monitors_of_other_streams_add_up():
    y, p = sharpened(900)
    one, other = stream(y[:600], p[:600]), stream(y[600:], p[600:], sizes=(100, 200))
    before = other.to_frame("pandas")
    total = one + other
    assert total.n_samples == 900
    assert total.to_frame("pandas")["n_samples"].tolist() == [10, 11, 211, 300, 600, 900]
    assert one.n_looks == 5
    assert other.to_frame("pandas").equals(before)
    assert sum([one, other]).log_e_value == total.log_e_value
    assert CalibrationMonitor.sum([one, other]).log_e_value == total.log_e_value
    assert copy.copy(one).merge(CalibrationMonitor(range(3))).n_looks == 5
    assert one.since() is not None
    assert total.since() is None  # the parts know
    # Half of it is that of all rows, however they were parted.
    whole = math.log(quick(y, p, labels=range(3)).overall["e_value"])
    assert total.log_e_value >= whole - math.log(2)
    third = stream(*sharpened(300, seed=3), sizes=(100, 200))
    assert (one + other + third).log_e_value == pytest.approx((third + (other + one)).log_e_value)


def test_the_mean_of_merged_monitors_is_one_and_stays_so():
    """Two streams of two rows each, in batches of one, and a row after they were merged."""
    p = np.array([[0.2, 0.8], [0.9, 0.1], [0.5, 0.5], [0.3, 0.7], [0.15, 0.85]])
    means = np.zeros(2)
    for y in product([0, 1], repeat=5):
        chance = np.prod(p[np.arange(5), y])
        parts = [stream(np.array(y)[at], p[at], sizes=(1, 1)) for at in ([0, 1], [2, 3])]
        total = parts[0] + parts[1]
        means[0] += chance * total.e_value
        means[1] += chance * total.update(y[4:], p[4:]).e_value
    np.testing.assert_allclose(means, 1.0, rtol=1e-12)


def test_a_file_without_later_starts_goes_on_without_them(tmp_path):
    y, p = sharpened(600)
    monitor = stream(y[:300], p[:300], sizes=(150, 150))
    monitor.save(tmp_path / "m")
    tree = from_bytes((tmp_path / "m").read_bytes(), "monitor", tmp_path / "m")
    del tree["starts"]
    tree["log_e"] = np.array([math.log(quick(y[:n], p[:n]).overall["e_value"]) for n in (150, 300)])
    (tmp_path / "m").write_bytes(as_bytes("monitor", tree))
    found = CalibrationMonitor.load(tmp_path / "m")
    assert found.since() is None
    for at in (slice(300, 400), slice(400, 600)):
        found.update(y[at], p[at])
    assert found.e_value == pytest.approx(quick(y, p).overall["e_value"])
    assert found.since().n_samples >= 300
    found.save(tmp_path / "again")
    assert CalibrationMonitor.load(tmp_path / "again").e_value == found.e_value
    # Half of all rows, half of those of the file, and of products that have not begun, which are 1.
    other = stream(*sharpened(300, seed=3), sizes=(300,))
    both = (np.concatenate(x) for x in zip((y, p), sharpened(300, seed=3), strict=True))
    expected = 0.5 * quick(*both).overall["e_value"] + 0.5 * found.e_value
    assert (found + other).e_value == pytest.approx(expected)
    assert (other + found).e_value == pytest.approx(expected)


@needs_pandas
def test_it_goes_on_where_it_was_saved(tmp_path):
    y, p = sharpened(600)
    whole = stream(y, p)
    monitor = CalibrationMonitor(range(3))
    for day, at in enumerate(np.split(np.arange(600), np.cumsum((10, 1, 200, 89)))):
        monitor.update(y[at], p[at], at=f"day {day}")
        monitor.save(tmp_path / "monitor")
        monitor = CalibrationMonitor.load(tmp_path / "monitor")
        monitor = pickle.loads(pickle.dumps(monitor))
    assert monitor.to_frame("pandas").equals(whole.to_frame("pandas"))
    assert monitor.class_e_value.tolist() == whole.class_e_value.tolist()
    with pytest.raises(ValueError, match="holds a saved monitor, not a saved accumulator"):
        LogLossAccumulator.load(tmp_path / "monitor")


@needs_pandas
def test_options_and_names_are_saved(tmp_path):
    monitor = CalibrationMonitor(["no", "yes"], pos_label="no", target_names=["N", "Y"])
    monitor.update(["no", "yes"], [0.8, 0.3], at=dt.date(2026, 1, 31)).save(tmp_path / "m")
    found = CalibrationMonitor.load(tmp_path / "m")
    assert (found.pos_label, found.target_names) == ("no", ("N", "Y"))
    assert found.labels.tolist() == ["no", "yes"]
    assert found.to_frame("pandas")["at"].tolist() == ["2026-01-31"]
    expected = quick(["no", "yes"], [[0.8, 0.2], [0.3, 0.7]]).overall["e_value"]
    assert found.e_value == pytest.approx(0.5 * expected + 0.5)


def test_a_refused_batch_leaves_it_as_it_was():
    y, p = calibrated(30)
    monitor = CalibrationMonitor(range(3)).update(y, p)
    bad = p.copy()
    bad[-1] = np.nan
    for batch in ((y, bad), (y + 5, p), (y[:3], p)):
        with pytest.raises(ValueError, match=r"."):
            monitor.update(*batch)
    assert monitor.n_samples == 30
    assert monitor.update(y, p).n_samples == 60


@pytest.mark.parametrize("alpha", [0, 1, -1, math.nan, "0.05", True])
def test_an_alpha_is_a_chance(alpha):
    with pytest.raises(ValueError, match="alpha must be between 0 and 1"):
        CalibrationMonitor([0, 1]).alarm_at(alpha)


def test_what_cannot_be_added_is_refused():
    monitor = CalibrationMonitor([0, 1])
    with pytest.raises(TypeError, match="other must be a CalibrationMonitor"):
        monitor.merge(LogLossAccumulator([0, 1]))
    with pytest.raises(ValueError, match="same labels in the same order"):
        monitor.merge(CalibrationMonitor([1, 0]))
    with pytest.raises(TypeError, match="at must be a number, text or a date"):
        monitor.update([0], [[0.5, 0.5]], at=[1])
    with pytest.raises(ValueError, match="pos_label must be one of labels"):
        CalibrationMonitor([0, 1], pos_label=3)


def test_the_path_is_drawn_with_the_line_of_the_alarm():
    pytest.importorskip("matplotlib").use("Agg")
    y, p = sharpened(600)
    monitor = stream(y, p)
    display = monitor.plot(alpha=0.01)
    rows, decades = display.line_.get_data()
    assert rows.tolist() == [0, 10, 11, 211, 300, 600]
    assert decades[-1] == pytest.approx(monitor.log_e_value / math.log(10))
    assert display.limit_.get_ydata()[0] == pytest.approx(2)
    assert display.frame("pandas").equals(monitor.to_frame("pandas"))
    assert display.since_.get_xdata()[0] == monitor.since(0.01).n_samples
    assert CalibrationMonitor(range(3)).update(y[:2], p[:2]).plot().since_ is None


@needs_pandas
def test_threads_may_share_a_monitor():
    """Each look has the rows of those before it, whoever took them."""
    rng = np.random.default_rng(0)
    p = rng.dirichlet([2, 2, 2], size=200)
    y = (p.cumsum(axis=1) < rng.random((200, 1))).sum(axis=1).clip(0, 2)
    monitor, before = CalibrationMonitor([0, 1, 2]), sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(4) as pool:
            for done in [pool.submit(monitor.update, y, p) for _ in range(100)]:
                done.result()
    finally:
        sys.setswitchinterval(before)
    alone = CalibrationMonitor([0, 1, 2])
    for _ in range(100):
        alone.update(y, p)
    assert monitor.n_samples == 20_000
    assert (np.diff(monitor.to_frame()["n_samples"]) == 200).all()
    assert monitor.e_value == pytest.approx(alone.e_value, rel=1e-12)
