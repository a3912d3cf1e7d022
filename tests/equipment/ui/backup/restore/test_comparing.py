"""Comparisons that are thrown away, because the list has changed: they alone, answers and failures alike."""

from __future__ import annotations

from typing import Any

import pytest
import streamlit as st

from equipment.ui.backup import background
from equipment.ui.backup.restore import comparing


def test_comparisons_are_forgotten_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    compared, read = (comparing.VERB, "", "a"), ("preview", "", "a")
    state: dict[str, Any] = {place: {compared: 1, read: 2} for place in (background.ANSWERS, background.FAILURES)}
    monkeypatch.setattr(st, "session_state", state)

    comparing.forget()

    assert state == {background.ANSWERS: {read: 2}, background.FAILURES: {read: 2}}
