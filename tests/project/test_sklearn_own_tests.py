"""scikit-learn's own tests of log loss pass with ours, but for those that are listed."""

import pytest
from sklearn_own_tests import OTHER_WORDS, OTHERWISE, listed, outcomes

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return outcomes(tmp_path_factory.mktemp("sklearn"))


def test_what_fails_is_listed(results):
    failed = {test: r["reason"] for test, r in results.items() if r["outcome"] == "failed"}
    assert {test: why for test, why in failed.items() if not listed(test, OTHERWISE)} == {}


def test_what_has_other_words_is_listed(results):
    other = [test for test, r in results.items() if r["words"] and r["outcome"] == "passed"]
    assert [test for test in other if not listed(test, OTHER_WORDS)] == []


def test_what_is_listed_fails(results):
    """A test that is met again has no place on the list."""
    for test, result in results.items():
        if listed(test, OTHERWISE):
            assert result["outcome"] == "failed", test
        if listed(test, OTHER_WORDS) and result["outcome"] == "passed":
            assert result["words"] or not result["called"], test


def test_ours_is_what_is_tested(results):
    called = [test for test, r in results.items() if r["called"]]
    passed = [test for test in called if results[test]["outcome"] == "passed"]
    assert len(called) >= 40
    assert len(passed) >= 25
    for module in ("test_classification", "test_common", "test_score_objects"):
        assert any(test.startswith(module) for test in passed)


def test_every_entry_is_a_test_of_some_version(results):
    """Names change from version to version, but most are there."""
    here = {listed(test, names) for test in results for names in (OTHERWISE, OTHER_WORDS)}
    assert len(here - {None}) >= 15
