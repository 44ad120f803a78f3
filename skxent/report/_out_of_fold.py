"""Pool the predictions that each fold's estimator makes for the rows it did not see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import issparse
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from skxent._estimators import predictions, refuse_other_type
from skxent._kernels import FloatArray, IntArray
from skxent._labels import as_labels, distinct, encode

__all__ = ["out_of_fold"]


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
    labels = distinct(array, "y")
    found = [
        _of_fold(i, estimator, _take_rows(X, test))
        for i, (estimator, test) in enumerate(zip(cv_results["estimator"], tests, strict=True))
    ]
    for _, classes in found:
        other = encode(classes, labels) < 0
        if other.any():
            refuse_other_type(labels[encode(labels, classes) < 0], classes)
            labels = distinct(np.concatenate([labels, classes[other]]), "y")
    table = np.zeros((len(rows), len(labels)))
    start = 0
    for values, classes in found:
        table[start : start + len(values), encode(classes, labels)] = values
        start += len(values)
    return array[rows], table, labels, rows


def _of_fold(i: int, estimator: Any, X: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    """Probabilities that the estimator of a fold predicts, and its classes."""
    try:
        check_is_fitted(estimator)
    except NotFittedError as error:
        msg = f"cv_results: the estimator of fold {i} is not fitted; its fit seems to have failed."
        raise ValueError(msg) from error
    values, classes, _ = predictions(estimator, X, "predict_proba")
    return values if values.ndim == 2 else np.column_stack([1.0 - values, values]), classes
