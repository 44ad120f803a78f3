"""Paired comparison of the log losses of several models."""

from skxent.comparison._accumulator import LogLossComparisonAccumulator
from skxent.comparison._comparison import LogLossComparison, compare_log_loss
from skxent.comparison._display import LogLossComparisonDisplay

__all__ = [
    "LogLossComparison",
    "LogLossComparisonAccumulator",
    "LogLossComparisonDisplay",
    "compare_log_loss",
]
