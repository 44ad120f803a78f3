"""Check and align what a user passes in: the one place for each rule about inputs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skxent._backend import NUMPY, Backend
from skxent._intake._alignment import aligned, not_two, table_beside, wrong_number
from skxent._intake._arguments import check_weight, same_length
from skxent._intake._as_table import as_table
from skxent._intake._containers import Names, events_of, n_columns, rows_of_cells
from skxent._intake._label_column import LabelColumn
from skxent._intake._labels import (
    as_labels,
    check_labels,
    check_pos_label,
    distinct,
    encode,
    refuse_soft,
    shown,
    uncomparable,
)
from skxent._intake._numbers import as_objects
from skxent._intake._table import Table
from skxent._typing import FloatArray, IntArray, LabelArray

__all__ = [
    "Labelled",
    "Paired",
    "check_distributions",
    "check_labelled",
    "check_pair",
    "is_table",
]


@dataclass(frozen=True, slots=True)
class Labelled:
    """Rows that have a class label and predicted probabilities."""

    codes: IntArray
    """Position in `labels` of each row's label."""
    proba: Table
    labels: NDArray[Any]
    weight: FloatArray | None
    single: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class Paired:
    """Rows that have a target distribution and predicted probabilities."""

    target: Table
    proba: Table
    weight: FloatArray | None
    single: bool
    """Whether the user passed one pair of 1-D distributions."""


def is_table(y_true: ArrayLike, proba: Table) -> bool:
    """Whether `y_true` holds distributions; a single column is a column of labels."""
    width = n_columns(y_true)
    return width > 1 or (width == 1 and not proba.positive_only and proba.n_classes == 1)


def check_labelled(
    y_true: ArrayLike,
    y_proba: ArrayLike,
    *,
    labels: ArrayLike | None = None,
    pos_label: Any = None,
    sample_weight: ArrayLike | None = None,
    from_logits: bool = False,
    renormalize: bool = False,
    anywhere: bool = False,
) -> Labelled:
    """
    Class labels, or one-hot rows, beside probabilities; the numbers are checked when read.

    On the device of `y_proba`, if `anywhere`; else labels and weights on a device come to host
    memory, and the probabilities block by block when they are read.
    """
    y_true, proba = _opened(y_true, y_proba, pos_label, from_logits, renormalize)
    if is_table(y_true, proba):
        rows = _from_one_hot(y_true, proba, labels, pos_label, sample_weight)
    else:
        column = LabelColumn.of(y_true, "y_true", proba.backend)
        rows = _labelled(column, proba, labels, pos_label, sample_weight)
    return rows if anywhere else _brought(rows)


def _opened(
    y_true: ArrayLike, y_proba: ArrayLike, pos_label: Any, from_logits: bool, renormalize: bool
) -> tuple[ArrayLike, Table]:
    """What `y_true` is, which has not been looked at, and a table of the probabilities."""
    proba = as_table(
        y_proba, "y_proba", from_logits=from_logits, renormalize=renormalize, anywhere=True
    )
    check_pos_label(pos_label)
    return rows_of_cells(y_true, "y_true"), proba


def _brought(rows: Labelled) -> Labelled:
    b = rows.proba.backend
    if b is NUMPY:
        return rows
    codes = b.to_host(rows.codes).astype(np.intp, copy=False)
    weight = None if rows.weight is None else b.to_host(rows.weight)
    return replace(rows, codes=codes, proba=rows.proba.brought(), weight=weight)


def _labelled(
    column: LabelColumn,
    proba: Table,
    labels: ArrayLike | None,
    pos_label: Any,
    sample_weight: ArrayLike | None,
) -> Labelled:
    same_length(len(column), proba.n_samples)
    column = column.with_labels(proba.n_classes)
    weight = check_weight(sample_weight, proba.n_samples, proba.backend)
    if proba.positive_only:
        codes, known, positive = _binary_codes(column, labels, pos_label, proba.backend)
        return Labelled(codes, replace(proba, positive=positive), known, weight)
    if pos_label is not None:
        msg = (
            f"pos_label={pos_label!r} says what a 1-D y_proba is the probability of; y_proba has "
            f"{proba.n_classes} columns. Pass labels= to name them."
        )
        raise ValueError(msg)
    if labels is None:
        known, codes = column.factorized(proba.backend)
    else:
        known = check_labels(labels)
    if len(known) != proba.n_classes:
        raise ValueError(wrong_number(known, proba, labels is not None))
    if labels is not None:
        codes = column.codes(known, proba.backend)
    return Labelled(codes, proba.in_order_of(known), known, weight)


def _binary_codes(
    column: LabelColumn, labels: ArrayLike | None, pos_label: Any, backend: Backend
) -> tuple[IntArray, LabelArray, int]:
    """Codes and labels for a 1-D `y_proba`, and the code of the class it is about."""
    if labels is not None:
        known = check_labels(labels)
        if len(known) != 2:
            raise ValueError(not_two("labels names", known))
        if pos_label is not None and pos_label not in known.tolist():
            msg = f"pos_label={pos_label!r} is not one of labels={shown(known)}."
            msg = f"{msg} {uncomparable(pos_label, known.tolist())}".rstrip()
            raise ValueError(msg)
        positive = 0 if pos_label is not None and pos_label == known[0] else 1
        return column.codes(known, backend), known, positive
    known = distinct(column.labels, "y_true")
    if len(known) > 2:
        raise ValueError(not_two("y_true holds", known))
    if pos_label is None:
        known = _pair_of_labels(known)
        return column.codes(known, backend), known, 1
    is_positive = encode(column.labels, as_labels([pos_label], "pos_label")) == 0
    if not is_positive.any() and len(known) == 2:
        msg = f"pos_label={pos_label!r} is not a label of y_true, which holds {shown(known)}."
        raise ValueError(msg)
    others = [v for v in known.tolist() if v != pos_label]
    try:
        in_order = sorted([*others, pos_label])
    except TypeError as error:
        why = uncomparable(pos_label, others) or f"{error}."
        msg = f"pos_label={pos_label!r} is of another type than y_true: {why}"
        raise ValueError(msg) from error
    pair = as_objects(in_order if others else [f"not {pos_label}", pos_label])
    positive = int(bool(pair[1] == pos_label))
    codes = np.where(is_positive, positive, 1 - positive)
    return column.spread(codes, backend), pair, positive


def _pair_of_labels(known: LabelArray) -> LabelArray:
    """Two labels of which the larger is the positive one, if nothing else says which is."""
    if known.dtype.kind == "b":
        return np.array([False, True])
    text = any(isinstance(v, str | bytes) for v in known.tolist())
    if text or len(known) == 1:
        msg = (
            f"y_proba is 1-D and y_true holds {'the strings' if text else 'one label only,'} "
            f"{shown(known)}, so that nothing says which class y_proba is the probability of; "
            f"pass pos_label= or labels=[other, positive]."
        )
        raise ValueError(msg)
    return known


def _from_one_hot(
    y_true: ArrayLike,
    proba: Table,
    labels: ArrayLike | None,
    pos_label: Any,
    sample_weight: ArrayLike | None,
) -> Labelled:
    target = table_beside(y_true, proba, renormalize=None)
    target, proba, known = aligned(target, proba, labels, pos_label)
    codes = target.backend.joined(_hot_columns(target), target.n_samples)
    if target.backend is NUMPY:
        codes = proba.backend.to_device(codes)
    weight = check_weight(sample_weight, proba.n_samples, proba.backend)
    return Labelled(codes, proba, known, weight)


def _hot_columns(target: Table) -> Iterator[tuple[slice, IntArray]]:
    """Position of the 1 in each of the one-hot rows."""
    b = target.backend
    for rows, block in target.blocks():
        row = b.first(b.row_sums(b.wide(block != 0)) > 1)
        if row is not None:
            refuse_soft(b.to_host(block[row : row + 1, :])[0], rows.start + row)
        yield rows, b.xp.argmax(block, axis=1)


def check_pair(
    y_true: ArrayLike,
    y_proba: ArrayLike,
    *,
    labels: ArrayLike | None,
    pos_label: Any,
    sample_weight: ArrayLike | None,
    from_logits: bool,
    renormalize: bool,
) -> Labelled | Paired:
    """Labels or distributions beside probabilities, told apart by shape and dtype."""
    y_true, proba = _opened(y_true, y_proba, pos_label, from_logits, renormalize)
    if is_table(y_true, proba):
        target = table_beside(y_true, proba, renormalize=renormalize)
        target, proba, _ = aligned(target, proba, labels, pos_label)
        weight = check_weight(sample_weight, proba.n_samples, proba.backend)
        return Paired(target.on(proba.backend), proba, weight, single=False)
    column = LabelColumn.of(y_true, "y_true", proba.backend)
    if proba.positive_only and labels is None and pos_label is None:
        if column.kind == "f":
            if len(column) != proba.n_samples:
                msg = (
                    f"y_true and y_proba, both 1-D, are two distributions of the same events, or "
                    f"labels and probabilities of the same rows; got {len(column)} and "
                    f"{proba.n_samples} numbers."
                )
                raise ValueError(msg)
            proba = replace(proba, columns=events_of(y_proba))
            return _single_pair(column, events_of(y_true), proba, sample_weight)
        same_length(len(column), proba.n_samples)
        _refuse_ambiguous(column, proba)
    return _labelled(column, proba, labels, pos_label, sample_weight)


def _single_pair(
    column: LabelColumn, events: Names | None, proba: Table, sample_weight: ArrayLike | None
) -> Paired:
    b, rows = column.backend, column.rows
    total = b.total(b.wide(rows))
    zeros, ones = (int(b.xp.count_nonzero(rows == value)) for value in (0, 1))
    if not proba.renormalize and zeros + ones == len(column) and total != 1:
        msg = (
            f"y_true is 1-D and of floats, which is read as one distribution over {len(column)} "
            f"events, but it sums to {total:g}. If these are class labels, pass integers: "
            f"y_true.astype(int)."
        )
        raise ValueError(msg)
    target = as_table(rows, "y_true", renormalize=proba.renormalize, anywhere=b is not NUMPY)
    target = replace(target, columns=events).as_one_row()
    target, proba, _ = aligned(target, proba.as_one_row(), None, None)
    weight = check_weight(sample_weight, 1, proba.backend)
    return Paired(target.on(proba.backend), proba, weight, single=True)


def _refuse_ambiguous(column: LabelColumn, proba: Table) -> None:
    b, n = column.backend, len(column)
    if column.kind not in "iu" or n <= 2 or proba.from_logits or proba.dtype.kind not in "fiu":
        return
    zeros, ones = (int(b.xp.count_nonzero(column.rows == value)) for value in (0, 1))
    if ones != 1 or zeros != n - 1:
        return
    if abs(proba.backend.total(proba.backend.wide(proba.array)) - 1) <= 1e-4:
        msg = (
            f"y_true and y_proba can be read in two ways: as {n} labels with the "
            f"probability of class 1, or as one pair of distributions over {n} events. "
            f"For labels pass labels=[0, 1]; for distributions pass floats: y_true.astype(float)."
        )
        raise ValueError(msg)


def check_distributions(
    y_proba: ArrayLike, *, from_logits: bool, sample_weight: ArrayLike | None
) -> tuple[Table, FloatArray | None, bool]:
    """Distributions on their own; a single 1-D one becomes a table of one row."""
    table = as_table(y_proba, "y_proba", from_logits=from_logits, renormalize=None, anywhere=True)
    single = table.positive_only
    table = table.as_one_row() if single else table
    return table, check_weight(sample_weight, table.n_samples, table.backend), single
