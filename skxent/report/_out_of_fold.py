"""Pool the predictions that each fold's estimator makes for the rows it did not see."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import issparse
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from skxent._estimators import predictions, refuse_other_type
from skxent._kernels import FloatArray, IntArray
from skxent._labels import as_labels, distinct, encode

__all__ = ["cross_validated", "out_of_fold", "with_all_classes"]


def _take_rows(X: Any, rows: IntArray) -> Any:
    """Rows of an array, a sparse matrix, a data frame or a list."""
    if hasattr(X, "iloc"):
        return X.iloc[rows]
    if isinstance(X, list | tuple):
        return [X[i] for i in rows]
    if issparse(X):
        sparse: Any = X
        return sparse.tocsr()[rows]
    return X[rows]


def out_of_fold(
    cv_results: Mapping[str, Any], X: Any, y: ArrayLike
) -> tuple[NDArray[Any], FloatArray, NDArray[Any], IntArray]:
    """
    Labels, probabilities, the columns' labels, and the numbers of the rows in `X`.

    The columns are all classes that occur in `y` or that an estimator knows; one that an
    estimator has not seen has probability 0 in its rows.
    """
    missing = [key for key in ("estimator", "indices") if key not in cv_results]
    if missing:
        msg = (
            f"cv_results has no {' and no '.join(map(repr, missing))}; call cross_validate with "
            f"return_estimator=True and return_indices=True."
        )
        raise ValueError(msg)
    array = as_labels(y, "y")
    tests = cv_results["indices"]["test"]
    rows = np.concatenate(tests)
    n_rows = len(X) if isinstance(X, list | tuple) else X.shape[0]
    if not len(array) == n_rows > rows.max():
        msg = (
            f"X and y must be those that cross_validate was called with, with at least "
            f"{rows.max() + 1} rows; got {n_rows} and {len(array)}."
        )
        raise ValueError(msg)
    found = [
        _of_fold(i, estimator, _take_rows(X, test))
        for i, (estimator, test) in enumerate(zip(cv_results["estimator"], tests, strict=True))
    ]
    labels = _all_labels(distinct(array, "y"), [classes for _, classes in found])
    return array[rows], _spread(found, labels), labels, rows


def with_all_classes(
    estimator: Any, X: Any, y: ArrayLike
) -> tuple[NDArray[Any], FloatArray, NDArray[Any]]:
    """
    Labels, the probabilities that a fitted estimator predicts, and the columns' labels.

    The columns are those of the estimator, and then a column of zeros for each other class.
    """
    array = as_labels(y, "y")
    values, classes, _ = predictions(estimator, X, "predict_proba")
    labels = _all_labels(classes, [distinct(array, "y")], keep_order=True)
    return array, _spread([(_two_columns(values), classes)], labels), labels


def _all_labels(
    labels: NDArray[Any], others: Sequence[NDArray[Any]], *, keep_order: bool = False
) -> NDArray[Any]:
    """The labels with those of the others that are not among them, sorted or at the end."""
    for classes in others:
        new = encode(classes, labels) < 0
        if new.any():
            refuse_other_type(labels[encode(labels, classes) < 0], classes)
            both = np.concatenate([labels, classes[new]])
            labels = both if keep_order else distinct(both, "y")
    return labels


def _spread(found: Sequence[tuple[NDArray[Any], NDArray[Any]]], labels: NDArray[Any]) -> FloatArray:
    """Tables with columns for some of the labels, stacked in one with columns for all."""
    table = np.zeros((sum(len(values) for values, _ in found), len(labels)))
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

    def __call__(self, *_: Any) -> float:
        self.done += 1
        print(f"fold {self.done} of {self.n_splits} is fitted", file=sys.stderr, flush=True)
        return 0.0


def _no_score(*_: Any) -> float:
    return 0.0


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
    from sklearn.model_selection import check_cv, cross_validate  # slow to import

    folds = check_cv(cv, y, classifier=True)
    # With several processes each counts for itself; joblib's own messages tell more then.
    alone = n_jobs in (None, 1)
    scorer = _Progress(folds.get_n_splits(X, y, groups)) if verbose and alone else _no_score
    return cross_validate(
        estimator,
        X,
        y,
        groups=groups,
        cv=folds,
        scoring=scorer,
        params=params,
        n_jobs=n_jobs,
        verbose=10 if verbose and not alone else 0,
        return_estimator=True,
        return_indices=True,
        error_score="raise",
    )
