"""Files of every format, and one line for everything that can be wrong with them."""

import bz2
import gzip
import io
import sys
import threading
import types

import fsspec
import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest
from predictions import CLASSES, proba_of, table
from reports import QUICK, same

from skxent import log_loss_report, log_loss_report_from
from skxent.engines import _formats, _lines

TABLE = table().drop_columns("other")
COLUMNS = {"y": "kind", "weight": "w"}
EXPECTED = log_loss_report(
    TABLE["kind"].to_pylist(),
    proba_of(TABLE),
    labels=CLASSES,
    sample_weight=TABLE["w"].to_numpy(),
    **QUICK,
)


def csv_of(data, **options):
    file = io.BytesIO()
    arrow_csv.write_csv(data, file, arrow_csv.WriteOptions(**options))
    return file.getvalue()


def parquet_of(data):
    file = io.BytesIO()
    pq.write_table(data, file, row_group_size=100)
    return file.getvalue()


def arrow_of(data, new):
    file = io.BytesIO()
    with new(file, data.schema) as writer:
        writer.write_table(data, max_chunksize=130)
    return file.getvalue()


def zstd_of(content):
    """Packed in two frames, as several threads do."""
    halves = content[:5000], content[5000:]
    return b"".join(pa.compress(half, codec="zstd", asbytes=True) for half in halves)


def feather_of(data):
    file = io.BytesIO()
    feather.write_feather(data, file, compression="uncompressed")
    return file.getvalue()


FORMATS = {
    "a.parquet": parquet_of,
    "a.arrow": lambda data: arrow_of(data, pa.ipc.new_file),
    "a.arrows": lambda data: arrow_of(data, pa.ipc.new_stream),
    "a.feather": feather_of,
    "a.csv": csv_of,
    "a.tsv": lambda data: csv_of(data, delimiter="\t"),
    "a": lambda data: csv_of(data, delimiter=";"),
    "mark.csv": lambda data: b"\xef\xbb\xbf" + csv_of(data),
    "plain.csv": lambda data: csv_of(data, quoting_style="none").replace(b"\n", b"\r\n"),
    "a.csv.gz": lambda data: gzip.compress(csv_of(data)),
    "a.csv.bz2": lambda data: bz2.compress(csv_of(data)),
    "a.csv.zst": lambda data: zstd_of(csv_of(data)),
    "blank.csv": lambda data: b"\n\r\n" + csv_of(data),
    "b.parquet.data": parquet_of,
}


@pytest.mark.parametrize("name", FORMATS)
def test_the_first_bytes_say_what_a_file_is(name, tmp_path):
    path = tmp_path / name
    path.write_bytes(FORMATS[name](TABLE))
    report = log_loss_report_from(path, **COLUMNS, **QUICK)
    assert same(report, EXPECTED, rel=1e-12)
    assert report.labels.tolist() == list(CLASSES)


class Standard:
    def __init__(self, content):
        self.buffer = io.BufferedReader(io.BytesIO(content))


@pytest.mark.parametrize("name", FORMATS)
def test_standard_input(name, monkeypatch):
    monkeypatch.setattr(sys, "stdin", Standard(FORMATS[name](TABLE)))
    assert same(log_loss_report_from("-", **COLUMNS, **QUICK), EXPECTED, rel=1e-12)
    assert not sys.stdin.buffer.closed


@pytest.mark.parametrize("name", ["a.parquet", "a.csv"])
def test_addresses_are_opened_with_fsspec(name):
    system = fsspec.filesystem("memory")
    for i in range(2):
        with system.open(f"/predictions/{i}-{name}", "wb") as file:
            file.write(FORMATS[name](TABLE[250 * i : 250 * (i + 1)]))
    try:
        report = log_loss_report_from("memory://predictions/*", **COLUMNS, **QUICK)
        assert same(report, EXPECTED, rel=1e-12)
        assert report.worst_rows["row"][0].startswith("memory://")
        with pytest.raises(FileNotFoundError, match="there is no such file"):
            log_loss_report_from("memory://predictions/none.parquet", **COLUMNS)
    finally:
        system.rm("/predictions", recursive=True)


def test_an_address_may_be_that_of_a_folder():
    system = fsspec.filesystem("memory")
    for i, name in enumerate(["day=1/a.parquet", "day=2/a.parquet"]):
        with system.open(f"/nightly/{name}", "wb") as file:
            file.write(parquet_of(TABLE[250 * i : 250 * (i + 1)]))
    system.pipe({"/nightly/_SUCCESS": b"", "/nightly/day=1/.a.parquet.crc": b"c", "/empty/a": b""})
    try:
        assert same(log_loss_report_from("memory://nightly", **COLUMNS, **QUICK), EXPECTED, 1e-12)
        with pytest.raises(FileNotFoundError, match="empty: the folder holds no Parquet"):
            log_loss_report_from("memory://empty", **COLUMNS)
        with pytest.raises(FileNotFoundError, match="nowhere://a: Protocol not known"):
            log_loss_report_from("nowhere://a", **COLUMNS)
    finally:
        system.rm("/nightly", recursive=True)
        system.rm("/empty", recursive=True)


def test_an_address_of_a_file_is_not_listed_as_a_folder(monkeypatch):
    """A web server sends the whole of what is asked for its links."""
    system = fsspec.filesystem("memory")
    system.pipe("/lone/a.parquet", parquet_of(TABLE))

    def is_listed(*_, **__):
        pytest.fail("the address of a file was listed")

    monkeypatch.setattr(type(system), "isdir", is_listed)
    try:
        report = log_loss_report_from("memory://lone/a.parquet", **COLUMNS, **QUICK)
        assert same(report, EXPECTED, rel=1e-12)
    finally:
        monkeypatch.undo()
        system.rm("/lone", recursive=True)


def test_fsspec_is_asked_for_where_it_is_needed(monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(ImportError, match="pip install fsspec"):
        log_loss_report_from("s3://bucket/a.parquet", **COLUMNS)


# Text has no types.


@pytest.mark.parametrize(
    ("header", "rows", "labels"),
    [
        ("y,p_0,p_1", ["1,.2,.8", "0,.5,.5"], [0, 1]),
        ("y,p_0,p_1", ["1.0,.2,.8", "0.0,.5,.5"], [0, 1]),
        ("y,p_00,p_01", ["01,.2,.8", "00,.5,.5"], ["00", "01"]),
        ("y,p_False,p_True", ["true,.2,.8", "False,.5,.5"], [False, True]),
        ("y,p_NA,p_1", ["1,.2,.8", "NA,.5,.5"], ["NA", "1"]),
        ('"y","p_a ""b""","p_c,d"', ['"c,d",.2,.8', '"a ""b""",.5,.5'], ['a "b"', "c,d"]),
        ("y; p_a; p_b", ["b;.2;.8", "a;.5;.5"], ["a", "b"]),
        ("y,p_ä,p_ü", ["ü,.2,.8", "ä,.5,.5"], ["ä", "ü"]),
    ],
    ids=["int", "float", "code", "bool", "NA", "quoted", "spaces", "letters"],
)
def test_labels_of_text(header, rows, labels, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    report = log_loss_report_from(path, y="y", **QUICK)
    assert report.labels.tolist() == labels
    losses = -np.log([0.5, 0.8])
    assert report.per_class["log_loss"].tolist() == pytest.approx(losses.tolist())


def test_an_empty_cell_is_no_value(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("y,p_a,p_b\na,.5,.5\n,.5,.5\nb,,.5\nb,.5,.5\n")
    with pytest.raises(ValueError, match=r"a\.csv, row 1, column 'y': there is no value"):
        log_loss_report_from(path, y="y")
    report = log_loss_report_from(path, y="y", nulls="drop", **QUICK)
    assert report.overall["n_samples"] == 2


def test_names_of_rows_and_groups_stay_text(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("y,id,g,p_a,p_b\na,007,1,.5,.5\nb,7,01,.9,.1\n")
    report = log_loss_report_from(path, y="y", row_ids="id", groups="g", **QUICK)
    assert report.worst_rows["row"].tolist() == ["7", "007"]
    assert report.about.n_groups == 2


# What is wrong with files.


_GZIP = gzip.compress(csv_of(TABLE))
# Its lengths are none, which is no error of the operating system's kind.
UNPACKED_TO_NOTHING = _GZIP[:12] + b"\xff" * 40 + _GZIP[52:]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.parquet", b"y,p_a,p_b\n", r"a\.parquet: this is no Parquet file"),
        ("a.feather", b"<html>", r"a\.feather: this is no Feather file"),
        ("a.parquet", b"PAR1" + bytes(100), r"a\.parquet: cannot be read: .*[Pp]arquet"),
        ("a.parquet", parquet_of(TABLE)[:5000], r"a\.parquet: cannot be read"),
        ("a.arrow", FORMATS["a.arrow"](TABLE)[:5000], r"a\.arrow: cannot be read"),
        ("a.csv", b"", r"a\.csv: the file is empty"),
        ("a.csv", bytes(100), r"a\.csv: this is neither Parquet nor Arrow nor text"),
        ("a.csv", b"kind\n\xff\xfe\n", r"a\.csv: there is no column 'w'"),
        ("a.csv", b"ki\xffnd\n\xff\xfe\n", r"a\.csv: the names of the columns are no UTF-8"),
        ("a.csv", b"kind,w,p_a,p_b\na,1,.5,.5\nb,1,x,.5\n", r"a\.csv, row 1, column 'p_a': 'x' is"),
        (
            "a.csv",
            b"kind,w,p_a,p_b\na,1,.5,.5\n\xe4,1,.5,.5\n",
            r"a\.csv, row 1, column 'kind': .*UTF",
        ),
        ("a.csv", b"kind,w,p_a,p_b\na,1,.5,.5\nb,1\n", r"a\.csv, row 1: 2 cells below 4 names"),
        ("a.parquet", b"", r"a\.parquet: the file is empty"),
        ("a.csv", b"kind,w,p_a,p_b\n", r"nothing to report"),
        ("a.csv.gz", gzip.compress(csv_of(TABLE))[:2000], r"a\.csv\.gz: cannot be read"),
        ("a.csv.gz", UNPACKED_TO_NOTHING, r"a\.csv\.gz: cannot be read: Error -3"),
        ("a.csv.bz2", bz2.compress(csv_of(TABLE))[:2000], r"a\.csv\.bz2: cannot be read"),
        ("a.csv.zst", zstd_of(csv_of(TABLE))[:2000], r"a\.csv\.zst: cannot be read"),
        ("a.csv", csv_of(TABLE).replace(b"\n", b"\r"), r"its lines end as those of old Macs do"),
        ("a.sums", b"\x93SKXENT\n", r"a\.sums: these are sums that skxent saved, cut off"),
    ],
)
@pytest.mark.filterwarnings("error::ResourceWarning")
def test_what_is_wrong_with_a_file_is_one_line(name, content, message, tmp_path):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message) as raised:
        log_loss_report_from(path, **COLUMNS)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("row", [7, 60_000])
@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"b,1,.3,x", r"row {}, column 'p_b': 'x' is no number"),
        (b"b,1,.3,7_0%", r"row {}, column 'p_b': '7_0%' is no number; mend it"),
        (b"b,1,.3,70%", r"row {}, column 'p_b': '70%' is no number; write 0\.7\."),
        (b"b,1,.3,.7,", r"row {}: 5 cells below 4 names of columns"),
        (b"c,1,.3,.7", r"row {}, column 'kind': 'c' is none of the labels"),
    ],
)
def test_a_bad_line_of_a_long_text_is_found(row, line, message, tmp_path):
    lines = [b"a,1,0.2500000000000000000000000000,0.7500000000000000000000000000000000"] * 80_000
    lines[row] = line
    path = tmp_path / "a.csv"
    path.write_bytes(b"\n".join([b"kind,w,p_a,p_b", *lines]))
    with pytest.raises(ValueError, match=r"a\.csv, " + message.format(row)):
        log_loss_report_from(path, y="kind", weight="w", **QUICK)


def test_text_is_read_by_no_other_thread(monkeypatch):
    """One that still reads a file of Python's when Python ends may wait for ever."""
    seen = set()

    class Told(io.BytesIO):
        def read1(self, size=-1):
            seen.add(threading.get_ident())
            return super().read1(size)

    lines = b"y,p_0,p_1\n" + b"0,0.50000000,0.50000000\n" * 600_000
    monkeypatch.setattr(sys, "stdin", types.SimpleNamespace(buffer=Told(lines)))
    assert log_loss_report_from("-", y="y", **QUICK).overall["n_samples"] == 600_000
    assert seen == {threading.get_ident()}


def test_a_damaged_page_is_found_while_it_is_read(tmp_path):
    content = bytearray(parquet_of(TABLE))
    content[20:60] = bytes(40)
    path = tmp_path / "a.parquet"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"a\.parquet: cannot be read") as raised:
        log_loss_report_from(path, **COLUMNS)
    assert "\n" not in str(raised.value)


def test_a_number_that_is_another_one_is_found_by_the_checksum_of_its_page(tmp_path):
    """Where a file has such: those of Spark do."""
    path = tmp_path / "a.parquet"
    plain = {"use_dictionary": False, "compression": "none", "write_page_checksum": True}
    pq.write_table(TABLE, path, **plain)
    content, number = bytearray(path.read_bytes()), TABLE["w"].to_numpy()[5:6].tobytes()
    at = content.index(number)
    content[at : at + 8] = np.array([0.5]).tobytes()
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"a\.parquet: cannot be read: .*checksum"):
        log_loss_report_from(path, **COLUMNS)


def test_a_file_that_lacks_a_column_is_found_before_the_others_are_read(tmp_path):
    pq.write_table(TABLE, tmp_path / "0.parquet")
    pq.write_table(TABLE.drop_columns("p_owl"), tmp_path / "1.parquet")
    told = []
    with pytest.raises(ValueError, match=r"1\.parquet: .*no column for \['owl'\]"):
        log_loss_report_from(tmp_path, **COLUMNS, progress=lambda *done: told.append(done))
    assert told == []


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("none.parquet", "there is no such file"),
        ("*.parquet", "no file matches the pattern"),
        ("", "the folder holds no Parquet, Arrow or CSV file"),
    ],
)
def test_no_files(name, message, tmp_path):
    with pytest.raises(FileNotFoundError, match=message):
        log_loss_report_from(f"{tmp_path}/{name}", **COLUMNS)


def test_hidden_files_of_a_folder_are_passed_over(tmp_path):
    (tmp_path / "_delta").mkdir()
    (tmp_path / "sub").mkdir()
    for name in ("_delta/a.parquet", ".hidden.parquet", "_SUCCESS"):
        (tmp_path / name).write_bytes(b"none")
    pq.write_table(TABLE, tmp_path / "sub" / "a.parquet")
    assert same(log_loss_report_from(tmp_path, **COLUMNS, **QUICK), EXPECTED, rel=1e-12)


def test_progress_is_told_after_each_batch(tmp_path):
    big = table(300_000, labels=CLASSES).drop_columns("other")
    pq.write_table(big, tmp_path / "a.parquet")
    told = []
    log_loss_report_from(
        tmp_path, **COLUMNS, progress=lambda *done: told.append(done), subsample=0, **QUICK
    )
    assert told == [(131_072, 300_000), (262_144, 300_000), (300_000, 300_000)]


@pytest.mark.parametrize("length", [10_000, 100_000])
@pytest.mark.parametrize("kind", ["plain", "gzip", "standard"])
def test_long_rows_say_their_labels_as_short_ones_do(kind, length, tmp_path, monkeypatch):
    """The type of the labels, which the first value shows, is behind a long text."""
    lines = [f"{'x' * length},{i % 2},0.25" for i in range(20)]
    content = "\n".join(["text,y,p", *lines]).encode()
    (tmp_path / "a.csv").write_bytes(gzip.compress(content) if kind == "gzip" else content)
    monkeypatch.setattr(sys, "stdin", Standard(content))
    source = "-" if kind == "standard" else tmp_path / "a.csv"
    report = log_loss_report_from(source, y="y", proba="p", **QUICK)
    assert report.labels.tolist() == [0, 1]
    assert report.overall["n_samples"] == 20


def test_a_single_row_says_its_labels_without_the_end_of_its_line(tmp_path):
    (tmp_path / "a.csv").write_text("y,p\n1,0.25")
    report = log_loss_report_from(tmp_path / "a.csv", y="y", proba="p", **QUICK)
    assert report.overall["log_loss"] == -np.log(0.25)


@pytest.mark.parametrize(
    "cell", ['"a\nb"', '"say ""\nno"""', '"a,\n\n\nb"', '5" pipe', '"a\n"" 5"'], ids=repr
)
@pytest.mark.parametrize("shift", range(3))
def test_blocks_are_cut_at_ends_of_rows_and_not_of_lines_in_a_cell(cell, shift, monkeypatch):
    """Also where a quote stands inside of a cell that has none around it, and means nothing."""
    lines = [f"{i % 2},0.25,{cell}\n" for i in range(50)]
    monkeypatch.setattr(_lines, "_AHEAD", (20,))
    content = ("y,p,text\n" + "1,0.25," + "x" * shift + "\n" + "".join(lines)).encode()
    monkeypatch.setattr(_formats, "_BLOCK", 67)
    monkeypatch.setattr(sys, "stdin", Standard(content))
    report = log_loss_report_from("-", y="y", proba="p", labels=[0, 1], **QUICK)
    assert report.overall["n_samples"] == 51


@pytest.mark.parametrize("longest", [256, 1 << 26])
def test_a_quote_that_is_never_closed_is_an_error(longest, tmp_path, monkeypatch):
    """And does not make one cell of all rows behind it, which would be left out unsaid."""
    monkeypatch.setattr(_formats, "_BLOCK", 67)
    monkeypatch.setattr(_lines, "_LONGEST", longest)
    monkeypatch.setattr(_lines, "_AHEAD", (20,))
    lines = [f"{i % 2},0.25,x\n" for i in range(1000)]
    lines[30] = '0,0.25,"x\n'
    (tmp_path / "a.csv").write_text("y,p,text\n" + "".join(lines))
    with pytest.raises(
        ValueError, match=r"a\.csv, row 30: a cell begins with a quote that is never"
    ):
        log_loss_report_from(tmp_path / "a.csv", y="y", proba="p", labels=[0, 1], **QUICK)


HEAD = "kind,note,w,p_a,p_b"
LINE = "a,{},1,.5,.5"


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ('"5 in', '"6 in'),  # text behind the quote that closes the cell
        ('"5 in', 'of 6"'),  # a cell that is well formed, and holds rows
        ('"5 ""in', '6""" in'),
    ],
)
@pytest.mark.parametrize("between", [0, 3])
def test_two_quotes_of_two_rows_do_not_hide_the_rows_between(first, second, between, end, tmp_path):
    notes = ["", '"well, ""formed"""', first, *["x"] * between, second, "", ""]
    path = tmp_path / "a.csv"
    path.write_bytes(end.join([HEAD, *map(LINE.format, notes)]).encode())
    with pytest.raises(ValueError, match=r"a\.csv, row 2: a cell begins with a quote that only"):
        log_loss_report_from(path, y="kind", weight="w")
    # The same behind all numbers.
    rows = [f"a,1,.5,.5,{note},z" for note in notes]
    path.write_bytes(end.join(["kind,w,p_a,p_b,note,more", *rows]).encode())
    with pytest.raises(ValueError, match=r"a\.csv, row 2: a cell begins with a quote that only"):
        log_loss_report_from(path, y="kind", weight="w")


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    "cell", ['"one\ntwo, 3, 4, five, 6\n"', '"a,b\n,,,,\n\n""x"" "', '"\n1,2,3,4"']
)
def test_cells_of_several_lines_are_cells(cell, end, tmp_path):
    notes = ["", cell.replace("\n", end), "x", cell.replace("\n", end)]
    path = tmp_path / "a.csv"
    path.write_bytes(end.join([HEAD, *map(LINE.format, notes)]).encode())
    report = log_loss_report_from(path, y="kind", weight="w", **QUICK)
    assert report.per_class["support"].sum() == 4
    # The same behind all numbers, where the first line is a row without the cell.
    rows = [f"a,1,.5,.5,{note},z" for note in notes]
    path.write_bytes(end.join(["kind,w,p_a,p_b,note,more", *rows]).encode())
    report = log_loss_report_from(path, y="kind", weight="w", **QUICK)
    assert report.per_class["support"].sum() == 4
