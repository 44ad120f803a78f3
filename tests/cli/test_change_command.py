"""`skxent change`: what a change of the loss is made of, from files or saved sums."""

import json

import pytest

pytest.importorskip("pyarrow")
import pyarrow.parquet as pq
from predictions import CLASSES, proba_of, table

from skxent import log_loss_change, log_loss_report
from skxent.__main__ import main

BEFORE, AFTER = table(400, seed=0), table(300, seed=1)


def run(capsys, *arguments):
    code = main([str(a) for a in arguments])
    out, err = capsys.readouterr()
    return code, out, err


@pytest.fixture
def files(tmp_path):
    for found, name in ((BEFORE, "before"), (AFTER, "after")):
        pq.write_table(found, tmp_path / f"{name}.parquet")
    return tmp_path / "before.parquet", tmp_path / "after.parquet"


def expected(**options):
    reports = (
        log_loss_report(t["kind"].to_pylist(), proba_of(t), labels=CLASSES, n_null=0)
        for t in (BEFORE, AFTER)
    )
    return log_loss_change(*reports, **options)


def test_a_change_as_text_and_as_json(files, capsys):
    assert run(capsys, "change", *files, "--target", "kind") == (0, f"{expected()}\n", "")
    code, out, _ = run(capsys, "change", *files, "--target", "kind", "--base", 2, "--json")
    assert code == 0
    found = json.loads(out)["overall"]
    assert found["surprise"] == pytest.approx(expected(base=2).overall["surprise"], abs=1e-12)


def test_saved_sums_say_the_same(files, tmp_path, capsys):
    saved = []
    for path in files:
        saved.append(tmp_path / path.stem)
        run(capsys, "report", path, "--target", "kind", "--save", saved[-1])
    code, out, _ = run(capsys, "change", *saved)
    assert (code, out) == (0, f"{expected()}\n")


def test_markdown_and_a_page(files, tmp_path, capsys):
    page = tmp_path / "page.html"
    code, out, _ = run(capsys, "change", *files, "--target", "kind", "--md", "--html", page)
    assert code == 0
    assert expected().verdict.split(":")[0] in out
    assert "| within, surprise |" in out
    assert "What it is made of" in page.read_text(encoding="utf-8")


def test_gates_of_a_change(files, capsys):
    low = expected().overall["change_low"]
    gates = ["--fail-if-worse", low - 0.01, "--fail-if-surprised", 10]
    code, _, err = run(capsys, "change", *files, "--target", "kind", *gates)
    assert code == 1
    assert "failed: the lower end of the change" in err
    assert "held: the lower end of the surprise" in err
    gates[1] = low + 0.01
    assert run(capsys, "change", *files, "--target", "kind", *gates)[0] == 0


def test_a_file_beside_itself_has_no_change(files, capsys):
    code, _, err = run(capsys, "change", files[0], files[0], "--target", "kind")
    assert code == 2
    assert "BEFORE and AFTER are both" in err
