"""The table of results and the machine it was measured on."""

import os
import platform
from pathlib import Path

import numpy as np
import pytest
import scipy
import sklearn
from threadpoolctl import threadpool_info

ROWS = pytest.StashKey[list]()


def pytest_configure(config):
    config.stash[ROWS] = []


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Other than in tests, all threads are there."""


@pytest.fixture
def rows(pytestconfig):
    """What the benchmarks have measured: work, seconds by name, memory by name, target."""
    return pytestconfig.stash[ROWS]


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter, config):
    rows = config.stash[ROWS]
    if not rows:
        return
    terminalreporter.write_line("")
    terminalreporter.write_line("Medians; ratio: skxent's time over the other's; memory: peak")
    terminalreporter.write_line("of one call beside its input, in % of y_true and y_proba.")
    terminalreporter.write_line("")
    for line in table(rows):
        terminalreporter.write_line(line)
    terminalreporter.write_line("")
    terminalreporter.write_line(machine())


def table(rows):
    """Lines of a markdown table."""
    threads = sorted({name for _, times, _, _ in rows for name in times if "torch" in name})
    others = ["sklearn", "scipy", *threads]
    heads = [{"torch1": "torch, 1 thread"}.get(o, o.replace("torch", "torch, ")) for o in others]
    heads = [h + " threads" if h[-1].isdigit() else h for h in heads]
    yield (
        "| work | skxent ms | sklearn ms | target | "
        + " | ".join(f"ratio {head}" for head in heads)
        + " | memory skxent | memory sklearn |"
    )
    yield "|---" + "|--:" * (len(others) + 5) + "|"
    for work, times, memory, target in rows:
        ours = times["skxent"]
        ratios = [f"{ours / times[o]:.3f}" if o in times else "" for o in others]
        cells = [work, f"{1e3 * ours:.3g}", f"{1e3 * times['sklearn']:.3g}", f"{target:g}", *ratios]
        cells += [f"{100 * memory[name]:.0f} %" for name in ("skxent", "sklearn")]
        yield "| " + " | ".join(cells) + " |"


def machine():
    info = Path("/proc/cpuinfo")
    names = info.read_text().splitlines() if info.exists() else []
    models = [line.partition(":")[2].strip() for line in names if line.startswith("model name")]
    blas = [f"{p['internal_api']} {p['num_threads']}" for p in threadpool_info()
            if p["user_api"] == "blas"]  # fmt: skip
    return (
        f"{models[0] if models else platform.processor() or platform.machine()}, "
        f"{os.cpu_count()} cores, Python {platform.python_version()}, numpy {np.__version__}, "
        f"scipy {scipy.__version__}, scikit-learn {sklearn.__version__}, "
        f"BLAS threads: {', '.join(blas)}"
    )
