"""The browser's question before a page is left: there while it is drawn, under one key."""

from __future__ import annotations

from typing import Any

import pytest

from equipment.ui.parts import leave_question


def test_it_is_drawn_under_one_key(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = list[dict[str, Any]]()
    monkeypatch.setattr(leave_question, "_component", lambda: lambda **given: drawn.append(given))

    leave_question.ask()

    assert drawn == [{"key": "leave_question"}]
