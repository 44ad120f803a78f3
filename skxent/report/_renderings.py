"""The ways to show a report."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING, Any

from skxent._render._files import write_text
from skxent._render._frame import render_frame
from skxent._render._json import as_json
from skxent._render._words import unit_name
from skxent.report._content import Content
from skxent.report._displays import PerClassLogLossDisplay
from skxent.report._html import render_fragment, render_html
from skxent.report._metrics import as_metrics
from skxent.report._plain import as_dict
from skxent.report._text import render_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Renderings"]


@dataclass(frozen=True, repr=False, eq=False)
class Renderings(Content):
    """The ways to show a report, which compute nothing."""

    def to_text(self, columns: Iterable[str] | None = None, width: int = 80) -> str:
        """
        What to know, for a terminal: overall figures, findings, classes, and the recalibration.

        Parameters
        ----------
        columns : iterable of str, default=None
            Columns of `per_class` to show; None: the most important ones.
        width : int, default=80
            Long class names are cut to keep within so many characters.

        Returns
        -------
        str
            Lines of text; a dash stands for what cannot be computed.

        Raises
        ------
        TypeError
            If `width` is not a number.
        ValueError
            If there is no column of that name.
        """
        return render_text(self, columns, width)

    def to_frame(self, backend: str | None = None) -> Any:
        """
        Data frame with one row a class, in the order of `labels`.

        Parameters
        ----------
        backend : {"pandas", "polars", "pyarrow"}, default=None
            Which library's frame; None: pandas if installed, else polars.

        Returns
        -------
        DataFrame
            First column ``class``, then the columns of `per_class`.

        Raises
        ------
        ImportError
            If the library is not installed.
        ValueError
            If `backend` is none of these.
        """
        return render_frame(self.target_names, self._per_class, backend)

    def to_dict(self) -> dict[str, Any]:
        """
        Everything as plain values.

        Returns
        -------
        dict
            With the attributes of the report as keys, and lists in the place of arrays. What
            cannot be computed is nan.
        """
        return as_dict(self)

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
        return as_json(as_dict(self), indent)

    def to_metrics(self, *, prefix: str = "") -> dict[str, float]:
        """
        Flat numbers for a tracker of experiments, such as ``mlflow.log_metrics`` takes.

        Parameters
        ----------
        prefix : str, default=""
            What each key begins with, such as ``"test_"``.

        Returns
        -------
        dict of str to float
            The figures of `overall`, and `log_loss`, `skill`, `gap` and `recoverable` of each class
            under keys such as ``log_loss.cat``; what is nan or infinite is left out. Signs that
            some tracker refuses are underscores in the keys; where that makes names of classes
            equal, they begin with the number of the class.

        Examples
        --------
        >>> from skxent import log_loss_report
        >>> report = log_loss_report(["a", "b"], [[0.5, 0.5], [0.5, 0.5]], base=2)
        >>> report.to_metrics(prefix="test_")["test_log_loss.a"]
        1.0
        """
        return as_metrics(self, prefix)

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
            The page, in light, dark and on paper.
        """
        return render_html(self, title=title)

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

    def plot(self, *, ax: Axes | None = None, **plot_params: Any) -> PerClassLogLossDisplay:
        """
        Draw the loss of each class with its interval, beside what the model expected.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw in; None: those of a new figure.
        **plot_params
            Passed to `PerClassLogLossDisplay.plot`, such as `max_classes`.

        Returns
        -------
        PerClassLogLossDisplay
            With what was drawn as attributes, such as `ax_` and `figure_`. The other displays
            have `from_report` as well.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If `max_classes` is not an integer above 0.
        """
        return PerClassLogLossDisplay.from_report(self, ax=ax, **plot_params)

    def _repr_html_(self) -> str:
        return render_fragment(self)

    def __str__(self) -> str:
        return self.to_text()

    def __repr__(self) -> str:
        return (
            f"<LogLossReport: {self.overall['log_loss']:.4f} {unit_name(self.base)}, "
            f"{len(self.labels)} classes, {self.overall['n_samples']} rows; "
            f"print() it or call write_html(path)>"
        )
