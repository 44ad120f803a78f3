"""The loss confusion: what the rows of each class lose to each other class."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array

from skxent._typing import FloatArray, IntArray

__all__ = ["add_confusion"]

# Up to so many classes, a product with a table that is mostly 0 costs less than its sparse form.
_FEW = 32
# Matrix products of so many multiplications do not wait for threads.
_PRODUCT = 1 << 18


def add_confusion(
    found: FloatArray,
    p: FloatArray,
    sums: NDArray[Any],
    losses: FloatArray,
    codes: IntArray,
    of_class: IntArray,
    w: FloatArray,
    room: FloatArray,
) -> None:
    """
    Add the losses of the rows of each class, shared out among the other classes.

    What is added to the diagonal means nothing.
    """
    k = p.shape[1]
    total = sums - p.reshape(-1).take(of_class, mode="wrap")
    each = w * losses
    if total.min() >= 1e-6 and losses.max() < math.inf:
        each /= total
        _add_rows_of_classes(found, p, each, codes, of_class, room)
        return
    # Next to certainty the difference loses its digits, and parts would not add up to the loss.
    near = np.flatnonzero(total < 1e-6)
    if len(near) and k > 1:
        others = p[near]
        others[np.arange(len(near)), codes[near]] = 0.0
        total[near] = others.sum(axis=1)
    endless = np.isposinf(losses)
    each[endless] = 0.0
    each = np.divide(each, total, out=np.zeros(len(p)), where=total > 0)
    _add_rows_of_classes(found, p, each, codes, of_class, room)
    for i in near[(total[near] == 0) & (losses[near] > 0)]:
        # A row that sums to less than 1 has a loss, but nobody to blame.
        found[codes[i]] += w[i] * losses[i] / max(k - 1, 1) * (np.arange(k) != codes[i])
    for i in np.flatnonzero(endless & (w > 0)):
        found[codes[i], (p[i] > 0) & (np.arange(k) != codes[i])] = math.inf


def _add_rows_of_classes(
    total: FloatArray,
    p: FloatArray,
    each: FloatArray,
    codes: IntArray,
    of_class: IntArray,
    room: FloatArray,
) -> None:
    """Add each row times a number to the row of its class in `total`."""
    n, k = p.shape
    if k <= _FEW:
        room[:] = 0.0
        room.reshape(-1)[of_class] = each
        step = _PRODUCT // k**2
        for start in range(0, n, step):
            total += room[start : start + step].T @ p[start : start + step]
    elif k <= 2 * n:
        chosen: Any = csc_array((each, codes, np.arange(n + 1)), shape=(k, n))
        total += chosen @ p
    else:
        # Fewer rows than `total` has: to make another array like it would cost most.
        scaled = np.multiply(p, each[:, None], out=room)
        for code, row in zip(codes.tolist(), scaled, strict=True):
            of_code = total[code]
            of_code += row
