"""What makes a build fail, and how that is said, in a terminal and in GitHub Actions."""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from skxent._intake._number_text import number_in
from skxent.cli._errors import FAILED, HELD, DataError, UsageError

if TYPE_CHECKING:
    from skxent.change import LogLossChange
    from skxent.comparison import LogLossComparison
    from skxent.report import LogLossReport

__all__ = [
    "Gate",
    "add_change_gates",
    "add_comparison_gates",
    "add_report_gates",
    "gates_of_change",
    "gates_of_comparison",
    "gates_of_report",
    "say_error",
    "threshold",
    "verdict_of",
]


_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Gate:
    """A condition, and whether it holds."""

    text: str
    failed: bool


def threshold(text: str) -> float:
    """What a gate compares with: a number, since nothing is above or below nan."""
    if (found := number_in(text)) is None or math.isnan(found):
        msg = f"{text!r} is no number"
        raise argparse.ArgumentTypeError(msg)
    return found


def threshold_of_class(text: str) -> tuple[str, float]:
    """The same of one class, which is named, or of any, whose name is empty then."""
    name, _, limit = text.rpartition("=")
    try:
        return name, threshold(limit)
    except argparse.ArgumentTypeError as error:
        msg = f"{error}; it is X, or CLASS=X"
        raise argparse.ArgumentTypeError(msg) from None


def margin_of_class(text: str) -> tuple[str, float]:
    """The same of a difference, which is beyond chance where it is told from 0."""
    name, limit = threshold_of_class(text)
    if limit < 0:
        msg = f"{text!r}: what is beyond chance is told from 0, so that X is 0 or more"
        raise argparse.ArgumentTypeError(msg)
    return name, limit


def add_report_gates(parser: argparse.ArgumentParser, *, e_value: bool = True) -> None:
    """Gates of a single model, whose report has an e-value or not."""
    group = parser.add_argument_group("gates", "exit with code 1 where one fails")
    group.add_argument(
        "--fail-above", type=threshold, metavar="X", help="if the log loss is above X"
    )
    group.add_argument(
        "--fail-class-above",
        type=threshold_of_class,
        action="append",
        metavar="X|CLASS=X",
        help="if that of any class, or of the one that is named, is above X",
    )
    group.add_argument(
        "--fail-skill-below", type=threshold, metavar="X", help="if the skill is below X"
    )
    if e_value:
        group.add_argument(
            "--fail-e-value-above",
            type=threshold,
            metavar="X",
            help="if the evidence against the probabilities is above X, at any number of looks",
        )
    else:
        parser.set_defaults(fail_e_value_above=None)


def add_comparison_gates(parser: argparse.ArgumentParser) -> None:
    """Gates of a new model beside an old one."""
    group = parser.add_argument_group(
        "gates",
        "exit with code 1 where one fails; the difference is that of NEW from OLD, so that above 0 "
        "is worse",
    )
    group.add_argument(
        "--fail-if-worse",
        type=threshold,
        metavar="X",
        help="if the whole interval of the difference is above X",
    )
    group.add_argument(
        "--fail-unless-within",
        type=threshold,
        metavar="X",
        help="if not all of the interval is at most X: no news is no pass",
    )
    group.add_argument(
        "--fail-class-if-worse",
        type=margin_of_class,
        action="append",
        metavar="X|CLASS=X",
        help="if that of any class, or of the one that is named, is above X, and beyond chance "
        "among all classes",
    )


def add_change_gates(parser: argparse.ArgumentParser) -> None:
    """Gates of a change."""
    group = parser.add_argument_group("gates", "exit with code 1 where one fails")
    group.add_argument(
        "--fail-if-worse",
        type=threshold,
        metavar="X",
        help="if the whole interval of the change is above X",
    )
    group.add_argument(
        "--fail-if-surprised",
        type=threshold,
        metavar="X",
        help="if the whole interval of what the model did not expect is above X",
    )


def gates_of_report(options: argparse.Namespace, report: LogLossReport) -> list[Gate]:
    """The gates that were asked for."""
    gates = []
    if (most := options.fail_above) is not None:
        gates.append(_above("the log loss", float(report.overall["log_loss"]), most))
    for name, limit in options.fail_class_above or ():
        gates += _of_classes(name, limit, report)
    if (least := options.fail_skill_below) is not None:
        skill = _known("the skill", float(report.overall["skill"]))
        holds = f"the skill is {skill:.4g}, {{}} {least:g}"
        gates.append(Gate(holds.format("below" if skill < least else "at least"), skill < least))
    if (most := options.fail_e_value_above) is not None:
        gates.append(_above("the e-value", float(report.overall["e_value"]), most))
    return gates


def _check_class(option: str, name: str, names: Sequence[str]) -> None:
    if name and name not in names:
        msg = f"{option}: there is no class {name!r}; there are {', '.join(names[:20])}."
        raise UsageError(msg)


def _of_classes(name: str, most: float, report: LogLossReport) -> list[Gate]:
    names = [str(n) for n in report.target_names]
    _check_class("--fail-class-above", name, names)
    losses = dict(zip(names, report.per_class["log_loss"].tolist(), strict=True))
    if name:
        return [_above(f"the log loss of class {name}", losses[name], most)]
    # A class without rows costs nothing that is known.
    seen = {n: loss for n, loss in losses.items() if not math.isnan(loss)}
    if not seen:
        _known("the log loss of every class", math.nan)
    worst = [n for n, loss in seen.items() if loss > most]
    if not worst:
        unknown = _unknown([n for n in names if n not in seen])
        return [Gate(f"no class has a log loss above {most:g}{unknown}", failed=False)]
    return [_above(f"the log loss of class {n}", seen[n], most) for n in worst]


def _unknown(names: Sequence[str]) -> str:
    """What to say of classes of which a gate knows nothing."""
    if not names:
        return ""
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return f", as far as is known: of {', '.join(names[:_MOST_NAMED])}{more} there are too few rows"


def gates_of_comparison(options: argparse.Namespace, comparison: LogLossComparison) -> list[Gate]:
    """The same for the last of the models, beside the reference."""
    low, high = float(comparison.ci_low[-1]), float(comparison.ci_high[-1])
    gates = []
    if (most := options.fail_if_worse) is not None:
        gates.append(_above("the lower end of the difference", low, most))
    if (most := options.fail_unless_within) is not None:
        gates.append(_above("the upper end of the difference", high, most))
    for name, limit in options.fail_class_if_worse or ():
        gates += _of_worse_classes(name, limit, comparison)
    return gates


def _of_worse_classes(name: str, most: float, comparison: LogLossComparison) -> list[Gate]:
    names = [str(n) for n in comparison.target_names]
    _check_class("--fail-class-if-worse", name, names)
    alpha = 1.0 - comparison.confidence_level
    ends = comparison.class_ci_low[-1].tolist()
    figures = zip(names, ends, comparison.class_adjusted_p[-1].tolist(), strict=True)
    if name:
        _known(f"the difference of class {name}", ends[names.index(name)])
    elif all(map(math.isnan, ends)):
        _known("the interval of every class", math.nan)
    worse = [(n, end) for n, end, p in figures if n == (name or n) and end > most and p <= alpha]
    if not worse:
        who = f"class {name} is not" if name else "no class is"
        of = zip(names, ends, strict=True)
        unknown = "" if name else _unknown([n for n, end in of if math.isnan(end)])
        return [Gate(f"{who} worse by more than {most:g} beyond chance{unknown}", failed=False)]
    return [_above(f"the lower end of the difference of class {n}", end, most) for n, end in worse]


def gates_of_change(options: argparse.Namespace, change: LogLossChange) -> list[Gate]:
    """The same for a change."""
    gates = []
    if (most := options.fail_if_worse) is not None:
        gates.append(_above("the lower end of the change", change.overall["change_low"], most))
    if (most := options.fail_if_surprised) is not None:
        gates.append(_above("the lower end of the surprise", change.overall["surprise_low"], most))
    return gates


def _above(what: str, value: float, most: float) -> Gate:
    failed = _known(what, value) > most
    return Gate(f"{what} is {value:.4g}, {'above' if failed else 'at most'} {most:g}", failed)


def _known(what: str, value: float) -> float:
    """A figure that a gate can be about: one that is not known is no pass."""
    if math.isnan(value):
        msg = f"{what} cannot be computed, so that its gate says nothing."
        raise DataError(msg)
    return value


def verdict_of(gates: Sequence[Gate]) -> int:
    """Say which gates hold, and return the exit code."""
    for gate in gates:
        if gate.failed:
            print(f"skxent: failed: {gate.text}", file=sys.stderr)
            say_error(gate.text)
        else:
            print(f"skxent: held: {gate.text}", file=sys.stderr)
    return FAILED if any(gate.failed for gate in gates) else HELD


def say_error(message: str) -> None:
    """Mark a failure where GitHub Actions shows it; results on stdout stay as they are."""
    if os.environ.get("GITHUB_ACTIONS") == "true":
        text = message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
        print(f"::error title=skxent::{text}", file=sys.stderr)
