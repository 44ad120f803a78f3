"""One-vs-rest reliability of each class: calibration curves by isotonic regression (CORP)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression
from scipy.special import entr

from skxent._intake._rows import Labelled
from skxent._typing import EPS, FloatArray, IntArray
from skxent.report._content import Curve

__all__ = ["Calibration", "Cells", "calibrate", "cells_of_bins", "exact_cells"]

# Labels are drawn for every probability up to so many, and beyond for groups of neighbours.
_MOST_CELLS = 2048
_GROUPS = 128
_GRID = 41
_HISTOGRAM = np.linspace(0.0, 1.0, 21)


@dataclass(frozen=True, slots=True)
class Cells:
    """Rows that share a probability of one class, or nearly so; ascending."""

    proba: FloatArray
    weight: FloatArray
    square: FloatArray
    """Sum of their squared weights."""
    hits: FloatArray
    """Weight of those that are of the class."""
    rows: FloatArray
    """Number of those that have a weight."""


def cells_of_bins(histogram: FloatArray) -> Cells:
    """The bins of one class that hold rows, from an array of shape (5, n_bins)."""
    weight, square, proba, hits, rows = histogram[:, histogram[0] > 0]
    return Cells(np.minimum(proba / weight, 1.0), weight, square, hits, rows)


def exact_cells(rows: Labelled) -> Iterator[Cells]:
    """The different probabilities of each class; a few columns are in memory at a time."""
    for j, column in enumerate(_columns(rows)):
        hit = rows.codes == j
        if rows.weight is None:
            yield _unweighted_cells(column, hit)
            continue
        order = np.argsort(column)
        order = order[rows.weight[order] > 0]
        proba, w = column[order], rows.weight[order]
        first = np.flatnonzero(np.append(True, proba[1:] > proba[:-1]))
        sums = (np.add.reduceat(x, first) for x in (w, w * w, w * hit[order], np.ones(len(w))))
        yield Cells(proba[first], *sums)


def _unweighted_cells(column: FloatArray, hit: NDArray[np.bool_]) -> Cells:
    # The bits of numbers from 0 to 1 ascend with them and leave the first two free: with the
    # hit in the last place, sorting the bits takes a quarter of the time of finding the order.
    bits = np.abs(column).view(np.int64) << 1
    bits |= hit
    bits.sort()
    proba = (bits >> 1).view(np.float64)
    first = np.flatnonzero(np.append(True, proba[1:] > proba[:-1]))
    weight = np.diff(first, append=len(proba)).astype(np.float64)
    hits = np.add.reduceat(bits & 1, first).astype(np.float64)
    return Cells(proba[first], weight, weight, hits, weight)


def _columns(rows: Labelled) -> Iterator[FloatArray]:
    n, k = rows.proba.n_samples, rows.proba.n_classes
    group = max(1, min(k, (1 << 23) // n))
    for first in range(0, k, group):
        held = np.empty((min(group, k - first), n))
        for at, p in rows.proba.probabilities():
            held[:, at] = p[:, first : first + group].T
        yield from held


@dataclass(frozen=True, slots=True)
class Calibration:
    """What calibration does to the one-vs-rest loss of one class."""

    loss: float
    """Mean loss in nats after isotonic recalibration."""
    null: float
    """Mean miscalibration where labels are drawn from the probabilities; nan without draws."""
    p_value: float
    curve: Curve


def calibrate(
    cells: Cells,
    *,
    eps: float,
    n_null: int,
    confidence_level: float,
    rng: np.random.Generator,
    bins: Cells | None = None,
) -> Calibration:
    """
    Isotonic calibration of one class, beside that of labels drawn from its probabilities.

    The labels are drawn for groups of `bins` where `cells` are too many; without `bins`, these
    are what `cells` are.
    """
    total = cells.weight.sum()
    share, starts = _isotonic(cells.hits, cells.weight)
    loss = float(_entropy(cells.hits, cells.weight, starts).sum() / total)
    ends = np.append(starts[1:], len(share)) - 1
    corners = np.unique(np.concatenate([starts, ends]))
    counts, _ = np.histogram(cells.proba, _HISTOGRAM, weights=cells.weight)
    null = p_value = math.nan
    grid = low = high = np.empty(0)
    if n_null > 0:
        exact = bins is not None and len(cells.proba) <= _MOST_CELLS
        few = cells if exact else _few(bins or cells)
        hits = _draws(few, n_null, rng)
        values, shares = _miscalibrations(hits, few, eps)
        observed, drawn = values[0], values[1:]
        # To rounding: a draw that equals the labels is as bad as they are.
        as_bad = np.count_nonzero(drawn >= observed * (1.0 - 1e-12) - 1e-12)
        p_value = (1.0 + as_bad) / (1.0 + n_null)
        null = float(drawn.mean()) + _lost(cells, few, loss)
        grid, low, high = _band(few.proba, shares[1:], confidence_level)
    curve = Curve(
        cells.proba[corners], share[corners], grid, low, high, _HISTOGRAM, counts.astype(float)
    )
    return Calibration(loss, null, p_value, curve)


def _lost(cells: Cells, few: Cells, loss: float) -> float:
    """What the groups take from the miscalibration of a calibrated model, on average."""
    if few is cells:
        return 0.0
    total = cells.weight.sum()
    # That the cost at the mean probability of a group differs has a known mean; that the
    # regression is coarser is seen in the labels as they are.
    costs = [(x.weight * (entr(x.proba) + entr(1.0 - x.proba))).sum() / total for x in (cells, few)]
    _, starts = _isotonic(few.hits, few.weight)
    coarser = _entropy(few.hits, few.weight, starts).sum() / total
    return float(costs[0] - costs[1] + coarser - loss)


def _few(cells: Cells) -> Cells:
    """Groups of neighbours that tell alike much, and whose odds differ by a factor of 4 at most."""
    told = np.cumsum(cells.weight * cells.proba * (1.0 - cells.proba))
    part = np.floor(told * (_GROUPS / max(told[-1], EPS)))
    octave = np.floor(0.5 * np.log2((cells.proba + EPS) / (1.0 - cells.proba + EPS)))
    new = (part[1:] != part[:-1]) | (octave[1:] != octave[:-1])
    first = np.flatnonzero(np.append(True, new))
    proba = cells.weight * cells.proba
    sums = (cells.weight, cells.square, proba, cells.hits, cells.rows)
    weight, square, proba, hits, rows = (np.add.reduceat(x, first) for x in sums)
    return Cells(np.minimum(proba / weight, 1.0), weight, square, hits, rows)


def _draws(cells: Cells, n_null: int, rng: np.random.Generator) -> FloatArray:
    """Observed hits in the first row; below, hits drawn from the probabilities."""
    rows = np.rint(cells.rows)
    drawn = rng.binomial(rows.astype(np.int64), cells.proba, (n_null, len(rows))).astype(np.float64)
    # Weights of the hits are a sample of those of the cell: their sum has a mean and a variance
    # that the beta distribution shares, and lies between 0 and the weight of the cell.
    mean = cells.weight / rows
    variance = np.maximum(cells.square / rows - mean * mean, 0.0)
    share = drawn / rows
    mixed = variance > 1e-9 * mean * mean  # less is rounding
    if mixed.any():
        n, hits, even = rows[mixed], drawn[:, mixed], (mean[mixed] ** 2) / variance[mixed]
        each = np.maximum((n - 1.0) * even - 1.0, EPS) / n
        some = (hits > 0) & (hits < n)
        ends = (np.where(some, x * each, 1.0) for x in (hits, n - hits))
        share[:, mixed] = np.where(some, rng.beta(*ends), hits / n)
    return np.vstack([cells.hits, share * cells.weight])


def _band(
    proba: FloatArray, shares: FloatArray, confidence_level: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Places among the probabilities, and quantiles of the drawn curves there."""
    places = np.linspace(proba[0], proba[-1], _GRID)
    at = np.unique(np.clip(np.searchsorted(proba, places), 0, len(proba) - 1))
    tails = [0.5 - 0.5 * confidence_level, 0.5 + 0.5 * confidence_level]
    low, high = np.quantile(shares[:, at], tails, axis=0)
    return proba[at], low, high


def _isotonic(hits: FloatArray, weight: FloatArray) -> tuple[FloatArray, IntArray]:
    """Isotonic share of the hits, and where each of its steps begins."""
    fit = isotonic_regression(hits / weight, weights=weight)
    return np.clip(fit.x, 0.0, 1.0), fit.blocks[:-1]


def _entropy(hits: FloatArray, weight: FloatArray, starts: IntArray) -> FloatArray:
    """Loss of each step, times its weight, if it predicts its own share of hits."""
    hit, all_ = np.add.reduceat(hits, starts), np.add.reduceat(weight, starts)
    miss = np.maximum(all_ - hit, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = [np.where(x > 0, x * (np.log(all_) - np.log(x)), 0.0) for x in (hit, miss)]
    return np.maximum(parts[0] + parts[1], 0.0)


def _miscalibrations(hits: FloatArray, cells: Cells, eps: float) -> tuple[FloatArray, FloatArray]:
    """
    Miscalibration of several draws of hits, one a row, and their calibrated shares.

    One regression does for all of them: each draw is lifted above the one before, so that
    they do not mix.
    """
    n_draws, n = hits.shape
    with np.errstate(divide="ignore"):
        costs = [-np.log(np.maximum(x, eps)) for x in (cells.proba, 1.0 - cells.proba)]
    with np.errstate(invalid="ignore"):  # 0 hits at an infinite cost
        paid = [
            np.where(x > 0, x * cost, 0.0).sum(axis=1)
            for x, cost in zip((hits, cells.weight - hits), costs, strict=True)
        ]
    lift = 2.0 * np.arange(n_draws)[:, None]
    weight = np.tile(cells.weight, n_draws)
    fit = isotonic_regression((hits / cells.weight + lift).reshape(-1), weights=weight)
    starts = fit.blocks[:-1]
    left = np.bincount(starts // n, _entropy(hits.reshape(-1), weight, starts), n_draws)
    shares = np.clip(fit.x.reshape(hits.shape) - lift, 0.0, 1.0)
    return (paid[0] + paid[1] - left) / cells.weight.sum(), shares
