"""Whether text says a number."""

from __future__ import annotations

__all__ = ["number_in"]


def number_in(text: str) -> float | None:
    """A number as every language writes it; Python alone takes 1_000 for one."""
    try:
        return None if "_" in text else float(text)
    except ValueError:
        return None
