"""Reports and comparisons from Dask: those of the rows in one array, on a cluster of processes."""

import os
import signal
import threading
import time

import dask
import dask.array as da
import dask.dataframe as dd
import distributed
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from comparisons import same_comparison
from predictions import CLASSES, proba_of, table
from reports import QUICK, same, same_columns, same_slices

from skxent import (
    GroupedLogLossAccumulator,
    compare_log_loss,
    log_loss_report,
    log_loss_report_from,
)
from skxent.engines.dask import compare_log_loss as dask_comparison
from skxent.engines.dask import log_loss_report as dask_report
from skxent.engines.dask import log_loss_slices as dask_slices

pytestmark = [
    pytest.mark.engines,
    pytest.mark.filterwarnings("default"),  # those of a cluster that starts and stops
]
FRAME = table(3000).drop_columns("other").to_pandas()
OTHER = table(3000, seed=1)
FRAME = FRAME.assign(**{f"q_{c}": OTHER[f"p_{c}"].to_numpy() for c in CLASSES})
PROBA, CODES = proba_of(table(3000)), FRAME["kind"].map({c: i for i, c in enumerate(CLASSES)})
ISOTONIC = ("miscalibration", "discrimination")


@pytest.fixture(scope="module", autouse=True)
def cluster():
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def test_a_frame_has_the_report_of_its_rows():
    frame = dd.from_pandas(FRAME, npartitions=7)
    found = dask_report(frame, y="kind", weight="w", row_ids="id", **QUICK)
    expect = log_loss_report_from(FRAME, y="kind", weight="w", row_ids="id", **QUICK)
    assert same(found, expect)
    assert found.labels.tolist() == list(CLASSES)
    named = dask_report(frame, y="kind", **QUICK).worst_rows["row"].tolist()
    assert named[0].startswith("partition ")
    part, number = named[0].removeprefix("partition ").split(":")
    row = frame.partitions[int(part)].compute().iloc[int(number)]
    worst = (-np.log(PROBA[np.arange(3000), CODES])).argmax()
    assert row["id"] == FRAME["id"][worst]


@pytest.mark.parametrize("groups", [False, True])
def test_partitions_of_any_size_known_or_not(groups):
    """Some of them without rows, or without a class."""
    frame = dd.from_pandas(FRAME, npartitions=40)
    some = frame[(frame["id"] % 7 != 0) & ((frame["id"] < 1500) | (frame["id"] > 3000))]
    kept = FRAME[(FRAME["id"] % 7 != 0) & ((FRAME["id"] < 1500) | (FRAME["id"] > 3000))]
    more = {"groups": "patient"} if groups else {}
    found = dask_report(some, y="kind", **more, **QUICK)
    expect = log_loss_report_from(kept, y="kind", **more, **QUICK)
    assert same(found, expect)


def test_labels_of_any_type_lists_and_categories():
    # Dask makes text of objects; lists are Arrow's.
    kind = pd.ArrowDtype(pa.list_(pa.float64()))
    frame = FRAME.assign(kind=CODES.to_numpy(), proba=pd.Series(list(PROBA), dtype=kind))
    lists = dd.from_pandas(frame[["kind", "proba", "w"]], npartitions=3)
    found = dask_report(lists, y="kind", proba="proba", labels=range(4), **QUICK)
    expect = log_loss_report(CODES, PROBA, **QUICK)
    assert same_columns(found, expect, but=ISOTONIC)
    category = FRAME.assign(kind=FRAME["kind"].astype("category"))
    found = dask_report(dd.from_pandas(category, npartitions=3), y="kind", **QUICK)
    assert same(found, log_loss_report_from(FRAME, y="kind", **QUICK))


@pytest.mark.parametrize(
    ("rows", "columns", "weights"), [(700, 4, 700), (900, 3, 1100), (3000, 1, 50)]
)
def test_arrays_in_chunks_of_rows_and_columns(rows, columns, weights):
    y, p = (
        da.from_array(FRAME["kind"].to_numpy(str), chunks=rows + 100),
        da.from_array(PROBA, (rows, columns)),
    )
    w = da.from_array(FRAME["w"].to_numpy(), chunks=weights)
    found = dask_report(y, p, weight=w, labels=CLASSES, **QUICK)
    expect = log_loss_report(
        FRAME["kind"], PROBA, labels=CLASSES, sample_weight=FRAME["w"], **QUICK
    )
    assert same_columns(found, expect, but=ISOTONIC)
    # Rows are named by their number.
    assert found.worst_rows["row"].tolist() == expect.worst_rows["row"].tolist()


def test_arrays_of_unknown_sizes_and_their_labels():
    frame = dd.from_pandas(FRAME, npartitions=6)
    frame = frame[frame["id"] % 3 != 0]
    kept = FRAME[FRAME["id"] % 3 != 0]
    names, others = ([f"{x}_{c}" for c in sorted(CLASSES)] for x in "pq")
    y, p = frame["kind"].to_dask_array(), frame[names].to_dask_array()
    assert np.isnan(p.chunks[0]).all()
    expect = log_loss_report(kept["kind"], kept[names].to_numpy(), **QUICK)
    for labels in (y, frame["kind"]):
        found = dask_report(labels, p, **QUICK)
        assert same_columns(found, expect, but=ISOTONIC)
        assert found.labels.tolist() == sorted(CLASSES)
    rows = {"old": kept[names].to_numpy(), "new": kept[others].to_numpy()}
    groups = frame["patient"].to_dask_array()
    found = dask_comparison(y, {"old": p, "new": frame[others].to_dask_array()}, groups=groups)
    assert same_comparison(found, compare_log_loss(kept["kind"], rows, groups=kept["patient"]))


def test_slices_of_a_frame_are_those_of_its_rows():
    """Text, numbers of which some are missing, and categories; partitions that lack a value."""
    some = FRAME["id"] % 4
    columns = {
        "side": np.where(some > 0, "left", "right"),
        "number": some.where(some > 0).astype(float),
        "kind of side": pd.Categorical(some.astype(str)),
    }
    frame = FRAME.assign(**columns)
    parts = dd.from_pandas(frame.iloc[np.argsort(some, kind="stable")], npartitions=6, sort=False)
    for by in columns:
        found = dask_slices(parts, y="kind", by=by, weight="w")
        whole = GroupedLogLossAccumulator(CLASSES)
        whole.update(frame["kind"], PROBA, frame["w"], by=frame[[by]])
        assert same_slices(found, whole.report())
    both = ["side", "number"]
    whole = GroupedLogLossAccumulator(CLASSES)
    whole.update(frame["kind"], PROBA, frame["w"], by=frame[both])
    assert same_slices(dask_slices(parts, y="kind", by=both, weight="w"), whole.report())
    with pytest.raises(ValueError, match="no column 'nothing'"):
        dask_slices(parts, y="kind", by="nothing")
    with pytest.raises(TypeError, match="data frame of Dask"):
        dask_slices(frame, y="kind", by="side")


@pytest.mark.parametrize(
    ("by", "error", "said"),
    [
        (None, TypeError, r"by must be the name of a column, or several; got None\."),
        (("side", 3), TypeError, r"by must be the name .*; got \('side', 3\)"),
        ([], ValueError, r"by must name at least one column, and none twice; got \[\]\."),
        (["id", "id"], ValueError, "and none twice; got"),
    ],
)
def test_slices_are_by_one_column_or_several(by, error, said):
    with pytest.raises(error, match=said):
        dask_slices(dd.from_pandas(FRAME, npartitions=2), y="kind", by=by)


def test_comparisons_of_frames():
    frame = dd.from_pandas(FRAME, npartitions=9)
    rows = {"p": PROBA, "q": proba_of(OTHER)}
    weight, groups = FRAME["w"], FRAME["patient"]
    for more, given in (
        ({}, {}),
        ({"weight": "w", "groups": "patient"}, {"sample_weight": weight, "groups": groups}),
    ):
        found = dask_comparison(frame, {"p": "p_*", "q": "q_*"}, y="kind", reference="q", **more)
        expect = compare_log_loss(FRAME["kind"], rows, labels=CLASSES, reference="q", **given)
        assert same_comparison(found, expect)


def slow(frame):
    time.sleep(0.3)
    return frame


def test_a_worker_that_is_killed_in_the_middle_changes_no_digit(cluster):
    big = pd.concat([FRAME] * 10, ignore_index=True)
    frame = dd.from_pandas(big, npartitions=24)
    expect = dask_report(frame, y="kind", weight="w", subsample=500, n_null=20)
    slowly = frame.map_partitions(slow, meta=frame._meta)
    pids = list(cluster.run(os.getpid).values())
    killed = threading.Timer(2.0, lambda: os.kill(pids[0], signal.SIGKILL))
    killed.start()
    found = dask_report(slowly, y="kind", weight="w", subsample=500, n_null=20)
    killed.join()
    assert pids[0] not in cluster.run(os.getpid).values()
    told, again = expect.to_dict(), found.to_dict()
    told.pop("about"), again.pop("about")
    assert str(told) == str(again)


def test_what_is_wrong_is_named():
    frame = dd.from_pandas(FRAME, npartitions=4)
    with pytest.raises(ValueError, match="there is no column 'x'"):
        dask_report(frame, y="x")
    bad = FRAME.assign(p_ape=np.where(FRAME.index == 1500, 1.9, FRAME["p_ape"]))
    with pytest.raises(ValueError, match=r"partition 2: .*row 0"):
        dask_report(dd.from_pandas(bad, npartitions=4), y="kind")
    null = FRAME.assign(kind=FRAME["kind"].where(FRAME.index != 1501))
    with pytest.raises(ValueError, match=r"partition 2, row 1, column 'kind': there is no value"):
        dask_report(dd.from_pandas(null, npartitions=4), y="kind")
    found = dask_report(dd.from_pandas(null, npartitions=4), y="kind", nulls="drop", **QUICK)
    assert found.overall["n_samples"] == 2999
    assert any("1 row was left out" in note for note in found.notes)
    with pytest.raises(TypeError, match="y must be the name of the column"):
        dask_report(frame)
    for data, proba in ((PROBA, None), (FRAME["kind"], PROBA), (FRAME, None)):
        with pytest.raises(TypeError, match=r"must be of Dask.*skxent\.log_loss_report"):
            dask_report(data, proba)
    y, p = da.from_array(CODES.to_numpy(), chunks=1000), da.from_array(PROBA, chunks=(1000, 4))
    with pytest.raises(ValueError, match=r"chunk 1: .*row 0"):
        dask_report(y, da.where(da.arange(3000, chunks=1000)[:, None] == 1000, 2 * p, p))
    odd = p[da.from_array(FRAME["w"].to_numpy(), chunks=1000) > 0.5]
    with pytest.raises(ValueError, match=r"chunk \d: y_true and y_proba must have the same"):
        dask_report(y, odd, labels=range(4))
    with pytest.raises(ValueError, match="call compute_chunk_sizes"):
        dask_report(y.rechunk(500), odd, labels=range(4))
    with pytest.raises(TypeError, match="names a column of a data frame"):
        dask_report(y, p, y="kind")


def test_without_a_cluster():
    with dask.config.set(scheduler="sync"):
        found = dask_report(dd.from_pandas(FRAME, npartitions=3), y="kind", **QUICK)
    assert same(found, log_loss_report_from(FRAME, y="kind", **QUICK))
