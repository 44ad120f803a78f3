"""skxent: the log-loss toolkit of the scikit-learn world."""

from skxent.metrics import (
    cross_entropy,
    entropy,
    js_divergence,
    kl_divergence,
    label_entropy,
    log_loss,
    log_loss_skill_score,
    perplexity,
)

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
