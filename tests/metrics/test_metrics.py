"""The values of the metrics, against derivations, printed examples and independent oracles."""

import math

import mpmath as mp
import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn.metrics
from numpy.testing import assert_allclose
from scipy.spatial.distance import jensenshannon
from scipy.special import softmax
from scipy.stats import entropy as scipy_entropy
from sklearn.linear_model import LogisticRegression

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

INF = math.inf
EPS = 2.0**-52
# Rows of three columns that are read at a time; the blocks of wider tables have fewer.
BLOCK = 21844

# On every backend.
pytestmark = pytest.mark.usefixtures("backend")


def random_rows(n, k, seed=0, concentration=1.0):
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.full(k, concentration), n)


def random_labels(n, k, seed=0):
    rng = np.random.default_rng(seed + 1)
    return np.r_[np.arange(k), rng.integers(k, size=n - k)]


# Worked examples. Their digits are those of tutorials, as printed.

P, Q = [0.10, 0.40, 0.50], [0.80, 0.15, 0.05]


@pytest.mark.parametrize(
    ("metric", "args", "bits"),
    [
        (cross_entropy, (P, Q), 3.288),
        (cross_entropy, (Q, P), 2.906),
        (cross_entropy, (P, P), 1.361),
        (cross_entropy, (Q, Q), 0.884),
        (entropy, (P,), 1.361),
        (entropy, (Q,), 0.884),
        (kl_divergence, (P, Q), 1.927),
    ],
)
def test_two_distributions_over_three_events(metric, args, bits):
    assert round(metric(*args, base=2), 3) == bits


def test_ten_labels_and_probabilities():
    y = [1, 1, 1, 1, 1, 0, 0, 0, 0, 0]
    p = np.array([0.8, 0.9, 0.9, 0.6, 0.8, 0.1, 0.4, 0.2, 0.1, 0.3])
    rows = [0.223, 0.105, 0.105, 0.511, 0.223, 0.105, 0.511, 0.223, 0.105, 0.357]
    assert cross_entropy(y, p, reduction="none").round(3).tolist() == rows
    assert round(log_loss(y, p), 3) == 0.247
    targets = np.column_stack([1 - np.array(y), y])
    assert cross_entropy(targets, np.column_stack([1 - p, p])) == pytest.approx(log_loss(y, p))
    # The bound that binary cross-entropies in float32 work to.
    assert log_loss(y, p.astype(np.float32)) == pytest.approx(log_loss(y, p), rel=1e-6)


@pytest.mark.parametrize("metric", [cross_entropy, log_loss, kl_divergence])
def test_four_classes(metric):
    targets = np.array([[1, 0, 0, 0], [0, 0, 0, 1]])
    p = np.array([[0.25, 0.25, 0.25, 0.25], [0.01, 0.01, 0.01, 0.97]])
    assert metric(targets, p) == pytest.approx(0.7083767843022996, rel=1e-15)
    assert metric([0, 3], p, labels=range(4)) == metric(targets, p)
    # Terms for the events that did not happen belong to the sum of the one-vs-rest losses.
    one_vs_rest = sum(log_loss(targets[:, j], p[:, j], labels=[0, 1]) for j in range(4))
    assert one_vs_rest == pytest.approx(1.1549753967602232, rel=1e-15)


def test_logistic_regression_on_one_feature():
    x = np.array([[-2.2], [-1.4], [-0.8], [0.2], [0.4], [0.8], [1.2], [2.2], [2.9], [4.6]])
    y = [0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    p = LogisticRegression().fit(x, y).predict_proba(x)
    assert p[:, 1].round(2).tolist() == [0.19, 0.33, 0.47, 0.7, 0.74, 0.81, 0.86, 0.94, 0.97, 0.99]
    assert round(log_loss(y, p), 4) == round(log_loss(y, p[:, 1]), 4) == 0.3329


def test_log_loss_by_hand():
    x = np.array([[-1.8], [-0.8], [-0.5], [-0.1], [0.5], [0.6], [0.9], [1.1], [1.5], [1.9]])
    y = np.array([0, 0, 1, 0, 1, 0, 1, 1, 1, 1])
    p = LogisticRegression().fit(x, y).predict_proba(x)
    by_hand = -sum(math.log(p[i, c]) for i, c in enumerate(y)) / 10
    assert log_loss(y, p) == pytest.approx(by_hand, rel=1e-14)
    assert log_loss(y, p) == pytest.approx(sklearn.metrics.log_loss(y, p), rel=1e-12)


def test_the_curve_of_values():
    """It starts at 0, grows faster than linearly, and ends at infinity."""
    p = np.linspace(1, 0, 11)
    curve = cross_entropy([[0, 1]] * 11, np.column_stack([1 - p, p]), reduction="none")
    assert curve[0] == 0
    assert curve[5] == pytest.approx(math.log(2))
    assert (np.diff(curve[:10], n=2) > 0).all()
    assert curve[10] == INF


# Other libraries


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("normalize", [False, True])
@pytest.mark.parametrize("k", [2, 3, 20])
def test_log_loss_is_that_of_scikit_learn(k, normalize, weighted):
    y, p = random_labels(500, k), random_rows(500, k, concentration=0.1)
    weight = np.random.default_rng(2).exponential(size=500) if weighted else None
    options = {"normalize": normalize, "sample_weight": weight}
    assert log_loss(y, p, **options) == pytest.approx(
        sklearn.metrics.log_loss(y, p, **options), rel=1e-12
    )
    if k == 2:
        expected = sklearn.metrics.log_loss(y, p[:, 1], **options)
        assert log_loss(y, p[:, 1], **options) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("k", [2, 5])
def test_the_skill_is_the_d2_of_scikit_learn(k, weighted):
    y, p = random_labels(300, k), random_rows(300, k)
    weight = np.random.default_rng(2).exponential(size=300) if weighted else None
    expected = sklearn.metrics.d2_log_loss_score(y, p, sample_weight=weight)
    assert log_loss_skill_score(y, p, sample_weight=weight) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("base", [math.e, 2, 10])
def test_distributions_are_those_of_scipy(base):
    t, p = random_rows(50, 6), random_rows(50, 6, seed=1)
    options = {"base": base, "reduction": "none"}
    expected = scipy_entropy(p, axis=1, base=base)
    assert entropy(p, **options) == pytest.approx(expected, rel=1e-13)
    expected = scipy_entropy(t, p, axis=1, base=base)
    assert kl_divergence(t, p, **options) == pytest.approx(expected, rel=1e-12)
    expected = jensenshannon(t, p, axis=1, base=base) ** 2
    assert js_divergence(t, p, **options) == pytest.approx(expected, rel=1e-12)


def test_the_entropy_of_labels_is_that_of_their_frequencies():
    y = np.repeat(["a", "b", "c"], [5, 3, 2])
    weight = np.r_[np.full(5, 0.2), np.full(3, 2.0), np.full(2, 0.5)]
    assert label_entropy(y) == pytest.approx(scipy_entropy([5, 3, 2]), rel=1e-14)
    expected = scipy_entropy([1, 6, 1], base=2)
    assert label_entropy(y, sample_weight=weight, base=2) == pytest.approx(expected, rel=1e-14)
    assert label_entropy(["a"] * 3) == 0


# Fifty digits


def exact(number):
    return mp.mpf(float(number))


def mp_entropy(p):
    return mp_cross_entropy(p, p)


def mp_cross_entropy(t, p):
    pairs = [(exact(a), exact(b)) for a, b in zip(t, p, strict=True) if a > 0]
    return -mp.fsum(a * mp.log(b) for a, b in pairs)


def mp_js(t, p):
    pairs = [(exact(a), exact(b)) for a, b in zip(t, p, strict=True)]
    terms = [a * mp.log(2 * a / (a + b)) for a, b in pairs if a > 0]
    return mp.fsum(terms + [b * mp.log(2 * b / (a + b)) for a, b in pairs if b > 0]) / 2


def ulps(values, expected, sizes=None):
    """The largest error in units of the last place of `sizes`, which is `expected` itself."""
    sizes = expected if sizes is None else sizes
    errors = [
        abs(exact(v) - e) / exact(np.spacing(float(abs(s))))
        for v, e, s in zip(np.atleast_1d(values), expected, sizes, strict=True)
    ]
    return float(max(errors))


@pytest.fixture(autouse=True)
def fifty_digits():
    with mp.workdps(50):
        yield


TINY = 5e-324
HARD = np.array(
    [
        [TINY, 1 - 2**-53, 2**-53],
        [1.0, TINY, 0.0],
        [1.0, 1e-320, 1e-17],
        [1e-300, 1e-10, 1 - 1e-10],
        [0.5, 0.5, 0.0],
        [1 / 3, 1 / 3, 1 / 3],
        [1e-5, 1 - 2e-5, 1e-5],
        [2.2e-308, 1e-160, 1.0],
    ]
)
TABLES = {
    "hard": HARD,
    "confident": random_rows(100, 3, concentration=0.05) + 5e-324,
    "even": random_rows(100, 5, concentration=20),
    "wide": random_rows(50, 100),
    "two": random_rows(100, 2),
}


@pytest.mark.parametrize("p", TABLES.values(), ids=TABLES)
def test_entropy_to_the_last_places(p):
    assert ulps(entropy(p, reduction="none"), [mp_entropy(row) for row in p]) <= 4


@pytest.mark.parametrize("metric", [cross_entropy, kl_divergence, log_loss])
@pytest.mark.parametrize("p", TABLES.values(), ids=TABLES)
def test_losses_of_labels_to_the_last_places(metric, p):
    for c in range(p.shape[1])[:3]:
        happens = p[p[:, c] > 0]
        expected = [-mp.log(exact(row[c])) for row in happens]
        labels = range(p.shape[1])
        if metric is log_loss:
            values = [log_loss([c], row[None, :], labels=labels, eps=0) for row in happens]
        else:
            values = metric([c] * len(happens), happens, labels=labels, reduction="none")
        assert ulps(values, expected, [e or 1 for e in expected]) <= 4


@pytest.mark.parametrize("p", TABLES.values(), ids=TABLES)
def test_soft_cross_entropy_to_the_last_places(p):
    t, p = p, np.maximum(p[::-1], TINY)
    expected = [mp_cross_entropy(*pair) for pair in zip(t, p, strict=True)]
    assert ulps(cross_entropy(t, p, reduction="none"), expected) <= 4


@pytest.mark.parametrize("p", TABLES.values(), ids=TABLES)
def test_kl_divergence_to_the_last_places_of_its_terms(p):
    t, p = p, np.maximum(p[::-1], TINY)
    costs = [mp_cross_entropy(*pair) for pair in zip(t, p, strict=True)]
    own = [mp_entropy(row) for row in t]
    # Rows that sum to 1 only to rounding can have a sum below 0, which counts as 0.
    expected = [max(a - b, 0) for a, b in zip(costs, own, strict=True)]
    sizes = [a + b for a, b in zip(costs, own, strict=True)]
    assert ulps(kl_divergence(t, p, reduction="none"), expected, sizes) <= 4


@pytest.mark.parametrize("p", TABLES.values(), ids=TABLES)
@pytest.mark.parametrize("distance", [1.0, 1e-3, 1e-9])
def test_js_divergence_to_the_last_places(p, distance):
    """Also between neighbours, where the logarithms of its definition cancel."""
    t = (1 - distance) * p + distance * p[::-1]
    differ = (t != p).any(axis=1)
    t, p = t[differ], p[differ]
    expected = [mp_js(*pair) for pair in zip(t, p, strict=True)]
    # The difference and the sum of t and p round before any logarithm is taken, and count twice.
    assert ulps(js_divergence(t, p, reduction="none"), expected) <= 8


@pytest.mark.parametrize("p", [1e-20, 1e-300, TINY, 1e-3, 0.5, 0.9, 1 - 2**-53])
def test_js_divergence_of_labels_to_the_last_places(p):
    exact_pair = [1 - exact(p), exact(p)]
    for label in (0, 1):
        own = exact_pair[label]
        expected = mp.log(2 / (1 + own)) + own * mp.log(2 * own / (1 + own))
        expected = (expected + (1 - own) * mp.log(2)) / 2
        value = js_divergence([label], [p], labels=[0, 1])
        # An infinitely small difference from 1 is beyond the fifty digits, as is its square.
        assert value == pytest.approx(float(expected), rel=2e-15, abs=1e-50)


LOGITS = np.array(
    [
        [0.0, -69.0, -800.0],
        [800.0, -800.0, 0.0],
        [-800.0, -799.0, -801.0],
        [0.0, -INF, 1.0],
        [0.0, -INF, -INF],
        [0.0, 40.0, 80.0],
        [1e300, 0.0, 0.0],
    ]
)


def mp_log_softmax(row):
    finite = [exact(z) for z in row if z > -INF]
    # Exponentials relative to the largest, since mpmath's own range has no end.
    total = mp.fsum(mp.exp(z - max(finite)) for z in finite)
    return [exact(z) - max(finite) - mp.log(total) if z > -INF else -mp.inf for z in row]


@pytest.mark.parametrize("c", [0, 1, 2])
def test_losses_of_logits_to_the_last_places(c):
    """Losses as small as 1e-30 are not lost in a sum of exponentials that is nearly 1."""
    with mp.workdps(400):
        possible = LOGITS[LOGITS[:, c] > -INF]
        expected = [-mp_log_softmax(row)[c] for row in possible]
        options = {"labels": [0, 1, 2], "from_logits": True}
        values = cross_entropy([c] * len(possible), possible, reduction="none", **options)
        for value, loss in zip(values, expected, strict=True):
            assert value == pytest.approx(float(loss), rel=1e-15, abs=1e-323)
        assert min(x for x in values if x > 0) < (1.1e-30 if c == 0 else 1)
        one_hot = cross_entropy(np.eye(3)[[c] * len(possible)], possible, from_logits=True)
        assert one_hot == pytest.approx(values.mean(), rel=1e-15)


def test_logits_of_minus_infinity_are_impossible():
    for p in ([[0.0, -INF]], [-INF]):
        assert cross_entropy([1], p, labels=[0, 1], from_logits=True) == INF
        assert cross_entropy([0], p, labels=[0, 1], from_logits=True) == 0
        assert log_loss([1], p, labels=[0, 1], from_logits=True) == -math.log(EPS)
    assert entropy([0.0, 0.0, -INF], from_logits=True, base=2) == 1


@pytest.mark.parametrize("z", [-800.0, -69.0, -1.0, 0.0, 0.3, 40.0, 800.0])
def test_logits_of_the_positive_class(z):
    for label, sign in ((1, -1), (0, 1)):
        expected = float(mp.log1p(mp.exp(sign * exact(z))))
        value = cross_entropy([label], [z], labels=[0, 1], from_logits=True)
        assert value == pytest.approx(expected, rel=1e-15, abs=0)


@pytest.mark.parametrize("p", [1e-20, 1e-300, TINY, 1e-9, 0.3, 1 - 2**-53])
def test_probabilities_of_the_positive_class(p):
    """The loss of the other class does not round to 0 where 1 - p rounds to 1."""
    losses = [log_loss([c], [p], labels=[0, 1], eps=0) for c in (0, 1)]
    with mp.workdps(400):
        assert ulps(losses, [-mp.log(1 - exact(p)), -mp.log(exact(p))]) <= 4


# Precision of the input, and sums over many rows


def single_pairs():
    p = random_rows(1000, 7, concentration=0.3).astype(np.float32)
    p[0] = [1e-45, 1e-40, 1e-30, 1e-20, 1e-7, 0, 1]
    return random_rows(1000, 7, seed=3).astype(np.float32), p + np.float32(1e-44)


@pytest.mark.parametrize("metric", [cross_entropy, kl_divergence, js_divergence])
def test_single_precision_distributions(metric):
    t, p = single_pairs()
    expected = metric(t.astype(float), p.astype(float), reduction="none")
    for pair in ((t, p), (t.astype(float), p), (t, p.astype(float))):
        assert metric(*pair, reduction="none") == pytest.approx(expected, rel=1e-7)


def test_single_precision_losses():
    _, p = single_pairs()
    y = random_labels(1000, 7)
    for eps in (0, EPS):
        expected = log_loss(y, p.astype(float), eps=eps)
        assert log_loss(y, p, eps=eps) == pytest.approx(expected, rel=1e-7)
    assert entropy(p) == pytest.approx(entropy(p.astype(float)), rel=1e-7)
    # The same tiny probability costs the same in every precision.
    tiny = log_loss([0, 1], np.array([1e-10, 0.5], dtype=np.float32)[::-1])
    assert tiny == pytest.approx((math.log(2) - math.log(1e-10)) / 2, rel=1e-7)


def test_sums_are_in_double_precision():
    p = np.full((200_000, 2), [0.9, 0.1], dtype=np.float32)
    expected = -math.log(np.float64(np.float32(0.9)))
    assert log_loss(np.zeros(200_000, int), p, labels=[0, 1]) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize(
    "n", [BLOCK - 1, BLOCK, BLOCK + 1, pytest.param(2 * BLOCK + 3, marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("single", [False, True])
def test_many_rows_are_the_sum_of_each(n, single):
    y, p, t = random_labels(n, 3), random_rows(n, 3), random_rows(n, 3, seed=5)
    if single:
        p = p.astype(np.float32)
    wide, weight = p.astype(float), np.random.default_rng(1).exponential(size=n)
    costs = -np.log(wide[np.arange(n), y])
    mean = math.fsum(costs) / n
    assert log_loss(y, p) == pytest.approx(mean, rel=1e-13)
    assert_allclose(cross_entropy(y, p, reduction="none"), costs, rtol=1e-13)
    expected = math.fsum(weight * costs) / math.fsum(weight)
    assert log_loss(y, p, sample_weight=weight) == pytest.approx(expected, rel=1e-13)
    by_class = [math.fsum((weight * costs)[y == c]) / math.fsum(weight[y == c]) for c in range(3)]
    assert log_loss(y, p, average=None, sample_weight=weight) == pytest.approx(by_class, rel=1e-12)
    rows = -(t * np.log(wide)).sum(axis=1)
    assert_allclose(cross_entropy(t, p, reduction="none"), rows, rtol=1e-13)
    assert kl_divergence(t, p) == pytest.approx((rows + (t * np.log(t)).sum(axis=1)).mean())
    middle = (t + wide) / 2
    js = (t * np.log(t / middle) + wide * np.log(wide / middle)).sum(axis=1) / 2
    assert_allclose(js_divergence(t, p, reduction="none"), js, rtol=1e-8, atol=1e-14)
    assert log_loss(np.eye(3)[y], p) == pytest.approx(mean, rel=1e-13)
    rows = -(wide * np.log(wide)).sum(axis=1)
    assert_allclose(entropy(p, reduction="none"), rows, rtol=1e-12)


# Zeros and infinities


@pytest.mark.parametrize("metric", [cross_entropy, kl_divergence, perplexity])
def test_what_was_excluded_costs_infinitely_much(metric):
    assert metric([0.5, 0.5], [1.0, 0.0]) == INF
    assert metric([0, 1], [[0.5, 0.5], [1.0, 0.0]]) == INF
    assert metric([0, 1], [0.5, 0.0]) == INF
    rows = metric([[0.5, 0.5], [1, 0]], [[1.0, 0.0], [1.0, 0.0]], reduction="none")
    assert rows.tolist() == [INF, 1 if metric is perplexity else 0]


@pytest.mark.parametrize(
    "value",
    [
        entropy([1.0, 0.0, 0.0]),
        entropy([[0.0, 1.0], [1.0, 0.0]]),
        cross_entropy([1.0, 0.0], [1.0, 0.0]),
        cross_entropy([0, 1], [0.0, 1.0]),
        cross_entropy([0, 1], np.eye(2)),
        kl_divergence(P, P),
        kl_divergence([0.0, 1.0], [0.0, 1.0]),
        js_divergence(P, P),
        js_divergence([0, 1], np.eye(2)),
        log_loss([0, 1], np.eye(2)),
        log_loss([0, 1], np.eye(2), eps=0),
        log_loss_skill_score([0, 0, 1, 1], [0.5, 0.5, 0.5, 0.5]),
        label_entropy([3, 3]),
    ],
)
def test_exact_zeros(value):
    assert value == 0
    assert math.copysign(1, value) == 1


def test_bounds():
    assert js_divergence([1.0, 0.0], [0.0, 1.0]) == math.log(2)
    assert js_divergence([0, 1], [[0.0, 1.0], [1.0, 0.0]]) == math.log(2)
    assert perplexity([0, 1, 2], np.eye(3)) == 1
    assert perplexity([0], np.full((1, 50), 0.02), labels=range(50)) == pytest.approx(50)
    assert entropy(np.full(8, 1 / 8), base=2) == 3


def test_js_divergence_of_labels_is_that_of_one_hot_rows():
    y, p = random_labels(100, 4), random_rows(100, 4, concentration=0.2)
    expected = js_divergence(np.eye(4)[y], p, reduction="none")
    assert js_divergence(y, p, reduction="none") == pytest.approx(expected, rel=1e-12, abs=1e-15)


# The floor


def test_the_floor_is_that_of_scikit_learn():
    y, p = [0, 1, 1], [[1.0, 0.0], [1.0, 0.0], [0.5, 0.5]]
    assert log_loss(y, p) == pytest.approx(sklearn.metrics.log_loss(y, p), rel=1e-12)
    assert log_loss([0, 1], [[0.5, 0.5], [1.0, 0.0]], normalize=False) == pytest.approx(
        math.log(2) + 52 * math.log(2)
    )


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_the_floor_is_the_same_for_every_dtype(dtype):
    assert log_loss([1], np.array([[1, 0]], dtype=dtype), labels=[0, 1], base=2) == 52


@pytest.mark.parametrize("eps", [1e-3, 0.25, 1e-300])
def test_the_floor_limits_the_loss_and_nothing_else(eps):
    p = [[1.0, 0.0], [0.7, 0.3], [0.8, 0.2]]
    expected = -np.log(np.maximum([0.0, 0.3, 0.8], eps)).mean()
    assert log_loss([1, 1, 0], p, eps=eps) == pytest.approx(expected, rel=1e-15)


# Averages


Y3 = ["b", "a", "b", "c", "b"]
P3 = random_rows(5, 4)
COSTS3 = -np.log([P3[0, 1], P3[1, 0], P3[2, 1], P3[3, 2], P3[4, 1]])


def test_class_means():
    labels = ["a", "b", "c", "d"]
    means = log_loss(Y3, P3, labels=labels, average=None)
    assert means.dtype == np.float64
    expected = [COSTS3[1], COSTS3[[0, 2, 4]].mean(), COSTS3[3], np.nan]
    np.testing.assert_allclose(means, expected, rtol=1e-14)
    order = [3, 1, 0, 2]
    permuted = log_loss(Y3, P3[:, order], labels=np.array(labels)[order], average=None, base=2)
    np.testing.assert_allclose(permuted, np.array(expected)[order] / math.log(2), rtol=1e-14)
    macro = log_loss(Y3, P3, labels=labels, average="macro")
    assert macro == pytest.approx(np.mean(expected[:3]), rel=1e-14)
    assert log_loss(Y3, P3, labels=labels, average="micro") == pytest.approx(COSTS3.mean())


def test_class_sums():
    sums = log_loss(Y3, P3, labels=["a", "b", "c", "d"], average=None, normalize=False)
    expected = [COSTS3[1], COSTS3[[0, 2, 4]].sum(), COSTS3[3], 0]
    assert sums == pytest.approx(expected, rel=1e-14)


def test_class_means_are_weighted():
    weight = [1, 2, 3, 0, 5]
    means = log_loss(Y3, P3, labels=["a", "b", "c", "d"], average=None, sample_weight=weight)
    b = (COSTS3[0] + 3 * COSTS3[2] + 5 * COSTS3[4]) / 9
    np.testing.assert_allclose(means, [COSTS3[1], b, np.nan, np.nan], rtol=1e-14)


# Labels and columns


@pytest.mark.parametrize(
    ("y", "options"),
    [
        (["no", "yes", "no"], {"pos_label": "yes"}),
        (["no", "yes", "no"], {"labels": ["no", "yes"]}),
        (["yes", "no", "yes"], {"labels": ["yes", "no"]}),
        (["yes", "no", "yes"], {"labels": ["no", "yes"], "pos_label": "no"}),
        ([4, 7, 4], {}),
        ([7, 4, 7], {"pos_label": 4}),
        ([True, False, True], {"pos_label": False}),
        ([-1, 1, -1], {}),
    ],
)
def test_the_positive_class(y, options):
    expected = -(math.log(0.8) + math.log(0.6) + math.log(0.7)) / 3
    for metric in (log_loss, cross_entropy):
        assert metric(y, [0.2, 0.6, 0.3], **options) == pytest.approx(expected, rel=1e-15)
    means = log_loss(y, [0.2, 0.6, 0.3], average=None, **options)
    assert sorted(means) == pytest.approx(
        sorted([(expected * 3 + math.log(0.6)) / 2, -math.log(0.6)])
    )


def test_a_single_class_with_a_positive_label():
    assert log_loss(["no"], [0.2], pos_label="yes") == pytest.approx(-math.log(0.8))
    assert log_loss(["yes"], [0.2], pos_label="yes") == pytest.approx(-math.log(0.2))
    assert log_loss([False, False], [0.2, 0.2]) == pytest.approx(-math.log(0.8))


def test_columns_of_a_data_frame_are_found_by_name():
    """By position, the loss would be 1.335."""
    y, p = ["a", "b"], {"b": [0.3, 0.75], "a": [0.7, 0.25]}
    expected = -(math.log(0.7) + math.log(0.75)) / 2
    for frame in (pd.DataFrame, pl.DataFrame):
        assert log_loss(y, frame(p)) == pytest.approx(expected)
        assert log_loss(y, frame(p), labels=["b", "a"]) == pytest.approx(expected)


def test_one_hot_rows_are_in_the_order_of_labels():
    p = random_rows(3, 3)
    y = np.eye(3)[[2, 0, 0]]
    expected = -np.log([p[0, 2], p[1, 0], p[2, 0]])
    means = log_loss(y, p, labels=["z", "x", "y"], average=None)
    np.testing.assert_allclose(means, [expected[1:].mean(), np.nan, expected[0]], rtol=1e-14)
    frame = pd.DataFrame(y.astype(bool), columns=["z", "x", "y"])
    shuffled = pd.DataFrame(p, columns=["z", "x", "y"])[["y", "z", "x"]]
    assert log_loss(frame, shuffled) == pytest.approx(expected.mean())
    assert log_loss(frame, shuffled, labels=["x", "y", "z"]) == pytest.approx(expected.mean())


def far_apart():
    return {
        "wide_integers": np.array([0, 2**62, -(2**62)]),
        "ends_of_int64": np.array([2**63 - 1, -(2**63), 0]),
        "negative": np.array([-1, -300, 5]),
        "uint8": np.array([255, 0, 7], dtype=np.uint8),
        "int8_far": np.array([-128, 127, 0], dtype=np.int8),
        "beyond_int64": np.array([2**63 + 1, 2**63, 2**64 - 1], dtype=np.uint64),
        "long_text": np.array(["x" * 500, "x" * 499 + "y", "y"]),
        "unicode": np.array(["λ", "日本語", "naïve 🙂"]),
        "bytes": np.array([b"one", b"two", b"three"]),
        "floats": np.array([0.5, -1.25, 1e300]),
        "python_integers": [10**30, -(10**30), 0],
        "one_prefix": np.array(["a", "ab", "abc"]),
        "tuples_of_text": ("b", "c", "a"),
    }


@pytest.mark.parametrize("name", far_apart())
def test_labels_of_any_size(name):
    labels = far_apart()[name]
    codes, p = random_labels(200, 3), random_rows(200, 3)
    y = [labels[c] for c in codes] if isinstance(labels, list | tuple) else labels[codes]
    expected = -np.log(p[np.arange(200), codes])
    assert cross_entropy(y, p, labels=labels, reduction="none") == pytest.approx(expected)
    rank = sorted(range(3), key=lambda c: labels[c])
    assert cross_entropy(y, p[:, rank], reduction="none") == pytest.approx(expected)


@pytest.mark.parametrize(
    "labels",
    [
        np.arange(1500),
        np.arange(1500) * 7 - 3000,
        np.arange(1500) * 2**50,
        np.array([f"class {i}" for i in range(1500)]),
        np.array([f"class {i}" for i in range(1500)], dtype=object),
    ],
    ids=["range", "steps", "far", "text", "objects"],
)
def test_many_classes(labels):
    rng = np.random.default_rng(0)
    labels = labels[rng.permutation(1500)]
    codes = rng.permutation(np.r_[np.arange(1500), rng.integers(1500, size=4500)])
    p = random_rows(6000, 1500)
    expected = -np.log(p[np.arange(6000), codes]).mean()
    assert log_loss(labels[codes], p, labels=labels) == pytest.approx(expected, rel=1e-12)
    order = np.argsort(labels)
    assert log_loss(labels[codes], p[:, order]) == pytest.approx(expected, rel=1e-12)
    assert cross_entropy(labels[codes], p, labels=labels) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("rare", [9, "rare"])
def test_a_label_that_first_occurs_in_a_late_row(rare):
    y = np.array([0, 1] * 10_000 + [rare] if rare == 9 else ["a", "b"] * 10_000 + [rare])
    p = np.full((20_001, 3), [0.25, 0.25, 0.5])
    expected = (20_000 * math.log(4) + math.log(2)) / 20_001
    assert log_loss(y, p) == pytest.approx(expected, rel=1e-14)
    assert label_entropy(y) == pytest.approx(scipy_entropy([10_000, 10_000, 1]), rel=1e-13)


def test_a_thousand_columns_of_logits():
    logits = np.random.default_rng(0).normal(size=(50, 1000)) * 20
    y = np.random.default_rng(1).integers(1000, size=50)
    expected = -np.log(softmax(logits, axis=1)[np.arange(50), y]).mean()
    value = log_loss(y, logits, labels=range(1000), from_logits=True, eps=0)
    assert value == pytest.approx(expected, rel=1e-12)


# Skill


@pytest.mark.parametrize(
    "reference",
    [
        [0.2, 0.5, 0.3],
        np.array([0.2, 0.5, 0.3]),
        {"a": 0.3, "b": 0.5, "c": 0.2},
        pd.Series({"b": 0.5, "c": 0.2, "a": 0.3}),
        pl.Series([0.2, 0.5, 0.3]),
    ],
    ids=["list", "array", "mapping", "pandas", "polars"],
)
def test_the_skill_against_another_prior(reference):
    y, p = ["a", "b", "a"], random_rows(3, 3)
    labels = ["c", "b", "a"]
    expected = 1 + 3 * log_loss(y, p, labels=labels) / math.log(0.3 * 0.5 * 0.3)
    value = log_loss_skill_score(y, p, labels=labels, reference=reference)
    assert value == pytest.approx(expected, rel=1e-14)


def test_the_floor_holds_for_the_reference():
    value = log_loss_skill_score([0, 1], [0.5, 0.5], reference=[1.0, 0.0], eps=0.25)
    assert value == pytest.approx(0.0, abs=1e-15)


def test_one_class_has_skill_only_against_another_prior():
    options = {"labels": [0, 1], "reference": [0.5, 0.5]}
    assert log_loss_skill_score([1, 1], [0.75, 0.75], **options) == pytest.approx(
        1 - math.log(0.75) / math.log(0.5)
    )


# One distribution


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_single_distributions_give_one_number(reduction):
    for metric in (cross_entropy, kl_divergence, js_divergence, perplexity):
        value = metric(P, Q, reduction=reduction)
        assert type(value) is float
        assert value == pytest.approx(metric([P], [Q]), rel=1e-15)
    assert type(entropy(P, reduction=reduction)) is float
    assert entropy([0.5, 0.5], reduction=reduction, base=2) == 1
    assert cross_entropy([0.5, 0.5], [0.0, math.log(3)], from_logits=True) == pytest.approx(
        cross_entropy([0.5, 0.5], [0.25, 0.75])
    )
    assert cross_entropy([1.0, 3.0], [5.0, 5.0], renormalize=True) == pytest.approx(math.log(2))


def test_the_js_divergence_is_at_most_one_bit_also_if_rows_sum_to_more_than_one():
    value = js_divergence([1.0, 0.0, 0.0], [0.0, 0.5, 0.50009])
    assert value == math.log(2)


def test_the_skill_needs_no_floor():
    p = [[0.5, 0.25, 0.25], [0.25, 0.5, 0.25]]
    value = log_loss_skill_score([0, 1], p, labels=[0, 1, 2], eps=0)
    assert value == pytest.approx(0, abs=1e-15)
    assert log_loss_skill_score([0, 1], [0.5, 0.5], eps=0, reference=[1.0, 0.0]) == 1


def test_rows_of_values_are_in_units_of_the_base():
    p = [[0.5, 0.5], [0.75, 0.25]]
    assert cross_entropy([0, 1], p, base=2, reduction="none").tolist() == [1, 2]


@pytest.mark.parametrize("positive", [0, 1])
@pytest.mark.parametrize("names", [["a", "b"], [3, 7], [False, True]])
def test_class_means_are_in_the_order_of_the_labels_whichever_is_positive(names, positive):
    y, p = [names[0], names[0], names[1]], np.array([0.1, 0.3, 0.6])
    of_first, of_second = (p, 1 - p) if positive == 0 else (1 - p, p)
    expected = [-np.log(of_first[:2]).mean(), -np.log(of_second[2])]
    for labels in (None, names):
        options = {"labels": labels, "pos_label": names[positive], "average": None}
        np.testing.assert_allclose(log_loss(y, p, **options), expected, 1e-14)
