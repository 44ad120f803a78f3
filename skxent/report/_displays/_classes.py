"""Display of what each class costs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from skxent._render._axes import (
    BLUE,
    VERMILLION,
    draw_intervals,
    ink,
    label_lines,
    legend_of,
    mark_beyond,
    new_axes,
    number,
    others,
    ratio,
    require_matplotlib,
    scale_end,
    shown_names,
    styled,
    worst_first,
    write_beside,
)
from skxent._render._words import cell, unit_name
from skxent._typing import FloatArray
from skxent.report._content import Content
from skxent.report._displays._display import Display

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["PerClassLogLossDisplay"]

_LINE = 0.3  # inches


@dataclass(kw_only=True, eq=False, repr=False)
class PerClassLogLossDisplay(Display):
    """
    What each class costs, beside what the model itself expected: one line a class.

    Make it with `from_estimator`, `from_predictions` or `from_report`. `frame` has
    one row a class; its ``expected_log_loss`` is ``expected / prevalence``.

    Parameters
    ----------
    target_names : tuple
        What the classes are called.
    log_loss : ndarray of shape (n_classes,)
        Mean loss of the rows of each class.
    ci_low, ci_high : ndarray of shape (n_classes,)
        Its confidence interval.
    prevalence, contribution, share : ndarray of shape (n_classes,)
        Part of each class in the rows, in the overall loss, and this as a fraction.
    expected : ndarray of shape (n_classes,)
        What the model expects to pay for each class, as a part of the overall loss. It is
        drawn divided by the prevalence, beside the mean loss.
    overall_log_loss : float
        Mean loss of all rows.
    base : float
        Base of the logarithm.
    confidence_level : float
        Of the intervals.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the figure.
    figure_ : matplotlib Figure
        Figure that holds the axes.
    points_, expected_ : PathCollection
        Loss of each line, observed and expected.
    intervals_ : LineCollection
        Confidence intervals.
    overall_ : Line2D
        Loss of all rows.
    text_ : list of Text
        Share of each line in the overall loss.
    legend_ : Legend
        What the marks mean.
    beyond_ : list of PathCollection
        Arrows at the edge for losses, ends of intervals and expected losses beyond it.

    References
    ----------
    .. [1] Hall, P. (1992). On the removal of skewness by transformation. Journal of the Royal
           Statistical Society B 54(1). :doi:`10.1111/j.2517-6161.1992.tb01876.x`

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from skxent import PerClassLogLossDisplay, log_loss
    >>> y, proba = ["a", "b", "b"], [[0.75, 0.25], [0.5, 0.5], [0.25, 0.75]]
    >>> display = PerClassLogLossDisplay.from_predictions(y, proba)
    >>> x, _ = display.points_.get_offsets().T
    >>> bool(abs(x - log_loss(y, proba, average=None)[::-1]).max() < 1e-12)  # the worst first
    True
    >>> plt.close(display.figure_)
    """

    target_names: tuple[Any, ...]
    log_loss: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    prevalence: FloatArray
    contribution: FloatArray
    share: FloatArray
    expected: FloatArray
    overall_log_loss: float
    base: float
    confidence_level: float
    _spares: ClassVar[dict[str, Any]] = {"recalibration": False, "n_null": 0}

    @classmethod
    def _of(cls, content: Content) -> Self:
        names = ("log_loss", "ci_low", "ci_high", "prevalence", "contribution", "share", "expected")
        return cls(
            target_names=content.target_names,
            overall_log_loss=float(content.overall["log_loss"]),
            base=content.base,
            confidence_level=content.confidence_level,
            **{name: content.per_class[name].astype(np.float64) for name in names},
        )

    def _columns(self) -> dict[str, Any]:
        return {
            "class": self.target_names,
            "prevalence": self.prevalence,
            "log_loss": self.log_loss,
            "ci_low": self.ci_low,
            "ci_high": self.ci_high,
            "expected_log_loss": ratio(self.expected, self.prevalence),
            "contribution": self.contribution,
            "expected": self.expected,
            "share": self.share,
        }

    def plot(
        self,
        *,
        ax: Axes | None = None,
        max_classes: int | None = 20,
        point_kw: dict[str, Any] | None = None,
        expected_kw: dict[str, Any] | None = None,
        interval_kw: dict[str, Any] | None = None,
    ) -> Self:
        """
        Draw the figure.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw in; None: those of a new figure.
        max_classes : int or None, default=20
            How many classes to show, those that cost most first. The rest is pooled in one
            line. None: all.
        point_kw, expected_kw : dict, default=None
            Passed to :meth:`matplotlib.axes.Axes.scatter` for the observed and the expected
            losses.
        interval_kw : dict, default=None
            Passed to :meth:`matplotlib.axes.Axes.hlines` for the intervals.

        Returns
        -------
        PerClassLogLossDisplay
            Itself, with what was drawn.

        Raises
        ------
        AttributeError
            If matplotlib does not know what is passed to it.
        ImportError
            If matplotlib is not installed.
        ValueError
            If `max_classes` is not an integer above 0.
        """
        require_matplotlib("PerClassLogLossDisplay.plot")
        from matplotlib.collections import LineCollection, PathCollection

        names, loss, low, high, expected, shares = self._lines(max_classes)
        rows = np.arange(len(names), dtype=np.float64)
        own = ax is None
        self.ax_ = ax = new_axes(ax, 7.0, 1.4 + _LINE * len(names))
        self.figure_ = ax.get_figure()
        end = scale_end(np.append(loss, self.overall_log_loss), high, expected)
        style = styled(interval_kw, LineCollection, color=BLUE, linewidth=1.5, zorder=2)
        self.intervals_ = draw_intervals(ax, low, high, end, style)
        label = f"observed, {100 * self.confidence_level:g}% interval"
        style = styled(point_kw, PathCollection, color=BLUE, s=22, zorder=3, label=label)
        self.points_ = ax.scatter(loss, rows, **style)
        hollow: dict[str, Any] = {"edgecolor": VERMILLION, "facecolor": "none"}
        look = {"marker": "D", "s": 45, "zorder": 3, "label": "expected by the model"}
        style = styled(expected_kw, PathCollection, **hollow, **look)
        self.expected_ = ax.scatter(expected, rows, **style)
        whole = self.overall_log_loss
        self.overall_ = ax.axvline(
            whole if math.isfinite(whole) else math.nan,
            color=ink(ax),
            linestyle="--",
            linewidth=1,
            label=f"all rows: {number(whole)}",
        )
        label_lines(ax, names)
        self.text_ = write_beside(ax, "of the loss", [cell("share", s) for s in shares])
        ax.set_xlim(-0.015 * end, end)  # room for the marks of what costs nothing
        ax.set_xlabel(f"log loss of a row of the class ({unit_name(self.base)})")
        self.beyond_ = [
            mark_beyond(ax, loss, end, color=BLUE),
            mark_beyond(ax, high, end, color=BLUE, s=12, figures=False),
            mark_beyond(ax, expected, end, **hollow),
        ]
        self.legend_ = legend_of(ax, own)
        return self

    def _lines(
        self, max_classes: int | None
    ) -> tuple[list[str], FloatArray, FloatArray, FloatArray, FloatArray, list[float]]:
        """Names, losses, ends of the intervals, expected losses and shares, the worst first."""
        kept, rest = worst_first(self.contribution, max_classes)
        names = shown_names(self.target_names[i] for i in kept)
        log_loss, low, high = (a[kept] for a in (self.log_loss, self.ci_low, self.ci_high))
        expected, share = ratio(self.expected, self.prevalence)[kept], self.share[kept]
        if len(rest):
            names.append(others(len(rest)))
            weight, cost, paid = (
                a[rest].sum(keepdims=True)
                for a in (self.prevalence, self.contribution, self.expected)
            )
            log_loss = np.append(log_loss, ratio(cost, weight))
            expected = np.append(expected, ratio(paid, weight))
            low, high = np.append(low, math.nan), np.append(high, math.nan)
            share = np.append(share, self.share[rest].sum())
        return names, log_loss, low, high, expected, share.tolist()
