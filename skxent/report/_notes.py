"""Notes: why something is missing, or is about other rows, in sentences."""

from __future__ import annotations

import numpy as np

from skxent._inference._gap import is_certain
from skxent._intake._rows import Labelled
from skxent._typing import FloatArray, IntArray
from skxent.report._intervals import of_single_rows, why_no_interval
from skxent.report._notable import all_hard, why_no_evidence
from skxent.report._options import Source
from skxent.report._weights import weights_follow_classes
from skxent.statistic._sums import Statistics

__all__ = ["FEW_OF_CLASS", "NO_SAMPLE", "SAMPLE", "notes_of_rows", "remarks_on", "rough_classes"]

_CLASS_WEIGHTS = (
    "The weights follow the classes more than the probabilities explain, as weights that are made "
    "from the labels do: the gap is not zero for a calibrated model then, so that there is no test."
)
_OUT_OF_FOLD = (
    "Out-of-fold predictions: each row helped to fit the models of the other rows, so that the gap "
    "of a calibrated model is closer to zero, or farther from it, than chance says: no test. The "
    "intervals are about these fits, and do not know how fits to other data would differ."
)
_REPEATED = "Some rows were in several test folds: the predictions of a row count as one group."
_UNSEEN = (
    "{} {} of a class that was not among the training rows, and had probability 0: gaps, tests, "
    "one-vs-rest figures and recalibration are those of the other rows. In cross-validation, "
    "shuffle or stratify the folds."
)
_ALL_UNSEEN = "All rows are of classes that were not among the training rows: no test."
_GROUPED = (
    "Intervals and tests count {} group{}. There is no null of the miscalibration, whose labels "
    "are drawn row by row."
)
_HARD = (
    "All probabilities are 0 or 1: they look like the output of predict, where predict_proba is "
    "needed."
)
_CERTAIN = (
    "All probabilities are 0 or 1: the model is certain of every row, as is a tree that grows "
    "until each leaf holds one class."
)
_INDIFFERENT = (
    "To the model all classes of a row are equally likely, but for those that it excludes, so that "
    "the row costs the same whichever occurs: all rows together have neither z nor p."
)
_ROUGH = "{} fewer than {} rows{}: what hangs on these is rough."
# A class of fewer rows hardly tells how much its rows vary.
FEW_OF_CLASS = 5
SAMPLE = (
    "Recalibration and recoverable loss are those of {} rows, drawn at random from {}. "
    "Miscalibration and tail are those of bins."
)
NO_SAMPLE = "No sample of the rows was kept: no recalibration and no recoverable loss."


def notes_of_rows(rows: Labelled, known: Labelled | None, source: Source) -> list[str]:
    """Of rows, of those of them whose class the estimator had seen, and of where they are from."""
    notes = []
    if source.out_of_fold:
        notes.append(_OUT_OF_FOLD)
    if source.repeated:
        notes.append(_REPEATED)
    if known is None:
        notes.append(_ALL_UNSEEN)
    elif known is not rows:
        n = rows.proba.n_samples - known.proba.n_samples
        notes.append(_UNSEEN.format(n, "row is" if n == 1 else "rows are"))
    return notes


def rough_classes(support: FloatArray | IntArray, where: str = "") -> list[str]:
    """A note about classes that have few rows, if there are any; `where` says which rows."""
    n = int(np.count_nonzero((support > 0) & (support < FEW_OF_CLASS)))
    has = "One class has" if n == 1 else f"{n} classes have"
    return [_ROUGH.format(has, FEW_OF_CLASS, where)] if n else []


def _is_indifferent(s: Statistics) -> bool:
    """Whether the loss of all rows is known beforehand, and yet something may happen."""
    loss, expected = s.loss.sum(keepdims=True), s.expected.sum(keepdims=True)
    certain, impossible = is_certain(loss, expected, s.moments_of_all[:1])
    return bool(certain[0] and not impossible[0] and expected[0] > 0)


def remarks_on(
    totals: Statistics, known: Statistics, source: Source, *, testable: bool
) -> tuple[list[str], bool]:
    """
    Of sums, of those of the rows whose class can be predicted, and of where they are from.

    Besides, whether gaps can be tested, if `testable` says that nothing else is in the way.
    """
    notes = []
    if testable and weights_follow_classes(known):
        notes, testable = [_CLASS_WEIGHTS], False
    if testable and (reason := why_no_evidence(known)):
        notes.append(reason)
    if testable and _is_indifferent(known):
        notes.append(_INDIFFERENT)
    if reason := of_single_rows(totals):
        notes.append(reason)
    if totals.support.sum() >= FEW_OF_CLASS:  # or else there is nothing but what is rough
        # A class of a single row has no interval of its own, and a note above if it is in another.
        notes += rough_classes(np.where(totals.support > 1, totals.support, 0))
    if all_hard(totals):
        notes.append(_HARD if source.model is None else _CERTAIN)
    if reason := why_no_interval(totals):
        notes.append(reason)
    if totals.groups is not None:
        n = totals.groups.n_groups
        notes.append(_GROUPED.format(n, "s" if n != 1 else ""))
    return notes, testable
