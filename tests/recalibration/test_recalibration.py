"""Temperature scaling: the fitted temperature, and the loss that is left after it."""

import math

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, logsumexp, softmax
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skxent import log_loss
from skxent.recalibration import fit_temperature, refinement_loss

EPS = 2.0**-52
FUNCTIONS = [fit_temperature, refinement_loss]


def drawn(logits, rng):
    """One label a row from the softmax of the logits: the largest of Gumbel variates."""
    return (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)


def data(n=300, k=4, factor=1.4, seed=0):
    """Labels, and logits whose best temperature is near `factor`."""
    rng = np.random.default_rng(seed)
    z = rng.normal(scale=1.5, size=(n, k))
    return drawn(z, rng), factor * z


def best_temperature(y, logits, weight=None):
    """Least weighted log loss over temperatures from 1/2 to 2, where nothing is penalised."""

    def loss(log_temperature):
        scaled = logits / math.exp(log_temperature)
        losses = logsumexp(scaled, axis=1) - scaled[np.arange(len(y)), y]
        return np.average(losses, weights=weight)

    bound = math.log(2)
    found = minimize_scalar(loss, bounds=(-bound, bound), options={"xatol": 1e-10})
    assert abs(found.x) < bound - 1e-3
    return math.exp(found.x)


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, test_size=0.5, random_state=0, stratify=y
    )
    classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    return y_test, classifier.fit(X_train, y_train).predict_proba(X_test)


# Measured with probmetrics 1.3.0 and scikit-learn 1.9.1 on these probabilities; another build
# of the solver may move the last digits.


def test_temperature_of_a_logistic_regression_on_digits(digits):
    assert fit_temperature(*digits) == pytest.approx(0.78501391, rel=1e-4)


def test_refinement_loss_of_a_logistic_regression_on_digits(digits):
    assert refinement_loss(*digits) == pytest.approx(0.1251280, rel=1e-4)
    assert refinement_loss(*digits, base=2) == pytest.approx(0.1251280 / math.log(2), rel=1e-4)


# Against formulas of our own.


@pytest.mark.parametrize("factor", [0.7, 1.0, 1.5])
@pytest.mark.parametrize("k", [2, 5])
@pytest.mark.parametrize("weighted", [False, True])
def test_temperature_makes_the_loss_smallest(factor, k, weighted):
    y, logits = data(400, k, factor, seed=k)
    weight = np.random.default_rng(1).exponential(size=len(y)) if weighted else None
    expected = best_temperature(y, logits, weight)
    found = fit_temperature(y, logits, from_logits=True, sample_weight=weight)
    assert found == pytest.approx(expected, rel=1e-5)


def test_many_rows_are_read_block_by_block():
    y, logits = data(50_000, 4)
    found = fit_temperature(y, logits, from_logits=True)
    assert found == pytest.approx(best_temperature(y, logits), rel=1e-5)


@pytest.mark.parametrize(("factor", "tolerance"), [(2.0, 0.06), (1.0, 0.03), (0.6, 0.02)])
def test_a_known_temperature_is_found(factor, tolerance):
    """The standard error over 20,000 rows is about 1 % of the temperature."""
    y, logits = data(20_000, 3, factor, seed=5)
    assert fit_temperature(y, softmax(logits, axis=1)) == pytest.approx(factor, abs=tolerance)


def test_many_rows_outweigh_the_prior():
    y, logits = data(20_000, 3, factor=5.0)
    assert fit_temperature(y, logits, from_logits=True) == pytest.approx(5, rel=0.03)


def test_a_temperature_far_from_one_is_shrunk_towards_it_with_few_rows():
    y, logits = data(60, 3, factor=20.0)
    found = fit_temperature(y, logits, from_logits=True)
    repeated = fit_temperature(np.tile(y, 100), np.tile(logits, (100, 1)), from_logits=True)
    assert 2 < found < 0.99 * repeated < 40


@pytest.mark.parametrize("factor", [0.1, 20.0])
@pytest.mark.parametrize("weighted", [False, True])
def test_beyond_a_half_and_two_the_prior_counts_against_the_effective_rows(factor, weighted):
    y, logits = data(60, 3, factor)
    weight = np.random.default_rng(3).exponential(size=60) if weighted else np.ones(60)
    scaled = weight * weight.sum() / (weight**2).sum()

    def penalised(log_temperature):
        z = logits / math.exp(log_temperature)
        losses = logsumexp(z, axis=1) - z[np.arange(60), y]
        return scaled @ losses + 1.5 * max(abs(log_temperature) - math.log(2), 0) ** 2

    bound = math.log(100)
    best = minimize_scalar(penalised, bounds=(-bound, bound), options={"xatol": 1e-10}).x
    assert abs(best) > math.log(2) + 0.1
    found = fit_temperature(y, logits, from_logits=True, sample_weight=weight)
    assert found == pytest.approx(math.exp(best), rel=1e-5)


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("scale", [1e-3, 1e6])
def test_only_the_proportions_of_the_weights_matter(function, scale):
    y, logits = data(60, 3, factor=20.0)
    weight = np.random.default_rng(3).exponential(size=60)
    expected = function(y, logits, from_logits=True, sample_weight=weight)
    found = function(y, logits, from_logits=True, sample_weight=scale * weight)
    assert found == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize("n", [2, 20, 1000])
def test_rows_that_are_all_right_keep_the_temperature_finite(n):
    y = np.arange(n) % 2
    found = fit_temperature(y, np.where(y == 1, 0.9, 0.1))
    assert 0.05 < found < 0.9


def test_rows_that_are_all_wrong_keep_the_temperature_finite():
    y = np.arange(100) % 2
    assert 2 < fit_temperature(y, np.where(y == 1, 0.1, 0.9)) <= 100


def test_probabilities_of_zero_and_one_can_be_scaled():
    """Certain, and right three times in four: what is left is the loss of 75 %."""
    y = np.array([0, 1] * 200)
    said = np.where(np.arange(400) % 8 < 2, 1 - y, y)
    certain = np.eye(2)[said]
    of_three_quarters = -0.75 * math.log(0.75) - 0.25 * math.log(0.25)
    assert fit_temperature(y, certain) == pytest.approx(-math.log(EPS) / math.log(3), rel=0.1)
    assert refinement_loss(y, certain) == pytest.approx(of_three_quarters, rel=0.01)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_zero_counts_as_eps_or_as_the_least_likely_other_event(function):
    y, logits = data(120, 4)
    proba = softmax(logits, axis=1)
    proba[::2, 3] = 1e-30
    proba[::3, 0] = 0
    proba /= proba.sum(axis=1, keepdims=True)
    least = np.where(proba > 0, proba, 1).min(axis=1, keepdims=True)
    floored = np.where(proba > 0, proba, np.minimum(least, 1e-9))
    assert {1e-9, 1e-30} <= set(floored.round(31)[:, 0].tolist())
    expected = function(y, np.log(floored), from_logits=True, eps=1e-9)
    assert function(y, proba, eps=1e-9) == pytest.approx(expected, rel=1e-6)


def test_uniform_rows_leave_the_temperature_alone():
    assert 0.5 <= fit_temperature([0, 1, 2], np.full((3, 3), 1 / 3)) <= 2
    assert refinement_loss([0, 1, 2], np.full((3, 3), 1 / 3), base=3) == pytest.approx(1)


@pytest.mark.parametrize("n_splits", [2, 5, 7])
@pytest.mark.parametrize("seed", [0, 3])
def test_refinement_loss_is_cross_fitted(n_splits, seed):
    y, logits = data(300, 4, 1.3)
    weight = np.random.default_rng(2).uniform(0.5, 2, len(y))
    losses = np.empty(len(y))
    folds = StratifiedKFold(n_splits, shuffle=True, random_state=seed)
    for train, test in folds.split(logits, y):
        temperature = best_temperature(y[train], logits[train], weight[train])
        logp = log_softmax(logits[test] / temperature, axis=1)
        losses[test] = -logp[np.arange(len(test)), y[test]]
    found = refinement_loss(
        y,
        softmax(logits, axis=1),
        sample_weight=weight,
        n_splits=n_splits,
        random_state=seed,
    )
    assert found == pytest.approx(np.average(losses, weights=weight), rel=1e-6)


def test_refinement_loss_does_not_depend_on_the_temperature_of_its_input():
    y, logits = data(400, 3, factor=1.0)
    first = refinement_loss(y, logits, from_logits=True)
    for factor in (0.7, 1.4):
        other = refinement_loss(y, factor * logits, from_logits=True)
        assert other == pytest.approx(first, rel=1e-7)
        assert log_loss(y, factor * logits, from_logits=True) > first


@pytest.mark.parametrize("factor", [10, 30, 90])
def test_refinement_loss_does_not_depend_on_how_certain_its_input_is(factor):
    """Probabilities far below eps are not taken for eps; only the prior is in the way."""
    y, logits = data(2000, 3, factor=1.0)
    expected = refinement_loss(y, logits, from_logits=True)
    found = refinement_loss(y, factor * logits, from_logits=True)
    assert found == pytest.approx(expected, rel=1e-2)


@pytest.mark.parametrize("eps", [EPS, 1e-3])
def test_refinement_loss_of_a_row_is_at_most_the_floor(eps):
    """One row is certain and wrong; the temperature of the others does not know."""
    y = np.array([0, 1] * 50 + [0])
    proba = y.astype(float)
    proba[-1] = 1.0
    alone = refinement_loss(y[:-1], proba[:-1], eps=eps)
    assert alone < 1e-3
    assert 0 < refinement_loss(y, proba, eps=eps) + math.log(eps) / len(y) < 0.02


# Invariances.


def test_weights_are_repeats_for_the_temperature():
    y, logits = data(100, 3)
    weight = np.arange(100) % 4
    twice = np.repeat(np.arange(100), weight)
    found = fit_temperature(y, logits, from_logits=True, sample_weight=weight)
    repeated = fit_temperature(y[twice], logits[twice], from_logits=True)
    assert found == pytest.approx(repeated, rel=1e-8)
    assert found != pytest.approx(fit_temperature(y, logits, from_logits=True), rel=1e-3)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_row_of_weight_zero_is_not_there(function):
    y, logits = data(100, 3)
    weight = np.random.default_rng(0).integers(3, size=100)
    kept = weight > 0
    found = function(y, logits, from_logits=True, sample_weight=weight)
    without = function(y[kept], logits[kept], from_logits=True, sample_weight=weight[kept])
    assert found == pytest.approx(without, rel=1e-9)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_logits_are_the_same_as_probabilities(function):
    y, logits = data(120, 3)
    expected = function(y, softmax(logits, axis=1))
    assert function(y, logits, from_logits=True) == pytest.approx(expected, rel=1e-6)
    assert function(y, 5 + logits, from_logits=True) == pytest.approx(expected, rel=1e-6)
    assert function(np.eye(3)[y], softmax(logits, axis=1)) == pytest.approx(expected)
    scaled = 5 * softmax(logits, axis=1)
    assert function(y, scaled, renormalize=True) == pytest.approx(expected)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_one_column_is_the_same_as_two(function):
    y, logits = data(120, 2)
    proba = softmax(logits, axis=1)
    names = np.array(["no", "yes"])
    expected = function(y, proba)
    assert function(y, proba[:, 1]) == pytest.approx(expected, rel=1e-6)
    assert function(names[y], proba[:, 1], pos_label="yes") == pytest.approx(expected, rel=1e-6)
    assert function(names[y], proba[:, 0], pos_label="no") == pytest.approx(expected, rel=1e-6)
    assert function(names[y], proba[:, ::-1], labels=["yes", "no"]) == pytest.approx(expected)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_one_column_of_tiny_probabilities_is_the_same_as_two(function):
    rng = np.random.default_rng(0)
    p = 10 ** rng.uniform(-21, -19, 60)
    y = (np.arange(60) % 10 == 0).astype(int)
    expected = function(y, np.column_stack([1 - p, p]), eps=1e-12)
    assert function(y, p, eps=1e-12) == pytest.approx(expected, rel=1e-6)
    other = function(1 - y, p, labels=[0, 1], pos_label=0, eps=1e-12)
    assert other == pytest.approx(expected, rel=1e-6)


# Few rows.


@pytest.mark.parametrize(
    "counts",
    [[20, 1, 1], [2, 0, 1], [1, 1, 0], [2, 0, 0], [3, 3, 0], [4, 4, 4], [40, 4, 3]],
    ids=str,
)
def test_few_rows_have_a_refinement_loss(counts):
    y = np.repeat(np.arange(3), counts)
    proba = np.random.default_rng(0).dirichlet(np.ones(3), len(y))
    assert 0 < refinement_loss(y, proba, labels=[0, 1, 2]) < 10


def test_two_rows_are_each_scored_by_the_temperature_of_the_other():
    y, proba = np.array([0, 1]), np.array([[0.7, 0.3], [0.6, 0.4]])
    losses = []
    for i in (0, 1):
        temperature = fit_temperature(y[1 - i : 2 - i], proba[1 - i : 2 - i], labels=[0, 1])
        powers = proba[i] ** (1 / temperature)
        losses.append(-math.log(powers[y[i]] / powers.sum()))
    assert refinement_loss(y, proba) == pytest.approx(np.mean(losses), rel=1e-7)


@pytest.mark.parametrize("weight", [None, [0, 3, 0]])
def test_one_row_cannot_be_cross_fitted(weight):
    rows = 1 if weight is None else 3
    proba = [[0.5, 0.5]] * rows
    with pytest.raises(ValueError, match="two rows with a positive weight"):
        refinement_loss([0] * rows, proba, labels=[0, 1], sample_weight=weight)


# Errors.


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize(
    ("y", "proba", "params", "message"),
    [
        ([0, 1], [[0.5, 0.6], [0.5, 0.5]], {}, "row 0 sums to 1.1"),
        ([0, 1], [[0.5, 0.5], [math.nan, 0.5]], {}, "y_proba"),
        ([0, 2], [[0.5, 0.5]] * 2, {"labels": [0, 1]}, "y_true holds a label .*: 2"),
        ([0, 1], [[0.5, 0.5]] * 2, {"eps": 0}, "eps must be above 0"),
        ([0, 1], [[0.5, 0.5]] * 2, {"eps": 1}, "eps must be a number"),
        ([0, 1], [[0.5, 0.5]] * 2, {"sample_weight": [1, -1]}, "sample_weight must be"),
        ([[0.5, 0.5], [1, 0]], [[0.5, 0.5]] * 2, {}, "one-hot"),
    ],
)
def test_errors(function, y, proba, params, message):
    with pytest.raises(ValueError, match=message):
        function(y, proba, **params)


@pytest.mark.parametrize("n_splits", [1, 0, 2.5, True, "5"])
def test_a_wrong_number_of_folds(n_splits):
    with pytest.raises(ValueError, match="n_splits must be an integer of at least 2"):
        refinement_loss([0, 1], [[0.5, 0.5]] * 2, n_splits=n_splits)


def test_a_number_of_folds_from_numpy():
    y, logits = data(60, 3)
    expected = refinement_loss(y, logits, from_logits=True, n_splits=3)
    found = refinement_loss(y, logits, from_logits=True, n_splits=np.int64(3))
    assert found == expected


def test_a_wrong_base():
    with pytest.raises(ValueError, match="base must be"):
        refinement_loss([0, 1], [[0.5, 0.5]] * 2, base=1)


@pytest.mark.parametrize("n", [40, 1000, 20_000])
def test_what_is_left_does_not_depend_on_the_temperature_that_predictions_had(n):
    """Nor on how far a series reaches that the temperatures of the folds are found by."""
    rng = np.random.default_rng(1)
    logits = 1.5 * rng.standard_normal((n, 4))
    y = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
    losses = [refinement_loss(y, scale * logits, from_logits=True) for scale in (0.8, 1.0, 1.3)]
    assert losses == pytest.approx(3 * [losses[0]], rel=1e-8)
