"""The mergeable statistic that a report is a function of."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from skxent._backend import class_weights, pick, row_sums
from skxent._intake._rows import Labelled
from skxent._kernels import LOG_SMALLEST
from skxent._typing import FloatArray, IntArray
from skxent.statistic._histogram import Histogram, Packed, packed, unpacked

__all__ = ["Statistics", "check_total", "statistics"]

# Up to so many classes, a product with a table that is mostly 0 costs less than its sparse form.
_DENSE = 32


@dataclass(frozen=True, slots=True)
class Statistics:
    """
    Sums over rows, in nats: those of two sets of rows add up to those of both together.

    One number a class unless something else is said.
    """

    support: NDArray[np.int64]
    """Rows of the class with a positive weight."""
    weight: FloatArray
    """Their weights."""
    loss: FloatArray
    """Their weighted log losses."""
    square: FloatArray
    """Shape (3, n_classes): their squared weights, times the loss to the power 0, 1, 2."""
    cube: FloatArray
    """Shape (4, n_classes): their cubed weights, times the loss to the power 0 to 3."""
    floored: NDArray[np.int64]
    """How many of them had a probability below the floor."""
    floored_weight: FloatArray
    """Weight of these rows."""
    floored_square: FloatArray
    """Their squared weights."""
    floored_cube: FloatArray
    """Their cubed weights."""
    excluded: NDArray[np.int64]
    """Rows, of whatever class and with a positive weight, whose probability of the class is 0."""
    proba: FloatArray
    """Weighted probability of the class, over all rows."""
    expected: FloatArray
    """Weighted cost of the class that the model itself expects, over all rows."""
    moments: FloatArray
    """Shape (2, n_classes): variance and third central moment of the sum in `loss`, if labels
    are drawn from the model's probabilities."""
    moments_of_all: FloatArray
    """Shape (2,): the same of the sum over all classes, which are not independent."""
    most: FloatArray
    """Weighted cost of the class if all rows were of it."""
    ovr_loss: FloatArray
    """Weighted one-vs-rest log loss of the class, over all rows."""
    surprise: FloatArray
    """The same with each row of a positive weight counted once."""
    surprise_of_all: FloatArray
    """Shape (1,): log loss of all rows, each of a positive weight counted once."""
    confusion: FloatArray
    """Shape (n_classes, n_classes): the weighted loss of a class's rows, shared out among the
    other classes by their probabilities."""
    histogram: FloatArray
    """Shape (5, n_classes, n_bins): rows by the probability of each class; see `Histogram`."""

    def __add__(self, other: Statistics) -> Statistics:
        return Statistics(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    def __reduce__(self) -> tuple[Any, ...]:
        # Nearly all of it is the histogram, whose bins are mostly empty.
        sums = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "histogram"}
        return _restored, (sums, packed(self.histogram))


def _restored(sums: dict[str, NDArray[Any]], histogram: Packed) -> Statistics:
    return Statistics(**sums, histogram=unpacked(histogram))


def check_total(weight: FloatArray | None) -> None:
    """Refuse weights whose squares and cubes would vanish or overflow."""
    total = 1.0 if weight is None else float(weight.sum())
    if not 1e-90 < total < 1e90:
        msg = f"sample_weight sums to {total:g}; rescale it to between 1e-90 and 1e90."
        raise ValueError(msg)


def statistics(rows: Labelled, eps: float) -> Statistics:
    """Statistics of checked rows, read once, block by block."""
    check_total(rows.weight)
    histogram = Histogram(rows.proba.n_classes)
    sums: dict[str, NDArray[Any]] = {}
    for at, p, logp in rows.proba.distributions():
        weight = None if rows.weight is None else rows.weight[at]
        parts = _of_block(p, logp, rows.codes[at], weight, eps, histogram)
        for name, part in parts.items():
            if name in sums:
                sums[name] += part
            else:
                sums[name] = part
    bins = histogram.flush()
    if rows.weight is None:
        bins[1] = bins[4] = bins[0]
    return Statistics(**sums, histogram=bins)


def _of_block(
    p: FloatArray,
    logp: FloatArray,
    codes: IntArray,
    weight: FloatArray | None,
    eps: float,
    histogram: Histogram,
) -> dict[str, NDArray[Any]]:
    n, k = p.shape
    p, logp = np.ascontiguousarray(p), np.ascontiguousarray(logp)  # they are read flat
    w = np.ones(n) if weight is None else weight
    counts: slice | NDArray[np.bool_] = slice(None)
    own = pick(logp, codes)
    least = math.log(eps) if eps > 0 else -math.inf
    losses = 0.0 - np.maximum(own, least)
    if weight is not None:
        counts = weight > 0
        losses[weight == 0] = 0.0
    # Where eps is 0, any finite cost will do: it is multiplied by a probability of 0.
    floor = max(least, LOG_SMALLEST)
    excluded = np.zeros(k, dtype=np.int64)
    if (lowest := logp.min()) < floor:
        if lowest == -math.inf:
            excluded += np.count_nonzero(np.isneginf(logp[counts]), axis=0)
        logp = np.maximum(logp, floor)
    # Labels are drawn from rows that sum to 1 exactly, or else rounding would look like a gap.
    sums = row_sums(p)
    chance = p / sums[:, None] if abs(sums - 1.0).max() > 1e-13 else p
    rest = 1.0 - p
    parts = _of_the_model(chance, logp, w, w if weight is None else w * w)
    histogram.add(p, rest, codes, weight)
    parts["most"] = -(w @ logp)
    parts |= _ovr_losses(rest, losses, codes, weight, least)
    parts["confusion"] = _confusion(p, sums, losses, codes, w)
    return (
        parts
        | _of_the_labels(losses, codes, weight, k, counts)
        | _floored((own < least) & (w > 0), codes, w, k)
        | {"excluded": excluded, "proba": w @ p}
    )


def _floored(
    floored: NDArray[np.bool_], codes: IntArray, w: FloatArray, k: int
) -> dict[str, NDArray[Any]]:
    """Count, weight, squared and cubed weight of the rows that cost the floor."""
    codes, w = codes[floored], w[floored]
    names = ("floored_weight", "floored_square", "floored_cube")
    powers = {name: class_weights(codes, k, w**r) for r, name in enumerate(names, start=1)}
    return {"floored": np.bincount(codes, minlength=k), **powers}


def _of_the_labels(
    losses: FloatArray,
    codes: IntArray,
    weight: FloatArray | None,
    k: int,
    counts: slice | NDArray[np.bool_],
) -> dict[str, NDArray[Any]]:
    """Sums over the rows of each class."""

    def sums(values: FloatArray) -> FloatArray:
        return class_weights(codes, k, values)

    support = np.bincount(codes[counts], minlength=k)
    squares = losses * losses
    powers = losses, squares, squares * losses
    if weight is None:
        raw = np.array([support, *map(sums, powers)])
        return {
            "support": support,
            "weight": raw[0].copy(),
            "loss": raw[1].copy(),
            "square": raw[:3].copy(),
            "cube": raw,
        }
    second, third = weight * weight, weight * weight * weight
    return {
        "support": support,
        "weight": sums(weight),
        "loss": sums(weight * losses),
        "square": np.array([sums(second), *(sums(second * x) for x in powers[:2])]),
        "cube": np.array([sums(third), *(sums(third * x) for x in powers)]),
    }


def _of_the_model(
    chance: FloatArray, logs: FloatArray, w: FloatArray, second: FloatArray
) -> dict[str, NDArray[Any]]:
    """Moments of the losses if labels are drawn from `chance`; `second` is w squared."""
    third = w if second is w else second * w
    own = np.empty((2, logs.shape[1]))
    # Class c adds its cost, -log, with probability `chance` and else nothing.
    terms = chance * logs
    spread = logs - terms
    product = terms * spread
    own[0] = second @ product
    spread -= terms
    product *= spread
    own[1] = -(third @ product)
    # A row adds the cost of one class.
    np.multiply(terms, logs, out=product)
    mean, square = row_sums(terms), row_sums(product)
    product *= logs
    variance = square - mean * mean
    cubed = 3.0 * mean * square - row_sums(product) - 2.0 * mean * mean * mean
    # Where all classes cost nearly the same, nothing but rounding is left.
    even = variance < 1e-8 * square
    if even.any():
        cubed[even] = 0.0
        variance[variance < 1e-13 * square] = 0.0
    return {
        "expected": -(w @ terms),
        "moments": own,
        "moments_of_all": np.array([second @ variance, third @ cubed]),
    }


def _ovr_losses(
    rest: FloatArray, losses: FloatArray, codes: IntArray, weight: FloatArray | None, least: float
) -> dict[str, NDArray[Any]]:
    """One-vs-rest losses: minus log p of the row's class, minus log (1 - p) of the others."""
    with np.errstate(divide="ignore"):
        logs = np.log(rest)
    np.maximum(logs, max(least, LOG_SMALLEST), out=logs)
    n, k = rest.shape
    logs.reshape(-1)[codes + np.arange(0, n * k, k)] = -losses
    once = np.ones(n) if weight is None else (weight > 0).astype(np.float64)
    if least == -math.inf:
        certain = rest == 0.0
        certain[np.arange(n), codes] = False
        logs[certain] = -math.inf
        # A row of weight 0 is not there, however wrong it is.
        logs[once == 0] = 0.0
    unweighted = -(once @ logs)
    return {
        "ovr_loss": unweighted if weight is None else -(weight @ logs),
        "surprise": unweighted.copy(),
        "surprise_of_all": np.array([once @ losses]),
    }


def _sum_rows_of_classes(p: FloatArray, each: FloatArray, codes: IntArray) -> FloatArray:
    """Sum of the rows of each class, each row times a number: shape (n_classes, n_classes)."""
    n, k = p.shape
    if k > _DENSE:
        sparse: Any = csr_array((each, codes, np.arange(n + 1)), shape=(n, k))
        return sparse.T @ p
    one_hot = np.zeros((n, k))
    one_hot.reshape(-1)[codes + np.arange(0, n * k, k)] = each
    return one_hot.T @ p


def _confusion(
    p: FloatArray, sums: NDArray[Any], losses: FloatArray, codes: IntArray, w: FloatArray
) -> FloatArray:
    """Losses of the rows of each class, shared out among the other classes."""
    n, k = p.shape
    total = sums - pick(p, codes)
    # Next to certainty the difference loses its digits, and parts would not add up to the loss.
    near = np.flatnonzero(total < 1e-6)
    if len(near) and k > 1:
        others = p[near]
        others[np.arange(len(near)), codes[near]] = 0.0
        total[near] = others.sum(axis=1)
    endless = np.isposinf(losses)
    each = w * losses
    each[endless] = 0.0
    each = np.divide(each, total, out=np.zeros(n), where=total > 0)
    found = _sum_rows_of_classes(p, each, codes)
    np.fill_diagonal(found, 0.0)
    for i in near[(total[near] == 0) & (losses[near] > 0)]:
        # A row that sums to less than 1 has a loss, but nobody to blame.
        found[codes[i]] += w[i] * losses[i] / max(k - 1, 1) * (np.arange(k) != codes[i])
    for i in np.flatnonzero(endless & (w > 0)):
        found[codes[i], (p[i] > 0) & (np.arange(k) != codes[i])] = math.inf
    return found
