"""Checks of single arguments: the base, the floor, named choices, and weights."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skxent._backend import NUMPY, ArrayApi, Backend
from skxent._intake._foreign import (
    dtype_of,
    is_elsewhere,
    is_foreign,
    on_host,
    refuse_lazy,
    refuse_masked,
    same_device,
)
from skxent._intake._labels import shown
from skxent._intake._numbers import as_float, as_float64
from skxent._typing import FloatArray

__all__ = [
    "check_base",
    "check_choice",
    "check_count",
    "check_eps",
    "check_flag",
    "check_level",
    "check_n_null",
    "check_names",
    "check_seed",
    "check_subsample",
    "check_weight",
    "check_whole",
    "same_length",
]


def _number(value: object) -> float:
    """A real number as float, and nan for what is none; True is none here."""
    if isinstance(value, float):
        return float(value)
    return as_float(value) if isinstance(value, Real) and not isinstance(value, bool) else math.nan


def check_whole(value: Any, least: int, rule: str, most: float = math.inf) -> int:
    """An integer within the bounds, or an error that says the rule."""
    whole = isinstance(value, Integral) and not isinstance(value, bool)
    if not whole or not least <= value <= most:
        msg = f"{rule}; got {value!r}."
        raise ValueError(msg)
    return int(value)


def check_base(base: float | None) -> float:
    """The number of nats in one unit of information of this base."""
    if base is None:
        return 1.0
    number = _number(base)
    if not 1 < number < math.inf:
        msg = f"base must be a finite number above 1, or None for nats; got {base!r}."
        raise ValueError(msg)
    return math.log(number)


def check_eps(eps: float) -> float:
    number = _number(eps)
    if not 0 <= number < 1:
        msg = f"eps must be a number in [0, 1), and 0 for no floor; got {eps!r}."
        raise ValueError(msg)
    return number


def check_flag(value: object, name: str) -> None:
    if value is not True and value is not False and not isinstance(value, np.bool_):
        msg = f"{name} must be True or False; got {value!r}."
        raise ValueError(msg)


def check_choice(value: object, name: str, choices: tuple[object, ...]) -> None:
    known = value in choices if isinstance(value, str) else any(value is c for c in choices)
    if not known:
        msg = f"{name} must be one of {', '.join(map(repr, choices))}; got {value!r}."
        raise ValueError(msg)


def check_level(confidence_level: float) -> float:
    if not 0 < _number(confidence_level) < 1:
        msg = f"confidence_level must be between 0 and 1, such as 0.95; got {confidence_level!r}."
        raise ValueError(msg)
    return float(confidence_level)


def check_n_null(n_null: int) -> int:
    return check_whole(n_null, 0, "n_null must be a number of draws, such as 200, or 0 for none")


def check_count(value: int, name: str) -> int:
    """A number of things, at least one."""
    return check_whole(value, 1, f"{name} must be an integer above 0")


def check_subsample(subsample: int) -> int:
    rule = "subsample must be a number of rows to keep, such as 10000, or 0 for none"
    return check_whole(subsample, 0, rule)


def check_seed(random_state: Any) -> int:
    """An integer seed: that which was given, or one drawn from the generator."""
    if random_state is None:
        random_state = np.random.RandomState()
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31 - 1))
    rule = "random_state must be an integer from 0 to 2**32 - 1, a RandomState or None"
    return check_whole(random_state, 0, rule, 2**32 - 1)


def check_names(target_names: Iterable[Any] | None, labels: NDArray[Any]) -> tuple[Any, ...]:
    """What the classes are called: the labels themselves, or one text for each."""
    if target_names is None:
        return tuple(labels.tolist())
    if isinstance(target_names, str | bytes | Mapping | AbstractSet) or not hasattr(
        target_names, "__iter__"
    ):
        msg = (
            f"target_names must be a list of names in the order of the {len(labels)} classes, "
            f"{shown(labels)}; got {target_names!r}."
        )
        raise ValueError(msg)
    names = tuple(str(name) for name in target_names)
    if len(names) != len(labels):
        msg = (
            f"target_names must name each of the {len(labels)} classes, {shown(labels)}; got "
            f"{len(names)} names."
        )
        raise ValueError(msg)
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        msg = f"target_names must differ, or classes could not be told apart; {twice!r} is twice."
        raise ValueError(msg)
    return names


def same_length(n_true: int, n_proba: int) -> None:
    if n_true != n_proba:
        msg = f"y_true and y_proba must have the same number of rows; got {n_true} and {n_proba}."
        raise ValueError(msg)


def check_weight(
    sample_weight: ArrayLike | None,
    n_samples: int,
    backend: Backend = NUMPY,
    beside: str = "y_proba",
) -> FloatArray | None:
    """Weights in float64, where the arrays of `backend` are."""
    if sample_weight is None:
        return None
    refuse_lazy(sample_weight, "sample_weight")
    refuse_masked(sample_weight, "sample_weight", "fill it, with 0 perhaps")
    b, weight = _numbers(sample_weight, backend, beside)
    if len(weight.shape) == 2 and weight.shape[1] == 1:
        weight = weight[:, 0]
    if tuple(weight.shape) != (n_samples,):
        shape = tuple(weight.shape)
        msg = f"sample_weight must have shape ({n_samples},), one for each row; got {shape}."
        raise ValueError(msg)
    row = b.first(~((weight >= 0) & (weight < math.inf)))
    if row is not None:
        value = float(b.to_host(weight[row : row + 1])[0])
        msg = f"sample_weight must be finite and not negative; row {row} has {value!r}."
        raise ValueError(msg)
    # Room for the losses of the rows: products must not be rounded to nothing.
    with np.errstate(over="ignore"):
        total = b.total(weight)
    if not 1e-290 < total < 1e300:
        small = "sums to 1e-290 or less" if total > 0 else "is 0 in every row"
        what = "sums to 1e300 or more" if total >= 1e300 else small
        msg = f"sample_weight {what}; its sum must be between 1e-290 and 1e300."
        raise ValueError(msg)
    return weight if b == backend else backend.to_device(weight)


def _numbers(sample_weight: ArrayLike, backend: Backend, beside: str) -> tuple[Backend, FloatArray]:
    """The weights as float64 where they are, and the arithmetic there."""
    there = None
    if is_elsewhere(sample_weight) and isinstance(backend, ArrayApi):
        there = same_device(sample_weight, "sample_weight", backend, beside)
        # Of its type, and in host memory.
        sample_weight = np.empty(0, dtype_of(there, "sample_weight"))
    elif is_foreign(sample_weight):
        sample_weight = on_host(sample_weight, "sample_weight")
    try:
        weight = as_float64(np.asarray(sample_weight), "sample_weight")
    except (TypeError, ValueError, OverflowError, RuntimeError) as error:
        why = str(error).removeprefix("sample_weight must be numbers; ")
        msg = f"sample_weight must be numbers, one for each row: {why}"
        raise ValueError(msg) from error
    return (NUMPY, weight) if there is None else (backend, backend.wide(there))
