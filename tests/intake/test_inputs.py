"""Bad input is refused with the argument, the rule, what was received and what to do."""

import enum
import inspect
import math
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import polars as pl
import pytest
from messages import message_of
from scipy import sparse
from sklearn.linear_model import LogisticRegression

import skxent.metrics
from skxent import (
    LogLossAccumulator,
    LogLossReport,
    compare_log_loss,
    cross_entropy,
    entropy,
    js_divergence,
    kl_divergence,
    label_entropy,
    log_loss,
    log_loss_report,
    log_loss_skill_score,
    make_per_class_scorer,
    neg_log_loss_scorer,
    perplexity,
)

LABELLED = [cross_entropy, perplexity, kl_divergence, js_divergence, log_loss, log_loss_skill_score]
SOFT = LABELLED[:4]
METRICS = [getattr(skxent.metrics, name) for name in skxent.metrics.__all__]
Y, P = [0, 1, 1], [[0.5, 0.5], [0.25, 0.75], [0.5, 0.5]]
# Rows of two columns that are read at a time, so that a row beyond is in a later block.
BLOCK = 32768


def refused(metric, *args, match, error=ValueError, **options):
    with pytest.raises(error, match=match):
        metric(*args, **options)


def call(metric, y=Y, p=P, **options):
    """`metric` with those of `y` and `p` that it takes."""
    names = inspect.signature(metric).parameters
    return metric(*[v for name, v in (("y_true", y), ("y_proba", p)) if name in names], **options)


def takes(option):
    return [m for m in METRICS if option in inspect.signature(m).parameters]


# Probabilities


BAD_TABLES = [
    ("nan", [[0.5, 0.5], [np.nan, 0.75], [0.5, 0.5]], "y_proba .*row 1, column 0 holds nan"),
    ("inf", [[0.5, 0.5], [0.5, np.inf], [0.5, 0.5]], "y_proba .*row 1, column 1 holds inf"),
    ("minus_inf", [[0.5, 0.5], [0.5, 0.5], [-np.inf, 1]], "row 2, column 0 holds -inf"),
    ("inf_both", [[0.5, 0.5], [np.inf, -np.inf], [0.5, 0.5]], "row 1, column 0 holds inf"),
    ("negative", [[1, 0], [1.2, -0.2], [0, 1]], r"row 1, column 0 holds 1\.2.*from_logits=True"),
    ("just_negative", [[1, 0], [1, 0], [-2e-6, 1]], "row 2, column 0 holds -2e-06"),
    ("just_above", [[1 + 2e-6, 0], [1, 0], [0, 1]], r"row 0, column 0 holds 1\.000002"),
    ("logits", [[-1.0, 3.0]] * 3, "row 0, column 0 holds -1.0.*from_logits=True"),
    ("sum", [[0.5, 0.5], [0.3, 0.3], [0.5, 0.5]], "row 1 sums to 0.6"),
    ("just_off", [[0.5, 0.5], [0.5, 0.50011], [0.5, 0.5]], "within 0.0001; row 1 sums to 1.00011"),
    ("just_below", [[0.5, 0.5], [0.5, 0.49989], [0.5, 0.5]], "row 1 sums to 0.99989"),
    ("zeros", [[0.5, 0.5], [0, 0], [0.5, 0.5]], "row 1 sums to 0"),
    ("none", [[0.5, 0.5], [None, 0.5], [0.5, 0.5]], "y_proba .*row 1, column 0 holds nan"),
    ("ragged", [[0.5, 0.5], [1.0], [0.5, 0.5]], "y_proba must have rows of equal length"),
    ("three_dimensions", np.full((3, 2, 2), 0.5), r"y_proba must have shape.*got \(3, 2, 2\)"),
    ("empty", [], "y_proba is empty"),
    ("no_rows", np.empty((0, 2)), r"y_proba is empty: shape \(0, 2\)"),
    ("masked", np.ma.masked_less(P, 0.3), "y_proba is a masked array"),
    ("missing", pl.DataFrame({"0": [0.5, 0.5, None], "1": [0.5] * 3}), "row 2, column 0 holds nan"),
    (
        "nullable",
        pd.DataFrame({"0": [0.5, None, 0.5], "1": [0.5] * 3}, dtype="Float64"),
        "row 1, column 0 holds nan",
    ),
]
WRONG_TYPES = [
    ("text", np.array([["a", "b"]] * 3), "y_proba must hold probabilities; got dtype <U1"),
    ("digits", np.array([["0", "1"]] * 3), "output of predict_proba"),
    ("text_objects", np.array([["0.5", "0.5"]] * 3, dtype=object), "y_proba must be numbers"),
    ("objects", np.array([[{}, 0.5]] * 3, dtype=object), "y_proba must be numbers"),
    ("complex", np.array(P) * 1j, "y_proba must hold probabilities; got dtype complex128"),
    ("sparse_array", sparse.csr_array(np.array(P)), r"y_proba is a sparse matrix.*toarray\(\)"),
    ("sparse_matrix", sparse.coo_matrix(np.array(P)), r"y_proba is a sparse matrix"),
    ("scalar", 0.5, "y_proba must be an array, .*got <class 'float'>"),
    ("nothing", None, "y_proba must be an array, .*NoneType"),
    (
        "lazy",
        pl.LazyFrame({"a": [0.5] * 3, "b": [0.5] * 3}),
        r"y_proba is lazy .*LazyFrame.*y_proba.collect\(\) .*LogLossAccumulator",
    ),
    ("set", {0.5, 0.25}, "y_proba must be an array, .*'set'"),
]


@pytest.mark.parametrize("metric", takes("y_proba"))
@pytest.mark.parametrize(
    ("p", "match"), [b[1:] for b in BAD_TABLES], ids=[b[0] for b in BAD_TABLES]
)
def test_bad_probabilities(metric, p, match):
    with pytest.raises(ValueError, match=match):
        call(metric, p=p)


@pytest.mark.parametrize("metric", takes("y_proba"))
@pytest.mark.parametrize(
    ("p", "match"), [b[1:] for b in WRONG_TYPES], ids=[b[0] for b in WRONG_TYPES]
)
def test_probabilities_of_a_wrong_type(metric, p, match):
    with pytest.raises(TypeError, match=match):
        call(metric, p=p)


@pytest.mark.parametrize("metric", LABELLED)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -0.1, 1.1])
def test_bad_probabilities_of_the_positive_class(metric, bad):
    refused(metric, Y, [0.5, bad, 0.5], match=rf"y_proba must hold finite .*row 1 holds {bad}")


def test_a_missing_probability_of_the_positive_class():
    p = pd.Series([0.5, None, 0.5], dtype="Float64")
    refused(log_loss, Y, p, match="row 1 holds nan")
    refused(log_loss, Y, p, from_logits=True, match="row 1 holds nan")


@pytest.mark.parametrize("metric", takes("renormalize"))
def test_renormalize_forgives_rounding_below_zero(metric):
    p, zero = [[2.0, 1.0], [-1e-9, 3.0], [1.0, 1.0]], [[2.0, 1.0], [0.0, 3.0], [1.0, 1.0]]
    expected = call(metric, [0, 0, 1], zero, renormalize=True)
    assert call(metric, [0, 0, 1], p, renormalize=True) == pytest.approx(expected, abs=1e-8)


def test_rounding_is_forgiven():
    p = np.array([[1 + 9e-7, -9e-7], [0.5, 0.50009]])
    costs = cross_entropy([0, 1], p, reduction="none")
    assert costs.tolist() == [0, pytest.approx(-math.log(0.50009), rel=1e-14)]
    half = np.array([[0.3, 0.7], [0.3333, 0.6606]], dtype=np.float16)
    assert log_loss([0, 1], half) == pytest.approx(
        -np.log(half[[0, 1], [0, 1]].astype(float)).mean()
    )
    refused(log_loss, [0, 1], np.float16([[0.3, 0.7], [0.3, 0.68]]), match="within 0.01; row 1")
    assert log_loss([0, 1], [-9e-7, 1 + 9e-7]) == 0
    soft = cross_entropy([[0.5, 0.5]], [[1 + 9e-7, 1e-8]])
    assert soft == pytest.approx(-math.log(1e-8) / 2, rel=1e-15)
    assert entropy([1 + 9e-7, 1e-8]) == pytest.approx(-1e-8 * math.log(1e-8), rel=1e-15)


@pytest.mark.parametrize("metric", LABELLED)
@pytest.mark.parametrize("row", [BLOCK - 1, BLOCK, 3 * BLOCK + 17])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_row_is_found_in_any_block(metric, row, dtype):
    y, p = np.resize([0, 1], 4 * BLOCK), np.full((4 * BLOCK, 2), 0.5, dtype=dtype)
    p[row] = 0.25
    refused(metric, y, p, match=f"row {row} sums to 0.5")
    p[row] = np.nan
    refused(metric, y, p, match=f"row {row}, column 0 holds nan")
    refused(metric, y, p, match=f"row {row} holds nan in column 0", from_logits=True)
    refused(metric, y, p, match=rf"row {row} is \[nan, nan\]", renormalize=True)
    refused(metric, y, p[:, 1], labels=[0, 1], match=f"row {row} holds nan")


@pytest.mark.parametrize("metric", takes("from_logits"))
@pytest.mark.parametrize(
    ("logits", "match"),
    [
        ([[0.0, 1.0], [np.nan, 0.0], [0.0, 1.0]], "row 1 holds nan in column 0"),
        ([[0.0, 1.0], [0.0, np.inf], [0.0, 1.0]], "row 1 holds inf in column 1"),
        ([[0.0, 1.0], [-np.inf, -np.inf], [0.0, 1.0]], "row 1 is all -inf"),
    ],
)
def test_bad_logits(metric, logits, match):
    with pytest.raises(ValueError, match=f"y_proba must hold .*{match}"):
        call(metric, p=logits, from_logits=True)


@pytest.mark.parametrize("metric", takes("renormalize"))
@pytest.mark.parametrize("row", [[0, 0], [3, -1], [np.inf, 1], [np.nan, 1]])
def test_rows_that_cannot_be_normalized(metric, row):
    p = [[2.0, 3.0], row, [1.0, 1.0]]
    refused(metric, Y, p, renormalize=True, match="y_proba with renormalize=True .*row 1 is ")


def test_renormalize_is_offered_only_where_it_exists():
    refused(log_loss, Y, [[0.3, 0.3]] * 3, match="renormalize=True")
    with pytest.raises(ValueError, match="must sum to 1") as raised:
        entropy([[0.3, 0.3]])
    assert "renormalize" not in str(raised.value)


@pytest.mark.parametrize("p", [[0.5, 0.6], [0.3, 0.3], [-0.2, 1.2]])
def test_single_distributions_are_distributions(p):
    """Elsewhere the second and the third give a number: 0.0 beside [.5, .5], and -inf."""
    refused(entropy, p, match="y_proba")
    for metric in SOFT:
        refused(metric, [0.5, 0.5], p, match="y_proba")
        refused(metric, p, [0.5, 0.5], match="y_true")


# Labels

BAD_LABELS = [
    ("none", ["a", None, "b"], ValueError, r"y_true has a missing label \(None\) in row 1"),
    ("nan", [0, np.nan, 1], ValueError, r"y_true has a missing label \(nan\) in row 1"),
    (
        "nan_object",
        np.array(["a", np.nan, "b"], object),
        ValueError,
        r"missing label \(nan\) in row 1",
    ),
    (
        "pandas_na",
        pd.Series(["a", pd.NA, "b"], dtype="string"),
        ValueError,
        "missing label .*row 1",
    ),
    ("nullable", pd.Series([0, None, 1], dtype="Int64"), ValueError, "missing label .*row 1"),
    ("polars_null", pl.Series(["a", None, "b"]), ValueError, r"missing label \(None\) in row 1"),
    (
        "category",
        pd.Series(["a", None, "b"], dtype="category"),
        ValueError,
        "missing label .*row 1",
    ),
    ("mixed", [1, "a", 1], ValueError, "y_true mixes .*str 'a' cannot be compared with int 1"),
    (
        "mixed_objects",
        np.array([1, "a", 1], object),
        ValueError,
        "y_true mixes labels of different types",
    ),
    ("unhashable", np.array([{}, {}, {}]), TypeError, "y_true holds values that cannot be labels"),
    (
        "dates",
        np.array(["2020-01-01"] * 3, "M8[D]"),
        TypeError,
        r"y_true has dtype datetime64\[D\]",
    ),
    ("masked", np.ma.masked_equal([0, 1, 1], 0), ValueError, "y_true is a masked array"),
    ("ragged", [[0], [1, 2], [0]], ValueError, "y_true must be .*unequal length"),
    ("scalar", 1, TypeError, "y_true must be a list or .*got <class 'int'>"),
    ("nothing", None, TypeError, "y_true must be a list or .*NoneType"),
    ("set", {0, 1, 2}, TypeError, "y_true must be a list or .*'set'"),
    ("keys", {0: 0, 1: 1, 2: 2}.keys(), TypeError, "y_true must be a list or .*dict_keys"),
    ("sparse", sparse.csr_array([[0], [1], [1]]), TypeError, "y_true must .*csr_array|is a sparse"),
    ("lazy", pl.LazyFrame({"a": [0, 1, 1]}), TypeError, r"y_true is lazy .*y_true.collect\(\)"),
    (
        "three_dimensions",
        np.zeros((3, 1, 1)),
        ValueError,
        r"y_true must be .*got shape \(3, 1, 1\)",
    ),
]


@pytest.mark.parametrize("metric", [*LABELLED, label_entropy])
@pytest.mark.parametrize(
    ("y", "error", "match"), [b[1:] for b in BAD_LABELS], ids=[b[0] for b in BAD_LABELS]
)
def test_bad_labels(metric, y, error, match):
    with pytest.raises(error, match=match):
        call(metric, y=y)


def test_no_labels_at_all():
    refused(label_entropy, [], match="y_true is empty")
    refused(label_entropy, [[1, 0], [0, 1]], match=r"y_true must be .*got shape \(2, 2\)")


@pytest.mark.parametrize("metric", LABELLED)
@pytest.mark.parametrize("p", [P, [0.5, 0.25, 0.5], np.array(P)])
def test_unequal_lengths(metric, p):
    refused(metric, [0, 1], p, match="y_true and y_proba .*same number of rows; got 2 and 3")


@pytest.mark.parametrize("metric", LABELLED)
@pytest.mark.parametrize(
    ("y", "p", "labels", "match"),
    [
        (Y, P, [0, 0], r"labels must not repeat a label; repeated: \[0\]"),
        (["a", "b", "b"], P, ["b", "a", "b"], r"repeated: \['b'\]"),
        (Y, P, [], "labels is empty"),
        (Y, P, [0, None], "labels has a missing label"),
        (Y, P, [0, np.nan], "labels has a missing label"),
        (Y, P, [[0, 1], [1, 0]], r"labels must be a one-dimensional"),
        (Y, P, [0, 1, 2], "labels names 3 classes, but y_proba has 2 columns"),
        ([0, 7, 7], P, [0, 1], r"y_true holds a label that labels does not: 7 \(row 1\).*\[0, 1\]"),
        # As signed integers of the same 64 bits, the label would be -1.
        (
            np.array([2**40, 2**64 - 1, 2**40], "u8"),
            P,
            [-1, 2**40],
            r"does not: 18446744073709551615 \(row 1\)",
        ),
        (
            ["0", "1", "1"],
            P,
            [0, 1],
            r"does not: '0' \(row 0\).*str '0' cannot be compared with int 0",
        ),
        ([0, 0, 0], P, None, r"y_true holds one label only, \[0\].*2 columns.*labels="),
        (
            [0, 1, 2],
            P,
            None,
            r"y_true holds 3 different labels, \[0, 1, 2\].*only 2 col.*all classes",
        ),
        (Y, [[0.5], [0.25], [0.5]], None, r"one column.*y_proba\[:, 0\]"),
        (Y, [0.5, 0.25, 0.5], [0, 1, 2], r"1-D y_proba .*labels names 3: \[0, 1, 2\]"),
        ([0, 1, 2], [0.5, 0.25, 0.5], None, r"1-D y_proba .*y_true holds 3: \[0, 1, 2\].*2-D"),
        ([0.5, 0.2, 3.1], P, None, r"different labels.*cannot be classes\. Pass the classes"),
        ([0, 1, 5], [0.5, 0.25, 0.5], [0, 1], r"does not: 5 \(row 2\)"),
        (["a", "b", "b"], [0.5, 0.25, 0.5], None, r"strings \['a', 'b'\].*pos_label="),
        ([1, 1, 1], [0.5, 0.25, 0.5], None, r"one label only, \[1\].*pos_label= or labels="),
    ],
)
def test_labels_and_columns_that_do_not_match(metric, y, p, labels, match):
    refused(metric, y, p, labels=labels, match=match)


@pytest.mark.parametrize("of", [log_loss, log_loss_report])
def test_labels_and_probabilities_that_changed_places(of):
    refused(of, [0.5, 0.25, 0.75], [0, 1, 1], match=r"holds 3 numbers, \[0.25, .*rows first")


@pytest.mark.parametrize("metric", LABELLED)
@pytest.mark.parametrize(
    ("y", "p", "options", "match"),
    [
        (Y, P, {"pos_label": 1}, "pos_label=1 .*1-D y_proba .*y_proba has 2 columns.*labels="),
        (np.eye(2)[Y], P, {"pos_label": 1}, "pos_label=1 is for a 1-D y_proba"),
        (["a", "b", "b"], [0.5] * 3, {"pos_label": "c"}, "pos_label='c' is not a label of y_true"),
        (
            Y,
            [0.5] * 3,
            {"pos_label": 2, "labels": [0, 1]},
            r"pos_label=2 is not one of labels=\[0, 1\]",
        ),
        ([1, 1, 1], [0.5] * 3, {"pos_label": "1"}, "pos_label='1' is of another type than y_true"),
        (["a"] * 3, [0.5] * 3, {"pos_label": 1}, "pos_label=1 is of another type than y_true"),
        (Y, [0.5] * 3, {"pos_label": "1"}, "pos_label='1' is not a label of y_true"),
    ],
)
def test_bad_positive_labels(metric, y, p, options, match):
    refused(metric, y, p, match=match, **options)


def test_a_label_of_the_test_rows_that_the_estimator_never_saw():
    """Elsewhere label 7 is scored against the column of class 2, and 2 against that of 1."""
    p = np.full((3, 3), 1 / 3)
    refused(log_loss, [0, 1, 7], p, labels=[0, 1, 2], match=r"7 \(row 2\)")
    refused(log_loss, [0, 2, 2], P, labels=[0, 1], match=r"2 \(row 1\)")


def test_labels_in_their_own_order_cost_what_they_should():
    """Elsewhere a perfect prediction costs 36.04 if the labels are not sorted."""
    p = np.eye(3)[[0, 1, 2]]
    assert log_loss(["low", "med", "high"], p, labels=["low", "med", "high"]) == 0
    refused(log_loss, ["cancer", "healthy"], [0.9, 0.1], match="pos_label=")
    assert log_loss(["cancer", "healthy"], [0.9, 0.1], pos_label="cancer") == pytest.approx(
        -math.log(0.9)
    )


# Labels that cannot be compared

X = np.arange(12.0)[:, None]
TEXTS = np.array(["a", "b", "c"] * 4)
MODEL = LogisticRegression().fit(X, TEXTS)
THIRDS = np.full((12, 3), 1 / 3)
ACCUMULATOR = LogLossAccumulator(["a", "b", "c"])
JUDGES = {
    "log_loss": lambda y: log_loss(y, THIRDS, labels=TEXTS[:3]),
    "labels": lambda y: log_loss(TEXTS, THIRDS, labels=y[:3]),
    "cross_entropy": lambda y: cross_entropy(y, THIRDS, labels=TEXTS[:3]),
    "report": lambda y: log_loss_report(y, THIRDS, labels=TEXTS[:3]),
    "comparison": lambda y: compare_log_loss(y, {"a": THIRDS, "b": THIRDS}, labels=TEXTS[:3]),
    "accumulator": lambda y: ACCUMULATOR.update(y, THIRDS),
    "from_estimator": lambda y: LogLossReport.from_estimator(MODEL, X, y),
    "scorer": lambda y: neg_log_loss_scorer(MODEL, X, y),
    "per_class": lambda y: make_per_class_scorer(["a", "b", "c"])(MODEL, X, y),
}
OTHERS = {
    "bytes": (TEXTS.astype("S"), "bytes"),
    "bytes_objects": (TEXTS.astype("S").astype(object), "bytes"),
    "integers": (np.array([1, 2, 3] * 4), "int"),
    "floats": (np.array([1.0, 2.0, 3.0] * 4), "float"),
    "objects": (np.array([1, 2.5, 3] * 4, object), "int|float"),
}


@pytest.mark.parametrize("judge", JUDGES.values(), ids=JUDGES)
@pytest.mark.parametrize(("y", "kind"), OTHERS.values(), ids=OTHERS)
def test_labels_of_another_type_are_refused_alike(judge, y, kind):
    """Of bytes and text, numpy makes equal labels where it puts them into one array."""
    pair = rf"({kind}) .* cannot be compared with str|str .* cannot be compared with ({kind}) "
    refused(judge, y, match=pair)


@pytest.mark.parametrize(
    ("y", "match"),
    [
        ([b"a", "b", "a"], "str .* cannot be compared with bytes"),
        (np.array([b"a", "b", "a"], object), "str .* cannot be compared with bytes"),
        ([1, "b", 1], "str 'b' cannot be compared with int 1"),
        ([b"1", 1, 1], "int 1 cannot be compared with bytes b'1'"),
        ([(1, 2), "a", "a"], "tuple|shape|unequal"),
        (np.array([1j, 2j, 1j], object), "complex"),
        (
            np.array([datetime(2020, 1, 1), datetime(2020, 1, 1, tzinfo=UTC)] * 2, object)[:3],
            "offset-naive and offset-aware",
        ),
    ],
)
def test_labels_of_several_types(y, match):
    for metric in (log_loss, cross_entropy, label_entropy):
        refused(call, metric, y=y, match=match)
    refused(LogLossAccumulator, y, match=match)
    refused(log_loss, Y, [[0.2, 0.3, 0.5]] * 3, labels=y, match=match)


@pytest.mark.parametrize("zone", [None, "UTC"])
@pytest.mark.parametrize("metric", [*LABELLED, label_entropy])
def test_dates_are_no_labels_with_or_without_a_time_zone(zone, metric):
    y = pd.Series(pd.to_datetime(["2020-01-01", "2021-01-01", "2021-01-01"])).dt.tz_localize(zone)
    for dates in (y, y.astype(object), y.tolist(), y.dt.date.tolist(), y - y[0]):
        refused(call, metric, y=dates, error=TypeError, match="labels must be integers, booleans")


def test_a_positive_label_of_another_type():
    match = "pos_label=b'b' .*bytes b'b' cannot be compared with str 'a'"
    refused(log_loss, ["a", "b", "b"], [0.5] * 3, pos_label=b"b", labels=["a", "b"], match=match)
    refused(log_loss, ["a", "a", "a"], [0.5] * 3, pos_label=b"b", match=match)


def test_integers_beyond_those_with_a_sign():
    big = 2**63 + 1
    y, floats = np.array([big, 5, 5], "u8"), [[0.25, 0.75], [0.5, 0.5], [0.5, 0.5]]
    expected = (math.log(4 / 3) + 2 * math.log(2)) / 3
    assert log_loss(y, floats) == pytest.approx(expected)
    for labels in ([5, big], np.array([5, big], "u8"), np.array([5, big], object)):
        assert log_loss(y, floats, labels=labels) == pytest.approx(expected)
    # As floats, the two would be the same.
    refused(log_loss, y, floats, labels=[5, big - 1], match=f"does not: {big} ")
    refused(log_loss, y, floats, labels=np.array([5, -1]), match=f"does not: {big} ")
    mixed = np.array([big, -5, -5], object)
    assert log_loss(mixed, floats, labels=[-5, big]) == pytest.approx(expected)
    assert log_loss([big, -5, -5], floats) == pytest.approx(expected)


def test_an_estimator_of_signed_integers_beside_those_beyond():
    model = LogisticRegression().fit(X, np.arange(12) % 2 - 1)
    y = np.array([2**63 + 1, 2**63 + 3] * 6, "u8")
    report = LogLossReport.from_estimator(model, X, y, recalibration=False, n_null=0)
    assert report.labels.tolist() == [-1, 0, 2**63 + 1, 2**63 + 3]
    assert report.per_class["support"].tolist() == [0, 0, 6, 6]
    assert neg_log_loss_scorer(model, X, y) == pytest.approx(-report.overall["log_loss"])


def test_text_that_is_not_unicode():
    """Half of a surrogate pair, which names of files may hold, is a label like others."""
    y = ["\ud800", "b", "b"]
    assert log_loss(y, P, labels=["\ud800", "b"]) == log_loss([0, 1, 1], P)
    with pytest.raises(ValueError, match="does not") as raised:
        log_loss(y, P, labels=["a", "b"])
    assert str(raised.value).encode()


# What is not in memory


def lazy(library, name, *ways):
    """An object as that of a library, which fails if it is read."""

    def fails(*_):
        pytest.fail("it was pulled into memory")

    functions = dict.fromkeys((*ways, "__array__", "__len__", "__getitem__", "__iter__"), fails)
    kind = type(name, (), functions | {"__module__": library, "shape": (12, 3), "ndim": 2})
    return kind()


LAZY = {
    "dask_array": (lazy("dask.array.core", "Array", "compute"), "compute"),
    "dask_frame": (lazy("dask.dataframe.dask_expr._collection", "Series", "compute"), "compute"),
    "spark": (lazy("pyspark.sql.dataframe", "DataFrame", "collect", "toPandas"), "toPandas"),
    "connect": (lazy("pyspark.sql.connect.dataframe", "DataFrame", "toPandas"), "toPandas"),
    "duckdb": (lazy("_duckdb", "DuckDBPyRelation", "df"), "df"),
    "ibis": (lazy("ibis.expr.types.relations", "Table", "to_pandas"), "to_pandas"),
    "reader": (lazy("pyarrow.lib", "RecordBatchReader", "read_all"), "read_all"),
    "polars": (pl.LazyFrame(dict.fromkeys("abc", [0.5] * 12)), "collect"),
}
TAKING = {
    **{m.__name__: lambda v, m=m: call(m, y=Y, p=v) for m in takes("y_proba")},
    "y_true": lambda v: log_loss(v, THIRDS),
    "label_entropy": label_entropy,
    "labels": lambda v: log_loss(TEXTS, THIRDS, labels=v),
    "sample_weight": lambda v: log_loss(TEXTS, THIRDS, sample_weight=v),
    "reference": lambda v: log_loss_skill_score(TEXTS, THIRDS, reference=v),
    "report": lambda v: log_loss_report(TEXTS, v),
    "comparison": lambda v: compare_log_loss(TEXTS, {"a": THIRDS, "b": v}),
    "update": lambda v: ACCUMULATOR.update(TEXTS, v),
    "update_labels": lambda v: ACCUMULATOR.update(v, THIRDS),
    "update_weights": lambda v: ACCUMULATOR.update(TEXTS, THIRDS, v),
    "scorer": lambda v: neg_log_loss_scorer(MODEL, X, v),
    "from_estimator": lambda v: LogLossReport.from_estimator(MODEL, X, v),
    "from_cv": lambda v: LogLossReport.from_cv(LogisticRegression(), X, v),
}


@pytest.mark.parametrize("take", TAKING.values(), ids=TAKING)
@pytest.mark.parametrize(("given", "way"), LAZY.values(), ids=LAZY)
def test_what_is_not_in_memory_is_not_pulled_into_it(take, given, way):
    library = type(given).__module__.partition(".")[0]
    engine = {"dask": "dask", "pyspark": "spark"}.get(library)
    instead = r"batch by batch with LogLossAccumulator"
    if engine:
        instead = rf"skxent\.engines\.{engine}\.log_loss_report"
    match = rf"is lazy .*\.{way}\(\) if it fits, .*{instead}"
    refused(take, given, error=TypeError, match=match)


@pytest.mark.parametrize("take", TAKING.values(), ids=TAKING)
def test_real_dask_and_xarray_are_not_computed(take):
    da = pytest.importorskip("dask.array")
    xr = pytest.importorskip("xarray")

    def fails(block):
        pytest.fail("it was computed")

    array = da.from_array(THIRDS).map_blocks(fails, dtype=float, meta=np.empty((0, 0)))
    for given in (array, array[:, 0], xr.DataArray(array)):
        refused(take, given, error=TypeError, match=r"is lazy .*\.compute\(\)")


# Distributions as targets


@pytest.mark.parametrize("metric", LABELLED)
@pytest.mark.parametrize(("y", "n"), [([[1, 1], [0, 1], [1, 0]], 2), ([[0, 0], [0, 1], [1, 0]], 0)])
def test_multilabel_indicators(metric, y, n):
    match = rf"multilabel indicator: row 0 has {n} labels.*y_true\[:, j\] with y_proba\[:, j\]"
    refused(metric, y, P, match=match)
    refused(metric, np.array(y, dtype=bool), P, match=match)


@pytest.mark.parametrize("metric", [log_loss, log_loss_skill_score])
def test_soft_labels_are_for_the_cross_entropy(metric):
    y = [[1, 0], [0.25, 0.75], [0, 1]]
    refused(metric, y, P, match=r"row 1 is \[0.25, 0.75\].*use cross_entropy")
    many = np.tile([1.0, 0.0], (2 * BLOCK, 1))
    many[BLOCK + 5] = 0.5
    refused(metric, many, np.full((2 * BLOCK, 2), 0.5), match=f"row {BLOCK + 5} is .*cross_entropy")


@pytest.mark.parametrize("metric", LABELLED)
@pytest.mark.parametrize(
    ("y", "p", "error", "match"),
    [
        (np.eye(3)[[0, 1, 2]], P, ValueError, "same columns; got 3 and 2"),
        (np.eye(2)[[0, 1]], P, ValueError, "same number of rows; got 2 and 3"),
        (np.eye(2)[Y], [0.5] * 3, ValueError, r"y_true has shape \(3, 2\) and y_proba \(3,\)"),
        ([["a", "b"]] * 3, P, TypeError, "y_true must hold probabilities; got dtype <U1"),
        (sparse.csr_array(np.eye(2)[Y]), P, TypeError, "y_true is a sparse matrix"),
        (np.ma.masked_equal(np.eye(2)[Y], 0), P, ValueError, "y_true is a masked array"),
        ([[1, 0], [0, np.nan], [0, 1]], P, ValueError, "y_true .*row 1, column 1 holds nan"),
        ([[1, 0], [0, 2], [0, 1]], P, ValueError, "y_true .*row 1, column 1 holds 2"),
        (
            [[0.5, 0.5], [0.25, 0.5], [0, 1]],
            P,
            ValueError,
            "y_true must sum to 1 .*row 1 sums to 0.75",
        ),
    ],
)
def test_bad_distributions(metric, y, p, error, match):
    refused(metric, y, p, error=error, match=match)


@pytest.mark.parametrize("metric", LABELLED)
def test_distributions_and_labels_that_do_not_match(metric):
    y = np.eye(2)[Y]
    refused(metric, y, P, labels=["a", "b", "c"], match="labels names 3 classes")
    refused(metric, y, P, labels=["a", "a"], match="labels must not repeat")


@pytest.mark.parametrize("metric", SOFT)
def test_two_readings_of_one_pair_of_vectors(metric):
    """Integers that sum to 1 beside floats that sum to 1 may be labels or a distribution."""
    y, p = [0, 1, 0], [0.1, 0.8, 0.1]
    match = r"two ways: as 3 labels .* over 3 events.*labels=\[0, 1\].*astype\(float\)"
    refused(metric, y, p, match=match)
    as_labels = metric(y, np.column_stack([1 - np.array(p), p]))
    assert metric(y, p, labels=[0, 1]) == pytest.approx(as_labels, rel=1e-14)
    assert metric(y, p, pos_label=1) == pytest.approx(as_labels, rel=1e-14)
    assert metric(np.array(y, float), p) == pytest.approx(metric([1], [p], labels=range(3)))
    # Two events read the same either way, but for their number.
    as_labels = metric([0, 1], [[0.7, 0.3], [0.3, 0.7]])
    assert metric([0, 1], [0.3, 0.7]) == pytest.approx(as_labels, rel=1e-14)


def test_float_labels_are_labels_for_the_log_loss():
    assert log_loss([0.0, 1.0, 0.0], [0.1, 0.8, 0.1]) == log_loss([0, 1, 0], [0.1, 0.8, 0.1])
    for metric in SOFT:
        refused(metric, [0.0, 1.0, 1.0], [0.1, 0.8, 0.7], match=r"3 events.*2.*astype\(int\)")
        refused(metric, [0.5, 0.2, 0.2], [0.1, 0.8, 0.1], match="y_true must sum to 1.*sums to 0.9")


# Weights


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(
    ("weight", "match"),
    [
        ([1, -1, 1], "not negative; row 1 has -1.0"),
        ([1, 1, np.nan], "finite .*row 2 has nan"),
        ([np.inf, 1, 1], "finite .*row 0 has inf"),
        ([0, 0, 0], "is 0 in every row"),
        ([1e308, 1e308, 1e308], "sums to 1e300 or more"),
        ([1, 1], r"must have shape \(3,\).*got \(2,\)"),
        (1.0, r"must have shape \(3,\).*got \(\)"),
        ([[1, 1, 1]], r"must have shape \(3,\).*got \(1, 3\)"),
        ([[1, 1]] * 3, r"must have shape \(3,\).*got \(3, 2\)"),
        ([], r"must have shape \(3,\).*got \(0,\)"),
        (["a", "b", "c"], "must be numbers"),
        (["1", "2", "3"], "must be numbers"),
        ([1, None, 1], "row 1 has nan"),
        ([[1], [1, 2], [3]], "must be numbers"),
        (np.ma.masked_equal([1.0, 2.0, 3.0], 2), "is a masked array"),
        (pd.Series([1, None, 1], dtype="Float64"), "row 1 has nan"),
    ],
)
def test_bad_weights(metric, weight, match):
    with pytest.raises(ValueError, match=f"sample_weight.*{match}"):
        call(metric, sample_weight=weight)


# Single arguments


@pytest.mark.parametrize("metric", takes("base"))
@pytest.mark.parametrize("base", [1, 0.5, 0, -2, math.inf, math.nan, "2", True, [2], 2j])
def test_bad_bases(metric, base):
    with pytest.raises(
        ValueError, match=r"base must be a finite number above 1.*None for nats; got"
    ):
        call(metric, base=base)


@pytest.mark.parametrize("metric", takes("eps"))
@pytest.mark.parametrize("eps", [-1e-3, 1, 2, math.nan, math.inf, "auto", None, True])
def test_bad_floors(metric, eps):
    with pytest.raises(ValueError, match=r"eps must be a number in \[0, 1\).*got"):
        call(metric, eps=eps)


@pytest.mark.parametrize("metric", takes("reduction"))
@pytest.mark.parametrize("reduction", ["average", None, True, 1, ["mean"]])
def test_bad_reductions(metric, reduction):
    with pytest.raises(ValueError, match="reduction must be one of 'mean', 'sum', 'none'; got"):
        call(metric, reduction=reduction)


@pytest.mark.parametrize("average", ["weighted", "none", 0, False, ["micro"]])
def test_bad_averages(average):
    refused(
        log_loss, Y, P, average=average, match="average must be one of 'micro', 'macro', None; got"
    )


def test_a_sum_of_class_means_has_no_meaning():
    refused(
        log_loss, Y, P, average="macro", normalize=False, match="normalize=False has no meaning"
    )


@pytest.mark.parametrize(
    ("reference", "error", "match"),
    [
        ({0: 0.5}, ValueError, r"reference must name each label once; no value for \[1\]"),
        ({0: 0.5, 1: 0.3, 2: 0.2}, ValueError, r"no label for \[2\]"),
        ([0.2, 0.3, 0.5], ValueError, r"reference must hold one .* 2 labels; got shape \(3,\)"),
        ([0.5, 0.6], ValueError, "reference must sum to 1"),
        ([1.5, -0.5], ValueError, "reference must hold finite probabilities"),
        ([np.nan, 1.0], ValueError, "reference must hold finite probabilities"),
        (["a", "b"], TypeError, "reference must hold probabilities"),
    ],
)
def test_bad_references(reference, error, match):
    refused(log_loss_skill_score, Y, P, reference=reference, error=error, match=match)


def test_skill_without_anything_to_save():
    """Elsewhere the score of a single class is -7.4e14."""
    options = {"labels": [0, 1], "match": "single class.*reference="}
    refused(log_loss_skill_score, [1, 1, 1], P, **options)


# Types that are unusual, but not wrong


def test_matrices():
    p, y = np.array(P).view(np.matrix), np.array([[0], [1], [1]]).view(np.matrix)
    assert log_loss(y, p) == log_loss(Y, P)
    assert isinstance(cross_entropy(Y, p, reduction="none"), np.ndarray)


def test_nested_rows_of_one_hot_targets():
    for y in ([[1, 0], [0, 1], [0, 1]], ((1, 0), (0, 1), (0, 1)), list(np.eye(2)[Y])):
        assert log_loss(y, P) == log_loss(Y, P)


def test_numbers_and_text_in_one_list_stay_apart():
    """numpy alone would turn 1 into '1', and find it among the labels."""
    refused(log_loss, [1, "2", 1], P, labels=["1", "2"], match=r"does not: 1 \(row 0\)")


def test_weights_of_objects_and_of_extreme_size():
    p = [[0.5, 0.5], [0.25, 0.75]]
    expected = (2 * math.log(2) - math.log(0.75)) / 3
    for weight in ([2, 1], np.array([2, 1], object), np.array([np.float32(2), True], object)):
        assert log_loss([0, 1], p, sample_weight=weight) == pytest.approx(expected, rel=1e-15)
    weight = np.array([1, None], object)
    assert "row 1 has nan" in message_of(log_loss, [0, 1], p, sample_weight=weight)
    assert "1e300 or more" in message_of(log_loss, [0, 1], p, sample_weight=[1e300, 0])
    assert "1e300 or more" in message_of(log_loss, [0, 1], p, sample_weight=[1.5e300, 0])
    assert perplexity([0, 0], [[5e-324, 1.0]] * 2, labels=[0, 1], reduction="sum") == math.inf
    assert label_entropy(["a", "b"], sample_weight=[1e-320, 1e299]) >= 0


class Kind(enum.Enum):
    """Labels that no order is known of."""

    ONE = "one"
    TWO = "two"


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: log_loss([0, 1], [[0.5, 0.5], [np.nan, 1.0]]), ValueError, "Leave out rows that"),
        (lambda: log_loss([Kind.ONE, Kind.TWO], [[0.5, 0.5]] * 2), ValueError, "type Kind.*names"),
        (
            lambda: log_loss(
                ["a", "b"], pd.DataFrame([[0.5, 0.5, 1]] * 2, columns=["a", "b", "id"])
            ),
            ValueError,
            r"besides theirs, \['id'\]; leave them out",
        ),
        (lambda: js_divergence([0.5, 0.5], [0.2, 0.3, 0.5]), ValueError, "got 2 and 3 numbers"),
        (
            lambda: log_loss([0, 1], [0.5, 0.5], sample_weight="balanced"),
            ValueError,
            "must be numbers, one for each row: got",
        ),
        (lambda: LogLossAccumulator([0, 1]).update(1, [0.5, 0.5]), TypeError, "y_true"),
        (lambda: LogLossReport.from_json({}), TypeError, "a str; got dict"),
    ],
)
def test_an_error_says_what_would_help_here(call, error, message):
    """And not what would help elsewhere, such as logits for a missing value."""
    with pytest.raises(error, match=message) as caught:
        call()
    assert "from_logits" not in str(caught.value)
