"""What files of saved sums hold, before all of them is read."""

from __future__ import annotations

from collections.abc import Sequence

from skxent.cli._errors import UsageError
from skxent.cli._paths import files_of, is_saved

__all__ = ["are_grouped", "kind_of_saved"]


def kind_of_saved(path: str) -> str:
    """What a file of saved sums says that it holds; nothing where it is none, or damaged."""
    if not is_saved(path):
        return ""
    from skxent.statistic._store import kind_in

    with open(path, "rb") as file:
        return kind_in(file)


def are_grouped(files: Sequence[str]) -> bool:
    """Whether these are saved sums by the values of a column, all of them or none."""
    paths = files_of(files)
    grouped = ["grouped" in kind_of_saved(path) for path in paths]
    if any(grouped) and not all(grouped):
        other = paths[grouped.index(False)]
        one = paths[grouped.index(True)]
        msg = f"{one} holds sums by a column, and {other} does not: not at once."
        raise UsageError(msg)
    return any(grouped)
