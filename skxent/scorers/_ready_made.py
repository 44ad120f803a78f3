"""Scorers that are ready-made, and what they are called."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, overload

from skxent.metrics import cross_entropy, log_loss, log_loss_skill_score
from skxent.recalibration import refinement_loss
from skxent.scorers._known_metrics import worst_class_log_loss
from skxent.scorers._metric_scorer import MetricScorer, make_scorer

__all__ = [
    "get_scorer",
    "get_scorer_names",
    "log_loss_skill_scorer",
    "neg_cross_entropy_scorer",
    "neg_log_loss_bits_scorer",
    "neg_log_loss_scorer",
    "neg_macro_log_loss_scorer",
    "neg_refinement_loss_scorer",
    "neg_worst_class_log_loss_scorer",
]

neg_log_loss_scorer = make_scorer(log_loss)
neg_log_loss_bits_scorer = make_scorer(log_loss, base=2)
neg_macro_log_loss_scorer = make_scorer(log_loss, average="macro")
neg_worst_class_log_loss_scorer = make_scorer(worst_class_log_loss)
neg_cross_entropy_scorer = make_scorer(cross_entropy)
log_loss_skill_scorer = make_scorer(log_loss_skill_score)
neg_refinement_loss_scorer = make_scorer(refinement_loss)

_READY_MADE = {
    scorer.__name__: scorer
    for scorer in (
        neg_log_loss_scorer,
        neg_log_loss_bits_scorer,
        neg_macro_log_loss_scorer,
        neg_worst_class_log_loss_scorer,
        neg_cross_entropy_scorer,
        log_loss_skill_scorer,
        neg_refinement_loss_scorer,
    )
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
