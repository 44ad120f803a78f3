"""What the score of a single class is called."""

from __future__ import annotations

import re
import string
from typing import Any

from numpy.typing import NDArray

__all__ = ["KEY_FORMAT", "OVERALL", "keys_of"]

KEY_FORMAT = "{name}[{label}]"
# The keys of scores of all classes together.
OVERALL = ("neg_log_loss", "neg_macro_log_loss", "neg_worst_class_log_loss")


def keys_of(labels: NDArray[Any], key_format: str) -> tuple[str, ...]:
    """The key of each label's score, all of them different."""
    owners: dict[str, Any] = dict.fromkeys(OVERALL)
    for i, label in enumerate(labels.tolist()):
        key = _key(label, i, key_format)
        if key in owners:
            whose = "the score of all classes" if key in OVERALL else repr(owners[key])
            msg = (
                f"key_format={key_format!r} gives {label!r} and {whose} the same key, {key!r}; "
                f"write {{index}} into it, which is another number for each label."
            )
            raise ValueError(msg)
        owners[key] = label
    return tuple(owners)[len(OVERALL) :]


def _key(label: Any, index: int, key_format: str) -> str:
    fields = {
        "name": OVERALL[0],
        "label": label,
        "safe_label": re.sub(r"[^\w.-]", "_", str(label)),
        "index": index,
    }
    try:
        found = [field for _, field, _, _ in string.Formatter().parse(key_format)]
        unknown = [field for field in found if field is not None and field not in fields]
        if not unknown:
            return key_format.format(**fields)
        reason = f"there is no field {unknown[0]!r}"
    except (TypeError, ValueError, IndexError) as error:
        reason = str(error)
    msg = (
        f"key_format must be a format string of the fields {', '.join(fields)}, such as "
        f"'{{name}}_{{safe_label}}'; got {key_format!r}: {reason}."
    )
    raise ValueError(msg)
