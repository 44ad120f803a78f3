"""Nothing is shared between calls: threads and processes get what a single call gets."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np
import pytest
from joblib import parallel_config
from sklearn.datasets import load_digits
from sklearn.model_selection import cross_validate
from sklearn.naive_bayes import GaussianNB

import skxent

N_THREADS = 8


def rows_of(seed):
    """Tables of many widths and lengths, so that calls differ in every block."""
    rng = np.random.default_rng(seed)
    n, k = int(rng.integers(500, 3000)), int(rng.integers(2, 20))
    return rng.integers(k, size=n), rng.dirichlet(np.ones(k), size=n), np.arange(k), rng.random(n)


def log_loss(seed):
    y, p, labels, weight = rows_of(seed)
    return skxent.log_loss(y, p, labels=labels, sample_weight=weight)


def log_loss_of_text(seed):
    y, p, labels, _ = rows_of(seed)
    return skxent.log_loss(y.astype(str), p, labels=labels.astype(str), average=None).tolist()


def divergences(seed):
    _, p, _, weight = rows_of(seed)
    q = p[::-1]
    return skxent.kl_divergence(p, q, sample_weight=weight), skxent.js_divergence(p, q)


def refinement(seed):
    y, p, labels, _ = rows_of(seed)
    return skxent.recalibration.refinement_loss(y, p, labels=labels)


def report(seed):
    y, p, labels, weight = rows_of(seed)
    return skxent.log_loss_report(
        y, p, labels=labels, sample_weight=weight, recalibration=False, n_null=20
    ).to_json()


def accumulated(seed):
    y, p, labels, _ = rows_of(seed)
    accumulator = skxent.LogLossAccumulator(labels)
    for start in range(0, len(y), 400):
        accumulator.update(y[start : start + 400], p[start : start + 400])
    return accumulator.report(recalibration=False, n_null=20).to_json()


@pytest.fixture
def impatient():
    """Threads that give way to each other as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.parametrize(
    "call", [log_loss, log_loss_of_text, divergences, refinement, report, accumulated]
)
@pytest.mark.usefixtures("impatient")
def test_threads_do_not_see_each_other(call):
    expected = [call(seed) for seed in range(N_THREADS)]
    barrier = Barrier(N_THREADS)

    def at_once(seed):
        barrier.wait(timeout=60)
        return [call(seed) for _ in range(3)]

    with ThreadPoolExecutor(N_THREADS) as pool:
        found = list(pool.map(at_once, range(N_THREADS)))
    assert found == [[value] * 3 for value in expected]


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_scorers_give_the_same_in_workers(backend):
    X, y = load_digits(return_X_y=True)
    scoring = {name: skxent.get_scorer(name) for name in skxent.get_scorer_names()}

    def scores():
        found = cross_validate(GaussianNB(), X, y, cv=4, scoring=scoring)
        return {name: values for name, values in found.items() if name.startswith("test_")}

    expected = scores()
    with parallel_config(backend=backend, n_jobs=2):
        found = cross_validate(GaussianNB(), X, y, cv=4, scoring=scoring, n_jobs=2)
    assert len(expected) == len(scoring)
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name], values)


def test_a_shared_scorer_scores_in_threads_what_it_scores_alone():
    X, y = load_digits(return_X_y=True)
    model = GaussianNB().fit(X[:800], y[:800])
    scorer = skxent.make_per_class_scorer(range(10), base=2)
    parts = [slice(800 + 100 * i, 900 + 100 * i) for i in range(N_THREADS)]
    expected = [scorer(model, X[part], y[part]) for part in parts]
    with ThreadPoolExecutor(N_THREADS) as pool:
        found = list(pool.map(lambda part: scorer(model, X[part], y[part]), parts))
    for ours, theirs in zip(found, expected, strict=True):
        assert list(ours) == list(theirs)
        np.testing.assert_array_equal(list(ours.values()), list(theirs.values()))


def test_threads_keep_their_own_error_state():
    """numpy's decorator, before 2.0, mixes them up."""
    y, p, labels, _ = rows_of(0)

    def state(seed):
        mine = {"all": "warn" if seed % 2 else "ignore"}
        with np.errstate(**mine):
            before = np.geterr()
            for _ in range(50):
                skxent.log_loss(y, p, labels=labels)
            return np.geterr() == before

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(state, range(8)))


@pytest.mark.parametrize("merged", [False, True], ids=["updated", "merged"])
@pytest.mark.usefixtures("impatient")
def test_one_accumulator_loses_nothing_of_several_threads(merged):
    y, p, labels, weight = rows_of(0)
    shared, barrier = skxent.LogLossAccumulator(labels), Barrier(N_THREADS)

    def fill(thread):
        barrier.wait(timeout=60)
        for start in range(0, 800, 8):
            rows = slice((start + thread) % 400, (start + thread) % 400 + 8)
            if merged:
                part = skxent.LogLossAccumulator(labels)
                shared.merge(part.update(y[rows], p[rows], weight[rows]))
            else:
                shared.update(y[rows], p[rows], weight[rows])

    with ThreadPoolExecutor(N_THREADS) as pool:
        list(pool.map(fill, range(N_THREADS)))
    assert shared.n_samples == 8 * 100 * N_THREADS
    in_turn = skxent.LogLossAccumulator(labels)
    for thread in range(N_THREADS):
        for start in range(0, 800, 8):
            rows = slice((start + thread) % 400, (start + thread) % 400 + 8)
            in_turn.update(y[rows], p[rows], weight[rows])
    expected, found = (a.report(recalibration=False, n_null=0).overall for a in (in_turn, shared))
    assert dict(found) == pytest.approx(dict(expected), nan_ok=True)


ALONE = """
import time
import numpy as np
from skxent import log_loss_report

rng = np.random.default_rng(0)
reports = []
for n, k in ((200_000, 2), (100_000, 4), (50_000, 10), (4_000, 200)):
    reports.append((rng.integers(k, size=n), rng.dirichlet(np.ones(k), size=n), range(k)))
everyone, caller = time.process_time(), time.thread_time()
for y, p, labels in reports:
    log_loss_report(y, p, labels=labels, recalibration=False, n_null=20)
caller = time.thread_time() - caller
print((time.process_time() - everyone - caller) / caller)
"""


def test_a_report_does_not_wait_for_threads():
    """Those of the linear algebra cost more than they gain, and far more on a busy machine."""
    done = subprocess.run([sys.executable, "-c", ALONE], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 0.05
