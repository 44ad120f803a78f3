"""From one number a row to what the user asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from skxent._intake._arguments import check_choice
from skxent._intake._rows import Labelled, Paired
from skxent._intake._table import Table
from skxent._typing import FloatArray, Reduction

__all__ = ["Reduction", "check_reduction", "reduce_rows", "row_values"]


def check_reduction(reduction: str) -> None:
    check_choice(reduction, "reduction", ("mean", "sum", "none"))


def reduce_rows(
    blocks: Iterable[tuple[slice, FloatArray]],
    table: Table,
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
        if single:
            ((_, values),) = blocks
            return float(values[0]) / unit
        return table.one_a_row(blocks, unit)
    total: float = table.kernels.weighted_sum(blocks, weight) / unit
    return total if reduction == "sum" else total / table.total(weight)


def row_values(
    rows: Labelled | Paired, kernel: Literal["cross_entropy_rows", "kl_rows"]
) -> Iterator[tuple[slice, FloatArray]]:
    """Blocks of the value of that kernel for each row; a label costs minus its log-probability."""
    if isinstance(rows, Labelled):
        yield from rows.proba.losses(rows.codes)
        return
    value = getattr(rows.proba.kernels, kernel)
    targets = rows.target.probabilities()
    for (at, logp), (_, t) in zip(rows.proba.log_probabilities(), targets, strict=True):
        yield at, value(t, logp)
