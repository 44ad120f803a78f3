"""Comparisons from batches: the figures of all rows at once, whatever the parts."""

import copy
import math
import pickle
from concurrent.futures import ThreadPoolExecutor
from functools import reduce

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose
from scipy import stats
from test_compare import draw, excluding, losses_of, same

from skxent import LogLossAccumulator, LogLossComparisonAccumulator, compare_log_loss


def taken(models, at):
    return {name: p[at] for name, p in models.items()}


def parted(y, models, w=None, groups=None, n_parts=6, seed=0, **params):
    """An accumulator for each of some parts of different sizes."""
    rng = np.random.default_rng(seed)
    labels = params.pop("labels", range(next(iter(models.values())).shape[1]))
    cuts = np.sort(rng.choice(np.arange(1, len(y)), n_parts - 1, replace=False))
    return [
        LogLossComparisonAccumulator(labels, **params).update(
            y[at],
            taken(models, at),
            None if w is None else w[at],
            groups=None if groups is None else groups[at],
        )
        for at in np.split(rng.permutation(len(y)), cuts)
    ]


def as_in_one(found, expect, rel=1e-9):
    """Also what no figure says."""
    for name in ("labels", "support"):
        assert getattr(found, name).tolist() == getattr(expect, name).tolist()
    for name in ("models", "reference", "base", "target_names", "n_samples", "n_groups", "notes"):
        assert getattr(found, name) == getattr(expect, name)
    return same(found, expect, rel)


def with_zeros(n=900, seed=0):
    """Models that say 0 to what happens: one of them, the other, or both, in some classes."""
    y, models = draw(n, 4, 3, seed)
    rng = np.random.default_rng(seed)
    for i, p in enumerate(models.values()):
        hit = (rng.random(n) < 0.04) & (y < 1 + i)
        p[hit] = np.eye(4)[(y[hit] + 1) % 4]
    rows = np.flatnonzero(y == 0)[:3]
    for name in ("plain", "worse"):
        models[name][rows] = [0, 0.5, 0.5, 0]
    return y, models


@pytest.mark.parametrize("make", [draw, with_zeros])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("n_groups", [None, 40])
@pytest.mark.parametrize("reference", [None, "noisy"])
def test_parts_add_up_to_the_comparison_of_all_rows(make, weighted, n_groups, reference):
    y, models = make(900)
    rng = np.random.default_rng(1)
    w = rng.exponential(size=900) if weighted else None
    groups = None if n_groups is None else rng.integers(n_groups, size=900).astype(str)
    expect = compare_log_loss(
        y, models, sample_weight=w, groups=groups, reference=reference, confidence_level=0.9
    )
    parts = parted(y, models, w, groups, reference=reference)
    total = LogLossComparisonAccumulator.sum(parts)
    assert as_in_one(total.report(confidence_level=0.9), expect)
    backwards = reduce(lambda one, other: other + one, parts)
    assert as_in_one(backwards.report(confidence_level=0.9), expect)
    assert parts[0].n_samples + sum(part.n_samples for part in parts[1:]) == 900


def test_moments_follow_the_formulas():
    """Mean and standard error from the rows themselves, without weights."""
    y, models = draw(500, 3, 2)
    found = sum(parted(y, models)).report()
    d = losses_of(y, models["noisy"]) - losses_of(y, models["plain"])
    for c in range(3):
        assert found.class_difference[1, c] == pytest.approx(d[y == c].mean())
    symmetric = np.array([-1.0, 1, -2, 2, 0.5, -0.5, 3, -3]) + 0.8
    p = np.exp(-np.column_stack([np.full(8, 4.0), 4 + symmetric]))
    pair = {name: np.column_stack([1 - q, q]) for name, q in zip("ab", p.T, strict=True)}
    total = sum(parted(np.ones(8, int), pair, n_parts=3)).report()
    # Without skewness it is the t test.
    assert total.p_value[1] == pytest.approx(stats.ttest_1samp(symmetric, 0).pvalue)


@pytest.mark.parametrize("offset", [1e-7, 1e-4, 1.0])
def test_a_small_spread_keeps_its_digits(offset):
    """Differences that hardly vary about their mean, in parts of one row."""
    rng = np.random.default_rng(0)
    d = 3.0 + 1e-6 * offset * rng.normal(size=200)
    p = np.exp(-np.column_stack([np.full(200, 0.5), 0.5 + d]))
    models = {name: np.column_stack([1 - q, q]) for name, q in zip("ab", p.T, strict=True)}
    expect = compare_log_loss(np.ones(200, int), models, labels=[0, 1])
    total = LogLossComparisonAccumulator([0, 1])
    for i in range(200):
        total.update([1], taken(models, [i]))
    found = total.report()
    width, other = found.ci_high[1] - found.ci_low[1], expect.ci_high[1] - expect.ci_low[1]
    assert width == pytest.approx(other, rel=1e-3)


def test_equal_differences_have_no_spread_in_any_parts():
    models = {"a": np.full((90, 3), 1 / 3), "b": np.full((90, 3), [0.2, 0.5, 0.3])}
    y = np.arange(90) % 3
    for found in (compare_log_loss(y, models), sum(parted(y, models, n_parts=30)).report()):
        assert_allclose(found.class_ci_low[1], found.class_difference[1], rtol=1e-9)
        assert_allclose(found.class_ci_high[1], found.class_difference[1], rtol=1e-9)
        assert found.class_p_value[1].tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("groups", [None, np.arange(300) // 3])
def test_infinite_losses_are_noted_as_in_one(groups):
    y, models = draw(300, 3, 3)
    models["plain"][:4] = np.eye(3)[(y[:4] + 1) % 3]
    for last in (4, 7):
        models["worse"][3:last] = np.eye(3)[(y[3:last] + 1) % 3]
        expect = compare_log_loss(y, models, eps=0, groups=groups)
        found = sum(parted(y, models, groups=groups, eps=0)).report()
        assert as_in_one(found, expect)
        assert "both lose infinitely much" in found.notes[0]


def test_a_zero_in_one_part_is_known_in_all():
    """Whether a model excludes a class is a matter of all rows."""
    y, models = excluding(np.random.default_rng(0), 400)
    order = np.argsort(models["sure"][:, 1] == 0, kind="stable")
    total = LogLossComparisonAccumulator([0, 1])
    for at in np.array_split(order, 5):
        total.update(y[at], taken(models, at))
    assert as_in_one(total.report(), compare_log_loss(y, models, labels=[0, 1]))


def test_rows_without_weight_leave_no_trace():
    y, models = draw(200)
    w = np.r_[np.zeros(80), np.full(120, 0.5)]
    groups = np.arange(200) // 4
    total = LogLossComparisonAccumulator(range(3))
    for at in np.split(np.arange(200), 5):
        total.update(y[at], taken(models, at), w[at], groups=groups[at])
    kept = np.arange(80, 200)
    expect = compare_log_loss(
        y[kept], taken(models, kept), sample_weight=w[kept], groups=groups[kept]
    )
    assert as_in_one(total.report(), expect)


def test_a_part_without_rows_adds_nothing():
    y, models = draw(60)
    empty = LogLossComparisonAccumulator(range(3))
    assert empty.update([], {"plain": np.empty((0, 3)), "noisy": np.empty((0, 3))}) is empty
    assert (empty.n_samples, empty.models) == (0, ())
    one = LogLossComparisonAccumulator(range(3)).update(y, models)
    expect = one.report().to_json()
    for total in (empty + one, one + empty, one + 0, sum([one]), empty.sum([0, empty, one])):
        assert total.report().to_json() == expect
    with pytest.raises(ValueError, match="no row with a positive weight"):
        empty.report()


def test_models_in_any_order():
    y, models = draw(200, m=3)
    turned = dict(reversed(models.items()))
    total = LogLossComparisonAccumulator(range(3), reference="noisy").update(y, models)
    total.update(y, turned).merge(
        LogLossComparisonAccumulator(range(3), reference="noisy").update(y, turned)
    )
    thrice = {name: np.tile(p, (3, 1)) for name, p in models.items()}
    assert as_in_one(total.report(), compare_log_loss(np.tile(y, 3), thrice, reference="noisy"))


def test_frames_text_one_hot_rows_and_one_column():
    y, models = draw(100, 2)
    names = np.array(["no", "yes"])
    expect = compare_log_loss(names[y], models, labels=names)
    for pair in (
        {name: pl.DataFrame({"p_yes": p[:, 1], "p_no": p[:, 0]}) for name, p in models.items()},
        {name: p[:, 1] for name, p in models.items()},
    ):
        total = LogLossComparisonAccumulator(names, pos_label=None).update(names[y], pair)
        assert as_in_one(total.report(), expect)
    total = LogLossComparisonAccumulator(names, pos_label="no", base=2, target_names=["-", "+"])
    total.update(names[y], {name: p[:, 0] for name, p in models.items()})
    assert_allclose(total.report().log_loss * math.log(2), expect.log_loss)
    assert total.report().target_names == ("-", "+")
    logits = {name: np.log(p) for name, p in models.items()}
    total = LogLossComparisonAccumulator(names, from_logits=True).update(np.eye(2)[y], logits)
    assert same(total.report(), expect)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda y, m: (y, {"plain": m["plain"]}), ValueError, "two models or more"),
        (lambda y, m: (y, {"plain": m["plain"], "x": m["noisy"]}), ValueError, "same models as"),
        (lambda y, m: (y, list(m.values())), TypeError, "must be a mapping"),
        (lambda y, m: (y[:5], m), ValueError, "rows"),
        (lambda y, m: (y, m | {"noisy": 2 * m["noisy"]}), ValueError, "y_proba of 'noisy'"),
        (lambda y, m: (y + 1, m), ValueError, "3"),
    ],
)
def test_nothing_of_a_bad_batch_is_added(change, error, message):
    y, models = draw(50)
    total = LogLossComparisonAccumulator(range(3)).update(y, models)
    before = total.report().to_json()
    with pytest.raises(error, match=message):
        total.update(*change(y, models))
    assert total.report().to_json() == before
    with pytest.raises(ValueError, match="groups were given for some of the rows"):
        total.update(y, models, groups=y)
    assert total.report().to_json() == before


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ({"labels": [0, 0]}, ValueError, "must not repeat"),
        ({"reference": 3}, TypeError, "reference must be the name"),
        ({"pos_label": 7}, ValueError, "pos_label must be one of labels"),
        ({"eps": 2}, ValueError, "eps"),
        ({"base": 1}, ValueError, "base"),
        ({"target_names": ["a"]}, ValueError, "target_names"),
    ],
)
def test_errors_when_it_is_made(params, error, message):
    with pytest.raises(error, match=message):
        LogLossComparisonAccumulator(**{"labels": [0, 1, 2]} | params)


def test_what_cannot_be_merged():
    y, models = draw(50)
    one = LogLossComparisonAccumulator(range(3)).update(y, models)
    before = one.report().to_json()
    turned = dict(reversed(models.items()))
    others = [
        (LogLossComparisonAccumulator([2, 1, 0]), ValueError, "same labels in the same order"),
        (LogLossComparisonAccumulator(range(3), eps=0.1), ValueError, "same eps"),
        (LogLossAccumulator(range(3)), TypeError, "must be a LogLossComparisonAccumulator"),
        (0.5, TypeError, "must be a LogLossComparisonAccumulator"),
        (
            LogLossComparisonAccumulator(range(3)).update(y, turned),
            ValueError,
            "same reference; it has 'noisy', and this one 'plain'",
        ),
        (
            LogLossComparisonAccumulator(range(3)).update(
                y, {"plain": models["plain"], "x": models["noisy"]}
            ),
            ValueError,
            "other must have the same models",
        ),
    ]
    for other, error, message in others:
        with pytest.raises(error, match=message):
            one.merge(other)
    with pytest.raises(ValueError, match="reference must be the name of one of the models"):
        LogLossComparisonAccumulator(range(3), reference="x").update(y, models)
    with pytest.raises(TypeError):
        1 + one
    assert one.report().to_json() == before


def test_a_report_does_not_change_later():
    y, models = draw(80)
    total = LogLossComparisonAccumulator(range(3)).update(y, models)
    other = copy.copy(total)
    found = total.report()
    before = found.to_json()
    total.update(y, models)
    assert (found.to_json(), other.report().to_json()) == (before, before)
    assert (total.n_samples, other.n_samples) == (160, 80)
    assert repr(total) == "<LogLossComparisonAccumulator: 2 models, 3 classes, 160 rows so far>"


def test_threads_may_share_one():
    y, models = draw(6400, m=3)
    groups = np.arange(6400) // 10
    for of_rows in (None, groups):
        total = LogLossComparisonAccumulator(range(3))

        def add(at, total=total, of_rows=of_rows):
            total.update(y[at], taken(models, at), groups=None if of_rows is None else of_rows[at])

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(add, np.array_split(np.arange(6400), 200)))
        assert as_in_one(total.report(), compare_log_loss(y, models, groups=of_rows))


# In files.


@pytest.mark.parametrize("groups", [None, "text", "pairs"])
@pytest.mark.parametrize("make", [draw, with_zeros])
def test_what_was_saved_is_what_is_loaded(make, groups, tmp_path):
    y, models = make(300)
    k = models["plain"].shape[1]
    names = np.array(["ape", "bee", "cat", "dog"])[:k]
    if groups is not None:
        numbers = (np.arange(300) // 5).tolist()
        groups = [f"g{i}" if groups == "text" else (i, "x") for i in numbers]
    one = LogLossComparisonAccumulator(
        names, base=2, eps=1e-6, reference="noisy", target_names=[n.upper() for n in names]
    )
    one.update(names[y], models, groups=groups)
    for path in (tmp_path / "old.skxent", str(tmp_path / "new.skxent")):
        one.save(path)
        other = LogLossComparisonAccumulator.load(path)
        assert other.report().to_json() == one.report().to_json()
        assert repr(other) == repr(one)
        assert other.merge(one).report().n_samples == 600
    with pytest.raises(ValueError, match="read-only"):
        other.labels[0] = "x"


def test_an_empty_one_and_a_foreign_file(tmp_path):
    y, models = draw(50)
    path = tmp_path / "x.skxent"
    LogLossComparisonAccumulator(range(3)).save(path)
    loaded = LogLossComparisonAccumulator.load(path)
    assert loaded.update(y, models).report().to_json() == compare_log_loss(y, models).to_json()
    with pytest.raises(ValueError, match="holds a saved comparison accumulator, not a saved acc"):
        LogLossAccumulator.load(path)
    LogLossAccumulator(range(3)).save(path)
    with pytest.raises(ValueError, match="holds a saved accumulator, not a saved comparison"):
        LogLossComparisonAccumulator.load(path)
    content = path.read_bytes()
    for damaged in (content[:-5], content[:40], b"", content[:60] + b"x" + content[61:]):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"cut off|damaged|no file"):
            LogLossComparisonAccumulator.load(path)


@pytest.mark.parametrize("k", [2, 10, 1000])
def test_a_pickle_is_small_and_does_not_grow_with_the_rows(k):
    rng = np.random.default_rng(0)
    sizes = []
    for n in (1000, 4000):
        models = {name: rng.dirichlet(np.ones(k), size=n) for name in ("a", "b")}
        models["a"][0], y = np.eye(k)[1], rng.integers(k, size=n)
        y[0] = 0
        one = LogLossComparisonAccumulator(range(k)).update(y, models)
        sizes.append(len(pickle.dumps(one)))
        other = pickle.loads(pickle.dumps(one))
        assert other.report().to_json() == one.report().to_json()
        assert copy.deepcopy(one).update(y, models).n_samples == 2 * n
    assert sizes[1] == pytest.approx(sizes[0], rel=0.02)
    assert sizes[1] < 3000 + 650 * k


# From streams.


def as_frame(y, models, **more):
    columns = {
        f"{name}_{c}": p[:, j]
        for name, p in models.items()
        for j, c in enumerate("abcd"[: p.shape[1]])
    }
    return pl.DataFrame({"kind": np.array(list("abcd"))[y], **columns, **more})


PATTERNS = {"plain": "plain_*", "noisy": "noisy_*"}


@pytest.mark.parametrize("weighted", [False, True])
def test_a_stream_is_its_rows(weighted):
    y, models = draw(300)
    w, groups = np.random.default_rng(1).exponential(size=300), np.arange(300) // 3
    more = {"w": w, "g": groups} if weighted else {}
    frame = as_frame(y, models, **more)
    names = {"weight": "w", "groups": "g"} if weighted else {}
    found = LogLossComparisonAccumulator(["a", "b", "c"]).update_from(
        frame.iter_slices(70), y="kind", models=PATTERNS, **names
    )
    expect = compare_log_loss(
        np.array(list("abc"))[y],
        models,
        sample_weight=w if weighted else None,
        groups=groups if weighted else None,
    )
    assert as_in_one(found.report(), expect)


def test_rows_that_lack_a_value_of_any_model_are_left_out_and_counted(tmp_path):
    y, models = draw(100)
    frame = (
        as_frame(y, models)
        .with_row_index("n")
        .with_columns(
            pl.when(pl.col("n") == 3).then(None).otherwise(pl.col("noisy_b")).alias("noisy_b"),
            pl.when(pl.col("n") == 5).then(None).otherwise(pl.col("plain_a")).alias("plain_a"),
            pl.when(pl.col("n").is_in([3, 90])).then(None).otherwise(pl.col("kind")).alias("kind"),
        )
    )
    total = LogLossComparisonAccumulator(["a", "b", "c"])
    with pytest.raises(ValueError, match=r"row 3, column 'kind': there is no value"):
        total.update_from(frame, y="kind", models=PATTERNS)
    assert (total.n_samples, total.models) == (0, ())
    total.update_from(frame.head(80), y="kind", models=PATTERNS, nulls="drop")
    total.save(tmp_path / "x")
    total = LogLossComparisonAccumulator.load(tmp_path / "x")
    total = copy.copy(pickle.loads(pickle.dumps(total)))
    total += LogLossComparisonAccumulator(["a", "b", "c"]).update_from(
        frame.tail(20), y="kind", models=PATTERNS, nulls="drop"
    )
    kept = np.delete(np.arange(100), [3, 5, 90])
    expect = compare_log_loss(y[kept], taken(models, kept))
    assert same(total.report(), expect)
    assert total.report().notes[0] == "3 rows were left out for want of a value."
    total = LogLossComparisonAccumulator(["a", "b", "c"])
    total.update_from(frame[[3, 5]], y="kind", models=PATTERNS, nulls="drop")
    assert total.merge(copy.copy(total)).n_samples == 0
    assert total._n_dropped == 4


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (pl.lit("z").alias("kind"), r"row 0, column 'kind': 'z' is none of the labels"),
        (pl.lit(0.9).alias("noisy_a"), r"the data: The rows of columns 'noisy_\*' must sum to 1"),
        (pl.lit(1.5).alias("noisy_c"), r"column 'noisy_c'"),
        (pl.lit(-1.0).alias("w"), r"column 'w'"),
    ],
)
def test_what_is_wrong_in_a_stream_is_named(change, message):
    y, models = draw(30)
    frame = as_frame(y, models, w=np.ones(30)).with_columns(change)
    total = LogLossComparisonAccumulator(["a", "b", "c"])
    with pytest.raises(ValueError, match=message):
        total.update_from(frame, y="kind", models=PATTERNS, weight="w")
    assert total.n_samples == 0
    with pytest.raises(ValueError, match="there is no column 'x'"):
        total.update_from(frame, y="x", models=PATTERNS)
    with pytest.raises(TypeError, match="models must be a mapping"):
        total.update_from(frame, y="kind", models="p_*")
