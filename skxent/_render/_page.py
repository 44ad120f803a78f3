"""Pages and fragments of HTML: one style, and one kind of table."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Any

from skxent._render._words import cell, printable

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["Column", "Table", "figure", "figure_column", "name_column", "plain", "render"]

# Columns that are written as another one is.
_AS = {
    **dict.fromkeys(("miscalibration_p", "adjusted_p"), "p_value"),
    **dict.fromkeys(("top_rival_share", "tail_share"), "share"),
}
_PROBABILITIES = {"proba", "predicted_proba"}
_JOINERS = "\u200c\u200d"


def plain(name: Any) -> str:
    """Class name as text: what would break the line or turn it around is shown as an escape."""
    text = printable(str(name), also=_JOINERS)
    return text if text.strip() else repr(text)


def figure(name: str, value: Any, *, signed: bool = False, draws: int = 0) -> str:
    """Figure of a column as people read it: minus and infinity as signs, a dash for nan."""
    if isinstance(value, float) and math.isnan(value):
        return "–"
    text = f"{value:#.3g}" if name in _PROBABILITIES else cell(_AS.get(name, name), value, draws)
    if signed and value > 0 and text.strip("0."):
        text = f"+{text}"
    return text.replace("inf", "∞").replace("-", "−", text.startswith("-"))


@dataclass(frozen=True, slots=True)
class Column:
    """
    One column of a table.

    Attributes
    ----------
    heading : str
        What it is called.
    cells : tuple of str
        One text a row; none of them is markup.
    meaning : str
        The line that explains it.
    group : str
        Heading over neighbouring columns of the same group.
    is_name : bool
        Whether the texts are names, which may be long, and not figures.
    bars : tuple of float or None
        Lengths of the bars in percent of their room, below 0 to the left of the middle.
    two_sided : bool
        Whether zero is in the middle of the bars' room.
    faint : tuple of bool
        Which bars are faint, for what may be chance; empty: none.
    """

    heading: str
    cells: tuple[str, ...]
    meaning: str = ""
    group: str = ""
    is_name: bool = False
    bars: tuple[float, ...] | None = None
    two_sided: bool = False
    faint: tuple[bool, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """Some rows of columns, in this order; the first column is the heading of each row."""

    caption: str
    columns: tuple[Column, ...]
    rows: Sequence[int]

    @property
    def groups(self) -> list[tuple[str, int]]:
        """Each group and how many columns it spans."""
        return [(name, len(list(g))) for name, g in groupby(self.columns, lambda c: c.group)]

    @property
    def has_groups(self) -> bool:
        """Whether there is anything to say over the headings."""
        return any(column.group for column in self.columns)

    @property
    def firsts(self) -> set[int]:
        """Which columns begin a group."""
        before = zip(self.columns, self.columns[1:], strict=False)
        return {i for i, (one, next_) in enumerate(before, 1) if one.group != next_.group}


def name_column(name: str, values: Iterable[Any], *, meaning: str = "", group: str = "") -> Column:
    """Column of names, None for the lack of one."""
    cells = tuple("–" if value is None else plain(value) for value in values)
    return Column(name.replace("_", " "), cells, meaning, group, is_name=True)


def figure_column(
    name: str,
    values: Iterable[Any],
    *,
    heading: str = "",
    meaning: str = "",
    group: str = "",
    signed: bool = False,
    bars: bool = False,
    draws: int = 0,
) -> Column:
    """
    Column of figures, with bars in the cells if asked.

    Parameters
    ----------
    name : str
        Which column of a report it is; it decides how the figures are written.
    values : iterable
        The figures.
    heading, meaning, group : str
        As in `Column`; no heading: the name with blanks.
    signed : bool
        Whether figures above zero have a plus sign, and bars have zero in the middle.
    bars : bool
        Whether there are bars; the largest finite figure fills its room.
    draws : int
        Of how many draws p-values are.
    """
    values = list(values)
    return Column(
        heading or name.replace("_", " "),
        tuple(figure(name, value, signed=signed, draws=draws) for value in values),
        meaning,
        group,
        bars=tuple(_bars(values)) if bars else None,
        two_sided=bars and signed,
    )


def _bars(values: Sequence[float]) -> list[float]:
    largest = max((abs(v) for v in values if math.isfinite(v)), default=0.0) or 1.0
    return [0.0 if math.isnan(v) else max(-100.0, min(100 * v / largest, 100.0)) for v in values]


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("skxent._render"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["unbroken"] = _unbroken
    return environment


def _unbroken(sentence: str) -> str:
    """A sentence whose lines end neither before a percent sign nor within a p-value."""
    return sentence.replace(" %", "\u00a0%").replace("p <", "p\u00a0<")


def render(template: str, *, title: str, on_page: bool, **context: Any) -> str:
    """
    Fill a template that extends ``result.html``, which says what all results begin with.

    Parameters
    ----------
    template : str
        Its name; it may use the macros `table`, `legend` and `dots` of ``macros.html``.
    title : str
        Of the page.
    on_page : bool
        True: a page of its own. False: a part of another page, such as a notebook.
    **context : Any
        What the template shows. All of it is escaped.
    """
    outer = "page.html" if on_page else "fragment.html"
    context |= {"title": plain(title), "on_page": on_page, "outer": outer}
    return _environment().get_template(template).render(context)
