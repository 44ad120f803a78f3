"""Check and align what a user passes in: the one place for each rule about inputs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skxent._intake._arguments import check_weight, same_length
from skxent._intake._containers import events_of, matching_columns, n_columns, rows_of_cells
from skxent._intake._labels import (
    as_labels,
    check_labels,
    check_pos_label,
    codes_of,
    distinct,
    encode,
    factorize,
    refuse_soft,
    shown,
    uncomparable,
)
from skxent._intake._table import Table, as_table
from skxent._typing import FloatArray, IntArray

__all__ = [
    "Labelled",
    "Paired",
    "aligned",
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
) -> Labelled:
    """Class labels, or one-hot rows, beside probabilities; the numbers are checked when read."""
    proba = as_table(y_proba, "y_proba", from_logits=from_logits, renormalize=renormalize)
    check_pos_label(pos_label)
    y_true = rows_of_cells(y_true, "y_true")
    if is_table(y_true, proba):
        return _from_one_hot(y_true, proba, labels, pos_label, sample_weight)
    array = as_labels(y_true, "y_true")
    same_length(len(array), proba.n_samples)
    weight = check_weight(sample_weight, proba.n_samples)
    if proba.positive_only:
        codes, known, positive = _binary_codes(array, labels, pos_label)
        return Labelled(codes, replace(proba, positive=positive), known, weight)
    if pos_label is not None:
        msg = (
            f"pos_label={pos_label!r} says what a 1-D y_proba is the probability of; y_proba has "
            f"{proba.n_classes} columns. Pass labels= to name them."
        )
        raise ValueError(msg)
    if labels is None:
        known, codes = factorize(array, "y_true")
    else:
        known = check_labels(labels)
    if len(known) != proba.n_classes:
        raise ValueError(_wrong_number(known, proba, labels is not None))
    if labels is not None:
        codes = codes_of(array, known)
    return Labelled(codes, proba.in_order_of(known), known, weight)


def _wrong_number(known: NDArray[Any], proba: Table, given: bool) -> str:
    if given:
        return (
            f"labels names {len(known)} classes, but y_proba has {proba.n_classes} columns; "
            f"list one label for each column, in their order."
        )
    if proba.n_classes == 1:
        return "y_proba has one column; if it is of the positive class, pass y_proba[:, 0] (1-D)."
    return (
        f"y_true holds {len(known)} different labels, {shown(known)}, but y_proba has "
        f"{proba.n_classes} columns; pass labels= with the label of each column, in their order "
        f"(for a fitted classifier, labels=classifier.classes_)."
    )


def _not_two(what: str, known: NDArray[Any]) -> str:
    return (
        f"A 1-D y_proba is the probability of one of two classes; {what} {len(known)}: "
        f"{shown(known)}. Pass a 2-D y_proba with one column a class."
    )


def _binary_codes(
    array: NDArray[Any], labels: ArrayLike | None, pos_label: Any
) -> tuple[IntArray, NDArray[Any], int]:
    """Codes and labels for a 1-D `y_proba`, and the code of the class it is about."""
    if labels is not None:
        known = check_labels(labels)
        if len(known) != 2:
            raise ValueError(_not_two("labels names", known))
        if pos_label is not None and pos_label not in known.tolist():
            msg = f"pos_label={pos_label!r} is not one of labels={shown(known)}."
            msg = f"{msg} {uncomparable(pos_label, known.tolist())}".rstrip()
            raise ValueError(msg)
        positive = 0 if pos_label is not None and pos_label == known[0] else 1
        return codes_of(array, known), known, positive
    known = distinct(array, "y_true")
    if len(known) > 2:
        raise ValueError(_not_two("y_true holds", known))
    if pos_label is None:
        codes, known = _codes_without_pos_label(array, known)
        return codes, known, 1
    is_positive = encode(array, as_labels([pos_label], "pos_label")) == 0
    if not is_positive.any() and len(known) == 2:
        msg = f"pos_label={pos_label!r} is not a label of y_true, which holds {shown(known)}."
        raise ValueError(msg)
    others = [v for v in known.tolist() if v != pos_label]
    try:
        sorted([*others, pos_label])
    except TypeError as error:
        why = uncomparable(pos_label, others) or f"{error}."
        msg = f"pos_label={pos_label!r} is of another type than y_true: {why}"
        raise ValueError(msg) from error
    pair = np.empty(2, dtype=object)
    pair[:] = [others[0] if others else f"not {pos_label}", pos_label]
    return is_positive.astype(np.intp), pair, 1


def _codes_without_pos_label(
    array: NDArray[Any], known: NDArray[Any]
) -> tuple[IntArray, NDArray[Any]]:
    if array.dtype.kind == "b":
        known = np.array([False, True])
    text = any(isinstance(v, str | bytes) for v in known.tolist())
    if text or len(known) == 1:
        msg = (
            f"y_proba is 1-D and y_true holds {'the strings' if text else 'one label only,'} "
            f"{shown(known)}, so that nothing says which class y_proba is the probability of; "
            f"pass pos_label= or labels=[other, positive]."
        )
        raise ValueError(msg)
    return codes_of(array, known), known


def _from_one_hot(
    y_true: ArrayLike,
    proba: Table,
    labels: ArrayLike | None,
    pos_label: Any,
    sample_weight: ArrayLike | None,
) -> Labelled:
    target, proba, known = aligned(
        as_table(y_true, "y_true", renormalize=None), proba, labels, pos_label
    )
    codes = np.empty(target.n_samples, dtype=np.intp)
    for rows, block in target.blocks():
        codes[rows] = block.argmax(axis=1)
        soft = (block != 0).sum(axis=1) > 1
        if soft.any():
            row = int(soft.argmax())
            refuse_soft(block[row], rows.start + row)
    return Labelled(codes, proba, known, check_weight(sample_weight, proba.n_samples))


def aligned(
    target: Table, proba: Table, labels: ArrayLike | None, pos_label: Any
) -> tuple[Table, Table, NDArray[Any]]:
    """Two tables whose columns are in the same order, and the labels of the columns."""
    if proba.positive_only:
        msg = (
            f"y_true has shape {target.array.shape} and y_proba {proba.array.shape}; distributions "
            f"need as many columns in y_proba, and labels a 1-D y_true."
        )
        raise ValueError(msg)
    if pos_label is not None:
        msg = f"pos_label={pos_label!r} is for a 1-D y_proba; both y_true and y_proba have columns."
        raise ValueError(msg)
    same_length(target.n_samples, proba.n_samples)
    if target.n_classes != proba.n_classes:
        msg = (
            f"y_true and y_proba must have the same columns; got {target.n_classes} and "
            f"{proba.n_classes}."
        )
        raise ValueError(msg)
    if labels is not None:
        known = check_labels(labels)
        if len(known) != proba.n_classes:
            raise ValueError(_wrong_number(known, proba, given=True))
        return target.in_order_of(known), proba.in_order_of(known), known
    known = _names_of(target, proba)
    return target.in_order_of(known), proba.in_order_of(known), known


def _names_of(target: Table, proba: Table) -> NDArray[Any]:
    """What the columns of two tables are called, if labels= does not say so."""
    numbers = np.arange(proba.n_classes)
    if target.columns is None or proba.columns is None:
        named = proba if target.columns is None else target
        # Where the one table has no names, its columns are numbered.
        if named.columns is None or matching_columns(named.columns, numbers) is not None:
            return numbers
        return as_labels(list(named.columns), f"{named.name}'s columns")
    known = as_labels(list(target.columns), "y_true's columns")
    if matching_columns(proba.columns, known) is None and not set(target.columns) & set(
        proba.columns
    ):
        msg = (
            f"y_true and y_proba name different classes, {shown(target.columns)} and "
            f"{shown(proba.columns)}; rename them, or pass arrays to match them by position."
        )
        raise ValueError(msg)
    return known


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
    proba = as_table(y_proba, "y_proba", from_logits=from_logits, renormalize=renormalize)
    y_true = rows_of_cells(y_true, "y_true")
    if is_table(y_true, proba):
        target = as_table(y_true, "y_true", renormalize=renormalize)
        target, proba, _ = aligned(target, proba, labels, pos_label)
        return Paired(target, proba, check_weight(sample_weight, proba.n_samples), single=False)
    if proba.positive_only and labels is None and pos_label is None:
        array = as_labels(y_true, "y_true")
        same_length(len(array), proba.n_samples)
        if array.dtype.kind == "f":
            proba = replace(proba, columns=events_of(y_proba))
            return _single_pair(array, events_of(y_true), proba, sample_weight)
        _refuse_ambiguous(array, proba)
    return check_labelled(
        y_true,
        y_proba,
        labels=labels,
        pos_label=pos_label,
        sample_weight=sample_weight,
        from_logits=from_logits,
        renormalize=renormalize,
    )


def _single_pair(
    array: NDArray[Any],
    events: tuple[Any, ...] | None,
    proba: Table,
    sample_weight: ArrayLike | None,
) -> Paired:
    total = float(array.sum(dtype=np.float64))
    if not proba.renormalize and np.isin(array, (0.0, 1.0)).all() and total != 1:
        msg = (
            f"y_true is 1-D and of floats, which is read as one distribution over {len(array)} "
            f"events, but it sums to {total:g}. If these are class labels, pass integers: "
            f"y_true.astype(int)."
        )
        raise ValueError(msg)
    target = Table(array[None, :], "y_true", columns=events, renormalize=proba.renormalize)
    proba = replace(proba, array=proba.array[None, :])
    target, proba, _ = aligned(target, proba, None, None)
    return Paired(target, proba, check_weight(sample_weight, 1), single=True)


def _refuse_ambiguous(array: NDArray[Any], proba: Table) -> None:
    if array.dtype.kind not in "iu" or len(array) <= 2 or proba.from_logits:
        return
    one_hot = array.min() == 0 and array.max() == 1 and array.sum() == 1
    if one_hot and proba.array.dtype.kind in "fiu" and abs(float(proba.array.sum()) - 1) <= 1e-4:
        msg = (
            f"y_true and y_proba can be read in two ways: as {len(array)} labels with the "
            f"probability of class 1, or as one pair of distributions over {len(array)} events. "
            f"For labels pass labels=[0, 1]; for distributions pass floats: y_true.astype(float)."
        )
        raise ValueError(msg)


def check_distributions(
    y_proba: ArrayLike, *, from_logits: bool, sample_weight: ArrayLike | None
) -> tuple[Table, FloatArray | None, bool]:
    """Distributions on their own; a single 1-D one becomes a table of one row."""
    table = as_table(y_proba, "y_proba", from_logits=from_logits, renormalize=None)
    single = table.positive_only
    if single:
        table = replace(table, array=table.array[None, :])
    return table, check_weight(sample_weight, table.n_samples), single
