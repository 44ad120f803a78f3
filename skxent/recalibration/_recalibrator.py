"""A recalibration map that is fitted to predictions, and applied to others."""

from __future__ import annotations

import json
import math
from dataclasses import fields, replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils.metadata_routing import UNUSED
from sklearn.utils.validation import check_is_fitted

from skxent._intake._arguments import check_choice, check_eps, check_seed
from skxent._intake._as_table import as_table
from skxent._intake._groups import check_groups
from skxent._intake._labels import shown
from skxent._intake._rows import Labelled, check_labelled
from skxent._render._json import as_json
from skxent._typing import EPS, FloatArray, IntArray, LabelArray
from skxent.recalibration._choice import Recalibration, choose, why_not
from skxent.recalibration._cross_fit import finite_logs, without_zeros
from skxent.recalibration._maps import METHODS, Map, fit_map
from skxent.statistic._extremes import row_losses

__all__ = ["METHOD_NAMES", "Recalibrator", "recalibrator_of"]

_BY_NAME = {method.name: method for method in METHODS}
METHOD_NAMES = ("auto", *_BY_NAME)
_FIELDS = tuple(field.name for field in fields(Map))
_VERSION = 1


class Recalibrator(BaseEstimator):  # type: ignore[misc]
    r"""
    Recalibrates predicted probabilities by a map that was fitted to others.

    Most maps multiply log-probabilities, add a bias and normalise again; two mix with the shares
    :math:`\pi` of the classes among the rows they were fitted to:

    .. math:: q_j \propto \exp\Bigl(\sum_k s_{jk} \log p_k + b_j\Bigr), \qquad
       (1 - a) q_j + a \pi_j .

    Parameters
    ----------
    method : str, default="auto"
        Which map: "none", "bias", "temperature", "bias+temperature", "mix", "temperature+mix",
        "vector" or "dirichlet". "auto" is what `log_loss_report` recommends: none unless a map
        takes something off the loss of rows that it was not fitted to, beyond noise, and then
        the one that leaves the smallest loss.
    eps : float, default=2**-52
        What a probability of 0 counts as, so that it can be recalibrated.
    random_state : int, RandomState or None, default=0
        Seed of the folds by which "auto" chooses.

    Attributes
    ----------
    method_ : str
        The map that was fitted.
    classes_ : ndarray of shape (n_classes,)
        The label of each column.
    temperature_ : float
        1 divided by the slope that all classes share: above 1, predictions become less sure.
        Nan where each class has a slope of its own.
    slopes_ : ndarray of shape (n_classes,) or (n_classes, n_classes)
        What log-probabilities are multiplied with; of a matrix, the row of the class that is
        added to.
    bias_ : ndarray of shape (n_classes,)
        What is added to them, in nats.
    share_ : float
        How much the shares of the classes are mixed in; 0 for maps that do not mix.
    class_shares_ : ndarray of shape (n_classes,) or None
        The shares of the classes, with one row more that is spread over all of them.
    recalibration_ : Recalibration or None
        Of "auto": all maps, with what each takes off.

    See Also
    --------
    RecalibratedClassifier : A classifier that recalibrates what another one predicts.
    log_loss_report : Says what the map would take off, and from which class.

    Notes
    -----
    Rows that are few, or all right, do not say how sure a model may be: parameters are held back
    by priors that count as some rows would. Rows with weights count as their effective number
    :math:`(\sum w)^2 / \sum w^2`, so that only the proportions of the weights matter: a weight of
    2 for all is as none. A row of weight 2 is not two rows, which would have a label each. Rows
    that are copies of one another belong together: give them as `groups`, or once with a weight.

    "auto" does not try "dirichlet" for more than 50 classes, nor "vector" for more than 500: rows
    are seldom as many as it takes to find a number for each pair of classes, and the choice would
    take minutes. Named as `method` they are fitted all the same.

    References
    ----------
    .. [1] Guo, C., Pleiss, G., Sun, Y., & Weinberger, K. Q. (2017). On calibration of modern
           neural networks. ICML. :doi:`10.48550/arXiv.1706.04599`
    .. [2] Kull, M., et al. (2019). Beyond temperature scaling: obtaining well-calibrated
           multi-class probabilities with Dirichlet calibration. NeurIPS.
           :doi:`10.48550/arXiv.1910.12656`

    Examples
    --------
    Predictions that are three times too sure, and others of the same model:

    >>> import numpy as np
    >>> from skxent import Recalibrator, log_loss
    >>> rng = np.random.default_rng(0)
    >>> logits = rng.normal(size=(4000, 3))
    >>> y = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
    >>> proba = np.exp(3 * logits) / np.exp(3 * logits).sum(axis=1, keepdims=True)
    >>> recalibrator = Recalibrator().fit(y[:2000], proba[:2000])
    >>> recalibrator.method_
    'temperature'
    >>> after = recalibrator.predict_proba(proba[2000:])
    >>> bool(log_loss(y[2000:], after) < log_loss(y[2000:], proba[2000:]) - 0.3)
    True
    """

    # Rows are passed to `fit` by name, and not routed.
    __metadata_request__fit: ClassVar[dict[str, str]] = dict.fromkeys(
        ("y_true", "y_proba", "labels", "pos_label", "sample_weight", "groups"), UNUSED
    ) | dict.fromkeys(("from_logits", "renormalize"), UNUSED)
    __metadata_request__predict_proba: ClassVar[dict[str, str]] = dict.fromkeys(
        ("y_proba", "from_logits", "renormalize"), UNUSED
    )

    def __init__(
        self,
        method: str = "auto",
        *,
        eps: float = EPS,
        random_state: int | np.random.RandomState | None = 0,
    ) -> None:
        self.method = method
        self.eps = eps
        self.random_state = random_state

    def fit(
        self,
        y_true: ArrayLike,
        y_proba: ArrayLike,
        *,
        labels: ArrayLike | None = None,
        pos_label: Any = None,
        sample_weight: ArrayLike | None = None,
        groups: ArrayLike | None = None,
        from_logits: bool = False,
        renormalize: bool = False,
    ) -> Self:
        """
        Fit the map to predictions that are not those of training rows.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,) or (n_samples, n_classes)
            Class labels of any type, or one-hot rows.
        y_proba : array-like of shape (n_samples, n_classes) or (n_samples,)
            Predicted probabilities; one-dimensional: the probability of the positive class.
        labels : array-like of shape (n_classes,), default=None
            The label of each column of `y_proba`. A class that no row has keeps its column.
        pos_label : int, float, bool or str, default=None
            The class that a one-dimensional `y_proba` is the probability of.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row; only their proportions matter.
        groups : array-like of shape (n_samples,), default=None
            Which rows belong together: "auto" keeps them in one fold, and counts groups.
        from_logits : bool, default=False
            Whether `y_proba` holds logits or log-probabilities.
        renormalize : bool, default=False
            Whether to divide each row by its sum.

        Returns
        -------
        Recalibrator
            Itself.

        Raises
        ------
        ValueError
            If the input is not what `log_loss` takes, `eps` is 0, or `method` is not one of the
            choices.
        """
        check_choice(self.method, "method", METHOD_NAMES)
        if check_eps(self.eps) == 0:
            msg = "eps must be above 0 here: a probability of 0 cannot be recalibrated."
            raise ValueError(msg)
        rows = check_labelled(
            y_true,
            y_proba,
            labels=labels,
            pos_label=pos_label,
            sample_weight=sample_weight,
            from_logits=from_logits,
            renormalize=renormalize,
        )
        codes = None if groups is None else check_groups(groups, rows.proba.n_samples).codes
        self.recalibration_, self.method_ = None, self.method
        if self.method == "auto":
            self.recalibration_ = self._chosen(rows, codes)
            found = self.recalibration_
            self.method_ = "none" if found is None else found.recommended
        return self._with(_fitted(self.method_, rows, self.eps), rows.labels)

    def _chosen(self, rows: Labelled, groups: IntArray | None) -> Recalibration | None:
        """All maps; None where no map could be shown to take something off."""
        if why_not(rows, self.eps, groups) is not None:
            return None
        return choose(
            rows,
            row_losses(rows, self.eps),
            1.0,
            eps=self.eps,
            confidence_level=0.95,
            seed=check_seed(self.random_state),
            groups=groups,
        ).recalibration

    def _with(self, fitted: Map, labels: LabelArray) -> Self:
        self._map, self.classes_ = fitted, labels.copy()
        self.slopes_, self.bias_ = fitted.slopes, fitted.bias
        self.share_, self.class_shares_ = fitted.share, fitted.classes
        common = fitted.slopes.ndim == 1 and bool((fitted.slopes == fitted.slopes[0]).all())
        self.temperature_ = 1.0 / float(fitted.slopes[0]) if common else math.nan
        return self

    def predict_proba(
        self, y_proba: ArrayLike, *, from_logits: bool = False, renormalize: bool = False
    ) -> FloatArray:
        """
        Recalibrate predictions.

        Parameters
        ----------
        y_proba : array-like of shape (n_samples, n_classes) or (n_samples,)
            Predictions of the same model. Columns of a data frame are matched by name.
        from_logits : bool, default=False
            Whether `y_proba` holds logits or log-probabilities.
        renormalize : bool, default=False
            Whether to divide each row by its sum.

        Returns
        -------
        ndarray of shape (n_samples, n_classes) or (n_samples,)
            Probabilities in the order of `classes_`; of a one-dimensional `y_proba`, those of
            the positive class.

        Raises
        ------
        NotFittedError
            If there is no map yet.
        ValueError
            If `y_proba` has other columns than there are classes, or holds no probabilities.
        """
        check_is_fitted(self, "method_")
        table = as_table(y_proba, "y_proba", from_logits=from_logits, renormalize=renormalize)
        if table.n_classes != len(self.classes_):
            msg = (
                f"y_proba has {table.n_classes} columns, and the map {len(self.classes_)} "
                f"classes: {shown(self.classes_)}."
            )
            raise ValueError(msg)
        table = replace(table, positive=self._map.positive).in_order_of(self.classes_)
        result = np.empty((table.n_samples, table.n_classes))
        for at, p, logs in table.distributions():
            if self.method_ == "none":
                result[at] = p  # not through the logarithms, which have no 0
            else:
                finite = without_zeros(logs, math.log(self._map.eps))
                result[at] = self._map.proba(finite)
        return result[:, self._map.positive] if table.positive_only else result

    def to_json(self) -> str:
        """
        The fitted map as text.

        Returns
        -------
        str
            JSON, for `from_json`.

        Raises
        ------
        NotFittedError
            If there is no map yet.
        TypeError
            If JSON has no type for the labels.
        """
        check_is_fitted(self, "method_")
        labels = self.classes_.tolist()
        odd = [label for label in labels if not isinstance(label, bool | int | float | str)]
        if odd:
            msg = f"Labels of type {type(odd[0]).__name__} cannot be written as JSON; use pickle."
            raise TypeError(msg)
        fitted = {name: _plain(getattr(self._map, name)) for name in _FIELDS}
        values = {"skxent": "Recalibrator", "version": _VERSION, "method": self.method_}
        values |= {"labels": labels, "dtype": self.classes_.dtype.str}
        return as_json(values | fitted, None)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """
        The map that `to_json` wrote.

        Parameters
        ----------
        text : str
            What it returned.

        Returns
        -------
        Recalibrator
            Fitted.

        Raises
        ------
        ValueError
            If the text is something else, or was written by a later version that says more.
        """
        try:
            values = json.loads(text)
        except json.JSONDecodeError as error:
            msg = f"The text is no JSON: {error}."
            raise ValueError(msg) from error
        if not isinstance(values, dict) or values.get("skxent") != "Recalibrator":
            msg = "The text is not what Recalibrator.to_json writes."
            raise ValueError(msg)
        if values.get("version", _VERSION) > _VERSION:
            msg = f"The text is of version {values['version']}; update skxent to read it."
            raise ValueError(msg)
        try:
            fitted, labels = _read(values)
        except (KeyError, TypeError, ValueError) as error:
            msg = f"The text is damaged: {error!r} where the map should be."
            raise ValueError(msg) from error
        return cls(values["method"], eps=fitted.eps)._of(fitted, labels)

    def _of(self, fitted: Map, labels: LabelArray) -> Self:
        """Itself, as if `fit` had found this map."""
        self.method_, self.recalibration_ = self.method, None
        return self._with(fitted, labels)


def recalibrator_of(recalibration: Recalibration, labels: LabelArray) -> Recalibrator:
    """What a report recommends, fitted to its rows."""
    fitted = recalibration.fitted
    if fitted is None:
        msg = "The report does not hold the map that it recommends."
        raise ValueError(msg)
    return Recalibrator(recalibration.recommended, eps=fitted.eps)._of(fitted, labels)


def _fitted(name: str, rows: Labelled, eps: float) -> Map:
    """The map of a method that is fitted to all rows that count."""
    k, weight = rows.proba.n_classes, rows.weight
    if k == 1 or name == "none":
        return Map(np.ones(k), np.zeros(k), eps=eps, positive=rows.proba.positive)
    x, codes = finite_logs(rows.proba, math.log(eps)), rows.codes
    if weight is not None and not weight.all():
        x, codes, weight = x[weight > 0], codes[weight > 0], weight[weight > 0]
    found = fit_map(_BY_NAME[name], x, codes, weight)
    return replace(found, eps=eps, positive=rows.proba.positive)


def _read(values: dict[str, Any]) -> tuple[Map, LabelArray]:
    """The map and the labels that `to_json` wrote."""
    labels = np.array(values["labels"], dtype=values["dtype"])
    k = len(labels)
    slopes, bias = (np.array(values[name], dtype=np.float64) for name in ("slopes", "bias"))
    shares = values["classes"]
    shares = None if shares is None else np.array(shares, dtype=np.float64)
    shapes = bias.shape, slopes.shape, (k,) if shares is None else shares.shape
    if shapes not in {((k,), (k,), (k,)), ((k,), (k, k), (k,))}:
        msg = f"numbers of shapes {shapes} for {k} classes"
        raise ValueError(msg)
    share, eps, positive = float(values["share"]), float(values["eps"]), int(values["positive"])
    if values["method"] not in METHOD_NAMES or not eps > 0 or not 0 <= share <= 1:
        msg = f"method {values['method']!r}, eps {eps!r}, share {share!r}"
        raise ValueError(msg)
    return Map(slopes, bias, share, shares, eps, positive), labels


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray) else value
