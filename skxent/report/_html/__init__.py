"""Render a report as HTML."""

from skxent.report._html._render import report_html

__all__ = ["report_html"]
