"""The first page says where the set-up code stands."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from equipment.logs import place


def _script() -> None:
    from equipment.ui.entrance import code_place

    code_place.tell("It needs")


def test_the_place_and_its_command_are_shown_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, "found", lambda: ("in the file /srv/*lab*.log", "journalctl -u lab.service"))

    test = AppTest.from_function(_script).run()

    assert test.markdown[0].value == r"It needs a set-up code that the server has written in the file /srv/\*lab\*.log."
    assert test.code[0].value == "journalctl -u lab.service"
