"""The mergeable statistic that a report is a function of."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skxent._intake._groups import Groups
from skxent._intake._rows import Labelled
from skxent._typing import FloatArray
from skxent.statistic._blocks import Blocks
from skxent.statistic._groups import GroupSums, GroupTally, joined
from skxent.statistic._histogram import Packed, packed, unpacked
from skxent.statistic._slabs import rows_at_once

__all__ = ["Statistics", "check_total", "statistics"]


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


def check_total(weight: FloatArray | None, powers: int = 3) -> None:
    """Refuse weights whose powers, squares and cubes or more, would vanish or overflow."""
    total = 1.0 if weight is None else float(weight.sum())
    most = 270 // powers
    if not 10.0**-most < total < 10.0**most:
        msg = f"sample_weight sums to {total:g}; rescale it to between 1e-{most} and 1e{most}."
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
    tally = None if groups is None else GroupTally(groups, k)
    blocks = Blocks(k, eps)
    for at, p, logp in rows.proba.tall(rows_at_once(k)):
        of_rows = np.empty(len(p)) if losses is None else losses[at]
        codes, weight = rows.codes[at], None if rows.weight is None else rows.weight[at]
        blocks.add(p, logp, codes, weight, of_rows)
        if tally is not None:
            tally.add(at, codes, weight, of_rows, p, logp, eps)
    return Statistics(**blocks.sums(), groups=None if tally is None else tally.total())
