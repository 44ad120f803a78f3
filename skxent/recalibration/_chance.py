"""What the loss of each row owes to how the folds were cut."""

from __future__ import annotations

import numpy as np

from skxent._backend import pick, row_slices
from skxent._typing import FloatArray, IntArray
from skxent.recalibration._newton import crossed, times

__all__ = ["Chance"]


class Chance:
    """
    To first order, by how much the loss of each row differs from its mean over all folds.

    That is a matter of which other rows are in its fold, whose mean is known: taken off, a
    few repeats of the folds say what else hundreds would.
    """

    def __init__(
        self,
        gradients: FloatArray,
        inverse: FloatArray,
        weight: FloatArray,
        units: IntArray | None,
    ) -> None:
        """`gradients` are those of the rows, `inverse` that of the second derivatives."""
        self.gradients, self.inverse, self.weight, self.units = gradients, inverse, weight, units
        n, size = gradients.shape
        whole = inverse @ crossed(weight[:, None], gradients)[0]
        self.by_all = times(gradients, whole[None, :, None])[0, :, 0]
        self.by_own = np.empty(n)
        of_unit = None
        if units is not None:
            of_unit = np.zeros((int(units.max()) + 1, size))
            np.add.at(of_unit, units, weight[:, None] * gradients)
        for at in row_slices(n, 3 * size):
            rows = gradients[at]
            own = weight[at, None] * rows
            if of_unit is not None and units is not None:
                own = of_unit[units[at]]
            self.by_own[at] = np.einsum("nd,nd->n", times(rows, inverse[None])[0], own)

    def of(self, fold_of: IntArray) -> FloatArray:
        """Shape (n_rows,); 0 on average over all ways to cut the folds."""
        folds = np.arange(int(fold_of.max()) + 1)
        in_fold = np.equal(fold_of[:, None], folds) * self.weight[:, None]
        of_fold = crossed(in_fold, self.gradients)
        fold_of_unit = fold_of
        if self.units is not None:
            fold_of_unit = np.empty(int(self.units.max()) + 1, dtype=np.intp)
            fold_of_unit[self.units] = fold_of
        counts, n_units = np.bincount(fold_of_unit), len(fold_of_unit)
        # That another unit is in the same fold.
        share = float((counts * (counts - 1)).sum()) / max(n_units * (n_units - 1), 1)
        by_fold = times(self.gradients, (self.inverse @ of_fold.T)[None])[0]
        expected = share * self.by_all + (1.0 - share) * self.by_own
        change: FloatArray = pick(by_fold, fold_of) - expected
        return change
