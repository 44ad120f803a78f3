"""What the drawings of the site share: a frame, texts, boxes, and the colours of the page."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from xml.sax.saxutils import escape

FOLDER = Path(__file__).parent / "_static"
# Both drawings are as narrow as a phone, so that their texts can be read there.
WIDTH = 440

# They stand in the text of a page and take its colours, light or dark; alone they are light.
_STYLE = """<style>
.drawing text{fill:var(--pst-color-text-base,#222);font:12px sans-serif}
.drawing .head{font-weight:bold}
.drawing .name{font:bold 13px monospace}
.drawing a .name{fill:var(--pst-color-link,#0072b2)}
.drawing a{text-decoration:none}
.drawing a:hover .name,.drawing a:focus .name{text-decoration:underline}
.drawing rect{fill:var(--pst-color-surface,#f3f4f5);stroke:var(--pst-color-border,#c9c9c9)}
.drawing path{fill:none;stroke:var(--pst-color-text-muted,#666);stroke-width:1.2}
</style>"""


def text(x: float, y: float, words: str, *, kind: str = "", middle: bool = False) -> str:
    """A line of text that begins at `x`, or has its middle there."""
    anchor = ' text-anchor="middle"' if middle else ""
    return f'<text class="{kind}" x="{x:.0f}" y="{y:.0f}"{anchor}>{escape(words)}</text>'


def box(x: float, y: float, width: float, height: float) -> str:
    """A box, of which `x` and `y` are the corner above on the left."""
    return f'<rect x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" height="{height:.0f}" rx="4"/>'


def path(d: str) -> str:
    """A line, in the words of SVG."""
    return f'<path d="{d}"/>'


def write(name: str, title: str, height: float, parts: Iterable[str]) -> None:
    """Write a drawing, if it is not what is there already."""
    parts = list(parts)
    # What is inside of an image is not read aloud, links among it.
    role = "group" if any("<a " in part for part in parts) else "img"
    opening = (
        f'<svg class="drawing" viewBox="0 0 {WIDTH} {height:.0f}" role="{role}" '
        'xmlns="http://www.w3.org/2000/svg">'
    )
    lines = [opening, f"<title>{escape(title)}</title>", _STYLE, *parts, "</svg>"]
    drawing, file = "\n".join(lines) + "\n", FOLDER / f"{name}.svg"
    FOLDER.mkdir(exist_ok=True)
    if not file.exists() or file.read_text(encoding="utf-8") != drawing:
        file.write_text(drawing, encoding="utf-8")
