"""A report as plain values, and as JSON."""

from __future__ import annotations

import json
import math
from dataclasses import fields
from typing import Any

import numpy as np

from skxent.report._content import Content, Curve, Ladder

__all__ = ["as_dict", "as_json"]


def as_dict(content: Content) -> dict[str, Any]:
    """Numbers, texts, lists and dicts; nan and infinity stay what they are."""
    found: dict[str, Any] = {
        f.name.removeprefix("_"): _plain(getattr(content, f.name)) for f in fields(Content)
    }
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, Ladder | Curve):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, dict):
        return {key: _plain(v) for key, v in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    return value


def as_json(values: Any, indent: int | None) -> str:
    """Strict JSON: nan is null, infinity the text "Infinity" or "-Infinity"."""
    return json.dumps(_strict(values), indent=indent, ensure_ascii=False, allow_nan=False)


def _strict(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _strict(v) for key, v in value.items()}
    if isinstance(value, list):
        return [_strict(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    # Labels may be of a type that JSON does not have, such as dates.
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
