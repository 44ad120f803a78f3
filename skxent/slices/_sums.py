"""Sums over the rows of each slice: its figures, its gaps, and their moments under the model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skxent._inference._scores import normal_scores
from skxent._typing import FloatArray, IntArray
from skxent.slices._cells import Cells
from skxent.slices._predicted import Predicted

__all__ = [
    "Gaps",
    "SliceSums",
    "deviations",
    "gaps_of_rows",
    "row_gaps",
    "row_scale",
    "sums_of_slices",
    "varies",
]

# Of what gaps are differences of, so much may be rounding.
_ROUNDING = 1e-12
_MOST_SKEWED = 1e6


@dataclass(frozen=True, slots=True, eq=False)
class Gaps:
    """
    Sums of what was seen less what was expected, with their moments.

    Shape (n_slices, n_classes + 1): the weight of the rows of each class less what the
    probabilities say that it is, and in the last column the loss less the expected loss. The
    variance and the third central moment are those of labels that are drawn from the
    probabilities.
    """

    gap: FloatArray
    variance: FloatArray
    third: FloatArray

    @property
    def skewness(self) -> FloatArray:
        """Of the gaps under the model; 0 where they do not vary."""
        with np.errstate(all="ignore"):
            found = np.where(self.variance > 0, self.third / self.variance**1.5, 0.0)
        # Of a class with next to no probability; what single precision holds tells the same.
        return np.clip(np.nan_to_num(found, copy=False), -_MOST_SKEWED, _MOST_SKEWED)


@dataclass(frozen=True, slots=True, eq=False)
class SliceSums:
    """Weighted sums over the rows of each slice, shape (n_slices,) or (n_slices, n_classes)."""

    support: IntArray
    weight: FloatArray
    loss: FloatArray
    """As predicted."""
    after: FloatArray
    """The same with the costs that are tested."""
    expected: FloatArray
    class_weight: FloatArray
    """Weight of the rows of each class."""
    class_proba: FloatArray
    """What the probabilities say that it is."""
    gaps: Gaps

    @property
    def scale(self) -> FloatArray:
        """What the gaps are differences of, in the shape of these."""
        k = self.gaps.gap.shape[1] - 1
        whole = np.repeat(self.weight[:, None], k, axis=1)
        return np.column_stack([whole, self.after + self.expected])


def row_gaps(rows: Predicted) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Gap, variance and third central moment of each row, shape (n_rows, n_classes + 1)."""
    p, a, w = rows.proba, rows.cost, rows.weight[:, None]
    n, k = p.shape
    gap, variance, third = (np.empty((n, k + 1)) for _ in range(3))
    terms = p * a
    gap[:, :k] = -w * p
    gap[np.arange(n), rows.codes] += rows.weight
    gap[:, k] = rows.weight * (a[np.arange(n), rows.codes] - terms.sum(axis=1))
    own = w**2 * p * (1.0 - p)
    variance[:, :k] = own
    third[:, :k] = w * own * (1.0 - 2.0 * p)
    mean, square = terms.sum(axis=1), (terms * a).sum(axis=1)
    variance[:, k] = rows.weight**2 * np.maximum(square - mean**2, 0.0)
    cube = (terms * a * a).sum(axis=1) - 3.0 * mean * square + 2.0 * mean**3
    # Where all classes cost nearly the same, nothing but rounding is left.
    even = square - mean**2 < 1e-8 * square
    third[:, k] = rows.weight**3 * np.where(even, 0.0, cube)
    same = even & (square - mean**2 < 1e-13 * square)
    variance[same, k] = 0.0
    # A gap that does not vary would be what the model excludes.
    gap[same, k] = 0.0
    return gap, variance, third


def row_scale(rows: Predicted) -> FloatArray:
    """What the gaps of rows are differences of, in the shape of these."""
    own = rows.cost[np.arange(len(rows.codes)), rows.codes]
    loss = rows.weight * (own + np.einsum("nk,nk->n", rows.proba, rows.cost))
    whole = np.repeat(rows.weight[:, None], rows.proba.shape[1], axis=1)
    return np.column_stack([whole, loss])


def gaps_of_rows(rows: Predicted) -> Gaps:
    """Gaps of all these rows together, as those of a single slice."""
    return Gaps(*(each.sum(axis=0, keepdims=True) for each in row_gaps(rows)))


def sums_of_slices(rows: Predicted, cells: Cells, some: IntArray | None = None) -> SliceSums:
    """Sums over the rows of all slices, of some of the rows if they are named."""
    if some is not None:
        rows = rows.taken(some)
    k = rows.proba.shape[1]

    def values(at: slice) -> FloatArray:
        part = rows.taken(np.arange(at.start, at.stop))
        n, w = len(part.codes), part.weight
        hot = np.zeros((n, k))
        hot[np.arange(n), part.codes] = w
        each = np.column_stack(
            [np.ones(n), w, w * part.loss, w * part.cost[np.arange(n), part.codes]]
        )
        expected = w * np.einsum("nk,nk->n", part.proba, part.cost)
        return np.hstack([each, expected[:, None], hot, w[:, None] * part.proba, *row_gaps(part)])

    found = cells.sums(values, some)
    ends = np.cumsum([1, 1, 1, 1, 1, k, k, k + 1, k + 1])
    parts = [np.asarray(x, dtype=np.float64) for x in np.split(found, ends, axis=1)]
    support, weight, loss, after, expected = (x[:, 0] for x in parts[:5])
    return SliceSums(
        np.rint(support).astype(np.intp), weight, loss, after, expected, parts[5], parts[6],
        Gaps(*parts[7:]),
    )  # fmt: skip


def varies(gaps: Gaps, scale: FloatArray) -> NDArray[np.bool_]:
    """Whether labels that are drawn move the gaps, beyond rounding."""
    found: NDArray[np.bool_] = gaps.variance > (_ROUNDING * scale) ** 2
    return found


def deviations(
    gaps: Gaps, scale: FloatArray, effect: FloatArray | float = 1.0, *, skewed: bool = True
) -> tuple[FloatArray, FloatArray]:
    """
    Gaps in standard deviations, and their normal scores; nan where nothing could have been known.

    `scale` is what the gaps are differences of, and `effect` by how much groups make the variance
    larger. Both are infinite where something happened that the model excludes.
    """
    some = varies(gaps, scale)
    z = np.where(some, gaps.gap, 0.0) / np.sqrt(np.where(some, gaps.variance * effect, 1.0))
    scores = normal_scores(z, gaps.skewness) if skewed else z
    excluded = np.abs(gaps.gap) > _ROUNDING * scale
    certain = np.where(excluded, np.copysign(np.inf, gaps.gap), np.nan)
    return np.where(some, z, certain), np.where(some, scores, certain)
