"""
Coverage of the report's intervals, and size and power of its test of the gap.

Labels are drawn from softmax(scale * z), z normal: the larger the scale, the more skewed are the
losses. Coverage: how often the 95 % interval of a class's mean loss holds its true value, beside
that of the usual t interval. Size: how often p is below 0.05 for these calibrated predictions.
Power: the same for softmax(2 * scale * z). Run: python benchmarks/simulations/report_intervals.py
"""

from __future__ import annotations

import numpy as np
from scipy.stats import skew
from scipy.stats import t as student

from skxent import log_loss_report

LABELS = np.arange(3)
QUICK = {"recalibration": False, "n_null": 0}


def draw(rng, n, scale):
    z = scale * rng.normal(size=(n, 3))
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    y = (p.cumsum(axis=1) < rng.random((n, 1))).sum(axis=1).clip(0, 2)
    return y, p, z


def main(repeats=3000):
    print(
        "| rows a class | scale | skewness | coverage | t interval | size | size overall | power |"
    )
    print("|--:|--:|--:|--:|--:|--:|--:|--:|")
    for scale in (1, 2, 4, 8):
        y, p, _ = draw(np.random.default_rng(1), 600_000, scale)
        losses = -np.log(p[y == 0, 0])
        for n in (30, 100, 300):
            rng, hits, usual, sizes, overall, power = np.random.default_rng(0), [], [], [], [], []
            for _ in range(repeats):
                y, p, z = draw(rng, 3 * n, scale)
                report = log_loss_report(y, p, labels=LABELS, **QUICK)
                low, high = (report.per_class[c][0] for c in ("ci_low", "ci_high"))
                own = -np.log(p[y == 0, 0])
                half = student.ppf(0.975, len(own) - 1) * own.std(ddof=1) / np.sqrt(len(own))
                hits.append(low <= losses.mean() <= high)
                usual.append(abs(own.mean() - losses.mean()) <= half)
                sizes.append(report.per_class["p_value"][0] < 0.05)
                overall.append(report.overall["p_value"] < 0.05)
                too_sure = log_loss_report(y, 2 * z, labels=LABELS, from_logits=True, **QUICK)
                power.append(too_sure.overall["p_value"] < 0.05)
            row = [hits, usual, sizes, overall, power]
            figures = " | ".join(f"{100 * np.mean(v):.1f} %" for v in row)
            print(f"| {n} | {scale} | {skew(losses):.1f} | {figures} |", flush=True)


if __name__ == "__main__":
    main()
