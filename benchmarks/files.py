"""
Reports of Parquet files: CPU time and peak memory beside reading the files alone, and the same
values as a plain query of DuckDB.

    python benchmarks/files.py [ROWS] [--classes K] [--files N] [--no-lists] [--folder DIR]
                               [--only JOB ...]

Twenty files of unsorted text classes with weights, one of them without the rarest class, and 100
rows without a label; the same with the probabilities in a column of lists. They are made in a
temporary folder, which takes 170 bytes a row, and are removed after it. Each measurement is a
process of its own with one thread; memory is the largest that it had, Python and libraries
included.
"""

import argparse
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
from pathlib import Path

NAMES = ("lynx", "ape", "yak", "bee", "owl", "cat", "emu", "dog", "rat", "fox")
THREADS = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


def labels(k):
    return [NAMES[i] if i < len(NAMES) else f"class {i}" for i in range(k)]


def make(folder, n_rows, k, n_files, lists):
    """Files with plain columns, and with a column of lists."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng = np.random.default_rng(0)
    names = np.array(labels(k))
    per_file = -(-n_rows // n_files)
    without = rng.choice(n_rows, 100, replace=False)
    for i in range(n_files):
        n = min(per_file, n_rows - i * per_file)
        z = 2 * rng.normal(size=(n, k))
        z[:, -1] -= 3
        draws = z + rng.gumbel(size=z.shape)
        if i == 0:  # no row of the rarest class
            draws[:, -1] = -np.inf
        y = names[draws.argmax(axis=1)].astype(object)
        z -= z.max(axis=1, keepdims=True)
        p = np.exp(z)
        p /= p.sum(axis=1, keepdims=True)
        y[without[(without >= i * per_file) & (without < i * per_file + n)] - i * per_file] = None
        shared = {"y": pa.array(y, pa.string()), "w": rng.exponential(size=n), "note": ["-"] * n}
        plain = {f"p_{name}": p[:, j] for j, name in enumerate(names)}
        groups = {"row_group_size": 131_072}
        pq.write_table(pa.table(shared | plain), folder / f"plain-{i:02}.parquet", **groups)
        if lists:
            cells = pa.FixedSizeListArray.from_arrays(pa.array(p.ravel()), k)
            table = pa.table(shared | {"p": cells.cast(pa.list_(pa.float64()))})
            pq.write_table(table, folder / f"lists-{i:02}.parquet", **groups)


# What is measured: each prints its values as JSON.


def read(folder, k, kind):
    """All that a report needs, in batches, into one matrix each."""
    import numpy as np
    import pyarrow.parquet as pq

    proba = [f"p_{name}" for name in labels(k)] if kind == "plain" else ["p"]
    total = 0.0
    for path in sorted(folder.glob(f"{kind}-*.parquet")):
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(131_072, columns=["y", "w", *proba], use_threads=False):
                if kind == "plain":
                    matrix = np.empty((batch.num_rows, k))
                    for j, name in enumerate(proba):
                        matrix[:, j] = batch.column(name).to_numpy()
                else:
                    matrix = batch.column("p").flatten().to_numpy().reshape(-1, k)
                total += matrix[0, 0]
    return {}


def report(folder, k, kind, weight="w", **options):
    from skxent import log_loss_report_from

    source = {"proba": "p", "labels": labels(k)} if kind == "lists" else {}
    found = log_loss_report_from(
        f"{folder}/{kind}-*.parquet", y="y", weight=weight, nulls="drop", **source, **options
    )
    return values(found) if weight else {}


def values(found):
    losses = dict(zip(found.labels.tolist(), found.per_class["log_loss"].tolist(), strict=True))
    return {"": found.overall["log_loss"]} | losses


def query(folder, k, kind):
    import duckdb

    duckdb.sql("set threads = 1")
    cases = " ".join(f"when '{name}' then \"p_{name}\"" for name in labels(k))
    loss = f"w * -ln(case y {cases} end)"
    found = duckdb.sql(
        f"select coalesce(y, ''), sum({loss}) / sum(w) from '{folder}/{kind}-*.parquet' "
        f"where y is not null group by grouping sets ((y), ())"
    )
    return dict(found.fetchall())


JOBS = {
    "reading, plain columns": lambda f, k: read(f, k, "plain"),
    "report, plain columns": lambda f, k: report(f, k, "plain"),
    "report, no weights": lambda f, k: report(f, k, "plain", None),
    "report, 2 processes": lambda f, k: report(f, k, "plain", n_jobs=2),
    "reading, lists": lambda f, k: read(f, k, "lists"),
    "report, lists": lambda f, k: report(f, k, "lists"),
    "query of DuckDB": lambda f, k: query(f, k, "plain"),
}


def measured(name, folder, k):
    """Values, CPU seconds and MB of a process that does a job."""
    command = [
        sys.executable,
        __file__,
        "--job",
        name,
        "--folder",
        str(folder),
        "--classes",
        str(k),
    ]
    child = subprocess.Popen(
        command, stdout=subprocess.PIPE, env=os.environ | THREADS, cwd=Path(__file__).parents[1]
    )
    out = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"{name} failed")
    # What processes of the process took is in its children.
    return json.loads(out), usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("rows", type=int, nargs="?", default=10_000_000)
    parser.add_argument("--classes", type=int, default=10)
    parser.add_argument("--files", type=int, default=20)
    parser.add_argument("--no-lists", action="store_true")
    parser.add_argument("--folder", type=Path, help="where to make the temporary folder")
    parser.add_argument("--only", choices=JOBS, nargs="+", default=list(JOBS))
    parser.add_argument("--job", choices=JOBS)
    options = parser.parse_args()
    if options.job:
        print(json.dumps(JOBS[options.job](options.folder, options.classes)))
        return
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        folder = Path(folder)
        # In a process of its own: what starts one counts as memory that it had.
        making = (folder, options.rows, options.classes, options.files, not options.no_lists)
        context = multiprocessing.get_context("spawn")
        with context.Pool(1) as pool:
            pool.apply(make, making)
        size = sum(path.stat().st_size for path in folder.iterdir()) / 1e9
        print(f"{options.rows:,} rows, {options.classes} classes, {size:.1f} GB in files")
        truth, base = measured("query of DuckDB", folder, options.classes)[0], 1.0
        print(f"{'':26} {'CPU s':>7} {'of reading':>10} {'MB':>6}  difference from the query")
        for name in options.only:
            if "lists" in name and options.no_lists:
                continue
            found, cpu, memory = measured(name, folder, options.classes)
            base = cpu if name.startswith("reading") else base
            worst = max((abs(found[c] / truth[c] - 1) for c in found), default=None)
            said = "" if worst is None else f"{worst:.1e}"
            if name == "query of DuckDB":
                print(f"{name:26} {cpu:7.1f} {'':>10} {memory:6.0f}")
            else:
                print(f"{name:26} {cpu:7.1f} {cpu / base:10.2f} {memory:6.0f}  {said}", flush=True)
            assert worst is None or worst < 1e-12 or "DuckDB" in name, worst


if __name__ == "__main__":
    main()
