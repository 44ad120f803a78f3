"""Fits of maps of one slope, one share that is mixed in, or both."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Self

import numpy as np

from skxent._backend import class_weights, pick, row_slices
from skxent._typing import FloatArray, IntArray
from skxent.recalibration._multiplied import exponentials
from skxent.recalibration._newton import Fits
from skxent.recalibration._shape import LEAST_SLOPE, shorten_slopes, slope_prior

__all__ = ["MixtureFits", "Sloped", "fitted_slopes", "shares_of_classes"]

# Half a row that was mixed and half a row that was not: a Beta(3/2, 3/2) prior of the share,
# without which rows that are all right would ask for a share of 0, and a single error after
# that would cost everything.
_HALF = 0.5
_MOST_STEPS = 100
# Where the fourth term of a series adds no more to the mean loss, for several sets or for one, the
# series does; the fifth, which is left out, adds less. Terms of classes that are next to impossible
# do not show how far the series reaches, which a part of the slope does.
_FOURTH, _FOURTH_OF_ONE, _FAR = 1e-7, 1e-11, 0.05


def shares_of_classes(codes: IntArray, k: int, weight: FloatArray) -> FloatArray:
    """Share of each class in the weight, with one row more that is spread over all classes."""
    counts = class_weights(codes, k, weight) + 1.0 / k
    shares: FloatArray = counts / counts.sum()
    return shares


@dataclass(slots=True, eq=False)
class Sloped:
    """
    Log-probabilities of the rows' classes after ``softmax(slope * x)``, as functions of the slope.

    Each is a series around a slope, which is moved where another is asked for: the derivatives
    are cumulants of the logits under the probabilities. One object serves all fits to the rows.
    """

    x: FloatArray
    codes: IntArray
    center: float = math.nan
    terms: FloatArray = field(default_factory=lambda: np.empty((0, 0)))
    """Shape (5, n_rows): derivatives of the order 0 to 4 over their factorials."""
    fourth: float = math.nan
    """Mean size of the last."""

    def at(self, slopes: FloatArray) -> FloatArray:
        """Value, first and second derivative of each row: shape (3, n_sets, n_rows)."""
        most = _FOURTH if len(slopes) > 1 else _FOURTH_OF_ONE
        if not self._reaches(slopes, most):
            self.center = float(slopes.mean())
            self.terms = self.expanded(self.center)
            self.fourth = float(abs(self.terms[4]).mean())
        if not self._reaches(slopes, most):
            each = [self.expanded(slope) for slope in slopes.tolist()]
            return np.array([[terms[i] * (1 + i // 2) for terms in each] for i in range(3)])
        d, (zeroth, first, second, third, fourth) = (slopes - self.center)[:, None], self.terms
        value = zeroth + d * (first + d * (second + d * (third + d * fourth)))
        slope = first + d * (2.0 * second + d * (3.0 * third + d * (4.0 * fourth)))
        return np.array([value, slope, 2.0 * second + d * (6.0 * third + d * (12.0 * fourth))])

    def of(self, rows: IntArray, slope: float) -> FloatArray:
        """Minus the logarithms of some rows."""
        if not self._reaches(np.array([slope]), _FOURTH):
            return -type(self)(self.x[rows], self.codes[rows]).expanded(slope, 0)[0]
        d, terms = slope - self.center, self.terms[:, rows]
        found: FloatArray = np.array([1.0, d, d * d, d**3, d**4]) @ terms
        return np.negative(found, out=found)

    def _reaches(self, slopes: FloatArray, most: float) -> bool:
        """Whether the series does for these slopes."""
        far = float(abs(slopes - self.center).max())
        return far <= _FAR * self.center and self.fourth * far**4 <= most

    def expanded(self, slope: float, order: int = 4) -> FloatArray:
        """The terms around a slope, all five of them or the first alone."""
        found = np.empty((order + 1, len(self.codes)))
        ones = np.ones(self.x.shape[1])
        for rows in row_slices(*self.x.shape):
            x, own = self.x[rows], pick(self.x[rows], self.codes[rows])
            powers, total, shift = exponentials(slope * x)
            found[0, rows] = slope * own - shift - np.log(total)
            if not order:
                continue
            moments = []
            for _ in range(4):
                powers *= x
                moments.append((powers @ ones) / total)
            m, m2, m3, m4 = moments
            variance = m2 - m * m
            third = m3 - m * (3.0 * m2 - 2.0 * m * m)
            central = m4 - m * (4.0 * m3 - m * (6.0 * m2 - 3.0 * m * m))
            found[1, rows] = own - m
            found[2, rows] = variance / -2.0
            found[3, rows] = third / -6.0
            found[4, rows] = (central - 3.0 * variance * variance) / -24.0
        return found


class MixtureFits(Fits):
    """
    Fits of ``(1 - share) * softmax(slope * x) + share * shares_of_classes``.

    The parameters are the slope, unless it is fixed at 1, and the share, unless nothing is mixed.
    """

    def __init__(
        self, sloped: Sloped, weight: FloatArray, *, with_slope: bool, with_share: bool
    ) -> None:
        super().__init__(sloped.x, sloped.codes, weight)
        self.sloped, self.with_slope, self.with_share = sloped, with_slope, with_share
        self.unsloped = None if with_slope else sloped.expanded(1.0, 0)
        self.rounding = _FOURTH * float(weight[0].sum())
        self._count_classes()

    def _count_classes(self) -> None:
        k = self.x.shape[1]
        self.classes = np.array([shares_of_classes(self.codes, k, each) for each in self.weight])
        self.of_class = self.classes[:, self.codes]

    def _some(self, which: IntArray) -> Self:
        part = super()._some(which)
        part.classes, part.of_class = self.classes[which], self.of_class[which]
        return part

    def weighted(self, weight: FloatArray) -> Self:
        part = super().weighted(weight)
        part._count_classes()
        return part

    def _derived(self, theta: FloatArray) -> tuple[FloatArray, list[FloatArray], list[FloatArray]]:
        """
        Logarithms of the rows' probabilities and their derivatives, for each set.

        The first by each parameter, and the second by pairs of them, the first with all first.
        """
        if self.unsloped is not None:
            logs = first = second = self.unsloped
        else:
            logs, first, second = self.sloped.at(theta[:, 0])
        if not self.with_share:
            return logs, [first], [second]
        share, of_class, q = theta[:, -1:], self.of_class, np.exp(logs)
        mixed = (1.0 - share) * q + share * of_class
        by_share = (of_class - q) / mixed
        own = [by_share], [-by_share * by_share]
        if not self.with_slope:
            return np.log(mixed), *own
        kept = (1.0 - share) * q / mixed
        by_slope = kept * first
        bend = kept * (first * first + second) - by_slope * by_slope
        both = -first * q / mixed - by_slope * by_share
        return np.log(mixed), [by_slope, by_share], [bend, both, own[1][0]]

    def evaluated(self, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        w, gradient = self.weight, np.zeros((len(self.weight), theta.shape[1]))
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            logs, by, _ = self._derived(theta)
            value = -_weighted(w, logs)
            for i, each in enumerate(by):
                gradient[:, i] = -_weighted(w, each)
            if self.with_share:
                share = theta[:, -1]
                value = value - _HALF * np.log(share * (1.0 - share))
                gradient[:, -1] += _HALF / (1.0 - share) - _HALF / share
                # Beyond the range there is no such map.
                value = np.where((share > 0) & (share < 1) & ~np.isnan(value), value, np.inf)
        if self.with_slope:
            of_slope, by_slope, _ = slope_prior(theta[:, 0])
            value, gradient[:, 0] = value + of_slope, gradient[:, 0] + by_slope
        return value, gradient

    def prior_curvature(self, theta: FloatArray) -> FloatArray:
        curvature = [slope_prior(theta[:, 0])[2]] if self.with_slope else []
        if self.with_share:
            share = theta[:, -1]
            curvature.append(_HALF / share**2 + _HALF / (1.0 - share) ** 2)
        return np.array(curvature).T

    def hessians(self, theta: FloatArray) -> FloatArray:
        """Without the part that bends down, where the whole would not bend up."""
        size, w = theta.shape[1], self.weight
        squares, whole = np.zeros((2, len(w), size, size))
        _, by, bends = self._derived(theta)
        pairs = [(i, j) for i in range(size) for j in range(i, size)]
        for (i, j), bend in zip(pairs, bends, strict=True):
            squares[:, i, j] = squares[:, j, i] = _weighted(w, by[i] * by[j])
            whole[:, i, j] = whole[:, j, i] = -_weighted(w, bend)
        with_prior, at = whole.copy(), np.arange(size)
        with_prior[:, at, at] += self.prior_curvature(theta)
        safe = np.linalg.eigvalsh(with_prior)[:, 0] > 1e-3 * with_prior[:, at, at].min(axis=1)
        return np.where(safe[:, None, None], whole, squares)

    def row_gradients(self, theta: FloatArray) -> FloatArray:
        return -np.concatenate(self._derived(theta)[1]).T

    def shorten(self, theta: FloatArray, step: FloatArray) -> None:
        if self.with_slope:
            shorten_slopes(theta[:, 0], step)
        if self.with_share:
            # Half of the way to the end of the range at most.
            share, change = theta[:, -1], step[:, -1]
            room = 0.5 * np.where(change < 0, share, 1.0 - share)
            step *= np.minimum(room / np.maximum(abs(change), 1e-300), 1.0)[:, None]


def fitted_slopes(
    sloped: Sloped, weight: FloatArray, tolerance: float
) -> tuple[FloatArray, FloatArray]:
    """
    The slope alone under each set of weights, and the logarithms of all rows after each.

    Newton's steps in one number, for all sets at once, take a tenth of the time of `minimised`.
    """
    sets = len(weight)
    rounding = _FOURTH * weight.sum(axis=1)
    slope, value, step = np.ones(sets), np.full(sets, np.inf), np.zeros(sets)
    for _ in range(_MOST_STEPS):
        tried = slope + step
        logs, first, second = sloped.at(tried)
        of_slope, by_slope, bend = slope_prior(tried)
        found = of_slope - _weighted(weight, logs)
        good = found <= value + rounding
        slope, value = np.where(good, tried, slope), np.where(good, found, value)
        gradient = by_slope - _weighted(weight, first)
        bend = np.maximum(bend - _weighted(weight, second), 1e-12)
        low, high = np.maximum(slope / 4.0, LEAST_SLOPE), np.minimum(slope * 4.0, 1 / LEAST_SLOPE)
        step = np.where(good, np.clip(slope - gradient / bend, low, high) - slope, 0.5 * step)
        promise = np.where(good, abs(gradient * step), np.inf)
        if ((promise <= tolerance) | (abs(step) <= 1e-9 * slope)).all():
            break
    return slope, logs


def _weighted(weight: FloatArray, values: FloatArray) -> FloatArray:
    """Weighted sum of each set; there may be one row of values for all sets."""
    return np.einsum("bn,bn->b", weight, np.broadcast_to(values, weight.shape))
