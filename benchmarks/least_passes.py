"""
What the sums of a report need of NumPy alone: ``python benchmarks/least_passes.py``.

The passes over a table of 1,000,000×10 that the mergeable statistic cannot do without, each timed
alone in its best case: a block that stays in the cache, buffers that are there already, nothing
checked. How many products and sums there are is an estimate from reading `_blocks.py` and
`_evidence.py` in `skxent/statistic`. The accumulator, and scikit-learn's log loss in its best case,
are in what ``python benchmarks/report.py --cpu 1000000x10`` prints. Least CPU time; no time is
asserted.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy.sparse import csc_array

sys.path.insert(0, str(Path(__file__).parent))
from conftest import machine

N_ROWS, N_CLASSES, LAYERS = 1_000_000, 10, 16
BLOCK = 13_056  # rows that are worked on at once
HALF = BLOCK // LAYERS // 2  # of a layer, which is turned while it is in the first cache
CELLS = 16_960  # of the histogram of the log-odds


def least(call: Callable[[], object]) -> float:
    """Milliseconds of CPU that a call takes for all rows."""
    times = []
    for _ in range(80):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return 1000.0 * min(times) * N_ROWS / BLOCK


def passes() -> dict[str, tuple[int, float]]:
    """How often each pass is made, and what one takes."""
    rng = np.random.default_rng(0)
    rows = rng.dirichlet(np.ones(N_CLASSES), BLOCK)
    of_rows = np.kron(np.eye(4), np.ones((N_CLASSES, 1)))
    turned, logs, other, out = (np.ones((LAYERS, N_CLASSES, BLOCK // LAYERS)) for _ in range(4))
    cells = rng.integers(0, CELLS, rows.size)
    total, pairs = np.zeros(CELLS, complex), np.ones(rows.size, complex)
    codes, ends = rng.integers(0, N_CLASSES, BLOCK, np.int32), np.arange(BLOCK + 1)
    of_class = csc_array((np.ones(BLOCK), codes, ends), shape=(N_CLASSES, BLOCK))
    sides = rows.reshape(LAYERS, -1, N_CLASSES).swapaxes(1, 2)
    halves = [np.s_[:, :, at] for at in (slice(None, HALF), slice(HALF, None))]
    ones, powers = np.ones(N_CLASSES), np.ones((4, 4))
    calls = {
        "least and largest number": (1, lambda: (rows.min(), rows.max())),
        "sums of the rows": (2, lambda: rows.reshape(-1, 40) @ of_rows),
        "classes side by side": (1, lambda: [np.copyto(turned[at], sides[at]) for at in halves]),
        "logarithm": (1, lambda: np.log(turned, out=logs)),
        "exponential, whose roots are the evidence's": (1, lambda: np.exp(logs, out=other)),
        "odds": (1, lambda: np.divide(turned, out, out=other)),
        "what the cells of the histogram get": (
            1,
            lambda: np.copyto(pairs.imag, turned.reshape(-1)),
        ),
        "cells of the histogram": (1, lambda: np.add.at(total, cells, pairs)),
        "rows of each class": (1, lambda: of_class @ rows),
        "product of two arrays": (17, lambda: np.multiply(other, logs, out=out)),
        "four biases of four rows": (
            1,
            lambda: np.matmul(powers, logs.reshape(4, -1), out=out.reshape(4, -1)),
        ),
        "sum over the classes": (3, lambda: np.matmul(ones, turned)),
        "sum over the rows": (5, lambda: np.einsum("lkn->lk", turned)),
        "least number, or product of layers": (3, lambda: np.multiply.reduce(turned, axis=0)),
        "sum of products": (5, lambda: np.einsum("lkn,lkn->ln", turned, logs)),
    }
    return {name: (times, least(call)) for name, (times, call) in calls.items()}


def main() -> None:
    """Print the table."""
    print("| pass | times | ms each | ms |\n|---|--:|--:|--:|")
    found = passes()
    for name, (times, one) in found.items():
        print(f"| {name} | {times} | {one:.1f} | {times * one:.0f} |")
    print(f"| all of them | | | {sum(times * one for times, one in found.values()):.0f} |")
    print(f"\n{machine()}")


if __name__ == "__main__":
    main()
