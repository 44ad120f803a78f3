"""
Reports, comparisons and slices of what Dask holds in parts, counted where the parts are.

Only sums of a part travel, about a megabyte for ten classes; they are added up in a tree. What is
counted of a part is a function of its rows and its number, so that a part that is counted again,
since a worker was lost, changes no digit.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skxent._intake._arguments import check_level
from skxent._intake._columns import BadDataError, Columns
from skxent._intake._labels import as_labels, distinct
from skxent._intake._streams import frame_schema
from skxent._typing import EPS
from skxent.comparison import LogLossComparison, LogLossComparisonAccumulator
from skxent.engines._parts import How, Task, added_up, compare_task, report_task, slices_task
from skxent.report import LogLossAccumulator, LogLossReport
from skxent.report._options import Options
from skxent.slices import GroupedLogLossAccumulator, LogLossSlices

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["compare_log_loss", "log_loss_report", "log_loss_slices"]

# So many sums are added up at a time.
_BRANCHES = 16


def log_loss_report(
    data: Any,
    y_proba: Any = None,
    *,
    y: str | None = None,
    proba: str | Sequence[str] = "p_*",
    weight: Any = None,
    groups: Any = None,
    row_ids: Any = None,
    labels: ArrayLike | None = None,
    pos_label: Any = None,
    target_names: Sequence[str] | None = None,
    nulls: str = "error",
    base: float | None = math.e,
    eps: float = EPS,
    from_logits: bool = False,
    renormalize: bool = False,
    subsample: int = 10_000,
    confidence_level: float = 0.95,
    recalibration: bool = True,
    n_null: int = 200,
    random_state: int | np.random.RandomState | None = 0,
) -> LogLossReport:
    """
    What each class costs, counted where Dask has the rows.

    Parameters
    ----------
    data : dask.dataframe.DataFrame, or dask array or series of shape (n_samples,)
        A data frame with labels and probabilities; or the labels alone, with `y_proba`. Chunks
        may be of any size, known or not.
    y_proba : dask array of shape (n_samples, n_classes) or (n_samples,), default=None
        The probabilities, where `data` holds labels. Its columns may be in several chunks.
    y : str, default=None
        The column of the labels in a data frame.
    proba : str or sequence of str, default="p_*"
        The columns of the probabilities in a data frame; see `log_loss_report_from`.
    weight, groups, row_ids : str, or dask array of shape (n_samples,), default=None
        Weights, what says which rows belong together, and names of the rows: columns of the
        data frame, or arrays beside arrays.
    labels : array-like of shape (n_classes,), default=None
        The classes in the order in which to report them; for arrays, in the order of the
        columns. None: what the names of the columns say; for arrays the sorted labels, which are
        read once more for it.
    pos_label : int, float, bool or str, default=None
        The class that a single column is the probability of.
    target_names : sequence of str, default=None
        What to call the classes, in the order of the labels.
    nulls : {"error", "drop"}, default="error"
        What becomes of rows of a data frame in which a column has no value.
    base : float or None, default=e
        Base of the logarithm: 2 gives bits, e or None nats.
    eps : float, default=2**-52
        Floor of the true class's probability, as in `log_loss`.
    from_logits : bool, default=False
        Whether the columns hold logits or log-probabilities.
    renormalize : bool, default=False
        Whether to divide each row by its sum.
    subsample : int, default=10000
        How many rows to draw for the recalibration; see `LogLossAccumulator`.
    confidence_level : float, default=0.95
        Of the intervals, between 0 and 1.
    recalibration : bool, default=True
        Whether to fit recalibration maps to the sample.
    n_null : int, default=200
        How often to draw labels for `miscalibration_null`.
    random_state : int, RandomState or None, default=0
        Seed of the folds of the recalibration, and of those labels.

    Returns
    -------
    LogLossReport
        As from `LogLossAccumulator`. Rows are named by partition and number, or by `row_ids`;
        those of arrays by their number.

    Raises
    ------
    ImportError
        If Dask is not installed.
    TypeError
        If `data` is nothing of Dask.
    ValueError
        If a column is missing, chunks do not match, or a row is not what `log_loss` takes. The
        message names the partition.

    Examples
    --------
    >>> import dask.dataframe as dd  # doctest: +SKIP
    >>> from skxent.engines.dask import log_loss_report
    >>> frame = dd.read_parquet("predictions/")  # doctest: +SKIP
    >>> log_loss_report(frame, y="label")  # doctest: +SKIP
    <LogLossReport: 10 classes, 10000000 rows, ...>
    """
    options = Options.of(
        target_names=target_names,
        base=base,
        eps=eps,
        confidence_level=confidence_level,
        recalibration=recalibration,
        n_null=n_null,
        random_state=random_state,
    )
    how = How(
        pos_label=pos_label,
        target_names=target_names,
        base=base,
        eps=eps,
        from_logits=from_logits,
        renormalize=renormalize,
    )
    if _is_frame(data) and y_proba is None:
        columns = Columns.of(_named(y), proba, weight, groups, row_ids)
        task = report_task(
            _schema(data), columns, how, labels=labels, nulls=nulls, subsample=subsample
        )
        total = _sum_of_frame(data, task)
    else:
        _check_pair(data, y_proba, y)
        beside = {"sample_weight": weight, "groups": groups, "row_ids": row_ids}
        empty = how.report(_labels(data) if labels is None else labels, subsample)
        total = _sum_of_arrays(empty, data, {"": y_proba}, beside)
    assert isinstance(total, LogLossAccumulator)
    return total.report(
        confidence_level=options.confidence_level,
        recalibration=recalibration,
        n_null=n_null,
        random_state=random_state,
    )


def compare_log_loss(
    data: Any,
    models: Mapping[str, Any],
    *,
    y: str | None = None,
    weight: Any = None,
    groups: Any = None,
    labels: ArrayLike | None = None,
    pos_label: Any = None,
    target_names: Sequence[str] | None = None,
    reference: str | None = None,
    nulls: str = "error",
    base: float | None = math.e,
    eps: float = EPS,
    confidence_level: float = 0.95,
    from_logits: bool = False,
    renormalize: bool = False,
) -> LogLossComparison:
    """
    Which of several models loses less, counted where Dask has the rows.

    Parameters
    ----------
    data : dask.dataframe.DataFrame, or dask array or series of shape (n_samples,)
        A data frame with labels and the probabilities of all models, such as one that was merged
        by an id; or the labels alone, beside arrays.
    models : mapping of str to str, sequence of str or dask array
        The probabilities of each model by its name: the columns of the data frame, such as
        ``{"old": "old_*", "new": "new_*"}``, or arrays.
    y : str, default=None
        The column of the labels in a data frame.
    weight, groups : str, or dask array of shape (n_samples,), default=None
        Weights, and what says which rows belong together: columns of the data frame, or arrays
        beside arrays.
    labels : array-like of shape (n_classes,), default=None
        The classes in the order in which to report them; for arrays, in the order of the columns.
        None: what the names of the first model's columns say; for arrays the sorted labels.
    pos_label : int, float, bool or str, default=None
        The class that a single column is the probability of.
    target_names : sequence of str, default=None
        What to call the classes, in the order of the labels.
    reference : str, default=None
        Name of the model to compare the others with; None: the first.
    nulls : {"error", "drop"}, default="error"
        What becomes of rows of a data frame in which a column has no value.
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

    Returns
    -------
    LogLossComparison
        As from `compare_log_loss` of all rows at once, but for rounding.

    Raises
    ------
    ImportError
        If Dask is not installed.
    TypeError
        If `data` is nothing of Dask.
    ValueError
        If a column is missing, chunks do not match, or a row is not what `compare_log_loss`
        takes. The message names the partition.

    Examples
    --------
    >>> import dask.dataframe as dd  # doctest: +SKIP
    >>> from skxent.engines.dask import compare_log_loss
    >>> frame = dd.read_parquet("predictions/")  # doctest: +SKIP
    >>> compare_log_loss(frame, {"old": "old_*", "new": "new_*"}, y="label")  # doctest: +SKIP
    <LogLossComparison: 2 models, 10 classes, 10000000 rows; ...>
    """
    how = How(
        pos_label=pos_label,
        target_names=target_names,
        base=base,
        eps=eps,
        from_logits=from_logits,
        renormalize=renormalize,
    )
    if _is_frame(data) and y is not None:
        task = compare_task(
            _schema(data),
            y,
            models,
            how,
            weight=weight,
            groups=groups,
            labels=labels,
            reference=reference,
            nulls=nulls,
        )
        total = _sum_of_frame(data, task)
    else:
        for each in models.values():
            _check_pair(data, each, y)
        beside = {"sample_weight": weight, "groups": groups}
        empty = how.comparison(_labels(data) if labels is None else labels, reference)
        total = _sum_of_arrays(empty, data, models, beside)
    assert isinstance(total, LogLossComparisonAccumulator)
    return total.report(confidence_level=confidence_level)


def log_loss_slices(
    frame: Any,
    *,
    y: str,
    by: str | Sequence[str],
    proba: str | Sequence[str] = "p_*",
    weight: str | None = None,
    labels: ArrayLike | None = None,
    pos_label: Any = None,
    target_names: Sequence[str] | None = None,
    nulls: str = "error",
    base: float | None = math.e,
    eps: float = EPS,
    confidence_level: float = 0.95,
    from_logits: bool = False,
    renormalize: bool = False,
) -> LogLossSlices:
    """
    What the rows of each value of a column cost, counted where Dask has the rows.

    Parameters
    ----------
    frame : dask.dataframe.DataFrame
        With labels, probabilities, and the column to tell rows apart by.
    y : str
        The column of the labels.
    by : str or sequence of str
        The column whose values are the slices, or several, whose values together are; to have
        none is one value more.
    proba : str or sequence of str, default="p_*"
        The columns of the probabilities; see `log_loss_report`.
    weight : str, default=None
        The column of the weights.
    labels : array-like of shape (n_classes,), default=None
        The classes in the order in which to report them; see `log_loss_report`.
    pos_label : int, float, bool or str, default=None
        The class that a single column is the probability of.
    target_names : sequence of str, default=None
        What to call the classes, in the order of the labels.
    nulls : {"error", "drop"}, default="error"
        What becomes of rows in which a column other than `by` has no value.
    base : float or None, default=e
        Base of the logarithm: 2 gives bits, e or None nats.
    eps : float, default=2**-52
        Floor of the true class's probability, above 0.
    confidence_level : float, default=0.95
        A slice is found where its adjusted p-value is not above 1 minus this.
    from_logits : bool, default=False
        Whether the columns hold logits or log-probabilities.
    renormalize : bool, default=False
        Whether to divide each row by its sum.

    Returns
    -------
    LogLossSlices
        As from `GroupedLogLossAccumulator` of the same rows, but for rounding.

    Raises
    ------
    ImportError
        If Dask or pyarrow is not installed.
    TypeError
        If `frame` is no data frame of Dask.
    ValueError
        If a column is missing, `by` has more than 10000 values, or a row is not what
        `log_loss_slices` takes. The message names the partition and the row in it.

    See Also
    --------
    skxent.log_loss_slices : Of rows that are all at hand; finds slices too.

    Examples
    --------
    >>> import dask.dataframe as dd  # doctest: +SKIP
    >>> from skxent.engines.dask import log_loss_slices
    >>> frame = dd.read_parquet("predictions/")  # doctest: +SKIP
    >>> log_loss_slices(frame, y="label", by="region")  # doctest: +SKIP
    <LogLossSlices: ...>
    """
    if not _is_frame(frame):
        msg = f"frame must be a data frame of Dask; got {type(frame)}."
        raise TypeError(msg)
    check_level(confidence_level)
    how = How(
        pos_label=pos_label,
        target_names=target_names,
        base=base,
        eps=eps,
        from_logits=from_logits,
        renormalize=renormalize,
    )
    columns = Columns.of(y, proba, weight, None, None)
    total = _sum_of_frame(
        frame, slices_task(_schema(frame), columns, by, how, labels=labels, nulls=nulls)
    )
    assert isinstance(total, GroupedLogLossAccumulator)
    return total.report(confidence_level=confidence_level)


def _is_frame(data: Any) -> bool:
    return hasattr(data, "to_delayed") and hasattr(data, "npartitions") and hasattr(data, "columns")


def _named(y: str | None) -> str:
    if y is None:
        msg = "y must be the name of the column of the labels: log_loss_report(frame, y=...)."
        raise TypeError(msg)
    return y


def _check_pair(data: Any, y_proba: Any, y: str | None) -> None:
    for name, values in {"data": data, "y_proba": y_proba}.items():
        if not hasattr(values, "to_delayed"):
            msg = (
                f"{name} must be of Dask: a data frame with y=..., or a pair of arrays; got "
                f"{type(values)}. For data in memory see skxent.log_loss_report."
            )
            raise TypeError(msg)
    if y is not None:
        msg = f"y={y!r} names a column of a data frame; data is {type(data)}."
        raise TypeError(msg)


def _schema(frame: Any) -> pa.Schema:
    """The columns of a frame as Arrow's; rows are looked at where the types alone do not say."""
    vague = [str(kind) in ("object", "category") for kind in frame.dtypes]
    if not any(vague):
        return frame_schema(frame.partitions[0].map_partitions(_few, 0).compute())
    for i in range(frame.npartitions):
        rows = frame.partitions[i].map_partitions(_few, 1000).compute()
        if len(rows):
            break
    return frame_schema(rows)


def _few(frame: Any, n: int) -> Any:
    return frame.iloc[:n]


def _sum_of_frame(frame: Any, task: Task) -> Any:
    from dask import delayed

    sent = delayed(task)
    parts = frame[list(task.needed)].to_delayed()
    return _sum([delayed(_counted)(sent, part, i) for i, part in enumerate(parts)])


def _counted(task: Task, frame: Any, part: int) -> Any:
    return task.counted([frame], part)


def _sum(parts: list[Any]) -> Any:
    """The sum of all parts, computed as a tree whose branches are in the order of the parts."""
    from dask import delayed

    while len(parts) > 1:
        branches = [parts[i : i + _BRANCHES] for i in range(0, len(parts), _BRANCHES)]
        parts = [delayed(added_up)(branch) for branch in branches]
    return parts[0].compute()


def _labels(y_true: Any) -> NDArray[Any]:
    """The sorted labels of all chunks."""
    from dask import compute, delayed

    found = compute(*[delayed(_distinct)(block) for block in np.ravel(y_true.to_delayed())])
    some = [labels for labels in found if len(labels)]
    if not some:
        msg = "data must hold labels; it has no rows."
        raise ValueError(msg)
    return distinct(as_labels([label for labels in some for label in labels], "data"), "data")


def _distinct(block: Any) -> list[Any]:
    values = np.asarray(block)
    return distinct(as_labels(values, "data"), "data").tolist() if len(values) else []


def _sum_of_arrays(
    empty: LogLossAccumulator | LogLossComparisonAccumulator,
    y_true: Any,
    tables: Mapping[str, Any],
    beside: Mapping[str, Any],
) -> Any:
    """Counted chunk by chunk; the number of a chunk is the seed of what is drawn of it."""
    from dask import delayed

    like = next(iter(tables.values()))
    probas = {name: _blocks(table, like, f"y_proba {name!r}") for name, table in tables.items()}
    rows = _blocks(y_true, like, "data")
    others = {
        name: _blocks(values, like, name) for name, values in beside.items() if values is not None
    }
    sent = delayed(empty)
    parts = [
        delayed(_counted_chunk)(
            sent,
            rows[i][0],
            {name: blocks[i] for name, blocks in probas.items()},
            {name: blocks[i][0] for name, blocks in others.items()},
            i,
        )
        for i in range(len(rows))
    ]
    return _sum(parts)


def _blocks(values: Any, like: Any, name: str) -> list[list[Any]]:
    """The chunks of some rows, each of which may be several chunks of columns."""
    if not hasattr(values, "to_delayed"):
        msg = f"{name} must be of Dask, as data is; got {type(values)}."
        raise TypeError(msg)
    mine, wanted = (getattr(x, "chunks", ((math.nan,),))[0] for x in (values, like))
    known = not any(math.isnan(size) for size in (*mine, *wanted))
    if known and mine != wanted and sum(mine) == sum(wanted):
        values = values.rechunk({0: wanted})
    found = np.asarray(values.to_delayed(), dtype=object)
    n = int(np.asarray(like.to_delayed(), dtype=object).shape[0])
    if len(found) != n:
        msg = (
            f"{name} has {len(found)} chunks of rows and y_proba {n}, of sizes that are not known "
            f"or do not match; call compute_chunk_sizes() on both, or rechunk."
        )
        raise ValueError(msg)
    return found.reshape(n, -1).tolist()


def _counted_chunk(
    empty: LogLossAccumulator | LogLossComparisonAccumulator,
    y_true: Any,
    probas: Mapping[str, list[Any]],
    beside: Mapping[str, Any],
    part: int,
) -> Any:
    tables = {
        name: blocks[0] if len(blocks) == 1 else np.concatenate(blocks, axis=1)
        for name, blocks in probas.items()
    }
    with _naming(part):
        if isinstance(empty, LogLossComparisonAccumulator):
            return (empty + 0).update(y_true, tables, **beside)
        return empty._with_seed(part).update(y_true, tables[""], **beside)


@contextmanager
def _naming(part: int) -> Iterator[None]:
    """Say in an error which chunk it is about."""
    try:
        yield
    except (TypeError, ValueError) as error:
        msg = f"chunk {part}: {error}"
        raise BadDataError(msg) from error
