"""Parts of the data that hold nothing, as some parts of a large table do."""

from __future__ import annotations

from typing import Any

import numpy as np

from skxent._intake._foreign import fetched, is_foreign
from skxent._intake._numbers import as_float64
from skxent._typing import FloatArray

__all__ = ["is_empty", "ones_for_zeros"]


def is_empty(values: Any) -> bool:
    """Whether this has no rows."""
    if values is None:
        return False
    if getattr(values, "shape", ()):
        return bool(values.shape[0] == 0)
    return hasattr(values, "__len__") and len(values) == 0  # what is no array is refused later


def ones_for_zeros(sample_weight: Any) -> FloatArray | None:
    """Ones in the place of weights of which none counts; what are none is refused later."""
    if sample_weight is None or isinstance(sample_weight, np.ma.MaskedArray):
        return None
    try:
        if is_foreign(sample_weight):
            sample_weight = fetched(sample_weight, "sample_weight")
        weight = as_float64(np.asarray(sample_weight), "sample_weight")
    except (TypeError, ValueError, RuntimeError):
        return None
    return None if weight.any() else np.ones(weight.shape)
