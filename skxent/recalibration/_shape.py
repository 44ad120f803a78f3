"""Which parameters a map that is linear in log-probabilities has, and the priors on them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from skxent._typing import FloatArray

__all__ = ["LEAST_SLOPE", "Shape", "Slope", "shorten_slopes", "slope_prior"]

Slope = Literal["none", "scalar", "vector", "matrix"]

# Rows that are all classified correctly ask for a temperature of 0, and then a single mistake
# among the rows held out costs everything. Temperatures between 1/2 and 2 are free; beyond,
# the data have to outweigh a normal prior. See benchmarks/simulations/temperature_prior.py.
_FREE_LOG_TEMPERATURE = math.log(2.0)
_TEMPERATURE_PRECISION = 3.0
LEAST_SLOPE = 0.01
# Where the rows say nothing of the temperature, it is 1 and not what a fit begins with.
_LEAST_PRECISION = 1e-6
# Precisions of normal priors on a bias (in nats), on the slope of a class beside the common
# one, and on what one class's log-probability adds to another's: they matter for small
# classes, which would otherwise be fitted to a handful of rows.
_BIAS_PRECISION = 1.0
_OWN_SLOPE_PRECISION = 25.0
_CROSS_SLOPE_PRECISION = 100.0


@dataclass(frozen=True, slots=True)
class Shape:
    """
    Which parameters a map of `k` classes has.

    In this order, as far as it has them: the slope of all classes; what is added to it for each
    class, or for each pair of a class and one that it adds to; the bias of each class.
    """

    slope: Slope
    bias: bool
    k: int

    @property
    def n_slopes(self) -> int:
        k = self.k
        return {"none": 0, "scalar": 1, "vector": 1 + k, "matrix": 1 + k * k}[self.slope]

    @property
    def size(self) -> int:
        return self.n_slopes + (self.k if self.bias else 0)

    def slopes(self, theta: FloatArray) -> FloatArray:
        """Shape (n_sets, k, k), or (n_sets, 1, k or 1): rows are multiplied from the right."""
        n, k = len(theta), self.k
        if self.slope == "matrix":
            return theta[:, :1, None] * np.eye(k) + theta[:, 1 : 1 + k * k].reshape(n, k, k)
        common = theta[:, :1] if self.n_slopes else np.ones((n, 1))
        return (common + theta[:, 1 : self.n_slopes] if self.slope == "vector" else common)[:, None]

    def biases(self, theta: FloatArray) -> FloatArray:
        """Shape (n_sets, k)."""
        return theta[:, self.n_slopes :] if self.bias else np.zeros((len(theta), self.k))

    def joined(self, slopes: FloatArray, bias: FloatArray) -> FloatArray:
        """
        Derivatives by the parameters, from those by the slopes and biases of the classes.

        `slopes` has the shape (…, k) or, of a matrix, (…, k, k).
        """
        parts = []
        if self.n_slopes:
            matrix = self.slope == "matrix"
            common = slopes.trace(axis1=-2, axis2=-1) if matrix else slopes.sum(axis=-1)
            parts.append(common[..., None])
            if self.slope != "scalar":
                parts.append(slopes.reshape(*common.shape, -1))
        if self.bias:
            parts.append(bias)
        return np.concatenate(parts, axis=-1)

    def precision(self) -> FloatArray:
        """Precisions of the normal priors around 0; the common slope has another prior."""
        k, first = self.k, self.n_slopes
        precision = np.full(self.size, _BIAS_PRECISION)
        if first:
            precision[0] = 0.0
        if self.slope == "vector":
            precision[1:first] = _OWN_SLOPE_PRECISION
        if self.slope == "matrix":
            own = np.eye(k, dtype=bool).reshape(-1)
            precision[1:first] = np.where(own, _OWN_SLOPE_PRECISION, _CROSS_SLOPE_PRECISION)
        return precision


def slope_prior(slope: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Minus the log of the prior of a common slope, and its derivatives, not below 0 the second."""
    log = np.log(slope)
    far = np.abs(log) > _FREE_LOG_TEMPERATURE
    if not far.any():
        pull, least = _LEAST_PRECISION * log, np.full_like(log, _LEAST_PRECISION)
        return 0.5 * pull * log, pull / slope, np.maximum(least - pull, 0.0) / slope**2
    beyond = np.where(far, log - np.copysign(_FREE_LOG_TEMPERATURE, log), 0.0)
    pull = _TEMPERATURE_PRECISION * beyond + _LEAST_PRECISION * log
    precision = np.where(far, _TEMPERATURE_PRECISION, 0.0) + _LEAST_PRECISION
    value = 0.5 * (_TEMPERATURE_PRECISION * beyond**2 + _LEAST_PRECISION * log**2)
    return value, pull / slope, np.maximum(precision - pull, 0.0) / slope**2


def shorten_slopes(slope: FloatArray, step: FloatArray) -> None:
    """Shorten steps, in place, whose first number changes a slope by more than a factor of 4."""
    low, high = np.maximum(slope / 4.0, LEAST_SLOPE), np.minimum(slope * 4.0, 1 / LEAST_SLOPE)
    after = slope + step[:, 0]
    if ((after > low) & (after < high)).all():
        return
    room = np.where(step[:, 0] < 0, slope - low, high - slope)
    # At the end of the range the other parameters move on alone.
    step[room <= 1e-12 * slope, 0] = 0.0
    far = np.maximum(abs(step[:, 0]), 1e-300)
    step *= np.minimum(room / far, 1.0)[:, None] ** (step[:, :1] != 0)
