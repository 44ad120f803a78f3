"""
The same report from a stream, Dask and Spark, what each costs, and losses of others beside it.

    python benchmarks/engines.py [ROWS] [--only WAY] [--folder DIR]
                                                 figures, CPU seconds, peak memory
    python benchmarks/engines.py --join [ROWS]   two files of two models, joined by id
    python benchmarks/engines.py --hard          other people's log losses on hard cases

Twenty Parquet files of unsorted text classes with weights, one of them without the rarest class,
and 100 rows without a label, which are left out. Each way runs in a process of its own; CPU and
memory are those of all processes that it started. With --folder the files and what was found stay
there, so that --only can measure one way after another.

What is not installed (dask, pyspark, dask-ml, duckdb) is left out, and said. dask-ml 2025.1 needs
an environment of its own: pip install scikit-learn==1.4.2 "numpy<2" "pyarrow<19" dask-ml
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

K = 10
QUICK = {"recalibration": False, "n_null": 0}
READING = {"y": "y", "weight": "w", "nulls": "drop"}
LABELS = [f"class {c}" for c in "hcgabdfjie"]


def rows(n, seed):
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(n, K), scale=1.5)
    p = np.exp(z)
    p /= p.sum(axis=1, keepdims=True)
    prior = np.log(np.r_[np.full(K - 1, 1.0), 0.01])
    return (z + prior + rng.gumbel(size=z.shape)).argmax(axis=1), p, rng.random(n)


def make(folder, n, files=20):
    import pyarrow as pa
    import pyarrow.parquet as pq

    for i in range(files):
        codes, p, w = rows(n // files, i)
        if i == 0:  # one file lacks the rarest class
            codes[codes == K - 1] = 0
        y = np.array(LABELS, dtype=object)[codes]
        y[:: max(len(y) // 5, 1)][:5] = None
        columns = {"y": pa.array(y, pa.string()), "code": codes.astype(float), "w": w}
        columns |= {f"p_{label}": p[:, j] for j, label in enumerate(LABELS)}
        lists = pa.FixedSizeListArray.from_arrays(pa.array(p.ravel()), K)
        table = pa.table(columns).append_column("proba", lists.cast(pa.list_(pa.float64())))
        pq.write_table(table, folder / f"{i:02}.parquet", row_group_size=131_072)


PLAIN = [f"p_{label}" for label in LABELS]


def read(folder):
    import pyarrow.parquet as pq

    total = 0.0
    for file in sorted(folder.glob("*.parquet")):
        for batch in pq.ParquetFile(file, pre_buffer=False).iter_batches(
            131_072, columns=["y", "w", *PLAIN], use_threads=False
        ):
            table = np.empty((batch.num_rows, K))
            for j, name in enumerate(PLAIN):
                table[:, j] = batch.column(name).to_numpy()
            total += table[0, 0]
    return {"sum": total}


def said(report):
    return {
        "log_loss": report.overall["log_loss"],
        "classes": report.per_class["log_loss"].tolist(),
        "high": report.per_class["ci_high"].tolist(),
        "gap": report.per_class["gap"].tolist(),
    }


def stream(folder):
    from skxent import log_loss_report_from

    return said(log_loss_report_from(f"{folder}/*.parquet", **READING, **QUICK))


def duckdb(folder):
    import duckdb

    p = "CASE y " + " ".join(f"WHEN '{x}' THEN \"p_{x}\"" for x in LABELS) + " END"
    rows = duckdb.sql(
        f"SELECT y, sum(w * -ln(greatest({p}, 2.220446049250313e-16))), sum(w) "
        f"FROM '{folder}/*.parquet' WHERE y IS NOT NULL GROUP BY y"
    ).fetchall()
    found = {y: (loss, w) for y, loss, w in rows}
    total = sum(w for _, w in found.values())
    return {
        "log_loss": sum(loss for loss, _ in found.values()) / total,
        "classes": [found[x][0] / found[x][1] for x in LABELS],
    }


def dask(folder):
    import dask.dataframe as dd
    import distributed

    from skxent.engines.dask import log_loss_report

    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as c,
        distributed.Client(c),
    ):
        frame = dd.read_parquet(f"{folder}/*.parquet")
        return said(log_loss_report(frame, **READING, **QUICK))


def dask_read(folder):
    import dask.dataframe as dd
    import distributed

    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as c,
        distributed.Client(c),
    ):
        frame = dd.read_parquet(f"{folder}/*.parquet")[["y", "w", *PLAIN]]
        return {"rows": float(frame.map_partitions(len).sum().compute())}


def session():
    from pyspark.sql import SparkSession

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    return (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.driver.memory", "2g")
        .getOrCreate()
    )


def spark(folder):
    from skxent.engines.spark import log_loss_report

    frame = session().read.parquet(str(folder))
    return said(log_loss_report(frame, **READING, **QUICK))


def spark_read(folder):
    """Rows through Python workers that do nothing with them."""
    frame = session().read.parquet(str(folder)).select("y", "w", *[f"`{name}`" for name in PLAIN])
    count = frame.mapInArrow(_count, "n long").groupBy().sum("n").collect()
    return {"rows": float(count[0][0])}


def _count(batches):
    import pyarrow as pa

    for batch in batches:
        table = np.column_stack([batch.column(i).to_numpy() for i in range(2, K + 2)])
        yield pa.RecordBatch.from_pydict({"n": pa.array([len(table)], pa.int64())})


def spark_own(folder):
    from pyspark.ml.evaluation import MulticlassClassificationEvaluator
    from pyspark.ml.functions import array_to_vector
    from pyspark.sql import functions as sf

    frame = session().read.parquet(str(folder))
    frame = frame.where("y is not null")
    frame = frame.select("code", "w", array_to_vector("proba").alias("proba"))
    frame = frame.withColumn("prediction", sf.lit(0.0))
    evaluator = MulticlassClassificationEvaluator(
        metricName="logLoss", labelCol="code", probabilityCol="proba", weightCol="w"
    )
    return {"log_loss": evaluator.evaluate(frame)}


WAYS = {
    "read alone": read,
    "stream": stream,
    "duckdb": duckdb,
    "dask, read alone": dask_read,
    "dask": dask,
    "spark, read alone": spark_read,
    "spark": spark,
    "spark's own logLoss": spark_own,
}


def descendants():
    """All processes below this one."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            text = (path / "stat").read_text()
        except OSError:
            continue
        parents[int(path.name)] = int(text.rpartition(")")[2].split()[1])
    found, new = set(), {os.getpid()}
    while new:
        found |= new
        new = {pid for pid, parent in parents.items() if parent in new} - found
    return found


def watch(process_ids, stop, seen):
    """CPU seconds of each process as last seen, and the most memory of all together, in MB."""
    tick = os.sysconf("SC_CLK_TCK")
    while not stop.wait(0.1):
        total = 0
        for pid in process_ids():
            try:
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                text = Path(f"/proc/{pid}/smaps_rollup").read_text()
            except OSError:
                continue
            seen["cpu"][pid] = (int(fields[11]) + int(fields[12])) / tick
            total += int(text.partition("Pss:")[2].split()[0])
        seen["most"] = max(seen["most"], total / 1e3)


def measured(name, folder):
    stop, seen = threading.Event(), {"cpu": {}, "most": 0.0}
    thread = threading.Thread(target=watch, args=(descendants, stop, seen))
    thread.start()
    start = time.perf_counter()
    try:
        found = (WAYS | {"joined": joined})[name](folder)
    finally:
        elapsed = time.perf_counter() - start
        time.sleep(0.3)
        stop.set()
        thread.join()
    cpu = sum(seen["cpu"].values())
    print("RESULT" + json.dumps(found | {"cpu": cpu, "wall": elapsed, "memory": seen["most"]}))


def costs(n, folder, only):
    if not any(folder.glob("*.parquet")):
        make(folder, n)
    size = sum(file.stat().st_size for file in folder.glob("*.parquet")) / 1e6
    print(f"{n} rows, {K} classes, 20 files, {size:.0f} MB")
    print(f"{'way':22}{'CPU s':>8}{'wall s':>8}{'peak MB':>9}  log loss")
    kept = folder / "_found.json"  # a name that Spark does not read
    found = json.loads(kept.read_text()) if kept.exists() else {}
    for way in WAYS if only is None else [only]:
        code = [sys.executable, __file__, "--way", way, "--folder", str(folder)]
        done = subprocess.run(code, capture_output=True, text=True, check=False)
        line = next((x for x in done.stdout.splitlines() if x.startswith("RESULT")), None)
        if line is None:
            print(f"{way:22} left out: {(done.stderr.strip().splitlines() or ['?'])[-1][:90]}")
            continue
        found[way] = result = json.loads(line[6:])
        loss = result.get("log_loss", "")
        cost = f"{result['cpu']:8.1f}{result['wall']:8.1f}{result['memory']:9.0f}"
        print(f"{way:22}{cost}  {loss}", flush=True)
    kept.write_text(json.dumps(found))
    for beside in ("duckdb", "stream"):
        for way in ("duckdb", "stream", "dask", "spark", "spark's own logLoss"):
            if way in found and beside in found and way != beside:
                off = largest(found[way], found[beside])
                print(f"{way} beside {beside}: largest relative difference {off:.1e}")


def largest(one, other):
    """The largest relative difference between figures that both have."""
    keys = [key for key in ("log_loss", "classes", "high", "gap") if key in one and key in other]
    return max(np.max(np.abs(np.array(one[key]) / np.array(other[key]) - 1)) for key in keys)


def joined(folder):
    from skxent import compare_log_loss_from

    found = compare_log_loss_from(folder / "old.parquet", folder / "new.parquet", on="id", y="y")
    return {"log_loss": found.difference[1]}


def join(n):
    """CPU and memory of a comparison of files whose rows are in another order."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with tempfile.TemporaryDirectory() as name:
        ids = np.random.default_rng(1).permutation(10 * n)[:n]
        order = np.random.default_rng(2).permutation(n)
        codes, p, _ = rows(n, 0)
        for kind, at in (("old", np.arange(n)), ("new", order)):
            q = p if kind == "old" else 0.9 * p + 0.1 / K
            columns = {"id": ids[at], "y": np.array(LABELS)[codes[at]]}
            columns |= {f"p_{label}": q[at, j] for j, label in enumerate(LABELS)}
            file = Path(name) / f"{kind}.parquet"
            pq.write_table(pa.table(columns), file, row_group_size=131_072)
        code = [sys.executable, __file__, "--way", "joined", "--folder", name]
        done = subprocess.run(code, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout.partition("RESULT")[2])
    print(f"{n} rows: CPU {found['cpu']:.1f} s, peak {found['memory']:.0f} MB")


def hard():
    """Losses that others compute, beside the plain mean of the floored losses."""
    codes, p, _ = rows(6000, 0)
    y = np.array(LABELS)[codes]
    lacking = np.where(np.arange(6000) < 2000, codes % (K - 1), codes)
    cases = {
        "even chunks": (codes, codes, p, 2000, None),
        "uneven chunks": (codes, codes, p, (100, 100, 5800), None),
        "a chunk without a class": (lacking, lacking, p, 2000, None),
        "text, columns in another order": (y, codes, p, 2000, LABELS),
        "rows that sum to 1.8": (codes, codes, 1.8 * p, 2000, None),
    }
    print(f"{'case':32}{'mean loss':>10}  skxent | dask_ml | Spark")
    for name, (labels, index, proba, chunks, known) in cases.items():
        truth = -np.log(np.minimum(proba, 1)[np.arange(6000), index]).mean()
        values = [
            tried(lambda a=(labels, proba, chunks, known): ours(*a)),
            tried(lambda a=(labels, proba, chunks, known): theirs(*a)),
            tried(lambda a=(index, proba): of_spark(*a)),
        ]
        print(f"{name:32}{truth:10.4f}  " + " | ".join(values), flush=True)


def tried(compute):
    try:
        return f"{compute():.4f}"
    except Exception as error:
        first = str(error).strip().splitlines()
        return f"{type(error).__name__}: {(first or [''])[0][:70]}"


def arrays(labels, proba, chunks):
    import dask.array as da

    return da.from_array(labels, chunks=chunks), da.from_array(proba, chunks=(chunks, K))


def ours(labels, proba, chunks, known):
    from skxent.engines.dask import log_loss_report

    y, p = arrays(labels, proba, chunks)
    return log_loss_report(y, p, labels=range(K) if known is None else known, **QUICK).overall[
        "log_loss"
    ]


def theirs(labels, proba, chunks, known):
    from dask_ml.metrics import log_loss

    return float(log_loss(*arrays(labels, proba, chunks), labels=known))


def of_spark(codes, proba):
    from pyspark.ml.evaluation import MulticlassClassificationEvaluator
    from pyspark.ml.linalg import Vectors

    data = [(float(c), 0.0, Vectors.dense(row)) for c, row in zip(codes, proba, strict=True)]
    frame = session().createDataFrame(data, ["label", "prediction", "probability"])
    return MulticlassClassificationEvaluator(metricName="logLoss").evaluate(frame)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", nargs="?", type=int, default=2_000_000)
    parser.add_argument("--hard", action="store_true")
    parser.add_argument("--join", action="store_true")
    parser.add_argument("--only", choices=WAYS)
    parser.add_argument("--way", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    if options.way:
        measured(options.way, options.folder)
    elif options.join:
        join(options.rows)
    elif options.hard:
        hard()
    elif options.folder:
        options.folder.mkdir(parents=True, exist_ok=True)
        costs(options.rows, options.folder, options.only)
    else:
        with tempfile.TemporaryDirectory() as name:
            costs(options.rows, Path(name), options.only)
