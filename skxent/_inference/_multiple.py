"""P-values of several tests together."""

from __future__ import annotations

import numpy as np

from skxent._typing import FloatArray

__all__ = ["holm"]


def holm(p_value: FloatArray) -> FloatArray:
    """
    Holm's step-down p-values of one family; those that are nan do not belong to it.

    References
    ----------
    .. [1] Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian
           Journal of Statistics 6(2). https://www.jstor.org/stable/4615733
    """
    flat = p_value.ravel()
    order = np.argsort(flat)[: np.count_nonzero(~np.isnan(flat))]
    result = np.full(flat.shape, np.nan)
    steps = np.arange(len(order), 0, -1) * flat[order]
    result[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return result.reshape(p_value.shape)
