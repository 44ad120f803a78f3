"""A metric as a scorer."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from skxent._intake._arguments import check_base, check_choice, check_eps
from skxent.scorers._known_metrics import name_of, sign_of
from skxent.scorers._scorer import ClassifierScorer, call_text, check_requests, unit_suffix

__all__ = ["MetricScorer", "make_scorer"]

# What the scorer itself passes to the metric.
_PASSED = {"labels", "sample_weight", "from_logits", "pos_label"}


class MetricScorer(ClassifierScorer):
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
        if not isinstance(value, float) and np.ndim(value) != 0:
            msg = (
                f"{name_of(self.metric)} returned {np.size(value)} numbers and a scorer needs one; "
                f"for one score a class use make_per_class_scorer."
            )
            raise ValueError(msg)
        return self._sign * float(value)

    def __repr__(self) -> str:
        return call_text("make_scorer", name_of(self.metric), self, dict(self.metric_params or {}))


def _scorer_name(
    metric: Callable[..., Any], greater_is_better: bool, params: Mapping[str, Any]
) -> str:
    """What displays and trackers call a scorer: ``neg_log_loss_bits``."""
    inner = metric
    while isinstance(inner, functools.partial):
        inner = inner.func
    name = str(getattr(inner, "__name__", type(inner).__name__)).strip("<>")
    if sign_of(metric) is not None:
        name = name.removesuffix("_score") + unit_suffix(params.get("base"))
        name = f"macro_{name}" if params.get("average") == "macro" else name
    return name if greater_is_better else f"neg_{name}"


def make_scorer(
    metric: Callable[..., Any],
    *,
    response_method: str | tuple[str, ...] = "predict_proba",
    unseen: str = "floor",
    greater_is_better: bool | None = None,
    **metric_params: Any,
) -> MetricScorer:
    r"""
    Make a scorer from a metric of labels and probabilities.

    The scorer asks the estimator for the columns of all classes and tells the metric what
    they are, as ``labels=estimator.classes_``: no column is matched by its position, also
    where a fold lacks a class. Greater is better: a loss is negated.

    Parameters
    ----------
    metric : callable
        ``metric(y_true, y_proba, *, labels, sample_weight, ...)`` returning a number: one of
        skxent's metrics, or another that takes `labels` as the labels of the columns. It gets
        all columns, also of two classes.
    response_method : str or tuple of str, default="predict_proba"
        What to ask the estimator for: "predict_proba", "predict_log_proba" or
        "decision_function", or several in order of preference. All but probabilities are
        passed on with ``from_logits=True``.
    unseen : {"floor", "raise", "ignore"}, default="floor"
        Rows whose class the estimator never saw in training: "floor" gives the class
        probability 0, so that `log_loss` takes ``-log(eps)`` for such a row; "raise" is an
        error; "ignore" leaves the rows out, with a warning that says how many.
    greater_is_better : bool, default=None
        Whether the metric is a score (True) or a loss. Known for skxent's metrics, and
        needed for others.
    **metric_params : dict
        Further arguments of the metric, such as ``base=2``.

    Returns
    -------
    scorer : callable
        ``scorer(estimator, X, y, sample_weight=None)``. It can be cloned and pickled, and
        with metadata routing enabled `set_score_request` asks for weights. Its ``__name__``, by
        which displays and trackers call it, is made of the metric's: ``neg_log_loss_bits``.

    Raises
    ------
    ValueError
        If an argument is not one of its choices, or the metric cannot be told the labels of
        the columns.
    TypeError
        If the metric has no such parameter.

    See Also
    --------
    make_per_class_scorer : Scores of each class, for `cross_validate`.
    get_scorer_names : Names of the scorers that are ready-made.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.model_selection import cross_val_score
    >>> from skxent import log_loss, make_scorer
    >>> X, y = load_iris(return_X_y=True)
    >>> bits = make_scorer(log_loss, base=2)
    >>> bits
    make_scorer(log_loss, base=2)
    >>> bool((cross_val_score(LogisticRegression(max_iter=1000), X, y, scoring=bits) < 0).all())
    True
    """
    check_requests(response_method, unseen)
    if not callable(metric):
        msg = f"metric must be a function of labels and probabilities; got {metric!r}."
        raise ValueError(msg)
    sign = sign_of(metric)
    if greater_is_better is None and sign is None:
        where = str(getattr(metric, "__module__", "") or "").split("._")[0]
        of = f" of {where}" if where else ""  # scikit-learn has a log_loss as well
        msg = (
            f"greater_is_better must be given for {name_of(metric)}{of}, which is not one of "
            f"skxent's metrics: True for a score, False for a loss."
        )
        raise ValueError(msg)
    if greater_is_better is not None and sign not in (None, greater_is_better):
        msg = f"greater_is_better={greater_is_better} is wrong for {name_of(metric)}; leave it out."
        raise ValueError(msg)
    _check_metric_params(metric, metric_params, response_method)
    return MetricScorer(
        metric,
        greater_is_better=greater_is_better,
        response_method=response_method,
        unseen=unseen,
        metric_params=metric_params,
    )


def _check_metric_params(
    metric: Callable[..., Any], params: dict[str, Any], response_method: str | tuple[str, ...]
) -> None:
    known = _parameters_of(metric)
    takes_all = any(p.kind is p.VAR_KEYWORD for p in known.values())
    if not takes_all and "labels" not in known:
        msg = (
            f"metric must take labels=, the label of each column of y_proba; "
            f"{name_of(metric)} does not, so that it would match columns by position."
        )
        raise ValueError(msg)
    if not takes_all and "from_logits" not in known and response_method != "predict_proba":
        msg = (
            f"{name_of(metric)} takes no from_logits=, so that its scorer needs "
            f'response_method="predict_proba"; got {response_method!r}.'
        )
        raise ValueError(msg)
    for name in params:
        if name in _PASSED:
            msg = f"{name} is passed to the metric by the scorer itself; leave it out."
            raise ValueError(msg)
        if not takes_all and name not in known:
            msg = f"{name_of(metric)} has no parameter {name}; it has {', '.join(known)}."
            raise TypeError(msg)
    if sign_of(metric) is not None:
        check_base(params.get("base"))
        check_eps(params.get("eps", 0.0))
        check_choice(params.get("average", "micro"), "average", ("micro", "macro", None))
        check_choice(params.get("reduction", "mean"), "reduction", ("mean", "sum", "none"))
        if params.get("average", "micro") is None or params.get("reduction") == "none":
            msg = (
                "A scorer returns one number, and average=None or reduction='none' would give "
                "several; for one score a class use make_per_class_scorer."
            )
            raise ValueError(msg)


def _parameters_of(metric: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    """By name; none for a function written in C that does not say."""
    call = type(metric).__call__
    try:
        # `signature` compares an object with others, which it need not be able to.
        return inspect.signature(call if inspect.isfunction(call) else metric).parameters
    except (TypeError, ValueError):
        return {}
