"""A large table of numbers as JSON, many times faster than number by number."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cache

import numpy as np
from numpy.typing import NDArray

from skxent._typing import FloatArray

__all__ = ["table_text"]

# Seventeen digits say any float64 to the last bit: m * 10**(e - 16), with m of seventeen.
_LAST, _END = 10**16, 10**17
# Exponents of two digits; the few numbers beyond are written one by one.
_FAR = 99
_BLOCK = 1 << 14


def table_text(table: FloatArray, one_by_one: Callable[[list[float]], str]) -> str:
    """The rows of a table of numbers as JSON; `one_by_one` writes those with unusual numbers."""
    n, k = table.shape
    step, rows = max(_BLOCK // k, 1), []
    for start in range(0, n, step):
        block = table[start : start + step]
        text = _text(block.ravel())
        if text is None:
            rows += [one_by_one(row) for row in block.tolist()]
        else:
            width = len(text) // len(block)
            rows += [f"[{text[i + 1 : i + width]}]" for i in range(0, len(text), width)]
    return f"[{', '.join(rows)}]"


def _text(x: FloatArray) -> str | None:
    """Each number behind a comma, all of the same width; None if one is not of the usual kind."""
    size, zero = np.abs(x), x == 0
    exponent = np.floor(np.log10(np.where(zero | ~np.isfinite(x), 1.0, size)))
    if not (np.isfinite(x).all() and (abs(exponent) < _FAR).all()):
        return None
    e = exponent.astype(np.intp)
    m = _times(size, 16 - e)
    if not ((m >= _LAST) & (m < _END) | zero).all():  # a logarithm that was rounded up or down
        return None
    heads, digits, ends = _tables()
    first, rest = np.divmod(m, _LAST)
    words = np.empty((len(x), 6), dtype=np.uint32)
    words[:, 0] = heads[first + 10 * np.signbit(x)]
    for column, power in enumerate((10**12, 10**8, 10**4, 1), start=1):
        words[:, column] = digits[rest // power % 10**4]
    words[:, 5] = ends[e + _FAR]
    return words.tobytes().decode("ascii")


def _times(x: FloatArray, power: NDArray[np.intp]) -> NDArray[np.int64]:
    """
    The whole number nearest to x * 10**power, where it has seventeen digits.

    Ten's power is the sum of two float64, and the product of the first with x is the sum of two
    as well: Dekker, T. J. (1971), Numerische Mathematik 18. :doi:`10.1007/BF01397083`
    """
    high, low = (part[power + _FAR] for part in _powers())
    product = x * high
    (a, b), (c, d) = _halves(x), _halves(high)
    error = ((a * c - product) + a * d + b * c) + b * d
    return product.astype(np.int64) + np.rint(error + x * low).astype(np.int64)


def _halves(x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Two parts of x with half the digits, whose products are exact."""
    scaled = x * (2.0**27 + 1.0)
    high = scaled - (scaled - x)
    return high, x - high


@cache
def _powers() -> tuple[FloatArray, FloatArray]:
    exact = [Fraction(10) ** power for power in range(-_FAR, _FAR + 17)]
    high = [float(number) for number in exact]
    low = [float(number - Fraction(h)) for number, h in zip(exact, high, strict=True)]
    return np.array(high), np.array(low)


@cache
def _tables() -> tuple[NDArray[np.uint32], ...]:
    """Words of four letters: comma, sign, first digit and point; four digits; an exponent."""
    heads = [f",{sign}{digit}." for sign in " -" for digit in range(10)]
    digits = [f"{number:04d}" for number in range(10**4)]
    ends = [f"e{exponent:+03d}" for exponent in range(-_FAR, _FAR + 1)]
    return tuple(
        np.frombuffer("".join(words).encode(), dtype=np.uint32) for words in (heads, digits, ends)
    )
