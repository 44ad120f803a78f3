"""A report as the flat numbers that trackers of experiments take."""

from __future__ import annotations

import math
import re

from skxent.report._content import Content

__all__ = ["as_metrics"]

# Of each class: what a tracker is to plot over time.
_OF_CLASS = ("log_loss", "skill", "gap", "recoverable")


def as_metrics(content: Content, prefix: str) -> dict[str, float]:
    """The overall figures, and some of each class, that are known; keys are distinct."""
    found = {f"{prefix}{name}": float(value) for name, value in content.overall.items()}
    names = [_safe(str(name)) for name in content.target_names]
    if len(set(names)) < len(names):
        names = [f"{i}_{name}" for i, name in enumerate(names)]
    for figure in _OF_CLASS:
        values = content.per_class[figure].tolist()
        found |= {f"{prefix}{figure}.{n}": float(v) for n, v in zip(names, values, strict=True)}
    return {key: value for key, value in found.items() if math.isfinite(value)}


def _safe(name: str) -> str:
    """Letters, digits and a few signs, which all trackers allow in keys."""
    return re.sub(r"[^A-Za-z0-9_.-]", "_", name)
