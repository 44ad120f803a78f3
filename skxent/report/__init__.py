"""The per-class log-loss report, the comparison of models, and their displays."""

from skxent.report._accumulator import LogLossAccumulator
from skxent.report._comparison import LogLossComparison, compare_log_loss
from skxent.report._displays import (
    LadderDisplay,
    LossConfusionDisplay,
    PerClassLogLossDisplay,
    ReliabilityDisplay,
)
from skxent.report._log_loss_report import log_loss_report
from skxent.report._result import LogLossReport

__all__ = [
    "LadderDisplay",
    "LogLossAccumulator",
    "LogLossComparison",
    "LogLossReport",
    "LossConfusionDisplay",
    "PerClassLogLossDisplay",
    "ReliabilityDisplay",
    "compare_log_loss",
    "log_loss_report",
]
