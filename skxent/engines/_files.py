"""Files of predictions: which are meant, what they are, and their rows as a stream."""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from skxent._intake._arrow import Chunk
from skxent._intake._columns import BadDataError, Layout
from skxent._intake._streams import pyarrow_or_advice
from skxent.engines._formats import Opened, opened, refusals, unreadable

__all__ = ["File", "NoSuchFileError", "files_in", "place_of"]

_ENDINGS = (
    *(".parquet", ".pq", ".arrow", ".feather", ".ipc", ".csv", ".tsv", ".txt"),
    *(".gz", ".zst", ".bz2"),
)


class NoSuchFileError(FileNotFoundError):
    """No file is called so, or a pattern matches none."""


def files_in(source: str | os.PathLike[str] | Sequence[str | os.PathLike[str]]) -> list[File]:
    """The files that a path, a pattern, a folder or several of these mean, in order."""
    pyarrow_or_advice("Reading files")
    paths = [source] if isinstance(source, str | os.PathLike) else source
    found = [file for path in paths for file in _named(os.fspath(path))]
    seen: set[str] = set()
    for file in found:
        place = place_of(file.path)
        if place in seen:
            msg = f"source names {file.path!r} twice, whose rows would count twice; name it once."
            raise ValueError(msg)
        seen.add(place)
    return found


def place_of(path: str) -> str:
    """What all names of one file have in common."""
    path = path.removeprefix("file://")
    return path if path == "-" or "://" in path else os.path.realpath(path)


def _named(path: str) -> list[File]:
    if path == "-":
        return [File("-")]
    if "://" in path:
        return _elsewhere(path)
    if os.path.isdir(path):
        inside = sorted(str(p) for p in Path(path).rglob("*") if _is_data(p, Path(path)))
        if not inside:
            msg = f"{path}: the folder holds no Parquet, Arrow or CSV file."
            raise NoSuchFileError(msg)
        return [File(name) for name in inside]
    if os.path.exists(path):
        return [File(path)]
    matching = [p for p in sorted(glob.glob(path, recursive=True)) if os.path.isfile(p)]
    if not matching:
        what = "no file matches the pattern" if glob.has_magic(path) else "there is no such file"
        msg = f"{path}: {what}."
        raise NoSuchFileError(msg)
    return [File(name) for name in matching]


def _is_data(path: Path, folder: Path) -> bool:
    return path.is_file() and _is_named_as_data(path.relative_to(folder))


def _is_named_as_data(inside: str | Path) -> bool:
    """Whether a file, by its way from the folder, is one of data, and not hidden."""
    path = Path(inside)
    hidden = any(part.startswith((".", "_")) for part in path.parts)
    return not hidden and path.suffix.lower() in _ENDINGS


def _elsewhere(path: str) -> list[File]:
    """Files that fsspec knows how to open, such as those of an object store."""
    try:
        import fsspec
    except ImportError as error:
        msg = f"{path} needs fsspec, and what it needs for such a place: pip install fsspec."
        raise ImportError(msg) from error
    try:
        system, inside = fsspec.core.url_to_fs(path)
    except ValueError as error:  # no place is called so
        msg = f"{path}: {error}."
        raise NoSuchFileError(msg) from error
    # Whether it is a folder is not asked of what is a file by its name: a web server would send it
    # whole, where folders are pages of links.
    is_file = _is_named_as_data(Path(inside).name) and system.isfile(inside)
    if not is_file and system.isdir(inside):
        found = system.find(inside)
        names = [n for n in found if _is_named_as_data(n.removeprefix(inside))]
        what = "the folder holds no Parquet, Arrow or CSV file"
    else:
        names = system.glob(inside) if glob.has_magic(inside) else [inside]
        names, what = [n for n in names if system.isfile(n)], "there is no such file"
    if not names:
        msg = f"{path}: {what}."
        raise NoSuchFileError(msg)
    return [File(system.unstrip_protocol(name)) for name in sorted(names)]


@dataclass(frozen=True, slots=True)
class File:
    """A file of rows; "-" is standard input."""

    path: str

    @property
    def name(self) -> str:
        """What messages call it."""
        return "standard input" if self.path == "-" else self.path

    @property
    def is_read_once(self) -> bool:
        """Whether what has been read cannot be read again: standard input, and other pipes."""
        if self.path == "-":
            return True
        try:
            return "://" not in self.path and not stat.S_ISREG(os.stat(self.path).st_mode)
        except OSError:  # which is said where it is opened
            return False

    def opened(self) -> Opened:
        """The file, ready to be read; whoever asks for it closes it."""
        try:
            return opened(self.path, self.name)
        except refusals() as error:
            raise BadDataError(unreadable(self.name, error)) from error

    def chunks(
        self,
        found: Opened,
        layout: Layout,
        part: int = 0,
        *,
        alone: bool = True,
        groups: Sequence[int] | None = None,
    ) -> Iterator[Chunk]:
        """
        The rows of the opened file, or those of some of its row groups.

        `part` is its number among others; if it is `alone`, rows need not say which file has them.
        """
        start = 0 if not groups else sum(found.groups[: groups[0]])
        try:
            for batch in found.batches(layout, groups):
                yield Chunk(batch, self.name, part, start, alone)
                start += batch.num_rows
        except refusals() as error:
            raise BadDataError(unreadable(self.name, error)) from error
