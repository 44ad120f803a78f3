"""Every classifier with probabilities, through every scorer and the report, and the checks."""

import math
import warnings
from functools import cache

import numpy as np
import pandas as pd
import pytest
import sklearn.metrics
from classifiers import (
    BY_CHANCE,
    EXCEPTIONS,
    FOR_TWO_CLASSES,
    FROM_ELSEWHERE,
    SEVERAL_OUTPUTS,
    WITHOUT_PROBABILITIES,
    classifier_from_elsewhere,
    composed_classifiers,
    every_classifier,
)
from sklearn.base import clone
from sklearn.datasets import load_iris, load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.multiclass import OneVsRestClassifier
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import all_estimators

from skxent import LogLossReport, get_scorer, get_scorer_names, log_loss, log_loss_report
from skxent.recalibration import refinement_loss
from skxent.testing import check_probabilistic_classifier

NO_ROW = r"must sum to 1|must hold finite"
CLASSIFIERS = every_classifier() | composed_classifiers()
NAMES = {
    "int": np.array([0, 1, 2]),
    "str": np.array(["ant", "bee", "cow"], dtype=object),
    "bool": np.array([False, True]),
}
LABELS = {2: ["int", "str", "bool"], 3: ["int", "str"]}
# In the quick run each kind of labels and each container is met with two classes or with three.
QUICK = [(3, "int", "array"), (2, "bool", "frame"), (2, "str", "array"), (3, "str", "frame")]
ALL = [(k, labels, x) for k in LABELS for labels in LABELS[k] for x in ("array", "frame")]
SLOW = [pytest.param("iris", *case, marks=pytest.mark.slow) for case in ALL if case not in QUICK]
WINE = [pytest.param("wine", *case, marks=pytest.mark.slow) for case in ALL]
CASES = [("iris", *case) for case in QUICK] + SLOW + WINE


@cache
def data(name, n_classes):
    """Rows and classes of a data set, of all classes or of the last two, which overlap."""
    X, y = {"iris": load_iris, "wine": load_wine}[name](return_X_y=True)
    X = X[:, :4] if name == "iris" else X[:, [0, 6, 9, 11]]
    rows = np.flatnonzero(y >= 3 - n_classes)[::2]
    return X[rows], y[rows] - (3 - n_classes)


def halves(name, n_classes, labels, container):
    """Rows to fit and rows to score, with more of one class than of another."""
    X, y = data(name, n_classes)
    y = NAMES[labels][:n_classes][y]
    if container == "frame":
        X, y = pd.DataFrame(X, columns=["d", "b", "a", "c"]), pd.Series(y, name="class")
        return X.iloc[::2], y.iloc[::2], X.iloc[1:-12:2], y.iloc[1:-12:2]
    return X[::2], y[::2], X[1:-12:2], y[1:-12:2]


def fitted(estimator, X, y):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", FutureWarning)  # SVC(probability=True)
        warnings.simplefilter("ignore", UserWarning)
        return clone(estimator).fit(X, y)


def expected_scores(y, proba, classes):
    """Every scorer's value by scikit-learn's log loss."""
    y, labels = np.asarray(y), list(classes)
    # Numbers of 32 bits need not sum to 1 as precisely as scikit-learn demands of 64.
    table = proba.astype(np.float64)
    table = table / table.sum(axis=1, keepdims=True)

    def theirs(rows):
        # Columns are in the order of the classes, which are sorted, as they must be there.
        codes = np.searchsorted(np.asarray(classes), y[rows])
        return sklearn.metrics.log_loss(codes, table[rows], labels=range(len(labels)))

    loss = theirs(np.full(len(y), True))
    by_class = [theirs(y == label) for label in labels]
    codes = np.searchsorted(np.asarray(classes), y)
    own = table[np.arange(len(y)), codes]
    prior = np.bincount(codes, minlength=len(labels)) / len(y)
    scores = {
        "neg_log_loss": -loss,
        "neg_log_loss_bits": -loss / math.log(2),
        "neg_macro_log_loss": -np.mean(by_class),
        "neg_worst_class_log_loss": -max(by_class),
        "neg_cross_entropy": np.log(own).mean() if own.min() > 0 else -math.inf,
        "log_loss_skill": 1 - loss / -(prior @ np.log(prior)),
        "neg_refinement_loss": -refinement_loss(y, proba, labels=classes),
    }
    return scores, by_class


def check_all_scores(model, X, y):
    """Scorers and report of a fitted classifier, against scikit-learn's log loss."""
    proba, classes = model.predict_proba(X), model.classes_
    rel = 1e-6 if proba.dtype == np.float32 else 1e-10
    expected, by_class = expected_scores(y, proba, classes)
    assert set(expected) == set(get_scorer_names())
    for name, value in expected.items():
        assert get_scorer(name)(model, X, y) == pytest.approx(value, rel=rel), name
    assert log_loss(y, proba, labels=classes) == pytest.approx(-expected["neg_log_loss"], rel=rel)
    for report in (
        log_loss_report(y, proba, labels=classes, recalibration=False, n_null=0),
        LogLossReport.from_estimator(model, X, y, recalibration=False, n_null=0),
    ):
        assert list(report.labels) == list(classes)
        assert report.overall["log_loss"] == pytest.approx(-expected["neg_log_loss"], rel=rel)
        assert report.per_class["log_loss"] == pytest.approx(by_class, rel=rel)
        total = report.per_class["contribution"].sum()
        assert total == pytest.approx(report.overall["log_loss"], rel=1e-12)
        assert report.overall["skill"] == pytest.approx(expected["log_loss_skill"], rel=rel)


@pytest.mark.parametrize("name", CLASSIFIERS)
@pytest.mark.parametrize(("where", "n_classes", "labels", "container"), CASES)
def test_scores_and_report(name, where, n_classes, labels, container):
    if n_classes > 2 and name in FOR_TWO_CLASSES:
        pytest.skip("for two classes")
    X, y, X_test, y_test = halves(where, n_classes, labels, container)
    check_all_scores(fitted(CLASSIFIERS[name], X, y), X_test, y_test)


def checked(name, estimator):
    """Results of the checks; those that are listed as exceptions fail, and only those."""
    exceptions = EXCEPTIONS.get(name, {})
    results = check_probabilistic_classifier(estimator, expected_failed_checks=exceptions)
    found = {r["check_name"] for r in results if r["status"] == "xfail"}
    assert found == set(exceptions) or name in BY_CHANCE
    return results


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_checks(name):
    """All of scikit-learn's pass, or the exception is listed with its reason, and is one."""
    results = checked(name, CLASSIFIERS[name])
    assert [r["status"] for r in results].count("passed") >= 10


@pytest.mark.parametrize("name", FROM_ELSEWHERE)
@pytest.mark.parametrize(("n_classes", "labels", "container"), ALL)
def test_scores_and_report_of_classifiers_from_elsewhere(name, n_classes, labels, container):
    pytest.importorskip(FROM_ELSEWHERE[name][0])
    if name == "XGBClassifier" and labels == "str":
        pytest.skip("it takes numbers only")
    X, y, X_test, y_test = halves("iris", n_classes, labels, container)
    model = fitted(classifier_from_elsewhere(name), X, y)
    if name == "XGBClassifier":
        assert model.predict_proba(X_test).dtype == np.float32
    check_all_scores(model, X_test, y_test)


@pytest.mark.parametrize("name", FROM_ELSEWHERE)
def test_checks_of_classifiers_from_elsewhere(name):
    pytest.importorskip(FROM_ELSEWHERE[name][0])
    checked(name, classifier_from_elsewhere(name))


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_rows_of_zeros_are_refused():
    """Where no tree of one against the rest claims a row, there is nothing to divide by."""
    X, y, X_test, y_test = halves("wine", 3, "int", "array")
    trees = OneVsRestClassifier(DecisionTreeClassifier(max_depth=2, random_state=0)).fit(X, y)
    assert (np.nan_to_num(trees.predict_proba(X_test)).sum(axis=1) == 0).any()
    for name in get_scorer_names():
        with pytest.raises(ValueError, match=NO_ROW):
            get_scorer(name)(trees, X_test, y_test)
    with pytest.raises(ValueError, match=NO_ROW):
        LogLossReport.from_estimator(trees, X_test, y_test, recalibration=False, n_null=0)


def test_what_is_left_out_has_no_probabilities_or_several_outputs():
    kinds = dict(all_estimators(type_filter="classifier"))
    left_out = WITHOUT_PROBABILITIES | SEVERAL_OUTPUTS
    assert left_out <= set(kinds)
    for name in WITHOUT_PROBABILITIES:
        assert not hasattr(kinds[name], "predict_proba")
    assert set(kinds) - left_out <= set(CLASSIFIERS)
