"""scikit-learn's own tests of log loss, run with ours, and those that we do not meet by design."""

import json
import os
import subprocess
import sys
from pathlib import Path

import sklearn

import skxent

MODULES = ["test_classification", "test_common", "test_score_objects"]
# By name; of the tests of scorers, all that come to the scorer of that name.
WANTED = (
    "log_loss or thresholded_scorers or classification_scorer_sample_weight or multimetric "
    "or scorer_memmap"
)
SKLEARN = tuple(map(int, sklearn.__version__.split(".")[:2]))

SAME_ERROR = "the error is the same; its words are ours: argument, rule, what was received, advice"
# Tests that we meet, but for the text of an error message.
OTHER_WORDS = {
    "test_classification::test_log_loss": SAME_ERROR,
    "test_common::test_binary_sample_weight_invariance": SAME_ERROR,
    "test_common::test_multiclass_sample_weight_invariance": SAME_ERROR,
    "test_common::test_continuous_inf_nan_input": SAME_ERROR,
    "test_common::test_regression_thresholded_inf_nan_input": SAME_ERROR,  # before 1.9
    "test_score_objects::test_scorer_set_score_request_raises[neg_log_loss]": SAME_ERROR,
}
NO_PREDICTION = "y_pred, the name before 1.9, was never a name here"
MULTILABEL = "rows with several labels are an error that says to score one column at a time"
TEXT = "with text labels nothing says which class a vector of probabilities is of: pos_label= does"
SHARED = "predictions are shared among scikit-learn's own scorers only"
# Tests that we do not meet, by design.
OTHERWISE = {
    "test_classification::test_log_loss_not_probabilities_warning": (
        "rows that do not sum to 1 are an error, not a warning; renormalize=True divides them"
    ),
    "test_classification::test_log_loss_warnings": (
        "labels= is the order of the columns as given, sorted or not, and needs no warning"
    ),
    "test_classification::test_log_loss_y_pred_deprecation": NO_PREDICTION,
    "test_classification::test_d2_log_loss_score_y_pred_deprecation": NO_PREDICTION,
    "test_classification::test_d2_log_loss_score_raises": (
        "the skill of a single row is an error, not nan with a warning"
    ),
    "test_common::test_format_invariance_with_1d_vectors": (
        "a table of one column is not taken for the positive class: y_proba[:, 0] is"
    ),
    "test_common::test_continuous_classification_invariance_string_vs_numbers_labels": TEXT,
    "test_common::test_thresholded_invariance_string_vs_numbers_labels": TEXT,  # before 1.9
    "test_common::test_multilabel_sample_weight_invariance": MULTILABEL,
    "test_common::test_continuous_multilabel_multioutput_permutations_invariance": MULTILABEL,
    "test_common::test_thresholded_multilabel_multioutput_permutations_invariance": MULTILABEL,
    "test_score_objects::test_thresholded_scorers": (
        "a classifier that saw a single class is scored: other classes have probability 0"
    ),
    "test_score_objects::test_multimetric_scorer_calls_method_once[scorers0-1-1-1]": SHARED,
    "test_score_objects::"
    "test_multimetric_scorer_calls_method_once_classifier_no_decision[scorers0]": SHARED,
    "test_score_objects::test_make_scorer_repr[neg_log_loss-make_scorer(log_loss, "
    "greater_is_better=False, response_method='predict_proba')]": (
        "the text of a scorer leaves out what is at its default"
    ),
}
if SKLEARN < (1, 9):
    OTHERWISE["test_classification::test_d2_log_loss_score"] = NO_PREDICTION
    OTHERWISE["test_score_objects::test_scorer_metadata_request[neg_log_loss]"] = (
        "a scorer says that it takes sample_weight before it is asked for, as there since 1.9"
    )


def listed(test, names):
    """The entry of `names` that is the test, or the function that it is a case of."""
    return next((name for name in (test, test.partition("[")[0]) if name in names), None)


def outcomes(folder):
    """Outcomes of scikit-learn's tests by name, run in a process of their own."""
    found = Path(folder) / "outcomes.json"
    here = Path(__file__).parent
    paths = [str(here), str(Path(skxent.__file__).parents[1])]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([*paths, os.environ.get("PYTHONPATH", "")]),
        "SKXENT_OUTCOMES": str(found),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTEST_ADDOPTS": "",
    }
    command = [sys.executable, "-m", "pytest", "-p", "sklearn_with_ours", "-p", "no:cacheprovider"]
    command += ["-c", os.devnull, f"--rootdir={folder}", "-q", "-k", WANTED, "--pyargs"]
    command += [f"sklearn.metrics.tests.{module}" for module in MODULES]
    run = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if not found.exists():
        raise RuntimeError(run.stdout[-3000:] + run.stderr[-3000:])
    return json.loads(found.read_text(encoding="utf-8"))
