"""
Do the tests notice a change in the code? One small change at a time.

The tests are collected once. For each mutant the process forks; the child puts the changed
functions and constants in the place of the real ones, in memory alone, and runs the tests that
reach the changed function, the likeliest to fail first, until one does. No file is written.

    python tests/support/mutants.py                       # all of MODULES
    python tests/support/mutants.py --only _kernels.py    # mutants whose text holds this
    python tests/support/mutants.py --sample 300          # a random part, always the same
    python tests/support/mutants.py --modules comparison._compare --tests "compare intervals"
"""

import argparse
import ast
import bisect
import copy
import inspect
import itertools
import math
import os
import pickle
import random
import resource
import signal
import sys
import time
import types
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = [
    *("_kernels", "_backend._numpy", "_intake._rows", "_intake._alignment", "_intake._table"),
    *("_intake._as_table", "_intake._labels", "_intake._codes", "_intake._label_column"),
    *("_intake._containers", "_intake._arguments", "metrics._cross_entropy"),
    *("metrics._divergences", "metrics._entropy", "metrics._log_loss", "metrics._reduce"),
]
TESTS = ["inputs", "metrics", "common", "properties", "robustness", "tables", "readings", "labels"]
PAIRS = [
    *((ast.Lt, ast.LtE), (ast.Gt, ast.GtE), (ast.Eq, ast.NotEq), (ast.Is, ast.IsNot)),
    *((ast.In, ast.NotIn), (ast.And, ast.Or), (ast.Add, ast.Sub), (ast.Mult, ast.Div)),
    *((ast.LShift, ast.RShift), (ast.BitAnd, ast.BitOr)),
]
SWAPS = {a: b for pair in PAIRS for a, b in (pair, pair[::-1])}
SWAPS |= dict.fromkeys([ast.FloorDiv, ast.Mod, ast.Pow, ast.MatMult], ast.Mult)
NAMES = [
    *(("maximum", "minimum"), ("fmax", "fmin"), ("max", "min"), ("nanmax", "nanmin")),
    *(("argmax", "argmin"), ("any", "all"), ("zeros", "ones"), ("floor", "ceil")),
    *(("gammainc", "gammaincc"), ("ppf", "isf"), ("cdf", "sf"), ("rows", "columns")),
]
NAMES = {a: b for pair in NAMES for a, b in (pair, pair[::-1])}


def changes(node):
    """The mutants of one node: functions that change a copy of it, or return its replacement."""
    if isinstance(node, ast.Compare):
        for i, op in enumerate(node.ops):
            yield lambda n, i=i, op=op: n.ops.__setitem__(i, SWAPS[type(op)]())
    if isinstance(node, ast.BoolOp | ast.BinOp | ast.AugAssign) and type(node.op) in SWAPS:
        yield lambda n: setattr(n, "op", SWAPS[type(n.op)]())
    if isinstance(node, ast.UnaryOp):
        yield lambda n: n.operand
    if isinstance(node, ast.If | ast.IfExp | ast.While):
        yield lambda n: setattr(n, "test", ast.UnaryOp(ast.Not(), n.test))
    called = {ast.Attribute: "attr", ast.Name: "id"}.get(type(node), "")
    if called and getattr(node, called) in NAMES and isinstance(node.ctx, ast.Load):
        yield lambda n: setattr(n, called, NAMES[getattr(n, called)])
    if isinstance(node, ast.Constant):
        if isinstance(node.value, bool):
            yield lambda n: setattr(n, "value", not n.value)
        elif isinstance(node.value, int):
            yield lambda n: setattr(n, "value", n.value + 1)
        elif isinstance(node.value, float):
            yield lambda n: setattr(n, "value", 2 * n.value or 1.0)
        elif isinstance(node.value, str) and " " not in node.value:
            yield lambda n: setattr(n, "value", n.value[1:] or "X")
    for i, keyword in enumerate(getattr(node, "keywords", [])):
        if isinstance(node, ast.Call) and keyword.arg not in ("copy", "out"):
            yield lambda n, i=i: n.keywords.__delitem__(i)
    plain = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    if plain or isinstance(node, ast.Raise | ast.AugAssign | ast.Return):
        yield lambda n: ast.Pass()


def skipped(node, parent):
    """Texts of messages, types, names that are exported, and what only saves a copy."""
    if isinstance(node, ast.keyword) and node.arg in ("copy", "out"):
        return True
    if isinstance(node, ast.ImportFrom | ast.Import | ast.JoinedStr):
        return True
    if node in (getattr(parent, "returns", None), getattr(parent, "annotation", None)):
        return True
    if node in getattr(parent, "decorator_list", []):
        return True
    if getattr(node, "name", "") == "ignoring":  # it has decorated by the time of a change
        return True
    decorators = [getattr(d, "id", "") for d in getattr(node, "decorator_list", [])]
    if "overload" in decorators or isinstance(getattr(node, "value", None), ast.JoinedStr):
        return True
    target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
    name = getattr(target, "id", "")
    return name in {"msg", "advice", "hint", "__all__", "Reduction"} or name.endswith("Array")


def walk(node, parent=None, path=()):
    if skipped(node, parent):
        return
    yield node, path
    for field, value in ast.iter_fields(node):
        many = isinstance(value, list)
        for i, child in enumerate(value if many else [value]):
            if isinstance(child, ast.AST):
                yield from walk(child, node, (*path, (field, i if many else None)))


def path_of(name):
    return str(ROOT / "skxent" / (name.replace(".", "/") + ".py"))


def source_of(name):
    return Path(path_of(name)).read_text(encoding="utf-8")


def mutants_of(name):
    """(module, line, what it was and is, way to the node, number of the change) of each mutant."""
    for node, path in walk(ast.parse(source_of(name))):
        for number, _ in enumerate(changes(node)):
            changed = copy.deepcopy(node)
            new = list(changes(changed))[number](changed)
            before = ast.unparse(node).split("\n")[0]
            after = ast.unparse(changed if new is None else new).split("\n")[0]
            text = f"{Path(path_of(name)).name}:{node.lineno}: {before} -> {after}"
            yield name, node.lineno, text, path, number


def code_of(mutant):
    name, *_, path, number = mutant
    changed = ast.parse(source_of(name))
    parent, inner = None, changed
    for field, i in path:
        parent, inner = inner, getattr(inner, field)
        inner = inner if i is None else inner[i]
    new = list(changes(inner))[number](inner)
    if new is not None:
        field, i = path[-1]
        at = parent.__dict__ if i is None else getattr(parent, field)
        at[field if i is None else i] = new
    return compile(ast.fix_missing_locations(changed), path_of(name), "exec")


def graft(module, code):
    """Put the changed functions and constants of `module` in the place of the real ones."""
    new = types.ModuleType(module.__name__)
    exec(code, new.__dict__)
    for name, value in vars(new).items():
        old = vars(module).get(name)
        if isinstance(value, type) and value.__module__ == module.__name__:
            for key, member in vars(value).items():
                member = getattr(member, "__func__", member)  # of a class method
                if isinstance(member, types.FunctionType) and "<" in member.__code__.co_filename:
                    setattr(old, key, member)  # written by dataclass, with the defaults in it
                elif isinstance(member, types.FunctionType | property):
                    real = getattr(vars(old)[key], "__func__", vars(old)[key])
                    replace(getattr(real, "fget", real), member)
                elif isinstance(member, int | float | str | tuple) and not key.startswith("__"):
                    setattr(old, key, member)
        elif getattr(value, "__module__", None) == module.__name__ and hasattr(old, "__code__"):
            replace(old, value)
        elif hasattr(old, "cache_clear"):
            old.cache_clear()
            replace(old.__wrapped__, value.__wrapped__)
        elif isinstance(value, int | float | str | tuple) and value != old:
            for other in [m for n, m in sys.modules.items() if n.startswith("skxent")]:
                if vars(other).get(name) is old:
                    setattr(other, name, value)


def replace(function, by):
    # Of a decorated function, that inside: the decorator's own holds on to the real one.
    function, by = inspect.unwrap(function), inspect.unwrap(getattr(by, "fget", by))
    function.__code__, function.__defaults__ = by.__code__, by.__defaults__
    function.__kwdefaults__ = by.__kwdefaults__


def forked(work):
    """What `work` returns in a fork of this process; "hangs" or "dies" if it does not."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 1), os.dup2(nothing, 2)
        # An array that a mutant makes too large must not take the memory of the machine.
        resource.setrlimit(resource.RLIMIT_AS, (16 << 30, 16 << 30))
        try:
            found = work()
        except BaseException as error:
            found = f"raises {error!r}"
        with os.fdopen(write, "wb") as pipe:
            pickle.dump(found, pipe)
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        answer = pipe.read()
    _, status = os.waitpid(pid, 0)
    if answer:
        return pickle.loads(answer)
    return "hangs" if os.WTERMSIG(status) == signal.SIGPROF else "dies"


class Mutation:
    def __init__(self, options):
        self.options = options

    def run(self, session, item):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
        return session.testsfailed

    def reached(self, session):
        """Seconds and functions of each test, in a run without any change."""
        found = []
        # To put the same in the place of the same must change nothing.
        for name in self.options.modules.split():
            graft(sys.modules[f"skxent.{name}"], compile(source_of(name), path_of(name), "exec"))
        for item in session.items:
            seen, start = set(), time.process_time()
            sys.setprofile(lambda frame, event, arg, seen=seen: seen.add(frame.f_code))
            failed = self.run(session, item)
            sys.setprofile(None)
            if failed:
                return f"{item.nodeid} fails without a change"
            places = {(c.co_filename, c.co_firstlineno) for c in seen if "skxent" in c.co_filename}
            found.append((time.process_time() - start, places))
        return found

    def first_failure(self, session, mutant, tests):
        try:
            graft(sys.modules[f"skxent.{mutant[0]}"], code_of(mutant))
        except Exception as error:
            return f"import: {error!r}"
        for i, seconds in tests:
            # Of the processor, which others may use: by then a loop without an end is ended.
            signal.setitimer(signal.ITIMER_PROF, 20 + 5 * seconds)
            if self.run(session, session.items[i]):
                return session.items[i].nodeid
        return ""

    def pytest_collection_modifyitems(self, items):
        # A mutant that mends what is known to be wrong is not found out by a test.
        items[:] = [item for item in items if item.get_closest_marker("xfail") is None]

    def pytest_runtestloop(self, session):
        found = forked(lambda: self.reached(session))
        if isinstance(found, str):
            pytest.exit(found)
        print(f"{len(found)} tests in {sum(s for s, _ in found):.0f} s", flush=True)
        modules, only = self.options.modules.split(), self.options.only
        mutants = [m for name in modules for m in mutants_of(name) if only in m[2]]
        total = len(mutants)
        if self.options.list:
            wanted = Path(self.options.list).read_text(encoding="utf-8").splitlines()
            mutants = [m for m in mutants if m[2] in wanted]
        if self.options.sample < total:
            mutants = random.Random(0).sample(mutants, self.options.sample)
        kills, score, start = Counter(), Counter(), time.perf_counter()
        for mutant in mutants:
            tests = self.tests_of(found, mutant, kills)
            killer = forked(lambda m=mutant, t=tests: self.first_failure(session, m, t))
            kills.update(i for i, _ in tests if session.items[i].nodeid == killer)
            for name in (mutant[0], "all"):
                score[name, "killed" if killer else "survived"] += 1
            print("killed" if killer else "SURVIVED", mutant[2], f" [{killer}]", flush=True)
        print(f"{len(mutants)} of {total} mutants in {(time.perf_counter() - start) / 60:.0f} min")
        for name in dict.fromkeys(name for name, _ in score):
            killed, survived = score[name, "killed"], score[name, "survived"]
            share = killed / (killed + survived)
            print(f"| `{name}` | {killed + survived} | {killed} | {survived} | {share:.1%} |")
        return True

    def tests_of(self, found, mutant, kills):
        """Tests that reach the function of the mutant: quick, special and deadly ones first."""
        name, line, *_ = mutant
        first, last = 0, math.inf  # outside of all functions
        for node in ast.walk(ast.parse(source_of(name))):
            if isinstance(node, ast.FunctionDef):
                start = min([node.lineno, *(d.lineno for d in node.decorator_list)])
                if start <= line <= node.end_lineno:
                    first, last = start, node.end_lineno
                    break
        tests = [
            i
            for i, (_, places) in enumerate(found)
            if any(file == path_of(name) and first <= at <= last for file, at in places)
        ]
        tests.sort(key=lambda i: found[i][0] * len(found[i][1]) / (1 + kills[i]))
        spent = list(itertools.accumulate(found[i][0] for i in tests))
        tests = tests[: bisect.bisect(spent, self.options.seconds)]
        return [(i, found[i][0]) for i in tests]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[1])
    parser.add_argument("--only", default="")
    parser.add_argument("--sample", type=int, default=1 << 30)
    parser.add_argument("--seconds", type=float, default=math.inf, help="of tests for a mutant")
    parser.add_argument("--list", help="a file with the mutants to make, one a line")
    parser.add_argument("--modules", default=" ".join(MODULES))
    parser.add_argument("--tests", default=" ".join(TESTS))
    options, others = parser.parse_known_args()  # such as -k, which pytest takes
    named = {f"test_{name}.py" for name in options.tests.split()}
    files = [str(f) for f in sorted((ROOT / "tests").rglob("test_*.py")) if f.name in named]
    sys.path.insert(0, str(ROOT))
    arguments = ["-q", "-s", "-p", "no:cacheprovider", *others, *files]
    sys.exit(pytest.main(arguments, plugins=[Mutation(options)]))
