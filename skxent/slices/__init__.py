"""Which rows a model is wrong about: slices of rows by what they have in common."""

from skxent.slices._accumulator import GroupedLogLossAccumulator
from skxent.slices._display import LogLossSlicesDisplay
from skxent.slices._log_loss_slices import LogLossSlices, log_loss_slices

__all__ = [
    "GroupedLogLossAccumulator",
    "LogLossSlices",
    "LogLossSlicesDisplay",
    "log_loss_slices",
]
