"""What a comparison of models holds: numbers and names, and no way to show them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from skxent._result import Frozen
from skxent._typing import FloatArray, IntArray

__all__ = ["FIGURES", "ComparisonContent"]

FIGURES = ("log_loss", "difference", "ci_low", "ci_high", "p_value", "adjusted_p")


@dataclass(frozen=True, repr=False, eq=False)
class ComparisonContent(Frozen):
    """Everything that a comparison says, in units of `base`."""

    labels: NDArray[Any]
    target_names: tuple[Any, ...]
    models: tuple[str, ...]
    reference: str
    base: float
    confidence_level: float
    notes: tuple[str, ...]
    n_samples: int
    n_groups: int | None
    support: IntArray
    log_loss: FloatArray
    difference: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    p_value: FloatArray
    adjusted_p: FloatArray
    class_log_loss: FloatArray
    class_difference: FloatArray
    class_ci_low: FloatArray
    class_ci_high: FloatArray
    class_p_value: FloatArray
    class_adjusted_p: FloatArray

    @property
    def compared(self) -> tuple[int, ...]:
        """Positions of the models that are compared with the reference."""
        return tuple(i for i, name in enumerate(self.models) if name != self.reference)
