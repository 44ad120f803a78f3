"""
Check a built site: ``python docs/check_site.py docs/_build``.

Every link inside of it must lead to a page and a place that are there, and its search must find
the page of questions by the words of every question.
"""

from __future__ import annotations

import json
import re
import sys
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

# As readers put them, in words of their own; the headings of the page are tried as well.
ASKED = [
    "labels 4 and 7 instead of 0 and 1",
    "log of zero: which constant",
    "what is 0.2285 of a bit",
    "is a loss of 0.5 bad when label smoothing of 0.2 is on",
    "is conditional entropy a cross-entropy",
    "mean squared error as the cross-entropy of a Gaussian",
    "cross-entropy of two token sequences through their n-grams",
    "ngrams of two texts",
    "why is minimising KL the same as minimising cross-entropy",
]


class _Page(HTMLParser):
    """Links of a page, places that a link may lead to, and its headings."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.places: set[str] = set()
        self.headings: list[str] = []
        self._inside = False
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.places |= {values[name] for name in ("id", "name") if name in values}
        self.links += [values[name] for name in ("href", "src") if values.get(name)]
        if tag == "h2":
            self._inside = True
            self.headings.append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "h2"

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.headings[-1] += data


@cache
def _page(file: Path) -> _Page:
    return _Page(file)


def broken_links(site: Path) -> list[str]:
    """What leads nowhere, with the page that it is on."""
    found = []
    for file in sorted(site.rglob("*.html")):
        if "_static" in file.parts:
            continue
        for link in _page(file).links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
            place = unquote(parts.fragment)
            there = target.exists()
            if there and place and target.suffix == ".html" and not place.startswith("/"):
                there = place in _page(target).places
            if not there:
                found.append(f"{file.relative_to(site)}: {link}")
    return found


def pages_found(index: dict[str, dict[str, list[int] | int]], question: str) -> set[str]:
    """Pages that hold every word of a question, as the search in the browser finds them."""
    from sphinx.search.en import SearchEnglish

    english = SearchEnglish({})
    found = None
    for word in re.findall(r"\w+", question.lower()):
        if word in english.stopwords or word.isdigit() or len(word) < 3:
            continue
        stem = english.stem(word)
        of_word: set[int] = set()
        for terms in (index["terms"], index["titleterms"]):
            exact = [terms[stem]] if stem in terms else []
            for pages in exact or [terms[term] for term in terms if stem in term]:
                of_word |= {pages} if isinstance(pages, int) else set(pages)
        found = of_word if found is None else found & of_word
    return {index["docnames"][page] for page in found or ()}


def lost_questions(site: Path) -> list[str]:
    """Questions that the search does not answer."""
    text = (site / "searchindex.js").read_text(encoding="utf-8")
    index = json.loads(text[text.index("{") : text.rindex("}") + 1])
    headings = [heading.removesuffix("#") for heading in _page(site / "questions.html").headings]
    return [q for q in ASKED + headings if "questions" not in pages_found(index, q)]


def main() -> int:
    """Print what is wrong."""
    site = Path(sys.argv[1]).resolve()
    links, questions = broken_links(site), lost_questions(site)
    for link in links:
        print(f"leads nowhere: {link}")
    for question in questions:
        print(f"not found by the search: {question}")
    return 1 if links or questions else 0


if __name__ == "__main__":
    sys.exit(main())
