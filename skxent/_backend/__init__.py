"""What formulas need of a library of arrays: NumPy's, and the array API standard's on a device."""

from skxent._backend._array_api import ArrayApi, copied_from
from skxent._backend._fetching import Fetching
from skxent._backend._numpy import (
    NUMPY,
    class_weights,
    dot,
    pick,
    row_slices,
    row_sums,
)
from skxent._backend._protocol import Backend, Space

__all__ = [
    "NUMPY",
    "ArrayApi",
    "Backend",
    "Fetching",
    "Space",
    "class_weights",
    "copied_from",
    "dot",
    "pick",
    "row_slices",
    "row_sums",
]
