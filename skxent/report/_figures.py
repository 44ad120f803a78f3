"""From the statistic to the figures of a report, in units of information."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from skxent._kernels import FloatArray
from skxent.report._statistics import Statistics

__all__ = ["class_figures", "overall_figures"]


def _ratio(above: FloatArray, below: FloatArray | float) -> FloatArray:
    """Quotient that is nan, without a warning, where there is nothing to divide by."""
    below = np.broadcast_to(np.asarray(below, dtype=np.float64), above.shape)
    with np.errstate(invalid="ignore"):  # infinite losses, where eps is 0
        return np.divide(above, below, out=np.full(above.shape, np.nan), where=below != 0)


def _z(gap: FloatArray, variance: FloatArray) -> FloatArray:
    """Gap in standard deviations; infinite for a gap that was thought impossible."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return gap / np.sqrt(variance)


def _two_sided(z: FloatArray) -> FloatArray:
    return 2.0 * ndtr(-np.abs(z))


def _prior_losses(prevalence: FloatArray) -> FloatArray:
    """Cost in nats of each class to a model that knows the prevalences; nan if it is absent."""
    with np.errstate(divide="ignore"):
        return np.where(prevalence > 0, 0.0 - np.log(prevalence), np.nan)


def class_figures(statistics: Statistics, unit: float) -> dict[str, NDArray[np.generic]]:
    """One array a column of the report, one number a class."""
    s, total = statistics, statistics.weight.sum()
    prevalence = s.weight / total
    log_loss = _ratio(s.loss, s.weight) / unit
    baseline = _prior_losses(prevalence) / unit
    contribution, expected = s.loss / total / unit, s.expected / total / unit
    z = _z(s.loss - s.expected, s.expected_variance)
    return {
        "support": s.support,
        "weight": s.weight,
        "prevalence": prevalence,
        "mean_proba": s.proba / total,
        "log_loss": log_loss,
        "contribution": contribution,
        "share": _ratio(s.loss, s.loss.sum()),
        "baseline": baseline,
        "skill": 1.0 - _ratio(log_loss, baseline),
        "expected": expected,
        "gap": contribution - expected,
        "z": z,
        "p_value": _two_sided(z),
        "floored": s.floored,
    }


def overall_figures(statistics: Statistics, unit: float) -> dict[str, float | int]:
    """Figures of all rows together."""
    s, total = statistics, statistics.weight.sum()
    prevalence = s.weight / total
    log_loss = float(s.loss.sum() / total)
    macro = float(np.mean(s.loss[s.weight > 0] / s.weight[s.weight > 0]))
    label_entropy = float(np.nansum(prevalence * _prior_losses(prevalence)))
    entropy = float(s.expected.sum() / total)
    gap = np.array([s.loss.sum() - s.expected.sum()])
    z = _z(gap, np.array([s.surprise_variance]))
    return {
        "n_samples": int(s.support.sum()),
        "weight": float(total),
        "log_loss": log_loss / unit,
        "macro_log_loss": macro / unit,
        "label_entropy": label_entropy / unit,
        "skill": 1.0 - log_loss / label_entropy if label_entropy > 0 else math.nan,
        "predictive_entropy": entropy / unit,
        "gap": (log_loss - entropy) / unit,
        "z": float(z[0]),
        "p_value": float(_two_sided(z)[0]),
        "perplexity": math.exp(log_loss) if log_loss < 709 else math.inf,
        "floored": int(s.floored.sum()),
    }
