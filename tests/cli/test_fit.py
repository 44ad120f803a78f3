"""Which columns of a user's table a classifier learns from, and what is said of the others."""

import os
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.naive_bayes import GaussianNB

from skxent import LogLossReport
from skxent.__main__ import main
from skxent.cli import _tuning
from skxent.cli._cells import of_cells
from skxent.cli._features import features_of
from skxent.cli._paste import page_of, text_of
from skxent.cli._tables import read_table, split_off, without


@pytest.fixture
def features(tmp_path):
    """The features of a frame, by the names of its columns, and what was said."""

    def features(frame, name="data.csv", drop=()):
        path = str(tmp_path / name)
        if name.endswith(".csv"):
            frame.to_csv(path, index=False)
        elif name.endswith(".parquet"):
            frame.to_parquet(path)
        else:
            frame.to_feather(path)
        table = without(read_table(path), drop, path)
        rest, y, _ = split_off(table, "kind", path)
        return features_of(rest, path), y

    return features


def frame(n=60, **columns):
    rng = np.random.default_rng(0)
    kinds = rng.choice(["ham", "spam"], n)
    return pd.DataFrame({"size": rng.normal(size=n).round(3), "kind": kinds} | columns)


@pytest.mark.parametrize(
    ("column", "said"),
    [
        (range(60), "left out: x, which counts the rows"),
        (range(1, 61), "left out: x, which counts the rows"),
        ([3] * 60, "left out: x, which is the same in all rows"),
        (["a"] * 60, "left out: x, which is the same in all rows"),
        ([None] * 60, "left out: x, which is the same in all rows"),
        ([f"name {i}" for i in range(60)], "left out: x, which is another text in each row"),
    ],
)
def test_columns_that_say_nothing_are_left_out_and_named(column, said, features):
    found, _ = features(frame(x=list(column)))
    assert found.said == (said,)
    assert found.X.shape == (60, 1)


@pytest.mark.parametrize(
    "column",
    [
        np.arange(60)[::-1],
        np.arange(60) / 2,
        np.arange(60) * 7,
        [None, *[3] * 59],
        ["a", *["b"] * 59],
    ],
    ids=["falling", "halves", "far apart", "missing or not", "two texts"],
)
def test_other_columns_are_kept(column, features):
    found, _ = features(frame(x=column))
    assert found.said == ()
    assert found.X.shape == (60, 2)


def test_a_row_number_is_known_where_rows_without_a_class_are_left_out(features):
    data = frame(x=np.arange(60))
    data.loc[[5, 6, 30], "kind"] = None
    found, y = features(data)
    assert found.said == ("left out: x, which counts the rows",)
    assert len(y) == 57


def test_columns_can_be_dropped(features):
    found, _ = features(frame(x=[1, 2] * 30, z=[2, 3] * 30), drop=["x", "size"])
    assert found.X[:, 0].tolist() == [2, 3] * 30
    with pytest.raises(Exception, match=r"--drop: .* has no column 'y'"):
        features(frame(x=[1, 2] * 30), drop=["y"])


def test_texts_of_many_values_become_few_columns(features):
    rng = np.random.default_rng(1)
    words = [f"word {i}" for i in rng.integers(1000, size=3000)]
    found, y = features(frame(3000, x=words))
    assert re.fullmatch(r"x: \d{3} texts, of which the 199 commonest count", found.said[0])
    pipeline = _tuning._pipeline(_tuning.MODELS["logistic"], found)
    pipeline.fit(found.X, y)
    assert pipeline[-1].coef_.shape[1] <= 201


@pytest.mark.parametrize("name", ["data.parquet", "data.feather"])
def test_other_formats_are_read_with_their_types(name, features):
    data = frame(
        whole=np.arange(60)[::-1],
        flag=[True, False] * 30,
        word=pd.Categorical(["a", "b", None] * 20),
        day=pd.date_range("2024-01-01", periods=60),
    )
    found, y = features(data, name)
    assert [len(found.said), found.said[0][:20]] == [1, "left out: day, which"]
    assert found.is_number.tolist() == [True, True, True, False]
    assert found.X[:3, 3].tolist() == ["a", "b", ""]
    assert y.tolist() == data["kind"].tolist()


def test_a_quantity_is_no_column_of_classes(tmp_path, capsys):
    path = tmp_path / "data.csv"
    frame(price=np.random.default_rng(2).normal(size=60)).to_csv(path, index=False)
    assert main(["fit", str(path), "--target", "price"]) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert "60 values in 60 rows, too many for classes; it looks like a quantity" in err
    assert "a regressor, or cut it into classes" in err


@pytest.mark.parametrize("model", ["logistic", "boosting", "forest"])
def test_each_model_learns_from_numbers_texts_and_what_is_missing(
    model, tmp_path, capsys, monkeypatch
):
    chosen = _tuning.MODELS[model]
    small = {"boosting": (20,), "forest": (10,), "logistic": (1.0,)}[model]
    fast = {**_tuning.MODELS, model: _tuning._Model(*_values(chosen, small))}
    monkeypatch.setattr(_tuning, "MODELS", fast)
    data = frame(240, x=["a", "b", None, "c"] * 60)
    data["size"] = np.where(data["kind"] == "ham", data["size"] + 3, data["size"])
    data.loc[::7, "size"] = np.nan
    path = tmp_path / "data.csv"
    data.to_csv(path, index=False)
    assert main(["fit", str(path), "--target", "kind", "--model", model]) == 0
    out, _ = capsys.readouterr()
    assert out.startswith(f"{chosen.name}, {chosen.symbol} = ")
    loss = float(re.search(r"Cross-validated (\S+) bits", out)[1])
    assert loss < 0.75


def _values(model, values):
    def make():
        classifier = model.make()
        few = {"n_estimators": 30, "n_jobs": 1} if "n_estimators" in classifier.get_params() else {}
        return classifier.set_params(**few)

    return (model.name, make, model.parameter, model.symbol, values, model.dense)


def test_gates_and_files_of_a_fit(tmp_path, capsys):
    data = frame(120)
    data.to_csv(tmp_path / "data.csv", index=False)
    page, numbers = tmp_path / "page.html", tmp_path / "numbers.json"
    arguments = ["fit", str(tmp_path / "data.csv"), "--target", "kind", "--html", str(page)]
    assert main([*arguments, f"--json={numbers}", "--fail-above", "0.1"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "skxent: failed: the log loss is" in err
    assert page.exists()
    assert numbers.exists()


def test_no_lines_to_paste_about_a_classifier_that_nobody_has():
    rng = np.random.default_rng(0)
    y = rng.choice(["a", "b"], 400)
    X = np.repeat(rng.normal(size=(400, 1)) + (y == "b")[:, None], 9, axis=1)  # naive: too sure
    report = LogLossReport.from_estimator(GaussianNB().fit(X, y), X, y)
    assert "RecalibratedClassifier" in str(report)
    assert "RecalibratedClassifier" in report.to_html()
    found = text_of(report)
    assert found == re.sub(r"from sklearn.frozen.*?\n\n", "", str(report), flags=re.DOTALL)
    page = page_of(report.to_html(), report, None)
    assert "RecalibratedClassifier" not in page
    assert "<pre>" not in page


R_NA = ["NA", "N/A", "n/a", "#N/A", "NULL", "null", "None", "nan", "NaN", "?", "-", "."]


@pytest.mark.parametrize("text", R_NA)
def test_spellings_of_no_value_leave_numbers_numbers(text, features, tmp_path):
    sizes = [f"{i / 7:.3f}" for i in range(60)]
    sizes[7] = text
    found, _ = features(frame(size=sizes))
    assert found.is_number.tolist() == [True]
    assert np.flatnonzero(np.isnan(found.X[:, 0].astype(float))).tolist() == [7]
    assert found.said == (f"cells without a value ({text!r}): 1 of size",)


def test_spellings_of_no_value_in_texts_are_one_that_is_missing(features):
    found, _ = features(frame(x=["NA", "red", "-", "?"] * 15))
    assert found.X[:4, 1].tolist() == ["", "red", "-", ""]
    assert found.said == ("cells without a value ('?', 'NA'): 30 of x",)


def test_infinity_is_said_to_be_missing(features):
    found, _ = features(frame(x=["inf", *[str(i / 7) for i in range(59)]]))
    assert found.is_number.tolist() == [True, True]
    assert found.said == ("cells without a value ('inf'): 1 of x",)


def test_rows_whose_class_is_spelled_as_missing_are_left_out(tmp_path, capsys):
    data = frame(60)
    data.loc[[3, 9], "kind"] = "NA"
    data.loc[5, "kind"] = "?"
    data.to_csv(tmp_path / "a.csv", index=False)
    assert main(["fit", str(tmp_path / "a.csv"), "--target", "kind"]) == 0
    out, err = capsys.readouterr()
    assert err.splitlines()[0] == "left out: 3 rows without a value of kind ('?', 'NA')"
    assert not re.search(r"^(NA|\?)", out, re.MULTILINE)


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (
            ["1.5"] * 57 + ["2.5", "oops", "3.5"],
            "1 of its 60 cells are none: 'oops' in data row 59",
        ),
        ([f"{i}%" for i in range(60)], "60 of its 60 cells are none: '0%' in data row 1"),
        ([f"{i},5" for i in range(59)] + ["1.5"], "59 of its 60 cells are none: '0,5' in data row"),
        ([f"{i + 1},234" for i in range(60)], "'1,234' may be a decimal comma or one of thousands"),
        (
            ["1,234,567"] * 59 + ["1,000"],
            "'1,234,567' has commas of thousands; write numbers with a decimal point",
        ),
        (["1,5"] * 59 + ["1,234,567"], "60 of its 60 cells are none: '1,5' in data row 1"),
        ([f"{i + 1}.234,5" for i in range(60)], "'1.234,5' in data row 1"),
        ([f"1_{i}" for i in range(3)] + ["1"] * 57, "'1_0' in data row 1"),
    ],
)
def test_a_column_of_numbers_with_mistakes_is_an_error_with_a_way_out(
    cells, said, tmp_path, capsys, monkeypatch
):
    data = frame(60, x=cells)
    data.to_csv(tmp_path / "a.csv", index=False)
    arguments = ["fit", str(tmp_path / "a.csv"), "--target", "kind"]
    assert main(arguments) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(
        rf"skxent: .*a\.csv: column 'x'.*{re.escape(said)}.*say --text x or --drop x\.\n", err
    )
    # What follows on the reading is the same for all.
    monkeypatch.setattr(_tuning, "tuned", lambda *_: sys.exit(0))
    for way in ("--text", "--drop"):
        with pytest.raises(SystemExit) as stopped:
            main([*arguments, way, "x"])
        assert stopped.value.code == 0
        assert "columns: 1 numbers" in capsys.readouterr().err


@pytest.mark.parametrize("sep", [";", "\t", ","])
def test_decimal_commas_are_read_and_said(sep, tmp_path):
    data = frame(60)
    data["dose"] = np.arange(60)[::-1] + 1.234  # which alone could be thousands
    written, read = tmp_path / "comma.csv", tmp_path / "point.csv"
    data.to_csv(written, index=False, sep=sep, decimal=",")
    data.to_csv(read, index=False)

    def of(path):
        rest, _, _ = split_off(read_table(str(path)), "kind", str(path))
        return features_of(rest, str(path))

    np.testing.assert_array_equal(of(written).X, of(read).X)
    assert of(read).said == ()
    assert [line.partition(",")[0] for line in of(written).said] == [
        "size: commas are decimal",
        "dose: commas are decimal",
    ]


def test_commas_of_thousands_are_never_decimal(tmp_path, capsys):
    """Whatever those of other columns are: a number of two commas would be none."""
    data = frame(60, dose=["1,5"] * 60, income=["1,234,567", "2,345,678", "1,000"] * 20)
    data.to_csv(tmp_path / "a.csv", index=False)
    assert main(["fit", str(tmp_path / "a.csv"), "--target", "kind"]) == 3
    said = capsys.readouterr().err
    assert "column 'income': '1,234,567' has commas of thousands; write numbers with a" in said
    column = of_cells("b", ["1,234,567", "NA", "1,000"], commas=True)
    np.testing.assert_array_equal(column.values, [1234567, np.nan, 1000])


def test_rows_that_are_left_out_have_no_cells_to_count(features):
    """Neither in columns of numbers nor in those of text."""
    data = frame(x=["NA", "u", "v"] * 20)
    data["size"] = data["size"].astype(object)
    data.loc[[0, 1], "size"] = "-"
    data.loc[[0, 3], "kind"] = ""
    found, y = features(data)
    assert len(y) == 58
    assert found.said == ("cells without a value ('-', 'NA'): 1 of size, 18 of x",)


@pytest.mark.parametrize("end", ["", "\n"])
def test_a_quote_that_is_never_closed_makes_no_class_of_the_rows_behind_it(end, tmp_path, capsys):
    lines = ["1.5,a", "2.5,b"] * 20
    lines[30] = '1.5,"a'
    (tmp_path / "a.csv").write_text("\n".join(["size,kind", *lines]) + end)
    assert main(["fit", str(tmp_path / "a.csv"), "--target", "kind"]) == 3
    said = capsys.readouterr().err
    assert "data row 31 of" in said
    assert "a cell begins with a quote that is never closed" in said


def test_texts_that_are_seldom_numbers_are_no_mistakes(features):
    found, _ = features(frame(x=["1", "2", "a", "b"] * 15))
    assert found.said == ()
    assert found.is_number.tolist() == [True, False]


def test_predictions_out_of_fold_have_no_e_value_to_fail(tmp_path, capsys):
    frame(60).to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(SystemExit) as stopped:
        main(["fit", str(tmp_path / "a.csv"), "--target", "kind", "--fail-e-value-above", "20"])
    assert stopped.value.code == 2
    assert "unrecognized arguments: --fail-e-value-above 20" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("encoding", "said"),
    [("utf-16", "it is UTF-16; save it as UTF-8"), ("latin-1", "line 4 .*; save it as UTF-8")],
)
def test_other_encodings_are_said_with_a_way_out(encoding, said, tmp_path, capsys):
    data = frame(60, x=["a", "b"] * 30)
    data.loc[2, "x"] = "é"
    data.to_csv(tmp_path / "a.csv", index=False, encoding=encoding)
    assert main(["fit", str(tmp_path / "a.csv"), "--target", "kind"]) == 3
    assert re.search(said, capsys.readouterr().err)


def test_standard_input_and_output_are_utf8_whatever_the_locale():
    text = "size,kind\n" + "1.5,a\n2.5,é\n" * 9
    command = [sys.executable, "-m", "skxent", "fit", "-", "--target", "kind"]
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    how = {"capture_output": True, "env": {**os.environ, **plain}}
    done = subprocess.run([*command, "--json"], input=text.encode(), **how)
    assert done.returncode == 0, done.stderr
    assert LogLossReport.from_json(done.stdout.decode()).labels.tolist() == ["a", "é"]
    done = subprocess.run(command, input=text.encode("latin-1"), **how)
    assert (done.returncode, done.stdout) == (3, b"")
    assert b"line 3 has a byte 0xe9, which is none there; save it as UTF-8" in done.stderr


@pytest.mark.parametrize(("first", "second"), [('"5 in', '"6 in'), ('"5 in', 'of 6"')])
def test_two_quotes_of_two_rows_do_not_hide_the_rows_between(first, second, tmp_path, capsys):
    notes = ["x"] * 60
    notes[5], notes[30] = first, second
    lines = [f"{note},{i % 7},.{i},{'ab'[i % 2]}" for i, note in enumerate(notes)]
    path = tmp_path / "a.csv"
    path.write_text("\n".join(["note,n,size,kind", *lines]))
    assert main(["fit", str(path), "--target", "kind"]) == 3
    assert "data row 6 of" in capsys.readouterr().err
    lines[5], lines[30] = '"a\nb, c, d, e",1,.5,a', "x,2,.5,a"
    path.write_text("\n".join(["note,n,size,kind", *lines]))
    assert main(["fit", str(path), "--target", "kind"]) == 0


def test_a_table_may_be_packed(tmp_path):
    frame().to_csv(tmp_path / "data.csv.gz", index=False)
    assert [c.name for c in read_table(str(tmp_path / "data.csv.gz"))] == ["size", "kind"]


def test_a_packed_table_that_is_damaged_is_no_bug(tmp_path, capsys):
    path = tmp_path / "data.csv.gz"
    frame().to_csv(path, index=False)
    packed = bytearray(path.read_bytes())
    begin = packed.index(b"\0", 10) + 1  # behind the name of the file
    packed[begin : begin + 20] = b"\xff" * 20
    path.write_bytes(packed)
    assert main(["fit", str(path), "--target", "kind"]) == 3
    assert "cannot read" in capsys.readouterr().err
