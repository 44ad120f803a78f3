"""
How often slices whose rows are only added up have a p-value below a level, and what that costs.

Labels are drawn from the probabilities, so that whatever `GroupedLogLossAccumulator` finds is
false: the smallest p-value of all slices and classes, adjusted, at 5 %, 1 % and 0.1 %. Rows are
softmax(scale z), or are sure of one of two classes, and wrong in so many cases of 1000. At the end
the labels of one slice have a bias of 1 nat for one of three classes: how often it is found, and
by `log_loss_slices` with `by`, which draws labels.
Run: python benchmarks/simulations/slices_from_sums.py [repeats, 1000 by default]
"""

from __future__ import annotations

import sys

import numpy as np
from scipy.special import softmax

from skxent import GroupedLogLossAccumulator, log_loss_slices

LEVELS = (0.05, 0.01, 0.001)


def normal(scale, k):
    return lambda rng, n: softmax(scale * rng.normal(size=(n, k)), axis=1)


def sure(wrong):
    def rows(rng, n):
        p = np.tile([1.0 - wrong, wrong], (n, 1))
        other = rng.random(n) < 0.5
        p[other] = p[other, ::-1]
        return p

    return rows


CASES = [
    (name, rows, n_slices, n)
    for name, rows in (
        ("softmax(2 z), 3 classes", normal(2, 3)),
        ("softmax(8 z), 3 classes", normal(8, 3)),
        ("softmax(8 z), 10 classes", normal(8, 10)),
        ("two classes, 2 of 1000 wrong", sure(0.002)),
        ("two classes, 200 of 1000 wrong", sure(0.2)),
    )
    for n_slices, n in ((20, 10), (20, 100))
]


def drawn(p, rng):
    return (p.cumsum(axis=1)[:, :-1] < rng.random((len(p), 1))).sum(axis=1)


def smallest(rows, n_slices, n, sd, rng):
    """Smallest adjusted p-value; 1 where there is none."""
    p = rows(rng, n * n_slices)
    w = np.exp(sd * rng.normal(size=len(p))) if sd else None
    by = np.repeat(np.arange(n_slices), n)
    counted = GroupedLogLossAccumulator(range(p.shape[1])).update(drawn(p, rng), p, w, by=by)
    found = counted.report().p_value
    return 1.0 if np.isnan(found).all() else float(np.nanmin(found))


def sizes(repeats):
    print("| rows | slices | rows of each | weights | 5 % | 1 % | 0.1 % |")
    print("|---|--:|--:|---|--:|--:|--:|")
    for name, rows, n_slices, n in CASES:
        for sd in (0.0, 1.0):
            rng = np.random.default_rng(0)
            found = np.array([smallest(rows, n_slices, n, sd, rng) for _ in range(repeats)])
            shares = " | ".join(f"{100 * (found <= level).mean():.1f} %" for level in LEVELS)
            weights = "lognormal(1)" if sd else "none"
            print(f"| {name} | {n_slices} | {n} | {weights} | {shares} |", flush=True)


def power(repeats):
    print("\n| rows of each of ten slices | found from sums | found by drawn labels |")
    print("|--:|--:|--:|")
    for n in (50, 100, 200):
        rng, hits = np.random.default_rng(0), []
        by = np.repeat(np.arange(10), n)
        for i in range(repeats):
            z = 2.0 * rng.normal(size=(10 * n, 3))
            p = softmax(z, axis=1)
            y = drawn(softmax(z + np.outer(by == 0, [1.0, 0.0, 0.0]), axis=1), rng)
            sums = GroupedLogLossAccumulator(range(3)).update(y, p, by=by).report()
            draws = log_loss_slices(
                y, p, by.reshape(-1, 1), by=["x0"], labels=range(3), recalibration=False,
                random_state=i,
            )  # fmt: skip
            hits.append([bool(each.found[0]) for each in (sums, draws)])
        print(f"| {n} | " + " | ".join(f"{100 * v:.0f} %" for v in np.mean(hits, axis=0)) + " |")


def main():
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    sizes(repeats)
    power(max(repeats // 5, 1))


if __name__ == "__main__":
    main()
