"""Draw which function to call: ``python docs/decide.py``."""

from __future__ import annotations

import drawing

# What stands beside the probabilities, and the questions that are asked of it: what to call,
# and what of it is shown where that is more than the name.
LABELS = [
    ("one number", ["log_loss"]),
    ("beside the prior, 1 is perfect", ["log_loss_skill_score"]),
    ("one number a class", ["log_loss(average=None)"]),
    ("why: which classes, what helps", ["log_loss_report"]),
    ("which of two models", ["compare_log_loss"]),
    ("in cross-validation and search", ["make_scorer", "make_per_class_scorer"]),
    ("more rows than fit in memory", ["LogLossAccumulator"]),
]
DISTRIBUTIONS = [
    ("the whole cost", ["cross_entropy"]),
    ("only what could be avoided", ["kl_divergence"]),
    ("symmetric, always finite", ["js_divergence"]),
    ("as a number of choices", ["perplexity"]),
]
ALONE = [
    ("how unsure the predictions are", ["entropy"]),
    ("how hard labels are to guess", ["label_entropy"]),
]
LEFT, RIGHT, COLUMN = 8, 228, 204


def _link(x: float, y: float, call: str) -> str:
    page = f"reference/generated/skxent.{call.partition('(')[0]}.html"
    return f'<a href="{page}">{drawing.text(x, y, call, kind="name")}</a>'


def column(
    x: float, y: float, head: str, groups: list[tuple[str, list[str]]]
) -> tuple[list[str], float]:
    """A head with its questions below it, and where they end."""
    parts = [drawing.box(x, y, COLUMN, 28)]
    parts.append(drawing.text(x + COLUMN / 2, y + 19, head, kind="head", middle=True))
    start = y + 28
    y = start + 12
    for question, calls in groups:
        height = 26 + 18 * len(calls)
        parts.append(drawing.path(f"M{x + 5} {start}V{y + height / 2}H{x + 14}"))
        parts.append(drawing.box(x + 14, y, COLUMN - 14, height))
        parts.append(drawing.text(x + 22, y + 18, question))
        parts += [_link(x + 22, y + 37 + 18 * i, call) for i, call in enumerate(calls)]
        y += height + 8
    return parts, y


def write() -> None:
    """Write the picture."""
    labels, left_end = column(LEFT, 60, "class labels", LABELS)
    soft, soft_end = column(RIGHT, 60, "distributions, soft labels", DISTRIBUTIONS)
    alone, right_end = column(RIGHT, soft_end + 22, "one of them alone", ALONE)
    middle = (LEFT + COLUMN + RIGHT) / 2
    heads = [LEFT + COLUMN / 2, RIGHT + COLUMN / 2]
    lines = [drawing.path(f"M{middle} 36V48H{x}V60") for x in heads]
    lines.append(drawing.path(f"M{middle} 48V{soft_end + 8}H{heads[1]}V{soft_end + 22}"))
    asked = "What stands beside the probabilities?"
    root = [
        drawing.box(middle - 140, 6, 280, 30),
        drawing.text(middle, 26, asked, kind="head", middle=True),
    ]
    title = "Which function to call: first by what stands beside the probabilities"
    height = max(left_end, right_end)
    drawing.write("decide", title, height, [*lines, *root, *labels, *soft, *alone])


if __name__ == "__main__":
    write()
