"""skxent: the log-loss toolkit of the scikit-learn world."""

from importlib import import_module
from typing import TYPE_CHECKING

from skxent._version import __version__ as __version__

if TYPE_CHECKING:
    from skxent.change import LogLossChange, LogLossChangeDisplay, log_loss_change
    from skxent.comparison import (
        LogLossComparison,
        LogLossComparisonAccumulator,
        LogLossComparisonDisplay,
        compare_log_loss,
    )
    from skxent.engines import compare_log_loss_from, log_loss_report_from
    from skxent.metrics import (
        cross_entropy,
        entropy,
        js_divergence,
        kl_divergence,
        label_entropy,
        log_loss,
        log_loss_skill_score,
        perplexity,
    )
    from skxent.monitoring import CalibrationMonitor, CalibrationMonitorDisplay
    from skxent.recalibration import RecalibratedClassifier, Recalibrator
    from skxent.report import (
        LogLossAccumulator,
        LogLossReport,
        LossConfusionDisplay,
        PerClassLogLossDisplay,
        RecalibrationDisplay,
        ReliabilityDisplay,
        log_loss_report,
    )
    from skxent.scorers import (
        get_scorer,
        get_scorer_names,
        log_loss_skill_scorer,
        make_per_class_scorer,
        make_scorer,
        neg_cross_entropy_scorer,
        neg_log_loss_bits_scorer,
        neg_log_loss_scorer,
        neg_macro_log_loss_scorer,
        neg_refinement_loss_scorer,
        neg_worst_class_log_loss_scorer,
    )
    from skxent.slices import (
        GroupedLogLossAccumulator,
        LogLossSlices,
        LogLossSlicesDisplay,
        log_loss_slices,
    )

__all__ = [
    "CalibrationMonitor",
    "CalibrationMonitorDisplay",
    "GroupedLogLossAccumulator",
    "LogLossAccumulator",
    "LogLossChange",
    "LogLossChangeDisplay",
    "LogLossComparison",
    "LogLossComparisonAccumulator",
    "LogLossComparisonDisplay",
    "LogLossReport",
    "LogLossSlices",
    "LogLossSlicesDisplay",
    "LossConfusionDisplay",
    "PerClassLogLossDisplay",
    "RecalibratedClassifier",
    "RecalibrationDisplay",
    "Recalibrator",
    "ReliabilityDisplay",
    "compare_log_loss",
    "compare_log_loss_from",
    "cross_entropy",
    "entropy",
    "get_scorer",
    "get_scorer_names",
    "js_divergence",
    "kl_divergence",
    "label_entropy",
    "log_loss",
    "log_loss_change",
    "log_loss_report",
    "log_loss_report_from",
    "log_loss_skill_score",
    "log_loss_skill_scorer",
    "log_loss_slices",
    "make_per_class_scorer",
    "make_scorer",
    "neg_cross_entropy_scorer",
    "neg_log_loss_bits_scorer",
    "neg_log_loss_scorer",
    "neg_macro_log_loss_scorer",
    "neg_refinement_loss_scorer",
    "neg_worst_class_log_loss_scorer",
    "perplexity",
]

# A name is looked for in these, one after the other, when somebody asks for it: a command that only
# says how it is used, and a program that needs one metric, do not wait for everything else.
_ROOMS = (
    *("metrics", "report", "comparison", "recalibration", "scorers", "engines", "slices"),
    *("change", "monitoring"),
)
_OTHERS = ("cli", "testing")


def __getattr__(name: str) -> object:
    if name in _ROOMS or name in _OTHERS:
        return import_module(f"{__name__}.{name}")
    if name in __all__:
        for room in _ROOMS:
            module = import_module(f"{__name__}.{room}")
            if name in module.__all__:
                globals()[name] = found = getattr(module, name)
                return found
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_ROOMS, *_OTHERS})
