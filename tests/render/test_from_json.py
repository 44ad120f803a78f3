"""Results that are made again from their JSON, and texts from which none can be made."""

import json
import math

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.naive_bayes import GaussianNB

from skxent import (
    LogLossAccumulator,
    LogLossComparison,
    LogLossReport,
    compare_log_loss,
    log_loss_change,
    log_loss_report,
    log_loss_slices,
)
from skxent._render._result import Result
from skxent.recalibration import Recalibrator
from skxent.report._content import COLUMNS, OVERALL, ROWS

NAMES = np.array(["Infinity", "nan", "", "null", "ü\ud800"])


def draw(n=300, k=4, seed=0):
    rng = np.random.default_rng(seed)
    logits = 2 * rng.normal(size=(n, k))
    y = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
    y[:k] = range(k)
    proba = np.exp(logits)
    return y, proba / proba.sum(axis=1, keepdims=True)


def whole(**params):
    y, proba = draw(80)
    return log_loss_report(y, proba, n_null=20, **params)


def infinite():
    y, proba = draw(60)
    proba[7] = np.eye(4)[(y[7] + 1) % 4]
    return log_loss_report(y, proba, eps=0, base=2, n_null=20)


def odd_names():
    y, proba = draw(k=5)
    return log_loss_report(NAMES[y], proba, labels=NAMES, n_null=20)


def mixed_labels():
    y, proba = draw(k=3)
    labels = np.array([2, 1.5, True], dtype=object)
    return log_loss_report(y, proba, target_names=labels, n_null=20)


def many_rows():
    y, proba = draw(900)
    total = LogLossAccumulator(range(4), subsample=200, random_state=0)
    return total.update(y, proba, groups=np.arange(900) // 3).report(n_null=20)


def out_of_fold():
    X, y = load_iris(return_X_y=True)
    return LogLossReport.from_cv(GaussianNB(), X, y, cv=3, n_null=20)


def one_class():
    return log_loss_report([1, 1, 1], [[1.0], [1.0], [1.0]], labels=[1], n_null=20)


def comparison(**params):
    y, proba = draw()
    other = proba**1.3 / (proba**1.3).sum(axis=1, keepdims=True)
    models = {"Infinity": proba, "b": other, "c": other[:, ::-1]}
    return compare_log_loss(y, models, groups=np.arange(300) // 3, **params)


def slices(**params):
    y, proba = draw(800)
    X = pd.DataFrame({"a": np.arange(800) % 7, "b": np.array(list("xyz"))[np.arange(800) % 3]})
    proba[y == 1] = np.roll(proba[y == 1], 1, axis=1)  # so that something is found
    return log_loss_slices(y, proba, X, n_null=19, **params)


def asked_slices():
    return slices(by=["b", "a"])


def change():
    (y, proba), (later, then) = draw(400), draw(300, seed=1)
    params = {"labels": range(4), "n_null": 0, "recalibration": False}
    before = log_loss_report(y, proba, **params)
    return log_loss_change(before, log_loss_report(later, then, **params))


def infinite_comparison():
    y, proba = draw(60)
    broken = proba.copy()
    broken[7] = np.eye(4)[(y[7] + 1) % 4]
    return compare_log_loss(y, {"a": proba, "b": broken}, eps=0)


MADE = [
    *(whole, infinite, odd_names, mixed_labels, many_rows, out_of_fold, one_class),
    *(comparison, infinite_comparison, slices, asked_slices, change),
]


@pytest.mark.parametrize("make", MADE)
@pytest.mark.parametrize("indent", [None, 1])
def test_a_result_from_json_is_the_one_that_was_written(make, indent):
    made = make()
    found = type(made).from_json(made.to_json(indent=indent))
    assert type(found) is type(made)
    # As texts, in which nan is equal to itself and 1 is not 1.0.
    assert repr(found.to_dict()) == repr(made.to_dict())
    assert found.to_json() == made.to_json()
    assert str(found) == str(made)
    assert repr(found) == repr(made)
    assert found.to_html() == made.to_html()
    assert found._repr_html_() == made._repr_html_()
    pd.testing.assert_frame_equal(found.to_frame(), made.to_frame())


def test_bytes_are_text_too():
    made = whole()
    assert LogLossReport.from_json(made.to_json().encode()).to_json() == made.to_json()


def test_what_was_read_is_read_only_and_recalibrates():
    y, proba = draw(1000)
    sharp = proba**2 / (proba**2).sum(axis=1, keepdims=True)
    made = log_loss_report(y, sharp, n_null=20)
    found = LogLossReport.from_json(made.to_json())
    with pytest.raises(ValueError, match="read-only"):
        found.loss_confusion[0, 0] = 1
    with pytest.raises(TypeError, match="read-only"):
        found.overall["log_loss"] = 1
    assert made.recalibration.recommended != "none"
    np.testing.assert_array_equal(
        found.recalibrator().predict_proba(sharp), made.recalibrator().predict_proba(sharp)
    )


def test_labels_and_rows_that_json_has_no_type_for_are_their_text():
    days = pd.date_range("2026-01-01", periods=5)
    y, proba = draw(5)
    made = log_loss_report(pd.Series(y, index=days), proba, n_null=20)
    found = LogLossReport.from_json(made.to_json())
    assert found.worst_rows["row"].tolist() == [str(day) for day in made.worst_rows["row"]]
    assert found.to_text() == made.to_text()


def parts(values, at=()):
    """Where a mapping is in a document, with all that it holds."""
    for key, value in values.items():
        yield (*at, key)
        if isinstance(value, dict):
            yield from parts(value, (*at, key))


def changed(values, at, new):
    """A copy of a document with another value at a place, or none."""
    found = inner = dict(values)
    for key in at[:-1]:
        inner[key] = inner = dict(inner[key])
    if new is parts:
        del inner[at[-1]]
    else:
        inner[at[-1]] = new
    return json.dumps(found)


# Whose words, or whose place, no rule can find wrong: any other are as good.
FREE = {"verdict", "recalibration", "model", "date", "out_of_fold", "weighted"}
FREE |= {"from_logits", "renormalize"}
# What has a default, with which documents were written that know nothing of it.
OPTIONAL = {"fitted", "share", "classes", "eps", "positive"}


@pytest.mark.parametrize("make", [whole, comparison, slices, change])
@pytest.mark.parametrize("new", [parts, {"a": 1}, [[1.0], [2.0, 3.0]], "text", True, [1.0]])
def test_a_document_that_was_damaged_is_a_value_error(make, new):
    made = make()
    values = json.loads(made.to_json())
    for at in parts(values):
        is_word = not isinstance(values[at[0]], dict) or at[0] == "about"
        if (is_word and at[-1] in FREE) or at == ("about", "version"):
            continue
        if new is parts and at[0] in {"about", "recalibration"} and at[-1] in OPTIONAL:
            continue
        with pytest.raises(ValueError, match="text"):
            type(made).from_json(changed(values, at, new))


@pytest.mark.parametrize("make", [whole, many_rows, out_of_fold, one_class])
def test_what_every_report_has_is_what_reports_have(make):
    made = make()
    assert set(COLUMNS) <= set(made.per_class)
    assert set(OVERALL) <= set(made.overall)
    assert set(ROWS) == set(made.worst_rows)


@pytest.mark.parametrize("make", [whole, comparison])
def test_a_text_that_was_cut_off_is_a_value_error(make):
    made = make()
    text = made.to_json()
    for end in (0, 1, len(text) // 2, len(text) - 1):
        with pytest.raises(ValueError, match="no whole JSON"):
            type(made).from_json(text[:end])
    with pytest.raises(ValueError, match="no whole JSON"):
        type(made).from_json("[" * 100_000)


@pytest.mark.parametrize("text", ["{}", "[]", "null", "1", '{"skxent": 3}', '{"verdict": "good"}'])
def test_json_of_something_else_is_a_value_error(text):
    with pytest.raises(ValueError, match=r"what LogLossReport.to_json returned; it is something"):
        LogLossReport.from_json(text)


def test_json_of_another_result_is_a_value_error_that_names_it():
    with pytest.raises(ValueError, match=r"it is of LogLossReport\.to_json"):
        LogLossComparison.from_json(whole().to_json())
    with pytest.raises(ValueError, match=r"it is of LogLossComparison\.to_json"):
        LogLossReport.from_json(comparison().to_json())
    y, proba = draw()
    other = Recalibrator("temperature").fit(y, proba).to_json()
    with pytest.raises(ValueError, match=r"it is of Recalibrator\.to_json"):
        LogLossReport.from_json(other)


@pytest.mark.parametrize("make", [whole, comparison])
def test_a_newer_document_is_a_value_error(make):
    made = make()
    values = json.loads(made.to_json())
    with pytest.raises(ValueError, match=r"version 2 .* update skxent"):
        type(made).from_json(json.dumps(values | {"version": 2}))
    with pytest.raises(ValueError, match="'novelty' is unknown to this version"):
        type(made).from_json(json.dumps(values | {"novelty": 1}))


def test_infinities_and_nan_come_back_as_numbers():
    made = infinite()
    found = LogLossReport.from_json(made.to_json())
    assert math.isinf(found.overall["log_loss"])
    assert found.per_class["log_loss"].dtype == np.float64
    assert np.isnan(found.per_class["ci_low"]).any()
    assert found.per_class["support"].dtype.kind == "i"


def test_all_results_are_tried():
    # Other tests make results of their own.
    ours = {kind for kind in Result.__subclasses__() if kind.__module__.startswith("skxent.")}
    assert {type(make()) for make in MADE} == ours
