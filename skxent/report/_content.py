"""What a report holds: numbers, names and sentences, and no way to show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skxent._intake._arguments import check_count
from skxent._result import Frozen, FrozenDict
from skxent._typing import FloatArray
from skxent.recalibration._choice import Recalibration
from skxent.report._about import About
from skxent.statistic._brief import Brief

__all__ = ["COLUMNS", "OVERALL", "ROWS", "Content", "Curve"]

# What every report has; later versions add to it.
COLUMNS = (
    *("support", "weight", "prevalence", "mean_proba", "log_loss", "ci_low", "ci_high"),
    *("contribution", "share", "baseline", "skill", "expected", "gap", "z", "p_value"),
    *("recoverable", "recoverable_low", "recoverable_high", "ovr_log_loss", "miscalibration"),
    *("discrimination", "uncertainty", "miscalibration_null", "miscalibration_p", "floored"),
    *("top_rival", "top_rival_share", "e_value"),
)
OVERALL = (
    *("n_samples", "weight", "log_loss", "ci_low", "ci_high", "macro_log_loss", "macro_ci_low"),
    *("macro_ci_high", "label_entropy", "skill", "predictive_entropy", "gap", "z", "p_value"),
    *("perplexity", "recoverable", "recoverable_low", "recoverable_high", "refinement_loss"),
    *("calibration_loss", "tail_share", "gini", "floored", "e_value"),
)
ROWS = ("row", "class", "log_loss", "proba", "predicted", "predicted_proba")


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
    about: About
    notes: tuple[str, ...]
    verdict: str
    findings: tuple[str, ...]
    loss_confusion: FloatArray
    reliability: tuple[Curve, ...]
    recalibration: Recalibration | None
    _per_class: dict[str, NDArray[Any]]
    _overall: dict[str, float | int]
    _worst_rows: dict[str, NDArray[Any]]
    _brief: Brief | None = field(default=None, metadata={"shown": False})

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
        The ten rows that cost most, the worst first.

        ``row`` is what `row_ids` or the pandas index of the labels, the predictions or X calls
        the row, and else its number, from 0; ``class`` what its class is called, ``log_loss``
        and ``proba`` its loss and the probability of its class; ``predicted`` and
        ``predicted_proba`` the most probable class. `get_worst_rows` gives more of them.
        """
        return self.get_worst_rows(10)

    def get_worst_rows(self, n: int = 100) -> Mapping[str, NDArray[np.generic]]:
        """
        The rows that cost most, the worst first, as in `worst_rows`.

        Parameters
        ----------
        n : int, default=100
            How many; a report keeps 100.

        Returns
        -------
        mapping of str to ndarray
            One entry a row, of as many rows as there are: those that cost nothing are no worst.

        Raises
        ------
        ValueError
            If `n` is not a number of rows above 0.

        Examples
        --------
        >>> from skxent import log_loss_report
        >>> report = log_loss_report([0, 0, 1], [[0.5, 0.5], [0.9, 0.1], [0.8, 0.2]])
        >>> report.get_worst_rows(2)["row"].tolist()
        [2, 0]
        """
        n = check_count(n, "n")
        return FrozenDict({name: values[:n] for name, values in self._worst_rows.items()})
