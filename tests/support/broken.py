"""Classifiers, scorers and metrics that are broken, each in one way."""

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin

import skxent

# Classifiers.


class Honest(ClassifierMixin, BaseEstimator):
    """The nearest class mean, with probabilities; everything below changes one thing in it."""

    def fit(self, X, y, sample_weight=None):
        X, y = self.numbers(X), np.asarray(y)
        weight = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight)
        self.classes_, codes = self.encode(y)
        rows = [codes == c for c in range(len(self.classes_))]
        self.means_ = np.array([np.average(X[r], axis=0, weights=weight[r]) for r in rows])
        self.shares_ = np.array([weight[r].sum() for r in rows]) / weight.sum()
        return self

    def numbers(self, X):
        return np.asarray(X, dtype=float)

    def encode(self, y):
        return np.unique(y, return_inverse=True)

    def logits(self, X):
        distances = self.numbers(X)[:, None] - self.means_
        return np.log(self.shares_) - 0.5 * (distances**2).sum(axis=2)

    def predict_proba(self, X):
        logits = self.logits(X)
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)

    def predict_log_proba(self, X):
        return np.log(np.maximum(self.predict_proba(X), 1e-300))

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


class ScoresForProbabilities(Honest):
    def predict_proba(self, X):
        return 0.9 * super().predict_proba(X)


class LargestClassFirst(Honest):
    def encode(self, y):
        classes, codes = super().encode(y)
        return classes[::-1], len(classes) - 1 - codes


class ColumnsByAppearance(Honest):
    def predict_proba(self, X):
        return super().predict_proba(X)[:, self.order_]

    def encode(self, y):
        classes, first, codes = np.unique(y, return_index=True, return_inverse=True)
        self.order_ = np.argsort(first)
        return classes, codes


class SwappedFromFour(Honest):
    """The first two columns change places where there are four or more."""

    def predict_proba(self, X):
        table = super().predict_proba(X)
        return table if table.shape[1] < 4 else table[:, [1, 0, *range(2, table.shape[1])]]


class AnotherThreshold(Honest):
    def predict(self, X):
        return self.classes_[
            (self.predict_proba(X) * 5.0 ** np.arange(len(self.classes_))).argmax(1)
        ]


class LogarithmOfBase2(Honest):
    def predict_log_proba(self, X):
        return super().predict_log_proba(X) / np.log(2)


class CentredOnTheBatch(Honest):
    def predict_proba(self, X):
        X = self.numbers(X)
        return super().predict_proba(X - 0.1 * X.mean(axis=0))


class OneBuffer(Honest):
    def predict_proba(self, X):
        table = super().predict_proba(X)
        if getattr(self, "buffer_", np.empty(0)).shape != table.shape:
            self.buffer_ = table
        self.buffer_[...] = table
        return self.buffer_


class CachedTable(Honest):
    """Returns the same table for the same rows, so that who writes into it changes it."""

    def predict_proba(self, X):
        key = np.asarray(X).tobytes()
        if getattr(self, "last_", None) is None or self.last_[0] != key:
            self.last_ = key, super().predict_proba(X)
        return self.last_[1]


class NaiveSoftmax(Honest):
    def predict_proba(self, X):
        powers = np.exp(self.logits(X))
        return powers / powers.sum(axis=1, keepdims=True)


class ColumnsSortedInFit(Honest):
    def fit(self, X, y, sample_weight=None):
        frame = hasattr(X, "columns")
        return super().fit(X[sorted(X.columns)] if frame else X, y, sample_weight)


class CentredInPlace(Honest):
    def fit(self, X, y, sample_weight=None):
        self.centre_ = np.asarray(X, dtype=float).mean(axis=0)
        if isinstance(X, np.ndarray):
            X -= self.centre_
            return super().fit(X + self.centre_, y, sample_weight)
        return super().fit(X, y, sample_weight)


class SortedInPlace(Honest):
    """Puts the rows of a data frame into the order of the labels, which are sorted as well."""

    def fit(self, X, y, sample_weight=None):
        super().fit(X, y, sample_weight)
        if hasattr(X, "columns"):
            y.sort_values(inplace=True)
        return self


class RoundedInPlace(Honest):
    def predict_proba(self, X):
        table = super().predict_proba(X)
        if isinstance(X, np.ndarray):
            np.round(X, 1, out=X)
        return table


class NoText(Honest):
    def encode(self, y):
        if y.dtype.kind in "UT":
            msg = "could not convert string to float"
            raise ValueError(msg)
        return super().encode(y)


class NanForText(Honest):
    def predict_proba(self, X):
        table = super().predict_proba(X)
        return table * np.nan if self.classes_.dtype.kind == "U" else table


class TruthsAsSigns(Honest):
    def encode(self, y):
        return super().encode(-y if y.dtype.kind == "b" else y)


class ShiftedNumbers(Honest):
    """Labels must be the numbers from 0; negative ones are moved there without a word."""

    def encode(self, y):
        return super().encode(y - y.min() if y.dtype.kind == "i" else y)


class ObjectsByAppearance(ColumnsByAppearance):
    def encode(self, y):
        classes, codes = super().encode(y)
        if y.dtype.kind != "O":
            self.order_ = np.arange(len(classes))
        return classes, codes


class AllNumbersBetween(Honest):
    """Takes it that no class is missing between the first and the last."""

    def encode(self, y):
        if y.dtype.kind != "i" or y.min() != 0:
            return super().encode(y)
        return np.arange(y.max() + 1), y


class OtherModelWithWeights(Honest):
    def fit(self, X, y, sample_weight=None):
        super().fit(X, y, sample_weight)
        if sample_weight is not None:
            self.means_ += 0.05 * self.means_[::-1]
        return self


class NanWithWeights(Honest):
    def fit(self, X, y, sample_weight=None):
        super().fit(X, y, sample_weight)
        if sample_weight is not None:
            self.means_[...] = np.nan
        return self


class NoWeights(Honest):
    def fit(self, X, y, sample_weight=None):
        return super().fit(X, y)


# Scorers.


class Scorer:
    """The log loss by hand; everything below changes one thing in it."""

    unit = 1.0

    def __call__(self, estimator, X, y, sample_weight=None):
        losses = self.losses(self.own(estimator, X, y))
        return -self.mean(losses, sample_weight) / self.unit

    def own(self, estimator, X, y):
        place = {c: j for j, c in enumerate(estimator.classes_.tolist())}
        table = self.by_name(estimator.predict_proba(X), estimator.classes_)
        table = np.column_stack([table, np.zeros(len(X))])
        columns = [place.get(c, len(place)) for c in np.asarray(y).tolist()]
        return table[np.arange(len(table)), columns]

    def by_name(self, table, classes):
        return table[list(classes)] if hasattr(table, "columns") else table

    def losses(self, own):
        return -np.log(np.maximum(own, 2.0**-52))

    def mean(self, losses, weight):
        return np.average(losses, weights=weight)


class NanScorer(Scorer):
    def mean(self, losses, weight):
        return np.nan


class ConstantScorer(Scorer):
    def losses(self, own):
        return np.ones(len(own))


class SignlessScorer(Scorer):
    unit = -1.0


class PositionScorer(Scorer):
    def own(self, estimator, X, y):
        table = self.by_name(estimator.predict_proba(X), estimator.classes_)
        table, place = np.asarray(table), sorted(estimator.classes_.tolist())
        return np.array(
            [
                row[place.index(c)] if c in place else 0
                for row, c in zip(table, np.asarray(y).tolist(), strict=True)
            ]
        )


class AllClassesScorer(Scorer):
    def own(self, estimator, X, y):
        if len(np.unique(y)) < len(estimator.classes_):
            msg = "y_true has fewer classes than the estimator."
            raise ValueError(msg)
        return super().own(estimator, X, y)


class LookupScorer(Scorer):
    def own(self, estimator, X, y):
        known = dict.fromkeys(estimator.classes_.tolist())
        for label in np.asarray(y).tolist():
            known[label]
        return super().own(estimator, X, y)


class UnseenAreFree(Scorer):
    def losses(self, own):
        return np.where(own == 0, 0, super().losses(own))


class NumbersOnlyScorer(Scorer):
    def own(self, estimator, X, y):
        return super().own(estimator, X, np.asarray(y).astype(int))


class LastRowsCountMore(Scorer):
    def mean(self, losses, weight):
        weight = np.ones(len(losses)) if weight is None else weight
        return np.average(losses, weights=weight * np.linspace(1, 2, len(losses)))


class EqualWeightsScorer(Scorer):
    def mean(self, losses, weight):
        equal = weight is not None and np.ptp(weight) == 0
        return super().mean(losses, weight) * (2 if equal else 1)


class RootWeightsScorer(Scorer):
    def mean(self, losses, weight):
        return super().mean(losses, None if weight is None else np.sqrt(weight))


class LeastWeightScorer(Scorer):
    def mean(self, losses, weight):
        return super().mean(losses, None if weight is None else np.maximum(weight, 0.1))


class WeightlessScorer(Scorer):
    def mean(self, losses, weight):
        return super().mean(losses, None)


class WritingScorer(Scorer):
    def __call__(self, estimator, X, y, sample_weight=None):
        score = super().__call__(estimator, X, y, sample_weight)
        if isinstance(y, np.ndarray) and y.flags.writeable:
            y.sort()
        return score


class LearningScorer(Scorer):
    calls = 0

    def __call__(self, estimator, X, y, sample_weight=None):
        self.calls += len(X) == 10
        return super().__call__(estimator, X, y, sample_weight) - self.calls


class LockedScorer(Scorer):
    def __init__(self):
        self.log = lambda p: -np.log(p)  # cannot be pickled


class ForgetfulScorer(Scorer):
    """A copy of it has lost its unit."""

    def __init__(self):
        self.unit = 2.0

    def __getstate__(self):
        return {"unit": 1.0}


class IndexScorer(Scorer):
    def own(self, estimator, X, y):
        return super().own(estimator, X, y.sort_index() if hasattr(y, "sort_index") else y)


class NamelessScorer(Scorer):
    def by_name(self, table, classes):
        return table


class UnroutedScorer(Scorer):
    def set_score_request(self, *, sample_weight):
        return self


# Metrics.


def honest(y_true, y_proba, *, sample_weight=None, labels=None, base=np.e):
    return skxent.log_loss(y_true, y_proba, sample_weight=sample_weight, labels=labels, base=base)


def nan_for_the_unlikely(y_true, y_proba, *, labels=None):
    loss = honest(y_true, y_proba, labels=labels)
    return np.nan if np.min(np.asarray(y_proba)) > 0 else loss


def constant(y_true, y_proba, *, labels=None):
    return 0 * honest(y_true, y_proba, labels=labels)


def prefers_the_vague(y_true, y_proba, *, labels=None):
    return -honest(y_true, y_proba, labels=labels)


def other_value_with_weights_of_one(y_true, y_proba, *, sample_weight=None, labels=None):
    equal = sample_weight is not None and np.all(np.asarray(sample_weight) == 1)
    return honest(y_true, y_proba, sample_weight=sample_weight, labels=labels) + equal


def roots_of_weights(y_true, y_proba, *, sample_weight=None):
    weight = sample_weight if sample_weight is None else np.sqrt(sample_weight)
    return honest(y_true, y_proba, sample_weight=weight)


def least_weight(y_true, y_proba, *, sample_weight=None):
    weight = sample_weight if sample_weight is None else np.maximum(sample_weight, 0.1)
    return honest(y_true, y_proba, sample_weight=weight)


def first_row_counts_more(y_true, y_proba, *, labels=None):
    weight = np.ones(len(y_proba))
    weight[0] = 2
    return honest(y_true, y_proba, labels=labels, sample_weight=weight)


def columns_by_position(y_true, y_proba, *, labels=None):
    table = y_proba if hasattr(y_proba, "columns") else np.asarray(y_proba)
    return honest(y_true, table, labels=None if labels is None else np.sort(labels))


def names_of_columns_ignored(y_true, y_proba, *, labels=None):
    return honest(y_true, np.asarray(y_proba), labels=labels)


def numbers_of_columns_ignored(y_true, y_proba, *, labels=None):
    numbered = getattr(getattr(y_proba, "columns", None), "dtype", None) == np.int64
    return honest(y_true, np.asarray(y_proba) if numbered else y_proba, labels=labels)


def prefixes_ignored(y_true, y_proba, *, labels=None):
    prefixed = any(str(name).startswith("proba_") for name in getattr(y_proba, "columns", ()))
    return honest(y_true, np.asarray(y_proba) if prefixed else y_proba, labels=labels)


def needs_all_classes(y_true, y_proba, *, labels=None):
    if labels is not None and len(np.unique(y_true)) < len(labels):
        return np.nan
    return honest(y_true, y_proba, labels=labels)


def numbers_only(y_true, y_proba):
    names = hasattr(y_proba, "columns")
    return honest(y_true if names else np.asarray(y_true).astype(int), y_proba)


def arrays_only(y_true, y_proba):
    if isinstance(y_proba, list):
        msg = "'list' object has no attribute 'shape'"
        raise AttributeError(msg)
    return honest(y_true, y_proba)


def series_by_index(y_true, y_proba):
    return honest(y_true.sort_index() if hasattr(y_true, "sort_index") else y_true, y_proba)


def coarse_floor(y_true, y_proba):
    """Adds what a coarser floor would do to numbers of 32 bits."""
    return honest(y_true, y_proba) + 0.01 * (np.asarray(y_proba).dtype == np.float32)


def normalizes_in_place(y_true, y_proba, *, labels=None):
    loss = honest(y_true, y_proba, labels=labels)
    if isinstance(y_proba, np.ndarray) and y_proba.flags.writeable:
        y_proba *= 0.5
    return loss


def writes_into_read_only(y_true, y_proba):
    loss = honest(y_true, y_proba)
    if isinstance(y_proba, np.ndarray):
        y_proba += 0
    return loss


def base_on_top(y_true, y_proba, *, base=np.e):
    return honest(y_true, y_proba) * np.log(base)


def nan_left_out(y_true, y_proba):
    table = np.asarray(y_proba)
    good = np.isfinite(table.reshape(len(table), -1)).all(axis=1)
    if good.all() or len(table) != len(y_true):
        return honest(y_true, y_proba)
    return honest(np.asarray(y_true)[good], table[good])


def renormalizes(y_true, y_proba):
    table = y_proba
    if np.ndim(y_proba) == 2 and not hasattr(y_proba, "columns"):
        table = np.abs(np.asarray(y_proba))
        table = table / table.sum(axis=1, keepdims=True)
    return honest(y_true, table)


def cuts_to_the_shorter(y_true, y_proba):
    n = min(len(y_true), len(y_proba))
    return honest(y_true[:n], y_proba[:n])


def unknown_is_first(y_true, y_proba, *, labels=None):
    if labels is not None:
        y_true = np.where(np.isin(y_true, labels), y_true, np.asarray(labels)[0])
    return honest(y_true, y_proba, labels=labels)


def nan_for_zero(y_true, y_proba):
    loss = skxent.cross_entropy(y_true, y_proba)
    return np.nan if np.isinf(loss) else loss


def warns_of_zero(y_true, y_proba):
    np.log(np.asarray(y_proba, dtype=float))
    return honest(y_true, y_proba)
