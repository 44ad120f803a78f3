"""What the displays share: axes, class names, which classes to show, and marks at the edge."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from skxent._intake._arguments import check_whole
from skxent._render._words import text_width
from skxent._typing import FloatArray, IntArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import LineCollection, PathCollection
    from matplotlib.legend import Legend
    from matplotlib.text import Text

__all__ = [
    "BLUE",
    "VERMILLION",
    "draw_intervals",
    "inches",
    "ink",
    "label_lines",
    "legend_of",
    "mark_beyond",
    "new_axes",
    "number",
    "others",
    "plainly",
    "ratio",
    "require_matplotlib",
    "scale_end",
    "shown_names",
    "styled",
    "worst_first",
    "write_beside",
]

# Of Okabe and Ito: told apart by readers who do not see red and green apart.
BLUE, VERMILLION = "#0072B2", "#D55E00"
_MOST_LETTERS, _LETTERS_OF_THE_END = 24, 9


def require_matplotlib(who: str) -> None:
    try:
        import_module("matplotlib")
    except ImportError as error:
        msg = f"{who} needs matplotlib: pip install matplotlib."
        raise ImportError(msg) from error


def new_axes(ax: Axes | None, width: float, height: float) -> Axes:
    """The axes that were given, or those of a new figure of this size in inches."""
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=(width, height), layout="constrained")[1]


def inches(ax: Axes) -> tuple[float, float]:
    """Width and height of the axes before anything is laid out."""
    box = ax.get_window_extent()
    return box.width / ax.figure.dpi, box.height / ax.figure.dpi


def ink(ax: Axes) -> Any:
    """The colour of text in the current style, light where the paper is dark."""
    return ax.xaxis.label.get_color()


def ratio(above: FloatArray, below: FloatArray) -> FloatArray:
    """Quotient that is nan where there is nothing to divide by."""
    with np.errstate(invalid="ignore"):
        return np.divide(above, below, out=np.full(len(above), math.nan), where=below > 0)


def worst_first(contribution: FloatArray, max_classes: int | None) -> tuple[IntArray, IntArray]:
    """The classes to show, those that cost most first, and those that are left."""
    if max_classes is not None:
        check_whole(max_classes, 1, "max_classes must be an integer above 0, or None for all")
    order = np.argsort(-np.nan_to_num(contribution, nan=-math.inf, posinf=math.inf), kind="stable")
    return order[:max_classes], order[len(order) if max_classes is None else max_classes :]


def others(n: int) -> str:
    return f"and {n} other{'s' if n > 1 else ''}"


def styled(params: Mapping[str, Any] | None, artist: Any, **defaults: Any) -> dict[str, Any]:
    """Defaults of an artist under what the caller asks for, by any of its names."""
    from matplotlib.cbook import normalize_kwargs

    given = normalize_kwargs(dict(params or {}), artist)
    if given.keys() & {"c", "color"}:
        defaults = {name: v for name, v in defaults.items() if not name.endswith("color")}
    return defaults | given


def plainly(texts: Iterable[Text]) -> None:
    """Show texts literally, dollars and backslashes and all."""
    for text in texts:
        text.set_parse_math(False)
        text.set_usetex(False)


def number(value: float) -> str:
    """A figure with three digits that count; a dash for what cannot be computed."""
    if math.isnan(value):
        return "-"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    size = abs(value)
    digits = 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 1 else 4
    text = f"{value:.{digits}f}" if size < 1e5 else f"{value:.3g}"
    return f"{0:.{digits}f}" if float(text) == 0 else text.replace("-", "−")


def _cut(pieces: list[str], end: int) -> str:
    """At most 24 letters of a name, about `end` of them its last ones."""
    widths = [text_width(piece) for piece in pieces]
    if sum(widths) <= _MOST_LETTERS:
        return "".join(pieces)
    tail = len(pieces)
    while sum(widths[tail - 1 :]) <= end:
        tail -= 1
    head = 0
    while sum(widths[: head + 1]) + sum(widths[tail:]) < _MOST_LETTERS:
        head += 1
    return "".join([*pieces[:head], "…", *pieces[tail:]])


def _has_glyph() -> Callable[[str], bool]:
    """Whether the fonts of the current style can draw a character."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    paths = []
    for family in FontProperties().get_family():
        wanted = FontProperties()
        wanted.set_family(family)
        try:
            paths.append(findfont(wanted, fallback_to_default=False))
        except ValueError:
            continue
    fonts = [get_font(path) for path in paths or [findfont(FontProperties())]]
    return lambda c: any(font.get_char_index(ord(c)) for font in fonts)


def shown_names(names: Iterable[Any]) -> list[str]:
    """
    Class names as a plot shows them.

    A character that moves the cursor is shown as its escape; so is one that no font has, which
    would be an empty box, the same for all, with a warning each time the figure is drawn. A
    long name loses its end, or its middle where others begin like it.
    """
    has_glyph = _has_glyph()
    safe = [
        [
            c if c.isprintable() and has_glyph(c) else c.encode("unicode_escape").decode()
            for c in (text if text.strip() else repr(text))
        ]
        for text in map(str, names)
    ]
    cut = [_cut(pieces, 0) for pieces in safe]
    times = Counter(cut)
    return [
        short if times[short] == 1 else _cut(pieces, _LETTERS_OF_THE_END)
        for pieces, short in zip(safe, cut, strict=True)
    ]


def scale_end(leading: FloatArray, *following: FloatArray) -> float:
    """
    Where an axis ends: with the largest value, unless it is far from all of the `leading` ones.

    A few rows can make an interval so wide that nothing else could be read.
    """
    finite = [array[np.isfinite(array)] for array in (leading, *following)]
    most = max((array.max() for array in finite if array.size), default=0.0)
    lead = finite[0].max() if finite[0].size else most
    return float(min(most, 3.0 * lead) if lead > 0 else most) * 1.05 or 1.0


def label_lines(ax: Axes, names: Sequence[str]) -> None:
    """One line a name, the first on top."""
    ax.set_yticks(range(len(names)), names)
    plainly(ax.get_yticklabels())
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.tick_params(axis="y", length=0)
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.grid(axis="x", alpha=0.3)
    ax.set_axisbelow(True)


def write_beside(ax: Axes, header: str, texts: Sequence[str]) -> list[Text]:
    """Texts on the right of the lines, under a header."""
    near: dict[str, Any] = {"textcoords": "offset points", "annotation_clip": False}
    at = ("axes fraction", "data")
    written: list[Text] = [
        ax.annotate(text, (1, i), xycoords=at, xytext=(8, 0), va="center", **near)
        for i, text in enumerate(texts)
    ]
    heading = ax.annotate(header, (1, 1), xycoords="axes fraction", xytext=(8, 4), **near)
    plainly([*written, heading])
    return written


def legend_of(ax: Axes, own: bool) -> Legend:
    """Legend above the lines of a figure of our own; elsewhere a title may be there."""
    if not own:
        return ax.legend(loc="best", fontsize="small")
    return ax.legend(
        loc="lower right",
        bbox_to_anchor=(1, 1),
        ncols=3,
        frameon=False,
        borderaxespad=0.2,
        columnspacing=1.2,
    )


def draw_intervals(
    ax: Axes, low: FloatArray, high: FloatArray, end: float, style: dict[str, Any]
) -> LineCollection:
    """Lines from `low` to `high`; an open one goes on beyond the edge."""
    return ax.hlines(np.arange(len(low)), low, np.where(high == math.inf, 2 * end, high), **style)


def mark_beyond(
    ax: Axes,
    values: FloatArray,
    end: float,
    *,
    figures: bool = True,
    left: bool = False,
    lines: FloatArray | None = None,
    **style: Any,
) -> PathCollection:
    """Arrows at the right edge, or the left, for the values of the lines that lie beyond it."""
    lines = np.arange(len(values), dtype=np.float64) if lines is None else lines
    at = lines[values < end if left else values > end]
    marker, room, side = ("<", 6, "left") if left else (">", -6, "right")
    arrows = ax.scatter(np.full(len(at), end), at, marker=marker, zorder=4, **style)
    arrows.set_clip_on(False)
    for value, line in zip(values, lines, strict=True) if figures else ():
        if not (value < end if left else value > end):
            continue
        near: dict[str, Any] = {"xytext": (room, 0), "textcoords": "offset points"}
        text = number(float(value))
        ax.annotate(text, (end, line), ha=side, va="center", fontsize="small", **near)
    return arrows
