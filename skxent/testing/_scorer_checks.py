"""Checks of scorers, on classifiers that predict what a table holds."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn import config_context
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.model_selection import cross_validate

from skxent._intake._labels import as_labels
from skxent._typing import FloatArray, IntArray
from skxent.testing._run import fail, import_pandas, same, skip
from skxent.testing._subject import NAMINGS

__all__ = ["SCORER_CHECKS", "ScorerSubject", "TableClassifier"]

_N = 60


class TableClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A classifier that predicts a given table; `X` holds the numbers of its rows."""

    def __init__(self, table: ArrayLike, classes: ArrayLike) -> None:
        self.table = table
        self.classes = classes

    def fit(self, X: Any, y: Any) -> Self:  # noqa: ARG002
        """Learn nothing."""
        self.classes_ = np.asarray(self.classes)
        return self

    def predict_proba(self, X: Any) -> FloatArray:
        """Rows of the table."""
        return np.asarray(self.table, dtype=float)[np.asarray(X)[:, 0].astype(int)]

    def predict_log_proba(self, X: Any) -> FloatArray:
        """Logarithms of the rows."""
        return np.log(np.maximum(TableClassifier.predict_proba(self, X), 1e-300))

    def decision_function(self, X: Any) -> FloatArray:
        """Logarithms of the rows, or of the odds of the second of two classes."""
        logs = self.predict_log_proba(X)
        return logs[:, 1] - logs[:, 0] if logs.shape[1] == 2 else logs

    def predict(self, X: Any) -> NDArray[Any]:
        """Likeliest class of each row."""
        return self.classes_[TableClassifier.predict_proba(self, X).argmax(axis=1)]


class FrameClassifier(TableClassifier):
    """The same, but a data frame whose columns are named after the classes, in another order."""

    def predict_proba(self, X: Any) -> Any:
        """Rows of the table, the first column last."""
        frame = import_pandas().DataFrame(super().predict_proba(X), columns=self.classes_)
        return frame.iloc[:, np.roll(np.arange(frame.shape[1]), -1)]


def _table(n_classes: int) -> tuple[FloatArray, IntArray]:
    """Probabilities, and classes that are drawn from them."""
    rng = np.random.default_rng(3)
    shares = rng.dirichlet(np.full(n_classes, 0.8), _N) + 0.05
    table = shares / shares.sum(axis=1, keepdims=True)
    drawn = (table.cumsum(axis=1) < rng.random((_N, 1))).sum(axis=1)
    codes = np.minimum(drawn, n_classes - 1).astype(np.intp)
    codes[: 2 * n_classes] = np.tile(np.arange(n_classes), 2)
    return table, codes


@dataclass
class ScorerSubject:
    """A scorer, and the labels it is made for, if it is made for certain ones."""

    scorer: Callable[..., Any]
    labels: ArrayLike | None = None

    def __post_init__(self) -> None:
        if not callable(self.scorer):
            msg = f"scorer must be callable, as scorer(estimator, X, y); got {self.scorer!r}."
            raise TypeError(msg)

    @property
    def cases(self) -> list[NDArray[Any]]:
        """Labels of two and of three classes, or those that are given."""
        if self.labels is not None:
            return [as_labels(self.labels, "labels")]
        return [np.arange(2), np.arange(3)]

    def score(
        self,
        labels: NDArray[Any],
        *,
        rows: NDArray[Any] | None = None,
        order: NDArray[Any] | None = None,
        table: FloatArray | None = None,
        scorer: Callable[..., Any] | None = None,
        weight: NDArray[Any] | None = None,
    ) -> FloatArray:
        """Scores of some rows by an estimator whose columns are in this order of the classes."""
        own, codes = _table(len(labels))
        table = own if table is None else table
        order = np.arange(len(labels)) if order is None else order
        rows = np.arange(_N) if rows is None else rows
        model = TableClassifier(table[:, order], labels[order]).fit(None, None)
        given = {} if weight is None else {"sample_weight": weight}
        return self.numbers(
            (scorer or self.scorer)(model, rows[:, None], labels[codes[rows]], **given)
        )

    def numbers(self, scores: Any) -> FloatArray:
        """The score, or all that are in a dict, as numbers."""
        values = list(scores.values()) if isinstance(scores, dict) else [scores]
        try:
            return np.array([float(value) for value in values])
        except (TypeError, ValueError):
            fail(f"The scorer returned {scores!r}; a number or a dict of numbers was due.")

    def weighted(self, labels: NDArray[Any], weight: NDArray[Any]) -> FloatArray:
        try:
            return self.score(labels, weight=weight)
        except TypeError as error:
            if "sample_weight" in str(error):
                skip(f"The scorer takes no sample_weight: {error}")
            raise


def check_score_is_a_finite_number(subject: ScorerSubject) -> None:
    """Cross-validation and searches cannot compare what is no number, or is not finite."""
    for labels in subject.cases:
        score = subject.score(labels)
        if not np.isfinite(score).all():
            fail(f"With {len(labels)} classes, the score is {_shown(score)}.")


def check_better_models_score_higher(subject: ScorerSubject) -> None:
    """A search with this scorer selects the worse model, or cannot tell them apart."""
    for labels in subject.cases:
        table, codes = _table(len(labels))
        truth = np.eye(len(labels))[codes]
        steps = [
            subject.score(labels, table=(1 - s) * table + s * truth) for s in (0, 0.3, 0.6, 0.9)
        ]
        if (np.diff(steps, axis=0) < -1e-9).any() or same(steps[0], steps[-1]):
            found = ", ".join(_shown(step) for step in steps)
            fail(f"With {len(labels)} classes, models that come nearer to the truth score {found}.")


def check_columns_are_matched_by_class(subject: ScorerSubject) -> None:
    """Columns are taken by position: with ``classes_`` in another order the score is another."""
    for labels in subject.cases:
        order = np.roll(np.arange(len(labels)), 1)
        _refuse(subject.score(labels, order=order), subject.score(labels), "classes_ not sorted")


def check_folds_may_lack_a_class(subject: ScorerSubject) -> None:
    """Where a fold has no row of a class, the score is an error or the score of other columns."""
    labels = subject.cases[-1]
    rows = np.flatnonzero(_table(len(labels))[1] != 0)
    before, after = subject.score(labels), subject.score(labels, rows=rows)
    # One score of many may be that of the class itself.
    if np.isfinite(after).sum() < max(1, np.isfinite(before).sum() - 1):
        fail(f"Without rows of one of {len(labels)} classes, the score is {_shown(after)}.")
    # Columns that are matched by position would give another score in another order.
    order = np.roll(np.arange(len(labels)), 1)
    other = subject.score(labels, rows=rows, order=order)
    _refuse(other, after, "a class missing and classes_ not sorted")


def check_classes_never_seen(subject: ScorerSubject) -> None:
    """
    Rows of a class that the estimator never saw are scored as nan, or as another class, or end in
    an error that does not speak of them.
    """
    labels = subject.cases[-1]
    if len(labels) < 3:
        skip("There are but two classes.")
    table, codes = _table(len(labels))
    seen = table[:, :-1] / table[:, :-1].sum(axis=1, keepdims=True)
    model = TableClassifier(seen, labels[:-1]).fit(None, None)
    try:
        score = subject.numbers(subject.scorer(model, np.arange(_N)[:, None], labels[codes]))
    except ValueError:
        return
    if np.isnan(score).any():
        fail(f"The score is {_shown(score)}.")
    known = np.flatnonzero(codes < len(labels) - 1)
    without = subject.numbers(subject.scorer(model, known[:, None], labels[codes[known]]))
    if (score > without + 1e-9).any():
        fail(f"The score is {_shown(score)}, above that of the other rows, {_shown(without)}.")


def check_labels_of_any_type(subject: ScorerSubject) -> None:
    """The score depends on what the classes are called."""
    if subject.labels is not None:
        skip("The scorer is made for certain labels.")
    for n_classes, names in [(2, "texts"), (2, "truths"), (3, "texts"), (3, "spread")]:
        found = subject.score(NAMINGS[names](n_classes))
        _refuse(found, subject.score(np.arange(n_classes)), f"labels that are {names}")


def check_row_order(subject: ScorerSubject) -> None:
    """The score depends on the order of the rows, as if they were a series."""
    for labels in subject.cases:
        rows = np.random.default_rng(1).permutation(_N)
        _refuse(subject.score(labels, rows=rows), subject.score(labels), "rows in another order")


def check_weights_of_one(subject: ScorerSubject) -> None:
    """Passing weights, whatever they are, changes the score."""
    for labels in subject.cases:
        _refuse(subject.weighted(labels, np.ones(_N)), subject.score(labels), "weights of 1")


def check_weight_two_is_the_row_twice(subject: ScorerSubject) -> None:
    """Weights are dropped, or count for something else than rows."""
    for labels in subject.cases:
        weight = 1 + np.arange(_N) % 3
        twice = subject.score(labels, rows=np.repeat(np.arange(_N), weight))
        _refuse(subject.weighted(labels, weight), twice, "weights instead of repeated rows")


def check_weight_zero_is_no_row(subject: ScorerSubject) -> None:
    """Rows of weight 0 count, so that they cannot be left out by their weight."""
    for labels in subject.cases:
        weight = 1.0 * (np.arange(_N) % 3 > 0)
        without = subject.score(labels, rows=np.flatnonzero(weight))
        _refuse(subject.weighted(labels, weight), without, "rows of weight 0")


def check_inputs_and_scorer_stay_the_same(subject: ScorerSubject) -> None:
    """A call changes the data, or the scorer itself, so that the next score is another."""
    for labels in subject.cases:
        table, codes = _table(len(labels))
        model = TableClassifier(table, labels).fit(None, None)
        data = [np.arange(_N)[:, None], labels[codes]]
        before = copy.deepcopy(data)
        first = subject.numbers(subject.scorer(model, *data))
        if not all(map(np.array_equal, data, before)):
            fail("The scorer modified X or y.")
        for array in data:
            array.flags.writeable = False
        subject.score(labels, rows=np.arange(10), table=np.roll(table, 1, axis=0))
        _refuse(subject.numbers(subject.scorer(model, *data)), first, "a second call")


def check_copies_score_the_same(subject: ScorerSubject) -> None:
    """The scorer cannot go to other processes, as with ``n_jobs``, or into a cloned search."""
    labels = subject.cases[-1]
    copies = {
        "pickled": pickle.loads(pickle.dumps(subject.scorer)),
        "cloned": clone(subject.scorer, safe=False),
    }
    for what, scorer in copies.items():
        _refuse(subject.score(labels, scorer=scorer), subject.score(labels), f"the {what} scorer")


def check_data_frames(subject: ScorerSubject) -> None:
    """The score depends on the container of the data, or matches rows by their index."""
    pd = import_pandas()
    for labels in subject.cases:
        table, codes = _table(len(labels))
        model = TableClassifier(table, labels).fit(None, None)
        X = pd.DataFrame({"row": np.arange(_N)}, index=np.arange(_N)[::-1])
        y = pd.Series(labels[codes], index=np.roll(np.arange(_N), 7))
        found = subject.numbers(subject.scorer(model, X, y))
        _refuse(found, subject.score(labels), "a data frame and a series")


def check_predicted_data_frames(subject: ScorerSubject) -> None:
    """
    Probabilities that are predicted as a data frame are taken by position, although its columns
    have the classes' names: each class gets another's probability.
    """
    import_pandas()
    for labels in subject.cases:
        table, codes = _table(len(labels))
        model = FrameClassifier(table, labels).fit(None, None)
        found = subject.numbers(subject.scorer(model, np.arange(_N)[:, None], labels[codes]))
        _refuse(found, subject.score(labels), "a data frame with columns in another order")


def check_routed_weights(subject: ScorerSubject) -> None:
    """With metadata routing, weights that are asked for do not reach the score."""
    if not hasattr(subject.scorer, "set_score_request"):
        skip("The scorer has no set_score_request.")
    labels = subject.cases[-1]
    table, codes = _table(len(labels))
    weight, X = 1.0 + np.arange(_N) % 3, np.arange(_N)[:, None]
    test = np.arange(_N) % 2 == 0
    with config_context(enable_metadata_routing=True):
        scorer = clone(subject.scorer, safe=False).set_score_request(sample_weight=True)
        found = cross_validate(
            TableClassifier(table, labels),
            X,
            labels[codes],
            scoring=scorer,
            cv=[(np.flatnonzero(~test), np.flatnonzero(test))],
            params={"sample_weight": weight},
            error_score="raise",
        )
    scores = [found[key][0] for key in found if key.startswith("test_")]
    model = TableClassifier(table, labels).fit(None, None)
    wanted = subject.scorer(model, X[test], labels[codes[test]], sample_weight=weight[test])
    _refuse(np.array(scores), subject.numbers(wanted), "routed weights")


def _refuse(found: FloatArray, wanted: FloatArray, why: str) -> None:
    if not same(found, wanted, 1e-9):
        fail(f"With {why}, the score is {_shown(found)} instead of {_shown(wanted)}.")


def _shown(score: FloatArray) -> str:
    return f"{score[0]:.6g}" if len(score) == 1 else f"[{', '.join(f'{s:.6g}' for s in score)}]"


SCORER_CHECKS = [
    check_score_is_a_finite_number,
    check_better_models_score_higher,
    check_columns_are_matched_by_class,
    check_folds_may_lack_a_class,
    check_classes_never_seen,
    check_labels_of_any_type,
    check_row_order,
    check_weights_of_one,
    check_weight_two_is_the_row_twice,
    check_weight_zero_is_no_row,
    check_inputs_and_scorer_stay_the_same,
    check_copies_score_the_same,
    check_data_frames,
    check_predicted_data_frames,
    check_routed_weights,
]
