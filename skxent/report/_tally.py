"""What has been counted of batches, and what waits to be; threads may share it."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from threading import Lock
from typing import Any

from skxent._intake._rows import Labelled
from skxent.report._batches import (
    Batch,
    enough_rows,
    groups_in,
    keys_in,
    numbers_in,
    runs,
    with_names,
)
from skxent.statistic._counted import Counted
from skxent.statistic._keys import fresh_seed
from skxent.statistic._sample import Sample
from skxent.statistic._saved import counted_of, tree_of

__all__ = ["Tally"]


class Tally:
    """
    What has been counted of batches.

    Small batches wait until there are enough of them: many rows at once are counted quickly.
    The lock is held while totals are changed, and not while a large batch is counted.
    """

    def __init__(self, eps: float, sample: Sample | None, seed: int | None) -> None:
        self.eps, self.seed = eps, seed
        self.seeds: frozenset[int] = frozenset()
        """Those of the draws that the sample rests on."""
        self._counted = Counted(sample)
        self._waiting: list[Batch] = []
        self._n_waiting = self._n_taken = 0
        self._lock = Lock()

    def take(self, batch: Batch) -> None:
        """Count a batch, or nothing of it if its numbers are refused."""
        n = batch.n_rows
        waits = batch.is_small or not batch.counts
        if waits:
            batch = batch.held()
        with self._lock:
            self._check_groups(batch)
            batch = batch.beginning(self._n_taken)
            self._n_taken += n
            if self.seed is not None and batch.keys is None:
                self.seeds |= {self.seed}
            if waits:
                self._waiting.append(batch)
                self._n_waiting += n
                # Where another one would not fit, which would be few rows on their own.
                if self._n_waiting + n >= enough_rows(batch.rows.proba.n_classes):
                    self._settle()
                return
        counted = self._count([batch], batch.rows)
        with self._lock:
            self._settle()
            self._add([counted])

    def leave_out(self, n: int) -> None:
        """Count rows that were left out."""
        with self._lock:
            total = copy(self._counted)
            total.n_dropped += n
            self._counted = total

    def _check_groups(self, batch: Batch) -> None:
        """Refuse rows in groups beside rows in none, also where these wait."""
        # What waits is all in groups, or none of it.
        known = next((other.groups is None for other in self._waiting if other.counts), None)
        if known is None and self._counted.sums is not None:
            known = self._counted.sums.groups is None
        if batch.counts and known not in (None, batch.groups is None):
            msg = "groups were given for some of the rows; give them for all, or for none."
            raise ValueError(msg)

    def _settle(self) -> None:
        """Count what waits; the lock is held."""
        if self._waiting:
            self._add([self._count(*run) for run in runs(self._waiting)])
            self._waiting, self._n_waiting = [], 0

    def _add(self, counted: Sequence[Counted], *, are_shared: bool = False) -> None:
        """Add all of it, or, where the user interrupts that, nothing."""
        total = copy(self._counted)
        for part in counted:
            total.add(part, is_shared=are_shared)
        self._counted = total

    def _count(self, batches: Sequence[Batch], rows: Labelled) -> Counted:
        if not batches[0].counts:
            return self._counted.nothing(rows)
        groups, keys, names = groups_in(batches), None, None
        if self._counted.sample is not None:
            keys = keys_in(batches, fresh_seed() if self.seed is None else self.seed)
            names = numbers_in(batches)
        found = self._counted.of(rows, self.eps, keys, names, groups)
        found.worst = with_names(found.worst, batches)
        return found

    def merge(self, other: Tally) -> None:
        """Add what another one has counted."""
        counted, seeds = other.counted(), other.seeds
        with self._lock:
            self._settle()
            self._add([counted], are_shared=True)
            self.seeds |= seeds

    @property
    def n_samples(self) -> int:
        """Rows so far that have a positive weight."""
        with self._lock:
            self._settle()
            return self._counted.n_samples

    def counted(self) -> Counted:
        """All that has been counted so far; later batches do not change it."""
        with self._lock:
            self._settle()
            return copy(self._counted)

    def tree(self) -> dict[str, Any]:
        """All of it as dicts, lists, arrays and numbers."""
        drawn = {"seed": self.seed, "seeds": sorted(self.seeds), "n_taken": self._n_taken}
        return drawn | {"counted": tree_of(self.counted())}

    @classmethod
    def of_tree(cls, tree: dict[str, Any], eps: float) -> Tally:
        """What gave the `tree`."""
        found = cls(eps, None, tree["seed"])
        found.seeds, found._n_taken = frozenset(tree["seeds"]), tree["n_taken"]
        found._counted = counted_of(tree["counted"])
        return found

    def __copy__(self) -> Tally:
        found = Tally(self.eps, None, self.seed)
        found._counted, found.seeds, found._n_taken = self.counted(), self.seeds, self._n_taken
        return found

    def __getstate__(self) -> dict[str, Any]:
        # A lock belongs to its process; what waits is counted first.
        return {"_counted": self.counted()} | {
            name: getattr(self, name) for name in ("eps", "seed", "seeds", "_n_taken")
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._waiting, self._n_waiting, self._lock = [], 0, Lock()
