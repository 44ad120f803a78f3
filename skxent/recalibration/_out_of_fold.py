"""What a classifier predicts for rows that it was not fitted to, a column for each class."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import issparse
from sklearn.base import clone
from sklearn.utils import get_tags

from skxent._intake._codes import encode
from skxent._intake._containers import take_rows
from skxent._intake._groups import check_groups
from skxent._intake._labels import shown
from skxent._intake._predictions import predictions
from skxent._typing import IntArray, LabelArray
from skxent.recalibration._copies import Units, fold_numbers

__all__ = [
    "Folds",
    "fold_of_each_row",
    "folds_of",
    "out_of_fold",
    "predicted_table",
    "rows_for",
]

# Rows to fit to, and rows to predict.
Folds = list[tuple[IntArray, IntArray]]

# Of a classifier that has no probabilities, what it decides by is taken for logits.
_RESPONSES = ("predict_proba", "predict_log_proba", "decision_function")


def folds_of(
    cv: Any,
    X: Any,
    y: LabelArray,
    groups: ArrayLike | None,
    split: Mapping[str, Any],
    found: Units,
) -> Folds:
    """Rows to fit to, and rows to predict, each once."""
    from sklearn.model_selection import StratifiedGroupKFold, check_cv  # slow to import

    if cv is None or isinstance(cv, Integral):
        if groups is None:
            number = fold_numbers(cv, y, found)
            each = range(int(number.max()) + 1)
            return [(np.flatnonzero(number != i), np.flatnonzero(number == i)) for i in each]
        codes = check_groups(groups, len(y)).codes
        n_folds, n_groups = 5 if cv is None else int(cv), int(codes.max()) + 1
        if n_folds >= 2 and n_groups < n_folds:
            way_out = f"pass cv={n_groups}" if n_groups > 1 else "pass other groups, or none"
            msg = (
                f"groups must be as many as the {n_folds} folds at least, which keep them "
                f"whole; got {n_groups}: {way_out}."
            )
            raise ValueError(msg)
        cv = StratifiedGroupKFold(n_folds)  # the others would part the groups
        split = {"groups": codes}
    folds = [
        (_as_rows(train), _as_rows(test))
        for train, test in check_cv(cv, y, classifier=True).split(X, y, **split)
    ]
    times = np.bincount(np.concatenate([test for _, test in folds]), minlength=len(y))
    if (times != 1).any():
        row = int((times != 1).argmax())
        msg = (
            f"cv must predict each row once, as in cross_val_predict; row {row} is in "
            f"{times[row]} of the test folds."
        )
        raise ValueError(msg)
    return folds


def fold_of_each_row(folds: Folds, n_rows: int) -> IntArray:
    """The number of the fold in which each row is predicted."""
    number = np.full(n_rows, -1, dtype=np.intp)
    for i, (_, test) in enumerate(folds):
        number[test] = i
    return number


def out_of_fold(
    estimator: Any,
    X: Any,
    y: LabelArray,
    *,
    folds: Folds,
    classes: LabelArray,
    fit_params: Mapping[str, Any],
    n_jobs: int | None,
) -> tuple[NDArray[Any], bool, NDArray[np.bool_]]:
    """Predictions, whether they are logits, and where the class was missing in the fold."""
    from sklearn.utils.parallel import Parallel, delayed

    if _is_pairwise(estimator):
        X = X if issparse(X) else np.asarray(X)
    run = Parallel(n_jobs=n_jobs)
    found = run(
        delayed(_predicted)(clone(estimator), X, y, *fold, fit_params, classes) for fold in folds
    )
    # A search may settle for another kind of classifier in each fold.
    logits = any(of_logits for *_, of_logits in found)
    dtype = np.result_type(*(table for table, *_ in found))
    proba = np.full((len(y), len(classes)), -np.inf if logits else 0.0, dtype)
    missing = np.zeros(len(y), dtype=bool)
    for (_, test), (table, seen, of_logits) in zip(folds, found, strict=True):
        with np.errstate(divide="ignore"):
            proba[test] = np.log(table) if logits and not of_logits else table
        missing[test] = ~seen
    return proba, logits, missing


def predicted_table(
    estimator: Any, X: Any, labels: LabelArray | None = None
) -> tuple[NDArray[Any], LabelArray, bool]:
    """
    Predictions with a column for each label, the classes of the estimator, whether they are logits.

    A label that the estimator does not know has the probability 0; None: those of the estimator.
    """
    values, classes, logits = predictions(estimator, X, _RESPONSES)
    values = _two_columns(values, logits)
    if labels is None:
        return values, classes, logits
    place = encode(classes, labels)
    if (place < 0).any():
        msg = (
            f"{type(estimator).__name__} predicts {shown(classes[place < 0])}, and no row of y is "
            f"of that class: the classes of y are {shown(labels)}."
        )
        raise ValueError(msg)
    table = np.full((len(values), len(labels)), -np.inf if logits else 0.0, values.dtype)
    table[:, place] = values
    return table, classes, logits


def _as_rows(fold: Any) -> IntArray:
    fold = np.asarray(fold)
    return np.flatnonzero(fold) if fold.dtype == bool else fold


def _of_rows(params: Mapping[str, Any], rows: IntArray, n: int) -> Iterator[tuple[str, Any]]:
    """Parameters that have an entry a row, with those of some rows."""
    for name, value in params.items():
        sized = hasattr(value, "__len__") or hasattr(value, "shape")
        own = sized and not isinstance(value, str | bytes | dict)
        length = (
            value.shape[0] if hasattr(value, "shape") and value.shape else len(value) if own else 0
        )
        yield name, take_rows(value, rows) if own and length == n else value


def _predicted(
    estimator: Any,
    X: Any,
    y: LabelArray,
    train: IntArray,
    test: IntArray,
    params: Mapping[str, Any],
    labels: LabelArray,
) -> tuple[NDArray[Any], NDArray[np.bool_], bool]:
    """Fit to some rows and predict others; also whether their classes were among those."""
    X_train, X_test = (rows_for(estimator, X, rows, train) for rows in (train, test))
    estimator.fit(X_train, y[train], **dict(_of_rows(params, train, len(y))))
    table, classes, logits = predicted_table(estimator, X_test, labels)
    return table, encode(y[test], classes) >= 0, logits


def rows_for(estimator: Any, X: Any, rows: IntArray, fitted_to: IntArray) -> Any:
    """Rows; of a kernel, or of distances, with a column for each row that is fitted to."""
    found = take_rows(X, rows)
    return found[:, fitted_to] if _is_pairwise(estimator) else found


def _is_pairwise(estimator: Any) -> bool:
    """Whether it is fitted to a kernel, or to distances between rows."""
    return hasattr(estimator, "__sklearn_tags__") and bool(get_tags(estimator).input_tags.pairwise)


def _two_columns(values: NDArray[Any], logits: bool) -> NDArray[Any]:
    """One column a class, also where two classes have one between them."""
    if values.dtype != np.float16:  # whose rows may be farther from a sum of 1
        values = values.astype(np.float64)
    if values.ndim == 2:
        return values
    return np.column_stack([np.zeros(len(values)) if logits else 1.0 - values, values])
