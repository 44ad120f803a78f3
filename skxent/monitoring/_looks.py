"""The path of an e-value: what it was at each look."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from skxent._typing import FloatArray, IntArray

__all__ = ["Looks"]


@dataclass(frozen=True, slots=True)
class Looks:
    """One entry a look."""

    n_samples: IntArray
    """Rows up to then."""
    log_e: FloatArray
    """Natural logarithm of the e-value."""
    at: tuple[Any, ...]
    """When that was, as the user says; None where nothing was said."""

    @classmethod
    def of(cls, parts: Sequence[tuple[int, float, Any]]) -> Looks:
        """From rows, logarithms and times."""
        n, log_e, at = zip(*parts, strict=True) if parts else ((), (), ())
        return cls(np.array(n, dtype=np.int64), np.array(log_e, dtype=np.float64), tuple(at))

    def first_above(self, alpha: float) -> int | None:
        """The first look at which the e-value is 1 / alpha or more."""
        found = np.flatnonzero(self.log_e >= -math.log(alpha))
        return int(found[0]) if len(found) else None
