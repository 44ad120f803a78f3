"""Pool the predictions that each fold's estimator makes for the rows it did not see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skxent._estimators import classes_of, refuse_other_type, response
from skxent._kernels import FloatArray, IntArray
from skxent._labels import as_labels, distinct, encode

__all__ = ["out_of_fold"]


def _take_rows(X: Any, rows: IntArray) -> Any:
    """Rows of an array, a sparse matrix, a data frame or a list."""
    if hasattr(X, "iloc"):
        return X.iloc[rows]
    if isinstance(X, list | tuple):
        return [X[i] for i in rows]
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
    labels = distinct(array, "y")
    known = [classes_of(estimator) for estimator in cv_results["estimator"]]
    for classes in known:
        other = encode(classes, labels) < 0
        if other.any():
            refuse_other_type(labels[encode(labels, classes) < 0], classes)
            labels = distinct(np.concatenate([labels, classes[other]]), "y")
    tests = cv_results["indices"]["test"]
    tables = []
    for estimator, classes, test in zip(cv_results["estimator"], known, tests, strict=True):
        values, _ = response(estimator, _take_rows(X, test), "predict_proba")
        table = np.zeros((len(test), len(labels)))
        table[:, encode(classes, labels)] = values
        tables.append(table)
    rows = np.concatenate(tests)
    return array[rows], np.concatenate(tables), labels, rows
