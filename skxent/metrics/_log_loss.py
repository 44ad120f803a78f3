"""Log loss, floored as scikit-learn floors it, and its skill against a prior."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skxent._intake._arguments import check_base, check_choice, check_eps, check_flag
from skxent._intake._as_table import as_table
from skxent._intake._foreign import fetched, is_foreign, refuse_lazy
from skxent._intake._labels import shown
from skxent._intake._rows import Labelled, check_labelled
from skxent._kernels import class_sums, weighted_sum
from skxent._typing import EPS, Average, FloatArray
from skxent.metrics._entropy import minus_log_shares

__all__ = ["floored_losses", "log_loss", "log_loss_skill_score"]


def _highest(eps: float) -> float:
    """What a row costs at most."""
    return -math.log(eps) if eps > 0 else math.inf


def floored_losses(rows: Labelled, eps: float) -> Iterator[tuple[slice, FloatArray]]:
    """
    Blocks of row losses in nats, the true class's probability not below `eps`.

    The memory of a block is used again for the next one.
    """
    return rows.proba.losses(rows.codes, _highest(eps))


@overload
def log_loss(
    y_true: ArrayLike,
    y_proba: ArrayLike,
    *,
    normalize: bool = ...,
    sample_weight: ArrayLike | None = ...,
    labels: ArrayLike | None = ...,
    pos_label: Any = ...,
    base: float | None = ...,
    eps: float = ...,
    average: Average = ...,
    from_logits: bool = ...,
    renormalize: bool = ...,
) -> float: ...
@overload
def log_loss(
    y_true: ArrayLike,
    y_proba: ArrayLike,
    *,
    normalize: bool = ...,
    sample_weight: ArrayLike | None = ...,
    labels: ArrayLike | None = ...,
    pos_label: Any = ...,
    base: float | None = ...,
    eps: float = ...,
    average: None,
    from_logits: bool = ...,
    renormalize: bool = ...,
) -> FloatArray: ...
def log_loss(
    y_true: ArrayLike,
    y_proba: ArrayLike,
    *,
    normalize: bool = True,
    sample_weight: ArrayLike | None = None,
    labels: ArrayLike | None = None,
    pos_label: Any = None,
    base: float | None = math.e,
    eps: float = EPS,
    average: Average | None = "micro",
    from_logits: bool = False,
    renormalize: bool = False,
) -> float | FloatArray:
    r"""
    Log loss: minus the mean log-probability of what happened.

    .. math:: -\frac{1}{W} \sum_i w_i \log \max(p_{i, y_i}, \varepsilon)

    Smaller is better, 0 is perfect. Takes the place of :func:`sklearn.metrics.log_loss` and
    gives its value for float64 input.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,) or (n_samples, n_classes)
        Class labels of any type, or one-hot rows. For soft labels see `cross_entropy`.
    y_proba : array-like of shape (n_samples, n_classes) or (n_samples,)
        Predicted probabilities, classes on the last axis; one-dimensional: the probability
        of the positive class. A data frame whose columns are named as the labels is matched
        by name.
    normalize : bool, default=True
        Whether to return the mean over the rows; False for the sum.
    sample_weight : array-like of shape (n_samples,), default=None
        Weight of each row.
    labels : array-like of shape (n_classes,), default=None
        The label of each column of `y_proba`, in the order of the columns, sorted or not.
        None: the sorted labels of `y_true`, which must be as many as the columns.
    pos_label : int, float, bool or str, default=None
        The class that a one-dimensional `y_proba` is the probability of. None: the larger of
        two numbers, or ``labels[1]``; strings need one or the other.
    base : float or None, default=e
        Base of the logarithm: 2 gives bits, e or None nats.
    eps : float, default=2**-52
        The true class's probability counts as at least this, so that no row costs more than
        ``-log(eps)``. The same for every dtype; 0 is exact.
    average : {"micro", "macro"} or None, default="micro"
        "micro": over all rows. "macro": the mean of the class means, over the classes that
        have rows. None: the mean of each class.
    from_logits : bool, default=False
        Whether `y_proba` holds logits or log-probabilities: log-softmax is applied to each
        row, or the logistic function if `y_proba` is one-dimensional.
    renormalize : bool, default=False
        Whether to divide each row by its sum, instead of refusing rows that do not sum to 1
        within 1e-4 (1e-2 for float16).

    Returns
    -------
    float or ndarray of shape (n_classes,)
        In units of `base`. With ``average=None`` one value a class in the order of `labels`,
        nan for a class without rows.

    Raises
    ------
    ValueError
        If a row of `y_proba` is not a distribution, a label has no column, or nothing says
        which column belongs to which label.

    See Also
    --------
    cross_entropy : For soft labels, and infinite where a class of probability 0 occurs.
    log_loss_skill_score : The same on a scale from 0 (the prior) to 1 (perfect).

    References
    ----------
    .. [1] Good, I. J. (1952). Rational decisions. Journal of the Royal Statistical Society B
           14(1). :doi:`10.1111/j.2517-6161.1952.tb00104.x`

    Examples
    --------
    >>> from skxent import log_loss
    >>> y, proba = ["ham", "spam", "spam"], [[0.5, 0.5], [0.75, 0.25], [0.5, 0.5]]
    >>> log_loss(y, proba, base=2, normalize=False)
    4.0

    The log loss is the support-weighted mean of the losses of the classes:

    >>> ham, spam = log_loss(y, proba, average=None)
    >>> bool(abs(log_loss(y, proba) - (1 * ham + 2 * spam) / 3) < 1e-15)
    True
    """
    unit = check_base(base)
    eps = check_eps(eps)
    check_choice(average, "average", ("micro", "macro", None))
    check_flag(normalize, "normalize")
    if average == "macro" and not normalize:
        msg = 'average="macro" is a mean of means; normalize=False has no meaning beside it.'
        raise ValueError(msg)
    rows = check_labelled(
        y_true,
        y_proba,
        labels=labels,
        pos_label=pos_label,
        sample_weight=sample_weight,
        from_logits=from_logits,
        renormalize=renormalize,
        anywhere=True,
    )
    losses, b = floored_losses(rows, eps), rows.proba.backend
    if average == "micro":
        total = weighted_sum(b, losses, rows.weight) / unit
        return total / rows.proba.total(rows.weight) if normalize else total
    by_class = class_sums(b, losses, rows.codes, len(rows.labels), rows.weight) / unit
    if not normalize:
        return rows.proba.given_back(by_class)
    of_class = b.group_sums(rows.weight, rows.codes, len(rows.labels))
    means = np.divide(by_class, of_class, out=np.full(len(by_class), np.nan), where=of_class > 0)
    if average is None:
        return rows.proba.given_back(means)
    return float(means[of_class > 0].mean())


def log_loss_skill_score(
    y_true: ArrayLike,
    y_proba: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    labels: ArrayLike | None = None,
    pos_label: Any = None,
    eps: float = EPS,
    reference: ArrayLike | Mapping[Any, float] | None = None,
    from_logits: bool = False,
    renormalize: bool = False,
) -> float:
    r"""
    Share of the prior's log loss that the predictions save.

    .. math:: 1 - \frac{\text{log loss of } \texttt{y\_proba}}{\text{log loss of the prior}}

    Greater is better: 1 is perfect, 0 as good as knowing how often each class occurs, below
    0 worse than that. The same for every base, and scikit-learn's
    :func:`~sklearn.metrics.d2_log_loss_score`.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,) or (n_samples, n_classes)
        Class labels of any type, or one-hot rows.
    y_proba : array-like of shape (n_samples, n_classes) or (n_samples,)
        Predicted probabilities, as in `log_loss`.
    sample_weight : array-like of shape (n_samples,), default=None
        Weight of each row.
    labels : array-like of shape (n_classes,), default=None
        The label of each column of `y_proba`, in the order of the columns.
    pos_label : int, float, bool or str, default=None
        The class that a one-dimensional `y_proba` is the probability of.
    eps : float, default=2**-52
        Floor of the true class's probability, in the predictions and in the prior.
    reference : array-like of shape (n_classes,) or mapping, default=None
        The prior to compare with, such as that of the training set: a probability for each
        label, in the order of `labels` or by label. None: the classes' shares in `y_true`.
    from_logits : bool, default=False
        Whether `y_proba` holds logits or log-probabilities.
    renormalize : bool, default=False
        Whether to divide each row by its sum.

    Returns
    -------
    float
        At most 1.

    Raises
    ------
    ValueError
        As in `log_loss`; also if the prior is certain and right, as it is if `y_true` holds
        a single class: there is then nothing to save.

    References
    ----------
    .. [1] Gneiting, T., & Raftery, A. E. (2007). Strictly proper scoring rules, prediction,
           and estimation. Journal of the American Statistical Association 102(477).
           :doi:`10.1198/016214506000001437`

    Examples
    --------
    >>> from skxent import log_loss_skill_score
    >>> log_loss_skill_score([0, 1, 0, 1], [0.5, 0.5, 0.5, 0.5])
    0.0
    >>> log_loss_skill_score([0, 1, 0, 1], [0.0, 1.0, 0.0, 1.0])
    1.0
    """
    eps = check_eps(eps)
    rows = check_labelled(
        y_true,
        y_proba,
        labels=labels,
        pos_label=pos_label,
        sample_weight=sample_weight,
        from_logits=from_logits,
        renormalize=renormalize,
        anywhere=True,
    )
    b = rows.proba.backend
    of_class = b.group_sums(rows.weight, rows.codes, len(rows.labels))
    if reference is None:
        costs = minus_log_shares(of_class)
    else:
        with np.errstate(divide="ignore"):
            costs = -np.log(_check_reference(reference, rows.labels))
    occurs = of_class > 0
    baseline = float(of_class[occurs] @ np.minimum(costs[occurs], _highest(eps)))
    if baseline == 0:
        msg = (
            "The skill is not defined: the prior predicts y_true with certainty, since y_true "
            "holds a single class. Pass reference= with a prior from elsewhere, such as the "
            "class frequencies of the training set."
        )
        raise ValueError(msg)
    total = weighted_sum(b, floored_losses(rows, eps), rows.weight)
    if math.isinf(baseline) and math.isinf(total):
        msg = (
            "The skill is not defined: with eps=0, both y_proba and reference exclude what "
            "happened. Pass eps= above 0."
        )
        raise ValueError(msg)
    return 1.0 - total / baseline


def _check_reference(
    reference: ArrayLike | Mapping[Any, float], labels: NDArray[Any]
) -> FloatArray:
    """A prior over `labels`: a mapping by label, or probabilities in the order of `labels`."""
    refuse_lazy(reference, "reference")
    if isinstance(reference, Mapping) or hasattr(reference, "to_dict"):
        named = dict(reference.to_dict() if hasattr(reference, "to_dict") else reference)
        missing = [v for v in labels.tolist() if v not in named]
        if missing or len(named) != len(labels):
            extra = [v for v in named if v not in labels.tolist()]
            msg = (
                f"reference must name each label once; no value for {shown(missing)}, "
                f"no label for {shown(extra)}."
            )
            raise ValueError(msg)
        reference = [named[v] for v in labels.tolist()]
    elif is_foreign(reference):
        reference = fetched(reference, "reference")
    prior = as_table(reference, "reference", renormalize=None)
    if prior.array.shape != (len(labels),):
        msg = (
            f"reference must hold one probability for each of the {len(labels)} labels; "
            f"got shape {prior.array.shape}."
        )
        raise ValueError(msg)
    ((_, block),) = prior.as_one_row().probabilities()
    return block[0]
