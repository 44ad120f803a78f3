"""What must hold for every metric. A new metric is one line in `REGISTRY`."""

import inspect
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import skxent.metrics
from skxent import (
    cross_entropy,
    entropy,
    js_divergence,
    kl_divergence,
    label_entropy,
    log_loss,
    log_loss_skill_score,
    perplexity,
)

# function, whether greater is better (None: neither), and the inputs that it takes
REGISTRY = [
    (entropy, None, "proba"),
    (label_entropy, None, "y"),
    (cross_entropy, False, "labels positive one_hot soft"),
    (perplexity, False, "labels positive one_hot soft"),
    (kl_divergence, False, "labels positive one_hot soft"),
    (js_divergence, False, "labels positive one_hot soft"),
    (log_loss, False, "labels positive one_hot"),
    (log_loss_skill_score, True, "labels positive one_hot"),
]
N = 40
NAMES = np.array(["ant", "bee", "cow"])
ORDER = np.array([2, 0, 1])

# On every backend.
pytestmark = pytest.mark.usefixtures("backend")


@dataclass(frozen=True)
class Case:
    """A metric with one kind of input; `y` or `p` is None where the metric does not take it."""

    function: Any
    kind: str
    greater: bool | None
    y: Any
    p: Any

    def __call__(self, **options):
        args = [data for data in (self.y, self.p) if data is not None]
        return self.function(*args, **options)

    def takes(self, option):
        return option in inspect.signature(self.function).parameters

    def rows(self, index):
        return self.on(lambda data: data[index])

    def on(self, change):
        """The same case with its data changed."""
        y, p = (data if data is None else change(data) for data in (self.y, self.p))
        return replace(self, y=y, p=p)

    @property
    def exact(self):
        return {"eps": 0} if self.takes("eps") else {}


def sixty_fourths(rng, least):
    """Distributions whose numbers are exact in every float type, with sums that are exactly 1."""
    shares = rng.dirichlet(np.ones(3), N)
    return (np.array([rng.multinomial(64 - 3 * least, share) for share in shares]) + least) / 64


def make(function, kind, greater):
    rng = np.random.default_rng(7)
    p, t = sixty_fourths(rng, least=1), sixty_fourths(rng, least=0)
    y = np.r_[0, 1, 2, 2, rng.integers(3, size=N - 4)]
    if kind == "positive":
        y, p = y % 2, p[:, 1]
    y = {"one_hot": np.eye(3)[y], "soft": t, "proba": None}.get(kind, y)
    return Case(function, kind, greater, y, None if kind == "y" else p)


CASES = [make(f, kind, greater) for f, greater, kinds in REGISTRY for kind in kinds.split()]
WEIGHT = np.random.default_rng(8).integers(1, 5, N)


def parametrize(condition=lambda case: True):
    cases = [case for case in CASES if condition(case)]
    return pytest.mark.parametrize(
        "case", cases, ids=[f"{c.function.__name__}-{c.kind}" for c in cases]
    )


def has_columns(case):
    return case.kind not in ("y", "positive")


def has_labels(case):
    return case.kind in ("y", "positive", "labels")


def close(value):
    return pytest.approx(value, rel=1e-14, abs=1e-15)


def test_every_metric_is_registered():
    registered = {function.__name__ for function, _, _ in REGISTRY}
    assert registered == set(skxent.metrics.__all__)


# Weights


@parametrize()
@pytest.mark.parametrize("weight", [1.0, 3.7, 1e-200, 1e200])
def test_equal_weights_are_no_weights(case, weight):
    assert case(sample_weight=np.full(N, weight)) == close(case())


@parametrize()
def test_weights_matter(case):
    """Without this, a metric that drops its weights would pass the test above."""
    assert case(sample_weight=WEIGHT) != pytest.approx(case(), rel=1e-4)


@parametrize()
@pytest.mark.parametrize("options", [{}, {"reduction": "sum"}, {"normalize": False}])
def test_weight_two_is_the_row_twice(case, options):
    if not all(case.takes(option) for option in options):
        options = {}
    repeated = case.rows(np.repeat(np.arange(N), WEIGHT))
    # As an exponential, the perplexity of a sum magnifies what is rounded.
    room = 10 if options and case.function is perplexity else 1
    found, wanted = case(sample_weight=WEIGHT, **options), repeated(**options)
    assert found == pytest.approx(wanted, rel=room * 1e-14, abs=1e-15)


@parametrize()
def test_weight_zero_is_no_row(case):
    weight = np.where(np.arange(N) % 5 == 4, 0, WEIGHT)
    kept = np.flatnonzero(weight)
    without = case.rows(kept)(sample_weight=weight[kept])
    assert case(sample_weight=weight) == close(without)


@parametrize(lambda case: case.greater is not None)
def test_weight_zero_hides_an_infinite_loss(case):
    p = case.p.copy()
    if case.kind == "positive":
        p[4] = 1 - case.y[4]
    else:
        truth = case.y[4] if case.kind == "labels" else case.y[4].argmax()
        p[4] = np.roll(np.eye(3)[truth], 1)
    broken, weight = replace(case, p=p), np.where(np.arange(N) == 4, 0, WEIGHT)
    if case.function is not js_divergence:
        assert np.isinf(broken(**case.exact))
    without = case.rows(np.arange(N) != 4)(sample_weight=np.delete(weight, 4), **case.exact)
    assert broken(sample_weight=weight, **case.exact) == close(without)


@parametrize()
@pytest.mark.parametrize(
    "as_type",
    [list, tuple, pd.Series, pl.Series, np.float32, lambda w: w[:, None], lambda w: w.astype("O")],
    ids=["list", "tuple", "pandas", "polars", "float32", "column", "object"],
)
def test_weights_of_any_type(case, as_type):
    assert case(sample_weight=as_type(WEIGHT)) == close(case(sample_weight=WEIGHT))


# Orders


@parametrize()
def test_the_order_of_rows_does_not_matter(case):
    order = np.random.default_rng(9).permutation(N)
    assert case.rows(order)(sample_weight=WEIGHT[order]) == close(case(sample_weight=WEIGHT))


@parametrize(has_columns)
def test_columns_may_come_in_any_order(case):
    if case.kind == "labels":
        permuted = replace(case, p=case.p[:, ORDER])(labels=ORDER)
        assert replace(case, p=case.p[:, ORDER])() != pytest.approx(case(), rel=1e-4)
    else:
        permuted = case.on(lambda table: table[:, ORDER])()
    assert permuted == close(case())


@parametrize(lambda case: case.kind == "positive")
@pytest.mark.parametrize(
    "options", [{"labels": [1, 0]}, {"pos_label": 0}, {"labels": [0, 1], "pos_label": 0}]
)
def test_either_class_may_be_the_positive_one(case, options):
    assert replace(case, p=1 - case.p)(**options) == close(case())


# Types of the data


@parametrize()
@pytest.mark.parametrize("as_type", [list, tuple])
def test_sequences_are_arrays(case, as_type):
    def nested(data):
        return as_type(as_type(row) if np.ndim(row) else row for row in data.tolist())

    assert case.on(nested)() == case()


def strided(data):
    spread = np.zeros(tuple(2 * size for size in data.shape), dtype=data.dtype)
    spread[tuple(slice(None, None, 2) for _ in data.shape)] = data
    return spread[tuple(slice(None, None, 2) for _ in data.shape)]


def read_only(data):
    copy = data.copy()
    copy.flags.writeable = False
    return copy


LAYOUTS = {
    "fortran": np.asfortranarray,
    "strided": strided,
    "reversed": lambda data: data[::-1].copy()[::-1],
    "read_only": read_only,
    "big_endian": lambda data: data.astype(data.dtype.newbyteorder(">")),
    "object": lambda data: data.astype(object),
}
FLOATS = {
    name: lambda data, dtype=dtype: data.astype(dtype) if data.dtype.kind == "f" else data
    for name, dtype in [("half", "f2"), ("single", "f4"), ("big_single", ">f4"), ("long", "g")]
}


@parametrize()
@pytest.mark.parametrize("change", [*LAYOUTS.values(), *FLOATS.values()], ids=[*LAYOUTS, *FLOATS])
def test_layout_and_precision_do_not_matter(case, change):
    """The numbers are exact in every type, so that the results are equal."""
    assert case.on(change)() == close(case())


@parametrize()
def test_memory_mapped_files(case, tmp_path):
    def mapped(data):
        path = tmp_path / f"{data.ndim}{data.dtype.kind}{id(data)}.npy"
        np.save(path, data)
        return np.load(path, mmap_mode="r")

    assert case.on(mapped)() == case()


@parametrize(has_columns)
@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame], ids=["pandas", "polars"])
@pytest.mark.parametrize("names", [NAMES, np.array(["0", "1", "2"])], ids=["names", "digits"])
def test_data_frames_are_matched_by_name(case, frame, names):
    """Columns are found by their names, also if the labels are the numbers of these names."""
    y, p = case.y, frame(dict(zip(names[ORDER], case.p[:, ORDER].T, strict=True)))
    if case.kind == "labels" and names is NAMES:
        y = NAMES[y]
    elif case.kind in ("one_hot", "soft"):
        y = frame(dict(zip(names, case.y.T, strict=True)))
    assert replace(case, y=y, p=p)() == close(case())


@parametrize(lambda case: case.kind == "labels")
def test_data_frames_are_matched_by_number(case):
    p = pd.DataFrame(case.p[:, ORDER], columns=ORDER)
    assert replace(case, p=p)() == close(case())


@parametrize(has_columns)
def test_names_that_say_nothing_leave_the_order_alone(case):
    """Beside labels they are refused; beside columns without names there is nothing to match."""
    p = pd.DataFrame(case.p, columns=["score_c", "score_b", "score_a"])
    if case.kind == "labels":
        with pytest.raises(ValueError, match=r"score_c.*to_numpy"):
            replace(case, p=p)()
    else:
        assert replace(case, p=p)() == close(case())


@parametrize(lambda case: case.kind == "positive")
@pytest.mark.parametrize("series", [pd.Series, pl.Series])
def test_series_of_probabilities(case, series):
    shuffled = {"index": range(N, 0, -1)} if series is pd.Series else {}
    assert replace(case, p=series(case.p, **shuffled))() == case()


# Types of the labels

LABELS = {
    "int8": lambda y: y.astype(np.int8),
    "uint64": lambda y: y.astype(np.uint64),
    "float": lambda y: y.astype(float),
    "far": lambda y: y * 2**62 - 2**61,
    "column": lambda y: y[:, None],
    "objects": lambda y: y.astype(object),
    "Int64": lambda y: pd.Series(y, dtype="Int64", index=range(N, 0, -1)),
    "polars_int": lambda y: pl.Series(y),
    "text": lambda y: NAMES[y],
    "bytes": lambda y: NAMES[y].astype("S"),
    "text_objects": lambda y: NAMES[y].astype(object),
    "text_list": lambda y: NAMES[y].tolist(),
    "category": lambda y: pd.Series(NAMES[y]).astype("category"),
    "string": lambda y: pd.Series(NAMES[y], dtype="string"),
    "polars_text": lambda y: pl.Series(NAMES[y]),
    "polars_category": lambda y: pl.Series(NAMES[y], dtype=pl.Categorical),
}
if hasattr(np.dtypes, "StringDType"):  # since numpy 2.0
    LABELS["variable_text"] = lambda y: NAMES[y].astype(np.dtypes.StringDType())


@parametrize(has_labels)
@pytest.mark.parametrize("name", LABELS)
def test_labels_of_any_type(case, name):
    # One-dimensional floats are a distribution, and nothing says which text is positive,
    # unless the labels are given.
    given = case.kind == "positive" and (name == "float" or "t" in name)
    labels = LABELS[name](np.resize([0, 1], N))[:2] if given else None
    options = {} if labels is None else {"labels": labels}
    assert replace(case, y=LABELS[name](case.y))(**options) == close(case())


@parametrize(lambda case: case.kind in ("y", "positive"))
@pytest.mark.parametrize("as_type", [np.array, list, pd.Series, pl.Series])
def test_labels_that_are_true_or_false(case, as_type):
    codes = replace(case, y=case.y % 2)
    assert replace(codes, y=as_type(codes.y == 1))() == close(codes())


@parametrize(lambda case: case.kind == "labels")
@pytest.mark.parametrize("name", [n for n in LABELS if n != "column"])
def test_unsorted_labels_of_any_type(case, name):
    labels = LABELS[name](np.resize(ORDER, N))[:3]
    other = replace(case, y=LABELS[name](case.y), p=case.p[:, ORDER])
    assert other(labels=labels) == close(case())


# Options


@parametrize(lambda case: case.takes("base"))
@pytest.mark.parametrize("base", [2, 10, 1.5, np.float32(2), np.int64(3)])
def test_a_change_of_base_is_a_division(case, base):
    unit = 1.0 if case.function is perplexity else np.log(np.float64(base))
    assert case(base=base) == close(case() / unit)
    assert case(base=None) == case(base=np.e) == case()


@parametrize(lambda case: case.takes("from_logits"))
@pytest.mark.parametrize("shift", [0.0, -3.0, 1000.0])
def test_logits(case, shift):
    if case.kind == "positive":
        logits, shift = np.log(case.p) - np.log1p(-case.p), 0.0
    else:
        logits = np.log(case.p)
    shifted = replace(case, p=logits + shift)(from_logits=True)
    assert shifted == pytest.approx(case(), rel=1e-14 * (1 + abs(shift)))


@parametrize(lambda case: case.takes("renormalize") and has_columns(case))
def test_renormalized_rows_may_have_any_scale(case):
    scale = np.random.default_rng(5).uniform(0.1, 0.9, (N, 1))
    p = case.p * scale
    y = case.y * scale[::-1] if case.kind == "soft" else case.y
    assert replace(case, y=y, p=p)(renormalize=True) == close(case())
    with pytest.raises(ValueError, match="sum to 1"):
        replace(case, p=p)()


@parametrize(lambda case: case.takes("reduction"))
@pytest.mark.parametrize("weight", [None, WEIGHT])
def test_reductions_agree(case, weight):
    rows = case(reduction="none", sample_weight=weight)
    # The perplexity is the exponential of a mean, not a mean of exponentials.
    inside, outside = (np.log, np.exp) if case.function is perplexity else (np.array, np.array)
    mean, total = np.average(inside(rows), weights=weight), inside(rows) @ np.ones(N)
    if weight is not None:
        total = inside(rows) @ weight
    assert case(reduction="mean", sample_weight=weight) == close(outside(mean))
    assert case(reduction="sum", sample_weight=weight) == pytest.approx(outside(total), rel=1e-12)


@parametrize(lambda case: case.takes("normalize"))
def test_a_sum_is_the_mean_times_the_weight(case):
    total = case(normalize=False, sample_weight=WEIGHT)
    assert total == close(case(sample_weight=WEIGHT) * WEIGHT.sum())


# Results


@parametrize()
def test_results_are_python_floats(case):
    single = case.on(lambda data: data.astype(np.float32) if data.dtype.kind == "f" else data)
    for options in ({}, {"sample_weight": WEIGHT}, {"base": np.float32(2)}):
        if all(case.takes(option) for option in options):
            assert type(case(**options)) is float
            assert type(single(**options)) is float


@parametrize(lambda case: case.takes("reduction"))
def test_rows_are_arrays_of_float64(case):
    single = case.on(lambda data: data.astype(np.float32) if data.dtype.kind == "f" else data)
    rows = single(reduction="none")
    assert isinstance(rows, np.ndarray)
    assert (rows.shape, rows.dtype) == ((N,), np.float64)


@parametrize(lambda case: case.greater is not None)
def test_a_better_prediction_scores_better(case):
    if case.kind == "positive":
        truth = case.y
    else:
        truth = np.eye(3)[case.y] if case.kind == "labels" else case.y
    values = [replace(case, p=(1 - s) * case.p + s * truth)() for s in (0, 0.25, 0.5, 0.75)]
    assert sorted(values, reverse=not case.greater) == values
    assert len(set(values)) == 4


@parametrize()
def test_inputs_are_not_modified(case):
    # Numbers that are out of range by rounding count as the bounds, but stay what they are.
    case, weight = case.on(np.copy), WEIGHT.copy()
    if case.kind == "positive":
        case.p[:2] = -1e-9, 1 + 1e-9
    elif case.p is not None:
        case.p[0] = 1 + 1e-9, -1e-9, 0
    given = [data for data in (case.y, case.p) if data is not None]
    before = [data.copy() for data in given]
    case(sample_weight=weight)
    if case.takes("from_logits"):
        case(sample_weight=weight, from_logits=True)
    if case.takes("renormalize") and case.kind != "positive":
        positive = case.on(abs)
        originals = [data.copy() for data in (positive.y, positive.p)]
        positive(sample_weight=weight, renormalize=True)
        assert all(map(np.array_equal, originals, (positive.y, positive.p)))
    assert all(map(np.array_equal, before, given))
    assert np.array_equal(weight, WEIGHT)
