"""Reports, comparisons and gates over files: what is written where, and exit codes."""

import html
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq
import pytest
from predictions import CLASSES, proba_of, table, with_null, with_value
from reports import same

from skxent import (
    GroupedLogLossAccumulator,
    LogLossAccumulator,
    LogLossComparison,
    LogLossComparisonAccumulator,
    LogLossReport,
    LogLossSlices,
    compare_log_loss,
    log_loss_report,
    log_loss_slices,
)
from skxent.__main__ import main

TABLE = table(400).drop_columns("other")
ORDER = np.random.default_rng(0).permutation(400)
Q = proba_of(TABLE) ** 0.2
Q /= Q.sum(axis=1, keepdims=True)
READ = ["--target", "kind", "--weight", "w"]


def worse():
    """Less sure predictions of the same rows, in another order."""
    found = TABLE
    for i, c in enumerate(CLASSES):
        found = found.set_column(found.column_names.index(f"p_{c}"), f"p_{c}", pa.array(Q[:, i]))
    return found.take(ORDER)


@pytest.fixture
def old(tmp_path):
    pq.write_table(TABLE, tmp_path / "old.parquet")
    return str(tmp_path / "old.parquet")


@pytest.fixture
def new(tmp_path):
    pq.write_table(worse(), tmp_path / "new.parquet")
    return str(tmp_path / "new.parquet")


def expected(**options):
    return log_loss_report(
        TABLE["kind"].to_pylist(),
        proba_of(TABLE),
        labels=CLASSES,
        sample_weight=TABLE["w"].to_numpy(),
        **options,
    )


def run(capsys, *arguments):
    code = main([str(a) for a in arguments])
    out, err = capsys.readouterr()
    return code, out, err


def test_a_report_as_text(old, capsys):
    code, out, err = run(capsys, "report", old, *READ, "--base", "2")
    assert (code, err) == (0, "")
    assert out == f"{expected(base=2)}\n"


def test_lines_to_paste_define_what_they_speak_of(new, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    _, text, _ = run(capsys, "report", new, *READ)
    lines = re.search(r"^# with --json=.*?\n\n", text, re.MULTILINE | re.DOTALL)[0]
    assert lines.startswith("# with --json=report.json\n")
    assert run(capsys, "report", new, *READ, "--json=report.json")[0] == 0
    known = {"y_new": TABLE["kind"].to_pylist(), "y_proba_new": Q}
    exec(lines, known)
    saved = LogLossReport.from_json(Path("report.json").read_text())
    np.testing.assert_array_equal(known["better"], saved.recalibrator().predict_proba(Q))


def test_lines_to_paste_of_a_page_name_the_file_that_was_written(new, tmp_path, capsys):
    page, written = tmp_path / "a.html", tmp_path / "it's.json"
    assert run(capsys, "report", new, *READ, "--html", page, f"--json={written}")[0] == 0
    lines = html.unescape(re.search("<pre>(.*?)</pre>", page.read_text(), re.DOTALL)[1])
    known = {"y_new": TABLE["kind"].to_pylist(), "y_proba_new": Q}
    exec(lines, known)
    assert "better" in known


def test_a_report_as_json_is_read_again(old, capsys):
    code, out, _ = run(capsys, "report", old, *READ, "--json")
    assert code == 0
    assert same(LogLossReport.from_json(out), expected(), rel=1e-12)


def test_options_reach_the_report(old, capsys):
    options = ["--labels", "owl,bee,ape,lynx", "--groups", "patient", "--row-ids", "id"]
    more = ["--confidence-level", ".9", "--no-recalibration", "--json"]
    code, out, _ = run(capsys, "report", old, *READ, *options, *more)
    found = LogLossReport.from_json(out)
    assert code == 0
    assert found.labels.tolist() == ["owl", "bee", "ape", "lynx"]
    assert found.confidence_level == 0.9
    assert found.recalibration is None
    assert found.about.n_groups == 80
    assert min(found.worst_rows["row"]) >= 1000


def test_labels_are_typed_as_those_of_the_file(tmp_path, capsys):
    data = table(60, labels=[0, 1, 2]).drop_columns("other")
    pq.write_table(data, tmp_path / "a.parquet")
    code, out, _ = run(
        capsys, "report", tmp_path / "a.parquet", "--target", "kind", "--labels", "2,1,0", "--json"
    )
    assert code == 0
    assert json.loads(out)["labels"] == [2, 1, 0]


def test_all_files_at_once(old, tmp_path, capsys):
    names = {name: tmp_path / f"report.{name}" for name in ("json", "md", "html")}
    saved = tmp_path / "sums.skxent"
    options = [f"--{name}={path}" for name, path in names.items()]
    code, out, err = run(capsys, "report", old, *READ, *options, "--save", saved)
    assert (code, out) == (0, "")
    assert err.splitlines() == [f"wrote {path}" for path in (*names.values(), saved)]
    assert same(LogLossReport.from_json(names["json"].read_text()), expected(), rel=1e-12)
    assert "| lynx |" in names["md"].read_text()
    assert "<title>Log loss of" in names["html"].read_text()
    assert LogLossAccumulator.load(saved).n_samples == 400


def test_standard_input_and_output(old):
    content = pa.BufferOutputStream()
    arrow_csv.write_csv(TABLE, content)
    done = subprocess.run(
        [sys.executable, "-m", "skxent", "report", "-", *READ, "--json", "--no-recalibration"],
        input=content.getvalue().to_pybytes(),
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert same(LogLossReport.from_json(done.stdout), expected(recalibration=False), rel=1e-9)


def test_saved_sums_are_merged_and_reported(tmp_path, capsys):
    parts = []
    for i in range(4):
        path = tmp_path / f"{i}.csv"
        arrow_csv.write_csv(TABLE[100 * i : 100 * (i + 1)], path)
        parts.append(tmp_path / f"{i}.skxent")
        code, _, _ = run(capsys, "report", path, *READ, "--save", parts[-1], "--no-recalibration")
        assert code == 0
    code, out, err = run(capsys, "merge", *parts, "--save", tmp_path / "week")
    assert (code, out) == (0, "")
    assert err == f"4 parts, 400 rows\nwrote {tmp_path / 'week'}\n"
    for saved in ([tmp_path / "week"], parts):
        code, out, _ = run(capsys, "report", *saved, "--json")
        assert code == 0
        assert same(LogLossReport.from_json(out), expected(), rel=1e-9, but={"recoverable"})


def test_saved_sums_keep_their_base_unless_another_is_asked_for(old, tmp_path, capsys):
    saved = tmp_path / "sums"
    assert run(capsys, "report", old, *READ, "--base", "2", "--save", saved)[0] == 0
    for options, base in (([], 2.0), (["--base", "10"], 10.0)):
        _, out, _ = run(capsys, "report", saved, *options, "--json")
        assert json.loads(out)["base"] == base


def test_saved_sums_and_predictions_do_not_go_together(old, tmp_path, capsys):
    LogLossAccumulator(CLASSES).save(tmp_path / "sums")
    code, out, err = run(capsys, "report", old, tmp_path / "sums", *READ)
    assert (code, out) == (2, "")
    assert "holds saved sums, and others predictions" in err


def test_saved_comparisons_are_merged(tmp_path, capsys):
    one = LogLossComparisonAccumulator(CLASSES)
    y = TABLE["kind"].to_pylist()
    one.update(y, {"old": proba_of(TABLE), "new": Q})
    one.save(tmp_path / "a")
    one.save(tmp_path / "b")
    code, _, err = run(capsys, "merge", tmp_path / "a", tmp_path / "b", "--save", tmp_path / "c")
    assert code == 0
    assert err.startswith("2 parts, 800 rows\n")
    LogLossComparisonAccumulator.load(tmp_path / "c")


def sums(folder, names="ab"):
    """Saved sums of a hundred rows each."""
    for i, name in enumerate(names):
        part = TABLE[100 * i : 100 * (i + 1)]
        LogLossAccumulator(CLASSES).update_from(part, y="kind").save(folder / f"{name}.skx")
    return [folder / f"{name}.skx" for name in names]


@pytest.mark.parametrize("pattern", [False, True])
@pytest.mark.parametrize("command", ["merge", "report"])
def test_saved_sums_are_not_written_over(command, pattern, tmp_path, capsys):
    parts = sums(tmp_path)
    before = [part.read_bytes() for part in parts]
    given = [tmp_path / "?.skx"] if pattern else parts
    code, out, err = run(capsys, command, *given, "--save", parts[0])
    assert (code, out) == (2, "")
    assert f"{str(parts[0])!r} would be written over" in err
    assert [part.read_bytes() for part in parts] == before


def test_data_of_a_folder_are_not_written_over(old, tmp_path, capsys):
    before = Path(old).read_bytes()
    code, _, err = run(capsys, "report", tmp_path, *READ, "--save", old)
    assert code == 2
    assert "would be written over" in err
    assert Path(old).read_bytes() == before


@pytest.mark.parametrize("again", ["a.skx", "../{folder}/a.skx", "?.skx"])
@pytest.mark.parametrize("command", ["merge", "report"])
def test_a_file_counts_once(command, again, tmp_path, capsys):
    a, _ = sums(tmp_path)
    again = tmp_path / again.format(folder=tmp_path.name)
    code, _, err = run(capsys, command, a, again, "--save", tmp_path / "c")
    assert code == 2
    assert "is named twice" in err
    assert not (tmp_path / "c").exists()


@pytest.mark.parametrize("again", ["{folder}/old.parquet", "file://{folder}/old.parquet"])
def test_a_file_of_a_folder_counts_once(again, old, tmp_path, capsys):
    code, _, err = run(capsys, "report", tmp_path, again.format(folder=tmp_path), *READ)
    assert (code, err.count("is named twice: its rows would count twice")) == (2, 1)


def test_a_pattern_of_saved_sums(tmp_path, capsys):
    sums(tmp_path)
    code, _, err = run(capsys, "merge", tmp_path / "?.skx", "--save", tmp_path / "week")
    assert (code, err.splitlines()[0]) == (0, "2 parts, 200 rows")
    for saved in ("?.skx", "week"):
        code, out, _ = run(capsys, "report", tmp_path / saved, "--json", "--no-recalibration")
        assert code == 0
        assert json.loads(out)["overall"]["n_samples"] == 200


@pytest.mark.parametrize(
    "option",
    [
        ["--weight", "w"],
        ["--groups", "patient"],
        ["--labels", "owl,bee,ape,lynx"],
        ["--proba", "q_*"],
        ["--nulls", "drop"],
        ["--logits"],
        ["--renormalize"],
    ],
)
@pytest.mark.parametrize("command", ["report", "change"])
def test_saved_sums_have_no_columns_to_choose(command, option, tmp_path, capsys):
    code, out, err = run(capsys, command, *sums(tmp_path), *option)
    assert (code, out) == (2, "")
    assert err.startswith(f"skxent: {option[0]} is for files of predictions: saved sums ")


def test_saved_sums_have_no_names_of_rows_to_choose(tmp_path, capsys):
    code, _, err = run(capsys, "report", *sums(tmp_path), "--row-ids", "id")
    assert code == 2
    assert "--row-ids is for files of predictions" in err


def test_options_of_columns_are_for_the_predictions_beside_saved_sums(old, tmp_path, capsys):
    saved = sums(tmp_path)[0]
    assert run(capsys, "change", saved, old, *READ)[0] == 0


@pytest.mark.parametrize("command", ["merge", "report"])
def test_a_pattern_that_no_saved_sum_matches(command, tmp_path, capsys):
    code, _, err = run(capsys, command, tmp_path / "?.skx", "--save", tmp_path / "c")
    assert code == 2
    assert err == f"skxent: {tmp_path / '?.skx'}: no file matches the pattern.\n"


# Comparisons.


def test_a_comparison_joins_rows_by_their_names(old, new, capsys, tmp_path):
    saved = tmp_path / "sums"
    code, out, err = run(
        capsys, "compare", old, new, *READ, "--on", "id", "--json", "--save", saved
    )
    found = LogLossComparison.from_json(out)
    whole = compare_log_loss(
        TABLE["kind"].to_pylist(),
        {"old": proba_of(TABLE), "new": Q},
        labels=CLASSES,
        sample_weight=TABLE["w"].to_numpy(),
    )
    assert (code, err) == (0, f"wrote {saved}\n")
    np.testing.assert_allclose(found.class_ci_low, whole.class_ci_low, rtol=1e-9)
    np.testing.assert_allclose(found.difference, whole.difference, rtol=1e-9)
    assert LogLossComparisonAccumulator.load(saved).n_samples == 400


@pytest.mark.parametrize(
    ("gate", "code", "said"),
    [
        (["--fail-if-worse", "0"], 1, "failed: the lower end of the difference is .*, above 0"),
        (["--fail-if-worse", ".5"], 0, "held: the lower end of the difference is .*, at most 0.5"),
        (["--fail-unless-within", ".1"], 1, "failed: the upper end of the difference"),
        (["--fail-unless-within", ".5"], 0, "held: the upper end of the difference"),
        (["--fail-class-if-worse", "0"], 1, "failed: the lower end .* of class lynx"),
        (["--fail-class-if-worse", "1"], 0, "held: no class is worse by more than 1"),
        (["--fail-class-if-worse", "lynx=0"], 1, "failed: the lower end .* of class lynx"),
        (["--fail-class-if-worse", "lynx=1"], 0, "held: class lynx is not worse by more than 1"),
        (
            ["--fail-class-if-worse", "1", "--fail-class-if-worse", "lynx=0"],
            1,
            "failed: the lower end .* of class lynx",
        ),
    ],
)
def test_gates_of_a_comparison(gate, code, said, old, new, capsys):
    found, out, err = run(capsys, "compare", old, new, *READ, "--on", "id", *gate)
    assert found == code
    assert out.startswith("old is better than new")
    assert re.search(f"^skxent: {said}", err, re.MULTILINE)


def test_nothing_changes_between_equal_files(old, tmp_path, capsys):
    pq.write_table(TABLE.take(ORDER), tmp_path / "same.parquet")
    arguments = ("compare", old, tmp_path / "same.parquet", *READ, "--on", "id")
    assert run(capsys, *arguments, "--fail-if-worse", "0", "--fail-unless-within", "0")[0] == 0


# Gates of a report.


@pytest.mark.parametrize(
    ("gate", "code", "said"),
    [
        (["--fail-above", ".1"], 1, "failed: the log loss is .*, above 0.1"),
        (["--fail-above", "2"], 0, "held: the log loss is .*, at most 2"),
        (["--fail-class-above", "2"], 0, "held: no class has a log loss above 2"),
        (["--fail-class-above", ".1"], 1, "failed: the log loss of class owl is .*, above 0.1"),
        (["--fail-class-above", "owl=2"], 0, "held: the log loss of class owl is"),
        (["--fail-class-above", "owl=.1"], 1, "failed: the log loss of class owl is"),
        (["--fail-skill-below", ".1"], 0, "held: the skill is .*, at least 0.1"),
        (["--fail-skill-below", ".9"], 1, "failed: the skill is .*, below 0.9"),
        (["--fail-e-value-above", "20"], 0, "held: the e-value is .*, at most 20"),
        (["--fail-e-value-above", "0"], 1, "failed: the e-value is .*, above 0"),
        (["--fail-above", "2", "--fail-skill-below", ".9"], 1, "held: the log loss"),
    ],
)
def test_gates_of_a_report(gate, code, said, old, capsys):
    found, out, err = run(capsys, "report", old, "--target", "kind", *gate)
    assert found == code
    assert "class support" in out  # what was asked for is there, also where a gate fails
    assert re.search(f"^skxent: {said}", err, re.MULTILINE)


@pytest.mark.parametrize("gate", ["cow=1", "owl=x", "x", "nan", "owl=NaN"])
def test_gates_that_mean_nothing(gate, old, capsys):
    try:
        code = main(["report", old, *READ, "--fail-class-above", gate])
    except SystemExit as stopped:  # before anything is read
        code = stopped.code
    assert code == 2
    assert re.match("skxent: (argument )?--fail-class-above: ", capsys.readouterr().err)


@pytest.mark.parametrize(
    ("command", "gate"),
    [
        ("report", "--fail-above"),
        ("report", "--fail-skill-below"),
        ("report", "--fail-e-value-above"),
        ("compare", "--fail-if-worse"),
        ("compare", "--fail-unless-within"),
        ("compare", "--fail-class-if-worse"),
        ("change", "--fail-if-worse"),
        ("change", "--fail-if-surprised"),
        ("fit", "--fail-above"),
    ],
)
def test_a_gate_that_nothing_could_fail_is_no_gate(command, gate, capsys):
    files = {"compare": ["a", "b", "--on", "id"], "change": ["a", "b"]}.get(command, ["a"])
    with pytest.raises(SystemExit) as stopped:
        main([command, *files, "--target", "y", gate, "nan"])
    assert stopped.value.code == 2
    assert f"argument {gate}: 'nan' is no number" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--fail-above", "--base"])
def test_a_limit_is_a_number_as_one_in_a_file_is(option, capsys):
    """Python alone takes 1_000 for a thousand."""
    with pytest.raises(SystemExit) as stopped:
        main(["report", "a", "--target", "y", option, "1_000"])
    assert stopped.value.code == 2
    assert f"argument {option}: '1_000' is no " in capsys.readouterr().err


def test_a_figure_that_is_not_known_is_no_pass(tmp_path, capsys):
    path = tmp_path / "a.csv"
    path.write_text("kind,p_a,p_b\na,.9,.1\na,.8,.2\n")
    code, out, err = run(capsys, "report", path, "--target", "kind", "--fail-skill-below", "0")
    assert (code, out) == (3, "")
    assert err == "skxent: the skill cannot be computed, so that its gate says nothing.\n"


def test_classes_without_rows_are_named_where_a_gate_holds(tmp_path, capsys):
    path = tmp_path / "a.csv"
    path.write_text("kind,p_a,p_b,p_c\na,.8,.1,.1\nb,.2,.7,.1\n")
    gate = ["--fail-class-above", "9"]
    code, _, err = run(capsys, "report", path, "--target", "kind", *gate)
    assert code == 0
    said = "held: no class has a log loss above 9, as far as is known: of c there are too few rows"
    assert said in err


def one_row_of_a_class(folder):
    """Two models of three classes, of which c has one row and d none."""
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.full(4, 2.0), size=41)
    q = 0.7 * p + 0.075
    kinds = ["a", "b"] * 20 + ["c"]
    for name, proba in (("old", p), ("new", q)):
        columns = {f"p_{c}": proba[:, j] for j, c in enumerate("abcd")}
        data = pa.table({"id": range(41), "kind": kinds} | columns)
        pq.write_table(data, folder / f"{name}.parquet")
        pq.write_table(data.slice(40), folder / f"{name}1.parquet")


def test_classes_whose_difference_is_not_known_are_named_or_no_pass(tmp_path, capsys):
    one_row_of_a_class(tmp_path)
    options = ["--target", "kind", "--on", "id", "--fail-class-if-worse", "9"]
    sides = [tmp_path / "old.parquet", tmp_path / "new.parquet"]
    code, _, err = run(capsys, "compare", *sides, *options)
    assert code == 0
    assert "worse by more than 9 beyond chance, as far as is known: of c, d there are" in err
    sides = [tmp_path / "old1.parquet", tmp_path / "new1.parquet"]
    code, out, err = run(capsys, "compare", *sides, *options)
    assert (code, out) == (3, "")
    assert "the interval of every class cannot be computed, so that its gate says nothing" in err


@pytest.mark.parametrize("limit", ["-0.1", "lynx=-0.1"])
def test_a_gate_beyond_chance_is_not_below_0(limit, capsys):
    """Equal models would pass it, since nothing of them is beyond chance."""
    options = ["--target", "y", "--on", "id", f"--fail-class-if-worse={limit}"]
    with pytest.raises(SystemExit) as stopped:
        main(["compare", "a", "b", *options])
    assert stopped.value.code == 2
    assert "so that X is 0 or more" in capsys.readouterr().err


def test_github_actions_see_what_failed(old, tmp_path, capsys, monkeypatch):
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    code, out, err = run(capsys, "report", old, *READ, "--fail-above", ".1", "--json")
    assert code == 1
    json.loads(out)
    assert re.search(r"^::error title=skxent::the log loss is .*, above 0.1$", err, re.MULTILINE)
    text = summary.read_text()
    assert text.startswith("before\n## Log loss of ")
    assert "- ❌ the log loss is" in text
    assert text.count("| owl |") == 1
    code, _, err = run(capsys, "report", "none.parquet", *READ)
    assert code == 2
    assert "::error title=skxent::none.parquet: there is no such file." in err


def test_names_are_no_marks_in_markdown(tmp_path, capsys):
    data = table(40, labels=["a|b", "<b>*x*</b>\n"]).drop_columns("other")
    pq.write_table(data, tmp_path / "a.parquet")
    code, out, _ = run(capsys, "report", tmp_path / "a.parquet", "--target", "kind", "--md")
    assert code == 0
    assert "| a\\|b |" in out
    assert "| &lt;b&gt;\\*x\\*&lt;/b&gt;\\\\n |" in out


# What is wrong is one line, and nothing is written.

ROW = 123
BAD = {
    "a wrong column": (
        TABLE,
        ["--target", "kin"],
        2,
        r"no column 'kin' \(--target\); did you mean 'kind'",
    ),
    "a wrong pattern": (
        TABLE,
        [*READ, "--proba", "q_*"],
        2,
        r"no column is called 'q_\*' \(--proba\)",
    ),
    "a null": (
        with_null(TABLE, "p_bee", ROW),
        READ,
        3,
        r"row 123, column 'p_bee': there is no value",
    ),
    "a null label": (
        with_null(TABLE, "kind", ROW),
        READ,
        3,
        r"row 123, column 'kind': there is no",
    ),
    "a label without a column": (
        with_value(TABLE, "kind", ROW, "cow"),
        READ,
        3,
        r"row 123, column 'kind': 'cow' is none of the labels",
    ),
    "a row that does not sum to 1": (
        with_value(TABLE, "p_bee", ROW, 0.99),
        READ,
        3,
        "row 123 sums to",
    ),
    "a probability above 1": (
        with_value(TABLE, "p_bee", ROW, 1.5),
        READ,
        3,
        r"row 123, column 'p_bee' holds 1\.5",
    ),
    "a weight below 0": (with_value(TABLE, "w", ROW, -2.0), READ, 3, r"row 123 has -2\.0"),
    "labels that are not there": (TABLE, [*READ, "--labels", "ape,cow"], 3, "no column for"),
    "no such weight": (TABLE, [*READ, "--weight", "v"], 2, r"no column 'v' \(--weight\)"),
    "no such name": (TABLE, [*READ, "--row-ids", "idd"], 2, r"'idd' \(--row-ids\); did you mean"),
    "a way out of nulls": (with_null(TABLE, "p_bee", 1), READ, 3, "out with --nulls drop"),
    "percentages": (
        with_value(TABLE, "p_bee", ROW, 81.0),
        READ,
        3,
        "say --logits. To divide each row by its sum say --renormalize.",
    ),
    "no sums": (
        with_value(TABLE, "p_bee", ROW, -1.0),
        [*READ, "--renormalize"],
        3,
        "with --renormalize needs",
    ),
    "one column of two": (TABLE, [*READ, "--proba", "p_bee"], 2, "with --labels OTHER,POSITIVE"),
    "two stars": (TABLE, [*READ, "--proba", "p_*_*"], 2, r"--proba must have one \*"),
    "no rows": (TABLE[:0], READ, 3, "there is no row to report"),
    "no slices": (TABLE[:0], [*READ, "--by", "patient"], 3, "there is no row to report"),
    "no target": (TABLE, [], 2, "--target is needed"),
}


@pytest.mark.parametrize("case", BAD)
@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_bad_data_are_one_line_and_nothing_is_written(case, ending, tmp_path, capsys):
    data, options, code, message = BAD[case]
    path = tmp_path / f"bad.{ending}"
    (pq.write_table if ending == "parquet" else arrow_csv.write_csv)(data, path)
    written = [f"--{n}={tmp_path / 'out'}.{n}" for n in ("json", "md", "html", "save")]
    found, out, err = run(capsys, "report", path, *options, *written)
    assert (found, out) == (code, "")
    assert re.fullmatch(rf"skxent: .*{message}.*\n", err), err
    assert case in ("no target", "two stars") or "bad." in err
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("name", "code", "message"),
    [
        ("*.parquet", 2, "no file matches the pattern"),
        ("none.parquet", 2, "there is no such file"),
        ("text.parquet", 3, "this is no Parquet file"),
        ("empty.csv", 3, "the file is empty"),
        ("empty.parquet", 3, "the file is empty"),
        ("cut.parquet", 3, "cannot be read: "),
    ],
)
def test_files_that_cannot_be_read(name, code, message, tmp_path, capsys):
    folder = tmp_path / "in"
    folder.mkdir()
    if "*" not in name:
        (folder / "text.parquet").write_text("kind,p_a\n")
        (folder / "empty.csv").write_text("")
        (folder / "empty.parquet").write_text("")
        pq.write_table(TABLE, folder / "cut.parquet")
        content = (folder / "cut.parquet").read_bytes()
        (folder / "cut.parquet").write_bytes(content[: len(content) // 2])
    found, out, err = run(capsys, "report", folder / name, *READ)
    assert (found, out) == (code, "")
    assert re.fullmatch(rf"skxent: .*{re.escape(name)}: {message}.*\n", err)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("ape,oops,0.5", "row 1, column 'p_ape': 'oops' is no number"),
        ("ape,0.5", "row 1: 2 cells below 3 names of columns"),
        ("ape,0,5,0.5", "row 1: 4 cells below 3 names of columns"),
        ("ape,,0.5", "row 1, column 'p_ape': there is no value"),
        ("ape,NA,0.5", "row 1, column 'p_ape': there is no value"),
        ("ape,0.5,?", "row 1, column 'p_bee': there is no value"),
        ("ape,nan,0.5", "row 1, column 'p_ape': there is no value"),
        ("NA,0.5,0.5", "row 1, column 'kind': there is no value"),
        ("ape,50%,0.5", "row 1, column 'p_ape': '50%' is no number; write 0\\.5"),
        ('ape,0.5,"0,395"', "row 1, column 'p_bee': '0,395' is no number; write it with a dec"),
        ("ape,NA,0.5\nape,x,1", "row 2, column 'p_ape': 'x' is no number; .*--nulls drop"),
        ("ape,0.5,z\nape,x,1", "row 1, column 'p_bee': 'z' is no number"),
    ],
)
def test_bad_lines_of_text(line, message, tmp_path, capsys):
    path = tmp_path / "bad.csv"
    path.write_text(f"kind,p_ape,p_bee\nape,0.5,0.5\n{line}\n")
    code, out, err = run(capsys, "report", path, "--target", "kind", "--md", tmp_path / "out.md")
    assert (code, out) == (3, "")
    assert re.fullmatch(rf"skxent: .*bad\.csv, {message}.*\n", err), err
    assert [p.name for p in tmp_path.iterdir()] == ["bad.csv"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t[:399], r"999|1\d\d\d"),
        (lambda t: pa.concat_tables([t, t[:1]]), "once|twice"),
        (
            lambda t: with_value(t, "kind", 7, "bee" if t["kind"][7].as_py() != "bee" else "ape"),
            "label",
        ),
        (lambda t: with_null(t, "id", 7), "column 'id': there is no value"),
    ],
    ids=["one is missing", "one is twice", "another label", "no name"],
)
def test_rows_that_do_not_match(change, message, old, tmp_path, capsys):
    path = tmp_path / "other.parquet"
    pq.write_table(change(worse()), path)
    code, out, err = run(
        capsys, "compare", old, path, *READ, "--on", "id", "--html", tmp_path / "x.html"
    )
    assert (code, out) == (3, "")
    assert re.fullmatch(rf"skxent: .*\.parquet, row \d+.*({message}).*\n", err), err
    assert not (tmp_path / "x.html").exists()


def test_a_comparison_speaks_of_its_options(old, tmp_path, capsys):
    path = tmp_path / "other.parquet"
    pq.write_table(worse()[:300], path)
    for pair in ((old, path), (path, old)):
        code, _, err = run(capsys, "compare", *pair, *READ, "--on", "id")
        assert code == 3
        assert err.endswith("leave such rows out with --allow-unmatched.\n")
    code, _, err = run(capsys, "compare", old, path, *READ, "--on", "idd")
    assert code == 2
    assert "no column 'idd' (--on); did you mean 'id'?" in err
    pq.write_table(TABLE[:0], path)
    code, _, err = run(capsys, "compare", path, old, *READ, "--on", "id")
    assert (code, err) == (3, f"skxent: {path}: there are no rows.\n")


def test_messages_of_a_comparison_name_the_files(old, tmp_path, capsys):
    path = tmp_path / "other.parquet"
    pq.write_table(worse()[:300], path)
    for pair, alone in (((old, path), path), ((path, old), path)):
        _, _, err = run(capsys, "compare", *pair, *READ, "--on", "id")
        assert f"{alone} has no row with the id" in err
    compare = ["compare", old, path, *READ, "--on", "id", "--allow-unmatched", "--json"]
    _, out, _ = run(capsys, *compare)
    assert json.loads(out)["notes"][0] == f"old: {old}; new: {path}."


@pytest.mark.parametrize("command", [["report", "--by", "side"], ["compare"]])
def test_several_processes_give_what_one_gives(command, tmp_path, capsys):
    files = []
    for name, data in {"one": TABLE, "other": worse()}.items():
        side = pa.array(np.where(data["w"].to_numpy() > 1, "left", "right"))
        files.append(tmp_path / f"{name}.parquet")
        pq.write_table(data.append_column("side", side), files[-1], row_group_size=70)
    files = [*files, "--on", "id"] if command == ["compare"] else files[:1]
    found = []
    for jobs in ("1", "2"):
        code, out, _ = run(
            capsys, *command, *files, *READ, "--weight", "w", "--jobs", jobs, "--json"
        )
        assert code == 0
        found.append(json.loads(out))
    assert_all_close(*found)


def assert_all_close(found, expected):
    """Numbers anywhere in two results, to rounding; all else as it is."""
    if isinstance(found, dict):
        assert found.keys() == expected.keys()
        found, expected = list(found.values()), list(expected.values())
    if isinstance(found, list):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            assert_all_close(one, other)
    elif isinstance(found, float):
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)
    else:
        assert found == expected


def test_models_have_the_names_that_were_asked_for(old, tmp_path, capsys):
    path = tmp_path / "other.parquet"
    pq.write_table(worse(), path)
    compare = ["compare", old, path, *READ, "--on", "id", "--names"]
    _, out, _ = run(capsys, *compare, "forest, boosting", "--json")
    assert LogLossComparison.from_json(out).models == ("forest", "boosting")
    for names in ("forest", "a,a", "a,", "a,b,c"):
        code, out, err = run(capsys, *compare, names)
        assert (code, out) == (2, "")
        assert "not two different names" in err


def test_unmatched_rows_can_be_left_out(old, tmp_path, capsys):
    path = tmp_path / "other.parquet"
    pq.write_table(worse()[:300], path)
    code, out, _ = run(
        capsys, "compare", old, path, *READ, "--on", "id", "--allow-unmatched", "--json"
    )
    assert code == 0
    found = LogLossComparison.from_json(out)
    assert found.n_samples == 300
    assert any("100" in note for note in found.notes)


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[:1000],
        lambda content: content[:500] + b"x" + content[501:],
        lambda content: b"\x93SKXENT\n" + content[8:12].replace(b"\x01", b"\x63") + content[12:],
    ],
    ids=["cut off", "damaged", "another number"],
)
def test_saved_sums_that_are_damaged(damage, old, tmp_path, capsys):
    LogLossAccumulator(CLASSES).update_from(TABLE, y="kind").save(tmp_path / "sums")
    (tmp_path / "sums").write_bytes(damage((tmp_path / "sums").read_bytes()))
    for command in (["report"], ["merge", "--save", tmp_path / "x"]):
        code, out, err = run(capsys, *command, tmp_path / "sums")
        assert (code, out) == (3, "")
        assert re.fullmatch(r"skxent: .*sums (was|is) .*\n", err)
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--json", "{old}"], "would be written over"),
        (["--html", "{old}"], "would be written over"),
        (["--md", "other.parquet"], "would be written over"),
        (["--html", "nowhere/page.html"], "not a file in a folder that exists"),
        (["--save", "."], "not a file in a folder that exists"),
        (["--json", "--md"], "cannot both be on stdout"),
        (["--json=a", "--md=a"], "is written by another option"),
    ],
)
def test_places_are_looked_at_before_the_work(options, message, old, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = (tmp_path / "old.parquet").read_bytes()
    options = [option.format(old=old) for option in options]
    code, out, err = run(capsys, "report", old, *READ, *options)
    assert (code, out) == (2, "")
    assert message in err
    assert (tmp_path / "old.parquet").read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["old.parquet"]


def test_a_mistake_of_ours_is_told_apart(old, capsys, monkeypatch):
    def broken(*_, **__):
        msg = "ours"
        raise ZeroDivisionError(msg)

    monkeypatch.setattr(LogLossAccumulator, "report", broken)
    code, out, err = run(capsys, "report", old, *READ)
    assert (code, out) == (70, "")
    assert err.splitlines()[-1] == "skxent: this is a bug of skxent: ZeroDivisionError: ours"


def test_a_stop_from_the_keyboard(old, capsys, monkeypatch):
    def stopped(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(LogLossAccumulator, "report", stopped)
    assert run(capsys, "report", old, *READ) == (130, "", "\nskxent: stopped\n")


def test_a_reader_that_has_seen_enough(old):
    ours = f"'{sys.executable}' -m skxent report '{old}' --target kind --fail-above 0"
    command = ["bash", "-c", f"set -o pipefail; {ours} | head -c 1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr
    assert done.returncode == 1


def test_progress_is_said_after_two_seconds(old, capsys, monkeypatch):
    now = iter(np.arange(0.0, 100, 3))
    monkeypatch.setattr(time, "monotonic", lambda: float(next(now)))
    code, out, err = run(capsys, "report", old, *READ, "--json", "--no-recalibration")
    assert code == 0
    json.loads(out)
    assert err.splitlines()[0] == "reading: 400 of 400 rows"


def test_help_imports_nothing_that_takes_time():
    code = (
        "import sys; from skxent.cli._main import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'scipy', 'sklearn', 'pyarrow', 'pandas'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_the_version(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["--version"])
    assert stopped.value.code == 0
    assert re.fullmatch(r"skxent \d+\.\d+\.\d+\S*\n", capsys.readouterr().out)


def test_without_arrow_it_is_said_what_to_install(old, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    code, out, err = run(capsys, "report", old, *READ)
    assert (code, out) == (2, "")
    assert err == "skxent: Reading files needs pyarrow: pip install 'skxent[arrow]'.\n"
    assert os.path.exists(old)


def test_rows_by_a_column_are_reported_instead(old, tmp_path, capsys):
    frame = TABLE.to_pandas().assign(side=["left", "right"] * 200)
    path = str(tmp_path / "sides.parquet")
    frame.to_parquet(path)
    assert main(["report", path, *READ, "--by", "side"]) == 0
    out = capsys.readouterr().out
    assert "side = left" in out
    whole = log_loss_slices(
        frame["kind"], proba_of(TABLE), frame, by="side", labels=CLASSES,
        sample_weight=frame["w"], recalibration=False,
    )  # fmt: skip
    written = [str(tmp_path / name) for name in ("by.json", "by.md", "by.html", "by.skxent")]
    options = [f"--{n}={f}" for n, f in zip(("json", "md", "html", "save"), written, strict=True)]
    assert main(["report", path, *READ, "--by", "side", *options]) == 0
    found = LogLossSlices.from_json(Path(written[0]).read_text())
    assert found.log_loss == pytest.approx(whole.log_loss)
    assert found.z == pytest.approx(whole.z)
    assert "| side = right |" in Path(written[1]).read_text()
    assert "side = left" in Path(written[2]).read_text()
    saved = GroupedLogLossAccumulator.load(written[3])
    assert saved.report().gap == pytest.approx(whole.gap)


def test_what_cannot_go_with_a_column_is_a_wrong_usage(old, tmp_path, capsys):
    by = ["--by", "patient"]
    for wrong in (["--fail-above", "1"], ["--groups", "patient"]):
        assert main(["report", old, *READ, *by, *wrong]) == 2
        assert wrong[0] in capsys.readouterr().err
    assert main(["report", old, *READ, "--by", "nothing"]) == 2
    assert "no column 'nothing' (--by)" in capsys.readouterr().err


@pytest.mark.parametrize("ending", ["parquet", "csv"])
@pytest.mark.parametrize("number", [False, True])
def test_rows_without_a_value_of_the_column_are_a_slice(ending, number, tmp_path, capsys):
    side = ([1.5, None, 2.5] if number else ["left", None, "right"]) * 200
    frame = TABLE.to_pandas().assign(side=side[:400])
    path = str(tmp_path / f"sides.{ending}")
    (frame.to_parquet if ending == "parquet" else frame.to_csv)(path, index=False)
    code, out, _ = run(capsys, "report", path, *READ, "--by", "side", "--json")
    assert code == 0
    found = LogLossSlices.from_json(out)
    whole = log_loss_slices(
        frame["kind"], proba_of(TABLE), frame, by="side", labels=CLASSES,
        sample_weight=frame["w"], recalibration=False,
    )  # fmt: skip
    assert "side is missing" in found.names
    at = list(found.names).index("side is missing")
    assert found.support[at] == 133
    assert found.log_loss[at] == pytest.approx(
        whole.log_loss[list(whole.names).index("side is missing")]
    )
    assert sum(found.support) == 400


def test_rows_without_another_value_are_an_error_or_left_out_of_slices(tmp_path, capsys):
    path = str(tmp_path / "null.parquet")
    pq.write_table(with_null(TABLE, "p_bee", 7), path)
    assert main(["report", path, *READ, "--by", "patient"]) == 3
    assert "row 7" in capsys.readouterr().err
    assert main(["report", path, *READ, "--by", "patient", "--nulls", "drop"]) == 0
    assert "1 row was left out" in capsys.readouterr().out


def test_a_column_that_is_also_that_of_the_labels_must_have_a_value(tmp_path, capsys):
    path = str(tmp_path / "null.parquet")
    pq.write_table(with_null(TABLE, "kind", 7), path)
    assert main(["report", path, *READ, "--by", "kind"]) == 3
    assert "row 7, column 'kind'" in capsys.readouterr().err


def sides():
    """A table with two columns to tell rows apart by."""
    frame = TABLE.to_pandas().assign(side=["left", "right"] * 200)
    return frame.assign(up=[True, True, False, False] * 100)


def test_rows_by_two_columns_are_told_apart_by_both(tmp_path, capsys):
    frame, path = sides(), str(tmp_path / "sides.parquet")
    frame.to_parquet(path)
    code, out, _ = run(capsys, "report", path, *READ, "--by", "side", "--by", "up", "--json")
    assert code == 0
    found = LogLossSlices.from_json(out)
    whole = log_loss_slices(
        frame["kind"], proba_of(TABLE), frame, by=["side", "up"], labels=CLASSES,
        sample_weight=frame["w"], recalibration=False,
    )  # fmt: skip
    assert found.by == whole.by == ("side", "up")
    loss = dict(zip(whole.names, whole.log_loss.tolist(), strict=True))
    assert dict(zip(found.names, found.log_loss.tolist(), strict=True)) == pytest.approx(loss)
    code, _, err = run(capsys, "report", path, *READ, "--by", "side", "--by", "side")
    assert (code, err) == (2, "skxent: --by: the column 'side' is named twice\n")


@pytest.mark.parametrize("option", [["--row-ids", "id"], ["--no-recalibration"]])
def test_what_slices_do_not_know_is_no_option_of_theirs(option, old, capsys):
    code, out, err = run(capsys, "report", old, *READ, "--by", "patient", *option)
    assert (code, out) == (2, "")
    assert err.startswith(f"skxent: {option[0]} is for the report of all rows")


def test_saved_sums_by_a_column_are_merged_and_reported(tmp_path, capsys):
    whole, parts = str(tmp_path / "all.parquet"), []
    sides().to_parquet(whole)
    for i in range(2):
        path = str(tmp_path / f"{i}.parquet")
        sides()[200 * i : 200 * (i + 1)].to_parquet(path)
        parts.append(str(tmp_path / f"{i}.skxent"))
        code, *_ = run(capsys, "report", path, *READ, "--by", "side", "--save", parts[-1])
        assert code == 0
    code, _, err = run(capsys, "merge", *parts, "--save", tmp_path / "week")
    assert (code, err.splitlines()[0]) == (0, "2 parts, 400 rows")
    _, out, _ = run(capsys, "report", whole, *READ, "--by", "side", "--json")
    expected = LogLossSlices.from_json(out)
    for saved in ([tmp_path / "week"], parts):
        code, out, _ = run(capsys, "report", *saved, "--json")
        assert code == 0
        found = LogLossSlices.from_json(out)
        assert found.names == expected.names
        assert found.log_loss == pytest.approx(expected.log_loss)
    code, out, _ = run(capsys, "report", *parts, "--base", "2", "--json")
    found = LogLossSlices.from_json(out)
    assert found.log_loss == pytest.approx(expected.log_loss / np.log(2))


def test_saved_sums_by_a_column_go_with_nothing_else(tmp_path, capsys):
    path = str(tmp_path / "a.parquet")
    sides().to_parquet(path)
    saved, plain = str(tmp_path / "by.skxent"), str(sums(tmp_path)[0])
    assert run(capsys, "report", path, *READ, "--by", "side", "--save", saved)[0] == 0
    for other, options in ((path, READ), (plain, [])):
        code, out, err = run(capsys, "report", saved, other, *options)
        assert (code, out) == (2, "")
        assert "holds sums by a column" in err
    code, _, err = run(capsys, "report", saved, "--by", "side")
    assert code == 2
    assert "--by is for files of predictions" in err
    code, _, err = run(capsys, "report", saved, "--fail-above", "1")
    assert code == 2
    assert "--fail-above is for the report of all rows" in err
    code, _, err = run(capsys, "report", saved, "--weight", "w")
    assert code == 2
    code, _, err = run(capsys, "merge", saved, plain, "--save", tmp_path / "c")
    assert code == 3
    assert "holds a saved accumulator, not a saved grouped accumulator" in err


def test_a_file_that_is_not_there_is_said_before_anything_else(tmp_path, capsys):
    for command in (["report"], ["change", tmp_path]):
        code, _, err = run(capsys, *command, tmp_path / "none.skxent")
        assert code == 2
        assert err == f"skxent: {tmp_path / 'none.skxent'}: there is no such file.\n"


def test_a_named_class_that_is_none_is_no_gate(old, new, capsys):
    gate = ["--fail-class-if-worse", "cow=0"]
    code, out, err = run(capsys, "compare", old, new, *READ, "--on", "id", *gate)
    assert (code, out) == (2, "")
    assert "--fail-class-if-worse: there is no class 'cow'" in err


@pytest.mark.parametrize("text", ["NA", "N/A", "n/a", "NULL", "None", "nan", "NaN", "#N/A", "?"])
def test_spellings_of_no_value_can_be_left_out(text, tmp_path, capsys):
    path = tmp_path / "a.csv"
    rows = ["kind,p_a,p_b", "a,.9,.1", "b,.2,.8", f"a,{text},.1", f"{text},.2,.8"]
    path.write_text("\n".join(rows))
    code, out, _ = run(
        capsys,
        "report",
        path,
        "--target",
        "kind",
        "--nulls",
        "drop",
        "--json",
        "--no-recalibration",
    )
    assert code == 0
    found = LogLossReport.from_json(out)
    assert found.overall["n_samples"] == 2
    assert any("2 rows were left out" in note for note in found.notes)
    assert found.overall["log_loss"] == pytest.approx(-np.log([0.9, 0.8]).mean())


def test_a_class_that_is_spelled_as_no_value_is_a_class(tmp_path, capsys):
    path = tmp_path / "a.csv"
    path.write_text("kind,p_NA,p_b\nNA,.9,.1\nb,.2,.8\nNA,.8,.2\n")
    code, out, _ = run(capsys, "report", path, "--target", "kind", "--json", "--no-recalibration")
    assert code == 0
    assert LogLossReport.from_json(out).per_class["support"].tolist() == [2, 1]


def test_a_weight_of_words_is_said_with_its_row_and_column(tmp_path, capsys):
    path = tmp_path / "a.csv"
    path.write_text("kind,p_a,p_b,region\na,.9,.1,north\nb,.2,.8,south\n")
    code, _, err = run(capsys, "report", path, "--target", "kind", "--weight", "region")
    assert code == 3
    assert "a.csv, row 0, column 'region': 'north' is no number" in err


def test_rows_are_counted_over_blocks_of_text(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("skxent.engines._formats._BLOCK", 64)
    path = tmp_path / "a.csv"
    lines = ["a,0.9,0.1"] * 40
    path.write_text("\n".join(["kind,p_a,p_b", *lines, "a,NA,0.1", *lines, "a,oops,0.1"]))
    code, _, err = run(capsys, "report", path, "--target", "kind", "--nulls", "drop")
    assert code == 3
    assert "row 81, column 'p_a': 'oops' is no number" in err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("kind,p_a,p_b\na,.9,.1\n".encode("utf-16"), "this is text in UTF-16; save it as UTF-8"),
        ("kind,p_a,p_b\na,.9,.1\n".encode("utf-16-le"), "text in UTF-16; save it as UTF-8"),
        ("kind,p_a,p_é\na,.9,.1\n".encode("latin-1"), "no UTF-8; save the file as UTF-8"),
        (
            "kind,p_a,p_b\na,.9,.1\né,.9,.1\n".encode("latin-1"),
            "row 1, column 'kind': there is text that is no UTF-8; save the file as UTF-8",
        ),
    ],
)
def test_predictions_in_other_encodings_are_said_with_a_way_out(content, said, tmp_path, capsys):
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    code, out, err = run(capsys, "report", path, "--target", "kind")
    assert (code, out) == (3, "")
    assert said in err
    assert "a.csv" in err


@pytest.mark.parametrize("labels", [[0, 1], [False, True]])
@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_one_column_is_the_probability_of_one_or_true(labels, first, ending, tmp_path, capsys):
    y = [labels[first], labels[0], labels[1], labels[1]]
    data, path = pa.table({"y": y, "p": [0.1, 0.2, 0.7, 0.9]}), tmp_path / f"a.{ending}"
    (pq.write_table if ending == "parquet" else arrow_csv.write_csv)(data, path)
    options = ["--target", "y", "--proba", "p", "--json", "--no-recalibration"]
    code, out, err = run(capsys, "report", path, *options)
    assert code == 0, err
    truth = np.where(y, [0.1, 0.2, 0.7, 0.9], 1 - np.array([0.1, 0.2, 0.7, 0.9]))
    assert json.loads(out)["labels"] == labels
    found = LogLossReport.from_json(out)
    assert found.overall["log_loss"] == pytest.approx(-np.log(truth).mean())


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_a_column_beside_the_classes_is_named_where_sums_are_off(ending, tmp_path, capsys):
    one = pa.array(np.ones(400))
    data, path = TABLE.append_column("p_total", one), tmp_path / f"a.{ending}"
    (pq.write_table if ending == "parquet" else arrow_csv.write_csv)(data, path)
    code, _, err = run(capsys, "report", path, *READ)
    assert code == 3
    assert "row 0 sums to 2" in err
    assert "Without column 'p_total' this row sums to 1" in err
    assert "--proba A,B" in err
    assert "renormalize" not in err
    names = ",".join(f"p_{c}" for c in CLASSES)  # the labels are what is behind p_
    code, out, _ = run(capsys, "report", path, *READ, "--proba", names, "--json")
    assert code == 0
    assert same(LogLossReport.from_json(out), expected(), rel=1e-9)


def test_spellings_of_no_value_are_one_slice_in_a_text_file(tmp_path, capsys):
    """As an empty cell is; where a class is called so, it is that class."""
    lines = ["a,0.7,0.3,left", "b,0.2,0.8,NA", "a,0.6,0.4,null", "b,0.4,0.6,", "a,0.5,0.5,right"]
    path = tmp_path / "a.csv"
    path.write_text("\n".join(["kind,p_a,p_b,r", *lines * 20]))
    code, out, err = run(capsys, "report", path, "--target", "kind", "--by", "r", "--json")
    assert (code, err) == (0, "")
    found = LogLossSlices.from_json(out)
    slices = dict(zip(found.names, found.support, strict=True))
    assert slices == {"r is missing": 60, "r = left": 20, "r = right": 20}
    path.write_text("\n".join(["kind,p_NA,p_b", *["NA,.9,.1", "b,.2,.8"] * 20]))
    code, out, _ = run(capsys, "report", path, "--target", "kind", "--by", "kind", "--json")
    assert set(LogLossSlices.from_json(out).names) == {"kind = NA", "kind = b"}


@pytest.mark.parametrize("side", [0, 1])
def test_saved_sums_are_nothing_to_compare(side, old, tmp_path, capsys):
    saved = sums(tmp_path)[0]
    files = [old, saved] if side else [saved, old]
    code, out, err = run(capsys, "compare", *files, *READ, "--on", "id")
    assert (code, out) == (2, "")
    assert err == (
        f"skxent: {saved} holds saved sums, which do not know the rows: compare needs the "
        f"predictions of both models\n"
    )
