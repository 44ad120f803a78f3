"""Sums of differences by group and class, for rows that are not independent within a group."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skxent._backend import class_weights
from skxent._intake._groups import Groups, joined_keys
from skxent._typing import FloatArray, IntArray

__all__ = ["PairedGroups"]


@dataclass(frozen=True, slots=True)
class PairedGroups:
    """
    Sums over the rows of each group and class that has any.

    Such cells are few where there are many groups: most have rows of one class or two.
    """

    keys: NDArray[Any]
    """What the user calls the groups; the same group in two parts is one in their sum."""
    group: IntArray
    """Place in `keys` of each cell."""
    owner: IntArray
    """Class of each cell."""
    weight: FloatArray
    """Weight of its rows."""
    difference: FloatArray
    """Shape (n_models, n_cells): their weighted differences from the reference."""
    floored: FloatArray
    """Shape (n_models, n_cells): weight of those that cost the model the floor."""

    @classmethod
    def of(
        cls,
        groups: Groups,
        codes: IntArray,
        weight: FloatArray,
        difference: FloatArray,
        floored: NDArray[np.bool_],
    ) -> PairedGroups:
        """Of rows with a positive weight."""
        there, group = np.unique(groups.codes, return_inverse=True)
        with np.errstate(invalid="ignore"):  # infinite losses
            parts = weight * difference
        return _together(groups.keys[there], group, codes, weight, parts, weight * floored)

    @property
    def n_groups(self) -> int:
        return len(self.keys)

    def __add__(self, other: PairedGroups) -> PairedGroups:
        keys, places = joined_keys(self.keys, other.keys)
        return _together(
            keys,
            np.concatenate([self.group, places[other.group]]),
            np.concatenate([self.owner, other.owner]),
            np.concatenate([self.weight, other.weight]),
            np.concatenate([self.difference, other.difference], axis=1),
            np.concatenate([self.floored, other.floored], axis=1),
        )

    def of_models(self, at: list[int]) -> PairedGroups:
        """The same with the models in another order."""
        return replace(self, difference=self.difference[at], floored=self.floored[at])

    def over_classes(self) -> PairedGroups:
        """All classes as one: a cell is a group."""
        one = np.zeros_like(self.owner)
        return _together(self.keys, self.group, one, self.weight, self.difference, self.floored)


def _together(
    keys: NDArray[Any],
    group: IntArray,
    owner: IntArray,
    weight: FloatArray,
    difference: FloatArray,
    floored: FloatArray,
) -> PairedGroups:
    """Cells of which there is one for each group and class."""
    n = max(len(keys), 1)
    cells, cell = np.unique(owner * n + group, return_inverse=True)

    def sums(rows: FloatArray) -> FloatArray:
        with np.errstate(invalid="ignore"):
            return np.array([class_weights(cell, len(cells), row) for row in rows])

    return PairedGroups(
        keys, cells % n, cells // n, sums(weight[None])[0], sums(difference), sums(floored)
    )
