"""Paired differences of log losses: means, intervals and p-values, overall and by class."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skxent._backend import class_weights
from skxent._inference._groups import moments_of_groups
from skxent._inference._intervals import Moments, around, excluded_or_may_be, moments_of_mean
from skxent._inference._multiple import holm
from skxent._inference._paired import FlooredShares, paired_interval, paired_p_value
from skxent._intake._groups import Groups, check_groups
from skxent._intake._rows import Labelled, check_labelled
from skxent._render._words import counted, left_out
from skxent._typing import FloatArray, IntArray
from skxent.metrics._log_loss import floored_losses
from skxent.statistic._central import CentralSums
from skxent.statistic._paired import PairedRows, PairedSums
from skxent.statistic._paired_groups import PairedGroups

__all__ = [
    "in_range",
    "losses_of",
    "paired_figures",
    "read_losses",
    "remarks",
    "rows_that_count",
    "zeros_of",
]

_COLUMNS = ("log_loss", "difference", "ci_low", "ci_high", "p_value", "adjusted_p")
_ROUNDING = 1e-12
# With fewer clusters than this the interval of a skewed difference is too narrow.
_FEW = 20


@contextmanager
def _naming(model: str) -> Iterator[None]:
    """Say in an error which model the probabilities were of."""
    try:
        yield
    except (TypeError, ValueError) as error:
        if "y_proba" not in str(error):  # it is about what all models share
            raise
        kind = TypeError if isinstance(error, TypeError) else ValueError
        msg = f"y_proba of {model!r}: {error}"
        raise kind(msg) from error


def read_losses(
    y_true: ArrayLike,
    y_probas: Mapping[str, ArrayLike],
    groups: ArrayLike | None,
    eps: float,
    **params: Any,
) -> tuple[PairedRows, NDArray[Any]]:
    """The rows that count, and the labels; an error says which model it is about."""
    parts, excluded = [], []
    for name, y_proba in y_probas.items():
        with _naming(name):
            rows = check_labelled(y_true, y_proba, **params)
            losses, none = losses_of(rows, eps)
            parts.append(losses)
            excluded.append(none)
    of_rows = None if groups is None else check_groups(groups, len(rows.codes))
    found = rows_that_count(parts, excluded, eps, rows.codes, rows.weight, of_rows)
    return found, rows.labels


def losses_of(rows: Labelled, eps: float) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Losses of the rows, whose probabilities are checked, and which classes some exclude."""
    blocks = floored_losses(rows, eps)
    losses = rows.proba.backend.joined(blocks, rows.proba.n_samples)
    return losses, _excluded(rows)


def rows_that_count(
    losses: Sequence[FloatArray],
    excluded: Sequence[NDArray[np.bool_]],
    eps: float,
    codes: IntArray,
    weight: FloatArray | None,
    groups: Groups | None,
) -> PairedRows:
    """The rows that have a weight, with what each costs each model."""
    table = np.array(losses)
    weight = np.ones(len(codes)) if weight is None else weight
    there = weight > 0
    if not there.all():
        table, weight, codes = table[:, there], weight[there], codes[there]
        groups = None if groups is None else groups.taken(there)
    most = -math.log(eps) if eps > 0 else math.inf
    return PairedRows(table, np.array(excluded), most, codes, weight, groups)


def _excluded(rows: Labelled) -> NDArray[np.bool_]:
    """Whether a row that counts has probability 0 of each class."""
    found = np.zeros(rows.proba.n_classes, dtype=np.bool_)
    for at, none in _zeros(rows):
        found |= (none if rows.weight is None else none[rows.weight[at] > 0]).any(axis=0)
    return found


def zeros_of(rows: Labelled) -> NDArray[np.bool_]:
    """Whether each row has probability 0 of each class, shape (n_rows, n_classes)."""
    found = np.empty((rows.proba.n_samples, rows.proba.n_classes), dtype=np.bool_)
    for at, none in _zeros(rows):
        found[at] = none
    return found


def _zeros(rows: Labelled) -> Iterator[tuple[slice, NDArray[np.bool_]]]:
    for at, block in rows.proba.probabilities():
        yield at, block == 0


def in_range(rows: PairedRows) -> PairedRows:
    """The rows with weights whose squares and cubes neither vanish nor overflow."""
    exponent = math.frexp(float(rows.weight.max()))[1]
    return replace(rows, weight=np.ldexp(rows.weight, -exponent))


def _moments(sums: CentralSums, at: tuple[Any, ...]) -> Moments:
    """Moments of the weighted mean difference of each class, of independent rows."""
    whole = sums.weight
    with np.errstate(all="ignore"):  # infinite losses, and classes without rows
        mean = sums.total[at] / whole
        square = np.array([sums.second, *(part[at] for part in sums.square)]) / whole**2
        cube = np.array([sums.third, *(part[at] for part in sums.cube)]) / whole**3
    found = moments_of_mean(np.where(whole > 0, 1.0, 0.0), np.zeros_like(whole), square, cube)
    return Moments(mean, found.variance, found.third, found.n)


def _moments_of_groups(
    groups: PairedGroups, n_classes: int, model: int, off: FloatArray, cost: float, reference: int
) -> Moments:
    """The same of independent groups; `off` has the classes that cost each of the two nothing."""
    at = off[:, groups.owner]
    floored = groups.floored[[model, reference]]
    total = groups.difference[model] - cost * (at[0] * floored[0] - at[1] * floored[1])
    return moments_of_groups(groups.owner, n_classes, groups.weight, total)


class _Paired:
    """What sums say of each model beside the reference."""

    def __init__(self, sums: PairedSums, reference: int, most: float) -> None:
        self.sums, self.reference, self.most = sums, reference, most
        self.k = len(sums.weight)
        if sums.groups is None:
            squares, cubes = sums.differences.second, sums.differences.third
        else:
            owner, weight = sums.groups.owner, sums.groups.weight
            squares, cubes = (class_weights(owner, self.k, weight**r) for r in (2, 3))
        with np.errstate(all="ignore"):  # a class without rows
            # Of Kish, for a share; and as the variance of a mean has degrees of freedom.
            self.n = sums.weight**2 / squares
            self.effective = squares**3 / cubes**2

    def mean_loss(self, model: int) -> FloatArray:
        """Of each class, nan without rows."""
        with np.errstate(all="ignore"):
            return self.sums.loss[model] / self.sums.weight

    def difference(self, model: int) -> FloatArray:
        """Mean difference of each class, nan without rows."""
        return self.sums.differences.mean[model, 0]

    def moments(self, model: int) -> tuple[Moments, FlooredShares | None]:
        """
        Moments of the differences, and shares of the rows that cost one of the two the floor.

        The latter where a model excludes what may happen: then the moments are of the
        differences in which such rows cost that model nothing.
        """
        excluding = self._excluded()[[model, self.reference]]
        # Models that exclude the same and cost the same in every row are one model, so far.
        excluding = excluding & ~(self._alike(model) & (excluding[0] == excluding[1]))
        if not (math.isfinite(self.most) and excluding.any()):
            return self._moments(model, np.zeros_like(excluding)), None
        with np.errstate(all="ignore"):
            alone, beside, both = self.sums.floored[:, model] / self.sums.weight
        one, other = excluding
        shares = FlooredShares(
            np.where(one, alone + np.where(other, 0.0, both), 0.0 * alone),
            np.where(other, beside + np.where(one, 0.0, both), 0.0 * beside),
            self.n,
            *np.where(excluding, self.most, 0.0),
        )
        return self._moments(model, excluding), shares

    def _excluded(self) -> NDArray[np.bool_]:
        """Which classes each model says 0 of, or may say it of."""
        sums = self.sums
        floored, others = sums.floored[0] + sums.floored[2], sums.loss[..., ::-1]
        # As if it said 0 of the class in every row, of which there are no counts here.
        everywhere = (floored >= sums.weight * (1.0 - _ROUNDING)) & (others == 0.0)
        return excluded_or_may_be(sums.excluded, everywhere)

    def _alike(self, model: int) -> NDArray[np.bool_]:
        """Whether no row of a class makes a difference."""
        found = self.sums.differences
        return (found.total[model, 0] == 0.0) & (found.square[1, model, 0] == 0.0)

    def _moments(self, model: int, excluding: NDArray[np.bool_]) -> Moments:
        groups, sums = self.sums.groups, self.sums.differences
        if groups is not None:
            cost = self.most if excluding.any() else 0.0
            off = excluding.astype(np.float64)
            return _moments_of_groups(groups, self.k, model, off, cost, self.reference)
        # Without a row at the floor all four are alike, and only one is there.
        each = excluding[0] + 2 * excluding[1] if sums.total.shape[1] > 1 else 0
        return _moments(sums, (model, each, np.arange(self.k)))


def paired_figures(
    sums: PairedSums, reference: int, eps: float, unit: float, confidence_level: float
) -> tuple[dict[str, FloatArray], FloatArray]:
    """
    Figures of each model, overall and by class, in units of `unit`; and observations.

    The latter are the effective numbers of clusters, of all rows first and then of each class;
    nan for a class without rows.
    """
    figures: dict[str, FloatArray] = {}
    effective = []
    most = -math.log(eps) if eps > 0 else math.inf
    for prefix, each in (("", sums.over_classes()), ("class_", sums)):
        paired = _Paired(each, reference, most)
        effective.append(paired.effective)
        table = np.full((len(_COLUMNS), len(each.loss), paired.k), np.nan)
        for i in range(len(each.loss)):
            table[0, i] = paired.mean_loss(i) / unit
            if i != reference:
                moments, floored = paired.moments(i)
                difference = paired.difference(i)
                low, high = paired_interval(moments, confidence_level, floored)
                low, high = around(difference, low, high)
                table[1:4, i] = np.array([difference, low, high]) / unit
                table[4, i] = paired_p_value(moments, floored)
        table[5] = holm(table[4])
        figures |= {
            prefix + name: values if prefix else values[:, 0]
            for name, values in zip(_COLUMNS, table, strict=True)
        }
    return figures, np.concatenate(effective)


def remarks(
    sums: PairedSums, names: Sequence[Any], effective: FloatArray, n_dropped: int = 0
) -> tuple[str, ...]:
    """Why some figures are missing, or not to be relied on, in sentences."""
    found = [left_out(n_dropped)] if n_dropped else []
    infinite, both = sums.infinite.tolist()
    if both:
        found.append(
            f"In {both} rows a model and the reference both lose "
            f"infinitely much: there is no difference. Pass eps above 0 for a floor."
        )
    elif infinite:
        found.append("Infinite losses have no interval and no test; pass eps above 0 for a floor.")
    lone = (sums.support > 2) & ~(effective[1:] > 2.0)
    bare = [str(names[c]) for c in np.flatnonzero(lone).tolist()]
    if bare:
        more = f" and {counted(len(bare) - 5, 'other')}" if len(bare) > 5 else ""
        some = ", ".join(bare[:5]) + more
        found.append(f"Fewer than three groups, or as good as that, hold nearly all of: {some}.")
    fewer = effective < _FEW - 1e-9  # which twenty equal ones may be by rounding
    few = int(np.count_nonzero(fewer[1:]))
    if fewer.any():
        where = f"{few} of {len(names)} classes" if few else "the whole"
        found.append(
            f"Fewer than {_FEW} rows or groups, or as good as that, stand behind {where}: a "
            f"difference that hangs on a few costly rows is found too often there."
        )
    return tuple(found)
