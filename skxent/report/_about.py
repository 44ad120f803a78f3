"""What a report is of, and what made it when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from skxent._version import __version__
from skxent.report._options import Source
from skxent.statistic._sums import Statistics

__all__ = ["About", "about"]


@dataclass(frozen=True, slots=True)
class About:
    """
    What a report is of.

    Attributes
    ----------
    model : str or None
        Class of the estimator; None where a report was made of probabilities.
    out_of_fold : bool
        Whether it was fitted several times, and each row predicted by a fit without it.
    weighted : bool
        Whether rows have different weights.
    n_groups : int or None
        Groups of rows; None where each row is one of its own.
    version : str
        Of skxent, which made the report.
    date : str
        When it was made, as YYYY-MM-DD.
    from_logits : bool
        Whether it was made of logits or log-probabilities.
    renormalize : bool
        Whether each row was divided by its sum.
    positive : int
        Of which of two classes one column alone was the probability; 1 where each had its own.
    """

    model: str | None
    out_of_fold: bool
    weighted: bool
    n_groups: int | None
    version: str
    date: str
    from_logits: bool = False
    renormalize: bool = False
    positive: int = 1


def about(totals: Statistics, source: Source) -> About:
    """What is known of the rows with these sums, from there."""
    n, grouped = totals.weight.sum() ** 2 / totals.square[0].sum(), totals.groups
    return About(
        model=source.model,
        out_of_fold=source.out_of_fold,
        # The effective number of rows, of Kish, is that of the rows if all weights are equal.
        weighted=bool(n < totals.support.sum() * (1.0 - 1e-9)),
        n_groups=None if grouped is None or source.repeated else grouped.n_groups,
        version=__version__,
        date=datetime.now(UTC).date().isoformat(),
        from_logits=source.from_logits,
        renormalize=source.renormalize,
        positive=source.positive,
    )
