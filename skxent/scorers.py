"""Scorers for cross-validation and search that know the estimator's classes."""

from __future__ import annotations

import copy
import inspect
import math
from collections.abc import Callable, Mapping
from typing import Any, overload

from numpy.typing import ArrayLike

from skxent._arguments import check_base, check_choice, check_eps
from skxent._estimators import METHODS
from skxent._labels import check_labels
from skxent._scoring import (
    MetricScorer,
    PerClassScorer,
    name_of,
    sign_of,
    worst_class_log_loss,
)
from skxent.metrics import cross_entropy, log_loss, log_loss_skill_score
from skxent.recalibration import refinement_loss

__all__ = [
    "get_scorer",
    "get_scorer_names",
    "log_loss_skill_scorer",
    "make_per_class_scorer",
    "make_scorer",
    "neg_cross_entropy_scorer",
    "neg_log_loss_bits_scorer",
    "neg_log_loss_scorer",
    "neg_macro_log_loss_scorer",
    "neg_refinement_loss_scorer",
    "neg_worst_class_log_loss_scorer",
]

# What the scorer itself passes to the metric.
_PASSED = {"labels", "sample_weight", "from_logits", "pos_label"}


def _check_methods(response_method: str | tuple[str, ...]) -> None:
    several = isinstance(response_method, list | tuple)
    names = response_method if several else (response_method,)
    if not names:
        msg = f"response_method must name at least one of {', '.join(METHODS)}."
        raise ValueError(msg)
    for name in names:
        check_choice(name, "response_method", METHODS)


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
    check_choice(unseen, "unseen", ("floor", "raise", "ignore"))
    _check_methods(response_method)
    if not callable(metric):
        msg = f"metric must be a function of labels and probabilities; got {metric!r}."
        raise ValueError(msg)
    sign = sign_of(metric)
    if greater_is_better is None and sign is None:
        msg = (
            f"greater_is_better must be given for {name_of(metric)}, which is not one of "
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


def make_per_class_scorer(
    labels: ArrayLike,
    *,
    base: float | None = math.e,
    eps: float = 2.0**-52,
    response_method: str | tuple[str, ...] = "predict_proba",
    unseen: str = "floor",
    key_format: str = "{name}[{label}]",
) -> PerClassScorer:
    r"""
    Make a scorer that returns the log loss overall and of each class.

    For `cross_validate`, and for `GridSearchCV` with ``refit="neg_log_loss"`` or another of
    its keys. The keys are the same in every fold, whatever classes the fold has:
    ``neg_log_loss``, ``neg_macro_log_loss`` (mean of the class means),
    ``neg_worst_class_log_loss`` and ``neg_log_loss[<label>]`` for each label, which is nan in
    a fold that has no row of that class.

    Parameters
    ----------
    labels : array-like of shape (n_classes,)
        All classes, as in ``numpy.unique(y)``.
    base : float or None, default=e
        Base of the logarithm: 2 gives bits, e or None nats.
    eps : float, default=2**-52
        Floor of the true class's probability, as in `log_loss`.
    response_method : str or tuple of str, default="predict_proba"
        What to ask the estimator for, as in `make_scorer`.
    unseen : {"floor", "raise", "ignore"}, default="floor"
        Rows whose class the estimator never saw, as in `make_scorer`.
    key_format : str, default="{name}[{label}]"
        Format string of the keys of single classes, with the fields ``name`` (which is
        "neg_log_loss"), ``label``, ``safe_label`` (letters, digits, ``_``, ``-`` and ``.``, with
        ``_`` in the place of all others) and ``index`` (the place in `labels`). MLflow and other
        trackers refuse brackets, and take ``"{name}_{safe_label}"``.

    Returns
    -------
    scorer : callable
        ``scorer(estimator, X, y, sample_weight=None)`` returning a dict of floats.

    Raises
    ------
    ValueError
        If an argument is not one of its choices, labels repeat, or two classes have the same
        key.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skxent import make_per_class_scorer
    >>> X, y = load_iris(return_X_y=True)
    >>> scorer = make_per_class_scorer([0, 1, 2], base=2)
    >>> for key in scorer(LogisticRegression(max_iter=1000).fit(X, y), X, y):
    ...     print(key)
    neg_log_loss
    neg_macro_log_loss
    neg_worst_class_log_loss
    neg_log_loss[0]
    neg_log_loss[1]
    neg_log_loss[2]

    Keys that trackers take:

    >>> scorer = make_per_class_scorer(["a", "b"], key_format="{name}_{safe_label}")
    >>> list(scorer(LogisticRegression().fit([[0], [1]], ["a", "b"]), [[0], [1]], ["a", "b"]))[3:]
    ['neg_log_loss_a', 'neg_log_loss_b']
    """
    check_labels(labels)
    check_base(base)
    check_eps(eps)
    check_choice(unseen, "unseen", ("floor", "raise", "ignore"))
    _check_methods(response_method)
    return PerClassScorer(
        labels,
        base=base,
        eps=eps,
        response_method=response_method,
        unseen=unseen,
        key_format=key_format,
    )


neg_log_loss_scorer = make_scorer(log_loss)
neg_log_loss_bits_scorer = make_scorer(log_loss, base=2)
neg_macro_log_loss_scorer = make_scorer(log_loss, average="macro")
neg_worst_class_log_loss_scorer = make_scorer(worst_class_log_loss)
neg_cross_entropy_scorer = make_scorer(cross_entropy)
log_loss_skill_scorer = make_scorer(log_loss_skill_score)
neg_refinement_loss_scorer = make_scorer(refinement_loss)

_READY_MADE = {
    "log_loss_skill": log_loss_skill_scorer,
    "neg_cross_entropy": neg_cross_entropy_scorer,
    "neg_log_loss": neg_log_loss_scorer,
    "neg_log_loss_bits": neg_log_loss_bits_scorer,
    "neg_macro_log_loss": neg_macro_log_loss_scorer,
    "neg_refinement_loss": neg_refinement_loss_scorer,
    "neg_worst_class_log_loss": neg_worst_class_log_loss_scorer,
}


def get_scorer_names() -> list[str]:
    """
    Names of the ready-made scorers, sorted.

    Returns
    -------
    list of str
        Names that `get_scorer` takes.

    Examples
    --------
    >>> from skxent import get_scorer_names
    >>> "neg_log_loss_bits" in get_scorer_names()
    True
    """
    return sorted(_READY_MADE)


@overload
def get_scorer(scoring: str) -> MetricScorer: ...
@overload
def get_scorer(scoring: Callable[..., Any]) -> Callable[..., Any]: ...
def get_scorer(scoring: str | Callable[..., Any]) -> Callable[..., Any]:
    """
    Ready-made scorer of that name.

    Parameters
    ----------
    scoring : str or callable
        One of `get_scorer_names`; a callable is returned as it is.

    Returns
    -------
    scorer : callable
        A copy, so that a request for metadata on it does not reach others.

    Raises
    ------
    ValueError
        If there is no scorer of that name.

    Examples
    --------
    >>> from skxent import get_scorer
    >>> get_scorer("neg_log_loss_bits")
    make_scorer(log_loss, base=2)
    """
    if callable(scoring):
        return scoring
    if not isinstance(scoring, str) or scoring not in _READY_MADE:
        msg = f"scoring must be one of {', '.join(get_scorer_names())}; got {scoring!r}."
        raise ValueError(msg)
    return copy.deepcopy(_READY_MADE[scoring])
