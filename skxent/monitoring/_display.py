"""Display of an e-value over the rows of a stream."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from skxent._render._axes import ink, new_axes, require_matplotlib
from skxent._render._frame import Framed
from skxent.monitoring._looks import Looks
from skxent.statistic._evidence import as_e_value

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

__all__ = ["CalibrationMonitorDisplay"]

_COLOUR, _ALARM = "#0072B2", "#D55E00"


@dataclass(kw_only=True, eq=False, repr=False)
class CalibrationMonitorDisplay(Framed):
    """
    The e-value of a stream at each look, on a scale of powers of ten, with the line of the alarm.

    Made by `CalibrationMonitor.plot`. `frame` has one row a look, as `to_frame` of the monitor.

    Parameters
    ----------
    looks : Looks
        The path of the e-value.
    alpha : float
        The line is at 1 / alpha.
    since : int or None, default=None
        How many rows there were before those that are off.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the figure.
    figure_ : matplotlib Figure
        Figure that holds the axes.
    line_ : Line2D
        The path: rows, and the decimal logarithm of the e-value.
    limit_ : Line2D
        Where the alarm is.
    since_ : Line2D or None
        Since when the probabilities are off; None without an alarm.
    """

    looks: Looks
    alpha: float
    since: int | None = None
    ax_: Axes = field(init=False)
    figure_: Any = field(init=False)
    line_: Line2D = field(init=False)
    limit_: Line2D = field(init=False)
    since_: Line2D | None = field(init=False, default=None)

    def _columns(self) -> dict[str, Any]:
        return {
            "at": list(self.looks.at),
            "n_samples": self.looks.n_samples,
            "log_e_value": self.looks.log_e,
            "e_value": as_e_value(self.looks.log_e),
        }

    def plot(self, *, ax: Axes | None = None) -> Self:
        """
        Draw the figure.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw in; None: those of a new figure.

        Returns
        -------
        CalibrationMonitorDisplay
            Itself, with what was drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        require_matplotlib("CalibrationMonitor.plot")
        self.ax_ = ax = new_axes(ax, 6.5, 3.5)
        self.figure_ = ax.get_figure()
        rows = np.concatenate([[0], self.looks.n_samples])
        decades = np.concatenate([[0.0], self.looks.log_e]) / math.log(10.0)
        (self.line_,) = ax.plot(rows, decades, color=_COLOUR, drawstyle="steps-post", zorder=3)
        limit = -math.log10(self.alpha)
        self.limit_ = ax.axhline(limit, color=_ALARM, linestyle="--", linewidth=1)
        ax.axhline(0.0, color=ink(ax), linewidth=0.6)
        first = self.looks.first_above(self.alpha)
        if first is not None:
            ax.plot(rows[first + 1], decades[first + 1], "o", color=_ALARM, zorder=4)
        ax.annotate(
            f"alarm at {self.alpha:g}",
            (0.01, limit),
            (0, 3),
            xycoords=ax.get_yaxis_transform(),
            textcoords="offset points",
            color=_ALARM,
        )
        if self.since is not None:
            self.since_ = ax.axvline(self.since, color=ink(ax), linestyle=":", linewidth=1)
            late = self.since > 0.6 * rows[-1]
            ax.annotate(
                f"off since about row {self.since + 1}",
                (self.since, 0.98),
                (-4 if late else 4, 0),
                xycoords=ax.get_xaxis_transform(),
                textcoords="offset points",
                ha="right" if late else "left",
                va="top",
                color=ink(ax),
            )
        ax.set_xlabel("rows")
        ax.set_ylabel("e-value, as a power of 10")
        ax.spines[["top", "right"]].set_visible(False)
        ax.grid(axis="y", alpha=0.3)
        ax.set_axisbelow(True)
        return self
