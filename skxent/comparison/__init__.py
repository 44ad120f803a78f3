"""Paired comparison of the log losses of several models."""

from skxent.comparison._comparison import LogLossComparison, compare_log_loss

__all__ = ["LogLossComparison", "compare_log_loss"]
