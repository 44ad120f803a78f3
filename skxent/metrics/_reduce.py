"""From one number a row to what the user asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Literal

import numpy as np

from skxent._arguments import check_choice
from skxent._inputs import Labelled, Paired
from skxent._kernels import FloatArray, weighted_sum

__all__ = ["Reduction", "check_reduction", "reduce_rows", "row_values"]

Reduction = Literal["mean", "sum", "none"]


def check_reduction(reduction: str) -> None:
    check_choice(reduction, "reduction", ("mean", "sum", "none"))


def reduce_rows(
    blocks: Iterable[tuple[slice, FloatArray]],
    n_samples: int,
    weight: FloatArray | None,
    reduction: str,
    unit: float = 1.0,
    *,
    single: bool = False,
) -> float | FloatArray:
    """
    Mean, sum or all of the row values, which come in blocks and nats, in units of `unit` nats.

    A single distribution is one number, whatever the reduction.
    """
    if reduction == "none":
        values = np.empty(n_samples)
        for rows, block in blocks:
            values[rows] = block
        return float(values[0]) / unit if single else values / unit
    total = weighted_sum(blocks, weight) / unit
    if reduction == "sum":
        return total
    return total / (n_samples if weight is None else float(weight.sum()))


def row_values(
    rows: Labelled | Paired, kernel: Callable[[FloatArray, FloatArray], FloatArray]
) -> Iterator[tuple[slice, FloatArray]]:
    """Blocks of the value of `kernel` for each row; a label costs minus its log-probability."""
    if isinstance(rows, Labelled):
        yield from rows.proba.losses(rows.codes)
        return
    targets = rows.target.probabilities()
    for (at, logp), (_, t) in zip(rows.proba.log_probabilities(), targets, strict=True):
        yield at, kernel(t, logp)
