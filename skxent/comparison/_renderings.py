"""The ways to show a comparison of models."""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING, Any

from skxent._render._files import write_text
from skxent._render._json import as_json
from skxent.comparison._content import ComparisonContent
from skxent.comparison._html import comparison_html
from skxent.comparison._text import (
    comparison_dict,
    comparison_frame,
    comparison_text,
)
from skxent.comparison._verdict import verdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from skxent.comparison._display import LogLossComparisonDisplay

__all__ = ["ComparisonRenderings"]


class ComparisonRenderings(ComparisonContent):
    """The data of a comparison and its renderings, which compute nothing."""

    @property
    def verdict(self) -> str:
        """Which models are better or worse than the reference beyond chance, or that none is."""
        return verdict(self)

    def to_text(self, width: int = 80) -> str:
        """
        Tables for a terminal.

        Parameters
        ----------
        width : int, default=80
            Long names are cut to keep within so many characters.

        Returns
        -------
        str
            Lines of text; a dash stands for what cannot be computed, and for the reference.

        Raises
        ------
        TypeError
            If `width` is not an integer.
        """
        return comparison_text(self, width)

    def to_frame(self, backend: str | None = None) -> Any:
        """
        Data frame with one row for each model, then one for each model and class.

        Parameters
        ----------
        backend : {"pandas", "polars", "pyarrow"}, default=None
            Which library's frame; None: pandas if installed, else polars.

        Returns
        -------
        DataFrame
            Columns ``model``; ``scope``, which is "all" or "class"; ``class``, which is None
            where the scope is "all"; ``support`` and the figures.

        Raises
        ------
        ImportError
            If the library is not installed.
        ValueError
            If `backend` is none of these.
        """
        return comparison_frame(self, backend)

    def to_dict(self) -> dict[str, Any]:
        """
        Plain Python values.

        Returns
        -------
        dict
            ``overall`` and ``per_class`` hold the figures of each model by its name, those of
            the classes as lists in the order of ``labels``. What cannot be computed is nan.
        """
        return comparison_dict(self)

    def to_json(self, *, indent: int | None = None) -> str:
        """
        The values of `to_dict` as strict JSON.

        Parameters
        ----------
        indent : int, default=None
            Spaces of each level; None: all in one line.

        Returns
        -------
        str
            nan is null, infinity the text "Infinity" or "-Infinity", and a label that JSON
            has no type for its text.

        Raises
        ------
        TypeError
            If `indent` is not what ``json.dumps`` takes.
        """
        return as_json(comparison_dict(self), indent)

    def to_html(self, *, title: str | None = None) -> str:
        """
        One page that needs nothing else: no script, no font, no picture from elsewhere.

        Parameters
        ----------
        title : str, default=None
            Title of the page.

        Returns
        -------
        str
            The page.
        """
        return comparison_html(self, title=title, on_page=True)

    def write_html(self, path: str | PathLike[str], *, title: str | None = None) -> None:
        """
        Write the page of `to_html`: a whole new file, or the one from before if that fails.

        Parameters
        ----------
        path : str or path-like
            Where to write it.
        title : str, default=None
            Title of the page.

        Raises
        ------
        OSError
            If the file cannot be written.
        TypeError
            If `path` is not the name of a file.
        """
        write_text(path, self.to_html(title=title))

    def plot(
        self, *, ax: Axes | None = None, max_classes: int | None = 20
    ) -> LogLossComparisonDisplay:
        """
        Draw the differences with their intervals, one line a class.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw in; None: those of a new figure.
        max_classes : int or None, default=20
            How many classes to show; if there are more, those with the largest differences.

        Returns
        -------
        LogLossComparisonDisplay
            With what was drawn as attributes, such as `ax_` and `figure_`.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If `max_classes` is not an integer above 0.
        """
        from skxent.comparison._display import LogLossComparisonDisplay

        return LogLossComparisonDisplay(comparison=self).plot(ax=ax, max_classes=max_classes)

    def _repr_html_(self) -> str:
        return comparison_html(self, title=None, on_page=False)

    def __str__(self) -> str:
        return self.to_text()
