"""Lines to paste, for somebody who has files in the place of variables."""

from __future__ import annotations

import html
import re

from skxent.report import LogLossReport
from skxent.report._recipe import recipe

__all__ = ["page_of", "text_of"]

_PLACE = "report.json"


def text_of(result: object) -> str:
    """A result as text."""
    text = str(result)
    if not isinstance(result, LogLossReport) or not (lines := recipe(result)):
        return text
    ours = _of_file(result, lines, _PLACE)
    return text.replace(f"{lines}\n\n", f"{ours}\n\n" if ours else "", 1)


def page_of(page: str, result: object, path: str | None) -> str:
    """A page of a result, whose JSON is at `path`."""
    if not isinstance(result, LogLossReport) or not (lines := recipe(result)):
        return page
    ours = _of_file(result, lines, path or _PLACE)
    shown = f"<pre>{html.escape(ours)}</pre>" if ours else ""
    # The lines stand on top, and names are no tags: it is the first one.
    return re.sub("<pre>.*?</pre>", lambda _: shown, page, count=1, flags=re.DOTALL)


def _of_file(report: LogLossReport, lines: str, path: str) -> str:
    """
    The lines with the report read from what `--json` wrote.

    Empty for a classifier that was fitted here: nobody has it, or the arrays it was fitted to.
    """
    if report.about.model is not None:
        return ""
    first = [
        f"# with --json={' '.join(path.split())}",
        "from pathlib import Path",
        "from skxent import LogLossReport",
        f"report = LogLossReport.from_json(Path({path!r}).read_text(encoding='utf-8'))",
    ]
    return "\n".join([*first, lines])
