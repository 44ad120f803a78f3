"""The per-class log-loss report."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skxent._arguments import check_base, check_eps
from skxent._inputs import check_labelled
from skxent.report._figures import class_figures, overall_figures
from skxent.report._frame import render_frame
from skxent.report._out_of_fold import out_of_fold
from skxent.report._statistics import Statistics, statistics
from skxent.report._text import render_text, unit_name

__all__ = ["LogLossReport", "log_loss_report"]


@dataclass(frozen=True, repr=False, eq=False)
class LogLossReport:
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
        Figures of all rows together.

    Examples
    --------
    >>> from skxent import log_loss_report
    >>> report = log_loss_report(["a", "b"], [[0.5, 0.5], [0.5, 0.5]], base=2)
    >>> report
    <LogLossReport: 1.0000 bits, 2 classes, 2 rows; print() it or call to_frame()>
    """

    labels: NDArray[Any]
    target_names: tuple[Any, ...]
    base: float
    per_class: Mapping[str, NDArray[np.generic]]
    overall: Mapping[str, float | int]

    @classmethod
    def _from_statistics(
        cls, totals: Statistics, labels: NDArray[Any], names: Sequence[Any], base: float | None
    ) -> LogLossReport:
        unit = check_base(base)
        columns = class_figures(totals, unit)
        labels = labels.copy()
        for array in (labels, *columns.values()):
            array.flags.writeable = False
        return cls(
            labels,
            tuple(names),
            math.e if base is None else float(base),
            MappingProxyType(columns),
            MappingProxyType(overall_figures(totals, unit)),
        )

    @classmethod
    def from_cv_results(
        cls,
        cv_results: Mapping[str, Any],
        X: Any,
        y: ArrayLike,
        *,
        sample_weight: ArrayLike | None = None,
        **params: Any,
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
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row of `X`.
        **params : dict
            Further arguments of `log_loss_report`.

        Returns
        -------
        LogLossReport
            Of the rows that were in a test fold, as often as they were.

        Raises
        ------
        ValueError
            If `cv_results` lacks the estimators or the indices.

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
        weight = None if sample_weight is None else np.asarray(sample_weight)[rows]
        return log_loss_report(y_true, proba, labels=labels, sample_weight=weight, **params)

    def to_text(self, columns: Iterable[str] | None = None, width: int = 80) -> str:
        """
        Table for a terminal.

        Parameters
        ----------
        columns : iterable of str, default=None
            Columns of `per_class` to show; None: the most important ones.
        width : int, default=80
            Long class names are cut to keep within so many characters.

        Returns
        -------
        str
            Lines of text; a dash stands for what cannot be computed.

        Raises
        ------
        ValueError
            If there is no column of that name.
        """
        return render_text(
            self.target_names, self.per_class, self.overall, self.base, columns, width
        )

    def to_frame(self, backend: str | None = None) -> Any:
        """
        Data frame with one row a class, in the order of `labels`.

        Parameters
        ----------
        backend : {"pandas", "polars", "pyarrow"}, default=None
            Which library's frame; None: pandas if installed, else polars.

        Returns
        -------
        DataFrame
            First column ``class``, then the columns of `per_class`.

        Raises
        ------
        ImportError
            If the library is not installed.
        """
        return render_frame(self.target_names, self.per_class, backend)

    def __str__(self) -> str:
        return self.to_text()

    def __repr__(self) -> str:
        return (
            f"<LogLossReport: {self.overall['log_loss']:.4f} {unit_name(self.base)}, "
            f"{len(self.labels)} classes, {self.overall['n_samples']} rows; "
            f"print() it or call to_frame()>"
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
        Weight of each row.
    base : float or None, default=e
        Base of the logarithm: 2 gives bits, e or None nats.
    eps : float, default=2**-52
        Floor of the true class's probability, as in `log_loss`.
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
        ``log_loss``, ``contribution``, ``share``
            Mean over the rows of the class; its part of the overall loss, which the
            contributions add up to; the same as a fraction.
        ``baseline``, ``skill``
            Loss of a model that knows only the prevalences, and the fraction of it saved.
        ``expected``, ``gap``, ``z``, ``p_value``
            What the model itself expects to pay for the class; contribution minus expected,
            which is 0 on average if the model is calibrated, and above 0 if it is too sure;
            the gap in standard deviations, and its two-sided p-value.
        ``floored``
            Rows whose true class had a probability below `eps`.

        What cannot be computed is nan: ``log_loss``, ``baseline`` and ``skill`` of a class
        without rows; ``skill`` where there is a single class; ``share`` where nothing is
        lost; ``z`` where the model was certain, and right.

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

    The sum is over all rows: comparing the loss of a class's rows with the entropy of the
    same rows would find a difference for a calibrated model too. The test is that of
    Spiegelhalter with the logarithmic score in the place of Brier's.

    References
    ----------
    .. [1] Spiegelhalter, D. J. (1986). Probabilistic prediction in patient management and
           clinical trials. Statistics in Medicine 5(5). :doi:`10.1002/sim.4780050506`

    Examples
    --------
    >>> from skxent import log_loss, log_loss_report
    >>> y, proba = ["a", "b", "b"], [[0.75, 0.25], [0.5, 0.5], [0.25, 0.75]]
    >>> report = log_loss_report(y, proba)
    >>> bool(abs(report.per_class["contribution"].sum() - log_loss(y, proba)) < 1e-15)
    True
    """
    eps = check_eps(eps)
    check_base(base)
    rows = check_labelled(
        y_true,
        y_proba,
        labels=labels,
        pos_label=pos_label,
        sample_weight=sample_weight,
        from_logits=from_logits,
        renormalize=renormalize,
    )
    names = rows.labels.tolist() if target_names is None else list(target_names)
    if len(names) != len(rows.labels):
        msg = f"target_names must name each of the {len(rows.labels)} classes; got {len(names)}."
        raise ValueError(msg)
    return LogLossReport._from_statistics(statistics(rows, eps), rows.labels, names, base)
