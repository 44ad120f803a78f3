"""
Reports beside scikit-learn's log loss and beside peers: ``python benchmarks/report.py``.

The unit is ``sklearn.metrics.log_loss`` on the same arrays in its best case. It allocates five
times its input, so that its time is mostly that of fresh pages; here it runs in a process of its
own whose allocator keeps its memory (``ALLOCATOR`` below), and waits there while something else
is measured. skxent runs with the defaults of the machine: no environment variable, all threads;
once more with one thread of BLAS. Each round calls everything once, so that a clock that drifts
is fair to all; the table has medians. The values are compared first. Memory is the peak of one
call that ``tracemalloc`` counts, beside the input. Peers that are not installed are left out. No
time is asserted.

``python benchmarks/report.py 1000x10 peers`` measures only what it names. ``--cpu`` before all
that takes the least time of the processor in the place of medians by the clock: where something
else runs on the machine, that is what is left to compare.
"""

import os
import statistics
import subprocess
import sys
import time
import tracemalloc
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import sklearn.metrics
from scipy.special import softmax
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

import skxent

sys.path.insert(0, str(Path(__file__).parent))
from conftest import machine

ALLOCATOR = {
    "MALLOC_MMAP_THRESHOLD_": "4294967296",
    "MALLOC_TRIM_THRESHOLD_": "-1",
    "MALLOC_TOP_PAD_": "536870912",
}
AT_LEAST = 0.01  # seconds of a measurement: quick calls are repeated within it
FLAGS = ["--cpu"]
CLOCK, TYPICAL = time.perf_counter, statistics.median
UPDATE = "update of an accumulator, beside skxent.log_loss"
HEADS = ["work", "what", "ms", "of log_loss", "at most", "one thread, ms", "default / one", "peak"]


def draw(shape, seed=0):
    rng = np.random.default_rng(seed)
    logits = 1.5 * rng.standard_normal(shape)
    return (logits + rng.gumbel(size=shape)).argmax(axis=1), softmax(logits, axis=1)


def repeats(call):
    """How often to call it so that the clock sees more than its own grain."""
    call()
    start = CLOCK()
    call()
    return max(1, round(AT_LEAST / max(CLOCK() - start, 1e-9)))


def seconds(call, times=1):
    start = CLOCK()
    for _ in range(times):
        call()
    return (CLOCK() - start) / times


def peak_bytes(call):
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


class Unit:
    """scikit-learn's log loss in a process whose allocator keeps its memory."""

    def __init__(self, shape):
        self._process = subprocess.Popen(
            [sys.executable, __file__, *FLAGS, "--unit", *map(str, shape)],
            env=os.environ | ALLOCATOR,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.value = float(self._process.stdout.readline())

    def seconds(self):
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return float(self._process.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._process.communicate()

    @staticmethod
    def serve(shape):
        y, proba = draw(shape)
        call = partial(sklearn.metrics.log_loss, y, proba, labels=range(shape[1]))
        print(call(), flush=True)
        times = repeats(call)
        for _ in sys.stdin:
            print(seconds(call, times), flush=True)


@dataclass
class Case:
    """Something to measure, and what the contract of the project allows it."""

    name: str
    call: object
    at_most: float | None = None


def of_report(y, proba, **options):
    return skxent.log_loss_report(y, proba, labels=range(proba.shape[1]), **options)


def accumulated(y, proba, batch, **options):
    accumulator = skxent.LogLossAccumulator(range(proba.shape[1]))
    for start in range(0, len(y), batch):
        accumulator.update(y[start : start + batch], proba[start : start + batch])
    return accumulator.report(**options)


def updating(y, proba):
    """Updates of an accumulator that has seen other batches before."""
    accumulator = skxent.LogLossAccumulator(range(proba.shape[1]))
    accumulator.update(y, proba)
    return partial(accumulator.update, y, proba)


def cases_of(shape):
    n, k = shape
    y, proba = draw(shape)
    if n < 1000:
        of_same = partial(skxent.log_loss, y, proba, labels=range(k))
        found = [
            Case("skxent.log_loss", of_same),
            Case(UPDATE, updating(y, proba), {10: 2, 1000: 4}[k]),
        ]
        return found, y, proba
    whole = {1000: 25, 10_000: 30, 1_000_000: 3, 20_000: 9}[n]
    found = [
        Case("log_loss_report, whole", partial(of_report, y, proba), whole),
        Case("the same, recalibration=False", partial(of_report, y, proba, recalibration=False)),
        Case(
            "the same, n_null=0 as well",
            partial(of_report, y, proba, recalibration=False, n_null=0),
        ),
    ]
    if n > 10_000:
        limit = {10: 1, 1000: 4}[k]
        whole = partial(accumulated, y, proba, len(y))
        found.append(Case("accumulator and its report", whole, limit))
        found.append(Case("the same, recalibration=False", partial(whole, recalibration=False)))
    if n > 100_000:
        batches = partial(accumulated, y, proba, 50_000, recalibration=False)
        found.append(Case("the same in batches of 50,000", batches))
    if k == 1000 and n > 1000:
        report = of_report(y, proba, recalibration=False)
        found.append(Case("to_json of the report", report.to_json))
    return found, y, proba


def measure(shape, rounds):
    cases, y, proba = cases_of(shape)
    work = "×".join(f"{n:,}" for n in shape)
    with Unit(shape) as unit:
        value = skxent.log_loss(y, proba, labels=range(shape[1]))
        assert abs(value - unit.value) < 1e-12 * value
        often = [repeats(case.call) for case in cases]
        base, default, one = [], [[] for _ in cases], [[] for _ in cases]
        for _ in range(rounds):
            base.append(unit.seconds())
            for case, times, many in zip(cases, often, default, strict=True):
                many.append(seconds(case.call, times))
            with threadpool_limits(1):
                for case, times, single in zip(cases, often, one, strict=True):
                    single.append(seconds(case.call, times))
    log_loss, ours = TYPICAL(base), TYPICAL(default[0])
    row(work, "scikit-learn's log_loss, best case", f"{1e3 * log_loss:.3g}", "1", "", "", "", "")
    size = y.nbytes + proba.nbytes
    for case, many, single in zip(cases, default, one, strict=True):
        a, b = TYPICAL(many), TYPICAL(single)
        ratio = statistics.median(m / s for m, s in zip(many, single, strict=True))
        row(
            work,
            case.name,
            f"{1e3 * a:.3g}",
            f"{a / (ours if case.name == UPDATE else log_loss):.3g}",
            "" if case.at_most is None else f"{case.at_most:g}",
            f"{1e3 * b:.3g}",
            f"{ratio:.2f}",
            f"{100 * peak_bytes(case.call) / size:.0f} %",
        )


def row(*cells):
    print("| " + " | ".join(cells) + " |", flush=True)


def metric_frame(y, proba):
    """fairlearn's table of log losses by true class."""
    from fairlearn.metrics import MetricFrame

    k = proba.shape[1]

    def loss(y_true, y_pred):
        return sklearn.metrics.log_loss(y_true, np.vstack(y_pred), labels=range(k))

    return MetricFrame(metrics=loss, y_true=y, y_pred=list(proba), sensitive_features=y).by_group


def decompositions(y, proba):
    """model-diagnostics' decomposition of each one-vs-rest log loss."""
    from model_diagnostics.scoring import LogLoss, decompose

    return [decompose(1.0 * (y == c), p, scoring_function=LogLoss()) for c, p in enumerate(proba.T)]


def works(call, *args):
    try:
        call(*args)
    except Exception as error:  # a peer that is missing, or does not run here
        print(f"left out: {call.__name__}: {error}", file=sys.stderr)
        return False
    return True


def digits():
    X, y = load_digits(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, test_size=0.5, random_state=0, stratify=y
    )
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    return y_test, model.fit(X_train, y_train).predict_proba(X_test)


def peers(rounds):
    """Milliseconds beside those of other libraries, all in this process."""
    print("| work | what | ms |")
    print("|---|---|--:|")
    others = {
        "fairlearn MetricFrame by class": metric_frame,
        "model-diagnostics decompose, each class": decompositions,
    }
    for work, (y, proba) in {"digits, 899×10": digits(), "100,000×10": draw((100_000, 10))}.items():
        calls = {
            "skxent.log_loss_report, whole": partial(of_report, y, proba),
            "skxent, accumulator and its report": partial(accumulated, y, proba, len(y)),
        }
        calls |= {
            name: partial(peer, y, proba)
            for name, peer in others.items()
            if works(peer, y[:2000], proba[:2000])
        }
        times = {name: [] for name in calls}
        for _ in range(rounds):
            for name, call in calls.items():
                times[name].append(seconds(call))
        for name, each in times.items():
            row(work, name, f"{1e3 * TYPICAL(each):.3g}")


ROUNDS = {
    (256, 10): 15,
    (32, 1000): 15,
    (1000, 10): 15,
    (10_000, 10): 9,
    (1_000_000, 10): 5,
    (20_000, 1000): 5,
}


def main(*names):
    chosen = {
        shape: n for shape, n in ROUNDS.items() if not names or "x".join(map(str, shape)) in names
    }
    if chosen:
        row(*HEADS)
        print("|---|---" + "|--:" * (len(HEADS) - 2) + "|")
        for shape, rounds in chosen.items():
            measure(shape, rounds)
        print()
    if not names or "peers" in names:
        peers(5)
        print()
    print(machine())
    print("Allocator of scikit-learn's process:", *(f"{k}={v}" for k, v in ALLOCATOR.items()))


if __name__ == "__main__":
    if sys.argv[1:2] == FLAGS:
        del sys.argv[1]
        CLOCK, TYPICAL = time.process_time, min
    else:
        FLAGS = []
    if sys.argv[1:2] == ["--unit"]:
        Unit.serve(tuple(map(int, sys.argv[2:])))
    else:
        main(*sys.argv[1:])
