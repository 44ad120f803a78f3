"""The displays of a report."""

from skxent.report._displays._classes import PerClassLogLossDisplay
from skxent.report._displays._confusion import LossConfusionDisplay
from skxent.report._displays._ladder import LadderDisplay
from skxent.report._displays._reliability import ReliabilityDisplay

__all__ = [
    "LadderDisplay",
    "LossConfusionDisplay",
    "PerClassLogLossDisplay",
    "ReliabilityDisplay",
]
