"""Render a report as HTML."""

from skxent.report._html._render import render_fragment, render_html

__all__ = ["render_fragment", "render_html"]
