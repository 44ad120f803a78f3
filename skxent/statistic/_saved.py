"""What was counted as plain values and arrays, and back."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import Any

import numpy as np

from skxent.statistic._central import CentralSums
from skxent.statistic._counted import Counted
from skxent.statistic._evidence import Evidence
from skxent.statistic._extremes import Spread, WorstRows
from skxent.statistic._groups import GroupSums
from skxent.statistic._histogram import packed, unpacked
from skxent.statistic._paired import PairedSums
from skxent.statistic._paired_groups import PairedGroups
from skxent.statistic._sample import Sample
from skxent.statistic._store import is_storable
from skxent.statistic._sums import Statistics

__all__ = ["counted_of", "paired_of", "tree_of", "tree_of_paired"]


def tree_of(counted: Counted) -> dict[str, Any]:
    """Dicts, lists, tuples, arrays and numbers."""
    sums, worst = counted.sums, _fields(counted.worst)
    # Names of other types, such as days, are kept as their text.
    worst["name"] = [n if is_storable(n) else str(n) for n in counted.worst.name]
    return {
        "n_rows": counted.n_rows,
        "n_dropped": counted.n_dropped,
        "sums": sums and _tree_of_sums(sums),
        "sample": counted.sample and counted.sample.__getstate__(),
        "worst": worst,
        "spread": counted.spread.__getstate__(),
    }


def _tree_of_sums(sums: Statistics) -> dict[str, Any]:
    groups = sums.groups and _fields(sums.groups)
    return _fields(sums) | {"histogram": packed(sums.histogram), "groups": groups}


def _fields(
    values: Statistics | GroupSums | WorstRows | PairedSums | CentralSums | PairedGroups,
) -> dict[str, Any]:
    return {f.name: getattr(values, f.name) for f in fields(values)}


def counted_of(tree: dict[str, Any]) -> Counted:
    """What `tree_of` was given."""
    counted = Counted(None)
    counted.n_rows, counted.n_dropped = tree["n_rows"], tree.get("n_dropped", 0)
    if tree["sums"] is not None:
        histogram = unpacked(tree["sums"]["histogram"])
        groups = tree["sums"].get("groups")
        of_groups = None
        if groups is not None:  # older files hold no probabilities of groups
            unknown = {"proba": np.full(groups["weight"].shape, np.nan)}
            of_groups = GroupSums(**unknown | groups)
        # Older files hold no evidence.
        none = Evidence.none(len(tree["sums"]["support"]), math.nan)
        evidence = {"temperature": none.temperature, "bias": none.bias}
        parts = {"histogram": histogram, "groups": of_groups}
        counted.sums = Statistics(**evidence | tree["sums"] | parts)
    if tree["sample"] is not None:
        counted.sample = Sample.__new__(Sample)
        counted.sample.__setstate__(tree["sample"])
    names = tree["worst"]["name"]
    name = np.empty(len(names), dtype=object)
    name[:] = names
    counted.worst = WorstRows(**tree["worst"] | {"name": name})
    counted.spread = Spread()
    counted.spread.__setstate__(tree["spread"])
    return counted


def tree_of_paired(sums: PairedSums) -> dict[str, Any]:
    """The sums of a comparison as such values."""
    groups = sums.groups and _fields(sums.groups)
    return _fields(sums) | {"differences": _fields(sums.differences), "groups": groups}


def paired_of(tree: dict[str, Any]) -> PairedSums:
    """What `tree_of_paired` was given."""
    groups = None if tree["groups"] is None else PairedGroups(**tree["groups"])
    differences = CentralSums(**tree["differences"])
    return PairedSums(**tree | {"differences": differences, "groups": groups})
