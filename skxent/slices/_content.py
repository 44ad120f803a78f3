"""What is known of slices: numbers and names, and no way to show them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skxent._result import Frozen
from skxent._typing import FloatArray, IntArray

__all__ = ["FIGURES", "SlicesContent"]

FIGURES = (
    *("support", "weight", "share", "log_loss", "recalibrated", "expected", "gap", "z"),
    *("class_share", "class_proba", "class_z", "p_value"),
)


@dataclass(frozen=True, repr=False, eq=False)
class SlicesContent(Frozen):
    """Everything that is said of the slices, in units of `base`."""

    labels: NDArray[Any]
    target_names: tuple[Any, ...]
    base: float
    confidence_level: float
    by: tuple[str, ...]
    recalibration: str
    n_draws: int
    notes: tuple[str, ...]
    n_samples: int
    n_groups: int | None
    overall: dict[str, float]
    slices: tuple[tuple[str, ...], ...]
    found: NDArray[np.bool_]
    top_class: NDArray[np.object_]
    support: IntArray
    weight: FloatArray
    share: FloatArray
    log_loss: FloatArray
    recalibrated: FloatArray
    expected: FloatArray
    gap: FloatArray
    z: FloatArray
    class_share: FloatArray
    class_proba: FloatArray
    class_z: FloatArray
    p_value: FloatArray

    @property
    def names(self) -> tuple[str, ...]:
        """What the rows of each slice have in common."""
        return tuple(" & ".join(parts) for parts in self.slices)

    @property
    def n_found(self) -> int:
        """How many slices are off beyond chance and tell something of their own."""
        return int(np.count_nonzero(self.found))
