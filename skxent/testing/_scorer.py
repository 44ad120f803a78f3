"""Check a scorer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from numpy.typing import ArrayLike

from skxent.testing._run import Check, results_of
from skxent.testing._scorer_checks import SCORER_CHECKS, ScorerSubject

__all__ = ["check_scorer"]

_CHECKS: list[Check] = [*SCORER_CHECKS]


def check_scorer(
    scorer: Callable[..., Any],
    *,
    labels: ArrayLike | None = None,
    expected_failed_checks: Mapping[str, str] | None = None,
    on_fail: str | None = "raise",
) -> list[dict[str, Any]]:
    """
    Check a scorer of probabilities: classes, folds, weights, and what tools expect of it.

    Parameters
    ----------
    scorer : callable
        ``scorer(estimator, X, y, sample_weight=None)`` returning a number, or a dict of
        numbers; greater is better.
    labels : array-like of shape (n_classes,), default=None
        The sorted labels to use, for a scorer that is made for certain labels or for a certain
        number of classes. None: two classes and three, with labels of several types.
    expected_failed_checks : dict, default=None
        Reasons by the name of the check, for checks that are known to fail.
    on_fail : {"raise", "warn"} or None, default="raise"
        What to do where a check fails: raise its error, warn, or neither.

    Returns
    -------
    list of dict
        As of `check_probabilistic_classifier`; ``estimator`` holds the scorer.

    Raises
    ------
    AssertionError
        If a check fails and `on_fail` is "raise"; it says what was found and what that means.
        What the scorer itself raises is passed on.
    TypeError
        If `scorer` is not callable.
    ValueError
        If an argument is not one of its choices.

    Examples
    --------
    >>> from skxent import log_loss, make_scorer
    >>> from skxent.testing import check_scorer
    >>> results = check_scorer(make_scorer(log_loss, base=2), on_fail=None)
    >>> [result["check_name"] for result in results if result["status"] == "failed"]
    []
    """
    return results_of(
        scorer,
        ScorerSubject(scorer, labels),
        _CHECKS,
        on_fail=on_fail,
        expected_failed_checks=expected_failed_checks,
    )
