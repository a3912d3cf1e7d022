"""The button to the identity provider, and the way out of it."""

from __future__ import annotations

from typing import Any

import pytest
import streamlit as st
from pymongo.database import Database
from streamlit.testing.v1 import AppTest

from equipment.store.access import identify
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]
AT_ALL, AGAIN = "Sign in with your organisation", "Sign in with your organisation again"


def _offer(oidc):  # without types: it runs as a script of its own
    from types import SimpleNamespace

    import streamlit as st

    from equipment.ui.entrance import provider

    settings = SimpleNamespace(oidc=oidc, oidc_provider="lab")
    provider.offer(settings)
    provider.again(settings, lambda: st.success("kept what was filled in"))


def _leave(database, who):  # without types: it runs as a script of its own
    from equipment.ui.entrance import provider

    provider.leave(database, who)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Where the browser is sent."""
    places = list[str]()
    monkeypatch.setattr(st, "login", lambda provider: places.append(f"to {provider}"))
    monkeypatch.setattr(st, "logout", lambda: places.append("out"))
    return places


def button(test: AppTest, label: str) -> Any:
    return next(each for each in test.button if each.label == label)


def test_without_a_provider_nothing_is_offered(sent: list[str]) -> None:
    assert [each.label for each in AppTest.from_function(_offer, args=(False,)).run().button] == [AGAIN]


def test_the_button_leads_to_the_provider_and_forgets_the_last_refusal(sent: list[str]) -> None:
    test = AppTest.from_function(_offer, args=(True,))
    test.session_state["_equipment_provider_refused"] = "No account of *ada* here."
    test.run()
    assert [error.value for error in test.error] == [r"No account of \*ada\* here."]

    button(test, AT_ALL).click().run()

    assert sent == ["to lab"]
    assert "_equipment_provider_refused" not in test.session_state


def test_the_way_there_once_more_keeps_what_was_filled_in_first(sent: list[str]) -> None:
    test = AppTest.from_function(_offer, args=(True,)).run()

    test = button(test, AGAIN).click().run()

    assert sent == ["to lab"]
    assert [said.value for said in test.success] == ["kept what was filled in"]


def test_leaving_ends_every_session_and_the_cookie_of_the_provider(database: Db, sent: list[str]) -> None:
    who = signed_in(database, "user", "ada")

    AppTest.from_function(_leave, args=(database, who)).run()

    assert sent == ["out"]
    assert identify(database, who) is None
