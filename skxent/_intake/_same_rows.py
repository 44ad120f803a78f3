"""Which rows are described by the same values?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, issparse

from skxent._intake._features import check_features
from skxent._typing import FloatArray, IntArray

__all__ = ["same_rows"]

_SEED = 0x636F7079
# Beyond, not every integer is a float64.
_EXACT = 2.0**53


def same_rows(X: Any) -> IntArray | None:
    """
    A number for each row, the same for rows that hold the same values, missing ones included.

    In an order of the values, so that which row stands where does not matter. None if `X` is no
    array of numbers, sparse matrix, data frame or list of lists.
    """
    if issparse(X):
        return _of_sparse(X)
    if isinstance(X, list | tuple) and len(X) and isinstance(X[0], list | tuple | np.ndarray):
        try:
            X = np.asarray(X)
        except ValueError:  # of unequal length
            return None
    if isinstance(X, np.ndarray) and X.dtype.kind in "biuf" and not np.ma.isMaskedArray(X):
        return _of_numbers(X.reshape(len(X), -1) if X.size else np.empty((len(X), 0)))
    if not hasattr(X, "columns") and not (isinstance(X, np.ndarray) and X.ndim == 2):
        return None
    try:
        features = check_features(X, X.shape[0])
    except (TypeError, ValueError, AttributeError):  # what is wrong with it the classifier says
        return None
    columns = np.empty((len(X), len(features)))
    for j, f in enumerate(features):
        columns[:, j] = f.column
        if f.numbers is not None and (f.is_time or (abs(f.numbers) > _EXACT).any()):
            columns[:, j] = _places(X[:, j] if isinstance(X, np.ndarray) else X[X.columns[j]])
    return _of_numbers(columns)


def _places(column: Any) -> IntArray:
    """Of values that float64 does not tell apart: their places; of what has no order, the rows."""
    try:
        return np.unique(np.asarray(column), return_inverse=True)[1].reshape(-1)
    except TypeError:
        return np.arange(len(column))


def _of_numbers(X: NDArray[Any]) -> IntArray:
    """Rows whose sums with random factors are the same are compared byte by byte."""
    factors = _factors(X.shape[1])
    total = np.zeros(len(X))
    with np.errstate(over="ignore", invalid="ignore"):
        # Column by column: products of matrices are rounded as rows happen to lie in blocks.
        for j, factor in enumerate(factors):
            total += factor * _finite(X[:, j])
    some = _of_equal(total)
    rows = np.ascontiguousarray(X[some])
    if rows.dtype.kind == "f":
        rows = np.where(np.isnan(rows), np.nan, rows + 0.0)  # one nan, and one zero
    return _numbered(total, some, [row.tobytes() for row in rows])


def _of_sparse(X: Any) -> IntArray:
    X = csr_array(X, copy=True)
    X.sum_duplicates()  # which sorts
    X.eliminate_zeros()
    factors = _factors(X.shape[1])
    with np.errstate(over="ignore", invalid="ignore"):
        # Summed from left to right in each row.
        total = csr_array((_finite(X.data), X.indices, X.indptr), shape=X.shape) @ factors
    some = _of_equal(total)
    data = np.where(np.isnan(X.data), np.nan, X.data) if X.dtype.kind == "f" else X.data
    ends = [slice(*X.indptr[i : i + 2]) for i in some]
    return _numbered(total, some, [X.indices[at].tobytes() + data[at].tobytes() for at in ends])


def _factors(n: int) -> FloatArray:
    return np.random.default_rng(_SEED).normal(size=(n,))


def _finite(values: NDArray[Any]) -> FloatArray:
    numbers = values.astype(np.float64)
    return np.nan_to_num(numbers, copy=False, nan=0.7, posinf=3.1, neginf=-2.3)


def _of_equal(total: FloatArray) -> IntArray:
    """Rows that have the total of another one."""
    np.nan_to_num(total, copy=False)
    _, place, count = np.unique(total, return_inverse=True, return_counts=True)
    return np.flatnonzero(count[place] > 1)


def _numbered(total: FloatArray, some: IntArray, content: Sequence[bytes]) -> IntArray:
    """Numbers in the order of the totals, and of `content` for the rows `some`."""
    rank = {key: i for i, key in enumerate(sorted(set(content)))}
    within = np.zeros(len(total), dtype=np.intp)
    within[some] = [rank[key] for key in content]
    order = np.lexsort((within, total))
    new = (np.diff(total[order], prepend=np.nan) != 0) | (np.diff(within[order], prepend=-1) != 0)
    numbers = np.empty(len(total), dtype=np.intp)
    numbers[order] = np.cumsum(new) - 1
    return numbers
