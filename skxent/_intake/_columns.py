"""Which columns of a stream hold what: their names, and the labels that these carry."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from skxent._intake._containers import by_spelling, named_labels
from skxent._intake._labels import as_labels, check_labels, shown

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "FIRST",
    "BadDataError",
    "Columns",
    "Layout",
    "NoSuchColumnError",
    "is_text_file",
    "labels_as",
    "labels_in",
    "layout_of",
]

_WILD = re.compile(r"[*?\[]")
_WHOLE = re.compile(r"0|-?[1-9][0-9]{0,17}")
_MOST_SHOWN = 12

FIRST = b"first"
"""Under which the columns of a file of text say what their first value is."""

# What stands before the labels in names of columns that are listed, and is part of none.
_BEFORE = re.compile(r"(y_?)?(p|pr|probs?|proba|probability|pred_proba)[_.: -]", re.IGNORECASE)


class BadDataError(ValueError):
    """Data that break a rule: the message names file, row and column as far as they are known."""


class NoSuchColumnError(ValueError):
    """A name or a pattern that the data have no column for."""


@dataclass(frozen=True, slots=True)
class Columns:
    """What the columns are called that a report is made of."""

    y: str
    proba: str | tuple[str, ...]
    """A pattern with one ``*``, the names of all columns, or that of a single one."""
    weight: str | None = None
    groups: str | None = None
    row_ids: str | None = None
    by: str | tuple[str, ...] | None = None
    """What rows are told apart by, in one column or several: to have no value is a value more."""

    @classmethod
    def of(
        cls,
        y: str,
        proba: str | Sequence[str],
        weight: str | None,
        groups: str | None,
        row_ids: str | None,
    ) -> Columns:
        """The names, or an error for what is none."""
        single = {"y": y, "weight": weight, "groups": groups, "row_ids": row_ids}
        for argument, name in single.items():
            if not isinstance(name, str) and (name is not None or argument == "y"):
                msg = f"{argument} must be the name of a column; got {name!r}."
                raise TypeError(msg)
        names = tuple(proba) if isinstance(proba, Sequence) else ()
        names = (proba,) if isinstance(proba, str) else names
        if not names or not all(isinstance(name, str) for name in names):
            msg = f'proba must be a pattern such as "p_*", or names of columns; got {proba!r}.'
            raise TypeError(msg)
        return cls(y, proba if isinstance(proba, str) else names, weight, groups, row_ids)

    @property
    def slicing(self) -> tuple[str, ...]:
        """The columns that rows are told apart by."""
        return (self.by,) if isinstance(self.by, str) else self.by or ()

    @property
    def beside(self) -> list[tuple[str, str]]:
        """What the columns are for that hold no probabilities, and their names."""
        named = {
            "y": self.y,
            "weight": self.weight,
            "groups": self.groups,
            "row_ids": self.row_ids,
        }
        found = [(argument, name) for argument, name in named.items() if name is not None]
        return [*found, *(("by", name) for name in self.slicing)]

    @property
    def is_pattern(self) -> bool:
        return isinstance(self.proba, str) and _WILD.search(self.proba) is not None


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a stream of some schema has what is needed."""

    columns: Columns
    proba: tuple[str, ...]
    """The columns of probabilities, in the order of the labels; or a single one."""
    kind: Literal["columns", "list", "positive"]
    """A column a class; a column of lists; or the probability of one of two classes."""

    @property
    def needed(self) -> list[str]:
        """All columns to be read, each once."""
        return list(dict.fromkeys([*(name for _, name in self.columns.beside), *self.proba]))

    @property
    def filled(self) -> list[str]:
        """Those of them that must have a value in each row."""
        beside = [name for argument, name in self.columns.beside if argument != "by"]
        return list(dict.fromkeys([*beside, *self.proba]))


def layout_of(schema: pa.Schema, columns: Columns, labels: NDArray[Any], where: str) -> Layout:
    """Where a stream has the probability of each label; an error that names what is missing."""
    names = _proba_columns(schema, columns, where)
    if not columns.is_pattern and len(names) == 1:
        return Layout(columns, names, _kind_of_one(schema, names[0], where))
    if columns.is_pattern:
        spelled = by_spelling(labels)
        places = [spelled.get(part) for part in _parts(columns, names)]
    else:
        places = named_labels(names, labels)
    found = dict(zip(places, names, strict=True))
    missing = [label for i, label in enumerate(labels.tolist()) if i not in found]
    extra = [name for name, place in zip(names, places, strict=True) if place is None]
    twice = [name for name, place in zip(names, places, strict=True) if found[place] != name]
    if missing or extra or twice:
        what = f"no column for {shown(missing)}" if missing else f"no label for {shown(extra)}"
        if not missing and not extra:
            what = f"the label of {shown(twice)} is that of another column as well"
        msg = f"{where}: the columns of {_said(columns)} are not those of the labels: {what}."
        raise BadDataError(msg)
    return Layout(columns, tuple(found[i] for i in range(len(labels))), "columns")


def labels_in(schema: pa.Schema, columns: Columns, where: str) -> NDArray[Any]:
    """
    The labels that the names of the columns carry, in the order of the columns.

    They are of the type of `y`: "01" stays text where `y` is text. A file of text has no types;
    there labels are whole numbers if all of them are written as such, and else text.
    """
    names = _proba_columns(schema, columns, where)
    kind = _kind_of_y(schema, columns.y, where)
    if not columns.is_pattern and len(names) == 1:
        return _labels_of_one(schema, columns, kind, where)
    parts = list(_parts(columns, names))
    if len(parts) < 2:
        msg = f"{where}: {_said(columns)} is a single column, {names[0]!r}; there is one a class."
        raise NoSuchColumnError(msg)
    try:
        return check_labels(_typed(parts, kind))
    except ValueError as error:
        msg = (
            f"{where}: column {columns.y!r} holds {kind}, but the columns of {_said(columns)} are "
            f"named {shown(parts)}, which are not all such labels: {error} Pass labels=."
        )
        raise BadDataError(msg) from error


def labels_as(
    texts: Sequence[str], schema: pa.Schema, columns: Columns, where: str
) -> NDArray[Any]:
    """Labels that somebody wrote, typed as those of the rows are."""
    _proba_columns(schema, columns, where)
    kind = _kind_of_y(schema, columns.y, where)
    try:
        return check_labels(_typed(texts, kind))
    except ValueError as error:
        msg = f"{where}: column {columns.y!r} holds {kind}, unlike labels={shown(texts)}: {error}"
        raise NoSuchColumnError(msg) from error


def is_text_file(schema: pa.Schema) -> bool:
    """Whether the types of the columns are not known, since all is written as text."""
    return (schema.metadata or {}).get(b"skxent") == b"text"


def _proba_columns(schema: pa.Schema, columns: Columns, where: str) -> tuple[str, ...]:
    """The columns of probabilities as they stand; the others are there as well."""
    for argument, name in columns.beside:
        if name not in schema.names:
            raise NoSuchColumnError(_missing(schema, name, argument, where))
    counts = Counter(schema.names)
    beside = [name for _, name in columns.beside]
    if isinstance(columns.proba, str) and columns.is_pattern:
        if columns.proba.count("*") != 1 or _WILD.search(columns.proba.replace("*", "")):
            msg = f"proba must have one * for the label, as in 'p_*'; got {columns.proba!r}."
            raise NoSuchColumnError(msg)
        found = tuple(n for n in schema.names if fnmatchcase(n, columns.proba) and n not in beside)
        if not found:
            msg = f"{where}: no column is called {columns.proba!r} (proba); {_has(schema)}"
            raise NoSuchColumnError(msg)
    else:
        found = (columns.proba,) if isinstance(columns.proba, str) else columns.proba
        for name in found:
            if name not in schema.names:
                raise NoSuchColumnError(_missing(schema, name, "proba", where))
    twice = [name for name in (*beside, *found) if counts[name] > 1]
    if twice:
        msg = f"{where}: several columns are called {twice[0]!r}; rename them."
        raise NoSuchColumnError(msg)
    return found


def _missing(schema: pa.Schema, name: str, argument: str, where: str) -> str:
    close = difflib.get_close_matches(name, schema.names, n=1)
    meant = f"; did you mean {close[0]!r}?" if close else ";"
    return f"{where}: there is no column {name!r} ({argument}){meant} {_has(schema)}"


def _has(schema: pa.Schema) -> str:
    names = list(schema.names)
    more = f", ... {len(names)} in all" if len(names) > _MOST_SHOWN else ""
    return f"its columns: {', '.join(names[:_MOST_SHOWN])}{more}."


def _said(columns: Columns) -> str:
    return repr(columns.proba) if isinstance(columns.proba, str) else "proba"


def _parts(columns: Columns, names: Sequence[str]) -> dict[str, str]:
    """What the ``*`` stands for in the name of each column, or the name where there is none."""
    if not isinstance(columns.proba, str):
        start = _BEFORE.match(names[0])
        before = start[0] if start and all(name.startswith(start[0]) for name in names) else ""
        return {name.removeprefix(before): name for name in names}
    before, _, after = columns.proba.partition("*")
    return {name[len(before) : len(name) - len(after)]: name for name in names}


def _kind_of_one(schema: pa.Schema, name: str, where: str) -> Literal["list", "positive"]:
    import pyarrow as pa

    if is_text_file(schema):
        return "positive"
    kind = schema.field(name).type
    kind = getattr(kind, "storage_type", kind)
    lists = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
    if any(is_it(kind) for is_it in lists) or "list" in str(kind):
        return "list"
    if pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_decimal(kind):
        return "positive"
    msg = f"{where}: column {name!r} (proba) holds {kind}; it must hold numbers or lists of them."
    raise BadDataError(msg)


def _kind_of_y(schema: pa.Schema, name: str, where: str) -> str:
    """What the labels are: "integers", "booleans", "floats", "text", or "any" in files of text."""
    import pyarrow as pa

    if is_text_file(schema):
        return "any"
    kind = schema.field(name).type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    kinds = {
        "integers": pa.types.is_integer,
        "booleans": pa.types.is_boolean,
        "floats": pa.types.is_floating,
    }
    found = next((what for what, is_it in kinds.items() if is_it(kind)), None)
    if found is None and "string" in str(kind):  # also large strings and views of them
        found = "text"
    if found is None:
        msg = (
            f"{where}: column {name!r} (y) holds {kind}; labels must be integers, booleans, floats "
            f"or text."
        )
        raise BadDataError(msg)
    return found


def _labels_of_one(schema: pa.Schema, columns: Columns, kind: str, where: str) -> NDArray[Any]:
    """Labels of a single column: known only where it is the probability of true, or of 1."""
    name = columns.proba if isinstance(columns.proba, str) else columns.proba[0]
    if kind == "any":
        first = (schema.field(columns.y).metadata or {}).get(FIRST, b"").decode().strip()
        kind = {"0": "integers", "1": "integers"}.get(first, kind)
        kind = "booleans" if first.lower() in ("true", "false") else kind
    if _kind_of_one(schema, name, where) == "list":
        msg = f"{where}: column {name!r} holds lists, which name no classes; pass labels=."
        raise NoSuchColumnError(msg)
    if kind in ("text", "any"):
        msg = (
            f"{where}: column {name!r} is the probability of one of two classes, and nothing says "
            f"of which; pass labels=[other, positive]."
        )
        raise NoSuchColumnError(msg)
    return np.array([False, True] if kind == "booleans" else [0, 1])


def _typed(parts: Sequence[str], kind: str) -> NDArray[Any]:
    """Labels of some kind that are written so."""
    truth = {"true": True, "false": False}
    if kind == "any":
        if all(_WHOLE.fullmatch(part) for part in parts):
            kind = "integers"
        else:
            kind = "booleans" if {part.lower() for part in parts} <= set(truth) else "text"
    if kind == "text":
        return as_labels(list(parts), "labels")
    if kind == "booleans":
        return np.array([truth[_of(part.lower(), truth)] for part in parts])
    if kind == "floats":
        return np.array([float(part) for part in parts])
    return np.array([int(_of(part, part if _WHOLE.fullmatch(part) else ())) for part in parts])


def _of(part: str, known: Any) -> str:
    if part in known:
        return part
    msg = f"{part!r} is none."
    raise ValueError(msg)
