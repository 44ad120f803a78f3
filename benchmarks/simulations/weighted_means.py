"""
Coverage of 95 % intervals with weights, and of the mean of many small classes.

Losses are those of one class under softmax(scale * z), z normal, as in report_intervals.py; weights
are lognormal. No interval: how often the weights leave fewer than two degrees of freedom. The mean
of the classes is that of a model whose classes are alike. Run:
python benchmarks/simulations/weighted_means.py
"""

from __future__ import annotations

import numpy as np
from scipy.special import softmax

from skxent import log_loss_report

QUICK = {"recalibration": False, "n_null": 0}


def pool(scale, k=3, size=400_000):
    rng = np.random.default_rng(1)
    z = scale * rng.normal(size=(size, k))
    y = (z + rng.gumbel(size=z.shape)).argmax(axis=1)
    return y, softmax(z, axis=1)


def weighted(p, sd, n, repeats):
    truth, rng, hits = -np.log(p[:, 0]).mean(), np.random.default_rng(0), []
    for _ in range(repeats):
        rows, w = p[rng.integers(len(p), size=n)], np.exp(sd * rng.normal(size=n))
        report = log_loss_report(np.zeros(n, int), rows, labels=range(3), sample_weight=w, **QUICK)
        low, high = report.overall["ci_low"], report.overall["ci_high"]
        hits.append(np.nan if np.isnan(low) else low <= truth <= high)
    return np.nanmean(hits), np.isnan(hits).mean()


def of_classes(y, p, sizes, repeats):
    of = [p[y == c] for c in range(p.shape[1])]
    truth = np.mean([-np.log(rows[:, c]).mean() for c, rows in enumerate(of)])
    rng, hits = np.random.default_rng(0), []
    for _ in range(repeats):
        drawn = [rows[rng.integers(len(rows), size=n)] for rows, n in zip(of, sizes, strict=True)]
        labels = np.repeat(np.arange(len(of)), sizes)
        overall = log_loss_report(labels, np.concatenate(drawn), labels=range(len(of)), **QUICK)
        low, high = (overall.overall[f"macro_ci_{end}"] for end in ("low", "high"))
        hits.append(low <= truth <= high)
    return np.mean(hits)


def main(repeats=3000):
    print("| weights | scale | rows | coverage | no interval |\n|---|--:|--:|--:|--:|")
    for scale in (2, 4, 8):
        y, p = pool(scale)
        for sd in (0.5, 1.0, 1.5):
            for n in (30, 100, 300):
                hits, none = weighted(p[y == 0], sd, n, repeats)
                figures = f"{100 * hits:.1f} % | {100 * none:.1f} %"
                print(f"| lognormal({sd:g}) | {scale} | {n} | {figures} |")
    print("\n| classes | rows of each | scale | coverage of the mean of the classes |")
    print("|--:|---|--:|--:|")
    for scale in (1, 2):
        for k, size in ((50, 3), (20, 5), (10, 10)):
            hits = of_classes(*pool(scale, k), [size] * k, repeats // 3)
            print(f"| {k} | {size} | {scale} | {100 * hits:.1f} % |")
        hits = of_classes(*pool(scale, 10), [1] + [20] * 9, repeats // 3)
        print(f"| 10 | 1, and 20 of the others | {scale} | {100 * hits:.1f} % |")


if __name__ == "__main__":
    main()
