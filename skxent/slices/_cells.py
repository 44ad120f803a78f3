"""Which rows are in which slice, and sums over the rows of all slices at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from skxent._typing import FloatArray, IntArray
from skxent.slices._levels import Levels

__all__ = ["Cells"]

# Rows that are summed together: what is made of them stays in the cache.
_ROWS = 4096
# Matrix products of so many multiplications do not wait for threads, which are no help here: on a
# busy machine they made the whole fifty times slower. So many rows are multiplied at a time.
_ONE_THREAD, _STEP = 1 << 18, 64
# More pairs of levels than this take minutes.
_MOST_PAIRS = 20_000
# Levels that hold less than this share of the rows are left out of pairs, one after the other,
# until there are few enough pairs.
_SHARES = (0.0, 0.02, 0.05, 0.1, 0.2, 0.4)


class Cells:
    """
    Slices: all levels of all columns, and pairs of levels of different columns.

    A pair is never listed by its rows. For each column the rows are put in the order of its
    levels, so that the sums of all pairs with that level are one product with the indicators of
    the columns behind it: each row is looked at once a column, and not once a pair.
    """

    def __init__(self, levels: Sequence[Levels], max_depth: int) -> None:
        self.levels = levels
        self.n_rows = len(levels[0].codes)
        sizes = [len(each.texts) for each in levels]
        self.starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.intp)
        """Number of the first level of each column."""
        self.n_levels = int(self.starts[-1])
        self.owner = np.repeat(np.arange(len(levels)), sizes)
        """The column of each level."""
        counts = np.concatenate(
            [np.bincount(e.codes[e.codes >= 0], minlength=len(e.texts)) for e in levels]
        )
        self.paired = self._paired(counts / self.n_rows) if max_depth > 1 else np.empty(0, np.intp)
        """The levels that pairs are made of."""
        self.one, self.other = self._members()

    def _paired(self, share: FloatArray) -> IntArray:
        for least in _SHARES:
            some = np.flatnonzero(share >= least)
            if self._n_pairs(some) <= _MOST_PAIRS:
                return some
        return np.empty(0, dtype=np.intp)

    def _n_pairs(self, some: IntArray) -> int:
        per_column = np.bincount(self.owner[some])
        return int((per_column.sum() ** 2 - (per_column**2).sum()) // 2)

    @property
    def left_out(self) -> bool:
        """Whether some levels are in no pair since there would be too many."""
        return len(self.paired) < self.n_levels

    def _members(self) -> tuple[IntArray, IntArray]:
        """The levels that each slice is made of; the second is -1 for single ones."""
        one, other = [np.arange(self.n_levels)], [np.full(self.n_levels, -1)]
        for u in self.paired.tolist():
            rest = self._behind(u)
            one.append(np.full(len(rest), u))
            other.append(rest)
        return np.concatenate(one).astype(np.intp), np.concatenate(other).astype(np.intp)

    def _behind(self, level: int) -> IntArray:
        """The levels that are paired with a level: those of later columns."""
        at = np.searchsorted(self.paired, self.starts[self.owner[level] + 1])
        return self.paired[at:]

    def __len__(self) -> int:
        return len(self.one)

    def members(self, i: int) -> NDArray[np.bool_]:
        """Which rows are in a slice."""
        inside = self._has(int(self.one[i]))
        return inside if self.other[i] < 0 else inside & self._has(int(self.other[i]))

    def _has(self, level: int) -> NDArray[np.bool_]:
        column = int(self.owner[level])
        return self.levels[column].codes == level - self.starts[column]

    def repeats(self, support: NDArray[Any]) -> NDArray[np.bool_]:
        """Which slices are pairs that have the rows of one of their levels, of `support` rows."""
        alike = (support == support[self.one]) | (support == support[self.other])
        return alike & (self.other >= 0)

    def texts(self, i: int) -> tuple[str, ...]:
        """What the rows of a slice have in common, one text a column."""
        levels = [int(level) for level in (self.one[i], self.other[i]) if level >= 0]
        columns = [int(self.owner[level]) for level in levels]
        return tuple(
            self.levels[column].texts[level - int(self.starts[column])]
            for column, level in zip(columns, levels, strict=True)
        )

    def sums(
        self,
        values: Callable[[slice], NDArray[np.floating]],
        rows: IntArray | None = None,
    ) -> NDArray[np.floating]:
        """
        Sums over the rows of each slice, shape (n_slices, n_values).

        `values` gives those of some rows, shape (n_rows, n_values), in the order of `rows`: the
        numbers of the rows that are summed, or all of them.
        """
        n = self.n_rows if rows is None else len(rows)
        codes = np.empty((len(self.levels), n), dtype=np.int32)
        for own, each, start in zip(codes, self.levels, self.starts.tolist(), strict=False):
            of_rows = each.codes if rows is None else each.codes[rows]
            own[:] = np.where(of_rows >= 0, of_rows + start, -1)
        total: Any = None
        for start in range(0, n, _ROWS):
            at = slice(start, min(start + _ROWS, n))
            block = np.ascontiguousarray(values(at))
            if total is None:
                total = np.zeros((len(self), block.shape[1]), dtype=block.dtype)
            self._add(total, codes[:, at], block)
        return total

    def _add(
        self, total: NDArray[np.floating], codes: NDArray[np.int32], block: NDArray[np.floating]
    ) -> None:
        """Add the sums over a block of rows."""
        n = len(block)
        there = codes.T.ravel() >= 0
        counts = (codes >= 0).sum(axis=0)
        one: Any = csr_array(
            (
                np.ones(int(counts.sum()), dtype=block.dtype),
                codes.T.ravel()[there],
                np.concatenate([[0], np.cumsum(counts)]),
            ),
            shape=(n, self.n_levels),
        )
        total[: self.n_levels] += one.T @ block
        if not len(self.paired):
            return
        indicators = one[:, self.paired].toarray()
        first = self.n_levels
        for column in range(len(self.levels)):
            own = self.paired[self.owner[self.paired] == column]
            behind = np.searchsorted(self.paired, self.starts[column + 1])
            width = len(self.paired) - behind
            if not (len(own) and width):
                continue
            order = np.argsort(codes[column], kind="stable")
            ends = np.searchsorted(codes[column][order], [own, own + 1])
            for i, (begin, end) in enumerate(ends.T.tolist()):
                if end > begin:
                    some = order[begin:end]
                    place = slice(first + i * width, first + (i + 1) * width)
                    total[place] += _crossed(indicators[some, behind:], block[some])
            first += len(own) * width


def _crossed(a: NDArray[np.floating], b: NDArray[np.floating]) -> NDArray[np.floating]:
    """``a.T @ b`` in pieces."""
    (n, m), k = a.shape, b.shape[1]
    whole, width = n - n % _STEP, max(_ONE_THREAD // (_STEP * m), 1)
    one, other = a[:whole].reshape(-1, _STEP, m).swapaxes(1, 2), b[:whole].reshape(-1, _STEP, k)
    total = np.empty((m, k), dtype=b.dtype)
    for j in range(0, k, width):
        at = slice(j, j + width)
        total[:, at] = (one @ other[:, :, at]).sum(axis=0) + a[whole:].T @ b[whole:, at]
    return total
