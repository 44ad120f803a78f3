"""Display of what recalibration would take off the loss."""

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
    require_matplotlib,
    styled,
    write_beside,
)
from skxent._render._words import unit_name
from skxent._typing import FloatArray
from skxent.report._content import Content
from skxent.report._displays._display import Display

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["RecalibrationDisplay"]

_FIGURES = ("log_loss", "ci_low", "ci_high", "gain", "gain_low", "gain_high")
_FIELDS = ("methods", "recommended", *_FIGURES)


@dataclass(kw_only=True, eq=False, repr=False)
class RecalibrationDisplay(Display):
    """
    What recalibration maps take off the log loss, simple ones first: one line a map.

    Make it with `from_estimator`, `from_predictions` or `from_report`. `frame` has
    one row a map; ``recommended`` is true in one of them.

    Parameters
    ----------
    methods : tuple of str
        Names of the maps, the first of which changes nothing.
    log_loss : ndarray of shape (n_methods,)
        Mean loss of all rows after each cross-fitted map.
    ci_low, ci_high : ndarray of shape (n_methods,)
        Its confidence interval.
    gain, gain_low, gain_high : ndarray of shape (n_methods,)
        What each map takes off the loss, and the interval of the paired differences. It is
        narrower than those of the losses, since it compares the same rows.
    recommended : str
        "none" unless a map takes something off beyond noise, and then the best map.
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
    points_ : PathCollection
        Gain of each map.
    recommended_ : PathCollection
        Diamond around the gain of the recommended map.
    intervals_ : LineCollection
        Confidence intervals of the gains.
    text_ : list of Text or None
        Log loss after each map.
    legend_ : Legend
        What the marks mean.
    beyond_ : list of PathCollection
        Arrows at the left edge for gains and ends of intervals that lie beyond it.

    References
    ----------
    .. [1] Guo, C., Pleiss, G., Sun, Y., & Weinberger, K. Q. (2017). On calibration of modern
           neural networks. ICML. :doi:`10.48550/arXiv.1706.04599`
    .. [2] Kull, M., et al. (2019). Beyond temperature scaling: obtaining well-calibrated
           multi-class probabilities with Dirichlet calibration. NeurIPS.
           :doi:`10.48550/arXiv.1910.12656`

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import numpy as np
    >>> from skxent import RecalibrationDisplay
    >>> rng = np.random.default_rng(0)
    >>> proba = rng.dirichlet([1, 1, 1], size=300)
    >>> y = np.array([rng.choice(3, p=row) for row in proba])
    >>> display = RecalibrationDisplay.from_predictions(y, proba)
    >>> gain = display.log_loss[0] - display.log_loss
    >>> bool(abs(gain - display.gain).max() < 1e-9)
    True
    >>> plt.close(display.figure_)
    """

    methods: tuple[str, ...]
    log_loss: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    gain: FloatArray
    gain_low: FloatArray
    gain_high: FloatArray
    recommended: str
    base: float
    confidence_level: float
    _spares: ClassVar[dict[str, Any]] = {"recalibration": True, "n_null": 0}

    @classmethod
    def _of(cls, content: Content) -> Self:
        recalibration = content.recalibration
        if recalibration is None:
            why = [note for note in content.notes if "recalibration" in note]
            msg = " ".join(
                [
                    "the report holds no recalibration.",
                    *(why or ["Make it with recalibration=True."]),
                ]
            )
            raise ValueError(msg)
        found: dict[str, Any] = {name: getattr(recalibration, name) for name in _FIELDS}
        return cls(base=content.base, confidence_level=content.confidence_level, **found)

    def _columns(self) -> dict[str, Any]:
        columns = {"method": self.methods} | {name: getattr(self, name) for name in _FIGURES}
        return columns | {"recommended": np.array(self.methods) == self.recommended}

    def plot(
        self,
        *,
        ax: Axes | None = None,
        include_loss: bool = True,
        point_kw: dict[str, Any] | None = None,
        recommended_kw: dict[str, Any] | None = None,
        interval_kw: dict[str, Any] | None = None,
    ) -> Self:
        """
        Draw the figure.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw in; None: those of a new figure.
        include_loss : bool, default=True
            Whether to write the log loss after each map beside the lines.
        point_kw, recommended_kw : dict, default=None
            Passed to :meth:`matplotlib.axes.Axes.scatter` for all maps and for the mark of the
            recommended one.
        interval_kw : dict, default=None
            Passed to :meth:`matplotlib.axes.Axes.hlines` for the intervals.

        Returns
        -------
        RecalibrationDisplay
            Itself, with what was drawn.

        Raises
        ------
        AttributeError
            If matplotlib does not know what is passed to it.
        ImportError
            If matplotlib is not installed.
        """
        require_matplotlib("RecalibrationDisplay.plot")
        from matplotlib.collections import LineCollection, PathCollection

        rows = np.arange(len(self.methods), dtype=np.float64)
        chosen = np.array(self.methods) == self.recommended
        own = ax is None
        self.ax_ = ax = new_axes(ax, 7.0, 1.4 + 0.3 * len(rows))
        self.figure_ = ax.get_figure()
        start, end = self._scale()
        style = styled(interval_kw, LineCollection, color=BLUE, linewidth=1.5, zorder=2)
        low = np.maximum(self.gain_low, 2 * start - end)
        self.intervals_ = draw_intervals(ax, low, self.gain_high, end, style)
        label = f"gain, {100 * self.confidence_level:g}% interval of paired differences"
        style = styled(point_kw, PathCollection, color=BLUE, s=22, zorder=3, label=label)
        self.points_ = ax.scatter(self.gain, rows, **style)
        look = {"edgecolor": VERMILLION, "facecolor": "none", "marker": "D", "s": 70, "zorder": 3}
        style = styled(recommended_kw, PathCollection, **look, linewidth=1.5, label="recommended")
        self.recommended_ = ax.scatter(self.gain[chosen], rows[chosen], **style)
        ax.axvline(0.0, color=ink(ax), linestyle="--", linewidth=1)
        label_lines(ax, self.methods)
        self.text_ = None
        if include_loss:
            self.text_ = write_beside(ax, "log loss after", [number(x) for x in self.log_loss])
        ax.set_xlim(start, end)
        ax.set_xlabel(f"taken off the log loss of all rows ({unit_name(self.base)})")
        self.beyond_ = [
            mark_beyond(ax, self.gain, start, left=True, color=BLUE),
            mark_beyond(ax, self.gain_low, start, left=True, color=BLUE, s=12, figures=False),
        ]
        self.legend_ = legend_of(ax, own)
        return self

    def _scale(self) -> tuple[float, float]:
        """From the lowest interval to the highest, but not to maps that ruin everything."""
        values = np.concatenate([[0.0], self.gain, self.gain_low, self.gain_high])
        finite = values[np.isfinite(values)]
        low, high = float(finite.min()), float(finite.max())
        before = abs(float(self.log_loss[0])) if math.isfinite(self.log_loss[0]) else 0.0
        low = max(low, -max(high, 0.25 * before))
        room = 0.05 * (high - low) or 0.05
        return low - room, high + room
