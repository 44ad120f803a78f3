"""From sums over slices, and what tests say of them, to the figures that are shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from skxent._result import FrozenDict
from skxent._typing import FloatArray, IntArray
from skxent.slices._sums import SliceSums

__all__ = ["Tested", "first_of_largest", "overall_figures", "slice_figures"]

# Scores that differ by less are equal.
_ROUNDING = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Tested:
    """What the tests say of each slice."""

    z: FloatArray
    """Shape (n_slices, n_classes + 1)."""
    p_value: FloatArray
    """The smallest of those of its classes, adjusted."""
    column: IntArray
    """The class whose score is largest; the last one is all of them."""
    order: IntArray
    """The slices, most significant first."""
    kept: list[int]
    """Those that are off beyond chance and tell something of their own."""


def first_of_largest(sizes: FloatArray) -> IntArray:
    """
    Of each row the column with the largest size, the first of those that are equal.

    Where two classes have the same probabilities in all rows, the gaps of a class and of the loss
    tell the same, and rounding must not choose: the class, which comes first, says which way.
    """
    largest = sizes.max(axis=1, keepdims=True)
    found: IntArray = (sizes >= largest * (1.0 - _ROUNDING)).argmax(axis=1)
    return found


def slice_figures(
    sums: SliceSums,
    tested: Tested,
    order: IntArray,
    target_names: tuple[Any, ...],
    unit: float,
    total: float,
) -> dict[str, Any]:
    """Figures of the slices in this order; `total` is the loss of all rows in nats."""
    weight, column, k = sums.weight[order], tested.column[order], len(target_names)
    at, one = (order, np.where(column < k, column, 0)), column < k
    called = np.empty(len(order), dtype=object)
    called[:] = [target_names[c] if c < k else None for c in column.tolist()]
    loss, after, expected = (
        values[order] / weight / unit for values in (sums.loss, sums.after, sums.expected)
    )
    return {
        "found": np.isin(order, tested.kept),
        "top_class": called,
        "support": sums.support[order],
        "weight": weight,
        "share": sums.loss[order] / total if total > 0 else np.full(len(order), np.nan),
        "log_loss": loss,
        "recalibrated": after,
        "expected": expected,
        "gap": after - expected,
        "z": tested.z[order, k],
        "class_share": np.where(one, sums.class_weight[at] / weight, np.nan),
        "class_proba": np.where(one, sums.class_proba[at] / weight, np.nan),
        "class_z": np.where(one, tested.z[at], np.nan),
        "p_value": tested.p_value[order],
    }


def overall_figures(sums: Sequence[float], unit: float) -> FrozenDict[float]:
    """Figures of all rows, from sums of weight, loss, loss that is tested, and expected loss."""
    weight, loss, after, expected = sums
    means = {"log_loss": loss, "recalibrated": after, "expected": expected}
    means = {name: value / weight / unit for name, value in means.items()}
    gap = means["recalibrated"] - means["expected"]
    return FrozenDict({"weight": weight} | means | {"gap": gap})
