"""A uniform sample of rows, for what sums cannot tell: the rows with the smallest random keys."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skxent._intake._groups import Groups
from skxent._intake._rows import Labelled
from skxent._intake._table import Table
from skxent._kernels import log_of
from skxent._typing import FloatArray, IntArray
from skxent.statistic._histogram import narrowed
from skxent.statistic._keys import KeyArray, keys_of

__all__ = ["Sample", "sample_size"]

# So many probabilities at most are kept, or have maps fitted or applied to them.
_MOST_NUMBERS = 2_000_000


def sample_size(most: int, n_classes: int) -> int:
    """How many rows, if not more than `most`: fewer where there are many classes."""
    return min(most, _MOST_NUMBERS // n_classes)


@dataclass(frozen=True, slots=True)
class _Rows:
    """Some rows with their keys."""

    keys: KeyArray
    order: NDArray[np.int64]
    """How they follow one another: by number, or by name where that is an integer."""
    is_named: NDArray[np.bool_]
    values: FloatArray
    """Shape (n_rows, n_classes): probabilities, or their logarithms."""
    codes: IntArray
    weight: FloatArray
    """Ones where rows have no weight."""
    groups: KeyArray
    """Made of what the user calls the groups; all 0 where there are none."""

    def __getitem__(self, at: IntArray) -> _Rows:
        return _Rows(*(getattr(self, f.name)[at] for f in fields(self)))

    def __len__(self) -> int:
        return len(self.keys)

    @classmethod
    def joined(cls, parts: list[_Rows]) -> _Rows:
        return cls(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(cls)))


_KINDS = {
    "keys": np.uint64,
    "order": np.int64,
    "is_named": np.bool_,
    "values": np.float64,
    "codes": np.intp,
    "weight": np.float64,
    "groups": np.uint64,
}


class Sample:
    """
    The rows with a positive weight that have the smallest keys, `size` of them at most.

    Where keys are random, that is a uniform sample without replacement, and so is the sample
    that two of them add up to.
    """

    def __init__(self, size: int, *, logs: bool) -> None:
        self.size, self.logs = size, logs
        self.n_seen = 0
        """Rows with a positive weight that it is a sample of."""
        # No key above it can be among the smallest.
        self._limit = np.iinfo(np.uint64).max
        # Rows are put aside, and those that are too many taken out from time to time.
        self._parts: list[_Rows] = []

    @property
    def is_complete(self) -> bool:
        """Whether it has all rows."""
        return self.n_seen <= self.size

    def like(self) -> Sample:
        """An empty one for rows that will be added to this."""
        found = Sample(self.size, logs=self.logs)
        found._limit = self._limit
        return found

    def add(
        self,
        rows: Labelled,
        keys: KeyArray,
        names: NDArray[np.int64] | None = None,
        groups: Groups | None = None,
    ) -> None:
        """Count checked rows, which are numbered from 0, or have names that are integers."""
        wanted = keys <= np.uint64(self._limit)
        if rows.weight is not None:
            wanted &= rows.weight > 0
        self.n_seen += len(keys) if rows.weight is None else int(np.count_nonzero(rows.weight))
        if wanted.all():
            at = _smallest(keys, self.size)
        else:
            at = np.flatnonzero(wanted)
            at = at[_smallest(keys[at], self.size)]
        if not len(at):
            return
        ((_, values, logp),) = rows.proba.taken(at).tall(len(at))
        if self.logs:
            values = log_of(values) if logp is None else logp
        weight = np.ones(len(at)) if rows.weight is None else rows.weight[at]
        order = at if names is None else names[at]
        is_named = np.full(len(at), names is not None)
        group = np.zeros(len(at), dtype=np.uint64)
        if groups is not None:
            group = keys_of(groups.keys)[groups.codes[at]]
        part = _Rows(keys[at], order, is_named, values, rows.codes[at], weight, group)
        self._parts.append(part)

    def merge(self, other: Sample, start: int) -> None:
        """Add another sample, whose row 0 has the number `start` here."""
        self.size = min(self.size, other.size)
        self.n_seen += other.n_seen
        theirs = [
            replace(rows, order=np.where(rows.is_named, rows.order, rows.order + start))
            for rows in other._parts
        ]
        if self.logs != other.logs:
            mine = _as_logs(self._parts) if other.logs else self._parts
            theirs = _as_logs(theirs) if self.logs else theirs
            self.logs, self._parts = True, mine
        self._parts = self._parts + theirs
        if sum(map(len, self._parts)) > 1.25 * self.size:
            self._cut()

    def _cut(self) -> list[_Rows]:
        """One part with no more rows than are wanted, or none."""
        if self._parts:
            rows = _Rows.joined(self._parts) if len(self._parts) > 1 else self._parts[0]
            if len(rows) > self.size:
                rows = rows[_smallest(rows.keys, self.size)]
                self._limit = int(rows.keys.max())
            self._parts = [rows]
        return self._parts

    def rows(self, labels: NDArray[Any]) -> Labelled | None:
        """The rows, all of them as they followed one another, some as drawn; None if none."""
        rows = self._in_order()
        if rows is None:
            return None
        weight = None if (rows.weight == 1).all() else rows.weight
        table = Table(rows.values, "y_proba", from_logits=self.logs, checked=True)
        return Labelled(rows.codes, table, labels, weight)

    def groups(self) -> IntArray | None:
        """A number for the group of each of these rows; None where there are no groups."""
        if not any(part.groups.any() for part in self._cut()):
            return None
        rows = self._in_order()
        return None if rows is None else np.unique(rows.groups, return_inverse=True)[1]

    def _in_order(self) -> _Rows | None:
        for rows in self._cut():
            return rows[np.argsort(rows.order if self.is_complete else rows.keys, kind="stable")]
        return None

    def __copy__(self) -> Sample:
        found = self.like()
        found.n_seen, found._parts = self.n_seen, list(self._parts)
        return found

    def __getstate__(self) -> dict[str, Any]:
        parts = [
            {f.name: narrowed(getattr(rows, f.name)) for f in fields(rows)} for rows in self._cut()
        ]
        return self.__dict__ | {"_parts": parts}

    def __setstate__(self, state: dict[str, Any]) -> None:
        parts = [
            _Rows(**{name: x.astype(_KINDS[name], copy=False) for name, x in part.items()})
            for part in state["_parts"]
        ]
        self.__dict__.update(state | {"_parts": parts})


def _smallest(keys: KeyArray, n: int) -> IntArray:
    """Where the `n` smallest keys are, in ascending order of place."""
    if len(keys) <= n:
        return np.arange(len(keys))
    # To look for those that can be among them is quicker, if keys are spread evenly.
    likely = (n + 6.0 * n**0.5 + 36.0) / len(keys)
    if likely < 0.5:
        few = np.flatnonzero(keys <= np.uint64(likely * float(keys.max())))
        if len(few) >= n:
            return np.sort(few[np.argpartition(keys[few], n - 1)[:n]])
    return np.sort(np.argpartition(keys, n - 1)[:n])


def _as_logs(parts: list[_Rows]) -> list[_Rows]:
    with np.errstate(divide="ignore"):
        return [replace(rows, values=np.log(rows.values)) for rows in parts]
