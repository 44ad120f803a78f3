"""What only the rows themselves can tell: which are the worst, and how much they carry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skxent._intake._rows import Labelled
from skxent._typing import FloatArray, IntArray
from skxent.metrics._log_loss import floored_losses

__all__ = ["concentration", "row_index", "row_losses", "worst_rows"]

_N_WORST = 100


def row_index(*values: Any) -> Any:
    """
    The pandas index of the first of these that has one of its own, or None.

    One that counts the rows from 0 says nothing.
    """
    for value in values:
        index = getattr(value, "index", None)
        if index is None or not hasattr(value, "iloc"):
            continue
        counts = type(index).__name__ == "RangeIndex" and (index.start, index.step) == (0, 1)
        if not counts:
            return index
    return None


def row_losses(rows: Labelled, eps: float) -> FloatArray:
    """Floored loss in nats of each row; 0 where the weight is 0."""
    losses = np.empty(rows.proba.n_samples)
    for at, block in floored_losses(rows, eps):
        losses[at] = block
    if rows.weight is not None:
        losses[rows.weight == 0] = 0.0
    return losses


def concentration(losses: FloatArray, weight: FloatArray | None) -> tuple[float, float]:
    """
    Share of the loss that the worst 1 % of the rows carry, and its Gini coefficient.

    A row that reaches beyond the last percent counts with the part that is within. Nan where
    nothing is lost, or too much.
    """
    total = losses.sum() if weight is None else losses @ weight
    if not 0 < total < np.inf:
        return np.nan, np.nan
    order = np.argsort(losses)
    cost = losses[order]
    w = np.ones(len(cost)) if weight is None else weight[order]
    # The Lorenz curve: share of the loss of the least costly rows.
    people = np.concatenate([[0.0], np.cumsum(w)]) / w.sum()
    lorenz = np.concatenate([[0.0], np.cumsum(w * cost)]) / total
    tail = 1.0 - np.interp(0.99, people, lorenz / lorenz[-1])
    area = (np.diff(people) * (lorenz[1:] + lorenz[:-1])).sum()
    return float(tail), float(1.0 - area)


def worst_rows(
    rows: Labelled,
    losses: FloatArray,
    unit: float,
    names: Sequence[Any],
    numbers: IntArray | None,
    index: Any = None,
) -> dict[str, NDArray[Any]]:
    """
    The rows that cost most.

    `numbers` are those of the rows in the user's data, and `index` the names of these.
    """
    n = min(_N_WORST, len(losses))
    some = np.flatnonzero(losses >= np.partition(losses, -n)[-n])
    worst = some[np.lexsort([some, -losses[some]])][:n]
    worst = worst[losses[worst] > 0]
    if not len(worst):
        p = np.empty((0, rows.proba.n_classes))
    else:
        part = replace(rows.proba, array=rows.proba.array[worst])
        p = np.concatenate([block for _, block in part.probabilities()])
    called = np.empty(len(names), dtype=object)
    called[:] = list(names)
    codes, predicted = rows.codes[worst], p.argmax(axis=1)
    at = np.arange(len(worst))
    return {
        "row": _named(worst if numbers is None else numbers[worst], index),
        "class": called[codes],
        "log_loss": losses[worst] / unit,
        "proba": p[at, codes],
        "predicted": called[predicted],
        "predicted_proba": p[at, predicted],
    }


def _named(numbers: IntArray, index: Any) -> NDArray[Any]:
    """What the user calls these rows."""
    if index is None:
        return numbers
    names = index.take(numbers)
    if names.dtype.kind in "biuf":
        return np.array(names)
    # One object a row, also where a name has several levels.
    found = np.empty(len(names), dtype=object)
    found[:] = names.tolist()
    return found
