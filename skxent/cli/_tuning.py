"""A classifier tuned by log loss, cross-validated, and reported."""

from __future__ import annotations

import sys
import threading
import time
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from skxent.cli._errors import DataError
from skxent.cli._features import Features

if TYPE_CHECKING:
    from collections.abc import Iterator

    from skxent.report import LogLossReport

__all__ = ["MODELS", "check_classes", "tuned"]

_N_SPLITS = 5


@dataclass(frozen=True, slots=True)
class _Model:
    """A classifier, and what is tuned of it."""

    name: str
    make: Callable[[], Any]
    parameter: str
    symbol: str
    values: tuple[Any, ...]
    dense: bool = False


def _logistic() -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(max_iter=2000)


def _boosting() -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(learning_rate=0.06, early_stopping=False, random_state=0)


def _forest() -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(300, random_state=0, n_jobs=-1)


MODELS = {
    "logistic": _Model("Logistic regression", _logistic, "C", "C", (0.001, 0.01, 0.1, 1.0, 10.0)),
    "boosting": _Model(
        "Boosted trees", _boosting, "max_iter", "trees", (25, 50, 100, 200), dense=True
    ),
    "forest": _Model(
        "Random forest", _forest, "min_samples_leaf", "rows in a leaf", (1, 3, 10, 30)
    ),
}


def check_classes(y: NDArray[Any], what: str) -> None:
    """Refuse what is no column of classes, or has too few rows of them."""
    labels, counts = np.unique(y, return_counts=True)
    if len(labels) < 2:
        held = f"one class only, {labels[0]!s}" if len(labels) else "no class"
        msg = f"{what} holds {held}; two are needed"
        raise DataError(msg)
    if len(labels) > max(20, len(y) // 5):
        msg = f"{what} holds {len(labels)} values in {len(y)} rows, too many for classes"
        if _are_numbers(labels):
            msg += (
                "; it looks like a quantity: predict it with a regressor, or cut it into classes "
                "first, with pandas.cut for example"
            )
        raise DataError(msg)
    if np.sort(counts)[-2] < 2:
        msg = f"{what}: only one class has more than one row; two such classes are needed"
        raise DataError(msg)
    if counts.max() < _N_SPLITS:
        msg = f"{what}: no class has {_N_SPLITS} rows, too few for {_N_SPLITS} folds"
        raise DataError(msg)


def _are_numbers(labels: NDArray[Any]) -> bool:
    try:
        labels.astype(np.float64)
    except ValueError:
        return False
    return True


class _Counted:
    """A scorer that says on the terminal how many fits are done."""

    def __init__(self, scorer: Callable[..., Any], what: str, total: int) -> None:
        self.scorer, self.what, self.total, self.done = scorer, what, total, 0
        self.began = time.monotonic()

    def __call__(self, estimator: Any, X: Any, y: Any) -> Any:
        self.done += 1
        # A terminal sees the count move; a log file gets one line.
        if self.done == self.total:
            self.say("\n")
        elif sys.stderr.isatty():
            self.say("")
        return self.scorer(estimator, X, y)

    def say(self, end: str, more: str = "") -> None:
        start = "\r" if sys.stderr.isatty() else ""
        text = f"{start}{self.what}: {self.done} of {self.total} fits{more}"
        print(text, end=end, file=sys.stderr, flush=True)

    @contextmanager
    def watched(self) -> Iterator[_Counted]:
        """Say within a fit how long it has been going on, where it takes longer than 2 seconds."""
        stopped = threading.Event()

        def watch() -> None:
            moves = sys.stderr.isatty()
            while not stopped.wait(1.0 if moves else 30.0):
                seconds = time.monotonic() - self.began
                if seconds >= 2 and self.done < self.total:
                    self.say("" if moves else "\n", f", {seconds:.0f} s ")

        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            stopped.set()
            thread.join()


def tuned(
    name: str, X: Any, y: NDArray[Any], features: Features | None, model: str = "logistic"
) -> tuple[LogLossReport, str]:
    """Tune a classifier: a report of its predictions out of fold, and what came out in lines."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_validate

    from skxent.report import LogLossReport
    from skxent.scorers import make_per_class_scorer, neg_log_loss_bits_scorer

    chosen, labels = MODELS[model], np.unique(y)
    print(f"{name}: {len(y)} rows, {X.shape[1]} features, {len(labels)} classes", file=sys.stderr)
    pipeline = _pipeline(chosen, features)
    grid = {f"{pipeline.steps[-1][0]}__{chosen.parameter}": list(chosen.values)}
    tuning = _Counted(neg_log_loss_bits_scorer, "tuning", len(chosen.values) * _N_SPLITS)
    folds = StratifiedKFold(_N_SPLITS, shuffle=True, random_state=0)
    per_class = make_per_class_scorer(labels, base=2)
    scoring = _Counted(per_class, "cross-validating", _N_SPLITS)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        # A class with fewer rows than folds is what the scorers are made for.
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        warnings.filterwarnings("ignore", "Found unknown categories", UserWarning)
        warnings.filterwarnings("ignore", category=ConvergenceWarning)
        search = GridSearchCV(
            pipeline, grid, scoring=tuning, cv=folds, refit=False, error_score="raise"
        )
        with _few_threads(len(y)), tuning.watched():
            search.fit(X, y)
        winner = _pipeline(chosen, features).set_params(**search.best_params_)
        # Other folds than those that chose the winner.
        with _few_threads(len(y)), scoring.watched():
            results = cross_validate(
                winner,
                X,
                y,
                scoring=scoring,
                cv=StratifiedKFold(_N_SPLITS, shuffle=True, random_state=1),
                return_estimator=True,
                return_indices=True,
                error_score="raise",
            )
        report = LogLossReport.from_cv_results(results, X, y, base=2)
    return report, _summary(chosen, search, results, labels, report, y)


def _few_threads(n_rows: int) -> AbstractContextManager[object]:
    """Threads that wait for one another take longer than one, where there is little to do."""
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1, "openmp") if n_rows < 20_000 else nullcontext()


def _summary(
    chosen: _Model,
    search: Any,
    results: dict[str, Any],
    labels: NDArray[Any],
    report: LogLossReport,
    y: NDArray[Any],
) -> str:
    """What came out, in four lines."""
    from skxent.metrics import label_entropy

    (value,) = search.best_params_.values()
    scores = results["test_neg_log_loss"]
    worst = int(np.nanargmax(report.per_class["log_loss"]))
    return (
        f"{chosen.name}, {chosen.symbol} = {value:g}\n"
        f"Tuned log loss {-search.best_score_:.4f} bits; the prior's "
        f"{label_entropy(y, base=2):.4f} bits\n"
        f"Cross-validated {-scores.mean():.4f} bits, from {-scores.max():.4f} to "
        f"{-scores.min():.4f} in {len(scores)} folds\n"
        f"Highest loss per row: class {labels[worst]}\n\n"
        f"Out-of-fold predictions of all rows:\n"
    )


def _pipeline(model: _Model, features: Features | None) -> Any:
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    classifier = model.make()
    if features is None:
        return make_pipeline(StandardScaler(), classifier)
    if model.dense:  # numbers come first
        n = int(features.is_number.sum())
        classifier.set_params(categorical_features=np.arange(len(features.is_number)) >= n)
    return features.prepared(classifier, dense=model.dense)
