"""The labels of rows, in host memory or on a device, as column numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skxent._backend import NUMPY, ArrayApi, Backend
from skxent._intake._codes import encode
from skxent._intake._foreign import dtype_of, is_elsewhere, same_device
from skxent._intake._labels import as_labels, codes_of, distinct, factorize, refuse_nan
from skxent._typing import IntArray, LabelArray

__all__ = ["LabelColumn"]

# Different labels that come to the host to be looked at, beyond one for each column.
_MOST_LABELS = 1000


@dataclass(frozen=True, slots=True)
class LabelColumn:
    """
    Labels of rows, none of them missing.

    Of labels on a device only the distinct ones come to the host, and codes stay there.
    """

    rows: LabelArray
    """The label of each row, where they are; true and false on a device as 1 and 0."""
    name: str
    kind: str
    """The kind of NumPy's type for them."""
    backend: Backend
    labels: LabelArray
    """Labels in host memory: those of the rows, or the distinct ones of a device."""
    place: IntArray | None = None
    """On the device, which of the `labels` each row has; None where they are those of the rows."""

    def __len__(self) -> int:
        return int(self.rows.shape[0])

    @classmethod
    def of(cls, values: ArrayLike, name: str, backend: Backend, beside: str = "y_proba") -> Self:
        """Labels beside arrays of `backend`; not yet looked at, if they are on a device."""
        if not is_elsewhere(values) or not isinstance(backend, ArrayApi):
            labels = as_labels(values, name)
            return cls(labels, name, labels.dtype.kind, NUMPY, labels)
        rows = same_device(values, name, backend, beside)
        dtype = dtype_of(rows, name)
        column = _column(rows, name, dtype.kind, backend)
        return cls(column, name, dtype.kind, backend, np.empty(0, dtype))

    def with_labels(self, n_classes: int) -> LabelColumn:
        """The column with its labels in host memory, if there are not very many."""
        if not isinstance(self.backend, ArrayApi):
            return self
        xp = self.backend.xp
        values, inverse = xp.unique_inverse(self.rows)
        if values.shape[0] > n_classes + _MOST_LABELS:
            msg = (
                f"{self.name} holds {values.shape[0]} different values, but there are {n_classes} "
                f"classes; class labels are needed, not continuous targets."
            )
            raise ValueError(msg)
        found = self.backend.to_host(values)
        place = xp.astype(xp.reshape(inverse, (-1,)), self.backend.index)
        labels = found.astype(bool) if self.kind == "b" else found
        return replace(self, labels=labels, place=place)

    def spread(self, codes: IntArray, backend: Backend) -> IntArray:
        """Codes of the `labels` as codes of the rows, where the arrays of `backend` are."""
        moved: IntArray = backend.to_device(codes)
        return moved if self.place is None else backend.xp.take(moved, self.place, axis=0)

    def distinct_of(self, mask: NDArray[np.bool_]) -> LabelArray:
        """The sorted distinct labels of the rows where `mask` is true."""
        if self.place is None:
            return distinct(self.labels[mask], self.name)
        counts = self.backend.group_sums(None, self.place[mask], len(self.labels))
        return distinct(self.labels[counts > 0], self.name)

    def kept(self, mask: NDArray[np.bool_]) -> LabelColumn:
        """The rows where `mask` is true."""
        rows = self.rows[mask]
        if self.place is None:
            return replace(self, rows=rows, labels=rows)
        return replace(self, rows=rows, place=self.place[mask])

    def factorized(self, backend: Backend) -> tuple[LabelArray, IntArray]:
        """The sorted distinct labels, and the codes of the rows."""
        known, codes = factorize(self.labels, self.name)
        return known, self.spread(codes, backend)

    def codes(self, known: LabelArray, backend: Backend) -> IntArray:
        """Position in `known` of each row's label; an error for the first that is not there."""
        if self.place is None:
            return self.spread(codes_of(self.labels, known), backend)
        codes = self.spread(encode(self.labels, known), backend)
        row = backend.first(codes < 0)
        if row is not None:
            at = int(self.place[row])
            codes_of(self.labels[at : at + 1], known, start=row)
        return codes


def _column(rows: Any, name: str, kind: str, backend: ArrayApi) -> Any:
    """
    Labels on the device in one dimension, none of them missing; true and false as 1 and 0.

    Numbers without a sign become such with one, since libraries do little with them.
    """
    # An array in host memory of the same type; a half is no label, but no number is looked at.
    shape = tuple(rows.shape)
    stand_in = np.broadcast_to(np.zeros((), dtype_of(rows, name)), shape)
    as_labels(stand_in[:1] if len(shape) == 1 else stand_in, name)
    if shape[0] == 0:
        msg = f"{name} is empty; at least one label is needed."
        raise ValueError(msg)
    xp = backend.xp
    column = xp.reshape(rows, (-1,))
    if kind == "b":
        return xp.astype(column, backend.index)
    if kind == "u":
        signed = xp.astype(column, backend.index)
        return column if backend.first(signed < 0) is not None else signed
    if kind == "f":
        row = backend.first(~xp.isfinite(column))
        if row is not None:
            refuse_nan(name, backend.to_host(column[row : row + 1]), start=row)
    return column
