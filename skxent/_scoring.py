"""What a scorer does: ask the estimator, match its classes with the labels, call the metric."""

from __future__ import annotations

import copy
import functools
import inspect
import math
import re
import string
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
    "sign_of",
    "worst_class_log_loss",
]

_EPS = 2.0**-52
_KEY_FORMAT = "{name}[{label}]"
_OVERALL = ("neg_log_loss", "neg_macro_log_loss", "neg_worst_class_log_loss")


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


def sign_of(metric: Callable[..., Any]) -> bool | None:
    """Whether greater is better, if the metric is one of skxent's."""
    # By identity: the metric of another library need be neither hashable nor comparable.
    return next((sign for known, sign in GREATER_IS_BETTER.items() if known is metric), None)


class _ClassifierScorer:
    """
    What all scorers share: the call, the routing of weights, and the predictions.

    Not an estimator: it would be taken for one in the parameters and the text of a search.
    """

    response_method: str | tuple[str, ...]
    unseen: str
    _weight_request: bool | str | None = None

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
            self._request_for(sample_weight)  # an error if it is no request
            self._weight_request = sample_weight
        return self

    def get_metadata_routing(self) -> MetadataRequest:
        """
        Metadata that this scorer asks for, for scikit-learn's routing.

        Returns
        -------
        MetadataRequest
            A new one each time.
        """
        return self._request_for(self._weight_request)

    def _request_for(self, alias: bool | str | None) -> MetadataRequest:
        # Never kept: other packages add methods to scikit-learn's routing when they are imported,
        # which a request that is older than that would lack.
        request = MetadataRequest(owner=repr(self))
        request.score.add_request(param="sample_weight", alias=alias)
        return request

    def __sklearn_clone__(self) -> Self:
        """Copy of a scorer, which has no fitted state to leave behind."""
        return copy.deepcopy(self)

    def _rows(
        self, estimator: Any, X: Any, y: ArrayLike, sample_weight: ArrayLike | None
    ) -> tuple[ScoredRows, NDArray[Any], bool]:
        """Rows to score, the labels of the columns, and whether predictions are logits."""
        values, classes, from_logits = predictions(
            estimator, X, self.response_method, anywhere=True
        )
        found = ScoredRows.of(y, values, sample_weight, classes).without_void_rows()
        if found.n_unseen == 0:
            return found, classes, from_logits
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
            return found.seen_only(), classes, from_logits
        known, values = with_columns_for(extra, found.values, classes, from_logits)
        return ScoredRows.of(found.y, values, found.weight, known), known, from_logits


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
        sign = sign_of(metric)
        self._sign = 1.0 if (greater_is_better if sign is None else sign) else -1.0
        # What classes are called is nothing to skxent's metrics, but for a prior that names them.
        self._takes_codes = sign is not None and "reference" not in (metric_params or {})
        self.__name__ = _scorer_name(metric, self._sign > 0, metric_params or {})

    def __call__(
        self, estimator: Any, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> float:
        """Score of a fitted classifier on `X` and `y`; greater is better."""
        rows, labels, from_logits = self._rows(estimator, X, y, sample_weight)
        params, y_true = dict(self.metric_params or {}), rows.y
        if self._takes_codes:  # which need not be found a second time
            y_true, labels = rows.codes, np.arange(len(labels))
        params["labels"] = labels
        if from_logits:
            params["from_logits"] = True
        if rows.weight is not None:
            params["sample_weight"] = rows.weight
        value = self.metric(y_true, rows.values, **params)
        if np.ndim(value) != 0:
            msg = (
                f"{name_of(self.metric)} returned {np.size(value)} numbers and a scorer needs one; "
                f"for one score a class use make_per_class_scorer."
            )
            raise ValueError(msg)
        return self._sign * float(value)

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
        key_format: str = _KEY_FORMAT,
    ) -> None:
        self.labels = labels
        self.base = base
        self.eps = eps
        self.response_method = response_method
        self.unseen = unseen
        self.key_format = key_format
        self._keys = keys_of(check_labels(labels), key_format)
        self.__name__ = f"neg_log_loss_per_class{_unit(base)}"

    def __call__(
        self, estimator: Any, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> dict[str, float]:
        """Scores of a fitted classifier on `X` and `y`, by name; greater is better."""
        wanted = check_labels(self.labels)
        rows, known, from_logits = self._rows(estimator, X, y, sample_weight)
        place = encode(known, wanted)
        if (place < 0).any():
            msg = (
                f"labels must hold every class of the estimator and of y; "
                f"{shown(known[place < 0])} is not among {shown(wanted)}."
            )
            raise ValueError(msg)
        checked = check_labelled(
            rows.codes,
            rows.values,
            labels=np.arange(len(known)),
            sample_weight=rows.weight,
            from_logits=from_logits,
        )
        losses, kernels = floored_losses(checked, check_eps(self.eps)), checked.proba.kernels
        total, weight_of = np.zeros(len(wanted)), np.zeros(len(wanted))
        total[place] = kernels.class_sums(losses, checked.codes, len(known), checked.weight)
        weight_of[place] = kernels.class_weights(checked.codes, len(known), checked.weight)
        total /= -check_base(self.base)
        means = np.full(len(wanted), np.nan)
        np.divide(total, weight_of, out=means, where=weight_of > 0)
        overall = (total.sum() / weight_of.sum(), np.nanmean(means), np.nanmin(means))
        scores = dict(zip(_OVERALL, map(float, overall), strict=True))
        return scores | dict(zip(self._keys, means.tolist(), strict=True))

    def __repr__(self) -> str:
        labels = shown(check_labels(self.labels))
        return _call("make_per_class_scorer", labels, self, {})


def keys_of(labels: NDArray[Any], key_format: str) -> tuple[str, ...]:
    """The key of each label's score, all of them different."""
    owners: dict[str, Any] = dict.fromkeys(_OVERALL)
    for i, label in enumerate(labels.tolist()):
        key = _key(label, i, key_format)
        if key in owners:
            whose = "the score of all classes" if key in _OVERALL else repr(owners[key])
            msg = (
                f"key_format={key_format!r} gives {label!r} and {whose} the same key, {key!r}; "
                f"write {{index}} into it, which is another number for each label."
            )
            raise ValueError(msg)
        owners[key] = label
    return tuple(owners)[len(_OVERALL) :]


def _key(label: Any, index: int, key_format: str) -> str:
    fields = {
        "name": _OVERALL[0],
        "label": label,
        "safe_label": re.sub(r"[^\w.-]", "_", str(label)),
        "index": index,
    }
    try:
        found = [field for _, field, _, _ in string.Formatter().parse(key_format)]
        unknown = [field for field in found if field is not None and field not in fields]
        if not unknown:
            return key_format.format(**fields)
        reason = f"there is no field {unknown[0]!r}"
    except (TypeError, ValueError, IndexError) as error:
        reason = str(error)
    msg = (
        f"key_format must be a format string of the fields {', '.join(fields)}, such as "
        f"'{{name}}_{{safe_label}}'; got {key_format!r}: {reason}."
    )
    raise ValueError(msg)


def name_of(metric: Callable[..., Any]) -> str:
    """What a metric is called, also if it is a partial one."""
    return str(getattr(metric, "__name__", repr(metric)))


def _scorer_name(
    metric: Callable[..., Any], greater_is_better: bool, params: Mapping[str, Any]
) -> str:
    """What displays and trackers call a scorer: ``neg_log_loss_bits``."""
    inner = metric
    while isinstance(inner, functools.partial):
        inner = inner.func
    name = str(getattr(inner, "__name__", type(inner).__name__)).strip("<>")
    if sign_of(metric) is not None:
        name = name.removesuffix("_score") + _unit(params.get("base"))
        name = f"macro_{name}" if params.get("average") == "macro" else name
    return name if greater_is_better else f"neg_{name}"


def _unit(base: float | None) -> str:
    """The end of a name that says in which unit the score is, if it is not in nats."""
    if base is None or base == math.e:
        return ""
    return "_bits" if base == 2 else f"_base_{float(base):g}"


def _call(maker: str, first: str, scorer: _ClassifierScorer, params: dict[str, Any]) -> str:
    """The call that makes this scorer, without what is left at its default."""
    for name, parameter in inspect.signature(type(scorer).__init__).parameters.items():
        if name in {"self", "metric", "labels", "metric_params"}:
            continue
        value = getattr(scorer, name)
        if value != parameter.default:
            params[name] = value
    return f"{maker}({', '.join([first, *(f'{k}={v!r}' for k, v in params.items())])})"
