"""A map that is fitted to predictions, and applied to others."""

import json
import math
import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from reports import EPS, calibrated
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from skxent import Recalibrator, log_loss, log_loss_report
from skxent.recalibration import fit_temperature

METHODS = (
    *("none", "bias", "temperature", "bias+temperature", "mix", "temperature+mix"),
    *("vector", "dirichlet"),
)


def too_sure(n=600, k=3, seed=0, factor=2.0):
    """Labels, and probabilities that need a temperature of `factor`."""
    y, p = calibrated(n, k, seed=seed)
    return y, softmax(factor * np.log(p), axis=1)


def fitted(method="auto", n=600, k=3, **params):
    y, p = too_sure(n, k)
    return Recalibrator(method, **params).fit(y, p, labels=range(k)), y, p


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("k", [2, 3, 10, 100])
def test_rows_stay_distributions_and_the_loss_falls(method, k):
    if (method, k) == ("dirichlet", 100):
        pytest.skip("ten thousand parameters: a test of its own")
    recalibrator, y, p = fitted(method, n=1500, k=k)
    after = recalibrator.predict_proba(p)
    assert after.shape == p.shape
    assert_allclose(after.sum(axis=1), 1, rtol=1e-12)
    assert (after >= 0).all()
    assert recalibrator.method_ == method
    before, left = log_loss(y, p, labels=range(k)), log_loss(y, after, labels=range(k))
    assert left <= before if method == "none" else left < before


@pytest.mark.parametrize("weighted", [False, True])
def test_temperatures_of_separable_rows_are_those_of_fit_temperature(weighted):
    """Where all rows are right the loss is flat, and a rule of its own would end elsewhere."""
    rng = np.random.default_rng(0)
    y = np.arange(40) % 2
    p = np.where(y == 1, 0.8, 0.2) + 0.1 * rng.random(40)
    weight = rng.random(40) if weighted else None
    found = Recalibrator("temperature").fit(y, p, sample_weight=weight).temperature_
    assert found == fit_temperature(y, p, sample_weight=weight)


@pytest.mark.slow
def test_a_matrix_of_a_hundred_classes():
    recalibrator, y, p = fitted("dirichlet", n=1500, k=100)
    after = recalibrator.predict_proba(p)
    assert log_loss(y, after, labels=range(100)) < log_loss(y, p, labels=range(100))


@pytest.mark.parametrize("method", METHODS)
def test_the_attributes_say_what_the_map_does(method):
    """The formula of the docstring, with the fitted numbers."""
    recalibrator, _, p = fitted(method)
    r, logs = recalibrator, np.log(p)
    slopes = r.slopes_ if r.slopes_.ndim == 2 else np.diag(r.slopes_)
    expected = softmax(logs @ slopes.T + r.bias_, axis=1)
    if r.class_shares_ is not None:
        expected = (1 - r.share_) * expected + r.share_ * r.class_shares_
        assert r.class_shares_.sum() == pytest.approx(1)
    assert_allclose(r.predict_proba(p), expected, rtol=1e-9)
    assert r.classes_.tolist() == [0, 1, 2]
    assert (r.share_ > 0) == ("mix" in method)
    assert math.isnan(r.temperature_) == (method in ("vector", "dirichlet"))
    if method in ("temperature", "bias+temperature"):
        assert r.temperature_ == pytest.approx(2, rel=0.2)


def test_the_temperature_is_that_of_fit_temperature():
    recalibrator, y, p = fitted("temperature")
    assert recalibrator.temperature_ == fit_temperature(y, p)


def test_auto_is_what_the_report_recommends():
    recalibrator, y, p = fitted()
    report = log_loss_report(y, p, n_null=0)
    assert recalibrator.method_ == report.recalibration.recommended == "temperature"
    assert_array_equal(recalibrator.recalibration_.gain, report.recalibration.gain)
    of_report = report.recalibrator()
    assert isinstance(of_report, Recalibrator)
    assert of_report.method_ == "temperature"
    assert_allclose(of_report.predict_proba(p), recalibrator.predict_proba(p), rtol=1e-6)


def test_what_needs_nothing_is_left_as_it_is():
    """Zeros included, to the last digit."""
    y, p = calibrated(300, 3)
    p[0] = np.eye(3)[y[0]]
    recalibrator = Recalibrator().fit(y, p)
    assert recalibrator.method_ == "none"
    assert_array_equal(recalibrator.predict_proba(p), p)


@pytest.mark.parametrize("method", ["auto", *METHODS])
def test_a_class_without_rows_keeps_its_place(method):
    y, p = too_sure(400, 4)
    some = y != 2
    recalibrator = Recalibrator(method).fit(y[some], p[some], labels=range(4))
    after = recalibrator.predict_proba(p)
    assert after.shape == p.shape
    assert recalibrator.classes_.tolist() == [0, 1, 2, 3]
    assert (after[:, 2] > 0).all()


@pytest.mark.parametrize("method", METHODS[1:])
def test_zeros_count_as_eps(method):
    """A probability of 0 is as good as eps, or as the least likely other event of the row."""
    y, p = too_sure(400, 3)
    p[::20] = np.eye(3)[y[::20]]
    p[::40] = np.eye(3)[(y[::40] + 1) % 3]
    recalibrator = Recalibrator(method, eps=1e-6).fit(y, p)
    least = np.where(p > 0, p, 1).min(axis=1, keepdims=True)
    floored = np.where(p > 0, p, np.minimum(least, 1e-6))
    expected = Recalibrator(method, eps=1e-6).fit(y, np.log(floored), from_logits=True)
    assert_allclose(
        recalibrator.predict_proba(p),
        expected.predict_proba(floored / floored.sum(axis=1, keepdims=True)),
        atol=1e-5,
    )
    assert np.isfinite(np.log(recalibrator.predict_proba(p))).all()


def test_logits_are_the_same_as_probabilities():
    y, p = too_sure()
    one = Recalibrator("vector").fit(y, p)
    two = Recalibrator("vector").fit(y, 3 + np.log(p), from_logits=True)
    after = one.predict_proba(p)
    assert_allclose(two.predict_proba(np.log(p), from_logits=True), after, rtol=1e-6)
    assert_allclose(one.predict_proba(5 * p, renormalize=True), after, rtol=1e-9)


def test_logits_far_beyond_probabilities():
    """Of which probabilities would round to 0 and 1."""
    y, logits = calibrated(400, 3)
    logits = 200 * np.log(logits)
    recalibrator = Recalibrator("temperature").fit(y, logits, from_logits=True)
    after = recalibrator.predict_proba(logits, from_logits=True)
    assert recalibrator.temperature_ > 50
    assert log_loss(y, after) < 1.2


@pytest.mark.parametrize("lowest", [-50, -300])
@pytest.mark.parametrize("k", [2, 3, 20])
def test_a_class_that_is_next_to_impossible_and_occurs_all_the_same_is_given_its_share(k, lowest):
    """
    Biases as large as it asks for are more than the numbers of a fit hold.

    What is recommended costs hardly more than the shares of the classes alone, which are all that
    there is to know here.
    """
    rng = np.random.default_rng(k)
    logits = rng.normal(size=(400, k))
    logits[:, -1] += lowest * np.log(10)
    y = np.where(rng.random(400) < 0.3, k - 1, rng.integers(0, max(k - 1, 1), 400))
    found = log_loss_report(y, logits, labels=range(k), from_logits=True, n_null=0).recalibration
    assert np.isfinite(found.log_loss).all()
    share = np.bincount(y, minlength=k) / 400
    chosen = found.log_loss[found.methods.index(found.recommended)]
    assert chosen < -(share[share > 0] * np.log(share[share > 0])).sum() + k / 100
    after = Recalibrator("bias+temperature").fit(y, logits, labels=range(k), from_logits=True)
    assert np.isfinite(after.predict_proba(logits, from_logits=True)).all()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("k", [2, 5, 200])
@pytest.mark.parametrize("kind", ["logits", "some logits", "2000 below", "probabilities", "zeros"])
def test_what_happens_may_be_next_to_impossible(method, k, kind):
    """Also where a class is never predicted, and another one never happens."""
    if k == 200 and (method == "dirichlet" or kind != "some logits"):
        pytest.skip("takes long")
    rng = np.random.default_rng(0)
    logits, y = rng.normal(size=(600, k)), np.where(rng.random(600) < 0.9, 1, 0)
    far = rng.random(600) < (0.3 if kind == "some logits" else 1.0)
    logits[far, 1] -= 2000 if kind == "2000 below" else 200
    if k > 2:
        logits[:, 2] = -900
    given, params = logits, {"from_logits": True}
    if kind in ("probabilities", "zeros"):
        given, params = softmax(logits, axis=1), {}
        if kind == "zeros":
            given[::2, 1] = 0.0
    weight = rng.exponential(size=600)
    found = Recalibrator(method).fit(
        y, given, labels=range(k), sample_weight=weight, renormalize=not params, **params
    )
    after = found.predict_proba(given, renormalize=not params, **params)
    assert_allclose(after.sum(axis=1), 1, rtol=1e-12)
    params = {"labels": range(k), "sample_weight": weight, "renormalize": not params, **params}
    before = log_loss(y, given, eps=1e-300, **params)
    left = log_loss(y, after, labels=range(k), sample_weight=weight, eps=1e-300)
    assert left <= before * (1.0 + 1e-12)  # far below, both are that of eps


def test_the_positive_class_alone():
    y, p = too_sure(500, 2)
    names = np.array(["no", "yes"])
    whole = Recalibrator("bias").fit(names[y], p)
    yes = Recalibrator("bias").fit(names[y], p[:, 1], pos_label="yes")
    no = Recalibrator("bias").fit(names[y], p[:, 0], labels=["no", "yes"], pos_label="no")
    after = whole.predict_proba(p)
    assert_allclose(yes.predict_proba(p[:, 1]), after[:, 1], rtol=1e-6)
    assert_allclose(no.predict_proba(p[:, 0]), after[:, 0], rtol=1e-6)
    assert_allclose(no.predict_proba(p), after, rtol=1e-6)
    again = Recalibrator.from_json(no.to_json())
    assert_array_equal(again.predict_proba(p[:, 0]), no.predict_proba(p[:, 0]))
    report = log_loss_report(names[y], p[:, 0] ** 3, labels=["no", "yes"], pos_label="no", n_null=0)
    of_report = report.recalibrator()
    assert of_report.method_ != "none"
    assert log_loss(y == 0, of_report.predict_proba(p[:, 0] ** 3)) < log_loss(y == 0, p[:, 0] ** 3)


def test_columns_are_matched_by_name():
    y, p = too_sure()
    names = np.array(["a", "b", "c"])
    frame = pd.DataFrame(p, columns=names)
    recalibrator = Recalibrator("vector").fit(names[y], frame[["c", "a", "b"]])
    expected = Recalibrator("vector").fit(names[y], p).predict_proba(p)
    assert_allclose(recalibrator.predict_proba(frame[["b", "c", "a"]]), expected, rtol=1e-9)
    with pytest.raises(ValueError, match="y_proba"):
        recalibrator.predict_proba(frame.rename(columns={"a": "x"}))


@pytest.mark.parametrize("method", ["auto", *METHODS])
@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("scale", [1e-6, 1 / math.pi, 2.0, 1000.0, 1e6])
def test_only_the_proportions_of_weights_matter(method, whole, scale):
    """Whether they are whole numbers or not, and become so or cease to be."""
    y, p = too_sure(200)
    rng = np.random.default_rng(0)
    weight = rng.integers(1, 6, 200) if whole else rng.exponential(size=200)
    one, two = (Recalibrator(method).fit(y, p, sample_weight=w) for w in (weight, scale * weight))
    assert one.method_ == two.method_
    assert_allclose(one.predict_proba(p), two.predict_proba(p), rtol=1e-6)


@pytest.mark.parametrize("method", ["auto", *METHODS])
@pytest.mark.parametrize("constant", [1, 2, 7, 1000, 1000.5])
def test_one_weight_for_all_is_no_weight(method, constant):
    y, p = too_sure(200)
    plain = Recalibrator(method).fit(y, p)
    weighted = Recalibrator(method).fit(y, p, sample_weight=np.full(200, constant))
    assert weighted.method_ == plain.method_
    assert_array_equal(weighted.predict_proba(p), plain.predict_proba(p))


@pytest.mark.parametrize("method", ["auto", *METHODS])
def test_a_row_without_weight_is_no_row(method):
    y, p = too_sure(300)
    weight = np.arange(300) % 4
    some = weight > 0
    p[~some] = [1.0, 0.0, 0.0]
    weighted = Recalibrator(method).fit(y, p, sample_weight=weight)
    without = Recalibrator(method).fit(y[some], p[some], sample_weight=weight[some])
    assert weighted.method_ == without.method_
    assert_allclose(weighted.predict_proba(p), without.predict_proba(p), rtol=1e-9)


@pytest.mark.parametrize("weight", [1, 7, 1000, 1000.5, 1e6, 1e-6])
def test_the_prior_is_not_switched_off_by_the_unit_of_the_weights(weight):
    """Rows that are all right would have a temperature of 0; the minimum by SciPy."""
    y = np.arange(60) % 2
    right = np.random.default_rng(0).uniform(0.85, 0.95, 60)
    p = np.where(y[:, None] == np.arange(2), right[:, None], 1 - right[:, None])

    def target(log_t):
        after = log_softmax(np.log(p) / np.exp(log_t), axis=1)
        return -after[np.arange(60), y].sum() + 1.5 * max(abs(log_t) - math.log(2), 0) ** 2

    expected = math.exp(minimize_scalar(target, bounds=(-5, 0), options={"xatol": 1e-9}).x)
    found = Recalibrator("temperature").fit(y, p, sample_weight=np.full(60, weight)).temperature_
    assert 0.2 < expected < 0.5
    assert found == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(
    "weights",
    [
        lambda rng: (300, rng.integers(1, 6, 300)),
        pytest.param(lambda rng: (300, 2.5 * rng.integers(1, 6, 300)), marks=pytest.mark.slow),
        lambda rng: (150, np.full(150, 10)),
    ],
    ids=["whole", "fractions", "ten"],
)
def test_weights_do_not_make_a_calibrated_model_look_wrong(weights):
    """Copies of rows in several folds would be labels that the map was fitted to."""
    chosen = 0
    for seed in range(20):
        n, weight = weights(np.random.default_rng(seed))
        y, p = calibrated(n, 3, seed=seed)
        chosen += Recalibrator().fit(y, p, sample_weight=weight).method_ != "none"
    assert chosen <= 2  # of 20 in which it may be more often than one in twenty by chance


def test_copies_are_counted_unless_they_are_weights():
    y, p = calibrated(60, 4, seed=3)
    assert Recalibrator().fit(np.repeat(y, 12), np.repeat(p, 12, axis=0)).method_ != "none"
    assert Recalibrator().fit(y, p, sample_weight=np.full(60, 12)).method_ == "none"


@pytest.mark.parametrize("backend", ["pandas", "polars"])
def test_frames_of_predictions(backend):
    library = pytest.importorskip(backend)
    y, p = too_sure()
    names = np.array(["b", "a", "c"])
    columns = {f"proba_{name}": p[:, i] for i, name in enumerate(names)}
    frame = library.DataFrame({name: columns[name] for name in sorted(columns)})
    of_frame = Recalibrator("vector").fit(library.Series(names[y].tolist()), frame)
    assert of_frame.classes_.tolist() == ["a", "b", "c"]
    expected = Recalibrator("vector").fit(names[y], p[:, [1, 0, 2]]).predict_proba(p[:, [1, 0, 2]])
    turned = library.DataFrame(columns)
    assert_allclose(of_frame.predict_proba(turned), expected, rtol=1e-9)


def test_groups_are_counted():
    """Copies in other folds would promise what is not there."""
    y, p = calibrated(60, 4, seed=3)
    copies = np.random.default_rng(0).permutation(np.repeat(np.arange(60), 15))
    alone = Recalibrator().fit(y[copies], p[copies])
    grouped = Recalibrator().fit(y[copies], p[copies], groups=[f"patient {i}" for i in copies])
    assert alone.method_ != "none"
    assert grouped.method_ == "none"


@pytest.mark.parametrize(
    ("y", "p", "params"),
    [
        ([1], [[0.2, 0.8]], {"labels": [0, 1]}),
        ([0, 0], [[1.0], [1.0]], {"labels": [0]}),
        ([0, 1], [[0.5, 0.5]] * 2, {"groups": [0, 0]}),
    ],
    ids=["one row", "one class", "one group"],
)
def test_where_nothing_can_be_shown_nothing_is_done(y, p, params):
    recalibrator = Recalibrator().fit(y, p, **params)
    assert recalibrator.method_ == "none"
    assert recalibrator.recalibration_ is None
    assert_array_equal(recalibrator.predict_proba(p), p)


@pytest.mark.parametrize("method", METHODS)
def test_json_holds_the_whole_map(method):
    recalibrator, _, p = fitted(method)
    again = Recalibrator.from_json(recalibrator.to_json())
    assert_array_equal(again.predict_proba(p), recalibrator.predict_proba(p))
    assert again.method_ == method
    assert again.to_json() == recalibrator.to_json()
    json.loads(recalibrator.to_json())


@pytest.mark.parametrize(
    "labels", [[False, True], [1, 5], [0.5, 1.5], ["é", "b"], np.array(["x", "y"], dtype=object)]
)
def test_labels_of_every_type_come_back(labels):
    y, p = too_sure(100, 2)
    known = np.asarray(labels)
    recalibrator = Recalibrator("bias").fit(known[y], p, labels=labels)
    again = Recalibrator.from_json(recalibrator.to_json())
    assert again.classes_.dtype == recalibrator.classes_.dtype
    assert again.classes_.tolist() == known.tolist()


def test_other_text_is_refused():
    recalibrator, *_ = fitted("bias")
    with pytest.raises(ValueError, match="not what Recalibrator"):
        Recalibrator.from_json('{"a": 1}')
    with pytest.raises(ValueError, match="is no JSON"):
        Recalibrator.from_json(recalibrator.to_json()[:-10])
    for damage in (
        {"labels": [0, 1]},
        {"slopes": None},
        {"share": "some"},
        {"method": "isotonic"},
        {"eps": 0},
    ):
        damaged = json.loads(recalibrator.to_json()) | damage
        with pytest.raises(ValueError, match=r"The text is damaged: .* where the map should be"):
            Recalibrator.from_json(json.dumps(damaged))
    later = json.loads(recalibrator.to_json()) | {"version": 99}
    with pytest.raises(ValueError, match="version 99; update skxent"):
        Recalibrator.from_json(json.dumps(later))


def test_clone_and_pickle():
    recalibrator, _, p = fitted("temperature+mix", eps=1e-9, random_state=3)
    copy = clone(recalibrator)
    assert copy.get_params() == recalibrator.get_params()
    with pytest.raises(NotFittedError):
        copy.predict_proba(p)
    again = pickle.loads(pickle.dumps(recalibrator))
    assert_array_equal(again.predict_proba(p), recalibrator.predict_proba(p))


def test_the_input_is_left_as_it_is():
    y, p = too_sure(100)
    before = y.copy(), p.copy()
    Recalibrator("dirichlet").fit(y, p).predict_proba(p)
    assert_array_equal(y, before[0])
    assert_array_equal(p, before[1])


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"method": "isotonic"}, "method must be"),
        ({"method": ["bias"]}, "method must be"),
        ({"eps": 0}, "eps must be above 0"),
        ({"eps": "small"}, "eps must be"),
        ({"random_state": -1}, "random_state must be"),
    ],
)
def test_wrong_arguments(params, message):
    y, p = too_sure(50)
    with pytest.raises(ValueError, match=message):
        Recalibrator(**params).fit(y, p)


def test_other_columns_than_classes():
    recalibrator, _, p = fitted("bias")
    with pytest.raises(
        ValueError, match=r"y_proba has 2 columns, and the map 3 classes: \[0, 1, 2\]"
    ):
        recalibrator.predict_proba(p[:, :2])
    with pytest.raises(ValueError, match="y_proba must hold"):
        recalibrator.predict_proba(2 * p)


def test_a_report_without_recalibration_has_none_to_give():
    y, p = too_sure(50)
    with pytest.raises(ValueError, match="holds no recalibration"):
        log_loss_report(y, p, recalibration=False).recalibrator()
    with pytest.raises(ValueError, match="fitted to one row"):
        log_loss_report([0], [[0.5, 0.5]], labels=[0, 1]).recalibrator()


def test_many_rows_are_read_block_by_block():
    y, p = too_sure(30_000)
    recalibrator = Recalibrator("temperature").fit(y, p)
    logs = np.log(p) / recalibrator.temperature_
    assert_allclose(recalibrator.predict_proba(p), np.exp(log_softmax(logs, axis=1)), rtol=1e-9)
    assert recalibrator.eps == EPS


@pytest.mark.parametrize(
    "method", ["bias", "bias+temperature", "mix", "temperature+mix", "vector", "dirichlet"]
)
def test_the_order_of_the_rows_and_their_rounding_do_not_show(method):
    """Sums in single precision would show in the fifth digit."""
    y, p = too_sure()
    rng = np.random.default_rng(0)
    order = rng.permutation(len(y))
    near = p[order] * (1 + 1e-11 * rng.normal(size=p.shape))
    one = Recalibrator(method).fit(y, p)
    other = Recalibrator(method).fit(y[order], near)
    assert_allclose(other.predict_proba(p), one.predict_proba(p), rtol=1e-8, atol=1e-12)


def test_the_map_of_a_report_is_that_of_a_recalibrator_whatever_the_order_of_the_rows():
    """To the last digits, which sums in single precision do not have."""
    rng = np.random.default_rng(0)
    z = rng.normal(loc=[0.5, 0.0, -0.5], size=(2000, 3))
    y = (z + rng.gumbel(size=z.shape)).argmax(axis=1)
    p = softmax(3.0 * z + [0.0, 1.0, 0.0], axis=1)
    of_report = log_loss_report(y, p, n_null=0).recalibrator()
    assert of_report.method_ != "none"
    order = rng.permutation(len(y))
    for rows in (np.arange(len(y)), order):
        alone = Recalibrator(of_report.method_).fit(y[rows], p[rows])
        np.testing.assert_allclose(
            alone.predict_proba(p), of_report.predict_proba(p), rtol=1e-8, atol=1e-12
        )
