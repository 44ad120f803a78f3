"""What all tests share."""

import re
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest
from threadpoolctl import threadpool_limits

from skxent._backend import NUMPY, ArrayApi
from skxent._intake import _alignment, _as_table, _rows
from skxent._intake._table import Table


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """
    Small fits are slow where several test processes share the cores with their threads.

    Also for the examples of docstrings and pages, which come after the first test.
    """
    with threadpool_limits(1):
        yield


def strict_backend():
    """A device that NumPy cannot look at."""
    strict = pytest.importorskip("array_api_strict")
    return ArrayApi(strict, strict.Device("device1"), strict.int64)


def torch_backend():
    """Torch's arithmetic, in host memory, as if that were a device."""
    pytest.importorskip("torch")
    torch = pytest.importorskip("array_api_compat.torch")
    return ArrayApi(torch, torch.device("cpu"), torch.int64)


BACKENDS = {"numpy": lambda: NUMPY, "array_api_strict": strict_backend}
# A fifth of all tests are of torch: where it is missing, tests/metrics/test_array_api.py says so.
if find_spec("torch") is not None:
    BACKENDS["torch"] = torch_backend


@pytest.fixture(params=BACKENDS)
def backend(request, monkeypatch):
    """
    The arithmetic that metrics use, whatever they are passed: NumPy's, and that of devices.

    What is passed and what comes back is the same for all, so that a test says what holds for all.
    """
    chosen = BACKENDS[request.param]()
    if chosen is NUMPY:
        return chosen

    def moved(values, name, *, anywhere=False, **options):
        table = _as_table.as_table(values, name, anywhere=anywhere, **options)
        if not anywhere or table.dtype.kind not in "biuf" or table.dtype.itemsize > 8:
            return table
        native = table.array.astype(table.dtype.newbyteorder("="))  # torch wants one to write to
        native = native.astype("f4") if native.dtype == "f2" else native
        array = chosen.xp.asarray(native, device=chosen.device)
        return replace(table, array=array, backend=chosen, origin=None)

    for module in (_rows, _alignment):
        monkeypatch.setattr(module, "as_table", moved)
    monkeypatch.setattr(Table, "as_given", lambda self, values: self.backend.to_host(values))
    return chosen


# To import it puts skxent's functions in the place of scikit-learn's, in the whole process.
collect_ignore = ["support/sklearn_with_ours.py"]

# In an environment without the extras, the tests that need none still run.
OPTIONAL = (
    *(
        "array_api_strict",
        "dask",
        "distributed",
        "duckdb",
        "fsspec",
        "hypothesis",
        "matplotlib",
        "mpmath",
        "pandas",
        "polars",
    ),
    "pyarrow",
    "pyspark",
)
missing = {name for name in OPTIONAL if find_spec(name) is None}
here = Path(__file__).parent
texts = {f: f.read_text(encoding="utf-8") for f in here.rglob("*.py") if f.name != "conftest.py"}
while missing:
    needs = re.compile(rf"^(?:import|from) (?:{'|'.join(missing)})\b", re.MULTILINE)
    files = [f for f, text in texts.items() if needs.search(text)]
    collect_ignore += [str(f.relative_to(here)) for f in files]
    # What needs a module that needs one.
    missing = {f.stem for f in files if f.parent.name == "support"}
    texts = {f: text for f, text in texts.items() if f not in files}
