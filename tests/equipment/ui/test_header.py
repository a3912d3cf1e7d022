"""The line above the tabs."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from equipment.ui import header
from equipment.ui.backup import badge
from equipment.ui.backup.badge import Badge
from equipment.ui.people import waiting


def line() -> None:
    """Draw the badge alone."""
    from typing import Any

    from equipment.ui import header

    app: Any = None
    header._backup_badge(app)


@pytest.mark.parametrize(("level", "color"), [("ok", "green"), ("note", "blue"), ("due", "orange"), ("alarm", "red")])
def test_the_badge_has_a_colour_for_each_level_and_the_rest_in_its_help(
    level: badge.Level, color: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Badge("Off, by *ada*", level, ("470 changes not backed up.", "Only on this machine."))
    monkeypatch.setattr(badge, "of", lambda _: found)

    test = AppTest.from_function(line).run()

    (button,) = test.button
    assert button.label.startswith(f":{color}-badge[:material/")
    assert button.label.endswith(r"Off, by \*ada\*]"), "a name is no Markdown"
    assert button.help.replace("\\", "").split("  \n") == [*found.more, "Open Backup & Restore."]


def requests() -> None:
    """Draw the badge of the requests alone."""
    from typing import Any

    from equipment.ui import header

    app: Any = None
    header._waiting_badge(app)


@pytest.mark.parametrize(("count", "label", "told"), [
    (1, "1 waiting", "1 person asks"), (3, "3 waiting", "3 people ask")])
def test_requests_that_wait_are_counted_and_lead_to_them(
    count: int, label: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "counted", lambda _: count)

    test = AppTest.from_function(requests).run()

    assert label in test.button[0].label and told in test.button[0].help
    test.button[0].click().run()
    assert test.session_state["tab"] == "User Management"


def test_without_a_request_there_is_no_badge(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "counted", lambda _: 0)

    assert not AppTest.from_function(requests).run().button


def signed_in_line() -> None:
    """Draw the whole line for the role that the session names."""
    from types import SimpleNamespace
    from typing import Any

    import streamlit as st

    from equipment.domain.roles import allows
    from equipment.ui import header

    role = st.session_state.role
    app: Any = SimpleNamespace(demo=True, may=lambda action: allows(role, action))
    header.show(app, "Equipment", ["Equipment Records", "Activity"])


@pytest.mark.parametrize(("role", "badges"), [("admin", ["backup"]), ("manager", [])])
def test_the_line_has_the_tabs_and_the_state_of_the_backups_for_who_may_see_them(
    role: str, badges: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = list[str]()
    monkeypatch.setattr(header, "_backup_badge", lambda _: drawn.append("backup"))
    monkeypatch.setattr(header, "_menus", lambda _: None)
    monkeypatch.setattr(waiting, "counted", lambda _: 0)
    test = AppTest.from_function(signed_in_line)
    test.session_state["role"] = role

    test.run()

    assert drawn == badges and not test.exception
    assert [tab.label for tab in test.tabs] == ["Equipment Records", "Activity"]
    assert "Demo data" in "\n".join(str(each.value) for each in test.markdown)


def nobodys_line() -> None:
    """Draw the line before anybody has signed in."""
    from equipment.ui import header

    header.anonymous("Equipment", demo=True)


def test_before_signing_in_there_is_a_title_and_the_word_that_nothing_is_kept() -> None:
    test = AppTest.from_function(nobodys_line).run()

    assert [title.value for title in test.header] == ["Equipment"]
    assert "Demo data" in "\n".join(str(each.value) for each in test.markdown)
