"""How text says that there is no value."""

from __future__ import annotations

__all__ = ["MISSING", "MISSING_NUMBERS"]

# As R, spreadsheets, databases, pandas and old collections of data write it. Other spellings, such
# as "none" or "-", are names of classes as well, and mean nothing only where numbers are expected.
MISSING = ("NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NULL", "null", "None", "?")
MISSING_NUMBERS = frozenset({*(text.lower() for text in MISSING), "-", "."})
"""Where there should be a number, whatever letters are capitals."""
