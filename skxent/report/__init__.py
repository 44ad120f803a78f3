"""The per-class log-loss report and its displays."""

from skxent.report._accumulator import LogLossAccumulator
from skxent.report._displays import (
    LossConfusionDisplay,
    PerClassLogLossDisplay,
    RecalibrationDisplay,
    ReliabilityDisplay,
)
from skxent.report._log_loss_report import log_loss_report
from skxent.report._result import LogLossReport

__all__ = [
    "LogLossAccumulator",
    "LogLossReport",
    "LossConfusionDisplay",
    "PerClassLogLossDisplay",
    "RecalibrationDisplay",
    "ReliabilityDisplay",
    "log_loss_report",
]
