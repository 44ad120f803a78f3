"""The columns of a report as a page shows them: in which table, and what they mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skxent._render._page import Column, figure_column, name_column

__all__ = ["class_columns"]

# What matters most: group, and each column with the line that explains it.
_FIRST = {
    "": {"support": "Rows of the class."},
    "cost": {
        "log_loss": "Mean loss of a row of the class.",
        "ci_low": "Lower end of the confidence interval of the log loss.",
        "ci_high": "Upper end of the confidence interval of the log loss.",
        "share": "Part of the overall loss that the class carries; adds up to 100 %.",
    },
    "against what the model itself expected": {
        "expected": "What the model itself expects to pay for the class, over all rows.",
        "gap": "Contribution minus expected, 0 on average if the model is calibrated. Above 0 "
        "(orange, to the right): the class gets too little probability. Below 0 (blue, to the "
        "left): it costs less than the model expects.",
        "z": "The gap in standard deviations of a calibrated model.",
        "p_value": "How often a calibrated model has a gap at least as far out: two-sided, of "
        "this class alone.",
    },
    "prior": {
        "skill": "Part of the baseline that the model saves: 1 is perfect, 0 no better than the "
        "prevalences, below 0 worse.",
    },
    "what recalibration takes off": {
        "recoverable": "What a cross-fitted recalibration map takes off the contribution; below "
        "0 where it makes things worse.",
        "recoverable_low": "Lower end of the confidence interval of recoverable.",
        "recoverable_high": "Upper end of the confidence interval of recoverable.",
    },
    "confused with": {
        "top_rival": "Class that takes most of the loss of this one.",
        "top_rival_share": "Part of the loss of this class that it takes.",
    },
}
_MORE = {
    "": {
        "weight": "Weight of the rows of the class.",
        "prevalence": "Share of the class in all weight.",
        "mean_proba": "Mean predicted probability of the class, over all rows.",
        "contribution": "Log loss times prevalence: what the class adds to the overall loss.",
        "baseline": "Loss of a row of the class to a model that knows only the prevalences.",
        "e_value": "Evidence against the probabilities of the class, which may be looked at after "
        "every row: a calibrated model ever exceeds 20 in at most 5 % of all cases.",
        "floored": "Rows whose class had a probability below eps; each costs as much as eps.",
    },
    "one-vs-rest": {
        "ovr_log_loss": "One-vs-rest: log loss of the probability of the class, against all "
        "others together; miscalibration − discrimination + uncertainty.",
        "miscalibration": "One-vs-rest: what an isotonic map of the probability of the class "
        "takes off in sample.",
        "discrimination": "One-vs-rest: what the probability, so mapped, saves over the "
        "prevalence of the class.",
        "uncertainty": "One-vs-rest: loss of the prevalence of the class as the probability of "
        "each row.",
        "miscalibration_null": "One-vs-rest: mean miscalibration where labels are drawn from the "
        "model's own probabilities. Only what is above it counts.",
        "miscalibration_p": "One-vs-rest: how often such labels show at least as much "
        "miscalibration.",
    },
}
_KNOWN = {name for table in (_FIRST, _MORE) for group in table.values() for name in group}
_BARS, _SIGNED, _NAMES = {"share", "gap"}, {"gap"}, {"top_rival"}


def class_columns(
    names: Sequence[str], per_class: Mapping[str, NDArray[np.generic]], draws: int = 0
) -> tuple[tuple[Column, ...], tuple[Column, ...]]:
    """
    Columns of the table that matters most, and of the rest; each begins with the names.

    `draws` is how often labels were drawn for the null of the miscalibration.
    """
    others = {name: "" for name in per_class if name not in _KNOWN}
    more = {**_MORE, "": {**_MORE[""], **others}}
    first, rest = (
        tuple(
            _column(name, per_class[name].tolist(), meaning, group, draws)
            for group, columns in table.items()
            for name, meaning in columns.items()
            if name in per_class
        )
        for table in (_FIRST, more)
    )
    classes = name_column("class", names)
    return (classes, *first), (classes, *rest)


def _column(name: str, values: list[Any], meaning: str, group: str, draws: int) -> Column:
    if name in _NAMES:
        return name_column(name, values, meaning=meaning, group=group)
    return figure_column(
        name,
        values,
        meaning=meaning,
        group=group,
        signed=name in _SIGNED,
        bars=name in _BARS,
        draws=draws if name == "miscalibration_p" else 0,
    )
