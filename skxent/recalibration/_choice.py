"""What recalibration would take off the loss: maps, simple ones first, cross-fitted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from skxent._backend import class_weights, dot
from skxent._inference._intervals import Moments, hall_interval
from skxent._inference._paired import interval_with_rare, paired_interval
from skxent._intake._rows import Labelled
from skxent._typing import FloatArray, IntArray
from skxent.recalibration._chance import Chance
from skxent.recalibration._cross_fit import N_SPLITS, Repeats
from skxent.recalibration._drawn import Drawn, drawn_rows, likeness
from skxent.recalibration._maps import (
    METHODS,
    FittedMethod,
    Folds,
    Map,
    fit_methods,
    n_parameters,
)
from skxent.recalibration._observations import Observations

__all__ = ["Choice", "Recalibration", "choose", "why_not"]

# Of the two-sided interval of which the lower end has to be above 0: one-sided 5 %. It is not
# the confidence level of the report: how wide its intervals are should not choose a map.
_LEVEL = 0.9
# A number for each pair of classes, and a slope for each beside its bias: beyond, the rows that
# maps are fitted to are too few to find so many.
_MOST_CLASSES = {"matrix": 50, "vector": 500}
# Folds are cut again until what is decided is as many standard errors of the repeats away
# from the opposite; so often at least, and at most.
_FIRST_REPEATS, _MOST_REPEATS, _SURE = 1, 16, 2.5
_MOST_NUMBERS = 2_000_000
# Of what a parameter costs that is not needed, 1 / n: maps that differ by less are the same, and
# the simpler one is taken.
_HANDICAP = 0.25
# What costs more than this part of the floor is a row whose class was called impossible, and it
# is no longer if a map takes so much of the floor off.
_FLOOR, _RAISED = 1.0 - 1e-9, 0.5
# Of the spread over repeats, where what is known to be chance has been taken off.
_LEFT = 0.15


@dataclass(frozen=True, slots=True, eq=False)
class Recalibration:
    """
    Log loss after recalibration maps, simple ones first, each cross-fitted.

    Attributes
    ----------
    methods : tuple of str
        Names of the maps: none, bias, temperature, bias+temperature, mix, temperature+mix,
        up to 500 classes vector and, up to 50 classes, dirichlet.
    log_loss, ci_low, ci_high : ndarray of shape (n_methods,)
        Mean loss of all rows after the map, and its confidence interval, which does not allow for
        what the model excludes and no row has shown; to compare maps, look at the gain.
    gain, gain_low, gain_high : ndarray of shape (n_methods,)
        What the map takes off the loss, and the interval of the paired differences; below 0
        where it makes things worse. A class that was called impossible and occurs in no row is
        not allowed for.
    class_gain : ndarray of shape (n_methods, n_classes)
        Part of each class in the gain; each row sums to `gain`.
    recommended : str
        "none" unless a map takes something off the loss beyond noise, in a one-sided test at
        5 %; then the map with the smallest loss. The map behind `recoverable`.
    fitted : Map
        The recommended map, fitted to all rows, or to those that were drawn of many.
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
    fitted: Map | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """A recalibration, and what the map that it recommends takes off each class and all rows."""

    recalibration: Recalibration
    recoverable: FloatArray
    """Shape (3, n_classes): gain and its interval, as contributions to the overall gain."""
    refinement_loss: float

    def moved(self, by: float) -> Choice:
        """The same gains, from a loss that is larger by so much."""
        found = self.recalibration
        losses = {name: getattr(found, name) + by for name in ("log_loss", "ci_low", "ci_high")}
        loss = self.refinement_loss + by
        return replace(self, recalibration=replace(found, **losses), refinement_loss=loss)


def why_not(rows: Labelled, eps: float, groups: IntArray | None = None) -> str | None:
    """Why there is no recalibration for these rows, or None."""
    counted = np.ones(rows.proba.n_samples, bool) if rows.weight is None else rows.weight > 0
    if rows.proba.n_classes < 2:
        return "There is one class only, so that there is nothing to recalibrate: no recalibration."
    if np.count_nonzero(counted) < 2:
        return "A map cannot be fitted to one row and applied to another: no recalibration."
    if groups is not None and len(np.unique(groups[counted])) < 2:
        return "A map cannot be fitted to one group and applied to another: no recalibration."
    if eps == 0:
        return (
            "A probability of 0 cannot be recalibrated, and eps=0 gives it no floor: no "
            "recalibration."
        )
    return None


class _Candidates:
    """Maps that are fitted to the rows, and the losses after them in some repeats of the folds."""

    def __init__(self, drawn: Drawn, seed: int) -> None:
        k, fit = drawn.x.shape[1], drawn.for_fit()
        methods = [m for m in METHODS if k <= _MOST_CLASSES.get(m.slope, k)]
        self.drawn = drawn
        self.fitted: list[FittedMethod] = fit_methods(methods, *fit)
        units = (
            None
            if drawn.units is None
            else np.unique(drawn.units[: drawn.n_fit], return_inverse=True)[1]
        )
        self.repeats = Repeats(*fit, units, drawn.least, seed)
        self.own: list[list[FloatArray]] = [[] for _ in methods]
        """Of each method and repeat, the losses of the rows that maps were fitted to."""
        self.chances: dict[int, Chance | None] = {}
        self.alike = likeness(drawn)
        share = np.ones(len(drawn.codes)) if drawn.weight is None else drawn.weight
        self.share = share / share.sum()
        self.whole = Observations(self.share, drawn.units, None, 1)
        n = 1.0 / dot(self.share, self.share)
        self.n_parameters = np.array([n_parameters(method, k) for method in methods], dtype=float)
        # The gain is flat around the best map: where there is nothing to gain, the spread of the
        # rows vanishes faster than the effect of the parameters that were fitted to noise.
        parameters = self.n_parameters * N_SPLITS / (N_SPLITS - 1)
        self.variance_of_fit = parameters * self.alike**2 / (n * min(n, drawn.n_fit))
        rank = np.argsort(np.argsort(self.n_parameters, kind="stable"))
        self.handicap = _HANDICAP * rank * self.alike / n
        """What a map has to be better by than each simpler one, lest equal ones are a lottery."""
        self.taken = np.zeros((len(methods), len(drawn.codes)))
        """What each method takes off the loss of each row."""
        maps = [f.map for f in self.fitted[1:]]
        drawn.take_rest(maps, self.taken[1:, drawn.n_fit :])
        self._moments = np.zeros((4, len(methods)))
        self._update([0])

    @property
    def gain(self) -> Moments:
        """Of what the methods take off the loss, the variance of their fits included."""
        return Moments(*self._moments)

    def _update(self, which: Sequence[int]) -> None:
        """Reckon again what methods take off the loss."""
        for i in which:
            if self.own[i]:
                own = np.mean(self.own[i], axis=0)
                np.subtract(self.drawn.before[: len(own)], own, out=self.taken[i, : len(own)])
        found = self.whole.moments(self.taken[i] for i in which)
        parts = (found.mean, found.variance, found.third, found.n)
        self._moments[:, which] = np.array(parts)[..., 0]
        self._moments[1, which] += self.variance_of_fit[which]

    def more(self, which: Sequence[int], n_repeats: int) -> None:
        """Cut the folds so many times more, for the methods `which`."""
        self.repeats.more(n_repeats)
        for i in which:
            first = len(self.own[i])
            self.own[i] += [
                self.repeats.held_out(self.fitted[i], folds) - self._chance(i, folds)
                for folds in self.repeats.folds[first:]
            ]
        self._update(which)

    def steady(self, which: Sequence[int]) -> bool:
        """Take what is known to be chance off the losses after methods; whether that was new."""
        repeats, before = self.repeats, len(self.chances)
        for i in which:
            if i not in self.chances:
                self.chances[i] = self.fitted[i].chance_of_folds(repeats.units)
                self.own[i] = [
                    own - self._chance(i, folds)
                    for own, folds in zip(self.own[i], repeats.folds, strict=False)
                ]
        self._update(which)
        return len(self.chances) > before

    def _chance(self, i: int, folds: Folds) -> FloatArray | float:
        chance = self.chances.get(i)
        return 0.0 if chance is None else chance.of(folds.number)

    def intervals(self, level: float) -> tuple[FloatArray, FloatArray]:
        """
        Interval of what each method takes off the loss.

        A few rows whose class was called impossible have nearly all of the gain where a map gives
        it a chance, and no transformation of t is right for so few.
        """
        gain, cost = self.gain, -self.drawn.least
        low, high = paired_interval(gain, level)
        floored = self.drawn.before > _FLOOR * cost
        for i in range(1, len(low) if floored.any() else 0):
            raised = floored & (self.taken[i] > _RAISED * cost)
            if raised.any():
                rest = self.whole.moments([np.where(raised, 0.0, self.taken[i])])
                rest = replace(rest, variance=rest.variance + self.variance_of_fit[i])
                share, n = dot(self.share, 1.0 * raised), 1.0 / self.whole.second
                rare = self.taken[i, raised]
                ends = interval_with_rare(gain.mean[i], rest, rare, share, n, level)
                low[i], high[i] = ends[0].item(), ends[1].item()
        return low, high

    def with_fit(self, moments: Moments, i: int) -> Moments:
        """
        Moments of the gains of the classes with the variance of the fits, large for a class.

        Around the best map the total is flat, but a class may gain what another loses. The
        losses of a class after the maps of the folds: a jackknife that leaves out folds.
        """
        _, codes, weight = self.drawn.for_fit()
        weight = np.ones(len(codes)) if weight is None else weight
        k, of_fit = self.drawn.x.shape[1], []
        for folds in self.repeats.folds[:_FIRST_REPEATS]:
            by_map = self.repeats.by_map(self.fitted[i], folds)
            sums = [class_weights(codes, k, losses * weight) for losses in by_map]
            m = len(sums)
            of_fit.append((m - 1) * np.var(sums, axis=0) / weight.sum() ** 2)
        of_maps = np.mean(of_fit, axis=0)
        variance = moments.variance + of_maps
        # Satterthwaite's degrees of freedom, plus the one that the interval takes off again.
        with np.errstate(divide="ignore", invalid="ignore"):
            parts = moments.variance**2 / (moments.n - 1.0) + of_maps**2 / (m - 1.0)
            n = np.where(parts > 0, 1.0 + variance**2 / parts, moments.n)
        return Moments(moments.mean, variance, moments.third, n)

    def noise(self, i: int, j: int) -> float:
        """Standard error of the difference of two mean losses, from how the folds were cut."""
        n = min(len(self.own[i]), len(self.own[j])) or len(self.own[i])
        weight = self.repeats.weight / self.repeats.weight.sum()
        of_repeat = [dot(weight, self.own[i][r] - (self.own[j][r] if j else 0.0)) for r in range(n)]
        # What the parameters would make of it if the maps were right: a few repeats may be
        # alike by chance.
        parameters = max(abs(self.n_parameters[i] - self.n_parameters[j]), 1.0)
        expected = 0.5 * parameters * (self.alike / len(weight)) ** 2
        if all(self.chances.get(m) is not None for m in (i, j) if m):
            expected *= _LEFT**2
        if n == 1:
            return 2.0 * math.sqrt(expected)
        return math.sqrt(max(float(np.var(of_repeat, ddof=1)), expected) / n)


def _decided(found: _Candidates) -> int:
    """
    Number of the recommended method: none unless one beats it, and then the best of all.

    A one-sided comparison of the same rows. A map with parameters that are not needed loses by
    them, so that a calibrated model is left alone more often than in 95 % of cases, although
    the maps are several. See benchmarks/simulations/recalibration.py.
    """
    methods = range(1, len(found.fitted))
    found.more(methods, _FIRST_REPEATS)
    most = max(min(_MOST_NUMBERS // found.repeats.x.size, _MOST_REPEATS), _FIRST_REPEATS)
    while True:
        low = found.intervals(_LEVEL)[0].tolist()
        mean = (found.gain.mean - found.handicap).tolist()
        surest, best = max(methods, key=low.__getitem__), max(methods, key=mean.__getitem__)
        beaten = low[surest] > 0
        unclear = {surest} if abs(low[surest]) < _SURE * found.noise(surest, 0) else set()
        if beaten or unclear:
            others = [i for i in methods if i != best]
            near = [i for i in others if mean[best] - mean[i] < _SURE * found.noise(best, i)]
            unclear |= {best, *near} if near else set()
        repeats = len(found.repeats.folds)
        if not unclear or repeats >= most:
            return best if beaten else 0
        if not found.steady(sorted(unclear)):  # what is left takes more repeats
            found.more(sorted(unclear), min(repeats, most - repeats))


def choose(
    rows: Labelled,
    losses: FloatArray,
    unit: float,
    *,
    eps: float,
    confidence_level: float,
    seed: int,
    groups: IntArray | None = None,
) -> Choice:
    """
    Recalibration of the rows, whose losses in nats as they are predicted are `losses`.

    Rows with the same number in `groups` belong together.
    """
    drawn = drawn_rows(rows, losses, eps, seed, groups)
    found = _Candidates(drawn, seed)
    at = _decided(found)
    k = rows.proba.n_classes
    gain = found.gain.mean
    gain_low, gain_high = found.intervals(confidence_level)
    loss = float(np.average(losses, weights=rows.weight)) - gain
    room = np.empty_like(drawn.before)
    after = found.whole.moments(np.subtract(drawn.before, t, out=room) for t in found.taken)
    parts = (np.multiply(found.share, t, out=room) for t in found.taken)
    of_classes = [class_weights(drawn.codes, k, part) for part in parts]
    low, high = hall_interval(replace(after, mean=loss[:, None]), confidence_level)
    recalibration = Recalibration(
        methods=tuple(f.method.name for f in found.fitted),
        log_loss=loss / unit,
        ci_low=low[:, 0] / unit,
        ci_high=high[:, 0] / unit,
        gain=gain / unit,
        gain_low=gain_low / unit,
        gain_high=gain_high / unit,
        class_gain=np.array(of_classes) / unit,
        recommended=found.fitted[at].method.name,
        fitted=replace(found.fitted[at].exactly(), eps=eps, positive=rows.proba.positive),
    )
    recoverable = np.zeros((3, k))
    if at:
        by_class = Observations(found.share, drawn.units, drawn.codes, k)
        of_class = found.with_fit(by_class.moments([found.taken[at]]), at)
        bounds = paired_interval(of_class, confidence_level)
        recoverable = np.concatenate([of_class.mean, *bounds]) / unit
    temperature = recalibration.methods.index("temperature")
    return Choice(
        recalibration,
        recoverable,
        float(recalibration.log_loss[temperature]),
    )
