"""Files are written as a whole or not at all, whatever ends the writing."""

import os
import signal
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from reports import data, quick

from skxent import compare_log_loss

posix = pytest.mark.skipif(os.name != "posix", reason="permissions, links and limits of POSIX")


def report():
    y, p, _ = data(60, 3)
    return quick(y, p)


def comparison():
    y, p, _ = data(60, 3)
    return compare_log_loss(y, {"one": p, "other": np.roll(p, 1, axis=1)})


@pytest.fixture(params=[report, comparison], ids=["report", "comparison"])
def result(request):
    return request.param()


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def page_of(result):
    """The page without the moment at which it was made."""
    return result.to_html(title="of a test").splitlines()[:5]


@pytest.mark.parametrize("kind", [str, Path])
@pytest.mark.parametrize("there", [False, True])
def test_the_page_is_all_that_is_left(result, tmp_path, kind, there):
    path = tmp_path / "page.html"
    if there:
        path.write_text("old" * 10**6, encoding="utf-8")
    assert result.write_html(kind(path), title="of a test") is None
    assert names(tmp_path) == ["page.html"]
    written = path.read_bytes().decode("utf-8")
    assert written.splitlines()[:5] == page_of(result)
    assert written.rstrip().endswith("</html>")


@pytest.mark.parametrize("there", [False, True])
def test_a_disk_that_is_full_leaves_what_was_there(result, tmp_path, monkeypatch, there):
    path = tmp_path / "page.html"
    if there:
        path.write_text("old", encoding="utf-8")

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match=r"No space left on device: .*page\.html'$"):
        result.write_html(path)
    assert names(tmp_path) == (["page.html"] if there else [])
    assert not there or path.read_text(encoding="utf-8") == "old"


def test_a_writer_that_is_interrupted_leaves_what_was_there(result, tmp_path, monkeypatch):
    path = tmp_path / "page.html"
    path.write_text("old", encoding="utf-8")

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        result.write_html(path)
    assert names(tmp_path) == ["page.html"]
    assert path.read_text(encoding="utf-8") == "old"


PROGRAM = """
import os, signal, sys
from skxent import log_loss_report
report = log_loss_report(["a", "b"], [[0.5, 0.5]] * 2, recalibration=False, n_null=0)
{before}
report.write_html(sys.argv[1])
"""
LIMITED = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))"
KILLED = "os.{name} = lambda *_: os.kill(os.getpid(), signal.SIGKILL)"


def run(before, path):
    program = PROGRAM.format(before=before)
    return subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=False
    )


@posix
@pytest.mark.parametrize("name", ["fsync", "replace"])
def test_a_process_that_is_killed_leaves_what_was_there(tmp_path, name):
    path = tmp_path / "page.html"
    path.write_text("old", encoding="utf-8")
    done = run(KILLED.format(name=name), path)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert path.read_text(encoding="utf-8") == "old"
    report().write_html(path)
    assert path.read_text(encoding="utf-8").rstrip().endswith("</html>")


@posix
def test_a_file_that_may_not_grow_leaves_what_was_there(tmp_path):
    """The kernel refuses, as it does where a disk is full, after a part was written."""
    path = tmp_path / "page.html"
    path.write_text("old", encoding="utf-8")
    done = run(LIMITED, path)
    assert done.returncode == 1
    assert "File too large" in done.stderr
    assert names(tmp_path) == ["page.html"]
    assert path.read_text(encoding="utf-8") == "old"


@posix
@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
def test_a_new_file_has_the_permissions_that_open_gives(tmp_path, mask):
    before = os.umask(mask)
    try:
        report().write_html(tmp_path / "page.html")
        (tmp_path / "plain").touch()
    finally:
        os.umask(before)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {0o666 & ~mask}


@posix
@pytest.mark.parametrize("mode", [0o600, 0o644, 0o660])
def test_an_old_file_keeps_its_permissions(tmp_path, mode):
    path = tmp_path / "page.html"
    path.touch()
    path.chmod(mode)
    report().write_html(path)
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert path.stat().st_size > 1000


@posix
def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "kept").mkdir()
    link, target = tmp_path / "page.html", tmp_path / "kept" / "page.html"
    for there in (False, True):
        if not there:
            link.symlink_to(target)
        report().write_html(link)
        assert link.is_symlink()
        assert target.stat().st_size > 1000
        assert names(tmp_path / "kept") == ["page.html"]
        target.write_text("old", encoding="utf-8")


@posix
def test_what_is_no_file_is_written_to_as_it_is(tmp_path):
    """As standard output is where a shell says > or |."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor() as pool:
        read = pool.submit(pipe.read_text, encoding="utf-8")
        report().write_html(pipe)
        assert read.result(timeout=60).rstrip().endswith("</html>")
    assert names(tmp_path) == ["pipe"]
    assert pipe.is_fifo()


@posix
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write anywhere")
def test_a_file_that_must_not_be_written_is_not_replaced(tmp_path):
    path = tmp_path / "page.html"
    path.write_text("old", encoding="utf-8")
    path.chmod(0o444)
    with pytest.raises(PermissionError, match=r"page\.html"):
        report().write_html(path)
    assert path.read_text(encoding="utf-8") == "old"


@pytest.mark.parametrize(
    ("path", "error"),
    [("no/such/page.html", FileNotFoundError), (".", IsADirectoryError), ("", IsADirectoryError)],
)
def test_an_error_names_the_path_that_was_given(result, tmp_path, monkeypatch, path, error):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error) as caught:
        result.write_html(path)
    assert caught.value.filename == (path or ".")
    assert ".tmp" not in str(caught.value)
    assert names(tmp_path) == []


def test_a_number_is_no_path(result):
    with pytest.raises(TypeError):
        result.write_html(1)
