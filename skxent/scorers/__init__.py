"""Scorers for cross-validation and search that know the estimator's classes."""

from skxent.scorers._metric_scorer import make_scorer
from skxent.scorers._per_class import make_per_class_scorer
from skxent.scorers._ready_made import (
    get_scorer,
    get_scorer_names,
    log_loss_skill_scorer,
    neg_cross_entropy_scorer,
    neg_log_loss_bits_scorer,
    neg_log_loss_scorer,
    neg_macro_log_loss_scorer,
    neg_refinement_loss_scorer,
    neg_worst_class_log_loss_scorer,
)

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
