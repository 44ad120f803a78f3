"""What an estimator predicts, and which class each of its columns belongs to."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skxent._backend import NUMPY, Backend
from skxent._intake._as_table import as_table
from skxent._intake._foreign import backend_of, dtype_of, is_elsewhere
from skxent._intake._labels import as_labels, check_labels, shown, uncomparable

__all__ = [
    "METHODS",
    "predictions",
    "refuse_other_type",
    "what_it_lacks",
    "with_columns_for",
]

METHODS = ("predict_proba", "predict_log_proba", "decision_function")


def predictions(
    estimator: Any, X: Any, methods: str | tuple[str, ...], *, anywhere: bool = False
) -> tuple[NDArray[Any], NDArray[Any], bool]:
    """
    What the first method at hand predicts, the classes, and whether it predicts logits.

    One column a class, in the order of the classes; or, of two classes, the second alone.
    In host memory, unless `anywhere` leaves predictions on the device where they are.
    """
    names = (methods,) if isinstance(methods, str) else tuple(methods)
    name = next((name for name in names if hasattr(estimator, name)), None)
    who = type(estimator).__name__
    if name is None:
        raise AttributeError(what_it_lacks(estimator, names))
    values = getattr(estimator, name)(X)
    classes = _classes_of(estimator)
    if isinstance(values, list) and values and np.ndim(values[0]) == 2:
        msg = (
            f"{who}.{name} returned a list of {len(values)}, one for each output; score one "
            f"output at a time."
        )
        raise ValueError(msg)
    if name == "decision_function":
        _refuse_one_vs_one(estimator, classes)
    table = as_table(values, f"{name}(X)", anywhere=anywhere).in_order_of(classes)
    if table.n_classes != len(classes):
        msg = f"{who}.{name} returned {table.n_classes} columns for {len(classes)} classes_."
        raise ValueError(msg)
    array = table.array if table.order is None else table.array[:, table.order]
    return array, classes, name != "predict_proba"


def what_it_lacks(estimator: Any, names: tuple[str, ...]) -> str:
    """For the error: that an estimator has none of these methods, why, and the way out."""
    others = [name for name in METHODS if hasattr(estimator, name)]
    has = f"it has {' and '.join(others)}" if others else "it predicts no probabilities"
    reasons = [f"{reason}." for reason in _reasons(estimator, names)]
    way_out = "Pass a classifier with predict_proba."
    if "decision_function" in others:
        way_out = "RecalibratedClassifier makes probabilities of that: wrap it in one."
    said = f"{type(estimator).__name__} has no {' or '.join(names)}; {has}."
    return " ".join([said, *reasons, way_out])


def _reasons(estimator: Any, names: tuple[str, ...]) -> list[str]:
    """Why the estimator does not have what its class has, in its own words."""
    found = []
    for name in names:
        try:
            getattr(estimator, name)
        except AttributeError as error:
            if hasattr(type(estimator), name) and error.__cause__ is not None:
                found.append(str(error.__cause__).rstrip("."))
    return list(dict.fromkeys(found))


def _refuse_one_vs_one(estimator: Any, classes: NDArray[Any]) -> None:
    """With three classes there are three pairs of them, which would pass for the classes."""
    inner = estimator
    while hasattr(inner, "best_estimator_") or hasattr(inner, "steps"):
        inner = inner.best_estimator_ if hasattr(inner, "best_estimator_") else inner.steps[-1][1]
    if len(classes) > 2 and getattr(inner, "decision_function_shape", None) == "ovo":
        msg = (
            f"{type(inner).__name__} with decision_function_shape='ovo' gives one column for each "
            f"pair of classes; set it to 'ovr', which gives one for each class."
        )
        raise ValueError(msg)


def _classes_of(estimator: Any) -> NDArray[Any]:
    classes = getattr(estimator, "classes_", None)
    if classes is None:
        msg = (
            f"{type(estimator).__name__} has no classes_, so that nothing says which column "
            f"belongs to which class; scorers need a fitted classifier."
        )
        raise ValueError(msg)
    if isinstance(classes, list) and classes and np.ndim(classes[0]) > 0:
        msg = f"{type(estimator).__name__} has several outputs; score one output at a time."
        raise ValueError(msg)
    return check_labels(classes, "classes_")


def refuse_other_type(unseen: NDArray[Any], classes: NDArray[Any]) -> None:
    """Text beside numbers was not unseen: the labels were converted on the way."""
    for label in dict.fromkeys(unseen.tolist()):
        if why := uncomparable(label, classes.tolist()):
            msg = (
                f"y holds {label!r} where the estimator's classes_ hold labels of another type, "
                f"{shown(classes)}: {why} Pass labels of the type it was fitted with."
            )
            raise ValueError(msg)


def with_columns_for(
    extra: NDArray[Any], table: NDArray[Any], classes: NDArray[Any], from_logits: bool
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Predictions with a column of probability 0 for each class that was never seen."""
    b: Backend = backend_of(table, "y_proba") if is_elsewhere(table) else NUMPY
    if from_logits and dtype_of(table, "y_proba").kind in "iu":  # as of votes; none is infinite
        table = b.wide(table)
    if len(table.shape) == 1:  # the positive class alone
        own = b.wide(table)
        columns = [b.xp.full_like(own, 0.0) if from_logits else 1.0 - own, own]
    else:
        columns = [table[:, j] for j in range(table.shape[1])]
    columns += [b.xp.full_like(columns[0], -np.inf if from_logits else 0.0)] * len(extra)
    labels = np.array([*classes.tolist(), *extra.tolist()], dtype=object)
    order = np.arange(len(labels))
    if np.array_equal(np.argsort(classes, kind="stable"), np.arange(len(classes))):
        # A metric from elsewhere may rely on sorted labels.
        order = np.argsort(labels, kind="stable")
    table = b.xp.stack([columns[i] for i in order], axis=1)
    return as_labels(labels[order].tolist(), "labels"), table
