"""A classifier under test: the data it is fitted to, and its fits, each of which is made once."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray
from sklearn.base import clone
from sklearn.utils import get_tags

from skxent._intake._as_table import as_table
from skxent._intake._containers import take_rows
from skxent._intake._labels import as_labels, check_labels, encode, factorize, shown
from skxent._intake._numbers import as_float64
from skxent._typing import FloatArray, IntArray
from skxent.testing._run import fail, skip

__all__ = ["NAMINGS", "Problem", "Subject", "copied", "in_words", "number_of_rows"]

# A mistake may need two classes to show, or three, or more than three: columns that are sorted as
# text, or turned round in part, may stay where they are with few.
_SIZES = (2, 3, 5)


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


def number_of_rows(X: Any) -> int:
    return int(X.shape[0]) if hasattr(X, "shape") else len(X)


def copied(X: Any) -> Any:
    """A copy for the classifier, so that what it does to it reaches no other check."""
    return copy.deepcopy(X)


def in_words(n_classes: int) -> str:
    words = {2: "two", 3: "three", 4: "four", 5: "five"}
    return f"{words.get(n_classes, n_classes)} classes"


def _far_apart(points: FloatArray, n: int) -> FloatArray:
    """So many of the points: each is the farthest from those before it."""
    chosen = points[:1]
    while len(chosen) < n:
        distances = ((points[:, None] - chosen) ** 2).sum(axis=2).min(axis=1)
        chosen = np.vstack([chosen, points[distances.argmax()]])
    return chosen


@cache
def _own_data(n_classes: int) -> tuple[FloatArray, IntArray]:
    """
    Rows of classes that overlap and are not of one size.

    The numbers are positive and below 10, since some classifiers count.
    """
    rng = np.random.default_rng(20)
    if n_classes <= 3:
        sizes = [44, 36, 30]
        centres = np.array([[2.0, 3.0, 7.0, 4.0], [4.5, 5.0, 5.0, 5.0], [7.5, 5.5, 3.0, 4.0]])
    else:
        sizes = [24 + 4 * (-c % 3) for c in range(n_classes)]
        centres = _far_apart(rng.uniform(1.5, 8.5, size=(20 * n_classes, 4)), n_classes)
    codes = np.repeat(np.arange(len(sizes)), sizes)
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
    n_classes: int | None = None
    """The only number of classes that the estimator is fitted to; None for several."""
    dtype: DTypeLike | None = None
    """Of `X`; None leaves it as it is."""
    tolerance: float = 1e-4
    """Of the sums of rows; 1e-2 once the estimator has predicted half precision."""
    _models: dict[Any, Any] = field(default_factory=dict)
    _problems: dict[int, Problem] = field(default_factory=dict)

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
        self._check_n_classes()
        try:
            np.dtype(self.dtype)
        except TypeError as error:
            msg = f"dtype must be a NumPy dtype, such as numpy.float32; got {self.dtype!r}."
            raise TypeError(msg) from error
        if self.dtype is not None and not (self.own_data or hasattr(self.X, "astype")):
            msg = f"dtype needs X to be an array or a data frame; got {type(self.X)}."
            raise TypeError(msg)

    def _check_n_classes(self) -> None:
        n, whole = self.n_classes, isinstance(self.n_classes, Integral)
        if n is not None and (isinstance(n, bool) or not whole or n < 2):
            msg = f"n_classes must be an integer of at least 2; got {n!r}."
            raise ValueError(msg)
        if self.y is None:
            return
        labels, codes = factorize(as_labels(self.y, "y"), "y")
        if np.bincount(codes).min() < 4 or len(labels) < 2:
            msg = "y must hold two classes or more, with at least four rows of each."
            raise ValueError(msg)
        if n is not None and n > len(labels):
            msg = f"n_classes={n} is more than the {len(labels)} classes of y, {shown(labels)}."
            raise ValueError(msg)

    @property
    def own_data(self) -> bool:
        """Whether the data are those of this module, and not the user's."""
        return self.X is None

    @property
    def name(self) -> str:
        return type(self.estimator).__name__

    @property
    def sizes(self) -> list[int]:
        """Numbers of classes to fit to, as far as the estimator and the user's data have them."""
        if self.n_classes is not None:
            return [self.n_classes]
        if not self._takes_many():
            return [2]
        if self.y is None:
            return [*_SIZES]
        return sorted({2, len(factorize(as_labels(self.y, "y"), "y")[0])})

    @property
    def usual_size(self) -> int:
        """The number of classes for checks that need but one: three, or all of the user's."""
        return 3 if self.own_data and 3 in self.sizes else self.sizes[-1]

    def _takes_many(self) -> bool:
        try:
            tags = get_tags(self.estimator).classifier_tags
        except (AttributeError, TypeError, ValueError):  # not derived from scikit-learn's classes
            return True
        return tags is None or bool(tags.multi_class)

    def problem(self, n_classes: int | None = None) -> Problem:
        """The data with so many classes; None: with as many as usual."""
        n_classes = n_classes or self.usual_size
        if n_classes not in self._problems:
            self._problems[n_classes] = self._made(n_classes)
        return self._problems[n_classes]

    def _made(self, n_classes: int) -> Problem:
        if self.y is None:
            X, codes = _own_data(n_classes)
            labels = np.arange(n_classes)
        else:
            X = self.X
            labels, codes = factorize(as_labels(self.y, "y"), "y")
        X, codes = _only_classes(X, codes, n_classes)
        if self.dtype is not None:
            X = X.astype(self.dtype)
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
        model.fit(copied(X), y.copy(), **fit_params)
        return model

    def fitted(self, n_classes: int | None = None, naming: str | None = None) -> Any:
        """The estimator fitted to so many classes, which are named so."""
        key = (n_classes or self.usual_size, naming)
        if key not in self._models:
            data = self.problem(n_classes)
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

    def classes_of(self, model: Any) -> NDArray[Any]:
        """The classes of a fitted model."""
        if not hasattr(model, "classes_"):
            fail(f"{self.name} has no classes_ once it is fitted.")
        try:
            return check_labels(model.classes_, "classes_")
        except (TypeError, ValueError) as error:
            fail(f"classes_ of {self.name} are no labels: {error}")

    def table_of(self, values: Any, model: Any, method: str = "predict_proba") -> FloatArray:
        """What a method returned, in whatever container, as a table in the order of the classes."""
        if isinstance(values, list) and values and hasattr(values[0], "shape"):
            fail(f"{self.name}.{method} returned a list of {len(values)}, not a table.")
        try:
            table = as_table(values, f"{method}(X)").in_order_of(self.classes_of(model))
            array = table.array if table.order is None else table.array[:, table.order]
            if array.dtype == np.float16:
                self.tolerance = 1e-2
            return as_float64(array, f"{method}(X)")
        except (TypeError, ValueError) as error:
            fail(f"{self.name}.{method} returned no table of numbers: {error}")

    def labels_of(self, model: Any, X: Any) -> NDArray[Any]:
        """What the model predicts, one label a row; a column will do."""
        values = model.predict(copied(X))
        try:
            labels = as_labels(values, "predict(X)")
        except (TypeError, ValueError) as error:
            fail(f"{self.name}.predict returned no labels: {error}")
        if len(labels) != number_of_rows(X):
            fail(f"{self.name}.predict returned {len(labels)} labels for {number_of_rows(X)} rows.")
        return labels

    def proba(self, model: Any, X: Any, labels: NDArray[Any]) -> FloatArray:
        """What the model predicts, a table with a column for each label, in this order."""
        table = self.table_of(model.predict_proba(copied(X)), model)
        classes = self.classes_of(model)
        at = encode(labels, classes)
        if (at < 0).any() or len(classes) != len(labels):
            fail(f"Fitted to the labels {shown(labels)}, classes_ is {shown(classes)}.")
        wanted = (number_of_rows(X), len(labels))
        if table.shape != wanted:
            fail(f"{self.name}.predict_proba returned shape {table.shape}; {wanted} was due.")
        return table[:, at]

    def predicted(self, n_classes: int | None = None, naming: str | None = None) -> FloatArray:
        """Probabilities of the rows to predict, classes in the order of their numbers."""
        data = self.problem(n_classes)
        return self.proba(self.fitted(n_classes, naming), data.X_test, data.names(naming))

    def needs_two_classes(self) -> None:
        if self.n_classes not in (None, 2):
            skip(f"{self.name} is fitted to {in_words(self.n_classes)} only.")

    def needs_three_classes(self) -> Problem:
        """Data of three classes or more, of which one may be left out."""
        if self.n_classes is not None:
            skip(f"{self.name} is fitted to {in_words(self.n_classes)} only.")
        if self.usual_size < 3:
            skip(f"{self.name} is for two classes, or the data have no more.")
        return self.problem()
