"""The checks for others: each finds what it is for, and nothing in what is honest."""

import inspect
import subprocess
import sys
import textwrap
import warnings
from unittest import SkipTest

import broken
import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn.metrics
from scipy.sparse import csr_array
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_iris
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import EstimatorCheckFailedWarning
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB, MultinomialNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.utils.estimator_checks import check_estimator

import skxent
from skxent.testing import (
    check_metric,
    check_probabilistic_classifier,
    check_scorer,
    parametrize_with_probability_checks,
)
from skxent.testing._classifier import CLASSIFIER_CHECKS
from skxent.testing._metric_checks import METRIC_CHECKS
from skxent.testing._run import meaning
from skxent.testing._scorer_checks import SCORER_CHECKS

pytest_plugins = ["pytester"]


IRIS, SPECIES = load_iris(return_X_y=True, as_frame=True)


def failed(results):
    return {r["check_name"].removeprefix("check_") for r in results if r["status"] == "failed"}


def statuses(results):
    return {r["status"] for r in results}


# What is broken in one way, and the checks that fail. The first is the one that it is for.

CLASSIFIERS = [
    (
        broken.ScoresForProbabilities,
        "rows_sum_to_one log_loss_is_finite class_absent_from_training",
    ),
    (broken.LargestClassFirst, "classes_are_the_sorted_labels"),
    (broken.ColumnsByAppearance, "columns_follow_classes reordered_labels"),
    (broken.SwappedFromFour, "columns_follow_classes"),
    (broken.CentredInPlace, "data_stay_as_they_are"),
    (broken.SortedInPlace, "data_stay_as_they_are"),
    (broken.RoundedInPlace, "data_stay_as_they_are"),
    (broken.AnotherThreshold, "prediction_is_the_likeliest_class"),
    (broken.LogarithmOfBase2, "log_proba_is_the_log_of_proba"),
    (broken.CentredOnTheBatch, "rows_do_not_depend_on_the_batch"),
    (broken.OneBuffer, "later_calls_leave_the_table_alone"),
    (broken.CachedTable, "later_calls_leave_the_table_alone"),
    (broken.NaiveSoftmax, "log_loss_is_finite"),
    (broken.ColumnsSortedInFit, "data_frames_equal_arrays"),
    (broken.NoText, "text_labels"),
    (broken.NanForText, "text_labels"),
    (broken.TruthsAsSigns, "boolean_labels"),
    (broken.ShiftedNumbers, "labels_with_gaps"),
    (broken.ObjectsByAppearance, "reordered_labels"),
    (broken.AllNumbersBetween, "class_absent_from_training"),
    (broken.OtherModelWithWeights, "weights_of_one_change_nothing"),
    (broken.NanWithWeights, "weights_of_one_change_nothing rows_of_weight_zero_do_not_count"),
    (broken.NoWeights, "rows_of_weight_zero_do_not_count"),
]
NO_SCORE = (
    "score_is_a_finite_number better_models_score_higher folds_may_lack_a_class classes_never_seen"
)
SCORERS = [
    (broken.NanScorer, NO_SCORE),
    (broken.ConstantScorer, "better_models_score_higher"),
    (broken.SignlessScorer, "better_models_score_higher classes_never_seen"),
    (broken.PositionScorer, "columns_are_matched_by_class folds_may_lack_a_class"),
    (broken.AllClassesScorer, "folds_may_lack_a_class"),
    (broken.LookupScorer, "classes_never_seen"),
    (broken.UnseenAreFree, "classes_never_seen"),
    (broken.NumbersOnlyScorer, "labels_of_any_type"),
    (broken.LastRowsCountMore, "row_order weight_two_is_the_row_twice weight_zero_is_no_row"),
    (broken.EqualWeightsScorer, "weights_of_one"),
    (broken.RootWeightsScorer, "weight_two_is_the_row_twice"),
    (broken.WeightlessScorer, "weight_two_is_the_row_twice weight_zero_is_no_row"),
    (broken.LeastWeightScorer, "weight_zero_is_no_row"),
    (broken.WritingScorer, "inputs_and_scorer_stay_the_same"),
    (broken.LearningScorer, "inputs_and_scorer_stay_the_same"),
    (broken.LockedScorer, "copies_score_the_same"),
    (broken.ForgetfulScorer, "copies_score_the_same"),
    (broken.IndexScorer, "data_frames"),
    (broken.NamelessScorer, "predicted_data_frames"),
    (broken.UnroutedScorer, "routed_weights"),
]
METRICS = [
    (
        broken.nan_for_the_unlikely,
        "value_is_a_number better_predictions_score_better absent_class",
    ),
    (broken.constant, "better_predictions_score_better"),
    (broken.prefers_the_vague, "better_predictions_score_better"),
    (broken.other_value_with_weights_of_one, "weights_of_one"),
    (broken.roots_of_weights, "weight_two_is_the_row_twice"),
    (broken.least_weight, "weight_zero_is_no_row"),
    (broken.first_row_counts_more, "row_order"),
    (broken.columns_by_position, "column_order"),
    (broken.names_of_columns_ignored, "named_columns"),
    (broken.numbers_of_columns_ignored, "named_columns"),
    (broken.prefixes_ignored, "named_columns"),
    (broken.needs_all_classes, "absent_class"),
    (broken.numbers_only, "labels_of_any_type"),
    (broken.arrays_only, "lists_equal_arrays"),
    (broken.series_by_index, "series_are_read_in_order"),
    (broken.coarse_floor, "single_precision"),
    (broken.normalizes_in_place, "inputs_stay_as_they_are"),
    (broken.writes_into_read_only, "inputs_stay_as_they_are"),
    (broken.base_on_top, "change_of_base"),
    (broken.nan_left_out, "missing_numbers_are_refused"),
    (broken.renormalizes, "what_is_no_distribution_is_refused"),
    (broken.cuts_to_the_shorter, "sizes_that_differ_are_refused"),
    (broken.unknown_is_first, "unknown_labels_are_refused"),
    (broken.nan_for_zero, "probability_zero"),
    (broken.warns_of_zero, "probability_zero"),
]


def names(checks):
    return {check.__name__.removeprefix("check_") for check in checks}


def label(value):
    return getattr(value, "__name__", "")


def test_every_check_has_something_broken():
    assert names(CLASSIFIER_CHECKS) == {wanted.split()[0] for _, wanted in CLASSIFIERS}
    assert names(SCORER_CHECKS) == {wanted.split()[0] for _, wanted in SCORERS}
    assert names(METRIC_CHECKS) == {wanted.split()[0] for _, wanted in METRICS}
    listed = {item for item, _ in [*CLASSIFIERS, *SCORERS, *METRICS]}
    defined = {item for item in vars(broken).values() if label(item) and in_broken(item)}
    assert defined - listed == {broken.Honest, broken.Scorer, broken.honest}


def in_broken(item):
    return getattr(item, "__module__", "") == broken.__name__


@pytest.mark.parametrize(("kind", "wanted"), CLASSIFIERS, ids=label)
def test_broken_classifiers(kind, wanted):
    assert failed(check_probabilistic_classifier(kind(), on_fail=None)) == set(wanted.split())


@pytest.mark.parametrize(("kind", "wanted"), SCORERS, ids=label)
def test_broken_scorers(kind, wanted):
    assert failed(check_scorer(kind(), on_fail=None)) == set(wanted.split())


@pytest.mark.parametrize(("metric", "wanted"), METRICS, ids=label)
def test_broken_metrics(metric, wanted):
    assert failed(check_metric(metric, on_fail=None)) == set(wanted.split())


@pytest.mark.parametrize("check", [*CLASSIFIER_CHECKS, *SCORER_CHECKS, *METRIC_CHECKS], ids=label)
def test_every_check_says_what_a_failure_means(check):
    sentence = meaning(check)
    assert sentence.endswith(".")
    assert sentence[0].isupper()
    assert len(sentence) > 40


# What is honest.


def test_honest_ones_pass():
    assert statuses(check_probabilistic_classifier(broken.Honest())) == {"passed"}
    check_scorer(broken.Scorer())
    assert statuses(check_metric(broken.honest, infinite=False)) == {"passed"}


@pytest.mark.parametrize("name", skxent.get_scorer_names())
def test_ready_made_scorers_pass(name):
    expected = {}
    if name == "neg_refinement_loss":
        folds = "the temperature is fitted in folds, and the folds go by the order of the rows"
        expected = dict.fromkeys(["check_row_order", "check_weight_two_is_the_row_twice"], folds)
    results = check_scorer(skxent.get_scorer(name), expected_failed_checks=expected)
    assert [r["status"] for r in results].count("passed") == len(SCORER_CHECKS) - len(expected)


@pytest.mark.parametrize("method", ["predict_log_proba", "decision_function"])
@pytest.mark.parametrize("unseen", ["floor", "raise", "ignore"])
def test_made_scorers_pass(method, unseen):
    scorer = skxent.make_scorer(skxent.log_loss, response_method=method, unseen=unseen)
    assert statuses(check_scorer(scorer)) == {"passed"}


@pytest.mark.parametrize("labels", [[0, 1], [0, 1, 2], ["a", "b", "c", "d"]])
def test_per_class_scorers_pass(labels):
    results = check_scorer(skxent.make_per_class_scorer(labels), labels=labels)
    assert [r["check_name"] for r in results if r["status"] == "failed"] == []


METRIC_CASES = [
    (skxent.cross_entropy, True),
    (skxent.kl_divergence, True),
    (skxent.js_divergence, False),
    (skxent.perplexity, True),
    (skxent.log_loss, False),
    (skxent.log_loss_skill_score, False),
]


@pytest.mark.parametrize(("metric", "infinite"), METRIC_CASES, ids=label)
@pytest.mark.parametrize("inputs", ["labels", "positive", "one_hot", "soft"])
def test_metrics_pass(metric, infinite, inputs):
    if inputs == "soft" and "log_loss" in metric.__name__:
        pytest.skip("log_loss takes labels and one-hot rows only")
    expected = {}
    if metric is skxent.perplexity:
        expected["check_change_of_base"] = "the perplexity is the same for every base"
    greater = metric is skxent.log_loss_skill_score
    check_metric(
        metric,
        inputs=inputs,
        infinite=infinite,
        greater_is_better=greater,
        expected_failed_checks=expected,
    )


def test_what_scikit_learn_leaves_open():
    """What the checks were made for: found in scikit-learn's own scorer and metric."""
    scorer = sklearn.metrics.get_scorer("neg_log_loss")
    assert failed(check_scorer(scorer, on_fail=None)) == {
        "columns_are_matched_by_class",
        "folds_may_lack_a_class",
        "predicted_data_frames",
    }
    # Older versions leave more open.
    assert failed(check_metric(sklearn.metrics.log_loss, on_fail=None)) >= {
        "column_order",
        "named_columns",
        "what_is_no_distribution_is_refused",
    }
    # Other metrics of scikit-learn are honest about what they need.
    assert failed(check_scorer(sklearn.metrics.get_scorer("accuracy"), on_fail=None)) == set()


# What comes back.

KEYS = [
    "estimator",
    "check_name",
    "exception",
    "status",
    "expected_to_fail",
    "expected_to_fail_reason",
]
ONE_FAILS = {
    "classifier": lambda **options: check_probabilistic_classifier(broken.NoText(), **options),
    "scorer": lambda **options: check_scorer(broken.LockedScorer(), **options),
    "metric": lambda **options: check_metric(broken.constant, **options),
}
FAILING = {
    "classifier": "check_text_labels",
    "scorer": "check_copies_score_the_same",
    "metric": "check_better_predictions_score_better",
}


@pytest.mark.parametrize("what", ONE_FAILS)
def test_results_have_the_form_of_scikit_learns(what):
    theirs = check_estimator(DummyClassifier(), on_fail=None, on_skip=None)
    results = ONE_FAILS[what](on_fail=None)
    assert all(list(result) == list(theirs[0]) == KEYS for result in results)
    assert statuses(results) <= {"passed", "failed", "skipped"}
    for result in results:
        assert (result["exception"] is None) == (result["status"] == "passed")
        assert result["expected_to_fail"] is False
        assert result["expected_to_fail_reason"] == theirs[0]["expected_to_fail_reason"]
    assert [r["check_name"] for r in results if r["status"] == "failed"] == [FAILING[what]]


@pytest.mark.parametrize("what", ONE_FAILS)
def test_a_failure_is_raised_unless_another_way_is_chosen(what):
    with pytest.raises(Exception) as caught:  # noqa: PT011
        ONE_FAILS[what]()
    assert ONE_FAILS[what](on_fail=None)
    with pytest.warns(EstimatorCheckFailedWarning, match=FAILING[what]) as warned:
        ONE_FAILS[what](on_fail="warn")
    assert len(warned) == 1
    assert warned[0].filename == __file__
    assert type(warned[0].message.exception) is type(caught.value)


@pytest.mark.parametrize("what", ONE_FAILS)
def test_failures_that_are_expected(what):
    reasons = {FAILING[what]: "so it is"}
    results = ONE_FAILS[what](expected_failed_checks=reasons)
    (one,) = [r for r in results if r["status"] == "xfail"]
    assert one["expected_to_fail"] is True
    assert one["expected_to_fail_reason"] == "so it is"
    assert isinstance(one["exception"], Exception)
    with pytest.raises(ValueError, match="names 'check_it', which is not a check"):
        ONE_FAILS[what](expected_failed_checks={"check_it": "a reason"})


def test_an_expected_failure_that_passes_is_said_to():
    reasons = {"check_text_labels": "it did once"}
    results = check_probabilistic_classifier(broken.Honest(), expected_failed_checks=reasons)
    (one,) = [r for r in results if r["expected_to_fail"]]
    assert (one["status"], one["exception"]) == ("passed", None)


@pytest.mark.parametrize("what", ONE_FAILS)
def test_on_fail_is_one_of_its_choices(what):
    with pytest.raises(ValueError, match="on_fail must be one of 'raise', 'warn', None"):
        ONE_FAILS[what](on_fail="ignore")


def test_messages_say_what_was_found_and_what_it_means():
    with pytest.raises(AssertionError) as caught:
        check_probabilistic_classifier(broken.ScoresForProbabilities())
    found, sentence = str(caught.value).split("\n")
    assert found == "With two classes, row 0 sums to 0.9."
    assert sentence == meaning(CLASSIFIER_CHECKS[0])
    with pytest.raises(ValueError, match="could not convert") as raised:
        check_probabilistic_classifier(broken.NoText())
    text = next(c for c in CLASSIFIER_CHECKS if c.__name__ == "check_text_labels")
    assert raised.value.__notes__ == [meaning(text)]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: check_probabilistic_classifier(GaussianNB), TypeError, "must be an instance"),
        (lambda: check_probabilistic_classifier("NB"), TypeError, "must be an instance"),
        (lambda: check_probabilistic_classifier(GaussianNB(), X=[[1]]), ValueError, "together"),
        (
            lambda: check_probabilistic_classifier(GaussianNB(), X=[[1]] * 9, y=[0] * 6 + [1] * 3),
            ValueError,
            "four rows of each",
        ),
        (
            lambda: check_probabilistic_classifier(GaussianNB(), X=[[1]] * 9, y=[0] * 9),
            ValueError,
            "two classes or more",
        ),
        (
            lambda: check_probabilistic_classifier(GaussianNB(), n_classes=1),
            ValueError,
            "n_classes must be an integer of at least 2; got 1",
        ),
        (
            lambda: check_probabilistic_classifier(GaussianNB(), n_classes=True),
            ValueError,
            "n_classes must be an integer of at least 2; got True",
        ),
        (
            lambda: check_probabilistic_classifier(GaussianNB(), X=IRIS, y=SPECIES, n_classes=4),
            ValueError,
            r"n_classes=4 is more than the 3 classes of y, \[0, 1, 2\]",
        ),
        (
            lambda: check_probabilistic_classifier(GaussianNB(), dtype="flot"),
            TypeError,
            "dtype must be a NumPy dtype.*got 'flot'",
        ),
        (
            lambda: check_probabilistic_classifier(
                GaussianNB(), X=IRIS.to_numpy().tolist(), y=SPECIES, dtype=np.float32
            ),
            TypeError,
            "dtype needs X to be an array or a data frame",
        ),
        (lambda: check_scorer("neg_log_loss"), TypeError, "scorer must be callable"),
        (lambda: check_metric("log_loss"), TypeError, "metric must be callable"),
        (lambda: check_metric(skxent.log_loss, inputs="text"), ValueError, "inputs must be one"),
        (lambda: check_metric(skxent.log_loss, infinite="no"), ValueError, "infinite must be"),
        (lambda: parametrize_with_probability_checks([GaussianNB]), TypeError, "an instance"),
    ],
)
def test_what_cannot_be_checked(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_a_classifier_without_probabilities_fails():
    with pytest.raises(AttributeError, match="predict_proba"):
        check_probabilistic_classifier(LinearSVC())
    results = check_probabilistic_classifier(LinearSVC(), on_fail=None)
    passed = [r["check_name"] for r in results if r["status"] == "passed"]
    assert passed == ["check_classes_are_the_sorted_labels"]


def test_a_list_of_tables_and_a_vector_are_no_table():
    class Listed(broken.Honest):
        def predict_proba(self, X):
            return [super().predict_proba(X)]

    class Vector(broken.Honest):
        def predict_proba(self, X):
            return super().predict_proba(X)[:, 1]

    with pytest.raises(AssertionError, match="returned a list of 1, not a table"):
        check_probabilistic_classifier(Listed())
    with pytest.raises(AssertionError, match=r"returned shape \(40,\); \(40, 2\) was due"):
        check_probabilistic_classifier(Vector())


def test_the_estimator_itself_is_left_alone():
    estimator = LogisticRegression(random_state=None)
    before = dict(vars(estimator))
    check_probabilistic_classifier(estimator)
    assert vars(estimator) == before


def test_warnings_of_the_classifier_are_not_shown():
    class Warns(broken.Honest):
        def fit(self, X, y, sample_weight=None):
            warnings.warn("few rows", stacklevel=1)
            return super().fit(X, y, sample_weight)

    assert statuses(check_probabilistic_classifier(Warns())) == {"passed"}


# Not to be blamed: chance, and what is documented.


@pytest.mark.parametrize("seed", range(5))
def test_columns_of_random_predictions_are_in_order(seed):
    """A classifier that guesses is poor, but its columns are where they should be."""

    class Guess(broken.Honest):
        def predict_proba(self, X):
            rows = np.asarray(X, dtype=float)
            bits = np.abs(np.sin(rows @ np.arange(1, 5) * (91 + seed)))
            guess = (bits * len(self.classes_)).astype(int)
            return np.eye(len(self.classes_))[guess]

    assert failed(check_probabilistic_classifier(Guess(), on_fail=None)) == set()


class Untrained(broken.Honest):
    """A network with random weights that has learnt nothing; its columns are in order."""

    def __init__(self, sharpness=1.0, random_state=None):
        self.sharpness, self.random_state = sharpness, random_state

    def fit(self, X, y, sample_weight=None):
        super().fit(X, y, sample_weight)
        rng = np.random.default_rng(self.random_state)
        self.weights_ = rng.normal(size=(8, len(self.classes_)))
        self.hidden_ = rng.normal(size=(np.shape(X)[1], 8)) / 4
        return self

    def logits(self, X):
        return self.sharpness * np.tanh((self.numbers(X) - 5) @ self.hidden_) @ self.weights_


@pytest.mark.parametrize("sharpness", [0.1, 1.0, 10.0])
@pytest.mark.parametrize("seed", range(6))
def test_columns_of_a_network_that_has_learnt_nothing_are_in_order(sharpness, seed):
    untrained = Untrained(sharpness, random_state=seed)
    results = check_probabilistic_classifier(untrained, on_fail=None)
    assert not failed(results) & {"columns_follow_classes", "reordered_labels"}


def test_a_majority_vote_has_its_columns_in_order():
    class Majority(broken.Honest):
        def predict_proba(self, X):
            return np.tile(np.eye(len(self.classes_))[self.shares_.argmax()], (len(X), 1))

    assert failed(check_probabilistic_classifier(Majority(), on_fail=None)) == set()


@pytest.mark.parametrize(
    ("strategy", "wanted"),
    [
        ("prior", set()),
        ("most_frequent", set()),
        ("uniform", set()),
        # Each row is drawn anew in each call: that is what it is for, and what the check says.
        ("stratified", {"rows_do_not_depend_on_the_batch"}),
    ],
)
def test_dummies(strategy, wanted):
    dummy = DummyClassifier(strategy=strategy, random_state=0)
    assert failed(check_probabilistic_classifier(dummy, on_fail=None)) == wanted


class WithoutTags(ClassifierMixin, BaseEstimator):
    """For two classes only, and without anything of scikit-learn's but parameters."""

    def fit(self, X, y):
        self.inner_ = broken.Honest().fit(X, y)
        self.classes_ = self.inner_.classes_
        return self

    def predict_proba(self, X):
        return self.inner_.predict_proba(X)

    def predict(self, X):
        return self.inner_.predict(X)

    def __sklearn_tags__(self):
        raise AttributeError


def test_what_does_not_apply_is_skipped_with_the_reason():
    results = {
        r["check_name"]: r for r in check_probabilistic_classifier(WithoutTags(), on_fail=None)
    }
    skipped = {name: str(r["exception"]) for name, r in results.items() if r["status"] == "skipped"}
    assert skipped == {
        "check_log_proba_is_the_log_of_proba": "WithoutTags has no predict_log_proba.",
        "check_weights_of_one_change_nothing": "WithoutTags.fit takes no sample_weight.",
        "check_rows_of_weight_zero_do_not_count": "WithoutTags.fit takes no sample_weight.",
    }
    assert statuses(results.values()) == {"passed", "skipped"}


# Containers that classifiers return.


class Returns(broken.Honest):
    """An honest classifier that returns what it predicts, and its classes, in other containers."""

    def __init__(self, table=None, labels=None, classes=None):
        self.table, self.labels, self.classes = table, labels, classes

    def fit(self, X, y, sample_weight=None):
        super().fit(X, y, sample_weight)
        self.known_ = self.classes_
        if self.classes is not None:
            self.classes_ = self.classes(self.known_)
        return self

    def predict_proba(self, X):
        table = super().predict_proba(X)
        return table if self.table is None else self.table(table, self.known_)

    def predict_log_proba(self, X):
        table = np.log(np.maximum(super().predict_proba(X), 1e-300))
        return table if self.table is None else self.table(table, self.known_)

    def predict(self, X):
        labels = self.known_[super().predict_proba(X).argmax(axis=1)]
        return labels if self.labels is None else self.labels(labels)


def named_backwards(table, classes):
    return pd.DataFrame(table[:, ::-1], columns=[str(c) for c in classes[::-1]])


HONEST = {
    "a column of labels": {"labels": lambda y: y[:, None]},
    "a column of objects": {"labels": lambda y: y.astype(object)[:, None]},
    "a list of labels": {"labels": lambda y: y.tolist()},
    "labels as a series": {"labels": lambda y: pd.Series(y, index=np.arange(len(y))[::-1])},
    "labels as a polars series": {"labels": lambda y: pl.Series(y.tolist())},
    "labels as a frame": {"labels": lambda y: pd.DataFrame({"label": y})},
    "objects": {"table": lambda p, c: p.astype(object)},
    "a list of rows": {"table": lambda p, c: p.tolist()},
    "a frame": {"table": lambda p, c: pd.DataFrame(p, columns=c)},
    "a frame with columns in another order": {"table": named_backwards},
    "a polars frame": {"table": lambda p, c: pl.DataFrame(p, schema=[str(v) for v in c])},
    "single precision": {"table": lambda p, c: p.astype(np.float32)},
    "half precision": {"table": lambda p, c: np.maximum(p, -6e4).astype(np.float16)},
    "columns first": {"table": lambda p, c: np.asfortranarray(p)},
    "read-only": {"table": lambda p, c: np.broadcast_to(p, (1, *p.shape))[0]},
    "a list of classes": {"classes": list},
    "classes as an index": {"classes": pd.Index},
    "classes as objects": {"classes": lambda c: c.astype(object)},
}


@pytest.mark.parametrize("how", HONEST.values(), ids=HONEST)
def test_containers_are_nobodys_fault(how):
    results = check_probabilistic_classifier(Returns(**how), on_fail=None)
    assert failed(results) == set()


@pytest.mark.parametrize("how", HONEST.values(), ids=HONEST)
@pytest.mark.parametrize("names", [[0, 1, 2], ["a", "b", "c"]])
def test_scorers_take_all_these_containers(how, names):
    X, y = IRIS.to_numpy(), np.array(names)[SPECIES]
    honest, estimator = broken.Honest().fit(X, y), Returns(**how).fit(X, y)
    scorer = skxent.make_per_class_scorer(names)
    expected = scorer(honest, X, y)
    rel = 1e-2 if "half" in str(how) or how is HONEST["half precision"] else 1e-6
    for labels in (y, y[:, None], y.tolist(), pd.Series(y)):
        assert scorer(estimator, X, labels) == pytest.approx(expected, rel=rel)


DISHONEST = {
    "nan": {"table": lambda p, c: p * np.nan},
    "infinite": {"table": lambda p, c: p / 0.0},
    "nan in objects": {"table": lambda p, c: np.full(p.shape, None)},
    "text": {"table": lambda p, c: p.astype(str)},
    "text in objects": {"table": lambda p, c: p.astype(str).astype(object)},
    "complex": {"table": lambda p, c: p + 0j},
    "nothing": {"table": lambda p, c: None},
    "one number": {"table": lambda p, c: 0.5},
    "no rows": {"table": lambda p, c: p[:0]},
    "a row short": {"table": lambda p, c: p[1:]},
    "a column short": {"table": lambda p, c: p[:, 1:]},
    "another dimension": {"table": lambda p, c: p[..., None]},
    "a list of tables": {"table": lambda p, c: [p, p]},
    "ragged": {"table": lambda p, c: [row[: 1 + i % 2] for i, row in enumerate(p.tolist())]},
    "sparse": {"table": lambda p, c: csr_array(p)},
    "a dict": {"table": lambda p, c: dict(enumerate(p.T))},
    "a generator": {"table": lambda p, c: (row for row in p)},
    "columns of the same name": {"table": lambda p, c: pd.DataFrame(p, columns=["a"] * len(c))},
    "labels that are nothing": {"labels": lambda y: None},
    "one label": {"labels": lambda y: y[0]},
    "labels that are nan": {"labels": lambda y: np.full(len(y), np.nan)},
    "missing labels": {"labels": lambda y: np.full(len(y), None)},
    "labels of two types": {"labels": lambda y: ["a", *y.tolist()[1:]]},
    "labels in columns": {"labels": lambda y: np.column_stack([y, y])},
    "labels that are lists": {"labels": lambda y: [[v] * (1 + i % 2) for i, v in enumerate(y)]},
    "dates": {"labels": lambda y: np.zeros(len(y), "M8[D]")},
    "too few labels": {"labels": lambda y: y[1:]},
    "numbers of other classes": {"labels": lambda y: np.arange(len(y)) + 100},
    "no classes": {"classes": lambda c: c[:0]},
    "classes that are nothing": {"classes": lambda c: None},
    "the same class twice": {"classes": lambda c: c[[0] * len(c)]},
    "a class too many": {"classes": lambda c: [*c.tolist(), "zz"]},
    "classes of each output": {"classes": lambda c: [c, c]},
    "one class": {"classes": lambda c: c[0]},
}


@pytest.mark.parametrize("how", DISHONEST.values(), ids=DISHONEST)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_check_never_ends_in_an_error_of_its_own(how):
    """Whatever is returned, a check says what is wrong with it, or that nothing is."""
    results = check_probabilistic_classifier(Returns(**how), on_fail=None)
    assert {type(r["exception"]) for r in results} <= {AssertionError, SkipTest, type(None)}
    assert failed(results)


def test_without_classes_nothing_says_what_the_columns_are():
    class Unnamed(broken.Honest):
        def fit(self, X, y, sample_weight=None):
            super().fit(X, y, sample_weight)
            self.known_ = self.__dict__.pop("classes_")
            return self

        def predict(self, X):
            return self.known_[self.predict_proba(X).argmax(axis=1)]

    with pytest.raises(AssertionError, match="Unnamed has no classes_ once it is fitted"):
        check_probabilistic_classifier(Unnamed())


# Classifiers that take one number of classes, or one type of numbers.


class Network(broken.Honest):
    """Has a fixed number of outputs and takes numbers of one type, as networks do."""

    def __init__(self, n_outputs=4, dtype=np.float32):
        self.n_outputs, self.dtype = n_outputs, dtype

    def fit(self, X, y, sample_weight=None):
        self.numbers(X)
        if len(np.unique(y)) != self.n_outputs:
            msg = f"{self.n_outputs} outputs for {len(np.unique(y))} classes"
            raise IndexError(msg)
        return super().fit(X, y, sample_weight)

    def numbers(self, X):
        X = np.asarray(X)
        if X.dtype != self.dtype:
            msg = f"expected scalar type {self.dtype}, found {X.dtype}"
            raise RuntimeError(msg)
        return X.astype(float)


@pytest.mark.parametrize("n_classes", [2, 3, 4, 10])
def test_a_network_with_so_many_outputs(n_classes):
    network = Network(n_classes)
    results = check_probabilistic_classifier(network, n_classes=n_classes, dtype=np.float32)
    skipped = {r["check_name"] for r in results if r["status"] == "skipped"}
    wanted = {"check_class_absent_from_training"}
    assert skipped == wanted | ({"check_boolean_labels"} if n_classes > 2 else set())
    mark = parametrize_with_probability_checks([network], n_classes=n_classes, dtype="float32")
    for param in mark.args[1]:
        if param.id.partition("-")[2] not in skipped:
            param.values[1](network)
    another = clone(network)
    next(p.values[1] for p in mark.args[1] if "sum_to_one" in p.id)(another)
    with pytest.raises(RuntimeError, match="found float64"):
        check_probabilistic_classifier(network, n_classes=n_classes)
    with pytest.raises(IndexError, match="outputs for"):
        check_probabilistic_classifier(network, dtype=np.float32)


def test_the_number_of_classes_and_the_type_of_the_users_own_data():
    X, y = IRIS.to_numpy(), np.array(["a", "b", "c"])[SPECIES]
    for rows, n_classes in [(IRIS, 3), (X, 3), (IRIS, 2), (X.tolist(), 2)]:
        check_probabilistic_classifier(broken.Honest(), X=rows, y=y, n_classes=n_classes)
    for rows, n_classes in [(X, 3), (X, 2), (IRIS, 2)]:
        network = Network(n_classes)
        check_probabilistic_classifier(network, X=rows, y=y, n_classes=n_classes, dtype="f4")


def test_columns_are_looked_at_with_as_many_classes_as_asked_for():
    swapped = broken.SwappedFromFour()
    assert failed(check_probabilistic_classifier(swapped, n_classes=3, on_fail=None)) == set()
    for n_classes in (4, 12):
        results = check_probabilistic_classifier(swapped, n_classes=n_classes, on_fail=None)
        assert "columns_follow_classes" in failed(results)


# The user's own data.

WORDS = ["red warm fire", "blue cold ice", "green grass leaf"]


def own_data():
    rows = np.arange(0, 150, 3)
    names = np.array(["setosa", "versicolor", "virginica"])[SPECIES[rows]]
    columns = make_column_transformer((StandardScaler(), ["petal length (cm)"]))
    yield "data frame", make_pipeline(columns, LogisticRegression()), IRIS.iloc[rows], names
    texts = [f"{WORDS[i % 3]} {WORDS[(i * i) % 3]}" for i in range(60)]
    topics = pd.Series(np.arange(60) % 3).astype("category")
    yield "texts", make_pipeline(CountVectorizer(), MultinomialNB()), texts, topics
    counts = CountVectorizer().fit_transform(texts)
    yield "sparse", LogisticRegression(), csr_array(counts), np.arange(60) % 3 == 0


@pytest.mark.parametrize(
    ("estimator", "X", "y"), [case[1:] for case in own_data()], ids=[c[0] for c in own_data()]
)
def test_data_of_the_users_own(estimator, X, y):
    results = check_probabilistic_classifier(estimator, X=X, y=y)
    assert [r["status"] for r in results].count("passed") >= 11


def test_broken_on_the_users_own_data():
    X, y = IRIS.to_numpy(), np.array(SPECIES)
    results = check_probabilistic_classifier(broken.NoWeights(), X=X, y=y, on_fail=None)
    assert failed(results) == {"rows_of_weight_zero_do_not_count"}


# For pytest.

PYTEST = """
    import broken
    from sklearn.naive_bayes import GaussianNB
    from skxent.testing import parametrize_with_probability_checks

    def known(estimator):
        if isinstance(estimator, broken.LogarithmOfBase2):
            return {"check_log_proba_is_the_log_of_proba": "the base is 2"}
        return {}

    CLASSIFIERS = [GaussianNB(), broken.NoText(), broken.LogarithmOfBase2()]

    @parametrize_with_probability_checks(CLASSIFIERS, expected_failed_checks=known)
    def test_probabilities(estimator, check):
        check(estimator)
"""


def test_one_test_a_check_for_pytest(pytester):
    pytester.syspathinsert(textwrap.dedent(str(inspect.getfile(broken))).rpartition("/")[0])
    pytester.makepyfile(PYTEST)
    outcomes = pytester.runpytest_inprocess("-p", "no:randomly", "-p", "no:cacheprovider")
    n_checks = len(CLASSIFIER_CHECKS)
    outcomes.assert_outcomes(passed=3 * n_checks - 2, failed=1, xfailed=1)
    outcomes.stdout.fnmatch_lines(["FAILED *NoText()-check_text_labels*"])
    outcomes.stdout.fnmatch_lines(["*Labels that are text are not learnt as numbers are*"])


def test_parametrized_checks_are_shared_but_not_tied_to_one_estimator():
    mark = parametrize_with_probability_checks([GaussianNB()])
    estimator, check = mark.args[1][0].values
    assert mark.args[0] == ("estimator", "check")
    check(estimator)
    assert repr(check) == check.__name__ == "check_rows_sum_to_one"
    with pytest.raises(AssertionError, match=r"sums to 0\.9"):
        check(broken.ScoresForProbabilities())
    ids = [param.id for param in mark.args[1]]
    assert ids[0] == "GaussianNB()-check_rows_sum_to_one"
    assert len(set(ids)) == len(CLASSIFIER_CHECKS)


def test_unknown_names_are_found_when_the_tests_are_made():
    with pytest.raises(ValueError, match="not a check"):
        parametrize_with_probability_checks(
            [GaussianNB()], expected_failed_checks=lambda estimator: {"check_it": ""}
        )


def test_the_users_own_data_for_pytest():
    mark = parametrize_with_probability_checks([GaussianNB()], X=IRIS.to_numpy(), y=SPECIES)
    for param in mark.args[1]:
        estimator, check = param.values
        check(estimator)
    no_weights = broken.NoWeights()
    with pytest.raises(AssertionError, match="Rows of weight 0 move probabilities"):
        check(no_weights)


# What is imported.


def test_without_pandas_its_checks_are_skipped(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    results = [
        *check_probabilistic_classifier(broken.Honest()),
        *check_scorer(broken.Scorer()),
        *check_metric(broken.honest),
    ]
    skipped = {
        r["check_name"] for r in results if str(r["exception"]) == "pandas is not installed."
    }
    assert skipped == {
        "check_data_frames_equal_arrays",
        "check_data_frames",
        "check_predicted_data_frames",
        "check_series_are_read_in_order",
    }
    assert "failed" not in statuses(results)
    monkeypatch.setitem(sys.modules, "polars", None)
    results = check_metric(broken.honest)
    (skipped,) = [r for r in results if r["check_name"] == "check_named_columns"]
    assert str(skipped["exception"]) == "Neither pandas nor polars is installed."


def test_nothing_that_is_not_needed_is_imported():
    code = (
        "import sys, skxent; assert 'skxent.testing' not in sys.modules; "
        "import skxent.testing; assert 'pytest' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
