"""Results as plain values, and these as strict JSON."""

from __future__ import annotations

import json
import math
import secrets
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from skxent._render._digits import table_text
from skxent._render._words import encodable

__all__ = ["as_json", "as_plain"]

# From so many numbers on it pays to write a table as a whole: a third of a second for 700 x 700.
_LARGE = 10_000


def as_plain(value: Any, *, tables: bool = False) -> Any:
    """
    Numbers, texts, lists and dicts; nan and infinity stay what they are.

    With `tables` large arrays of numbers are left for `as_json`.
    """
    if is_dataclass(value):
        shown = (f.name for f in fields(value) if f.metadata.get("shown", True))
        value = {name.removeprefix("_"): getattr(value, name) for name in shown}
    if isinstance(value, dict):
        return {key: as_plain(v, tables=tables) for key, v in value.items()}
    if tables and isinstance(value, np.ndarray) and value.ndim == 2 and value.size >= _LARGE:
        return value
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, tuple):
        return [as_plain(v, tables=tables) for v in value]
    return value


def as_json(values: Any, indent: int | None) -> str:
    """Strict JSON: nan is null, infinity the text "Infinity" or "-Infinity"."""
    tables: dict[str, str] = {}
    text = _dumps(_strict(values, tables), indent)
    text = encodable(text)  # the escape is that of JSON, so that it is read as it was
    for name, table in tables.items():
        text = text.replace(f'"{name}"', table, 1)
    return text


def _dumps(values: Any, indent: int | None = None) -> str:
    return json.dumps(values, indent=indent, ensure_ascii=False, allow_nan=False)


def _strict(value: Any, tables: dict[str, str]) -> Any:
    """What JSON has types for; the name in the place of each array, whose text is in `tables`."""
    if isinstance(value, np.ndarray):
        name = secrets.token_hex(16)  # which no label is
        tables[name] = table_text(value, lambda row: _dumps(_strict(row, tables)))
        return name
    if isinstance(value, dict):
        return {key: _strict(v, tables) for key, v in value.items()}
    if isinstance(value, list):
        # Most numbers are in long rows that need no second look.
        plain = set(map(type, value)) == {float} and all(map(math.isfinite, value))
        return value if plain else [_strict(v, tables) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    # Labels may be of a type that JSON does not have, such as dates.
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
