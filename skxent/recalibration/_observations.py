"""Moments of what maps take off the loss, of all rows or of each class, alone or in groups."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from skxent._backend import class_weights, dot
from skxent._inference._intervals import Moments, moments_of_mean
from skxent._typing import FloatArray, IntArray

__all__ = ["Observations"]


class Observations:
    """What moments are made of: rows, or units of rows, and the classes that have parts in them."""

    def __init__(
        self, share: FloatArray, units: IntArray | None, codes: IntArray | None, k: int
    ) -> None:
        self.share, self.k, self.cell, size = share, k, None, share
        owner = np.zeros(len(share), dtype=np.intp) if codes is None else codes
        own = share
        if units is not None:
            size = class_weights(units, int(units.max()) + 1, share)
            cells, self.cell = np.unique(units * k + owner, return_inverse=True)
            owner, own = cells % k, size[cells // k]
        self.owner, self.own, self.square = owner, own, own * own
        self.second, self.third = dot(size, size), dot(size * size, size)

    def moments(self, values: FloatArray) -> Moments:
        """Of the sum of the values times their shares, or of the part that each class has in it."""
        middle = dot(self.share, values) if self.k == 1 else 0.0
        part = self.share * (values - middle)  # so that a small spread keeps its digits
        if self.cell is not None:
            part = class_weights(self.cell, len(self.owner), part)

        def sums(a: FloatArray, b: FloatArray | float = 1.0) -> FloatArray:
            if self.k > 1:
                return class_weights(self.owner, self.k, a * b)
            return np.array([a.sum() if isinstance(b, float) else dot(a, b)])

        own, squares, total = self.own, part * part, sums(part)
        square = [np.full(self.k, self.second), sums(own, part), sums(part, part)]
        cube = [np.full(self.k, self.third), sums(self.square, part), sums(own, squares)]
        cube.append(sums(squares, part))
        found = moments_of_mean(np.ones(self.k), total, np.array(square), np.array(cube))
        return replace(found, mean=found.mean + middle)
