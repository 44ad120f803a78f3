"""The verdict: said on data that were made for it, and no ill of a calibrated model."""

import math
import re
import warnings

import numpy as np
import pytest
from reports import calibrated, drawn, quick
from scipy.special import softmax
from sklearn.datasets import load_iris, load_wine
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

import skxent
from skxent import LogLossAccumulator, LogLossReport, compare_log_loss, log_loss_report

ILL = re.compile(
    "confident|miscalibrated|more or less often|too little|look at its rows|impossible|worse|"
    "recalibration|other classes"
)


def _unwrapped(page):
    """A page with plain spaces where lines must not break."""
    return page.replace("\u00a0", " ")


def test_a_good_model_is_said_to_be_good():
    y, p = calibrated(2000, 3, seed=1)
    report = log_loss_report(y, p, base=2, n_null=0)
    saved = 100 * report.overall["skill"]
    assert report.verdict == (
        f"The loss of {report.overall['log_loss']:.4f} bits is {saved:.0f} % below that of class "
        f"frequencies alone. The probabilities are calibrated, as far as 2000 rows can tell."
    )


@pytest.mark.parametrize(("factor", "word"), [(3.0, "over-confident"), (0.4, "under-confident")])
def test_over_and_under_confidence_and_what_recalibration_takes_off(factor, word):
    y, p = calibrated(1000, 3)
    report = log_loss_report(y, factor * np.log(p), from_logits=True, n_null=0)
    assert report.recalibration.recommended == "temperature"
    at = report.recalibration.methods.index("temperature")
    share = 100 * report.recalibration.gain[at] / report.overall["log_loss"]
    said = f"The model is {word}: recalibration (temperature) takes off {share:.1f} %."
    assert report.verdict.endswith(said)
    # The same word where no map was fitted, in the findings and in the heading of the text.
    bare = quick(y, factor * np.log(p), from_logits=True)
    assert bare.verdict.endswith(f"The model is {word}.")
    assert [f for f in bare.findings if f.startswith(f"The model is {word}: ")]
    assert f": {word}" in str(bare)


def test_classes_that_occur_more_often_than_the_model_says():
    rng = np.random.default_rng(0)
    logits = 1.5 * rng.normal(size=(4000, 3))
    y = drawn(softmax(logits + np.array([1.2, 0.0, 0.0]), axis=1), rng)
    report = log_loss_report(
        y, logits, from_logits=True, target_names=["ape", "bee", "cat"], n_null=0
    )
    assert report.recalibration.recommended == "bias"
    there, said = (report.per_class[x][0] for x in ("prevalence", "mean_proba"))
    assert (
        f"Classes occur more or less often than the model says, ape in {100 * there:.1f} % of the "
        f"rows instead of {100 * said:.1f} %: recalibration (bias) takes off "
    ) in report.verdict


def test_a_model_that_knows_less_than_nothing():
    """Its columns are in the wrong order."""
    y, p = calibrated(1000, 3)
    report = quick(y, 0.5 * p[:, [1, 2, 0]] + 0.5 / 3)
    loss, prior = (report.overall[x] for x in ("log_loss", "label_entropy"))
    assert report.verdict.startswith(
        f"The loss of {loss:.4f} nats is worse than that of class frequencies alone, {prior:.4f}."
    )


@pytest.mark.parametrize("k", [2, 3])
def test_columns_that_were_exchanged_are_said_to_be(k):
    """A map would mend it, which is not what should be done about it."""
    y, p = calibrated(1000, k)
    names = ["ape", "bee", "cat"][:k]
    options = {"labels": range(k), "target_names": names, "n_null": 0}
    told = log_loss_report(y, p[:, [1, 0, 2][:k]], **options).verdict
    assert re.search("Class (ape|bee) goes by the column of class (ape|bee): check", told)
    assert "order of the columns" not in log_loss_report(y, p, **options).verdict


def test_predictions_of_the_prior_are_no_better_and_no_worse():
    y = np.r_[np.zeros(60, int), np.ones(40, int)]
    report = log_loss_report(y, np.tile([0.6, 0.4], (100, 1)), n_null=0)
    assert "is no better than that of class frequencies alone" in report.verdict
    assert not ILL.search(report.verdict)


def test_a_rare_class_that_is_badly_wrong():
    """Its rows get a hundredth of the probability of their frequency; the others are right."""
    rng = np.random.default_rng(2)
    p = softmax(2 * rng.normal(size=(3000, 3)), axis=1)
    y = drawn(p, rng)
    p = np.c_[p * 0.9999, np.full(3000, 1e-4)]
    y[:30] = 3
    report = quick(y, p, target_names=["ape", "bee", "cat", "dodo"])
    loss, alone = (report.per_class[x][3] for x in ("log_loss", "baseline"))
    said = f"Class dodo costs {loss:.4f} a row, more than the {alone:.4f} of its frequency alone"
    if report.overall["p_value"] < 0.01:  # of which this class is the cause
        assert "over-confident" in report.verdict
    else:
        assert said in report.verdict


def test_labels_in_the_place_of_probabilities():
    y, p = calibrated(200, 3)
    report = quick(y, np.eye(3)[p.argmax(axis=1)])
    assert report.verdict.endswith("pass what predict_proba returns, not what predict does.")


@pytest.mark.parametrize("counted", [False, True])
def test_labels_in_the_place_of_probabilities_get_one_advice_everywhere(counted):
    """Whatever a map takes off, it is what predict_proba returns that is missing."""
    y, p = calibrated(400, 3)
    labels = np.eye(3)[p.argmax(axis=1)]
    if counted:
        report = LogLossAccumulator([0, 1, 2]).update(y, labels).report(n_null=0)
    else:
        report = log_loss_report(y, labels, n_null=0)
    assert report.recalibration.recommended != "none"
    text, page = str(report), report.to_html()
    for shown in (text, page, report._repr_html_()):
        assert "pass what predict_proba returns" in " ".join(shown.split())
        assert "ecommended" not in shown
        assert "recalibrator" not in shown
        assert "recalibrate:" not in shown
        assert "What would fix it" not in shown
        assert "What recalibration takes off the loss" not in shown
        assert shown is text or shown.count("What each recalibration map takes off") == 1
    assert "Recalibration (" not in text
    assert "* " not in text
    assert '<dd class="value">pass predict_proba</dd>' in page

    tree = DecisionTreeClassifier(random_state=0).fit(p[::2], y[::2])
    certain = LogLossReport.from_estimator(tree, p[1::2], y[1::2], n_null=0)
    method = certain.recalibration.recommended
    assert method != "none"
    assert f"* {method}" in str(certain)
    assert "RecalibratedClassifier(" in str(certain)
    assert f'<dd class="value">recalibrate: {method}</dd>' in certain.to_html()


@pytest.mark.parametrize("out_of_fold", [False, True])
def test_a_tree_that_is_always_certain_is_not_told_to_predict_probabilities(out_of_fold):
    X, y = load_iris(return_X_y=True)
    tree = DecisionTreeClassifier(random_state=0)
    if out_of_fold:
        report = LogLossReport.from_cv(tree, X, y, n_null=0)
    else:
        report = LogLossReport.from_estimator(tree.fit(X[::2], y[::2]), X[1::2], y[1::2], n_null=0)
    assert set(np.unique(report.worst_rows["proba"])) <= {0, 1}
    method = report.recalibration.recommended
    if out_of_fold:
        assert method != "none"
        assert f"certain of every row: recalibration ({method}) takes off" in report.verdict
    assert "The model is certain of every row" in report.verdict
    text = " ".join(str(report).split())
    assert "is certain of every row, as is a tree" in text
    assert "what predict does" not in text


def test_a_model_that_is_always_certain_and_always_right_is_blamed_for_nothing():
    X, y = load_iris(return_X_y=True)
    tree = DecisionTreeClassifier(random_state=0).fit(X, y)
    verdict = LogLossReport.from_estimator(tree, X, y, n_null=0).verdict
    assert verdict == "The loss of 0.0000 nats is 100 % below that of class frequencies alone."


def test_folds_that_lack_the_classes_they_are_judged_by_are_to_be_shuffled():
    X, y = load_iris(return_X_y=True)  # sorted by class, so that each fold lacks its own
    report = LogLossReport.from_cv(LogisticRegression(max_iter=500), X, y, cv=KFold(3), n_null=0)
    assert report.verdict.endswith(
        "150 rows, which cost 100.0 % of the loss, are of classes that their fold's training rows "
        "lack: shuffle or stratify the folds."
    )
    shuffled = KFold(3, shuffle=True, random_state=0)
    mended = LogLossReport.from_cv(LogisticRegression(max_iter=500), X, y, cv=shuffled, n_null=0)
    assert "shuffle" not in mended.verdict


def test_a_part_of_an_infinite_loss_is_no_number_that_is_said():
    """Without a floor, and where a row of a class that the model knows costs as much."""
    X, y = np.arange(8.0)[:, None], np.repeat([0, 1], 4)
    tree = DecisionTreeClassifier().fit(X, y)
    report = LogLossReport.from_estimator(tree, X, [*y[:6], 0, 2], eps=0, n_null=0)
    assert report.verdict.startswith("The loss is infinite")
    assert "fitted" not in report.verdict


@pytest.mark.parametrize("eps", [2**-52, 0.0])
def test_a_model_that_was_not_fitted_to_a_third_of_the_rows(eps):
    X, y = load_iris(return_X_y=True)
    model = LogisticRegression(max_iter=500).fit(X[y < 2], y[y < 2])
    report = LogLossReport.from_estimator(model, X, y, eps=eps, n_null=0)
    known = LogLossReport.from_estimator(model, X[y < 2], y[y < 2], n_null=0)
    share = 1 - known.overall["log_loss"] * 100 / (150 * report.overall["log_loss"])
    assert report.verdict.endswith(
        f"50 rows, which cost {100 * share:.1f} % of the loss, are of classes that the model was "
        f"not fitted to: check the labels, or fit it to such rows as well."
    )


def test_an_infinite_loss_and_a_floor():
    y, p = [0, 1] * 40, np.tile([[0.6, 0.4], [0.5, 0.5]], (40, 1))
    p[0] = 0.0, 1.0
    assert quick(y, p, eps=0).verdict == (
        "The loss is infinite: the model gave a probability of 0 to what occurred. "
        "Pass eps above 0 for a floor."
    )


@pytest.mark.parametrize(("n", "said"), [(1, "1 row is"), (20, "20 rows are"), (29, "29 rows are")])
def test_few_rows(n, said):
    y, p = calibrated(n, 3)
    report = log_loss_report(y, p, labels=[0, 1, 2], n_null=0)
    assert report.verdict.endswith(f"{said} too few to say more.")


def test_what_cannot_be_tested_is_not_called_calibrated():
    X, y = load_iris(return_X_y=True)
    report = LogLossReport.from_cv(LogisticRegression(max_iter=500), X, y, n_null=0)
    assert math.isnan(report.overall["p_value"])
    assert "are calibrated" not in report.verdict


def test_the_worst_rows_of_a_calibrated_model_are_mentioned():
    rng = np.random.default_rng(0)
    p = np.tile([0.999, 0.001], (4000, 1))
    report = quick(drawn(p, rng), p)
    tail = 100 * report.overall["tail_share"]
    assert report.verdict.endswith(f"the worst 1 % of the rows carry {tail:.1f} % of the loss.")
    assert "no better than that of class frequencies" in report.verdict


def test_a_verdict_is_one_or_two_sentences_and_the_same_everywhere():
    y, p = calibrated(500, 3)
    sure = softmax(3 * np.log(p), axis=1)
    report = quick(y, sure)
    assert len(re.findall(r"\.(?: |$)", report.verdict)) == 2
    assert " ".join(str(report).split()).startswith(report.verdict)
    assert report.verdict in _unwrapped(report.to_html())
    assert report.verdict in _unwrapped(report._repr_html_())
    assert report.to_dict()["verdict"] == report.verdict
    batches = LogLossAccumulator(range(3)).update(y, sure)
    assert batches.report(n_null=0, recalibration=False).verdict == report.verdict


def test_a_class_that_occurs_too_seldom_is_not_called_calibrated():
    p = np.array([[0.86, 0.1, 0.04]] * 200)
    y = np.array([0] * 172 + [1] * 28)
    report = log_loss_report(y, p, labels=[0, 1, 2], recalibration=False, n_null=0)
    assert report.overall["p_value"] > 0.5
    assert report.verdict.endswith("Class 2 occurs less often than its small probabilities say.")


@pytest.mark.parametrize(
    ("n_groups", "said"), [(4, "4 groups are too few to say more."), (60, "60 groups can tell.")]
)
def test_groups_are_what_calibration_is_told_by(n_groups, said):
    y, p = calibrated(600, 3, seed=1)
    report = log_loss_report(y, p, groups=np.arange(600) % n_groups, recalibration=False)
    assert report.verdict.endswith(said)


def test_names_in_a_verdict_are_cut_and_cannot_move_the_cursor():
    y, p = calibrated(300, 2)
    report = log_loss_report(
        y, p[:, ::-1] * 0.2 + 0.4, target_names=["a\nb" + "x" * 90, "\x1b[31m"], n_null=0
    )
    assert report.verdict.isprintable()
    assert "x" * 60 not in report.verdict


@pytest.mark.slow
def test_no_ill_is_said_of_calibrated_models():
    """In at most 5 % of the reports, as of the findings; with margin for 400 of them."""
    rng = np.random.default_rng(0)
    found = 0
    for i in range(400):
        k, n = (2, 3, 8)[i % 3], (40, 200, 1000)[i // 3 % 3]
        p = softmax(rng.uniform(0.3, 4) * rng.normal(size=(n, k)) + rng.normal(size=k), axis=1)
        report = log_loss_report(drawn(p, rng), p, labels=range(k), n_null=0)
        found += bool(ILL.search(report.verdict))
    assert found <= 30


# What a report is of.


def test_a_report_says_what_it_is_of():
    X, y = load_iris(return_X_y=True)
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
    about = LogLossReport.from_estimator(model, X, y, recalibration=False, n_null=0).about
    assert (about.model, about.out_of_fold, about.weighted) == ("LogisticRegression", False, False)
    assert about.version == skxent.__version__
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", about.date)
    folds = LogLossReport.from_cv(model, X, y, cv=3, recalibration=False, n_null=0).about
    assert (folds.model, folds.out_of_fold) == ("LogisticRegression", True)


@pytest.mark.parametrize(
    ("weight", "weighted"), [(None, False), ([3.0, 3, 3, 3], False), ([0.1, 0.1, 0.1, 0.2], True)]
)
def test_equal_weights_are_no_weights(weight, weighted):
    report = quick([0, 1, 1, 0], np.full((4, 2), 0.5), sample_weight=weight)
    assert report.about.model is None
    assert report.about.weighted is weighted


# Comparisons.


def models(n=800):
    y, p = calibrated(n, 3)
    return y, {"right": p, "sure": softmax(3 * np.log(p), axis=1), "same": p * 1.0}


def test_the_better_of_two_models():
    y, p = models()
    found = compare_log_loss(y, {"sure": p["sure"], "right": p["right"]}, base=2)
    worse, better = found.log_loss
    said = (
        f"right is better than sure: {better:.4f} bits instead of {worse:.4f}, "
        f"{100 * (1 - better / worse):.2g} % less (p <0.001)."
    )
    assert found.verdict.startswith(said)
    assert compare_log_loss(y, {"right": p["right"], "sure": p["sure"]}, base=2).verdict == (
        found.verdict
    )
    assert " ".join(str(found).split()).startswith(found.verdict)
    assert found.verdict.replace("<", "&lt;") in _unwrapped(found.to_html())
    assert found.to_dict()["verdict"] == found.verdict


def test_two_models_that_differ_by_chance():
    rng = np.random.default_rng(1)
    y, p = calibrated(300, 3)
    near = softmax(np.log(p) + 0.05 * rng.normal(size=p.shape), axis=1)
    found = compare_log_loss(y, {"a": p, "b": near})
    assert found.adjusted_p[1] > 0.05
    assert found.verdict == (
        f"b and a do not differ beyond chance: the interval of their difference, "
        f"{found.ci_low[1]:.4f} to {found.ci_high[1]:.4f} nats, holds 0."
    )
    faint = [e for e in re.findall(r'class="(?:over|under)[^"]*"', found.to_html()) if "faint" in e]
    assert faint


def test_several_models():
    y, p = models()
    found = compare_log_loss(y, {"sure": p["sure"], "right": p["right"], "same": p["same"]})
    assert found.verdict.endswith(
        "Of 2 models compared with sure, 2 are better beyond chance and 0 worse."
    )
    none = compare_log_loss(y, {"same": p["same"], "right": p["right"], "too": p["right"]})
    assert none.verdict == "None of 2 models differs from same beyond chance."


def test_a_class_in_which_the_worse_model_is_better():
    y, p = calibrated(3000, 3)
    tilted = p * np.array([3.0, 1.0, 1.0])
    found = compare_log_loss(y, {"right": p, "tilted": tilted / tilted.sum(1, keepdims=True)})
    assert found.verdict.startswith("right is better than tilted: ")
    assert found.verdict.endswith(" In class 0 it is the other way round.")


def test_probabilities_that_are_bent_are_not_called_calibrated():
    """What goes up and down on the way from 0 to 1 has no gap, and no map straightens it."""
    rng = np.random.default_rng(0)
    p = rng.uniform(0.02, 0.98, 4000)
    y = rng.random(4000) < np.clip(p - 0.2 * np.sin(8 * np.pi * (p - 0.5)), 0, 1)
    report = log_loss_report(y, p)
    assert report.overall["p_value"] > 0.01
    assert report.recalibration.recommended == "none"
    assert report.per_class["miscalibration_p"].min() < 0.01
    assert "calibrated" not in report.verdict
    assert "look at the curves" in report.verdict


def test_bent_curves_of_several_classes_are_found():
    """Where no p-value can be small enough for one of five, those of several are together."""
    rng, k, n = np.random.default_rng(0), 5, 1500
    top, said = rng.integers(k, size=n), rng.uniform(0.25, 0.95, n)
    p = np.tile(((1 - said) / (k - 1))[:, None], (1, k))
    p[np.arange(n), top] = said
    right = rng.random(n) < said - 0.15 * np.sin(8 * np.pi * (said - 0.6))
    y = np.where(right, top, (top + rng.integers(1, k, size=n)) % k)
    report = log_loss_report(y, p)
    assert report.overall["p_value"] > 0.01
    assert report.recalibration.recommended == "none"
    assert report.per_class["miscalibration_p"].min() * k > 0.02
    assert "look at the curves" in report.verdict


def test_the_verdict_says_no_more_than_the_test_of_the_gap():
    """A temperature may help where the gap could be chance: the way it is off is not said."""
    y, p = calibrated(150, 3)
    said = set()
    for factor in (1.3, 1.4, 1.5, 1.6):
        report = log_loss_report(y, factor * np.log(p), from_logits=True, n_null=0)
        sure = report.overall["p_value"] < 0.01
        said.add((sure, report.recalibration.recommended))
        assert ("over-confident" in report.verdict) == sure
        assert ("no more than chance" in str(report)) == (not sure)
    assert len(said) > 1


@pytest.mark.parametrize("row", ["folds", "fitted"])
def test_a_row_of_a_class_that_was_never_seen_makes_no_shy_model_a_sure_one(row):
    X, y = load_wine(return_X_y=True)
    y = np.array(["a", "b", "c"])[y]
    model = RandomForestClassifier(random_state=0)
    if row == "folds":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of scikit-learn, that the class has a single row
            report = LogLossReport.from_cv(model, np.r_[X, X[:1]], np.r_[y, ["rare"]], cv=5)
        assert report.recalibrator().temperature_ < 1
    else:
        model.fit(X[::2], y[::2])
        X, y = X[1::2], y[1::2]
        report = LogLossReport.from_estimator(model, np.r_[X, X[:1]], np.r_[y, ["rare"]])
        bare = LogLossReport.from_estimator(model, X, y)
        assert report.overall["p_value"] < 0.01
        for name in ("gap", "z", "p_value"):
            assert report.overall[name] == pytest.approx(bare.overall[name])
            assert report.per_class[name][:3] == pytest.approx(bare.per_class[name])
        (found,) = [f for f in report.findings if f.startswith("The model is ")]
        less = f"{-bare.overall['gap']:.4f}"
        assert f"under-confident: it paid {less} nats a row less than it expected" in found
        assert "under-confident" in str(report)
        assert "under-confident" in report.to_html()
    assert "under-confident" in report.verdict
    for told in (str(report), report.to_html()):
        assert "over-confident" not in told


def test_a_class_that_does_not_occur_is_no_wrong_order_of_the_columns():
    rng = np.random.default_rng(0)
    p = rng.dirichlet([1, 1, 1], 600)
    y = drawn(p, rng)
    report = quick(y[y != 0], p[y != 0], labels=[0, 1, 2], target_names=["ape", "bee", "cat"])
    assert "order of the columns" not in report.verdict
    said = 100 * p[y != 0, 0].mean()
    told = f"in 0.0 % of the rows instead of the {said:.1f} % that the model says"
    assert told in report.verdict or "over-confident" in report.verdict


def test_a_class_that_costs_more_is_looked_at_before_those_that_cost_less():
    """An under-confident model pays less than it expected, but for a class that it misses."""
    rng = np.random.default_rng(0)
    pi = rng.dirichlet(np.full(20, 0.7))
    y = rng.choice(20, 4000, p=pi)
    missed = int(np.argsort(pi)[8])
    z = rng.normal(size=(4000, 20)) + 2.5 * np.eye(20)[y] + np.log(pi)
    z[:, missed] -= 3
    report = log_loss_report(y, softmax(z, axis=1), labels=np.arange(20), n_null=0)
    assert (report.per_class["gap"] < -report.per_class["gap"][missed]).any()
    page = report.to_html()
    first = page[page.index("Classes to look at first") :]
    places = [first.index(f">{missed}<"), first.index("costs less than the model expected")]
    assert places == sorted(places)
