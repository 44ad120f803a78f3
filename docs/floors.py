"""
Print what other libraries charge for a true class of probability 0: ``python docs/floors.py``.

Libraries that are not installed are left out. The table in docs/guide/zeros.md is from here.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import Any

import numpy as np

Cost = tuple[str, Callable[[], float]]
SURE = -1000.0  # a logit whose probability is 0 in every type of number


def of_sklearn() -> Iterator[Cost]:
    """Costs in scikit-learn."""
    from sklearn.metrics import log_loss

    for dtype in (np.float64, np.float32, np.float16):
        p = np.array([[0.0, 1.0]], dtype=dtype)
        yield f"log_loss, {dtype.__name__}", lambda p=p: log_loss([0], p, labels=[0, 1])


def of_scipy() -> Iterator[Cost]:
    """Costs in SciPy."""
    from scipy.special import rel_entr
    from scipy.stats import entropy

    yield "entropy", lambda: entropy([1.0, 0.0], [0.0, 1.0])
    yield "rel_entr", lambda: rel_entr([1.0, 0.0], [0.0, 1.0]).sum()


def of_torch() -> Iterator[Cost]:
    """Costs in PyTorch."""
    import torch
    from torch.nn import functional

    zero, one = torch.tensor([0.0]), torch.tensor([1.0])
    logs = torch.log(torch.tensor([[0.0, 1.0]]))
    yield "BCELoss", lambda: functional.binary_cross_entropy(zero, one)
    yield "nll_loss", lambda: functional.nll_loss(logs, torch.tensor([0]))
    yield (
        "kl_div",
        lambda: functional.kl_div(logs, torch.tensor([[1.0, 0.0]]), reduction="batchmean"),
    )
    logits = torch.tensor([[SURE, 0.0]])
    yield (
        f"cross_entropy, logit {SURE:g}",
        lambda: functional.cross_entropy(logits, torch.tensor([0])),
    )


def of_keras() -> Iterator[Cost]:
    """Costs in Keras, which computes with PyTorch here."""
    os.environ.setdefault("KERAS_BACKEND", "torch")
    from keras import losses

    target, p = np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])
    yield "BinaryCrossentropy", lambda: losses.BinaryCrossentropy()(target[:, :1], p[:, :1])
    yield "CategoricalCrossentropy", lambda: losses.CategoricalCrossentropy()(target, p)
    yield "KLDivergence", lambda: losses.KLDivergence()(target, p)


def of_xgboost() -> Iterator[Cost]:
    """Costs in XGBoost, of a model that learns nothing from what it is told to begin with."""
    import xgboost

    def cost(metric: str, y: list[int], margin: Any, **params: Any) -> float:
        data = xgboost.DMatrix(np.zeros((len(y), 1)), label=y, base_margin=np.float32(margin))
        params |= {"eval_metric": metric, "eta": 0.0, "verbosity": 0}
        return float(xgboost.train(params, data, 1).eval(data).split(":")[-1])

    binary = {"objective": "binary:logistic"}
    several = {"objective": "multi:softprob", "num_class": 3}
    yield "logloss", lambda: cost("logloss", [1, 1], [SURE] * 2, **binary)
    yield "mlogloss", lambda: cost("mlogloss", [0, 0], [[SURE, 0, 0]] * 2, **several)


def of_lightgbm() -> Iterator[Cost]:
    """Costs in LightGBM, on one row that begins with a sure logit."""
    import lightgbm

    def cost(metric: str, y: list[int], start: list[float], **params: Any) -> float:
        X = np.arange(40.0)[:, None]
        train = lightgbm.Dataset(X, y + [params.get("num_class", 1) - 1] * (40 - len(y)))
        row = lightgbm.Dataset(X[:1], y[:1], init_score=np.array(start), reference=train)
        seen: dict[str, Any] = {}
        params |= {"metric": metric, "learning_rate": 1e-300, "verbose": -1}
        params["boost_from_average"] = False
        keep = lightgbm.record_evaluation(seen)
        lightgbm.train(params, train, 1, valid_sets=[row], callbacks=[keep])
        return seen["valid_0"][metric][0]

    several = {"objective": "multiclass", "num_class": 3}
    yield "binary_logloss", lambda: cost("binary_logloss", [1], [SURE], objective="binary")
    yield "multi_logloss", lambda: cost("multi_logloss", [0, 1], [SURE, 0, 0], **several)


def of_river() -> Iterator[Cost]:
    """Costs in river."""
    from river import metrics

    def cost(metric: Any, *row: Any) -> float:
        metric.update(*row)
        return metric.get()

    yield "LogLoss", lambda: cost(metrics.LogLoss(), True, 0.0)
    yield "CrossEntropy", lambda: cost(metrics.CrossEntropy(), "a", {"a": 0.0, "b": 1.0})


LIBRARIES = {
    "scikit-learn": of_sklearn,
    "keras": of_keras,
    "torch": of_torch,
    "scipy": of_scipy,
    "xgboost-cpu": of_xgboost,
    "lightgbm": of_lightgbm,
    "river": of_river,
}


def main() -> None:
    """Print a line for each call."""
    for library, calls in LIBRARIES.items():
        try:
            for call, cost in calls():
                nats = float(cost())
                floor = f"{math.exp(-nats):.2g}" if nats < 50 else "-"
                print(f"{library} {version(library):10} {call:32} {nats:8.2f} nats  {floor}")
        except ImportError as error:
            print(f"{library:23} left out: {error}")


if __name__ == "__main__":
    main()
