"""
Reports, comparisons and slices of what Spark holds in parts, counted where the parts are.

Frames of classic Spark and of Spark Connect, with no more than ``mapInArrow``: once to count each
partition, and once to add up what was counted, so that only a few sums reach the driver, whatever
the number of partitions. skxent must be installed where the executors run.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skxent._intake._arguments import check_level
from skxent._intake._columns import BadDataError, Columns
from skxent._typing import EPS
from skxent.comparison import LogLossComparison, LogLossComparisonAccumulator
from skxent.engines._parts import How, Task, added_up, compare_task, report_task, slices_task
from skxent.report import LogLossAccumulator, LogLossReport
from skxent.report._options import Options
from skxent.slices import GroupedLogLossAccumulator, LogLossSlices

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["compare_log_loss", "log_loss_report", "log_loss_slices"]

# Of sums that reach the driver: their number, and their bytes together. Spark's own limit is
# 1 GB unless somebody set another.
_BRANCHES, _BYTES = 8, 32_000_000
_RESULT = "part int, sums binary, problem string"


def log_loss_report(
    frame: Any,
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
    What each class costs, counted where Spark has the rows.

    Parameters
    ----------
    frame : pyspark.sql.DataFrame
        Of classic Spark or Spark Connect, with labels and probabilities.
    y : str
        The column of the labels. Where Spark ML indexed them, the names of the classes are taken
        from the metadata of the column.
    proba : str or sequence of str, default="p_*"
        The columns of the probabilities: a pattern with a ``*`` that stands for the label, or
        their names. Or a single column: of Spark ML's vectors, such as ``"probability"``, or of
        lists, with `labels`; or of the probability of one of two classes.
    weight, groups, row_ids : str, default=None
        The columns of the weights, of which rows belong together, and of the names of the rows.
    labels : array-like of shape (n_classes,), default=None
        The classes in the order in which to report them. None: what the names of the columns
        say; for vectors the classes that the metadata of `y` names, or else their numbers.
    pos_label : int, float, bool or str, default=None
        The class that a single column is the probability of.
    target_names : sequence of str, default=None
        What to call the classes, in the order of the labels.
    nulls : {"error", "drop"}, default="error"
        What becomes of rows in which a column has no value.
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
        As from `LogLossAccumulator`. Rows are named by partition and number, or by `row_ids`.

    Raises
    ------
    ImportError
        If pyspark or pyarrow is not installed.
    TypeError
        If `frame` is no frame of Spark.
    ValueError
        If a column is missing, or a row is not what `log_loss` takes. The message names the
        partition and the row in it.

    Examples
    --------
    >>> from skxent.engines.spark import log_loss_report
    >>> predictions = model.transform(test)  # doctest: +SKIP
    >>> log_loss_report(predictions, y="label", proba="probability")  # doctest: +SKIP
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
    columns = Columns.of(y, proba, weight, groups, row_ids)
    frame, labels = _plain(frame, y, [proba], labels)
    task = report_task(
        _schema(frame), columns, how, labels=labels, nulls=nulls, subsample=subsample
    )
    total = _sum(frame, task)
    assert isinstance(total, LogLossAccumulator)
    return total.report(
        confidence_level=options.confidence_level,
        recalibration=recalibration,
        n_null=n_null,
        random_state=random_state,
    )


def compare_log_loss(
    frame: Any,
    models: Mapping[str, str | Sequence[str]],
    *,
    y: str,
    weight: str | None = None,
    groups: str | None = None,
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
    Which of several models loses less, counted where Spark has the rows.

    Parameters
    ----------
    frame : pyspark.sql.DataFrame
        Of classic Spark or Spark Connect, with labels and the probabilities of all models, such
        as one that was joined by an id.
    models : mapping of str to str or sequence of str
        The columns of the probabilities of each model by its name, such as
        ``{"old": "old_*", "new": "new_*"}``; single columns may hold Spark ML's vectors or lists.
    y : str
        The column of the labels; see `log_loss_report`.
    weight, groups : str, default=None
        The columns of the weights, and of which rows belong together.
    labels : array-like of shape (n_classes,), default=None
        The classes in the order in which to report them. None: what the columns of the first model
        say; see `log_loss_report`.
    pos_label : int, float, bool or str, default=None
        The class that a single column is the probability of.
    target_names : sequence of str, default=None
        What to call the classes, in the order of the labels.
    reference : str, default=None
        Name of the model to compare the others with; None: the first.
    nulls : {"error", "drop"}, default="error"
        What becomes of rows in which a column has no value.
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
        If pyspark or pyarrow is not installed.
    TypeError
        If `frame` is no frame of Spark.
    ValueError
        If a column is missing, or a row is not what `compare_log_loss` takes. The message names
        the partition and the row in it.

    Examples
    --------
    >>> from skxent.engines.spark import compare_log_loss
    >>> both = old.join(new, "id")  # doctest: +SKIP
    >>> compare_log_loss(both, {"old": "old_*", "new": "new_*"}, y="label")  # doctest: +SKIP
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
    probas = list(models.values()) if isinstance(models, Mapping) else []
    frame, labels = _plain(frame, y, probas, labels)
    task = compare_task(
        _schema(frame),
        y,
        models,
        how,
        weight=weight,
        groups=groups,
        labels=labels,
        reference=reference,
        nulls=nulls,
    )
    total = _sum(frame, task)
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
    What the rows of each value of a column cost, counted where Spark has the rows.

    Parameters
    ----------
    frame : pyspark.sql.DataFrame
        With labels, probabilities, and the column to tell rows apart by.
    y : str
        The column of the labels; see `log_loss_report`.
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
        If Spark or pyarrow is not installed.
    TypeError
        If `frame` is no data frame of Spark.
    ValueError
        If a column is missing, `by` has more than 10000 values, or a row is not what
        `log_loss_slices` takes. The message names the partition and the row in it.

    See Also
    --------
    skxent.log_loss_slices : Of rows that are all at hand; finds slices too.

    Examples
    --------
    >>> from skxent.engines.spark import log_loss_slices
    >>> predictions = model.transform(test)  # doctest: +SKIP
    >>> log_loss_slices(predictions, y="label", by="region", proba="probability")  # doctest: +SKIP
    <LogLossSlices: ...>
    """
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
    frame, labels = _plain(frame, y, [proba], labels)
    total = _sum(frame, slices_task(_schema(frame), columns, by, how, labels=labels, nulls=nulls))
    assert isinstance(total, GroupedLogLossAccumulator)
    return total.report(confidence_level=confidence_level)


def _plain(
    frame: Any, y: str, probas: Sequence[Any], labels: ArrayLike | None
) -> tuple[Any, ArrayLike | None]:
    """The frame with lists for the vectors of Spark ML, and the labels that it then has."""
    if not hasattr(frame, "mapInArrow"):
        msg = f"frame must be a DataFrame of Spark; got {type(frame)}."
        raise TypeError(msg)
    from pyspark.sql import functions as sf

    kinds = {field.name: field for field in frame.schema.fields}
    # A name of a list of one is meant as well.
    named = {p if isinstance(p, str) or len(p) != 1 else p[0] for p in map(_hashable, probas)}
    vectors = [name for name in named if name in kinds and _is_vector(kinds[name].dataType)]
    if not vectors:
        return frame, labels
    from pyspark.ml.functions import vector_to_array

    if labels is None and y in kinds:
        labels = _labels_of(frame, kinds[y], vectors[0])
        if isinstance(labels, list):
            # The index of a class as its name; without one it is null, which is refused.
            names = sf.array(*[sf.lit(label) for label in labels])
            frame = frame.withColumn(y, sf.get(names, sf.col(_quoted(y)).cast("int")))
    for name in vectors:
        frame = frame.withColumn(name, vector_to_array(sf.col(_quoted(name))))
    return frame, labels


def _hashable(proba: Any) -> Any:
    return proba if isinstance(proba, str) else tuple(proba)


def _is_vector(kind: Any) -> bool:
    return type(kind).__name__ == "VectorUDT"


def _labels_of(frame: Any, field: Any, vectors: str) -> list[str] | NDArray[np.float64]:
    """What Spark ML's indexer called the classes, or else their numbers, as its labels are."""
    from pyspark.ml.functions import vector_to_array
    from pyspark.sql import functions as sf

    names = (field.metadata or {}).get("ml_attr", {}).get("vals")
    if names and field.dataType.typeName() == "double":
        return [str(name) for name in names]
    column = vector_to_array(sf.col(_quoted(vectors)))
    first = frame.select(sf.size(column).alias("n")).where("n > 0").limit(1).collect()
    if not first:
        msg = (
            f"The data frame: column {vectors!r} has no vectors, which would say how many classes."
        )
        raise BadDataError(msg)
    return np.arange(int(first[0]["n"]), dtype=np.float64)


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _schema(frame: Any) -> pa.Schema:
    """The columns of a frame as Arrow's."""
    try:
        import pyarrow as pa
    except ImportError as error:
        msg = "Reports of Spark's frames need pyarrow: pip install 'skxent[spark]'."
        raise ImportError(msg) from error
    kinds = {
        "string": pa.string(),
        "double": pa.float64(),
        "float": pa.float32(),
        "boolean": pa.bool_(),
        "byte": pa.int8(),
        "short": pa.int16(),
        "integer": pa.int32(),
        "long": pa.int64(),
        "decimal": pa.float64(),
        "date": pa.date32(),
        "timestamp": pa.timestamp("us"),
        "array": pa.list_(pa.float64()),
    }
    fields = frame.schema.fields
    return pa.schema([(f.name, kinds.get(f.dataType.typeName(), pa.null())) for f in fields])


def _sum(frame: Any, task: Task) -> Any:
    """What was counted of all partitions, added up in two steps where they are, and then here."""
    from pyspark.sql import functions as sf

    # Under names without a dot, at which `mapInArrow` would take a column for a part of another.
    needed = frame.select(
        *[sf.col(_quoted(name)).alias(f"c{i}") for i, name in enumerate(task.needed)]
    )
    counted = needed.mapInArrow(_Count(task), _RESULT)
    # Which partitions meet is a matter of their numbers, so that a rerun adds up alike.
    branches = counted.repartition(_n_branches(task), "part")
    rows = branches.mapInArrow(_AddUp(type(task.empty)), _RESULT).collect()
    problems = sorted((row["part"], row["problem"]) for row in rows if row["problem"] is not None)
    if problems:
        raise BadDataError(problems[0][1])
    found = [(row["part"], bytes(row["sums"])) for row in rows]
    if not found:
        return task.empty + 0
    return added_up([_restored(type(task.empty), sums) for _, sums in sorted(found)])


def _n_branches(task: Task) -> int:
    """How many sums reach the driver: fewer where each is large."""
    k = len(task.empty.labels)
    rows = 0
    if isinstance(task.empty, LogLossAccumulator):
        rows = min(task.empty.subsample, 2_000_000 // k)
    # A sample, a matrix of classes, and some hundred bins and sums a class.
    size = 8 * (rows * (k + 4) + k * k + 800 * k)
    return max(1, min(_BRANCHES, _BYTES // size))


def _restored(kind: type[Any], content: bytes) -> Any:
    return kind._of_bytes(content, Path("sums of a partition"))


def _row(part: int, sums: bytes | None, problem: str | None = None) -> Any:
    import pyarrow as pa

    kinds = {"part": pa.int32(), "sums": pa.binary(), "problem": pa.string()}
    values: dict[str, Any] = {"part": part, "sums": sums, "problem": problem}
    return pa.RecordBatch.from_pydict({k: pa.array([values[k]], kinds[k]) for k in kinds})


class _Count:
    """Counts a partition: one row comes out, or none where there are no rows."""

    def __init__(self, task: Task) -> None:
        self.task = task

    def __call__(self, batches: Iterable[Any]) -> Iterator[Any]:
        import pyarrow as pa
        from pyspark import TaskContext

        context = TaskContext.get()
        part = 0 if context is None else int(context.partitionId())
        names = list(self.task.needed)
        some = (pa.RecordBatch.from_arrays(batch.columns, names=names) for batch in batches)
        first = next((batch for batch in some if batch.num_rows), None)
        if first is None:
            return
        rest = chain([first], some)
        try:
            yield _row(part, self.task.counted(rest, part)._as_bytes())
        except BadDataError as error:
            # Not raised here, where Spark would try again, and bury it in a trace.
            for _ in rest:
                pass
            yield _row(part, None, str(error))


class _AddUp:
    """Adds up what was counted of some partitions, in their order."""

    def __init__(self, kind: type[Any]) -> None:
        self.kind = kind

    def __call__(self, batches: Iterable[Any]) -> Iterator[Any]:
        found = []
        for batch in batches:
            for row in batch.to_pylist():
                if row["problem"] is not None:
                    yield _row(row["part"], None, row["problem"])
                else:
                    found.append((row["part"], row["sums"]))
        if found:
            found.sort()
            total = added_up([_restored(self.kind, sums) for _, sums in found])
            yield _row(found[0][0], total._as_bytes())
