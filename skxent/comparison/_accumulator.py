"""A comparison from batches, in memory that does not grow with the rows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import ArrayLike

from skxent._intake._arguments import check_level
from skxent._intake._batches import is_empty, ones_for_zeros
from skxent._intake._streams import Stream, stream_of
from skxent._typing import EPS
from skxent.comparison._compare import read_losses
from skxent.comparison._comparison import About, LogLossComparison, check_models, comparison_of
from skxent.comparison._stream import PairedReading, stream_rows
from skxent.statistic._mergeable import Accumulator
from skxent.statistic._paired import PairedSums, paired_sums
from skxent.statistic._saved import paired_of, tree_of_paired
from skxent.statistic._sums import check_total

__all__ = ["LogLossComparisonAccumulator"]


class LogLossComparisonAccumulator(Accumulator):
    r"""
    Adds up batches of several models' predictions for the same rows to a `LogLossComparison`.

    It keeps sums of the differences, about a hundred numbers for each model and class, and with
    `groups` some for each group. Accumulators of parts of the data, filled anywhere and pickled,
    add up to that of all of it. Threads may share one.

    Parameters
    ----------
    labels : array-like of shape (n_classes,)
        The label of each column of the predictions, in the order of the columns.
    reference : str, default=None
        Name of the model to compare the others with; None: the first.
    pos_label : int, float, bool or str, default=None
        The class that one-dimensional probabilities are of.
    target_names : sequence of str, default=None
        What to call the classes, in the order of `labels`.
    base : float or None, default=e
        Base of the logarithm: 2 gives bits, e or None nats.
    eps : float, default=2**-52
        Floor of the true class's probability, as in `log_loss`.
    from_logits : bool, default=False
        Whether the models give logits or log-probabilities, all of them.
    renormalize : bool, default=False
        Whether to divide each row by its sum.

    Attributes
    ----------
    models : tuple of str
        The names of the models, from the first batch on.
    n_samples : int
        Number of rows so far that have a positive weight.

    Raises
    ------
    ValueError
        If an argument is not what `compare_log_loss` takes.

    See Also
    --------
    compare_log_loss : The same of rows that are all at hand.
    LogLossAccumulator : What each class costs one model, from batches.

    Notes
    -----
    Of the differences :math:`d` between the losses of a model and of the reference, with weights
    :math:`w`, the sums of :math:`w^2 (d - \bar d)^m` and :math:`w^3 (d - \bar d)^m` for
    :math:`m` to 3 are kept for each class, moved to the mean of all when two are added [1]_.

    References
    ----------
    .. [1] Pébay, P. (2008). Formulas for robust, one-pass parallel computation of covariances
           and arbitrary-order statistical moments. Sandia Report SAND2008-6212.
           :doi:`10.2172/1028931`

    Examples
    --------
    >>> import numpy as np
    >>> from skxent import LogLossComparisonAccumulator, compare_log_loss
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(3, size=900)
    >>> models = {name: rng.dirichlet([1, 1, 1], size=900) for name in ("old", "new")}
    >>> accumulator = LogLossComparisonAccumulator([0, 1, 2])
    >>> for at in np.split(np.arange(900), 9):
    ...     _ = accumulator.update(y[at], {name: p[at] for name, p in models.items()})
    >>> whole = compare_log_loss(y, models)
    >>> bool(np.allclose(accumulator.report().class_ci_low, whole.class_ci_low, equal_nan=True))
    True
    """

    _kind = "comparison accumulator"
    _options = (*Accumulator._options, "reference")

    def __init__(
        self,
        labels: ArrayLike,
        *,
        reference: str | None = None,
        pos_label: Any = None,
        target_names: Sequence[str] | None = None,
        base: float | None = math.e,
        eps: float = EPS,
        from_logits: bool = False,
        renormalize: bool = False,
    ) -> None:
        super().__init__(
            labels,
            pos_label=pos_label,
            target_names=target_names,
            base=base,
            eps=eps,
            from_logits=from_logits,
            renormalize=renormalize,
        )
        if not (reference is None or isinstance(reference, str)):
            msg = f"reference must be the name of a model; got {reference!r}."
            raise TypeError(msg)
        self.reference = reference
        self.models: tuple[str, ...] = ()
        self._sums: PairedSums | None = None
        self._n_dropped = 0

    @property
    def n_samples(self) -> int:
        """Number of rows so far that have a positive weight."""
        sums = self._sums
        return 0 if sums is None else int(sums.support.sum())

    def update(
        self,
        y_true: ArrayLike,
        y_probas: Mapping[str, ArrayLike],
        sample_weight: ArrayLike | None = None,
        *,
        groups: ArrayLike | None = None,
    ) -> LogLossComparisonAccumulator:
        """
        Add a batch.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,) or (n_samples, n_classes)
            Class labels, or one-hot rows.
        y_probas : mapping of str to array-like
            Predicted probabilities, or logits, of each model by its name: the same names in
            every batch, in any order.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row.
        groups : array-like of shape (n_samples,), default=None
            Rows that belong together, such as those of one patient, of this batch and of others.
            None: all rows are independent. Given for all rows, or for none.

        Returns
        -------
        LogLossComparisonAccumulator
            The accumulator itself.

        Raises
        ------
        TypeError
            If `y_probas` is no mapping from names, or the predictions are no numbers; then
            nothing of the batch is added.
        ValueError
            If the batch is not what `compare_log_loss` takes, or its models are others than
            before; then nothing of it is added. A batch without rows, or whose weights are all
            0, adds nothing.
        """
        models = check_models(y_probas, self.reference)
        known = self.models or models
        _check_same(models, known, "y_probas")
        ones = ones_for_zeros(sample_weight)
        if is_empty(y_true) and all(is_empty(p) for p in y_probas.values()):
            return self
        rows, _ = read_losses(
            y_true,
            {name: y_probas[name] for name in known},
            groups,
            self.eps,
            labels=self.labels,
            pos_label=self.pos_label,
            sample_weight=sample_weight if ones is None else ones,
            from_logits=self.from_logits,
            renormalize=self.renormalize,
        )
        if ones is None:
            check_total(rows.weight)
            self._add(known, paired_sums(rows, self._place(known)))
        return self

    def update_from(
        self,
        batches: Any,
        *,
        y: str,
        models: Mapping[str, str | Sequence[str]],
        weight: str | None = None,
        groups: str | None = None,
        nulls: str = "error",
    ) -> LogLossComparisonAccumulator:
        """
        Add all rows of a stream of Arrow batches, or of data frames, by the names of their columns.

        It takes the memory of one batch. For files that have one model each see
        `compare_log_loss_from`.

        Parameters
        ----------
        batches : iterable of pyarrow.RecordBatch, pyarrow.Table or data frame, or one of these
            Also a pyarrow reader, scanner or data set, a polars LazyFrame or a DuckDB relation,
            of which only the columns that are needed are read.
        y : str
            The column of the labels.
        models : mapping of str to str or sequence of str
            The columns of the probabilities of each model by its name, such as
            ``{"old": "old_*", "new": "new_*"}``: a pattern with a ``*`` that stands for the
            label, or their names; or the name of a single column, of lists or of the probability
            of one of two classes.
        weight : str, default=None
            The column of the weights.
        groups : str, default=None
            The column that says which rows belong together; see `update`.
        nulls : {"error", "drop"}, default="error"
            What becomes of rows in which one of these columns has no value: they are an error, or
            are left out, and the notes of the comparison say how many.

        Returns
        -------
        LogLossComparisonAccumulator
            The accumulator itself.

        Raises
        ------
        ImportError
            If there is no pyarrow.
        TypeError
            If `batches` is something else.
        ValueError
            If a column is missing, or a row is not what `compare_log_loss` takes; the message
            names the row, counted from 0. Then no row of `batches` is added.

        Examples
        --------
        >>> import pandas as pd
        >>> from skxent import LogLossComparisonAccumulator
        >>> frame = pd.DataFrame({"y": [0, 1], "a_0": [0.6, 0.2], "a_1": [0.4, 0.8]})
        >>> frame = frame.assign(b_0=[0.5, 0.5], b_1=[0.5, 0.5])
        >>> accumulator = LogLossComparisonAccumulator([0, 1])
        >>> accumulator.update_from(frame, y="y", models={"a": "a_*", "b": "b_*"})
        <LogLossComparisonAccumulator: 2 models, 2 classes, 2 rows so far>
        """
        return self._count(stream_of(batches), self._reading(y, models, weight, groups, nulls))

    def _reading(
        self,
        y: str,
        models: Mapping[str, str | Sequence[str]],
        weight: str | None,
        groups: str | None,
        nulls: str,
    ) -> PairedReading:
        names = check_models(models, self.reference, "models")
        known = self.models or names
        _check_same(names, known, "models")
        return PairedReading.of(
            {name: models[name] for name in known},
            y=y,
            weight=weight,
            groups=groups,
            labels=self.labels,
            pos_label=self.pos_label,
            from_logits=self.from_logits,
            renormalize=self.renormalize,
            nulls=nulls,
            eps=self.eps,
        )

    def _count(
        self, stream: Stream, reading: PairedReading, where: str = "the data"
    ) -> LogLossComparisonAccumulator:
        """Add all rows of a stream, or none of them."""
        models = tuple(reading.readings)
        total, n_dropped = None, 0
        for rows, n in stream_rows(stream, reading, where):
            n_dropped += n
            if rows is not None:
                sums = paired_sums(rows, self._place(models))
                total = sums if total is None else total + sums
        if total is not None or n_dropped:
            self._add(models, total, n_dropped)
        return self

    def _place(self, models: Sequence[str]) -> int:
        return 0 if self.reference is None else models.index(self.reference)

    def _add(self, models: tuple[str, ...], sums: PairedSums | None, n_dropped: int = 0) -> None:
        """Add sums of models, which another thread may have given another order meanwhile."""
        with self._lock:
            known = self.models or models
            _check_same(models, known, "y_probas")
            if self._name_of_reference(known) != self._name_of_reference(models):
                msg = (
                    f"The first model, which the others are compared with, was {known[0]!r} and is "
                    f"now {models[0]!r}; pass reference= when the accumulator is made."
                )
                raise ValueError(msg)
            total = self._sums
            if sums is not None:
                sums = sums.of_models([models.index(name) for name in known])
                total = sums if total is None else total + sums
            self.models, self._sums = known, total
            self._n_dropped += n_dropped

    def _name_of_reference(self, models: Sequence[str]) -> str:
        return models[self._place(models)]

    def merge(self, other: LogLossComparisonAccumulator) -> LogLossComparisonAccumulator:
        """
        Add what another accumulator has counted.

        Parameters
        ----------
        other : LogLossComparisonAccumulator
            With the same labels, `eps`, models and reference; it is not changed.

        Returns
        -------
        LogLossComparisonAccumulator
            The accumulator itself.

        Raises
        ------
        TypeError
            If `other` is not a LogLossComparisonAccumulator.
        ValueError
            If the labels, their order, `eps`, the models or the reference differ.
        """
        self._check_alike(other)
        models, sums, n_dropped = other._counted()
        if not models:
            return self
        _check_same(models, self.models or models, "other")
        mine, theirs = self.reference, other._name_of_reference(models)
        if mine is None:
            mine = self.models[0] if self.models else theirs
        if mine != theirs:
            msg = f"other must have the same reference; it has {theirs!r}, and this one {mine!r}."
            raise ValueError(msg)
        if self.reference is None and not self.models:
            self.reference = other.reference
        self._add(models, sums, n_dropped)
        return self

    def _counted(self) -> tuple[tuple[str, ...], PairedSums | None, int]:
        with self._lock:
            return self.models, self._sums, self._n_dropped

    def report(self, *, confidence_level: float = 0.95) -> LogLossComparison:
        """
        Comparison of the models on the rows so far.

        Parameters
        ----------
        confidence_level : float, default=0.95
            Of the intervals, between 0 and 1.

        Returns
        -------
        LogLossComparison
            As from `compare_log_loss` of all rows at once, but for rounding.

        Raises
        ------
        ValueError
            If no row has been counted, or `confidence_level` is not between 0 and 1.
        """
        return self._report(confidence_level)

    def _report(self, confidence_level: float, notes: tuple[str, ...] = ()) -> LogLossComparison:
        level = check_level(confidence_level)
        models, sums, n_dropped = self._counted()
        if sums is None:
            msg = "There is nothing to compare: no row with a positive weight has been counted."
            raise ValueError(msg)
        about = About(
            labels=self.labels,
            target_names=self.target_names,
            models=models,
            reference=self._place(models),
            base=self.base,
            eps=self.eps,
            n_dropped=n_dropped,
            notes=notes,
        )
        return comparison_of(sums, about, level)

    def _tree(self) -> dict[str, Any]:
        models, sums, n_dropped = self._counted()
        saved = None if sums is None else tree_of_paired(sums)
        return {"models": models, "n_dropped": n_dropped, "sums": saved}

    def _take_tree(self, tree: dict[str, Any]) -> None:
        self.models, self._n_dropped = tree["models"], tree.get("n_dropped", 0)
        self._sums = None if tree["sums"] is None else paired_of(tree["sums"])

    def __repr__(self) -> str:
        models = f"{len(self.models)} models, " if self.models else ""
        return (
            f"<LogLossComparisonAccumulator: {models}{len(self.labels)} classes, "
            f"{self.n_samples} rows so far>"
        )


def _check_same(models: Sequence[str], known: Sequence[str], name: str) -> None:
    if set(models) != set(known):
        mine, theirs = (", ".join(map(repr, names)) for names in (known, models))
        msg = f"{name} must have the same models as before, {mine}; it has {theirs}."
        raise ValueError(msg)
