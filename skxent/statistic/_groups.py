"""Sums by group and class, for rows that are not independent within a group."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from skxent._intake._groups import Groups, joined_keys
from skxent._kernels import LOG_SMALLEST, log_of
from skxent._typing import FloatArray, IntArray

__all__ = ["GroupSums", "GroupTally", "joined"]


@dataclass(frozen=True, slots=True)
class GroupSums:
    """Sums over the rows of each group that has a weight; shape (n_groups, n_classes)."""

    keys: NDArray[Any]
    """What the user calls the groups; the same group in two parts is one in their sum."""
    weight: FloatArray
    """Weight of the rows of the class."""
    loss: FloatArray
    """Their weighted log losses."""
    floored: FloatArray
    """Weight of those that had a probability below the floor."""
    expected: FloatArray
    """Weighted cost of the class that the model itself expects, over all rows of the group."""
    proba: FloatArray
    """Weighted probability of the class, over all rows of the group; nan where not counted."""

    @property
    def n_groups(self) -> int:
        return len(self.keys)

    def __add__(self, other: GroupSums) -> GroupSums:
        keys, places = joined_keys(self.keys, other.keys)
        found = []
        for name in ("weight", "loss", "floored", "expected", "proba"):
            mine = getattr(self, name)
            total = np.zeros((len(keys), mine.shape[1]))
            total[: len(mine)] = mine
            total[places] += getattr(other, name)
            found.append(total)
        return GroupSums(keys, *found)


class _Adds(Protocol):
    def __add__(self, other: Self, /) -> Self: ...


_Sums = TypeVar("_Sums", bound=_Adds)


def joined(one: _Sums | None, other: _Sums | None) -> _Sums | None:
    """Sums of both; groups are there for all rows, or for none."""
    if one is None and other is None:
        return None
    if one is None or other is None:
        msg = "groups were given for some of the rows; give them for all, or for none."
        raise ValueError(msg)
    return one + other


class GroupTally:
    """Counts blocks of rows by group and class."""

    def __init__(self, groups: Groups, n_classes: int) -> None:
        self.groups = groups
        self.sums = np.zeros((5, len(groups.keys), n_classes))

    def add(
        self,
        at: slice,
        codes: IntArray,
        weight: FloatArray | None,
        losses: FloatArray,
        p: FloatArray,
        logp: FloatArray | None,
        eps: float,
    ) -> None:
        """Count a block, whose rows cost `losses`."""
        n, k = p.shape
        w = np.ones(n) if weight is None else weight
        present, group = np.unique(self.groups.codes[at], return_inverse=True)
        cells, size = group * k + codes, len(present) * k
        floored = p[np.arange(n), codes] < eps
        for i, each in enumerate((w, w * losses, w * floored)):
            self.sums[i, present] += np.bincount(cells, each, size).reshape(-1, k)
        # Any finite cost will do where it is multiplied by a probability of 0.
        logs = log_of(p) if logp is None else logp
        costs = -np.maximum(logs, max(math.log(eps) if eps > 0 else -math.inf, LOG_SMALLEST))
        chance = p / p.sum(axis=1, keepdims=True)
        of_group: Any = csr_array((w, group, np.arange(n + 1)), shape=(n, len(present)))
        self.sums[3, present] += of_group.T @ (chance * costs)
        self.sums[4, present] += of_group.T @ p

    def total(self) -> GroupSums:
        there = self.sums[0].sum(axis=1) > 0
        return GroupSums(self.groups.keys[there], *self.sums[:, there])
