"""A report from batches, in memory that does not grow with the rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from copy import copy
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from skxent._intake._arguments import check_seed, check_subsample
from skxent._intake._columns import Columns
from skxent._intake._reading import Reading
from skxent._intake._streams import Stream, stream_of
from skxent._render._words import counted
from skxent._typing import EPS
from skxent.report._batches import checked_batch
from skxent.report._compute import content_of_counted
from skxent.report._options import Options, Source
from skxent.report._result import LogLossReport
from skxent.report._stream import count_stream
from skxent.report._tally import Tally
from skxent.statistic._mergeable import Accumulator
from skxent.statistic._sample import Sample, sample_size

__all__ = ["LogLossAccumulator"]


class LogLossAccumulator(Accumulator):
    """
    Adds up batches of predictions to a `LogLossReport`.

    It keeps sums and a sample of the rows: about 0.7 MB for 2 classes, 1.9 for 10 and 58 for
    1000, pickled 0.3, 1.0 and 26 MB; with ``subsample=0`` 0.17, 0.7 and 42 MB, pickled 0.025,
    0.06 and 10 MB. Accumulators of parts of the data, filled anywhere and pickled, add up to
    that of all of it. Threads may share one. Rows of small batches wait until there are some
    thousands of them, which takes at most 1.1 MB for 10 classes and 33 MB for 1000.

    Parameters
    ----------
    labels : array-like of shape (n_classes,)
        The label of each column of the predictions, in the order of the columns.
    pos_label : int, float, bool or str, default=None
        The class that a one-dimensional `y_proba` is the probability of.
    target_names : sequence of str, default=None
        What to call the classes, in the order of `labels`.
    base : float or None, default=e
        Base of the logarithm: 2 gives bits, e or None nats.
    eps : float, default=2**-52
        Floor of the true class's probability, as in `log_loss`.
    from_logits : bool, default=False
        Whether the predictions are logits or log-probabilities.
    renormalize : bool, default=False
        Whether to divide each row by its sum.
    subsample : int, default=10000
        How many rows to keep, drawn at random, for what sums cannot tell: the recalibration. Of
        more than 200 classes fewer are kept, two million probabilities in all. 0 for none.
    random_state : int, RandomState or None, default=None
        Seed of that draw. Accumulators with the same one draw alike and cannot be added up.
        None: another draw each time, unless the rows have `row_ids`.

    Attributes
    ----------
    n_samples : int
        Number of rows so far that have a positive weight.

    Raises
    ------
    ValueError
        If an argument is not what `log_loss_report` takes.

    Notes
    -----
    Where there are more rows than are kept, the probabilities of each class are counted in bins
    of a sixteenth of an octave of the odds (an eighth beyond 100 classes), and the isotonic
    regression is fitted to the bins. The
    miscalibration that results is below the exact one by no more nats than the largest bin's
    share of the weight, and in practice by far less.

    References
    ----------
    .. [1] Spiegelhalter, D. J. (1986). Probabilistic prediction in patient management and
           clinical trials. Statistics in Medicine 5(5). :doi:`10.1002/sim.4780050506`
    .. [2] Hall, P. (1992). On the removal of skewness by transformation. Journal of the Royal
           Statistical Society B 54(1). :doi:`10.1111/j.2517-6161.1992.tb01876.x`
    .. [3] Dimitriadis, T., Gneiting, T., & Jordan, A. I. (2021). Stable reliability diagrams
           for probabilistic classifiers. PNAS 118(8). :doi:`10.1073/pnas.2016191118`

    Examples
    --------
    >>> import numpy as np
    >>> from skxent import LogLossAccumulator, log_loss
    >>> rng = np.random.default_rng(0)
    >>> y, proba = rng.integers(3, size=900), rng.dirichlet([1, 1, 1], size=900)
    >>> accumulator = LogLossAccumulator([0, 1, 2])
    >>> for batch in np.split(np.arange(900), 9):
    ...     _ = accumulator.update(y[batch], proba[batch])
    >>> bool(abs(accumulator.report().overall["log_loss"] - log_loss(y, proba)) < 1e-12)
    True
    """

    _kind = "accumulator"
    _options = (*Accumulator._options, "subsample")

    def __init__(
        self,
        labels: ArrayLike,
        *,
        pos_label: Any = None,
        target_names: Sequence[str] | None = None,
        base: float | None = math.e,
        eps: float = EPS,
        from_logits: bool = False,
        renormalize: bool = False,
        subsample: int = 10_000,
        random_state: int | np.random.RandomState | None = None,
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
        size = sample_size(check_subsample(subsample), len(self.labels))
        self.subsample = subsample
        self.random_state = random_state
        seed = None if random_state is None else check_seed(random_state)
        self._tally = Tally(self.eps, Sample(size, logs=from_logits) if size else None, seed)

    @property
    def n_samples(self) -> int:
        """Number of rows so far that have a positive weight."""
        return self._tally.n_samples

    def update(
        self,
        y_true: ArrayLike,
        y_proba: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        groups: ArrayLike | None = None,
        row_ids: ArrayLike | None = None,
    ) -> LogLossAccumulator:
        """
        Add a batch.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,) or (n_samples, n_classes)
            Class labels, or one-hot rows.
        y_proba : array-like of shape (n_samples, n_classes) or (n_samples,)
            Predicted probabilities, or logits.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row.
        groups : array-like of shape (n_samples,), default=None
            Rows that belong together, such as those of one patient, of this batch and of others:
            numbers, text or other hashable values. Four numbers a group and class are kept.
            None: all rows are independent. Given for all rows, or for none.
        row_ids : array-like of shape (n_samples,), default=None
            What to call the rows among the worst: numbers, text or other names, each of which
            occurs once in all batches. Which rows are drawn for the sample depends then on
            their names alone, so that a report of the same rows repeats whatever the batches.
            None: the pandas index of `y_true` or `y_proba`, or the number of the row.

        Returns
        -------
        LogLossAccumulator
            The accumulator itself.

        Raises
        ------
        TypeError
            If the predictions are no numbers; then nothing of the batch is added.
        ValueError
            If the batch is not what `log_loss` takes; then nothing of it is added. A batch
            without rows, or whose weights are all 0, adds nothing.
        """
        batch = checked_batch(
            y_true,
            y_proba,
            sample_weight,
            groups=groups,
            row_ids=row_ids,
            labels=self.labels,
            pos_label=self.pos_label,
            from_logits=self.from_logits,
            renormalize=self.renormalize,
        )
        if batch is not None:
            self._tally.take(batch)
        return self

    def update_from(
        self,
        batches: Any,
        *,
        y: str,
        proba: str | Sequence[str] = "p_*",
        weight: str | None = None,
        groups: str | None = None,
        row_ids: str | None = None,
        nulls: str = "error",
    ) -> LogLossAccumulator:
        """
        Add all rows of a stream of Arrow batches, or of data frames, by the names of their columns.

        It takes the memory of one batch. For files see `log_loss_report_from`.

        Parameters
        ----------
        batches : iterable of pyarrow.RecordBatch, pyarrow.Table or data frame, or one of these
            Also a pyarrow reader, scanner or data set, a polars LazyFrame or a DuckDB relation,
            of which only the columns that are needed are read.
        y : str
            The column of the labels.
        proba : str or sequence of str, default="p_*"
            The columns of the probabilities, one a class: a pattern with a ``*`` that stands for
            the label, or their names. Or the name of a single column: of lists, one number a
            class in the order of `labels`, or of the probability of one of two classes.
        weight : str, default=None
            The column of the weights.
        groups : str, default=None
            The column that says which rows belong together; see `update`.
        row_ids : str, default=None
            The column of the names of the rows; see `update`. None: their numbers.
        nulls : {"error", "drop"}, default="error"
            What becomes of rows in which one of these columns has no value: they are an error, or
            are left out, and the report's notes say how many.

        Returns
        -------
        LogLossAccumulator
            The accumulator itself.

        Raises
        ------
        ImportError
            If there is no pyarrow.
        TypeError
            If `batches` is something else.
        ValueError
            If a column is missing, or a row is not what `log_loss` takes; the message names the
            row, counted from 0. Then no row of `batches` is added.
        """
        columns = Columns.of(y, proba, weight, groups, row_ids)
        reading = self._reading(columns, nulls)
        part = self._empty()
        count_stream(part, stream_of(batches), reading)
        self._tally.merge(part)
        return self

    def _reading(self, columns: Columns, nulls: str) -> Reading:
        how = (self.pos_label, self.from_logits, self.renormalize, nulls)
        return Reading(columns, self.labels, *how)

    def _with_seed(self, seed: int) -> LogLossAccumulator:
        """A copy that draws by this seed, as no other of those that will be added up does."""
        found = copy(self)
        found.random_state = found._tally.seed = seed
        return found

    def _count(
        self, stream: Stream, reading: Reading, where: str = "the data"
    ) -> LogLossAccumulator:
        """Add the rows of a stream, up to the first that breaks a rule."""
        count_stream(self._tally, stream, reading, where)
        return self

    def _empty(self) -> Tally:
        """A tally of no rows, for some that are to be added as a whole or not at all."""
        size = sample_size(self.subsample, len(self.labels))
        return Tally(self.eps, Sample(size, logs=self.from_logits) if size else None, None)

    def merge(self, other: LogLossAccumulator) -> LogLossAccumulator:
        """
        Add what another accumulator has counted.

        Parameters
        ----------
        other : LogLossAccumulator
            With the same labels and `eps`; it is not changed.

        Returns
        -------
        LogLossAccumulator
            The accumulator itself.

        Raises
        ------
        TypeError
            If `other` is not a LogLossAccumulator.
        ValueError
            If the labels, their order or `eps` differ.
        """
        self._check_alike(other)
        if drawn := self._tally.seeds & other._tally.seeds:
            msg = (
                f"other drew its sample with the same random_state={min(drawn)}, so that both "
                f"hold rows of the same places; give each its own, or pass row_ids to update."
            )
            raise ValueError(msg)
        self._tally.merge(other._tally)
        return self

    def __getstate__(self) -> dict[str, Any]:
        # The tally, which has a lock of its own, is written to.
        return super().__getstate__() | {"_tally": copy(self._tally)}

    def report(
        self,
        *,
        confidence_level: float = 0.95,
        recalibration: bool = True,
        n_null: int = 200,
        random_state: int | np.random.RandomState | None = 0,
    ) -> LogLossReport:
        """
        Report of the rows so far.

        Parameters
        ----------
        confidence_level : float, default=0.95
            Of the intervals, between 0 and 1.
        recalibration : bool, default=True
            Whether to fit recalibration maps to the sample.
        n_null : int, default=200
            How often to draw labels for `miscalibration_null`; with more than 100 classes a
            quarter as often.
        random_state : int, RandomState or None, default=0
            Seed of the folds of the recalibration, and of the draws.

        Returns
        -------
        LogLossReport
            As from `log_loss_report` of the rows in the order in which they were added up, if all
            are in the sample: in another order the folds of the recalibration are others. Of more
            rows, recalibration and recoverable loss are those of the sample, and miscalibration
            and tail those of bins; its notes say so.

        Raises
        ------
        ValueError
            If no row has been counted, or an argument is not what `log_loss_report` takes.
        """
        options = Options.of(
            self.target_names,
            self.base,
            self.eps,
            confidence_level,
            recalibration,
            n_null,
            random_state,
        )
        counted = self._tally.counted()
        first = self.pos_label is not None and self.pos_label == self.labels.tolist()[0]
        source = Source(
            from_logits=self.from_logits,
            renormalize=self.renormalize,
            positive=0 if first and len(self.labels) == 2 else 1,
        )
        return LogLossReport._of(
            content_of_counted(counted, self.labels, self.target_names, options, source)
        )

    def _tree(self) -> dict[str, Any]:
        return {"tally": self._tally.tree()}

    def _take_tree(self, tree: dict[str, Any]) -> None:
        self._tally = Tally.of_tree(tree["tally"], self.eps)
        self.random_state = self._tally.seed

    def __repr__(self) -> str:
        classes, rows = counted(len(self.labels), "class"), counted(self.n_samples, "row")
        return f"<LogLossAccumulator: {classes}, {rows} so far>"
