"""
Whatever is passed: the right number, or ValueError or TypeError that says what was wrong.

Each property is tested with a few examples, and with many behind the marker `slow`.
"""

import inspect
import math
import pickle
import re
from collections import Counter
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
import strategies
from breakages import faults
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from scipy import sparse
from strategies import (
    EPS,
    METRICS,
    accumulated,
    calls,
    expected,
    reported,
    scored,
    scored_by_class,
)

from skxent import (
    LogLossAccumulator,
    cross_entropy,
    entropy,
    get_scorer,
    label_entropy,
    log_loss,
    log_loss_report,
    log_loss_skill_score,
    make_scorer,
)

FEW = {"valid": 200, "report": 30, "broken": 60, "fuzz": 120}
MANY = {"valid": 7000, "report": 1000, "broken": 1500, "fuzz": 11000}


def sizes(name):
    return pytest.mark.parametrize(
        "n", [FEW[name], pytest.param(MANY[name], marks=pytest.mark.slow)]
    )


def check_each(n, strategy, check):
    """`check` of `n` examples, always the same ones."""
    seen = 0

    @settings(
        max_examples=n,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def checked(example):
        nonlocal seen
        seen += 1
        check(example)

    checked()
    assert seen >= n


def test_the_long_profile_has_twenty_thousand_examples():
    assert sum(MANY.values()) >= 20_000


# Valid input


def state(given):
    """All that a caller could see of an argument."""
    if isinstance(given, np.ndarray):
        # The place in memory as well: nothing may be sorted and put back.
        return (given.dtype, given.shape, given.strides, given.tobytes(), given.flags.writeable)
    if isinstance(given, pd.DataFrame | pd.Series | pl.DataFrame | pl.Series):
        return pickle.dumps(given.to_numpy().tolist()), repr(given)
    return repr(given)


def close(value, exact, call):
    """Equal to rounding, with room for the rounding of the terms that the value is a sum of."""
    if math.isnan(exact):  # the mean of a class without rows
        return math.isnan(value) and call.options.get("average", "micro") is None
    if math.isinf(exact):
        return value == exact
    scale = 1.0
    if call.options.get("reduction") == "sum" or not call.options.get("normalize", True):
        scale = max(1.0, sum(call.weight or [1.0]))
    return abs(value - exact) <= 1e-12 * abs(exact) + 1e-14 * scale * len(call.codes)


def check_value(call):
    before = {name: state(given) for name, given in call.arguments().items()}
    value, exact = call(), expected(call)
    assert {name: state(given) for name, given in call.arguments().items()} == before
    if isinstance(exact, list):
        assert isinstance(value, np.ndarray)
        assert (value.dtype, value.shape) == (np.float64, (len(exact),))
        assert all(close(v, e, call) for v, e in zip(value, exact, strict=True)), exact
    else:
        assert type(value) is float
        assert close(value, exact, call), exact
    if math.inf in np.ravel(value):
        # Only what is documented: an event that happens had probability 0.
        assert call.name in ("perplexity", "cross_entropy", "kl_divergence") or (
            call.options.get("eps") == 0
        )


@sizes("valid")
def test_valid_calls_have_the_exact_value(n):
    check_each(n, calls(), check_value)


def check_report(call):
    """A report from one array and from two batches: finite but for what is documented."""
    options = {k: v for k, v in call.options.items() if k not in ("base", "eps")}
    labels = options.setdefault("labels", strategies.as_objects(call.names))
    report = log_loss_report(call.y, call.p, **options, recalibration=False, n_null=0)
    overall = report.overall
    named = ("log_loss", "label_entropy", "predictive_entropy", "perplexity", "macro_log_loss")
    assert all(math.isfinite(overall[name]) for name in named)
    always = ("contribution", "expected", "gap", "mean_proba", "prevalence", "ovr_log_loss")
    assert all(np.isfinite(report.per_class[name]).all() for name in always)
    assert report.per_class["contribution"].sum() == pytest.approx(overall["log_loss"], rel=1e-12)
    weight, kept = options.pop("sample_weight", None), ("pos_label", "from_logits", "renormalize")
    accumulator = LogLossAccumulator(labels, **{k: v for k, v in options.items() if k in kept})
    parts = np.array_split(np.arange(len(call.codes)), 2)
    y, p = as_rows(call.y), as_rows(call.p)
    weight = None if weight is None else np.asarray(weight, dtype=float).reshape(-1)
    for part in parts:
        accumulator.update(y(part), p(part), None if weight is None else weight[part])
    assert accumulator.n_samples == np.count_nonzero(
        np.ones(len(call.codes)) if weight is None else weight
    )
    batches = accumulator.report(n_null=0).overall
    assert batches["log_loss"] == pytest.approx(overall["log_loss"], rel=1e-12, abs=1e-14)


def as_rows(values):
    """A function of row numbers."""
    if isinstance(values, pd.DataFrame | pd.Series):
        return lambda rows: values.iloc[rows]
    if isinstance(values, np.ndarray | pl.DataFrame | pl.Series):
        return lambda rows: values[rows]
    return lambda rows: [values[i] for i in rows]


@sizes("report")
def test_reports_of_valid_calls_are_finite(n):
    check_each(n, calls((reported,)), check_report)


# Broken input

NAMED = {
    "y_true": r"\by(_true)?\b|never saw|\bsample_weight\b",
    "y_proba": r"\by_proba\b|predict_proba|\bsample_weight\b",
    "labels": r"\blabels\b|\bclasses_|several outputs",
}
# The accumulator takes rows of weight 0 to be none, and has then nothing to report.
NOTHING = {("sample_weight", "zeros"), ("sample_weight", "zeros_of_integers")}


def is_unnamed(call, argument, fault):
    """Refused without a word about the argument: see `UNNAMED`."""
    if call.function is accumulated:
        return argument in ("sample_weight", "y_true", "y_proba")
    return fault == "same_names" or fault in ("a_list_among_them", "a_dict_among_them")


def check_refused(call):
    for argument, fault, changes in faults(call):
        REFUSED[argument, fault] += 1
        refusal = refusal_of(lambda changes=changes: call(**changes))
        assert refusal, f"{argument} is accepted: {fault}"
        if (argument, fault) in NOTHING or is_unnamed(call, argument, fault):
            continue
        assert re.search(NAMED.get(argument, rf"\b{argument}\b"), refusal), (
            f"{argument}: {fault}: {refusal}"
        )
        assert len(refusal) > 20


def refusal_of(work):
    """The message with which `work` refuses its input; None if it does not."""
    try:
        work()
    except (ValueError, TypeError) as error:
        return f"{type(error).__name__}: {error}"
    return None


REFUSED = Counter()


@sizes("broken")
def test_broken_calls_are_refused(n):
    REFUSED.clear()
    check_each(n, calls(), check_refused)
    assert len(REFUSED) > 150


# Any objects at all

NUMBERS = st.one_of(
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.sampled_from([0, 1, 2, -1, 0.5, math.nan, math.inf, True, EPS, 1e-300, 2.0**1023]),
)
TEXTS = st.one_of(st.text(max_size=3), st.binary(max_size=3), st.sampled_from(["mean", "macro"]))
MOMENTS = st.sampled_from([date(2020, 1, 1), datetime(2020, 1, 1), pd.Timestamp("2020-01-01")])
MISSING = st.sampled_from([None, pd.NA, pd.NaT, math.nan, np.float32("nan"), Decimal("inf")])
THINGS = [
    *(object(), object, float, len, slice(2), range(3), range(0), ..., NotImplemented, np),
    *(SimpleNamespace(shape=(2, 2)), SimpleNamespace(shape=None), np.float64, memoryview(b"ab")),
    *(Fraction(1, 3), Decimal("0.5"), np.array([Decimal("0.5")]), frozenset({1}), bytearray(b"ab")),
    *(sparse.csr_array(np.eye(2)), sparse.coo_matrix(np.eye(3)), np.ma.masked, np.ma.nomask),
    *(np.ma.masked_all(2), pd.DataFrame(), pl.DataFrame(), pd.Series(dtype=float), pl.Series([])),
    *(pd.DataFrame({"a": [0.5, 0.5], "b": ["x", "y"]}), pl.DataFrame({"a": [[1], [2]]})),
    *(pd.DataFrame({0: [0.5, 0.5], 1: [0.5, 0.5]}), pd.Index([0, 1]), pd.MultiIndex.from_arrays),
    *(pd.Series([[0], [1]]), pl.LazyFrame({"a": [1]}), pd.interval_range(0, 2), pl.col("a")),
    *(pd.Categorical([1, 0]), pd.arrays.SparseArray([0.0, 1.0]), np.eye(2).view(np.matrix)),
    *(np.array([b"a", b"b"]), np.rec.array([(1, 2)]), np.array(5), np.array("a")),
    *(np.empty((0, 0)), np.empty((2, 0)), np.array([None, None]), np.broadcast_to(0.5, (3, 2))),
    *(np.float16([0.5, 0.5]), np.array([[0, 1], [1, 0]], bool), LogLossAccumulator([0, 1])),
]
SINGLE = st.one_of(NUMBERS, TEXTS, MISSING, st.sampled_from(THINGS))
NESTED = st.recursive(
    st.one_of(NUMBERS, TEXTS, MISSING),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.tuples(inner, inner),
        st.dictionaries(st.integers(0, 2), inner, max_size=2),
    ),
    max_leaves=8,
)
ARRAYS = npst.arrays(
    st.one_of(
        npst.integer_dtypes(endianness="?"),
        npst.floating_dtypes(endianness="?", sizes=(32, 64)),
        npst.boolean_dtypes(),
        npst.unicode_string_dtypes(max_len=3),
        npst.byte_string_dtypes(max_len=3),
    ),
    npst.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
)
ANYTHING = st.one_of(SINGLE, SINGLE, NESTED, ARRAYS, MOMENTS)


@st.composite
def calls_of_anything(draw):
    call = draw(calls((*METRICS * 4, scored, scored_by_class, accumulated, reported)))
    names = list(inspect.signature(call.function).parameters)
    changed = draw(st.lists(st.sampled_from(names), min_size=1, max_size=2, unique=True))
    return call, {name: draw(ANYTHING) for name in changed}


def check_any(example):
    call, changes = example
    if call.function is accumulated and isinstance(changes.get("pos_label"), np.ndarray):
        return  # see `pos_label_of_huge_labels` below
    found = []
    refusal = refusal_of(lambda: found.append(call.function(**(call.arguments() | changes))))
    if refusal is not None:
        assert not refusal.endswith(": ")
        return
    (value,) = found
    if isinstance(value, np.ndarray):
        assert value.dtype == np.float64
        assert not np.isnan(value).any() or {**call.options, **changes}["average"] is None
    else:
        assert type(value) is float
        assert not math.isnan(value)


@sizes("fuzz")
def test_any_objects_give_a_number_or_an_error_that_is_meant(n):
    check_each(n, calls_of_anything(), check_any)


# What is not as it should be. Each of these is to become a plain test when it is mended.

Y, P = [0, 1, 1], [[0.5, 0.5], [0.25, 0.75], [0.5, 0.5]]
HUGE, LONG = 10**400, np.finfo(np.longdouble)
HAS_LONG = LONG.max > np.finfo(float).max


def scorer_of(p=P, classes=(0, 1), **params):
    estimator = SimpleNamespace(classes_=np.array(classes), predict_proba=lambda X: np.array(p))
    scorer = make_scorer(log_loss, **params)
    return lambda y, w=None: scorer(estimator, None, y, sample_weight=w)


def batch(*args):
    return LogLossAccumulator([0, 1]).update(*args)


long = pytest.mark.skipif(not HAS_LONG, reason="long doubles are doubles here")
ACCEPTED = [
    pytest.param(lambda: log_loss(Y, P, sample_weight=[1 + 1j, 2, 3]), id="complex_weights"),
    pytest.param(
        lambda: log_loss(Y, P, sample_weight=np.array([1, 2, 3], "M8[D]")), id="dates_as_weights"
    ),
    pytest.param(
        lambda: log_loss(Y, P, sample_weight=np.array([1, 2, 3], "m8[D]")),
        id="durations_as_weights",
    ),
    pytest.param(
        lambda: log_loss(Y, P, sample_weight=pd.Series(list("123"))), id="text_objects_as_weights"
    ),
    pytest.param(lambda: log_loss(Y, P, sample_weight=[1, HUGE, 1]), id="huge_weights"),
    pytest.param(
        lambda: log_loss(Y, P, sample_weight=[1, LONG.max, 1]), id="long_weights", marks=long
    ),
    pytest.param(lambda: log_loss(Y, [[HUGE, 0], *P[1:]]), id="huge_probabilities"),
    pytest.param(
        lambda: log_loss(Y, np.array([[LONG.max, 0], *P[1:]])), id="long_probabilities", marks=long
    ),
    pytest.param(lambda: log_loss_skill_score(Y, P, reference=[HUGE, 0]), id="huge_references"),
    pytest.param(
        lambda: log_loss_report(Y, P, base=HUGE, recalibration=False, n_null=0), id="huge_base"
    ),
    pytest.param(lambda: log_loss(Y, P, base=1 + Fraction(1, 10**30)), id="base_next_to_one"),
    pytest.param(
        lambda: entropy(P, base=1 + LONG.eps, reduction="none"),
        id="base_next_to_one_rows",
        marks=long,
    ),
    pytest.param(lambda: log_loss(Y, P, eps=1 - LONG.epsneg), id="floor_next_to_one", marks=long),
    pytest.param(lambda: log_loss(Y, P, normalize="no"), id="normalize_is_a_word"),
    pytest.param(lambda: log_loss(Y, P, from_logits="no"), id="from_logits_is_a_word"),
    pytest.param(lambda: log_loss(Y, P, renormalize="no"), id="renormalize_is_a_word"),
    pytest.param(
        lambda: log_loss_report(Y, P, recalibration="no", n_null=0), id="recalibration_is_a_word"
    ),
    pytest.param(lambda: log_loss(Y, [0.5] * 3, pos_label=[1]), id="pos_label_is_a_list"),
    pytest.param(
        lambda: log_loss([1, 1], [0.5] * 2, pos_label=object()), id="pos_label_is_an_object"
    ),
    pytest.param(
        lambda: log_loss([frozenset("a"), frozenset("b")], P[:2]), id="labels_without_an_order"
    ),
    pytest.param(lambda: log_loss([b"a", "b"], P[:2]), id="bytes_and_text"),
    pytest.param(lambda: log_loss([Decimal(0), Decimal("nan")], P[:2]), id="decimal_nan"),
    pytest.param(lambda: label_entropy([-math.inf, math.inf]), id="infinite_labels"),
    pytest.param(
        lambda: log_loss(Y, [np.ma.masked_less(row, 0.6) for row in P]), id="rows_of_masked_arrays"
    ),
    pytest.param(lambda: scorer_of()([0, 1, 1, 7], [1, 1, 1, 0]), id="scorer_y_too_long"),
    pytest.param(lambda: scorer_of(unseen="ignore")([0, 7]), id="scorer_y_too_short_ignored"),
    pytest.param(lambda: scorer_of()([0, 1, None], [1, 1, 0]), id="scorer_none_without_weight"),
    pytest.param(lambda: batch(Y, P, [None] * 3), id="batch_without_weights"),
    pytest.param(
        lambda: batch(Y, P, np.ma.array([0, 0, 0], mask=[1, 0, 0])), id="batch_of_masked_weights"
    ),
    pytest.param(lambda: batch(Y, P, np.array(["", "", ""], object)), id="batch_of_empty_text"),
    pytest.param(
        lambda: LogLossAccumulator([2**70, 0], pos_label=np.eye(2) > 0),
        id="pos_label_of_huge_labels",
    ),
]


@pytest.mark.parametrize("work", ACCEPTED)
def test_is_refused(work):
    assert refusal_of(work)


UNNAMED = [
    ("sample_weight", "weights_of_batch", lambda: batch(Y, P, [1, pd.NA, 1])),
    ("sample_weight", "ragged_weights_of_batch", lambda: batch(Y, P, [[1], [1, 2], [1]])),
    ("y_true", "no_labels_in_batch", lambda: batch(None, P)),
    ("y_proba", "ragged_batch", lambda: batch(Y, [[0.5], [0.5, 0.5], [1]])),
    ("y_true", "a_type", lambda: log_loss(np.ndarray, P)),
    ("y_proba", "same_names", lambda: log_loss(Y, pd.DataFrame(P, columns=["a", "a"]))),
    ("pos_label", "unhashable", lambda: log_loss(Y, [0.5] * 3, pos_label={})),
    ("pos_label", "missing", lambda: log_loss(Y, [0.5] * 3, pos_label=pd.NA, labels=[0, 1])),
    ("pos_label", "array", lambda: log_loss(Y, [0.5] * 3, pos_label=np.eye(2), labels=[0, 1])),
    ("row 2", "row_of_a_missing_label", lambda: scorer_of()([0, 1, None])),
    ("response_method", "response_method", lambda: make_scorer(log_loss, response_method=1)),
    ("scoring", "scoring", lambda: get_scorer([])),
    ("y_proba has one column", "one_column", lambda: log_loss([[0], [1]], [[0.2], [0.8]])),
]


@pytest.mark.parametrize(
    ("named", "work"), [u[::2] for u in UNNAMED], ids=[name for _, name, _ in UNNAMED]
)
def test_says_what_is_wrong(named, work):
    assert re.search(named, refusal_of(work))


def test_a_scorer_says_which_labels_are_no_labels():
    refusal = refusal_of(lambda: scorer_of()(np.array([{}, {}, {}])))
    assert re.search(r"\by(_true)?\b", refusal)


@pytest.mark.parametrize("weight", [5e-324, 1e-320, 1e-291])
def test_weights_too_small_for_products_are_refused(weight):
    assert "between 1e-290 and 1e300" in refusal_of(
        lambda: log_loss(Y, P, sample_weight=[weight] * 3)
    )


def test_a_class_of_nearly_no_weight():
    log_loss_report(Y, P, sample_weight=[1, 5e-324, 5e-324], recalibration=False, n_null=0)


@pytest.mark.parametrize("labels", [[0, 2**64 - 2, 2**64 - 1], [-1, 2**64 - 2, 2**64 - 1]])
@pytest.mark.parametrize("as_type", [list, strategies.as_objects])
def test_integers_that_are_beyond_int64_stay_apart(labels, as_type):
    p = np.eye(3) * 0.7 + 0.1
    assert log_loss(as_type(labels), p) == pytest.approx(-math.log(0.8))
    assert label_entropy(as_type(labels)) == pytest.approx(math.log(3))


def test_an_integer_is_not_the_float_next_to_it():
    y = np.array([2**53 + 1, 5])
    assert refusal_of(lambda: log_loss(y, P[:2], labels=[5.0, 2.0**53]))


@pytest.mark.parametrize(
    "y", [np.array([1e308, 1.7e308]), np.resize(np.float16([0, 1]), 200_000)], ids=["far", "half"]
)
def test_float_labels_whose_sum_is_infinite(y):
    assert label_entropy(y) == pytest.approx(math.log(2))


def test_logits_at_both_ends():
    p = np.array([[1.7e308, -1.7e308], [0.0, 0.0]])
    assert cross_entropy([0, 0], p, labels=[0, 1], from_logits=True) == math.log(2) / 2
    assert entropy(p, from_logits=True) == math.log(2) / 2


def test_no_skill_without_a_floor_is_nan():
    options = {"eps": 0, "reference": [1.0, 0.0]}
    refused = refusal_of(lambda: log_loss_skill_score([0, 1], [0.0, 0.0], **options))
    assert refused or not math.isnan(log_loss_skill_score([0, 1], [0.0, 0.0], **options))


def test_half_precision_in_the_other_byte_order():
    p = np.array([[0.3333, 0.6606]], np.float16)
    assert entropy(p.astype(">f2")) == entropy(p)


def test_a_request_without_metadata():
    scorer = make_scorer(log_loss)
    with sklearn.config_context(enable_metadata_routing=True):
        assert scorer.set_score_request() is scorer


class Level(str, Enum):  # noqa: UP042  a StrEnum has the text of its value
    low = "low"
    high = "high"


@pytest.mark.parametrize(
    "pair",
    [(Level.low, Level.high), ("a\0", "b"), ("a", "a\0"), (1.5, 2**53 + 1), (b"a", b"b")],
    ids=["enum", "null", "only_null", "beyond_floats", "bytes"],
)
@pytest.mark.parametrize("as_type", [list, strategies.as_objects])
def test_labels_that_numpy_would_change_stay_what_they_are(pair, as_type):
    low, high = sorted(pair)
    p = [[0.9, 0.1], [0.2, 0.8], [0.3, 0.7]]
    wanted = log_loss([0, 1, 1], p)
    assert log_loss(as_type([low, high, high]), p) == wanted
    assert log_loss(as_type([low, high, high]), p, labels=as_type([low, high])) == wanted
    assert label_entropy(as_type([low, high, high])) == label_entropy([0, 1, 1])
    assert scorer_of(p, classes=(0, 1))([0, 1, 1]) == -wanted


def test_complex_numbers_in_objects_are_refused():
    p = np.array([[np.complex128(0.5 + 1j), 0.5], [0.5, 0.5]], dtype=object)
    assert "complex" in refusal_of(lambda: log_loss([0, 1], p))
