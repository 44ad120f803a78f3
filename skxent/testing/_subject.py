"""A classifier under test: the data it is fitted to, and its fits, each of which is made once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone
from sklearn.utils import get_tags

from skxent._intake._labels import as_labels, encode, factorize, shown
from skxent._typing import FloatArray, IntArray
from skxent.testing._run import fail, skip

__all__ = ["NAMINGS", "Problem", "Subject", "take_rows"]


def _texts(n_classes: int) -> list[str]:
    return [f"class {chr(97 + i // 26)}{chr(97 + i % 26)}" for i in range(n_classes)]


# Labels for classes 0, 1, 2, ... All keep the order of the classes, but for the last. None is -1,
# which stands for no label in semi-supervised learning, and all are small: a classifier that takes
# them for places in memory should fail and not crash.
NAMINGS: dict[str, Callable[[int], NDArray[Any]]] = {
    "numbers": np.arange,
    "texts": lambda k: np.array(_texts(k)),
    "truths": lambda k: np.array([False, True])[:k],
    "spread": lambda k: np.array([-2, 3, *range(7, 5 + k)])[:k],
    "reordered": lambda k: np.roll(np.array(_texts(k), dtype=object), 1),
}


@dataclass(frozen=True)
class Problem:
    """Rows to fit to and rows to predict, with classes as numbers from 0."""

    X_train: Any
    train: IntArray
    X_test: Any
    test: IntArray
    labels: NDArray[Any]
    """What the user calls the classes."""

    @property
    def n_classes(self) -> int:
        return len(self.labels)

    def names(self, naming: str | None) -> NDArray[Any]:
        """Labels of another type, or the user's own."""
        return self.labels if naming is None else NAMINGS[naming](self.n_classes)


def take_rows(X: Any, rows: NDArray[Any]) -> Any:
    """Rows of an array, a sparse matrix, a data frame or a list."""
    if hasattr(X, "iloc"):
        return X.iloc[rows]
    if isinstance(X, list | tuple):
        return [X[i] for i in rows]
    return X[rows]


@cache
def _own_data() -> tuple[FloatArray, IntArray]:
    """
    Rows of three classes that overlap and are not of one size.

    The numbers are positive and below 10, since some classifiers count.
    """
    rng = np.random.default_rng(20)
    codes = np.repeat([0, 1, 2], [44, 36, 30])
    centres = np.array([[2.0, 3.0, 7.0, 4.0], [4.5, 5.0, 5.0, 5.0], [7.5, 5.5, 3.0, 4.0]])
    X = centres[codes] + rng.normal(scale=1.1, size=(len(codes), 4))
    return np.clip(X, 0.5, 9.5).round(3), codes


def _halves(codes: IntArray) -> tuple[IntArray, IntArray]:
    """Every other row of each class, shuffled; the first row to fit is of the last class."""
    rng = np.random.default_rng(0)
    order = np.argsort(codes, kind="stable")
    train, test = rng.permutation(order[::2]), rng.permutation(order[1::2])
    return np.roll(train, -int(codes[train].argmax())), test


def _only_classes(X: Any, codes: IntArray, n_classes: int) -> tuple[Any, IntArray]:
    rows = np.flatnonzero(codes < n_classes)
    return take_rows(X, rows), codes[rows]


@dataclass
class Subject:
    """An estimator, the data for it, and what was fitted so far."""

    estimator: Any
    X: Any = None
    y: ArrayLike | None = None
    tolerance: float = 1e-4
    """Of the sums of rows; 1e-2 once the estimator has predicted half precision."""
    _models: dict[Any, Any] = field(default_factory=dict)
    _problems: dict[str, Problem] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if isinstance(self.estimator, type) or not hasattr(self.estimator, "get_params"):
            msg = (
                f"estimator must be an instance of a scikit-learn estimator, which may be "
                f"unfitted; got {self.estimator!r}."
            )
            raise TypeError(msg)
        if (self.X is None) != (self.y is None):
            msg = "X and y must be given together; leave out both for data of skxent's own."
            raise ValueError(msg)
        if self.y is not None:
            labels, codes = factorize(as_labels(self.y, "y"), "y")
            if np.bincount(codes).min() < 4 or len(labels) < 2:
                msg = "y must hold two classes or more, with at least four rows of each."
                raise ValueError(msg)

    @property
    def own_data(self) -> bool:
        """Whether the data are those of this module, and not the user's."""
        return self.X is None

    @property
    def name(self) -> str:
        return type(self.estimator).__name__

    @property
    def kinds(self) -> list[str]:
        """Two classes, and all classes where there are more and the estimator takes them."""
        many = 3 if self.y is None else len(factorize(as_labels(self.y, "y"), "y")[0])
        return (
            ["two classes", "all classes"] if many > 2 and self._takes_many() else ["two classes"]
        )

    def _takes_many(self) -> bool:
        try:
            tags = get_tags(self.estimator).classifier_tags
        except (AttributeError, TypeError, ValueError):  # not derived from scikit-learn's classes
            return True
        return tags is None or bool(tags.multi_class)

    def problem(self, kind: str | None = None) -> Problem:
        """The data of a kind; None: with as many classes as the estimator takes."""
        kind = kind or self.kinds[-1]
        if kind not in self._problems:
            self._problems[kind] = self._made(kind)
        return self._problems[kind]

    def _made(self, kind: str) -> Problem:
        if self.y is None:
            X, codes = _own_data()
            labels = np.arange(3)
        else:
            X = self.X
            labels, codes = factorize(as_labels(self.y, "y"), "y")
        n_classes = 2 if kind == "two classes" else len(labels)
        X, codes = _only_classes(X, codes, n_classes)
        train, test = _halves(codes)
        X_train, X_test = take_rows(X, train), take_rows(X, test)
        X_test = self.within(X_test, X_train)
        return Problem(X_train, codes[train], X_test, codes[test], labels[:n_classes])

    def within(self, X_test: Any, X_train: Any) -> Any:
        """Rows to predict without a number beyond those of training, which may be categories."""
        if not self.own_data:
            return X_test
        return np.clip(X_test, X_train.min(axis=0), X_train.max(axis=0))

    def fresh(self, seed: int = 0) -> Any:
        """An unfitted clone whose random numbers are the same each time."""
        model = clone(self.estimator)
        seeds = {
            key: seed
            for key, value in model.get_params(deep=True).items()
            if key.rpartition("__")[2] == "random_state" and (seed or not isinstance(value, int))
        }
        return model.set_params(**seeds)

    def fit(self, X: Any, y: NDArray[Any], *, seed: int = 0, **fit_params: Any) -> Any:
        model = self.fresh(seed)
        model.fit(X, y, **fit_params)
        return model

    def fitted(self, kind: str | None = None, naming: str | None = None) -> Any:
        """The estimator fitted to the data of a kind, whose classes are named so."""
        key = (kind or self.kinds[-1], naming)
        if key not in self._models:
            data = self.problem(kind)
            self._models[key] = self.fit(data.X_train, data.names(naming)[data.train])
        return self._models[key]

    def luck(self) -> float:
        """How far apart, on average, the probabilities of two seeds may be."""
        if "luck" not in self._models:
            data = self.problem()
            y = data.labels[data.train]
            others = [self.fit(data.X_train, y, seed=seed) for seed in (1, 2, 3)]
            tables = [self.proba(other, data.X_test, data.labels) for other in others]
            self._models["luck"] = max(abs(t - self.predicted()).mean() for t in tables)
        return float(self._models["luck"])

    def proba(self, model: Any, X: Any, labels: NDArray[Any]) -> FloatArray:
        """What the model predicts, a table with a column for each label, in this order."""
        values = model.predict_proba(X)
        if isinstance(values, list):
            fail(f"{self.name}.predict_proba returned a list of {len(values)}, not a table.")
        table, classes = np.asarray(values), np.asarray(model.classes_)
        at = encode(labels, classes)
        if (at < 0).any() or len(classes) != len(labels):
            fail(f"Fitted to the labels {shown(labels)}, classes_ is {shown(classes)}.")
        wanted = (np.shape(X)[0], len(labels))
        if table.shape != wanted:
            fail(f"{self.name}.predict_proba returned shape {table.shape}; {wanted} was due.")
        if table.dtype == np.float16:
            self.tolerance = 1e-2
        return table[:, at].astype(np.float64)

    def predicted(self, kind: str | None = None, naming: str | None = None) -> FloatArray:
        """Probabilities of the rows to predict, classes in the order of their numbers."""
        data = self.problem(kind)
        return self.proba(self.fitted(kind, naming), data.X_test, data.names(naming))

    def needs_three_classes(self) -> Problem:
        if self.kinds[-1] == "two classes":
            skip(f"{self.name} is for two classes, or the data have no more.")
        return self.problem()
