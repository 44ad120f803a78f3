"""
The report beside scikit-learn's log loss and beside peers: ``python benchmarks/report.py``.

Each round calls everything once, so that a clock that drifts is fair to all; the table has the
medians. The values are compared first. Peers that are not installed are left out. No time is
asserted. With OPENBLAS_NUM_THREADS=1 small products do not wait for threads.
"""

import statistics
import sys
import time
import tracemalloc
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

import skxent

sys.path.insert(0, str(Path(__file__).parent))
from conftest import machine

ROUNDS = 5


def draw(shape, seed=0):
    rng = np.random.default_rng(seed)
    logits = 1.5 * rng.standard_normal(shape)
    return (logits + rng.gumbel(size=shape)).argmax(axis=1), softmax(logits, axis=1)


def seconds(call):
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def peak_bytes(call):
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def accumulated(y, proba, batch):
    accumulator = skxent.LogLossAccumulator(range(proba.shape[1]))
    for start in range(0, len(y), batch):
        accumulator.update(y[start : start + batch], proba[start : start + batch])
    return accumulator.report()


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


def measure(work, y, proba, calls, targets):
    k = proba.shape[1]
    calls = {"scikit-learn log_loss": partial(sklearn.metrics.log_loss, y, proba, labels=range(k))}\
        | calls  # fmt: skip
    times = {name: [] for name in calls}
    for call in calls.values():
        call()
    for _ in range(ROUNDS):
        for name, call in calls.items():
            times[name].append(seconds(call))
    base = statistics.median(times["scikit-learn log_loss"])
    size = y.nbytes + proba.nbytes
    for name, call in calls.items():
        median = statistics.median(times[name])
        memory = 100 * peak_bytes(call) / size
        target = targets.get(name, "")
        ratio = median / base
        print(f"| {work} | {name} | {1e3 * median:.1f} | {ratio:.2f} | {target} | {memory:.0f} % |")


def digits():
    X, y = load_digits(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, test_size=0.5, random_state=0, stratify=y
    )
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    return y_test, model.fit(X_train, y_train).predict_proba(X_test)


def main():
    print("| work | what | ms | of scikit-learn's log_loss | target | peak memory |")
    print("|---|---|--:|--:|--:|--:|")
    for shape in ((1_000_000, 10), (20_000, 1000)):
        y, proba = draw(shape)
        whole = partial(skxent.log_loss_report, y, proba, labels=range(shape[1]))
        spare = partial(whole, recalibration=False, n_null=0)
        calls = {
            "accumulator and its report": partial(accumulated, y, proba, len(y)),
            "the same in batches of 50,000": partial(accumulated, y, proba, 50_000),
            "log_loss_report, no recalibration, no null": spare,
            "log_loss_report, whole": whole,
        }
        if shape[1] > 10:
            del calls["the same in batches of 50,000"]
        targets = {"accumulator and its report": "0.6", "log_loss_report, whole": "8"}
        measure(f"{shape[0]:,}×{shape[1]}", y, proba, calls, targets if shape[1] == 10 else {})
    y, proba = draw((100_000, 10))
    calls = {
        "log_loss_report, whole": partial(skxent.log_loss_report, y, proba),
        "accumulator and its report": partial(accumulated, y, proba, len(y)),
    }
    peers = {
        "fairlearn MetricFrame by class": metric_frame,
        "model-diagnostics decompose, each class": decompositions,
    }
    calls |= {
        name: partial(peer, y, proba)
        for name, peer in peers.items()
        if works(peer, y[:2000], proba[:2000])
    }
    measure("100,000×10", y, proba, calls, {})
    y, proba = digits()
    measure("digits, 899×10", y, proba, {
        "log_loss_report, whole": partial(skxent.log_loss_report, y, proba),
        "log_loss_report, no recalibration, no null": partial(
            skxent.log_loss_report, y, proba, recalibration=False, n_null=0
        ),
    }, {})  # fmt: skip
    print()
    print(machine())


if __name__ == "__main__":
    main()
