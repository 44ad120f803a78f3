"""Fits of maps of one slope, one share that is mixed in, or both."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from skxent._backend import class_weights, pick, row_slices
from skxent._typing import FloatArray, IntArray
from skxent.recalibration._multiplied import exponentials
from skxent.recalibration._newton import Fits, Rows, solved
from skxent.recalibration._shape import shorten_slopes, slope_prior

__all__ = ["MixtureFits", "Sloped", "shares_of_classes"]

# Half a row that was mixed and half a row that was not: a Beta(3/2, 3/2) prior of the share,
# without which rows that are all right would ask for a share of 0, and a single error after
# that would cost everything.
_HALF = 0.5
_MOST_STEPS = 100
# Where the fourth term of a series adds no more to the mean loss, for several sets or for one, the
# series does; the fifth, which is left out, adds less. Terms of classes that are next to impossible
# do not show how far the series reaches, which a part of the slope does.
_FOURTH, _FOURTH_OF_ONE, _FAR = 1e-7, 1e-11, 0.05
# Numbers in the series that are kept, if there is more than one.
_MOST_KEPT = 1 << 19
# What is left of the sum of the losses, in nats, by sums in single precision and by exact ones.
_TOLERANCE, _EXACT_TOLERANCE = 1e-7, 1e-13
# Where a step promises so much less than the one before, what is left falls as a square.
_PACE = 0.1
# A step by so little changes nothing but rounding.
_STILL = 1e-9


def shares_of_classes(codes: IntArray, k: int, weight: FloatArray) -> FloatArray:
    """Share of each class in the weight, with one row more that is spread over all classes."""
    counts = class_weights(codes, k, weight) + 1.0 / k
    shares: FloatArray = counts / counts.sum()
    return shares


@dataclass(frozen=True, slots=True, eq=False)
class _Series:
    """Log-probabilities of the rows' classes as series around a slope."""

    center: FloatArray
    """Shape (1,)."""
    terms: FloatArray
    """Shape (5, n_rows): derivatives of the order 0 to 4 over their factorials."""
    fourth: float
    """Mean size of the last."""

    def does(self, slopes: FloatArray, most: float) -> bool:
        """Whether the fourth term adds no more than `most` to the mean loss at these slopes."""
        far = self.far(slopes)
        return far <= _FAR * self.center.item() and self.fourth * far**4 <= most

    def far(self, slopes: FloatArray) -> float:
        return float(abs(slopes - self.center).max())


@dataclass(eq=False)
class Sloped(Rows):
    """
    Log-probabilities of the rows' classes after ``softmax(slope * x)``, as functions of the slope.

    Each is a series around a slope: the derivatives are cumulants of the logits under the
    probabilities. Some series are kept, since fits of several families, and those to parts of the
    rows, come by the same slopes: to expand one takes five passes over the probabilities.
    """

    kept: list[_Series] = field(default_factory=list)

    @cached_property
    def unsloped(self) -> FloatArray:
        """The logarithms at a slope of 1."""
        known = [each.terms[0] for each in self.kept if each.center.item() == 1.0]
        return known[0] if known else self.expanded(1.0, 0)[0]

    def around(self, slopes: FloatArray, most: float) -> tuple[FloatArray, FloatArray]:
        """Slopes and the terms around them, of the shape (5, n_slopes, n_rows): one if it does."""
        found = self._near(slopes, most)
        if found is None:
            center = slopes.mean(keepdims=True)
            terms = self.expanded(center.item())
            found = _Series(center, terms, float(abs(terms[4]).mean()))
            self.kept = [found, *self.kept][: max(1, _MOST_KEPT // terms.size)]
        if not found.does(slopes, most):
            return slopes, np.stack([self.expanded(slope) for slope in slopes.tolist()], axis=1)
        return found.center, found.terms[:, None]

    def of(self, slopes: FloatArray, number: IntArray) -> FloatArray:
        """The logarithms of the rows, each after the slope that has its number."""
        series = self._near(slopes, _FOURTH)
        if series is not None:
            zeroth, first, second, third, fourth = series.terms
            d = (slopes - series.center)[number]
            return zeroth + d * (first + d * (second + d * (third + d * fourth)))
        found = np.empty(len(self.codes))
        for i, slope in enumerate(slopes.tolist()):
            at = np.flatnonzero(number == i)
            found[at] = type(self)(self.x[at], self.codes[at]).expanded(slope, 0)[0]
        return found

    def _near(self, slopes: FloatArray, most: float) -> _Series | None:
        """The nearest of the series that do for these slopes."""
        found = [each for each in self.kept if each.does(slopes, most)]
        return min(found, key=lambda each: each.far(slopes), default=None)

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


def _derivatives(far: FloatArray) -> FloatArray:
    """
    What the terms of a series count in its value and its first and second derivative.

    Shape (3, n_slopes, 5), for slopes that are so far from the one that it is around.
    """
    powers, found = far[:, None] ** np.arange(5), np.zeros((3, len(far), 5))
    found[0] = powers
    found[1, :, 1:] = powers[:, :4] * np.arange(1, 5)
    found[2, :, 2:] = powers[:, :3] * [2, 6, 12]
    return found


class MixtureFits(Fits):
    """
    Fits of ``(1 - share) * softmax(slope * x) + share * shares_of_classes``.

    The parameters are the slope, unless it is fixed at 1, and the share, unless nothing is mixed.
    """

    def __init__(
        self, sloped: Sloped, weight: FloatArray, *, with_slope: bool, with_share: bool
    ) -> None:
        self.sloped, self.with_slope, self.with_share = sloped, with_slope, with_share
        self.rounding = 1e-6 if with_share else 0.0
        self.unsloped = None if with_slope else sloped.unsloped
        super().__init__(sloped, weight)

    def _weigh(self, weight: FloatArray) -> None:
        super()._weigh(weight)
        self.series = np.empty(0), np.empty((5, 0))
        """Slopes, and weighted sums of the terms of the series around them."""
        if not self.with_share:
            return
        k = self.x.shape[1]
        self.classes = np.array([shares_of_classes(self.codes, k, each) for each in self.weight])
        self.of_class: NDArray[Any] = self.classes[:, self.codes].astype(np.float32)

    def exactly(self) -> Self:
        part = super().exactly()
        if self.with_share:
            part.of_class = self.classes[:, self.codes]
        return part

    def held_out(self, theta: FloatArray, fold_of: IntArray) -> FloatArray:
        """Loss of each row after the parameters that have the number of its fold."""
        logs = self.unsloped
        if logs is None:
            logs = self.sloped.of(theta[:, 0], fold_of)
        if self.with_share:
            share, of_class = theta[fold_of, -1], self.classes[fold_of, self.codes]
            logs = np.log((1.0 - share) * np.exp(logs) + share * of_class)
        return np.negative(logs)

    def minimised(self, theta: FloatArray) -> FloatArray:
        """
        Parameters that make the penalised loss smallest, from one set of them for all weights.

        Second derivatives cost little beside the first, so that all steps are Newton's. A step
        is halved until it makes the loss smaller. Ends where the steps promise less than the
        tolerance, or, by the pace of the last two, will leave less of that behind.
        """
        tolerance = _TOLERANCE if self.rounding else _EXACT_TOLERANCE
        value, before = np.full((2, len(self.weight)), np.inf)
        rounding, step = _FOURTH * self.weight.sum(axis=1), np.zeros_like(theta)
        for _ in range(_MOST_STEPS):
            tried = theta + step
            found, gradient, hessian = self.penalised(tried)
            good = found <= value + rounding
            theta, value = np.where(good[:, None], tried, theta), np.where(good, found, value)
            change = -solved(hessian, gradient[..., None])[..., 0]
            self.shorten(theta, change)
            promise = -(gradient * change).sum(axis=1)
            pace = promise / np.maximum(before, 1e-300)
            pace = np.where(np.isinf(before), 1.0, np.minimum(pace, 1.0))
            last = (promise <= tolerance) | ((pace < _PACE) & (promise * pace**2 <= tolerance))
            step = np.where(good[:, None], change, 0.5 * step)
            before = np.where(good, promise, before)
            if (np.where(good, last, (abs(step) <= _STILL).all(axis=1))).all():
                return theta + np.where(good[:, None], step, 0.0)
        return theta

    def penalised(self, theta: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Sums of the weighted losses and the prior, and their first and second derivatives."""
        value, gradient, hessian = self._sums(theta)
        if self.with_slope:
            of_slope, by_slope, _ = slope_prior(theta[:, 0])
            value, gradient[:, 0] = value + of_slope, gradient[:, 0] + by_slope
        if self.with_share:
            share = theta[:, -1]
            value = value - _HALF * np.log(share * (1.0 - share))
            gradient[:, -1] += _HALF / (1.0 - share) - _HALF / share
        at = np.arange(theta.shape[1])
        hessian[:, at, at] += self.prior_curvature(theta)
        return value, gradient, hessian

    def evaluated(self, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        return self.penalised(theta)[:2]

    def hessians(self, theta: FloatArray) -> FloatArray:
        return self._sums(theta)[2]

    def prior_curvature(self, theta: FloatArray) -> FloatArray:
        curvature = [slope_prior(theta[:, 0])[2]] if self.with_slope else []
        if self.with_share:
            share = theta[:, -1]
            curvature.append(_HALF / share**2 + _HALF / (1.0 - share) ** 2)
        return np.array(curvature).T

    def _sums(self, theta: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Of the losses and their derivatives, without the prior; see `penalised`."""
        if self.with_share:
            return self._sums_of_mixed(theta)
        most = _FOURTH if len(theta) > 1 else _FOURTH_OF_ONE
        center, terms = self.sloped.around(theta[:, 0], most)
        if self.series[0] is not center:
            self.series = center, np.array([_weighted(self.weight, each) for each in terms])
        found = np.einsum("isj,js->is", _derivatives(theta[:, 0] - center), self.series[1])
        value, gradient, hessian = -found
        return value, gradient[:, None], np.maximum(hessian, 1e-12)[:, None, None]

    def _sums_of_mixed(self, theta: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        # In single precision, as `Rows.narrow`, unless they are exact.
        kind, sets, size = self.narrow.dtype, len(self.weight), theta.shape[1]
        share = theta[:, -1:].astype(kind)
        value, gradient = np.zeros(sets), np.zeros((sets, size))
        squares, bend = np.zeros((sets, size, size)), np.zeros(sets)
        for rows in row_slices(len(self.codes), 4 * sets):
            w, of_class = self.narrow[:, rows], self.of_class[:, rows]
            logs, first, second = self._logs(theta, rows).astype(kind)
            q = np.exp(logs)
            mixed = (1.0 - share) * q + share * of_class
            value -= _weighted(w.astype(np.float64), np.log(mixed, dtype=np.float64))
            by_share = (of_class - q) / mixed
            each = w * by_share
            gradient[:, -1] -= each.sum(axis=1)
            squares[:, -1, -1] += _weighted(each, by_share)
            if self.with_slope:
                kept = (1.0 - share) * q / mixed
                by_slope = kept * first
                each = w * by_slope
                gradient[:, 0] -= each.sum(axis=1)
                squares[:, 0, 0] += _weighted(each, by_slope)
                squares[:, 0, 1] += _weighted(each, by_share)
                bend -= _weighted(each, first) + _weighted(w * kept, second)
        if not self.with_slope:
            return value, gradient, squares
        squares[:, 1, 0] = squares[:, 0, 1]
        whole = squares.copy()
        whole[:, 0, 0] += bend
        whole[:, 0, 1] -= gradient[:, 0] / (1.0 - share[:, 0])
        whole[:, 1, 0] = whole[:, 0, 1]
        # Without the part that bends down, where the whole would not bend up.
        with_prior, at = whole.copy(), np.arange(size)
        with_prior[:, at, at] += self.prior_curvature(theta)
        safe = np.linalg.eigvalsh(with_prior)[:, 0] > 1e-3 * with_prior[:, at, at].min(axis=1)
        return value, gradient, np.where(safe[:, None, None], whole, squares)

    def _logs(self, theta: FloatArray, rows: slice) -> FloatArray:
        """Logarithms of the sloped probabilities, and their derivatives by the slope."""
        if self.unsloped is not None:
            return np.broadcast_to(self.unsloped[rows], (3, 1, len(self.unsloped[rows])))
        # Sums in single precision gain nothing from more than they hold.
        most = _FOURTH_OF_ONE if self.exact else _FOURTH
        center, terms = self.sloped.around(theta[:, 0], most)
        far, terms = _derivatives(theta[:, 0] - center), terms[..., rows]
        if terms.shape[1] > 1:
            return np.einsum("isj,jsn->isn", far, terms)
        return (far.reshape(-1, 5) @ terms[:, 0]).reshape(3, len(theta), -1)

    def row_gradients(self, theta: FloatArray) -> FloatArray:
        logs, first, _ = self._logs(theta, slice(None))
        if not self.with_share:
            return -first.T
        share, q = theta[:, -1:], np.exp(logs)
        of_class = self.classes[:, self.codes]
        mixed = (1.0 - share) * q + share * of_class
        found = [(1.0 - share) * q * first / mixed] if self.with_slope else []
        return -np.concatenate([*found, (of_class - q) / mixed]).T

    def shorten(self, theta: FloatArray, step: FloatArray) -> None:
        if self.with_slope:
            shorten_slopes(theta[:, 0], step)
        if self.with_share:
            # Half of the way to the end of the range at most.
            share, change = theta[:, -1], step[:, -1]
            room = 0.5 * np.where(change < 0, share, 1.0 - share)
            step *= np.minimum(room / np.maximum(abs(change), 1e-300), 1.0)[:, None]


def _weighted(weight: FloatArray, values: FloatArray) -> FloatArray:
    """Weighted sum of each set; there may be one row of values for all sets."""
    return np.einsum("bn,bn->b", weight, values)
