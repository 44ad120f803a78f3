"""One or two sentences on top of a comparison: which model is better, and by how much."""

from __future__ import annotations

import math

import numpy as np

from skxent._render._words import cell, shortened, unit_name
from skxent.comparison._content import ComparisonContent

__all__ = ["CHANCE", "verdict"]

# Differences with a larger adjusted p-value may be chance.
CHANCE = 0.05
# Of a model's name in a sentence.
_WIDTH = 30


def verdict(content: ComparisonContent) -> str:
    """Which models are better or worse than the reference beyond chance, or that none is."""
    compared = content.compared
    sure = [i for i in compared if content.adjusted_p[i] < CHANCE]
    if not sure:
        return _nothing(content)
    # Of several models the best one, or else the worst.
    i = min(sure, key=lambda i: float(content.difference[i]))
    if len(compared) > 1 and content.difference[i] > 0:
        i = max(sure, key=lambda i: float(content.difference[i]))
    return f"{_better(content, i)}{_others(content, sure)}{_classes(content, i)}"


def _name(content: ComparisonContent, i: int) -> str:
    return shortened(content.models[i], _WIDTH)


def _better(content: ComparisonContent, i: int) -> str:
    j = content.models.index(content.reference)
    good, bad = (i, j) if content.difference[i] < 0 else (j, i)
    losses = content.log_loss
    less = f", {100 * (1 - losses[good] / losses[bad]):.2g} % less" if losses[good] > 0 else ""
    p = cell("p_value", float(content.adjusted_p[i]))
    return (
        f"{_name(content, good)} is better than {_name(content, bad)}: "
        f"{cell('log_loss', float(losses[good]))} {unit_name(content.base)} instead of "
        f"{cell('log_loss', float(losses[bad]))}{less} (p {p})."
    )


def _others(content: ComparisonContent, sure: list[int]) -> str:
    """How many of several models are how."""
    n = len(content.compared)
    if n == 1:
        return ""
    better = sum(bool(content.difference[i] < 0) for i in sure)
    return (
        f" Of {n} models compared with {shortened(content.reference, _WIDTH)}, {better} "
        f"{'is' if better == 1 else 'are'} better beyond chance and {len(sure) - better} worse."
    )


def _classes(content: ComparisonContent, i: int) -> str:
    """Classes in which two models differ the other way round."""
    if len(content.compared) > 1:
        return ""
    other = np.sign(content.class_difference[i]) == -np.sign(content.difference[i])
    found = np.flatnonzero(other & (content.class_adjusted_p[i] < CHANCE))
    if not len(found):
        return ""
    c = found[np.argmax(abs(content.class_difference[i][found]))]
    n = len(found) - 1
    more = f" and {n} other{'s' if n > 1 else ''}" if n else ""
    name = shortened(content.target_names[c])
    return f" In class {name}{more} it is the other way round."


def _nothing(content: ComparisonContent) -> str:
    compared, reference = content.compared, shortened(content.reference, _WIDTH)
    if len(compared) > 1:
        return f"None of {len(compared)} models differs from {reference} beyond chance."
    (i,) = compared
    names = f"{_name(content, i)} and {reference}"
    if math.isnan(content.adjusted_p[i]):
        return f"Whether {names} differ cannot be tested here."
    low, high = (cell("", float(x[i])) for x in (content.ci_low, content.ci_high))
    said = f"the interval of their difference, {low} to {high} {unit_name(content.base)}, holds 0"
    if not content.ci_low[i] <= 0 <= content.ci_high[i]:
        said = f"p is {cell('p_value', float(content.adjusted_p[i]))}"
    return f"{names} do not differ beyond chance: {said}."
