"""Reports of what does not fit into one array: files, streams, and what computes piece by piece."""

from skxent.engines._compare_from import compare_log_loss_from
from skxent.engines._report_from import log_loss_report_from

__all__ = ["compare_log_loss_from", "log_loss_report_from"]
