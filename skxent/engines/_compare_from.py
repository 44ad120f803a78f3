"""A comparison of two models whose predictions are in files of their own, joined by id."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skxent._intake._arguments import check_choice, check_level
from skxent._intake._arrow import Chunk
from skxent._intake._columns import BadDataError, Columns, Layout
from skxent._intake._reading import Reading
from skxent._typing import EPS, IntArray
from skxent.comparison import LogLossComparison, LogLossComparisonAccumulator
from skxent.comparison._compare import rows_that_count, zeros_of
from skxent.comparison._stream import chunk_losses
from skxent.engines._agreement import Beside, check_agreement
from skxent.engines._counting import Chunks, Counting, Progress, counting_of, told
from skxent.engines._join import Ids, KeptLosses, digests, ids_in, shown_id
from skxent.statistic._paired import PairedRows, PairedSums, paired_sums

__all__ = ["compare_log_loss_from", "joined_accumulator"]

_UNMATCHED = ("error", "drop")


def compare_log_loss_from(
    old: Any,
    new: Any,
    *,
    on: str,
    y: str,
    proba: str | Sequence[str] = "p_*",
    proba_new: str | Sequence[str] | None = None,
    names: tuple[str, str] = ("old", "new"),
    weight: str | None = None,
    groups: str | None = None,
    labels: ArrayLike | None = None,
    pos_label: Any = None,
    target_names: Sequence[str] | None = None,
    nulls: Literal["error", "drop"] = "error",
    unmatched: Literal["error", "drop"] = "error",
    base: float | None = math.e,
    eps: float = EPS,
    confidence_level: float = 0.95,
    from_logits: bool = False,
    renormalize: bool = False,
    n_jobs: int | None = None,
    progress: Progress | None = None,
) -> LogLossComparison:
    """
    Which of two models loses less, from files, whose rows are joined by an id.

    Of each row of `old` its id, class and loss are kept, about 30 bytes and the length of a text
    id, 8 bytes each for a weight and a group, and twice that while they are sorted; `new` is read
    in batches. So 100 million rows need about 6 GB.

    Parameters
    ----------
    old : path, list of paths, or other source
        Predictions of the reference; what `log_loss_report_from` takes.
    new : path, list of paths, or other source
        Predictions of the other model, for the same rows in any order.
    on : str
        The column of the ids in both: integers, text, dates or times, each of which is there
        once.
    y : str
        The column of the labels in both, which must agree.
    proba : str or sequence of str, default="p_*"
        The columns of the probabilities; see `log_loss_report_from`.
    proba_new : str or sequence of str, default=None
        Those in `new`, where they are called otherwise. Labels decide which column is which.
    names : tuple of two str, default=("old", "new")
        What to call the two models.
    weight, groups : str, default=None
        The columns of the weights, and of which rows belong together; in `new`. Where `old` has
        them as well, both must say the same.
    labels : array-like of shape (n_classes,), default=None
        The classes in the order in which to report them. None: what the names of the columns
        of `old` say.
    pos_label : int, float, bool or str, default=None
        The class that a single column is the probability of; the second of `labels` by default.
    target_names : sequence of str, default=None
        What to call the classes, in the order of the labels.
    nulls : {"error", "drop"}, default="error"
        What becomes of rows in which a column has no value in either source: they are an error
        that names file, row and column, or are left out, and `notes` say how many.
    unmatched : {"error", "drop"}, default="error"
        What becomes of rows whose id only one of the two has: they are an error that names the
        first, or are left out, and `notes` say how many.
    base : float or None, default=e
        Base of the logarithm: 2 gives bits, e or None nats.
    eps : float, default=2**-52
        Floor of the true class's probability, as in `log_loss`.
    confidence_level : float, default=0.95
        Of the intervals, between 0 and 1.
    from_logits : bool, default=False
        Whether the columns hold logits or log-probabilities.
    renormalize : bool, default=False
        Whether to divide each row by its sum.
    n_jobs : int, default=None
        Processes that share the files and the row groups of Parquet files, of either source; -1:
        one a core. None means one. What is kept of `old` is then in memory twice.
    progress : callable, default=None
        It is called with the number of rows that have been read of both, and that of all rows, or
        None where nobody knows.

    Returns
    -------
    LogLossComparison
        As from `compare_log_loss` of the joined rows.

    Raises
    ------
    FileNotFoundError
        If there is no such file, or a pattern matches none.
    ImportError
        If there is no pyarrow.
    TypeError
        If a source is nothing that streams.
    ValueError
        If a column is missing, an id is there twice, is missing on one side, or has two labels, or
        a row is not what `compare_log_loss` takes. The message names file, row and column.

    See Also
    --------
    compare_log_loss : The same of arrays.
    LogLossComparisonAccumulator.update_from : Of a stream that has both models.

    Examples
    --------
    >>> import pandas as pd
    >>> from skxent import compare_log_loss_from, log_loss
    >>> old = pd.DataFrame({"id": [7, 8], "y": [0, 1], "p_0": [0.5, 0.5], "p_1": [0.5, 0.5]})
    >>> new = pd.DataFrame({"id": [8, 7], "y": [1, 0], "p_0": [0.1, 0.8], "p_1": [0.9, 0.2]})
    >>> comparison = compare_log_loss_from(old, new, on="id", y="y")
    >>> loss = log_loss(new["y"], new[["p_0", "p_1"]].to_numpy())
    >>> bool(abs(comparison.log_loss[1] - loss) < 1e-15)
    True
    """
    check_level(confidence_level)
    accumulator, notes = joined_accumulator(
        old,
        new,
        Columns.of(y, proba, None, None, on),
        Columns.of(y, proba if proba_new is None else proba_new, weight, groups, on),
        names=names,
        labels=labels,
        pos_label=pos_label,
        target_names=target_names,
        nulls=nulls,
        unmatched=unmatched,
        base=base,
        eps=eps,
        from_logits=from_logits,
        renormalize=renormalize,
        n_jobs=n_jobs,
        progress=progress,
    )
    return accumulator._report(confidence_level, notes)


def joined_accumulator(
    old: Any,
    new: Any,
    columns: Columns,
    columns_new: Columns,
    *,
    names: tuple[str, str] = ("old", "new"),
    labels: ArrayLike | None = None,
    label_texts: Sequence[str] | None = None,
    pos_label: Any = None,
    target_names: Sequence[str] | None = None,
    nulls: str = "error",
    unmatched: str = "error",
    base: float | None = math.e,
    eps: float = EPS,
    from_logits: bool = False,
    renormalize: bool = False,
    n_jobs: int | None = None,
    progress: Progress | None = None,
) -> tuple[LogLossComparisonAccumulator, tuple[str, ...]]:
    """All rows that two sources have in common, and notes about the others."""
    check_choice(unmatched, "unmatched", _UNMATCHED)
    if len(names) != 2 or names[0] == names[1] or not all(isinstance(n, str) for n in names):
        msg = f"names must be two different texts; got {names!r}."
        raise ValueError(msg)
    first = counting_of(old, columns)
    # What both have must say the same; what only `new` has, it says.
    weight, groups = (
        name if name is not None and first.has(name) else None
        for name in (columns_new.weight, columns_new.groups)
    )
    columns = replace(columns, weight=weight, groups=groups)
    sources = [replace(first, columns=columns), counting_of(new, columns_new)]
    for source in sources:
        source.check_processes(n_jobs)
    total = LogLossComparisonAccumulator(
        sources[0].labels(label_texts) if labels is None else labels,
        pos_label=pos_label,
        target_names=target_names,
        base=base,
        eps=eps,
        from_logits=from_logits,
        renormalize=renormalize,
    )
    how = (total.labels, pos_label, from_logits, renormalize, nulls)
    called = (_called(old, names[0]), _called(new, names[1]))

    def joined(n_jobs: int | None) -> tuple[_Found, tuple[str, ...]]:
        each = _told(progress, sources)
        kept = KeptLosses(called[0], str(columns.row_ids))
        reading = Reading(columns, *how)
        work = partial(_kept, copy(kept), reading, total.eps)
        for part in sources[0].parts(work, reading, n_jobs, each):
            kept.extend(part)
        kept.settle(len(total.labels))
        reading = Reading(columns_new, *how)
        join = _Join(kept, reading, total.eps, names, called, unmatched == "error")
        for found in sources[1].parts(partial(_beside, join), reading, n_jobs, each):
            join.found.add(found)
        return join.found, join.end()

    with sources[0], sources[1]:
        try:
            found, notes = joined(n_jobs)
        except BadDataError:
            once = any(source.is_read_once for source in sources)
            if n_jobs in (None, 1) or once:  # what was read would be left out of the second time
                raise
            # The first row that breaks a rule is known where all are read in their order.
            found, notes = joined(None)
    total._add(names, found.sums, found.n_dropped)
    return total, notes


def _called(source: Any, name: str) -> str:
    """What messages call a source: its path, if it is a single one, or else its model."""
    alone = source[0] if isinstance(source, list | tuple) and len(source) == 1 else source
    return os.fspath(alone) if isinstance(alone, str | os.PathLike) else repr(name)


def _told(progress: Progress | None, sources: Sequence[Counting]) -> Callable[[int], None] | None:
    """What is called with the rows of each chunk of either source, if somebody wants to know."""
    if progress is None:
        return None
    counts = [source.n_rows() for source in sources]
    return told(progress, None if None in counts else sum(n or 0 for n in counts))


def _kept(empty: KeptLosses, reading: Reading, eps: float, chunks: Chunks) -> KeptLosses:
    """What is kept of the rows of some chunks."""
    found = KeptLosses(empty.name, empty.column)
    for layout, chunk in chunks:
        _keep(found, chunk, layout, reading, eps)
    return found


def _beside(join: _Join, chunks: Chunks) -> _Found:
    """What is found of the rows of some chunks."""
    join = copy(join)
    join.found = _Found.nothing(join.kept)
    for layout, chunk in chunks:
        rows = join.rows(chunk, layout)
        if rows is not None:
            join.found.add_sums(paired_sums(rows, 0))
    return join.found


def _keep(kept: KeptLosses, chunk: Chunk, layout: Layout, reading: Reading, eps: float) -> None:
    if not chunk.batch.num_rows:
        return
    rows = reading.rows(chunk, layout)
    counts = None if rows.dropped is None else (~rows.dropped).astype(np.float64)
    plain = replace(rows, weight=counts, groups=None)
    losses, none, checked = chunk_losses(chunk, layout, reading, plain, eps, chunk.where)
    if rows.dropped is not None:
        losses[rows.dropped] = np.nan
    weights = None if reading.columns.weight is None else rows.weight
    groups = None if rows.groups is None else digests(rows.groups)
    if reading.columns.groups is not None and groups is None:  # no row of the chunk counts
        groups = np.zeros(len(losses), dtype=np.int64)
    ids = ids_in(chunk, str(reading.columns.row_ids), kept.kind)
    kept.add(
        chunk, ids, losses, rows.codes, zeros_of(checked) if none.any() else None, weights, groups
    )


@dataclass(slots=True)
class _Found:
    """What has been found of the rows of one model beside what was kept of the other."""

    seen: NDArray[np.bool_]
    """Which of those that were kept have been met."""
    sums: PairedSums | None = None
    n_alone: int = 0
    """Rows that only this model has."""
    n_dropped: int = 0

    @classmethod
    def nothing(cls, kept: KeptLosses) -> _Found:
        return cls(np.zeros(len(kept.ids), dtype=np.bool_))

    def add_sums(self, sums: PairedSums) -> None:
        self.sums = sums if self.sums is None else self.sums + sums

    def add(self, other: _Found) -> None:
        """Add what has been found of other rows."""
        if (self.seen & other.seen).any():
            msg = "An id is that of two rows."
            raise BadDataError(msg)
        self.seen |= other.seen
        self.n_alone += other.n_alone
        self.n_dropped += other.n_dropped
        if other.sums is not None:
            self.add_sums(other.sums)


class _Join:
    """Rows of one model beside what was kept of the other."""

    def __init__(
        self,
        kept: KeptLosses,
        reading: Reading,
        eps: float,
        names: tuple[str, str],
        called: tuple[str, str],
        strict: bool,
    ) -> None:
        self.kept, self.reading, self.eps, self.names = kept, reading, eps, names
        self.called, self.strict = called, strict
        self.column = str(reading.columns.row_ids)
        self.found = _Found.nothing(kept)
        self.found.n_dropped = kept.n_lost

    def rows(self, chunk: Chunk, layout: Layout) -> PairedRows | None:
        """The rows of a chunk that the other model has as well; None if there are none."""
        if not chunk.batch.num_rows:
            return None
        rows = self.reading.rows(chunk, layout)
        ids = ids_in(chunk, self.column, self.kept.kind)
        self.kept.check_kind(ids, chunk)
        at = self._places(chunk, ids)
        lost = np.zeros(len(at), dtype=np.bool_) if rows.dropped is None else rows.dropped.copy()
        lost |= (at >= 0) & np.isnan(self.kept.losses[at])
        self.found.n_dropped += int(np.count_nonzero(lost))
        used = (at >= 0) & ~lost
        check_agreement(Beside(chunk, rows, at, used), self.kept, self.reading, self.called[0])
        weight = used * (1.0 if rows.weight is None else rows.weight)
        if rows.weight is None and used.all():
            weight = None
        rows = replace(rows, weight=weight)
        losses, none, _ = chunk_losses(chunk, layout, self.reading, rows, self.eps, chunk.where)
        if weight is not None and not weight.any():
            return None
        counts = used if weight is None else weight > 0
        excluded = [self.kept.excluded(at[counts]), none]
        both = [self.kept.losses[at], losses]
        return rows_that_count(both, excluded, self.eps, rows.codes, weight, rows.groups)

    def _places(self, chunk: Chunk, ids: Ids) -> IntArray:
        """Where the rows are among those that were kept; -1 for one that is not."""
        at = np.where(ids.there, self.kept.places(ids.values), -1)
        alone = ids.there & (at < 0)
        if alone.any() and self.strict:
            row = int(alone.argmax())
            msg = (
                f"{chunk.row(row)}, column {self.column!r}: {self.called[0]} has no row with the "
                f'id {shown_id(ids.values[row])}; leave such rows out with unmatched="drop".'
            )
            raise BadDataError(msg)
        self.found.n_alone += int(np.count_nonzero(alone))
        found = np.flatnonzero(at >= 0)
        places, first = np.unique(at[found], return_index=True)
        again = self.found.seen[at[found]]
        again |= ~np.isin(np.arange(len(found)), first)
        if again.any():
            row = int(found[again.argmax()])
            msg = (
                f"{chunk.row(row)}, column {self.column!r}: the id {shown_id(ids.values[row])} is "
                f"that of another row of {self.called[1]} as well; each must be there once."
            )
            raise BadDataError(msg)
        self.found.seen[places] = True
        return at

    def end(self) -> tuple[str, ...]:
        """Notes about rows that only one of the two has, or an error for the first."""
        unseen = np.flatnonzero(~self.found.seen)
        if len(unseen) and self.strict:
            first = int(unseen[0])
            more = f", nor with those of {len(unseen) - 1} other rows" if len(unseen) > 1 else ""
            msg = (
                f"{self.kept.row(first)}, column {self.column!r}: {self.called[1]} has no row "
                f"with the id {self.kept.shown(first)}{more}; leave such rows out with "
                f'unmatched="drop".'
            )
            raise BadDataError(msg)
        if len(unseen) == len(self.found.seen):
            msg = f"{' and '.join(self.called)} have no id of {self.column!r} in common."
            raise BadDataError(msg)
        if not (self.found.n_alone or len(unseen)):
            return ()
        note = (
            f"Left out, since only one model has them: {len(unseen)} rows of {self.names[0]}, "
            f"{self.found.n_alone} of {self.names[1]}."
        )
        return (note,)
