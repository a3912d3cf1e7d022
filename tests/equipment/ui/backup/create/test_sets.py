"""The table of all sets: every one of them, the newest first, and the actions above."""

from __future__ import annotations

import pytest

from equipment.backups import Backups
from equipment.ui.backup.create import sets
from tests.equipment.ui.backup.place import opened, said


def test_without_a_backup_it_says_where_they_would_be(place: Backups) -> None:
    test = opened("create.sets")

    assert "No backups yet in" in said(test)
    assert not test.dataframe


def test_every_set_is_a_row_and_of_many_only_the_newest(place: Backups, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(2):
        place.engine.create(force=True)

    test = opened("create.sets")

    assert list(test.dataframe[0].value["Equipment"]) == [3, 3]
    assert test.button, "the actions of the chosen set"
    monkeypatch.setattr(sets, "SHOWN", 1)
    assert len(test.run().dataframe[0].value) == 1
    assert len(test.toggle[0].set_value(True).run().dataframe[0].value) == 2
