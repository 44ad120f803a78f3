"""The rows that cost most, and what the user calls them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skxent._typing import IntArray
from skxent.statistic._extremes import WorstRows

__all__ = ["named", "row_index", "worst_rows"]


def row_index(*values: Any) -> Any:
    """
    The pandas index of the first of these that has one of its own, or None.

    One that counts the rows from 0 says nothing.
    """
    for value in values:
        index = getattr(value, "index", None)
        if index is None or not hasattr(value, "iloc"):
            continue
        counts = type(index).__name__ == "RangeIndex" and (index.start, index.step) == (0, 1)
        if not counts:
            return index
    return None


def named(numbers: IntArray, index: Any) -> NDArray[np.object_]:
    """What an index or an array of names calls rows."""
    names = np.empty(len(numbers), dtype=object)
    if index is not None:
        names[:] = index.take(numbers).tolist()
    return names


def worst_rows(worst: WorstRows, unit: float, names: Sequence[Any]) -> dict[str, NDArray[Any]]:
    """The rows that cost most, as a report has them."""
    called = np.empty(len(names), dtype=object)
    called[:] = list(names)
    return {
        "row": worst.called,
        "class": called[worst.codes],
        "log_loss": worst.loss / unit,
        "proba": worst.proba,
        "predicted": called[worst.predicted],
        "predicted_proba": worst.predicted_proba,
    }
