"""
A plugin for pytest that puts our log loss in the place of scikit-learn's in its own tests.

Loaded in a process of its own by test_sklearn_own_tests.py, before the tests are imported. What
became of each test is written to the file that SKXENT_OUTCOMES names: its outcome, whether it
called ours, and whether an error of ours had other words than scikit-learn's.
"""

import functools
import json
import os
from collections import defaultdict

import pytest
import sklearn.metrics
from sklearn.metrics import _classification, _scorer

import skxent

OUTCOMES = defaultdict(lambda: {"outcome": None, "called": False, "words": False, "reason": ""})
NOW = [""]


def watched(function):
    """The function, which notes by which test it is called."""

    @functools.wraps(function)
    def call(*args, **kwargs):
        OUTCOMES[NOW[0]]["called"] = True
        return function(*args, **kwargs)

    return call


class WatchedScorer(type(skxent.neg_log_loss_scorer)):
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

original_raises = pytest.raises


def raises(expected_exception, *args, match=None, **kwargs):
    """As `pytest.raises`, but another message is noted, and is not a failure."""
    if args or match is None:
        return original_raises(expected_exception, *args, match=match, **kwargs)
    return OtherWords(expected_exception, match, kwargs)


class OtherWords:
    def __init__(self, expected, match, kwargs):
        self.strict = original_raises(expected, match=match, **kwargs)
        self.lenient = original_raises(expected, **kwargs)

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


pytest.raises = raises


def pytest_runtest_setup(item):
    NOW[0] = f"{item.module.__name__.rpartition('.')[2]}::{item.name}"


def pytest_runtest_logreport(report):
    entry = OUTCOMES[NOW[0]]
    if report.when == "call" or report.outcome != "passed":
        entry["outcome"] = report.outcome
        entry["reason"] = str(report.longrepr)[-2000:] if report.failed else ""


def pytest_sessionfinish():
    OUTCOMES.pop("", None)
    with open(os.environ["SKXENT_OUTCOMES"], "w", encoding="utf-8") as file:
        json.dump(OUTCOMES, file)
