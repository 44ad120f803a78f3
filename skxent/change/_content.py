"""What a change holds: numbers and names, and no way to show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skxent._result import Frozen, FrozenDict

__all__ = ["PARTS", "ChangeContent"]

PARTS = ("prevalence", "expected", "surprise")
"""What a change is made of; the last two are what happened within the classes."""


@dataclass(frozen=True, repr=False, eq=False)
class ChangeContent(Frozen):
    """Everything that is said of a change, in units of `base`."""

    labels: NDArray[Any]
    target_names: tuple[Any, ...]
    base: float
    confidence_level: float
    n_before: int
    n_after: int
    notes: tuple[str, ...]
    verdict: str
    _overall: dict[str, float]
    _per_class: dict[str, NDArray[Any]]

    @property
    def overall(self) -> Mapping[str, float]:
        """The change of the loss of all rows, and its parts; see `log_loss_change`."""
        return FrozenDict(self._overall)

    @property
    def per_class(self) -> Mapping[str, NDArray[np.generic]]:
        """What each class adds to it, one number a class; see `log_loss_change`."""
        return FrozenDict(self._per_class)

    def is_sure(self, name: str) -> bool:
        """Whether the interval of a figure of all rows is on one side of 0."""
        low, high = self._overall[f"{name}_low"], self._overall[f"{name}_high"]
        return low > 0.0 or high < 0.0
