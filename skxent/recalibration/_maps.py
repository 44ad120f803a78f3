"""Recalibration maps: what they do to probabilities, and how each family is fitted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from skxent._backend import NUMPY, pick, row_slices
from skxent._kernels import log_softmax
from skxent._typing import EPS, FloatArray, IntArray
from skxent.recalibration._chance import Chance
from skxent.recalibration._linear import LinearFits
from skxent.recalibration._mixture import MixtureFits, Sloped
from skxent.recalibration._multiplied import by_columns, exponentials
from skxent.recalibration._newton import (
    FAR,
    Curvature,
    Fits,
    curvature_at,
    ended,
    is_solved_directly,
    minimised,
    times,
)
from skxent.recalibration._shape import LEAST_SLOPE, Shape, Slope

__all__ = [
    "METHODS",
    "N_SPLITS",
    "FittedMethod",
    "Folds",
    "Map",
    "Method",
    "fit_map",
    "fit_methods",
    "n_parameters",
]


@dataclass(frozen=True, slots=True, eq=False)
class Map:
    """
    Log-probabilities times `slopes` plus `bias`, as logits; then mixed with `classes`.

    A map that does not mix has a `share` of 0.
    """

    slopes: FloatArray
    """Shape (n_classes, n_classes), to each class from each, or (n_classes,) for its diagonal."""
    bias: FloatArray
    share: float = 0.0
    classes: FloatArray | None = None
    """Probabilities that have the `share`, one of each class."""
    eps: float = EPS
    """What a probability of 0 counts as."""
    positive: int = 1
    """The class that one-dimensional predictions are the probability of."""

    def losses(self, logp: FloatArray, codes: IntArray) -> FloatArray:
        """Minus the recalibrated log-probability of each row's class."""
        losses, (factor, most) = np.empty(len(codes)), self._factor
        for at in row_slices(*logp.shape):
            logits = self._biased(logp[at])
            _, total, shift = exponentials(logits, factor)
            losses[at] = np.log(total) + (shift + most) - pick(logits, codes[at])
        losses -= 0.0 if self._is_far else self.bias[codes]
        return self.mixed(losses, codes)

    def mixed(self, losses: FloatArray, codes: IntArray) -> FloatArray:
        """What becomes of losses where the map mixes, which it does last."""
        if self.classes is None:
            return losses
        return -np.log((1.0 - self.share) * np.exp(-losses) + self.share * self.classes[codes])

    def proba(self, logp: FloatArray) -> FloatArray:
        """Recalibrated probabilities of a block of finite log-probabilities."""
        factor, _ = self._factor
        powers, total, _ = exponentials(self._biased(logp), factor)
        found = by_columns(powers, factor) if (factor != 1.0).any() else powers
        found /= total[:, None]
        if self.classes is None:
            return found
        return (1.0 - self.share) * found + self.share * self.classes

    def log_proba(self, logp: FloatArray) -> FloatArray:
        """Recalibrated log-probabilities of a block of finite ones."""
        logs = log_softmax(NUMPY, self._sloped(logp) + self.bias)
        if self.classes is None:
            return logs
        with np.errstate(divide="ignore"):
            return np.log((1.0 - self.share) * np.exp(logs) + self.share * self.classes)

    @property
    def _factor(self) -> tuple[FloatArray, float]:
        """Biases as a factor of exponentials, quicker than added to logits, and its divisor."""
        if self._is_far:
            return np.ones_like(self.bias), 0.0
        most = float(self.bias.max())
        return np.exp(self.bias - most), most

    @property
    def _is_far(self) -> bool:
        """Whether biases are so far apart that factors might vanish: they are added instead."""
        return bool(np.ptp(self.bias) > FAR)

    def _biased(self, logp: FloatArray) -> FloatArray:
        """Logits with the bias as far as it is no factor."""
        return self._sloped(logp) + self.bias if self._is_far else self._sloped(logp)

    def _sloped(self, logp: FloatArray) -> FloatArray:
        """Log-probabilities times the slopes: logits without the bias."""
        if self.slopes.ndim == 2:
            # BLAS wakes other threads for an operand that is transposed only in name.
            return times(logp, np.ascontiguousarray(self.slopes.T)[None])[0]
        if (self.slopes == self.slopes[0]).all():
            return logp if self.slopes[0] == 1.0 else logp * self.slopes[0]
        return by_columns(logp, self.slopes)


@dataclass(frozen=True, slots=True)
class Method:
    """A family of maps: what multiplies, whether there is a bias, whether it mixes."""

    name: str
    slope: Slope
    bias: bool = False
    mixes: bool = False
    start: tuple[str, ...] = ()
    """Simpler families: the fit begins from the map of one of them."""


METHODS = (
    Method("none", "none"),
    Method("bias", "none", bias=True),
    Method("temperature", "scalar"),
    Method("bias+temperature", "scalar", bias=True, start=("temperature", "bias")),
    Method("mix", "none", mixes=True),
    Method("temperature+mix", "scalar", mixes=True, start=("temperature", "mix")),
    Method("vector", "vector", bias=True, start=("bias+temperature",)),
    Method("dirichlet", "matrix", bias=True, start=("vector",)),
)
N_SPLITS = 5
# What a fit of the share begins with.
_FIRST_SHARE = 0.02
# What is left of the sum of the losses, in nats. With d parameters it moves the sum of the losses
# held out by at most sqrt(5 d) times its root: a thousandth of what chance makes of that in how
# the folds are cut, sqrt(d / 2), and less than a thirtieth where parameters are many.
_TOLERANCE, _TOLERANCE_OF_MANY = 1e-7, 1e-4
_BY_NAME = {method.name: method for method in METHODS}


def n_parameters(method: Method, k: int) -> int:
    """How many numbers the map of a method has to find; one bias is free."""
    slopes = {"none": 0, "scalar": 1, "vector": k, "matrix": k * k}[method.slope]
    return slopes + (k - 1 if method.bias else 0) + method.mixes


@dataclass(frozen=True, eq=False)
class Folds:
    """How the rows are cut into folds."""

    number: IntArray
    """The fold of each row."""
    others: FloatArray
    """Shape (n_folds, n_rows): weights that maps are fitted with, 0 for the rows of the fold."""
    maps: dict[str, list[Map]] = field(default_factory=dict)
    """By the name of a method, the map of each fold, once they are fitted."""

    @cached_property
    def rows(self) -> list[IntArray]:
        """Those of each fold."""
        return [np.flatnonzero(self.number == fold) for fold in range(len(self.others))]

    @classmethod
    def of(cls, number: IntArray, weight: FloatArray) -> Folds:
        return cls(number, _scaled((number != np.arange(number.max() + 1)[:, None]) * weight))


@dataclass(frozen=True, eq=False)
class FittedMethod:
    """The map of a method that was fitted to all rows, and what fits to parts begin from."""

    method: Method
    map: Map
    fits: Fits | None = None
    theta: FloatArray | None = None
    near: Curvature | None = None
    """Second derivatives somewhere near the map's parameters."""
    simpler: Map | None = None
    """Of the family that this one adds a few slopes to, fitted to the same rows."""

    def exactly(self) -> Map:
        """The map by sums in double precision, as far as that can be had; see `ended`."""
        if self.fits is None or self.theta is None:
            return self.map
        return _map_of(self.method, self.fits, ended(self.fits, self.theta))

    @cached_property
    def curvature(self) -> Curvature | None:
        """Second derivatives that steps begin from: the map's own, unless these take too long."""
        if self.fits is None or self.theta is None or self.method.slope == "matrix":
            return self.near
        return curvature_at(self.fits, self.theta) if is_solved_directly(self.theta) else None

    def without_folds(self, folds: Folds) -> list[Map]:
        """For each fold, the map that is fitted to the rows of the others."""
        if self.fits is None or self.theta is None:
            return [self.map for _ in folds.others]
        if self.method.name not in folds.maps:
            self._refitted(self.fits, self.theta, folds)
        return folds.maps[self.method.name]

    def _refitted(self, fits: Fits, theta: FloatArray, folds: Folds) -> tuple[Fits, FloatArray]:
        """Fits to the rows of the other folds, and their parameters for each fold."""
        fits = fits.weighted(folds.others)
        if isinstance(fits, MixtureFits):
            theta = fits.minimised(theta)
        elif is_solved_directly(theta):
            theta = minimised(fits, theta, self.curvature, _TOLERANCE)[0]
        else:
            theta = minimised(fits, self._moved(theta, folds), None, _TOLERANCE_OF_MANY)[0]
        maps = [_map_of(self.method, fits, theta, fold) for fold in range(len(theta))]
        folds.maps[self.method.name] = maps
        return fits, theta

    def _moved(self, theta: FloatArray, folds: Folds) -> FloatArray:
        """
        Parameters that fits to the other folds begin from: moved as those of a simpler family.

        Biases of hundreds of classes move much, and those of a family with one slope more, or one
        for each class, move nearly alike: begun from there, fits take half the steps.
        """
        if self.simpler is None or self.method.start[-1] not in folds.maps:
            return theta
        near = [_theta_of(self.method, each) for each in folds.maps[self.method.start[-1]]]
        moved = theta + np.concatenate(near) - _theta_of(self.method, self.simpler)
        moved[:, 0] = moved[:, 0].clip(LEAST_SLOPE, 1.0 / LEAST_SLOPE)  # the slope of all classes
        return moved

    def held_out(self, folds: Folds) -> FloatArray:
        """Loss of each row after the map that is fitted to the rows of the other folds."""
        if self.fits is None or self.theta is None:
            msg = f"{self.method.name} is not fitted to any rows."
            raise TypeError(msg)
        fits, theta = self._refitted(self.fits, self.theta, folds)
        if isinstance(fits, MixtureFits):
            return fits.held_out(theta, folds.number)
        losses = np.empty(len(folds.number))
        for own, at in zip(folds.maps[self.method.name], folds.rows, strict=True):
            losses[at] = own.losses(fits.x[at], fits.codes[at])
        return losses

    def chance_of_folds(self, units: IntArray | None) -> Chance | None:
        """What the folds make of the loss of each row by chance; None for too many parameters."""
        if self.fits is None or self.theta is None or self.curvature is None:
            return None
        if units is not None and len(set(np.bincount(units).tolist())) > 1:
            return None  # a large unit shares its fold with fewer others than a small one
        fits = self.fits
        part = (1.0 - 1.0 / N_SPLITS) * fits.weight
        inverse = self.curvature.inverse(part, fits.prior_curvature(self.theta))
        if inverse is None:
            return None
        return Chance(fits.row_gradients(self.theta), inverse[0], fits.weight[0], units)


def _scaled(weight: FloatArray) -> FloatArray:
    """
    Weights that sum to the effective number of rows, against which priors count.

    Only their proportions matter, also where they are whole numbers: a row of weight 2 has one
    label, and says less than two rows that have one each.
    """
    # Squares of weights in units of the largest neither overflow nor vanish, and those of equal
    # weights are exact.
    weight = weight / weight.max(axis=1, keepdims=True)
    sums = weight.sum(axis=1), np.einsum("bn,bn->b", weight, weight)
    scaled: FloatArray = weight * (sums[0] / sums[1])[:, None]
    return scaled


def _fits(method: Method, sloped: Sloped, weight: FloatArray) -> Fits:
    if method.slope == "scalar" and not method.bias:
        return MixtureFits(sloped, weight, with_slope=True, with_share=method.mixes)
    if method.mixes:
        return MixtureFits(sloped, weight, with_slope=False, with_share=True)
    return LinearFits(Shape(method.slope, method.bias, sloped.x.shape[1]), sloped, weight)


def _minimised(fits: Fits, theta: FloatArray) -> tuple[FloatArray, Curvature | None]:
    if isinstance(fits, MixtureFits):
        return fits.minimised(theta), None
    return minimised(fits, theta, tolerance=_TOLERANCE)


def _map_of(method: Method, fits: Fits, theta: FloatArray, i: int = 0) -> Map:
    """The map of one set of parameters."""
    k, theta = fits.x.shape[1], theta[i : i + 1]
    if isinstance(fits, MixtureFits):
        slopes = np.full(k, theta[0, 0] if fits.with_slope else 1.0)
        if not fits.with_share:
            return Map(slopes, np.zeros(k))
        return Map(slopes, np.zeros(k), float(theta[0, -1]), fits.classes[i])
    shape = Shape(method.slope, method.bias, k)
    slopes = shape.slopes(theta)[0]
    if method.slope == "matrix":
        return Map(np.ascontiguousarray(slopes.T), shape.biases(theta)[0])
    return Map(np.broadcast_to(slopes[0], (k,)).copy(), shape.biases(theta)[0])


def _theta_of(method: Method, near: Map) -> FloatArray:
    """Parameters of the map of a method that is nearest to another map."""
    slopes = near.slopes.diagonal() if near.slopes.ndim == 2 else near.slopes
    common = max(float(slopes.mean()), LEAST_SLOPE)
    parts: list[FloatArray] = []
    if method.slope != "none":
        parts.append(np.array([common]))
    if method.slope == "vector":
        parts.append(slopes - common)
    if method.slope == "matrix":
        parts.append(np.diag(slopes - common).reshape(-1))
    if method.bias:
        parts.append(near.bias)
    if method.mixes:
        parts.append(np.array([near.share or _FIRST_SHARE]))
    return np.concatenate(parts)[None]


def fit_methods(
    methods: Sequence[Method],
    x: FloatArray,
    codes: IntArray,
    weight: FloatArray | None = None,
) -> list[FittedMethod]:
    """
    The maps of several methods that make the penalised log loss of these rows smallest.

    `x` are finite log-probabilities. A common slope is 1 / temperature.
    """
    w = _scaled(np.ones((1, len(codes))) if weight is None else weight[None])
    k = x.shape[1]
    identity = Map(np.ones(k), np.zeros(k))
    found, sloped = {"none": FittedMethod(_BY_NAME["none"], identity)}, Sloped(x, codes)
    # Each after those that it begins from, which is the order of all methods.
    needed = {method.name for method in methods}
    for method in reversed(METHODS):
        needed |= set(method.start) if method.name in needed else set()
    for method in METHODS[1:]:
        if method.name not in needed:
            continue
        fits = _fits(method, sloped, w)
        starts = [found[name].map for name in method.start] or [identity]
        thetas = [_theta_of(method, near) for near in starts]
        values = [float(fits.evaluated(theta)[0][0]) for theta in thetas] if starts[1:] else [0.0]
        best = thetas[int(np.argmin(values))]
        theta, curvature = _minimised(fits, best)
        own = _map_of(method, fits, theta)
        simpler = starts[-1] if method.start and method.slope != "matrix" else None
        found[method.name] = FittedMethod(method, own, fits, theta, curvature, simpler)
    return [found[method.name] for method in methods]


def fit_map(
    method: Method, x: FloatArray, codes: IntArray, weight: FloatArray | None = None
) -> Map:
    """The map of one method, by sums in double precision; see `fit_methods`."""
    return fit_methods([method], x, codes, weight)[0].exactly()
