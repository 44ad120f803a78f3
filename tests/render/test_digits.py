"""Large tables as JSON: every number as it was, to the last bit."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from skxent import LogLossReport, log_loss_report
from skxent._render._digits import table_text


def written(table):
    text = table_text(table, json.dumps)
    return np.array(json.loads(text, parse_constant=pytest.fail), dtype=np.float64)


def same(table):
    found = written(table)
    assert found.shape == table.shape
    # Bits, so that a zero keeps its sign.
    np.testing.assert_array_equal(found.view(np.int64), table.view(np.int64))


@pytest.mark.parametrize("sd", [0.5, 5, 40, 150])
@pytest.mark.parametrize("shape", [(1, 1), (3, 7), (40, 1000), (1, 40_000)])
def test_random_numbers_keep_every_bit(sd, shape):
    rng = np.random.default_rng(0)
    size = np.exp(np.clip(sd * rng.normal(size=shape), -740, 709))
    same(size * rng.choice([-1.0, 1.0], size=shape))


def test_numbers_beside_powers_of_ten_keep_every_bit():
    powers = np.array([float(f"1e{i}") for i in range(-320, 309)])
    for to in (-np.inf, 0.0, np.inf):
        beside = np.nextafter(powers, to)
        for table in (beside, powers, -beside):
            same(table[:, None])
            same(np.column_stack([table, np.full(len(table), 0.25)]))


@given(arrays(np.float64, (2, 3), elements=st.floats(allow_nan=False, allow_infinity=False)))
def test_any_numbers_keep_every_bit(table):
    same(table)


def test_zeros_and_whole_numbers():
    same(np.array([[0.0, -0.0, 1.0], [10.0, -3.0, 2.0**60]]))
    assert json.loads(table_text(np.array([[0.0, -2.0]]), json.dumps)) == [[0, -2]]


def test_rows_with_unusual_numbers_are_written_one_by_one():
    table = np.array([[1.0, np.nan], [np.inf, 2.0]])
    assert table_text(table, str) == "[[1.0, nan], [inf, 2.0]]"


@pytest.mark.parametrize("eps", [0, 1e-9])
@pytest.mark.parametrize("indent", [None, 1])
def test_a_report_of_many_classes_is_read_as_it_was_written(eps, indent):
    rng = np.random.default_rng(0)
    k, n = 110, 400
    proba = rng.dirichlet(np.full(k, 0.5), size=n)
    y = rng.integers(k, size=n)
    proba[0, y[0]] = 0  # without a floor an infinite loss
    proba[0] /= proba[0].sum()
    params = {"recalibration": False, "n_null": 0, "eps": eps}
    report = log_loss_report(y, proba, labels=range(k), **params)
    text = report.to_json(indent=indent)
    values = json.loads(text, parse_constant=pytest.fail)
    assert np.isinf(report.loss_confusion).any() == (eps == 0)
    expected = report.loss_confusion.astype(object)
    expected[np.isinf(report.loss_confusion)] = "Infinity"
    expected[np.isnan(report.loss_confusion)] = None
    assert values["loss_confusion"] == expected.tolist()
    again = LogLossReport.from_json(text)
    assert repr(again.to_dict()) == repr(report.to_dict())
