"""Contents of reports that are made up, but hang together, for the tests of what shows them."""

import dataclasses
import math

import numpy as np

from skxent.recalibration._choice import Recalibration
from skxent.report._about import About
from skxent.report._content import COLUMNS as PER_CLASS
from skxent.report._content import Content, Curve
from skxent.report._html import report_html

METHODS = (
    *("none", "bias", "temperature", "bias+temperature", "mix", "temperature+mix"),
    *("vector", "dirichlet"),
)


def _spread(x, factor):
    return x * (1 - factor), x * (1 + 1.5 * factor)


def _per_class(rng, y, p, names):
    n, k = p.shape
    losses = -np.log(p[np.arange(n), y])
    members = np.eye(k)[y].T
    support = members.sum(axis=1)
    cost = -p * np.log(p)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (members @ losses) / support
        baseline = -np.log(support / n)
        contribution, expected = members @ losses / n, cost.mean(axis=0)
        deviation = np.sqrt((p * (1 - p) * np.log(p) ** 2).sum(axis=0)) / n
        pull = losses[:, None] * p / (1 - p[np.arange(n), y])[:, None]
        confusion = members @ np.where(np.eye(k, dtype=bool)[y], 0, pull) / n
        z = (contribution - expected) / deviation
        low, high = _spread(mean, 1.2 / np.sqrt(support))
        recoverable = contribution * rng.uniform(-0.05, 0.3, k)
        ovr = contribution * rng.uniform(1.1, 1.9, k)
        rival, most = confusion.argmax(axis=1), confusion.max(axis=1, initial=0)
        columns = (
            *(support.astype(int), support, support / n, p.mean(axis=0), mean, low, high),
            *(contribution, contribution / contribution.sum(), baseline, 1 - mean / baseline),
            *(expected, contribution - expected, z, np.exp(-(z**2) / 2)),
            *(recoverable, *_spread(recoverable, 0.4), ovr, ovr * 0.2, ovr, ovr * 1.8),
            *(ovr * 0.15, rng.random(k), np.zeros(k, dtype=int)),
            np.array([names[j] if s else None for j, s in zip(rival, most, strict=True)], object),
            most / contribution,
            np.exp(z**2 / 4),
        )
    return dict(zip(PER_CLASS, columns, strict=True)), confusion


def _curve(rng, proba, hits):
    edges = np.linspace(0, 1, 21)
    counts = np.histogram(proba, edges)[0].astype(float)
    grid = np.linspace(0, 1, 41)
    width = 0.03 + 0.5 * np.sqrt(grid * (1 - grid)) / np.sqrt(1 + counts.min())
    order = np.argsort(proba)
    blocks = np.array_split(order, max(min(12, len(order) // 8), 1))
    share = np.maximum.accumulate([hits[b].mean() for b in blocks])
    corners = np.array([proba[b].mean() for b in blocks])
    low, high = np.clip(grid - width, 0, 1), np.clip(grid + width, 0, 1)
    return Curve(corners, share, grid, low, high, edges, counts)


def _recalibration(loss, contribution):
    factor = np.array([1, 0.99, 0.93, 0.935, 0.97, 0.932, 0.94, 1.21])
    gain = loss * (1 - factor)
    low, high = _spread(loss * factor, 0.1)
    parts = np.outer(1 - factor, contribution)
    bounds = gain - 0.02 * loss, gain + 0.02 * loss
    return Recalibration(METHODS, loss * factor, low, high, gain, *bounds, parts, "temperature")


def content(n_classes=10, n=600, *, names=None, base=math.e, recalibration=True, seed=0, **changes):
    """Content of a report on n rows; `changes` replaces fields."""
    rng = np.random.default_rng(seed)
    names = tuple(f"class {i}" for i in range(n_classes)) if names is None else tuple(names)
    logits = rng.normal(scale=2.5, size=(n, n_classes)) + rng.normal(size=n_classes)
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    y = (0.7 * logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
    p = np.clip(p, 1e-12, 1 - 1e-12)
    per_class, confusion = _per_class(rng, y, p, names)
    losses = -np.log(p[np.arange(n), y])
    worst, loss = np.argsort(-losses)[:10], losses.mean()
    overall = {
        "n_samples": n,
        "weight": float(n),
        "log_loss": loss,
        "ci_low": 0.9 * loss,
        "ci_high": 1.15 * loss,
        "macro_log_loss": float(np.nanmean(per_class["log_loss"])),
        "macro_ci_low": 0.9 * loss,
        "macro_ci_high": 1.3 * loss,
        "label_entropy": 2.5 * loss,
        "skill": 0.6,
        "predictive_entropy": 0.8 * loss,
        "gap": 0.2 * loss,
        "z": 4.2,
        "p_value": 1e-5,
        "perplexity": math.exp(loss),
        "recoverable": 0.1 * loss,
        "recoverable_low": 0.05 * loss,
        "recoverable_high": 0.15 * loss,
        "refinement_loss": 0.9 * loss,
        "calibration_loss": 0.1 * loss,
        "tail_share": 0.12,
        "gini": 0.61,
        "floored": 0,
        "e_value": 40.0,
    }
    predicted = p.argmax(axis=1)
    made = Content(
        labels=np.arange(n_classes),
        target_names=names,
        base=base,
        confidence_level=0.95,
        n_null=200,
        about=About("Forest", False, False, None, "1.2.3", "2026-02-03"),
        verdict="The loss is 60 % below that of class frequencies alone. It is over-confident.",
        notes=("The consistency bands come from 200 draws.",),
        findings=(
            f"The model pays {0.2 * loss:.4f} more than it expects (z 4.20, p <0.001).",
            f"Class {names[0]} costs {per_class['log_loss'][0]:.4f} a row.",
        ),
        loss_confusion=confusion,
        reliability=tuple(_curve(rng, p[:, c], y == c) for c in range(n_classes)),
        recalibration=_recalibration(loss, per_class["contribution"]) if recalibration else None,
        _per_class=per_class,
        _overall=overall,
        _worst_rows={
            "row": worst,
            "class": np.array([names[c] for c in y[worst]], object),
            "log_loss": losses[worst],
            "proba": p[worst, y[worst]],
            "predicted": np.array([names[c] for c in predicted[worst]], object),
            "predicted_proba": p[worst, predicted[worst]],
        },
    )
    return dataclasses.replace(made, **changes)


def render_html(made, *, title=None):
    """The page of a content."""
    return report_html(made, title, on_page=True)


def render_fragment(made):
    """The part of a notebook."""
    return report_html(made, None, on_page=False)
