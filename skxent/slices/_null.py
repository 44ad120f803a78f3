"""What chance makes of the gaps of all slices at once, and p-values that allow for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skxent._inference._scores import normal_scores
from skxent._typing import FloatArray, IntArray
from skxent.slices._cells import Cells
from skxent.slices._predicted import Predicted
from skxent.slices._sums import Gaps, row_gaps, sums_of_slices

__all__ = ["Chance", "StepDown", "chance_of", "step_down"]

# Labels are drawn for so many rows at most: for one draw of all, a row is looked at once a class
# and once a column.
_FEWEST_ROWS, _MOST_ROWS, _NUMBERS = 5_000, 20_000, 100_000
# Draws that are summed together, and how many numbers they may fill.
_DRAWS, _ROOM = 64, 16_000_000

Blocks = Callable[[], Iterator[NDArray[np.float32]]]


@dataclass(frozen=True, slots=True, eq=False)
class Chance:
    """Absolute scores of all slices and classes in draws of what chance does."""

    scores: Blocks
    """Blocks of shape (n_slices, n_classes + 1, n_draws in the block); -inf where untested."""
    effect: FloatArray
    """By how much groups make the variances of the gaps larger; 1 without groups."""
    n_rows: int
    """How many rows labels are drawn for."""


@dataclass(frozen=True, slots=True, eq=False)
class StepDown:
    """P-values that hold for all tests together."""

    p_value: FloatArray
    most: FloatArray
    """Shape (n_draws,): the largest score of each draw."""

    def needed(self, level: float) -> float:
        """The score that some test exceeds by chance with this probability, at most."""
        n = len(self.most)
        place = int(np.floor(level * (n + 1)))
        return float(np.sort(self.most)[-place]) if place >= 1 else np.inf


def step_down(scores: FloatArray, blocks: Iterable[NDArray[np.float32]]) -> StepDown:
    """
    P-values of Westfall and Young: the largest score against the largest of all, and so on.

    `scores` are absolute, and blocks have shape (n_tests, n_draws); nan and -inf are no tests.
    The chance of any false finding is that of the level, whichever of the hypotheses are true:
    what chance does to the slices that are as the probabilities say has nothing to do with the
    other rows.

    References
    ----------
    .. [1] Westfall, P. H., & Young, S. S. (1993). Resampling-based multiple testing. Wiley.
           Algorithm 4.1.
    """
    tested = np.flatnonzero(np.isfinite(scores))
    order = tested[np.argsort(-scores[tested], kind="stable")]
    seen, counts, most = scores[order][:, None], np.zeros(len(order)), []
    n_draws = 0
    for block in blocks:
        # The largest of those that are not larger than each one.
        largest = np.maximum.accumulate(block[order][::-1], axis=0)[::-1]
        # A draw that gives the same labels is as far out, and not a little less by rounding.
        counts += (largest >= seen * (1.0 - 1e-6)).sum(axis=1)
        most.append(largest[0] if len(order) else np.zeros(block.shape[1]))
        n_draws += block.shape[1]
    p_value = np.full(len(scores), np.nan)
    p_value[order] = np.maximum.accumulate((counts + 1.0) / (n_draws + 1.0))
    return StepDown(p_value, np.concatenate(most).astype(np.float64))


def chance_of(
    rows: Predicted, cells: Cells, gaps: Gaps, tested: NDArray[np.bool_], n_draws: int, seed: int
) -> Chance:
    """
    What chance makes of the gaps of slices, of which those that are `tested` count.

    Labels are drawn from the probabilities. Rows of one group are not independent of each other,
    and how they hang together is not known: then the gap of each group keeps its size and gets a
    random sign.
    """
    some = _some_rows(rows, seed)
    if some is not None:
        gaps = sums_of_slices(rows, cells, some).gaps
        rows = rows.taken(some)
    k = rows.proba.shape[1]
    width = int(np.clip(_ROOM // (len(cells) * (k + 1)), 1, _DRAWS))
    sizes = [min(width, n_draws - i) for i in range(0, n_draws, width)]
    draw = _drawn_labels if rows.groups is None else _drawn_signs

    def sums() -> Iterator[NDArray[np.float32]]:
        rng = np.random.default_rng(seed)
        for size in sizes:
            found = cells.sums(draw(rows, size, rng), some)
            yield found.reshape(len(cells), k + 1, size).astype(np.float32, copy=False)

    # Without an estimate of how groups differ, which would be too small for one of many slices.
    deviation = np.sqrt(gaps.variance)
    usable = tested & (deviation > 0)
    per = np.where(usable, 1.0 / np.where(usable, deviation, 1.0), 0.0).astype(np.float32)
    skewness = gaps.skewness.astype(np.float32)

    def scores() -> Iterator[NDArray[np.float32]]:
        for block in sums():
            z = block * per[:, :, None]
            if rows.groups is None:
                z = normal_scores(z, skewness[:, :, None]).astype(np.float32, copy=False)
            z = np.abs(z)
            z[~usable] = -np.inf
            yield z

    effect = np.ones_like(gaps.variance)
    if rows.groups is not None:
        spread = sum((block.astype(np.float64) ** 2).sum(axis=2) for block in sums()) / n_draws
        with np.errstate(divide="ignore", invalid="ignore"):
            effect = np.where(gaps.variance > 0, np.fmax(spread / gaps.variance, 1.0), 1.0)
    return Chance(scores, effect, len(rows.codes))


def _some_rows(rows: Predicted, seed: int) -> IntArray | None:
    """The rows that labels are drawn for, whole groups of them; None for all."""
    n, k = rows.proba.shape
    most = int(np.clip(_NUMBERS // k, _FEWEST_ROWS, _MOST_ROWS))
    if n <= most:
        return None
    random = np.random.default_rng([seed, 1])
    if rows.groups is None:
        return np.sort(random.permutation(n)[:most])
    sizes = np.bincount(rows.groups)
    order = random.permutation(len(sizes))
    kept = np.zeros(len(sizes), dtype=np.bool_)
    kept[order[: np.searchsorted(np.cumsum(sizes[order]), most) + 1]] = True
    return np.flatnonzero(kept[rows.groups])


def _drawn_labels(
    rows: Predicted, size: int, rng: np.random.Generator
) -> Callable[[slice], NDArray[np.float32]]:
    """Gaps of rows if their labels are drawn: shape (n_rows, (n_classes + 1) * size)."""

    def values(at: slice) -> NDArray[np.float32]:
        p, a, w = rows.proba[at], rows.cost[at], rows.weight[at].astype(np.float32)
        n, k = p.shape
        chance = rng.random((n, size), dtype=np.float32)
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


def _drawn_signs(
    rows: Predicted, size: int, rng: np.random.Generator
) -> Callable[[slice], NDArray[np.float32]]:
    """The gaps of rows with the same random sign for all rows of a group."""
    assert rows.groups is not None
    groups, gap = rows.groups, row_gaps(rows)[0].astype(np.float32)
    sign = 2.0 * rng.integers(2, size=(int(groups.max()) + 1, size)).astype(np.float32) - 1.0

    def values(at: slice) -> NDArray[np.float32]:
        signed = gap[at][:, :, None] * sign[groups[at]][:, None, :]
        return signed.reshape(len(signed), -1)

    return values
