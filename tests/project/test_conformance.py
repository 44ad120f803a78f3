"""docs/conformance.md is what its tool prints."""

from pathlib import Path

import pytest
from classifiers import FROM_ELSEWHERE, composed_classifiers, every_classifier

from skxent import get_scorer_names
from skxent.testing._classifier import CLASSIFIER_CHECKS
from skxent.testing._metric_checks import METRIC_CHECKS
from skxent.testing._run import meaning
from skxent.testing._scorer_checks import SCORER_CHECKS

PAGE = Path(__file__).parents[2] / "docs" / "conformance.md"


def test_every_check_and_every_classifier_is_on_the_page():
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    cells = {cell.strip() for line in lines for cell in line.split("|")}
    for check in [*CLASSIFIER_CHECKS, *SCORER_CHECKS, *METRIC_CHECKS]:
        assert meaning(check).replace("``", "`") in cells
    assert cells >= {*composed_classifiers(), *FROM_ELSEWHERE, *get_scorer_names()}
    assert len(cells & set(every_classifier())) >= 30
    assert "✗" not in cells, "a failure without a reason"


@pytest.mark.slow
def test_the_page_is_up_to_date():
    for module, _ in FROM_ELSEWHERE.values():
        pytest.importorskip(module)
    from conformance import document, versions

    page = PAGE.read_text(encoding="utf-8")
    if versions() not in page:
        pytest.skip(f"the page was not made with {versions()}")
    assert "\n".join(document()).rstrip() == page.rstrip()
