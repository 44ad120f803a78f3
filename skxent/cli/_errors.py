"""Exit codes, and which error is whose."""

from __future__ import annotations

__all__ = [
    "BAD_DATA",
    "BUG",
    "FAILED",
    "HELD",
    "STOPPED",
    "USAGE",
    "DataError",
    "UsageError",
    "code_of",
    "one_line",
]

HELD, FAILED, USAGE, BAD_DATA, BUG, STOPPED = 0, 1, 2, 3, 70, 130


class UsageError(Exception):
    """A wrong option; its message is the one line to show."""


class DataError(Exception):
    """Data that cannot be used."""


def code_of(error: Exception) -> int:
    """The exit code of an error: a wrong option, bad data, or a mistake of ours."""
    # Not before something goes wrong: it takes long to import.
    from skxent._intake._columns import BadDataError, NoSuchColumnError

    usage = (UsageError, NoSuchColumnError, FileNotFoundError, ImportError)
    if isinstance(error, usage):
        return USAGE
    return BAD_DATA if isinstance(error, DataError | BadDataError | ValueError | OSError) else BUG


def one_line(error: Exception) -> str:
    """What to say of an error."""
    if isinstance(error, OSError) and error.strerror:
        text = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    else:
        text = str(error)
    return " ".join(text.split())  # names from a file may hold line breaks
