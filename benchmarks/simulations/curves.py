"""
How often a calibrated model is told to look at its curves.

Labels are drawn from softmax(2 z) with z normal, by the probabilities themselves. The sentence is
the last but one of the verdict's rules: only who gets no other of them can get it.
Run: python benchmarks/simulations/curves.py [reports]
"""

import sys

import numpy as np
from scipy.special import softmax

from skxent import log_loss_report


def share(k, n, reports):
    """Of the reports that have the sentence."""
    rng, said = np.random.default_rng(k), 0
    for seed in range(reports):
        p = softmax(2.0 * rng.normal(size=(n, k)), axis=1)
        y = (p.cumsum(axis=1)[:, :-1] < rng.random((n, 1))).sum(axis=1)
        report = log_loss_report(y, p, labels=range(k), recalibration=False, random_state=seed)
        said += "look at the curves" in report.verdict
    return said / reports


def main(reports):
    print("| classes | rows | look at the curves |\n|--:|--:|--:|")
    for k, n in ((2, 600), (3, 600), (5, 600), (10, 600), (60, 1200)):
        some = reports if k <= 10 else reports // 4
        print(f"| {k} | {n} | {100 * share(k, n, some):.1f} % |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
