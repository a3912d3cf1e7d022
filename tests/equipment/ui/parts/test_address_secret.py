"""The secret behind the # of an address: asked of the browser under one key, kept before the page is drawn anew."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import streamlit as st

from equipment.ui.parts import address_secret


@pytest.mark.parametrize(("told", "kept"), [
    ({"secret": "abc"}, "abc"), ({"secret": ""}, ""), ({"secret": 7}, ""), ({}, ""),
])
def test_what_the_browser_hands_over_is_kept(monkeypatch: pytest.MonkeyPatch, told: dict[str, Any], kept: str) -> None:
    drawn, found = list[dict[str, Any]](), list[object]()
    monkeypatch.setattr(address_secret, "_component", lambda: lambda **given: drawn.append(given))
    monkeypatch.setattr(st, "session_state", {"address_secret": told})

    address_secret.read("link", "new-password=", found.append)

    (given,) = drawn
    came: Callable[[], None] = given.pop("on_secret_change")
    assert given == {"key": "address_secret", "data": {"parameter": "link", "before": "new-password="}}
    assert found == [], "only the browser knows"
    came()
    assert found == [kept]
