"""Checks of metrics of labels, or distributions, and probabilities."""

from __future__ import annotations

import inspect
import math
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skxent._intake._arguments import check_choice
from skxent.testing._run import fail, import_pandas, same, skip
from skxent.testing._subject import NAMINGS

__all__ = ["INPUTS", "METRIC_CHECKS", "MetricSubject"]

INPUTS = ("labels", "positive", "one_hot", "soft")
_N = 40


@dataclass
class MetricSubject:
    """A metric, data of the kind that it takes, and what is said of it."""

    metric: Callable[..., Any]
    inputs: str
    greater_is_better: bool
    infinite: bool | None

    def __post_init__(self) -> None:
        if not callable(self.metric):
            msg = f"metric must be callable, as metric(y_true, y_proba); got {self.metric!r}."
            raise TypeError(msg)
        check_choice(self.inputs, "inputs", INPUTS)
        check_choice(self.infinite, "infinite", (None, False, True))
        # The numbers are exact in single precision too.
        rng = np.random.default_rng(7)
        parts = [rng.multinomial(61, share) + 1 for share in rng.dirichlet(np.ones(3), _N)]
        soft = [rng.multinomial(64, share) for share in rng.dirichlet(np.ones(3), _N)]
        self.p = np.array(parts) / 64
        self.y = np.r_[0, 1, 2, 2, rng.integers(3, size=_N - 4)]
        if self.inputs == "positive":
            self.y, self.p = self.y % 2, self.p[:, 1]
        elif self.inputs != "labels":
            self.y = np.eye(3)[self.y] if self.inputs == "one_hot" else np.array(soft) / 64

    def takes(self, option: str) -> bool:
        try:
            parameters = inspect.signature(self.metric).parameters
        except (TypeError, ValueError):  # no signature: try and see
            return True
        anything = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
        return anything or option in parameters

    def need(self, option: str) -> None:
        if not self.takes(option):
            skip(f"The metric takes no {option}.")

    def need_inputs(self, *inputs: str) -> None:
        if self.inputs not in inputs:
            skip(f"This is for metrics of other inputs than {self.inputs}.")

    def value(self, y: Any = None, p: Any = None, **options: Any) -> float:
        """The metric of these data, or of the subject's own."""
        y, p = self.y.copy() if y is None else y, self.p.copy() if p is None else p
        found = self.metric(y, p, **options)
        if np.ndim(found) != 0:
            fail(f"The metric returned {type(found).__name__} of shape {np.shape(found)}.")
        return float(found)

    @property
    def truth(self) -> NDArray[Any]:
        """The perfect prediction."""
        if self.inputs == "labels":
            return np.eye(3)[self.y]
        return self.y.astype(float)

    def named(self, naming: str) -> tuple[NDArray[Any], dict[str, Any]]:
        """Labels of another type; a vector of probabilities may need to be told its class."""
        names = NAMINGS[naming](int(self.y.max()) + 1)
        given = self.inputs == "positive" and self.takes("labels")
        return names[self.y], {"labels": names} if given else {}


def check_value_is_a_number(subject: MetricSubject) -> None:
    """Scorers and searches cannot use what is no single finite number."""
    if not math.isfinite(subject.value()):
        fail(f"The value is {subject.value()}.")


def check_better_predictions_score_better(subject: MetricSubject) -> None:
    """A worse prediction is preferred, or the perfect one is not best: the metric misleads."""
    steps = [
        subject.value(p=(1 - s) * subject.p + s * subject.truth) for s in (0, 0.25, 0.5, 0.75, 1)
    ]
    signed = np.array(steps if subject.greater_is_better else [-step for step in steps])
    if (np.diff(signed) < -1e-9).any() or not signed[-1] > signed[0]:
        found = ", ".join(f"{step:.6g}" for step in steps)
        fail(f"Predictions that come nearer to the truth give {found}.")


def check_weights_of_one(subject: MetricSubject) -> None:
    """Passing weights, whatever they are, changes the value."""
    subject.need("sample_weight")
    _refuse(subject.value(sample_weight=np.ones(_N)), subject.value(), "weights of 1")


def check_weight_two_is_the_row_twice(subject: MetricSubject) -> None:
    """Weights are dropped, or count for something else than rows."""
    subject.need("sample_weight")
    weight = 1 + np.arange(_N) % 3
    twice = np.repeat(np.arange(_N), weight)
    wanted = subject.value(subject.y[twice], subject.p[twice])
    _refuse(subject.value(sample_weight=weight), wanted, "weights instead of repeated rows")


def check_weight_zero_is_no_row(subject: MetricSubject) -> None:
    """Rows of weight 0 count, so that they cannot be left out by their weight."""
    subject.need("sample_weight")
    kept = np.arange(_N) % 3 > 0
    wanted = subject.value(subject.y[kept], subject.p[kept])
    _refuse(subject.value(sample_weight=1.0 * kept), wanted, "rows of weight 0")


def check_row_order(subject: MetricSubject) -> None:
    """The value depends on the order of the rows, as if they were a series."""
    order = np.random.default_rng(9).permutation(_N)
    _refuse(subject.value(subject.y[order], subject.p[order]), subject.value(), "shuffled rows")


def check_column_order(subject: MetricSubject) -> None:
    """
    Columns that are named in another order, by ``labels=`` or in both tables, count as others:
    the wrong probability is looked up.
    """
    subject.need_inputs("labels", "one_hot", "soft")
    order = np.array([2, 0, 1])
    p = subject.p[:, order]
    if subject.inputs == "labels":
        subject.need("labels")
        found = subject.value(p=p, labels=order)
        _refuse(subject.value(labels=np.arange(3)), subject.value(), "labels= in sorted order")
    else:
        found = subject.value(subject.y[:, order], p)
    _refuse(found, subject.value(), "columns in another order")


def check_named_columns(subject: MetricSubject) -> None:
    """
    A data frame whose columns name the classes, as they are, by their numbers, or behind a prefix,
    is taken by position, silently.
    """
    subject.need_inputs("labels", "soft", "one_hot")
    for frame, labels, names, order in _named_tables():
        p = frame({names[j]: subject.p[:, j] for j in order})
        if subject.y.ndim == 1:
            y = labels[subject.y]
        else:
            y = frame({names[j]: subject.y[:, j] for j in range(3)})
        try:
            found = subject.value(y, p)
        except (TypeError, ValueError):  # to refuse it is as good
            continue
        _refuse(found, subject.value(), f"columns named {[names[j] for j in order]}")


def _named_tables() -> Iterator[tuple[Any, NDArray[Any], list[Any], list[int]]]:
    """Kinds of frames, labels, the names of their columns, and an order of these."""
    texts, numbers = NAMINGS["texts"](3), np.arange(3)
    frames = [import_module(name).DataFrame for name in ("pandas", "polars") if find_spec(name)]
    if not frames:
        skip("Neither pandas nor polars is installed.")
    for frame in frames:
        by_number = numbers if frame.__module__.startswith("pandas") else numbers.astype(str)
        for order in ([2, 0, 1], [2, 1, 0]):
            yield frame, texts, texts.tolist(), order
            yield frame, texts, [f"proba_{text}" for text in texts], order
            yield frame, numbers, by_number.tolist(), order
            yield frame, numbers, [f"proba_{number}" for number in numbers], order


def check_absent_class(subject: MetricSubject) -> None:
    """A fold that has no row of a class has no value, or that of other columns."""
    subject.need_inputs("labels")
    subject.need("labels")
    rows = subject.y != 1
    found = subject.value(subject.y[rows], subject.p[rows], labels=np.arange(3))
    if not math.isfinite(found):
        fail(f"Without rows of one class the value is {found}.")
    if subject.takes("sample_weight"):
        wanted = subject.value(sample_weight=1.0 * rows, labels=np.arange(3))
        _refuse(found, wanted, "no rows of a class")


def check_labels_of_any_type(subject: MetricSubject) -> None:
    """The value depends on what the classes are called."""
    subject.need_inputs("labels", "positive")
    for naming in ("texts", "spread", "truths"):
        if naming != "truths" or subject.inputs == "positive":
            y, options = subject.named(naming)
            _refuse(subject.value(y, **options), subject.value(), f"labels that are {naming}")


def check_lists_equal_arrays(subject: MetricSubject) -> None:
    """What is passed as a list has another value, or none."""
    _refuse(subject.value(subject.y.tolist(), subject.p.tolist()), subject.value(), "lists")


def check_series_are_read_in_order(subject: MetricSubject) -> None:
    """The labels of a pandas Series are matched by its index, and not row by row as arrays are."""
    subject.need_inputs("labels", "positive")
    y = import_pandas().Series(subject.y, index=np.roll(np.arange(_N), 7))
    _refuse(subject.value(y), subject.value(), "a series with an index of its own")


def check_single_precision(subject: MetricSubject) -> None:
    """What many models predict, numbers of 32 bits, has a value of its own."""
    y = subject.y.astype(np.float32) if subject.inputs == "soft" else subject.y
    found = subject.value(y, subject.p.astype(np.float32))
    if not same(found, subject.value(), 1e-5):
        fail(f"The same numbers as float32 give {found:.9g} instead of {subject.value():.9g}.")


def check_inputs_stay_as_they_are(subject: MetricSubject) -> None:
    """The metric changes its input, so that what is computed next from the same data is wrong."""
    data = [subject.y.copy(), subject.p.copy()]
    subject.value(*data)
    if not (np.array_equal(data[0], subject.y) and np.array_equal(data[1], subject.p)):
        fail("The metric modified y_true or y_proba.")
    for array in data:  # as memory-mapped files are
        array.flags.writeable = False
    _refuse(subject.value(*data), subject.value(), "read-only arrays")


def check_change_of_base(subject: MetricSubject) -> None:
    """Values in one unit cannot be compared with values in another: bits are not nats / log 2."""
    subject.need("base")
    for base in (2, 10):
        wanted = subject.value(base=math.e) / math.log(base)
        _refuse(subject.value(base=base), wanted, f"base {base}")


def check_missing_numbers_are_refused(subject: MetricSubject) -> None:
    """A missing or infinite probability passes unseen, into the value or out of it."""
    for bad in (math.nan, math.inf, -math.inf):
        p = subject.p.copy()
        p[(3, *(0,) * (p.ndim - 1))] = bad
        _must_refuse(subject, f"{bad} in y_proba", p=p)
    if subject.takes("sample_weight"):
        weight = np.where(np.arange(_N) == 3, math.nan, 1.0)
        _must_refuse(subject, "nan in sample_weight", sample_weight=weight)


def check_what_is_no_distribution_is_refused(subject: MetricSubject) -> None:
    """Scores, logits or percentages pass for probabilities, and the value means nothing."""
    for why, p in _no_distributions(subject.p):
        _must_refuse(subject, why, p=p)


def _no_distributions(p: NDArray[Any]) -> Iterator[tuple[str, NDArray[Any]]]:
    rows = np.arange(_N).reshape(-1, *(1,) * (p.ndim - 1))
    yield "percentages", 100 * p
    yield "logarithms", np.log(p)
    bad = np.array([1.5, -0.5, *[0.0] * (p.shape[1] - 2)]) if p.ndim == 2 else 1.5
    yield "a probability above 1", np.where(rows == 3, bad, p)
    if p.ndim == 2:
        yield "a row that sums to 0.9", np.where(rows == 3, 0.9 * p, p)


def check_sizes_that_differ_are_refused(subject: MetricSubject) -> None:
    """Rows or columns that do not belong together are scored as if they did."""
    _must_refuse(subject, "a row of y_proba missing", p=subject.p[:-1])
    if subject.p.ndim == 2:
        p = np.hstack([subject.p, np.zeros((_N, 1))])
        _must_refuse(subject, "a column of y_proba too many", p=p)
    if subject.takes("sample_weight"):
        _must_refuse(subject, "a weight missing", sample_weight=np.ones(_N - 1))


def check_unknown_labels_are_refused(subject: MetricSubject) -> None:
    """Rows whose class has no column are scored as rows of another class."""
    subject.need_inputs("labels")
    subject.need("labels")
    y = np.where(np.arange(_N) == 3, 9, subject.y)
    _must_refuse(subject, "a label that labels= does not have", y=y, labels=np.arange(3))


def check_probability_zero(subject: MetricSubject) -> None:
    """
    Where what happened had probability 0, the value is nan, or not as documented, or numpy warns
    in the user's place.
    """
    p = subject.p.copy()
    if p.ndim == 1:
        p[3] = 1 - subject.y[3]
    else:
        p[3] = np.roll(np.eye(3)[int(subject.truth[3].argmax())], 1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = subject.value(p=p)
    wanted = "an infinite" if subject.infinite else "a finite"
    if math.isnan(found):
        fail("The value is nan.")
    if subject.infinite not in (None, math.isinf(found)):
        fail(f"The value is {found:.6g}; {wanted} value was due.")


def _refuse(found: float, wanted: float, why: str) -> None:
    if not same(found, wanted, 1e-9):
        fail(f"With {why}, the value is {found:.9g} instead of {wanted:.9g}.")


def _must_refuse(
    subject: MetricSubject, why: str, y: Any = None, p: Any = None, **options: Any
) -> None:
    try:
        found = subject.value(y, p, **options)
    except (TypeError, ValueError):
        return
    fail(f"With {why}, the value is {found:.6g}; an error was due.")


METRIC_CHECKS = [
    check_value_is_a_number,
    check_better_predictions_score_better,
    check_weights_of_one,
    check_weight_two_is_the_row_twice,
    check_weight_zero_is_no_row,
    check_row_order,
    check_column_order,
    check_named_columns,
    check_absent_class,
    check_labels_of_any_type,
    check_lists_equal_arrays,
    check_series_are_read_in_order,
    check_single_precision,
    check_inputs_stay_as_they_are,
    check_change_of_base,
    check_missing_numbers_are_refused,
    check_what_is_no_distribution_is_refused,
    check_sizes_that_differ_are_refused,
    check_unknown_labels_are_refused,
    check_probability_zero,
]
