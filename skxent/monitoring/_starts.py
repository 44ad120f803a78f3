"""Evidence that may have begun at any batch, and after which batch it most likely did."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import logsumexp

from skxent._typing import FloatArray, IntArray
from skxent.statistic._evidence import BIASES, EXPONENTS, Evidence

__all__ = ["Starts"]

# Of the evidence, the share of what begins with the first row; later starts share the rest.
_FIRST = 0.5
# Of that, starts after n rows or more have the share (1 + n / _ROWS) to the power -1/2.
_ROWS = 1000.0


@dataclass(frozen=True, slots=True, eq=False)
class Starts:
    """
    Logarithms of products of ratios, one for each alternative; see `Evidence`.

    A product that begins at a later row is 1 until then. A mean of all of them, with shares that
    were fixed before the rows, is a fair game as each of them is, and one number an alternative
    holds those that have begun. Starts within a batch begin with the next one: which rows a batch
    ends with may depend on them.
    """

    whole: FloatArray
    """Of all rows; shape (5 + 4 n_classes,), as the next."""
    begun: FloatArray
    """Sum of the products of later starts that have begun, times their shares."""
    rest: float
    """Logarithm of the share of later starts that have not."""
    n_dealt: int
    """Rows up to which starts have begun."""
    least: FloatArray
    """The smallest that `whole` has been."""
    place: IntArray
    """After how many looks."""

    @classmethod
    def none(cls, n_classes: int) -> Starts:
        """Those of no rows."""
        nothing = _flat(Evidence.none(n_classes))
        begun, place = np.full(nothing.shape, -np.inf), np.zeros(nothing.shape, dtype=np.int64)
        return cls(nothing, begun, 0.0, 0, nothing, place)

    @classmethod
    def of_whole(cls, evidence: Evidence, n_looks: int) -> Starts:
        """Of a file that has the evidence of all rows only: all products began with the first."""
        whole = _flat(evidence)
        place = np.full(whole.shape, n_looks, dtype=np.int64)
        return cls(whole, whole, -math.inf, 0, whole, place)

    def with_batch(self, batch: Evidence, n_before: int, n_looks: int) -> Starts:
        """With the rows of a batch, before which there were so many others and looks."""
        ratios, begun, rest = _flat(batch), self.begun, self.rest
        if n_before > self.n_dealt and rest > -math.inf:
            kept = _log_share(n_before) - _log_share(self.n_dealt)
            begun = np.logaddexp(begun, rest + math.log(-math.expm1(kept)))
            rest += kept
        whole = self.whole + ratios
        lower = whole < self.least
        least, place = np.where(lower, whole, self.least), np.where(lower, n_looks + 1, self.place)
        return Starts(whole, begun + ratios, rest, n_before, least, place)

    def merged(self, other: Starts, n_looks: int) -> Starts:
        """
        With those of another stream, whatever the order in which several are merged.

        The products of two streams are multiplied, start by start, and of such a pair only that in
        which neither has begun is still to begin. When the ratios were smallest is not known.
        """
        whole = self.whole + other.whole
        crossed = np.logaddexp(self.begun + other.rest, self.rest + other.begun)
        begun = np.logaddexp(self.begun + other.begun, crossed)
        rest, n_dealt = self.rest + other.rest, self.n_dealt + other.n_dealt
        place = np.full(whole.shape, n_looks, dtype=np.int64)
        return Starts(whole, begun, rest, n_dealt, whole, place)

    def log_e(self) -> float:
        """Logarithm of the e-value."""
        parts = [_evidence(x).log_e() for x in (self.whole, self._later())]
        return float(logsumexp(parts, b=[_FIRST, 1.0 - _FIRST]))

    def class_log_e(self) -> FloatArray:
        """That of each class alone."""
        parts = [_evidence(x).class_log_e() for x in (self.whole, self._later())]
        return np.asarray(logsumexp(parts, b=[[_FIRST], [1.0 - _FIRST]], axis=0))

    def onset(self, least_log_e: float) -> int | None:
        """
        After how many looks the evidence began; None where what is left of it is less than that.

        The alternative that has gained most since it was lowest, with its share of the e-value,
        began there: this is the start of the largest product, as in Page's test.

        References
        ----------
        .. [1] Page, E. S. (1954). Continuous inspection schemes. Biometrika 41(1/2).
               :doi:`10.1093/biomet/41.1-2.100`
        """
        gained = self.whole - self.least
        # No product that has a part in the e-value is larger.
        if _evidence(gained).log_e() < least_log_e:
            return None
        n, n_temperatures = len(gained), len(EXPONENTS)
        sizes = np.where(np.arange(n) < n_temperatures, n_temperatures, n - n_temperatures)
        best = int(np.argmax(gained - np.log(sizes)))
        return int(self.place[best]) if gained[best] > 0 else None

    def tree(self) -> dict[str, Any]:
        """What a file holds of it."""
        whole = _evidence(self.whole)
        names = ("begun", "rest", "n_dealt", "least", "place")
        found = {name: getattr(self, name) for name in names}
        return {"temperature": whole.temperature, "bias": whole.bias, "starts": found}

    @classmethod
    def of_tree(cls, tree: dict[str, Any], n_looks: int) -> Starts:
        """From what `tree` gave, also before there were later starts."""
        whole = Evidence(tree["temperature"], tree["bias"])
        if "starts" not in tree:
            return cls.of_whole(whole, n_looks)
        return cls(_flat(whole), **tree["starts"])

    def _later(self) -> FloatArray:
        return np.asarray(np.logaddexp(self.begun, self.rest))


def _log_share(n: int) -> float:
    """Logarithm of the share of starts after so many rows or more."""
    return -0.5 * math.log1p(n / _ROWS)


def _flat(evidence: Evidence) -> FloatArray:
    return np.concatenate([evidence.temperature, evidence.bias.ravel()])


def _evidence(flat: FloatArray) -> Evidence:
    temperature, bias = np.split(flat, [len(EXPONENTS)])
    return Evidence(temperature, bias.reshape(len(BIASES), -1))
