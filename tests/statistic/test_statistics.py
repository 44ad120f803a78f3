"""The mergeable statistic of the report, against sums that are taken row by row."""

import dataclasses
import math
from functools import reduce

import mpmath
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from reports import EPS, data, quick

from skxent._backend import NUMPY
from skxent._intake._rows import check_labelled
from skxent._kernels import log_softmax
from skxent.statistic import _confusion, _slabs
from skxent.statistic._sums import Statistics, statistics

FIELDS = [f.name for f in dataclasses.fields(Statistics) if f.name != "groups"]
TINY = 2.0**-52
FLOORS = [EPS, 0.0, 1e-3]


def of(y, p, w=None, eps=EPS, k=None, **params):
    labels = np.arange(p.shape[1] if p.ndim == 2 else 2) if k is None else np.arange(k)
    return statistics(check_labelled(y, p, labels=labels, sample_weight=w, **params), eps)


def place(p, k):
    """Bin of a probability: a fraction of an octave of its odds, from 2**-53."""
    per_octave = 16 if k <= 100 else 8
    mantissa, exponent = math.frexp((p + TINY) / ((1.0 - p) + TINY))
    return (exponent - 1 + 53) * per_octave + math.floor((2 * mantissa - 1) * per_octave)


def sums_row_by_row(y, p, w, eps):
    """The definitions of the fields, with Python's floats, one number at a time."""
    n, k = p.shape
    zeros = np.zeros(k)
    found = {name: zeros.copy() for name in FIELDS}
    found |= {"square": np.zeros((3, k)), "cube": np.zeros((4, k))}
    found |= {"moments": np.zeros((2, k)), "moments_of_all": np.zeros(2)}
    found["surprise_of_all"] = np.zeros(1)
    found["confusion"] = np.zeros((k, k))
    found["histogram"] = np.zeros((5, k, 106 * (16 if k <= 100 else 8)))
    none = np.nan if w is not None and not np.isin(w, [0, 1]).all() else 0.0
    found |= {"temperature": np.full(5, none), "bias": np.full((4, k), none)}
    for i in range(n):
        weight = 1.0 if w is None else float(w[i])
        if weight == 0:
            continue
        c, row = int(y[i]), [float(v) for v in p[i]]
        costs = [math.inf if max(v, eps) == 0 else -math.log(max(v, eps)) for v in row]
        loss = costs[c]
        found["support"][c] += 1
        found["floored"][c] += row[c] < eps
        for r, power in enumerate(("weight", "square", "cube"), start=1):
            found["floored_" + power][c] += weight**r * (row[c] < eps)
        found["surprise_of_all"] += loss
        found["weight"][c] += weight
        found["loss"][c] += weight * loss
        for r in range(4):
            found["cube"][r, c] += weight**3 * loss**r
            if r < 3:
                found["square"][r, c] += weight**2 * loss**r
        total = math.fsum(row)
        chances = [v / total for v in row]
        for at, power in enumerate((0.5, 0.75, 1.25, 1.5, 2.0)):
            # A class that is excluded has what is at most the probability of a float.
            own = max(chances[c], min(eps, 2.0**-52))
            ratio = math.inf if power < 1 else -math.inf
            if own > 0:
                ratio = (power - 1) * math.log(own) - math.log(math.fsum(q**power for q in chances))
            found["temperature"][at] += ratio
        for at, bias in enumerate((-0.4, -0.1, 0.1, 0.4)):
            for j, q in enumerate(chances):
                found["bias"][at, j] += bias * (j == c) - math.log(1 + (math.exp(bias) - 1) * q)
        mean = math.fsum(q * x for q, x in zip(chances, costs, strict=True) if q > 0)
        for j in range(k):
            q, x = chances[j], costs[j]
            found["proba"][j] += weight * row[j]
            found["excluded"][j] += row[j] == 0
            found["most"][j] += weight * min(x, -math.log(5e-324))
            rest = max(1.0 - row[j], eps)
            miss = math.inf if rest == 0 else -math.log(rest)
            found["ovr_loss"][j] += weight * (loss if j == c else miss)
            found["surprise"][j] += loss if j == c else miss
            at = place(row[j], k)
            hit = weight * (j == c)
            found["histogram"][:, j, at] += [weight, weight**2, weight * row[j], hit, weight > 0]
            if q > 0:
                found["expected"][j] += weight * q * x
                found["moments"][0, j] += weight**2 * q * (1 - q) * x**2
                found["moments"][1, j] += weight**3 * q * (1 - q) * (1 - 2 * q) * x**3
                found["moments_of_all"][0] += weight**2 * q * (x - mean) ** 2
                found["moments_of_all"][1] += weight**3 * q * (x - mean) ** 3
        found["confusion"][c] += weight * shared_out(row, c, loss)
    return found


def shared_out(row, c, loss):
    """Loss of one row by the class that it is laid at the door of."""
    others = [0.0 if j == c else v for j, v in enumerate(row)]
    total, k = math.fsum(others), len(row)
    if loss == 0 or k == 1:
        return np.zeros(k)
    if total == 0:  # the row sums to less than 1
        return np.array([0.0 if j == c else loss / (k - 1) for j in range(k)])
    return np.array([0.0 if v == 0 else loss * (v / total) for v in others])


def rows_of_all_kinds(n, k, seed=0):
    """Rows with small and large probabilities, certain ones, right and wrong, and weights."""
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.full(k, 0.4), n)
    p[: n // 4] = rng.dirichlet(np.full(k, 30.0), n // 4)
    y = rng.integers(k, size=n)
    y[2:k:2] = 0  # some classes may have no rows
    p[5:9] = np.eye(k)[y[5:9]]
    p[9:12] = np.eye(k)[(y[9:12] + 1) % k]
    p[12], p[13] = 1 / k, np.eye(k)[0] * 0.75 + np.eye(k)[k - 1] * 0.25
    w = rng.uniform(0.2, 3, n)
    w[[3, 10, 20]] = 0
    return y, p, w


def close_to_rows(found, y, p, w, eps, rtol=1e-9):
    for name, expected in sums_row_by_row(y, p, w, eps).items():
        value = getattr(found, name)
        # What is left of terms that cancel: third moments have either sign.
        finite = expected[np.isfinite(expected)]
        atol = 1e-13 * np.abs(finite).sum() + 1e-13
        assert_allclose(value, expected, rtol, atol, err_msg=name)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("eps", FLOORS)
@pytest.mark.parametrize("k", [2, 3, 10, 40])
def test_every_field_is_its_sum_over_the_rows(k, eps, weighted, monkeypatch):
    y, p, w = rows_of_all_kinds(131, k)
    w = w if weighted else None
    close_to_rows(of(y, p, w, eps), y, p, w, eps)
    # In several blocks, of which the last is shorter; then some classes at a time.
    monkeypatch.setattr(_slabs, "_NUMBERS", 64 * k)
    for rows_at_once in (64, 128):
        monkeypatch.setattr(_slabs, "_ROWS", rows_at_once)
        close_to_rows(of(y, p, w, eps), y, p, w, eps)


@pytest.mark.parametrize("ones", [slice(0, 64), slice(64, 131)])
def test_blocks_whose_rows_count_once_each_before_and_after_others(ones, monkeypatch):
    y, p, w = rows_of_all_kinds(131, 3)
    w[ones] = w[ones] > 0
    monkeypatch.setattr(_slabs, "_NUMBERS", 64 * 3)
    monkeypatch.setattr(_slabs, "_ROWS", 64)
    close_to_rows(of(y, p, w), y, p, w, EPS)


@pytest.mark.parametrize("k", [5, 32, 33, 70])
def test_the_two_ways_to_add_rows_by_class_are_the_same(k, monkeypatch):
    y, p, w = rows_of_all_kinds(100, k)
    here = of(y, p, w).confusion
    for rows_per_class in (0.0, math.inf):
        monkeypatch.setattr(_confusion, "_ROWS_PER_CLASS", rows_per_class)
        assert_allclose(of(y, p, w).confusion, here, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("n", [1, 2, 3, 5, 7, 8, 15, 31])
@pytest.mark.parametrize("sure", [1.0, 1.0 - 2.0**-53])
def test_certain_rows_of_the_wrong_class_cost_the_floor_each(n, sure):
    """The logarithm of many rows is taken of their product, which must not vanish."""
    p = np.full((n, 3), [sure, (1 - sure) / 2, (1 - sure) / 2])
    least = max(1 - sure, EPS)
    found = of(np.ones(n, dtype=int), p, None)
    assert_allclose(found.ovr_loss[0], -n * math.log(least), rtol=1e-14)
    assert_allclose(found.surprise[2], -n * math.log1p(-p[0, 2]), rtol=1e-14, atol=1e-14)


def test_more_than_a_hundred_classes():
    """Their histograms are coarser."""
    y, p, w = rows_of_all_kinds(30, 101)
    close_to_rows(of(y, p, w), y, p, w, EPS)


@pytest.mark.parametrize("eps", FLOORS)
@pytest.mark.parametrize("seed", [0, 1])
def test_float32_is_taken_at_its_value(eps, seed):
    y, p, w = rows_of_all_kinds(100, 4, seed)
    p = p.astype(np.float32)
    assert (p.astype(np.float64).sum(axis=1) != 1).any()
    close_to_rows(of(y, p, w, eps), y, p.astype(np.float64), w, eps)


@pytest.mark.parametrize("off", [5e-5, -5e-5, 9e-5])
def test_rows_that_do_not_quite_sum_to_one(off):
    """Drawn labels need probabilities that sum to 1; everything else takes them as they are."""
    y, p, w = rows_of_all_kinds(100, 3)
    p = np.minimum(p * (1 + off), 1.0)
    close_to_rows(of(y, p, w), y, p, w, EPS)


@pytest.mark.parametrize("positive", [0, 1])
@pytest.mark.parametrize("eps", FLOORS)
def test_one_column(eps, positive):
    """The other class's probability is 1 minus it, exactly so where floats can say it."""
    rng = np.random.default_rng(0)
    z = np.r_[rng.random(50), 0, 1, 0, 1, 1e-300, 1 - 2.0**-53]
    y = np.r_[rng.integers(2, size=50), 0, 1, 1, 0, 1, 0]
    w = rng.uniform(0.5, 2, 56)
    p = np.column_stack([1 - z, z] if positive else [z, 1 - z])
    close_to_rows(of(y, z, w, eps, pos_label=positive), y, p, w, eps)


@pytest.mark.parametrize("eps", FLOORS)
def test_logits(eps):
    y, p, w = rows_of_all_kinds(100, 4)
    with np.errstate(divide="ignore"):
        logits = np.log(p) - 3.0
    # As they are read: rounding may carry a probability over the edge of its bin.
    p = np.exp(log_softmax(NUMPY, logits))
    close_to_rows(of(y, logits, w, eps, from_logits=True), y, p, w, eps)


@pytest.mark.parametrize(
    "convert",
    [
        np.asfortranarray,
        lambda p: np.repeat(p, 2, axis=0)[::2],
        lambda p: np.column_stack([p, p])[:, : p.shape[1]],
        lambda p: p[::-1].copy()[::-1],
        lambda p: p.astype(">f8"),
        lambda p: p.tolist(),
    ],
    ids=["columns first", "strided", "part of a wider one", "backwards", "big-endian", "list"],
)
@pytest.mark.parametrize("eps", FLOORS)
def test_the_layout_in_memory_does_not_matter(convert, eps):
    y, p, w = rows_of_all_kinds(131, 5)
    expected = of(y, p, w, eps)
    found = of(y, convert(p), w, eps, k=5)
    for name in FIELDS:
        assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("eps", FLOORS)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_rows_of_the_user_are_not_written_to(eps, weighted, dtype):
    """They are read in place: whoever works in a block works in the user's memory."""
    y, p, w = rows_of_all_kinds(131, 5)
    p = p.astype(dtype)
    arrays = [y, p, np.log(p + p.dtype.type(1e-30)), p[:, 1].copy(), w]
    before = [a.copy() for a in arrays]

    def read():
        y, p, logits, z, w = arrays
        weight = w if weighted else None
        of(y, p, weight, eps)
        of(y, logits, weight, eps, from_logits=True)
        of(y % 2, z, weight, eps)
        quick(y, p, labels=range(5), sample_weight=weight, eps=eps, n_null=5)

    read()
    for array, copy in zip(arrays, before, strict=True):
        assert_array_equal(array, copy)
        array.flags.writeable = False
    read()


# Adding up.


def merged(parts, rng):
    """Statistics added up in pairs that are drawn at random."""
    parts = list(parts)
    while len(parts) > 1:
        one, other = (parts.pop(rng.integers(len(parts))) for _ in range(2))
        parts.append(one + other)
    return parts[0]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("eps", FLOORS)
@pytest.mark.parametrize(("k", "seed"), [(2, 0), (7, 1), (40, 2)])
def test_batches_in_any_order_are_one_array(k, seed, eps, weighted):
    y, p, w = rows_of_all_kinds(300, k, seed)
    w = w + 0.1 if weighted else None
    rng = np.random.default_rng(seed)
    rows = rng.permutation(300)
    cuts = [1, 2, *np.sort(rng.choice(np.arange(3, 300), 8, replace=False))]
    batches = np.split(rows, cuts)
    parts = [of(y[at], p[at], w if w is None else w[at], eps) for at in batches]
    whole = of(y, p, w, eps)
    for total in (merged(parts, rng), reduce(lambda a, b: a + b, parts)):
        for name in FIELDS:
            expected = getattr(whole, name)
            atol = 1e-12 * np.abs(expected[np.isfinite(expected)]).sum()
            assert_allclose(getattr(total, name), expected, 1e-9, atol, err_msg=name)


def test_rows_without_weights_add_up_with_weighted_ones():
    y, p, w = rows_of_all_kinds(200, 4)
    mixed = of(y[:80], p[:80]) + of(y[80:], p[80:], w[80:])
    w[:80] = 1.0
    for name in FIELDS:
        assert_allclose(getattr(mixed, name), getattr(of(y, p, w), name), 1e-9, 1e-11, name)


def test_the_sum_is_a_new_one():
    y, p, w = rows_of_all_kinds(60, 3)
    one, other = of(y[:30], p[:30], w[:30]), of(y[30:], p[30:], w[30:])
    before = [{n: getattr(s, n).copy() for n in FIELDS} for s in (one, other)]
    total = one + other
    for name in FIELDS:
        getattr(total, name)[...] = 0
        for s, copy in zip((one, other), before, strict=True):
            assert_array_equal(getattr(s, name), copy[name])


# Where a difference has few digits.


def precise_moments(row):
    with mpmath.workdps(60):
        values = [mpmath.mpf(float(v)) for v in row]
        total = mpmath.fsum(values)
        chances, costs = [v / total for v in values], [-mpmath.log(v) for v in values]
        mean = mpmath.fsum(q * x for q, x in zip(chances, costs, strict=True))
        pairs = list(zip(chances, costs, strict=True))
        return [float(mpmath.fsum(q * (x - mean) ** r for q, x in pairs)) for r in (2, 3)]


@pytest.mark.parametrize("row", [[0.5, 0.3, 0.2], [0.34, 0.33, 0.33], [1 - 2e-9, 1e-9, 1e-9]])
def test_moments_of_one_row(row):
    found = of([0], np.array([row]))
    variance, third = precise_moments(row)
    assert found.moments_of_all[0] == pytest.approx(variance, rel=1e-9)
    assert found.moments_of_all[1] == pytest.approx(third, rel=1e-5)


@pytest.mark.parametrize("k", range(2, 12))
def test_classes_that_cost_the_same_have_no_variance(k):
    found = of([0], np.full((1, k), 1 / k))
    assert found.moments_of_all.tolist() == [0, 0]


# The loss confusion.


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("k", [2, 3, 40])
def test_the_loss_of_each_class_is_shared_out_whole(k, weighted):
    y, p, w = rows_of_all_kinds(131, k)
    report = quick(y, p, labels=range(k), sample_weight=w if weighted else None, base=2)
    rows = report.loss_confusion.sum(axis=1)
    assert_allclose(rows, report.per_class["contribution"], rtol=1e-9, atol=1e-12)
    assert_array_equal(np.diagonal(report.loss_confusion), 0)
    assert (report.loss_confusion >= 0).all()


@pytest.mark.parametrize("error", [1e-3, 1e-6, 3e-7, 1e-9, 1e-12, 2.0**-53, 1e-30, 1e-300])
@pytest.mark.parametrize("k", [3, 40])
def test_rows_that_are_nearly_certain_are_shared_out_whole(error, k):
    """1 - p has lost its digits; the sum of the others has them."""
    logits = np.full((2, k), -800.0)
    logits[:, 0], logits[:, 1], logits[:, 2] = 0.0, math.log(error), math.log(error) - 1
    found = of([0, 0], logits, from_logits=True)
    assert found.loss[0] > 0
    assert_allclose(found.confusion[0].sum(), found.loss[0], rtol=1e-9)
    assert found.confusion[0, 1] / found.confusion[0, 2] == pytest.approx(math.e, rel=1e-9)
    with mpmath.workdps(60):
        parts = [1 + mpmath.mpf(v) for v in (0,)] + [mpmath.exp(v) for v in logits[0, 1:].tolist()]
        loss = mpmath.log(mpmath.fsum(parts))
        own = 2 * loss * parts[1] / mpmath.fsum(parts[1:])
    assert found.confusion[0, 1] == pytest.approx(float(own), rel=1e-9)


def test_a_loss_with_nobody_to_blame_is_shared_out_evenly():
    found = of([0], np.array([[0.99995, 0.0, 0.0]]))
    assert_allclose(found.confusion[0], -math.log(0.99995) / 2 * np.array([0, 1, 1]))


def test_infinite_losses():
    p = np.array([[0.0, 0.7, 0.3, 0.0], [0.5, 0.25, 0.25, 0.0], [0.0, 0.0, 0.0, 1.0]])
    report = quick([0, 0, 2], p, labels=range(4), eps=0)
    share = math.log(2) / 3
    inf = math.inf
    expected = [[0, inf, inf, 0], [0] * 4, [0, 0, 0, inf], [0] * 4]
    assert report.loss_confusion.tolist() == expected
    assert report.per_class["top_rival"].tolist() == [1, None, 3, None]
    alone = quick([0], p[1:2], labels=range(4), eps=0)
    assert_allclose(alone.loss_confusion[0], [0, 3 * share / 2, 3 * share / 2, 0])


def test_an_infinite_loss_without_weight_is_none():
    p = np.array([[0.0, 0.7, 0.3], [0.5, 0.25, 0.25]])
    found = of([0, 0], p, np.array([0.0, 2.0]), eps=0)
    without = of([0], p[1:], np.array([2.0]), eps=0)
    for name in FIELDS:
        assert_array_equal(getattr(found, name), getattr(without, name), err_msg=name)


def test_two_classes_blame_each_other():
    y, p, _ = data(200, 2)
    report = quick(y, p)
    contribution = report.per_class["contribution"]
    expected = [[0, contribution[0]], [contribution[1], 0]]
    assert_allclose(report.loss_confusion, expected, rtol=1e-12)
    assert report.per_class["top_rival"].tolist() == [1, 0]
    assert_allclose(report.per_class["top_rival_share"], 1)
