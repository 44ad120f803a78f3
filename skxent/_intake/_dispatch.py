"""Checks of what a metric gets, wherever it is: in host memory, or on the device of `y_proba`.

The rules for shapes, types, labels and names are those of `_rows`. For a device they are asked
about stand-ins: arrays in host memory of the same shape and type that hold one number. The real
arrays then take the place of the stand-ins, and their numbers are checked where they are.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skxent._intake import _rows
from skxent._intake._arguments import check_weight, same_length
from skxent._intake._device import Device, DeviceArray, device_of
from skxent._intake._device_table import DeviceTable
from skxent._intake._foreign import fetched, is_elsewhere
from skxent._intake._labels import (
    as_labels,
    check_labels,
    codes_of,
    encode,
    refuse_nan,
    refuse_soft,
)
from skxent._intake._rows import Labelled, Paired, aligned, is_table
from skxent._intake._table import Table, as_table
from skxent._typing import FloatArray

__all__ = [
    "check_distributions",
    "check_labelled",
    "check_pair",
    "distinct_on",
    "label_column_on",
    "table_of",
    "weight_on",
]

# Different labels that come to the host to be looked at, beyond one for each column.
_MOST_LABELS = 1000


def check_labelled(y_true: ArrayLike, y_proba: ArrayLike, **options: Any) -> Labelled:
    """As `_rows.check_labelled`, also for arrays on a device."""
    if not is_elsewhere(y_proba):
        return _rows.check_labelled(y_true, y_proba, **options)
    device = device_of(y_proba, "y_proba")
    return _labelled_on(device, y_true, device.own(y_proba, "y_proba"), **options)


def check_pair(y_true: ArrayLike, y_proba: ArrayLike, **options: Any) -> Labelled | Paired:
    """As `_rows.check_pair`, also for arrays on a device."""
    if not is_elsewhere(y_proba):
        return _rows.check_pair(y_true, y_proba, **options)
    device = device_of(y_proba, "y_proba")
    proba = device.own(y_proba, "y_proba")
    if is_elsewhere(y_true):
        return _pair_on(device, device.own(y_true, "y_true"), proba, **options)
    weight = options.pop("sample_weight")
    stand_in = _proba_stand_in(device, proba)
    rows = _rows.check_pair(y_true, stand_in, sample_weight=None, **options)
    return _in_place(device, rows, proba, weight)


def check_distributions(
    y_proba: ArrayLike, *, from_logits: bool, sample_weight: ArrayLike | None
) -> tuple[Table, FloatArray | None, bool]:
    """As `_rows.check_distributions`, also for an array on a device."""
    if not is_elsewhere(y_proba):
        return _rows.check_distributions(
            y_proba, from_logits=from_logits, sample_weight=sample_weight
        )
    device = device_of(y_proba, "y_proba")
    proba = device.own(y_proba, "y_proba")
    table, _, single = _rows.check_distributions(
        _stand_in(proba, "y_proba"), from_logits=from_logits, sample_weight=None
    )
    weight = weight_on(device, sample_weight, table.n_samples)
    return DeviceTable.of(table, proba, device), weight, single


def table_of(values: ArrayLike, name: str) -> Table:
    """`values` as a table, wherever they are."""
    if not is_elsewhere(values):
        return as_table(values, name)
    device = device_of(values, name)
    array = device.own(values, name)
    return DeviceTable.of(as_table(_stand_in(array, name), name), array, device)


def weight_on(
    device: Device, sample_weight: Any, n_samples: int, beside: str = "y_proba"
) -> DeviceArray | None:
    """Checked weights on the device."""
    if not is_elsewhere(sample_weight):
        weight = check_weight(sample_weight, n_samples)
        return None if weight is None else device.moved_reals(weight)
    weight = device.own(sample_weight, "sample_weight", beside)
    stand_in = _stand_in(weight, "sample_weight")
    check_weight(np.broadcast_to(np.ones((), stand_in.dtype), stand_in.shape), n_samples)
    weight = device.reals(device.xp.reshape(weight, (n_samples,)))
    row = device.first(~(device.xp.isfinite(weight) & (weight >= 0)))
    if row is not None:
        check_weight(fetched(weight[row : row + 1], "sample_weight"), 1, start=row)
    check_weight([min(device.total(weight), 1e300)], 1)
    return weight


def label_column_on(device: Device, y: Any, name: str) -> DeviceArray:
    """
    Labels on the device in one dimension, none of them missing; true and false as 1 and 0.

    Numbers without a sign become such with one, since libraries do little with them.
    """
    y = device.own(y, name, name)
    stand_in = _stand_in(y, name)
    as_labels(stand_in[:1] if stand_in.ndim == 1 else stand_in, name)
    if len(stand_in) == 0:
        msg = f"{name} is empty; at least one label is needed."
        raise ValueError(msg)
    column = device.xp.reshape(y, (-1,))
    if stand_in.dtype.kind == "b":
        return device.xp.astype(column, device.index)
    if stand_in.dtype.kind == "u":
        signed = device.xp.astype(column, device.index)
        return column if device.first(signed < 0) is not None else signed
    if stand_in.dtype.kind == "f":
        row = device.first(~device.xp.isfinite(column))
        if row is not None:
            refuse_nan(name, fetched(column[row : row + 1], name), start=row)
    return column


def distinct_on(
    device: Device, column: DeviceArray, y: Any, name: str, n_classes: int
) -> tuple[NDArray[Any], DeviceArray]:
    """The sorted distinct labels in host memory, and on the device which of them a row has."""
    values, inverse = device.xp.unique_inverse(column)
    if values.shape[0] > n_classes + _MOST_LABELS:
        msg = (
            f"{name} holds {values.shape[0]} different values, but there are {n_classes} classes; "
            f"class labels are needed, not continuous targets."
        )
        raise ValueError(msg)
    inverse = device.xp.astype(device.xp.reshape(inverse, (-1,)), device.index)
    found = fetched(values, name)
    return found.astype(bool) if _stand_in(y, name).dtype.kind == "b" else found, inverse


def _stand_in(values: Any, name: str) -> NDArray[Any]:
    """One number in host memory that fills the shape and has the type of an array elsewhere."""
    text = str(values.dtype).rpartition(".")[2].rstrip("'>")
    try:
        dtype = np.dtype("float32" if text == "bfloat16" else text)
    except TypeError as error:
        msg = f"{name} has dtype {values.dtype}; convert it to a type such as float32 first."
        raise TypeError(msg) from error
    # A half is no label, and not yet a distribution.
    return np.broadcast_to(np.asarray(0.5).astype(dtype), tuple(values.shape))


def _proba_stand_in(device: Device, proba: DeviceArray) -> NDArray[Any]:
    """A stand-in that, if it could be a single distribution, also has the sum of the real one."""
    stand_in = _stand_in(proba, "y_proba")
    if stand_in.ndim != 1 or stand_in.dtype.kind not in "biuf" or len(stand_in) == 0:
        return stand_in
    total = device.total(device.reals(proba))
    return np.broadcast_to(total / len(stand_in), stand_in.shape)


def _number_of_ones(device: Device, column: DeviceArray) -> int:
    """How many ones there are beside zeros, and -1 if there is anything else."""
    ones = device.count(column == 1)
    return ones if ones + device.count(column == 0) == column.shape[0] else -1


def _hot(column: DeviceArray, ones: int) -> FloatArray:
    """In host memory: that many ones, and zeros."""
    return (np.arange(column.shape[0]) < ones).astype(np.float64)


def _pair_on(
    device: Device, target: DeviceArray, proba: DeviceArray, *, sample_weight: Any, **options: Any
) -> Labelled | Paired:
    y_true, stand_in = _stand_in(target, "y_true"), _proba_stand_in(device, proba)
    if not is_table(y_true, as_table(stand_in, "y_proba")):
        said = options["labels"] is not None or options["pos_label"] is not None
        if said or stand_in.ndim == 2 or y_true.dtype.kind not in "iuf":
            return _labelled_on(device, target, proba, sample_weight=sample_weight, **options)
        target = label_column_on(device, target, "y_true")
        ones = _number_of_ones(device, target)
        if y_true.dtype.kind != "f":
            if ones == 1:  # an error if this can also be read as a pair of distributions
                _rows.check_pair(
                    _hot(target, 1).astype(int), stand_in, sample_weight=None, **options
                )
            return _labelled_on(device, target, proba, sample_weight=sample_weight, **options)
        y_true = np.broadcast_to(0.5, target.shape) if ones < 0 else _hot(target, ones)
    rows = _rows.check_pair(y_true, stand_in, sample_weight=None, **options)
    return _in_place(device, rows, proba, sample_weight, target)


def _in_place(
    device: Device,
    rows: Labelled | Paired,
    proba: DeviceArray,
    sample_weight: Any,
    target: DeviceArray | None = None,
) -> Labelled | Paired:
    """The checked rows with the arrays on the device in the place of the stand-ins."""
    table = DeviceTable.of(rows.proba, proba, device)
    weight = weight_on(device, sample_weight, table.n_samples)
    if isinstance(rows, Labelled):
        return replace(rows, codes=device.moved_codes(rows.codes), proba=table, weight=weight)
    of_target = rows.target
    if target is None:  # it is in host memory, and is checked there
        blocks = [block for _, block in of_target.blocks()]
        of_target = replace(of_target, order=None, renormalize=False)
        target = device.moved_reals(np.concatenate(blocks))
    return replace(
        rows, target=DeviceTable.of(of_target, target, device), proba=table, weight=weight
    )


def _labelled_on(
    device: Device,
    y_true: Any,
    proba: DeviceArray,
    *,
    labels: ArrayLike | None = None,
    pos_label: Any = None,
    sample_weight: Any = None,
    from_logits: bool = False,
    renormalize: bool = False,
) -> Labelled:
    stand_in = _stand_in(proba, "y_proba")
    table = as_table(stand_in, "y_proba", from_logits=from_logits, renormalize=renormalize)
    options = {"labels": labels, "pos_label": pos_label, "from_logits": from_logits}
    options |= {"renormalize": renormalize}
    if not is_elsewhere(y_true):
        rows = _rows.check_labelled(y_true, stand_in, **options)
        codes = device.moved_codes(rows.codes)
    elif is_table(_stand_in(y_true, "y_true"), table):
        y_true = device.own(y_true, "y_true")
        target = as_table(_stand_in(y_true, "y_true"), "y_true", renormalize=None)
        target, table, known = aligned(target, table, labels, pos_label)
        codes = _hot_columns(DeviceTable.of(target, y_true, device))
        rows = Labelled(codes, table, known, None)
    else:
        y_true = device.own(y_true, "y_true")
        column = label_column_on(device, y_true, "y_true")
        same_length(column.shape[0], table.n_samples)
        found, inverse = distinct_on(device, column, y_true, "y_true", table.n_classes)
        if labels is not None:
            _refuse_unknown(device, found, inverse, check_labels(labels), table.n_classes)
        each = np.broadcast_to(stand_in[0], (len(found), *stand_in.shape[1:]))
        rows = _rows.check_labelled(found, each, **options)
        codes = device.xp.take(device.moved_codes(rows.codes), inverse, axis=0)
    on_device = DeviceTable.of(rows.proba, proba, device)
    weight = weight_on(device, sample_weight, table.n_samples)
    return replace(rows, codes=codes, proba=on_device, weight=weight)


def _refuse_unknown(
    device: Device,
    found: NDArray[Any],
    inverse: DeviceArray,
    known: NDArray[Any],
    n_classes: int,
) -> None:
    unknown = encode(found, known) < 0
    if len(known) != n_classes or not unknown.any():
        return
    bad = device.xp.take(device.moved_codes(unknown), inverse, axis=0) == 1
    row = device.first(bad)
    if row is not None:
        at = int(inverse[row])
        codes_of(found[at : at + 1], known, start=row)


def _hot_columns(target: DeviceTable) -> DeviceArray:
    """Position of the 1 in each of the one-hot rows."""
    xp, columns = target.device.xp, []
    for rows, block in target.blocks():
        several = xp.sum(xp.astype(block != 0, target.device.index), axis=1) > 1
        row = target.device.first(several)
        if row is not None:
            (values,) = fetched(block[row : row + 1, :], "y_true")
            refuse_soft(values, rows.start + row)
        columns.append(xp.astype(xp.argmax(block, axis=1), target.device.index))
    return xp.concat(columns)
