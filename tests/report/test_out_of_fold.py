"""Reports of estimators and of cross-validation: each row by a fit that has not seen it."""

import dataclasses
import inspect
import math
import re
from importlib.util import find_spec

import numpy as np
import pandas as pd
import polars as pl
import pytest
from classifiers import NamedColumns
from reports import EPS, QUICK, quick, same
from scipy import sparse
from sklearn import config_context, model_selection
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_iris
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import StackingClassifier
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import LinearRegression, LogisticRegression, SGDClassifier
from sklearn.metrics import pairwise_distances
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    LeaveOneOut,
    PredefinedSplit,
    RepeatedKFold,
    ShuffleSplit,
    StratifiedKFold,
    cross_val_predict,
    cross_val_score,
    cross_validate,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from skxent import (
    LogLossReport,
    PerClassLogLossDisplay,
    log_loss,
    log_loss_report,
    make_per_class_scorer,
    make_scorer,
)


def pooled(results, X, y, **params):
    return LogLossReport.from_cv_results(results, X, y, **{**QUICK, **params})


def from_cv(estimator, X, y, **params):
    return LogLossReport.from_cv(estimator, X, y, **{**QUICK, **params})


def from_estimator(estimator, X, y, **params):
    return LogLossReport.from_estimator(estimator, X, y, **{**QUICK, **params})


X, Y = load_iris(return_X_y=True)
X = StandardScaler().fit_transform(X)
NAMES = np.array(["setosa", "versicolor", "virginica"])
UNEQUAL = PredefinedSplit(
    np.repeat([0, 1, 2], [10, 50, 90])[np.random.RandomState(0).permutation(150)]
)
LACKING = PredefinedSplit(np.where(Y == 2, 0, np.arange(150) % 3))


def by_fold(X, y, cv, labels):
    """Pooled rows of every test fold, and probabilities with a column for each label."""
    rows, tables = [], []
    for train, test in cv.split(X, y):
        estimator = LogisticRegression().fit(X[train], y[train])
        table = np.zeros((len(test), len(labels)))
        for j, label in enumerate(estimator.classes_):
            table[:, list(labels).index(label)] = estimator.predict_proba(X[test])[:, j]
        rows.append(test)
        tables.append(table)
    return np.concatenate(rows), np.concatenate(tables)


ONE_VS_REST = {"ovr_log_loss", "miscalibration", "discrimination", "uncertainty"}


def untested(report, known=None):
    """What is left of a report out of fold; `known` is that of the rows of known classes."""
    changed = {"_overall": dict(report.overall), "_per_class": dict(report.per_class)}
    for figures in changed.values():
        figures |= {name: np.nan * figures[name] for name in ("z", "p_value", "e_value")}
    if known is not None:
        changed["_per_class"] |= {name: known.per_class[name] for name in {"gap"} | ONE_VS_REST}
        changed["_overall"]["gap"] = known.overall["gap"]
        changed["reliability"] = known.reliability
    return dataclasses.replace(report, **changed)


def cv_results(X, y, cv, **params):
    return cross_validate(
        LogisticRegression(), X, y, cv=cv, return_estimator=True, return_indices=True, **params
    )


@pytest.mark.parametrize(
    "cv",
    [
        UNEQUAL,
        LACKING,
        KFold(3, shuffle=True, random_state=0),
        ShuffleSplit(4, test_size=0.3, random_state=0),
        RepeatedKFold(n_splits=3, n_repeats=2, random_state=0),
    ],
    ids=["unequal", "lacking", "KFold", "ShuffleSplit", "RepeatedKFold"],
)
@pytest.mark.parametrize("names", [np.arange(3), NAMES, NAMES[::-1]], ids=["int", "str", "turned"])
def test_out_of_fold_rows_are_pooled(cv, names):
    y, labels = names[Y], np.unique(names)
    weight = np.random.default_rng(0).uniform(0.5, 2, 150)
    rows, table = by_fold(X, y, cv, labels)
    results = cv_results(X, y, cv)
    report = pooled(results, X, y, sample_weight=weight, base=2)
    expected = quick(y[rows], table, labels=labels, sample_weight=weight[rows], base=2)
    assert report.notes[0].startswith("Out-of-fold predictions")
    assert "cannot be tested" in str(report)
    known = None
    if cv is LACKING:
        assert report.notes[1].startswith("50 rows are of a class that was not among the training")
        seen = Y[rows] < 2
        part = {"labels": labels, "sample_weight": weight[rows][seen], "base": 2}
        known = quick(y[rows][seen], table[seen], **part)
    elif len(set(rows)) < len(rows):  # rows that were drawn together say less than they seem to
        assert "several test folds" in report.notes[1]
        whole = {"labels": labels, "sample_weight": weight[rows], "base": 2, "groups": rows}
        expected = quick(y[rows], table, **whole)
    else:
        assert len(report.notes) == 1
    expected = untested(expected, known)
    assert set(report.worst_rows["row"].tolist()) <= set(rows.tolist())
    assert same(report, expected)
    assert report.labels.tolist() == labels.tolist()
    assert report.overall["n_samples"] == len(rows)
    own = table[np.arange(len(rows)), np.searchsorted(labels, y[rows])]
    losses = -np.log2(np.maximum(own, EPS))
    assert report.overall["log_loss"] == pytest.approx(np.average(losses, weights=weight[rows]))


def test_the_pooled_loss_is_not_the_mean_of_unequal_folds():
    results = cv_results(X, Y, UNEQUAL, scoring="neg_log_loss")
    sizes = [len(test) for test in results["indices"]["test"]]
    loss = pooled(results, X, Y).overall["log_loss"]
    assert loss == pytest.approx(-np.average(results["test_score"], weights=sizes))
    assert loss != pytest.approx(-results["test_score"].mean(), rel=0.01)


def test_a_class_missing_from_training_costs_the_floor():
    with pytest.warns(UserWarning, match="Scoring failed"):
        results = cv_results(X, Y, LACKING, scoring="neg_log_loss")
    report = pooled(results, X, Y)
    assert report.per_class["floored"].tolist() == [0, 0, 50]
    assert report.per_class["log_loss"][2] == pytest.approx(-math.log(EPS))


@pytest.mark.parametrize(
    "convert",
    [
        lambda X: pd.DataFrame(X, index=np.arange(1000, 1150), columns=list("abcd")),
        lambda X: pl.DataFrame(X, schema=list("abcd")),
        lambda X: X.tolist(),
    ],
    ids=["pandas", "polars", "list"],
)
def test_out_of_fold_rows_of_any_container(convert):
    cv = KFold(3, shuffle=True, random_state=0)
    expected = pooled(cv_results(X, NAMES[Y], cv), X, NAMES[Y])
    data = convert(X)
    y = pd.Series(NAMES[Y], index=np.arange(1000, 1150))
    weight = pd.Series(np.ones(150), index=y.index)
    results = cv_results(data, y, cv)
    report = pooled(results, data, y, sample_weight=weight)
    assert same(report, expected)


@pytest.mark.parametrize("convert", [sparse.coo_array, sparse.coo_matrix, sparse.csr_array])
def test_out_of_fold_rows_of_a_sparse_matrix(convert):
    cv = KFold(3, shuffle=True, random_state=0)
    expected = pooled(cv_results(X, Y, cv), X, Y)
    results = cv_results(sparse.csr_array(X), Y, cv)
    assert same(pooled(results, convert(X), Y), expected, rel=1e-6)


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
@pytest.mark.parametrize("cv", [UNEQUAL, LACKING], ids=["unequal", "lacking"])
def test_out_of_fold_columns_are_matched_by_name(frame, cv):
    y = NAMES[Y]
    options = {"return_estimator": True, "return_indices": True, "scoring": lambda *_: 0.0}
    expected = cross_validate(LogisticRegression(), X, y, cv=cv, **options)
    results = cross_validate(NamedColumns(frame, LogisticRegression()), X, y, cv=cv, **options)
    report = pooled(results, X, y)
    assert same(report, pooled(expected, X, y))


class FailsOnHundredRows(LogisticRegression):
    def fit(self, X, y):
        if len(X) == 100:
            msg = "one hundred"
            raise ValueError(msg)
        return super().fit(X, y)


def test_a_fold_whose_fit_failed():
    with pytest.warns(FitFailedWarning, match="one hundred"):
        results = cross_validate(
            FailsOnHundredRows(), X, Y, cv=UNEQUAL, return_estimator=True, return_indices=True
        )
    with pytest.raises(ValueError, match="the estimator of fold 1 is not fitted"):
        pooled(results, X, Y)


@pytest.mark.parametrize(
    ("rows", "labels", "weight", "message"),
    [
        (149, 150, None, "X and y must be those .*at least 150 rows; got 149 and 150"),
        (150, 149, None, "at least 150 rows; got 150 and 149"),
        (149, 149, None, "at least 150 rows; got 149 and 149"),
        (150, 150, 149, r"sample_weight must have shape \(150,\).*got \(149,\)"),
    ],
)
@pytest.mark.parametrize("convert", [np.asarray, pd.DataFrame, np.ndarray.tolist])
def test_out_of_fold_lengths(rows, labels, weight, message, convert):
    results = cv_results(X, Y, UNEQUAL)
    weight = None if weight is None else np.ones(weight)
    with pytest.raises(ValueError, match=message):
        pooled(results, convert(X[:rows]), Y[:labels], sample_weight=weight)


MAKERS = [LogLossReport.from_cv_results, LogLossReport.from_cv, LogLossReport.from_estimator]


@pytest.mark.parametrize("make", MAKERS)
def test_they_take_what_the_report_of_arrays_takes(make):
    """But for what says which class a column belongs to, or that it holds logits."""
    own = inspect.signature(make).parameters
    theirs = inspect.signature(log_loss_report).parameters
    columns = {"y_true", "y_proba", "labels", "pos_label", "from_logits"}
    assert set(theirs) - columns <= set(own)
    for name in set(theirs) & set(own):
        assert own[name].default == theirs[name].default, name
        assert own[name].kind == inspect.Parameter.KEYWORD_ONLY


def test_out_of_fold_arguments_are_passed_on():
    results = cv_results(X, Y, KFold(3, shuffle=True, random_state=0))
    report = pooled(results, X, Y, target_names=NAMES, eps=0.5)
    assert report.target_names == tuple(NAMES)
    assert report.overall["log_loss"] <= math.log(2)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({}, "no 'estimator' and no 'indices'; call cross_validate with return_estimator=True"),
        ({"return_estimator": True}, "cv_results has no 'indices';"),
        ({"return_indices": True}, "cv_results has no 'estimator';"),
    ],
)
def test_results_without_estimators_or_indices(params, message):
    results = cross_validate(LogisticRegression(), X, Y, cv=3, **params)
    with pytest.raises(ValueError, match=message):
        pooled(results, X, Y)


def test_labels_of_another_type_than_the_estimators():
    results = cv_results(X, Y, KFold(3, shuffle=True, random_state=0))
    with pytest.raises(ValueError, match=r"y holds '[012]' .*another type, \[0, 1, 2\]"):
        pooled(results, X, Y.astype(str))


# In one call.

THREE = KFold(3, shuffle=True, random_state=0)


@pytest.mark.parametrize("names", [np.arange(3), NAMES, NAMES[::-1]], ids=["int", "str", "turned"])
@pytest.mark.parametrize("cv", [THREE, UNEQUAL, LACKING], ids=["three", "unequal", "lacking"])
def test_cross_validated_is_from_the_results_of_cross_validate(cv, names):
    y = names[Y]
    weight = np.random.default_rng(0).uniform(0.5, 2, 150)
    report = from_cv(LogisticRegression(), X, y, cv=cv, sample_weight=weight, base=2)
    rows, table = by_fold(X, y, cv, np.unique(names))
    expected = quick(y[rows], table, labels=np.unique(names), sample_weight=weight[rows], base=2)
    known = None
    if cv is LACKING:
        seen = Y[rows] < 2
        part = {"labels": np.unique(names), "sample_weight": weight[rows][seen], "base": 2}
        known = quick(y[rows][seen], table[seen], **part)
    assert same(report, untested(expected, known))


def test_cross_validated_predictions_are_those_of_cross_val_predict():
    model = make_pipeline(StandardScaler(), LogisticRegression())
    proba = cross_val_predict(model, X, Y, cv=THREE, method="predict_proba")
    expected = log_loss_report(Y, proba, n_null=20)
    report = LogLossReport.from_cv(model, X, Y, cv=THREE, n_null=20)
    # The folds of the recalibration are drawn from the rows in another order.
    columns = [name for name in expected.per_class if not name.startswith("recoverable")]
    for name in set(columns) - {"top_rival", "z", "p_value", "e_value"}:
        if name in {"miscalibration_null", "miscalibration_p"}:
            assert np.isnan(report.per_class[name]).all()
            continue
        one, other = report.per_class[name], expected.per_class[name]
        np.testing.assert_allclose(one, other, 1e-9, 1e-12, err_msg=name)
    assert report.worst_rows["row"].tolist() == expected.worst_rows["row"].tolist()
    refined = report.overall["refinement_loss"]
    assert refined == pytest.approx(expected.overall["refinement_loss"], rel=0.02)


def test_five_stratified_folds_are_what_none_means():
    expected = from_cv(LogisticRegression(), X, Y, cv=StratifiedKFold(5))
    assert same(from_cv(LogisticRegression(), X, Y), expected)
    assert same(from_cv(LogisticRegression(), X, Y, cv=5), expected)
    splits = list(StratifiedKFold(5).split(X, Y))
    assert same(from_cv(LogisticRegression(), X, Y, cv=splits), expected)
    assert same(from_cv(LogisticRegression(), X, Y, cv=iter(splits)), expected)


@pytest.mark.parametrize(
    "convert",
    [
        lambda X: pd.DataFrame(X, index=np.arange(1000, 1150), columns=list("abcd")),
        lambda X: pl.DataFrame(X, schema=list("abcd")),
        sparse.csr_array,
    ],
    ids=["pandas", "polars", "sparse"],
)
def test_cross_validation_of_any_container(convert):
    expected = from_cv(LogisticRegression(), X, NAMES[Y], cv=THREE)
    y = pd.Series(NAMES[Y], index=np.arange(1000, 1150), dtype="category")
    weight = pd.Series(np.ones(150), index=y.index)
    report = from_cv(LogisticRegression(), convert(X), y, cv=THREE, sample_weight=weight)
    assert same(report, expected, rel=1e-5)


class Watching(ClassifierMixin, BaseEstimator):
    """Keeps what `fit` got."""

    def fit(self, X, y, sample_weight=None):
        self.rows_, self.weight_ = X[:, 0].astype(int), sample_weight
        self.inner_ = DummyClassifier().fit(X, y, sample_weight)
        self.classes_ = self.inner_.classes_
        return self

    def predict_proba(self, X):
        assert not set(X[:, 0].astype(int)) & set(self.rows_), "the fit has seen these rows"
        if self.weight_ is not None:
            np.testing.assert_array_equal(self.weight_, 1.0 + self.rows_)
        return self.inner_.predict_proba(X)


def test_weights_of_the_fit_are_cut_with_the_folds():
    numbered = np.column_stack([np.arange(150), X])
    weight = 1.0 + np.arange(150)
    plain = from_cv(Watching(), numbered, Y, cv=THREE)
    fitted = from_cv(Watching(), numbered, Y, cv=THREE, params={"sample_weight": weight})
    rows, table = [], []
    for train, test in THREE.split(X):
        prior = np.bincount(Y[train], weight[train]) / weight[train].sum()
        rows.append(test)
        table.append(np.tile(prior, (len(test), 1)))
    rows = np.concatenate(rows)
    assert same(fitted, untested(quick(Y[rows], np.concatenate(table))))
    assert fitted.overall["weight"] == plain.overall["weight"] == 150
    assert fitted.overall["log_loss"] != pytest.approx(plain.overall["log_loss"], rel=0.001)


def test_metadata_that_is_routed():
    weight = 1.0 + np.arange(150)
    numbered = np.column_stack([np.arange(150), X])
    params = {"sample_weight": weight}
    expected = from_cv(Watching(), numbered, Y, cv=THREE, params=params)
    with config_context(enable_metadata_routing=True):
        model = Watching().set_fit_request(sample_weight=True)
        report = from_cv(model, numbered, Y, cv=THREE, params=params)
        grouped = from_cv(model, numbered, Y, cv=GroupKFold(3), params={"groups": Y * 50 + 7})
        given = from_cv(model, numbered, Y, cv=GroupKFold(3), groups=Y * 50 + 7, verbose=True)
    assert same(report, expected)
    assert same(given, grouped)
    assert grouped.per_class["floored"].sum() == 150  # each class is a group


@pytest.mark.parametrize("routing", [False, True])
def test_groups_beside_folds_that_are_made_already(routing):
    groups = np.arange(150) // 3 % 10
    folds = list(GroupKFold(3).split(X, Y, groups))
    expected = from_cv(LogisticRegression(), X, Y, cv=GroupKFold(3), groups=groups)
    with config_context(enable_metadata_routing=routing):
        assert same(from_cv(LogisticRegression(), X, Y, cv=folds, groups=groups), expected)


@pytest.mark.parametrize("routing", [False, True])
def test_a_splitter_that_takes_no_groups_is_named(routing):
    groups = np.arange(150) // 3 % 10
    with (
        config_context(enable_metadata_routing=routing),
        pytest.warns(UserWarning, match="groups parameter is ignored by KFold"),
    ):
        report = from_cv(LogisticRegression(), X, Y, cv=THREE, groups=groups)
    assert report.about.n_groups == 10


@pytest.mark.parametrize("cv", [None, 4])
@pytest.mark.parametrize(("n_groups", "way_out"), [(1, "other groups, or none"), (2, "cv=2")])
def test_fewer_groups_than_folds_are_named(cv, n_groups, way_out):
    match = rf"groups must be as many as the {cv or 5} folds .*; got {n_groups}: pass {way_out}\."
    for params in ({"groups": np.arange(150) % n_groups}, {}):
        params = params or {"params": {"groups": np.arange(150) % n_groups}}
        with pytest.raises(ValueError, match=match):
            from_cv(LogisticRegression(), X, Y, cv=cv, **params)
    report = from_cv(LogisticRegression(), X, Y, cv=2, groups=np.arange(150) % 2)
    assert report.about.n_groups == 2


class Grouping(LogisticRegression):
    """Takes groups itself, as a search does that splits by them."""

    def fit(self, X, y, groups=None):
        self.groups_ = groups
        return super().fit(X, y)

    def predict_proba(self, X):
        assert self.groups_ is not None
        return super().predict_proba(X)


def test_groups_of_the_fit_are_those_of_the_folds():
    groups = np.arange(150) // 3 % 10
    expected = from_cv(LogisticRegression(), X, Y, cv=3, groups=groups)
    assert same(from_cv(Grouping(), X, Y, cv=3, params={"groups": groups}), expected)


def test_folds_may_be_masks():
    masks = []
    for train, test in THREE.split(X):
        masks.append(tuple(np.isin(np.arange(150), rows) for rows in (train, test)))
    expected = from_cv(
        LogisticRegression(), X, Y, cv=[tuple(map(np.flatnonzero, m)) for m in masks]
    )
    assert same(from_cv(LogisticRegression(), X, Y, cv=masks), expected)


@pytest.mark.parametrize("as_masks", [False, True])
def test_kernels_are_cut_by_rows_and_columns(as_masks):
    X, y = load_iris(return_X_y=True)
    distances = pairwise_distances(X)
    by_rows, by_distance = KNeighborsClassifier(9), KNeighborsClassifier(9, metric="precomputed")
    expected = LogLossReport.from_cv(by_rows, X, y, cv=3, **QUICK).overall["log_loss"]
    found = model_selection.cross_validate(
        by_distance, distances, y, cv=3, return_estimator=True, return_indices=True
    )
    if as_masks:
        found["indices"] = {
            part: [np.isin(np.arange(150), fold) for fold in folds]
            for part, folds in found["indices"].items()
        }
        found["indices"]["test"] = [~fold for fold in found["indices"]["train"]]
    report = LogLossReport.from_cv_results(found, distances, y, **QUICK)
    assert report.overall["log_loss"] == pytest.approx(expected, abs=0.02)


class Half(GaussianNB):
    """Its rows sum to 1 as far as 16 bits can say."""

    def predict_proba(self, X):
        return super().predict_proba(X).astype(np.float16)


def test_rows_of_half_precision_may_be_farther_from_a_sum_of_1():
    X, y = load_iris(return_X_y=True)
    model = Half().fit(X, y)
    assert abs(model.predict_proba(X).sum(axis=1, dtype=float) - 1).max() > 1e-4
    found = LogLossReport.from_estimator(model, X, y, **QUICK)
    assert same(found, quick(y, model.predict_proba(X)))
    LogLossReport.from_cv(model, X, y, **QUICK)


@pytest.mark.parametrize("verbose", [False, True])
def test_rows_of_a_group_are_not_parted(verbose):
    groups = np.arange(150) // 3 % 10
    cv = GroupKFold(5)
    report = from_cv(LogisticRegression(), X, Y, cv=cv, groups=groups, verbose=verbose)
    rows, table = [], []
    for train, test in GroupKFold(5).split(X, Y, groups):
        assert not set(groups[train]) & set(groups[test])
        rows.append(test)
        table.append(LogisticRegression().fit(X[train], Y[train]).predict_proba(X[test]))
    rows = np.concatenate(rows)
    expected = quick(Y[rows], np.concatenate(table), groups=groups[rows])
    assert same(report, untested(expected))


@pytest.mark.parametrize(("n_jobs", "cv"), [(None, THREE), (1, UNEQUAL)])
def test_progress_is_one_line_a_fold(capsys, n_jobs, cv):
    from_cv(LogisticRegression(), X, Y, cv=cv, n_jobs=n_jobs, verbose=True)
    out, err = capsys.readouterr()
    assert out == ""  # which may be on its way into a file
    assert err.splitlines() == [f"fold {i} of 3 is fitted" for i in (1, 2, 3)]
    from_cv(LogisticRegression(), X, Y, cv=cv, n_jobs=n_jobs)
    assert capsys.readouterr() == ("", "")


@pytest.mark.slow
def test_folds_in_several_processes(capfd, monkeypatch):
    expected = from_cv(LogisticRegression(), X, Y, cv=THREE)
    asked = []

    def watched(*args, n_jobs, **params):
        asked.append(n_jobs)
        return cross_validate(*args, n_jobs=n_jobs, **params)

    monkeypatch.setattr(model_selection, "cross_validate", watched)
    assert same(from_cv(LogisticRegression(), X, Y, cv=THREE, n_jobs=2), expected)
    assert asked == [2]
    out, _ = capfd.readouterr()
    assert out == ""


class Forbidden(LogisticRegression):
    def fit(self, X, y):
        pytest.fail("it was fitted")


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"base": 1}, "base must be"),
        ({"eps": 2}, "eps must be"),
        ({"confidence_level": 95}, "confidence_level must be"),
        ({"n_null": -1}, "n_null must be"),
        ({"random_state": -1}, "random_state must be"),
        ({"target_names": ["a"]}, "target_names must name each of the 3 classes"),
        ({"sample_weight": [1.0]}, "sample_weight must have shape"),
    ],
)
def test_what_is_wrong_is_said_before_the_fits(params, message):
    with pytest.raises(ValueError, match=message):
        from_cv(Forbidden(), X, Y, cv=THREE, **params)


def test_a_fit_that_fails_says_so_itself():
    with pytest.raises(ValueError, match="one hundred"):
        from_cv(FailsOnHundredRows(), X, Y, cv=UNEQUAL)
    with pytest.raises(AttributeError, match="has no predict_proba"):
        from_cv(HardLabels(), X, Y, cv=THREE)


def test_a_stack_whose_top_is_known_after_the_fit_only():
    stack = StackingClassifier([("line", LogisticRegression()), ("bayes", GaussianNB())])
    assert not hasattr(stack, "predict_proba")  # as long as it is not fitted
    report = from_cv(stack, X, Y, cv=THREE)
    expected = -cross_val_score(stack, X, Y, cv=THREE, scoring="neg_log_loss").mean()
    assert report.overall["log_loss"] == pytest.approx(expected)  # folds of one size


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (LinearSVC(), "LinearSVC has no predict_proba; it has decision_function. Recalibrated"),
        (LinearRegression(), "it predicts no probabilities. Pass a classifier with predict_proba"),
        (SGDClassifier(), "loss='hinge'. RecalibratedClassifier makes probabilities of that"),
    ],
)
@pytest.mark.parametrize("verbose", [False, True])
def test_the_way_out_where_a_model_predicts_no_probabilities(model, said, verbose):
    with pytest.raises(AttributeError, match=re.escape(said)):
        from_cv(model, X, Y, cv=THREE, verbose=verbose)
    with pytest.raises(AttributeError, match=re.escape(said)):
        from_estimator(model.fit(X, Y), X, Y)


def test_several_outputs_are_taken_one_at_a_time():
    several = np.c_[Y == 0, Y == 1].astype(int)
    with pytest.raises(ValueError, match=r"y must be .*shape \(150, 2\).*take one at a time"):
        from_cv(LogisticRegression(), X, several)


class HardLabels(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.repeat(self.classes_[:1], len(X))


@pytest.mark.parametrize(
    "cv", [RepeatedKFold(n_splits=3, n_repeats=2, random_state=0), ShuffleSplit(8, random_state=0)]
)
def test_rows_in_several_test_folds_are_not_independent(cv):
    """The predictions of a row count as one."""
    report = LogLossReport.from_cv(LogisticRegression(), X, Y, cv=cv, n_null=20)
    assert "several test folds" in report.notes[1]
    unknown = {"z", "p_value", "e_value"}
    assert {n for n, v in report.overall.items() if math.isnan(v)} == unknown
    unknown |= {"miscalibration_null", "miscalibration_p"}
    figures = {n: v for n, v in report.per_class.items() if n != "top_rival"}
    assert {n for n, v in figures.items() if np.isnan(v).any()} == unknown
    assert all(len(curve.grid) == 0 for curve in report.reliability)
    assert not any("expected" in finding for finding in report.findings)


def test_rows_in_no_test_fold_are_left_out():
    cv = PredefinedSplit(np.where(np.arange(150) % 5 == 0, -1, np.arange(150) % 2))
    report = from_cv(LogisticRegression(), X, Y, cv=cv)
    assert report.overall["n_samples"] == 120
    assert len(report.notes) == 1


def test_as_many_folds_as_rows():
    report = from_cv(DummyClassifier(), X[::10], Y[::10], cv=LeaveOneOut())
    assert report.overall["log_loss"] == pytest.approx(-math.log(4 / 14))
    assert sorted(report.worst_rows["row"]) == report.worst_rows["row"].tolist()


def test_worst_rows_are_numbered_as_in_the_data():
    y = Y.copy()
    swapped = np.array([3, 20, 33])
    y[swapped] = (y[swapped] + 1) % 3
    report = from_cv(LogisticRegression(), X, NAMES[y], cv=THREE)
    worst = report.worst_rows
    proba = cross_val_predict(LogisticRegression(), X, y, cv=THREE, method="predict_proba")
    losses = -np.log(proba[np.arange(150), y])
    assert worst["row"].tolist() == np.argsort(-losses)[:10].tolist()
    assert set(swapped.tolist()) <= set(worst["row"].tolist())
    np.testing.assert_allclose(worst["log_loss"], losses[worst["row"]])
    assert worst["class"].tolist() == NAMES[y[worst["row"]]].tolist()
    assert worst["predicted"].tolist() == NAMES[proba[worst["row"]].argmax(axis=1)].tolist()
    np.testing.assert_allclose(worst["proba"], proba[worst["row"], y[worst["row"]]])
    np.testing.assert_allclose(worst["predicted_proba"], proba[worst["row"]].max(axis=1))


# Of one estimator.


@pytest.mark.parametrize("names", [np.arange(3), NAMES, NAMES[::-1]], ids=["int", "str", "turned"])
@pytest.mark.parametrize("convert", [np.asarray, pd.DataFrame, pl.DataFrame])
def test_the_report_of_an_estimator_is_that_of_its_predictions(names, convert):
    y = names[Y]
    weight = np.random.default_rng(0).uniform(0.5, 2, 75)
    model = LogisticRegression().fit(convert(X[::2]), y[::2])
    report = LogLossReport.from_estimator(
        make_pipeline(model), convert(X[1::2]), y[1::2], sample_weight=weight, base=2, n_null=20
    )
    proba = model.predict_proba(convert(X[1::2]))
    expected = log_loss_report(
        y[1::2], proba, labels=model.classes_, sample_weight=weight, base=2, n_null=20
    )
    assert same(report, expected)
    assert report.labels.tolist() == model.classes_.tolist()
    assert report.findings == expected.findings


@pytest.mark.parametrize("names", [np.arange(3), NAMES, NAMES[::-1]], ids=["int", "str", "turned"])
def test_a_class_that_the_estimator_does_not_know_has_probability_zero(names):
    y, known = names[Y], Y > 0
    model = LogisticRegression().fit(X[known], y[known])
    report = from_estimator(model, X, y)
    proba = np.column_stack([model.predict_proba(X), np.zeros(150)])
    labels = [*model.classes_, names[0]]
    expected, of_known = (
        quick(y, proba, labels=labels),
        quick(y[known], proba[known], labels=labels),
    )
    for figures in ("per_class", "overall"):
        for name, values in getattr(report, figures).items():
            tested = name in {"gap", "z", "p_value", "e_value", *ONE_VS_REST}
            np.testing.assert_array_equal(
                values, getattr(of_known if tested else expected, figures)[name], err_msg=name
            )
    (note,) = report.notes
    assert note.startswith("50 rows are of a class that was not among the training rows")
    assert "those of the other rows" in note
    assert report.labels.tolist() == labels
    assert report.per_class["floored"].tolist() == [0, 0, 50]
    assert report.per_class["log_loss"][2] == pytest.approx(-math.log(EPS))
    assert from_estimator(model, X[50:], y[50:]).notes == ()
    note, _ = from_estimator(model, X[49:], y[49:]).notes
    assert note.startswith("1 row is of a class")
    exact = from_estimator(model, X, y, eps=0)
    assert exact.overall["log_loss"] == math.inf


def with_a_stranger():
    """A model of two classes, rows of these, and a last row of a third."""
    X, Y = load_iris(return_X_y=True)
    at = np.r_[50:150, 0]
    return LogisticRegression().fit(X[50::2], Y[50::2]), X[at], Y[at]


def test_a_row_of_an_unknown_class_does_not_silence_the_report_of_the_others():
    model, X, y = with_a_stranger()
    weight = np.random.default_rng(0).uniform(0.5, 2, 101)
    report = LogLossReport.from_estimator(model, X, y, sample_weight=weight)
    others = LogLossReport.from_estimator(model, X[:100], y[:100], sample_weight=weight[:100])
    for name in ("z", "p_value", "miscalibration"):
        assert report.per_class[name][:2].tolist() == others.per_class[name].tolist()
    # Labels of two classes are drawn once.
    p_values = (r.per_class["miscalibration_p"][:2] for r in (report, others))
    np.testing.assert_allclose(*p_values, atol=0.02)
    assert report.overall["z"] == others.overall["z"]
    share = weight[:100].sum() / weight.sum()
    assert report.recalibration.gain[2] == pytest.approx(others.recalibration.gain[2])
    for name in ("recoverable", "recoverable_low", "recoverable_high"):
        assert report.overall[name] == pytest.approx(share * others.overall[name])
        np.testing.assert_allclose(report.per_class[name][:2], share * others.per_class[name])
    floor = (1 - share) * -math.log(EPS)
    assert report.overall["log_loss"] == pytest.approx(share * others.overall["log_loss"] + floor)
    parts = report.overall["refinement_loss"], report.overall["calibration_loss"]
    assert sum(parts) == pytest.approx(others.overall["log_loss"])


def test_rows_of_an_unknown_class_may_be_left_out():
    model, X, y = with_a_stranger()
    weight = np.random.default_rng(0).uniform(0.5, 2, 101)
    with pytest.warns(UserWarning, match=r"never saw \[0\], the classes of 1 of 101 rows; they"):
        report = from_estimator(model, X, y, sample_weight=weight, unseen="ignore")
    expected = quick(y[:100], model.predict_proba(X[:100]), sample_weight=weight[:100])
    assert report.overall["log_loss"] == expected.overall["log_loss"]
    assert report.overall["ci_high"] == expected.overall["ci_high"]
    assert report.notes == expected.notes
    with pytest.warns(UserWarning, match="50 of 150 rows"):
        report = from_cv(
            LogisticRegression(), *load_iris(return_X_y=True), cv=LACKING, unseen="ignore"
        )
    assert report.per_class["support"].tolist() == [50, 50, 0]
    assert set(report.worst_rows["row"].tolist()) <= set(range(100))


def ways_to_leave_rows_out():
    model, strangers, y = with_a_stranger()
    iris = load_iris(return_X_y=True)
    fits = cross_validate(
        LogisticRegression(), *iris, cv=LACKING, return_estimator=True, return_indices=True
    )
    scorer = make_scorer(log_loss, unseen="ignore")
    by_class = make_per_class_scorer([0, 1, 2], unseen="ignore")
    params = {"unseen": "ignore"}
    yield lambda: from_estimator(model, strangers, y, **params)
    yield lambda: from_cv(LogisticRegression(), *iris, cv=LACKING, **params)
    yield lambda: pooled(fits, *iris, **params)
    yield lambda: scorer(model, strangers, y)
    yield lambda: by_class(model, strangers, y)
    yield lambda: cross_validate(LogisticRegression(), *iris, cv=LACKING, scoring=scorer)
    if find_spec("matplotlib"):
        yield lambda: PerClassLogLossDisplay.from_estimator(model, strangers, y, **params)


@pytest.mark.filterwarnings("default:Scoring failed")
def test_the_warning_shows_the_line_that_asked_for_it():
    for way in ways_to_leave_rows_out():
        with pytest.warns(UserWarning, match="they are left out") as caught:
            way()
        (warning,) = (w for w in caught if "they are left out" in str(w.message))
        assert warning.filename == __file__


def test_rows_of_an_unknown_class_may_be_an_error():
    model, X, y = with_a_stranger()
    with pytest.raises(ValueError, match=r"never saw \[0\].*1 of 101 rows.*Stratify the splits"):
        from_estimator(model, X, y, unseen="raise")
    with pytest.raises(ValueError, match='50 of 50 rows: unseen="ignore" leaves none'):
        from_estimator(model, *(a[:50] for a in load_iris(return_X_y=True)), unseen="ignore")
    with pytest.raises(ValueError, match="unseen must be one of 'floor', 'ignore', 'raise'"):
        from_estimator(model, X, y, unseen="drop")


def test_a_row_of_weight_zero_may_be_of_any_class():
    model, X, y = with_a_stranger()
    report = from_estimator(model, X, y, sample_weight=np.r_[np.ones(100), 0], unseen="raise")
    assert report.notes == ()


def test_all_rows_of_unknown_classes():
    model, X, y = with_a_stranger()
    report = from_estimator(model, X[-1:], y[-1:], recalibration=True)
    assert report.overall["log_loss"] == pytest.approx(-math.log(EPS))
    assert "no test" in report.notes[0]
    assert math.isnan(report.overall["z"])


def test_a_class_that_only_the_estimator_knows_has_a_row():
    model = LogisticRegression().fit(X, NAMES[Y])
    report = from_estimator(model, X[:100], NAMES[Y][:100])
    assert report.labels.tolist() == NAMES.tolist()
    assert report.per_class["support"].tolist() == [50, 50, 0]


class OneColumn(ClassifierMixin, BaseEstimator):
    """Predicts the probability of the second class alone."""

    def fit(self, X, y):
        self.inner_ = LogisticRegression().fit(X, y)
        self.classes_ = self.inner_.classes_
        return self

    def predict_proba(self, X):
        return self.inner_.predict_proba(X)[:, 1]


def test_an_estimator_that_predicts_one_class_alone():
    y = NAMES[Y[50:]]
    expected = from_estimator(LogisticRegression().fit(X[50:], y), X[50:], y)
    assert same(from_estimator(OneColumn().fit(X[50:], y), X[50:], y), expected, rel=1e-7)
    expected = from_cv(LogisticRegression(), X[50:], y, cv=THREE)
    assert same(from_cv(OneColumn(), X[50:], y, cv=THREE), expected, rel=1e-7)


def test_labels_of_another_type_than_those_of_one_estimator():
    model = LogisticRegression().fit(X, Y)
    with pytest.raises(ValueError, match=r"y holds '[012]' .*another type, \[0, 1, 2\]"):
        from_estimator(model, X, Y.astype(str))


def test_an_estimator_that_predicts_no_probabilities():
    with pytest.raises(AttributeError, match="HardLabels has no predict_proba"):
        from_estimator(HardLabels().fit(X, Y), X, Y)


def test_lengths_that_do_not_agree_with_the_data():
    model = LogisticRegression().fit(X, Y)
    with pytest.raises(ValueError, match="X and y must have the same number of rows; got 150 and"):
        from_estimator(model, X, Y[1:])
    with pytest.raises(ValueError, match=r"sample_weight must have shape \(150,\)"):
        from_estimator(model, X, Y, sample_weight=[1.0])
    with pytest.raises(ValueError, match=r"sample_weight must have shape \(150,\)"):
        from_cv(model, X, Y, sample_weight=[1.0])
