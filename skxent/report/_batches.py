"""Batches of rows: checked, and kept until there are enough to be counted together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skxent._intake._batches import is_empty, ones_for_zeros
from skxent._intake._foreign import refuse_lazy
from skxent._intake._groups import Groups, check_groups, joined_keys
from skxent._intake._rows import Labelled, check_labelled
from skxent.report._rows import named, row_index
from skxent.statistic._extremes import WorstRows
from skxent.statistic._keys import KeyArray, drawn_keys, keys_of
from skxent.statistic._slabs import rows_at_once
from skxent.statistic._sums import check_total

__all__ = [
    "Batch",
    "checked_batch",
    "checked_ids",
    "enough_rows",
    "groups_in",
    "keys_in",
    "numbers_in",
    "runs",
    "with_names",
]

# As many rows as are counted at once wait for that, or so many where there are many classes.
_ROWS = 1 << 12
# Sums of weights that stay in range whatever few batches are counted together.
_LEAST, _MOST = 1e-60, 1e60


@dataclass(frozen=True, slots=True)
class Batch:
    """Checked rows, what the user calls them, and keys that they have by their names."""

    rows: Labelled
    groups: Groups | None = None
    names: Any = None
    keys: KeyArray | None = None
    counts: bool = True
    """False where all weights are 0."""
    start: int = 0
    """How many rows came before it."""

    @property
    def n_rows(self) -> int:
        return self.rows.proba.n_samples

    @property
    def is_small(self) -> bool:
        """Whether it may wait to be counted with others."""
        weight = self.rows.weight
        in_range = weight is None or _LEAST < weight.sum() < _MOST
        return in_range and 2 * self.n_rows <= enough_rows(self.rows.proba.n_classes)

    def held(self) -> Batch:
        """The batch with its own numbers, all of which have been checked."""
        rows = self.rows
        weight = None if rows.weight is None else rows.weight.copy()
        # To replace a few fields takes three times as long, for each of many small batches.
        rows = Labelled(rows.codes.copy(), rows.proba.held(), rows.labels, weight)
        names = self.names.copy() if isinstance(self.names, np.ndarray) else self.names
        # Groups are numbers of their own.
        return Batch(rows, self.groups, names, self.keys, self.counts, self.start)

    def beginning(self, start: int) -> Batch:
        """The batch after `start` other rows."""
        return Batch(self.rows, self.groups, self.names, self.keys, self.counts, start)


def enough_rows(n_classes: int) -> int:
    """How many rows wait until they are counted together."""
    return max(rows_at_once(n_classes), _ROWS)


def checked_batch(
    y_true: ArrayLike,
    y_proba: ArrayLike,
    sample_weight: ArrayLike | None,
    *,
    groups: ArrayLike | None,
    row_ids: ArrayLike | None,
    labels: NDArray[Any],
    pos_label: Any,
    from_logits: bool,
    renormalize: bool,
) -> Batch | None:
    """The rows of a batch, or None if it has none; their numbers are checked when they are read."""
    given = {"y_true": y_true, "y_proba": y_proba, "sample_weight": sample_weight}
    for name, values in (given | {"groups": groups, "row_ids": row_ids}).items():
        refuse_lazy(values, name)
    if is_empty(y_true) and is_empty(y_proba):
        return None
    ones = ones_for_zeros(sample_weight)
    rows = check_labelled(
        y_true,
        y_proba,
        labels=labels,
        pos_label=pos_label if _is_vector(y_proba) else None,
        sample_weight=sample_weight if ones is None else ones,
        from_logits=from_logits,
        renormalize=renormalize,
    )
    check_total(rows.weight)
    n = rows.proba.n_samples
    of_rows = None if groups is None else check_groups(groups, n)
    if row_ids is None:
        return Batch(rows, of_rows, row_index(y_true, y_proba), counts=ones is None)
    names = checked_ids(row_ids, n)
    return Batch(rows, of_rows, names, keys_of(names), ones is None)


def checked_ids(row_ids: Any, n: int) -> NDArray[Any]:
    """Names of rows as numbers, or as the objects that they are."""
    ids = np.asarray(row_ids)
    if ids.shape != (n,):
        msg = f"row_ids must have one name for each of the {n} rows; got shape {ids.shape}."
        raise ValueError(msg)
    if ids.dtype.kind in "iufb":
        return ids
    if ids.dtype.kind == "M":
        row_ids = ids.astype("datetime64[us]")  # finer ones would become integers
    # NumPy would make text of numbers beside text.
    names = np.empty(n, dtype=object)
    names[:] = row_ids.tolist() if hasattr(row_ids, "tolist") else list(row_ids)
    return names


def runs(batches: Sequence[Batch]) -> Iterator[tuple[list[Batch], Labelled]]:
    """The batches in their order, as many at a time as can be put together, and their rows."""
    for _, alike in groupby(batches, key=_kind):
        run = list(alike)
        yield run, run[0].rows if len(run) == 1 else _together([batch.rows for batch in run])


def _kind(batch: Batch) -> tuple[Any, ...]:
    table = batch.rows.proba
    of_table = table.array.ndim, table.array.dtype, table.positive, table.from_logits
    return (batch.counts, batch.keys is None, *of_table)


def _together(parts: Sequence[Labelled]) -> Labelled:
    proba = np.concatenate([rows.proba.array for rows in parts])
    weight = None
    if any(rows.weight is not None for rows in parts):
        each = (np.ones(len(r.codes)) if r.weight is None else r.weight for r in parts)
        weight = np.concatenate(list(each))
    return replace(
        parts[0],
        codes=np.concatenate([rows.codes for rows in parts]),
        proba=replace(parts[0].proba, array=proba),
        weight=weight,
    )


def groups_in(batches: Sequence[Batch]) -> Groups | None:
    """The groups of the rows of some batches: one that is in several of them is the same."""
    found = [batch.groups for batch in batches if batch.groups is not None]
    if not found:
        return None
    keys, codes = found[0].keys, [found[0].codes]
    for groups in found[1:]:
        keys, places = joined_keys(keys, groups.keys)
        codes.append(places[groups.codes])
    return Groups(np.concatenate(codes), keys)


def keys_in(batches: Sequence[Batch], seed: int) -> KeyArray:
    """Keys of the rows: by their names where they have such keys, else drawn."""
    first, last, n = batches[0], batches[-1], sum(batch.n_rows for batch in batches)
    if first.keys is None and last.start + last.n_rows - first.start == n:
        return drawn_keys(seed, first.start, n)
    return np.concatenate(
        [drawn_keys(seed, b.start, b.n_rows) if b.keys is None else b.keys for b in batches]
    )


def numbers_in(batches: Sequence[Batch]) -> NDArray[np.int64] | None:
    """The names of the rows that were given as integers, or None."""
    if any(b.keys is None or not _are_numbers(b.names) for b in batches):
        return None
    return np.concatenate([batch.names for batch in batches]).astype(np.int64)


def _are_numbers(names: Any) -> bool:
    return isinstance(names, np.ndarray) and names.dtype.kind in "iu"


def with_names(worst: WorstRows, batches: Sequence[Batch]) -> WorstRows:
    """The worst rows of some batches, called what the user calls them."""
    name, start = worst.name.copy(), 0
    for batch in batches:
        if batch.names is not None:
            own = (worst.number >= start) & (worst.number < start + batch.n_rows)
            name[own] = named(worst.number[own] - start, batch.names)
        start += batch.n_rows
    return replace(worst, name=name)


def _is_vector(values: Any) -> bool:
    try:
        return np.ndim(values) == 1
    except ValueError:  # rows of unequal length, which are refused later
        return False
