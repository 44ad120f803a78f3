"""What a result has without writing it: the ways to show it, all from the same hooks."""

import copy
import dataclasses
import json
import math
import pickle

import numpy as np
import pytest

from skxent._render._result import Result


@dataclasses.dataclass(frozen=True, repr=False, eq=False)
class Halves(Result):
    """A result as small as one can be."""

    names: tuple
    values: np.ndarray
    _hidden: dict

    def to_text(self, width=80):
        return "\n".join(self.names)[:width]

    def _summary(self):
        return f"{len(self.names)} halves"

    def _columns(self):
        return {"name": self.names, "count": [1, None], "value": self.values}

    def _page(self, title, *, on_page):
        return f"<p>{title} {on_page}</p>"


def halves():
    return Halves(("one", "other\ud800"), np.array([0.1, math.nan]), {"n": np.int64(2)})


def test_text_and_the_line_that_says_what_to_call():
    made = halves()
    assert str(made) == made.to_text() == "one\nother\ud800"
    assert repr(made) == "<Halves: 2 halves; print() it or call write_html(path)>"


def test_plain_values_are_the_fields_without_what_hides_them():
    found = halves().to_dict()
    assert list(found) == ["names", "values", "hidden"]
    assert found["names"] == ["one", "other\ud800"]
    assert found["values"][0] == 0.1
    assert type(found["values"]) is list
    assert type(found["hidden"]["n"]) is int
    read = json.loads(halves().to_json(), parse_constant=pytest.fail)
    head = {"skxent": "Halves", "version": 1}
    assert read == head | found | {"values": [0.1, None]}
    assert list(read) == [*head, *found]
    assert halves().to_json(indent=1).startswith('{\n "skxent"')


@pytest.mark.parametrize("backend", ["pandas", "polars", "pyarrow"])
def test_a_frame_keeps_types_beside_what_is_missing(backend):
    pytest.importorskip(backend)
    frame = halves().to_frame(backend)
    rows = frame.to_pylist() if backend == "pyarrow" else None
    rows = rows or (frame.to_dict("records") if backend == "pandas" else frame.to_dicts())
    assert [list(row) for row in rows] == [["name", "count", "value"]] * 2
    assert [row["name"] for row in rows] == ["one", "other\\ud800"]
    assert [row["count"] for row in rows] == [1, None]
    assert type(rows[0]["count"]) is int
    assert rows[0]["value"] == 0.1
    assert math.isnan(rows[1]["value"])


def test_pages_have_a_title_of_the_user_or_of_their_own(tmp_path):
    made = halves()
    assert made.to_html(title="mine") == "<p>mine True</p>"
    assert made.to_html() == "<p>None True</p>"
    assert made._repr_html_() == "<p>None False</p>"
    made.write_html(tmp_path / "page.html", title="mine")
    assert (tmp_path / "page.html").read_text("utf-8") == "<p>mine True</p>"


@pytest.mark.parametrize(
    "copied", [lambda r: r, copy.deepcopy, lambda r: pickle.loads(pickle.dumps(r))]
)
def test_a_result_and_its_copies_are_read_only(copied):
    made = copied(halves())
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.names = ()
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.new = 1
    with pytest.raises(ValueError, match="read-only"):
        made.values[0] = 1.0


def test_a_result_that_lacks_a_hook_cannot_be_made():
    class Half(Result):
        def to_text(self):
            return ""

    with pytest.raises(TypeError, match="_columns"):
        Half()
