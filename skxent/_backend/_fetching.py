"""NumPy's arithmetic for an array that is on a device: blocks of it come to host memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from skxent._backend._numpy import NUMPY, HostArithmetic
from skxent._backend._protocol import Backend
from skxent._typing import IntArray

__all__ = ["Fetching"]


@dataclass(frozen=True, slots=True)
class Fetching(HostArithmetic):
    """What is computed is computed by NumPy; one block at a time is in host memory."""

    device: Backend
    """The arithmetic of the device where the array is."""

    def block(
        self, array: NDArray[Any], rows: slice | IntArray, order: IntArray | None = None
    ) -> NDArray[Any]:
        part = self.device.wide(self.device.block(array, rows))
        return NUMPY.block(self.device.to_host(part), slice(None), order)
