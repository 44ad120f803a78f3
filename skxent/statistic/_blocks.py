"""Sums over blocks of rows: what the statistic is made of."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skxent._backend import class_weights, dot, row_sums
from skxent._kernels import LOG_SMALLEST, log_of
from skxent._typing import FloatArray, IntArray
from skxent.statistic._confusion import Confusion
from skxent.statistic._evidence import Evidence, Ratios
from skxent.statistic._histogram import Histogram
from skxent.statistic._slabs import Slab, Slabs, in_layers

__all__ = ["Blocks"]

# A product of 15 numbers that are not smaller, such as 1 - p if it is not 0, does not underflow.
_LEAST_FACTOR = 2.0**-53
# Above the logarithm of the least probability that is possible, however that is rounded.
_NEARLY_IMPOSSIBLE = LOG_SMALLEST + 1.0
_BY_CLASS = {
    **dict.fromkeys(("weight", "loss", "floored_weight", "floored_square", "floored_cube"), ()),
    **dict.fromkeys(("proba", "expected", "most", "ovr_loss", "surprise"), ()),
    "square": (3,),
    "cube": (4,),
    "moments": (2,),
}
_COUNTS = ("support", "floored", "excluded")


class Blocks:
    """Sums over blocks of rows, which are worked on one after the other in the same memory."""

    def __init__(self, n_classes: int, eps: float) -> None:
        k = n_classes
        self._eps = eps
        self._least = math.log(eps) if eps > 0 else -math.inf
        self._sums: dict[str, NDArray[Any]] = {
            **{name: np.zeros((*shape, k)) for name, shape in _BY_CLASS.items()},
            **{name: np.zeros(k, dtype=np.int64) for name in _COUNTS},
            "moments_of_all": np.zeros(2),
            "surprise_of_all": np.zeros(1),
        }
        self._evidence = Evidence.none(k)
        self._confusion = Confusion(k)
        self._histogram = Histogram(k)
        self._slabs = Slabs()
        self._starts = np.empty(0, dtype=np.intp)

    def sums(self) -> dict[str, NDArray[Any]]:
        """The fields of `Statistics`."""
        np.fill_diagonal(self._confusion.total, 0.0)
        evidence = {"temperature": self._evidence.temperature, "bias": self._evidence.bias}
        large = {"confusion": self._confusion.total, "histogram": self._histogram.counted()}
        return self._sums | evidence | large

    def add(
        self,
        p: FloatArray,
        logp: FloatArray | None,
        codes: IntArray,
        weight: FloatArray | None,
        losses: FloatArray,
    ) -> None:
        """
        Add a block, and write to `losses` what its rows cost.

        `logp` are the logarithms of `p`, where they are more than that.
        """
        if weight is not None and ((weight == 0.0) | (weight == 1.0)).all():
            # Rows that count once each need no weights, and only they are evidence.
            there = np.flatnonzero(weight)
            found = np.empty(len(there))
            logs = None if logp is None else logp[there]
            self.add(p[there], logs, codes[there], None, found)
            losses[:] = 0.0
            losses[there] = found
            return
        # They are read flat.
        p, logp = np.ascontiguousarray(p), None if logp is None else np.ascontiguousarray(logp)
        for at in in_layers(len(p)):
            logs, w = (None if x is None else x[at] for x in (logp, weight))
            self._add_layers(p[at], logs, codes[at], w, losses[at])

    def _add_layers(
        self,
        p: FloatArray,
        logp: FloatArray | None,
        codes: IntArray,
        weight: FloatArray | None,
        losses: FloatArray,
    ) -> None:
        n, k = p.shape
        if n > len(self._starts):
            self._starts = np.arange(0, n * k, k)
        of_class = self._starts[:n] + codes  # where the numbers of the rows' own classes are
        own_p = p.reshape(-1).take(of_class, mode="wrap")
        own = log_of(own_p) if logp is None else logp.reshape(-1).take(of_class, mode="wrap")
        np.subtract(0.0, np.maximum(own, self._least, out=losses), out=losses)
        rows = _Rows(np.asarray(row_sums(p), dtype=np.float64), codes, weight, losses)
        labels = _of_the_labels(rows, k)
        self._add_to(labels)
        floored = own < self._least
        if floored.any():
            there = floored if weight is None else floored & (weight > 0)
            w = np.ones(np.count_nonzero(there)) if weight is None else weight[there]
            self._add_to(_floored(codes[there], w, k))
        self._confusion.add(p, rows.sums - own_p, losses, codes, weight)
        ratios = rows.ratios(k)
        for slab in self._slabs.of(p, logp):
            self._add_slab(slab, rows, ratios, labels["loss"])
        of_all = rows.moments_of_all()
        self._add_to({"moments_of_all": of_all, "surprise_of_all": _total(rows.once, losses)})
        none = Evidence.none(k, math.nan)
        found = none if ratios is None else ratios.evidence(own, labels["support"], self._eps)
        self._evidence += found

    def _add_to(self, parts: dict[str, Any], classes: slice = slice(None)) -> None:
        for name, part in parts.items():
            total = self._sums[name][..., classes]
            total += part

    def _add_slab(self, slab: Slab, rows: _Rows, ratios: Ratios | None, loss: FloatArray) -> None:
        chance = rows.chance(slab)
        if ratios is not None:
            ratios.add(slab, chance)
        excluded: FloatArray | int = 0
        logp = slab.logp
        # Where eps is 0, any finite cost will do: it is multiplied by a probability of 0.
        floor = max(self._least, LOG_SMALLEST)
        lowest = logp.min()
        if lowest < _NEARLY_IMPOSSIBLE:
            none = slab.p == 0
            if rows.once is not None:
                none &= slab.of_rows(rows.once) > 0
            excluded = np.count_nonzero(none, axis=(0, 2))
        if lowest < floor:
            np.maximum(logp, floor, out=logp)
        parts = rows.of_the_model(slab, chance) | {"excluded": excluded}
        rest = np.subtract(1.0, slab.p, out=slab.spare[2])
        of_class, places = slab.own(rows.codes)
        self._histogram.add(slab, rest, rows.weight, of_class, places)
        rest.reshape(-1)[places] = 1.0
        product = None if rows.weight is not None else self._products(rest)
        if product is not None:
            ovr = loss[slab.classes] - np.log(product, out=product).sum(axis=1)
            parts |= {"ovr_loss": ovr, "surprise": ovr}
        else:
            parts |= self._ovr_losses(slab, rest, rows, of_class, places)
        self._add_to(parts, slab.classes)

    def _products(self, rest: FloatArray) -> FloatArray | None:
        """
        Products of the layers, each number floored; None where they might vanish.

        The logarithm of a product of rows is that of all of them for the price of one.
        """
        product = np.multiply.reduce(rest, axis=0)
        # No number up to 1 is below its product with others.
        if product.min() < max(self._eps, _LEAST_FACTOR):
            lowest = rest.min()
            if max(lowest, self._eps) < _LEAST_FACTOR:
                return None
            if lowest < self._eps:
                np.maximum(rest, self._eps, out=rest)
                np.multiply.reduce(rest, axis=0, out=product)
        return product

    def _ovr_losses(
        self,
        slab: Slab,
        rest: FloatArray,
        rows: _Rows,
        of_class: slice | IntArray,
        places: IntArray,
    ) -> dict[str, FloatArray]:
        """
        One-vs-rest losses: minus log p of the row's class, minus log (1 - p) of the others.

        `rest`, which is 1 - p, or 1 at the class of a row, is overwritten.
        """
        if rows.once is not None and not rows.once.all():
            # A row of weight 0 is not there, however wrong it is.
            np.copyto(rest, 1.0, where=slab.of_rows(rows.once) == 0)
        logs = log_of(rest, out=rest)
        if self._least > -math.inf:
            np.maximum(logs, self._least, out=logs)
        logs.reshape(-1)[places] = -rows.losses[of_class]
        once, weighted = (-slab.class_sums(w, logs) for w in (rows.once, rows.weight))
        return {"ovr_loss": weighted, "surprise": once}


class _Rows:
    """What is known of the rows of a block beside their probabilities, and their moments."""

    def __init__(
        self, sums: FloatArray, codes: IntArray, weight: FloatArray | None, losses: FloatArray
    ) -> None:
        self.sums, self.codes, self.losses, self.weight = sums, codes, losses, weight
        self.once, self.second, self.third = _powers(weight)
        if weight is not None:
            losses[weight == 0] = 0.0
        # Labels are drawn from rows that sum to 1 exactly, or else rounding would look like a gap.
        self.even = bool(max(sums.max() - 1.0, 1.0 - sums.min()) <= 1e-13)
        self._moments = np.zeros((3, len(codes)))

    def ratios(self, n_classes: int) -> Ratios | None:
        """For the evidence, where rows count once each."""
        if self.weight is not None:
            return None
        return Ratios(n_classes, None if self.even else self.sums)

    def chance(self, slab: Slab) -> FloatArray:
        """Probabilities in rows that sum to 1."""
        if self.even:
            return slab.p
        return np.divide(slab.p, slab.of_rows(self.sums), out=slab.last_spare())

    def of_the_model(self, slab: Slab, chance: FloatArray) -> dict[str, FloatArray]:
        """Moments of the losses of classes if labels are drawn from `chance`."""
        logp = slab.logp
        # Class c adds its cost, -log, with probability `chance` and else nothing.
        terms = np.multiply(chance, logp, out=slab.spare[0])
        expected = slab.class_sums(self.weight, terms)
        spread = np.subtract(logp, terms, out=slab.spare[1])
        product = np.multiply(terms, spread, out=slab.spare[2])
        variance = slab.class_sums(self.second, product)
        spread -= terms
        product *= spread
        third = slab.class_sums(self.third, product)
        # A row adds the cost of one class.
        mean, square, cube = self._moments.reshape(3, len(terms), -1)
        mean += slab.row_sums(terms)
        terms *= logp
        square += slab.row_sums(terms)
        cube += np.einsum("lkn,lkn->ln", terms, logp)
        return {
            "proba": slab.class_sums(self.weight, slab.p),
            "most": -slab.class_sums(self.weight, logp),
            "expected": -expected,
            "moments": np.array([variance, -third]),
        }

    def moments_of_all(self) -> FloatArray:
        """Variance and third moment of the sum over all classes, when all slabs were looked at."""
        mean, square, cube = self._moments
        of_mean = mean * mean
        variance = square - of_mean
        cubed = mean * (3.0 * square - 2.0 * of_mean) - cube
        # Where all classes cost nearly the same, nothing but rounding is left.
        even = variance < 1e-8 * square
        if even.any():
            cubed[even] = 0.0
            variance[variance < 1e-13 * square] = 0.0
        return np.array([_total(self.second, variance), _total(self.third, cubed)])


def _powers(weight: FloatArray | None) -> tuple[FloatArray | None, ...]:
    """Weights to the power 0, 2 and 3; none where rows count once each."""
    if weight is None:
        return None, None, None
    second = weight * weight
    return (weight > 0).astype(np.float64), second, second * weight


def _total(weight: FloatArray | None, values: FloatArray) -> float:
    """Sum of values, weighted if there is a weight."""
    return float(values.sum()) if weight is None else dot(weight, values)


def _floored(codes: IntArray, w: FloatArray, k: int) -> dict[str, NDArray[Any]]:
    """Count, weight, squared and cubed weight of the rows that cost the floor."""
    names = ("floored_weight", "floored_square", "floored_cube")
    powers = {name: class_weights(codes, k, w**r) for r, name in enumerate(names, start=1)}
    return {"floored": np.bincount(codes, minlength=k), **powers}


def _of_the_labels(rows: _Rows, k: int) -> dict[str, NDArray[Any]]:
    """Sums over the rows of each class."""
    sums = partial(class_weights, rows.codes, k)
    squares = rows.losses * rows.losses
    powers = rows.losses, squares, squares * rows.losses
    if rows.weight is None:
        raw = np.array([sums(None), *map(sums, powers)])
        support = raw[0].astype(np.int64)
        return {
            "support": support,
            "weight": raw[0],
            "loss": raw[1],
            "square": raw[:3],
            "cube": raw,
        }
    weight, second = rows.weight, rows.weight * rows.weight
    third = second * weight
    return {
        "support": np.bincount(rows.codes[weight > 0], minlength=k),
        "weight": sums(weight),
        "loss": sums(weight * rows.losses),
        "square": np.array([sums(second), *(sums(second * x) for x in powers[:2])]),
        "cube": np.array([sums(third), *(sums(third * x) for x in powers)]),
    }
