"""The mergeable statistic that a report is a function of."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skxent._backend import class_weights, column_sums, dot, row_sums
from skxent._intake._groups import Groups
from skxent._intake._rows import Labelled
from skxent._kernels import LOG_SMALLEST
from skxent._typing import FloatArray, IntArray
from skxent.statistic._confusion import add_confusion
from skxent.statistic._evidence import evidence_sums
from skxent.statistic._groups import GroupSums, GroupTally, joined
from skxent.statistic._histogram import Histogram, Packed, packed, unpacked

__all__ = ["Statistics", "check_total", "statistics"]

# A product of 15 numbers that are not smaller, such as 1 - p if it is not 0, does not underflow.
_LEAST_FACTOR = 2.0**-53


@dataclass(frozen=True, slots=True)
class Statistics:
    """
    Sums over rows, in nats: those of two sets of rows add up to those of both together.

    One number a class unless something else is said.
    """

    support: NDArray[np.int64]
    """Rows of the class with a positive weight."""
    weight: FloatArray
    """Their weights."""
    loss: FloatArray
    """Their weighted log losses."""
    square: FloatArray
    """Shape (3, n_classes): their squared weights, times the loss to the power 0, 1, 2."""
    cube: FloatArray
    """Shape (4, n_classes): their cubed weights, times the loss to the power 0 to 3."""
    floored: NDArray[np.int64]
    """How many of them had a probability below the floor."""
    floored_weight: FloatArray
    """Weight of these rows."""
    floored_square: FloatArray
    """Their squared weights."""
    floored_cube: FloatArray
    """Their cubed weights."""
    excluded: NDArray[np.int64]
    """Rows, of whatever class and with a positive weight, whose probability of the class is 0."""
    proba: FloatArray
    """Weighted probability of the class, over all rows."""
    expected: FloatArray
    """Weighted cost of the class that the model itself expects, over all rows."""
    moments: FloatArray
    """Shape (2, n_classes): variance and third central moment of the sum in `loss`, if labels
    are drawn from the model's probabilities."""
    moments_of_all: FloatArray
    """Shape (2,): the same of the sum over all classes, which are not independent."""
    most: FloatArray
    """Weighted cost of the class if all rows were of it."""
    ovr_loss: FloatArray
    """Weighted one-vs-rest log loss of the class, over all rows."""
    surprise: FloatArray
    """The same with each row of a positive weight counted once."""
    surprise_of_all: FloatArray
    """Shape (1,): log loss of all rows, each of a positive weight counted once."""
    confusion: FloatArray
    """Shape (n_classes, n_classes): the weighted loss of a class's rows, shared out among the
    other classes by their probabilities."""
    temperature: FloatArray
    """Shape (5,): log-likelihood ratios against the model, as if no rows were in groups; nan where
    there are none. See `Evidence`, also for the next."""
    bias: FloatArray
    """Shape (4, n_classes)."""
    histogram: FloatArray
    """Shape (5, n_classes, n_bins): rows by the probability of each class; see `Histogram`."""

    groups: GroupSums | None = None
    """Sums by group, where rows are not independent within one."""

    def __add__(self, other: Statistics) -> Statistics:
        return self._added(other, in_place=False)

    def added_to(self, other: Statistics) -> Statistics:
        """The sum, in the memory of another one, which is nobody else's."""
        return self._added(other, in_place=True)

    def _added(self, other: Statistics, *, in_place: bool) -> Statistics:
        groups, sums = joined(self.groups, other.groups), {}
        for name in (f.name for f in fields(self) if f.name != "groups"):
            theirs = getattr(other, name)
            sums[name] = np.add(getattr(self, name), theirs, out=theirs if in_place else None)
        return Statistics(**sums, groups=groups)

    def __reduce__(self) -> tuple[Any, ...]:
        # Nearly all of it is the histogram, whose bins are mostly empty.
        sums = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "histogram"}
        return _restored, (sums, packed(self.histogram))


def _restored(sums: dict[str, Any], histogram: Packed) -> Statistics:
    return Statistics(**sums, histogram=unpacked(histogram))


def check_total(weight: FloatArray | None) -> None:
    """Refuse weights whose squares and cubes would vanish or overflow."""
    total = 1.0 if weight is None else float(weight.sum())
    if not 1e-90 < total < 1e90:
        msg = f"sample_weight sums to {total:g}; rescale it to between 1e-90 and 1e90."
        raise ValueError(msg)


def statistics(
    rows: Labelled, eps: float, losses: FloatArray | None = None, groups: Groups | None = None
) -> Statistics:
    """
    Statistics of checked rows, read once, block by block.

    `losses` is where to write the floored loss in nats of each row, 0 where the weight is 0.
    """
    check_total(rows.weight)
    k = rows.proba.n_classes
    blocks = _Blocks(k, eps, None if groups is None else GroupTally(groups, k))
    for at, p, logp in rows.proba.distributions():
        of_rows = np.empty(len(p)) if losses is None else losses[at]
        weight = None if rows.weight is None else rows.weight[at]
        # They are read flat.
        blocks.add(
            np.ascontiguousarray(p), np.ascontiguousarray(logp), rows.codes[at], weight, of_rows
        )
        if blocks.tally is not None:
            blocks.tally.add(at, rows.codes[at], weight, of_rows, p, logp, eps)
    return blocks.statistics()


class _Blocks:
    """Sums over blocks of rows; what is large is added up in place."""

    def __init__(self, n_classes: int, eps: float, tally: GroupTally | None = None) -> None:
        self._eps, self.tally = eps, tally
        self._least = math.log(eps) if eps > 0 else -math.inf
        self._sums: dict[str, NDArray[Any]] = {}
        self._histogram = Histogram(n_classes)
        self._confusion = np.zeros((n_classes, n_classes))
        # By-products of all blocks share their room, which stays in the cache.
        self._room = np.empty((4, 0, n_classes))
        self._starts = np.empty(0, dtype=np.intp)

    def statistics(self) -> Statistics:
        np.fill_diagonal(self._confusion, 0.0)
        histogram = self._histogram.counted()
        return Statistics(
            **self._sums,
            confusion=self._confusion,
            histogram=histogram,
            groups=None if self.tally is None else self.tally.total(),
        )

    def add(
        self,
        p: FloatArray,
        logp: FloatArray,
        codes: IntArray,
        weight: FloatArray | None,
        losses: FloatArray,
    ) -> None:
        """Add a block, and write to `losses` what its rows cost."""
        n, k = p.shape
        if n > len(self._starts):
            self._room, self._starts = np.empty((4, n, k)), np.arange(0, n * k, k)
        of_class = self._starts[:n] + codes  # where the numbers of the rows' own classes are
        own = logp.reshape(-1).take(of_class, mode="wrap")
        np.subtract(0.0, np.maximum(own, self._least, out=losses), out=losses)
        if weight is not None:
            losses[weight == 0] = 0.0
        parts = self._parts(p, logp, own, codes, of_class, weight, losses, self._room[:, :n])
        w = np.ones(n) if weight is None else weight
        parts |= _floored((own < self._least) & (w > 0), codes, w, k)
        for name, part in parts.items():
            if name in self._sums:
                self._sums[name] += part
            else:
                self._sums[name] = part

    def _parts(
        self,
        p: FloatArray,
        logp: FloatArray,
        own: FloatArray,
        codes: IntArray,
        of_class: IntArray,
        weight: FloatArray | None,
        losses: FloatArray,
        room: FloatArray,
    ) -> dict[str, NDArray[Any]]:
        n, k = p.shape
        w = np.ones(n) if weight is None else weight
        counts = slice(None) if weight is None else weight > 0
        # Where eps is 0, any finite cost will do: it is multiplied by a probability of 0.
        floor = max(self._least, LOG_SMALLEST)
        excluded, raw = np.zeros(k, dtype=np.int64), logp
        if (lowest := logp.min()) < floor:
            if lowest == -math.inf:
                excluded += np.count_nonzero(np.isneginf(logp[counts]), axis=0)
            logp = np.maximum(logp, floor)
        # Labels are drawn from rows that sum to 1 exactly, or else rounding would look like a gap.
        sums = row_sums(p)
        even = abs(sums - 1.0).max() <= 1e-13
        chance = p if even else np.divide(p, sums[:, None], out=room[3])
        logs = raw if even else None
        parts = evidence_sums(chance, own - np.log(sums), codes, weight, self._eps, room, logs)
        parts |= _of_the_labels(losses, codes, weight, k, counts)
        parts |= _of_the_model(chance, logp, w, w if weight is None else w * w, room)
        add_confusion(self._confusion, p, sums, losses, codes, of_class, w, room[0])
        rest = np.subtract(1.0, p, out=room[0])
        self._histogram.add(p, rest, of_class, weight, room[1:])
        rest.reshape(-1)[of_class] = 1.0
        if weight is None and max(lowest := rest.min(), self._eps) >= _LEAST_FACTOR:
            if lowest < self._eps:
                np.maximum(rest, self._eps, out=rest)
            parts |= _ovr_losses_at_once(rest, parts["loss"])
        else:
            parts |= _ovr_losses(rest, losses, of_class, weight, self._least)
        by_class = [column_sums(w, x, alike=weight is None) for x in (p, logp)]
        return parts | {"excluded": excluded, "proba": by_class[0], "most": -by_class[1]}


def _floored(
    floored: NDArray[np.bool_], codes: IntArray, w: FloatArray, k: int
) -> dict[str, NDArray[Any]]:
    """Count, weight, squared and cubed weight of the rows that cost the floor."""
    codes, w = codes[floored], w[floored]
    names = ("floored_weight", "floored_square", "floored_cube")
    powers = {name: class_weights(codes, k, w**r) for r, name in enumerate(names, start=1)}
    return {"floored": np.bincount(codes, minlength=k), **powers}


def _of_the_labels(
    losses: FloatArray,
    codes: IntArray,
    weight: FloatArray | None,
    k: int,
    counts: slice | NDArray[np.bool_],
) -> dict[str, NDArray[Any]]:
    """Sums over the rows of each class."""
    sums = partial(class_weights, codes, k)
    support = np.bincount(codes[counts], minlength=k)
    squares = losses * losses
    powers = losses, squares, squares * losses
    if weight is None:
        raw = np.array([support, *map(sums, powers)])
        return {
            "support": support,
            "weight": raw[0].copy(),
            "loss": raw[1].copy(),
            "square": raw[:3].copy(),
            "cube": raw,
        }
    second, third = weight * weight, weight * weight * weight
    return {
        "support": support,
        "weight": sums(weight),
        "loss": sums(weight * losses),
        "square": np.array([sums(second), *(sums(second * x) for x in powers[:2])]),
        "cube": np.array([sums(third), *(sums(third * x) for x in powers)]),
    }


def _of_the_model(
    chance: FloatArray, logs: FloatArray, w: FloatArray, second: FloatArray, room: FloatArray
) -> dict[str, NDArray[Any]]:
    """Moments of the losses if labels are drawn from `chance`; `second` is w squared."""
    third = w if second is w else second * w
    own = np.empty((2, logs.shape[1]))
    # Class c adds its cost, -log, with probability `chance` and else nothing.
    terms = np.multiply(chance, logs, out=room[0])
    spread = np.subtract(logs, terms, out=room[1])
    product = np.multiply(terms, spread, out=room[2])
    own[0] = column_sums(second, product, alike=third is w)
    spread -= terms
    product *= spread
    own[1] = -column_sums(third, product, alike=third is w)
    # A row adds the cost of one class.
    np.multiply(terms, logs, out=product)
    mean, square = row_sums(terms), row_sums(product)
    product *= logs
    of_mean = mean * mean
    variance = square - of_mean
    cubed = mean * (3.0 * square - 2.0 * of_mean) - row_sums(product)
    # Where all classes cost nearly the same, nothing but rounding is left.
    even = variance < 1e-8 * square
    if even.any():
        cubed[even] = 0.0
        variance[variance < 1e-13 * square] = 0.0
    return {
        "expected": -column_sums(w, terms, alike=third is w),
        "moments": own,
        "moments_of_all": np.array([dot(second, variance), dot(third, cubed)]),
    }


def _ovr_losses_at_once(rest: FloatArray, loss: FloatArray) -> dict[str, NDArray[Any]]:
    """
    One-vs-rest losses of rows that weigh the same: minus log p of the row's class, minus
    log (1 - p) of the others.

    The first are `loss`, one number a class. `rest`, which is 1 there, is overwritten.
    """
    # The logarithm of a product of up to 15 rows is that of all of them for the price of one.
    for _ in range(3):
        half = len(rest) // 2
        if half == 0:
            break
        if len(rest) % 2:
            rest[0] *= rest[-1]
        rest[:half] *= rest[half : 2 * half]
        rest = rest[:half]
    ovr = loss - np.log(rest, out=rest).sum(axis=0)
    return {"ovr_loss": ovr, "surprise": ovr.copy(), "surprise_of_all": loss.sum(keepdims=True)}


def _ovr_losses(
    rest: FloatArray,
    losses: FloatArray,
    of_class: IntArray,
    weight: FloatArray | None,
    least: float,
) -> dict[str, NDArray[Any]]:
    """The same of rows that may weigh differently, and without a floor."""
    with np.errstate(divide="ignore"):
        logs = np.log(rest, out=rest)
    if least > -math.inf:
        np.maximum(logs, least, out=logs)
    logs.reshape(-1)[of_class] = -losses
    once = np.ones(len(logs)) if weight is None else (weight > 0).astype(np.float64)
    # A row of weight 0 is not there, however wrong it is.
    logs[once == 0] = 0.0
    unweighted = -(once @ logs)
    return {
        "ovr_loss": unweighted if weight is None else -(weight @ logs),
        "surprise": unweighted.copy(),
        "surprise_of_all": np.array([dot(once, losses)]),
    }
