"""The sub-tab as a whole."""

from __future__ import annotations

from equipment.backups import Backups
from tests.equipment.ui.backup.place import opened


def test_every_section_is_there_in_its_order(place: Backups) -> None:
    test = opened("auto.screen")

    assert next(toggle.label for toggle in test.toggle) == "Automatic backups"
    assert "Run Auto Backup Check Now" in [button.label for button in test.button]
    assert [each.value for each in test.subheader] == [
        "Schedule", "Continuous protection", "Retention", "Compression and encryption", "Restore drill",
        "Off this machine", "Messages"]
    assert "Back up without this page running" in [each.label for each in test.expander]
