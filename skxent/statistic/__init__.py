"""The mergeable statistic that results are functions of."""

__all__: list[str] = []
