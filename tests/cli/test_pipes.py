"""What can be read or written only once, or not at all: pipes, and streams that are closed."""

import io
import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq
import pytest
from predictions import CLASSES, proba_of, table
from reports import same

from skxent import LogLossAccumulator, LogLossComparison, LogLossReport, log_loss_report
from skxent.__main__ import main

TABLE = table(400).drop_columns("other")
READ = ["--target", "kind", "--weight", "w"]
EXPECTED = log_loss_report(
    TABLE["kind"].to_pylist(),
    proba_of(TABLE),
    labels=CLASSES,
    sample_weight=TABLE["w"].to_numpy(),
    recalibration=False,
)


def as_csv(data):
    file = io.BytesIO()
    arrow_csv.write_csv(data, file)
    return file.getvalue()


def as_parquet(data):
    file = io.BytesIO()
    pq.write_table(data, file)
    return file.getvalue()


@contextmanager
def pipes(*contents):
    """Paths of pipes as a shell makes them for <(…), each with some content."""
    ends, writers = [], []
    for content in contents:
        read, write = os.pipe()
        ends.append(read)
        writers.append(threading.Thread(target=_fill, args=(write, content)))
    for writer in writers:
        writer.start()
    try:
        yield [f"/dev/fd/{end}" for end in ends]
    finally:
        for end in ends:
            os.close(end)
        for writer in writers:
            writer.join()


def _fill(end, content):
    with open(end, "wb") as file, suppress(BrokenPipeError):
        file.write(content)


needs_pipes = pytest.mark.skipif(not os.path.isdir("/dev/fd"), reason="no paths of pipes")


@needs_pipes
@pytest.mark.filterwarnings("error::ResourceWarning")
@pytest.mark.parametrize("form", [as_csv, as_parquet])
def test_a_pipe_is_read_once(form, capsys):
    with pipes(form(TABLE)) as (path,):
        assert main(["report", path, *READ, "--json", "--no-recalibration"]) == 0
    assert same(LogLossReport.from_json(capsys.readouterr().out), EXPECTED, rel=1e-9)


@needs_pipes
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_two_pipes_are_two_files(jobs, capsys):
    first, second = TABLE.slice(0, 150), TABLE.slice(150)
    with pipes(as_csv(first), as_parquet(second)) as paths:
        options = [*READ, "--json", "--no-recalibration", "--jobs", jobs]
        assert main(["report", *paths, *options]) == 0
    assert same(LogLossReport.from_json(capsys.readouterr().out), EXPECTED, rel=1e-9)


@needs_pipes
def test_both_models_of_a_comparison_are_pipes(capsys):
    worse = TABLE
    for name in CLASSES:
        place = worse.column_names.index(f"p_{name}")
        mixed = pa.array(0.5 * TABLE[f"p_{name}"].to_numpy() + 0.5 / len(CLASSES))
        worse = worse.set_column(place, f"p_{name}", mixed)
    backwards = worse.take(np.arange(worse.num_rows)[::-1])
    with pipes(as_csv(TABLE), as_parquet(backwards)) as paths:
        assert main(["compare", *paths, *READ, "--on", "id", "--json"]) == 0
    found = LogLossComparison.from_json(capsys.readouterr().out)
    losses = [
        log_loss_report(t["kind"].to_pylist(), proba_of(t), labels=CLASSES, sample_weight=t["w"])
        for t in (TABLE, worse)
    ]
    expected = [report.overall["log_loss"] for report in losses]
    np.testing.assert_allclose(found.log_loss, expected, rtol=1e-9)


@needs_pipes
def test_saved_sums_in_a_pipe_are_added_and_not_taken_for_predictions(tmp_path, capsys):
    saved = str(tmp_path / "a.sums")
    with pipes(as_parquet(TABLE)) as (path,):
        assert main(["report", path, *READ, "--save", saved]) == 0
    content = (tmp_path / "a.sums").read_bytes()
    with pipes(content, content) as paths:
        assert main(["merge", *paths, "--save", str(tmp_path / "b.sums")]) == 0
    assert LogLossAccumulator.load(tmp_path / "b.sums").n_samples == 800
    capsys.readouterr()
    with pipes(content) as (path,):
        assert main(["report", path, *READ]) == 3
    assert "these are sums that skxent saved" in capsys.readouterr().err


@needs_pipes
@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_table_to_fit_to_may_be_a_pipe(form, capsys):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"size": rng.normal(size=60), "kind": rng.choice(["ham", "spam"], 60)})
    content = frame.to_csv(index=False).encode() if form == "csv" else frame.to_parquet()
    with pipes(content) as (path,):
        assert main(["fit", path, "--target", "kind"]) == 0
    assert "columns: 1 numbers, 0 text" in capsys.readouterr().err


def test_a_file_that_is_called_as_standard_input_is_another_one(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pq.write_table(TABLE, "a.parquet")
    assert main(["report", "a.parquet", *READ, "--save", "./-"]) == 0
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(as_csv(TABLE.slice(0, 7)))))
    capsys.readouterr()
    assert main(["report", "-", *READ, "--no-recalibration"]) == 0
    assert "over 7 rows" in capsys.readouterr().out


@pytest.mark.parametrize("option", ["--html", "--save"])
def test_a_page_and_sums_are_files(option, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pq.write_table(TABLE, "a.parquet")
    assert main(["report", "a.parquet", *READ, option, "-"]) == 2
    assert f"{option}: '-' is standard output" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["a.parquet"]


@pytest.mark.parametrize("command", ["report", "fit"])
def test_standard_input_that_is_closed(command, capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    assert main([command, "-", "--target", "kind"]) == 3
    assert capsys.readouterr().err.count("nothing is connected") == 1


def test_what_is_said_beside_results_does_not_go_among_them(tmp_path, capsys, monkeypatch):
    pq.write_table(TABLE, tmp_path / "a.parquet")
    monkeypatch.setattr(sys, "stderr", None)
    path = str(tmp_path / "a.parquet")
    assert main(["report", path, *READ, "--json", "--fail-above", "9"]) == 0
    sys.stderr.close()
    LogLossReport.from_json(capsys.readouterr().out)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no full device")
def test_a_full_disk_behind_standard_output(tmp_path):
    pq.write_table(TABLE, tmp_path / "a.parquet")
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "skxent", "report", tmp_path / "a.parquet", *READ],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr == "skxent: cannot write to standard output: No space left on device\n"


def test_a_stop_while_the_arguments_are_read(capsys, monkeypatch):
    def stopped():
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr("skxent.cli._main.parser", stopped)
    assert main(["report", "a.parquet"]) == 130
    assert capsys.readouterr().err == "\nskxent: stopped\n"
