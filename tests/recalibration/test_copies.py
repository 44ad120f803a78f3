"""Rows that are copies of one another are one observation to a recalibrated classifier."""

import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import coo_array, csc_array, csr_array
from sklearn import config_context
from sklearn.compose import make_column_transformer
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold, StratifiedKFold, cross_val_predict
from sklearn.naive_bayes import GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeClassifier

from skxent import RecalibratedClassifier, Recalibrator
from skxent.recalibration._copies import units_of


def data(n=200, k=3, seed=0):
    X, y = make_classification(
        n, n_features=6, n_informative=5, n_redundant=0, n_classes=k, flip_y=0.2, random_state=seed
    )
    return X, y, np.random.default_rng(seed).integers(0, 5, n)


def alike(one, other, X, rtol=1e-7):
    assert one.method_ == other.method_
    assert_allclose(one.predict_proba(X), other.predict_proba(X), rtol=rtol, atol=1e-12)


def as_frame(library, X):
    frame = {f"x{i}": column for i, column in enumerate(X.T)}
    return library.DataFrame(frame | {"kind": np.where(X[:, 0] > 0, "high", "low")})


def of_frame(base):
    return make_pipeline(
        make_column_transformer(
            (OneHotEncoder(sparse_output=False), ["kind"]), remainder="passthrough"
        ),
        base,
    )


def with_nan(X):
    return np.where(np.abs(X) > 2, np.nan, X)


KINDS = {
    "array": lambda X: X,
    "float32": lambda X: X.astype(np.float32),
    "columns one after another": np.asfortranarray,
    "integers": lambda X: np.round(1000 * X).astype(int),
    "objects": lambda X: X.astype(object),
    "lists": lambda X: X.tolist(),
    "missing": with_nan,
    "csr": csr_array,
    "csc": csc_array,
    "coo": coo_array,
    "sparse with zeros": lambda X: csr_array(np.where(X > -1, X, 0)),
    "pandas": lambda X: as_frame(pd, X),
    "polars": lambda X: as_frame(pytest.importorskip("polars"), X),
}


@pytest.mark.parametrize("method", ["auto", "vector"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_weight_is_as_many_copies_in_any_container(kind, method):
    X, y, weight = data()
    base = LogisticRegression(C=0.1, tol=1e-10, max_iter=1000)
    if kind in ("pandas", "polars"):
        # A pipeline is given its weights by name.
        weights = "logisticregression__sample_weight"
        base = of_frame(base)
    elif kind == "missing":
        weights = "logisticregression__sample_weight"
        base = make_pipeline(SimpleImputer(strategy="constant", fill_value=0), base)
    else:
        weights = None
    copies = np.repeat(np.arange(len(y)), weight)
    repeated = RecalibratedClassifier(base, method=method).fit(KINDS[kind](X[copies]), y[copies])
    model = RecalibratedClassifier(base, method=method)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Pipeline.fit takes no sample_weight")
        given = {} if weights is None else {weights: weight.astype(float)}
        weighted = model.fit(KINDS[kind](X), y, sample_weight=weight, **given)
    rough = kind == "float32"  # in which the regression is fitted
    alike(repeated, weighted, KINDS[kind](X), rtol=1e-2 if rough else 1e-5)


@pytest.mark.parametrize("method", ["auto", "temperature", "bias", "dirichlet", "mix"])
def test_a_frozen_classifier_is_mapped_by_weights_as_by_copies(method):
    X, y, weight = data(400)
    forest = RandomForestClassifier(20, random_state=0).fit(X[:200], y[:200])
    X, y, weight = X[200:], y[200:], weight[200:]
    copies = np.random.default_rng(1).permutation(np.repeat(np.arange(200), weight))
    frozen = FrozenEstimator(forest)
    weighted = RecalibratedClassifier(frozen, method=method).fit(X, y, sample_weight=weight)
    repeated = RecalibratedClassifier(frozen, method=method).fit(X[copies], y[copies])
    alike(repeated, weighted, X)
    # Beside what a map makes of so many rows:
    counted = Recalibrator(method).fit(y[copies], forest.predict_proba(X[copies]))
    if method == "dirichlet":
        assert np.abs(counted.slopes_ - repeated.recalibrator_.slopes_).max() > 0.01


def test_copies_stay_in_one_fold_and_promise_nothing():
    """A neighbour knows the copies of its training rows, where folds part them."""
    X, _, _ = data(60)
    y = np.random.default_rng(1).permutation(np.arange(60) % 3)
    copies = np.random.default_rng(2).permutation(np.repeat(np.arange(60), 10))
    base = KNeighborsClassifier(3)
    whole = RecalibratedClassifier(base, method="temperature").fit(X[copies], y[copies])
    assert whole.predict_proba(X).max(axis=1).mean() < 0.6
    grouped = RecalibratedClassifier(base, method="temperature").fit(
        X[copies], y[copies], groups=np.arange(600)
    )
    assert grouped.predict_proba(X).max(axis=1).mean() > 0.9


def test_oversampling_leaves_a_calibrated_classifier_alone():
    """Oversampled so that the classes are as common: calibrated for such rows."""
    plain = oversampled = 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        X = rng.normal(size=(300, 4))
        y = rng.random(300) < 1 / (1 + np.exp(1.5 - X[:, 0] - X[:, 1]))
        rare = np.flatnonzero(y)
        more = rng.choice(rare, 300 - 2 * len(rare))
        rows = rng.permutation(np.concatenate([np.arange(300), more]))
        base = LogisticRegression()
        plain += RecalibratedClassifier(base).fit(X, y).method_ != "none"
        oversampled += RecalibratedClassifier(base).fit(X[rows], y[rows]).method_ != "none"
    assert plain <= 2  # of 12 in which it may be more often than one in twenty by chance
    assert oversampled <= 2


def test_an_oversampled_tree_is_recalibrated_as_it_is_without_copies():
    """With each copy on its own it looks right about all of them."""
    X, y, _ = data(400, 2)
    copies = np.random.default_rng(0).permutation(np.repeat(np.arange(400), 8))
    tree = DecisionTreeClassifier(random_state=0)
    plain = RecalibratedClassifier(tree, method="temperature+mix").fit(X, y)
    whole = RecalibratedClassifier(tree, method="temperature+mix").fit(X[copies], y[copies])
    alone = RecalibratedClassifier(tree, method="temperature+mix").fit(
        X[copies], y[copies], groups=np.arange(3200)
    )
    surest = [m.predict_proba(X).max(axis=1).mean() for m in (plain, whole, alone)]
    assert surest[1] == pytest.approx(surest[0], abs=0.03)
    assert surest[2] > 0.95 > surest[0]


# Features that repeat by themselves.


def by_hand(base, X, y, method, cv=5):
    out_of_fold = cross_val_predict(base, X, y, cv=cv, method="predict_proba")
    return Recalibrator(method).fit(y, out_of_fold)


def categories(n=600, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 3, size=(n, 3)).astype(float)
    return X, (rng.random(n) < (X.sum(axis=1) + 0.5) / 7).astype(int)


@pytest.mark.parametrize("method", ["vector", "auto"])
def test_rows_of_a_table_of_categories_are_as_many_observations(method):
    X, y = categories()
    base = GaussianNB()
    found = RecalibratedClassifier(base, method=method).fit(X, y)
    expected = by_hand(base, X, y, method)
    assert found.method_ == expected.method_
    wanted = expected.predict_proba(base.fit(X, y).predict_proba(X))
    assert_allclose(found.predict_proba(X), wanted, rtol=1e-4, atol=1e-5)


def test_so_are_those_whose_categories_tell_the_label():
    """A few values are frequent and most are not, unlike copies."""
    X = np.random.default_rng(0).normal(size=(600, 3)).round()
    y = (X.sum(axis=1) > 0).astype(int)
    found = RecalibratedClassifier(GaussianNB(), method="vector").fit(X, y)
    expected = by_hand(GaussianNB(), X, y, "vector")
    assert_allclose(found.recalibrator_.slopes_, expected.slopes_, rtol=1e-4)


def test_so_are_rows_without_words_among_others():
    """Of the same features with another label, in a table in which other rows were repeated."""
    X, y, _ = data(300, 2)
    rows = np.repeat(np.arange(300), 2)
    X, y = X[rows], y[rows]
    X[:4] = 0.0
    y[:4] = [0, 1, 0, 1]
    folds = KFold(5)  # of rows that are one after another
    found = RecalibratedClassifier(GaussianNB(), method="vector", cv=folds).fit(X, y)
    proba = cross_val_predict(GaussianNB(), X, y, cv=folds, method="predict_proba")
    _, first, unit = np.unique(X, axis=0, return_index=True, return_inverse=True)
    fold = np.arange(len(y)) // (len(y) // 5)
    keys = np.where((X == 0).all(axis=1), -1 - np.arange(len(y)), unit.reshape(-1) * 9 + fold)
    _, first, weight = np.unique(keys, return_index=True, return_counts=True)
    expected = Recalibrator("vector").fit(y[first], proba[first], sample_weight=weight)
    assert len(first) < len(y)
    assert_allclose(found.recalibrator_.slopes_, expected.slopes_, rtol=1e-6)


def test_a_class_of_which_all_rows_are_the_same_is_not_left_out():
    X, y, _ = data(200, 2)
    X[y == 0] = 0.0
    found = RecalibratedClassifier(GaussianNB(var_smoothing=1e-2), method="bias").fit(X, y)
    expected = by_hand(GaussianNB(var_smoothing=1e-2), X, y, "bias")
    assert_allclose(found.recalibrator_.bias_, expected.bias_, rtol=1e-4, atol=1e-4)
    two = np.array([[0.0], [1.0]] * 30)
    RecalibratedClassifier(GaussianNB()).fit(two, [0, 1] * 30)


def test_a_class_of_fewer_different_rows_than_folds():
    X, y, _ = data(200, 2)
    few = np.concatenate([np.flatnonzero(y == 0), np.repeat(np.flatnonzero(y == 1)[:3], 30)])
    found = RecalibratedClassifier(GaussianNB(), method="bias").fit(X[few], y[few])
    assert np.isfinite(found.recalibrator_.bias_).all()
    fewer = np.repeat(np.concatenate([np.flatnonzero(y == c)[:3] for c in (0, 1)]), 10)
    found = RecalibratedClassifier(GaussianNB(), method="bias").fit(X[fewer], y[fewer])
    expected = RecalibratedClassifier(GaussianNB(), method="bias", cv=3)
    alike(found, expected.fit(X[fewer], y[fewer]), X)


# Folds, groups, order.


def test_folds_of_the_user_that_part_copies_leave_them_as_groups():
    """Their predictions differ, and they are still no new observations."""
    chosen = 0
    for seed in range(5):
        X, _, _ = data(60, seed=seed)
        y = np.random.default_rng(seed).permutation(np.arange(60) % 3)
        copies = np.repeat(np.arange(60), 10)
        folds = StratifiedKFold(5, shuffle=True, random_state=0)
        found = RecalibratedClassifier(LogisticRegression(), cv=folds).fit(X[copies], y[copies])
        proba = cross_val_predict(
            LogisticRegression(), X[copies], y[copies], cv=folds, method="predict_proba"
        )
        grouped = Recalibrator().fit(y[copies], proba, groups=copies)
        chosen += found.method_ == grouped.method_
    assert chosen == 5


@pytest.mark.parametrize("frozen", [False, True])
def test_the_order_of_the_rows_changes_nothing(frozen):
    """Of folds that are given, or where there are none."""
    X, y, _ = data(500)
    fold = np.arange(500) % 4
    model = GaussianNB().fit(X[:100], y[:100])
    found = []
    for seed in range(3):
        order = np.random.default_rng(seed).permutation(500)
        folds = [
            (np.flatnonzero(fold[order] != i), np.flatnonzero(fold[order] == i)) for i in range(4)
        ]
        base = FrozenEstimator(model) if frozen else KNeighborsClassifier(7)
        found.append(RecalibratedClassifier(base, cv=folds).fit(X[order], y[order]))
    assert found[0].method_ != "none"
    for other in found[1:]:
        assert_array_equal(other.predict_proba(X), found[0].predict_proba(X))
        assert_array_equal(
            other.recalibrator_.recalibration_.log_loss,
            found[0].recalibrator_.recalibration_.log_loss,
        )


def test_groups_say_what_belongs_together():
    X, y, _ = data(100, 2)
    rows = np.repeat(np.arange(100), 4)
    groups = np.tile(np.arange(4), 100)  # copies are in all of them
    found = RecalibratedClassifier(GaussianNB(), method="vector", cv=4)
    found.fit(X[rows], y[rows], groups=groups)
    folds = KFold(4)
    order = np.argsort(groups, kind="stable")
    expected = by_hand(GaussianNB(), X[rows][order], y[rows][order], "vector", cv=folds)
    assert_allclose(found.recalibrator_.slopes_, expected.slopes_, rtol=1e-5)


def test_a_weighted_frozen_classifier_takes_weights_without_a_warning():
    """They are for the map, and nothing else is fitted."""
    X, y, weight = data(200, 2)
    model = GaussianNB().fit(X[:50], y[:50])
    for routing in (False, True):
        with config_context(enable_metadata_routing=routing), warnings.catch_warnings():
            warnings.simplefilter("error")
            found = RecalibratedClassifier(FrozenEstimator(model), method="vector")
            found.fit(X, y, sample_weight=weight)
        expected = Recalibrator("vector").fit(y, model.predict_proba(X), sample_weight=weight)
        assert_allclose(found.recalibrator_.slopes_, expected.slopes_, rtol=1e-6)


def test_documents_are_no_rows_of_features():
    rng = np.random.default_rng(0)
    words = np.array(["alpha", "beta", "gamma", "delta", "epsilon"])
    y = np.arange(120) % 2
    texts = [" ".join(words[rng.integers(c, 4 + c, 6)]) for c in y]
    base = make_pipeline(CountVectorizer(), MultinomialNB())
    expected = by_hand(base, texts, y, "temperature")
    for documents in (texts, np.array(texts), np.array(texts, dtype=object), pd.Series(texts)):
        found = RecalibratedClassifier(base, method="temperature").fit(documents, y)
        assert found.recalibrator_.temperature_ == pytest.approx(expected.temperature_, rel=1e-6)


def test_rows_that_float64_does_not_tell_apart_are_no_copies():
    """Identifiers of 64 bits, and times in nanoseconds."""
    far = 1_700_000_000_000_000_000 + 3 * np.arange(200)
    half = np.repeat(np.arange(100), 2)
    y = half % 2
    for X in (
        pd.DataFrame({"id": far, "half": half}),
        pd.DataFrame({"at": pd.to_datetime(far, unit="ns"), "half": half}),
        np.column_stack([far, half]),
        np.column_stack([far, half]).astype(object),
    ):
        assert not units_of(X, y, None, None).copied.any()
        twice = np.repeat(np.arange(200), 2)
        again = X.iloc[twice] if hasattr(X, "iloc") else X[twice]
        assert units_of(again, y[twice], None, None).copied.all()


def test_too_few_rows_for_the_folds_are_told():
    X, y, _ = data()
    few = (np.arange(len(y)) < 4) * 1.0
    with pytest.raises(ValueError, match=r"cv=5 takes at least 5 .* n_samples=4\. Pass"):
        RecalibratedClassifier(GaussianNB()).fit(X, y, sample_weight=few)
    with pytest.raises(ValueError, match="y has no rows"):
        RecalibratedClassifier(GaussianNB()).fit(X[:0], y[:0])


@pytest.mark.parametrize("share", [0.3, 0.01, 0.002])
def test_rows_of_a_table_of_categories_are_no_copies_however_rare_a_class_is(share):
    rng = np.random.default_rng(0)
    X = rng.integers(0, 2, size=(2000, 10))
    y = (rng.random(2000) < share).astype(int)
    assert not units_of(X, y, None, None).copied.any()
