"""The command, as ``python -m skxent``; see `skxent.cli`."""

from __future__ import annotations

import sys

from skxent.cli._main import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
