"""Data for reports, and what all tests of reports look at."""

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skxent import log_loss_report

EPS = 2.0**-52
COLUMNS = (
    *("support", "weight", "prevalence", "mean_proba", "log_loss", "ci_low", "ci_high"),
    *("contribution", "share", "baseline", "skill", "expected", "gap", "z", "p_value", "e_value"),
    *("recoverable", "recoverable_low", "recoverable_high", "ovr_log_loss", "miscalibration"),
    *("discrimination", "uncertainty", "miscalibration_null", "miscalibration_p", "floored"),
    *("top_rival", "top_rival_share"),
)
OVERALL = (
    *("n_samples", "weight", "log_loss", "ci_low", "ci_high", "macro_log_loss"),
    *("macro_ci_low", "macro_ci_high", "label_entropy", "skill", "predictive_entropy", "gap", "z"),
    *("p_value", "e_value", "perplexity", "recoverable", "recoverable_low", "recoverable_high"),
    *("refinement_loss", "calibration_loss", "tail_share", "gini", "floored"),
)
# Columns that are losses: the others are the same in every base.
LOSSES = {
    *("log_loss", "ci_low", "ci_high", "contribution", "baseline", "expected", "gap"),
    *("recoverable", "recoverable_low", "recoverable_high", "ovr_log_loss", "miscalibration"),
    *("discrimination", "uncertainty", "miscalibration_null"),
}
QUICK = {"recalibration": False, "n_null": 0}


def quick(y_true, y_proba, **params):
    """The report without what takes longest, and has tests of its own."""
    return log_loss_report(y_true, y_proba, **{**QUICK, **params})


def data(n=200, k=3, seed=0):
    """Labels that have nothing to do with the probabilities, and weights."""
    rng = np.random.default_rng(seed)
    proba = rng.dirichlet(np.full(k, 0.7), n)
    y = np.r_[np.arange(k), rng.integers(k, size=n - k)]
    return y, proba, rng.uniform(0.2, 3, n)


def drawn(p, rng):
    """One label a row, drawn from its probabilities."""
    return (p.cumsum(axis=1)[:, :-1] < rng.random((len(p), 1))).sum(axis=1)


def calibrated(n=600, k=3, scale=1.5, seed=0):
    """Labels that are drawn from the probabilities."""
    rng = np.random.default_rng(seed)
    p = softmax(scale * rng.normal(size=(n, k)), axis=1)
    return drawn(p, rng), p


def same_columns(one, two, rel=1e-9, but=()):
    """Whether two reports hold the same figures of the classes, up to `rel` of each."""
    assert list(one.per_class) == list(two.per_class) == list(COLUMNS)
    for name in set(COLUMNS) - {"top_rival", *but}:
        np.testing.assert_allclose(one.per_class[name], two.per_class[name], rel, 1e-11, name)
    if "top_rival" not in but:
        assert one.per_class["top_rival"].tolist() == two.per_class["top_rival"].tolist()
    np.testing.assert_allclose(one.loss_confusion, two.loss_confusion, rel, 1e-11)
    return True


def same(one, two, rel=1e-9, but=()):
    """Whether two reports hold the same figures."""
    assert list(one.overall) == list(two.overall) == list(OVERALL)
    assert dict(one.overall) == pytest.approx(dict(two.overall), rel=rel, nan_ok=True)
    return same_columns(one, two, rel, but)


def same_slices(one, two, rel=1e-9):
    """Whether two results have the same slices, in any order, with the same figures."""
    order = [one.names.index(name) for name in two.names]
    assert len(one.names) == len(two.names)
    assert dict(one.overall) == pytest.approx(dict(two.overall), rel=rel, nan_ok=True)
    for name in ("support", "weight", "log_loss", "expected", "gap", "z", "p_value"):
        figures, expected = getattr(one, name)[order], getattr(two, name)
        np.testing.assert_allclose(figures, expected, rel, 1e-11, err_msg=name)
    return True


def halves_of_digits():
    X, y = load_digits(return_X_y=True)
    return train_test_split(X, y, test_size=0.5, random_state=0, stratify=y)


def regression_on_digits():
    """Labels and predictions of the half of the digits that a regression was not fitted to."""
    X_train, X_test, y_train, y_test = halves_of_digits()
    classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    return y_test, classifier.fit(X_train, y_train).predict_proba(X_test)
