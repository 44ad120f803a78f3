"""What each class costs: a report of files of predictions, or of saved sums."""

from __future__ import annotations

import argparse

from skxent.cli._errors import HELD, UsageError
from skxent.cli._gates import add_report_gates, gates_of_report, verdict_of
from skxent.cli._outputs import add_outputs, check_outputs, deliver
from skxent.cli._reading import add_base, add_reading, check_columns, rows_of_files, slices_of_files
from skxent.cli._saved import are_grouped

__all__ = ["HELP", "add_arguments", "run"]

HELP = "what each class costs, from files of predictions"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Those of the command."""
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="Parquet, Arrow, Feather or CSV; a pattern, a folder, an address, - for standard "
        "input; or sums that --save wrote",
    )
    add_reading(parser, required=False)
    parser.add_argument("--row-ids", metavar="ID", help="the column of the names of the rows")
    parser.add_argument(
        "--by",
        action="append",
        metavar="COL",
        help="instead of the report: what the rows of each value of this column cost; repeatable, "
        "for values of several columns together",
    )
    add_base(parser)
    parser.add_argument(
        "--no-recalibration", action="store_true", help="leave out what recalibration would gain"
    )
    add_outputs(parser)
    add_report_gates(parser)


def run(options: argparse.Namespace) -> int:
    """Read, report, and judge."""
    check_outputs(options, options.files)
    title = f"Log loss of {', '.join(options.files[:3])}{', …' if len(options.files) > 3 else ''}"
    if options.by is not None or are_grouped(options.files):
        return _by(options, title)
    check_columns(options, options.files)
    counted = rows_of_files(options, options.files)
    if options.base is not None:
        counted.base = options.base
    report = counted.report(
        confidence_level=options.confidence_level, recalibration=not options.no_recalibration
    )
    gates = gates_of_report(options, report)
    deliver(report, options, gates, title=title, counted=counted)
    return verdict_of(gates)


def _by(options: argparse.Namespace, title: str) -> int:
    """Slices in the place of the report."""
    gates = ("above", "class_above", "skill_below", "e_value_above")
    asked = [name for name in gates if getattr(options, f"fail_{name}", None) is not None]
    others = [f"--fail-{name.replace('_', '-')}" for name in asked]
    others += ["--row-ids"] if options.row_ids is not None else []
    others += ["--no-recalibration"] if options.no_recalibration else []
    if others:
        how = "leave it out" if options.by is None else "leave out one of them"
        msg = f"{others[0]} is for the report of all rows, not for rows by a column: {how}"
        raise UsageError(msg)
    if options.by is None:
        check_columns(options, options.files)
    counted = slices_of_files(options, options.files)
    if options.base is not None:
        counted.base = options.base
    slices = counted.report(confidence_level=options.confidence_level)
    deliver(slices, options, [], title=f"{title} by {', '.join(slices.by)}", counted=counted)
    return HELD
