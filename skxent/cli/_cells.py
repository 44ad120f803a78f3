"""Cells of text: which have no value, which columns hold numbers, and what is a mistake."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skxent._intake._missing import MISSING, MISSING_NUMBERS
from skxent._intake._number_text import number_in

__all__ = ["Column", "decimal_commas", "of_cells", "of_numbers"]

# A column of which so many cells are numbers is one of numbers, and the others are mistakes.
_MOSTLY = 0.9
_CODE = re.compile(r"-?0[0-9]")
_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+([eE][+-]?[0-9]+)?")
_THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2}(,[0-9]{3})+")
_LIKE = re.compile(r"[+-]?[0-9]{1,3}([., '][0-9]{3})+([.,][0-9]+)?")


@dataclass(frozen=True, slots=True)
class Column:
    """One column: numbers with nan, or texts, where an empty one is missing; or neither."""

    name: str
    values: NDArray[Any]
    kind: str
    """ "numbers", "text", or what else it holds."""
    cells: tuple[str, ...] | None = None
    """As they are written, in a file of text."""
    missing: tuple[str, ...] = ()
    """What stands in each cell that has no value; empty for all others, or nothing at all."""
    said: str = ""
    """How its cells were read, if that is worth a line."""
    wrong: str = ""
    """Why nothing can be learned from it as it is."""


def of_cells(name: str, cells: Sequence[str], *, commas: bool) -> Column:
    """
    A column of numbers if all cells are that have a value, or else of text.

    `commas` says whether other columns of the file have decimal commas.
    """
    texts = [cell.strip() for cell in cells]
    known = [text for text in texts if _has_number(text)]
    if not any(_CODE.match(text) for text in known):
        if all(number_in(text) is not None for text in known):
            return _numbers(name, cells, texts)
        if _have_commas(known) and _are_thousands(known):
            column = _numbers(name, cells, [text.replace(",", "") for text in texts])
            return replace(column, wrong=_of_thousands(name, known))
        if _have_commas(known) and _are_single(known):
            column = _numbers(name, cells, [text.replace(",", ".") for text in texts])
            if commas or _are_decimal(known):
                said = f"{name}: commas are decimal, as in {_example(known)!r}"
                return replace(column, said=said)
            return replace(column, wrong=_ambiguous(name, known))
    values = np.array(["" if text in MISSING else text for text in texts], dtype=object)
    missing = tuple(text if text in MISSING else "" for text in texts)
    column = Column(name, values, "text", tuple(cells), missing)
    return replace(column, wrong=_mistakes(name, texts))


def of_numbers(name: str, values: NDArray[np.float64]) -> Column:
    """A column of numbers; what is infinite is missing."""
    infinite = np.isinf(values)
    missing = tuple("inf" if none else "" for none in infinite.tolist()) if infinite.any() else ()
    return Column(name, np.where(infinite, np.nan, values), "numbers", missing=missing)


def decimal_commas(columns: Sequence[Sequence[str]]) -> bool:
    """Whether some column holds numbers whose commas can be nothing but decimal."""
    for cells in columns:
        known = [text for text in map(str.strip, cells) if _has_number(text)]
        if _have_commas(known) and _are_decimal(known):
            return True
    return False


def _has_number(text: str) -> bool:
    return bool(text) and text.lower() not in MISSING_NUMBERS


def _numbers(name: str, cells: Sequence[str], texts: Sequence[str]) -> Column:
    numbers = [number_in(text) if _has_number(text) else np.nan for text in texts]
    found = of_numbers(name, np.array(numbers, dtype=np.float64))
    infinite = found.missing or ("",) * len(texts)
    missing = tuple(
        inf if _has_number(text) else text for text, inf in zip(texts, infinite, strict=True)
    )
    return Column(name, found.values, "numbers", tuple(cells), missing)


def _have_commas(known: Sequence[str]) -> bool:
    """Whether all are numbers, with commas in some and points in none."""
    found = [_COMMA.fullmatch(t) or _THOUSANDS.fullmatch(t) for t in known if "," in t]
    plain = [t for t in known if "," not in t]
    return (
        bool(found) and all(found) and all("." not in t and number_in(t) is not None for t in plain)
    )


def _are_decimal(known: Sequence[str]) -> bool:
    """Whether commas can be no thousands: 1,5 is not, and 1,234 may be."""
    return _are_single(known) and not all(_THOUSANDS.fullmatch(t) for t in known if "," in t)


def _are_single(known: Sequence[str]) -> bool:
    """Whether no number has more commas than one."""
    return all(text.count(",") < 2 for text in known)


def _are_thousands(known: Sequence[str]) -> bool:
    """Whether commas can be nothing but thousands: some number has several."""
    with_comma = [text for text in known if "," in text]
    return not _are_single(known) and all(_THOUSANDS.fullmatch(text) for text in with_comma)


def _example(known: Sequence[str]) -> str:
    return next(text for text in known if "," in text)


def _ambiguous(name: str, known: Sequence[str]) -> str:
    return (
        f"column {name!r}: {_example(known)!r} may be a decimal comma or one of thousands; write "
        f"numbers with a decimal point and no other sign, or say --text {name} or --drop {name}"
    )


def _of_thousands(name: str, known: Sequence[str]) -> str:
    shown = next(text for text in known if text.count(",") > 1)
    return (
        f"column {name!r}: {shown!r} has commas of thousands; write numbers with a decimal point "
        f"and no other sign, or say --text {name} or --drop {name}"
    )


def _mistakes(name: str, texts: Sequence[str]) -> str:
    """What is wrong with a column of text that looks like one of numbers; or nothing."""
    known = [(i, text) for i, text in enumerate(texts, 1) if _has_number(text)]
    if any(_CODE.match(text) for _, text in known):
        return ""
    bad = [(i, text) for i, text in known if number_in(text) is None]
    like = len(known) - len(bad) + sum(_is_like(text) for _, text in bad)
    if not known or like < _MOSTLY * len(known):
        return ""
    shown = ", ".join(f"{text[:40]!r} in data row {i}" for i, text in bad[:3])
    more = ", ..." if len(bad) > 3 else ""
    return (
        f"column {name!r} looks like numbers, but {len(bad)} of its {len(known)} cells are none: "
        f"{shown}{more}; write numbers with a decimal point and no other sign, leave cells without "
        f"a value empty, or say --text {name} or --drop {name}"
    )


def _is_like(text: str) -> bool:
    """Whether it is a number to the eye: with a percent sign, or with commas."""
    plain = text.rstrip("% ")
    is_one = _COMMA.fullmatch(plain) or _LIKE.fullmatch(plain)
    return bool(is_one) or number_in(plain) is not None
