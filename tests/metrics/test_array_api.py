"""Arrays of other libraries, in host memory and on devices that NumPy cannot look at.

array-api-strict has devices that refuse to be NumPy arrays, which stand for a GPU. Tensors of
torch are also tested as if they were on one, so that the arithmetic runs in two libraries.
"""

import math
import os
import subprocess
import sys
from dataclasses import dataclass
from functools import partial
from typing import Any

import array_api_strict as strict
import numpy as np
import pandas as pd
import pytest
from scipy.special import log_softmax
from test_common import CASES, WEIGHT, N, has_columns, parametrize

import skxent
from skxent._backend import _array_api, _numpy, copied_from
from skxent._intake import _foreign, _table
from skxent._intake._foreign import on_host
from skxent.statistic import _slabs


@dataclass(frozen=True)
class Library:
    """A library with one of its devices."""

    name: str
    xp: Any
    device: Any
    elsewhere: bool

    def array(self, data):
        data = np.asarray(data)
        if self.name.startswith("torch"):
            return self.xp.tensor(data)
        return self.xp.asarray(data, device=self.device)

    def numpy(self, array):
        return np.asarray(array if self.name.startswith("torch") else np.from_dlpack(array))

    def made(self, array):
        """Whether this library made the array, on its device."""
        kind = self.xp.Tensor if self.name.startswith("torch") else type(strict.asarray(1))
        return isinstance(array, kind) and array.device == self.device

    def of(self, option):
        return self.array(option) if isinstance(option, np.ndarray) else option


def library(name, monkeypatch):
    if name.startswith("torch"):
        torch = pytest.importorskip("torch")
        if name == "torch elsewhere":
            monkeypatch.setattr(_foreign, "_HOST_MEMORY", set())
        return Library(name, torch, torch.device("cpu"), name == "torch elsewhere")
    device = strict.Device(name)
    return Library(name, strict, device, name != "CPU_DEVICE")


HOSTS = ["CPU_DEVICE", "torch"]
# Strict's device "no_x64" is left out: strict's own argmax and sum fail there.
DEVICES = ["device1", "torch elsewhere"]


@pytest.fixture(params=[*HOSTS, *DEVICES])
def lib(request, monkeypatch):
    return library(request.param, monkeypatch)


@pytest.fixture(params=DEVICES)
def device(request, monkeypatch):
    return library(request.param, monkeypatch)


@pytest.fixture
def device1(monkeypatch):
    return library("device1", monkeypatch)


def check_equal(lib, got, want):
    """The same bits from host memory, and the same to rounding from a device."""
    if isinstance(want, float):
        assert type(got) is float
    else:
        assert lib.made(got)
        assert got.dtype == lib.xp.float64
        got = lib.numpy(got)
        assert got.shape == want.shape
    if not lib.elsewhere:
        assert np.array_equal(got, want, equal_nan=True)
    else:
        tolerance = {"rtol": 1e-12, "atol": 1e-15}
        np.testing.assert_allclose(got, want, **tolerance)


OPTIONS = [
    {},
    {"sample_weight": WEIGHT},
    {"sample_weight": np.where(np.arange(N) % 5 == 4, 0.0, WEIGHT)[:, None]},
    {"sample_weight": WEIGHT.tolist()},
    {"base": 2},
    {"reduction": "none"},
    {"reduction": "sum", "sample_weight": WEIGHT},
    {"normalize": False},
    {"average": "macro"},
    {"average": None},
    {"average": None, "normalize": False, "sample_weight": WEIGHT},
    {"eps": 0},
    {"eps": 0.3},
]


def all_taken(case, options):
    return all(case.takes(option) for option in options)


def with_options(list_of_options, condition=lambda case: True):
    pairs = [(c, o) for c in CASES for o in list_of_options if condition(c) and all_taken(c, o)]
    names = [f"{c.function.__name__}-{c.kind}-{'-'.join(o) or 'plain'}" for c, o in pairs]
    return pytest.mark.parametrize(("case", "options"), pairs, ids=names)


# Values


@with_options(OPTIONS)
def test_values_are_those_of_numpy(lib, case, options):
    foreign = {name: lib.of(value) for name, value in options.items()}
    check_equal(lib, case.on(lib.array)(**foreign), case(**options))


@parametrize(lambda case: case.takes("from_logits"))
@pytest.mark.parametrize("reduction", ["mean", "none"])
def test_logits(lib, case, reduction):
    logits = np.log(case.p) - (np.log1p(-case.p) if case.kind == "positive" else 0.0)
    if has_columns(case):
        logits[:5, 0] = -np.inf
        logits[5:9] *= 1000
    options = {"from_logits": True}
    if case.takes("reduction"):
        options["reduction"] = reduction
    y = () if case.y is None else (case.y,)
    with np.errstate(over="ignore"):
        want = case.function(*y, logits, **options)
        got = case.function(*map(lib.array, y), lib.array(logits), **options)
    check_equal(lib, got, want)


@parametrize(lambda case: case.takes("renormalize") and has_columns(case))
def test_renormalized_rows(lib, case):
    scale = np.random.default_rng(3).uniform(0.1, 9.0, (N, 1))
    y = case.y * scale[::-1] if case.kind == "soft" else case.y
    want = case.function(y, case.p * scale, renormalize=True)
    got = case.function(lib.array(y), lib.array(case.p * scale), renormalize=True)
    check_equal(lib, got, want)


@parametrize(lambda case: case.takes("labels") and case.kind in ("labels", "positive"))
def test_labels_and_pos_label(lib, case):
    labels = np.array([2, 0, 1]) if case.kind == "labels" else np.array([1, 0])
    want = case(labels=labels)
    check_equal(lib, case.on(lib.array)(labels=lib.array(labels)), want)
    check_equal(lib, case.on(lib.array)(labels=labels.tolist()), want)
    if case.kind == "positive":
        check_equal(lib, case.on(lib.array)(pos_label=0), case(pos_label=0))
        true = case.function(case.y == 1, case.p)
        check_equal(lib, case.function(lib.array(case.y == 1), lib.array(case.p)), true)


@parametrize(lambda case: case.y is not None and case.p is not None)
def test_targets_in_host_memory(lib, case):
    """Labels in host memory, also text, beside probabilities that are elsewhere."""
    check_equal(lib, case.function(case.y, lib.array(case.p)), case())
    if case.kind == "labels":
        text = np.array(["ant", "bee", "cow"])[case.y].tolist()
        check_equal(lib, case.function(text, lib.array(case.p)), case())


@parametrize(lambda case: case.kind == "soft")
def test_a_single_pair_of_distributions(lib, case):
    want = case.function(case.y[0], case.p[0])
    check_equal(lib, case.function(lib.array(case.y[0]), lib.array(case.p[0])), want)
    check_equal(lib, case.function(case.y[0], lib.array(case.p[0])), want)
    has_unit = case.function is not skxent.perplexity
    options = {"reduction": "none"} | ({"base": 2} if has_unit else {})
    rows = case.function(lib.array(case.y[0]), lib.array(case.p[0]), **options)
    check_equal(lib, rows, case.function(case.y[0], case.p[0], **options))
    assert rows == pytest.approx(want / np.log(2) if has_unit else want)
    column = case.function(lib.array(case.y[0][:, None]), lib.array(case.p[0]))
    check_equal(lib, column, want)


def test_entropy_of_a_single_distribution(lib):
    check_equal(lib, skxent.entropy(lib.array([0.5, 0.25, 0.25]), base=2), 1.5)


@with_options([{}, {"average": None}, {"reduction": "none"}])
def test_many_blocks(device, case, options, monkeypatch):
    monkeypatch.setattr(_array_api, "_BLOCK_SIZE", 21)
    foreign = {"sample_weight": device.array(WEIGHT)}
    check_equal(
        device, case.on(device.array)(**options, **foreign), case(**options, sample_weight=WEIGHT)
    )


def test_a_device_without_float64_is_refused():
    """Sums of many losses in float32 are wrong in the fourth digit."""
    p = strict.asarray([[0.5, 0.5]], dtype=strict.float32, device=strict.Device("no_float64"))
    with pytest.raises(TypeError, match=r"y_proba is on the device .* no float64.*y_proba\.cpu"):
        skxent.log_loss([0], p, labels=[0, 1])


@pytest.mark.parametrize("n_labels", [3, 101])
@pytest.mark.parametrize("weighted", [False, True])
def test_label_entropy_on_a_device_keeps_its_digits(lib, n_labels, weighted):
    y = np.concatenate([np.zeros(100_000, int), np.arange(n_labels)])
    w = np.random.default_rng(0).uniform(size=len(y)) if weighted else None
    found = skxent.label_entropy(lib.array(y), sample_weight=lib.of(w))
    assert found == pytest.approx(skxent.label_entropy(y, sample_weight=w), rel=1e-9)


EXACT = [
    (skxent.entropy, ([[1.0, 0.0], [0.5, 0.5]],), [0.0, 1.0]),
    (skxent.cross_entropy, ([[1.0, 0.0]] * 2, [[1.0, 0.0], [0.0, 1.0]]), [0.0, np.inf]),
    (skxent.cross_entropy, ([0, 1], [[1.0, 0.0]] * 2), [0.0, np.inf]),
    (skxent.cross_entropy, ([1, 0, 1, 0], [1.0, 0.0, 0.0, 1.0]), [0.0, 0.0, np.inf, np.inf]),
    (skxent.kl_divergence, ([[1.0, 0.0], [0.5, 0.5]], [[1.0, 0.0]] * 2), [0.0, np.inf]),
    (skxent.kl_divergence, ([[0.3, 0.7, 0.0]], [[0.3, 0.7, 0.0]]), [0.0]),
    (skxent.js_divergence, ([[1.0, 0.0]] * 2, [[1.0, 0.0], [0.0, 1.0]]), [0.0, 1.0]),
    (skxent.js_divergence, ([0, 1], [[1.0, 0.0]] * 2), [0.0, 1.0]),
    (skxent.perplexity, ([0, 1], [[1.0, 0.0]] * 2), [1.0, np.inf]),
]


@pytest.mark.parametrize(("metric", "data", "values"), EXACT)
def test_zeros_and_infinities_are_exact(lib, metric, data, values):
    unit = {} if metric is skxent.perplexity else {"base": 2}
    got = metric(*map(lib.array, data), reduction="none", **unit)
    assert lib.numpy(got).tolist() == values


@pytest.mark.parametrize("column", [0, 1])
def test_infinite_logits(lib, column):
    logits = np.zeros((2, 2))
    logits[:, column] = -np.inf
    rows = skxent.cross_entropy(
        lib.array([column, 1 - column]), lib.array(logits), from_logits=True, reduction="none"
    )
    assert lib.numpy(rows).tolist() == [np.inf, 0.0]


def test_a_weight_of_zero_hides_an_infinite_loss(lib):
    p, y = lib.array([[0.5, 0.5], [1.0, 0.0]]), lib.array([0, 1])
    weight = lib.array([1.0, 0.0])
    assert skxent.log_loss(y, p, eps=0, base=2, sample_weight=weight, labels=[0, 1]) == 1.0
    by_class = skxent.log_loss(
        y, p, eps=0, base=2, sample_weight=weight, labels=[0, 1], average=None
    )
    np.testing.assert_array_equal(lib.numpy(by_class), [1.0, np.nan])


def test_tiny_probabilities(lib):
    p = np.array([[1e-300, 1.0], [5e-324, 1.0]])
    got = skxent.cross_entropy(lib.array([0, 1]), lib.array(p), reduction="none")
    check_equal(lib, got, skxent.cross_entropy([0, 1], p, reduction="none"))
    t = p[:, ::-1].copy()
    for metric in (skxent.kl_divergence, skxent.js_divergence):
        want = metric(t, p, reduction="none")
        check_equal(lib, metric(lib.array(t), lib.array(p), reduction="none"), want)


def test_entropy_of_labels_of_any_number(lib):
    rng = np.random.default_rng(0)
    for y in (rng.normal(size=3000), rng.integers(-5, 5, 3000), rng.random(3000) < 0.1):
        weight = rng.random(3000)
        check_equal(lib, skxent.label_entropy(lib.array(y)), skxent.label_entropy(y))
        got = skxent.label_entropy(lib.array(y), sample_weight=lib.array(weight), base=2)
        check_equal(lib, got, skxent.label_entropy(y, sample_weight=weight, base=2))


def test_a_reference_for_the_skill(lib):
    y, p = np.array([0, 1, 1]), np.array([[0.75, 0.25], [0.5, 0.5], [0.25, 0.75]])
    want = skxent.log_loss_skill_score(y, p, reference=[0.5, 0.5])
    for reference in ({0: 0.5, 1: 0.5}, [0.5, 0.5], lib.array([0.5, 0.5])):
        got = skxent.log_loss_skill_score(lib.array(y), lib.array(p), reference=reference)
        check_equal(lib, got, want)


# Rules

GOOD = np.array([[0.5, 0.25, 0.25], [0.25, 0.5, 0.25], [0.25, 0.25, 0.5], [0.5, 0.5, 0.0]])
LABELS = np.array([0, 1, 2, 1])


def changed(row, column, value):
    p = GOOD.copy()
    p[row, column] = value
    return p


NAN, ALL = changed(2, 1, np.nan), skxent.cross_entropy
BAD = {
    "nan": (ALL, LABELS, NAN, {}),
    "negative": (ALL, LABELS, changed(3, 2, -0.25), {}),
    "above one": (ALL, LABELS, changed(1, 1, 1.5), {}),
    "infinite": (ALL, LABELS, changed(1, 1, np.inf), {}),
    "sum": (ALL, LABELS, changed(2, 0, 0.5), {}),
    "nan logit": (ALL, LABELS, NAN, {"from_logits": True}),
    "infinite logit": (ALL, LABELS, changed(2, 1, np.inf), {"from_logits": True}),
    "no logit": (ALL, LABELS, np.where([[0], [0], [1], [0]], -np.inf, GOOD), {"from_logits": True}),
    "nothing to renormalize": (ALL, LABELS, GOOD * [[1], [1], [0], [1]], {"renormalize": True}),
    "negative to renormalize": (ALL, LABELS, changed(2, 1, -1.0), {"renormalize": True}),
    "hidden negative": (ALL, LABELS, changed(2, 1, -0.25), {"renormalize": True}),
    "positive alone": (ALL, LABELS % 2, np.array([0.5, 0.25, 1.5, 0.1]), {"labels": [0, 1]}),
    "target": (ALL, changed(2, 0, 0.5), GOOD, {}),
    "multilabel": (ALL, np.array([[1, 0, 0], [1, 1, 0]]), GOOD[:2], {}),
    "soft": (skxent.log_loss, GOOD, GOOD, {}),
    "one column": (ALL, LABELS, GOOD[:, :1], {}),
    "few columns": (ALL, LABELS, GOOD[:, :2] * 2, {}),
    "columns of targets": (ALL, GOOD[:, :2], GOOD, {}),
    "few labels": (ALL, LABELS, GOOD, {"labels": [0, 1]}),
    "unknown label": (ALL, np.array([0, 1, 7, 5]), GOOD, {"labels": [0, 1, 2]}),
    "unknown number": (ALL, np.array([0.0, 1.0, 1.5, 2.0]), GOOD, {"labels": [0, 1, 2]}),
    "missing label": (ALL, np.array([0.0, 1.0, np.nan, 2.0]), GOOD, {}),
    "repeated labels": (ALL, LABELS, GOOD, {"labels": np.array([0, 1, 1])}),
    "pos_label": (ALL, LABELS, GOOD, {"pos_label": 1}),
    "unknown pos_label": (ALL, LABELS % 2, GOOD[:, 0], {"pos_label": 5}),
    "three labels": (ALL, LABELS, GOOD[:, 0], {"pos_label": 1}),
    "one label": (ALL, LABELS * 0, GOOD[:, 0], {}),
    "rows": (ALL, LABELS[:3], GOOD, {}),
    "rows of targets": (ALL, GOOD[:3], GOOD, {}),
    "rows of one column": (ALL, LABELS[:3] % 2, GOOD[:, 0], {}),
    "two dimensions of labels": (ALL, GOOD, GOOD[:, 0], {}),
    "three dimensions": (ALL, LABELS, GOOD[:, :, None], {}),
    "three dimensions of labels": (ALL, GOOD[:, :, None], GOOD, {}),
    "empty": (ALL, LABELS[:0], GOOD[:0], {}),
    "complex": (ALL, LABELS, GOOD.astype(complex), {}),
    "complex labels": (ALL, LABELS.astype(complex), GOOD, {}),
    "ambiguous": (ALL, np.array([0, 0, 1]), GOOD[0], {}),
    "labels as floats": (ALL, np.array([0.0, 1.0, 1.0]), GOOD[0], {}),
    "a pair of unequal length": (ALL, GOOD[0], GOOD[0, :2] + 0.125, {}),
    "no pair": (ALL, GOOD[0] * 2, GOOD[0], {}),
    "negative weight": (ALL, LABELS, GOOD, {"sample_weight": np.array([1.0, 2.0, -1.0, 1.0])}),
    "nan weight": (ALL, LABELS, GOOD, {"sample_weight": np.array([1.0, np.nan, 1.0, 1.0])}),
    "no weight": (ALL, LABELS, GOOD, {"sample_weight": np.zeros(4)}),
    "great weight": (ALL, LABELS, GOOD, {"sample_weight": np.full(4, 5e299)}),
    "infinite sum of weights": (ALL, LABELS, GOOD, {"sample_weight": np.full(4, 1e308)}),
    "few weights": (ALL, LABELS, GOOD, {"sample_weight": np.ones(3)}),
    "a table of weights": (ALL, LABELS, GOOD, {"sample_weight": GOOD}),
    "single class": (skxent.log_loss_skill_score, LABELS * 0, GOOD, {"labels": [0, 1, 2]}),
    "entropy": (skxent.entropy, None, changed(2, 0, 0.5), {}),
    "entropy of a distribution": (skxent.entropy, None, NAN[2], {}),
    "no labels": (skxent.label_entropy, LABELS[:0], None, {}),
    "missing labels": (skxent.label_entropy, np.array([1.0, np.nan]), None, {}),
    "a table of labels": (skxent.label_entropy, GOOD, None, {}),
    "weights of labels": (skxent.label_entropy, LABELS, None, {"sample_weight": -np.ones(4)}),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("block_size", [1 << 24, 2])
def test_errors_are_those_of_numpy(lib, name, block_size, monkeypatch):
    monkeypatch.setattr(_array_api, "_BLOCK_SIZE", block_size)
    metric, y, p, options = BAD[name]
    data = [values for values in (y, p) if values is not None]
    with pytest.raises((ValueError, TypeError)) as expected:
        metric(*data, **options)
    foreign = {name: lib.of(value) for name, value in options.items()}
    with pytest.raises(expected.type) as found:
        metric(*map(lib.array, data), **foreign)
    assert str(found.value) == str(expected.value)


def test_continuous_targets_stay_on_the_device(device):
    y = np.random.default_rng(0).normal(size=2000)
    p = np.full((2000, 2), 0.5)
    with pytest.raises(ValueError, match="y_true holds 2000 different values, but there are 2 cla"):
        skxent.log_loss(device.array(y), device.array(p))


def test_rounding_is_no_error(lib):
    p = np.array([[1 + 1e-9, -1e-9], [0.5, 0.5], [1 + 1e-9, -1e-9]])
    for y in (np.array([0, 1, 1]), np.eye(2)[[0, 1, 1]], p[::-1].copy()):
        for metric in (skxent.cross_entropy, skxent.js_divergence):
            want = metric(y, p, reduction="none")
            check_equal(lib, metric(lib.array(y), lib.array(p), reduction="none"), want)


def test_close_distributions_keep_their_digits(lib):
    t = np.array([[0.25, 0.75], [0.5, 0.5]])
    p = t + np.array([[1e-8, -1e-8], [-1e-4, 1e-4]])
    got = lib.numpy(skxent.js_divergence(lib.array(t), lib.array(p), reduction="none"))
    want = skxent.js_divergence(t, p, reduction="none")
    assert got == pytest.approx(want, rel=1e-12, abs=0)


def test_named_targets_in_host_memory(lib):
    """Columns of a data frame are matched by name, and rows are scaled there."""
    t = pd.DataFrame({"b": [0.2, 0.6], "a": [0.4, 0.2], "c": [0.1, 0.1]})
    p = GOOD[:2]
    options = {"labels": ["a", "b", "c"], "renormalize": True}
    want = skxent.cross_entropy(t, p, **options)
    assert want != pytest.approx(skxent.cross_entropy(t.to_numpy(), p, renormalize=True))
    check_equal(lib, skxent.cross_entropy(t, lib.array(p), **options), want)


# What moves


class Traffic:
    """Counts the numbers that leave array-api-strict's devices."""

    def __init__(self, monkeypatch):
        kind = type(strict.asarray(1))
        export, self.largest = kind.__dlpack__, 0

        def counted(array, **options):
            self.largest = max(self.largest, array.size)
            return export(array, **options)

        monkeypatch.setattr(kind, "__dlpack__", counted)


@parametrize()
def test_nothing_of_the_size_of_the_rows_leaves_the_device(device1, case, monkeypatch):
    traffic = Traffic(monkeypatch)
    for options in OPTIONS:
        if all_taken(case, options):
            case.on(device1.array)(**{k: device1.of(v) for k, v in options.items()})
    assert traffic.largest <= 3
    if case.kind == "labels":
        assert traffic.largest > 0


@pytest.mark.parametrize("name", BAD)
def test_an_error_fetches_one_row(device1, name, monkeypatch):
    traffic = Traffic(monkeypatch)
    metric, y, p, options = BAD[name]
    data = [device1.array(values) for values in (y, p) if values is not None]
    with pytest.raises((ValueError, TypeError)):
        metric(*data, **{k: device1.of(v) for k, v in options.items()})
    assert traffic.largest <= 4


class Constant:
    """A classifier that predicts what it was given."""

    def __init__(self, classes, values, method="predict_proba"):
        self.classes_ = classes
        setattr(self, method, lambda X: values)


@pytest.mark.parametrize("name", HOSTS)
def test_arrays_in_host_memory_are_viewed_and_not_copied(name, monkeypatch):
    lib, seen = library(name, monkeypatch), []

    def metric(y_true, y_proba, *, labels, sample_weight):
        seen.extend([y_true, y_proba, sample_weight])
        return 0.0

    data = [lib.array(values) for values in (LABELS, GOOD, np.ones(4))]
    scorer = skxent.make_scorer(metric, greater_is_better=True)
    scorer(Constant(lib.array([0, 1, 2]), data[1]), None, data[0], sample_weight=data[2])
    for view, array in zip(seen, data, strict=True):
        assert isinstance(view, np.ndarray)
        assert np.shares_memory(view, lib.numpy(array))


def test_array_api_compat_is_for_devices_only(monkeypatch):
    """Host memory does without it, and where it is missing the error says what to install."""
    monkeypatch.setitem(sys.modules, "array_api_compat", None)
    assert skxent.log_loss(strict.asarray(LABELS), strict.asarray(GOOD)) > 0
    elsewhere = strict.asarray(GOOD, device=strict.Device("device1"))
    with pytest.raises(ImportError, match=r"device1.*pip install \"skxent\[array-api\]\""):
        skxent.log_loss(LABELS, elsewhere)
    with pytest.raises(ImportError, match="y_true is on the device"):
        skxent.label_entropy(strict.asarray(LABELS, device=strict.Device("device1")))


def test_array_api_compat_is_not_imported_without_need():
    code = (
        "import sys, numpy as np, skxent, array_api_strict as xp; "
        "skxent.log_loss(np.array([0, 1]), np.array([0.5, 0.5])); "
        "skxent.log_loss(xp.asarray([0, 1]), xp.asarray([0.5, 0.5])); "
        "sys.exit('array_api_compat' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# Where arrays may be


def on(name, data):
    return strict.asarray(data, device=strict.Device(name))


def test_one_device_for_all():
    y, p, weight = on("device1", LABELS), on("device1", GOOD), np.ones(4)
    with pytest.raises(
        ValueError, match=r"y_true is on the device .*device2.*y_proba on .*device1"
    ):
        skxent.log_loss(on("device2", LABELS), p)
    with pytest.raises(ValueError, match="y_true is on the device"):
        skxent.cross_entropy(on("device2", GOOD), p)
    with pytest.raises(ValueError, match="sample_weight is on the device"):
        skxent.log_loss(y, p, sample_weight=on("device2", weight))
    with pytest.raises(ValueError, match=r"sample_weight is on the device .* and y_true on"):
        skxent.label_entropy(y, sample_weight=on("device2", weight))
    for data in ((y, GOOD), (on("device1", GOOD), GOOD)):
        with pytest.raises(TypeError, match=r"y_true is on the device .*y_true.cpu"):
            skxent.cross_entropy(*data)
    with pytest.raises(TypeError, match=r"sample_weight is on the device .*needed in host memory"):
        skxent.log_loss(LABELS, GOOD, sample_weight=on("device1", weight))


def test_one_library_for_all(monkeypatch):
    lib = library("torch elsewhere", monkeypatch)
    with pytest.raises(ValueError, match=r"array_api_strict and .*torch; move them to one device"):
        skxent.log_loss(strict.asarray(LABELS), lib.array(GOOD))


class Generous:
    """An array on a GPU that NumPy could read, by a copy that nobody asked for."""

    device, dtype, shape = "cuda:0", "float64", (4, 3)

    def __dlpack_device__(self):
        return 2, 0

    def __array_namespace__(self):
        return np

    def __array__(self, dtype=None, copy=None):
        return GOOD


def test_what_is_on_a_gpu_is_not_copied_behind_the_back():
    assert np.asarray(Generous()) is GOOD
    with pytest.raises(TypeError, match="proba_on_gpu is on the device cuda:0, but is needed in"):
        on_host(Generous(), "proba_on_gpu")


@pytest.mark.parametrize("first", ["numpy", *HOSTS])
@pytest.mark.parametrize("second", ["numpy", *HOSTS])
def test_libraries_may_be_mixed_in_host_memory(first, second, monkeypatch):
    make = {name: library(name, monkeypatch).array for name in HOSTS if name in (first, second)}
    y = make.get(first, np.asarray)(LABELS)
    p = make.get(second, np.asarray)(GOOD)
    assert skxent.log_loss(y, p) == skxent.log_loss(LABELS, GOOD)


def test_reports_read_host_memory(monkeypatch):
    for name in HOSTS:
        lib = library(name, monkeypatch)
        y, p = np.tile(LABELS, 10), np.tile(GOOD, (10, 1))
        report = skxent.log_loss_report(lib.array(y), lib.array(p), recalibration=False, n_null=0)
        assert report.overall["log_loss"] == pytest.approx(skxent.log_loss(y, p), rel=1e-14)
        parts = skxent.LogLossAccumulator([0, 1, 2])
        parts.update(lib.array(y), lib.array(p), lib.array(np.ones(40)))
        assert parts.report().overall["log_loss"] == report.overall["log_loss"]
        skxent.compare_log_loss(lib.array(y), {"a": lib.array(p), "b": lib.array(p[:, [0, 2, 1]])})
        assert type(skxent.recalibration.refinement_loss(lib.array(y), lib.array(p))) is float


def test_groups_on_a_device_are_refused_with_a_way_out(device1):
    y, p = np.tile(LABELS, 10), np.tile(GOOD, (10, 1))
    groups = device1.array(np.repeat(np.arange(20), 2))
    with pytest.raises(TypeError, match=r"groups is on the device .* or a NumPy array"):
        skxent.log_loss_report(y, p, groups=groups, recalibration=False, n_null=0)


def on_both(values):
    return on("device1", values), np.asarray(values)


@pytest.mark.parametrize("many", [2_000_000, 0])
def test_reports_take_arrays_on_a_device_and_bring_them_block_by_block(many, monkeypatch):
    monkeypatch.setattr(_table, "_MANY", many)
    for limit in ("_BLOCK_BYTES", "_BYTES_ALONE"):
        monkeypatch.setattr(_numpy, limit, 1 << 16)
    monkeypatch.setattr(_slabs, "_NUMBERS", 3 << 13)
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(15_000, 3))
    proba, hot = np.exp(log_softmax(logits, axis=1)), np.eye(3)[rng.integers(3, size=15_000)]
    labels, weight = hot.argmax(axis=1), rng.integers(0, 3, 15_000) * 1.0
    brought = []

    def counting(values):
        brought.append(math.prod(values.shape))
        return copied_from(values)

    monkeypatch.setattr(_array_api, "copied_from", counting)

    def accumulated(y, p, w=None):
        parts = skxent.LogLossAccumulator([0, 1, 2], random_state=0)
        for start in range(0, 15_000, 5000):
            at = slice(start, start + 5000)
            parts.update(y[at], p[at, :] if p.ndim == 2 else p[at], None if w is None else w[at])
        return parts.report().to_dict()

    def reported(y, p, w=None, **options):
        options.setdefault("labels", [0, 1, 2])
        return skxent.log_loss_report(y, p, sample_weight=w, **options).to_dict()

    def cut(report):
        return {k: v for k, v in report.items() if k not in ("about", "created")}

    there, here = zip(*(on_both(x) for x in (labels, proba, weight)), strict=True)
    for call in (accumulated, reported):
        assert_same(cut(call(*there)), cut(call(*here)))
    assert_same(cut(reported(*there[:2])), cut(reported(*here[:2])))
    table = on_both(logits)
    logs = partial(reported, from_logits=True, recalibration=False, n_null=0)
    assert_same(cut(logs(there[0], table[0])), cut(logs(*here[:1], table[1])))
    assert_same(cut(logs(on("device1", hot), table[0])), cut(logs(hot, table[1])))
    positive = on_both(proba[:, 1])
    two = partial(reported, labels=[0, 1], recalibration=False, n_null=0)
    is_one = on_both((labels == 1).astype(int))
    assert_same(cut(two(is_one[0], positive[0])), cut(two(is_one[1], positive[1])))
    for metric in (skxent.recalibration.refinement_loss, skxent.recalibration.fit_temperature):
        assert metric(*there[:2]) == metric(*here[:2])
    compared = [skxent.compare_log_loss(y, {"a": p, "b": p}) for y, p, _ in (there, here)]
    assert_same(*(cut(each.to_dict()) for each in compared))
    if many == 0:  # a block, or the rows that maps are fitted to
        assert max(brought) == 10_000 * 3


def assert_same(one, other):
    """To the rounding of other libraries' float arithmetic."""
    if isinstance(one, dict):
        assert list(one) == list(other)
        one, other = list(one.values()), list(other.values())
    if isinstance(one, list):
        assert len(one) == len(other)
        for pair in zip(one, other, strict=True):
            assert_same(*pair)
    elif isinstance(one, float):
        assert one == pytest.approx(other, rel=1e-9, abs=1e-12, nan_ok=True)
    else:
        assert one == other


def test_labels_on_a_device_need_their_predictions_there():
    y = on("device1", LABELS)
    accumulator = skxent.LogLossAccumulator([0, 1, 2])
    for call in (
        lambda: skxent.log_loss_report(y, GOOD),
        lambda: accumulator.update(y, GOOD),
    ):
        with pytest.raises(
            TypeError, match=r"device1.*needed in host memory here; pass .*\.cpu\(\)"
        ):
            call()


# Scorers

SCORERS = {
    **{name: skxent.get_scorer(name) for name in skxent.get_scorer_names()},
    "per_class": skxent.make_per_class_scorer([0, 1, 2], base=2),
}


def same_score(got, want):
    if isinstance(want, dict):
        assert list(got) == list(want)
        got, want = list(got.values()), list(want.values())
    assert got == pytest.approx(want, rel=1e-12, nan_ok=True)


@pytest.mark.parametrize("name", SCORERS)
@pytest.mark.parametrize("method", ["predict_proba", "predict_log_proba"])
def test_scorers(lib, name, method):
    rng = np.random.default_rng(0)
    p, y = rng.dirichlet(np.ones(3), 60), rng.integers(3, size=60)
    weight = rng.integers(0, 3, 60).astype(float)
    values = p if method == "predict_proba" else np.log(p)
    scorer = SCORERS[name]
    if method != "predict_proba":
        scorer = skxent.make_scorer(skxent.log_loss, response_method=method)
    host, model = (Constant(a([0, 1, 2]), a(values), method) for a in (np.asarray, lib.array))
    for w in (None, weight):
        want = scorer(host, None, y, sample_weight=w)
        for labels in (lib.array(y), lib.array(y[:, None]), y):
            same_score(scorer(model, None, labels, sample_weight=w), want)
        if w is not None:
            same_score(scorer(model, None, lib.array(y), sample_weight=lib.array(w)), want)
            if lib.elsewhere:  # a mask of such rows would have to move in some folds
                with pytest.raises(TypeError, match="sample_weight is on the device"):
                    scorer(model, None, y, sample_weight=lib.array(w))


@pytest.mark.parametrize("classes", [[0, 1], [0, 2], [1, 2], [2, 0]])
@pytest.mark.parametrize("positive_alone", [False, True])
def test_unseen_classes(lib, classes, positive_alone):
    rng = np.random.default_rng(0)
    p, y = rng.dirichlet(np.ones(2), 60), rng.integers(3, size=60)
    p = p[:, 1] if positive_alone else p
    host, model = (Constant(a(classes), a(p)) for a in (np.asarray, lib.array))
    weights = [None, rng.random(60), np.where(np.isin(y, classes), 1.0, 0.0)]
    weights.append(np.where(np.arange(60) < 30, weights[2], 1.0))
    for scorer in (skxent.neg_log_loss_scorer, SCORERS["per_class"]):
        for w in weights:
            want = scorer(host, None, y, sample_weight=w)
            foreign = None if w is None else lib.array(w)
            same_score(scorer(model, None, lib.array(y), sample_weight=foreign), want)
            same_score(scorer(model, None, lib.array(y), sample_weight=w), want)
            same_score(scorer(model, None, y, sample_weight=w), want)


def test_unseen_classes_may_be_refused_or_left_out(lib):
    p, y = np.full((4, 2), 0.5), np.array([0, 1, 2, 5])
    host, model = (Constant(a([0, 1]), a(p)) for a in (np.asarray, lib.array))
    for unseen, labels in (("raise", y), ("ignore", y * 0 + 5)):
        scorer = skxent.make_scorer(skxent.log_loss, unseen=unseen)
        with pytest.raises(ValueError, match="never saw") as expected:
            scorer(host, None, labels)
        for foreign in (lib.array(labels), labels):
            with pytest.raises(ValueError, match="never saw") as found:
                scorer(model, None, foreign)
            assert str(found.value) == str(expected.value)
    scorer = skxent.make_scorer(skxent.log_loss, unseen="ignore", base=2)
    for labels in (lib.array(y), y):
        with pytest.warns(UserWarning, match=r"never saw \[2, 5\], the classes of 2 of 4 rows"):
            assert scorer(model, None, labels, sample_weight=np.ones(4)) == -1.0


def test_rows_of_weight_zero_need_no_class(lib):
    scorer = skxent.make_scorer(skxent.log_loss, unseen="raise", base=2)
    model, y = Constant([0, 1], lib.array(np.full((3, 2), 0.5))), np.array([0, 1, 7])
    for weight in (np.array([1.0, 1.0, 0.0]), lib.array([1.0, 1.0, 0.0])):
        assert scorer(model, None, lib.array(y), sample_weight=weight) == -1.0


@pytest.mark.parametrize("unseen", ["floor", "ignore"])
def test_labels_for_all_rows(lib, unseen):
    scorer = skxent.make_scorer(skxent.log_loss, unseen=unseen)
    model = Constant([0, 1], lib.array(np.full((3, 2), 0.5)))
    with pytest.raises(ValueError, match="same number of rows; got 2 and 3"):
        scorer(model, None, lib.array([0, 7]))


def test_unseen_classes_that_are_true_or_false(lib):
    p = np.array([[1.0], [1.0]])
    host, model = (Constant(a([False]), a(p)) for a in (np.asarray, lib.array))
    y = np.array([False, True])
    want = skxent.neg_log_loss_scorer(host, None, y)
    assert skxent.neg_log_loss_scorer(model, None, lib.array(y)) == pytest.approx(want, rel=1e-12)


def test_logits_of_unseen_classes(lib):
    z, y = np.array([0.5, -1.0, 2.0]), np.array([0, 1, 2])
    scorer = skxent.make_scorer(skxent.log_loss, response_method="decision_function")
    host, model = (Constant(a([0, 1]), a(z), "decision_function") for a in (np.asarray, lib.array))
    same_score(scorer(model, None, lib.array(y)), scorer(host, None, y))


def test_text_labels_beside_a_device(lib):
    p, y = np.array([[0.5, 0.5], [0.25, 0.75]]), np.array(["no", "yes"])
    host, model = (Constant(np.array(["no", "yes"]), a(p)) for a in (np.asarray, lib.array))
    same_score(
        skxent.neg_log_loss_scorer(model, None, y), skxent.neg_log_loss_scorer(host, None, y)
    )
    with pytest.raises(ValueError, match="labels of another type"):
        skxent.neg_log_loss_scorer(model, None, lib.array([0, 1]))


def test_labels_on_a_device_need_predictions_there(device1):
    with pytest.raises(TypeError, match="y is on the device"):
        skxent.neg_log_loss_scorer(Constant([0, 1, 2], GOOD), None, device1.array(LABELS))
    model = Constant([0, 1], device1.array(GOOD[:, :2] * 0 + 0.5))
    weight = device1.array(np.ones(4))
    with pytest.raises(TypeError, match="sample_weight is on the device"):
        skxent.neg_log_loss_scorer(model, None, LABELS, sample_weight=weight)


DISPATCH = """
import numpy as np, sklearn
import array_api_strict as strict
from sklearn.datasets import load_iris
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.model_selection import cross_validate
import skxent

X, y = load_iris(return_X_y=True)
order = np.random.default_rng(0).permutation(len(y))
X, y = X[order], y[order]
scoring = {name: skxent.get_scorer(name) for name in skxent.get_scorer_names()}
makers = {
    "strict": strict.asarray,
    "device1": lambda a: strict.asarray(a, device=strict.Device("device1")),
}
try:
    import torch
    makers["torch"] = torch.asarray
except ImportError:
    pass
want = cross_validate(LinearDiscriminantAnalysis(), X, y, scoring=scoring, cv=3)
for library, make in makers.items():
    names = [n for n in scoring if (library, n) != ("device1", "neg_refinement_loss")]
    with sklearn.config_context(array_api_dispatch=True):
        got = cross_validate(
            LinearDiscriminantAnalysis(), make(X), make(y), cv=3, error_score="raise",
            scoring={name: scoring[name] for name in names},
        )
    for name in names:
        key = f"test_{name}"
        assert np.allclose(got[key], want[key], rtol=1e-7, atol=0), (library, name)
"""


def test_cross_validation_of_scikit_learn_on_arrays(tmp_path):
    """In a process of its own, since SciPy reads its switch when it is imported."""
    pytest.importorskip("sklearn", minversion="1.9", reason="fewer estimators dispatch before")
    script = tmp_path / "dispatch.py"
    script.write_text(DISPATCH, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script)],
        env={**os.environ, "SCIPY_ARRAY_API": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


# What is particular to torch


@pytest.fixture
def torch():
    return pytest.importorskip("torch")


def test_gradients_are_left_behind(torch):
    p = torch.tensor(GOOD, requires_grad=True)
    assert skxent.log_loss(torch.tensor(LABELS), p) == skxent.log_loss(LABELS, GOOD)
    rows = skxent.cross_entropy(torch.tensor(LABELS), p, reduction="none")
    assert not rows.requires_grad
    weight = torch.ones(4, requires_grad=True)
    assert skxent.log_loss(LABELS, p.softmax(1), sample_weight=weight) > 0


def test_gradients_are_left_behind_on_a_device(torch, monkeypatch):
    library("torch elsewhere", monkeypatch)
    p = torch.tensor(GOOD, requires_grad=True)
    rows = skxent.cross_entropy(torch.tensor(LABELS), p, reduction="none")
    assert not rows.requires_grad


@pytest.mark.parametrize("name", ["torch", "torch elsewhere"])
def test_small_floats(torch, name, monkeypatch):
    """Rows of bfloat16 sum to 1 as roughly as those of float16."""
    library(name, monkeypatch)
    p = torch.tensor(np.random.default_rng(0).dirichlet(np.ones(30), 50))
    y = torch.arange(50) % 30
    for dtype in (torch.bfloat16, torch.float16):
        small = p.to(dtype)
        want = skxent.log_loss(y.numpy(), small.double().numpy(), renormalize=True)
        assert skxent.log_loss(y, small) == pytest.approx(want, rel=1e-2)
        rows = skxent.cross_entropy(y, small, reduction="none")
        assert rows.dtype == torch.float64
        off = small * 1.05
        with pytest.raises(ValueError, match=r"must sum to 1 within 0\.01"):
            skxent.log_loss(y, off)


@pytest.mark.parametrize("name", ["torch", "torch elsewhere"])
def test_tensors_that_hold_no_numbers_are_refused(torch, name, monkeypatch):
    library(name, monkeypatch)
    p = torch.tensor(GOOD)
    with pytest.raises(TypeError, match=r"y_proba is a sparse tensor.*y_proba.to_dense\(\)"):
        skxent.log_loss(LABELS, p.to_sparse())
    with pytest.raises(TypeError, match="y_proba is on the device meta, which holds no numbers"):
        skxent.log_loss(LABELS, p.to("meta"))
    with pytest.raises(TypeError, match=r"y_proba has dtype torch.float8_e4m3fn.*float32 first"):
        skxent.log_loss(LABELS, p.to(torch.float8_e4m3fn))
    with pytest.raises(TypeError, match="must hold probabilities; got dtype complex128"):
        skxent.log_loss(LABELS, p.to(torch.complex128).conj())


@pytest.mark.parametrize("name", ["torch", "torch elsewhere"])
def test_views_with_a_lazy_sign(torch, name, monkeypatch):
    library(name, monkeypatch)
    lazy = torch.complex(torch.zeros(4, 3).double(), -torch.tensor(GOOD)).conj().imag
    assert lazy.is_neg()
    want = skxent.log_loss(LABELS, GOOD)
    assert skxent.log_loss(LABELS, lazy) == pytest.approx(want, rel=1e-14)


@pytest.mark.parametrize("name", ["torch", "torch elsewhere"])
@pytest.mark.parametrize(
    "dtype", ["int8", "int16", "int32", "uint8", "uint16", "uint32", "uint64", "half", "double"]
)
def test_labels_of_any_number_type(torch, name, dtype, monkeypatch):
    library(name, monkeypatch)
    y = torch.tensor(LABELS).to(getattr(torch, dtype))
    want = skxent.log_loss(LABELS, GOOD)
    assert skxent.log_loss(y, torch.tensor(GOOD)) == pytest.approx(want, rel=1e-14)
    assert skxent.label_entropy(y) == pytest.approx(skxent.label_entropy(LABELS), rel=1e-14)
    model = Constant([0, 1], torch.full((4, 2), 0.5, dtype=torch.float64))
    want = np.log(2.0**-52) / 4 + np.log(0.5) * 3 / 4
    assert skxent.neg_log_loss_scorer(model, None, y) == pytest.approx(want, rel=1e-14)


def test_subclasses_of_tensors(torch):
    p = torch.nn.Parameter(torch.tensor(GOOD))
    assert skxent.log_loss(LABELS, p) == skxent.log_loss(LABELS, GOOD)


def test_an_error_leaves_the_state_of_numpy_alone(device):
    before = np.geterr()
    with pytest.raises(ValueError, match="row 0 sums to"):
        skxent.log_loss([0], device.array([[0.5, 0.1]]), labels=[0, 1])
    assert np.geterr() == before


def test_complex_weights_are_refused(device):
    weight = device.array(np.array([1 + 1j, 1.0, 1.0]))
    with pytest.raises(ValueError, match="sample_weight must be numbers"):
        skxent.log_loss([0, 1, 1], device.array([[0.5, 0.5]] * 3), sample_weight=weight)


def test_a_single_label_is_refused(lib):
    with pytest.raises(TypeError, match="y_true must be"):
        skxent.log_loss(lib.array(1), lib.array([[0.5, 0.5]]))
