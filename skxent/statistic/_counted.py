"""All that is counted of rows: sums, a sample, the worst rows, and how the losses are spread."""

from __future__ import annotations

from copy import copy

import numpy as np
from numpy.typing import NDArray

from skxent._intake._groups import Groups
from skxent._intake._rows import Labelled
from skxent.statistic._extremes import Spread, WorstRows
from skxent.statistic._keys import KeyArray
from skxent.statistic._sample import Sample
from skxent.statistic._sums import Statistics, statistics

__all__ = ["Counted"]

# What a copy shares: never written to, but replaced.
_PLAIN = ("sums", "worst", "n_rows", "n_dropped")


class Counted:
    """
    What has been counted of some rows, to which that of others can be added.

    The rows are numbered in the order in which they are counted. Without `sample` none is kept
    but the worst.
    """

    def __init__(self, sample: Sample | None) -> None:
        self.sums: Statistics | None = None
        self.sample = sample
        self.worst, self.spread = WorstRows.none(), Spread()
        self.n_rows = 0
        self.n_dropped = 0
        """Rows that were left out, since they lacked a value."""

    @property
    def n_samples(self) -> int:
        """Rows with a positive weight."""
        return 0 if self.sums is None else int(self.sums.support.sum())

    def of(
        self,
        rows: Labelled,
        eps: float,
        keys: KeyArray | None = None,
        names: NDArray[np.int64] | None = None,
        groups: Groups | None = None,
    ) -> Counted:
        """
        What is counted of checked rows, to be added to this, which is not changed.

        `keys` say which rows are for the sample, `names` in which order.
        """
        found = self.nothing(rows)
        losses = np.empty(rows.proba.n_samples)
        found.sums = statistics(rows, eps, losses, groups)
        found.worst = WorstRows.of(rows, losses, self.worst.least)
        found.spread.add(losses, rows.weight)
        if found.sample is not None and keys is not None:
            found.sample.add(rows, keys, names, groups)
        return found

    def nothing(self, rows: Labelled) -> Counted:
        """What is counted of rows that have no weight: they only have numbers."""
        found = Counted(None if self.sample is None else self.sample.like())
        found.n_rows = rows.proba.n_samples
        return found

    def add(self, other: Counted, *, is_shared: bool = True) -> None:
        """
        Add what was counted of other rows, whose numbers go on where those of this end.

        Where it is not shared, the sums are written in its memory: to ask for as much again
        takes longer than to add them up.
        """
        if other.sums is not None:
            if self.sums is None:
                self.sums = other.sums
            else:
                add = self.sums.__add__ if is_shared else self.sums.added_to
                self.sums = add(other.sums)
        if self.sample is None or other.sample is None:
            self.sample = None
        else:
            self.sample.merge(other.sample, self.n_rows)
        self.worst = self.worst.joined(other.worst, self.n_rows)
        self.spread.total += other.spread.total
        self.n_rows += other.n_rows
        self.n_dropped += other.n_dropped

    def __copy__(self) -> Counted:
        found = Counted(copy(self.sample))
        found.__dict__ |= {name: self.__dict__[name] for name in _PLAIN}
        found.spread.total += self.spread.total
        return found
