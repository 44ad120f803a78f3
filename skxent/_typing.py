"""Types and numbers that the whole package shares."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "EPS",
    "Average",
    "FloatArray",
    "IntArray",
    "LabelArray",
    "Narrow",
    "Reduction",
]

# The floor of probabilities, for every type of numbers: the distance from 1 to the next float64.
EPS = 2.0**-52

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]
# Of single precision, where sums of many numbers only say where to step.
Narrow = NDArray[np.float32]
# Labels keep the type that the user gave them.
LabelArray = NDArray[Any]

Average = Literal["micro", "macro"]
Reduction = Literal["mean", "sum", "none"]
