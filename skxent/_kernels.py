"""Row-wise arithmetic in nats on one block of rows; nothing here checks its input.

A block is a two-dimensional array with one row a sample and one column a class.
``p`` holds probabilities, ``logp`` log-probabilities, ``t`` target distributions;
``codes`` holds the column of each row's true class.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache, wraps
from typing import Any, ParamSpec, TypeVar

import numpy as np
from numpy.typing import NDArray

from skxent._typing import FloatArray, IntArray

__all__ = [
    "LOG_SMALLEST",
    "class_sums",
    "class_weights",
    "cross_entropy_rows",
    "entropy_rows",
    "ignoring",
    "js_rows",
    "js_rows_of_labels",
    "kl_rows",
    "log_softmax",
    "pick",
    "pick_log_softmax",
    "row_slices",
    "row_sums",
    "sum_of",
    "weighted_sum",
]


# A quarter of a usual second-level cache: the block and its by-products stay in it.
_BLOCK_BYTES = 1 << 19
# The logarithm of 5e-324, the smallest number above 0, and the floor of all logarithms that are
# multiplied by 0. It is not computed, and numbers are not floored before their logarithm is
# taken: where the processor takes numbers below 2.2e-308 for 0, as other libraries may have told
# it to, 5e-324 is 0.
LOG_SMALLEST = -744.4400719213812
# Below this width a row is summed by a matrix product; above it, numpy's pairwise sum is as
# fast and rounds less.
_WIDE = 64
_NARROW, _FOLD = 16, 4


def row_slices(n_rows: int, n_columns: int, itemsize: int = 8) -> Iterator[slice]:
    """Slices that cut `n_rows` rows of `n_columns` numbers into blocks that fit the cache."""
    step = max(_FOLD, _BLOCK_BYTES // (itemsize * n_columns) // _FOLD * _FOLD)
    for start in range(0, n_rows, step):
        yield slice(start, min(start + step, n_rows))


@lru_cache(maxsize=16)
def _summing(n_columns: int, copies: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Matrix that sums each of `copies` neighbouring rows of `n_columns` numbers."""
    return np.kron(np.eye(copies), np.ones((n_columns, 1))).astype(dtype)


def row_sums(block: NDArray[np.floating]) -> NDArray[np.floating]:
    """
    Sum of each row, in the block's own precision: quick, and exact enough for a check.

    A number that is not finite may spoil the sums of the rows beside it.
    """
    n_rows, n_columns = block.shape
    if n_columns <= _NARROW and n_rows % _FOLD == 0 and block.flags.c_contiguous:
        # Matrix products are slow on narrow rows: make four rows one.
        folded = block.reshape(-1, _FOLD * n_columns)
        return (folded @ _summing(n_columns, _FOLD, block.dtype)).reshape(-1)
    return (block @ _summing(n_columns, 1, block.dtype)).reshape(-1)


def _precise_row_sums(block: FloatArray) -> NDArray[Any]:
    """Sum of each row, infinite where the row is, whatever stands in the rows beside it."""
    return block.sum(axis=1) if block.shape[1] > _WIDE else np.einsum("ij->i", block)


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
    with np.errstate(over="ignore"):  # logits at both ends of the range are infinitely far apart
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
    finite = np.maximum(logp, LOG_SMALLEST)
    return np.maximum(-_row_dots(p, finite), 0.0)


def _finite_log(x: FloatArray) -> FloatArray:
    """Logarithms to be multiplied by 0 where `x` is 0."""
    with np.errstate(divide="ignore"):
        logs = np.log(x)
    return np.maximum(logs, LOG_SMALLEST, out=logs)


def _times_log(t: FloatArray, logs: FloatArray) -> FloatArray:
    """``t * logs`` with 0 wherever t is 0, also where the log is infinite."""
    if np.isneginf(logs.min(initial=0.0)):
        with np.errstate(invalid="ignore"):
            return np.where(t > 0, t * logs, 0.0)
    return t * logs


def cross_entropy_rows(t: FloatArray, logp: FloatArray) -> FloatArray:
    """Cross-entropy of each pair of rows; inf where t has an event that p excludes."""
    return np.maximum(-_precise_row_sums(_times_log(t, logp)), 0.0)


def kl_rows(t: FloatArray, logp: FloatArray) -> FloatArray:
    """Kullback-Leibler divergence of each pair of rows; inf as for the cross-entropy."""
    log_t = _finite_log(t)
    with np.errstate(invalid="ignore"):
        terms = _times_log(t, logp)
        # By Gibbs' inequality the sum is not negative; what rounding leaves below 0 is 0.
        return np.maximum(_precise_row_sums(t * log_t - terms), 0.0)


def js_rows(t: FloatArray, p: FloatArray) -> FloatArray:
    """Jensen-Shannon divergence of each pair of rows, between 0 and log 2."""
    # t / (t + p) instead of t over the mean of t and p: half of the smallest number is 0.
    total = t + p
    total[total == 0.0] = 1.0
    terms = t * _finite_log(2.0 * (t / total))
    terms += p * _finite_log(2.0 * (p / total))
    # Where t and p are close, these logarithms cancel. With r the difference over the total,
    # the term is a function of r squared, of which no digit is lost.
    r = (t - p) / total
    near = abs(r) < 0.7
    r = np.where(near, r, 0.0)
    terms = np.where(near, total * (r * np.arctanh(r) + 0.5 * np.log1p(-r * r)), terms)
    return np.clip(0.5 * _precise_row_sums(terms), 0.0, math.log(2.0))


def js_rows_of_labels(logp: FloatArray) -> FloatArray:
    """`js_rows` for one-hot targets, from the log-probability of the true class alone."""
    p = np.exp(logp)
    rest = -np.expm1(logp)
    # The other classes meet targets of 0, so that each of them adds p_j log 2.
    own = p * np.maximum(logp, LOG_SMALLEST)
    value = rest * math.log(2.0) - (1.0 + p) * np.log1p(-0.5 * rest) + own
    return np.clip(0.5 * value, 0.0, math.log(2.0))


_Params = ParamSpec("_Params")
_Result = TypeVar("_Result")


def ignoring(**kinds: Any) -> Callable[[Callable[_Params, _Result]], Callable[_Params, _Result]]:
    """
    Decorator for functions in which numpy is not to warn.

    numpy's own, before 2.0, keeps what to go back to on itself, so that calls in other threads
    and calls within calls go back to something else.
    """

    def decorate(function: Callable[_Params, _Result]) -> Callable[_Params, _Result]:
        @wraps(function)
        def quiet(*args: _Params.args, **kwargs: _Params.kwargs) -> _Result:
            with np.errstate(**kinds):
                return function(*args, **kwargs)

        return quiet

    return decorate


def sum_of(parts: Iterable[float]) -> float:
    """Sum without rounding, of numbers that are not negative."""
    try:
        return math.fsum(parts)
    except OverflowError:
        return math.inf


@ignoring(over="ignore")  # losses of logits may be as large as numbers can be
def weighted_sum(blocks: Iterable[tuple[slice, FloatArray]], weight: FloatArray | None) -> float:
    """Sum of ``weight * value``; a row of weight 0 adds 0 even if its value is infinite."""
    if weight is None:
        return sum_of(float(values.sum()) for _, values in blocks)
    return sum_of(float(_weighted(values, weight[rows]).sum()) for rows, values in blocks)


def _weighted(values: FloatArray, weight: FloatArray) -> FloatArray:
    return np.where(weight > 0, values, 0.0) * weight


def class_weights(codes: IntArray, n_classes: int, weight: FloatArray | None) -> FloatArray:
    """Sum of the weights of each class, or its number of rows."""
    counts = np.bincount(codes, weights=weight, minlength=n_classes)
    return counts.astype(np.float64, copy=False)


@ignoring(over="ignore")
def class_sums(
    blocks: Iterable[tuple[slice, FloatArray]],
    codes: IntArray,
    n_classes: int,
    weight: FloatArray | None,
) -> FloatArray:
    """`weighted_sum` over the rows of each class."""
    total = np.zeros(n_classes)
    for rows, values in blocks:
        part = values if weight is None else _weighted(values, weight[rows])
        total += np.bincount(codes[rows], weights=part, minlength=n_classes)
    return total
