"""Arrays of other libraries: which they are, where they live, and NumPy's view of them."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skxent._backend import ArrayApi, copied_from

__all__ = [
    "backend_of",
    "dtype_of",
    "fetched",
    "in_memory",
    "is_elsewhere",
    "is_foreign",
    "is_half",
    "kinds_of",
    "like",
    "on_host",
    "refuse_lazy",
    "refuse_masked",
    "same_device",
    "strided",
]

_PLAIN = (np.ndarray, list, tuple)
# Libraries whose arrays do not name their namespace, at least in some of their releases.
_UNNAMED = {"torch", "cupy"}
# DLPack's numbers of the processor's memory, and of such memory pinned for a device.
_HOST_MEMORY = {1, 3, 11}
# Libraries of which everything is a plan of what to compute, and the plans of others.
_LAZY_LIBRARIES = {"cubed", "dask", "dask_expr", "ibis", "pyspark"}
_LAZY_KINDS = {
    ("_duckdb", "DuckDBPyRelation"),
    ("duckdb", "DuckDBPyRelation"),
    ("narwhals", "LazyFrame"),
    ("polars", "LazyFrame"),
    ("pyarrow", "Dataset"),
    ("pyarrow", "RecordBatchReader"),
    ("pyarrow", "Scanner"),
}
# How they are asked for their numbers: the first of these that one has.
_COMPUTING = ("compute", "toPandas", "to_pandas", "collect", "df", "read_all", "to_table")
# What takes numbers that do not fit into memory.
_IN_PARTS = "LogLossAccumulator(labels).update(y_true, y_proba)"
# Where those lie that compute on several machines.
_ENGINES = {"dask": "dask", "dask_expr": "dask", "pyspark": "spark"}
_REFUSALS = (RuntimeError, TypeError, ValueError, BufferError, AttributeError)


def is_foreign(values: Any) -> bool:
    """Whether this is an array of another library than NumPy, by the array API standard."""
    if values is None or isinstance(values, _PLAIN):
        return False
    kind = type(values)
    if not hasattr(kind, "__dlpack_device__"):
        return False
    return hasattr(kind, "__array_namespace__") or _is_of(values, _UNNAMED)


def kinds_of(values: object) -> list[tuple[str, str]]:
    """The libraries and the names of the classes that this is an instance of."""
    return [(base.__module__.partition(".")[0], base.__name__) for base in type(values).__mro__]


def _is_of(values: object, libraries: set[str]) -> bool:
    return any(library in libraries for library, _ in kinds_of(values))


def refuse_lazy(values: object, name: str) -> None:
    """An error for a plan of what to compute: numpy would pull all of it into memory."""
    if values is None or isinstance(values, _PLAIN) or not _is_lazy(values):
        return
    kind = type(values)
    way = next((way for way in _COMPUTING if hasattr(kind, way)), None)
    whole = f"{name}.{way}() if it fits, or" if way else "what it computes, or"
    engine = next((_ENGINES[own] for own, _ in kinds_of(values) if own in _ENGINES), None)
    parts = f"add it batch by batch with {_IN_PARTS}"
    if engine is not None:
        parts = f"count it where it is with skxent.engines.{engine}.log_loss_report"
    msg = (
        f"{name} is lazy ({kind.__module__}.{kind.__name__}), and nothing of it is pulled into "
        f"memory here; pass {whole} {parts}."
    )
    raise TypeError(msg)


def refuse_masked(
    values: object, name: str, way_out: str = "fill or drop those rows first"
) -> None:
    """An error for an array some of whose numbers are hidden: numpy would show them."""
    if isinstance(values, np.ma.MaskedArray):
        msg = f"{name} is a masked array, whose mask would be lost; {way_out}."
        raise ValueError(msg)


def _is_lazy(values: object) -> bool:
    if _is_of(values, _LAZY_LIBRARIES) or _LAZY_KINDS & set(kinds_of(values)):
        return True
    # What xarray names may be on disk or on a cluster, which it then keeps in chunks.
    return _is_of(values, {"xarray"}) and bool(getattr(values, "chunks", None))


def is_elsewhere(values: Any) -> bool:
    """Whether this is an array on another device, which NumPy cannot look at."""
    if not is_foreign(values):
        return False
    try:
        if values.__dlpack_device__()[0] not in _HOST_MEMORY:
            return True
        if not _is_of(values, {"torch"}):  # whose tensors in host memory can always be viewed
            np.asarray(values)
    except _REFUSALS:
        return True
    return False


def is_half(values: Any) -> bool:
    """Whether an array's numbers are floats of 16 bits, so that rows sum to 1 only roughly."""
    if isinstance(values, np.ndarray):
        return values.dtype.kind == "f" and values.dtype.itemsize == 2
    return str(values.dtype).endswith("float16")


def dtype_of(values: Any, name: str) -> np.dtype[Any]:
    """What NumPy calls the type of an array on a device."""
    text = str(values.dtype).rpartition(".")[2].rstrip("'>")
    try:
        return np.dtype("float32" if text == "bfloat16" else text)
    except TypeError as error:
        msg = f"{name} has dtype {values.dtype}; convert it to a type such as float32 first."
        raise TypeError(msg) from error


def backend_of(values: Any, name: str) -> ArrayApi:
    """The arithmetic of the device and the library of an array that is not in host memory."""
    try:
        import array_api_compat  # only here: NumPy and arrays in host memory do without it
    except ImportError as error:
        msg = (
            f"{name} is on the device {values.device}, and to compute there needs "
            f'array-api-compat: pip install "skxent[array-api]", or pass an array in host memory.'
        )
        raise ImportError(msg) from error
    xp = array_api_compat.array_namespace(values)
    device = array_api_compat.device(values)
    info = xp.__array_namespace_info__()
    if "float64" not in info.dtypes(device=device, kind="real floating"):
        msg = (
            f"{name} is on the device {device}, which has no float64, and sums of losses need it; "
            f"pass {name}.cpu() for torch, or a NumPy array."
        )
        raise TypeError(msg)
    return ArrayApi(xp, device, info.default_dtypes(device=device)["indexing"])


def same_device(values: Any, name: str, backend: ArrayApi, beside: str = "y_proba") -> Any:
    """`values`, if they are an array of this library on this device."""
    values = strided(values, name)
    other = backend_of(values, name)
    if other.xp is not backend.xp or other.device != backend.device:
        msg = (
            f"{name} is on the device {other.device} and {beside} on {backend.device}, as arrays "
            f"of {other.xp.__name__} and {backend.xp.__name__}; move them to one device of one "
            f"library."
        )
        raise ValueError(msg)
    return values


def on_host(values: Any, name: str) -> NDArray[Any]:
    """NumPy's view of a foreign array in host memory: no copy, unless NumPy lacks its type."""
    if is_elsewhere(values):
        msg = (
            f"{name} is on the device {values.device}, but is needed in host memory here; pass "
            f"{name}.cpu() for torch, {name}.get() for CuPy, or a NumPy array."
        )
        raise TypeError(msg)
    return _view(values, name)


def _view(values: Any, name: str) -> NDArray[Any]:
    values = strided(values, name)
    try:
        if _is_of(values, {"torch"}):  # whose views may owe a change of sign
            values = values.resolve_conj().resolve_neg()
            values = values.float() if str(values.dtype) == "torch.bfloat16" else values
        array = np.asarray(values)
    except _REFUSALS as error:
        msg = (
            f"{name} has dtype {values.dtype}, which NumPy cannot read ({error}); convert it to "
            f"a type such as float32 first."
        )
        raise TypeError(msg) from error
    return array.astype(np.float32) if array.dtype.name == "bfloat16" else array


def strided(values: Any, name: str) -> Any:
    """A foreign array without its gradient, if it is no sparse one and holds numbers."""
    layout = str(getattr(values, "layout", "torch.strided"))
    if layout != "torch.strided":
        msg = f"{name} is a sparse tensor ({layout}); pass {name}.to_dense()."
        raise TypeError(msg)
    if hasattr(values, "todense"):
        msg = f"{name} is a sparse array; pass {name}.todense()."
        raise TypeError(msg)
    if getattr(values, "is_meta", False):
        msg = f"{name} is on the device meta, which holds no numbers."
        raise TypeError(msg)
    return values.detach() if getattr(values, "requires_grad", False) else values


def in_memory(values: Any, name: str, way_out: str = "fill or drop those rows first") -> Any:
    """
    What may be passed beside a table: what NumPy can read, or NumPy's view of a foreign array.

    Masked arrays are refused with a way out, and what is lazy or on a device as well.
    """
    refuse_lazy(values, name)
    refuse_masked(values, name, way_out)
    return on_host(values, name) if is_foreign(values) else values


def fetched(values: Any, name: str) -> NDArray[Any]:
    """A few numbers, such as one a class, as a NumPy array from wherever they are."""
    if not is_elsewhere(values):
        return on_host(values, name)
    values = strided(values, name)
    return _view(values.cpu(), name) if hasattr(values, "cpu") else copied_from(values)


def like(array: NDArray[Any], origin: Any) -> Any:
    """`array` as an array of the library of `origin`, which is in host memory; or as it is."""
    if origin is None:
        return array
    if _is_of(origin, {"torch"}):
        return sys.modules["torch"].from_numpy(array)
    return origin.__array_namespace__().asarray(array, device=origin.device)
