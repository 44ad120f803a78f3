"""A report from files and other sources, in memory that does not grow with the rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from copy import copy
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from skxent._intake._columns import Columns
from skxent._intake._reading import Reading
from skxent._typing import EPS
from skxent.engines._counting import Chunks, Progress, counting_of, told
from skxent.report import LogLossAccumulator, LogLossReport
from skxent.report._options import Options
from skxent.report._stream import count_chunk

__all__ = ["accumulator_from", "log_loss_report_from"]


def log_loss_report_from(
    source: Any,
    *,
    y: str,
    proba: str | Sequence[str] = "p_*",
    weight: str | None = None,
    groups: str | None = None,
    row_ids: str | None = None,
    labels: ArrayLike | None = None,
    pos_label: Any = None,
    target_names: Sequence[str] | None = None,
    nulls: str = "error",
    n_jobs: int | None = None,
    base: float | None = math.e,
    eps: float = EPS,
    from_logits: bool = False,
    renormalize: bool = False,
    subsample: int = 10_000,
    confidence_level: float = 0.95,
    recalibration: bool = True,
    n_null: int = 200,
    random_state: int | np.random.RandomState | None = 0,
    progress: Progress | None = None,
) -> LogLossReport:
    """
    What each class costs, from files, or from anything that streams: `log_loss_report` for rows
    that do not fit into memory.

    Only the columns that are needed are read, 131,072 rows at a time, or fewer where there are
    many classes.

    Parameters
    ----------
    source : path, list of paths, or other source
        A file, a pattern such as ``"predictions/*.parquet"``, a folder, or several of these: of
        Parquet, Arrow, Feather, or text with a header line (CSV), also with gzip. ``"-"`` is
        standard input; addresses such as ``"s3://..."`` are opened with fsspec, where that is
        installed. Or a pyarrow table, reader, scanner or data set, a data frame, a polars
        LazyFrame, a DuckDB relation, or an iterable of frames or Arrow batches.
    y : str
        The column of the labels.
    proba : str or sequence of str, default="p_*"
        The columns of the probabilities, one a class: a pattern with a ``*`` that stands for the
        label, or their names, which name labels also behind ``p_`` and the like, or, with
        `labels`, behind any prefix. Or the name of a single column: of lists, one number a class,
        with `labels`; or of the probability of one of two classes.
    weight : str, default=None
        The column of the weights.
    groups : str, default=None
        The column that says which rows belong together; see `log_loss_report`.
    row_ids : str, default=None
        The column of the names of the rows. None: their numbers, from 0, behind the name of the
        file if there are several.
    labels : array-like of shape (n_classes,), default=None
        The classes in the order in which to report them. None: what the names of the columns of
        `proba` say, in the order of the columns, and typed as `y` is. In text files, which have
        no types, labels are integers if all are written so, and else text.
    pos_label : int, float, bool or str, default=None
        The class that a single column is the probability of; the second of `labels` by default.
    target_names : sequence of str, default=None
        What to call the classes, in the order of the labels.
    nulls : {"error", "drop"}, default="error"
        What becomes of rows in which a column has no value: they are an error that names file,
        row and column, or are left out, and the report's notes say how many. In text files NA,
        NULL, nan, ? and other usual spellings say that there is none, unless a label is so.
    n_jobs : int, default=None
        Processes that share the files and the row groups of Parquet files; -1: one a core.
        None means one.
    subsample : int, default=10000
        How many rows to draw for the recalibration; see `LogLossAccumulator`. Which rows are
        drawn depends on the data alone.
    base : float or None, default=e
        Base of the logarithm: 2 gives bits, e or None nats.
    eps : float, default=2**-52
        Floor of the true class's probability, as in `log_loss`.
    from_logits : bool, default=False
        Whether the columns hold logits or log-probabilities.
    renormalize : bool, default=False
        Whether to divide each row by its sum.
    confidence_level : float, default=0.95
        Of the intervals, between 0 and 1.
    recalibration : bool, default=True
        Whether to fit recalibration maps to the sample.
    n_null : int, default=200
        How often to draw labels for `miscalibration_null`.
    random_state : int, RandomState or None, default=0
        Seed of the folds of the recalibration, and of those labels.
    progress : callable, default=None
        It is called with the number of rows that have been counted, and that of all rows, or
        None where nobody knows.

    Returns
    -------
    LogLossReport
        As from `LogLossAccumulator`.

    Raises
    ------
    FileNotFoundError
        If there is no such file, or a pattern matches none.
    ImportError
        If there is no pyarrow.
    TypeError
        If `source` is nothing that streams.
    ValueError
        If a column is missing, a file is named twice or cannot be read, or a row is not what
        `log_loss` takes. The message names the file, the row, counted from 0, and the column.

    Examples
    --------
    >>> import pandas as pd
    >>> from skxent import log_loss, log_loss_report_from
    >>> frame = pd.DataFrame({"kind": ["a", "b"], "p_b": [0.2, 0.7], "p_a": [0.8, 0.3]})
    >>> report = log_loss_report_from(frame, y="kind", labels=["a", "b"])
    >>> loss = log_loss(frame["kind"], frame[["p_a", "p_b"]])
    >>> bool(abs(report.overall["log_loss"] - loss) < 1e-15)
    True
    """
    # What is wrong with an option is said before anything is read.
    Options.of(
        target_names=target_names,
        base=base,
        eps=eps,
        confidence_level=confidence_level,
        recalibration=recalibration,
        n_null=n_null,
        random_state=random_state,
    )
    accumulator = accumulator_from(
        source,
        Columns.of(y, proba, weight, groups, row_ids),
        labels=labels,
        pos_label=pos_label,
        target_names=target_names,
        nulls=nulls,
        n_jobs=n_jobs,
        base=base,
        eps=eps,
        from_logits=from_logits,
        renormalize=renormalize,
        subsample=subsample,
        progress=progress,
    )
    return accumulator.report(
        confidence_level=confidence_level,
        recalibration=recalibration,
        n_null=n_null,
        random_state=random_state,
    )


def accumulator_from(
    source: Any,
    columns: Columns,
    *,
    labels: ArrayLike | None = None,
    label_texts: Sequence[str] | None = None,
    pos_label: Any = None,
    target_names: Sequence[str] | None = None,
    nulls: str = "error",
    n_jobs: int | None = None,
    base: float | None = math.e,
    eps: float = EPS,
    from_logits: bool = False,
    renormalize: bool = False,
    subsample: int = 10_000,
    progress: Progress | None = None,
) -> LogLossAccumulator:
    """
    All rows of a source in an accumulator; see `log_loss_report_from`.

    `label_texts` are labels that become of the type of those of the rows.
    """
    with counting_of(source, columns) as counting:
        accumulator = LogLossAccumulator(
            counting.labels(label_texts) if labels is None else labels,
            pos_label=pos_label,
            target_names=target_names,
            base=base,
            eps=eps,
            from_logits=from_logits,
            renormalize=renormalize,
            subsample=subsample,
        )
        reading = accumulator._reading(columns, nulls)
        each = None if progress is None else told(progress, counting.n_rows())
        work = partial(_counted, copy(accumulator), reading)
        for part in counting.parts(work, reading, n_jobs, each):
            accumulator.merge(part)
    return accumulator


def _counted(empty: LogLossAccumulator, reading: Reading, chunks: Chunks) -> LogLossAccumulator:
    found = copy(empty)
    for layout, chunk in chunks:
        count_chunk(found._tally, chunk, layout, reading)
    return found
