"""Options of a report: which are taken, which refused, and what a seed decides."""

import math

import numpy as np
import pytest
from messages import message_of

from skxent import log_loss_report


def report_of(**options):
    y, p = [0, 1, 1, 0], [[0.5, 0.5], [0.25, 0.75], [0.5, 0.5], [0.9, 0.1]]
    return log_loss_report(y, p, recalibration=False, **{"n_null": 0, **options})


@pytest.mark.parametrize(
    ("option", "good", "bad"),
    [
        (
            "confidence_level",
            [0.5, np.float32(0.5)],
            [0, 1, 1.5, -0.5, True, "0.9", None, math.nan],
        ),
        ("n_null", [0, np.int64(1), 2], [-1, 1.0, True, "1", None]),
        (
            "random_state",
            [0, 2**32 - 1, np.uint8(3), np.random.RandomState(0), None],
            [-1, 2**32, 1.0, True, "0"],
        ),
        (
            "target_names",
            [("n", "y"), ["n", "y"], np.array(["n", "y"]), [1, 2]],
            ["ny", b"ny", {"n": 0, "y": 1}, {"n", "y"}, 2, ["n"], ["n", "y", "z"], ["n", "n"]],
        ),
    ],
)
def test_options_are_taken_or_refused_by_name(option, good, bad):
    for value in good:
        assert report_of(**{option: value, "n_null": value if option == "n_null" else 1})
    for value in bad:
        assert option in message_of(report_of, **{option: value})


def test_a_repeated_name_is_quoted():
    message = message_of(report_of, target_names=["a", "a"])
    assert "'a' is twice" in message
    y, p = [0, 1, 2], np.full((3, 3), 1 / 3)
    message = message_of(
        log_loss_report, y, p, target_names=["a", "b", "b"], recalibration=False, n_null=0
    )
    assert "'b' is twice" in message
    assert report_of(target_names=["n", "y"]).target_names == ("n", "y")


def test_draws_differ_unless_the_seed_is_the_same():
    """Draws without a seed, or from a generator that has moved on, are other draws."""
    y, p = np.resize([0, 1, 1], 60), np.linspace(0.1, 0.9, 60)

    def null_of(seed):
        report = log_loss_report(y, p, recalibration=False, n_null=5, random_state=seed)
        return report.per_class["miscalibration_null"][0]

    assert null_of(3) == null_of(3) != null_of(4)
    generator = np.random.RandomState(0)
    drawn = {null_of(generator) for _ in range(20)}
    assert len(drawn) == 20
    assert null_of(np.random.RandomState(0)) in drawn
    assert len({null_of(None) for _ in range(20)}) == 20
