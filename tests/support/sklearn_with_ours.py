"""
A plugin for pytest that puts our log loss in the place of scikit-learn's in its own tests.

It is loaded before the tests are imported, in a process of its own: see sklearn_own_tests.py.
What became of each test is written to the file that SKXENT_OUTCOMES names: its outcome, whether it
called ours, and whether one of our errors had other words than scikit-learn's.
"""

import functools
import json
import os
from collections import defaultdict

import pytest
import sklearn.metrics
from sklearn.metrics import _classification, _scorer

import skxent

OUTCOMES = defaultdict(lambda: {"outcome": "", "called": False, "words": False, "reason": ""})
NOW = [""]


def watched(function):
    """The function, which notes the test that calls it."""

    @functools.wraps(function)
    def call(*args, **kwargs):
        OUTCOMES[NOW[0]]["called"] = True
        return function(*args, **kwargs)

    return call


class WatchedScorer(type(skxent.neg_log_loss_scorer)):
    # Where a test looks up whether a scorer takes weights.
    _score_func = staticmethod(skxent.log_loss)

    def __call__(self, *args, **kwargs):
        OUTCOMES[NOW[0]]["called"] = True
        return super().__call__(*args, **kwargs)


OURS = {
    "log_loss": watched(skxent.log_loss),
    "d2_log_loss_score": watched(skxent.log_loss_skill_score),
}
for module in (sklearn.metrics, _classification, _scorer):
    for name, ours in OURS.items():
        if hasattr(module, name):
            setattr(module, name, ours)
scorer = skxent.get_scorer("neg_log_loss")
scorer.__class__ = WatchedScorer
_scorer._SCORERS["neg_log_loss"] = scorer

strict_raises = pytest.raises


class LenientRaises:
    """As `pytest.raises`, but an error with another message is noted, and is no failure."""

    def __init__(self, expected, match, kwargs):
        self.strict = strict_raises(expected, match=match, **kwargs)
        self.lenient = strict_raises(expected, **kwargs)

    def __enter__(self):
        self.strict.__enter__()
        return self.lenient.__enter__()

    def __exit__(self, kind, value, traceback):
        caught = self.lenient.__exit__(kind, value, traceback)
        try:
            self.strict.__exit__(kind, value, traceback)
        except (AssertionError, pytest.fail.Exception):
            OUTCOMES[NOW[0]]["words"] = True
        return caught


def raises(expected_exception, *args, match=None, **kwargs):
    if args or match is None:
        return strict_raises(expected_exception, *args, **kwargs)
    return LenientRaises(expected_exception, match, kwargs)


pytest.raises = raises


def pytest_runtest_setup(item):
    NOW[0] = f"{item.module.__name__.rpartition('.')[2]}::{item.name}"


def pytest_runtest_logreport(report):
    if report.when == "call" or report.outcome != "passed":
        entry = OUTCOMES[NOW[0]]
        entry["outcome"] = report.outcome
        entry["reason"] = str(report.longrepr)[-1000:] if report.failed else ""


def pytest_sessionfinish():
    OUTCOMES.pop("", None)
    with open(os.environ["SKXENT_OUTCOMES"], "w", encoding="utf-8") as file:
        json.dump(OUTCOMES, file)
