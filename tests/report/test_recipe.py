"""The lines to paste do what the report promises."""

import html
import math
import re

import numpy as np
import pytest
from reports import calibrated
from scipy.special import softmax
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier

from skxent import (
    LogLossAccumulator,
    LogLossReport,
    RecalibratedClassifier,
    Recalibrator,
    log_loss,
    log_loss_report,
)


def recipe_of(report):
    """What stands on the page, and as it stands, between empty lines, in the text."""
    (lines,) = re.findall(r"<pre>(.*?)</pre>", report.to_html(), flags=re.DOTALL)
    lines = html.unescape(lines)
    assert f"\n\n{lines}\n\n" in str(report)
    assert lines in html.unescape(report._repr_html_())
    return lines


def sure(n, seed=0):
    y, p = calibrated(n, 3, seed=seed)
    return y, softmax(3 * np.log(p), axis=1)


@pytest.mark.parametrize(("base", "written"), [(None, ""), (2, ", base=2"), (1.5, ", base=1.5")])
def test_predictions_are_recalibrated_by_what_the_report_holds(base, written):
    y, p = sure(800)
    y_new, p_new = sure(800, seed=1)
    report = log_loss_report(y, p, base=base, n_null=0)
    lines = recipe_of(report)
    assert lines.endswith(f"log_loss(y_new, better, labels=recalibrator.classes_{written})")
    assert report.recalibration.recommended in lines
    names = {"report": report, "y_new": y_new, "y_proba_new": p_new}
    exec(lines, names)
    before, after = (log_loss(y_new, q, base=base) for q in (p_new, names["better"]))
    assert after < 0.8 * before
    again = LogLossReport.from_json(report.to_json())
    assert recipe_of(again) == lines
    exec(lines, names | {"report": again})


LEVELS = np.array(["low", "mid", "high"])  # not in the order of the alphabet
PAIR = np.array(["pass", "fail"])


def of_three(y, p):
    return LEVELS[y], p


def of_two(y, p):
    return PAIR[(y == 2).astype(int)], p[:, 2]


WAYS = {
    "labels": (of_three, {"labels": LEVELS}),
    "logits": (lambda y, p: (LEVELS[y], np.log(p) + 3.0), {"labels": LEVELS, "from_logits": True}),
    "sums": (lambda y, p: (LEVELS[y], 5 * p), {"labels": LEVELS, "renormalize": True}),
    "sorted": (lambda y, p: (y, p), {}),
    "one-hot": (lambda y, p: (np.eye(3)[y], p), {}),
    "1-D of numbers": (lambda y, p: ((y == 2).astype(int), p[:, 2]), {}),
    "1-D of text": (of_two, {"pos_label": "fail"}),
    "1-D of the second label": (of_two, {"labels": PAIR}),
    "1-D of the first label": (of_two, {"labels": PAIR[::-1], "pos_label": "fail"}),
}


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("way", WAYS)
def test_the_lines_give_the_loss_however_the_report_was_made(way, streamed):
    """The oracle recalibrates by the true map: the predictions are three times too sure."""
    given, params = WAYS[way]
    y, p = sure(1500)
    y_new, p_new = sure(1500, seed=1)
    if streamed:
        labels = params.get("labels", [0, 1] if given(y, p)[1].ndim == 1 else [0, 1, 2])
        if way == "1-D of text":
            labels = ["fail", "pass"]
        stream = LogLossAccumulator(labels, **{k: v for k, v in params.items() if k != "labels"})
        report = stream.update(*given(y, p)).report(n_null=0)
    else:
        report = log_loss_report(*given(y, p), n_null=0, **params)
    right = softmax(np.log(p_new) / 3, axis=1)
    if given(y, p)[1].ndim == 1:
        right = np.c_[1 - p_new[:, 2], p_new[:, 2]] ** (1 / report.recalibrator().temperature_)
        right /= right.sum(axis=1, keepdims=True)
        cost = -np.log(right[np.arange(1500), (y_new == 2).astype(int)]).mean()
    else:
        cost = -np.log(right[np.arange(1500), y_new]).mean()
    labels, predictions = given(y_new, p_new)
    names = {"report": report, "y_new": labels, "y_proba_new": predictions}
    *lines, last = recipe_of(report).splitlines()
    exec("\n".join(lines), names)
    assert eval(last, names) == pytest.approx(cost, rel=0.02)
    if labels.ndim == 1:  # new rows that lack a class
        there = labels != labels[0]
        names |= {"y_new": labels[there], "y_proba_new": predictions[there]}
        exec("\n".join(lines), names)
        assert np.isfinite(eval(last, names))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("grouped", [False, True])
def test_a_fitted_classifier_is_recalibrated_on_the_rows_of_the_report(grouped, weighted):
    X, y = load_digits(return_X_y=True)
    model = RandomForestClassifier(30, random_state=0).fit(X[:600], y[:600])
    groups = np.arange(600) // 2 if grouped else None
    weight = np.linspace(0.5, 1.5, 600) if weighted else None
    of_rows = {"sample_weight": weight, "groups": groups}
    report = LogLossReport.from_estimator(model, X[600:1200], y[600:1200], n_null=0, **of_rows)
    names = {"model": model, "X": X[600:1200], "y": y[600:1200], **of_rows}
    exec(recipe_of(report), names)  # in which a warning would be an error
    better = names["model"]
    assert isinstance(better, RecalibratedClassifier)
    assert better.estimator_.estimator is model
    assert better.method_ == report.recalibration.recommended
    X, y = X[1200:], y[1200:]
    after = better.predict_proba(X)
    of_report = report.recalibrator().predict_proba(model.predict_proba(X))
    assert log_loss(y, after) == pytest.approx(log_loss(y, of_report), rel=1e-5)
    assert log_loss(y, after) < 0.8 * log_loss(y, model.predict_proba(X))


def test_a_cross_validated_classifier_is_recalibrated_by_folds():
    X, y = load_digits(return_X_y=True)
    model, weight = RandomForestClassifier(30, random_state=0), np.linspace(0.5, 1.5, 600)
    report = LogLossReport.from_cv(model, X[:600], y[:600], sample_weight=weight, n_null=0)
    names = {"model": model, "X": X[:600], "y": y[:600], "sample_weight": weight}
    lines = recipe_of(report)
    assert "Frozen" not in lines
    exec(lines, names)
    assert names["model"].method_ == report.recalibration.recommended
    before = log_loss(y[600:], model.fit(X[:600], y[:600]).predict_proba(X[600:]))
    assert log_loss(y[600:], names["model"].predict_proba(X[600:])) < 0.8 * before


class ShortRows(RandomForestClassifier):
    """Each row is a little short of 1."""

    def predict_proba(self, X):
        return 0.9 * super().predict_proba(X)


@pytest.mark.parametrize("out_of_fold", [False, True])
def test_rows_that_were_divided_by_their_sums_are_so_in_the_lines(out_of_fold):
    X, y = load_digits(return_X_y=True)
    model = ShortRows(30, random_state=0).fit(X[:600], y[:600])
    make = LogLossReport.from_cv if out_of_fold else LogLossReport.from_estimator
    report = make(model, X[600:1200], y[600:1200], n_null=0, renormalize=True)
    names = {"model": model, "X": X[600:1200], "y": y[600:1200]}
    exec(recipe_of(report), names)
    if out_of_fold:  # which fits it to these rows
        model.fit(X[600:1200], y[600:1200])
    before = log_loss(y[1200:], model.predict_proba(X[1200:]), renormalize=True)
    assert log_loss(y[1200:], names["model"].predict_proba(X[1200:])) < 0.9 * before


def test_where_nothing_is_recommended_there_is_nothing_to_paste():
    y, p = calibrated(500, 3)
    for report in (
        log_loss_report(y, p, n_null=0),
        log_loss_report(y, p**3, renormalize=True, recalibration=False, n_null=0),
    ):
        assert "<pre>" not in report.to_html()
        assert "recalibrator" not in str(report)


def test_lines_are_not_broken_where_the_text_is_narrow():
    y, p = sure(800)
    report = log_loss_report(y, p, n_null=0)
    assert recipe_of(report) in report.to_text(width=40)
    assert report.base == math.e
    assert isinstance(report.recalibrator(), Recalibrator)
