"""The per-class log-loss report."""

from skxent.report._accumulator import LogLossAccumulator
from skxent.report._log_loss_report import log_loss_report
from skxent.report._result import LogLossReport

__all__ = ["LogLossAccumulator", "LogLossReport", "log_loss_report"]
