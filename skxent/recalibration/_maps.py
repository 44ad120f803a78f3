"""Recalibration maps: each multiplies log-probabilities, adds a bias, and normalises again."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_array

from skxent._backend import NUMPY, class_weights, pick, row_slices, row_sums
from skxent._kernels import log_softmax
from skxent._typing import FloatArray, IntArray

__all__ = ["METHODS", "Map", "Method", "fit_map", "n_parameters"]

Slope = Literal["none", "scalar", "vector", "matrix"]

# Rows that are all classified correctly ask for a temperature of 0, and then a single mistake
# among the rows held out costs everything. Temperatures between 1/2 and 2 are free; beyond,
# the data have to outweigh a normal prior. See benchmarks/simulations/temperature_prior.py.
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

    def losses(self, logp: FloatArray, codes: IntArray) -> FloatArray:
        """Minus the recalibrated log-probability of each row's class."""
        logits = self.logits(logp)
        powers, shift = _exponentials(logits)
        losses: FloatArray = np.log(powers @ np.exp(self.bias)) + shift
        losses -= pick(logits, codes)
        losses -= self.bias[codes]
        return losses

    def log_proba(self, logp: FloatArray) -> FloatArray:
        """Recalibrated log-probabilities of a block of finite ones."""
        return log_softmax(NUMPY, self.logits(logp) + self.bias)

    def logits(self, logp: FloatArray) -> FloatArray:
        """Logits of a block of finite log-probabilities, without the bias."""
        return logp @ self.slopes.T if self.slopes.ndim == 2 else logp * self.slopes


def _exponentials(logits: FloatArray) -> tuple[FloatArray, FloatArray | float]:
    """
    Exponentials of each row, and the logarithm of what they were divided by.

    Log-probabilities need no shift as long as the map keeps their sign and size.
    """
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        powers = np.exp(logits)
        highest = powers.max(axis=1) if logits.shape[1] > 64 else row_sums(powers)
    if highest.min() > 1e-250 and highest.max() < 1e250:
        return powers, 0.0
    shift = logits.max(axis=1)
    return np.exp(logits - shift[:, None]), shift


@dataclass(frozen=True, slots=True)
class Method:
    """A family of maps: what multiplies, and whether there is a bias."""

    name: str
    slope: Slope
    bias: bool


METHODS = (
    Method("none", "none", False),
    Method("bias", "none", True),
    Method("temperature", "scalar", False),
    Method("bias+temperature", "scalar", True),
    Method("vector", "vector", True),
    Method("dirichlet", "matrix", True),
)


def _size(method: Method, k: int) -> tuple[int, int]:
    slopes = {"none": 0, "scalar": 1, "vector": 1 + k, "matrix": 1 + k * k}[method.slope]
    return slopes, k if method.bias else 0


def n_parameters(method: Method, k: int) -> int:
    """How many numbers the map of a method has to find; one bias is free."""
    slopes = {"none": 0, "scalar": 1, "vector": k, "matrix": k * k}[method.slope]
    return slopes + (k - 1 if method.bias else 0)


def _unpack(theta: FloatArray, method: Method, k: int) -> Map:
    """The first parameter is the log of the common slope, the others are deviations from it."""
    n_slopes, n_bias = _size(method, k)
    bias = theta[n_slopes:] if n_bias else np.zeros(k)
    common = math.exp(theta[0]) if n_slopes else 1.0
    if method.slope == "matrix":
        return Map(common * np.eye(k) + theta[1:n_slopes].reshape(k, k), bias)
    own = theta[1:n_slopes] if method.slope == "vector" else 0.0
    return Map(np.broadcast_to(common + own, (k,)).copy(), bias)


def _penalty(theta: FloatArray, method: Method, k: int) -> tuple[float, FloatArray]:
    n_slopes, _ = _size(method, k)
    gradient = np.zeros_like(theta)
    if n_slopes:
        free = _FREE_LOG_TEMPERATURE
        gradient[0] = _TEMPERATURE_PRECISION * (theta[0] - np.clip(theta[0], -free, free))
    if method.slope == "vector":
        gradient[1:n_slopes] = _OWN_SLOPE_PRECISION * theta[1:n_slopes]
    if method.slope == "matrix":
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


@dataclass(frozen=True, slots=True)
class _Target:
    """What the fit of a map has to meet: the rows, and sums over them that stay the same."""

    logp: FloatArray
    weight: FloatArray
    counts: FloatArray
    """Weight of each class."""
    sums: FloatArray
    """Shape (n_classes, n_classes): weighted log-probabilities of the rows of each class."""


def _target(logp: FloatArray, codes: IntArray, weight: FloatArray | None) -> _Target:
    n, k = logp.shape
    w = np.ones(n) if weight is None else weight
    of_class: Any = csr_array((w, codes, np.arange(n + 1)), shape=(n, k))
    return _Target(logp, w, class_weights(codes, k, w), of_class.T @ logp)


def _loss_and_gradient(
    theta: FloatArray, method: Method, target: _Target
) -> tuple[float, FloatArray]:
    """Penalised sum of the weighted log losses, and its derivative by the parameters."""
    k = target.logp.shape[1]
    n_slopes, n_bias = _size(method, k)
    value, gradient = _penalty(theta, method, k)
    fitted = _unpack(theta, method, k)
    factor = np.exp(fitted.bias)
    # Of each class: weight, and weighted log-probabilities, that the map gives it.
    counts, sums = np.zeros(k), np.zeros((k, k) if method.slope == "matrix" else k)
    for rows in row_slices(*target.logp.shape):
        z, w = target.logp[rows], target.weight[rows]
        powers, shift = _exponentials(fitted.logits(z))
        total = powers @ factor
        value += float(w @ (np.log(total) + shift))
        ratio = w / total
        counts += ratio @ powers
        if method.slope == "matrix":
            sums += powers.T @ (z * ratio[:, None])
        elif n_slopes:
            powers *= z
            sums += ratio @ powers
    value -= float((fitted.slopes * _diagonal_or_all(target.sums, fitted.slopes)).sum())
    value -= float(fitted.bias @ target.counts)
    if n_slopes:
        excess = (factor * sums.T).T - _diagonal_or_all(target.sums, sums)
        own = excess if method.slope == "vector" else excess.reshape(-1)
        gradient[0] += math.exp(theta[0]) * (excess.trace() if excess.ndim == 2 else excess.sum())
        if method.slope in ("vector", "matrix"):
            gradient[1:n_slopes] += own
    if n_bias:
        gradient[n_slopes:] += factor * counts - target.counts
    return value, gradient


def _diagonal_or_all(square: FloatArray, like: FloatArray) -> FloatArray:
    return square if like.ndim == 2 else square.diagonal()


def fit_map(
    method: Method, logp: FloatArray, codes: IntArray, weight: FloatArray | None = None
) -> Map:
    """
    Map of a method that makes the penalised log loss of these rows smallest.

    `logp` are finite log-probabilities. The common slope is 1 / temperature.
    """
    k = logp.shape[1]
    if weight is not None:
        # The priors count against rows, whatever unit the weights are in.
        weight = weight * (weight.sum() / (weight @ weight))
    theta = np.zeros(sum(_size(method, k)))
    if len(theta):
        target = _target(logp, codes, weight)
        bounds = [(-math.log(100.0), math.log(100.0))] + [(None, None)] * (len(theta) - 1)
        found = minimize(
            _loss_and_gradient,
            theta,
            args=(method, target),
            jac=True,
            method="L-BFGS-B",
            bounds=bounds if method.slope != "none" else None,
            options={"maxiter": 200, "ftol": 1e-12, "gtol": 1e-7},
        )
        theta = found.x
    return _unpack(theta, method, k)
