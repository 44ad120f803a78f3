"""The commands and their arguments."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from importlib import import_module
from typing import NoReturn

from skxent._version import __version__
from skxent.cli._errors import USAGE

__all__ = ["COMMANDS", "DEFAULT", "parser"]

# Each is a module of this folder, with an underscore, that has HELP, add_arguments and run.
COMMANDS = ("report", "compare", "change", "merge", "fit", "demo")
DEFAULT = "demo"

_ABOUT = "What a classifier's probabilities cost, class by class."
_CODES = """\
exit codes: 0 all gates held, 1 a gate failed, 2 wrong usage, 3 bad data, 70 a bug, 130 stopped
Each command has its own --help. Without a command: the demo.
"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Report a wrong option in one line."""
        self.exit(USAGE, f"skxent: {message}; see {self.prog} --help\n")


def parser() -> argparse.ArgumentParser:
    """A parser of all commands; what it returns has `run`, which takes it."""
    raw = argparse.RawDescriptionHelpFormatter
    found = _Parser(
        prog="skxent", description=_ABOUT, epilog=_CODES, formatter_class=raw, allow_abbrev=False
    )
    found.add_argument("--version", action="version", version=f"skxent {__version__}")
    commands = found.add_subparsers(metavar="COMMAND", required=True)
    for name in COMMANDS:
        module = import_module(f"skxent.cli._{name}")
        command = commands.add_parser(
            name, help=module.HELP, description=module.__doc__, allow_abbrev=False
        )
        module.add_arguments(command)
        run: Callable[[argparse.Namespace], int] = module.run
        command.set_defaults(run=run, command=name)
    return found
