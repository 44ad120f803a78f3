"""One or two sentences on top: which rows the model is wrong about, or that none stand out."""

from __future__ import annotations

import numpy as np

from skxent._render._words import cell, percent, printable, shortened, unit_name
from skxent.slices._content import SlicesContent

__all__ = ["clearest", "described", "verdict"]

# Of what the rows have in common, in a sentence.
_WIDTH = 60


def verdict(content: SlicesContent) -> str:
    """Which slice stands out most, and how many others; or that none does beyond chance."""
    if not len(content.slices):
        return "There are no slices to look at: no column tells enough rows from the others."
    if np.isnan(content.p_value).all():
        return "Whether slices are off cannot be tested here."
    after = "" if content.recalibration == "none" else " after recalibration"
    n = int(np.count_nonzero(~np.isnan(content.p_value)))
    what = f"{n} slice{'s' if n != 1 else ''}"
    first = clearest(content)
    if first is None:
        return f"Of {what}, none is off beyond chance{after}."
    others = content.n_found - 1
    more = f" {others} other{'s' if others > 1 else ''} of {what}" if others else ""
    rest = f"{more} {'are' if others > 1 else 'is'} off as well." if others else ""
    p = cell("p_value", float(content.p_value[first]), content.n_draws)
    return f"{described(content, first)} (p {p}).{rest}"


def clearest(content: SlicesContent) -> int | None:
    """The slice that stands out most of those that were found; None where none was."""
    found = np.flatnonzero(content.found)
    if not len(found):
        return None
    if not content.by:
        return int(found[0])
    # Slices that were asked for are in the order of their values.
    size = np.fmax(np.abs(content.z), np.abs(np.nan_to_num(content.class_z)))
    return int(found[np.argmax(size[found])])


def described(content: SlicesContent, i: int) -> str:
    """What is wrong about a slice, without a full stop."""
    rows = " and ".join(shortened(part, _WIDTH) for part in content.slices[i])
    after = "" if content.recalibration == "none" else " after recalibration"
    if content.top_class[i] is not None:
        seen, said = (percent(float(x[i])) for x in (content.class_share, content.class_proba))
        name = shortened(content.top_class[i])
        return f"Where {rows}, class {name} occurs in {seen} of the rows; predicted{after}: {said}"
    loss, expected = (
        cell("log_loss", float(x[i])) for x in (content.recalibrated, content.expected)
    )
    how = "over-confident" if content.gap[i] > 0 else "under-confident"
    unit = printable(unit_name(content.base))
    return (
        f"Where {rows}, the model is {how}: it loses {loss} {unit}{after}, and expects {expected}"
    )
