"""What a change of the loss is made of: two sets of rows, or the saved sums of them."""

from __future__ import annotations

import argparse

from skxent.cli._errors import UsageError
from skxent.cli._gates import add_change_gates, gates_of_change, verdict_of
from skxent.cli._outputs import add_outputs, check_outputs, deliver
from skxent.cli._reading import add_base, add_reading, base_of, check_columns, rows_of_files

__all__ = ["HELP", "add_arguments", "run"]

HELP = "what a change of the loss is made of, from two sets of rows"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Those of the command."""
    for name in ("before", "after"):
        parser.add_argument(
            name,
            metavar=name.upper(),
            help="a file of predictions, a pattern, or a folder; or sums that --save wrote",
        )
    add_reading(parser, required=False)
    add_base(parser)
    add_outputs(parser, save=False)
    add_change_gates(parser)
    parser.set_defaults(row_ids=None)


def run(options: argparse.Namespace) -> int:
    """Read both, cut the change, and judge."""
    from skxent.change import log_loss_change

    check_outputs(options, [options.before, options.after])
    if options.before == options.after:
        msg = f"BEFORE and AFTER are both {options.before!r}"
        raise UsageError(msg)
    check_columns(options, [options.before, options.after])
    before, after = (rows_of_files(options, [path]) for path in (options.before, options.after))
    change = log_loss_change(
        before, after, base=base_of(options), confidence_level=options.confidence_level
    )
    gates = gates_of_change(options, change)
    deliver(change, options, gates, title=f"From {options.before} to {options.after}")
    return verdict_of(gates)
