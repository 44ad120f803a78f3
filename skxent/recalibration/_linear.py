"""Fits of maps that are linear in log-probabilities: slopes and biases."""

from __future__ import annotations

import numpy as np

from skxent._typing import FloatArray
from skxent.recalibration._hessians import (
    hessians_of_matrix,
    hessians_of_scalar,
    hessians_of_vector,
    weighted_rows,
)
from skxent.recalibration._kept import MatrixProducts, ScalarProducts, VectorProducts
from skxent.recalibration._multiplied import Multiplied
from skxent.recalibration._newton import Products, Rows, crossed
from skxent.recalibration._shape import Shape, shorten_slopes, slope_prior

__all__ = ["LinearFits"]


class LinearFits(Multiplied):
    """Fits of maps of one shape."""

    rounding = 1e-6

    def __init__(self, shape: Shape, rows: Rows, weight: FloatArray) -> None:
        super().__init__(shape, rows, weight)
        self.precision = shape.precision()

    def _weigh(self, weight: FloatArray) -> None:
        super()._weigh(weight)
        w, of_class, own = self.weight, self.rows.of_class, self.rows.own
        if self.shape.slope == "matrix":
            slopes = np.array([(of_class @ (self.x * each[:, None])).T for each in w])
        else:
            slopes = (of_class @ (w.T * own[:, None])).T
        self.targets = self.shape.joined(slopes, (of_class @ w.T).T)
        """Derivatives of the weighted sum of the logits of the labels, whatever the map."""
        self.unsloped = np.zeros(len(w)) if self.shape.n_slopes else slopes.sum(axis=1)
        """What the logits of the labels come to beside that."""

    def evaluated(self, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        if not self.exact:
            theta = theta.astype(np.float32).astype(np.float64)  # as they multiply the rows
        shape, n_sets, k = self.shape, len(self.weight), self.shape.k
        counts = np.zeros((n_sets, k))
        sums = np.zeros((n_sets, k, k) if shape.slope == "matrix" else (n_sets, k))
        value, gradient = self._prior(theta)
        by = self.multipliers(theta)
        # The logits of the labels are linear in the parameters: their sum needs no rows.
        value = value - (self.targets * theta).sum(axis=1) - self.unsloped
        for _, x, w in self.blocks(max(len(theta), n_sets) if shape.n_slopes else 1):
            powers, total, shift = self.powers(x, by)
            logs = np.log(total, dtype=np.float64)
            logs += shift
            value = value + np.einsum("bm,bm->b", w, logs)
            ratio = w / total
            if shape.bias:
                counts += weighted_rows(ratio, powers)
            if shape.slope == "matrix":
                sums += crossed(x, ratio[..., None] * powers)
            elif shape.n_slopes:
                powers *= x
                sums += weighted_rows(ratio, powers)
        counts *= by.factor
        sums *= by.factor[:, None] if shape.slope == "matrix" else by.factor
        return value, gradient + shape.joined(sums, counts) - self.targets

    def _prior(self, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Minus the log of the prior of each set of parameters, and its derivatives."""
        gradient = self.precision * theta
        value = 0.5 * (gradient * theta).sum(axis=1)
        if self.shape.n_slopes:
            of_slope, gradient[:, 0], _ = slope_prior(theta[:, 0])
            value += of_slope
        return value, gradient

    def prior_curvature(self, theta: FloatArray) -> FloatArray:
        curvature = np.tile(self.precision, (len(theta), 1))
        if self.shape.n_slopes:
            curvature[:, 0] = slope_prior(theta[:, 0])[2]
        return curvature

    def shorten(self, theta: FloatArray, step: FloatArray) -> None:
        if self.shape.n_slopes:
            shorten_slopes(theta[:, 0], step)

    def hessians(self, theta: FloatArray) -> FloatArray:
        kind = self.shape.slope
        of = {"vector": hessians_of_vector, "matrix": hessians_of_matrix}.get(kind)
        return (of or hessians_of_scalar)(self, theta)

    def row_gradients(self, theta: FloatArray) -> FloatArray:
        found, by = np.empty((len(self.x), self.shape.size)), self.multipliers(theta)
        for at, x, _ in self.blocks(self.shape.k if self.shape.slope == "matrix" else 2):
            p = self.probabilities(x, by)[0]
            p[np.arange(len(x)), self.codes[at]] -= 1.0
            matrix = self.shape.slope == "matrix"
            slopes = x[:, :, None] * p[:, None, :] if matrix else x * p
            found[at] = self.shape.joined(slopes, p)
        return found

    def products(self, theta: FloatArray) -> Products:
        if self.shape.slope == "matrix":
            return MatrixProducts(self, theta)
        return (VectorProducts if self.shape.slope == "vector" else ScalarProducts)(self, theta)
