"""How the losses of the rows are spread: the rows that cost most, and a histogram of all losses."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skxent._backend import dot, row_slices
from skxent._intake._rows import Labelled
from skxent._typing import FloatArray, IntArray
from skxent.metrics._log_loss import floored_losses
from skxent.statistic._histogram import Packed, packed, unpacked

__all__ = ["MOST_ROWS", "Spread", "WorstRows", "concentration", "row_losses"]

MOST_ROWS = 100
_EVERY = 64

# Losses are counted in 32 bins an octave, from 2**-60 to 2**11, read off the leading bits.
_OCTAVES, _BITS = 71, 5
_LOWEST = (1023 - 60) << _BITS


@dataclass(frozen=True, slots=True)
class WorstRows:
    """The rows that cost most, the worst first; of those that cost the same, the first."""

    loss: FloatArray
    """In nats."""
    number: IntArray
    """Which row it was."""
    codes: IntArray
    proba: FloatArray
    """Of the row's class."""
    predicted: IntArray
    """The most probable class."""
    predicted_proba: FloatArray
    name: NDArray[np.object_]
    """What the user calls the row; None where it has no name."""

    @classmethod
    def none(cls) -> WorstRows:
        whole, real = np.empty(0, dtype=np.intp), np.empty(0)
        return cls(real, whole, whole, real, whole, real, np.empty(0, dtype=object))

    @classmethod
    def of(
        cls,
        rows: Labelled,
        losses: FloatArray,
        above: float = 0.0,
    ) -> WorstRows:
        """The worst rows, by their place, of those whose loss is above something."""
        if len(losses) > _EVERY * MOST_ROWS:
            # As many of some rows cost so much; most of the others need no second look.
            above = max(above, np.nextafter(np.sort(losses[::_EVERY])[-MOST_ROWS], 0.0))
        at = np.flatnonzero(losses > above)
        if len(at) > MOST_ROWS:
            least = np.partition(losses[at], -MOST_ROWS)[-MOST_ROWS]
            at = at[losses[at] >= least]
        at = at[np.lexsort([at, -losses[at]])][:MOST_ROWS]
        if not len(at):
            return cls.none()
        part = rows.proba.taken(at)
        p = np.concatenate([block for _, block in part.probabilities()])
        codes, predicted, each = rows.codes[at], p.argmax(axis=1), np.arange(len(at))
        own, best = p[each, codes], p[each, predicted]
        return cls(losses[at], at, codes, own, predicted, best, np.full(len(at), None))

    @property
    def called(self) -> NDArray[Any]:
        """Names of the rows, and numbers of those that have none."""
        if all(name is None for name in self.name):
            return self.number
        called = [
            number if name is None else name
            for name, number in zip(self.name.tolist(), self.number.tolist(), strict=True)
        ]
        if (plain := np.array(called)).dtype.kind in "biuf":
            return plain
        # One object a row, also where a name has several levels.
        found = np.empty(len(called), dtype=object)
        found[:] = called
        return found

    @property
    def least(self) -> float:
        """The loss above which a row is among the worst."""
        return float(self.loss[-1]) if len(self.loss) == MOST_ROWS else 0.0

    def joined(self, other: WorstRows, start: int) -> WorstRows:
        """The worst of both, where the first row of the other has the number `start`."""
        if not len(other.loss):
            return self
        other = replace(other, number=other.number + start)
        both = {
            f.name: np.concatenate([getattr(x, f.name) for x in (self, other)])
            for f in fields(self)
        }
        order = np.lexsort([both["number"], -both["loss"]])[:MOST_ROWS]
        return WorstRows(**{name: values[order] for name, values in both.items()})


def row_losses(rows: Labelled, eps: float) -> FloatArray:
    """Floored loss in nats of each row; 0 where the weight is 0."""
    losses = np.empty(rows.proba.n_samples)
    for at, block in floored_losses(rows, eps):
        losses[at] = block
    if rows.weight is not None:
        losses[rows.weight == 0] = 0.0
    return losses


class Spread:
    """
    Weight and weighted loss of the rows by their loss, in bins that are 1.6 to 3.1 % wide.

    Its `concentration` is that of rows that cost as much as the mean of their bin: the tail is
    too small by 3 % of itself at most, and the Gini coefficient by a quarter of the width of a
    bin, 0.008, if all rows are in the same.
    """

    def __init__(self) -> None:
        self.total = np.zeros((2, _OCTAVES << _BITS))

    def add(self, losses: FloatArray, weight: FloatArray | None) -> None:
        n = self.total.shape[1]
        for at in row_slices(len(losses), 1):
            part, w = losses[at], None if weight is None else weight[at]
            bins = part.view(np.int64) >> (52 - _BITS)
            bins -= _LOWEST
            np.clip(bins, 0, n - 1, out=bins)
            self.total[0] += np.bincount(bins, w, n)
            self.total[1] += np.bincount(bins, part if w is None else w * part, n)

    def __getstate__(self) -> Packed:
        return packed(self.total)

    def __setstate__(self, state: Packed) -> None:
        self.total = unpacked(state)

    def concentration(self) -> tuple[float, float]:
        """Share of the loss in the worst 1 % of the rows, and Gini coefficient, nearly."""
        weight, loss = self.total[:, self.total[0] > 0]
        with np.errstate(invalid="ignore"):
            return concentration(loss / weight, weight)


def concentration(losses: FloatArray, weight: FloatArray | None) -> tuple[float, float]:
    """
    Share of the loss that the worst 1 % of the rows carry, and its Gini coefficient.

    A row that reaches beyond the last percent counts with the part that is within. Nan where
    nothing is lost, or too much.
    """
    total = losses.sum() if weight is None else dot(losses, weight)
    if not 0 < total < np.inf:
        return math.nan, math.nan
    if weight is None:
        return _of_equal_rows(np.sort(losses), float(total))
    order = np.argsort(losses)
    cost, w = losses[order], weight[order]
    # The Lorenz curve: share of the loss of the least costly rows.
    people = np.concatenate([[0.0], np.cumsum(w)]) / w.sum()
    lorenz = np.concatenate([[0.0], np.cumsum(w * cost)]) / total
    tail = 1.0 - np.interp(0.99, people, lorenz / lorenz[-1])
    area = (np.diff(people) * (lorenz[1:] + lorenz[:-1])).sum()
    return float(tail), float(1.0 - area)


def _of_equal_rows(cost: FloatArray, total: float) -> tuple[float, float]:
    """`concentration` of rows that weigh the same, in ascending order of what they cost."""
    n = len(cost)
    whole, part = divmod(n / 100.0, 1.0)
    least = n - 1 - int(whole)
    tail = cost[least + 1 :].sum() + part * cost[least]
    # Twice the area below the Lorenz curve: the k-th row from the end counts 2 k - 1 times.
    blocks = (np.arange(at.start, at.stop) for at in row_slices(n, 1))
    area = sum(dot(2.0 * (n - at) - 1.0, cost[at[0] : at[-1] + 1]) for at in blocks) / n
    return float(tail / total), float(1.0 - area / total)
