"""Second derivatives of the loss after maps that are linear in log-probabilities."""

from __future__ import annotations

import numpy as np

from skxent._typing import FloatArray, IntArray, Narrow
from skxent.recalibration._multiplied import Multiplied
from skxent.recalibration._newton import Floats, crossed, crossed_classes
from skxent.recalibration._shape import Shape

__all__ = [
    "hessians_of_matrix",
    "hessians_of_scalar",
    "hessians_of_vector",
    "weighted_rows",
    "with_ones",
]


def hessians_of_scalar(fits: Multiplied, theta: FloatArray) -> FloatArray:
    """Where no class has a slope of its own."""
    shape, k = fits.shape, fits.shape.k
    first = shape.n_slopes
    found = np.zeros((len(fits.weight), shape.size, shape.size))
    biases, by = np.arange(first, shape.size), fits.multipliers(theta)
    for _, x, w in fits.blocks(3 * len(fits.weight)):
        p = fits.probabilities(x, by)
        u = p if shape.bias else p[..., :0]
        if first:
            xp = x * p
            mean = xp @ np.ones(k, xp.dtype)
            found[:, 0, 0] += weighted_rows(w, xp * x).sum(axis=1)
            u = np.concatenate([mean[..., None], u], axis=-1)
            if shape.bias:
                cross = weighted_rows(w, xp)
                found[:, 0, 1:] += cross
                found[:, 1:, 0] += cross
        if shape.bias:
            found[:, biases, biases] += weighted_rows(w, p)
        found -= crossed(w[..., None] * u, u)
    return found


def hessians_of_vector(fits: Multiplied, theta: FloatArray) -> FloatArray:
    k = fits.shape.k
    found = np.zeros((len(fits.weight), 2 * k, 2 * k))
    at, by = np.arange(k), fits.multipliers(theta)
    for _, x, w in fits.blocks(6 * len(fits.weight)):
        p = fits.probabilities(x, by)
        xp = x * p
        u: Narrow = np.concatenate([xp, p], axis=-1)
        found -= crossed(w[..., None] * u, u)
        found[:, at, at] += weighted_rows(w, np.multiply(xp, x))
        both = weighted_rows(w, u)
        found[:, at, k + at] += both[:, :k]
        found[:, k + at, at] += both[:, :k]
        found[:, k + at, k + at] += both[:, k:]
    return _by_parameters(fits.shape, found)


def hessians_of_matrix(fits: Multiplied, theta: FloatArray) -> FloatArray:
    """From the sums of the products of two inputs and of one or two probabilities."""
    k, sets, by = fits.shape.k, len(fits.weight), fits.multipliers(theta)
    sums = np.zeros((sets, (k + 1) * (k + 2) // 2, k + k * (k + 1) // 2))
    for _, x, w in fits.blocks(k * sets):
        p = np.ascontiguousarray(fits.probabilities(x, by).swapaxes(-1, -2))
        outputs = w[:, None] * np.concatenate([p, _pairs(p)], axis=-2)
        sums += crossed_classes(_pairs(np.ascontiguousarray(with_ones(x).T)), outputs)
    inputs, outs = _pair_numbers(k + 1), _pair_numbers(k)
    found = -sums[:, inputs[:, :, None, None], k + outs]
    at = np.arange(k)
    found[..., at, at] += sums[:, inputs[:, :, None], at]
    width = (k + 1) * k
    return _by_parameters(fits.shape, found.transpose(0, 1, 3, 2, 4).reshape(sets, width, width))


def _by_parameters(shape: Shape, found: FloatArray) -> FloatArray:
    """From second derivatives by the slopes of the classes, and then their biases."""

    def joined(values: FloatArray) -> FloatArray:
        k = shape.k
        own = (k, k) if shape.slope == "matrix" else (k,)
        slopes = values[..., :-k].reshape(*values.shape[:-1], *own)
        return shape.joined(slopes, values[..., -k:])

    return joined(joined(found).swapaxes(-1, -2))


def weighted_rows(weight: Floats, rows: Floats) -> Floats:
    """Weighted sums of rows, of each set: shape (n_sets, k)."""
    if len(rows) == 1:
        return crossed(weight.T, rows[0])
    return (weight[:, None] @ rows)[:, 0]


def with_ones(x: Floats) -> Floats:
    return np.column_stack([x, np.ones(len(x), x.dtype)])


def _pairs(classes: Floats) -> Floats:
    """
    Products of each two classes, also of a class with itself: the first with all, …

    With the rows on the last axis: along a few classes numpy takes three times as long.
    """
    k, start = classes.shape[-2], 0
    found = np.empty((*classes.shape[:-2], k * (k + 1) // 2, classes.shape[-1]), classes.dtype)
    for i in range(k):
        at = slice(start, start + k - i)
        np.multiply(classes[..., i : i + 1, :], classes[..., i:, :], out=found[..., at, :])
        start = at.stop
    return found


def _pair_numbers(k: int) -> IntArray:
    """Where `_pairs` has the product of two columns: shape (k, k)."""
    numbers = np.zeros((k, k), dtype=np.intp)
    upper = np.triu_indices(k)
    numbers[upper] = np.arange(len(upper[0]))
    return np.maximum(numbers, numbers.T)
