"""What the figures of a report come to, in plain sentences."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skxent._render._words import cell, percent, shortened, unit_name
from skxent._typing import FloatArray
from skxent.recalibration._choice import Recalibration
from skxent.report._notable import ALL_ROWS, beyond_chance
from skxent.report._verdict import confidence

__all__ = ["findings"]

# Of as many classes or cells as there are, no more than so many are named.
_MOST = 3
# Losses that fall off exponentially have 6 % in their worst hundredth.
_LONG_TAIL = 0.25

Finding = tuple[float, str]


def findings(
    names: Sequence[Any],
    per_class: Mapping[str, NDArray[Any]],
    overall: Mapping[str, float | int],
    confusion: FloatArray,
    recalibration: Recalibration | None,
    worst: Mapping[str, NDArray[Any]],
    *,
    base: float,
    eps: float,
    confidence_level: float,
    costly: NDArray[np.bool_],
    cells: Sequence[tuple[int, int]],
    prior_margin: float,
    floored_share: float,
) -> tuple[str, ...]:
    """
    Sentences with the numbers that they rest on, ordered by the loss that they are about.

    `costly` says which classes cost more than their rarity and chance explain, `cells` which of
    the loss confusion do; `prior_margin` is by how much the entropy of the labels may be below the
    loss of the true prior; `floored_share` the weight of the floored rows in all.
    """
    called = [shortened(name) for name in names]
    unit = unit_name(base)
    if not math.isfinite(overall["log_loss"]):
        return ("The loss is infinite: there are rows whose class had a probability of 0.",)
    found: list[Finding] = []
    if overall["log_loss"] > 0:
        found += _recalibration(called, overall, recalibration, unit, confidence_level)
        found += _gaps(called, per_class, overall, unit)
        found += _prior(overall, unit, prior_margin)
        found += _costly_classes(called, per_class, overall, unit, costly)
        found += _cells(called, confusion, overall, cells)
        found += _tail(overall, worst)
        found += _floored(overall, base, eps, unit, floored_share)
    found += _absent(called, per_class)
    return tuple(sentence for _, sentence in sorted(found, key=lambda f: -f[0]))


def _number(value: float) -> str:
    return cell("log_loss", float(value))


def _recalibration(
    called: Sequence[str],
    overall: Mapping[str, float | int],
    recalibration: Recalibration | None,
    unit: str,
    level: float,
) -> Iterator[Finding]:
    if recalibration is None or recalibration.recommended == "none":
        return
    at = recalibration.methods.index(recalibration.recommended)
    gain, low, high = (
        float(x[at]) for x in (recalibration.gain, recalibration.gain_low, recalibration.gain_high)
    )
    how = recalibration.recommended
    what = f"a map of the kind {how!r}" if how in ("vector", "dirichlet") else f"its {how}"
    of_class = recalibration.class_gain[at]
    most = int(of_class.argmax())
    sentence = (
        f"Recalibration ({what}) would take {_number(gain)} {unit} off the loss, "
        f"{percent(gain / overall['log_loss'])} of it "
        f"({100 * level:g} % interval {_number(low)} to {_number(high)}); the largest "
        f"part, {_number(of_class[most])}, in class {called[most]}."
    )
    yield gain, sentence


def _gaps(
    called: Sequence[str],
    per_class: Mapping[str, NDArray[Any]],
    overall: Mapping[str, float | int],
    unit: str,
) -> Iterator[Finding]:
    gap = float(overall["gap"])
    if overall["p_value"] < ALL_ROWS:
        expected, paid = (float(overall[x]) for x in ("predictive_entropy", "log_loss"))
        told = f"it expected to pay {_number(expected)} {unit} a row, and paid {_number(paid)}"
        if not math.isclose(paid - expected, gap, abs_tol=1e-9):  # of other rows than the two
            than = "more" if gap > 0 else "less"
            told = f"it paid {_number(abs(gap))} {unit} a row {than} than it expected"
        sentence = (
            f"The model is {confidence(gap)}: {told} "
            f"(z {cell('z', overall['z'])}, p {cell('p_value', overall['p_value'])})."
        )
        yield abs(gap), sentence
    sure = np.flatnonzero(beyond_chance(per_class["p_value"])).tolist()
    chosen = sorted(sure, key=lambda c: (-abs(per_class["gap"][c]), per_class["p_value"][c]))
    for c in chosen[:_MOST]:
        gap = float(per_class["gap"][c])
        than = "more" if gap > 0 else "less"
        sentence = (
            f"Class {called[c]} costs {_number(abs(gap))} {unit} {than} than the model expected: "
            f"it occurs {than} often than its small probabilities say "
            f"(z {cell('z', float(per_class['z'][c]))}, "
            f"p {cell('p_value', float(per_class['p_value'][c]))})."
        )
        yield abs(gap), sentence


def _prior(overall: Mapping[str, float | int], unit: str, margin: float) -> Iterator[Finding]:
    loss, prior = float(overall["log_loss"]), float(overall["label_entropy"])
    if prior > 0 and overall["ci_low"] > prior + margin:
        sentence = (
            f"The loss of {_number(loss)} {unit} is worse than the {_number(prior)} of a model "
            f"that knows only how often each class occurs."
        )
        yield loss - prior, sentence


def _costly_classes(
    called: Sequence[str],
    per_class: Mapping[str, NDArray[Any]],
    overall: Mapping[str, float | int],
    unit: str,
    costly: NDArray[np.bool_],
) -> Iterator[Finding]:
    loss, mean = float(overall["log_loss"]), 1.0 - float(overall["skill"])
    chosen = np.flatnonzero(costly)
    chosen = chosen[np.argsort(-per_class["contribution"][chosen], kind="stable")]
    for c in chosen[:_MOST].tolist():
        own, share, weight = (float(per_class[x][c]) for x in ("log_loss", "share", "prevalence"))
        sentence = (
            f"Class {called[c]} takes {percent(share)} of the loss with a prevalence "
            f"of {percent(weight)}: {_number(own)} {unit} a row "
            f"({_number(per_class['ci_low'][c])} to {_number(per_class['ci_high'][c])}), "
            f"{percent(1.0 - per_class['skill'][c])} of what its frequency alone would cost; over "
            f"all rows it is {percent(mean)}."
        )
        yield share * loss, sentence


def _cells(
    called: Sequence[str],
    confusion: FloatArray,
    overall: Mapping[str, float | int],
    cells: Sequence[tuple[int, int]],
) -> Iterator[Finding]:
    for c, j in cells[:_MOST]:
        sentence = (
            f"{percent(confusion[c, j] / overall['log_loss'])} of the loss is that of rows of "
            f"class {called[c]} whose probability went to class {called[j]}."
        )
        yield float(confusion[c, j]), sentence


def _tail(
    overall: Mapping[str, float | int], worst: Mapping[str, NDArray[Any]]
) -> Iterator[Finding]:
    share = float(overall["tail_share"])
    if share >= _LONG_TAIL and overall["n_samples"] >= 100:
        rows = ", ".join(shortened(name) for name in worst["row"][:_MOST].tolist())
        sentence = (
            f"The worst 1 % of the rows carry {percent(share)} of the loss; the first to look at "
            f"are rows {rows}."
        )
        yield share * float(overall["log_loss"]), sentence


def _floored(
    overall: Mapping[str, float | int], base: float, eps: float, unit: str, share: float
) -> Iterator[Finding]:
    n = int(overall["floored"])
    if n:
        cost = -math.log(eps) / math.log(base)
        rows, their, each = ("row", "its", "") if n == 1 else ("rows", "their", " each")
        sentence = (
            f"{n} {rows} gave {their} class a probability below {eps:.3g}, and cost "
            f"{_number(cost)} {unit}{each}."
        )
        yield share * cost, sentence


def _absent(called: Sequence[str], per_class: Mapping[str, NDArray[Any]]) -> Iterator[Finding]:
    absent = [called[c] for c in np.flatnonzero(per_class["support"] == 0).tolist()]
    if absent:
        n = len(absent) - _MOST
        more = f" and {n} other{'s' if n > 1 else ''}" if n > 0 else ""
        yield 0.0, f"There are no rows of class {', '.join(absent[:_MOST])}{more}."
