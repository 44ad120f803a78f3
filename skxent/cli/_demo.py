"""Tune and cross-validate a classifier of one of scikit-learn's data sets, and report it."""

from __future__ import annotations

import argparse

from skxent.cli._gates import verdict_of
from skxent.cli._outputs import add_outputs, check_outputs, deliver

__all__ = ["HELP", "add_arguments", "run"]

HELP = "the same with one of scikit-learn's data sets; what runs without a command"

_BUNDLED = ("digits", "iris", "wine", "breast_cancer")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Those of the command."""
    parser.add_argument(
        "--data", choices=_BUNDLED, default="digits", help="which data set (digits)"
    )
    add_outputs(parser, save=False)


def run(options: argparse.Namespace) -> int:
    """Fit and report."""
    from sklearn import datasets

    from skxent.cli._tuning import tuned

    check_outputs(options, [])
    data = getattr(datasets, f"load_{options.data}")()
    y = data.target if options.data == "digits" else data.target_names[data.target]
    report, summary = tuned(options.data, data.data, y, None)
    deliver(
        report, options, (), title=f"Log loss of a classifier of {options.data}", before=summary
    )
    return verdict_of(())
