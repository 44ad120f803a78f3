"""Checks of what a fitted classifier predicts."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from skxent._intake._labels import encode, shown
from skxent.scorers import neg_log_loss_scorer
from skxent.testing._run import fail, import_pandas, same, skip
from skxent.testing._subject import Subject, take_rows

__all__ = ["PREDICTION_CHECKS", "refuse_other_order"]


def check_rows_sum_to_one(subject: Subject) -> None:
    """Rows that are no distributions: any expected cost or log loss of them is a wrong number."""
    for kind in subject.kinds:
        table = subject.predicted(kind)
        bad = ~np.isfinite(table.sum(axis=1))
        if bad.any():
            fail(f"With {kind}, row {_first(bad)} is not finite.")
        if table.min() < -1e-6 or table.max() > 1 + 1e-6:
            fail(f"With {kind}, probabilities are from {table.min():g} to {table.max():g}.")
        sums = table.sum(axis=1)
        if abs(sums - 1).max() > subject.tolerance:
            row = int(abs(sums - 1).argmax())
            fail(f"With {kind}, row {row} sums to {sums[row]:g}.")


def check_classes_are_the_sorted_labels(subject: Subject) -> None:
    """
    Tools that sort labels themselves, scikit-learn's metrics among them, look up the wrong column
    where ``classes_`` is not ``numpy.unique(y)``.
    """
    for kind in subject.kinds:
        found, wanted = subject.fitted(kind).classes_, subject.problem(kind).labels
        if not _equal(found, wanted):
            fail(f"With {kind}, classes_ is {shown(found)}; the sorted labels are {shown(wanted)}.")


def check_columns_follow_classes(subject: Subject) -> None:
    """Columns in another order than ``classes_``: each class gets another's probability."""
    for kind in subject.kinds:
        refuse_other_order(subject, kind)


def check_prediction_is_the_likeliest_class(subject: Subject) -> None:
    """
    The classes of ``predict`` are not the likeliest of ``predict_proba``: accuracy and log loss
    of this classifier do not speak of the same predictions.
    """
    for kind in subject.kinds:
        model, table = subject.fitted(kind), subject.predicted(kind)
        labels = np.asarray(model.predict(subject.problem(kind).X_test))
        codes = encode(labels, subject.problem(kind).labels)
        if (codes < 0).any():
            fail(f"With {kind}, predict returned {labels[_first(codes < 0)]!r}, which is no class.")
        lead = table.max(axis=1) - table[np.arange(len(table)), codes]
        if lead.max() > 1e-5:
            row = int(lead.argmax())
            fail(
                f"With {kind}, predict gives row {row} the class {shown(labels[[row]])}, whose "
                f"probability is {table[row, codes[row]]:.3g}; another has {table[row].max():.3g}."
            )


def check_log_proba_is_the_log_of_proba(subject: Subject) -> None:
    """A loss from log-probabilities differs from the loss of the same model's probabilities."""
    for kind in subject.kinds:
        model, X = subject.fitted(kind), subject.problem(kind).X_test
        if not hasattr(model, "predict_log_proba"):
            skip(f"{subject.name} has no predict_log_proba.")
        table = np.asarray(model.predict_proba(X), dtype=float)
        logs = np.asarray(model.predict_log_proba(X), dtype=float)
        if not same(np.exp(logs), table, 0.1 * subject.tolerance):
            fail(f"With {kind}, exp(predict_log_proba) is not predict_proba.")
        likely = table > 1e-5  # below, single precision has few digits of the logarithm left
        if abs(logs - np.log(np.where(likely, table, 1)))[likely].max() > 1e-3:
            fail(f"With {kind}, predict_log_proba is not the logarithm of predict_proba.")


def check_rows_do_not_depend_on_the_batch(subject: Subject) -> None:
    """
    The probabilities of a row change with the rows that are predicted along with it: what was
    measured on a test set does not hold for single rows.
    """
    for kind in subject.kinds:
        model, X, table = (
            subject.fitted(kind),
            subject.problem(kind).X_test,
            subject.predicted(kind),
        )
        backwards = np.arange(len(table))[::-1]
        batches = [backwards, backwards[::3], *([row] for row in range(min(5, len(table))))]
        for rows in map(np.array, batches):
            found = subject.proba(model, take_rows(X, rows), subject.problem(kind).labels)
            if not same(found, table[rows], 1e-5):
                fail(
                    f"With {kind}, predicted among {len(rows)} rows a row has other probabilities "
                    f"than among {len(table)}, by up to {abs(found - table[rows]).max():.2g}."
                )


def check_later_calls_leave_the_table_alone(subject: Subject) -> None:
    """
    A table that is kept, such as out-of-fold predictions, changes with the next prediction, or
    the next prediction with the table.
    """
    data = subject.problem()
    # A model of its own: what is done to it here must not reach the other checks.
    model, X = subject.fit(data.X_train, data.labels[data.train]), data.X_test
    table = model.predict_proba(X)
    before = np.array(table)
    model.predict_proba(take_rows(X, np.arange(len(before))[::-1]))
    if not np.array_equal(np.asarray(table), before, equal_nan=True):
        fail("A second call of predict_proba overwrote the table that the first returned.")
    table = model.predict_proba(X)
    if isinstance(table, np.ndarray) and table.flags.writeable:
        table[...] = 0.5
        if not same(model.predict_proba(X), before):
            fail("Writing into the table that predict_proba returned changed what it returns next.")


def check_log_loss_is_finite(subject: Subject) -> None:
    """A single row without probabilities, far from the training rows perhaps, leaves no loss."""
    data, model = subject.problem(), subject.fitted()
    rows = [("", data.X_test)]
    if subject.own_data:
        rows.append((" a thousand times farther out", data.X_test * 1000))
    for where, X in rows:
        try:
            model.predict_proba(X)
        except Exception:
            if where:  # a refusal is heard, where nan is not
                continue
            raise
        try:
            score = neg_log_loss_scorer(model, X, data.labels[data.test])
        except ValueError as error:
            fail(f"The log loss of rows{where} cannot be computed: {error}")
        if not np.isfinite(score):
            fail(f"The log loss of rows{where} is {-score}.")


def check_data_frames_equal_arrays(subject: Subject) -> None:
    """Probabilities change with the container of the data: rows or columns are mixed up."""
    pd = import_pandas()
    data = subject.problem()
    if not (isinstance(data.X_train, np.ndarray) and data.X_train.ndim == 2):
        skip("The data are no array.")
    # Neither the columns' names nor the rows' numbers are in order.
    names = [f"feature {(7 * j) % 10}{j}" for j in range(data.X_train.shape[1])]
    numbers = np.arange(len(data.train))[::-1]
    model = subject.fit(
        pd.DataFrame(data.X_train, columns=names, index=numbers),
        pd.Series(data.labels[data.train], index=numbers, name="y"),
    )
    found = subject.proba(model, pd.DataFrame(data.X_test, columns=names), data.labels)
    if not same(found, subject.predicted()):
        worst = abs(found - subject.predicted()).max()
        fail(f"Fitted to a data frame, probabilities differ by up to {worst:.2g}.")


def refuse_other_order(subject: Subject, kind: str, naming: str | None = None) -> None:
    """Fail if the rows of the classes are much likelier with the columns in another order."""
    table, data = subject.predicted(kind, naming), subject.problem(kind)
    rows = [table[data.test == c] for c in range(data.n_classes)]
    n = np.array([len(of_class) for of_class in rows])
    if n.min() < 10:
        skip("There are fewer than ten rows to predict of a class, too few to tell columns apart.")
    best = linear_sum_assignment(-np.array([of_class.mean(axis=0) for of_class in rows]))[1]
    gains = [
        of_class[:, b] - of_class[:, c]
        for c, (of_class, b) in enumerate(zip(rows, best, strict=True))
    ]
    gain = np.mean([g.mean() for g in gains])
    error = math.sqrt(sum(g.var(ddof=1) / len(g) for g in gains)) / len(gains)
    # By chance a poor classifier may favour another order, but not by so many standard errors.
    if gain > 5.0 * error:
        labels, classes = data.names(naming), subject.fitted(kind, naming).classes_
        fail(
            f"With {kind}, the rows of the classes {shown(labels)} are likeliest with the columns "
            f"of {shown(labels[best])}; classes_ is {shown(classes)}."
        )


def _first(where: NDArray[Any]) -> int:
    return int(np.argmax(where))


def _equal(found: Any, wanted: NDArray[Any]) -> bool:
    return np.asarray(found).tolist() == wanted.tolist()


PREDICTION_CHECKS = [
    check_rows_sum_to_one,
    check_classes_are_the_sorted_labels,
    check_columns_follow_classes,
    check_prediction_is_the_likeliest_class,
    check_log_proba_is_the_log_of_proba,
    check_rows_do_not_depend_on_the_batch,
    check_later_calls_leave_the_table_alone,
    check_log_loss_is_finite,
    check_data_frames_equal_arrays,
]
