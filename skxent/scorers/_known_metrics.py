"""The metrics that scorers know: which of them are losses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from skxent._intake._foreign import fetched, is_foreign
from skxent.metrics import (
    cross_entropy,
    js_divergence,
    kl_divergence,
    log_loss,
    log_loss_skill_score,
    perplexity,
)
from skxent.recalibration import refinement_loss

__all__ = ["GREATER_IS_BETTER", "name_of", "sign_of", "worst_class_log_loss"]


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


def name_of(metric: Callable[..., Any]) -> str:
    """What a metric is called, also if it is a partial one."""
    return str(getattr(metric, "__name__", repr(metric)))
