"""
Coverage of the 95 % intervals for classifiers that were fitted once, zeros included.

The population is a large pool that the classifiers have not seen: 120,000 rows of a mixture, or the
other half of the digits. Rows are drawn from it with replacement, so that the mean of the pool is
the truth. Floored: the share of the pool that costs the floor, since the classifier says 0. Then
comparisons of pairs of them. Run: python benchmarks/simulations/real_classifiers.py
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
from sklearn.datasets import load_digits, make_classification
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skxent import compare_log_loss, log_loss, log_loss_report

CLASSIFIERS = {
    "forest of 100": RandomForestClassifier(100, random_state=0),
    "forest of 10": RandomForestClassifier(10, random_state=0),
    "neighbours": KNeighborsClassifier(),
    "naive Bayes": GaussianNB(),
    "boosting": HistGradientBoostingClassifier(max_iter=50, random_state=0),
    "regression": make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
}


def mixture(k, separation):
    return make_classification(
        121_000,
        n_informative=10,
        n_classes=k,
        class_sep=separation,
        flip_y=0.02,
        random_state=0,
    )


def digits():
    X, y = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(y))
    return X[order], y[order]


POOLS = {
    "3 classes": (mixture(3, 1.0), 1000),
    "10 classes": (mixture(10, 1.5), 1000),
    "digits": (digits(), 900),
}


def predictions(X, y, n_fit):
    """Labels of the pool, and what each classifier says of its rows."""
    of = {}
    for name, classifier in CLASSIFIERS.items():
        of[name] = classifier.fit(X[:n_fit], y[:n_fit]).predict_proba(X[n_fit:])
    return y[n_fit:], of


def covered(low, high, truth):
    return np.where(np.isnan(low), np.nan, (low <= truth) & (truth <= high))


def intervals(y, p, n, repeats):
    k = p.shape[1]
    truth, of_class = log_loss(y, p, labels=range(k)), log_loss(y, p, labels=range(k), average=None)
    rng, found, width = np.random.default_rng(0), [], []
    for _ in range(repeats):
        rows = rng.integers(len(y), size=n)
        report = log_loss_report(y[rows], p[rows], labels=range(k), recalibration=False, n_null=0)
        of, overall = report.per_class, report.overall
        found.append(
            [
                np.nanmean(covered(of["ci_low"], of["ci_high"], of_class)),
                covered(overall["ci_low"], overall["ci_high"], truth),
                covered(overall["macro_ci_low"], overall["macro_ci_high"], of_class.mean()),
            ]
        )
        width.append((overall["ci_high"] - overall["ci_low"]) / truth)
    return [*np.nanmean(found, axis=0), np.nanmean(width)]


def comparisons(y, pair, n, repeats):
    k = pair[0].shape[1]
    truth = np.subtract(*(log_loss(y, p, labels=range(k)) for p in pair[::-1]))
    of_class = np.subtract(*(log_loss(y, p, labels=range(k), average=None) for p in pair[::-1]))
    rng, found = np.random.default_rng(0), []
    for _ in range(repeats):
        rows = rng.integers(len(y), size=n)
        result = compare_log_loss(
            y[rows], {"a": pair[0][rows], "b": pair[1][rows]}, labels=range(k)
        )
        hits = covered(result.class_ci_low[1], result.class_ci_high[1], of_class)
        found.append([covered(result.ci_low[1], result.ci_high[1], truth), np.nanmean(hits)])
    return np.nanmean(found, axis=0)


def main(repeats=500):
    print(
        "| rows of | classifier | floored | rows | a class | all rows | mean of classes | width |"
    )
    print("|---|---|--:|--:|--:|--:|--:|--:|")
    predicted = {}
    for pool, ((X, y), n_fit) in POOLS.items():
        labels, of = predicted[pool] = predictions(X, y, n_fit)
        for name, p in of.items():
            floored = np.mean(p[np.arange(len(labels)), labels] < 2.0**-52)
            for a_class in (30, 100):
                n = a_class * p.shape[1]
                *hits, width = intervals(labels, p, n, repeats)
                figures = " | ".join(f"{100 * v:.1f} %" for v in hits)
                print(
                    f"| {pool} | {name} | {100 * floored:.2f} % | {n} | {figures} | {width:.2f} |"
                )
    print("\n| rows of | difference | rows | all rows | a class |")
    print("|---|---|--:|--:|--:|")
    for pool, (labels, of) in predicted.items():
        for one, other in combinations(["regression", "forest of 100", "neighbours"], 2):
            for n in (300, 1500):
                hits = comparisons(labels, (of[one], of[other]), n, repeats)
                figures = " | ".join(f"{100 * v:.1f} %" for v in hits)
                print(f"| {pool} | {other} less {one} | {n} | {figures} |")


if __name__ == "__main__":
    main()
