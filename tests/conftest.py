"""What all tests share."""

import re
from importlib.util import find_spec
from pathlib import Path

import pytest
from threadpoolctl import threadpool_limits


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Small fits are slow where several test processes share the cores with their threads."""
    with threadpool_limits(1):
        yield


# To import it puts skxent's functions in the place of scikit-learn's, in the whole process.
collect_ignore = ["sklearn_with_ours.py"]

# In an environment without the extras, the tests that need none still run.
OPTIONAL = ("array_api_strict", "hypothesis", "matplotlib", "mpmath", "pandas", "polars")
missing = [name for name in OPTIONAL if find_spec(name) is None]
if missing:
    needs = re.compile(rf"^(?:import|from) (?:{'|'.join(missing)})\b", re.MULTILINE)
    files = Path(__file__).parent.glob("test_*.py")
    collect_ignore += [f.name for f in files if needs.search(f.read_text(encoding="utf-8"))]
