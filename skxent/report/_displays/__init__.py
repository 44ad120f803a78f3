"""The displays of a report."""

from skxent.report._displays._classes import PerClassLogLossDisplay
from skxent.report._displays._confusion import LossConfusionDisplay
from skxent.report._displays._recalibration import RecalibrationDisplay
from skxent.report._displays._reliability import ReliabilityDisplay

__all__ = [
    "LossConfusionDisplay",
    "PerClassLogLossDisplay",
    "RecalibrationDisplay",
    "ReliabilityDisplay",
]
