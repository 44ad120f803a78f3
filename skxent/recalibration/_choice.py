"""What recalibration would take off the loss: maps, simple ones first, cross-fitted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from skxent._backend import class_weights
from skxent._inference._intervals import Moments, hall_interval, moments_of_mean
from skxent._inference._paired import paired_interval
from skxent._intake._rows import Labelled
from skxent._typing import FloatArray, IntArray
from skxent.recalibration._cross_fit import N_SPLITS, class_losses, cross_fitted_losses
from skxent.recalibration._maps import METHODS, Map, Method, n_parameters

__all__ = ["Choice", "Recalibration", "choose", "why_not"]

# Of the two-sided interval that has to be above 0 on its lower side: one-sided 5 %. It is not
# the confidence level of the report: how wide its intervals are should not choose a map.
_LEVEL = 0.9
# Maps are fitted to so many rows and so many probabilities at most, and applied to all.
_N_FIT, _SIZE_FIT = 10_000, 2_000_000
# A number for each pair of classes: beyond, the fit takes minutes and cannot find so many.
_MOST_CLASSES_OF_MATRIX = 50


@dataclass(frozen=True, slots=True, eq=False)
class Recalibration:
    """
    Log loss after recalibration maps, simple ones first, each cross-fitted.

    Attributes
    ----------
    methods : tuple of str
        Names of the maps: none, bias, temperature, bias + temperature, vector, Dirichlet.
    log_loss, ci_low, ci_high : ndarray of shape (n_methods,)
        Mean loss of all rows after the map, and its confidence interval.
    gain, gain_low, gain_high : ndarray of shape (n_methods,)
        What the map takes off the loss, and the interval of the paired differences; below 0
        where it makes things worse.
    class_gain : ndarray of shape (n_methods, n_classes)
        Part of each class in the gain; each row sums to `gain`.
    recommended : str
        The first map that none of those after it beats beyond noise.
    used : str
        The map behind `recoverable`: the recommended one, and temperature if that is none.
    """

    methods: tuple[str, ...]
    log_loss: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    gain: FloatArray
    gain_low: FloatArray
    gain_high: FloatArray
    class_gain: FloatArray
    recommended: str
    used: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A recalibration, and what the map that it uses takes off each class and all rows."""

    recalibration: Recalibration
    recoverable: FloatArray
    """Shape (3, n_classes): gain and its interval, as contributions to the overall gain."""
    refinement_loss: float


def why_not(rows: Labelled, eps: float) -> str | None:
    """Why there is no recalibration for these rows, or None."""
    n = rows.proba.n_samples if rows.weight is None else np.count_nonzero(rows.weight)
    if rows.proba.n_classes < 2:
        return "There is one class only, so that there is nothing to recalibrate: no recalibration."
    if n < 2:
        return "A map cannot be fitted to one row and applied to another: no recalibration."
    if eps == 0:
        return (
            "A probability of 0 cannot be recalibrated, and eps=0 gives it no floor: no "
            "recalibration."
        )
    return None


def choose(
    rows: Labelled,
    losses: FloatArray,
    unit: float,
    *,
    eps: float,
    confidence_level: float,
    seed: int,
) -> Choice:
    """Recalibration of the rows, whose losses in nats as they are predicted are `losses`."""
    k = rows.proba.n_classes
    methods = [r for r in METHODS if r.slope != "matrix" or k <= _MOST_CLASSES_OF_MATRIX]
    after = np.empty((len(methods), len(losses)))
    # Not through the logarithms again, whose rounding would look like a gain.
    after[0] = losses
    n_fit = min(_N_FIT, _SIZE_FIT // k)
    maps: list[list[Map]] = [[]] * len(methods)
    for stratified in (True, False):
        # See `shuffled_folds` for why a bias needs other folds than a temperature.
        chosen = [i for i in range(1, len(methods)) if methods[i].bias != stratified]
        after[chosen], by_fold = cross_fitted_losses(
            rows,
            [methods[i] for i in chosen],
            eps=eps,
            n_fit=n_fit,
            random_state=seed,
            stratified=stratified,
        )
        for i, of_method in zip(chosen, zip(*by_fold, strict=True), strict=True):
            maps[i] = list(of_method)
    weight = rows.weight
    means = [_moments(row, weight) for row in after]
    effective = len(losses) if weight is None else weight.sum() ** 2 / (weight @ weight)
    fits = [_variance_of_fit(method, k, float(effective), n_fit) for method in methods]
    pairs = [_moments(losses - row, weight) for row in after]
    gains = [replace(m, variance=m.variance + fit) for m, fit in zip(pairs, fits, strict=True)]
    intervals = [hall_interval(m, confidence_level) for m in means]
    gain_intervals = [paired_interval(m, confidence_level) for m in gains]
    total = len(losses) if weight is None else weight.sum()
    class_gain = [
        class_weights(rows.codes, k, (losses - row) * (1.0 if weight is None else weight)) / total
        for row in after
    ]
    names = tuple(method.name for method in methods)
    recommended = names[_simplest(after, weight, fits)]
    used = recommended if recommended != "none" else "temperature"

    def in_units(values: Iterable[FloatArray]) -> FloatArray:
        return np.concatenate(list(values)) / unit

    recalibration = Recalibration(
        methods=names,
        log_loss=in_units(m.mean for m in means),
        ci_low=in_units(low for low, _ in intervals),
        ci_high=in_units(high for _, high in intervals),
        gain=in_units(m.mean for m in gains),
        gain_low=in_units(low for low, _ in gain_intervals),
        gain_high=in_units(high for _, high in gain_intervals),
        class_gain=np.array(class_gain) / unit,
        recommended=recommended,
        used=used,
    )
    at = names.index(used)
    of_class = _moments(losses - after[at], weight, rows.codes, k)
    fitted = class_losses(rows, maps[at], eps) / total
    bounds = [x / unit for x in paired_interval(_with_fit(of_class, fitted), confidence_level)]
    recoverable = np.array([recalibration.class_gain[at], *bounds])
    return Choice(
        recalibration, recoverable, float(recalibration.log_loss[names.index("temperature")])
    )


def _moments(
    values: FloatArray, weight: FloatArray | None, codes: IntArray | None = None, k: int = 1
) -> Moments:
    """Moments of the mean of the values, or of the part that each class has in it."""

    def sums(x: FloatArray) -> FloatArray:
        return np.array([x.sum()]) if codes is None else class_weights(codes, k, x)

    squares = values * values
    powers = values, squares, squares * values
    if weight is None:
        n = np.array([float(len(values))])
        raw = [np.broadcast_to(n, k), *(sums(x) for x in powers)]
        return moments_of_mean(n, raw[1], np.array(raw[:3]), np.array(raw))
    second, third = weight * weight, weight * weight * weight
    square = [np.full(k, second.sum()), *(sums(second * x) for x in powers[:2])]
    cube = [np.full(k, third.sum()), *(sums(third * x) for x in powers)]
    first = sums(weight * values)
    return moments_of_mean(np.array([weight.sum()]), first, np.array(square), np.array(cube))


def _variance_of_fit(method: Method, k: int, n: float, n_fit: int) -> float:
    """
    Variance of the mean gain that comes from fitting the map, beside that of the rows.

    The gain is flat around the best map: where there is nothing to gain, the spread of the
    rows vanishes faster than the effect of the parameters that were fitted to noise.
    """
    return n_parameters(method, k) * N_SPLITS / (N_SPLITS - 1) / (n * min(n, n_fit))


def _with_fit(moments: Moments, fitted: FloatArray) -> Moments:
    """
    Moments of the gains of the classes with the variance of the fits, which is large for a class.

    Around the best map the total is flat, but a class may gain what another loses. `fitted` are
    the losses of the classes after the maps of the folds: a jackknife that leaves out folds.
    """
    m = len(fitted)
    of_fit = (m - 1) * fitted.var(axis=0)
    variance = moments.variance + of_fit
    # Satterthwaite's degrees of freedom, plus the one that the interval takes off again.
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = moments.variance**2 / (moments.n - 1.0) + of_fit**2 / (m - 1.0)
        n = np.where(parts > 0, 1.0 + variance**2 / parts, moments.n)
    return Moments(moments.mean, variance, moments.third, n)


def _simplest(after: FloatArray, weight: FloatArray | None, fits: Sequence[float]) -> int:
    """
    First method that none of those after it beats beyond noise.

    One-sided comparisons of the same rows. A map with parameters that are not needed loses by
    them, so that a calibrated model is left alone more often than in 95 % of cases, although
    the later methods are several. See benchmarks/simulations/recalibration.py.
    """
    for r in range(len(after) - 1):
        beaten = False
        for s in range(r + 1, len(after)):
            gain = _moments(after[r] - after[s], weight)
            gain = replace(gain, variance=gain.variance + abs(fits[s] - fits[r]))
            low, _ = paired_interval(gain, _LEVEL)
            beaten |= bool(low[0] > 0)
        if not beaten:
            return r
    return len(after) - 1
