"""What a report holds: numbers, names and sentences, and no way to show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skxent._kernels import FloatArray

__all__ = ["Content", "Curve", "Frozen", "Ladder"]


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """
    One-vs-rest reliability of one class: how often it occurs where it has a probability.

    Attributes
    ----------
    proba, share : ndarray of shape (n_points,)
        Corners of the isotonic calibration curve, both ascending; straight lines join them.
    grid, low, high : ndarray of shape (n_grid,)
        Where the curves of a calibrated model with these probabilities would be: at `grid`,
        between `low` and `high`, with the confidence level of the report. Empty where no
        labels were drawn.
    edges, counts : ndarray of shape (n_bins + 1,) and (n_bins,)
        Weight of the rows by their probability of the class.
    """

    proba: FloatArray
    share: FloatArray
    grid: FloatArray
    low: FloatArray
    high: FloatArray
    edges: FloatArray
    counts: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Ladder:
    """
    Log loss after recalibration maps, simple ones first, each cross-fitted.

    Attributes
    ----------
    rungs : tuple of str
        Names of the maps: none, bias, temperature, bias + temperature, vector, Dirichlet.
    log_loss, ci_low, ci_high : ndarray of shape (n_rungs,)
        Mean loss of all rows after the map, and its confidence interval.
    gain, gain_low, gain_high : ndarray of shape (n_rungs,)
        What the map takes off the loss, and the interval of the paired differences; below 0
        where it makes things worse.
    class_gain : ndarray of shape (n_rungs, n_classes)
        Part of each class in the gain; each row sums to `gain`.
    recommended : str
        The first map that none of those after it beats beyond noise.
    used : str
        The map behind `recoverable`: the recommended one, and temperature if that is none.
    """

    rungs: tuple[str, ...]
    log_loss: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    gain: FloatArray
    gain_low: FloatArray
    gain_high: FloatArray
    class_gain: FloatArray
    recommended: str
    used: str


def freeze(value: Any) -> None:
    """Make every array that is somewhere in a result read-only."""
    if isinstance(value, np.ndarray):
        value.flags.writeable = False
    elif isinstance(value, dict | tuple):
        for part in value.values() if isinstance(value, dict) else value:
            freeze(part)
    elif is_dataclass(value):
        for field in fields(value):
            freeze(getattr(value, field.name))


class Frozen:
    """A result whose arrays are read-only, and stay so in copies."""

    def __post_init__(self) -> None:
        freeze(self)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        freeze(self)


@dataclass(frozen=True, repr=False, eq=False)
class Content(Frozen):
    """Everything that a report says, in units of `base`."""

    labels: NDArray[Any]
    target_names: tuple[Any, ...]
    base: float
    confidence_level: float
    notes: tuple[str, ...]
    findings: tuple[str, ...]
    loss_confusion: FloatArray
    reliability: tuple[Curve, ...]
    ladder: Ladder | None
    _per_class: dict[str, NDArray[Any]]
    _overall: dict[str, float | int]
    _worst_rows: dict[str, NDArray[Any]]

    @property
    def per_class(self) -> Mapping[str, NDArray[np.generic]]:
        """The columns, one number a class; see `log_loss_report`."""
        return MappingProxyType(self._per_class)

    @property
    def overall(self) -> Mapping[str, float | int]:
        """Figures of all rows together; `perplexity` is that of the floored loss."""
        return MappingProxyType(self._overall)

    @property
    def worst_rows(self) -> Mapping[str, NDArray[np.generic]]:
        """
        The rows that cost most, the worst first; empty in a report from batches.

        ``row`` is the number of the row, ``class`` what its class is called, ``log_loss`` and
        ``proba`` its loss and the probability of its class; ``predicted`` and
        ``predicted_proba`` the most probable class.
        """
        return MappingProxyType(self._worst_rows)
