"""What a report holds, and the ways to show it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from skxent.report._content import Content
from skxent.report._frame import render_frame
from skxent.report._text import render_text, unit_name

__all__ = ["Renderings"]


@dataclass(frozen=True, repr=False, eq=False)
class Renderings(Content):
    """The ways to show a report, which compute nothing."""

    def to_text(self, columns: Iterable[str] | None = None, width: int = 80) -> str:
        """
        Table for a terminal.

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
        ValueError
            If there is no column of that name.
        """
        return render_text(
            self.target_names,
            self._per_class,
            self._overall,
            self.notes,
            self.base,
            columns,
            width,
        )

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
        """
        return render_frame(self.target_names, self._per_class, backend)

    def __str__(self) -> str:
        return self.to_text()

    def __repr__(self) -> str:
        return (
            f"<LogLossReport: {self.overall['log_loss']:.4f} {unit_name(self.base)}, "
            f"{len(self.labels)} classes, {self.overall['n_samples']} rows; "
            f"print() it or call to_frame()>"
        )
