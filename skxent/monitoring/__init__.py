"""Whether a model is still calibrated, asked after every batch of a stream."""

from skxent.monitoring._display import CalibrationMonitorDisplay
from skxent.monitoring._monitor import Alarm, CalibrationMonitor, Onset

__all__ = ["Alarm", "CalibrationMonitor", "CalibrationMonitorDisplay", "Onset"]
