"""The result: what each class costs, and where it comes from."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from skxent._intake._arguments import check_choice, check_names, check_weight
from skxent._intake._groups import check_groups
from skxent._intake._labels import as_labels, distinct
from skxent._render._result import Result
from skxent._render._words import counted, unit_name
from skxent._typing import EPS
from skxent.recalibration._choice import Recalibration
from skxent.recalibration._recalibrator import Recalibrator, recalibrator_of
from skxent.report._compute import content_of
from skxent.report._content import COLUMNS, OVERALL, ROWS, Content
from skxent.report._displays import PerClassLogLossDisplay
from skxent.report._html import report_html
from skxent.report._metrics import as_metrics
from skxent.report._options import Options
from skxent.report._other_prior import loss_under
from skxent.report._out_of_fold import cross_validated, out_of_fold, rows_of, with_all_classes
from skxent.report._text import render_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["LogLossReport"]


@dataclass(frozen=True, repr=False, eq=False)
class LogLossReport(Result, Content):
    """
    What each class costs; made by `log_loss_report`.

    ``print(report)`` says what to know, `write_html` makes a page, and `to_frame` has one row a
    class, in the order of `labels`: first ``class``, then the columns of `per_class`.

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
    confidence_level : float
        Of the intervals.
    n_null : int
        How often labels were drawn for ``miscalibration_null``. Its p-value is at least
        ``1 / (n_null + 1)``, and printed with a "<" there.
    overall : mapping of str to float or int
        Figures of all rows together. `perplexity` is that of the floored loss.
    verdict : str
        How good the model is, what is wrong with it if anything is, and what to do.
    about : About
        What the report is of: `model`, `out_of_fold`, `weighted`, `n_groups`, and the `version`
        and `date` that it was made by and on.
    findings : tuple of str
        What the figures come to, each sentence with its numbers, the most costly first.
    notes : tuple of str
        Why something could not be computed that the input does not show.
    loss_confusion : ndarray of shape (n_classes, n_classes)
        Part of the overall loss that the rows of a class (first axis) pay for the probability
        of another (second axis); the sums over the second axis are the contributions.
    recalibration : Recalibration or None
        Log loss after recalibration maps, simple ones first; arrays with one number a method.
    reliability : tuple of Curve
        One-vs-rest calibration curve of each class.
    worst_rows : mapping of str to ndarray
        The rows that cost most.

    References
    ----------
    .. [1] Spiegelhalter (1986), Statistics in Medicine 5(5). :doi:`10.1002/sim.4780050506`
    .. [2] Hall (1992), J. R. Stat. Soc. B 54(1). :doi:`10.1111/j.2517-6161.1992.tb01876.x`
    .. [3] Dimitriadis et al. (2021), PNAS 118(8). :doi:`10.1073/pnas.2016191118`
    .. [4] Kull et al. (2019), NeurIPS. :doi:`10.48550/arXiv.1910.12656`

    Examples
    --------
    >>> from skxent import log_loss_report
    >>> report = log_loss_report(["a", "b"], [[0.5, 0.5], [0.5, 0.5]], base=2)
    >>> report
    <LogLossReport: 1.0000 bits, 2 classes, 2 rows; print() it or call write_html(path)>
    """

    @classmethod
    def _of(cls, content: Content) -> LogLossReport:
        return cls(**{f.name: getattr(content, f.name) for f in fields(Content)})

    def recalibrator(self) -> Recalibrator:
        """
        The recalibration that is recommended, fitted to the rows of the report.

        Returns
        -------
        Recalibrator
            Of the method in ``recalibration.recommended``, which may be "none". Of more than
            10000 rows it is fitted to that many, drawn at random.

        Raises
        ------
        ValueError
            If the report holds no recalibration.

        Examples
        --------
        >>> import numpy as np
        >>> from skxent import log_loss, log_loss_report
        >>> rng = np.random.default_rng(0)
        >>> logits = rng.normal(size=(1000, 3))
        >>> y = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
        >>> proba = np.exp(3 * logits) / np.exp(3 * logits).sum(axis=1, keepdims=True)
        >>> recalibrator = log_loss_report(y, proba).recalibrator()
        >>> after = recalibrator.predict_proba(proba)
        >>> bool(log_loss(y, after) < log_loss(y, proba))
        True
        """
        if self.recalibration is None:
            why = [note for note in self.notes if "recalibration" in note]
            msg = " ".join(["The report holds no recalibration.", *why])
            raise ValueError(msg)
        return recalibrator_of(self.recalibration, self.labels)

    # The ways to show it: hooks of `Result`, and what a report has beyond other results.

    def _summary(self) -> str:
        loss = f"{self.overall['log_loss']:.4f} {unit_name(self.base)}"
        classes, n = counted(len(self.labels), "class"), int(self.overall["n_samples"])
        return f"{loss}, {classes}, {counted(n, 'row')}"

    def _columns(self) -> dict[str, Any]:
        return {"class": self.target_names} | self._per_class

    def _page(self, title: str | None, *, on_page: bool) -> str:
        return report_html(self, title, on_page=on_page)

    def _check(self) -> None:
        super()._check()
        parts = (COLUMNS, self._per_class), (OVERALL, self._overall), (ROWS, self._worst_rows)
        if lacking := [name for names, part in parts for name in names if name not in part]:
            msg = f"{lacking[0]!r} is missing"
            raise ValueError(msg)
        k, worst = len(self.labels), {len(column) for column in self._worst_rows.values()}
        hold = [
            self.loss_confusion.shape == (k, k),
            len(self.target_names) == k,
            len(self.reliability) in (0, k),
            len(worst) == 1,
            self.about.positive in (0, 1),
            self.recalibration is None or _hangs_together(self.recalibration, k),
        ]
        if not all(hold):
            msg = f"not all parts are of the same {k} classes, maps or rows"
            raise ValueError(msg)

    def to_text(self, columns: Iterable[str] | None = None, width: int = 80) -> str:
        """
        What to know, for a terminal: overall figures, findings, classes, and the recalibration.

        Parameters
        ----------
        columns : iterable of str, default=None
            Columns of `per_class` to show; None: the most important ones.
        width : int, default=80
            Long class names are cut, and wide tables parted, to keep within so many characters.

        Returns
        -------
        str
            Lines of text; a dash stands for what cannot be computed.

        Raises
        ------
        TypeError
            If `width` is not a number.
        ValueError
            If there is no column of that name.
        """
        return render_text(self, columns, width)

    def under_prior(self, shares: Mapping[Any, float]) -> tuple[float, float, float]:
        r"""
        The loss if the classes occurred in other shares, and the rows of each stayed as they are.

        Parameters
        ----------
        shares : mapping of label to float
            How often each class is to occur: not below 0, 1 together. Classes that are not
            mentioned do not occur.

        Returns
        -------
        tuple of three floats
            The loss :math:`\sum_c \pi^*_c \ell_c` in units of `base`, and the ends of its
            confidence interval, nan where there is none: see the notes.

        Raises
        ------
        TypeError
            If `shares` is not a mapping.
        ValueError
            If the shares are below 0 or do not sum to 1, if one is of a label that the report
            does not have, or of a class that has no rows.

        Notes
        -----
        That is label shift: :math:`p(x \mid y)` is the same, and so is what the model predicts
        for a row. A model that is told of the new shares would predict otherwise, and lose less.

        The row of a class that has a single one, or its only group, is taken to vary as rows of
        the other classes with a share do on average. Where such classes carry more than a tenth
        of the loss, or have more than a tenth of the shares, there is no interval: what the
        rows of others do says nothing of those that it rests on.

        References
        ----------
        .. [1] Saerens, M., Latinne, P., & Decaestecker, C. (2002). Adjusting the outputs of a
               classifier to new a priori probabilities. Neural Computation 14(1).
               :doi:`10.1162/089976602753284446`

        Examples
        --------
        >>> from skxent import log_loss_report
        >>> report = log_loss_report(["a", "b", "b"], [[0.5, 0.5], [0.5, 0.5], [0.25, 0.75]])
        >>> same = dict(zip(report.labels, report.per_class["prevalence"]))
        >>> bool(abs(report.under_prior(same)[0] - report.overall["log_loss"]) < 1e-15)
        True
        """
        return loss_under(self, shares)

    def to_metrics(self, *, prefix: str = "") -> dict[str, float]:
        """
        Flat numbers for a tracker of experiments, such as ``mlflow.log_metrics`` takes.

        Parameters
        ----------
        prefix : str, default=""
            What each key begins with, such as ``"test_"``.

        Returns
        -------
        dict of str to float
            The figures of `overall`, and `log_loss`, `skill`, `gap` and `recoverable` of each class
            under keys such as ``log_loss.cat``; what is nan or infinite is left out. Signs that
            some tracker refuses are underscores in the keys; where that makes names of classes
            equal, they begin with the number of the class.

        Examples
        --------
        >>> from skxent import log_loss_report
        >>> report = log_loss_report(["a", "b"], [[0.5, 0.5], [0.5, 0.5]], base=2)
        >>> report.to_metrics(prefix="test_")["test_log_loss.a"]
        1.0
        """
        return as_metrics(self, prefix)

    def plot(self, *, ax: Axes | None = None, **plot_params: Any) -> PerClassLogLossDisplay:
        """
        Draw the loss of each class with its interval, beside what the model expected.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw in; None: those of a new figure.
        **plot_params
            Passed to `PerClassLogLossDisplay.plot`, such as `max_classes`.

        Returns
        -------
        PerClassLogLossDisplay
            With what was drawn as attributes, such as `ax_` and `figure_`. The other displays
            have `from_report` as well.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If `max_classes` is not an integer above 0.
        """
        return PerClassLogLossDisplay.from_report(self, ax=ax, **plot_params)

    # The ways to make one of a classifier.

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: ArrayLike,
        *,
        target_names: Sequence[str] | None = None,
        sample_weight: ArrayLike | None = None,
        groups: ArrayLike | None = None,
        base: float | None = math.e,
        eps: float = EPS,
        confidence_level: float = 0.95,
        recalibration: bool = True,
        n_null: int = 200,
        random_state: int | np.random.RandomState | None = 0,
        renormalize: bool = False,
        unseen: str = "floor",
    ) -> LogLossReport:
        """
        Report of a fitted classifier on rows that it has not been fitted to.

        Parameters
        ----------
        estimator : object
            Fitted classifier, or pipeline that ends in one, with `predict_proba`.
        X : array-like of shape (n_samples, n_features)
            What it predicts from.
        y : array-like of shape (n_samples,)
            The classes.
        target_names : sequence of str, default=None
            What to call the classes, in the order of the estimator's `classes_`, then those
            that it does not know.
        sample_weight, groups
            As in `log_loss_report`: intervals and tests count groups, and folds keep them whole.
        base, eps, confidence_level, recalibration, n_null, random_state, renormalize
            As in `log_loss_report`.
        unseen : {"floor", "ignore", "raise"}, default="floor"
            What becomes of rows of a class that the estimator never saw: they count with
            probability 0 and so cost ``-log(eps)``, are left out with a warning, or are an error.

        Returns
        -------
        LogLossReport
            A class that the estimator does not know has probability 0 in all rows; tests,
            one-vs-rest figures and recalibration are then about the rows of the other classes.

        Raises
        ------
        AttributeError
            If the estimator has no `predict_proba`.
        ValueError
            If the input is not what `log_loss` takes.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from sklearn.linear_model import LogisticRegression
        >>> from skxent import LogLossReport
        >>> X, y = load_iris(return_X_y=True)
        >>> classifier = LogisticRegression(max_iter=1000).fit(X[::2], y[::2])
        >>> LogLossReport.from_estimator(classifier, X[1::2], y[1::2]).overall["n_samples"]
        75
        """
        options = Options.of(
            target_names, base, eps, confidence_level, recalibration, n_null, random_state
        )
        rows, source = rows_of(
            with_all_classes(estimator, X, y),
            unseen=unseen,
            sample_weight=sample_weight,
            groups=groups,
            renormalize=renormalize,
            out_of_fold=False,
        )
        return cls._of(content_of(rows, options, source))

    @classmethod
    def from_cv(
        cls,
        estimator: Any,
        X: Any,
        y: ArrayLike,
        *,
        cv: Any = None,
        groups: ArrayLike | None = None,
        params: Mapping[str, Any] | None = None,
        n_jobs: int | None = None,
        verbose: bool = False,
        target_names: Sequence[str] | None = None,
        sample_weight: ArrayLike | None = None,
        base: float | None = math.e,
        eps: float = EPS,
        confidence_level: float = 0.95,
        recalibration: bool = True,
        n_null: int = 200,
        random_state: int | np.random.RandomState | None = 0,
        renormalize: bool = False,
        unseen: str = "floor",
    ) -> LogLossReport:
        """
        Report of cross-validated predictions: each row is predicted by a fit without it.

        Parameters
        ----------
        estimator : object
            Classifier, or pipeline that ends in one; a clone is fitted in each fold.
        X : array-like of shape (n_samples, n_features)
            What it predicts from.
        y : array-like of shape (n_samples,)
            The classes.
        cv : int, splitter or iterable, default=None
            As in :func:`sklearn.model_selection.cross_validate`; None: five stratified folds.
            With `groups`, the folds that a number stands for keep groups whole.
        groups : array-like of shape (n_samples,), default=None
            Rows that belong together, as in `log_loss_report`; the splitter gets them as well.
        params : dict, default=None
            As in :func:`sklearn.model_selection.cross_validate`: what `fit` gets, or whoever
            asks for it by metadata routing. Of these the report takes `groups`, but no
            `sample_weight`.
        n_jobs : int, default=None
            How many folds are fitted at a time.
        verbose : bool, default=False
            Whether to announce fits on the standard error, or with several jobs on standard output.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row in the report; it has no part in the fits.
        target_names : sequence of str, default=None
            What to call the classes, in sorted order.
        base, eps, confidence_level, recalibration, n_null, random_state, renormalize
            As in `log_loss_report`.
        unseen : {"floor", "ignore", "raise"}, default="floor"
            As in `from_estimator`.

        Returns
        -------
        LogLossReport
            Of the rows that were in a test fold, as from `from_cv_results`: without tests.

        Raises
        ------
        AttributeError
            If the estimator has no `predict_proba`.
        ValueError
            If the input is not what `log_loss` takes, or a fit fails.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from sklearn.linear_model import LogisticRegression
        >>> from skxent import LogLossReport
        >>> X, y = load_iris(return_X_y=True)
        >>> LogLossReport.from_cv(LogisticRegression(max_iter=500), X, y, cv=3).overall["n_samples"]
        150
        """
        # Before the fits, which may take hours.
        options = Options.of(
            target_names, base, eps, confidence_level, recalibration, n_null, random_state
        )
        check_choice(unseen, "unseen", ("floor", "ignore", "raise"))
        array = as_labels(y, "y")
        check_names(target_names, distinct(array, "y"))
        check_weight(sample_weight, len(array))
        of_rows = groups if groups is not None else (params or {}).get("groups")
        if of_rows is not None:
            check_groups(of_rows, len(array))
        results = cross_validated(
            estimator,
            X,
            y,
            cv=cv,
            groups=groups,
            params=params,
            n_jobs=n_jobs,
            verbose=verbose,
        )
        return cls._of_cv_results(
            results, X, y, options, unseen, sample_weight, of_rows, renormalize
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
        groups: ArrayLike | None = None,
        base: float | None = math.e,
        eps: float = EPS,
        confidence_level: float = 0.95,
        recalibration: bool = True,
        n_null: int = 200,
        random_state: int | np.random.RandomState | None = 0,
        renormalize: bool = False,
        unseen: str = "floor",
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
        target_names : sequence of str, default=None
            What to call the classes, in sorted order.
        groups, unseen
            As in `from_estimator`.
        base, eps, confidence_level, recalibration, n_null, random_state, renormalize
            As in `log_loss_report`.

        Returns
        -------
        LogLossReport
            Of the rows that were in a test fold, as often as they were. `z` and `p_value` are
            nan: each row helped to fit the models of the others, so that the gap of a calibrated
            model is not as large as chance would make it. The intervals are about these fits. A
            row that was in several folds counts as a group of its predictions.

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
        options = Options.of(
            target_names, base, eps, confidence_level, recalibration, n_null, random_state
        )
        return cls._of_cv_results(
            cv_results, X, y, options, unseen, sample_weight, groups, renormalize
        )

    @classmethod
    def _of_cv_results(
        cls,
        cv_results: Mapping[str, Any],
        X: Any,
        y: ArrayLike,
        options: Options,
        unseen: str,
        sample_weight: ArrayLike | None,
        groups: ArrayLike | None,
        renormalize: bool,
    ) -> LogLossReport:
        n_samples = len(as_labels(y, "y"))
        weight = check_weight(sample_weight, n_samples)
        taken = None if groups is None else check_groups(groups, n_samples)
        found = out_of_fold(cv_results, X, y)
        rows, source = rows_of(
            found,
            unseen=unseen,
            sample_weight=None if weight is None else weight[found.numbers],
            groups=None if taken is None else taken.keys[taken.codes[found.numbers]],
            renormalize=renormalize,
            out_of_fold=True,
        )
        return cls._of(content_of(rows, options, source))


def _hangs_together(found: Recalibration, n_classes: int) -> bool:
    """Whether a recalibration that was read has a number for each map and class."""
    values = [getattr(found, f.name) for f in fields(found)]
    maps = {len(value) for value in values if isinstance(value, np.ndarray)}
    if maps != {len(found.methods)} or found.recommended not in found.methods:
        return False
    shapes = [found.class_gain.shape[1:]]
    if found.fitted is not None:
        given = found.fitted.bias, found.fitted.slopes[..., 0], found.fitted.classes
        shapes += [array.shape for array in given if array is not None]
        shapes += [found.fitted.slopes.shape[-1:]]
    return set(shapes) <= {(n_classes,), ()}
