"""What a report holds: numbers, names and sentences, and no way to show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skxent._kernels import FloatArray
from skxent._result import Frozen, FrozenDict
from skxent.recalibration._choice import Recalibration

__all__ = ["Content", "Curve"]


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


@dataclass(frozen=True, repr=False, eq=False)
class Content(Frozen):
    """Everything that a report says, in units of `base`."""

    labels: NDArray[Any]
    target_names: tuple[Any, ...]
    base: float
    confidence_level: float
    n_null: int
    notes: tuple[str, ...]
    findings: tuple[str, ...]
    loss_confusion: FloatArray
    reliability: tuple[Curve, ...]
    recalibration: Recalibration | None
    _per_class: dict[str, NDArray[Any]]
    _overall: dict[str, float | int]
    _worst_rows: dict[str, NDArray[Any]]

    @property
    def per_class(self) -> Mapping[str, NDArray[np.generic]]:
        """The columns, one number a class; see `log_loss_report`."""
        return FrozenDict(self._per_class)

    @property
    def overall(self) -> Mapping[str, float | int]:
        """Figures of all rows together; `perplexity` is that of the floored loss."""
        return FrozenDict(self._overall)

    @property
    def worst_rows(self) -> Mapping[str, NDArray[np.generic]]:
        """
        The rows that cost most, the worst first; empty in a report from batches.

        ``row`` is the number of the row, ``class`` what its class is called, ``log_loss`` and
        ``proba`` its loss and the probability of its class; ``predicted`` and
        ``predicted_proba`` the most probable class.
        """
        return FrozenDict(self._worst_rows)
