"""A classifier that recalibrates what another one predicts."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn import get_config
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.utils import Bunch, get_tags
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    check_consistent_length,
    check_is_fitted,
    column_or_1d,
    has_fit_parameter,
)

from skxent._intake._arguments import check_choice, check_flag, check_weight
from skxent._intake._codes import encode
from skxent._intake._groups import check_groups
from skxent._intake._labels import as_labels, distinct
from skxent._typing import EPS, FloatArray, LabelArray
from skxent.recalibration._copies import units_of
from skxent.recalibration._out_of_fold import (
    fold_of_each_row,
    folds_of,
    out_of_fold,
    predicted_table,
)
from skxent.recalibration._recalibrator import METHOD_NAMES, Recalibrator

__all__ = ["RecalibratedClassifier"]


class RecalibratedClassifier(
    ClassifierMixin,  # type: ignore[misc]
    MetaEstimatorMixin,  # type: ignore[misc]
    BaseEstimator,  # type: ignore[misc]
):
    """
    Recalibrates the probabilities of a classifier.

    The map is fitted to out-of-fold predictions; then the classifier is fitted once more, to all
    rows. By default the map is what `log_loss_report` recommends for these predictions: none if
    none takes something off the loss beyond noise.

    Parameters
    ----------
    estimator : estimator
        A classifier with `predict_proba`, or else with `predict_log_proba` or
        `decision_function`, whose values are then taken for logits. As
        `sklearn.frozen.FrozenEstimator` it is taken as it is fitted: the rows that are passed to
        `fit`, which it must not have seen, are for the map alone.
    method : str, default="auto"
        Which map: see `Recalibrator`.
    cv : int, cross-validation generator or iterable, default=5
        Folds in which each row is predicted once. An integer: so many stratified folds, which
        keep groups whole, or without groups the copies of a row.
    eps : float, default=2**-52
        What a probability of 0 counts as.
    n_jobs : int, default=None
        How many folds to fit at once.
    random_state : int, RandomState or None, default=0
        Seed of the folds by which "auto" chooses.
    renormalize : bool, default=False
        Whether to divide each row that the classifier predicts by its sum, where it is not 1.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels of the classes.
    estimator_ : estimator
        The classifier that was fitted to all rows, or the frozen one.
    recalibrator_ : Recalibrator
        The map: its `temperature_` and so on.
    method_ : str
        Which map it is.
    n_features_in_ : int
        If the classifier has it.
    feature_names_in_ : ndarray of shape (n_features,)
        If the classifier has them.

    See Also
    --------
    Recalibrator : The same for predictions that are there already.
    sklearn.calibration.CalibratedClassifierCV : Sigmoid, isotonic and temperature maps.

    Notes
    -----
    Where a fold lacks a class, its estimator gives that class a probability of 0; rows of the
    class in that fold say nothing of the map, and are left out of its fit. So are rows of a class
    that a frozen classifier does not know, with a warning.

    Of the weights only the proportions matter to the map. Rows that are copies of one another, with
    the same features and the same label, are one row of their weight to it: oversampled rows say
    nothing new. Folds of an integer `cv` keep them whole; where other folds part them, they are
    groups. Copies are found in arrays of numbers, sparse matrices and data frames, unless there are
    `groups`. Rows of a table of categories are no copies: where features that repeat occur with
    several labels, a tenth as often as if labels were drawn, or some of them far more often than
    others, rows are as many observations as there are.

    Examples
    --------
    A forest says 0.6 where it is nearly always right:

    >>> from sklearn.datasets import load_digits
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from sklearn.model_selection import train_test_split
    >>> from skxent import RecalibratedClassifier, log_loss
    >>> X, y = load_digits(return_X_y=True)
    >>> X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    >>> forest = RandomForestClassifier(random_state=0)
    >>> before = forest.fit(X_train, y_train).predict_proba(X_test)
    >>> recalibrated = RecalibratedClassifier(forest).fit(X_train, y_train)
    >>> after = recalibrated.predict_proba(X_test)
    >>> bool(log_loss(y_test, after) < 0.5 * log_loss(y_test, before))
    True
    """

    def __init__(
        self,
        estimator: Any,
        *,
        method: str = "auto",
        cv: Any = 5,
        eps: float = EPS,
        n_jobs: int | None = None,
        random_state: int | np.random.RandomState | None = 0,
        renormalize: bool = False,
    ) -> None:
        self.estimator = estimator
        self.method = method
        self.cv = cv
        self.eps = eps
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.renormalize = renormalize

    def fit(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        groups: ArrayLike | None = None,
        **fit_params: Any,
    ) -> Self:
        """
        Fit the classifier and the map.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows, of any kind that the classifier takes.
        y : array-like of shape (n_samples,)
            Class labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row, for the map, and for the classifier if it takes weights.
        groups : array-like of shape (n_samples,), default=None
            Which rows belong together: the folds keep them whole, and the choice of the map
            counts groups.
        **fit_params : dict
            Passed to the classifier's `fit`, or routed if metadata routing is enabled. What has
            an entry a row is cut with the rows.

        Returns
        -------
        RecalibratedClassifier
            Itself.

        Raises
        ------
        ValueError
            If an argument is not one of its choices, the labels are not those of classes, or the
            folds do not predict each row once.
        """
        from sklearn.frozen import FrozenEstimator  # slow to import

        check_choice(self.method, "method", METHOD_NAMES)
        check_flag(self.renormalize, "renormalize")
        _check_folds(self.cv)
        labels = _checked(y)
        check_consistent_length(X, labels)
        if sample_weight is not None and not np.any(np.asarray(sample_weight)):
            msg = "sample_weight is zero in every row, so that there is nothing to fit to."
            raise ValueError(msg)
        weight = check_weight(sample_weight, len(labels), beside="X")
        codes = None if groups is None else check_groups(groups, len(labels)).codes
        routed = self._routed(weight, groups, fit_params)
        if isinstance(self.estimator, FrozenEstimator):
            self.estimator_ = self.estimator
            proba, self.classes_, logits = predicted_table(self.estimator, X)
            labels, weight = _seen(labels, self.classes_, weight)
            known = np.maximum(encode(labels, self.classes_), 0)  # the map refuses others
            found = units_of(X, known, weight, codes)
            fold = np.zeros(len(labels), dtype=np.intp)
        else:
            self.classes_ = distinct(labels, "y")
            found = units_of(X, encode(labels, self.classes_), weight, codes)
            folds = folds_of(self.cv, X, labels, groups, routed.splitter.split, found)
            proba, logits, missing = out_of_fold(
                self.estimator,
                X,
                labels,
                folds=folds,
                classes=self.classes_,
                fit_params=routed.estimator.fit,
                n_jobs=self.n_jobs,
            )
            weight = _without(missing, weight)
            fold = fold_of_each_row(folds, len(labels))
            self.estimator_ = clone(self.estimator).fit(X, labels, **routed.estimator.fit)
        rows, weight, units = found.merged(fold, weight)
        self.recalibrator_ = Recalibrator(
            self.method, eps=self.eps, random_state=self.random_state
        ).fit(
            labels[rows],
            proba[rows],
            labels=self.classes_,
            sample_weight=weight,
            groups=units if codes is None else codes[rows],
            from_logits=logits,
            renormalize=self.renormalize,
        )
        self.method_ = self.recalibrator_.method_
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(self.estimator_, name):
                setattr(self, name, getattr(self.estimator_, name))
        return self

    def predict_proba(self, X: Any) -> FloatArray:
        """
        Recalibrated probabilities.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            In the order of `classes_`.
        """
        check_is_fitted(self, "recalibrator_")
        proba, _, logits = predicted_table(self.estimator_, X, self.classes_)
        return self.recalibrator_.predict_proba(
            proba, from_logits=logits, renormalize=self.renormalize
        )

    def predict_log_proba(self, X: Any) -> FloatArray:
        """
        Logarithms of the recalibrated probabilities.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            In nats, in the order of `classes_`; of a probability of 0, minus infinity.
        """
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    def predict(self, X: Any) -> LabelArray:
        """
        The likeliest class of each row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n_samples,)
            Labels.
        """
        likeliest = self.predict_proba(X).argmax(axis=1)
        predicted: LabelArray = self.classes_[likeliest]
        return predicted

    def _routed(self, sample_weight: Any, groups: Any, fit_params: Mapping[str, Any]) -> Bunch:
        """What the classifier and the splitter are given."""
        from sklearn.frozen import FrozenEstimator  # slow to import

        if get_config()["enable_metadata_routing"]:
            return process_routing(
                self, "fit", sample_weight=sample_weight, groups=groups, **fit_params
            )
        given, split = dict(fit_params), {} if groups is None else {"groups": groups}
        if sample_weight is not None and has_fit_parameter(self.estimator, "sample_weight"):
            given["sample_weight"] = sample_weight
        elif sample_weight is not None and not isinstance(self.estimator, FrozenEstimator):
            warnings.warn(
                f"{type(self.estimator).__name__}.fit takes no sample_weight: the weights are for "
                f"the map alone.",
                stacklevel=3,
            )
        return Bunch(estimator=Bunch(fit=given), splitter=Bunch(split=split))

    def get_metadata_routing(self) -> MetadataRouter:
        """
        Who is given what of the metadata that `fit` gets.

        Returns
        -------
        MetadataRouter
            To the classifier's `fit` and the splitter's `split`.
        """
        mapping = MethodMapping().add(caller="fit", callee="fit")
        split = MethodMapping().add(caller="fit", callee="split")
        return (
            MetadataRouter(owner=type(self).__name__)
            .add_self_request(self)
            .add(estimator=self.estimator, method_mapping=mapping)
            .add(splitter=self.cv, method_mapping=split)
        )

    def __sklearn_tags__(self) -> Any:
        tags, of_estimator = super().__sklearn_tags__(), get_tags(self.estimator)
        tags.input_tags = of_estimator.input_tags  # rows of any kind that the classifier takes
        if of_estimator.classifier_tags is not None:
            tags.classifier_tags.multi_class = of_estimator.classifier_tags.multi_class
        return tags


def _check_folds(cv: Any) -> None:
    """Refuse the word by which scikit-learn's calibration once took fitted classifiers."""
    if isinstance(cv, str):
        msg = (
            f"cv must be a number of folds, a splitter or pairs of row numbers; got {cv!r}. To "
            f"recalibrate a classifier as it is fitted, pass "
            f"RecalibratedClassifier(FrozenEstimator(estimator)) without cv, FrozenEstimator being "
            f"that of sklearn.frozen, and to fit the rows that it has not seen."
        )
        raise ValueError(msg)


def _checked(y: Any) -> LabelArray:
    if y is None:
        msg = "RecalibratedClassifier requires y to be passed, but the target y is None."
        raise ValueError(msg)
    column = column_or_1d(y, warn=True)
    # It makes floats of pandas' nullable integers, which merges large ones.
    floats = isinstance(column, np.ndarray) and column.dtype.kind == "f"
    nullable = floats and not isinstance(getattr(y, "dtype", None), np.dtype)
    labels = as_labels(y if nullable else column, "y")
    if nullable and all(isinstance(label, int | float) for label in labels.tolist()):
        labels = np.array(labels.tolist())  # of objects, with older versions of pandas
    if not len(labels):
        msg = "y has no rows: a classifier needs some of at least two classes."
        raise ValueError(msg)
    if labels.dtype.kind == "O":
        distinct(labels, "y")  # which finds a missing one
    check_classification_targets(labels)
    return labels


def _seen(
    labels: LabelArray, classes: LabelArray, weight: FloatArray | None
) -> tuple[LabelArray, FloatArray | None]:
    """Labels that a frozen classifier knows, and weights, 0 where it did not know the label."""
    codes = encode(labels, classes)
    known = codes >= 0
    if known.all() or not (known if weight is None else weight * known).any():
        return labels, weight  # if it knows none, which is an error, they are of another kind
    unknown = int(np.count_nonzero(~known if weight is None else ~known & (weight > 0)))
    if unknown:
        rows = "1 row is" if unknown == 1 else f"{unknown} rows are"
        warnings.warn(
            f"{rows} of a class that the frozen classifier does not know, and left out of the fit "
            f"of the map.",
            stacklevel=3,
        )
    return classes[np.maximum(codes, 0)], np.where(known, 1.0 if weight is None else weight, 0.0)


def _without(missing: NDArray[np.bool_], weight: FloatArray | None) -> FloatArray | None:
    """Weights, 0 where a class was missing."""
    if not missing.any():
        return weight
    weight = np.where(missing, 0.0, 1.0 if weight is None else weight)
    if not weight.any():
        msg = (
            "cv leaves out all rows of a class at a time, for every class, so that no row is "
            "predicted by a classifier that knows its class: shuffle or stratify the folds."
        )
        raise ValueError(msg)
    return weight
