"""Comparisons of files that are joined by id: those of the joined arrays, or one clear line."""

import gzip
import io
import sys
import types

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq
import pytest
from comparisons import same_comparison
from numpy.testing import assert_allclose

from skxent import compare_log_loss, compare_log_loss_from
from skxent.engines._join import KeptLosses

CLASSES = np.array(["cat", "ape", "bee"])
N = 400
RNG = np.random.default_rng(0)
Y = RNG.integers(3, size=N)
MODELS = {name: RNG.dirichlet([1, 1, 1], size=N) for name in ("old", "new")}
for _p in MODELS.values():
    _p[RNG.choice(N, 12, replace=False)] = [0.0, 0.25, 0.75]
WEIGHT = np.where(RNG.random(N) < 0.1, 0.0, RNG.exponential(size=N))
GROUPS = RNG.integers(50, size=N)
IDS = RNG.permutation(10 * N)[:N]


def frame(name, ids=IDS, order=None):
    columns = {f"p_{c}": MODELS[name][:, j] for j, c in enumerate(CLASSES)}
    found = pl.DataFrame({"id": ids, "kind": CLASSES[Y], **columns, "w": WEIGHT, "g": GROUPS})
    return found if order is None else found[order]


SHUFFLED = np.random.default_rng(1).permutation(N)
COLUMNS = {"on": "id", "y": "kind"}


def alike(found, at=None, **params):
    at = np.arange(N) if at is None else at
    models = {name: p[at] for name, p in MODELS.items()}
    expect = compare_log_loss(CLASSES[Y[at]], models, labels=CLASSES, **params)
    return same_comparison(found, expect)


@pytest.mark.parametrize(
    "ids",
    [IDS, -IDS, [f"row {i}" for i in IDS], pl.Series(IDS).cast(pl.Date)],
    ids=["integers", "negative", "text", "days"],
)
@pytest.mark.parametrize("more", [{}, {"weight": "w", "groups": "g"}])
def test_rows_in_any_order_are_joined_by_id(ids, more):
    """And columns in any order by their names."""
    other = frame("new", ids, SHUFFLED).select("g", "w", "p_bee", "p_cat", "kind", "p_ape", "id")
    found = compare_log_loss_from(frame("old", ids), other.iter_slices(90), **COLUMNS, **more)
    given = {"sample_weight": WEIGHT, "groups": GROUPS} if more else {}
    assert alike(found, **given)
    assert found.models == ("old", "new")


def written(path, data, kind):
    data = data.to_arrow() if isinstance(data, pl.DataFrame) else data
    if kind == "parquet":
        pq.write_table(data, path, row_group_size=130)
    else:
        content = io.BytesIO()
        arrow_csv.write_csv(data, content)
        path.write_bytes(gzip.compress(content.getvalue()) if kind == "gz" else content.getvalue())
    return path


@pytest.mark.parametrize("kinds", [("parquet", "csv"), ("csv", "parquet"), ("gz", "csv")])
@pytest.mark.parametrize("text", [False, True])
def test_files_of_any_format_and_several_of_them(kinds, text, tmp_path):
    ids = IDS.astype(str) if text else IDS
    for i, at in enumerate(np.array_split(np.arange(N), 3)):
        written(tmp_path / f"old{i}.{kinds[0]}", frame("old", ids, at), kinds[0])
    new = written(tmp_path / f"new.{kinds[1]}", frame("new", ids, SHUFFLED), kinds[1])
    told = []
    found = compare_log_loss_from(
        tmp_path / "old*", new, **COLUMNS, progress=lambda *done: told.append(done)
    )
    assert alike(found)
    assert told[-1] == (2 * N, None)


def test_other_names_list_columns_and_options():
    new = frame("new", order=SHUFFLED).select(
        "id", "kind", pl.concat_list("p_cat", "p_ape", "p_bee").alias("probabilities")
    )
    found = compare_log_loss_from(
        frame("old"), new, **COLUMNS, proba_new="probabilities", names=("2023", "2024"), base=2,
        eps=1e-4, confidence_level=0.8, target_names=["C", "A", "B"],
    )  # fmt: skip
    assert found.models == ("2023", "2024")
    assert found.target_names == ("C", "A", "B")
    models = {"2023": MODELS["old"], "2024": MODELS["new"]}
    expect = compare_log_loss(
        CLASSES[Y], models, labels=CLASSES, base=2, eps=1e-4, confidence_level=0.8
    )
    assert_allclose(found.class_ci_high, expect.class_ci_high)


def test_progress_of_sources_whose_length_is_known():
    told = []
    compare_log_loss_from(
        frame("old").to_arrow(), frame("new").to_arrow(), **COLUMNS,
        progress=lambda *done: told.append(done),
    )  # fmt: skip
    assert told == [(N, 2 * N), (2 * N, 2 * N)]


def test_one_sided_ids_are_bad_data_unless_allowed(tmp_path):
    old = written(tmp_path / "old.parquet", frame("old", order=np.arange(300)), "parquet")
    new = written(tmp_path / "new.parquet", frame("new", order=np.arange(5, N)), "parquet")
    with pytest.raises(
        ValueError, match=rf"new.parquet, row 295, .*old.parquet has no row w.*{IDS[300]};"
    ):
        compare_log_loss_from(old, new, **COLUMNS)
    with pytest.raises(
        ValueError, match=r"old.parquet, row \d, column 'id': 'new' has no.* of 4 other"
    ):
        compare_log_loss_from(old, frame("new", order=np.arange(5, 300)), **COLUMNS)
    found = compare_log_loss_from(old, new, **COLUMNS, unmatched="drop")
    assert alike(found, np.arange(5, 300))
    assert found.notes[0] == "Left out, since only one model has them: 5 rows of old, 100 of new."
    with pytest.raises(ValueError, match=r"old\.parquet and 'new' have no id of 'id' in common"):
        compare_log_loss_from(old, frame("new", -1 - IDS), **COLUMNS, unmatched="drop")


def in_parts(folder, name, data):
    """A folder with two files of several row groups each."""
    (folder / name).mkdir()
    half = len(data) // 2
    for i, part in enumerate((data[:half], data[half:])):
        pq.write_table(part.to_arrow(), folder / name / f"{i}.parquet", row_group_size=60)
    return folder / name


@pytest.mark.parametrize("more", [{}, {"weight": "w", "groups": "g"}])
def test_several_processes_give_what_one_gives(more, tmp_path):
    old = in_parts(tmp_path, "old", frame("old", order=np.arange(390)))
    new = in_parts(tmp_path, "new", frame("new", order=SHUFFLED[SHUFFLED >= 5]))
    told = []
    found = [
        compare_log_loss_from(
            old, new, **COLUMNS, **more, unmatched="drop", n_jobs=n,
            progress=lambda *done: told.append(done),
        )
        for n in (1, 2)
    ]  # fmt: skip
    assert same_comparison(found[1], found[0])
    assert found[1].notes == found[0].notes
    assert_allclose(found[1].class_ci_low, found[0].class_ci_low, rtol=1e-12)
    assert told[-1] == (390 + 395, 390 + 395)
    given = {"sample_weight": WEIGHT[5:390], "groups": GROUPS[5:390]} if more else {}
    assert alike(found[1], np.arange(5, 390), **given)


@pytest.mark.parametrize(
    ("order", "message"),
    [
        (np.r_[np.arange(N), 7], rf"1.parquet, row \d+, .* the id {IDS[7]} is that of another"),
        (np.arange(5, N), r"old/0.parquet, row \d, column 'id': .*new has no row .* of 4 other"),
        (np.r_[np.arange(N), N], r"1.parquet, row \d+, .* the id 7777 .*|.*old has no row.*7777"),
    ],
    ids=["twice", "one-sided", "unknown"],
)
def test_several_processes_say_what_one_says(order, message, tmp_path):
    rows = pl.concat([frame("new"), frame("new")[:1].with_columns(id=pl.lit(7777, pl.Int64))])
    old = in_parts(tmp_path, "old", frame("old"))
    new = in_parts(tmp_path, "new", rows[order])
    said = []
    for n in (1, 2):
        with pytest.raises(ValueError, match=message) as raised:
            compare_log_loss_from(old, new, **COLUMNS, n_jobs=n)
        said.append(str(raised.value))
    assert said[0] == said[1]


def test_ids_that_are_there_twice(tmp_path):
    twice = np.r_[np.arange(N), 7]
    old = written(tmp_path / "old.parquet", frame("old", order=twice), "parquet")
    shown = str(IDS[7])
    with pytest.raises(
        ValueError,
        match=rf"old.parquet, row {N}, .* the id {shown} is that of .*old.parquet, row 7 as",
    ):
        compare_log_loss_from(old, frame("new"), **COLUMNS)
    for size in (500, 100):  # in one batch, and in another
        new = frame("new", order=twice)
        with pytest.raises(
            ValueError, match=rf"row {N}, .* the id {shown} is that of another row of 'n"
        ):
            compare_log_loss_from(frame("old"), new.iter_slices(size), **COLUMNS)


def test_labels_that_differ(tmp_path):
    new = frame("new").with_columns(
        pl.when(pl.col("id") == int(IDS[9])).then(pl.lit("x")).otherwise("kind").alias("kind")
    )
    with pytest.raises(ValueError, match=r"row 9, column 'kind': 'x' is none of the labels"):
        compare_log_loss_from(frame("old"), new, **COLUMNS)
    new = frame("new").with_columns(
        pl.when(pl.col("id") == int(IDS[9]))
        .then(pl.lit(CLASSES[(Y[9] + 1) % 3]))
        .otherwise("kind")
        .alias("kind")
    )
    with pytest.raises(
        ValueError,
        match=rf"row 9, column 'kind': the label of the id {IDS[9]} is '\w+', and '\w+' in .*row 9",
    ):
        compare_log_loss_from(frame("old"), new, **COLUMNS)


def test_ids_of_other_types():
    text = frame("new", IDS.astype(str))
    with pytest.raises(ValueError, match="holds text as ids; those of 'old' are integers"):
        compare_log_loss_from(frame("old"), text, **COLUMNS)
    with pytest.raises(ValueError, match="column 'w' holds no ids: they are double"):
        compare_log_loss_from(frame("old"), frame("new"), on="w", y="kind")
    with pytest.raises(ValueError, match="there is no column 'x'"):
        compare_log_loss_from(frame("old"), frame("new"), on="x", y="kind")


def test_values_that_are_missing_on_either_side():
    def without(name, rows, column):
        at = pl.int_range(N).is_in(rows)
        return frame(name).with_columns(pl.when(at).then(None).otherwise(column).alias(column))

    old, new = without("old", [3, 4], "p_ape"), without("new", [4, 6], "kind")
    with pytest.raises(ValueError, match="row 3, column 'p_ape': there is no value"):
        compare_log_loss_from(old, new, **COLUMNS)
    found = compare_log_loss_from(old, new.reverse(), **COLUMNS, nulls="drop")
    assert alike(found, np.delete(np.arange(N), [3, 4, 6]))
    assert found.notes[0] == "3 rows were left out for want of a value."
    old = without("old", [3], "id")
    found = compare_log_loss_from(old, new, **COLUMNS, nulls="drop", unmatched="drop")
    assert alike(found, np.delete(np.arange(N), [3, 4, 6]))


def test_what_another_process_kept_is_counted_and_of_one_kind():
    kept, other = KeptLosses("old", "id"), KeptLosses("old.csv", "id")
    kept.n_lost, other.n_lost, other.kind = 2, 3, "integers"
    kept.extend(other)
    assert (kept.n_lost, kept.kind) == (5, "integers")
    other.kind = "text"
    with pytest.raises(ValueError, match=r"old\.csv holds ids of text beside ids of integers"):
        kept.extend(other)


@pytest.mark.parametrize("side", ["old", "new", "both"])
def test_a_side_without_an_id_is_said(side):
    frames = {name: frame(name).to_arrow() for name in MODELS}
    for name in MODELS if side == "both" else [side]:
        frames[name] = frames[name].set_column(0, "id", pa.nulls(N, pa.int64()))
    said = "no id of 'id' in common" if side == "new" else "old.*: no row has a value of 'id'"
    with pytest.raises(ValueError, match=said):
        compare_log_loss_from(
            frames["old"], frames["new"], **COLUMNS, nulls="drop", unmatched="drop"
        )


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"names": ("a", "a")}, "names must be two different texts"),
        ({"unmatched": "skip"}, "unmatched must be one of"),
        ({"nulls": "skip"}, "nulls must be one of"),
        ({"confidence_level": 2}, "confidence_level"),
        ({"labels": ["ape", "bee"]}, "no label for"),
        ({"proba": "q_*"}, "no column is called 'q_"),
    ],
)
def test_options_that_are_wrong(params, message):
    with pytest.raises(ValueError, match=message):
        compare_log_loss_from(frame("old"), frame("new"), **COLUMNS | params)


def test_a_row_that_breaks_a_rule_is_named(tmp_path):
    bad = frame("new").with_columns(
        p_ape=pl.when(pl.int_range(N) == 200).then(0.9).otherwise("p_ape")
    )
    new = written(tmp_path / "new.parquet", bad, "parquet")
    with pytest.raises(ValueError, match=r"new.parquet: .*row 200 sums"):
        compare_log_loss_from(frame("old"), new, **COLUMNS)
    empty = pa.table({"id": pa.array([], pa.int64()), "kind": pa.array([], pa.string()),
                      **{f"p_{c}": pa.array([], pa.float64()) for c in CLASSES}})  # fmt: skip
    with pytest.raises(ValueError, match="'old': there are no rows"):
        compare_log_loss_from(empty, frame("new"), **COLUMNS)


MORE = {"weight": "w", "groups": "g"}


# Other processes take long to start.
_ANOTHER = [
    *((column, kind, None) for column in "wg" for kind in ("parquet", "csv")),
    *(("g", "csv", 2), pytest.param("w", "parquet", 2, marks=pytest.mark.slow)),
]


@pytest.mark.parametrize(("column", "kind", "n_jobs"), _ANOTHER)
def test_a_weight_or_a_group_that_is_another_one_in_old_is_an_error(column, kind, n_jobs, tmp_path):
    """As a label that is another one is; a CSV file of old has groups as text."""
    old, what = frame("old").to_arrow(), {"w": "weight", "g": "group"}[column]
    values = old[column].to_numpy().copy()
    values[7] += 1
    at = old.column_names.index(column)
    other = old.set_column(at, column, pa.array(values))
    new = tmp_path / "new.parquet"
    pq.write_table(frame("new", order=SHUFFLED).to_arrow(), new, row_group_size=100)
    path = tmp_path / f"old.{kind}"
    write = pq.write_table if kind == "parquet" else arrow_csv.write_csv
    write(old, path)
    given = {"sample_weight": WEIGHT, "groups": GROUPS}
    assert alike(compare_log_loss_from(path, new, **COLUMNS, **MORE, n_jobs=n_jobs), **given)
    write(other, path)
    row = int(np.flatnonzero(SHUFFLED == 7)[0])
    message = rf"new\.parquet, row {row}, column '{column}': the {what} of the id '?{IDS[7]}'? "
    with pytest.raises(ValueError, match=rf"{message}is another one in .*old\.{kind}, row 7;"):
        compare_log_loss_from(path, new, **COLUMNS, **MORE, n_jobs=n_jobs)
    # Nothing is compared that nobody asked for.
    assert alike(compare_log_loss_from(path, new, **COLUMNS, n_jobs=n_jobs))


@pytest.mark.parametrize("lacking", [["w"], ["g"], ["w", "g"]])
def test_what_old_does_not_have_is_that_of_new(lacking):
    old = frame("old").drop(lacking)
    found = compare_log_loss_from(old, frame("new", order=SHUFFLED), **COLUMNS, **MORE)
    assert alike(found, sample_weight=WEIGHT, groups=GROUPS)


@pytest.mark.parametrize("side", ["old", "new"])
def test_standard_input_that_breaks_a_rule_is_not_read_again_behind_it(side, tmp_path, monkeypatch):
    """With several processes all is read again to find the first row; it is gone by then."""
    n = 200_000  # several blocks
    lines = [f"{i},{i % 2},0.250000000000\n" for i in range(n)]
    (tmp_path / "good.csv").write_text("id,y,p\n" + "".join(lines))
    lines[3] = "3,1,1.5\n"
    standard = io.BufferedReader(io.BytesIO(("id,y,p\n" + "".join(lines)).encode()))
    monkeypatch.setattr(sys, "stdin", types.SimpleNamespace(buffer=standard))
    sources = {"old": tmp_path / "good.csv", "new": tmp_path / "good.csv", side: "-"}
    how = {"on": "id", "y": "y", "proba": "p", "labels": [0, 1], "unmatched": "drop", "n_jobs": 2}
    with pytest.raises(ValueError, match=r"standard input: .*; row 3 holds 1\.5"):
        compare_log_loss_from(sources["old"], sources["new"], **how)


def test_processes_are_refused_for_what_is_no_file_before_a_row_is_read(tmp_path):
    (tmp_path / "a.csv").write_text("id,y,p_0,p_1\n1,0,oops,0.5\n")
    new = pa.table({"id": [1], "y": [0], "p_0": [0.5], "p_1": [0.5]})
    with pytest.raises(ValueError, match="n_jobs is for files"):
        compare_log_loss_from(tmp_path / "a.csv", new, on="id", y="y", n_jobs=2)
