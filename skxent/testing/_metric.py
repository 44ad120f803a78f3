"""Check a metric."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from skxent.testing._metric_checks import METRIC_CHECKS, MetricSubject
from skxent.testing._run import Check, results_of

__all__ = ["check_metric"]

_CHECKS: list[Check] = [*METRIC_CHECKS]


def check_metric(
    metric: Callable[..., Any],
    *,
    inputs: str = "labels",
    greater_is_better: bool = False,
    infinite: bool | None = None,
    expected_failed_checks: Mapping[str, str] | None = None,
    on_fail: str | None = "raise",
) -> list[dict[str, Any]]:
    """
    Check a metric of probabilities: weights, orders, labels, types, and what it refuses.

    Parameters
    ----------
    metric : callable
        ``metric(y_true, y_proba, ...)`` returning a number. What it does with
        `sample_weight`, `labels` and `base` is checked if it takes them.
    inputs : {"labels", "positive", "one_hot", "soft"}, default="labels"
        What to pass: "labels" and a column of probabilities for each class; labels of two
        classes and the probability of the "positive" one; "one_hot" rows, or "soft" ones, in
        the place of the labels.
    greater_is_better : bool, default=False
        Whether the metric is a score, and not a loss.
    infinite : bool or None, default=None
        Whether the value is infinite where what happened had probability 0: as its
        documentation says, or None if it does not.
    expected_failed_checks : dict, default=None
        Reasons by the name of the check, for checks that are known to fail.
    on_fail : {"raise", "warn"} or None, default="raise"
        What to do where a check fails: raise its error, warn, or neither.

    Returns
    -------
    list of dict
        As of `check_probabilistic_classifier`; ``estimator`` holds the metric.

    Raises
    ------
    AssertionError
        If a check fails and `on_fail` is "raise"; it says what was found and what that means.
        What the metric itself raises is passed on.
    TypeError
        If `metric` is not callable.
    ValueError
        If an argument is not one of its choices.

    Examples
    --------
    >>> from skxent import cross_entropy
    >>> from skxent.testing import check_metric
    >>> results = check_metric(cross_entropy, infinite=True, on_fail=None)
    >>> [result["check_name"] for result in results if result["status"] == "failed"]
    []
    """
    return results_of(
        metric,
        MetricSubject(metric, inputs, greater_is_better, infinite),
        _CHECKS,
        on_fail=on_fail,
        expected_failed_checks=expected_failed_checks,
    )
