"""
How often the interval of a change holds the truth where few rows at the floor are all that varies.

Exact, from binomial probabilities: each side has 300 rows, of which one now and then is of a class
that the model excludes. The bounds of both shares are added in squares, as in `log_loss_change`.

    python benchmarks/simulations/few_at_the_floor.py
"""

import numpy as np
from scipy.stats import binom

from skxent.change._floor import share_bounds

N, TAIL = 300, 0.025


def held(before, after):
    """Chance that the interval of the difference of two shares holds it, by expected rows."""
    hits = np.arange(N + 1)
    share = hits / N
    low, high = share_bounds(share, np.full(N + 1, float(N)), TAIL)
    step = share[None] - share[:, None]
    least = step - np.hypot((share - low)[None], (high - share)[:, None])
    most = step + np.hypot((high - share)[None], (share - low)[:, None])
    truth = (after - before) / N
    chance = binom.pmf(hits, N, before / N)[:, None] * binom.pmf(hits, N, after / N)[None]
    return float(chance[(least <= truth) & (truth <= most)].sum())


def main():
    print("| expected rows at the floor | on both sides | twice as many after |")
    print("|--:|--:|--:|")
    for rows in (0.25, 0.5, 1, 2, 3, 5, 10, 20):
        print(f"| {rows} | {held(rows, rows):.3f} | {held(rows, 2 * rows):.3f} |")


if __name__ == "__main__":
    main()
