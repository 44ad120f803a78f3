"""
False alarms of the test of the gap where weights go with the classes, and how often it is made.

A calibrated model, softmax(2 z) with z normal. From the labels: a factor for each class, times
lognormal noise. From features: what the model predicts from, as in a survey. From nowhere:
lognormal. Tested: how often the report has a p-value at all. False alarms: the share of all
reports, tested or not, in which p is below 5 %, in the worst of the classes and all rows; and what
it would be if all were tested. Run: python benchmarks/simulations/class_weights.py
"""

from __future__ import annotations

from unittest import mock

import numpy as np
from scipy.special import softmax
from sklearn.utils.class_weight import compute_sample_weight

from skxent import log_loss_report


def of_classes(first, last, noise):
    return lambda rng, y, z: np.linspace(first, last, z.shape[1])[y] * lognormal(rng, y, noise)


def lognormal(rng, y, sd=1.0):
    return np.exp(sd * rng.normal(size=len(y)))


WEIGHTS = {
    "labels, 1 to 1.6, noise 0.1": of_classes(1, 1.6, 0.1),
    "labels, 1 to 1.6, noise 0.3": of_classes(1, 1.6, 0.3),
    "labels, 1 to 1.6, noise 1": of_classes(1, 1.6, 1.0),
    "labels, 1 to 3, noise 1": of_classes(1, 3, 1.0),
    "labels, first class 2, noise 1": lambda rng, y, _: (1.0 + (y == 0)) * lognormal(rng, y),
    "labels, 1 to 1.2, noise 0.1": of_classes(1, 1.2, 0.1),
    "labels, balanced": lambda *drawn: compute_sample_weight("balanced", drawn[1]),
    "features, exp(z / 2)": lambda *drawn: np.exp(0.5 * drawn[2][:, 0]),
    "features, 1 or 3": lambda rng, y, z: 1.0 + 2.0 * (z[:, 0] + rng.normal(size=len(y)) > 0),
    "features, how sure": lambda *drawn: np.exp(-0.5 * np.abs(np.ptp(drawn[2][:, :2], axis=1))),
    "nowhere, sd 1": lambda rng, y, _: lognormal(rng, y),
}


def reports(n, k, weights, repeats):
    rng, found = np.random.default_rng(0), []
    for _ in range(repeats):
        z = rng.normal(size=(n, k))
        y = (2.0 * z + rng.gumbel(size=z.shape)).argmax(axis=1)
        report = log_loss_report(
            y,
            softmax(2.0 * z, axis=1),
            labels=np.arange(k),
            sample_weight=weights(rng, y, z),
            recalibration=False,
            n_null=0,
        )
        found.append([*report.per_class["p_value"], report.overall["p_value"]])
    found = np.array(found)
    return 1.0 - np.isnan(found[:, -1]).mean(), (found < 0.05).mean(axis=0).max()


def main():
    print("| weights | classes | rows | tested | false alarms | if always tested |")
    print("|---|--:|--:|--:|--:|--:|")
    for title, weights in WEIGHTS.items():
        for k in (3, 10):
            for n, repeats in ((60, 1500), (300, 1500), (2000, 300)):
                tested, alarms = reports(n, k, weights, repeats)
                name = "skxent.report._notes.weights_follow_classes"
                with mock.patch(name, return_value=False):
                    always = reports(n, k, weights, repeats // 3)[1]
                figures = " | ".join(f"{100 * v:.1f} %" for v in (tested, alarms, always))
                print(f"| {title} | {k} | {n} | {figures} |", flush=True)


if __name__ == "__main__":
    main()
