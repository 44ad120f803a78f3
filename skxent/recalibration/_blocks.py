"""Second derivatives that are easy to invert, for maps of thousands of parameters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skxent._typing import FloatArray
from skxent.recalibration._hessians import with_ones
from skxent.recalibration._multiplied import Multiplied
from skxent.recalibration._newton import crossed
from skxent.recalibration._shape import Shape

__all__ = ["BlocksOfClasses"]


@dataclass(frozen=True, slots=True, eq=False)
class BlocksOfClasses:
    """
    Second derivatives of which those by parameters of two classes are taken for 0.

    Shape (n_classes, m, m): of the slopes into a class, or its own slope, and its bias last. The
    slope of all classes is by itself.
    """

    shape: Shape
    blocks: FloatArray
    common: float = 1.0

    @classmethod
    def of(cls, fits: Multiplied, theta: FloatArray) -> BlocksOfClasses:
        """Of all sets of weights together, where each class has a slope for each other."""
        k = fits.shape.k
        found = np.zeros((k, k + 1, k + 1))
        by = fits.multipliers(theta)
        for _, x, w in fits.blocks(k):
            p = fits.probabilities(x, by)[0]
            spread, inputs = p * (1.0 - p) * w.mean(axis=0)[:, None], with_ones(x)
            found += np.array([crossed(inputs * s[:, None], inputs) for s in spread.T])
        return cls(fits.shape, found)

    def inverted(self, scale: float, prior: FloatArray) -> BlocksOfClasses:
        own = np.arange(self.shape.k) if self.shape.slope == "matrix" else 0
        common = scale * self.blocks[np.arange(self.shape.k), own, own].sum() + prior[0]
        blocks = scale * self.blocks
        at = np.arange(blocks.shape[1])
        blocks[:, at, at] += self._by_class(prior[None])[0]
        inverse = np.asarray(np.linalg.inv(blocks), dtype=np.float64)
        return BlocksOfClasses(self.shape, inverse, 1.0 / common)

    def _by_class(self, v: FloatArray) -> FloatArray:
        """Parameters as (n_sets, n_classes, m), without the common slope."""
        k, first = self.shape.k, self.shape.n_slopes
        parts = np.zeros((len(v), *self.blocks.shape[:2]))
        if self.shape.slope == "matrix":
            parts[..., :k] = v[:, 1:first].reshape(-1, k, k).swapaxes(1, 2)
        else:
            parts[..., 0] = v[:, 1:first]
        parts[..., -1] = v[:, first:]
        return parts

    def __matmul__(self, v: FloatArray) -> FloatArray:
        k, first = self.shape.k, self.shape.n_slopes
        parts = (self.blocks @ self._by_class(v)[..., None])[..., 0]
        result = np.empty_like(v)
        result[:, 0] = self.common * v[:, 0]
        if self.shape.slope == "matrix":
            result[:, 1:first] = parts[..., :k].swapaxes(1, 2).reshape(len(v), -1)
        else:
            result[:, 1:first] = parts[..., 0]
        result[:, first:] = parts[..., -1]
        return result
