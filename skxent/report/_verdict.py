"""One or two sentences on top of every rendering: how good, what is wrong, what to do."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from skxent._render._words import cell, percent, shortened, unit_name
from skxent.recalibration._choice import Recalibration
from skxent.report._notable import ALL_ROWS, beyond_chance

__all__ = ["Facts", "confidence", "verdict"]

# Calibration is not said to hold on fewer rows, or groups.
_FEW = 30
# How often a calibrated model may be told that a curve is off.
_BENT = 0.02
# Losses that fall off exponentially have 6 % in their worst hundredth.
_LONG_TAIL = 0.25
# Less than a hundredth of a percent is nothing saved.
_SAME = 1e-4
# Shares of classes that are farther than this from the mean probabilities are other shares.
_ELSEWHERE = 0.1
# Of the loss.
_MOST_OF_IT = 0.5
_PRIOR = "class frequencies alone"


@dataclass(frozen=True, slots=True)
class Facts:
    """What a verdict rests on; all of it stands elsewhere in the report."""

    names: Sequence[Any]
    per_class: Mapping[str, NDArray[Any]]
    overall: Mapping[str, float | int]
    recalibration: Recalibration | None
    base: float
    all_hard: bool
    """Whether every probability is 0 or 1."""
    prior_margin: float
    """By how much the entropy of the labels may be below the loss of the true prior."""
    worse_than_prior: NDArray[np.bool_]
    """Which classes cost more than their frequency alone, beyond chance."""
    n_groups: int | None = None
    """How many groups the rows are in; None where each row is on its own."""
    of_model: bool = False
    """Whether a classifier was asked, so that these are what its `predict_proba` returned."""
    out_of_fold: bool = False
    """Whether each row was predicted by a fit without it."""
    unseen: int = 0
    """How many rows are of a class that whoever predicted them was not fitted to."""
    unseen_share: float = 0.0
    """Their part of the loss."""

    @property
    def loss(self) -> float:
        """Mean loss of all rows."""
        return float(self.overall["log_loss"])

    @property
    def prior(self) -> float:
        """Entropy of the labels."""
        return float(self.overall["label_entropy"])

    @property
    def recommended(self) -> str | None:
        """The recommended map, if there is any."""
        if self.recalibration is None or self.recalibration.recommended == "none":
            return None
        return self.recalibration.recommended


def verdict(facts: Facts) -> str:
    """How good, what is wrong if anything is, and what to do about it."""
    found = next((said for rule in _RULES if (said := rule(facts))), "")
    return " ".join(filter(None, (_standing(facts), found)))


def confidence(gap: float) -> str:
    """
    What a model is called whose overall gap is beyond chance.

    The gap is the slope of the loss over the inverse temperature, which is convex: it is above 0
    exactly where the best temperature is above 1.
    """
    return "over-confident" if gap > 0 else "under-confident"


def _standing(f: Facts) -> str:
    if not math.isfinite(f.loss):
        return "The loss is infinite: the model gave a probability of 0 to what occurred."
    loss = f"The loss of {cell('log_loss', f.loss)} {unit_name(f.base)}"
    if not f.prior > 0:
        return f"{loss} is that of rows of a single class."
    saved = f"{100 * (1 - f.loss / f.prior):.2g}"
    if f.loss < f.prior * (1 - _SAME):
        saved = "more than 99" if saved == "1e+02" and f.loss > 0 else saved.replace("1e+02", "100")
        return f"{loss} is {saved} % below that of {_PRIOR}."
    how = "worse than" if _worse_than_prior(f) else "no better than"
    return f"{loss} is {how} that of {_PRIOR}, {cell('log_loss', f.prior)}."


def _worse_than_prior(f: Facts) -> bool:
    return bool(f.overall["ci_low"] > f.prior + f.prior_margin)


def _labels(f: Facts) -> str | None:
    if not f.all_hard or (f.of_model and f.loss == 0):
        return None
    if f.of_model:
        return _with_cure(f, "The model is certain of every row")
    return "All probabilities are 0 or 1: pass what predict_proba returns, not what predict does."


def _unseen(f: Facts) -> str | None:
    """Most of the loss is that of classes that were not there to learn from; not of a lone row."""
    if f.unseen < 2 or not f.unseen_share > _MOST_OF_IT:
        return None
    rows = f"{f.unseen} rows, which cost {percent(f.unseen_share)} of the loss, are of classes that"
    if f.out_of_fold:
        return f"{rows} their fold's training rows lack: shuffle or stratify the folds."
    return f"{rows} the model was not fitted to: check the labels, or fit it to such rows as well."


def _infinite(f: Facts) -> str | None:
    return None if math.isfinite(f.loss) else "Pass eps above 0 for a floor."


def _exchanged(f: Facts) -> str | None:
    """
    Columns of other classes, as the map shows that would mend them.

    Where the loss is worse than that of the prior, and each class that moves goes more by the
    column of another than by its own, the map only puts the columns in their places.
    """
    if f.recommended != "dirichlet" or not _worse_than_prior(f):
        return None
    fitted = f.recalibration.fitted if f.recalibration is not None else None
    if fitted is None or fitted.slopes.ndim != 2:
        return None
    slopes = np.asarray(fitted.slopes, dtype=np.float64)
    column = linear_sum_assignment(-slopes)[1]
    own, other = np.diag(slopes), slopes[np.arange(len(slopes)), column]
    moved = np.flatnonzero(column != np.arange(len(slopes)))
    if not len(moved) or (other[moved] < 2.0 * np.maximum(own[moved], 0.0)).any():
        return None
    c = int(moved[np.argmax(np.asarray(f.per_class["contribution"])[moved])])
    one, its = shortened(f.names[c]), shortened(f.names[int(column[c])])
    return f"Class {one} goes by the column of class {its}: check the order of the columns."


def _confidence(f: Facts) -> str | None:
    """Too sure or too shy, where that is no chance."""
    surely, untested = f.overall["p_value"] < ALL_ROWS, math.isnan(f.overall["p_value"])
    if not (surely or (untested and f.recommended == "temperature")):
        return None
    sign = float(f.overall["gap"])
    fitted = f.recalibration.fitted if f.recalibration is not None else None
    if untested and fitted is not None:
        sign = 1.0 - float(fitted.slopes.flat[0])  # above 0 where the temperature is above 1
    return _with_cure(f, f"The model is {confidence(sign)}")


def _priors(f: Facts) -> str | None:
    if f.recommended != "bias":
        return None
    there, said = (np.asarray(f.per_class[x]) for x in ("prevalence", "mean_proba"))
    c = int(np.argmax(abs(there - said)))
    return _with_cure(
        f,
        f"Classes occur more or less often than the model says, {shortened(f.names[c])} in "
        f"{percent(there[c])} of the rows instead of {percent(said[c])}",
    )


def _miscalibrated(f: Facts) -> str | None:
    return _with_cure(f, "The probabilities are miscalibrated") if f.recommended else None


def _with_cure(f: Facts, found: str) -> str:
    r = f.recalibration
    if r is None:
        return f"{found}."
    if f.recommended is None:
        return f"{found}, but no recalibration takes off more than noise."
    gain = float(r.gain[r.methods.index(f.recommended)])
    return f"{found}: recalibration ({f.recommended}) takes off {percent(gain / f.loss)}."


def _nothing_known(f: Facts) -> str | None:
    if not _worse_than_prior(f):
        return None
    there, said = (np.asarray(f.per_class[x]) for x in ("prevalence", "mean_proba"))
    if (abs(np.sort(there) - np.sort(said)) > _ELSEWHERE).any():  # in whatever order they are
        c = int(np.argmax(abs(there - said)))
        return (
            f"Class {shortened(f.names[c])} is in {percent(there[c])} of the rows instead of the "
            f"{percent(said[c])} that the model says: are these rows those that it is for?"
        )
    return "The probabilities may be those of other classes: check the order of the columns."


def _bad_class(f: Facts) -> str | None:
    """A class that costs more than its frequency, or that gets too little; the most costly."""
    little = beyond_chance(f.per_class["p_value"]) & (f.per_class["gap"] > 0)
    wrong = f.worse_than_prior | little
    if not wrong.any():
        return None
    c = int(np.argmax(np.where(wrong, f.per_class["contribution"], -np.inf)))
    others = int(np.count_nonzero(wrong)) - 1
    more = f", and so {'does 1 other' if others == 1 else f'do {others} others'}" if others else ""
    name = shortened(f.names[c])
    if not f.worse_than_prior[c]:
        return f"Class {name} gets too little probability{more}: look at its rows."
    loss, alone = (cell("log_loss", float(f.per_class[x][c])) for x in ("log_loss", "baseline"))
    return (
        f"Class {name} costs {loss} a row, more than the {alone} of its frequency alone{more}: "
        f"look at its rows."
    )


def _too_much(f: Facts) -> str | None:
    """A class that occurs too seldom, beyond chance: the farthest off."""
    wrong = beyond_chance(f.per_class["p_value"]) & (f.per_class["gap"] < 0)
    if not wrong.any():
        return None
    c = int(np.argmin(np.where(wrong, f.per_class["gap"], np.inf)))
    return f"Class {shortened(f.names[c])} occurs less often than its small probabilities say."


def _floored(f: Facts) -> str | None:
    n = int(f.overall["floored"])
    rows = "1 row is" if n == 1 else f"{n} rows are"
    return f"{rows} of a class that the model called impossible: look at those." if n else None


def _bent(f: Facts) -> bool:
    """Whether a reliability curve is off beyond chance, though no map and no gap shows it."""
    p = f.per_class["miscalibration_p"]
    p = np.sort(p[~np.isnan(p)])
    if len(f.per_class["miscalibration_p"]) == 2:  # which have the same curve
        p = p[:1]
    # Simes (1986), doi:10.1093/biomet/73.3.751. No p-value is below one in as many as there are
    # draws, so that of five classes no smallest one alone would ever be small enough.
    return bool((p * len(p) <= _BENT * np.arange(1, len(p) + 1)).any())


def _calibrated(f: Facts) -> str | None:
    n, what = int(f.overall["n_samples"]), "row"
    if f.n_groups is not None:
        n, what = f.n_groups, "group"
    if f.loss == 0:
        return None
    if n < _FEW:
        return f"{n} {what}{' is' if n == 1 else 's are'} too few to say more."
    if math.isnan(f.overall["p_value"]):
        return "Whether it is calibrated cannot be tested here."
    if _bent(f):
        return "Some probabilities occur more or less often than they say: look at the curves."
    said = f"The probabilities are calibrated, as far as {n} {what}s can tell"
    if f.overall["tail_share"] >= _LONG_TAIL:
        share = percent(f.overall["tail_share"])
        return f"{said}; the worst 1 % of the rows carry {share} of the loss."
    return f"{said}."


_RULES: tuple[Callable[[Facts], str | None], ...] = (
    _unseen,
    _labels,
    _infinite,
    _exchanged,
    _priors,
    _confidence,
    _miscalibrated,
    _nothing_known,
    _bad_class,
    _too_much,
    _floored,
    _calibrated,
)
