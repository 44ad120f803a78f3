"""Log loss overall and of each class as one scorer."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from skxent._intake._arguments import check_base, check_eps, check_flag
from skxent._intake._labels import check_labels, encode, shown
from skxent._intake._rows import check_labelled
from skxent._kernels import class_sums
from skxent._typing import EPS
from skxent.metrics._log_loss import floored_losses
from skxent.scorers._keys import KEY_FORMAT, OVERALL, keys_of
from skxent.scorers._scorer import ClassifierScorer, call_text, check_requests, unit_suffix

__all__ = ["PerClassScorer", "make_per_class_scorer"]


class PerClassScorer(ClassifierScorer):
    """Log loss overall and of each class; made by `make_per_class_scorer`."""

    def __init__(
        self,
        labels: ArrayLike,
        *,
        base: float | None = math.e,
        eps: float = EPS,
        response_method: str | tuple[str, ...] = "predict_proba",
        unseen: str = "floor",
        key_format: str = KEY_FORMAT,
        renormalize: bool = False,
    ) -> None:
        self.labels = labels
        self.base = base
        self.eps = eps
        self.response_method = response_method
        self.unseen = unseen
        self.key_format = key_format
        self.renormalize = renormalize
        self._keys = keys_of(check_labels(labels), key_format)
        self.__name__ = f"neg_log_loss_per_class{unit_suffix(base)}"

    def __call__(
        self, estimator: Any, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> dict[str, float]:
        """Scores of a fitted classifier on `X` and `y`, by name; greater is better."""
        wanted = check_labels(self.labels)
        rows, known, from_logits = self._rows(estimator, X, y, sample_weight)
        place = encode(known, wanted)
        if (place < 0).any():
            msg = (
                f"labels must hold every class of the estimator and of y; "
                f"{shown(known[place < 0])} is not among {shown(wanted)}."
            )
            raise ValueError(msg)
        checked = check_labelled(
            rows.codes,
            rows.values,
            labels=np.arange(len(known)),
            sample_weight=rows.weight,
            from_logits=from_logits,
            renormalize=self.renormalize,
            anywhere=True,
        )
        losses, b = floored_losses(checked, check_eps(self.eps)), checked.proba.backend
        total, weight_of = np.zeros(len(wanted)), np.zeros(len(wanted))
        total[place] = class_sums(b, losses, checked.codes, len(known), checked.weight)
        weight_of[place] = b.group_sums(checked.weight, checked.codes, len(known))
        total /= -check_base(self.base)
        means = np.full(len(wanted), np.nan)
        np.divide(total, weight_of, out=means, where=weight_of > 0)
        overall = (total.sum() / weight_of.sum(), np.nanmean(means), np.nanmin(means))
        scores = dict(zip(OVERALL, map(float, overall), strict=True))
        return scores | dict(zip(self._keys, means.tolist(), strict=True))

    def __repr__(self) -> str:
        labels = shown(check_labels(self.labels))
        return call_text("make_per_class_scorer", labels, self, {})


def make_per_class_scorer(
    labels: ArrayLike,
    *,
    base: float | None = math.e,
    eps: float = EPS,
    response_method: str | tuple[str, ...] = "predict_proba",
    unseen: str = "floor",
    key_format: str = KEY_FORMAT,
    renormalize: bool = False,
) -> PerClassScorer:
    r"""
    Make a scorer that returns the log loss overall and of each class.

    For `cross_validate`, and for `GridSearchCV` with ``refit="neg_log_loss"`` or another of
    its keys. The keys are the same in every fold, whatever classes the fold has:
    ``neg_log_loss``, ``neg_macro_log_loss`` (mean of the class means),
    ``neg_worst_class_log_loss`` and ``neg_log_loss[<label>]`` for each label, which is nan in
    a fold that has no row of that class. Searches by halving take one score only, and so none
    of this kind.

    Parameters
    ----------
    labels : array-like of shape (n_classes,)
        All classes, as in ``numpy.unique(y)``.
    base : float or None, default=e
        Base of the logarithm: 2 gives bits, e or None nats.
    eps : float, default=2**-52
        Floor of the true class's probability, as in `log_loss`.
    response_method : str or tuple of str, default="predict_proba"
        What to ask the estimator for, as in `make_scorer`.
    unseen : {"floor", "raise", "ignore"}, default="floor"
        Rows whose class the estimator never saw, as in `make_scorer`.
    key_format : str, default="{name}[{label}]"
        Format string of the keys of single classes, with the fields ``name`` (which is
        "neg_log_loss"), ``label``, ``safe_label`` (letters, digits, ``_``, ``-`` and ``.``, with
        ``_`` in the place of all others) and ``index`` (the place in `labels`). MLflow and other
        trackers refuse brackets, and take ``"{name}_{safe_label}"``.
    renormalize : bool, default=False
        Whether to divide each row of probabilities by its sum, as in `log_loss`.

    Returns
    -------
    scorer : callable
        ``scorer(estimator, X, y, sample_weight=None)`` returning a dict of floats.

    Raises
    ------
    ValueError
        If an argument is not one of its choices, labels repeat, or two classes have the same
        key.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skxent import make_per_class_scorer
    >>> X, y = load_iris(return_X_y=True)
    >>> scorer = make_per_class_scorer([0, 1, 2], base=2)
    >>> for key in scorer(LogisticRegression(max_iter=1000).fit(X, y), X, y):
    ...     print(key)
    neg_log_loss
    neg_macro_log_loss
    neg_worst_class_log_loss
    neg_log_loss[0]
    neg_log_loss[1]
    neg_log_loss[2]

    Keys that trackers take:

    >>> scorer = make_per_class_scorer(["a", "b"], key_format="{name}_{safe_label}")
    >>> list(scorer(LogisticRegression().fit([[0], [1]], ["a", "b"]), [[0], [1]], ["a", "b"]))[3:]
    ['neg_log_loss_a', 'neg_log_loss_b']
    """
    check_labels(labels)
    check_base(base)
    check_eps(eps)
    check_requests(response_method, unseen)
    check_flag(renormalize, "renormalize")
    return PerClassScorer(
        labels,
        base=base,
        eps=eps,
        response_method=response_method,
        unseen=unseen,
        key_format=key_format,
        renormalize=renormalize,
    )
