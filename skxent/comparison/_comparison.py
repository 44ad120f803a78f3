"""Comparison of the log losses of several models on the same rows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from numpy.typing import ArrayLike, NDArray

from skxent._intake._arguments import check_base, check_eps, check_level, check_names
from skxent._render._result import Result
from skxent._render._words import counted
from skxent._typing import EPS
from skxent.comparison._compare import in_range, paired_figures, read_losses, remarks
from skxent.comparison._content import ComparisonContent
from skxent.comparison._display import LogLossComparisonDisplay
from skxent.comparison._html import comparison_html
from skxent.comparison._text import (
    comparison_columns,
    comparison_dict,
    comparison_text,
    flat_figures,
)
from skxent.comparison._verdict import verdict
from skxent.statistic._paired import PairedSums, paired_sums

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["About", "LogLossComparison", "check_models", "compare_log_loss", "comparison_of"]


@dataclass(frozen=True, repr=False, eq=False)
class LogLossComparison(Result, ComparisonContent):
    """
    Which model loses less, overall and in each class; made by `compare_log_loss`.

    ``print(comparison)`` shows it as tables. `to_frame` has one row for each model, then one for
    each model and class: ``model``; ``scope``, which is "all" or "class"; ``class``, which is None
    where the scope is "all"; ``support`` and the figures. All arrays are read-only, in units of
    `base` where they are losses. In `to_dict` ``overall`` and ``per_class`` hold the figures of
    each model by its name, those of the classes as lists in the order of `labels`.

    Attributes
    ----------
    labels : ndarray of shape (n_classes,)
        The classes, in the order of everything else.
    target_names : tuple
        What the classes are called; the labels where nothing else was said.
    models : tuple of str
        The names of the models, in the order of everything else.
    reference : str
        The model that the others are compared with.
    base, confidence_level : float
        Base of the logarithm, and level of the intervals.
    verdict : str
        Which models are better or worse than the reference beyond chance, or that none is.
    notes : tuple of str
        Why something could not be computed, or is not to be relied on.
    n_samples : int
        Rows with a positive weight.
    n_groups : int or None
        Their groups; None where each row is one of its own.
    support : ndarray of shape (n_classes,)
        Rows of each class with a positive weight.
    log_loss, difference, ci_low, ci_high, p_value, adjusted_p : ndarray of shape (n_models,)
        Mean loss of each model, and its difference from that of the reference, with interval
        and p-value; nan for the reference itself.
    class_log_loss, class_difference, class_ci_low : ndarray of shape (n_models, n_classes)
        The same over the rows of each class.
    class_ci_high, class_p_value, class_adjusted_p : ndarray of shape (n_models, n_classes)
        The same over the rows of each class.

    Examples
    --------
    >>> from skxent import compare_log_loss
    >>> y, flat = ["a", "b"], [[0.5, 0.5], [0.5, 0.5]]
    >>> compare_log_loss(y, {"flat": flat, "keen": [[0.75, 0.25], [0.25, 0.75]]})
    <LogLossComparison: 2 models, 2 classes, 2 rows; print() it or call write_html(path)>
    """

    @property
    def verdict(self) -> str:
        """Which models are better or worse than the reference beyond chance, or that none is."""
        return verdict(self)

    def to_text(self, width: int = 80) -> str:
        """
        Tables for a terminal.

        Parameters
        ----------
        width : int, default=80
            Long names are cut, and wide tables parted, to keep within so many characters.

        Returns
        -------
        str
            Lines of text; a dash stands for what cannot be computed, and for the reference.

        Raises
        ------
        TypeError
            If `width` is not an integer.
        """
        return comparison_text(self, width)

    def _plain(self) -> dict[str, Any]:
        return comparison_dict(self)

    def plot(
        self, *, ax: Axes | None = None, max_classes: int | None = 20
    ) -> LogLossComparisonDisplay:
        """
        Draw the differences with their intervals, one line a class.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw in; None: those of a new figure.
        max_classes : int or None, default=20
            How many classes to show; if there are more, those with the largest differences.

        Returns
        -------
        LogLossComparisonDisplay
            With what was drawn as attributes, such as `ax_` and `figure_`.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If `max_classes` is not an integer above 0.
        """
        return LogLossComparisonDisplay(comparison=self).plot(ax=ax, max_classes=max_classes)

    def _summary(self) -> str:
        classes, rows = counted(len(self.labels), "class"), counted(self.n_samples, "row")
        return f"{len(self.models)} models, {classes}, {rows}"

    @classmethod
    def _of_plain(cls, values: dict[str, Any]) -> Self:
        return super()._of_plain(flat_figures(values))

    def _columns(self) -> dict[str, Any]:
        return comparison_columns(self)

    def _page(self, title: str | None, *, on_page: bool) -> str:
        return comparison_html(self, title=title, on_page=on_page)


def compare_log_loss(
    y_true: ArrayLike,
    y_probas: Mapping[str, ArrayLike],
    *,
    labels: ArrayLike | None = None,
    pos_label: Any = None,
    target_names: Sequence[str] | None = None,
    sample_weight: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    reference: str | None = None,
    base: float | None = math.e,
    eps: float = EPS,
    confidence_level: float = 0.95,
    from_logits: bool = False,
    renormalize: bool = False,
) -> LogLossComparison:
    r"""
    Compare the log losses of models on the same rows, overall and class by class.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,) or (n_samples, n_classes)
        Class labels of any type, or one-hot rows.
    y_probas : mapping of str to array-like
        Predicted probabilities of each model by its name, as in `log_loss`. All have the same
        rows; columns of data frames are matched by name, each model's for itself.
    labels : array-like of shape (n_classes,), default=None
        The label of each column, in the order of the columns; the order of the result. None:
        the sorted labels of `y_true`.
    pos_label : int, float, bool or str, default=None
        The class that one-dimensional probabilities are of.
    target_names : sequence of str, default=None
        What to call the classes, in the order of `labels`.
    sample_weight : array-like of shape (n_samples,), default=None
        Weight of each row. A weight of 2 counts as two rows in the means, and as one
        observation in the intervals and tests; a row of weight 0 is as none.
    groups : array-like of shape (n_samples,), default=None
        Rows that belong together, such as those of one patient: numbers, text or other
        hashable values. Groups are taken to be independent of each other, rows of one group
        are not. None: all rows are independent.
    reference : str, default=None
        Name of the model to compare the others with; None: the first.
    base : float or None, default=e
        Base of the logarithm: 2 gives bits, e or None nats.
    eps : float, default=2**-52
        Floor of the true class's probability, as in `log_loss`. With 0 a loss may be infinite;
        where it is for both models, the difference is nan.
    confidence_level : float, default=0.95
        Of the intervals, between 0 and 1.
    from_logits : bool, default=False
        Whether the models give logits or log-probabilities, all of them.
    renormalize : bool, default=False
        Whether to divide each row by its sum.

    Returns
    -------
    LogLossComparison
        For each model, overall and by class: ``log_loss``; ``difference``, loss minus that of
        the reference, below 0 where the model is better; its interval ``ci_low`` to
        ``ci_high``; ``p_value``, two-sided, which is below ``1 - confidence_level`` just where
        the interval excludes 0; and ``adjusted_p``. The overall p-values of all models are one
        family, those of all classes and models another; in each, Holm's adjustment keeps the
        chance of any false finding below the level.

        Interval and p-values are nan for the reference, and where there are fewer than three
        rows or groups, or one or two carry nearly all the weight.

    Raises
    ------
    TypeError
        If `y_probas` is not a mapping from names.
    ValueError
        If there are fewer than two models, or the input is not what `log_loss` takes; the
        message names the model.

    See Also
    --------
    log_loss_report : What each class costs one model, and why.

    Notes
    -----
    With the difference :math:`d_i` of row :math:`i`, its weight :math:`w_i`, groups :math:`g`
    and their parts :math:`a_g` of all weight :math:`W`,

    .. math::
        \bar d = \frac{\sum_i w_i d_i}{W}, \qquad
        e_g = \sum_{i \in g} \frac{w_i}{W} (d_i - \bar d), \qquad
        \mathrm{Var} = \frac{S_2}{S_2 - 2 S_3 + S_2^2} \sum_g e_g^2, \qquad
        n = \frac{S_2^3}{S_3^2}, \qquad S_r = \sum_g a_g^r.

    For groups of equal weight the factor is the usual :math:`n / (n - 1)`, and :math:`n` their
    number. :math:`t = \bar d / \sqrt{\mathrm{Var}}` has :math:`n - 1` degrees of freedom and goes
    through Hall's transformation, which takes out its skewness. Where that would narrow the
    interval, only :math:`n / (n + 300)` of the skewness is taken out: differences that are
    symmetric with heavy tails would else be found too often. Intervals that rest on fewer than
    about twenty rows or groups are too narrow if the differences are skewed, as they are where
    one model is much more sure than another; `notes` says so.

    Where a model gives probability 0 to what may happen, the rows that cost it the floor and not
    the other model are taken out of the differences. Their share has bounds of Clopper and
    Pearson, which are multiplied by the floor's cost and added: a sample without such a row does
    not show that there are none.

    The interval is about other rows like these, with the same fitted models. It does not know
    how the models would vary with other training data; losses from several folds of a
    cross-validation are not independent of each other.

    References
    ----------
    .. [1] Hall, P. (1992). On the removal of skewness by transformation. Journal of the Royal
           Statistical Society B 54(1). :doi:`10.1111/j.2517-6161.1992.tb01876.x`
    .. [2] Cameron, A. C., & Miller, D. L. (2015). A practitioner's guide to cluster-robust
           inference. Journal of Human Resources 50(2). :doi:`10.3368/jhr.50.2.317`
    .. [3] Clopper, C. J., & Pearson, E. S. (1934). The use of confidence or fiducial limits
           illustrated in the case of the binomial. Biometrika 26(4).
           :doi:`10.1093/biomet/26.4.404`
    .. [4] Holm, S. (1979). A simple sequentially rejective multiple test procedure.
           Scandinavian Journal of Statistics 6(2). https://www.jstor.org/stable/4615733

    Examples
    --------
    >>> import numpy as np
    >>> from skxent import compare_log_loss, log_loss
    >>> y, one = ["a", "b", "b", "a"], [0.2, 0.9, 0.6, 0.4]
    >>> other = [0.1, 0.7, 0.6, 0.2]
    >>> comparison = compare_log_loss(y, {"one": one, "other": other}, labels=["a", "b"])
    >>> losses = [log_loss(y, p, labels=["a", "b"]) for p in (one, other)]
    >>> bool(np.isclose(comparison.difference[1], losses[1] - losses[0]))
    True
    """
    names = check_models(y_probas, reference)
    check_base(base)
    eps, level = check_eps(eps), check_level(confidence_level)
    rows, classes = read_losses(
        y_true,
        y_probas,
        groups,
        eps,
        labels=labels,
        pos_label=pos_label,
        sample_weight=sample_weight,
        from_logits=from_logits,
        renormalize=renormalize,
    )
    about = About(
        labels=classes,
        target_names=check_names(target_names, classes),
        models=names,
        reference=0 if reference is None else names.index(reference),
        base=base,
        eps=eps,
    )
    return comparison_of(paired_sums(in_range(rows), about.reference), about, level)


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What is compared, and how; all of it has been checked."""

    labels: NDArray[Any]
    target_names: tuple[Any, ...]
    models: tuple[str, ...]
    reference: int
    """The number of a model."""
    base: float | None
    eps: float
    n_dropped: int = 0
    """Rows that were left out, since they lacked a value."""
    notes: tuple[str, ...] = ()
    """What else is to be said."""


def comparison_of(sums: PairedSums, about: About, confidence_level: float) -> LogLossComparison:
    """The comparison that sums of the differences from the reference come to."""
    figures, n = paired_figures(
        sums, about.reference, about.eps, check_base(about.base), confidence_level
    )
    return LogLossComparison(
        labels=about.labels.copy(),
        target_names=about.target_names,
        models=about.models,
        reference=about.models[about.reference],
        base=math.e if about.base is None else float(about.base),
        confidence_level=confidence_level,
        notes=(*about.notes, *remarks(sums, about.target_names, n, about.n_dropped)),
        n_samples=int(sums.support.sum()),
        n_groups=None if sums.groups is None else sums.groups.n_groups,
        support=sums.support.copy(),
        **figures,
    )


def check_models(
    y_probas: Mapping[str, Any], reference: str | None = None, argument: str = "y_probas"
) -> tuple[str, ...]:
    """The names of the models, of which `reference` is one if it is given."""
    if not isinstance(y_probas, Mapping):
        msg = (
            f"{argument} must be a mapping from the names of the models to their probabilities, "
            f'such as {{"old": p, "new": q}}; got {type(y_probas)}.'
        )
        raise TypeError(msg)
    names = tuple(y_probas)
    other = [name for name in names if not isinstance(name, str)]
    if other:
        msg = f"{argument} must have text as the names of its models; got {other[0]!r}."
        raise TypeError(msg)
    if len(names) < 2:
        msg = (
            f"{argument} must hold two models or more to compare; got {len(names)}. For one model "
            f"see log_loss_report."
        )
        raise ValueError(msg)
    if reference is not None and reference not in names:
        known = ", ".join(map(repr, names))
        msg = f"reference must be the name of one of the models, {known}; got {reference!r}."
        raise ValueError(msg)
    return names
