"""What each column says of a row in a word: a bin of numbers, a category, or that it is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise

import numpy as np

from skxent._intake._features import Feature
from skxent._typing import IntArray

__all__ = ["Levels", "combined", "levels_of"]


@dataclass(frozen=True, slots=True)
class Levels:
    """The levels of one column, or of several together."""

    codes: IntArray
    """Shape (n_samples,): the level of each row; -1 where it is none of these."""
    texts: tuple[str, ...]
    """What the rows of each level have in common, such as ``age > 41``."""


def levels_of(
    feature: Feature, n_bins: int, *, most_values: int, most_levels: int | None = None
) -> Levels:
    """
    The levels of a column, whatever the labels are; of very many, the most frequent.

    Numbers with more than so many different values are cut at quantiles.
    """
    if feature.codes is None:
        codes, texts = _bins(feature, n_bins, most_values)
    else:
        codes, texts = _categories(feature)
    texts = [*texts, f"{feature.name} is missing"]
    codes = np.where(codes < 0, len(texts) - 1, codes)
    counts = np.bincount(codes, minlength=len(texts))
    kept = np.sort(np.argsort(-counts, kind="stable")[:most_levels])
    kept = kept[counts[kept] > 0]
    place = np.full(len(texts), -1, dtype=np.intp)
    place[kept] = np.arange(len(kept))
    return Levels(place[codes], tuple(texts[i] for i in kept.tolist()))


def _categories(feature: Feature) -> tuple[IntArray, list[str]]:
    assert feature.codes is not None
    return feature.codes, [f"{feature.name} = {value}" for value in feature.values]


def _bins(feature: Feature, n_bins: int, most_values: int) -> tuple[IntArray, list[str]]:
    assert feature.numbers is not None
    numbers = feature.numbers
    there = ~np.isnan(numbers)
    if not there.any():
        return np.full(len(numbers), -1, dtype=np.intp), []
    some = numbers[there]
    different = np.unique(some)
    codes = np.full(len(numbers), -1, dtype=np.intp)
    if len(different) <= most_values:
        codes[there] = np.searchsorted(different, some)
        return codes, [f"{feature.name} = {_text(v, feature)}" for v in different.tolist()]
    at = np.quantile(some, np.arange(1, n_bins) / n_bins, method="inverted_cdf")
    # No bin ends with the largest value, since nothing would be above it.
    edges = np.unique(at[at < different[-1]])
    codes[there] = np.searchsorted(edges, some, side="left")
    above = different[np.searchsorted(different, edges, side="right")]
    return codes, _texts_of_bins(feature, edges.tolist(), above.tolist())


def _texts_of_bins(feature: Feature, edges: list[float], above: list[float]) -> list[str]:
    """What each bin is called; no value lies between an edge and the number `above` it."""
    name = feature.name
    ends = [_short(*each, feature) for each in zip(edges, above, strict=True)]
    if not ends:
        return [f"any {name}"]
    inner = [f"{low} < {name} <= {high}" for low, high in pairwise(ends)]
    return [f"{name} <= {ends[0]}", *inner, f"{name} > {ends[-1]}"]


def _short(edge: float, above: float, feature: Feature) -> str:
    """The shortest number that parts the same rows as an edge does."""
    if not feature.is_time:
        for digits in range(1, 17):
            number = float(f"{edge:.{digits}g}")
            if edge <= number < above:
                return _text(number, feature)
    return _text(edge, feature)


def _text(value: float, feature: Feature) -> str:
    if feature.is_time:
        stamp = np.datetime64(int(value), "us")
        day = stamp.astype("M8[D]")
        return str(day if day == stamp else stamp.astype("M8[s]"))
    short = f"{value:.15g}"
    return short if float(short) == value else repr(value)


def combined(levels: Sequence[Levels]) -> Levels:
    """Each combination of levels that some row has, as one level."""
    return reduce(_both, levels)


def _both(one: Levels, other: Levels) -> Levels:
    there = (one.codes >= 0) & (other.codes >= 0)
    n = len(other.texts)
    found, place = np.unique((one.codes * n + other.codes)[there], return_inverse=True)
    codes = np.full(len(one.codes), -1, dtype=np.intp)
    codes[there] = place
    pairs = (divmod(int(i), n) for i in found)
    return Levels(codes, tuple(f"{one.texts[a]} & {other.texts[b]}" for a, b in pairs))
