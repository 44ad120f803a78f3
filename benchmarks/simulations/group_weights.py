"""
How often the gap is tested, and false alarms, where rows and their weights belong to groups.

A calibrated model of three classes, softmax(2 z), in groups of ten rows. Alone: rows of a group
have part of z in common, and labels of their own. Shared: half of them also the noise of their
label. Copies: all ten are one row. Weights: lognormal, one for each group; or a factor for each
class times noise for each row. Run: python benchmarks/simulations/group_weights.py [reports]
"""

from __future__ import annotations

import sys

import numpy as np
from scipy.special import softmax

from skxent import log_loss_report

SIZE, K = 10, 3
ALIKE = {"alone": 0.0, "shared": 0.5, "copies": 1.0}
WEIGHTS = {
    "groups, sd 0.7": (1.0, 0.7),
    "labels, 1 to 1.6, noise 0.3": (1.6, 0.3),
    "labels, 1 to 3, noise 1": (3.0, 1.0),
}


def drawn(kind, rng, groups):
    of_group, n = np.repeat(np.arange(groups), SIZE), groups * SIZE
    common, own = (rng.normal(size=(m, K)) for m in (groups, n))
    logits = 2.0 * common[of_group] if kind == "copies" else 1.6 * common[of_group] + 1.2 * own
    noise, shared = (rng.gumbel(size=(m, K)) for m in (n, groups))
    noise = np.where(rng.random((n, 1)) < ALIKE[kind], shared[of_group], noise)
    return (logits + noise).argmax(axis=1), softmax(logits, axis=1), of_group


def p_values(seed, kind, groups, last, sd):
    rng = np.random.default_rng([7, seed])
    y, p, of_group = drawn(kind, rng, groups)
    noise = np.exp(sd * rng.normal(size=len(y)))
    weight = noise[of_group] if last == 1 else np.linspace(1, last, K)[y] * noise
    params = {"groups": of_group, "recalibration": False, "n_null": 0}
    report = log_loss_report(y, p, labels=range(K), sample_weight=weight, **params)
    return [*report.per_class["p_value"], report.overall["p_value"]]


def main(repeats):
    print("| rows of a group | groups | weights | tested | false alarms |")
    print("|---|--:|---|--:|--:|")
    for kind in ALIKE:
        for groups in (20, 100):
            for title, params in WEIGHTS.items():
                found = np.array([p_values(seed, kind, groups, *params) for seed in range(repeats)])
                tested = 1.0 - np.isnan(found[:, -1]).mean()
                alarms = (found < 0.05).mean(axis=0).max()
                figures = f"{100 * tested:.1f} % | {100 * alarms:.1f} %"
                print(f"| {kind} | {groups} | {title} | {figures} |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 400)
