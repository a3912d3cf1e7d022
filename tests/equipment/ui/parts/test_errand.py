"""The errand of the browser: one ticket to one route."""

from __future__ import annotations

from typing import Any

import pytest

from equipment.ui.parts import errand


def test_the_browser_gets_the_route_and_the_ticket(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = list[dict[str, Any]]()
    monkeypatch.setattr(errand, "_component", lambda: lambda **given: drawn.append(given))

    errand.send("errand_1", "/equipment/sign-in", "ticket")

    assert drawn == [{"key": "errand_1", "data": {"path": "/equipment/sign-in", "ticket": "ticket"}}]
