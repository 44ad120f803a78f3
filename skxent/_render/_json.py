"""Results as plain values, and these as strict JSON."""

from __future__ import annotations

import json
import math
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from skxent._render._words import encodable

__all__ = ["as_json", "as_plain"]


def as_plain(value: Any) -> Any:
    """Numbers, texts, lists and dicts; nan and infinity stay what they are."""
    if is_dataclass(value):
        return {f.name.removeprefix("_"): as_plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, dict):
        return {key: as_plain(v) for key, v in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, tuple):
        return [as_plain(v) for v in value]
    return value


def as_json(values: Any, indent: int | None) -> str:
    """Strict JSON: nan is null, infinity the text "Infinity" or "-Infinity"."""
    text = json.dumps(_strict(values), indent=indent, ensure_ascii=False, allow_nan=False)
    return encodable(text)  # the escape is that of JSON, so that it is read as it was


def _strict(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _strict(v) for key, v in value.items()}
    if isinstance(value, list):
        # Most numbers are in long rows that need no second look.
        plain = set(map(type, value)) == {float} and all(map(math.isfinite, value))
        return value if plain else [_strict(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    # Labels may be of a type that JSON does not have, such as dates.
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
