"""How far a table goes from a public function to the number: downwards, through few rooms."""

import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

import skxent
from skxent import log_loss

ROOT = Path(skxent.__file__).parent
Y, PROBA = np.resize([0, 1, 2], 100), np.full((100, 3), [0.5, 0.25, 0.25])


def files_that_hold(proba, call):
    """Files of the package, in the order in which they first get the table or rows of it."""
    found = []

    def holds(value):
        numbers = getattr(value, "array", value)  # those of a table that is checked when read
        return isinstance(numbers, np.ndarray) and np.may_share_memory(numbers, proba)

    def look(frame, event, _):
        path = Path(frame.f_code.co_filename)
        if event == "call" and path.is_relative_to(ROOT):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            if name not in found and any(map(holds, frame.f_locals.values())):
                found.append(name)

    before = sys.getprofile()
    sys.setprofile(look)
    try:
        call()
    finally:
        sys.setprofile(before)
    return found


def floors(container):
    """How far below the top import-linter has the parts of a package."""
    path = ROOT.parent / "pyproject.toml"
    if not path.exists():
        pytest.skip("the layers are written down in the repository")
    linter = tomllib.loads(path.read_text(encoding="utf-8"))["tool"]["importlinter"]
    layers = next(c["layers"] for c in linter["contracts"] if c.get("containers") == [container])
    return {name: i for i, layer in enumerate(layers) for name in layer.split(" : ")}


@pytest.mark.parametrize("options", [{}, {"average": None, "labels": [2, 0, 1]}, {"base": 2}])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_probabilities_go_down_through_five_files_at_most(dtype, options):
    proba = PROBA.astype(dtype)
    walk = files_that_hold(proba, lambda: log_loss(Y, proba, **options))
    assert (walk[0], walk[-1]) == ("metrics._log_loss", "_backend._numpy")
    assert len(walk) <= 5, walk
    house, intake = floors("skxent"), floors("skxent._intake")
    rooms = [name.partition(".")[::2] for name in walk]
    depths = [(house[room], intake[part] if room == "_intake" else 0) for room, part in rooms]
    assert depths == sorted(depths), walk
