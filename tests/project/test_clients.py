"""Scorers inside the tools of other people: each is skipped where the tool is not installed."""

import math
import subprocess
import sys

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score

import skxent
from skxent.testing import check_probabilistic_classifier

# What these tools warn of is for their own tests.
pytestmark = pytest.mark.filterwarnings("ignore")

X, Y = load_iris(return_X_y=True)
NAMES = np.array(["setosa", "versicolor", "virginica"])
FOLDS = StratifiedKFold(3, shuffle=True, random_state=0)
PLAIN = "{name}_{safe_label}"
READY_MADE = [skxent.get_scorer(name) for name in skxent.get_scorer_names()]


def by_name(scorer):
    return scorer.__name__


def model(**params):
    return LogisticRegression(max_iter=500, **params)


def best_of(scorer, **params):
    """The mean over the folds, by scikit-learn."""
    return cross_val_score(model(**params), X, NAMES[Y], scoring=scorer, cv=FOLDS).mean()


# imbalanced-learn


@pytest.mark.parametrize("scorer", READY_MADE, ids=by_name)
def test_a_pipeline_of_imbalanced_learn(scorer):
    pytest.importorskip("imblearn")
    from imblearn.over_sampling import RandomOverSampler
    from imblearn.pipeline import make_pipeline

    rows = np.flatnonzero((Y != 2) | (np.arange(len(Y)) % 3 == 0))
    pipeline = make_pipeline(RandomOverSampler(random_state=0), model())
    scores = cross_val_score(
        pipeline, X[rows], NAMES[Y[rows]], scoring=scorer, cv=FOLDS, error_score="raise"
    )
    for (train, test), score in zip(FOLDS.split(X[rows], Y[rows]), scores, strict=True):
        fitted = clone(pipeline).fit(X[rows][train], NAMES[Y[rows]][train])
        assert score == scorer(fitted, X[rows][test], NAMES[Y[rows]][test])


ROUTED = """
import sys
if sys.argv[1] == "before":
    import imblearn
import pickle
import numpy as np
import sklearn
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
import skxent

scorers = [skxent.get_scorer(name) for name in skxent.get_scorer_names()]
scorers += [skxent.make_per_class_scorer([0, 1]), pickle.loads(pickle.dumps(scorers[0]))]
import imblearn.pipeline
from imblearn.over_sampling import RandomOverSampler

sklearn.set_config(enable_metadata_routing=True)
X, y, weight = np.arange(60.0)[:, None] % 7, np.arange(60) % 4 // 3, 1.0 + np.arange(60) % 3
logistic = LogisticRegression().set_fit_request(sample_weight=False)
model = imblearn.pipeline.make_pipeline(RandomOverSampler(random_state=0), logistic)
for scorer in scorers:
    asking = scorer.set_score_request(sample_weight=True)
    search = GridSearchCV(model, {"logisticregression__C": [1.0]}, scoring=asking, cv=3,
                          refit=False, error_score="raise")
    search.fit(X, y, sample_weight=weight)
"""


@pytest.mark.parametrize("when", ["before", "after"])
def test_metadata_routing_with_imbalanced_learn_imported(when):
    pytest.importorskip("imblearn")
    subprocess.run([sys.executable, "-W", "ignore", "-c", ROUTED, when], check=True)


# skore


@pytest.mark.parametrize("scorer", READY_MADE, ids=by_name)
def test_a_report_of_skore(scorer):
    skore = pytest.importorskip("skore")
    report = skore.EstimatorReport(
        model(), X_train=X[::2], y_train=NAMES[Y][::2], X_test=X[1::2], y_test=NAMES[Y][1::2]
    )
    report.metrics.add(scorer)
    values = report.metrics.summarize().frame()
    expected = scorer(model().fit(X[::2], NAMES[Y][::2]), X[1::2], NAMES[Y][1::2])
    assert float(values[scorer.__name__]) == pytest.approx(expected)


def test_several_scores_in_a_cross_validation_report_of_skore():
    skore = pytest.importorskip("skore")
    report = skore.CrossValidationReport(model(), X, NAMES[Y], splitter=FOLDS)
    report.metrics.add(skxent.make_per_class_scorer(NAMES))
    values = report.metrics.summarize().frame()
    (means,) = [column for column in values if column.endswith("_mean")]
    assert values.loc["neg_log_loss[setosa]", means] < 0
    expected = best_of(skxent.neg_log_loss_scorer)
    assert values.loc["neg_log_loss", means] == pytest.approx(expected)


# MLflow


@pytest.fixture
def mlflow(tmp_path, monkeypatch):
    library = pytest.importorskip("mlflow")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    library.set_tracking_uri(tmp_path.as_uri())
    library.set_experiment("scores")
    return library


INCOMES = ["<=50K", ">50K", "none / other"]


def test_mlflow_logs_the_scores_of_classes_by_safe_labels(mlflow):
    y = np.array(INCOMES)[Y]
    estimator = model().fit(X, y)
    scores = skxent.make_per_class_scorer(INCOMES, key_format=PLAIN)(estimator, X, y)
    with mlflow.start_run() as run:
        mlflow.log_metrics(scores)
        # Should it take brackets one day, the guide may say so.
        with pytest.raises(mlflow.exceptions.MlflowException, match="Names may only contain"):
            mlflow.log_metrics(skxent.make_per_class_scorer(INCOMES)(estimator, X, y))
    assert mlflow.get_run(run.info.run_id).data.metrics == scores


def test_mlflow_logs_every_ready_made_scorer_by_its_name(mlflow):
    estimator = model().fit(X, Y)
    with mlflow.start_run() as run:
        for scorer in READY_MADE:
            mlflow.log_metric(scorer.__name__, scorer(estimator, X, Y))
    assert set(mlflow.get_run(run.info.run_id).data.metrics) == set(skxent.get_scorer_names())


# Optuna


def test_a_search_of_optuna():
    optuna = pytest.importorskip("optuna")
    pytest.importorskip("optuna_integration")
    from optuna_integration import OptunaSearchCV

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    scorer = skxent.neg_log_loss_bits_scorer
    choices = {"C": optuna.distributions.CategoricalDistribution([0.01, 1.0])}
    search = OptunaSearchCV(
        model(), choices, n_trials=6, scoring=scorer, cv=FOLDS, random_state=0
    ).fit(X, NAMES[Y])
    assert search.best_params_ == {"C": 1.0}
    assert search.best_score_ == pytest.approx(best_of(scorer))
    assert search.score(X, NAMES[Y]) == scorer(search.best_estimator_, X, NAMES[Y])


def test_a_study_of_optuna_maximizes_a_scorer():
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.ERROR)

    def objective(trial):
        return best_of(skxent.neg_log_loss_scorer, C=trial.suggest_categorical("C", [0.01, 1.0]))

    sampler = optuna.samplers.RandomSampler(seed=0)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    study.optimize(objective, n_trials=6)
    assert study.best_params == {"C": 1.0}


# scikit-optimize


def test_a_search_of_scikit_optimize():
    skopt = pytest.importorskip("skopt")
    for scorer, refit in [
        (skxent.neg_log_loss_bits_scorer, True),
        (skxent.make_per_class_scorer(NAMES, key_format=PLAIN), "neg_log_loss_virginica"),
    ]:
        search = skopt.BayesSearchCV(
            model(),
            {"C": skopt.space.Categorical([0.01, 1.0])},
            n_iter=6,
            scoring=scorer,
            refit=refit,
            cv=FOLDS,
            random_state=0,
        ).fit(X, NAMES[Y])
        assert search.best_params_ == {"C": 1.0}
        if refit is True:
            assert search.best_score_ == pytest.approx(best_of(scorer))


# mlxtend


@pytest.mark.parametrize("scorer", READY_MADE, ids=by_name)
def test_a_selection_of_features_by_mlxtend(scorer):
    pytest.importorskip("mlxtend")
    from mlxtend.feature_selection import SequentialFeatureSelector

    selector = SequentialFeatureSelector(
        model(), k_features=1, scoring=scorer, cv=list(FOLDS.split(X, Y))
    ).fit(X, NAMES[Y])
    by_feature = [
        cross_val_score(model(), X[:, [j]], NAMES[Y], scoring=scorer, cv=FOLDS).mean()
        for j in range(4)
    ]
    assert selector.k_feature_idx_ == (int(np.argmax(by_feature)),)
    assert selector.k_score_ == pytest.approx(max(by_feature))


# skorch


@pytest.fixture
def network():
    """A function that makes a network of so many outputs."""
    torch = pytest.importorskip("torch")
    skorch = pytest.importorskip("skorch")

    class Network(skorch.NeuralNetClassifier):
        def initialize(self):
            torch.manual_seed(0)
            return super().initialize()

    def made(n_outputs, **params):
        layers = [torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.Linear(8, n_outputs)]
        module = torch.nn.Sequential(*layers, torch.nn.Softmax(dim=-1))
        return Network(module, max_epochs=10, lr=0.1, verbose=0, **params)

    return made


def test_skorch_follows_a_scorer_from_epoch_to_epoch(network):
    callbacks = pytest.importorskip("skorch.callbacks")
    scoring = callbacks.EpochScoring(skxent.neg_log_loss_bits_scorer, lower_is_better=False)
    net = network(3, callbacks=[scoring]).fit(X.astype(np.float32), Y)
    history = net.history[:, ("neg_log_loss_bits", "valid_loss")]
    # The mean of the batches' losses, and the loss of all rows.
    for bits, loss in history:
        assert bits == pytest.approx(-loss / math.log(2), rel=1e-5)


def test_a_search_over_a_network_of_skorch(network):
    search = GridSearchCV(
        network(3), {"lr": [1e-4, 0.1]}, scoring=skxent.neg_log_loss_scorer, cv=FOLDS
    ).fit(X.astype(np.float32), Y)
    assert search.best_params_ == {"lr": 0.1}


NUMBERS_ONLY = "its loss takes the labels 0, 1, 2, ... only, and says so"
NAMED_INPUTS = "it passes the columns of a data frame to the network as arguments by name"
EXPECTED = {
    "check_text_labels": NUMBERS_ONLY,
    "check_labels_with_gaps": NUMBERS_ONLY,
    "check_reordered_labels": NUMBERS_ONLY,
    "check_data_frames_equal_arrays": NAMED_INPUTS,
}


@pytest.mark.parametrize("n_outputs", [2, 3, 5])
def test_a_network_of_skorch_is_checked_with_the_classes_and_numbers_that_it_takes(
    network, n_outputs
):
    expected = EXPECTED | ({"check_boolean_labels": NUMBERS_ONLY} if n_outputs == 2 else {})
    results = check_probabilistic_classifier(
        network(n_outputs, train_split=None),
        n_classes=n_outputs,
        dtype=np.float32,
        expected_failed_checks=expected,
    )
    assert {r["check_name"] for r in results if r["status"] == "xfail"} == set(expected)
    assert [r["status"] for r in results].count("passed") >= 7
