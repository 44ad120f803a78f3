"""What can be read as a stream of Arrow batches, without being in memory at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from skxent._intake._arrow import Chunk
from skxent._intake._columns import BadDataError, Layout
from skxent._intake._foreign import kinds_of

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Stream", "batch_rows", "frame_schema", "pyarrow_or_advice", "stream_of"]

_ROWS, _NUMBERS = 131_072, 1 << 21


@dataclass(frozen=True, slots=True)
class Stream:
    """Rows with some columns, read once."""

    schema: pa.Schema
    read: Callable[[Layout], Iterator[Chunk]]
    """Chunks with the columns of a layout."""
    n_rows: int | None = None
    """How many there are, if that is known."""


def batch_rows(n_columns: int) -> int:
    """How many rows to read at a time: few where there are many columns."""
    return max(1024, min(_ROWS, _NUMBERS // max(n_columns, 1)))


def pyarrow_or_advice(what: str) -> None:
    """An ImportError that says what to install, if Arrow is not there."""
    try:
        import pyarrow as pa  # noqa: F401
    except ImportError as error:
        msg = f"{what} needs pyarrow: pip install 'skxent[arrow]'."
        raise ImportError(msg) from error


def stream_of(source: Any, name: str = "batches") -> Stream:
    """
    A stream of what some library has: Arrow's tables, readers and data sets, or data frames.

    Frames of polars that are lazy, and relations of DuckDB, are computed piece by piece. What
    else can be iterated is taken for batches or frames, all with the columns of the first.
    """
    pyarrow_or_advice(f"{name} of {type(source).__name__}")
    found = _arrow_stream(source) or _lazy_stream(source)
    if found is not None:
        return found
    if hasattr(source, "columns") or hasattr(source, "__arrow_c_stream__"):
        return _frames(iter([source]), len(source) if hasattr(source, "__len__") else None)
    if isinstance(source, dict | str | bytes) or not isinstance(source, Iterable):
        msg = (
            f"{name} must be Arrow batches, a table, a reader or a data set, a data frame or a "
            f"lazy one, or an iterable of these; got {type(source)}."
        )
        raise TypeError(msg)
    return _frames(iter(source), None)


def _arrow_stream(source: Any) -> Stream | None:
    """Of what is Arrow's own."""
    import pyarrow as pa

    if isinstance(source, pa.RecordBatchReader):
        return Stream(source.schema, lambda layout: _cut(_only(source, layout)))
    if isinstance(source, pa.Table):

        def read(layout: Layout) -> Iterator[Chunk]:
            return _cut(source.select(layout.needed).to_batches())

        return Stream(source.schema, read, source.num_rows)
    if isinstance(source, pa.RecordBatch):
        return _arrow_stream(pa.Table.from_batches([source]))
    if type(source).__module__.startswith("pyarrow._dataset"):
        return _of_dataset(source)
    return None


def _only(batches: Iterable[Any], layout: Layout) -> Iterator[Any]:
    for batch in batches:
        yield batch.select(layout.needed)


def _cut(batches: Iterable[Any], start: int = 0) -> Iterator[Chunk]:
    """Chunks of batches, none of which is very large."""
    for batch in batches:
        step = batch_rows(batch.num_columns)
        for first in range(0, batch.num_rows, step):
            part = batch.slice(first, step)
            yield Chunk(part, start=start)
            start += part.num_rows


def _of_dataset(source: Any) -> Stream:
    """Of a data set or a scanner, whose rows have numbers in their files."""
    import pyarrow.dataset as ds

    if not isinstance(source, ds.Dataset):  # a scanner, which knows its columns
        schema = source.projected_schema
        return Stream(schema, lambda layout: _cut(_only(source.to_reader(), layout)))

    def read(layout: Layout) -> Iterator[Chunk]:
        names = layout.needed
        # Little is read ahead: what waits for us is what takes memory.
        size = batch_rows(len(names))
        scanner = source.scanner(
            columns=names, batch_size=size, batch_readahead=2, fragment_readahead=1
        )
        part, start, last = -1, 0, None
        for tagged in scanner.scan_batches():
            file = getattr(tagged.fragment, "path", None)
            if file != last or part < 0:
                part, start, last = part + 1, 0, file
            yield Chunk(tagged.record_batch, file, part, start, file is None)
            start += tagged.record_batch.num_rows

    return Stream(source.schema, read)


def _lazy_stream(source: Any) -> Stream | None:
    """Of what computes its rows when it is asked for them."""
    kinds = kinds_of(source)
    if ("polars", "LazyFrame") in kinds:
        return _of_polars(source)
    return _of_duckdb(source) if any(name == "DuckDBPyRelation" for _, name in kinds) else None


def _of_polars(source: Any) -> Stream:
    def read(layout: Layout) -> Iterator[Chunk]:
        names = layout.needed
        plan, size = source.select(names), batch_rows(len(names))
        if hasattr(plan, "collect_batches"):
            frames = plan.collect_batches(chunk_size=size, maintain_order=True)
        else:  # an older polars has no stream of its own
            frames = plan.collect().iter_slices(size)
        return _cut(batch for frame in frames for batch in frame.to_arrow().to_batches())

    return Stream(source.head(0).collect().to_arrow().schema, read)


def _of_duckdb(source: Any) -> Stream:
    def reader(relation: Any, size: int) -> Any:
        # The name of it changed from release to release.
        ways = ("to_arrow_reader", "fetch_arrow_reader", "fetch_record_batch", "record_batch")
        return getattr(relation, next(way for way in ways if hasattr(relation, way)))(size)

    def read(layout: Layout) -> Iterator[Chunk]:
        names = layout.needed
        quoted = ", ".join('"' + name.replace('"', '""') + '"' for name in names)
        return _cut(reader(source.project(quoted), batch_rows(len(names))))

    return Stream(reader(source.limit(0), 1).schema, read)


def _frames(frames: Iterator[Any], n_rows: int | None) -> Stream:
    """Of batches or data frames, of which the first says what the columns are."""
    first = next(frames, None)
    if first is None:
        msg = "There are neither files nor batches: the source is empty."
        raise BadDataError(msg)
    schema = frame_schema(first)

    def read(layout: Layout) -> Iterator[Chunk]:
        start = 0
        for frame in chain([first], frames):
            for chunk in _cut(_table(frame, layout.needed).to_batches(), start):
                start += chunk.batch.num_rows
                yield chunk

    return Stream(schema, read, n_rows)


def frame_schema(frame: Any) -> Any:
    """The columns of a data frame; what no column of Arrow can hold is null there."""
    import pyarrow as pa

    if not hasattr(frame, "iloc"):
        return _table(frame, None).schema
    fields = []
    for j, name in enumerate(frame.columns):
        kind = pa.null()
        for part in (frame.iloc[:1000, j], frame.iloc[:, j]):  # mostly the first rows will do
            try:
                kind = pa.Array.from_pandas(part).type
            except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
                break
            if not pa.types.is_null(kind):
                break
        fields.append(pa.field(str(name), kind))
    return pa.schema(fields)


def _table(frame: Any, names: list[str] | None) -> Any:
    """Some columns of a data frame as an Arrow table."""
    import pyarrow as pa

    if isinstance(frame, pa.RecordBatch):
        frame = pa.Table.from_batches([frame])
    if isinstance(frame, pa.Table):
        return frame if names is None else frame.select(names)
    try:
        if hasattr(frame, "iloc"):  # pandas; its nan are nulls
            some = frame if names is None else frame[names]
            return pa.Table.from_pandas(some, preserve_index=False)
        if hasattr(frame, "to_arrow"):
            return (frame if names is None else frame.select(names)).to_arrow()
        if hasattr(frame, "__arrow_c_stream__"):
            return pa.table(frame) if names is None else pa.table(frame).select(names)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, KeyError) as error:
        msg = f"A data frame cannot be read as Arrow: {error}"
        raise BadDataError(msg) from error
    msg = f"batches must be of Arrow, or data frames; got {type(frame)}."
    raise TypeError(msg)
