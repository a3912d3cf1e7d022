"""The button that copies: what it is given is all that the browser gets."""

from __future__ import annotations

from typing import Any

import pytest

from equipment.ui.parts import copy_button


def test_the_browser_gets_the_label_and_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = list[dict[str, Any]]()
    monkeypatch.setattr(copy_button, "_component", lambda: lambda **given: drawn.append(given))

    copy_button.draw("Copy the code", "one-time <code>", "copy_code")

    assert drawn == [{"key": "copy_code", "data": {"label": "Copy the code", "text": "one-time <code>"}}]
