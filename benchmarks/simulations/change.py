"""
Do the intervals of what a change is made of hold the truth?

Forests, naive Bayes and boosting, each fitted once to 1,500 rows of three classes, predict rows
of 200,000 before and after: the same process, other shares of the classes, or rows that were
turned and spread so that the model is wrong about them. The parts of the change between these
are the truth; intervals are those of rows drawn from them.

    python benchmarks/simulations/change.py 1000 [forest, "naive Bayes", boosting] [300, 2000]
"""

import sys

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.naive_bayes import GaussianNB

from skxent import LogLossAccumulator, log_loss_change

CENTRES = np.array([[0, 0, 0], [1.5, 0, 0.5], [0, 1.5, 0.5]])
PRIOR = (0.5, 0.3, 0.2)
SHIFTS = {
    "nothing": {},
    "prior": {"prior": (0.2, 0.3, 0.5)},
    "concept": {"turn": 0.35, "scale": 1.15},
}
MODELS = {
    "forest": RandomForestClassifier(100, random_state=0),
    "naive Bayes": GaussianNB(),
    "boosting": HistGradientBoostingClassifier(max_iter=100, random_state=0),
}
PARTS = ("change", "prevalence", "within", "expected", "surprise")
N_ROWS = 200_000


def rows(n, rng, prior=PRIOR, turn=0.0, scale=1.0):
    """Features with heavy tails, of which half are the others with noise, and classes."""
    y = rng.choice(3, p=prior, size=n)
    x = CENTRES[y] + scale * rng.standard_t(6, size=(n, 3))
    x[:, :2] = x[:, :2] @ [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
    return np.column_stack([x, x + 0.5 * rng.normal(size=(n, 3))]), y


def counted(y, proba):
    return LogLossAccumulator(range(3)).update(y, proba)


def held(population, truth, n, repeats, rng):
    """How often the intervals of all parts, and of the classes, hold what is true."""
    of_all, of_classes = np.zeros(len(PARTS)), np.zeros((len(PARTS), 3))
    for _ in range(repeats):
        at = [rng.integers(N_ROWS, size=n) for _ in range(2)]
        sides = [counted(y[i], p[i]) for (y, p), i in zip(population, at, strict=True)]
        found = log_loss_change(*sides)
        for j, name in enumerate(PARTS):
            low, high = found.overall[f"{name}_low"], found.overall[f"{name}_high"]
            of_all[j] += low <= truth.overall[name] <= high
            low, high = found.per_class[f"{name}_low"], found.per_class[f"{name}_high"]
            of_classes[j] += (low <= truth.per_class[name]) & (truth.per_class[name] <= high)
    return of_all / repeats, of_classes.mean(axis=1) / repeats


def main(repeats, models, sizes):
    X, y = rows(1500, np.random.default_rng(0))
    print("| model | shift | rows | " + " | ".join(PARTS) + " | of the classes |")
    print("|---|---|--:|" + "--:|" * (len(PARTS) + 1))
    for model in models:
        estimator, rng = MODELS[model].fit(X, y), np.random.default_rng(1)
        drawn = [rows(N_ROWS, rng), *(rows(N_ROWS, rng, **shift) for shift in SHIFTS.values())]
        before, *afters = [(y, estimator.predict_proba(X)) for X, y in drawn]
        for shift, after in zip(SHIFTS, afters, strict=True):
            truth = log_loss_change(counted(*before), counted(*after))
            for n in sizes:
                rng = np.random.default_rng([n, list(SHIFTS).index(shift)])
                found, classes = held((before, after), truth, n, repeats, rng)
                cells = [f"{x:.3f}" for x in (*found, classes.min())]
                print(f"| {model} | {shift} | {n} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    given = sys.argv[2:]
    chosen = [name for name in given if name in MODELS] or list(MODELS)
    wanted = [int(name) for name in given if name.isdigit()] or [300, 2000]
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 400, chosen, wanted)
