"""Log loss beside its peers: time and memory, and first of all the same value.

No time is asserted. Each round calls every peer once and skxent last, so that a machine whose
clock drifts is fair to all; the table at the end is made of the medians of the rounds.
"""

import statistics
import time
import tracemalloc
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pytest
import sklearn.metrics
from scipy.special import softmax, xlogy

import skxent

try:
    import torch
except ImportError:
    torch = None

NAMES = np.array(
    ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
)
# scikit-learn and PyTorch sum float32 losses in float32, and scikit-learn clips at its epsilon.
TOLERANCE = {"float64": 1e-12, "float32": 1e-4}
TORCH_THREADS = torch.get_num_threads() if torch is not None else 0


@dataclass(frozen=True)
class Case:
    shape: tuple[int, int]
    dtype: str
    kind: str
    """Of the labels: `int`, `<U`, `object` (few objects, many references) or `objects` (many)."""
    given: bool
    """Whether `labels` is passed."""
    target: float
    """The ratio to scikit-learn's time that the design allows."""
    rounds: int = 5
    calls: int = 1
    """Calls in a round, for work that is too short to be timed once."""

    def __str__(self):
        shown = {"object": "object (shared)", "objects": "object (one a row)"}
        kind = shown.get(self.kind, self.kind)
        given = "" if self.given else ", labels=None"
        n_samples, n_classes = self.shape
        return f"{n_samples:,}×{n_classes} {self.dtype}, {kind} labels{given}"


CASES = [
    Case((1_000_000, 10), "float64", "int", True, 0.06, rounds=9),
    Case((1_000_000, 10), "float32", "int", True, 0.06, rounds=9),
    Case((20_000, 1000), "float64", "int", True, 0.06, rounds=7),
    Case((20_000, 1000), "float32", "int", True, 0.06, rounds=7),
    Case((1_000_000, 10), "float64", "<U", True, 0.15),
    Case((1_000_000, 10), "float64", "<U", False, 0.15),
    Case((1_000_000, 10), "float64", "object", True, 0.03, rounds=3),
    Case((1_000_000, 10), "float64", "object", False, 0.03, rounds=3),
    Case((1_000_000, 10), "float64", "objects", True, 0.03, rounds=3),
    Case((100, 3), "float64", "int", True, 0.15, rounds=21, calls=50),
]


@lru_cache(maxsize=1)
def draw(shape):
    """Probabilities, and classes drawn from them."""
    rng = np.random.default_rng(0)
    logits = 1.5 * rng.standard_normal(shape)
    return softmax(logits, axis=1), (logits + rng.gumbel(size=shape)).argmax(axis=1)


def data(case):
    proba, codes = draw(case.shape)
    proba = proba.astype(case.dtype)
    proba /= proba.sum(axis=1, keepdims=True)
    if case.kind == "int":
        return codes, proba, np.arange(case.shape[1])
    names = NAMES.astype(object) if case.kind == "object" else NAMES
    y_true = names[codes]
    return y_true.astype(object) if case.kind == "objects" else y_true, proba, NAMES


def scipy_log_loss(codes, proba):
    # SciPy has no log loss; this is the definition, with its 0 log 0 = 0, from the labels on.
    one_hot = np.zeros(proba.shape, proba.dtype)
    one_hot[np.arange(len(codes)), codes] = 1
    return -xlogy(one_hot, proba).sum(axis=1).mean(dtype=np.float64)


def torch_log_loss(codes, proba):
    # What a PyTorch user writes for probabilities; from_numpy copies nothing.
    logs = torch.log(torch.from_numpy(proba))
    return torch.nn.functional.nll_loss(logs, torch.from_numpy(codes)).item()


def peers(case, y_true, proba, labels):
    """Each peer's name, its number of threads if it has one to set, and its call."""
    if case.kind == "int":
        if torch is not None:
            for threads in sorted({TORCH_THREADS, 1}, reverse=True):
                yield f"torch{threads}", threads, lambda: torch_log_loss(y_true, proba)
        yield "scipy", None, lambda: scipy_log_loss(y_true, proba)
    yield "sklearn", None, lambda: sklearn.metrics.log_loss(y_true, proba, labels=labels)


def seconds(call, calls):
    start = time.perf_counter()
    for _ in range(calls):
        call()
    return time.perf_counter() - start


def peak_bytes(call):
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        call()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case).replace("×", "x"))
def test_log_loss(case, benchmark, rows):
    y_true, proba, labels = data(case)
    labels = labels if case.given else None
    others = list(peers(case, y_true, proba, labels))
    times = {name: [] for name, _, _ in others}

    def ours():
        return skxent.log_loss(y_true, proba, labels=labels)

    # This first call of each is its warm-up as well.
    value = ours()
    for name, _, call in others:
        assert call() == pytest.approx(value, rel=TOLERANCE[case.dtype], abs=0), name

    def one_round_of_the_others():
        for name, threads, call in others:
            if threads:
                torch.set_num_threads(threads)
            times[name].append(seconds(call, case.calls))

    def our_round():
        for _ in range(case.calls):
            ours()

    benchmark.pedantic(our_round, setup=one_round_of_the_others, rounds=case.rounds)
    if benchmark.stats is None:  # --benchmark-disable
        return
    median = {name: statistics.median(values) / case.calls for name, values in times.items()}
    median["skxent"] = benchmark.stats.stats.median / case.calls
    size = y_true.nbytes + proba.nbytes
    memory = {"skxent": peak_bytes(ours) / size, "sklearn": peak_bytes(others[-1][2]) / size}
    benchmark.extra_info.update(seconds=median, memory=memory, target=case.target)
    rows.append((str(case), median, memory, case.target))
