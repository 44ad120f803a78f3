"""What is public is listed, sorted and documented; new names are covered as they are added."""

import ast
import importlib
import inspect
import math
import re
import subprocess
import sys
from pathlib import Path

import pytest
from public_api import FILE, public_api, public_modules

import skxent

PUBLIC_MODULES = public_modules()
PUBLIC = {
    f"{module}.{name}": getattr(importlib.import_module(module), name)
    for module in PUBLIC_MODULES
    for name in importlib.import_module(module).__all__
}
FUNCTIONS = {name: item for name, item in PUBLIC.items() if inspect.isfunction(item)}
CLASSES = {name: item for name, item in PUBLIC.items() if inspect.isclass(item)}


def defined_names(module):
    """Names that the text of a module defines; for a package, also those that it gathers."""
    path = Path(module.__file__)
    names, nodes = set(), ast.parse(path.read_text(encoding="utf-8")).body
    # What is imported when it is asked for is told to readers and type checkers alone.
    lazy = [n for n in nodes if isinstance(n, ast.If) and "TYPE_CHECKING" in ast.unparse(n.test)]
    for node in [*nodes, *(inner for block in lazy for inner in block.body)]:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign):
            names.add(node.target.id)
        elif (
            isinstance(node, ast.ImportFrom)
            and path.name == "__init__.py"
            and node.module.startswith("skxent")
        ):
            names |= {alias.asname or alias.name for alias in node.names}
    return {name for name in names if not name.startswith("_")}


@pytest.mark.parametrize("name", PUBLIC_MODULES)
def test_all_is_what_is_defined_in_order(name):
    module = importlib.import_module(name)
    assert module.__all__ == sorted(defined_names(module))


@pytest.mark.parametrize("name", PUBLIC_MODULES)
def test_modules_say_what_they_are_for(name):
    assert importlib.import_module(name).__doc__


def sections(docstring):
    return re.findall(r"^([A-Z][A-Za-z ]+)\n-+$", inspect.cleandoc(docstring), re.MULTILINE)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_document_what_goes_in_and_comes_out(name):
    function = FUNCTIONS[name]
    wanted = ["Returns", "Examples"]
    if inspect.signature(function).parameters:
        wanted += ["Parameters", "Raises"]
    assert not set(wanted) - set(sections(function.__doc__ or ""))


@pytest.mark.parametrize("name", {**FUNCTIONS, **CLASSES})
def test_every_parameter_is_documented(name):
    item = {**FUNCTIONS, **CLASSES}[name]
    documented = re.findall(r"^(\*{0,2}\w+(?:, \w+)*) :", inspect.getdoc(item), re.MULTILINE)
    documented = {part.strip("*") for entry in documented for part in entry.split(", ")}
    public = {name for name in inspect.signature(item).parameters if not name.startswith("_")}
    assert public <= documented | {"self"}


def public_callables():
    """Functions, classes and their methods, by name."""
    for name, item in {**FUNCTIONS, **CLASSES}.items():
        yield name, item
        for method, member in vars(item).items() if inspect.isclass(item) else ():
            member = getattr(member, "__func__", member)
            if inspect.isfunction(member) and not method.startswith("_"):
                yield f"{name}.{method}", member


CALLABLES = dict(public_callables())


@pytest.mark.parametrize("name", CALLABLES)
def test_defaults_are_those_that_are_documented(name):
    """Where a parameter is explained elsewhere, that of the report."""
    text = inspect.getdoc(CALLABLES[name]) or ""
    documented = dict(re.findall(r"^ *(\w+) : .*default=(.+)$", text, re.MULTILINE))
    of_report = inspect.signature(skxent.log_loss_report).parameters
    for parameter in inspect.signature(CALLABLES[name]).parameters.values():
        if parameter.name in documented:
            assert parameter.default == eval(documented[parameter.name], {"e": math.e})
        elif parameter.name in of_report and parameter.default is not parameter.empty:
            assert parameter.default == of_report[parameter.name].default


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_are_annotated(name):
    signature = inspect.signature(FUNCTIONS[name])
    assert signature.return_annotation is not inspect.Signature.empty
    for parameter in signature.parameters.values():
        assert parameter.annotation is not inspect.Parameter.empty


@pytest.mark.parametrize("name", CLASSES)
def test_classes_are_documented(name):
    assert inspect.getdoc(CLASSES[name])


@pytest.mark.parametrize("name", [n for n in FUNCTIONS if n.startswith("skxent.metrics.")])
def test_metrics_take_only_data_by_position(name):
    kinds = {p.name: p.kind for p in inspect.signature(FUNCTIONS[name]).parameters.values()}
    positional = [n for n, kind in kinds.items() if kind is not inspect.Parameter.KEYWORD_ONLY]
    assert positional in (["y_true", "y_proba"], ["y_proba"], ["y_true"])


def test_metrics_are_importable_from_the_package():
    metrics = importlib.import_module("skxent.metrics")
    assert all(getattr(skxent, name) is getattr(metrics, name) for name in metrics.__all__)


def test_nothing_is_imported_before_it_is_asked_for():
    """The command says how it is used at once."""
    code = (
        "import sys, skxent; assert not {'numpy', 'sklearn', 'scipy'} & set(sys.modules); "
        "from skxent import *; assert log_loss is skxent.metrics.log_loss; "
        "assert 'log_loss_report' in dir(skxent); assert not hasattr(skxent, 'log_los')"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_types_are_shipped():
    assert (Path(skxent.__file__).parent / "py.typed").is_file()


def test_the_version_is_that_of_the_package():
    assert re.fullmatch(r"\d+\.\d+\.\d+(\.dev\d+)?", skxent.__version__)


def test_no_public_name_changes_unnoticed():
    """Code of others calls them: what goes or is renamed is announced in CHANGELOG.md first."""
    before, after = FILE.read_text(encoding="utf-8").splitlines(), public_api()
    gone = [line for line in before if line not in after]
    new = [line for line in after if line not in before]
    assert after == before, (
        f"gone: {gone}; new: {new}. Meant? Say it in CHANGELOG.md, and run "
        f"python tests/support/public_api.py."
    )
