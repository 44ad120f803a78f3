"""Which rows a model is wrong about: slices by what the rows have in common."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any

from numpy.typing import ArrayLike, NDArray

from skxent._intake._arguments import (
    check_base,
    check_eps,
    check_flag,
    check_level,
    check_n_null,
    check_names,
    check_seed,
    check_whole,
)
from skxent._intake._features import check_columns, check_features
from skxent._intake._groups import check_groups
from skxent._intake._rows import check_labelled
from skxent._render._result import Result
from skxent._render._words import counted
from skxent._typing import EPS
from skxent.slices._compute import How, place_of_positive, slices_of
from skxent.slices._content import SlicesContent
from skxent.slices._display import LogLossSlicesDisplay
from skxent.slices._html import slices_html
from skxent.slices._text import slice_columns, slices_text
from skxent.slices._verdict import verdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["LogLossSlices", "log_loss_slices"]


@dataclass(frozen=True, repr=False, eq=False)
class LogLossSlices(Result, SlicesContent):
    """
    Which rows cost more or less than the model expects; made by `log_loss_slices`.

    ``print(slices)`` shows what was found. `to_frame` has one row a slice, those that were found
    first, then the others from the clearest on; slices that were asked for are in the order of
    their values. Its columns are ``slice``, ``found``, the figures below, and ``class`` for
    `top_class`. All arrays are read-only, in units of `base` where they are losses.

    Attributes
    ----------
    labels : ndarray of shape (n_classes,)
        The classes.
    target_names : tuple
        What they are called; the labels where nothing else was said.
    base, confidence_level : float
        Base of the logarithm, and 1 minus the level of the tests.
    by : tuple of str
        The columns that were asked for; empty where slices were searched.
    recalibration : str
        The recalibration after which slices are tested, "none" where the model as a whole is
        not miscalibrated beyond noise.
    n_draws : int
        How often labels were drawn; 0 where nothing was tested, or without rows.
    verdict : str
        Which slice stands out most, and how many others do; or that none does beyond chance.
    notes : tuple of str
        What the tests are about, or why there are none.
    n_samples : int
        Rows with a positive weight.
    n_groups : int or None
        Their groups; None where each row is one of its own.
    overall : dict
        ``weight``, ``log_loss``, ``recalibrated``, ``expected`` and ``gap`` of all rows.
    slices : tuple of tuple of str
        What the rows of each slice have in common, one text a column; `names` has them joined.
    found : ndarray of bool of shape (n_slices,)
        Whether a slice is off beyond chance and tells something that those before it do not.
    support, weight, share : ndarray of shape (n_slices,)
        Rows, their weight, and their part of the loss of all rows as it was predicted.
    log_loss, recalibrated : ndarray of shape (n_slices,)
        Mean loss of the rows as predicted, and after the recalibration, if there is any.
    expected, gap, z : ndarray of shape (n_slices,)
        What the model itself expects to lose there; `recalibrated` minus `expected`; and this in
        standard deviations. Above 0 the model is too sure. z is infinite where the model excludes
        what happened, and nan where it is certain and right.
    top_class : ndarray of shape (n_slices,)
        The class that stands out most by how often it occurs; None where the loss does.
    class_share, class_proba, class_z : ndarray of shape (n_slices,)
        Share of that class in the slice, its mean probability, recalibrated if there is a
        recalibration, and their difference in standard deviations; nan for None.
    p_value : ndarray of shape (n_slices,)
        Adjusted for all slices and classes; nan where a slice was not tested.

    Examples
    --------
    >>> import numpy as np
    >>> from skxent import log_loss_slices
    >>> y, proba = np.array([0, 1, 1, 0] * 10), np.full(40, 0.5)
    >>> log_loss_slices(y, proba, [[i % 2] for i in range(40)], n_null=19)
    <LogLossSlices: 2 slices of 40 rows, 0 found; print() it or call write_html(path)>
    """

    @property
    def verdict(self) -> str:
        """Which slice stands out most, and how many others; or that none does beyond chance."""
        return verdict(self)

    def to_text(self, width: int = 80) -> str:
        """
        What was found, for a terminal.

        Parameters
        ----------
        width : int, default=80
            Long names are cut, and wide tables parted, to keep within so many characters.

        Returns
        -------
        str
            Lines of text: what was found, marked by a star, or the slices that are closest to it;
            a dash stands for what cannot be computed.

        Raises
        ------
        TypeError
            If `width` is not an integer.
        """
        return slices_text(self, width)

    def plot(self, *, ax: Axes | None = None, max_slices: int = 15) -> LogLossSlicesDisplay:
        """
        Draw the losses of slices beside what the model expects, one line a slice.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw in; None: those of a new figure.
        max_slices : int, default=15
            How many slices to show, the clearest ones first.

        Returns
        -------
        LogLossSlicesDisplay
            With what was drawn as attributes, such as `ax_` and `figure_`.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If `max_slices` is not an integer above 0, or there is nothing to draw.
        """
        return LogLossSlicesDisplay(slices=self).plot(ax=ax, max_slices=max_slices)

    def _check(self) -> None:
        super()._check()
        known = {"weight", "log_loss", "recalibrated", "expected", "gap"} <= set(self.overall)
        if not known or len(self.labels) != len(self.target_names):
            msg = "a figure of all rows, or the name of a class, is missing"
            raise ValueError(msg)

    def _summary(self) -> str:
        slices, rows = counted(len(self.slices), "slice"), counted(self.n_samples, "row")
        return f"{slices} of {rows}, {self.n_found} found"

    def _columns(self) -> Mapping[str, NDArray[Any] | Sequence[Any]]:
        return slice_columns(self)

    def _page(self, title: str | None, *, on_page: bool) -> str:
        return slices_html(self, title=title, on_page=on_page)


def log_loss_slices(
    y_true: ArrayLike,
    y_proba: ArrayLike,
    X: ArrayLike,
    *,
    by: str | Sequence[str] | None = None,
    max_depth: int = 2,
    n_bins: int = 4,
    min_share: float = 0.01,
    labels: ArrayLike | None = None,
    pos_label: Any = None,
    target_names: Sequence[str] | None = None,
    sample_weight: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    base: float | None = math.e,
    eps: float = EPS,
    confidence_level: float = 0.95,
    recalibration: bool = True,
    n_null: int = 200,
    random_state: int | Any = 0,
    from_logits: bool = False,
    renormalize: bool = False,
) -> LogLossSlices:
    r"""
    Find the rows that a model is wrong about, by what they have in common.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,) or (n_samples, n_classes)
        Class labels of any type, or one-hot rows.
    y_proba : array-like of shape (n_samples, n_classes) or (n_samples,)
        Predicted probabilities, as in `log_loss`, of rows that the model was not fitted to.
    X : array-like or data frame of shape (n_samples, n_columns)
        What the rows are described by; it need not be what the model was fitted to. Columns of
        an array are called x0, x1 and so on. A missing value is a value like others.
    by : str or sequence of str, default=None
        Columns whose values, or combinations of them, are the slices; numbers with more than 50
        different values are cut at quantiles. None: slices are searched in all columns.
    max_depth : {1, 2}, default=2
        Whether slices have one condition, or pairs of columns are searched as well.
    n_bins : int, default=4
        Number of quantile bins of a column of numbers with more different values; 2 to 20.
    min_share : float, default=0.01
        Slices with a smaller share of the rows, or fewer than 20, are not searched; below 0.5.
    labels : array-like of shape (n_classes,), default=None
        The label of each column of `y_proba`, in the order of the columns. None: the sorted
        labels of `y_true`.
    pos_label : int, float, bool or str, default=None
        The class that a one-dimensional `y_proba` is the probability of.
    target_names : sequence of str, default=None
        What to call the classes, in the order of `labels`.
    sample_weight : array-like of shape (n_samples,), default=None
        Weight of each row. A weight of 2 counts as two rows in the figures, and as one in the
        tests; where weights follow the classes, there are no tests.
    groups : array-like of shape (n_samples,), default=None
        Rows that belong together, such as those of one patient: tests then count groups.
    base : float or None, default=e
        Base of the logarithm: 2 gives bits, e or None nats.
    eps : float, default=2**-52
        Floor of the true class's probability, as in `log_loss`; above 0.
    confidence_level : float, default=0.95
        A slice is found where its adjusted p-value is not above 1 minus this.
    recalibration : bool, default=True
        Whether slices are tested after recalibration where the model as a whole is miscalibrated:
        else most of them are off, and say only that.
    n_null : int, default=200
        How often labels are drawn; p-values are at least ``1 / (n_null + 1)``, which must not
        be above 1 minus `confidence_level`.
    random_state : int, RandomState or None, default=0
        Seed of the draws, and of the folds of the recalibration.
    from_logits : bool, default=False
        Whether `y_proba` holds logits or log-probabilities.
    renormalize : bool, default=False
        Whether to divide each row by its sum.

    Returns
    -------
    LogLossSlices
        Its figures, one number a slice, are described there.

    Raises
    ------
    TypeError
        If `X` is sparse, lazy, or has values that cannot be compared.
    ValueError
        If `X` has other rows than `y_true`, `by` names no columns of it, `n_null` is too small
        for `confidence_level`, or other input is not what `log_loss` takes.

    See Also
    --------
    log_loss_report : Which classes cost what, and why.
    GroupedLogLossAccumulator : Slices by a column, from batches.

    Notes
    -----
    Slices are chosen without the labels: bins of the numbers of each column, its 20 most frequent
    categories, and pairs of these. Of each slice :math:`s` the weight of each class :math:`c` is
    compared with what the probabilities say, and the loss with what the model expects,

    .. math::
        G_{sc} = \sum_{i \in s} w_i (1\{y_i = c\} - p_{ic}), \qquad
        G_s = \sum_{i \in s} w_i \Bigl(\ell_i + \sum_c p_{ic} \log p_{ic}\Bigr).

    The first is the score of a bias of the class, the second of a temperature. Divided by
    their standard deviations under the model, and put on a normal scale by their skewness, all of
    them together are compared with what they are for labels that are drawn from the probabilities,
    by the step-down method of Westfall and Young. The chance that any slice of those
    that are as the model says is found is at most the level, however they overlap. Beyond
    20000 rows, or 100000 probabilities, labels are drawn for a random part of the rows. With
    `groups` there are two such tests, and what is found is found by both. In one the gaps of groups
    keep their size and get random signs, which allows for whatever their rows share, but takes
    the small gaps of one sign for news that a class has where it is rare and does not occur. In
    the other labels are drawn, and rows of a group share as much of the draw as the gaps of the
    groups allow: all of it where these say little.

    Slices that overlap tell the same story. The clearest one is taken, and the probabilities of its
    rows are corrected by a bias of its class, or by a temperature, that leaves it no gap; by a bias
    also where no temperature does. Then comes the clearest of the others, as long as one is as far
    out as all slices together seldom are by chance.

    A slice that is not found may still be off. What is found is where the model is wrong, and not
    why; a column that X lacks may stand behind it.

    References
    ----------
    .. [1] Westfall, P. H., & Young, S. S. (1993). Resampling-based multiple testing. Wiley.
    .. [2] Chung, Y., Kraska, T., Polyzotis, N., Tae, K. H., & Whang, S. E. (2019). Slice Finder:
           automated data slicing for model validation. ICDE.
           :doi:`10.1109/ICDE.2019.00139`

    Examples
    --------
    A model that does not know that the second column matters:

    >>> import numpy as np
    >>> from skxent import log_loss_slices
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(2000, 3))
    >>> risk = np.where(X[:, 1] > 1, 0.7, 0.3)
    >>> y = (rng.random(2000) < risk).astype(int)
    >>> proba = np.full(2000, risk.mean())
    >>> log_loss_slices(y, proba, X).slices[0]
    ('x1 > 0.6815',)
    """
    how_to = _checked(max_depth, n_bins, min_share, n_null, recalibration)
    unit, floor, level = check_base(base), check_eps(eps), check_level(confidence_level)
    _check_reach(how_to["n_draws"], level)
    if floor == 0:
        msg = "eps must be above 0 here: slices of infinite loss cannot be compared; got 0."
        raise ValueError(msg)
    rows = check_labelled(
        y_true,
        y_proba,
        labels=labels,
        pos_label=pos_label,
        sample_weight=sample_weight,
        from_logits=from_logits,
        renormalize=renormalize,
    )
    n = rows.proba.n_samples
    features = check_features(X, n, y_true)
    how = How(
        by=() if by is None else tuple(check_columns(by, features)),
        eps=floor,
        unit=unit,
        base=math.e if base is None else float(base),
        confidence_level=level,
        recalibration=bool(recalibration),
        seed=check_seed(random_state),
        positive=place_of_positive(rows.labels, pos_label),
        **how_to,
    )
    names = check_names(target_names, rows.labels)
    grouped = None if groups is None else check_groups(groups, n)
    return LogLossSlices(**slices_of(rows, features, grouped, names, how))


def _check_reach(n_draws: int, level: float) -> None:
    """Refuse a level that no p-value of so many draws reaches: nothing could be found."""
    least = math.ceil((1.0 - 1e-9) / (1.0 - level))
    if n_draws + 1 < least:
        msg = (
            f"n_null must be at least 1 / (1 - confidence_level) - 1, which is {least - 1} for "
            f"confidence_level={level}: p-values of fewer draws are all above the level; got "
            f"{n_draws}. Draw more labels, or lower confidence_level."
        )
        raise ValueError(msg)


def _checked(
    max_depth: object, n_bins: object, min_share: object, n_null: int, recalibration: object
) -> dict[str, Any]:
    """How to search, or an error for the first of these that is not what it may be."""
    depth = check_whole(max_depth, 1, "max_depth must be an integer from 1 to 2", 2)
    bins = check_whole(n_bins, 2, "n_bins must be an integer from 2 to 20", 20)
    real = isinstance(min_share, Real) and not isinstance(min_share, bool)
    if not real or not 0 <= min_share < 0.5:  # type: ignore[operator]
        msg = f"min_share must be a number from 0 up to, but not, 0.5; got {min_share!r}."
        raise ValueError(msg)
    check_flag(recalibration, "recalibration")
    n_draws = check_n_null(n_null)
    if n_draws < 1:
        msg = "n_null must be at least 1: without drawn labels there are no tests; got 0."
        raise ValueError(msg)
    return {
        "max_depth": depth,
        "n_bins": bins,
        "min_share": float(min_share),  # type: ignore[arg-type]
        "n_draws": n_draws,
    }
