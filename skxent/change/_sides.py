"""The sides of a change: reports, accumulators or saved files, as sums over the same classes."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike, fspath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skxent._intake._labels import shown, uncomparable
from skxent._typing import FloatArray
from skxent.report._accumulator import LogLossAccumulator
from skxent.report._content import Content
from skxent.report._intervals import excluded_classes
from skxent.statistic._brief import Brief, brief_of

__all__ = ["Given", "Side", "given", "joined_labels", "side_of"]


@dataclass(frozen=True, slots=True)
class Given:
    """What a user passed, as far as it matters."""

    brief: Brief
    labels: NDArray[Any]
    names: tuple[Any, ...]
    base: float


@dataclass(frozen=True, slots=True)
class Side:
    """Sums of one side over the classes of both; means are per unit of weight."""

    total: float
    """Weight of all rows."""
    support: FloatArray
    weight: FloatArray
    loss: FloatArray
    proba: FloatArray
    expected: FloatArray
    square: FloatArray
    """Shape (3, n_classes); see `Statistics`, as for the next."""
    cube: FloatArray
    """Shape (4, n_classes)."""
    cost: FloatArray
    """What a row of the class costs at the floor, if the model excludes the class in some row."""
    floored: FloatArray
    """Shape (3, n_classes): sums of the first three powers of the weights of such rows."""
    parts: FloatArray | None
    """Shape (4, n_parts, n_classes): weight, loss but for the floor's, probability and expected
    cost by part."""
    parts_square: float
    is_grouped: bool

    @property
    def n(self) -> float:
        """Effective number of all rows, or groups; as in `Moments`."""
        second, third = float(self.square[0].sum()), float(self.cube[0].sum())
        if self.is_grouped and self.parts is not None:
            weight = self.parts[0].sum(axis=1)
            second, third = float((weight**2).sum()), float((weight**3).sum())
        return second**3 / third**2

    def without_floor(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Losses, squares and cubes as if rows that cost the floor cost nothing."""
        power = self.cost ** np.arange(4)[:, None]
        power[0] = 0.0  # the rows are still there
        taken = self.floored[:, None] * power
        loss = np.maximum(self.loss - self.cost * self.floored[0], 0.0)
        return loss, self.square - taken[1, :3], self.cube - taken[2]


def given(value: Any, name: str) -> Given:
    """A report, an accumulator, or the file that one was saved to."""
    if isinstance(value, str | PathLike):
        value = LogLossAccumulator.load(fspath(value))
    if isinstance(value, LogLossAccumulator):
        counted = value._tally.counted()
        if counted.sums is None:
            msg = f"{name} has no rows yet: call update(y_true, y_proba) first."
            raise ValueError(msg)
        rows = None if counted.sample is None else counted.sample.rows(value.labels)
        brief = brief_of(counted.sums, rows, value.eps)
        base = np.e if value.base is None else float(value.base)
        return Given(brief, value.labels, value.target_names, base)
    if not isinstance(value, Content):
        msg = (
            f"{name} must be a LogLossReport, a LogLossAccumulator, or the path of a saved one; "
            f"got {type(value)}."
        )
        raise TypeError(msg)
    if value._brief is None:
        msg = (
            f"{name} was read from JSON, which has no sums of its rows; pass the report that was "
            f"written, or save an accumulator."
        )
        raise ValueError(msg)
    return Given(value._brief, value.labels, value.target_names, value.base)


def joined_labels(before: Given, after: Given) -> tuple[NDArray[Any], tuple[Any, ...]]:
    """The labels of both, those of `before` first, and what they are called."""
    one, other = before.labels.tolist(), after.labels.tolist()
    if not set(one) & set(other):
        why = uncomparable(other[0], one)
        msg = (
            f"before and after must have classes in common; the labels of before are "
            f"{shown(before.labels)}, those of after {shown(after.labels)}. {why}"
        ).rstrip()
        raise ValueError(msg)
    names = dict(zip(other, after.names, strict=True)) | dict(zip(one, before.names, strict=True))
    labels = [*one, *(label for label in other if label not in set(one))]
    found = before.labels
    if len(labels) > len(one):
        kind = np.result_type(before.labels, after.labels) if _alike(before, after) else object
        found = np.empty(len(labels), dtype=kind)
        found[:] = labels
    return found.copy(), tuple(names[label] for label in labels)


def _alike(before: Given, after: Given) -> bool:
    return before.labels.dtype.kind == after.labels.dtype.kind != "O"


def side_of(one: Given, labels: NDArray[Any]) -> Side:
    """Sums over these labels: a class that one side does not know has neither rows nor chances."""
    sums, own = one.brief.sums, one.labels.tolist()
    places = [own.index(label) if label in own else -1 for label in labels.tolist()]

    def spread(values: NDArray[Any]) -> FloatArray:
        # The last place is that of classes which are not there.
        padded = np.concatenate([values, np.zeros((*values.shape[:-1], 1))], axis=-1)
        return np.asarray(padded[..., places])

    parts, eps = one.brief.parts, one.brief.eps
    cost = np.where(spread(excluded_classes(sums)) > 0, -np.log(eps) if eps > 0 else 0.0, 0.0)
    of_parts = None
    if parts is not None:
        weight, loss, proba, expected, floored = spread(parts.sums)
        loss = np.maximum(loss - cost * floored, 0.0)
        of_parts = np.array([weight, loss, proba, expected])
    return Side(
        total=float(sums.weight.sum()),
        support=spread(sums.support),
        weight=spread(sums.weight),
        loss=spread(sums.loss),
        proba=spread(sums.proba),
        expected=spread(sums.expected),
        square=spread(sums.square),
        cube=spread(sums.cube),
        cost=cost,
        floored=spread(np.array([sums.floored_weight, sums.floored_square, sums.floored_cube])),
        parts=of_parts,
        parts_square=np.nan if parts is None else parts.square,
        is_grouped=sums.groups is not None,
    )
