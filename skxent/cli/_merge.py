"""Add up saved sums, such as those of the days of a week."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from skxent.cli._errors import HELD, UsageError
from skxent.cli._outputs import check_outputs
from skxent.cli._paths import once
from skxent.cli._saved import kind_of_saved

if TYPE_CHECKING:
    from skxent.comparison import LogLossComparisonAccumulator
    from skxent.report import LogLossAccumulator
    from skxent.slices import GroupedLogLossAccumulator

__all__ = ["HELP", "add_arguments", "run"]

HELP = "add up saved sums, such as those of the days of a week"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Those of the command."""
    parser.add_argument(
        "parts", nargs="+", metavar="PART", help="a file that --save wrote, or a pattern"
    )
    parser.add_argument("--save", required=True, metavar="F", help="where to write the sum")
    parser.set_defaults(json=None, md=None)


def run(options: argparse.Namespace) -> int:
    """Read, add up, and write."""
    parts = once(options.parts)
    check_outputs(options, parts)
    total = _sum(parts)
    try:
        total.save(options.save)
    except OSError as error:
        msg = f"--save: cannot write {options.save!r}: {error.strerror}"
        raise UsageError(msg) from error
    print(f"{len(parts)} parts, {total.n_samples} rows", file=sys.stderr)
    print(f"wrote {options.save}", file=sys.stderr)
    return HELD


def _sum(
    parts: Sequence[str],
) -> LogLossAccumulator | LogLossComparisonAccumulator | GroupedLogLossAccumulator:
    """The sum of parts, all of the kind of the first."""
    from skxent.comparison import LogLossComparisonAccumulator
    from skxent.report import LogLossAccumulator
    from skxent.slices import GroupedLogLossAccumulator

    first = kind_of_saved(parts[0])
    if "comparison" in first:
        compared = LogLossComparisonAccumulator
        return compared.sum(compared.load(part) for part in parts)
    if "grouped" in first:
        grouped = GroupedLogLossAccumulator
        return grouped.sum(grouped.load(part) for part in parts)
    return LogLossAccumulator.sum(LogLossAccumulator.load(part) for part in parts)
