"""Write a file as a whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from contextlib import suppress
from os import PathLike
from pathlib import Path

__all__ = ["write_bytes", "write_text"]


def write_text(path: str | PathLike[str], text: str) -> None:
    """Write a text in UTF-8; see `write_bytes`."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: str | PathLike[str], content: bytes) -> None:
    """
    Write a file so that there is a whole new one or the one from before, whatever happens.

    The content goes to a file beside it, which takes its place when all of it is on the disk.
    """
    target = Path(path)
    try:
        if target.exists() and not target.is_file():
            target.write_bytes(content)  # a device or a pipe has no content to protect
        else:
            # A link stays, and what it leads to is replaced.
            _replace(Path(os.path.realpath(target)), content)
    except OSError as error:
        if error.errno is None:
            raise
        # Not with the name of the file beside it, which the user has not chosen.
        raise OSError(error.errno, error.strerror, str(target)) from error


def _replace(target: Path, content: bytes) -> None:
    if target.exists() and not os.access(target, os.W_OK):
        raise OSError(errno.EACCES, os.strerror(errno.EACCES))
    beside = target.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        # Made by open(), so that it gets the permissions that others in the folder have.
        with open(beside, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, beside)
        os.replace(beside, target)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise
