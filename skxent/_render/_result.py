"""What all results share: the ways to show one, made from a few hooks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any, Self

from numpy.typing import NDArray

from skxent._render._files import write_text
from skxent._render._frame import render_frame
from skxent._render._json import as_json, as_plain
from skxent._render._read import VERSION, as_fields, read_json
from skxent._result import Frozen

__all__ = ["Result"]


class Result(Frozen, ABC):
    """
    Mixin of a frozen dataclass that can be shown in every way; the renderings compute nothing.

    A result has `to_text`, says in `_summary`, `_columns` and `_page` what the others show, and
    writes `plot` itself, since each draws something else.
    """

    @abstractmethod
    def to_text(self) -> str:
        """Lines for a terminal of 80 columns; further parameters have defaults."""

    @abstractmethod
    def _summary(self) -> str:
        """What it is of, in a few words."""

    @abstractmethod
    def _columns(self) -> Mapping[str, NDArray[Any] | Sequence[Any]]:
        """The columns of `to_frame`, all of one length."""

    @abstractmethod
    def _page(self, title: str | None, *, on_page: bool) -> str:
        """HTML: a page of its own, or a part of a notebook."""

    @classmethod
    def _of_plain(cls, values: dict[str, Any]) -> Self:
        """A result from what `to_dict` gave, as JSON has it."""
        return cls(**as_fields(cls, values))

    def _check(self) -> None:
        """Raise an error if what was read does not hang together: it can be shown if it does."""
        sizes = {name: len(column) for name, column in self._columns().items()}
        if len(set(sizes.values())) > 1:
            msg = f"columns have different lengths: {sizes}"
            raise ValueError(msg)
        self.to_text()
        self._page(None, on_page=True)

    def to_frame(self, backend: str | None = None) -> Any:
        """
        Data frame of the figures; its rows and columns are those that the class describes.

        Parameters
        ----------
        backend : {"pandas", "polars", "pyarrow"}, default=None
            Which library's frame; None: pandas if installed, else polars.

        Returns
        -------
        DataFrame
            What is shown, without a rounding; nan where a figure cannot be computed.

        Raises
        ------
        ImportError
            If the library is not installed.
        ValueError
            If `backend` is none of these.
        """
        return render_frame(self._columns(), backend)

    def to_dict(self) -> dict[str, Any]:
        """
        Everything as plain values.

        Returns
        -------
        dict
            With the attributes as keys, lists in the place of arrays, and dicts in that of parts.
            What cannot be computed is nan.
        """
        values: dict[str, Any] = as_plain(self._plain())
        return values

    def _plain(self) -> Any:
        """What `to_dict` and `to_json` say: the fields, or a dict of parts, of arrays or plain."""
        return self

    def to_json(self, *, indent: int | None = None) -> str:
        """
        The values of `to_dict` as strict JSON, from which `from_json` makes the result again.

        Parameters
        ----------
        indent : int, default=None
            Spaces of each level; None: all in one line.

        Returns
        -------
        str
            nan is null, infinity the text "Infinity" or "-Infinity", and a label that JSON
            has no type for its text. The first keys, ``skxent`` and ``version``, say what it is.

        Raises
        ------
        TypeError
            If `indent` is not what ``json.dumps`` takes.
        """
        head = {"skxent": type(self).__name__, "version": VERSION}
        return as_json(head | as_plain(self._plain(), tables=True), indent)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """
        The result of which `to_json` wrote this.

        Parameters
        ----------
        text : str or bytes
            What it returned.

        Returns
        -------
        result
            With the same numbers to the last bit, and so the same text, frame and page. Labels
            and names of rows that JSON has no type for, such as dates, are their texts.

        Raises
        ------
        ValueError
            If the text is something else, is damaged, or was written by a newer version that
            says more.
        """
        values = read_json(text, cls.__name__)
        try:
            found = cls._of_plain(values)
            found._check()
        except (
            AttributeError,
            IndexError,
            KeyError,
            OverflowError,
            TypeError,
            ValueError,
        ) as error:
            msg = f"text does not hold what {cls.__name__}.to_json writes: {error}."
            raise ValueError(msg) from error
        return found

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
        return self._page(title, on_page=True)

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

    def _repr_html_(self) -> str:
        return self._page(None, on_page=False)

    def __str__(self) -> str:
        return self.to_text()

    def __repr__(self) -> str:
        way_out = "print() it or call write_html(path)"
        return f"<{type(self).__name__}: {self._summary()}; {way_out}>"
