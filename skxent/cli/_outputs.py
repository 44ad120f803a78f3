"""What is written where: text, JSON or Markdown on stdout or in files, a page, and saved sums."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from skxent.cli._errors import UsageError
from skxent.cli._gates import Gate
from skxent.cli._paths import files_of

if TYPE_CHECKING:
    from skxent.change import LogLossChange
    from skxent.comparison import LogLossComparison, LogLossComparisonAccumulator
    from skxent.report import LogLossAccumulator, LogLossReport
    from skxent.slices import GroupedLogLossAccumulator, LogLossSlices

__all__ = ["add_outputs", "check_outputs", "deliver"]

_STDOUT = "-"
_FILES = ("json", "md", "html", "save")
# Names of files that hold predictions: the place of an option's value is easily mistaken.
_DATA = (".parquet", ".pq", ".csv", ".tsv", ".arrow", ".feather", ".gz")


def add_outputs(parser: argparse.ArgumentParser, *, save: bool = True) -> None:
    """Where to write results; without any of these, text on stdout."""
    group = parser.add_argument_group("results", "without any of these: text on stdout")
    for name, what in (("json", "JSON"), ("md", "Markdown")):
        group.add_argument(
            f"--{name}", nargs="?", const=_STDOUT, metavar="F", help=f"{what}, on stdout or in F"
        )
    group.add_argument("--html", metavar="F", help="a page, beside the rest")
    if save:
        group.add_argument(
            "--save", metavar="F", help="what was counted, to be added to others, beside the rest"
        )


def check_outputs(options: argparse.Namespace, inputs: Sequence[str]) -> None:
    """Before the work begins: whether there is a place for each file, which is no input."""
    read = {os.path.realpath(path) for path in files_of(inputs) if path != _STDOUT}
    written: list[str] = []
    for name in _FILES:
        path = getattr(options, name, None)
        if path == _STDOUT and name in ("html", "save"):
            msg = f"--{name}: '-' is standard output, which has the results; name a file"
            raise UsageError(msg)
        if path is None or path == _STDOUT:
            continue
        target = Path(path)
        if target.is_dir() or not target.absolute().parent.is_dir():
            msg = f"--{name}: {path!r} is not a file in a folder that exists"
            raise UsageError(msg)
        if _is_read(os.path.realpath(path), read) or (
            name != "save" and path.lower().endswith(_DATA)
        ):
            msg = (
                f"--{name}: {path!r} would be written over; put files that are read first, or "
                f"write --{name}=FILE"
            )
            raise UsageError(msg)
        if os.path.realpath(path) in written:
            msg = f"--{name}: {path!r} is written by another option as well"
            raise UsageError(msg)
        written.append(os.path.realpath(path))
    if options.json == _STDOUT and options.md == _STDOUT:
        msg = "--json and --md cannot both be on stdout; give one of them a file"
        raise UsageError(msg)


def _is_read(place: str, read: set[str]) -> bool:
    """Whether this is an input, or would be one among the data of a folder."""
    if place in read:
        return True
    return place.lower().endswith(_DATA) and any(str(p) in read for p in Path(place).parents)


def deliver(
    result: LogLossReport | LogLossComparison | LogLossSlices | LogLossChange,
    options: argparse.Namespace,
    gates: Sequence[Gate],
    *,
    title: str,
    counted: LogLossAccumulator
    | LogLossComparisonAccumulator
    | GroupedLogLossAccumulator
    | None = None,
    before: str = "",
) -> None:
    """
    Write all that was asked for, and the summary of a step of GitHub Actions.

    `before` stands before the text on stdout.
    """
    from skxent._render._files import write_text
    from skxent.cli._markdown import markdown
    from skxent.cli._paste import page_of, text_of

    texts = {"json": lambda: result.to_json(indent=2), "md": lambda: markdown(result, gates, title)}
    asked = {name: getattr(options, name) for name in texts}
    for name, text in texts.items():
        if asked[name] not in (None, _STDOUT):
            _write(name, asked[name], lambda path, text=text: write_text(path, text() + "\n"))
    if options.html is not None:
        place = None if asked["json"] == _STDOUT else asked["json"]
        page = page_of(result.to_html(title=title), result, place)
        _write("html", options.html, lambda path: write_text(path, page))
    if counted is not None and getattr(options, "save", None) is not None:
        _write("save", options.save, counted.save)
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        # A place that is not there is no reason to keep results back.
        with suppress(OSError), open(summary, "a", encoding="utf-8") as file:
            file.write(markdown(result, gates, title) + "\n")
    on_stdout = next((name for name, path in asked.items() if path == _STDOUT), None)
    if on_stdout is not None:
        _print(texts[on_stdout]())
    elif not any(asked.values()):
        _print(f"{before}{text_of(result)}")


def _print(text: str) -> None:
    """Print to a reader who may have seen enough: that changes no exit code."""
    try:
        try:
            print(text, flush=True)
        except UnicodeEncodeError:  # a locale that lacks a letter is no reason to lose results
            sys.stdout.buffer.write(f"{text}\n".encode(errors="surrogateescape"))
            sys.stdout.buffer.flush()
    except OSError as error:
        # Else Python would say so when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            msg = f"cannot write to standard output: {error.strerror}"
            raise UsageError(msg) from error


def _write(name: str, path: str, write: object) -> None:
    try:
        write(path)  # type: ignore[operator]
    except OSError as error:
        msg = f"--{name}: cannot write {path!r}: {error.strerror}"
        raise UsageError(msg) from error
    print(f"wrote {path}", file=sys.stderr)
