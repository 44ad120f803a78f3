"""Entropy, cross-entropy, divergences and log loss."""

from skxent.metrics._cross_entropy import cross_entropy, perplexity
from skxent.metrics._divergences import js_divergence, kl_divergence
from skxent.metrics._entropy import entropy, label_entropy
from skxent.metrics._log_loss import log_loss, log_loss_skill_score

__all__ = [
    "cross_entropy",
    "entropy",
    "js_divergence",
    "kl_divergence",
    "label_entropy",
    "log_loss",
    "log_loss_skill_score",
    "perplexity",
]
