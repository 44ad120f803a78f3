"""The architecture: imports go down, and no room is too large."""

import ast
from functools import cache
from pathlib import Path

import pytest

import skxent

ROOT = Path(skxent.__file__).parent
# A module may import from lower floors and, inside its own package, from its own floor.
FLOORS = {
    "skxent._arrays": 0,
    "skxent._kernels": 0,
    "skxent._device": 0.5,
    "skxent._numbers": 0,
    "skxent._labels": 1,
    "skxent._frames": 1.5,
    "skxent._arguments": 1.5,
    "skxent._table": 2,
    "skxent._device_table": 2.5,
    "skxent._inputs": 3,
    "skxent._dispatch": 3.5,
    "skxent.metrics": 4,
    "skxent.recalibration": 5,
    "skxent._estimators": 4,
    "skxent._scored_rows": 5,
    "skxent._scoring": 6,
    "skxent.scorers": 6.5,
    "skxent.report": 7,
    "skxent.testing": 9,
    "skxent.__main__": 10,
    "skxent": 11,
}
# The report knows nothing of scorers, although its floor is above theirs.
FORBIDDEN = {"skxent.report": {"skxent._scoring", "skxent.scorers"}}
# The floors inside the metrics: what every metric uses is below all of them.
INSIDE_METRICS = {"skxent.metrics._reduce": 0, "skxent.metrics": 2}
# The floors inside the report: what it shows computes nothing, and what it computes is not shown.
INSIDE_REPORT = {
    # What both those who compute and those who show rest on.
    "_content": -2,
    "_words": -1,
    "_comparison._content": -1,
    "_reliability": 0,
    "_statistics": 1,
    "_intervals": 1,
    "_rows": 1,
    "_out_of_fold": 1,
    "_paired": 2,
    "_findings": 2,
    "_ladder": 3,
    "_comparison._compare": 3,
    "_figures": 4,
    "_compute": 5,
    "_frame": 10,
    "_plain": 10,
    "_text": 10,
    "_html._page": 10,
    "_html._plots": 10,
    "_html._columns": 11,
    "_html._sections": 12,
    "_html._render": 13,
    "_html": 14,
    "_comparison._text": 15,
    "_comparison._html": 16,
    "_displays._axes": 20,
    "_displays._display": 21,
    "_displays._classes": 22,
    "_displays._confusion": 22,
    "_displays._ladder": 22,
    "_displays._reliability": 22,
    "_displays": 23,
    "_comparison._display": 23,
    "_comparison._renderings": 24,
    "_comparison._comparison": 25,
    "_comparison": 26,
    "_renderings": 24,
    "_result": 25,
    "_log_loss_report": 26,
    "_accumulator": 26,
    "": 30,
}


def name_of(path):
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in sorted(ROOT.rglob("*.py"))}


def room(module):
    """The package or module of the design to which `module` belongs."""
    return ".".join(module.split(".")[:2])


@cache
def tree(module):
    return ast.parse(MODULES[module].read_text(encoding="utf-8"))


@cache
def imported(module):
    """The modules of the package that `module` imports, anywhere in its text."""
    found = set()
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} has a relative import in line {node.lineno}"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                found.add(inner if inner in MODULES else node.module)
    return {name for name in found if name in MODULES}


@pytest.mark.parametrize("module", MODULES)
def test_every_module_has_a_floor(module):
    assert room(module) in FLOORS


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_down(module):
    for target in imported(module):
        if room(target) == room(module):
            continue
        assert FLOORS[room(target)] < FLOORS[room(module)], f"{module} imports {target}"
        assert room(target) not in FORBIDDEN.get(room(module), ()), f"{module} imports {target}"


@pytest.mark.parametrize("module", [m for m in MODULES if room(m) == "skxent.metrics"])
def test_metrics_stand_on_what_they_share(module):
    floor = INSIDE_METRICS.get(module, 1)
    below = {INSIDE_METRICS.get(m, 1) for m in imported(module) if room(m) == "skxent.metrics"}
    # Two metrics on the same floor may use one another; the test of cycles looks at them.
    assert all(other <= floor for other in below)
    assert module != "skxent.metrics._reduce" or not below


@pytest.mark.parametrize("module", [m for m in MODULES if room(m) == "skxent.report"])
def test_the_report_keeps_computing_and_showing_apart(module):
    def floor_of(name):
        return INSIDE_REPORT[name.removeprefix("skxent.report").removeprefix(".")]

    floor = floor_of(module)
    for target in imported(module):
        if room(target) == "skxent.report":
            below = floor_of(target)
            assert below < floor, f"{module} imports {target}"
            assert floor >= 20 or below < 0 or below // 10 == floor // 10


def test_no_import_cycles():
    done, path = set(), []

    def visit(module):
        assert module not in path, " -> ".join([*path[path.index(module) :], module])
        if module not in done:
            path.append(module)
            for target in sorted(imported(module)):
                visit(target)
            done.add(path.pop())

    for module in MODULES:
        visit(module)


@pytest.mark.parametrize("module", MODULES)
def test_no_module_is_longer_than_350_lines(module):
    assert len(MODULES[module].read_text(encoding="utf-8").splitlines()) <= 350


@pytest.mark.parametrize("module", MODULES)
def test_no_function_body_is_longer_than_60_lines(module):
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            lines = body[-1].end_lineno - body[0].lineno + 1 if body else 0
            assert lines <= 60, f"{module}.{node.name} has {lines} lines"


@pytest.mark.parametrize("module", MODULES)
def test_scikit_learn_is_used_through_its_public_names(module):
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sklearn"):
            names = [*node.module.split("."), *(alias.name for alias in node.names)]
        elif isinstance(node, ast.Import):
            names = [
                n for a in node.names if a.name.startswith("sklearn") for n in a.name.split(".")
            ]
        else:
            continue
        assert not [n for n in names if n.startswith("_")], f"{module}, line {node.lineno}"


def imports_on_import(node):
    """Import statements that run when the module is imported, not when a function is called."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            yield child.module or ""
        elif not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) and not (
            isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
        ):
            yield from imports_on_import(child)


@pytest.mark.parametrize("module", MODULES)
def test_optional_libraries_are_imported_where_they_are_used(module):
    libraries = {name.split(".")[0] for name in imports_on_import(tree(module))}
    assert not libraries & {"pandas", "polars", "matplotlib", "array_api_compat"}
