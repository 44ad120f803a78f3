"""From the statistic to the figures of a report, in units of information."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.stats import pearson3

from skxent._kernels import FloatArray
from skxent.report._intervals import Moments, hall_interval, mean_of_means, moments_of_mean
from skxent.report._statistics import Statistics

__all__ = ["class_figures", "overall_figures", "weights_follow_classes"]


def _ratio(above: FloatArray, below: FloatArray | float) -> FloatArray:
    """Quotient that is nan, without a warning, where there is nothing to divide by."""
    below = np.broadcast_to(np.asarray(below, dtype=np.float64), above.shape)
    with np.errstate(invalid="ignore"):  # infinite losses, where eps is 0
        return np.divide(above, below, out=np.full(above.shape, np.nan), where=below != 0)


def _test(
    loss: FloatArray, expected: FloatArray, moments: FloatArray, testable: bool
) -> tuple[FloatArray, FloatArray]:
    """
    Gap in standard deviations, and its two-sided p-value.

    The gap of few or unlikely errors is skewed: its distribution is taken as a Pearson curve
    of type III, which has the same three moments. Nan where nothing could have been known.
    """
    gap, (variance, third) = loss - expected, moments
    if not testable:
        return np.full(gap.shape, np.nan), np.full(gap.shape, np.nan)
    rounding = 1e-12 * (np.where(np.isfinite(loss), loss, 0.0) + expected)
    with np.errstate(divide="ignore", invalid="ignore"):
        deviation = np.sqrt(variance)
        z, skew = gap / deviation, np.clip(third / variance / deviation, -1e6, 1e6)
    # The tail on the side of the gap, and not the smaller one: where hardly any error is
    # expected and none occurs, the gap is just below 0, with nearly all of the curve below it.
    tail = np.where(gap < 0, pearson3.cdf(z, skew), pearson3.sf(z, skew))
    p_value = 2.0 * tail
    certain = variance <= rounding**2
    impossible = np.where(np.abs(gap) > rounding, np.copysign(np.inf, gap), np.nan)
    z = np.where(certain, impossible, z)
    p_value = np.where(certain, np.where(np.isnan(z), np.nan, 0.0), np.minimum(p_value, 1.0))
    return z, p_value


def weights_follow_classes(statistics: Statistics) -> bool:
    """Whether all rows of a class weigh the same, and those of another class differently."""
    s = statistics
    present = s.support > 0
    mean = s.weight[present] / s.support[present]
    # Without an absolute tolerance: weights that sum to 1 are small, and not for that equal.
    constant = np.isclose(s.square[0][present], mean * s.weight[present], rtol=1e-9, atol=0)
    same = np.allclose(mean, mean[0], rtol=1e-9, atol=0)
    return bool(constant.all() and (s.support > 1).any() and not same)


def _prior_losses(prevalence: FloatArray) -> FloatArray:
    """Cost in nats of each class to a model that knows the prevalences; nan if it is absent."""
    with np.errstate(divide="ignore"):
        return np.where(prevalence > 0, 0.0 - np.log(prevalence), np.nan)


def _class_moments(s: Statistics) -> Moments:
    return moments_of_mean(s.weight, s.loss, s.square, s.cube)


def class_figures(
    statistics: Statistics, unit: float, *, testable: bool, confidence_level: float
) -> dict[str, NDArray[np.generic]]:
    """One array a column of the report, one number a class."""
    s, total = statistics, statistics.weight.sum()
    prevalence = s.weight / total
    log_loss = _ratio(s.loss, s.weight) / unit
    baseline = _prior_losses(prevalence) / unit
    contribution, expected = s.loss / total / unit, s.expected / total / unit
    z, p_value = _test(s.loss, s.expected, s.moments, testable)
    low, high = hall_interval(_class_moments(s), confidence_level)
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
        "gap": contribution - expected,
        "z": z,
        "p_value": p_value,
        "floored": s.floored,
    }


def overall_figures(
    statistics: Statistics, unit: float, *, testable: bool, confidence_level: float
) -> dict[str, float | int]:
    """Figures of all rows together."""
    s, total = statistics, statistics.weight.sum()
    prevalence = s.weight / total
    log_loss = float(s.loss.sum() / total)
    macro = float(np.mean(s.loss[s.weight > 0] / s.weight[s.weight > 0]))
    label_entropy = float(np.nansum(prevalence * _prior_losses(prevalence)))
    entropy = float(s.expected.sum() / total)
    z, p_value = _test(s.loss.sum(), s.expected.sum(), s.moments_of_all, testable)
    all_rows = moments_of_mean(total, s.loss.sum(), s.square.sum(axis=1), s.cube.sum(axis=1))
    low, high = hall_interval(all_rows, confidence_level)
    macro_low, macro_high = hall_interval(mean_of_means(_class_moments(s)), confidence_level)
    return {
        "n_samples": int(s.support.sum()),
        "weight": float(total),
        "log_loss": log_loss / unit,
        "ci_low": float(low) / unit,
        "ci_high": float(high) / unit,
        "macro_log_loss": macro / unit,
        "macro_ci_low": float(macro_low) / unit,
        "macro_ci_high": float(macro_high) / unit,
        "label_entropy": label_entropy / unit,
        "skill": 1.0 - log_loss / label_entropy if label_entropy > 0 else math.nan,
        "predictive_entropy": entropy / unit,
        "gap": (log_loss - entropy) / unit,
        "z": float(z),
        "p_value": float(p_value),
        "perplexity": math.exp(log_loss) if log_loss < 709 else math.inf,
        "floored": int(s.floored.sum()),
    }
