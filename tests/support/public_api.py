"""
Every public name with its signature: what others' code is written against.

Written by ``python tests/support/public_api.py`` into tests/project/public_api.txt.
"""

import importlib
import inspect
import pkgutil
from dataclasses import fields, is_dataclass
from pathlib import Path

import skxent

FILE = Path(__file__).parents[1] / "project" / "public_api.txt"


def public_modules():
    """Names of the modules that no underscore hides."""
    names = (info.name for info in pkgutil.walk_packages(skxent.__path__, "skxent."))
    return ["skxent", *(n for n in names if not any(p.startswith("_") for p in n.split(".")))]


def signature_of(item):
    """Parameters and defaults; types are for mypy, and nobody's call depends on them."""
    found = inspect.signature(item)
    plain = [p.replace(annotation=inspect.Parameter.empty) for p in found.parameters.values()]
    return str(found.replace(parameters=plain, return_annotation=inspect.Signature.empty))


def members_of(cls):
    """Public fields, methods and properties, those of skxent's own base classes included."""
    owners = [base for base in cls.__mro__ if base.__module__.startswith("skxent")]
    names = {name for base in owners for name in vars(base) if not name.startswith("_")}
    if is_dataclass(cls):  # a result, which users read but do not make
        names |= {field.name for field in fields(cls) if not field.name.startswith("_")}
    for name in sorted(names):
        raw = inspect.getattr_static(cls, name, None)
        if type(raw).__module__.startswith("sklearn"):
            continue  # such as set_fit_request, which each version of it makes in its own way
        if inspect.isfunction(raw) or isinstance(raw, classmethod | staticmethod):
            yield f"{name}{signature_of(getattr(cls, name))}"
        else:
            yield name


def public_api():
    """A line a name, in the module that is the shortest way to it."""
    lines, seen = [], set()
    for module in public_modules():
        for name in importlib.import_module(module).__all__:
            item = getattr(importlib.import_module(module), name)
            if id(item) in seen:
                continue
            seen.add(id(item))
            if inspect.isclass(item):
                made = "" if is_dataclass(item) else signature_of(item)
                lines.append(f"{module}.{name}{made}")
                lines += [f"    .{member}" for member in members_of(item)]
            elif inspect.isfunction(item):
                lines.append(f"{module}.{name}{signature_of(item)}")
            else:
                lines.append(f"{module}.{name} = {item!r}")
    return lines


if __name__ == "__main__":
    FILE.write_text("\n".join(public_api()) + "\n", encoding="utf-8")
