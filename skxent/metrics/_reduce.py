"""From one number a row to what the user asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from skxent._backend import Backend
from skxent._intake._arguments import check_choice
from skxent._intake._rows import Labelled, Paired
from skxent._intake._table import Table
from skxent._kernels import weighted_sum
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
        values = table.backend.joined(blocks, table.n_samples) / unit
        return float(values[0]) if single else table.as_given(values)
    total = weighted_sum(table.backend, blocks, weight) / unit
    return total if reduction == "sum" else total / table.total(weight)


def row_values(
    rows: Labelled | Paired, kernel: Callable[[Backend, FloatArray, FloatArray], FloatArray]
) -> Iterator[tuple[slice, FloatArray]]:
    """Blocks of the value of that kernel for each row; a label costs minus its log-probability."""
    if isinstance(rows, Labelled):
        yield from rows.proba.losses(rows.codes)
        return
    targets = rows.target.probabilities()
    for (at, logp), (_, t) in zip(rows.proba.log_probabilities(), targets, strict=True):
        yield at, kernel(rows.proba.backend, t, logp)
