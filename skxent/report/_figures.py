"""From the statistic to the figures of a report, in units of information."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri, xlog1py, xlogy

from skxent._typing import FloatArray
from skxent.recalibration._choice import Choice
from skxent.report._gaps import gap_tests
from skxent.report._intervals import class_interval, macro_interval, overall_interval
from skxent.report._reliability import Calibration
from skxent.statistic._evidence import Evidence, as_e_value
from skxent.statistic._sums import Statistics

__all__ = [
    "How",
    "Tested",
    "class_figures",
    "class_lower_bounds",
    "overall_figures",
    "prior_margin",
    "tested",
]


# How often chance alone may have a class above its bound.
_BEYOND_BOUNDS = 0.05


def _ratio(above: FloatArray, below: FloatArray | float) -> FloatArray:
    """Quotient that is nan, without a warning, where there is nothing to divide by."""
    below = np.broadcast_to(np.asarray(below, dtype=np.float64), above.shape)
    with np.errstate(invalid="ignore"):  # infinite losses, where eps is 0
        return np.divide(above, below, out=np.full(above.shape, np.nan), where=below != 0)


def prior_margin(statistics: Statistics) -> float:
    """By how much, in nats, the true prior may lose more than the entropy of these labels."""
    present = int(np.count_nonzero(statistics.weight > 0))
    square = statistics.square[0].sum()
    if statistics.groups is not None:
        square = (statistics.groups.weight.sum(axis=1) ** 2).sum()
    n = statistics.weight.sum() ** 2 / square
    return float(chdtri(max(present - 1, 1), 0.01) / (2.0 * n))


def _prior_losses(prevalence: FloatArray) -> FloatArray:
    """Cost in nats of each class to a model that knows the prevalences; nan if it is absent."""
    with np.errstate(divide="ignore"):
        return np.where(prevalence > 0, 0.0 - np.log(prevalence), np.nan)


def class_lower_bounds(s: Statistics, eps: float) -> FloatArray:
    """
    Lower bounds in nats of the classes' losses that hold for all classes together.

    They are for sentences, which do not follow the confidence level of the intervals.
    """
    return class_interval(s, eps, 1.0 - 2.0 * _BEYOND_BOUNDS / len(s.support))[0]


def _rivals(confusion: FloatArray, names: Sequence[Any]) -> tuple[NDArray[Any], FloatArray]:
    """Class that takes most of the loss of each class, and its share of that loss."""
    called = np.empty(len(names), dtype=object)
    called[:] = list(names)
    most = confusion.max(axis=1)
    rivals = called[confusion.argmax(axis=1)]
    rivals[~(most > 0)] = None
    return rivals, np.where(np.isfinite(most), _ratio(most, confusion.sum(axis=1)), np.nan)


def _one_vs_rest(
    s: Statistics, calibrations: Sequence[Calibration], unit: float
) -> dict[str, FloatArray]:
    """Decomposition of the one-vs-rest losses."""
    total = s.weight.sum()
    prevalence = s.weight / total
    ovr, left = s.ovr_loss / total, np.array([c.loss for c in calibrations])
    uncertainty = -(xlogy(prevalence, prevalence) + xlog1py(1.0 - prevalence, -prevalence))
    null = np.array([c.null for c in calibrations])
    return {
        "ovr_log_loss": ovr / unit,
        "miscalibration": (ovr - left) / unit,
        "discrimination": (uncertainty - left) / unit,
        "uncertainty": uncertainty / unit,
        "miscalibration_null": null / unit,
        "miscalibration_p": np.array([c.p_value for c in calibrations]),
    }


@dataclass(frozen=True, slots=True)
class How:
    """How figures are to be reckoned."""

    unit: float
    """Nats in one unit of information."""
    eps: float
    confidence_level: float


@dataclass(frozen=True, slots=True)
class Tested:
    """Of each class and, at the end, of all rows; nan where not to be tested."""

    z: FloatArray
    p_value: FloatArray
    e_value: FloatArray


def tested(s: Statistics, *, testable: bool) -> Tested:
    """Tests of the gaps, and e-values."""
    nothing, evidence = np.full(len(s.support) + 1, np.nan), Evidence(s.temperature, s.bias)
    if not testable:
        return Tested(nothing, nothing, nothing)
    e_value = nothing
    if evidence.is_known and s.groups is None:
        e_value = as_e_value(np.append(evidence.class_log_e(), evidence.log_e()))
    return Tested(*gap_tests(s), e_value)


def class_figures(
    statistics: Statistics,
    known: Statistics,
    calibrations: Sequence[Calibration],
    choice: Choice | None,
    names: Sequence[Any],
    how: How,
    found: Tested,
) -> dict[str, NDArray[np.generic]]:
    """
    One array a column of the report, one number a class.

    `known` is of the rows whose class the model can predict: what is tested, decomposed or
    recalibrated is about these.
    """
    s, total, unit = statistics, statistics.weight.sum(), how.unit
    prevalence = s.weight / total
    log_loss = _ratio(s.loss, s.weight) / unit
    baseline = _prior_losses(prevalence) / unit
    contribution, expected = s.loss / total / unit, s.expected / total / unit
    # What an estimator expects of rows whose class it cannot know says nothing of how sure it is.
    weight = known.weight.sum()
    gap = known.loss / weight / unit - known.expected / weight / unit
    low, high = class_interval(s, how.eps, how.confidence_level)
    gains = np.full((3, len(names)), np.nan)
    if choice is not None:
        gains = choice.recoverable * (known.weight.sum() / total)
    rivals, rival_shares = _rivals(s.confusion, names)
    return {
        "support": s.support,
        "weight": s.weight,
        "prevalence": prevalence,
        "mean_proba": s.proba / total,
        "log_loss": log_loss,
        "ci_low": low / unit,
        "ci_high": high / unit,
        "contribution": contribution,
        "share": _ratio(s.loss, s.loss.sum()),
        "baseline": baseline,
        "skill": 1.0 - _ratio(log_loss, baseline),
        "expected": expected,
        "gap": gap,
        "z": found.z[:-1],
        "p_value": found.p_value[:-1],
        "e_value": found.e_value[:-1],
        "recoverable": gains[0],
        "recoverable_low": gains[1],
        "recoverable_high": gains[2],
        **_one_vs_rest(known, calibrations, unit),
        "floored": s.floored,
        "top_rival": rivals,
        "top_rival_share": rival_shares,
    }


def overall_figures(
    statistics: Statistics,
    known: Statistics,
    choice: Choice | None,
    tail: tuple[float, float],
    how: How,
    found: Tested,
) -> dict[str, float | int]:
    """Figures of all rows together."""
    s, total, unit = statistics, statistics.weight.sum(), how.unit
    prevalence = s.weight / total
    log_loss = float(s.loss.sum() / total)
    macro = float(np.mean(s.loss[s.weight > 0] / s.weight[s.weight > 0]))
    label_entropy = float(np.nansum(prevalence * _prior_losses(prevalence)))
    entropy = float(s.expected.sum() / total)
    weight = known.weight.sum()
    gap = float(known.loss.sum() / weight) - float(known.expected.sum() / weight)
    low, high = overall_interval(s, how.eps, how.confidence_level)
    macro_low, macro_high = macro_interval(s, how.eps, how.confidence_level)
    return {
        "n_samples": int(s.support.sum()),
        "weight": float(total),
        "log_loss": log_loss / unit,
        "ci_low": low.item() / unit,
        "ci_high": high.item() / unit,
        "macro_log_loss": macro / unit,
        "macro_ci_low": float(macro_low) / unit,
        "macro_ci_high": float(macro_high) / unit,
        "label_entropy": label_entropy / unit,
        "skill": 1.0 - log_loss / label_entropy if label_entropy > 0 else math.nan,
        "predictive_entropy": entropy / unit,
        "gap": gap / unit,
        "z": float(found.z[-1]),
        "p_value": float(found.p_value[-1]),
        "e_value": float(found.e_value[-1]),
        "perplexity": math.exp(log_loss) if log_loss < 709 else math.inf,
        **_recovery(choice, known, total, unit),
        "tail_share": tail[0],
        "gini": tail[1],
        "floored": int(s.floored.sum()),
    }


def _recovery(
    choice: Choice | None, known: Statistics, total: float, unit: float
) -> dict[str, float | int]:
    names = ("recoverable", "recoverable_low", "recoverable_high")
    if choice is None:
        return dict.fromkeys((*names, "refinement_loss", "calibration_loss"), math.nan)
    at = choice.recalibration.methods.index(choice.recalibration.recommended)
    gains = choice.recalibration.gain, choice.recalibration.gain_low, choice.recalibration.gain_high
    weight = float(known.weight.sum())
    return {
        **{n: float(gain[at] * weight / total) for n, gain in zip(names, gains, strict=True)},
        "refinement_loss": choice.refinement_loss,
        "calibration_loss": float(known.loss.sum()) / weight / unit - choice.refinement_loss,
    }
