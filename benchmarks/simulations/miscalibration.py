"""
Miscalibration of calibrated models beside its null.

Run: ``python benchmarks/simulations/miscalibration.py``. Labels are drawn from
softmax(scale z + prior), z normal. Of each class, the one-vs-rest miscalibration minus its null
should be 0 on average, and the p-value uniform; exactly and from batches. Power is against
predictions that are too sure by a temperature of 1.5. The last columns compare the
miscalibration from bins with the exact one, and with the bound.
"""

from __future__ import annotations

import numpy as np
from scipy.special import log_softmax

from skxent import LogLossAccumulator, log_loss_report
from skxent._intake._rows import check_labelled
from skxent.statistic._sums import statistics

REPEATS = {100: 300, 600: 200, 3000: 60}
MANY = {600: 20, 3000: 10}
CASES = [(2, 1.0, REPEATS), (3, 2.0, REPEATS), (3, 6.0, REPEATS), (120, 2.0, MANY)]


def draw(rng, n, k, scale):
    logits = scale * rng.normal(size=(n, k)) - 0.3 * (np.arange(k) % 10)
    p = np.exp(log_softmax(logits, axis=1))
    y = (p.cumsum(axis=1) < rng.random((n, 1))).sum(axis=1).clip(0, k - 1)
    return y, logits, p


def batches(y, p):
    accumulator = LogLossAccumulator(range(p.shape[1]), subsample=0)
    for part in np.array_split(np.arange(len(y)), 4):
        accumulator.update(y[part], p[part])
    return accumulator.report().per_class


def largest_bin(y, p):
    counts = statistics(check_labelled(y, p, labels=np.arange(p.shape[1])), 2.0**-52).histogram[0]
    return counts.max(axis=1) / len(y)


def simulate(n, k, scale, repeats):
    rng = np.random.default_rng(0)
    excess, p_exact, p_batches, power, lost = [], [], [], [], []
    for i in range(repeats):
        y, logits, p = draw(rng, n, k, scale)
        options = {"labels": range(k), "recalibration": False, "random_state": i}
        exact, binned = log_loss_report(y, p, **options).per_class, batches(y, p)
        excess.append((exact["miscalibration"] - exact["miscalibration_null"]).mean())
        p_exact.append(exact["miscalibration_p"])
        p_batches.append(binned["miscalibration_p"])
        sure = log_loss_report(y, 1.5 * logits, from_logits=True, **options)
        power.append(sure.per_class["miscalibration_p"])
        difference = exact["miscalibration"] - binned["miscalibration"]
        lost.append([difference.max(), (difference / largest_bin(y, p)).max()])
    error = np.std(excess, ddof=1) / np.sqrt(repeats)
    rates = [np.mean(np.array(x) <= 0.05) for x in (p_exact, p_batches, power)]
    most, of_bound = np.max(lost, axis=0)
    shares = " | ".join(f"{100 * rate:.1f} %" for rate in rates)
    mean = f"{1e3 * np.mean(excess):+.3f} ± {1e3 * error:.3f}"
    return f"| {k} | {scale:g} | {n} | {mean} | {shares} | {most:.4f} | {of_bound:.2f} |"


def main():
    print(
        "| classes | scale | rows | miscalibration - null, 1e-3 nats | size at 5 % | from batches "
        "| power, T = 1.5 | most lost by bins | most, of the bound |"
    )
    print("|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
    for k, scale, sizes in CASES:
        for n, repeats in sizes.items():
            print(simulate(n, k, scale, repeats), flush=True)


if __name__ == "__main__":
    main()
