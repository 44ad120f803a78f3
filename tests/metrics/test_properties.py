"""Identities and bounds that hold for every distribution, whatever its numbers."""

import math

import numpy as np
import pytest
import sklearn.metrics
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

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

moderate = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
# Weights of the events: exact zeros, tiny numbers, ordinary numbers.
masses = st.one_of(st.just(0.0), st.floats(1e-300, 1e-200), st.floats(1e-12, 1.0))


@st.composite
def tables(draw, count=1, least=None):
    """`count` tables of distributions of one shape; with `least`, no probability is below it."""
    shape = draw(st.integers(1, 12)), draw(st.integers(2, 6))
    found = []
    for _ in range(count):
        elements = masses if least is None else st.floats(least, 1.0)
        table = draw(npst.arrays(np.float64, shape, elements=elements))
        table[table.sum(axis=1) == 0] = 1.0
        found.append(table / table.sum(axis=1, keepdims=True))
    return found if count > 1 else found[0]


@st.composite
def labelled(draw):
    """Codes in which each class occurs, positive probabilities, and weights."""
    k = draw(st.integers(2, 5))
    n = draw(st.integers(k, 20))
    codes = draw(
        st.permutations(
            [*range(k), *draw(st.lists(st.integers(0, k - 1), min_size=n - k, max_size=n - k))]
        )
    )
    p = draw(npst.arrays(np.float64, (n, k), elements=st.floats(1e-9, 1.0)))
    weight = draw(npst.arrays(np.float64, n, elements=st.floats(0.01, 10.0)))
    return np.array(codes), p / p.sum(axis=1, keepdims=True), weight


@moderate
@given(tables(count=2))
def test_cross_entropy_is_entropy_and_divergence(pair):
    t, p = pair
    options = {"reduction": "none"}
    parts = entropy(t, **options) + kl_divergence(t, p, **options)
    assert cross_entropy(t, p, **options) == pytest.approx(parts, rel=1e-12, abs=1e-14)


@moderate
@given(tables(count=2))
def test_divergences_are_not_negative(pair):
    t, p = pair
    kl, js = kl_divergence(t, p, reduction="none"), js_divergence(t, p, reduction="none")
    assert (kl >= 0).all()
    assert (js >= 0).all()
    assert (js <= math.log(2)).all()
    # JS is at most half of the symmetrised KL, divided by two once more (Lin 1991).
    bound = (kl + kl_divergence(p, t, reduction="none")) / 4
    assert (js <= bound * (1 + 1e-9) + 1e-15).all()


@moderate
@given(tables(count=2))
def test_the_js_divergence_is_symmetric(pair):
    t, p = pair
    there, back = js_divergence(t, p, reduction="none"), js_divergence(p, t, reduction="none")
    assert there == pytest.approx(back, rel=1e-14, abs=0)


@moderate
@given(tables())
def test_nothing_diverges_from_itself(p):
    assert kl_divergence(p, p) == 0
    assert js_divergence(p, p) == 0
    assert cross_entropy(p, p) == pytest.approx(entropy(p), rel=1e-14, abs=0)


@moderate
@given(tables())
def test_entropy_is_largest_for_the_uniform_distribution(p):
    values = entropy(p, reduction="none")
    assert (values >= 0).all()
    assert (values <= math.log(p.shape[1]) * (1 + 1e-14)).all()


@moderate
@given(tables(count=2, least=1e-6), st.floats(1.01, 100))
def test_perplexity_is_the_base_to_the_cross_entropy(pair, base):
    t, p = pair
    expected = base ** cross_entropy(t, p, base=base)
    assert perplexity(t, p) == pytest.approx(expected, rel=1e-12)
    assert perplexity(t, p) >= 1


@moderate
@given(labelled())
def test_log_loss_is_the_mean_of_the_rows_and_of_the_classes(data):
    y, p, weight = data
    loss = log_loss(y, p, sample_weight=weight)
    rows = cross_entropy(y, p, reduction="none")
    assert loss == pytest.approx(np.average(rows, weights=weight), rel=1e-12)
    support = np.bincount(y, weights=weight)
    means = log_loss(y, p, sample_weight=weight, average=None)
    assert loss == pytest.approx(np.average(means, weights=support), rel=1e-12)
    assert log_loss(y, p, sample_weight=weight, average="macro") == pytest.approx(means.mean())


@moderate
@given(labelled())
def test_log_loss_is_that_of_scikit_learn(data):
    y, p, weight = data
    expected = sklearn.metrics.log_loss(y, p, sample_weight=weight)
    assert log_loss(y, p, sample_weight=weight) == pytest.approx(expected, rel=1e-12)


@moderate
@given(labelled())
def test_no_constant_prediction_is_better_than_the_prior(data):
    y, p, weight = data
    prior = np.bincount(y, weights=weight) / weight.sum()
    loss = log_loss(y, np.tile(prior, (len(y), 1)), sample_weight=weight)
    assert loss == pytest.approx(label_entropy(y, sample_weight=weight), rel=1e-12)
    constant = np.tile(p[0], (len(y), 1))
    assert log_loss(y, constant, sample_weight=weight) >= loss * (1 - 1e-12)
    skill = log_loss_skill_score(y, constant, sample_weight=weight)
    assert skill <= 1e-12


names = st.one_of(
    st.lists(st.integers(-(2**63), 2**63 - 1), min_size=5, max_size=5, unique=True),
    st.lists(st.integers(0, 2**64 - 1), min_size=5, max_size=5, unique=True),
    st.lists(st.integers(-50, 300), min_size=5, max_size=5, unique=True),
    # numpy's fixed-width text does not keep trailing null characters.
    st.lists(
        st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=12),
        min_size=5,
        max_size=5,
        unique=True,
    ),
)


@moderate
@given(labelled(), names, st.booleans())
def test_classes_may_have_any_names(data, names, as_array):
    y, p, weight = data
    k = p.shape[1]
    expected = log_loss(y, p, sample_weight=weight)
    renamed = [names[code] for code in y]
    if as_array:
        renamed = np.array(renamed)
    value = log_loss(renamed, p, labels=names[:k], sample_weight=weight)
    assert value == pytest.approx(expected, rel=1e-14)
    # Without labels the columns are in the order of the sorted names.
    order = sorted(range(k), key=lambda code: names[code])
    assert log_loss(renamed, p[:, order], sample_weight=weight) == pytest.approx(
        expected, rel=1e-14
    )
    assert label_entropy(renamed) == pytest.approx(label_entropy(y), rel=1e-14)


@moderate
@given(tables(least=1e-6), st.floats(-100, 100))
def test_a_constant_does_not_change_logits(p, shift):
    logits = np.log(p) + shift
    expected = entropy(p, reduction="none")
    assert entropy(logits, from_logits=True, reduction="none") == pytest.approx(expected, rel=1e-9)
