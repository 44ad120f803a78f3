"""
Print what other libraries say beside skxent for the same rows: ``python docs/same_values.py``.

Libraries that are not installed are left out. What docs/start.md says of them is from here.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import numpy as np

import skxent

Pair = tuple[str, Any, float]

_rng = np.random.default_rng(0)
LOGITS = _rng.normal(size=(6, 4))
Y = _rng.integers(4, size=6)
SOFT = _rng.dirichlet(np.ones(4), 6)
P = np.exp(LOGITS) / np.exp(LOGITS).sum(axis=1, keepdims=True)
ONE_HOT = np.eye(4)[Y]
SMOOTH = 0.8 * ONE_HOT + 0.2 / 4
WEIGHT = np.array([1.0, 1.0, 1.0, 1.0, 1.0, 7.0])
OF_CLASS = np.array([1.0, 2.0, 3.0, 4.0])
LABELS = range(4)
# Ten rows of two classes, the probability of the second.
Y_TEN = np.array([1.0] * 5 + [0.0] * 5)
P_TEN = np.array([0.8, 0.9, 0.9, 0.6, 0.8, 0.1, 0.4, 0.2, 0.1, 0.3])


def of_sklearn() -> Iterator[Pair]:
    """Values of scikit-learn."""
    from sklearn.metrics import d2_log_loss_score, log_loss

    yield "log_loss", log_loss(Y, P, labels=LABELS), skxent.log_loss(Y, P, labels=LABELS)
    yield (
        "d2_log_loss_score",
        d2_log_loss_score(Y, P, labels=LABELS),
        skxent.log_loss_skill_score(Y, P, labels=LABELS),
    )


def of_scipy() -> Iterator[Pair]:
    """Values of SciPy."""
    from scipy.spatial.distance import jensenshannon
    from scipy.stats import entropy

    yield "entropy, axis=1", entropy(P, axis=1).mean(), skxent.entropy(P)
    yield "entropy, axis=0 (default)", entropy(P).mean(), skxent.entropy(P)
    yield "entropy(p, q)", entropy(SOFT[0], P[0]), skxent.kl_divergence(SOFT[0], P[0])
    yield "jensenshannon", jensenshannon(P[0], P[1]), skxent.js_divergence(P[0], P[1]) ** 0.5


def of_torch() -> Iterator[Pair]:
    """Values of PyTorch."""
    import torch
    from torch.nn import functional

    y, logits, soft, logs = map(torch.tensor, (Y, LOGITS, SOFT, np.log(P)))
    binary = (Y > 1).astype(float)
    labelled = {"labels": LABELS, "from_logits": True}
    loss = skxent.log_loss(Y, LOGITS, **labelled)
    weighted = skxent.log_loss(Y, LOGITS, sample_weight=OF_CLASS[Y], **labelled)
    smooth = skxent.cross_entropy(SMOOTH, LOGITS, from_logits=True)
    kl = skxent.kl_divergence(SOFT, P)
    yield "cross_entropy", functional.cross_entropy(logits, y), loss
    yield "nll_loss", functional.nll_loss(logs, y), loss
    yield (
        "cross_entropy, soft",
        functional.cross_entropy(logits, soft),
        skxent.cross_entropy(SOFT, LOGITS, from_logits=True),
    )
    yield (
        "cross_entropy, weight=",
        functional.cross_entropy(logits, y, torch.tensor(OF_CLASS)),
        weighted,
    )
    yield (
        "cross_entropy, smoothing",
        functional.cross_entropy(logits, y, label_smoothing=0.2),
        smooth,
    )
    yield (
        "bce with logits",
        functional.binary_cross_entropy_with_logits(logits[:, 0], torch.tensor(binary)),
        skxent.log_loss(binary, LOGITS[:, 0], from_logits=True),
    )
    yield "kl_div, batchmean", functional.kl_div(logs, soft, reduction="batchmean"), kl
    yield "kl_div, mean (default)", functional.kl_div(logs, soft), kl


def of_keras() -> Iterator[Pair]:
    """Values of Keras, which computes with PyTorch here."""
    os.environ.setdefault("KERAS_BACKEND", "torch")
    from keras import losses, metrics

    loss = skxent.log_loss(Y, P, labels=LABELS)
    weighted = skxent.log_loss(Y, P, labels=LABELS, sample_weight=WEIGHT)
    crossentropy = losses.CategoricalCrossentropy
    metric = metrics.CategoricalCrossentropy()
    metric.update_state(ONE_HOT, P, sample_weight=WEIGHT)
    ovr = [skxent.log_loss(ONE_HOT[:, j], P[:, j], labels=[0, 1]) for j in LABELS]
    yield "SparseCategoricalCrossentropy", losses.SparseCategoricalCrossentropy()(Y, P), loss
    yield "CategoricalCrossentropy", crossentropy()(ONE_HOT, P), loss
    yield (
        "  label_smoothing",
        crossentropy(label_smoothing=0.2)(ONE_HOT, P),
        float(skxent.cross_entropy(SMOOTH, P)),
    )
    yield "  sample_weight (loss)", crossentropy()(ONE_HOT, P, sample_weight=WEIGHT), weighted
    yield "  sample_weight (metric)", metric.result(), weighted
    yield "BinaryCrossentropy, one-hot", losses.BinaryCrossentropy()(ONE_HOT, P), np.mean(ovr)
    yield (
        "BinaryCrossentropy, ten rows",
        losses.BinaryCrossentropy()(Y_TEN, P_TEN),
        skxent.log_loss(Y_TEN, P_TEN),
    )
    yield "KLDivergence", losses.KLDivergence()(SOFT, P), skxent.kl_divergence(SOFT, P)


def main() -> None:
    """Print a line for each pair."""
    for of_library in (of_sklearn, of_scipy, of_keras, of_torch):
        library = of_library.__name__.removeprefix("of_")
        try:
            for call, theirs, ours in of_library():
                same = "same" if np.isclose(float(theirs), ours, rtol=1e-6) else "DIFFERENT"
                print(f"{library:8} {call:30} {float(theirs):10.6f} {ours:10.6f}  {same}")
        except ImportError as error:
            print(f"{library:8} left out: {error}")


if __name__ == "__main__":
    main()
