"""What is done so far, if it takes longer than two seconds."""

from __future__ import annotations

import sys
import time

__all__ = ["Progress"]

_FIRST, _TERMINAL, _LOG = 2.0, 0.25, 30.0


class Progress:
    """
    A line that moves on a terminal, and a line now and then in a log file.

    It can be called with the number of rows that have been read, and that of all rows.
    """

    def __init__(self, what: str, unit: str = "rows") -> None:
        self.what, self.unit = what, unit
        self._began = self._said = time.monotonic()
        self._shown = False
        self._text = ""

    def __call__(self, done: int, total: int | None) -> None:
        now, moves = time.monotonic(), sys.stderr.isatty()
        of = f" of {total:,}" if total is not None else ""
        self._text = f"{self.what}: {done:,}{of} {self.unit}"
        first = not self._shown and now - self._began >= _FIRST
        later = self._shown and now - self._said >= (_TERMINAL if moves else _LOG)
        if first or later:
            self._shown, self._said = True, now
            self._write(moves)

    def done(self) -> None:
        """End the line, if there is one, with the last that is known."""
        if self._shown:
            moves = sys.stderr.isatty()
            self._write(moves)
            if moves:
                print(file=sys.stderr)

    def _write(self, moves: bool) -> None:
        start, end = ("\r", "") if moves else ("", "\n")
        print(f"{start}{self._text}", end=end, file=sys.stderr, flush=True)
