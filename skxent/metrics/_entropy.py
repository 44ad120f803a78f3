"""Entropy of distributions and of labels."""

from __future__ import annotations

import math
from typing import Literal, overload

import numpy as np
from numpy.typing import ArrayLike

from skxent._backend import NUMPY, ArrayApi
from skxent._intake._arguments import check_base, check_weight
from skxent._intake._foreign import backend_of, is_elsewhere
from skxent._intake._label_column import LabelColumn
from skxent._intake._rows import check_distributions
from skxent._kernels import LOG_SMALLEST, entropy_rows
from skxent._typing import FloatArray
from skxent.metrics._reduce import Reduction, check_reduction, reduce_rows

__all__ = ["entropy", "label_entropy", "minus_log_shares", "prior_entropy"]


@overload
def entropy(
    y_proba: ArrayLike,
    *,
    base: float | None = ...,
    sample_weight: ArrayLike | None = ...,
    reduction: Literal["mean", "sum"] = ...,
    from_logits: bool = ...,
) -> float: ...
@overload
def entropy(
    y_proba: ArrayLike,
    *,
    base: float | None = ...,
    sample_weight: ArrayLike | None = ...,
    reduction: Literal["none"],
    from_logits: bool = ...,
) -> FloatArray: ...
def entropy(
    y_proba: ArrayLike,
    *,
    base: float | None = math.e,
    sample_weight: ArrayLike | None = None,
    reduction: Reduction = "mean",
    from_logits: bool = False,
) -> float | FloatArray:
    r"""
    Entropy of distributions: how uncertain they are, before anything is observed.

    .. math:: H(p) = -\sum_j p_j \log p_j, \qquad 0 \log 0 = 0

    Between 0, for a distribution that is certain, and the logarithm of the number of
    events, for a uniform one.

    Parameters
    ----------
    y_proba : array-like of shape (n_samples, n_classes) or (n_classes,)
        One distribution a row, or a single one.
    base : float or None, default=e
        Base of the logarithm: 2 gives bits, 10 hartleys, e or None nats.
    sample_weight : array-like of shape (n_samples,), default=None
        Weight of each row.
    reduction : {"mean", "sum", "none"}, default="mean"
        The (weighted) mean or sum over the rows, or one unweighted value a row.
    from_logits : bool, default=False
        Whether rows are logits or log-probabilities instead of probabilities.

    Returns
    -------
    float or ndarray of shape (n_samples,)
        In units of `base`. A float for a single distribution.

    Raises
    ------
    ValueError
        If a row is not a distribution, with the number of the row.

    See Also
    --------
    cross_entropy : What it costs to expect one distribution and meet another.
    label_entropy : Entropy of the classes in a vector of labels.

    References
    ----------
    .. [1] Shannon, C. E. (1948). A mathematical theory of communication. Bell System
           Technical Journal 27. :doi:`10.1002/j.1538-7305.1948.tb01338.x`

    Examples
    --------
    A fair coin has one bit, and a coin that always falls on the same side none:

    >>> from skxent import entropy
    >>> entropy([0.5, 0.5], base=2)
    1.0
    >>> entropy([[0.5, 0.5], [1.0, 0.0]], base=2, reduction="none")
    array([1., 0.])
    """
    unit = check_base(base)
    check_reduction(reduction)
    table, weight, single = check_distributions(
        y_proba, from_logits=from_logits, sample_weight=sample_weight
    )
    b = table.backend
    blocks = ((rows, entropy_rows(b, p, logp)) for rows, p, logp in table.distributions())
    return reduce_rows(blocks, table, weight, reduction, unit, single=single)


def label_entropy(
    y_true: ArrayLike, *, base: float | None = math.e, sample_weight: ArrayLike | None = None
) -> float:
    r"""
    Entropy of the labels: what a model pays that knows how often each class occurs, and no more.

    .. math:: -\sum_c \frac{W_c}{W} \log \frac{W_c}{W}

    The log loss of a useful classifier is below it.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        Class labels of any type.
    base : float or None, default=e
        Base of the logarithm: 2 gives bits, e or None nats.
    sample_weight : array-like of shape (n_samples,), default=None
        Weight of each row.

    Returns
    -------
    float
        In units of `base`; between 0, for a single class, and the logarithm of their number.

    Raises
    ------
    ValueError
        If a label is missing, or `y_true` is empty or not one-dimensional.

    References
    ----------
    .. [1] Shannon, C. E. (1948). A mathematical theory of communication. Bell System
           Technical Journal 27. :doi:`10.1002/j.1538-7305.1948.tb01338.x`

    Examples
    --------
    >>> from skxent import label_entropy, log_loss
    >>> label_entropy(["a", "b", "a", "b"], base=2)
    1.0
    >>> y = [0, 0, 0, 1]
    >>> abs(label_entropy(y) - log_loss(y, [[0.75, 0.25]] * 4)) < 1e-15
    True
    """
    unit = check_base(base)
    b = backend_of(y_true, "y_true") if is_elsewhere(y_true) else NUMPY
    column = LabelColumn.of(y_true, "y_true", b, "y_true")
    if len(column) == 0:
        msg = "y_true is empty; at least one label is needed."
        raise ValueError(msg)
    weight = check_weight(sample_weight, len(column), b, "y_true")
    if isinstance(b, ArrayApi):
        sums = b.sums_of_distinct(column.rows, weight)
    else:
        labels, codes = column.factorized(b)
        sums = b.group_sums(weight, codes, len(labels))
    return prior_entropy(sums) / unit


def prior_entropy(class_weight: FloatArray) -> float:
    """Entropy in nats of a distribution that is proportional to `class_weight`."""
    some = class_weight[class_weight > 0]
    return max(0.0, float(some / some.sum() @ minus_log_shares(some)))


def minus_log_shares(class_weight: FloatArray) -> FloatArray:
    """Minus the logarithm of each weight's share of all; no digit is lost where it is nearly 1."""
    total = class_weight.sum()
    # Without a subtraction: what comes before a class, and what comes after.
    others = np.concatenate([[0.0], np.cumsum(class_weight)[:-1]])
    others[:-1] += np.cumsum(class_weight[:0:-1])[::-1]
    most = 2.0 * others < total
    of_most = -np.log1p(-np.where(most, others, 0.0) / total)
    with np.errstate(divide="ignore"):
        logs = np.log(class_weight / total)
    return np.where(most, of_most, -np.maximum(logs, LOG_SMALLEST))
