"""From the statistic to intervals of mean losses, in nats."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skxent._inference._groups import mean_of_grouped_means, moments_of_groups
from skxent._inference._intervals import (
    LEAST_N,
    Bounds,
    Moments,
    around,
    excluded_or_may_be,
    hall_interval,
    mean_of_means,
    moments_of_mean,
    share_interval,
)
from skxent._typing import FloatArray
from skxent.statistic._groups import GroupSums
from skxent.statistic._sums import Statistics

__all__ = [
    "Bounds",
    "class_interval",
    "excluded_classes",
    "macro_interval",
    "of_single_rows",
    "overall_interval",
    "why_no_interval",
]

# With fewer groups than this an interval of what is skewed from group to group is too narrow.
_FEW_GROUPS = 20


@dataclass(frozen=True, slots=True)
class _Mean:
    """A mean loss, whole and in two parts: rows that cost the floor, and the rest."""

    whole: Moments
    rest: Moments
    """Of the mean in which rows that cost the floor cost nothing."""
    share: FloatArray
    """Of the rows that cost the floor."""
    n: FloatArray
    """Effective number of the rows of which it is a share."""
    excluding: NDArray[np.bool_]
    """Whether the model gave as good as no probability to what could have happened."""

    def interval(self, cost: float, level: float, estimate: FloatArray) -> Bounds:
        """
        Interval of the mean loss, which the `estimate` that is shown is in.

        How many of the rows that cost most there are in a sample is a matter of luck: none,
        often. Where the model excludes what may happen, their share has bounds of its own,
        which are added to those of the rest.
        """
        low, high = hall_interval(self.whole, level)
        if not self.excluding.any():
            return around(estimate, low, high)
        rest = hall_interval(self.rest, level)
        floor = share_interval(self.share, self.n, 0.5 - 0.5 * level)
        return around(
            estimate,
            np.where(self.excluding, rest[0] + cost * floor[0], low),
            np.where(self.excluding, rest[1] + cost * floor[1], high),
        )


def _cost(eps: float) -> float:
    """Of a row below the floor; 0 where there is no floor, and so no such row."""
    return -math.log(eps) if eps > 0 else 0.0


def excluded_classes(s: Statistics) -> NDArray[np.bool_]:
    """Which classes the model says 0 of, or may say it of."""
    return excluded_or_may_be(s.excluded > 0, s.excluded == s.support.sum())


def _class_means(s: Statistics, cost: float, *, together: bool = False) -> _Mean:
    """The mean of each class, or that of all rows together."""
    if s.groups is not None:
        return _grouped_means(s, s.groups, cost, together=together)

    def sums(values: NDArray[Any]) -> NDArray[Any]:
        return values.sum(axis=-1, keepdims=True) if together else values

    weight, loss, square, cube = map(sums, (s.weight, s.loss, s.square, s.cube))
    taken = [sums(x) for x in (s.floored_weight, s.floored_square, s.floored_cube)]
    powers = cost ** np.arange(4)[:, None]
    # Every row is still there: nothing is taken off the sums of weights.
    powers[0] = 0.0
    rest = moments_of_mean(
        weight,
        np.maximum(loss - cost * taken[0], 0.0),
        square - powers[:3] * taken[1],
        cube - powers * taken[2],
    )
    with np.errstate(divide="ignore", invalid="ignore"):  # a class without rows
        share, n = taken[0] / weight, weight**2 / square[0]
    excluding = (sums(excluded_classes(s)) > 0) & (cost > 0)
    return _Mean(moments_of_mean(weight, loss, square, cube), rest, share, n, excluding)


def _grouped_means(s: Statistics, groups: GroupSums, cost: float, *, together: bool) -> _Mean:
    """The same where groups of rows are what is independent."""

    def sums(values: NDArray[Any]) -> NDArray[Any]:
        return values.sum(axis=-1, keepdims=True) if together else values

    weight, loss, floored = map(sums, (groups.weight, groups.loss, groups.floored))
    n, k = weight.shape
    owner = np.tile(np.arange(k), n)
    whole, rest = (
        moments_of_groups(owner, k, weight.reshape(-1), values.reshape(-1))
        for values in (loss, np.maximum(loss - cost * floored, 0.0))
    )
    excluding = (sums(excluded_classes(s)) > 0) & (cost > 0)
    with np.errstate(divide="ignore", invalid="ignore"):  # a class without rows
        share = floored.sum(axis=0) / weight.sum(axis=0)
        n_share = weight.sum(axis=0) ** 2 / (weight**2).sum(axis=0)
    return _Mean(whole, rest, share, n_share, excluding)


def class_interval(s: Statistics, eps: float, level: float) -> Bounds:
    """Interval of the mean loss of each class; nan for one with fewer than three rows."""
    cost = _cost(eps)
    with np.errstate(all="ignore"):  # classes without rows, and infinite losses
        estimate = s.loss / s.weight
    return _class_means(s, cost).interval(cost, level, estimate)


def overall_interval(s: Statistics, eps: float, level: float) -> Bounds:
    """Interval of the mean loss of all rows; shape (1,)."""
    cost = _cost(eps)
    estimate = np.asarray(s.loss.sum() / s.weight.sum())
    return _class_means(s, cost, together=True).interval(cost, level, estimate)


def macro_interval(
    s: Statistics, eps: float, level: float, shares: FloatArray | None = None
) -> Bounds:
    """
    Interval of the mean of the classes that have rows; shape ().

    With `shares`, one number a class, of the sum of the mean losses times these. nan where classes
    of a single row carry much of it.
    """
    cost = _cost(eps)
    of, there = _class_means(s, cost), s.weight > 0
    k = np.count_nonzero(there)
    part = np.full(k, 1.0 / k) if shares is None else shares[there]
    whole = mean_of_means(of.whole, shares)
    # What single rows carry is asked of the whole, and not again of what is left of it.
    rest = mean_of_means(of.rest, shares, may_borrow=True)
    n = part.sum() ** 2 / (part**2 / of.n[there]).sum()
    if s.groups is not None:
        weight, loss, floored = s.groups.weight, s.groups.loss, s.groups.floored
        whole = mean_of_grouped_means(weight, loss, shares)
        left = np.maximum(loss - cost * floored, 0.0)
        rest = mean_of_grouped_means(weight, left, shares, may_borrow=True)
        of_groups = (weight[:, there] / weight[:, there].sum(axis=0)) @ part
        n = part.sum() ** 2 / (of_groups**2).sum()
    if np.isnan(whole.variance):
        return whole.variance, whole.variance
    excluding = np.asarray(of.excluding[there][part > 0].any())
    means = s.loss[there] / s.weight[there]
    estimate = np.asarray(means.mean() if shares is None else part @ means)
    return _Mean(whole, rest, of.share[there] @ part, n, excluding).interval(cost, level, estimate)


def of_single_rows(s: Statistics) -> str | None:
    """What classes of a single row do to the interval of the mean of the classes, if anything."""
    whole = _class_means(s, 0.0).whole
    alone, others = int(np.count_nonzero(whole.n < LEAST_N)), whole.n >= LEAST_N
    if not (alone and others.any()):
        return None
    of_others = mean_of_means(whole, others / np.count_nonzero(others))
    if not np.isfinite(hall_interval(of_others, 0.5)).any():
        return None  # they are not why there is none
    has = "1 class has" if alone == 1 else f"{alone} classes have"
    has = f"{has} a single row or group, which says nothing of how they vary"
    mean = mean_of_means(whole)
    if s.groups is not None:
        mean = mean_of_grouped_means(s.groups.weight, s.groups.loss)
    if np.isnan(mean.variance):
        return (
            f"{has}, and with it more than a tenth of the mean of the classes: no interval for "
            f"that mean."
        )
    return (
        f"{has}: for the interval of the mean of the classes it is taken to vary as those of the "
        f"other classes do."
    )


def why_no_interval(s: Statistics) -> str | None:
    """Why the loss of all rows has no interval, or hardly one, in a sentence; None if it has."""
    if s.support.sum() < 3 or not np.isfinite(s.loss.sum()):
        return None
    n = _class_means(s, 0.0, together=True).whole.n.item()
    groups, what = s.groups is not None, "rows" if s.groups is None else "groups"
    if n <= 2.0 + 1e-9:
        return (
            f"Fewer than three {what}, or as good as that, hold nearly all the weight: no interval."
        )
    if groups and n < _FEW_GROUPS - 1e-9:
        return (
            f"Fewer than {_FEW_GROUPS} groups, or as good as that: what hangs on a few of them is "
            f"not known, and intervals, of classes above all, are too narrow then."
        )
    return None
