"""What messages call an argument of Python, as the option that stands for it."""

from __future__ import annotations

import argparse
import re

__all__ = ["in_options"]

_PHRASES = {
    'leave such rows out with nulls="drop"': "leave such rows out with --nulls drop",
    'leave such rows out with unmatched="drop"': "leave such rows out with --allow-unmatched",
    "pass labels=[other, positive]": "say it with --labels OTHER,POSITIVE",
    "pass labels=.": "name them with --labels.",
    "Pass labels=.": "Name the labels with --labels.",
    ", unlike labels=": ", unlike --labels ",
    "name the columns of the classes in proba": "name the columns of the classes: --proba A,B",
    "pass from_logits=True": "say --logits",
    "pass renormalize=True": "say --renormalize",
    " with renormalize=True needs ": " with --renormalize needs ",
    "proba must have one * ": "--proba must have one * ",
}
_OPTIONS = {
    "y": "--target",
    "proba": "--proba",
    "weight": "--weight",
    "groups": "--groups",
    "row_ids": "--row-ids",
    "by": "--by",
}
# Behind the name of a column, which is in quotes.
_ARGUMENT = re.compile(rf"(?<=['\"] )\(({'|'.join(_OPTIONS)})\)")


def in_options(message: str, options: argparse.Namespace) -> str:
    """A message with options in the place of arguments."""
    known = dict(_OPTIONS)
    if hasattr(options, "on"):  # of a comparison
        known["row_ids"] = "--on"
    for phrase, ours in _PHRASES.items():
        message = message.replace(phrase, ours)
    return _ARGUMENT.sub(lambda found: f"({known[found[1]]})", message)
