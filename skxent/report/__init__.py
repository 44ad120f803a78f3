"""The per-class log-loss report."""

from skxent.report._result import LogLossReport, log_loss_report

__all__ = ["LogLossReport", "log_loss_report"]
