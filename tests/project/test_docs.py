"""The pages: every public name is in the reference, and the drawings show the code as it is."""

import importlib.util
import re
import sys
from pathlib import Path

import pytest

import skxent
import skxent.comparison
import skxent.engines.dask
import skxent.engines.spark
import skxent.recalibration
import skxent.report
import skxent.scorers
import skxent.testing

DOCS = Path(__file__).parents[2] / "docs"
PUBLIC = [
    (module, name)
    for module in (skxent, skxent.recalibration, skxent.testing)
    for name in module.__all__
    if module is skxent or name not in skxent.__all__
]
# Functions that are called as those of arrays are, each on its own kind of data.
ENGINES = (skxent.engines.dask, skxent.engines.spark)
PUBLIC += [(module, name) for module in ENGINES for name in module.__all__]

PAGES = sorted(path for path in DOCS.rglob("*.md") if "_build" not in path.parts)
# Examples that no test runs, by words in them.
NOT_RUN = {
    "arrays": ['device="cuda"'],  # needs a GPU
    "conformance": ["my_classifier"],  # is the reader's
    # Need a cluster: tests/engines has its own.
    "clusters": ["frame", "dask", "predictions", "ray"],
}


def script(name):
    """A module of docs/, which is no package."""
    sys.path.insert(0, str(DOCS))
    try:
        spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(DOCS))
    return module


@pytest.fixture(scope="module")
def house():
    return script("house")


def listed():
    """Names in the reference, with the module whose pages they are on."""
    found, module = set(), ""
    for line in (DOCS / "reference" / "index.md").read_text(encoding="utf-8").splitlines():
        if match := re.match(r"\.\. currentmodule:: (\S+)", line):
            module = match[1]
        elif match := re.match(r"(?:   |\.\. data:: )(\w+)$", line):
            found.add((module, match[1]))
    return found


@pytest.mark.parametrize(("module", "name"), PUBLIC)
def test_every_public_name_is_in_the_reference(module, name):
    assert (module.__name__, name) in listed()


def test_the_reference_has_no_other_names():
    assert listed() == {(module.__name__, name) for module, name in PUBLIC}


@pytest.mark.parametrize("module", [skxent.scorers, skxent.report, skxent.metrics])
def test_what_is_public_elsewhere_is_public_in_the_package(module):
    """Else it would be missing from the reference, which has one page a name."""
    assert set(module.__all__) <= set(skxent.__all__)


def test_the_house_is_drawn_with_every_room(house):
    package = Path(skxent.__file__).parent
    rooms = {"skxent"} | {
        f"skxent.{path.stem}"
        for path in package.iterdir()
        if (path.suffix == ".py" and path.stem != "__init__") or (path / "__init__.py").exists()
    }
    assert set(house.imports()) == rooms
    places, _ = house.boxes()
    assert set(places) == rooms


def test_the_house_is_drawn_with_imports_going_down(house):
    for room, below in house.imports().items():
        for other in below:
            assert house.floor(other) < house.floor(room)
    places, height = house.boxes()
    for upper, lower in house.edges():
        assert places[upper][1] + places[upper][3] < places[lower][1]
    assert all(x >= 0 and x + w <= 440 and y + h <= height for x, y, w, h in places.values())


def test_the_house_draws_each_import_or_a_way_to_it(house):
    ways = {room: {b for a, b in house.edges() if a == room} for room in house.imports()}
    for room, below in house.imports().items():
        reached, new = set(), ways[room]
        while new:
            reached |= new
            new = set().union(*(ways[other] for other in new)) - reached
        assert below <= reached


def test_what_to_call_names_what_there_is():
    decide = script("decide")
    calls = [c for part in (decide.LABELS, decide.DISTRIBUTIONS, decide.ALONE) for c in part]
    names = {call.partition("(")[0] for _, group in calls for call in group}
    assert names <= set(skxent.__all__)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_examples_in_pages_are_run(page):
    """An example that ends without an empty line would take the fence for its output."""
    for block in re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
        if not any(words in block for words in NOT_RUN.get(page.stem, ())):
            assert block.startswith(">>>"), block
            assert block.endswith("\n\n"), block


def test_what_the_first_page_links_to_is_there():
    """Pictures among it, which git keeps small."""
    text = (DOCS.parent / "README.md").read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#:]+)\)|(?:src|srcset)=\"([^\"]+)\"", text)
    files = [DOCS.parent / (link or picture) for link, picture in links]
    assert len(files) > 8
    assert [file for file in files if not file.exists()] == []
    pictures = [file for file in files if file.suffix == ".png"]
    assert len(pictures) == 2
    assert all(picture.stat().st_size < 200_000 for picture in pictures)


def test_the_guide_says_of_each_page_what_it_is_about():
    text = (DOCS / "guide" / "index.md").read_text(encoding="utf-8")
    sentences, _, tree = text.partition("{toctree}")
    pages = re.findall(r"^[\w./]+$", tree, flags=re.M)
    assert pages == re.findall(r"^\[[^]]+\]\((.+)\.md\)\n: \w", sentences, flags=re.M)
    written = {page.stem for page in (DOCS / "guide").glob("*.md")} - {"index"}
    assert written <= set(pages)


FOLDERS = sorted(Path(skxent.__file__).parent.glob("*/README.md"))


@pytest.mark.parametrize("readme", FOLDERS, ids=[path.parent.name for path in FOLDERS])
def test_the_readme_of_a_folder_names_each_of_its_modules(readme):
    """One line a module: a reader finds the place of a rule without opening all files."""
    rows = re.findall(r"^\| (`_.*?) \|", readme.read_text(encoding="utf-8"), flags=re.M)
    named = re.findall(r"`(\w+)`", " ".join(rows))
    inside = [path.stem for path in readme.parent.iterdir() if path.name.startswith("_")]
    assert sorted(named) == sorted(set(inside) - {"__init__", "__pycache__"})


def test_each_folder_with_more_than_two_modules_has_a_readme():
    folders = {path.parent for path in Path(skxent.__file__).parent.glob("*/_*.py")}
    large = {f.name for f in folders if len(list(f.glob("_[!_]*.py"))) > 2}
    assert large <= {path.parent.name for path in FOLDERS}
