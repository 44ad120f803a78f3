"""A report as plain values."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np

from skxent.recalibration._choice import Recalibration
from skxent.recalibration._maps import Map
from skxent.report._content import Content, Curve

__all__ = ["as_dict"]


def as_dict(content: Content) -> dict[str, Any]:
    """Numbers, texts, lists and dicts; nan and infinity stay what they are."""
    found: dict[str, Any] = {
        f.name.removeprefix("_"): _plain(getattr(content, f.name)) for f in fields(Content)
    }
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, Recalibration | Curve | Map):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, dict):
        return {key: _plain(v) for key, v in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    return value
