"""Scorers: the right number for every estimator and fold, in every tool that takes a scorer."""

import copy
import functools
import math
import pickle
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
import sklearn.metrics
from classifiers import NamedColumns
from messages import message_of
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.datasets import load_iris, make_blobs
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import NotFittedError, UnsetMetadataPassedError
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.feature_selection import RFECV
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    LearningCurveDisplay,
    PredefinedSplit,
    RandomizedSearchCV,
    StratifiedKFold,
    ValidationCurveDisplay,
    cross_val_score,
    cross_validate,
    learning_curve,
    validation_curve,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier

import skxent
from skxent import (
    cross_entropy,
    get_scorer,
    get_scorer_names,
    js_divergence,
    kl_divergence,
    log_loss,
    make_per_class_scorer,
    make_scorer,
    neg_log_loss_bits_scorer,
    neg_log_loss_scorer,
    perplexity,
    scorers,
)
from skxent.recalibration import refinement_loss
from skxent.scorers._known_metrics import worst_class_log_loss

EPS = 2.0**-52
FLOOR = -math.log(EPS)
X, Y = load_iris(return_X_y=True)
X = StandardScaler().fit_transform(X)
NAMES = np.array(["setosa", "versicolor", "virginica"])
TWO = Y > 0  # rows of the two classes that overlap
WEIGHT = np.random.default_rng(0).uniform(0.1, 3, len(Y))
FOLDS = StratifiedKFold(3, shuffle=True, random_state=0)

# On every backend.
pytestmark = pytest.mark.usefixtures("backend")


def model(**params):
    return LogisticRegression(C=0.5, max_iter=500, **params)


def losses_by_hand(estimator, X, y):
    """Floored loss of each row, with the column of each class looked up by its label."""
    proba = estimator.predict_proba(X)
    column = {label: j for j, label in enumerate(estimator.classes_.tolist())}
    own = [
        proba[i, column[label]] if label in column else 0.0 for i, label in enumerate(y.tolist())
    ]
    return -np.log(np.maximum(own, EPS))


def class_means(losses, y, weight=None):
    weight = np.ones(len(y)) if weight is None else weight
    labels = np.unique(y).tolist()
    return {c: np.average(losses[y == c], weights=weight[y == c]) for c in labels}


def stub(classes, proba=None, **others):
    """A fitted classifier that predicts the rows of a table."""
    values = {name: np.asarray(v) for name, v in others.items()}
    if proba is not None:
        values["predict_proba"] = np.asarray(proba)
    methods = {name: lambda X, v=v: v for name, v in values.items()}
    return SimpleNamespace(classes_=np.array(classes), **methods)


# The ready-made scorers.

BY_HAND = {
    "neg_log_loss": lambda y, p, losses: -sklearn.metrics.log_loss(y, p),
    "neg_log_loss_bits": lambda y, p, losses: -sklearn.metrics.log_loss(y, p) / math.log(2),
    "neg_macro_log_loss": lambda y, p, losses: -np.mean(list(class_means(losses, y).values())),
    "neg_worst_class_log_loss": lambda y, p, losses: -max(class_means(losses, y).values()),
    "neg_cross_entropy": lambda y, p, losses: -losses.mean(),
    "log_loss_skill": lambda y, p, losses: sklearn.metrics.d2_log_loss_score(y, p),
    "neg_refinement_loss": lambda y, p, losses: -refinement_loss(y, p),
}


def test_every_ready_made_scorer_is_listed_and_tested():
    assert get_scorer_names() == sorted(BY_HAND)
    made = {name.removesuffix("_scorer") for name in scorers.__all__ if name.endswith("_scorer")}
    assert made - {"get", "make", "make_per_class"} == set(BY_HAND)


@pytest.mark.parametrize("name", BY_HAND)
@pytest.mark.parametrize("rows", [slice(None), TWO], ids=["multiclass", "binary"])
@pytest.mark.parametrize("y", [Y, NAMES[Y]], ids=["int", "str"])
def test_ready_made_scorers(name, rows, y):
    estimator = model().fit(X[rows][::2], y[rows][::2])
    X_test, y_test = X[rows][1:-20:2], y[rows][1:-20:2]  # more of one class than of another
    losses = losses_by_hand(estimator, X_test, y_test)
    expected = BY_HAND[name](y_test, estimator.predict_proba(X_test), losses)
    assert get_scorer(name)(estimator, X_test, y_test) == pytest.approx(expected, rel=1e-12)
    assert getattr(scorers, f"{name}_scorer")(estimator, X_test, y_test) == pytest.approx(expected)


# The folds of the refinement loss depend on the number of rows.
@pytest.mark.parametrize("name", sorted(set(BY_HAND) - {"neg_refinement_loss"}))
def test_a_weight_of_two_is_the_row_twice(name):
    estimator, scorer = model().fit(X[::2], Y[::2]), get_scorer(name)
    weight = np.arange(75) % 3
    twice = np.repeat(np.arange(75), weight)
    weighted = scorer(estimator, X[1::2], Y[1::2], sample_weight=weight)
    assert weighted == pytest.approx(scorer(estimator, X[1::2][twice], Y[1::2][twice]))
    assert weighted != pytest.approx(scorer(estimator, X[1::2], Y[1::2]))


@pytest.mark.parametrize("metric", [js_divergence, kl_divergence, perplexity])
def test_metrics_without_a_ready_made_scorer(metric):
    estimator = model().fit(X, NAMES[Y])
    expected = -metric(NAMES[Y], estimator.predict_proba(X), labels=estimator.classes_)
    assert make_scorer(metric)(estimator, X, NAMES[Y]) == pytest.approx(expected)


def test_get_scorer_returns_an_independent_copy():
    with sklearn.config_context(enable_metadata_routing=True):
        get_scorer("neg_log_loss").set_score_request(sample_weight=True)
        with pytest.raises(UnsetMetadataPassedError):
            weighted_cross_val_score(get_scorer("neg_log_loss"))
    assert get_scorer(neg_log_loss_scorer) is neg_log_loss_scorer


# What the estimator is asked for.


@pytest.mark.parametrize("rows", [slice(None), TWO], ids=["multiclass", "binary"])
@pytest.mark.parametrize(
    "method",
    [
        "predict_log_proba",
        "decision_function",
        ("decision_function", "predict_proba"),
        ("predict_log_proba",),
    ],
)
@pytest.mark.parametrize("metric", [log_loss, cross_entropy, refinement_loss, worst_class_log_loss])
def test_every_response_gives_the_same_score(rows, method, metric):
    X_test, y_test = X[rows], NAMES[Y][rows]
    estimator = model().fit(X_test[::2], y_test[::2])
    expected = make_scorer(metric, base=2)(estimator, X_test, y_test)
    scorer = make_scorer(metric, base=2, response_method=method)
    # The solver of the temperature in refinement_loss stops a little apart.
    assert scorer(estimator, X_test, y_test) == pytest.approx(expected, rel=1e-7)


def test_a_tuple_of_responses_is_in_order_of_preference():
    both = stub([0, 1], [[0.5, 0.5], [0.5, 0.5]], decision_function=[-1.0, 3.0])
    of_logits = -np.mean(np.log1p(np.exp([-1.0, -3.0])))
    for methods, expected in [
        (("predict_proba", "decision_function"), -math.log(2)),
        (("decision_function", "predict_proba"), of_logits),
    ]:
        scorer = make_scorer(log_loss, response_method=methods)
        assert scorer(both, None, [0, 1]) == pytest.approx(expected)
    without = LinearSVC().fit(X[TWO], Y[TWO])
    logits = without.decision_function(X[TWO])
    expected = -np.mean(np.logaddexp(0, np.where(Y[TWO] == 2, -logits, logits)))
    scorer = make_scorer(log_loss, response_method=("predict_proba", "decision_function"))
    assert scorer(without, X[TWO], Y[TWO]) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("module", "name", "params"),
    [
        ("xgboost", "XGBClassifier", {"n_estimators": 5, "n_jobs": 1}),
        ("lightgbm", "LGBMClassifier", {"n_estimators": 5, "n_jobs": 1, "verbose": -1}),
    ],
)
def test_classifiers_from_elsewhere(module, name, params):
    library = pytest.importorskip(module)
    estimator = getattr(library, name)(**params).fit(X[::2], Y[::2])
    expected = -losses_by_hand(estimator, X[1::2], Y[1::2]).mean()
    assert neg_log_loss_scorer(estimator, X[1::2], Y[1::2]) == pytest.approx(expected, rel=1e-6)


# Classes: never matched by position.


def test_classes_that_are_not_sorted():
    table = [[0.7, 0.2, 0.1], [0.1, 0.1, 0.8], [0.3, 0.6, 0.1]]
    low_first = stub(["low", "med", "high"], table)
    y = np.array(["low", "high", "med"])
    expected = -np.mean(-np.log([0.7, 0.8, 0.6]))
    assert neg_log_loss_scorer(low_first, None, y) == pytest.approx(expected)
    scores = make_per_class_scorer(["high", "low", "med"])(low_first, None, y)
    assert scores["neg_log_loss[high]"] == pytest.approx(math.log(0.8))
    assert scores["neg_log_loss[low]"] == pytest.approx(math.log(0.7))
    # scikit-learn takes the columns to be sorted and finds a much larger loss.
    assert sklearn.metrics.log_loss(y, np.array(table), labels=["high", "low", "med"]) > 1.0
    with_new_class = neg_log_loss_scorer(low_first, None, np.array(["low", "new", "med"]))
    assert with_new_class == pytest.approx(np.mean([math.log(0.7), -FLOOR, math.log(0.6)]))


@pytest.mark.filterwarnings("ignore:.*they are left out:UserWarning")
@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
@pytest.mark.parametrize("y", [Y, NAMES[Y]], ids=["int", "str"])
@pytest.mark.parametrize(
    ("unseen", "weight", "fitted"),
    [
        ("raise", None, Y >= 0),
        ("floor", None, Y < 2),
        ("ignore", None, Y < 2),
        ("raise", 1.0 * (Y < 2), Y < 2),
    ],
    ids=["plain", "floor", "ignore", "weight zero"],
)
def test_named_columns_are_matched_by_name(frame, y, unseen, weight, fitted):
    expected = model().fit(X[fitted], y[fitted])
    named = NamedColumns(frame, model()).fit(X[fitted], y[fitted])
    scorer = make_scorer(log_loss, unseen=unseen)
    score = scorer(named, X, y, sample_weight=weight)
    assert score == pytest.approx(scorer(expected, X, y, sample_weight=weight))
    per_class = make_per_class_scorer(np.unique(y), unseen=unseen)
    scores = per_class(named, X, y, sample_weight=weight)
    by_position = per_class(expected, X, y, sample_weight=weight)
    assert scores == pytest.approx(by_position, nan_ok=True)


class Shuffled(ClassifierMixin, BaseEstimator):
    """Logistic regression whose classes are in an order of their own."""

    def fit(self, X, y):
        self.inner_ = model().fit(X, y)
        self.order_ = np.argsort([label[-1] for label in self.inner_.classes_])[::-1]
        self.classes_ = self.inner_.classes_[self.order_]
        return self

    def predict_proba(self, X):
        return self.inner_.predict_proba(X)[:, self.order_]


def test_the_order_of_the_classes_does_not_matter_in_cross_validation():
    y = np.array(["low", "med", "high"])[Y]
    assert not np.array_equal(Shuffled().fit(X, y).classes_, np.unique(y))
    for name in get_scorer_names():
        scores = cross_val_score(Shuffled(), X, y, scoring=get_scorer(name), cv=FOLDS)
        expected = cross_val_score(model(), X, y, scoring=get_scorer(name), cv=FOLDS)
        np.testing.assert_allclose(scores, expected)


@pytest.mark.parametrize(
    ("classes", "y"),
    [([0, 1, 2], [0, 1, 7]), ([0, 1, 2], [-1, 1, 2]), (["a", "c", "d"], ["b", "c", "d"])],
)
@pytest.mark.parametrize("method", ["predict_proba", "predict_log_proba", "decision_function"])
def test_a_class_that_the_estimator_never_saw_costs_the_floor(classes, y, method):
    proba = np.array([[0.6, 0.3, 0.1], [0.2, 0.7, 0.1], [0.25, 0.25, 0.5]])
    values = proba if method == "predict_proba" else np.log(proba)
    estimator = stub(classes, **{method: values})
    own = [proba[i, classes.index(v)] if v in classes else EPS for i, v in enumerate(y)]
    scorer = make_scorer(log_loss, response_method=method)
    assert scorer(estimator, None, np.array(y)) == pytest.approx(np.mean(np.log(own)))
    exact = make_scorer(cross_entropy, response_method=method)
    assert exact(estimator, None, np.array(y)) == -math.inf
    worst = make_scorer(worst_class_log_loss, response_method=method)
    assert worst(estimator, None, np.array(y)) == pytest.approx(-FLOOR)


@pytest.mark.parametrize(
    ("method", "values"),
    [
        ("predict_proba", [[0.7, 0.3], [0.2, 0.8]]),
        ("predict_proba", [0.3, 0.8]),
        ("decision_function", [math.log(3 / 7), math.log(4)]),
    ],
    ids=["2-D", "1-D", "logits"],
)
def test_a_binary_classifier_and_a_third_class(method, values):
    estimator = stub([0, 1], **{method: values})
    scorer = make_scorer(log_loss, response_method=method)
    expected = (math.log(0.7) - FLOOR) / 2
    assert scorer(estimator, None, [0, 2]) == pytest.approx(expected)


@pytest.mark.parametrize("dtype", ["uint8", "int64"])
@pytest.mark.parametrize("classes", [[0, 1], [0, 1, 2]])
def test_whole_numbers_for_logits_and_a_class_that_was_never_seen(classes, dtype):
    """As of votes: of integers none is minus infinity, and 0 would be a logit like others."""
    votes = np.array([[3, 1, 2], [0, 2, 1]], dtype=dtype)[:, : len(classes)]
    scorer = make_scorer(log_loss, response_method="decision_function")
    own = votes[1] - np.log(np.exp(votes[1].astype(float)).sum())
    estimator = stub(classes, decision_function=votes)
    assert scorer(estimator, None, [7, 1]) == pytest.approx((own[1] - FLOOR) / 2)


def test_raise_names_the_classes_and_the_rows():
    scorer = make_scorer(log_loss, unseen="raise")
    estimator = stub([0, 1], [[0.5, 0.5]] * 4)
    assert scorer(estimator, None, [0, 1, 1, 0]) == pytest.approx(-math.log(2))
    with pytest.raises(ValueError, match=r"never saw \[5, 7\].* of 3 of 4 rows.*are \[0, 1\]"):
        scorer(estimator, None, [0, 5, 7, 7])


def test_ignore_leaves_rows_out_and_says_how_many():
    scorer = make_scorer(log_loss, unseen="ignore")
    estimator = stub([0, 1], [[0.5, 0.5], [0.2, 0.8], [0.9, 0.1]])
    with pytest.warns(UserWarning, match=r"never saw \[2\], the classes of 1 of 3 rows") as caught:
        score = scorer(estimator, None, [2, 1, 0], sample_weight=[9, 1, 3])
    assert score == pytest.approx((math.log(0.8) + 3 * math.log(0.9)) / 4)
    assert caught[0].filename == __file__
    with pytest.raises(ValueError, match="all of them"):
        scorer(estimator, None, [2, 3, 4])


@pytest.mark.parametrize("unseen", ["floor", "raise", "ignore"])
def test_an_unseen_class_in_rows_of_weight_zero_is_not_there(unseen):
    estimator = stub([0, 1], [[0.5, 0.5], [0.2, 0.8], [0.9, 0.1]])
    for scorer in (make_scorer(log_loss, unseen=unseen), neg_log_loss_scorer):
        score = scorer(estimator, None, [0, 1, 7], sample_weight=[1, 1, 0])
        assert score == pytest.approx((math.log(0.5) + math.log(0.8)) / 2)


@pytest.mark.parametrize("unseen_class", [0, 1, 2])
def test_folds_that_lack_a_class(unseen_class):
    """One fold is trained without a class, the others are tested without it."""
    y = NAMES[Y]
    cv = PredefinedSplit(np.where(unseen_class == Y, 0, np.arange(len(Y)) % 3))
    expected = [
        -losses_by_hand(model().fit(X[train], y[train]), X[test], y[test]).mean()
        for train, test in cv.split()
    ]
    assert expected[0] < -10
    np.testing.assert_allclose(
        cross_val_score(model(), X, y, scoring=neg_log_loss_scorer, cv=cv), expected
    )
    # scikit-learn's scorer fails in every one of these folds.
    with pytest.warns(UserWarning, match="Scoring failed"):
        others = cross_val_score(model(), X, y, scoring="neg_log_loss", cv=cv)
    assert np.isnan(others).all()
    search = GridSearchCV(model(), {"C": [0.01, 1]}, scoring=neg_log_loss_scorer, cv=cv).fit(X, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


@pytest.mark.parametrize("k", [3, 4])
@pytest.mark.parametrize("wrap", [lambda e: e, lambda e: make_pipeline(StandardScaler(), e)])
def test_columns_for_pairs_of_classes_are_refused(k, wrap):
    """Three classes have three pairs, which would pass for the classes."""
    X_k, y = make_blobs(60, centers=k, random_state=0)
    scorer = make_scorer(log_loss, response_method="decision_function")
    pairs = wrap(SVC(decision_function_shape="ovo")).fit(X_k, y)
    with pytest.raises(ValueError, match=r"decision_function_shape='ovo' .*'ovr'"):
        scorer(pairs, X_k, y)
    assert np.isfinite(scorer(wrap(SVC()).fit(X_k, y), X_k, y))
    two = wrap(SVC(decision_function_shape="ovo")).fit(X_k[y < 2], y[y < 2])
    assert np.isfinite(scorer(two, X_k[y < 2], y[y < 2]))


def test_a_classifier_that_knows_one_class_only():
    estimator = DummyClassifier().fit(X, np.zeros(len(X), dtype=int))
    assert neg_log_loss_scorer(estimator, X[:2], [0, 0]) == 0
    assert neg_log_loss_scorer(estimator, X[:2], [0, 1]) == pytest.approx(-FLOOR / 2)


def test_probabilities_are_scored_where_scikit_learn_scores_labels():
    estimator = model().fit(X[TWO], Y[TWO] - 1)
    by_hand = -losses_by_hand(estimator, X[TWO], Y[TWO] - 1).mean()
    assert make_scorer(log_loss)(estimator, X[TWO], Y[TWO] - 1) == pytest.approx(by_hand)
    hard = sklearn.metrics.make_scorer(sklearn.metrics.log_loss, greater_is_better=False)
    assert hard(estimator, X[TWO], Y[TWO] - 1) < 5 * by_hand


def test_the_skill_of_one_class_is_an_error():
    with pytest.raises(ValueError, match="skill is not defined"):
        scorers.log_loss_skill_scorer(stub([0, 1], [[0.9, 0.1]] * 3), None, [0, 0, 0])


# One score a class.


def test_per_class_scores():
    estimator = model().fit(X[::2], NAMES[Y][::2])
    y, weight = NAMES[Y][1::2], WEIGHT[1::2]
    losses = losses_by_hand(estimator, X[1::2], y)
    for w in (None, weight):
        means = class_means(losses, y, w)
        expected = {
            "neg_log_loss": -np.average(losses, weights=w),
            "neg_macro_log_loss": -np.mean(list(means.values())),
            "neg_worst_class_log_loss": -max(means.values()),
        } | {f"neg_log_loss[{label}]": -mean for label, mean in means.items()}
        scores = make_per_class_scorer(NAMES)(estimator, X[1::2], y, sample_weight=w)
        assert list(scores) == list(expected)
        assert scores == pytest.approx(expected)
    bits = make_per_class_scorer(NAMES, base=2)(estimator, X[1::2], y, sample_weight=weight)
    assert {k: v * math.log(2) for k, v in bits.items()} == pytest.approx(expected)
    logits = make_per_class_scorer(NAMES, response_method="decision_function")
    assert logits(estimator, X[1::2], y, sample_weight=weight) == pytest.approx(expected)


def test_rows_that_sum_to_less_than_1_are_divided_by_it_where_that_is_asked_for():
    table = np.array([[0.2, 0.3, 0.4], [0.4, 0.5, 0.0], [0.3, 0.3, 0.3]], dtype="f4")
    short, whole = stub([0, 1, 2], table), stub([0, 1, 2], table / table.sum(1, keepdims=True))
    y, asked = [2, 0, 1], make_per_class_scorer([0, 1, 2], renormalize=True)
    assert asked(short, None, y) == pytest.approx(make_per_class_scorer([0, 1, 2])(whole, None, y))
    one = make_scorer(log_loss, renormalize=True)(short, None, y)
    assert one == pytest.approx(asked(short, None, y)["neg_log_loss"])
    for scorer in (neg_log_loss_scorer, make_per_class_scorer([0, 1, 2])):
        with pytest.raises(ValueError, match=r"row 0 sums to 0\.9.*renormalize=True"):
            scorer(short, None, y)
    assert repr(asked) == "make_per_class_scorer([0, 1, 2], renormalize=True)"
    assert clone(asked).renormalize
    with pytest.raises(ValueError, match="renormalize must be True or False"):
        make_per_class_scorer([0, 1], renormalize=1.5)


def test_per_class_scores_of_labels_that_are_not_there():
    scorer = make_per_class_scorer([2, 0, 1, 9], eps=1e-3)
    scores = scorer(stub([0, 2], [[0.5, 0.5], [0.2, 0.8]]), None, [2, 1])
    expected = {
        "neg_log_loss": (math.log(0.5) + math.log(1e-3)) / 2,
        "neg_macro_log_loss": (math.log(0.5) + math.log(1e-3)) / 2,
        "neg_worst_class_log_loss": math.log(1e-3),
        "neg_log_loss[2]": math.log(0.5),
        "neg_log_loss[0]": math.nan,
        "neg_log_loss[1]": math.log(1e-3),
        "neg_log_loss[9]": math.nan,
    }
    assert list(scores) == list(expected)
    assert scores == pytest.approx(expected, nan_ok=True)


def test_the_keys_are_the_same_in_every_fold():
    cv = PredefinedSplit(np.where(Y == 2, 0, np.arange(len(Y)) % 3))
    scorer = make_per_class_scorer([0, 1, 2])
    results = cross_validate(model(), X, Y, scoring=scorer, cv=cv, return_estimator=True)
    of_class = results["test_neg_log_loss[2]"]
    assert of_class[0] == pytest.approx(-FLOOR)
    assert np.isnan(of_class[1:]).all()
    for i, (_, test) in enumerate(cv.split()):
        losses = losses_by_hand(results["estimator"][i], X[test], Y[test])
        assert results["test_neg_log_loss"][i] == pytest.approx(-losses.mean())
        for label, mean in class_means(losses, Y[test]).items():
            assert results[f"test_neg_log_loss[{label}]"][i] == pytest.approx(-mean)


@pytest.mark.parametrize(
    "refit", ["neg_log_loss", "neg_worst_class_log_loss", "neg_log_loss[virginica]"]
)
def test_a_search_can_refit_by_any_of_the_keys(refit):
    search = GridSearchCV(
        model(),
        {"C": [0.01, 0.1, 100]},
        scoring=make_per_class_scorer(NAMES),
        refit=refit,
        cv=FOLDS,
    ).fit(X, NAMES[Y])
    means = search.cv_results_[f"mean_test_{refit}"]
    assert search.best_index_ == means.argmax()
    assert search.best_score_ == means.max()


def test_keys_are_what_key_format_says():
    estimator = model().fit(X, NAMES[Y])
    scores = make_per_class_scorer(NAMES)(estimator, X, NAMES[Y])
    overall = ["neg_log_loss", "neg_macro_log_loss", "neg_worst_class_log_loss"]
    for key_format, keys in [
        ("{name}_{label}", [f"neg_log_loss_{name}" for name in NAMES]),
        ("{name}.{index:02d}", ["neg_log_loss.00", "neg_log_loss.01", "neg_log_loss.02"]),
        ("{{{label!r}}}", [f"{{'{name}'}}" for name in NAMES]),
    ]:
        scorer = make_per_class_scorer(NAMES, key_format=key_format)
        found = scorer(estimator, X, NAMES[Y])
        assert list(found) == [*overall, *keys]
        assert list(found.values()) == list(scores.values())
        assert list(pickle.loads(pickle.dumps(scorer))(estimator, X, NAMES[Y])) == list(found)
        assert repr(scorer).endswith(f", key_format={key_format!r})")
    numbered = make_per_class_scorer([0, 1, 2], key_format="{name}_{label}")
    assert list(numbered(model().fit(X, Y), X, Y))[3:] == [f"neg_log_loss_{i}" for i in range(3)]


def test_safe_labels_hold_nothing_that_trackers_refuse():
    labels = ["<=50K", ">50K", "a/b c:d", "naïve-0.5_x", "é[%]"]
    scorer = make_per_class_scorer(labels, key_format="{name}_{safe_label}")
    keys = list(scorer(stub(labels, np.full((5, 5), 0.2)), None, labels))[3:]
    safe = ["__50K", "_50K", "a_b_c_d", "naïve-0.5_x", "é___"]
    assert keys == [f"neg_log_loss_{label}" for label in safe]


@pytest.mark.parametrize(
    ("labels", "key_format", "message"),
    [
        (["a b", "a/b"], "{name}_{safe_label}", "gives 'a/b' and 'a b' the same key.*{index}"),
        ([0, 1], "{name}", "gives 0 and the score of all classes the same key, 'neg_log_loss'"),
        ([0, 1], "loss", "gives 1 and 0 the same key, 'loss'"),
        (
            ["macro", "micro"],
            "neg_{label}_log_loss",
            "gives 'macro' and the score of all classes the same key, 'neg_macro_log_loss'",
        ),
        (
            [0, 1],
            "{name}_{class}",
            "fields name, label, safe_label, index.*there is no field 'class'",
        ),
        ([0, 1], "{name}_{}", "there is no field ''"),
        ([0, 1], "{label.real}", "there is no field 'label.real'"),
        ([0, 1], "{name}_{label", "expected '}'"),
        (["a", "b"], "{label:d}", "format code 'd'"),
        ([0, 1], None, "key_format must be a format string.*got None"),
        ([0, 1], b"{label}", "key_format must be a format string.*got b'"),
    ],
)
def test_key_formats_that_are_none_or_not_one_to_one(labels, key_format, message):
    with pytest.raises(ValueError, match=message):
        make_per_class_scorer(labels, key_format=key_format)


def test_a_search_can_refit_by_a_key_of_another_format():
    scorer = make_per_class_scorer(NAMES, key_format="{name}_{label}")
    search = GridSearchCV(
        model(), {"C": [0.01, 100]}, scoring=scorer, refit="neg_log_loss_virginica", cv=FOLDS
    ).fit(X, NAMES[Y])
    assert search.best_score_ == search.cv_results_["mean_test_neg_log_loss_virginica"].max()


# Cloning, pickling, showing.

SOME = [
    *(get_scorer(name) for name in get_scorer_names()),
    make_scorer(log_loss, average="macro", base=10, unseen="raise"),
    make_scorer(cross_entropy, response_method=("decision_function", "predict_proba")),
    make_scorer(sklearn.metrics.log_loss, greater_is_better=False, normalize=False),
    make_per_class_scorer([0, 1, 2]),
    make_per_class_scorer([2, 1, 0], base=2, eps=1e-9, unseen="ignore"),
]


@pytest.mark.parametrize("scorer", SOME, ids=repr)
def test_copies_score_the_same(scorer):
    estimator = model().fit(X[::2], Y[::2])
    score = scorer(estimator, X, Y)
    with sklearn.config_context(enable_metadata_routing=True):
        scorer = clone(scorer).set_score_request(sample_weight=True)
        for copied in (clone(scorer), pickle.loads(pickle.dumps(scorer))):
            assert copied is not scorer
            assert copied(estimator, X, Y) == score
            assert repr(copied) == repr(scorer)
            request = copied.get_metadata_routing().score.requests
            assert request == {"sample_weight": True}


@pytest.mark.parametrize("scorer", SOME, ids=repr)
def test_the_repr_is_the_call_that_makes_the_scorer(scorer):
    names = vars(skxent) | {
        "refinement_loss": refinement_loss,
        "worst_class_log_loss": worst_class_log_loss,
    }
    if "normalize" in repr(scorer):
        names["log_loss"] = sklearn.metrics.log_loss
    made = eval(repr(scorer), names)
    assert vars(made) == vars(scorer)


@pytest.mark.parametrize(
    ("scorer", "text"),
    [
        (neg_log_loss_scorer, "make_scorer(log_loss)"),
        (neg_log_loss_bits_scorer, "make_scorer(log_loss, base=2)"),
        (
            make_scorer(log_loss, unseen="raise", response_method="decision_function"),
            "make_scorer(log_loss, response_method='decision_function', unseen='raise')",
        ),
        (make_per_class_scorer(NAMES[:2]), "make_per_class_scorer(['setosa', 'versicolor'])"),
    ],
)
def test_reprs(scorer, text):
    assert repr(scorer) == text


def test_a_search_does_not_take_a_scorer_for_an_estimator():
    search = GridSearchCV(model(), {"C": [1]}, scoring=neg_log_loss_bits_scorer)
    assert "scoring=make_scorer(log_loss, base=2)" in repr(search)
    assert search.get_params()["scoring"] is neg_log_loss_bits_scorer
    assert not [name for name in search.get_params() if name.startswith("scoring__")]
    assert clone(search).fit(X, Y).best_score_ == pytest.approx(search.fit(X, Y).best_score_)
    for scorer in SOME:
        assert callable(scorer)
        assert not hasattr(scorer, "score")
        assert not hasattr(scorer, "get_params")


# What displays and trackers call a scorer.


@pytest.mark.parametrize("name", get_scorer_names())
def test_a_ready_made_scorer_is_called_by_the_name_that_gets_it(name):
    assert get_scorer(name).__name__ == name
    assert getattr(scorers, f"{name}_scorer").__name__ == name


@pytest.mark.parametrize(
    ("scorer", "name"),
    [
        (make_scorer(log_loss, base=math.e), "neg_log_loss"),
        (make_scorer(log_loss, base=None), "neg_log_loss"),
        (make_scorer(log_loss, base=10), "neg_log_loss_base_10"),
        (make_scorer(log_loss, base=2, average="macro"), "neg_macro_log_loss_bits"),
        (make_scorer(perplexity), "neg_perplexity"),
        (make_scorer(sklearn.metrics.log_loss, greater_is_better=False), "neg_log_loss"),
        (
            make_scorer(functools.partial(log_loss, base=2), greater_is_better=False),
            "neg_log_loss",
        ),
        (make_scorer(lambda y, p, *, labels: 0.0, greater_is_better=True), "lambda"),
        (make_per_class_scorer([0, 1]), "neg_log_loss_per_class"),
        (make_per_class_scorer([0, 1], base=2), "neg_log_loss_per_class_bits"),
    ],
)
def test_names(scorer, name):
    assert scorer.__name__ == name


@pytest.mark.parametrize("scorer", SOME, ids=repr)
def test_copies_have_the_same_name(scorer):
    for copied in (clone(scorer), pickle.loads(pickle.dumps(scorer)), copy.deepcopy(scorer)):
        assert copied.__name__ == scorer.__name__


# An old matplotlib warns where a new library below it is imported.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(
    ("display", "params"),
    [
        (LearningCurveDisplay, {"train_sizes": [0.5, 1.0], "shuffle": True}),
        (ValidationCurveDisplay, {"param_name": "C", "param_range": [0.1, 1.0]}),
    ],
)
def test_displays_of_scikit_learn_name_the_scorer(display, params):
    pytest.importorskip("matplotlib").use("Agg")
    for scorer, axis in [
        (neg_log_loss_bits_scorer, "Negative log loss bits"),
        (scorers.log_loss_skill_scorer, "Log loss skill"),
    ]:
        shown = display.from_estimator(model(), X, Y, scoring=scorer, cv=FOLDS, **params)
        assert shown.ax_.get_ylabel() == axis
        shown.figure_.clear()


# Weights under metadata routing.


def weighted_cross_val_score(scorer):
    estimator = model().set_fit_request(sample_weight=False)
    return cross_val_score(
        estimator, X, Y, scoring=scorer, cv=FOLDS, params={"sample_weight": WEIGHT}
    )


def by_fold(score):
    """`score(losses, test)` of each fold of an unweighted fit."""
    values = []
    for train, test in FOLDS.split(X, Y):
        estimator = model().fit(X[train], Y[train])
        values.append(score(losses_by_hand(estimator, X[test], Y[test]), test))
    return np.array(values)


def weighted_mean(losses, test):
    return -np.average(losses, weights=WEIGHT[test])


@pytest.fixture
def routing():
    with sklearn.config_context(enable_metadata_routing=True):
        yield


def test_a_request_needs_metadata_routing():
    with pytest.raises(RuntimeError, match="enable_metadata_routing=True"):
        get_scorer("neg_log_loss").set_score_request(sample_weight=True)


@pytest.mark.usefixtures("routing")
def test_what_a_scorer_asks_for_is_a_copy():
    scorer = make_scorer(log_loss)
    scorer.get_metadata_routing().score.add_request(param="sample_weight", alias=True)
    assert scorer.get_metadata_routing().score.requests == {"sample_weight": None}
    clone(scorer).set_score_request(sample_weight="w")
    assert scorer.get_metadata_routing().score.requests == {"sample_weight": None}
    assert scorer.set_score_request(sample_weight="w") is scorer
    assert scorer.get_metadata_routing().score.requests == {"sample_weight": "w"}


@pytest.mark.usefixtures("routing")
def test_weights_are_routed_where_they_are_requested():
    scorer = get_scorer("neg_log_loss").set_score_request(sample_weight=True)
    expected = by_fold(weighted_mean)
    np.testing.assert_allclose(weighted_cross_val_score(scorer), expected)
    assert not np.allclose(expected, by_fold(lambda losses, _: -losses.mean()))


@pytest.mark.usefixtures("routing")
@pytest.mark.parametrize("scorer", [neg_log_loss_scorer, make_per_class_scorer([0, 1, 2])])
def test_weights_that_nobody_requested_are_an_error(scorer):
    with pytest.raises(UnsetMetadataPassedError, match="sample_weight"):
        weighted_cross_validate(scorer)


def weighted_cross_validate(scoring):
    estimator = model().set_fit_request(sample_weight=False)
    return cross_validate(
        estimator, X, Y, scoring=scoring, cv=FOLDS, params={"sample_weight": WEIGHT}
    )


@pytest.mark.usefixtures("routing")
def test_weights_reach_only_the_scorers_that_ask():
    weighted = get_scorer("neg_log_loss").set_score_request(sample_weight=True)
    plain = get_scorer("neg_log_loss").set_score_request(sample_weight=False)
    results = weighted_cross_validate({"weighted": weighted, "plain": plain})
    np.testing.assert_allclose(results["test_weighted"], by_fold(weighted_mean))
    np.testing.assert_allclose(results["test_plain"], by_fold(lambda losses, _: -losses.mean()))


@pytest.mark.usefixtures("routing")
def test_weights_reach_the_scores_of_each_class():
    scorer = make_per_class_scorer([0, 1, 2]).set_score_request(sample_weight=True)
    results = weighted_cross_validate(scorer)
    np.testing.assert_allclose(results["test_neg_log_loss"], by_fold(weighted_mean))
    of_two = by_fold(lambda losses, test: -class_means(losses, Y[test], WEIGHT[test])[2])
    np.testing.assert_allclose(results["test_neg_log_loss[2]"], of_two)


@pytest.mark.usefixtures("routing")
def test_weights_reach_a_search():
    scorer = get_scorer("neg_log_loss").set_score_request(sample_weight=True)
    estimator = model().set_fit_request(sample_weight=False)
    search = GridSearchCV(estimator, {"C": [0.5, 5]}, scoring=scorer, cv=FOLDS)
    search.fit(X, Y, sample_weight=WEIGHT)
    expected = by_fold(weighted_mean)
    folds = [search.cv_results_[f"split{i}_test_score"][0] for i in range(3)]
    np.testing.assert_allclose(folds, expected)
    losses = losses_by_hand(search.best_estimator_, X, Y)
    score = search.score(X, Y, sample_weight=WEIGHT)
    assert score == pytest.approx(-np.average(losses, weights=WEIGHT))


OTHER_METHODS = """
import sys
import numpy as np

def add_a_method():
    import sklearn.utils._metadata_requests as requests
    {add}

if sys.argv[1] == "before":
    add_a_method()

import pickle
import sklearn
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from skxent import get_scorer, get_scorer_names, make_per_class_scorer

early = get_scorer("neg_log_loss")
sent = pickle.dumps(early)
if sys.argv[1] == "after":
    add_a_method()
sklearn.set_config(enable_metadata_routing=True)
X, y, weight = np.arange(40.0)[:, None] % 7, np.arange(40) % 2, np.arange(40) % 3
model = LogisticRegression().set_fit_request(sample_weight=True)
scorers = [early, pickle.loads(sent), make_per_class_scorer([0, 1])]
scorers += [get_scorer(name) for name in get_scorer_names()]
for scorer in scorers:
    scorer = scorer.set_score_request(sample_weight=True)
    search = GridSearchCV(model, {{"C": [1.0]}}, scoring=scorer, cv=2, refit=False)
    search.fit(X, y, sample_weight=weight)
    assert "{method}" in str(dir(scorer.get_metadata_routing()))
"""


@pytest.mark.parametrize("backend", ["numpy"], indirect=True)
@pytest.mark.parametrize("when", ["before", "after"])
def test_routing_takes_methods_that_another_package_adds(when):
    """imbalanced-learn adds `fit_resample` to scikit-learn's list when it is imported."""
    code = OTHER_METHODS.format(add="requests.SIMPLE_METHODS.append('resew')", method="resew")
    subprocess.run([sys.executable, "-c", code, when], check=True)


# Inside the tools of scikit-learn.

GRID = {"C": [0.1, 10.0]}
TOOLS = {
    "cross_val_score": lambda s, jobs: cross_val_score(
        model(), X, Y, scoring=s, cv=FOLDS, n_jobs=jobs
    ),
    "cross_validate": lambda s, jobs: np.concatenate(
        list(
            cross_validate(model(), X, Y, scoring={"a": s, "b": s}, cv=FOLDS, n_jobs=jobs).values()
        )[2:]
    ),
    "GridSearchCV": lambda s, jobs: (
        GridSearchCV(model(), GRID, scoring=s, cv=FOLDS, n_jobs=jobs)
        .fit(X, Y)
        .cv_results_["mean_test_score"]
    ),
    "RandomizedSearchCV": lambda s, jobs: (
        RandomizedSearchCV(
            model(), GRID, n_iter=2, scoring=s, cv=FOLDS, n_jobs=jobs, random_state=0
        )
        .fit(X, Y)
        .cv_results_["mean_test_score"]
    ),
    "HalvingGridSearchCV": lambda s, jobs: (
        HalvingGridSearchCV(
            model(), GRID, scoring=s, cv=FOLDS, n_jobs=jobs, random_state=0, min_resources=60
        )
        .fit(X, Y)
        .cv_results_["mean_test_score"]
    ),
    "RFECV": lambda s, jobs: (
        RFECV(model(), scoring=s, cv=FOLDS, n_jobs=jobs).fit(X, Y).cv_results_["mean_test_score"]
    ),
    "learning_curve": lambda s, jobs: learning_curve(
        model(), X, Y, scoring=s, cv=FOLDS, n_jobs=jobs, shuffle=True, random_state=0
    )[2],
    "validation_curve": lambda s, jobs: validation_curve(
        model(), X, Y, param_name="C", param_range=[0.1, 10], scoring=s, cv=FOLDS, n_jobs=jobs
    )[1],
    "permutation_importance": lambda s, jobs: (
        permutation_importance(
            model().fit(X, Y), X, Y, scoring=s, n_repeats=3, n_jobs=jobs, random_state=0
        ).importances
    ),
}


@pytest.mark.parametrize("backend", ["numpy"], indirect=True)  # the other process has no other
@pytest.mark.parametrize("tool", TOOLS.values(), ids=TOOLS)
def test_tools_give_the_same_numbers_in_one_process_and_in_two(tool):
    """And those of scikit-learn's own scorer, where that one has no reason to fail."""
    serial = tool(neg_log_loss_bits_scorer, None)
    np.testing.assert_array_equal(tool(neg_log_loss_bits_scorer, 2), serial)
    np.testing.assert_allclose(serial, tool("neg_log_loss", None) / math.log(2), rtol=1e-9)


@pytest.mark.parametrize("y", [Y[TWO] - 1, Y[TWO] == 2, Y], ids=["binary", "bool", "multiclass"])
def test_the_make_scorer_of_scikit_learn_takes_our_metrics(y):
    X_y = X[TWO] if len(y) == TWO.sum() else X
    scorer = sklearn.metrics.make_scorer(
        skxent.cross_entropy, response_method="predict_proba", greater_is_better=False, base=2
    )
    estimator = model().fit(X_y, y)
    expected = -losses_by_hand(estimator, X_y, y).mean() / math.log(2)
    assert scorer(estimator, X_y, y) == pytest.approx(expected)
    assert np.isfinite(cross_val_score(model(), X_y, y, scoring=scorer, error_score="raise")).all()


def test_the_make_scorer_of_scikit_learn_takes_a_pos_label():
    y = NAMES[Y[TWO]]
    estimator = model().fit(X[TWO], y)
    scorer = sklearn.metrics.make_scorer(
        cross_entropy,
        response_method="predict_proba",
        greater_is_better=False,
        pos_label="versicolor",
    )
    expected = -losses_by_hand(estimator, X[TWO], y).mean()
    assert scorer(estimator, X[TWO], y) == pytest.approx(expected)


# Metrics from elsewhere.


def hits(y_true, y_proba, *, labels, sample_weight=None):
    """Accuracy of the likeliest class."""
    return np.average(labels[np.argmax(y_proba, axis=1)] == y_true, weights=sample_weight)


def test_a_metric_from_elsewhere_with_either_sign():
    estimator = model().fit(X, Y)
    accuracy = np.mean(estimator.predict(X) == Y)
    assert make_scorer(hits, greater_is_better=True)(estimator, X, Y) == pytest.approx(accuracy)
    assert make_scorer(hits, greater_is_better=False)(estimator, X, Y) == pytest.approx(-accuracy)
    theirs = make_scorer(sklearn.metrics.log_loss, greater_is_better=False)
    known = stub([0, 1, 3], [[0.5, 0.25, 0.25], [0.5, 0.25, 0.25]])
    expected = (math.log(0.25) - FLOOR) / 2
    assert theirs(known, None, np.array([3, 2])) == pytest.approx(expected)


class Unhashable:
    """A metric with parameters of its own, which compares as arrays do."""

    __hash__ = None

    def __init__(self, power):
        self.power = power

    def __call__(self, y_true, y_proba, *, labels, sample_weight=None):
        return hits(y_true, y_proba, labels=labels, sample_weight=sample_weight) ** self.power

    def __eq__(self, other):
        return np.array([False, False])


def test_a_metric_that_cannot_be_hashed():
    estimator = model().fit(X, Y)
    scorer = make_scorer(Unhashable(2), greater_is_better=False)
    score = -(np.mean(estimator.predict(X) == Y) ** 2)
    for copied in (scorer, clone(scorer), pickle.loads(pickle.dumps(scorer))):
        assert copied(estimator, X, Y) == pytest.approx(score)
        assert copied.__name__ == "neg_Unhashable"
    with pytest.raises(ValueError, match=r"greater_is_better must be given for .*Unhashable"):
        make_scorer(Unhashable(2))


def test_a_prior_that_names_the_classes():
    y = NAMES[Y]
    prior = {"virginica": 0.5, "setosa": 0.25, "versicolor": 0.25}
    scorer = make_scorer(skxent.log_loss_skill_score, reference=prior)
    estimator = model().fit(X, y)
    expected = skxent.log_loss_skill_score(y, estimator.predict_proba(X), reference=prior)
    assert scorer(estimator, X, y) == pytest.approx(expected)


# Errors.


def not_fitted():
    return neg_log_loss_scorer(model(), X, Y)


def several_outputs():
    tree = DecisionTreeClassifier().fit(X, np.c_[Y, Y])
    return neg_log_loss_scorer(tree, X, Y)


def list_of_tables():
    tables = [np.full((2, 2), 0.5)] * 3
    one_output = SimpleNamespace(classes_=np.array([0, 1]), predict_proba=lambda X: tables)
    return neg_log_loss_scorer(one_output, None, [0, 1])


def several_numbers():
    metric = functools.partial(log_loss, average=None)
    return make_scorer(metric, greater_is_better=False)(model().fit(X, Y), X, Y)


def several_lists_of_classes():
    return neg_log_loss_scorer(
        SimpleNamespace(classes_=[[0, 1], [0, 1]], predict_proba=lambda X: X), X, Y
    )


def score_of(classes, y, scorer=neg_log_loss_scorer):
    return lambda: scorer(stub(classes, [[0.5, 0.5]] * len(y)), None, y)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: neg_log_loss_scorer(LinearSVC().fit(X, Y), X, Y),
            AttributeError,
            r"LinearSVC has no predict_proba; it has decision_function\.",
        ),
        (
            lambda: neg_log_loss_scorer(LinearRegression().fit(X, Y), X, Y),
            AttributeError,
            r"LinearRegression has no predict_proba; it predicts no probabilities\.",
        ),
        (
            lambda: neg_log_loss_scorer(SimpleNamespace(predict_proba=lambda X: X), X, Y),
            ValueError,
            "SimpleNamespace has no classes_",
        ),
        (not_fitted, NotFittedError, "not fitted"),
        (several_outputs, ValueError, "DecisionTreeClassifier has several outputs"),
        (list_of_tables, ValueError, "predict_proba returned a list of 3, one for each output"),
        (several_numbers, ValueError, "returned 3 numbers and .*make_per_class_scorer"),
        (several_lists_of_classes, ValueError, "several outputs"),
        (score_of([0, 1], np.c_[[0, 1], [0, 1]]), ValueError, "y must be a one-dimensional"),
        (score_of([0, 1], np.array(["0", "1"])), ValueError, "'[01]'.*another type, .0, 1.*fitted"),
        (score_of([0, 1], ["no", "yes"]), ValueError, "holds '.*another type, .0, 1"),
        (score_of(["0", "1"], [0, 1]), ValueError, "y holds [01] where .*another type"),
        (score_of([0, 1], [0, math.nan]), ValueError, "y has a missing label"),
        (
            score_of([0, 1], ["no", "yes"], make_per_class_scorer(["no", "yes"])),
            ValueError,
            "another type",
        ),
        (
            score_of([0, 1], [0, 1], make_per_class_scorer([0, 2])),
            ValueError,
            r"labels must hold every class.*\[1\] is not among \[0, 2\]",
        ),
        (
            score_of([0, 1, 2], [0, 1]),
            ValueError,
            "SimpleNamespace.predict_proba returned 2 columns for 3 classes_",
        ),
    ],
)
def test_errors_when_scoring(call, error, message):
    with pytest.raises(error, match=message):
        call()


def no_labels(y_true, y_proba):
    return 0.0


@pytest.mark.parametrize(
    ("metric", "params", "error", "message"),
    [
        (log_loss, {"bas": 2}, TypeError, "log_loss has no parameter bas; it has .*base"),
        (log_loss, {"labels": [0, 1]}, ValueError, "labels is passed .* by the scorer itself"),
        (log_loss, {"sample_weight": [1]}, ValueError, "sample_weight is passed"),
        (log_loss, {"from_logits": True}, ValueError, "from_logits is passed"),
        (log_loss, {"pos_label": 1}, ValueError, "pos_label is passed"),
        (log_loss, {"greater_is_better": True}, ValueError, "greater_is_better=True is wrong"),
        (skxent.log_loss_skill_score, {"greater_is_better": False}, ValueError, "=False is wrong"),
        (hits, {}, ValueError, "greater_is_better must be given for hits"),
        (no_labels, {"greater_is_better": True}, ValueError, "metric must take labels=.*no_labels"),
        (
            hits,
            {"greater_is_better": True, "response_method": "decision_function"},
            ValueError,
            'hits takes no from_logits=.*response_method="predict_proba"',
        ),
        (log_loss, {"base": 1}, ValueError, "base must be .*got 1"),
        (log_loss, {"eps": 1}, ValueError, "eps must be .*got 1"),
        (refinement_loss, {"base": 0}, ValueError, "base must be .*got 0"),
        (log_loss, {"average": "weighted"}, ValueError, "average must be .*got 'weighted'"),
        (log_loss, {"average": None}, ValueError, "one number.*make_per_class_scorer"),
        (cross_entropy, {"reduction": "total"}, ValueError, "reduction must be .*got 'total'"),
        (cross_entropy, {"reduction": "none"}, ValueError, "one number.*make_per_class_scorer"),
        (log_loss, {"response_method": "predict"}, ValueError, "response_method .*got 'predict'"),
        (log_loss, {"response_method": ("predict_proba", "x")}, ValueError, "got 'x'"),
        (log_loss, {"response_method": ()}, ValueError, "response_method must name at least one"),
        (log_loss, {"unseen": "drop"}, ValueError, "unseen must be one of .*got 'drop'"),
        ("neg_log_loss", {}, ValueError, "metric must be a function.*got 'neg_log_loss'"),
        (min, {"greater_is_better": True}, ValueError, "metric must take labels=.*min"),
    ],
)
def test_errors_when_making_a_scorer(metric, params, error, message):
    with pytest.raises(error, match=message):
        make_scorer(metric, **params)


@pytest.mark.parametrize(
    ("labels", "params", "message"),
    [
        ([0, 1, 1], {}, r"labels must not repeat a label; repeated: \[1\]"),
        ([], {}, "labels is empty"),
        ([0, 1], {"base": 1}, "base must be .*got 1"),
        ([0, 1], {"eps": -1}, "eps must be .*got -1"),
        ([0, 1], {"unseen": None}, "unseen must be one of"),
        ([0, 1], {"response_method": "predict"}, "response_method must be one of"),
    ],
)
def test_errors_when_making_a_per_class_scorer(labels, params, message):
    with pytest.raises(ValueError, match=message):
        make_per_class_scorer(labels, **params)


def test_an_unknown_name_is_answered_with_the_names():
    with pytest.raises(ValueError, match=r"log_loss_skill, .*got 'neg_brier'"):
        get_scorer("neg_brier")


def test_one_vs_one_is_looked_for_in_the_model_that_decides():
    scorer = make_scorer(log_loss, response_method="decision_function")
    one_vs_one = SVC(decision_function_shape="ovo")
    search = GridSearchCV(SVC(), {"decision_function_shape": ["ovo"]}).fit(X, Y)
    with pytest.raises(ValueError, match="decision_function_shape='ovo'"):
        scorer(search, X, Y)
    # Around it, a one-vs-rest classifier has a column for each class.
    assert scorer(OneVsRestClassifier(one_vs_one).fit(X, Y), X, Y) < 0


@pytest.mark.parametrize("classes", [[0, 1], [0, 1, 2]])
def test_a_scorer_by_class_refuses_rows_that_do_not_sum_to_one(classes):
    p = np.full((len(classes), len(classes)), 0.3)
    estimator = SimpleNamespace(classes_=np.array(classes), predict_proba=lambda X: p)
    scorer = make_per_class_scorer(classes)
    assert "y_proba must sum to 1" in message_of(scorer, estimator, None, classes)
    column = SimpleNamespace(classes_=np.array(classes), predict_proba=lambda X: p[:, 0])
    if len(classes) == 2:
        assert scorer(column, None, classes)["neg_log_loss[1]"] == pytest.approx(math.log(0.3))
    else:
        assert "returned 2 columns for 3 classes_" in message_of(scorer, column, None, classes)


@pytest.mark.parametrize("n_unseen", [1, 10, 100, 199, 200])
def test_rows_of_a_class_never_seen_cost_the_floor_whatever_the_temperature(n_unseen):
    """And the temperature is that of the other rows."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 3))
    y = (X[:, 0] + rng.normal(size=400) > 0).astype(int)
    model = LogisticRegression().fit(X[:200], y[:200])
    new, labels = X[200:], y[200:].copy()
    labels[:n_unseen] = 7
    share = n_unseen / 200
    others = 0.0
    if n_unseen == 199:
        others = -neg_log_loss_scorer(model, new[199:], labels[199:])
    elif n_unseen < 199:
        others = -skxent.neg_refinement_loss_scorer(model, new[n_unseen:], labels[n_unseen:])
    expected = (1 - share) * others - share * math.log(np.finfo(float).eps)
    assert -skxent.neg_refinement_loss_scorer(model, new, labels) == pytest.approx(
        expected, rel=1e-9
    )


def test_the_log_loss_of_scikit_learn_is_told_from_that_of_skxent():
    said = r"must be given for log_loss of sklearn\.metrics, which is not one of skxent's metrics"
    with pytest.raises(ValueError, match=said):
        make_scorer(sklearn.metrics.log_loss)
