"""Reports from whatever streams: the same as from arrays, and errors that say where."""

import decimal

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from predictions import CLASSES, proba_of, table, with_null, with_value
from reports import QUICK, same
from sklearn.metrics import log_loss as sklearn_log_loss

from skxent import LogLossAccumulator, log_loss_report, log_loss_report_from
from skxent._intake._columns import Columns
from skxent.engines._slices_from import grouped_from

TABLE = table()
COLUMNS = {"y": "kind", "weight": "w"}
EXPECTED = log_loss_report(
    TABLE["kind"].to_pylist(),
    proba_of(TABLE),
    labels=CLASSES,
    sample_weight=TABLE["w"].to_numpy(),
    **QUICK,
)


@pytest.fixture
def parquet(tmp_path):
    path = tmp_path / "predictions.parquet"
    pq.write_table(TABLE, path, row_group_size=100)
    return path


def frame():
    return TABLE.to_pandas()


SOURCES = {
    "path": lambda path: path,
    "text": str,
    "pattern": lambda path: str(path.parent / "*.parquet"),
    "folder": lambda path: path.parent,
    "list": lambda path: [path],
    "table": lambda _: TABLE,
    "batch": lambda _: TABLE.combine_chunks().to_batches()[0],
    "reader": lambda _: TABLE.to_reader(max_chunksize=77),
    "batches": lambda _: TABLE.to_batches(max_chunksize=77),
    "generator": lambda _: (batch for batch in TABLE.to_batches(max_chunksize=77)),
    "data set": ds.dataset,
    "scanner": lambda path: ds.dataset(path).scanner(),
    "pandas": lambda _: frame(),
    "pandas categories": lambda _: frame().astype({"kind": "category"}),
    "frames": lambda _: (frame()[i : i + 77] for i in range(0, 500, 77)),
    "polars": lambda _: pl.from_arrow(TABLE),
    "polars categories": lambda _: pl.from_arrow(TABLE).with_columns(
        pl.col("kind").cast(pl.Categorical)
    ),
    "polars lazy": pl.scan_parquet,
    "polars frames": lambda _: [pl.from_arrow(TABLE[:300]), pl.from_arrow(TABLE[300:])],
    "duckdb": lambda path: duckdb.read_parquet(str(path)),
    "large text": lambda _: TABLE.set_column(0, "kind", TABLE["kind"].cast(pa.large_string())),
    "dictionary": lambda _: TABLE.set_column(0, "kind", TABLE["kind"].dictionary_encode()),
}


@pytest.mark.parametrize("kind", SOURCES)
def test_a_report_from_any_source_is_that_of_the_arrays(kind, parquet):
    report = log_loss_report_from(SOURCES[kind](parquet), **COLUMNS, **QUICK)
    assert same(report, EXPECTED, rel=1e-12)
    assert report.labels.tolist() == list(CLASSES)
    assert report.notes == EXPECTED.notes


def test_the_loss_is_that_of_scikit_learn_and_of_a_query(parquet):
    report = log_loss_report_from(parquet, **COLUMNS, **QUICK)
    order = np.argsort(CLASSES)
    loss = sklearn_log_loss(
        TABLE["kind"].to_pylist(),
        proba_of(TABLE)[:, order],
        sample_weight=TABLE["w"].to_numpy(),
    )
    assert report.overall["log_loss"] == pytest.approx(loss, rel=1e-13)
    cases = " ".join(f"when '{c}' then p_{c}" for c in CLASSES)
    query = f"select sum(w * -ln(case kind {cases} end)) / sum(w) from '{parquet}'"
    assert report.overall["log_loss"] == pytest.approx(
        duckdb.sql(query).fetchall()[0][0], rel=1e-13
    )


def test_several_files_are_one(tmp_path):
    for i in range(4):
        pq.write_table(TABLE[125 * i : 125 * (i + 1)], tmp_path / f"part-{i}.parquet")
    report = log_loss_report_from(tmp_path / "*.parquet", **COLUMNS, **QUICK)
    assert same(report, EXPECTED, rel=1e-12)
    number = int(EXPECTED.worst_rows["row"][0])
    name = f"{tmp_path}/part-{number // 125}.parquet:{number % 125}"
    assert report.worst_rows["row"][0] == name


def test_a_file_counts_once_by_whatever_names(tmp_path):
    path = tmp_path / "rows.parquet"
    pq.write_table(table(10), path)
    for twice in ([path, path], [tmp_path, path], [str(path), f"file://{path}"]):
        with pytest.raises(ValueError, match="rows would count twice; name it once"):
            log_loss_report_from(twice, y="y", proba="p_*")


@pytest.mark.parametrize("first", ["a", "b"])
def test_a_file_whose_rows_have_no_label_says_nothing_of_their_type(first, tmp_path):
    data = table(40).drop_columns("other")
    none = data.set_column(data.column_names.index("kind"), "kind", pa.nulls(40))
    second = {"a": "b", "b": "a"}[first]
    pq.write_table(none, tmp_path / f"{first}.parquet")
    pq.write_table(data, tmp_path / f"{second}.parquet")
    with pytest.raises(ValueError, match=rf"{first}\.parquet, row 0, column 'kind': there is no"):
        log_loss_report_from(tmp_path, y="kind")
    report = log_loss_report_from(tmp_path, y="kind", nulls="drop", **QUICK)
    assert report.labels.tolist() == list(CLASSES)
    assert report.per_class["support"].sum() == 40
    (tmp_path / f"{second}.parquet").unlink()
    with pytest.raises(ValueError, match="holds null; labels must be"):
        log_loss_report_from(tmp_path, y="kind", nulls="drop")


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_groups_of_files_are_of_one_kind(n_jobs, tmp_path):
    """Else 7 and "7" would be two groups, and the interval too narrow."""
    first = table(40).drop_columns("other")
    number = pa.array([i % 5 for i in range(40)])
    place = first.column_names.index("patient")
    options = {"y": "kind", "groups": "patient", "n_jobs": n_jobs}
    sides = {"a": number, "b": number.cast(pa.float64()), "c": number.cast(pa.string())}
    for name, groups in sides.items():
        data = first.set_column(place, "patient", groups)
        pq.write_table(data, tmp_path / f"{name}.parquet")
    a, b, c = (tmp_path / f"{name}.parquet" for name in sides)
    assert log_loss_report_from([a, b], **options, **QUICK).about.n_groups == 5
    said = r"c\.parquet: column 'patient' holds text as groups, and numbers in .*a\.parquet, none"
    with pytest.raises(ValueError, match=said):
        log_loss_report_from([a, c], **options)


_DAYS = pa.array(np.datetime64("2026-11-01") + np.arange(40) % 5)
_WHOLE = pa.array(np.arange(40) % 5)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (_DAYS.cast(pa.timestamp("us")), _DAYS.cast(pa.timestamp("ns"))),
        (_DAYS, _DAYS.cast(pa.date64())),
        (_WHOLE, _WHOLE.cast(pa.decimal128(19, 0))),
        (_WHOLE.cast(pa.decimal128(20, 1)), _WHOLE.cast(pa.decimal128(19, 0))),
        (_WHOLE.cast(pa.string()).cast(pa.binary()), _WHOLE.cast(pa.string()).cast("large_binary")),
        (_WHOLE.cast(pa.string()), _WHOLE.cast(pa.large_string()).dictionary_encode()),
    ],
    ids=["times", "dates", "decimals", "more digits", "bytes", "text"],
)
def test_groups_that_are_the_same_in_other_types_are_one(one, other, tmp_path):
    """Versions of one library write times in other units."""
    for name, groups in (("a", one), ("b", other)):
        data = table(40).drop_columns(["other", "patient"]).append_column("patient", groups)
        pq.write_table(data, tmp_path / f"{name}.parquet")
    report = log_loss_report_from(tmp_path, y="kind", groups="patient", **QUICK)
    assert report.about.n_groups == 5


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_names_of_folders_are_columns(form, n_jobs, tmp_path):
    """As Spark, Hive and pyarrow's `write_to_dataset` write them."""
    days = {"2026-11-28": 20, "__HIVE_DEFAULT_PARTITION__": 30, "a%2Fb": 50}
    data, start = table(100).drop_columns("other"), 0
    for day, n in days.items():
        folder = tmp_path / f"day={day}" / "site=7"
        folder.mkdir(parents=True)
        part = data.slice(start, n)
        start += n
        if form == "csv":
            pa_csv.write_csv(part, folder / "part-0.csv")
        else:
            pq.write_table(part, folder / "part-0.parquet")
    columns = Columns(y="kind", proba="p_*", by=("day",))
    slices = grouped_from(str(tmp_path), columns, n_jobs=n_jobs).report()
    found = dict(zip(slices.names, slices.support.tolist(), strict=True))
    assert found == {"day = 2026-11-28": 20, "day is missing": 30, "day = a/b": 50}
    options = {"y": "kind", "n_jobs": n_jobs} | QUICK
    groups = log_loss_report_from(tmp_path, groups="site", **options)
    assert groups.about.n_groups == 1
    plain = log_loss_report_from(tmp_path, **options)
    expected = log_loss_report(data["kind"].to_pylist(), proba_of(data), labels=CLASSES, **QUICK)
    assert plain.overall["log_loss"] == pytest.approx(expected.overall["log_loss"], rel=1e-12)
    with pytest.raises(ValueError, match="there is no column 'dai' "):
        log_loss_report_from(tmp_path, groups="dai", **options)


def test_labels_may_be_names_of_folders(tmp_path):
    data = table(100).drop_columns("other")
    pq.write_to_dataset(data, tmp_path, partition_cols=["kind"])
    report = log_loss_report_from(tmp_path, y="kind", weight="w", **QUICK)
    expected = log_loss_report(
        data["kind"].to_pylist(),
        proba_of(data),
        labels=CLASSES,
        sample_weight=data["w"].to_numpy(),
        **QUICK,
    )
    for name in ("support", "log_loss"):
        np.testing.assert_allclose(report.per_class[name], expected.per_class[name], rtol=1e-12)


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_weights_may_be_names_of_folders(form, tmp_path):
    data = table(60).drop_columns(["other", "w"])
    for start, weight in ((0, "2"), (20, "0.5")):
        (tmp_path / f"w={weight}").mkdir()
        part = data.slice(start, 20 if start == 0 else 40)
        if form == "csv":
            pa_csv.write_csv(part, tmp_path / f"w={weight}" / "a.csv")
        else:
            pq.write_table(part, tmp_path / f"w={weight}" / "a.parquet")
    report = log_loss_report_from(tmp_path, y="kind", weight="w", **QUICK)
    weight = np.repeat([2.0, 0.5], [20, 40])
    y, p = data["kind"].to_numpy(), proba_of(data)
    own = -np.log(p[np.arange(60), [CLASSES.index(label) for label in y.tolist()]])
    assert report.overall["log_loss"] == pytest.approx(np.average(own, weights=weight), rel=1e-12)
    (tmp_path / "w=2").rename(tmp_path / "w=much")
    with pytest.raises(ValueError, match=r"w=much.*'w'"):
        log_loss_report_from(tmp_path, y="kind", weight="w", **QUICK)


@pytest.mark.parametrize("proba", ["p_*", ["p_0", "p_1", "p_1.0"]])
def test_two_columns_of_one_label_are_an_error(proba):
    """Else the last of them counts, whatever the other says."""
    data = pa.table({"y": [0, 1], "p_0": [0.4, 0.2], "p_1": [0.3, 0.3], "p_1.0": [0.6, 0.8]})
    said = r"the label of \['p_1'\] is that of another column as well"
    with pytest.raises(ValueError, match=said):
        log_loss_report_from(data, y="y", proba=proba, labels=[0, 1])


def test_a_number_of_a_dictionary_may_stand_for_null():
    codes = pa.array([0, 1, 2, 0])
    kinds = pa.DictionaryArray.from_arrays(codes, pa.array(["a", "b", None]))
    groups = pa.DictionaryArray.from_arrays(codes, pa.array(["x", "y", "z"]))
    weights = pa.DictionaryArray.from_arrays(codes, pa.array([1.0, 2.0, 4.0]))
    data = pa.table(
        {"y": kinds, "g": groups, "w": weights, "p_a": [0.9, 0.2, 0.5, 0.8]}
        | {"p_b": [0.1, 0.8, 0.5, 0.2]}
    )
    with pytest.raises(ValueError, match="row 2, column 'y': there is no value"):
        log_loss_report_from(data, y="y")
    options = {"y": "y", "groups": "g", "weight": "w", "nulls": "drop"}
    report = log_loss_report_from(data, **options, **QUICK)
    expected = -(np.log(0.9) + 2 * np.log(0.8) + np.log(0.8)) / 4
    assert report.overall["log_loss"] == pytest.approx(expected, rel=1e-12)
    assert report.about.n_groups == 2


def test_lists_of_decimals():
    numbers = [[decimal.Decimal("0.250"), decimal.Decimal("0.750")]] * 2
    data = pa.table({"y": ["a", "b"], "p": pa.array(numbers, pa.list_(pa.decimal128(4, 3)))})
    report = log_loss_report_from(data, y="y", proba="p", labels=["a", "b"], **QUICK)
    assert report.overall["log_loss"] == pytest.approx(-np.log([0.25, 0.75]).mean(), rel=1e-12)


@pytest.mark.parametrize("scale", [1.0, 50.0])
@pytest.mark.parametrize("extra", ["p_total", "p_max"])
def test_a_column_beside_the_classes_is_no_class_of_rows_that_are_divided(extra, scale):
    """A total would halve every probability, without a word."""
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.ones(3), size=30)
    beside = p.sum(axis=1) if extra == "p_total" else p.max(axis=1)
    columns = {f"p_{c}": scale * p[:, j] for j, c in enumerate("abc")} | {extra: scale * beside}
    data = pa.table({"y": list("abc") * 10} | columns)
    options = {"y": "y", "renormalize": True}
    named = {"proba": ["p_a", "p_b", "p_c"]}
    if extra == "p_total" or scale == 1:
        said = f"column {extra!r} .*, and none here has its label: if it is no class, name"
        with pytest.raises(ValueError, match=said):
            log_loss_report_from(data, **options)
    report = log_loss_report_from(data, **options, **named, **QUICK)
    expected = -np.log(p[np.arange(30), [0, 1, 2] * 10]).mean()
    assert report.overall["log_loss"] == pytest.approx(expected, rel=1e-12)


def test_a_class_without_rows_is_one_where_rows_are_divided():
    p = np.array([[2.0, 1.0, 1.0], [1.0, 2.0, 1.0]] * 10)
    columns = {f"p_{c}": p[:, j] for j, c in enumerate("abc")}
    data = pa.table({"y": ["a", "b"] * 10} | columns)
    report = log_loss_report_from(data, y="y", renormalize=True, **QUICK)
    assert report.overall["log_loss"] == pytest.approx(np.log(2), rel=1e-12)


@pytest.mark.parametrize("off", [False, True])
def test_lists_of_rows_that_are_left_out_may_hold_anything(off):
    lists = [[0.25, 0.75], [9.0, 1.0] if off else [0.5, 0.5], [0.75, 0.25]]
    data = pa.table({"y": ["a", None, "b"], "p": pa.array(lists)})
    options = {"y": "y", "proba": "p", "labels": ["a", "b"], "nulls": "drop"}
    report = log_loss_report_from(data, **options, **QUICK)
    assert report.overall["log_loss"] == pytest.approx(-np.log(0.25), rel=1e-12)


def test_columns_may_be_in_another_order_in_each_file(tmp_path):
    pq.write_table(TABLE[:200], tmp_path / "0.parquet")
    pq.write_table(TABLE[200:].select(TABLE.column_names[::-1]), tmp_path / "1.parquet")
    assert same(log_loss_report_from(tmp_path, **COLUMNS, **QUICK), EXPECTED, rel=1e-12)


@pytest.mark.parametrize("n", [2, -1])
def test_processes_share_the_work_and_change_nothing(n, tmp_path):
    big = table(24_000, seed=1)
    pq.write_table(big[:20_000], tmp_path / "0.parquet", row_group_size=3000)
    pq.write_table(big[20_000:], tmp_path / "1.parquet", row_group_size=3000)
    told = []
    one = log_loss_report_from(tmp_path, **COLUMNS)
    other = log_loss_report_from(
        tmp_path, **COLUMNS, n_jobs=n, progress=lambda *done: told.append(done)
    )
    assert same(one, other, rel=1e-9)  # the sample is the same as well
    assert one.worst_rows["row"].tolist() == other.worst_rows["row"].tolist()
    assert told[-1] == (24_000, 24_000)


def test_the_sample_depends_on_the_data_alone(parquet):
    """Whatever the batches are, the report repeats; other data draw otherwise."""
    big = table(30_000, seed=2)
    one, other = (
        log_loss_report_from(big.to_batches(max_chunksize=size), **COLUMNS, n_null=0)
        for size in (700, 9000)
    )
    assert same(one, other, rel=1e-9)
    assert one.recalibration is not None


def test_data_that_were_counted_apart_do_not_draw_the_rows_of_the_same_places():
    """Else a sample of two days would hold the same places of both."""
    places = []
    for seed in (3, 4):
        ids = []
        big = table(12_000, seed=seed)
        part = LogLossAccumulator(CLASSES, subsample=600).update_from(big, y="kind")
        rows = part._tally.counted().sample.rows(part.labels)
        values = {v: i for i, v in enumerate(proba_of(big)[:, 0])}
        ids = {values[v] for v in rows.proba.array[:, 0]}
        assert len(ids) == 600
        places.append(ids)
    # 30 of 600 places are the same by chance.
    assert len(places[0] & places[1]) < 70


def test_groups_and_names_of_rows(parquet):
    report = log_loss_report_from(parquet, y="kind", groups="patient", row_ids="id", **QUICK)
    expected = log_loss_report(
        TABLE["kind"].to_pylist(),
        proba_of(TABLE),
        labels=CLASSES,
        groups=TABLE["patient"].to_pylist(),
        **QUICK,
    )
    assert same(report, expected, rel=1e-12)
    assert report.about.n_groups == 100
    assert report.worst_rows["row"].tolist() == (expected.worst_rows["row"] + 1000).tolist()


# Labels.


@pytest.mark.parametrize(
    ("labels", "kind", "expected"),
    [
        (["01", "1", "02"], pa.string(), ["01", "1", "02"]),
        (["1", "0", "-2"], pa.string(), ["1", "0", "-2"]),
        ([1, 0, -2], pa.int64(), [1, 0, -2]),
        ([1, 0, 7], pa.uint8(), [1, 0, 7]),
        ([1.0, 0.5, 2.0], pa.float64(), [1.0, 0.5, 2.0]),
        ([True, False], pa.bool_(), [True, False]),
    ],
    ids=["codes", "text", "int", "unsigned", "float", "bool"],
)
def test_labels_are_typed_as_those_of_the_rows(labels, kind, expected):
    data = table(60, labels=labels)
    data = data.set_column(0, "kind", pa.array(data["kind"].to_pylist(), kind))
    report = log_loss_report_from(data, y="kind", **QUICK)
    assert report.labels.tolist() == expected
    assert [type(v) for v in report.labels.tolist()] == [type(v) for v in expected]
    names = [f"p_{label}" for label in labels]
    codes = [expected.index(v) for v in data["kind"].to_pylist()]
    p = np.column_stack([data[name].to_numpy() for name in names])
    loss = -np.log(p[np.arange(60), codes]).mean()
    assert report.overall["log_loss"] == pytest.approx(loss, rel=1e-13)


def test_names_that_are_no_labels_of_the_type():
    data = table(20, labels=["01", "02"])
    data = data.set_column(0, "kind", pa.array([1, 2] * 10))
    with pytest.raises(ValueError, match=r"column 'kind' holds integers.*'01' is none"):
        log_loss_report_from(data, y="kind")


def test_labels_say_the_order_and_the_classes():
    order = ["owl", "bee", "ape", "lynx"]
    report = log_loss_report_from(TABLE, **COLUMNS, labels=order, **QUICK)
    assert report.labels.tolist() == order
    assert report.per_class["log_loss"].tolist() == EXPECTED.per_class["log_loss"].tolist()[::-1]
    with pytest.raises(ValueError, match=r"no column for \['cow'\]"):
        log_loss_report_from(TABLE, **COLUMNS, labels=[*CLASSES, "cow"])
    with pytest.raises(ValueError, match=r"no label for \['p_owl'\]"):
        log_loss_report_from(TABLE, **COLUMNS, labels=CLASSES[:3])


@pytest.mark.parametrize("kind", [pa.list_, lambda t: pa.list_(t, 4), pa.large_list])
@pytest.mark.parametrize("of", [pa.float64(), pa.float32()])
def test_a_column_of_lists(kind, of):
    cells = pa.array(proba_of(TABLE).tolist(), kind(of))
    data = pa.table({"kind": TABLE["kind"], "w": TABLE["w"], "p": cells})
    report = log_loss_report_from(data, **COLUMNS, proba="p", labels=CLASSES, **QUICK)
    assert same(report, EXPECTED, rel=1e-12 if of == pa.float64() else 1e-5)
    # Also a part of one, which begins within the memory of the whole.
    part = log_loss_report_from(data[100:], **COLUMNS, proba="p", labels=CLASSES, **QUICK)
    assert same(part, log_loss_report_from(TABLE[100:], **COLUMNS, **QUICK), rel=1e-5)
    with pytest.raises(ValueError, match=r"column 'p' holds lists.*pass labels="):
        log_loss_report_from(data, **COLUMNS, proba="p")
    with pytest.raises(ValueError, match=r"row 0, column 'p': a list of 4 numbers beside 3"):
        log_loss_report_from(data, **COLUMNS, proba="p", labels=CLASSES[:3])


def test_polars_lists_and_arrays():
    cells = {"list": proba_of(TABLE).tolist()}
    data = pl.from_arrow(TABLE).with_columns(
        pl.Series("list", cells["list"]),
        pl.Series("array", cells["list"], dtype=pl.Array(pl.Float64, 4)),
    )
    for name in ("list", "array"):
        report = log_loss_report_from(data, **COLUMNS, proba=name, labels=CLASSES, **QUICK)
        assert same(report, EXPECTED, rel=1e-12)


@pytest.mark.parametrize(
    ("y", "options", "positive"),
    [
        ([True, False, True], {}, True),
        ([1, 0, 1], {}, 1),
        (["yes", "no", "yes"], {"labels": ["no", "yes"]}, "yes"),
        (["yes", "no", "yes"], {"labels": ["no", "yes"], "pos_label": "no"}, "no"),
    ],
)
def test_one_column_is_the_probability_of_the_positive_class(y, options, positive):
    data, p = pa.table({"y": y, "p": [0.9, 0.2, 0.4]}), np.array([0.9, 0.2, 0.4])
    report = log_loss_report_from(data, y="y", proba="p", **options, **QUICK)
    own = np.where([v == positive for v in y], p, 1 - p)
    assert report.overall["log_loss"] == pytest.approx(-np.log(own).mean(), rel=1e-13)


def test_which_class_one_column_is_about_must_be_known():
    data = pa.table({"y": ["yes", "no"], "p": [0.9, 0.2]})
    with pytest.raises(ValueError, match=r"nothing says of which; pass labels=\[other, positive\]"):
        log_loss_report_from(data, y="y", proba="p")
    with pytest.raises(ValueError, match="one of two classes; there are 3 labels"):
        log_loss_report_from(data, y="y", proba="p", labels=["yes", "no", "so"])


def test_names_of_columns_instead_of_a_pattern():
    names = [f"p_{c}" for c in CLASSES]
    plain = TABLE.rename_columns([n.removeprefix("p_") for n in TABLE.column_names])
    assert same(log_loss_report_from(plain, **COLUMNS, proba=CLASSES, **QUICK), EXPECTED)
    assert same(
        log_loss_report_from(TABLE, **COLUMNS, proba=names, labels=CLASSES, **QUICK), EXPECTED
    )
    with pytest.raises(ValueError, match="no column for"):
        log_loss_report_from(TABLE, **COLUMNS, proba=names, labels=[*CLASSES[:3], "cow"])


def test_logits_and_rows_that_do_not_sum_to_one():
    logits = TABLE
    for c in CLASSES:
        at = TABLE.column_names.index(f"p_{c}")
        logits = logits.set_column(at, f"p_{c}", pa.array(np.log(TABLE[f"p_{c}"]) + 3))
    report = log_loss_report_from(logits, **COLUMNS, from_logits=True, **QUICK)
    assert same(report, EXPECTED, rel=1e-12)
    doubled = TABLE
    for c in CLASSES:
        at = TABLE.column_names.index(f"p_{c}")
        doubled = doubled.set_column(at, f"p_{c}", pa.array(2 * TABLE[f"p_{c}"].to_numpy()))
    assert same(log_loss_report_from(doubled, **COLUMNS, renormalize=True, **QUICK), EXPECTED)
    with pytest.raises(ValueError, match=r"row 0, column 'p_bee' holds 1.0.*pass renormalize=True"):
        log_loss_report_from(doubled, **COLUMNS)


# Nulls.


@pytest.mark.parametrize("column", ["kind", "w", "p_bee", "patient", "id"])
def test_a_null_is_an_error_that_says_where(column, tmp_path):
    path = tmp_path / "bad.parquet"
    pq.write_table(with_null(TABLE, column, 123), path, row_group_size=50)
    options = {"y": "kind", "weight": "w", "groups": "patient", "row_ids": "id"}
    with pytest.raises(ValueError, match=rf"bad\.parquet, row 123, column '{column}': there is no"):
        log_loss_report_from(path, **options)


@pytest.mark.parametrize("column", ["kind", "w", "p_bee", "patient", "id"])
@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("size", [7, 500])
def test_rows_with_a_null_can_be_left_out(column, weighted, size):
    rows = [0, 1, 130, 499]
    data = TABLE
    for row in rows:
        data = with_null(data, column, row)
    options = {"y": "kind", "groups": "patient", "row_ids": "id"}
    if weighted or column == "w":
        options["weight"] = "w"
    kept = TABLE.take(np.setdiff1d(np.arange(500), rows))
    report = log_loss_report_from(
        data.to_batches(max_chunksize=size), **options, nulls="drop", **QUICK
    )
    assert same(report, log_loss_report_from(kept, **options, **QUICK), rel=1e-12)
    assert "4 rows were left out for want of a value." in report.notes


def test_rows_keep_their_numbers_where_others_are_left_out():
    worst = int(EXPECTED.worst_rows["row"][0])
    data = with_null(with_null(TABLE, "kind", worst - 1), "p_owl", worst + 1)
    report = log_loss_report_from(data, **COLUMNS, nulls="drop", **QUICK)
    assert report.worst_rows["row"][0] == worst


def test_rows_that_were_left_out_are_counted_in_sums_and_files(tmp_path):
    parts = [
        LogLossAccumulator(CLASSES).update_from(with_null(TABLE, "kind", i), y="kind", nulls="drop")
        for i in range(2)
    ]
    (parts[0] + parts[1]).save(tmp_path / "both")
    report = LogLossAccumulator.load(tmp_path / "both").report(**QUICK)
    assert report.notes == ("2 rows were left out for want of a value.",)
    assert report.overall["n_samples"] == 998


def test_nan_of_pandas_is_no_value_and_that_of_arrow_is_refused():
    data = frame()
    data.loc[3, "p_ape"] = np.nan
    with pytest.raises(ValueError, match="row 3, column 'p_ape': there is no value"):
        log_loss_report_from(data, **COLUMNS)
    assert log_loss_report_from(data, **COLUMNS, nulls="drop", **QUICK).notes
    bad = with_value(TABLE, "p_ape", 3, float("nan"))
    with pytest.raises(ValueError, match="row 3, column 'p_ape' holds nan"):
        log_loss_report_from(bad, **COLUMNS, nulls="drop")


def test_all_rows_without_a_value():
    data = pa.table(
        {"kind": pa.array([None, None], pa.string()), "p_a": [0.5] * 2, "p_b": [0.5] * 2}
    )
    with pytest.raises(ValueError, match="nothing to report"):
        log_loss_report_from(data, y="kind", nulls="drop")


# What is wrong with rows.


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("kind", "cow", r"bad\.parquet, row 321, column 'kind': 'cow' is none of the labels"),
        ("p_bee", 1.7, r"bad\.parquet: columns 'p_\*'.*row 321, column 'p_bee' holds 1\.7"),
        ("p_bee", 0.9, r"bad\.parquet: The rows of columns 'p_\*' must sum to 1.*row 321 sums to"),
        ("w", -1.0, r"bad\.parquet: column 'w' must be finite and not negative; row 321 has -1"),
    ],
)
@pytest.mark.parametrize("size", [50, 10_000])
def test_bad_rows_are_found_in_their_file(column, value, message, size, tmp_path):
    pq.write_table(TABLE, tmp_path / "0.parquet")
    bad = with_value(TABLE, "p_bee", 321, 0.01) if value == 0.9 else TABLE
    path = tmp_path / "bad.parquet"
    pq.write_table(with_value(bad, column, 321, value), path, row_group_size=size)
    with pytest.raises(ValueError, match=message) as raised:
        log_loss_report_from(tmp_path, **COLUMNS)
    assert "\n" not in str(raised.value)


def test_labels_of_another_type():
    data = TABLE.set_column(0, "kind", pa.array(np.zeros(500, dtype=int)))
    with pytest.raises(
        ValueError, match=r"row 0, column 'kind': 0 is none.*int 0 cannot be compared"
    ):
        log_loss_report_from(data, **COLUMNS, labels=CLASSES)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"y": "Kind"}, r"no column 'Kind' \(y\); did you mean 'kind'\? its columns: kind, w"),
        ({"y": "kind", "weight": "wt"}, r"no column 'wt' \(weight\)"),
        ({"y": "kind", "proba": "q_*"}, r"no column is called 'q_\*' \(proba\)"),
        ({"y": "kind", "proba": "p_b*"}, r"'p_b\*' is a single column, 'p_bee'"),
        ({"y": "kind", "proba": "p_?"}, r"proba must have one \* for the label"),
        ({"y": "kind", "proba": ["p_ape", "p_cow"]}, r"no column 'p_cow' \(proba\)"),
        ({"y": "other"}, r"column 'other' \(y\) holds struct"),
        ({"y": "kind", "proba": "other"}, r"column 'other' \(proba\) holds struct"),
        ({"y": "kind", "weight": "patient"}, r"column 'patient' holds string, not numbers"),
        ({"y": "kind", "nulls": "keep"}, r"nulls must be one of 'error', 'drop'; got 'keep'"),
        ({"y": "kind", "n_jobs": 2}, r"n_jobs is for files"),
        ({"y": "kind", "base": 1}, r"base must be"),
    ],
)
def test_wrong_columns_and_options(options, message):
    with pytest.raises(ValueError, match=message):
        log_loss_report_from(TABLE, **options)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (3, "source must be Arrow batches"),
        ({"kind": [1]}, "source must be Arrow batches"),
        ([1, 2], "batches must be of Arrow, or data frames; got <class 'int'>"),
    ],
)
def test_what_does_not_stream(source, message):
    with pytest.raises(TypeError, match=message):
        log_loss_report_from(source, y="kind")


@pytest.mark.parametrize("options", [{"y": 3}, {"y": "kind", "proba": 3}, {"y": None}])
def test_names_that_are_none(options):
    with pytest.raises(TypeError, match="must be"):
        log_loss_report_from(TABLE, **options)


def test_no_batches():
    with pytest.raises(ValueError, match="neither files nor batches"):
        log_loss_report_from([], y="kind")


def test_columns_of_the_same_name():
    twice = pa.Table.from_arrays([*TABLE.columns, TABLE["w"]], [*TABLE.column_names, "w"])
    with pytest.raises(ValueError, match="several columns are called 'w'"):
        log_loss_report_from(twice, **COLUMNS)


# The accumulator.


def test_an_accumulator_takes_a_stream_or_nothing_of_it():
    accumulator = LogLossAccumulator(CLASSES).update_from(TABLE[:200], y="kind")
    batches = with_null(TABLE[200:], "kind", 250).to_batches(max_chunksize=100)
    with pytest.raises(ValueError, match="row 250, column 'kind'"):
        accumulator.update_from(batches, y="kind")
    assert accumulator.n_samples == 200
    accumulator.update_from(TABLE[200:], y="kind")
    expected = log_loss_report(TABLE["kind"].to_pylist(), proba_of(TABLE), labels=CLASSES, **QUICK)
    report = accumulator.report(**QUICK)
    assert same(report, expected, rel=1e-12)
    assert report.worst_rows["row"].tolist() == expected.worst_rows["row"].tolist()


def test_only_the_columns_that_are_needed_are_read(tmp_path):
    """A column that cannot be read does no harm, as long as it is not asked for."""
    read = []

    class Reader:
        def __iter__(self):
            return iter(TABLE.to_batches())

    data = (
        pl.from_arrow(TABLE)
        .lazy()
        .with_columns(pl.col("id").map_elements(lambda v: read.append(v), return_dtype=pl.Int64))
    )
    assert same(log_loss_report_from(data, **COLUMNS, **QUICK), EXPECTED, rel=1e-12)
    assert read == []
    assert same(log_loss_report_from(Reader(), **COLUMNS, **QUICK), EXPECTED, rel=1e-12)


def test_without_arrow_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(ImportError, match=r"pip install 'skxent\[arrow\]'"):
        log_loss_report_from("x.parquet", y="kind")
    with pytest.raises(ImportError, match=r"pip install 'skxent\[arrow\]'"):
        LogLossAccumulator(["a", "b"]).update_from([], y="kind")


@pytest.mark.parametrize("start", ["p_", "y_proba_", ""])
def test_columns_that_are_listed_name_labels_behind_what_says_probability(start):
    data = TABLE.rename_columns([n.replace("p_", start, 1) for n in TABLE.column_names])
    proba = [f"{start}{c}" for c in CLASSES]
    found = log_loss_report_from(data, **COLUMNS, proba=proba, **QUICK)
    assert found.labels.tolist() == list(CLASSES)
    assert same(found, log_loss_report_from(TABLE, **COLUMNS, **QUICK), rel=1e-12)


def test_columns_that_are_listed_name_given_labels_behind_any_prefix():
    data = TABLE.rename_columns([n.replace("p_", "of the ", 1) for n in TABLE.column_names])
    proba = [f"of the {c}" for c in CLASSES]
    labels = list(reversed(CLASSES))
    found = log_loss_report_from(data, **COLUMNS, proba=proba, labels=labels, **QUICK)
    assert found.labels.tolist() == labels
    expected = log_loss_report_from(TABLE, **COLUMNS, labels=labels, **QUICK)
    assert same(found, expected, rel=1e-12)
