"""Display of a change as steps from the loss before to the loss after."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from skxent._render._axes import ink, new_axes, plainly, require_matplotlib
from skxent._render._frame import Framed
from skxent._render._words import unit_name
from skxent.change._content import PARTS, ChangeContent
from skxent.change._text import change_columns

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import LineCollection
    from matplotlib.container import BarContainer

__all__ = ["LogLossChangeDisplay"]

_NAMES = {
    "before": "before",
    "prevalence": "prevalence",
    "expected": "within classes,\nexpected",
    "surprise": "within classes,\nsurprise",
    "after": "after",
}
# Of Okabe and Ito: losses, what rose, what fell.
_LOSS, _UP, _DOWN = "#999999", "#D55E00", "#0072B2"


@dataclass(kw_only=True, eq=False, repr=False)
class LogLossChangeDisplay(Framed):
    """
    Steps from the loss before to the loss after, with the interval of each step.

    Made by `LogLossChange.plot`. `frame` has what `LogLossChange.to_frame` has.

    Parameters
    ----------
    change : LogLossChange
        What is drawn.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the figure.
    figure_ : matplotlib Figure
        Figure that holds the axes.
    bars_ : BarContainer
        The losses and the steps between them, from the left.
    intervals_ : LineCollection
        Confidence intervals of where the steps end.
    """

    change: ChangeContent
    ax_: Axes = field(init=False)
    figure_: Any = field(init=False)
    bars_: BarContainer = field(init=False)
    intervals_: LineCollection = field(init=False)

    def _columns(self) -> dict[str, Any]:
        return change_columns(self.change)

    def plot(self, *, ax: Axes | None = None) -> Self:
        """
        Draw the figure.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw in; None: those of a new figure.

        Returns
        -------
        LogLossChangeDisplay
            Itself, with what was drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        require_matplotlib("LogLossChange.plot")
        overall = self.change.overall
        self.ax_ = ax = new_axes(ax, 6.5, 4.0)
        self.figure_ = ax.get_figure()
        steps = np.array([overall[name] for name in PARTS])
        starts = overall["before"] + np.concatenate([[0.0], np.cumsum(steps)[:-1]])
        heights = [overall["before"], *steps, overall["after"]]
        bottoms = [0.0, *starts, 0.0]
        colours = [_LOSS, *(_UP if step > 0 else _DOWN for step in steps), _LOSS]
        places = np.arange(len(heights))
        self.bars_ = ax.bar(places, heights, 0.6, bottoms, color=colours, zorder=2)
        levels = [overall["before"], *(starts + steps)]
        # The loss so far is carried to where the next step begins.
        ax.hlines(levels, places[:-1] + 0.3, places[1:] - 0.3, color=ink(ax), linewidth=0.6)
        ends = np.array([[overall[f"{name}_{end}"] for name in PARTS] for end in ("low", "high")])
        low, high = starts + ends
        self.intervals_ = ax.vlines(places[1:-1], low, high, color=ink(ax), linewidth=1.5, zorder=3)
        self._label(heights, bottoms, np.concatenate([levels, [overall["after"]], low, high]))
        return self

    def _label(self, heights: list[float], bottoms: list[float], levels: Any) -> None:
        ax, content = self.ax_, self.change
        finite = levels[np.isfinite(levels)]
        least, most = float(finite.min()), float(finite.max())
        room = 0.25 * (most - least) or 0.1 * abs(most) or 1.0
        # Bars begin at 0, unless the steps were too small to be seen then.
        near = 0.0 <= least < 3.0 * room
        ax.set_ylim(0.0 if near else least - room, most + room)
        for place, (height, start) in enumerate(zip(heights, bottoms, strict=True)):
            is_loss = place in (0, len(heights) - 1)
            text = f"{height:.4f}" if is_loss else f"{height:+.4f}"
            reach = levels[len(heights) + np.array([place - 1, place - 1 + len(PARTS)])] \
                if not is_loss else np.array([start + height])  # fmt: skip
            top = max(start, start + height, *(v for v in reach.tolist() if math.isfinite(v)))
            ax.annotate(text, (place, top), (0, 3), textcoords="offset points", ha="center")
        ax.set_xticks(range(len(heights)), list(_NAMES.values()))
        level = f"{100 * content.confidence_level:g}% intervals"
        label = ax.set_ylabel(f"log loss ({unit_name(content.base)}, {level})")
        ax.spines[["top", "right"]].set_visible(False)
        ax.tick_params(axis="x", length=0)
        ax.grid(axis="y", alpha=0.3)
        ax.set_axisbelow(True)
        plainly([label, *ax.get_xticklabels()])
