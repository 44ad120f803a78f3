"""What chance may make of the gaps of rows: labels that are drawn, or signs of groups."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from skxent._typing import FloatArray
from skxent.slices._predicted import Predicted
from skxent.slices._sums import row_gaps

__all__ = ["Values", "copies", "drawn_labels", "drawn_signs", "togetherness"]

Values = Callable[[slice], NDArray[np.float32]]

# What the correlation of rows of a group may be, from copies on.
_CORRELATIONS = (1.0, 0.5, 0.25, 0.12, 0.06, 0.03, 0.015)
# One is believed unless the gaps of groups differ as little in less than this share of draws.
_SELDOM, _DRAWS = 0.05, 100
# How many numbers the gaps of all groups may fill, and rows that are summed together.
_ROOM, _ROWS = 8_000_000, 4096


def drawn_labels(
    rows: Predicted, size: int, rng: np.random.Generator, together: float = 0.0
) -> Values:
    """
    Gaps of rows if their labels are drawn: shape (n_rows, (n_classes + 1) * size).

    The label of a row is that of a number between 0 and 1. With the probability `together` this is
    the number of its group: with 1 rows of a group that have the same probabilities are copies.
    """
    of_group = None
    if together > 0:
        assert rows.groups is not None
        shape = (int(rows.groups.max()) + 1, size)
        of_group = rng.random(shape, dtype=np.float32)

    def values(at: slice) -> NDArray[np.float32]:
        p, a, w = rows.proba[at], rows.cost[at], rows.weight[at].astype(np.float32)
        n, k = p.shape
        chance = rng.random((n, size), dtype=np.float32)
        if of_group is not None and rows.groups is not None:
            shared = of_group[rows.groups[at]]
            own = rng.random((n, size), dtype=np.float32) >= together
            chance = np.where(own, chance, shared)
        # One class after the other, which is quicker than all of them for each row.
        label = np.zeros((n, size), dtype=np.intp)
        below = np.zeros(n)
        for c in range(k - 1):
            below = below + p[:, c]
            label += chance >= below[:, None].astype(np.float32)
        row, draw = np.arange(n)[:, None], np.arange(size)[None, :]
        gap = np.empty((n, k + 1, size), dtype=np.float32)
        gap[:, :k] = -(w[:, None] * p)[:, :, None]
        gap[row, label, draw] += w[:, None]
        excess = (a - np.einsum("nk,nk->n", p, a)[:, None]).astype(np.float32)
        gap[:, k] = w[:, None] * excess[row, label]
        return gap.reshape(n, -1)

    return values


def drawn_signs(rows: Predicted, size: int, rng: np.random.Generator) -> Values:
    """The gaps of rows with the same random sign for all rows of a group."""
    assert rows.groups is not None
    groups, gap = rows.groups, row_gaps(rows)[0].astype(np.float32)
    sign = 2.0 * rng.integers(2, size=(int(groups.max()) + 1, size)).astype(np.float32) - 1.0

    def values(at: slice) -> NDArray[np.float32]:
        signed = gap[at][:, :, None] * sign[groups[at]][:, None, :]
        return signed.reshape(len(signed), -1)

    return values


def copies(rows: Predicted) -> float:
    """By how much the variances of gaps are larger if the rows of each group are copies."""
    assert rows.groups is not None
    of_group = np.bincount(rows.groups, weights=rows.weight)
    return float((of_group**2).sum() / (rows.weight**2).sum())


def togetherness(rows: Predicted, seed: int) -> float:
    """
    How much the rows of a group may hang together, for `drawn_labels`, judged by their gaps.

    The largest of some numbers with which the gaps of groups do not differ by more, in nearly all
    draws, than those that were seen. Where hardly any row is of a rare class, these differ as
    little with copies, which are taken then; many groups with labels of all classes show what
    their rows share.
    """
    assert rows.groups is not None
    owner = np.unique(rows.groups, return_inverse=True)[1].reshape(-1)
    n, k = rows.proba.shape
    n_groups = int(owner.max()) + 1
    if n_groups == n:
        return 0.0
    inside = csr_array((np.ones(n, dtype=np.float32), owner, np.arange(n + 1)), (n, n_groups))

    def spread(values: Values, size: int) -> FloatArray:
        total = np.zeros((n_groups, k * size), dtype=np.float32)
        for start in range(0, n, _ROWS):
            at = slice(start, min(start + _ROWS, n))
            block = values(at).reshape(-1, k + 1, size)[:, :k]
            total += inside[at].T @ block.reshape(len(block), -1)
        found: FloatArray = (total.astype(np.float64) ** 2).reshape(-1, size).sum(axis=0)
        return found

    gap = row_gaps(rows)[0].astype(np.float32)
    seen = spread(lambda at: gap[at], 1)[0]
    width = int(np.clip(_ROOM // (max(n_groups, _ROWS) * (k + 1)), 1, _DRAWS))
    rng = np.random.default_rng([seed, 2])
    for correlation in _CORRELATIONS:
        together, low = float(np.sqrt(correlation)), 0
        for start in range(0, _DRAWS, width):
            size = min(width, _DRAWS - start)
            drawn = spread(drawn_labels(rows, size, rng, together), size)
            low += int(np.count_nonzero(drawn <= seen * (1.0 + 1e-5)))
        if low > _SELDOM * _DRAWS:
            return together
    return 0.0
