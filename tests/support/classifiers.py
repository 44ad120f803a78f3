"""Classifiers that predict probabilities: every one of scikit-learn's, composed ones, others'."""

import importlib
import inspect

import sklearn
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import all_estimators

SKLEARN = tuple(map(int, sklearn.__version__.split(".")[:2]))
TWO_MODELS = [("bayes", GaussianNB()), ("logistic", LogisticRegression(max_iter=200))]

# Settings that make a small fit quick, or a constructor whole.
SETTINGS = {
    "AdaBoostClassifier": {"n_estimators": 5},
    "BaggingClassifier": {"n_estimators": 5},
    "CalibratedClassifierCV": {"estimator": GaussianNB(), "cv": 3},
    "CategoricalNB": {"min_categories": 20},
    "ExtraTreesClassifier": {"n_estimators": 5},
    "FixedThresholdClassifier": {"estimator": LogisticRegression(), "threshold": 0.8},
    "GradientBoostingClassifier": {"n_estimators": 5},
    "HistGradientBoostingClassifier": {"max_iter": 5, "min_samples_leaf": 5},
    "LogisticRegressionCV": {"Cs": 3, "cv": 3},
    "MLPClassifier": {"hidden_layer_sizes": (8,), "max_iter": 100},
    "NuSVC": {"probability": True, "nu": 0.3},
    "OneVsRestClassifier": {"estimator": LogisticRegression()},
    "RadiusNeighborsClassifier": {"radius": 6.0},
    "RandomForestClassifier": {"n_estimators": 5},
    "SGDClassifier": {"loss": "log_loss"},
    "SVC": {"probability": True},
    "SelfTrainingClassifier": {"estimator": GaussianNB()},
    "StackingClassifier": {"estimators": TWO_MODELS, "cv": 3},
    "TunedThresholdClassifierCV": {"estimator": LogisticRegression(), "cv": 3, "thresholds": 5},
    "VotingClassifier": {"estimators": TWO_MODELS, "voting": "soft"},
}
WITHOUT_PROBABILITIES = {
    "LinearSVC",
    "OneVsOneClassifier",
    "OutputCodeClassifier",
    "PassiveAggressiveClassifier",
    "Perceptron",
    "RidgeClassifier",
    "RidgeClassifierCV",
}
SEVERAL_OUTPUTS = {"ClassifierChain", "MultiOutputClassifier"}
FOR_TWO_CLASSES = {"FixedThresholdClassifier", "TunedThresholdClassifierCV"}

THRESHOLD = "it decides by a threshold of its own, which is what it is for"
FAR_ROWS = (
    "far from the training rows all weights of the kernel are 0, and 0 / 0 is nan "
    "(scikit-learn issue 34351)"
)
NUMBERS_ONLY = "it takes the labels 0, 1, 2, ... only, and says so"
# Checks that fail, by the name of the classifier, and why.
EXCEPTIONS = {
    "CalibratedClassifierCV temperature": dict.fromkeys(
        ["check_labels_with_gaps", "check_class_absent_from_training"],
        "temperature scaling takes the labels for the numbers of the columns: with 1, 2, 3 the "
        "probabilities are others than with 0, 1, 2, and with 1000 Python may crash (1.8 to 1.9.1)",
    ),
    "FixedThresholdClassifier": {"check_prediction_is_the_likeliest_class": THRESHOLD},
    "LabelPropagation": {"check_log_loss_is_finite": FAR_ROWS},
    "LabelSpreading": {"check_log_loss_is_finite": FAR_ROWS},
    "NearestCentroid": {
        "check_prediction_is_the_likeliest_class": (
            "predict goes by plain distances, predict_proba by distances in units of the "
            "standard deviations within classes"
        )
    },
    "SelfTrainingClassifier": {
        "check_text_labels": "it takes text of dtype object only, and says so"
    },
    "XGBClassifier": dict.fromkeys(
        [
            "check_text_labels",
            "check_labels_with_gaps",
            "check_reordered_labels",
            "check_class_absent_from_training",
        ],
        NUMBERS_ONLY,
    ),
}
# What they read beyond the end of a row may be anything, so that a check may pass.
BY_CHANCE = {"CalibratedClassifierCV temperature"}
if SKLEARN < (1, 9):
    EXCEPTIONS["SGDClassifier"] = {
        "check_log_loss_is_finite": (
            "before 1.9, far from the training rows the probabilities of all classes are 0, "
            "and 0 / 0 is nan"
        )
    }


def every_classifier():
    """Those of scikit-learn by their names; what is drawn at random comes from a seed."""
    found = {}
    for name, kind in all_estimators(type_filter="classifier"):
        if name in WITHOUT_PROBABILITIES | SEVERAL_OUTPUTS:
            continue
        settings = dict(SETTINGS.get(name, {}))
        if "random_state" in inspect.signature(kind).parameters:
            settings["random_state"] = 0
        found[name] = clone(kind(**settings))
    return found


class NamedColumns(ClassifierMixin, BaseEstimator):
    """Predicts a data frame whose columns are in the reverse order of the classes."""

    def __init__(self, frame, estimator):
        self.frame = frame
        self.estimator = estimator

    def fit(self, X, y):
        self.inner_ = clone(self.estimator).fit(X, y)
        self.classes_ = self.inner_.classes_
        return self

    def predict_proba(self, X):
        table = self.inner_.predict_proba(X)
        return self.frame({str(c): table[:, j] for j, c in [*enumerate(self.classes_)][::-1]})


class PartialFitMLP(MLPClassifier):
    """A network that learns in batches, by ``partial_fit``."""

    def fit(self, X, y, sample_weight=None):
        classes = sorted(set(y.tolist() if hasattr(y, "tolist") else y))
        for _ in range(20):
            self.partial_fit(X, y, classes=classes)
        return self


def composed_classifiers():
    """Pipelines, searches and classifiers of classifiers."""
    logistic = LogisticRegression(max_iter=200)
    pipeline = make_pipeline(StandardScaler(), logistic)
    found = {
        "Pipeline": pipeline,
        "Pipeline of a calibrated tree": make_pipeline(
            StandardScaler(),
            CalibratedClassifierCV(DecisionTreeClassifier(max_depth=2, random_state=0), cv=3),
        ),
        "GridSearchCV of a pipeline": GridSearchCV(
            pipeline, {"logisticregression__C": [0.1, 1]}, scoring="neg_log_loss", cv=3
        ),
        "CalibratedClassifierCV isotonic": CalibratedClassifierCV(
            GaussianNB(), method="isotonic", cv=3
        ),
        "OneVsRestClassifier of pipelines": OneVsRestClassifier(pipeline),
        "StackingClassifier of pipelines": StackingClassifier(
            [("pipeline", pipeline), ("bayes", GaussianNB())], logistic, cv=3
        ),
        "VotingClassifier of pipelines": VotingClassifier(
            [("pipeline", pipeline), ("bayes", GaussianNB())], voting="soft", weights=[2, 1]
        ),
        "MLPClassifier by partial_fit": PartialFitMLP((8,), random_state=0),
    }
    if SKLEARN >= (1, 8):
        found["CalibratedClassifierCV temperature"] = CalibratedClassifierCV(
            GaussianNB(), method="temperature", cv=3
        )
    return found


FROM_ELSEWHERE = {
    "XGBClassifier": ("xgboost", {"n_estimators": 5, "n_jobs": 1}),
    "LGBMClassifier": (
        "lightgbm",
        {"n_estimators": 5, "n_jobs": 1, "verbose": -1, "min_child_samples": 5},
    ),
    "CatBoostClassifier": (
        "catboost",
        {"iterations": 5, "thread_count": 1, "verbose": 0, "allow_writing_files": False},
    ),
}


def classifier_from_elsewhere(name):
    """A classifier of another library, or an ImportError."""
    module, settings = FROM_ELSEWHERE[name]
    return getattr(importlib.import_module(module), name)(random_state=0, **settings)
