"""The loss confusion: what the rows of each class lose to each other class."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.sparse import csc_array

from skxent._typing import FloatArray, IntArray

__all__ = ["Confusion"]

# Where rows are so few beside the classes, they are added one by one.
_ROWS_PER_CLASS = 0.5


class Confusion:
    """The losses of the rows of each class, shared out among the other classes."""

    def __init__(self, n_classes: int) -> None:
        self.total = np.zeros((n_classes, n_classes))
        """What is on the diagonal means nothing."""
        self._of_class: Any = None
        """A matrix with one number a row of the block, which is in the row of its class."""

    def add(
        self,
        p: FloatArray,
        others: FloatArray,
        losses: FloatArray,
        codes: IntArray,
        weight: FloatArray | None,
    ) -> None:
        """Add rows; `others` are the sums of the probabilities of all classes but their own."""
        k = p.shape[1]
        each = losses if weight is None else weight * losses
        if others.min() >= 1e-6 and losses.max() < math.inf:
            self._add_rows_of_classes(p, each / others, codes)
            return
        # Next to certainty the difference loses its digits, and parts would not add up to the loss.
        near = np.flatnonzero(others < 1e-6)
        if len(near) and k > 1:
            rest = p[near]
            rest[np.arange(len(near)), codes[near]] = 0.0
            others[near] = rest.sum(axis=1)
        endless = np.isposinf(losses)
        each = np.where(endless, 0.0, each)
        each = np.divide(each, others, out=np.zeros(len(p)), where=others > 0)
        self._add_rows_of_classes(p, each, codes)
        found, w = self.total, np.ones(len(p)) if weight is None else weight
        for i in near[(others[near] == 0) & (losses[near] > 0)]:
            # A row that sums to less than 1 has a loss, but nobody to blame.
            found[codes[i]] += w[i] * losses[i] / max(k - 1, 1) * (np.arange(k) != codes[i])
        for i in np.flatnonzero(endless & (w > 0)):
            found[codes[i], (p[i] > 0) & (np.arange(k) != codes[i])] = math.inf

    def _add_rows_of_classes(self, p: FloatArray, each: FloatArray, codes: IntArray) -> None:
        """Add each row times a number to the row of its class."""
        n, k = p.shape
        if n < _ROWS_PER_CLASS * k:
            # Fewer rows than the total has: to make another array like it would cost most.
            for code, row in zip(codes.tolist(), p * each[:, None], strict=True):
                self.total[code] += row
            return
        if self._of_class is None or self._of_class.shape[1] != n:
            ends = np.arange(n + 1, dtype=np.int32)
            self._of_class = csc_array((each.copy(), codes.astype(np.int32), ends), shape=(k, n))
        # To make another one, which SciPy checks, takes longer than the product.
        self._of_class.data[:], self._of_class.indices[:] = each, codes
        self.total += self._of_class @ p
