"""One-vs-rest reliability of each class: calibration curves by isotonic regression (CORP)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.optimize import isotonic_regression
from scipy.special import entr

from skxent._backend import class_weights
from skxent._typing import EPS, FloatArray, IntArray
from skxent.report._cells import Cells, grouped, in_parts
from skxent.report._content import Curve

__all__ = ["Calibration", "Draws", "calibrate"]

# Draws of so many numbers at a time stay in the cache.
_DRAWN = 1 << 15
# A binomial variance from which on its distribution is near to that of a rounded normal number.
_LARGE = 9.0
# To see what grouping takes off, labels are drawn so often for all cells, and the labels as they
# are stand in where these are too many numbers for a few draws.
_UNGROUPED, _FEWEST, _UNGROUPED_NUMBERS = 32, 4, 1 << 14
_MANY_CLASSES = 100
_GRID = np.linspace(0.0, 1.0, 41)
_HISTOGRAM = np.linspace(0.0, 1.0, 21)


@dataclass(frozen=True, slots=True)
class Calibration:
    """What calibration does to the one-vs-rest loss of one class."""

    loss: float
    """Mean loss in nats after isotonic recalibration."""
    null: float
    """Mean miscalibration where labels are drawn from the probabilities; nan without draws."""
    p_value: float
    curve: Curve


Band = tuple[FloatArray, FloatArray, FloatArray]
"""Places among the probabilities, and the lower and upper end of the curves there."""


@dataclass(frozen=True, slots=True)
class _Null:
    """What is left to chance: means and p-values, and for each class a band of curves."""

    means: FloatArray
    p_values: FloatArray
    bands: list[Band]


@dataclass(frozen=True, slots=True)
class Draws:
    """How labels are drawn."""

    n: int
    two: bool
    """Whether there are two classes."""
    sparing: bool
    """Whether there are many classes."""
    eps: float
    confidence_level: float
    """Of the bands."""

    @classmethod
    def of(cls, n_null: int, n_classes: int, eps: float, confidence_level: float) -> Draws:
        """A quarter of what was asked where there are many classes."""
        many = n_classes > _MANY_CLASSES
        n = math.ceil(n_null / 4) if many else n_null
        return cls(n, n_classes == 2, many, eps, confidence_level)


def calibrate(parts: Iterable[Cells], draws: Draws, rng: np.random.Generator) -> list[Calibration]:
    """
    Isotonic calibration of each class, beside that of labels drawn from its probabilities.

    `parts` are the cells of all classes in their order, some classes at a time.
    """
    if draws.two:
        return _of_two(parts, draws, rng)
    found: list[Calibration] = []
    for cells in parts:
        fit = _Fit.of(cells)
        found += fit.beside(_null(cells, fit.losses, draws, rng))
    return found


@dataclass(frozen=True, slots=True)
class _Fit:
    """Isotonic regressions of classes, and the mean losses that they leave."""

    cells: Cells
    share: FloatArray
    starts: IntArray
    losses: FloatArray

    @classmethod
    def of(cls, cells: Cells) -> _Fit:
        share, starts = _isotonic(cells)
        weight = np.add.reduceat(cells.weight, starts)
        losses = _left(cells.hits, weight, starts, cells.classes[starts], len(cells.first))
        return cls(cells, share, starts, losses / cells.totals(cells.weight))

    def beside(self, null: _Null) -> list[Calibration]:
        """With what is left to chance."""
        curves = _curves(self.cells, self.share, self.starts, null.bands)
        numbers = (self.losses.tolist(), null.means.tolist(), null.p_values.tolist())
        return list(map(Calibration, *numbers, curves))


def _of_two(parts: Iterable[Cells], draws: Draws, rng: np.random.Generator) -> list[Calibration]:
    """The curve of one of two classes is that of the other turned around, and so is its null."""
    one, other = (_Fit.of(each) for cells in parts for each in in_parts(cells, 1))
    null = _null(other.cells, other.losses, draws, rng)
    turned = [tuple(1.0 - ends[::-1] for ends in (x, high, low)) for x, low, high in null.bands]
    of_one = _Null(null.means, null.p_values, [(x, low, high) for x, low, high in turned])
    return [*one.beside(of_one), *other.beside(null)]


def _curves(
    cells: Cells,
    share: FloatArray,
    starts: IntArray,
    bands: list[Band],
) -> Iterator[Curve]:
    """The calibration curve of each class by the corners of its steps."""
    corner = np.zeros(len(share), dtype=bool)
    corner[starts] = corner[starts - 1] = True  # a step ends before the next; the last one at -1
    corners = np.flatnonzero(corner)
    ends = np.searchsorted(corners, cells.first[1:])
    probas, shares = _cut(cells.proba[corners], ends), _cut(share[corners], ends)
    n_bins = len(_HISTOGRAM) - 1
    bins = np.searchsorted(_HISTOGRAM, cells.proba, side="right") - 1
    bins = np.minimum(bins, n_bins - 1) + n_bins * cells.classes
    counts = np.bincount(bins, cells.weight, n_bins * len(cells.first)).reshape(-1, n_bins)
    for c, (grid, low, high) in enumerate(bands):
        yield Curve(probas[c], shares[c], grid, low, high, _HISTOGRAM, counts[c])


def _null(cells: Cells, losses: FloatArray, draws: Draws, rng: np.random.Generator) -> _Null:
    """Miscalibration and curves of labels that are drawn from the probabilities."""
    n = len(losses)
    if draws.n == 0:
        nothing = np.empty(0)
        return _Null(np.full(n, np.nan), np.full(n, np.nan), [(nothing, nothing, nothing)] * n)
    few = grouped(cells, sparing=draws.sparing)
    means, p_values, coarser = [], [], []
    bands: list[Band] = []
    for part in in_parts(few, _DRAWN // (draws.n + 1)):
        at = _places(part)
        hits = _drawn(part, draws.n, rng)
        values, left, curves = _miscalibrations(hits, part, draws.eps, np.concatenate(at))
        observed, drawn = values[0], values[1:]
        # To rounding: a draw that equals the labels is as bad as they are.
        as_bad = np.count_nonzero(drawn >= observed * (1.0 - 1e-12) - 1e-12, axis=0)
        p_values.append((1.0 + as_bad) / (1.0 + draws.n))
        means.append(drawn.mean(axis=0))
        coarser.append(left[0])
        bands += _bands(part, at, curves[1:], draws.confidence_level)
    found = np.concatenate(means)
    if few is not cells:
        # What the groups take from the miscalibration of a calibrated model. That the cost at the
        # mean probability of a group differs has a known mean.
        costs = [x.totals(x.weight * (entr(x.proba) + entr(1.0 - x.proba))) for x in (cells, few)]
        found += (costs[0] - costs[1]) / cells.totals(cells.weight)
        taken = _taken_by_groups(cells, few, draws, rng)
        found += np.concatenate(coarser) - losses if taken is None else taken
    return _Null(found, np.concatenate(p_values), bands)


def _taken_by_groups(
    cells: Cells, few: Cells, draws: Draws, rng: np.random.Generator
) -> FloatArray | None:
    """By how much more coarser regressions leave of labels that are drawn; None for many cells."""
    n = min(draws.n, _UNGROUPED, _UNGROUPED_NUMBERS // len(cells.proba))
    if n < _FEWEST:
        return None
    hits, nowhere = _drawn(cells, n, rng)[1:], np.empty(0, dtype=np.intp)
    starts = np.append(0, np.searchsorted(np.cumsum(cells.rows), np.cumsum(few.rows)[:-1]) + 1)
    fine = _miscalibrations(hits, cells, draws.eps, nowhere)[1]
    hits = np.add.reduceat(hits, starts, axis=1)
    return (_miscalibrations(hits, few, draws.eps, nowhere)[1] - fine).mean(axis=0)


def _drawn(cells: Cells, draws: int, rng: np.random.Generator) -> FloatArray:
    """Observed hits in the first row; below, hits drawn from the probabilities."""
    # The draws of a cell follow each other: what binomial prepares for a cell serves them all.
    rows = np.rint(cells.rows)[:, None]
    drawn = _binomials(rows[:, 0], cells.proba, draws, rng)
    # Weights of the hits are a sample of those of the cell: their sum has a mean and a variance
    # that the beta distribution shares, and lies between 0 and the weight of the cell.
    mean = cells.weight[:, None] / rows
    variance = np.maximum(cells.square[:, None] / rows - mean * mean, 0.0)
    share = drawn / rows
    mixed = (variance > 1e-9 * mean * mean)[:, 0]  # less is rounding
    if mixed.any():
        n, hits, even = rows[mixed], drawn[mixed], (mean[mixed] ** 2) / variance[mixed]
        each = np.maximum((n - 1.0) * even - 1.0, EPS) / n
        some = (hits > 0) & (hits < n)
        ends = (np.where(some, x * each, 1.0) for x in (hits, n - hits))
        share[mixed] = np.where(some, rng.beta(*ends), hits / n)
    found = np.empty((1 + draws, len(rows)))
    found[0] = cells.hits
    np.multiply(share.T, cells.weight, out=found[1:])
    return found


def _binomials(
    rows: FloatArray, proba: FloatArray, draws: int, rng: np.random.Generator
) -> FloatArray:
    """Numbers of hits, `draws` for each cell; large ones from normal numbers, skewed alike."""
    variance = rows * proba * (1.0 - proba)
    large = variance > _LARGE
    found, few = np.empty((len(rows), draws)), ~large
    found[few] = _by_inversion(rows[few], proba[few], rng.random((np.count_nonzero(few), draws)))
    if large.any():
        n, p = rows[large, None], proba[large, None]
        z = rng.standard_normal((len(n), draws))
        # Cornish and Fisher's quantile; to round it adds a twelfth to the variance.
        hits = n * p + np.sqrt(variance[large, None] - 1.0 / 12.0) * z
        hits += (1.0 - 2.0 * p) / 6.0 * (z * z - 1.0)
        found[large] = np.clip(np.rint(hits, out=hits), 0.0, n)
    return found


def _by_inversion(rows: FloatArray, proba: FloatArray, at: FloatArray) -> FloatArray:
    """Quantiles of binomial distributions, a row each: all at once, few as the hits are."""
    # Of the rarer outcome, so that none has no chance to begin with.
    rare = np.minimum(proba, 1.0 - proba)
    chance = np.exp(rows * np.log1p(-rare))
    total, hits = chance.copy(), np.zeros(at.shape, dtype=np.uint8)
    for n in range(int(rows.max(initial=0.0))):
        beyond = at > total[:, None]
        if not beyond.any():
            break
        hits += beyond.view(np.uint8)
        chance *= np.maximum(rows - n, 0.0) * rare / ((n + 1.0) * (1.0 - rare))
        total += chance
    return np.where((proba > rare)[:, None], rows[:, None] - hits, hits)


def _miscalibrations(
    hits: FloatArray, cells: Cells, eps: float, places: IntArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """
    Miscalibration of several draws of hits, one a row; what is left of them; and their curves.

    The first two have shape (n_draws, n_classes), the curves are given at some of the cells.
    """
    n_draws, n_classes = len(hits), len(cells.first)
    weight = np.tile(cells.weight, n_draws)
    # One regression does for all of them: each is lifted above the one before, so that they do
    # not mix. That takes the last digits, on which only depends whether steps of nearly the same
    # height are one or two.
    sequence = (np.arange(n_draws)[:, None] * n_classes + cells.classes).reshape(-1)
    lift = 2.0 * sequence
    fit = isotonic_regression((hits / cells.weight).reshape(-1) + lift, weights=weight)
    starts = fit.blocks[:-1]
    left = _left(hits.reshape(-1), fit.weights, starts, sequence[starts], n_draws * n_classes)
    left = left.reshape(n_draws, n_classes)
    total = cells.totals(cells.weight)
    values = (_paid(hits, cells, eps) - left) / total
    curves = (fit.x - lift).reshape(hits.shape)[:, places]
    return values, left / total, np.clip(curves, 0.0, 1.0)


def _paid(hits: FloatArray, cells: Cells, eps: float) -> FloatArray:
    """Loss of each draw and class as predicted."""
    with np.errstate(divide="ignore"):
        hit, miss = (-np.log(np.maximum(x, eps)) for x in (cells.proba, 1.0 - cells.proba))
    if np.isfinite(hit).all() and np.isfinite(miss).all():
        paid = np.add.reduceat(hits * (hit - miss), cells.first, axis=1)
        return paid + cells.totals(cells.weight * miss)
    parts = ((hits, hit), (cells.weight - hits, miss))
    with np.errstate(invalid="ignore"):  # 0 hits at an infinite cost
        each = sum(np.where(x > 0, x * cost, 0.0) for x, cost in parts)
    return np.add.reduceat(each, cells.first, axis=1)


def _bands(
    cells: Cells, at: list[IntArray], curves: FloatArray, confidence_level: float
) -> Iterator[Band]:
    """Quantiles of the drawn curves, one a row, at the places `at` of each class."""
    tails = np.array([0.5 - 0.5 * confidence_level, 0.5 + 0.5 * confidence_level])
    ordered = np.sort(curves.T, axis=1)
    # Linear between the two draws beside the quantile, as np.quantile, for many places at once.
    last = len(curves) - 1
    below = np.floor(tails * last).astype(np.intp)
    rest, above = tails * last - below, np.minimum(below + 1, last)
    low, high = (ordered[:, below] + rest * (ordered[:, above] - ordered[:, below])).T
    ends = np.cumsum([len(x) for x in at])[:-1]
    grid = cells.proba[np.concatenate(at)]
    yield from zip(*(_cut(x, ends) for x in (grid, low, high)), strict=True)


def _cut(values: FloatArray, ends: IntArray) -> list[FloatArray]:
    """What np.split does, in a tenth of its time."""
    return [values[i:j] for i, j in pairwise([0, *ends.tolist(), len(values)])]


def _places(cells: Cells) -> list[IntArray]:
    """Cells of each class at evenly spread probabilities, none twice."""
    found = []
    for start, stop in cells.ranges():
        proba = cells.proba[start:stop]
        places = proba[0] + (proba[-1] - proba[0]) * _GRID
        at = np.minimum(np.searchsorted(proba, places), len(proba) - 1)
        found.append(start + at[np.append(True, at[1:] > at[:-1])])
    return found


def _isotonic(cells: Cells) -> tuple[FloatArray, IntArray]:
    """Isotonic share of the hits of each class, and where each of its steps begins."""
    shares, starts = [], []
    observed = cells.hits / cells.weight
    for start, stop in cells.ranges():
        fit = isotonic_regression(observed[start:stop], weights=cells.weight[start:stop])
        shares.append(fit.x)
        starts.append(fit.blocks[:-1] + start)
    return np.clip(np.concatenate(shares), 0.0, 1.0), np.concatenate(starts)


def _left(
    hits: FloatArray, weight: FloatArray, starts: IntArray, sequence: IntArray, n: int
) -> FloatArray:
    """
    Loss of each of `n` sequences if each of its steps predicts its own share of hits.

    `weight`, `starts` and `sequence` are those of the steps.
    """
    hit, of_all = np.add.reduceat(hits, starts), np.log(weight)
    miss = np.maximum(weight - hit, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = [np.where(x > 0, x * (of_all - np.log(x)), 0.0) for x in (hit, miss)]
    return class_weights(sequence, n, np.maximum(parts[0] + parts[1], 0.0))
