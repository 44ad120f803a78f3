"""Recalibration that each row gets from maps fitted to other rows."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from sklearn.utils import check_random_state

from skxent._backend import class_weights
from skxent._intake._rows import Labelled
from skxent._typing import FloatArray, IntArray
from skxent.recalibration._maps import Map, Method, fit_map

__all__ = [
    "N_SPLITS",
    "class_losses",
    "cross_fitted_losses",
    "finite_logs",
    "shuffled_folds",
    "stratified_folds",
]

N_SPLITS = 5
RandomState = int | np.random.RandomState | None


def stratified_folds(
    codes: IntArray, n_splits: int, random_state: int | np.random.RandomState | None
) -> IntArray:
    """Number of the fold of each row."""
    from sklearn.model_selection import StratifiedKFold  # slow to import, and not always needed

    n_splits = min(n_splits, len(codes))
    counts = np.bincount(codes)
    # A class with fewer rows than folds cannot be in each of them; such rows are spread
    # together with those of the largest class.
    strata = np.where(counts[codes] < n_splits, counts.argmax(), codes)
    folds = StratifiedKFold(n_splits, shuffle=True, random_state=random_state)
    fold_of = np.empty(len(codes), dtype=np.intp)
    for i, (_, test) in enumerate(folds.split(strata, strata)):
        fold_of[test] = i
    return fold_of


def shuffled_folds(
    codes: IntArray, n_splits: int, random_state: int | np.random.RandomState | None
) -> IntArray:
    """
    Number of the fold of each row, whatever its class.

    Maps with a bias need these: stratified folds all have the same share of each class, so
    that its chance excess over the probabilities would look like something to correct.
    """
    n_splits = min(n_splits, len(codes))
    return check_random_state(random_state).permutation(len(codes)) % n_splits


def cross_fitted_losses(
    rows: Labelled,
    methods: Sequence[Method],
    *,
    eps: float,
    n_splits: int = N_SPLITS,
    random_state: RandomState = 0,
    stratified: bool = True,
    n_fit: int | None = None,
) -> tuple[FloatArray, list[list[Map]]]:
    """
    Log loss in nats of each row after each method: shape (n_methods, n_samples); and the maps.

    Rows of weight 0 are in no fold: nothing is fitted to them, and their loss is 0. Maps are
    fitted to at most `n_fit` rows, drawn at random, and applied to all. The maps are those of
    each fold, in lists of one for each method.
    """
    least = math.log(eps)
    n, weight = rows.proba.n_samples, rows.weight
    counted = np.arange(n) if weight is None else np.flatnonzero(weight > 0)
    fold_of = np.full(n, -1, dtype=np.intp)
    folds_of = stratified_folds if stratified else shuffled_folds
    fold_of[counted] = folds_of(rows.codes[counted], n_splits, random_state)
    drawn = counted
    if n_fit is not None and len(counted) > n_fit:
        rng = check_random_state(random_state)
        drawn = np.sort(rng.choice(counted, size=n_fit, replace=False))
    logp = finite_logs(rows, drawn, least)
    maps: list[list[Map]] = []
    for fold in range(fold_of.max() + 1):
        train = fold_of[drawn] != fold
        own = None if weight is None else weight[drawn][train]
        maps.append(
            [fit_map(method, logp[train], rows.codes[drawn][train], own) for method in methods]
        )
    losses = np.zeros((len(methods), n))
    for at, logs in rows.proba.log_probabilities():
        block = _finite(logs, least)
        codes, folds = rows.codes[at], fold_of[at]
        for fold, fitted in enumerate(maps):
            inside = np.flatnonzero(folds == fold)
            z, own_codes = block[inside], codes[inside]
            for i, method_map in enumerate(fitted):
                loss = method_map.losses(z, own_codes)
                losses[i, at.start + inside] = np.clip(loss, 0.0, -least)
    return losses, maps


def class_losses(rows: Labelled, maps: Sequence[Map], eps: float) -> FloatArray:
    """Weighted losses of the rows of each class after each map: shape (n_maps, n_classes)."""
    least, k = math.log(eps), rows.proba.n_classes
    sums = np.zeros((len(maps), k))
    for at, logs in rows.proba.log_probabilities():
        block, codes = _finite(logs, least), rows.codes[at]
        weight = 1.0 if rows.weight is None else rows.weight[at]
        for i, fitted in enumerate(maps):
            losses = np.clip(fitted.losses(block, codes), 0.0, -least)
            sums[i] += class_weights(codes, k, losses * weight)
    return sums


def finite_logs(rows: Labelled, drawn: IntArray, least: float) -> FloatArray:
    """Finite log-probabilities of the rows in `drawn`, which ascends."""
    logp = np.empty((len(drawn), rows.proba.n_classes))
    for at, block in rows.proba.log_probabilities():
        first, last = np.searchsorted(drawn, (at.start, at.stop))
        logp[first:last] = _finite(block[drawn[first:last] - at.start], least)
    return logp


def _finite(logp: FloatArray, least: float) -> FloatArray:
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
