"""Recalibration maps and their cross-fitting."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize, minimize_scalar
from scipy.special import expit

from skxent.recalibration import _newton
from skxent.recalibration._cross_fit import Repeats
from skxent.recalibration._maps import METHODS, fit_map, fit_methods

EPS = 2.0**-52
NAMES = [method.name for method in METHODS]


def log_softmax(z):
    z = z - z.max(axis=1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=1, keepdims=True))


def draw(n, slopes, bias, seed=0):
    """Log-probabilities, and labels drawn after the map that would make them right."""
    rng = np.random.default_rng(seed)
    logp = log_softmax(2 * rng.normal(size=(n, 3)))
    p = np.exp(log_softmax(logp @ np.asarray(slopes).T + bias))
    return logp, (p.cumsum(axis=1) < rng.random((n, 1))).sum(axis=1).clip(0, 2)


def unpacked(theta, name, k):
    """Slopes, bias and share; the first slope is that of all classes, others are added to it."""
    slopes, bias, theta = np.eye(k), np.zeros(k), list(theta)
    if name not in ("bias", "mix"):
        slopes = math.exp(theta.pop(0)) * np.eye(k)
    if name == "vector":
        slopes = slopes + np.diag([theta.pop(0) for _ in range(k)])
    if name == "dirichlet":
        slopes = slopes + np.array([theta.pop(0) for _ in range(k * k)]).reshape(k, k)
    if "mix" in name:
        return slopes, bias, expit(theta.pop(0))
    return slopes, np.array(theta) if theta else bias, 0.0


def penalised(theta, name, logp, codes, weight):
    """Losses of the rows, and their sum with the priors that the maps document."""
    n, k = logp.shape
    slopes, bias, share = unpacked(theta, name, k)
    after = log_softmax(logp @ slopes.T + bias)[np.arange(n), codes]
    value, w = 0.5 * bias @ bias, weight * weight.sum() / (weight**2).sum()
    if "mix" in name:
        shares = (np.bincount(codes, w, k) + 1 / k) / (w.sum() + 1)
        after = np.log((1 - share) * np.exp(after) + share * shares[codes])
        value -= 0.5 * np.log(share * (1 - share))
    if name not in ("bias", "mix"):
        value += 1.5 * max(abs(theta[0]) - math.log(2), 0) ** 2
        own = slopes - math.exp(theta[0]) * np.eye(k)
        value += 0.5 * (np.where(np.eye(k, dtype=bool), 25.0, 100.0) * own**2).sum()
    return -after, value - w @ after


def parameters(name, k):
    """Those of the map that changes nothing, or nearly."""
    sizes = {"bias": k, "temperature": 1, "bias+temperature": 1 + k, "mix": 1}
    sizes |= {"temperature+mix": 2, "vector": 1 + 2 * k, "dirichlet": 1 + k * k + k}
    theta = np.zeros(sizes[name])
    if "mix" in name:
        theta[-1] = -3.0
    return theta


def hard(n, k, seed):
    """Rows that every map improves, some of them excluding what happened."""
    rng = np.random.default_rng(seed)
    logits = 1.5 * rng.normal(size=(n, k))
    codes = (logits + rng.gumbel(size=(n, k))).argmax(axis=1)
    slopes = 1.8 * np.eye(k) + 0.2 * rng.normal(size=(k, k))
    logp = log_softmax(logits @ slopes.T + rng.normal(size=k))
    logp[::40] = np.minimum(logp[::40], math.log(EPS))
    return logp, codes, rng.uniform(0.3, 2, n)


@pytest.mark.parametrize("name", NAMES[1:])
@pytest.mark.parametrize(("n", "k"), [(60, 2), (250, 3), (300, 5)])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_fit_is_the_best_there_is(name, n, k, weighted):
    """Against SciPy's BFGS, by differences: the penalised loss a row is the same to 4e-7."""
    logp, codes, weight = hard(n, k, seed=k)
    weight = weight if weighted else np.ones(n)
    fitted = fit_map(METHODS[NAMES.index(name)], logp, codes, weight if weighted else None)
    found = minimize(
        lambda theta: penalised(theta, name, logp, codes, weight)[1],
        parameters(name, k),
        method="BFGS",
    )
    best, value = penalised(found.x, name, logp, codes, weight)
    losses = fitted.losses(logp, codes)
    assert np.average(losses, weights=weight) == pytest.approx(
        np.average(best, weights=weight), abs=2e-5
    )
    assert penalised_map(fitted, name, losses, codes, weight) <= value + 4e-7 * n


def penalised_map(fitted, name, losses, codes, weight):
    """The same sum of a fitted map."""
    k = len(fitted.bias)
    w = weight * weight.sum() / (weight**2).sum()
    value = 0.5 * fitted.bias @ fitted.bias + w @ losses
    slopes = np.diag(fitted.slopes) if fitted.slopes.ndim == 1 else fitted.slopes
    if "mix" in name:
        value -= 0.5 * np.log(fitted.share * (1 - fitted.share))
    if name in ("bias", "mix"):
        return value

    def of_common(log_slope):
        own = slopes - math.exp(log_slope) * np.eye(k)
        free = max(abs(log_slope) - math.log(2), 0)
        return 1.5 * free**2 + 0.5 * (np.where(np.eye(k, dtype=bool), 25.0, 100.0) * own**2).sum()

    if name in ("vector", "dirichlet"):
        return value + minimize_scalar(of_common, bounds=(-5, 5), method="bounded").fun
    return value + of_common(math.log(slopes[0, 0]))


@pytest.mark.parametrize("name", ["bias", "bias+temperature", "vector", "dirichlet"])
@pytest.mark.parametrize(("k", "far", "share"), [(2, 200, 1.0), (2, 5000, 0.3), (5, 200, 0.3)])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_fit_is_the_best_where_what_happens_was_next_to_impossible(
    name, k, far, share, weighted
):
    """
    Exponentials are 0 in single or double precision, and the temperature ends at 100.

    Against SciPy's L-BFGS-B, which falls short of the best by some of 1e-5 at times.
    """
    rng = np.random.default_rng(k)
    logits, codes = rng.normal(size=(200, k)), rng.integers(0, k, 200)
    codes[rng.random(200) < 0.8] = 1
    logits[rng.random(200) < share, 1] -= far
    logp, weight = log_softmax(logits), rng.exponential(size=200)
    weight = weight if weighted else np.ones(200)
    fitted = fit_map(METHODS[NAMES.index(name)], logp, codes, weight if weighted else None)
    start = parameters(name, k)
    bounds = [(None, None)] * len(start)
    if name != "bias":
        bounds[0], start[0] = (-math.log(100), math.log(100)), -math.log(50)
    found = minimize(
        lambda theta: penalised(theta, name, logp, codes, weight)[1],
        start,
        method="L-BFGS-B",
        bounds=bounds,
        options={"maxfun": 50_000},
    )
    losses = fitted.losses(logp, codes)
    value = penalised_map(fitted, name, losses, codes, weight)
    assert value <= found.fun + 2e-6 * found.fun + 1e-3
    assert_allclose(np.exp(-losses), fitted.proba(logp)[np.arange(200), codes], atol=1e-9)


@pytest.mark.parametrize("name", ["bias", "bias+temperature", "vector", "dirichlet"])
def test_large_systems_are_solved_without_matrices(name, monkeypatch):
    """As they have to be where a map has thousands of parameters."""
    logp, codes, weight = hard(400, 5, seed=1)
    expected = fit_map(METHODS[NAMES.index(name)], logp, codes, weight)
    monkeypatch.setattr(_newton, "_MOST_EQUATIONS", 1)
    found = fit_map(METHODS[NAMES.index(name)], logp, codes, weight)
    assert_allclose(found.losses(logp, codes), expected.losses(logp, codes), atol=2e-4)


@pytest.mark.parametrize("name", NAMES[1:])
@pytest.mark.parametrize("k", [2, 5, 100])
@pytest.mark.parametrize("right", [1.0, 0.9])
def test_rows_that_are_certain_have_a_map(name, k, right):
    """All right, or nine in ten, with probabilities of 0 and 1: no map is lost on the way."""
    if (name, k) == ("dirichlet", 100):
        pytest.skip("ten thousand parameters")
    rng = np.random.default_rng(0)
    codes = np.arange(200) % k
    said = np.where(rng.random(200) < right, codes, rng.integers(k, size=200))
    logp = np.where(np.eye(k)[said] > 0, 0.0, math.log(EPS))
    before = -logp[np.arange(200), codes]
    after = fit_map(METHODS[NAMES.index(name)], logp, codes).losses(logp, codes)
    assert np.isfinite(after).all()
    assert after.mean() <= before.mean() + 0.01


@pytest.mark.parametrize("name", NAMES[1:])
def test_maps_of_folds_are_fits_to_the_other_rows(name):
    """Started from the fit to all rows, they end where fits from nothing do."""
    logp, codes, weight = hard(250, 3, seed=2)
    (fitted,) = fit_methods([METHODS[NAMES.index(name)]], logp, codes, weight)
    repeats = Repeats(logp, codes, weight, None, math.log(EPS), seed=0)
    repeats.more(2)
    for folds in repeats.folds:
        own, maps = repeats.held_out(fitted, folds), repeats.by_map(fitted, folds)
        expected = np.empty(250)
        for fold in range(5):
            rest = folds.number != fold
            other = fit_map(METHODS[NAMES.index(name)], logp[rest], codes[rest], weight[rest])
            expected[~rest] = other.losses(logp[~rest], codes[~rest])
            assert_allclose(
                maps[fold], other.losses(logp, codes).clip(0, -math.log(EPS)), atol=1e-2
            )
        assert own.mean() == pytest.approx(expected.clip(0, -math.log(EPS)).mean(), abs=2e-5)


@pytest.mark.parametrize(
    ("name", "slopes", "bias"),
    [
        ("bias", np.eye(3), [1.0, 0.0, -1.0]),
        ("temperature", np.eye(3) / 1.5, [0.0, 0.0, 0.0]),
        ("bias+temperature", np.eye(3) / 1.5, [0.5, 0.0, -0.5]),
        ("vector", np.diag([0.6, 0.9, 1.2]), [0.5, 0.0, -0.5]),
        ("dirichlet", [[1, 0.3, 0], [0, 1, 0], [0, -0.3, 1]], [0.5, 0.0, -0.5]),
    ],
)
def test_a_map_that_made_the_labels_is_found(name, slopes, bias):
    logp, codes = draw(60_000, slopes, bias)
    fitted = fit_map(METHODS[NAMES.index(name)], logp, codes)
    right = log_softmax(logp @ np.asarray(slopes, dtype=float).T + bias)
    assert np.abs(np.exp(fitted.log_proba(logp)) - np.exp(right)).mean() < 0.005


@pytest.mark.parametrize("lowest", [-36, -80, -300])
def test_biases_are_as_large_as_the_rows_ask_for(lowest):
    """Beyond 70 or so, exponentials in single precision vanish."""
    rng = np.random.default_rng(0)
    logp = log_softmax(np.column_stack([np.zeros(500), lowest - rng.normal(size=500)]))
    codes, weight = rng.integers(0, 2, 500), np.ones(500)
    found = fit_map(next(m for m in METHODS if m.name == "bias"), logp, codes)
    start = np.array([lowest / 2, -lowest / 2])
    best = minimize(lambda b: penalised(b, "bias", logp, codes, weight)[1], start, method="BFGS")
    assert_allclose(found.bias, best.x, atol=1e-4)


def test_more_parameters_are_never_worse_where_they_were_fitted():
    logp, codes = draw(2000, [[0.7, 0.2, 0], [0, 1.2, 0], [0, 0, 0.7]], [0.5, 0, 0])
    losses = {m.name: fit_map(m, logp, codes).losses(logp, codes).mean() for m in METHODS}
    assert losses["none"] > losses["temperature"] > losses["bias+temperature"]
    assert losses["none"] > losses["bias"] > losses["bias+temperature"] > losses["vector"]
    assert losses["bias+temperature"] > losses["dirichlet"]
    assert losses["none"] > losses["mix"] > losses["temperature+mix"]
    assert losses["temperature"] > losses["temperature+mix"]
