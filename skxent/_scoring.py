"""What a scorer does: ask the estimator, match its classes with the labels, call the metric."""

from __future__ import annotations

import copy
import inspect
import math
import warnings
from collections.abc import Callable, Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn import get_config
from sklearn.utils.metadata_routing import UNCHANGED, MetadataRequest

from skxent._arguments import check_base, check_eps
from skxent._arrays import fetched, is_foreign
from skxent._dispatch import check_labelled
from skxent._estimators import predictions, refuse_other_type, with_columns_for
from skxent._labels import check_labels, encode, shown
from skxent._scored_rows import ScoredRows
from skxent.metrics import (
    cross_entropy,
    js_divergence,
    kl_divergence,
    log_loss,
    log_loss_skill_score,
    perplexity,
)
from skxent.metrics._log_loss import floored_losses
from skxent.recalibration import refinement_loss

__all__ = [
    "GREATER_IS_BETTER",
    "MetricScorer",
    "PerClassScorer",
    "name_of",
    "worst_class_log_loss",
]

_EPS = 2.0**-52


def worst_class_log_loss(y_true: ArrayLike, y_proba: ArrayLike, **params: Any) -> float:
    """Mean log loss of the class that has the largest."""
    losses = log_loss(y_true, y_proba, average=None, **params)
    return float(np.nanmax(fetched(losses, "losses") if is_foreign(losses) else losses))


GREATER_IS_BETTER: dict[Callable[..., Any], bool] = {
    cross_entropy: False,
    js_divergence: False,
    kl_divergence: False,
    log_loss: False,
    log_loss_skill_score: True,
    perplexity: False,
    refinement_loss: False,
    worst_class_log_loss: False,
}


class _ClassifierScorer:
    """
    What all scorers share: the call, the routing of weights, and the predictions.

    Not an estimator: it would be taken for one in the parameters and the text of a search.
    """

    response_method: str | tuple[str, ...]
    unseen: str

    def __init__(self) -> None:
        self._request = MetadataRequest(owner=repr(self))
        self._request.score.add_request(param="sample_weight", alias=None)

    def __call__(
        self, estimator: Any, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Any:
        raise NotImplementedError

    def set_score_request(self, *, sample_weight: bool | str | None = UNCHANGED) -> Self:
        """
        Say whether this scorer wants `sample_weight` when metadata is routed.

        Parameters
        ----------
        sample_weight : bool, str or None, default=UNCHANGED
            True: pass it; False: do not; None: raise an error if it is there; a name: pass
            what has that name.

        Returns
        -------
        self : object
            The scorer itself.

        Raises
        ------
        RuntimeError
            If metadata routing is not enabled.
        """
        if not get_config()["enable_metadata_routing"]:
            msg = (
                "set_score_request needs metadata routing: "
                "sklearn.set_config(enable_metadata_routing=True)."
            )
            raise RuntimeError(msg)
        if sample_weight != UNCHANGED:
            self._request.score.add_request(param="sample_weight", alias=sample_weight)
        return self

    def get_metadata_routing(self) -> MetadataRequest:
        """
        Metadata that this scorer asks for, for scikit-learn's routing.

        Returns
        -------
        MetadataRequest
            A copy.
        """
        return copy.deepcopy(self._request)

    def __sklearn_clone__(self) -> Self:
        """Copy of a scorer, which has no fitted state to leave behind."""
        return copy.deepcopy(self)

    def _rows(
        self, estimator: Any, X: Any, y: ArrayLike, sample_weight: ArrayLike | None
    ) -> tuple[Any, Any, NDArray[Any], Any, bool]:
        """Labels, predictions, labels of the columns, weights, and whether these are logits."""
        values, classes, from_logits = predictions(
            estimator, X, self.response_method, anywhere=True
        )
        found = ScoredRows.of(y, values, sample_weight, classes).without_void_rows()
        if found.n_unseen == 0:
            return found.y, found.values, classes, found.weight, from_logits
        extra = found.unseen_labels()
        refuse_other_type(extra, classes)
        who = (
            f"{type(estimator).__name__} never saw {shown(extra)}, the classes of {found.n_unseen}"
        )
        if self.unseen == "raise":
            msg = (
                f"{who} of {found.n_rows} rows; its classes_ are {shown(classes)}. Stratify the "
                f'splits, or pass unseen="floor" or unseen="ignore".'
            )
            raise ValueError(msg)
        if self.unseen == "ignore":
            if found.n_unseen == found.n_rows:
                msg = f'{who} rows, which is all of them: unseen="ignore" leaves none to score.'
                raise ValueError(msg)
            warnings.warn(f"{who} of {found.n_rows} rows; they are left out.", stacklevel=3)
            kept = found.seen_only()
            return kept.y, kept.values, classes, kept.weight, from_logits
        known, values = with_columns_for(extra, found.values, classes, from_logits)
        return found.y, values, known, found.weight, from_logits


class MetricScorer(_ClassifierScorer):
    """A metric as a scorer; made by `make_scorer`."""

    def __init__(
        self,
        metric: Callable[..., Any],
        *,
        greater_is_better: bool | None = None,
        response_method: str | tuple[str, ...] = "predict_proba",
        unseen: str = "floor",
        metric_params: Mapping[str, Any] | None = None,
    ) -> None:
        self.metric = metric
        self.greater_is_better = greater_is_better
        self.response_method = response_method
        self.unseen = unseen
        self.metric_params = metric_params
        super().__init__()

    def __call__(
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
                f"{name_of(self.metric)} returned {np.size(value)} numbers and a scorer needs one; "
                f"for one score a class use make_per_class_scorer."
            )
            raise ValueError(msg)
        greater_is_better = GREATER_IS_BETTER.get(self.metric, self.greater_is_better)
        return float(value) if greater_is_better else -float(value)

    def __repr__(self) -> str:
        return _call("make_scorer", name_of(self.metric), self, dict(self.metric_params or {}))


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
        super().__init__()

    def __call__(
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
        losses, kernels = floored_losses(rows, check_eps(self.eps)), rows.proba.kernels
        total, weight_of = np.zeros(len(wanted)), np.zeros(len(wanted))
        total[place] = kernels.class_sums(losses, rows.codes, len(known), rows.weight)
        weight_of[place] = kernels.class_weights(rows.codes, len(known), rows.weight)
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


def name_of(metric: Callable[..., Any]) -> str:
    """What a metric is called, also if it is a partial one."""
    return str(getattr(metric, "__name__", repr(metric)))


def _call(maker: str, first: str, scorer: _ClassifierScorer, params: dict[str, Any]) -> str:
    """The call that makes this scorer, without what is left at its default."""
    for name, parameter in inspect.signature(type(scorer).__init__).parameters.items():
        if name in {"self", "metric", "labels", "metric_params"}:
            continue
        value = getattr(scorer, name)
        if value != parameter.default:
            params[name] = value
    return f"{maker}({', '.join([first, *(f'{k}={v!r}' for k, v in params.items())])})"
