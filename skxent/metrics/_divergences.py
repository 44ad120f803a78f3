"""Divergences between distributions, exact at zero and at infinity."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Literal, overload

from numpy.typing import ArrayLike

from skxent._intake._arguments import check_base
from skxent._intake._rows import Labelled, Paired, check_pair
from skxent._kernels import js_rows, js_rows_of_labels, kl_rows
from skxent._typing import FloatArray
from skxent.metrics._reduce import Reduction, check_reduction, reduce_rows, row_values

__all__ = ["js_divergence", "kl_divergence"]


@overload
def kl_divergence(
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
def kl_divergence(
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
def kl_divergence(
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
    Kullback-Leibler divergence: what a wrong distribution costs beyond the right one.

    .. math:: \mathrm{KL}(t \| p) = \sum_j t_j \log \frac{t_j}{p_j}

    Smaller is better; 0 only where `y_proba` equals `y_true`, infinite where an event that
    happens has probability 0. It is not symmetric. For class labels it equals the
    cross-entropy, since a label has no entropy.

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
    js_divergence : Symmetric and always finite.

    References
    ----------
    .. [1] Kullback, S., & Leibler, R. A. (1951). On information and sufficiency. Annals of
           Mathematical Statistics 22(1). :doi:`10.1214/aoms/1177729694`

    Examples
    --------
    >>> from skxent import kl_divergence
    >>> kl_divergence([0.5, 0.5], [0.5, 0.5])
    0.0
    >>> kl_divergence([1.0, 0.0], [0.25, 0.75], base=2)
    2.0
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
    blocks = row_values(rows, kl_rows)
    return reduce_rows(blocks, rows.proba, rows.weight, reduction, unit, single=rows.single)


@overload
def js_divergence(
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
def js_divergence(
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
def js_divergence(
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
    Jensen-Shannon divergence: the mean divergence of two distributions from their middle.

    .. math::
        \mathrm{JS}(t, p) = \tfrac12 \mathrm{KL}(t \| m) + \tfrac12 \mathrm{KL}(p \| m),
        \qquad m = \tfrac12 (t + p)

    Smaller is better; symmetric, always finite, between 0 and the logarithm of 2. This is
    the divergence; its square root is the distance of
    :func:`scipy.spatial.distance.jensenshannon`. Beside a class label the other classes count
    as 1 minus the probability of the true one.

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

    References
    ----------
    .. [1] Lin, J. (1991). Divergence measures based on the Shannon entropy. IEEE
           Transactions on Information Theory 37(1). :doi:`10.1109/18.61115`

    Examples
    --------
    Distributions without a common event are one bit apart:

    >>> from skxent import js_divergence
    >>> js_divergence([1.0, 0.0], [0.0, 1.0], base=2)
    1.0
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
    blocks = _js_blocks(rows)
    return reduce_rows(blocks, rows.proba, rows.weight, reduction, unit, single=rows.single)


def _js_blocks(rows: Labelled | Paired) -> Iterator[tuple[slice, FloatArray]]:
    b = rows.proba.backend
    if isinstance(rows, Labelled):
        for at, loss in rows.proba.losses(rows.codes):
            yield at, js_rows_of_labels(b, -loss)
        return
    targets = rows.target.probabilities()
    for (at, p), (_, t) in zip(rows.proba.probabilities(), targets, strict=True):
        yield at, js_rows(b, t, p)
