"""Slices as text for a terminal, and as the columns of a frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skxent._render._text import column_parts, fit, table_lines, wrapped
from skxent._render._words import cell, counted, percent, printable, unit_name
from skxent.slices._content import FIGURES, SlicesContent
from skxent.slices._verdict import verdict

__all__ = ["heading", "shown", "slice_columns", "slices_text", "table_title", "top_line"]

# Slices that are shown where none was found, and where they were asked for.
_CLOSEST, _MOST = 5, 30


def heading(content: SlicesContent) -> str:
    """What was looked at, of which rows."""
    rows, slices = counted(content.n_samples, "row"), counted(len(content.slices), "slice")
    groups = "" if content.n_groups is None else f" in {counted(content.n_groups, 'group')}"
    of = f" by {printable(', '.join(content.by))}" if content.by else ""
    return (
        f"Log loss of {rows}{groups} in {slices}{of}, in "
        f"{unit_name(content.base)}; all rows: {cell('log_loss', content.overall['log_loss'])}."
    )


def _how_to_read(content: SlicesContent) -> str:
    """What the columns are."""
    level = f"{100 * (1 - content.confidence_level):g} %"
    gap = "log_loss" if content.recalibration == "none" else "recalibrated"
    return (
        f"share: of the loss of all rows. expected: what the model itself expects to lose. gap: "
        f"{gap} minus expected. p_value: for all slices together, a calibrated model has one of "
        f"{level} or less in {level} of such tables."
    )


def shown(content: SlicesContent) -> list[int]:
    """The slices that are shown: those that were found, or else the closest to it."""
    if content.by:
        return list(range(len(content.slices)))[:_MOST]
    return list(range(len(content.slices)))[: min(content.n_found or _CLOSEST, _MOST)]


def table_title(content: SlicesContent) -> str:
    """What the slices that are shown are."""
    if content.by:
        return "Each slice"
    if content.n_found:
        return "Found"
    untested = np.isnan(content.p_value).all()
    return "Largest shares of the loss" if untested else "Closest to being found"


def top_line(content: SlicesContent, i: int) -> str:
    """The class that a slice stands out in, or nothing."""
    if content.top_class[i] is None:
        return ""
    seen, said = (percent(float(x[i])) for x in (content.class_share, content.class_proba))
    z = cell("z", float(content.class_z[i]))
    return f"class {printable(str(content.top_class[i]))}: {seen}, predicted {said}, z {z}"


def slices_text(content: SlicesContent, width: int) -> str:
    """The verdict, what is to be known, and a table of the slices."""
    wide = max(width, 40)
    text = [wrapped(verdict(content), wide), "", wrapped(heading(content), wide)]
    text += [wrapped(_how_to_read(content), wide)]
    text += [wrapped(printable(note), wide) for note in content.notes]
    some = shown(content)
    if not some:
        return "\n".join(text)
    columns = ["support", "share", "log_loss", "expected", "gap", "z", "p_value"]
    if content.recalibration != "none":
        columns.insert(3, "recalibrated")
    cells = {
        name: [cell(name, getattr(content, name)[i].item(), content.n_draws) for i in some]
        for name in columns
    }
    text += ["", f"{table_title(content)}:", *_rows(content, some, cells, width)]
    left = len(content.slices) - len(some)
    if left:
        text.append(f"and {counted(left, 'other')}, in to_frame()")
    return "\n".join(text)


def _rows(
    content: SlicesContent, some: Sequence[int], cells: dict[str, list[str]], width: int
) -> list[str]:
    """The table, in several parts where it is too wide; in the last, what is said of classes."""
    names = [("* " if content.found[i] else "  ") + printable(content.names[i]) for i in some]
    tops = [top_line(content, i) if content.found[i] else "" for i in some]
    parts = column_parts("slice", names, cells, width)
    text: list[str] = []
    for part in parts:
        text += [""] if text else []
        text += _part(names, tops if part is parts[-1] else [""] * len(some), part, width)
    return text


def _part(
    names: Sequence[str], tops: Sequence[str], cells: Mapping[str, Sequence[str]], width: int
) -> list[str]:
    """A table, with names on lines of their own where the figures leave them no room."""
    lines = table_lines("slice", names, cells, width)
    wide = max(width, 40)
    apart = not all(line.startswith(name) for name, line in zip(names, lines[1:], strict=True))
    if apart:
        lines = table_lines("slice", [""] * len(names), cells, width)
    text = [lines[0]]
    for name, top, line in zip(names, tops, lines[1:], strict=True):
        text += [fit(name, wide).rstrip(), line] if apart else [line]
        if top:
            text.append(fit("    " + top, wide).rstrip())
    return text


def slice_columns(content: SlicesContent) -> dict[str, Sequence[Any] | NDArray[Any]]:
    """One row a slice."""
    columns: dict[str, Sequence[Any] | NDArray[Any]] = {
        "slice": content.names,
        "found": np.asarray(content.found),
    }
    for name in FIGURES:
        if name == "class_share":
            columns["class"] = content.top_class
        columns[name] = getattr(content, name)
    return columns
