"""
A build that fails when a class gets worse
==========================================

A check for a pipeline: it compares a new model with the one in use, class by class.
"""

# %%
# The mean over all rows can improve while a class is lost. So the check looks at each class, and
# stops with a message that names it. What it needs is a function that raises: an exception that
# nobody catches ends a script with status 1, on which every build service stops, and within pytest
# it is a failed test.

import tempfile
import textwrap
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from skxent import LogLossComparison, compare_log_loss, log_loss, log_loss_report

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.5, random_state=0, stratify=y)
in_use = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(X_train, y_train)


def check_classes(comparison: LogLossComparison, *, tolerance: float = 0.0) -> None:
    """
    Raise if a class has become more costly than `tolerance` allows.

    A class counts as worse if its mean loss rose by more than the tolerance, and by more than
    chance explains: p below 0.05, adjusted for the number of classes.
    """
    difference, p = comparison.class_difference[1], comparison.class_adjusted_p[1]
    worse = np.flatnonzero((difference > tolerance) & (p < 0.05))
    if len(worse):
        lines = [
            f"class {comparison.target_names[c]}: {comparison.class_log_loss[0][c]:.3f} ->"
            f" {comparison.class_log_loss[1][c]:.3f} bits, adjusted p {p[c]:.2g}"
            for c in worse
        ]
        msg = "The new model is worse in " + "; ".join(lines)
        raise RuntimeError(msg)


def judge(new) -> None:
    """What the pipeline does with a new model."""
    proba = new.predict_proba(X_test)
    with tempfile.TemporaryDirectory() as folder:  # in a pipeline: where it keeps its files
        page = Path(folder) / "report.html"
        log_loss_report(y_test, proba, base=2).write_html(page, title="New model")
        print(f"report.html: {page.stat().st_size / 1024:.0f} KiB")
    comparison = compare_log_loss(
        y_test, {"in use": in_use.predict_proba(X_test), "new": proba}, base=2
    )
    comparison.plot()
    plt.show()
    print(f"all rows: {comparison.log_loss[0]:.3f} -> {comparison.log_loss[1]:.3f} bits")
    check_classes(comparison)
    print("no class is worse")


# %%
# A model that is better all over
# -------------------------------

new = make_pipeline(
    MinMaxScaler(),
    Nystroem(gamma=0.1, n_components=300, random_state=0),
    LogisticRegression(C=100, max_iter=1000),
)
judge(new.fit(X_train, y_train))

# %%
# The same model after an accident
# --------------------------------
# Somewhere on the way all but 25 of the sevens in the training data were lost. Over all rows the
# new model is still no worse than the one in use, and a check of the mean would let it pass. This
# one does not:

sevens = np.flatnonzero(y_train == 7)
kept = np.setdiff1d(np.arange(len(y_train)), sevens[25:])
print(f"sevens in the training data: {len(sevens)}, then {(y_train[kept] == 7).sum()}")
new.fit(X_train[kept], y_train[kept])
try:
    judge(new)
except RuntimeError as error:  # shown here; in a pipeline it is left to end the build
    message = str(error)
    print(textwrap.fill(f"RuntimeError: {message}", 60))

assert message.startswith("The new model is worse in class 7:")
assert log_loss(y_test, new.predict_proba(X_test)) < log_loss(y_test, in_use.predict_proba(X_test))

# %%
# What to set
# -----------
# - ``tolerance``, in bits a row, where a class may become a little more costly for the good of the
#   others.
# - The rows. A class passes when it is not shown to be worse, which is easy if there are few of
#   its rows: the interval ``class_ci_high`` says how much worse it could be without being noticed.
#   To let only those pass that are shown to be no worse than the tolerance, compare
#   ``class_ci_high`` with it in the place of ``class_difference`` and ``class_adjusted_p``.
# - ``groups``, in :func:`~skxent.compare_log_loss`, if several rows come from one person or one
#   day: rows that belong together tell less than as many that do not.
# - The threshold. At 0.05, where two models are equally good in every class, one build in twenty at
#   most fails by chance, if each class has about twenty rows or more, and fifty where one model is
#   much more sure than the other.
