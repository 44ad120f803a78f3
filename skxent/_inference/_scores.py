"""Deviations of skewed sums on the scale of a normal one, so that small sums do not stand out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["normal_scores"]

# Below this skewness, scores are the deviations themselves.
_STRAIGHT = 0.01


def normal_scores(z: NDArray[np.floating], skewness: NDArray[np.floating]) -> NDArray[np.floating]:
    r"""
    Scores that are as far out as the deviations `z` of sums with this skewness are.

    A sum is taken for a Poisson count with the same skewness, whose mean is
    :math:`\lambda = 1 / \gamma^2`, and its tails for those of the gamma distribution by the cube
    root of Wilson and Hilferty,

    .. math:: 3 \sqrt{x} \, \Bigl(1 - \frac1{9x} - \sqrt[3]{\lambda / x}\Bigr),

    with what was seen counted into the tail: x is the count above the mean, and the count plus 1
    below it. A score never changes sides. Type and shape are those of `z`, with which `skewness`
    is broadcast.

    References
    ----------
    .. [1] Wilson, E. B., & Hilferty, M. M. (1931). The distribution of chi-square. PNAS 17(12).
           :doi:`10.1073/pnas.17.12.684`
    """
    side = np.where(skewness < 0, -1.0, 1.0).astype(z.dtype)
    size = np.clip(np.abs(skewness), _STRAIGHT, 1e3).astype(z.dtype)
    rate = 1.0 / size**2
    turned = z * side
    above = turned > 0
    count = np.maximum(rate + turned / size, 0.0)
    count += np.where(above, 0.0, 1.0).astype(z.dtype)
    score = 3.0 * np.sqrt(count) * (1.0 - np.cbrt(rate / count)) - 1.0 / (3.0 * np.sqrt(count))
    score = np.where(above, np.maximum(score, 0.0), np.minimum(score, 0.0))
    found: NDArray[np.floating] = np.where(np.abs(skewness) < _STRAIGHT, z, score * side)
    return found.astype(z.dtype, copy=False)
