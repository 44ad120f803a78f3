"""The HTML page and the fragment for notebooks, read with a parser."""

import copy
import dataclasses
import math
import re
from collections import Counter
from functools import cache
from html.parser import HTMLParser

import numpy as np
import pytest
from contents import METHODS, PER_CLASS, content, render_fragment, render_html

from skxent.report._content import Curve

VOID = {"meta", "br", "hr", "img", "input", "link"}
RENDERERS = [render_html, render_fragment]
SIZES = [1, 2, 10, 100, pytest.param(1000, marks=pytest.mark.slow)]


class Page(HTMLParser):
    """The elements of a page, in order, each with its attributes and its own text."""

    def __init__(self, text):
        super().__init__()
        self.elements, self._open = [], []
        self.feed(text)
        self.close()
        assert not self._open
        for element in self.elements:
            element["text"] = "".join(element["text"])

    def handle_starttag(self, tag, attrs):
        assert len(attrs) == len(dict(attrs)), f"{tag} has an attribute twice"
        parents = [self.elements[i]["tag"] for i in self._open]
        self.elements.append({"tag": tag, "attrs": dict(attrs), "text": [], "in": parents})
        if tag not in VOID:
            self._open.append(len(self.elements) - 1)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag):
        assert self.elements[self._open.pop()]["tag"] == tag

    def handle_data(self, data):
        for i in self._open:
            self.elements[i]["text"].append(data)

    def texts(self, tag, **attrs):
        return [
            " ".join(e["text"].split())
            for e in self.elements
            if e["tag"] == tag and attrs.items() <= e["attrs"].items()
        ]

    def words(self):
        return " ".join(self.elements[0]["text"].split())


def tables(page):
    """Each table as a list of rows of texts, by its caption."""
    found = {}
    for element in page.elements:
        if element["tag"] == "caption":
            rows = found[" ".join(element["text"].split())] = []
        elif element["tag"] == "tr" and "tbody" in element["in"]:
            rows.append([])
        elif element["tag"] in ("td", "th") and "tbody" in element["in"]:
            rows[-1].append(" ".join(element["text"].split()))
    return found


@cache
def made_of(k):
    return content(k, max(4 * k, 300))


@cache
def shown(k, render=render_html):
    """The text and the elements of a page of k classes."""
    text = render(made_of(k))
    return text, Page(text)


# What a page is made of.


@pytest.mark.parametrize("render", RENDERERS)
@pytest.mark.parametrize("k", SIZES)
def test_elements_are_nested_and_nothing_comes_from_elsewhere(render, k):
    text, page = shown(k, render)
    foreign = {"script", "link", "img", "iframe", "object", "embed", "base"}
    assert not foreign & {element["tag"] for element in page.elements}
    for element in page.elements:
        names = set(element["attrs"])
        assert "src" not in names
        if render is render_fragment:
            assert not {"href", "id"} & names
        assert not [name for name in names if name.startswith("on")]
    inside = {e["attrs"]["id"] for e in page.elements if "id" in e["attrs"]}
    leads = [e["attrs"]["href"] for e in page.elements if "href" in e["attrs"]]
    assert sorted(leads) == sorted(f"#{name}" for name in inside)
    assert not re.search(r"https?:|@import|@font-face|url\(|expression\(", text)


@pytest.mark.parametrize("k", SIZES)
def test_what_a_page_tells_a_browser_and_a_screen_reader(k):
    _, page = shown(k)
    tags = Counter(e["tag"] for e in page.elements)
    assert (page.elements[0]["tag"], page.elements[0]["attrs"]) == ("html", {"lang": "en"})
    meta = {e["attrs"].get("name"): e["attrs"] for e in page.elements if e["tag"] == "meta"}
    assert meta["viewport"]["content"] == "width=device-width, initial-scale=1"
    assert meta[None] == {"charset": "utf-8"}
    assert tags["h1"] == 1
    assert tags["table"] == tags["caption"]
    drawings = [i for i, e in enumerate(page.elements) if e["attrs"].get("role") == "img"]
    assert len(drawings) == 3 + (1 if k == 2 else min(k, 12))
    assert all(page.elements[i + 1]["tag"] == "title" for i in drawings)
    assert all(page.elements[i + 1]["text"].strip() for i in drawings)
    for element in page.elements:
        if element["tag"] == "th":
            assert element["attrs"]["scope"] in ("row", "col", "colgroup")
        if element["tag"] == "svg" and "role" not in element["attrs"]:
            assert element["attrs"]["aria-hidden"] == "true"
        if "scroll" in element["attrs"].get("class", "").split():
            assert element["attrs"]["tabindex"] == "0"
            assert element["attrs"]["aria-label"]


def test_a_page_of_ten_classes_is_small():
    assert len(shown(10)[0].encode()) < 150_000


def test_a_page_looks_the_same_each_time_and_leaves_its_content_alone():
    made = content(5)
    before = copy.deepcopy(dict(made.per_class))
    assert render_html(made) == render_html(made)
    for name, values in made.per_class.items():
        np.testing.assert_array_equal(values, before[name])


# Names that are not to be trusted.

HOSTILE = [
    "<b>bold</b>",
    '"><script>alert(1)</script>',
    "' onmouseover='alert(1)",
    "</title></style></svg><h1>",
    "<!-- never closed",
    "&lt;&amp;{{ 7 * 7 }}{% raw %}",
    "\U0001f600 \U0001f468\u200d\U0001f469",
    "x" * 200,
    "日本語のクラス名",
    0,
    True,
    None,
    3.5,
]


@pytest.mark.parametrize("render", RENDERERS)
def test_markup_in_names_is_text_everywhere(render):
    k = len(HOSTILE)
    made = content(k, 400, names=HOSTILE)
    made = dataclasses.replace(
        made, notes=tuple(map(str, HOSTILE)), findings=tuple(map(str, HOSTILE))
    )
    page = Page(render(made))
    tame = Page(render(content(k, 400, notes=("-",) * k, findings=("-",) * k)))
    assert [e["tag"] for e in page.elements] == [e["tag"] for e in tame.elements]
    assert [sorted(e["attrs"]) for e in page.elements] == [
        sorted(e["attrs"]) for e in tame.elements
    ]
    titles = {e["attrs"].get("title") for e in page.elements}
    said = " ".join(page.texts("title"))
    for name in map(str, HOSTILE):
        assert name in titles
        assert " ".join(name.split()) in page.texts("li")
        assert name in said or name in page.texts("span")
    cells = next(iter(tables(page).values()))
    assert {row[0] for row in cells} == {str(name) for name in HOSTILE}


def test_the_title_of_a_page_is_text():
    page = Page(render_html(content(2), title="</title><b>&"))
    assert page.texts("h1") == ["</title><b>&"]
    # The drawings have titles too.
    assert page.texts("title")[0] == "</title><b>&"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("line\nbreak", r"line\nbreak"),
        ("a\x00b", r"a\x00b"),
        ("\u202egnp", r"\u202egnp"),
        ("lone \ud800", r"lone \ud800"),
        ("", "''"),
        ("  ", "' '"),
    ],
)
def test_names_that_cannot_be_seen_are_shown_as_escapes(name, shown):
    text = render_html(content(2, names=[name, "other"], findings=(name,)))
    text.encode()
    page = Page(text)
    assert any(row[0] == shown for row in next(iter(tables(page).values())))
    assert shown in page.texts("li")


def test_long_names_are_cut_in_drawings_and_whole_in_titles():
    name = "long " * 40
    text = render_html(content(2, names=[name, "b"]))
    drawn = Page(text).texts("text")
    assert not [t for t in drawn if len(t) > 40]
    assert [t for t in drawn if t.startswith("long long") and t.endswith("…")]
    assert f'title="{name}"' in text


# The tables.


@pytest.mark.parametrize("render", RENDERERS)
def test_every_column_is_shown_and_explained(render):
    _, page = shown(10, render)
    explained = dict(zip(page.texts("dt"), page.texts("dd"), strict=False))
    heads = {e["attrs"]["title"] for e in page.elements if e["tag"] == "abbr"}
    for name in PER_CLASS:
        words = name.replace("_", " ")
        assert f"{words}:" in explained
        assert [head for head in heads if re.match(f"{words}: ..........", head)]
    # Column by column: the one-vs-rest figures say what they are.
    for name in ("ovr log loss", "miscalibration", "discrimination", "uncertainty"):
        assert [head for head in heads if head.startswith(f"{name}: One-vs-rest: ")]
    assert "one-vs-rest" in page.texts("th", scope="colgroup")
    assert not [dd for dd in page.texts("dd") if not dd]


@pytest.mark.parametrize("k", SIZES)
def test_the_class_that_costs_most_comes_first_and_none_is_missing(k):
    made = made_of(k)
    order = np.argsort(-made.per_class["contribution"], kind="stable")
    names = [made.target_names[i] for i in order]
    _, page = shown(k)
    found = tables(page)
    heads = ("Cost of each class", "Further figures of each class")
    firsts = [rows for caption, rows in found.items() if caption.startswith(heads)]
    assert len(firsts) == 2
    ranks = [[names.index(row[0]) for row in rows] for rows in firsts]
    assert all(places == sorted(places) for places in ranks)
    if k <= 10:
        assert all([row[0] for row in rows] == names for rows in firsts)
        assert "are wrong beyond chance" not in page.words()
        return
    assert all(len(rows) == 30 and rows[0][0] == names[0] for rows in firsts)
    assert page.texts("summary").count(f"The other {k - 30} classes") == 2
    for n in (12, 20):
        said = f"{n} of {k} classes: those that cost most or are wrong beyond chance."
        assert said in page.words()
    assert f"12 of {k} classes, which cost most" in page.words()
    rest = [row[0] for row in found[f"The other {k - 30} classes"]]
    assert sorted([*rest, *(row[0] for row in firsts[0])]) == sorted(names)
    folded = [e for e in page.elements if e["tag"] == "tr" and "details" in e["in"]]
    assert len(folded) >= 2 * (k - 30)


def test_figures_are_those_of_the_content():
    made, (_, page) = made_of(10), shown(10)
    row = tables(page)["Cost of each class"][0]
    i = int(np.argmax(made.per_class["contribution"]))
    c = {name: values[i] for name, values in made.per_class.items()}
    assert row[:5] == [
        made.target_names[i],
        str(c["support"]),
        *(f"{c[name]:.4f}" for name in ("log_loss", "ci_low", "ci_high")),
    ]
    assert row[5] == f"{100 * c['share']:.1f}%"
    assert row[7] == f"{c['gap']:+.4f}".replace("-", "−")
    assert row[-2:] == [c["top_rival"], f"{100 * c['top_rival_share']:.1f}%"]
    labels = [e["text"] for e in page.elements if e["tag"] == "dt" and not e["text"].endswith(":")]
    headline = dict(zip(labels, page.texts("dd", **{"class": "value"}), strict=True))
    assert list(headline)[:3] == ["Log loss", "Skill", "What to do"]
    assert headline["What to do"] == "recalibrate: temperature"
    assert headline["Log loss"] == f"{made.overall['log_loss']:.4f} nats"
    assert headline["Rows"] == "300"
    assert headline["Worst 1 % of the rows"] == "12.0%"
    words = page.words()
    for name in ("label_entropy", "refinement_loss", "gini", "macro_log_loss", "skill"):
        assert f"{made.overall[name]:.4f}" in words


def test_bars_show_size_and_side():
    made = content(3)
    gap = np.array([0.04, -0.02, 0.0])
    share = np.array([0.5, 0.3, 0.2])
    made._per_class.update(gap=gap, share=share, contribution=share)
    page = Page(render_html(made))
    bars = [e["attrs"] for e in page.elements if e["tag"] == "b"]
    assert bars == [
        {"style": "width:100.0%"},
        {"class": "over", "style": "width:50.0%"},
        {"style": "width:60.0%"},
        {"class": "under", "style": "width:25.0%"},
        {"style": "width:40.0%"},
    ]
    rows = tables(page)["Cost of each class"]
    assert [row[7] for row in rows] == ["+0.0400", "−0.0200", "0.0000"]


def test_columns_that_are_new_or_not_there():
    made = content(3)
    made._per_class["made_up"] = np.array([1.5, 2.5, 3.5])
    for name in ("recoverable", "recoverable_low", "recoverable_high", "miscalibration_p"):
        del made._per_class[name]
    page = Page(render_html(made))
    assert "made up" in page.texts("th", scope="col")
    assert "recoverable" not in page.texts("abbr")
    rows = tables(page)["Further figures of each class"]
    assert {"1.5000", "2.5000", "3.5000"} in [set(column) for column in zip(*rows, strict=True)]


@pytest.mark.parametrize(
    ("base", "unit"), [(math.e, "nats"), (2.0, "bits"), (10.0, "hartleys"), (3.0, "log base 3")]
)
def test_the_unit_is_named(base, unit):
    words = Page(render_html(content(2, base=base))).words()
    assert f"part of the loss in {'units of ' if base == 3 else ''}{unit}" in words


# What cannot be computed, and what there is none of.


@pytest.mark.parametrize("render", RENDERERS)
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 0.0, 1e300, -1e-300])
@pytest.mark.parametrize("k", [1, 3, 50])
def test_figures_that_are_no_numbers(render, value, k):
    made = content(k, 200)
    counts = {"support", "floored"}
    columns = {
        name: values if name in counts or values.dtype == object else np.full(k, value)
        for name, values in made.per_class.items()
    }
    recalibration = {
        field.name: np.full_like(getattr(made.recalibration, field.name), value)
        for field in dataclasses.fields(made.recalibration)
        if isinstance(getattr(made.recalibration, field.name), np.ndarray)
    }
    broken = dataclasses.replace(
        made,
        _per_class=columns,
        _overall=made._overall
        | dict.fromkeys(set(made._overall) - {"n_samples", "floored"}, value),
        loss_confusion=np.full((k, k), value),
        recalibration=dataclasses.replace(made.recalibration, **recalibration),
        _worst_rows=made._worst_rows
        | {"log_loss": np.full(10, value), "proba": np.full(10, value)},
    )
    text = render(broken)
    page = Page(text)
    for rows in tables(page).values():
        for cell in (cell for row in rows for cell in row):
            assert not re.search(r"\b(nan|inf)\b", cell)
    # Coordinates are numbers.
    assert not re.search(
        r'"[^"<>]*\b(nan|inf)\b[^"<>]*"', re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL)
    )
    row = next(iter(tables(page).values()))[0]
    if math.isnan(value):
        assert row[2:5] == ["–", "–", "–"]
    if math.isinf(value):
        assert row[2] == ("∞" if value > 0 else "−∞")
        assert row[8] == ("∞" if value > 0 else "−∞")


def test_a_class_without_rows_and_a_curve_without_points():
    empty = np.array([])
    flat = Curve(
        np.array([0.5, 0.5]),
        np.array([0.2, 0.2]),
        empty,
        empty,
        empty,
        np.array([0, 1]),
        np.array([3.0]),
    )
    none = Curve(empty, empty, empty, empty, empty, np.linspace(0, 1, 3), np.zeros(2))
    page = Page(render_html(content(3, reliability=(flat, none, none))))
    assert "Shaded" not in page.words()
    points = [e["attrs"] for e in page.elements if e["attrs"].get("class") == "point"]
    assert [(p["cx"], p["cy"]) for p in points] == [("105.0", "156.0")]
    assert "polyline" not in {e["tag"] for e in page.elements if e["attrs"].get("points") == ""}


def test_what_there_is_none_of_is_not_there():
    full = Page(render_html(content(3)))
    headings = full.texts("h2")
    bare = Page(
        render_html(
            content(
                3,
                recalibration=False,
                findings=(),
                notes=(),
                reliability=(),
                _worst_rows={},
                loss_confusion=np.zeros((3, 3)),
            )
        )
    )
    kept = [
        *("What each class costs", "Loss of each class, and what the model expected"),
        *("Further figures of all rows", "More columns"),
    ]
    assert headings == [
        *("Notes", "Classes to look at first", "What recalibration takes off the loss"),
        *("Findings", *kept[:2], "What would fix it"),
        *("Which classes take the loss", "Reliability of each class, one-vs-rest"),
        *("The rows that cost most", *kept[2:]),
    ]
    assert full.texts("a") == headings[3:]
    assert bare.texts("h2")[1:] == bare.texts("a") == kept
    assert "Findings" not in bare.words()
    empty = {name: values[:0] for name, values in content(3).worst_rows.items()}
    assert "The rows that cost most" not in Page(render_html(content(3, _worst_rows=empty))).words()


# The plots.


def test_the_recalibration_marks_what_is_recommended():
    page = Page(render_html(content(4)))
    rows = {row[0]: row for row in tables(page)["Recalibration maps, in nats"]}
    assert list(rows) == list(METHODS)
    remarks = {name: row[1] for name, row in rows.items()}
    assert remarks == dict.fromkeys(METHODS, "–") | {"temperature": "recommended"}
    assert "temperature" in page.texts("text", **{"class": "end strong"})
    assert rows["dirichlet"][5].startswith("−")
    assert rows["temperature"][5].startswith("+")


def test_marks_stay_inside_their_drawing():
    """Also where one interval is a hundred times as long as the others."""
    made = content(10)
    made._per_class["ci_high"] = made._per_class["ci_high"] * np.array([100.0, *[1.0] * 9])
    far = Page(render_html(made))
    for page in (far, *(shown(k)[1] for k in (1, 2, 10, 100))):
        for element in page.elements:
            if "svg" in element["in"]:
                for name in ("cx", "x"):
                    assert 0 <= float(element["attrs"].get(name, 0)) <= 432
                for name in ("cy", "y"):
                    assert 0 <= float(element["attrs"].get(name, 0)) <= 520
    words = far.words()
    assert "An arrow: it goes on beyond the edge." in words
    assert "An arrow" not in Page(render_html(content(10, recalibration=False))).words()


def test_the_matrix_is_shaded_by_its_figures():
    made = content(3, loss_confusion=np.array([[0, 0.4, 0.1], [0.2, 0, 0], [0, 0.05, 0]]))
    made._per_class["contribution"] = made.loss_confusion.sum(axis=1)
    page = Page(render_html(made))
    cells = [e for e in page.elements if e["attrs"].get("class") == "shade"]
    assert [e["attrs"]["style"].removeprefix("--part:") for e in cells] == [
        *("0", "1.00", "0.25"),
        *("0.50", "0", "0.00"),
        *("0.00", "0.12", "0"),
    ]
    assert [e["text"] for e in cells[:4]] == ["", "0.4000", "0.1000", "0.2000"]
    totals = [
        row[-1] for row in tables(page)["Loss by true class and the class that takes it, in nats"]
    ]
    assert totals == ["0.5000", "0.2000", "0.0500"]


# Styles.


def style_of(text):
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    return style


def split(selectors):
    """Selectors of a rule: commas inside brackets do not part them."""
    return [s.strip() for s in re.split(r",(?![^()]*\))", selectors)]


def rules(style):
    """Selectors of all rules, also of those inside @media."""
    inner = re.sub(r"@media[^{]*\{", "", re.sub(r"@page\s*\{[^}]*\}", "", style))
    return [split(" ".join(head.split())) for head in re.findall(r"([^{}]+)\{[^{}]*\}", inner)]


def test_no_style_of_the_fragment_reaches_beyond_it():
    text = render_fragment(content(3))
    selectors = [s for group in rules(style_of(text)) for s in group]
    own = r"(\.skxent){4}"
    theme = r"(\[data-jp-theme-light=\"(true|false)\"\]|\.vscode-(light|dark))"
    assert len(selectors) > 60
    for selector in selectors:
        assert re.match(rf"({theme} )?{own}($|[ ])", selector), selector
        assert "*" not in selector
    assert not re.search(r"@(page|font-face|import|namespace|keyframes|property)", text)
    page = Page(text)
    assert page.elements[0]["attrs"] == {"class": "skxent"}
    assert not {"html", "body", "main", "h1", "h2"} & {e["tag"] for e in page.elements}


def test_the_page_and_the_fragment_show_the_same():
    made = content(12)
    page, fragment = Page(render_html(made)), Page(render_fragment(made))
    assert tables(page) == tables(fragment)
    assert sorted(page.texts("text")) == sorted(fragment.texts("text"))
    assert [item for item in page.texts("li") if item not in page.texts("a")] == fragment.texts(
        "li"
    )
    style = style_of(render_html(made))
    outside = [s for group in rules(style) for s in group if not s.startswith(".skxent")]
    assert outside == ["html", "body"]


def colours(block):
    return dict(re.findall(r"--([a-z]+): (#[0-9a-f]+|\d+ \d+ \d+);", block))


def luminance(colour):
    if colour.startswith("#"):
        digits = colour[1:] if len(colour) == 7 else "".join(2 * c for c in colour[1:])
        parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    else:
        parts = [int(v) / 255 for v in colour.split()]
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))


def contrast(one, two):
    low, high = sorted([luminance(one), luminance(two)])
    return (high + 0.05) / (low + 0.05)


def test_colours_can_be_told_apart():
    """Text by 4.5 to 1 and marks by 3 to 1, the levels of WCAG 2.1 for AA."""
    style = style_of(render_html(content(2)))
    blocks = [colours(block) for block in re.findall(r"\{([^{}]*--bg:[^{}]*)\}", style)]
    assert len(blocks) == 2
    for block in blocks:
        for ground in ("bg", "panel"):
            assert contrast(block["fg"], block[ground]) >= 7
            assert contrast(block["soft"], block[ground]) >= 4.5
        for mark in ("over", "under"):
            assert contrast(block[mark], block["bg"]) >= 3
        assert contrast(block["under"], block["band"]) >= 3


# What is seen first.


def test_a_page_says_what_it_is_of():
    page = Page(render_html(content(3, 600)))
    (said,) = page.texts("p", **{"class": "about"})
    assert said == "Forest · 600 rows · 3 classes · 2026-02-03 · skxent 1.2.3"
    about = dataclasses.replace(
        made_of(3).about, out_of_fold=True, weighted=True, n_groups=1234, model="<b>"
    )
    (said,) = Page(render_html(content(2, 400, about=about))).texts("p", **{"class": "about"})
    assert said.startswith(
        "<b>, cross-validated · 400 rows · 2 classes · 1,234 groups · weighted ·"
    )


def test_numbers_keep_their_percent_signs_on_their_line():
    made = content(3, 600, verdict="16 % less (p <0.001).")
    html = render_html(made)
    assert "16\u00a0% less (p\u00a0&lt;0.001)." in html


def test_headings_of_columns_are_those_of_the_legend():
    page = shown(10)[1]
    explained = {text.removesuffix(":") for text in page.texts("dt") if text.endswith(":")}
    assert {
        e["text"].replace("\u00a0", " ") for e in page.elements if e["tag"] == "abbr"
    } <= explained


def test_two_classes_are_not_said_twice():
    page = shown(2)[1]
    assert len([e for e in page.elements if e["attrs"].get("viewbox") == "0 0 200 236"]) == 1
    assert "Which classes take the loss" not in page.words()


def test_a_rare_class_that_is_badly_wrong_is_among_those_shown():
    made = content(60, 3000)
    rare = int(np.argmin(made.per_class["contribution"]))
    made._per_class["p_value"] = np.where(np.arange(60) == rare, 1e-9, 0.5)
    low = made.per_class["baseline"] * np.where(np.arange(60) == rare, 1.5, 0.5)
    made._per_class["ci_low"] = low
    name = made.target_names[rare]
    page = Page(render_html(made))
    first = page.texts("li")[len(made.notes)]
    assert first.startswith(f"{name} costs ")
    assert "its frequency alone would cost" in first
    found = tables(page)
    assert name in [row[0] for row in found["Cost of each class, 30 of 60"]]
    assert page.texts("text").count(name) == 3


def test_classes_to_look_at_without_any_that_is_wrong():
    """Those of much less skill than all rows, beyond chance; none is called wrong."""
    made = content(6, 600)
    skill, baseline = np.array([0.9, 0.2, 0.9, 0.45, 0.3, 0.3]), made.per_class["baseline"]
    made._per_class["p_value"] = np.full(6, 0.5)
    made._per_class["skill"], made._per_class["log_loss"] = skill, (1 - skill) * baseline
    made._per_class["ci_low"] = baseline * np.array([0.05, 0.75, 0.05, 0.5, 0.65, 0.35])
    said = Page(render_html(made)).texts("li")[1:3]
    assert said == [
        f"class {c} has little skill: {skill}, all rows 0.6000"
        for c, skill in ((1, "0.2000"), (4, "0.3000"))
    ]
