"""Render a comparison of models as text for a terminal, as a frame and as plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from skxent._render._text import fit, table_lines, wrapped
from skxent._render._words import cell, printable, unit_name
from skxent._typing import FloatArray
from skxent.comparison._content import FIGURES, ComparisonContent
from skxent.comparison._verdict import verdict

__all__ = [
    "axis_ends",
    "comparison_columns",
    "comparison_dict",
    "comparison_text",
    "flat_figures",
    "heading",
]

# The fewest characters that a name is cut to.
_NARROWEST = 8


def heading(content: ComparisonContent) -> str:
    """What is compared, on which rows."""
    groups = "" if content.n_groups is None else f" in {content.n_groups} groups"
    rows = f"{content.n_samples} row{'s' if content.n_samples != 1 else ''}"
    models = f"{len(content.models)} models"
    return f"Log loss of {models} on the same {rows}{groups}, in {unit_name(content.base)}."


def _how_to_read(content: ComparisonContent, reference: str) -> list[str]:
    level = f"{100 * content.confidence_level:g} %"
    meaning = f"loss minus that of {reference}, with {level} interval; below 0 is better"
    return [
        f"difference: {meaning}.",
        "adjusted_p: Holm's, over all models, and over all classes and models.",
    ]


def axis_ends(seen: FloatArray, low: FloatArray, high: FloatArray) -> tuple[float, float]:
    """Ends of an axis with all differences and 0, but not the whole of a very wide interval."""
    reach = np.fmax(abs(low), abs(high))
    reach = np.append(reach[np.isfinite(reach)], 0.0)
    most = float(np.max(abs(seen), initial=0.0, where=np.isfinite(seen)))
    limit = max(1.2 * most, min(float(reach.max()), 3.0 * float(np.median(reach))))
    ends = np.concatenate([[0.0], seen[np.isfinite(seen)], np.clip(low, -limit, limit),
                           np.clip(high, -limit, limit)])  # fmt: skip
    start, end = np.nanmin(ends), np.nanmax(ends)
    margin = 0.04 * (end - start)
    return float(start - margin), float(end + margin)


def comparison_text(content: ComparisonContent, width: int) -> str:
    """A table of the models, and for each of them one of the classes."""
    models = [printable(name) for name in content.models]
    half = max((width - len(" against ")) // 2, _NARROWEST)
    short = [fit(name, half).rstrip() for name in models]
    reference = short[content.models.index(content.reference)]
    lines = [heading(content), *_how_to_read(content, reference), *map(printable, content.notes)]
    text = [wrapped(verdict(content), max(width, 40)), ""]
    text += [wrapped(line, max(width, 40)) for line in lines]
    overall = {name: getattr(content, name).tolist() for name in FIGURES}
    text += ["", *table_lines("all rows", models, _cells(overall), width)]
    names = [printable(str(name)) for name in content.target_names]
    for i in content.compared:
        columns: dict[str, Sequence[Any]] = {"support": content.support.tolist()}
        columns |= {name: getattr(content, f"class_{name}")[i].tolist() for name in FIGURES}
        text += ["", f"{short[i]} against {reference}"]
        text += table_lines("class", names, _cells(columns), width)
    return "\n".join(text)


def _cells(columns: Mapping[str, Sequence[Any]]) -> dict[str, list[str]]:
    return {name: [cell(name, v) for v in values] for name, values in columns.items()}


def comparison_columns(content: ComparisonContent) -> dict[str, Any]:
    """One row for each model, and one for each model and class."""
    n, k = len(content.models), len(content.labels)
    columns: dict[str, Any] = {
        "model": [*content.models, *(name for name in content.models for _ in range(k))],
        "scope": ["all"] * n + ["class"] * (n * k),
        "class": [*[None] * n, *list(content.target_names) * n],
        "support": np.concatenate([np.full(n, content.n_samples), np.tile(content.support, n)]),
    }
    for name in FIGURES:
        parts = getattr(content, name), getattr(content, f"class_{name}").ravel()
        columns[name] = np.concatenate(parts)
    return columns


def comparison_dict(content: ComparisonContent) -> dict[str, Any]:
    """Plain values; nan and infinity are floats."""
    return {
        "models": list(content.models),
        "reference": content.reference,
        "labels": content.labels.tolist(),
        "target_names": list(content.target_names),
        "base": content.base,
        "confidence_level": content.confidence_level,
        "n_samples": content.n_samples,
        "n_groups": content.n_groups,
        "notes": list(content.notes),
        "verdict": verdict(content),
        "support": content.support.tolist(),
        "overall": {
            model: {name: float(getattr(content, name)[i]) for name in FIGURES}
            for i, model in enumerate(content.models)
        },
        "per_class": {
            model: {name: getattr(content, f"class_{name}")[i].tolist() for name in FIGURES}
            for i, model in enumerate(content.models)
        },
    }


def flat_figures(values: dict[str, Any]) -> dict[str, Any]:
    """The fields of a comparison from what `comparison_dict` made of them."""
    flat = dict(values)
    overall, per_class = flat.pop("overall"), flat.pop("per_class")
    flat.pop("verdict")  # which is made of the others
    models = list(overall)
    if models != flat["models"] or models != list(per_class):
        msg = "not all parts are of the same models"
        raise ValueError(msg)
    return (
        flat
        | {name: [overall[model][name] for model in models] for name in FIGURES}
        | {f"class_{name}": [per_class[model][name] for model in models] for name in FIGURES}
    )
