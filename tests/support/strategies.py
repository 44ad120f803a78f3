"""Valid calls of whatever takes labels and probabilities, with their exact values."""

import inspect
import math
import random
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import mpmath as mp
import numpy as np
import pandas as pd
import polars as pl
from hypothesis import strategies as st

import skxent
from skxent import LogLossAccumulator, log_loss_report, make_per_class_scorer, make_scorer

EPS = 2.0**-52
SOFT = ("cross_entropy", "kl_divergence", "js_divergence", "perplexity")
LABELLED = (*SOFT, "log_loss", "log_loss_skill_score")


# Scorers, the report and the accumulator, called as a metric is.


def scored(y_true, y_proba, *, labels, base=math.e, eps=EPS, sample_weight=None):
    """The log loss from a scorer, of an estimator that predicts `y_proba`."""
    estimator = SimpleNamespace(classes_=labels, predict_proba=lambda X: y_proba)
    scorer = make_scorer(skxent.log_loss, unseen="raise", base=base, eps=eps)
    return -scorer(estimator, None, y_true, sample_weight=sample_weight)


def scored_by_class(y_true, y_proba, *, labels, base=math.e, eps=EPS, sample_weight=None):
    estimator = SimpleNamespace(classes_=labels, predict_proba=lambda X: y_proba)
    scorer = make_per_class_scorer(labels, unseen="raise", base=base, eps=eps)
    scores = scorer(estimator, None, y_true, sample_weight=sample_weight)
    assert all(type(value) is float for value in scores.values())
    return -scores["neg_log_loss"]


def reported(
    y_true,
    y_proba,
    *,
    labels=None,
    pos_label=None,
    base=math.e,
    eps=EPS,
    sample_weight=None,
    from_logits=False,
    renormalize=False,
):
    report = log_loss_report(
        y_true,
        y_proba,
        labels=labels,
        pos_label=pos_label,
        base=base,
        eps=eps,
        sample_weight=sample_weight,
        from_logits=from_logits,
        renormalize=renormalize,
        recalibration=False,
        n_null=0,
    )
    assert str(report)
    return report.overall["log_loss"]


def accumulated(
    y_true,
    y_proba,
    *,
    labels,
    pos_label=None,
    base=math.e,
    eps=EPS,
    sample_weight=None,
    from_logits=False,
    renormalize=False,
):
    accumulator = LogLossAccumulator(
        labels,
        pos_label=pos_label,
        base=base,
        eps=eps,
        from_logits=from_logits,
        renormalize=renormalize,
    )
    accumulator.update(y_true, y_proba, sample_weight)
    return accumulator.report(n_null=0).overall["log_loss"]


SCORERS = (scored, scored_by_class)
LOSSES = (*SCORERS, reported, accumulated)
METRICS = tuple(getattr(skxent, name) for name in (*LABELLED, "entropy", "label_entropy"))
# The report takes milliseconds where a metric takes a tenth of one.
FUNCTIONS = (*METRICS * 3, *SCORERS * 2, reported, accumulated)


@dataclass(frozen=True)
class Call:
    """A valid call, and the numbers that it is about."""

    function: Callable[..., Any]
    kind: str
    """labels, positive, one_hot, soft, single (one pair of distributions), proba or y."""
    y: Any
    p: Any
    options: dict[str, Any]
    names: list[Any] = field(default_factory=list)
    """Labels in the order of the columns."""
    codes: list[int] = field(default_factory=list)
    target: np.ndarray | None = None
    table: np.ndarray | None = None
    """The probabilities or logits in float64, in the order of `names`, as they are passed."""
    weight: list[float] | None = None
    positive: int = 1

    @property
    def name(self) -> str:
        return "log_loss" if self.function in LOSSES else self.function.__name__

    @property
    def logits(self) -> bool:
        return self.options.get("from_logits", False)

    @property
    def renormalizes(self) -> bool:
        return self.options.get("renormalize", False)

    def takes(self, option: str) -> bool:
        return option in inspect.signature(self.function).parameters

    def arguments(self, **changes: Any) -> dict[str, Any]:
        given = {"y_true": self.y, "y_proba": self.p, **self.options, **changes}
        absent = {"label_entropy": "y_proba", "entropy": "y_true"}.get(self.name)
        return {name: value for name, value in given.items() if name != absent}

    def __call__(self, **changes: Any) -> Any:
        return self.function(**self.arguments(**changes))

    def __repr__(self) -> str:
        given = ", ".join(f"{k}={v!r}" for k, v in self.arguments().items())
        return f"{self.function.__name__}({given})"


# The numbers.

TINY = 5e-324


def distributions(rng, n, k, style):
    if style == "sharp":
        return np.eye(k)[[rng.randrange(k) for _ in range(n)]]
    rng = np.random.default_rng(rng.getrandbits(32))
    table = rng.dirichlet(np.full(k, rng.choice([0.05, 1.0, 30.0])), n)
    if style == "hard" and k > 1:
        # Exact zeros, and the smallest numbers there are.
        spots = rng.random((n, k)) < 0.4
        spots[np.arange(n), table.argmax(axis=1)] = False
        table[spots] = rng.choice([0.0, TINY, 1e-310, 1e-17], spots.sum())
        table /= table.sum(axis=1, keepdims=True)
    return table


def logits(rng, n, k):
    rng = np.random.default_rng(rng.getrandbits(32))
    table = rng.normal(size=(n, k)) * rng.choice([1.0, 30.0, 800.0])
    spots = rng.random((n, k)) < rng.choice([0.0, 0.3])
    spots[np.arange(n), table.argmax(axis=1)] = False
    table[spots] = -np.inf
    return table


# Their types and places in memory.


def mapped(array):
    with tempfile.TemporaryDirectory() as folder:
        np.save(Path(folder) / "a.npy", array)
        return np.load(Path(folder) / "a.npy", mmap_mode="r")  # outlives its name, on POSIX


def strided(array):
    wide = np.zeros(tuple(2 * size for size in array.shape), dtype=array.dtype)
    wide[tuple(slice(None, None, 2) for _ in array.shape)] = array
    return wide[tuple(slice(None, None, 2) for _ in array.shape)]


def read_only(array):
    array = array.copy()
    array.flags.writeable = False
    return array


LAYOUTS = {
    "c": np.ascontiguousarray,
    "fortran": np.asfortranarray,
    "strided": strided,
    "reversed": lambda a: np.ascontiguousarray(a[::-1])[::-1],
    "turned": lambda a: np.ascontiguousarray(a[..., ::-1])[..., ::-1],
    "read_only": read_only,
    "swapped": lambda a: a.astype(a.dtype.newbyteorder(">" if a.dtype.isnative else "=")),
    "object": lambda a: a.astype(object),
    "list": lambda a: a.tolist(),
    "tuple": lambda a: tuple(map(tuple, a.tolist())) if a.ndim == 2 else tuple(a.tolist()),
    "rows": lambda a: list(a) if a.ndim == 2 else a.tolist(),
    "mapped": mapped,
}
SERIES = {
    "pandas": lambda a: pd.Series(a),
    "polars": lambda a: pl.Series(a),
    "nullable": lambda a: pd.Series(a, dtype="Float64"),
}


FRAMES = {"pandas_frame": pd.DataFrame, "polars_frame": pl.DataFrame}


def contained(rng, table, names, named):
    """`table` in some type, its numbers rounded to that type, and the numbers in float64."""
    dtypes = ["f8", "f8", "f8", "f4", "g"]
    if not (np.abs(table) > 6e4).any() or np.isin(table, (0.0, 1.0)).all():
        dtypes.append("f2")
    if np.isin(table, (0.0, 1.0)).all():
        dtypes += ["i8", "u1", "?"]
    dtype = rng.choice(dtypes)
    rounded = table.astype(dtype)
    exact = rounded.astype(np.float64)
    how = rng.choice([*LAYOUTS, *(SERIES if table.ndim == 1 else FRAMES)])
    if dtype == "f2" and how not in ("c", "fortran", "strided", "reversed", "read_only", "mapped"):
        how = "c"  # the wider sums that are allowed are those of the dtype
    if how in SERIES:
        return SERIES[how](rounded if dtype in ("f8", "f4") else exact), exact
    if how in FRAMES:
        # Names come in any order; the numbers that pandas gives leave the order alone.
        order = columns = list(range(len(names)))
        if not named or (how == "pandas_frame" and rng.random() < 0.3):
            return pd.DataFrame(exact, columns=columns), exact
        rng.shuffle(order)
        prefix = rng.choice(["", "p_", "proba 0"])
        columns = [f"{prefix}{names[j]}" for j in order]
        return FRAMES[how](dict(zip(columns, exact[:, order].T, strict=True))), exact
    return LAYOUTS[how](rounded), exact


# Labels.

POOLS = {
    "int": [0, 1, 2, 3, 4],
    "far": [-(2**63), 2**63 - 1, 0, -7, 2**40],
    "near": [-128, 127, 3, 0, 5],
    "unsigned": [2**64 - 1, 2**63, 2**63 + 1, 2**64 - 2, 2**64 - 2**10],
    "text": ["", "a", "ab", "λ 🙂", "b" * 40],
    "digits": ["10", "9", "1", "01", "-1"],
    "float": [0.0, 1.0, -2.5, 1e300, 0.1],
    "bytes": [b"", b"a", b"ab", b"\xff", b"b"],
    "python": [10**30, -(10**30), 0, 1, 2**64],
    "bool": [False, True],
}


def as_objects(values):
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


@cache
def label_containers(pool):
    """The ways to pass labels of this pool."""
    ways = [list, tuple, as_objects, lambda v: pd.Series(v, dtype=object)]
    if pool != "python":
        ways += [np.array, lambda v: np.array(v)[:, None], lambda v: read_only(np.array(v))]
        ways += [lambda v: strided(np.array(v)), lambda v: np.array(v[::-1])[::-1]]
        ways += [lambda v: pd.Series(np.array(v), index=range(len(v), 0, -1))]
        ways += [lambda v: pd.Series(as_objects(v)).astype("category")]
    if pool in ("int", "near", "far", "unsigned", "float", "text", "digits"):
        ways += [lambda v: LAYOUTS["swapped"](np.array(v)), lambda v: mapped(np.array(v))]
    if pool in ("text", "digits"):
        ways += [lambda v: pd.Series(v, dtype="string"), lambda v: pl.Series(v)]
        ways += [lambda v: pl.Series(v, dtype=pl.Categorical)]
    if pool in ("int", "near"):
        ways += [lambda v: np.array(v, np.int8), lambda v: np.array(v, np.int32)]
        ways += [lambda v: pd.Series(v, dtype="Int64"), lambda v: pl.Series(v)]
    if pool == "int":
        ways += [lambda v: np.array(v, np.uint64), lambda v: np.array(v, np.float32)]
    if pool == "bool":
        ways += [lambda v: pd.Series(v, dtype="boolean"), lambda v: pl.Series(v)]
    return ways


# Options.

BASES = [math.e, None, 2, 10, 1.5, np.float32(2), Fraction(5, 2), np.int64(3), 1e308]


def weights(rng, n, extreme):
    sizes = [[0, 1, 2, 5], [0.0, 0.3, 1e-5, 7.5], *([[1e-60, 1e60, 0.0]] if extreme else [])]
    sizes = rng.choice(sizes)
    values = [rng.choice(sizes) for _ in range(n)]
    if not any(values):
        values[rng.randrange(n)] = sizes[1]
    ways = {**LAYOUTS, **SERIES, "column": lambda a: a[:, None]}
    return ways[rng.choice(list(ways))](np.array(values)), [float(v) for v in values]


CHOICES = {
    "base": [math.e, None, 2, 10, 1.5, np.float32(2), Fraction(5, 2), np.int64(3), 1e308],
    "eps": [EPS, 0, 0.0, 1e-3, 0.3, TINY, np.float32(0.25)],
    "reduction": ["mean", "sum", "none"],
    "average": ["micro", "macro", None],
    "normalize": [True, False],
}


def options_of(rng, takes):
    found = {
        name: rng.choice(choices)
        for name, choices in CHOICES.items()
        if name in takes and rng.random() < 0.5
    }
    if found.get("average") == "macro":
        found.pop("normalize", None)
    return found


KINDS = {
    "entropy": ("proba", "single"),
    "label_entropy": ("y",),
    **dict.fromkeys(SOFT, ("labels", "positive", "one_hot", "soft", "single")),
    **dict.fromkeys(("scored", "scored_by_class"), ("labels", "positive")),
}
WITH_ONE_HOT = ("labels", "positive", "one_hot")
ALWAYS_NAMED = ("scored", "scored_by_class", "accumulated")


@st.composite
def calls(draw, functions=FUNCTIONS):
    """Valid calls; what they are about is drawn, and the types come from a seed."""
    function = draw(st.sampled_from(functions))
    name, takes = function.__name__, inspect.signature(function).parameters
    kind = draw(st.sampled_from(KINDS.get(name, WITH_ONE_HOT)))
    n = 1 if kind == "single" else draw(st.integers(2 if "skill" in name else 1, 6))
    least = 2 if kind in ("labels", "one_hot") else 1
    k = 2 if kind == "positive" else draw(st.integers(least, 5))
    pool = draw(st.sampled_from([p for p in POOLS if len(POOLS[p]) >= k]))
    style = draw(st.sampled_from(["plain", "plain", "hard", "sharp"]))
    by_logits = "from_logits" in takes and draw(st.integers(0, 3)) == 0
    scaled = "renormalize" in takes and draw(st.integers(0, 3)) == 0
    scaled = scaled and kind != "positive" and not by_logits
    codes = draw(st.lists(st.integers(0, k - 1), min_size=n, max_size=n))
    weighted = draw(st.booleans())
    rng = random.Random(draw(st.integers(0, 2**32 - 1)))

    options, weight = options_of(rng, takes), None
    if weighted:
        options["sample_weight"], weight = weights(rng, n, extreme="skill" not in name)
    if "skill" in name:  # there must be something to save
        codes[:2] = [0, 1]
        if weight is not None and not weight[0] * weight[1]:
            weight = None
            del options["sample_weight"]
    table = logits(rng, n, k) if by_logits else distributions(rng, n, k, style)
    if by_logits:
        options["from_logits"] = True
    if scaled:
        options["renormalize"] = True
        table[(table > 0) & (table < 1e-300)] = 1e-300  # the quotients would be rounded
        table *= [[rng.uniform(0.1, 3)] for _ in range(n)]

    y, target, positive = None, None, 1
    names = rng.sample(POOLS[pool], k)
    if kind in ("labels", "positive", "y"):
        if kind != "y":
            names, positive = name_columns(rng, kind, name, pool, names, codes, options, takes)
        y = rng.choice(label_containers(pool))([names[c] for c in codes])
    elif name != "entropy":
        if name == "accumulated" or (kind != "single" and rng.random() < 0.5):
            options["labels"] = list(names)
        target = np.eye(k)[codes]
        if kind != "one_hot":
            target = distributions(rng, n, k, rng.choice(["plain", "hard", "sharp"]))
        if kind == "single":
            target = target.astype(rng.choice(["f8", "f4"]))
            y = rng.choice([np.array, list, tuple, pd.Series, pl.Series])(target[0])
        else:
            y, target = contained(rng, target, names, "labels" in options)
    if kind == "y":
        return Call(function, kind, y, None, options, names, codes, weight=weight)
    if kind in ("positive", "single"):
        row = table[:, 1] if kind == "positive" else table[0]
        p, table = contained(rng, row, names, False)
        table = table if kind == "positive" else table[None, :]
    else:
        p, table = contained(rng, table, names, kind == "labels" or "labels" in options)
    return Call(function, kind, y, p, options, names, codes, target, table, weight, positive)


def name_columns(rng, kind, name, pool, names, codes, options, takes):
    """
    Say which column is whose, by `labels` or `pos_label` where the labels do not say it.

    Returns the labels in the order of the columns, and the one that a single column is about.
    """
    complete, found = len(set(codes)) == len(names), rng.choice(label_containers(pool))
    ordered = sorted(names)
    optional = complete and name not in ALWAYS_NAMED
    if kind == "labels" and optional and rng.random() < 0.5:
        return ordered, 1
    number = pool in ("int", "bool", "near", "far") and (name not in SOFT or len(codes) < 3)
    if kind == "positive" and optional and number and rng.random() < 0.5:
        # The larger of two numbers is the positive one; some vectors could be distributions.
        return ordered, 1
    options["labels"] = found(names)
    if name in ("scored", "scored_by_class"):
        options["labels"] = np.asarray(options["labels"]).reshape(-1)
    positive = 1
    if kind == "positive" and "pos_label" in takes and rng.random() < 0.5:
        positive = rng.randrange(2)
        options["pos_label"] = names[positive]
        if optional and rng.random() < 0.5:
            del options["labels"]
    return names, positive


# What the value must be, by the definitions, in fifty digits.


def chances(call):
    """The distribution of each row."""
    for row in call.table:
        if call.kind == "positive":
            z = mp.mpf(float(row))
            p = 1 / (1 + mp.exp(-z)) if call.logits else z
            q = 1 / (1 + mp.exp(z)) if call.logits else 1 - z
            yield [q, p] if call.positive == 1 else [p, q]
        elif call.logits:
            most = max(map(float, row))
            parts = [mp.exp(mp.mpf(float(z)) - most) if z > -math.inf else mp.mpf(0) for z in row]
            yield [x / mp.fsum(parts) for x in parts]
        else:
            parts = [mp.mpf(float(x)) for x in row]
            yield [x / mp.fsum(parts) for x in parts] if call.renormalizes else parts


def targets(call):
    for row in call.target:
        parts = [mp.mpf(float(x)) for x in row]
        yield [x / mp.fsum(parts) for x in parts] if call.renormalizes else parts


def surprise(p):
    return -mp.log(p) if p > 0 else mp.inf


def entropy_of(p):
    return mp.fsum(x * surprise(x) for x in p if x > 0)


def cost(call, i, p, t):
    """Nats of one row, and the size of the terms that add up to it."""
    if call.name == "entropy":
        return entropy_of(p), 1
    labelled = call.kind in ("labels", "positive")
    labelled |= call.kind == "one_hot" and call.name not in SOFT
    if call.name == "js_divergence":
        if labelled:
            own = p[call.codes[i]]
            t, p = [mp.mpf(1), mp.mpf(0)], [own, 1 - own]
        pairs = [(a, b) for x, y in zip(t, p, strict=True) for a, b in ((x, y), (y, x))]
        value = mp.fsum(a * mp.log(2 * a / (a + b)) for a, b in pairs if a > 0) / 2
        # Rows that sum to 1 only to rounding may be further apart than that.
        return min(value, mp.log(2)), 1
    if labelled:
        loss = surprise(p[call.codes[i]])
        floor = call.options.get("eps", EPS) if "log_loss" in call.name else 0
        return min(loss, surprise(mp.mpf(float(floor)))), 1
    loss = mp.fsum(x * surprise(q) for x, q in zip(t, p, strict=True) if x > 0)
    if call.name == "kl_divergence" and loss < mp.inf:
        own = entropy_of(t)
        return max(loss - own, mp.mpf(0)), float(loss + own)
    return loss, 1


def expected(call):
    """The exact value in the units of the call: a float, or a list of floats."""
    with mp.workdps(400 if call.kind == "positive" or call.logits else 60):
        return _expected(call)


def _expected(call):
    options, codes = call.options, call.codes
    base = options.get("base")
    unit = (
        mp.log(mp.mpf(base.numerator) / base.denominator)
        if isinstance(base, Fraction)
        else (mp.mpf(1) if base is None else mp.log(mp.mpf(float(base))))
    )
    if call.kind == "y":
        sums = class_sums(codes, call.weight, [mp.mpf(1)] * len(codes))
        total = mp.fsum(sums.values())
        return float(entropy_of([s / total for s in sums.values()]) / unit)
    goals = targets(call) if call.target is not None else [None] * len(call.table)
    costs = [
        cost(call, i, p, t)[0] for i, (p, t) in enumerate(zip(chances(call), goals, strict=True))
    ]
    w = [mp.mpf(1)] * len(costs) if call.weight is None else [mp.mpf(x) for x in call.weight]
    if call.name == "perplexity":
        unit = mp.mpf(1)
    total = mp.fsum(a * b for a, b in zip(w, costs, strict=True) if a > 0)
    if "average" in options and options["average"] != "micro":
        sums, sizes = class_sums(codes, w, costs), class_sums(codes, w, [mp.mpf(1)] * len(w))
        values = []
        for c in range(len(call.names)):
            size = sizes.get(c, 0) if options.get("normalize", True) else 1
            values.append(float(sums.get(c, mp.mpf(0)) / size / unit) if size else math.nan)
        if options["average"] is None:
            return values
        kept = [mp.mpf(v) for v in values if not math.isnan(v)]
        return float(mp.fsum(kept) / len(kept))
    if call.name == "log_loss_skill_score":
        sizes = class_sums(codes, w, [mp.mpf(1)] * len(w))
        floor = mp.mpf(float(options.get("eps", EPS)))
        prior = {c: s / mp.fsum(w) for c, s in sizes.items()}
        least = mp.fsum(s * surprise(max(prior[c], floor)) for c, s in sizes.items() if s > 0)
        return float(1 - total / least)
    how = options.get("reduction", "mean" if options.get("normalize", True) else "sum")
    values = {
        "none": [c / unit for c in costs],
        "sum": [total / unit],
        "mean": [total / mp.fsum(w) / unit],
    }[how]
    if call.name == "perplexity":
        values = [mp.exp(v) if v < 1e5 else mp.inf for v in values]
    values = [float(v) for v in values]
    return values if how == "none" and call.kind != "single" else values[0]


def class_sums(codes, weight, values):
    sums: dict[int, Any] = {}
    for i, code in enumerate(codes):
        w = mp.mpf(1) if weight is None else mp.mpf(weight[i])
        if w > 0:
            sums[code] = sums.get(code, mp.mpf(0)) + w * values[i]
    return sums
