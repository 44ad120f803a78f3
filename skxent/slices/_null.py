"""What chance makes of the gaps of all slices at once, and p-values that allow for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from skxent._inference._scores import normal_scores
from skxent._typing import FloatArray, IntArray
from skxent.slices._cells import Cells
from skxent.slices._draws import Values, copies, drawn_labels, drawn_signs, togetherness
from skxent.slices._predicted import Predicted
from skxent.slices._sums import Gaps, SliceSums, deviations, sums_of_slices, varies

__all__ = ["Chance", "Null", "StepDown", "chance_of", "step_down"]

# Labels are drawn for so many rows at most: for one draw of all, a row is looked at once a class
# and once a column.
_FEWEST_ROWS, _MOST_ROWS, _NUMBERS = 5_000, 20_000, 100_000
# Draws that are summed together, and how many numbers they may fill.
_DRAWS, _ROOM = 64, 16_000_000

Blocks = Callable[[], Iterator[NDArray[np.float32]]]
Draw = Callable[[Predicted, int, np.random.Generator], Values]


@dataclass(frozen=True, slots=True, eq=False)
class Null:
    """One way in which chance may work, and absolute scores of all slices and classes in it."""

    seen: FloatArray
    """Of the labels that were seen, shape (n_slices, n_classes + 1); nan where untested."""
    scores: Blocks
    """Blocks of shape (n_slices, n_classes + 1, n_draws in the block); -inf where untested."""


@dataclass(frozen=True, slots=True, eq=False)
class Chance:
    """What chance does, in one or two ways: what is found is found in each of them."""

    nulls: tuple[Null, ...]
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
        place = int(np.floor(level * (n + 1) * (1 + 1e-9)))
        return float(np.sort(self.most)[-place]) if place >= 1 else np.inf


def step_down(scores: FloatArray, blocks: Iterable[NDArray[np.float32]]) -> StepDown:
    """
    P-values of Westfall and Young: the largest score against the largest of all, and so on.

    `scores` are absolute, and blocks have shape (n_tests, n_draws); nan and -inf are no
    tests, and inf is beyond all draws. The chance of any false finding is that of the level,
    whichever of the hypotheses are true: what chance does to the slices that are as the
    probabilities say has nothing to do with the other rows.

    References
    ----------
    .. [1] Westfall, P. H., & Young, S. S. (1993). Resampling-based multiple testing. Wiley.
           Algorithm 4.1.
    """
    tested = np.flatnonzero(scores > -np.inf)
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
    rows: Predicted,
    cells: Cells,
    sums: SliceSums,
    tested: NDArray[np.bool_],
    n_draws: int,
    seed: int,
) -> Chance:
    """
    What chance makes of the gaps of slices, of which those that are `tested` count.

    Labels are drawn from the probabilities. Rows of one group are not independent of each other,
    and how they hang together is not known: then the gap of each group keeps its size and gets a
    random sign. This alone would not do. Of a rare class that occurs nowhere all gaps are small
    and of one sign, and look far out beside random ones: what is found with groups has to be
    far out beside labels that are drawn as well, which hang together as much as the gaps allow.
    """
    seen, some = sums, _some_rows(rows, seed)
    if some is not None:
        sums = sums_of_slices(rows, cells, some)
        rows = rows.taken(some)
    gaps, usable = sums.gaps, tested & varies(sums.gaps, sums.scale)
    shape = len(cells), rows.proba.shape[1] + 1
    width = int(np.clip(_ROOM // (shape[0] * shape[1]), 1, _DRAWS))
    sizes = [min(width, n_draws - i) for i in range(0, n_draws, width)]

    def drawn(draw: Draw) -> Iterator[NDArray[np.float32]]:
        rng = np.random.default_rng(seed)
        for size in sizes:
            found = cells.sums(draw(rows, size, rng), some)
            yield found.reshape(*shape, size).astype(np.float32, copy=False)

    def null(draw: Draw, effect: float, skewed: bool) -> Null:
        scores = deviations(_larger(seen.gaps, effect), seen.scale, skewed=skewed)[1]
        own = _larger(gaps, effect)
        return Null(
            np.where(tested, np.abs(scores), np.nan),
            lambda: _scores(drawn(draw), own, usable, skewed),
        )

    if rows.groups is None:
        return Chance((null(drawn_labels, 1.0, True),), np.ones(shape), len(rows.codes))
    together = togetherness(rows, seed)
    effect = 1.0 + together**2 * (copies(rows) - 1.0)
    spread = sum((b.astype(np.float64) ** 2).sum(axis=2) for b in drawn(drawn_signs)) / n_draws
    with np.errstate(divide="ignore", invalid="ignore"):
        effects = np.where(gaps.variance > 0, np.fmax(spread / gaps.variance, 1.0), 1.0)
    # Signs without an estimate of how groups differ, which would be too small for one of many
    # slices.
    nulls = (
        null(drawn_signs, 1.0, False),
        null(partial(drawn_labels, together=together), effect, True),
    )
    return Chance(nulls, effects, len(rows.codes))


def _larger(gaps: Gaps, effect: float) -> Gaps:
    """Gaps whose moments are as much larger as those of copies are."""
    return Gaps(gaps.gap, gaps.variance * effect, gaps.third * effect**2)


def _scores(
    sums: Iterator[NDArray[np.float32]], gaps: Gaps, usable: NDArray[np.bool_], skewed: bool
) -> Iterator[NDArray[np.float32]]:
    """Absolute scores of sums over slices."""
    deviation = np.sqrt(np.where(usable, gaps.variance, 1.0))
    per = np.where(usable, 1.0 / deviation, 0.0).astype(np.float32)
    skewness = gaps.skewness.astype(np.float32)
    for block in sums:
        z = block * per[:, :, None]
        if skewed:
            z = normal_scores(z, skewness[:, :, None]).astype(np.float32, copy=False)
        z = np.abs(z)
        z[~usable] = -np.inf
        yield z


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
