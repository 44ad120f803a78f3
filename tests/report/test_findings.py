"""Findings: each is said on data that were made for it, with the numbers of the report."""

import math
import re

import numpy as np
import pytest
from reports import calibrated, data, drawn, quick
from scipy.special import softmax

from skxent import LogLossAccumulator, log_loss_report

# One pattern a rule; groups are what must be in the report.
RULES = {
    "recalibration": (
        r"Recalibration \((.+)\) would take (\S+) (\w+) off the loss, (\S+) % of it "
        r"\((\S+) % interval (\S+) to (\S+)\); the largest part, (\S+), "
        r"in class (.*)\."
    ),
    "overall gap": (
        r"The model is (over|under)-confident: it expected to pay (\S+) (\w+) a row, and paid "
        r"(\S+) \(z (\S+), p (\S+)\)\."
    ),
    "gap": (
        r"Class (.*) costs (\S+) (\w+) (more|less) than the model expected: it occurs (\w+) often "
        r"than its small probabilities say \(z (\S+), p (\S+)\)\."
    ),
    "prior": (
        r"The loss of (\S+) (\w+) is worse than the (\S+) of a model that knows only how often "
        r"each class occurs\."
    ),
    "costly class": (
        r"Class (.*) takes (\S+) % of the loss with a prevalence of (\S+) %: (\S+) (\w+) a row "
        r"\((\S+) to (\S+)\), (\S+) % of what its frequency alone would cost; over all rows "
        r"it is (\S+) %\."
    ),
    "cell": (
        r"(\S+) % of the loss is that of rows of class (.*) whose probability went to class (.*)\."
    ),
    "tail": (
        r"The worst 1 % of the rows carry (\S+) % of the loss; the first to look at are rows (.*)\."
    ),
    "floor": (
        r"(\d+) rows? gave (?:its|their) class a probability below (\S+), and cost (\S+) "
        r"(\w+)(?: each)?\."
    ),
    "absent": r"There are no rows of class (.*)\.",
    "infinite": r"The loss is infinite: there are rows whose class had a probability of 0\.",
}


def rule_of(finding):
    (found,) = [name for name, pattern in RULES.items() if re.fullmatch(pattern, finding)]
    return found


def said(report):
    """The rules that have something to say, in order, each with what it says."""
    return [(rule_of(f), re.fullmatch(RULES[rule_of(f)], f).groups()) for f in report.findings]


def only(report, rule):
    return [groups for name, groups in said(report) if name == rule]


def test_recalibration():
    y, p = calibrated(1000, 3)
    names = ["ape", "bee", "cat"]
    report = log_loss_report(y, 2.5 * np.log(p), from_logits=True, base=2, target_names=names)
    recalibration, loss = report.recalibration, report.overall["log_loss"]
    at = recalibration.methods.index("temperature")
    most = int(recalibration.class_gain[at].argmax())
    (groups,) = only(report, "recalibration")
    assert groups == (
        "its temperature",
        f"{recalibration.gain[at]:.4f}",
        "bits",
        f"{100 * recalibration.gain[at] / loss:.1f}",
        "95",
        f"{recalibration.gain_low[at]:.4f}",
        f"{recalibration.gain_high[at]:.4f}",
        f"{recalibration.class_gain[at][most]:.4f}",
        names[most],
    )


def test_recalibration_that_needs_a_freer_map():
    rng = np.random.default_rng(0)
    p = softmax(2.5 * rng.normal(size=(3000, 4)), axis=1)
    mixing = np.eye(4)
    mixing[0, :2] = 0.55, 0.45
    report = log_loss_report(drawn(p, rng), p @ mixing, n_null=0)
    assert report.recalibration.recommended in ("vector", "dirichlet")
    (groups,) = only(report, "recalibration")
    assert groups[0] == f"a map of the kind {report.recalibration.recommended!r}"


def test_recalibration_is_said_where_it_is_recommended_at_any_level():
    """A map is chosen at a level of its own; at that of the report the gain may hold 0."""
    y, p = calibrated(300, 3)
    for level in (0.5, 0.9, 1 - 1e-12):
        logits = 1.8 * np.log(p)
        report = log_loss_report(y, logits, from_logits=True, confidence_level=level, n_null=0)
        recalibration = report.recalibration
        assert recalibration.recommended == "temperature"
        at, (groups,) = recalibration.methods.index("temperature"), only(report, "recalibration")
        assert groups[4:6] == (f"{100 * level:g}", f"{recalibration.gain_low[at]:.4f}")
    assert recalibration.gain_low[at] < 0


def test_verdict_finding_and_recoverable_loss_rest_on_the_same_test():
    """Also where an interval of the gain at 95 % holds 0, and where one at 80 % does not."""
    seen = set()
    for seed in range(8):
        rng = np.random.default_rng(seed)
        z = 2 * rng.normal(size=250)
        y = (rng.random(250) < 1 / (1 + np.exp(-z / 1.5))).astype(int)
        for level in (0.95, 0.8):
            report = quick(y, 1 / (1 + np.exp(-z)), confidence_level=level, recalibration=True)
            found = report.recalibration
            helps = found.recommended != "none"
            low = found.gain_low[found.methods.index(found.recommended)]
            assert bool(only(report, "recalibration")) == helps
            assert ("recalibration (" in report.verdict) == helps
            assert bool(report.per_class["recoverable"].any()) == helps
            seen.add((helps, bool(low > 0)))
    assert {(True, False), (True, True), (False, False)} <= seen


@pytest.mark.parametrize(("factor", "confidence"), [(3.0, "over"), (0.4, "under")])
def test_over_or_under_confident(factor, confidence):
    y, p = calibrated(1000, 3)
    report = quick(y, factor * np.log(p), from_logits=True)
    overall = report.overall
    (groups,) = only(report, "overall gap")
    assert groups == (
        confidence,
        f"{overall['predictive_entropy']:.4f}",
        "nats",
        f"{overall['log_loss']:.4f}",
        f"{overall['z']:.2f}",
        "<0.001",
    )


def test_a_class_that_occurs_more_often_than_predicted():
    """And the others less often; the largest gap first."""
    rng = np.random.default_rng(0)
    logits = 1.5 * rng.normal(size=(3000, 3))
    y = drawn(softmax(logits + np.array([1.2, 0.0, 0.0]), axis=1), rng)
    report = quick(y, logits, from_logits=True, target_names=["ape", "bee", "cat"])
    column, groups = report.per_class, only(report, "gap")
    assert groups[0][0] == "ape"
    assert groups[0][3:5] == ("more", "more")
    for name, size, unit, than, often, z, _ in groups:
        c = report.target_names.index(name)
        assert size == f"{abs(column['gap'][c]):.4f}"
        assert unit == "nats"
        assert than == often == ("more" if column["gap"][c] > 0 else "less")
        assert z == f"{column['z'][c]:.2f}"
    sizes = [float(g[1]) for g in groups]
    assert sizes == sorted(sizes, reverse=True)


def holm(p, level):
    """Which of the p-values Holm's rule rejects."""
    rejected = set()
    for i, c in enumerate(np.argsort(p)):
        if not p[c] * (len(p) - i) < level:
            break
        rejected.add(int(c))
    return rejected


def test_three_classes_are_named_and_those_with_the_largest_gaps():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(8000, 7))
    shift = np.array([0.9, 0.6, 0.3, -0.3, -0.6, -0.9, 0.0])
    report = quick(drawn(softmax(logits + shift, axis=1), rng), logits, from_logits=True)
    rejected = holm(report.per_class["p_value"], 0.015)
    assert len(rejected) > 3
    largest = sorted(rejected, key=lambda c: -abs(report.per_class["gap"][c]))[:3]
    assert [int(g[0]) for g in only(report, "gap")] == largest


@pytest.mark.parametrize("level", [0.5, 0.95])
def test_classes_are_tested_together(level):
    """Three are named at most, at a level that is not that of the intervals."""
    most = 0
    for seed in range(12):
        y, p = calibrated(300, 8, seed=seed)
        report = quick(y, p**1.5, renormalize=True, labels=range(8), confidence_level=level)
        rejected = holm(report.per_class["p_value"], 0.015)
        named = {int(g[0]) for g in only(report, "gap")}
        assert named <= rejected
        assert len(named) == min(3, len(rejected))
        most = max(most, len(rejected))
    assert most > 0


def test_worse_than_the_prior():
    y, p, _ = data(500, 3)
    report = quick(y, p, base=10)
    overall = report.overall
    (groups,) = only(report, "prior")
    assert groups == (
        f"{overall['log_loss']:.4f}",
        "hartleys",
        f"{overall['label_entropy']:.4f}",
    )
    assert overall["ci_low"] > overall["label_entropy"]


def test_worse_than_a_prior_that_knows_these_labels():
    """Which the true one does not: a fair coin loses no less on 55 heads of 100."""
    y, p = np.repeat([0, 1], [55, 45]), np.full((100, 2), 0.5)
    report = quick(y, p)
    assert report.overall["ci_low"] > report.overall["label_entropy"]
    assert only(report, "prior") == []
    assert len(only(quick(np.tile(y, 20), np.tile(p, (20, 1))), "prior")) == 1


def test_a_class_that_costs_more_than_the_others():
    rng = np.random.default_rng(0)
    y = rng.integers(4, size=800)
    right = np.where(y == 2, 0.3, 0.9) + rng.uniform(-0.05, 0.05, 800)
    p = np.repeat((1 - right)[:, None] / 3, 4, axis=1)
    p[np.arange(800), y] = right
    report = quick(y, p, base=2, target_names=list("abcd"))
    column = report.per_class
    (groups,) = only(report, "costly class")
    assert groups == (
        "c",
        f"{100 * column['share'][2]:.1f}",
        f"{100 * column['prevalence'][2]:.1f}",
        f"{column['log_loss'][2]:.4f}",
        "bits",
        f"{column['ci_low'][2]:.4f}",
        f"{column['ci_high'][2]:.4f}",
        f"{100 * (1 - column['skill'][2]):.1f}",
        f"{100 * (1 - report.overall['skill']):.1f}",
    )
    # A few rows show it too, and a level of the intervals that no data can meet takes nothing back.
    few = {"labels": range(4), "confidence_level": 1 - 1e-9}
    assert len(only(quick(y[::40], p[::40], **few), "costly class")) == 1


@pytest.mark.parametrize("level", [0.05, 1 - 1e-9])
def test_what_is_said_of_a_class_does_not_follow_the_level_of_the_intervals(level):
    rng = np.random.default_rng(0)
    y = rng.integers(4, size=40)
    for right_of_two in (0.3, 0.6, 0.85):
        right = np.where(y == 2, right_of_two, 0.9) + rng.uniform(-0.09, 0.09, 40)
        p = np.repeat((1 - right)[:, None] / 3, 4, axis=1)
        p[np.arange(40), y] = right
        one, other = quick(y, p), quick(y, p, confidence_level=level)
        assert len(only(one, "costly class")) == len(only(other, "costly class"))
        assert one.verdict == other.verdict


def test_classes_that_take_each_others_probability():
    rng = np.random.default_rng(0)
    y = rng.integers(4, size=400)
    p = np.full((400, 4), 0.02)
    p[np.arange(400), y] = 0.94
    p[y == 1] = [0.02, 0.50, 0.46, 0.02]
    report = quick(y, p, target_names=list("abcd"))
    part = report.loss_confusion[1, 2] / report.overall["log_loss"]
    (first, *_) = only(report, "cell")
    assert first == (f"{100 * part:.1f}", "b", "c")
    assert part > 0.5


def test_cells_of_two_classes_are_the_classes():
    report = quick(*calibrated(200, 2))
    assert only(report, "cell") == []


def test_a_few_rows_that_carry_much():
    y, p = np.arange(400) % 2, np.tile([0.98, 0.02], (400, 1))
    p = np.where((y == 1)[:, None], p[:, ::-1], p)
    p[[7, 70, 300]] = p[[7, 70, 300], ::-1]
    report = quick(y, p)
    ((share, rows),) = only(report, "tail")
    assert share == f"{100 * report.overall['tail_share']:.1f}"
    assert rows == "7, 70, 300"
    # Too few rows to speak of a hundredth.
    assert only(quick(y[:99], p[:99]), "tail") == []


@pytest.mark.parametrize("n", [1, 5])
def test_rows_below_the_floor(n):
    y, p = calibrated(300, 3)
    p[:n] = np.eye(3)[(y[:n] + 1) % 3]
    report = quick(y, p, base=2)
    assert only(report, "floor") == [(str(n), "2.22e-16", "52.0000", "bits")]
    assert report.overall["floored"] == n
    floored = next(f for f in report.findings if "below" in f)
    assert floored.startswith("1 row gave its" if n == 1 else "5 rows gave their")
    assert floored.endswith(" each.") == (n > 1)


def test_classes_without_rows():
    y, p = calibrated(200, 3)
    wide = np.pad(p, ((0, 0), (0, 5)))
    report = quick(y, wide, labels=range(8))
    assert said(report)[-1] == ("absent", ("3, 4, 5 and 2 others",))
    report = quick(y, wide[:, :4], labels=range(4))
    assert said(report)[-1] == ("absent", ("3",))


def test_four_classes_without_rows():
    y, p = calibrated(200, 3)
    report = quick(y, np.pad(p, ((0, 0), (0, 4))), labels=range(7))
    assert "1 others" not in report.findings[-1]


def test_rows_below_the_floor_that_hardly_count_come_last():
    y, p, w = data(300, 3)
    p[:30], w[:30] = np.eye(3)[(y[:30] + 1) % 3], 1e-9
    found = [name for name, _ in said(quick(y, p, sample_weight=w))]
    assert len(found) > 2
    assert found[-1] == "floor"


def test_an_infinite_loss():
    report = log_loss_report([0, 1, 1], [[0.5, 0.5], [0.5, 0.5], [1, 0]], eps=0)
    assert [name for name, _ in said(report)] == ["infinite"]


# When to be silent.


def test_a_perfect_model_has_no_findings():
    y = np.arange(300) % 3
    assert log_loss_report(y, np.eye(3)[y]).findings == ()
    assert LogLossAccumulator(range(3)).update(y, np.eye(3)[y]).report().findings == ()


@pytest.mark.parametrize(("n", "k", "scale"), [(400, 3, 1.5), (300, 6, 3.0)])
def test_of_a_calibrated_model_there_is_little_to_say(n, k, scale):
    """
    Of 20 data sets, 3 at most have a finding about more than where the loss happens to be.

    There are three tests, each of 5 % at most, and the recalibration's.
    """
    loud = []
    for seed in range(20):
        y, p = calibrated(n, k, scale, seed)
        report = log_loss_report(y, p, labels=range(k), n_null=0)
        loud.append({name for name, _ in said(report)} - {"cell", "tail"})
    assert sum(map(bool, loud)) <= 3


@pytest.mark.parametrize("prior", [[0.5, 0.3, 0.2], [0.9, 0.07, 0.03]])
def test_a_class_that_is_costly_by_being_rare_is_no_finding(prior):
    """A model that knows only the prior is as good for one class as for another."""
    rng = np.random.default_rng(0)
    for n in (60, 1000):
        y = np.r_[0, 1, 2, rng.choice(3, size=n, p=prior)]
        for p in (prior, np.bincount(y) / len(y)):
            report = quick(y, np.tile(p, (len(y), 1)))
            assert only(report, "costly class") == []
            assert only(report, "cell") == []


def test_equal_numbers_are_equal_whatever_their_rounding():
    """A third for each class, and the mean of a column of labels: the loss is nobody's."""
    found = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        y = rng.integers(3, size=300)
        found += said(quick(y, np.full((300, 3), 1 / 3)))
        y = (rng.random(300) < 0.3).astype(float)
        found += said(quick(y, np.full(300, y.mean())))
    assert found == []


def test_cells_of_classes_that_are_alike_are_chance():
    """Every class is as near to every other; some cell is the largest all the same."""
    loud = 0
    for seed in range(40):
        y, p = calibrated(150, 6, 2.5, seed)
        loud += bool(only(quick(y, p, labels=range(6)), "cell"))
    assert loud <= 4


def test_a_common_class_gets_most_of_the_probability_and_is_no_rival():
    rng = np.random.default_rng(0)
    p = softmax(rng.normal(size=(2000, 4)) + np.log([0.85, 0.05, 0.05, 0.05]), axis=1)
    report = quick(drawn(p, rng), p)
    assert (report.loss_confusion[1:, 0] > 0.05 * report.overall["log_loss"]).all()
    assert only(report, "cell") == []


def test_predicted_labels_in_the_place_of_probabilities_are_noted():
    y, p, _ = data(200, 3)
    hard = np.eye(3)[p.argmax(axis=1)]
    assert any("output of predict," in note for note in quick(y, hard).notes)
    hard[0] = p[0]
    assert not any("output of predict," in note for note in quick(y, hard).notes)


def test_what_follows_from_tests_is_not_said_where_there_are_none():
    y, p, _ = data(600, 3)
    weights = np.array([1.0, 2.0, 5.0])[y]
    report = quick(y, p, sample_weight=weights)
    assert not {"gap", "overall gap"} & {name for name, _ in said(report)}
    assert "prior" in {name for name, _ in said(report)}


# Order and names.


def about(report, rule, groups):
    """The loss that a finding is about."""
    overall, column = report.overall, report.per_class
    names = [str(name) for name in report.target_names]
    if rule == "recalibration":
        return report.recalibration.gain[
            report.recalibration.methods.index(report.recalibration.recommended)
        ]
    if rule == "overall gap":
        return abs(overall["gap"])
    if rule == "gap":
        return abs(column["gap"][names.index(groups[0])])
    if rule == "prior":
        return overall["log_loss"] - overall["label_entropy"]
    if rule == "costly class":
        return column["contribution"][names.index(groups[0])]
    if rule == "cell":
        return report.loss_confusion[names.index(groups[1]), names.index(groups[2])]
    if rule == "tail":
        return overall["tail_share"] * overall["log_loss"]
    if rule == "floor":
        return int(groups[0]) * float(groups[2]) / overall["n_samples"]
    return 0.0


def test_cells_are_as_costly_as_they_are_large():
    """Between the two classes of a pair, one direction costs more."""
    y = np.repeat(np.arange(8), 50)
    p = np.full((400, 8), 0.01) + 0.92 * np.eye(8)[y]
    p[50:100] = 0.3 * np.eye(8)[1] + 0.7 * np.eye(8)[2]
    p[100:150] = 0.5 * np.eye(8)[2] + 0.5 * np.eye(8)[1]
    p[150:200] = 0.4 * np.eye(8)[3] + 0.5 * np.eye(8)[2] + 0.1 * np.eye(8)[1]
    report = quick(y, p)
    found = [(r, g) for r, g in said(report) if r in ("cell", "costly class")]
    assert [g[1:] for r, g in found if r == "cell"] == [("1", "2"), ("3", "2"), ("2", "1")]
    assert [g[0] for r, g in found if r == "costly class"] == ["1", "3", "2"]
    costs = [about(report, rule, groups) for rule, groups in found]
    assert costs == pytest.approx(sorted(costs, reverse=True))


@pytest.mark.parametrize("seed", range(4))
def test_the_most_costly_comes_first(seed):
    y, p, _ = data(500, 5, seed)
    p[:3] = np.eye(5)[(y[:3] + 1) % 5]
    # Class 3 is right by half its rows.
    p[(y == 3) & (np.arange(500) % 2 > 0)] = [0.01, 0.01, 0.01, 0.96, 0.01]
    report = log_loss_report(y, np.pad(p, ((0, 0), (0, 1))), labels=range(6), n_null=0)
    found = said(report)
    assert len(found) >= 7
    assert {"recalibration", "overall gap", "prior", "floor", "absent"} <= {r for r, _ in found}
    costs = [about(report, rule, groups) for rule, groups in found]
    assert costs == pytest.approx(sorted(costs, reverse=True), abs=1e-6)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("line\nbreak\r", "line\\nbreak\\r"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\u202eback", "\\u202eback"),
        ("x" * 200, "x" * 39 + "…"),
        ("😀", "😀"),
        (7, "7"),
        (True, "True"),
    ],
)
def test_names_are_shown_so_that_they_can_do_no_harm(name, shown):
    """Markup is left to those who show it as HTML."""
    labels = [name, "other"] if isinstance(name, str) else [name, type(name)(0)]
    p = np.tile([0.1, 0.9], (50, 1))
    report = quick(labels[1:] * 50, p, labels=labels)
    assert ("absent", (shown,)) in said(report)
    assert all(f.isprintable() for f in report.findings)


def test_findings_of_batches_are_those_of_the_rows():
    y, p, _ = data(500, 4)
    p[:3] = np.eye(4)[(y[:3] + 1) % 4]
    batches = LogLossAccumulator(range(4))
    for at in np.split(np.arange(500), 5):
        batches.update(y[at], p[at])
    whole = log_loss_report(y, p, n_null=0)
    assert len(whole.findings) > 3
    assert batches.report().findings == whole.findings


@pytest.mark.parametrize("base", [2, math.e, 3])
def test_the_unit_is_that_of_the_report(base):
    y, p, _ = data(300, 3)
    name = {2: "bits", math.e: "nats", 3: "units of log base 3"}[base]
    report = log_loss_report(y, p, base=base, n_null=0)
    for finding in report.findings:
        if "nats" in finding or "bits" in finding or "units" in finding:
            assert name in finding
    assert any(name in finding for finding in report.findings)
