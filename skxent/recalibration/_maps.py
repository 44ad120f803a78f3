"""Recalibration maps: each multiplies log-probabilities, adds a bias, and normalises again."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.optimize import minimize

from skxent._kernels import FloatArray, IntArray, log_softmax, pick, row_slices

__all__ = ["RUNGS", "Map", "fit_map"]

Slope = Literal["none", "scalar", "vector", "matrix"]

# Rows that are all classified correctly ask for a temperature of 0, and then a single mistake
# among the rows held out costs everything. Temperatures between 1/2 and 2 are free; beyond,
# the data have to outweigh a normal prior. See benchmarks/statistics/temperature_prior.py.
_FREE_LOG_TEMPERATURE = math.log(2.0)
_TEMPERATURE_PRECISION = 3.0
# Precisions of normal priors on a bias (in nats), on the slope of a class beside the common
# one, and on what one class's log-probability adds to another's: they matter for small
# classes, which would otherwise be fitted to a handful of rows.
_BIAS_PRECISION = 1.0
_OWN_SLOPE_PRECISION = 25.0
_CROSS_SLOPE_PRECISION = 100.0


@dataclass(frozen=True, slots=True)
class Map:
    """Log-probabilities times `slopes` plus `bias`, as logits."""

    slopes: FloatArray
    """Shape (n_classes, n_classes), or (n_classes,) for its diagonal."""
    bias: FloatArray

    def log_proba(self, logp: FloatArray) -> FloatArray:
        """Recalibrated log-probabilities of a block of floored log-probabilities."""
        if self.slopes.ndim == 2:
            return log_softmax(logp @ self.slopes.T + self.bias)
        return log_softmax(logp * self.slopes + self.bias)


@dataclass(frozen=True, slots=True)
class Rung:
    """A family of maps: what multiplies, and whether there is a bias."""

    name: str
    slope: Slope
    bias: bool


RUNGS = (
    Rung("none", "none", False),
    Rung("bias", "none", True),
    Rung("temperature", "scalar", False),
    Rung("bias + temperature", "scalar", True),
    Rung("vector", "vector", True),
    Rung("Dirichlet", "matrix", True),
)


def _size(rung: Rung, k: int) -> tuple[int, int]:
    slopes = {"none": 0, "scalar": 1, "vector": 1 + k, "matrix": 1 + k * k}[rung.slope]
    return slopes, k if rung.bias else 0


def _unpack(theta: FloatArray, rung: Rung, k: int) -> Map:
    """The first parameter is the log of the common slope, the others are deviations from it."""
    n_slopes, n_bias = _size(rung, k)
    bias = theta[n_slopes:] if n_bias else np.zeros(k)
    common = math.exp(theta[0]) if n_slopes else 1.0
    if rung.slope == "matrix":
        return Map(common * np.eye(k) + theta[1:n_slopes].reshape(k, k), bias)
    own = theta[1:n_slopes] if rung.slope == "vector" else 0.0
    return Map(np.broadcast_to(common + own, (k,)).copy(), bias)


def _penalty(theta: FloatArray, rung: Rung, k: int) -> tuple[float, FloatArray]:
    n_slopes, _ = _size(rung, k)
    gradient = np.zeros_like(theta)
    if n_slopes:
        free = _FREE_LOG_TEMPERATURE
        gradient[0] = _TEMPERATURE_PRECISION * (theta[0] - np.clip(theta[0], -free, free))
    if rung.slope == "vector":
        gradient[1:n_slopes] = _OWN_SLOPE_PRECISION * theta[1:n_slopes]
    if rung.slope == "matrix":
        precision = np.full((k, k), _CROSS_SLOPE_PRECISION)
        np.fill_diagonal(precision, _OWN_SLOPE_PRECISION)
        gradient[1:n_slopes] = precision.reshape(-1) * theta[1:n_slopes]
    gradient[n_slopes:] = _BIAS_PRECISION * theta[n_slopes:]
    # All terms but that of the log-slope are quadratic around 0.
    first = 1 if n_slopes else 0
    value = 0.5 * float(gradient[first:] @ theta[first:])
    if n_slopes:
        value += 0.5 * gradient[0] ** 2 / _TEMPERATURE_PRECISION
    return value, gradient


def _loss_and_gradient(
    theta: FloatArray,
    rung: Rung,
    logp: FloatArray,
    codes: IntArray,
    weight: FloatArray | None,
) -> tuple[float, FloatArray]:
    """Penalised sum of the weighted log losses, and its derivative by the parameters."""
    k = logp.shape[1]
    n_slopes, n_bias = _size(rung, k)
    value, gradient = _penalty(theta, rung, k)
    fitted = _unpack(theta, rung, k)
    for rows in row_slices(*logp.shape):
        z, own = logp[rows], codes[rows]
        new = fitted.log_proba(z)
        losses = -pick(new, own)
        residual = np.exp(new, out=new)
        residual[np.arange(len(own)), own] -= 1.0
        if weight is not None:
            losses = losses * weight[rows]
            residual *= weight[rows, None]
        value += float(losses.sum())
        if n_slopes:
            gradient[0] += math.exp(theta[0]) * np.einsum("ij,ij->", residual, z)
        if rung.slope == "vector":
            gradient[1:n_slopes] += np.einsum("ij,ij->j", residual, z)
        if rung.slope == "matrix":
            gradient[1:n_slopes] += (residual.T @ z).reshape(-1)
        if n_bias:
            gradient[n_slopes:] += residual.sum(axis=0)
    return value, gradient


def fit_map(rung: Rung, logp: FloatArray, codes: IntArray, weight: FloatArray | None = None) -> Map:
    """
    Map of a rung that makes the penalised log loss of these rows smallest.

    `logp` are finite log-probabilities. The common slope is 1 / temperature.
    """
    k = logp.shape[1]
    if weight is not None:
        # The priors count against rows, whatever unit the weights are in.
        weight = weight * (weight.sum() / (weight @ weight))
    theta = np.zeros(sum(_size(rung, k)))
    if len(theta):
        bounds = [(-math.log(100.0), math.log(100.0))] + [(None, None)] * (len(theta) - 1)
        found = minimize(
            _loss_and_gradient,
            theta,
            args=(rung, logp, codes, weight),
            jac=True,
            method="L-BFGS-B",
            bounds=bounds if rung.slope != "none" else None,
            options={"maxiter": 200, "ftol": 1e-12, "gtol": 1e-7},
        )
        theta = found.x
    return _unpack(theta, rung, k)
