"""Which of two models loses less on the same rows, joined by their names."""

from __future__ import annotations

import argparse
from dataclasses import replace

from skxent.cli._errors import UsageError
from skxent.cli._gates import add_comparison_gates, gates_of_comparison, verdict_of
from skxent.cli._outputs import add_outputs, check_outputs, deliver
from skxent.cli._paths import files_of, is_saved
from skxent.cli._progress import Progress
from skxent.cli._reading import add_base, add_reading, base_of, columns_of, reading_of

__all__ = ["HELP", "add_arguments", "run"]

HELP = "which of two models loses less, from files of their predictions"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Those of the command."""
    for name in ("old", "new"):
        parser.add_argument(name, metavar=name.upper(), help="a file, a pattern, or a folder")
    add_reading(parser, required=True)
    parser.add_argument(
        "--on", required=True, metavar="ID", help="the column of the names of the rows"
    )
    parser.add_argument(
        "--names",
        default="old,new",
        metavar="A,B",
        help="what to call the two in the result (old,new)",
    )
    parser.add_argument(
        "--allow-unmatched",
        action="store_true",
        help="leave out rows that only one of the models has predicted",
    )
    add_base(parser)
    add_outputs(parser)
    add_comparison_gates(parser)


def run(options: argparse.Namespace) -> int:
    """Read, join, compare, and judge."""
    from skxent.engines._compare_from import joined_accumulator

    check_outputs(options, [options.old, options.new])
    if options.old == options.new:
        msg = f"OLD and NEW are both {options.old!r}"
        raise UsageError(msg)
    for path in files_of([options.old, options.new]):
        if is_saved(path):
            msg = (
                f"{path} holds saved sums, which do not know the rows: compare needs the "
                f"predictions of both models"
            )
            raise UsageError(msg)
    first, second = names = _names(options.names)
    progress = Progress("reading")
    how = reading_of(options)
    columns = columns_of(options, options.on)
    counted, notes = joined_accumulator(
        options.old,
        options.new,
        replace(columns, weight=None, groups=None),
        columns,
        names=names,
        unmatched="drop" if options.allow_unmatched else "error",
        base=base_of(options),
        progress=progress,
        **how,
    )
    progress.done()
    which = f"{first}: {options.old}; {second}: {options.new}."
    comparison = counted._report(options.confidence_level, (which, *notes))
    gates = gates_of_comparison(options, comparison)
    title = f"{options.new} beside {options.old}"
    deliver(comparison, options, gates, title=title, counted=counted)
    return verdict_of(gates)


def _names(text: str) -> tuple[str, str]:
    names = [name.strip() for name in text.split(",")]
    if len(names) != 2 or not all(names) or names[0] == names[1]:
        msg = f"--names: {text!r} is not two different names with a comma between them"
        raise UsageError(msg)
    return names[0], names[1]
