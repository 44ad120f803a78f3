"""
What the recalibration recovers, how well it knows that, and how often it recommends the right map.

Predictions are softmax(u), u normal, and labels are drawn from a known map of them, so that the
best map and what it takes off the loss are known. The first table is about calibrated
predictions, where nothing can be gained; the second about the others; the third counts which
map is recommended. Run: python benchmarks/simulations/recalibration.py
"""

from __future__ import annotations

import numpy as np
from joblib import Parallel, delayed
from scipy.special import log_softmax

from skxent import log_loss_report

CALIBRATED = "none"
ROWS = {
    CALIBRATED: {100: 200, 600: 200, 2000: 60},
    "others": {300: 60, 1000: 60, 5000: 20},
}
METHODS = (
    *("none", "bias", "temperature", "bias+temperature", "mix", "temperature+mix"),
    *("vector", "dirichlet"),
)


def worlds(k):
    """Of each world: right method, scale of the logits, and from log p to logits of the labels."""
    bias, slopes = np.linspace(-0.5, 0.5, k), np.linspace(0.6, 1.4, k)
    mixing = np.eye(k) + 0.3 * np.roll(np.eye(k), 1, axis=1)
    return {
        "calibrated": (CALIBRATED, 2, lambda logp: logp),
        "too sure, T = 2": ("temperature", 4, lambda logp: logp / 2),
        "not sure enough, T = 1/2": ("temperature", 1, lambda logp: 2 * logp),
        "bias of up to 1/2": ("bias", 2, lambda logp: logp + bias),
        "bias, and T = 2": ("bias+temperature", 4, lambda logp: logp / 2 + bias),
        "slopes from 0.6 to 1.4": ("vector", 2, lambda logp: logp * slopes),
        "mixed classes": ("dirichlet", 2, lambda logp: logp @ mixing.T),
    }


def draw(rng, n, k, scale, world):
    """Labels, log-probabilities that are predicted, and the true ones."""
    logp = log_softmax(scale * rng.normal(size=(n, k)), axis=1)
    true = log_softmax(world(logp), axis=1)
    y = (np.exp(true).cumsum(axis=1) < rng.random((n, 1))).sum(axis=1).clip(0, k - 1)
    return y, logp, true


def truth(k, scale, world):
    """What the best map takes off the loss of each class."""
    total, parts = np.zeros(k), 10
    for seed in range(parts):
        _, logp, true = draw(np.random.default_rng([1, seed]), 40_000, k, scale, world)
        total += (np.exp(true) * (true - logp)).mean(axis=0)
    return total / parts


def simulate(k, n, repeats, scale, world):
    """Gains, whether their intervals hold the truth, for all rows and classes, and methods."""
    rng, best = np.random.default_rng(0), truth(k, scale, world)
    gains, held, held_of_class, methods = [], [], [], []
    for _ in range(repeats):
        y, logp, _ = draw(rng, n, k, scale, world)
        report = log_loss_report(y, logp, labels=np.arange(k), from_logits=True, n_null=0)
        overall, own = report.overall, report.per_class
        gains.append(overall["recoverable"])
        low, high = overall["recoverable_low"], overall["recoverable_high"]
        held.append(low <= best.sum() <= high)
        low, high = own["recoverable_low"], own["recoverable_high"]
        held_of_class.append(((low <= best) & (best <= high))[~np.isnan(low)].mean())
        methods.append(report.recalibration.recommended)
    return best.sum(), gains, held, held_of_class, methods


def percent(values):
    return f"{100 * np.mean(values):.0f} %"


def main():
    cells = [
        (k, name, n, repeats)
        for k in (3, 10)
        for name, (right, *_) in worlds(k).items()
        for n, repeats in ROWS[CALIBRATED if right == CALIBRATED else "others"].items()
    ]
    # A process for each core; what is drawn in a cell does not depend on the others.
    results = Parallel(n_jobs=-1)(
        delayed(simulate)(k, n, repeats, *worlds(k)[name][1:]) for k, name, n, repeats in cells
    )
    calibrated, others, recommended = [], [], []
    for (k, name, n, repeats), (best, gains, *held, methods) in zip(cells, results, strict=True):
        right = worlds(k)[name][0]
        error = np.std(gains, ddof=1) / np.sqrt(repeats)
        figures = [f"{np.mean(gains):.4f} ± {error:.4f}", *map(percent, held)]
        if right == CALIBRATED:
            calibrated.append([k, n, *figures])
        else:
            others.append([k, name, n, f"{best:.4f}", *figures])
        counts = [methods.count(method) for method in METHODS]
        shown = [
            percent(c / repeats) if c or method == right else ""
            for method, c in zip_methods(counts)
        ]
        marked = [f"**{c}**" if method == right else c for method, c in zip_methods(shown)]
        recommended.append([k, name, n, *marked])
    gain = "mean recoverable, nats"
    show(["classes", "rows", gain, "interval holds 0", "those of the classes"], calibrated)
    heads = ["classes", "labels", "rows", "truth", gain, "interval holds it"]
    show([*heads, "those of the classes"], others)
    show(["classes", "labels", "rows", *METHODS], recommended)


def zip_methods(values):
    return zip(METHODS, values, strict=True)


def show(heads, lines):
    rule = ["---" if head == "labels" else "--:" for head in heads]
    print()
    for line in (heads, rule, *lines):
        print("| " + " | ".join(map(str, line)) + " |", flush=True)


if __name__ == "__main__":
    main()
