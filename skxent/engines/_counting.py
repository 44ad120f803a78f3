"""All rows of files or of a stream in one accumulator, also with several processes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from skxent._intake._arrow import Chunk
from skxent._intake._columns import (
    BadDataError,
    Columns,
    Layout,
    labels_as,
    labels_in,
    layout_of,
)
from skxent._intake._reading import Reading
from skxent._intake._streams import Stream, stream_of
from skxent.engines._files import File, files_in
from skxent.engines._folders import with_folders
from skxent.engines._formats import Opened

__all__ = ["Chunks", "Counting", "Progress", "counting_of", "told"]

Progress = Callable[[int, int | None], None]
"""It is told how many rows have been counted, and of how many, where that is known."""

Chunks = Iterator[tuple[Layout, Chunk]]
"""Rows, and where the probability of each label is in them."""

Counted = TypeVar("Counted")

# Pieces of work a process: few enough that each is worth its start, and more than one, since
# they take different times.
_PIECES = 4


@dataclass(frozen=True, slots=True)
class _Piece:
    """A file, or some of its row groups."""

    file: File
    part: int
    groups: tuple[int, ...] | None
    n_rows: int | None


@dataclass(frozen=True, slots=True)
class Counting:
    """Where the rows are, looked at but not read."""

    columns: Columns
    stream: Stream | None = None
    files: tuple[File, ...] = ()
    opened: dict[str, Opened] = field(default_factory=dict)
    """Standard input and other pipes, which cannot be opened twice."""

    def __enter__(self) -> Counting:
        return self

    def __exit__(self, *_: object) -> None:
        for found in self.opened.values():
            found.close()

    @property
    def is_read_once(self) -> bool:
        """Whether what has been read cannot be read again."""
        return any(file.is_read_once for file in self.files)

    def labels(self, texts: Sequence[str] | None = None) -> NDArray[Any]:
        """The labels that the names of the columns carry, or `texts`, typed as the rows' are."""
        if self.stream is not None:
            return self._labels(texts, self.stream.schema, "the data")
        for file in self.files:
            found = self._open(file)
            try:
                # Where no row has a label the column may have no type; the next file says it.
                if file is self.files[-1] or not _is_untyped(found.schema, self.columns.y):
                    return self._labels(texts, found.schema, file.name)
            finally:
                self._close(file, found)
        raise AssertionError

    def has(self, name: str) -> bool:
        """Whether there is such a column; in the first of several files."""
        if self.stream is not None:
            return name in self.stream.schema.names
        first = self.files[0]
        found = self._open(first)
        try:
            return name in found.schema.names
        finally:
            self._close(first, found)

    def _labels(self, texts: Sequence[str] | None, schema: Any, where: str) -> NDArray[Any]:
        if texts is None:
            return labels_in(schema, self.columns, where)
        return labels_as(texts, schema, self.columns, where)

    def check_processes(self, n_jobs: int | None) -> int:
        """How many processes these are; an error for several where there are no files."""
        n_processes = _n_processes(n_jobs)
        if self.stream is not None and n_processes > 1:
            msg = "n_jobs is for files, whose parts several processes can read; leave it out."
            raise ValueError(msg)
        return n_processes

    def parts(
        self,
        work: Callable[[Chunks], Counted],
        reading: Reading,
        n_jobs: int | None,
        each: Callable[[int], None] | None,
    ) -> Iterator[Counted]:
        """
        What `work` makes of all rows at once, or of each share of them, in order, where several
        processes share them; `each` is told how many rows have been read.
        """
        n_processes = self.check_processes(n_jobs)
        if self.stream is not None:
            yield work(_telling(self.chunks(reading.labels), each))
            return
        pieces = self._pieces(reading)
        if n_processes == 1 or self.opened or len(pieces) == 1:
            yield work(_telling(self.chunks(reading.labels), each))
            return
        yield from _in_processes(work, pieces, self.columns, reading.labels, n_processes, each)

    def n_rows(self) -> int | None:
        """How many there are, where that is known without reading them."""
        if self.stream is not None:
            return self.stream.n_rows
        total = 0
        for file in self.files:
            found = self._open(file)
            self._close(file, found)
            if found.n_rows is None:
                return None
            total += found.n_rows
        return total

    def chunks(self, labels: NDArray[Any]) -> Chunks:
        """All rows, and where the probability of each label is in them."""
        if self.stream is not None:
            layout = layout_of(self.stream.schema, self.columns, labels, "the data")
            for chunk in self.stream.read(layout):
                yield layout, chunk
            return
        groups = _Groups(self.columns.groups)
        for part, file in enumerate(self.files):
            found = self._open(file)
            try:
                layout = layout_of(found.schema, self.columns, labels, file.name)
                groups.check(found.schema, file.name)
                for chunk in file.chunks(found, layout, part, alone=len(self.files) == 1):
                    yield layout, chunk
            finally:
                self._close(file, found)

    def _pieces(self, reading: Reading) -> list[_Piece]:
        """What can be read alone; each file is looked at before a row of any is read."""
        pieces = []
        groups = _Groups(self.columns.groups)
        for part, file in enumerate(self.files):
            found = self._open(file)
            try:
                layout = layout_of(found.schema, self.columns, reading.labels, file.name)
                reading.of_one_class(layout, file.name)
                groups.check(found.schema, file.name)
                if found.groups:
                    for i, n in enumerate(found.groups):
                        pieces.append(_Piece(file, part, (i,), n))
                else:
                    pieces.append(_Piece(file, part, None, found.n_rows))
            finally:
                self._close(file, found)
        return pieces

    def _open(self, file: File) -> Opened:
        if file.path in self.opened:
            return self.opened[file.path]
        found = with_folders(file.opened(), file.path, self.columns)
        if file.is_read_once:
            self.opened[file.path] = found
        return found

    def _close(self, file: File, found: Opened) -> None:
        if file.path not in self.opened:
            found.close()


def _is_untyped(schema: Any, name: str) -> bool:
    return name in schema.names and str(schema.field(name).type) == "null"


class _Groups:
    """Whether groups are of one kind in all files: 7 and "7" would count as two."""

    def __init__(self, name: str | None) -> None:
        self.name = name
        self.kind = self.where = ""

    def check(self, schema: Any, where: str) -> None:
        """Refuse groups of another kind than those of the files before."""
        if self.name is None or not (kind := _kind_of_groups(schema, self.name)):
            return
        self.kind, self.where = self.kind or kind, self.where or where
        if kind != self.kind:
            msg = (
                f"{where}: column {self.name!r} holds {kind} as groups, and {self.kind} in "
                f"{self.where}, none of which are the same; write them alike."
            )
            raise BadDataError(msg)


def _kind_of_groups(schema: Any, name: str) -> str:
    import pyarrow as pa

    kind = schema.field(name).type
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    if pa.types.is_null(kind):
        return ""
    of = pa.types
    if any(is_of(kind) for is_of in (of.is_integer, of.is_floating, of.is_decimal, of.is_boolean)):
        return "numbers"
    if of.is_timestamp(kind):  # whatever its unit; with a zone and without none are the same
        return "times" if kind.tz is None else "times of a zone"
    families = {"string": "text", "binary": "bytes", "date": "dates"}
    return next((said for part, said in families.items() if part in str(kind)), str(kind))


def counting_of(source: Any, columns: Columns) -> Counting:
    """Where the rows of a path, several paths, or anything that streams are."""
    many = isinstance(source, list | tuple)
    paths = [isinstance(part, str | os.PathLike) for part in (source if many else [source])]
    if paths and all(paths):
        return Counting(columns, files=tuple(files_in(source)))
    return Counting(columns, stream=stream_of(source, "source"))


def told(progress: Progress | None, total: int | None) -> Callable[[int], None] | None:
    """What is called with the rows of each chunk, if somebody wants to know."""
    if progress is None:
        return None
    done = 0

    def each(n: int) -> None:
        nonlocal done
        done += n
        progress(done, total)

    return each


def _telling(chunks: Chunks, each: Callable[[int], None] | None) -> Chunks:
    """The chunks; once one has been counted `each` is told."""
    for layout, chunk in chunks:
        yield layout, chunk
        if each is not None:
            each(chunk.batch.num_rows)


def _n_processes(n_jobs: int | None) -> int:
    if n_jobs in (None, 1):
        return 1
    from joblib import effective_n_jobs

    return int(effective_n_jobs(n_jobs))


def _in_processes(
    work: Callable[[Chunks], Counted],
    pieces: Sequence[_Piece],
    columns: Columns,
    labels: NDArray[Any],
    n_processes: int,
    each: Callable[[int], None] | None,
) -> Iterator[Counted]:
    """The same with several processes, each of which counts some of the pieces at a time."""
    from joblib import Parallel, delayed

    alone = pieces[0].file == pieces[-1].file
    n = min(len(pieces), _PIECES * n_processes)
    # Neighbours, so that what is made of them is in the order of the rows.
    shares = [[pieces[i] for i in at] for at in np.array_split(np.arange(len(pieces)), n)]
    run = Parallel(n_jobs=n_processes, return_as="generator")
    parts = run(delayed(_of_share)(work, share, columns, labels, alone) for share in shares)
    for share, part in zip(shares, parts, strict=True):
        yield part
        if each is not None:
            each(sum(piece.n_rows or 0 for piece in share))


def _of_share(
    work: Callable[[Chunks], Counted],
    share: Sequence[_Piece],
    columns: Columns,
    labels: NDArray[Any],
    alone: bool,
) -> Counted:
    """What a process makes of its share."""
    return work(_chunks_of(share, columns, labels, alone))


def _chunks_of(
    share: Sequence[_Piece], columns: Columns, labels: NDArray[Any], alone: bool
) -> Chunks:
    for piece in _joined(share):
        file = piece.file
        found = with_folders(file.opened(), file.path, columns)
        try:
            layout = layout_of(found.schema, columns, labels, file.name)
            for chunk in file.chunks(found, layout, piece.part, alone=alone, groups=piece.groups):
                yield layout, chunk
        finally:
            found.close()


def _joined(share: Sequence[_Piece]) -> list[_Piece]:
    """Neighbouring row groups of a file as one piece."""
    joined: list[_Piece] = []
    for piece in share:
        last = joined[-1] if joined else None
        if last is not None and last.part == piece.part and last.groups and piece.groups:
            joined[-1] = _Piece(piece.file, piece.part, last.groups + piece.groups, None)
        else:
            joined.append(piece)
    return joined
