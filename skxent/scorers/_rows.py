"""The rows that a scorer judges: labels, predictions and weights, in host memory or on a device."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from numpy.typing import ArrayLike

from skxent._backend import NUMPY, Backend
from skxent._intake._arguments import check_weight, same_length
from skxent._intake._codes import encode
from skxent._intake._foreign import backend_of, is_elsewhere
from skxent._intake._label_column import LabelColumn
from skxent._intake._labels import refuse_missing
from skxent._typing import LabelArray

__all__ = ["ScoredRows"]


@dataclass(frozen=True, slots=True)
class ScoredRows:
    """
    Labels, predictions and weights of the same rows.

    `codes` and `weight` are where `y` is; the predictions may be on a device beside labels in
    host memory.
    """

    y: Any
    codes: Any
    """Position among the classes of each row's label; -1 where the estimator never saw it."""
    values: Any
    weight: Any
    n_unseen: int
    column: LabelColumn

    @classmethod
    def of(
        cls, y: ArrayLike, values: Any, sample_weight: ArrayLike | None, classes: LabelArray
    ) -> ScoredRows:
        b: Backend = backend_of(values, "predictions") if is_elsewhere(values) else NUMPY
        column = LabelColumn.of(y, "y", b, "what the estimator predicts")
        same_length(len(column), values.shape[0])
        weight = check_weight(sample_weight, len(column), column.backend, "y")
        column = column.with_labels(len(classes))
        codes = column.spread(encode(column.labels, classes), column.backend)
        n_unseen = int(column.backend.xp.count_nonzero(codes < 0))
        if n_unseen and column.place is None:
            refuse_missing(column.labels, column.labels[codes < 0].tolist(), "y")
        return cls(column.rows, codes, values, weight, n_unseen, column)

    @property
    def n_rows(self) -> int:
        return int(self.codes.shape[0])

    @property
    def unseen(self) -> Any:
        """Whether the estimator never saw the class of a row."""
        return self.codes < 0

    def without_void_rows(self) -> ScoredRows:
        """Rows of weight 0 are none, so that their classes need not be known."""
        if self.weight is None or self.n_unseen == 0:
            return self
        if self._count(self.unseen & (self.weight == 0)) == 0:
            return self
        return self._kept(self.weight > 0)

    def seen_only(self) -> ScoredRows:
        return self._kept(~self.unseen)

    def unseen_labels(self) -> LabelArray:
        """The distinct labels that the estimator never saw."""
        return self.column.distinct_of(self.unseen)

    def _count(self, mask: Any) -> int:
        return int(self.column.backend.xp.count_nonzero(mask))

    def _kept(self, mask: Any) -> ScoredRows:
        of_values = mask
        if self.column.backend is NUMPY and is_elsewhere(self.values):
            of_values = backend_of(self.values, "predictions").to_device(mask)
        codes = self.codes[mask]
        return replace(
            self,
            y=self.y[mask],
            codes=codes,
            values=self.values[of_values],
            weight=None if self.weight is None else self.weight[mask],
            n_unseen=self._count(codes < 0),
            column=self.column.kept(mask),
        )
