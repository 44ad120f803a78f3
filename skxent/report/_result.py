"""The per-class log-loss report."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skxent._arguments import check_base, check_eps, check_weight
from skxent._inputs import check_labelled
from skxent._labels import as_labels
from skxent.report._figures import class_figures, overall_figures, weights_follow_classes
from skxent.report._out_of_fold import out_of_fold
from skxent.report._renderings import Renderings
from skxent.report._statistics import Statistics, statistics

__all__ = ["LogLossReport", "log_loss_report"]


_CLASS_WEIGHTS = (
    "The weights follow the classes, so that the gap is not zero for a calibrated model: no test."
)
_REPEATED = "Some rows were in several test folds, not independent: no test and no interval."


@dataclass(frozen=True, repr=False, eq=False)
class LogLossReport(Renderings):
    """
    What each class costs; made by `log_loss_report`.

    ``print(report)`` shows the most important columns, `to_frame` gives all of them.

    Attributes
    ----------
    labels : ndarray of shape (n_classes,)
        The classes, in the order of everything else.
    target_names : tuple
        What the classes are called; the labels where nothing else was said.
    base : float
        Base of the logarithm.
    per_class : mapping of str to ndarray of shape (n_classes,)
        The columns; see `log_loss_report`.
    overall : mapping of str to float or int
        Figures of all rows together. `perplexity` is that of the floored loss.
    notes : tuple of str
        Why something could not be computed that the input does not show.

    Examples
    --------
    >>> from skxent import log_loss_report
    >>> report = log_loss_report(["a", "b"], [[0.5, 0.5], [0.5, 0.5]], base=2)
    >>> report
    <LogLossReport: 1.0000 bits, 2 classes, 2 rows; print() it or call to_frame()>
    """

    @classmethod
    def _from_statistics(
        cls,
        totals: Statistics,
        labels: NDArray[Any],
        names: Sequence[Any],
        base: float | None,
        confidence_level: float,
        notes: Sequence[str],
    ) -> LogLossReport:
        unit = check_base(base)
        if weights_follow_classes(totals):
            notes = [*notes, _CLASS_WEIGHTS]
        testable = not notes
        level = math.nan if _REPEATED in notes else confidence_level
        columns = class_figures(totals, unit, testable=testable, confidence_level=level)
        labels = labels.copy()
        for array in (labels, *columns.values()):
            array.flags.writeable = False
        return cls(
            labels,
            tuple(names),
            math.e if base is None else float(base),
            tuple(notes),
            columns,
            overall_figures(totals, unit, testable=testable, confidence_level=level),
        )

    @classmethod
    def from_cv_results(
        cls,
        cv_results: Mapping[str, Any],
        X: Any,
        y: ArrayLike,
        *,
        target_names: Sequence[str] | None = None,
        sample_weight: ArrayLike | None = None,
        base: float | None = math.e,
        eps: float = 2.0**-52,
        confidence_level: float = 0.95,
    ) -> LogLossReport:
        """
        Report of out-of-fold predictions, from what `cross_validate` returned.

        The predictions of all folds are pooled, so that each row counts the same; the mean of
        the scores of the folds is another number where folds differ in size.

        Parameters
        ----------
        cv_results : dict
            Result of :func:`sklearn.model_selection.cross_validate` with
            ``return_estimator=True, return_indices=True``.
        X, y : array-like
            The data that it was called with.
        target_names : sequence of str, default=None
            What to call the classes, in sorted order.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row of `X`.
        base : float or None, default=e
            Base of the logarithm: 2 gives bits, e or None nats.
        eps : float, default=2**-52
            Floor of the true class's probability, as in `log_loss`.
        confidence_level : float, default=0.95
            Of the intervals, between 0 and 1.

        Returns
        -------
        LogLossReport
            Of the rows that were in a test fold, as often as they were. If any was in several,
            intervals, `z` and `p_value` are nan, since its predictions are not independent.

        Raises
        ------
        ValueError
            If `cv_results` lacks the estimators or the indices, a fit had failed, or `X` and
            `y` are not those of the call.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from sklearn.linear_model import LogisticRegression
        >>> from sklearn.model_selection import cross_validate
        >>> from skxent import LogLossReport
        >>> X, y = load_iris(return_X_y=True)
        >>> cv_results = cross_validate(
        ...     LogisticRegression(max_iter=1000), X, y, return_estimator=True, return_indices=True
        ... )
        >>> LogLossReport.from_cv_results(cv_results, X, y).overall["n_samples"]
        150
        """
        y_true, proba, labels, rows = out_of_fold(cv_results, X, y)
        weight = check_weight(sample_weight, len(as_labels(y, "y")))
        weight = None if weight is None else weight[rows]
        notes = [_REPEATED] if len(np.unique(rows)) < len(rows) else []
        return _report(
            notes,
            y_true,
            proba,
            labels=labels,
            target_names=target_names,
            sample_weight=weight,
            base=base,
            eps=eps,
            confidence_level=confidence_level,
        )


def log_loss_report(
    y_true: ArrayLike,
    y_proba: ArrayLike,
    *,
    labels: ArrayLike | None = None,
    pos_label: Any = None,
    target_names: Sequence[str] | None = None,
    sample_weight: ArrayLike | None = None,
    base: float | None = math.e,
    eps: float = 2.0**-52,
    confidence_level: float = 0.95,
    from_logits: bool = False,
    renormalize: bool = False,
) -> LogLossReport:
    r"""
    Report which classes cost how much log loss, and whether the model expected it.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,) or (n_samples, n_classes)
        Class labels of any type, or one-hot rows.
    y_proba : array-like of shape (n_samples, n_classes) or (n_samples,)
        Predicted probabilities, as in `log_loss`.
    labels : array-like of shape (n_classes,), default=None
        The label of each column of `y_proba`, in the order of the columns; the order of the
        report. None: the sorted labels of `y_true`.
    pos_label : int, float, bool or str, default=None
        The class that a one-dimensional `y_proba` is the probability of.
    target_names : sequence of str, default=None
        What to call the classes, in the order of `labels`.
    sample_weight : array-like of shape (n_samples,), default=None
        Weight of each row. A weight of 2 counts as two rows in the means and sums, and as one
        observation in `support`, `z` and `p_value`. Where weights depend on the class, as
        balanced ones do, the gap is not zero for a calibrated model, and is not tested.
    base : float or None, default=e
        Base of the logarithm: 2 gives bits, e or None nats.
    eps : float, default=2**-52
        Floor of the true class's probability, as in `log_loss`.
    confidence_level : float, default=0.95
        Of the intervals, between 0 and 1.
    from_logits : bool, default=False
        Whether `y_proba` holds logits or log-probabilities.
    renormalize : bool, default=False
        Whether to divide each row by its sum.

    Returns
    -------
    LogLossReport
        Its columns, one number a class:

        ``support``, ``weight``, ``prevalence``, ``mean_proba``
            Rows, their weight, its share of all weight, and the mean predicted probability.
        ``log_loss``, ``ci_low``, ``ci_high``
            Mean over the rows of the class, and its confidence interval.
        ``contribution``, ``share``
            The class's part of the overall loss, which the
            contributions add up to; the same as a fraction.
        ``baseline``, ``skill``
            Loss of a model that knows only the prevalences, and the fraction of it saved.
        ``expected``, ``gap``, ``z``, ``p_value``
            What the model itself expects to pay for the class; contribution minus expected,
            which is 0 on average if the model is calibrated, and above 0 where it gives the
            class too little probability; the gap in standard deviations, and its two-sided
            p-value, of this class alone.
        ``floored``
            Rows whose true class had a probability below `eps`.

        What cannot be computed is nan: ``log_loss``, ``baseline`` and ``skill`` of a class
        without rows; the interval of one with fewer than three; ``skill`` where there is a
        single class; ``share`` where nothing is lost; ``z`` where the model was certain, and
        right, or ignorant throughout.

    Raises
    ------
    ValueError
        If the input is not what `log_loss` takes, or `target_names` are not as many as the
        classes.

    Notes
    -----
    For class :math:`c`, with :math:`W = \sum_i w_i` and the floored logarithm,

    .. math::
        \text{expected}_c = \frac1W \sum_i -w_i \, p_{ic} \log p_{ic}, \qquad
        \mathrm{Var} = \frac1{W^2} \sum_i w_i^2 \, p_{ic} (1 - p_{ic}) \log^2 p_{ic}.

    The interval is Hall's, which allows for the skewness of the losses. The expected cost sums
    over all rows: comparing the loss of a class's rows with the entropy of the
    same rows would find a difference for a calibrated model too. The test is that of
    Spiegelhalter with the logarithmic score in the place of Brier's. Where errors are few the
    gap is skewed; its p-value is twice the tail, on the side of the gap, of the Pearson curve
    of type III with the same three moments. A gap of zero does not show calibration: a model
    that always predicts the same for every class has none.

    References
    ----------
    .. [1] Spiegelhalter, D. J. (1986). Probabilistic prediction in patient management and
           clinical trials. Statistics in Medicine 5(5). :doi:`10.1002/sim.4780050506`
    .. [2] Hall, P. (1992). On the removal of skewness by transformation. Journal of the Royal
           Statistical Society B 54(1). :doi:`10.1111/j.2517-6161.1992.tb01875.x`

    Examples
    --------
    >>> from skxent import log_loss, log_loss_report
    >>> y, proba = ["a", "b", "b"], [[0.75, 0.25], [0.5, 0.5], [0.25, 0.75]]
    >>> report = log_loss_report(y, proba)
    >>> bool(abs(report.per_class["contribution"].sum() - log_loss(y, proba)) < 1e-15)
    True
    """
    return _report(
        (),
        y_true,
        y_proba,
        labels=labels,
        pos_label=pos_label,
        target_names=target_names,
        sample_weight=sample_weight,
        base=base,
        eps=eps,
        confidence_level=confidence_level,
        from_logits=from_logits,
        renormalize=renormalize,
    )


def _report(
    notes: Sequence[str],
    y_true: ArrayLike,
    y_proba: ArrayLike,
    *,
    target_names: Sequence[str] | None = None,
    base: float | None = math.e,
    eps: float = 2.0**-52,
    confidence_level: float = 0.95,
    **params: Any,
) -> LogLossReport:
    """`log_loss_report` with notes on why nothing can be tested."""
    eps = check_eps(eps)
    check_base(base)
    if not 0 < confidence_level < 1:
        msg = f"confidence_level must be between 0 and 1, such as 0.95; got {confidence_level!r}."
        raise ValueError(msg)
    rows = check_labelled(y_true, y_proba, **params)
    names = rows.labels.tolist() if target_names is None else [str(v) for v in target_names]
    if len(names) != len(rows.labels):
        msg = f"target_names must name each of the {len(rows.labels)} classes; got {len(names)}."
        raise ValueError(msg)
    totals = statistics(rows, eps)
    return LogLossReport._from_statistics(totals, rows.labels, names, base, confidence_level, notes)
