"""Slices: their figures by hand, their tests against labels that are drawn, and what is kept."""

import json
import math
import re

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.stats import kstest, norm, poisson

from skxent import GroupedLogLossAccumulator, log_loss, log_loss_slices
from skxent._inference._scores import normal_scores
from skxent.slices._cells import Cells
from skxent.slices._distinct import corrected
from skxent.slices._draws import copies, drawn_labels, togetherness
from skxent.slices._figures import first_of_largest
from skxent.slices._levels import Levels
from skxent.slices._null import step_down
from skxent.slices._predicted import Predicted


def softmax(z):
    p = np.exp(z - z.max(axis=1, keepdims=True))
    return p / p.sum(axis=1, keepdims=True)


def drawn(p, rng):
    return (p.cumsum(axis=1) < rng.random((len(p), 1))).sum(axis=1).clip(0, p.shape[1] - 1)


def rows(n=600, k=3, seed=0, d=3):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d))
    p = softmax(0.8 * X[:, [0]] * np.linspace(0, 2, k) + rng.normal(size=(n, k)))
    return drawn(p, rng), p, X


def planted(n=3000, seed=0, times=1.0):
    """A class whose log-odds are 1.2 too low in a sixteenth of the rows."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {"a": rng.normal(size=n), "b": rng.normal(size=n), "c": rng.choice(["u", "v"], n)}
    )
    z = rng.normal(size=(n, 3)) * 0.7
    there = (X["a"] > X["a"].quantile(0.75)) & (X["b"] <= X["b"].quantile(0.25))
    true = z.copy()
    true[there, 1] += 1.2
    return drawn(softmax(true), rng), softmax(times * z), X, there.to_numpy()


PLANTED = planted()


@pytest.fixture(scope="module")
def found():
    y, p, X, _ = PLANTED
    return log_loss_slices(y, p, X, recalibration=False)


def test_the_figures_of_a_slice_are_those_of_its_rows():
    y, p, X = rows()
    w = np.random.default_rng(1).uniform(0.5, 2, len(y))
    params = {"labels": [0, 1, 2], "base": 2}
    result = log_loss_slices(
        y, p, X, max_depth=1, sample_weight=w, recalibration=False, **params
    )  # fmt: skip
    total = log_loss(y, p, sample_weight=w, normalize=False, **params)
    i = next(i for i, name in enumerate(result.names) if name.startswith("x1 > "))
    there = X[:, 1] > float(result.names[i].removeprefix("x1 > "))
    y, p, w = y[there], p[there], w[there]
    entropy = -(p * np.log2(p)).sum(axis=1)
    losses = -np.log2(p[np.arange(len(y)), y])
    variance = (p * np.log2(p) ** 2).sum(axis=1) - entropy**2
    gap = w @ (losses - entropy)
    assert result.support[i] == there.sum()
    assert result.weight[i] == pytest.approx(w.sum())
    assert result.log_loss[i] == pytest.approx(log_loss(y, p, sample_weight=w, **params))
    assert result.expected[i] == pytest.approx(np.average(entropy, weights=w))
    assert result.gap[i] == pytest.approx(gap / w.sum())
    assert result.z[i] == pytest.approx(gap / np.sqrt(w**2 @ variance))
    assert result.share[i] == pytest.approx(w @ losses / total)
    assert result.overall["log_loss"] == pytest.approx(total / result.overall["weight"])


def test_the_class_of_a_slice_is_the_one_that_is_farthest_off(found):
    y, p, _, there = PLANTED
    assert found.top_class[0] == 1
    assert found.class_share[0] == pytest.approx((y[there] == 1).mean())
    assert found.class_proba[0] == pytest.approx(p[there, 1].mean())
    z = ((y[there] == 1) - p[there, 1]).sum() / np.sqrt((p * (1 - p))[there, 1].sum())
    assert found.class_z[0] == pytest.approx(z)


def test_a_planted_slice_is_found_and_nothing_else(found):
    assert found.n_found == 1
    assert found.slices[0][0].startswith("a > ")
    assert found.slices[0][1].startswith("b <= ")
    assert found.support[0] == PLANTED[3].sum()
    assert found.p_value[0] == pytest.approx(1 / 201)


def test_a_planted_slice_is_found_after_recalibration_of_a_model_that_is_too_sure():
    y, p, X, there = planted(times=2.0)
    result = log_loss_slices(y, p, X)
    assert result.recalibration != "none"
    assert any("recalibration" in note for note in result.notes)
    assert result.n_found == 1
    assert result.support[0] == there.sum()
    assert result.recalibrated[0] != result.log_loss[0]
    assert result.gap == pytest.approx(result.recalibrated - result.expected)
    assert result.log_loss[0] == pytest.approx(log_loss(y[there], p[there], labels=[0, 1, 2]))
    raw = log_loss_slices(y, p, X, recalibration=False)
    assert raw.recalibration == "none"
    assert raw.n_found > 1


def test_two_slices_that_overlap_are_both_found_if_they_are_wrong_in_other_ways():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(6000, 2))
    z = rng.normal(size=(6000, 3))
    true = z.copy()
    true[X[:, 0] > 0.7, 1] += 1.0
    true[X[:, 1] <= -0.7] *= 0.4
    result = log_loss_slices(drawn(softmax(true), rng), softmax(z), X, recalibration=False)
    first = {parts[0][:4] for parts, kept in zip(result.slices, result.found, strict=True) if kept}
    assert {"x0 >", "x1 <"} <= first
    assert result.n_found <= 4 < np.count_nonzero(result.p_value <= 0.05)


def test_copies_of_a_column_are_one_finding(found):
    y, p, X, _ = PLANTED
    again = log_loss_slices(y, p, X.assign(copy=X["a"]), recalibration=False)
    assert again.n_found == found.n_found


@pytest.mark.parametrize("weighted", [False, True])
def test_the_smallest_p_value_of_a_calibrated_model_is_uniform(weighted):
    smallest = []
    for seed in range(150):
        y, p, X = rows(300, seed=seed)
        w = np.random.default_rng([seed, 1]).exponential(size=300) if weighted else None
        result = log_loss_slices(
            y, p, X, labels=[0, 1, 2], sample_weight=w, recalibration=False, n_null=39,
            random_state=seed,
        )  # fmt: skip
        if result.n_draws:
            smallest.append(np.nanmin(result.p_value))
    # Where weights look as if they followed the classes, there is no test.
    smallest = np.array(smallest)
    assert len(smallest) > 100
    assert kstest(smallest - 1 / 80, "uniform").pvalue > 0.001
    assert np.mean(smallest <= 0.05) < 0.11


def test_p_values_step_down_from_the_largest_score():
    scores = np.array([3.0, 1.0, np.nan, 2.0])
    draws = np.array([[1.0, 2.5, 0.5], [1.5, 0.1, 0.1], [9.0, 9.0, 9.0], [0.2, 0.3, 2.5]])
    found = step_down(scores, [draws.astype(np.float32)])
    # 3.0 against the largest of all; 2.0 against that of the last two; 1.0 alone.
    assert found.p_value[[0, 3, 1]] == pytest.approx([1 / 4, 2 / 4, 2 / 4])
    assert np.isnan(found.p_value[2])
    assert found.most == pytest.approx([1.5, 2.5, 2.5])


@pytest.mark.parametrize("rate", [0.05, 0.5, 3.0, 40.0])
def test_scores_of_a_poisson_count_are_as_far_out_as_its_tails(rate):
    counts = np.arange(0, int(rate + 8 * np.sqrt(rate)) + 3)
    z = (counts - rate) / np.sqrt(rate)
    scores = normal_scores(z, np.full(len(z), 1 / np.sqrt(rate)))
    above = norm.isf(poisson.sf(counts - 1, rate))
    below = norm.ppf(poisson.cdf(counts, rate))
    exact = np.where(z > 0, np.maximum(above, 0), np.minimum(below, 0))
    far = np.abs(exact) > 1
    assert np.all(np.diff(scores) >= 0)
    assert scores[far] == pytest.approx(exact[far], rel=0.25)
    mirrored = normal_scores(-z, np.full(len(z), -1 / np.sqrt(rate)))
    assert mirrored == pytest.approx(-scores)


def test_the_order_of_rows_changes_no_figure():
    y, p, X = rows()
    at = np.random.default_rng(0).permutation(len(y))
    one, other = (
        log_loss_slices(y[i], p[i], X[i], labels=[0, 1, 2]).to_frame().set_index("slice")
        for i in (np.arange(len(y)), at)
    )
    figures = ["support", "weight", "share", "log_loss", "expected", "gap", "z"]
    pd.testing.assert_frame_equal(one[figures], other.loc[one.index, figures])


def test_a_weight_of_two_is_a_row_twice_in_the_figures():
    y, p, X = rows()
    w = np.ones(len(y))
    w[::3] = 2
    at = np.repeat(np.arange(len(y)), w.astype(int))
    params = {"by": "x0", "labels": [0, 1, 2], "recalibration": False}
    X = np.sign(X)
    one = log_loss_slices(y, p, X, sample_weight=w, **params)
    other = log_loss_slices(y[at], p[at], X[at], **params)
    for name in ("weight", "share", "log_loss", "expected", "gap"):
        assert getattr(one, name) == pytest.approx(getattr(other, name))


def test_rows_of_weight_zero_are_not_there():
    y, p, X = rows()
    w = (np.arange(len(y)) % 4 > 0).astype(float)
    there = w > 0
    params = {"labels": [0, 1, 2], "recalibration": False}
    one = log_loss_slices(y, p, X, sample_weight=w, **params)
    other = log_loss_slices(y[there], p[there], X[there], **params)
    assert one.names == other.names
    assert one.p_value == pytest.approx(other.p_value, nan_ok=True)
    assert one.log_loss == pytest.approx(other.log_loss)


def test_frames_of_either_library_and_in_any_order_of_columns_say_the_same(found):
    y, p, X, _ = PLANTED
    for frame in (X[["c", "b", "a"]], pl.from_pandas(X)):
        other = log_loss_slices(y, p, frame, recalibration=False)
        assert set(other.slices[0]) == set(found.slices[0])
        assert other.class_z[0] == pytest.approx(found.class_z[0])
    array = log_loss_slices(y, p, X[["a", "b"]].to_numpy(), recalibration=False)
    assert array.slices[0] == tuple(
        text.replace("a ", "x0 ").replace("b ", "x1 ") for text in found.slices[0]
    )


def test_columns_of_every_kind_make_slices_of_all_rows():
    n = 200
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "text": rng.choice(["x", "y"], n),
            "category": pd.Categorical(rng.choice(["x", "y"], n)),
            "flag": rng.random(n) < 0.5,
            "whole": pd.array(rng.integers(0, 90, n), dtype="Int64"),
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(n) % 90, unit="D"),
            "few": rng.integers(0, 3, n),
            "real": rng.normal(size=n),
        }
    )
    X.loc[:49, ["text", "category", "real"]] = None
    X.loc[:49, "whole"] = pd.NA
    X.loc[:49, "day"] = pd.NaT
    y, p = rng.integers(0, 2, n), np.full(n, 0.5)
    for frame in (X, pl.from_pandas(X)):
        result = log_loss_slices(y, p, frame, max_depth=1, min_share=0)
        support = dict(zip(result.names, result.support.tolist(), strict=True))
        for name in ("text", "category", "whole", "day", "real"):
            assert support[f"{name} is missing"] == 50
        for name in X.columns:
            own = [v for k, v in support.items() if k.startswith(f"{name} ") or f" {name} " in k]
            assert sum(own) == n, name
        assert "flag = True" in support
        assert "few = 2" in support
        assert any(name.startswith("day <= 2024-") for name in support)


def test_objects_of_an_array_are_numbers_where_all_of_them_are():
    y, p = [0, 1] * 60, np.full(120, 0.5)
    X = [[i, "ab"[i % 2]] for i in range(120)]
    names = log_loss_slices(y, p, X, max_depth=1).names
    assert {"x0 <= 29", "x1 = a", "x1 = b"} <= set(names)
    X[0][0] = None
    assert len(log_loss_slices(y, p, X, max_depth=1).names) == len(names)


def test_an_edge_parts_the_rows_as_its_text_says():
    X = np.random.default_rng(0).lognormal(3, 2, size=(400, 1))
    result = log_loss_slices([0, 1] * 200, np.full(400, 0.5), X, max_depth=1)
    assert len(result.names) == 4
    for name, support in zip(result.names, result.support.tolist(), strict=True):
        low, high = -math.inf, math.inf
        parts = name.split(" ")
        if parts[0] == "x0":
            low, high = (low, float(parts[2])) if parts[1] == "<=" else (float(parts[2]), high)
        else:
            low, high = float(parts[0]), float(parts[4])
        assert np.count_nonzero((X[:, 0] > low) & (X[:, 0] <= high)) == support


def test_slices_that_are_asked_for_are_all_combinations_in_order():
    y, p, X, _ = PLANTED
    X = X.assign(month=np.arange(len(y)) % 12 + 1)
    one = log_loss_slices(y, p, X, by="month")
    assert one.names == tuple(f"month = {i}" for i in range(1, 13))
    assert one.by == ("month",)
    assert one.share.sum() == pytest.approx(1)
    two = log_loss_slices(y, p, X, by=["c", "month"])
    assert len(two.names) == 24
    assert two.names[0] == "c = u & month = 1"
    assert two.support.sum() == len(y)


def test_groups_are_what_tests_count():
    """Rows ten times over are no more evidence than once."""
    y, p, X = rows(300)
    X = np.sign(X)
    at = np.repeat(np.arange(300), 10)
    params = {"labels": [0, 1, 2], "recalibration": False, "by": "x0"}
    grouped = log_loss_slices(y[at], p[at], X[at], groups=at, **params)
    once = log_loss_slices(y, p, X, **params)
    assert grouped.n_groups == 300
    assert grouped.gap == pytest.approx(once.gap)
    assert grouped.z == pytest.approx(once.z, rel=0.25)
    alone = log_loss_slices(y[at], p[at], X[at], **params)
    assert np.abs(alone.z) == pytest.approx(np.sqrt(10) * np.abs(once.z))


def test_very_few_groups_are_named():
    y, p, X = rows(300)
    result = log_loss_slices(y, p, X, labels=[0, 1, 2], groups=np.arange(300) % 9, n_null=19)
    assert any("fewer than 20 groups" in note for note in result.notes)


def test_sums_over_slices_are_those_of_their_members():
    """Pairs of columns of different numbers of levels, some rows of which are in none."""
    rng = np.random.default_rng(0)
    levels = [
        Levels(rng.integers(-1, k, 5000), tuple(f"{j}{i}" for i in range(k)))
        for j, k in enumerate((3, 1, 5, 2))
    ]
    values, cells = rng.normal(size=(5000, 7)), Cells(levels, 2)
    sums = cells.sums(lambda at: values[at])
    assert len(cells) == 11 + 3 * 8 + 1 * 7 + 5 * 2
    for i in range(len(cells)):
        assert sums[i] == pytest.approx(values[cells.members(i)].sum(axis=0))
        assert len(cells.texts(i)) == (1 if i < 11 else 2)
    some = np.flatnonzero(rng.random(5000) < 0.3)
    sums = cells.sums(lambda at: values[some][at], some)
    inside = np.isin(np.arange(5000), some)
    assert sums[20] == pytest.approx(values[cells.members(20) & inside].sum(axis=0))


def test_false_findings_are_as_rare_with_groups():
    wrong = 0
    for seed in range(60):
        y, p, X = rows(60, seed=seed)
        at = np.repeat(np.arange(60), 5)
        result = log_loss_slices(
            y[at], p[at], X[at], labels=[0, 1, 2], groups=at, recalibration=False, n_null=39,
            random_state=seed,
        )  # fmt: skip
        wrong += result.n_found > 0
    assert wrong <= 8


def test_a_rare_class_that_does_not_occur_in_any_group_is_no_finding():
    """A calibrated model sees such rows in 30 % of samples, and all gaps have one sign."""
    at = np.repeat(np.arange(300), 4)
    result = log_loss_slices(
        np.zeros(1200, int), np.full(1200, 0.001), (at % 3).astype(str)[:, None], groups=at,
        labels=[0, 1], recalibration=False,
    )  # fmt: skip
    assert result.n_found == 0
    assert result.p_value.min() > 0.5


@pytest.mark.parametrize(
    ("share", "n_groups", "size", "alike"),
    [(0.001, 300, 4, False), (0.05, 30, 20, True), (0.001, 30, 20, False)],
)
def test_false_findings_of_a_rare_class_are_as_rare_with_groups(share, n_groups, size, alike):
    wrong, at = 0, np.repeat(np.arange(n_groups), size)
    for seed in range(40):
        chance = np.random.default_rng(seed).random(n_groups if alike else len(at))
        y = ((chance[at] if alike else chance) < share).astype(int)
        wrong += log_loss_slices(
            y, np.full(len(at), share), (at % 3).astype(str)[:, None], groups=at,
            labels=[0, 1], recalibration=False, n_null=39, random_state=seed,
        ).n_found > 0  # fmt: skip
    assert wrong <= 5


@pytest.mark.parametrize(("alike", "low", "high"), [(1.0, 1.0, 1.0), (0.0, 0.0, 0.4)])
def test_labels_show_how_much_rows_of_a_group_hang_together(alike, low, high):
    """By the correlation of labels, which is the square of what is found."""
    rng = np.random.default_rng(0)
    groups, p = np.repeat(np.arange(200), 5), np.full((1000, 2), 0.5)
    chance = rng.random(200)[groups] if alike else rng.random(1000)
    codes = (chance < 0.5).astype(int)
    made = Predicted(codes, np.ones(1000), groups, p, -np.log(p), np.full(1000, np.log(2)))
    assert copies(made) == pytest.approx(5)
    assert low <= togetherness(made, 0) <= high
    # The spread of the sums of groups is that of copies, or of independent rows.
    gaps = drawn_labels(made, 400, rng, alike)(slice(0, 1000)).reshape(200, 5, 3, 400)
    assert gaps.sum(axis=1)[:, 1].var() == pytest.approx(0.25 * (25 if alike else 5), rel=0.05)


def test_weights_that_follow_the_classes_leave_no_test():
    y, p, X = rows()
    w = np.array([1.0, 2, 4])[y]
    result = log_loss_slices(y, p, X, labels=[0, 1, 2], sample_weight=w, recalibration=False)
    assert np.isnan(result.p_value).all()
    assert result.n_draws == 0
    assert "cannot be tested" in result.verdict
    assert any("weights" in note for note in result.notes)


def test_a_model_that_is_certain_of_every_row_leaves_no_test():
    p = np.tile([0.0, 1.0], 100)
    result = log_loss_slices([0, 1] * 100, p, np.arange(200), labels=[0, 1])
    assert np.isnan(result.p_value).all()
    assert any("certain" in note for note in result.notes)


@pytest.mark.parametrize(
    ("column", "params", "words"),
    [
        (np.ones(200), {}, "No slice has 20 rows"),
        (np.arange(200) % 4, {"min_share": 0.3}, "No slice has 60 rows"),
    ],
)
def test_why_no_slice_was_tested_is_said(column, params, words):
    y, p, _ = rows(200)
    result = log_loss_slices(y, p, column[:, None], labels=range(3), **params)
    assert np.isnan(result.p_value).all()
    assert any(words in note for note in result.notes)
    assert not any("certain" in note for note in result.notes)


def certain_and_wrong():
    """In 100 of 2000 rows the model excludes what happens in half of them."""
    rng = np.random.default_rng(0)
    p, at = rng.uniform(0.1, 0.9, 2000), np.arange(2000) < 100
    y = (rng.random(2000) < np.where(at, 0.5, p)).astype(int)
    X = pd.DataFrame({"a": np.where(at, "north", "south"), "b": rng.integers(3, size=2000)})
    return y, np.where(at, 1.0, p), X


@pytest.mark.parametrize("by", [None, "a"])
@pytest.mark.parametrize("grouped", [False, True])
def test_where_the_model_is_certain_and_wrong_it_is_found(by, grouped):
    y, p, X = certain_and_wrong()
    groups = np.arange(2000) // 2 if grouped else None
    result = log_loss_slices(
        y, p, X, by=by, groups=groups, labels=[0, 1], recalibration=False
    )  # fmt: skip
    i = result.names.index("a = north")
    assert result.z[i] == np.inf
    assert result.class_z[i] == -np.inf
    assert result.top_class[i] == 1
    assert result.p_value[i] == pytest.approx(1 / 201)
    # And its parts, which overlap with it, are no findings of their own.
    assert [name for name, kept in zip(result.names, result.found, strict=True) if kept] == [
        "a = north"
    ]
    assert "a = north" in result.verdict
    assert "100.0 %" in str(result)
    assert "a = north" in result.to_html()
    assert type(result).from_json(result.to_json()).z[i] == np.inf
    result.plot()


@pytest.mark.parametrize("unit", [1e-13, 1e-6, 1e6])
def test_the_unit_of_weights_changes_no_test(unit):
    y, p, X = rows()
    params = {"labels": [0, 1, 2], "recalibration": False}
    one = log_loss_slices(y, p, X, **params)
    other = log_loss_slices(y, p, X, sample_weight=np.full(len(y), unit), **params)
    assert one.names == other.names
    assert one.p_value == pytest.approx(other.p_value, nan_ok=True)
    assert one.z == pytest.approx(other.z)
    assert one.share == pytest.approx(other.share)
    assert other.weight == pytest.approx(unit * one.weight)
    assert other.overall["weight"] == pytest.approx(unit * len(y))
    assert other.overall["log_loss"] == pytest.approx(one.overall["log_loss"])


@pytest.mark.parametrize(("level", "enough"), [(0.95, 19), (0.999, 999), (0.9, 9), (0.97, 33)])
def test_a_level_that_the_draws_cannot_reach_is_refused(level, enough):
    """Else a slice that is off by any amount would read as fine."""
    y, p, X, _ = PLANTED
    params = {"recalibration": False, "confidence_level": level, "by": "c"}
    with pytest.raises(ValueError, match=rf"n_null must .* {enough} for confidence_level={level}"):
        log_loss_slices(y, p, X, n_null=enough - 1, **params)
    result = log_loss_slices((y + 1) % 3, p, X, n_null=enough, **params)
    assert result.n_found == 2


@pytest.mark.parametrize("seed", [1, 177])
@pytest.mark.parametrize("unit", [None, 1.0, 1e-3, 1e6])
def test_where_class_and_loss_tell_the_same_the_class_does(seed, unit):
    """With the same probabilities in all rows rounding would choose, and find each part again."""
    rng = np.random.default_rng(seed)
    X = rng.integers(3, size=(3000, 2)).astype(str)
    y = (rng.random(3000) < np.where(X[:, 0] == "1", 0.9, 0.3)).astype(int)
    result = log_loss_slices(
        y, np.full(3000, 0.3), X, labels=[0, 1], recalibration=False,
        sample_weight=None if unit is None else np.full(3000, unit),
    )  # fmt: skip
    assert result.n_found == 1
    assert result.names[0] == "x0 = 1"
    assert set(result.top_class) == {1}


def test_where_no_temperature_leaves_no_gap_a_bias_does():
    codes = np.array([1] * 90 + [0] * 10)
    p = np.tile([0.7, 0.3], (100, 1))
    made = Predicted(codes, np.ones(100), None, p, -np.log(p), -np.log(p)[np.arange(100), codes])
    found = corrected(made, 2)
    assert found.proba == pytest.approx(np.tile([0.1, 0.9], (100, 1)), abs=1e-5)
    # Where all are right, the largest temperature leaves less than any bias.
    p = np.where((np.arange(100) < 50)[:, None], [0.7, 0.3], [0.3, 0.7])
    made = Predicted((np.arange(100) >= 50) * 1, np.ones(100), None, p, -np.log(p), np.ones(100))
    found = corrected(made, 2)
    assert found.proba[[0, 99], [0, 1]] == pytest.approx(1)


def test_columns_that_are_equal_but_for_rounding_are_the_first_of_them():
    sizes = np.array([[1.0, 3.0, 3.0 + 1e-9], [1.0, 2.0, 3.0], [-np.inf, np.inf, np.inf]])
    assert first_of_largest(sizes).tolist() == [1, 2, 1]


def test_of_two_classes_one_is_tested():
    y, p, X = rows(k=2)
    result = log_loss_slices(y, p, X, labels=[0, 1], recalibration=False)
    assert set(result.top_class) <= {1, None}


@pytest.mark.parametrize("pos_label", ["good", "spam"])
def test_of_two_classes_the_positive_one_is_named(pos_label):
    y, p, X, _ = PLANTED
    p = p[:, 1] / p[:, :2].sum(axis=1)
    two = y < 2
    y, p, X = np.array(["good", "spam"])[y[two]], p[two], X[two]
    said = p if pos_label == "spam" else 1 - p
    result = log_loss_slices(y, said, X, pos_label=pos_label, recalibration=False)
    assert set(result.top_class) <= {pos_label, None}
    assert pos_label in result.top_class
    of_values = GroupedLogLossAccumulator(["good", "spam"], pos_label=pos_label)
    found = of_values.update(y, said, by=X[["c"]]).report()
    assert set(found.top_class) <= {pos_label, None}
    assert pos_label in found.top_class


def test_with_many_classes_only_those_that_cost_most_are_tested_one_by_one():
    y, p, X = rows(800, k=25)
    result = log_loss_slices(y, p, X, labels=range(25), recalibration=False, n_null=19)
    assert any("20 classes" in note for note in result.notes)


def test_labels_are_drawn_for_some_of_very_many_rows():
    y, p, X = rows(24_000, k=2)
    result = log_loss_slices(y, p, X, labels=[0, 1], recalibration=False, n_null=19)
    assert any("20000 rows" in note for note in result.notes)


def test_pairs_of_very_many_columns_are_limited():
    y, p, _ = rows(300, k=2)
    X = np.random.default_rng(0).normal(size=(300, 60))
    result = log_loss_slices(y, p, X, labels=[0, 1], recalibration=False, n_null=19)
    assert any("too many pairs" in note for note in result.notes)


def test_a_table_without_slices_says_so():
    y, p, _ = rows(100)
    result = log_loss_slices(y, p, np.ones((100, 1)), labels=[0, 1, 2])
    assert len(result.slices) == 0
    for said in (result.verdict, str(result), result.to_html()):
        assert "no slices" in said
    with pytest.raises(ValueError, match="no slices to draw"):
        result.plot()


def test_what_was_passed_in_stays_as_it_was():
    y, p, X, _ = PLANTED
    before = X.copy(), p.copy(), y.copy()
    log_loss_slices(y, p, X)
    pd.testing.assert_frame_equal(X, before[0])
    np.testing.assert_array_equal(p, before[1])
    np.testing.assert_array_equal(y, before[2])


def test_probabilities_that_hardly_differ_leave_no_gap_that_the_model_excludes():
    rng = np.random.default_rng(0)
    p = 0.5 + 1e-9 * rng.normal(size=400)
    result = log_loss_slices(
        rng.integers(2, size=400), p, rng.integers(2, size=(400, 1)), labels=[0, 1]
    )
    assert np.isnan(result.z).all()
    assert result.n_found == 0


def test_names_from_elsewhere_are_escaped():
    y, p, X, _ = PLANTED
    names = np.array(["x", "<b>y</b>", "z"])
    X = X.rename(columns={"a": "<i>a</i>"})
    result = log_loss_slices(names[y], p, X, labels=names, recalibration=False)
    page = result.to_html()
    assert "<b>y" not in page
    assert "<i>a" not in page
    assert "&lt;b&gt;y&lt;/b&gt;" in page
    assert "<html" not in result._repr_html_()


def test_the_page_says_each_finding_once():
    y, p, X, _ = PLANTED
    w = X.assign(half=np.where(np.arange(len(y)) % 2, "a", "b"), there=PLANTED[3])
    result = log_loss_slices(y, p, w, by=["there", "half"], recalibration=False)
    assert result.n_found == 2
    page = result.to_html()
    for name in np.array(result.names)[result.found]:
        assert page.count(f"Where {name.replace('&', '&amp;')}, class 1 occurs") == 1


def test_the_text_keeps_within_its_width(found):
    assert all(len(line) <= 80 for line in str(found).splitlines())
    assert found.verdict[:40] in str(found)
    assert "class 1: " in str(found)
    assert "* a > " in str(found)


def test_every_rendering_says_the_same(found):
    frame = found.to_frame()
    assert len(frame) == len(found.slices)
    assert list(frame.columns[:3]) == ["slice", "found", "support"]
    assert frame["p_value"].to_numpy() == pytest.approx(found.p_value, nan_ok=True)
    assert frame["class"][0] == 1
    assert found.to_frame("polars").shape == frame.shape
    assert json.loads(found.to_json())["recalibration"] == "none"
    assert repr(found).startswith("<LogLossSlices: ")
    with pytest.raises(ValueError, match="read-only"):
        found.p_value[0] = 0


def test_the_plot_shows_losses_beside_what_was_expected(found):
    import matplotlib.pyplot as plt

    display = found.plot()
    assert display.frame("pandas").equals(found.to_frame("pandas"))
    assert display.points_.get_offsets()[0, 0] == pytest.approx(found.log_loss[0])
    assert display.expected_.get_offsets()[0, 0] == pytest.approx(found.expected[0])
    with pytest.raises(ValueError, match="max_slices"):
        found.plot(max_slices=0)
    plt.close("all")


def test_classes_may_be_called_something_else():
    y, p, X, _ = PLANTED
    result = log_loss_slices(y, p, X, target_names=["x", "y", "z"], recalibration=False)
    assert result.top_class[0] == "y"
    assert "class y occurs in" in result.verdict


X10 = np.zeros((10, 2))


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"X": X10[:9]}, "same number of rows; got 9 and 10"),
        ({"X": np.zeros((10, 0))}, "no columns"),
        ({"X": np.zeros((10, 2, 2))}, "shape"),
        ({"by": "age"}, "by must name columns of X"),
        ({"by": []}, "at least one column"),
        ({"by": ["x0", "x0"]}, "none twice"),
        ({"max_depth": 3}, "max_depth must be an integer from 1 to 2"),
        ({"n_bins": 1}, "n_bins must be an integer from 2"),
        ({"n_bins": True}, "n_bins"),
        ({"min_share": 0.5}, "min_share"),
        ({"n_null": 0}, "n_null"),
        ({"eps": 0}, "eps must be above 0"),
        ({"recalibration": 1}, "recalibration must be True or False"),
        ({"X": pd.DataFrame(X10, columns=["a", "a"])}, "different names|unique"),
        ({"X": [[1, 2]] * 9 + [[1]]}, "equal length"),
        ({"X": np.ma.masked_array(X10)}, "masked"),
    ],
)
def test_what_cannot_be_meant_is_refused(params, words):
    params = {"X": X10} | params
    with pytest.raises(ValueError, match=words):
        log_loss_slices([0, 1] * 5, np.full(10, 0.5), **params)


def test_sparse_and_lazy_tables_are_refused_by_name():
    from scipy.sparse import csr_array

    y, p = [0, 1] * 5, np.full(10, 0.5)
    with pytest.raises(TypeError, match="X is a sparse matrix"):
        log_loss_slices(y, p, csr_array(X10))
    with pytest.raises(TypeError, match="X is lazy"):
        log_loss_slices(y, p, pl.LazyFrame({"a": [1] * 10}))


def test_rows_in_another_order_are_refused():
    index = list("abcdefghij")
    y = pd.Series([0, 1] * 5, index=index)
    X = pd.DataFrame(X10, index=index[::-1])
    with pytest.raises(ValueError, match="another order"):
        log_loss_slices(y, np.full(10, 0.5), X, labels=[0, 1])


def test_short_names_stand_in_the_line_of_their_figures():
    """Names have lines of their own only where the figures leave them no room."""
    y, proba = np.tile([0, 1, 1, 0], 50), np.tile([0.4, 0.6], (200, 1))
    place = np.arange(200) % 2
    for name, together in (("at", True), ("the place where it was measured", False)):
        found = log_loss_slices(y, proba, pd.DataFrame({name: place}), by=[name], n_null=19)
        lines = [line for line in found.to_text().splitlines() if line.endswith(f"{name} = 1")]
        assert (not lines) == together
        assert f"{name} = 1 " in found.to_text() or not together


@pytest.mark.parametrize(
    ("n_slices", "n_left"), [(1, ""), (2, ""), (31, "1 other"), (33, "3 others")]
)
def test_one_slice_and_one_other_are_one(n_slices, n_left):
    y, proba = np.tile([0, 1, 1, 0], 99), np.tile([0.4, 0.6], (396, 1))
    X = pd.DataFrame({"at": [f"{i % n_slices:02d}" for i in range(396)]})
    found = log_loss_slices(y, proba, X, by=["at"], n_null=19)
    assert len(found.slices) == n_slices
    what = "1 slice" if n_slices == 1 else f"{n_slices} slices"
    for text in (found.to_text(), found.to_html(), repr(found)):
        assert re.search(rf"\b{what}\b", text)
    for text in (found.to_text().lower(), found.to_html().lower()):
        assert f"and {n_left}, in to_frame()" in text if n_left else "in to_frame()" not in text
    counting = GroupedLogLossAccumulator([0, 1]).update(y, proba, by=X)
    assert re.search(rf"\b{what}\b", repr(counting))


@pytest.mark.parametrize("column", ["constant", "missing", "the same", "its number"])
def test_a_column_that_adds_nothing_to_another_is_in_no_finding(column):
    """A pair with all rows of one of its parts says no more than that part."""
    rng = np.random.default_rng(1)
    p, city = rng.beta(2, 4, 2000), rng.choice(list("abcdef"), 2000)
    odds = p / (1 - p) * np.where(city == "c", 4, 1)
    y = rng.random(2000) < odds / (1 + odds)
    more = {
        "constant": np.ones(2000),
        "missing": np.full(2000, np.nan),
        "the same": city,
        "its number": np.searchsorted(list("abcdef"), city) % 6,
    }
    found = log_loss_slices(y, p, pd.DataFrame({"city": city, column: more[column]}), n_null=99)
    assert all("&" not in name for name in found.names)
    assert found.names[0] == "city = c"
    assert [n for n, f in zip(found.names, found.found, strict=True) if f].count("city = c") == 1


@pytest.mark.parametrize("seed", [46, 106, 122, 274])
def test_very_sharp_models_are_tested_without_a_warning(seed):
    r = np.random.default_rng(seed)
    k, n = int(r.integers(2, 7)), int(r.integers(1, 60))
    p = r.dirichlet([10 ** r.uniform(-3, 1)] * k, size=n)
    y = np.array([r.choice(k, p=q / q.sum()) for q in p])
    X = np.column_stack([r.integers(0, 3, n), r.normal(size=n)])
    assert log_loss_slices(y, p, X, labels=range(k), renormalize=True).verdict


def test_columns_that_make_no_slice_are_named():
    y, p, _ = rows(600)
    when = pd.period_range("2020-01-01", periods=600, freq="D")
    waited = pd.to_timedelta(np.arange(600) % 100, unit="h")
    X = pd.DataFrame({"id": [f"id {i}" for i in range(600)], "day": when, "waited": waited})
    X["age"], X["region"] = np.arange(600), np.resize(["n", "s"], 600)
    (note,) = log_loss_slices(y, p, X, max_depth=1, recalibration=False).notes
    assert note.startswith("No slice is made of id, day, waited: too few rows have one value")
    X["day"], X["waited"] = X["day"].dt.to_timestamp(), X["waited"].dt.total_seconds()
    (note,) = log_loss_slices(y, p, X, max_depth=1, recalibration=False).notes
    assert note.startswith("No slice is made of id: ")
    assert not log_loss_slices(y, p, X, by="id", recalibration=False).notes
    many = pd.DataFrame({f"id{i}": X["id"] for i in range(9)}).assign(age=X["age"])
    (note,) = log_loss_slices(y, p, many, max_depth=1, recalibration=False).notes
    assert "id0, id1, id2, id3, id4, 4 others: " in note
