"""The loss of a report if classes occurred in other shares."""

import numpy as np
import pytest
from scipy.stats import t as student
from support.reports import calibrated, data, quick

from skxent import LogLossAccumulator, LogLossReport, log_loss


@pytest.mark.parametrize("base", [np.e, 2])
def test_the_loss_is_that_of_rows_drawn_in_these_shares(base):
    y, p, _ = data(400, 3)
    report = quick(y, p, base=base)
    shares = {0: 0.7, 1: 0.1, 2: 0.2}
    weight = np.array([shares[c] for c in range(3)])[y] / np.bincount(y)[y]
    loss, low, high = report.under_prior(shares)
    assert loss == pytest.approx(log_loss(y, p, sample_weight=weight, base=base))
    assert low < loss < high
    in_nats = quick(y, p).under_prior(shares)
    assert np.multiply(report.under_prior(shares), np.log(base)) == pytest.approx(in_nats)


def test_one_class_alone_has_its_own_interval():
    y, p = calibrated(300, 3)
    report = quick(y, p)
    found = report.under_prior({1: 1.0})
    row = [report.per_class[name][1] for name in ("log_loss", "ci_low", "ci_high")]
    assert found == pytest.approx(row)


def test_equal_shares_have_the_interval_of_the_mean_of_the_classes():
    y, p, w = data(300, 4)
    for groups in (None, np.arange(300) // 3):
        report = quick(y, p, sample_weight=w, groups=groups)
        found = report.under_prior(dict.fromkeys(range(4), 0.25))
        names = ("macro_log_loss", "macro_ci_low", "macro_ci_high")
        assert found == pytest.approx([report.overall[name] for name in names])


def test_the_interval_is_that_of_a_stratified_mean_where_losses_have_no_skewness():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [4000, 6000])
    losses = rng.uniform(0.3, 0.6, 10_000)
    p = np.column_stack([np.exp(-losses), 1 - np.exp(-losses)])
    p[y == 1] = p[y == 1][:, ::-1]
    loss, low, high = quick(y, p).under_prior({0: 0.9, 1: 0.1})
    parts = [losses[y == c] for c in (0, 1)]
    error = np.sqrt(
        sum(a**2 * x.var(ddof=1) / len(x) for a, x in zip((0.9, 0.1), parts, strict=True))
    )
    assert high - loss == pytest.approx(student.ppf(0.975, 4000) * error, rel=1e-3)
    assert loss - low == pytest.approx(high - loss, rel=0.01)


def test_reports_of_batches_answer_alike(tmp_path):
    y, p, _ = data(300, 3)
    accumulator = LogLossAccumulator(["a", "b", "c"]).update(np.array(["a", "b", "c"])[y], p)
    accumulator.save(tmp_path / "saved")
    shares = {"a": 0.5, "c": 0.5}
    expected = quick(y, p).under_prior({0: 0.5, 2: 0.5})
    for one in (accumulator, LogLossAccumulator.load(tmp_path / "saved")):
        assert one.report(n_null=0).under_prior(shares) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        ({0: 0.5, 1: 0.4}, "sums to 0.9"),
        ({0: 1.5, 1: -0.5}, "must be 0 or more"),
        ({0: np.nan, 1: 0.5}, "must be 0 or more"),
        ({0: 0.5, 7: 0.5}, "has 7, which is not among labels"),
        ({0: 0.5, 2: 0.5}, "of which the report has no rows"),
    ],
)
def test_shares_that_are_none_are_refused(shares, message):
    y, p, _ = data(100, 3)
    report = quick(np.minimum(y, 1), p, labels=[0, 1, 2])
    with pytest.raises(ValueError, match=message):
        report.under_prior(shares)


def test_shares_have_the_names_of_the_classes_and_the_rows_are_needed():
    y, p, _ = data(100, 3)
    with pytest.raises(TypeError, match="mapping from labels"):
        quick(y, p).under_prior([0.2, 0.3, 0.5])
    with pytest.raises(ValueError, match="read from JSON"):
        LogLossReport.from_json(quick(y, p).to_json()).under_prior({0: 1.0})


@pytest.mark.parametrize("groups", [None, np.arange(201)])
def test_a_single_row_varies_as_the_rows_of_the_others_times_its_own_share(groups):
    rng = np.random.default_rng(0)
    losses = np.r_[0.6, rng.uniform(0.3, 0.9, 200)]
    y = np.r_[0, np.ones(200, int)]
    own = np.exp(-losses)
    p = np.where(np.eye(2, dtype=bool)[y], own[:, None], 1 - own[:, None])
    report = quick(y, p, groups=groups)
    for share in (0.09, 0.05, 0.01):
        _, low, high = report.under_prior({0: share, 1: 1 - share})
        row = losses[1:].var(ddof=1)
        error = np.sqrt(share**2 * row + (1 - share) ** 2 * row / 200)
        reach = 2 * student.ppf(0.975, 199) * error
        assert high - low == pytest.approx(reach, rel=0.02)
    # What the row of one class may be is not to be read off those of another.
    for share in (0.11, 0.5, 1.0):
        assert np.isnan(report.under_prior({0: share, 1: 1 - share})[1:]).all()


@pytest.mark.parametrize("groups", [None, np.arange(300)])
def test_a_class_of_one_row_that_carries_the_loss_leaves_no_interval(groups):
    """Neither where it is given a large share, nor where its row is what costs."""
    rng = np.random.default_rng(0)
    p1 = np.clip(rng.beta(1, 60, 300), 1e-4, 0.5)
    y = np.zeros(300, dtype=int)
    y[7], p1[7] = 1, 0.02
    report = quick(y, np.column_stack([1 - p1, p1]), labels=[0, 1], groups=groups)
    loss, low, high = report.under_prior({0: 0.1, 1: 0.9})
    assert loss == pytest.approx(0.9 * -np.log(0.02) + 0.1 * report.per_class["log_loss"][0])
    assert np.isnan([low, high]).all()
    # 0.3 % of the rows, and 0.012 of 0.028 nats.
    assert np.isnan(report.under_prior({0: 0.997, 1: 0.003})[1:]).all()
    assert np.isfinite(report.under_prior({0: 0.9999, 1: 0.0001})[1:]).all()


def test_a_single_row_with_a_zero_leaves_no_interval():
    """Where the share of the rows that cost the floor has bounds, and the rest has none."""
    y = np.r_[0, np.ones(100, int)]
    p = np.where(np.eye(2, dtype=bool)[y], 0.7, 0.3)
    p[0] = [0.0, 1.0]
    report = quick(y, p)
    assert np.isnan(report.under_prior({0: 0.2, 1: 0.8})[1:]).all()
    assert np.isnan(report.overall["macro_ci_low"])


@pytest.mark.parametrize("size", [None, 1, 2])
def test_classes_without_a_share_do_not_matter(size):
    """Whether their rows are many, or one."""
    y, p = calibrated(300, 3)
    y = np.where(y == 2, 1, y)
    y[0] = 2
    report = quick(y, p, labels=range(3), groups=size and np.arange(300) // size)
    for c in (0, 1):
        row = [report.per_class[name][c] for name in ("log_loss", "ci_low", "ci_high")]
        assert report.under_prior({c: 1.0}) == pytest.approx(row)
