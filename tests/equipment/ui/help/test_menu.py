"""What the menu tells of an installation, and to whom."""

from __future__ import annotations

from typing import Any

import pytest
import streamlit as st
from pymongo.database import Database
from streamlit.testing.v1 import AppTest

from equipment.settings import Settings
from equipment.store.access import Account, Who
from equipment.ui.context import App
from equipment.ui.help import menu


@pytest.mark.parametrize(("role", "told"), [("admin", True), ("manager", False), ("user", False)])
def test_only_administrators_are_told_the_options(database: Database[dict[str, Any]], role: Any, told: bool) -> None:
    settings = Settings.model_validate({"backup_interval_hours": 3})
    app = App(settings, database, Who("s", "Ada", "192.0.2.1"), Account("ada", "Ada", role))

    text = menu.told(app)

    assert f"Role: {role}" in text and "MongoDB " in text
    assert ("BACKUP_INTERVAL_HOURS: 3.0" in text) is told
    assert "Ada" not in text and database.name not in text


def _menu(database, picked):  # without types: it runs as a script of its own
    import streamlit as st

    from equipment.settings import Settings
    from equipment.store.access import Account, Who
    from equipment.ui.context import App
    from equipment.ui.help import menu

    st.menu_button = lambda label, options, **_: picked if picked in options else None
    menu.draw(App(Settings(), database, Who("s", "Ada"), Account("ada", "Ada", "user")))


@pytest.mark.parametrize(("picked", "closed_by"), [
    (None, []), (menu.KEYS, ["shortcuts_cancel"]), (menu.DOCUMENTS, ["documents_cancel"]),
    (menu.ABOUT, ["about_cancel"])])
def test_each_entry_opens_its_window(
    database: Database[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, picked: str | None, closed_by: list[str]
) -> None:
    monkeypatch.setattr(st, "menu_button", st.menu_button)  # put back afterwards

    test = AppTest.from_function(_menu, args=(database, picked), default_timeout=60).run()

    assert not test.exception
    assert [button.key for button in test.button] == closed_by
