"""Fits of maps that mix the probabilities with the shares of the classes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Self

import numpy as np

from skxent._backend import class_weights, pick
from skxent._typing import FloatArray, IntArray
from skxent.recalibration._multiplied import exponentials
from skxent.recalibration._newton import Fits
from skxent.recalibration._shape import shorten_slopes, slope_prior

__all__ = ["MixtureFits", "shares_of_classes"]

# Half a row that was mixed and half a row that was not: a Beta(3/2, 3/2) prior of the share,
# without which rows that are all right would ask for a share of 0, and a single error after
# that would cost everything.
_HALF = 0.5


def shares_of_classes(codes: IntArray, k: int, weight: FloatArray) -> FloatArray:
    """Share of each class in the weight, with one row more that is spread over all classes."""
    counts = class_weights(codes, k, weight) + 1.0 / k
    shares: FloatArray = counts / counts.sum()
    return shares


class MixtureFits(Fits):
    """
    Fits of ``(1 - share) * softmax(slope * x) + share * shares_of_classes``.

    The parameters are the slope, unless it is fixed at 1, and the share.
    """

    def __init__(
        self, x: FloatArray, codes: IntArray, weight: FloatArray, *, with_slope: bool
    ) -> None:
        super().__init__(x, codes, weight)
        self.with_slope = with_slope
        self.classes = np.array([shares_of_classes(codes, x.shape[1], each) for each in weight])

    def some(self, which: IntArray) -> Self:
        part = super().some(which)
        part.classes = self.classes[which]
        return part

    def _own(
        self, x: FloatArray, codes: IntArray, theta: FloatArray, order: int
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """
        Probability of each row's class before the mixing, and derivatives by the slope.

        The latter are divided by the probability; 0 beyond the `order` that is asked for.
        """
        slope = theta[:, :1] if self.with_slope else np.ones((1, 1))
        own = pick(x, codes)
        powers, total, shift = exponentials(slope[..., None] * x)
        q = np.exp(slope * own - shift) / total
        if not self.with_slope:
            return q, np.zeros_like(q), np.zeros_like(q)
        ones = np.ones(x.shape[1])
        powers *= x
        mean = (powers @ ones) / total
        first = own - mean
        if order == 1:
            return q, first, np.zeros_like(q)
        powers *= x
        return q, first, first**2 - (powers @ ones) / total + mean**2

    def _mixed(
        self, theta: FloatArray, order: int
    ) -> Iterator[tuple[slice, FloatArray, FloatArray, FloatArray, FloatArray]]:
        """Blocks of weights, probabilities of the rows' classes, and relative derivatives."""
        share = theta[:, -1:]
        for at, x, w in self.blocks(len(theta) if self.with_slope else 1):
            codes = self.codes[at]
            q, first, second = self._own(x, codes, theta, order)
            of_class = self.classes[:, codes]
            mixed = (1.0 - share) * q + share * of_class
            by_share = (of_class - q) / mixed
            if not self.with_slope:  # a mixture is linear in the share
                yield at, w, mixed, by_share[None], np.zeros((1, *mixed.shape))
                continue
            kept = (1.0 - share) * q / mixed
            bend = [kept * second, -q * first / mixed, np.zeros_like(mixed)]
            yield at, w, mixed, np.array([kept * first, by_share]), np.array(bend)

    def evaluated(self, theta: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        n_sets, n = self.weight.shape
        share = theta[:, -1]
        losses = np.full((n_sets, n), np.inf)
        gradient = np.zeros((n_sets, theta.shape[1]))
        value = np.zeros(n_sets)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            for at, w, mixed, by, _ in self._mixed(theta, 1):
                losses[:, at] = loss = -np.log(mixed)
                value += (w * loss).sum(axis=1)
                gradient -= (w * by).sum(axis=2).T
            value -= _HALF * np.log(share * (1.0 - share))
            gradient[:, -1] += _HALF / (1.0 - share) - _HALF / share
        if self.with_slope:
            of_slope, by_slope, _ = slope_prior(theta[:, 0])
            value, gradient[:, 0] = value + of_slope, gradient[:, 0] + by_slope
        # Beyond the range there is no such map.
        value = np.where((share > 0) & (share < 1) & ~np.isnan(value), value, np.inf)
        return value, gradient, losses

    def prior_curvature(self, theta: FloatArray) -> FloatArray:
        share = theta[:, -1]
        curvature = [_HALF / share**2 + _HALF / (1.0 - share) ** 2]
        if self.with_slope:
            curvature.insert(0, slope_prior(theta[:, 0])[2])
        return np.array(curvature).T

    def hessians(self, theta: FloatArray) -> FloatArray:
        """Without the part that bends down, where the whole would not bend up."""
        size = theta.shape[1]
        squares, bends = np.zeros((2, len(self.weight), size, size))
        pairs = [(0, 0), (0, 1), (1, 1)] if self.with_slope else [(0, 0)]
        for _, w, _, by, bend in self._mixed(theta, 2):
            for (i, j), each in zip(pairs, bend, strict=True):
                squares[:, i, j] += (w * by[i] * by[j]).sum(axis=1)
                bends[:, i, j] += (w * each).sum(axis=1)
        for part in (squares, bends):
            part[:, -1, 0] = part[:, 0, -1]
        whole = squares - bends
        prior = self.prior_curvature(theta)
        at = np.arange(size)
        with_prior = whole.copy()
        with_prior[:, at, at] += prior
        safe = np.linalg.eigvalsh(with_prior)[:, 0] > 1e-3 * with_prior[:, at, at].min(axis=1)
        return np.where(safe[:, None, None], whole, squares)

    def row_gradients(self, theta: FloatArray) -> FloatArray:
        return -np.concatenate([by[:, 0].T for _, _, _, by, _ in self._mixed(theta, 1)])

    def shorten(self, theta: FloatArray, step: FloatArray) -> None:
        if self.with_slope:
            shorten_slopes(theta[:, 0], step)
        # Half of the way to the end of the range at most.
        share, change = theta[:, -1], step[:, -1]
        room = 0.5 * np.where(change < 0, share, 1.0 - share)
        step *= np.minimum(room / np.maximum(abs(change), 1e-300), 1.0)[:, None]
