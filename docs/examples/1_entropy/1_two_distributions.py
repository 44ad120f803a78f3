"""
Two distributions over three events
===================================

Entropy, cross-entropy and KL divergence of two distributions, in bits.
"""

# %%
# A machine sorts parts into three bins. How often each bin comes up is ``p``; somebody believes
# that it is ``q``.

import matplotlib.pyplot as plt

from skxent import cross_entropy, entropy, kl_divergence

events = ["bin A", "bin B", "bin C"]
p = [0.10, 0.40, 0.50]
q = [0.80, 0.15, 0.05]

fig, axes = plt.subplots(2, 1, sharex=True, sharey=True, figsize=(5.5, 4.5), layout="constrained")
for ax, name, proba, colour in zip(axes, "pq", (p, q), ("#0072B2", "#E69F00"), strict=True):
    bars = ax.bar(events, proba, width=0.6, color=colour, edgecolor="black")
    ax.bar_label(bars, fmt="%.2f", padding=2)
    ax.set(ylabel=f"probability in {name}", ylim=(0, 1))
    ax.spines[["top", "right"]].set_visible(False)
axes[-1].set_xlabel("where the part goes")
plt.show()

# %%
# The **entropy** of p is what an event costs on average if it is announced with the code that
# suits p best: :math:`-\log_2 p` bits for an event of probability p. It depends on nothing but
# p. Here p is less certain than q, and has the larger entropy.

print(f"H(p) = {entropy(p, base=2):.3f} bits")
print(f"H(q) = {entropy(q, base=2):.3f} bits")

assert f"{entropy(p, base=2):.3f}" == "1.361"
assert f"{entropy(q, base=2):.3f}" == "0.884"

# %%
# The **cross-entropy** H(p, q) is the cost of events that come from p if the code was made for
# q. The first argument is what happens and the second what was expected: to exchange them is to
# ask another question, with another answer.

print(f"H(p, q) = {cross_entropy(p, q, base=2):.3f} bits")
print(f"H(q, p) = {cross_entropy(q, p, base=2):.3f} bits")

assert f"{cross_entropy(p, q, base=2):.3f}" == "3.288"
assert f"{cross_entropy(q, p, base=2):.3f}" == "2.906"

# %%
# Who expects just what happens pays the entropy, and nobody can pay less.

print(f"H(p, p) = {cross_entropy(p, p, base=2):.3f} bits")
print(f"H(q, q) = {cross_entropy(q, q, base=2):.3f} bits")

assert f"{cross_entropy(p, p, base=2):.3f}" == "1.361"
assert f"{cross_entropy(q, q, base=2):.3f}" == "0.884"

# %%
# The **KL divergence** is what is paid beyond that: H(p, q) = H(p) + KL(p‖q). The first term is
# a matter of the world, the second of the expectation. A model can only change the second, which
# is why the model that minimises the cross-entropy minimises the KL divergence too.

print(f"KL(p‖q) = {kl_divergence(p, q, base=2):.3f} bits")
print(f"H(p) + KL(p‖q) = {entropy(p, base=2) + kl_divergence(p, q, base=2):.3f} bits")

assert f"{kl_divergence(p, q, base=2):.3f}" == "1.927"
assert abs(cross_entropy(p, q) - entropy(p) - kl_divergence(p, q)) < 1e-15

# %%
# The same in a picture. The plain part of each bar is what nobody can avoid.

pairs = [("p", p, "q", q), ("p", p, "p", p), ("q", q, "p", p), ("q", q, "q", q)]
names = [f"H({a}, {b})" for a, _, b, _ in pairs]
unavoidable = [entropy(t, base=2) for _, t, _, _ in pairs]
beyond = [kl_divergence(t, s, base=2) for _, t, _, s in pairs]

fig, ax = plt.subplots(figsize=(5.5, 3.2), layout="constrained")
ax.barh(names, unavoidable, color="#0072B2", edgecolor="black", label="entropy")
extra = ax.barh(
    names,
    beyond,
    left=unavoidable,
    color="#E69F00",
    edgecolor="black",
    hatch="//",
    label="KL divergence",
)
totals = [f"{h + kl:.3f}" for h, kl in zip(unavoidable, beyond, strict=True)]
ax.bar_label(extra, labels=totals, padding=4)
ax.invert_yaxis()
ax.set(xlabel="bits", xlim=(0, 3.9))
ax.spines[["top", "right"]].set_visible(False)
ax.legend(loc="lower right")
plt.show()

# %%
# One-hot distributions, such as the label of a row, are certain. Their entropy is exactly 0, with
# no small constant added to escape the logarithm of 0: the limit of :math:`p \log p` at 0 is 0.
# So for one-hot targets cross-entropy and KL divergence are the same.

one_hot = [0.0, 1.0, 0.0]
print(f"H(one-hot) = {entropy(one_hot, base=2)} bits")
print(f"H(one-hot, p) = {cross_entropy(one_hot, p, base=2):.3f} bits")
print(f"KL(one-hot‖p) = {kl_divergence(one_hot, p, base=2):.3f} bits")

assert entropy(one_hot) == 0.0
assert cross_entropy(one_hot, p) == kl_divergence(one_hot, p)
