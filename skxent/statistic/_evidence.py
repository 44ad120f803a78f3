"""Likelihood ratios against a model's probabilities, which may be looked at after every row."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from skxent._backend import dot, row_sums
from skxent._typing import EPS, FloatArray, IntArray

__all__ = ["BIASES", "EXPONENTS", "Evidence", "as_e_value", "evidence_of", "evidence_sums"]

# Quarters, so that one of them and products make all powers of a probability.
EXPONENTS = np.array([0.5, 0.75, 1.25, 1.5, 2.0])
BIASES = np.array([-0.4, -0.1, 0.1, 0.4])
_EXCESS = np.expm1(BIASES)
_POWERS = _EXCESS[:, None] ** np.arange(1, 5)
# How often to multiply one half of the rows with the other: products of at most 31 sums of
# powers, which lie between 1 / k and the root of k, and of at most 127 numbers from .2 to 5.
_OF_POWERS, _OF_BIASES = 4, 6
_LARGEST = float(np.finfo(np.float64).max)


@dataclass(frozen=True, slots=True)
class Evidence:
    """
    Sums over rows of log(q / p), where p is the probability of the row's class.

    q is that of an alternative to the model: the probabilities to some power, or with a bias for
    one class. Nan where rows do not count once each.
    """

    temperature: FloatArray
    """Shape (5,): one for each of `EXPONENTS`."""
    bias: FloatArray
    """Shape (4, n_classes): one for each of `BIASES` and each class."""

    @classmethod
    def none(cls, n_classes: int, value: float = 0.0) -> Evidence:
        """That of no rows; nan for rows of which there is none."""
        return cls(np.full(len(EXPONENTS), value), np.full((len(BIASES), n_classes), value))

    def __add__(self, other: Evidence) -> Evidence:
        return Evidence(self.temperature + other.temperature, self.bias + other.bias)

    @property
    def is_known(self) -> bool:
        """Whether all rows counted once each."""
        return not math.isnan(self.bias[0, 0])

    def log_e(self) -> float:
        """
        Logarithm of the e-value against the model.

        Half of it is the mean over the temperatures, half that over the biases of all classes:
        however many classes there are, what the temperatures tell is not divided by more.
        """
        parts = [x.ravel() - math.log(2.0 * x.size) for x in (self.temperature, self.bias)]
        return float(logsumexp(np.concatenate(parts)))

    def class_log_e(self) -> FloatArray:
        """The same for the biases of each class alone; shape (n_classes,)."""
        return np.asarray(logsumexp(self.bias, axis=0) - math.log(len(BIASES)))


def as_e_value(log_e: FloatArray | float) -> FloatArray:
    """E-values, of which the largest float stands for all that are larger, but are finite."""
    with np.errstate(over="ignore"):
        found = np.exp(log_e)
    return np.where(np.isposinf(log_e), np.inf, np.minimum(found, _LARGEST))


def evidence_sums(
    chance: FloatArray,
    own: FloatArray,
    codes: IntArray,
    weight: FloatArray | None,
    eps: float,
    room: FloatArray,
    logs: FloatArray | None = None,
) -> dict[str, FloatArray]:
    """The parts of `evidence_of` by name."""
    found = evidence_of(chance, own, codes, weight, eps, room, logs)
    return {"temperature": found.temperature, "bias": found.bias}


def evidence_of(
    chance: FloatArray,
    own: FloatArray,
    codes: IntArray,
    weight: FloatArray | None,
    eps: float,
    room: FloatArray,
    logs: FloatArray | None = None,
) -> Evidence:
    """
    Evidence of a block of rows, which sum to 1, with the log-probabilities of their classes.

    A class that occurs with probability 0 counts as if it had had `eps`, but no more than that of
    a float: a larger one would make ratios that are too large on average. With an `eps` of 0 the
    ratio is infinite. `logs` are the logarithms of all probabilities, where they are known: roots
    take longer. The first three parts of `room`, of shape (3, n, k) or larger, are overwritten.
    """
    k = chance.shape[1]
    if weight is not None:
        there = weight == 1.0
        if not (there | (weight == 0.0)).all():
            return Evidence.none(k, math.nan)
        if not there.all():
            chance, own, codes = chance[there], own[there], codes[there]
            logs, room = None if logs is None else logs[there], room[:, : len(chance)]
    if not len(chance):
        return Evidence.none(k)
    least = min(eps, EPS)
    floored = np.maximum(own, math.log(least) if least > 0 else -math.inf)
    counts = np.bincount(codes, minlength=k)
    temperature = (EXPONENTS - 1.0) * dot(floored, np.ones(len(floored)))
    return Evidence(
        temperature - _log_powers(chance, logs, room),
        BIASES[:, None] * counts - _log_tilts(chance, room),
    )


def _log_powers(p: FloatArray, logs: FloatArray | None, room: FloatArray) -> FloatArray:
    """Sum over the rows of the log of what makes distributions of their powers."""
    half, quarter = room[:2]
    if logs is None:
        np.sqrt(np.sqrt(p, out=half), out=quarter)
    else:
        np.exp(np.multiply(logs, 0.25, out=quarter), out=quarter)
        np.multiply(quarter, quarter, out=half)
    sums = np.empty((len(EXPONENTS), len(p)))
    sums[0] = row_sums(half)
    for i, (a, b) in enumerate(((half, quarter), (p, quarter), (p, half), (p, p)), start=1):
        sums[i] = row_sums(np.multiply(a, b, out=room[2]))
    return _log_product(sums.T, _OF_POWERS)


def _log_tilts(p: FloatArray, room: FloatArray) -> FloatArray:
    """The same with a bias for each class: 1 + (e^b - 1) p, the logs of four rows at a time."""
    n, k = p.shape
    quarter = n // 4
    rest = np.log1p(_EXCESS[:, None, None] * p[4 * quarter :]).sum(axis=1)
    if quarter == 0:
        return np.asarray(rest)
    a, b, c, d = p[: 4 * quarter].reshape(4, quarter, k)
    parts, spare, products = (
        x.reshape(-1)[: 4 * quarter * k].reshape(4, quarter, k) for x in room[:3]
    )
    s, t, u, v = parts
    np.add(a, b, out=s)
    np.multiply(a, b, out=t)
    np.add(c, d, out=u)
    np.multiply(c, d, out=v)
    # The product of four 1 + x p is a polynomial in x, the same for all biases.
    first, second, third, fourth = products
    np.add(s, u, out=first)
    np.multiply(s, u, out=second)
    second += t
    second += v
    np.multiply(s, v, out=third)
    third += np.multiply(u, t, out=spare[0])
    np.multiply(t, v, out=fourth)
    np.matmul(_POWERS, products.reshape(4, -1), out=parts.reshape(4, -1))
    parts += 1.0
    return np.asarray(rest + _log_product(parts.swapaxes(0, 1), _OF_BIASES))


def _log_product(values: FloatArray, halvings: int) -> FloatArray:
    """Sum of logarithms along the first axis; the values are overwritten."""
    # The logarithm of a product of many rows is that of all of them for the price of one.
    for _ in range(halvings):
        half = len(values) // 2
        if half == 0:
            break
        if len(values) % 2:
            values[0] *= values[-1]
        values[:half] *= values[half : 2 * half]
        values = values[:half]
    return np.asarray(np.log(values).sum(axis=0))
