"""The mergeable statistic that a comparison of models is a function of."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from skxent._backend import class_weights
from skxent._intake._groups import Groups
from skxent._typing import FloatArray, IntArray
from skxent.statistic._central import CentralSums
from skxent.statistic._groups import joined
from skxent.statistic._paired_groups import PairedGroups

__all__ = ["PairedRows", "PairedSums", "differences", "paired_sums"]

# Losses of one row that differ by less than this, relatively, are the same but for rounding.
_ROUNDING = 1e-13


@dataclass(frozen=True, slots=True)
class PairedRows:
    """Rows of positive weight, with the loss of each model in nats."""

    losses: FloatArray
    """Shape (n_models, n_rows)."""
    excluded: NDArray[np.bool_]
    """Shape (n_models, n_classes): whether the model gives a row probability 0 of the class."""
    most: float
    """What a row costs at most, in nats."""
    codes: IntArray
    """Class of each row."""
    weight: FloatArray
    groups: Groups | None
    """None where each row is one of its own."""


@dataclass(frozen=True, slots=True)
class PairedSums:
    """
    Sums over rows, in nats: those of two sets of rows add up to those of both together.

    Shape (n_models, n_classes) unless something else is said; what is of a pair is that of the
    model and the reference.
    """

    support: NDArray[np.int64]
    """Shape (n_classes,): rows of the class."""
    loss: FloatArray
    """Their weighted log losses."""
    excluded: NDArray[np.bool_]
    """Whether the model gave any row probability 0 of the class."""
    floored: FloatArray
    """Shape (3, n_models, n_classes): weight of the rows that cost the floor the model alone,
    the reference alone, and both."""
    infinite: NDArray[np.int64]
    """Shape (2,): rows that cost a model infinitely much, and those of them that cost it the
    reference as well."""
    differences: CentralSums
    """Sums of the differences, shape (n_models, 1 or 4, n_classes): as they are; then with 0 in
    the place of the floor for the model; for the reference; and for both. Only one where no
    row costs the floor."""
    groups: PairedGroups | None = None
    """Sums by group, where rows are not independent within one."""

    @property
    def weight(self) -> FloatArray:
        """Shape (n_classes,): weight of the rows of the class."""
        return self.differences.weight

    def __add__(self, other: PairedSums) -> PairedSums:
        with np.errstate(invalid="ignore"):  # infinite losses
            return PairedSums(
                self.support + other.support,
                self.loss + other.loss,
                self.excluded | other.excluded,
                self.floored + other.floored,
                self.infinite + other.infinite,
                self.differences + other.differences,
                joined(self.groups, other.groups),
            )

    def of_models(self, at: list[int]) -> PairedSums:
        """The same with the models in another order."""
        found = self.differences
        moved = replace(
            found, total=found.total[at], square=found.square[:, at], cube=found.cube[:, at]
        )
        return replace(
            self,
            loss=self.loss[at],
            excluded=self.excluded[at],
            floored=self.floored[:, at],
            differences=moved,
            groups=self.groups and self.groups.of_models(at),
        )

    def over_classes(self) -> PairedSums:
        """All classes as one. A class that is excluded is excluded there as well."""
        with np.errstate(invalid="ignore"):
            return PairedSums(
                self.support.sum(keepdims=True),
                self.loss.sum(axis=-1, keepdims=True),
                np.atleast_2d(self.excluded.any(axis=-1)).T,
                self.floored.sum(axis=-1, keepdims=True),
                self.infinite,
                self.differences.over_classes(),
                None if self.groups is None else self.groups.over_classes(),
            )


def paired_sums(rows: PairedRows, reference: int) -> PairedSums:
    """Sums of some rows, of which there may be none; `reference` is the number of a model."""
    k = rows.excluded.shape[1]

    def sums(numbers: FloatArray) -> FloatArray:
        return class_weights(rows.codes, k, numbers)

    with np.errstate(invalid="ignore"):
        loss = np.array([sums(rows.weight * of_model) for of_model in rows.losses])
    at = (rows.losses >= rows.most) & np.isfinite(rows.most)
    beside = at[reference]
    parts = (at & ~beside, beside & ~at, at & beside)
    floored = np.array([[sums(rows.weight * part) for part in each] for each in parts])
    infinite = np.isinf(rows.losses)
    both = np.delete(infinite, reference, axis=0) & infinite[reference]
    counts = [np.count_nonzero(each.any(axis=0)) for each in (infinite, both)]
    values = _differences_with_and_without_floor(rows, reference, at)
    groups = None
    if rows.groups is not None:
        groups = PairedGroups.of(rows.groups, rows.codes, rows.weight, values[:, 0], at)
    return PairedSums(
        np.bincount(rows.codes, minlength=k).astype(np.int64),
        loss,
        rows.excluded,
        floored,
        np.array(counts, dtype=np.int64),
        CentralSums.of(values, rows.codes, rows.weight, k),
        groups,
    )


def _differences_with_and_without_floor(
    rows: PairedRows, reference: int, at: NDArray[np.bool_]
) -> FloatArray:
    """Shape (n_models, 1 or 4, n_rows); `at` says where a loss is the floor's."""
    losses = rows.losses
    rest = np.where(at, 0.0, losses)
    pairs = [(losses, losses), (rest, losses), (losses, rest), (rest, rest)]
    found = [
        [differences(one[i], other[reference]) for one, other in pairs[: 4 if at.any() else 1]]
        for i in range(len(losses))
    ]
    return np.array(found)


def differences(losses: FloatArray, of_reference: FloatArray) -> FloatArray:
    """Difference of each row; nan where both losses are infinite."""
    with np.errstate(invalid="ignore"):
        difference = losses - of_reference
        # With the smaller of the two, so that an infinite loss does not look like rounding.
        same = abs(difference) <= _ROUNDING * np.minimum(losses, of_reference)
    difference[same] = 0.0
    return difference
