"""
Cross-entropy of two texts through their n-grams
================================================

How well does one text predict another? Orders 1 to 4, and what becomes of n-grams that are new.
"""

# %%
# Two weather reports. The events are runs of n words (n-grams, also written ngrams), p is how often
# each occurs in the one text, and q in the other.

from collections import Counter

import matplotlib.pyplot as plt
import numpy as np

from skxent import cross_entropy, entropy

monday = """
the wind comes from the west and the rain comes with the wind in the morning the sky is grey and
the sea is grey and in the evening the wind is gone and the sky is clear over the sea and the
night is cold and the morning is cold with a little rain from the west
"""
tuesday = """
the wind comes from the north and the snow comes with the wind in the evening the sky is grey and
the hills are white and in the night the wind is gone and the sky is clear over the hills and the
morning is cold and still with a little fog in the valley
"""


def n_grams(text: str, n: int) -> Counter[tuple[str, ...]]:
    """Count the runs of n words."""
    words = text.split()
    return Counter(zip(*(words[i:] for i in range(n)), strict=False))


# %%
# Most runs of four words of the one text never occur in the other: there q is 0, and the
# cross-entropy is infinite. It is right to be: a model that says "never" is refuted by one case.
# A usual way out is a floor for q: one over the number of n-grams, as if each unseen n-gram had
# been seen once.
#
# With the floor, q adds up to more than 1, and is not a distribution. The result is then not a
# cross-entropy either, and can even be below the entropy of p. ``renormalize=True`` divides q by
# its sum, which adds the logarithm of that sum to the result. The sum is over the n-grams of both
# texts: q is told which new ones will come, so a model that was made beforehand would pay more.


def compare(seen: str, known: str, n: int) -> dict[str, float]:
    """Entropy of `seen` and its cross-entropy from `known`, in bits."""
    observed, model = n_grams(seen, n), n_grams(known, n)
    events = sorted(observed | model)
    p = np.array([observed[e] for e in events]) / observed.total()
    q = np.array([model[e] for e in events]) / model.total()
    floored = np.maximum(q, 1 / model.total())
    return {
        "entropy": entropy(p, base=2),
        "exact": cross_entropy(p, q, base=2),
        "floored": -(p @ np.log2(floored)),
        "renormalized": cross_entropy(p, floored, base=2, renormalize=True),
        "unseen": p[q == 0].sum(),
        "sum": floored.sum(),
    }


results = [compare(tuesday, monday, n) for n in (1, 2, 3, 4)]
print("order  entropy  exact  floored  renormalized  unseen")
for n, r in enumerate(results, start=1):
    print(
        f"{n:5}  {r['entropy']:7.3f}  {r['exact']:5}  {r['floored']:7.3f}"
        f"  {r['renormalized']:12.3f}  {r['unseen']:6.0%}"
    )

for r in results:
    assert r["exact"] == np.inf
    assert abs(r["floored"] + np.log2(r["sum"]) - r["renormalized"]) < 1e-12
    assert r["renormalized"] >= r["entropy"]

# %%
# Without renormalising, Monday's text seems to predict Tuesday's as well as Tuesday's own does, to
# a tenth of a bit, at every order: what is new costs no more than what was seen once. With it, the
# distance grows with the order. But the more n-grams are new, the more it is the floor that
# speaks, and not the text. So compare orders, or texts, only where few n-grams are unseen, or use
# a better estimate than a floor.

for r in results:
    assert 0 < r["floored"] - r["entropy"] < 0.1
distances = [r["renormalized"] - r["entropy"] for r in results]
assert distances == sorted(distances)

orders = np.arange(1, 5)
fig, ax = plt.subplots(figsize=(5.5, 3.8), layout="constrained")
for name, colour, style, label in [
    ("renormalized", "#D55E00", "s-", "cross-entropy, floor, renormalised"),
    ("floored", "#E69F00", "^--", "the same without renormalising"),
    ("entropy", "#0072B2", "o-", "entropy of Tuesday's text"),
]:
    ax.plot(
        orders,
        [r[name] for r in results],
        style,
        color=colour,
        markeredgecolor="black",
        label=label,
    )
ax.set(xlabel="words in an n-gram", ylabel="bits per n-gram", xticks=orders)
ax.set(xlim=(0.7, 4.3), ylim=(3, 7))
ax.set_xticklabels([f"{n}\n{r['unseen']:.0%} new" for n, r in zip(orders, results, strict=True)])
ax.spines[["top", "right"]].set_visible(False)
ax.legend(frameon=False, loc="lower right")
plt.show()

# %%
# For a text against itself nothing is unseen, the floor does nothing, and the cross-entropy is
# the entropy.

for n in (1, 2, 3, 4):
    r = compare(monday, monday, n)
    assert abs(r["exact"] - r["entropy"]) < 1e-12
    assert abs(r["renormalized"] - r["entropy"]) < 1e-12

# %%
# Is conditional entropy a cross-entropy? No. It is what the next word costs on average if the
# words before it are known: the entropy of pairs minus the entropy of single words, all of one
# text. A cross-entropy has two distributions, one that happens and one that is expected. A language
# model's loss is both at once: the cross-entropy of the next word given those before it.

pairs = n_grams(monday, 2)
firsts = Counter(a for a, _ in pairs.elements())
pair_bits = entropy(np.array(list(pairs.values())) / pairs.total(), base=2)
word_bits = entropy(np.array(list(firsts.values())) / firsts.total(), base=2)
print(f"{pair_bits:.3f} - {word_bits:.3f} = {pair_bits - word_bits:.3f} bits for the next word")
assert 0 < pair_bits - word_bits < word_bits
