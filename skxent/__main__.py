"""Tune a classifier by log loss and report what each class costs: ``python -m skxent``."""

from __future__ import annotations

import argparse
import csv
import difflib
import re
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from skxent.metrics import label_entropy
from skxent.report import LogLossReport
from skxent.scorers import make_per_class_scorer, neg_log_loss_bits_scorer

__all__ = ["main"]

_BUNDLED = ("digits", "iris", "wine", "breast_cancer")
_N_SPLITS = 5
_C = (0.001, 0.01, 0.1, 1.0, 10.0)


class _UserError(Exception):
    """Something that the user can mend; its message is the one line to show."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Report a wrong option in one line."""
        self.exit(2, f"skxent: {message}; see python -m skxent --help\n")


def _bundled(name: str) -> tuple[Any, NDArray[Any]]:
    from sklearn import datasets

    data = getattr(datasets, f"load_{name}")()
    names = data.target_names
    y = data.target if name == "digits" else names[data.target]
    return data.data, y


def _read_rows(path: str) -> tuple[list[str], list[list[str]]]:
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            sample = file.read(65536)
            file.seek(0)
            try:
                dialect = csv.Sniffer().sniff(sample.splitlines()[0], delimiters=",;\t|")
            except (csv.Error, IndexError):
                dialect = csv.excel
            # The header alone cannot show whether quotes are doubled; the standard says so.
            rows = [row for row in csv.reader(file, dialect, doublequote=True) if row]
    except FileNotFoundError:
        msg = f"--csv: there is no file {path!r}"
        raise _UserError(msg) from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        msg = f"--csv: cannot read {path!r} as UTF-8 text with columns: {error}"
        raise _UserError(msg) from error
    if len(rows) < 2:
        msg = f"--csv: {path!r} needs a header line and at least one line of data"
        raise _UserError(msg)
    header = rows[0]
    for number, row in enumerate(rows[1:], start=1):
        if len(row) != len(header):
            msg = f"--csv: data row {number} of {path!r} has {len(row)} fields, not {len(header)}"
            raise _UserError(msg)
    return header, rows[1:]


def _number_or_none(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _column(cells: Sequence[str]) -> tuple[NDArray[Any], bool]:
    """One column of a file, and whether it is numeric; an empty cell is a missing value."""
    numbers = [_number_or_none(cell) if cell.strip() else np.nan for cell in cells]
    if None not in numbers:
        values = np.array(numbers, dtype=np.float64)
        return np.where(np.isinf(values), np.nan, values), True
    return np.array([cell.strip() for cell in cells], dtype=object), False


def _from_csv(path: str, target: str) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.bool_]]:
    header, rows = _read_rows(path)
    if header.count(target) != 1:
        close = difflib.get_close_matches(target, header, n=1)
        what = f"no column {target!r}; did you mean {close[0]!r}?" if close else ""
        what = what or f"no column {target!r}."
        if target in header:
            what = f"more than one column {target!r}."
        columns = ", ".join(header[:12]) + (", ..." if len(header) > 12 else "")
        msg = f"--target: {path!r} has {what} Its columns: {columns}"
        raise _UserError(msg)
    cells = list(zip(*rows, strict=True))
    y = np.array([cell.strip() for cell in cells[header.index(target)]])
    if (y == "").any():
        msg = f"--target: column {target!r} is empty in data row {int((y == '').argmax()) + 1}"
        raise _UserError(msg)
    # "01" is a code and stays text, and so does what is too long for an integer.
    if all(re.fullmatch(r"0|-?[1-9][0-9]{0,17}", cell) for cell in y):
        y = y.astype(np.int64)
    features = [_column(c) for name, c in zip(header, cells, strict=True) if name != target]
    if not features:
        msg = f"--csv: {path!r} has no column beside {target!r} to predict it from"
        raise _UserError(msg)
    X = np.empty((len(rows), len(features)), dtype=object)
    for j, (values, _) in enumerate(features):
        X[:, j] = values
    return X, y, np.array([numeric for _, numeric in features])


def _check_classes(y: NDArray[Any], what: str) -> None:
    labels, counts = np.unique(y, return_counts=True)
    if len(labels) < 2:
        msg = f"{what} holds one class only, {labels[0]!s}; two are needed"
        raise _UserError(msg)
    if len(labels) > max(20, len(y) // 5):
        msg = f"{what} holds {len(labels)} values in {len(y)} rows, too many for classes"
        raise _UserError(msg)
    if np.sort(counts)[-2] < 2:
        msg = f"{what}: only one class has more than one row; two such classes are needed"
        raise _UserError(msg)
    if counts.max() < _N_SPLITS:
        msg = f"{what}: no class has {_N_SPLITS} rows, too few for {_N_SPLITS} folds"
        raise _UserError(msg)


def _classifier(numeric: NDArray[np.bool_] | None) -> Any:
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    scale: Any = StandardScaler()
    if numeric is not None:
        numbers = make_pipeline(SimpleImputer(keep_empty_features=True), StandardScaler())
        words = OneHotEncoder(handle_unknown="ignore", min_frequency=2)
        scale = ColumnTransformer(
            [("numbers", numbers, numeric), ("words", words, ~numeric)], sparse_threshold=0
        )
    return make_pipeline(scale, LogisticRegression(max_iter=2000))


class _Progress:
    """A scorer that says on the terminal how many fits are done."""

    def __init__(self, scorer: Callable[..., Any], what: str, total: int) -> None:
        self.scorer, self.what, self.total, self.done = scorer, what, total, 0

    def __call__(self, estimator: Any, X: Any, y: Any) -> Any:
        self.done += 1
        end = "\n" if self.done == self.total else ""
        # A terminal sees the count move; a log file gets one line.
        if sys.stderr.isatty() or end:
            start = "\r" if sys.stderr.isatty() else ""
            print(f"{start}{self.what}: {self.done} of {self.total} fits", end=end, file=sys.stderr)
            sys.stderr.flush()
        return self.scorer(estimator, X, y)


def _check_page(path: str) -> None:
    """Before the work begins: whether there is a place for the page."""
    if Path(path).is_dir() or not Path(path).absolute().parent.is_dir():
        msg = f"--html: {path!r} is not a file in a folder that exists"
        raise _UserError(msg)


def _write_page(report: LogLossReport, path: str, title: str) -> None:
    try:
        report.write_html(path, title=title)
    except OSError as error:
        msg = f"--html: cannot write {path!r}: {error.strerror}"
        raise _UserError(msg) from error
    print(f"wrote {path}", file=sys.stderr)


def _run(name: str, X: Any, y: NDArray[Any], numeric: NDArray[np.bool_] | None) -> LogLossReport:
    """Tune a classifier and print what it costs."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_validate

    labels = np.unique(y)
    if numeric is not None:
        print(f"columns: {numeric.sum()} numbers, {(~numeric).sum()} text", file=sys.stderr)
    print(f"{name}: {len(y)} rows, {X.shape[1]} features, {len(labels)} classes", file=sys.stderr)
    grid = {"logisticregression__C": list(_C)}
    tuning = _Progress(neg_log_loss_bits_scorer, "tuning", len(_C) * _N_SPLITS)
    folds = StratifiedKFold(_N_SPLITS, shuffle=True, random_state=0)
    per_class = make_per_class_scorer(labels, base=2)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        # A class with fewer rows than folds is what the scorers are made for.
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        warnings.filterwarnings("ignore", category=ConvergenceWarning)
        search = GridSearchCV(
            _classifier(numeric), grid, scoring=tuning, cv=folds, refit=False, error_score="raise"
        )
        search.fit(X, y)
        winner = _classifier(numeric).set_params(**search.best_params_)
        # Other folds than those that chose the winner.
        results = cross_validate(
            winner,
            X,
            y,
            scoring=_Progress(per_class, "cross-validating", _N_SPLITS),
            cv=StratifiedKFold(_N_SPLITS, shuffle=True, random_state=1),
            return_estimator=True,
            return_indices=True,
            error_score="raise",
        )
        report = LogLossReport.from_cv_results(results, X, y, base=2)
    prior = label_entropy(y, base=2)
    scores = results["test_neg_log_loss"]
    worst = int(np.nanargmax(report.per_class["log_loss"]))
    print(
        f"Logistic regression, C = {search.best_params_['logisticregression__C']:g}\n"
        f"Tuned log loss {-search.best_score_:.4f} bits; the prior's {prior:.4f} bits\n"
        f"Cross-validated {-scores.mean():.4f} bits, from {-scores.max():.4f} to "
        f"{-scores.min():.4f} in {len(scores)} folds\n"
        f"Highest loss per row: class {labels[worst]}\n\n"
        f"Out-of-fold predictions of all rows:\n{report}"
    )
    return report


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    parser = _Parser(prog="python -m skxent", description=__doc__)
    parser.add_argument("--data", choices=_BUNDLED, help="one of scikit-learn's data sets (digits)")
    parser.add_argument("--csv", metavar="FILE", help="your own data: text with a header line")
    parser.add_argument("--target", metavar="COLUMN", help="the column of --csv with the classes")
    parser.add_argument("--html", metavar="PATH", help="write the report as a page as well")
    options = parser.parse_args(arguments)
    if options.csv and options.data:
        parser.error("--csv and --data cannot be used together")
    if bool(options.csv) != bool(options.target):
        parser.error("--csv and --target are used together")
    try:
        if options.html is not None:
            _check_page(options.html)
        numeric = None
        if options.csv:
            name = options.csv
            X, y, numeric = _from_csv(options.csv, options.target)
            _check_classes(y, f"--target: column {options.target!r}")
        else:
            name = options.data or "digits"
            X, y = _bundled(name)
        try:
            report = _run(name, X, y, numeric)
        except ValueError as error:
            msg = f"cannot fit a classifier to {name}: {error}"
            raise _UserError(msg) from error
        if options.html is not None:
            _write_page(report, options.html, f"Log loss of a classifier of {name}")
    except _UserError as error:
        # Names from a file may hold line breaks.
        print(f"skxent: {' '.join(str(error).splitlines())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nskxent: stopped", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
