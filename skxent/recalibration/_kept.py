"""Second derivatives of sets of weights times vectors, where matrices would be too large."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from skxent._typing import FloatArray, Narrow
from skxent.recalibration._blocks import BlocksOfClasses
from skxent.recalibration._hessians import weighted_rows
from skxent.recalibration._multiplied import Multiplied
from skxent.recalibration._newton import crossed, times

__all__ = ["MatrixProducts", "ScalarProducts", "VectorProducts"]


@dataclass(frozen=True, slots=True, eq=False)
class _Diagonal:
    """Second derivatives of which the mixed ones are taken for 0: shape (n_sets, size)."""

    own: FloatArray

    def inverted(self, scale: float, prior: FloatArray) -> _Diagonal:
        return _Diagonal(1.0 / (scale * self.own + prior))

    def __matmul__(self, v: FloatArray) -> FloatArray:
        return self.own * v


class ScalarProducts:
    """
    Second derivatives of the loss after maps in which no class has a slope of its own.

    All of it is products with one table of exponentials, kept in single precision: second
    derivatives say where to step, not where to end. Sets of weights have their own biases, and
    one slope between them, since theirs differ by little.
    """

    def __init__(self, fits: Multiplied, theta: FloatArray) -> None:
        (n, k), sets, by = fits.x.shape, len(fits.weight), fits.multipliers(theta)
        self.shape, self.weight, self.factor = fits.shape, fits.narrow, by.factor
        # Those of biases alone are there already, and are quick to use at each step anew.
        self.is_quick = by.slopes is None
        self.table = fits.table() if by.slopes is None else np.empty((n, k), dtype=np.float32)
        if by.slopes is not None:
            added = None if by.added is None else by.added.mean(axis=0, keepdims=True)
            by = replace(by, slopes=by.slopes.mean(axis=0, keepdims=True), added=added)
        self.part: Narrow = np.empty((len(theta), n), dtype=np.float32)
        """What the exponentials of a row are multiplied with to be probabilities of a set."""
        self.mean: Narrow = np.empty_like(self.part)
        """Of the log-probabilities, of a set and a row."""
        counts, firsts, squares = np.zeros((3, sets, k))
        self.seconds, spread = np.zeros((2, sets))
        for at, x, w in fits.blocks(4):
            powers, total, _ = fits.powers(x, by)
            self.part[:, at] = part = 1.0 / total
            each: Narrow = w * part
            square: Narrow = each * part
            counts += weighted_rows(each, powers)
            squares += weighted_rows(square, powers * powers)
            if by.slopes is not None:
                self.table[at] = powers[0]
                powers *= x
                mean = self.mean[:, at] = part * times(powers[0], _columns(by.factor))[0].T
                firsts += weighted_rows(each, powers)
                powers *= x
                self.seconds += (self.factor * weighted_rows(each, powers)).sum(axis=1)
                spread += np.einsum("bn,bn->b", w * mean, mean)
        self.counts, self.firsts = self.factor * counts, self.factor * firsts
        own = [(self.seconds - spread)[:, None]] if self.shape.n_slopes else []
        own += [self.counts - self.factor**2 * squares] if self.shape.bias else []
        self.rough = _Diagonal(np.concatenate(own, axis=1))

    def times(self, v: FloatArray) -> FloatArray:
        """Shape (n_sets, size), as `v`."""
        bias, narrow = self.shape.biases(v), v.astype(np.float32)
        mean = times(self.table, _columns(self.factor * bias))[0].T * self.part
        if self.shape.n_slopes:
            mean += narrow[:, :1] * self.mean
        mean *= self.weight
        own = self.counts * bias - self.factor * weighted_rows(mean * self.part, self.table[None])
        if not self.shape.n_slopes:
            return own
        slope = v[:, 0] * self.seconds + np.einsum("bk,bk->b", self.firsts, bias)
        slope -= np.einsum("bn,bn->b", mean, self.mean)
        own += v[:, :1] * self.firsts
        return np.concatenate([slope[:, None], own], axis=1)


class VectorProducts:
    """The same where each class has a slope of its own, at the mean of the sets' parameters."""

    is_quick = False

    def __init__(self, fits: Multiplied, theta: FloatArray) -> None:
        n, k = fits.x.shape
        theta = theta.mean(axis=0, keepdims=True)
        self.shape, self.weight = fits.shape, fits.narrow.T
        self.p, self.xp = np.empty((2, n, k), dtype=np.float32)
        self.sums = np.zeros((3, len(fits.weight), k))
        """Of the probabilities times 1, x, and x squared, weighted, of each class."""
        squares, by = np.zeros((3, k)), fits.multipliers(theta)
        for at, x, w in fits.blocks(4):
            p = fits.probabilities(x, by)[0]
            self.p[at], self.xp[at] = p, x * p
            for i, each in enumerate((p, self.xp[at], x * self.xp[at])):
                self.sums[i] += weighted_rows(w, each[None])
                squares[i] += w.mean(axis=0) @ (each * p)
        spread = self.sums.mean(axis=1) - squares
        blocks = np.moveaxis(np.array([[spread[2], spread[1]], [spread[1], spread[0]]]), -1, 0)
        self.rough = BlocksOfClasses(fits.shape, blocks)

    def times(self, v: FloatArray) -> FloatArray:
        """Shape (n_sets, size), as `v`."""
        counts, firsts, seconds = self.sums
        bias, slopes = self.shape.biases(v), self.shape.slopes(v)[:, 0]
        mean = times(self.xp, _columns(slopes))[0] + times(self.p, _columns(bias))[0]
        mean *= self.weight
        of_slopes = bias * firsts + slopes * seconds - crossed(self.xp, mean).T
        own = bias * counts + slopes * firsts - crossed(self.p, mean).T
        return self.shape.joined(of_slopes, own)


class MatrixProducts:
    """The same where each class has a slope for each other."""

    is_quick = False

    def __init__(self, fits: Multiplied, theta: FloatArray) -> None:
        theta = theta.mean(axis=0, keepdims=True)
        self.fits, self.by = fits, fits.multipliers(theta)
        self.rough = BlocksOfClasses.of(fits, theta)

    def times(self, v: FloatArray) -> FloatArray:
        """Shape (n_sets, size), as `v`."""
        fits, k, sets = self.fits, self.fits.shape.k, len(v)
        counts, sums = np.zeros((sets, k)), np.zeros((sets, k, k))
        slopes, bias = (a.astype(np.float32) for a in (fits.shape.slopes(v), fits.shape.biases(v)))
        for _, x, w in fits.blocks(2 * sets):
            p = fits.probabilities(x, self.by)
            change: Narrow = p * (fits.multiplied(x, slopes) + bias[:, None])
            change -= p * (change @ np.ones(k, change.dtype))[..., None]
            change *= w[..., None]
            counts += change.sum(axis=-2)
            sums += crossed(x, change)
        return fits.shape.joined(sums, counts)


def _columns(v: FloatArray | Narrow) -> Any:
    """Vectors of the sets as columns of one matrix, in single precision."""
    return np.ascontiguousarray(v.T, dtype=np.float32)[None]
