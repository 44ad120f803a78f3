"""Recalibration that each row gets from maps fitted to other rows."""

from __future__ import annotations

import numpy as np
from sklearn.utils import check_random_state

from skxent._intake._table import Table
from skxent._typing import FloatArray, IntArray
from skxent.recalibration._maps import N_SPLITS, FittedMethod, Folds

__all__ = [
    "N_SPLITS",
    "Repeats",
    "finite_logs",
    "folds_of_units",
    "stratified_folds",
    "without_zeros",
]

RandomState = int | np.random.RandomState | None


def stratified_folds(codes: IntArray, n_splits: int, random_state: RandomState) -> IntArray:
    """
    Number of the fold of each row: those of scikit-learn's StratifiedKFold with a shuffle.

    Its own checks and generators would take longer than the fits.
    """
    random, counts = check_random_state(random_state), np.bincount(codes)
    # A class with fewer rows than folds cannot be in each of them; such rows are spread
    # together with those of the largest class.
    strata = np.where(counts[codes] < n_splits, counts.argmax(), codes)
    n = len(codes)
    first = np.full(len(counts), n)
    first[strata[::-1]] = np.arange(n)[::-1]
    in_turn = np.argsort(np.argsort(first, kind="stable"))[strata]  # numbered as they first occur
    order = np.argsort(in_turn, kind="stable")
    dealt = in_turn[order]
    n_strata = int(dealt[-1]) + 1
    sizes = [np.bincount(dealt[i::n_splits], minlength=n_strata) for i in range(n_splits)]
    folds, start, numbers = np.empty(n, dtype=np.intp), 0, np.arange(n_splits)
    for of_class in np.transpose(sizes):
        own = np.repeat(numbers, of_class)
        random.shuffle(own)
        folds[start : start + len(own)] = own
        start += len(own)
    fold_of = np.empty(n, dtype=np.intp)
    fold_of[order] = folds
    return fold_of


def folds_of_units(
    units: IntArray | None, n_rows: int, n_splits: int, random: np.random.RandomState
) -> IntArray:
    """
    Number of the fold of each row, whatever its class; rows of one unit are in one fold.

    Maps with a bias need these: stratified folds all have the same share of each class, so
    that its chance excess over the probabilities would look like something to correct.
    """
    if units is None:
        return random.permutation(n_rows) % n_splits
    sizes = np.bincount(units)
    order = random.permutation(len(sizes))
    # Where the middle row of each unit is, if the units stand one after another.
    middle = np.cumsum(sizes[order]) - 0.5 * sizes[order]
    fold_of_unit = np.empty(len(sizes), dtype=np.intp)
    fold_of_unit[order] = np.minimum(middle / n_rows * n_splits, n_splits - 1).astype(np.intp)
    return np.unique(fold_of_unit[units], return_inverse=True)[1].reshape(-1)


def finite_logs(proba: Table, least: float) -> FloatArray:
    """Log-probabilities of all rows, without zeros."""
    logp = np.empty((proba.n_samples, proba.n_classes))
    for at, block in proba.log_probabilities():
        logp[at] = without_zeros(block, least)
    return logp


def without_zeros(logp: FloatArray, least: float) -> FloatArray:
    """
    Log-probabilities in which an impossible event has `least`, or as little as any other.

    What is possible has no floor: the result must not depend on a temperature that the
    predictions already have.
    """
    impossible = np.isneginf(logp)
    if not impossible.any():
        return logp
    others = np.where(impossible, 0.0, logp).min(axis=1, keepdims=True)
    return np.where(impossible, np.minimum(others, least), logp)


class Repeats:
    """
    Losses of the same rows by maps that were fitted to other folds, again and again.

    Each repeat cuts the folds anew; `units` are rows that belong together.
    """

    def __init__(
        self,
        x: FloatArray,
        codes: IntArray,
        weight: FloatArray | None,
        units: IntArray | None,
        least: float,
        seed: int,
    ) -> None:
        self.x, self.codes, self.least = x, codes, least
        self.weight = np.ones(len(codes)) if weight is None else weight
        self.units, self.random = units, np.random.RandomState(seed)
        self.folds: list[Folds] = []

    def more(self, n_repeats: int) -> None:
        """Cut the folds so many times more."""
        n, units = len(self.codes), self.units
        splits = min(N_SPLITS, n if units is None else int(units.max()) + 1)
        for _ in range(n_repeats):
            number = folds_of_units(units, n, splits, self.random)
            self.folds.append(Folds.of(number, self.weight))

    def held_out(self, fitted: FittedMethod, folds: Folds) -> FloatArray:
        """Loss of each row by the map that was fitted to the rows of the other folds."""
        return fitted.held_out(folds).clip(0.0, -self.least)

    def by_map(self, fitted: FittedMethod, folds: Folds) -> list[FloatArray]:
        """Losses of all rows by each of these maps."""
        maps = fitted.without_folds(folds)
        return [m.losses(self.x, self.codes).clip(0.0, -self.least) for m in maps]
