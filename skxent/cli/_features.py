"""Which columns of a user's table say something, and how a classifier takes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skxent.cli._cells import Column
from skxent.cli._errors import DataError
from skxent.cli._tables import UserTable

__all__ = ["Features", "features_of"]

# Values of a text column that are told apart; the others are one.
_MOST_VALUES = 200
_MOST_NAMED = 12


@dataclass(frozen=True, slots=True)
class Features:
    """The columns that are learned from."""

    X: NDArray[Any]
    is_number: NDArray[np.bool_]
    said: tuple[str, ...]
    """What was left out or made smaller, in lines."""

    def prepared(self, classifier: Any, *, dense: bool) -> Any:
        """A pipeline: columns as the classifier takes them, and the classifier."""
        from sklearn.compose import ColumnTransformer
        from sklearn.impute import SimpleImputer
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

        limits: dict[str, Any] = {"min_frequency": 2, "max_categories": _MOST_VALUES}
        if dense:  # trees that know of categories and of missing values
            words: Any = OrdinalEncoder(
                handle_unknown="use_encoded_value", unknown_value=np.nan, **limits
            )
            numbers: Any = "passthrough"
        else:
            words = OneHotEncoder(handle_unknown="infrequent_if_exist", **limits)
            numbers = make_pipeline(SimpleImputer(keep_empty_features=True), StandardScaler())
        columns = [("numbers", numbers, self.is_number), ("words", words, ~self.is_number)]
        return make_pipeline(ColumnTransformer(columns), classifier)


def features_of(table: UserTable, path: str) -> Features:
    """Columns of numbers and of text; those that say nothing of a row are left out, and named."""
    said, kept = _missing(table), []
    for column in table:
        if column.wrong:
            msg = f"{path}: {column.wrong}."
            raise DataError(msg)
        reason = next((why for is_so, why in _USELESS if is_so(column)), None)
        if reason is not None:
            said.append(f"left out: {column.name}, {reason.format(column)}")
            continue
        if column.said:
            said.append(column.said)
        if column.kind == "text" and (n := len(set(column.values.tolist()))) > _MOST_VALUES:
            said.append(
                f"{column.name}: {n} texts, of which the {_MOST_VALUES - 1} commonest count"
            )
        kept.append(column)
    if not kept:
        msg = f"{path!r} has no column beside the target to predict it from"
        raise DataError("; ".join([msg, *said]))
    X = np.empty((len(kept[0].values), len(kept)), dtype=object)
    for j, column in enumerate(kept):
        X[:, j] = column.values
    return Features(X, np.array([c.kind == "numbers" for c in kept]), tuple(said))


def _missing(table: UserTable) -> list[str]:
    """A line about cells that have no value, and are not empty."""
    found = [column for column in table if any(column.missing)]
    if not found:
        return []
    counts = [
        f"{sum(map(bool, column.missing))} of {column.name}" for column in found[:_MOST_NAMED]
    ]
    if len(found) > _MOST_NAMED:
        counts.append(f"and of {len(found) - _MOST_NAMED} more columns")
    spelled = sorted({text for column in found for text in column.missing if text})
    return [f"cells without a value ({', '.join(map(repr, spelled))}): {', '.join(counts)}"]


def _is_something_else(column: Column) -> bool:
    return column.kind not in ("numbers", "text")


def _is_constant(column: Column) -> bool:
    values = column.values.tolist()
    if column.kind == "numbers":
        known = column.values[~np.isnan(column.values)]
        return len(known) in (0, len(values)) and len(np.unique(known)) < 2
    return len(set(values)) < 2


def _counts_rows(column: Column) -> bool:
    """Whether it is a whole number that grows with each row, and little more than counts them."""
    values = column.values
    if column.kind != "numbers" or len(values) < 10 or (values % 1 != 0).any():  # nan is none
        return False
    # Rows without a class have been left out.
    return bool((np.diff(values) >= 1).all() and values[-1] - values[0] < 2 * len(values))


def _names_rows(column: Column) -> bool:
    """Whether its texts are all different."""
    values = column.values.tolist()
    return column.kind == "text" and len(values) >= 20 and len(set(values)) == len(values)


_USELESS: tuple[tuple[Callable[[Column], bool], str], ...] = (
    (_is_something_else, "which holds {0.kind}"),
    (_is_constant, "which is the same in all rows"),
    (_counts_rows, "which counts the rows"),
    (_names_rows, "which is another text in each row"),
)
