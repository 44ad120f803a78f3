"""Checks of what a classifier learns: labels of any type, missing classes, weights."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.utils.validation import has_fit_parameter

from skxent._intake._containers import take_rows
from skxent._intake._labels import encode, shown
from skxent._typing import FloatArray, IntArray
from skxent.scorers import neg_log_loss_scorer
from skxent.testing._prediction_checks import refuse_other_order
from skxent.testing._run import fail, import_pandas, same, skip
from skxent.testing._subject import Problem, Subject, copied

__all__ = ["FIT_CHECKS"]


def check_data_stay_as_they_are(subject: Subject) -> None:
    """
    The classifier works in place, on the data of the caller: what is fitted to them next learns
    from other numbers.
    """
    data = subject.problem()
    y = data.labels[data.train]
    _refuse_changes(subject.fresh(), data.X_train, data.X_test, y)
    if subject.own_data and find_spec("pandas") is not None:
        pd = import_pandas()
        names = [f"feature {j}" for j in range(data.X_train.shape[1])]
        train, test = (pd.DataFrame(X, columns=names) for X in (data.X_train, data.X_test))
        try:
            _refuse_changes(subject.fresh(), train, test, pd.Series(y))
        except AssertionError:
            raise
        except Exception:
            return  # whether it takes data frames at all is for another check


def _refuse_changes(model: Any, X_train: Any, X_test: Any, y: Any) -> None:
    X, labels = copied(X_train), copied(y)
    model.fit(X, labels)
    if not _equal(X, X_train):
        fail("fit changed X.")
    if not _equal(labels, y):
        fail("fit changed y.")
    X = copied(X_test)
    model.predict_proba(X)
    if not _equal(X, X_test):
        fail("predict_proba changed X.")


def _equal(after: Any, before: Any) -> bool:
    """Whether data of any container are the same as before."""
    if hasattr(before, "equals"):
        return bool(after.equals(before))
    if issparse(before):
        return bool((after != before).nnz == 0)
    if isinstance(before, np.ndarray) and before.dtype.kind == "f":
        return np.array_equal(after, before, equal_nan=True)
    return bool(np.all(after == before))


def _check_naming(subject: Subject, naming: str, n_classes: int | None = None) -> None:
    """Labels that keep the order of the classes change nothing but `classes_`."""
    model, data = subject.fitted(n_classes, naming), subject.problem(n_classes)
    wanted = data.names(naming)
    worst = abs(subject.predicted(n_classes, naming) - subject.predicted(n_classes)).max()
    if not worst <= 1e-5:  # nan is no less
        fail(f"With the labels {shown(wanted)}, probabilities differ by up to {worst:.2g}.")
    predicted = subject.labels_of(model, data.X_test)
    unknown = predicted[encode(predicted, wanted) < 0]
    if len(unknown):
        fail(f"Fitted to the labels {shown(wanted)}, predict returned {shown(unknown[:1])}.")


def check_text_labels(subject: Subject) -> None:
    """Labels that are text are not learnt as numbers are, so that they must be encoded first."""
    _check_naming(subject, "texts")


def check_boolean_labels(subject: Subject) -> None:
    """True and False are not learnt as 1 and 0 are."""
    subject.needs_two_classes()
    _check_naming(subject, "truths", 2)


def check_labels_with_gaps(subject: Subject) -> None:
    """Integers are taken for the numbers of columns: labels such as -2, 3 and 7 do not work."""
    _check_naming(subject, "spread")


def check_reordered_labels(subject: Subject) -> None:
    """
    With labels whose order is not that of the data, columns go to the wrong classes, as if by
    position or by first appearance.
    """
    refuse_other_order(subject, subject.usual_size, "reordered")


def check_class_absent_from_training(subject: Subject) -> None:
    """
    A fold without one of the classes breaks the classifier, or shifts its columns, so that
    cross-validation fails or scores the wrong columns.
    """
    data = subject.needs_three_classes()
    kept = np.flatnonzero(data.train != 1)
    labels = np.delete(data.labels, 1)
    model = subject.fit(take_rows(data.X_train, kept), data.labels[data.train[kept]])
    X_test = subject.within(data.X_test, take_rows(data.X_train, kept))
    table = subject.proba(model, X_test, labels)
    if not same(table.sum(axis=1), np.ones(len(table)), subject.tolerance):
        fail(f"Fitted to the labels {shown(labels)}, the rows do not sum to 1.")
    score = neg_log_loss_scorer(model, copied(X_test), data.labels[data.test])
    if not np.isfinite(score):
        fail(f"The log loss of rows of all classes is {-score}.")


def check_weights_of_one_change_nothing(subject: Subject) -> None:
    """Passing weights, whatever they are, makes another model of the classifier."""
    data = subject.problem()
    model = _weighted(subject, data.X_train, data.labels[data.train], np.ones(len(data.train)))
    change = abs(subject.proba(model, data.X_test, data.labels) - subject.predicted()).mean()
    # With weights other random numbers may be drawn, which is no more than another seed does.
    if not change <= max(1e-5, 2 * subject.luck()):
        fail(f"With weights of 1, probabilities differ by {change:.2g} on average.")


def check_rows_of_weight_zero_do_not_count(subject: Subject) -> None:
    """
    Weights do not reach the model: rows of weight 0 are learnt as others are.

    Whether such rows leave no trace at all is for scikit-learn's
    check_sample_weight_equivalence_on_dense_data.
    """
    data = subject.problem()
    X, codes, weight = _with_lies(data)
    weighted = _weighted(subject, X, data.labels[codes], weight)
    misled = subject.proba(subject.fit(X, data.labels[codes]), data.X_test, data.labels)
    found = subject.proba(weighted, data.X_test, data.labels)
    harm, harm_of_all = (abs(t - subject.predicted()).mean() for t in (found, misled))
    if not harm <= max(0.01, 0.5 * harm_of_all, 2 * subject.luck()):
        fail(
            f"Rows of weight 0 move probabilities by {harm:.2g} on average; without weights "
            f"they move them by {harm_of_all:.2g}."
        )


def _with_lies(data: Problem) -> tuple[Any, IntArray, FloatArray]:
    """The rows to fit, each followed by the same with a wrong label and the weight 0."""
    n = len(data.train)
    codes = np.stack([data.train, (data.train + 1) % data.n_classes], axis=1).ravel()
    # Side by side, so that each fold of a cross-validation has both.
    return take_rows(data.X_train, np.repeat(np.arange(n), 2)), codes, np.tile([1.0, 0.0], n)


def _weighted(subject: Subject, X: Any, y: Any, weight: FloatArray) -> Any:
    if not has_fit_parameter(subject.estimator, "sample_weight"):
        skip(f"{subject.name}.fit takes no sample_weight.")
    try:
        return subject.fit(X, y, sample_weight=weight)
    except (TypeError, ValueError) as error:
        skip(f"{subject.name}.fit refuses sample_weight: {error}")


FIT_CHECKS = [
    check_data_stay_as_they_are,
    check_text_labels,
    check_boolean_labels,
    check_labels_with_gaps,
    check_reordered_labels,
    check_class_absent_from_training,
    check_weights_of_one_change_nothing,
    check_rows_of_weight_zero_do_not_count,
]
