"""Render a report as a data frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skxent._render._words import encodable

__all__ = ["render_frame"]

_BACKENDS = ("pandas", "polars", "pyarrow")


def render_frame(
    names: Sequence[Any], per_class: Mapping[str, NDArray[np.generic]], backend: str | None
) -> Any:
    """One row a class, the class in the first column."""
    if backend is not None and backend not in _BACKENDS:
        msg = f"backend must be one of {', '.join(_BACKENDS)}, or None; got {backend!r}."
        raise ValueError(msg)
    candidates: tuple[Any, ...] = _BACKENDS[:2] if backend is None else (backend,)
    found = next((name for name in candidates if find_spec(name) is not None), None)
    if found is None:
        msg = f"to_frame needs {' or '.join(candidates)}: pip install {candidates[0]}."
        raise ImportError(msg)
    import narwhals.stable.v2 as nw

    data = {"class": list(names)} | {name: v.tolist() for name, v in per_class.items()}
    columns = {name: list(map(_storable, values)) for name, values in data.items()}
    return nw.from_dict(columns, backend=found).to_native()


def _storable(value: Any) -> Any:
    return encodable(value) if isinstance(value, str) else value
