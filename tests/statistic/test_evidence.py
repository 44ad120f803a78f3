"""Likelihood ratios against the probabilities: what they are, that they add up, and when none."""

import math
import pickle

import mpmath
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from skxent import LogLossAccumulator, LogLossReport, log_loss_report

POWERS = ("0.5", "0.75", "1.25", "1.5", "2")
BIASES = ("-0.4", "-0.1", "0.1", "0.4")


def rows(n=200, k=3, seed=0, sharp=0.7):
    rng = np.random.default_rng(seed)
    proba = rng.dirichlet(np.full(k, sharp), n)
    y = (proba.cumsum(axis=1)[:, :-1] < rng.random(n)[:, None]).sum(axis=1)
    return y, proba


def oracle(y, proba):
    """E-values of all rows and of each class, by the definition, with 40 digits."""
    k = proba.shape[1]
    with mpmath.workdps(40):
        given = [[mpmath.mpf(float(x)) for x in p] for p in proba]
        given = [[x / mpmath.fsum(p) for x in p] for p in given]

        def ratio(tilted):
            found = mpmath.mpf(1)
            for i, p in zip(y, given, strict=True):
                q = tilted(p)
                found *= q[i] / mpmath.fsum(q) / p[i]
            return found

        def biased(b, c):
            return lambda p: [x * mpmath.exp(b) if j == c else x for j, x in enumerate(p)]

        powers = [ratio(lambda p, b=b: [x ** mpmath.mpf(b) for x in p]) for b in POWERS]
        each = [mpmath.fsum(ratio(biased(mpmath.mpf(b), c)) for b in BIASES) / 4 for c in range(k)]
        return float((mpmath.fsum(powers) / 5 + mpmath.fsum(each) / k) / 2), [
            float(x) for x in each
        ]


def e_values(report):
    return [report.overall["e_value"], *report.per_class["e_value"].tolist()]


def report_of(y, proba, **options):
    labels = range(proba.shape[1])
    return log_loss_report(y, proba, labels=labels, recalibration=False, n_null=0, **options)


@pytest.mark.parametrize(("n", "k"), [(1, 2), (2, 3), (3, 1), (7, 2), (41, 3), (300, 2), (65, 9)])
def test_the_e_values_are_means_of_likelihood_ratios(n, k):
    y, proba = rows(n, k)
    whole, each = oracle(y, proba)
    assert e_values(report_of(y, proba)) == pytest.approx([whole, *each], rel=1e-11)


def test_rows_that_sum_to_nearly_one_are_made_distributions():
    y, proba = rows(60)
    proba = proba * np.linspace(1 - 9e-5, 1 + 9e-5, 60)[:, None]
    whole, each = oracle(y, proba)
    assert e_values(report_of(y, proba)) == pytest.approx([whole, *each], rel=1e-11)


def test_logits_and_a_single_column_say_the_same():
    y, proba = rows(90, 2)
    expected = e_values(report_of(y, proba))
    assert e_values(report_of(y, np.log(proba), from_logits=True)) == pytest.approx(expected)
    single = log_loss_report(y, proba[:, 1], labels=[0, 1])
    assert e_values(single) == pytest.approx(expected)


def test_logits_keep_what_no_probability_holds():
    """Of the powers the root gains most: exp(800 / 2), a fifth of which is half of the whole."""
    report = report_of([1], np.array([[0.0, -800.0]]), from_logits=True, eps=0.0)
    assert math.log(report.overall["e_value"]) == pytest.approx(400 - math.log(10), rel=1e-12)


def test_batches_merged_pickled_and_saved_make_one_e_value(tmp_path):
    y, proba = rows(30_000, 4)
    whole = e_values(report_of(y, proba))
    parts = []
    for i, at in enumerate(np.split(np.arange(30_000), [3, 9000, 9001, 20_000])):
        part = LogLossAccumulator(range(4), subsample=0).update(y[at], proba[at])
        if i % 2:
            part.save(tmp_path / "part")
            part = LogLossAccumulator.load(tmp_path / "part")
        parts.append(pickle.loads(pickle.dumps(part)))
    found = LogLossAccumulator.sum(parts).report(n_null=0)
    assert e_values(found) == pytest.approx(whole, rel=1e-9)


def test_a_calibrated_model_has_a_mean_e_value_of_one_and_seldom_a_large_one():
    rng = np.random.default_rng(3)
    proba = rng.dirichlet([1, 1, 1], 25)
    found = []
    for _ in range(400):
        y = (proba.cumsum(axis=1)[:, :-1] < rng.random(25)[:, None]).sum(axis=1)
        found.append(e_values(report_of(y, proba)))
    found = np.array(found)
    error = found.std(axis=0) / 20
    assert (abs(found.mean(axis=0) - 1) < 4 * error).all()
    assert (found > 20).mean() < 0.05


def test_too_sure_and_biased_models_are_found_and_the_class_is_named():
    y, proba = rows(4000)
    sharp = proba**1.6
    sharp /= sharp.sum(axis=1, keepdims=True)
    assert report_of(y, sharp).overall["e_value"] > 1e4
    biased = proba * [1, np.exp(0.4), 1]
    biased /= biased.sum(axis=1, keepdims=True)
    found = report_of(y, biased)
    assert found.overall["e_value"] > 1e4
    assert found.per_class["e_value"].argmax() == 1
    assert "e-value" in found.to_text()
    assert "e-value" not in report_of(y, proba).to_text()


def test_the_largest_float_stands_for_more():
    y, proba = rows(20_000)
    found = report_of(y, proba[:, ::-1])
    assert found.overall["e_value"] == np.finfo(np.float64).max
    assert "&gt;1e+308" in found.to_html()


def test_an_impossible_class_counts_with_the_floor_or_refutes_all():
    y, proba = np.array([0, 0, 1]), np.array([[1.0, 0.0], [0.5, 0.5], [1.0, 0.0]])
    floored = report_of(y, proba).overall["e_value"]
    # A tenth of the whole each: 2**-52 to the power -1/2 and -1/4; the other rows' ratios are 1.
    assert floored == pytest.approx((2.0**26 + 2.0**13) / 10, rel=1e-6)
    # A large eps would make ratios that are too large on average, so it is not used.
    assert report_of(y, proba, eps=0.3).overall["e_value"] == pytest.approx(floored)
    exact = report_of(y, proba, eps=0)
    assert exact.overall["e_value"] == math.inf
    assert np.isfinite(exact.per_class["e_value"]).all()


def test_rows_without_weight_are_not_there():
    y, proba = rows(100)
    weight = (np.arange(100) % 3 > 0).astype(float)
    kept = weight > 0
    found = report_of(y, proba, sample_weight=weight)
    assert e_values(found) == pytest.approx(e_values(report_of(y[kept], proba[kept])))
    assert not any("e-value" in note for note in found.notes)


def test_weights_groups_and_folds_have_none_and_say_why():
    y, proba = rows(100)
    weighted = report_of(y, proba, sample_weight=np.linspace(1, 2, 100))
    grouped = report_of(y, proba, groups=np.arange(100) // 2)
    for report, reason in ((weighted, "weights other than 0 and 1"), (grouped, "independent")):
        assert np.isnan(e_values(report)).all()
        assert any("No e-value" in note and reason in note for note in report.notes)
    X = np.random.default_rng(0).normal(size=(100, 2))
    folds = LogLossReport.from_cv(LogisticRegression(), X, y, cv=3)
    assert np.isnan(e_values(folds)).all()


def test_a_weighted_part_leaves_the_whole_without():
    y, proba = rows(100)
    found = LogLossAccumulator(range(3)).update(y, proba)
    found += LogLossAccumulator(range(3)).update(y, proba, np.full(100, 2.0))
    assert np.isnan(e_values(found.report(n_null=0))).all()


def test_a_part_that_was_saved_without_evidence_leaves_the_whole_without(monkeypatch, tmp_path):
    y, proba = rows(100)
    old = LogLossAccumulator(range(3)).update(y, proba)
    tree = old._tally.tree()
    for name in ("temperature", "bias"):
        del tree["counted"]["sums"][name]
    monkeypatch.setattr(old._tally, "tree", lambda: tree)
    old.save(tmp_path / "old")
    loaded = LogLossAccumulator.load(tmp_path / "old")
    for found in (loaded, loaded + LogLossAccumulator(range(3)).update(y, proba)):
        report = found.report(n_null=0)
        assert np.isnan(e_values(report)).all()
        assert any("by a version" in note for note in report.notes)
