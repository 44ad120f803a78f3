"""Evidence against a model's probabilities, batch by batch."""

import copy
import datetime as dt
import math
import pickle

import numpy as np
import pytest
from support.reports import calibrated, quick

from skxent import CalibrationMonitor, LogLossAccumulator


def stream(y, p, sizes=(10, 1, 200, 89, 300), **options):
    monitor = CalibrationMonitor(range(p.shape[1]), **options)
    for day, at in enumerate(np.split(np.arange(len(y)), np.cumsum(sizes)[:-1])):
        monitor.update(y[at], p[at], at=f"day {day}")
    return monitor


def sharpened(n=600, power=2.0, seed=0):
    y, p = calibrated(n, seed=seed)
    p = p**power
    return y, p / p.sum(axis=1, keepdims=True)


def test_every_look_is_that_of_the_rows_so_far():
    y, p = calibrated(600)
    monitor = stream(y, p)
    frame = monitor.to_frame("pandas")
    assert frame["n_samples"].tolist() == [10, 11, 211, 300, 600]
    assert frame["at"].tolist() == [f"day {i}" for i in range(5)]
    for n, e_value in zip(frame["n_samples"], frame["e_value"], strict=True):
        report = quick(y[:n], p[:n], labels=range(3))
        assert e_value == pytest.approx(report.overall["e_value"], rel=1e-10)
    np.testing.assert_allclose(monitor.class_e_value, quick(y, p).per_class["e_value"], 1e-10)
    assert (monitor.n_samples, monitor.n_looks) == (600, 5)


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


def test_an_impossible_row_is_an_alarm_at_first_but_not_after_many_right_ones():
    y, p = calibrated(10_000)
    never = ([1], [[1.0, 0.0, 0.0]])
    first = CalibrationMonitor(range(3)).update(*never)
    assert first.e_value == pytest.approx(2.0**26 / 10, rel=1e-3)  # the power 1/2 has a tenth
    late = CalibrationMonitor(range(3)).update(y, p)
    before = late.log_e_value
    late.update(*never)
    assert late.log_e_value <= before + 26 * math.log(2)
    assert late.alarm_at(0.05) is None


def test_a_late_change_is_found_by_the_mean_of_monitors_that_began_at_different_rows():
    right, wrong = calibrated(8000), sharpened(1000, power=1.5, seed=1)
    y, p = (np.concatenate(both) for both in zip(right, wrong, strict=True))
    monitors, found = [], None
    for n in range(0, 9000, 100):
        if n % 1500 == 0:
            monitors.append(CalibrationMonitor(range(3)))
        for monitor in monitors:
            monitor.update(y[n : n + 100], p[n : n + 100])
        mean = sum(m.e_value / (j * (j + 1)) for j, m in enumerate(monitors, 1))
        if mean + 1 / (len(monitors) + 1) >= 20:
            found = found or n + 100
    assert 8000 < found < 9000
    assert monitors[0].alarm_at(0.05) is None


def test_monitors_of_other_streams_add_up():
    y, p = sharpened(900)
    one, other = stream(y[:600], p[:600]), stream(y[600:], p[600:], sizes=(100, 200))
    before = other.to_frame("pandas")
    total = one + other
    assert total.n_samples == 900
    assert total.log_e_value == pytest.approx(stream(y, p, (900,)).log_e_value)
    assert total.to_frame("pandas")["n_samples"].tolist() == [10, 11, 211, 300, 600, 900]
    assert one.n_looks == 5
    assert other.to_frame("pandas").equals(before)
    assert sum([one, other]).log_e_value == total.log_e_value
    assert CalibrationMonitor.sum([one, other]).log_e_value == total.log_e_value
    assert copy.copy(one).merge(CalibrationMonitor(range(3))).n_looks == 5


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


def test_options_and_names_are_saved(tmp_path):
    monitor = CalibrationMonitor(["no", "yes"], pos_label="no", target_names=["N", "Y"])
    monitor.update(["no", "yes"], [0.8, 0.3], at=dt.date(2026, 1, 31)).save(tmp_path / "m")
    found = CalibrationMonitor.load(tmp_path / "m")
    assert (found.pos_label, found.target_names) == ("no", ("N", "Y"))
    assert found.labels.tolist() == ["no", "yes"]
    assert found.to_frame("pandas")["at"].tolist() == ["2026-01-31"]
    expected = quick(["no", "yes"], [[0.8, 0.2], [0.3, 0.7]]).overall["e_value"]
    assert found.e_value == pytest.approx(expected)


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
