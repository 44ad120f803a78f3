"""
Does a stream that is looked at after every row give false alarms, and how soon true ones?

Labels are drawn from the probabilities that are reported, or from others that these were made
wrong of: sharpened by a temperature, or with a bias for one class. The probabilities are those of
a linear model, a forest, whose zeros are zeros, and boosting. The same ratios as those of
`CalibrationMonitor` are added up row by row, and are compared with it. Beside it, the test of
the gap, which has one look at the end.

    python benchmarks/simulations/evidence.py 1000 [linear, forest, boosting]

And where the model is right at first, and goes wrong later: how long one monitor takes, fresh ones,
and a mean of monitors that began at different rows.

    python benchmarks/simulations/evidence.py 200 delays
"""

import sys

import numpy as np
from scipy.special import logsumexp
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression

from skxent import CalibrationMonitor

N_ROWS, ALPHA = 5000, 0.05
BEFORE, PERIOD, LONGEST = (0, 1000, 5000, 20_000), 1500, 15_000
POWERS, BIASES = (0.5, 0.75, 1.25, 1.5, 2.0), (-0.4, -0.1, 0.1, 0.4)
MODELS = {
    "linear": LogisticRegression(),
    "forest": RandomForestClassifier(100, random_state=0),
    "boosting": HistGradientBoostingClassifier(max_iter=50, random_state=0),
}
ERRORS = {
    "calibrated": lambda p: p,
    "temperature 1.1": lambda p: p**1.1,
    "temperature 1.15": lambda p: p**1.15,
    "temperature 1.3": lambda p: p**1.3,
    "temperature 2": lambda p: p**2.0,
    "bias 0.3 of a class": lambda p: p * np.exp([0.3, 0.0, 0.0]),
}


def rows(n, rng):
    y = rng.choice(3, p=(0.5, 0.3, 0.2), size=n)
    return rng.normal(size=(n, 4)) + 1.2 * np.eye(3, 4)[y], y


def ratios(y, p):
    """Logarithm of each row's ratio, a column for each alternative, and the weights of these."""
    n, k = p.shape
    own = np.maximum(p[np.arange(n), y], 2.0**-52)
    of_powers = [(b - 1) * np.log(own) - np.log((p**b).sum(axis=1)) for b in POWERS]
    hit = np.eye(k)[y]
    of_biases = [b * hit - np.log1p(np.expm1(b) * p) for b in BIASES]
    weight = np.repeat([1 / (2 * len(POWERS)), 1 / (2 * len(BIASES) * k)], [5, 4 * k])
    return np.column_stack([*of_powers, *of_biases]), weight


def path(y, p):
    """Logarithm of the e-value after each row."""
    logs, weight = ratios(y, p)
    return logsumexp(logs.cumsum(axis=0), b=weight, axis=1)


def shares(n):
    """What each of n starts counts in the mean; what is left is for those to come."""
    j = np.arange(1, n + 1)
    return 1 / (j * (j + 1))


def ways(y, p):
    """By way to watch: logarithm of the e-value after each row, over that of its alarm."""
    logs, weight = ratios(y, p)
    begun, fresh, mixed, steps = np.full(logs.shape[1], -np.inf), [], [], []
    for j, first in enumerate(range(0, len(y), PERIOD)):
        sums = logs[first : first + PERIOD].cumsum(axis=0)
        fresh.append(logsumexp(sums, b=weight, axis=1))
        steps.append(np.full(len(sums), np.log(shares(j + 1)[j])))
        running = np.logaddexp(begun, steps[-1][0]) + sums
        mixed.append(np.logaddexp(logsumexp(running, b=weight, axis=1), -np.log(j + 2)))
        begun = running[-1]
    fresh, steps = np.concatenate(fresh), np.concatenate(steps)
    found = {
        "one from row 0": logsumexp(logs.cumsum(axis=0), b=weight, axis=1),
        "fresh, alarm at 20": fresh,
        "fresh, alpha divided": fresh + steps,
        "mean of all begun": np.concatenate(mixed),
    }
    return {name: log_e + np.log(ALPHA) for name, log_e in found.items()}


def gap_found(y, p):
    """Whether the test of the gap of all rows finds one at 5 %."""
    logs = np.log(np.maximum(p, 1e-300))
    mean = -(p * logs).sum(axis=1)
    variance = (p * logs**2).sum(axis=1) - mean**2
    gap = (-np.log(np.maximum(p[np.arange(len(y)), y], 2.0**-52)) - mean).sum()
    return abs(gap) > 1.96 * np.sqrt(variance.sum())


def check(y, p):
    """The sums here are those of the monitor."""
    monitor = CalibrationMonitor([0, 1, 2])
    for at in np.array_split(np.arange(len(y)), 7):
        monitor.update(y[at], p[at])
    np.testing.assert_allclose(monitor.log_e_value, path(y, p)[-1], rtol=1e-9)


def check_mean(y, p):
    """The mean here is that of monitors which begin one after the other."""
    monitors = []
    for first in range(0, len(y), PERIOD):
        monitors.append(CalibrationMonitor([0, 1, 2]))
        for monitor in monitors:
            monitor.update(y[first : first + PERIOD], p[first : first + PERIOD])
    e_values = [monitor.e_value for monitor in monitors]
    mean = shares(len(monitors)) @ e_values + 1 / (len(monitors) + 1)
    found = ways(y, p)
    np.testing.assert_allclose(found["mean of all begun"][-1], np.log(ALPHA * mean), rtol=1e-9)
    np.testing.assert_allclose(
        found["fresh, alarm at 20"][-1], np.log(ALPHA * e_values[-1]), rtol=1e-9
    )


def draw(p, rng):
    return (p.cumsum(axis=1)[:, :-1] < rng.random(len(p))[:, None]).sum(axis=1)


def delays(n_streams):
    X, y = rows(2000, np.random.default_rng(0))
    rng = np.random.default_rng(1)
    predicted = MODELS["linear"].fit(X, y).predict_proba(rows(50_000, rng)[0])
    names = list(ways(y, predicted[: len(y)]))
    print("| the probabilities become | after right rows | " + " | ".join(names) + " |")
    print("|---|--:|" + "--:|" * len(names))
    false = np.zeros(len(names))
    for power in (1.15, 1.5):
        found = np.empty((n_streams, len(BEFORE), len(names)))
        for i in range(n_streams):
            p = predicted[rng.integers(len(predicted), size=max(BEFORE) + LONGEST)]
            labels = draw(p, rng)
            wrong = p**power / (p**power).sum(axis=1, keepdims=True)
            for j, before in enumerate(BEFORE):
                n = before + LONGEST
                said = np.concatenate([p[:before], wrong[before:n]])
                if i == 0:
                    check_mean(labels[:n], said)
                over = np.array(list(ways(labels[:n], said).values()))
                high = over[:, before:] >= 0
                found[i, j] = np.where(high.any(axis=1), high.argmax(axis=1) + 1, np.inf)
            false += (over[:, : max(BEFORE)] >= 0).any(axis=1)
        for before, middle in zip(BEFORE, np.median(found, axis=0), strict=True):
            cells = " | ".join(f"{x:,.0f}" if np.isfinite(x) else "–" for x in middle)
            print(f"| temperature {power} | {before:,} | {cells} |", flush=True)
    cells = " | ".join(f"{100 * x:.1f} %" for x in false / (2 * n_streams))
    print(f"| false alarms | {max(BEFORE):,} | {cells} |")


def main(n_streams, models):
    X, y = rows(2000, np.random.default_rng(0))
    print("| model | the probabilities are | alarms | median row of the alarm | z at 5,000 rows |")
    print("|---|---|--:|--:|--:|")
    for model in models:
        rng = np.random.default_rng(1)
        predicted = MODELS[model].fit(X, y).predict_proba(rows(50_000, rng)[0])
        for name, wrong in ERRORS.items():
            alarms, found = [], 0
            for i in range(n_streams if name == "calibrated" else max(n_streams // 5, 1)):
                p = predicted[rng.integers(len(predicted), size=N_ROWS)]
                labels = draw(p, rng)
                said = wrong(p)
                said = said / said.sum(axis=1, keepdims=True)
                if i == 0:
                    check(labels, said)
                high = path(labels, said) >= -np.log(ALPHA)
                alarms.append(np.argmax(high) + 1 if high.any() else np.inf)
                found += gap_found(labels, said)
            alarms = np.array(alarms)
            middle = np.median(alarms)
            when = f"{middle:,.0f}" if np.isfinite(middle) else "none"
            share = np.isfinite(alarms).mean()
            print(
                f"| {model} | {name} | {share:.3f} | {when} | {found / len(alarms):.3f} |",
                flush=True,
            )


if __name__ == "__main__":
    n_streams = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    if sys.argv[2:] == ["delays"]:
        delays(n_streams)
    else:
        main(n_streams, sys.argv[2:] or list(MODELS))
