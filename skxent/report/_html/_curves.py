"""The reliability curve of a class as a small multiple."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skxent._render._plots import shorten
from skxent._typing import FloatArray
from skxent.report._content import Curve

__all__ = ["CurvePlot", "curve_plot"]

# The box of a small multiple: x from 30 to 180, y from 186 up to 36, counts from 216 up to 190.
_BOX_X, _BOX_Y, _BOX, _COUNTS = 30.0, 186.0, 150.0, 26.0


@dataclass(frozen=True, slots=True)
class CurvePlot:
    """A small multiple: the reliability curve of one class."""

    label: str
    tip: str
    remark: str
    curve: str
    point: tuple[float, float] | None
    band: str
    bars: list[tuple[float, float, float]]


def _pixels(x: FloatArray, y: FloatArray) -> FloatArray:
    """Corners of a line in pixels, without those that nobody would see."""
    keep = np.isfinite(x) & np.isfinite(y)
    points = np.column_stack([_BOX_X + _BOX * x[keep], _BOX_Y - _BOX * y[keep]]).round(1)
    if len(points) < 3:
        return points
    points = points[np.r_[True, np.diff(points, axis=0).any(axis=1)]]
    before, after = np.diff(points[:-1], axis=0), np.diff(points[1:], axis=0)
    straight = np.abs(before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]) < 0.005
    return points[np.r_[True, ~straight, True]] if len(points) > 2 else points


def _points(pixels: FloatArray) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in pixels)


def curve_plot(name: str, tip: str, remark: str, curve: Curve) -> CurvePlot:
    """Lay out the curve of a class."""
    line = _pixels(curve.proba, curve.share)
    band = _pixels(
        np.concatenate([curve.grid, curve.grid[::-1]]),
        np.concatenate([curve.low, curve.high[::-1]]),
    )
    # A curve that hardly leaves its place would be invisible.
    short = len(line) > 0 and np.ptp(line, axis=0).max() < 3
    x = _BOX_X + _BOX * np.clip(curve.edges, 0, 1)
    most = curve.counts.max(initial=0.0)
    heights = _COUNTS * np.sqrt(curve.counts / most) if most > 0 else curve.counts
    bars = [
        (round(float(a), 1), max(round(float(b - a) - 0.5, 1), 0.5), round(float(h), 1))
        for a, b, h in zip(x[:-1], x[1:], heights, strict=True)
        if h >= 0.05
    ]
    return CurvePlot(
        shorten(name, 22),
        tip,
        remark,
        _points(line) if len(line) > 1 else "",
        (float(line[0, 0]), float(line[0, 1])) if short else None,
        _points(band),
        bars,
    )
