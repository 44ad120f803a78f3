"""Display of the losses of slices beside what was expected of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from skxent._intake._arguments import check_count
from skxent._render._axes import (
    BLUE,
    VERMILLION,
    ink,
    label_lines,
    new_axes,
    plainly,
    require_matplotlib,
    write_beside,
)
from skxent._render._frame import Framed
from skxent._render._words import cell, shortened, unit_name
from skxent.slices._content import SlicesContent
from skxent.slices._text import shown, slice_columns

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import LineCollection, PathCollection

__all__ = ["LogLossSlicesDisplay"]

_MOST_LETTERS = 44


@dataclass(kw_only=True, eq=False, repr=False)
class LogLossSlicesDisplay(Framed):
    """
    Mean losses of slices beside what the model expects: one line a slice.

    Made by `LogLossSlices.plot`. `frame` has what `LogLossSlices.to_frame` has.

    Parameters
    ----------
    slices : LogLossSlices
        What is drawn.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the figure.
    figure_ : matplotlib Figure
        Figure that holds the axes.
    points_ : PathCollection
        Mean losses.
    expected_ : PathCollection
        What was expected.
    gaps_ : LineCollection
        Lines between them, orange where the loss is the larger one.
    """

    slices: SlicesContent
    ax_: Axes = field(init=False)
    figure_: Any = field(init=False)
    points_: PathCollection = field(init=False)
    expected_: PathCollection = field(init=False)
    gaps_: LineCollection = field(init=False)

    def _columns(self) -> dict[str, Sequence[Any] | NDArray[Any]]:
        return slice_columns(self.slices)

    def plot(self, *, ax: Axes | None = None, max_slices: int = 15) -> Self:
        """
        Draw the figure.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw in; None: those of a new figure.
        max_slices : int, default=15
            How many slices to show, those that were found first; in the order of `slices`.

        Returns
        -------
        LogLossSlicesDisplay
            Itself, with what was drawn. Faint: what may be chance.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If `max_slices` is not an integer above 0, or there is nothing to draw.
        """
        require_matplotlib("LogLossSlices.plot")
        content, some = self.slices, shown(self.slices)[: check_count(max_slices, "max_slices")]
        if not some:
            msg = "There are no slices to draw: no column tells enough rows from the others."
            raise ValueError(msg)
        loss, expected = content.recalibrated[some], content.expected[some]
        self.ax_ = ax = new_axes(ax, 8.0, 1.2 + 0.34 * len(some))
        self.figure_ = ax.get_figure()
        lines = np.arange(len(some), dtype=np.float64)
        alpha = np.where(content.found[some], 1.0, 0.35)
        colours = [VERMILLION if above else BLUE for above in (loss > expected).tolist()]
        self.gaps_ = ax.hlines(lines, loss, expected, colors=colours, alpha=alpha, linewidth=3)
        style: dict[str, Any] = {"zorder": 3, "color": ink(ax)}
        self.points_ = ax.scatter(loss, lines, s=28, label="loss", **style)
        self.expected_ = ax.scatter(
            expected, lines, s=34, marker="D", facecolors="none", edgecolors=ink(ax), zorder=3,
            label="expected by the model",
        )  # fmt: skip
        names = [shortened(content.names[i], _MOST_LETTERS) for i in some]
        label_lines(ax, names)
        p_values = [cell("p_value", float(content.p_value[i]), content.n_draws) for i in some]
        write_beside(ax, "p", p_values)
        after = "" if content.recalibration == "none" else ", after recalibration"
        heading = ax.set_xlabel(f"log loss ({unit_name(content.base)}){after}")
        legend = ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False)
        plainly([heading, *legend.get_texts()])
        return self
