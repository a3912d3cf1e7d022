"""Saved views: kept, opened and deleted, and shared by whoever may."""

from __future__ import annotations

from typing import Any

import pytest
from pymongo.database import Database
from streamlit.testing.v1 import AppTest

from equipment.domain.query import Query
from equipment.domain.roles import Role
from equipment.store.access import Who
from equipment.store.list import views
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]


def _script(database, who):  # without types: it runs as a script of its own
    import streamlit as st

    from equipment.settings import Settings
    from equipment.store.access import identify
    from equipment.ui.context import App
    from equipment.ui.records import state
    from equipment.ui.records.list import views

    st.session_state.setdefault("records_views", True)  # open
    now = state.current()
    st.caption(f"Looks for: {now.query.text}")
    views.popover(App(Settings(), database, who, identify(database, who)), now)


def opened(database: Db, who: Who, search: str = "") -> AppTest:
    test = AppTest.from_function(_script, args=(database, who), default_timeout=60)
    if search:
        test.query_params["q"] = search
    return test.run()


def press(test: AppTest, start: str) -> AppTest:
    """Press the button whose label, or key, begins so."""
    return next(each for each in test.button if each.label.startswith(start) or (each.key or "").startswith(start)
                ).click().run()


@pytest.mark.parametrize(("role", "shares"), [("manager", True), ("user", False)])
def test_what_is_shown_is_saved_and_shared_by_who_may(database: Db, role: Role, shares: bool) -> None:
    who = signed_in(database, role, "ada")
    test = opened(database, who, "laser")
    assert "No saved views yet" in "\n".join(str(each.value) for each in test.caption)
    assert [box.label for box in test.checkbox] == ["For everybody"] * shares

    for box in test.checkbox:
        box.check()
    test.text_input[0].input("Lasers")
    press(test, "Save view")

    [view] = views.of(database, who)
    assert (view.name, view.query.text, view.shared) == ("Lasers", "laser", shares)
    assert len(views.of(database, signed_in(database, "user", "bob"))) == shares


def test_a_view_is_opened_and_deleted(database: Db) -> None:
    who = signed_in(database, "user", "ada")
    views.save(database, who, "Lasers", Query(text="laser"), shared=False)

    test = press(opened(database, who), "Lasers")
    assert "Looks for: laser" in [each.value for each in test.caption]

    asked = press(test, "view_delete_")
    assert "Delete the view **Lasers**?" in [each.value for each in asked.markdown]
    asked = press(press(asked, "Cancel"), "view_delete_")
    assert [view.name for view in views.of(database, who)] == ["Lasers"]

    press(asked, "Delete it")
    assert views.of(database, who) == []
