"""Ways to break a valid call, each of one argument and by one fault that must be refused."""

import math
from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
from scipy import sparse
from strategies import LOSSES, SCORERS, SOFT, as_objects

NAN, INF = math.nan, math.inf
WITH_COLUMNS = ("labels", "one_hot", "soft", "proba")


def table(call):
    """The probabilities as they are, to be broken."""
    rows = np.array(call.table)
    return rows[0] if call.kind == "single" else rows


def put(array, value):
    """The array with `value` in its last row and first column."""
    array.reshape(len(array), -1)[-1, 0] = value
    return array


def objects(array, value):
    return put(array.astype(object), value)


# Of probabilities

NOT_ARRAYS = {
    "none": None,
    "a_number": 0.5,
    "a_string": "0.5",
    "bytes": b"0.5",
    "a_set": {0.5, 0.25},
    "a_dict": {0: 0.5, 1: 0.5},
    "an_object": object(),
    "a_type": float,
    "lazy": pl.LazyFrame({"a": [0.5]}),
    "empty": [],
    "three_dimensions": np.full((2, 2, 2), 0.5),
    "sparse": sparse.csr_array(np.eye(2)),
    "sparse_matrix": sparse.coo_matrix(np.eye(2)),
    "no_dimensions": np.array(0.5),
    "ragged": [[0.5, 0.5], [1.0]],
    "masked": np.ma.masked_less([[0.5, 0.5], [0.1, 0.9]], 0.3),
    "dates": np.array([["2020-01-01", "2020-01-02"]], "M8[D]"),
    "durations": np.array([[1, 2]], "m8[D]"),
    "records": np.zeros(2, [("a", "f8"), ("b", "f8")]),
}


def a_generator(call):
    return (x for x in (0.5, 0.5))


def probability_faults(call):
    """(name, y_proba)"""
    if call.p is None:
        return
    p, columns, logits = table(call), call.kind in WITH_COLUMNS, call.logits
    n, k = len(call.table), np.shape(call.table)[-1]
    yield from NOT_ARRAYS.items()
    yield "generator", a_generator(call)
    yield "nan", put(p.copy(), NAN)
    yield "inf", put(p.copy(), INF)
    yield "nan_in_objects", objects(p, NAN)
    yield "none_in_objects", objects(p, None)
    yield "missing_in_objects", objects(p, pd.NA)
    yield "text_in_objects", objects(p, "0.5")
    yield "bytes_in_objects", objects(p, b"0.5")
    yield "dict_in_objects", objects(p, {})
    yield "complex_in_objects", objects(p, 1j)
    yield "complex", p + 0j
    yield "text", p.astype(str)
    yield "no_rows", p[:0]
    if not logits:
        yield "minus_inf", put(p.copy(), -INF)
        yield "negative", put(p.copy(), -1.5)
        yield "above_one", put(p.copy(), 1.5) if not call.renormalizes else put(p.copy(), INF)
    if columns:
        yield "no_columns", p[:, :0]
        yield "deep", p[:, :, None]
        if n > 1 and k > 1:
            yield "ragged_rows", [row[: k - (i == 0)] for i, row in enumerate(p.tolist())]
        yield "masked_rows", np.ma.masked_array(p, mask=np.arange(p.size).reshape(p.shape) == 0)
        yield "sparse_rows", sparse.csr_array(np.where(np.isfinite(p), p, 0.0))
        if k > 1:
            yield "same_names", pd.DataFrame(p, columns=["same"] * k)
        yield (
            "a_missing_value",
            pl.DataFrame(
                {f"c{j}": [None if j == 0 else x for x in p[:, j].tolist()] for j in range(k)}
            ),
        )
    if columns or call.kind == "single":
        flat = np.atleast_2d(p)
        if not logits:
            zero = np.where(np.arange(len(flat))[:, None] == 0, 0.0, flat)
            yield "zero_row", zero if columns else zero[0]
        if not logits and not call.renormalizes:
            yield "sum_below", p * 0.98
            yield "sum_above", np.minimum(p + 0.02, 1.0) if k > 1 else p * 1.02
        if logits:
            yield "impossible_row", np.full(p.shape, -INF)
    if call.y is not None and call.kind not in ("single",):
        yield "too_long", np.concatenate([p, p[:1]])
        if n > 1:
            yield "too_short", p[:-1]
    if call.kind in ("labels", "one_hot", "soft"):
        wider = np.zeros if not logits else lambda shape: np.full(shape, -INF)
        if k > 1 or call.kind == "labels":  # else one column of targets may be one of labels
            yield "another_column", np.hstack([p, wider((n, 1))])
        names = [*map(str, call.names[:-1]), "none of them"]
        if call.kind == "labels" and k > 1:
            yield "partly_named", pd.DataFrame(p, columns=names)


# Of labels and targets


def label_faults(call):
    """(name, y_true)"""
    if call.y is None:
        return
    for name in ("none", "a_number", "a_string", "bytes", "a_set", "a_dict", "an_object"):
        yield name, NOT_ARRAYS[name]
    for name in ("a_type", "lazy", "empty", "three_dimensions", "sparse", "ragged", "masked"):
        yield name, NOT_ARRAYS[name]
    yield "generator", a_generator(call)
    yield "no_dimensions", np.array(1)
    yield "dates_in_rows", NOT_ARRAYS["dates"]
    n = len(call.codes)
    yield "dates", np.array(["2020-01-01"] * n, "M8[D]")
    yield "no_time", np.array(["NaT"] * n, "m8[D]")
    yield "complex", np.full(n, 1j)
    yield "records", np.zeros(n, [("a", "f8"), ("b", "f8")])
    yield "nothing_but_none", [None] * n
    yield "nothing_but_nan", [NAN] * n
    if call.function in SCORERS and call.weight is not None and not call.weight[-1]:
        return  # for a scorer the last row, which is broken below, is none
    if call.kind in ("labels", "positive", "y"):
        values = [call.names[c] for c in call.codes]
        for name, missing in {"none": None, "nan": NAN, "na": pd.NA, "nat": pd.NaT}.items():
            yield f"{name}_among_them", as_objects([*values[:-1], missing])
        yield "nan_among_floats", np.array([*([0.0] * (n - 1)), NAN])
        yield "a_list_among_them", as_objects([*values[:-1], []])
        yield "a_dict_among_them", as_objects([*values[:-1], {}])
        yield "a_complex_number_among_them", as_objects([*values[:-1], 2j])
        if not call.renormalizes:
            yield "two_columns", np.array([[0.25, 0.25]] * n) if call.p is not None else np.eye(2)
        if n > 1:
            other = 3 if isinstance(values[0], str | bytes) else "3"
            yield "text_among_numbers", as_objects([*values[:-1], other])
            yield "null", pd.Series(as_objects([*map(str, values[:-1]), None]), dtype="string")
    if call.kind in ("labels", "positive"):
        yield "too_long", as_objects([*values, values[0]])
        if n > 1:
            yield "too_short", as_objects(values[:-1])
        strange = "no such label" if isinstance(values[0], str) else b"no"
        if "labels" in call.options:
            yield "unknown", as_objects([*values[:-1], strange])
        if "labels" in call.options and not isinstance(values[0], str | bytes | bool):
            yield "as_text", [str(v) for v in values]
    if call.kind in ("one_hot", "soft"):
        t = np.array(call.target, dtype=float)
        yield "nan_among_them", put(t.copy(), NAN)
        yield "inf_among_them", put(t.copy(), INF)
        yield "negative", put(t.copy(), -1.5)
        yield "text", t.astype(str)
        yield "too_long", np.concatenate([t, t[:1]])
        yield "another_column", np.hstack([t, np.zeros((n, 1))])
        if not call.renormalizes and t.shape[1] > 1:
            yield "multilabel", np.ones(t.shape)
        yield "no_label", np.zeros(t.shape)
        if call.name not in SOFT and t.shape[1] > 1:
            yield "soft", np.full(t.shape, 1 / t.shape[1])
    if call.kind == "single":
        t = np.array(call.target[0], dtype=float)
        yield "nan_among_them", put(t.copy(), NAN)
        yield "negative", put(t.copy(), -1.5)
        yield "too_long", np.append(t, 0.0)
        if not call.renormalizes:
            yield "sum_above", np.append(t[1:], 2.0)


# Of the other arguments


def weight_faults(call):
    n = len(call.codes)
    w = np.arange(1.0, n + 1)
    yield "negative", put(w.copy(), -1.0)
    yield "nan", put(w.copy(), NAN)
    yield "inf", put(w.copy(), INF)
    yield "zeros", np.zeros(n)
    yield "zeros_of_integers", [0] * n
    yield "sum_overflows", np.full(n, 1.7e308)
    yield "too_long", np.append(w, 1.0)
    yield "too_short", w[:-1]
    yield "empty", []
    yield "two_columns", np.ones((n, 2))
    yield "a_row_of_them", np.ones((1, n + 1))
    yield "three_dimensions", np.ones((n, 1, 1))
    yield "a_number", 1.0
    yield "a_string", "balanced"
    yield "text", ["heavy"] * n
    yield "digits", ["1"] * n
    yield "polars_digits", pl.Series(["1"] * n)
    yield "bytes", [b"1"] * n
    yield "none_among_them", [*w[:-1], None]
    yield "na_among_them", [*w[:-1], pd.NA]
    yield "nullable", pd.Series([*w[:-1], None], dtype="Float64")
    yield "a_set", {1.0}
    yield "a_dict", {0: 1.0, 1: 1.0}
    yield "an_object", object()
    yield "a_generator", (x for x in w)
    yield "objects", [object()] * n
    yield "ragged", [[1.0], [1.0, 2.0], *([1.0] * n)]
    yield "masked", np.ma.masked_less(w, 1.5)
    yield "records", np.zeros(n, [("a", "f8"), ("b", "f8")])
    yield "sparse", sparse.csr_array(w[None, :])


def labels_faults(call):
    k = len(call.names)
    names = call.names
    yield "repeated", as_objects([names[0]] * max(k, 2))
    yield "missing", as_objects([*names[:-1], None])
    yield "nan", as_objects([*names[:-1], NAN])
    yield "too_many", as_objects([*names, *(["more"] if isinstance(names[0], str) else [10**6])])
    yield "empty", []
    yield "no_dimensions", np.array(1)
    yield "square", [[0, 1], [2, 3]]
    yield "ragged", [[0], [1, 2]]
    yield "a_number", 1
    yield "a_string", "ab"
    yield "a_set", {0, 1}
    yield "a_dict", {0: 1}
    yield "a_generator", (x for x in names)
    yield "mixed", as_objects([1, "a"])
    yield "unhashable", as_objects([{}, {}])
    yield "masked", np.ma.masked_equal([0, 1, 2], 1)
    yield "dates", np.array(["2020-01-01", "2020-01-02"], "M8[D]")
    yield "complex", [1j, 2j]
    if k > 1:
        yield "too_few", as_objects(names[:-1])


def single_faults(call):
    """(argument, name, value)"""
    bad_bases = [1, 1.0, 0, -2, 0.5, NAN, INF, -INF, "2", "e", True, [2], (2,), {}, 2j, b"2"]
    bad_bases += [Decimal(2), np.array(2.0), np.array([2.0]), pd.NA, object(), date(2020, 1, 1)]
    bad_floors = [-1e-3, 1, 1.5, NAN, INF, "auto", None, True, [0.1], {}, 1j, Decimal("0.1"), pd.NA]
    for argument, values in {
        "base": bad_bases,
        "eps": bad_floors,
        "reduction": ["average", "", None, True, 0, 1.0, ["mean"], {"mean"}, np.array(["mean"])],
        "average": ["weighted", "none", "", 0, False, ["micro"], 1.0, object()],
    }.items():
        if call.takes(argument):
            yield from ((argument, f"number {i}", value) for i, value in enumerate(values))
    if call.takes("pos_label") and call.kind in ("labels", "one_hot", "positive"):
        unlike = {"no": 1} if call.kind != "positive" else "no such label"
        if call.function not in LOSSES or call.kind == "positive":
            yield "pos_label", "unknown", unlike
    if call.takes("reference"):
        k = len(call.names)
        for i, value in enumerate(
            [{}, [0.5] * (k + 1), [NAN] * k, [-0.5, *([1.5 / (k - 1)] * (k - 1))], [0.6] * k, 0.5]
        ):
            yield "reference", f"number {i}", value
        yield "reference", "text", ["a"] * k
        yield "reference", "a_string", "prior"
        yield "reference", "another_label", dict.fromkeys([*call.names[1:], "other"], 1 / k)
        yield "reference", "square", np.eye(k)
    if call.takes("average") and call.takes("normalize"):
        yield "average", "macro_sum", "macro"


def faults(call):
    """(argument, name of the fault, arguments of the broken call)"""
    for name, value in probability_faults(call):
        yield "y_proba", name, {"y_proba": value}
    for name, value in label_faults(call):
        yield "y_true", name, {"y_true": value}
    for name, value in weight_faults(call):
        yield "sample_weight", name, {"sample_weight": value}
    if call.takes("labels") and call.kind != "single":
        for name, value in labels_faults(call):
            yield "labels", name, {"labels": value}
    for argument, name, value in single_faults(call):
        changes = {argument: value}
        if name == "macro_sum":
            changes["normalize"] = False
        yield argument, name, changes
