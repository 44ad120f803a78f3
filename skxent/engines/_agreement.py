"""What files of two models must say alike of a row: its label, its weight and its group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skxent._intake._arrow import Chunk, Rows
from skxent._intake._columns import BadDataError
from skxent._intake._reading import Reading
from skxent._typing import IntArray
from skxent.engines._join import KeptLosses, digests

__all__ = ["Beside", "check_agreement"]


@dataclass(frozen=True, slots=True)
class Beside:
    """Rows of one model, and where they are among those that were kept of the other."""

    chunk: Chunk
    rows: Rows
    at: IntArray
    used: NDArray[np.bool_]
    """Which of them are compared."""


def check_agreement(found: Beside, kept: KeptLosses, reading: Reading, name: str) -> None:
    """An error for the first row of which the other model, whose file is `name`, says otherwise."""
    _check_labels(found, kept, reading)
    columns, rows, at = reading.columns, found.rows, found.at
    checks: list[tuple[str, str | None, NDArray[np.bool_]]] = []
    if kept.weights is not None and rows.weight is not None:
        alike = np.isclose(kept.weights[at], rows.weight, rtol=1e-6, atol=0.0)
        checks.append(("weight", columns.weight, ~alike))
    if kept.groups is not None and rows.groups is not None:
        checks.append(("group", columns.groups, kept.groups[at] != digests(rows.groups)))
    for what, column, differs in checks:
        other = found.used & differs
        if other.any():
            row = int(other.argmax())
            msg = (
                f"{found.chunk.row(row)}, column {column!r}: the {what} of the id "
                f"{kept.shown(int(at[row]))} is another one in {kept.row(int(at[row]))}; make "
                f"them agree, or take the column out of {name}."
            )
            raise BadDataError(msg)


def _check_labels(found: Beside, kept: KeptLosses, reading: Reading) -> None:
    codes, at = found.rows.codes, found.at
    other = found.used & (kept.codes[at] != codes)
    if other.any():
        row = int(other.argmax())
        was, now = reading.labels[[kept.codes[at[row]], codes[row]]].tolist()
        msg = (
            f"{found.chunk.row(row)}, column {reading.columns.y!r}: the label of the id "
            f"{kept.shown(int(at[row]))} is {now!r}, and {was!r} in {kept.row(int(at[row]))}."
        )
        raise BadDataError(msg)
