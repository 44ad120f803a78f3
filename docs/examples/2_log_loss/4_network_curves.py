"""
Loss and accuracy while a network learns
========================================

Log loss and accuracy after each epoch, on the rows of the training and on others.
"""

# %%
# Two noisy circles, one within the other: 1,000 points, half of them for training. The network has
# one hidden layer of 50 rectified units and is trained by stochastic gradient descent with a
# learning rate of 0.01 and a momentum of 0.9, for 200 epochs. ``partial_fit`` does one at a time.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_circles
from sklearn.metrics import accuracy_score
from sklearn.neural_network import MLPClassifier

from skxent import label_entropy, log_loss

X, y = make_circles(n_samples=1000, noise=0.1, random_state=1)
parts = {"train": (X[:500], y[:500]), "test": (X[500:], y[500:])}

network = MLPClassifier(
    hidden_layer_sizes=(50,),
    solver="sgd",
    learning_rate_init=0.01,
    momentum=0.9,
    nesterovs_momentum=False,
    batch_size=32,
    alpha=0.0,
    random_state=1,
)

losses = {name: [] for name in parts}
accuracies = {name: [] for name in parts}
for _ in range(200):
    network.partial_fit(*parts["train"], classes=[0, 1])
    for name, (X_part, y_part) in parts.items():
        proba = network.predict_proba(X_part)
        losses[name].append(log_loss(y_part, proba))
        accuracies[name].append(accuracy_score(y_part, proba[:, 1] > 0.5))

for name in parts:
    print(f"{name}: log loss {losses[name][-1]:.3f} nats, accuracy {accuracies[name][-1]:.3f}")

# %%
# From epoch 75 on the training accuracy hardly changes, but a quarter of the log loss is still to
# go: the network is on the right side as often as before, and grows more certain where it may. The
# dotted line is what a model pays that knows only that half of the points are in each class.

epochs = np.arange(1, 201)
fig, (top, bottom) = plt.subplots(2, 1, sharex=True, figsize=(5.5, 5), layout="constrained")
for name, colour, style in (("train", "#0072B2", "-"), ("test", "#E69F00", "--")):
    top.plot(epochs, losses[name], style, color=colour, linewidth=1.8, label=name)
    bottom.plot(epochs, accuracies[name], style, color=colour, linewidth=1.8, label=name)
prior = label_entropy(y)
top.axhline(prior, color="black", linestyle=":", linewidth=1)
top.annotate("prior", (200, prior), (0, 3), textcoords="offset points", ha="right")
top.set(ylabel="log loss, nats", ylim=(0.3, 0.75))
bottom.set(xlabel="epoch", ylabel="accuracy", ylim=(0.4, 0.9))
top.legend(frameon=False, loc="lower left")
for ax in (top, bottom):
    ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# On the test rows the loss is not higher than in training: this network does not overfit. Where the
# circles overlap no classifier can be certain, and a part of the loss stays for good.

assert abs(accuracies["train"][74] - accuracies["train"][-1]) < 0.02
assert losses["train"][-1] < 0.75 * losses["train"][74]
assert abs(accuracies["train"][-1] - 0.84) < 0.02
assert abs(accuracies["test"][-1] - 0.85) < 0.02
assert abs(losses["train"][-1] - 0.382) < 0.01
assert abs(losses["test"][-1] - 0.371) < 0.01
