"""From checked rows to everything that a report says."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skxent._intake._arguments import check_names
from skxent._intake._groups import Groups
from skxent._intake._rows import Labelled
from skxent._render._words import left_out
from skxent._typing import FloatArray, IntArray
from skxent.recalibration._choice import Choice, choose, why_not
from skxent.report._about import about
from skxent.report._cells import Cells, cells_of_bins, exact_cells
from skxent.report._content import Content
from skxent.report._figures import (
    How,
    class_figures,
    class_lower_bounds,
    overall_figures,
    prior_margin,
    tested,
)
from skxent.report._findings import findings
from skxent.report._notable import (
    all_hard,
    costly_classes,
    large_cells,
    worse_than_prior,
)
from skxent.report._notes import NO_SAMPLE, SAMPLE, notes_of_rows, remarks_on
from skxent.report._options import Options, Source
from skxent.report._reliability import Draws, calibrate
from skxent.report._rows import named, worst_rows
from skxent.report._verdict import Facts, verdict
from skxent.statistic._brief import brief_of
from skxent.statistic._counted import Counted
from skxent.statistic._extremes import WorstRows, concentration, row_losses
from skxent.statistic._sums import Statistics, statistics

__all__ = ["content_of", "content_of_counted"]


@dataclass(frozen=True, slots=True)
class _Evidence:
    """What the rows told, in nats."""

    totals: Statistics
    known: Statistics
    """Of the rows whose class the model can predict; tests are about these."""
    cells: Iterator[Cells] | None
    """The different probabilities of the classes; without them, the bins of `known`."""
    choice: Choice | None
    tail: tuple[float, float]
    worst: dict[str, NDArray[Any]]
    notes: Sequence[str]
    testable: bool
    source: Source
    rows: Labelled | None
    """All of them, or a sample."""


def content_of(rows: Labelled, options: Options, source: Source | None = None) -> Content:
    """Everything that a report says of these rows; see `log_loss_report`."""
    source = (source or Source()).given_as(rows.proba)
    names = check_names(options.target_names, rows.labels)
    losses = np.empty(rows.proba.n_samples)
    totals = of_known = statistics(rows, options.eps, losses, source.groups)
    known, groups = _known(rows, source)
    notes = notes_of_rows(rows, known, source)
    choice = None
    if known is not None:
        if known is not rows:
            of_known = statistics(known, options.eps, groups=groups)
        if options.recalibration:
            losses_of_known = losses if known is rows else row_losses(known, options.eps)
            codes = None if groups is None else groups.codes
            choice, reasons = _choice(known, losses_of_known, options, codes)
            notes += reasons
    evidence = _Evidence(
        totals=totals,
        known=of_known,
        cells=exact_cells(known or rows),
        choice=choice,
        tail=concentration(losses, rows.weight),
        worst=worst_rows(_worst(rows, losses, source), options.unit, names),
        notes=notes,
        testable=known is not None and not source.out_of_fold,
        source=source,
        rows=rows,
    )
    return _content(evidence, rows.labels, names, options)


def _worst(rows: Labelled, losses: FloatArray, source: Source) -> WorstRows:
    """The rows that cost most, with the user's numbers and names."""
    worst = WorstRows.of(rows, losses)
    if source.numbers is not None:
        worst = replace(worst, number=source.numbers[worst.number])
    return replace(worst, name=named(worst.number, source.index))


def _known(rows: Labelled, source: Source) -> tuple[Labelled | None, Groups | None]:
    """The rows whose class the estimator had seen, and their groups; None where there are none."""
    if source.unseen is None or not source.unseen.any():
        return rows, source.groups
    at = ~source.unseen
    weight = None if rows.weight is None else rows.weight[at]
    if not at.any() or (weight is not None and not weight.any()):
        return None, None
    proba = rows.proba.taken(np.flatnonzero(at))
    known = replace(rows, codes=rows.codes[at], proba=proba, weight=weight)
    return known, None if source.groups is None else source.groups.taken(at)


def content_of_counted(
    counted: Counted,
    labels: NDArray[Any],
    names: tuple[Any, ...],
    options: Options,
    source: Source,
) -> Content:
    """What a report says of rows that were counted: all of it, if all of them are in the sample."""
    if counted.sums is None:
        msg = "There is nothing to report: call update(y_true, y_proba) first."
        raise ValueError(msg)
    sample, sums = counted.sample, counted.sums
    rows = None if sample is None else source.about(sample.rows(labels))
    groups = None if sample is None else sample.groups()
    is_whole = sample is not None and sample.is_complete
    notes, choice = [left_out(counted.n_dropped)] if counted.n_dropped else [], None
    if rows is not None and options.recalibration:
        choice, reasons = _choice_of_sample(rows, sums, options, groups)
        notes += reasons
        if not is_whole:
            notes.append(SAMPLE.format(rows.proba.n_samples, sums.support.sum()))
    elif options.recalibration:
        notes.append(NO_SAMPLE)
    tail = counted.spread.concentration()
    if rows is not None and is_whole:
        tail = concentration(row_losses(rows, options.eps), rows.weight)
    evidence = _Evidence(
        totals=sums,
        known=sums,
        cells=exact_cells(rows) if rows is not None and is_whole else None,
        choice=choice,
        tail=tail,
        worst=worst_rows(counted.worst, options.unit, names),
        notes=notes,
        testable=True,
        source=source,
        rows=rows,
    )
    return _content(evidence, labels, names, options)


def _choice_of_sample(
    rows: Labelled, sums: Statistics, options: Options, groups: IntArray | None
) -> tuple[Choice | None, list[str]]:
    """Recalibration of sampled rows, beside the loss of all rows, or why there is none."""
    losses = row_losses(rows, options.eps)
    choice, notes = _choice(rows, losses, options, groups)
    if choice is not None:
        mean = np.average(losses, weights=rows.weight)
        choice = choice.moved((sums.loss.sum() / sums.weight.sum() - mean) / options.unit)
    return choice, notes


def _choice(
    rows: Labelled, losses: FloatArray, options: Options, groups: IntArray | None = None
) -> tuple[Choice | None, list[str]]:
    """Recalibration of rows, whose groups have numbers, or why there is none."""
    reason = why_not(rows, options.eps, groups)
    if reason is not None:
        return None, [reason]
    choice = choose(
        rows,
        losses,
        options.unit,
        eps=options.eps,
        confidence_level=options.confidence_level,
        seed=options.seed,
        groups=groups,
    )
    return choice, []


def _from_there(facts: Facts, evidence: _Evidence) -> Facts:
    """With what is known of where the predictions are from, and of classes that nobody knew."""
    source = evidence.source
    facts = replace(facts, of_model=source.model is not None, out_of_fold=source.out_of_fold)
    if source.unseen is None or not source.unseen.any():
        return facts
    share = 1.0  # if there are no others
    if evidence.known is not evidence.totals:
        with np.errstate(invalid="ignore"):  # nobody can say what part of an infinite loss it is
            share -= float(evidence.known.loss.sum() / evidence.totals.loss.sum())
    return replace(facts, unseen=int(np.count_nonzero(source.unseen)), unseen_share=share)


def _content(
    evidence: _Evidence, labels: NDArray[Any], names: tuple[Any, ...], options: Options
) -> Content:
    totals, known, choice = evidence.totals, evidence.known, evidence.choice
    unit, base = options.unit, math.e if options.base is None else float(options.base)
    remarks, testable = remarks_on(totals, known, evidence.source, testable=evidence.testable)
    notes = [*evidence.notes, *remarks]
    n_null = options.n_null if testable and known.groups is None else 0
    draws = Draws.of(n_null, len(labels), options.eps, options.confidence_level)
    cells = evidence.cells or [cells_of_bins(known.histogram)]
    calibrations = calibrate(cells, draws, np.random.default_rng(options.seed))
    how, found = How(unit, options.eps, options.confidence_level), tested(known, testable=testable)
    columns = class_figures(totals, known, calibrations, choice, names, how, found)
    overall = overall_figures(totals, known, choice, evidence.tail, how, found)
    confusion = totals.confusion / totals.weight.sum() / unit
    recalibration = None if choice is None else choice.recalibration
    bounds = class_lower_bounds(totals, options.eps)
    margin = prior_margin(totals) / unit
    worse, hard = worse_than_prior(totals, bounds), all_hard(totals)
    n_groups = None if totals.groups is None else totals.groups.n_groups
    facts = Facts(names, columns, overall, recalibration, base, hard, margin, worse, n_groups)
    return Content(
        labels=labels.copy(),
        target_names=names,
        base=base,
        confidence_level=options.confidence_level,
        n_null=draws.n,
        about=about(totals, evidence.source),
        notes=tuple(notes),
        verdict=verdict(_from_there(facts, evidence)),
        findings=findings(
            names,
            columns,
            overall,
            confusion,
            # No map is to be praised where the verdict takes these for labels.
            None if hard and evidence.source.model is None else recalibration,
            evidence.worst,
            base=base,
            eps=options.eps,
            confidence_level=options.confidence_level,
            costly=costly_classes(totals, bounds),
            cells=large_cells(totals),
            prior_margin=margin,
            floored_share=float(totals.floored_weight.sum() / totals.weight.sum()),
        ),
        loss_confusion=confusion,
        reliability=tuple(c.curve for c in calibrations),
        recalibration=recalibration,
        _per_class=columns,
        _overall=overall,
        _worst_rows=evidence.worst,
        _brief=brief_of(
            totals, evidence.rows, options.eps, out_of_fold=evidence.source.out_of_fold
        ),
    )
