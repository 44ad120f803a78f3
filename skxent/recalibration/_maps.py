"""Recalibration maps: each multiplies log-probabilities, adds a bias, and normalises again."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_array

from skxent._kernels import (
    FloatArray,
    IntArray,
    class_weights,
    log_softmax,
    pick,
    row_slices,
    row_sums,
)

__all__ = ["RUNGS", "Map", "Rung", "fit_map", "n_parameters"]

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
        return log_softmax(self.logits(logp) + self.bias)

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


def n_parameters(rung: Rung, k: int) -> int:
    """How many numbers the map of a rung has to find; one bias is free."""
    slopes = {"none": 0, "scalar": 1, "vector": k, "matrix": k * k}[rung.slope]
    return slopes + (k - 1 if rung.bias else 0)


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


def _loss_and_gradient(theta: FloatArray, rung: Rung, target: _Target) -> tuple[float, FloatArray]:
    """Penalised sum of the weighted log losses, and its derivative by the parameters."""
    k = target.logp.shape[1]
    n_slopes, n_bias = _size(rung, k)
    value, gradient = _penalty(theta, rung, k)
    fitted = _unpack(theta, rung, k)
    factor = np.exp(fitted.bias)
    # Of each class: weight, and weighted log-probabilities, that the map gives it.
    counts, sums = np.zeros(k), np.zeros((k, k) if rung.slope == "matrix" else k)
    for rows in row_slices(*target.logp.shape):
        z, w = target.logp[rows], target.weight[rows]
        powers, shift = _exponentials(fitted.logits(z))
        total = powers @ factor
        value += float(w @ (np.log(total) + shift))
        ratio = w / total
        counts += ratio @ powers
        if rung.slope == "matrix":
            sums += powers.T @ (z * ratio[:, None])
        elif n_slopes:
            powers *= z
            sums += ratio @ powers
    value -= float((fitted.slopes * _diagonal_or_all(target.sums, fitted.slopes)).sum())
    value -= float(fitted.bias @ target.counts)
    if n_slopes:
        excess = (factor * sums.T).T - _diagonal_or_all(target.sums, sums)
        own = excess if rung.slope == "vector" else excess.reshape(-1)
        gradient[0] += math.exp(theta[0]) * (excess.trace() if excess.ndim == 2 else excess.sum())
        if rung.slope in ("vector", "matrix"):
            gradient[1:n_slopes] += own
    if n_bias:
        gradient[n_slopes:] += factor * counts - target.counts
    return value, gradient


def _diagonal_or_all(square: FloatArray, like: FloatArray) -> FloatArray:
    return square if like.ndim == 2 else square.diagonal()


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
        target = _target(logp, codes, weight)
        bounds = [(-math.log(100.0), math.log(100.0))] + [(None, None)] * (len(theta) - 1)
        found = minimize(
            _loss_and_gradient,
            theta,
            args=(rung, target),
            jac=True,
            method="L-BFGS-B",
            bounds=bounds if rung.slope != "none" else None,
            options={"maxiter": 200, "ftol": 1e-12, "gtol": 1e-7},
        )
        theta = found.x
    return _unpack(theta, rung, k)
