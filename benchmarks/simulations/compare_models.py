"""
Error rate, coverage and power of `compare_log_loss`.

Labels are drawn from softmax(z), z normal; a model's logits are z changed in some way. Alike: two
models add independent noise of one size, so that they lose the same on average, and their
differences are symmetric with heavy tails. Sure and unsure: one model doubles z, the other shrinks
it so far that they lose the same on average; the differences are skewed. In groups: rows of a
group share most of z, and a model's noise, so that they say less than as many independent rows.
Run: python benchmarks/simulations/compare_models.py
"""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.optimize import brentq
from scipy.special import log_softmax, softmax
from scipy.stats import sem, skew
from scipy.stats import t as student

from skxent import compare_log_loss, cross_entropy

NOISE, SCALE = 0.7, 2.0


def labels_of(rng, z):
    return (z + rng.gumbel(size=z.shape)).argmax(axis=1)


def alike(rng, z):
    return [z + NOISE * rng.normal(size=z.shape) for _ in range(2)]


@cache
def shrinkage(k, scale=SCALE):
    """The multiple of z that loses as much as twice z."""
    z = scale * np.random.default_rng(1).normal(size=(400_000, k))
    p = softmax(z, axis=1)

    def more_than_sure(factor):
        losses = [cross_entropy(p, c * z, from_logits=True) for c in (factor, 2.0)]
        return losses[0] - losses[1]

    return brentq(more_than_sure, 0.01, 1.0)


def sure_and_unsure(_, z, scale=SCALE):
    return [2.0 * z, shrinkage(z.shape[1], scale) * z]


def compare(y, logits, **params):
    models = dict(zip("abc", logits, strict=False))
    k = logits[0].shape[1]
    return compare_log_loss(y, models, labels=range(k), from_logits=True, **params)


def percent(values):
    values = np.concatenate([np.ravel(v) for v in values]).astype(float)
    known = values[~np.isnan(values)]  # the others have no interval
    return f"{100 * known.mean():.1f} %" if len(known) else "none"


def pool(make, scale, size=1_500_000):
    """Logits of rows of one class, and the differences of their losses."""
    rng = np.random.default_rng(1)
    z = scale * rng.normal(size=(size, 3))
    of_class = labels_of(rng, z) == 0
    params = {"scale": scale} if make is sure_and_unsure else {}
    logits = [a[of_class] for a in make(rng, z, **params)]
    losses = [-log_softmax(a, axis=1)[:, 0] for a in logits]
    return logits, losses[1] - losses[0]


def usual_p_values(d):
    """Of the t test, and of Hall's transformation."""
    n, t, a = len(d), d.mean() / sem(d), skew(d, bias=False) / np.sqrt(len(d))
    hall = t + a / 6 + a * t**2 / 3 + a**2 * t**3 / 27
    return [2 * student.sf(abs(x), n - 1) for x in (t, hall)]


def methods(repeats=3000):
    print("| models | scale | skewness | rows | t | Hall | used |")
    print("|---|--:|--:|--:|--:|--:|--:|")
    for title, make in (("alike", alike), ("sure and unsure", sure_and_unsure)):
        for scale in (1, 2, 4):
            logits, d = pool(make, scale)
            for n in (20, 50, 300):
                rng, found = np.random.default_rng(0), []
                for _ in range(repeats):
                    i = rng.integers(len(d), size=n)
                    used = compare(np.zeros(n, int), [a[i] for a in logits]).p_value[1]
                    found.append([*usual_p_values(d[i]), used])
                figures = " | ".join(percent([v]) for v in np.array(found).T < 0.05)
                print(f"| {title} | {scale} | {abs(skew(d)):.1f} | {n} | {figures} |", flush=True)


def errors(repeats=3000):
    print("| models | classes | rows | overall | one class | any class, Holm |")
    print("|---|--:|--:|--:|--:|--:|")
    for title, make in (("alike", alike), ("sure and unsure", sure_and_unsure)):
        for k in (3, 10):
            for n in (50, 200, 1000):
                rng = np.random.default_rng(0)
                overall, by_class, family = [], [], []
                for _ in range(repeats):
                    z = SCALE * rng.normal(size=(n, k))
                    found = compare(labels_of(rng, z), make(rng, z))
                    p = found.class_p_value[1]
                    overall.append(found.p_value[1] < 0.05)
                    by_class.append(np.where(np.isnan(p), np.nan, p < 0.05))
                    family.append((found.class_adjusted_p[1] < 0.05).any())
                figures = " | ".join(percent(v) for v in (overall, by_class, family))
                print(f"| {title} | {k} | {n} | {figures} |", flush=True)


def sizes_of(kind, n_groups):
    if kind == "10":
        return np.full(n_groups, 10)
    return np.round(np.geomspace(1, 30, n_groups)).astype(int)


def grouped(rng, group, title):
    """Labels and logits; a group's rows share nearly all of z, and the noise of a model."""
    n_groups = group[-1] + 1
    z = 0.97 * rng.normal(size=(n_groups, 3))[group]
    z = SCALE * (z + np.sqrt(1 - 0.97**2) * rng.normal(size=z.shape))
    y = labels_of(rng, z)
    if title == "sure and unsure":
        return y, sure_and_unsure(rng, z)
    return y, [z + 2 * NOISE * rng.normal(size=(n_groups, 3))[group] for _ in range(2)]


def covered(low, high):
    return np.where(np.isnan(low), np.nan, (low <= 0) & (high >= 0))


def clusters(repeats=3000):
    print("| models | groups | sizes | with groups | one class | without groups | one class |")
    print("|---|--:|---|--:|--:|--:|--:|")
    for title, kind in (("alike", "10"), ("alike", "1 to 30"), ("sure and unsure", "10")):
        for n_groups in (5, 10, 20, 50):
            rng = np.random.default_rng(0)
            group = np.repeat(np.arange(n_groups), sizes_of(kind, n_groups))
            hits = [], [], [], []
            for _ in range(repeats):
                y, logits = grouped(rng, group, title)
                for i, groups in enumerate((group, None)):
                    found = compare(y, logits, groups=groups)
                    hits[2 * i].append(covered(found.ci_low, found.ci_high))
                    hits[2 * i + 1].append(covered(found.class_ci_low, found.class_ci_high))
            figures = " | ".join(map(percent, hits))
            print(f"| {title} | {n_groups} | {kind} | {figures} |", flush=True)


def power(repeats=2000):
    print("| rows | noise | true difference | paired | as two samples |")
    print("|--:|--:|--:|--:|--:|")
    many = np.random.default_rng(1)
    wide = SCALE * many.normal(size=(400_000, 3))
    y = labels_of(many, wide)
    for noise in (0.5, 1.0):
        pair = [wide, wide + noise * many.normal(size=wide.shape)]
        truth = compare(y, pair).difference[1]
        for n in (50, 200, 1000):
            rng, paired, apart = np.random.default_rng(0), [], []
            for _ in range(repeats):
                z = SCALE * rng.normal(size=(n, 3))
                drawn = labels_of(rng, z)
                logits = [z, z + noise * rng.normal(size=z.shape)]
                paired.append(compare(drawn, logits).p_value[1] < 0.05)
                losses = [-log_softmax(a, axis=1)[np.arange(n), drawn] for a in logits]
                error = np.hypot(*(a.std(ddof=1) for a in losses)) / np.sqrt(n)
                t = abs(losses[1].mean() - losses[0].mean()) / error
                apart.append(2 * student.sf(t, 2 * n - 2) < 0.05)
            figures = " | ".join(map(percent, (paired, apart)))
            print(f"| {n} | {noise:g} | {truth:.4f} | {figures} |", flush=True)


def main():
    print("A class of models that lose the same found different at 5 %, by the method:\n")
    methods()
    print("\nFound different at 5 % although they lose the same:\n")
    errors()
    print("\nCoverage of 95 % intervals of a difference of 0:\n")
    clusters()
    print("\nPower at 5 %:\n")
    power()


if __name__ == "__main__":
    main()
