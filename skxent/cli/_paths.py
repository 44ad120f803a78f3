"""The files that arguments mean: a pattern is all that match it."""

from __future__ import annotations

import glob
import os
from collections.abc import Sequence

from skxent.cli._errors import UsageError

__all__ = ["files_of", "is_saved", "once"]

_MARK = b"\x93SKXENT\n"


def files_of(paths: Sequence[str]) -> list[str]:
    """
    Paths with the files of a pattern in its place.

    A folder, an address and standard input stay as they are; what is not there is an error.
    """
    found: list[str] = []
    for path in paths:
        if os.path.exists(path) or path == "-" or "://" in path:
            found.append(path)
            continue
        if not glob.has_magic(path):
            msg = f"{path}: there is no such file."
            raise UsageError(msg)
        matching = [p for p in sorted(glob.glob(path, recursive=True)) if os.path.isfile(p)]
        if not matching:
            msg = f"{path}: no file matches the pattern."
            raise UsageError(msg)
        found += matching
    return found


def once(paths: Sequence[str]) -> list[str]:
    """The same, none of which may be there twice: it would count twice."""
    found = files_of(paths)
    seen: set[str] = set()
    for path in found:
        places = set(_places(path))
        if twice := sorted(places & seen):
            what = path if len(places) == 1 else twice[0]
            msg = f"{what!r} is named twice: its rows would count twice"
            raise UsageError(msg)
        seen |= places
    return found


def _places(path: str) -> list[str]:
    """Where a file is, or those of a folder or of an address."""
    from skxent.engines._files import files_in, place_of

    if os.path.isdir(path) or "://" in path:
        return [place_of(file.path) for file in files_in(path)]
    return [place_of(path)]


def is_saved(path: str) -> bool:
    """Whether this is a file of saved sums; a pipe, which can be read only once, is none."""
    if path == "-" or not os.path.isfile(path):
        return False
    try:
        with open(path, "rb") as file:
            return file.read(len(_MARK)) == _MARK
    except OSError:
        return False
