"""What has changed between two sets of rows: more of the costly classes, harder rows, surprises."""

from skxent.change._display import LogLossChangeDisplay
from skxent.change._log_loss_change import LogLossChange, log_loss_change

__all__ = ["LogLossChange", "LogLossChangeDisplay", "log_loss_change"]
