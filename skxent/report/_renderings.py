"""What a report holds, and the ways to show it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from numpy.typing import NDArray

from skxent.report._frame import render_frame
from skxent.report._text import render_text, unit_name

__all__ = ["Renderings"]


@dataclass(frozen=True, repr=False, eq=False)
class Renderings:
    """The data of a report and its renderings, which compute nothing."""

    labels: NDArray[Any]
    target_names: tuple[Any, ...]
    base: float
    notes: tuple[str, ...]
    _per_class: dict[str, NDArray[Any]]
    _overall: dict[str, float | int]

    @property
    def per_class(self) -> Mapping[str, NDArray[Any]]:
        """The columns, one number a class."""
        return MappingProxyType(self._per_class)

    @property
    def overall(self) -> Mapping[str, float | int]:
        """Figures of all rows together."""
        return MappingProxyType(self._overall)

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
