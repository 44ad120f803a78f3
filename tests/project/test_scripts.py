"""What is written beside the package fits it: scripts that no test runs, commands and paths."""

import ast
import importlib
import re
from pathlib import Path

import pytest

import skxent

ROOT = Path(__file__).parents[2]
SCRIPTS = sorted(
    path
    for folder in ("benchmarks", "docs", "tests/support")
    for path in ROOT.glob(f"{folder}/*.py")
)
SCRIPTS += sorted(ROOT.glob("benchmarks/simulations/*.py"))
# What is made when the site is built, and patterns.
ELSEWHERE = re.compile(r"^docs/(_build|gallery)\b|…|\*")


PAGES = sorted(
    path
    for folder in (".", "docs", "docs/guide", "docs/reference", "benchmarks", "skxent/*")
    for path in ROOT.glob(f"{folder}/*.md")
)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_ask_for_names_that_there_are(script):
    """Most of them take minutes to run, and some use private names that move."""
    for node in ast.walk(ast.parse(script.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith("skxent"):
            continue
        module = importlib.import_module(node.module)
        for alias in node.names:
            if not hasattr(module, alias.name):
                importlib.import_module(f"{node.module}.{alias.name}")


def test_each_benchmark_has_its_line():
    text = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    scripts = [path for path in ROOT.glob("benchmarks/**/*.py") if path.name != "conftest.py"]
    assert len(scripts) > 20
    assert [
        path.name for path in scripts if path.name not in text and "test_" not in path.name
    ] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_paths_in_pages_are_those_of_files(page):
    text = page.read_text(encoding="utf-8")
    found = re.findall(r"(?<![\w/.-])((?:docs|tests|benchmarks|skxent)/[\w./…*-]*\w)", text)
    wrong = {
        path
        for path in found
        if not ELSEWHERE.search(path)
        and not any(
            (base / f"{path}{end}").exists() for base in (ROOT, page.parent) for end in ("", ".py")
        )
    }
    assert wrong == set()


def test_every_public_name_is_told_of_in_the_changes():
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert [name for name in skxent.__all__ if not re.search(rf"\b{name}\b", text)] == []


def test_the_first_page_tells_of_every_function_and_class():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    # What a function returns is told of with the function.
    results = {"LogLossChange", "LogLossComparison", "LogLossSlices"}
    names = [name for name in skxent.__all__ if name not in results]
    assert [name for name in names if not re.search(rf"\b{name}\b", text)] == []


def test_the_changes_begin_with_the_version_that_there_is():
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    latest = re.search(r"^## (\S+)", text, flags=re.MULTILINE)[1]
    assert skxent.__version__.removesuffix(".dev0") == latest
