"""
Does a stream that is looked at after every row give false alarms, and how soon true ones?

Labels are drawn from the probabilities that are reported, or from others that these were made
wrong of: sharpened by a temperature, or with a bias for one class. The probabilities are those of
a linear model, a forest, whose zeros are zeros, and boosting. The same ratios as those of
`CalibrationMonitor` are added up row by row, and are compared with it. Beside it, the test of
the gap, which has one look at the end.

    python benchmarks/simulations/evidence.py 1000 [linear, forest, boosting] [calibrated, …]

And where the model is right at first, and goes wrong later: how many rows that takes the monitor,
evidence from the first row alone, and fresh ones, which begin anew each 1,500 rows; and how
far off the rows are since when the monitor says that it is.

    python benchmarks/simulations/evidence.py 200 delays [0, 2000, 20000]
"""

import sys
from itertools import product

import numpy as np
from scipy.special import logsumexp
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression

from skxent import CalibrationMonitor

N_ROWS, ALPHA = 5000, 0.05
# Right rows; rows of a fresh monitor; temperatures, and wrong rows.
BEFORE, PERIOD, LONGEST = (0, 2000, 20_000), 1500, {1.15: 8000, 1.5: 3000}
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


def path(logs, weight):
    """Logarithm of the e-value after each row; of the first row alone, and of the monitor."""
    first = logsumexp(logs.cumsum(axis=1) + np.log(weight), axis=2)
    n_streams, n, n_ways = logs.shape
    share = (1 + np.arange(n) / 1000) ** -0.5  # of starts that are still to come
    begun, later = np.zeros((n_streams, n_ways)), np.empty((n_streams, n))
    scale = np.zeros(n_streams)  # logarithm of what `begun` is to be multiplied with
    for i in range(n):
        if i:
            begun += ((share[i - 1] - share[i]) * np.exp(-scale))[:, None]
        begun *= np.exp(logs[:, i])
        later[:, i] = np.log(begun @ weight + share[i] * np.exp(-scale)) + scale
        if i % 16 == 15:  # before numbers become too large
            most = np.log(np.maximum(begun.max(axis=1), share[i] * np.exp(-scale)))
            begun /= np.exp(most)[:, None]
            scale += most
    return first, np.logaddexp(first, later) - np.log(2)


def onset(logs, weight, n):
    """Rows before the wrong ones, as the first n show."""
    sums = np.concatenate([np.zeros((1, logs.shape[1])), logs[:n].cumsum(axis=0)])
    gained = sums[-1] - sums.min(axis=0) + np.log(weight)
    return sums.argmin(axis=0)[gained.argmax()]


def fresh(logs, weight):
    """That of monitors which take the place of each other, and know the first rows alone."""
    parts = [logs[:, i : i + PERIOD].cumsum(axis=1) for i in range(0, logs.shape[1], PERIOD)]
    return logsumexp(np.concatenate(parts, axis=1) + np.log(weight), axis=2)


def gap_found(y, p):
    """Whether the test of the gap of all rows finds one at 5 %."""
    logs = np.log(np.maximum(p, 1e-300))
    mean = -(p * logs).sum(axis=1)
    variance = (p * logs**2).sum(axis=1) - mean**2
    gap = (-np.log(np.maximum(p[np.arange(len(y)), y], 2.0**-52)) - mean).sum()
    return abs(gap) > 1.96 * np.sqrt(variance.sum())


def check(y, p, n=1500):
    """The e-values and the onset here are those of the monitor."""
    monitor = CalibrationMonitor([0, 1, 2])
    for i in range(n):
        monitor.update(y[i : i + 1], p[i : i + 1])
    logs, weight = ratios(y[:n], p[:n])
    np.testing.assert_allclose(monitor.log_e_value, path(logs[None], weight)[1][0, -1], rtol=1e-9)
    found = monitor.since(ALPHA)
    assert found is None or found.n_samples == onset(logs, weight, n)


def draw(p, rng):
    return (p.cumsum(axis=1)[:, :-1] < rng.random(len(p))[:, None]).sum(axis=1)


def first_above(log_e):
    """The row of the alarm of each stream, from 1; infinite without."""
    high = log_e >= -np.log(ALPHA)
    return np.where(high.any(axis=1), high.argmax(axis=1) + 1, np.inf)


def chunks(n_streams, n_rows):
    """How many streams to look at together, until all have been."""
    size = max(800_000 // n_rows, 1)
    return [min(size, n_streams - i) for i in range(0, n_streams, size)]


def middle(rows):
    found = np.median(rows)
    return f"{found:,.0f}" if np.isfinite(found) else "–"


def delays(n_streams, befores):
    X, y = rows(2000, np.random.default_rng(0))
    rng = np.random.default_rng(1)
    predicted = MODELS["linear"].fit(X, y).predict_proba(rows(50_000, rng)[0])
    print("| | after right rows | first row alone | fresh | monitor | since | 1,000 rows later |")
    print("|---|--:|--:|--:|--:|--:|--:|")
    for before, (power, longest) in product(befores, LONGEST.items()):
        rng = np.random.default_rng([before, longest])
        alarms, errors = [[], [], []], [[], []]
        false = np.zeros(3)
        n = before + longest
        for size in chunks(n_streams, n):
            each = []
            for _ in range(size):
                p = predicted[rng.integers(len(predicted), size=n)]
                wrong = p**power / (p**power).sum(axis=1, keepdims=True)
                said = np.concatenate([p[:before], wrong[before:]])
                each.append(ratios(draw(p, rng), said))
            logs, weight = np.array([x for x, _ in each]), each[0][1]
            first, monitor = path(logs, weight)
            for j, log_e in enumerate((first, fresh(logs, weight), monitor)):
                false[j] += (first_above(log_e[:, :before]) < np.inf).sum() if before else 0
                alarms[j] += list(first_above(log_e[:, before:]))
            for own, delay in zip(logs, alarms[2][-size:], strict=True):
                for found, more in zip(errors, (0, 1000), strict=True):
                    if before + delay + more <= n:
                        found.append(onset(own, weight, int(before + delay) + more) - before)
        cells = [middle(x) for x in alarms]
        cells += ["{:,.0f} to {:,.0f}".format(*np.quantile(x, [0.1, 0.9])) for x in errors]
        print(f"| temperature {power} | {before:,} | " + " | ".join(cells) + " |", end=" ")
        print("false alarms before:", *(f"{100 * x / n_streams:.1f} %" for x in false), flush=True)


def main(n_streams, models, errors):
    X, y = rows(2000, np.random.default_rng(0))
    print("| model | the probabilities are | alarms | median row of the alarm | z at 5,000 rows |")
    print("|---|---|--:|--:|--:|")
    for model in models:
        rng = np.random.default_rng(1)
        predicted = MODELS[model].fit(X, y).predict_proba(rows(50_000, rng)[0])
        for name in errors:
            rng, wrong = np.random.default_rng(2), ERRORS[name]
            alarms, found = [], 0
            n = n_streams if name == "calibrated" else n_streams // 5
            for size in chunks(n, N_ROWS):
                each = []
                for _ in range(size):
                    p = predicted[rng.integers(len(predicted), size=N_ROWS)]
                    labels = draw(p, rng)
                    said = wrong(p)
                    said = said / said.sum(axis=1, keepdims=True)
                    each.append(ratios(labels, said))
                    found += gap_found(labels, said)
                if not alarms:
                    check(labels, said)
                alarms += list(first_above(path(np.array([x for x, _ in each]), each[0][1])[1]))
            share = np.isfinite(alarms).mean()
            cells = f"{100 * share:.1f} % | {middle(alarms)} | {100 * found / len(alarms):.1f} %"
            print(f"| {model} | {name} | {cells} |", flush=True)


if __name__ == "__main__":
    n_streams = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    if sys.argv[2:3] == ["delays"]:
        delays(n_streams, [int(x) for x in sys.argv[3:]] or BEFORE)
    else:
        names = sys.argv[2:]
        chosen = [
            [name for name in names if name in every] or list(every) for every in (MODELS, ERRORS)
        ]
        main(n_streams, *chosen)
