"""One-vs-rest calibration of the report, against scikit-learn's isotonic regression."""

import math

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from reports import EPS, calibrated, data, drawn, quick, regression_on_digits
from scipy import stats
from scipy.special import expit, xlog1py, xlogy
from sklearn.isotonic import IsotonicRegression

from skxent import LogLossAccumulator, log_loss_report
from skxent._intake._rows import check_labelled
from skxent.report import _cells
from skxent.statistic._sums import statistics

PARTS = ("miscalibration", "discrimination", "uncertainty", "ovr_log_loss")


def binary_loss(hit, p, w, eps=0.0):
    """Weighted mean log loss of one class against the rest."""
    p, q = np.maximum(p, eps), np.maximum(1 - p, eps)
    with np.errstate(divide="ignore"):
        return np.average(np.where(hit, -np.log(p), -np.log(q)), weights=w)


def isotonic(p, hit, w):
    fit = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip")
    return fit.fit(p, hit.astype(float), sample_weight=w)


def decomposed(y, p, w=None, eps=EPS):
    """Miscalibration, discrimination, uncertainty and score of each class."""
    found = []
    for c in range(p.shape[1]):
        hit = y == c
        prior = np.average(hit, weights=w)
        score = binary_loss(hit, p[:, c], w, eps)
        left = binary_loss(hit, isotonic(p[:, c], hit, w).predict(p[:, c]), w)
        uncertainty = -(xlogy(prior, prior) + xlog1py(1 - prior, -prior))
        found.append([score - left, uncertainty - left, uncertainty, score])
    return np.array(found).T


def close_to_sklearn(y, p, w=None, eps=EPS, rtol=0):
    column = quick(y, p, sample_weight=w, eps=eps, labels=range(p.shape[1])).per_class
    for name, expected in zip(PARTS, decomposed(y, p, w, eps), strict=True):
        assert_allclose(column[name], expected, rtol=rtol, atol=1e-9, err_msg=name)
    left = column["miscalibration"] - column["discrimination"] + column["uncertainty"]
    assert_allclose(left, column["ovr_log_loss"], rtol=0, atol=1e-9)
    return True


def with_ties(n, k, seed):
    """Probabilities of which many are the same, 0 and 1 among them."""
    rng = np.random.default_rng(seed)
    counts = rng.multinomial(6, np.full(k, 1 / k), n)
    return rng.integers(k, size=n), counts / 6, rng.choice([0.5, 1.0, 3.0], n)


@pytest.fixture(scope="module")
def digits():
    return regression_on_digits()


# The decomposition.


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("n", "k"), [(200, 2), (400, 3), (150, 20), (5, 2), (1, 2)])
def test_the_decomposition_is_that_of_isotonic_regression(n, k, weighted):
    y, p, w = data(max(n, k), k)
    y, p, w = y[:n], p[:n], w[:n]
    assert close_to_sklearn(y, p, w if weighted else None)
    y, p = calibrated(n, k)
    assert close_to_sklearn(y, p, w if weighted else None)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("eps", [EPS, 1e-3])
@pytest.mark.parametrize(("k", "seed"), [(2, 0), (3, 1), (5, 2)])
def test_the_decomposition_with_ties(k, seed, eps, weighted):
    y, p, w = with_ties(300, k, seed)
    assert close_to_sklearn(y, p, w if weighted else None, eps)


def test_the_decomposition_in_float32():
    y, p, w = data(300, 3)
    assert close_to_sklearn(y, p.astype(np.float32).astype(float), w)
    single = quick(y, p.astype(np.float32)).per_class
    double = quick(y, p.astype(np.float32).astype(float)).per_class
    for name in PARTS:
        assert_allclose(single[name], double[name], atol=1e-12)


@pytest.mark.parametrize("make", [lambda: with_ties(200, 3, 0), lambda: data(200, 3)])
def test_the_decomposition_of_weights_is_that_of_repeats(make):
    """A weight of 0 is no row, also where no other row has its probability."""
    y, p, _ = make()
    times = np.arange(200) % 4
    weighted = quick(y, p, sample_weight=times).per_class
    repeated = quick(np.repeat(y, times), np.repeat(p, times, axis=0)).per_class
    for name in PARTS:
        assert_allclose(weighted[name], repeated[name], atol=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
def test_columns_may_be_sorted_a_few_at_a_time(weighted):
    """60,000 rows: four columns at a time, then the fifth."""
    y, p = calibrated(60_000, 5)
    w = 1.0 + np.arange(60_000) % 3 if weighted else None
    assert close_to_sklearn(y, p, w)


def test_beyond_two_million_probabilities_bins_count_as_in_batches():
    y, p = calibrated(1_000_001, 2)
    batches = LogLossAccumulator(range(2)).update(y, p)
    batches = batches.report(recalibration=False, n_null=20).per_class
    binned = log_loss_report(y, p, recalibration=False, n_null=20).per_class
    exact = quick(y[1:], p[1:]).per_class
    for name in (*PARTS, "miscalibration_null", "miscalibration_p"):
        assert_array_equal(binned[name], batches[name], err_msg=name)
    lost = exact["miscalibration"] - binned["miscalibration"]
    assert (lost > 1e-6).all()
    assert (lost < 2e-4).all()
    assert close_to_sklearn(y[1:], p[1:])


def test_without_a_floor_miscalibration_may_be_infinite():
    column = quick([0, 1, 1, 0], [[0, 1], [0.5, 0.5], [0.25, 0.75], [0.5, 0.5]], eps=0).per_class
    assert column["ovr_log_loss"].tolist() == [math.inf, math.inf]
    assert column["miscalibration"].tolist() == [math.inf, math.inf]
    assert np.isfinite([column["discrimination"], column["uncertainty"]]).all()


# Measured with model-diagnostics 1.5.0 on the held-out half of the digits.


def test_the_decomposition_on_digits(digits):
    column = log_loss_report(*digits, recalibration=False).per_class
    sums = [column[name].sum() for name in PARTS[:3]]
    assert sums == pytest.approx([0.083506, 3.106055, 3.250672], rel=1e-4)
    of_eight = [column[name][8] for name in PARTS]
    assert of_eight == pytest.approx([0.00989870, 0.28474463, 0.31793678, 0.04309085], rel=1e-4)
    # Drawn for every probability; groups of them are a few percent off where a model is.
    assert column["miscalibration_null"].sum() == pytest.approx(0.0846, rel=0.06)
    assert close_to_sklearn(*digits)


# The curve.


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("ties", [False, True])
def test_the_curve_is_the_isotonic_regression(ties, weighted):
    y, p, w = with_ties(300, 3, 0) if ties else (*calibrated(300, 3), data(300, 3)[2])
    w = w if weighted else None
    report = quick(y, p, sample_weight=w)
    places = np.linspace(0, 1, 1001)
    for c, curve in enumerate(report.reliability):
        fit = isotonic(p[:, c], y == c, w)
        assert (np.diff(curve.proba) > 0).all()
        assert (np.diff(curve.share) >= 0).all()
        assert curve.share.min() >= 0
        assert curve.share.max() <= 1
        assert set(curve.proba) <= set(p[:, c])
        assert (curve.proba[0], curve.proba[-1]) == (p[:, c].min(), p[:, c].max())
        assert_allclose(curve.share, fit.predict(curve.proba), atol=1e-12)
        between = np.interp(places, curve.proba, curve.share)
        assert_allclose(between, fit.predict(places), atol=1e-9)
        # No corner that a straight line would do without.
        assert len(curve.proba) <= 2 * len(np.unique(curve.share))


@pytest.mark.parametrize("weighted", [False, True])
def test_counts_are_the_weight_of_the_rows(weighted):
    y, p, w = with_ties(300, 3, 0)
    w = w if weighted else None
    for c, curve in enumerate(quick(y, p, sample_weight=w).reliability):
        assert_array_equal(curve.edges, np.linspace(0, 1, 21))
        assert_allclose(curve.counts, np.histogram(p[:, c], curve.edges, weights=w)[0])
        assert curve.counts.sum() == pytest.approx(300 if w is None else w.sum())


def test_the_band_is_where_the_curves_of_drawn_labels_are():
    """
    Of 1,500 draws of our own, 10 % are below the band at each place and 10 % above.

    The tolerance is 5 standard errors of the difference of two such shares; a curve has steps,
    so that some may be on the edge of the band.
    """
    y, p = calibrated(150, 2, seed=3)
    report = log_loss_report(y, p, recalibration=False, confidence_level=0.8, n_null=1500)
    curve, rng = report.reliability[1], np.random.default_rng(0)
    hits = rng.random((1500, 150)) < p[:, 1]
    shares = np.array([isotonic(p[:, 1], hit, None).predict(curve.grid) for hit in hits])
    tolerance = 5 * math.sqrt(2 * 0.1 * 0.9 / 1500)
    assert (curve.low <= curve.high).all()
    assert (shares < curve.low - 1e-9).mean(axis=0).max() < 0.1 + tolerance
    assert (shares > curve.high + 1e-9).mean(axis=0).max() < 0.1 + tolerance
    assert (shares <= curve.low + 1e-9).mean(axis=0).min() > 0.1 - tolerance
    assert (shares >= curve.high - 1e-9).mean(axis=0).min() > 0.1 - tolerance


def inside_the_band(report):
    """Share of the places of the bands at which the curves are within them."""
    inside = []
    for curve in report.reliability:
        share = np.interp(curve.grid, curve.proba, curve.share)
        inside += [*((curve.low - 1e-9 <= share) & (share <= curve.high + 1e-9))]
    return np.mean(inside)


def test_the_curve_of_a_calibrated_model_is_mostly_within_the_band():
    right, wrong = [], []
    for seed in range(8):
        y, p = calibrated(400, 3, seed=seed)
        right.append(inside_the_band(log_loss_report(y, p, recalibration=False, n_null=100)))
        sharp = p**3 / (p**3).sum(axis=1, keepdims=True)
        wrong.append(inside_the_band(log_loss_report(y, sharp, recalibration=False, n_null=100)))
    assert np.mean(right) > 0.85
    assert np.mean(wrong) < 0.6


def test_the_grid_is_among_the_probabilities():
    y, p = calibrated(5000, 2)
    for curve in log_loss_report(y, p, recalibration=False, n_null=20).reliability:
        assert len(curve.grid) == len(curve.low) == len(curve.high) <= 41
        assert (np.diff(curve.grid) > 0).all()
        assert curve.proba[0] <= curve.grid[0] < curve.grid[-1] <= curve.proba[-1]


# Labels that are drawn from the probabilities.


@pytest.mark.parametrize("weighted", [False, True])
def test_the_null_is_the_mean_of_drawn_labels(weighted):
    """Over 300 draws on either side, with 5 standard errors of the difference."""
    y, p, w = data(150, 3, seed=6)
    w = w if weighted else None
    column = log_loss_report(y, p, sample_weight=w, recalibration=False, n_null=300).per_class
    rng = np.random.default_rng(1)
    for c in range(3):
        hits = rng.random((300, 150)) < p[:, c]
        values = []
        for hit in hits:
            left = binary_loss(hit, isotonic(p[:, c], hit, w).predict(p[:, c]), w)
            values.append(binary_loss(hit, p[:, c], w, EPS) - left)
        error = np.std(values) * math.sqrt(2 / 300)
        assert column["miscalibration_null"][c] == pytest.approx(np.mean(values), abs=5 * error)
        as_bad = 1 + np.sum(np.array(values) >= column["miscalibration"][c])
        assert column["miscalibration_p"][c] == pytest.approx(as_bad / 301, abs=0.1)


@pytest.mark.parametrize("n_null", [1, 9, 99])
def test_the_p_value_is_never_below_one_in_the_draws(n_null):
    y, p, _ = data(300, 3)  # labels that have nothing to do with the probabilities
    column = log_loss_report(y, p, recalibration=False, n_null=n_null).per_class
    assert_allclose(column["miscalibration_p"], 1 / (n_null + 1))
    right = log_loss_report(*calibrated(300, 3), recalibration=False, n_null=n_null).per_class
    assert (right["miscalibration_p"] >= 1 / (n_null + 1)).all()
    assert (right["miscalibration_p"] <= 1).all()


def test_without_draws_there_is_no_null():
    report = quick(*calibrated(100, 3))
    assert np.isnan(report.per_class["miscalibration_null"]).all()
    assert np.isnan(report.per_class["miscalibration_p"]).all()
    assert np.isfinite(report.per_class["miscalibration"]).all()
    for curve in report.reliability:
        assert len(curve.grid) == len(curve.low) == len(curve.high) == 0
        assert len(curve.proba) > 2


@pytest.mark.parametrize("n_null", [-1, 2.5, "200", None, True])
def test_numbers_of_draws_that_are_none(n_null):
    y, p = calibrated(20, 2)
    with pytest.raises(ValueError, match=r"n_null must be a number of draws, .* got"):
        log_loss_report(y, p, n_null=n_null)
    batches = LogLossAccumulator([0, 1], subsample=0).update(y, p)
    with pytest.raises(ValueError, match=r"n_null must be a number of draws, .* got"):
        batches.report(n_null=n_null)


def test_the_seed_decides_the_draws():
    y, p = calibrated(200, 3)

    def nulls(seed):
        report = log_loss_report(y, p, recalibration=False, n_null=20, random_state=seed)
        return report.per_class["miscalibration_null"].tolist()

    assert nulls(0) == nulls(0)
    assert nulls(np.random.RandomState(0)) == nulls(np.random.RandomState(0))
    assert nulls(0) != nulls(1)
    assert nulls(None) != nulls(None)


@pytest.mark.parametrize("ties", [False, True])
def test_weights_that_are_all_the_same_are_none(ties):
    """A weight is a unit, and two rows of weight 1 tell more than one of weight 2."""
    y, p, _ = with_ties(300, 3, 0) if ties else data(300, 3)
    plain = log_loss_report(y, p, recalibration=False, n_null=50).per_class
    heavy = log_loss_report(y, p, recalibration=False, n_null=50, sample_weight=np.full(300, 7.0))
    for name in ("miscalibration", "miscalibration_null", "miscalibration_p"):
        assert_allclose(heavy.per_class[name], plain[name], rtol=1e-9)


def test_a_certain_model_that_is_right_has_no_miscalibration():
    y = np.arange(60) % 3
    column = log_loss_report(y, np.eye(3)[y], recalibration=False).per_class
    for name in ("miscalibration", "miscalibration_null", "ovr_log_loss"):
        assert_allclose(column[name], 0, atol=1e-12)
    assert_allclose(column["discrimination"], column["uncertainty"])
    assert_array_equal(column["miscalibration_p"], 1)


def test_a_prior_has_neither_miscalibration_nor_discrimination():
    y = np.arange(100) % 5 // 2
    p = np.tile(np.bincount(y) / 100, (100, 1))
    column = log_loss_report(y, p, recalibration=False).per_class
    assert_allclose(column["miscalibration"], 0, atol=1e-12)
    assert_allclose(column["discrimination"], 0, atol=1e-12)
    assert (column["miscalibration_null"] > 0).all()


# The draws of many rows are those of groups.


@pytest.mark.parametrize("weighted", [False, True])
def test_groups_have_nearly_the_null_of_all_rows(weighted, monkeypatch):
    y, p, w = (*calibrated(1500, 3, seed=1), data(1500, 3)[2])
    w = w if weighted else None
    grouped = log_loss_report(y, p, sample_weight=w, recalibration=False).per_class
    monkeypatch.setattr(_cells, "_MOST_CELLS", 1500)
    exact = log_loss_report(y, p, sample_weight=w, recalibration=False).per_class
    assert_array_equal(grouped["miscalibration"], exact["miscalibration"])
    null = exact["miscalibration_null"]
    assert_allclose(grouped["miscalibration_null"], null, rtol=0.15)
    assert_allclose(grouped["miscalibration_p"], exact["miscalibration_p"], atol=0.2)


@pytest.mark.parametrize("weighted", [False, True])
def test_ties_are_ties_to_the_last_bit(weighted):
    """However a library rounds what is the same probability."""
    rng = np.random.default_rng(0)
    p = np.round(rng.uniform(0.05, 0.95, 300), 1)
    y = (rng.random(300) < p).astype(int)
    w = rng.uniform(0.5, 2, 300) if weighted else None
    plain = quick(y, p, sample_weight=w, n_null=100)
    for seed in range(3):
        up = np.random.default_rng(seed).random(300) < 0.5
        rounded = quick(y, np.nextafter(p, np.where(up, 1, 0)), sample_weight=w, n_null=100)
        for name in ("miscalibration", "discrimination", "miscalibration_null"):
            assert_allclose(rounded.per_class[name], plain.per_class[name], atol=1e-9)
        p_values = (r.per_class["miscalibration_p"] for r in (rounded, plain))
        assert_array_equal(*p_values)
        assert len(rounded.reliability[1].proba) == len(plain.reliability[1].proba)


@pytest.mark.parametrize("n", [40, 900, 6000])
@pytest.mark.parametrize("two", [False, True])
def test_two_classes_have_one_null(n, two):
    """They have the same curve, turned around."""
    y, p = calibrated(n, 2)
    report = quick(y, p if two else p[:, 1], n_null=50)
    for name in ("miscalibration", "miscalibration_null", "miscalibration_p"):
        one, other = report.per_class[name]
        assert one == pytest.approx(other, abs=1e-12)
    one, other = report.reliability
    assert_allclose(one.grid, 1 - other.grid[::-1])
    assert_allclose(one.low, 1 - other.high[::-1])
    assert_allclose(one.high, 1 - other.low[::-1])
    assert (one.low <= one.high).all()


def test_the_null_of_some_hundred_rows_does_not_hang_on_their_labels():
    """What grouping takes of drawn labels is seen in drawn labels, not in these."""
    rng = np.random.default_rng(0)
    p = expit(2 * rng.normal(size=600))
    drawn_losses = []
    for _ in range(300):
        y = rng.random(600) < p
        drawn_losses.append(
            binary_loss(y, p, None) - binary_loss(y, isotonic(p, y, None).predict(p), None)
        )
    error = np.std(drawn_losses) / math.sqrt(300)
    for _ in range(3):
        y = (rng.random(600) < p).astype(int)
        null = quick(y, p, n_null=1000).per_class["miscalibration_null"][1]
        assert abs(null - np.mean(drawn_losses)) < 4 * error


def test_groups_are_of_probabilities_that_are_alike():
    """Rows that tell hardly anything would be in one group but for their odds."""
    p = np.sort(np.r_[np.logspace(-12, -0.5, 400), np.linspace(0.4, 0.6, 300), 1 - 1e-5, 1.0])
    w = np.random.default_rng(0).uniform(0.5, 2, len(p))
    hits = w * (np.arange(len(p)) % 3 == 0)
    cells = _cells.Cells(np.array([0]), p, w, w * w, hits, np.ones(len(p)))
    groups = _cells.grouped(cells)
    for name in ("weight", "square", "hits", "rows"):
        assert_allclose(getattr(groups, name).sum(), getattr(cells, name).sum())
    assert_allclose(groups.weight @ groups.proba, w @ p)
    assert (np.diff(groups.proba) > 0).all()
    assert len(groups.proba) < 0.4 * len(p)
    ends = np.searchsorted(np.cumsum(w), np.cumsum(groups.weight) - 1e-6)
    starts = np.r_[0, ends[:-1] + 1]
    odds = (p + 2.0**-52) / (1 - p + 2.0**-52)
    assert (odds[ends] / odds[starts] <= 4 * (1 + 1e-9)).all()
    told = np.add.reduceat(w * p * (1 - p), starts)
    assert told.max() < 2 * told.sum() / 100
    for part, at in zip(np.split(w, starts[1:]), range(len(starts)), strict=True):
        assert part.sum() == pytest.approx(groups.weight[at])


def test_many_rows_are_drawn_in_groups():
    """3,000 different probabilities; the isotonic regression itself has all of them."""
    y, p = calibrated(3000, 2)
    report = log_loss_report(y, p, recalibration=False, n_null=50)
    assert close_to_sklearn(y, p)
    assert 0 < report.per_class["miscalibration_null"][0] < 0.02
    sharp = expit(3 * np.log(p[:, 1] / p[:, 0]))
    wrong = log_loss_report(y, sharp, recalibration=False, n_null=50)
    assert_allclose(wrong.per_class["miscalibration_p"], 1 / 51)


# Draws of many classes.


def test_the_null_of_each_of_many_classes_is_its_own():
    """Beside two classes, the one and the rest: drawn alone, and four times as often."""
    y, p = calibrated(600, 101, seed=3)
    many = log_loss_report(y, p, labels=range(101), recalibration=False)
    assert many.n_null == 50
    ratio = []
    for c in range(0, 101, 5):
        rest = np.c_[1 - p[:, c], p[:, c]]
        alone = log_loss_report(
            y == c, rest, labels=[False, True], recalibration=False, random_state=c
        )
        for name in ("miscalibration", "discrimination"):
            assert_allclose(many.per_class[name][c], alone.per_class[name][1], atol=1e-12)
        null = (r["miscalibration_null"] for r in (many.per_class, alone.per_class))
        ratio.append(np.divide(*[x[i] for x, i in zip(null, (c, 1), strict=True)]))
        at, own = many.reliability[c], alone.reliability[1]
        assert_allclose(at.proba, own.proba)
        assert_allclose(at.share, own.share, atol=1e-12)
        assert_array_equal(at.counts, own.counts)
        assert at.grid[0] == own.grid[0]
        assert at.proba[0] <= at.grid[0] < at.grid[-1] <= at.proba[-1]
    assert_allclose(ratio, 1, atol=0.3)
    # What grouping takes is seen in draws for two classes, and in these labels for so many.
    assert np.mean(ratio) == pytest.approx(1, abs=0.06)


def test_the_smallest_p_value_of_many_classes_says_how_few_the_draws_are():
    y, p = calibrated(1000, 101)
    y[p[:, 8].argsort()[:100]] = 8
    report = log_loss_report(y, p, labels=range(101), recalibration=False)
    assert report.per_class["miscalibration_p"][8] == pytest.approx(1 / 51)
    text = report.to_text(columns=["support", "miscalibration_p"], width=80)
    assert "<0.020" in text
    assert "<0.005" not in text


# Bins: what batches count.


def bins_of(p, k=2, w=None):
    """Histogram of the second class, by a statistic of these rows."""
    rows = check_labelled(np.zeros(len(p), dtype=int), p, labels=range(k), sample_weight=w)
    return statistics(rows, EPS).histogram[:, 1]


EXTREMES = [
    *(0.0, 5e-324, 1e-300, 1e-17, 2.0**-53, 2.0**-52, 1e-9, 0.1, 0.25, 0.5 - 2.0**-54, 0.5),
    *(0.5 + 2.0**-53, 2 / 3, 0.75, 0.9, 1 - 1e-9, 1 - 2.0**-52, 1 - 2.0**-53, 1.0),
]


def test_every_probability_finds_a_bin_and_larger_ones_no_lower_bin():
    rng = np.random.default_rng(0)
    p = np.sort(np.r_[EXTREMES, rng.random(50), expit(rng.normal(scale=15, size=100))])
    found = []
    for value in p:
        weight = bins_of(np.array([value]))[0]
        assert weight.sum() == 1
        found.append(int(weight.argmax()))
    assert (np.diff(found) >= 0).all()
    assert 0 <= found[0] < found[-1] < 106 * 16
    odds = p / np.maximum(1 - p, 1e-300)
    within = (odds > 2.0**-30) & (odds < 2.0**30)
    low, high = (
        2.0 ** (at // 16 - 53) * (1 + at % 16 / 16) for at in (np.array(found), 1 + np.array(found))
    )
    assert (low <= odds * (1 + 1e-6))[within].all()
    assert (high >= odds * (1 - 1e-6))[within].all()
    # The same bins whatever rows are beside them.
    together = np.bincount(found, minlength=106 * 16)
    assert_array_equal(bins_of(p)[0], together)
    assert_array_equal(bins_of(rng.permutation(p))[0], together)
    halves = bins_of(p[::2])[0] + bins_of(p[1::2])[0]
    assert_array_equal(halves, together)


def test_bins_of_hits_weights_and_probabilities():
    p, w = np.array([0.2, 0.2, 0.7, 0.7, 0.7]), np.array([1.0, 2.0, 4.0, 8.0, 0.0])
    rows = check_labelled([0, 1, 1, 0, 1], p, sample_weight=w)
    table = statistics(rows, EPS).histogram[:, 1]
    weight, square, proba, hits, count = table[:, table[0] > 0]
    assert weight.tolist() == [3, 12]
    assert square.tolist() == [5, 80]
    assert_allclose(proba, [0.6, 8.4])
    assert hits.tolist() == [2, 4]
    assert count.tolist() == [2, 2]


PROBABILITIES = st.one_of(
    st.sampled_from(EXTREMES),
    # Some of them share a bin, and differ within it.
    st.builds(
        lambda p, i: min(p + i * 1e-4, 1.0),
        st.sampled_from([0.0, 0.1, 0.5, 0.9]),
        st.integers(0, 9),
    ),
    st.floats(0, 1),
)
ROWS = st.lists(
    st.tuples(PROBABILITIES, st.booleans(), st.sampled_from([0.25, 1.0, 1.0, 5.0])),
    min_size=1,
    max_size=60,
)


@settings(max_examples=150, deadline=None)
@given(ROWS, st.booleans())
@example([(0.5, True, 1.0), (0.5 + 1e-4, False, 1.0)] * 20, False)
@example([(0.5, False, 1.0), (0.5 + 1e-4, True, 1.0)] * 20, False)
@example([(0.0, True, 1.0), (5e-324, False, 1.0), (1e-300, True, 1.0)] * 5, True)
@example([(1.0, False, 1.0), (1 - 2.0**-53, True, 1.0)] * 5, True)
def test_binned_miscalibration_is_within_its_bound(rows, weighted):
    """Below the exact one by no more than the largest bin's share of the weight, and not above."""
    p, y, w = (np.array(x) for x in zip(*rows, strict=True))
    different = np.unique(p)
    below, gap = different[:-1], np.diff(different)
    # Those that differ by rounding are one, and may still be in two bins.
    assume((gap > 1e-9 * below * (1.0 - below)).all())
    y, w = y.astype(int), w if weighted else None
    exact = quick(y, p, labels=[0, 1], sample_weight=w).per_class
    batches = LogLossAccumulator([0, 1], subsample=0).update(y, p, w).report(n_null=0).per_class
    table = statistics(check_labelled(y, p, labels=[0, 1], sample_weight=w), EPS).histogram[0]
    for name in ("miscalibration", "discrimination"):
        lost = exact[name] - batches[name]
        assert (lost >= -1e-10).all()
        assert (lost <= table.max(axis=1) / table[0].sum() + 1e-10).all()
    for name in ("ovr_log_loss", "uncertainty"):
        assert_allclose(batches[name], exact[name], rtol=1e-9, atol=1e-11)


def test_the_bound_is_of_the_right_size():
    """All rows in one bin, and sorted by the label: nothing is left of the discrimination."""
    p = np.linspace(0.5001, 0.501, 100)
    y = (np.arange(100) >= 50).astype(int)
    exact = quick(y, p).per_class["miscalibration"]
    batches = (
        LogLossAccumulator([0, 1], subsample=0)
        .update(y, p)
        .report(n_null=0)
        .per_class["miscalibration"]
    )
    assert_allclose(exact - batches, math.log(2), rtol=1e-3)


@pytest.mark.parametrize("k", [2, 10, 101])
def test_on_usual_data_bins_lose_far_less_than_the_bound(k):
    y, p = calibrated(3000, k, scale=2.5)
    table = statistics(check_labelled(y, p, labels=range(k)), EPS).histogram[0]
    exact = quick(y, p, labels=range(k)).per_class["miscalibration"]
    batches = LogLossAccumulator(range(k), subsample=0).update(y, p).report(n_null=0)
    lost = exact - batches.per_class["miscalibration"]
    assert (lost >= -1e-10).all()
    assert lost.mean() < 0.2 * table.max(axis=1).mean() / 3000
    assert lost.mean() < 0.002


def test_the_curve_of_batches_is_close_to_the_exact_one():
    y, p = calibrated(3000, 3, seed=2)
    exact, places = quick(y, p), np.linspace(0.05, 0.95, 91)
    batches = LogLossAccumulator(range(3), subsample=0).update(y, p).report(n_null=50)
    for one, other in zip(exact.reliability, batches.reliability, strict=True):
        assert (np.diff(other.proba) > 0).all()
        assert (np.diff(other.share) >= 0).all()
        near = [np.interp(places, c.proba, c.share) for c in (one, other)]
        assert np.abs(near[0] - near[1]).mean() < 0.01
        assert_allclose(other.counts.sum(), 3000)
        assert len(other.grid) > 10


# Simulations.


def in_batches(y, p, w=None, **params):
    return LogLossAccumulator(range(p.shape[1]), subsample=0).update(y, p, w).report(**params)


def in_one_array(y, p, w=None, **params):
    labels = range(p.shape[1])
    return log_loss_report(y, p, labels=labels, sample_weight=w, recalibration=False, **params)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "weighted"), [(in_one_array, False), (in_one_array, True), (in_batches, False)]
)
@pytest.mark.parametrize(("n", "k", "scale"), [(200, 3, 1.5), (600, 4, 3.0)])
def test_a_calibrated_model_has_the_miscalibration_of_its_null(n, k, scale, make, weighted):
    """Over 400 data sets: the mean difference is 0 within 4 standard errors, p is uniform."""
    p = calibrated(n, k, scale)[1]
    w = data(n, k)[2] if weighted else None
    rng = np.random.default_rng(0)
    beyond, p_values = [], []
    for seed in range(400):
        column = make(drawn(p, rng), p, w, n_null=99, random_state=seed).per_class
        beyond.append(column["miscalibration"] - column["miscalibration_null"])
        p_values.append(column["miscalibration_p"])
    tested = ~np.isnan(beyond).any(axis=1)  # weights may look as if made from the labels
    assert tested.mean() > 0.7
    beyond = np.array(beyond)[tested]
    error = beyond.std(axis=0) / math.sqrt(len(beyond))
    assert (np.abs(beyond.mean(axis=0)) < 4 * error).all()
    for values in np.array(p_values)[tested].T:
        # Of the 100 values that it can take, each as often.
        assert stats.kstest(values - 0.005, "uniform").pvalue > 1e-3


@pytest.mark.slow
def test_p_values_of_groups_are_uniform(monkeypatch):
    monkeypatch.setattr(_cells, "_MOST_CELLS", 50)
    p = calibrated(1500, 2, 2.0)[1]
    rng = np.random.default_rng(0)
    columns = [in_one_array(drawn(p, rng), p, n_null=99).per_class for _ in range(300)]
    values = np.array([c["miscalibration_p"][0] for c in columns])
    assert stats.kstest(values - 0.005, "uniform").pvalue > 1e-3
    beyond = np.array([(c["miscalibration"] - c["miscalibration_null"])[0] for c in columns])
    assert abs(beyond.mean()) < 4 * beyond.std() / math.sqrt(300)


@pytest.mark.slow
@pytest.mark.parametrize(("make", "n"), [(in_batches, 600), (in_one_array, 3000)])
def test_weighted_rows_in_bins_have_the_miscalibration_of_their_null(make, n):
    """Also in one array where there are so many rows that they are drawn in groups."""
    p, rng = calibrated(n, 4, 3.0)[1], np.random.default_rng(0)
    w = np.random.default_rng(1).exponential(size=n)
    columns = [make(drawn(p, rng), p, w, n_null=99).per_class for _ in range(400)]
    beyond = np.array([c["miscalibration"] - c["miscalibration_null"] for c in columns])
    beyond = beyond[~np.isnan(beyond).any(axis=1)]  # weights may look as if made from the labels
    assert len(beyond) > 280
    error = beyond.mean(axis=1).std() / math.sqrt(len(beyond))
    assert abs(beyond.mean()) < 4 * error
