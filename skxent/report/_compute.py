"""From labels and probabilities to everything that a report says."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_random_state

from skxent._arguments import check_base, check_eps
from skxent._inputs import check_labelled
from skxent._kernels import IntArray
from skxent.report._content import Content
from skxent.report._figures import (
    class_figures,
    class_lower_bounds,
    overall_figures,
    weights_follow_classes,
)
from skxent.report._findings import findings
from skxent.report._ladder import Climb, climb, why_not
from skxent.report._reliability import Calibration, Cells, calibrate, cells_of_bins, exact_cells
from skxent.report._rows import concentration, row_losses, worst_rows
from skxent.report._statistics import Statistics, statistics

__all__ = ["check_level", "check_names", "content_of", "content_of_statistics"]

_CLASS_WEIGHTS = (
    "The weights follow the classes, so that the gap is not zero for a calibrated model: no test."
)
_REPEATED = (
    "Some rows were in several test folds, not independent: no test, no interval and no ladder."
)
_BATCHES = (
    "From batches: what needs the rows again is left out (recoverable loss, ladder, tail, worst "
    "rows)."
)

RandomState = int | np.random.RandomState | None


def check_level(confidence_level: float) -> float:
    if not 0 < confidence_level < 1:
        msg = f"confidence_level must be between 0 and 1, such as 0.95; got {confidence_level!r}."
        raise ValueError(msg)
    return float(confidence_level)


def check_names(target_names: Sequence[str] | None, labels: NDArray[Any]) -> tuple[Any, ...]:
    names = labels.tolist() if target_names is None else [str(v) for v in target_names]
    if len(names) != len(labels):
        msg = f"target_names must name each of the {len(labels)} classes; got {len(names)}."
        raise ValueError(msg)
    return tuple(names)


def _check_n_null(n_null: int) -> int:
    if isinstance(n_null, bool) or not isinstance(n_null, Integral) or n_null < 0:
        msg = f"n_null must be a number of draws, such as 200, or 0 for none; got {n_null!r}."
        raise ValueError(msg)
    return int(n_null)


def content_of(
    y_true: ArrayLike,
    y_proba: ArrayLike,
    *,
    target_names: Sequence[str] | None = None,
    base: float | None = math.e,
    eps: float = 2.0**-52,
    confidence_level: float = 0.95,
    ladder: bool = True,
    n_null: int = 200,
    random_state: RandomState = 0,
    numbers: IntArray | None = None,
    **params: Any,
) -> Content:
    """
    Everything that a report says of these rows; see `log_loss_report`.

    `numbers` are those of the rows in the user's data.
    """
    eps, unit, level = check_eps(eps), check_base(base), check_level(confidence_level)
    n_null = _check_n_null(n_null)
    rows = check_labelled(y_true, y_proba, **params)
    names = check_names(target_names, rows.labels)
    totals = statistics(rows, eps)
    losses = row_losses(rows, eps)
    notes = []
    repeated = numbers is not None and len(np.unique(numbers)) < len(numbers)
    if repeated:
        notes.append(_REPEATED)
    found = None
    if ladder and not repeated:
        reason = why_not(rows, eps)
        if reason is not None:
            notes.append(reason)
        else:
            found = climb(
                rows, losses, unit, eps=eps, confidence_level=level, random_state=random_state
            )
    return _content(
        totals,
        rows.labels,
        names,
        base,
        eps,
        cells=exact_cells(rows),
        climb=found,
        tail=concentration(losses, rows.weight),
        worst=worst_rows(rows, losses, unit, names, numbers),
        notes=notes,
        independent=not repeated,
        confidence_level=level,
        n_null=n_null,
        random_state=random_state,
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
        climb=None,
        tail=(math.nan, math.nan),
        worst={},
        notes=[_BATCHES],
        independent=True,
        confidence_level=check_level(confidence_level),
        n_null=_check_n_null(n_null),
        random_state=random_state,
    )


def _content(
    totals: Statistics,
    labels: NDArray[Any],
    names: tuple[Any, ...],
    base: float | None,
    eps: float,
    *,
    cells: Iterator[Cells] | None,
    climb: Climb | None,
    tail: tuple[float, float],
    worst: dict[str, NDArray[Any]],
    notes: Sequence[str],
    independent: bool,
    confidence_level: float,
    n_null: int,
    random_state: RandomState,
) -> Content:
    unit, base = check_base(base), math.e if base is None else float(base)
    follow = weights_follow_classes(totals)
    if follow:
        notes = [*notes, _CLASS_WEIGHTS]
    testable = independent and not follow
    level = confidence_level if independent else math.nan
    calibrations = _calibrations(
        totals,
        cells,
        eps=eps,
        n_null=n_null if testable else 0,
        confidence_level=confidence_level,
        random_state=random_state,
    )
    columns = class_figures(
        totals, calibrations, climb, names, unit, testable=testable, confidence_level=level
    )
    overall = overall_figures(totals, climb, tail, unit, testable=testable, confidence_level=level)
    confusion = totals.confusion / totals.weight.sum() / unit
    ladder = None if climb is None else climb.ladder
    content = Content(
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
            ladder,
            worst,
            base=base,
            eps=eps,
            confidence_level=confidence_level,
            surely_above=class_lower_bounds(totals, level) / unit,
        ),
        loss_confusion=confusion,
        reliability=tuple(c.curve for c in calibrations),
        ladder=ladder,
        _per_class=columns,
        _overall=overall,
        _worst_rows=worst,
    )
    _freeze(content)
    return content


def _freeze(value: Any) -> None:
    """Make every array that is somewhere in a result read-only."""
    if isinstance(value, np.ndarray):
        value.flags.writeable = False
    elif isinstance(value, dict | tuple):
        for part in value.values() if isinstance(value, dict) else value:
            _freeze(part)
    elif is_dataclass(value):
        for field in fields(value):
            _freeze(getattr(value, field.name))


def _calibrations(
    totals: Statistics,
    cells: Iterator[Cells] | None,
    *,
    eps: float,
    n_null: int,
    confidence_level: float,
    random_state: RandomState,
) -> list[Calibration]:
    seed = check_random_state(random_state).randint(2**31 - 1)
    rng = np.random.default_rng(seed)
    means = totals.ovr_loss / totals.weight.sum()
    found = []
    for c, mean in enumerate(means.tolist()):
        bins = cells_of_bins(totals.histogram[:, c])
        exact = None if cells is None else next(cells)
        found.append(
            calibrate(
                bins if exact is None else exact,
                mean,
                eps=eps,
                n_null=n_null,
                confidence_level=confidence_level,
                rng=rng,
                bins=None if exact is None else bins,
            )
        )
    return found
