"""Paired comparison of the log losses of several models."""

from skxent.report._comparison._comparison import LogLossComparison, compare_log_loss

__all__ = ["LogLossComparison", "compare_log_loss"]
