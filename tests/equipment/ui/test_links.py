"""Links on the page, and the address for labels."""

from __future__ import annotations

from urllib.parse import urljoin

import pytest

from equipment.settings import Settings
from equipment.ui import links


@pytest.mark.parametrize("page", ["https://example.org/", "https://example.org/lab/", "http://h:8501/a/b/?id=7#x"])
def test_a_link_leads_below_the_page_wherever_that_is(page: str) -> None:
    folder = page.partition("?")[0]

    assert urljoin(page, links.to("/list.csv?key=a:b")) == f"{folder}list.csv?key=a:b"


@pytest.mark.parametrize(("url", "address"), [
    ("", "http://127.0.0.1:8501"), ("https://example.org/lab/", "https://example.org/lab"),
])
def test_labels_bear_the_public_address(url: str, address: str) -> None:
    assert links.app_address(Settings(public_url=url)) == address
