"""Display of the differences between models."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from skxent._render._axes import (
    ink,
    mark_beyond,
    new_axes,
    plainly,
    require_matplotlib,
    shown_names,
    worst_first,
)
from skxent._render._frame import Framed
from skxent._render._words import unit_name
from skxent._typing import FloatArray
from skxent.comparison._content import ComparisonContent
from skxent.comparison._text import axis_ends, comparison_columns

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import LineCollection, PathCollection

__all__ = ["LogLossComparisonDisplay"]

# Of Okabe and Ito; with seven colours and nine marks, 63 models look different.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#999999")
_MARKS = "osD^vPX<>"
_LINE, _STEP = 0.3, 0.16  # inches, of a line and of each further model in it


@dataclass(kw_only=True, eq=False, repr=False)
class LogLossComparisonDisplay(Framed):
    """
    Differences of log losses with their intervals: one line a class, one mark a model.

    Made by `LogLossComparison.plot`. `frame` has one row for each model, then one for each model
    and class, as `LogLossComparison.to_frame` has them.

    Parameters
    ----------
    comparison : LogLossComparison
        What is drawn.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the figure.
    figure_ : matplotlib Figure
        Figure that holds the axes.
    points_ : list of PathCollection
        Differences, one collection a model that is compared, all rows first.
    intervals_ : list of LineCollection
        Their confidence intervals.
    beyond_ : list of PathCollection
        Arrows at the left and at the right edge, two collections a model, for ends of intervals
        beyond it.
    """

    comparison: ComparisonContent
    ax_: Axes = field(init=False)
    figure_: Any = field(init=False)
    points_: list[PathCollection] = field(init=False)
    intervals_: list[LineCollection] = field(init=False)
    beyond_: list[PathCollection] = field(init=False)

    def _columns(self) -> dict[str, Any]:
        return comparison_columns(self.comparison)

    def plot(self, *, ax: Axes | None = None, max_classes: int | None = 20) -> Self:
        """
        Draw the figure.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw in; None: those of a new figure.
        max_classes : int or None, default=20
            How many classes to show; if there are more, those with the largest differences.

        Returns
        -------
        LogLossComparisonDisplay
            Itself, with what was drawn. An interval that is much wider than the others runs
            on beyond the edge, with an arrow.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If `max_classes` is not an integer above 0.
        """
        require_matplotlib("LogLossComparison.plot")
        content, models = self.comparison, list(self.comparison.compared)
        classes = self._classes(max_classes)
        names = ["all rows", *shown_names(content.target_names[c] for c in classes)]
        seen, low, high = (
            np.column_stack([whole[models], by_class[models][:, classes]])
            for whole, by_class in (
                (content.difference, content.class_difference),
                (content.ci_low, content.class_ci_low),
                (content.ci_high, content.class_ci_high),
            )
        )
        height = _LINE + _STEP * (len(models) - 1)
        self.ax_ = ax = new_axes(ax, 7.0, 1.3 + 0.1 * len(models) + height * len(names))
        self.figure_ = ax.get_figure()
        ax.axvline(0, color=ink(ax), linestyle="--", linewidth=1)
        self.points_, self.intervals_, self.beyond_ = [], [], []
        lines = np.arange(len(names), dtype=np.float64)
        called = shown_names(content.models[i] for i in models)
        for j, name in enumerate(called):
            at = _lines_of(lines, j, len(models))
            colour = _COLOURS[j % len(_COLOURS)]
            style: dict[str, Any] = {"color": colour, "zorder": 3}
            self.intervals_.append(ax.hlines(at, low[j], high[j], linewidth=1.5, **style))
            mark = _MARKS[j % len(_MARKS)]
            self.points_.append(ax.scatter(seen[j], at, s=26, marker=mark, label=name, **style))
        ends = axis_ends(seen.ravel(), low.ravel(), high.ravel())
        self._label(names, ends)
        if ends[0] < ends[1]:
            self._mark_beyond(lines, low, high, ends)
        return self

    def _mark_beyond(
        self, lines: FloatArray, low: FloatArray, high: FloatArray, ends: tuple[float, float]
    ) -> None:
        """Arrows where intervals go on beyond the edge."""
        for j, (of_low, of_high) in enumerate(zip(low, high, strict=True)):
            look: dict[str, Any] = {"figures": False, "s": 12, "color": _COLOURS[j % len(_COLOURS)]}
            look["lines"] = _lines_of(lines, j, len(low))
            self.beyond_ += [
                mark_beyond(self.ax_, of_low, ends[0], left=True, **look),
                mark_beyond(self.ax_, of_high, ends[1], **look),
            ]

    def _classes(self, max_classes: int | None) -> list[int]:
        """The classes to show, in the order of the labels."""
        differences = self.comparison.class_difference[list(self.comparison.compared)]
        largest, _ = worst_first(np.fmax.reduce(abs(differences)), max_classes)
        return sorted(largest.tolist())

    def _label(self, names: list[str], ends: tuple[float, float]) -> None:
        ax, content = self.ax_, self.comparison
        left = len(content.labels) - len(names) + 1
        ax.set_yticks(range(len(names)), names)
        ax.set_ylim(len(names) - 0.5, -0.5)
        ax.axhline(0.5, color=ink(ax), linewidth=0.6)
        if ends[0] < ends[1]:
            ax.set_xlim(*ends)
        ax.tick_params(axis="y", length=0)
        ax.spines[["top", "right", "left"]].set_visible(False)
        ax.grid(axis="x", alpha=0.3)
        ax.set_axisbelow(True)
        (reference,) = shown_names([content.reference])
        level = f"{100 * content.confidence_level:g}% intervals"
        label = f"log loss minus that of {reference} ({unit_name(content.base)}, {level})"
        if left:
            label += f"\n{left} other class{'es' if left > 1 else ''} not shown"
        heading = ax.set_xlabel(label)
        legend = ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, frameon=False)
        plainly([*ax.get_yticklabels(), heading, *legend.get_texts()])


def _lines_of(lines: FloatArray, j: int, n_models: int) -> FloatArray:
    """Where the marks of one of the models are, in the lines that all share."""
    return lines + 0.7 * ((j + 0.5) / n_models - 0.5)
