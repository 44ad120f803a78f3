"""From labels and probabilities to everything that a report says."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skxent._arguments import (
    check_base,
    check_eps,
    check_level,
    check_n_null,
    check_names,
    check_seed,
)
from skxent._inputs import check_labelled
from skxent._kernels import IntArray
from skxent.recalibration._choice import Choice, choose, why_not
from skxent.report._content import Content
from skxent.report._figures import (
    class_figures,
    class_lower_bounds,
    overall_figures,
    prior_margin,
    weights_depend_on_classes,
    weights_follow_classes,
)
from skxent.report._findings import findings
from skxent.report._reliability import Calibration, Cells, calibrate, cells_of_bins, exact_cells
from skxent.report._rows import concentration, row_losses, worst_rows
from skxent.statistic._sums import Statistics, statistics

__all__ = ["content_of", "content_of_statistics"]

_CLASS_WEIGHTS = (
    "The weights follow the classes, so that the gap is not zero for a calibrated model: no test."
)
_WEIGHTS_DEPEND = (
    "The weights differ from class to class: if that is not because of what the model predicts "
    "from, the gap is not zero for a calibrated model; read z and p with care."
)
_REPEATED = (
    "Some rows were in several test folds, not independent: no test, no interval and no "
    "recalibration."
)
_UNSEEN = (
    "{} {} of a class that was not among the training rows, and had probability 0: no test and no "
    "recalibration. In cross-validation, shuffle or stratify the folds."
)
_BATCHES = (
    "From batches: what needs the rows again is left out (recalibration, recoverable loss, tail, "
    "worst rows)."
)

RandomState = int | np.random.RandomState | None


def content_of(
    y_true: ArrayLike,
    y_proba: ArrayLike,
    *,
    target_names: Sequence[str] | None = None,
    base: float | None = math.e,
    eps: float = 2.0**-52,
    confidence_level: float = 0.95,
    recalibration: bool = True,
    n_null: int = 200,
    random_state: RandomState = 0,
    numbers: IntArray | None = None,
    n_unseen: int = 0,
    **params: Any,
) -> Content:
    """
    Everything that a report says of these rows; see `log_loss_report`.

    `numbers` are those of the rows in the user's data; `n_unseen` is how many of them are of a
    class that the estimator had not seen.
    """
    eps, unit, level = check_eps(eps), check_base(base), check_level(confidence_level)
    n_null, seed = check_n_null(n_null), check_seed(random_state)
    rows = check_labelled(y_true, y_proba, **params)
    names = check_names(target_names, rows.labels)
    totals = statistics(rows, eps)
    losses = row_losses(rows, eps)
    notes = []
    repeated = numbers is not None and len(np.unique(numbers)) < len(numbers)
    if repeated:
        notes.append(_REPEATED)
    if n_unseen:
        notes.append(_UNSEEN.format(n_unseen, "row is" if n_unseen == 1 else "rows are"))
    found = None
    if recalibration and not repeated and not n_unseen:
        reason = why_not(rows, eps)
        if reason is not None:
            notes.append(reason)
        else:
            found = choose(rows, losses, unit, eps=eps, confidence_level=level, seed=seed)
    return _content(
        totals,
        rows.labels,
        names,
        base,
        eps,
        cells=exact_cells(rows),
        choose=found,
        tail=concentration(losses, rows.weight),
        worst=worst_rows(rows, losses, unit, names, numbers),
        notes=notes,
        independent=not repeated,
        testable=not repeated and not n_unseen,
        confidence_level=level,
        n_null=n_null,
        seed=seed,
    )


def content_of_statistics(
    totals: Statistics,
    labels: NDArray[Any],
    names: tuple[Any, ...],
    base: float | None,
    eps: float,
    *,
    confidence_level: float,
    n_null: int,
    random_state: RandomState,
) -> Content:
    """What a report says where only sums are left of the rows."""
    return _content(
        totals,
        labels,
        names,
        base,
        eps,
        cells=None,
        choose=None,
        tail=(math.nan, math.nan),
        worst={},
        notes=[_BATCHES],
        independent=True,
        testable=True,
        confidence_level=check_level(confidence_level),
        n_null=check_n_null(n_null),
        seed=check_seed(random_state),
    )


def _content(
    totals: Statistics,
    labels: NDArray[Any],
    names: tuple[Any, ...],
    base: float | None,
    eps: float,
    *,
    cells: Iterator[Cells] | None,
    choose: Choice | None,
    tail: tuple[float, float],
    worst: dict[str, NDArray[Any]],
    notes: Sequence[str],
    independent: bool,
    testable: bool,
    confidence_level: float,
    n_null: int,
    seed: int,
) -> Content:
    unit, base = check_base(base), math.e if base is None else float(base)
    follow = weights_follow_classes(totals)
    if follow:
        notes = [*notes, _CLASS_WEIGHTS]
    elif weights_depend_on_classes(totals):
        notes = [*notes, _WEIGHTS_DEPEND]
    testable = testable and not follow
    level = confidence_level if independent else math.nan
    calibrations = _calibrations(
        totals,
        cells,
        eps=eps,
        n_null=n_null if testable else 0,
        confidence_level=confidence_level,
        seed=seed,
    )
    columns = class_figures(
        totals, calibrations, choose, names, unit, testable=testable, confidence_level=level
    )
    overall = overall_figures(totals, choose, tail, unit, testable=testable, confidence_level=level)
    confusion = totals.confusion / totals.weight.sum() / unit
    recalibration = None if choose is None else choose.recalibration
    return Content(
        labels=labels.copy(),
        target_names=names,
        base=base,
        confidence_level=confidence_level,
        notes=tuple(notes),
        findings=findings(
            names,
            columns,
            overall,
            confusion,
            recalibration,
            worst,
            base=base,
            eps=eps,
            confidence_level=confidence_level,
            surely_above=class_lower_bounds(totals, level) / unit,
            prior_margin=prior_margin(totals) / unit,
            floored_share=float(totals.floored_weight.sum() / totals.weight.sum()),
        ),
        loss_confusion=confusion,
        reliability=tuple(c.curve for c in calibrations),
        recalibration=recalibration,
        _per_class=columns,
        _overall=overall,
        _worst_rows=worst,
    )


def _calibrations(
    totals: Statistics,
    cells: Iterator[Cells] | None,
    *,
    eps: float,
    n_null: int,
    confidence_level: float,
    seed: int,
) -> list[Calibration]:
    rng = np.random.default_rng(seed)
    found = []
    for c in range(len(totals.support)):
        bins = cells_of_bins(totals.histogram[:, c])
        exact = None if cells is None else next(cells)
        found.append(
            calibrate(
                bins if exact is None else exact,
                eps=eps,
                n_null=n_null,
                confidence_level=confidence_level,
                rng=rng,
                bins=None if exact is None else bins,
            )
        )
    return found
