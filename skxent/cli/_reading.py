"""Options that say where predictions are, and how to read them."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from skxent._intake._number_text import number_in
from skxent.cli._errors import DataError, UsageError
from skxent.cli._paths import files_of, is_saved, once
from skxent.cli._progress import Progress

if TYPE_CHECKING:
    from skxent._intake._columns import Columns
    from skxent.report import LogLossAccumulator
    from skxent.slices import GroupedLogLossAccumulator

__all__ = [
    "add_base",
    "add_reading",
    "base_of",
    "check_columns",
    "columns_of",
    "reading_of",
    "rows_of_files",
    "slices_of_files",
]
# Options about columns, and what they are where nobody has asked for anything else.
_OF_COLUMNS = {
    "weight": None,
    "groups": None,
    "labels": None,
    "row_ids": None,
    "proba": "p_*",
    "nulls": "error",
    "logits": False,
    "renormalize": False,
}


def base(text: str) -> float:
    """A base of logarithms: a number above 1, or e."""
    found = math.e if text == "e" else number_in(text)
    if found is None or not 1 < found < math.inf:
        msg = f"{text!r} is no base of logarithms; it is a number above 1, or e"
        raise argparse.ArgumentTypeError(msg)
    return found


def level(text: str) -> float:
    """A level of confidence."""
    found = number_in(text)
    if found is None or not 0 < found < 1:
        more = f"; for {text}% say {found / 100:g}" if found and 1 < found < 100 else ""
        msg = f"{text!r} is no level of confidence; it is between 0 and 1{more}"
        raise argparse.ArgumentTypeError(msg)
    return found


def jobs(text: str) -> int:
    """A number of processes: from 1, or -1 for one a core."""
    try:
        found = int(text)
    except ValueError:
        found = 0
    if found == 0:
        msg = f"{text!r} is no number of processes; it is a whole number from 1, or -1"
        raise argparse.ArgumentTypeError(msg)
    return found


def add_base(parser: argparse.ArgumentParser) -> None:
    """The base of the logarithms, and the level of the intervals."""
    parser.add_argument(
        "--base",
        type=base,
        metavar="B",
        help="of the logarithms: 2 for bits (e, or that of saved sums)",
    )
    parser.add_argument(
        "--confidence-level",
        type=level,
        default=0.95,
        metavar="C",
        help="of the intervals (0.95)",
    )


def base_of(options: argparse.Namespace) -> float:
    """The base that was asked for, or that of nats."""
    return math.e if options.base is None else float(options.base)


def add_reading(parser: argparse.ArgumentParser, *, required: bool) -> None:
    """Which columns hold what."""
    group = parser.add_argument_group("columns")
    group.add_argument("--target", required=required, metavar="Y", help="the column of the labels")
    group.add_argument(
        "--proba",
        default="p_*",
        metavar="PATTERN",
        help="the columns of the probabilities, with a * for the label (p_*), or a single column: "
        "of lists, or of the probability of the second of two labels",
    )
    group.add_argument("--weight", metavar="W", help="the column of the weights")
    group.add_argument(
        "--groups", metavar="G", help="the column that says which rows belong together"
    )
    group.add_argument(
        "--labels",
        metavar="A,B",
        help="the classes in the order in which to report them (that of the columns)",
    )
    group.add_argument(
        "--nulls",
        choices=("error", "drop"),
        default="error",
        help="what becomes of rows without a value (error)",
    )
    group.add_argument("--logits", action="store_true", help="the columns hold logits")
    group.add_argument("--renormalize", action="store_true", help="divide each row by its sum")
    group.add_argument(
        "--jobs", type=jobs, default=1, metavar="N", help="processes that read; -1: one a core (1)"
    )


def columns_of(options: argparse.Namespace, row_ids: str | None) -> Columns:
    """The names of the columns."""
    from skxent._intake._columns import Columns

    if options.target is None:
        msg = "--target is needed: which column holds the labels?"
        raise UsageError(msg)
    many = options.proba.split(",") if "," in options.proba else options.proba
    return Columns.of(options.target, many, options.weight, options.groups, row_ids)


def reading_of(options: argparse.Namespace) -> dict[str, Any]:
    """Options that reading shares, as keywords."""
    return {
        "label_texts": None if options.labels is None else options.labels.split(","),
        "nulls": options.nulls,
        "n_jobs": options.jobs,
        "from_logits": options.logits,
        "renormalize": options.renormalize,
    }


def check_columns(options: argparse.Namespace, files: Sequence[str]) -> None:
    """Refuse options about columns where all files are saved sums, which have none any more."""
    if not all(is_saved(path) for path in files_of(files)):
        return
    for name, usual in _OF_COLUMNS.items():
        if getattr(options, name) != usual:
            msg = (
                f"--{name.replace('_', '-')} is for files of predictions: saved sums were counted "
                f"without it, or with what it said then"
            )
            raise UsageError(msg)


def rows_of_files(options: argparse.Namespace, files: Sequence[str]) -> LogLossAccumulator:
    """What is counted of files of predictions, or of saved sums."""
    from skxent.report import LogLossAccumulator

    files = once(files)
    saved = [is_saved(path) for path in files]
    if all(saved):
        total = LogLossAccumulator.sum(LogLossAccumulator.load(path) for path in files)
        _check_rows(total.n_samples, files)
        return total
    if any(saved):
        msg = f"{files[saved.index(True)]} holds saved sums, and others predictions: not at once."
        raise UsageError(msg)
    from skxent.engines._report_from import accumulator_from

    progress = Progress("reading")
    found = accumulator_from(
        files,
        columns_of(options, options.row_ids),
        base=base_of(options),
        progress=progress,
        **reading_of(options),
    )
    progress.done()
    _check_rows(found.n_samples, files)
    return found


def slices_of_files(options: argparse.Namespace, files: Sequence[str]) -> GroupedLogLossAccumulator:
    """The same by the values of columns; or what was saved of such."""
    from dataclasses import replace

    from skxent.engines._slices_from import grouped_from

    files = once(files)
    if options.by is None:
        from skxent.slices import GroupedLogLossAccumulator

        total = GroupedLogLossAccumulator.sum(map(GroupedLogLossAccumulator.load, files))
        _check_rows(total.n_samples, files)
        return total
    if any(is_saved(path) for path in files):
        msg = "--by is for files of predictions: saved sums do not know the rows"
        raise UsageError(msg)
    twice = [name for i, name in enumerate(options.by) if name in options.by[:i]]
    if twice:
        msg = f"--by: the column {twice[0]!r} is named twice"
        raise UsageError(msg)
    if options.groups is not None:
        msg = "--groups and --by: sums by value know no groups of rows; leave out one of them"
        raise UsageError(msg)
    how = reading_of(options)
    columns = replace(columns_of(options, None), by=tuple(options.by))
    progress = Progress("reading")
    found = grouped_from(files, columns, base=base_of(options), progress=progress, **how)
    progress.done()
    _check_rows(found.n_samples, files)
    return found


def _check_rows(n_rows: int, files: Sequence[str]) -> None:
    """Refuse files without a row that counts."""
    if not n_rows:
        names = ["standard input" if path == "-" else path for path in files[:3]]
        more = f" and {len(files) - 3} more" if len(files) > 3 else ""
        msg = f"{', '.join(names)}{more}: there is no row to report, or none with a weight above 0"
        raise DataError(msg)
