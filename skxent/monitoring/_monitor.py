"""Evidence against a model's probabilities, batch by batch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from datetime import date
from numbers import Real
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike

from skxent._intake._rows import Labelled
from skxent._render._frame import render_frame
from skxent._render._words import cell
from skxent._typing import EPS, FloatArray
from skxent.monitoring._display import CalibrationMonitorDisplay
from skxent.monitoring._looks import Looks
from skxent.monitoring._starts import Starts
from skxent.report._batches import checked_batch
from skxent.statistic._evidence import Evidence, as_e_value, evidence_of
from skxent.statistic._mergeable import Mergeable
from skxent.statistic._slabs import Slabs, rows_at_once
from skxent.statistic._store import is_storable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Alarm", "CalibrationMonitor", "Onset"]


@dataclass(frozen=True, slots=True)
class Alarm:
    """
    When a monitor's e-value was first high enough.

    What it shows began before: see `CalibrationMonitor.since`.

    Attributes
    ----------
    n_samples : int
        Rows up to then.
    look : int
        Which look that was, from 0: one is taken after each batch.
    at : object
        What `update` was told of the time of that batch; None where it was told nothing.
    e_value : float
        What it was then.
    """

    n_samples: int
    look: int
    at: Any
    e_value: float


@dataclass(frozen=True, slots=True)
class Onset:
    """
    Since when a monitor's probabilities are off, as far as can be told.

    Attributes
    ----------
    n_samples : int
        Rows before that.
    look : int
        Number of the first batch that is off, from 0.
    at : object
        What `update` was told of the time of that batch; None where it was told nothing.
    """

    n_samples: int
    look: int
    at: Any


class CalibrationMonitor(Mergeable):
    r"""
    Says after every batch of a stream how much speaks against a model's probabilities.

    A test at 5 % that is made every day gives a false alarm sooner or later. The e-value does
    not: if the probabilities are right, it ever reaches 20 in at most 5 % of all streams, 1 / alpha
    in at most alpha, however often it is looked at. A monitor holds a few sums, and three numbers
    a batch. Rows must be independent, given those before, and count once each.

    Parameters
    ----------
    labels : array-like of shape (n_classes,)
        The label of each column of the predictions, in the order of the columns.
    pos_label : int, float, bool or str, default=None
        The class that a one-dimensional `y_proba` is the probability of.
    target_names : sequence of str, default=None
        What to call the classes, in the order of `labels`.
    from_logits : bool, default=False
        Whether the predictions are logits or log-probabilities.
    renormalize : bool, default=False
        Whether to divide each row by its sum.

    Attributes
    ----------
    n_samples : int
        Rows so far.
    n_looks : int
        Batches so far.
    e_value : float
        Evidence against the probabilities, 1 where there is none.
    log_e_value : float
        Its natural logarithm, which goes on where the e-value is too large for a float.
    class_e_value : ndarray of shape (n_classes,)
        Evidence against the probabilities of each class alone.

    Raises
    ------
    ValueError
        If an argument is not what `log_loss_report` takes.

    See Also
    --------
    LogLossAccumulator : Whole reports of batches; the e-value is among their figures.
    log_loss_change : What a change of the loss is made of, after an alarm.

    Notes
    -----
    The e-value is a mean of likelihood ratios :math:`\prod_i q(y_i) / p(y_i)` with fixed q: half
    of it over the probabilities to the power 1/2, 3/4, 5/4, 3/2 and 2, half over biases of -0.4,
    -0.1, 0.1 and 0.4 of each class. If each row's class is drawn from p, whatever was before, each
    product is a martingale that begins with 1, and so is their mean: by Ville's inequality it
    ever reaches 1 / alpha with a probability of at most alpha [1]_ [2]_. That any time will do has
    a price: a test at one time that was fixed before finds smaller errors.

    Products that begin at the first row fall while the model is right, and a later change would be
    found very late. They are half of the e-value; the other half is a mean of products that begin
    with a later batch and are 1 until then. Those of batches with n rows or more before them have
    the share :math:`(1 + n / 1000)^{-1/2}` of it, which depends on no label: this mean is a
    martingale, too. Mixtures over starts are studied as e-detectors [3]_, whose sums are not
    bounded by shares and give some false alarm in the end. The e-value of a report has the
    first half only.

    A class that occurs with probability 0 counts as if it had had 2**-52, and multiplies the
    e-value by at most 2**26. That is an alarm unless it comes after very many right rows in the
    same batch; a report counts such rows as ``overall["floored"]``.

    References
    ----------
    .. [1] Ville, J. (1939). Étude critique de la notion de collectif. Gauthier-Villars.
    .. [2] Ramdas, A., et al. (2023). Game-theoretic statistics and safe anytime-valid inference.
           Statistical Science 38(4). :doi:`10.1214/23-STS894`
    .. [3] Shin, J., Ramdas, A., & Rinaldo, A. (2024). E-detectors: a nonparametric framework for
           sequential change detection. The New England Journal of Statistics in Data Science 2(2).
           :doi:`10.51387/23-NEJSDS51`

    Examples
    --------
    >>> import numpy as np
    >>> from skxent import CalibrationMonitor
    >>> rng = np.random.default_rng(1)
    >>> monitor = CalibrationMonitor(["no", "yes"])
    >>> for day in range(60):
    ...     p = rng.uniform(0.05, 0.95, size=100)
    ...     chance = p if day < 40 else p**2 / (p**2 + (1 - p) ** 2)
    ...     y = np.where(rng.random(100) < chance, "yes", "no")
    ...     _ = monitor.update(y, p, at=f"day {day}")
    >>> monitor.alarm_at(0.05).at, monitor.since(0.05).at
    ('day 42', 'day 40')
    """

    _kind = "monitor"

    def __init__(
        self,
        labels: ArrayLike,
        *,
        pos_label: Any = None,
        target_names: Sequence[str] | None = None,
        from_logits: bool = False,
        renormalize: bool = False,
    ) -> None:
        super().__init__(
            labels,
            pos_label=pos_label,
            target_names=target_names,
            from_logits=from_logits,
            renormalize=renormalize,
        )
        self._starts = Starts.none(len(self.labels))
        self._looks: list[tuple[int, float, Any]] = []

    @property
    def n_samples(self) -> int:
        """Rows so far."""
        return self._looks[-1][0] if self._looks else 0

    @property
    def n_looks(self) -> int:
        """Batches so far."""
        return len(self._looks)

    @property
    def log_e_value(self) -> float:
        """Natural logarithm of the e-value."""
        return self._looks[-1][1] if self._looks else 0.0

    @property
    def e_value(self) -> float:
        """Evidence against the probabilities; the largest float stands for more."""
        return float(as_e_value(self.log_e_value))

    @property
    def class_e_value(self) -> FloatArray:
        """Evidence against the probabilities of each class alone."""
        return as_e_value(self._starts.class_log_e())

    def update(self, y_true: ArrayLike, y_proba: ArrayLike, *, at: Any = None) -> Self:
        """
        Add a batch, and take a look.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,) or (n_samples, n_classes)
            Class labels, or one-hot rows.
        y_proba : array-like of shape (n_samples, n_classes) or (n_samples,)
            What the model said before they were known: probabilities, or logits.
        at : int, float, str, date or None, default=None
            When that was, for `alarm_at` and `plot`; a date is kept as its text.

        Returns
        -------
        CalibrationMonitor
            The monitor itself.

        Raises
        ------
        TypeError
            If the predictions are no numbers, or `at` is none of these.
        ValueError
            If the batch is not what `log_loss` takes; then nothing of it is added. A batch
            without rows adds nothing, and is no look.
        """
        at = _checked_time(at)
        batch = checked_batch(
            y_true,
            y_proba,
            None,
            groups=None,
            row_ids=None,
            labels=self.labels,
            pos_label=self.pos_label,
            from_logits=self.from_logits,
            renormalize=self.renormalize,
        )
        if batch is not None:
            found = _evidence_of_rows(batch.rows)
            with self._lock:  # one look after another
                n = self.n_samples
                self._starts = self._starts.with_batch(found, n, self.n_looks)
                self._look(n + batch.n_rows, at)
        return self

    def _look(self, n_samples: int, at: Any) -> None:
        self._looks.append((n_samples, self._starts.log_e(), at))

    def alarm_at(self, alpha: float = 0.05) -> Alarm | None:
        """
        When the e-value first was 1 / alpha or more.

        Parameters
        ----------
        alpha : float, default=0.05
            How often a calibrated model may ever give an alarm, between 0 and 1.

        Returns
        -------
        Alarm or None
            The first look that gave an alarm, also if the e-value fell again; None if none did.

        Raises
        ------
        ValueError
            If `alpha` is not between 0 and 1.
        """
        looks = Looks.of(self._looks)
        found = looks.first_above(_checked_alpha(alpha))
        if found is None:
            return None
        e_value = float(as_e_value(looks.log_e[found]))
        return Alarm(int(looks.n_samples[found]), found, looks.at[found], e_value)

    def since(self, alpha: float = 0.05) -> Onset | None:
        """
        Since when the probabilities are off, by all rows so far.

        Of all alternatives to the probabilities, the one that has gained most since it was lowest
        was lowest there. This is an estimate, which gets better with rows after the alarm, and not
        a test: that they are off at all is what the alarm says.

        Parameters
        ----------
        alpha : float, default=0.05
            As in `alarm_at`.

        Returns
        -------
        Onset or None
            The first batch that is off; None where there was no alarm, where what gave it has
            been outweighed by right rows, or was before the last merge.

        Raises
        ------
        ValueError
            If `alpha` is not between 0 and 1.
        """
        place = self._starts.onset(-math.log(_checked_alpha(alpha)))
        if place is None or self.alarm_at(alpha) is None:
            return None
        before = self._looks[place - 1][0] if place else 0
        return Onset(before, place, self._looks[place][2])

    def merge(self, other: Self) -> Self:
        """
        Add the monitor of other rows, such as those of another machine.

        Its rows count as one look after those of this one: of its path only the end is kept,
        since the e-value of two streams together is no function of those of each. Its ratios are
        multiplied with those of this one: both together tell most where both are off. In which
        order several are merged changes nothing. `since` is about rows after the merge.

        Parameters
        ----------
        other : CalibrationMonitor
            With the same labels, of a stream without a row of this one; it is not changed.

        Returns
        -------
        CalibrationMonitor
            The monitor itself.

        Raises
        ------
        TypeError
            If `other` is not a CalibrationMonitor.
        ValueError
            If the labels or their order differ.
        """
        self._check_alike(other)
        other = copy(other)  # at one moment, also if it is this one
        if other.n_looks:
            with self._lock:
                self._starts = self._starts.merged(other._starts, self.n_looks + 1)
                self._look(self.n_samples + other.n_samples, other._looks[-1][2])
        return self

    def _state(self) -> dict[str, Any]:
        return super()._state() | {"_looks": list(self._looks)}  # which grows

    def to_frame(self, backend: str | None = None) -> Any:
        """
        Data frame with one row a look.

        Parameters
        ----------
        backend : {"pandas", "polars", "pyarrow"}, default=None
            Which library's frame; None: pandas if installed, else polars.

        Returns
        -------
        DataFrame
            Columns ``at``, ``n_samples``, ``log_e_value`` and ``e_value``.

        Raises
        ------
        ImportError
            If the library is not installed.
        ValueError
            If `backend` is none of these.
        """
        looks = Looks.of(self._looks)
        columns: dict[str, Any] = {
            "at": list(looks.at),
            "n_samples": looks.n_samples,
            "log_e_value": looks.log_e,
            "e_value": as_e_value(looks.log_e),
        }
        return render_frame(columns, backend)

    def plot(self, *, alpha: float = 0.05, ax: Axes | None = None) -> CalibrationMonitorDisplay:
        """
        Draw the e-value at each look, with the line of the alarm, and since when.

        Parameters
        ----------
        alpha : float, default=0.05
            Where the line is: at 1 / alpha.
        ax : matplotlib Axes, default=None
            Axes to draw in; None: those of a new figure.

        Returns
        -------
        CalibrationMonitorDisplay
            With what was drawn as attributes, such as `ax_` and `figure_`.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If `alpha` is not between 0 and 1.
        """
        onset = self.since(alpha)
        return CalibrationMonitorDisplay(
            looks=Looks.of(self._looks),
            alpha=float(alpha),
            since=None if onset is None else onset.n_samples,
        ).plot(ax=ax)

    def _tree(self) -> dict[str, Any]:
        looks = Looks.of(self._looks)
        return self._starts.tree() | {
            "n_samples": looks.n_samples,
            "log_e": looks.log_e,
            "at": list(looks.at),
        }

    def _take_tree(self, tree: dict[str, Any]) -> None:
        path = (tree["n_samples"].tolist(), tree["log_e"].tolist(), tree["at"])
        self._looks = list(zip(*path, strict=True))
        self._starts = Starts.of_tree(tree, self.n_looks)

    def __repr__(self) -> str:
        looks = f"{self.n_looks} look{'' if self.n_looks == 1 else 's'}"
        onset = self.since()
        since = "" if onset is None else f", off since about row {onset.n_samples + 1}"
        return (
            f"<CalibrationMonitor: {len(self.labels)} classes, {self.n_samples} rows in {looks}, "
            f"e-value {cell('e_value', self.e_value)}{since}>"
        )


def _evidence_of_rows(rows: Labelled) -> Evidence:
    """Evidence of checked rows, which are read block by block."""
    k = rows.proba.n_classes
    found, slabs = Evidence.none(k), Slabs()
    for at, p, logp in rows.proba.tall(rows_at_once(k)):
        found += evidence_of(p, logp, rows.codes[at], slabs, EPS)
    return found


def _checked_time(at: Any) -> Any:
    if isinstance(at, date | np.datetime64):
        return str(at)
    if not is_storable(at) or isinstance(at, bytes):
        msg = f"at must be a number, text or a date; got {type(at)}. Pass str(at)."
        raise TypeError(msg)
    return at.item() if isinstance(at, np.generic) else at


def _checked_alpha(alpha: float) -> float:
    if not (isinstance(alpha, Real) and not isinstance(alpha, bool) and 0 < alpha < 1):
        msg = f"alpha must be between 0 and 1, such as 0.05; got {alpha!r}."
        raise ValueError(msg)
    return float(alpha)
