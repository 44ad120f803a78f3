"""What has changed between two sets of rows, and the result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from skxent._intake._arguments import check_level
from skxent._render._result import Result
from skxent._render._words import unit_name
from skxent.change._compute import SAME, change_between
from skxent.change._content import PARTS, ChangeContent
from skxent.change._display import LogLossChangeDisplay
from skxent.change._html import change_html
from skxent.change._sides import given
from skxent.change._text import change_columns, change_text
from skxent.change._verdict import verdict
from skxent.report._accumulator import LogLossAccumulator
from skxent.report._result import LogLossReport

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["LogLossChange", "log_loss_change"]

Rows = LogLossReport | LogLossAccumulator | str | PathLike[str]

# What every change has of all rows and of each class, and of each class on both sides.
_PARTS = ("change", "within", *PARTS)
_MEANS = ("support", "share", "log_loss", "expected_loss")


@dataclass(frozen=True, repr=False, eq=False)
class LogLossChange(Result, ChangeContent):
    """
    What has changed between two sets of rows; made by `log_loss_change`.

    ``print(change)`` says what to know. `to_frame` has a row for all rows, whose ``class`` is
    None, then one a class: the columns of `per_class`.

    Attributes
    ----------
    labels : ndarray of shape (n_classes,)
        The classes of both, in the order of everything else.
    target_names : tuple
        What they are called; the labels where nothing else was said.
    base, confidence_level : float
        Base of the logarithm, and level of the intervals.
    n_before, n_after : int
        Rows with a positive weight.
    verdict : str
        By how much the loss changed, what that is made of, and what to do.
    notes : tuple of str
        What could not be computed, or is not to be relied on.
    overall : mapping of str to float
        The losses and the parts of the change; see `log_loss_change`.
    per_class : mapping of str to ndarray of shape (n_classes,)
        What each class adds.

    Examples
    --------
    >>> from skxent import log_loss_change, log_loss_report
    >>> old = log_loss_report(["a", "b"], [[0.5, 0.5], [0.5, 0.5]], base=2)
    >>> log_loss_change(old, old)
    <LogLossChange: 1.0000 to 1.0000 bits, 2 classes; print() it or call write_html(path)>
    """

    def to_text(self, width: int = 80) -> str:
        """
        The verdict, the parts of the change and a line a class, for a terminal.

        Parameters
        ----------
        width : int, default=80
            Long class names are cut, and wide tables parted, to keep within so many characters.

        Returns
        -------
        str
            Lines of text; a dash stands for what cannot be computed.

        Raises
        ------
        TypeError
            If `width` is not an integer.
        """
        return change_text(self, width)

    def plot(self, *, ax: Axes | None = None) -> LogLossChangeDisplay:
        """
        Draw the steps from the loss before to the loss after.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw in; None: those of a new figure.

        Returns
        -------
        LogLossChangeDisplay
            With what was drawn as attributes, such as `ax_` and `figure_`.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        return LogLossChangeDisplay(change=self).plot(ax=ax)

    def _check(self) -> None:
        super()._check()
        parts = {name + end for name in _PARTS for end in ("", "_low", "_high")}
        of_class = {f"{name}_{when}" for name in _MEANS for when in ("before", "after")}
        known = parts <= set(self._overall) and parts | of_class <= set(self._per_class)
        if not known or len(self.labels) != len(self.target_names):
            msg = "a figure, or the name of a class, is missing"
            raise ValueError(msg)

    def _summary(self) -> str:
        before, after = self.overall["before"], self.overall["after"]
        unit = unit_name(self.base)
        return f"{before:.4f} to {after:.4f} {unit}, {len(self.labels)} classes"

    def _columns(self) -> Mapping[str, NDArray[Any] | Sequence[Any]]:
        return change_columns(self)

    def _page(self, title: str | None, *, on_page: bool) -> str:
        return change_html(self, title=title, on_page=on_page)


def log_loss_change(
    before: Rows,
    after: Rows,
    *,
    target_names: Sequence[str] | None = None,
    base: float | str | None = SAME,
    confidence_level: float = 0.95,
) -> LogLossChange:
    r"""
    Say what a change of the log loss is made of: classes, harder rows, and surprises.

    Parameters
    ----------
    before, after : LogLossReport, LogLossAccumulator, str or path-like
        Two sets of rows, which need not be the same rows, nor as many: reports, accumulators, or
        files that `LogLossAccumulator.save` has written. Classes are matched by their labels.
    target_names : sequence of str, default=None
        What to call the classes, in the order of the labels of `before`, then those that only
        `after` has. None: as `before` and `after` call them.
    base : float or None, default="same"
        Base of the logarithm: 2 gives bits, e or None nats. "same": that of both.
    confidence_level : float, default=0.95
        Of the intervals, between 0 and 1.

    Returns
    -------
    LogLossChange
        ``overall`` has ``before`` and ``after``, the mean losses, and with ``_low`` and ``_high``
        for the ends of their intervals

        ``change``
            The loss after minus the loss before.
        ``prevalence``
            The part of it that comes with the classes occurring in other shares.
        ``within``
            The rest: rows of the same class cost more, or less. It is the sum of the next two.
        ``expected``
            The part within the classes that the model itself expected.
        ``surprise``
            The part within the classes that it did not.

        ``per_class`` has the same of each class, what it adds to the figure of all; and before
        and after its ``support``, ``share`` and ``log_loss``, and ``expected_loss``, what the
        model expects a row of the class to cost.

        An interval is nan where it cannot be computed; `notes` give the reason.

    Raises
    ------
    TypeError
        If `before` or `after` is none of these.
    ValueError
        If one has no rows, an infinite loss, or was read from JSON; if they have no class in
        common, or not the same `eps`; or not the same base, and `base` says none.
    OSError
        If a file cannot be read.

    See Also
    --------
    compare_log_loss : Two models on the same rows, which shows far smaller differences.
    log_loss_slices : Which rows a model is wrong about.

    Notes
    -----
    With the share :math:`\pi_c` and the mean loss :math:`\ell_c` of the rows of class :math:`c`,
    before and after, and bars for the mean of both,

    .. math::
        \Delta L = \sum_c \Delta\pi_c \bar\ell_c + \sum_c \bar\pi_c \Delta\ell_c, \qquad
        \Delta\ell_c = \Delta x_c + \Delta(\ell_c - x_c), \qquad
        x_c = \frac{\sum_i w_i \, p_{ic} (-\log p_{ic})}{\sum_i w_i \, p_{ic}}.

    That cut is exact, and the same whichever way round [1]_. :math:`x_c` is what the model expects
    a row of class :math:`c` to cost: with its probabilities for weights, the mean of what the class
    would cost in each row. For a calibrated model :math:`\ell_c` and :math:`x_c` agree but for
    chance, so that nothing is a surprise. A class that occurs on one side only has no change
    within it: all that it adds counts as prevalence.

    The intervals come from influence functions: each part is linearized in the means that it
    depends on, and its error is a mean over rows, or groups of rows, of each side [2]_. Those of
    ``expected`` and ``surprise``, which depend on all probabilities of a row together, are taken
    from random parts of the rows, of a sample where there are more than 10000. Losses vary about
    the mean of their class, which is of the same rows: that is allowed for class by class, and a
    class of a single row is taken to vary as the others do on average. Prevalence is a sum of
    products of two estimates, which is not linear where the shares have hardly changed: its bounds
    are moved as those of the profile likelihood of normal factors are [3]_.

    The parts say what went together with the change. Which of them caused it, they do not say.

    References
    ----------
    .. [1] Kitagawa, E. M. (1955). Components of a difference between two rates. Journal of the
           American Statistical Association 50(272). :doi:`10.1080/01621459.1955.10501299`
    .. [2] Hampel, F. R. (1974). The influence curve and its role in robust estimation. Journal of
           the American Statistical Association 69(346). :doi:`10.1080/01621459.1974.10482962`
    .. [3] Venzon, D. J., & Moolgavkar, S. H. (1988). A method for computing
           profile-likelihood-based confidence intervals. Applied Statistics 37(1).
           :doi:`10.2307/2347496`

    Examples
    --------
    >>> from skxent import log_loss_change, log_loss_report
    >>> old = log_loss_report(["a", "a", "b"], [[0.75, 0.25], [0.75, 0.25], [0.5, 0.5]])
    >>> new = log_loss_report(["a", "b", "b"], [[0.75, 0.25], [0.5, 0.5], [0.5, 0.5]])
    >>> change = log_loss_change(old, new)
    >>> bool(abs(change.overall["change"] - change.overall["prevalence"]) < 1e-15)
    True
    """
    fields = change_between(
        given(before, "before"),
        given(after, "after"),
        base=base,
        target_names=target_names,
        confidence_level=check_level(confidence_level),
    )
    found = LogLossChange(**fields, verdict="")
    return replace(found, verdict=verdict(found))
