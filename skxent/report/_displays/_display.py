"""How every display is made: from predictions, from an estimator, or from a report."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

from numpy.typing import ArrayLike

from skxent._intake._groups import check_groups
from skxent._intake._rows import check_labelled
from skxent._render._axes import require_matplotlib
from skxent._render._frame import Framed
from skxent.report._compute import content_of
from skxent.report._content import Content
from skxent.report._options import Options, Source
from skxent.report._out_of_fold import rows_of, with_all_classes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
from skxent._typing import EPS

__all__ = ["Display"]


class Display(Framed, ABC):
    """A figure of a report that keeps its data; the classes below say which."""

    # What the report need not compute for this figure.
    _spares: ClassVar[dict[str, Any]]

    @classmethod
    @abstractmethod
    def _of(cls, content: Content) -> Self:
        """The data of this display, taken from a report."""

    @abstractmethod
    def plot(self, *, ax: Axes | None = None) -> Self:
        """Draw the figure."""

    @classmethod
    def from_report(cls, report: Content, *, ax: Axes | None = None, **plot_params: Any) -> Self:
        """
        Plot what a report has computed.

        Parameters
        ----------
        report : LogLossReport
            Result of `log_loss_report` or of one of the other makers of reports.
        ax : matplotlib Axes, default=None
            Axes to draw in; None: those of a new figure.
        **plot_params
            Passed to `plot`.

        Returns
        -------
        Display
            Of this class, with the data and what was drawn as attributes.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        TypeError
            If `report` is not a LogLossReport.
        ValueError
            If the report does not hold what the display shows, or `plot` refuses a parameter.
        """
        require_matplotlib(f"{cls.__name__}.from_report")
        if not isinstance(report, Content):
            msg = f"report must be a LogLossReport; got {type(report)}. Try from_predictions."
            raise TypeError(msg)
        return cls._of(report).plot(ax=ax, **plot_params)

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        y_proba: ArrayLike,
        *,
        labels: ArrayLike | None = None,
        pos_label: Any = None,
        target_names: Sequence[str] | None = None,
        sample_weight: ArrayLike | None = None,
        groups: ArrayLike | None = None,
        base: float | None = math.e,
        eps: float = EPS,
        confidence_level: float = 0.95,
        random_state: Any = 0,
        from_logits: bool = False,
        renormalize: bool = False,
        ax: Axes | None = None,
        **plot_params: Any,
    ) -> Self:
        """
        Compute and plot from labels and predicted probabilities.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,) or (n_samples, n_classes)
            Class labels of any type, or one-hot rows.
        y_proba : array-like of shape (n_samples, n_classes) or (n_samples,)
            Predicted probabilities, as in `log_loss`.
        labels, pos_label, target_names, sample_weight, groups
            As in `log_loss_report`.
        base, eps, confidence_level, random_state, from_logits, renormalize
            As in `log_loss_report`.
        ax : matplotlib Axes, default=None
            Axes to draw in; None: those of a new figure.
        **plot_params
            Passed to `plot`.

        Returns
        -------
        Display
            Of this class, with the data and what was drawn as attributes.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If the input is not what `log_loss` takes.
        """
        require_matplotlib(f"{cls.__name__}.from_predictions")
        options = Options.of(
            target_names, base, eps, confidence_level, random_state=random_state, **cls._spares
        )
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
        source = Source(groups=None if groups is None else check_groups(groups, n))
        content = content_of(rows, options, source)
        return cls._of(content).plot(ax=ax, **plot_params)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: ArrayLike,
        *,
        sample_weight: ArrayLike | None = None,
        groups: ArrayLike | None = None,
        target_names: Sequence[str] | None = None,
        base: float | None = math.e,
        eps: float = EPS,
        confidence_level: float = 0.95,
        random_state: Any = 0,
        renormalize: bool = False,
        unseen: str = "floor",
        ax: Axes | None = None,
        **plot_params: Any,
    ) -> Self:
        """
        Compute and plot from a fitted classifier and data that it has not seen.

        Parameters
        ----------
        estimator : estimator instance
            Fitted classifier with `predict_proba`; its `classes_` are the classes.
        X : array-like of shape (n_samples, n_features)
            Input values.
        y : array-like of shape (n_samples,)
            Class labels.
        sample_weight, groups, target_names, unseen
            As in `LogLossReport.from_estimator`.
        base, eps, confidence_level, random_state, renormalize
            As in `log_loss_report`.
        ax : matplotlib Axes, default=None
            Axes to draw in; None: those of a new figure.
        **plot_params
            Passed to `plot`.

        Returns
        -------
        Display
            Of this class, with the data and what was drawn as attributes.

        Raises
        ------
        AttributeError
            If the estimator has no `predict_proba`.
        ImportError
            If matplotlib is not installed.
        ValueError
            If the input is not what `log_loss` takes.
        """
        require_matplotlib(f"{cls.__name__}.from_estimator")
        options = Options.of(
            target_names, base, eps, confidence_level, random_state=random_state, **cls._spares
        )
        rows, source = rows_of(
            with_all_classes(estimator, X, y),
            unseen=unseen,
            sample_weight=sample_weight,
            groups=groups,
            renormalize=renormalize,
            out_of_fold=False,
        )
        return cls._of(content_of(rows, options, source)).plot(ax=ax, **plot_params)
