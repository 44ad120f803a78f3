"""The rows that a scorer judges: labels, predictions and weights, in host memory or on a device."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skxent._intake._arguments import check_weight, same_length
from skxent._intake._device import Device, device_of
from skxent._intake._dispatch import distinct_on, label_column_on, weight_on
from skxent._intake._foreign import is_elsewhere
from skxent._intake._labels import as_labels, distinct, encode, refuse_missing

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
    device: Device | None
    """Where the labels are, if not in host memory."""

    @classmethod
    def of(
        cls, y: ArrayLike, values: Any, sample_weight: ArrayLike | None, classes: NDArray[Any]
    ) -> ScoredRows:
        if is_elsewhere(y) and is_elsewhere(values):
            return cls._on_device(y, values, sample_weight, classes)
        array = as_labels(y, "y")
        same_length(len(array), values.shape[0])
        codes = encode(array, classes)
        n_unseen = int(np.count_nonzero(codes < 0))
        if n_unseen:
            refuse_missing(array, array[codes < 0].tolist(), "y")
        weight = check_weight(sample_weight, len(array))
        return cls(array, codes, values, weight, n_unseen, None)

    @classmethod
    def _on_device(
        cls, y: Any, values: Any, sample_weight: Any, classes: NDArray[Any]
    ) -> ScoredRows:
        device = device_of(values, "predictions")
        y = device.own(y, "y", "what the estimator predicts")
        column = label_column_on(device, y, "y")
        same_length(column.shape[0], values.shape[0])
        weight = weight_on(device, sample_weight, column.shape[0], "y")
        found, inverse = distinct_on(device, column, y, "y", len(classes))
        codes = device.xp.take(device.moved_codes(encode(found, classes)), inverse, axis=0)
        y = device.xp.reshape(y, (-1,))
        return cls(y, codes, values, weight, device.count(codes < 0), device)

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

    def unseen_labels(self) -> NDArray[Any]:
        """The distinct labels that the estimator never saw."""
        labels = self.y[self.unseen]
        if self.device is None:
            return distinct(labels, "y")
        column = label_column_on(self.device, labels, "y")
        return distinct_on(self.device, column, labels, "y", column.shape[0])[0]

    def _count(self, mask: Any) -> int:
        return int(mask.sum()) if self.device is None else self.device.count(mask)

    def _kept(self, mask: Any) -> ScoredRows:
        of_values = mask
        if self.device is None and is_elsewhere(self.values):
            of_values = device_of(self.values, "predictions").moved(mask)
        codes = self.codes[mask]
        return replace(
            self,
            y=self.y[mask],
            codes=codes,
            values=self.values[of_values],
            weight=None if self.weight is None else self.weight[mask],
            n_unseen=self._count(codes < 0),
        )
