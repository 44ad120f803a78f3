"""Display of which classes take the loss of which."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from skxent._render._axes import (
    inches,
    ink,
    new_axes,
    number,
    others,
    plainly,
    require_matplotlib,
    shown_names,
    styled,
    worst_first,
)
from skxent._render._words import unit_name
from skxent._typing import FloatArray
from skxent.report._content import Content
from skxent.report._displays._display import Display

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["LossConfusionDisplay"]

_CELL = 0.27  # inches, the least in which a number can be read


@dataclass(kw_only=True, eq=False, repr=False)
class LossConfusionDisplay(Display):
    """
    Which other classes the loss of each class is due to, as a heat map.

    Make it with `from_estimator`, `from_predictions` or `from_report`. A row of class c with
    loss l gives each other class j its part l p[j] / (1 - p[c]); the parts of a row of the map
    add up to what its class contributes to the overall loss. `frame` has one row a pair of
    classes: ``class``, the true one, ``rival``, ``loss``, a part of the overall loss, and
    ``percent`` of it.

    Parameters
    ----------
    target_names : tuple
        What the classes are called.
    loss_confusion : ndarray of shape (n_classes, n_classes)
        Part of the overall loss in each cell, the true class in the row.
    base : float
        Base of the logarithm.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the figure.
    figure_ : matplotlib Figure
        Figure that holds the axes.
    im_ : AxesImage
        Percent of the overall loss in each cell; masked on the diagonal and where classes
        are pooled.
    text_ : ndarray of Text or None
        Numbers in the cells; None on the diagonal, which is empty.
    colorbar_ : Colorbar or None
        Scale of the colours.

    Notes
    -----
    How the loss is shared out is skxent's own, without a source elsewhere; `log_loss_report` has
    the formula.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from skxent import LossConfusionDisplay
    >>> y, proba = ["a", "b", "b"], [[0.75, 0.25], [0.5, 0.5], [0.25, 0.75]]
    >>> display = LossConfusionDisplay.from_predictions(y, proba)
    >>> bool(abs(display.im_.get_array().sum() - 100) < 1e-9)
    True
    >>> plt.close(display.figure_)
    """

    target_names: tuple[Any, ...]
    loss_confusion: FloatArray
    base: float
    _spares: ClassVar[dict[str, Any]] = {"recalibration": False, "n_null": 0}

    @classmethod
    def _of(cls, content: Content) -> Self:
        return cls(
            target_names=content.target_names,
            loss_confusion=content.loss_confusion,
            base=content.base,
        )

    def _columns(self) -> dict[str, Any]:
        pairs = ~np.eye(len(self.target_names), dtype=bool)
        true, rival = np.nonzero(pairs)
        names = np.empty(len(self.target_names), dtype=object)
        names[:] = self.target_names
        loss = self.loss_confusion[pairs]
        return {
            "class": names[true],
            "rival": names[rival],
            "loss": loss,
            "percent": self._percent(loss),
        }

    def plot(
        self,
        *,
        ax: Axes | None = None,
        max_classes: int | None = 20,
        include_values: bool | None = None,
        colorbar: bool = True,
        cmap: Any = "Blues",
        im_kw: dict[str, Any] | None = None,
        text_kw: dict[str, Any] | None = None,
    ) -> Self:
        """
        Draw the figure.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw in; None: those of a new figure.
        max_classes : int or None, default=20
            How many classes to show, those that cost most first. The rest is pooled in one
            row and one column, with numbers and without colour. None: all.
        include_values : bool, default=None
            Whether to write the numbers into the cells. None: where the cells are large
            enough. What rounds to 0 is not written.
        colorbar : bool, default=True
            Whether to show the scale of the colours, if there are any: of an infinite loss
            there are no parts.
        cmap : str or matplotlib Colormap, default="Blues"
            Colours, from no loss to most of it.
        im_kw : dict, default=None
            Passed to :meth:`matplotlib.axes.Axes.imshow`.
        text_kw : dict, default=None
            Passed to :meth:`matplotlib.axes.Axes.text`.

        Returns
        -------
        LossConfusionDisplay
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
        require_matplotlib("LossConfusionDisplay.plot")
        from matplotlib.image import AxesImage

        names, loss, kept = self._cells(max_classes)
        percent, n = self._percent(loss), len(names)
        side = min(max(0.42 * n, 2.6), 12.0)
        room = 0.09 * max(map(len, names))  # inches
        cell = side / n if ax is None else min(inches(ax)) / n
        height = side + 0.9 + (room if room > cell else 0.1)
        self.ax_ = ax = new_axes(ax, 1.2 * side + room + 1.3, height)
        self.figure_ = ax.get_figure()
        colored = np.ma.masked_invalid(percent)
        colored[kept:], colored[:, kept:] = np.ma.masked, np.ma.masked
        most = float(colored.filled(0.0).max())
        limits = {} if "norm" in (im_kw or {}) else {"vmin": 0.0, "vmax": most or 1.0}
        style = styled(im_kw, AxesImage, cmap=cmap, interpolation="nearest", **limits)
        self.im_ = ax.imshow(colored, **style)
        self.text_ = None
        if include_values or (include_values is None and cell > _CELL):
            self.text_ = self._write(loss, percent, kept, text_kw)
        total = f"{number(float(self.loss_confusion.sum()))} {unit_name(self.base)}"
        label = f"percent of the loss ({total})"
        self.colorbar_ = None
        if colorbar and most > 0:
            self.colorbar_ = ax.figure.colorbar(self.im_, ax=ax, label=label)
            self.colorbar_.outline.set_visible(False)
        ax.set_xticks(range(n), names, rotation=90 if room > cell else 0)
        ax.set_yticks(range(n), names)
        plainly([*ax.get_xticklabels(), *ax.get_yticklabels()])
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
        ax.set(xlabel="class that took the probability", ylabel="true class")
        return self

    def _percent(self, loss: FloatArray) -> FloatArray:
        total = self.loss_confusion.sum()
        if not 0 < total < math.inf:
            return np.full(loss.shape, math.nan)
        return 100.0 * loss / total

    def _cells(self, max_classes: int | None) -> tuple[list[str], FloatArray, int]:
        """Names and losses of the worst classes and of the others, and how many are not pooled."""
        pairs = self.loss_confusion.copy()
        np.fill_diagonal(pairs, 0.0)
        kept, rest = worst_first(pairs.sum(axis=1), max_classes)
        names, n = shown_names(self.target_names[i] for i in kept), len(kept)
        rows = pairs[kept]
        if len(rest):
            names.append(others(len(rest)))
            rows = np.vstack([rows, pairs[rest].sum(axis=0)])
        cells = rows[:, kept]
        cells[range(n), range(n)] = math.nan
        if len(rest):
            cells = np.column_stack([cells, rows[:, rest].sum(axis=1)])
        return names, cells, n

    def _write(
        self, loss: FloatArray, percent: FloatArray, kept: int, text_kw: dict[str, Any] | None
    ) -> NDArray[Any]:
        """Numbers in the cells, dark on light and light on dark."""
        from matplotlib.text import Text

        given = styled(text_kw, Text)
        texts = np.empty(loss.shape, dtype=object)
        digits = 1 if np.nan_to_num(percent[:kept, :kept]).max() >= 1 else 2
        for i, j in zip(*np.nonzero(~np.isnan(loss)), strict=True):
            style = {"ha": "center", "va": "center", "fontsize": "small", "color": ink(self.ax_)}
            value = float(percent[i, j])
            if math.isnan(value):
                shown = "∞" if loss[i, j] == math.inf else "-"
            else:
                shown = f"{value:.{digits if value < 9.95 else 0}f}"
                shown = shown if float(shown) else ""
            if max(i, j) < kept and not math.isnan(value):
                # The luminance of WCAG; at 0.18 black and white stand out equally.
                red, green, blue = np.array(self.im_.to_rgba(np.array(value)))[:3] ** 2.2
                light = 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.18
                style["color"] = "black" if light else "white"
            texts[i, j] = self.ax_.text(j, i, shown, **style | given)
        return texts
