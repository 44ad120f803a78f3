"""What all tests share."""

import pytest
from threadpoolctl import threadpool_limits


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Small fits are slow where several test processes share the cores with their threads."""
    with threadpool_limits(1):
        yield


# To import it puts skxent's functions in the place of scikit-learn's, in the whole process.
collect_ignore = ["sklearn_with_ours.py"]
