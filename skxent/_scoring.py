"""What a scorer does: ask the estimator, match its classes with the labels, call the metric."""

from __future__ import annotations

import inspect
import math
import warnings
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.metadata_routing import UNUSED

from skxent._arguments import check_base, check_eps, check_weight
from skxent._inputs import check_labelled, check_labels
from skxent._kernels import class_sums, class_weights
from skxent._labels import as_labels, distinct, encode, shown
from skxent.metrics._log_loss import floored_losses

__all__ = ["METHODS", "MetricScorer", "PerClassScorer"]

METHODS = ("predict_proba", "predict_log_proba", "decision_function")
_EPS = 2.0**-52


def _response(estimator: Any, X: Any, methods: str | tuple[str, ...]) -> tuple[Any, bool]:
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


def _classes(estimator: Any) -> NDArray[Any]:
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


def _refuse_other_type(unseen: NDArray[Any], classes: NDArray[Any]) -> None:
    """A class that looks the same but has another type was not unseen: it was converted."""
    for label in set(unseen.tolist()):
        if str(label) in {str(c) for c in classes.tolist()}:
            msg = (
                f"y holds {label!r} where the estimator's classes_ hold the same as another type, "
                f"{shown(classes)}; pass labels of the type it was fitted with."
            )
            raise ValueError(msg)


def _with_columns_for(
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


class _ClassifierScorer(BaseEstimator):  # type: ignore[misc]
    """What all scorers share: the call, the routing of weights, and the response."""

    # `estimator` is an argument of the scorer, and no metadata that could be routed.
    __metadata_request__score: ClassVar[dict[str, Any]] = {"estimator": UNUSED}

    response_method: str | tuple[str, ...]
    unseen: str

    def __call__(
        self, estimator: Any, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Any:
        return self.score(estimator, X, y, sample_weight=sample_weight)

    def score(
        self, estimator: Any, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Any:
        raise NotImplementedError

    def _rows(
        self, estimator: Any, X: Any, y: ArrayLike, sample_weight: ArrayLike | None
    ) -> tuple[NDArray[Any], Any, NDArray[Any], Any, bool]:
        """Labels, predictions, the columns' labels, weights, and whether they are logits."""
        array = as_labels(y, "y")
        weight = check_weight(sample_weight, len(array))
        values, from_logits = _response(estimator, X, self.response_method)
        classes = _classes(estimator)
        unseen = encode(array, classes) < 0
        if not unseen.any():
            return array, values, classes, weight, from_logits
        _refuse_other_type(array[unseen], classes)
        extra = distinct(array[unseen], "y")
        who = f"{type(estimator).__name__} never saw {shown(extra)}, the classes of {unseen.sum()}"
        if self.unseen == "raise":
            msg = (
                f"{who} of {len(array)} rows; its classes_ are {shown(classes)}. Stratify the "
                f'splits, or pass unseen="floor" or unseen="ignore".'
            )
            raise ValueError(msg)
        if self.unseen == "ignore":
            if unseen.all():
                msg = f'{who} rows, which is all of them: unseen="ignore" leaves none to score.'
                raise ValueError(msg)
            warnings.warn(f"{who} of {len(array)} rows; they are left out.", stacklevel=4)
            kept = ~unseen
            weight = None if weight is None else weight[kept]
            return array[kept], np.asarray(values)[kept], classes, weight, from_logits
        values, known = _with_columns_for(extra, values, classes, from_logits)
        return array, values, known, weight, from_logits


class MetricScorer(_ClassifierScorer):
    """A metric as a scorer; made by `make_scorer`."""

    def __init__(
        self,
        metric: Callable[..., Any],
        *,
        greater_is_better: bool = False,
        response_method: str | tuple[str, ...] = "predict_proba",
        unseen: str = "floor",
        metric_params: Mapping[str, Any] | None = None,
    ) -> None:
        self.metric = metric
        self.greater_is_better = greater_is_better
        self.response_method = response_method
        self.unseen = unseen
        self.metric_params = metric_params

    def score(
        self, estimator: Any, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> float:
        """Score of a fitted classifier on `X` and `y`; greater is better."""
        y_true, values, labels, weight, from_logits = self._rows(estimator, X, y, sample_weight)
        params = dict(self.metric_params or {}, labels=labels)
        if from_logits:
            params["from_logits"] = True
        if weight is not None:
            params["sample_weight"] = weight
        value = self.metric(y_true, values, **params)
        if np.ndim(value) != 0:
            msg = (
                f"{self.metric.__name__} returned {np.size(value)} numbers and a scorer needs one; "
                f"for one score a class use make_per_class_scorer."
            )
            raise ValueError(msg)
        return float(value) if self.greater_is_better else -float(value)

    def __repr__(self) -> str:
        name = getattr(self.metric, "__name__", repr(self.metric))
        return _call("make_scorer", name, self, dict(self.metric_params or {}))


class PerClassScorer(_ClassifierScorer):
    """Log loss overall and of each class; made by `make_per_class_scorer`."""

    def __init__(
        self,
        labels: ArrayLike,
        *,
        base: float | None = math.e,
        eps: float = _EPS,
        response_method: str | tuple[str, ...] = "predict_proba",
        unseen: str = "floor",
    ) -> None:
        self.labels = labels
        self.base = base
        self.eps = eps
        self.response_method = response_method
        self.unseen = unseen

    def score(
        self, estimator: Any, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> dict[str, float]:
        """Scores of a fitted classifier on `X` and `y`, by name; greater is better."""
        wanted = check_labels(self.labels)
        y_true, values, known, weight, from_logits = self._rows(estimator, X, y, sample_weight)
        place = encode(known, wanted)
        if (place < 0).any():
            msg = (
                f"labels must hold every class of the estimator and of y; "
                f"{shown(known[place < 0])} is not among {shown(wanted)}."
            )
            raise ValueError(msg)
        rows = check_labelled(
            y_true, values, labels=known, sample_weight=weight, from_logits=from_logits
        )
        losses = floored_losses(rows, check_eps(self.eps))
        total, weight_of = np.zeros(len(wanted)), np.zeros(len(wanted))
        total[place] = class_sums(losses, rows.codes, len(known), weight)
        weight_of[place] = class_weights(rows.codes, len(known), weight)
        total /= -check_base(self.base)
        means = np.full(len(wanted), np.nan)
        np.divide(total, weight_of, out=means, where=weight_of > 0)
        scores = {
            "neg_log_loss": float(total.sum() / weight_of.sum()),
            "neg_macro_log_loss": float(np.nanmean(means)),
            "neg_worst_class_log_loss": float(np.nanmin(means)),
        }
        names = [f"neg_log_loss[{label}]" for label in wanted.tolist()]
        return scores | dict(zip(names, means.tolist(), strict=True))

    def __repr__(self) -> str:
        labels = shown(check_labels(self.labels))
        return _call("make_per_class_scorer", labels, self, {})


def _call(maker: str, first: str, scorer: _ClassifierScorer, params: dict[str, Any]) -> str:
    """The call that makes this scorer, without what is left at its default."""
    defaults = inspect.signature(type(scorer).__init__).parameters
    for name, value in scorer.get_params(deep=False).items():
        default = defaults[name].default
        if name not in {"metric", "labels", "metric_params"} and value != default:
            params[name] = value
    return f"{maker}({', '.join([first, *(f'{k}={v!r}' for k, v in params.items())])})"
