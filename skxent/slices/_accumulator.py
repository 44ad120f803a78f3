"""Slices by the values of a column from batches, in memory that grows with the values alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from skxent._inference._multiple import holm
from skxent._intake._arguments import check_base, check_level
from skxent._intake._batches import is_empty, ones_for_zeros
from skxent._intake._features import Feature, check_features
from skxent._intake._rows import Labelled, check_labelled
from skxent._render._words import counted, left_out
from skxent._typing import EPS
from skxent.report._weights import weights_follow_classes
from skxent.slices._compute import CLASS_WEIGHTS, classes_to_test, place_of_positive
from skxent.slices._figures import Tested, first_of_largest, overall_figures, slice_figures
from skxent.slices._from_sums import tails_of_gaps
from skxent.slices._log_loss_slices import LogLossSlices
from skxent.slices._sums import deviations
from skxent.slices._totals import SliceTotals, totals_of
from skxent.statistic._mergeable import Accumulator
from skxent.statistic._sums import check_total

__all__ = ["GroupedLogLossAccumulator"]

_NOT_RECALIBRATED = (
    "Sums know of no recalibration: if the model as a whole is miscalibrated, most slices are off."
)
_SAVED_BEFORE = (
    "Some rows are from a file of an earlier version, which kept less than p-values take: slices "
    "with such rows have none, unless the model excludes what happened. Count these rows again "
    "for them."
)


class GroupedLogLossAccumulator(Accumulator):
    """
    Adds up batches of predictions to `LogLossSlices` by the values of given columns.

    It keeps some sums for each value, and no rows. Accumulators of parts of the data, filled
    anywhere and pickled, add up to that of all of it. Threads may share one.

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
        Floor of the true class's probability, as in `log_loss`; above 0.
    from_logits : bool, default=False
        Whether the predictions are logits or log-probabilities.
    renormalize : bool, default=False
        Whether to divide each row by its sum.

    Attributes
    ----------
    n_samples : int
        Number of rows so far that have a positive weight.

    Raises
    ------
    ValueError
        If an argument is not what `log_loss_slices` takes.

    See Also
    --------
    log_loss_slices : The same of rows that are all at hand; finds slices too.
    LogLossAccumulator : What each class costs, from batches.

    Notes
    -----
    Values of different batches are the same if they are written the same: 1 and 1.0 are, and so are
    1 and "1". Gaps are those of `log_loss_slices`, but no labels are drawn: p-values are bounds
    from moments of the gaps under the model, adjusted by Holm's method for all values and classes.
    They hold where hardly a row can err as well, and are somewhat larger than what drawn labels
    give.

    Examples
    --------
    >>> from skxent import GroupedLogLossAccumulator
    >>> accumulator = GroupedLogLossAccumulator([0, 1])
    >>> _ = accumulator.update([0, 1], [0.2, 0.7], by=["north", "south"])
    >>> _ = accumulator.update([1, 1], [0.6, 0.5], by=["south", "south"])
    >>> slices = accumulator.report()
    >>> slices.names, slices.support.tolist()
    (('x0 = north', 'x0 = south'), [1, 3])
    """

    _kind = "grouped accumulator"

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
        if self.eps == 0:
            msg = "eps must be above 0 here: slices of infinite loss cannot be compared; got 0."
            raise ValueError(msg)
        self.by: tuple[str, ...] = ()
        self._totals: SliceTotals | None = None
        self._n_dropped = 0

    @property
    def n_samples(self) -> int:
        """Number of rows so far that have a positive weight."""
        totals = self._totals
        return 0 if totals is None else int(totals.whole.support.sum())

    def update(
        self,
        y_true: ArrayLike,
        y_proba: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        by: ArrayLike,
    ) -> GroupedLogLossAccumulator:
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
        by : array-like or data frame of shape (n_samples,) or (n_samples, n_columns)
            The values that say which slice a row is in: each combination of values is one.
            The columns have the same names in every batch; those of arrays are x0, x1, ...

        Returns
        -------
        GroupedLogLossAccumulator
            The accumulator itself.

        Raises
        ------
        ValueError
            If the batch is not what `log_loss_slices` takes, `by` has other columns than before,
            or more than 10000 values; then nothing of it is added. A batch without rows, or
            whose weights are all 0, adds nothing.
        """
        if is_empty(y_true) and is_empty(y_proba):
            return self
        ones = ones_for_zeros(sample_weight)
        rows = check_labelled(
            y_true,
            y_proba,
            labels=self.labels,
            pos_label=self.pos_label if np.ndim(y_proba) == 1 else None,
            sample_weight=sample_weight if ones is None else ones,
            from_logits=self.from_logits,
            renormalize=self.renormalize,
        )
        columns = check_features(by, rows.proba.n_samples, y_true, name="by")
        if ones is None:
            self._count(rows, columns)
        return self

    def _count(self, rows: Labelled, columns: Sequence[Feature], n_dropped: int = 0) -> None:
        """Add checked rows, beside so many that were left out."""
        check_total(rows.weight, powers=4)
        totals = totals_of(rows, columns, self.eps)
        self._add(tuple(column.name for column in columns), totals, n_dropped)

    def _add(self, by: tuple[str, ...], totals: SliceTotals | None, n_dropped: int = 0) -> None:
        with self._lock:
            if self.by and by and by != self.by:
                msg = f"by must have the columns of before, {', '.join(self.by)}; got {by}."
                raise ValueError(msg)
            self.by = by or self.by
            self._n_dropped += n_dropped
            if totals is not None:
                self._totals = totals if self._totals is None else self._totals + totals

    def merge(self, other: GroupedLogLossAccumulator) -> GroupedLogLossAccumulator:
        """
        Add what another accumulator has counted.

        Parameters
        ----------
        other : GroupedLogLossAccumulator
            With the same labels, `eps` and columns; it is not changed.

        Returns
        -------
        GroupedLogLossAccumulator
            The accumulator itself.

        Raises
        ------
        TypeError
            If `other` is not a GroupedLogLossAccumulator.
        ValueError
            If the labels, their order, `eps` or the columns differ.
        """
        self._check_alike(other)
        self._add(*other._counted())
        return self

    def _counted(self) -> tuple[tuple[str, ...], SliceTotals | None, int]:
        with self._lock:
            return self.by, self._totals, self._n_dropped

    def report(self, *, confidence_level: float = 0.95) -> LogLossSlices:
        """
        The slices of the rows so far, in the order of their values.

        Parameters
        ----------
        confidence_level : float, default=0.95
            A slice is found where its adjusted p-value is not above 1 minus this.

        Returns
        -------
        LogLossSlices
            As from ``log_loss_slices(..., by=..., recalibration=False)``, but for the p-values.

        Raises
        ------
        ValueError
            If no row has been counted, or `confidence_level` is not between 0 and 1.
        """
        level = check_level(confidence_level)
        by, totals, n_dropped = self._counted()
        if totals is None:
            msg = "There is nothing to report: no row with a positive weight has been counted."
            raise ValueError(msg)
        unit, sums = check_base(self.base), totals.sums
        testable = not weights_follow_classes(totals.whole)
        notes = [_NOT_RECALIBRATED if testable else CLASS_WEIGHTS]
        if testable and not totals.jumps.known.all():
            notes.append(_SAVED_BEFORE)
        if n_dropped:
            notes.append(left_out(n_dropped))
        tested = _tested(
            totals, testable, 1.0 - level, place_of_positive(self.labels, self.pos_label)
        )
        order = np.array(sorted(range(len(totals.keys)), key=lambda i: _rank(totals.keys[i])))
        loss = float(sums.loss.sum())
        overall = float(sums.weight.sum()), loss, loss, float(sums.expected.sum())
        return LogLossSlices(
            labels=self.labels.copy(),
            base=math.e if self.base is None else float(self.base),
            target_names=self.target_names,
            confidence_level=level,
            by=by,
            recalibration="none",
            n_draws=0,
            notes=tuple(notes),
            n_samples=self.n_samples,
            n_groups=None,
            overall=overall_figures(overall, unit),
            slices=tuple((totals.keys[i],) for i in order.tolist()),
            **slice_figures(sums, tested, order, self.target_names, unit, loss),
        )

    def _tree(self) -> dict[str, Any]:
        by, totals, n_dropped = self._counted()
        saved = None if totals is None else totals.tree()
        return {"by": by, "n_dropped": n_dropped, "totals": saved}

    def _take_tree(self, tree: dict[str, Any]) -> None:
        self.by, self._n_dropped = tuple(tree["by"]), tree.get("n_dropped", 0)
        self._totals = None if tree["totals"] is None else SliceTotals.of_tree(tree["totals"])

    def __repr__(self) -> str:
        totals = self._totals
        slices = counted(0 if totals is None else len(totals.keys), "slice")
        return (
            f"<GroupedLogLossAccumulator: {slices}, {counted(len(self.labels), 'class')}, "
            f"{counted(self.n_samples, 'row')} so far>"
        )


def _tested(totals: SliceTotals, testable: bool, level: float, positive: int) -> Tested:
    """Tests by bounds from the sums, and Holm's method."""
    sums = totals.sums
    z = deviations(sums.gaps, sums.scale, skewed=False)[0]
    tail = np.where(np.isinf(z), 0.0, tails_of_gaps(sums, totals.jumps))
    some = ~np.isnan(z + tail) & np.append(classes_to_test(sums, positive), True) & testable
    p_value = holm(np.where(some, np.minimum(2.0 * tail, 1.0), np.nan))
    with np.errstate(divide="ignore"):  # what the model excludes
        sizes = np.where(some, -np.log(tail), -np.inf)
    column = np.where(some.any(axis=1), first_of_largest(sizes), z.shape[1] - 1)
    least = np.take_along_axis(p_value, column[:, None], axis=1)[:, 0]
    kept = np.flatnonzero(least <= level).tolist()
    z = z if testable else np.full(z.shape, np.nan)
    return Tested(z, least, column, np.argsort(-sizes.max(axis=1), kind="stable"), kept)


def _rank(key: str) -> tuple[tuple[bool, float, str], ...]:
    """Numbers in their order, and before other values."""
    ranks = []
    for part in key.split(" & "):
        value = part.partition(" = ")[2]
        try:
            ranks.append((False, float(value), part))
        except ValueError:
            ranks.append((True, 0.0, part))
    return tuple(ranks)
