"""Paired differences of log losses: means, intervals and p-values, overall and by class."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skxent._backend import class_weights
from skxent._inference._groups import moments_of_groups
from skxent._inference._intervals import Moments
from skxent._inference._paired import FlooredShares, paired_interval, paired_p_value
from skxent._intake._groups import check_groups
from skxent._intake._rows import Labelled, check_labelled
from skxent._typing import FloatArray, IntArray
from skxent.metrics._log_loss import floored_losses

__all__ = [
    "PairedRows",
    "adjusted",
    "paired_figures",
    "read_losses",
    "remarks",
]

_COLUMNS = ("log_loss", "difference", "ci_low", "ci_high", "p_value", "adjusted_p")
# Losses of one row that differ by less than this, relatively, are the same but for rounding.
_ROUNDING = 1e-13
# With fewer clusters than this the interval of a skewed difference is too narrow.
_FEW = 20


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
    cluster: IntArray | None
    """Cluster of each row, from 0; None where each row is its own."""


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
            # The probabilities are checked as they are read.
            blocks = floored_losses(rows, eps)
            parts.append(rows.proba.backend.joined(blocks, rows.proba.n_samples))
            excluded.append(_excluded(rows))
    losses, n = np.array(parts), len(rows.codes)
    weight = np.ones(n) if rows.weight is None else rows.weight
    cluster = None if groups is None else check_groups(groups, n).codes
    there = weight > 0
    if not there.all():
        losses, weight = losses[:, there], weight[there]
        if cluster is not None:
            cluster = np.unique(cluster[there], return_inverse=True)[1]
    most = -math.log(eps) if eps > 0 else math.inf
    found = PairedRows(losses, np.array(excluded), most, rows.codes[there], weight, cluster)
    return found, rows.labels


def _excluded(rows: Labelled) -> NDArray[np.bool_]:
    """Whether a row that counts has probability 0 of each class."""
    proba, found = rows.proba, np.zeros(rows.proba.n_classes, dtype=np.bool_)
    blocks = proba.log_probabilities() if proba.from_logits else proba.probabilities()
    for at, block in blocks:
        none = block == (-math.inf if proba.from_logits else 0.0)
        found |= (none if rows.weight is None else none[rows.weight[at] > 0]).any(axis=0)
    return found


class _Cells:
    """Rows put together by cluster and class: each such cell is one observation."""

    def __init__(self, rows: PairedRows, codes: IntArray, n_classes: int) -> None:
        self.codes, self.n_classes = codes, n_classes
        self.owner, self.cell = codes, np.arange(len(codes))
        if rows.cluster is not None:
            clusters = int(rows.cluster.max()) + 1
            cells, self.cell = np.unique(codes * clusters + rows.cluster, return_inverse=True)
            self.owner = cells // clusters
        with np.errstate(divide="ignore", invalid="ignore"):  # a class without rows
            self.share = rows.weight / self._sums(codes, rows.weight)[codes]
            self.part = class_weights(self.cell, len(self.owner), self.share)
            squares, cubes = (self._sums(self.owner, self.part**r) for r in (2, 3))
            # Of Kish, for a share; and as the variance of a mean has degrees of freedom.
            self.n = np.where(squares > 0, 1.0 / squares, np.nan)
            self.effective = squares**3 / cubes**2

    def _sums(self, of: IntArray, numbers: FloatArray) -> FloatArray:
        return class_weights(of, self.n_classes, numbers)

    def any_of(self, classes: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Whether anything holds of a class that these cells are of."""
        return classes if self.n_classes > 1 else np.array([classes.any()])

    def means(self, values: FloatArray) -> FloatArray:
        """Weighted mean of each class, nan without rows."""
        there = np.bincount(self.codes, minlength=self.n_classes) > 0
        return np.where(there, self._sums(self.codes, self.share * values), np.nan)

    def moments(self, values: FloatArray) -> Moments:
        """Moments of the weighted mean of each class, of which a cell is an observation."""
        with np.errstate(all="ignore"):  # infinite losses, without a floor
            total = class_weights(self.cell, len(self.owner), self.share * values)
        return moments_of_groups(self.owner, self.n_classes, self.part, total)


def adjusted(p_value: FloatArray) -> FloatArray:
    """Holm's step-down p-values of one family; those that are nan do not belong to it."""
    flat = p_value.ravel()
    order = np.argsort(flat)[: np.count_nonzero(~np.isnan(flat))]
    result = np.full(flat.shape, np.nan)
    steps = np.arange(len(order), 0, -1) * flat[order]
    result[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return result.reshape(p_value.shape)


def _differences(losses: FloatArray, of_reference: FloatArray) -> FloatArray:
    """Difference of each row; nan where both losses are infinite."""
    with np.errstate(invalid="ignore"):
        difference = losses - of_reference
        # With the smaller of the two, so that an infinite loss does not look like rounding.
        same = abs(difference) <= _ROUNDING * np.minimum(losses, of_reference)
    difference[same] = 0.0
    return difference


def _floored(
    rows: PairedRows, model: int, reference: int, cells: _Cells
) -> tuple[Moments, FlooredShares | None]:
    """
    Moments of the differences, and shares of the rows that cost one of the two the floor.

    The latter where a model excludes what may happen: then the moments are of the differences
    in which such rows cost that model nothing.
    """
    pair = (model, reference)
    excluding = [cells.any_of(rows.excluded[i]) for i in pair]
    if not (np.isfinite(rows.most) and np.any(excluding)):
        return cells.moments(_differences(rows.losses[model], rows.losses[reference])), None
    floored = [
        (rows.losses[i] >= rows.most) & at[cells.codes]
        for i, at in zip(pair, excluding, strict=True)
    ]
    rest = [np.where(at, 0.0, rows.losses[i]) for i, at in zip(pair, floored, strict=True)]
    worse, better = (
        cells.means((at & ~other).astype(np.float64)) for at, other in (floored, floored[::-1])
    )
    costs = [np.where(at, rows.most, 0.0) for at in excluding]
    shares = FlooredShares(worse, better, cells.n, costs[0], costs[1])
    return cells.moments(_differences(*rest)), shares


def paired_figures(
    rows: PairedRows, n_classes: int, reference: int, unit: float, confidence_level: float
) -> tuple[dict[str, FloatArray], FloatArray]:
    """
    Figures of each model, overall and by class, in units of `unit`; and observations.

    The latter are the effective numbers of clusters, of all rows first and then of each class;
    nan for a class without rows.
    """
    figures: dict[str, FloatArray] = {}
    effective = []
    for prefix, codes, k in (("", np.zeros_like(rows.codes), 1), ("class_", rows.codes, n_classes)):
        cells = _Cells(rows, codes, k)
        effective.append(cells.effective)
        table = np.full((len(_COLUMNS), len(rows.losses), k), np.nan)
        for i, losses in enumerate(rows.losses):
            table[0, i] = cells.means(losses) / unit
            if i != reference:
                moments, floored = _floored(rows, i, reference, cells)
                low, high = paired_interval(moments, confidence_level, floored)
                mean = cells.means(_differences(losses, rows.losses[reference]))
                table[1:4, i] = np.array([mean, low, high]) / unit
                table[4, i] = paired_p_value(moments, floored)
        table[5] = adjusted(table[4])
        figures |= {
            prefix + name: values if prefix else values[:, 0]
            for name, values in zip(_COLUMNS, table, strict=True)
        }
    return figures, np.concatenate(effective)


def remarks(
    rows: PairedRows, names: Sequence[Any], reference: int, effective: FloatArray
) -> tuple[str, ...]:
    """Why some figures are missing, or not to be relied on, in sentences."""
    found = []
    infinite = np.isinf(rows.losses)
    both = np.delete(infinite, reference, axis=0) & infinite[reference]
    if both.any():
        found.append(
            f"In {np.count_nonzero(both.any(axis=0))} rows a model and the reference both lose "
            f"infinitely much: there is no difference. Pass eps above 0 for a floor."
        )
    elif infinite.any():
        found.append("Infinite losses have no interval and no test; pass eps above 0 for a floor.")
    support = np.bincount(rows.codes, minlength=len(names))
    bare = [str(names[c]) for c in np.flatnonzero((support > 2) & ~(effective[1:] > 2.0)).tolist()]
    if bare:
        some = ", ".join(bare[:5]) + (f" and {len(bare) - 5} others" if len(bare) > 5 else "")
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
