"""Tune and cross-validate a classifier on your own table, and report what each class costs."""

from __future__ import annotations

import argparse
import sys

from skxent.cli._errors import DataError
from skxent.cli._gates import add_report_gates, gates_of_report, verdict_of
from skxent.cli._outputs import add_outputs, check_outputs, deliver

__all__ = ["HELP", "add_arguments", "run"]

HELP = "tune a classifier on your own table, and report it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Those of the command."""
    parser.add_argument(
        "file",
        metavar="FILE",
        help="CSV with a header line, Parquet, Arrow or Feather; - for standard input",
    )
    parser.add_argument(
        "--target", required=True, metavar="COLUMN", help="the column with the classes"
    )
    parser.add_argument(
        "--drop", action="append", default=[], metavar="COLUMN", help="leave it out; repeatable"
    )
    parser.add_argument(
        "--text",
        action="append",
        default=[],
        metavar="COLUMN",
        help="its numbers are names, such as codes; repeatable",
    )
    parser.add_argument(
        "--model", choices=("logistic", "boosting", "forest"), default="logistic", help="(logistic)"
    )
    add_outputs(parser, save=False)
    add_report_gates(parser, e_value=False)  # which predictions out of fold have none


def run(options: argparse.Namespace) -> int:
    """Read, fit, and report."""
    from skxent.cli._features import features_of
    from skxent.cli._tables import as_text, read_table, split_off, without
    from skxent.cli._tuning import check_classes, tuned

    check_outputs(options, [options.file])
    path = options.file
    table = as_text(read_table(path), options.text, path)
    table, y, left_out = split_off(table, options.target, path)
    table = without(table, options.drop, path)
    if left_out:
        print(left_out, file=sys.stderr)
    check_classes(y, f"--target: column {options.target!r}")
    features = features_of(table, path)
    for line in features.said:
        print(" ".join(line.split()), file=sys.stderr)
    n_numbers = int(features.is_number.sum())
    n_texts = len(features.is_number) - n_numbers
    print(f"columns: {n_numbers} numbers, {n_texts} text", file=sys.stderr)
    try:
        report, summary = tuned(path, features.X, y, features, options.model)
    except ValueError as error:
        msg = f"cannot fit a classifier to {path}: {error}"
        raise DataError(msg) from error
    gates = gates_of_report(options, report)
    deliver(report, options, gates, title=f"Log loss of a classifier of {path}", before=summary)
    return verdict_of(gates)
