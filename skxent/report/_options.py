"""How to report, checked once, and where the rows come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skxent._intake._arguments import (
    check_base,
    check_eps,
    check_flag,
    check_level,
    check_n_null,
    check_seed,
)
from skxent._intake._groups import Groups
from skxent._intake._rows import Labelled
from skxent._intake._table import Table
from skxent._typing import IntArray

__all__ = ["Options", "RandomState", "Source"]

RandomState = int | np.random.RandomState | None


@dataclass(frozen=True, slots=True)
class Source:
    """Where the rows of a report come from."""

    numbers: IntArray | None = None
    """Of the rows in the user's data; None where they are all, in their order."""
    unseen: NDArray[np.bool_] | None = None
    """Whether the estimator that predicted a row does not know its class."""
    out_of_fold: bool = False
    groups: Groups | None = None
    """Rows that belong together; None where each row is on its own."""
    repeated: bool = False
    """Whether the groups are rows that were predicted several times."""
    index: Any = None
    """What the user calls the rows of the data: a pandas index, or None for numbers from 0."""
    model: str | None = None
    """The class of the estimator."""
    from_logits: bool = False
    """Whether the predictions were given as logits or log-probabilities."""
    renormalize: bool = False
    """Whether each of their rows was divided by its sum."""
    positive: int = 1
    """Of which of two classes a column alone is the probability."""

    def given_as(self, proba: Table) -> Source:
        """The same for predictions that were given like these."""
        return replace(
            self,
            from_logits=proba.from_logits,
            renormalize=bool(proba.renormalize),
            positive=proba.positive,
        )

    def about(self, rows: Labelled | None) -> Labelled | None:
        """The rows, whose map then knows of which class a column alone is."""
        return rows and replace(rows, proba=replace(rows.proba, positive=self.positive))


@dataclass(frozen=True, slots=True)
class Options:
    """The keywords of `log_loss_report` that say how to report; see there."""

    target_names: Sequence[Any] | None
    base: float | None
    eps: float
    confidence_level: float
    recalibration: bool
    n_null: int
    seed: int

    @classmethod
    def of(
        cls,
        target_names: Sequence[Any] | None,
        base: float | None,
        eps: float,
        confidence_level: float,
        recalibration: bool,
        n_null: int,
        random_state: RandomState,
    ) -> Options:
        """The options, in the order of all makers of reports, or an error for what is none."""
        check_base(base)
        check_flag(recalibration, "recalibration")
        return cls(
            target_names=target_names,
            base=base,
            eps=check_eps(eps),
            confidence_level=check_level(confidence_level),
            recalibration=recalibration,
            n_null=check_n_null(n_null),
            seed=check_seed(random_state),
        )

    @property
    def unit(self) -> float:
        """Nats in one unit of information."""
        return check_base(self.base)
