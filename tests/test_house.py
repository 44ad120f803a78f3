"""The architecture: imports go down, and no room is too large."""

import ast
from functools import cache
from pathlib import Path

import pytest

import skxent

ROOT = Path(skxent.__file__).parent
# A module may import from lower floors and, inside its own package, from its own floor.
FLOORS = {
    "skxent._kernels": 0,
    "skxent._labels": 1,
    "skxent._arguments": 1.5,
    "skxent._table": 2,
    "skxent._inputs": 3,
    "skxent.metrics": 4,
    "skxent.recalibration": 5,
    "skxent._estimators": 4,
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
    "skxent.report._content": -1,
    "skxent.report._words": -1,
    "skxent.report._reliability": 0,
    "skxent.report._statistics": 1,
    "skxent.report._intervals": 1,
    "skxent.report._rows": 1,
    "skxent.report._ladder": 2,
    "skxent.report._findings": 2,
    "skxent.report._figures": 3,
    "skxent.report._compute": 4,
    "skxent.report._out_of_fold": 1,
    "skxent.report._frame": 10,
    "skxent.report._text": 10,
    "skxent.report._renderings": 11,
    "skxent.report._result": 20,
    "skxent.report._log_loss_report": 21,
    "skxent.report._accumulator": 21,
    "skxent.report": 30,
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
    floor = INSIDE_REPORT[module]
    for target in imported(module):
        if room(target) == "skxent.report":
            assert INSIDE_REPORT[target] < floor, f"{module} imports {target}"
            below = INSIDE_REPORT[target]
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
    assert not libraries & {"pandas", "polars", "matplotlib"}
