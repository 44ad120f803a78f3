"""Formats of files: Parquet, Arrow, Feather and text, each as batches of the columns needed."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import re
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from skxent._intake._columns import BadDataError, Layout
from skxent._intake._number_text import number_in
from skxent._intake._streams import batch_rows
from skxent.engines._cells import numbers_of, with_nulls
from skxent.engines._lines import blocks, read_ahead, unclosed

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Opened", "opened", "opened_bytes", "refusals", "unreadable"]

_MARKS = {
    b"PAR1": "parquet",
    b"ARRO": "arrow",
    b"FEA1": "feather",
    b"\xff\xff\xff\xff": "stream",
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
    **{b"BZh%d1AY&" % level: "bz2" for level in range(1, 10)},
    b"\x93SKX": "sums",
}
_PROMISED = {
    ".parquet": ("Parquet", "parquet"),
    ".pq": ("Parquet", "parquet"),
    ".arrow": ("Arrow", "arrow"),
    ".feather": ("Feather", "arrow"),
}
_HEADER, _BLOCK, _LARGEST = 1 << 20, 1 << 22, 1 << 28


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that is open."""

    schema: pa.Schema
    batches: Callable[[Layout, Sequence[int] | None], Iterator[Any]]
    """Those of all row groups, or of some."""
    close: Callable[[], None]
    whole: Callable[[], Any]
    """All of it as one table."""
    n_rows: int | None = None
    groups: tuple[int, ...] = ()
    """Rows of each of the groups that can be read alone."""


def refusals() -> tuple[type[Exception], ...]:
    """What goes wrong with files that are damaged, or are none of the format."""
    import pyarrow as pa

    return (pa.ArrowException, OSError, EOFError, UnicodeDecodeError, csv.Error, zlib.error)


def unreadable(name: str, error: BaseException) -> str:
    """One line about a file that cannot be read."""
    why = getattr(error, "strerror", None) or str(error)
    return f"{name}: cannot be read: {' '.join(str(why).split())}"


def opened(path: str, name: str) -> Opened:
    """A file of whatever format it is; its first bytes say which."""
    file = _bytes_of(path)
    try:
        return _opened(file, path, name)
    except BaseException:
        file.close()
        raise


def opened_bytes(content: bytes, path: str) -> Opened:
    """The same of what has been read already."""
    return _opened(io.BufferedReader(io.BytesIO(content)), path, path)


def _opened(file: Any, path: str, name: str) -> Opened:
    start = file.peek(8)[:8]
    if not start:
        msg = f"{name}: the file is empty."
        raise BadDataError(msg)
    kind = next((kind for mark, kind in _MARKS.items() if start.startswith(mark)), "text")
    called, promised = _PROMISED.get(Path(path).suffix.lower(), ("", kind))
    if kind == "text" and promised != "text":
        msg = f"{name}: this is no {called} file: it begins otherwise."
        raise BadDataError(msg)
    if kind == "sums":
        msg = (
            f"{name}: these are sums that skxent saved, cut off or in a place that they are not "
            f"read from: they are read from whole files of this machine."
        )
        raise BadDataError(msg)
    if kind in ("parquet", "arrow", "feather") and not file.seekable():
        file = _spooled(file)
    if kind in ("gzip", "bz2", "zstd"):
        return _text(_unpacked(file, kind), file, name)
    formats = {"parquet": _parquet, "arrow": _arrow, "feather": _feather, "stream": _stream}
    return formats.get(kind, _text)(file, file, name)


def _bytes_of(path: str) -> Any:
    """The bytes of a file, which can be looked at before they are read."""
    if path == "-":
        return io.BufferedReader(_Shared())
    if "://" in path:
        import fsspec

        return io.BufferedReader(fsspec.open(path, "rb").open())
    return open(path, "rb")


class _Shared(io.RawIOBase):
    """Standard input, which stays open whoever closes this."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if sys.stdin is None:
            msg = "nothing is connected to it"
            raise OSError(msg)
        standard: Any = sys.stdin.buffer
        block = standard.read1(len(buffer))
        buffer[: len(block)] = block
        return len(block)


def _spooled(file: IO[bytes]) -> Any:
    """Standard input, or another pipe, as a file that can be read anywhere."""
    found = tempfile.TemporaryFile()  # noqa: SIM115 (it is read after this)
    with file:
        while block := file.read(1 << 20):
            found.write(block)
    found.seek(0)
    return found


def _unpacked(file: Any, kind: str) -> Any:
    """The text in a file that is packed."""
    import pyarrow as pa

    if kind == "zstd":
        return io.BufferedReader(pa.CompressedInputStream(file, kind))
    return io.BufferedReader(bz2.BZ2File(file) if kind == "bz2" else gzip.GzipFile(fileobj=file))


def _parquet(source: Any, file: Any, _name: str) -> Opened:
    import pyarrow.parquet as pq

    # Nothing is read before it is asked for: what waits is what takes memory.
    options = {"pre_buffer": False, "page_checksum_verification": True}
    found = pq.ParquetFile(_native(source), **options)
    metadata = found.metadata
    groups = tuple(metadata.row_group(i).num_rows for i in range(metadata.num_row_groups))

    def batches(layout: Layout, some: Sequence[int] | None) -> Iterator[Any]:
        # Texts that repeat are numbered in the file: to take the numbers spares looking them up.
        again = pq.ParquetFile(
            _native(source),
            metadata=metadata,
            read_dictionary=_texts(found.schema_arrow, layout),
            **options,
        )
        size = batch_rows(_width(found.schema_arrow, layout))
        return again.iter_batches(size, row_groups=some, columns=layout.needed, use_threads=False)

    def close() -> None:
        found.close()
        file.close()

    return Opened(found.schema_arrow, batches, close, found.read, metadata.num_rows, groups)


def _native(source: Any) -> Any:
    """A file of this machine as Arrow's own, which it reads without asking Python."""
    import pyarrow as pa

    name = getattr(source, "name", None)
    return pa.OSFile(name, "rb") if isinstance(name, str) else source


def _texts(schema: pa.Schema, layout: Layout) -> list[str]:
    """Columns of text of which only the different ones are looked at."""
    names = (layout.columns.y, layout.columns.groups)
    return [name for name in names if name and "string" in str(schema.field(name).type)]


def _width(schema: pa.Schema, layout: Layout) -> int:
    """How many numbers a row has."""
    size = getattr(schema.field(layout.proba[0]).type, "list_size", 1)
    return len(layout.proba) * max(size, 1) + 2


def _cut(batch: Any, size: int) -> Iterator[Any]:
    return (batch.slice(start, size) for start in range(0, batch.num_rows, size))


def _arrow(source: Any, file: Any, _name: str) -> Opened:
    import pyarrow as pa

    schema = pa.ipc.open_file(source).schema

    def batches(layout: Layout, some: Sequence[int] | None) -> Iterator[Any]:  # noqa: ARG001
        wanted = sorted(schema.get_field_index(name) for name in layout.needed)
        found = pa.ipc.open_file(source, options=pa.ipc.IpcReadOptions(included_fields=wanted))
        for i in range(found.num_record_batches):
            yield from _cut(found.get_batch(i), batch_rows(_width(schema, layout)))

    return Opened(schema, batches, file.close, lambda: pa.ipc.open_file(source).read_all())


def _feather(source: Any, file: Any, _name: str) -> Opened:
    from pyarrow import feather

    table = feather.read_table(source)

    def batches(layout: Layout, some: Sequence[int] | None) -> Iterator[Any]:  # noqa: ARG001
        size = batch_rows(_width(table.schema, layout))
        return iter(table.select(layout.needed).to_batches(size))

    return Opened(table.schema, batches, file.close, lambda: table, table.num_rows)


def _stream(source: Any, file: Any, _name: str) -> Opened:
    import pyarrow as pa

    found = pa.ipc.open_stream(source)

    def batches(layout: Layout, some: Sequence[int] | None) -> Iterator[Any]:  # noqa: ARG001
        for batch in found:
            part = batch.select(layout.needed)
            yield from _cut(part, batch_rows(_width(found.schema, layout)))

    return Opened(found.schema, batches, file.close, found.read_all)


def _text(source: Any, file: Any, name: str) -> Opened:
    """Text with a header line, whose columns have no types."""
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    header, delimiter = _header(source, name)
    mark = {"skxent": "text"}
    ahead, first = read_ahead(source, len(header), delimiter)
    fields = [
        pa.field(n, pa.string(), metadata=cell) for n, cell in zip(header, first, strict=True)
    ]
    schema = pa.schema(fields, metadata=mark)

    def batches(layout: Layout, some: Sequence[int] | None) -> Iterator[Any]:  # noqa: ARG001
        numbers = {*layout.proba, *([layout.columns.weight] if layout.columns.weight else [])}
        types = {n: pa.float64() if n in numbers else pa.string() for n in layout.needed}
        convert = arrow_csv.ConvertOptions(
            column_types=types,
            include_columns=layout.needed,
            null_values=[""],
            strings_can_be_null=True,
        )
        start = 0
        for block, is_whole in blocks(ahead, source, _BLOCK, delimiter):
            if not is_whole:
                msg = f"{name}, row {start}: a cell begins with a quote that is never closed."
                raise BadDataError(msg)
            try:
                table = with_nulls(cells(block, convert, numbers, start))
            except pa.ArrowInvalid as error:
                raise BadDataError(_bad_line(name, header, start, str(error))) from error
            places = [header.index(n) for n in layout.proba]
            row = _unclosed_row(block, table.num_rows, delimiter, len(header), places)
            if row is not None:
                raise BadDataError(_hidden(name, start + row))
            start += table.num_rows
            for batch in table.replace_schema_metadata(mark).to_batches():
                yield from _cut(batch, batch_rows(_width(schema, layout)))

    def cells(block: bytes, convert: Any, numbers: set[str], start: int) -> Any:
        try:
            return parsed(block, convert)
        except pa.ArrowInvalid as error:
            if " conversion error to double" not in str(error):
                raise
        # Cells without a value are told from mistakes only where there are others than numbers.
        convert.column_types = dict.fromkeys(convert.include_columns, pa.string())
        table = parsed(block, convert)
        convert.column_types = {
            n: pa.float64() if n in numbers else pa.string() for n in convert.include_columns
        }
        return numbers_of(table, numbers, name, start)

    def parsed(block: bytes, convert: Any = None) -> Any:
        size = min(len(block) + 1, _LARGEST)
        reading = arrow_csv.ReadOptions(use_threads=False, column_names=header, block_size=size)
        # Of bytes: what reads ahead of Python's files, in threads, may wait for ever at the end.
        parsing = arrow_csv.ParseOptions(delimiter=delimiter)
        return arrow_csv.read_csv(pa.BufferReader(block), reading, parsing, convert)

    return Opened(schema, batches, file.close, lambda: parsed(ahead + source.read()))


def _unclosed_row(
    block: bytes, n_rows: int, delimiter: str, n_columns: int, places: Sequence[int]
) -> int | None:
    """The row with a quote that another row closes; numbers in these places make a line a row."""

    def is_row(found: Sequence[str]) -> bool:
        there = len(found) == n_columns
        return there and all(number_in(found[i]) is not None for i in places)

    return unclosed(block, n_rows, delimiter, is_row, max(places))


def _hidden(name: str, row: int) -> str:
    return (
        f"{name}, row {row}: a cell begins with a quote that only the quote of another row closes; "
        f"double quotes within cells, or take them out."
    )


def _bad_line(name: str, header: Sequence[str], start: int, why: str) -> str:
    """What Arrow says about text behind row `start`, with the names of file, row and column."""
    if found := re.search(r"CSV column #(\d+): Row #(\d+): .* to (\w+): (.*)", why):
        column, row = header[int(found[1])], start + int(found[2]) - 1
        cell = found[4].removeprefix("invalid value ")
        text = "there is text that is no UTF-8; save the file as UTF-8"
        said = text if found[3] == "string" else f"{cell} is no number"
        return f"{name}, row {row}, column {column!r}: {said}."
    if found := re.search(r"Row #(\d+): Expected (\d+) columns, got (\d+)", why):
        row = start + int(found[1]) - 1
        return f"{name}, row {row}: {found[3]} cells below {found[2]} names of columns."
    return unreadable(name, ValueError(why))


def _is_utf16(line: bytes) -> bool:
    """Whether each other byte is 0, or the mark says so."""
    zeros = sorted((line[::2].count(0), line[1::2].count(0)))
    return line.startswith((b"\xff\xfe", b"\xfe\xff")) or 4 * zeros[0] < len(line) < 4 * zeros[1]


def _header(source: Any, name: str) -> tuple[list[str], str]:
    """The names of the columns, and what stands between them; their line is read away."""
    line = source.readline(_HEADER)
    while line and not line.strip(b"\xef\xbb\xbf\r\n\t "):
        line = source.readline(_HEADER)
    while line.count(b'"') % 2 and (more := source.readline(_HEADER)):
        line += more  # a name has a line break
    if _is_utf16(line):
        msg = f"{name}: this is text in UTF-16; save it as UTF-8."
        raise BadDataError(msg)
    if b"\0" in line:
        msg = f"{name}: this is neither Parquet nor Arrow nor text with columns."
        raise BadDataError(msg)
    if b"\r" in re.sub(rb'"[^"]*"', b"", line).rstrip(b"\r\n"):
        msg = f"{name}: its lines end as those of old Macs do; save it with line feeds."
        raise BadDataError(msg)
    try:
        text = line.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        msg = f"{name}: the names of the columns are no UTF-8; save the file as UTF-8."
        raise BadDataError(msg) from error
    delimiter = max(",;\t|", key=re.sub('"[^"]*"', "", text).count)
    names = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
    return [column.strip() for column in names], delimiter
