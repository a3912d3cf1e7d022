"""Sections of the Backup & Restore screen, drawn alone for whoever the session says."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from equipment.glance import Glance

TIMEOUT = 60


def section() -> None:
    """Draw the sections that the session names."""
    import importlib

    import streamlit as st

    from backup_engine.errors import AdminOnly
    from equipment.backups import Caller, _built
    from equipment.store.access import SYSTEM

    def check(action: str) -> None:
        if st.session_state.role != "admin" and action != "backup.see":
            raise AdminOnly(action)

    for name in st.session_state.sections.split():
        shown = importlib.import_module(f"equipment.ui.backup.{name}")
        who, own_app = st.session_state.get("who", SYSTEM), st.session_state.get("own_app", False)
        shown.show(next(iter(_built.values())), Caller(st.session_state.get("name", "ada"), check, who, own_app))


def opened(sections: str, **state: Any) -> AppTest:
    """Open the page with these sections."""
    test = AppTest.from_function(section, default_timeout=TIMEOUT)
    for name, value in {"role": "admin", "sections": sections, **state}.items():
        test.session_state[name] = value
    test.run()
    assert not test.exception
    return test


def wait_for_looks(monkeypatch: pytest.MonkeyPatch, module: ModuleType, answer: type) -> None:
    """Let every page look anew and wait for it, which on a busy machine takes longer than it may."""
    monkeypatch.setattr("equipment.glance.SHARE", 0)
    monkeypatch.setattr(module, "Glance", lambda: Glance[answer](every=0, wait=30))  # type: ignore[valid-type]


def press(test: AppTest, label: str) -> AppTest:
    """Press the button of that label."""
    found = [button for button in test.button if button.label == label]
    if len(found) != 1:
        pytest.fail(f"{len(found)} buttons are called {label}")
    found[0].click().run()
    assert not test.exception
    return test


def said(test: AppTest) -> str:
    """Everything the page says in sentences."""
    kinds = (test.markdown, test.caption, test.warning, test.error, test.info, test.success)
    return "\n".join(each.value.replace("\\", "") for kind in kinds for each in kind)
