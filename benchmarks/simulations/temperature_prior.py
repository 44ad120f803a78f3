"""
How the prior on the temperature affects the refinement loss of small samples.

Labels are drawn from softmax(z), predictions are softmax(factor * z): the best temperature is
`factor`, and after it the loss is that of softmax(z). Printed is the mean excess over that, in
nats, for the prior that skxent uses and for others.
Run: python benchmarks/simulations/temperature_prior.py
"""

from __future__ import annotations

import math

import numpy as np

from skxent import log_loss, recalibration
from skxent.recalibration import _shape

PRIORS = {
    "none to speak of": (0.0, 0.01),
    "normal, precision 1": (0.0, 1.0),
    "free to 2, precision 3 (used)": (math.log(2.0), 3.0),
    "free to 3, precision 10": (math.log(3.0), 10.0),
}


def excess(n, scale, factor, repeats, prior):
    """Mean of the refinement loss minus the loss of the true probabilities."""
    _shape._FREE_LOG_TEMPERATURE, _shape._TEMPERATURE_PRECISION = PRIORS[prior]
    rng, values = np.random.default_rng(0), []
    for _ in range(repeats):
        z = scale * rng.normal(size=(n, 3))
        p = np.exp(z - z.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        y = (p.cumsum(axis=1) < rng.random((n, 1))).sum(axis=1).clip(0, 2)
        after = recalibration.refinement_loss(y, factor * z, labels=range(3), from_logits=True)
        values.append(after - log_loss(y, p, labels=range(3)))
    return np.mean(values)


def main():
    print("| rows | scale | factor |", " | ".join(PRIORS), "|")
    print("|--:|--:|--:|" + "--:|" * len(PRIORS))
    for scale in (2, 6, 15):
        for n in (30, 100, 300):
            for factor in (1, 3):
                row = [f"{excess(n, scale, factor, 40, prior):.4f}" for prior in PRIORS]
                print(f"| {n} | {scale} | {factor} |", " | ".join(row), "|", flush=True)


if __name__ == "__main__":
    main()
