"""Which figures fail a gate and which do not, at its limit and on both sides of it."""

import argparse
import math
from types import SimpleNamespace

import numpy as np
import pytest

from skxent.cli._errors import FAILED, HELD, DataError, UsageError
from skxent.cli._gates import (
    add_change_gates,
    add_comparison_gates,
    add_report_gates,
    gates_of_change,
    gates_of_comparison,
    gates_of_report,
    verdict_of,
)

BELOW, EQUAL, ABOVE, NAN, INF = 0.25, 0.5, 0.75, math.nan, math.inf
OF_REPORT, OF_COMPARISON, OF_CHANGE = add_report_gates, add_comparison_gates, add_change_gates


def asked(add, *arguments):
    """The options of a command with these arguments."""
    parser = argparse.ArgumentParser()
    add(parser)
    return parser.parse_args(arguments)


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
        (asked(OF_REPORT, "--fail-above=0.5"), report(loss=value)),
        (asked(OF_REPORT, "--fail-e-value-above=0.5"), report(e_value=value)),
        (asked(OF_REPORT, "--fail-class-above=owl=0.5"), report(classes=(9.0, value))),
        (asked(OF_REPORT, "--fail-class-above=0.5"), report(classes=(NAN, value))),
        (asked(OF_REPORT, "--fail-class-above=0.5"), report(classes=(value, 0.0))),
    ]
    found = [gates_of_report(*each) for each in of_report]
    found += [
        gates_of_comparison(asked(OF_COMPARISON, "--fail-if-worse=0.5"), comparison(low=value)),
        gates_of_comparison(
            asked(OF_COMPARISON, "--fail-unless-within=0.5"), comparison(high=value)
        ),
        gates_of_change(
            asked(OF_CHANGE, "--fail-if-worse=0.5"),
            SimpleNamespace(overall={"change_low": value, "surprise_low": NAN}),
        ),
        gates_of_change(
            asked(OF_CHANGE, "--fail-if-surprised=0.5"),
            SimpleNamespace(overall={"change_low": NAN, "surprise_low": value}),
        ),
    ]
    assert [len(gates) for gates in found] == [1] * 9
    assert [code(gates) for gates in found] == [expected] * 9


@pytest.mark.parametrize(
    ("skill", "expected"), [(BELOW, FAILED), (EQUAL, HELD), (ABOVE, HELD), (-INF, FAILED)]
)
def test_a_skill_fails_below_its_limit(skill, expected):
    gates = gates_of_report(asked(OF_REPORT, "--fail-skill-below=0.5"), report(skill=skill))
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
@pytest.mark.parametrize("name", ["", "owl="])
def test_a_class_is_worse_where_its_interval_is_above_and_not_by_chance(end, p, expected, name):
    options = asked(OF_COMPARISON, f"--fail-class-if-worse={name}0.5")
    found = comparison(ends=(0.0, end), p=(1.0, p), level=0.95)
    assert code(gates_of_comparison(options, found)) == expected


def test_classes_of_which_some_are_not_known_are_judged_by_the_others():
    options = asked(OF_COMPARISON, "--fail-class-if-worse=0")
    for end, expected in ((0.1, FAILED), (0.0, HELD)):
        found = comparison(ends=(NAN, end), p=(NAN, 0.01))
        assert code(gates_of_comparison(options, found)) == expected


def test_a_gate_that_holds_says_of_whom_nothing_is_known():
    worse = asked(OF_COMPARISON, "--fail-class-if-worse=0", "--fail-class-if-worse=owl=0")
    gates = gates_of_comparison(worse, comparison(ends=(NAN, 0.0), p=(NAN, 1.0)))
    assert [gate.text.partition(", as far")[0] for gate in gates] == [
        "no class is worse by more than 0 beyond chance",
        "class owl is not worse by more than 0 beyond chance",
    ]
    assert gates[0].text.endswith("of cat there are too few rows")
    above = asked(OF_REPORT, "--fail-class-above=1")
    (gate,) = gates_of_report(above, report(classes=(0.5, NAN)))
    assert gate.text.startswith("no class has a log loss above 1, as far")
    assert gate.text.endswith("of owl there are too few rows")
    (gate,) = gates_of_report(above, report(classes=(0.5, 0.5)))
    assert gate.text == "no class has a log loss above 1"


def test_a_difference_beyond_chance_has_no_limit_below_zero(capsys):
    with pytest.raises(SystemExit):
        asked(OF_COMPARISON, "--fail-class-if-worse=-0.1")
    assert "argument --fail-class-if-worse: " in capsys.readouterr().err


def test_a_class_that_there_is_not_is_no_gate():
    with pytest.raises(UsageError, match="--fail-class-above: there is no class 'cow'"):
        gates_of_report(asked(OF_REPORT, "--fail-class-above=cow=1"), report())
    with pytest.raises(UsageError, match="--fail-class-if-worse: there is no class 'cow'"):
        gates_of_comparison(asked(OF_COMPARISON, "--fail-class-if-worse=cow=1"), comparison())


def test_no_gate_is_asked_for_by_default():
    parser = argparse.ArgumentParser()
    add_report_gates(parser, e_value=False)
    assert gates_of_report(parser.parse_args([]), report()) == []
    assert gates_of_report(asked(OF_REPORT), report()) == []
    assert gates_of_comparison(asked(OF_COMPARISON), comparison()) == []
    assert gates_of_change(asked(OF_CHANGE), SimpleNamespace(overall={})) == []


@pytest.mark.parametrize("limit", ["x", "nan", "1_0", "cat=nan"])
def test_a_limit_that_nothing_is_above_is_refused(limit, capsys):
    for add, option in ((OF_REPORT, "--fail-class-above"), (OF_CHANGE, "--fail-if-worse")):
        with pytest.raises(SystemExit):
            asked(add, option, limit)
        assert f"argument {option}: " in capsys.readouterr().err


def test_a_class_may_be_called_as_an_equation():
    gates = asked(OF_REPORT, "--fail-class-above=a=b=1").fail_class_above
    assert gates == [("a=b", 1.0)]


def test_another_class_fails_no_gate_of_a_named_one():
    options = asked(OF_COMPARISON, "--fail-class-if-worse=cat=0.5")
    found = comparison(ends=(0.0, 9.0), p=(1.0, 0.0))
    assert code(gates_of_comparison(options, found)) == HELD
    options = asked(OF_REPORT, "--fail-class-above=cat=0.5")
    assert code(gates_of_report(options, report(classes=(0.0, 9.0)))) == HELD


def test_chance_is_what_the_level_of_confidence_leaves():
    options = asked(OF_COMPARISON, "--fail-class-if-worse=0.0")
    for level, expected in ((0.9, FAILED), (0.95, HELD)):
        found = comparison(ends=(0.1, 0.0), p=(0.07, 1.0), level=level)
        assert code(gates_of_comparison(options, found)) == expected


@pytest.mark.parametrize(
    ("gates_of", "options", "found"),
    [
        (gates_of_report, asked(OF_REPORT, "--fail-above=1.0"), report()),
        (gates_of_report, asked(OF_REPORT, "--fail-skill-below=0.0"), report()),
        (gates_of_report, asked(OF_REPORT, "--fail-e-value-above=20.0"), report()),
        (gates_of_report, asked(OF_REPORT, "--fail-class-above=cat=1.0"), report()),
        (gates_of_report, asked(OF_REPORT, "--fail-class-above=1.0"), report()),
        (gates_of_comparison, asked(OF_COMPARISON, "--fail-if-worse=0.0"), comparison()),
        (gates_of_comparison, asked(OF_COMPARISON, "--fail-unless-within=0.0"), comparison()),
        *(
            (
                gates_of_comparison,
                asked(OF_COMPARISON, f"--fail-class-if-worse={c}0"),
                comparison(),
            )
            for c in ("cat=", "")
        ),
        *(
            (
                gates_of_change,
                asked(OF_CHANGE, f"{name}=0"),
                SimpleNamespace(overall={"change_low": NAN, "surprise_low": NAN}),
            )
            for name in ("--fail-if-worse", "--fail-if-surprised")
        ),
    ],
)
def test_what_is_not_known_passes_no_gate(gates_of, options, found):
    with pytest.raises(DataError, match="cannot be computed, so that its gate says nothing"):
        gates_of(options, found)


def test_one_gate_that_fails_is_enough(capsys):
    options = asked(
        OF_REPORT, "--fail-above=1.0", "--fail-skill-below=0.5", "--fail-e-value-above=20.0"
    )
    gates = gates_of_report(options, report(loss=0.5, skill=0.1, e_value=1.0))
    assert [gate.failed for gate in gates] == [False, True, False]
    assert code(gates) == FAILED
    said = [line.split(": ")[1] for line in capsys.readouterr().err.splitlines()]
    assert said == ["held", "failed", "held"]
    assert code([]) == HELD
