"""Accumulators in files: the same again, or a clear error, whatever happened to the file."""

import hashlib
import json
import os
import pickle
import struct
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reports import QUICK, data, same
from test_accumulator import totals, unchanged

from skxent import GroupedLogLossAccumulator, LogLossAccumulator, LogLossComparisonAccumulator
from skxent.statistic._store import as_bytes, from_bytes

# Saved by the first format. Until there is a release, it is made anew where what is saved
# changes: run `save_example`; from then on every format has its own, and all are read.
EXAMPLE = Path(__file__).parent / "data" / "accumulator_1.skxent"


def example():
    y, p, w = data(40, 3)
    names = np.array(["ape", "bee", "cat"])
    accumulator = LogLossAccumulator(names, base=2, subsample=20, random_state=0)
    return accumulator.update(names[y], p, w, row_ids=[f"row {i}" for i in range(40)])


def save_example():
    EXAMPLE.parent.mkdir(exist_ok=True)
    example().save(EXAMPLE)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "monday.skxent"


def again(accumulator, path):
    assert accumulator.save(path) is None
    return LogLossAccumulator.load(path)


def alike(one, other):
    """Whether two accumulators have the same options, and give the same report."""
    options = ("base", "eps", "target_names", "pos_label", "from_logits", "renormalize")
    for name in (*options, "subsample"):
        assert getattr(one, name) == getattr(other, name)
    assert one.labels.dtype == other.labels.dtype
    assert one.labels.tolist() == other.labels.tolist()
    assert repr(one) == repr(other)
    if one.n_samples:
        assert unchanged(one, totals(other))
        assert one.report(n_null=10).to_json() == other.report(n_null=10).to_json()
    return True


@pytest.mark.parametrize(
    "labels",
    [
        [2, 0, 1],
        [0.5, -1.5, 3.0],
        ["a", "b", "a name that is longer"],
        ["lone \ud800", "\U0001f600", "<b>"],
        [2**70, 5, -(2**65)],
        [b"a", b"b", b"\xff"],
    ],
    ids=["int", "float", "text", "surrogate", "large", "bytes"],
)
@pytest.mark.parametrize("named", [False, True])
def test_what_was_saved_is_what_is_loaded(labels, named, path):
    y, p, w = data(200, 3)
    names = ["ape", "bee", "cat"] if named else None
    labels = np.array(labels, dtype=object if isinstance(labels[0], int) else None)
    one = LogLossAccumulator(labels, target_names=names, base=2, eps=1e-6)
    one.update(labels[y], p, w)
    other = again(one, path)
    assert alike(one, other)
    # And it goes on.
    assert same(
        other.update(labels[y], p).report(**QUICK), one.update(labels[y], p).report(**QUICK)
    )
    with pytest.raises(ValueError, match="read-only"):
        other.labels[0] = other.labels[1]


@pytest.mark.parametrize(
    "options",
    [
        {"subsample": 0},
        {"subsample": 50, "random_state": 3},
        {"from_logits": True},
        {"renormalize": True},
        {"eps": 0},
        {"base": None},
    ],
    ids=str,
)
@pytest.mark.parametrize("n", [0, 1, 400])
def test_options_are_saved(options, n, path):
    y, p, _ = data(400, 3)
    one = LogLossAccumulator(range(3), **options)
    if n:
        one.update(y[:n], np.log(p[:n]) if "from_logits" in options else p[:n])
    other = again(one, path)
    assert alike(one, other)
    assert other.random_state == options.get("random_state")


def test_one_column_and_labels_of_two_classes(path):
    y, p, _ = data(100, 2)
    for labels, pos_label in ([[False, True], None], [["no", "yes"], "no"]):
        one = LogLossAccumulator(labels, pos_label=pos_label)
        one.update(np.array(labels)[y], p[:, 0] if pos_label else p[:, 1])
        assert alike(one, again(one, path))


def test_a_seed_goes_on_where_it_was(path):
    """As if the rows had been counted by one; and is not used twice."""
    y, p, _ = data(600, 3)
    one, other = (LogLossAccumulator(range(3), subsample=50, random_state=7) for _ in range(2))
    loaded = again(one.update(y[:300], p[:300]), path).update(y[300:], p[300:])
    other.update(y[:300], p[:300]).update(y[300:], p[300:])
    assert same(loaded.report(n_null=0), other.report(n_null=0), rel=1e-7)
    with pytest.raises(ValueError, match="random_state=7"):
        loaded + other


@pytest.mark.parametrize(
    ("names", "kept"),
    [
        (lambda i: f"row {i}", lambda i: f"row {i}"),
        (lambda i: 10 * i, lambda i: 10 * i),
        (lambda i: pd.Timestamp(2024, 1, 1 + i), lambda i: f"2024-01-{1 + i:02} 00:00:00"),
        (lambda i: (i, "x"), lambda i: str((i, "x"))),
        (lambda i: np.int32(i) if i % 2 else np.str_(i), lambda i: i if i % 2 else str(i)),
        (lambda i: float("nan") if i == 3 else i / 2, lambda i: i / 2),
    ],
    ids=["text", "numbers", "days", "pairs", "numpy", "floats"],
)
def test_names_of_rows_are_saved_or_their_text(names, kept, path):
    y, p = np.zeros(20, dtype=int), np.full((20, 2), 0.5)
    p[7], p[3] = [0.1, 0.9], [0.2, 0.8]
    ids = np.empty(20, dtype=object)
    ids[:] = [names(i) for i in range(20)]
    one = LogLossAccumulator([0, 1]).update(y, p, row_ids=ids)
    rows = again(one, path).report(**QUICK).worst_rows["row"].tolist()
    assert rows[0] == kept(7)
    assert rows[1] == kept(3) or rows[1] != rows[1]


def test_saved_days_add_up_to_a_week(tmp_path):
    y, p, w = data(700, 3)
    days = np.split(np.arange(700), 7)
    for i, at in enumerate(days):
        LogLossAccumulator(range(3)).update(y[at], p[at], w[at]).save(tmp_path / f"{i}.skxent")
    week = LogLossAccumulator.sum(map(LogLossAccumulator.load, sorted(tmp_path.iterdir())))
    whole = LogLossAccumulator(range(3)).update(y, p, w)
    assert same(week.report(n_null=0), whole.report(n_null=0), rel=1e-7)


def test_a_file_is_as_small_as_a_pickle(path):
    y, p, _ = data(3000, 10)
    one = LogLossAccumulator(range(10), subsample=0).update(y, p)
    one.save(path)
    assert path.stat().st_size < 1.1 * len(pickle.dumps(one)) + 5000


def test_the_same_content_makes_the_same_file(tmp_path):
    for name in ("one", "other"):
        example().save(tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


def test_what_an_older_version_saved_is_read():
    found, expected = (a.report(n_null=0) for a in (LogLossAccumulator.load(EXAMPLE), example()))
    assert same(found, expected, rel=1e-7)
    assert found.worst_rows["row"].tolist() == expected.worst_rows["row"].tolist()
    kept = [[n for n in a.notes if not n.startswith("No e-value")] for a in (found, expected)]
    assert kept[0] == kept[1]


def test_sums_that_were_saved_before_rows_were_left_out_are_read(tmp_path):
    p = np.random.default_rng(0).dirichlet(np.ones(3), size=30)
    y, place = np.arange(30) % 3, np.arange(30) % 2
    compared = LogLossComparisonAccumulator(range(3)).update(y, {"a": p, "b": p[::-1]})
    grouped = GroupedLogLossAccumulator(range(3)).update(y, p, by=place)
    for whole in (compared, grouped):
        path = tmp_path / "saved"
        whole.save(path)
        kind = json.loads(path.read_bytes()[28:].partition(b', "values"')[0] + b"}")["kind"]
        tree = from_bytes(path.read_bytes(), kind, path)
        del tree["n_dropped"]
        path.write_bytes(as_bytes(kind, tree))
        np.testing.assert_array_equal(
            type(whole).load(path).report().log_loss, whole.report().log_loss
        )


def test_a_file_that_cannot_be_written_leaves_the_old_one(path, monkeypatch):
    example().save(path)
    before = path.read_bytes()

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left on device"):
        LogLossAccumulator([0, 1]).save(path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


class Label(str):
    """A type that no file can name."""


def test_labels_that_cannot_be_saved_are_refused(path):
    labels = np.array([Label("a"), Label("b")], dtype=object)
    with pytest.raises(TypeError, match=r"'a' is of .*Label.*cannot be saved; use numbers or text"):
        LogLossAccumulator(labels).save(path)
    assert not path.exists()


# What is no such file, or no longer one.


def digested(content):
    """With a length and a digest that fit."""
    content = content[:12] + struct.pack("<Q", len(content)) + content[20:]
    return content[:-32] + hashlib.blake2b(content[:-32], digest_size=32).digest()


FOREIGN = {
    "empty": b"",
    "text": b"class,support\na,3\n",
    "pickle": pickle.dumps({"labels": [0, 1]}),
    "zip": b"PK\x03\x04" + bytes(100),
    "numpy": b"\x93NUMPY\x01\x00" + bytes(100),
    "mark in text mode": b"\x93SKXENT\r\n" + bytes(100),
    "json": b'{"kind": "accumulator"}',
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_other_files_are_refused(kind, path):
    path.write_bytes(FOREIGN[kind])
    with pytest.raises(ValueError, match=r"monday\.skxent is no file that skxent saved"):
        LogLossAccumulator.load(path)


def test_a_file_that_was_cut_off_is_refused(path):
    example().save(path)
    whole = path.read_bytes()
    for n in [*range(8, 80), *range(80, len(whole), 97), len(whole) - 1]:
        path.write_bytes(whole[:n])
        with pytest.raises(ValueError, match=rf"was cut off: it has {n}( of {len(whole)})? bytes"):
            LogLossAccumulator.load(path)


@pytest.mark.parametrize("flip", [0x01, 0x80, 0xFF])
def test_a_damaged_file_is_refused(path, flip):
    """Wherever it is damaged: at every byte of the start, and at many of the rest."""
    example().save(path)
    whole = path.read_bytes()
    for at in [*range(120), *range(120, len(whole), 53), *range(len(whole) - 33, len(whole))]:
        damaged = bytearray(whole)
        damaged[at] ^= flip
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"no file that skxent saved|was cut off|is damaged"):
            LogLossAccumulator.load(path)


def test_more_bytes_than_were_saved_are_refused(path):
    example().save(path)
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(ValueError, match="is damaged"):
        LogLossAccumulator.load(path)


def test_a_newer_file_says_what_to_do(path):
    example().save(path)
    content = path.read_bytes()
    path.write_bytes(digested(content[:8] + struct.pack("<I", 2) + content[12:]))
    with pytest.raises(ValueError, match=r"newer skxent, in format 2.*up to 1: pip install"):
        LogLossAccumulator.load(path)


def test_a_file_of_something_else_is_refused(path):
    path.write_bytes(as_bytes("monitor", {}))
    with pytest.raises(ValueError, match="holds a saved monitor, not a saved accumulator"):
        LogLossAccumulator.load(path)


@pytest.mark.parametrize(
    "change",
    [
        lambda head: head["values"]["dict"].pop("labels"),
        lambda head: head["values"]["dict"].pop("tally"),
        lambda head: head["values"]["dict"].update(labels=[1, 1]),
        lambda head: head["values"]["dict"].update(eps=5),
        lambda head: head["values"]["dict"].update(tally=3),
        lambda head: head["values"]["dict"]["tally"]["dict"].pop("counted"),
    ],
)
def test_what_another_program_wrote_is_refused(path, change):
    """Also where length and digest fit."""
    example().save(path)
    content = path.read_bytes()
    (length,) = struct.unpack("<Q", content[20:28])
    head = json.loads(content[28 : 28 + length])
    change(head)
    text = json.dumps(head).encode()
    rest = content[28 + length :]
    path.write_bytes(digested(content[:20] + struct.pack("<Q", len(text)) + text + rest))
    with pytest.raises(ValueError, match="does not hold what this version of skxent saves"):
        LogLossAccumulator.load(path)


def test_a_file_that_is_not_there(path):
    with pytest.raises(FileNotFoundError, match=r"monday\.skxent"):
        LogLossAccumulator.load(path)
    with pytest.raises(IsADirectoryError):
        LogLossAccumulator.load(path.parent)


CONTENT = example()._as_bytes()
LENGTH = struct.unpack("<Q", CONTENT[20:28])[0]


ANYWHERE = {"deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture]}


@settings(max_examples=300, **ANYWHERE)
@given(
    st.lists(
        st.tuples(
            st.one_of(
                st.integers(12, 28 + LENGTH - 1),  # mostly the header, which says what follows
                st.integers(0, len(CONTENT) - 33),
            ),
            st.integers(0, 255),
        ),
        min_size=1,
        max_size=6,
    ),
    st.booleans(),
)
def test_any_bytes_are_read_or_refused(path, changes, is_digested):
    """Also those of a program that writes a digest: an error says so, and nothing else happens."""
    content = bytearray(CONTENT)
    for at, byte in changes:
        content[at] = byte
    path.write_bytes(digested(bytes(content)) if is_digested else bytes(content))
    if not is_digested and bytes(content) != CONTENT:
        with pytest.raises(ValueError, match="monday"):
            LogLossAccumulator.load(path)
        return
    with suppress(ValueError):
        assert repr(LogLossAccumulator.load(path))


@settings(max_examples=100, **ANYWHERE)
@given(st.binary(max_size=300))
def test_bytes_of_anything_are_refused(path, content):
    for start in (b"", CONTENT[:8], CONTENT[:28], CONTENT[:200]):
        path.write_bytes(start + content)
        with pytest.raises(ValueError, match="monday"):
            LogLossAccumulator.load(path)
        if start:
            path.write_bytes(digested(start + content + bytes(60)))
            with pytest.raises(ValueError, match="monday"):
                LogLossAccumulator.load(path)
