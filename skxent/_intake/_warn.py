"""Warnings that show the line of the user's code that they are about."""

from __future__ import annotations

import sys
import warnings

__all__ = ["warn"]

# scikit-learn calls scorers, and joblib what scikit-learn calls: neither line says anything.
_BETWEEN = {"skxent", "sklearn", "joblib"}


def warn(text: str) -> None:
    """Warn of the first line outside of this package and of those that call it for a user."""
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and _package(frame.f_globals) in _BETWEEN:
        frame, level = frame.f_back, level + 1
    warnings.warn(text, stacklevel=level)


def _package(names: dict[str, object]) -> str:
    return str(names.get("__name__", "")).partition(".")[0]
