"""
Coverage and size of the report's intervals and test where rows of a group are alike.

The logits of a group share a part of their variance, and as many of its rows share the noise that
decides their labels, so that the model is calibrated and the rows of a group are not independent.
Alike 1: they differ in nothing. In brackets, what comes of taking the rows for independent. Run:
python benchmarks/simulations/groups.py
"""

from __future__ import annotations

import numpy as np
from scipy.special import softmax

from skxent import log_loss_report

QUICK = {"recalibration": False, "n_null": 0}


def sizes_of(kind, n_groups):
    return np.round(np.geomspace(1, 30, n_groups)).astype(int) if kind == "1 to 30" else int(kind)


def draw(rng, group, alike, k, scale):
    n, n_groups = len(group), group[-1] + 1
    of_group, own = rng.normal(size=(n_groups, k))[group], rng.normal(size=(n, k))
    z = scale * (np.sqrt(alike) * of_group + np.sqrt(1.0 - alike) * own)
    shared = rng.random((n, 1)) < alike
    noise = np.where(shared, rng.gumbel(size=(n_groups, k))[group], rng.gumbel(size=(n, k)))
    return (z + noise).argmax(axis=1), softmax(z, axis=1)


def truths(k, scale):
    y, p = draw(np.random.default_rng(1), np.arange(400_000), 0.0, k, scale)
    losses = -np.log(p[np.arange(len(y)), y])
    return losses.mean(), np.array([losses[y == c].mean() for c in range(k)])


def covered(low, high, truth):
    return np.where(np.isnan(low), np.nan, (low <= truth) & (truth <= high))


def simulate(n_groups, kind, alike, k, scale, repeats, grouped):
    group = np.repeat(np.arange(n_groups), sizes_of(kind, n_groups))
    truth, of_class = truths(k, scale)
    rng, found = np.random.default_rng(0), []
    for _ in range(repeats):
        y, p = draw(rng, group, alike, k, scale)
        groups = group if grouped else None
        report = log_loss_report(y, p, labels=range(k), groups=groups, **QUICK)
        of, overall = report.per_class, report.overall
        found.append(
            [
                np.nanmean(covered(of["ci_low"], of["ci_high"], of_class)),
                covered(overall["ci_low"], overall["ci_high"], truth),
                covered(overall["macro_ci_low"], overall["macro_ci_high"], of_class.mean()),
                np.mean(of["p_value"] < 0.05),
                overall["p_value"] < 0.05,
            ]
        )
    return np.nanmean(found, axis=0)


def main(repeats=800):
    heads = ["a class", "all rows", "mean of classes", "size, a class", "size, all rows"]
    print("| groups | rows of each | alike | classes | scale |", " | ".join(heads), "|")
    print("|--:|---|--:|--:|--:|" + 5 * "--:|")
    for k, scale in ((3, 2), (10, 2), (3, 6)):
        for n_groups, kind, alike in (
            *((n, "10", alike) for n in (20, 60, 200) for alike in (0.0, 0.5, 0.9)),
            *((n, "1 to 30", 0.9) for n in (20, 60, 200)),
            (60, "20", 1.0),
        ):
            shown = []
            for grouped in (True, False):
                figures = simulate(n_groups, kind, alike, k, scale, repeats, grouped)
                shown.append([f"{100 * v:.1f} %" for v in figures])
            figures = " | ".join(f"{a} ({b})" for a, b in zip(*shown, strict=True))
            print(f"| {n_groups} | {kind} | {alike:g} | {k} | {scale} | {figures} |", flush=True)


if __name__ == "__main__":
    main()
