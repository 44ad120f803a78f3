"""Reports of what does not fit into one array: files, streams, and what computes piece by piece."""

from skxent.engines._report_from import log_loss_report_from

__all__ = ["log_loss_report_from"]
