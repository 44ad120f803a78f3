"""
What the interval of a cross-validated report covers, and what its gap would have been.

The interval is about the models of the folds. A user may take it for the loss of the model that is
fitted to all rows: how often does it hold that loss, which a large pool tells? And the gap of
calibrated models, of which there is no test: its standard deviation would have to be 1.
Run: python benchmarks/simulations/out_of_fold.py [repeats]
"""

import sys
import warnings

import numpy as np
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier

from skxent import LogLossReport, log_loss, log_loss_report

CLASSIFIERS = {
    "the prior alone": DummyClassifier(),
    "regression": LogisticRegression(max_iter=300),
    "naive Bayes": GaussianNB(),
    "forest": RandomForestClassifier(50, min_samples_leaf=3, random_state=0),
    "neighbours": KNeighborsClassifier(25),
    "boosting": HistGradientBoostingClassifier(max_iter=20, random_state=0),
}
SIZES = (150, 600)
POOL = 20_000


def pool():
    """Rows of three classes, one of them rare."""
    return make_classification(
        POOL, 12, n_informative=6, n_classes=3, weights=[0.6, 0.3], class_sep=0.8, random_state=0
    )


def cell(classifier, n, repeats, X, y):
    """Share of intervals that hold the refit's loss, and z of pooled and of fresh rows."""
    held, of_folds, fresh = [], [], []
    for seed in range(repeats):
        rng = np.random.default_rng(seed)
        rows, others = np.split(rng.permutation(POOL)[: 2 * n], 2)
        report = LogLossReport.from_cv(
            classifier, X[rows], y[rows], cv=5, n_null=0, recalibration=False
        )
        model = clone(classifier).fit(X[rows], y[rows])
        rest = np.setdiff1d(np.arange(POOL), rows)
        truth = log_loss(y[rest], model.predict_proba(X[rest]), labels=model.classes_)
        held.append(report.overall["ci_low"] <= truth <= report.overall["ci_high"])
        options = {"labels": model.classes_, "n_null": 0, "recalibration": False}
        of_folds.append(report.overall["gap"])
        found = log_loss_report(y[others], model.predict_proba(X[others]), **options)
        fresh.append(found.overall["gap"])
    return np.mean(held), np.std(of_folds) / np.std(fresh)


def main(repeats):
    X, y = pool()
    print(f"Of {repeats} reports with five folds; standard error about 2 points\n")
    print("| classifier | rows | holds the loss of the refit, % | sd of gap beside fresh rows |")
    print("|---|--:|--:|--:|")
    for name, classifier in CLASSIFIERS.items():
        for n in SIZES:
            held, ratio = cell(classifier, n, repeats, X, y)
            print(f"| {name} | {n} | {100 * held:.0f} | {ratio:.2f} |", flush=True)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 120)
