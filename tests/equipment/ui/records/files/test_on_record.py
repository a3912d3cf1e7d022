"""A record's page: its files, the ways to each, removing with a question, and bringing back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from equipment.store.access import SYSTEM
from equipment.store.life import attachments, filing
from equipment.ui.parts import newest_first
from tests.equipment.ui import records_page
from tests.equipment.ui.records.files.lab import attached, lab, on_record, picture
from tests.equipment.ui.records.loans.lab import key, opened, press, words

Db = Database[dict[str, Any]]


def links(test: Any) -> list[tuple[str, str]]:
    return [(each.proto.label, each.proto.url) for each in test.get("link_button")]


def test_files_stand_with_the_ways_to_open_and_fetch_them(database: Db) -> None:
    who = lab(database)
    page = attached(database, b"<script>alert(1)</script>", "photo _1_.jpg", note="of <b>2026</b>")
    photo = attached(database, picture(), "front.png")

    test = opened(database, who, on_record, (1,))

    assert not test.exception and not test.error
    shown = words(test)
    assert "Files (2)" in shown and "photo \\_1\\_.jpg" in shown and "of \\<b\\>2026\\</b\\>" in shown
    assert links(test) == [("Open", f"./files/{photo.number}?show=1"), ("Download", f"./files/{photo.number}"),
                           ("Download", f"./files/{page.number}")]
    [image] = test.get("image")
    assert [each.alt for each in image.proto.imgs] == ["Small picture of front.png"]


def test_they_are_a_part_of_the_records_page(database: Db, tmp_path: Path) -> None:
    lab(database)
    attached(database)

    test = records_page.page(database, tmp_path, "technician", id=key(1))

    assert not test.exception and not test.error
    assert "Files (1)" in words(test) and "record_attach" in [button.key for button in test.button]


def test_removing_asks_first_and_can_be_taken_back(database: Db) -> None:
    who, there = lab(database), attached(database)
    test = opened(database, who, on_record, (1,))

    test = press(test, "Cancel")
    assert attachments.of_thing(database, key(1)) == [there]
    test = press(test, "Remove file")

    assert attachments.of_thing(database, key(1)) == [] and "is removed" in words(test)
    assert "Remove cert.pdf from this record" not in words(test)
    test = press(test, "Bring back")
    assert attachments.of_thing(database, key(1)) == [there] and "is there again" in words(test)


def test_what_somebody_else_removed_meanwhile_says_so(database: Db) -> None:
    who, there = lab(database), attached(database)
    test = opened(database, who, on_record, (1,))
    filing.remove(database, who, there.number)

    test = press(test, "Remove file")

    assert not test.exception and [each.value for each in test.error] == []
    assert "Removed (1)" in [each.label for each in test.expander]


def test_a_user_reads_and_sees_no_removed_ones(database: Db) -> None:
    user = lab(database, "user")
    assert words(opened(database, user, on_record, (1,))) == ""
    attached(database)
    filing.remove(database, SYSTEM, attached(database, b"old", "old.txt").number)

    test = opened(database, user, on_record, (1,))

    assert [label for label, _ in links(test)] == ["Open", "Download"]
    assert [button.label for button in test.button] == [] and list(test.expander) == []


def test_beyond_the_first_ones_they_are_folded_away(database: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(newest_first, "SHOWN", 1)
    who = lab(database)
    for number in range(3):
        attached(database, bytes([number]), f"{number}.bin")

    assert [each.label for each in opened(database, who, on_record, (1,)).expander] == ["Earlier (2)"]
