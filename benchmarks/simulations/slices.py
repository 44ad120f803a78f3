"""
Slices: how often one is found where there is none, and whether one that is there is found.

Classifiers predict rows that they were not fitted to, and labels are drawn from what they predict:
they are calibrated, whatever they are. Four columns and three classes make 112 slices, which
overlap, and 448 tests. In "planted" the labels of a pair of bins with about 6 % of the rows are
drawn with a bias of 1 nat for one class, the one whose mean probability there is closest to 0.3.
In "temperature" the classifier's log-probabilities are multiplied by 1.6, so that slices are
tested after recalibration; in "weights" rows have weights exp(0.5 N(0, 1)) that have nothing to
do with the labels; in "groups" rows come in 600 groups of 5 copies.
Run: python benchmarks/simulations/slices.py [repeats] [calibrated, weights, groups, …]
"""

import sys
import warnings

import numpy as np
from sklearn.datasets import make_classification
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.naive_bayes import GaussianNB

from skxent import log_loss_slices

CLASSIFIERS = {
    "forest": RandomForestClassifier(100, min_samples_leaf=20, random_state=0),
    "boosting": HistGradientBoostingClassifier(max_iter=15, random_state=0),
    "naive Bayes": GaussianNB(),
}
N_ROWS, N_FIT, CLASSES = 3000, 3000, 3
SCENARIOS = {
    "calibrated": {},
    "weights": {"weights": True},
    "groups": {"groups": True},
    "temperature": {"times": 1.6},
    "planted": {"planted": True},
    "planted, temperature": {"planted": True, "times": 1.6},
}


def normalised(logits):
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    return p / p.sum(axis=1, keepdims=True)


def pool():
    """Rows to fit to, and rows to draw from."""
    X, y = make_classification(
        40_000, 4, n_informative=3, n_redundant=0, n_classes=CLASSES, n_clusters_per_class=1,
        class_sep=0.4, flip_y=0.3, random_state=0,
    )  # fmt: skip
    return X, y


def slice_of(X, p, rng):
    """Rows of a pair of quartiles with close to 1/16 of the rows, and the class to move."""
    bins = np.array([np.searchsorted(np.quantile(x, [0.25, 0.5, 0.75]), x) for x in X.T])
    best = None
    for _ in range(30):
        a, b = rng.choice(4, 2, replace=False)
        there = (bins[a] == rng.integers(4)) & (bins[b] == rng.integers(4))
        off = abs(there.mean() - 0.0625)
        if best is None or off < best[0]:
            best = off, there
    there = best[1]
    return there, int(np.argmin(abs(p[there].mean(axis=0) - 0.3)))


def run(model, X, seed, *, planted=False, times=1.0, weights=False, groups=False):
    """Whether the planted slice was found, and how many others were."""
    rng = np.random.default_rng(seed)
    at = rng.permutation(np.arange(N_FIT, len(X)))[: 600 if groups else N_ROWS]
    X = X[at]
    p = np.maximum(model.predict_proba(X), 1e-9)
    p /= p.sum(axis=1, keepdims=True)
    logits = np.log(p)
    there, c = slice_of(X, p, rng)
    truth = logits + np.outer(there, np.eye(CLASSES)[c]) if planted else logits
    y = (normalised(truth).cumsum(axis=1) < rng.random((len(X), 1))).sum(axis=1)
    y = np.minimum(y, CLASSES - 1)
    moved = (normalised(truth) - p)[there, c].sum()
    size = moved / np.sqrt((p * (1 - p))[there, c].sum())
    p, group = normalised(times * logits), None
    if groups:
        group = np.repeat(np.arange(600), 5)
        X, y, p, there = (v[group] for v in (X, y, p, there))
    w = np.exp(0.5 * rng.normal(size=len(y))) if weights else None
    result = log_loss_slices(
        y, p, X, labels=range(CLASSES), sample_weight=w, groups=group, random_state=seed
    )
    hit = others = 0
    for names in (s for s, kept in zip(result.slices, result.found, strict=True) if kept):
        inside = np.logical_and.reduce([holds(name, X) for name in names])
        same = (inside & there).sum() > 0.5 * (inside | there).sum()
        hit, others = hit or (planted and same), others + (not (planted and same))
    return bool(hit), others, len(result.slices), size


def holds(name, X):
    """The rows that a condition holds of, read from its text."""
    parts = name.split(" ")
    if len(parts) == 5:
        x = X[:, int(parts[2][1:])]
        return (x > float(parts[0])) & (x <= float(parts[4]))
    x = X[:, int(parts[0][1:])]
    return x <= float(parts[2]) if parts[1] == "<=" else x > float(parts[2])


def main(repeats, scenarios):
    X, y = pool()
    print(f"{repeats} runs each; found: the planted slice; others: runs with any other")
    print("size: by how much the planted class is off, in standard deviations, median")
    print(
        f"{'scenario':22}{'classifier':14}{'found':>7}{'others':>8}{'slices':>8}{'size':>8}"
        f"{'above 6':>8}"
    )
    for scenario in scenarios:
        every = []
        for name, model in CLASSIFIERS.items():
            fitted = model.fit(X[:N_FIT], y[:N_FIT])
            runs = [run(fitted, X, seed, **SCENARIOS[scenario]) for seed in range(repeats)]
            every += runs
            show(scenario, name, runs)
        show(scenario, "all", every)


def show(scenario, name, runs):
    hit, others, slices, size = np.array(runs).T
    print(
        f"{scenario:22}{name:14}{100 * hit.mean():6.1f}%{100 * (others > 0).mean():7.1f}%"
        f"{np.median(slices):8.0f}{np.median(size):8.1f}{100 * (size > 6).mean():7.0f}%",
        flush=True,
    )


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100, sys.argv[2:] or list(SCENARIOS))
