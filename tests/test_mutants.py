"""Details that no other test would miss; `python tests/mutants.py` found each of them."""

import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from skxent import (
    cross_entropy,
    entropy,
    js_divergence,
    kl_divergence,
    label_entropy,
    log_loss,
    log_loss_report,
    log_loss_skill_score,
    make_per_class_scorer,
    perplexity,
)
from skxent._backend import row_slices

SOFT = [cross_entropy, kl_divergence, js_divergence, perplexity]
INF = math.inf


def message_of(metric, *args, **options):
    with pytest.raises((ValueError, TypeError)) as raised:
        metric(*args, **options)
    return str(raised.value)


# The edges of what counts as rounding


def test_the_bounds_themselves_are_inside():
    assert log_loss([0, 1], [[1 + 1e-6, 0.0], [-1e-6, 1.0]]) == 0
    # Each side on its own: another number of the block must not cause the second look.
    assert log_loss([1, 1], [1 + 9e-7, 1.0], labels=[0, 1]) == 0
    assert log_loss([0, 0], [-9e-7, 0.0], labels=[0, 1]) == 0
    assert log_loss([0, 0], [1 + 9e-7, 1.0], labels=[0, 1], eps=0.5) == math.log(2)
    row = [1e-6, -1e-6, 1.0]
    assert sum(row) == 1
    assert log_loss([2], [row], labels=[0, 1, 2], renormalize=True) == 0


def test_a_sum_that_only_single_precision_takes_out_of_bounds():
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.ones(60), 40_000)
    p = (p * (1.0001 - 2e-9) / p.sum(axis=1, keepdims=True)).astype(np.float32)
    sums = p.sum(axis=1, dtype=np.float64)
    p = p[(sums <= 1.0001) & (sums > 1.00009)]
    assert (p.sum(axis=1, dtype=np.float32) > np.float32(1.0001)).any()
    assert 0 < entropy(p) < math.log(60)


def test_numbers_whose_sum_overflows():
    for dtype, huge in ((np.float64, 1.7e308), (np.float32, 3e38)):
        p = np.array([[0.5, 0.5], [huge, huge]], dtype)
        assert "row 1, column 0 holds" in message_of(log_loss, [0, 1], p)
    p = [[0.5, 0.5], [1.7e308, 1.7e308]]
    assert "row 1 is [1.7e+308, 1.7e+308]" in message_of(log_loss, [0, 1], p, renormalize=True)
    p = [[0.5, 0.5], [INF, -INF]]
    assert "row 1 is [inf, -inf]" in message_of(log_loss, [0, 1], p, renormalize=True)


# What a message advises


def test_only_what_there_is_is_advised():
    off, outside = [[0.3, 0.3]] * 2, [[1.5, -0.5]] * 2
    for p in (off, outside):
        assert "pass renormalize=True" in message_of(log_loss, [0, 1], p)
        assert "renormalize" not in message_of(entropy, p)
        for y in (p, [[0.3, 0.3]] * 2):
            assert "renormalize" not in message_of(log_loss, y, [[0.5, 0.5]] * 2)
    assert "renormalize" not in message_of(log_loss, [0, 1], [0.5, 1.5])
    assert "renormalize" not in message_of(
        log_loss_skill_score, [0, 1], [0.5, 0.5], reference=off[0]
    )
    assert "pass a 1-D array" in message_of(entropy, [[0.3], [0.3]])
    assert "1-D" not in message_of(entropy, off)
    assert "renormalize" not in message_of(cross_entropy, [[1.0]], [[0.3]])
    assert "Class labels are passed as a 1-D array" in message_of(
        cross_entropy, off, [[0.5, 0.5]] * 2
    )
    assert "labels" not in message_of(cross_entropy, [[0.5, 0.5]] * 2, off)


def test_long_rows_are_shortened():
    p = np.zeros((1, 8))
    assert "[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, ... 8 in all]" in message_of(
        log_loss, [0], p, labels=range(8), renormalize=True
    )
    soft = np.full((1, 7), 1 / 7)
    assert "... 7 in all]" in message_of(log_loss, soft, soft)
    assert "... " not in message_of(log_loss, soft[:, :6] * 7 / 6, soft[:, :6] * 7 / 6)


def test_events_of_the_same_name():
    y = pd.Series([0.5, 0.5], index=["a", "b"])
    p = pd.Series([0.5, 0.5], index=["a", "a"])
    for metric in SOFT:
        assert "y_proba has columns of the same name: ['a', 'a']" in message_of(metric, y, p)


def test_labels_are_called_what_they_are():
    assert "y_true has a missing label" in message_of(log_loss, [0, None, 1], [0.5] * 3)
    for metric in SOFT:
        assert "y_true has a missing label" in message_of(metric, [0, None, 1], [0.5] * 3)
    message = message_of(log_loss, [0, 1], [0.5] * 2, pos_label=1j)
    assert message.startswith("pos_label has dtype complex128")
    y = pd.DataFrame([[0.5, 0.5]], columns=[0.0, np.nan])
    message = message_of(cross_entropy, y, y.to_numpy())
    assert message.startswith("y_true's columns has a missing label")


# Which reading is meant


@pytest.mark.parametrize("metric", SOFT)
def test_one_column_beside_one_column_is_a_distribution(metric):
    assert "y_true must sum to 1" in message_of(metric, [[0.5]], [[1.0]])


@pytest.mark.parametrize("metric", SOFT)
def test_only_vectors_with_two_readings_are_refused(metric):
    def as_labels(y, p, **options):
        return pytest.approx(metric(y, np.column_stack([1 - np.array(p), p]), **options))

    # One of several ones, a sum of probabilities that is not 1, or labels that are not 0 and 1.
    assert metric([0, 1, 1], [0.1, 0.8, 0.1]) == as_labels([0, 1, 1], [0.1, 0.8, 0.1])
    assert metric([0, 1, 0], [0.1, 0.8, 0.3]) == as_labels([0, 1, 0], [0.1, 0.8, 0.3])
    assert metric([0, 1, 0], [0.1, 0.8, 0.10015]) == as_labels([0, 1, 0], [0.1, 0.8, 0.10015])
    assert metric([-1, 1, 1], [0.1, 0.8, 0.1]) == as_labels([-1, 1, 1], [0.1, 0.8, 0.1])
    assert metric([0, 2, 0], [0.1, 0.8, 0.1]) == as_labels([0, 2, 0], [0.1, 0.8, 0.1])
    assert "two ways" in message_of(metric, [0, 1, 0], [0.1, 0.8, 0.10005])
    assert "two ways" in message_of(metric, np.uint8([0, 1, 0]), [0, 1, 0])
    assert "two ways" in message_of(metric, [0, 1, 0], np.uint8([0, 1, 0]))
    bools = [False, True, False]
    assert metric(bools, [0.1, 0.8, 0.1]) == as_labels(bools, [0.1, 0.8, 0.1])


def test_half_precision_events_are_counted_exactly():
    y = np.ones(4999, np.float16)  # a sum in half precision is 5000
    assert "sums to 4999" in message_of(cross_entropy, y, np.full(4999, 1 / 4999))


def test_a_column_of_labels_beside_two_columns():
    expected = -math.log(0.5 * 0.75) / 2
    for y in ([[0], [1]], np.array([[0], [1]]), ((0,), (1,))):
        for metric in (log_loss, cross_entropy):
            assert metric(y, [[0.5, 0.5], [0.25, 0.75]]) == pytest.approx(expected, rel=1e-15)
    for y in ([0, 1], np.array([0, 1])):
        assert "y_proba has one column" in message_of(log_loss, y, [[0.5], [0.5]])


def test_one_hot_rows_take_the_order_of_labels_and_not_of_their_frame():
    y = pd.DataFrame(np.eye(3), columns=["x", "y", "z"])
    p = pd.DataFrame([[0.5, 0.3, 0.2]] * 3, columns=["x", "y", "z"])
    means = log_loss(y, p, labels=["z", "x", "y"], average=None)
    assert means == pytest.approx([-math.log(0.2), -math.log(0.5), -math.log(0.3)])


def test_vectors_of_different_length():
    for metric in SOFT:
        message = message_of(metric, [0.5, 0.25, 0.25], [0.5, 0.5])
        assert "same number of rows; got 3 and 2" in message
        assert message_of(metric, None, [0.5, 0.5]).startswith("y_true must be")


def test_the_js_divergence_of_rows_that_sum_to_more_than_one():
    value = js_divergence([1.0, 0.0, 0.0], [0.0, 0.5, 0.50009])
    assert value == math.log(2)


# One column for two classes, where both are needed


@pytest.mark.parametrize("positive", [0, 1])
@pytest.mark.parametrize("from_logits", [False, True])
def test_a_report_of_the_probability_of_either_class(positive, from_logits):
    rng = np.random.default_rng(0)
    y, p = np.resize([0, 1, 1], 300), rng.uniform(0.01, 0.99, 300)
    p[:2] = 1.0, 0.0  # in rows whose class they exclude, or make certain
    with np.errstate(divide="ignore"):
        column = np.clip(np.log(p) - np.log1p(-p), -800, 800) if from_logits else p
    table = np.column_stack([1 - p, p] if positive else [p, 1 - p])
    options = {"recalibration": False, "n_null": 0, "labels": [0, 1]}
    one = log_loss_report(y, column, pos_label=positive, from_logits=from_logits, **options)
    two = log_loss_report(y, table, **options)
    for name in ("mean_proba", "expected", "contribution", "ovr_log_loss", "miscalibration"):
        assert one.per_class[name] == pytest.approx(two.per_class[name], rel=1e-9), name
    assert one.loss_confusion == pytest.approx(two.loss_confusion, rel=1e-9)


@pytest.mark.parametrize("classes", [[0, 1], [0, 1, 2]])
def test_a_scorer_by_class_refuses_rows_that_do_not_sum_to_one(classes):
    p = np.full((len(classes), len(classes)), 0.3)
    estimator = SimpleNamespace(classes_=np.array(classes), predict_proba=lambda X: p)
    scorer = make_per_class_scorer(classes)
    assert "y_proba must sum to 1" in message_of(scorer, estimator, None, classes)
    column = SimpleNamespace(classes_=np.array(classes), predict_proba=lambda X: p[:, 0])
    if len(classes) == 2:
        assert scorer(column, None, classes)["neg_log_loss[1]"] == pytest.approx(math.log(0.3))
    else:
        assert "returned 2 columns for 3 classes_" in message_of(scorer, column, None, classes)


# Labels


def test_lists_of_labels_are_cut_at_ten():
    p = np.full((11, 2), 0.5)
    message = message_of(log_loss, range(11), p)
    assert "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, ... 11 in all]" in message
    assert "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]" in message_of(log_loss, range(10), p[1:])


@pytest.mark.parametrize("n_classes", [255, 256, 257])
def test_objects_whose_number_just_fits_a_byte(n_classes):
    y = np.array([f"class {i:03}" for i in range(n_classes)], dtype=object)
    p = np.eye(n_classes) * 0.5 + 0.5 / n_classes
    assert log_loss(y, p) == pytest.approx(-math.log(0.5 + 0.5 / n_classes))


@pytest.mark.parametrize(
    ("y", "labels"),
    [
        (np.array([True, False]), [1, 0]),
        (np.array([True, False]), [True, False]),
        (np.array([1, 0]), [True, False]),
        (np.array([1.0, 0.0]), [1, 0]),
        (np.array([1, 0]), [1.0, 0.0]),
        (np.array([0.5, 1.5]), [0.5, 1.5]),
        (np.array([0.5, -1.5]), [0.5, -1.5]),
        (np.array([3, -2]), [3, -2]),
        (np.array([3, 2]), [3.0, 2.0]),
        (np.array([200, 7], np.uint8), np.array([200, 7], np.int16)),
        (np.array(["b", "a"]), np.array(["b", "a"], object)),
        (np.array(["b", "a"], object), np.array(["b", "a"])),
        (np.array(["bb", "a"]), np.array(["bb", "a"], "<U9")),
        (np.array(["bb", "a"], "<U9"), np.array(["bb", "a"])),
        (np.array(["bb", "a"], ">U2"), np.array(["bb", "a"])),
        (np.array([b"b", b"a"]), np.array([b"b", b"a"], object)),
    ],
)
def test_labels_of_one_type_meet_labels_of_another(y, labels):
    p = [[0.75, 0.25], [0.25, 0.75]]
    assert cross_entropy(y, p, labels=labels) == pytest.approx(-math.log(0.75), rel=1e-15)
    turned = cross_entropy(y, p, labels=labels[::-1])
    assert turned == pytest.approx(-math.log(0.25), rel=1e-15)
    assert label_entropy(y) == pytest.approx(math.log(2))
    other = {"U": "c", "S": b"c"}.get(np.array(y.tolist()).dtype.kind, 9)
    message = message_of(cross_entropy, y[[0, 0]], p, labels=as_objects([labels[1], other]))
    assert "y_true holds a label that labels does not" in message


def as_objects(values):
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def test_what_is_no_label():
    p = [[0.5, 0.5]] * 2
    message = message_of(log_loss, [[1], ["2"]], p, labels=["1", "2"])
    assert "labels does not: 1 (row 0)" in message
    message = message_of(log_loss, as_objects(["a", []]), p, labels=["a", "b"])
    assert "labels does not: [] (row 1)" in message
    message = message_of(log_loss, as_objects(["a", pd.NaT]), p)
    assert "y_true has a missing label (NaT) in row 1" in message
    assert "missing label (None) in row 1" in message_of(log_loss, as_objects(["a", None]), p)
    message = message_of(log_loss, as_objects(["a", np.float32("nan")]), p)
    assert "missing label (nan) in row 1" in message or "missing label (np.float32(nan))" in message


# Options of the report


def report_of(**options):
    y, p = [0, 1, 1, 0], [[0.5, 0.5], [0.25, 0.75], [0.5, 0.5], [0.9, 0.1]]
    return log_loss_report(y, p, recalibration=False, **{"n_null": 0, **options})


@pytest.mark.parametrize(
    ("option", "good", "bad"),
    [
        (
            "confidence_level",
            [0.5, np.float32(0.5)],
            [0, 1, 1.5, -0.5, True, "0.9", None, math.nan],
        ),
        ("n_null", [0, np.int64(1), 2], [-1, 1.0, True, "1", None]),
        (
            "random_state",
            [0, 2**32 - 1, np.uint8(3), np.random.RandomState(0), None],
            [-1, 2**32, 1.0, True, "0"],
        ),
        (
            "target_names",
            [("n", "y"), ["n", "y"], np.array(["n", "y"]), (str(i) for i in range(2)), [1, 2]],
            ["ny", b"ny", {"n": 0, "y": 1}, {"n", "y"}, 2, ["n"], ["n", "y", "z"], ["n", "n"]],
        ),
    ],
)
def test_options_of_reports(option, good, bad):
    for value in good:
        assert report_of(**{option: value, "n_null": value if option == "n_null" else 1})
    for value in bad:
        assert option in message_of(report_of, **{option: value})


def test_what_a_repeated_name_is():
    message = message_of(report_of, target_names=["a", "a"])
    assert "'a' is twice" in message
    y, p = [0, 1, 2], np.full((3, 3), 1 / 3)
    message = message_of(
        log_loss_report, y, p, target_names=["a", "b", "b"], recalibration=False, n_null=0
    )
    assert "'b' is twice" in message
    assert report_of(target_names=["n", "y"]).target_names == ("n", "y")


def test_seeds_of_draws_differ():
    """Draws without a seed, or from a generator that has moved on, are other draws."""
    y, p = np.resize([0, 1, 1], 60), np.linspace(0.1, 0.9, 60)

    def null_of(seed):
        report = log_loss_report(y, p, recalibration=False, n_null=5, random_state=seed)
        return report.per_class["miscalibration_null"][0]

    assert null_of(3) == null_of(3) != null_of(4)
    generator = np.random.RandomState(0)
    drawn = {null_of(generator) for _ in range(20)}
    assert len(drawn) == 20
    assert null_of(np.random.RandomState(0)) in drawn
    assert len({null_of(None) for _ in range(20)}) == 20


def test_weights_of_objects_and_a_perplexity_that_is_too_large():
    p = [[0.5, 0.5], [0.25, 0.75]]
    expected = (2 * math.log(2) - math.log(0.75)) / 3
    for weight in ([2, 1], as_objects([2, 1]), as_objects([np.float32(2), True])):
        assert log_loss([0, 1], p, sample_weight=weight) == pytest.approx(expected, rel=1e-15)
    assert "row 1 has nan" in message_of(log_loss, [0, 1], p, sample_weight=as_objects([1, None]))
    assert "1e300 or more" in message_of(log_loss, [0, 1], p, sample_weight=[1e300, 0])
    assert "1e300 or more" in message_of(log_loss, [0, 1], p, sample_weight=[1.5e300, 0])
    assert perplexity([0, 0], [[5e-324, 1.0]] * 2, labels=[0, 1], reduction="sum") == INF
    assert label_entropy(["a", "b"], sample_weight=[1e-320, 1e299]) >= 0


def test_many_texts_and_few():
    for n_classes in (1, 2, 3, 40, 999, 1000, 1001):
        labels = np.array([f"label {i * 7919}" for i in range(n_classes)])
        y = labels[np.arange(3 * n_classes) % n_classes]
        p = np.zeros((3 * n_classes, n_classes), np.float32)
        p[np.arange(len(y)), np.arange(3 * n_classes) % n_classes] = 1
        assert log_loss(y, p, labels=labels) == 0
        if n_classes > 1:
            unknown = np.append(y[1:], "label 1")
            assert "'label 1'" in message_of(log_loss, unknown, p, labels=labels)
            wider = np.append(y[1:], "a label that is wider than all")
            assert "wider than all" in message_of(log_loss, wider, p, labels=labels)
    nothing_known = message_of(log_loss, np.array(["b"]), [[0.5, 0.5]], labels=["aa", "bb"])
    assert "does not: 'b' (row 0)" in nothing_known


def test_integers_far_apart_and_beside_the_range():
    p = [[0.75, 0.25], [0.25, 0.75]]
    for a, b in ((0, 2**16), (0, 2**16 - 1), (5, 70_000), (-3, 2**40), (2, 3), (1, 0), (0, 2)):
        for y, labels in (([a, b], [a, b]), (np.array([a, b]), np.array([a, b]))):
            assert cross_entropy(y, p, labels=labels) == pytest.approx(-math.log(0.75), rel=1e-15)
        for other in (a - 1, a + 7, b + 1, b - 1, 2**62):
            if other not in (a, b):
                y = np.array([a, other])
                assert f"does not: {other} (row 1)" in message_of(log_loss, y, p, labels=[a, b])
    y = np.array([7, 3], np.uint64)
    assert cross_entropy(y, p, labels=[7, 3]) == pytest.approx(-math.log(0.75), rel=1e-15)
    assert "does not: 2 (row 1)" in message_of(log_loss, [0, 2], p, labels=[0, 1])
    assert "does not: -1 (row 1)" in message_of(log_loss, [0, -1], p, labels=[0, 1])
    for other in (0.5, 2.5, -1.0, 1e300):
        message = message_of(log_loss, np.array([0.0, other]), p, labels=[0, 1])
        assert f"does not: {other!r} (row 1)" in message


def test_the_skill_without_a_floor():
    p = [[0.5, 0.25, 0.25], [0.25, 0.5, 0.25]]
    value = log_loss_skill_score([0, 1], p, labels=[0, 1, 2], eps=0)
    assert value == pytest.approx(0, abs=1e-15)
    assert log_loss_skill_score([0, 1], [0.5, 0.5], eps=0, reference=[1.0, 0.0]) == 1


def test_rows_of_values_are_in_units_of_the_base():
    p = [[0.5, 0.5], [0.75, 0.25]]
    assert cross_entropy([0, 1], p, base=2, reduction="none").tolist() == [1, 2]


def test_the_seed_that_a_generator_gives(monkeypatch):
    y, p = np.resize([0, 1, 1], 60), np.linspace(0.1, 0.9, 60)

    class Seeded(np.random.RandomState):
        """What no seed at all might give."""

        usual = 0

        def __init__(self, seed=None):
            super().__init__(self.usual if seed is None else seed)

    def null_of(seed):
        report = log_loss_report(y, p, recalibration=False, n_null=5, random_state=seed)
        return report.per_class["miscalibration_null"].tolist()

    monkeypatch.setattr(np.random, "RandomState", Seeded)
    # A larger range begins with the same numbers, unless their highest bit is set.
    for seed in range(8):
        drawn = null_of(int(Seeded(seed).randint(2**31 - 1)))
        assert null_of(Seeded(seed)) == drawn
        Seeded.usual = seed
        assert null_of(None) == drawn


def test_only_what_has_both_marks_of_a_sparse_matrix_is_one():
    class Dense:
        """An array that can also count what is not zero."""

        nnz = 3

        def __array__(self, dtype=None, copy=None):
            return np.array([[0.5, 0.5], [1.0, 0.0]])

    assert entropy(Dense(), base=2, reduction="none").tolist() == [1, 0]


# Blocks, whose size shows in nothing but time and memory


@pytest.mark.parametrize("itemsize", [4, 8])
@pytest.mark.parametrize("n_columns", [2, 3, 10, 1000, 10**6])
def test_blocks_are_as_large_as_the_cache_allows(n_columns, itemsize):
    slices = list(row_slices(10**5, n_columns, itemsize))
    size = slices[0].stop
    # Four rows are summed as one, so that there are four at least, and whole fours.
    assert size % 4 == 0
    row = n_columns * itemsize
    assert size * row <= 2**19 < (size + 4) * row or (size == 4 and 4 * row > 2**19)
    assert [s.start for s in slices] == list(range(0, 10**5, size))
    assert [s.stop for s in slices] == [*range(size, 10**5, size), 10**5]
    assert list(row_slices(7, n_columns)) == list(row_slices(7, n_columns, 8))
    assert next(row_slices(10**5, n_columns)) == next(row_slices(10**5, n_columns, 8))
