"""Second derivatives of one set of weights times vectors, where matrices would be too large."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skxent._typing import FloatArray, Narrow
from skxent.recalibration._blocks import BlocksOfClasses
from skxent.recalibration._multiplied import Multiplied
from skxent.recalibration._newton import crossed, times

__all__ = ["KeptProducts", "MatrixProducts"]


class KeptProducts:
    """
    Second derivatives of the loss after maps whose slopes have no more numbers than classes.

    A class adds its own, which are on the diagonal; what a row takes off is a square. The rows
    are kept in single precision: second derivatives say where to step, not where to end.
    """

    def __init__(self, fits: Multiplied, theta: FloatArray) -> None:
        n, k = fits.x.shape
        self.shape, self.weight = fits.shape, fits.weight.T.astype(np.float32)
        self.p = np.empty((n, k), dtype=np.float32)
        own_slopes = self.shape.slope == "vector"
        self.xp = np.empty((n, k if own_slopes else 1), dtype=np.float32)
        """By the slope of each class, or by that of all."""
        self.sums = np.zeros((3, len(fits.weight), k))
        """Of the probabilities times 1, x, and x squared, weighted, of each class."""
        squares = np.zeros((3, k))
        for at, x, w in fits.blocks(4):
            p = fits.probabilities(x, theta)[0]
            self.p[at] = p
            parts = [p]
            if self.shape.n_slopes:  # only then is the rest of use
                xp = x * p
                self.xp[at] = xp if own_slopes else xp.sum(axis=1, keepdims=True)
                parts += [xp, x * xp]
            for i, each in enumerate(parts):
                self.sums[i] += w @ each
                squares[i] += w.mean(axis=0) @ (each * p)
        spread = self.sums.mean(axis=1) - squares
        blocks = np.moveaxis(np.array([[spread[2], spread[1]], [spread[1], spread[0]]]), -1, 0)
        self.rough = BlocksOfClasses(fits.shape, blocks)

    def times(self, v: FloatArray) -> FloatArray:
        """Shape (n_sets, size), as `v`."""
        shape, (counts, firsts, seconds) = self.shape, self.sums
        bias = shape.biases(v)
        mean = np.zeros(self.weight.shape, dtype=np.float32)
        if shape.n_slopes:
            slopes = np.broadcast_to(shape.slopes(v)[:, 0], bias.shape)
            mean += _times(self.xp, slopes if shape.slope == "vector" else v[:, :1])
        if shape.bias:
            mean += _times(self.p, bias)
        mean *= self.weight
        own = bias * counts
        if shape.bias:
            own -= _crossed(self.p, mean)
        if not shape.n_slopes:
            return own
        of_slopes = bias * firsts + slopes * seconds
        own += slopes * firsts
        taken = _crossed(self.xp, mean)
        if shape.slope == "vector":
            return shape.joined(of_slopes - taken, own)
        found = shape.joined(of_slopes, own)
        found[:, :1] -= taken
        return found


class MatrixProducts:
    """The same where each class has a slope for each other."""

    def __init__(self, fits: Multiplied, theta: FloatArray) -> None:
        self.fits, self.theta = fits, theta
        self.rough = BlocksOfClasses.of(fits, theta)

    def times(self, v: FloatArray) -> FloatArray:
        """Shape (n_sets, size), as `v`."""
        fits, k, sets = self.fits, self.fits.shape.k, len(v)
        counts, sums = np.zeros((sets, k)), np.zeros((sets, k, k))
        for _, x, w in fits.blocks(2 * sets):
            p = fits.probabilities(x, self.theta)
            bias = fits.shape.biases(v).astype(np.float32)
            change: Narrow = p * (fits.multiplied(x, v) + bias[:, None])
            change -= p * (change @ np.ones(k, change.dtype))[..., None]
            change *= w[..., None]
            counts += change.sum(axis=-2)
            sums += crossed(x, change)
        return fits.shape.joined(sums, counts)


def _times(rows: NDArray[np.float32], v: FloatArray) -> FloatArray:
    by: Any = np.ascontiguousarray(v.T, dtype=np.float32)[None]
    narrow: Any = rows
    return times(narrow, by)[0]


def _crossed(rows: NDArray[np.float32], by: NDArray[np.float32]) -> FloatArray:
    narrow: Any = rows
    found: Any = by
    return crossed(narrow, found).T
