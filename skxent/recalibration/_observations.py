"""Moments of what maps take off the loss, of all rows or of each class, alone or in groups."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from skxent._backend import class_weights, dot, row_slices
from skxent._inference._intervals import Moments, moments_of_mean
from skxent._typing import FloatArray, IntArray

__all__ = ["Observations"]

# As many arrays are at work on a block of rows.
_ARRAYS = 4


class Observations:
    """What moments are made of: rows, or units of rows, and the classes that have parts in them."""

    def __init__(
        self, share: FloatArray, units: IntArray | None, codes: IntArray | None, k: int
    ) -> None:
        self.share, self.k, self.owner, self.own = share, k, codes, share
        self.cell, size = None, share
        if units is not None:
            size = class_weights(units, int(units.max()) + 1, share)
            cells = units if codes is None else units * k + codes
            cells, self.cell = np.unique(cells, return_inverse=True)
            self.owner, self.own = (None, size) if codes is None else (cells % k, size[cells // k])
        self.second, self.third = dot(size, size), dot(size * size, size)

    def moments(self, values: Iterable[FloatArray]) -> Moments:
        """
        Of the sum of some values times their shares, or of the part that each class has in it.

        Shape (n_values, k).
        """
        sums = np.moveaxis(np.array([self._powers(each) for each in values]), 1, 0)
        one = np.ones_like(sums[0])
        square, cube = (self.second * one, *sums[1:3]), (self.third * one, *sums[3:6])
        found = moments_of_mean(one, sums[0], np.array(square), np.array(cube))
        return replace(found, mean=found.mean + sums[6])

    def _powers(self, values: FloatArray) -> list[FloatArray]:
        """Sums of products of the values with their shares, about the last, which is their mean."""
        middle = dot(self.share, values) if self.owner is None else 0.0
        # Less the mean, so that a small spread keeps its digits.
        if self.cell is None:
            found = np.zeros((6, self.k))
            for at in row_slices(len(values), _ARRAYS):
                found += self._products(self.share[at] * (values[at] - middle), at)
        else:
            part = class_weights(self.cell, len(self.own), self.share * (values - middle))
            found = self._products(part, slice(None))
        return [*found, np.full(self.k, middle)]

    def _products(self, part: FloatArray, at: slice) -> FloatArray:
        own, owner = self.own[at], None if self.owner is None else self.owner[at]

        def sums(a: FloatArray, b: FloatArray | None = None) -> FloatArray:
            """Of numbers, or of products, over all or over those of each class."""
            if owner is not None:
                return class_weights(owner, self.k, a if b is None else a * b)
            return np.array([a.sum() if b is None else dot(a, b)])

        weighted = own * part
        found = [sums(part), sums(weighted), sums(part, part), sums(own, weighted)]
        found += [sums(weighted, part), sums(np.multiply(part, part, out=weighted), part)]
        return np.array(found)
