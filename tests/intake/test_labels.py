"""Labels of any type: which column is theirs, and what is said of those that have none."""

import math

import numpy as np
import pandas as pd
import pytest
from messages import message_of

from skxent import (
    cross_entropy,
    js_divergence,
    kl_divergence,
    label_entropy,
    log_loss,
    perplexity,
)

SOFT = [cross_entropy, kl_divergence, js_divergence, perplexity]


def as_objects(values):
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def test_errors_say_whose_labels_they_are_about():
    assert "y_true has a missing label" in message_of(log_loss, [0, None, 1], [0.5] * 3)
    for metric in SOFT:
        assert "y_true has a missing label" in message_of(metric, [0, None, 1], [0.5] * 3)
    message = message_of(log_loss, [0, 1], [0.5] * 2, pos_label=1j)
    assert message.startswith("pos_label has dtype complex128")
    y = pd.DataFrame([[0.5, 0.5]], columns=[0.0, np.nan])
    message = message_of(cross_entropy, y, y.to_numpy())
    assert message.startswith("y_true's columns has a missing label")


@pytest.mark.parametrize("n_classes", [255, 256, 257])
def test_objects_whose_number_just_fits_a_byte_are_told_apart(n_classes):
    y = np.array([f"class {i:03}" for i in range(n_classes)], dtype=object)
    p = np.eye(n_classes) * 0.5 + 0.5 / n_classes
    assert log_loss(y, p) == pytest.approx(-math.log(0.5 + 0.5 / n_classes))


@pytest.mark.parametrize(
    ("y", "labels"),
    [
        (np.array([True, False]), [1, 0]),
        (np.array([True, False]), [True, False]),
        (np.array([1, 0]), [True, False]),
        (np.array([1.0, 0.0]), [1, 0]),
        (np.array([1, 0]), [1.0, 0.0]),
        (np.array([0.5, 1.5]), [0.5, 1.5]),
        (np.array([0.5, -1.5]), [0.5, -1.5]),
        (np.array([3, -2]), [3, -2]),
        (np.array([3, 2]), [3.0, 2.0]),
        (np.array([200, 7], np.uint8), np.array([200, 7], np.int16)),
        (np.array(["b", "a"]), np.array(["b", "a"], object)),
        (np.array(["b", "a"], object), np.array(["b", "a"])),
        (np.array(["bb", "a"]), np.array(["bb", "a"], "<U9")),
        (np.array(["bb", "a"], "<U9"), np.array(["bb", "a"])),
        (np.array(["bb", "a"], ">U2"), np.array(["bb", "a"])),
        (np.array([b"b", b"a"]), np.array([b"b", b"a"], object)),
    ],
)
def test_labels_of_one_type_meet_labels_of_another(y, labels):
    p = [[0.75, 0.25], [0.25, 0.75]]
    assert cross_entropy(y, p, labels=labels) == pytest.approx(-math.log(0.75), rel=1e-15)
    turned = cross_entropy(y, p, labels=labels[::-1])
    assert turned == pytest.approx(-math.log(0.25), rel=1e-15)
    assert label_entropy(y) == pytest.approx(math.log(2))
    other = {"U": "c", "S": b"c"}.get(np.array(y.tolist()).dtype.kind, 9)
    message = message_of(cross_entropy, y[[0, 0]], p, labels=as_objects([labels[1], other]))
    assert "y_true holds a label that labels does not" in message


def test_what_is_no_label_is_named_with_its_row():
    p = [[0.5, 0.5]] * 2
    message = message_of(log_loss, [[1], ["2"]], p, labels=["1", "2"])
    assert "labels does not: 1 (row 0)" in message
    message = message_of(log_loss, as_objects(["a", []]), p, labels=["a", "b"])
    assert "labels does not: [] (row 1)" in message
    message = message_of(log_loss, as_objects(["a", pd.NaT]), p)
    assert "y_true has a missing label (NaT) in row 1" in message
    assert "missing label (None) in row 1" in message_of(log_loss, as_objects(["a", None]), p)
    message = message_of(log_loss, as_objects(["a", np.float32("nan")]), p)
    assert "missing label (nan) in row 1" in message or "missing label (np.float32(nan))" in message


def test_texts_are_found_however_many_there_are():
    for n_classes in (1, 2, 3, 40, 999, 1000, 1001):
        labels = np.array([f"label {i * 7919}" for i in range(n_classes)])
        y = labels[np.arange(3 * n_classes) % n_classes]
        p = np.zeros((3 * n_classes, n_classes), np.float32)
        p[np.arange(len(y)), np.arange(3 * n_classes) % n_classes] = 1
        assert log_loss(y, p, labels=labels) == 0
        if n_classes > 1:
            unknown = np.append(y[1:], "label 1")
            assert "'label 1'" in message_of(log_loss, unknown, p, labels=labels)
            wider = np.append(y[1:], "a label that is wider than all")
            assert "wider than all" in message_of(log_loss, wider, p, labels=labels)
    nothing_known = message_of(log_loss, np.array(["b"]), [[0.5, 0.5]], labels=["aa", "bb"])
    assert "does not: 'b' (row 0)" in nothing_known


def test_integers_far_apart_and_beside_the_range_are_told_apart():
    p = [[0.75, 0.25], [0.25, 0.75]]
    for a, b in ((0, 2**16), (0, 2**16 - 1), (5, 70_000), (-3, 2**40), (2, 3), (1, 0), (0, 2)):
        for y, labels in (([a, b], [a, b]), (np.array([a, b]), np.array([a, b]))):
            assert cross_entropy(y, p, labels=labels) == pytest.approx(-math.log(0.75), rel=1e-15)
        for other in (a - 1, a + 7, b + 1, b - 1, 2**62):
            if other not in (a, b):
                y = np.array([a, other])
                assert f"does not: {other} (row 1)" in message_of(log_loss, y, p, labels=[a, b])
    y = np.array([7, 3], np.uint64)
    assert cross_entropy(y, p, labels=[7, 3]) == pytest.approx(-math.log(0.75), rel=1e-15)
    assert "does not: 2 (row 1)" in message_of(log_loss, [0, 2], p, labels=[0, 1])
    assert "does not: -1 (row 1)" in message_of(log_loss, [0, -1], p, labels=[0, 1])
    for other in (0.5, 2.5, -1.0, 1e300):
        message = message_of(log_loss, np.array([0.0, other]), p, labels=[0, 1])
        assert f"does not: {other!r} (row 1)" in message


@pytest.mark.parametrize("labels", [None, ["no", "yes"], ["yes", "no"]])
def test_a_single_column_is_about_the_class_that_is_named(labels):
    """Else about the last of the labels that are given."""
    y, p = ["no", "yes", "yes"], np.array([0.1, 0.2, 0.7])
    of_yes, of_no = -np.log([0.9, 0.2, 0.7]).mean(), -np.log([0.1, 0.8, 0.3]).mean()
    assert log_loss(y, p, labels=labels, pos_label="yes") == pytest.approx(of_yes)
    assert log_loss(y, p, labels=labels, pos_label="no") == pytest.approx(of_no)
    if labels is not None:
        of_last = of_yes if labels[-1] == "yes" else of_no
        assert log_loss(y, p, labels=labels) == pytest.approx(of_last)
