"""Checks of what a fitted classifier predicts."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from skxent._intake._containers import take_rows
from skxent._intake._labels import encode, shown
from skxent._typing import FloatArray, IntArray
from skxent.scorers import neg_log_loss_scorer
from skxent.testing._run import fail, import_pandas, same, skip
from skxent.testing._subject import Subject, copied, in_words

__all__ = ["PREDICTION_CHECKS", "refuse_other_order"]


def check_rows_sum_to_one(subject: Subject) -> None:
    """Rows that are no distributions: any expected cost or log loss of them is a wrong number."""
    for k in subject.sizes:
        table = subject.predicted(k)
        bad = ~np.isfinite(table.sum(axis=1))
        if bad.any():
            fail(f"With {in_words(k)}, row {_first(bad)} is not finite.")
        if table.min() < -1e-6 or table.max() > 1 + 1e-6:
            fail(f"With {in_words(k)}, probabilities are from {table.min():g} to {table.max():g}.")
        sums = table.sum(axis=1)
        if abs(sums - 1).max() > subject.tolerance:
            row = int(abs(sums - 1).argmax())
            fail(f"With {in_words(k)}, row {row} sums to {sums[row]:g}.")


def check_classes_are_the_sorted_labels(subject: Subject) -> None:
    """
    Tools that sort labels themselves, scikit-learn's metrics among them, look up the wrong column
    where ``classes_`` is not ``numpy.unique(y)``.
    """
    for k in subject.sizes:
        found, wanted = subject.classes_of(subject.fitted(k)), subject.problem(k).labels
        if found.tolist() != wanted.tolist():
            fail(
                f"With {in_words(k)}, classes_ is {shown(found)}; the sorted labels are "
                f"{shown(wanted)}."
            )


def check_columns_follow_classes(subject: Subject) -> None:
    """Columns in another order than ``classes_``: each class gets another's probability."""
    for k in subject.sizes:
        refuse_other_order(subject, k)


def check_prediction_is_the_likeliest_class(subject: Subject) -> None:
    """
    The classes of ``predict`` are not the likeliest of ``predict_proba``: accuracy and log loss
    of this classifier do not speak of the same predictions.
    """
    for k in subject.sizes:
        data, table = subject.problem(k), subject.predicted(k)
        labels = subject.labels_of(subject.fitted(k), data.X_test)
        codes = encode(labels, data.labels)
        if (codes < 0).any():
            unknown = shown(labels[codes < 0][:1])
            fail(f"With {in_words(k)}, predict returned {unknown}, which is no class.")
        lead = table.max(axis=1) - table[np.arange(len(table)), codes]
        if lead.max() > 1e-5:
            row = int(lead.argmax())
            fail(
                f"With {in_words(k)}, predict gives row {row} the class {shown(labels[[row]])}, "
                f"whose probability is {table[row, codes[row]]:.3g}; another has "
                f"{table[row].max():.3g}."
            )


def check_log_proba_is_the_log_of_proba(subject: Subject) -> None:
    """A loss from log-probabilities differs from the loss of the same model's probabilities."""
    for k in subject.sizes:
        model, X = subject.fitted(k), subject.problem(k).X_test
        if not hasattr(model, "predict_log_proba"):
            skip(f"{subject.name} has no predict_log_proba.")
        table = subject.table_of(model.predict_proba(copied(X)), model)
        logs = subject.table_of(model.predict_log_proba(copied(X)), model, "predict_log_proba")
        if not same(np.exp(logs), table, 0.1 * subject.tolerance):
            fail(f"With {in_words(k)}, exp(predict_log_proba) is not predict_proba.")
        likely = table > 1e-5  # below, single precision has few digits of the logarithm left
        if (
            abs(logs - np.log(np.where(likely, table, 1)))[likely].max(initial=0)
            > 10 * subject.tolerance
        ):
            fail(f"With {in_words(k)}, predict_log_proba is not the logarithm of predict_proba.")


def check_rows_do_not_depend_on_the_batch(subject: Subject) -> None:
    """
    The probabilities of a row change with the rows that are predicted along with it: what was
    measured on a test set does not hold for single rows.
    """
    for k in subject.sizes:
        model, data, table = subject.fitted(k), subject.problem(k), subject.predicted(k)
        backwards = np.arange(len(table))[::-1]
        batches = [backwards, backwards[::3], *([row] for row in range(min(5, len(table))))]
        for rows in map(np.array, batches):
            found = subject.proba(model, take_rows(data.X_test, rows), data.labels)
            if not same(found, table[rows], 1e-5):
                fail(
                    f"With {in_words(k)}, predicted among {len(rows)} rows a row has other "
                    f"probabilities than among {len(table)}, by up to "
                    f"{abs(found - table[rows]).max():.2g}."
                )


def check_later_calls_leave_the_table_alone(subject: Subject) -> None:
    """
    A table that is kept, such as out-of-fold predictions, changes with the next prediction, or
    the next prediction with the table.
    """
    data = subject.problem()
    # A model of its own: what is done to it here must not reach the other checks.
    model, X = subject.fit(data.X_train, data.labels[data.train]), data.X_test
    table = model.predict_proba(copied(X))
    before = subject.table_of(table, model).copy()
    model.predict_proba(take_rows(X, np.arange(len(before))[::-1]))
    if not np.array_equal(subject.table_of(table, model), before, equal_nan=True):
        fail("A second call of predict_proba overwrote the table that the first returned.")
    table = model.predict_proba(copied(X))
    if isinstance(table, np.ndarray) and table.flags.writeable:
        table[...] = 0.5
        if not same(subject.table_of(model.predict_proba(copied(X)), model), before):
            fail("Writing into the table that predict_proba returned changed what it returns next.")


def check_log_loss_is_finite(subject: Subject) -> None:
    """A single row without probabilities, far from the training rows perhaps, leaves no loss."""
    data, model = subject.problem(), subject.fitted()
    rows = [("", data.X_test)]
    if subject.own_data:
        rows.append((" a thousand times farther out", data.X_test * 1000))
    for where, X in rows:
        try:
            model.predict_proba(copied(X))
        except Exception:
            if where:  # a refusal is heard, where nan is not
                continue
            raise
        try:
            score = neg_log_loss_scorer(model, copied(X), data.labels[data.test])
        except (TypeError, ValueError) as error:
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


def refuse_other_order(subject: Subject, n_classes: int, naming: str | None = None) -> None:
    """Fail if the rows of the classes are much likelier with the columns in another order."""
    table, data = subject.predicted(n_classes, naming), subject.problem(n_classes)
    if not np.isfinite(table).all():
        fail(f"With {in_words(n_classes)}, probabilities are not finite.")
    if np.bincount(data.test).min() < 10:
        skip("There are fewer than ten rows to predict of a class, too few to tell columns apart.")
    means = np.array([table[data.test == c].mean(axis=0) for c in range(n_classes)])
    best = linear_sum_assignment(-means)[1]
    if not _is_likelier(table, data.test, best):
        return
    labels = data.names(naming)
    for seed in range(1, 6):
        # What is drawn at random and has hardly learnt may prefer any order, but then it is
        # another one with other random numbers.
        other = subject.fit(data.X_train, labels[data.train], seed=seed)
        if not _is_likelier(subject.proba(other, data.X_test, labels), data.test, best):
            return
    classes = subject.classes_of(subject.fitted(n_classes, naming))
    fail(
        f"With {in_words(n_classes)}, the rows of the classes {shown(labels)} are likeliest "
        f"with the columns of {shown(labels[best])}; classes_ is {shown(classes)}."
    )


def _is_likelier(table: FloatArray, codes: IntArray, order: IntArray) -> bool:
    """Whether the classes gain by another order of the columns, beyond what chance does."""
    rows = [table[codes == c] for c in range(table.shape[1])]
    gains = [
        of_class[:, b] - of_class[:, c]
        for c, (of_class, b) in enumerate(zip(rows, order, strict=True))
    ]
    error = math.sqrt(sum(g.var(ddof=1) / len(g) for g in gains)) / len(gains)
    # By chance a poor classifier may favour another order, but not by so many standard errors.
    return bool(np.mean([g.mean() for g in gains]) > 5.0 * error)


def _first(where: NDArray[Any]) -> int:
    return int(np.argmax(where))


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
