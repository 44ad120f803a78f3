"""Row-wise arithmetic in nats on one block of rows; nothing here checks its input.

A block is a two-dimensional array with one row a sample and one column a class.
``p`` holds probabilities, ``logp`` log-probabilities, ``t`` target distributions;
``codes`` holds the column of each row's true class.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "class_sums",
    "cross_entropy_rows",
    "entropy_rows",
    "js_rows",
    "js_rows_of_labels",
    "kl_rows",
    "log_softmax",
    "pick",
    "pick_log_softmax",
    "row_slices",
    "row_sums",
    "weighted_sum",
]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

# One block of float64 is then 1 MiB: it and its by-products stay in the second-level cache.
_BLOCK_ELEMENTS = 1 << 17
_SMALLEST = 5e-324
# Below this width a row is summed by a matrix product; above it, numpy's pairwise sum is as
# fast and rounds less.
_WIDE = 64


def row_slices(n_rows: int, n_columns: int) -> Iterator[slice]:
    """Slices that cut `n_rows` rows of `n_columns` numbers into blocks that fit the cache."""
    step = max(1, _BLOCK_ELEMENTS // max(1, n_columns))
    for start in range(0, n_rows, step):
        yield slice(start, min(start + step, n_rows))


def row_sums(block: NDArray[np.floating]) -> NDArray[np.floating]:
    """Sum of each row, in the block's own precision."""
    if block.shape[1] > _WIDE:
        sums: NDArray[np.floating] = block.sum(axis=1)
        return sums
    return block @ np.ones(block.shape[1], dtype=block.dtype)


def pick(block: NDArray[np.floating], codes: IntArray) -> FloatArray:
    """The number of each row that stands in the column `codes`, as float64."""
    n_rows, n_columns = block.shape
    if block.flags.c_contiguous:
        # Half the time of block[rows, codes]; the codes are known to be in range, and
        # "wrap" is the mode that does not look.
        flat = codes + np.arange(0, n_rows * n_columns, n_columns)
        picked = block.reshape(-1).take(flat, mode="wrap")
    else:
        picked = block[np.arange(n_rows), codes]
    return picked.astype(np.float64, copy=False)


def _softmax_parts(logits: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Shifted logits, their exponentials, and the log of the sum of the exponentials."""
    largest = logits.argmax(axis=1)
    shifted = logits - pick(logits, largest)[:, None]
    exponentials = np.exp(shifted)
    rows = np.arange(len(logits))
    # The largest term is exactly 1. Left out of the sum and given to log1p, it does not
    # swallow the others, and a loss of 1e-30 comes out as 1e-30.
    exponentials[rows, largest] = 0.0
    log_sum = np.log1p(exponentials.sum(axis=1))
    exponentials[rows, largest] = 1.0
    return shifted, exponentials, log_sum


def log_softmax(logits: FloatArray) -> FloatArray:
    """Log-probabilities of a block of logits; logits of -inf have probability 0."""
    shifted, _, log_sum = _softmax_parts(logits)
    shifted -= log_sum[:, None]
    return shifted


def pick_log_softmax(logits: FloatArray, codes: IntArray) -> FloatArray:
    """`log_softmax` at each row's true class."""
    shifted, _, log_sum = _softmax_parts(logits)
    return pick(shifted, codes) - log_sum


def _row_dots(a: FloatArray, b: FloatArray) -> FloatArray:
    if a.shape[1] > _WIDE:
        return (a * b).sum(axis=1)
    return np.einsum("ij,ij->i", a, b)


def entropy_rows(p: FloatArray, logp: FloatArray) -> FloatArray:
    """Entropy of each row; an event of probability 0 adds exactly 0."""
    # Any finite number in the place of log 0 will do: it is multiplied by 0.
    finite = np.maximum(logp, math.log(_SMALLEST))
    return np.maximum(-_row_dots(p, finite), 0.0)


def _times_log(t: FloatArray, logs: FloatArray) -> FloatArray:
    """``t * logs`` with 0 wherever t is 0, also where the log is infinite."""
    if np.isneginf(logs.min(initial=0.0)):
        with np.errstate(invalid="ignore"):
            return np.where(t > 0, t * logs, 0.0)
    return t * logs


def cross_entropy_rows(t: FloatArray, logp: FloatArray) -> FloatArray:
    """Cross-entropy of each pair of rows; inf where t has an event that p excludes."""
    return np.maximum(-row_sums(_times_log(t, logp)), 0.0)


def kl_rows(t: FloatArray, logp: FloatArray) -> FloatArray:
    """Kullback-Leibler divergence of each pair of rows; inf as for the cross-entropy."""
    log_t = np.log(np.maximum(t, _SMALLEST))
    with np.errstate(invalid="ignore"):
        terms = _times_log(t, logp)
        # By Gibbs' inequality the sum is not negative; what rounding leaves below 0 is 0.
        return np.maximum(row_sums(t * log_t - terms), 0.0)


def js_rows(t: FloatArray, p: FloatArray) -> FloatArray:
    """Jensen-Shannon divergence of each pair of rows, between 0 and log 2."""
    # t / (t + p) instead of t over the mean of t and p: half of the smallest number is 0.
    total = np.maximum(t + p, _SMALLEST)
    terms = t * np.log(np.maximum(2.0 * (t / total), _SMALLEST))
    terms += p * np.log(np.maximum(2.0 * (p / total), _SMALLEST))
    return np.clip(0.5 * row_sums(terms), 0.0, math.log(2.0))


def js_rows_of_labels(logp: FloatArray) -> FloatArray:
    """`js_rows` for one-hot targets, from the log-probability of the true class alone."""
    p = np.exp(logp)
    rest = -np.expm1(logp)
    # The other classes meet targets of 0, so that each of them adds p_j log 2.
    own = np.where(p > 0, p * logp, 0.0)
    value = rest * math.log(2.0) - (1.0 + p) * np.log1p(-0.5 * rest) + own
    return np.clip(0.5 * value, 0.0, math.log(2.0))


def weighted_sum(values: FloatArray, weight: FloatArray | None) -> float:
    """Sum of ``weight * values``; a row of weight 0 adds 0 even if its value is infinite."""
    parts = []
    for rows in row_slices(len(values), 1):
        if weight is None:
            parts.append(float(values[rows].sum()))
            continue
        part = float(np.where(weight[rows] > 0, values[rows], 0.0) @ weight[rows])
        parts.append(part)
    return math.fsum(parts)


def class_sums(
    codes: IntArray, n_classes: int, weight: FloatArray | None, values: FloatArray | None = None
) -> FloatArray:
    """Sum of ``weight * values`` over the rows of each class; of the weights without values."""
    if values is None:
        return np.bincount(codes, weights=weight, minlength=n_classes).astype(np.float64)
    if weight is not None:
        values = np.where(weight > 0, values, 0.0) * weight
    return np.bincount(codes, weights=values, minlength=n_classes)
