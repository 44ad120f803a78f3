"""The per-class log-loss report of labels and probabilities."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from skxent._intake._groups import check_groups
from skxent._intake._rows import check_labelled
from skxent._typing import EPS
from skxent.report._compute import content_of
from skxent.report._options import Options, Source
from skxent.report._result import LogLossReport
from skxent.report._rows import row_index

__all__ = ["log_loss_report"]


def log_loss_report(
    y_true: ArrayLike,
    y_proba: ArrayLike,
    *,
    labels: ArrayLike | None = None,
    pos_label: Any = None,
    target_names: Sequence[str] | None = None,
    sample_weight: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    base: float | None = math.e,
    eps: float = EPS,
    confidence_level: float = 0.95,
    recalibration: bool = True,
    n_null: int = 200,
    random_state: int | np.random.RandomState | None = 0,
    from_logits: bool = False,
    renormalize: bool = False,
) -> LogLossReport:
    r"""
    Report what each class costs, whether the model expected it, and what would fix it.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,) or (n_samples, n_classes)
        Class labels of any type, or one-hot rows.
    y_proba : array-like of shape (n_samples, n_classes) or (n_samples,)
        Predicted probabilities, as in `log_loss`.
    labels : array-like of shape (n_classes,), default=None
        The label of each column of `y_proba`, in the order of the columns; the order of the
        report. None: the sorted labels of `y_true`.
    pos_label : int, float, bool or str, default=None
        The class that a one-dimensional `y_proba` is the probability of.
    target_names : sequence of str, default=None
        What to call the classes, in the order of `labels`.
    sample_weight : array-like of shape (n_samples,), default=None
        Weight of each row. A weight of 2 counts as two rows in the means and sums, and as one
        observation in `support`, `z` and `p_value`. Where weights go with the class more than the
        probabilities explain, as balanced ones do, the gap is not tested: it is not zero for a
        calibrated model.
    groups : array-like of shape (n_samples,), default=None
        Rows that belong together, such as those of one patient: numbers, text or other hashable
        values. Intervals and tests then count groups, and the folds of the recalibration keep
        them whole. None: all rows are independent.
    base : float or None, default=e
        Base of the logarithm: 2 gives bits, e or None nats.
    eps : float, default=2**-52
        Floor of the true class's probability, as in `log_loss`.
    confidence_level : float, default=0.95
        Of the intervals, between 0 and 1.
    recalibration : bool, default=True
        Whether to fit recalibration maps, for `recalibration` and the recoverable loss. With more
        than 10000 rows they are fitted to that many, drawn at random, and applied to 200000.
    n_null : int, default=200
        How often to draw labels from the predicted probabilities, for
        ``miscalibration_null``; 0 for not at all. With more than 100 classes a quarter as often.
    random_state : int, RandomState or None, default=0
        Seed of the folds of the recalibration, and of the draws.
    from_logits : bool, default=False
        Whether `y_proba` holds logits or log-probabilities.
    renormalize : bool, default=False
        Whether to divide each row by its sum.

    Returns
    -------
    LogLossReport
        Its columns, one number a class:

        ``support``, ``weight``, ``prevalence``, ``mean_proba``
            Rows, their weight, its share of all weight, and the mean predicted probability.
        ``log_loss``, ``ci_low``, ``ci_high``
            Mean over the rows of the class, and its confidence interval.
        ``contribution``, ``share``
            The class's part of the overall loss, which the
            contributions add up to; the same as a fraction.
        ``baseline``, ``skill``
            Loss of a model that knows only the prevalences, and the fraction of it saved.
        ``expected``, ``gap``, ``z``, ``p_value``
            What the model itself expects to pay for the class; contribution minus expected,
            which is 0 on average if the model is calibrated, and above 0 where it gives the
            class too little probability; the gap in standard deviations, and its two-sided
            p-value, of this class alone.
        ``e_value``
            Evidence against the probabilities of the class, which may be looked at after every
            row or batch: for a calibrated model it ever exceeds 1 / alpha with a probability of at
            most alpha.
        ``recoverable``, ``recoverable_low``, ``recoverable_high``
            What the recommended recalibration takes off the contribution, cross-fitted, with
            its interval; below 0 where it makes a class worse. All 0 where none is recommended.
        ``ovr_log_loss``, ``miscalibration``, ``discrimination``, ``uncertainty``
            One-vs-rest log loss of the class's column, and its parts: miscalibration -
            discrimination + uncertainty. These do not add up to the overall loss.
        ``miscalibration_null``, ``miscalibration_p``
            What miscalibration is on average if the labels are drawn from the predicted
            probabilities, since it is above 0 for a calibrated model too; and the p-value
            of a larger one.
        ``floored``
            Rows whose true class had a probability below `eps`.
        ``top_rival``, ``top_rival_share``
            The class that takes most of this class's loss in ``loss_confusion``, and its share.

        ``overall`` has the same for all rows, and ``label_entropy`` (loss of a model that knows
        only the prevalences), ``predictive_entropy`` (the expected loss), ``macro_log_loss``
        (mean of the classes), ``perplexity``, ``refinement_loss`` (what temperature scaling
        leaves) and ``calibration_loss`` (what it takes off), ``tail_share`` (share of the
        loss that the worst 1 % of the rows carry) and ``gini`` (of the losses of the rows).

        What cannot be computed is nan: ``log_loss``, ``baseline`` and ``skill`` of a class
        without rows; the interval of one with fewer than three; ``skill`` where there is a
        single class; ``share`` where nothing is lost; ``z`` where the model was certain, and
        right, or ignorant throughout; and what `notes` give the reason of.

    Raises
    ------
    ValueError
        If the input is not what `log_loss` takes, or `target_names` are not as many as the
        classes.

    Notes
    -----
    For class :math:`c`, with :math:`W = \sum_i w_i` and the floored logarithm,

    .. math::
        \text{expected}_c = \frac1W \sum_i -w_i \, p_{ic} \log p_{ic}, \qquad
        \mathrm{Var} = \frac1{W^2} \sum_i w_i^2 \, p_{ic} (1 - p_{ic}) \log^2 p_{ic}.

    The interval is Hall's, which allows for the skewness of the losses. Where the model gives some
    row probability 0 of a class, the rows of that class that cost the floor are taken out of it,
    and the bounds of Clopper and Pearson for their share, times the floor's cost, are added: a
    sample without such rows does not show that there are none.

    The expected cost sums over all rows: comparing the loss of a class's rows with the entropy of
    the same rows would find a difference for a calibrated model too. The test is that of
    Spiegelhalter with the logarithmic score in the place of Brier's. Where errors are few the
    gap is skewed; its p-value is twice the tail, on the side of the gap, of the Pearson curve
    of type III with the same three moments, which is made to reach all that can be lost, and at
    least twice the probability of the labels themselves. A gap of zero does not show
    calibration: a model that always predicts the same for every class has none.

    The e-value is a mean of likelihood ratios :math:`\prod_i q(y_i) / p(y_i)` with fixed q: for a
    class, its probabilities with a bias of -0.4, -0.1, 0.1 and 0.4; for all rows, half of it over
    these of all classes, and half over the probabilities to the power 1/2, 3/4, 5/4, 3/2 and 2.
    Under p the mean of each is 1, whatever the rows before [6]_. A class that occurs with
    probability 0 counts as if it had had `eps`, or 2**-52 if that is less; with an `eps` of 0
    the e-value is infinite. It needs rows that are independent and count once each: with groups,
    other weights than 0 and 1, and out-of-fold predictions it is nan.

    The loss confusion shares out the loss of each row among the other classes,

    .. math::
        \text{confusion}_{cj} = \frac1W \sum_{i:\, y_i = c} w_i \ell_i \frac{p_{ij}}{1 - p_{ic}}.

    Miscalibration is what isotonic regression of the class on its column takes off the
    one-vs-rest loss (CORP); it is fitted to the rows that it is applied to, hence the null. Up to
    two million probabilities, rows times classes, it is exact. Beyond, they are counted in bins,
    as in `LogLossAccumulator`: miscalibration, its null and discrimination are too small
    by the same, which is 9e-5 nats with a million rows of ten classes.
    The maps are fitted to the rows of the other folds, of which there are five; those for the
    temperature are stratified, those for maps with a bias are not.

    References
    ----------
    .. [1] Spiegelhalter, D. J. (1986). Probabilistic prediction in patient management and
           clinical trials. Statistics in Medicine 5(5). :doi:`10.1002/sim.4780050506`
    .. [2] Hall, P. (1992). On the removal of skewness by transformation. Journal of the Royal
           Statistical Society B 54(1). :doi:`10.1111/j.2517-6161.1992.tb01876.x`
    .. [3] Dimitriadis, T., Gneiting, T., & Jordan, A. I. (2021). Stable reliability diagrams
           for probabilistic classifiers. PNAS 118(8). :doi:`10.1073/pnas.2016191118`
    .. [4] Clopper, C. J., & Pearson, E. S. (1934). The use of confidence or fiducial limits
           illustrated in the case of the binomial. Biometrika 26(4).
           :doi:`10.1093/biomet/26.4.404`
    .. [5] Kull, M., et al. (2019). Beyond temperature scaling: obtaining well-calibrated
           multi-class probabilities with Dirichlet calibration. NeurIPS.
           :doi:`10.48550/arXiv.1910.12656`
    .. [6] Ramdas, A., et al. (2023). Game-theoretic statistics and safe anytime-valid inference.
           Statistical Science 38(4). :doi:`10.1214/23-STS894`

    Examples
    --------
    >>> from skxent import log_loss, log_loss_report
    >>> y, proba = ["a", "b", "b"], [[0.75, 0.25], [0.5, 0.5], [0.25, 0.75]]
    >>> report = log_loss_report(y, proba)
    >>> bool(abs(report.per_class["contribution"].sum() - log_loss(y, proba)) < 1e-15)
    True
    """
    options = Options.of(
        target_names, base, eps, confidence_level, recalibration, n_null, random_state
    )
    rows = check_labelled(
        y_true,
        y_proba,
        labels=labels,
        pos_label=pos_label,
        sample_weight=sample_weight,
        from_logits=from_logits,
        renormalize=renormalize,
    )
    n = rows.proba.n_samples
    source = Source(
        groups=None if groups is None else check_groups(groups, n),
        index=row_index(y_true, y_proba),
    )
    return LogLossReport._of(content_of(rows, options, source))
