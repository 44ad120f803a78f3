"""The displays: what they draw is what the report says, and everyone can read it."""

import dataclasses
import itertools
import math
import pickle
import sys

import numpy as np
import pandas as pd
import polars as pl
import pytest
from contents import METHODS, content
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skxent import (
    LogLossAccumulator,
    LogLossReport,
    LossConfusionDisplay,
    PerClassLogLossDisplay,
    RecalibrationDisplay,
    ReliabilityDisplay,
    log_loss,
    log_loss_report,
)

mpl = pytest.importorskip("matplotlib")
mpl.use("Agg")
plt = pytest.importorskip("matplotlib.pyplot")

DISPLAYS = [PerClassLogLossDisplay, ReliabilityDisplay, LossConfusionDisplay, RecalibrationDisplay]
every_display = pytest.mark.parametrize("display", DISPLAYS)
HOSTILE = [
    *("$x$", "100 %_", r"\alpha^{", "<b>bold</b>", "line\nbreak", "漢字の名前はとても長いので", ""),
    *("\u202eright to left", "$unclosed", 7, True),
    *(f"a name that is much longer than there is room, {end}" for end in ("one", "two")),
]


@pytest.fixture(autouse=True)
def style():
    """Every test leaves the settings alone, and no figure behind."""
    before = dict(mpl.rcParams)
    yield
    plt.close("all")
    assert dict(mpl.rcParams) == before


def draw_all():
    for number in plt.get_fignums():
        plt.figure(number).canvas.draw()


def texts(labels):
    return [label.get_text() for label in labels]


def by_contribution(c):
    return np.argsort(-c.per_class["contribution"], kind="stable")


# What they draw.


@pytest.mark.parametrize("k", [2, 10])
def test_losses_of_the_classes(k):
    c = content(k, base=2)
    display = PerClassLogLossDisplay.from_report(c)
    order, columns = by_contribution(c), c.per_class
    x, y = display.points_.get_offsets().T
    np.testing.assert_array_equal(x, columns["log_loss"][order])
    np.testing.assert_array_equal(y, np.arange(k))
    expected = columns["expected"] / columns["prevalence"]
    np.testing.assert_allclose(display.expected_.get_offsets()[:, 0], expected[order], rtol=1e-12)
    ends = np.array([line[:, 0] for line in display.intervals_.get_segments()])
    np.testing.assert_array_equal(ends[:, 0], columns["ci_low"][order])
    np.testing.assert_array_equal(ends[:, 1], columns["ci_high"][order])
    assert list(display.overall_.get_xdata()) == [c.overall["log_loss"]] * 2
    assert texts(display.ax_.get_yticklabels()) == [c.target_names[i] for i in order]
    assert display.ax_.get_ylim() == (k - 0.5, -0.5)  # the first on top
    assert texts(display.text_) == [f"{100 * columns['share'][i]:.1f}%" for i in order]
    assert "(bits)" in display.ax_.get_xlabel()
    legend = texts(display.legend_.get_texts())
    assert legend[:2] == ["observed, 95% interval", "expected by the model"]
    assert legend[2].startswith("all rows: ")
    assert not any(len(arrows.get_offsets()) for arrows in display.beyond_)


def test_the_classes_that_are_left_are_pooled():
    c = content(100, n=2000)
    display = PerClassLogLossDisplay.from_report(c)
    order, columns = by_contribution(c), c.per_class
    rest = order[20:]
    x = display.points_.get_offsets()[:, 0]
    assert len(x) == 21
    pooled = columns["contribution"][rest].sum() / columns["prevalence"][rest].sum()
    assert x[-1] == pytest.approx(pooled)
    paid = columns["expected"][rest].sum() / columns["prevalence"][rest].sum()
    assert display.expected_.get_offsets()[-1, 0] == pytest.approx(paid)
    assert texts(display.ax_.get_yticklabels())[-1] == "and 80 others"
    shares = [float(text.rstrip("%")) for text in texts(display.text_)]
    assert sum(shares) == pytest.approx(100, abs=1.1)
    low = [line[0][0] for line in display.intervals_.get_segments() if len(line)]
    with_interval = order[:20][np.isfinite(columns["ci_low"][order[:20]])]
    np.testing.assert_array_equal(low, columns["ci_low"][with_interval])


def test_of_two_classes_the_positive_one_has_a_panel_and_the_other_if_it_is_named():
    rng = np.random.default_rng(0)
    p = rng.beta(1, 3, 500)
    y = np.where(rng.random(500) < p, "bad", "good")

    def panels(display):
        return [panel.get_title().split("\n")[0] for panel in display.axes_]

    of = ReliabilityDisplay.from_predictions
    table = of(y, np.c_[p, 1 - p])
    assert panels(table) == ["good"]
    assert "the other class mirrors it" in table.ax_.get_title(loc="left").replace("\n", " ")
    np.testing.assert_array_equal(table.lines_[0].get_xdata(), table.reliability[1].proba)
    assert panels(of(y, np.c_[p, 1 - p], target_names=["no", "yes"])) == ["yes"]
    assert panels(of(y, 1 - p, labels=["bad", "good"])) == ["good"]
    assert panels(of(y, p, pos_label="bad")) == ["bad"]
    assert panels(table.plot(classes=["good", "bad"])) == ["good", "bad"]
    assert panels(table.plot(classes="bad")) == ["bad"]
    with pytest.raises(ValueError, match=r"classes must be among .*'bad', 'good'.*; got 'evil'"):
        table.plot(classes=["evil"])
    with pytest.raises(ValueError, match="got none"):
        table.plot(classes=[])

    counting = LogLossAccumulator(["bad", "good"], pos_label="bad").update(y, p)
    for report in (log_loss_report(y, p, pos_label="bad", n_null=20), counting.report(n_null=20)):
        assert report.about.positive == 0
        assert panels(ReliabilityDisplay.from_report(report)) == ["bad"]
        read = LogLossReport.from_json(report.to_json())
        assert panels(ReliabilityDisplay.from_report(read)) == ["bad"]
        page = report.to_html()
        assert "Reliability of bad, one-vs-rest" in page
        assert "Reliability of good, one-vs-rest" not in page


def test_classes_that_are_named_have_panels_in_that_order():
    c = content(5)
    names = [c.target_names[i] for i in (3, 0)]
    display = ReliabilityDisplay.from_report(c, classes=names)
    assert [panel.get_title().split("\n")[0] for panel in display.axes_] == names
    np.testing.assert_array_equal(display.lines_[0].get_ydata(), c.reliability[3].share)


@pytest.mark.parametrize("k", [3, 5])
def test_reliability_of_the_classes(k):
    c = content(k)
    display = ReliabilityDisplay.from_report(c)
    order = by_contribution(c)
    assert len(display.axes_) == len(display.lines_) == len(display.bars_) == k
    for i, panel, line, band in zip(
        order, display.axes_, display.lines_, display.band_, strict=True
    ):
        curve = c.reliability[i]
        np.testing.assert_array_equal(line.get_xdata(), curve.proba)
        np.testing.assert_array_equal(line.get_ydata(), curve.share)
        corners = {tuple(corner) for corner in band.get_paths()[0].vertices}
        assert {*zip(curve.grid, curve.low, strict=True)} <= corners
        assert {*zip(curve.grid, curve.high, strict=True)} <= corners
        name, p = panel.get_title().split("\n")
        assert name == c.target_names[i]
        assert p == f"p = {c.per_class['miscalibration_p'][i]:.3f}"
        assert panel.figure is display.figure_
    title = display.ax_.get_title(loc="left").replace("\n", " ")
    assert title.startswith("One-vs-rest reliability")
    assert "95% of calibrated models" in title


def test_bars_grow_with_the_counts_and_are_comparable():
    c = content(4)
    display = ReliabilityDisplay.from_report(c)
    heights = np.concatenate([bars.get_data().values for bars in display.bars_])
    counts = np.concatenate([c.reliability[i].counts for i in by_contribution(c)])
    order = np.argsort(counts)
    assert (np.diff(heights[order]) >= -1e-15).all()
    assert ((heights > 0) == (counts > 0)).all()
    assert 0 < heights.max() <= 0.25


def test_reliability_of_the_worst_of_many_classes():
    c = content(100, n=2000)
    display = ReliabilityDisplay.from_report(c, max_classes=4)
    names = [panel.get_title().split("\n")[0] for panel in display.axes_]
    assert names == [c.target_names[i] for i in by_contribution(c)[:4]]
    assert "The 4 of 100 classes that cost most" in display.ax_.get_title(loc="left").replace(
        "\n", " "
    )


def test_a_curve_without_band_or_test():
    c = content(3)
    empty = np.array([])
    curves = tuple(dataclasses.replace(r, grid=empty, low=empty, high=empty) for r in c.reliability)
    c._per_class["miscalibration_p"] = np.array([math.nan, 1e-9, 1.0])
    display = ReliabilityDisplay.from_report(dataclasses.replace(c, reliability=curves))
    assert display.band_ == [None] * 3
    assert "calibrated models" not in display.ax_.get_title(loc="left")
    p = {panel.get_title().split("\n")[1] for panel in display.axes_}
    assert p == {"p not computed", "p < 0.005", "p = 1.000"}
    frame = display.frame()
    assert frame["low"].isna().all()
    assert frame["high"].isna().all()


@pytest.mark.parametrize("k", [2, 10])
def test_the_loss_confusion(k):
    c = content(k, base=2)
    display = LossConfusionDisplay.from_report(c)
    order = by_contribution(c)
    shown = display.im_.get_array()
    assert shown.sum() == pytest.approx(100)
    off = ~np.eye(k, dtype=bool)
    percent = 100 * c.loss_confusion[np.ix_(order, order)] / c.overall["log_loss"]
    np.testing.assert_allclose(shown.data[off], percent[off])
    assert (shown.mask == ~off).all()
    assert [text is None for text in display.text_.ravel()] == (~off).ravel().tolist()
    written = [float(text.get_text() or 0) for text in display.text_[off]]
    np.testing.assert_allclose(written, percent[off], atol=0.51)
    names = [c.target_names[i] for i in order]
    assert texts(display.ax_.get_xticklabels()) == texts(display.ax_.get_yticklabels()) == names
    assert "bits" in display.colorbar_.ax.get_ylabel()


def test_the_loss_confusion_of_many_classes():
    c = content(100, n=2000)
    display = LossConfusionDisplay.from_report(c, max_classes=6)
    order = by_contribution(c)
    percent = 100 * c.loss_confusion / c.overall["log_loss"]
    shown = display.im_.get_array()
    assert shown.shape == display.text_.shape == (7, 7)
    assert shown.mask[-1].all()
    assert shown.mask[:, -1].all()
    assert display.text_[-1, -1].get_text() == f"{percent[np.ix_(order[6:], order[6:])].sum():.0f}"
    assert float(display.text_[0, -1].get_text()) == pytest.approx(
        percent[order[0], order[6:]].sum(), abs=0.05
    )
    assert float(display.text_[-1, 0].get_text()) == pytest.approx(
        percent[order[6:], order[0]].sum(), abs=0.05
    )
    assert texts(display.ax_.get_yticklabels())[-1] == "and 94 others"
    every = LossConfusionDisplay.from_report(c, max_classes=None)
    assert every.text_ is None  # too small to read
    assert every.im_.get_array().shape == (100, 100)


@pytest.mark.parametrize("cmap", ["Blues", "cividis", "viridis_r"])
def test_numbers_stand_out_from_their_cells(cmap):
    """By WCAG's contrast, for which 4.5 is enough for text."""

    def luminance(color):
        channels = np.array(mpl.colors.to_rgb(color))
        low, high = channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4
        return np.where(channels <= 0.04045, low, high) @ [0.2126, 0.7152, 0.0722]

    display = LossConfusionDisplay.from_report(content(10), cmap=cmap)
    cells = zip(display.im_.get_array().ravel(), display.text_.ravel(), strict=True)
    for value, text in cells:
        if text is not None:
            colors = display.im_.to_rgba(value)[:3], text.get_color()
            dark, light = sorted(map(luminance, colors))
            assert (light + 0.05) / (dark + 0.05) > 4.4


def test_the_recalibration():
    """The paired gains, beside a line at 0: intervals of the losses overlap, whatever is gained."""
    c = content(4, base=2)
    display = RecalibrationDisplay.from_report(c)
    recalibration = c.recalibration
    x, y = display.points_.get_offsets().T
    np.testing.assert_array_equal(x, recalibration.gain)
    np.testing.assert_array_equal(y, np.arange(len(METHODS)))
    chosen = METHODS.index(recalibration.recommended)
    assert display.recommended_.get_offsets().tolist() == [[recalibration.gain[chosen], chosen]]
    ends = np.array([line[:, 0] for line in display.intervals_.get_segments()])
    low, high = display.ax_.get_xlim()
    seen = recalibration.gain_low > low
    expected = np.column_stack([recalibration.gain_low, recalibration.gain_high])
    np.testing.assert_array_equal(ends[seen], expected[seen])
    assert low < 0 < high
    (line,) = display.ax_.get_lines()
    assert list(line.get_xdata()) == [0, 0]
    assert texts(display.ax_.get_yticklabels()) == list(METHODS)
    after = [float(text.get_text()) for text in display.text_]
    np.testing.assert_allclose(after, recalibration.log_loss, atol=5e-5)
    assert RecalibrationDisplay.from_report(c, include_loss=False).text_ is None


def test_a_map_that_ruins_everything_does_not_set_the_scale():
    c = content(4)
    gain = c.recalibration.gain.copy()
    gain[-1] = -100 * c.recalibration.log_loss[0]
    recalibration = dataclasses.replace(
        c.recalibration, gain=gain, gain_low=1.1 * gain, gain_high=0.9 * gain
    )
    display = RecalibrationDisplay.from_report(dataclasses.replace(c, recalibration=recalibration))
    assert display.ax_.get_xlim()[0] > -2 * c.recalibration.log_loss[0]
    assert display.beyond_[0].get_offsets()[:, 1].tolist() == [len(METHODS) - 1]


def test_a_report_without_what_is_shown():
    note = "There is one class only: no recalibration."
    with pytest.raises(ValueError, match=r"no recalibration\. There is one class only"):
        RecalibrationDisplay.from_report(content(3, recalibration=False, notes=("else.", note)))
    with pytest.raises(ValueError, match=r"no recalibration\. Make it with recalibration=True"):
        RecalibrationDisplay.from_report(content(3, recalibration=False))
    with pytest.raises(ValueError, match="no reliability curves"):
        ReliabilityDisplay.from_report(content(3, reliability=()))


# What cannot be computed.


def test_infinite_losses_are_at_the_edge():
    y, p = [0, 0, 1, 1, 1, 2], [[0.9, 0.1, 0, 0]] * 2 + [[0.2, 0.8, 0, 0]] * 3 + [[0.5, 0.5, 0, 0]]
    report = log_loss_report(y, p, labels=[0, 1, 2, 3], eps=0)
    display = PerClassLogLossDisplay.from_report(report)
    seen, *_ = display.beyond_
    end = display.ax_.get_xlim()[1]
    assert 0.2 < end < 5
    assert seen.get_offsets().tolist() == [[end, 0]]
    assert "∞" in texts(display.ax_.texts)
    assert "all rows: ∞" in texts(display.legend_.get_texts())
    assert texts(display.ax_.get_yticklabels())[0] == "2"
    confusion = LossConfusionDisplay.from_report(report)
    assert confusion.im_.get_array().mask.all()
    assert confusion.colorbar_ is None
    assert "∞" in [text.get_text() for text in confusion.text_.ravel() if text is not None]
    ReliabilityDisplay.from_report(report)
    draw_all()


@pytest.mark.parametrize("display", DISPLAYS[:3])
@pytest.mark.parametrize(
    ("y", "p", "labels"),
    [
        ([0], [[1.0, 0.0]], [0, 1]),
        ([0, 1], [[1.0, 0.0], [0.0, 1.0]], [0, 1]),
        ([1, 1], [[1.0, 0.0], [1.0, 0.0]], [0, 1]),
        ([0, 0], [[1.0], [1.0]], [0]),
        (["a", "b", "b"], [[0.5, 0.25, 0.25]] * 3, ["a", "b", "c"]),
    ],
)
def test_little_data(display, y, p, labels):
    for eps, max_classes in ((0, 1), (0, 20), (2.0**-52, 20)):
        display.from_predictions(y, p, labels=labels, eps=eps, max_classes=max_classes).frame()
    draw_all()


def test_nothing_but_nan():
    nothing = np.full(3, math.nan)
    names = ("log_loss", "ci_low", "ci_high", "prevalence", "contribution", "share", "expected")
    for max_classes in (2, 3):
        PerClassLogLossDisplay(
            target_names=("a", "b", "c"),
            overall_log_loss=math.nan,
            base=2,
            confidence_level=0.95,
            **dict.fromkeys(names, nothing),
        ).plot(max_classes=max_classes)
        LossConfusionDisplay(
            target_names=("a", "b", "c"), loss_confusion=np.full((3, 3), math.nan), base=2
        ).plot(max_classes=max_classes)
    names = ("log_loss", "ci_low", "ci_high", "gain", "gain_low", "gain_high")
    display = RecalibrationDisplay(
        methods=("none", "bias", "vector"),
        recommended="none",
        base=2,
        confidence_level=0.95,
        **dict.fromkeys(names, nothing),
    ).plot()
    assert display.text_[1].get_text() == "-"
    draw_all()


def test_a_wide_interval_does_not_set_the_scale():
    c = content(4)
    c._per_class["ci_high"] = np.array([1e3, *c.per_class["ci_high"][1:]])
    display = PerClassLogLossDisplay.from_report(c)
    assert display.ax_.get_xlim()[1] < 4 * c.per_class["log_loss"].max()
    row = by_contribution(c).tolist().index(0)
    assert display.beyond_[1].get_offsets()[:, 1].tolist() == [row]


# Where they draw.


@every_display
def test_the_protocol(display):
    made = display.from_report(content(4))
    assert isinstance(made, display)
    assert made.figure_ is made.ax_.figure
    assert made.plot() is made
    data = {field.name: getattr(made, field.name) for field in dataclasses.fields(display)}
    assert all(not name.endswith("_") for name in data)
    again = display(**data)
    assert not hasattr(again, "figure_")
    again.plot()
    with pytest.raises(TypeError, match="positional"):
        display(*data.values())


@every_display
@pytest.mark.parametrize("place", ["constrained", "add_axes", "subfigure"])
def test_axes_that_are_given(display, place):
    if place == "add_axes":
        figure = plt.figure()
        ax = figure.add_axes((0.2, 0.2, 0.6, 0.6))
    elif place == "subfigure":
        figure = plt.figure(figsize=(14, 7), layout="constrained").subfigures(1, 2)[1]
        ax = figure.subplots()
    else:
        figure, axes = plt.subplots(2, 2, layout=place, figsize=(14, 14))
        ax = axes[1, 0]
    made = display.from_report(content(5), ax=ax)
    assert made.ax_ is ax
    assert made.figure_ is figure
    assert len(plt.get_fignums()) == 1
    draw_all()
    if display is ReliabilityDisplay:
        outer = ax.get_window_extent()
        for panel in made.axes_:
            inner = panel.get_window_extent()
            assert outer.x0 - 1 <= inner.x0 < inner.x1 <= outer.x1 + 1
            assert outer.y0 - 1 <= inner.y0 < inner.y1 <= outer.y1 + 1


@every_display
@pytest.mark.parametrize(("k", "name"), [(2, "x"), (2, "x" * 200), (10, "x"), (100, "x" * 200)])
def test_nothing_is_cut_off_and_no_labels_meet(display, k, name):
    made = display.from_report(content(k, n=2000, names=[f"{name} {i}" for i in range(k)]))
    figure = made.figure_
    figure.canvas.draw()
    box, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
    assert -0.02 < box.x0 < box.x1 < width + 0.02
    assert -0.02 < box.y0 < box.y1 < height + 0.02
    for ax in made.axes_ if display is ReliabilityDisplay else [made.ax_]:
        for labels in (ax.get_xticklabels(), ax.get_yticklabels()):
            boxes = [label.get_window_extent() for label in labels if label.get_visible()]
            assert not any(one.overlaps(two) for one, two in itertools.pairwise(boxes))


# Names.


@pytest.mark.parametrize("display", DISPLAYS[:3])
@pytest.mark.parametrize("paper", ["default", "dark_background"])
def test_hostile_names_are_drawn_as_they_are(display, paper):
    c = content(len(HOSTILE), names=HOSTILE)
    with plt.style.context(paper):
        made = display.from_report(c, max_classes=20)
        draw_all()
    if display is ReliabilityDisplay:
        names = {panel.get_title().rpartition("\n")[0] for panel in made.axes_}
    else:
        names = set(texts(made.ax_.get_yticklabels()))
    assert len(names) == len(HOSTILE)  # also of the two that begin alike
    assert {"$x$", "100 %_", r"\alpha^{", "<b>bold</b>", r"line\nbreak", "''", "7", "True"} <= names
    assert any(name.startswith(r"\u202eright") for name in names)
    assert any(name.endswith("…") for name in names)
    assert max(map(len, names)) <= 24


def test_a_character_is_drawn_where_a_font_has_it_and_escaped_elsewhere():
    display = PerClassLogLossDisplay.from_report(content(2, names=["né 😀", "\u6f22\u5b57"]))
    names = set(texts(display.ax_.get_yticklabels()))
    assert any(name.startswith("né ") for name in names)
    assert {"漢字", r"\u6f22\u5b57"} & names


def test_a_font_that_is_not_installed():
    with plt.rc_context({"font.family": ["No Such Font"]}):
        PerClassLogLossDisplay.from_report(content(2))
        draw_all()


def test_text_is_light_on_dark_paper():
    c = content(4)
    with plt.style.context("dark_background"):
        for display in DISPLAYS:
            made = display.from_report(c)
            found = made.figure_.findobj(mpl.text.Text)
            cells = set() if display is not LossConfusionDisplay else {*made.text_.ravel()}
            colors = {
                mpl.colors.to_hex(t.get_color()) for t in found if t.get_text() and t not in cells
            }
            assert colors == {"#ffffff"}


# Data frames.


@every_display
@pytest.mark.parametrize(("backend", "kind"), [(None, pd.DataFrame), ("polars", pl.DataFrame)])
def test_frames(display, backend, kind):
    c = content(4)
    frame = display.from_report(c).frame(backend)
    assert isinstance(frame, kind)
    columns, data = c.per_class, {name: frame[name].to_numpy() for name in frame.columns}
    if display is PerClassLogLossDisplay:
        assert list(data["class"]) == list(c.target_names)
        for name in ("log_loss", "ci_low", "ci_high", "contribution", "expected", "share"):
            np.testing.assert_array_equal(data[name], columns[name])
        comparable = columns["expected"] / columns["prevalence"]
        np.testing.assert_allclose(data["expected_log_loss"], comparable)
    elif display is ReliabilityDisplay:
        assert list(data) == ["class", "proba", "share", "low", "high"]
        for name, curve in zip(c.target_names, c.reliability, strict=True):
            rows = data["class"] == name
            np.testing.assert_array_equal(data["proba"][rows], curve.proba)
            np.testing.assert_array_equal(data["share"][rows], curve.share)
            between = np.interp(curve.proba, curve.grid, curve.low)
            np.testing.assert_allclose(data["low"][rows], between)
    elif display is LossConfusionDisplay:
        assert len(frame) == 12
        assert data["percent"].sum() == pytest.approx(100)
        row = (data["class"] == "class 2") & (data["rival"] == "class 1")
        assert data["loss"][row].tolist() == [c.loss_confusion[2, 1]]
    else:
        assert list(data["method"]) == list(METHODS)
        for name in ("log_loss", "ci_low", "ci_high", "gain", "gain_low", "gain_high"):
            np.testing.assert_array_equal(data[name], getattr(c.recalibration, name))
        assert data["recommended"].tolist() == [name == "temperature" for name in METHODS]


@every_display
def test_frames_do_not_need_matplotlib(display, monkeypatch):
    made = display.from_report(content(3))
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert len(made.frame()) > 0
    with pytest.raises(ValueError, match="backend must be one of"):
        made.frame("spark")


# From predictions and estimators.

X, Y = load_iris(return_X_y=True)
NAMES = np.array(["setosa", "versicolor", "virginica"])
MODEL = make_pipeline(StandardScaler(), LogisticRegression()).fit(X[::2], NAMES[Y[::2]])


@every_display
def test_from_predictions_and_from_an_estimator_are_the_same(display):
    y, weight = NAMES[Y], np.random.default_rng(0).uniform(0.5, 2, 150)
    options = {"sample_weight": weight, "base": 2, "confidence_level": 0.9}
    made = [
        display.from_estimator(MODEL, X, y, **options),
        display.from_predictions(y, MODEL.predict_proba(X), **options),
        display.from_report(log_loss_report(y, MODEL.predict_proba(X), **options)),
    ]
    for other in made[1:]:
        pd.testing.assert_frame_equal(made[0].frame(), other.frame(), rtol=1e-9)
    if display is PerClassLogLossDisplay:
        expected = log_loss(y, MODEL.predict_proba(X), base=2, sample_weight=weight, average=None)
        np.testing.assert_allclose(made[0].log_loss, expected)
    if display is not LossConfusionDisplay:
        assert made[0].confidence_level == 0.9


@every_display
def test_two_classes_as_one_column(display):
    data, y = load_breast_cancer(return_X_y=True)
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(data[::3], y[::3])
    both = display.from_estimator(model, data[1::3], y[1::3])
    one = display.from_predictions(y[1::3], model.predict_proba(data[1::3])[:, 1], labels=[0, 1])
    pd.testing.assert_frame_equal(both.frame(), one.frame(), rtol=1e-6)


def test_parameters_reach_the_artists():
    ax = plt.figure().subplots()
    made = PerClassLogLossDisplay.from_estimator(
        *(MODEL, X, NAMES[Y]),
        target_names=["one", "two", "three"],
        ax=ax,
        max_classes=2,
        point_kw={"c": "green", "marker": "s"},
        expected_kw={"ec": "red", "lw": 3},
        interval_kw={"lw": 5},
    )
    assert made.ax_ is ax
    assert mpl.colors.to_hex(made.points_.get_facecolor()[0]) == "#008000"
    assert mpl.colors.to_hex(made.expected_.get_edgecolor()[0]) == "#ff0000"
    assert made.expected_.get_linewidth().tolist() == [3]
    assert made.intervals_.get_linewidth().tolist() == [5]
    assert {*texts(ax.get_yticklabels())} <= {"one", "two", "three", "and 1 other"}
    made = ReliabilityDisplay.from_report(
        content(3), line_kw={"c": "k"}, band_kw={"color": "r"}, bar_kw={"color": "g"}
    )
    assert made.lines_[0].get_color() == "k"
    assert mpl.colors.to_hex(made.band_[0].get_facecolor()[0]) == "#ff0000"
    made = LossConfusionDisplay.from_report(
        *(content(3),),
        cmap="viridis",
        im_kw={"norm": mpl.colors.LogNorm(0.1, 100)},
        text_kw={"size": 7, "color": "red"},
        colorbar=False,
        include_values=True,
    )
    assert made.colorbar_ is None
    assert made.text_[0, 1].get_fontsize() == 7
    assert made.text_[0, 1].get_color() == "red"
    assert made.im_.norm.vmax == 100
    made = RecalibrationDisplay.from_report(
        content(3), recommended_kw={"marker": "*", "color": "k"}
    )
    assert mpl.colors.to_hex(made.recommended_.get_facecolor()[0]) == "#000000"


@pytest.mark.parametrize("display", DISPLAYS[:3])
@pytest.mark.parametrize("wrong", [0, -1, 2.5, "all", True])
def test_a_wrong_number_of_classes(display, wrong):
    with pytest.raises(ValueError, match=r"max_classes must be an integer above 0.*got"):
        display.from_report(content(3), max_classes=wrong)
    assert plt.get_fignums() == []


@every_display
def test_bad_input_is_refused_before_a_figure_is_made(display):
    with pytest.raises(ValueError, match="labels"):
        display.from_predictions([0, 1, 2], [[0.5, 0.5]] * 3)
    with pytest.raises(AttributeError, match="predict_proba"):
        display.from_estimator(StandardScaler(), X, Y)
    assert plt.get_fignums() == []


@every_display
def test_without_matplotlib(display, monkeypatch):
    made = display.from_report(content(3))
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    advice = f"{display.__name__}.* needs matplotlib: pip install matplotlib"
    for call in (
        made.plot,
        lambda: display.from_report(content(3)),
        lambda: display.from_predictions([0], [[1.0]]),
        lambda: display.from_estimator(MODEL, X, Y),
    ):
        with pytest.raises(ImportError, match=advice):
            call()


@every_display
def test_displays_can_be_pickled(display):
    made = display.from_report(content(4))
    copied = pickle.loads(pickle.dumps(made))
    pd.testing.assert_frame_equal(copied.frame(), made.frame())
    plt.close(copied.figure_)
    copied.plot()
