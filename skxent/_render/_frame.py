"""Columns as a data frame of any library."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skxent._render._words import encodable

__all__ = ["Framed", "render_frame"]

_BACKENDS = ("pandas", "polars", "pyarrow")


def render_frame(columns: Mapping[str, Sequence[Any] | NDArray[Any]], backend: str | None) -> Any:
    """A frame of columns of one length, in their order."""
    if backend is not None and backend not in _BACKENDS:
        msg = f"backend must be one of {', '.join(_BACKENDS)}, or None; got {backend!r}."
        raise ValueError(msg)
    candidates: tuple[Any, ...] = _BACKENDS[:2] if backend is None else (backend,)
    found = next((name for name in candidates if find_spec(name) is not None), None)
    if found is None:
        msg = f"to_frame needs {' or '.join(candidates)}: pip install {candidates[0]}."
        raise ImportError(msg)
    import narwhals.stable.v2 as nw

    data = {name: _storable(values) for name, values in columns.items()}
    frame = nw.from_dict(data, backend=found).to_native()
    if found == "pandas":
        import pandas as pd

        for name, values in data.items():
            if None in values:  # pandas would make floats of integers beside it
                frame[name] = pd.Series(values, dtype=object)
    return frame


def _storable(values: Sequence[Any] | NDArray[Any]) -> list[Any]:
    values = values.tolist() if isinstance(values, np.ndarray) else list(values)
    return [encodable(value) if isinstance(value, str) else value for value in values]


class Framed(ABC):
    """A display whose data can be had as a data frame."""

    @abstractmethod
    def _columns(self) -> Mapping[str, Sequence[Any] | NDArray[Any]]:
        """The data, column by column."""

    def frame(self, backend: str | None = None) -> Any:
        """
        Data of the figure; its rows and columns are those that the class describes.

        The name is that of displays: a result, which is more than its frame, has `to_frame`.

        Parameters
        ----------
        backend : {"pandas", "polars", "pyarrow"}, default=None
            Which library's frame; None: pandas if installed, else polars.

        Returns
        -------
        DataFrame
            Without a rounding; nan where there is nothing to draw.

        Raises
        ------
        ImportError
            If the library is not installed.
        ValueError
            If `backend` is none of these.
        """
        return render_frame(self._columns(), backend)
