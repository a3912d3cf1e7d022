"""The line above the tabs."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from equipment.ui.backup import badge
from equipment.ui.backup.badge import Badge


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
