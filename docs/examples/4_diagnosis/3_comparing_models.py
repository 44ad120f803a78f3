"""
Comparing two models per class
==============================

Two models with the same log loss that are not at all the same.
"""

# %%
# One logistic regression sees the upper half of each digit, the other the lower half.

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skxent import compare_log_loss

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.5, random_state=0, stratify=y)

probas = {}
for name, pixels in (("upper half", slice(0, 32)), ("lower half", slice(32, 64))):
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    model.fit(X_train[:, pixels], y_train)
    probas[name] = model.predict_proba(X_test[:, pixels])

comparison = compare_log_loss(y_test, probas)
print(comparison)

# %%
# Over all rows there is nothing to choose between the two: the interval of the difference has 0
# well within. Class by class there is. The lower half is better at the digit 2, which is known by
# its foot, and worse at the 5, which is known by its head.
#
# Both models are judged on the same rows, so what counts is the difference within each row. That
# a row is hard for both of them cancels out, and the intervals are narrower than those of the two
# losses would suggest.

comparison.plot()
plt.show()

assert comparison.p_value[1] > 0.1
better, worse = comparison.class_difference[1][[2, 5]]
assert better < -0.3
assert worse > 0.3

# %%
# Ten classes are ten chances to find a difference where there is none. ``class_adjusted_p`` allows
# for it by Holm's method: below 0.05 for these two digits only.

found = [int(label) for label in comparison.labels[comparison.class_adjusted_p[1] < 0.05]]
print(f"classes that differ: {found}")
assert found == [2, 5]

# %%
# Models that fail at different things are worth combining. The mean of the two probabilities costs
# less than either of them. With several models, each is compared with the same reference.

probas["mean of both"] = (probas["upper half"] + probas["lower half"]) / 2
combined = compare_log_loss(y_test, probas, reference="mean of both")
for name, loss in zip(combined.models, combined.log_loss, strict=True):
    print(f"{name:12} {loss:.3f} nats")
combined.plot()
plt.show()

assert (combined.adjusted_p[:2] < 0.05).all()
assert combined.log_loss.argmin() == 2

# %%
# The rows of this test are taken to be independent. Where several belong together, such as the
# digits of one writer, say so with ``groups=``: the intervals become as wide as they have to be.
