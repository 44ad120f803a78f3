"""Checks that others can run on their classifiers, scorers and metrics."""

from skxent.testing._classifier import (
    check_probabilistic_classifier,
    parametrize_with_probability_checks,
)
from skxent.testing._metric import check_metric
from skxent.testing._scorer import check_scorer

__all__ = [
    "check_metric",
    "check_probabilistic_classifier",
    "check_scorer",
    "parametrize_with_probability_checks",
]
