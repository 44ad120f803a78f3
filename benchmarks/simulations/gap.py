"""
Size of the report's test of the gap for calibrated labels: with weights, many classes, sharp rows.

The probabilities are softmax(scale * z), z normal, or those of classifiers that are fitted to one
half of a data set and predict the other; labels are drawn from the probabilities, so that whatever
is found is a false alarm. Weights are lognormal with sd 1. A class at 5 % and at 1 %; any class, by
Holm's smallest p-value; and all rows. Run: python benchmarks/simulations/gap.py
"""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skxent import log_loss_report

CLASSIFIERS = {
    "forest": RandomForestClassifier(random_state=0),
    "naive Bayes": GaussianNB(),
    "boosting": HistGradientBoostingClassifier(max_iter=50, random_state=0),
    "neighbours": KNeighborsClassifier(),
    "MLP": make_pipeline(StandardScaler(), MLPClassifier(max_iter=1000, random_state=0)),
    "regression": make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
}
DATA = {"digits": load_digits, "iris": load_iris, "wine": load_wine, "cancer": load_breast_cancer}


def softmax(n, k, scale):
    def rows(rng):
        z = scale * rng.normal(size=(n, k))
        p = np.exp(z - z.max(axis=1, keepdims=True))
        return p / p.sum(axis=1, keepdims=True)

    return rows


def predicted(load, classifier, most=300):
    X, y = load(return_X_y=True)
    X, X_test, y, _ = train_test_split(X, y, test_size=0.5, random_state=0, stratify=y)
    p = classifier.fit(X, y).predict_proba(X_test)

    def rows(rng):
        return p[rng.choice(len(p), min(most, len(p)), replace=False)]

    return rows


def size(rows, sd, repeats):
    rng, classes, smallest, overall = np.random.default_rng(0), [], [], []
    for _ in range(repeats):
        p = rows(rng)
        n, k = p.shape
        y = (p.cumsum(axis=1)[:, :-1] < rng.random((n, 1))).sum(axis=1)
        w = np.exp(sd * rng.normal(size=n)) if sd else None
        report = log_loss_report(
            y, p, labels=np.arange(k), sample_weight=w, recalibration=False, n_null=0
        )
        found = report.per_class["p_value"]
        classes.append(found)
        tested = found[~np.isnan(found)]
        # Weights that seem to follow the classes leave no test, which is no false alarm.
        smallest.append(tested.min(initial=1.0) * max(len(tested), 1))
        overall.append(report.overall["p_value"])
    classes, smallest, overall = map(np.array, (classes, smallest, overall))
    return [
        *((classes[~np.isnan(classes)] < a).mean() for a in (0.05, 0.01)),
        *((smallest < a).mean() for a in (0.05, 0.01)),
        *((overall < a).mean() for a in (0.05, 0.01)),
    ]


def main(repeats=1500):
    heads = ["a class, 5 %", "1 %", "any, Holm, 5 %", "1 %", "all rows, 5 %", "1 %"]
    print("| probabilities | rows | classes | weights |", " | ".join(heads), "|")
    print("|---|--:|--:|---|" + 6 * "--:|")
    cases = [
        (f"softmax({scale} z)", softmax(n, k, scale), sd)
        for n, k in ((100, 3), (100, 20), (1000, 3), (1000, 20))
        for scale in (2, 8)
        for sd in (0, 1)
    ]
    cases += [
        (f"{name}, {data}", predicted(DATA[data], classifier), sd)
        for name, classifier in CLASSIFIERS.items()
        for data in DATA
        for sd in (0, 1)
    ]
    for title, rows, sd in cases:
        n, k = rows(np.random.default_rng(0)).shape
        figures = " | ".join(f"{100 * v:.1f} %" for v in size(rows, sd, repeats))
        weights = "lognormal(1)" if sd else "none"
        print(f"| {title} | {n} | {k} | {weights} | {figures} |", flush=True)


if __name__ == "__main__":
    main()
