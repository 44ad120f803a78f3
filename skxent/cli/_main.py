"""From arguments to an exit code."""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Sequence

from skxent.cli._errors import BUG, STOPPED, code_of, one_line
from skxent.cli._gates import say_error
from skxent.cli._parser import DEFAULT, parser
from skxent.cli._wording import in_options

__all__ = ["main"]

_OWN = ("-h", "--help", "--version")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    _open_streams()
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or (given[0].startswith("-") and given[0] not in _OWN and given[0] != "-"):
        given.insert(0, DEFAULT)
    options = argparse.Namespace()
    try:
        options = parser().parse_args(given)
        return int(options.run(options))
    except KeyboardInterrupt:
        print("\nskxent: stopped", file=sys.stderr)
        return STOPPED
    except Exception as error:
        code = code_of(error)
        if code == BUG:
            traceback.print_exc()
            message = f"this is a bug of skxent: {type(error).__name__}: {one_line(error)}"
        else:
            message = in_options(one_line(error), options)
        print(f"skxent: {message}", file=sys.stderr)
        say_error(message)
        return code


def _open_streams() -> None:
    """Give what is closed a place to go to: what is printed there would go to another."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
