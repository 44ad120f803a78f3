"""What a user passes as probabilities, as a table."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skxent._backend import NUMPY, Backend
from skxent._intake._arguments import check_flag
from skxent._intake._containers import Names, array_and_columns
from skxent._intake._foreign import (
    backend_of,
    dtype_of,
    is_elsewhere,
    is_foreign,
    is_half,
    on_host,
    refuse_lazy,
    strided,
)
from skxent._intake._table import Table

__all__ = ["as_table"]

_SUM_TOLERANCE = 1e-4
_SUM_TOLERANCE_HALF = 1e-2


def as_table(
    values: ArrayLike,
    name: str,
    *,
    from_logits: bool = False,
    renormalize: bool | None = False,
    anywhere: bool = False,
) -> Table:
    """
    `values` as a `Table`: the array where possible without a copy, and the column names.

    On the device where it is, if `anywhere`; else an array on a device is refused.
    """
    check_flag(from_logits, "from_logits")
    if renormalize is not None:
        check_flag(renormalize, "renormalize")
    if type(values) is np.ndarray and values.dtype.kind != "O":
        # Whose it is, and what its columns are called, need not be asked.
        found = _Found(values, values.dtype, values.dtype.type is np.float16)
    else:
        found = _found(values, name, anywhere)
    _refuse_shape(found.array, found.dtype, name, values)
    return Table(
        found.array,
        name,
        found.dtype,
        _SUM_TOLERANCE_HALF if found.half else _SUM_TOLERANCE,
        columns=found.columns,
        from_logits=from_logits,
        renormalize=renormalize,
        origin=found.origin,
        backend=found.backend,
    )


class _Found(NamedTuple):
    """The numbers of what a user passed, and where they were found."""

    array: NDArray[Any]
    dtype: np.dtype[Any]
    half: bool
    columns: Names | None = None
    origin: Any = None
    backend: Backend = NUMPY


def _found(values: ArrayLike, name: str, anywhere: bool) -> _Found:
    """The numbers of a list, a frame or a foreign array."""
    refuse_lazy(values, name)
    if anywhere and is_elsewhere(values):
        backend, array = backend_of(values, name), strided(values, name)
        return _Found(array, dtype_of(array, name), is_half(array), backend=backend)
    origin = values if is_foreign(values) else None
    array, columns = array_and_columns(values if origin is None else on_host(origin, name), name)
    return _Found(array, array.dtype, is_half(array if origin is None else origin), columns, origin)


def _refuse_shape(array: NDArray[Any], dtype: np.dtype[Any], name: str, values: object) -> None:
    shape = tuple(array.shape)
    if len(shape) == 0:
        msg = f"{name} must be an array, a list or a data frame in memory; got {type(values)}."
        raise TypeError(msg)
    if len(shape) > 2:
        msg = (
            f"{name} must have shape (n_samples, n_classes) or (n_samples,); got {shape}. "
            f"For several outputs pass one of them at a time."
        )
        raise ValueError(msg)
    if dtype.kind not in "biufO":
        msg = (
            f"{name} must hold probabilities; got dtype {dtype}. If these are predicted "
            f"labels, pass the output of predict_proba instead."
        )
        raise TypeError(msg)
    if 0 in shape:
        msg = f"{name} is empty: shape {shape}; at least one row and one class are needed."
        raise ValueError(msg)
