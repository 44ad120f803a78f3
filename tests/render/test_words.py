"""Numbers and names as people read them: p-values from draws, names that UTF-8 cannot hold."""

import json
from importlib.util import find_spec

import numpy as np
import pytest
from reports import data, drawn, quick

from skxent import LogLossAccumulator, compare_log_loss, log_loss_report
from skxent._render._words import cell


@pytest.mark.parametrize(
    ("draws", "least"),
    [(200, "<0.005"), (50, "<0.020"), (99, "<0.010"), (1000, "<0.001"), (10_000, "<0.001")],
)
def test_a_p_value_from_draws_is_below_what_they_can_show(draws, least):
    """The smallest is 1 / (draws + 1), which is all that is known of it."""
    assert cell("miscalibration_p", 1 / (draws + 1), draws) == least
    second = cell("miscalibration_p", 2 / (draws + 1), draws)
    assert second == (f"{2 / (draws + 1):.3f}" if draws < 2000 else "<0.001")
    assert cell("miscalibration_p", 1.0, draws) == "1.000"


def test_other_p_values_are_not_from_draws():
    assert cell("p_value", 1 / 201) == "0.005"
    assert cell("p_value", 1e-9) == "<0.001"


def badly_calibrated(n=2000):
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.ones(3), n)
    y = drawn(p, rng)
    sure = p**3
    return y, sure / sure.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("make", [log_loss_report, LogLossAccumulator], ids=["array", "batches"])
@pytest.mark.parametrize(("n_null", "said"), [(200, "<0.005"), (50, "<0.020")])
def test_a_report_prints_the_smallest_p_value_as_a_bound(make, n_null, said):
    """And keeps the number in all that is read by programs."""
    y, p = badly_calibrated()
    if make is LogLossAccumulator:
        report = make(range(3)).update(y, p).report(n_null=n_null)
    else:
        report = make(y, p, recalibration=False, n_null=n_null)
    least = 1 / (n_null + 1)
    assert report.n_null == n_null
    np.testing.assert_allclose(report.per_class["miscalibration_p"], least)
    assert report.to_text(columns=["miscalibration_p"]).count(said) == 3
    escaped = said.replace("<", "&lt;")
    assert report.to_html().count(escaped) >= 3
    assert json.loads(report.to_json())["per_class"]["miscalibration_p"] == [least] * 3
    for backend in filter(find_spec, ("pandas", "polars")):
        assert report.to_frame(backend)["miscalibration_p"].to_list() == [least] * 3


NAMES = ["lone \ud800", "\udc80 too \U0001f600", "plain"]


def of_models(y, p):
    return compare_log_loss(y, {"one \ud800": p, "other": np.roll(p, 1, axis=1)}, labels=NAMES)


@pytest.fixture(params=[lambda y, p: quick(y, p, labels=NAMES), of_models], ids=["one", "two"])
def result(request):
    y, p, _ = data(300, 3)
    return request.param(np.array(NAMES, dtype=object)[y], p)


@pytest.mark.parametrize("show", ["to_json", "to_text", "to_html", "_repr_html_", "__repr__"])
def test_a_name_that_utf8_cannot_hold_is_shown_as_an_escape(result, show):
    text = getattr(result, show)()
    assert text.encode("utf-8").decode("utf-8") == text
    if show not in ("to_json", "__repr__"):
        assert r"lone \ud800" in text.replace("\n", " ")


def test_json_gives_such_a_name_back(result):
    for indent in (None, 2):
        found = json.loads(result.to_json(indent=indent))
        assert found["labels"] == found["target_names"] == NAMES


def test_a_page_with_such_a_name_is_written(result, tmp_path):
    result.write_html(tmp_path / "page.html", title="of \udfff")
    text = (tmp_path / "page.html").read_bytes().decode("utf-8")
    assert r"of \udfff" in text
    assert r"lone \ud800" in text


@pytest.mark.parametrize("backend", ["pandas", "polars"])
def test_a_frame_with_such_a_name_is_made(result, backend):
    pytest.importorskip(backend)
    names = result.to_frame(backend)["class"].to_list()
    assert {r"lone \ud800", NAMES[0]} & set(names)
    assert "plain" in names
