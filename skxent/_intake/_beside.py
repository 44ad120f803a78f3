"""Columns beside those of the classes, which a pattern takes for classes as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from skxent._intake._columns import BadDataError, Layout
from skxent._typing import FloatArray, IntArray

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["beyond", "check_divided"]

# Rows sum to 1 up to this; and so many of them sum to twice a column by no chance.
_OFF, _SURE = 1e-4, 10


def check_divided(proba: FloatArray, codes: IntArray, layout: Layout, where: str) -> None:
    """
    Refuse a column that makes the rows sum to something else than 1, and is that of no class.

    To divide each row by its sum would hide it: a total beside the classes halves all of them.
    """
    sums = proba.sum(axis=1)
    if not len(proba) or (abs(sums - 1) < _OFF).any():
        return
    seen = np.bincount(codes, minlength=proba.shape[1])
    for j in np.flatnonzero(seen == 0).tolist():
        rest = sums - proba[:, j]
        many = len(proba) >= _SURE and proba.shape[1] > 2
        is_total = many and np.allclose(rest, proba[:, j], rtol=1e-6)
        if proba[:, j].any() and (is_total or (abs(rest - 1) < _OFF).all()):
            what = "is the sum of the others" if is_total else "takes the rows beyond 1"
            msg = (
                f"{where}: column {layout.proba[j]!r} {what}, and none here has its label: "
                f"if it is no class, name the columns of the classes in proba."
            )
            raise BadDataError(msg)


def beyond(batch: pa.RecordBatch, layout: Layout, row: int) -> str | None:
    """The column without which a row sums to 1, if no row has its label: it may be no class."""
    import pyarrow.compute as pc

    seen = {str(value) for value in pc.unique(batch.column(layout.columns.y)).to_pylist()}
    numbers = [float(batch.column(name)[row].as_py() or 0) for name in layout.proba]
    for name, number in zip(layout.proba, numbers, strict=True):
        has_rows = any(name.endswith(text) for text in seen)
        if number and not has_rows and abs(sum(numbers) - number - 1) < 1e-4:
            return name
    return None
