"""Display of how often each class occurs where it was given a probability."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from skxent._intake._labels import shown
from skxent._render._axes import (
    BLUE,
    VERMILLION,
    inches,
    ink,
    new_axes,
    plainly,
    require_matplotlib,
    shown_names,
    styled,
    worst_first,
)
from skxent._render._words import cell
from skxent._typing import FloatArray
from skxent.report._content import Content, Curve
from skxent.report._displays._display import Display

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["ReliabilityDisplay"]

_TITLE = 0.5  # inches
_ALONE = (4.4, 4.6)  # of a figure with one panel
_BARS = 0.2  # height of the highest bar, as a part of the panel


@dataclass(kw_only=True, eq=False, repr=False)
class ReliabilityDisplay(Display):
    """
    Reliability of each class against the rest: a panel a class; of two classes, one panel.

    Make it with `from_estimator`, `from_predictions` or `from_report`. The curve is the
    isotonic regression of the class on its probability (CORP [1]_).
    It bends away from the diagonal by chance too, above all where there are few rows. The band
    says how far at each probability for itself; most curves of calibrated models leave a 95 %
    band somewhere, so judge the curve as a whole by `miscalibration_p`. The bars
    count the rows by their probability; their heights are logarithmic and comparable between
    panels. The curve of one of two classes is that of the other, turned: the panel is of the
    positive one, which is the second, but for a 1-D `y_proba` of the first. `frame` has one row a
    corner of a curve, of all classes: ``class``; ``proba`` and ``share``, where it
    is; ``low`` and ``high``, the band at these probabilities, nan where there is none.

    Parameters
    ----------
    target_names : tuple
        What the classes are called.
    reliability : tuple of Curve
        One for each class: `proba` and `share` are the corners of its curve; `grid`, `low` and
        `high` its band; `edges` and `counts` its bars.
    miscalibration_p : ndarray of shape (n_classes,)
        How probable a curve at least so far from the diagonal is for a calibrated model.
    contribution : ndarray of shape (n_classes,)
        Part of each class in the overall loss; the order of the panels.
    confidence_level : float
        Of the bands.
    positive : int, default=1
        Which of two classes has the panel.
    n_null : int, default=0
        How many draws the bands and `miscalibration_p` rest on, which is at least
        ``1 / (n_null + 1)``.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes behind the panels, which holds the title.
    axes_ : ndarray of Axes of shape (n_panels,)
        The panels.
    figure_ : matplotlib Figure
        Figure that holds the axes.
    lines_ : list of Line2D
        Calibration curves.
    band_ : list of PolyCollection or None
        Consistency bands; None where no labels were drawn.
    bars_ : list of BarContainer
        Rows by their probability.

    References
    ----------
    .. [1] Dimitriadis, T., Gneiting, T., & Jordan, A. I. (2021). Stable reliability diagrams
           for probabilistic classifiers. PNAS 118(8). :doi:`10.1073/pnas.2016191118`

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from skxent import ReliabilityDisplay
    >>> y, proba = ["a", "b", "b"], [[0.75, 0.25], [0.5, 0.5], [0.25, 0.75]]
    >>> display = ReliabilityDisplay.from_predictions(y, proba)
    >>> [panel.get_title().split()[0] for panel in display.axes_]
    ['b']
    >>> plt.close(display.figure_)
    """

    target_names: tuple[Any, ...]
    reliability: tuple[Curve, ...]
    miscalibration_p: FloatArray
    contribution: FloatArray
    confidence_level: float
    positive: int = 1
    n_null: int = 0
    _spares: ClassVar[dict[str, Any]] = {"recalibration": False, "n_null": 200}

    @classmethod
    def _of(cls, content: Content) -> Self:
        if not content.reliability:
            msg = "the report holds no reliability curves; make it with log_loss_report."
            raise ValueError(msg)
        return cls(
            target_names=content.target_names,
            reliability=content.reliability,
            miscalibration_p=content.per_class["miscalibration_p"].astype(np.float64),
            contribution=content.per_class["contribution"].astype(np.float64),
            confidence_level=content.confidence_level,
            positive=content.about.positive,
            n_null=content.n_null,
        )

    def _columns(self) -> dict[str, Any]:
        def band(curve: Curve, bound: FloatArray) -> FloatArray:
            if not len(curve.grid):
                return np.full(len(curve.proba), math.nan)
            return np.interp(curve.proba, curve.grid, bound)

        curves = self.reliability
        pairs = zip(self.target_names, curves, strict=True)
        return {
            "class": [name for name, curve in pairs for _ in curve.proba],
            "proba": np.concatenate([curve.proba for curve in curves]),
            "share": np.concatenate([curve.share for curve in curves]),
            "low": np.concatenate([band(curve, curve.low) for curve in curves]),
            "high": np.concatenate([band(curve, curve.high) for curve in curves]),
        }

    def plot(
        self,
        *,
        ax: Axes | None = None,
        max_classes: int | None = 9,
        classes: Sequence[Any] | None = None,
        line_kw: dict[str, Any] | None = None,
        band_kw: dict[str, Any] | None = None,
        bar_kw: dict[str, Any] | None = None,
    ) -> Self:
        """
        Draw the figure.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes whose place the panels take; None: those of a new figure.
        max_classes : int or None, default=9
            How many classes to show, those that cost most first; None: all.
        classes : sequence, default=None
            Which classes to show instead, by their `target_names`, in this order. None: of two
            classes the positive one.
        line_kw : dict, default=None
            Passed to :meth:`matplotlib.axes.Axes.plot` for the curves.
        band_kw : dict, default=None
            Passed to :meth:`matplotlib.axes.Axes.fill_between` for the bands.
        bar_kw : dict, default=None
            Passed to :meth:`matplotlib.axes.Axes.stairs` for the counts.

        Returns
        -------
        ReliabilityDisplay
            Itself, with what was drawn.

        Raises
        ------
        AttributeError
            If matplotlib does not know what is passed to it.
        ImportError
            If matplotlib is not installed.
        ValueError
            If `max_classes` is not an integer above 0, or `classes` are not those of the report.
        """
        require_matplotlib("ReliabilityDisplay.plot")
        from matplotlib.collections import PolyCollection
        from matplotlib.lines import Line2D
        from matplotlib.patches import StepPatch

        kept, left = self._shown(max_classes, classes)
        names = shown_names(self.target_names[i] for i in kept)
        curves = [self.reliability[i] for i in kept]
        n_cols = len(kept) if len(kept) <= 3 else math.ceil(math.sqrt(len(kept)))
        n_rows = math.ceil(len(kept) / n_cols)
        size = _ALONE if len(kept) == 1 else (n_cols * 2.2 + 0.8, n_rows * 2.5 + 1.0)
        self.ax_ = ax = new_axes(ax, *size)
        self.figure_ = ax.get_figure()
        ax.set_axis_off()
        panels = _panels(ax, len(kept), n_rows, n_cols)
        bars = _bar_heights(curves)
        self.axes_, self.lines_, self.band_, self.bars_ = np.empty(len(kept), object), [], [], []
        for i, (panel, curve) in enumerate(zip(panels, curves, strict=True)):
            self.axes_[i] = panel
            style = styled(bar_kw, StepPatch, color=ink(ax), alpha=0.3, linewidth=0)
            edges = curve.edges if len(bars[i]) else [0.0, 1.0]
            heights = bars[i] if len(bars[i]) else [0.0]
            self.bars_.append(panel.stairs(heights, edges, **{"fill": True} | style))
            style = styled(band_kw, PolyCollection, color=BLUE, alpha=0.35, linewidth=0)
            band = panel.fill_between(curve.grid, curve.low, curve.high, **style)
            self.band_.append(band if len(curve.grid) else None)
            panel.plot([0, 1], [0, 1], color=ink(ax), linestyle=":", linewidth=1)
            style = styled(line_kw, Line2D, color=VERMILLION, linewidth=1.8)
            self.lines_ += panel.plot(curve.proba, curve.share, **style)
            p_value = cell("p_value", float(self.miscalibration_p[kept[i]]), self.n_null)
            p_value = f"p {p_value.replace('<', '< ') if '<' in p_value else '= ' + p_value}"
            p_value = "p not computed" if p_value == "p = -" else p_value
            panel.set_title(f"{names[i]}\n{p_value}", fontsize="medium")
            plainly([panel.title])
        self._caption(len(kept), left)
        return self

    def _shown(
        self, max_classes: int | None, classes: Sequence[Any] | None
    ) -> tuple[list[int], int]:
        """The classes that have panels, and how many cost less than these and have none."""
        kept, rest = worst_first(self.contribution, max_classes)
        if classes is None:
            one = len(self.target_names) == 2  # which the other mirrors
            return ([self.positive], 0) if one else (kept.tolist(), len(rest))
        asked = [classes] if isinstance(classes, str) else list(classes)
        known = list(self.target_names)
        unknown = [name for name in asked if name not in known]
        if unknown or not asked:
            some = ", ".join(map(repr, unknown)) or "none"
            msg = f"classes must be among the target_names {shown(known)}; got {some}."
            raise ValueError(msg)
        return [known.index(name) for name in asked], 0

    def _caption(self, shown: int, left: int) -> None:
        """Say above the panels what they show, and name their axes once for all."""
        ax = self.ax_
        text = "One-vs-rest reliability (CORP), with p of the miscalibration."
        if shown == 1 and len(self.target_names) == 2:
            text = "Reliability (CORP), with p of the miscalibration; the other class mirrors it."
        if left:
            text += f" The {shown} of {shown + left} classes that cost most."
        if any(band is not None for band in self.band_):
            text += f" Band: {100 * self.confidence_level:g}% of calibrated models."
        text += " Bars: rows by probability, log scale."
        letters = int(13 * inches(ax)[0])
        text = textwrap.fill(text, max(letters, 30))
        plainly([ax.set_title(text, loc="left", fontsize="medium", pad=_TITLE * 72)])
        near: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points"}
        near |= {"ha": "center", "va": "center"}
        ax.annotate("probability of the class", (0.5, 0), xytext=(0, -30), **near)
        ax.annotate("share of the class", (0, 0.5), xytext=(-36, 0), rotation=90, **near)


def _panels(ax: Axes, n: int, n_rows: int, n_cols: int) -> list[Axes]:
    """Axes inside `ax`, whatever lays that one out, with room for their titles in between."""
    wide, high = inches(ax)
    gap_x, gap_y = min(0.2 / wide, 0.1), min((_TITLE + 0.1) / high, 0.15)
    width = (1 - gap_x * (n_cols - 1)) / n_cols
    height = (1 - gap_y * (n_rows - 1)) / n_rows
    panels = []
    for i in range(n):
        row, col = divmod(i, n_cols)
        bounds = col * (width + gap_x), 1 - height - row * (height + gap_y), width, height
        panel = ax.inset_axes(bounds)
        panel.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), box_aspect=1, anchor="S")
        ticks = [0.0, 0.5, 1.0]
        panel.set_xticks(ticks, ["0", ".5", "1"])
        panel.set_yticks(ticks, ["0", ".5", "1"])
        panel.tick_params(labelleft=col == 0, labelbottom=i + n_cols >= n)
        panel.spines[["top", "right"]].set_visible(False)
        panels.append(panel)
    return panels


def _bar_heights(curves: list[Curve]) -> list[FloatArray]:
    """Logarithms of the counts on one scale for all panels, where the fewest can be seen."""
    counts = np.concatenate([curve.counts for curve in curves])
    counts = counts[counts > 0]
    if not counts.size:
        return [np.zeros(len(curve.counts)) for curve in curves]
    fewest, most = counts.min(), counts.max()
    whole = np.log1p(most / fewest)
    return [_BARS * np.log1p(curve.counts / fewest) / whole for curve in curves]
