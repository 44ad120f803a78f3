"""
Draw the floors of the package as pyproject.toml has them: ``python docs/house.py``.

A room is a module or package directly in skxent. Its floor is its layer in the first contract of
import-linter. A line is drawn for what a room imports, unless it also comes by way of another.
"""

from __future__ import annotations

import ast
import tomllib
from functools import cache
from pathlib import Path
from textwrap import wrap

import drawing
from drawing import WIDTH

ROOT = Path(__file__).resolve().parents[1] / "skxent"

GAP, PAD = 34, 12  # between rooms, and at the edge
LINE, LETTER = 16, 6.0  # height of a line of text, and width of a letter

Box = tuple[float, float, float, float]
"""Left, top, width and height."""


def name_of(path: Path) -> str:
    """Dotted name of a module or package."""
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(module: str) -> str:
    """The room that a module is in; the package itself is one, of the public names."""
    return ".".join(module.split(".")[:2])


@cache
def modules() -> dict[str, ast.Module]:
    """What each module says."""
    return {
        name_of(path): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(ROOT.rglob("*.py"))
    }


def imported(module: str) -> set[str]:
    """The rooms that a module imports from, anywhere in its text."""
    found = set()
    for node in ast.walk(modules()[module]):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in modules() else node.module for name in inner}
    return {room_of(name) for name in found if name in modules()} - {room_of(module)}


@cache
def imports() -> dict[str, set[str]]:
    """For each room the rooms that it imports from."""
    below: dict[str, set[str]] = {}
    for module in modules():
        below.setdefault(room_of(module), set()).update(imported(module))
    return below


@cache
def layers() -> list[list[str]]:
    """The rooms of each layer that import-linter holds the package to, the highest first."""
    text = (ROOT.parent / "pyproject.toml").read_text(encoding="utf-8")
    contracts = tomllib.loads(text)["tool"]["importlinter"]["contracts"]
    said = next(c["layers"] for c in contracts if c.get("containers") == [ROOT.name])
    return [[f"{ROOT.name}.{name}" for name in layer.split(" : ")] for layer in said]


def floor(room: str) -> int:
    """How many layers are below this room; the public names are above all."""
    above = (i for i, layer in enumerate(layers()) if room in layer)
    return len(layers()) - 1 - next(above, -1)


@cache
def reach(room: str) -> frozenset[str]:
    """All rooms below this one, directly or by way of others."""
    return frozenset().union(*({other} | reach(other) for other in imports()[room]))


def lines_of(room: str, width: float) -> list[str]:
    """What a room says of itself, in lines that fit."""
    said = (ast.get_docstring(modules()[room]) or "").splitlines()[:1]
    return wrap("".join(said).replace("`", "").rstrip("."), int((width - 2 * PAD) / LETTER))


@cache
def edges() -> list[tuple[str, str]]:
    """From each room to those below that it does not also reach by way of another."""
    return [
        (room, other)
        for room, below in sorted(imports().items())
        for other in sorted(below)
        if not any(other in reach(between) for between in below - {other})
    ]


def floors() -> list[list[str]]:
    """The rooms of each floor, the highest first, each below those that import from it."""
    middle: dict[str, float] = {}
    found = []
    for level in sorted({floor(room) for room in imports()}, reverse=True):
        above = {
            room: [middle[a] for a, b in edges() if b == room]
            for room in sorted(imports())
            if floor(room) == level
        }
        here = sorted(above, key=lambda r: sum(above[r]) / len(above[r]) if above[r] else 0.5)
        middle |= {room: (i + 0.5) / len(here) for i, room in enumerate(here)}
        found.append(here)
    return found


def boxes() -> tuple[dict[str, Box], float]:
    """Where each room is drawn, and the height of all."""
    top, places = float(PAD), {}
    for here in floors():
        rooms = max(len(here), 1.4)  # beside a room alone there is space for lines
        width = (WIDTH - 2 * PAD - (rooms - 1) * GAP) / rooms
        height = 2 * PAD + LINE * (1 + max(len(lines_of(room, width)) for room in here))
        left = (WIDTH - len(here) * width - (len(here) - 1) * GAP) / 2
        for i, room in enumerate(here):
            places[room] = (left + i * (width + GAP), top, width, height)
        top += height + GAP
    return places, top - GAP + PAD


def path_of(start: Box, end: Box, places: dict[str, Box]) -> str:
    """A line from the bottom of one room to the top of another, between those on its way."""
    x, y = start[0] + start[2] / 2, start[1] + start[3]
    goal = end[0] + end[2] / 2, end[1]
    path = [f"M{x:.0f} {y:.0f}"]
    on_the_way = {(b[1], b[3]) for b in places.values() if y <= b[1] < end[1]}
    for top, height in sorted(on_the_way):
        level = sorted(b for b in places.values() if b[1] == top)
        ends = [0.0, *(side for b in level for side in (b[0], b[0] + b[2])), float(WIDTH)]
        gaps = [(a + b) / 2 for a, b in zip(ends[::2], ends[1::2], strict=True)]
        free = min(gaps, key=lambda g: abs(g - x) + abs(g - goal[0]))
        path.append(_bend(x, y, free, top))
        x, y = free, top + height
        path.append(f"L{x:.0f} {y:.0f}")
    return "".join([*path, _bend(x, y, *goal)])


def _bend(x0: float, y0: float, x1: float, y1: float) -> str:
    half = (y1 - y0) / 2
    return f"C{x0:.0f} {y0 + half:.0f} {x1:.0f} {y1 - half:.0f} {x1:.0f} {y1:.0f}"


def write() -> None:
    """Write the picture."""
    places, height = boxes()
    parts = [drawing.path(path_of(places[a], places[b], places)) for a, b in edges()]
    for room, (x, y, width, tall) in places.items():
        at = y + PAD + LINE - 4
        name = room.removeprefix("skxent.")
        parts += [drawing.box(x, y, width, tall), drawing.text(x + PAD, at, name, kind="name")]
        parts += [
            drawing.text(x + PAD, at + LINE * i, line)
            for i, line in enumerate(lines_of(room, width), start=1)
        ]
    title = "The rooms of the package, each above those that it imports from"
    drawing.write("house", title, height, parts)


if __name__ == "__main__":
    write()
