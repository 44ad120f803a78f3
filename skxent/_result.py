"""What all results share: arrays that are read-only, and stay so in copies."""

from __future__ import annotations

from dataclasses import is_dataclass
from typing import Any, NoReturn, TypeVar

import numpy as np

__all__ = ["Frozen", "FrozenDict"]

Value = TypeVar("Value")


class FrozenDict(dict[str, Value]):
    """
    A dict that refuses to be written to.

    Data frames are made of dicts column by column; of other mappings, not.
    """

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        msg = "A result is read-only; change a copy instead: dict(values)."
        raise TypeError(msg)

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (dict(self),)


def _freeze(value: Any) -> None:
    """Make every array that is somewhere in a result read-only."""
    if isinstance(value, np.ndarray):
        value.flags.writeable = False
    elif isinstance(value, dict | tuple):
        for part in value.values() if isinstance(value, dict) else value:
            _freeze(part)
    elif is_dataclass(value):
        for name in value.__dataclass_fields__:
            _freeze(getattr(value, name))


class Frozen:
    """A result whose arrays are read-only, and stay so in copies."""

    def __post_init__(self) -> None:
        _freeze(self)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        _freeze(self)
