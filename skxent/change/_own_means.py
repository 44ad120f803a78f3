"""What classes of few rows vary more than they seem to, about means of these same rows."""

from __future__ import annotations

import numpy as np

from skxent._inference._intervals import LEAST_N, Moments, moments_of_mean
from skxent._typing import FloatArray

__all__ = ["about_own_means", "left_of_squares", "of_parts_about_own_means"]


def about_own_means(
    found: Moments, reach: FloatArray, left: float, sums: tuple[FloatArray, ...]
) -> Moments:
    """
    Moments of figures of each class and of all, that have the mean losses of the classes in them.

    In `found` the losses of a class vary about the mean of its own rows, and are over `left`,
    which allows for the mean of all rows. Two rows vary twice as much as they do about their mean.
    A single row is taken to vary as rows of the others do on average.

    `reach` is what an error of each class's mean loss adds to the figure; `sums` are those of
    `moments_of_mean`.
    """
    weight, loss, square, cube = sums
    own = moments_of_mean(weight, loss, square, cube)
    there = weight > 0
    with np.errstate(all="ignore"):  # a class without rows
        seen = square[2] - 2 * own.mean * square[1] + own.mean**2 * square[0]
        seen = np.maximum(seen, 0.0) / weight**2
        n_kish = weight**2 / square[0]
    lonely, several = there & (own.n < LEAST_N), there & (own.n >= LEAST_N)
    row = np.where(several, own.variance * n_kish, 0.0)
    lent, of_lonely = 0.0, reach[lonely] ** 2
    if of_lonely.any():
        lent = row.sum() / several.sum() if several.any() else np.nan
    more = np.zeros(len(reach))
    more[several] = (reach**2 * (own.variance - seen / left))[several]
    more[lonely] = of_lonely * lent / n_kish[lonely]
    variance = found.variance + np.append(more, more.sum())
    # Satterthwaite's degrees of freedom: what is lent has those of the lenders.
    parts = (reach**2 * own.variance)[several]
    if of_lonely.any():
        parts = parts + row[several] * of_lonely.sum() / max(int(several.sum()), 1)
    with np.errstate(all="ignore"):
        rest = max(variance[-1] - parts.sum(), 0.0) ** 2 / (found.n[-1] - 1.0)
        freedom = variance[-1] ** 2 / (rest + (parts**2 / (own.n[several] - 1.0)).sum())
    n = found.n.copy()
    n[-1] = min(n[-1], freedom + 1.0) if variance[-1] > 0 else n[-1]
    return Moments(found.mean, variance, found.third, n)


def of_parts_about_own_means(
    slope: FloatArray, base: FloatArray, total: FloatArray, left: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """
    The same of random parts of rows, or groups: what to add to the errors, and to the variance.

    `base` and `total`, of shape (n_parts, n_classes), are the sums of weights and of weighted
    losses, whose quotients are the means of the classes. Last comes the effective number of parts
    that each mean is of, nan for none.
    """
    whole = base.sum(axis=0)
    there = whole > 0
    with np.errstate(all="ignore"):  # a class without rows
        share = base / whole
        residual = total - total.sum(axis=0) / whole * base
        second, third = (share**2).sum(axis=0), (share**3).sum(axis=0)
        n = second**3 / third**2
        own_left = 1.0 - 2.0 * third / second + second
        one = ((residual / whole) ** 2).sum(axis=0) / own_left / second
    lonely, several = there & (n < LEAST_N), there & (n >= LEAST_N)
    off, variance = np.zeros(base.shape), np.zeros(len(slope))
    factor = np.sqrt(left / own_left[several]) - 1.0
    off[:, several] = slope[several] * residual[:, several] * factor
    of_lonely = (slope * whole)[lonely] ** 2
    if of_lonely.any():
        lent = one[several].mean() if several.any() else np.nan
        variance[lonely] = of_lonely * lent * second[lonely]
    return off, variance, np.where(there, n, np.nan)


def left_of_squares(second: float, third: float) -> float:
    """What the mean leaves of the sum of squared errors."""
    return max(1.0 - 2.0 * third / second + second, 1e-300)
