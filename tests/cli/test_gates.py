"""Which figures fail a gate and which do not, at its limit and on both sides of it."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from skxent.cli._errors import FAILED, HELD, DataError
from skxent.cli._gates import gates_of_change, gates_of_comparison, gates_of_report, verdict_of

BELOW, EQUAL, ABOVE, NAN, INF = 0.25, 0.5, 0.75, math.nan, math.inf
OF_REPORT = ("fail_above", "fail_class_above", "fail_skill_below", "fail_e_value_above")
OF_COMPARISON = ("fail_if_worse", "fail_unless_within", "fail_class_if_worse")
OF_CHANGE = ("fail_if_worse", "fail_if_surprised")


def asked(names, **given):
    return SimpleNamespace(**dict.fromkeys(names) | given)


def report(loss=NAN, skill=NAN, e_value=NAN, classes=(NAN, NAN)):
    return SimpleNamespace(
        overall={"log_loss": loss, "skill": skill, "e_value": e_value},
        per_class={"log_loss": np.array(classes)},
        target_names=["cat", "owl"],
    )


def comparison(low=NAN, high=NAN, ends=(NAN, NAN), p=(NAN, NAN), level=0.95):
    """The last of three models is the one in question; the others would decide otherwise."""
    return SimpleNamespace(
        ci_low=np.array([NAN, -9.0, low]),
        ci_high=np.array([NAN, -8.0, high]),
        class_ci_low=np.array([[NAN, NAN], [-9.0, -9.0], ends]),
        class_adjusted_p=np.array([[NAN, NAN], [1.0, 1.0], p]),
        confidence_level=level,
        target_names=["cat", "owl"],
    )


def code(gates):
    return verdict_of(gates)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(BELOW, HELD), (EQUAL, HELD), (ABOVE, FAILED), (INF, FAILED), (-INF, HELD)],
)
def test_what_is_above_its_limit_fails_and_what_is_at_it_does_not(value, expected):
    of_report = [
        (asked(OF_REPORT, fail_above=EQUAL), report(loss=value)),
        (asked(OF_REPORT, fail_e_value_above=EQUAL), report(e_value=value)),
        (asked(OF_REPORT, fail_class_above=[("owl", EQUAL)]), report(classes=(9.0, value))),
        (asked(OF_REPORT, fail_class_above=[("", EQUAL)]), report(classes=(NAN, value))),
        (asked(OF_REPORT, fail_class_above=[("", EQUAL)]), report(classes=(value, 0.0))),
    ]
    found = [gates_of_report(*each) for each in of_report]
    found += [
        gates_of_comparison(asked(OF_COMPARISON, fail_if_worse=EQUAL), comparison(low=value)),
        gates_of_comparison(asked(OF_COMPARISON, fail_unless_within=EQUAL), comparison(high=value)),
        gates_of_change(
            asked(OF_CHANGE, fail_if_worse=EQUAL),
            SimpleNamespace(overall={"change_low": value, "surprise_low": NAN}),
        ),
        gates_of_change(
            asked(OF_CHANGE, fail_if_surprised=EQUAL),
            SimpleNamespace(overall={"change_low": NAN, "surprise_low": value}),
        ),
    ]
    assert [code(gates) for gates in found] == [expected] * 9


@pytest.mark.parametrize(
    ("skill", "expected"), [(BELOW, FAILED), (EQUAL, HELD), (ABOVE, HELD), (-INF, FAILED)]
)
def test_a_skill_fails_below_its_limit(skill, expected):
    gates = gates_of_report(asked(OF_REPORT, fail_skill_below=EQUAL), report(skill=skill))
    assert code(gates) == expected
    assert ("below" in gates[0].text) == (expected == FAILED)


@pytest.mark.parametrize(
    ("end", "p", "expected"),
    [
        (ABOVE, 0.01, FAILED),
        (ABOVE, 0.05, FAILED),  # as far out as the level asks for
        (ABOVE, 0.06, HELD),
        (EQUAL, 0.01, HELD),
        (BELOW, 0.01, HELD),
    ],
)
@pytest.mark.parametrize("name", ["", "owl"])
def test_a_class_is_worse_where_its_interval_is_above_and_not_by_chance(end, p, expected, name):
    options = asked(OF_COMPARISON, fail_class_if_worse=[(name, EQUAL)])
    found = comparison(ends=(0.0, end), p=(1.0, p), level=0.95)
    assert code(gates_of_comparison(options, found)) == expected


def test_another_class_fails_no_gate_of_a_named_one():
    options = asked(OF_COMPARISON, fail_class_if_worse=[("cat", EQUAL)])
    found = comparison(ends=(0.0, 9.0), p=(1.0, 0.0))
    assert code(gates_of_comparison(options, found)) == HELD
    options = asked(OF_REPORT, fail_class_above=[("cat", EQUAL)])
    assert code(gates_of_report(options, report(classes=(0.0, 9.0)))) == HELD


def test_chance_is_what_the_level_of_confidence_leaves():
    options = asked(OF_COMPARISON, fail_class_if_worse=[("", 0.0)])
    for level, expected in ((0.9, FAILED), (0.95, HELD)):
        found = comparison(ends=(0.1, 0.0), p=(0.07, 1.0), level=level)
        assert code(gates_of_comparison(options, found)) == expected


@pytest.mark.parametrize(
    ("gates_of", "options", "found"),
    [
        (gates_of_report, asked(OF_REPORT, fail_above=1.0), report()),
        (gates_of_report, asked(OF_REPORT, fail_skill_below=0.0), report()),
        (gates_of_report, asked(OF_REPORT, fail_e_value_above=20.0), report()),
        (gates_of_report, asked(OF_REPORT, fail_class_above=[("cat", 1.0)]), report()),
        (gates_of_report, asked(OF_REPORT, fail_class_above=[("", 1.0)]), report()),
        (gates_of_comparison, asked(OF_COMPARISON, fail_if_worse=0.0), comparison()),
        (gates_of_comparison, asked(OF_COMPARISON, fail_unless_within=0.0), comparison()),
        *(
            (
                gates_of_comparison,
                asked(OF_COMPARISON, fail_class_if_worse=[(c, 0.0)]),
                comparison(),
            )
            for c in ("cat", "")
        ),
        *(
            (
                gates_of_change,
                asked(OF_CHANGE, **{name: 0.0}),
                SimpleNamespace(overall={"change_low": NAN, "surprise_low": NAN}),
            )
            for name in OF_CHANGE
        ),
    ],
)
def test_what_is_not_known_passes_no_gate(gates_of, options, found):
    with pytest.raises(DataError, match="cannot be computed, so that its gate says nothing"):
        gates_of(options, found)


def test_one_gate_that_fails_is_enough(capsys):
    options = asked(OF_REPORT, fail_above=1.0, fail_skill_below=0.5, fail_e_value_above=20.0)
    gates = gates_of_report(options, report(loss=0.5, skill=0.1, e_value=1.0))
    assert [gate.failed for gate in gates] == [False, True, False]
    assert code(gates) == FAILED
    said = [line.split(": ")[1] for line in capsys.readouterr().err.splitlines()]
    assert said == ["held", "failed", "held"]
    assert code([]) == HELD
