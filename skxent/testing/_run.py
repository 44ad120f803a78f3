"""Run checks and keep what became of each, in the form of scikit-learn's `check_estimator`."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn
from unittest import SkipTest

import numpy as np
from sklearn.exceptions import EstimatorCheckFailedWarning

from skxent._intake._arguments import check_choice

__all__ = [
    "Check",
    "check_expected",
    "fail",
    "import_pandas",
    "meaning",
    "name_of_check",
    "results_of",
    "run_check",
    "same",
    "skip",
]

Check = Callable[[Any], None]


def fail(found: str) -> NoReturn:
    raise AssertionError(found)


def skip(reason: str) -> NoReturn:
    raise SkipTest(reason)


def same(found: Any, wanted: Any, tolerance: float = 1e-6) -> bool:
    """Whether two arrays or numbers are the same to rounding; infinities are like themselves."""
    return bool(
        np.shape(found) == np.shape(wanted)
        and np.allclose(found, wanted, rtol=tolerance, atol=tolerance, equal_nan=True)
    )


def import_pandas() -> Any:
    try:
        import pandas as pd
    except ImportError:
        skip("pandas is not installed.")
    return pd


def meaning(check: Check) -> str:
    """What a failure means to a user: the check's docstring, on one line."""
    return " ".join(inspect.cleandoc(check.__doc__ or "").split())


def name_of_check(check: Check) -> str:
    return str(getattr(check, "__name__", check))


def run_check(check: Check, subject: Any) -> None:
    """Run one check; an error says what was found, and what that means."""
    with warnings.catch_warnings():
        # What is checked is what comes out; a fit on few rows may well warn.
        warnings.simplefilter("ignore")
        try:
            check(subject)
        except SkipTest:
            raise
        except AssertionError as error:
            msg = f"{error}\n{meaning(check)}"
            raise AssertionError(msg) from error
        except Exception as error:
            error.add_note(meaning(check))
            raise


def check_expected(
    expected: Mapping[str, str] | None, checks: Sequence[Check], name: str
) -> dict[str, str]:
    """Reasons by the names of checks that are expected to fail."""
    known = [name_of_check(check) for check in checks]
    reasons = dict(expected or {})
    for given in reasons:
        if given not in known:
            msg = (
                f"{name} names {given!r}, which is not a check; the checks are {', '.join(known)}."
            )
            raise ValueError(msg)
    return reasons


def results_of(
    item: Any,
    subject: Any,
    checks: Sequence[Check],
    *,
    on_fail: str | None,
    expected_failed_checks: Mapping[str, str] | None,
) -> list[dict[str, Any]]:
    """
    Results of all checks on `subject`, which stands for `item`; see `check_estimator`.

    The keys are scikit-learn's, also where `item` is not an estimator.
    """
    check_choice(on_fail, "on_fail", ("raise", "warn", None))
    reasons = check_expected(expected_failed_checks, checks, "expected_failed_checks")
    results = []
    for check in checks:
        name = name_of_check(check)
        exception: Exception | None = None
        status = "passed"
        try:
            run_check(check, subject)
        except SkipTest as error:
            exception, status = error, "skipped"
        except Exception as error:
            if on_fail == "raise" and name not in reasons:
                raise
            exception, status = error, "xfail" if name in reasons else "failed"
        result = {
            "estimator": item,
            "check_name": name,
            "exception": exception,
            "status": status,
            "expected_to_fail": name in reasons,
            "expected_to_fail_reason": reasons.get(name, "Check is not expected to fail"),
        }
        if status == "failed" and on_fail == "warn":
            warnings.warn(EstimatorCheckFailedWarning(**result), stacklevel=3)
        results.append(result)
    return results
