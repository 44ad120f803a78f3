"""A classifier that recalibrates what another one predicts, as scikit-learn's users use it."""

import pickle
import warnings
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array
from sklearn import config_context
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.datasets import load_digits, make_classification
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    ShuffleSplit,
    StratifiedGroupKFold,
    StratifiedKFold,
    cross_val_predict,
    cross_val_score,
    train_test_split,
)
from sklearn.naive_bayes import GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import check_estimator

from skxent import (
    RecalibratedClassifier,
    Recalibrator,
    log_loss,
    neg_refinement_loss_scorer,
)
from skxent.recalibration import fit_temperature
from skxent.testing import check_probabilistic_classifier

METHODS = (
    *("none", "bias", "temperature", "bias+temperature", "mix", "temperature+mix"),
    *("vector", "dirichlet"),
)


def data(n=600, k=3, seed=0):
    return make_classification(
        n, n_features=10, n_informative=8, n_redundant=0, n_classes=k, flip_y=0.1, random_state=seed
    )


BASES = (LogisticRegression(), LinearSVC(tol=1e-9), GaussianNB())
QUICKEST = (BASES[2], "bias")
CHECKED = [
    pytest.param(base, method, marks=() if (base, method) == QUICKEST else pytest.mark.slow)
    for base in BASES
    for method in ("auto", *METHODS)
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("base", "method"), CHECKED, ids=str)
def test_scikit_learns_checks_pass(base, method):
    """Also those that take a row of weight 2 for two copies of it."""
    results = check_estimator(RecalibratedClassifier(base, method=method, cv=3))
    weights = [r for r in results if "sample_weight_equivalence_on_dense" in r["check_name"]]
    assert [r["status"] for r in weights] == ["passed"]
    assert {r["status"] for r in results} <= {"passed", "skipped"}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_boosting_fails_only_where_weights_are_no_repeats_to_it():
    """Its bins are those of the rows, whatever they weigh; scikit-learn's calibrator fails, too."""
    boosting = HistGradientBoostingClassifier(max_iter=5, min_samples_leaf=5)
    results = check_estimator(RecalibratedClassifier(boosting, cv=3), on_fail=None)
    found = {r["check_name"] for r in results if r["status"] not in ("passed", "skipped")}
    assert found <= {"check_sample_weight_equivalence_on_dense_data"}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("method", ["auto", *METHODS])
def test_the_unit_of_the_weights_does_not_matter(method):
    """Of a classifier for which it does not matter either."""
    X, y = data(200)
    weight = np.random.default_rng(0).integers(1, 5, 200)
    one, thousand, fraction = (
        RecalibratedClassifier(GaussianNB(), method=method)
        .fit(X, y, sample_weight=unit * weight)
        .predict_proba(X)
        for unit in (1, 1000, 1 / np.pi)
    )
    assert_allclose(thousand, one, rtol=1e-6, atol=1e-9)
    assert_allclose(fraction, one, rtol=1e-6, atol=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["auto", *METHODS])
def test_our_own_checks_pass(method):
    base = LogisticRegression(max_iter=300)
    check_probabilistic_classifier(RecalibratedClassifier(base, method=method))


@pytest.mark.parametrize("method", ["auto", *METHODS])
@pytest.mark.parametrize("k", [2, 10])
def test_it_is_the_map_of_out_of_fold_predictions_and_one_more_fit(method, k):
    X, y = data(600, k)
    base = GaussianNB()
    found = RecalibratedClassifier(base, method=method).fit(X, y)
    out_of_fold = cross_val_predict(base, X, y, cv=5, method="predict_proba")
    recalibrator = Recalibrator(method).fit(y, out_of_fold)
    expected = recalibrator.predict_proba(base.fit(X, y).predict_proba(X))
    assert found.method_ == recalibrator.method_
    assert_allclose(found.predict_proba(X), expected, rtol=1e-8)
    assert_array_equal(found.predict(X), found.classes_[expected.argmax(axis=1)])
    assert found.n_features_in_ == 10


def test_it_is_the_cure_of_a_forest():
    X, y = load_digits(return_X_y=True)
    X, X_test, y, y_test = train_test_split(X, y, random_state=0, stratify=y)
    forest = RandomForestClassifier(50, random_state=0)
    before = log_loss(y_test, forest.fit(X, y).predict_proba(X_test))
    recalibrated = RecalibratedClassifier(forest).fit(X, y)
    assert log_loss(y_test, recalibrated.predict_proba(X_test)) < 0.4 * before
    assert recalibrated.recalibrator_.temperature_ < 0.5


@pytest.mark.slow
@pytest.mark.parametrize(("stratified", "at_most"), [(False, 0.082), (True, 0.083)])
def test_the_forest_of_half_the_digits_costs_a_fifth_on_the_other_half(stratified, at_most):
    """From 0.365 and 0.366. The best temperature of all for the latter half leaves 0.079."""
    X, y = load_digits(return_X_y=True)
    X, X_test, y, y_test = train_test_split(
        X, y, test_size=0.5, random_state=0, stratify=y if stratified else None
    )
    forest = RandomForestClassifier(random_state=0)
    assert log_loss(y_test, forest.fit(X, y).predict_proba(X_test)) > 0.36
    after = RecalibratedClassifier(forest).fit(X, y).predict_proba(X_test)
    assert log_loss(y_test, after) <= at_most


def test_a_hundred_classes():
    rng = np.random.default_rng(0)
    centers = rng.normal(size=(100, 8))
    y = np.repeat(np.arange(100), 12)
    X = centers[y] + 0.5 * rng.normal(size=(1200, 8))
    recalibrated = RecalibratedClassifier(KNeighborsClassifier(5), cv=3).fit(X, y)
    assert recalibrated.method_ in ("mix", "temperature+mix")
    assert recalibrated.predict_proba(X).shape == (1200, 100)


def test_a_frozen_classifier_is_not_fitted_again():
    X, y = data(900)
    forest = RandomForestClassifier(30, random_state=0).fit(X[:300], y[:300])
    frozen = RecalibratedClassifier(FrozenEstimator(forest)).fit(X[300:600], y[300:600])
    expected = Recalibrator().fit(y[300:600], forest.predict_proba(X[300:600]))
    assert frozen.method_ == expected.method_
    assert_allclose(
        frozen.predict_proba(X[600:]), expected.predict_proba(forest.predict_proba(X[600:]))
    )
    some = y[300:600] != 2
    kept = RecalibratedClassifier(FrozenEstimator(forest)).fit(X[300:600][some], y[300:600][some])
    assert kept.classes_.tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match="y_true holds a label"):
        RecalibratedClassifier(FrozenEstimator(forest)).fit(X[300:600], y[300:600] + 7)


@pytest.mark.parametrize("routing", [False, True])
def test_prefit_is_told_that_a_frozen_estimator_is_what_it_wants(routing):
    X, y = data(60)
    fitted = GaussianNB().fit(X, y)
    with config_context(enable_metadata_routing=routing):
        found = RecalibratedClassifier(fitted, cv="prefit")
        with pytest.raises(ValueError, match=r"got 'prefit'.*FrozenEstimator\(estimator\)"):
            found.fit(X, y)


@pytest.mark.parametrize("weighted", [False, True])
def test_rows_of_a_class_that_a_frozen_classifier_does_not_know_are_left_out(weighted):
    X, y = data(900)
    y = np.array(["a", "b", "c"])[y]
    forest = RandomForestClassifier(30, random_state=0).fit(X[:300], y[:300])
    weight = np.linspace(0.5, 1.5, 600) if weighted else None
    there = np.arange(600) % 100 != 7
    labels = np.where(there, y[300:], "another")
    some = None if weight is None else weight[there]
    for method in ("temperature", "auto"):
        classifier = RecalibratedClassifier(FrozenEstimator(forest), method=method)
        with pytest.warns(UserWarning, match="^6 rows are of a class that the frozen classifier"):
            found = clone(classifier).fit(X[300:], labels, sample_weight=weight)
        expected = clone(classifier).fit(X[300:][there], y[300:][there], sample_weight=some)
        assert found.method_ == expected.method_
        assert found.classes_.tolist() == ["a", "b", "c"]
        assert_allclose(found.predict_proba(X), expected.predict_proba(X), rtol=1e-6)
    silent = np.where(there, 1.0, 0.0)  # rows that do not count
    RecalibratedClassifier(FrozenEstimator(forest)).fit(X[300:], labels, sample_weight=silent)


def test_decisions_are_logits_where_there_are_no_probabilities():
    for k in (2, 3):
        X, y = data(400, k)
        found = RecalibratedClassifier(LinearSVC(), method="bias+temperature").fit(X, y)
        p = found.predict_proba(X)
        assert_allclose(p.sum(axis=1), 1)
        assert log_loss(y, p) < log_loss(y, np.full((400, k), 1 / k))
    with pytest.raises(
        AttributeError, match="has no predict_proba or predict_log_proba or decision_function"
    ):
        RecalibratedClassifier(NoProbabilities()).fit(X, y)


class NoProbabilities(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self


class Wrapped(ClassifierMixin, BaseEstimator):
    """Naive Bayes inside."""

    def fit(self, X, y):
        self.model_ = GaussianNB().fit(X, y)
        self.classes_ = self.model_.classes_
        return self

    def predict(self, X):
        return self.model_.predict(X)


class Logarithms(Wrapped):
    def predict_log_proba(self, X):
        return self.model_.predict_log_proba(X)


class Backwards(Wrapped):
    """Its classes are not sorted."""

    def fit(self, X, y):
        super().fit(X, y)
        self.classes_ = self.classes_[::-1]
        return self

    def predict_proba(self, X):
        return self.model_.predict_proba(X)[:, ::-1]


class Half(Wrapped):
    """Its rows sum to 1 as far as 16 bits can say."""

    def predict_proba(self, X):
        return self.model_.predict_proba(X).astype(np.float16)


@pytest.mark.parametrize("frozen", [False, True])
def test_rows_of_half_precision_may_be_farther_from_a_sum_of_1(frozen):
    X, y = data(300)
    half, whole = (
        RecalibratedClassifier(
            FrozenEstimator(one.fit(X, y)) if frozen else one, method="temperature"
        ).fit(X, y)
        for one in (Half(), GaussianNB())
    )
    assert abs(half.estimator_.predict_proba(X).sum(axis=1, dtype=float) - 1).max() > 1e-4
    assert_allclose(half.predict_proba(X), whole.predict_proba(X), atol=5e-3)


class OneMore(Wrapped):
    """It has a column for a class that no row is of."""

    def fit(self, X, y):
        super().fit(X, y)
        self.classes_ = np.append(self.classes_, 9)
        return self

    def predict_proba(self, X):
        return np.column_stack([self.model_.predict_proba(X), np.zeros(len(X))])


@pytest.mark.parametrize("base", [Logarithms(), Backwards()], ids=lambda base: type(base).__name__)
@pytest.mark.parametrize("k", [2, 3])
def test_columns_belong_to_the_classes_that_the_estimator_names(base, k):
    X, y = data(300, k)
    found, expected = (
        RecalibratedClassifier(one, method="bias").fit(X, y) for one in (base, GaussianNB())
    )
    assert_array_equal(found.classes_, expected.classes_)
    assert_allclose(found.predict_proba(X), expected.predict_proba(X), atol=1e-9)
    assert_array_equal(found.predict(X), expected.predict(X))


def test_a_column_of_a_class_that_is_not_in_y_is_an_error():
    with pytest.raises(ValueError, match=r"OneMore predicts \[9\], and no row of y is of that"):
        RecalibratedClassifier(OneMore()).fit(*data(60))


class AnotherKind(Wrapped):
    """Fitted to rows that begin with `first` it has probabilities, and else decisions alone."""

    def __init__(self, first=None):
        self.first = first

    def fit(self, X, y):
        super().fit(X, y)
        self.has_probabilities_ = X[0, 0] == self.first
        return self

    def __getattr__(self, name):
        if name == "predict_proba" and self.__dict__.get("has_probabilities_"):
            return self.model_.predict_proba
        if name == "decision_function" and not self.__dict__.get("has_probabilities_", True):
            return self.model_.predict_joint_log_proba
        raise AttributeError(name)


@pytest.mark.parametrize("first", [0, 100])
def test_folds_may_have_probabilities_and_decisions(first):
    """As where a search finds another kind of classifier in each of them."""
    X, y = data(300)
    found, expected = (
        RecalibratedClassifier(one, method="temperature", cv=KFold(3)).fit(X, y)
        for one in (AnotherKind(X[first, 0]), GaussianNB())
    )
    assert found.recalibrator_.temperature_ == pytest.approx(expected.recalibrator_.temperature_)
    assert_allclose(found.predict_proba(X), expected.predict_proba(X), atol=1e-9)


@pytest.mark.parametrize("container", [np.asarray, np.ndarray.tolist, pd.DataFrame])
def test_kernels_are_cut_by_rows_and_columns(container):
    X, y = data(200)
    rows_ = RecalibratedClassifier(SVC(kernel="linear"), method="bias+temperature")
    kernel = RecalibratedClassifier(SVC(kernel="precomputed"), method="bias+temperature")
    expected = cross_val_predict(rows_, X, y, method="predict_proba")
    if container is np.asarray:  # scikit-learn cuts no others
        found = cross_val_predict(kernel, X @ X.T, y, method="predict_proba")
        assert_allclose(found, expected, atol=1e-3)
    found = kernel.fit(container(X @ X.T), y).predict_proba(container(X @ X.T))
    assert_allclose(found, rows_.fit(X, y).predict_proba(X), atol=1e-3)


def test_what_the_classifier_takes_is_said_of_both():
    class TwoOnly(GaussianNB):
        def __sklearn_tags__(self):
            tags = super().__sklearn_tags__()
            tags.classifier_tags.multi_class = False
            tags.input_tags.string = True
            return tags

    tags = get_tags(RecalibratedClassifier(TwoOnly()))
    assert not tags.classifier_tags.multi_class
    assert tags.input_tags.string
    assert get_tags(RecalibratedClassifier(SVC(kernel="precomputed"))).input_tags.pairwise
    assert get_tags(RecalibratedClassifier(MultinomialNB())).input_tags.positive_only
    assert get_tags(RecalibratedClassifier(GaussianNB())).classifier_tags.multi_class


def test_folds_that_part_the_classes_are_named():
    X, _ = data(90)
    with pytest.raises(ValueError, match="cv leaves out all rows of a class at a time"):
        RecalibratedClassifier(GaussianNB(), cv=KFold(3)).fit(X, np.arange(90) // 30)


# Weights, groups and other metadata.


class Notes(ClassifierMixin, BaseEstimator):
    """Keeps what it is given."""

    seen: ClassVar[list] = []

    def fit(self, X, y, sample_weight=None, note=None, single=None):
        Notes.seen.append((np.asarray(X)[:, 0], sample_weight, note, single))
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        return np.full((len(X), len(self.classes_)), 1 / len(self.classes_))


def rows():
    X = np.column_stack([np.arange(60), np.ones(60)])
    return X, np.arange(60) % 3


@pytest.mark.parametrize("routing", [False, True])
def test_weights_and_parameters_are_cut_with_the_rows(routing):
    X, y = rows()
    note, weight = [f"row {i}" for i in range(60)], np.arange(60) + 1.0
    Notes.seen = []
    with config_context(enable_metadata_routing=routing):
        base = Notes()
        if routing:
            base = base.set_fit_request(sample_weight=True, note=True, single=True)
        classifier = RecalibratedClassifier(base, method="bias")
        classifier.fit(X, y, sample_weight=weight, note=note, single="one")
    assert len(Notes.seen) == 6
    for place, own, notes, single in Notes.seen:
        assert_array_equal(own, place + 1)
        assert list(notes) == [f"row {int(i)}" for i in place]
        assert single == "one"


def test_routing_asks_who_wants_what():
    X, y = rows()
    with config_context(enable_metadata_routing=True):
        with pytest.raises(ValueError, match="sample_weight"):
            RecalibratedClassifier(Notes(), method="bias").fit(X, y, sample_weight=np.ones(60))
        Notes.seen = []
        base = Notes().set_fit_request(sample_weight=False)
        RecalibratedClassifier(base, method="bias").fit(X, y, sample_weight=np.ones(60))
        assert all(weight is None for _, weight, _, _ in Notes.seen)
        pipeline = make_pipeline(
            StandardScaler().set_fit_request(sample_weight=False),
            RecalibratedClassifier(
                GaussianNB().set_fit_request(sample_weight=True)
            ).set_fit_request(sample_weight=True, groups=True),
        )
        pipeline.fit(*data(100), sample_weight=np.ones(100), groups=np.arange(100) // 2)


def test_weights_that_the_classifier_does_not_take_are_for_the_map():
    X, y = data(300)
    weight = np.random.default_rng(0).exponential(size=300)
    with pytest.warns(UserWarning, match="KNeighborsClassifier.fit takes no sample_weight"):
        found = RecalibratedClassifier(KNeighborsClassifier(), method="mix").fit(
            X, y, sample_weight=weight
        )
    plain = RecalibratedClassifier(KNeighborsClassifier(), method="mix").fit(X, y)
    assert found.recalibrator_.share_ != plain.recalibrator_.share_


@pytest.mark.parametrize("routing", [False, True])
@pytest.mark.parametrize("cv", [3, GroupKFold(3), StratifiedGroupKFold(3)])
def test_groups_stay_whole(cv, routing):
    X, y = rows()
    groups = np.arange(60) // 6
    Notes.seen = []
    with config_context(enable_metadata_routing=routing):
        RecalibratedClassifier(Notes(), cv=cv).fit(X, y, groups=groups)
    for place, *_ in Notes.seen[:-1]:
        inside = groups[place.astype(int)]
        assert set(np.bincount(inside)) <= {0, 6}


def test_rows_that_are_alike_promise_nothing_with_groups():
    """Neighbours know rows like their training rows, unless groups keep them together."""
    X, y = data(60)
    copies = np.repeat(np.arange(60), 10)
    X_like = X[copies] + 1e-6 * np.random.default_rng(0).normal(size=(600, 10))
    y = np.random.default_rng(1).permutation(y)
    base = KNeighborsClassifier(3)
    alone = RecalibratedClassifier(base, cv=StratifiedKFold(5, shuffle=True, random_state=0))
    alone = alone.fit(X_like, y[copies]).predict_proba(X)
    grouped = RecalibratedClassifier(base).fit(X_like, y[copies], groups=copies)
    assert alone.max(axis=1).mean() > 0.9
    assert grouped.predict_proba(X).max(axis=1).mean() < 0.7


# Rows and labels of every kind.


def test_data_frames_keep_their_names():
    X, y = data(300)
    frame = pd.DataFrame(X, columns=[f"x{i}" for i in range(10)])
    found = RecalibratedClassifier(GaussianNB(), method="temperature").fit(frame, pd.Series(y))
    assert found.feature_names_in_.tolist() == list(frame.columns)
    plain = RecalibratedClassifier(GaussianNB(), method="temperature").fit(X, y)
    assert_allclose(found.predict_proba(frame), plain.predict_proba(X))


@pytest.mark.parametrize(
    "names",
    [
        np.array(["b", "a", "ç"]),
        np.array(["b", "a", "c"], dtype=object),
        np.array([3, 1, 2]),
        pd.array(["b", "a", "c"], dtype="string"),
    ],
    ids=["text", "objects", "numbers", "pandas text"],
)
def test_labels_of_every_kind(names):
    X, y = data(300)
    expected = RecalibratedClassifier(GaussianNB(), method="vector").fit(X, np.array([1, 0, 2])[y])
    labels = pd.Series(names).iloc[y] if not isinstance(names, np.ndarray) else names[y]
    order = np.argsort(np.asarray(names, dtype=object))
    found = RecalibratedClassifier(GaussianNB(), method="vector").fit(X, labels)
    assert found.classes_.tolist() == [names[i] for i in order]
    assert set(found.predict(X)) <= set(found.classes_)
    whole = RecalibratedClassifier(GaussianNB(), method="vector").fit(X, y).predict_proba(X)
    assert_allclose(found.predict_proba(X), whole[:, order], rtol=1e-5)
    assert expected.classes_.tolist() == [0, 1, 2]


def test_sparse_rows_and_lists():
    X, y = data(200)
    expected = RecalibratedClassifier(LogisticRegression(), method="bias").fit(X, y)
    for rows_ in (csr_array(X), X.tolist()):
        found = RecalibratedClassifier(LogisticRegression(), method="bias").fit(rows_, y)
        assert_allclose(found.predict_proba(rows_), expected.predict_proba(X), atol=1e-4)


def test_rows_of_a_tensor():
    """Its `take` is that of all its numbers in a row."""
    torch = pytest.importorskip("torch")
    X, y = data(200)
    expected = RecalibratedClassifier(LogisticRegression(), method="bias").fit(X, y)
    tensor = torch.asarray(X)
    found = RecalibratedClassifier(LogisticRegression(), method="bias").fit(
        tensor, torch.asarray(y)
    )
    assert_allclose(found.predict_proba(tensor), expected.predict_proba(X), atol=1e-9)


def test_a_class_that_a_fold_lacks():
    """Its rows say nothing of the map, which has a column for it all the same."""
    X, y = data(300)
    y = np.where(np.arange(300) < 298, y % 2, 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of scikit-learn, that the class has few rows
        found = RecalibratedClassifier(
            RandomForestClassifier(20, random_state=0), method="temperature", cv=KFold(5)
        ).fit(X, y)
    assert found.classes_.tolist() == [0, 1, 2]
    assert_allclose(found.predict_proba(X).sum(axis=1), 1)
    base = RandomForestClassifier(20, random_state=0)
    seen = np.arange(300) < 298
    out_of_fold = np.zeros((300, 3))
    for train, test in KFold(5).split(X):
        own = clone(base).fit(X[train], y[train])
        out_of_fold[np.ix_(test, own.classes_)] = own.predict_proba(X[test])
    expected = fit_temperature(y[seen], out_of_fold[seen], labels=[0, 1, 2])
    assert found.recalibrator_.temperature_ == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("cv", [ShuffleSplit(3, random_state=0), [([0, 1], [2, 3])]])
def test_each_row_is_predicted_once(cv):
    X, y = data(60)
    with pytest.raises(ValueError, match="cv must predict each row once"):
        RecalibratedClassifier(GaussianNB(), cv=cv).fit(X, y)


def test_folds_may_be_masks():
    X, y = data(90)
    masks = [(np.arange(90) % 3 != i, np.arange(90) % 3 == i) for i in range(3)]
    numbers = [tuple(map(np.flatnonzero, fold)) for fold in masks]
    one, two = (
        RecalibratedClassifier(GaussianNB(), method="bias", cv=cv).fit(X, y).predict_proba(X)
        for cv in (masks, numbers)
    )
    assert_array_equal(one, two)


# Beside the rest of scikit-learn.


def test_clone_pickle_and_parameters():
    X, y = data(200)
    classifier = RecalibratedClassifier(GaussianNB(), method="mix", cv=4, eps=1e-9, n_jobs=1)
    copy = clone(classifier)
    assert copy.get_params(deep=False).keys() == classifier.get_params(deep=False).keys()
    assert copy.set_params(method="bias", estimator__var_smoothing=1e-3).method == "bias"
    with pytest.raises(NotFittedError):
        classifier.predict(X)
    fitted = classifier.fit(X, y)
    again = pickle.loads(pickle.dumps(fitted))
    assert_array_equal(again.predict_proba(X), fitted.predict_proba(X))


def test_a_search_over_methods():
    X, y = load_digits(return_X_y=True)
    X, y = X[:600], y[:600]
    search = GridSearchCV(
        RecalibratedClassifier(RandomForestClassifier(20, random_state=0), cv=3),
        {"method": ["none", "temperature"]},
        scoring="neg_log_loss",
        cv=3,
    ).fit(X, y)
    assert search.best_params_ == {"method": "temperature"}


def test_in_and_around_pipelines_and_stacks():
    X, y = data(300)
    inside = make_pipeline(StandardScaler(), RecalibratedClassifier(GaussianNB()))
    around = RecalibratedClassifier(make_pipeline(StandardScaler(), GaussianNB()))
    assert_allclose(
        inside.fit(X, y).predict_proba(X), around.fit(X, y).predict_proba(X), rtol=0.2, atol=0.02
    )
    stack = StackingClassifier(
        [("recalibrated", around), ("forest", RandomForestClassifier(10, random_state=0))], cv=3
    )
    assert cross_val_score(stack, X, y, cv=3).mean() > 0.5


def test_several_processes_find_the_same():
    X, y = data(200)
    one, two = (
        RecalibratedClassifier(GaussianNB(), n_jobs=n).fit(X, y).predict_proba(X) for n in (1, 2)
    )
    assert_array_equal(one, two)


def test_the_refinement_scorer_fits_what_a_temperature_would():
    """Its temperatures are those of the folds of the rows that are scored."""
    X, y = load_digits(return_X_y=True)
    model = RandomForestClassifier(30, random_state=0).fit(X[:900], y[:900])
    proba = model.predict_proba(X[900:])
    score = neg_refinement_loss_scorer(model, X[900:], y[900:])
    losses = np.empty(len(proba))
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    for train, test in folds.split(proba, y[900:]):
        frozen = RecalibratedClassifier(FrozenEstimator(model), method="temperature")
        frozen.fit(X[900:][train], y[900:][train])
        after = frozen.predict_proba(X[900:][test])
        losses[test] = -np.log(after[np.arange(len(test)), y[900:][test]])
    assert score == pytest.approx(-losses.mean(), rel=1e-5)


@pytest.mark.parametrize(
    ("params", "message"),
    [({"method": "isotonic"}, "method must be"), ({"eps": 0}, "eps must be above 0")],
)
def test_wrong_arguments(params, message):
    with pytest.raises(ValueError, match=message):
        RecalibratedClassifier(GaussianNB(), **params).fit(*data(60))


def test_no_labels_and_no_weights():
    X, y = data(60)
    with pytest.raises(ValueError, match="requires y to be passed"):
        RecalibratedClassifier(GaussianNB()).fit(X, None)
    with pytest.raises(ValueError, match="sample_weight is zero in every row"):
        RecalibratedClassifier(GaussianNB()).fit(X, y, sample_weight=np.zeros(60))


def test_logarithms_are_those_of_the_probabilities():
    X, y = data(300)
    found = RecalibratedClassifier(GaussianNB(), method="temperature").fit(X, y)
    logs = found.predict_log_proba(X)
    assert_allclose(np.exp(logs), found.predict_proba(X))
    assert log_loss(y, logs, from_logits=True) == pytest.approx(log_loss(y, found.predict_proba(X)))


@pytest.mark.parametrize("kind", [float, object])
def test_a_missing_label_is_called_missing(kind):
    X, y = data(60)
    y = y.astype(kind)
    y[5] = np.nan
    with pytest.raises(ValueError, match=r"^y has a missing label \(nan\) in row 5; drop"):
        RecalibratedClassifier(GaussianNB()).fit(X, y)


def test_advice_about_a_frame_of_one_column_is_for_frames():
    pd = pytest.importorskip("pandas")
    y, frame = [0, 1, 1], pd.DataFrame({"p_1": [0.2, 0.7, 0.9]})
    with pytest.raises(ValueError, match=r"pass it alone: y_proba\.iloc\[:, 0\]"):
        log_loss(y, frame)
    assert log_loss(y, frame.iloc[:, 0]) == log_loss(y, [0.2, 0.7, 0.9])


def test_why_a_classifier_has_no_probabilities_is_said_in_its_own_words():
    X, y = data(60)
    hard = VotingClassifier([("a", GaussianNB())])
    with pytest.raises(AttributeError, match=r"no predict_proba .*voting='hard'"):
        RecalibratedClassifier(hard).fit(X, y)


def test_fewer_groups_than_folds_are_named_with_a_way_out():
    X, y = data(60)
    with pytest.raises(ValueError, match=r"the 5 folds at least.*got 3: pass cv=3\."):
        RecalibratedClassifier(GaussianNB()).fit(X, y, groups=np.arange(60) % 3)
    RecalibratedClassifier(GaussianNB(), cv=3).fit(X, y, groups=np.arange(60) % 3)


@pytest.mark.parametrize("dtype", ["Int64", "boolean"])
def test_nullable_labels_stay_what_they_are(dtype):
    """As floats, which scikit-learn makes of them, these integers would be one class."""
    X, y = data(200, 2)
    names = [2**60, 2**60 + 1] if dtype == "Int64" else [False, True]
    labels = pd.Series([names[i] for i in y], dtype=dtype)
    found = RecalibratedClassifier(GaussianNB(), method="bias").fit(X, labels)
    assert found.classes_.tolist() == names
    assert found.score(X, np.array(labels.tolist())) > 0.6


class ShortRows(LogisticRegression):
    """In single precision, and each row a little short of 1."""

    def predict_proba(self, X):
        return (0.9998 * super().predict_proba(X)).astype("f4")


@pytest.mark.parametrize("frozen", [False, True])
def test_rows_are_divided_by_their_sums_where_that_is_asked_for(frozen):
    X, y = data(400)
    short, whole = ShortRows(), LogisticRegression()
    if frozen:
        short, whole = (FrozenEstimator(m.fit(X[:200], y[:200])) for m in (short, whole))
    with pytest.raises(ValueError, match=r"sums to 0\.9998.*renormalize=True"):
        RecalibratedClassifier(short).fit(X, y)
    asked = RecalibratedClassifier(short, method="temperature", renormalize=True).fit(X, y)
    expected = RecalibratedClassifier(whole, method="temperature").fit(X, y)
    assert_allclose(asked.predict_proba(X), expected.predict_proba(X), rtol=1e-5)
    with pytest.raises(ValueError, match="renormalize must be True or False"):
        RecalibratedClassifier(short, renormalize="yes").fit(X, y)
