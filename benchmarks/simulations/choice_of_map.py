"""
Whether another seed recommends the same map, and whether groups get the gain they are promised.

Classifiers are trained on 600 rows, or half of a small data set; maps are chosen on some more rows.
The first table counts how often ten seeds agree, the second recommendations for calibrated
predictions, and the last compares what is promised and kept where rows belong to groups. What the
recommended map does to fresh rows is in harm_and_regret.py.
Run: OPENBLAS_NUM_THREADS=1 python benchmarks/simulations/choice_of_map.py (about six minutes)
"""

from __future__ import annotations

import warnings

import numpy as np
from joblib import Parallel, delayed
from scipy.special import softmax
from sklearn.datasets import (
    load_breast_cancer,
    load_digits,
    load_wine,
    make_classification,
    make_gaussian_quantiles,
    make_moons,
)
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skxent import log_loss
from skxent._intake._rows import check_labelled
from skxent._typing import EPS
from skxent.recalibration._choice import choose
from skxent.recalibration._cross_fit import finite_logs
from skxent.statistic._extremes import row_losses

SIZES, SEEDS = (150, 500, 1500), 10


def generated(k, **params):
    params = {"n_features": 15, "n_informative": 8, "n_redundant": 0, "n_classes": k} | params
    return make_classification(12_000, **params)


DATA = {
    "digits": lambda: load_digits(return_X_y=True),
    "wine": lambda: load_wine(return_X_y=True),
    "cancer": lambda: load_breast_cancer(return_X_y=True),
    "moons": lambda: make_moons(12_000, noise=0.35, random_state=5),
    "quantiles": lambda: make_gaussian_quantiles(n_samples=12_000, n_classes=5, random_state=6),
    "two, 9 : 1": lambda: generated(2, weights=[0.9], flip_y=0.05, random_state=2),
    "three": lambda: generated(3, random_state=1),
    "six": lambda: generated(6, n_clusters_per_class=1, class_sep=0.8, random_state=3),
    "ten": lambda: generated(10, n_clusters_per_class=1, flip_y=0.1, random_state=4),
}
MODELS = {
    "forest": RandomForestClassifier(100, random_state=0),
    "naive Bayes": GaussianNB(),
    "boosting": HistGradientBoostingClassifier(max_iter=60, random_state=0),
    "neighbours": make_pipeline(StandardScaler(), KNeighborsClassifier(5)),
    "network": make_pipeline(StandardScaler(), MLPClassifier((50,), random_state=0)),
    "regression": make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
}


def predicted(data, model):
    """Labels and predictions of rows that the model was not trained on."""
    X, y = DATA[data]()
    size = min(600, len(y) // 2)
    X, X_test, y, y_test = train_test_split(X, y, train_size=size, random_state=0, stratify=y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # networks that would learn on
        return y_test, MODELS[model].fit(X, y).predict_proba(X_test)


def chosen(y, p, seed, groups=None):
    """What `log_loss_report` recommends, without the rest of a report."""
    rows = check_labelled(y, p, labels=np.arange(p.shape[1]))
    params = {"eps": EPS, "confidence_level": 0.95, "seed": seed, "groups": groups}
    return choose(rows, row_losses(rows, EPS), 1.0, **params)


def after(fitted, p):
    """Probabilities after a map."""
    rows = check_labelled(np.zeros(len(p), dtype=int), p, labels=np.arange(p.shape[1]))
    return np.exp(fitted.log_proba(finite_logs(rows.proba, np.log(EPS))))


def agreement(y, p, n):
    """Share of the seeds that recommend what most do."""
    if len(y) < n:
        return None
    found = [chosen(y[:n], p[:n], s).recalibration.recommended for s in range(SEEDS)]
    return max(map(found.count, found)) / SEEDS


def false_alarms(k, scale, n, repeats):
    """How often a map is recommended for calibrated predictions."""
    count = 0
    for seed in range(repeats):
        rng = np.random.default_rng([k, n, int(10 * scale), seed])
        p = softmax(scale * rng.normal(size=(n, k)), axis=1)
        y = (p.cumsum(axis=1)[:, :-1] < rng.random((n, 1))).sum(axis=1)
        count += chosen(y, p, seed).recalibration.recommended != "none"
    return count / repeats


def in_groups(n_groups, size, k, spread, rng):
    """Labels and predictions of rows whose groups share what the model does not know."""
    z = rng.normal(size=(n_groups * size, k))
    group = np.repeat(np.arange(n_groups), size)
    own = spread * rng.normal(size=(n_groups, k))[group]
    y = (1.5 * z + own + rng.gumbel(size=z.shape)).argmax(axis=1)
    return y, softmax(2.5 * z, axis=1), group


def promised(n_groups, size, spread, repeats, k=4):
    """Gains promised with folds of rows and of groups, and kept on fresh groups."""
    lines = []
    for seed in range(repeats):
        rng = np.random.default_rng([n_groups, size, seed])
        y, p, group = in_groups(n_groups, size, k, spread, rng)
        y_fresh, p_fresh, _ = in_groups(2000, 10, k, spread, rng)
        line = []
        for groups in (None, group):
            choice = chosen(y, p, seed, groups)
            r = choice.recalibration
            at = r.methods.index(r.recommended)
            before, q = log_loss(y_fresh, p_fresh), after(choice.recalibration.fitted, p_fresh)
            kept = before - log_loss(y_fresh, q)
            line += [r.gain[at], kept, at > 0 and r.gain_low[at] <= kept <= r.gain_high[at]]
        lines.append(line)
    return np.mean(lines, axis=0)


def percent(value):
    return f"{100 * value:.1f} %"


def show(heads, lines):
    print("| " + " | ".join(heads) + " |\n|" + "--:|" * len(heads))
    for line in lines:
        print("| " + " | ".join(map(str, line)) + " |")
    print(flush=True)


def main():
    run = Parallel(n_jobs=-1)
    pairs = run(delayed(predicted)(data, model) for data in DATA for model in MODELS)
    lines = []
    for n in SIZES:
        found = [a for a in run(delayed(agreement)(*pair, n) for pair in pairs) if a is not None]
        above = np.mean(np.array(found) >= 0.95)
        lines.append([n, len(found), percent(np.mean(found)), percent(above)])
    show(["rows", "data and models", "seeds that agree", "of which in 95 % and more"], lines)

    cells = [(k, s, n) for k in (2, 3, 10) for s in (0.5, 1.5, 4.0) for n in (100, 600)]
    found = run(delayed(false_alarms)(*cell, 100) for cell in cells)
    show(
        ["classes", "rows", "scale 0.5", "scale 1.5", "scale 4"],
        [
            [
                k,
                n,
                *(percent(a) for c, a in zip(cells, found, strict=True) if (c[0], c[2]) == (k, n)),
            ]
            for k in (2, 3, 10)
            for n in (100, 600)
        ],
    )

    cells = [(20, 20, 2.0), (60, 20, 2.0), (200, 20, 2.0), (60, 20, 0.0)]
    found = run(delayed(promised)(*cell, 40) for cell in cells)
    heads = ["groups", "rows each", "spread"]
    for folds in ("rows", "groups"):
        heads += [f"folds of {folds}: promised", "kept", "interval holds it"]
    show(
        heads,
        [
            [*cell, *(f"{x:.3f}" if i % 3 < 2 else percent(x) for i, x in enumerate(line))]
            for cell, line in zip(cells, found, strict=True)
        ],
    )


if __name__ == "__main__":
    main()
