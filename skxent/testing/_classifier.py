"""Check a classifier's probabilities."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from numpy.typing import ArrayLike, DTypeLike

from skxent.testing._fit_checks import FIT_CHECKS
from skxent.testing._prediction_checks import PREDICTION_CHECKS
from skxent.testing._run import Check, check_expected, name_of_check, results_of, run_check
from skxent.testing._subject import Subject

__all__ = [
    "CLASSIFIER_CHECKS",
    "check_probabilistic_classifier",
    "parametrize_with_probability_checks",
]

CLASSIFIER_CHECKS: list[Check] = [*PREDICTION_CHECKS, *FIT_CHECKS]


def check_probabilistic_classifier(
    estimator: Any,
    *,
    X: Any = None,
    y: ArrayLike | None = None,
    n_classes: int | None = None,
    dtype: DTypeLike | None = None,
    expected_failed_checks: Mapping[str, str] | None = None,
    on_fail: str | None = "raise",
) -> list[dict[str, Any]]:
    """
    Check what scikit-learn's estimator checks leave out: the probabilities of a classifier.

    Parameters
    ----------
    estimator : estimator object
        Classifier with ``predict_proba`` once it is fitted. Clones of it are fitted, some 15
        times; their ``random_state`` is 0 unless it is set to an integer.
    X : array-like, sparse matrix, data frame or list, default=None
        Rows to fit and to predict, for a classifier that needs certain columns or types; some
        50 of each class are enough. None: two, three and five classes, four positive numbers a
        row.
    y : array-like of shape (n_samples,), default=None
        Labels of `X`.
    n_classes : int, default=None
        The number of classes of a classifier that takes no other, such as a network with so many
        outputs; what needs other numbers is skipped. None: several numbers, as far as the tags of
        the classifier say that it takes them.
    dtype : NumPy dtype, default=None
        What `X` is converted to, such as ``numpy.float32`` for a network that takes no other.
        None: `X` as it is, or 64 bits.
    expected_failed_checks : dict, default=None
        Reasons by the name of the check, for checks that are known to fail.
    on_fail : {"raise", "warn"} or None, default="raise"
        What to do where a check fails: raise its error, warn, or neither.

    Returns
    -------
    list of dict
        One a check, with the keys of :func:`sklearn.utils.estimator_checks.check_estimator`:
        ``estimator``, ``check_name``, ``exception``, ``status`` ("passed", "failed", "xfail"
        or "skipped"), ``expected_to_fail`` and ``expected_to_fail_reason``.

    Raises
    ------
    AssertionError
        If a check fails and `on_fail` is "raise"; it says what was found and what that means.
        What the classifier itself raises is passed on.
    TypeError
        If `estimator` is a class, or no estimator, or `dtype` is none.
    ValueError
        If an argument is not one of its choices, or `y` has too few rows of a class, or fewer
        than `n_classes` classes.

    See Also
    --------
    parametrize_with_probability_checks : The same for pytest, one test a check.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skxent.testing import check_probabilistic_classifier
    >>> results = check_probabilistic_classifier(LogisticRegression(), on_fail=None)
    >>> [result["check_name"] for result in results if result["status"] == "failed"]
    []
    """
    return results_of(
        estimator,
        Subject(estimator, X, y, n_classes, dtype),
        CLASSIFIER_CHECKS,
        on_fail=on_fail,
        expected_failed_checks=expected_failed_checks,
    )


class _BoundCheck:
    """A check for pytest; it shares the fits of the other checks of the same estimator."""

    def __init__(self, check: Check, subject: Subject) -> None:
        self.check, self.subject = check, subject
        self.__name__ = name_of_check(check)

    def __call__(self, estimator: Any) -> None:
        subject = self.subject
        if estimator is not subject.estimator:
            subject = Subject(estimator, subject.X, subject.y, subject.n_classes, subject.dtype)
        run_check(self.check, subject)

    def __repr__(self) -> str:
        return self.__name__


def parametrize_with_probability_checks(
    estimators: Sequence[Any],
    *,
    X: Any = None,
    y: ArrayLike | None = None,
    n_classes: int | None = None,
    dtype: DTypeLike | None = None,
    expected_failed_checks: Callable[[Any], Mapping[str, str]] | None = None,
) -> Any:
    """
    Parametrize a test with the checks of `check_probabilistic_classifier`, for pytest.

    Parameters
    ----------
    estimators : list of estimator objects
        Classifiers to check.
    X, y : array-like, default=None
        Rows and labels for all of them, as in `check_probabilistic_classifier`.
    n_classes : int, default=None
        The only number of classes that they take, as in `check_probabilistic_classifier`.
    dtype : NumPy dtype, default=None
        What `X` is converted to, as in `check_probabilistic_classifier`.
    expected_failed_checks : callable, default=None
        Takes an estimator and returns a dict of reasons by the names of the checks that are
        known to fail, which are marked as such.

    Returns
    -------
    decorator : `pytest.mark.parametrize`
        For a test with the arguments `estimator` and `check`.

    Raises
    ------
    TypeError
        If one of `estimators` is a class, or no estimator.
    ValueError
        If `expected_failed_checks` names something that is no check.

    See Also
    --------
    check_probabilistic_classifier : All checks by one call, without pytest.

    Examples
    --------
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from skxent.testing import parametrize_with_probability_checks
    >>> @parametrize_with_probability_checks([GaussianNB()])
    ... def test_probabilities(estimator, check):
    ...     check(estimator)
    """
    import pytest

    def params() -> Iterator[Any]:
        for estimator in estimators:
            subject = Subject(estimator, X, y, n_classes, dtype)
            given = expected_failed_checks(estimator) if expected_failed_checks else None
            reasons = check_expected(given, CLASSIFIER_CHECKS, "expected_failed_checks")
            for check in CLASSIFIER_CHECKS:
                name = name_of_check(check)
                marks = [pytest.mark.xfail(reason=reasons[name])] if name in reasons else []
                which = " ".join(repr(estimator).split())[:60]
                yield pytest.param(
                    estimator, _BoundCheck(check, subject), marks=marks, id=f"{which}-{name}"
                )

    return pytest.mark.parametrize(("estimator", "check"), list(params()))
