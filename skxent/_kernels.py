"""
The formulas in nats, row by row on one block; nothing here checks its input.

``p`` holds probabilities, ``logp`` log-probabilities, ``t`` target distributions;
``codes`` holds the column of each row's true class. The arithmetic is that of a `Backend`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import numpy as np

from skxent._backend import Backend
from skxent._typing import FloatArray, IntArray

__all__ = [
    "LOG_SMALLEST",
    "class_sums",
    "cross_entropy_rows",
    "entropy_rows",
    "exp_rows",
    "ignoring",
    "js_rows",
    "js_rows_of_labels",
    "kl_rows",
    "log_of",
    "log_softmax",
    "logistic_logs",
    "minus_log_softmax",
    "sum_of",
    "weighted_sum",
]

# The logarithm of 5e-324, the smallest number above 0, and the floor of all logarithms that are
# multiplied by 0. It is not computed, and numbers are not floored before their logarithm is
# taken: where the processor takes numbers below 2.2e-308 for 0, as other libraries may have told
# it to, 5e-324 is 0.
LOG_SMALLEST = -744.4400719213812

_LOG2 = math.log(2.0)
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


def _softmax_parts(b: Backend, logits: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Shifted logits, and the log of the sum of their exponentials."""
    largest = b.xp.argmax(logits, axis=1)
    # Logits at both ends of the range are infinitely far apart.
    shifted = logits - b.pick(logits, largest)[:, None]
    # The largest term is exactly 1. Left out of the sum and given to log1p, it does not
    # swallow the others, and a loss of 1e-30 comes out as 1e-30.
    others = b.put_zero(b.xp.exp(shifted), largest)
    return shifted, b.xp.log1p(b.xp.sum(others, axis=1))


@ignoring(all="ignore")
def log_softmax(b: Backend, logits: FloatArray) -> FloatArray:
    """Log-probabilities of a block of logits; logits of -inf have probability 0."""
    shifted, log_sum = _softmax_parts(b, logits)
    return shifted - log_sum[:, None]


@ignoring(all="ignore")
def minus_log_softmax(b: Backend, logits: FloatArray, codes: IntArray) -> FloatArray:
    """Minus `log_softmax` at each row's true class."""
    shifted, log_sum = _softmax_parts(b, logits)
    return log_sum - b.pick(shifted, codes)


@ignoring(all="ignore")
def logistic_logs(b: Backend, z: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Log-probabilities of the other class and of the positive one, whose logit is `z`."""
    zero = b.xp.full_like(z, 0.0)
    return -b.xp.logaddexp(zero, z), -b.xp.logaddexp(zero, -z)


@ignoring(divide="ignore")
def log_of(p: FloatArray, out: FloatArray | None = None) -> FloatArray:
    """Logarithms in host memory, minus infinity where `p` is 0."""
    return np.log(p, out=out)


def _finite_log(b: Backend, x: FloatArray) -> FloatArray:
    """Logarithms to be multiplied by 0 where `x` is 0."""
    return b.clip(b.xp.log(x), LOG_SMALLEST)


def _where_it_happens(b: Backend, t: FloatArray, logp: FloatArray) -> FloatArray:
    """Logarithms to be multiplied by `t`, of which one may be infinite where t is not 0."""
    if b.xp.min(logp) > -math.inf:
        return logp
    return b.xp.where(t > 0, logp, t)


def entropy_rows(b: Backend, p: FloatArray, logp: FloatArray) -> FloatArray:
    """Entropy of each row; an event of probability 0 adds exactly 0."""
    return b.clip(-b.row_dots(p, b.clip(logp, LOG_SMALLEST)), 0.0)


@ignoring(all="ignore")
def cross_entropy_rows(b: Backend, t: FloatArray, logp: FloatArray) -> FloatArray:
    """Cross-entropy of each pair of rows; inf where t has an event that p excludes."""
    return b.clip(-b.row_dots(t, _where_it_happens(b, t, logp)), 0.0)


@ignoring(all="ignore")
def kl_rows(b: Backend, t: FloatArray, logp: FloatArray) -> FloatArray:
    """Kullback-Leibler divergence of each pair of rows; inf as for the cross-entropy."""
    # By Gibbs' inequality the sum is not negative; what rounding leaves below 0 is 0.
    return b.clip(b.row_dots(t, _finite_log(b, t) - _where_it_happens(b, t, logp)), 0.0)


@ignoring(all="ignore")
def js_rows(b: Backend, t: FloatArray, p: FloatArray) -> FloatArray:
    """Jensen-Shannon divergence of each pair of rows, between 0 and log 2."""
    # t / (t + p) instead of t over the mean of t and p: half of the smallest number is 0.
    total = t + p
    some = total + b.wide(total == 0)
    terms = t * _finite_log(b, 2.0 * (t / some)) + p * _finite_log(b, 2.0 * (p / some))
    # Where t and p are close, these logarithms cancel. With r the difference over the total,
    # the term is a function of r squared, of which no digit is lost.
    r = (t - p) / some
    near = abs(r) < 0.7
    # The inverse hyperbolic tangent of r, which is odd: from the size of r.
    r = abs(r) * b.wide(near)
    twice = r * b.xp.log1p(2.0 * r / (1.0 - r)) + b.xp.log1p(-r * r)
    terms = b.xp.where(near, some * (0.5 * twice), terms)
    return b.clip(0.5 * b.row_sums(terms), 0.0, _LOG2)


@ignoring(all="ignore")
def js_rows_of_labels(b: Backend, logp: FloatArray) -> FloatArray:
    """`js_rows` for one-hot targets, from the log-probability of the true class alone."""
    p = b.xp.exp(logp)
    rest = -b.xp.expm1(logp)
    # The other classes meet targets of 0, so that each of them adds p_j log 2.
    own = p * b.clip(logp, LOG_SMALLEST)
    value = rest * _LOG2 - (1.0 + p) * b.xp.log1p(-0.5 * rest) + own
    return b.clip(0.5 * value, 0.0, _LOG2)


@ignoring(all="ignore")
def exp_rows(b: Backend, values: FloatArray) -> FloatArray:
    """Exponential of each value, which may be infinite."""
    return b.xp.exp(values)


def sum_of(parts: Iterable[float]) -> float:
    """Sum without rounding, of numbers that are not negative."""
    try:
        return math.fsum(parts)
    except OverflowError:
        return math.inf


def _weighted(b: Backend, values: FloatArray, weight: FloatArray) -> FloatArray:
    """Weighted values; a row of weight 0 adds 0 even if its value is infinite."""
    return b.xp.where(weight > 0, values * weight, weight)


@ignoring(all="ignore")  # losses of logits may be as large as numbers can be
def weighted_sum(
    b: Backend, blocks: Iterable[tuple[slice, FloatArray]], weight: FloatArray | None
) -> float:
    """Sum of ``weight * value``."""
    if weight is None:
        return sum_of(b.total(values) for _, values in blocks)
    return sum_of(b.total(_weighted(b, values, weight[rows])) for rows, values in blocks)


@ignoring(all="ignore")
def class_sums(
    b: Backend,
    blocks: Iterable[tuple[slice, FloatArray]],
    codes: IntArray,
    n_classes: int,
    weight: FloatArray | None,
) -> FloatArray:
    """`weighted_sum` over the rows of each class, in host memory."""
    total = np.zeros(n_classes)
    for rows, values in blocks:
        part = values if weight is None else _weighted(b, values, weight[rows])
        total += b.group_sums(part, codes[rows], n_classes)
    return total
