"""
Does a verdict suspect the columns, or the rows, where they are right; and the right one if wrong?

A linear model of 2, 3 or 6 classes, fitted to 500 rows, whose probabilities are taken for true:
labels are drawn from them. "right": as they are. "weak": the same mixed with their mean, 9 to 1, so
that the model knows hardly more than the prior. "order": two columns of a class of at least 20 %
are exchanged. "rows": classes were drawn again with shares that are off by 0.3 or more.
"few": "rows" whose shares are off by 0.05 to 0.15 only.

    python benchmarks/simulations/columns.py 200
"""

import sys
import warnings

import numpy as np
from sklearn.datasets import make_classification
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from skxent import log_loss_report

SIZES = (100, 1000)


def predicted(k, rng):
    X, y = make_classification(
        20_500, 8, n_informative=5, n_classes=k, n_clusters_per_class=1, flip_y=0.1, random_state=0,
        weights=rng.dirichlet(np.full(k, 5.0)),
    )  # fmt: skip
    return LogisticRegression().fit(X[:500], y[:500]).predict_proba(X[500:])


def drawn(p, rng):
    return (p.cumsum(axis=1)[:, :-1] < rng.random((len(p), 1))).sum(axis=1)


def rows_of(case, p, n, rng):
    """Labels and what the report is told of them."""
    k = p.shape[1]
    if case == "weak":
        p = 0.1 * p + 0.9 * p.mean(axis=0)
    y = drawn(p, rng)
    if case in ("right", "weak", "order"):
        at = rng.integers(len(p), size=n)
        y, said = y[at], p[at]
        if case == "order":
            one, other = np.argsort(-p.mean(axis=0))[:2]
            said = said.copy()
            said[:, [one, other]] = said[:, [other, one]]
        return y, said
    shares, off = p.mean(axis=0), (0.3, 0.9) if case == "rows" else (0.05, 0.15)
    while True:
        new = rng.dirichlet(np.ones(k))
        if off[0] <= abs(new - shares).max() <= off[1]:
            break
    weight = (new / np.bincount(y, minlength=k))[y]
    at = rng.choice(len(p), size=n, p=weight / weight.sum())
    return y[at], p[at]


def main(repeats):
    rng = np.random.default_rng(0)
    print("| | rows | columns suspected | rows suspected | shares named otherwise |")
    print("|---|--:|--:|--:|--:|")
    models = [predicted(k, rng) for k in (2, 3, 6)]
    for case in ("right", "weak", "order", "rows", "few"):
        for n in SIZES:
            found = np.zeros(3)
            for i in range(repeats):
                y, p = rows_of(case, models[i % len(models)], n, rng)
                said = log_loss_report(y, p, labels=range(p.shape[1]), n_null=0).verdict
                found += [
                    "order of the columns" in said, "are these rows" in said,
                    "more or less often than the model says" in said,
                ]  # fmt: skip
            cells = " | ".join(f"{100 * x / repeats:.1f} %" for x in found)
            print(f"| {case} | {n} | {cells} |", flush=True)


if __name__ == "__main__":
    warnings.simplefilter("ignore", ConvergenceWarning)
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
