"""Pool the predictions that each fold's estimator makes for the rows it did not see."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from skxent._intake._arguments import check_choice, check_weight
from skxent._intake._groups import check_groups
from skxent._intake._labels import as_labels, distinct, encode, shown
from skxent._intake._predictions import predictions, refuse_other_type, what_it_lacks
from skxent._intake._rows import Labelled, check_labelled
from skxent._intake._warn import warn
from skxent._typing import IntArray
from skxent.recalibration._out_of_fold import rows_for
from skxent.report._options import Source
from skxent.report._rows import row_index

__all__ = ["Predicted", "cross_validated", "out_of_fold", "rows_of", "with_all_classes"]


@dataclass(frozen=True, slots=True)
class Predicted:
    """Labels beside the probabilities that estimators predicted for them."""

    y_true: NDArray[Any]
    y_proba: NDArray[Any]
    labels: NDArray[Any]
    """Of the columns."""
    known: NDArray[np.bool_]
    """Whether any estimator knows a label."""
    unseen: NDArray[np.bool_]
    """Whether the estimator that predicted a row does not know its class."""
    numbers: IntArray | None = None
    """Of the rows in the user's data; None where they are all, in their order."""
    index: Any = None
    """What the user calls these."""
    model: str | None = None
    """The class of the estimator."""


def rows_of(
    found: Predicted,
    *,
    unseen: str,
    sample_weight: ArrayLike | None,
    groups: ArrayLike | None,
    renormalize: bool,
    out_of_fold: bool,
) -> tuple[Labelled, Source]:
    """
    The rows of a report, checked, and where they come from.

    Weights and groups are those of the rows that were predicted. `unseen` says what becomes of
    rows whose class their estimator does not know: they stay,
    with a probability of 0, are left out with a warning, or are an error.
    """
    check_choice(unseen, "unseen", ("floor", "ignore", "raise"))
    weight, numbers = check_weight(sample_weight, len(found.y_true)), found.numbers
    of_rows = None if groups is None else check_groups(groups, len(found.y_true))
    repeated = groups is None and numbers is not None and len(np.unique(numbers)) < len(numbers)
    if repeated and numbers is not None:
        of_rows = check_groups(numbers, len(numbers))
    # A row of weight 0 is not there, whatever its class.
    unknown = found.unseen if weight is None else found.unseen & (weight > 0)
    y_true, y_proba, labels = found.y_true, found.y_proba, found.labels
    if unseen != "floor" and unknown.any():
        _refuse_or_warn(y_true, unknown, unseen)
        kept = ~unknown
        numbers = np.flatnonzero(kept) if numbers is None else numbers[kept]
        weight = None if weight is None else weight[kept]
        of_rows = None if of_rows is None else of_rows.taken(kept)
        y_true, y_proba, unknown = y_true[kept], y_proba[kept], unknown[kept]
        labels, y_proba = labels[found.known], y_proba[:, found.known]
    rows = check_labelled(
        y_true,
        y_proba,
        labels=labels,
        sample_weight=weight,
        renormalize=renormalize,
    )
    unseen_rows = unknown if unknown.any() else None
    return rows, Source(
        numbers, unseen_rows, out_of_fold, of_rows, repeated, found.index, found.model
    )


def _refuse_or_warn(y_true: NDArray[Any], unknown: NDArray[np.bool_], unseen: str) -> None:
    n, total = int(np.count_nonzero(unknown)), len(unknown)
    what = (
        f"The estimator never saw {shown(distinct(y_true[unknown], 'y'))}, the classes of {n} of "
        f"{total} rows"
    )
    if unseen == "raise":
        msg = f'{what}. Stratify the splits, or pass unseen="floor" or unseen="ignore".'
        raise ValueError(msg)
    if n == total:
        msg = f'{what}: unseen="ignore" leaves none to report.'
        raise ValueError(msg)
    warn(f"{what}; they are left out.")


def out_of_fold(cv_results: Mapping[str, Any], X: Any, y: ArrayLike) -> Predicted:
    """
    Predictions of each fold's estimator for its test rows.

    The columns are all classes that occur in `y` or that an estimator knows; one that an
    estimator has not seen has probability 0 in its rows.
    """
    if not isinstance(cv_results, Mapping):
        msg = f"cv_results must be the dict that cross_validate returns; got {type(cv_results)}."
        raise TypeError(msg)
    missing = [key for key in ("estimator", "indices") if key not in cv_results]
    if missing:
        msg = (
            f"cv_results has no {' and no '.join(map(repr, missing))}; call cross_validate with "
            f"return_estimator=True and return_indices=True."
        )
        raise ValueError(msg)
    array = as_labels(y, "y")
    indices = cv_results["indices"]
    tests = _numbers_of(indices["test"])
    trains = _numbers_of(indices.get("train", tests))  # for kernels alone
    rows = np.concatenate(tests)
    n_rows = len(X) if isinstance(X, list | tuple) else X.shape[0]
    if not len(array) == n_rows > rows.max():
        msg = (
            f"X and y must be those that cross_validate was called with, with at least "
            f"{rows.max() + 1} rows; got {n_rows} and {len(array)}."
        )
        raise ValueError(msg)
    found = [
        _of_fold(i, estimator, rows_for(estimator, X, test, train))
        for i, (estimator, train, test) in enumerate(
            zip(cv_results["estimator"], trains, tests, strict=True)
        )
    ]
    labels = _all_labels(distinct(array, "y"), [classes for _, classes in found])
    unseen = np.concatenate(
        [encode(array[test], classes) < 0 for test, (_, classes) in zip(tests, found, strict=True)]
    )
    known = np.any([encode(labels, classes) >= 0 for _, classes in found], axis=0)
    table, index = _spread(found, labels), row_index(y, X)
    model = _model_name(cv_results["estimator"][0])
    return Predicted(array[rows], table, labels, known, unseen, rows, index, model)


def _numbers_of(folds: Sequence[ArrayLike]) -> list[IntArray]:
    """Row numbers, also where a splitter gives masks."""
    arrays = [np.asarray(fold) for fold in folds]
    return [np.flatnonzero(fold) if fold.dtype == bool else fold for fold in arrays]


def with_all_classes(estimator: Any, X: Any, y: ArrayLike) -> Predicted:
    """
    Predictions of a fitted estimator.

    The columns are those of the estimator, and then a column of zeros for each other class.
    """
    if isinstance(estimator, type):
        msg = f"estimator must be a fitted {estimator.__name__}, not the class itself."
        raise TypeError(msg)
    array = as_labels(y, "y")
    values, classes, _ = predictions(estimator, X, "predict_proba")
    if len(values) != len(array):
        msg = f"X and y must have the same number of rows; got {len(values)} and {len(array)}."
        raise ValueError(msg)
    labels = _all_labels(classes, [distinct(array, "y")], keep_order=True)
    unseen = encode(array, classes) < 0
    table = _spread([(_two_columns(values), classes)], labels)
    known, index = encode(labels, classes) >= 0, row_index(y, X)
    model = _model_name(estimator)
    return Predicted(array, table, labels, known, unseen, index=index, model=model)


def _model_name(estimator: Any) -> str:
    """Class of an estimator, of the last step if it is a pipeline."""
    while isinstance(steps := getattr(estimator, "steps", None), list) and steps:
        estimator = steps[-1][-1]
    return type(estimator).__name__


def _all_labels(
    labels: NDArray[Any], others: Sequence[NDArray[Any]], *, keep_order: bool = False
) -> NDArray[Any]:
    """The labels with those of the others that are not among them, sorted or at the end."""
    for classes in others:
        new = encode(classes, labels) < 0
        if new.any():
            if keep_order:  # the labels are the estimator's, the others those of y
                refuse_other_type(classes[new], labels)
            else:
                refuse_other_type(labels[encode(labels, classes) < 0], classes)
            both = as_labels([*labels.tolist(), *classes[new].tolist()], "y")
            labels = both if keep_order else distinct(both, "y")
    return labels


def _spread(
    found: Sequence[tuple[NDArray[Any], NDArray[Any]]], labels: NDArray[Any]
) -> NDArray[Any]:
    """Tables with columns for some of the labels, stacked in one with columns for all."""
    # Half precision is kept, since its rows may be farther from a sum of 1.
    half = all(values.dtype == np.float16 for values, _ in found)
    n_rows = sum(len(values) for values, _ in found)
    table = np.zeros((n_rows, len(labels)), np.float16 if half else np.float64)
    start = 0
    for values, classes in found:
        table[start : start + len(values), encode(classes, labels)] = values
        start += len(values)
    return table


def _two_columns(values: NDArray[Any]) -> NDArray[Any]:
    return values if values.ndim == 2 else np.column_stack([1.0 - values, values])


def _of_fold(i: int, estimator: Any, X: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    """Probabilities that the estimator of a fold predicts, and its classes."""
    try:
        check_is_fitted(estimator)
    except NotFittedError as error:
        msg = f"cv_results: the estimator of fold {i} is not fitted; its fit seems to have failed."
        raise ValueError(msg) from error
    values, classes, _ = predictions(estimator, X, "predict_proba")
    return _two_columns(values), classes


class _Progress:
    """A scorer that scores nothing, but says on the terminal that a fold is done."""

    def __init__(self, n_splits: int) -> None:
        self.n_splits, self.done = n_splits, 0

    def __call__(self, estimator: Any, *_: Any) -> float:
        _check_probabilities(estimator)
        self.done += 1
        print(f"fold {self.done} of {self.n_splits} is fitted", file=sys.stderr, flush=True)
        return 0.0


def _no_score(estimator: Any, *_: Any) -> float:
    _check_probabilities(estimator)
    return 0.0


def _check_probabilities(estimator: Any) -> None:
    if not hasattr(estimator, "predict_proba"):
        raise AttributeError(what_it_lacks(estimator, ("predict_proba",)))


def _n_splits(cv: Integral | None, groups: ArrayLike) -> int:
    """How many folds, if there are groups for so many."""
    n_splits = 5 if cv is None else int(cv)
    n_groups = len(check_groups(groups, len(np.asarray(groups))).keys)
    if n_groups < n_splits:
        way_out = f"pass cv={n_groups}" if n_groups > 1 else "pass other groups, or none"
        msg = (
            f"groups must be as many as the {n_splits} folds at least, which keep them whole; got "
            f"{n_groups}: {way_out}."
        )
        raise ValueError(msg)
    return n_splits


def cross_validated(
    estimator: Any,
    X: Any,
    y: ArrayLike,
    *,
    cv: Any,
    groups: ArrayLike | None,
    params: Mapping[str, Any] | None,
    n_jobs: int | None,
    verbose: bool,
) -> dict[str, Any]:
    """What `cross_validate` returns for `out_of_fold`, with a line on the terminal a fold."""
    from sklearn import get_config
    from sklearn.model_selection import (  # slow to import
        StratifiedGroupKFold,
        check_cv,
        cross_validate,
    )
    from sklearn.utils.metadata_routing import get_routing_for_object

    params = dict(params or {})
    if not hasattr(type(estimator), "predict_proba"):
        # What only some of its kind have, as a stack of which nobody knows what is on top of it
        # before the fit, is asked for after the first fold.
        _check_probabilities(estimator)
    of_rows = groups if groups is not None else params.get("groups")
    if of_rows is not None and (cv is None or isinstance(cv, Integral)):
        cv = StratifiedGroupKFold(_n_splits(cv, of_rows))  # the others would part the groups
    folds = check_cv(cv, y, classifier=True)
    if not get_config()["enable_metadata_routing"]:
        groups = of_rows
    elif groups is not None:
        # It refuses what nobody asks for. Folds that are made already have no use for groups.
        if get_routing_for_object(folds).consumes("split", ["groups"]):
            params["groups"] = groups
        elif hasattr(cv, "split"):
            warn(
                f"The groups parameter is ignored by {type(cv).__name__}: its folds may part them."
            )
        groups = None
    # With several processes each counts for itself; joblib's own messages tell more then.
    alone = n_jobs in (None, 1)
    scorer: Any = _no_score
    if verbose and alone:
        scorer = _Progress(folds.get_n_splits(X, y, of_rows))
    return cross_validate(
        estimator,
        X,
        y,
        groups=groups,
        cv=folds,
        scoring=scorer,
        # scikit-learn 1.6 routes no None.
        params=params if params or get_config()["enable_metadata_routing"] else None,
        n_jobs=n_jobs,
        verbose=10 if verbose and not alone else 0,
        return_estimator=True,
        return_indices=True,
        error_score="raise",
    )
