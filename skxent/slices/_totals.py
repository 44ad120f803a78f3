"""Sums over slices that add up: those of two sets of rows are those of both together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

import numpy as np

from skxent._intake._features import Feature
from skxent._intake._rows import Labelled
from skxent._typing import FloatArray
from skxent.slices._cells import Cells
from skxent.slices._from_sums import Jumps, jumps_of_slices
from skxent.slices._levels import combined, levels_of
from skxent.slices._predicted import predicted
from skxent.slices._sums import Gaps, SliceSums, sums_of_slices
from skxent.statistic._counted import Counted
from skxent.statistic._saved import counted_of, tree_of
from skxent.statistic._sums import Statistics, statistics

__all__ = ["SliceTotals", "totals_of"]

# A column with more values than this has no groups of rows.
_MOST_VALUES = 10_000
_SUMS = tuple(f.name for f in fields(SliceSums) if f.name != "gaps")
_GAPS = tuple(f.name for f in fields(Gaps))
_JUMPS = tuple(f.name for f in fields(Jumps))
_NAMES = (*_SUMS, *_GAPS, *_JUMPS)


@dataclass(frozen=True, slots=True, eq=False)
class SliceTotals:
    """Sums of slices by what their rows have in common, and the statistic of all rows."""

    keys: tuple[str, ...]
    sums: SliceSums
    jumps: Jumps
    whole: Statistics

    def __add__(self, other: SliceTotals) -> SliceTotals:
        place = {key: i for i, key in enumerate(self.keys)}
        at = np.array([place.setdefault(key, len(place)) for key in other.keys], dtype=np.intp)
        _check_number(len(place))
        parts = []
        for mine, theirs in zip(_arrays(self), _arrays(other), strict=True):
            total = np.zeros((len(place), *mine.shape[1:]))
            total[: len(mine)] += mine
            total[at] += theirs
            parts.append(total)
        return SliceTotals(tuple(place), *_sums_of(parts), self.whole + other.whole)

    def tree(self) -> dict[str, object]:
        """Plain values and arrays."""
        counted = Counted(None)
        counted.sums = self.whole
        sums = dict(zip(_NAMES, _arrays(self), strict=True))
        return {"keys": self.keys, "slices": sums, "whole": tree_of(counted)}

    @classmethod
    def of_tree(cls, tree: dict[str, object]) -> SliceTotals:
        """What gave the `tree`."""
        sums, whole, keys = tree["slices"], tree["whole"], tree["keys"]
        assert isinstance(sums, dict)
        assert isinstance(whole, dict)
        assert isinstance(keys, tuple | list)
        counted = counted_of(whole)
        assert counted.sums is not None
        # Files from before these were kept have none of them.
        unknown = dict.fromkeys(_JUMPS, np.full_like(sums["gap"], np.nan))
        arrays = [(unknown | sums)[name] for name in _NAMES]
        return cls(tuple(keys), *_sums_of(arrays), counted.sums)


def _arrays(totals: SliceTotals) -> list[FloatArray]:
    own = [getattr(totals.sums, name) for name in _SUMS]
    own += [getattr(totals.sums.gaps, name) for name in _GAPS]
    own += [getattr(totals.jumps, name) for name in _JUMPS]
    return [np.asarray(values, dtype=np.float64) for values in own]


def _sums_of(arrays: list[FloatArray]) -> tuple[SliceSums, Jumps]:
    support, weight, loss, after, expected, of_class, proba, *rest = arrays
    counts, gaps, jumps = np.rint(support).astype(np.intp), rest[: len(_GAPS)], rest[len(_GAPS) :]
    sums = SliceSums(counts, weight, loss, after, expected, of_class, proba, Gaps(*gaps))
    return sums, Jumps(*jumps)


def _check_number(n: int) -> None:
    if n > _MOST_VALUES:
        msg = (
            f"by has more than {_MOST_VALUES} different values or combinations of them; cut "
            f"numbers into bins first, so that many rows share each."
        )
        raise ValueError(msg)


def totals_of(rows: Labelled, columns: Iterable[Feature], eps: float) -> SliceTotals:
    """Totals of checked rows, some of which have a weight, by the values of these columns."""
    losses = np.empty(rows.proba.n_samples)
    whole = statistics(rows, eps, losses)
    there = slice(None) if rows.weight is None else rows.weight > 0
    every = [
        levels_of(column.taken(there), 2, most_values=rows.proba.n_samples) for column in columns
    ]
    levels = combined(every)
    _check_number(len(levels.texts))
    found = predicted(rows, losses, None, eps)
    cells = Cells([levels], 1)
    sums, jumps = sums_of_slices(found, cells), jumps_of_slices(found, cells)
    return SliceTotals(levels.texts, sums, jumps, whole)
