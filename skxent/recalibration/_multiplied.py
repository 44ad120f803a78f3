"""Log-probabilities times slopes, and what becomes of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import cast

import numpy as np

from skxent._typing import FloatArray, Narrow
from skxent.recalibration._newton import FAR, Fits, Floats, Rows, times
from skxent.recalibration._shape import Shape

__all__ = ["Multiplied", "Multipliers", "by_columns", "exponentials"]


# Up to so many columns, several rows at once are multiplied faster than one.
_FEW = 64


def by_columns(x: Floats, numbers: Floats) -> Floats:
    """Rows times one number a column: of the shape (k,), or (n_sets, 1, k) for several results."""
    n, k = x.shape
    # Side by side: numpy is slow where it has to begin again every few numbers.
    fold = math.gcd(n, 64) if k <= _FEW else 1
    product = x.reshape(n // fold, fold * k) * np.tile(numbers, fold)
    return product.reshape(*numbers.shape[:-2], n, k)


def exponentials(
    logits: Floats, factor: Floats | None = None
) -> tuple[Floats, Floats, Floats | float]:
    """
    Exponentials of some sets of rows, their sums, and the logarithm of what they are divided by.

    `factor` has what each class counts in the sums, of shape (n_sets, k), for each set of rows
    or several for one. Log-probabilities need no shift as long as a map keeps their sign and
    size.
    """
    column = np.ones((logits.shape[-1], 1), logits.dtype) if factor is None else factor[..., None]
    powers, shift, most = np.empty_like(logits), 0.0, np.finfo(np.float32).max ** 0.8
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        np.exp(logits, out=powers)
        total = (powers @ column)[..., 0]
        if not (total.min() > 1.0 / most and total.max() < most):
            shift = logits.max(axis=-1)
            np.exp(logits - shift[..., None], out=powers)
            total = (powers @ column)[..., 0]
    return powers, total, shift


@dataclass(frozen=True, slots=True)
class Multipliers:
    """
    What sets of parameters do to rows: slopes first, and then a factor of the exponentials.

    A bias is a factor, which is quicker than to add it to the logits.
    """

    slopes: Narrow | None
    """Shape (n_sets, k, k), or (n_sets, 1, k or 1), one for equal ones; None without slopes."""
    factor: Narrow
    """Shape (n_sets, k), none above 1."""
    most: FloatArray
    """Shape (n_sets, 1): the logarithm of what the factors are divided by."""
    added: Narrow | None = None
    """Biases too far apart to be factors, of the shape (n_sets, 1, k); the factors are 1."""


class Multiplied(Fits):
    """Rows, and maps of one shape that are linear in them."""

    def __init__(self, shape: Shape, rows: Rows, weight: FloatArray) -> None:
        self.shape = shape
        # Exponentials in single precision may be 0 where a bias makes much of them, and losses be
        # lost in the rounding.
        self.are_far = bool(rows.x.min() < -FAR)
        if self.are_far:
            self.exact, self.rounding = True, 1e-12
        super().__init__(rows, weight)

    @property
    def _has_logits(self) -> bool:
        return self.shape.n_slopes > 0 or self.are_far

    def table(self) -> Narrow:
        """The rows, or their exponentials where nothing else is done to them than a bias."""
        if self._has_logits:
            return super().table()
        return cast("Narrow", np.exp(self.x)) if self.exact else self.rows.powers

    def multipliers(self, theta: FloatArray) -> Multipliers:
        kind, bias = self.narrow.dtype, self.shape.biases(theta)
        most = bias.max(axis=1, keepdims=True)  # whose own factor might be too large
        slopes = self.shape.slopes(theta).astype(kind) if self._has_logits else None
        if slopes is not None and (slopes == slopes[0]).all():
            slopes = slopes[:1]  # one table of exponentials for all sets
        bias = bias - most
        if slopes is not None and bias.min() < -FAR:
            factor = np.ones(bias.shape, kind)
            return Multipliers(slopes, factor, most, bias.astype(kind)[:, None])
        return Multipliers(slopes, np.exp(bias).astype(kind), most)

    def multiplied(self, x: Narrow, slopes: Narrow) -> Narrow:
        """Rows times slopes: shape (n_sets, n_rows, k)."""
        if self.shape.slope == "vector":
            return by_columns(x, slopes)
        return times(x, slopes) if self.shape.slope == "matrix" else x * slopes

    def powers(self, x: Narrow, by: Multipliers) -> tuple[Narrow, Narrow, FloatArray | float]:
        """
        Exponentials of multiplied rows of the table, their sums, and the shift.

        No sum vanishes: what is far apart is added to logits, the largest of which is made 0.
        """
        if by.slopes is None:
            total = times(x, np.ascontiguousarray(by.factor.T)[None])[0]
            return x[None], np.ascontiguousarray(total.T), by.most
        logits = self.multiplied(x, by.slopes)
        if by.added is not None:
            logits = logits + by.added
        powers, total, shift = exponentials(logits, by.factor)
        return powers, total, shift + by.most

    def probabilities(self, x: Narrow, by: Multipliers) -> Narrow:
        powers, total, _ = self.powers(x, by)
        return powers * (by.factor[:, None] / total[..., None])
