"""What an estimator predicts, and which class each of its columns belongs to."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skxent._labels import as_labels, check_labels, shown

__all__ = ["METHODS", "classes_of", "refuse_other_type", "response", "with_columns_for"]

METHODS = ("predict_proba", "predict_log_proba", "decision_function")


def response(estimator: Any, X: Any, methods: str | tuple[str, ...]) -> tuple[Any, bool]:
    """All columns that the first method at hand predicts, and whether they are logits."""
    names = (methods,) if isinstance(methods, str) else tuple(methods)
    for name in names:
        method = getattr(estimator, name, None)
        if method is None:
            continue
        values = method(X)
        if isinstance(values, list):
            msg = (
                f"{type(estimator).__name__}.{name} returned a list of {len(values)}, one for each "
                f"output; score one output at a time."
            )
            raise ValueError(msg)
        return values, name != "predict_proba"
    others = [name for name in METHODS if name not in names and hasattr(estimator, name)]
    advice = f"pass response_method={others[0]!r}" if others else "pass a probabilistic classifier"
    msg = f"{type(estimator).__name__} has no {' or '.join(names)}; {advice}."
    raise AttributeError(msg)


def classes_of(estimator: Any) -> NDArray[Any]:
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
    texts = {str(c) for c in classes.tolist()}
    known_types = {isinstance(c, str | bytes) for c in classes.tolist()}
    for label in set(unseen.tolist()):
        if str(label) in texts or isinstance(label, str | bytes) not in known_types:
            msg = (
                f"y holds {label!r} where the estimator's classes_ hold labels of another type, "
                f"{shown(classes)}; pass labels of the type it was fitted with."
            )
            raise ValueError(msg)


def with_columns_for(
    extra: NDArray[Any], values: Any, classes: NDArray[Any], from_logits: bool
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Predictions with a column of probability 0 for each class that was never seen."""
    table = np.asarray(values)
    if table.ndim == 1:  # the positive class alone
        other = np.zeros(len(table)) if from_logits else 1 - table
        table = np.column_stack([other, table])
    nothing = np.full((len(table), len(extra)), -np.inf if from_logits else 0.0)
    table = np.hstack([table, nothing.astype(table.dtype)])
    labels = np.array([*classes.tolist(), *extra.tolist()], dtype=object)
    if np.array_equal(np.argsort(classes, kind="stable"), np.arange(len(classes))):
        # A metric from elsewhere may rely on sorted labels.
        order = np.argsort(labels, kind="stable")
        labels, table = labels[order], table[:, order]
    return as_labels(labels.tolist(), "labels"), table
