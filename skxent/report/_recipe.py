"""The lines that apply the recommended recalibration, to paste."""

from __future__ import annotations

import math

from skxent.recalibration._choice import Recalibration
from skxent.report._content import Content

__all__ = ["labels_given", "recipe", "recommended"]

_FROZEN = "from sklearn.frozen import FrozenEstimator"
_IMPORT = "from skxent import RecalibratedClassifier"


def labels_given(content: Content) -> bool:
    """Whether what `predict` returns seems to stand for probabilities, which no map gives back."""
    certain = content.overall["predictive_entropy"] == 0.0 and len(content.labels) > 1
    return certain and content.about.model is None


def recommended(content: Content) -> str | None:
    """The map that the report recommends, or "none"; None where it has another advice."""
    if content.recalibration is None or labels_given(content):
        return None
    return content.recalibration.recommended


def recipe(content: Content) -> str:
    """
    Python for the recommended map; empty where nothing is recommended.

    It speaks of `report`, and of predictions of `model` for other rows; where a report was made of
    a classifier, of this `model` and of the `X` and `y` that it was made of.
    """
    found, about = content.recalibration, content.about
    if found is None or recommended(content) in {None, "none"}:
        return ""
    if about.model is None:
        return _of_predictions(content, found)
    frozen = not about.out_of_fold
    model = "FrozenEstimator(model)" if frozen else "model"
    given = "X, y"
    given += ", sample_weight=sample_weight" if about.weighted else ""
    given += ", groups=groups" if about.n_groups is not None else ""
    unit_sums = ", renormalize=True" if about.renormalize else ""
    return "\n".join(
        [
            *([_FROZEN] if frozen else []),
            _IMPORT,
            f'model = RecalibratedClassifier({model}, method="{found.recommended}"{unit_sums})',
            f"model.fit({given})  # the rows of this report",
        ]
    )


def _of_predictions(content: Content, found: Recalibration) -> str:
    """Of predictions that are given as those of the report were."""
    about, base = content.about, content.base
    given = ", from_logits=True" if about.from_logits else ""
    given += ", renormalize=True" if about.renormalize else ""
    # The columns are in the order of the report, and new rows may lack a class.
    named = "labels=recalibrator.classes_"
    if found.fitted is not None and found.fitted.positive == 0:  # of a 1-D y_proba
        named += ", pos_label=recalibrator.classes_[0]"
    whole = int(base) if float(base).is_integer() else base
    unit = "" if base == math.e else f", base={whole!r}"
    return "\n".join(
        [
            "from skxent import log_loss",
            f"recalibrator = report.recalibrator()  # {found.recommended}",
            f"better = recalibrator.predict_proba(y_proba_new{given})",
            f"log_loss(y_new, better, {named}{unit})",
        ]
    )
