"""Browsers by their headers."""

from __future__ import annotations

import pytest

from equipment.domain.agents import browser_of

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"


@pytest.mark.parametrize(("agent", "name"), [
    (CHROME, "Chrome on Linux"), (CHROME + " Edg/140.0", "Edge on Linux"),
    ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Windows"),
    ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1",
     "Safari on iPhone"),
    ("curl/8.0", ""), ("", ""), ("<script>", ""),
])
def test_names(agent: str, name: str) -> None:
    assert browser_of(agent) == name
