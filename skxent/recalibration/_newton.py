"""Newton's method for several sets of parameters at once, by one thread."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from typing import Protocol, Self

import numpy as np

from skxent._backend import row_slices
from skxent._typing import FloatArray, IntArray

__all__ = [
    "Curvature",
    "Fits",
    "crossed",
    "curvature_at",
    "is_solved_directly",
    "minimised",
    "times",
]

# Products of matrices of so many multiplications are done by one thread: waking others takes
# BLAS up to a hundred times as long as the product itself.
_ONE_THREAD = 1 << 18
# Systems of so many equations are solved directly, larger ones by conjugate gradients.
_MOST_EQUATIONS = 160
# What conjugate gradients leave of what a step promises.
_EXACT = 1e-3
_MOST_STEPS, _MOST_HALVES, _MOST_DIRECTIONS = 60, 40, 200
# Steps with old second derivatives leave so much of what the step before had left, at most; as
# products they take longer to compute again, and tell less of a single set.
_SLOW, _SLOW_PRODUCTS = 0.15, 0.5
# Where the data say nothing of a parameter that has no prior.
_RIDGE = 1e-9


class Fits:
    """
    Fits of one family of maps to the same rows, under several sets of weights.

    `weight` has the shape (n_sets, n_rows).
    """

    rounding = 0.0
    """By how much the sum of the losses may be off."""

    def __init__(self, x: FloatArray, codes: IntArray, weight: FloatArray) -> None:
        self.x, self.codes, self.weight = x, codes, weight

    def some(self, which: IntArray) -> Self:
        """Those of the sets `which`, in their order."""
        if len(which) == len(self.weight):  # all of them
            return self
        return self._some(which)

    def _some(self, which: IntArray) -> Self:
        part = copy(self)
        part.weight = self.weight[which]
        return part

    def weighted(self, weight: FloatArray) -> Self:
        """Fits to the same rows under other weights."""
        part = copy(self)
        part.weight = weight
        return part

    def blocks(self, numbers: int) -> Iterator[tuple[slice, FloatArray, FloatArray]]:
        """Rows, and their weights, that fit the cache with so many numbers a probability."""
        n, k = self.x.shape
        for at in row_slices(n, k * numbers):
            yield at, self.x[at], self.weight[:, at]

    def evaluated(self, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """
        Penalised sums of the weighted losses, and their derivatives.

        One set of parameters is that of all sets of weights.
        """
        raise NotImplementedError

    def row_gradients(self, theta: FloatArray) -> FloatArray:
        """Derivatives of the loss of each row by one set of parameters: shape (n_rows, size)."""
        raise NotImplementedError

    def hessians(self, theta: FloatArray) -> FloatArray:
        """Second derivatives without those of the prior: shape (n_sets, size, size)."""
        raise NotImplementedError

    def products(self, theta: FloatArray) -> Products:
        """The same at one set of parameters, as what they are times vectors."""
        raise NotImplementedError

    def prior_curvature(self, theta: FloatArray) -> FloatArray:
        """Second derivatives of the prior, which has no mixed ones: shape (n_sets, size)."""
        raise NotImplementedError

    def shorten(self, theta: FloatArray, step: FloatArray) -> None:
        """Shorten steps, in place, that would lead out of the range of the parameters."""
        raise NotImplementedError


class Products(Protocol):
    """Second derivatives at one set of parameters, times vectors."""

    @property
    def rough(self) -> Preconditioner: ...

    def times(self, v: FloatArray) -> FloatArray: ...

    def some(self, which: IntArray) -> Self: ...


class Preconditioner(Protocol):
    """Second derivatives of which most are taken for 0, so that they are easy to invert."""

    def inverted(self, scale: float, prior: FloatArray) -> Preconditioner: ...

    def __matmul__(self, v: FloatArray) -> FloatArray: ...


def _pieces(n: int, multiplications: int) -> tuple[int, int]:
    """In how many pieces, and of how many rows, products of n rows are done by one thread."""
    step = max(_ONE_THREAD // multiplications, 16)
    return n // step, step


def times(x: FloatArray, matrices: FloatArray) -> FloatArray:
    """``x @ matrix`` for one block of rows and each set's matrix."""
    (n, k), m = x.shape, matrices.shape[-1]
    count, step = _pieces(n, k * m)
    if count <= 1:
        return x @ matrices
    whole = count * step
    result = np.empty((len(matrices), n, m), dtype=np.result_type(x, matrices))
    pieces = x[:whole].reshape(count, step, k) @ matrices[:, None]
    result[:, :whole] = pieces.reshape(len(matrices), whole, m)
    result[:, whole:] = x[whole:] @ matrices
    return result


def crossed(a: FloatArray, b: FloatArray) -> FloatArray:
    """``a.T @ b`` of each set: sums over rows of the products of their numbers."""
    n = a.shape[-2]
    count, step = _pieces(n, a.shape[-1] * b.shape[-1])
    if count <= 1:
        return a.swapaxes(-1, -2) @ b
    whole = count * step

    def pieces(block: FloatArray) -> FloatArray:
        return block[..., :whole, :].reshape(*block.shape[:-2], count, step, block.shape[-1])

    total: FloatArray = (pieces(a).swapaxes(-1, -2) @ pieces(b)).sum(axis=-3)
    return total + a[..., whole:, :].swapaxes(-1, -2) @ b[..., whole:, :]


def _solved(matrix: FloatArray, right: FloatArray) -> FloatArray:
    """
    Solutions of positive definite systems; `right` has the shape (n_sets, size, m).

    LAPACK wakes other threads for more than some 64 equations, which is what halves are for.
    """
    n = matrix.shape[-1]
    if n <= 64:
        return np.asarray(np.linalg.solve(matrix, right), dtype=np.float64)
    h = n // 2
    across = matrix[:, :h, h:]
    first = _solved(matrix[:, :h, :h], np.concatenate([across, right[:, :h]], axis=-1))
    change, start = first[..., : n - h], first[..., n - h :]
    back = across.swapaxes(-1, -2)
    last = _solved(matrix[:, h:, h:] - back @ change, right[:, h:] - back @ start)
    return np.concatenate([start - change @ last, last], axis=1)


class Curvature:
    """Second derivatives at some parameters, of each set of weights or of all together."""

    slow = _SLOW
    """They are computed again where a step leaves more than this part of what was left before."""

    def __init__(self, fits: Fits, theta: FloatArray) -> None:
        self.fits, self.theta = fits, theta
        self.total = fits.weight.sum(axis=1)

    def some(self, which: IntArray) -> Self:
        """Those of the sets `which`, unless there is one for all."""
        if len(which) == len(self.total):
            return self
        part = copy(self)
        if len(self.total) > 1:
            part.fits, part.total = self.fits.some(which), self.total[which]
            part.theta = self.theta[which] if len(self.theta) > 1 else self.theta
        return part

    def solved(self, weight: FloatArray, prior: FloatArray, gradient: FloatArray) -> FloatArray:
        """What times the second derivatives, the prior's included, gives the gradients."""
        raise NotImplementedError

    def inverse(self, weight: FloatArray, prior: FloatArray) -> FloatArray | None:
        """Inverse of the second derivatives of one set; None where they are too many."""
        raise NotImplementedError


class _Direct(Curvature):
    """As matrices."""

    def __init__(self, fits: Fits, theta: FloatArray) -> None:
        super().__init__(fits, theta)
        self.matrices = fits.hessians(theta)

    def some(self, which: IntArray) -> Self:
        part = super().some(which)
        if len(self.total) > 1:
            part.matrices = self.matrices[which]
        return part

    def solved(self, weight: FloatArray, prior: FloatArray, gradient: FloatArray) -> FloatArray:
        # Of all sets together, if one has so far been enough: the parts differ by little.
        scale, at = weight.sum(axis=1) / self.total, np.arange(prior.shape[1])
        if len(self.total) < len(gradient):
            h = self.matrices * scale.mean()
            h[:, at, at] += prior.mean(axis=0) + _RIDGE
            return _solved(h, gradient.T[None])[0].T
        h = self.matrices * scale[:, None, None]
        h[:, at, at] += prior + _RIDGE
        return _solved(h, gradient[..., None])[..., 0]

    def inverse(self, weight: FloatArray, prior: FloatArray) -> FloatArray | None:
        size = prior.shape[1]
        return self.solved(weight, np.repeat(prior, size, axis=0), np.eye(size))


class _Products(Curvature):
    """As what they are times a vector: for so many parameters that matrices would be too large."""

    slow = _SLOW_PRODUCTS

    def __init__(self, fits: Fits, theta: FloatArray) -> None:
        # For one set of parameters: they differ by little.
        super().__init__(fits, theta.mean(axis=0, keepdims=True))
        self.products = fits.products(self.theta)

    def some(self, which: IntArray) -> Self:
        part = super().some(which)
        if len(self.total) > 1:
            part.products = self.products.some(which)
        return part

    def inverse(self, weight: FloatArray, prior: FloatArray) -> FloatArray | None:  # noqa: ARG002
        return None

    def solved(self, weight: FloatArray, prior: FloatArray, gradient: FloatArray) -> FloatArray:
        """By conjugate gradients."""
        sets = len(gradient)
        scale, prior = (weight.sum(axis=1) / self.total)[:, None], prior + _RIDGE
        inverse = self.products.rough.inverted(float(scale.mean()), prior.mean(axis=0))
        found, left = np.zeros_like(gradient), gradient.copy()
        direction = z = inverse @ left
        size = (left * z).sum(axis=1)
        goal = _EXACT * size
        for _ in range(_MOST_DIRECTIONS):
            if (size <= goal).all():
                break
            change = scale * self.products.times(direction) + prior * direction
            bend = (direction * change).sum(axis=1)
            far = np.divide(size, bend, out=np.zeros(sets), where=bend > 0)[:, None]
            found, left = found + far * direction, left - far * change
            z, before = inverse @ left, size
            size = (left * z).sum(axis=1)
            ratio = np.divide(size, before, out=np.zeros(sets), where=before > 0)
            direction = z + ratio[:, None] * direction
        return found


def curvature_at(fits: Fits, theta: FloatArray) -> Curvature:
    """Second derivatives of the loss, to take steps by."""
    return (_Direct if is_solved_directly(theta) else _Products)(fits, theta)


def is_solved_directly(theta: FloatArray) -> bool:
    """Whether second derivatives of so many parameters are made into matrices."""
    return theta.shape[1] <= _MOST_EQUATIONS


def minimised(
    fits: Fits, theta: FloatArray, curvature: Curvature | None = None, tolerance: float = 1e-9
) -> tuple[FloatArray, Curvature]:
    """
    Parameters that make the penalised loss smallest, and the curvature there.

    From `theta`, one set for all or one each, by second derivatives that are computed again
    only where steps with the old ones do not do; `curvature` are those to begin with. A step
    is halved until it makes the loss smaller. Ends where a step promises less than `tolerance`,
    or, by the pace of the last two, will leave less of that behind.
    """
    sets = len(fits.weight)
    value, gradient = fits.evaluated(theta)
    own = curvature or curvature_at(fits, theta)
    theta = np.repeat(theta, sets, axis=0) if len(theta) < sets else theta.copy()
    active, before = np.arange(sets), np.full(sets, np.inf)
    for _ in range(_MOST_STEPS):
        step, promise = _step(fits.some(active), theta[active], gradient[active], own)
        slow = promise > np.maximum(own.slow * before, tolerance)
        if slow.any():
            own = curvature_at(fits.some(active), theta[active])
            step, promise = _step(fits.some(active), theta[active], gradient[active], own)
        pace = np.where(np.isinf(before), 1.0, promise / before)
        last = (promise <= tolerance) | ((pace < own.slow) & (promise * pace <= tolerance))
        theta[active[last]] += step[last]
        going = np.flatnonzero(~last)
        active, step, before, own = active[going], step[going], promise[going], own.some(going)
        factor, left = np.ones(len(active)), np.arange(len(active))
        for _ in range(_MOST_HALVES):
            if not len(left):
                break
            at = active[left]
            tried = theta[at] + factor[left, None] * step[left]
            new, slope = fits.some(at).evaluated(tried)
            allowed = 1e-12 * abs(value[at]) - 1e-4 * factor[left] * before[left]
            allowed += fits.rounding
            good = new <= value[at] + allowed
            done = at[good]
            theta[done], value[done], gradient[done] = tried[good], new[good], slope[good]
            left = left[~good]
            factor[left] *= 0.5
        if len(left):  # there is nothing to gain but rounding
            kept = np.delete(np.arange(len(active)), left)
            active, before, own = active[kept], before[kept], own.some(kept)
        if not len(active):
            break
    return theta, own


def _step(
    fits: Fits, theta: FloatArray, gradient: FloatArray, curvature: Curvature
) -> tuple[FloatArray, FloatArray]:
    """Newton's step of each set, and twice what it would take off the loss."""
    step = -curvature.solved(fits.weight, fits.prior_curvature(theta), gradient)
    fits.shorten(theta, step)
    return step, -(gradient * step).sum(axis=1)
