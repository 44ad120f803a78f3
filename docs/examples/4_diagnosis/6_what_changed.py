"""
From an alarm to the cure
=========================

A stream of handwritten digits, half of which come from a new scanner after some days: an alarm,
what has changed, which rows it is, and what to do.
"""

# %%
# The model was fitted to the first digits. Each day 40 more are predicted, and their labels are
# known in the evening. From the tenth day on, a second scanner is in use, whose pictures are
# grainy.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skxent import (
    CalibrationMonitor,
    Recalibrator,
    log_loss,
    log_loss_change,
    log_loss_report,
    log_loss_slices,
)

rng = np.random.default_rng(0)
X, y = load_digits(return_X_y=True)
order = rng.permutation(len(y))
X, y = X[order], y[order]
model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(X[:597], y[:597])

X, y = X[597:], y[597:]
day = np.arange(1200) // 40
scanner = np.where((day >= 10) & (rng.random(1200) < 0.5), "new", "old")
X = X + (scanner == "new")[:, None] * rng.normal(scale=4, size=X.shape)
proba = model.predict_proba(X)

# %%
# Is it still calibrated?
# -----------------------
#
# The model is too sure from the first day on, as regressions with 64 features are, so that the
# monitor is to watch its recalibrated probabilities. The map is fitted to the first five days.

early = day < 5
recalibrator = Recalibrator("temperature").fit(y[early], proba[early])
watched = recalibrator.predict_proba(proba)
monitor = CalibrationMonitor(np.arange(10))
for today in range(5, 30):
    monitor.update(y[day == today], watched[day == today], at=f"day {today}")
print(monitor.alarm_at(0.05))
print(monitor.since(0.05))
display = monitor.plot()
display.ax_.set_title("Evidence against the probabilities")
plt.show()

# %%
# What has changed?
# -----------------
#
# A report of the days before the monitor's estimate and one of those from then on. The classes
# occur as often as before; within them, the loss rose by what the model saw coming and by what it
# did not.

old_days, new_days = (day >= 5) & (day < 10), day >= 10
before = log_loss_report(y[old_days], watched[old_days])
after = log_loss_report(y[new_days], watched[new_days])
change = log_loss_change(before, after)
print(change.verdict)
display = change.plot()
display.ax_.set_title("What the change is made of")
plt.show()

# %%
# Which rows?
# -----------
#
# What is known of the pictures: the scanner, and the amount of ink.

known = pd.DataFrame({"scanner": scanner, "ink": X.sum(axis=1).round()})
slices = log_loss_slices(y[new_days], watched[new_days], known[new_days])
print(slices.verdict)

# %%
# The cure
# --------
#
# One map for each scanner, fitted to some days, takes off what the new scanner cost beyond what
# was expected; the days after show it. What is left is for pictures that the model has learned
# from.

learn, check = new_days & (day < 20), day >= 20
cured = watched.copy()
for name in ("old", "new"):
    rows = scanner == name
    recalibrator = Recalibrator().fit(y[learn & rows], watched[learn & rows])
    cured[rows] = recalibrator.predict_proba(watched[rows])
print(f"{log_loss(y[check], watched[check]):.3f} nats before the cure")
print(f"{log_loss(y[check], cured[check]):.3f} nats after it")
