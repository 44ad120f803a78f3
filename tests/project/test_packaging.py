"""What pyproject.toml promises of other libraries is what is tested."""

import re
import tomllib
from pathlib import Path

import pytest

PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
NEEDED = PROJECT["project"]["dependencies"]
EXTRAS = PROJECT["project"]["optional-dependencies"]
TOX = PROJECT["tool"]["tox"]["env"]


def bounds(requirements, sign):
    """Versions by name, without what follows the last number that is not 0."""
    found = {}
    for requirement in requirements:
        match = re.match(rf"([\w-]+)(?:\[[^]]*\])?{sign}([\d.]+)", requirement)
        if match:
            found[match[1]] = re.sub(r"(\.0?)+$", "", match[2])
    return found


def test_the_oldest_versions_that_are_tested_are_those_that_are_promised():
    tested = bounds(TOX["oldest"]["deps"], "==")
    assert bounds(NEEDED, ">=").items() <= tested.items()
    promised = bounds(EXTRAS["test"], ">=")
    assert {name: promised[name] for name in tested if name in promised}.items() <= tested.items()


@pytest.mark.parametrize("extra", sorted(set(EXTRAS) - {"spark", "dask"}))
def test_an_extra_asks_for_no_other_version_than_the_tests_do(extra):
    """Clusters have needs of their own."""
    promised = bounds(EXTRAS["test"], ">=")
    own = bounds(EXTRAS[extra], ">=")
    assert {name: own[name] for name in own if name in promised}.items() <= promised.items()


def test_what_must_never_break_runs_the_oldest_the_newest_and_the_barest():
    script = (Path(__file__).parents[2] / ".ci" / "run").read_text(encoding="utf-8")
    (environments,) = re.findall(r"tox run-parallel .* -e (\S+)", script)
    assert {"oldest", "newest", "bare"} <= set(environments.split(",")) <= set(TOX)
