"""
How often a calibrated model gets a sentence about its calibration, and of what kind.

Labels are drawn from the probabilities that real classifiers predict for rows that they were not
fitted to, so that the classifiers are calibrated whatever they are. A sentence about recalibration,
about the gap of all rows or of a class, or about the prior is then false; one about a costly class
or a cell is not false, but should not be what chance or rarity explains.
Run: python benchmarks/simulations/findings.py [repeats]
"""

import sys

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits, make_classification
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skxent import log_loss_report

CLASSIFIERS = {
    "regression": make_pipeline(StandardScaler(), LogisticRegression(max_iter=300)),
    "naive Bayes": GaussianNB(),
    "forest": RandomForestClassifier(100, random_state=0),
    "neighbours": KNeighborsClassifier(10),
    "boosting": HistGradientBoostingClassifier(max_iter=30, random_state=0),
    "MLP": make_pipeline(StandardScaler(), MLPClassifier((30,), max_iter=60, random_state=0)),
}
KINDS = {
    "recalibration": "Recalibration (",
    "gap of all": "The model",
    "gap of a class": "than the model expected: it occurs",
    "prior": "is worse than the",
    "costly class": "takes",
    "cell": "for the probability that class",
}
CALIBRATION = ("recalibration", "gap of all", "gap of a class", "prior")
SIZES = (150, 600, 2500)


def data_sets():
    yield "digits", *load_digits(return_X_y=True)
    yield "breast cancer", *load_breast_cancer(return_X_y=True)
    common = {"n_samples": 6000, "n_features": 15, "n_informative": 8, "random_state": 0}
    yield "rare", *make_classification(n_classes=3, weights=[0.9, 0.07], **common)
    yield "twelve", *make_classification(n_classes=12, n_clusters_per_class=1, **common)


def kinds_of(report):
    """Which kinds of sentences a report has."""
    found = set()
    for sentence in report.findings:
        if sentence.startswith("Class") and "than the model expected" in sentence:
            found.add("gap of a class")
        else:
            found |= {k for k, words in KINDS.items() if words in sentence}
    return found


def drawn(p, rng):
    """One label a row, drawn from its probabilities."""
    return (p.cumsum(axis=1)[:, :-1] < rng.random((len(p), 1))).sum(axis=1)


def cell(proba, n, repeats, seed):
    """Share of the reports that have each kind of sentence."""
    rng = np.random.default_rng(seed)
    counts = dict.fromkeys((*KINDS, "any about calibration"), 0)
    for _ in range(repeats):
        p = proba[rng.integers(len(proba), size=n)]
        report = log_loss_report(drawn(p, rng), p, labels=range(p.shape[1]), n_null=0)
        found = kinds_of(report)
        for kind in found:
            counts[kind] += 1
        counts["any about calibration"] += bool(found & set(CALIBRATION))
    return {kind: count / repeats for kind, count in counts.items()}


def main(repeats):
    rows, total = [], []
    for name, X, y in data_sets():
        rng = np.random.default_rng(0)
        order = rng.permutation(len(y))
        train, rest = order[: len(y) // 3], order[len(y) // 3 :]
        for model, classifier in CLASSIFIERS.items():
            proba = classifier.fit(X[train], y[train]).predict_proba(X[rest])
            for n in SIZES:
                found = cell(proba, n, repeats, seed=len(rows))
                rows.append((name, model, n, found))
                total.append(found["any about calibration"])
                print(f"{name}, {model}, {n}: {found}", file=sys.stderr, flush=True)
    heads = ("any about calibration", *KINDS)
    print(f"Percent of {repeats} reports of calibrated models with a sentence about\n")
    print("| data | classifier | rows | " + " | ".join(heads) + " |")
    print("|---|---|--:|" + "--:|" * len(heads))
    for name, model, n, found in rows:
        cells = " | ".join(f"{100 * found[h]:.1f}" for h in heads)
        print(f"| {name} | {model} | {n} | {cells} |")
    print(f"\nMean over all: {100 * np.mean(total):.1f} % have one about calibration.")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
