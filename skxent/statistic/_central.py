"""Sums of powers about the mean, which add up without losing the digits of a small spread."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from skxent._backend import class_weights
from skxent._typing import FloatArray, IntArray

__all__ = ["CentralSums"]


@dataclass(frozen=True, slots=True)
class CentralSums:
    """
    Weighted sums of values and of the powers of what they are off the mean, class by class.

    The last axis is that of the classes. Two of them add up as Pébay shows: both are moved to
    the mean of all, so that the spread of equal values stays 0 but for rounding, whatever their
    size.

    References
    ----------
    .. [1] Pébay, P. (2008). Formulas for robust, one-pass parallel computation of covariances
           and arbitrary-order statistical moments. Sandia Report SAND2008-6212.
           :doi:`10.2172/1028931`
    """

    weight: FloatArray
    """Shape (n_classes,): sum of w."""
    second: FloatArray
    """Shape (n_classes,): sum of w^2."""
    third: FloatArray
    """Shape (n_classes,): sum of w^3."""
    total: FloatArray
    """Shape (..., n_classes): sum of w times the value."""
    square: FloatArray
    """Shape (2, ..., n_classes): sum of w^2 r^m, for m = 1 and 2, r being off the mean."""
    cube: FloatArray
    """Shape (3, ..., n_classes): sum of w^3 r^m, for m = 1 to 3."""

    @classmethod
    def of(
        cls, values: FloatArray, codes: IntArray, weight: FloatArray, n_classes: int
    ) -> CentralSums:
        """Of values of shape (..., n_rows), whose rows have classes and positive weights."""

        def sums(numbers: FloatArray) -> FloatArray:
            return class_weights(codes, n_classes, numbers)

        w, w2, w3 = weight, weight**2, weight**3
        whole = sums(w)
        rows = values.reshape(-1, len(codes))
        # By row of values, since there may be many rows of the data.
        total, found = np.zeros((len(rows), n_classes)), np.zeros((5, len(rows), n_classes))
        with np.errstate(all="ignore"):  # infinite losses, and classes without rows
            for i, row in enumerate(rows):
                if not row.any():  # the reference beside itself
                    continue
                total[i] = sums(w * row)
                off = row - (total[i] / whole)[codes]
                powers = w2 * off, w2 * off**2, w3 * off, w3 * off**2, w3 * off**3
                found[:, i] = [sums(each) for each in powers]
        shape = (*values.shape[:-1], n_classes)
        square, cube = (part.reshape(-1, *shape) for part in (found[:2], found[2:]))
        return cls(whole, sums(w2), sums(w3), total.reshape(shape), square, cube)

    @property
    def mean(self) -> FloatArray:
        """Of each class; nan for one without rows."""
        with np.errstate(all="ignore"):
            return self.total / self.weight

    def _about(self, centre: FloatArray) -> CentralSums:
        """The same sums of what values are off another number than their mean."""
        with np.errstate(all="ignore"):
            by = np.where(self.weight > 0, self.mean - centre, 0.0)
            (s1, s2), (c1, c2, c3) = self.square, self.cube
            square = s1 + by * self.second, s2 + 2 * by * s1 + by**2 * self.second
            cube = (
                c1 + by * self.third,
                c2 + 2 * by * c1 + by**2 * self.third,
                c3 + 3 * by * c2 + 3 * by**2 * c1 + by**3 * self.third,
            )
        return CentralSums(
            self.weight, self.second, self.third, self.total, np.array(square), np.array(cube)
        )

    def __add__(self, other: CentralSums) -> CentralSums:
        with np.errstate(all="ignore"):
            centre = (self.total + other.total) / (self.weight + other.weight)
            one, two = self._about(centre), other._about(centre)
            return CentralSums(
                *(getattr(one, f.name) + getattr(two, f.name) for f in fields(CentralSums))
            )

    def over_classes(self) -> CentralSums:
        """All classes as one, shape (..., 1)."""
        with np.errstate(all="ignore"):
            centre = self.total.sum(axis=-1, keepdims=True) / self.weight.sum()
            moved = self._about(centre)
            return CentralSums(
                *(getattr(moved, f.name).sum(axis=-1, keepdims=True) for f in fields(CentralSums))
            )
