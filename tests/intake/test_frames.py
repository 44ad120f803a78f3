"""Data frames: columns are found by their names, and a column of lists is a table.

These tests run with pandas 2 and with pandas 3, which index the same frames differently.
"""

import math
import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import polars as pl
import pytest

from skxent import (
    LogLossAccumulator,
    Recalibrator,
    compare_log_loss,
    cross_entropy,
    entropy,
    js_divergence,
    kl_divergence,
    label_entropy,
    log_loss,
    log_loss_report,
    log_loss_skill_score,
    perplexity,
)

SOFT = [cross_entropy, perplexity, kl_divergence, js_divergence]
LABELLED = [*SOFT, log_loss, log_loss_skill_score]
FRAMES = [pd.DataFrame, pl.DataFrame]

RNG = np.random.default_rng(5)
Y = np.array([0, 1, 2, 2, 1, 0, 2, 1, 0, 0, 1, 2] * 4)
P = 0.7 * np.eye(3)[Y] + 0.3 * RNG.dirichlet([1, 1, 1], len(Y))
ORDERS = [[2, 1, 0], [2, 0, 1], [1, 0, 2]]


def by_report(y, p, **options):
    report = log_loss_report(y, p, **options, recalibration=False, n_null=0)
    return report.overall["log_loss"]


def by_accumulator(y, p, labels):
    accumulator = LogLossAccumulator(labels)
    for rows in (slice(20), slice(20, None)):
        accumulator.update(y[rows], p[rows] if isinstance(p, np.ndarray) else p.iloc[rows])
    return accumulator.report(n_null=0).overall["log_loss"]


def by_comparison(y, p, **options):
    found = compare_log_loss(y, {"a": p, "b": np.full((len(y), 3), 1 / 3)}, **options)
    return found.log_loss[0]


def frame_of(kind, names, order, table=P):
    return kind({names[j]: table[:, j] for j in order})


# Whole numbers as names, which pandas 3 keeps as a range if they are evenly spaced

TURNS = {
    "from_dict": lambda p, order: pd.DataFrame({j: p[j] for j in order}),
    "selected": lambda p, order: p[order],
    "reindexed": lambda p, order: p.reindex(columns=order),
    "concatenated": lambda p, order: pd.concat([p[j] for j in order], axis=1),
    "by_position": lambda p, order: p.iloc[:, order],
}
REVERSALS = {
    "sorted": lambda p: p.sort_index(axis=1, ascending=False),
    "stepped": lambda p: p.iloc[:, ::-1],
}
NUMBERED = pd.DataFrame(P)
TURNED = [
    *(
        pytest.param(turn(NUMBERED, order), id=f"{name}-{order}")
        for name, turn in TURNS.items()
        for order in ORDERS
    ),
    *(pytest.param(turn(NUMBERED), id=name) for name, turn in REVERSALS.items()),
]


@pytest.mark.parametrize("p", TURNED)
@pytest.mark.parametrize("metric", LABELLED)
def test_whole_numbers_in_another_order_are_names(metric, p):
    expected = metric(Y, P)
    assert metric(Y, p) == pytest.approx(expected, rel=1e-14)
    for labels in ([0, 1, 2], [1, 2, 0], np.array([2.0, 0.0, 1.0])):
        assert metric(Y, p, labels=labels) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("p", TURNED)
@pytest.mark.parametrize("value", [by_report, by_accumulator, by_comparison])
def test_whole_numbers_in_another_order_are_names_in_reports(value, p):
    assert value(Y, p, labels=[0, 1, 2]) == pytest.approx(log_loss(Y, P), rel=1e-12)


def test_two_columns_the_other_way_round():
    """By position, the loss would be 1.508."""
    p1 = [0.3, 0.8, 0.4, 0.9]
    p = pd.DataFrame({1: p1, 0: [1 - p for p in p1]})
    expected = -np.log([0.7, 0.8, 0.6, 0.9]).mean()
    assert log_loss([0, 1, 0, 1], p, labels=[0, 1]) == pytest.approx(expected)
    assert log_loss([False, True, False, True], p) == pytest.approx(expected)


@pytest.mark.parametrize("metric", LABELLED)
def test_the_numbers_that_pandas_gives_are_no_names(metric):
    """The columns 0, 1, 2 in this order, however the index keeps them: by position."""
    y = np.array(["a", "b", "c"])[Y]
    for index in ([0, 1, 2], pd.RangeIndex(3), pd.Index([0, 1, 2], dtype=object)):
        p = pd.DataFrame(P, columns=index)
        assert metric(y, p) == metric(Y, P)
        assert metric(Y, p, labels=[2, 0, 1]) == metric(Y, P, labels=[2, 0, 1])


@pytest.mark.parametrize("metric", LABELLED)
def test_numbers_that_are_no_labels(metric):
    for names in ([1, 2, 3], [10, 20, 30], [2, 4, 6]):
        with pytest.raises(ValueError, match=r"columns of y_proba.*to_numpy\(\)"):
            metric(np.array(["a", "b", "c"])[Y], pd.DataFrame(P, columns=names))
    with pytest.raises(ValueError, match=r"no column for \[0\], no label for \[3\]"):
        metric(Y, pd.DataFrame(P, columns=[3, 2, 1]))
    with pytest.raises(ValueError, match=r"columns of y_proba"):
        # What is equal to a number that pandas gives need not be one.
        metric(np.array(["a", "b"])[Y % 2], pd.DataFrame(P[:, :2] * 0 + 0.5, columns=[False, True]))


# Pairs of distributions with names


@pytest.mark.parametrize("metric", SOFT)
@pytest.mark.parametrize("turn", [[2, 1, 0], [2, 0, 1]])
def test_single_distributions_are_aligned_by_their_index(metric, turn):
    s, t = pd.Series([0.5, 0.3, 0.2]), pd.Series([0.2, 0.5, 0.3])
    expected = metric(s.to_numpy(), t.to_numpy())
    for turned in (t.iloc[turn], t[turn], t.reindex(turn)):
        assert metric(s, turned) == pytest.approx(expected, rel=1e-14)
        assert metric(s.iloc[turn], turned) == pytest.approx(expected, rel=1e-14)
        assert metric(s.to_numpy(), turned) == pytest.approx(expected, rel=1e-14)
        assert metric(s.iloc[turn], t.to_numpy()) == pytest.approx(expected, rel=1e-14)
    assert metric(s, t.iloc[::-1]) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("metric", SOFT)
def test_named_events_of_single_distributions(metric):
    """Counts are sorted by frequency, so that their order differs."""
    y = pd.Series(list("aab")).value_counts(normalize=True)
    p = pd.Series(list("abb")).value_counts(normalize=True)
    assert y.index.tolist() != p.index.tolist()
    expected = metric([2 / 3, 1 / 3], [1 / 3, 2 / 3])
    assert metric(y, p) == pytest.approx(expected)
    assert metric(y, p) != pytest.approx(metric([2 / 3, 1 / 3], [2 / 3, 1 / 3]))
    for unnamed in (pd.Series([1 / 3, 2 / 3]), [1 / 3, 2 / 3]):
        assert metric(pd.Series([2 / 3, 1 / 3]), unnamed) == pytest.approx(expected)
        assert metric(y, unnamed) == pytest.approx(expected)
        assert metric([2 / 3, 1 / 3], p.loc[["a", "b"]]) == pytest.approx(expected)
    with pytest.raises(ValueError, match=r"no column for \['b'\], no label for \['c'\]"):
        metric(y, p.rename({"b": "c"}))


@pytest.mark.parametrize("metric", SOFT)
@pytest.mark.parametrize("frame", FRAMES)
def test_soft_labels_with_other_names(metric, frame):
    y, p = frame({"a": [0.5], "b": [0.5]}), frame({"c": [0.5], "d": [0.5]})
    with pytest.raises(ValueError, match=r"name different classes, \['a', 'b'\] and \['c', 'd'\]"):
        metric(y, p)


@pytest.mark.parametrize("metric", [*SOFT, log_loss])
@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("names", [("a", "b", "c"), ("p_a", "p_b", "p_c")])
def test_columns_of_targets_are_names_too(metric, frame, names):
    y = frame_of(frame, ("a", "b", "c"), [0, 1, 2], np.eye(3)[Y])
    expected = metric(np.eye(3)[Y], P)
    for order in ORDERS:
        assert metric(y, frame_of(frame, names, order)) == pytest.approx(expected, rel=1e-14)
        turned = frame_of(frame, ("a", "b", "c"), order, np.eye(3)[Y])
        assert metric(turned, frame_of(frame, names, [0, 1, 2])) == pytest.approx(expected)


@pytest.mark.parametrize("metric", [*SOFT, log_loss])
@pytest.mark.parametrize("order", ORDERS)
def test_numbered_columns_beside_an_array(metric, order):
    """Columns without names are numbered, so that numbers as names can be matched."""
    expected = metric(np.eye(3)[Y], P)
    turned, hot = pd.DataFrame(P)[order], pd.DataFrame(np.eye(3)[Y])[order]
    assert metric(np.eye(3)[Y], turned) == pytest.approx(expected, rel=1e-14)
    assert metric(hot, P) == pytest.approx(expected, rel=1e-14)
    assert metric(hot, turned) == pytest.approx(expected, rel=1e-14)


# Texts


PREFIXES = ["p_", "prob_", "proba(", "a", "1", "predicted probability of ", "0.", ""]
NAMED = {
    "texts": (["a", "b", "c"], ["a", "b", "c"]),
    "alike": (["a1", "a11", "a"], ["a1", "a11", "a"]),
    "nested": (["x", "p_x", "p_p_x"], ["x", "p_x", "p_p_x"]),
    "empty": (["", "b", "c"], ["", "b", "c"]),
    "integers": ([0, 1, 2], ["0", "1", "2"]),
    "integers_as_floats": ([10, 2, -1], ["10.0", "2.0", "-1.0"]),
    "floats": ([0.0, 1.0, 2.0], ["0.0", "1.0", "2.0"]),
    "whole_floats": ([0.0, 1.0, 2.0], ["0", "1", "2"]),
    "fractions": ([0.5, 1.25, -3.0], ["0.5", "1.25", "-3.0"]),
}


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize(("labels", "names"), NAMED.values(), ids=NAMED)
def test_columns_that_are_the_labels_behind_a_prefix(frame, prefix, labels, names):
    y, expected = np.array(labels)[Y], log_loss(Y, P)
    for order in ORDERS:
        p = frame_of(frame, [prefix + name for name in names], order)
        assert log_loss(y, p) == pytest.approx(expected, rel=1e-14)
        assert log_loss(y, p, labels=labels[::-1]) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize(
    "names",
    [("True", "False"), ("true", "false"), ("1", "0"), ("p_1", "p_0"), ("is_true", "is_false")],
)
def test_columns_that_are_the_texts_of_truths(frame, names):
    y, p = Y == 1, np.array([[0.2, 0.8]] * len(Y))
    table = frame({names[0]: p[:, 1], names[1]: p[:, 0]})
    assert log_loss(y, table) == pytest.approx(log_loss(y, p), rel=1e-14)
    assert log_loss(y, table, labels=[True, False]) == pytest.approx(log_loss(y, p), rel=1e-14)


@pytest.mark.parametrize("metric", LABELLED)
def test_columns_that_are_numbers_beside_labels_that_are_text(metric):
    """Labels are often read as text from where the columns are numbers."""
    p = pd.DataFrame(P[:, [2, 0, 1]], columns=[2, 0, 1])
    assert metric(Y.astype(str), p) == pytest.approx(metric(Y, P), rel=1e-14)


@pytest.mark.parametrize("value", [by_report, by_accumulator, by_comparison])
@pytest.mark.parametrize("prefix", ["", "p_"])
def test_columns_behind_a_prefix_in_reports(value, prefix):
    y, names = np.array(["a", "b", "c"])[Y], [f"{prefix}{name}" for name in "abc"]
    p = frame_of(pd.DataFrame, names, [2, 0, 1])
    assert value(y, p, labels=["a", "b", "c"]) == pytest.approx(log_loss(Y, P), rel=1e-12)


REFUSED = {
    "none": (["prob_x", "prob_y", "prob_z"], r"'prob_x'.*are not named as the labels, \['a'"),
    "suffix": (["a_p", "b_p", "c_p"], r"'a_p'.*are not named as the labels, \['a'"),
    "two_prefixes": (["p_a", "q_b", "p_c"], r"no column for \['b'\], no label for \['q_b'\]"),
    "one_without": (["p_a", "b", "p_c"], r"no column for \['b'\], no label for \['b'\]"),
    "another": (["a", "b", "d"], r"no column for \['c'\], no label for \['d'\]"),
    "another_behind": (["p_a", "p_b", "p_d"], r"no column for \['c'\], no label for \['p_d'\]"),
    "case": (["A", "B", "C"], "are not named as"),
    "polars_gives": (["column_0", "column_1", "column_2"], "are numbered, and the labels are"),
}


@pytest.mark.parametrize("metric", LABELLED)
@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize(("names", "match"), REFUSED.values(), ids=REFUSED)
def test_columns_that_are_not_the_labels(metric, frame, names, match):
    p, y = frame_of(frame, names, [0, 1, 2]), np.array(["a", "b", "c"])[Y]
    for options in ({}, {"labels": ["a", "b", "c"]}):
        with pytest.raises(
            ValueError, match=rf"columns of y_proba.*{match}.*y_proba\.to_numpy\(\)"
        ):
            metric(y, p, **options)
    assert metric(y, p.to_numpy()) == metric(Y, P)


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("names", ["column_{}", "{}", "x{}"])
@pytest.mark.parametrize("first", [0, 1])
def test_numbered_columns_are_told_how_to_get_their_names(frame, names, first):
    """What the message says is done to the letter, for metrics, reports and recalibration."""
    labels = np.array(["cat", "dog", "eel"])
    y, classes = labels[Y], ["eel", "cat", "dog"]
    columns = [names.format(i + first) for i in range(3)]
    table = frame(dict(zip(columns, P[:, [2, 0, 1]].T, strict=True)))
    recalibrator = Recalibrator("temperature").fit(y, P)
    for call in (
        log_loss,
        by_report,
        lambda *a: Recalibrator().fit(*a),
        recalibrated(recalibrator),
    ):
        with pytest.raises(ValueError, match="nothing says which is whose") as raised:
            call(y, table)
    (said,) = re.findall(r"y_proba\.columns = list\(model\.classes_\)", str(raised.value))
    exec(said, {"y_proba": table, "model": SimpleNamespace(classes_=np.array(classes))})
    assert log_loss(y, table) == pytest.approx(log_loss(Y, P), rel=1e-14)
    shuffled = frame(dict(zip(np.array(columns)[[1, 0, 2]], P.T, strict=True)))
    with pytest.raises(ValueError, match="are not named as"):
        log_loss(y, shuffled)  # by position they would be another's


def recalibrated(recalibrator):
    return lambda _, table: recalibrator.predict_proba(table)


@pytest.mark.parametrize(
    ("names", "labels"),
    [(["2", "2.0", "1"], [1, 2, 3]), ([2, "2", 1], [1, 2, 3]), (["True", "true", "1"], [0, 1, 2])],
)
def test_columns_that_name_a_label_twice(names, labels):
    with pytest.raises(ValueError, match="columns of y_proba"):
        log_loss(np.array(labels)[Y], pd.DataFrame(P, columns=names))
    two = pd.DataFrame(P[:, :2] * 0 + 0.5, columns=["p_2", "p_2.0"])
    with pytest.raises(ValueError, match=r"\['p_2', 'p_2.0'\], name the same label"):
        log_loss([1, 2] * (len(Y) // 2), two)


@pytest.mark.parametrize("metric", LABELLED)
@pytest.mark.parametrize("frame", FRAMES)
def test_columns_that_are_only_partly_the_labels(metric, frame):
    table = frame({"b": [0.5, 0.5], "c": [0.5, 0.5]})
    match = r"only partly the labels: no column for \['a'\], no label for \['c'\].*to_numpy\(\)"
    with pytest.raises(ValueError, match=match):
        metric(["a", "b"], table)
    table = frame({"a": [0.5, 0.5], "b": [0.5, 0.25], "c": [0.0, 0.25]})
    with pytest.raises(ValueError, match=r"no column for \['d'\]"):
        metric(["a", "b"], table, labels=["b", "a", "d"])


@pytest.mark.parametrize("metric", LABELLED)
def test_columns_of_the_same_name(metric):
    table = pd.DataFrame([[0.5, 0.5]] * 2, columns=["a", "a"])
    with pytest.raises(ValueError, match="a"):
        metric(["a", "b"], table)


# Cells that are rows


def polars_lists(rows):
    return pl.Series("p", rows, dtype=pl.List(pl.Float64))


def polars_arrays(rows):
    return pl.Series("p", rows, dtype=pl.Array(pl.Float64, 3))


def arrow(kind, rows):
    pa = pytest.importorskip("pyarrow")
    kinds = {
        "list": pa.list_(pa.float64()),
        "large": pa.large_list(pa.float64()),
        "fixed": pa.list_(pa.float64(), 3),
    }
    return pa.array([[0.0] * 3, *rows], kinds[kind])[1:]  # one that does not begin at its start


def in_table(column):
    return pytest.importorskip("pyarrow").table({"p": column})


def in_chunks(column):
    return pytest.importorskip("pyarrow").chunked_array([column[:5], column[5:]])


def pandas_arrow(column):
    dtype = pd.ArrowDtype(column.type)
    return pd.Series(column, dtype=dtype, index=range(len(column), 0, -1))


def lists_of(rows):
    return None if rows is None else [None if row is None else list(row) for row in rows]


COLUMNS = {
    "pandas": lambda rows: pd.Series(lists_of(rows)),
    "pandas_arrays": lambda rows: pd.Series([None if r is None else np.array(r) for r in rows]),
    "pandas_frame": lambda rows: pd.DataFrame({"p": lists_of(rows)}),
    "objects": lambda rows: pd.Series(lists_of(rows)).to_numpy(),
    "polars_lists": polars_lists,
    "polars_arrays": polars_arrays,
    "polars_frame": lambda rows: pl.DataFrame({"p": polars_lists(rows)}),
    "polars_frame_of_arrays": lambda rows: pl.DataFrame({"p": polars_arrays(rows)}),
    "arrow": lambda rows: arrow("list", rows),
    "arrow_large": lambda rows: arrow("large", rows),
    "arrow_fixed": lambda rows: arrow("fixed", rows),
    "arrow_chunks": lambda rows: in_chunks(arrow("list", rows)),
    "arrow_fixed_chunks": lambda rows: in_chunks(arrow("fixed", rows)),
    "arrow_table": lambda rows: in_table(arrow("list", rows)),
    "arrow_fixed_table": lambda rows: in_table(arrow("fixed", rows)),
    "pandas_arrow": lambda rows: pandas_arrow(arrow("list", rows)),
    "pandas_arrow_fixed": lambda rows: pandas_arrow(arrow("fixed", rows)),
}


@pytest.mark.parametrize("column", COLUMNS.values(), ids=COLUMNS)
def test_a_column_of_lists_is_a_table(column):
    p = column(P.tolist())
    for metric in LABELLED:
        assert metric(Y, p) == metric(Y, P)
        assert metric(np.array(["a", "b", "c"])[Y], p, labels=["a", "b", "c"]) == metric(Y, P)
    assert entropy(p) == entropy(P)
    soft = column((0.9 * np.eye(3)[Y] + 0.1 / 3).tolist())
    for metric in SOFT:
        assert metric(soft, p) == metric(0.9 * np.eye(3)[Y] + 0.1 / 3, P)
    assert log_loss(column(np.eye(3)[Y].tolist()), p) == log_loss(Y, P)
    assert by_report(Y, p) == pytest.approx(log_loss(Y, P))
    assert by_comparison(Y, p) == pytest.approx(log_loss(Y, P))
    accumulator = LogLossAccumulator([0, 1, 2]).update(Y, p)
    assert accumulator.report(n_null=0).overall["log_loss"] == pytest.approx(log_loss(Y, P))


@pytest.mark.parametrize("column", COLUMNS.values(), ids=COLUMNS)
@pytest.mark.parametrize(
    ("row", "bad", "match"),
    [
        (7, None, "row 7 holds no list"),
        (0, None, "row 0 holds no list"),
        (7, [0.5, 0.5], "row 7 holds 2 beside 3 in row 0"),
        (7, [0.5, None, 0.5], "row 7, column 1 holds nan"),
    ],
)
def test_a_column_of_lists_that_is_no_table(column, row, bad, match):
    rows = P.tolist()
    rows[row] = bad
    try:
        p = column(rows)
    except Exception as error:  # the library itself refuses it
        assert bad is not None
        pytest.skip(f"not made: {error}")
    for metric in (log_loss, cross_entropy):
        with pytest.raises(ValueError, match=f"y_proba .*{match}"):
            metric(Y, p)
    with pytest.raises(ValueError, match=f"y_proba .*{match}"):
        entropy(p)
    with pytest.raises(ValueError, match=f"y_true .*{match}"):
        cross_entropy(p, P)


def test_columns_of_other_lists():
    with pytest.raises(ValueError, match="column of lists of lists"):
        log_loss([0, 1], pd.Series([[[0.5, 0.5]], [[0.5, 0.5]]]))
    for empty in (
        pl.Series([], dtype=pl.List(pl.Float64)),
        pl.Series([[], []], dtype=pl.List(pl.Int8)),
    ):
        with pytest.raises(ValueError, match="y_proba is empty"):
            log_loss([0, 1], empty)
    with pytest.raises(TypeError, match="y_proba must hold probabilities"):
        log_loss([0, 1], pd.Series([["a", "b"], ["c", "d"]]))
    labels = pd.Series([["a"], ["b"]])  # as a list of lists of one label would be
    assert log_loss(labels, [[0.5, 0.5]] * 2) == pytest.approx(math.log(2))
    assert label_entropy(pl.Series([1, 2])) == pytest.approx(math.log(2))


def test_long_columns_of_lists_are_read_without_a_loop():
    """A list of Python numbers for each row would take a hundred times the memory."""
    p = np.tile(P, (20_000, 1))
    column = pl.Series(p.reshape(-1)).reshape(p.shape)
    y = np.tile(Y, 20_000)
    assert log_loss(y, column) == log_loss(y, p)
