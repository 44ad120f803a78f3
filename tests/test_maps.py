"""Recalibration maps and their cross-fitting."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import approx_fprime
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skxent import log_loss
from skxent._intake._rows import check_labelled
from skxent.recalibration import _maps
from skxent.recalibration._cross_fit import cross_fitted_losses
from skxent.recalibration._maps import METHODS, fit_map

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


@pytest.mark.parametrize("method", METHODS[1:], ids=NAMES[1:])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_gradient_is_that_of_the_loss(method, weighted):
    logp, codes = draw(50, np.eye(3), 0)
    rng = np.random.default_rng(1)
    weight = rng.random(50) if weighted else None
    theta = rng.normal(size=sum(_maps._size(method, 3)))

    def loss(theta):
        return _maps._loss_and_gradient(theta, method, _maps._target(logp, codes, weight))[0]

    _, gradient = _maps._loss_and_gradient(theta, method, _maps._target(logp, codes, weight))
    assert_allclose(gradient, approx_fprime(theta, loss, 1e-7), rtol=1e-4, atol=1e-3)


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


def test_without_a_map_the_losses_are_those_of_the_predictions():
    logp, codes = draw(200, np.eye(3), 0)
    p = np.exp(logp)
    p[0] = np.eye(3)[(codes[0] + 1) % 3]  # impossible, and it happens
    rows = check_labelled(codes, p)
    (losses,), _ = cross_fitted_losses(rows, METHODS[:1], eps=EPS)
    assert losses.mean() == pytest.approx(log_loss(codes, p), rel=1e-12)


def test_more_parameters_are_never_worse_where_they_were_fitted():
    logp, codes = draw(2000, [[0.7, 0.2, 0], [0, 1.2, 0], [0, 0, 0.7]], [0.5, 0, 0])
    losses = [
        -fit_map(r, logp, codes).log_proba(logp)[np.arange(2000), codes].mean() for r in METHODS
    ]
    assert losses[0] > losses[2] > losses[3] > losses[4]
    assert losses[1] > losses[3]
    assert losses[3] > losses[5]


def test_rows_that_are_drawn_for_the_fit_are_enough_for_all():
    logp, codes = draw(20_000, np.eye(3) / 1.5, 0)
    rows = check_labelled(codes, logp, from_logits=True)
    all_rows = cross_fitted_losses(rows, METHODS, eps=EPS)[0].mean(axis=1)
    some = cross_fitted_losses(rows, METHODS, eps=EPS, n_fit=5000)[0].mean(axis=1)
    assert_allclose(some, all_rows, atol=0.002)


def test_on_digits_a_forest_gains_by_temperature_and_a_regression_by_nothing():
    X, y = load_digits(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, test_size=0.5, random_state=0, stratify=y
    )
    forest = RandomForestClassifier(random_state=0).fit(X_train, y_train)
    regression = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    regression.fit(X_train, y_train)
    gains = []
    for model in (forest, regression):
        rows = check_labelled(y_test, model.predict_proba(X_test))
        losses, _ = cross_fitted_losses(rows, METHODS, eps=EPS)
        gain = losses[0] - losses
        gains.append((gain.mean(axis=1), gain.std(axis=1) / np.sqrt(len(y_test))))
    (of_forest, error), (of_regression, noise) = gains
    assert of_forest[2] > 0.25
    assert of_forest[2] > 20 * error[2]
    assert (of_regression[1:] < 2 * noise[1:]).all()
