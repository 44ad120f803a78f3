"""What tests share with the examples of docstrings and pages."""

import pytest
from threadpoolctl import threadpool_limits


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Small fits are slow where several test processes share the cores with their threads."""
    with threadpool_limits(1):
        yield
