"""Newton's method for several sets of parameters at once, by one thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, Protocol, Self, TypeVar, cast

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from skxent._backend import pick, row_slices
from skxent._typing import FloatArray, IntArray, Narrow

__all__ = [
    "FAR",
    "Curvature",
    "Fits",
    "Rows",
    "crossed",
    "crossed_classes",
    "curvature_at",
    "ended",
    "is_solved_directly",
    "minimised",
    "solved",
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
# So many of the last steps tell how second derivatives differ from the old ones.
_REMEMBERED = 8
# Steps with old second derivatives leave so much of what the step before had left, at most; as
# products they take longer to compute again, and tell less of a single set.
_SLOW, _SLOW_PRODUCTS = 0.15, 0.5
# Where the data say nothing of a parameter that has no prior.
_RIDGE = 1e-9
# Sums that differ by this part may do so by rounding.
_SAME = 1e-12
# In single precision, what is so many nats below something of its own size vanishes beside it and
# is not yet 0.
FAR = 60.0

Floats = TypeVar("Floats", FloatArray, Narrow)


@dataclass(eq=False)
class Rows:
    """Log-probabilities, and the numbers of the classes; one object serves all fits to them."""

    x: FloatArray
    codes: IntArray

    @cached_property
    def narrow(self) -> Narrow:
        """In single precision, for sums that a fit is steered by: they take half the time."""
        return self.x.astype(np.float32)

    @cached_property
    def powers(self) -> Narrow:
        """Their exponentials, which biases multiply: one table serves all steps and all folds."""
        return cast("Narrow", np.exp(self.x, dtype=np.float32, casting="same_kind"))

    @cached_property
    def own(self) -> FloatArray:
        """Log-probability of the class of each row."""
        return pick(self.x, self.codes)

    @cached_property
    def of_class(self) -> Any:
        """Matrix of the shape (n_classes, n_rows) that sums the rows of each class."""
        n, k = self.x.shape
        order = np.argsort(self.codes)
        first = np.searchsorted(self.codes, np.arange(k + 1), sorter=order)
        return csr_array((np.ones(n), order, first), shape=(k, n))


class Fits:
    """
    Fits of one family of maps to the same rows, under several sets of weights.

    `weight` has the shape (n_sets, n_rows).
    """

    rounding = 0.0
    """Part of the sum of the losses that is rounding."""
    exact = False
    """Whether sums are of double precision."""

    def __init__(self, rows: Rows, weight: FloatArray) -> None:
        self.rows, self.x, self.codes = rows, rows.x, rows.codes
        self._weigh(weight)

    def _weigh(self, weight: FloatArray) -> None:
        """Take weights, and what follows from them."""
        self.weight = weight
        self.narrow = cast("Narrow", weight if self.exact else weight.astype(np.float32))

    def weighted(self, weight: FloatArray) -> Self:
        """Fits to the same rows under other weights."""
        part = copy(self)
        part._weigh(weight)
        return part

    def exactly(self) -> Self:
        """The same fits by sums in double precision."""
        part = copy(self)
        part.exact, part.rounding, part.narrow = True, 0.0, cast("Narrow", self.weight)
        return part

    def table(self) -> Narrow:
        """The rows as fits take them; where they are exact, they are narrow in name only."""
        return cast("Narrow", self.x) if self.exact else self.rows.narrow

    def blocks(self, numbers: int) -> Iterator[tuple[slice, Narrow, Narrow]]:
        """Rows, and their weights, that fit the cache with so many numbers a probability."""
        table = self.table()
        n, k = table.shape
        for at in row_slices(n, k * numbers, table.itemsize):
            yield at, table[at], self.narrow[:, at]

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
        """The same as what they are times vectors, of each set of parameters or of their mean."""
        raise NotImplementedError

    def prior_curvature(self, theta: FloatArray) -> FloatArray:
        """Second derivatives of the prior, which has no mixed ones: shape (n_sets, size)."""
        raise NotImplementedError

    def shorten(self, theta: FloatArray, step: FloatArray) -> None:
        """Shorten steps, in place, that would lead out of the range of the parameters."""
        raise NotImplementedError


class Products(Protocol):
    """Second derivatives at one set of parameters, times vectors."""

    is_quick: bool
    """Whether to compute them again takes no longer than the loss."""

    @property
    def rough(self) -> Preconditioner: ...

    def times(self, v: FloatArray) -> FloatArray: ...


class Preconditioner(Protocol):
    """Second derivatives of which most are taken for 0, so that they are easy to invert."""

    def inverted(self, scale: float, prior: FloatArray) -> Preconditioner: ...

    def __matmul__(self, v: FloatArray) -> FloatArray: ...


def _pieces(n: int, multiplications: int) -> tuple[int, int]:
    """In how many pieces, and of how many rows, products of n rows are done by one thread."""
    step = max(_ONE_THREAD // multiplications, 16)
    return n // step, step


def times(x: Floats, matrices: Floats) -> Floats:
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


def crossed(a: Floats, b: Floats) -> Floats:
    """``a.T @ b`` of each set: sums over rows of the products of their numbers."""
    n = a.shape[-2]
    count, step = _pieces(n, a.shape[-1] * b.shape[-1])
    if count <= 1:
        return a.swapaxes(-1, -2) @ b
    whole = count * step

    def pieces(block: Floats) -> Floats:
        return block[..., :whole, :].reshape(*block.shape[:-2], count, step, block.shape[-1])

    total: Floats = (pieces(a).swapaxes(-1, -2) @ pieces(b)).sum(axis=-3)
    return total + a[..., whole:, :].swapaxes(-1, -2) @ b[..., whole:, :]


def crossed_classes(a: Floats, b: Floats) -> Floats:
    """``a @ b.T`` of each set: `crossed` for arrays that have the rows on the last axis."""
    n = a.shape[-1]
    count, step = _pieces(n, a.shape[-2] * b.shape[-2])
    whole = count * step

    def pieces(block: Floats) -> Floats:
        parts = block[..., :whole].reshape(*block.shape[:-1], count, step)
        return parts.swapaxes(-2, -3)

    total: Floats = (pieces(a) @ pieces(b).swapaxes(-1, -2)).sum(axis=-3)
    return total + a[..., whole:] @ b[..., whole:].swapaxes(-1, -2)


def solved(matrix: FloatArray, right: FloatArray) -> FloatArray:
    """
    Solutions of positive definite systems; `right` has the shape (n_sets, size, m).

    LAPACK wakes other threads for more than some 64 equations, which is what halves are for.
    """
    n = matrix.shape[-1]
    if n <= 64:
        return np.asarray(np.linalg.solve(matrix, right), dtype=np.float64)
    h = n // 2
    across = matrix[:, :h, h:]
    first = solved(matrix[:, :h, :h], np.concatenate([across, right[:, :h]], axis=-1))
    change, start = first[..., : n - h], first[..., n - h :]
    back = across.swapaxes(-1, -2)
    last = solved(matrix[:, h:, h:] - back @ change, right[:, h:] - back @ start)
    return np.concatenate([start - change @ last, last], axis=1)


Solver = Callable[[FloatArray], FloatArray]
"""Gives what times second derivatives, the prior's included, is a vector, one for each set."""


class Curvature:
    """Second derivatives at some parameters, of each set of weights or of all together."""

    slow = _SLOW
    """They are computed again where a step leaves more than this part of what was left before."""
    is_quick = False
    """Whether they are computed again after each step."""

    def __init__(self, fits: Fits) -> None:
        self.total = fits.weight.sum(axis=1)

    def solver(self, weight: FloatArray, prior: FloatArray) -> Solver:
        """Under these weights of the rows, and with second derivatives of the prior."""
        raise NotImplementedError

    def inverse(self, weight: FloatArray, prior: FloatArray) -> FloatArray | None:
        """Inverses of the second derivatives; None where they are too many."""
        raise NotImplementedError


class _Direct(Curvature):
    """As matrices."""

    def __init__(self, fits: Fits, theta: FloatArray) -> None:
        super().__init__(fits)
        self.matrices = fits.hessians(theta)

    def solver(self, weight: FloatArray, prior: FloatArray) -> Solver:
        inverse = self.inverse(weight, prior)
        return lambda v: (inverse @ v[..., None])[..., 0]

    def inverse(self, weight: FloatArray, prior: FloatArray) -> FloatArray:
        scale, at = weight.sum(axis=1) / self.total, np.arange(prior.shape[1])
        if len(self.total) < len(weight):  # of all sets together: the parts differ by little
            scale, prior = scale.mean(keepdims=True), prior.mean(axis=0, keepdims=True)
        h = self.matrices * scale[:, None, None]
        h[:, at, at] += prior + _RIDGE
        return solved(h, np.broadcast_to(np.eye(len(at)), h.shape))


class _Products(Curvature):
    """As what they are times a vector: for so many parameters that matrices would be too large."""

    slow = _SLOW_PRODUCTS

    def __init__(self, fits: Fits, theta: FloatArray) -> None:
        super().__init__(fits)
        self.products = fits.products(theta)
        self.is_quick = self.products.is_quick

    def inverse(self, weight: FloatArray, prior: FloatArray) -> FloatArray | None:  # noqa: ARG002
        return None

    def solver(self, weight: FloatArray, prior: FloatArray) -> Solver:
        return partial(self._solved, (weight.sum(axis=1) / self.total)[:, None], prior + _RIDGE)

    def _solved(self, scale: FloatArray, prior: FloatArray, gradient: FloatArray) -> FloatArray:
        """By conjugate gradients."""
        sets = len(gradient)
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


class _Steps:
    """
    Newton's steps by second derivatives at one place, and what steps since have shown of others.

    The update of Broyden, Fletcher, Goldfarb and Shanno: the last steps from gradient to
    gradient, for each set its own.

    References
    ----------
    .. [1] Nocedal, J. (1980). Updating quasi-Newton matrices with limited storage. Mathematics
           of Computation 35. :doi:`10.1090/S0025-5718-1980-0572855-7`
    """

    def __init__(self, fits: Fits, theta: FloatArray, curvature: Curvature | None) -> None:
        self.curvature = curvature or curvature_at(fits, theta)
        self.solver = self.curvature.solver(fits.weight, fits.prior_curvature(theta))
        self.seen: list[tuple[FloatArray, FloatArray, FloatArray]] = []

    def step(self, gradient: FloatArray) -> FloatArray:
        found, parts = -gradient, []
        for step, change, each in reversed(self.seen):
            parts.append(each * _products(step, found))
            found = found - parts[-1] * change
        found = self.solver(found)
        for step, change, each in self.seen:
            found = found + (parts.pop() - each * _products(change, found)) * step
        return found

    def see(self, step: FloatArray, change: FloatArray, which: NDArray[np.bool_]) -> None:
        """Of the sets `which`, what a step has changed in the gradients."""
        bend = _products(step, change)
        each = np.divide(1.0, bend, out=np.zeros_like(bend), where=which[:, None] & (bend > 0))
        self.seen = [*self.seen[1 - _REMEMBERED :], (step, change, each)]


def _products(a: FloatArray, b: FloatArray) -> FloatArray:
    """Of the vectors of each set: shape (n_sets, 1)."""
    return np.asarray(np.einsum("bi,bi->b", a, b)[:, None])


def minimised(
    fits: Fits, theta: FloatArray, curvature: Curvature | None = None, tolerance: float = 1e-9
) -> tuple[FloatArray, Curvature]:
    """
    Parameters that make the penalised loss smallest, and second derivatives on the way there.

    From `theta`, one set for all or one for each, by second derivatives that are computed again
    where that is quick, or steps with the old ones do not do; `curvature` are those to begin with.
    A step is halved until it makes the loss smaller. Ends where a step promises less than
    `tolerance`, or, by the pace of the last two, will leave less of that behind.
    """
    sets, steps = len(fits.weight), _Steps(fits, theta, curvature)
    value, gradient = fits.evaluated(theta)
    theta, before = np.broadcast_to(theta, (sets, theta.shape[1])), np.full(sets, np.inf)
    for _ in range(_MOST_STEPS):
        step, promise = _shortened(fits, theta, gradient, steps)
        slow = steps.curvature.slow
        if (promise > np.maximum(slow * before, tolerance)).any():
            steps = _Steps(fits, theta, None)
            step, promise = _shortened(fits, theta, gradient, steps)
        pace = np.minimum(promise / np.maximum(before, 1e-300), 1.0)
        pace = np.where(np.isinf(before), 1.0, pace)
        last = (promise <= tolerance) | ((pace < slow) & (promise * pace <= tolerance))
        if last.all():
            return theta + step, steps.curvature
        factor = np.ones((sets, 1))
        for _ in range(_MOST_HALVES):
            new, slope = fits.evaluated(theta + factor * step)
            most = value + fits.rounding * abs(value) - 1e-4 * factor[:, 0] * promise
            worse = ~(new <= most) & (promise > tolerance)
            if not worse.any():
                break
            factor[worse] *= 0.5
        else:  # there is nothing to gain but rounding
            return theta, steps.curvature
        steps.see(factor * step, slope - gradient, promise > tolerance)
        theta, value, gradient, before = theta + factor * step, new, slope, promise
        if steps.curvature.is_quick:
            steps = _Steps(fits, theta, None)
    return theta, steps.curvature


def ended(fits: Fits, theta: FloatArray) -> FloatArray:
    """
    Where a fit by sums in single precision would have ended by sums in double precision.

    One step leads there: what is left falls as a square. Without it rows in another order, or
    rounded otherwise, would give another map in the sixth digit, as they do where the parameters
    are too many for it.
    """
    if not fits.rounding or not is_solved_directly(theta):
        return theta
    fits = fits.exactly()
    value, gradient = fits.evaluated(theta)
    new = theta + _shortened(fits, theta, gradient, _Steps(fits, theta, None))[0]
    near = fits.evaluated(new)[0] <= value + _SAME * abs(value)
    return np.where(near[:, None], new, theta)


def _shortened(
    fits: Fits, theta: FloatArray, gradient: FloatArray, steps: _Steps
) -> tuple[FloatArray, FloatArray]:
    """A step of each set, and twice what it would take off the loss."""
    whole = steps.step(gradient)
    step = whole.copy()
    fits.shorten(theta, step)
    held = (step[:, :1] == 0) & (whole[:, :1] != 0)
    if held.any():  # a slope at the end of its range: the others go where they are best beside it
        along = steps.step(np.tile(-np.eye(1, step.shape[1]), (len(step), 1)))
        step = np.where(held, whole - along * (whole[:, :1] / along[:, :1]), step)
        step[held[:, 0], 0] = 0.0
    return step, -_products(gradient, step)[:, 0]
