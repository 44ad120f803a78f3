"""P-values of the gaps of slices from sums over their rows alone, without drawing labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skxent._inference._tails import Parts, tail_of_sum
from skxent._typing import FloatArray
from skxent.slices._cells import Cells
from skxent.slices._predicted import Predicted
from skxent.slices._sums import SliceSums

__all__ = ["Jumps", "jumps_of_slices", "tails_of_gaps"]


@dataclass(frozen=True, slots=True, eq=False)
class Jumps:
    """
    Sums that tell how far single rows take a gap, shape (n_slices, n_classes + 1).

    Third and fourth cumulants of the rows under the model, those of rows that are more likely to
    take the gap up by much than down, and of the others with the sign turned. Nan for slices with
    rows that were counted when these were not kept.
    """

    third_up: FloatArray
    fourth_up: FloatArray
    third_down: FloatArray
    fourth_down: FloatArray

    @property
    def known(self) -> NDArray[np.bool_]:
        """Whether they are, of each slice."""
        found: NDArray[np.bool_] = ~np.isnan(self.third_up[:, 0])
        return found


def jumps_of_slices(rows: Predicted, cells: Cells) -> Jumps:
    """Sums over the rows of all slices."""

    def values(at: slice) -> FloatArray:
        third, fourth = _cumulants(rows.taken(np.arange(at.start, at.stop)))
        # A row that may go either way has a short tail, and tells nothing of long ones.
        fourth = np.maximum(fourth, 0.0)
        up = third > 0
        return np.hstack(
            [np.where(one, x, 0.0) for one in (up, ~up) for x in (np.abs(third), fourth)]
        )

    parts = np.split(np.asarray(cells.sums(values), dtype=np.float64), 4, axis=1)
    return Jumps(*parts)


def _cumulants(rows: Predicted) -> tuple[FloatArray, FloatArray]:
    """Third and fourth of the gaps of each row, shape (n_rows, n_classes + 1)."""
    p, w = rows.proba, rows.weight[:, None]
    variance = p * (1.0 - p)
    off = rows.cost - np.einsum("nk,nk->n", p, rows.cost)[:, None]
    square = off**2
    second, third, fourth = (
        np.einsum("nk,nk->n", p, x)[:, None] for x in (square, square * off, square**2)
    )
    return (
        w**3 * np.hstack([variance * (1.0 - 2.0 * p), third]),
        w**4 * np.hstack([variance * (1.0 - 6.0 * variance), fourth - 3.0 * second**2]),
    )


def tails_of_gaps(sums: SliceSums, jumps: Jumps) -> FloatArray:
    """
    Bounds of the probability that labels drawn from the model have gaps as large, on their side.

    Shape (n_slices, n_classes + 1), in the last column of the gap of the loss; nan where labels
    that are drawn do not move a gap, and where jumps are not known.
    """
    with np.errstate(all="ignore"):  # nan where nothing varies
        up, down = (
            np.nan_to_num(fourth / third, nan=0.0, posinf=0.0)
            for third, fourth in (
                (jumps.third_up, jumps.fourth_up),
                (jumps.third_down, jumps.fourth_down),
            )
        )
        step = np.repeat((sums.weight / sums.support)[:, None], up.shape[1], axis=1)
        # Of two classes, or of rows that are alike: the loss has as many steps as the classes.
        of_classes = 0.5 * sums.gaps.variance[:, :-1].sum(axis=1)
        step[:, -1] *= np.sqrt(sums.gaps.variance[:, -1] / of_classes)
    # What a slice can lose at most is not kept.
    above = np.column_stack([sums.weight[:, None] - sums.class_proba, np.full(len(up), np.inf)])
    below = np.column_stack([sums.class_proba, sums.expected])
    parts = Parts(below, above, up, down, step)
    found = tail_of_sum(sums.gaps.gap, sums.gaps.variance, sums.gaps.third, parts)
    return np.where(jumps.known[:, None], found, np.nan)
