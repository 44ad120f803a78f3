"""Rows that are copies of one another: what a table that was oversampled holds."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skxent._backend import class_weights
from skxent._intake._containers import take_rows
from skxent._intake._same_rows import same_rows
from skxent._typing import FloatArray, IntArray, LabelArray

__all__ = ["Units", "fold_numbers", "units_of"]

# Of the different features that occur again and again, some have several labels. Where these are
# more than this part of what labels at random would make of them, features repeat by themselves,
# as categories do, and rows that are the same are no copies.
_MOST_MIXED = 0.1
# So they are where a few rows of a class are there far more often than its others: the effective
# number of its different rows, as a share of their number. Drawn with replacement it is 0.8.
_LEAST_EVEN = 0.6


@dataclass(frozen=True, slots=True)
class Units:
    """The rows that count, and which of them are one observation."""

    rows: IntArray
    """Those of a weight above 0, in the order of the user."""
    key: IntArray
    """Numbers in an order of what the rows hold, or in that of the user; the same of copies."""
    copied: NDArray[np.bool_]
    """Whether rows with the same key are copies of it."""

    def units(self) -> IntArray:
        """The same number for copies, and numbers of their own for all others."""
        own = len(self.key) + np.arange(len(self.key))
        return np.where(self.copied, self.key, own)

    def merged(
        self, fold: IntArray, weight: FloatArray | None
    ) -> tuple[IntArray, FloatArray | None, IntArray | None]:
        """
        Rows for the map, one for all copies in a fold, their weights, and their units.

        None for weights that are all 1, and for units of one row each. In an order that is not
        that of the user's rows, so that "auto" cuts the same folds whatever that is.
        """
        own = np.ones(len(fold)) if weight is None else weight
        order = np.lexsort((own[self.rows], fold[self.rows], self.key))
        order = order[own[self.rows[order]] > 0]
        rows, key, copied = self.rows[order], self.key[order], self.copied[order]
        units = self.units()[order]
        new = ~copied | (np.diff(key, prepend=-1) != 0) | (np.diff(fold[rows], prepend=-1) != 0)
        place = np.cumsum(new) - 1
        total = class_weights(place, int(place[-1]) + 1, own[rows])
        whole = not copied.any() or len(np.unique(units[new])) == int(new.sum())
        alone = weight is None and bool(new.all())
        return rows[new], None if alone else total, None if whole else units[new]


def units_of(X: Any, codes: IntArray, weight: FloatArray | None, groups: IntArray | None) -> Units:
    """
    Rows that are described by the same values and have the same label are copies.

    Unless the values repeat by themselves, or groups say what belongs together.
    """
    rows = np.arange(len(codes)) if weight is None else np.flatnonzero(weight > 0)
    same = same_rows(X if len(rows) == len(codes) else take_rows(X, rows))
    if same is None:
        same = np.arange(len(rows))
    alone = np.zeros(len(rows), dtype=bool)
    if int(same.max()) + 1 == len(rows):
        return Units(rows, same, alone)
    codes = codes[rows]
    pairs = same * (int(codes.max()) + 1) + codes
    _, first, key, size = np.unique(
        pairs, return_index=True, return_inverse=True, return_counts=True
    )
    key = key.reshape(-1)
    if groups is not None:
        return Units(rows, key, alone)
    return Units(rows, key, _are_copies(same[first], codes[first], size)[key])


def _are_copies(same: IntArray, codes: IntArray, size: IntArray) -> NDArray[np.bool_]:
    """Of each different row, of which there are `size`, whether the others are its copies."""
    n_labels, n_rows = np.bincount(same), np.bincount(same, weights=size)
    repeated, mixed = n_rows > 1, n_labels > 1
    different, squares = np.bincount(codes), np.bincount(codes, size.astype(float) ** 2)
    uneven = np.bincount(codes, size) ** 2 < _LEAST_EVEN * different * squares
    if uneven.any() or mixed.sum() > _MOST_MIXED * _mixed_at_random(n_rows[repeated], codes, size):
        return np.zeros(len(same), dtype=bool)
    # Where all rows of a class are the same, none could be held out.
    copied: NDArray[np.bool_] = (different > 1)[codes] & ~mixed[same]
    return copied


def _mixed_at_random(n_rows: IntArray, codes: IntArray, size: IntArray) -> float:
    """How many of some sets of rows would have several labels if these were drawn."""
    share = np.bincount(codes, size) / size.sum()
    numbers, count = np.unique(n_rows, return_counts=True)
    of_one = (share ** numbers[:, None]).sum(axis=1)
    return float(count @ (1.0 - of_one))


def fold_numbers(cv: Any, y: LabelArray, found: Units) -> IntArray:
    """
    Number of the fold of each row, of so many as `cv` says, in which copies stay whole.

    The folds of scikit-learn, of one row for all copies; -1 for rows that do not count, which no
    fold holds out.
    """
    from sklearn.model_selection import check_cv  # slow to import

    first = unit = order = np.arange(len(found.rows))
    if found.copied.any():
        _, first, unit = np.unique(found.units(), return_index=True, return_inverse=True)
        order = np.argsort(first)  # as they first occur, like rows without copies
    labels = y[found.rows[first[order]]]
    own = np.empty(len(order), dtype=np.intp)
    with warnings.catch_warnings():
        n_folds = 5 if cv is None else cv
        if len(order) < len(found.rows):
            n_folds = _possible(n_folds, labels)
            if n_folds <= np.unique(y[found.rows], return_counts=True)[1].min():
                warnings.filterwarnings("ignore", "The least populated class")  # but for copies
        if isinstance(n_folds, int) and n_folds > len(order):
            msg = (
                f"cv={n_folds} takes at least {n_folds} different rows with a positive weight; "
                f"got n_samples={len(order)}. Pass a smaller cv."
            )
            raise ValueError(msg)
        folds = check_cv(n_folds, labels, classifier=True).split(np.zeros(len(order)), labels)
        for i, (_, test) in enumerate(folds):
            own[order[test]] = i
    number = np.full(len(y), -1, dtype=np.intp)
    number[found.rows] = own[unit.reshape(-1)]
    return number


def _possible(n_folds: int, labels: LabelArray) -> int:
    """As many folds as the most frequent class has different rows, if these are fewer."""
    most = int(np.unique(labels, return_counts=True)[1].max())
    return min(n_folds, max(most, 2))
