"""The command: what it prints, and one line for everything that can be wrong with a file."""

import re
import subprocess
import sys

import numpy as np
import pytest
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skxent import label_entropy
from skxent.__main__ import main
from skxent.cli import _tuning
from skxent.cli._parser import COMMANDS
from skxent.cli._tables import read_table, split_off


@pytest.fixture
def csv_file(tmp_path):
    """Write a file and return its path."""

    def write(content, name="data.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return write


@pytest.fixture
def read(csv_file):
    """What would be fitted for a file: columns, and classes."""

    def read(text, target="kind"):
        path = csv_file(text)
        rest, y, _ = split_off(read_table(path), target, path)
        return [c.values.tolist() for c in rest], y.tolist()

    return read


ROWS = [
    (round(2 * (i % 2) + x, 3), ["red", "blue"][i % 2], ["ham", "spam"][i % 2])
    for i, x in enumerate(np.random.default_rng(0).normal(size=30).tolist())
]


def table(rows=ROWS, header="size,colour,kind", sep=","):
    """Text of a file: a number and a word that say something about one of two kinds."""
    lines = [header.replace(",", sep), *(sep.join(map(str, row)) for row in rows)]
    return "\n".join(lines) + "\n"


def classes_of(out):
    """The rows of the table of classes: name and support."""
    lines = out.splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("class "))
    last = lines.index("", first) if "" in lines[first:] else len(lines)
    return {line.split()[0]: int(line.split()[1]) for line in lines[first + 1 : last]}


# Bundled data.

DIGITS = (178, 182, 177, 183, 181, 182, 181, 179, 174, 180)


@pytest.mark.parametrize(
    ("name", "summary", "classes"),
    [
        (
            "iris",
            "iris: 150 rows, 4 features, 3 classes",
            {"setosa": 50, "versicolor": 50, "virginica": 50},
        ),
        (
            "breast_cancer",
            "breast_cancer: 569 rows, 30 features, 2 classes",
            {"benign": 357, "malignant": 212},
        ),
        pytest.param(
            "digits",
            "digits: 1797 rows, 64 features, 10 classes",
            dict(
                zip("0123456789", (178, 182, 177, 183, 181, 182, 181, 179, 174, 180), strict=True)
            ),
            marks=pytest.mark.slow,
        ),
    ],
)
def test_bundled_data(name, summary, classes, capsys):
    assert main(["--data", name]) == 0
    out, err = capsys.readouterr()
    assert err.splitlines() == [summary, "tuning: 25 of 25 fits", "cross-validating: 5 of 5 fits"]
    assert classes_of(out) == classes
    assert max(map(len, out.splitlines())) <= 80


def test_the_figures_are_those_of_a_search_and_a_cross_validation(capsys):
    main(["--data", "wine"])
    out = capsys.readouterr().out
    X, y = load_wine(return_X_y=True)
    pipeline = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    grid = {"logisticregression__C": [0.001, 0.01, 0.1, 1, 10]}
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    search = GridSearchCV(pipeline, grid, scoring="neg_log_loss", cv=folds).fit(X, y)
    folds = StratifiedKFold(5, shuffle=True, random_state=1)
    best = search.best_estimator_
    scores = -cross_val_score(best, X, y, scoring="neg_log_loss", cv=folds) / np.log(2)
    tuned, prior = -search.best_score_ / np.log(2), label_entropy(y, base=2)
    lines = out.splitlines()
    assert lines[0] == f"Logistic regression, C = {search.best_params_['logisticregression__C']:g}"
    assert lines[1] == f"Tuned log loss {tuned:.4f} bits; the prior's {prior:.4f} bits"
    low, high = scores.min(), scores.max()
    spread = f"from {low:.4f} to {high:.4f} in 5 folds"
    assert lines[2] == f"Cross-validated {scores.mean():.4f} bits, {spread}"
    first = next(i for i, line in enumerate(lines) if line.startswith("class "))
    body = [line.split() for line in lines[first + 1 : first + 4]]
    costliest = max(body, key=lambda cells: float(cells[2]))[0]
    assert lines[3] == f"Highest loss per row: class {costliest}"
    assert "Out-of-fold predictions of all rows:" in lines
    assert any(line.startswith("Log loss ") and "over 178 rows" in line for line in lines)
    assert classes_of(out) == {"class_0": 59, "class_1": 71, "class_2": 48}


def test_digits_are_the_default(monkeypatch):
    calls = []
    monkeypatch.setattr(_tuning, "tuned", lambda name, *_: calls.append(name) or sys.exit(0))
    with pytest.raises(SystemExit):
        main([])
    assert calls == ["digits"]


def test_as_a_module():
    done = subprocess.run(
        [sys.executable, "-m", "skxent", "--data", "iris"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Tuned log loss" in done.stdout
    assert "virginica" in done.stdout
    assert "Warning" not in done.stderr


def test_a_stop_from_the_keyboard(monkeypatch, capsys):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(_tuning, "tuned", stop)
    assert main(["--data", "iris"]) == 130
    assert capsys.readouterr().err == "\nskxent: stopped\n"


# Files.


def test_numbers_and_words(read):
    columns, y = read("a,kind,b,c\n" + "1,x,red,-1e3\n2.5,y,3,4\n" * 5)
    assert columns == [[1, 2.5] * 5, ["red", "3"] * 5, [-1000, 4] * 5]
    assert y == ["x", "y"] * 5


@pytest.mark.parametrize("sep", [",", ";", "\t", "|"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_separators_and_a_byte_order_mark(sep, mark, read):
    rows = [(kind, size, colour) for size, colour, kind in ROWS]
    text = mark + table(rows, header="kind,size,colour", sep=sep)
    assert read(text) == read(table())


@pytest.mark.parametrize(
    ("pattern", "replacement"),
    [
        ("\n", "\r\n"),
        ("\n", "\n\n"),
        ("(ham|spam)", r" \1 "),
        ("(red|blue)", r'"\1"'),
        ("(size)", r'"\1"'),
    ],
    ids=["CRLF", "empty lines", "spaces", "quotes", "a quoted name"],
)
def test_spellings_of_the_same_file(pattern, replacement, read):
    assert read(re.sub(pattern, replacement, table())) == read(table())


def test_quotes_within_quotes(read):
    columns, _ = read(re.sub("red", '"red, ""so"" to say"', table()))
    assert columns[1] == ['red, "so" to say', "blue"] * 15


@pytest.mark.parametrize("cell", ["", "  "])
def test_rows_without_a_class_are_left_out_and_counted(cell, csv_file, capsys):
    path = csv_file(table() + f"1.5,red,{cell}\n2.5,blue,{cell}\n")
    assert main(["fit", path, "--target", "kind"]) == 0
    out, err = capsys.readouterr()
    assert err.splitlines()[0] == "left out: 2 rows without a value of kind"
    assert classes_of(out) == {"ham": 15, "spam": 15}


def test_missing_cells_are_nan(read):
    columns, _ = read("a,kind,b,c\n" + "1,x,,\n ,y,red,\ninf,y,red,\n" * 5)
    np.testing.assert_array_equal(columns[0], [1, np.nan, np.nan] * 5)
    assert columns[1] == ["", "red", "red"] * 5
    assert np.isnan(columns[2]).all()


@pytest.mark.parametrize(
    ("names", "classes"),
    [
        (("2", "-10"), [2, -10]),
        (("007", "a"), ["007", "a"]),
        (("01", "02"), ["01", "02"]),
        (("1", "02"), ["1", "02"]),
        (("9" * 30, "8" * 30), ["9" * 30, "8" * 30]),
        (("-", "--1"), ["-", "--1"]),
        (("1.5", "2"), ["1.5", "2"]),
    ],
)
def test_classes_are_integers_if_all_of_them_are(names, classes, read):
    rows = [(size, names[kind == "spam"]) for size, _, kind in ROWS]
    _, y = read(table(rows, header="size,kind"))
    assert y == classes * 15


def run_on(path, capsys):
    code = main(["fit", path, "--target", "kind"])
    out, err = capsys.readouterr()
    assert code == 0, err
    return out


def test_a_file_with_words_missing_cells_and_an_empty_column(csv_file, capsys):
    rows = [
        ("" if i == 3 else size, "", colour, kind) for i, (size, colour, kind) in enumerate(ROWS)
    ]
    out = run_on(csv_file(table(rows, header="size,nothing,colour,kind")), capsys)
    assert classes_of(out) == {"ham": 15, "spam": 15}
    tuned, prior = map(float, re.search(r"Tuned log loss (\S+) bits; .* (\S+) bits", out).groups())
    assert prior == 1
    assert tuned < 0.1  # the words tell the kinds apart


def test_the_kinds_of_columns_are_counted(csv_file, capsys):
    assert main(["fit", csv_file(table()), "--target", "kind"]) == 0
    assert capsys.readouterr().err.splitlines()[0] == "columns: 1 numbers, 1 text"


def test_rare_classes_are_no_reason_to_fail(csv_file, capsys):
    """A class of one row is in no training fold that it is scored with."""
    rows = [*ROWS, (9, "green", "rare"), (8, "green", "rare"), (7, "blue", "single")]
    out = run_on(csv_file(table(rows)), capsys)
    assert classes_of(out) == {"ham": 15, "rare": 2, "single": 1, "spam": 15}
    assert "1 row gave its class a probability below" in " ".join(out.split())


def test_two_classes_one_of_them_rare(csv_file, capsys):
    rows = [(i / 3, [5, 10][i >= 20]) for i in range(22)]
    out = run_on(csv_file(table(rows, header="size,kind")), capsys)
    assert list(classes_of(out).items()) == [("5", 20), ("10", 2)]  # in numeric order


# Errors: exit code 2 and one line that says what to mend.


@pytest.mark.parametrize(
    ("content", "target", "message"),
    [
        (
            table(),
            "kin",
            "has no column 'kin'; did you mean 'kind'[?] Its columns: size, colour, kind",
        ),
        (table(), "zzz", "has no column 'zzz'. Its columns: size, colour, kind"),
        (table(header="kind,colour,kind"), "kind", "has more than one column 'kind'."),
        (table(header='"si\nze",colour,kind'), "zzz", "Its columns: si ze, colour, kind"),
        (
            table(header=",".join(f"c{i}" for i in range(20)), rows=[[0] * 20]),
            "zzz",
            "c10, c11, ...",
        ),
        (table() + "1,2\n", "kind", "data row 31 of '.*' has 2 fields, not 3"),
        (table() + "1,red,ham,4\n", "kind", "data row 31 of '.*' has 4 fields, not 3"),
        ("\n\n", "kind", "needs a header line and at least one line of data"),
        ("", "kind", "needs a header line and at least one line of data"),
        ("size,colour,kind\n", "kind", "needs a header line and at least one line of data"),
        ("kind\n" + "a\nb\n" * 20, "kind", "has no column beside the target to predict it from"),
        (table().replace("spam", "ham"), "kind", "column 'kind' holds one class only, ham"),
        (
            table([(i, i / 7) for i in range(90)], "a,kind"),
            "kind",
            "90 values in 90 rows, too many",
        ),
        (table([(i, i % 4) for i in range(16)], "a,kind"), "kind", "no class has 5 rows"),
        (
            table([(i, int(i == 3)) for i in range(16)], "a,kind"),
            "kind",
            "only one class has more than one row",
        ),
        (b"\x89PNG\r\n\x1a\n\x00\x00\xff\xfe", "kind", "cannot read '.*' as UTF-8 text"),
        (table().encode("utf-16"), "kind", "cannot read '.*' as UTF-8 text"),
        (b"a,kind\n" + b"x" * 200_000 + b",1\n", "kind", "cannot read '.*'.* field larger"),
    ],
)
def test_a_file_that_cannot_be_used(content, target, message, csv_file, capsys):
    assert main(["fit", csv_file(content), "--target", target]) in (2, 3)
    out, err = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(rf"skxent: .*{message}.*\n", err.splitlines(True)[-1])


def test_a_file_that_nothing_can_be_fitted_to(csv_file, capsys):
    """The scale of numbers near the largest one overflows."""
    rows = [(1e308 * (-1) ** (i // 2), colour, kind) for i, (_, colour, kind) in enumerate(ROWS)]
    with np.errstate(all="ignore"):
        assert main(["fit", csv_file(table(rows)), "--target", "kind"]) == 3
    out, err = capsys.readouterr()
    assert out == ""
    last = err.splitlines()[-1]
    assert re.fullmatch(r"skxent: cannot fit a classifier to .*data\.csv: .*", last)
    assert "Traceback" not in last


def test_a_file_that_is_not_there(tmp_path, capsys):
    for path, message in [
        (tmp_path / "none.csv", ".*none.csv: there is no such file"),
        (tmp_path, "cannot read '.*'"),
    ]:
        assert main(["fit", str(path), "--target", "kind"]) in (2, 3)
        err = capsys.readouterr().err
        assert re.fullmatch(rf"skxent: {message}.*\n", err)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--csv", "a.csv"], "unrecognized arguments: --csv a.csv"),
        (["fit", "a.csv"], "the following arguments are required: --target"),
        (["fit", "a.csv", "--target", "b", "--model", "tree"], "invalid choice: 'tree'"),
        (["report"], "the following arguments are required: FILE"),
        (["repot", "a.csv"], "invalid choice: 'repot'"),
        (["report", "a.csv", "--targ", "y"], "unrecognized arguments: --targ y"),
        (["report", "a.csv", "--base", "1"], "--base: '1' is no base .* a number above 1, or e"),
        (
            ["report", "a.csv", "--confidence-level", "95"],
            "'95' is no level .* between 0 and 1; for 95% say 0.95",
        ),
        (["report", "a.csv", "--jobs", "0"], "'0' is no number of processes; .* from 1, or -1"),
        (["report", "a.csv", "--fail-class-above", "a=x"], "'x' is no number; it is X, or CLASS=X"),
        (["report", "a.csv", "--fail-above", "x"], "--fail-above: 'x' is no number"),
        (["--data", "mnist"], "invalid choice: 'mnist'"),
        (["--fast"], "unrecognized arguments: --fast"),
        (["--html"], "expected one argument"),
    ],
)
def test_wrong_options(arguments, message, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(rf"skxent: .*{message}.*; see skxent( \w+)? --help\n", err)


def test_help(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["--help"])
    assert stopped.value.code == 0
    out = capsys.readouterr().out
    assert all(command in out for command in COMMANDS)
    assert "exit codes: 0 all gates held" in out


# The page.


def test_the_page_is_written(tmp_path, capsys):
    path = tmp_path / "report.html"
    assert main(["--data", "iris", "--html", str(path)]) == 0
    assert capsys.readouterr().err.splitlines()[-1] == f"wrote {path}"
    page = path.read_text(encoding="utf-8")
    assert "<title>Log loss of a classifier of iris</title>" in page
    assert all(name in page for name in ("setosa", "versicolor", "virginica"))


@pytest.mark.parametrize("path", ["nowhere/report.html", ".", ""])
def test_a_page_that_cannot_be_written_is_said_before_the_work(path, capsys, monkeypatch):
    monkeypatch.setattr(_tuning, "tuned", lambda *_: pytest.fail("has run"))
    assert main(["--html", path]) == 2
    err = capsys.readouterr().err
    assert err == f"skxent: --html: {path!r} is not a file in a folder that exists\n"
