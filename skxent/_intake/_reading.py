"""How a stream is to be read, and where in it a rule is broken."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skxent._intake._arguments import check_choice
from skxent._intake._arrow import Chunk, Rows, rows_of
from skxent._intake._batches import ones_for_zeros
from skxent._intake._beside import beyond
from skxent._intake._columns import BadDataError, Columns, Layout
from skxent._intake._rows import Labelled, check_labelled

__all__ = ["NULLS", "Reading", "locating"]

NULLS = ("error", "drop")


@dataclass(frozen=True, slots=True)
class Reading:
    """How a stream is read, and into classes of what labels."""

    columns: Columns
    labels: NDArray[Any]
    pos_label: Any
    from_logits: bool
    renormalize: bool
    nulls: str

    def __post_init__(self) -> None:
        check_choice(self.nulls, "nulls", NULLS)

    def of_one_class(self, layout: Layout, where: str) -> int | None:
        """Which class a single column is the probability of; None where there is a column each."""
        if layout.kind != "positive":
            return None
        if len(self.labels) != 2:
            msg = (
                f"{where}: column {layout.proba[0]!r} is the probability of one of two classes; "
                f"there are {len(self.labels)} labels."
            )
            raise BadDataError(msg)
        return 1 if self.pos_label is None else self.labels.tolist().index(self.pos_label)

    def rows(self, chunk: Chunk, layout: Layout) -> Rows:
        """What a chunk holds; an error says where it is from."""
        with locating(chunk, layout):
            return rows_of(
                chunk,
                layout,
                self.labels,
                drop=self.nulls == "drop",
                from_logits=self.from_logits,
                renormalize=self.renormalize,
            )

    def checked(self, rows: Rows, layout: Layout, where: str) -> Labelled:
        """Rows as the metrics take them, with codes as labels; of weights of 0 as of ones."""
        ones = ones_for_zeros(rows.weight)
        return check_labelled(
            rows.codes,
            rows.proba,
            labels=np.arange(len(self.labels)),
            pos_label=self.of_one_class(layout, where),
            sample_weight=rows.weight if ones is None else ones,
            from_logits=self.from_logits,
            renormalize=self.renormalize,
        )


@contextmanager
def locating(chunk: Chunk, layout: Layout) -> Iterator[None]:
    """Say in an error where the rows are from."""
    try:
        yield
    except BadDataError:
        raise
    except (TypeError, ValueError) as error:
        raise BadDataError(_located(str(error), chunk, layout)) from error


def _located(message: str, chunk: Chunk, layout: Layout) -> str:
    """An error about the rows of a chunk as one about those of its file."""

    def row(found: re.Match[str]) -> str:
        return f"row {chunk.start + int(found[1])}"

    def column(found: re.Match[str]) -> str:
        return f"column {layout.proba[int(found[1])]!r}"

    # The rules number what they are given, which is the chunk.
    off = re.search(r"\brow (\d+) sums to", message)
    if off and layout.kind == "columns" and (other := beyond(chunk.batch, layout, int(off[1]))):
        message = message.replace(" To divide each row by its sum pass renormalize=True.", "")
        message += (
            f" Without column {other!r} this row sums to 1, and none here has its label: if it is "
            f"no class, name the columns of the classes in proba."
        )
    message = re.sub(r"\brow (\d+)\b", row, message)
    if layout.kind == "columns":
        message = re.sub(r"\bcolumn (\d+)\b", column, message)
        named = layout.columns.proba
        said = f"columns {named!r}" if isinstance(named, str) else "the columns of proba"
        message = message.replace("y_proba", said, 1)
    else:
        message = message.replace("y_proba", f"column {layout.proba[0]!r}", 1)
    if layout.columns.weight is not None:
        message = message.replace("sample_weight", f"column {layout.columns.weight!r}", 1)
    return f"{chunk.where}: {message}"
