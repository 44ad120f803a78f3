"""Log-probabilities times slopes, and what becomes of them."""

from __future__ import annotations

import numpy as np

from skxent._typing import FloatArray, Narrow
from skxent.recalibration._newton import Fits, Floats, Rows, times
from skxent.recalibration._shape import Shape

__all__ = ["Multiplied", "exponentials"]


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
    powers, shift, most = np.empty_like(logits), 0.0, np.finfo(logits.dtype).max ** 0.8
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        np.exp(logits, out=powers)
        total = (powers @ column)[..., 0]
        if not (total.min() > 1.0 / most and total.max() < most):
            shift = logits.max(axis=-1)
            np.exp(logits - shift[..., None], out=powers)
            total = (powers @ column)[..., 0]
    return powers, total, shift


class Multiplied(Fits):
    """Rows, and maps of one shape that are linear in them."""

    def __init__(self, shape: Shape, rows: Rows, weight: FloatArray) -> None:
        super().__init__(rows, weight)
        self.shape = shape

    def multiplied(self, x: Narrow, theta: FloatArray) -> Narrow:
        """Rows times their slopes: shape (n_sets, n_rows, k), or (1, n_rows, k) without slopes."""
        if not self.shape.n_slopes:
            return x[None]
        slopes = self.shape.slopes(theta).astype(x.dtype)
        return times(x, slopes) if self.shape.slope == "matrix" else x * slopes

    def powers(
        self, x: Narrow, theta: FloatArray
    ) -> tuple[Narrow, Narrow, Narrow, FloatArray | float]:
        """
        Powers of the multiplied rows, what the biases make of each class, sums, and the shift.

        A bias is a factor of the powers, which is quicker than to add it to the logits.
        """
        bias = self.shape.biases(theta)
        most = bias.max(axis=1, keepdims=True)  # whose own factor might be too large
        factor = np.exp(bias - most).astype(x.dtype)
        powers, total, shift = exponentials(self.multiplied(x, theta), factor)
        return factor, powers, total, shift + most

    def probabilities(self, x: Narrow, theta: FloatArray) -> Narrow:
        factor, powers, total, _ = self.powers(x, theta)
        return powers * (factor[:, None] / total[..., None])
