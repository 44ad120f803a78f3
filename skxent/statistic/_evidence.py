"""Likelihood ratios against a model's probabilities, which may be looked at after every row."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from skxent._backend import pick
from skxent._kernels import log_of
from skxent._typing import EPS, FloatArray, IntArray
from skxent.statistic._slabs import LAYERS, Slab, Slabs, in_layers

__all__ = ["BIASES", "EXPONENTS", "Evidence", "Ratios", "as_e_value", "evidence_of"]

# Quarters, so that one of them and products make all powers of a probability.
EXPONENTS = np.array([0.5, 0.75, 1.25, 1.5, 2.0])
BIASES = np.array([-0.4, -0.1, 0.1, 0.4])
_EXCESS = np.expm1(BIASES)
_POWERS = _EXCESS[:, None] ** np.arange(1, 5)
# So many neighbours are multiplied: a biased row has a sum from 0.67 to 1.5.
_TOGETHER = 4
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


class Ratios:
    """
    Evidence of a block of rows, slab by slab.

    `sums` are those of the rows, or None if they are 1. A class that occurs with probability 0
    counts as if it had had `eps`, but no more than that of a float: a larger one would make
    ratios that are too large on average. With an `eps` of 0 the ratio is infinite.
    """

    def __init__(self, n_classes: int, sums: FloatArray | None) -> None:
        self._sums = sums
        self._powers: FloatArray | None = None
        self._tilts = np.empty((len(BIASES), n_classes))

    def add(self, slab: Slab, chance: FloatArray) -> None:
        """Count some classes; `chance` are their probabilities in rows that sum to 1."""
        powers = _sums_of_powers(slab)
        self._powers = powers if self._powers is None else np.add(self._powers, powers, out=powers)
        self._tilts[:, slab.classes] = _log_tilts(chance, slab)

    def evidence(self, own: FloatArray, support: IntArray, eps: float) -> Evidence:
        """Of all rows: those of each class, and the log-probabilities of their classes."""
        powers, off = np.asarray(self._powers), 0.0
        if self._sums is not None:
            logs = np.log(self._sums)
            own, off = own - logs, float(logs.sum())
        least = min(eps, EPS)
        own = np.maximum(own, math.log(least) if least > 0 else -math.inf)
        # The powers of rows that do not sum to 1 are off by those of their sums.
        rows = np.log(np.multiply.reduce(powers, axis=1)).sum(axis=1) - EXPONENTS * off
        return Evidence(
            (EXPONENTS - 1.0) * own.sum() - rows, BIASES[:, None] * support - self._tilts
        )


def evidence_of(
    p: FloatArray, logp: FloatArray | None, codes: IntArray, slabs: Slabs, eps: float
) -> Evidence:
    """Evidence of a block of rows; `logp` as in `Slabs.of`."""
    k = p.shape[1]
    found = Evidence.none(k)
    for at in in_layers(len(p)):
        rows, logs = p[at], None if logp is None else logp[at]
        sums = rows.sum(axis=1)
        own = pick(rows if logs is None else logs, codes[at])
        ratios = Ratios(k, sums)
        for slab in slabs.of(rows, logs):
            chance = np.divide(slab.p, slab.of_rows(sums), out=slab.last_spare())
            ratios.add(slab, chance)
        support = np.bincount(codes[at], minlength=k)
        found += ratios.evidence(log_of(own) if logs is None else own, support, eps)
    return found


def _sums_of_powers(slab: Slab) -> FloatArray:
    """What makes distributions of powers of the rows, shape (5, n_layers, n_rows of a layer)."""
    p, quarter, half = slab.p, slab.spare[0], slab.spare[1]
    # Roots take longer.
    np.exp(np.multiply(slab.logp, 0.25, out=quarter), out=quarter)
    np.multiply(quarter, quarter, out=half)
    found = np.empty((len(EXPONENTS), len(p), p.shape[2]))
    found[0] = slab.row_sums(half)
    for sums, a, b in zip(found[1:], (half, p, p, p), (quarter, quarter, half, p), strict=True):
        np.einsum("lkn,lkn->ln", a, b, out=sums)
    return found


def _log_tilts(p: FloatArray, slab: Slab) -> FloatArray:
    """Sum over the rows of log(1 + (e^b - 1) p), which makes distributions of biased rows."""
    layers, k, n = p.shape
    if layers < LAYERS:
        return np.asarray(np.log1p(_EXCESS[:, None, None, None] * p).sum(axis=(1, 3)))
    a, b, c, d = p.reshape(4, -1, k, n)
    parts, products, found = (room.reshape(4, -1, k, n) for room in slab.spare)
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
    np.multiply(t, v, out=fourth)
    s *= v
    u *= t
    np.add(s, u, out=third)
    np.matmul(_POWERS, products.reshape(4, -1), out=found.reshape(4, -1))
    found += 1.0
    # The logarithm of a product of many rows is that of all of them for the price of one.
    of_rows = np.multiply.reduce(found, axis=1)
    if n % _TOGETHER == 0:
        of_rows = np.multiply.reduce(of_rows.reshape(4, k, _TOGETHER, -1), axis=2)
    return np.asarray(np.log(of_rows, out=of_rows).sum(axis=2))
