"""What all results share: arrays that are read-only, and stay so in copies."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

__all__ = ["Frozen"]


def _freeze(value: Any) -> None:
    """Make every array that is somewhere in a result read-only."""
    if isinstance(value, np.ndarray):
        value.flags.writeable = False
    elif isinstance(value, dict | tuple):
        for part in value.values() if isinstance(value, dict) else value:
            _freeze(part)
    elif is_dataclass(value):
        for field in fields(value):
            _freeze(getattr(value, field.name))


class Frozen:
    """A result whose arrays are read-only, and stay so in copies."""

    def __post_init__(self) -> None:
        _freeze(self)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        _freeze(self)
