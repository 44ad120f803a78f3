"""From checked rows and columns to everything that is said of slices."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skxent._intake._features import Feature
from skxent._intake._groups import Groups
from skxent._intake._rows import Labelled
from skxent._render._words import counted
from skxent._typing import FloatArray, IntArray
from skxent.report._weights import weights_follow_classes
from skxent.slices._cells import Cells
from skxent.slices._distinct import distinct
from skxent.slices._figures import Tested, first_of_largest, overall_figures, slice_figures
from skxent.slices._levels import combined, levels_of
from skxent.slices._null import chance_of, step_down
from skxent.slices._predicted import Predicted, predicted, recalibrated
from skxent.slices._sums import SliceSums, deviations, sums_of_slices
from skxent.statistic._sums import statistics

__all__ = ["CLASS_WEIGHTS", "How", "classes_to_test", "place_of_positive", "slices_of"]

# With fewer rows a slice is not looked for.
_FEWEST = 20
# Of a column that is looked through, so many levels, the most frequent; of one that was asked
# for, numbers with so many different values are not cut at quantiles.
_MOST_LEVELS, _MOST_VALUES = 20, 50
# Classes that are tested one by one, those that are expected to cost most; of more, only all
# classes together are.
_MOST_CLASSES = 20

CLASS_WEIGHTS = (
    "The weights follow the classes more than the probabilities explain, as weights that are made "
    "from the labels do: the gap is not zero for a calibrated model then, so that there is no test."
)
_RECALIBRATED = (
    "The model as a whole is miscalibrated: slices are tested after recalibration ({}), each row "
    "with a map that was fitted to other rows. What is found is wrong beyond that."
)
_GROUPED = (
    "Tests count {} group{}: how labels of a group hang together is not known. What is found is "
    "beyond what random signs of their gaps do, and beyond labels that are drawn."
)
_FEW_GROUPS = f"Of fewer than {_FEWEST} groups, signs say little: p-values are rough."
_CERTAIN = "The model is certain of every row of them, so that chance does nothing: no test."
_SMALL = "No slice has {} rows, the fewest that are looked for with min_share={:g}: no test."
_SOME = "What chance does is that of {} rows, drawn at random."
_FEWER_PAIRS = (
    "There are too many pairs of values to look at: pairs are those of the {} most frequent. Pass "
    "fewer columns to look at more."
)
_NO_SLICE = (
    "No slice is made of {}: too few rows have one value of it. Pass it in coarser categories, or "
    "as numbers or times, which are cut into bins."
)
# Of these columns are named.
_MOST_NAMES = 5
_CLASSES = "Only the {} classes that are expected to cost most are tested one by one."


@dataclass(frozen=True, slots=True)
class How:
    """How to look for slices; checked keywords of `log_loss_slices`."""

    by: tuple[int, ...]
    """Places of the columns that were asked for; empty: slices are searched."""
    max_depth: int
    n_bins: int
    min_share: float
    eps: float
    unit: float
    base: float
    confidence_level: float
    recalibration: bool
    n_draws: int
    seed: int
    positive: int
    """Of two classes, the place of the one that is named."""


def slices_of(
    rows: Labelled, features: list[Feature], groups: Groups | None, names: tuple[Any, ...], how: How
) -> dict[str, Any]:
    """Everything that is said of the slices of these rows: the fields of `SlicesContent`."""
    losses = np.empty(rows.proba.n_samples)
    totals = statistics(rows, how.eps, losses, groups)
    codes = None if groups is None else groups.codes
    found = predicted(rows, losses, codes, how.eps)
    notes, recalibration = [], "none"
    if how.recalibration:
        found, recalibration = recalibrated(rows, found, losses, codes, eps=how.eps, seed=how.seed)
        if recalibration != "none":
            notes.append(_RECALIBRATED.format(recalibration))
    testable = not weights_follow_classes(totals)
    if not testable:
        notes.append(CLASS_WEIGHTS)
    # What is tested does not depend on the unit of the weights.
    unit = float(found.weight.mean())
    found = replace(found, weight=found.weight / unit)
    cells = _cells(_counted(features, rows.weight), how)
    if how.max_depth > 1 and not how.by and cells.left_out:
        notes.append(_FEWER_PAIRS.format(len(cells.paired)))
    if not how.by and (idle := _without_slice(cells, features, how)):
        notes.append(_NO_SLICE.format(idle))
    sums = sums_of_slices(found, cells)
    tested, remarks = _tests(found, cells, sums, how, testable)
    n_groups = None if found.groups is None else len(np.unique(found.groups))
    if n_groups is not None and testable:
        remarks.append(_GROUPED.format(n_groups, "s" if n_groups != 1 else ""))
        if n_groups < _FEWEST:
            remarks.append(_FEW_GROUPS)
    return _content(
        found, cells, sums, tested, how, unit,
        labels=rows.labels.copy(),
        target_names=names,
        by=tuple(features[i].name for i in how.by),
        recalibration=recalibration,
        n_draws=how.n_draws if testable else 0,
        notes=tuple(notes + remarks),
        n_groups=n_groups,
    )  # fmt: skip


def _counted(features: list[Feature], weight: FloatArray | None) -> list[Feature]:
    """The columns without the rows of weight 0."""
    if weight is None or (weight > 0).all():
        return features
    return [feature.taken(weight > 0) for feature in features]


def _cells(features: list[Feature], how: How) -> Cells:
    if how.by:
        asked = [levels_of(features[i], how.n_bins, most_values=_MOST_VALUES) for i in how.by]
        return Cells([combined(asked)], 1)
    levels = [
        levels_of(f, how.n_bins, most_values=how.n_bins, most_levels=_MOST_LEVELS) for f in features
    ]
    return Cells(levels, how.max_depth)


def _least_rows(how: How, n: int) -> int:
    return 1 if how.by else max(_FEWEST, math.ceil(how.min_share * n))


def _without_slice(cells: Cells, features: list[Feature], how: How) -> str:
    """The names of columns no value of which is in enough rows, such as names of the rows."""
    least = min(_least_rows(how, cells.n_rows), cells.n_rows)
    pairs = zip(features, cells.levels, strict=True)
    names = [
        feature.name
        for feature, levels in pairs
        if feature.codes is not None and np.bincount(levels.codes + 1)[1:].max() < least
    ]
    more = [counted(len(names) - _MOST_NAMES, "other")] if len(names) > _MOST_NAMES else []
    return ", ".join([*names[:_MOST_NAMES], *more])


def _tests(
    rows: Predicted, cells: Cells, sums: SliceSums, how: How, testable: bool
) -> tuple[Tested, list[str]]:
    """Tests of the gaps of all slices and classes, and remarks on them."""
    n, k = rows.proba.shape
    z, scores = deviations(sums.gaps, sums.scale, skewed=rows.groups is None)
    of_class = classes_to_test(sums, how.positive)
    tested = ~np.isnan(scores) & np.append(of_class, True) & testable
    least_rows = _least_rows(how, n)
    # What all rows have in common is no slice, nor is a pair that says no more than a part of it.
    parts = (sums.support >= least_rows) & ((sums.support < n) | bool(how.by))
    parts &= ~cells.repeats(sums.support)
    tested &= parts[:, None]
    remarks: list[str] = []
    if not tested.any():
        if testable and parts.any():
            remarks.append(_CERTAIN)
        elif testable:
            remarks.append(_SMALL.format(least_rows, how.min_share))
        return _untested(z, sums), remarks
    chance = chance_of(rows, cells, sums, tested, how.n_draws, how.seed)
    if rows.groups is not None:
        z = deviations(sums.gaps, sums.scale, chance.effect, skewed=False)[0]
    if chance.n_rows < n:
        remarks.append(_SOME.format(chance.n_rows))
    if k > _MOST_CLASSES:
        remarks.append(_CLASSES.format(int(of_class.sum())))
    p_values, downs = [], []
    for null in chance.nulls:
        down = step_down(null.seen.ravel(), (b.reshape(-1, b.shape[2]) for b in null.scores()))
        downs.append(down)
        p_values.append(down.p_value.reshape(null.seen.shape))
    # Where one of them does not hold, the other does.
    p_value = np.maximum.reduce(p_values)
    column, least, largest = _clearest(p_value, chance.nulls[-1].seen)
    order = np.lexsort((-largest, np.where(np.isnan(least), np.inf, least)))
    level = 1.0 - how.confidence_level
    candidates = order[least[order] <= level * (1 + 1e-9)]
    if how.by or not len(candidates):  # what was asked for does not overlap
        return Tested(z, least, column, order, candidates.tolist()), remarks
    of_candidates = chance.nulls[0].seen[candidates, column[candidates]]
    needed = min(downs[0].needed(level), float(of_candidates.min()))
    own = replace(rows, proba=rows.proba.copy(), cost=rows.cost.copy())
    kept = distinct(own, cells, candidates, column[candidates], needed)
    return Tested(z, least, column, order, kept), remarks


def _clearest(p_value: FloatArray, sizes: FloatArray) -> tuple[IntArray, FloatArray, FloatArray]:
    """Of each slice the class with the smallest p-value, this, and its score; nan and -inf."""
    n, k = sizes.shape[0], sizes.shape[1] - 1
    some = ~np.isnan(p_value).all(axis=1)
    column, least, largest = np.full(n, k), np.full(n, np.nan), np.full(n, -np.inf)
    p, size = p_value[some], sizes[some]
    least[some] = np.nanmin(p, axis=1)
    largest[some] = np.where(p <= least[some][:, None], size, -np.inf).max(axis=1)
    # Not those that are larger, and have a larger p-value by the signs of groups.
    size = np.where(size <= largest[some][:, None] * (1.0 + 1e-6), size, -np.inf)
    column[some] = first_of_largest(size)
    return column, least, largest


def classes_to_test(sums: SliceSums, positive: int) -> NDArray[np.bool_]:
    """
    The classes that are tested one by one, chosen by what was expected alone.

    Of two, the one says what the other does: the `positive` one.
    """
    k = sums.gaps.gap.shape[1] - 1
    if k <= _MOST_CLASSES:
        return (np.arange(k) == positive) | (k != 2)
    variance = sums.gaps.variance[:, :k].sum(axis=0)
    return np.isin(np.arange(k), np.argsort(-variance, kind="stable")[:_MOST_CLASSES])


def place_of_positive(labels: NDArray[Any], pos_label: Any) -> int:
    """Of two classes, the place of the one that a single column is about."""
    return int(pos_label is None or labels.tolist()[0] != pos_label)


def _untested(z: FloatArray, sums: SliceSums) -> Tested:
    n = len(z)
    order = np.argsort(-sums.loss, kind="stable")
    nothing = np.full(n, np.nan)
    return Tested(np.full(z.shape, np.nan), nothing, np.full(n, z.shape[1] - 1), order, [])


def _content(
    rows: Predicted,
    cells: Cells,
    sums: SliceSums,
    tested: Tested,
    how: How,
    unit: float,
    *,
    target_names: tuple[Any, ...],
    **rest: Any,
) -> dict[str, Any]:
    """The figures of the slices, those that were found first; `unit` is that of the weights."""
    rest_of_them = [i for i in tested.order.tolist() if i not in set(tested.kept)]
    order = np.array(tested.kept + rest_of_them, dtype=np.intp)
    if how.by:
        order = np.arange(len(cells))
    else:
        there = (sums.support >= _FEWEST) & (sums.support < len(rows.codes))
        there &= ~cells.repeats(sums.support)
        order = order[there[order] | np.isin(order, tested.kept)]
    w = rows.weight
    own = rows.cost[np.arange(len(rows.codes)), rows.codes]
    expected = np.einsum("nk,nk->n", rows.proba, rows.cost)
    overall = [float(v) for v in (w.sum(), w @ rows.loss, w @ own, w @ expected)]
    figures = slice_figures(sums, tested, order, target_names, how.unit, overall[1])
    figures["weight"] = figures["weight"] * unit
    return {
        "target_names": target_names,
        "base": how.base,
        "confidence_level": how.confidence_level,
        "n_samples": len(rows.codes),
        "overall": overall_figures([unit * value for value in overall], how.unit),
        "slices": tuple(cells.texts(i) for i in order.tolist()),
        **figures,
        **rest,
    }
