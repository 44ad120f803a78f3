"""Results in a terminal that is narrower than most."""

import numpy as np
import pandas as pd
import pytest
from support.reports import quick

from skxent import compare_log_loss, log_loss_change, log_loss_report, log_loss_slices
from skxent._render._words import text_width


def rows():
    rng = np.random.default_rng(0)
    p = rng.dirichlet([1, 1, 1], 900)
    y = (p.cumsum(axis=1) < rng.random((900, 1))).sum(axis=1).clip(0, 2)
    where = rng.choice(["a", "b", "c"], 900)
    sharp = np.where(where[:, None] == "b", p**3, p)
    return y, p, sharp / sharp.sum(axis=1, keepdims=True), where


def results():
    y, p, q, where = rows()
    names = ["one", "two or more, and a long way to say it", "猫" * 20]
    change = log_loss_change(quick(y, p), quick(y, q), target_names=names)
    models = compare_log_loss(y, {"model": p, "other": q}, target_names=names)
    report = log_loss_report(y, p, target_names=names, n_null=0)  # calibrated: no lines to paste
    asked = log_loss_slices(y, q, pd.DataFrame({"where": where}), n_null=19)
    return {"change": change, "comparison": models, "report": report, "slices": asked}


RESULTS = results()
COLUMNS = {
    "change": ("ci_high", "share", "now", "loss now", "change", "prevalence", "surprise"),
    "comparison": ("support", "log_loss", "difference", "p_value", "adjusted_p"),
    "report": ("support", "ci_low", "p_value", "gain", "gain_low", "gain_high"),
    "slices": ("support", "share", "recalibrated", "expected", "gap", "z", "p_value"),
}


@pytest.mark.parametrize("kind", COLUMNS)
@pytest.mark.parametrize("width", range(40, 82, 3))
def test_every_table_keeps_to_the_width_and_loses_no_column(kind, width):
    lines = RESULTS[kind].to_text(width=width).splitlines()
    assert max(map(text_width, lines)) <= width
    heads = [
        line for line in lines if line.split(" ")[0] in {"all", "class", "map", "part", "slice"}
    ]
    said = " ".join(heads).split()
    assert all(word in said for name in COLUMNS[kind] for word in name.split())


def test_the_parts_of_a_table_say_of_each_name_the_same_as_the_whole():
    for kind in ("change", "slices"):
        whole, parted = (RESULTS[kind].to_text(width=width).splitlines() for width in (100, 60))
        first = {"change": "class", "slices": "slice"}[kind]
        at = next(i for i, line in enumerate(whole) if line.startswith(f"{first} "))
        starts = [i for i, line in enumerate(parted) if line.startswith(f"{first} ")]
        assert len(starts) == 2
        name = "one" if kind == "change" else "* where = b"
        (row,) = (line for line in whole[at:] if line.startswith(name))
        halves = [line for line in parted[starts[0] :] if line.startswith(name)]
        assert row.removeprefix(name).split() == [
            cell for half in halves for cell in half.removeprefix(name).split()
        ]


@pytest.mark.parametrize("width", [4, 0, -1])
@pytest.mark.parametrize("kind", RESULTS)
def test_a_width_without_room_for_a_name_leaves_none_out(kind, width):
    """As a terminal may say of itself before its window is there."""
    assert RESULTS[kind].to_text(width=width) == RESULTS[kind].to_text(width=5)
