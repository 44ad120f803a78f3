"""The page in headless Chromium, where it and its driver are installed."""

import json
import shutil
import subprocess
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import ProxyHandler, Request, build_opener

import pytest
from contents import content, render_fragment, render_html

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="chromium and chromedriver are not installed"
)
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


class Browser:
    """The few commands of the W3C WebDriver protocol that a page is looked at with."""

    def __init__(self, address, profile):
        self.address, self._open = address, build_opener(ProxyHandler({})).open
        options = {"binary": CHROMIUM, "args": [*FLAGS, f"--user-data-dir={profile}"]}
        capabilities = {
            "browserName": "chrome",
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL"},
        }
        wanted = {"capabilities": {"alwaysMatch": capabilities}}
        self.session = self._send("POST", "/session", wanted)["sessionId"]

    def _send(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = Request(self.address + path, data, {"Content-Type": "application/json"})
        request.method = method
        with self._open(request, timeout=60) as answer:
            return json.load(answer)["value"]

    def _post(self, path, **body):
        return self._send("POST", f"/session/{self.session}{path}", body)

    def tell(self, command, **params):
        """Send a command of the Chrome DevTools protocol."""
        return self._post("/goog/cdp/execute", cmd=command, params=params)

    def show(self, path, width=1400, scheme="light", media="screen"):
        """Open a file in a window so wide, and of this colour scheme."""
        metrics = {"height": 900, "deviceScaleFactor": 1, "mobile": False}
        self.tell("Emulation.setDeviceMetricsOverride", width=width, **metrics)
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.tell("Emulation.setEmulatedMedia", media=media, features=features)
        self._post("/url", url=Path(path).as_uri())

    def run(self, script):
        """What the body of a function returns on the page."""
        return self._post("/execute/sync", script=script, args=[])

    def unfold(self):
        """Open all that is folded away."""
        self.run("for (const d of document.querySelectorAll('details')) d.open = true")

    def messages(self):
        """What the page has written to the console, errors of loading among it."""
        return [entry["message"] for entry in self._post("/se/log", type="browser")]

    def close(self):
        self._send("DELETE", f"/session/{self.session}")


def _wait_for(address, process):
    opener = build_opener(ProxyHandler({}))
    for _ in range(200):
        assert process.poll() is None, "chromedriver has ended"
        try:
            with opener.open(f"{address}/status", timeout=5):
                return
        except (URLError, ConnectionError):
            time.sleep(0.05)
    pytest.fail("chromedriver does not answer")


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    folder = tmp_path_factory.mktemp("browser")
    with open(folder / "port", "w+") as said:
        process = subprocess.Popen([DRIVER, "--port=0"], stdout=said, stderr=subprocess.STDOUT)
        try:
            for _ in range(200):
                words = Path(said.name).read_text().partition("successfully on port ")[2]
                if words.partition(".")[1]:
                    break
                time.sleep(0.05)
            address = f"http://127.0.0.1:{int(words.partition('.')[0])}"
            _wait_for(address, process)
            one = Browser(address, folder / "profile")
            yield one
            one.close()
        finally:
            process.terminate()
            process.wait(10)


HOSTILE = '<b>bold</b><img src="x:y" onerror="document.title = 1">'


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Pages of some sizes, with a name of markup and a long one among the classes."""
    folder = tmp_path_factory.mktemp("pages")
    for k in (1, 2, 10, 100):
        names = [HOSTILE, "long " * 40, *(f"class {i}" for i in range(2, k))][:k]
        made = content(k, 600, names=names)
        (folder / f"{k}.html").write_text(render_html(made), encoding="utf-8")
        (folder / f"{k}-fragment.html").write_text(render_fragment(made), encoding="utf-8")
    return folder


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1400])
@pytest.mark.parametrize("k", [1, 2, 10, 100])
def test_the_page_fits_its_window_and_the_console_is_empty(browser, files, k, width, scheme):
    browser.show(files / f"{k}.html", width, scheme)
    fits = "const e = document.documentElement; return [e.scrollWidth, e.clientWidth, innerWidth]"
    whole, room, inner = browser.run(fits)
    assert whole <= room
    assert inner == width
    browser.unfold()
    whole, room, _ = browser.run(fits)
    assert whole <= room
    assert browser.messages() == []


def test_the_lines_to_paste_are_whole_on_a_phone(browser, files):
    browser.show(files / "10.html", 400)
    whole, room = browser.run(
        "const e = document.querySelector('pre'); return [e.scrollWidth, e.clientWidth]"
    )
    assert whole <= room


# The least contrast of a text with what is behind it, and which text it is.
CONTRAST = """
const parts = s => {
  if (s.startsWith('color(srgb')) {
    const v = s.match(/[-\\d.e]+/g).map(Number);
    return [...v.slice(0, 3).map(x => 255 * x), v[3] ?? 1];
  }
  const v = s.match(/[\\d.e]+/g).map(Number); return [v[0], v[1], v[2], v[3] ?? 1];
};
const over = (a, b) => [0, 1, 2].map(i => a[i] * a[3] + b[i] * (1 - a[3]));
const light = c => [0.2126, 0.7152, 0.0722].reduce((sum, w, i) => {
  const v = c[i] / 255; return sum + w * (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
}, 0);
const behind = e => {
  const layers = [];
  for (let p = e; p; p = p.parentElement) layers.push(parts(getComputedStyle(p).backgroundColor));
  return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255]);
};
let least = [99, ''], n = 0;
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const e = walker.currentNode.parentElement, text = walker.currentNode.data.trim();
  if (!text || e.closest('style, title') || !e.checkVisibility()) continue;
  const style = getComputedStyle(e), ground = behind(e);
  const ink = parts(e.closest('svg') ? style.fill : style.color);
  const [low, high] = [light(over(ink, ground)), light(ground)].sort((a, b) => a - b);
  const ratio = (high + 0.05) / (low + 0.05);
  n += 1;
  if (ratio < least[0]) least = [ratio, text];
}
return [n, ...least];
"""


@pytest.mark.parametrize(
    ("scheme", "media"), [("light", "screen"), ("dark", "screen"), ("dark", "print")]
)
def test_every_text_stands_out_from_what_is_behind_it(browser, files, scheme, media):
    browser.show(files / "10.html", 1400, scheme, media)
    browser.unfold()
    n, ratio, text = browser.run(CONTRAST)
    assert n > 500
    assert ratio >= 4.5, f"{text!r} has a contrast of {ratio:.2f}"
    ground = browser.run("return getComputedStyle(document.body).backgroundColor")
    assert ground == (
        "rgb(21, 24, 28)" if (scheme, media) == ("dark", "screen") else "rgb(255, 255, 255)"
    )


@pytest.mark.parametrize("kind", ["", "-fragment"])
def test_markup_in_a_name_is_shown_as_text(browser, files, kind):
    browser.show(files / f"10{kind}.html")
    names = browser.run(
        "return [...document.querySelectorAll('table tbody th')].map(e => e.textContent)"
    )
    assert HOSTILE in [name.strip() for name in names]
    assert browser.run("return document.querySelectorAll('img, th b, text b').length") == 0
    assert browser.run("return document.title") != "1"
    hints = browser.run("return [...document.querySelectorAll('th span')].map(e => e.title)")
    assert HOSTILE in hints


def test_a_long_name_is_cut_with_an_ellipsis(browser, files):
    browser.show(files / "10.html", 400)
    browser.unfold()
    cut, overflow, width = browser.run(
        "const e = document.querySelector('tbody th .cut[title^=long]');"
        "return [e.scrollWidth > e.clientWidth, getComputedStyle(e).textOverflow, e.clientWidth]"
    )
    assert cut
    assert overflow == "ellipsis"
    assert width < 150


def test_wide_tables_scroll_by_keyboard_in_their_own_frame(browser, files):
    browser.show(files / "10.html", 400)
    browser.unfold()
    frame = "const e = document.querySelector('.scroll');"
    assert browser.run(f"{frame} return e.scrollWidth > e.clientWidth")
    assert browser.run(f"{frame} e.focus(); return document.activeElement === e")
    # The names stay in sight.
    place = f"{frame} return e.querySelector('tbody th').getBoundingClientRect().left"
    before = browser.run(place)
    browser.run(f"{frame} e.scrollLeft = 200")
    assert browser.run(place) == pytest.approx(before, abs=1)


def test_what_is_folded_away_is_printed(browser, files):
    seen = (
        "return [...document.querySelectorAll('details:not([open]) td')]"
        ".filter(e => e.checkVisibility({contentVisibilityAuto: true})).length"
    )
    browser.show(files / "100.html")
    assert browser.run(seen) == 0
    browser.show(files / "100.html", media="print")
    assert browser.run(seen) > 70 * 20


# What notebooks do to tables, and worse.
NOTEBOOK = """
.out table { table-layout: fixed; border: 2px solid red; font-size: 30px; margin: 0 auto; }
.out tbody tr:nth-child(odd) { background: rgb(1, 2, 3); }
.out tbody tr:nth-child(odd) td, .out td, .out th { background: lime; color: red; padding: 20px;
text-align: center; white-space: normal; max-width: none; border: 3px dotted red; }
.out.out tr > th:first-child, .out.out tr > td { font-style: italic; letter-spacing: 3px; }
.out p, .out li, .out h3, .out h4, .out dl, .out dt, .out dd { margin: 40px; color: red;
text-transform: uppercase; float: left; }
.out svg { width: 30px; fill: red; } .out svg text, .out path { fill: lime; stroke: red; }
.out details, .out summary, .out figure { display: none; } .out abbr { border: 1px solid; }
.out div { background: rgb(9, 9, 9); } .out b, .out i, .out span { font-size: 40px; }
body { font: italic 30px serif; text-align: right; line-height: 3; }
"""
LOOK = """
const names = ['color', 'backgroundColor', 'fontSize', 'fontStyle', 'textAlign', 'paddingLeft',
  'display',
  'borderTopWidth', 'borderBottomStyle', 'whiteSpace', 'marginTop', 'letterSpacing', 'lineHeight',
  'textTransform', 'float', 'tableLayout', 'fill', 'stroke', 'width', 'height'];
return [...document.querySelectorAll(SELECTOR)].filter(e => e.checkVisibility()).map(e => {
  const style = getComputedStyle(e);
  return e.tagName + ' ' + e.getAttribute('class') + ': ' + names.map(n => style[n]).join('; ');
});
"""


def test_a_fragment_and_a_notebook_leave_each_other_alone(browser, files, tmp_path):
    fragment = (files / "10-fragment.html").read_text(encoding="utf-8")
    own = '<table id="own"><tr><th>a</th><td>1</td></tr></table><p id="text">text <b>b</b></p>'
    page = '<!DOCTYPE html><meta charset="utf-8"><title>-</title><style>{}</style>{}'
    pages = {
        "alone": page.format(NOTEBOOK, f'<div class="out">{own}</div>'),
        "both": page.format(NOTEBOOK, f'<div class="out">{own}{fragment}{fragment}</div>'),
        "tame": page.format("", f'<div class="out">{fragment}</div>'),
    }
    for name, text in pages.items():
        (tmp_path / f"{name}.html").write_text(text, encoding="utf-8")

    def look(name, selector):
        browser.show(tmp_path / f"{name}.html")
        browser.unfold()
        return browser.run(LOOK.replace("SELECTOR", json.dumps(selector)))

    outside = "body, #own, #own th, #own td, #text, #text b"
    assert len(look("alone", outside)) == 6
    assert [line for line in look("both", outside) if not line.startswith("BODY")] == [
        line for line in look("alone", outside) if not line.startswith("BODY")
    ]
    inside = look("tame", ".skxent, .skxent :not(style, title, g)")
    twice = look("both", ".skxent, .skxent :not(style, title, g)")
    assert len(inside) > 1000
    assert twice == inside + inside
    assert browser.messages() == []


@pytest.mark.parametrize("system", ["light", "dark"])
@pytest.mark.parametrize(
    ("theme", "dark"),
    [
        ('data-jp-theme-light="false"', True),
        ('data-jp-theme-light="true"', False),
        ('class="vscode-dark"', True),
        ('class="vscode-light"', False),
    ],
)
def test_a_fragment_follows_the_theme_of_its_notebook(
    browser, files, tmp_path, system, theme, dark
):
    fragment = (files / "2-fragment.html").read_text(encoding="utf-8")
    path = tmp_path / "notebook.html"
    path.write_text(f'<!DOCTYPE html><meta charset="utf-8"><body {theme}>{fragment}', "utf-8")
    browser.show(path, scheme=system)
    ground = browser.run(
        "return getComputedStyle(document.querySelector('.skxent')).backgroundColor"
    )
    assert ground == ("rgb(21, 24, 28)" if dark else "rgb(255, 255, 255)")
    browser.unfold()
    assert browser.run(CONTRAST)[1] >= 4.5


PLACE = """
const e = [...document.querySelectorAll('dl.headline > div')].find(
  d => d.textContent.includes('What to do'));
const r = e.getBoundingClientRect();
return [r.left, r.right, r.top, r.bottom];
"""


@pytest.mark.parametrize("width", [400, 1400])
def test_what_to_do_is_seen_without_scrolling(browser, files, width):
    browser.show(files / "10.html", width)
    left, right, top, bottom = browser.run(PLACE)
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= 700
    assert "recalibrate: temperature" in browser.run("return document.body.innerText")
    browser.unfold()  # and which map it is stands beside its name
    script = "return [...document.querySelectorAll('td')].find(e => e.textContent.trim() === "
    where = browser.run(f"{script}'recommended').getBoundingClientRect().right")
    assert where <= width


def test_a_notebook_is_not_flooded(browser, files):
    browser.show(files / "10-fragment.html", 900)
    assert browser.run("return document.querySelector('.skxent').offsetHeight") < 700
    assert browser.run("return document.querySelectorAll('.skxent table').length") > 3
    assert browser.run("return document.querySelector('table').checkVisibility()") is False


def test_the_contents_open_what_they_lead_to(browser, files):
    browser.show(files / "10.html")
    links = browser.run("return [...document.querySelectorAll('nav a')].map(e => e.hash)")
    assert len(links) == 9
    for link in links:
        browser.run(f"document.querySelector('nav a[href=\"{link}\"]').click()")
        place = f"document.querySelector('{link}')"
        assert browser.run(f"return {place}.closest('details').open")
        top = browser.run(f"return {place}.getBoundingClientRect().top")
        assert -5 < top < 900


def test_names_in_drawings_stay_inside(browser, tmp_path):
    names = ["CHRONIC OBSTRUCTIVE PULMONARY DISEASE", "WWWWWWWWWWWWWWWWWWWWWWWWWW", "日本" * 20]
    (tmp_path / "wide.html").write_text(render_html(content(3, 300, names=names)), "utf-8")
    browser.show(tmp_path / "wide.html")
    browser.unfold()
    out = browser.run(
        "return [...document.querySelectorAll('svg text')].filter(e => {"
        "const b = e.getBBox(), v = e.ownerSVGElement.viewBox.baseVal;"
        "return b.x < 0 || b.x + b.width > v.width + 0.5;}).map(e => e.textContent)"
    )
    assert out == []


@pytest.mark.parametrize("width", [400, 1400])
def test_lines_of_the_first_column_meet_those_of_the_others(browser, files, width):
    """It stays where it is while a table scrolls, and is painted at whole pixels."""
    browser.show(files / "10.html", width)
    browser.unfold()
    heights = browser.run(
        "return [...document.querySelectorAll('tbody tr')]"
        ".map(e => e.getBoundingClientRect().height)"
    )
    assert len(heights) > 30
    assert {height % 1 for height in heights} == {0}
