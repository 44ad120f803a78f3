"""Reports of rows that come in groups: intervals, tests and folds count the groups."""

import math
import re

import numpy as np
import polars as pl
import pytest
from reports import calibrated, quick
from scipy.special import softmax
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, KFold, RepeatedKFold, cross_validate

from skxent import LogLossAccumulator, LogLossReport, PerClassLogLossDisplay, log_loss_report

X, Y = load_iris(return_X_y=True)
PATIENTS = np.random.default_rng(0).permutation(np.repeat(np.arange(30), 5))


def repeated(n=60, times=20, seed=0):
    """Each row stands there several times, and says no more than once."""
    y, p = calibrated(n, 3, seed=seed)
    return np.repeat(y, times), np.repeat(p, times, axis=0), np.repeat(np.arange(n), times)


def test_rows_that_are_repeated_say_no_more_than_once():
    y, p, groups = repeated()
    once = quick(y[::20], p[::20])
    report = quick(y, p, groups=groups)
    for name in ("log_loss", "ci_low", "ci_high"):
        assert report.overall[name] == pytest.approx(once.overall[name], rel=1e-9)
    np.testing.assert_allclose(report.per_class["ci_low"], once.per_class["ci_low"], rtol=1e-9)
    width = report.overall["ci_high"] - report.overall["ci_low"]
    alone = quick(y, p).overall
    assert width > 3 * (alone["ci_high"] - alone["ci_low"])


def test_what_groups_are_called_does_not_matter():
    y, p, groups = repeated(30, 5)
    numbered = quick(y, p, groups=groups).overall
    for called in ([f"patient {g}" for g in groups], [(g, "a") for g in groups]):
        np.testing.assert_equal(dict(quick(y, p, groups=called).overall), dict(numbered))


def test_groups_of_one_row_each_are_as_none():
    y, p = calibrated(200, 3)
    alone = quick(y, p)
    report = quick(y, p, groups=np.arange(200))
    for name in ("ci_low", "ci_high", "macro_ci_low"):
        assert report.overall[name] == pytest.approx(alone.overall[name], rel=1e-4)


def test_the_folds_of_the_recalibration_keep_groups_whole():
    """Rows of a group that know one another promise a gain that fresh groups do not have."""
    rng = np.random.default_rng(0)
    own = rng.normal(size=(40, 4)) * 1.5
    groups = np.repeat(np.arange(40), 30)
    logits = rng.normal(size=(1200, 4))
    y = np.array([rng.choice(4, p=row) for row in softmax(logits + own[groups], axis=1)])
    alone = log_loss_report(y, logits, from_logits=True, n_null=0).recalibration
    grouped = log_loss_report(y, logits, from_logits=True, n_null=0, groups=groups).recalibration
    at = alone.methods.index("vector")
    assert grouped.gain[at] < alone.gain[at]
    width = grouped.gain_high - grouped.gain_low
    assert (width[1:] > (alone.gain_high - alone.gain_low)[1:]).all()


def test_one_group_has_no_interval_and_no_recalibration():
    y, p = calibrated(50, 3)
    report = log_loss_report(y, p, groups=["only"] * 50, n_null=0)
    assert math.isnan(report.overall["ci_low"])
    assert report.recalibration is None
    assert any("one group" in note for note in report.notes)


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ([1, 2], r"groups must have shape \(50,\)"),
        ([None] * 50, "groups has a missing value"),
    ],
)
def test_groups_that_are_none(groups, message):
    y, p = calibrated(50, 3)
    with pytest.raises(ValueError, match=message):
        quick(y, p, groups=groups)


def test_reports_of_estimators_take_groups():
    model = LogisticRegression(max_iter=500).fit(X, Y)
    report = LogLossReport.from_estimator(model, X, Y, groups=PATIENTS, n_null=0)
    expected = log_loss_report(Y, model.predict_proba(X), groups=PATIENTS, n_null=0)
    np.testing.assert_equal(dict(report.overall), dict(expected.overall))
    assert any("30 groups" in note for note in report.notes)


class Watching(LogisticRegression):
    """Says which rows it was fitted to."""

    def fit(self, X, y):
        self.rows_ = set(X[:, 0].astype(int).tolist())
        return super().fit(X[:, 1:], y)

    def predict_proba(self, X):
        assert not {int(PATIENTS[int(i)]) for i in X[:, 0]} & {int(PATIENTS[i]) for i in self.rows_}
        return super().predict_proba(X[:, 1:])


@pytest.mark.parametrize("cv", [None, 3, GroupKFold(4)])
def test_cross_validation_gives_groups_to_splitter_and_report(cv):
    numbered = np.column_stack([np.arange(150), X])
    report = LogLossReport.from_cv(
        Watching(max_iter=500), numbered, Y, cv=cv, groups=PATIENTS, recalibration=False
    )
    assert any("30 groups" in note for note in report.notes)


def test_groups_may_come_with_the_results_of_a_cross_validation():
    results = cross_validate(
        LogisticRegression(max_iter=500),
        X,
        Y,
        groups=PATIENTS,
        cv=GroupKFold(4),
        return_estimator=True,
        return_indices=True,
    )
    plain = LogLossReport.from_cv_results(results, X, Y, recalibration=False)
    report = LogLossReport.from_cv_results(results, X, Y, groups=PATIENTS, recalibration=False)
    assert report.overall["log_loss"] == plain.overall["log_loss"]
    assert report.overall["ci_high"] != pytest.approx(plain.overall["ci_high"], rel=1e-3)


def test_rows_that_were_predicted_several_times_count_once():
    """Each repeat predicts a row nearly the same, so that ten say hardly more than one."""
    model, options = LogisticRegression(max_iter=500), {"recalibration": False}
    once = LogLossReport.from_cv(model, X, Y, cv=KFold(5, shuffle=True, random_state=0), **options)
    cv = RepeatedKFold(n_splits=5, n_repeats=10, random_state=0)
    often = LogLossReport.from_cv(model, X, Y, cv=cv, **options)
    widths = [r.overall["ci_high"] - r.overall["ci_low"] for r in (once, often)]
    assert widths[1] == pytest.approx(widths[0], rel=0.2)
    assert any("150 groups" in note for note in often.notes)


def test_batches_take_groups_that_go_on_in_others():
    y, p, groups = repeated(60, 20)
    order = np.random.default_rng(1).permutation(len(y))
    y, p, groups = y[order], p[order], groups[order]
    whole = log_loss_report(y, p, groups=groups)
    parts = []
    for at in np.array_split(np.arange(len(y)), 7):
        parts.append(LogLossAccumulator(range(3)).update(y[at], p[at], groups=groups[at]))
    report = LogLossAccumulator.sum(parts).report()
    for name in ("log_loss", "ci_low", "ci_high", "z", "p_value", "recoverable"):
        np.testing.assert_allclose(report.overall[name], whole.overall[name], rtol=1e-8)
    np.testing.assert_allclose(report.per_class["ci_high"], whole.per_class["ci_high"], rtol=1e-9)
    assert report.recalibration.recommended == whole.recalibration.recommended


def test_batches_have_groups_all_of_them_or_none():
    y, p, groups = repeated(20, 5)
    some = LogLossAccumulator(range(3)).update(y, p, groups=groups)
    with pytest.raises(ValueError, match="for some of the rows"):
        some.update(y, p)
    other = LogLossAccumulator(range(3)).update(y, p)
    with pytest.raises(ValueError, match="for some of the rows"):
        other.update(y, p, groups=groups)
    with pytest.raises(ValueError, match="for some of the rows"):
        some.merge(other)
    assert some.n_samples == other.n_samples == 100


def test_displays_take_groups():
    pytest.importorskip("matplotlib")
    y, p, groups = repeated(30, 5)
    display = PerClassLogLossDisplay.from_predictions(y, p, groups=groups)
    np.testing.assert_allclose(
        display.ci_high, quick(y, p, groups=groups).per_class["ci_high"], rtol=1e-12
    )


@pytest.mark.parametrize(
    ("n_groups", "said"), [(2, "Fewer than three groups"), (8, "Fewer than 20 groups"), (20, None)]
)
def test_few_groups_are_said_to_be_few(n_groups, said):
    y, p = calibrated(300, 3, seed=1)
    report = quick(y, p, groups=np.arange(300) % n_groups)
    found = [note for note in report.notes if note.startswith("Fewer than")]
    assert len(found) == (said is not None)
    assert all(note.startswith(said) for note in found)
    assert math.isnan(report.overall["ci_low"]) == (n_groups < 3)


def test_one_row_that_holds_nearly_all_the_weight_is_why_there_is_no_interval():
    y, p = calibrated(300, 3, seed=1)
    weight = np.ones(300)
    weight[5] = 1e6
    report = quick(y, p, sample_weight=weight)
    assert math.isnan(report.overall["ci_low"])
    assert any(note.startswith("Fewer than three rows") for note in report.notes)


def test_overall_figures_are_plain_numbers():
    y, p = calibrated(40, 3)
    assert {type(value) for value in quick(y, p).overall.values()} == {int, float}


def test_a_missing_group_is_shown_as_people_write_it():
    with pytest.raises(ValueError, match=r"groups has a missing value \(nan\) in row 1;"):
        quick(["a", "b"], [[0.4, 0.6]] * 2, groups=np.array([1.0, np.nan]))


def test_lazy_groups_are_refused_with_a_way_out():
    groups = pl.LazyFrame({"patient": [1, 2]})
    with pytest.raises(TypeError, match=r"groups is lazy .* pass groups.collect\(\) if it fits"):
        quick(["a", "b"], [[0.4, 0.6]] * 2, groups=groups)


def test_one_row_or_group_is_counted_in_the_singular():
    assert " over 1 row\n" in str(quick(["a"], [[0.4, 0.6]], labels=["a", "b"]))
    y, p = calibrated(20, 3)
    one, two = (" ".join(quick(y, p, groups=np.arange(20) % n).notes) for n in (1, 2))
    assert "count 1 group." in one
    assert "count 2 groups." in two


@pytest.mark.parametrize("one", [5, 5.0, np.int64(5), True])
def test_a_group_that_is_there_as_number_and_as_text_is_refused(one):
    """As in files that pandas reads in pieces: two groups for one patient look independent."""
    y, p = [0, 1, 1, 0], [0.5, 0.5, 0.5, 0.5]
    said = f"groups holds both {one} and '{one}'"
    with pytest.raises(ValueError, match=re.escape(said)):
        log_loss_report(y, p, groups=[one, "a", str(one), "b"])
    accumulator = LogLossAccumulator([0, 1]).update(y, p, groups=[one, 6, 6, 7])
    with pytest.raises(ValueError, match="would be two groups; convert all of them to one type"):
        accumulator.update(y, p, groups=[str(one), "6", "a", "b"]).report()
    assert log_loss_report(y, p, groups=[one, "a", "a", "b"]).about.n_groups == 3
