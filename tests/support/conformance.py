"""
Make docs/conformance.md: classifier by check, passed or why not.

Run from the root of the repository, with XGBoost, LightGBM and CatBoost installed::

    python tests/support/conformance.py > docs/conformance.md
"""

import importlib
import os
import tempfile

import sklearn
import sklearn.metrics
from classifiers import (
    BY_CHANCE,
    EXCEPTIONS,
    FROM_ELSEWHERE,
    classifier_from_elsewhere,
    composed_classifiers,
    every_classifier,
)
from sklearn_own_tests import OTHER_WORDS, OTHERWISE, listed, outcomes

import skxent
from skxent.testing import check_metric, check_probabilistic_classifier, check_scorer
from skxent.testing._classifier import CLASSIFIER_CHECKS
from skxent.testing._metric_checks import METRIC_CHECKS
from skxent.testing._run import meaning
from skxent.testing._scorer_checks import SCORER_CHECKS

INTRODUCTION = """\
# Conformance

Made by `python tests/support/conformance.py` with {versions}.

What fails and is not explained here fails the tests: `tests/testing/test_every_classifier.py`,
`tests/testing/test_testing.py` and `tests/project/test_sklearn_own_tests.py`.

`skxent.testing` has the checks, for classifiers, scorers and metrics of anyone:

```python
from skxent.testing import check_probabilistic_classifier

check_probabilistic_classifier(my_classifier)  # raises, and says what it means
check_probabilistic_classifier(my_pipeline, X=X, y=y, on_fail=None)  # on data of your own
check_probabilistic_classifier(my_network, n_classes=10, dtype="float32")  # and takes no other
```

A classifier may return its labels as a column, as CatBoost does, and its table as a list or a data
frame.
Columns that are named after the classes are matched by name.

In the tables ✓ is passed on the data of the check, – does not apply (there is no such method or
argument), and ✗ fails for the reason whose number stands beside it.
"""
CLASSIFIERS = """\
## Classifiers

{count} classifiers: all of scikit-learn that predict probabilities, but for those with several
outputs (`ClassifierChain`, `MultiOutputClassifier`); then composed ones; then those of other
libraries. Each is fitted to small data of two, three and five classes. Every one of them also goes
through every ready-made scorer and the report, which give the value of scikit-learn's `log_loss`,
with labels that are numbers, text, or true and false where it takes them, and with arrays and
data frames.
"""
SCORERS = """\
## Scorers

The ready-made ones of `skxent.scorers`, and the one of scikit-learn beside them.
"""
METRICS = """\
## Metrics

Of labels and probabilities, one column a class; the tests run them on vectors of probabilities,
one-hot rows and soft labels as well. scikit-learn's stands beside them.
"""
OWN_TESTS = """\
## scikit-learn's own tests

The tests of log loss that come with scikit-learn, with skxent's `log_loss`,
`log_loss_skill_score` (for `d2_log_loss_score`) and `neg_log_loss` scorer in the place of
scikit-learn's: {called} of them call one of these, {passed} pass, {words} of these with other words
in an error message. Not met, by design:
"""
FOLDS = "the temperature is fitted in folds, and the folds go by the order of the rows"
THEIR_SCORER = (
    "columns are taken to be in sorted order, by position, and each fold to hold every class"
)
THEIR_METRIC = (
    "columns are taken to be in sorted order, by position; rows that do not sum to 1 get a warning"
)
SCORER_REASONS = {"neg_refinement_loss": FOLDS, "scikit-learn's neg_log_loss": THEIR_SCORER}
METRIC_REASONS = {
    "perplexity": "it is the same for every base",
    "scikit-learn's log_loss": THEIR_METRIC,
}


def short(check):
    return check.__name__.removeprefix("check_").replace("_", " ")


def legend(checks):
    """The checks by number, and what a failure means."""
    yield "| | check | a failure means |"
    yield "|---|---|---|"
    for i, check in enumerate(checks, start=1):
        yield f"| {i} | {short(check)} | {meaning(check).replace('``', '`')} |"
    yield ""


def table(rows, checks, what):
    """Marks by name and check, and below them the reasons."""
    reasons = []
    yield f"| {what} | {' | '.join(str(i + 1) for i in range(len(checks)))} |"
    yield f"|---|{'---|' * len(checks)}"
    for name, results, why in rows:
        marks = []
        for result in results:
            mark = {"passed": "✓", "skipped": "–"}.get(result["status"])
            reason = why(result["check_name"])
            if reason and (mark is None or name in BY_CHANCE):
                if reason not in reasons:
                    reasons.append(reason)
                mark = f"✗ {reasons.index(reason) + 1}"
            marks.append(mark or "✗")
        yield f"| {name} | {' | '.join(marks)} |"
    yield ""
    for i, reason in enumerate(reasons, start=1):
        yield f"{i}. {reason}"
    yield ""


def classifier_rows():
    found = every_classifier() | composed_classifiers()
    found |= {name: classifier_from_elsewhere(name) for name in FROM_ELSEWHERE}
    for name, estimator in found.items():
        results = check_probabilistic_classifier(estimator, on_fail=None)
        yield name, results, EXCEPTIONS.get(name, {}).get


def scorer_rows():
    found = {name: skxent.get_scorer(name) for name in skxent.get_scorer_names()}
    found["scikit-learn's neg_log_loss"] = sklearn.metrics.get_scorer("neg_log_loss")
    for name, scorer in found.items():
        results = check_scorer(scorer, on_fail=None)
        yield name, results, lambda check, name=name: SCORER_REASONS.get(name)


def metric_rows():
    names = ["cross_entropy", "js_divergence", "kl_divergence", "log_loss", "log_loss_skill_score"]
    found = {name: getattr(skxent, name) for name in [*names, "perplexity"]}
    found["scikit-learn's log_loss"] = sklearn.metrics.log_loss
    for name, metric in found.items():
        results = check_metric(metric, greater_is_better="skill" in name, on_fail=None)
        yield name, results, lambda check, name=name: METRIC_REASONS.get(name)


def own_tests():
    with tempfile.TemporaryDirectory() as folder:
        results = outcomes(folder)
    called = {test: r for test, r in results.items() if r["called"]}
    passed = [test for test, r in called.items() if r["outcome"] == "passed"]
    words = [test for test in passed if called[test]["words"] and listed(test, OTHER_WORDS)]
    yield OWN_TESTS.format(called=len(called), passed=len(passed), words=len(words))
    failed = {listed(test, OTHERWISE) for test, r in results.items() if r["outcome"] == "failed"}
    yield "| test | why |"
    yield "|---|---|"
    for name, reason in OTHERWISE.items():
        if name in failed:
            yield f"| `{name.partition('::')[2]}` | {reason} |"


def versions():
    """Names and versions of the libraries that the tables depend on."""
    found = [("scikit-learn", sklearn.__version__)]
    for library, _ in FROM_ELSEWHERE.values():
        found.append((library, importlib.import_module(library).__version__))
    return ", ".join(f"{name} {version}" for name, version in found)


def document():
    """The lines of docs/conformance.md."""
    yield INTRODUCTION.format(versions=versions())
    rows = list(classifier_rows())
    yield CLASSIFIERS.format(count=len(rows))
    yield from table(rows, CLASSIFIER_CHECKS, "classifier")
    yield from legend(CLASSIFIER_CHECKS)
    yield SCORERS
    yield from table(scorer_rows(), SCORER_CHECKS, "scorer")
    yield from legend(SCORER_CHECKS)
    yield METRICS
    yield from table(metric_rows(), METRIC_CHECKS, "metric")
    yield from legend(METRIC_CHECKS)
    yield from own_tests()


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    print("\n".join(document()))
