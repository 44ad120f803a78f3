"""The loss of a report if classes occurred in other shares."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from skxent._inference._intervals import around
from skxent._intake._labels import shown
from skxent._typing import FloatArray
from skxent.report._content import Content
from skxent.report._intervals import macro_interval

__all__ = ["loss_under"]

_TOLERANCE = 1e-6


def loss_under(content: Content, shares: Mapping[Any, float]) -> tuple[float, float, float]:
    """Loss and interval under these shares; see `LogLossReport.under_prior`."""
    part = _checked(content, shares)
    brief = content._brief
    if brief is None:
        msg = (
            "A report that was read from JSON has no sums of its rows; ask the one that was "
            "written, or save an accumulator."
        )
        raise ValueError(msg)
    unit, there = math.log(content.base), part > 0
    losses = np.asarray(content.per_class["log_loss"], dtype=np.float64)
    loss = float(part[there] @ losses[there])
    low, high = macro_interval(brief.sums, brief.eps, content.confidence_level, part)
    low, high = around(np.asarray(loss), low / unit, high / unit)
    return loss, float(low), float(high)


def _checked(content: Content, shares: Mapping[Any, float]) -> FloatArray:
    if not isinstance(shares, Mapping):
        msg = (
            f'shares must be a mapping from labels to shares, such as {{"a": 0.2, "b": 0.8}}; got '
            f"{type(shares)}."
        )
        raise TypeError(msg)
    labels = content.labels.tolist()
    part = np.zeros(len(labels))
    for label, share in shares.items():
        plain = label.item() if isinstance(label, np.generic) else label
        if plain not in labels:
            msg = f"shares has {label!r}, which is not among labels, {shown(content.labels)}."
            raise ValueError(msg)
        part[labels.index(plain)] = share
    if not (part >= 0).all() or not abs(part.sum() - 1.0) <= _TOLERANCE:
        msg = (
            f"shares must be 0 or more, and sum to 1; got {dict(shares)}, which sums to "
            f"{part.sum():g}. Divide each by the sum."
        )
        raise ValueError(msg)
    absent = (part > 0) & (content.per_class["support"] == 0)
    if absent.any():
        names = shown(content.labels[absent])
        msg = (
            f"shares has {names}, of which the report has no rows, so that nothing says what such "
            f"rows cost; leave it out, or report more rows."
        )
        raise ValueError(msg)
    return part
