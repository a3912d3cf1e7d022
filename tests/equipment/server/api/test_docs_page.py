"""The page of the API: everything there is, nothing from elsewhere."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from equipment.server.api import docs_page
from equipment.server.api.table import operations


class Read(HTMLParser):
    """What a browser would load, and where links lead."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.links: list[str] = []
        self.places: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self.loaded += [str(told[name]) for name in ("src", "data", "action") if name in told]
        self.loaded += [tag] if tag in ("script", "link", "iframe", "object", "img") else []
        self.links += [str(told["href"])] if "href" in told else []
        self.places |= {str(told["id"])} if "id" in told else set()


def test_it_shows_every_operation_and_loads_nothing() -> None:
    text = docs_page.page("/lab/api/v1")
    read = Read()
    read.feed(text)

    assert all(operation.summary in text for operation in operations())
    assert read.loaded == [] and not re.search(r"https?:|@import|url\(| on\w+=", text)
    assert "openapi.json" in read.links
    assert {link.removeprefix("#") for link in read.links if link.startswith("#")} <= read.places


def test_what_is_in_the_path_is_text() -> None:
    assert "<script>" not in docs_page.page("/<script>")
