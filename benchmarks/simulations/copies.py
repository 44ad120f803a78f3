"""
What copies of rows do to a recalibrated classifier: the map that is chosen, and fresh rows.

Rows of ten features and two classes, one row in ten of the second, and labels that are drawn from
a logistic regression. The table is taken as it is, with five copies of each row, with copies of
the second class up to half of the table (drawn, as oversampling does), or drawn with replacement;
also one of five categories, in which rows repeat by themselves, with labels that are drawn or
follow from the categories. Fresh rows are from the same source, weighted where a class was
oversampled. Each classifier is recalibrated with every row on its own and as
`RecalibratedClassifier` does it. Printed: how often a map is chosen, and the mean loss of
fresh rows without one, with every row on its own, and with copies as one.
Run: python benchmarks/simulations/copies.py [seeds, 20 by default] [tables, all by default]
"""

from __future__ import annotations

import sys
import warnings
from unittest import mock

import numpy as np
from scipy.special import expit
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier

from skxent import RecalibratedClassifier, log_loss
from skxent._intake._same_rows import same_rows

CLASSIFIERS = {
    "regression": LogisticRegression(),
    "tree": DecisionTreeClassifier(min_samples_leaf=10, random_state=0),
    "forest": RandomForestClassifier(25, random_state=0),
    "neighbours": KNeighborsClassifier(15),
}


def numbers(rng, n):
    X = rng.normal(size=(n, 10))
    return X, rng.random(n) < expit(X[:, :4].sum(axis=1) - 3.0)


def categories(rng, n, noise=1.0):
    X = np.minimum(rng.geometric(0.5, size=(n, 5)), 4).astype(float)
    logit = X.sum(axis=1) - 10.5
    return X, (rng.random(n) < expit(logit)) if noise else logit > 0


def as_they_are(_rng, y):
    return np.arange(len(y))


def five_times(rng, y):
    return rng.permutation(np.repeat(np.arange(len(y)), 5))


def oversampled(rng, y):
    rare = np.flatnonzero(y)
    more = rng.choice(rare, len(y) - 2 * len(rare)) if len(rare) < len(y) / 2 else rare[:0]
    return rng.permutation(np.concatenate([np.arange(len(y)), more]))


def drawn(rng, y):
    return rng.integers(len(y), size=len(y))


TABLES = {
    "numbers, as they are": (numbers, as_they_are),
    "numbers, five times": (numbers, five_times),
    "numbers, drawn with replacement": (numbers, drawn),
    "numbers, rare class oversampled": (numbers, oversampled),
    "categories, as they are": (categories, as_they_are),
    "categories that tell the label": (lambda *a: categories(*a, noise=0.0), as_they_are),
}


def one(seed, source, table, classifier):
    rng = np.random.default_rng(seed)
    X, y = source(rng, 600)
    X_new, y_new = source(rng, 5_000)
    rows = table(rng, y)
    factor = (np.bincount(y[rows]) / len(rows)) / np.bincount(y) * len(y)
    weight = factor[y_new.astype(int)] if table is oversampled else None
    X, y = X[rows], y[rows]
    found = []
    for method, compared in (("none", same_rows), ("auto", lambda _: None), ("auto", same_rows)):
        model = RecalibratedClassifier(clone(classifier), method=method)
        with mock.patch("skxent.recalibration._copies.same_rows", compared):
            model.fit(X, y)
        loss = log_loss(y_new, model.predict_proba(X_new), sample_weight=weight)
        found += [model.method_ != "none", loss]
    return found[1:]


def main():
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    warnings.simplefilter("ignore")
    print("| table | classifier | loss | a map, rows alone | loss | a map, copies as one | loss |")
    print("|---|---|--:|--:|--:|--:|--:|")
    for name in sys.argv[2:] or TABLES:
        source, table = TABLES[name]
        for which, classifier in CLASSIFIERS.items():
            runs = [one(seed, source, table, classifier) for seed in range(seeds)]
            none, alone, after_alone, merged, after = np.mean(runs, axis=0)
            print(
                f"| {name} | {which} | {none:.3f} | {alone:.0%} | {after_alone:.3f} "
                f"| {merged:.0%} | {after:.3f} |".replace("%", " %"),
                flush=True,
            )


if __name__ == "__main__":
    main()
