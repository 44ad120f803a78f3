"""Tables beside labels and beside tables: whose column is whose."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skxent._backend import NUMPY, ArrayApi
from skxent._intake._arguments import same_length
from skxent._intake._as_table import as_table
from skxent._intake._containers import matching_columns
from skxent._intake._foreign import is_elsewhere, same_device
from skxent._intake._labels import as_labels, check_labels, shown
from skxent._intake._table import Table

__all__ = ["aligned", "not_two", "table_beside", "wrong_number"]


_ORDER = "Pass the classes of the rows first, as y_true, and then their probabilities, as y_proba."


def _not_labels(known: NDArray[Any]) -> bool:
    """Whether they are rather measurements, or probabilities that changed places with labels."""
    return known.dtype.kind == "f" and bool((known % 1.0 != 0.0).any())


def not_two(what: str, known: NDArray[Any]) -> str:
    """For the error: more or fewer labels than the two of a 1-D `y_proba`."""
    one_of_two = "A 1-D y_proba is the probability of one of two classes"
    if _not_labels(known):
        return f"{one_of_two}; {what} {len(known)} numbers, {shown(known)}. {_ORDER}"
    return (
        f"{one_of_two}; {what} {len(known)}: {shown(known)}. Pass a 2-D y_proba with one column a "
        f"class."
    )


def wrong_number(known: NDArray[Any], proba: Table, given: bool) -> str:
    if given:
        return (
            f"labels names {len(known)} classes, but y_proba has {proba.n_classes} columns; "
            f"list one label for each column, in their order."
        )
    if proba.n_classes == 1:
        alone = "y_proba[:, 0] (1-D)"
        if proba.columns is not None:  # of a data frame, which takes no such index
            alone = "it alone: y_proba.iloc[:, 0] of a pandas frame (1-D)"
        return f"y_proba has one column; if it is of the positive class, pass {alone}."
    some = f"y_true holds {len(known)} different labels, {shown(known)}"
    if len(known) == 1:
        some = f"y_true holds one label only, {shown(known)}"
    if proba.n_classes < len(known):
        if _not_labels(known):
            return f"{some}, which cannot be classes. {_ORDER}"
        return (
            f"{some}, but y_proba has only {proba.n_classes} columns; each of the labels needs "
            f"one: pass the probabilities of all classes."
        )
    names = [] if proba.columns is None else list(map(str, proba.columns))
    if set(map(str, known.tolist())) < set(names):
        others = [name for name in names if name not in set(map(str, known.tolist()))]
        return (
            f"{some}, and y_proba has columns besides theirs, {shown(np.array(others))}; leave "
            f"them out, or pass labels= with all names if they are classes."
        )
    return (
        f"{some}, but y_proba has {proba.n_classes} columns; pass labels= with the label of each "
        f"column, in their order (for a fitted classifier, labels=classifier.classes_)."
    )


def table_beside(y_true: ArrayLike, proba: Table, *, renormalize: bool | None) -> Table:
    """Distributions in host memory, or where the other table is."""
    b = proba.backend
    if is_elsewhere(y_true) and isinstance(b, ArrayApi):
        y_true = same_device(y_true, "y_true", b)
    return as_table(y_true, "y_true", renormalize=renormalize, anywhere=b is not NUMPY)


def aligned(
    target: Table, proba: Table, labels: ArrayLike | None, pos_label: Any
) -> tuple[Table, Table, NDArray[Any]]:
    """Two tables whose columns are in the same order, and the labels of the columns."""
    if proba.positive_only:
        msg = (
            f"y_true has shape {tuple(target.array.shape)} and y_proba "
            f"{tuple(proba.array.shape)}; distributions "
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
            raise ValueError(wrong_number(known, proba, given=True))
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
