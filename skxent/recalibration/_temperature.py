"""Temperature scaling, and the loss that is left after it."""

from __future__ import annotations

import math
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skxent._intake._arguments import check_base, check_eps
from skxent._intake._rows import Labelled, check_labelled
from skxent._typing import EPS, FloatArray, IntArray
from skxent.recalibration._cross_fit import finite_logs, stratified_folds
from skxent.recalibration._maps import METHODS, Folds, fit_map
from skxent.recalibration._mixture import MixtureFits, Sloped

__all__ = ["fit_temperature", "refinement_loss"]

_TEMPERATURE = next(method for method in METHODS if method.name == "temperature")


def fit_temperature(
    y_true: ArrayLike,
    y_proba: ArrayLike,
    *,
    labels: ArrayLike | None = None,
    pos_label: Any = None,
    sample_weight: ArrayLike | None = None,
    from_logits: bool = False,
    renormalize: bool = False,
    eps: float = EPS,
) -> float:
    r"""
    Temperature that makes the log loss of these predictions smallest, within reason.

    .. math:: p_j(T) = \frac{p_j^{1/T}}{\sum_k p_k^{1/T}}

    Above 1 for a classifier that is too sure of itself, below 1 for one that is not sure
    enough. Between 1/2 and 2 it is the maximum likelihood estimate; beyond, a prior holds it
    back, so that rows that are all classified correctly do not ask for a temperature of 0.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,) or (n_samples, n_classes)
        Class labels of any type, or one-hot rows.
    y_proba : array-like of shape (n_samples, n_classes) or (n_samples,)
        Predicted probabilities; one-dimensional: the probability of the positive class.
    labels : array-like of shape (n_classes,), default=None
        The label of each column of `y_proba`, in the order of the columns.
    pos_label : int, float, bool or str, default=None
        The class that a one-dimensional `y_proba` is the probability of.
    sample_weight : array-like of shape (n_samples,), default=None
        Weight of each row; only their proportions matter.
    from_logits : bool, default=False
        Whether `y_proba` holds logits or log-probabilities.
    renormalize : bool, default=False
        Whether to divide each row by its sum.
    eps : float, default=2**-52
        What a probability of 0 counts as, so that it can be scaled.

    Returns
    -------
    float
        Between 0.01 and 100.

    Raises
    ------
    ValueError
        If the input is not what `log_loss` takes, or `eps` is 0.

    Notes
    -----
    The sum of the losses, with weights scaled to the effective number of rows
    :math:`(\sum w)^2 / \sum w^2`, is minimised together with
    :math:`\tfrac32 (|\log T| - \log 2)_+^2`: a normal prior on the part of the log-temperature
    that is beyond 1/2 or 2.

    References
    ----------
    .. [1] Guo, C., Pleiss, G., Sun, Y., & Weinberger, K. Q. (2017). On calibration of modern
           neural networks. ICML. :doi:`10.48550/arXiv.1706.04599`

    Examples
    --------
    A classifier that says 90 % and is right three times in four:

    >>> from skxent.recalibration import fit_temperature
    >>> temperature = fit_temperature([1, 1, 1, 0] * 100, [0.9] * 400)
    >>> cooled = 1 / (1 + (0.1 / 0.9) ** (1 / temperature))
    >>> round(cooled, 3)
    0.75
    """
    rows = check_labelled(
        y_true,
        y_proba,
        labels=labels,
        pos_label=pos_label,
        sample_weight=sample_weight,
        from_logits=from_logits,
        renormalize=renormalize,
    )
    logs = finite_logs(rows.proba, _least(eps))
    return float(1.0 / fit_map(_TEMPERATURE, logs, rows.codes, rows.weight).slopes[0])


def refinement_loss(
    y_true: ArrayLike,
    y_proba: ArrayLike,
    *,
    labels: ArrayLike | None = None,
    pos_label: Any = None,
    sample_weight: ArrayLike | None = None,
    base: float | None = math.e,
    eps: float = EPS,
    from_logits: bool = False,
    renormalize: bool = False,
    n_splits: int = 5,
    random_state: int | np.random.RandomState | None = 0,
) -> float:
    r"""
    Log loss that would remain after temperature scaling.

    The temperature that is applied to a row is fitted to other rows, in stratified folds, so
    that the result is not flattered by the fit; it is pessimistic by about 0.6/n nats. It
    compares classifiers as they will be after temperature scaling: too much or too little
    confidence does not count, but a bias towards a class does. Smaller is better. The
    temperatures are those that `Recalibrator` and `RecalibratedClassifier` fit with
    ``method="temperature"``.

    A class to which no row gives any probability is one that the model does not know: rows of it
    cost :math:`-\log` `eps`, which no temperature changes, and the temperature is that of the
    others.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,) or (n_samples, n_classes)
        Class labels of any type, or one-hot rows.
    y_proba : array-like of shape (n_samples, n_classes) or (n_samples,)
        Predicted probabilities; one-dimensional: the probability of the positive class.
    labels : array-like of shape (n_classes,), default=None
        The label of each column of `y_proba`, in the order of the columns.
    pos_label : int, float, bool or str, default=None
        The class that a one-dimensional `y_proba` is the probability of.
    sample_weight : array-like of shape (n_samples,), default=None
        Weight of each row; only their proportions matter. Rows that are repeated instead of
        weighted stand in several folds, which flatters the result.
    base : float or None, default=e
        Base of the logarithm: 2 gives bits, e or None nats.
    eps : float, default=2**-52
        What a probability of 0 counts as before scaling, and the floor of the true class's
        probability after it.
    from_logits : bool, default=False
        Whether `y_proba` holds logits or log-probabilities.
    renormalize : bool, default=False
        Whether to divide each row by its sum.
    n_splits : int, default=5
        Number of folds; with fewer rows than that, one fold a row.
    random_state : int, RandomState or None, default=0
        Seed of the shuffle before the folds are cut.

    Returns
    -------
    float
        In units of `base`.

    Raises
    ------
    ValueError
        If the input is not what `log_loss` takes, `eps` is 0, `n_splits` is less than 2, or
        fewer than two rows have a positive weight.

    References
    ----------
    .. [1] Berta, E., Holzmüller, D., Jordan, M. I., & Bach, F. (2025). Rethinking early
           stopping: refine, then calibrate. :doi:`10.48550/arXiv.2501.19195`

    Examples
    --------
    Confidence that is wrong by a temperature costs nothing once it is corrected:

    >>> import numpy as np
    >>> from skxent.recalibration import refinement_loss
    >>> rng = np.random.default_rng(0)
    >>> logits = rng.normal(size=1000)
    >>> y = rng.random(1000) < 1 / (1 + np.exp(-logits))
    >>> right = refinement_loss(y, logits, from_logits=True)
    >>> too_sure = refinement_loss(y, 3 * logits, from_logits=True)
    >>> abs(right - too_sure) < 1e-4
    True
    """
    unit = check_base(base)
    rows = check_labelled(
        y_true,
        y_proba,
        labels=labels,
        pos_label=pos_label,
        sample_weight=sample_weight,
        from_logits=from_logits,
        renormalize=renormalize,
    )
    if isinstance(n_splits, bool) or not isinstance(n_splits, Integral) or n_splits < 2:
        msg = f"n_splits must be an integer of at least 2; got {n_splits!r}."
        raise ValueError(msg)
    least, weight = _least(eps), rows.weight
    some = np.arange(rows.proba.n_samples) if weight is None else np.flatnonzero(weight)
    if len(some) < 2:
        msg = (
            "Temperature scaling cannot be cross-fitted on a single row: y_true needs at least "
            "two rows with a positive weight."
        )
        raise ValueError(msg)
    w = np.ones(len(some)) if weight is None else weight[some]
    x, codes = finite_logs(rows.proba, least)[some], rows.codes[some]
    losses = np.full(len(some), -least)
    known = ~_never_predicted(rows, some, x, least)[codes]
    n_known = int(np.count_nonzero(known))
    if n_known < len(some):
        x, codes = x[known], codes[known]
    if n_known == 1:  # no other row has a temperature for it
        losses[known] = -x[0, codes[0]]
    if n_known > 1:
        fold_of = stratified_folds(codes, min(int(n_splits), n_known), random_state)
        fits = MixtureFits(
            Sloped(x, codes), Folds.of(fold_of, w[known]).others, with_slope=True, with_share=False
        )
        losses[known] = fits.held_out(fits.minimised(np.ones((1, 1))), fold_of)
    return float(np.average(losses.clip(0.0, -least), weights=w)) / unit


def _never_predicted(
    rows: Labelled, some: IntArray, x: FloatArray, least: float
) -> NDArray[np.bool_]:
    """Of each class whether no row has a chance of it: the model does not know it."""
    never = np.zeros(x.shape[1], dtype=bool)
    if (x[np.arange(len(some)), rows.codes[some]] > least).all():  # nearly always
        return never
    never[:] = True
    counted = np.zeros(rows.proba.n_samples, dtype=bool)
    counted[some] = True
    for at, block in rows.proba.log_probabilities():
        never &= np.isneginf(block[counted[at]]).all(axis=0)
    return never


def _least(eps: float) -> float:
    if check_eps(eps) == 0:
        msg = "eps must be above 0 here: a probability of 0 cannot be scaled."
        raise ValueError(msg)
    return math.log(eps)
