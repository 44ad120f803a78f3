"""
Exact size of the report's test of the gap where few errors are expected.

Every row has the same probability of an error, so that the number of errors is binomial and the
size of the test is a finite sum. Run: python benchmarks/simulations/few_errors.py
"""

from __future__ import annotations

import numpy as np
from scipy.stats import binom

from skxent import log_loss_report


def main():
    names = ["rows", "chance of an error", "errors expected", "p without an error"]
    print("|", " | ".join([*names, "size at 5 %", "at 1 %"]), "|")
    print("|--:|--:|--:|--:|--:|--:|")
    for n, e in [
        *((n, 1e-3) for n in (10, 50, 80, 100, 200, 500, 1000, 3000, 10_000)),
        *((n, 0.01) for n in (30, 100, 300, 1000)),
        *((n, 0.1) for n in (30, 100)),
    ]:
        p = np.tile([1 - e, e], (n, 1))
        most = min(n, int(binom.isf(1e-9, n, e)) + 1)
        values = []
        for errors in range(most + 1):
            y = (np.arange(n) < errors).astype(int)
            values.append(log_loss_report(y, p, labels=[0, 1]).overall["p_value"])
        values, chance = np.array(values), binom.pmf(np.arange(most + 1), n, e)
        sizes = " | ".join(f"{100 * chance[values < level].sum():.1f} %" for level in (0.05, 0.01))
        print(f"| {n} | {e:g} | {n * e:g} | {values[0]:.3f} | {sizes} |", flush=True)


if __name__ == "__main__":
    main()
