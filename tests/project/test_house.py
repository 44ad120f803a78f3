"""The architecture: imports go down, and no room is too large."""

import ast
from functools import cache
from pathlib import Path

import pytest

import skxent

ROOT = Path(skxent.__file__).parent


def name_of(path):
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in sorted(ROOT.rglob("*.py"))}


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


def lines_of_code(module):
    """Lines that are neither empty nor comments nor part of a docstring."""
    documented: set[int] = set()
    kinds = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    for node in ast.walk(tree(module)):
        if isinstance(node, kinds) and ast.get_docstring(node, clean=False) is not None:
            documented |= set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    lines = enumerate(MODULES[module].read_text(encoding="utf-8").splitlines(), start=1)
    return sum(
        i not in documented and bool(line.strip()) and not line.lstrip().startswith("#")
        for i, line in lines
    )


@pytest.mark.parametrize("module", MODULES)
def test_no_module_has_more_than_280_lines_of_code(module):
    assert lines_of_code(module) <= 280


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
    optional = {"pandas", "polars", "matplotlib", "array_api_compat", "pyarrow", "duckdb", "fsspec"}
    assert not libraries & optional
