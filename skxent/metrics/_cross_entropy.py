"""Cross-entropy and perplexity, exact at zero and at infinity."""

from __future__ import annotations

import math
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import ArrayLike

from skxent._intake._arguments import check_base
from skxent._intake._rows import Labelled, Paired, check_pair
from skxent._kernels import cross_entropy_rows, exp_rows
from skxent._typing import FloatArray
from skxent.metrics._reduce import Reduction, check_reduction, reduce_rows, row_values

__all__ = ["cross_entropy", "perplexity"]


@overload
def cross_entropy(
    y_true: ArrayLike,
    y_proba: ArrayLike,
    *,
    base: float | None = ...,
    labels: ArrayLike | None = ...,
    pos_label: Any = ...,
    sample_weight: ArrayLike | None = ...,
    reduction: Literal["mean", "sum"] = ...,
    from_logits: bool = ...,
    renormalize: bool = ...,
) -> float: ...
@overload
def cross_entropy(
    y_true: ArrayLike,
    y_proba: ArrayLike,
    *,
    base: float | None = ...,
    labels: ArrayLike | None = ...,
    pos_label: Any = ...,
    sample_weight: ArrayLike | None = ...,
    reduction: Literal["none"],
    from_logits: bool = ...,
    renormalize: bool = ...,
) -> FloatArray: ...
def cross_entropy(
    y_true: ArrayLike,
    y_proba: ArrayLike,
    *,
    base: float | None = math.e,
    labels: ArrayLike | None = None,
    pos_label: Any = None,
    sample_weight: ArrayLike | None = None,
    reduction: Reduction = "mean",
    from_logits: bool = False,
    renormalize: bool = False,
) -> float | FloatArray:
    r"""
    Cross-entropy: the cost of expecting `y_proba` where `y_true` is what happens.

    .. math:: H(t, p) = -\sum_j t_j \log p_j

    Smaller is better. It is at least the entropy of `y_true`, and 0 only for a one-hot
    target that was predicted with certainty. It is exact: infinite where an event that
    happens has probability 0. For class labels it is the log loss without a floor.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,), (n_samples, n_classes) or (n_classes,)
        Class labels; or one target distribution a row (one-hot or soft labels); or,
        one-dimensional and of floats, a single distribution.
    y_proba : array-like of shape (n_samples, n_classes), (n_samples,) or (n_classes,)
        Predicted distributions, classes on the last axis. One-dimensional: the probability
        of the positive class beside labels, one distribution beside a distribution. A data
        frame whose columns are named as the labels is matched by name.
    base : float or None, default=e
        Base of the logarithm: 2 gives bits, e or None nats.
    labels : array-like of shape (n_classes,), default=None
        The label of each column of `y_proba`, in the order of the columns. None: the sorted
        labels of `y_true`, which must be as many as the columns.
    pos_label : int, float, bool or str, default=None
        The class that a one-dimensional `y_proba` is the probability of. None: the larger of
        two numbers, or ``labels[1]``; strings need one or the other.
    sample_weight : array-like of shape (n_samples,), default=None
        Weight of each row.
    reduction : {"mean", "sum", "none"}, default="mean"
        The (weighted) mean or sum over the rows, or one unweighted value a row.
    from_logits : bool, default=False
        Whether `y_proba` holds logits or log-probabilities: log-softmax is applied to each
        row, or the logistic function if `y_proba` is one-dimensional beside labels.
    renormalize : bool, default=False
        Whether to divide each row of distributions by its sum, instead of refusing rows that
        do not sum to 1 within 1e-4 (1e-2 for float16).

    Returns
    -------
    float or ndarray of shape (n_samples,)
        In units of `base`. A float for a single pair of distributions.

    Raises
    ------
    ValueError
        If the input is not what it must be: a row that is no distribution, a label that has
        no column, or labels and distributions that cannot be told apart.

    See Also
    --------
    log_loss : The same for labels, with a floor that keeps it finite.
    kl_divergence : Without the part that no prediction can avoid.

    Notes
    -----
    :math:`H(t, p) = H(t) + \mathrm{KL}(t \| p)`: only the second term depends on the
    prediction, so that both have their minimum at the same prediction.

    References
    ----------
    .. [1] Shannon, C. E. (1948). A mathematical theory of communication. Bell System
           Technical Journal 27. :doi:`10.1002/j.1538-7305.1948.tb01338.x`

    Examples
    --------
    Against itself a distribution costs its entropy, against another one more:

    >>> from skxent import cross_entropy, entropy, kl_divergence
    >>> p, q = [0.10, 0.40, 0.50], [0.80, 0.15, 0.05]
    >>> round(cross_entropy(p, q, base=2), 3)
    3.288
    >>> excess = cross_entropy(p, q) - entropy(p)
    >>> abs(excess - kl_divergence(p, q)) < 1e-15
    True

    Class labels, and an event that was thought impossible:

    >>> cross_entropy(["a", "b"], [[0.5, 0.5], [0.75, 0.25]], base=2)
    1.5
    >>> cross_entropy(["a", "b"], [[0.5, 0.5], [1.0, 0.0]])
    inf
    """
    unit = check_base(base)
    check_reduction(reduction)
    rows = check_pair(
        y_true,
        y_proba,
        labels=labels,
        pos_label=pos_label,
        sample_weight=sample_weight,
        from_logits=from_logits,
        renormalize=renormalize,
    )
    return _reduced(rows, reduction, unit)


def _reduced(rows: Labelled | Paired, reduction: str, unit: float = 1.0) -> float | FloatArray:
    blocks = row_values(rows, cross_entropy_rows)
    return reduce_rows(blocks, rows.proba, rows.weight, reduction, unit, single=rows.single)


@overload
def perplexity(
    y_true: ArrayLike,
    y_proba: ArrayLike,
    *,
    labels: ArrayLike | None = ...,
    pos_label: Any = ...,
    sample_weight: ArrayLike | None = ...,
    reduction: Literal["mean", "sum"] = ...,
    from_logits: bool = ...,
    renormalize: bool = ...,
) -> float: ...
@overload
def perplexity(
    y_true: ArrayLike,
    y_proba: ArrayLike,
    *,
    labels: ArrayLike | None = ...,
    pos_label: Any = ...,
    sample_weight: ArrayLike | None = ...,
    reduction: Literal["none"],
    from_logits: bool = ...,
    renormalize: bool = ...,
) -> FloatArray: ...
def perplexity(
    y_true: ArrayLike,
    y_proba: ArrayLike,
    *,
    labels: ArrayLike | None = None,
    pos_label: Any = None,
    sample_weight: ArrayLike | None = None,
    reduction: Reduction = "mean",
    from_logits: bool = False,
    renormalize: bool = False,
) -> float | FloatArray:
    r"""
    Perplexity: the number of equally likely classes that would be as hard to guess.

    .. math:: e^{H(t, p)} = 2^{H_2(t, p)}

    It is the same for every base. Smaller is better; 1 is certain and right, n_classes is a
    uniform guess. Infinite where the cross-entropy is. It is the exponential of the reduced
    cross-entropy: with "mean" the geometric mean over the rows, with "sum" one over the joint
    probability of all of them.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,), (n_samples, n_classes) or (n_classes,)
        Class labels; or one target distribution a row (one-hot or soft labels); or,
        one-dimensional and of floats, a single distribution.
    y_proba : array-like of shape (n_samples, n_classes), (n_samples,) or (n_classes,)
        Predicted distributions, classes on the last axis. One-dimensional: the probability
        of the positive class beside labels, one distribution beside a distribution. A data
        frame whose columns are named as the labels is matched by name.
    labels : array-like of shape (n_classes,), default=None
        The label of each column of `y_proba`, in the order of the columns. None: the sorted
        labels of `y_true`, which must be as many as the columns.
    pos_label : int, float, bool or str, default=None
        The class that a one-dimensional `y_proba` is the probability of. None: the larger of
        two numbers, or ``labels[1]``; strings need one or the other.
    sample_weight : array-like of shape (n_samples,), default=None
        Weight of each row.
    reduction : {"mean", "sum", "none"}, default="mean"
        The (weighted) mean or sum over the rows, or one unweighted value a row.
    from_logits : bool, default=False
        Whether `y_proba` holds logits or log-probabilities: log-softmax is applied to each
        row, or the logistic function if `y_proba` is one-dimensional beside labels.
    renormalize : bool, default=False
        Whether to divide each row of distributions by its sum, instead of refusing rows that
        do not sum to 1 within 1e-4 (1e-2 for float16).

    Returns
    -------
    float or ndarray of shape (n_samples,)
        At least 1, without a unit. A float for a single pair of distributions.

    Raises
    ------
    ValueError
        If the input is not what it must be: a row that is no distribution, a label that has
        no column, or labels and distributions that cannot be told apart.

    References
    ----------
    .. [1] Shannon, C. E. (1948). A mathematical theory of communication. Bell System
           Technical Journal 27. :doi:`10.1002/j.1538-7305.1948.tb01338.x`
    .. [2] Jelinek, F., Mercer, R. L., Bahl, L. R., & Baker, J. K. (1977). Perplexity: a measure
           of the difficulty of speech recognition tasks. Journal of the Acoustical Society of
           America 62(S1). :doi:`10.1121/1.2016299`

    Examples
    --------
    >>> from skxent import perplexity
    >>> perplexity([0, 1, 2], [[1/3, 1/3, 1/3]] * 3)
    3.0...
    """
    check_reduction(reduction)
    rows = check_pair(
        y_true,
        y_proba,
        labels=labels,
        pos_label=pos_label,
        sample_weight=sample_weight,
        from_logits=from_logits,
        renormalize=renormalize,
    )
    if reduction == "none" and not rows.single:
        blocks = row_values(rows, cross_entropy_rows)
        b = rows.proba.backend
        powers = ((at, exp_rows(b, values)) for at, values in blocks)
        return rows.proba.as_given(b.joined(powers, rows.proba.n_samples))
    with np.errstate(over="ignore"):
        return float(np.exp(_reduced(rows, reduction)))
