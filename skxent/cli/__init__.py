"""The command: reports, comparisons and gates over files of predictions."""

__all__: list[str] = []
